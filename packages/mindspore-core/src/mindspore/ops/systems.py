"""Linear systems, inverses, determinants and factorisations of stacks of square or rectangular matrices.

The last two axes of an operand are rows and columns; the axes in front are independent problems. Operands are promoted
to one dtype, integers to Float32. Where a transpose is spoken of, it is the conjugate one for complex matrices, and
symmetric means Hermitian. A problem without a solution (a singular system, a matrix that is not positive
definite) has NaN as its result and leaves the others of the stack alone. ValueError for shapes that do not fit.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_inexact,
    as_tensor,
    convert,
    normalize_axis,
    primitive,
    promote,
    static_bool,
)
from mindspore.ops.arithmetic import abs as absolute
from mindspore.ops.arithmetic import maximum, mul, reciprocal
from mindspore.ops.comparison import greater, less, where
from mindspore.ops.complex_numbers import adjoint as adjoint_of
from mindspore.ops.complex_numbers import angle, complex_of, conj, is_complex_tensor
from mindspore.ops.creation import eye
from mindspore.ops.elementwise import sqrt
from mindspore.ops.linalg import matmul
from mindspore.ops.reduction import amax, amin
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import expand_dims, moveaxis

__all__ = [
    "cholesky", "cholesky_inverse", "cholesky_solve", "det", "inverse", "log_matrix_determinant", "logdet", "lstsq",
    "matrix_determinant", "matrix_norm", "matrix_solve", "pinv", "qr", "slogdet", "svd",
]

_SOLVE, _TRIANGULAR, _INVERSE, _CHOLESKY, _DET, _LOG_DET, _QR, _SVD = map(primitive, (
    "solve", "triangular_solve", "matrix_inverse", "cholesky", "determinant", "log_determinant", "qr", "svd"))


# -- systems and inverses ----------------------------------------------------------------------------------------------

def inverse(input: Operand, adjoint: bool = False) -> Tensor:
    """The inverses of square matrices (..., n, n), or of their transposes with `adjoint`."""
    x = as_inexact("inverse", input)
    return apply(_INVERSE, (adjoint_of(x) if static_bool("inverse", "adjoint", adjoint) else x,))


def matrix_solve(matrix: Operand, rhs: Operand, adjoint: bool = False) -> Tensor:
    """x with matrix @ x = rhs, or matrix^T @ x = rhs with `adjoint`: matrix (..., n, n), rhs (..., n, k)."""
    a, y = _pair("matrix_solve", matrix, rhs)
    return apply(_SOLVE, (adjoint_of(a) if static_bool("matrix_solve", "adjoint", adjoint) else a, y))


def triangular_solve(matrix: Operand, rhs: Operand, lower: bool = True, transpose: bool = False,
                     unit_diagonal: bool = False) -> Tensor:
    """x with matrix @ x = rhs (matrix^T @ x = rhs with `transpose`, without conjugates of complex matrices), where one
    triangle of the matrices (..., n, n) is read, and their diagonal taken as ones where `unit_diagonal` says so; rhs
    (..., n, k)."""
    flags = [static_bool("triangular_solve", what, flag) for what, flag in (
        ("lower", lower), ("transpose", transpose), ("unit_diagonal", unit_diagonal))]
    return apply(_TRIANGULAR, _pair("triangular_solve", matrix, rhs), tuple(flags))


def adjoint_triangular_solve(matrix: Operand, rhs: Operand, lower: bool, adjoint: bool) -> Tensor:
    """As `triangular_solve`; with `adjoint` the conjugate transpose stands in place of the matrix."""
    flag = static_bool("triangular_solve", "adjoint", adjoint)
    return triangular_solve(conj(matrix) if flag else matrix, rhs, lower, flag)


def cholesky(input_x: Operand, upper: bool = False) -> Tensor:
    """The lower triangular l with l @ l^T = input_x, or its transpose, for symmetric positive definite matrices
    (..., n, n), of which one triangle is read: the lower one, the upper one where `upper` says so."""
    x = as_inexact("cholesky", input_x)
    if not static_bool("cholesky", "upper", upper):
        return apply(_CHOLESKY, (x,))
    return adjoint_of(apply(_CHOLESKY, (adjoint_of(x),)))


def cholesky_solve(input: Operand, input2: Operand, upper: bool = False) -> Tensor:
    """x with a @ x = input, from the Cholesky factor `input2` of a."""
    y, factor = _pair("cholesky_solve", input, input2)
    lower = not static_bool("cholesky_solve", "upper", upper)
    first, second = (factor, conj(factor)) if lower else (conj(factor), factor)
    return triangular_solve(second, triangular_solve(first, y, lower, not lower), lower, lower)


def cholesky_inverse(input_x: Operand, upper: bool = False) -> Tensor:
    """The inverse of a matrix from its Cholesky factor (..., n, n)."""
    factor = as_inexact("cholesky_inverse", input_x)
    return cholesky_solve(eye(factor.shape[-1], dtype=factor.dtype), factor, upper)


def pinv(x: Operand, *, atol: Operand | None = None, rtol: Operand | None = None, hermitian: bool = False) -> Tensor:
    """The Moore-Penrose inverses (..., n, m) of matrices (..., m, n), from their singular values; those that are not
    above max(atol, rtol * the largest) count as 0. rtol is by default max(m, n) times the precision of the dtype, and 0
    where only atol is given. hermitian: whether the matrices are symmetric, which changes nothing but rounding."""
    static_bool("pinv", "hermitian", hermitian)
    a = as_inexact("pinv", x)
    s, u, v = svd(a)
    if rtol is None:
        rtol = 0.0 if atol is not None else max(a.shape[-2:]) * float(np.finfo(a.dtype.np).eps)
    least = maximum(mul(amax(s, -1, True), rtol), 0.0 if atol is None else atol)
    kept = greater(s, least)
    inverted = where(kept, reciprocal(where(kept, s, 1.0)), 0.0)
    return matmul(mul(v, expand_dims(convert(inverted, v.dtype), -2)), adjoint_of(u))


def lstsq(input: Operand, A: Operand) -> Tensor:
    """x (n, k) that makes the columns of input @ x - A as short as possible, the shortest such x where there are
    several: input (m, n), A (m, k) or (m,), which gives (n, 1)."""
    a, y = _pair("lstsq", input, A)
    if a.ndim != 2 or y.ndim not in (1, 2) or a.shape[0] != y.shape[0]:
        raise ValueError(f"lstsq: shapes {a.shape} and {y.shape}; expected (m, n) and (m, k) or (m,)")
    return matmul(pinv(a), expand_dims(y, -1) if y.ndim == 1 else y)


def regularized_lstsq(x: Operand, a: Operand, fast: bool = True, l2_regularizer: float = 0.0) -> Tensor:
    """As `lstsq`, with l2_regularizer times the sum of squares of the result added to what is made small. fast: whether
    the normal equations may be solved; without a regularizer the singular values are used in any case."""
    if static_bool("lstsq", "fast", fast) and l2_regularizer:
        m, y = _pair("lstsq", x, a)
        squares = matmul(adjoint_of(m), m) + mul(eye(m.shape[-1], dtype=m.dtype), l2_regularizer)
        return matrix_solve(squares, matmul(adjoint_of(m), expand_dims(y, -1) if y.ndim == 1 else y))
    return lstsq(x, a)


def _pair(name: str, left: Operand, right: Operand) -> tuple[Tensor, Tensor]:
    x, y = promote(name, as_inexact(name, left), as_inexact(name, right))
    return x, y


# -- determinants ------------------------------------------------------------------------------------------------------

def det(input: Operand) -> Tensor:
    """The determinants (...) of square matrices (..., n, n)."""
    return apply(_DET, (as_inexact("det", input),))


def matrix_determinant(input: Operand) -> Tensor:
    """The determinants; see `det`."""
    return det(input)


def slogdet(input: Operand) -> tuple[Tensor, Tensor]:
    """The signs and the logarithms of the absolute values of the determinants of square matrices (..., n, n): 0 and
    -Inf for a singular matrix. The sign of a complex number is the number over its absolute value."""
    sign, log = apply(_LOG_DET, (as_inexact("slogdet", input),))
    return sign, log


def log_matrix_determinant(input: Operand) -> tuple[Tensor, Tensor]:
    """Signs and logarithms of determinants; see `slogdet`."""
    return slogdet(input)


def logdet(input: Operand) -> Tensor:
    """The logarithms of the determinants of square matrices (..., n, n): NaN where a real determinant is negative; of
    complex ones the principal values."""
    sign, log = slogdet(input)
    if is_complex_tensor(sign):
        return complex_of(log, angle(sign))
    return where(less(sign, 0.0), float("nan"), log)


# -- factors -----------------------------------------------------------------------------------------------------------

def qr(input: Operand, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """q with orthonormal columns and upper triangular r with q @ r = input (..., m, n). mode "reduced": q is
    (..., m, k) with k = min(m, n); "complete": q is (..., m, m)."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: mode is {mode!r}; expected 'reduced' or 'complete'")
    q, r = apply(_QR, (as_inexact("qr", input),), (mode == "complete",))
    return q, r


def svd(input: Operand, full_matrices: bool = False, compute_uv: bool = True):
    """Singular values s (..., k) in descending order and orthonormal columns u (..., m, k), v (..., n, k) with
    u @ diag(s) @ v^T = input (..., m, n), k = min(m, n); with `full_matrices` u and v are square. Only s without
    `compute_uv`."""
    full = static_bool("svd", "full_matrices", full_matrices)
    both = static_bool("svd", "compute_uv", compute_uv)
    s, u, v = apply(_SVD, (as_inexact("svd", input),), (full and both,))
    return (s, u, v) if both else s


def matrix_norm(A: Operand, ord: float | str = "fro", axis: Sequence[int] = (-2, -1), keepdims: bool = False, *,
                dtype: DType | None = None) -> Tensor:
    """A norm of the matrices in two axes: "fro" (root of the sum of squares), "nuc" (sum of the singular values), 2 or
    -2 (largest or least singular value), 1 or -1 (largest or least column sum of absolute values), inf or -inf (row
    sums). dtype: what A is converted to first."""
    x = as_tensor("matrix_norm", A)
    x = as_inexact("matrix_norm", x if dtype is None else convert(x, dtype))
    if len(axis) != 2:
        raise ValueError(f"matrix_norm: axis is {axis}; expected two axes")
    rows, columns = (normalize_axis("matrix_norm", a, x.ndim) for a in axis)
    if rows == columns:
        raise ValueError(f"matrix_norm: axis is {axis}; expected two different axes")
    x = moveaxis(x, (rows, columns), (-2, -1))
    infinite = float("inf")
    if ord == "fro":
        size = absolute(x)
        found = sqrt(sum_over(mul(size, size), (-2, -1)))
    elif ord == "nuc":
        found = sum_over(svd(x, compute_uv=False), -1)
    elif ord in (2, -2):
        found = (amax if ord > 0 else amin)(svd(x, compute_uv=False), -1)
    elif ord in (1, -1, infinite, -infinite):
        sums = sum_over(absolute(x), -2 if ord in (1, -1) else -1)
        found = (amax if ord > 0 else amin)(sums, -1)
    else:
        raise ValueError(f"matrix_norm: ord is {ord!r}; expected 'fro', 'nuc', 1, -1, 2, -2, inf or -inf")
    if not keepdims:
        return found
    for place in sorted((rows, columns)):
        found = expand_dims(found, place)
    return found
