"""Loops that keep little: the derivative of a long loop in bounded memory.

The derivative of a loop reads what every trip left behind, so its memory grows with the number of trips. Where the
program asks for less memory (`recompute`), a loop becomes a loop over *chunks* of trips, and a chunk is a call whose
derivative runs it again: between the chunks only the carried values are kept, and the residuals of one chunk at a time.

A scan of n trips is cut into chunks of about the square root of n trips, so memory grows with the square root and the
work by one more forward run (Chen and others, "Training deep nets with sublinear memory cost", 2016; with more levels
it is the binomial scheme of Griewank and Walther, "Revolve", 2000). A loop whose number of trips is not known has
chunks of 64 chunks of 64 trips: for n trips it keeps n / 4096 states, and 64 states and the residuals of 64 trips
meanwhile.
"""
from __future__ import annotations

from math import isqrt

import numpy as np

from mindspore.common.dtype import bool_, int32
from mindspore.compiler.ir import Builder, Graph, Node, rewrite, tensor_aval
from mindspore.compiler.primitives.base import primitive

SHORT_SCAN = 16
CHUNK, LEVELS = 64, 2
_COUNT, _FLAG = tensor_aval((), int32), tensor_aval((), bool_)


def with_chunked_loops(graph: Graph) -> Graph:
    """`graph` with its loops cut into chunks that are run again by the derivative."""
    found = graph.memo.get("chunked_loops")
    if found is None:
        found = graph.memo["chunked_loops"] = _with_chunked_loops(graph)
    return found


def _with_chunked_loops(graph: Graph) -> Graph:
    if not any(n.op.name in ("scan", "while_") for n in graph.nodes):
        return graph

    def chunked(b: Builder, node: Node, ins: tuple):
        if node.op.name == "scan" and node.attr("length") >= SHORT_SCAN:
            return _chunked_scan(b, ins, **node.kwargs())
        return _chunked_while(b, ins, LEVELS, **node.kwargs()) if node.op.name == "while_" else None

    return rewrite(graph, chunked)


def recomputed(b: Builder, graph: Graph, operands) -> tuple[Node, ...]:
    """The outputs of a graph that its derivative runs again."""
    return b.items(b.emit(primitive("call"), tuple(operands), (graph, True)))


# -- scans -------------------------------------------------------------------------------------------------------------


def _chunked_scan(b: Builder, ins, *, body: Graph, length: int, carried: int, sliced: int, reverse: bool) -> list[Node]:
    """A scan over chunks, and the trips that are left over at the end (in a reversed scan they run first)."""
    size = isqrt(length)
    chunks = length // size
    state, slices, rest = ins[:carried], ins[carried:carried + sliced], ins[carried + sliced:]
    attrs = {"body": body, "carried": carried, "sliced": sliced, "reverse": reverse}
    stacks: list[list[Node]] = []

    def run(whole: bool) -> None:
        nonlocal state
        low, high = (0, chunks * size) if whole else (chunks * size, length)
        parts = [_rows(b, x, low, high) for x in slices]
        if whole:
            parts = [b.reshape(x, shape=(chunks, size, *x.shape[1:])) for x in parts]
            found = b.items(b.scan(*state, *parts, *rest, length=chunks, **{**attrs, "body": _chunk(size, **attrs)}))
        else:
            found = b.items(b.scan(*state, *parts, *rest, length=high - low, **attrs))
        state = found[:carried]
        stacks.append([b.reshape(x, shape=(high - low, *x.shape[2:])) if whole else x for x in found[carried:]])

    for whole in ((False, True) if reverse else (True, False)):
        if whole or chunks * size < length:
            run(whole)
    if reverse:
        stacks.reverse()
    joined = [parts[0] if len(parts) == 1 else b.concat(*parts, axis=0) for parts in zip(*stacks)]
    return [*state, *joined]


def _rows(b: Builder, x: Node, low: int, high: int) -> Node:
    if (low, high) == (0, x.shape[0]):
        return x
    rank = x.aval.ndim
    return b.slice(x, begin=(low, *[0] * (rank - 1)), end=(high, *x.shape[1:]), strides=(1,) * rank)


def _chunk(size: int, *, body: Graph, carried: int, sliced: int, reverse: bool) -> Graph:
    """The trips of a chunk, as the body of the scan over chunks: a call of a scan."""
    key = ("chunk", size, carried, sliced, reverse)
    found = body.memo.get(key)
    if found is None:
        avals = [a if not carried <= k < carried + sliced else tensor_aval((size, *a.shape), a.dtype)
                 for k, a in enumerate(body.in_avals)]
        inner = Builder(f"chunk_{body.name}")
        params = [inner.parameter(a) for a in avals]
        inner = inner.finish(inner.items(inner.scan(*params, body=body, length=size, carried=carried, sliced=sliced,
                                                    reverse=reverse)))
        b = Builder(f"chunks_{body.name}")
        found = body.memo[key] = b.finish(recomputed(b, inner, [b.parameter(a) for a in avals]))
    return found


# -- loops with an unknown number of trips -----------------------------------------------------------------------------


def _chunked_while(b: Builder, ins, levels: int, *, condition: Graph, body: Graph, carried: int) -> tuple[Node, ...]:
    """The loop whose trips are calls of at most CHUNK trips of the same loop, so many levels deep."""
    if levels:
        body = _trips(condition, body, carried, levels)
    return b.items(b.while_(*ins, condition=condition, body=body, carried=carried))


def _trips(condition: Graph, body: Graph, carried: int, levels: int) -> Graph:
    """At most CHUNK trips: from all operands of the loop to the carried values."""
    key = ("trips", condition, carried, levels)
    found = body.memo.get(key)
    if found is None:
        inner = body if levels == 1 else _trips(condition, body, carried, levels - 1)
        avals = [_COUNT, _FLAG, *body.in_avals]
        test, trip, run = Builder("more"), Builder(body.name), Builder(f"chunk_{body.name}")
        count, more, *_ = [test.parameter(a) for a in avals]
        test = test.finish([test.logical_and(test.lt(count, CHUNK), more)])
        count, _, *values = [trip.parameter(a) for a in avals]
        state = trip.inline(inner, values)
        (more,) = trip.inline(condition, [*state, *values[carried:]])
        trip = trip.finish([trip.add(count, 1), more, *state])
        params = [run.parameter(a) for a in body.in_avals]
        first = run.constant(np.int32(0)), run.constant(np.bool_(True))
        results = run.items(run.while_(*first, *params, condition=test, body=trip, carried=2 + carried))
        run = run.finish(results[2:])
        b = Builder(f"chunks_{body.name}")
        found = body.memo[key] = b.finish(recomputed(b, run, [b.parameter(a) for a in body.in_avals]))
    return found
