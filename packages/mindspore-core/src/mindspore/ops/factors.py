"""Factorisations of matrices and what is computed from them: LU, Householder reflections, eigenvalues, functions of
matrices, condition numbers.

As in `systems`, the last two axes are rows and columns, axes in front are independent problems, integers become
Float32, and a problem without a solution has NaN as its result. Places of exchanged rows count from 1 here, from 0 in
`mindspore.scipy.linalg`.
"""
from __future__ import annotations

import math

from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import broadcast_shapes
from mindspore.ops._operands import (
    Axes,
    Operand,
    apply,
    as_inexact,
    as_tensor,
    as_wide,
    convert,
    primitive,
    promote,
    promote_all,
    static_bool,
    static_ints,
)
from mindspore.ops.arithmetic import add, div, mul
from mindspore.ops.complex_numbers import adjoint, is_complex_tensor
from mindspore.ops.creation import eye
from mindspore.ops.linalg import matmul
from mindspore.ops.reduction import amax, amin
from mindspore.ops.shapes import broadcast_to, expand_dims, swapaxes
from mindspore.ops.systems import inverse, matrix_norm, matrix_solve, pinv, svd, triangular_solve
from mindspore.ops.triangles import tril, triu

__all__ = ["cond", "eig", "eigvals", "geqrf", "lu_solve", "lu_unpack", "matrix_exp", "orgqr", "ormqr"]

_LU, _ORDER, _EIG, _EXP, _LOG, _GEQRF, _ORGQR, _ORMQR = map(primitive, (
    "lu", "pivots_to_permutation", "eig", "matrix_exp", "matrix_log", "geqrf", "orgqr", "ormqr"))


# -- LU ----------------------------------------------------------------------------------------------------------------

def lu_factors(name: str, a: Operand) -> tuple[Tensor, Tensor]:
    """(L and U in one matrix, int32 places of exchanged rows, from 0) of matrices (..., m, n)."""
    lu, places = apply(_LU, (as_inexact(name, a),))
    return lu, places


def row_order(places: Tensor, rows: int) -> Tensor:
    """The order (..., rows) in which rows stand after the exchanges (..., k), whose places count from 0."""
    return apply(_ORDER, (places,), (rows,))


def in_order(x: Tensor, order: Tensor) -> Tensor:
    """The rows of matrices (..., m, k) in an order (..., m); leading axes broadcast."""
    shape = (*broadcast_shapes("lu_solve", x.shape[:-2], order.shape[:-1]), *x.shape[-2:])
    places = broadcast_to(expand_dims(order, -1), shape)
    return apply(primitive("gather_elements"), (broadcast_to(x, shape), places), (len(shape) - 2,))


def solve_factored(name: str, lu: Tensor, order: Tensor, y: Tensor, transposed: bool = False) -> Tensor:
    """x with a @ x = y, or a^T @ x = y, from the factors of a (..., n, n) and the order of its rows; y (..., n, k)."""
    if lu.ndim < 2 or lu.shape[-1] != lu.shape[-2] or y.ndim < 2 or y.shape[-2] != lu.shape[-1]:
        raise ValueError(f"{name}: the factors have shape {lu.shape} and the right side {y.shape}; expected "
                         f"(..., n, n) and (..., n, k)")
    if not transposed:
        return triangular_solve(lu, triangular_solve(lu, in_order(y, order), True, False, True), False)
    rows = triangular_solve(lu, triangular_solve(lu, y, False, True), True, True, True)
    back = apply(primitive("sort"), (order,), primitive("sort").pack_attrs({"axis": order.ndim - 1}))[1]
    return in_order(rows, convert(back, order.dtype))


def _places(name: str, pivots: Operand) -> Tensor:
    """Places that count from 1 as places that count from 0. TypeError for anything but Int32 and Int64."""
    places = as_tensor(name, pivots, "LU_pivots")
    if places.dtype.kind != "i":
        raise TypeError(f"{name}: LU_pivots is {places.dtype}; expected Int32 or Int64")
    return add(places, -1)


def lu_solve(b: Operand, LU_data: Operand, LU_pivots: Operand) -> Tensor:
    """x with a @ x = b (..., n, k) from the LU factors of a: LU_data (..., n, n), LU_pivots (..., n), the place, from
    1, of the row that each row was exchanged with."""
    y, lu = promote("lu_solve", as_inexact("lu_solve", b), as_inexact("lu_solve", LU_data))
    places = _places("lu_solve", LU_pivots)
    if lu.ndim < 2 or places.shape != lu.shape[:-1]:
        raise ValueError(f"lu_solve: LU_data has shape {lu.shape} and LU_pivots {places.shape}; expected (..., n, n) "
                         f"and (..., n)")
    return solve_factored("lu_solve", lu, row_order(places, lu.shape[-1]), y)


def permutation(order: Tensor, dtype) -> Tensor:
    """The matrices p (..., n, n) with a = p @ l @ u, from the order in which the rows of a stand in l @ u."""
    rows = eye(order.shape[-1], dtype=dtype)
    return swapaxes(apply(primitive("gather"), (rows, order), (0,)), -1, -2)


def triangles_of(lu: Tensor) -> tuple[Tensor, Tensor]:
    """L (..., m, k) with a diagonal of ones and U (..., k, n) from the matrix (..., m, n) that has both."""
    k = min(lu.shape[-2:])
    lower = tril(lu[..., :, :k], -1)
    return add(lower, eye(lu.shape[-2], k, lu.dtype)), triu(lu[..., :k, :])


def lu_unpack(LU_data: Operand, LU_pivots: Operand, unpack_data: bool = True, unpack_pivots: bool = True):
    """(p, l, u) with p @ l @ u the matrix whose LU factors are LU_data (..., m, n) and LU_pivots (..., min(m, n)), the
    places, from 1, of exchanged rows; without unpack_data only p, without unpack_pivots only (l, u)."""
    lu, places = as_inexact("lu_unpack", LU_data), _places("lu_unpack", LU_pivots)
    if lu.ndim < 2 or places.shape != (*lu.shape[:-2], min(lu.shape[-2:])):
        raise ValueError(f"lu_unpack: LU_data has shape {lu.shape} and LU_pivots {places.shape}; expected "
                         f"(..., m, n) and (..., min(m, n))")
    data, pivots = (static_bool("lu_unpack", what, flag) for what, flag in (
        ("unpack_data", unpack_data), ("unpack_pivots", unpack_pivots)))
    if not data and not pivots:
        raise ValueError("lu_unpack: unpack_data and unpack_pivots are both False; nothing is asked for")
    found = permutation(row_order(places, lu.shape[-2]), lu.dtype) if pivots else None
    if not data:
        return found
    return (found, *triangles_of(lu)) if pivots else triangles_of(lu)


# -- reflections -------------------------------------------------------------------------------------------------------

def geqrf(input: Operand) -> tuple[Tensor, Tensor]:
    """(h, tau): in h (..., m, n) the triangle r of input = q @ r and, below it, the vectors of the Householder
    reflections whose product q is; tau (..., min(m, n)), their factors. See `orgqr` and `ormqr`."""
    h, tau = apply(_GEQRF, (as_inexact("geqrf", input),))
    return h, tau


def orgqr(input: Operand, input2: Operand) -> Tensor:
    """The first n columns of the product of Householder reflections, from `geqrf`: input (..., m, n) with m >= n,
    input2 (..., k) their factors."""
    return apply(_ORGQR, tuple(promote_all("orgqr", [as_inexact("orgqr", input), as_inexact("orgqr", input2)])))


def ormqr(input: Operand, tau: Operand, other: Operand, left: bool = True, transpose: bool = False) -> Tensor:
    """q @ other, or with other flags q^T @ other, other @ q and other @ q^T (q^H for complex matrices), where q is the
    product of the reflections from `geqrf`: input (..., m, n), tau (..., k)."""
    operands = promote_all("ormqr", [as_inexact("ormqr", x) for x in (input, tau, other)])
    return apply(_ORMQR, tuple(operands), (static_bool("ormqr", "left", left),
                                           static_bool("ormqr", "transpose", transpose)))


# -- eigenvalues and functions of matrices -----------------------------------------------------------------------------

def _wide(name: str, value: Operand) -> Tensor:
    """The operand as Float32, Float64 or complex."""
    return as_wide(as_inexact(name, value))


def eig(A: Operand) -> tuple[Tensor, Tensor]:
    """(w, v): the eigenvalues (..., n) and eigenvectors, the columns of v (..., n, n), of square matrices, complex. The
    vectors have length 1, and the largest element of each is real."""
    w, v = apply(_EIG, (_wide("eig", A),))
    return w, v


def eigvals(A: Operand) -> Tensor:
    """The eigenvalues (..., n), complex, of square matrices (..., n, n)."""
    return eig(A)[0]


def matrix_exp(input: Operand) -> Tensor:
    """The exponentials, sums of input^k / k!, of square matrices (..., n, n)."""
    return apply(_EXP, (as_inexact("matrix_exp", input),))


def matrix_logarithm(x: Operand) -> Tensor:
    """The principal logarithms of complex square matrices (..., n, n). TypeError for real ones."""
    value = as_tensor("MatrixLogarithm", x)
    if not is_complex_tensor(value):
        raise TypeError(f"MatrixLogarithm: x is {value.dtype}; expected Complex64 or Complex128")
    return apply(_LOG, (value,))


def matrix_solve_ls(matrix: Operand, rhs: Operand, l2_regularizer: Operand, fast: bool = True) -> Tensor:
    """x (..., n, k) that makes |matrix @ x - rhs|^2 + l2_regularizer |x|^2 least: matrix (..., m, n), rhs (..., m, k).
    fast: from the normal equations, else from the singular values without the regularizer."""
    a, y = promote("MatrixSolveLs", as_inexact("MatrixSolveLs", matrix), as_inexact("MatrixSolveLs", rhs))
    if a.ndim < 2 or y.ndim < 2 or a.shape[-2] != y.shape[-2]:
        raise ValueError(f"MatrixSolveLs: shapes {a.shape} and {y.shape}; expected (..., m, n) and (..., m, k)")
    if not static_bool("MatrixSolveLs", "fast", fast):
        return matmul(pinv(a), y)
    m, n = a.shape[-2:]
    extra = mul(eye(min(m, n), dtype=a.dtype), convert(as_tensor("MatrixSolveLs", l2_regularizer), a.dtype))
    if m >= n:
        return matrix_solve(add(matmul(adjoint(a), a), extra), matmul(adjoint(a), y))
    return matmul(adjoint(a), matrix_solve(add(matmul(a, adjoint(a)), extra), y))


def complex_eig(x: Operand, compute_v: bool) -> tuple[Tensor, Tensor]:
    """(w, v) as `eig`; without compute_v, v has no elements."""
    w, v = eig(x)
    return (w, v) if static_bool("Eig", "compute_v", compute_v) else (w, Tensor(shape=(0,), dtype=v.dtype, init=0))


def nuclear_norm(x: Operand, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """The sums of the singular values of the matrices in two axes; dim None: of the one matrix x."""
    value = as_inexact("NuclearNorm", x)
    if dim is None and value.ndim != 2:
        raise ValueError(f"NuclearNorm: dim is None and x has shape {value.shape}; expected two axes, or two in dim")
    return matrix_norm(value, "nuc", (0, 1) if dim is None else static_ints("NuclearNorm", "dim", dim), keepdim)


def cond(A: Operand, p: float | str | None = None) -> Tensor:
    """The condition numbers (...) of matrices (..., n, n) by a norm p: None and 2 (largest over least singular value),
    -2 (least over largest), or the norm of A times that of its inverse: "fro", "nuc", 1, -1, inf, -inf. Matrices for
    None, 2 and -2 need not be square. Inf, or NaN, for a singular matrix."""
    x = as_inexact("cond", A)
    if x.ndim < 2:
        raise ValueError(f"cond: A has shape {x.shape}; expected (..., m, n)")
    if p in (None, 2, -2):
        s = svd(x, compute_uv=False)
        return div(amin(s, -1), amax(s, -1)) if p == -2 else div(amax(s, -1), amin(s, -1))
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf):
        raise ValueError(f"cond: p is {p!r}; expected None, 'fro', 'nuc', 1, -1, 2, -2, inf or -inf")
    if x.shape[-1] != x.shape[-2]:
        raise ValueError(f"cond: A has shape {x.shape}; expected square matrices for p = {p!r}")
    return mul(matrix_norm(x, p), matrix_norm(inverse(x), p))
