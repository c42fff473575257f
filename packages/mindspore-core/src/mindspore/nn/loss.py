"""Losses as Cells."""
from __future__ import annotations

from mindspore import ops
from mindspore.compiler.primitives.base import primitive
from mindspore.nn.cell import Cell
from mindspore.runtime.record import apply

__all__ = ["LossBase", "SoftmaxCrossEntropyWithLogits", "CrossEntropyLoss", "MSELoss", "L1Loss", "BCELoss",
           "BCEWithLogitsLoss", "NLLLoss", "SmoothL1Loss"]

_SPARSE = primitive("sparse_softmax_cross_entropy")
_DENSE = primitive("softmax_cross_entropy")
REDUCTIONS = ("mean", "sum", "none")


class LossBase(Cell):
    """Base of losses: `get_loss` reduces element losses by `reduction` ('mean', 'sum' or 'none')."""

    def __init__(self, reduction="mean"):
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(f"For '{type(self).__name__}', the 'reduction' must be one of {', '.join(REDUCTIONS)}, "
                             f"but got {reduction!r}.")
        self.reduction = reduction

    def get_loss(self, x, weights=1.0):
        """Element losses times weights, reduced."""
        x = x if isinstance(weights, float) and weights == 1.0 else x * weights
        return ops.mean(x) if self.reduction == "mean" else ops.sum(x) if self.reduction == "sum" else x


class SoftmaxCrossEntropyWithLogits(LossBase):
    """-sum(labels * log_softmax(logits)) for each row.

    Args:
        sparse: labels are class numbers (N,) instead of distributions (N, C). reduction: 'mean', 'sum' or 'none'.

    Shapes: logits (N, C), labels (N,) integers or (N, C) -> () or, with 'none', (N,).
    """

    def __init__(self, sparse=False, reduction="none"):
        super().__init__(reduction)
        self.sparse = bool(sparse)

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        if self.sparse:
            return self.get_loss(apply(_SPARSE, (logits, labels), ()))
        if labels.dtype is not logits.dtype:
            labels = labels.astype(logits.dtype)
        return self.get_loss(apply(_DENSE, (logits, labels), ()))


class CrossEntropyLoss(LossBase):
    """Cross entropy of logits (N, C, ...) with class numbers (N, ...) or distributions; see `ops.cross_entropy`."""

    def __init__(self, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
        super().__init__(reduction)
        self.weight, self.ignore_index, self.label_smoothing = weight, ignore_index, label_smoothing

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        return ops.cross_entropy(logits, labels, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class MSELoss(LossBase):
    """(logits - labels)^2."""

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        return self.get_loss(ops.square(logits - labels))


class L1Loss(LossBase):
    """|logits - labels|."""

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        return self.get_loss(ops.abs(logits - labels))


class SmoothL1Loss(LossBase):
    """d^2 / (2 beta) where d = |logits - labels| < beta, d - beta / 2 elsewhere. Source: Girshick (2015)."""

    def __init__(self, beta=1.0, reduction="none"):
        super().__init__(reduction)
        self.beta = beta

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        return ops.smooth_l1_loss(logits, labels, self.beta, self.reduction)


class BCELoss(LossBase):
    """-(labels log(logits) + (1 - labels) log(1 - logits)) for probabilities."""

    def __init__(self, weight=None, reduction="mean"):
        super().__init__(reduction)
        self.weight = weight

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        return ops.binary_cross_entropy(logits, labels, self.weight, self.reduction)


class BCEWithLogitsLoss(LossBase):
    """Binary cross entropy of sigmoid(logits)."""

    def __init__(self, reduction="mean", weight=None, pos_weight=None):
        super().__init__(reduction)
        self.weight, self.pos_weight = weight, pos_weight

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        return ops.binary_cross_entropy_with_logits(logits, labels, self.weight, self.pos_weight, self.reduction)


class NLLLoss(LossBase):
    """-logits[label]: the loss of log-probabilities."""

    def __init__(self, weight=None, ignore_index=-100, reduction="mean"):
        super().__init__(reduction)
        self.weight, self.ignore_index = weight, ignore_index

    def construct(self, logits, labels):
        """The loss of log-probabilities for labels."""
        return ops.nll_loss(logits, labels, self.weight, self.ignore_index, self.reduction)
