"""Attention in the form in which programs for large language models call it: layouts, groups of heads, masks by mode.

    attention = dropout(softmax(mask(scale query key^T + shift))) value

Everything is brought into the form of the primitive `scaled_dot_product_attention`: heads of one group share a key, so
queries are (batch, key heads, queries of a group, length, size) and keys have 1 on the third axis, which broadcasts.
Which keys a query sees is one Bool mask. A query that sees no key gives NaN.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindspore.common.dtype import bool_, float32, int64, uint8
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    primitive,
    static_int,
    static_ints,
)
from mindspore.ops.arithmetic import mul
from mindspore.ops.comparison import where
from mindspore.ops.creation import zeros
from mindspore.ops.elementwise import exp
from mindspore.ops.layers import scaled_dot_product_attention
from mindspore.ops.linalg import matmul
from mindspore.ops.reduction import amax as max_of
from mindspore.ops.reduction import sum as sum_of
from mindspore.ops.shapes import broadcast_to, reshape, swapaxes, transpose

__all__ = ["flash_attention_score"]

_NAME = "flash_attention_score"
_IOTA, _LE, _AND, _ADD, _NOT = map(primitive, ("iota", "le", "logical_and", "add", "logical_not"))
_UNLIMITED = 2147483647
# where batch, heads, length and size stand; H is heads times size
_LAYOUTS = {"BSH": (0, 1), "SBH": (1, 0), "BSND": (0, 2, 1, 3), "BNSD": (0, 1, 2, 3), "TND": (1, 0, 2)}


def flash_attention_score(query: Operand, key: Operand, value: Operand, head_num: int,
                          real_shift: Operand | None = None,
                          drop_mask: Operand | None = None, padding_mask: None = None,
                          attn_mask: Operand | None = None, prefix: None = None,
                          actual_seq_qlen: Sequence[int] | None = None, actual_seq_kvlen: Sequence[int] | None = None,
                          keep_prob: float = 1.0, scalar_value: float = 1.0, pre_tokens: int = _UNLIMITED,
                          next_tokens: int = _UNLIMITED, inner_precise: int = 0, input_layout: str = "BSH",
                          sparse_mode: int = 0) -> Tensor:
    """dropout(softmax(mask(scalar_value query key^T + real_shift))) value, in the layout of the query.

    Args:
        query, key, value: in the layout; key and value may have fewer heads, each of which serves a group.
        head_num: the heads of the query. input_layout: 'BSH', 'SBH', 'BSND', 'BNSD', or 'TND' for sequences one after
            the other, with the places where they end in actual_seq_qlen and actual_seq_kvlen.
        real_shift: (B or 1, heads, S1, S2), added to the scaled products.
        attn_mask: what is hidden (true, or 1), (S1, S2) or (B, heads or 1, S1, S2); modes 2 to 4 need none.
        sparse_mode: 0: attn_mask, within pre_tokens and next_tokens of the query's place; 1: attn_mask; 2: keys up to
            the query's place; 3: the same, counted from the last key and the last query; 4: keys within pre_tokens and
            next_tokens, counted so.
        keep_prob: weights are kept with this probability; drop_mask: (B, heads, S1, S2 / 8) UInt8, whose bits, the
            lowest first, say which; they are drawn by default.
        padding_mask, prefix: None. inner_precise: accepted.

    Raises:
        TypeError, ValueError: operands that do not fit, another mode or layout.

    Source: Dao et al., "FlashAttention", 2022, for the name; nothing here depends on how it is computed.
    """
    q, k, v, mask = _prepared(query, key, value, head_num, real_shift, padding_mask, attn_mask, prefix,
                              actual_seq_qlen, actual_seq_kvlen, pre_tokens, next_tokens, input_layout, sparse_mode)
    batch, heads, rows = q.shape[0], q.shape[1] * q.shape[2], q.shape[3]
    if drop_mask is None or keep_prob == 1.0:
        out = scaled_dot_product_attention(q, k, v, mask, 1.0 - keep_prob, scale=float(scalar_value))
    else:
        out = _with_drop_mask(q, k, v, mask, as_tensor(_NAME, drop_mask, "drop_mask"), float(scalar_value), keep_prob)
    out = reshape(out, (batch, heads, rows, v.shape[-1]))
    return _laid_out(out, input_layout)


def _prepared(query, key, value, head_num, real_shift, padding_mask, attn_mask, prefix, actual_seq_qlen,
              actual_seq_kvlen, pre_tokens, next_tokens, input_layout, sparse_mode):
    """Queries, keys and values by groups of heads, and the mask or what is added to the products."""
    if padding_mask is not None or prefix is not None:
        raise ValueError(f"{_NAME}: padding_mask and prefix are not supported; express them in attn_mask")
    q = as_inexact(_NAME, query)
    heads = static_int(_NAME, "head_num", head_num)
    q, k, v = _apart(q, as_dtype_of(_NAME, key, q, "key"), as_dtype_of(_NAME, value, q, "value"), heads, input_layout)
    batch, groups, rows, columns = q.shape[0], k.shape[1], q.shape[2], k.shape[2]
    seen = _visible(sparse_mode, rows, columns, attn_mask, int(pre_tokens), int(next_tokens),
                    _sequences(input_layout, actual_seq_qlen, actual_seq_kvlen, rows, columns))
    q = reshape(q, (batch, groups, heads // groups, rows, q.shape[-1]))
    k, v = (reshape(t, (batch, groups, 1, *t.shape[2:])) for t in (k, v))
    mask = None if seen is None else _grouped(seen, groups, "attn_mask")
    if real_shift is not None:
        shift = _grouped(as_dtype_of(_NAME, real_shift, q, "real_shift"), groups, "real_shift")
        mask = shift if mask is None else where(mask, shift, constant(float("-inf"), q.dtype))
    return q, k, v, mask


def attention_with_statistics(query: Operand, key: Operand, value: Operand, real_shift: Operand | None = None,
                              drop_mask: Operand | None = None, padding_mask: None = None,
                              attn_mask: Operand | None = None, prefix: None = None,
                              actual_seq_qlen: Sequence[int] | None = None,
                              actual_seq_kvlen: Sequence[int] | None = None, *, head_num: int, keep_prob: float = 1.0,
                              scale_value: float = 1.0, pre_tokens: int = _UNLIMITED, next_tokens: int = _UNLIMITED,
                              inner_precise: int = 0, input_layout: str = "BSH",
                              sparse_mode: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The largest of each query's products and the sum of exp(product - largest), (B, heads, S1, 8) Float32 each, with
    8 equal numbers; an empty tensor; and the attention of `flash_attention_score`, which has the same arguments."""
    out = flash_attention_score(query, key, value, head_num, real_shift, drop_mask, padding_mask, attn_mask, prefix,
                                actual_seq_qlen, actual_seq_kvlen, keep_prob, scale_value, pre_tokens, next_tokens,
                                inner_precise, input_layout, sparse_mode)
    q, k, _, mask = _prepared(query, key, value, head_num, real_shift, padding_mask, attn_mask, prefix,
                              actual_seq_qlen, actual_seq_kvlen, pre_tokens, next_tokens, input_layout, sparse_mode)
    scores = convert(_scores(q, k, mask, float(scale_value)), float32)
    largest = max_of(scores, -1, True)
    total = sum_of(exp(scores - largest), -1, True)
    shape = (q.shape[0], q.shape[1] * q.shape[2], q.shape[3], 1)
    largest, total = (broadcast_to(reshape(t, shape), (*shape[:3], 8)) for t in (largest, total))
    return largest, total, zeros((0,), q.dtype), out


def _scores(q: Tensor, k: Tensor, mask: Tensor | None, scale: float) -> Tensor:
    """The masked products of queries and keys."""
    scores = mul(matmul(q, swapaxes(k, -1, -2)), scale)
    if mask is None:
        return scores
    return where(mask, scores, constant(float("-inf"), q.dtype)) if mask.dtype is bool_ else scores + mask


# -- layouts -----------------------------------------------------------------------------------------------------------

def _apart(q: Tensor, k: Tensor, v: Tensor, heads: int, layout: str) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values as (batch, heads, length, size)."""
    q, k, v = (_by_heads(t, layout, what) for t, what in ((q, "query"), (k, "key"), (v, "value")))
    size = q.shape[-1] if q.ndim == 4 else q.shape[-1] // heads
    q, k, v = (t if t.ndim == 4 else _split_heads(t, size) for t in (q, k, v))
    if q.shape[1] != heads or k.shape[1] != v.shape[1] or heads % k.shape[1] or q.shape[-1] != k.shape[-1]:
        raise ValueError(f"{_NAME}: {q.shape[1]}, {k.shape[1]} and {v.shape[1]} heads of size {q.shape[-1]}, "
                         f"{k.shape[-1]} and {v.shape[-1]} for head_num {heads}; expected {heads} for the query, and a "
                         f"number that divides it for key and value")
    return q, k, v


def _by_heads(x: Tensor, layout: str, what: str) -> Tensor:
    """(batch, heads, length, size), or (batch, length, heads times size)."""
    if layout not in _LAYOUTS:
        raise ValueError(f"{_NAME}: input_layout is {layout!r}; expected one of {', '.join(_LAYOUTS)}")
    if x.ndim != len(layout):
        raise ValueError(f"{_NAME}: {what} has shape {x.shape}; expected {len(layout)} axes for the layout {layout}")
    order = _LAYOUTS[layout]
    x = transpose(x, order if len(order) == x.ndim else (*order, 2))
    return reshape(x, (1, *x.shape)) if layout == "TND" else x


def _split_heads(x: Tensor, size: int) -> Tensor:
    batch, length, width = x.shape
    if not size or width % size:
        raise ValueError(f"{_NAME}: an operand of width {width} does not consist of heads of size {size}")
    return swapaxes(reshape(x, (batch, length, width // size, size)), 1, 2)


def _laid_out(x: Tensor, layout: str) -> Tensor:
    """From (batch, heads, length, size) to the layout."""
    batch, heads, length, size = x.shape
    if layout == "BNSD":
        return x
    x = swapaxes(x, 1, 2)
    if layout == "TND":
        return reshape(x, (length, heads, size))
    if layout == "BSND":
        return x
    x = reshape(x, (batch, length, heads * size))
    return swapaxes(x, 0, 1) if layout == "SBH" else x


def _grouped(x: Tensor, groups: int, what: str) -> Tensor:
    """(..., S1, S2) or (B, heads or 1, S1, S2) with the heads as (key heads, queries of a group)."""
    if x.ndim == 2:
        return x
    if x.ndim != 4 or (x.shape[1] != 1 and x.shape[1] % groups):
        raise ValueError(f"{_NAME}: {what} has shape {x.shape}; expected (S1, S2) or (batch, heads, S1, S2)")
    shape = (1, 1) if x.shape[1] == 1 else (groups, x.shape[1] // groups)
    return reshape(x, (x.shape[0], *shape, *x.shape[2:]))


# -- what a query sees -------------------------------------------------------------------------------------------------

def _sequences(layout: str, qlen, kvlen, rows: int, columns: int):
    """Of sequences one after the other: for queries and keys the number of their sequence, their place in it, and its
    length. None for other layouts."""
    if layout != "TND":
        return None
    if qlen is None or kvlen is None:
        raise ValueError(f"{_NAME}: actual_seq_qlen and actual_seq_kvlen are needed for the layout TND: where each "
                         f"sequence ends")
    found = []
    for what, given, total in (("actual_seq_qlen", qlen, rows), ("actual_seq_kvlen", kvlen, columns)):
        ends = np.array(static_ints(_NAME, what, given))
        lengths = np.diff(ends, prepend=0)
        if not len(ends) or ends[-1] != total or (lengths < 0).any():
            raise ValueError(f"{_NAME}: {what} is {ends.tolist()}; expected ascending places, the last one {total}")
        own = np.repeat(np.arange(len(ends)), lengths)
        found.append((own, np.arange(total) - np.repeat(ends - lengths, lengths), lengths[own]))
    if len(qlen) != len(kvlen):
        raise ValueError(f"{_NAME}: {len(qlen)} sequences of queries and {len(kvlen)} of keys; expected equally many")
    return found


def _visible(mode: int, rows: int, columns: int, attn_mask, before: int, after: int, sequences) -> Tensor | None:
    """Where a query sees a key (Bool); None where it sees all."""
    if mode not in (0, 1, 2, 3, 4):
        raise ValueError(f"{_NAME}: sparse_mode is {mode!r}; expected 0 to 4")
    if mode == 1 and attn_mask is None:
        raise ValueError(f"{_NAME}: sparse_mode 1 needs an attn_mask")
    seen = None
    if mode < 2 and attn_mask is not None:
        given = as_tensor(_NAME, attn_mask, "attn_mask")
        if given.dtype not in (bool_, uint8):
            raise TypeError(f"{_NAME}: attn_mask is {given.dtype}; expected Bool or UInt8, true where a key is hidden")
        seen = apply(_NOT, (convert(given, bool_),))
    if mode >= 2:
        before, after = (_UNLIMITED, 0) if mode < 4 else (before, after)
    elif mode == 1 or attn_mask is None:
        before = after = _UNLIMITED
    if sequences is None:
        place = apply(_IOTA, (), ((rows, 1), 0, int64)) + (columns - rows if mode > 2 else 0)
        other = apply(_IOTA, (), ((1, columns), 1, int64))
    else:
        (own, at, length), (whose, there, size) = sequences
        place = Tensor((at - length)[:, None] if mode > 2 else at[:, None])
        other = Tensor((there - size)[None] if mode > 2 else there[None])
        same = Tensor(own[:, None] == whose[None])
        seen = same if seen is None else apply(_AND, (seen, same))
    for limit, first, last in ((before, place, other), (after, other, place)):
        if limit < _UNLIMITED:
            near = apply(_LE, (first, apply(_ADD, (last, constant(limit, int64)))))
            seen = near if seen is None else apply(_AND, (seen, near))
    return seen


def _with_drop_mask(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, bits: Tensor, scale: float,
                    keep: float) -> Tensor:
    scores = _scores(q, k, mask, scale)
    weights = apply(primitive("softmax"), (scores,), (scores.ndim - 1,))
    if bits.dtype is not uint8 or bits.size * 8 != weights.size:
        raise ValueError(f"{_NAME}: drop_mask is {bits.dtype} of shape {bits.shape}; expected UInt8 with a bit for "
                         f"each of {weights.size} weights")
    powers = constant(np.arange(8), uint8)
    kept = (reshape(bits, (bits.size, 1)) >> powers) & constant(1, uint8)
    return matmul(mul(weights, mul(convert(reshape(kept, weights.shape), q.dtype), 1.0 / keep)), v)
