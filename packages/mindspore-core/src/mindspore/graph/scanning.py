"""Loops with a known number of trips, compiled as one `scan`; and what `for` asks of the things that it goes over."""
from __future__ import annotations

import operator
from typing import Any

from mindspore.common.dtype import DType, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.trip_numbers import TripNumber, TripValueNeeded
from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.compiler.ir.dims import Dim
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.graph import tree
from mindspore.graph.carrying import leaves_of
from mindspore.graph.join_values import NOTHING
from mindspore.graph.numbers import noted
from mindspore.graph.regions import assign_written, constant, node_in
from mindspore.graph.repeated import results_of
from mindspore.graph.trace import Traced, current_trace
from mindspore.graph.trips import Trips
from mindspore.graph.widening import conformed
from mindspore.runtime.record import apply, wrap

__all__ = ["can_be_carried", "count_between", "has_rows", "is_recording", "last_of", "outputs_of", "scan", "smallest",
           "whole_number"]

_CONSTANTS = (bool, int, float, complex, str, bytes, DType)


def has_rows(value: Any) -> bool:
    """Whether the value is a tensor that can be gone over."""
    return isinstance(value, Tensor) and value.ndim > 0


def whole_number(value: Any) -> Any:
    """A bound of a range: an int, or an Int64 tensor without dimensions. TypeError for other values."""
    if isinstance(value, Tensor) and value.size == 1 and value.dtype.kind in "iu":
        value = value if value.shape == () else value.reshape(())
        return value if value.dtype is int64 else apply(PRIMITIVES["cast"], (value,), (int64,))
    if isinstance(value, Tensor) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{describe(value)} cannot be interpreted as an integer")
    return value if type(value) is Dim else operator.index(value)


def count_between(start: Any, stop: Any, step: Any) -> Tensor:
    """How many numbers a range has; negative counts stand for none."""
    return stop - start if type(step) is int and step == 1 else -((start - stop) // step)


def smallest(counts: list) -> Any:
    """The smallest of some numbers and tensors."""
    tensors = [count for count in counts if isinstance(count, Tensor)]
    numbers = [count for count in counts if not isinstance(count, Tensor)]
    if not tensors:
        return min(numbers)
    least = tensors[0]
    for other in [*tensors[1:], *[constant(n) for n in ([min(numbers)] if numbers else [])]]:
        least = apply(PRIMITIVES["minimum"], (least, other))
    return least


def scan(trips: Trips, starts: list, ends: list, written: dict, outputs: list) -> tuple[list, list]:
    """Emit a loop with a known number of trips into the present trace: the carried values at its end, and one tensor
    for each output, with a slice for each trip.

    starts, ends, written: as in `repeat`. outputs: tensors of the trip.
    """
    outer, trace = current_trace(), trips.trace
    tensors: list = []
    spec = tree.flatten(starts, tensors)
    ends = conformed(starts, ends, trace)
    nodes = [node_in(trace, value, tensor._value.aval) for value, tensor in zip(leaves_of(starts, ends), tensors)]
    nodes += [trace.node_of(t) for t in (*written.values(), *outputs)]
    first = [outer.node_of(t) for t in (*tensors, *written.values())]
    body, tables, lifted = _closed_trip(trips, nodes)
    b = outer.builder
    results = results_of(outer, b.scan(*first, *[outer.node_of(t) for t in (*tables, *lifted)], body=body,
                                       length=trips.length, carried=len(first), sliced=len(tables)))
    found = [wrap(Traced(outer, n)) for n in results]
    last = list(leaves_of(starts, ends))
    outer.aliases.check_loop(trace, tensors, last, found, entered=True)
    for result, start, end in zip(found, tensors, last):
        noted(result, *[each for each in (start, end) if each is not NOTHING])
    assign_written(outer, written, results[len(tensors):])
    return tree.rebuild(spec, iter(found)), found[len(first):]


def _closed_trip(trips: Trips, nodes: list[Node]) -> tuple[Graph, list, list]:
    """The graph of a trip: carried values, slices, lifted tensors; with the tables of the slices and these tensors."""
    trace = trips.trace
    graph = trace.builder.finish(nodes)
    read = {operand.idx for node in graph.nodes for operand in node.ins} | {node.idx for node in graph.outputs}
    tables = {place: table for table, place in trips.slices}
    others = [p for k, p in enumerate(graph.params) if k >= trace.explicit and k not in tables]
    lifted = dict(zip([p.attrs[0] for p in others], trace.lifted))
    b = Builder(trace.builder.name)
    params = {k: b.parameter(p.aval) for k, p in enumerate(graph.params[:trace.explicit])}
    kept: list[list] = []
    for group in (tables, lifted):
        places = [k for k in group if graph.params[k].idx in read]
        params.update({k: b.parameter(graph.params[k].aval) for k in places})
        kept.append([group[k] for k in places])
    unused = next(iter(params.values()), None) or b.constant(0)
    args = [params.get(k, unused) for k in range(len(graph.params))]
    return b.finish(b.inline(graph, args)), kept[0], kept[1]


def is_recording(trips: Trips) -> bool:
    """Whether what is recorded now belongs to each trip: not to a branch or a loop within it."""
    return current_trace() is trips.trace


def can_be_carried(start: Any, after: Any) -> bool:
    """Whether a variable keeps its type in a trip: the same containers of tensors of the same shapes and dtypes, and
    equal values besides."""
    if isinstance(start, Tensor):
        return isinstance(after, Tensor) and start._value.aval is after._value.aval
    if type(start) is not type(after):
        return False
    if isinstance(start, tuple | list):
        return len(start) == len(after) and all(map(can_be_carried, start, after))
    if isinstance(start, dict):
        return list(start) == list(after) and all(can_be_carried(start[k], after[k]) for k in start)
    return start is after or (isinstance(start, _CONSTANTS) and repr(start) == repr(after))


def last_of(value: Any) -> Any:
    """The value of a variable in the last trip. TripValueNeeded for objects that may hold tensors unseen."""
    if type(value) is TripNumber:
        return value.values[-1]
    if type(value) in (list, tuple) or hasattr(value, "_fields"):
        return tree.tuple_maker(type(value))([last_of(v) for v in value]) if isinstance(value, tuple) else [
            last_of(v) for v in value]
    if type(value) is dict:
        return {key: last_of(v) for key, v in value.items()}
    if isinstance(value, Tensor | _CONSTANTS) or value is None:
        return value
    raise TripValueNeeded(f"an object of type {type(value).__name__} that a trip leaves behind")


def outputs_of(trips: Trips, value: Any, outputs: list) -> Any:
    """What each trip appends to a list: a function from (number of the trip, stacked outputs) to the value. Tensors
    that differ from trip to trip are added to `outputs`."""
    if type(value) is TripNumber:
        return lambda k, stacked: value.values[k]
    if isinstance(value, Tensor):
        if trips.is_constant(value):
            return lambda k, stacked: value
        place = len(outputs)
        outputs.append(value)
        return lambda k, stacked: _row_of(stacked[place], k)
    if isinstance(value, tuple):
        parts = [outputs_of(trips, part, outputs) for part in value]
        make = tree.tuple_maker(type(value))
        return lambda k, stacked: make([part(k, stacked) for part in parts])
    if isinstance(value, _CONSTANTS) or value is None:
        return lambda k, stacked: value
    raise TripValueNeeded(f"an object of type {type(value).__name__} that each trip appends to a list")


def _row_of(table: Tensor, k: int) -> Tensor:
    shape = table.shape
    ends = ((k, *[0] * (len(shape) - 1)), (k + 1, *shape[1:]), (1,) * len(shape))
    return apply(PRIMITIVES["reshape"], (apply(PRIMITIVES["slice"], (table,), ends),), (shape[1:],))
