"""Factorisations: QR, singular values, symmetric eigenvalues.

Factors are determined up to signs (and, where values coincide, up to rotations); the references give LAPACK's choice.
The derivatives of vectors divide by differences of singular values or eigenvalues and are Inf or NaN where two of them
coincide, because the vectors have no derivative there; those of the values alone exist everywhere that the values are
distinct or their sum is asked for. Sources: Townsend, "Differentiating the singular value decomposition" (2016); Giles
(2008) for eigenvalues; Seeger et al., "Auto-differentiating linear algebra" (2017), for QR.
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.linalg_support import (
    as_columns,
    as_rows,
    check_matrices,
    for_each,
    identity_like,
    of_lower_triangle,
    positive_definite,
    ramps,
    transposed,
    triangle,
    well_conditioned,
)
from mindspore.compiler.primitives.support import integers, uniform

_TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}


def _t_matmul(b, x, y):
    return b.matmul(x, y, transpose_a=True)


def _matmul_t(b, x, y):
    return b.matmul(x, y, transpose_b=True)


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
    kinds = "f"
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
        return [*[Sample((well_conditioned((4, 4))[:rows, :columns],), **_TOLERANCE)
                  for rows, columns in ((4, 4), (4, 2), (2, 4))],
                Sample((well_conditioned((2, 3, 3)),), **_TOLERANCE),
                Sample((uniform((4, 2)),), {"full_matrices": True}, grad=False),
                Sample((well_conditioned((3, 3))[:2],), {"full_matrices": True}, **_TOLERANCE),
                Sample((uniform((0, 3, 3)),)), Sample((uniform((3,)),), error=ValueError),
                Sample((integers((2, 2)),), error=TypeError)]


def qr_gradient(b, ct_q, ct_r, q, r):
    """The gradient for a matrix with at least as many rows as columns."""
    inner = _total(b, None if ct_r is None else _matmul_t(b, r, ct_r),
                   None if ct_q is None else b.neg(_t_matmul(b, ct_q, q)))
    mirrored = b.add(triangle(b, inner), transposed(b, triangle(b, inner, strict=True)))
    total = _total(b, ct_q, b.matmul(q, mirrored))
    return transposed(b, b.triangular_solve(r, transposed(b, total), lower=False))


def wide_qr_gradient(b, ct_q, ct_r, q, r, a):
    """The gradient for a matrix with more columns than rows: its first columns x have the factors q and u, and the
    others are y = q @ v, where r = [u, v]."""
    rows = a.shape[-2]
    y, u = columns(b, a, rows, None), columns(b, r, 0, rows)
    if ct_r is None:
        return pad_columns(b, qr_gradient(b, ct_q, None, q, u), 0, a.shape[-1] - rows)
    ct_u, ct_v = columns(b, ct_r, 0, rows), columns(b, ct_r, rows, None)
    first = qr_gradient(b, _total(b, ct_q, _matmul_t(b, y, ct_v)), ct_u, q, u)
    return b.concat(first, b.matmul(q, ct_v), axis=a.aval.ndim - 1)


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
    """Singular values s (..., k) in descending order, and u (..., m, k) and v (..., n, k) with orthonormal columns such
    that u @ diag(s) @ v^T = a (..., m, n); k is min(m, n). With `full_matrices` u is (..., m, m) and v (..., n, n).
    Gradient: for k = min(m, n); that of the vectors needs distinct singular values above 0."""

    name = "svd"
    attrs = ("full_matrices",)
    defaults = {"full_matrices": False}
    kinds = "f"
    vmap = Primitive.vmap_stacks

    def infer(self, a, *, full_matrices):
        check_matrices("svd", a.shape)
        dtype, (*stack, m, n) = self.check_dtypes((a,)), a.shape
        k = min(m, n)
        return tuple_aval((tensor_aval((*stack, k), dtype), tensor_aval((*stack, m, m if full_matrices else k), dtype),
                           tensor_aval((*stack, n, n if full_matrices else k), dtype)))

    def reference(self, a, *, full_matrices):
        def factors(x):
            u, s, vh = np.linalg.svd(x, full_matrices=full_matrices)
            return s, u, np.swapaxes(vh, -1, -2)

        return for_each(factors, 3, a)

    def vjp(self, b, cts, outs, a, *, full_matrices):
        (ct_s, ct_u, ct_v), (s, u, v) = cts, outs
        m, n = a.shape[-2:]
        if full_matrices and m != n:
            if ct_u is not None or ct_v is not None:
                raise ValueError(f"svd: the gradient of the full factors of matrices of {m} rows and {n} columns does "
                                 f"not exist, since some of their columns are arbitrary; use full_matrices=False")
            u, v = (columns(b, x, 0, min(m, n)) for x in (u, v))
        inner = None if ct_s is None else b.mul(as_rows(b, ct_s), identity_like(b, _square(b, s)))
        outer = None
        if ct_u is not None or ct_v is not None:
            gaps = _inverse_gaps(b, b.mul(s, s))
            if ct_u is not None:
                turned = _antisymmetric_times(b, gaps, _t_matmul(b, u, ct_u))
                inner = _total(b, inner, b.mul(turned, as_columns(b, s)))
                outer = b.matmul(_beyond(b, u, b.div(ct_u, as_columns(b, s))), v, transpose_b=True) if m > n else None
            if ct_v is not None:
                turned = _antisymmetric_times(b, gaps, _t_matmul(b, v, ct_v))
                inner = _total(b, inner, b.mul(as_rows(b, s), turned))
                if n > m:
                    outer = _total(b, outer, _matmul_t(b, u, _beyond(b, v, b.div(ct_v, as_columns(b, s)))))
        return (_total(b, None if inner is None else b.matmul(u, _matmul_t(b, inner, v)), outer),)

    def samples(self):
        shapes = [(3, 3), (4, 2), (2, 4), (2, 3, 3)]
        return [*[Sample((_apart(shape, k),), **_TOLERANCE) for k, shape in enumerate(shapes)],
                Sample((_apart((3, 3)),), {"full_matrices": True}, **_TOLERANCE),
                Sample((_apart((3, 2)),), {"full_matrices": True}, grad=False),
                Sample((uniform((0, 3, 3)),)), Sample((uniform((3,)),), error=ValueError),
                Sample((integers((2, 2)),), error=TypeError)]


def _square(b, values):
    """Square matrices of the size of vectors."""
    return b.broadcast_to(as_rows(b, values), shape=(*values.shape, values.shape[-1]))


def _antisymmetric_times(b, gaps, x):
    """gaps * (x - x^T): symmetric, as `gaps` is antisymmetric."""
    return b.mul(gaps, b.sub(x, transposed(b, x)))


def _beyond(b, basis, x):
    """What of the columns of x lies outside of the space of the orthonormal columns of `basis`."""
    return b.sub(x, b.matmul(basis, _t_matmul(b, basis, x)))


def _apart(shape: tuple, seed: int = 0) -> np.ndarray:
    """Matrices whose singular values lie apart."""
    m, n = shape[-2:]
    return uniform(shape, -0.3, 0.3, seed) + np.eye(m, n) * (1.0 + np.arange(m))[:, None]


@register
class Eigh(Primitive):
    """Eigenvalues w (..., n) in ascending order and eigenvectors, the columns of v (..., n, n), of symmetric matrices
    a (..., n, n) of which the lower triangle is read. Gradient: for the lower triangle; that of the vectors needs
    distinct eigenvalues."""

    name = "eigh"
    kinds = "f"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("eigh", a.shape, square=True)
        return tuple_aval((tensor_aval(a.shape[:-1], self.check_dtypes((a,))), a))

    def reference(self, a):
        return for_each(lambda x: tuple(np.linalg.eigh(x)), 2, a)

    def vjp(self, b, cts, outs, a):
        (ct_w, ct_v), (w, v) = cts, outs
        inner = None if ct_w is None else b.mul(as_rows(b, ct_w), identity_like(b, v))
        if ct_v is not None:
            inner = _total(b, inner, b.mul(_inverse_gaps(b, w), _t_matmul(b, v, ct_v)))
        return (of_lower_triangle(b, b.matmul(v, _matmul_t(b, inner, v))),)

    def samples(self):
        return [*[Sample((positive_definite(shape),), **_TOLERANCE) for shape in ((4, 4), (2, 3, 3), (2, 1, 2, 2))],
                Sample((positive_definite((1, 1)),)), Sample((uniform((0, 3, 3)),)),
                Sample((uniform((3, 4)),), error=ValueError), Sample((uniform((3,)),), error=ValueError),
                Sample((integers((2, 2)),), error=TypeError)]
