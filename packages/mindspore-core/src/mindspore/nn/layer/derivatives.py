"""Derivatives of a network as layers."""
from __future__ import annotations

from mindspore.gradient import vjp
from mindspore.nn.cell import Cell
from mindspore.transforms import jvp

__all__ = ["Jvp", "Vjp"]


class _OfFunction(Cell):
    def __init__(self, fn):
        super().__init__()
        if not callable(fn):
            raise TypeError(f"For '{type(self).__name__}', the 'fn' must be a function or a Cell, but got "
                            f"{type(fn).__name__}.")
        self.fn = fn

    def _taken_apart(self, args):
        if len(args) < 2:
            raise TypeError(f"For '{type(self).__name__}', inputs and, last, the vector are expected, but got "
                            f"{len(args)} arguments.")
        return args[:-1], args[-1]


class Jvp(_OfFunction):
    """The outputs of a function and their derivative along a vector: the Jacobian times `v`.

    Args:
        fn: a Cell or function of tensors.

    Called with the inputs and, last, `v`: a tensor in the shape of the input, or a tuple with one for each input.
    """

    def construct(self, *args):
        """(outputs, their derivatives)."""
        inputs, v = self._taken_apart(args)
        return jvp(self.fn, inputs if len(inputs) > 1 else inputs[0], v if len(inputs) > 1 or not isinstance(
            v, tuple) else v[0])


class Vjp(_OfFunction):
    """The outputs of a function and the gradient of their product with a vector: `v` times the Jacobian.

    Args:
        fn: a Cell or function of tensors.

    Called with the inputs and, last, `v`: a tensor in the shape of the output, or a tuple with one for each output.
    """

    def construct(self, *args):
        """(outputs, the gradient by the input, or a tuple with those by all inputs)."""
        inputs, v = self._taken_apart(args)
        outputs, pull = vjp(self.fn, *inputs)
        grads = pull(*v) if isinstance(v, tuple) else pull(v)
        return outputs, grads[0] if len(inputs) == 1 else grads
