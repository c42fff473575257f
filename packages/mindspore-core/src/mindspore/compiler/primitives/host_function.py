"""A function of the user's that computes arrays on the host, as an operation of a graph.

It is called for its results: where nobody needs these, it is not called, and its place among printing and raising is
not kept. It is not differentiated; a derivative is given around it (`custom_vjp`).
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mindspore.common.dtype import float32
from mindspore.compiler.ir.aval import TensorAval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.effects import Action


class Computation(Action):
    """A function from arrays to one array or several, known by its identity. What it is given it must not keep or
    change."""

    def __init__(self, function: Callable, name: str):
        super().__init__(name, function, True, function)

    def arrays(self, given: Sequence[np.ndarray], results: tuple[TensorAval, ...]) -> tuple[np.ndarray, ...]:
        """The results for these arrays.

        Raises:
            TypeError, ValueError: they are not as many as, or differ in shape or dtype from, what was said before.
        """
        found = self.run(*given)
        found = tuple(found) if isinstance(found, (tuple, list)) else (found,)
        if len(found) != len(results):
            raise ValueError(f"{self.text}: the function returned {len(found)} results, expected {len(results)}")
        arrays = tuple(np.asarray(value) for value in found)
        for place, (array, aval) in enumerate(zip(arrays, results)):
            if array.dtype != aval.dtype.np:
                raise TypeError(f"{self.text}: result {place} of the function is {array.dtype}, expected {aval.dtype}; "
                                f"cast it there")
            if array.shape != aval.shape:
                raise ValueError(f"{self.text}: result {place} of the function has shape {array.shape}, expected "
                                 f"{aval.shape}")
        return arrays


@register
class HostFunction(Primitive):
    """The results of `action`, a `Computation`, for the operands' values; `results` are their types.

    Operands: tensors of any shape and dtype. Gradient: none.
    """

    name = "host_function"
    attrs = ("action", "results")
    differentiable = False
    hosted = True
    effect = True

    def infer(self, *values, action, results):
        for value in values:
            if not isinstance(value, TensorAval):
                raise TypeError(f"host_function: an operand is {value}, expected tensors")
        for result in results:
            if not isinstance(result, TensorAval):
                raise TypeError(f"host_function: a result is said to be {result!r}, expected a tensor's aval")
        return tuple_aval(results)

    def reference(self, *arrays, action, results):
        return action.arrays(arrays, results)

    def vmap(self, b, lanes, batched, *values, action, results):
        """Lane after lane."""
        order = sorted(range(len(values)), key=lambda k: not batched[k])
        trip = Builder("each_lane")
        given: list = [None] * len(values)
        for k in order:
            aval = values[k].aval
            given[k] = trip.parameter(tensor_aval(aval.shape[1:], aval.dtype) if batched[k] else aval)
        body = trip.finish(trip.items(trip.host_function(*given, action=action, results=results)))
        return tuple(b.items(b.scan(*[values[k] for k in order], body=body, length=lanes.size, carried=0,
                                    sliced=sum(batched))))

    def samples(self):
        x, result = np.linspace(-1.0, 1.0, 4, dtype=np.float32), (tensor_aval((4,), float32),)
        return [Sample((x,), {"action": _HALVED, "results": result}, exact_dtypes=True, grad=False),
                Sample((x, x), {"action": _MIXED, "results": result * 2}, exact_dtypes=True, grad=False),
                Sample((x,), {"action": _HALVED, "results": (float32,)}, error=TypeError)]


_HALVED = Computation(lambda x: x / np.float32(2), "halved")
_MIXED = Computation(lambda x, y: (x + y, x * y), "mixed")
