"""Cells of one training step, with the algorithms that `AutoBoost` has chosen."""
from __future__ import annotations

from typing import Any

from mindspore import ops
from mindspore.boost.boost import AutoBoost
from mindspore.boost.dim_reduce import DimReduce
from mindspore.boost.grad_accumulation import GradientAccumulation
from mindspore.boost.grad_freeze import FreezeOpt, freeze_cell
from mindspore.boost.group_loss_scale_manager import GroupLossScaleManager
from mindspore.boost.pca import load_pca_mat
from mindspore.common.dtype import float32
from mindspore.common.parameter import ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import current_trace
from mindspore.nn import TrainOneStepCell, TrainOneStepWithLossScaleCell
from mindspore.nn.loss_scale import finite
from mindspore.nn.wrap import _value_and_gradients

__all__ = ["BoostTrainOneStepCell", "BoostTrainOneStepWithLossScaleCell"]


class BoostTrainOneStepCell(TrainOneStepCell):
    """One step of training a network that gives its loss: a `TrainOneStepCell` with gradients that are frozen by a
    `FreezeOpt`, summed over several batches, or used in a small space, as `AutoBoost()` says when the Cell is made.

    Args:
        network: gives the loss.
        optimizer: takes the gradients; a `FreezeOpt` too.
        sens: what the gradient of the loss is multiplied by; None: 1.

    Raises:
        TypeError: arguments of wrong types. RuntimeError: a step with frozen gradients is called within a compiled
            function: each step is a program of its own, which Python chooses.
    """

    def __init__(self, network, optimizer, sens=None):
        super().__init__(network, optimizer, 1.0 if sens is None else sens)
        self.freeze = isinstance(optimizer, FreezeOpt)
        self.auto_boost = boost = AutoBoost()
        self.max_accumulation_step = boost.grad_accumulation_step if boost.boost_config["grad_accumulation"] else 1
        self.use_grad_accumulation = self.max_accumulation_step > 1
        self.dim_reduce = self.gradients_summed = None
        self.enable_dim_reduce = getattr(optimizer, "dim_reduce", False)
        if self.enable_dim_reduce:
            self.weights_clone = ParameterTuple(self.weights).clone(prefix="weights_clone", init="same")
            self.dim_reduce = DimReduce(network, optimizer, self.weights,
                                        load_pca_mat(boost.local_pca_mat_path, boost.timeout), boost.n_components,
                                        boost.rho, boost.gamma, boost.alpha, boost.sigma, 0, 1)
        elif self.use_grad_accumulation and not self.freeze:
            self.gradients_summed = GradientAccumulation(self.max_accumulation_step, optimizer)
        self.__dict__["_step_number"] = 0
        if self.freeze:
            strategy = optimizer.train_strategy
            self.freeze_nets = freeze_cell(False, network, optimizer, self.sens, self.grad, self.use_grad_accumulation,
                                           max_accumulation_step=self.max_accumulation_step)
            for k, net in enumerate(self.freeze_nets):
                self.insert_child_to_cell(f"freeze_net_{k}", net)
            self._order = tuple(range(len(self.freeze_nets))) if strategy is None else \
                tuple(strategy.asnumpy().tolist())

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        if not self.freeze:
            return super().__call__(*inputs, **kwargs)
        if current_trace() is not None:
            raise RuntimeError("For 'BoostTrainOneStepCell', a step with frozen gradients must be called from Python, "
                               "not from a compiled function: which parameters it trains changes from step to step.")
        number = self.__dict__["_step_number"]
        self.__dict__["_step_number"] = (number + 1) % len(self._order)
        return self.freeze_nets[self._order[number]](*inputs, **kwargs)

    def construct(self, *inputs):
        """The loss at these inputs; the parameters are updated."""
        loss, _, gradients = _value_and_gradients(self.network, inputs, [], self.weights, self.sens)
        if self.enable_dim_reduce:
            return self.dim_reduce(loss, gradients, self.sens, self.weights, self.weights_clone, *inputs)
        if self.gradients_summed is not None:
            return self.gradients_summed(loss, gradients)
        self.optimizer(gradients)
        return loss


class BoostTrainOneStepWithLossScaleCell(TrainOneStepWithLossScaleCell):
    """One step of training with a scaled loss: a `TrainOneStepWithLossScaleCell` that has scales for groups of layers,
    too.

    Args:
        network: gives the loss. optimizer: takes the gradients.
        scale_sense: a Tensor, the scale; a Cell that changes it, such as `DynamicLossScaleUpdateCell`; or a
            `GroupLossScaleManager`, whose groups must have all parameters of the optimizer.

    Raises:
        TypeError: arguments of wrong types; an optimizer or settings of `AutoBoost` for frozen or summed gradients or
            for DimReduce, which have no scale that changes. ValueError: a parameter is in no group or in two.
    """

    reduce_ratio, growth_ratio = 2 ** -0.5, 2 ** (1 / 1000)  # of the scale of a group, after an overflow and without

    def __init__(self, network, optimizer, scale_sense):
        boost = AutoBoost()
        summed = boost.boost_config["grad_accumulation"] and boost.grad_accumulation_step > 1
        if summed or isinstance(optimizer, FreezeOpt) or getattr(optimizer, "dim_reduce", False):
            raise TypeError("For 'BoostTrainOneStepWithLossScaleCell', gradients must not be frozen, summed or "
                            "reduced: give a fixed scale as 'sens' of BoostTrainOneStepCell instead.")
        super().__init__(network, optimizer, scale_sense)
        self.enable_enhanced_amp = isinstance(scale_sense, GroupLossScaleManager)
        if self.enable_enhanced_amp:
            self._groups = _groups_of(scale_sense.loss_scale_groups, self.weights)
            scale_sense.set_loss_scale_status(len(scale_sense.loss_scale_groups), scale_sense.get_loss_scale())

    def construct(self, *inputs):
        """(loss, overflow, scale) at these inputs; the parameters are updated unless there is an overflow."""
        if not self.enable_enhanced_amp:
            return super().construct(*inputs)
        manager = self.loss_scaling_manager
        scales = [scale * 1.0 for scale in manager.dynamic_loss_scale[1:-1]]
        loss, _, found = _value_and_gradients(self.network, inputs, [], self.weights, None)
        gradients = tuple([(g.astype(float32) / scales[k]).astype(g.dtype) for g, k in zip(found, self._groups)])
        overflows = []
        for k in range(len(scales)):
            bad = ops.logical_not(finite([g for g, group in zip(gradients, self._groups) if group == k]))
            manager.update_loss_scale_status(k, ops.where(bad, Tensor(self.reduce_ratio, float32),
                                                          Tensor(self.growth_ratio, float32)))
            overflows.append(bad)
        overflow = ops.any(ops.stack(overflows))
        self.update(gradients, overflow)
        return loss, overflow, scales[0]


def _groups_of(groups, weights) -> list[int]:
    """The number of each weight's group."""
    number: dict[int, int] = {}
    for k, group in enumerate(groups):
        for param in group:
            if id(param) in number:
                raise ValueError(f"For 'GroupLossScaleManager', the parameter {param.name!r} is in two groups.")
            number[id(param)] = k
    for param in weights:
        if id(param) not in number:
            raise ValueError(f"For 'GroupLossScaleManager', the parameter {param.name!r} is in no group: its gradient "
                             f"has no scale.")
    return [number[id(param)] for param in weights]
