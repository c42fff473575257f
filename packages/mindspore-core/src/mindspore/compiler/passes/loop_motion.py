"""Loops without what need not be done trip by trip.

What a trip computes from values that are the same in all trips is computed once, before the loop. Where the number of
trips is known, `loop_split` takes out more. Inner loops come first, so that what leaves one can leave the loop around
it as well.

A `while_` may make no trip at all, and then what was moved is computed for nothing. So only what ends and has no
effects moves: no operator raises an exception by itself (`primitives.effects`), but a loop in the graph may never end.
"""
from __future__ import annotations

from collections.abc import Callable

from mindspore.compiler.ir import Builder, Graph, Node, rewrite
from mindspore.compiler.ir.graph import graphs_in
from mindspore.compiler.passes.loop_levels import STAYING, is_worth_moving, levels, needed
from mindspore.compiler.passes.loop_products import split_products
from mindspore.compiler.passes.loop_split import split_scan

LOOPS = frozenset({"while_", "scan"})


def lighten_loops(graph: Graph, simplify: Callable[[Graph], Graph]) -> Graph:
    """`graph` with lighter loops; itself where there is nothing to move. simplify: applied to the bodies first."""
    if not any(n.op.name in LOOPS for n in graph.nodes):
        return graph

    def lighter(b: Builder, node: Node, ins: tuple) -> list[Node] | Node | None:
        if node.op.name not in LOOPS:
            return None
        attrs = tuple([simplify(a) if isinstance(a, Graph) else a for a in node.attrs])
        node = Node(node.op, node.ins, attrs, node.aval, node.idx, node.loc)
        if node.op.name == "scan":
            node = split_products(node)
            found = split_scan(b, node, ins)
        else:
            found = _lighter_while(b, node, ins)
        return b.items(b.emit(node.op, ins, node.attrs)) if found is None else found

    return rewrite(graph, lighter)


def _lighter_while(b: Builder, node: Node, ins: tuple) -> list[Node] | None:
    """Emit a `while_` without what is the same in all trips; its results, or None if there is no such thing."""
    condition, body, carried = node.attrs
    operands, graphs = list(ins), []
    staying = [_staying(graph, carried) for graph in (condition, body)]
    if not any(staying):
        return None
    added: list[Node] = []
    for graph, nodes in zip((condition, body), staying):
        added += _outside(b, graph, operands, nodes)
    first = 0
    for graph, nodes in zip((condition, body), staying):
        graphs.append(_with_given(graph, nodes, [x.aval for x in added], first))
        first += len(nodes)
    return list(b.items(b.while_(*operands, *added, condition=graphs[0], body=graphs[1], carried=carried)))


def _staying(graph: Graph, carried: int) -> list[Node]:
    """The nodes to compute before a loop on a tensor: what its trips read of that which is the same in all of them."""
    level = levels(graph, carried)
    moving = [level[n.idx] == STAYING and all(map(_ends, graphs_in(n.attrs))) and n.op.name not in ("while_", "rec")
              for n in graph.nodes]
    found: set[int] = set()
    pending = [i for n in graph.nodes if level[n.idx] > STAYING or not moving[n.idx] for i in n.ins]
    pending += graph.outputs
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if node.idx in seen or not moving[node.idx]:
            continue
        seen.add(node.idx)
        if is_worth_moving(node) and all(moving[k] for k in needed(graph, [node])):
            found.add(node.idx)
        else:
            pending.extend(node.ins)
    return [graph.nodes[k] for k in sorted(found)]


def _ends(graph: Graph) -> bool:
    """Whether there is no loop in the graph that may never end."""
    return all(n.op.name not in ("while_", "rec") and all(map(_ends, graphs_in(n.attrs))) for n in graph.nodes)


def _outside(b: Builder, graph: Graph, operands: list[Node], nodes: list[Node]) -> list[Node]:
    """Emit nodes of a graph that is given these operands."""
    wanted = needed(graph, nodes)
    env = dict(zip([p.idx for p in graph.params], operands))
    for node in graph.nodes:
        if node.idx in wanted and node.idx not in env:
            b.loc = node.loc
            env[node.idx] = b.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs)
    return [env[n.idx] for n in nodes]


def _with_given(graph: Graph, nodes: list[Node], avals: list, first: int) -> Graph:
    """The graph with more parameters, of which those from number `first` on are the values of these nodes."""
    b = Builder(graph.name)
    env = {p.idx: b.parameter(p.aval) for p in graph.params}
    more = [b.parameter(a) for a in avals]
    env.update({n.idx: more[first + k] for k, n in enumerate(nodes)})
    for node in graph.nodes:
        if node.idx not in env:
            b.loc = node.loc
            env[node.idx] = b.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs)
    return b.finish([env[o.idx] for o in graph.outputs])
