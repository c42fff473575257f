"""Regions without what nobody reads.

A choice gives only the results that are read. A loop carries only what its condition, its results that are read, or
another value that it has to carry depends on: the sums for gradients that nobody asked for, residuals of a derivative
that was never taken and variables that are not used after the loop go. What a trip passes on unchanged is not carried
but stays. Operands that no graph of the region reads any more are not passed.
"""
from __future__ import annotations

from collections.abc import Iterable

from mindspore.compiler.ir import Builder, Graph, Node

TRIMMED = frozenset({"cond", "while_", "scan"})


def trim_regions(graph: Graph) -> Graph:
    """`graph` with trimmed regions; itself where there is nothing to trim."""
    regions = [n for n in graph.nodes if n.op.name in TRIMMED]
    if not regions:
        return graph
    used = _used(graph)
    trimmed = {n.idx: found for n in regions if (found := _trimmed(n, used[n.idx])) is not None}
    if not trimmed:
        return graph
    b = Builder(graph.name)
    env: list = [None] * len(graph.nodes)
    for param in graph.params:
        env[param.idx] = b.parameter(param.aval)
    for node in graph.nodes:
        if env[node.idx] is None:
            b.loc = node.loc
            ins = tuple([env[i.idx] for i in node.ins])
            if node.idx in trimmed:
                env[node.idx] = trimmed[node.idx].emit(b, node, ins)
            elif node.op.name == "item" and type(ins[0]) is dict:
                env[node.idx] = ins[0].get(node.attrs[0])
            elif None not in ins:
                env[node.idx] = b.emit(node.op, ins, node.attrs)
    return b.finish([env[o.idx] for o in graph.outputs])


def _used(graph: Graph) -> dict[int, set[int]]:
    """The elements that are read of each node with several results."""
    live = bytearray(len(graph.nodes))
    for node in graph.outputs:
        live[node.idx] = 1
    found: dict[int, set[int]] = {}
    for node in reversed(graph.nodes):
        found.setdefault(node.idx, set())
        if live[node.idx]:
            for operand in node.ins:
                live[operand.idx] = 1
            if node.op.name == "item":
                found.setdefault(node.ins[0].idx, set()).add(node.attrs[0])
    return found


class _Trim:
    """What is left of a region. operands: positions of the operands that stay; attrs: of the new node; results: the
    old position of each new result; passed: old results that are operands (positions of both)."""

    def __init__(self, operands: list[int], attrs: dict, results: list[int], passed: dict[int, int]):
        self.operands, self.attrs, self.results, self.passed = operands, attrs, results, passed

    def emit(self, b: Builder, node: Node, ins: tuple) -> dict[int, Node]:
        """The new region in `b`; the nodes of the old results."""
        found = {old: ins[k] for old, k in self.passed.items()}
        if self.results:
            new = b.emit(node.op, tuple([ins[k] for k in self.operands]), node.op.pack_attrs(self.attrs))
            found |= dict(zip(self.results, b.items(new)))
        return found


def _trimmed(node: Node, used: set[int]) -> _Trim | None:
    """What is left of a region of whose results only those at `used` are read; None where all of it stays."""
    return _trimmed_choice(node, used) if node.op.name == "cond" else _trimmed_loop(node, used)


def _trimmed_choice(node: Node, used: set[int]) -> _Trim | None:
    then, orelse = node.attrs
    results = sorted(used)
    read = sorted(_reads(then, results) | _reads(orelse, results))
    if len(results) == len(then.outputs) and len(read) == len(then.params):
        return None
    attrs = {"then": restricted(then, read, results), "orelse": restricted(orelse, read, results)}
    return _Trim([0, *[1 + k for k in read]], attrs, results, {})


def _trimmed_loop(node: Node, used: set[int]) -> _Trim | None:
    attrs = node.kwargs()
    body, carried, sliced = attrs["body"], attrs["carried"], attrs.get("sliced", 0)
    tests = [attrs["condition"]] if "condition" in attrs else []
    passed = {k for k in range(carried) if body.outputs[k] is body.params[k]}
    outputs = [k for k in sorted(used) if k >= carried]
    needed = {k for k in used if k < carried} | {k for t in tests for k in _reads(t, [0]) if k < carried}
    while True:
        read = _reads(body, [*sorted(needed - passed), *outputs])
        more = {k for k in read if k < carried} - needed
        if not more:
            break
        needed |= more
    moving = sorted(needed - passed)
    read |= {k for t in tests for k in _reads(t, [0])}
    slices = sorted(k for k in read if carried <= k < carried + sliced)
    rest = sorted((needed & passed & read) | {k for k in read if k >= carried + sliced})
    order = [*moving, *slices, *rest]
    if len(moving) == carried and len(order) == len(body.params) and len(outputs) == len(body.outputs) - carried:
        return None
    attrs |= {"body": restricted(body, order, [*moving, *outputs]), "carried": len(moving)}
    if tests:
        attrs["condition"] = restricted(tests[0], order, [0])
    else:
        attrs["sliced"] = len(slices)
    return _Trim(order, attrs, [*moving, *outputs], {k: k for k in used & passed})


def _reads(graph: Graph, outputs: Iterable[int]) -> set[int]:
    """The positions of the parameters on which these outputs depend."""
    live = bytearray(len(graph.nodes))
    for k in outputs:
        live[graph.outputs[k].idx] = 1
    for node in reversed(graph.nodes):
        if live[node.idx]:
            for operand in node.ins:
                live[operand.idx] = 1
    return {k for k, p in enumerate(graph.params) if live[p.idx]}


def restricted(graph: Graph, params: list[int], outputs: list[int]) -> Graph:
    """The graph of some outputs with parameters in a given order; they need no others. Memoised on the graph."""
    key = ("restricted", tuple(params), tuple(outputs))
    found = graph.memo.get(key)
    if found is None:
        b = Builder(graph.name)
        env: list = [None] * len(graph.nodes)
        for k in params:
            env[graph.params[k].idx] = b.parameter(graph.params[k].aval)
        for node in graph.nodes:
            ins = tuple([env[i.idx] for i in node.ins])
            if env[node.idx] is None and node.op.name != "parameter" and None not in ins:
                b.loc = node.loc
                env[node.idx] = b.emit(node.op, ins, node.attrs)
        found = graph.memo[key] = b.finish([env[graph.outputs[k].idx] for k in outputs])
    return found
