"""Losses as Cells. The functions of `mindspore.ops` have the formulas; a loss reduces by 'mean', 'sum' or 'none'."""
from __future__ import annotations

import math
from collections.abc import Callable

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._call import call
from mindspore.nn._check import flag, is_int, number, positive_float
from mindspore.nn.cell import Cell
from mindspore.nn.layer.activation import get_activation
from mindspore.runtime.record import apply

__path__: list[str] = []  # names below this one are in `mindspore.module_paths`

__all__ = ["LossBase", "SoftmaxCrossEntropyWithLogits", "CrossEntropyLoss", "NLLLoss", "MSELoss", "RMSELoss", "L1Loss",
           "MAELoss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss", "SoftMarginLoss",
           "MultiLabelSoftMarginLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "CosineEmbeddingLoss",
           "TripletMarginLoss", "TripletMarginWithDistanceLoss", "GaussianNLLLoss", "PoissonNLLLoss", "DiceLoss",
           "MultiMarginLoss", "CTCLoss", "FocalLoss", "MultiClassDiceLoss", "MultilabelMarginLoss"]

_SPARSE = primitive("sparse_softmax_cross_entropy")
_DENSE = primitive("softmax_cross_entropy")
REDUCTIONS = ("mean", "sum", "none")


class LossBase(Cell):
    """Base of losses: `get_loss` reduces element losses by `reduction` ('mean', 'sum' or 'none').

    Raises:
        ValueError: another reduction.
    """

    reductions = REDUCTIONS

    def __init__(self, reduction="mean"):
        super().__init__()
        if reduction not in self.reductions:
            raise ValueError(f"For '{type(self).__name__}', the 'reduction' must be one of "
                             f"{', '.join(self.reductions)}, but got {reduction!r}.")
        self.reduction = reduction

    def get_axis(self, x):
        """The numbers of all axes of x."""
        return tuple(range(x.ndim))

    def get_loss(self, x, weights=1.0):
        """Element losses times weights, reduced."""
        x = x if isinstance(weights, float) and weights == 1.0 else x * weights
        return ops.mean(x) if self.reduction == "mean" else ops.sum(x) if self.reduction == "sum" else x


# -- classes -----------------------------------------------------------------------------------------------------------


_Loss = Loss = LossBase  # what MindSpore 1.x called it


class SoftmaxCrossEntropyWithLogits(LossBase):
    """-sum(labels * log_softmax(logits)) for each row.

    Args:
        sparse: labels are class numbers (N,) instead of distributions (N, C). One out of range counts nothing, as a
            row of zeros in their place; with 'mean' it gives NaN. reduction: 'mean', 'sum' or 'none'.

    Shapes: logits (N, C), labels (N,) integers or (N, C) -> () or, with 'none', (N,).
    """

    def __init__(self, sparse=False, reduction="none"):
        super().__init__(reduction)
        self.sparse = bool(sparse)

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        if self.sparse:
            if self.reduction == "mean":
                return ops.mean(apply(_SPARSE, (logits, labels), ()))
            counted = ops.logical_and(labels >= 0, labels < logits.shape[-1])
            loss = apply(_SPARSE, (logits, ops.where(counted, labels, ops.zeros_like(labels))), ())
            return self.get_loss(ops.where(counted, loss, ops.zeros_like(loss)))
        if labels.dtype is not logits.dtype:
            labels = labels.astype(logits.dtype)
        return self.get_loss(apply(_DENSE, (logits, labels), ()))


def _check_weight(name, weight, ignore_index):
    """TypeError for a weight that is no floating Tensor, or an index that is no int."""
    if weight is not None and not (isinstance(weight, Tensor) and weight.dtype.is_floating):
        raise TypeError(f"For '{name}', the 'weight' must be a floating Tensor or None, but got {describe(weight)}.")
    if not is_int(ignore_index):
        raise TypeError(f"For '{name}', the 'ignore_index' must be an int, but got {ignore_index!r}.")


def _check_tensors(name, logits, labels):
    for what, value in (("logits", logits), ("labels", labels)):
        if not isinstance(value, Tensor):
            raise TypeError(f"For '{name}', the '{what}' must be a Tensor, but got {type(value).__name__}.")


class CrossEntropyLoss(LossBase):
    """Cross entropy of logits (N, C, ...) with class numbers (N, ...) or distributions; see `ops.cross_entropy`."""

    def __init__(self, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
        super().__init__(reduction)
        _check_weight("CrossEntropyLoss", weight, ignore_index)
        self.weight, self.ignore_index = weight, ignore_index
        self.label_smoothing = number("CrossEntropyLoss", "label_smoothing", label_smoothing)

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        _check_tensors("CrossEntropyLoss", logits, labels)
        return ops.cross_entropy(logits, labels, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class NLLLoss(LossBase):
    """-logits[label] for log-probabilities (N, C, ...) and class numbers (N, ...); see `ops.nll_loss`."""

    def __init__(self, weight=None, ignore_index=-100, reduction="mean"):
        super().__init__(reduction)
        _check_weight("NLLLoss", weight, ignore_index)
        self.weight, self.ignore_index = weight, ignore_index

    def construct(self, logits, labels):
        """The loss of log-probabilities for labels."""
        _check_tensors("NLLLoss", logits, labels)
        return ops.nll_loss(logits, labels, self.weight, self.ignore_index, self.reduction)


class BCELoss(LossBase):
    """-(labels log(logits) + (1 - labels) log(1 - logits)) for probabilities."""

    def __init__(self, weight=None, reduction="mean"):
        super().__init__(reduction)
        self.weight = weight

    def construct(self, logits, labels):
        """The loss of probabilities for labels."""
        return ops.binary_cross_entropy(logits, labels, self.weight, self.reduction)


class BCEWithLogitsLoss(LossBase):
    """Binary cross entropy of sigmoid(logits)."""

    def __init__(self, reduction="mean", weight=None, pos_weight=None):
        super().__init__(reduction)
        self.weight, self.pos_weight = weight, pos_weight

    def construct(self, input, target):
        """The loss of logits for labels."""
        return ops.binary_cross_entropy_with_logits(input, target, self.weight, self.pos_weight, self.reduction)


class MultiLabelSoftMarginLoss(LossBase):
    """The mean over the classes of the binary cross entropy of sigmoid(x): (N, C) -> (N,) before reduction."""

    def __init__(self, weight=None, reduction="mean"):
        super().__init__(reduction)
        self.weight = weight

    def construct(self, x, target):
        """The loss of x for target."""
        return ops.multilabel_soft_margin_loss(x, target, self.weight, self.reduction)


class DiceLoss(LossBase):
    """1 - 2 sum(x y) / (sum(x^2) + sum(y^2) + smooth), for masks. Source: Milletari, Navab and Ahmadi (2016)."""

    def __init__(self, smooth=1e-5):
        super().__init__()
        self.smooth = positive_float("DiceLoss", "smooth", smooth)

    def construct(self, logits, label):
        """The loss of a mask's probabilities for the mask, a 0-d tensor."""
        if logits.shape != label.shape:
            raise ValueError(f"For 'DiceLoss', logits and label must have one shape, but have {logits.shape} and "
                             f"{label.shape}.")
        union = ops.sum(ops.square(logits)) + ops.sum(ops.square(label)) + self.smooth
        return 1 - 2 * ops.sum(logits * label) / union


# -- numbers -----------------------------------------------------------------------------------------------------------


class _Difference(LossBase):
    """A loss by a function of (predictions, targets, reduction)."""

    function: Callable

    def construct(self, logits, labels):
        """The loss of predictions for targets."""
        return self.function(logits, labels, self.reduction)


class MSELoss(_Difference):
    """(logits - labels)^2."""

    function = staticmethod(ops.mse_loss)


class L1Loss(_Difference):
    """|logits - labels|."""

    function = staticmethod(ops.l1_loss)


class MAELoss(L1Loss):
    """|logits - label|."""

    def construct(self, logits, label):
        """The loss of predictions for targets."""
        return super().construct(logits, label)


class SoftMarginLoss(_Difference):
    """log(1 + exp(-labels logits)) for labels of 1 and -1."""

    function = staticmethod(ops.soft_margin_loss)


class KLDivLoss(_Difference):
    """labels (log(labels) - logits): the divergence of log-probabilities from probabilities; `reduction` may also be
    'batchmean', the sum divided by the size of the first axis. See `ops.kl_div`."""

    reductions = (*REDUCTIONS, "batchmean")
    function = staticmethod(ops.kl_div)


class RMSELoss(LossBase):
    """The root of the mean of (logits - label)^2."""

    def __init__(self):
        super().__init__()

    def construct(self, logits, label):
        """The loss of predictions for targets, a 0-d tensor."""
        return ops.sqrt(ops.mse_loss(logits, label))


class SmoothL1Loss(LossBase):
    """d^2 / (2 beta) where d = |logits - labels| < beta, d - beta / 2 elsewhere. Source: Girshick (2015)."""

    def __init__(self, beta=1.0, reduction="none"):
        super().__init__(reduction)
        self.beta = positive_float("SmoothL1Loss", "beta", beta)

    def construct(self, logits, labels):
        """The loss of predictions for targets."""
        return ops.smooth_l1_loss(logits, labels, self.beta, self.reduction)


class HuberLoss(LossBase):
    """d^2 / 2 where d = |logits - labels| <= delta, delta (d - delta / 2) elsewhere. Source: Huber (1964)."""

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__(reduction)
        self.delta = positive_float("HuberLoss", "delta", delta)

    def construct(self, logits, labels):
        """The loss of predictions for targets."""
        return ops.huber_loss(logits, labels, self.reduction, self.delta)


class GaussianNLLLoss(LossBase):
    """The negative log-likelihood of targets under normal distributions; see `ops.gaussian_nll_loss`."""

    def __init__(self, *, full=False, eps=1e-6, reduction="mean"):
        super().__init__(reduction)
        self.full, self.eps = flag("GaussianNLLLoss", "full", full), positive_float("GaussianNLLLoss", "eps", eps)

    def construct(self, logits, labels, var):
        """The loss of the means `logits` and variances `var` for the labels."""
        return ops.gaussian_nll_loss(logits, labels, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(LossBase):
    """The negative log-likelihood of counts under Poisson distributions.

    Args:
        log_input: the input is the logarithm of the rate: exp(x) - t x; otherwise x - t log(x + eps).
        full: add Stirling's approximation of log(t!), t log(t) - t + log(2 pi t) / 2, where t > 1.
    """

    def __init__(self, log_input=True, full=False, eps=1e-8, reduction="mean"):
        super().__init__(reduction)
        self.log_input, self.full = flag("PoissonNLLLoss", "log_input", log_input), flag("PoissonNLLLoss", "full", full)
        self.eps = positive_float("PoissonNLLLoss", "eps", eps)

    def construct(self, input, target):
        """The loss of rates for counts."""
        loss = ops.exp(input) - target * input if self.log_input else input - target * ops.log(input + self.eps)
        if self.full:
            counted = ops.where(target > 1, target, 1.0)
            stirling = counted * ops.log(counted) - counted + 0.5 * ops.log(2 * math.pi * counted)
            loss = loss + ops.where(target > 1, stirling, 0.0)
        return self.get_loss(loss)


# -- distances ---------------------------------------------------------------------------------------------------------


class HingeEmbeddingLoss(LossBase):
    """logits where labels is 1, max(0, margin - logits) where it is -1."""

    def __init__(self, margin=1.0, reduction="mean"):
        super().__init__(reduction)
        self.margin = number("HingeEmbeddingLoss", "margin", margin)

    def construct(self, logits, labels):
        """The loss of distances for labels."""
        return ops.hinge_embedding_loss(logits, labels, self.margin, self.reduction)


class MarginRankingLoss(LossBase):
    """max(0, -target (input1 - input2) + margin) for targets of 1 and -1."""

    def __init__(self, margin=0.0, reduction="mean"):
        super().__init__(reduction)
        self.margin = number("MarginRankingLoss", "margin", margin)

    def construct(self, input1, input2, target):
        """The loss of two rankings for targets."""
        return ops.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class CosineEmbeddingLoss(LossBase):
    """1 - cos(x1, x2) where y is 1, max(0, cos(x1, x2) - margin) where it is -1."""

    def __init__(self, margin=0.0, reduction="mean"):
        super().__init__(reduction)
        self.margin = number("CosineEmbeddingLoss", "margin", margin)
        if not -1 <= self.margin <= 1:
            raise ValueError(f"For 'CosineEmbeddingLoss', the 'margin' must be between -1 and 1, but got {margin}.")

    def construct(self, logits_x1, logits_x2, labels):
        """The loss of two sets of vectors for labels."""
        return ops.cosine_embedding_loss(logits_x1, logits_x2, labels, self.margin, self.reduction)


class TripletMarginLoss(LossBase):
    """max(0, |anchor - positive| - |anchor - negative| + margin); see `ops.triplet_margin_loss`."""

    def __init__(self, p=2, swap=False, eps=1e-6, reduction="mean", margin=1.0):
        super().__init__(reduction)
        self.p, self.swap = p, flag("TripletMarginLoss", "swap", swap)
        self.eps, self.margin = positive_float("TripletMarginLoss", "eps", eps), positive_float("TripletMarginLoss",
                                                                                               "margin", margin)

    def construct(self, x, positive, negative, margin=None):
        """The loss of anchors, positives and negatives; `margin` takes the place of the layer's."""
        margin = self.margin if margin is None else margin
        return ops.triplet_margin_loss(x, positive, negative, margin, self.p, self.eps, self.swap, self.reduction)


class TripletMarginWithDistanceLoss(LossBase):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin) for a distance of one's own.

    Args:
        distance_function: a function of two tensors; by default the Euclidean distance over the last axis. swap: take
            the smaller of the negative's distances to anchor and positive.
    """

    def __init__(self, distance_function=None, swap=False, reduction="mean", margin=1.0):
        super().__init__(reduction)
        if distance_function is not None and not callable(distance_function):
            raise TypeError(f"For 'TripletMarginWithDistanceLoss', the 'distance_function' must be a function, but got "
                            f"{type(distance_function).__name__}.")
        self.distance_function = distance_function
        self.swap = flag("TripletMarginWithDistanceLoss", "swap", swap)
        self.margin = positive_float("TripletMarginWithDistanceLoss", "margin", margin)

    def _distance(self, x, y):
        if self.distance_function is not None:
            return call(self.distance_function, x, y)
        return ops.sqrt(ops.sum(ops.square(x - y + 1e-6), -1))

    def construct(self, x, positive, negative):
        """The loss of anchors, positives and negatives."""
        near, far = self._distance(x, positive), self._distance(x, negative)
        if self.swap:
            far = ops.minimum(far, self._distance(positive, negative))
        return self.get_loss(ops.relu(near - far + self.margin))


class MultiMarginLoss(LossBase):
    """The mean over classes of max(0, margin - x[target] + x)^p; see `ops.multi_margin_loss`."""

    def __init__(self, p=1, margin=1.0, reduction="mean", weight=None):
        super().__init__(reduction)
        if p not in (1, 2):
            raise ValueError(f"For 'MultiMarginLoss', the 'p' must be 1 or 2, but got {p!r}.")
        self.p, self.margin, self.weight = p, number("MultiMarginLoss", "margin", margin), weight

    def construct(self, x, target, weight=None):
        """The loss of x for class numbers; `weight` takes the place of the layer's."""
        weight = self.weight if weight is None else weight
        return ops.multi_margin_loss(x, target, self.p, self.margin, weight, self.reduction)


class CTCLoss(LossBase):
    """The loss of connectionist temporal classification; see `ops.ctc_loss` for arguments and shapes."""

    def __init__(self, blank=0, reduction="mean", zero_infinity=False):
        super().__init__(reduction)
        self.blank, self.zero_infinity = blank, flag("CTCLoss", "zero_infinity", zero_infinity)

    def construct(self, log_probs, targets, input_lengths, target_lengths):
        """The loss of log-probabilities (T, N, C) for labels."""
        return ops.ctc_loss(log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
                            self.zero_infinity)[0]


# -- images ------------------------------------------------------------------------------------------------------------


class FocalLoss(LossBase):
    """-(1 - p)^gamma log(p) for the probability p = softmax(logits) of the class: easy places count little.

    Args:
        weight: one factor for each class, (C,). gamma: how little, 2 by default. reduction: 'mean', 'sum' or 'none'.

    Shapes: logits (N, C), (N, C, L) or (N, C, H, W); labels of the same shape, shares of the classes, or with one
    channel, class numbers. The loss is the mean over the places: with 'none' (N, C) for shares, (N,) for numbers.
    Source: Lin et al., "Focal loss for dense object detection" (2017).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; ValueError at a call for other shapes.
    """

    def __init__(self, weight=None, gamma=2.0, reduction="mean"):
        super().__init__(reduction)
        self.gamma = float(number("FocalLoss", "gamma", gamma))
        if weight is not None and not isinstance(weight, Tensor):
            raise TypeError(f"For 'FocalLoss', the 'weight' must be a Tensor or None, but got {type(weight).__name__}.")
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"For 'FocalLoss', the 'weight' must have one axis, but has shape {weight.shape}.")
        self.weight = weight

    def construct(self, logits, labels):
        """The loss of logits for labels."""
        if logits.ndim not in (2, 3, 4) or labels.ndim != logits.ndim or labels.shape[1] not in (1, logits.shape[1]) \
                or labels.shape[0] != logits.shape[0] or labels.shape[2:] != logits.shape[2:]:
            raise ValueError(f"For 'FocalLoss', the labels must have the shape of the logits, {logits.shape}, or one "
                             f"channel, but have {labels.shape}.")
        n, c = logits.shape[:2]
        flat = ops.log_softmax(ops.reshape(logits, (n, c, -1)), 1)
        labels = ops.reshape(labels, (n, labels.shape[1], -1))
        weight = None if self.weight is None else ops.reshape(self.weight, (1, c, 1))
        if labels.shape[1] == 1:
            number_of = ops.cast(labels, mstype.int64)
            weight = None if weight is None else ops.gather_elements(
                ops.broadcast_to(weight, flat.shape), 1, number_of)
            flat, shares = ops.gather_elements(flat, 1, number_of), 1.0
        else:
            shares = ops.cast(labels, flat.dtype)
        loss = -ops.pow(1 - ops.exp(flat), self.gamma) * shares * flat
        loss = loss if weight is None else loss * weight
        loss = ops.mean(loss, -1)
        return self.get_loss(ops.reshape(loss, (n,)) if labels.shape[1] == 1 else loss)


class MultiClassDiceLoss(LossBase):
    """The mean over the classes (axis 1) of their `DiceLoss`.

    Args:
        weights: one factor for each class. ignore_indiex: the number of a class that does not count.
        activation: what the logits go through first: a name of `get_activation`, a function, or None.

    Shapes: logits and label (N, C, ...) -> ().
    """

    def __init__(self, weights=None, ignore_indiex=None, activation="softmax"):
        super().__init__()
        try:
            self.activation = get_activation(activation) if isinstance(activation, str) else activation
        except KeyError as error:
            raise ValueError(f"For 'MultiClassDiceLoss', {error.args[0]}") from None
        if self.activation is not None and not callable(self.activation):
            raise TypeError(f"For 'MultiClassDiceLoss', the 'activation' must be a name, a function or None, but got "
                            f"{activation!r}.")
        if weights is not None and not isinstance(weights, Tensor):
            raise TypeError(f"For 'MultiClassDiceLoss', the 'weights' must be a Tensor or None, but got "
                            f"{type(weights).__name__}.")
        if ignore_indiex is not None and not is_int(ignore_indiex):
            raise TypeError(f"For 'MultiClassDiceLoss', the 'ignore_indiex' must be an int or None, but got "
                            f"{ignore_indiex!r}.")
        self.binarydiceloss = DiceLoss(smooth=1e-5)
        self.weights, self.ignore_indiex = weights, ignore_indiex

    def construct(self, logits, label):
        """The loss of logits for shares of classes."""
        if logits.ndim < 2 or logits.shape != label.shape:
            raise ValueError(f"For 'MultiClassDiceLoss', logits and label must have one shape (N, C, ...), but have "
                             f"{logits.shape} and {label.shape}.")
        classes = label.shape[1]
        if self.weights is not None and self.weights.shape[0] != classes:
            raise ValueError(f"For 'MultiClassDiceLoss', the 'weights' must have {classes} numbers, one for each "
                             f"class, but have shape {self.weights.shape}.")
        logits = logits if self.activation is None else self.activation(logits)
        total = 0.0
        for k in range(classes):
            if k != self.ignore_indiex:
                loss = self.binarydiceloss(logits[:, k], label[:, k])
                total = total + (loss if self.weights is None else loss * self.weights[k])
        return total / classes


class MultilabelMarginLoss(LossBase):
    """The margins of the target classes above the others; see `ops.multilabel_margin_loss`."""

    def construct(self, x, target):
        """The loss of x for class numbers."""
        return ops.multilabel_margin_loss(x, target, self.reduction)
