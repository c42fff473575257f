"""Control flow on traced tensors: what the interpreter's branches and trips become in the graph.

The interpreter runs each side of a decision in a trace of its own (`regions`), which lifts what it reads from the trace
around it. `choose` makes one `cond` of two such traces; more than two sides are a chain of these. What the sides leave
in the program's variables is joined by `joins.py`. `repeat` makes one `while_` of the traces of a condition and a body.
"""
from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from mindspore.common.dtype import DType, bool_, int32, int64
from mindspore.common.tensor import RowIterator, Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.journal import Contents
from mindspore.compiler.frontend.trip_numbers import TripNumber, TripValueNeeded
from mindspore.compiler.frontend.variants import Tag, Variant
from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.graph import joins, tree
from mindspore.graph.joins import NOTHING, Joiner, Mismatch, mismatch
from mindspore.graph.joins import NUMBERS as _NUMBERS
from mindspore.graph.structure import structure
from mindspore.graph.trace import GraphTrace, Traced, current_trace, tracing
from mindspore.graph.trips import Trips, getitem, rows, setitem, varies
from mindspore.graph.widening import conformed, holds_variant, widened
from mindspore.runtime.record import apply, wrap

__all__ = [
    "Joiner", "Mismatch", "NOTHING", "RowIterator", "Trips", "alike", "blank", "can_be_carried", "carried",
    "carry_written", "choose", "code_is", "constant", "count_between", "current", "current_trace", "either",
    "extreme", "getitem", "goes_on", "has", "has_rows", "holds_variant", "identity", "is_one_of", "is_recording",
    "item", "items_of", "last_of", "local_to", "negate", "number", "outputs_of", "parameters", "place_of",
    "predicate", "recorded", "recording", "region", "regions", "renumbered", "repeat", "rows", "scan", "select",
    "setitem", "settled", "size", "smallest", "structure", "varies", "where", "whole_number", "writes",
]

_CONSTANTS = (bool, int, float, complex, str, bytes, DType)


def predicate(value: Any) -> Tensor:
    """A tensor of one element, or a number that differs from trip to trip, as a bool without dimensions. Mismatch for
    other tensors."""
    if type(value) is TripNumber:
        value.trips.split_at(value.values)
        return value.tensor(bool_)
    if value.size != 1:
        raise Mismatch(f"{describe(value)} has {value.size} elements, and only one element has a truth")
    trace = current_trace()
    b, node = trace.builder, trace.node_of(value)
    node = b.reshape(node, shape=()) if node.shape != () else node
    return wrap(Traced(trace, node if node.dtype is bool_ else b.ne(node, 0)))


def negate(value: Tensor) -> Tensor:
    """`not` of a predicate."""
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.logical_not(trace.node_of(value))))


def either(a: Tensor, b: Tensor) -> Tensor:
    """`or` of two predicates."""
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.logical_or(trace.node_of(a), trace.node_of(b))))


def has(container: Tensor, item: Any) -> Tensor:
    """`item in container` of a tensor: whether some element equals it."""
    return predicate((container == item).any())


def where(pred: Tensor, a: Any, b: Any) -> Tensor | None:
    """`a` where the predicate holds, else `b`; None if they are no numbers and tensors that have a common aval."""
    aval = joins.common_aval([a, b])
    if aval is None:
        return None
    trace = current_trace()
    test = trace.node_of(predicate(pred))
    if aval.shape:
        test = trace.builder.broadcast_to(trace.builder.reshape(test, shape=(1,) * aval.ndim), shape=aval.shape)
    return wrap(Traced(trace, trace.builder.select(test, node_in(trace, a, aval), node_in(trace, b, aval))))


def items_of(value: Tensor) -> list:
    """The items that iterating over a tensor gives."""
    return list(value)


def extreme(value: Tensor, name: str) -> Tensor:
    """The first of the largest or smallest elements of a vector: `name` is 'max' or 'min'."""
    from mindspore import ops
    return value[ops.argmax(value) if name == "max" else ops.argmin(value)]


def number(value: Tensor, kind: type) -> Tensor:
    """`int(value)` or `float(value)` of a tensor of one element, without dimensions: floats keep their dtype. It has no
    derivative, as Python's numbers have none."""
    if value.size != 1:
        raise TypeError(f"only a tensor of one element is a number, got shape {value.shape}")
    value = apply(PRIMITIVES["stop_gradient"], (value.reshape(()),))
    if kind is float:
        return value if value.dtype.kind == "f" else value.astype(_NUMBERS[float])
    if value.dtype.kind == "f":
        from mindspore import ops
        value = ops.trunc(value)
    return value.astype(_NUMBERS[int])


def item(items: list, number: Tensor) -> Tensor | None:
    """items[number], if they are numbers and tensors of one aval; None if there is no such tensor."""
    aval = joins.common_aval(items)
    if aval is None:
        return None
    from mindspore import ops
    trace = current_trace()
    return ops.stack([wrap(Traced(trace, node_in(trace, each, aval))) for each in items])[number]


def place_of(key: Tensor, keys: list, by_value: bool) -> tuple[Tensor | None, Tensor | None]:
    """Which of the keys a tensor is, and whether it is one of them: for a sequence they count from 0, and the tensor
    may count from the end."""
    if key.size != 1 or (not by_value and key.dtype.kind not in "iu"):
        raise Mismatch(describe(key))
    trace = current_trace()
    b, node = trace.builder, trace.node_of(key.reshape(()))
    if not by_value:
        number = b.cast(b.select(b.lt(node, 0), b.add(node, len(keys)), node), dtype=int32)
        found = b.logical_and(b.ge(number, 0), b.lt(number, len(keys)))
        return wrap(Traced(trace, number)), wrap(Traced(trace, found)) if keys else None
    usable = [(k, each) for k, each in enumerate(keys) if type(each) in _NUMBERS]
    number, found = b.constant(0, int32), None
    for k, each in usable:
        test = b.eq(node, each)
        number = b.select(test, b.constant(k, int32), number)
        found = test if found is None else b.logical_or(found, test)
    return wrap(Traced(trace, number)), None if found is None else wrap(Traced(trace, found))


def identity(value: Tensor) -> tuple[Any, bool, Tensor | None]:
    """What a predicate is known by: a key, whether it is the negation of what the key stands for, and, if that is a
    bool without dimensions, the tensor of what the key stands for."""
    trace, inner = current_trace(), value._value
    at = trace
    while at is not inner.trace and at is not None and id(value) not in at.written:
        at = at.parent
    node, home = (inner.node, inner.trace) if at is inner.trace or at is None else (at.nodes[id(value)], at)
    inverted = False
    while node.op.name == "logical_not":
        node, inverted = node.ins[0], not inverted
    if node.shape == () and node.dtype is bool_:
        return (home, node.idx), inverted, wrap(Traced(home, node))
    return (home, node.idx, trace), inverted, None


# -- tags --------------------------------------------------------------------------------------------------------------


def is_one_of(tag: Tag, alternatives) -> Node:
    """The predicate that one of the alternatives of a tag holds."""
    trace = current_trace()
    b, node = trace.builder, trace.node_of(tag.tensor)
    if node.dtype is bool_:
        return node if 0 in alternatives else b.logical_not(node)
    found = None
    for k in alternatives:
        test = b.eq(node, k)
        found = test if found is None else b.logical_or(found, test)
    return found


def regions(tag: Tag, groups: list) -> tuple[list[Tensor], list[GraphTrace]]:
    """The traces of the sides of a decision, and the predicates of all but the last: a chain of choices, each in the
    `orelse` trace of the one before."""
    tests, traces = [], []
    outer = current_trace()
    for group in groups[:-1]:
        with tracing(outer):
            tests.append(wrap(Traced(outer, is_one_of(tag, group))))
            traces.append(region("then"))
            outer = region("orelse")
    return tests, [*traces, outer]


def renumbered(tag: Tag | None, alternatives: tuple[int, ...], numbers: tuple[int, ...]) -> Tensor:
    """The int32 tensor that is numbers[k] where alternatives[k] of the tag holds."""
    trace = current_trace()
    b = trace.builder
    node = b.constant(numbers[-1], int32)
    for k, number in zip(alternatives[-2::-1], numbers[-2::-1]):
        node = b.select(is_one_of(tag, (k,)), b.constant(number, int32), node)
    return wrap(Traced(trace, node))


def select(known: dict, value: Variant) -> Tensor:
    """The tensor that a variant of Python numbers and tensors without dimensions stands for, where the alternatives of
    tags are `known` (`Session.known`)."""
    trace = current_trace()
    b = trace.builder
    left = known.get(value.tag, range(value.tag.count))
    aval = joins.common_aval([value.members[k] for k in left])
    if aval is None:
        raise mismatch([value.members[k] for k in left])
    node = node_in(trace, value.members[left[-1]], aval)
    for k in reversed(left[:-1]):
        node = b.select(is_one_of(value.tag, (k,)), node_in(trace, value.members[k], aval), node)
    return wrap(Traced(trace, node))


def local_to(trace: GraphTrace):
    """What says whether a value was computed in a trace, or inside of it."""

    def is_local(value: Any) -> bool:
        if not isinstance(value, Tensor) or type(value._value) is not Traced:
            return False
        at = value._value.trace
        while at is not None and at is not trace:
            at = at.parent
        return at is trace

    return is_local


# -- choices -----------------------------------------------------------------------------------------------------------


def node_in(trace: GraphTrace, value: Any, aval) -> Node:
    """The node of a tensor or Python number in a trace; zeros for a value that does not matter."""
    if value is NOTHING:
        return trace.builder.zeros_like(aval)
    return trace.node_of(value) if isinstance(value, Tensor) else trace.builder.constant(value, aval.dtype)


def choose(pred: Tensor, then: GraphTrace, orelse: GraphTrace, pairs: list) -> list[Tensor]:
    """Emit the choice between two traces into the present one: the tensors for `pairs`. What either branch assigned to
    tensors from outside is assigned."""
    outer = current_trace()
    written = {**then.written, **orelse.written}
    if not pairs and not written:
        return []
    outputs = [[*[node_in(trace, pair[k], pair[2]) for pair in pairs], *[trace.node_of(t) for t in written.values()]]
               for k, trace in enumerate((then, orelse))]
    graphs, lifted = closed([(then, outputs[0]), (orelse, outputs[1])])
    b = outer.builder
    results = b.items(b.cond(outer.node_of(pred), *[outer.node_of(t) for t in lifted], then=graphs[0],
                             orelse=graphs[1]))
    assign_written(outer, written, results[len(pairs):])
    return [wrap(Traced(outer, n)) for n in results[:len(pairs)]]


def repeat(regions: list[GraphTrace], test: Tensor, starts: list, ends: list, written: dict) -> list:
    """Emit a loop into the present trace: the carried values at its end.

    regions: the traces of the condition and the body. starts: the values before the loop, of tensors. ends: those at
    the end of a trip. written: tensors from outside that the body assigns; they follow the carried ones among the
    explicit parameters of both traces.
    """
    outer, (condition, body) = current_trace(), regions
    tensors: list = []
    spec = tree.flatten(starts, tensors)
    ends = conformed(starts, ends, body)
    outputs = [node_in(body, value, tensor._value.aval) for value, tensor in zip(_leaves(starts, ends), tensors)]
    outputs += [body.node_of(t) for t in written.values()]
    first = [outer.node_of(t) for t in (*tensors, *written.values())]
    graphs, lifted = closed([(condition, [condition.node_of(test)]), (body, outputs)])
    b = outer.builder
    results = b.items(b.while_(*first, *[outer.node_of(t) for t in lifted], condition=graphs[0], body=graphs[1],
                               carried=len(first)))
    assign_written(outer, written, results[len(tensors):])
    return tree.rebuild(spec, iter([wrap(Traced(outer, n)) for n in results]))


def _leaves(start: Any, end: Any) -> Iterator:
    """What stands in `end` at the places of the tensors of `start`."""
    if isinstance(start, Tensor):
        yield end
    elif isinstance(start, tuple | list):
        for x, y in zip(start, end):
            yield from _leaves(x, y)
    elif type(start) is Contents:
        yield from _leaves(start.items, end.items)
    elif isinstance(start, dict):
        yield from _leaves(list(start.values()), [end[key] for key in start])
    elif type(start) is Variant:
        yield end.tag.tensor
        for x, y in zip(start.members, end.members):
            yield from _leaves(x, y)


def region(name: str) -> GraphTrace:
    """A trace inside of the present one."""
    return GraphTrace(name, current_trace(), conditional=True)


recording = tracing
current = current_trace


def parameters(trace: GraphTrace, value: Any) -> Any:
    """The value with a new parameter of the trace for each tensor."""
    return tree.map_tensors(lambda t: wrap(trace.add_parameter(t._value.aval)), value)


def carry_written(trace: GraphTrace, written: dict) -> None:
    """Parameters for tensors from outside that a loop assigns."""
    for key, tensor in written.items():
        trace.nodes[key] = trace.add_parameter(tensor._value.aval).node
    trace.changing = dict(written)


def writes(trace: GraphTrace) -> dict:
    """The tensors from outside that were assigned in a trace, by identity."""
    return trace.written


def settled(value: Any) -> Any:
    """The value with tensors in place of numbers that differ from trip to trip."""
    if type(value) is TripNumber:
        return value.tensor()
    if isinstance(value, tuple) and any(settled(v) is not v for v in value):
        return tree.tuple_maker(type(value))([settled(v) for v in value])
    return value


def constant(value: Any, dtype: DType | None = None) -> Tensor:
    """A Python number as a tensor of the present trace."""
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.constant(value, dtype or _NUMBERS[type(value)])))


def goes_on(code: Tensor, pred: Tensor) -> Tensor:
    """`pred`, but false where a loop has been left."""
    trace = current_trace()
    b = trace.builder
    return wrap(Traced(trace, b.logical_and(b.eq(trace.node_of(code), 0), trace.node_of(pred))))


def code_is(code: Any, wanted: int) -> Any:
    """Whether a loop was left like this: a bool, or a tensor."""
    if not isinstance(code, Tensor):
        return constant(code == wanted)
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.eq(trace.node_of(code), wanted)))


def blank(value: Any, trace: GraphTrace | None = None) -> Any:
    """The value with zeros in place of its tensors, in a trace, or in the present one."""
    trace = trace or current_trace()
    return tree.map_tensors(lambda t: wrap(Traced(trace, trace.builder.zeros_like(t._value.aval))), value)


def carried(start: Any, known: Any, after: Any) -> Any:
    """The value that a variable starts from in a loop: Python numbers as tensors, and a variant of all that it may be
    where it changes its kind. known: what an earlier attempt found, or None. after: the value at the end of a trip.
    Mismatch where the variable changes its kind again and again."""
    if type(start) is Variant or type(known) is Variant or type(after) is Variant:
        return widened(start, known, after)
    try:
        return _carried(start, known, after)
    except Mismatch:
        return widened(start, known, after)


def _carried(start: Any, known: Any, after: Any) -> Any:
    if isinstance(start, Tensor):
        if isinstance(after, Tensor) or type(after) in _NUMBERS:
            if joins.common_aval([start, after]) is start._value.aval:
                return start
        raise Mismatch(f"{describe(start)} before the loop, {describe(after)} after a trip")
    if type(start) in _NUMBERS and (isinstance(after, Tensor) or type(after) in _NUMBERS):
        aval = joins.common_aval([start, after])
        if isinstance(known, Tensor) and not isinstance(after, Tensor):
            aval = joins.common_aval([known, after])
        if aval is None:
            raise mismatch([start, after])
        return constant(start, aval.dtype)
    if type(start) is Contents and start.has_form_of(after):
        before = known.items if known is not None else [None] * len(start.items)
        items = [x if x is z else carried(x, y, z) for x, y, z in zip(start.items, before, after.items)]
        return Contents(start.kind, start.keys, tuple(items))
    if type(start) is type(after) and isinstance(start, tuple | list) and len(start) == len(after):
        before = known if known is not None else [None] * len(start)
        parts = [carried(*each) for each in zip(start, before, after)]
        return type(start)(*parts) if hasattr(start, "_fields") else type(start)(parts)
    if type(start) is type(after) is dict and list(start) == list(after):
        before = known if known is not None else dict.fromkeys(start)
        return {key: carried(start[key], before[key], after[key]) for key in start}
    if start is after or (type(start) is type(after) and isinstance(start, str) and start == after):
        return start
    raise Mismatch(f"{describe(start)} before the loop, {describe(after)} after a trip")


def alike(a: Any, b: Any) -> bool:
    """Whether two carried values have tensors of the same avals."""
    found: tuple[list, list] = ([], [])
    for value, leaves in zip((a, b), found):
        tree.flatten(value, leaves)
    avals = [[t._value.aval for t in each] for each in found]
    return holds_variant(a) == holds_variant(b) and avals[0] == avals[1]


def closed(parts: list[tuple[GraphTrace, list[Node]]]) -> tuple[list[Graph], list]:
    """Graphs of traces on the same operands: their explicit parameters, then all tensors that any of them lifted."""
    lifted = list({id(t): t for trace, _ in parts for t in trace.lifted}.values())
    place = {id(t): k for k, t in enumerate(lifted)}
    graphs = []
    for trace, outputs in parts:
        graph, b = trace.builder.finish(outputs), Builder(trace.builder.name)
        explicit = [b.parameter(p.aval) for p in graph.params[:trace.explicit]]
        params = [b.parameter(t._value.aval) for t in lifted]
        graphs.append(b.finish(b.inline(graph, [*explicit, *[params[place[id(t)]] for t in trace.lifted]])))
    return graphs, lifted


def assign_written(outer: GraphTrace, written: dict, nodes) -> None:
    """Give the tensors that an inner trace assigned their values in the trace around it."""
    for tensor, node in zip(written.values(), nodes):
        if outer.is_local(tensor):
            outer.rebind(tensor, Traced(outer, node))
        else:
            outer.write(tensor, node)


# -- loops over sequences ----------------------------------------------------------------------------------------------


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
    return operator.index(value)


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
    nodes = [node_in(trace, value, tensor._value.aval) for value, tensor in zip(_leaves(starts, ends), tensors)]
    nodes += [trace.node_of(t) for t in (*written.values(), *outputs)]
    first = [outer.node_of(t) for t in (*tensors, *written.values())]
    body, tables, lifted = _closed_trip(trips, nodes)
    b = outer.builder
    results = b.items(b.scan(*first, *[outer.node_of(t) for t in (*tables, *lifted)], body=body, length=trips.length,
                             carried=len(first), sliced=len(tables)))
    found = [wrap(Traced(outer, n)) for n in results]
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


def recorded() -> int:
    """How many operations the present trace has recorded."""
    trace = current_trace()
    return 0 if trace is None else len(trace.builder.nodes)


def size(trips: Trips) -> int:
    """How many operations a trip has recorded."""
    return len(trips.trace.builder.nodes)
