"""QR factorisation in the form of Householder reflections, and what is done with reflections.

k reflections, each 1 - tau v v^H with a v that begins with zeros and a 1, stand in the columns of a matrix below its
diagonal. Their product is 1 - V T V^H, where T is upper triangular: its inverse is the strict upper triangle S of
V^H V with 1 / tau on the diagonal (Schreiber and Van Loan, 1989). Written as T = (1 + diag(tau) S)^-1 diag(tau) it
holds for tau = 0 as well, and products of reflections are compositions of matrix products and a triangular system.

The derivative of the reflections uses that Q - 1 = V (-T V1^H) is an LU factorisation without exchanges (Ballard et
al., "Reconstructing Householder vectors from tall-skinny QR", 2014).
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, broadcast_shapes, register
from mindspore.compiler.primitives.linalg_factors import columns, pad_columns, qr_gradient, wide_qr_gradient
from mindspore.compiler.primitives.linalg_lu import block, factors_gradient
from mindspore.compiler.primitives.linalg_support import (
    adjoint,
    as_rows,
    check_matrices,
    conjugate,
    diagonal_part,
    for_each,
    identity_like,
    ramps,
    triangle,
    well_conditioned,
)
from mindspore.compiler.primitives.support import integers, uniform

_SAMPLES = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}  # a matrix repeated to another size has dependent rows


@register
class Geqrf(Primitive):
    """h (..., m, n): r with q @ r = a on and above its diagonal, below it the vectors of the reflections whose product
    q is; and their factors tau (..., k), k = min(m, n). The diagonal of r is real, of complex matrices too. Gradient:
    for matrices of full rank none of whose reflections is the identity, but the last of a real square matrix."""

    name = "geqrf"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("geqrf", a.shape)
        dtype = self.check_dtypes((a,))
        return tuple_aval((a, tensor_aval((*a.shape[:-2], min(a.shape[-2:])), dtype)))

    def reference(self, a):
        def factors(x):
            h, tau = np.linalg.qr(x, mode="raw")
            return np.swapaxes(h, -1, -2), tau

        return for_each(factors, 2, a)

    def vjp(self, b, cts, outs, a):
        (ct_h, ct_tau), (h, tau) = cts, outs
        m, n = a.shape[-2:]
        k = min(m, n)
        used = k if a.dtype.kind == "c" else min(n, m - 1)  # the last of a real square matrix is the identity
        q = b.orgqr(columns(b, h, 0, k), tau)
        r = triangle(b, block(b, h, 0, k, 0, n), lower=False)
        ct_q = ct_r = None
        if used:
            ct_q = pad_columns(b, _reflections_gradient(b, h, q, ct_h, ct_tau, used), 0, k - used)
        if ct_h is not None:
            ct_r = triangle(b, block(b, ct_h, 0, k, 0, n), lower=False)
        if ct_q is None and ct_r is None:
            return (None,)
        return (qr_gradient(b, ct_q, ct_r, q, r) if m >= n else wide_qr_gradient(b, ct_q, ct_r, q, r, a),)

    def samples(self):
        return [*[Sample((well_conditioned((4, 4))[:rows, :columns_] + 0.3,), **_SAMPLES)
                  for rows, columns_ in ((4, 4), (4, 2), (2, 4), (1, 3))],
                Sample((well_conditioned((2, 3, 3)) + 0.4,), **_SAMPLES), Sample((uniform((0, 3, 3)),)),
                *[Sample((well_conditioned((3, 3))[:m, :n] + 0.3 + 1j * uniform((m, n)),), **_SAMPLES)
                  for m, n in ((3, 3), (3, 2), (2, 3))],
                Sample((uniform((3,)),), error=ValueError), Sample((integers((2, 2)),), error=TypeError)]


def _reflections_gradient(b, h, q, ct_h, ct_tau, used: int):
    """The cotangent of the first columns of q from those of the vectors and the factors of the reflections."""
    m = h.shape[-2]
    vectors = columns(b, h, 0, used)
    minus = b.sub(columns(b, q, 0, used), identity_like_rows(b, vectors))
    upper = b.triangular_solve(block(b, vectors, 0, used, 0, used), block(b, minus, 0, used, 0, used), lower=True,
                               unit_diagonal=True)
    rest = block(b, vectors, used, m, 0, used)
    packed = b.concat(b.add(triangle(b, block(b, vectors, 0, used, 0, used), strict=True),
                            triangle(b, upper, lower=False)), rest, axis=h.aval.ndim - 2)
    ct = b.zeros_like(vectors.aval)
    if ct_h is not None:
        ct = triangle(b, columns(b, ct_h, 0, used), strict=True)
    if ct_tau is not None:
        lead = ct_tau.shape[:-1]
        some = b.slice(ct_tau, begin=(0,) * ct_tau.aval.ndim, end=(*lead, used), strides=(1,) * ct_tau.aval.ndim)
        ct = b.sub(ct, diagonal_part(b, b.broadcast_to(b.reshape(some, shape=(*lead, 1, used)), shape=vectors.shape)))
    return factors_gradient(b, packed, ct)


def identity_like_rows(b, x):
    """The first columns of the identity, in the shape and dtype of the matrices of x, once for the whole stack."""
    rows, places = ramps(b, x.shape)
    return b.cast(b.eq(rows, places), dtype=x.dtype)


def _check(name: str, op: Primitive, h, tau, *more):
    """The dtype; ValueError unless tau has one factor for each of at most n columns of h."""
    dtype = op.check_dtypes((h, tau, *more))
    check_matrices(name, h.shape)
    if tau.ndim != h.ndim - 1 or tau.shape[:-1] != h.shape[:-2] or tau.shape[-1] > min(h.shape[-2:]):
        raise ValueError(f"{name}: the reflections have shape {h.shape} and the factors {tau.shape}; expected "
                         f"(..., m, n) and (..., k) with k at most min(m, n)")
    return dtype


def _compact(b, h, tau):
    """(V, T) of the reflections."""
    count = tau.shape[-1]
    some = columns(b, h, 0, count)
    v = b.add(triangle(b, some, strict=True), identity_like_rows(b, some))
    overlaps = triangle(b, b.matmul(conjugate(b, v), v, transpose_a=True), lower=False, strict=True)
    factors = as_rows(b, tau)
    return v, b.triangular_solve(b.mul(factors, overlaps), b.mul(factors, identity_like(b, overlaps)), lower=False,
                                 unit_diagonal=True)


@register
class Orgqr(Primitive):
    """The first n columns of the product of the reflections in h (..., m, n), m >= n, with the factors tau (..., k).
    Gradient: that of the decomposition."""

    name = "orgqr"
    kinds = "fc"

    def infer(self, h, tau):
        _check("orgqr", self, h, tau)
        if h.shape[-2] < h.shape[-1]:
            raise ValueError(f"orgqr: the reflections have shape {h.shape}; expected at least as many rows as columns")
        return h

    def lower(self, b, h, tau):
        v, t = _compact(b, h, tau)
        n = h.shape[-1]
        first = b.slice(v, begin=(0,) * v.aval.ndim, end=(*v.shape[:-2], n, v.shape[-1]), strides=(1,) * v.aval.ndim)
        return b.sub(identity_like_rows(b, h), b.matmul(v, b.matmul(t, conjugate(b, first), transpose_b=True)))

    def samples(self):
        return [Sample((uniform((4, 3)), uniform((3,), 0.2, 1.5, 1)), **_SAMPLES),
                Sample((uniform((3, 3)), uniform((2,), 0.2, 1.5, 1)), **_SAMPLES),
                Sample((uniform((2, 3, 2)), np.array([[0.5, 0.0], [1.2, 0.3]])), **_SAMPLES),
                Sample((uniform((3, 2)) + 1j * uniform((3, 2), seed=4), uniform((2,), 0.2, 1.5, 1) + 0.5j),
                       **_SAMPLES),
                Sample((uniform((0, 3, 2)), uniform((0, 2)))),
                Sample((uniform((2, 3)), uniform((2,))), error=ValueError),
                Sample((uniform((3, 2)), uniform((3,))), error=ValueError),
                Sample((uniform((3, 2)), uniform((1, 2))), error=ValueError),
                Sample((integers((3, 2)), integers((2,))), error=TypeError)]


@register
class Ormqr(Primitive):
    """q @ c (q^H @ c with `transpose`), or c @ q (c @ q^H) without `left`, where q is the square product of the
    reflections in h (..., m, n) with the factors tau (..., k). Gradient: that of the decomposition."""

    name = "ormqr"
    attrs = ("left", "transpose")
    defaults = {"left": True, "transpose": False}
    kinds = "fc"

    def infer(self, h, tau, c, *, left, transpose):
        dtype = _check("ormqr", self, h, tau, c)
        check_matrices("ormqr", c.shape)
        if c.shape[-2 if left else -1] != h.shape[-2]:
            raise ValueError(f"ormqr: the reflections have shape {h.shape} and the other matrix {c.shape}; expected "
                             f"{h.shape[-2]} {'rows' if left else 'columns'} of the other")
        return tensor_aval((*broadcast_shapes("ormqr", h.shape[:-2], c.shape[:-2]), *c.shape[-2:]), dtype)

    def lower(self, b, h, tau, c, *, left, transpose):
        v, t = _compact(b, h, tau)
        t, v_ = adjoint(b, t) if transpose else t, conjugate(b, v)
        if left:
            return b.sub(c, b.matmul(v, b.matmul(t, b.matmul(v_, c, transpose_a=True))))
        return b.sub(c, b.matmul(b.matmul(b.matmul(c, v), t), v_, transpose_b=True))

    def samples(self):
        h, tau = uniform((4, 3)), uniform((3,), 0.2, 1.5, 1)
        return [*[Sample((h, tau, uniform((4, 2) if left else (2, 4), seed=2)), {"left": left, "transpose": turn},
                         **_SAMPLES) for left in (True, False) for turn in (True, False)],
                Sample((uniform((2, 3, 2)), uniform((2, 2), 0.2, 1.5, 1), uniform((3, 3))), **_SAMPLES),
                *[Sample((h + 1j * uniform((4, 3), seed=4), tau - 0.5j, uniform((4, 2)) + 1j), {"transpose": turn},
                         **_SAMPLES) for turn in (True, False)],
                Sample((h, tau, uniform((3, 4))), error=ValueError), Sample((h, h, h), error=ValueError),
                Sample((integers((3, 2)), integers((2,)), integers((3, 1))), error=TypeError)]
