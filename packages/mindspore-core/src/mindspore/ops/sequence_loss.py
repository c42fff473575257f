"""The loss of connectionist temporal classification (CTC).

A labelling l of S labels is spread over T steps by repeating labels and putting blanks between them. With blanks put
around each label there are 2 S + 1 places, and a path goes at each step to its own place, the next one, or the one
after that where a blank lies between two different labels. alpha_t(s) is the logarithm of the probability of all paths
that stand at place s after step t; the loss is minus the logarithm of those that end at the last label or behind it.
Source: Graves et al., "Connectionist temporal classification" (2006).
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.graph.stepping import scan
from mindspore.ops._operands import Operand, apply, as_inexact, as_tensor, convert, primitive, static_bool, static_int
from mindspore.ops.arithmetic import add, maximum, neg, sub, true_divide
from mindspore.ops.comparison import less, logical_and, where
from mindspore.ops.creation import arange, full_like, zeros_like
from mindspore.ops.elementwise import exp, log
from mindspore.ops.indexing import gather_elements
from mindspore.ops.joining import concat, stack
from mindspore.ops.loss import reduced
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, reshape, squeeze

__all__ = ["ctc_loss"]

_PAD = primitive("pad")
NEVER = -1e30  # the logarithm of probability 0: finite, so that no gradient is NaN


def ctc_loss(log_probs: Operand, targets: Operand, input_lengths: Operand, target_lengths: Operand, blank: int = 0,
             reduction: str = "mean", zero_infinity: bool = False) -> tuple[Tensor, Tensor]:
    """(the loss, minus the log-likelihood of each sequence).

    log_probs: log-probabilities (T, N, C) or (T, C). targets: labels (N, S), or those of all sequences one behind the
    other, or (S,) for one sequence. input_lengths, target_lengths: (N,) integers, tuples or tensors. blank: the number
    of the blank. reduction: 'mean' divides by the target lengths first. zero_infinity: sequences whose labels do not
    fit into their steps count 0 in place of infinity.
    """
    name = "ctc_loss"
    logs = as_inexact(name, as_tensor(name, log_probs, "log_probs"))
    if logs.ndim not in (2, 3):
        raise ValueError(f"{name}: log_probs has shape {logs.shape}; expected (T, N, C) or (T, C)")
    single = logs.ndim == 2
    logs = expand_dims(logs, 1) if single else logs
    steps, batch, classes = logs.shape
    blank = static_int(name, "blank", blank)
    if not 0 <= blank < classes:
        raise ValueError(f"{name}: blank is {blank}; expected a class from 0 to {classes - 1}")
    static_bool(name, "zero_infinity", zero_infinity)
    inputs, lengths = (_lengths(name, what, value, batch) for what, value in
                       (("input_lengths", input_lengths), ("target_lengths", target_lengths)))
    labels = _labels(name, targets, lengths, batch, single)
    loss = _losses(logs, labels, inputs, lengths, blank)
    if zero_infinity:
        loss = where(less(loss, -NEVER / 2), loss, zeros_like(loss))
    else:
        loss = where(less(loss, -NEVER / 2), loss, full_like(loss, float("inf")))
    each = squeeze(loss, 0) if single else loss
    if reduction == "mean":
        each = true_divide(each, convert(maximum(lengths if not single else squeeze(lengths, 0), 1), each.dtype))
    return reduced(name, each, reduction), squeeze(loss, 0) if single else loss


def _lengths(name: str, what: str, value: Operand, batch: int) -> Tensor:
    tensor = Tensor(np.asarray(value)) if isinstance(value, (tuple, list)) else as_tensor(name, value, what)
    if not tensor.dtype.is_integer:
        raise TypeError(f"{name}: {what} is {tensor.dtype}; expected integers")
    if tensor.size != batch:
        raise ValueError(f"{name}: {what} has shape {tensor.shape}; expected one length for each of {batch} sequences")
    return convert(reshape(tensor, (batch,)), int64)


def _labels(name: str, targets: Operand, lengths: Tensor, batch: int, single: bool) -> Tensor:
    """The labels (N, S), from those or from all of them in one row."""
    labels = as_tensor(name, targets, "targets")
    if not labels.dtype.is_integer:
        raise TypeError(f"{name}: targets is {labels.dtype}; expected integers")
    labels = convert(labels, int64)
    if labels.ndim == 2 and labels.shape[0] == batch:
        return labels
    if labels.ndim != 1:
        raise ValueError(f"{name}: targets has shape {labels.shape}; expected ({batch}, S), or one axis "
                         f"with all labels")
    if single:
        return reshape(labels, (1, -1))
    counts = lengths.asnumpy()
    if counts.sum() != labels.size:
        raise ValueError(f"{name}: targets has {labels.size} labels; expected as many as target_lengths say, "
                         f"{counts.sum()}")
    rows, start = [], 0
    for count in counts.tolist():
        row = cut(labels, 0, start, start + count)
        rows.append(apply(_PAD, (row,), ((0,), (int(counts.max()) - count,), (0,), 0)))
        start += count
    return stack(rows)


def _losses(logs: Tensor, labels: Tensor, inputs: Tensor, lengths: Tensor, blank: int) -> Tensor:
    """Minus the log-likelihood of each sequence, at least -NEVER / 2 where it is impossible."""
    steps, batch, _ = logs.shape
    places = 2 * labels.shape[1] + 1
    blanks = full_like(labels, blank)
    around = reshape(stack([blanks, labels], 2), (batch, places - 1))
    path = concat([around, cut(blanks, 1, 0, 1) if places > 1 else full_like(expand_dims(lengths, 1), blank)], 1)
    emitted = gather_elements(logs, 2, broadcast_to(expand_dims(path, 0), (steps, batch, places)))
    number = expand_dims(arange(places), 0)
    skips = logical_and(_moved(path, 2, blank) != path, path != blank)
    skips = logical_and(skips, number > 1)
    first = where(less(number, 2), emitted[0], full_like(emitted[0], NEVER))
    goes_on = less(reshape(arange(1, steps), (-1, 1, 1)), reshape(inputs, (1, -1, 1)))
    (last,), _ = scan(_step, (first,), (cut(emitted, 0, 1, steps), goes_on), (skips,))
    ends = expand_dims(lengths * 2, 1)
    before = gather_elements(last, 1, maximum(sub(ends, 1), 0))
    before = where(ends > 0, before, full_like(before, NEVER))
    return neg(squeeze(_log_add(gather_elements(last, 1, ends), before), 1))


def _moved(x: Tensor, by: int, filler: float) -> Tensor:
    """x moved towards the end of its last axis."""
    by = min(by, x.shape[-1])
    return concat([full_like(cut(x, 1, 0, by), filler), cut(x, 1, 0, x.shape[-1] - by)], 1)


def _log_add(*terms: Tensor) -> Tensor:
    """log(sum(exp(terms)))."""
    highest = terms[0]
    for term in terms[1:]:
        highest = maximum(highest, term)
    total = exp(sub(terms[0], highest))
    for term in terms[1:]:
        total = add(total, exp(sub(term, highest)))
    return add(log(total), highest)


def _step(state, slices, fixed):
    (alpha,), (emitted, goes_on), (skips,) = state, slices, fixed
    two_back = where(skips, _moved(alpha, 2, NEVER), full_like(alpha, NEVER))
    after = maximum(add(_log_add(alpha, _moved(alpha, 1, NEVER), two_back), emitted), NEVER)
    return (where(goes_on, after, alpha),), ()
