"""Linear systems and what is computed beside them: inverses, triangular systems, Cholesky factors, determinants.

The derivatives are written with the same primitives, so they have derivatives themselves. Sources: Giles, "An extended
collection of matrix derivative results" (2008), for systems, inverses and determinants; Murray, "Differentiation of the
Cholesky decomposition" (2016).
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, broadcast_shapes, register
from mindspore.compiler.primitives.complex_parts import REAL_OF
from mindspore.compiler.primitives.linalg_support import (
    adjoint,
    as_rows,
    check_matrices,
    conjugate,
    for_each,
    of_lower_triangle,
    positive_definite,
    transposed,
    triangle,
    well_conditioned,
)
from mindspore.compiler.primitives.support import integers, uniform


def _bad_square(*more: np.ndarray) -> list[Sample]:
    return [Sample((uniform((3, 4)), *more), error=ValueError), Sample((uniform((3,)), *more), error=ValueError)]


def _complex_matrix() -> np.ndarray:
    return well_conditioned((3, 3)) + 1j * uniform((3, 3))


def _system_aval(name: str, op: Primitive, a, y):
    """The aval of the solution of a x = y."""
    dtype = op.check_dtypes((a, y))
    check_matrices(name, a.shape, square=True)
    check_matrices(name, y.shape)
    if a.shape[-1] != y.shape[-2]:
        raise ValueError(f"{name}: the matrix has shape {a.shape} and the right side {y.shape}; expected as many rows "
                         f"on the right side as the matrix has")
    return tensor_aval((*broadcast_shapes(name, a.shape[:-2], y.shape[:-2]), *y.shape[-2:]), dtype)


@register
class Solve(Primitive):
    """The solution x of a @ x = y for square matrices a (..., n, n) and right sides y (..., n, k); leading axes
    broadcast. NaN for a singular matrix. Gradient: w = solve(a^T, ct) for y, -w @ x^T for a."""

    name = "solve"
    axes = "... n n, ... n k -> ... n k"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a, y):
        return _system_aval("solve", self, a, y)

    def reference(self, a, y):
        # with as many axes as a: NumPy 1 takes a right side with one axis less for a stack of vectors
        return for_each(np.linalg.solve, 1, a, y.reshape((1,) * (a.ndim - y.ndim) + y.shape))

    def vjp(self, b, ct, out, a, y):
        w = b.solve(transposed(b, a), ct)
        return b.sum_to(b.neg(b.matmul(w, out, transpose_b=True)), a.shape), b.sum_to(w, y.shape)

    def samples(self):
        tolerance = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}
        return [Sample((well_conditioned((4, 4)), uniform((4, 2))), **tolerance),
                Sample((well_conditioned((2, 3, 3)), uniform((2, 3, 1))), **tolerance),
                Sample((well_conditioned((3, 3)), uniform((2, 1, 3, 2))), **tolerance),
                Sample((well_conditioned((2, 1, 2, 2)), uniform((3, 2, 1))), **tolerance),
                Sample((well_conditioned((1, 1)), uniform((1, 3)))),
                Sample((_complex_matrix(), uniform((3, 2)) + 2j), **tolerance),
                Sample((uniform((0, 3, 3)), uniform((0, 3, 2)))),
                Sample((np.ones((2, 2)), uniform((2, 1))), grad=False, resizes=False), *_bad_square(uniform((3, 1))),
                Sample((well_conditioned((3, 3)), uniform((4, 1))), error=ValueError),
                Sample((well_conditioned((3, 3)), uniform((3,))), error=ValueError),
                Sample((integers((2, 2)), integers((2, 1))), error=TypeError)]


@register
class TriangularSolve(Primitive):
    """The solution x of a @ x = y (a^T @ x = y with `transpose_a`), where only one triangle of the square matrices a
    (..., n, n) is read, the lower or the upper one; with `unit_diagonal` their diagonal is taken as ones. y is
    (..., n, k); leading axes broadcast. A zero on the diagonal gives Inf or NaN. Gradient: the other system for y, its
    product with x in the triangle for a."""

    name = "triangular_solve"
    attrs = ("lower", "transpose_a", "unit_diagonal")
    defaults = {"lower": True, "transpose_a": False, "unit_diagonal": False}
    axes = "... n n, ... n k -> ... n k"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a, y, *, lower, transpose_a, unit_diagonal):
        return _system_aval("triangular_solve", self, a, y)

    def reference(self, a, y, *, lower, transpose_a, unit_diagonal):
        def substitute(a, y):
            a = np.swapaxes(a, -1, -2) if transpose_a else a
            rows = range(a.shape[-1]) if lower != transpose_a else range(a.shape[-1] - 1, -1, -1)
            x = np.zeros((*np.broadcast_shapes(a.shape[:-2], y.shape[:-2]), *y.shape[-2:]), y.dtype)
            for i in rows:
                x[..., i, :] = y[..., i, :] - np.matmul(_others(a, i, lower != transpose_a), x)[..., 0, :]
                if not unit_diagonal:
                    x[..., i, :] /= a[..., i, i, None]
            return x

        return for_each(substitute, 1, a, y)

    def vjp(self, b, ct, out, a, y, *, lower, transpose_a, unit_diagonal):
        w = b.triangular_solve(a, ct, lower=lower, transpose_a=not transpose_a, unit_diagonal=unit_diagonal)
        product = b.matmul(out, w, transpose_b=True) if transpose_a else b.matmul(w, out, transpose_b=True)
        da = b.neg(triangle(b, product, lower, strict=unit_diagonal))
        return b.sum_to(da, a.shape), b.sum_to(w, y.shape)

    def samples(self):
        flags = [{"lower": low, "transpose_a": swap, "unit_diagonal": unit}
                 for low in (True, False) for swap in (True, False) for unit in (True, False)]
        tolerance = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}
        return [*[Sample((well_conditioned((3, 3), k), uniform((3, 2), seed=k)), f, **tolerance)
                  for k, f in enumerate(flags)],
                Sample((well_conditioned((2, 1, 3, 3)), uniform((4, 3, 1))), **tolerance),
                Sample((well_conditioned((1, 1)), uniform((1, 2)))),
                Sample((_complex_matrix(), uniform((3, 2)) + 2j), {"lower": False}, **tolerance),
                Sample((uniform((0, 2, 2)), uniform((2, 1)))),
                *_bad_square(uniform((3, 1))), Sample((well_conditioned((3, 3)), uniform((2, 1))), error=ValueError),
                Sample((integers((2, 2)), integers((2, 1))), error=TypeError)]


def _others(a: np.ndarray, i: int, before: bool) -> np.ndarray:
    """Row i of the matrices without what does not stand before (or after) the diagonal."""
    row = np.zeros_like(a[..., i:i + 1, :])
    part = slice(0, i) if before else slice(i + 1, None)
    row[..., 0, part] = a[..., i, part]
    return row


@register
class MatrixInverse(Primitive):
    """The inverses of square matrices (..., n, n); NaN for a singular one. Gradient: -out^T @ ct @ out^T."""

    name = "matrix_inverse"
    axes = "... n n -> ... n n"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("matrix_inverse", a.shape, square=True)
        self.check_dtypes((a,))
        return a

    def reference(self, a):
        return for_each(np.linalg.inv, 1, a)

    def vjp(self, b, ct, out, a):
        return (b.neg(b.matmul(b.matmul(out, ct, transpose_a=True), out, transpose_b=True)),)

    def samples(self):
        tolerance = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}
        return [*[Sample((well_conditioned(shape),), **tolerance) for shape in ((4, 4), (2, 3, 3), (2, 1, 2, 2))],
                Sample((well_conditioned((1, 1)),)),
                Sample((_complex_matrix(),), **tolerance),
                Sample((uniform((0, 3, 3)),)),
                Sample((np.stack([np.ones((2, 2)), np.eye(2)]),), grad=False, resizes=False), *_bad_square(),
                Sample((integers((2, 2)),), error=TypeError)]


@register
class Cholesky(Primitive):
    """The lower triangular l with l @ l^T = a, l @ l^H for complex numbers, for symmetric (Hermitian) positive definite
    matrices a (..., n, n) of which the lower triangle is read, and the real part of the diagonal; NaN for a matrix that
    is not positive definite. Gradient: for what is read."""

    name = "cholesky"
    axes = "... n n -> ... n n"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("cholesky", a.shape, square=True)
        self.check_dtypes((a,))
        return a

    def reference(self, a):
        return for_each(np.linalg.cholesky, 1, a)

    def vjp(self, b, ct, out, a):
        inner = triangle(b, b.matmul(out, ct, transpose_a=True))
        inner = b.mul(b.add(inner, triangle(b, inner, strict=True)), 0.5)
        left = b.triangular_solve(out, inner, transpose_a=True)
        whole = transposed(b, b.triangular_solve(conjugate(b, out), transposed(b, left), transpose_a=True))
        return (of_lower_triangle(b, b.mul(b.add(whole, adjoint(b, whole)), 0.5)),)

    def samples(self):
        tolerance = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}
        return [*[Sample((positive_definite(shape),), **tolerance) for shape in ((4, 4), (2, 3, 3), (2, 1, 2, 2))],
                Sample((positive_definite((1, 1)),)), Sample((uniform((0, 3, 3)),)),
                *[Sample((positive_definite(shape, dtype=complex),), **tolerance) for shape in ((3, 3), (2, 2, 2))],
                Sample((np.stack([-np.eye(2), np.eye(2)]),), grad=False, resizes=False), *_bad_square(),
                Sample((integers((2, 2)),), error=TypeError)]


@register
class Determinant(Primitive):
    """The determinants (...) of square matrices (..., n, n). Gradient: ct times the transposed adjugate, which exists
    for singular matrices too."""

    name = "determinant"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("determinant", a.shape, square=True)
        return tensor_aval(a.shape[:-2], self.check_dtypes((a,)))

    def reference(self, a):
        return for_each(np.linalg.det, 1, a)

    def vjp(self, b, ct, out, a):
        return (b.mul(as_rows(b, as_rows(b, ct)), transposed(b, b.adjugate(a))),)

    def samples(self):
        tolerance = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}
        return [*[Sample((well_conditioned(shape),), **tolerance) for shape in ((4, 4), (2, 3, 3), (2, 1, 2, 2))],
                Sample((uniform((1, 1)),), order=1),
                Sample((_complex_matrix(),), **tolerance),
                Sample((uniform((0, 3, 3)),)),
                Sample((np.ones((2, 2)),), order=1), *_bad_square(), Sample((integers((2, 2)),), error=TypeError)]


@register
class Adjugate(Primitive):
    """The adjugates of square matrices (..., n, n): the determinant times the inverse, and its limit where there is no
    inverse, from the singular values. Gradient: that of the determinant times the inverse, for invertible matrices."""

    name = "adjugate"
    axes = "... n n -> ... n n"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("adjugate", a.shape, square=True)
        self.check_dtypes((a,))
        return a

    def reference(self, a):
        return for_each(_adjugate, 1, a)

    def vjp(self, b, ct, out, a):
        inverse = b.matrix_inverse(a)
        det = as_rows(b, as_rows(b, b.determinant(a)))
        through_inverse = b.neg(b.matmul(b.matmul(inverse, ct, transpose_a=True), inverse, transpose_b=True))
        overlap = b.sum(b.mul(ct, inverse), axis=(a.aval.ndim - 2, a.aval.ndim - 1), keepdims=True)
        return (b.mul(det, b.add(through_inverse, b.mul(overlap, transposed(b, inverse)))),)

    def samples(self):
        tolerance = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}
        return [*[Sample((well_conditioned(shape),), **tolerance) for shape in ((4, 4), (2, 3, 3))],
                Sample((uniform((2, 1, 2, 2), 1, 2) + 3 * np.eye(2),), **tolerance),
                Sample((_complex_matrix(),), **tolerance),
                Sample((uniform((0, 3, 3)),)),
                Sample((np.ones((2, 2)),), grad=False, resizes=False), *_bad_square(),
                Sample((integers((2, 2)),), error=TypeError)]


def _adjugate(a: np.ndarray) -> np.ndarray:
    u, s, vh = np.linalg.svd(a)
    size = s.shape[-1]
    others = np.broadcast_to(s[..., None, :], (*s.shape, size)).copy()
    others[..., np.arange(size), np.arange(size)] = 1
    turn = np.linalg.det(u) * np.linalg.det(vh)
    scaled = np.swapaxes(vh, -1, -2).conj() * (turn[..., None] * others.prod(axis=-1))[..., None, :]
    return scaled @ np.swapaxes(u, -1, -2).conj()


@register
class LogDeterminant(Primitive):
    """The signs (...) and the logarithms of the absolute values (...) of the determinants of square matrices
    (..., n, n); 0 and -Inf for a singular matrix. The sign of a complex number is the number over its absolute value,
    the logarithm is real. Gradient: ct times the transposed inverse; the sign of real numbers has none."""

    name = "log_determinant"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("log_determinant", a.shape, square=True)
        dtype = self.check_dtypes((a,))
        return tuple_aval((tensor_aval(a.shape[:-2], dtype), tensor_aval(a.shape[:-2], REAL_OF.get(dtype, dtype))))

    def reference(self, a):
        return for_each(lambda x: tuple(np.linalg.slogdet(x)), 2, a)

    def vjp(self, b, cts, outs, a):
        ct_sign, ct_log = cts
        if a.dtype.kind == "c":
            scale = _turning(b, ct_sign, ct_log, outs[0])
        else:
            scale = ct_log
        if scale is None:
            return (None,)
        return (b.mul(as_rows(b, as_rows(b, scale)), b.matrix_inverse(transposed(b, a))),)

    def samples(self):
        tolerance = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}
        return [*[Sample((well_conditioned(shape),), **tolerance) for shape in ((4, 4), (2, 3, 3), (2, 1, 2, 2))],
                *[Sample((x,), **tolerance) for x in (_complex_matrix(), _complex_matrix()[None, :2, :2])],
                Sample((uniform((1, 1), 1, 2),)), Sample((uniform((0, 3, 3)),)),
                Sample((np.ones((2, 2)),), grad=False, resizes=False), *_bad_square(),
                Sample((integers((2, 2)),), error=TypeError)]


def _turning(b, ct_sign, ct_log, sign):
    """What the trace of a^-1 da is multiplied by: its real part changes the logarithm, its imaginary part t turns the
    sign by i t."""
    if ct_sign is None:
        return None if ct_log is None else b.cast(ct_log, dtype=sign.dtype)
    turn = b.imag(b.mul(ct_sign, sign))
    return b.complex(b.zeros_like(turn.aval) if ct_log is None else ct_log, turn)
