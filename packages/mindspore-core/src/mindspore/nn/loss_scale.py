"""A training step with a loss scale, and the Cells that change the scale within the step.

A step whose gradients are not all finite must change nothing. In PyNative mode the optimizer is then not called. In
graph mode the whole step is one graph; every value that the optimizer gives is chosen between the new and the old one,
element by element, which the compiler puts into the pass over memory that the update is anyway.
"""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32, int32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import Traced, current_trace
from mindspore.linearization import linearize
from mindspore.nn._check import is_int, positive_float, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.wrap import TrainOneStepCell
from mindspore.runtime.record import assign, wrap

__all__ = ["TrainOneStepWithLossScaleCell", "DynamicLossScaleUpdateCell", "FixedLossScaleUpdateCell", "finite"]


def finite(tensors) -> Tensor:
    """Whether all elements of all floating tensors are finite: a 0-d Bool tensor."""
    found = None
    for tensor in tensors:
        own = ops.all(ops.isfinite(tensor)) if tensor.dtype.is_inexact else None
        found = own if found is None else found if own is None else ops.logical_and(found, own)
    return Tensor(np.array(True)) if found is None else found


def _number(value: float, name: str, dtype=float32) -> Parameter:
    return Parameter(Tensor(np.asarray(value, dtype.np)), name=name, requires_grad=False)


class DynamicLossScaleUpdateCell(Cell):
    """Changes a loss scale: divided (to 1 at least) after an overflow, multiplied after `scale_window` steps without.

    Args:
        loss_scale_value: the first scale. scale_factor: by which it is divided and multiplied, an int of at least 2.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, loss_scale_value, scale_factor, scale_window):
        super().__init__()
        name = "DynamicLossScaleUpdateCell"
        self.loss_scale_value = positive_float(name, "loss_scale_value", loss_scale_value)
        if not is_int(scale_factor) or scale_factor < 2:
            raise ValueError(f"For '{name}', the 'scale_factor' must be an int of at least 2, but got "
                             f"{scale_factor!r}.")
        self.scale_factor, self.scale_window = scale_factor, positive_int(name, "scale_window", scale_window)
        self.cur_iter = _number(1, "current_iterator_step", int32)
        self.last_overflow_iter = _number(0, "last_overflow_iterator_step", int32)

    def get_loss_scale(self):
        """The first scale."""
        return self.loss_scale_value

    def construct(self, loss_scale, overflow):
        """Give the Parameter `loss_scale` its next value; returns `overflow`."""
        grows = ops.logical_and(self.cur_iter - self.last_overflow_iter >= self.scale_window,
                                ops.logical_not(overflow))
        smaller = ops.maximum(loss_scale / self.scale_factor, 1.0)
        changed = ops.where(overflow, smaller, ops.where(grows, loss_scale * self.scale_factor, loss_scale))
        ops.assign(self.last_overflow_iter, ops.where(ops.logical_or(overflow, grows), self.cur_iter,
                                                      self.last_overflow_iter))
        ops.assign(loss_scale, changed)
        ops.assign(self.cur_iter, self.cur_iter + 1)
        return overflow


class FixedLossScaleUpdateCell(Cell):
    """Leaves a loss scale as it is."""

    def __init__(self, loss_scale_value):
        super().__init__()
        self.loss_scale_value = positive_float("FixedLossScaleUpdateCell", "loss_scale_value", loss_scale_value)

    def get_loss_scale(self):
        """The scale."""
        return self.loss_scale_value

    def construct(self, _, overflow):
        """`overflow`."""
        return overflow


class TrainOneStepWithLossScaleCell(TrainOneStepCell):
    """A training step with a loss scale; a step whose gradients are not finite changes no parameter.

    Args:
        network: a network whose output is the loss. optimizer: what updates the parameters that it was made with.
        scale_sense: the scale: a 0-d or one-element tensor, or a Cell with `get_loss_scale` that is called with the
            scale's Parameter and whether there was an overflow.

    Outputs: (loss, whether there was an overflow, the scale of this step).

    Raises:
        TypeError, ValueError: the network is no Cell, the optimizer is none, the scale is none of these.
    """

    def __init__(self, network, optimizer, scale_sense):
        super().__init__(network, optimizer)
        name = "TrainOneStepWithLossScaleCell"
        self.loss_scaling_manager = None
        self.base, self.is_distributed, self.gpu_target = Tensor(1, float32), False, False
        self.reduce_sum, self.less_equal, self.allreduce = ops.ReduceSum(), ops.LessEqual(), ops.AllReduce()
        if isinstance(scale_sense, Cell):
            if not hasattr(scale_sense, "get_loss_scale"):
                raise TypeError(f"For '{name}', the 'scale_sense' must have a method get_loss_scale, but "
                                f"{type(scale_sense).__name__} has none.")
            self.loss_scaling_manager = scale_sense
            first = scale_sense.get_loss_scale()
        elif isinstance(scale_sense, Tensor):
            if scale_sense.size != 1 or not scale_sense.dtype.is_floating:
                raise ValueError(f"For '{name}', the 'scale_sense' must be a floating tensor of one element, but is "
                                 f"{scale_sense.dtype} of shape {scale_sense.shape}.")
            first = float(scale_sense.asnumpy().reshape(()))
        else:
            raise TypeError(f"For '{name}', the 'scale_sense' must be a Cell or a Tensor, but got "
                            f"{type(scale_sense).__name__}.")
        self.scale_sense = _number(first, "scale_sense")

    def set_sense_scale(self, sens) -> None:
        """Give the scale another value, a one-element tensor."""
        if not isinstance(sens, Tensor) or sens.size != 1:
            raise TypeError(f"For 'set_sense_scale', the 'sens' must be a tensor of one element, but got {sens!r}.")
        ops.assign(self.scale_sense, sens)

    def construct(self, *inputs):
        """(loss, overflow, scale) at these inputs; the parameters are updated unless there is an overflow."""
        scale = _now(self.scale_sense)
        point = linearize(self.network, inputs, {}, [], list(self.weights), lambda outs, _: list(range(len(outs))))
        found = point.pull_seeds(lambda outputs: [ops.full_like(o, 1.0) * scale.astype(o.dtype) for o in outputs])
        gradients = tuple([(g.astype(float32) / scale).astype(g.dtype) for g in found])
        overflow = self.get_overflow_status(gradients)
        self.process_loss_scale(overflow)
        self.update(gradients, overflow)
        return point.result(), overflow, scale

    def get_overflow_status(self, status, compute_output=None):
        """Whether an element of the gradients `status` (or of `compute_output`, if it is given) is not finite."""
        return ops.logical_not(finite(status if compute_output is None else compute_output))

    def start_overflow_check(self, pre_cond, compute_input):
        """(nothing, compute_input): gradients are looked at as they are, no device keeps a status."""
        return None, compute_input

    def process_loss_scale(self, overflow):
        """Let the Cell that was given change the scale; returns `overflow`."""
        return overflow if self.loss_scaling_manager is None else self.loss_scaling_manager(self.scale_sense, overflow)

    def update(self, gradients, overflow) -> None:
        """Call the optimizer, unless there is an overflow."""
        if current_trace() is None:
            if not bool(overflow.asnumpy()):
                self.optimizer(gradients)
            return
        targets = {id(p): p for p in (*self.weights, *self.optimizer.get_parameters())}
        before = [_now(target) for target in targets.values()]
        self.optimizer(gradients)
        for target, old in zip(targets.values(), before):
            new = _now(target)
            if new._value.node is not old._value.node:
                assign(target, ops.where(overflow, old, new))


def _now(tensor: Tensor) -> Tensor:
    """A tensor with the present value of another one, which keeps it when that one is assigned."""
    trace = current_trace()
    return wrap(tensor._value if trace is None else Traced(trace, trace.node_of(tensor)))
