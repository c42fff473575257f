"""From the numbers that a network gives for the steps of sequences to labels, and from labels to errors.

A label sequence that differs from sequence to sequence in its length is a sparse tensor here: coordinates
(sequence, place), values and a dense shape.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.graph.stepping import scan
from mindspore.ops._operands import (
    Operand,
    Sizes,
    as_inexact,
    as_tensor,
    constant,
    convert,
    static_bool,
    static_ints,
)
from mindspore.ops.arithmetic import add, maximum, minimum, mul, neg, sub, true_divide
from mindspore.ops.comparison import greater, less, logical_and, ne, where
from mindspore.ops.creation import arange, full_like, ones_like, zeros, zeros_like
from mindspore.ops.indexing import gather_elements, masked_select, tensor_scatter_elements
from mindspore.ops.joining import concat, stack
from mindspore.ops.reduction import amax, argmax, cummin, cumsum
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, reshape, swapaxes

__all__ = ["ctc_greedy_decoder"]


def ctc_greedy_decoder(inputs: Operand, sequence_length: Operand, merge_repeated: bool = True):
    """The labels that are the best at their step, without the blank, which is the last class.

    Args:
        inputs: (T, N, C), logits. sequence_length: (N,) integers, the steps of each sequence.
        merge_repeated: a label that is the best at several steps in a row counts once.

    Returns:
        (coordinates (labels, 2), labels, shape (2,): N and the largest number of labels of a sequence, all Int64;
        minus the sums of the best logits (N, 1)). How many labels there are depends on values, so this cannot be
        compiled into a graph.
    """
    name = "ctc_greedy_decoder"
    logits, lengths = as_inexact(name, inputs), as_tensor(name, sequence_length, "sequence_length")
    if logits.ndim != 3 or lengths.shape != logits.shape[1:2] or not lengths.dtype.is_integer:
        raise ValueError(f"{name}: inputs has shape {logits.shape} and sequence_length is {lengths.dtype} of shape "
                         f"{lengths.shape}; expected (T, N, C) and integers (N,)")
    steps, batch, classes = logits.shape
    best = convert(swapaxes(argmax(logits, 2), 0, 1), int64)
    there = less(expand_dims(arange(steps), 0), expand_dims(convert(lengths, int64), 1))
    kept = logical_and(there, ne(best, classes - 1))
    if static_bool(name, "merge_repeated", merge_repeated):
        before = concat([full_like(cut(best, 1, 0, 1), -1), cut(best, 1, 0, steps - 1)], 1)
        kept = logical_and(kept, ne(best, before))
    place = sub(cumsum(convert(kept, int64), 1), 1)
    owner = broadcast_to(expand_dims(arange(batch), 1), (batch, steps))
    coordinates = stack([masked_select(owner, kept), masked_select(place, kept)], 1)
    shape = stack([constant(batch, int64), add(amax(reshape(place, (-1,))), 1)])
    highest = swapaxes(amax(logits, 2), 0, 1)
    total = neg(sum_over(where(there, highest, zeros_like(highest)), 1, True))
    return coordinates, masked_select(best, kept), shape, total


# -- the distance of label sequences -----------------------------------------------------------------------------------

def edit_distance(hypothesis_indices: Operand, hypothesis_values: Operand, hypothesis_shape: Sizes,
                  truth_indices: Operand, truth_values: Operand, truth_shape: Sizes, normalize: bool = True) -> Tensor:
    """How many labels must be put in, taken out or replaced to make the truth of the hypothesis, for each sequence.

    Args:
        hypothesis_indices, truth_indices: coordinates (labels, rank), the last one the place in the sequence; only the
            order of the places counts. hypothesis_values, truth_values: (labels,).
        hypothesis_shape, truth_shape: the dense shapes, rank numbers each.
        normalize: divided by the length of the truth; infinite where that is 0 and the hypothesis is not empty.

    Returns:
        Float32, in the dense shape without its last axis. Source: Levenshtein (1966); a row of the table is made of
        the one before it by a running minimum.
    """
    name = "EditDistance"
    shapes = [static_ints(name, w, s) for w, s in (("hypothesis_shape", hypothesis_shape),
                                                   ("truth_shape", truth_shape))]
    if len(shapes[0]) != len(shapes[1]) or len(shapes[0]) < 2:
        raise ValueError(f"{name}: hypothesis_shape is {shapes[0]} and truth_shape {shapes[1]}; expected as many sizes "
                         f"in both, at least two")
    lead = tuple(max(a, b) for a, b in zip(shapes[0][:-1], shapes[1][:-1]))
    (given, length), (truth, count) = (
        _dense(name, what, indices, values, lead, shape[-1]) for what, indices, values, shape in (
            ("hypothesis", hypothesis_indices, hypothesis_values, shapes[0]),
            ("truth", truth_indices, truth_values, shapes[1])))
    places = Tensor(np.arange(shapes[1][-1] + 1, dtype=np.float32))
    row = broadcast_to(places, (prod(lead), shapes[1][-1] + 1))
    if shapes[0][-1]:
        goes_on = less(expand_dims(arange(shapes[0][-1]), 1), expand_dims(length, 0))
        number = Tensor(np.arange(1, shapes[0][-1] + 1, dtype=np.float32))
        (row,), _ = scan(_edit_row, (row,), (swapaxes(given, 0, 1), expand_dims(goes_on, 2), number), (truth, places))
    distance = reshape(gather_elements(row, 1, expand_dims(count, 1)), (-1,))
    if normalize:
        empty = ne(count, 0)
        share = true_divide(distance, convert(maximum(count, 1), float32))
        none = where(greater(length, 0), full_like(distance, float("inf")), zeros_like(distance))
        distance = where(empty, share, none)
    return reshape(distance, lead)


def _dense(name: str, what: str, indices: Operand, values: Operand, lead: tuple, width: int) -> tuple[Tensor, Tensor]:
    """(labels (sequences, width), the number of labels of each sequence)."""
    at, labels = as_tensor(name, indices, f"{what}_indices"), as_tensor(name, values, f"{what}_values")
    if at.ndim != 2 or at.shape != (labels.size, len(lead) + 1) or labels.ndim != 1 or not at.dtype.is_integer:
        raise ValueError(f"{name}: {what}_indices are {at.dtype} of shape {at.shape} and {what}_values have shape "
                         f"{labels.shape}; expected integers (labels, {len(lead) + 1}) and (labels,)")
    at = convert(at, int64)
    owner = zeros_like(at[:, 0])
    for k, size in enumerate(lead):
        owner = add(mul(owner, size), at[:, k])
    rows = prod(lead)
    flat, first = add(mul(owner, width), at[:, -1]), mul(owner, width)
    there = tensor_scatter_elements(zeros((rows * width,), int64), flat, ones_like(flat))
    seen = cumsum(reshape(there, (rows, width)), 1)
    place = add(first, sub(gather_elements(reshape(seen, (-1,)), 0, flat), 1))
    dense = tensor_scatter_elements(zeros((rows * width,), labels.dtype), place, labels)
    return reshape(dense, (rows, width)), sum_over(reshape(there, (rows, width)), 1)


def _edit_row(state, slices, fixed):
    """The distances of the hypothesis up to its next label from all beginnings of the truth."""
    (row,), (label, goes_on, number), (truth, places) = state, slices, fixed
    width = row.shape[1]
    swapped = add(cut(row, 1, 0, width - 1), convert(ne(truth, expand_dims(label, 1)), float32))
    inner = minimum(add(cut(row, 1, 1, width), 1), swapped)
    first = broadcast_to(reshape(number, (1, 1)), (row.shape[0], 1))
    after = add(cummin(sub(concat([first, inner], 1), places), 1)[0], places)
    return (where(broadcast_to(convert(goes_on, bool_), row.shape), after, row),), ()
