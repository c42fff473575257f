"""The loss of the sequence transducer, of which recurrent and transformer transducers are trained.

Scores (T, U, classes) say for each step t and each number u of labels that were put out what comes next: a blank, which
goes to the next step, or label u. alpha_t(u) is the logarithm of the probability of all ways to (t, u). Within a step
alpha_t(u) = log sum over j <= u of exp(p(j) + E(u) - E(j)), where p(j) is what comes from the step before and E(u) the
sum of the scores of the labels before u; a scan goes through the steps. Source: Graves, "Sequence transduction with
recurrent neural networks" (2012).
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.graph.stepping import scan
from mindspore.ops._operands import Operand, as_inexact, as_tensor, convert, static_int
from mindspore.ops.activation import log_softmax
from mindspore.ops.arithmetic import add, maximum, neg, sub
from mindspore.ops.comparison import where
from mindspore.ops.creation import full_like, zeros_like
from mindspore.ops.indexing import gather_elements
from mindspore.ops.joining import concat
from mindspore.ops.reduction import cumsum, logsumexp
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.sequence_loss import NEVER, at_least_single
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, reshape, squeeze, swapaxes

__all__: list[str] = []


def rnnt_loss(acts: Operand, labels: Operand, input_length: Operand, label_length: Operand,
              blank_label: int = 0) -> tuple[Tensor, Tensor]:
    """(minus the log-likelihood of each sequence (N,), its gradient by the scores).

    acts: scores (N, T, U, classes) before the softmax; logarithms of probabilities are such scores, too. labels:
    (N, U - 1). input_length, label_length: (N,), at most T and U - 1. All but the scores are integers. TypeError and
    ValueError for other dtypes and shapes.
    """
    name = "RNNTLoss"
    scores, targets = as_inexact(name, acts), as_tensor(name, labels, "labels")
    lengths = [as_tensor(name, v, w) for v, w in ((input_length, "input_length"), (label_length, "label_length"))]
    if not all(t.dtype.is_integer for t in (targets, *lengths)):
        raise TypeError(f"{name}: labels is {targets.dtype}, input_length {lengths[0].dtype} and label_length "
                        f"{lengths[1].dtype}; expected integers")
    blank = static_int(name, "blank_label", blank_label)
    if scores.ndim != 4 or targets.shape != (scores.shape[0], scores.shape[2] - 1) or \
            any(v.shape != scores.shape[:1] for v in lengths) or not 0 <= blank < scores.shape[3]:
        raise ValueError(f"{name}: shapes {scores.shape}, labels {targets.shape}, input_length {lengths[0].shape} and "
                         f"label_length {lengths[1].shape}, blank_label {blank}; expected (N, T, U, classes), "
                         f"(N, U - 1), (N,) twice and a class")
    from mindspore.gradient import grad
    operands = (scores, *(convert(v, int64) for v in (targets, *lengths)))
    return _costs(*operands, blank), grad(_total)(*operands, blank)


def _total(*operands) -> Tensor:
    return sum_over(_costs(*operands))


def _costs(scores: Tensor, labels: Tensor, steps: Tensor, counts: Tensor, blank: int) -> Tensor:
    logs = log_softmax(at_least_single(scores), 3)
    batch, length, places, _ = logs.shape
    blanks = logs[:, :, :, blank]
    index = broadcast_to(reshape(labels, (batch, 1, places - 1, 1)), (batch, length, places - 1, 1))
    emits = squeeze(gather_elements(cut(logs, 2, 0, places - 1), 3, index), 3)
    start = cut(full_like(emits, 0.0), 2, 0, 0) if places == 1 else zeros_like(cut(emits, 2, 0, 1))
    sums = concat([start, cumsum(emits, 2)], 2) if places > 1 else zeros_like(blanks)
    sums = swapaxes(sums, 0, 1)
    first = sums[0]  # of the first step only the way through the labels
    before = swapaxes(cut(blanks, 1, 0, length - 1), 0, 1)
    seen = Tensor(np.tril(np.ones((places, places), np.bool_)))
    _, later = scan(_step, (first,), (before, cut(sums, 0, 1, length)), (seen,)) if length > 1 else (None, ())
    alphas = concat([expand_dims(first, 0), *later], 0)
    flat = add(swapaxes(alphas, 0, 1), blanks)
    at = add((steps - 1) * places, counts)
    cost = neg(squeeze(gather_elements(reshape(flat, (batch, length * places)), 1, expand_dims(at, 1)), 1))
    return convert(cost, scores.dtype)


def _step(state, slices, fixed):
    (alpha,), (blank, sums), (seen,) = state, slices, fixed
    ways = sub(add(alpha, blank), sums)
    table = where(seen, expand_dims(ways, 1), NEVER)
    after = maximum(add(logsumexp(table, 2), sums), NEVER)
    return (after,), (after,)
