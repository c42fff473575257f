"""The two halves of an attention whose products are not kept; `nn_attention` says why.

With the products s = scale q k^T + mask of one head, the forward half gives log_sum = log(sum(exp(s))) of each query
beside the attention out. In the backward half the weights are p = exp(s - log_sum), and with the cotangent ct of out

    dv = p^T ct     ds = p (ct v^T - sum(ct out))     dq = scale ds k     dk = scale ds^T q

where the sum goes over the axis of the values. Source: Dao, "FlashAttention-2", 2023, sections 2.3 and 3.1.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register, rng
from mindspore.compiler.primitives.nn_attention import check_operands, masked_products
from mindspore.compiler.primitives.nn_support import accumulation, np_log_softmax, wide


class AttentionHalf(Primitive):
    """What both halves have in common."""

    attrs = ("scale", "causal")
    defaults = {"causal": False}
    kinds = "f"
    leading = 0  # operands before the query

    def vmap(self, b, lanes, batched, *ins, scale, causal):
        """A mask of each lane needs queries of each lane, and so do the results, which come before the query."""
        ins, batched, whole = list(ins), list(batched), self.leading + 1
        for place in range(whole):
            ins[place] = ins[place] if batched[place] else lanes.spread(b, ins[place])
            batched[place] = True
        if self.leading:  # the logarithms have one axis less
            ins[2] = b.reshape(ins[2], shape=(*ins[2].shape, 1))
        ins = list(lanes.aligned(b, tuple(batched), tuple(ins)))
        if self.leading:
            ins[2] = b.reshape(ins[2], shape=ins[2].shape[:-1])
        return b.items(b.emit(self, tuple(ins), (scale, causal)))


@register
class AttentionWithLogSum(AttentionHalf):
    """`scaled_dot_product_attention` of the same operands, and log(sum(exp(products))) of each query, [..., L].

    The logarithms are in float32 for half precision. A query that sees no key gives NaN for both. Errors: those of the
    attention. Gradient: that of the decomposition.
    """

    name = "attention_with_log_sum"

    def flops(self, out, q, k, v, *mask, scale, causal):
        return 2 * prod(q.shape[:-1]) * k.shape[-2] * (k.shape[-1] + v.shape[-1])

    def infer(self, q, k, v, *mask, scale, causal):
        rows = (*check_operands(self, q, k, v, mask), q.shape[-2])
        return tuple_aval((tensor_aval((*rows, v.shape[-1]), q.dtype), tensor_aval(rows, accumulation(q.dtype))))

    def lower(self, b, q, k, v, *mask, scale, causal):
        scores = wide(b, masked_products(b, q, k, mask, scale, causal))
        last = scores.aval.ndim - 1
        largest = b.stop_gradient(b.max(scores, axis=(last,), keepdims=True))
        weights = b.exp(b.sub(scores, largest))
        total = b.sum(weights, axis=(last,), keepdims=True)
        out = b.matmul(b.cast(b.div(weights, total), dtype=v.dtype), v)
        rows = (*out.shape[:-2], q.shape[-2])
        log_sum = b.reshape(b.add(largest, b.log(total)), shape=scores.shape[:-1])
        return out, b.broadcast_to(log_sum, shape=rows)

    def samples(self):
        return [*_samples(lambda *ins, **attrs: ins, resizes=True),
                Sample((np.ones((2, 3)), np.ones((4, 2)), np.ones((4, 3))), {"scale": 1.0}, error=ValueError),
                Sample((np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 3)), np.zeros((2, 4), np.int32)),
                       {"scale": 1.0}, error=TypeError)]


@register
class AttentionGrad(AttentionHalf):
    """The cotangents of q, k and v of an attention, with all leading axes of its result, from the result's cotangent,
    the result and the logarithms of `attention_with_log_sum`, followed by the attention's operands.

    The logarithms are in float32 or q's dtype. ValueError and TypeError for cotangents, results and logarithms of other
    shapes and dtypes, and as the attention raises them. Gradient: that of the decomposition.
    """

    name = "attention_grad"
    leading = 3

    def flops(self, outs, ct, out, log_sum, q, k, v, *mask, scale, causal):
        return 2 * prod(ct.shape[:-1]) * k.shape[-2] * (3 * k.shape[-1] + 2 * v.shape[-1])

    def infer(self, ct, out, log_sum, q, k, v, *mask, scale, causal):
        batch = check_operands(self, q, k, v, mask)
        rows = (*batch, q.shape[-2])
        for name, given, wanted in (("cotangent", ct, tensor_aval((*rows, v.shape[-1]), q.dtype)),
                                    ("result", out, tensor_aval((*rows, v.shape[-1]), q.dtype)),
                                    ("log_sum", log_sum, tensor_aval(rows, accumulation(q.dtype)))):
            if given.shape != wanted.shape:
                raise ValueError(f"{self.name}: the {name} has shape {given.shape}; expected {wanted.shape}")
            if given.dtype not in (wanted.dtype, q.dtype):
                raise TypeError(f"{self.name}: the {name} is {given.dtype}; expected {wanted.dtype}")
        return tuple_aval(tuple(tensor_aval((*batch, *x.shape[-2:]), q.dtype) for x in (q, k, v)))

    def lower(self, b, ct, out, log_sum, q, k, v, *mask, scale, causal):
        scores = wide(b, masked_products(b, q, k, mask, scale, causal))
        weights = b.exp(b.sub(scores, b.reshape(wide(b, log_sum), shape=(*log_sum.shape, 1))))
        dv = b.matmul(b.cast(weights, dtype=q.dtype), ct, transpose_a=True)
        along = b.sum(b.mul(wide(b, ct), wide(b, out)), axis=(ct.aval.ndim - 1,), keepdims=True)
        inner = b.sub(wide(b, b.matmul(ct, v, transpose_b=True)), along)
        ds = b.cast(b.mul(b.mul(weights, inner), scale), dtype=q.dtype)
        return b.matmul(ds, k), b.matmul(ds, q, transpose_a=True), dv

    def samples(self):
        def operands(q, k, v, *mask, scale, causal=False):
            out, log_sum = _halves(q, k, v, *mask, scale=scale, causal=causal)
            return rng(1).normal(size=out.shape), out, log_sum, q, k, v, *mask

        plain = np.ones((2, 3))
        return [*_samples(operands, resizes=False),  # of other sizes the logarithms would not be those of the products
                Sample((plain, plain, np.ones(3), *[plain] * 3), {"scale": 1.0}, error=ValueError),
                Sample((np.ones((2, 4)), plain, np.ones(2), *[plain] * 3), {"scale": 1.0}, error=ValueError),
                Sample((plain.astype(np.int32), plain, np.ones(2), *[plain] * 3), {"scale": 1.0}, error=TypeError)]


def _halves(q, k, v, *mask, scale, causal):
    """The attention and its logarithms, in NumPy."""
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) * scale
    for m in mask:
        scores = np.where(m, scores, -np.inf) if m.dtype == np.bool_ else scores + m
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=np.bool_), scores, -np.inf)
    log_weights = np_log_softmax(scores, scores.ndim - 1)
    out = np.matmul(np.exp(log_weights), v)
    log_sum = np.max(np.where(np.isfinite(scores), scores, 0) - log_weights, axis=-1, initial=-np.inf,
                     where=np.isfinite(log_weights))
    return out, np.broadcast_to(log_sum, out.shape[:-1]).copy()


def _samples(operands, resizes: bool) -> list[Sample]:
    """Samples made of those of an attention."""
    draw = rng(0)

    def arrays(*shapes):
        return tuple(draw.normal(size=shape) for shape in shapes)

    def sample(ins, **attrs):
        return Sample(operands(*ins, **attrs), attrs, rtol=1e-4, atol=1e-5, resizes=resizes)

    keep = draw.uniform(size=(4, 6)) < 0.7
    keep[:, 0] = True
    return [sample(arrays((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)), scale=0.5),
            sample(arrays((4, 5), (4, 5), (4, 5)), scale=1.0, causal=True),
            sample((*arrays((2, 4, 5), (2, 6, 5), (2, 6, 3)), keep), scale=0.5),
            sample(arrays((2, 4, 5), (2, 6, 5), (2, 6, 3), (2, 1, 6)), scale=0.5, causal=True),
            sample(arrays((3, 1, 4, 2), (2, 5, 2), (5, 2)), scale=0.5)]
