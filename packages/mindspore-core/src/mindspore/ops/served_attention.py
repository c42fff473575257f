"""Attention as inference calls it: a whole prompt, one token more, and the parts of a sequence that processes exchange.

All are `flash_attention_score` with other arguments. Hidden are the keys that a mask names and those behind the length
of a sequence; queries behind theirs give zeros.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mindspore.common.dtype import bool_
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_tensor, convert, static_ints
from mindspore.ops.arithmetic import maximum
from mindspore.ops.comparison import logical_or, where
from mindspore.ops.creation import zeros_like
from mindspore.ops.elementwise import exp
from mindspore.ops.fused_attention import flash_attention_score
from mindspore.ops.joining import concat
from mindspore.ops.shapes import broadcast_to, reshape, transpose

__all__ = ["incre_flash_attention", "prompt_flash_attention", "ring_attention_update"]


def prompt_flash_attention(query: Operand, key: Operand, value: Operand, attn_mask: Operand | None = None,
                           actual_seq_lengths: Sequence[int] | None = None,
                           actual_seq_lengths_kv: Sequence[int] | None = None, pse_shift: Operand | None = None,
                           deq_scale1: None = None, quant_scale1: None = None, deq_scale2: None = None,
                           quant_scale2: None = None, quant_offset2: None = None, num_heads: int = 1,
                           scale_value: float = 1.0, pre_tokens: int = 2147483647, next_tokens: int = 0,
                           input_layout: str = "BSH", num_key_value_heads: int = 0, sparse_mode: int = 0,
                           inner_precise: int = 1) -> Tensor:
    """softmax(mask(scale_value query key^T + pse_shift)) value of whole sequences, in the layout of the query.

    Args:
        query, key, value: 'BSH' or 'BNSD'. num_heads, num_key_value_heads: heads of the query, and of key and value
            (0: as many).
        attn_mask: what is hidden (true, or 1): (S1, S2), (B or 1, S1, S2) or (B or 1, 1, S1, S2).
        actual_seq_lengths, actual_seq_lengths_kv: how many queries and keys of each sequence count; all by default.
            The second may be given with sparse_mode 0, 1 or 2.
        pse_shift, pre_tokens, next_tokens, sparse_mode: as for `flash_attention_score`.
        deq_scale1, quant_scale1, deq_scale2, quant_scale2, quant_offset2: None; numbers here are not quantised.
        inner_precise: accepted.

    Raises:
        TypeError, ValueError: operands that do not fit.
    """
    name = "prompt_flash_attention"
    _plain_numbers(name, deq_scale1=deq_scale1, quant_scale1=quant_scale1, deq_scale2=deq_scale2,
                   quant_scale2=quant_scale2, quant_offset2=quant_offset2)
    q, k = as_tensor(name, query, "query"), as_tensor(name, key, "key")
    axis = _length_axis(name, input_layout)
    _check_heads(name, k, input_layout, num_key_value_heads, q, num_heads)
    rows, columns = q.shape[axis], k.shape[axis]
    hidden, mode = _mask(name, attn_mask, rows, columns), sparse_mode
    if actual_seq_lengths_kv is not None:
        if mode not in (0, 1, 2):
            raise ValueError(f"{name}: sparse_mode is {mode!r} with actual_seq_lengths_kv; expected 0, 1 or 2")
        if mode == 2:
            hidden = Tensor(np.arange(columns) > np.arange(rows)[:, None])
        mode = 1 if mode == 2 or attn_mask is None else mode
        hidden = _hide_behind(name, "actual_seq_lengths_kv", hidden, actual_seq_lengths_kv, q.shape[0], rows, columns)
    out = flash_attention_score(q, k, value, num_heads, real_shift=pse_shift, attn_mask=hidden,
                                scalar_value=scale_value, pre_tokens=pre_tokens, next_tokens=next_tokens,
                                input_layout=input_layout, sparse_mode=mode)
    if actual_seq_lengths is None:
        return out
    lengths = _lengths(name, "actual_seq_lengths", actual_seq_lengths, q.shape[0], rows)
    counts = np.arange(rows) < lengths[:, None]
    shape = (q.shape[0], rows, 1) if axis == 1 else (q.shape[0], 1, rows, 1)
    return where(Tensor(counts.reshape(shape)), out, zeros_like(out))


def incre_flash_attention(query: Operand, key: Any, value: Any, attn_mask: Operand | None = None,
                          actual_seq_lengths: Sequence[int] | None = None, pse_shift: Operand | None = None,
                          dequant_scale1: None = None, quant_scale1: None = None, dequant_scale2: None = None,
                          quant_scale2: None = None, quant_offset2: None = None, antiquant_scale: None = None,
                          antiquant_offset: None = None, block_table: None = None, num_heads: int = 1,
                          input_layout: str = "BSH", scale_value: float = 1.0, num_key_value_heads: int = 0,
                          block_size: int = 0, inner_precise: int = 1, kv_padding_size: None = None) -> Tensor:
    """The attention of one query in each sequence to the keys so far, in the layout of the query.

    Args:
        query: (B, 1, H) or (B, heads, 1, D). key, value: all keys so far, or a list of one tensor for each sequence.
        attn_mask: what is hidden (true, or 1): (B, S), (B, 1, S) or (B, 1, 1, S).
        actual_seq_lengths: how many keys of each sequence count; all by default.
        num_heads, num_key_value_heads, input_layout, scale_value, pse_shift: as for `prompt_flash_attention`.
        block_table, kv_padding_size and what is said of quantised numbers: None. block_size, inner_precise: accepted.

    Raises:
        TypeError, ValueError: operands that do not fit.
    """
    name = "incre_flash_attention"
    _plain_numbers(name, dequant_scale1=dequant_scale1, quant_scale1=quant_scale1, dequant_scale2=dequant_scale2,
                   quant_scale2=quant_scale2, quant_offset2=quant_offset2, antiquant_scale=antiquant_scale,
                   antiquant_offset=antiquant_offset, block_table=block_table, kv_padding_size=kv_padding_size)
    q, k, v = as_tensor(name, query, "query"), _whole(name, "key", key), _whole(name, "value", value)
    axis = _length_axis(name, input_layout)
    _check_heads(name, k, input_layout, num_key_value_heads, q, num_heads)
    columns = k.shape[axis]
    if q.shape[axis] != 1:
        raise ValueError(f"{name}: query has {q.shape[axis]} tokens in each sequence; expected 1 (see "
                         f"prompt_flash_attention)")
    hidden = None
    if attn_mask is not None:
        given = as_tensor(name, attn_mask, "attn_mask")
        if given.shape[-1] != columns or given.size != q.shape[0] * columns:
            raise ValueError(f"{name}: attn_mask has shape {given.shape}; expected ({q.shape[0]}, {columns}), with "
                             f"axes of size 1 between")
        hidden = reshape(convert(given, bool_), (q.shape[0], 1, 1, columns))
    hidden = _hide_behind(name, "actual_seq_lengths", hidden, actual_seq_lengths, q.shape[0], 1, columns)
    return flash_attention_score(q, k, v, num_heads, real_shift=pse_shift, attn_mask=hidden, scalar_value=scale_value,
                                 input_layout=input_layout, sparse_mode=0 if hidden is None else 1)


def ring_attention_update(prev_attn_out: Operand, prev_softmax_max: Operand, prev_softmax_sum: Operand,
                          cur_attn_out: Operand, cur_softmax_max: Operand, cur_softmax_sum: Operand,
                          actual_seq_qlen: Operand | None = None,
                          layout: str = "SBH") -> tuple[Tensor, Tensor, Tensor]:
    """(attention, maxima, sums) of all keys, from those of two parts of the keys.

    Args:
        prev_attn_out, cur_attn_out: the attention to each part, (S, B, H), or (T, N, D) for the layout 'TND'.
        prev_softmax_max, cur_softmax_max: the largest scaled products, (B, N, S, 8), or (T, N, 8), one number eight
            times. prev_softmax_sum, cur_softmax_sum: the sums of the exponentials above these, in the same shape.
        actual_seq_qlen: accepted; each query stands for itself.

    Raises:
        ValueError: another layout, or shapes that do not fit.

    Source: Liu, Zaharia and Abbeel, "Ring Attention with Blockwise Transformers", 2023.
    """
    name = "ring_attention_update"
    if layout not in ("SBH", "TND"):
        raise ValueError(f"{name}: layout is {layout!r}; expected 'SBH' or 'TND'")
    before, after = as_tensor(name, prev_attn_out, "prev_attn_out"), as_tensor(name, cur_attn_out, "cur_attn_out")
    first, second = as_tensor(name, prev_softmax_max, "prev_softmax_max"), as_tensor(name, cur_softmax_max, "max")
    most = maximum(first, second)
    one = exp(first - most) * as_tensor(name, prev_softmax_sum, "prev_softmax_sum")
    two = exp(second - most) * as_tensor(name, cur_softmax_sum, "cur_softmax_sum")
    total = one + two
    shares = [_share(name, part / total, before.shape, layout) for part in (one, two)]
    out = convert(before * shares[0] + after * shares[1], before.dtype)
    return out, most, total


def _share(name: str, share: Tensor, shape: tuple, layout: str) -> Tensor:
    """How much each element of the output takes from one part, of numbers that stand eight times."""
    share = share[..., 0]
    expected = 2 if layout == "TND" else 3
    heads = share.shape[1] if share.ndim == expected else 0
    if not heads or len(shape) != 3 or (shape[-1] % heads if layout == "SBH" else shape[1] != heads):
        raise ValueError(f"{name}: the attention has shape {shape} and the maxima {share.shape} with 8 numbers each; "
                         f"expected (S, B, H) and (B, N, S, 8), or (T, N, D) and (T, N, 8) for the layout TND")
    if layout == "TND":
        return reshape(share, (*share.shape, 1))
    share = transpose(share, (2, 0, 1))
    size = shape[-1] // heads
    return reshape(broadcast_to(reshape(share, (*share.shape, 1)), (*share.shape, size)), shape)


# -- arguments ---------------------------------------------------------------------------------------------------------

def _plain_numbers(name: str, **given: Any) -> None:
    """ValueError for what belongs to quantised numbers or to keys in blocks."""
    for what, value in given.items():
        if value is not None:
            raise ValueError(f"{name}: {what} is given, but numbers are not quantised here and keys lie in one piece; "
                             f"expected None")


def _length_axis(name: str, layout: str) -> int:
    if layout not in ("BSH", "BNSD"):
        raise ValueError(f"{name}: input_layout is {layout!r}; expected 'BSH' or 'BNSD'")
    return 1 if layout == "BSH" else 2


def _check_heads(name: str, key: Tensor, layout: str, wanted: int, query: Tensor, heads: int) -> None:
    """ValueError where key and value do not have as many heads as is said."""
    size = query.shape[-1] if layout == "BNSD" else query.shape[-1] // heads
    found = key.shape[1] if layout == "BNSD" else key.shape[-1] // size
    if wanted and found != wanted:
        raise ValueError(f"{name}: key has {found} heads of size {size}, but num_key_value_heads is {wanted}")


def _whole(name: str, what: str, given: Any) -> Tensor:
    """Keys or values of all sequences in one tensor."""
    if not isinstance(given, (list, tuple)):
        return as_tensor(name, given, what)
    parts = [as_tensor(name, each, what) for each in given]
    return parts[0] if len(parts) == 1 else concat(parts, 0)


def _mask(name: str, given: Any, rows: int, columns: int) -> Tensor | None:
    """A mask as Bool of shape (S1, S2) or (B or 1, heads or 1, S1, S2)."""
    if given is None:
        return None
    mask = as_tensor(name, given, "attn_mask")
    if mask.ndim not in (2, 3, 4) or mask.shape[-2:] != (rows, columns):
        raise ValueError(f"{name}: attn_mask has shape {mask.shape}; expected ({rows}, {columns}), with a batch and an "
                         f"axis of size 1 before it if you like")
    mask = convert(mask, bool_)
    return reshape(mask, (mask.shape[0], 1, rows, columns)) if mask.ndim == 3 else mask


def _lengths(name: str, what: str, given: Any, batch: int, most: int) -> np.ndarray:
    numbers = np.array(static_ints(name, what, given.tolist() if isinstance(given, (Tensor, np.ndarray)) else given))
    if numbers.shape == (1,):
        numbers = np.repeat(numbers, batch)
    if numbers.shape != (batch,) or (numbers < 0).any() or (numbers > most).any():
        raise ValueError(f"{name}: {what} is {numbers.tolist()}; expected {batch} numbers from 0 to {most}")
    return numbers


def _hide_behind(name: str, what: str, hidden: Tensor | None, given: Any, batch: int, rows: int,
                 columns: int) -> Tensor | None:
    """What is hidden, with the keys behind the lengths of the sequences."""
    if given is None:
        return hidden
    behind = np.arange(columns) >= _lengths(name, what, given, batch, columns)[:, None]
    mask = broadcast_to(Tensor(behind.reshape(batch, 1, 1, columns)), (batch, 1, rows, columns))
    return mask if hidden is None else logical_or(mask, hidden)
