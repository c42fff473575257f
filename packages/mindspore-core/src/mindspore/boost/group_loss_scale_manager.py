"""Loss scales by groups of layers, which change with the gradients of each group."""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.nn._check import positive_float, positive_int
from mindspore.nn.cell import Cell
from mindspore.runtime.record import assign

__all__ = ["GroupLossScaleManager"]


class GroupLossScaleManager(Cell):
    """Where gradients pass from one group of layers into the one before it, they change from its scale to the other.

    A network calls it on its input, between groups and on its output: `x = self.scale(x, 1, 2)` stands between groups 1
    and 2; 0 is what is in front of the network, and the number of groups + 1 what is behind it. The output is x itself.
    `BoostTrainOneStepWithLossScaleCell` divides the gradients of each group by its scale, and changes the scales.

    Args:
        init_loss_scale: the first scale of all groups. loss_scale_groups: a list of Parameters for each group; it may
            be assigned later, before the training step is made.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, init_loss_scale, loss_scale_groups):
        super().__init__(auto_prefix=False)
        self._loss_scale = positive_float("GroupLossScaleManager", "init_loss_scale", init_loss_scale)
        if not isinstance(loss_scale_groups, (list, tuple)):
            raise TypeError(f"For 'GroupLossScaleManager', the 'loss_scale_groups' must be a list, but got "
                            f"{type(loss_scale_groups).__name__}.")
        self.loss_scale_groups = loss_scale_groups
        self.loss_scale_number, self.dynamic_loss_scale = 0, None

    def set_loss_scale_status(self, loss_scale_number, init_loss_scale) -> None:
        """Make the scales of so many groups, from one number or a list with one for each."""
        count = positive_int("GroupLossScaleManager", "loss_scale_number", loss_scale_number)
        first = list(init_loss_scale) if isinstance(init_loss_scale, (list, tuple)) else [init_loss_scale] * count
        if len(first) != count:
            raise ValueError(f"For 'GroupLossScaleManager', there must be a scale for each of {count} groups, but got "
                             f"{len(first)}.")
        self.loss_scale_number = count
        self.dynamic_loss_scale = ParameterTuple([
            Parameter(Tensor(np.float32(value)), name=f"layer_loss_scale_{k}", requires_grad=False)
            for k, value in enumerate([1.0, *first, 1.0])])

    def update_loss_scale_status(self, layer, update_ratio):
        """Multiply the scale of a group, counted from 0; its new value."""
        scale = self.dynamic_loss_scale[layer + 1]
        assign(scale, scale * update_ratio)
        return scale * 1.0

    def construct(self, x, layer1, layer2):
        """x; its gradient is multiplied by the scale of layer1 over that of layer2. Before there are scales it is not
        changed."""
        if self.dynamic_loss_scale is None:
            return x
        inner, outer = self.dynamic_loss_scale[layer1], self.dynamic_loss_scale[layer2]

        def rescaled(gradient):
            return (gradient.astype(float32) * (inner / outer)).astype(gradient.dtype)

        return ops.InsertGradientOf(rescaled)(x)

    def get_loss_scale(self) -> float:
        """The first scale."""
        return self._loss_scale

    def get_update_cell(self) -> Cell:
        """The Cell itself."""
        return self
