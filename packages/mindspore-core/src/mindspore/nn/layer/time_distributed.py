"""A layer applied at each step of a sequence."""
from __future__ import annotations

from mindspore import ops
from mindspore.nn._check import is_int
from mindspore.nn.cell import Cell

__all__ = ["TimeDistributed"]


class TimeDistributed(Cell):
    """A layer applied to each place of one axis, as if the others were all there is.

    Args:
        layer: a Cell or an operator of one tensor. time_axis: the axis of the steps.
        reshape_with_axis: the axis (of the whole input, usually that of the batch) that takes up the steps, so that
            the layer is called once; by default it is called for each step.

    Shapes: (..., T, ...) -> the layer's results, with T in the same place.

    Raises:
        TypeError, ValueError: arguments of wrong types; ValueError at a call where the axes do not exist or are one.
    """

    def __init__(self, layer, time_axis, reshape_with_axis=None):
        super().__init__()
        if not callable(layer):
            raise TypeError(f"For 'TimeDistributed', the 'layer' must be a Cell or an operator, but got {layer!r}.")
        for name, axis in (("time_axis", time_axis), ("reshape_with_axis", reshape_with_axis)):
            if not is_int(axis) and not (axis is None and name == "reshape_with_axis"):
                raise TypeError(f"For 'TimeDistributed', the '{name}' must be an int, but got {axis!r}.")
        self.layer, self.time_axis, self.reshape_with_axis = layer, time_axis, reshape_with_axis

    def construct(self, inputs):
        """The layer's results for all steps."""
        rank, time, other = inputs.ndim, self.time_axis, self.reshape_with_axis
        if not -rank <= time < rank or (other is not None and not -rank <= other < rank) or \
                (other is not None and time % rank == other % rank):
            raise ValueError(f"For 'TimeDistributed', 'time_axis' ({time}) and 'reshape_with_axis' ({other}) must be "
                             f"different axes of the input, which has shape {inputs.shape}.")
        time = time % rank
        if other is None:
            return ops.stack([self.layer(step) for step in ops.unbind(inputs, time)], time)
        other = other % rank - (other % rank > time)  # its place among the axes of a step
        moved = ops.movedim(inputs, time, other)
        steps, size = moved.shape[other:other + 2]
        joined = ops.reshape(moved, (*moved.shape[:other], steps * size, *moved.shape[other + 2:]))
        found = self.layer(joined)
        parts = ops.reshape(found, (*found.shape[:other], steps, size, *found.shape[other + 1:]))
        return ops.movedim(parts, other, time)
