"""Slices between tensors: how far their bounds are apart, where that follows from how they were computed.

`x[i:i + 4]` has four elements, whatever `i` is. Both bounds are sums of one value and numbers that are known; this is
seen in the nodes that computed them, through casts, reshapes, and the parameters by which a region reads a tensor of
the trace around it.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.common.tensor_indexing import Window
from mindspore.compiler.ir import Node
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.graph.trace import GraphTrace, Traced, current_trace
from mindspore.runtime.record import apply

__all__ = ["distance", "is_known", "resolved", "window"]

_Sum = tuple[Any, int]


def distance(start: Any, stop: Any) -> int | None:
    """`stop - start` of two ints or integer tensors, if it is known; else None."""
    first, last = _sum_of(start), _sum_of(stop)
    if first is None or last is None or first[0] != last[0]:
        return None
    return last[1] - first[1]


def is_known(value: Any) -> bool:
    """Whether a traced tensor is a constant of the graph."""
    return type(getattr(value, "_value", None)) is Traced and value._value.node.op.name == "constant"


def resolved(start: Tensor, stop: Tensor, step: int, size: int) -> tuple[Tensor, Tensor]:
    """Where a slice of `size` elements starts, and how many elements it has, as Python counts them."""
    from mindspore import ops
    low, high = (0, size) if step > 0 else (-1, size - 1)
    first, last = [ops.clamp(ops.where(bound < 0, bound + size, bound), low, high) for bound in (start, stop)]
    return first, ops.maximum((last - first + (step - (1 if step > 0 else -1))) // step, 0)


def window(start: Tensor, count: int, step: int) -> Window:
    """A slice of a known number of elements that starts at a tensor."""
    start = start.reshape(()) if start.shape else start
    return Window(start if start.dtype is int64 else apply(PRIMITIVES["cast"], (start,), (int64,)), count, step)


def _sum_of(value: Any) -> _Sum | None:
    """A value as (what is not known, the number that is added to it)."""
    if type(value) is int:
        return None, value
    if not isinstance(value, Tensor) or value.size != 1 or value.dtype.kind not in "iu":
        return None
    inner = value._value
    if type(inner) is not Traced:
        return ("tensor", id(value)), 0
    trace = current_trace()
    assert trace is not None
    return _follow(trace, trace.node_of(value))


def _follow(trace: GraphTrace, node: Node) -> _Sum:
    added = 0
    while True:
        name = node.op.name
        if name == "constant" and node.attrs[0].array.size == 1:
            return None, added + int(node.attrs[0].array)
        if name in ("cast", "reshape") and node.ins[0].dtype.kind in "iu":
            node = node.ins[0]
        elif name in ("add", "sub") and _number(node.ins[1]) is not None:
            added += _number(node.ins[1]) * (1 if name == "add" else -1)
            node = node.ins[0]
        elif name == "add" and _number(node.ins[0]) is not None:
            added += _number(node.ins[0])
            node = node.ins[1]
        else:
            around = _around(trace, node) if name == "parameter" else None
            if around is None:
                return (id(trace), node.idx), added
            trace, node = around


def _number(node: Node) -> Any:
    return int(node.attrs[0].array) if node.op.name == "constant" and node.attrs[0].array.size == 1 else None


def _around(trace: GraphTrace, node: Node) -> tuple[GraphTrace, Node] | None:
    """Where a parameter's value was computed, in a trace around."""
    position = node.attrs[0] - trace.explicit
    if position < 0:
        return None
    tensor, at = trace.lifted[position], trace.parent
    while at is not None:
        if id(tensor) in at.nodes:
            return at, at.nodes[id(tensor)]
        if type(tensor._value) is Traced and tensor._value.trace is at:
            return at, tensor._value.node
        at = at.parent
    return None
