"""The loss of connectionist temporal classification (CTC).

A labelling l of S labels is spread over T steps by repeating labels and putting blanks between them. With blanks put
around each label there are 2 S + 1 places, and a path goes at each step to its own place, the next one, or the one
after that where a blank lies between two different labels. alpha_t(s) is the logarithm of the probability of all paths
that stand at place s after step t; the loss is minus the logarithm of those that end at the last label or behind it.
Source: Graves et al., "Connectionist temporal classification" (2006).
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32, int64
from mindspore.common.tensor import Tensor
from mindspore.graph.stepping import scan
from mindspore.ops._operands import Operand, apply, as_inexact, as_tensor, convert, primitive, static_bool, static_int
from mindspore.ops.activation import log_softmax
from mindspore.ops.arithmetic import add, maximum, minimum, mul, neg, sub, true_divide
from mindspore.ops.comparison import less, less_equal, logical_and, where
from mindspore.ops.creation import arange, full_like, ones_like, zeros
from mindspore.ops.elementwise import exp, log
from mindspore.ops.indexing import gather_elements, tensor_scatter_elements
from mindspore.ops.joining import concat, stack
from mindspore.ops.loss import reduced
from mindspore.ops.reduction import cumsum
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, reshape, squeeze, swapaxes

__all__ = ["ctc_loss"]

_PAD = primitive("pad")
NEVER = -1e30  # the logarithm of probability 0: finite, so that no gradient is NaN


def ctc_loss(log_probs: Operand, targets: Operand, input_lengths: Operand, target_lengths: Operand, blank: int = 0,
             reduction: str = "mean", zero_infinity: bool = False) -> tuple[Tensor, Tensor]:
    """(the loss, log_alpha: the logarithm of the probability of all paths that stand at a place after a step).

    log_probs: log-probabilities (T, N, C) or (T, C). targets: labels (N, S), or those of all sequences one behind the
    other, or (S,) for one sequence. input_lengths, target_lengths: (N,) integers, tuples or tensors. blank: the number
    of the blank. reduction: 'mean' divides by the target lengths first. zero_infinity: sequences whose labels do not
    fit into their steps count 0 in place of infinity. log_alpha: (N, T, 2 S + 1) or (T, 2 S + 1); a sequence that has
    ended keeps its numbers.
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
    loss, alphas = path_losses(at_least_single(logs), labels, inputs, lengths, blank)
    loss = where(less(loss, -NEVER / 2), loss, full_like(loss, 0.0 if zero_infinity else float("inf")))
    alphas = swapaxes(alphas, 0, 1)
    alphas = convert(where(less(alphas, NEVER / 2), full_like(alphas, float("-inf")), alphas), logs.dtype)
    loss = convert(loss, logs.dtype)
    if single:
        loss, alphas, lengths = squeeze(loss, 0), squeeze(alphas, 0), squeeze(lengths, 0)
    each = true_divide(loss, convert(maximum(lengths, 1), loss.dtype)) if reduction == "mean" else loss
    return reduced(name, each, reduction), alphas


def at_least_single(x: Tensor) -> Tensor:
    """x in Float32 where its dtype has fewer digits: sums over many paths need them, and numbers such as `NEVER`."""
    return convert(x, float32) if x.dtype.is_floating and x.dtype.itemsize < 4 else x


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


def path_losses(logs: Tensor, labels: Tensor, inputs: Tensor, lengths: Tensor, blank: int,
                merge: bool = True) -> tuple[Tensor, Tensor]:
    """(minus the log-likelihood of each sequence, at least -NEVER / 2 where it is impossible; alpha (T, N, 2 S + 1)).

    logs (T, N, C), labels (N, S), lengths of both (N,); labels behind a sequence's length may be any numbers. Without
    `merge` a repeated label counts as two: paths do not stay on a label, and may go from a label to an equal one
    without a blank.
    """
    steps, batch, _ = logs.shape
    places = 2 * labels.shape[1] + 1
    blanks = full_like(labels, blank)
    labels = where(less(expand_dims(arange(labels.shape[1]), 0), expand_dims(lengths, 1)), labels, blanks)
    around = reshape(stack([blanks, labels], 2), (batch, places - 1))
    path = concat([around, cut(blanks, 1, 0, 1) if places > 1 else full_like(expand_dims(lengths, 1), blank)], 1)
    emitted = gather_elements(logs, 2, broadcast_to(expand_dims(path, 0), (steps, batch, places)))
    number = expand_dims(arange(places), 0)
    skips = logical_and(path != blank, number > 1)
    skips = logical_and(skips, _moved(path, 2, blank) != path) if merge else skips
    first = where(less(number, 2), emitted[0], full_like(emitted[0], NEVER))
    goes_on = less(reshape(arange(1, steps), (-1, 1, 1)), reshape(inputs, (1, -1, 1)))
    fixed = (skips,) if merge else (skips, path == blank)
    (last,), later = scan(_step, (first,), (cut(emitted, 0, 1, steps), goes_on), fixed)
    ends = expand_dims(lengths * 2, 1)
    before = gather_elements(last, 1, maximum(sub(ends, 1), 0))
    before = where(ends > 0, before, full_like(before, NEVER))
    loss = neg(squeeze(_log_add(gather_elements(last, 1, ends), before), 1))
    return loss, concat([expand_dims(first, 0), later[0]], 0)


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
    (alpha,), (emitted, goes_on), skips = state, slices, fixed[0]
    two_back = where(skips, _moved(alpha, 2, NEVER), full_like(alpha, NEVER))
    stays = alpha if len(fixed) == 1 else where(fixed[1], alpha, full_like(alpha, NEVER))
    after = maximum(add(_log_add(stays, _moved(alpha, 1, NEVER), two_back), emitted), NEVER)
    after = where(goes_on, after, alpha)
    return (after,), (after,)


# -- from logits, with labels at coordinates ---------------------------------------------------------------------------

def ctc_loss_of_logits(inputs: Operand, labels_indices: Operand, labels_values: Operand, sequence_length: Operand,
                       preprocess_collapse_repeated: bool = False, ctc_merge_repeated: bool = True,
                       ignore_longer_outputs_than_inputs: bool = False) -> tuple[Tensor, Tensor]:
    """(the loss of each sequence (N,), its gradient by the inputs (T, N, C)).

    Args:
        inputs: logits (T, N, C); the blank is the last class. labels_indices: (labels, 2), the sequence of each label
            and its place there. labels_values: (labels,). sequence_length: (N,).
        preprocess_collapse_repeated: equal labels in a row are made one first. ctc_merge_repeated: equal classes in a
            row of a path are one label, otherwise each counts.
        ignore_longer_outputs_than_inputs: sequences whose labels do not fit into their steps have the loss 0 and no
            gradient; otherwise an infinite loss.

    Raises:
        TypeError, ValueError: operands of other dtypes and shapes.
    """
    name = "CTCLoss"
    logits = as_inexact(name, as_tensor(name, inputs, "inputs"))
    places, values = as_tensor(name, labels_indices, "labels_indices"), as_tensor(name, labels_values, "labels_values")
    if logits.ndim != 3 or values.ndim != 1 or places.shape != (values.size, 2):
        raise ValueError(f"{name}: inputs has shape {logits.shape}, labels_indices {places.shape} and labels_values "
                         f"{values.shape}; expected (T, N, C), (labels, 2) and (labels,)")
    if not places.dtype.is_integer or not values.dtype.is_integer:
        raise TypeError(f"{name}: labels_indices is {places.dtype} and labels_values {values.dtype}; expected integers")
    steps, batch, _ = logits.shape
    lengths = _lengths(name, "sequence_length", sequence_length, batch)
    labels, counts = _padded_labels(convert(places, int64), convert(values, int64), batch, min(steps, values.size))
    if static_bool(name, "preprocess_collapse_repeated", preprocess_collapse_repeated):
        labels, counts = _collapsed(labels, counts)
    settings = (bool(ctc_merge_repeated), bool(ignore_longer_outputs_than_inputs))
    from mindspore.gradient import grad
    gradient = grad(_total_of_logits)(logits, labels, lengths, counts, *settings)
    return _loss_of_logits(logits, labels, lengths, counts, *settings), gradient


def _loss_of_logits(logits: Tensor, labels: Tensor, inputs: Tensor, counts: Tensor, merge: bool, ignore: bool):
    width = labels.shape[1]
    scores = log_softmax(at_least_single(logits), 2)
    loss, _ = path_losses(scores, labels, inputs, minimum(counts, width), logits.shape[2] - 1, merge)
    fits = logical_and(less(loss, -NEVER / 2), less_equal(counts, width))
    return convert(where(fits, loss, full_like(loss, 0.0 if ignore else float("inf"))), logits.dtype)


def _total_of_logits(*operands) -> Tensor:
    return reduced("CTCLoss", _loss_of_logits(*operands), "sum")


def _padded_labels(places: Tensor, values: Tensor, batch: int, width: int) -> tuple[Tensor, Tensor]:
    """(labels (N, width), how many each sequence has); what stands behind the width is cut off."""
    owner = places[:, 0]
    counts = tensor_scatter_elements(zeros((batch,), int64), owner, ones_like(owner), 0, "add")
    at = add(mul(owner, width + 1), minimum(places[:, 1], width))
    flat = tensor_scatter_elements(zeros((batch * (width + 1),), int64), at, values)
    return cut(reshape(flat, (batch, width + 1)), 1, 0, width), counts


def _collapsed(labels: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Labels (N, S) with equal ones in a row made one."""
    batch, width = labels.shape
    there = less(expand_dims(arange(width), 0), expand_dims(counts, 1))
    kept = logical_and(there, _moved(labels, 1, -1) != labels)
    at = where(kept, sub(cumsum(convert(kept, int64), 1), 1), full_like(labels, width))
    moved = tensor_scatter_elements(zeros((batch, width + 1), int64), at, labels, 1)
    return cut(moved, 1, 0, width), cumsum(convert(kept, int64), 1)[:, -1] if width else counts
