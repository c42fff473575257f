"""Stretches: a graph with region operators as straight-line graphs with the regions between them.

Region operators and tapes are run by the driver (`compiler.driver`), everything else by the device. A region operator
stands at a *depth*: how often regions and ordinary nodes alternate on the longest way to it from the parameters.
Stretch k is the graph of what is computed before the regions of depth k run, in their order in the graph. An ordinary
node may be computed as soon as its operands are there; it is put into the last stretch in which it still comes before
everything that reads it, so that stretches are few and long (what only prepares the operands of a late region does not
become a stretch of its own). The results of an operator with several are taken apart in the stretch that computes them.
"""
from __future__ import annotations

from dataclasses import dataclass

from mindspore.compiler.ir import Builder, Graph, Node

GIVEN = frozenset({"parameter", "constant"})
TAPES = frozenset({"tape_empty", "tape_push", "tape_pop"})


@dataclass
class Stretch:
    """A straight-line graph: its parameters are the values of the nodes `ins`, its outputs those of `outs`; then the
    nodes `regions` run."""

    graph: Graph | None
    ins: list[Node]
    outs: list[Node]
    regions: list[Node]


def needs_driver(node: Node) -> bool:
    """Whether the node is run by the driver and not by the device."""
    return node.op.regions or node.op.name in TAPES


def cut(graph: Graph) -> list[Stretch]:
    """The stretches of a graph in order."""
    depth = _depths(graph)
    count = max((depth[n.idx] for n in graph.nodes), default=0) + 1
    found = []
    for level in range(count):
        inside = [n for n in graph.nodes if depth[n.idx] == level and n.op.name not in GIVEN and not needs_driver(n)
                  and not _is_element(n)]
        regions = [n for n in graph.nodes if depth[n.idx] == level and needs_driver(n)]
        found.append(_extract(graph, f"{graph.name}_{level}" if count > 1 else graph.name, inside, regions))
    return found


def _is_element(node: Node) -> bool:
    """Whether the node is an element of what the driver computes."""
    return node.op.name == "item" and needs_driver(node.ins[0])


def _depths(graph: Graph) -> list[int]:
    """For region operators how early, for other nodes how late they can run."""
    depth = [0] * len(graph.nodes)
    for node in graph.nodes:
        follows = not needs_driver(node) and not _is_element(node)
        for operand in node.ins:
            after = follows and (needs_driver(operand) or _is_element(operand))
            depth[node.idx] = max(depth[node.idx], depth[operand.idx] + after)
    last = max(depth, default=0)
    latest = [last] * len(graph.nodes)
    for node in reversed(graph.nodes):
        if not needs_driver(node) and not _is_element(node):
            depth[node.idx] = latest[node.idx]
        for operand in node.ins:
            latest[operand.idx] = min(latest[operand.idx], depth[node.idx])
    for node in graph.nodes:
        if node.op.name == "item" and not _is_element(node):
            depth[node.idx] = depth[node.ins[0].idx]
    return depth


def _extract(graph: Graph, name: str, inside: list[Node], regions: list[Node]) -> Stretch:
    """The straight-line graph of the nodes `inside`, which computes what others read of it."""
    members = {n.idx for n in inside}
    read = {o.idx for o in graph.outputs}
    for node in graph.nodes:
        if node.idx not in members:
            read.update(i.idx for i in node.ins)
    outs = [n for n in inside if n.idx in read]
    if not outs:
        return Stretch(None, [], [], regions)
    b, env, ins = Builder(name), {}, []
    for node in inside:
        for operand in node.ins:
            if operand.idx not in members and operand.idx not in env and operand.op.name != "constant":
                env[operand.idx] = b.parameter(operand.aval)
                ins.append(operand)
    for node in inside:
        operands = tuple([b.emit(i.op, (), i.attrs) if i.op.name == "constant" else env[i.idx] for i in node.ins])
        b.loc = node.loc
        env[node.idx] = b.emit(node.op, operands, node.attrs)
    return Stretch(b.finish([env[o.idx] for o in outs]), ins, outs, regions)
