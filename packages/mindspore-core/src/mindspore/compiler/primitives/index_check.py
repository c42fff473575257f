"""Indices out of range, as a value of the program.

No operator raises an exception by itself, so that passes may move operators out of branches and loops. What an operator
with index tensors finds wrong is a number instead: 0, or the *fault* of the first check that failed, which says which
check that was and which index it saw. Faults are handed on from check to check as tokens are (`effects`), through
branches, loops, gradients and lanes. Whoever runs the program looks at the last one.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int64
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.ir.builder import Builder, rewrite
from mindspore.compiler.ir.graph import Graph, Node
from mindspore.compiler.primitives.base import Primitive, Sample, register

FAULT = tensor_aval((), int64)
_BITS = 40  # of a fault are those of the index; the number of the check stands above
_LARGEST = 2**(_BITS - 1) - 1


def taken_apart(fault: int) -> tuple[int, int]:
    """The number of the check that failed, and the index that it saw (the nearest one that 40 bits hold)."""
    return fault >> _BITS, (fault & (2**_BITS - 1)) - 2**(_BITS - 1)


@register
class IndexCheck(Primitive):
    """The fault after a check whether all `indices` lie in [low, high): `fault` where it is one, else 0 or that of
    check `number`, a positive int, with the largest index if that is too large and the smallest one if not.

    Operands: fault, int64[]; integers of any shape. Gradient: none."""

    name = "index_check"
    attrs = ("low", "high", "number")
    differentiable = False

    def infer(self, fault, indices, *, low, high, number):
        if fault.dtype is not int64:
            raise TypeError(f"index_check: the fault is {fault}, expected {FAULT}")
        if not indices.dtype.is_integer:
            raise TypeError(f"index_check: the indices are {indices.dtype}, expected an integer dtype")
        return FAULT

    def reference(self, fault, indices, *, low, high, number):
        if fault or not indices.size:
            return fault
        least, largest = int(indices.min()), int(indices.max())
        if low <= least and largest < high:
            return fault
        index = max(min(largest if largest >= high else least, _LARGEST), -_LARGEST)
        return np.int64((number << _BITS) + index + 2**(_BITS - 1))

    def lower(self, b, fault, indices, *, low, high, number):
        if not indices.aval.size:
            return fault
        return _after(b, fault, indices, tuple(range(indices.aval.ndim)), low, high, number)

    def vmap(self, b, lanes, batched, fault, indices, *, low, high, number):
        """Each lane has a fault of its own, so that a decision keeps that of the lanes that take it."""
        if not indices.aval.size:
            return fault
        return _after(b, fault, indices, tuple(range(1 if batched[1] else 0, indices.aval.ndim)), low, high, number)

    def samples(self):
        places, attrs = np.array([[0, 2], [-3, 1]], np.int32), {"low": -3, "high": 3, "number": 2}
        none = np.int64(0)
        return [Sample((none, places), attrs, exact_dtypes=True),
                Sample((none, places + 1), attrs, exact_dtypes=True),
                Sample((none, places - 1), attrs, exact_dtypes=True),
                Sample((np.int64(7 << _BITS), places + 1), attrs, exact_dtypes=True),
                Sample((none, np.array(5, np.uint8)), {"low": 0, "high": 5, "number": 1}, exact_dtypes=True),
                Sample((none, np.array([2**60, 1])), attrs, exact_dtypes=True),
                Sample((none, np.zeros((0, 2), np.int64)), attrs, exact_dtypes=True),
                Sample((np.int32(0), places), attrs, error=TypeError, exact_dtypes=True),
                Sample((none, np.array([1.0])), attrs, error=TypeError, exact_dtypes=True)]


def without_checks(graph: Graph, place: int, output: int) -> Graph:
    """The same computation without checks. place, output: the positions of the parameter and of the output that are
    faults, which the graph no longer has."""
    unchecked = _passed_by(graph)
    b = Builder(graph.name)
    args = [b.constant(0, int64) if k == place else b.parameter(param.aval) for k, param in enumerate(unchecked.params)]
    outputs = b.inline(unchecked, args)
    return b.finish(outputs[:output] + outputs[output + 1:])


def _passed_by(graph: Graph) -> Graph:
    """The graph in which faults pass every check by."""
    found = graph.memo.get("unchecked")
    if found is None:
        def silent(b: Builder, node: Node, ins: tuple) -> Node:
            attrs = tuple([_passed_by(v) if isinstance(v, Graph) else v for v in node.attrs])
            return ins[0] if node.op.name == "index_check" else b.emit(node.op, ins, attrs)

        found = graph.memo["unchecked"] = rewrite(graph, silent)
    return found


def _after(b, fault, indices, axes: tuple, low, high, number: int):
    """The fault after a check; the axes are those that belong to one fault."""
    wide = b.cast(indices, dtype=int64)
    largest, least = (op(wide, axis=axes, keepdims=False) if axes else wide for op in (b.max, b.min))
    over = b.ge(largest, high)
    index = b.minimum(b.maximum(b.select(over, largest, least), -_LARGEST), _LARGEST)
    wrong = b.logical_or(over, b.lt(least, low))
    found = b.select(wrong, b.add(index, (number << _BITS) + 2**(_BITS - 1)), b.full(index.shape, 0, int64))
    if fault.shape != found.shape:
        shape = fault.shape or found.shape
        fault, found = (x if x.shape == shape else b.broadcast_to(x, shape=shape) for x in (fault, found))
    return b.select(b.ne(fault, 0), fault, found)
