"""Tokens brought to the experts that they were given to, and back: the permutation of a mixture of experts.

Each of `topk` choices of a token is one row. The rows are sorted by expert, stably, so that those of one expert stand
together; `sorted_indices` says where each row went. Source: Lepikhin et al., "GShard", 2020, for the use; the layout of
the indices is that of Ascend's operators, which MindSpore's functions call.
"""
from __future__ import annotations

from mindspore.common.dtype import int32
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, as_tensor, convert, primitive, static_bool, static_int
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import cut, expand_dims, reshape

__all__ = ["moe_token_permute", "moe_token_unpermute"]

_SORT, _GATHER = primitive("sort"), primitive("gather")


def moe_token_permute(tokens: Operand, indices: Operand, num_out_tokens: int | None = None,
                      padded_mode: bool = False) -> tuple[Tensor, Tensor]:
    """(rows, sorted_indices): the tokens, one row for each choice, sorted by expert, and the row (Int32) to which each
    choice went.

    Args:
        tokens: (tokens, size). indices: the experts of each token, (tokens, topk) or (tokens,).
        num_out_tokens: how many rows are kept; None or 0 for all. padded_mode: False.

    Raises:
        TypeError, ValueError: operands that do not fit, or padded_mode.
    """
    x, experts = as_tensor("moe_token_permute", tokens, "tokens"), as_tensor("moe_token_permute", indices, "indices")
    if static_bool("moe_token_permute", "padded_mode", padded_mode):
        raise ValueError("moe_token_permute: padded_mode is True; expected False")
    if not experts.dtype.is_integer:
        raise TypeError(f"moe_token_permute: indices are {experts.dtype}; expected an integer dtype")
    if x.ndim != 2 or experts.ndim not in (1, 2) or experts.shape[0] != x.shape[0]:
        raise ValueError(f"moe_token_permute: tokens have shape {x.shape} and indices {experts.shape}; expected "
                         f"(tokens, size) and (tokens, topk)")
    topk = experts.shape[1] if experts.ndim == 2 else 1
    order = apply(_SORT, (reshape(experts, (experts.size,)),), (0, False))[1]
    went = apply(_SORT, (order,), (0, False))[1]
    kept = static_int("moe_token_permute", "num_out_tokens", num_out_tokens or 0) or experts.size
    source = cut(order // topk, 0, 0, min(kept, experts.size))
    return apply(_GATHER, (x, source), (0,)), convert(went, int32)


def moe_token_unpermute(permuted_tokens: Operand, sorted_indices: Operand, probs: Operand | None = None,
                        padded_mode: bool = False, restore_shape: None = None) -> Tensor:
    """The sums over each token's choices of their rows, times `probs`; rows that were not kept count as 0.

    Args:
        permuted_tokens: (rows, size). sorted_indices: where each choice went, (tokens times topk,). probs: (tokens,
            topk); without it each token has one choice. padded_mode: False. restore_shape: None.

    Raises:
        TypeError, ValueError: operands that do not fit, or padded_mode.
    """
    name = "moe_token_unpermute"
    rows, went = as_tensor(name, permuted_tokens, "permuted_tokens"), as_tensor(name, sorted_indices, "sorted_indices")
    if static_bool(name, "padded_mode", padded_mode) or restore_shape is not None:
        raise ValueError(f"{name}: padded_mode is {padded_mode} and restore_shape {restore_shape}; expected False and "
                         f"None")
    if not went.dtype.is_integer:
        raise TypeError(f"{name}: sorted_indices are {went.dtype}; expected an integer dtype")
    weights = None if probs is None else as_tensor(name, probs, "probs")
    if rows.ndim != 2 or went.ndim != 1 or (weights is not None and (weights.ndim != 2 or weights.size != went.size)):
        raise ValueError(f"{name}: permuted_tokens have shape {rows.shape}, sorted_indices {went.shape}"
                         f"{'' if weights is None else f', probs {weights.shape}'}; expected (rows, size), (choices,) "
                         f"and (tokens, topk)")
    found = apply(_GATHER, (rows, went), (0,))
    if weights is None:
        return found
    found = reshape(found, (*weights.shape, rows.shape[1]))
    return sum_over(found * expand_dims(convert(weights, rows.dtype), -1), 1)
