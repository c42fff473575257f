"""Positions as rotations, of queries and keys at once, with tables of cosines and sines.

See `rotary_position_embedding`. Su et al., "RoFormer: Enhanced transformer with rotary position embedding" (2021).
"""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.graph.index_checks import check
from mindspore.ops._operands import Operand, apply, as_inexact, as_tensor, convert, primitive
from mindspore.ops.layers import rotary_position_embedding
from mindspore.ops.shapes import expand_dims, reshape

__all__: list[str] = []

_GATHER = primitive("gather")
_NAME = "ApplyRotaryPosEmb"


def apply_rotary_pos_emb_(query: Operand, key: Operand, cos: Operand, sin: Operand, position_ids: Operand,
                          cos_format: int = 0) -> tuple[Tensor, Tensor]:
    """(x cos + r(x) sin) of queries and keys, for each head of D elements; r turns pairs of elements (a, b) into
    (-b, a).

    Args:
        query, key: (B, S, heads * D) or (B, S, heads, D); the numbers of heads may differ.
        cos, sin: tables (positions, D) of which `position_ids` names the rows, with `cos_format` 2 and 3 rows
            (B * S, D) for the tokens themselves, or numbers (B or 1, S, 1, D) for them.
        position_ids: integers, one for each place of a sequence (S,) or for each token, B * S of any shape.
        cos_format: with 0 and 2 pairs are elements k and k + D / 2, with 1 and 3 neighbours. Numbers with four axes
            are for pairs k and k + D / 2; `cos_format` is 0 or 1 then.

    Raises:
        ValueError: other shapes and formats.
        IndexError: a position out of range.
    """
    q, k = as_inexact(_NAME, as_tensor(_NAME, query, "query")), as_inexact(_NAME, as_tensor(_NAME, key, "key"))
    waves = [as_inexact(_NAME, as_tensor(_NAME, v, w)) for v, w in ((cos, "cos"), (sin, "sin"))]
    shape = waves[0].shape
    if cos_format not in (0, 1, 2, 3) or len(shape) not in (2, 4) or waves[1].shape != shape or (
            len(shape) == 4 and cos_format > 1):
        raise ValueError(f"{_NAME}: cos has shape {shape}, sin {waves[1].shape} and cos_format is {cos_format!r}; "
                         f"expected one shape of two axes and a format from 0 to 3, or of four axes and 0 or 1")
    size = shape[-1]
    for what, x in (("query", q), ("key", k)):
        if x.ndim not in (3, 4) or x.shape[-1] % size or size % 2 or x.shape[:2] != q.shape[:2]:
            raise ValueError(f"{_NAME}: {what} has shape {x.shape} with cos of shape {shape}; expected (B, S, heads * "
                             f"{size}) or (B, S, heads, {size}), with the B and S of query and an even size")
    if len(shape) == 2:
        waves = _of_tokens(waves, as_tensor(_NAME, position_ids, "position_ids"), q.shape[:2], cos_format)
    mode = cos_format % 2 if len(shape) == 2 else 0
    return _turned(q, waves, mode), _turned(k, waves, mode)


def _of_tokens(waves: list[Tensor], ids: Tensor, tokens: tuple, cos_format: int) -> list[Tensor]:
    """The numbers (B or 1, S, 1, D) of tokens."""
    rows, size = waves[0].shape
    batch, length = tokens
    if cos_format < 2:
        if not ids.dtype.is_integer or ids.size not in (length, batch * length):
            raise ValueError(f"{_NAME}: position_ids is {ids.dtype} of shape {ids.shape}; expected {length} or "
                             f"{batch * length} integers for query of shape {(*tokens, '...')}")
        check(_NAME, ids, 0, rows)
        own = batch if ids.size == batch * length else 1
        places = reshape(ids, (own, length))
        return [expand_dims(apply(_GATHER, (wave, places), (0,)), 2) for wave in waves]
    if rows != batch * length:
        raise ValueError(f"{_NAME}: cos has shape {waves[0].shape} with cos_format {cos_format}; expected "
                         f"({batch * length}, {size}), a row for each token of query")
    return [reshape(wave, (batch, length, 1, size)) for wave in waves]


def _turned(x: Tensor, waves: list[Tensor], mode: int) -> Tensor:
    size = waves[0].shape[-1]
    heads = reshape(x, (*x.shape[:2], -1, size))
    wide = waves[0].dtype if waves[0].dtype.itemsize > x.dtype.itemsize else x.dtype
    return convert(reshape(rotary_position_embedding(convert(heads, wide), *waves, mode), x.shape), x.dtype)
