"""Standing values: what a graph computes from parameters of the network alone is the same in every call.

The parameters of a graph whose values hold still between calls (weights that the graph does not write) are called
stable, and so are the nodes that are computed from them alone: a kernel times the scale of a batch normalisation, a
weight in the layout that a device's product wants, a weight cast to half precision. `split` cuts a graph in two. The
*preparation* computes such values from the stable parameters, the *main* graph takes them as additional inputs.
Whoever runs the two may keep the prepared values as long as the stable parameters stay what they are.

A called graph (`call`) may compute such values, too, from what its caller hands it: `lifted` moves these to the caller.

Not prepared are: what is returned (the caller owns its results), what costs nothing (reshapes) or is larger than what
it is made from (broadcasts), effects, random numbers, and operators that run graphs.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mindspore.compiler.ir import Builder, Graph, Node, TensorAval, rewrite

CHEAP = frozenset({"reshape", "broadcast_to"})


@dataclass(frozen=True)
class Split:
    """`preparation` takes the graph's inputs `reads` and gives the values that `main` takes after all inputs of the
    graph."""

    preparation: Graph
    main: Graph
    reads: tuple[int, ...]


def stable_nodes(graph: Graph, stable: Iterable[int]) -> frozenset[int]:
    """The numbers of the nodes that are the same in every call, if the parameters at the positions `stable` are."""
    positions, found = frozenset(stable), set()
    if not positions:
        return frozenset()
    for node in graph.nodes:
        if node.op.name == "parameter":
            same = node.attrs[0] in positions
        else:
            same = not (node.op.effect or node.op.draws or node.op.regions) and all(i.idx in found for i in node.ins)
        if same:
            found.add(node.idx)
    return frozenset(found)


def split(graph: Graph, stable: Iterable[int]) -> Split | None:
    """The graph in two parts; None where there is nothing to prepare."""
    held = _held(graph, stable)
    if not held:
        return None
    preparation, reads = _preparation(graph, held)
    return Split(preparation, _main(graph, held), reads)


def lifted(graph: Graph, stable: Iterable[int]) -> Graph:
    """The graph with what the graphs that it calls compute from its stable parameters alone computed by itself: a block
    of a network that is compiled once for all its calls takes its weights prepared. Itself if nothing changes."""
    same = stable_nodes(graph, stable)
    parts = {}
    for node in graph.nodes:
        if node.op.name == "call":
            positions = frozenset(k for k, operand in enumerate(node.ins) if operand.idx in same)
            found = _called_parts(node.attr("callee"), positions) if positions else None
            if found is not None:
                parts[node.idx] = found
    if not parts:
        return graph

    def lift(b: Builder, node: Node, ins: tuple) -> Node | None:
        found = parts.get(node.idx)
        if found is None:
            return None
        prepared = b.inline(found.preparation, [ins[k] for k in found.reads])
        return b.emit(node.op, (*ins, *prepared), (found.main, *node.attrs[1:]))

    return rewrite(graph, lift)


def _called_parts(graph: Graph, positions: frozenset[int]) -> Split | None:
    """A called graph in two parts, made once for all of its calls."""
    key = "lifted", positions
    if key not in graph.memo:
        graph.memo[key] = split(lifted(graph, positions), positions)
    return graph.memo[key]


def _held(graph: Graph, stable: Iterable[int]) -> list[Node]:
    """The values to prepare, in order."""
    same = stable_nodes(graph, stable)
    if not same:
        return []
    made: set[int] = set()  # computed from parameters, and not from constants alone
    for node in graph.nodes:
        if node.idx in same and (node.op.name == "parameter" or any(i.idx in made for i in node.ins)):
            made.add(node.idx)
    owned = set()
    for output in graph.outputs:
        while output.op.name in ("reshape", "item"):
            owned.add(output.idx)
            output = output.ins[0]
        owned.add(output.idx)
    wanted: set[int] = set()
    for node in reversed(graph.nodes):
        if node.idx in made:
            stays = node.idx in owned or node.op.name in CHEAP or not isinstance(node.aval, TensorAval)
            if node.op.name == "parameter" or not stays or not (node.idx in wanted or node.idx in owned):
                continue
            wanted.discard(node.idx)
        wanted.update(i.idx for i in node.ins if i.idx in made and i.op.name != "parameter")
    return [node for node in graph.nodes if node.idx in wanted]


def _preparation(graph: Graph, held: list[Node]) -> tuple[Graph, tuple[int, ...]]:
    needed, pending = set(), list(held)
    while pending:
        node = pending.pop()
        if node.idx not in needed:
            needed.add(node.idx)
            pending.extend(node.ins)
    b = Builder(f"{graph.name}.preparation")
    params = [p for p in graph.params if p.idx in needed]
    env = {p.idx: b.parameter(p.aval) for p in params}
    _copy(b, [n for n in graph.nodes if n.idx in needed], env)
    return b.finish([env[n.idx] for n in held]), tuple(p.attrs[0] for p in params)


def _main(graph: Graph, held: list[Node]) -> Graph:
    b = Builder(graph.name)
    env = {p.idx: b.parameter(p.aval) for p in graph.params}
    env.update((n.idx, b.parameter(n.aval)) for n in held)
    _copy(b, graph.nodes, env)
    return b.finish([env[o.idx] for o in graph.outputs])


def _copy(b: Builder, nodes: Iterable[Node], env: dict[int, Node]) -> None:
    for node in nodes:
        if node.idx not in env:
            b.loc = node.loc
            env[node.idx] = b.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs)
    b.loc = None
