"""Cells of one training step."""
from __future__ import annotations

from mindspore.nn import TrainOneStepCell, TrainOneStepWithLossScaleCell

__all__ = ["BoostTrainOneStepCell", "BoostTrainOneStepWithLossScaleCell"]


class BoostTrainOneStepCell(TrainOneStepCell):
    """One step of training a network that gives its loss: `TrainOneStepCell`, called by its other name.

    Args:
        network: gives the loss.
        optimizer: takes the gradients.
        sens: what the gradient of the loss is multiplied by; None: 1.
    """

    def __init__(self, network, optimizer, sens=None):
        super().__init__(network, optimizer, 1.0 if sens is None else sens)


class BoostTrainOneStepWithLossScaleCell(TrainOneStepWithLossScaleCell):
    """One step of training with a scaled loss: `TrainOneStepWithLossScaleCell`, called by its other name.

    Args:
        network: gives the loss.
        optimizer: takes the gradients.
        scale_sense: a Tensor, the scale; or a Cell that changes it, such as `DynamicLossScaleUpdateCell`.
    """
