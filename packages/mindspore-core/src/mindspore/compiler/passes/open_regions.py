"""What a recursive function consists of before it is cut into blocks: straight code, choices and loops.

A function of a `rec` may call its group inside of any region operator. The cut (`recursion`) knows choices and
`while_`; this pass opens the others, where they have calls of the group inside. Regions without calls stay.

* A `call` is replaced by the nodes of its callee.
* A `scan` becomes a `while_` that counts trips. Slices come from a tape, and outputs go on one: a `scan` before the
  loop pushes the slices in the order in which the trips pop them, one after it pops the outputs, last trip first.
  So a trip and its derivative cost the same however many trips there are.
* A `custom_vjp` becomes its forward graph, followed by a `custom_vjp` of which the forward graph does nothing but give
  the results that are there: its `held` operands, which get no cotangent. Where those results come from has no
  derivative then but the one that the user wrote.
"""
from __future__ import annotations

from collections.abc import Sequence

from mindspore.common.dtype import int32
from mindspore.compiler.ir import Builder, Graph, Node, rewrite
from mindspore.compiler.ir.aval import tape_aval, tensor_aval
from mindspore.compiler.primitives.recursion import calls_of

COUNT = tensor_aval((), int32)


def open_regions(graph: Graph) -> Graph:
    """The graph with the regions opened that have calls of the group around them inside; itself if there are none."""
    found = graph.memo.get("open")
    if found is None:
        inner = {node.idx: tuple([open_regions(a) if isinstance(a, Graph) else a for a in node.attrs])
                 for node in graph.nodes if _has_calls(node)}
        changed = any(graph.nodes[idx].op.name in _OPENED or attrs != graph.nodes[idx].attrs
                      for idx, attrs in inner.items())
        found = graph.memo["open"] = _rebuilt(graph, inner) if changed else graph
    return found


def _has_calls(node: Node) -> bool:
    return node.op.name != "rec" and any(calls_of(a) for a in node.attrs if isinstance(a, Graph))


def _rebuilt(graph: Graph, inner: dict[int, tuple]) -> Graph:
    """The graph with these attributes in place of those of its nodes."""
    def opened(b: Builder, node: Node, ins: tuple) -> Node | Sequence[Node] | None:
        if node.idx not in inner:
            return None
        attrs = inner[node.idx]
        if node.op.name in _OPENED:
            return _OPENED[node.op.name](b, ins, **dict(zip(node.op.attrs, attrs, strict=True)))
        return b.emit(node.op, ins, attrs)

    return rewrite(graph, opened)


def _call(b: Builder, operands: tuple[Node, ...], callee: Graph, **attrs) -> Sequence[Node]:
    return b.inline(callee, operands)


def _custom_vjp(b: Builder, operands: tuple[Node, ...], forward: Graph, backward: Graph, inputs: int,
                held: int) -> Sequence[Node]:
    results = b.inline(forward, operands[:inputs + held])
    given = Builder(forward.name)
    params = [given.parameter(x.aval) for x in (*operands[:inputs], *results)]
    given = given.finish(params[inputs:])
    return b.items(b.custom_vjp(*operands[:inputs], *results, *operands[inputs + held:], forward=given,
                                backward=backward, inputs=inputs, held=len(results)))


def _scan(b: Builder, operands: tuple[Node, ...], body: Graph, length: int, carried: int, sliced: int,
          reverse: bool) -> Sequence[Node]:
    middle, avals = carried + sliced, body.in_avals
    slices = [_pushed(b, operands[carried:middle], avals[carried:middle], length, not reverse)] if sliced else []
    outputs = tuple(body.out_avals[carried:])
    start = [b.constant(0, int32), *slices, *[b.tape_empty(aval=tape_aval(outputs))] * bool(outputs),
             *operands[:carried]]
    given = [*start, *operands[middle:]]
    test = Builder(f"{body.name}_has_trips")
    trips = [test.parameter(x.aval) for x in given][0]
    results = b.items(b.while_(*given, condition=test.finish([test.lt(trips, length)]),
                               body=_trip(body, [x.aval for x in given], carried, sliced), carried=len(start)))
    if not outputs:
        return results[len(start) - carried:]
    tape = results[len(start) - carried - 1]
    return [*results[len(start) - carried:], *_popped(b, tape, outputs, length, not reverse)]


def _trip(body: Graph, avals: list, carried: int, sliced: int) -> Graph:
    """A trip of the `while_`: (number of the trip, slices, outputs, carried values, what stays)."""
    b = Builder(body.name)
    count, *rest = [b.parameter(a) for a in avals]
    outputs = len(body.outputs) > carried
    slices, values, longer = [], [], []
    if sliced:
        tape, *values = b.items(b.tape_pop(rest[0], aval=rest[0].aval))
        slices, rest = [tape], rest[1:]
    if outputs:
        tape, *rest = rest
    results = b.inline(body, [*rest[:carried], *values, *rest[carried:]])
    if outputs:
        longer = [b.tape_push(tape, *results[carried:])]
    return b.finish([b.add(count, 1), *slices, *longer, *results[:carried]])


def _pushed(b: Builder, tables: tuple[Node, ...], avals: Sequence, length: int, reverse: bool) -> Node:
    """A tape of the tables' slices, trip by trip."""
    inner, aval = Builder("push_slices"), tape_aval(tuple(avals))
    tape, *values = [inner.parameter(a) for a in (aval, *avals)]
    body = inner.finish([inner.tape_push(tape, *values)])
    return b.items(b.scan(b.tape_empty(aval=aval), *tables, body=body, length=length, carried=1, sliced=len(tables),
                          reverse=reverse))[0]


def _popped(b: Builder, tape: Node, avals: tuple, length: int, reverse: bool) -> Sequence[Node]:
    """Tables of what is on a tape, trip by trip."""
    inner = Builder("pop_outputs")
    body = inner.finish(list(inner.items(inner.tape_pop(inner.parameter(tape.aval), aval=tape.aval))))
    return b.items(b.scan(tape, body=body, length=length, carried=1, sliced=0, reverse=reverse))[1:]


_OPENED = {"call": _call, "custom_vjp": _custom_vjp, "scan": _scan}
