"""Borders and losses of the `mint` interface."""
from __future__ import annotations

from mindspore.mint.nn import functional as F
from mindspore.mint.nn._simple import Function
from mindspore.nn import loss as _loss
from mindspore.nn.layer.image import (
    ConstantPad1d,
    ConstantPad2d,
    ConstantPad3d,
    ReflectionPad1d,
    ReflectionPad2d,
    ReflectionPad3d,
    ReplicationPad1d,
    ReplicationPad2d,
    ReplicationPad3d,
    ZeroPad2d,
)
from mindspore.nn.loss import L1Loss, SoftMarginLoss

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "CosineEmbeddingLoss",
    "CrossEntropyLoss", "KLDivLoss", "L1Loss", "MSELoss", "NLLLoss", "ReflectionPad1d", "ReflectionPad2d",
    "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "SmoothL1Loss", "SoftMarginLoss",
    "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"]


class ZeroPad1d(ConstantPad1d):
    """A border of zeros around (N, C, L) or (C, L): an int or (left, right)."""

    def __init__(self, padding):
        super().__init__(padding, 0)


class ZeroPad3d(ConstantPad3d):
    """A border of zeros around (N, C, D, H, W) or (C, D, H, W): an int or six, the last axis first."""

    def __init__(self, padding):
        super().__init__(padding, 0)


class _Loss(Function):
    """A loss of predictions for targets; `reduction` is 'mean', 'sum' or 'none'."""

    def __init__(self, reduction="mean", **settings):
        if reduction not in _loss.REDUCTIONS:
            raise ValueError(f"For '{type(self).__name__}', the 'reduction' must be one of "
                             f"{', '.join(_loss.REDUCTIONS)}, but got {reduction!r}.")
        super().__init__(reduction=reduction, **settings)

    def construct(self, input, target):
        """The loss of the input for the target."""
        return self.call(input, target)


class MSELoss(_Loss):
    """(input - target)^2."""

    function = staticmethod(F.mse_loss)

    def __init__(self, reduction="mean"):
        super().__init__(reduction)


class SmoothL1Loss(_Loss):
    """d^2 / (2 beta) where d = |input - target| < beta, d - beta / 2 elsewhere."""

    function = staticmethod(F.smooth_l1_loss)

    def __init__(self, reduction="mean", beta=1.0):
        super().__init__(reduction, beta=beta)


class KLDivLoss(_Loss):
    """The divergence from log-probabilities to probabilities, with `log_target` to log-probabilities."""

    function = staticmethod(F.kl_div)

    def __init__(self, reduction="mean", log_target=False):
        super().__init__(reduction, log_target=log_target)


class BCELoss(_Loss):
    """The binary cross-entropy of probabilities."""

    function = staticmethod(F.binary_cross_entropy)

    def __init__(self, weight=None, reduction="mean"):
        super().__init__(reduction, weight=weight)


class BCEWithLogitsLoss(_Loss):
    """The binary cross-entropy of logits."""

    function = staticmethod(F.binary_cross_entropy_with_logits)

    def __init__(self, weight=None, reduction="mean", pos_weight=None):
        super().__init__(reduction, weight=weight, pos_weight=pos_weight)


class CrossEntropyLoss(_Loss):
    """The cross-entropy of logits with class numbers or probabilities; see `functional.cross_entropy`."""

    function = staticmethod(F.cross_entropy)

    def __init__(self, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
        super().__init__(reduction, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing)


class NLLLoss(_Loss):
    """The negative log-likelihood of classes, from log-probabilities."""

    function = staticmethod(F.nll_loss)

    def __init__(self, weight=None, ignore_index=-100, reduction="mean"):
        super().__init__(reduction, weight=weight, ignore_index=ignore_index)


class CosineEmbeddingLoss(_Loss):
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1."""

    function = staticmethod(F.cosine_embedding_loss)

    def __init__(self, margin=0.0, reduction="mean"):
        super().__init__(reduction, margin=margin)

    def construct(self, input1, input2, target):
        """The loss of two sets of vectors for targets."""
        return self.call(input1, input2, target)
