"""Training in which steps leave the first layers as they are: their gradients are not computed.

The parameters are cut into groups; group k has what remains without the first k parts, so that group 0 has all of them.
Each step trains one group, as a list says that is drawn beforehand. A group has an optimizer of its own.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from mindspore.boost.base import OptimizerProcess, ParameterProcess
from mindspore.boost.grad_accumulation import GradientAccumulation
from mindspore.common.dtype import int32
from mindspore.common.tensor import Tensor
from mindspore.nn._check import fraction, is_int, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.container import CellList
from mindspore.nn.optim.norms import LARS
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.nn.wrap import _value_and_gradients
from mindspore.runtime.parallel_settings import ParallelPackageMissingError

__all__ = ["GradientFreeze", "FreezeOpt", "freeze_cell"]

CONTINUOUS_STRATEGY, INTERVAL_STRATEGY = 0, 1


class FreezeOpt(Cell):
    """An optimizer for each group of parameters, made like another one.

    Args:
        opt: an `nn.Optimizer`. train_parameter_groups: a tuple or list with a list of Parameters, or of groups, for
            each optimizer; None: one with all parameters of `opt`.
        train_strategy: the group of each step, from the first again after the last: ints, or a 1-d Int32 Tensor; None:
            the groups one after the other. A list of learning rates, one for each step, goes to the groups that the
            steps train.

    Attributes:
        opts: the optimizers, a CellList; their states' names begin with boost_0., boost_1., ...

    Raises:
        TypeError, ValueError: arguments of wrong types, a strategy without groups or with a group that is not there.
    """

    def __init__(self, opt, train_parameter_groups=None, train_strategy=None):
        super().__init__(auto_prefix=False)
        if not isinstance(opt, Optimizer):
            raise TypeError(f"For 'FreezeOpt', the 'opt' must be an Optimizer, but got {type(opt).__name__}.")
        if train_strategy is not None and train_parameter_groups is None:
            raise ValueError("For 'FreezeOpt', a 'train_strategy' needs the 'train_parameter_groups'.")
        groups = [list(opt.parameters)] if train_parameter_groups is None else train_parameter_groups
        if not isinstance(groups, (tuple, list)) or not all(isinstance(g, (tuple, list)) for g in groups):
            raise TypeError("For 'FreezeOpt', the 'train_parameter_groups' must be a tuple or list of tuples or lists.")
        process = OptimizerProcess(opt)
        self.is_lars, self.groups_num, self.parameters = process.is_lars, len(groups), opt.parameters
        inner = opt.opt if self.is_lars else opt
        self.learning_rate, self.dynamic_lr, self.loss_scale = process.learning_rate, inner.dynamic_lr, inner.loss_scale
        self.train_strategy = _strategy(train_strategy, len(groups))
        rates = self._rates_of_groups()
        self.opts = CellList([_named(_made(process, group, rate), k)
                              for k, (group, rate) in enumerate(zip(groups, rates))], auto_prefix=False)

    def _rates_of_groups(self) -> list:
        """What each optimizer gets as learning rate."""
        if self.train_strategy is None or not isinstance(self.learning_rate, (list, tuple)):
            return [self.learning_rate] * self.groups_num
        parts: list[list] = [[] for _ in range(self.groups_num)]
        order = self.train_strategy.asnumpy().tolist()
        for step, rate in enumerate(self.learning_rate):
            parts[order[step % len(order)]].append(rate)
        return [part or self.learning_rate for part in parts]

    def construct(self, grads):
        raise TypeError("For 'FreezeOpt', it cannot be called: a BoostTrainOneStepCell calls the optimizer of a step.")


def _strategy(given: Any, count: int) -> Tensor | None:
    """The group of each step, after a check."""
    if given is None:
        return None
    if isinstance(given, Tensor):
        if given.ndim != 1 or given.dtype is not int32:
            raise ValueError(f"For 'FreezeOpt', a Tensor as 'train_strategy' must be 1-d of Int32, but is {given.ndim}"
                             f"-d of {given.dtype}.")
        steps = given.asnumpy()
    elif isinstance(given, (tuple, list)):
        if not all(is_int(step) for step in given):
            raise ValueError("For 'FreezeOpt', the elements of 'train_strategy' must be ints.")
        steps = np.array(given, np.int32)
    else:
        raise TypeError(f"For 'FreezeOpt', the 'train_strategy' must be a tuple, a list or a Tensor, but got "
                        f"{type(given).__name__}.")
    if not steps.size or steps.min() < 0 or steps.max() >= count:
        raise ValueError(f"For 'FreezeOpt', the 'train_strategy' must name groups from 0 to {count - 1}.")
    return Tensor(steps)


def _made(process: OptimizerProcess, group: Any, rate: Any) -> Optimizer:
    process.origin_params = list(group)
    return process.generate_new_optimizer(rate)


def _named(optimizer: Optimizer, number: int) -> Optimizer:
    """The optimizer, whose states have names that those of other groups have not."""
    cells = [optimizer, optimizer.opt] if isinstance(optimizer, LARS) else [optimizer]
    trained = {id(param) for param in optimizer.parameters}
    for param in {id(p): p for cell in cells for p in cell.get_parameters()}.values():
        if id(param) not in trained:
            param.name = f"boost_{number}.{param.name}"
    return optimizer


class GradientFreeze:
    """Makes a network and its optimizer train with frozen gradients.

    Args:
        param_groups: the number of groups. freeze_type: 0 for steps that train all, then those that train ever fewer
            ("00001234"); 1 for steps of both kinds in turn, drawn at random ("01020304").
        freeze_p: the part of the steps that train all parameters (0 < freeze_p < 1). total_steps: of the training.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, param_groups, freeze_type, freeze_p, total_steps):
        self._param_groups = positive_int("GradientFreeze", "param_groups", param_groups)
        if freeze_type not in (CONTINUOUS_STRATEGY, INTERVAL_STRATEGY):
            raise ValueError(f"For 'GradientFreeze', the 'freeze_type' must be 0 or 1, but got {freeze_type!r}.")
        self._freeze_type, self._freeze_p = freeze_type, fraction("GradientFreeze", "freeze_p", freeze_p)
        self._total_steps = positive_int("GradientFreeze", "total_steps", total_steps)

    def split_parameters_groups(self, net, freeze_para_groups_number) -> list[list]:
        """Lists of a network's trainable parameters: all, and ever fewer of the last ones. Of a part has at least
        three, and a normalization or a bias stays with its layer.

        Raises:
            ValueError: the network has fewer parts than groups are wanted.
        """
        parts: list[list] = [[]]
        for param in net.trainable_params():
            if len(parts[-1]) >= 3 and "bn" not in param.name and "bias" not in param.name:
                parts.append([])
            parts[-1].append(param)
        stride = len(parts) // freeze_para_groups_number
        if not stride:
            raise ValueError(f"For 'GradientFreeze', the network has {len(parts)} parts of three parameters or more, "
                             f"too few for {freeze_para_groups_number} groups: set a smaller 'param_groups'.")
        return [sum(parts[k * stride:], []) for k in range(freeze_para_groups_number)]

    def generate_freeze_index_sequence(self, parameter_groups_number, freeze_strategy, freeze_p, total_steps) -> list:
        """The group of each step, for a hundredth more steps than are said.

        Raises:
            ValueError: another strategy than 0 and 1.
        """
        wanted = int(total_steps * 1.01)
        if parameter_groups_number <= 1:
            return [0] * wanted
        if freeze_strategy == CONTINUOUS_STRATEGY:
            zeros = int(freeze_p * (parameter_groups_number - 1) // (1 - freeze_p) + 0.5)
            cycle = [0] * zeros + list(range(1, parameter_groups_number))
            return cycle * math.ceil(wanted / len(cycle))
        if freeze_strategy != INTERVAL_STRATEGY:
            raise ValueError(f"For 'GradientFreeze', the freezing strategy must be 0 or 1, but got "
                             f"{freeze_strategy!r}.")
        frozen = np.zeros(wanted, bool)
        count = 0
        for step in range(1, wanted):
            frozen[step] = count / step < 1 - freeze_p
            count += frozen[step]
        numbers, found = np.arange(1, parameter_groups_number), np.zeros(wanted, int)
        # fewer frozen layers are more likely
        found[frozen] = np.random.choice(numbers, count, p=numbers[::-1] / numbers.sum())
        return found.tolist()

    def freeze_generate(self, network, optimizer) -> tuple:
        """The network, and a `FreezeOpt` for it made like `optimizer`."""
        given = OptimizerProcess(optimizer).origin_params
        groups = [ParameterProcess.generate_group_params(params, given)
                  for params in self.split_parameters_groups(network, self._param_groups)]
        order = self.generate_freeze_index_sequence(self._param_groups, self._freeze_type, self._freeze_p,
                                                    self._total_steps)
        return network, FreezeOpt(optimizer, groups, order)


class _TrainFreezeCell(Cell):
    """A step that trains one group: the loss; only its parameters get gradients."""

    def __init__(self, net, sens, optimizer, max_accumulation_step):
        super().__init__(auto_prefix=False)
        self.net, self.sens, self.opt, self.parameters = net, sens, optimizer, optimizer.parameters
        self.grad_accumulation = None
        if max_accumulation_step > 1:
            self.grad_accumulation = GradientAccumulation(max_accumulation_step, optimizer)

    def construct(self, *inputs):
        """The loss at these inputs; the group is updated."""
        loss, _, grads = _value_and_gradients(self.net, inputs, [], self.parameters, self.sens)
        if self.grad_accumulation is not None:
            return self.grad_accumulation(loss, grads)
        self.opt(grads)
        return loss


def freeze_cell(reducer_flag, network, optimizer, sens, grad, use_grad_accumulation, mean=None, degree=None,
                max_accumulation_step=1):
    """The steps of a `FreezeOpt`, one for each group.

    Args:
        reducer_flag: whether gradients are exchanged with other devices. network: gives the loss.
        optimizer: a `FreezeOpt`. sens: what the gradient of the loss is multiplied by; None: 1.
        grad, mean, degree: accepted; gradients are those by the parameters of each group.
        use_grad_accumulation, max_accumulation_step: whether gradients of several batches are summed, and how many.

    Returns:
        a tuple of Cells.

    Raises:
        TypeError: `optimizer` is no FreezeOpt. ParallelPackageMissingError: gradients are exchanged.
    """
    if not isinstance(optimizer, FreezeOpt):
        raise TypeError(f"For 'freeze_cell', the 'optimizer' must be a FreezeOpt, but got {type(optimizer).__name__}.")
    if reducer_flag:
        raise ParallelPackageMissingError("freeze_cell with reducer_flag")
    steps = max_accumulation_step if use_grad_accumulation else 1
    return tuple([_TrainFreezeCell(network, sens, opt, steps) for opt in optimizer.opts])
