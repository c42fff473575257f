"""LU factorisation with partial pivoting, and what a list of exchanged rows means.

Source of the derivative for rectangular matrices: the square part has the rule of Giles (2008), what is beside or below
it is the solution of a triangular system.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int32, int64
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.linalg_support import (
    check_matrices,
    identity_like,
    transposed,
    triangle,
    well_conditioned,
)
from mindspore.compiler.primitives.support import integers, uniform, widen

_SAMPLES = {"rtol": 1e-3, "atol": 1e-4, "resizes": False}  # a matrix repeated to another size has dependent rows


@register
class Lu(Primitive):
    """Factors of matrices a (..., m, n) with exchanged rows: the unit lower triangular L (without its diagonal) and the
    upper triangular U in one matrix (..., m, n), and (..., k) int32 places, k = min(m, n): row i was exchanged with the
    row of its place, one after the other. A column without a pivot leaves zeros on the diagonal of U. Gradient: for
    matrices of full rank."""

    name = "lu"
    kinds = "fc"
    vmap = Primitive.vmap_stacks

    def infer(self, a):
        check_matrices("lu", a.shape)
        self.check_dtypes((a,))
        return tuple_aval((a, tensor_aval((*a.shape[:-2], min(a.shape[-2:])), int32)))

    def reference(self, a):
        wide = widen(a)
        stack, (m, n) = a.shape[:-2], a.shape[-2:]
        lu = wide.reshape((-1, m, n)).copy() if a.size else np.zeros((0, m, n), wide.dtype)
        places, every = np.zeros((len(lu), min(m, n)), np.int32), np.arange(len(lu))
        for i in range(min(m, n)):
            chosen = i + np.argmax(np.abs(lu[:, i:, i]), axis=1) if len(lu) else every
            places[:, i] = chosen
            lu[every, i], lu[every, chosen] = lu[every, chosen], lu[every, i].copy()
            pivot = lu[:, i, i]
            lu[:, i + 1:, i] /= np.where(pivot == 0, 1, pivot)[:, None]
            lu[:, i + 1:, i + 1:] -= lu[:, i + 1:, i, None] * lu[:, i, None, i + 1:]
        return lu.reshape(a.shape).astype(a.dtype), places.reshape((*stack, min(m, n)))

    def vjp(self, b, cts, outs, a):
        if cts[0] is None:
            return (None,)
        lu, places = outs
        back = permutation_matrix(b, places, a.shape[-2], a.dtype)
        return (b.matmul(back, factors_gradient(b, lu, cts[0]), transpose_a=True),)

    def samples(self):
        turned = well_conditioned((4, 4))[[2, 0, 3, 1]]
        return [*[Sample((turned[:rows, :columns],), **_SAMPLES) for rows, columns in ((4, 4), (4, 2), (2, 4))],
                Sample((well_conditioned((2, 3, 3))[:, ::-1].copy(),), **_SAMPLES),
                Sample((well_conditioned((3, 3)) + 1j * uniform((3, 3)),), **_SAMPLES),
                Sample((uniform((1, 1), 1, 2),)), Sample((uniform((0, 3, 3)),)),
                Sample((np.zeros((3, 3)),), grad=False),
                Sample((uniform((3,)),), error=ValueError), Sample((integers((2, 2)),), error=TypeError)]


def permutation_matrix(b, places, rows, dtype):
    """The matrices (..., rows, rows) that bring rows into the order in which the exchanges leave them."""
    order = b.pivots_to_permutation(places, size=rows)
    shape = (*order.shape, rows)
    columns = b.iota(shape=(1,) * order.aval.ndim + (rows,), axis=order.aval.ndim, dtype=int64)
    return b.cast(b.broadcast_to(b.eq(b.reshape(order, shape=(*order.shape, 1)), columns), shape=shape), dtype=dtype)


def factors_gradient(b, lu, ct):
    """The cotangent of a matrix from that of its factors without exchanges, in one matrix as the factors are."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    square, ct_square = block(b, lu, 0, k, 0, k), block(b, ct, 0, k, 0, k)
    ct_lower, ct_upper = triangle(b, ct_square, strict=True), triangle(b, ct_square, lower=False)
    below = beside = None
    if m > n:
        part, ct_part = block(b, lu, k, m, 0, k), block(b, ct, k, m, 0, k)
        below = _times_upper_inverse(b, square, ct_part)
        ct_upper = b.sub(ct_upper, triangle(b, b.matmul(part, below, transpose_a=True), lower=False))
    if n > m:
        part, ct_part = block(b, lu, 0, k, k, n), block(b, ct, 0, k, k, n)
        beside = b.triangular_solve(square, ct_part, lower=True, transpose_a=True, unit_diagonal=True)
        ct_lower = b.sub(ct_lower, triangle(b, b.matmul(beside, part, transpose_b=True), strict=True))
    lower = b.add(triangle(b, square, strict=True), identity_like(b, square))
    inner = b.add(triangle(b, b.matmul(lower, ct_lower, transpose_a=True), strict=True),
                  triangle(b, b.matmul(ct_upper, triangle(b, square, lower=False), transpose_b=True), lower=False))
    left = b.triangular_solve(square, inner, lower=True, transpose_a=True, unit_diagonal=True)
    found = _times_upper_inverse(b, square, left)
    if below is not None:
        return b.concat(found, below, axis=lu.aval.ndim - 2)
    return found if beside is None else b.concat(found, beside, axis=lu.aval.ndim - 1)


def _times_upper_inverse(b, upper, x):
    """x @ upper^-T."""
    return transposed(b, b.triangular_solve(upper, transposed(b, x), lower=False))


def block(b, x, top, bottom, left, right):
    """The rows from `top` and the columns from `left` on of matrices, up to those excluded."""
    lead = x.shape[:-2]
    return b.slice(x, begin=(*(0,) * len(lead), top, left), end=(*lead, bottom, right), strides=(1,) * x.aval.ndim)


@register
class PivotsToPermutation(Primitive):
    """The order (..., size), int64, in which `size` rows stand after row i was exchanged with row pivots[i] for i = 0,
    1, ...: row i of the result is row order[i] of the operand. Pivots out of range are taken as the last row.
    Gradient: none."""

    name = "pivots_to_permutation"
    attrs = ("size",)
    kinds = "i"
    differentiable = False

    def infer(self, pivots, *, size):
        self.check_dtypes((pivots,))
        if pivots.ndim < 1 or pivots.shape[-1] > size:
            raise ValueError(f"pivots_to_permutation: pivots of shape {pivots.shape} for {size} rows; expected "
                             f"(..., k) with k at most {size}")
        return tensor_aval((*pivots.shape[:-1], size), int64)

    def reference(self, pivots, *, size):
        flat = np.clip(pivots.reshape((-1, pivots.shape[-1])) if pivots.size else np.zeros((0, 0), int), 0, size - 1)
        count = int(np.prod(pivots.shape[:-1]))
        order, every = np.broadcast_to(np.arange(size), (count, size)).copy(), np.arange(count)
        for i in range(flat.shape[1]):
            first, second = order[every, i].copy(), order[every, flat[:, i]].copy()
            order[every, i], order[every, flat[:, i]] = second, first
        return order.reshape((*pivots.shape[:-1], size))

    def vmap(self, b, lanes, batched, pivots, *, size):
        return b.pivots_to_permutation(pivots, size=size)

    def samples(self):
        return [Sample((np.array([2, 2, 3, 3], np.int32),), {"size": 4}),
                Sample((integers((2, 3), 0, 5),), {"size": 5}), Sample((np.array([[1], [0]]),), {"size": 3}),
                Sample((np.zeros((0, 2), np.int32),), {"size": 2}),
                Sample((np.zeros((2, 0), np.int32),), {"size": 3}),
                Sample((integers((4,)),), {"size": 3}, ValueError), Sample((uniform((3,)),), {"size": 3}, TypeError)]
