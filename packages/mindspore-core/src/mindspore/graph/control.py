"""Control flow on traced tensors: what the interpreter's branches and trips become in the graph.

The interpreter runs each side of a decision in a trace of its own (`regions`), which lifts what it reads from the trace
around it. `choose` makes one `cond` of two such traces; more than two sides are a chain of these. What the sides leave
in the program's variables is joined by `joins.py`. `repeat` makes one `while_` of the traces of a condition and a body.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import bool_, int32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import RowIterator, Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.trip_numbers import TripNumber
from mindspore.compiler.frontend.variants import Tag, Variant
from mindspore.compiler.ir import Node
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.effects import has_effects
from mindspore.graph import tree
from mindspore.graph.aliases import Entered
from mindspore.graph.carrying import alike, blank, carried, leaves_of
from mindspore.graph.join_values import NOTHING, NUMBERS, Mismatch, common_aval, mismatch
from mindspore.graph.joins import Joiner
from mindspore.graph.numbers import doubtful, is_instance, kinds_of, noted, operated, type_of
from mindspore.graph.regions import assign_written, closed, constant, node_in
from mindspore.graph.repeated import results_of
from mindspore.graph.scanning import (
    can_be_carried,
    count_between,
    has_rows,
    is_recording,
    last_of,
    outputs_of,
    scan,
    smallest,
    whole_number,
)
from mindspore.graph.structure import structure
from mindspore.graph.trace import GraphTrace, Traced, current_trace, tracing
from mindspore.graph.trace import size_of as size_behind
from mindspore.graph.trips import Trips, getitem, row_at, rows, setitem, varies
from mindspore.graph.widening import conformed, holds_variant
from mindspore.graph.windows import distance, is_known, resolved, window
from mindspore.runtime.record import apply, wrap

__all__ = [
    "Joiner", "Mismatch", "NOTHING", "RowIterator", "Trips", "alike", "blank", "can_be_carried", "carried",
    "carry_written", "choose", "code_is", "constant", "count_between", "current", "current_trace", "distance",
    "doubtful", "doubts", "either", "extreme", "getitem", "goes_on", "has", "has_rows", "holds_variant", "identity",
    "is_instance", "is_known", "is_one_of", "is_recording", "item", "items_of", "kinds_of", "known", "last_of",
    "local_to", "negate", "noted", "number", "operated", "outputs_of", "parameters", "place_of", "predicate",
    "put_back_doubts", "recorded", "recording", "region", "regions", "renumbered", "repeat", "resolved", "row_at",
    "rows", "scan", "select", "setitem", "settled", "size", "size_behind", "smallest", "structure", "type_of", "varies",
    "where", "whole_number", "window", "writes",
]


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
    return noted(wrap(Traced(trace, node if node.dtype is bool_ else b.ne(node, 0))), bool)


def negate(value: Tensor) -> Tensor:
    """`not` of a predicate."""
    trace = current_trace()
    return noted(wrap(Traced(trace, trace.builder.logical_not(trace.node_of(value)))), bool)


def either(a: Tensor, b: Tensor) -> Tensor:
    """`or` of two predicates."""
    trace = current_trace()
    return noted(wrap(Traced(trace, trace.builder.logical_or(trace.node_of(a), trace.node_of(b)))), bool)


def has(container: Tensor, item: Any) -> Tensor | bool:
    """`item in container` of a tensor: whether some element equals it."""
    found = container == item
    return predicate(found.any()) if isinstance(found, Tensor) else False


def where(pred: Tensor, a: Any, b: Any) -> Tensor | None:
    """`a` where the predicate holds, else `b`; None if they are no numbers and tensors that have a common aval, or
    where one is a Parameter: the choice between objects that may be assigned is one of them."""
    aval = common_aval([a, b])
    if aval is None or isinstance(a, Parameter) or isinstance(b, Parameter):
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
        raise ValueError(f"only a tensor of one element is a number, got shape {value.shape}")
    value = apply(PRIMITIVES["stop_gradient"], (value.reshape(()),))
    if kind is float:
        return noted(value if value.dtype.kind == "f" else value.astype(NUMBERS[float]), float)
    if value.dtype.kind == "f":
        from mindspore import ops
        value = ops.trunc(value)
    return noted(wrap(value.astype(NUMBERS[int])._value), int)


def item(items: list, number: Tensor) -> Tensor | None:
    """items[number], if they are numbers and tensors of one aval; None if there is no such tensor."""
    aval = common_aval(items)
    if aval is None:
        return None
    from mindspore import ops
    trace = current_trace()
    chosen = ops.stack([wrap(Traced(trace, node_in(trace, each, aval))) for each in items])[number]
    result = wrap(chosen._value)
    trace.aliases.merge(result, Tag(len(items), number), [(k,) for k in range(len(items))], items)
    return noted(result, *items)


def known(value: Tensor) -> bool | int | float | complex | None:
    """The number that a tensor of one element is which is a constant of the graph; None where only a run tells."""
    inner = value._value
    if type(inner) is not Traced or inner.node.op.name != "constant" or value.size != 1:
        return None
    at = current_trace()
    while at is not inner.trace:
        if at.assigns(value) or at.parent is None:
            return None
        at = at.parent
    return None if at.assigns(value) else inner.node.attr("value").array.item()


def place_of(key: Tensor, keys: list, by_value: bool) -> tuple[Tensor | None, Tensor | None]:
    """Which of the keys a tensor is, and whether it is one of them: for a sequence they count from 0, and the tensor
    may count from the end."""
    if key.size != 1 or (not by_value and key.dtype.kind not in "biu"):
        raise Mismatch(describe(key))
    trace = current_trace()
    b, node = trace.builder, trace.node_of(key.reshape(()))
    if not by_value:
        node = b.cast(node, dtype=int32) if node.dtype is bool_ else node
        number = b.cast(b.select(b.lt(node, 0), b.add(node, len(keys)), node), dtype=int32)
        found = b.logical_and(b.ge(number, 0), b.lt(number, len(keys)))
        return wrap(Traced(trace, number)), wrap(Traced(trace, found)) if keys else None
    usable = [(k, each) for k, each in enumerate(keys) if type(each) in NUMBERS]
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
    at, born = trace, inner.trace if type(inner) is Traced else None
    while at is not born and not at.assigns(value) and at.parent is not None:
        at = at.parent
    node, home = (inner.node, born) if born is not None and not at.assigns(value) else (at.node_of(value), at)
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


def select(known: dict, value: Variant, aval: Any = None) -> Tensor:
    """The tensor that a variant of Python numbers and tensors without dimensions stands for, where the alternatives of
    tags are `known` (`Session.known`). aval: of the tensor; the common one if it is None."""
    trace = current_trace()
    b = trace.builder
    left = known.get(value.tag, range(value.tag.count))
    aval = aval or common_aval([value.members[k] for k in left])
    if aval is None:
        raise mismatch([value.members[k] for k in left])
    node = node_in(trace, value.members[left[-1]], aval)
    for k in reversed(left[:-1]):
        node = b.select(is_one_of(value.tag, (k,)), node_in(trace, value.members[k], aval), node)
    result = wrap(Traced(trace, node))
    members = [value.members[k] for k in left]
    trace.aliases.merge(result, value.tag, [(k,) for k in left], members)
    return noted(result, *members)


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
    results = results_of(outer, b.cond(outer.node_of(pred), *[outer.node_of(t) for t in lifted], then=graphs[0],
                                       orelse=graphs[1]))
    assign_written(outer, written, results[len(pairs):])
    return [wrap(Traced(outer, n)) for n in results[:len(pairs)]]


def repeat(regions: list[GraphTrace], test: Tensor, starts: list, ends: list, written: dict, last: list = ()) -> list:
    """Emit a loop into the present trace: the carried values at its end.

    regions: the traces of the condition and the body. starts: the values before the loop, of tensors. ends: those at
    the end of a trip. written: tensors from outside that the body assigns; they follow the carried ones among the
    explicit parameters of both traces. last: the positions of starts that only the last trip changes, which is left by
    `return` or an exception.
    """
    outer, (condition, body) = current_trace(), regions
    tensors: list = []
    spec = tree.flatten(starts, tensors)
    ends = conformed(starts, ends, body)
    outputs = [node_in(body, value, tensor._value.aval) for value, tensor in zip(leaves_of(starts, ends), tensors)]
    outputs += [body.node_of(t) for t in written.values()]
    first = [outer.node_of(t) for t in (*tensors, *written.values())]
    graphs, lifted = closed([(condition, [condition.node_of(test)]), (body, outputs)])
    b = outer.builder
    sources = [*first, *[outer.node_of(t) for t in lifted]]
    results = results_of(outer, b.while_(*sources, condition=graphs[0], body=graphs[1], carried=len(first)))
    assign_written(outer, written, results[len(tensors):])
    found = [wrap(Traced(outer, n)) for n in results]
    counts = [len(list(leaves_of(start, start))) for start in starts]
    final = {leaf for k in last for leaf in range(sum(counts[:k]), sum(counts[:k + 1]))}
    carried_last = list(leaves_of(starts, ends))
    entered = not has_effects(graphs[0]) and Entered(outer, lambda: b.inline(graphs[0], sources)[0])
    read = {id(node) for each in graphs[1].nodes for node in each.ins} | {id(node) for node in graphs[1].outputs}
    unread = {k for k, node in enumerate(graphs[1].params[:len(tensors)]) if id(node) not in read}
    outer.aliases.check_loop(body, tensors, carried_last, found, final, entered, unread)
    for result, start, end in zip(found, tensors, carried_last):
        noted(result, *[each for each in (start, end) if each is not NOTHING])
    return tree.rebuild(spec, iter(found))


def region(name: str) -> GraphTrace:
    """A trace inside of the present one."""
    return GraphTrace(name, current_trace(), conditional=True)


recording = tracing
current = current_trace


def parameters(trace: GraphTrace, value: Any) -> Any:
    """The value with a new parameter of the trace for each tensor, which stands for it in the first trip of a loop."""
    def stand_in(tensor: Tensor) -> Tensor:
        param = wrap(trace.add_parameter(tensor._value.aval))
        trace.carried.append((param, tensor))
        trace.aliases.stand_in(param, tensor)
        return noted(param, tensor)
    return tree.map_tensors(stand_in, value)


def doubts() -> dict:
    """The tensors whose value is not known for sure: see `aliases`. What a trial of a loop adds to them is put back."""
    return dict(current_trace().aliases.stale)


def put_back_doubts(found: dict) -> None:
    """Forget the doubts that have come up since."""
    current_trace().aliases.stale = dict(found)


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


def recorded() -> int:
    """How many operations the present trace has recorded."""
    trace = current_trace()
    return 0 if trace is None else len(trace.builder.nodes)


def size(trips: Trips) -> int:
    """How many operations a trip has recorded."""
    return len(trips.trace.builder.nodes)
