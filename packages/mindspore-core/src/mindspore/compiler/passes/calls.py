"""Which calls stay calls.

A call is a boundary: no kernel and no layout crosses it. So it is replaced by the nodes of the graph that it calls,
unless that makes many more nodes. What stays is differentiated and compiled once for all calls.
"""
from __future__ import annotations

from collections import Counter

from mindspore.compiler.autodiff.vjp import lower_nodes
from mindspore.compiler.ir import Builder, Graph, Node, rewrite

WORTH_CALLING = 200  # as many nodes must calls of one graph save


def settle_calls(graph: Graph) -> Graph:
    """`graph` with calls replaced where that is better, inside regions as well; itself if nothing changes."""
    found = graph.memo.get("settled")
    if found is None:
        found = graph.memo["settled"] = _settled(graph) if any(n.op.regions for n in graph.nodes) else graph
        found.memo["settled"] = found
    return found


def size(graph: Graph) -> int:
    """How many nodes of a graph compute something, those inside regions included."""
    found = graph.memo.get("size")
    if found is None:
        found = graph.memo["size"] = sum(
            1 + sum(size(a) for a in node.attrs if isinstance(a, Graph))
            for node in graph.nodes if node.op.name not in ("parameter", "constant", "item"))
    return found


def _settled(graph: Graph) -> Graph:
    attrs = {n.idx: tuple(settle_calls(a) if isinstance(a, Graph) else a for a in n.attrs)
             for n in graph.nodes if n.op.regions}
    calls = [n for n in graph.nodes if n.op.name == "call" and not n.attr("recompute")]
    uses = Counter(attrs[n.idx][0].key() for n in calls)
    dissolved = {n.idx for n in calls
                 if (uses[attrs[n.idx][0].key()] - 1) * size(attrs[n.idx][0]) < WORTH_CALLING}
    if not dissolved and all(a is b for n in graph.nodes if n.idx in attrs for a, b in zip(n.attrs, attrs[n.idx])):
        return graph

    def settled(b: Builder, node: Node, ins: tuple) -> Node | list[Node] | None:
        if node.idx in dissolved:
            return b.inline(attrs[node.idx][0], ins)
        return b.emit(node.op, ins, attrs[node.idx]) if node.idx in attrs else None

    return rewrite(graph, settled)


def without_rules(graph: Graph) -> Graph:
    """The graph without the derivatives that users wrote: none is taken any more, so their computations are plain. Its
    calls are settled, since what they call may have such derivatives."""
    while True:
        graph = settle_calls(graph)
        chosen = {node.idx for node in graph.nodes if node.op.name in ("custom_vjp", "gradient_hook")}
        if not chosen:
            return graph
        graph = lower_nodes(graph, chosen)
