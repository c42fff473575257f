"""Eigenvalues of general matrices, and functions of matrices: the exponential and the logarithm.

The derivative of a function f of matrices in a direction e is the upper right block of f([[a, e], [0, a]]) (Mathias, "A
chain rule for matrix functions", 1996), so these have derivatives of every order. The exponential is that of Higham,
"The scaling and squaring method for the matrix exponential revisited" (2005); the logarithm takes square roots by the
product form of the iteration of Denman and Beavers until the matrix is near the identity, and then a Pade approximant
in partial fractions (Higham, "Functions of Matrices", 2008, chapters 6 and 11).
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.complex_parts import COMPLEX_OF
from mindspore.compiler.primitives.linalg_support import (
    as_columns,
    as_rows,
    check_matrices,
    for_each,
    identity_like,
    phase_undone,
    ramps,
    transposed,
    well_conditioned,
)
from mindspore.compiler.primitives.support import integers, uniform

_TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}


@register
class Eig(Primitive):
    """Eigenvalues w (..., n) and eigenvectors, the columns of v (..., n, n), of square matrices a (..., n, n), float32,
    float64 or complex; both are complex. The vectors have length 1, and the largest element of each is real. NaN where
    an element is not finite. Gradient: that of the vectors needs distinct eigenvalues."""

    name = "eig"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("eig", a.shape, square=True)
        dtype = self.check_dtypes((a,))
        if dtype.kind == "f" and dtype not in COMPLEX_OF:
            raise TypeError(f"eig: got {dtype}; expected Float32, Float64 or complex numbers, cast the operand first")
        dtype = COMPLEX_OF.get(dtype, dtype)
        return tuple_aval((tensor_aval(a.shape[:-1], dtype), tensor_aval(a.shape, dtype)))

    def reference(self, a):
        dtype = np.result_type(a.dtype, np.complex64)
        bad = ~np.isfinite(a).all(axis=(-1, -2))
        w, v = np.linalg.eig(np.where(bad[..., None, None], np.eye(a.shape[-1], dtype=a.dtype), a))
        nan = np.array(np.nan, dtype)
        return np.where(bad[..., None], nan, w).astype(dtype), np.where(bad[..., None, None], nan, v).astype(dtype)

    def vjp(self, b, cts, outs, a):
        (ct_w, ct_v), (w, v) = cts, outs
        inner = None if ct_w is None else b.mul(as_rows(b, ct_w), identity_like(b, v))
        if ct_v is not None:
            gaps = b.sub(as_columns(b, w), as_rows(b, w))
            rows, columns = ramps(b, gaps.shape)
            same, zero = b.eq(rows, columns), b.constant(0, w.dtype)
            free = b.matmul(v, _without_scale(b, v, ct_v), transpose_a=True)
            part = b.select(same, zero, b.div(free, b.select(same, b.constant(1, w.dtype), gaps)))
            inner = part if inner is None else b.add(inner, part)
        found = b.solve(transposed(b, v), b.matmul(inner, v, transpose_b=True))
        return (found if a.dtype.kind == "c" else b.real(found),)

    def samples(self):
        spiral = well_conditioned((3, 3)) + np.array([[0, 2.0, 0], [-2.0, 0, 0], [0, 0, 1]])
        mixed = well_conditioned((2, 3, 3), 1) + 1j * uniform((2, 3, 3))
        exact = {"exact_dtypes": True, "resizes": False, **_TOLERANCE}
        return [Sample((well_conditioned((4, 4)),), **exact), Sample((spiral,), **exact), Sample((mixed,), **exact),
                Sample((well_conditioned((1, 1)),), **exact), Sample((uniform((0, 3, 3)),), **exact),
                Sample((well_conditioned((2, 2, 2)).astype(np.float32),), **exact),
                Sample((np.stack([np.full((2, 2), np.nan), np.diag([1.0, 2.0])]),), grad=False, **exact),
                Sample((uniform((3, 4)),), error=ValueError), Sample((uniform((3,)),), error=ValueError),
                Sample((np.eye(2, dtype=np.float16),), error=TypeError), Sample((integers((2, 2)),), error=TypeError)]


def _without_scale(b, v, ct):
    """The cotangent of eigenvectors whose lengths and phases are free, from that of vectors of length 1 with a real
    largest element: a change along the vector itself, of its length or its phase, is undone by their scaling."""
    along = b.sum(b.mul(ct, v), axis=(v.aval.ndim - 2,), keepdims=True)
    length = b.mul(b.conj(v), b.cast(b.real(along), dtype=v.dtype))
    return b.add(b.sub(ct, length), phase_undone(b, v, along, 1.0))


class _MatrixFunction(Primitive):
    axes = "... n n -> ... n n"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices(self.name, a.shape, square=True)
        self.check_dtypes((a,))
        return a

    def vjp(self, b, ct, out, a):
        n, ndim = a.shape[-1], a.aval.ndim
        turned = transposed(b, a)
        above = b.concat(turned, ct, axis=ndim - 1)
        below = b.concat(b.zeros_like(a.aval), turned, axis=ndim - 1)
        found = b.emit(self, (b.concat(above, below, axis=ndim - 2),))
        lead = a.shape[:-2]
        return (b.slice(found, begin=(*(0,) * len(lead), 0, n), end=(*lead, n, 2 * n), strides=(1,) * ndim),)


@register
class MatrixExp(_MatrixFunction):
    """The exponentials, sums of a^k / k!, of square matrices (..., n, n). Gradient: from the exponential of a matrix of
    twice the size."""

    name = "matrix_exp"
    kinds = "fc"

    def reference(self, a):
        return for_each(_exponential, 1, a)

    def samples(self):
        return [Sample((uniform((3, 3), -1, 1),), **_TOLERANCE), Sample((uniform((2, 2, 2)),), **_TOLERANCE),
                Sample((uniform((1, 1)),)), Sample((uniform((0, 3, 3)),)), Sample((np.zeros((2, 2)),)),
                Sample((uniform((2, 2)) + 1j * uniform((2, 2), seed=1),), **_TOLERANCE),
                Sample((10 * uniform((2, 2), seed=3),), grad=False, rtol=1e-2, atol=1e-2),
                Sample((uniform((3, 4)),), error=ValueError), Sample((uniform((3,)),), error=ValueError),
                Sample((integers((2, 2)),), error=TypeError)]


_PADE = (64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
         670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1)


def _exponential(a: np.ndarray) -> np.ndarray:
    """The Pade approximant of degree 13 of a / 2^s, squared s times; s by the matrix."""
    size = np.abs(a).sum(axis=-2).max(axis=-1, initial=0.0)
    halvings = np.ceil(np.log2(np.where(np.isfinite(size) & (size > 5.4), size / 5.4, 1.0))).astype(int)
    small = a / (2.0 ** halvings)[..., None, None].astype(a.real.dtype)
    one = np.eye(a.shape[-1], dtype=a.dtype)
    a2 = small @ small
    a4 = a2 @ a2
    a6 = a2 @ a4
    odd = small @ (a6 @ (_PADE[13] * a6 + _PADE[11] * a4 + _PADE[9] * a2)
                   + _PADE[7] * a6 + _PADE[5] * a4 + _PADE[3] * a2 + _PADE[1] * one)
    even = (a6 @ (_PADE[12] * a6 + _PADE[10] * a4 + _PADE[8] * a2)
            + _PADE[6] * a6 + _PADE[4] * a4 + _PADE[2] * a2 + _PADE[0] * one)
    found = np.linalg.solve(even - odd, even + odd)
    for k in range(int(halvings.max(initial=0))):
        found = np.where((halvings > k)[..., None, None], found @ found, found)
    return found.astype(a.dtype)


@register
class MatrixLog(_MatrixFunction):
    """The principal logarithms of complex square matrices (..., n, n), whose exponentials are the matrices; NaN for
    those that have none because they are singular. Eigenvalues that are real and negative are on the branch's cut.
    Gradient: from the logarithm of a matrix of twice the size."""

    name = "matrix_log"
    kinds = "c"

    def reference(self, a):
        return for_each(_logarithm, 1, a)

    def samples(self):
        turned = well_conditioned((3, 3)) + 1j * uniform((3, 3), -0.5, 0.5)
        return [Sample((turned,), **_TOLERANCE), Sample((turned.astype(np.complex64),), **_TOLERANCE),
                Sample((well_conditioned((2, 2, 2)) + 0.3j,), **_TOLERANCE), Sample((np.array([[2.0 + 1j]]),)),
                Sample((np.zeros((0, 3, 3), np.complex128),)), Sample((np.array([[1, 1], [0, 1 + 0j]]),)),
                Sample((turned[:, :2],), error=ValueError), Sample((uniform((3, 3)),), error=TypeError)]


_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(7)


def _logarithm(a: np.ndarray) -> np.ndarray:
    """2^k log(a^(1 / 2^k)); log(1 + x) as a sum over the points of Gauss's integration of x / (1 + t x) over t."""
    x, one = a.astype(np.complex128), np.eye(a.shape[-1])
    with np.errstate(all="ignore"):
        roots = 0
        while roots < 100 and (np.abs(x - one).sum(axis=-2).max(axis=-1, initial=0.0) > 0.25).any():
            x, roots = _root(x), roots + 1
        rest = x - one
        found = sum(w / 2 * np.linalg.solve(one + (1 + t) / 2 * rest, rest) for t, w in zip(_POINTS, _WEIGHTS))
    return (found * 2.0 ** roots).astype(a.dtype)


def _root(a: np.ndarray) -> np.ndarray:
    """The principal square root: m -> (2 + m + m^-1) / 4 tends to 1, x -> x (1 + m^-1) / 2 to the root."""
    one, m, x = np.eye(a.shape[-1]), a, a
    for _ in range(60):
        inverse = np.linalg.inv(m)
        x = x @ (one + inverse) / 2
        m = (2 * one + m + inverse) / 4
        if not (np.abs(m - one).max(initial=0.0) > 1e-15):
            break
    return x
