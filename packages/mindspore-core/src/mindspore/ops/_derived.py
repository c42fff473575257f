"""A function with a derivative of its own."""
from __future__ import annotations

from collections.abc import Callable

from mindspore.nn._call import call
from mindspore.nn.cell import Cell

__all__ = ["Derived"]


class Derived(Cell):
    """A function of tensors, differentiated by another one.

    Args:
        forward: the function. backward: from the operands, the results and the results' gradients to a tuple with a
            gradient for each operand.
    """

    def __init__(self, forward: Callable, backward: Callable):
        super().__init__(auto_prefix=False)
        self.forward, self.backward = forward, backward

    def construct(self, *operands):
        """The results."""
        return call(self.forward, *operands)

    def bprop(self, *operands):
        """The gradients, from the operands, the results and their gradients."""
        return call(self.backward, *operands)
