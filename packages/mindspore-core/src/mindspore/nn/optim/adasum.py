"""AdaSum: gradients of several processes joined so that what they agree in is averaged and what they do not is summed.

Of one process the joined gradient is its own. Source: Maleki et al., "Scaling Distributed Training with Adaptive
Summation", 2020.
"""
from __future__ import annotations

from mindspore.communication.groups import get_group_size
from mindspore.nn.cell import Cell
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.runtime.parallel_settings import ParallelPackageMissingError

__all__ = ["AdaSumByDeltaWeightWrapCell", "AdaSumByGradWrapCell"]


class _AdaSum(Cell):
    """An optimizer that gets gradients joined by AdaSum.

    Args:
        optimizer: an `nn.Optimizer`.

    Inputs:
        grads: the gradients of the optimizer's parameters, a tuple.

    Raises:
        TypeError: it is no Optimizer. ParallelPackageMissingError: there are several processes.
    """

    def __init__(self, optimizer):
        super().__init__(auto_prefix=False)
        name = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"For '{name}', the 'optimizer' must be an Optimizer, but got {type(optimizer).__name__}.")
        if get_group_size() > 1:
            raise ParallelPackageMissingError(name)
        self.optimizer = optimizer
        self.parameters = optimizer.parameters

    def construct(self, grads):
        return self.optimizer(grads)


class AdaSumByGradWrapCell(_AdaSum):
    """AdaSum of the gradients, which the optimizer then gets.

    Args:
        optimizer: an `nn.Optimizer`.
    """


class AdaSumByDeltaWeightWrapCell(_AdaSum):
    """AdaSum of the changes of the parameters, which the optimizer of each process makes by itself.

    Args:
        optimizer: an `nn.Optimizer`.
    """
