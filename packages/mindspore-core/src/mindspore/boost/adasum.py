"""AdaSum among groups of devices; of one group it is the step that the optimizer has taken."""
from __future__ import annotations

from mindspore.nn._check import positive_int
from mindspore.nn.cell import Cell
from mindspore.runtime.parallel_settings import ParallelPackageMissingError
from mindspore.runtime.record import assign

__all__ = ["AdaSum"]


class AdaSum(Cell):
    """Parameters changed by the joined changes of all groups (Maleki et al., 2020). Of one group these are its own.

    Args:
        rank: the process. device_number: devices of a group. group_number: groups. parameter_tuple: the parameters.

    Inputs:
        delta_weights: old - new values of the parameters, a tuple. parameters: these, which are assigned.
        old_parameters: tensors with the old values.

    Outputs: the parameters' values, a tuple.

    Raises:
        ParallelPackageMissingError: there are several groups.
    """

    def __init__(self, rank, device_number, group_number, parameter_tuple):
        super().__init__(auto_prefix=False)
        if positive_int("AdaSum", "group_number", group_number) > 1:
            raise ParallelPackageMissingError("AdaSum with several groups")
        self.rank, self.device_number, self.group_number = rank, device_number, group_number
        self.parameter_tuple = parameter_tuple

    def construct(self, delta_weights, parameters, old_parameters):
        """The parameters' new values."""
        for delta, parameter, old in zip(delta_weights, parameters, old_parameters):
            assign(parameter, old - delta)
        return tuple([parameter + 0 for parameter in parameters])
