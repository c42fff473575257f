"""Gradients averaged over the processes that train together."""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.communication import collectives
from mindspore.communication.groups import HCCL_WORLD_COMM_GROUP, get_group_size
from mindspore.nn.cell import Cell
from mindspore.runtime.parallel_settings import get_auto_parallel_context

__all__ = ["DistributedGradReducer"]


class DistributedGradReducer(Cell):
    """Sums gradients over the processes of a group and divides them by their number.

    Args:
        parameters: those whose gradients will come.
        mean: whether to divide; None: as the setting `gradients_mean` says.
        degree: what to divide by; None: the number of processes.
        fusion_type: taken and not used: how many gradients travel together is the communicator's choice.
        group: the group's name.

    Inputs:
        grads: a tuple of tensors, one for each parameter. The result is like it.

    Raises:
        ValueError: degree is no int of at least 1, or there is no such group.
    """

    def __init__(self, parameters, mean=None, degree=None, fusion_type=1, group=HCCL_WORLD_COMM_GROUP):
        super().__init__(auto_prefix=False)
        size = get_group_size(group)
        if degree is not None and (not isinstance(degree, int) or isinstance(degree, bool) or degree < 1):
            raise ValueError(f"DistributedGradReducer: degree must be an int of at least 1, but got {degree!r}")
        self.degree, self.group = size if degree is None else degree, group
        self.mean = bool(get_auto_parallel_context("gradients_mean") if mean is None else mean)
        self.fusion_type = fusion_type

    def construct(self, grads):
        return tuple([self._reduced(grad) for grad in grads])

    def _reduced(self, grad: Tensor) -> Tensor:
        total = collectives.reduced("DistributedGradReducer", grad, "sum", self.group)
        return total / self.degree if self.mean and self.degree != 1 else total
