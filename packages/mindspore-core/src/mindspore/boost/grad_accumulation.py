"""Gradients summed over several batches before the optimizer takes one step."""
from __future__ import annotations

from mindspore import ops
from mindspore.common.dtype import int32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn import Cell
from mindspore.nn._check import positive_int

__all__ = ["GradientAccumulation", "gradient_accumulation_op", "gradient_clear_op"]

INTERPRETED = True  # a tensor says whether the optimizer takes a step

gradient_accumulation_op = ops.MultitypeFuncGraph("gradient_accumulation_op")
gradient_clear_op = ops.MultitypeFuncGraph("gradient_clear_op")


@gradient_accumulation_op.register("Number", "Tensor", "Tensor")
def _add_part(steps, total, gradient):
    """Add a batch's part of the mean gradient to what is summed."""
    return ops.assign_add(total, gradient / steps)


@gradient_clear_op.register("Tensor")
def _clear(total):
    """Begin a new sum."""
    return ops.assign(total, ops.zeros_like(total))


class GradientAccumulation(Cell):
    """Sums gradients; every `max_accumulation_step` calls the optimizer takes one step with their mean.

    Args:
        max_accumulation_step: how many batches make a step, at least 1.
        optimizer: an `nn.Optimizer`.

    Inputs:
        loss: a tensor, which is returned.
        grads: the gradients of the optimizer's parameters, a tuple.

    Raises:
        TypeError, ValueError: max_accumulation_step is no int of at least 1.
    """

    def __init__(self, max_accumulation_step, optimizer):
        super().__init__()
        self._max_accumulation_step = positive_int("GradientAccumulation", "max_accumulation_step",
                                                   max_accumulation_step)
        self.optimizer = optimizer
        self.weights = optimizer.parameters
        self.hyper_map = ops.HyperMap()
        self._grad_accumulation = self.weights.clone(prefix="grad_accumulation", init="zeros")
        self._accumulation_step = Parameter(Tensor(0, int32), name="accumulation_step", requires_grad=False)

    def construct(self, loss, grads):
        summed = self.hyper_map(ops.partial(gradient_accumulation_op, self._max_accumulation_step),
                                self._grad_accumulation, grads)
        loss = ops.depend(loss, summed)
        self._accumulation_step += 1
        if self._accumulation_step >= self._max_accumulation_step:
            loss = ops.depend(loss, self.optimizer(self._grad_accumulation))
            loss = ops.depend(loss, self.hyper_map(gradient_clear_op, self._grad_accumulation))
            self._accumulation_step = 0
        return loss
