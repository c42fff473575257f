"""The parts of an optimizer that programs build their own optimizers from.

The project's optimizers update one parameter at a time (`Optimizer.update`). Those that programs write override
`construct`, and reach for what the base class holds: the learning rate by step, weight decay and flags by parameter,
maps over parameters, and the counter with its increment.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore import context, ops
from mindspore.common.dtype import float32, int32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag
from mindspore.nn.cell import Cell
from mindspore.plugin import manager
from mindspore.runtime.record import apply

__all__ = ["ListedRate", "OptimizerParts"]

_GATHER = primitive("gather")


class ListedRate(Cell):
    """A learning rate for each step, the last one from then on.

    Inputs:
        global_step: an integer tensor of one element. The result has no dimensions.
    """

    def __init__(self, rates: np.ndarray, name: str):
        super().__init__()
        self.learning_rate = Parameter(Tensor(rates), name=name, requires_grad=False)

    def construct(self, global_step):
        step = ops.minimum(ops.reshape(global_step, ()), self.learning_rate.shape[0] - 1)
        return apply(_GATHER, (self.learning_rate, step), (0,))


class OptimizerParts(Cell):
    """See the module's text.

    Attributes:
        map_, map_reverse, hyper_map, hyper_map_reverse: functions over the tuples of parameters, states and gradients.
        optim_filter, decay_flags: for each parameter, whether it is updated, and whether it decays.
        weight_decay: a tensor or a Cell that is called with the step; with groups a tuple of one for each parameter.
        reciprocal_scale: what gradients are multiplied by to undo the loss scale; need_scale: whether it is not 1.
        assignadd, global_step_increase_tensor: how a step is counted: `self.assignadd(self.global_step, ...)`.
    """

    def _give_parts(self, decays: list) -> None:
        count = len(self.parameters)
        self.map_, self.map_reverse = ops.Map(), ops.Map(None, True)
        self.hyper_map, self.hyper_map_reverse = ops.HyperMap(), ops.HyperMap(None, True)
        self.assignadd = ops.AssignAdd()
        self.global_step_increase_tensor = Tensor(1, int32)
        self._parameters, self.param_length = self.parameters, count
        self.optim_filter = (True,) * count
        self.decay_flags = tuple([isinstance(decay, Cell) or decay > 0 for decay in decays])
        self.exec_weight_decay = any(self.decay_flags)
        rates = tuple([decay if isinstance(decay, Cell) else Tensor(decay, float32) for decay in decays])
        self.weight_decay = rates if self.is_group else rates[0]
        self.need_scale, self.reciprocal_scale = self.loss_scale != 1.0, Tensor(1.0 / self.loss_scale, float32)
        self.use_parallel, self._target, self._unique = False, context.get_context("device_target"), True

    def _is_dynamic_lr_or_weight_decay(self) -> bool:
        """Whether the learning rate or the weight decay changes with the step."""
        decays = self.weight_decay if isinstance(self.weight_decay, tuple) else (self.weight_decay,)
        return self.dynamic_lr or any(isinstance(decay, Cell) for decay in decays)

    def flatten_gradients(self, gradients: Any) -> Any:
        """The gradients as they are: they are not held in one piece of memory."""
        return gradients

    def _grad_sparse_indices_deduplicate(self, gradients: Any) -> Any:
        """The gradients as they are: none has rows that stand in it twice."""
        return gradients

    def broadcast_params(self, optim_result: Any) -> Any:
        """What the updates gave; in one process every parameter is here."""
        return optim_result

    @property
    def target(self) -> str:
        """The device on which parameters are updated."""
        return self._target

    @target.setter
    def target(self, value: str) -> None:
        self._set_base_target(value)

    def _set_base_target(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"For '{type(self).__name__}', the 'target' must be a str, but got {value!r} of type "
                            f"{type(value).__name__}.")
        known = manager.targets()
        if value not in known:
            raise ValueError(f"For '{type(self).__name__}', the 'target' must be a target that an installed backend "
                             f"serves ({', '.join(known)}), but got {value!r}.")
        self._target = value

    @property
    def unique(self) -> bool:
        """Whether rows that stand twice in a sparse gradient are summed before the update."""
        return self._unique

    @unique.setter
    def unique(self, value: bool) -> None:
        self._unique = flag(type(self).__name__, "unique", value)
