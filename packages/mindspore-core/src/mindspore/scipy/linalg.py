"""Linear algebra with the names and arguments of `scipy.linalg`, on tensors.

Matrices of integers are solved in Float64. Arguments that only save SciPy work or memory (`overwrite_a`,
`check_finite`, ...) are taken and have no influence; flags are bools, else there is a TypeError. A problem without a
solution has NaN as its result, since a compiled graph cannot raise for one matrix of many.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32, float64
from mindspore.common.tensor import Tensor
from mindspore.ops import factors, systems
from mindspore.ops._operands import (
    Operand,
    apply,
    as_inexact,
    as_tensor,
    convert,
    primitive,
    promote_all,
    static_bool,
)
from mindspore.ops.comparison import greater
from mindspore.ops.complex_numbers import adjoint, conj, real
from mindspore.ops.creation import zeros
from mindspore.ops.joining import cat
from mindspore.ops.linalg import matmul
from mindspore.ops.reduction import amax
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import expand_dims, squeeze

__all__ = ["block_diag", "cho_factor", "cho_solve", "cholesky", "det", "eigh", "inv", "lstsq", "lu",
           "lu_factor", "lu_pivots_to_permutation", "lu_solve", "solve_triangular"]

_EIGH = primitive("eigh")


def _matrix(name: str, a: Operand) -> Tensor:
    x = as_tensor(name, a, "a")
    return x if x.dtype.is_inexact else convert(x, float64)


def _check_flags(name: str, **flags: bool) -> None:
    for what, value in flags.items():
        static_bool(name, what, value)


def block_diag(*arrs: Operand) -> Tensor:
    """A matrix with the given matrices along its diagonal and zeros elsewhere; numbers and vectors count as one row.
    Without matrices one of shape (1, 0)."""
    if not arrs:
        return zeros((1, 0), float32)
    blocks = []
    for x in promote_all("block_diag", arrs):
        if x.ndim > 2:
            raise ValueError(f"block_diag: got a tensor of shape {x.shape}; expected at most 2 axes")
        blocks.append(x.reshape((1, x.size)) if x.ndim < 2 else x)
    columns, before, rows = sum(x.shape[1] for x in blocks), 0, []
    for x in blocks:
        after = columns - before - x.shape[1]
        rows.append(cat([zeros((x.shape[0], before), x.dtype), x, zeros((x.shape[0], after), x.dtype)], 1))
        before += x.shape[1]
    return cat(rows, 0)


def inv(a: Operand, overwrite_a: bool = False, check_finite: bool = True) -> Tensor:
    """The inverses of square matrices (..., n, n)."""
    _check_flags("inv", overwrite_a=overwrite_a, check_finite=check_finite)
    return systems.inverse(_matrix("inv", a))


def det(a: Operand, overwrite_a: bool = False, check_finite: bool = True) -> Tensor:
    """The determinants (...) of square matrices (..., n, n)."""
    _check_flags("det", overwrite_a=overwrite_a, check_finite=check_finite)
    return systems.det(_matrix("det", a))


def cholesky(a: Operand, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Tensor:
    """The factor u with u^T @ u = a, or l with l @ l^T = a where `lower` says so, of positive definite matrices."""
    _check_flags("cholesky", lower=lower, overwrite_a=overwrite_a, check_finite=check_finite)
    return systems.cholesky(_matrix("cholesky", a), not lower)


def cho_factor(a: Operand, lower: bool = False, overwrite_a: bool = False,
               check_finite: bool = True) -> tuple[Tensor, bool]:
    """(Cholesky factor, lower), for `cho_solve`."""
    return cholesky(a, lower, overwrite_a, check_finite), lower


def cho_solve(c_and_lower: tuple[Tensor, bool], b: Operand, overwrite_b: bool = False,
              check_finite: bool = True) -> Tensor:
    """x with a @ x = b, from `cho_factor(a)`; b (..., n, k) or (n,)."""
    factor, lower = _matrix("cho_solve", c_and_lower[0]), c_and_lower[1]
    _check_flags("cho_solve", lower=lower, overwrite_b=overwrite_b, check_finite=check_finite)
    right = as_tensor("cho_solve", b, "b")
    right = right if right.dtype.is_inexact else convert(right, factor.dtype)
    return _with_columns(lambda y: systems.cholesky_solve(y, factor, not lower), factor, right)


def solve_triangular(a: Operand, b: Operand, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False,
                     overwrite_b: bool = False, debug: object = None, check_finite: bool = True) -> Tensor:
    """x with a @ x = b (trans 0 or "N"), a^T @ x = b (1 or "T") or a^H @ x = b (2 or "C"), where one triangle of a is
    read."""
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: trans is {trans!r}; expected 0, 1, 2, 'N', 'T' or 'C'")
    matrix = as_tensor("solve_triangular", a)
    used = conj(matrix) if trans in (2, "C") else matrix
    return _with_columns(lambda y: systems.triangular_solve(used, y, lower, trans not in (0, "N"), unit_diagonal),
                         matrix, b)


def _with_columns(solve, a: Tensor, b: Operand) -> Tensor:
    """`solve` of right sides that are columns; a vector is one."""
    y = as_tensor("solve", b)
    return squeeze(solve(expand_dims(y, -1)), -1) if y.ndim == a.ndim - 1 else solve(y)


def eigh(a: Operand, b: Operand | None = None, lower: bool = True, eigvals_only: bool = False,
         overwrite_a: bool = False, overwrite_b: bool = False, turbo: bool = True, eigvals: tuple | None = None,
         type: int = 1, check_finite: bool = True):
    """Eigenvalues (..., n) in ascending order and eigenvectors (..., n, n), or only the former, of symmetric
    (Hermitian) matrices of which one triangle is read. eigvals: the first and the last place of those wanted.
    ValueError for the generalised problem (b), which is not supported."""
    _check_flags("eigh", lower=lower, eigvals_only=eigvals_only, overwrite_a=overwrite_a, overwrite_b=overwrite_b,
                 turbo=turbo, check_finite=check_finite)
    if b is not None:
        raise ValueError("eigh: the generalised problem (b) is not supported; pass inv(b) @ a where b is well "
                         "conditioned, or transform a with the Cholesky factor of b")
    x = _matrix("eigh", a)
    w, v = apply(_EIGH, (x if lower else adjoint(x),))
    if eigvals is not None:
        if not isinstance(eigvals, tuple | list) or len(eigvals) != 2:
            raise ValueError(f"eigh: eigvals is {eigvals!r}; expected the first and the last place of the eigenvalues")
        first, last = eigvals
        w, v = w[..., first:last + 1], v[..., first:last + 1]
    return w if eigvals_only else (w, v)


def lu_factor(a: Operand, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Tensor, Tensor]:
    """(lu, pivots), for `lu_solve`: L and U in one matrix, and the place (Int32), from 0, of the row that each row was
    exchanged with."""
    _check_flags("lu_factor", overwrite_a=overwrite_a, check_finite=check_finite)
    return factors.lu_factors("lu_factor", _matrix("lu_factor", a))


def lu(a: Operand, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True):
    """(p, l, u) with p @ l @ u = a (..., m, n): a permutation, a triangle with ones on its diagonal, and an upper
    triangle; with `permute_l` (p @ l, u)."""
    _check_flags("lu", permute_l=permute_l, overwrite_a=overwrite_a, check_finite=check_finite)
    packed, pivots = factors.lu_factors("lu", _matrix("lu", a))
    p = factors.permutation(factors.row_order(pivots, packed.shape[-2]), packed.dtype)
    lower, upper = factors.triangles_of(packed)
    return (matmul(p, lower), upper) if permute_l else (p, lower, upper)


def lu_solve(lu_and_piv: tuple[Tensor, Tensor], b: Operand, trans: int = 0, overwrite_b: bool = False,
             check_finite: bool = True) -> Tensor:
    """x with a @ x = b (trans 0) or a^T @ x = b (1; 2 with the conjugate of a), from `lu_factor(a)`; b (..., n, k) or
    (n,)."""
    if trans not in (0, 1, 2):
        raise ValueError(f"lu_solve: trans is {trans!r}; expected 0, 1 or 2")
    _check_flags("lu_solve", overwrite_b=overwrite_b, check_finite=check_finite)
    packed, pivots = _matrix("lu_solve", lu_and_piv[0]), lu_and_piv[1]
    packed = conj(packed) if trans == 2 else packed
    order = factors.row_order(pivots, packed.shape[-1])
    return _with_columns(lambda y: factors.solve_factored("lu_solve", packed, order, convert(y, packed.dtype),
                                                          bool(trans)), packed, b)


def lu_pivots_to_permutation(pivots: Tensor, permutation_size: int) -> Tensor:
    """The order in which rows stand after the exchanges that `lu_factor` gives."""
    return factors.row_order(pivots, permutation_size)


def lstsq(A: Operand, B: Operand, rcond: float | None = None, driver: str | None = None):
    """(solution, residuals, rank, singular values) of least squares: A (m, n), B (m, k) or (m,). Residuals are the sums
    of squares of A @ solution - B by column, and empty unless m > n, as no equation is left over then; singular values
    not above rcond times the largest count as 0."""
    x, y = as_inexact("lstsq", A), as_inexact("lstsq", B)
    rcond = float(np.finfo(x.dtype.np).eps) * max(x.shape) if rcond is None else rcond
    columns = expand_dims(y, -1) if y.ndim == 1 else y
    solution = matmul(systems.pinv(x, rtol=rcond), columns)
    rest = matmul(x, solution) - columns
    s = systems.svd(x, compute_uv=False)
    rank = sum_over(greater(s, amax(s) * rcond).astype("int64"))
    residuals = sum_over(real(rest * conj(rest)), 0)
    if y.ndim == 1:
        solution, residuals = squeeze(solution, -1), residuals.reshape(())
    return solution, residuals if x.shape[0] > x.shape[1] else zeros(0, residuals.dtype), rank, s
