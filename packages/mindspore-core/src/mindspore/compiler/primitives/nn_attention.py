"""Scaled dot-product attention and its derivative.

    attention(q, k, v) = softmax(scale q k^T + mask) v

with the softmax along the keys. Source: Vaswani et al., "Attention is all you need", 2017, section 3.2.1.

The products of all queries with all keys are many numbers where sequences are long. So for these the derivative is an
operator of its own, as the attention is, and a device may compute both by tiles and store no products: the forward half
keeps log(sum(exp(products))) of each query, from which the backward half finds the weights again. Source: Dao et al.,
"FlashAttention", 2022, and Dao, "FlashAttention-2", 2023. For short sequences the weights are kept: the derivative is
that of the decomposition.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import bool_, int32
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.primitives.base import Primitive, Sample, broadcast_shapes, register, rng
from mindspore.compiler.primitives.nn_support import np_log_softmax, wide_reference

# Pairs of a query and a key from which on a derivative finds the weights again instead of keeping them.
MANY_PAIRS = 512 * 512


def check_operands(op: Primitive, q, k, v, mask: tuple) -> tuple:
    """The leading axes of the result. ValueError for shapes that do not fit, TypeError for the mask's dtype."""
    dtype = op.check_dtypes((q, k, v))
    shapes = ", ".join(str(a.shape) for a in (q, k, v))
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"{op.name}: the query, key and value have shapes {shapes}; expected [..., L, E], "
                         f"[..., S, E] and [..., S, F]")
    batch = broadcast_shapes(op.name, q.shape[:-2], k.shape[:-2], v.shape[:-2])
    if len(mask) > 1:
        raise TypeError(f"{op.name}: takes one mask or none, got {len(mask)}")
    for m in mask:
        scores = (*batch, q.shape[-2], k.shape[-2])
        if m.dtype not in (bool_, dtype):
            raise TypeError(f"{op.name}: the mask is {m.dtype}; expected Bool, or {dtype} to be added")
        if broadcast_shapes(op.name, m.shape, scores) != scores:
            raise ValueError(f"{op.name}: the mask has shape {m.shape}; expected one that broadcasts to {scores}")
    return batch


def masked_products(b, q, k, mask: tuple, scale: float, causal: bool):
    """scale q k^T + mask, -inf where a key is hidden, in q's dtype."""
    scores = b.matmul(b.mul(q, scale), k, transpose_b=True)
    low = b.constant(-np.inf, scores.dtype)
    for m in mask:
        scores = b.select(m, scores, low) if m.dtype is bool_ else b.add(scores, m)
    if causal:
        rows, columns = (q.shape[-2], 1), (1, k.shape[-2])
        seen = b.ge(b.iota(shape=rows, axis=0, dtype=int32), b.iota(shape=columns, axis=1, dtype=int32))
        scores = b.select(seen, scores, low)
    return scores


@register
class ScaledDotProductAttention(Primitive):
    """q[..., L, E], k[..., S, E], v[..., S, F] and an optional mask that broadcasts to [..., L, S], to [..., L, F].

    A bool mask keeps the positions where it is true; a floating mask, of q's dtype, is added to the scaled products.
    `causal` keeps key s for query l where s <= l. Leading axes broadcast. A query that may see no key gives NaN.
    ValueError for shapes that do not fit, TypeError for masks of other dtypes. Half-precision operands stay
    what they are in both products, which accumulate in float32. Gradient: that of the decomposition into matmul,
    softmax and matmul; for at least `MANY_PAIRS` pairs of a query and a key `attention_grad`, unless a mask has one.
    """

    name = "scaled_dot_product_attention"
    axes = "... l E, ... s E, ... s f -> ... l f"
    attrs = ("scale", "causal")
    defaults = {"causal": False}
    kinds = "f"

    def flops(self, out, q, k, v, *mask, scale, causal):
        return 2 * prod(q.shape[:-1]) * k.shape[-2] * (k.shape[-1] + v.shape[-1])

    def infer(self, q, k, v, *mask, scale, causal):
        batch = check_operands(self, q, k, v, mask)
        return tensor_aval((*batch, q.shape[-2], v.shape[-1]), q.dtype)

    def lower(self, b, q, k, v, *mask, scale, causal):
        scores = masked_products(b, q, k, mask, scale, causal)
        return b.matmul(b.softmax(scores, axis=scores.aval.ndim - 1), v)

    def records(self, avals, wanted, attrs):
        """Where the products are many, and nobody asks for a mask's derivative."""
        rows, columns = avals[0].shape[-2], avals[1].shape[-2]
        return isinstance(rows, int) and isinstance(columns, int) and rows * columns >= MANY_PAIRS and max(wanted) < 3

    def record(self, b, ins, wanted, seeded, *, scale, causal):
        attrs = {"scale": scale, "causal": causal}
        out, log_sum = b.items(b.attention_with_log_sum(*ins, **attrs))

        def operands(ct):
            grads = b.items(b.attention_grad(ct, out, log_sum, *ins, **attrs))
            return *[b.sum_to(g, x.shape) for g, x in zip(grads, ins)], *[None] * (len(ins) - 3)

        return out, operands

    def vmap(self, b, lanes, batched, q, *others, scale, causal):
        """A mask of each lane needs queries of each lane."""
        alone = any(batched[3:]) and not batched[0]
        ins = (lanes.spread(b, q) if alone else q, *others)
        return b.emit(self, lanes.aligned(b, (batched[0] or alone, *batched[1:]), ins), (scale, causal))

    @wide_reference
    def reference(self, q, k, v, *mask, scale, causal):
        scores = np.matmul(q, np.swapaxes(k, -1, -2)) * q.dtype.type(scale)
        for m in mask:
            scores = np.where(m, scores, -np.inf) if m.dtype == np.bool_ else scores + m
        if causal:
            scores = np.where(np.tri(q.shape[-2], k.shape[-2], dtype=np.bool_), scores, -np.inf)
        return np.matmul(np.exp(np_log_softmax(scores, scores.ndim - 1)).astype(v.dtype), v)

    def samples(self):
        draw = rng(0)

        def arrays(*shapes):
            return tuple(draw.normal(size=shape) for shape in shapes)

        plain = {"scale": 0.5}
        loose = {"rtol": 1e-4, "atol": 1e-5}
        keep = draw.uniform(size=(4, 6)) < 0.7
        keep[:, 0] = True
        return [Sample(arrays((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)), plain, **loose),
                Sample(arrays((4, 5), (4, 5), (4, 5)), {"scale": 1.0, "causal": True}, **loose),
                Sample((*arrays((2, 4, 5), (2, 6, 5), (2, 6, 3)), keep), plain, **loose),
                Sample(arrays((2, 4, 5), (2, 6, 5), (2, 6, 3), (2, 1, 6)), {**plain, "causal": True}, **loose),
                Sample(arrays((3, 1, 4, 2), (2, 5, 2), (5, 2)), plain, **loose),
                Sample(arrays((2, 0, 3), (2, 4, 3), (2, 4, 3)), plain),
                Sample((*arrays((2, 3), (4, 3), (4, 3)), np.zeros((2, 4), np.bool_)), plain, grad=False),
                Sample(arrays((2, 3), (4, 2), (4, 3)), plain, error=ValueError),
                Sample(arrays((2, 3), (4, 3), (5, 3)), plain, error=ValueError),
                Sample(arrays((3,), (4, 3), (4, 3)), plain, error=ValueError),
                Sample(arrays((2, 3), (4, 3), (4, 3), (3, 4)), plain, error=ValueError),
                Sample((*arrays((2, 3), (4, 3), (4, 3)), np.zeros((2, 4), np.int32)), plain, error=TypeError)]
