"""Factorisations: QR, singular values, symmetric eigenvalues.

Factors are determined up to signs, complex ones up to phases (and, where values coincide, up to rotations). The
diagonal of r is real, with the signs that Householder's reflections give it; `linalg_support.in_phase` chooses for
eigenvectors and singular vectors. The derivatives of vectors divide by differences of singular values or eigenvalues
and are Inf or NaN where two of them coincide, because the vectors have no derivative there; those of the values alone
exist everywhere that the values are distinct or their sum is asked for. Sources: Townsend, "Differentiating the
singular value decomposition" (2016); Giles (2008) for eigenvalues; Seeger et al., "Auto-differentiating linear algebra"
(2017), for QR. Those for complex matrices are written for gradients dL/dx + i dL/dy, the conjugates of cotangents.
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.complex_parts import REAL_OF
from mindspore.compiler.primitives.linalg_support import (
    adjoint,
    as_columns,
    as_rows,
    check_matrices,
    conjugate,
    diagonal_part,
    for_each,
    identity_like,
    in_phase,
    of_lower_triangle,
    phase_undone,
    positive_definite,
    ramps,
    real_diagonal_part,
    transposed,
    triangle,
    well_conditioned,
)
from mindspore.compiler.primitives.support import integers, uniform

_SAMPLES = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}  # a matrix repeated to another size has dependent rows


def _adjoint_times(b, x, y):
    return b.matmul(conjugate(b, x), y, transpose_a=True)


def _times_adjoint(b, x, y):
    return b.matmul(x, conjugate(b, y), transpose_b=True)


def _complex_matrix(m: int, n: int) -> np.ndarray:
    return well_conditioned((4, 4))[:m, :n] + 1j * uniform((m, n))


def _total(b, *parts):
    """The sum of the parts that are there; None of none."""
    found = None
    for part in parts:
        if part is not None:
            found = part if found is None else b.add(found, part)
    return found


def _inverse_gaps(b, values):
    """f[i, j] = 1 / (values[j] - values[i]), 0 on the diagonal."""
    gaps = b.sub(as_columns(b, values), as_rows(b, values))
    rows, columns = ramps(b, gaps.shape)
    same, zero = b.eq(rows, columns), b.constant(0, values.dtype)
    return b.select(same, zero, b.div(b.constant(1, values.dtype), b.select(same, b.constant(1, values.dtype), gaps)))


@register
class Qr(Primitive):
    """q (..., m, k) with orthonormal columns and the upper triangular r (..., k, n) with q @ r = a (..., m, n);
    k is min(m, n), or m with `full_matrices`. Gradient: for k = min(m, n) and a of full rank."""

    name = "qr"
    attrs = ("full_matrices",)
    defaults = {"full_matrices": False}
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a, *, full_matrices):
        check_matrices("qr", a.shape)
        dtype, (*stack, m, n) = self.check_dtypes((a,)), a.shape
        k = m if full_matrices else min(m, n)
        return tuple_aval((tensor_aval((*stack, m, k), dtype), tensor_aval((*stack, k, n), dtype)))

    def reference(self, a, *, full_matrices):
        return for_each(lambda x: tuple(np.linalg.qr(x, mode="complete" if full_matrices else "reduced")), 2, a)

    def vjp(self, b, cts, outs, a, *, full_matrices):
        m, n = a.shape[-2:]
        if full_matrices and m > n:
            raise ValueError(f"qr: the gradient of the full factors of matrices of {m} rows and {n} columns does not "
                             f"exist, since the last {m - n} columns of q are arbitrary; use the reduced factors")
        (ct_q, ct_r), (q, r) = cts, outs
        if m >= n:
            return (qr_gradient(b, ct_q, ct_r, q, r),)
        return (wide_qr_gradient(b, ct_q, ct_r, q, r, a),)

    def samples(self):
        return [*[Sample((well_conditioned((4, 4))[:rows, :columns],), **_SAMPLES)
                  for rows, columns in ((4, 4), (4, 2), (2, 4))],
                Sample((well_conditioned((2, 3, 3)),), **_SAMPLES),
                Sample((uniform((4, 2)),), {"full_matrices": True}, grad=False, resizes=False),
                Sample((well_conditioned((3, 3))[:2],), {"full_matrices": True}, **_SAMPLES),
                *[Sample((_complex_matrix(m, n),), **_SAMPLES) for m, n in ((3, 3), (3, 2), (2, 3))],
                Sample((_complex_matrix(2, 4)[None],), {"full_matrices": True}, **_SAMPLES),
                Sample((uniform((0, 3, 3)),)), Sample((uniform((3,)),), error=ValueError),
                Sample((integers((2, 2)),), error=TypeError)]


def qr_gradient(b, ct_q, ct_r, q, r):
    """The cotangent of a matrix with at least as many rows as columns from those of its factors, or None."""
    inner = _total(b, None if ct_r is None else b.matmul(r, ct_r, transpose_b=True),
                   None if ct_q is None else b.neg(b.matmul(ct_q, q, transpose_a=True)))
    below = triangle(b, inner, strict=True)
    mirrored = b.add(b.add(below, adjoint(b, below)), real_diagonal_part(b, inner))
    total = _total(b, ct_q, conjugate(b, b.matmul(q, mirrored)))
    return transposed(b, b.triangular_solve(r, transposed(b, total), lower=False))


def wide_qr_gradient(b, ct_q, ct_r, q, r, a):
    """The cotangent of a matrix with more columns than rows: its first columns x have the factors q and u, and the
    others are y = q @ v, where r = [u, v]."""
    rows = a.shape[-2]
    y, u = columns(b, a, rows, None), columns(b, r, 0, rows)
    if ct_r is None:
        return pad_columns(b, qr_gradient(b, ct_q, None, q, u), 0, a.shape[-1] - rows)
    ct_u, ct_v = columns(b, ct_r, 0, rows), columns(b, ct_r, rows, None)
    through_y = conjugate(b, b.matmul(y, ct_v, transpose_b=True))
    first = qr_gradient(b, _total(b, ct_q, through_y), ct_u, q, u)
    return b.concat(first, b.matmul(conjugate(b, q), ct_v), axis=a.aval.ndim - 1)


def columns(b, x, start: int, stop: int | None):
    """The columns from `start` to `stop` of matrices."""
    begin, end = (0,) * (x.aval.ndim - 1), x.shape[:-1]
    stop = x.shape[-1] if stop is None else stop
    return b.slice(x, begin=(*begin, start), end=(*end, stop), strides=(1,) * x.aval.ndim)


def pad_columns(b, x, before: int, after: int):
    """Matrices with columns of zeros in front and behind."""
    none = (0,) * (x.aval.ndim - 1)
    return b.pad(x, low=(*none, before), high=(*none, after))


@register
class Svd(Primitive):
    """Singular values s (..., k), real and in descending order, and u (..., m, k) and v (..., n, k) with orthonormal
    columns such that u @ diag(s) @ v^T = a (..., m, n), v^H for complex numbers; k is min(m, n). With `full_matrices` u
    is (..., m, m) and v (..., n, n). The first large element of each column of u is real and positive. Gradient: for
    k = min(m, n); that of the vectors needs distinct singular values above 0."""

    name = "svd"
    attrs = ("full_matrices",)
    defaults = {"full_matrices": False}
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a, *, full_matrices):
        check_matrices("svd", a.shape)
        dtype, (*stack, m, n) = self.check_dtypes((a,)), a.shape
        k = min(m, n)
        return tuple_aval((tensor_aval((*stack, k), REAL_OF.get(dtype, dtype)),
                           tensor_aval((*stack, m, m if full_matrices else k), dtype),
                           tensor_aval((*stack, n, n if full_matrices else k), dtype)))

    def reference(self, a, *, full_matrices):
        return for_each(lambda x: _singular_parts(x, full_matrices), 3, a)

    def vjp(self, b, cts, outs, a, *, full_matrices):
        (ct_s, ct_u, ct_v), (s, u, v) = cts, outs
        m, n = a.shape[-2:]
        if full_matrices and m != n:
            if ct_u is not None or ct_v is not None:
                raise ValueError(f"svd: the gradient of the full factors of matrices of {m} rows and {n} columns does "
                                 f"not exist, since some of their columns are arbitrary; use full_matrices=False")
            u, v = (columns(b, x, 0, min(m, n)) for x in (u, v))
        return (svd_gradient(b, ct_s, ct_u, ct_v, s, u, v),)

    def samples(self):
        shapes = [(3, 3), (4, 2), (2, 4), (2, 3, 3)]
        return [*[Sample((_apart(shape, k),), **_SAMPLES) for k, shape in enumerate(shapes)],
                *[Sample((_apart(shape, k) + 1j * uniform(shape, -0.3, 0.3, k + 9),), **_SAMPLES)
                  for k, shape in enumerate([(3, 3), (3, 2), (2, 3)])],
                Sample((_apart((3, 3)),), {"full_matrices": True}, **_SAMPLES),
                Sample((_apart((3, 2)),), {"full_matrices": True}, grad=False, resizes=False),
                Sample((uniform((0, 3, 3)),)), Sample((uniform((3,)),), error=ValueError),
                Sample((integers((2, 2)),), error=TypeError)]


def _singular_parts(x: np.ndarray, full_matrices: bool) -> tuple[np.ndarray, ...]:
    u, s, vh = np.linalg.svd(x, full_matrices=full_matrices)
    v, k = np.swapaxes(vh, -1, -2).conj(), s.shape[-1]
    first_u, first_v = in_phase(u[..., :k], v[..., :k])
    rest_u, rest_v = in_phase(u[..., k:])[0], in_phase(v[..., k:])[0]
    return s, np.concatenate((first_u, rest_u), -1), np.concatenate((first_v, rest_v), -1)


def svd_gradient(b, ct_s, ct_u, ct_v, s, u, v):
    """The cotangent of a matrix from those of its singular values and vectors, or None where nothing comes back.
    Singular vectors of one pair turn by one phase, which the choice of u undoes; what is then left for u alone is the
    imaginary part of the diagonal."""
    m, n = u.shape[-2], v.shape[-2]
    if u.dtype.kind == "c" and (ct_u is not None or ct_v is not None):
        pairs = [b.sum(b.mul(ct, x), axis=(x.aval.ndim - 2,), keepdims=True)
                 for ct, x in ((ct_u, u), (ct_v, v)) if ct is not None]
        ct_u = _total(b, ct_u, phase_undone(b, u, _total(b, *pairs)))
    size = b.cast(s, dtype=u.dtype)
    inner = None if ct_s is None else b.mul(as_rows(b, b.cast(ct_s, dtype=u.dtype)), identity_like(b, _square(b, size)))
    gaps = outer = None
    if ct_u is not None or ct_v is not None:
        gaps = b.cast(_inverse_gaps(b, b.mul(s, s)), dtype=u.dtype)
    if ct_u is not None:
        grad_u = conjugate(b, ct_u)
        overlaps = _adjoint_times(b, u, grad_u)
        inner = _total(b, inner, b.mul(_antisymmetric_times(b, gaps, overlaps), as_columns(b, size)))
        if u.dtype.kind == "c":
            turned = b.sub(diagonal_part(b, overlaps), real_diagonal_part(b, overlaps))
            inner = b.add(inner, b.div(turned, as_columns(b, size)))
        if m > n:
            outer = _times_adjoint(b, _beyond(b, u, b.div(grad_u, as_columns(b, size))), v)
    if ct_v is not None:
        grad_v = conjugate(b, ct_v)
        turned = _antisymmetric_times(b, gaps, _adjoint_times(b, v, grad_v))
        inner = _total(b, inner, b.mul(as_rows(b, size), turned))
        if n > m:
            outer = _total(b, outer, _times_adjoint(b, u, _beyond(b, v, b.div(grad_v, as_columns(b, size)))))
    found = _total(b, None if inner is None else b.matmul(u, _times_adjoint(b, inner, v)), outer)
    return conjugate(b, found)


def _square(b, values):
    """Square matrices of the size of vectors."""
    return b.broadcast_to(as_rows(b, values), shape=(*values.shape, values.shape[-1]))


def _antisymmetric_times(b, gaps, x):
    """gaps * (x - x^H): Hermitian, as `gaps` is antisymmetric."""
    return b.mul(gaps, b.sub(x, adjoint(b, x)))


def _beyond(b, basis, x):
    """What of the columns of x lies outside of the space of the orthonormal columns of `basis`."""
    return b.sub(x, b.matmul(basis, _adjoint_times(b, basis, x)))


def _apart(shape: tuple, seed: int = 0) -> np.ndarray:
    """Matrices whose singular values lie apart."""
    m, n = shape[-2:]
    return uniform(shape, -0.3, 0.3, seed) + np.eye(m, n) * (1.0 + np.arange(m))[:, None]


@register
class Eigh(Primitive):
    """Eigenvalues w (..., n), real and in ascending order, and eigenvectors, the columns of v (..., n, n), of symmetric
    (Hermitian) matrices a (..., n, n) of which the lower triangle is read, and the real part of the diagonal. The first
    large element of each vector is real and positive. Gradient: for what is read; that of the vectors needs distinct
    eigenvalues."""

    name = "eigh"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("eigh", a.shape, square=True)
        dtype = self.check_dtypes((a,))
        return tuple_aval((tensor_aval(a.shape[:-1], REAL_OF.get(dtype, dtype)), a))

    def reference(self, a):
        def parts(x):
            w, v = np.linalg.eigh(x)
            return w, *in_phase(v)

        return for_each(parts, 2, a)

    def vjp(self, b, cts, outs, a):
        (ct_w, ct_v), (w, v) = cts, outs
        inner = None
        if ct_w is not None:
            inner = b.mul(as_rows(b, b.cast(ct_w, dtype=v.dtype)), identity_like(b, v))
        if ct_v is not None:
            if v.dtype.kind == "c":
                along = b.sum(b.mul(ct_v, v), axis=(v.aval.ndim - 2,), keepdims=True)
                ct_v = b.add(ct_v, phase_undone(b, v, along))
            gaps = b.cast(_inverse_gaps(b, w), dtype=v.dtype)
            inner = _total(b, inner, b.mul(gaps, _adjoint_times(b, v, conjugate(b, ct_v))))
        whole = b.matmul(v, _times_adjoint(b, inner, v))
        return (of_lower_triangle(b, conjugate(b, whole)),)

    def samples(self):
        return [*[Sample((positive_definite(shape),), **_SAMPLES) for shape in ((4, 4), (2, 3, 3), (2, 1, 2, 2))],
                *[Sample((positive_definite(shape, 3, complex),), **_SAMPLES) for shape in ((3, 3), (2, 2, 2))],
                Sample((positive_definite((1, 1)),)), Sample((uniform((0, 3, 3)),)),
                Sample((uniform((3, 4)),), error=ValueError), Sample((uniform((3,)),), error=ValueError),
                Sample((integers((2, 2)),), error=TypeError)]
