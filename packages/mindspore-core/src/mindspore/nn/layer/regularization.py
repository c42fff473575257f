"""Limits and penalties for the sizes of tensors."""
from __future__ import annotations

from mindspore import ops
from mindspore.nn._check import positive_float
from mindspore.nn.cell import Cell

__all__ = ["ClipByNorm", "L1Regularizer"]


class ClipByNorm(Cell):
    """x scaled so that its norm over some axes is at most `clip_norm`.

    Args:
        axis: an int or a tuple of ints; None for all axes.

    Raises:
        TypeError: axis is neither.
    """

    def __init__(self, axis=None):
        super().__init__()
        given = axis if isinstance(axis, tuple) else (axis,)
        if axis is not None and not all(isinstance(a, int) and not isinstance(a, bool) for a in given):
            raise TypeError(f"For 'ClipByNorm', the 'axis' must be an int or a tuple of ints, but got {axis!r}.")
        self.axis = axis

    def construct(self, x, clip_norm):
        """The scaled tensor, for a number or a tensor that broadcasts."""
        total = ops.sum(ops.square(x), self.axis, True)
        some = total > 0  # the root has no derivative at 0, where nothing is scaled
        norm = ops.where(some, ops.sqrt(ops.where(some, total, ops.ones_like(total))), ops.zeros_like(total))
        return x * clip_norm / ops.maximum(norm, clip_norm)


class L1Regularizer(Cell):
    """scale times the sum of the absolute values.

    Args:
        scale: a positive number.

    Raises:
        TypeError, ValueError: scale is not.
    """

    def __init__(self, scale):
        super().__init__()
        self.scale = positive_float("L1Regularizer", "scale", scale)

    def construct(self, weights):
        """The penalty."""
        return self.scale * ops.sum(ops.abs(weights))
