"""Graph to program: cut a legal graph into launches and put them in order.

Units are claims (the backend's anchor + epilogue patterns), groups (loop nests for code generation) and single nodes.
The order is topological; among ready units the one that stands first in the graph goes first, except that a unit which
overwrites a donated input waits for every reader of that input. Where that is impossible the donation is dropped: the
output then gets a buffer of its own.

How a graph is cut (`cut`) does not depend on the sizes of its symbols; the program (`schedule`) is that for one binding
of them.
"""
from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from mindspore.compiler.ir import Builder, Graph, Node, TupleAval
from mindspore.compiler.ir.bind import bind, bind_attrs, bind_value
from mindspore.compiler.ir.facts import Binding
from mindspore.compiler.passes.groups import form_groups, left_over
from mindspore.compiler.passes.legalize import STRUCTURAL, VIEWS, generates, has_kernel
from mindspore.compiler.passes.region_plans import PlanGraph, plan_region
from mindspore.compiler.passes.stretches import needs_driver
from mindspore.compiler.passes.updates import shared_body
from mindspore.compiler.program import CLAIM, GROUP, HOST, KERNEL, REGION, VIEW, Launch, Program


@dataclass(slots=True)
class Unit:
    """Nodes that become one launch. body: what a group or a claim computes, a closed graph from the values of the nodes
    `ins` to those of `outputs`; without `ins` from the operands of its one node. read: the constants that a claim's
    kernel reads from memory."""

    kind: str
    name: str
    nodes: list[Node]
    outputs: list[Node] = field(default_factory=list)
    body: Graph | None = None
    ins: list[Node] | None = None
    read: tuple[int, ...] = ()


@dataclass(slots=True)
class Cut:
    """A legal graph and its units; `unit_of` names the unit from which others take a node's value."""

    graph: Graph
    units: list[Unit]
    unit_of: dict[int, int]


def schedule(found: Cut, donated: dict[int, int], plan: PlanGraph | None = None, binding: Binding | None = None,
             general: bool = False) -> Program:
    """The program of a graph that was cut. donated: output position -> input position that it may overwrite; plan:
    makes the plans of the graphs inside regions, where there are any; binding: the sizes of the graph's symbols;
    general: whether the bodies of groups keep their symbols, since the device's generated code serves all sizes."""
    graph, units, unit_of = found.graph, found.units, found.unit_of
    values, avals, constants = _number(graph, binding)
    program = Program(graph.name, avals, [values[p.idx] for p in graph.params],
                      [values[o.idx] for o in graph.outputs], constants, [], dict(donated))
    for position in _order(graph, units, unit_of, program.donated):
        launch = _launch(units[position], values, plan, binding)
        if launch.body is not None and binding and not (general and launch.kind == GROUP):
            launch.body, launch.binding = bind(launch.body, binding), None
        program.launches.append(launch)
    return program


def cut(graph: Graph, device) -> Cut:
    """Every working node of a legal graph in exactly one unit, but for what groups repeat inside. Where claims overlap
    the first one has the nodes: in a sum of two matrix products either may take the addition for its epilogue. The
    groups of equal layers have one body, so that what follows from it is found once."""
    units: list[Unit] = []
    taken: set[int] = set()
    claim = getattr(device, "claim", None)
    for found in claim(graph) if claim is not None else ():
        if taken.isdisjoint(found.nodes):
            units.append(Unit(CLAIM, found.name, [graph.nodes[i] for i in found.nodes], read=found.operands))
            taken.update(found.nodes)
    groups = []
    if device.capabilities.codegen:
        fixed = taken | {n.idx for n in graph.nodes if not generates(n, device) or
                         (has_kernel(n, device) and n.op.name not in VIEWS)}
        groups = form_groups(graph, device.capabilities.codegen, fixed)
    unit_of = {node.idx: k for k, unit in enumerate(units) for node in unit.nodes}
    for group in groups:
        unit_of.update(dict.fromkeys(group.owned, len(units)))
        units.append(Unit(GROUP, "group", [graph.nodes[i] for i in group.nodes],
                          [graph.nodes[i] for i in group.outputs]))
    for idx in left_over(graph, groups):
        node, name = graph.nodes[idx], graph.nodes[idx].op.name
        if idx in taken or name in STRUCTURAL:
            continue
        kind = _kind(node, device)
        unit_of[idx] = len(units)
        units.append(Unit(kind, name, [node], body=shared_body(node, device) if kind == GROUP else None))
    bodies: dict[bytes, Graph] = {}
    for unit in units:
        if not unit.outputs:
            unit.outputs = [unit.nodes[-1]]
        if unit.kind in (CLAIM, GROUP) and unit.body is None:
            unit.body, unit.ins, unit.outputs = extract(unit.nodes, unit.outputs, unit.read)
            if unit.kind == GROUP:
                unit.body = bodies.setdefault(unit.body.key(), unit.body)
    return Cut(graph, units, unit_of)


def _kind(node: Node, device) -> str:
    if needs_driver(node):
        return REGION
    if node.op.name in VIEWS:
        return VIEW
    if has_kernel(node, device):
        return KERNEL
    return GROUP if node.op.one_pass else HOST


def _number(graph: Graph, binding: Binding | None) -> tuple[dict, list, dict]:
    """Value numbers: one per tensor; a tuple-valued node has one per element, which its `item` nodes share."""
    values: dict = {}
    avals: list = []
    constants: dict = {}
    for node in graph.nodes:
        if node.op.name == "item":
            values[node.idx] = values[node.ins[0].idx][node.attrs[0]]
        elif isinstance(node.aval, TupleAval):
            values[node.idx] = tuple(range(len(avals), len(avals) + len(node.aval.items)))
            avals.extend(node.aval.items)
        else:
            values[node.idx] = len(avals)
            avals.append(node.aval)
            if node.op.name == "constant":
                constants[values[node.idx]] = node.attrs[0].array
            elif node.op.name == "dimension":
                number, dtype = bind_value(node.attrs, binding)
                constants[values[node.idx]] = np.asarray(number).astype(dtype.np)
    return values, [bind_value(a, binding) for a in avals] if binding else avals, constants


def _source(node: Node) -> Node:
    return node.ins[0] if node.op.name == "item" else node


def _order(graph: Graph, units: list[Unit], unit_of: dict[int, int], donated: dict[int, int]) -> list[int]:
    """Unit positions in execution order; drops from `donated` what cannot be ordered."""
    before: list[set[int]] = [set() for _ in units]
    readers: dict[int, set[int]] = {}
    for position, unit in enumerate(units):
        inside = {n.idx for n in unit.nodes}
        for node in unit.nodes:
            for operand in node.ins:
                source = _source(operand)
                if source.idx in inside:
                    continue
                producer = unit_of.get(source.idx)
                if producer is not None and producer != position:
                    before[position].add(producer)
                if source.op.name == "parameter":
                    readers.setdefault(source.attrs[0], set()).add(position)
    rank = [min(n.idx for n in unit.nodes) for unit in units]
    _follow_views(graph, units, unit_of, readers)
    while True:
        edges = [set(b) for b in before]
        for out, source in donated.items():
            writer = unit_of.get(_source(graph.outputs[out]).idx)
            if writer is not None:
                edges[writer] |= readers.get(source, set()) - {writer}
        order = _topological(edges, rank)
        if order is not None:
            return order
        donated.pop(_on_cycle(before, donated, graph, unit_of, readers))


def _follow_views(graph: Graph, units: list[Unit], unit_of: dict[int, int], readers: dict[int, set[int]]) -> None:
    """A reader of a view of an input reads the input."""
    users = graph.users()
    for positions in readers.values():
        pending = [p for p in positions if units[p].kind == VIEW]
        while pending:
            for node in users[units[pending.pop()].nodes[0].idx]:
                position = unit_of.get(node.idx)
                if position is not None and position not in positions:
                    positions.add(position)
                    if units[position].kind == VIEW:
                        pending.append(position)


def _topological(edges: list[set[int]], rank: list[int]) -> list[int] | None:
    waiting = [len(e) for e in edges]
    after: list[list[int]] = [[] for _ in edges]
    for position, sources in enumerate(edges):
        for source in sources:
            after[source].append(position)
    ready = [(rank[p], p) for p, n in enumerate(waiting) if n == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        _, position = heapq.heappop(ready)
        order.append(position)
        for follower in after[position]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, (rank[follower], follower))
    return order if len(order) == len(edges) else None


def _on_cycle(before: list, donated: dict, graph: Graph, unit_of: dict, readers: dict) -> int:
    """A donation whose ordering contradicts the data flow: the first whose writer a reader depends on."""
    for out, source in donated.items():
        writer = unit_of.get(_source(graph.outputs[out]).idx)
        if writer is None:
            continue
        seen, pending = set(), [r for r in readers.get(source, ()) if r != writer]
        while pending:
            position = pending.pop()
            if position == writer:
                return out
            if position not in seen:
                seen.add(position)
                pending.extend(before[position])
    return next(iter(donated))


def _launch(unit: Unit, values: dict, plan: PlanGraph | None, binding: Binding | None) -> Launch:
    if unit.ins is not None:
        return Launch(unit.kind, unit.name, {}, unit.body, tuple([values[n.idx] for n in unit.ins]),
                      tuple([values[n.idx] for n in unit.outputs]), unit.nodes[-1].loc, binding=binding)
    node = unit.nodes[0]
    outs = values[node.idx]
    region = plan_region(node, plan, binding) if unit.kind == REGION else None
    return Launch(unit.kind, unit.name, bind_attrs(node.kwargs(), binding), unit.body,
                  tuple([values[i.idx] for i in node.ins]), outs if isinstance(outs, tuple) else (outs,), node.loc,
                  region, binding)


def extract(nodes: list[Node], outputs: list[Node], read: tuple[int, ...] = ()) -> tuple[Graph, list[Node], list[Node]]:
    """A closed graph of some nodes: (graph, the outside nodes that are its parameters, its outputs). Embedded
    constants come inside, but for those that `read` names."""
    b = Builder("group")
    env: dict[int, Node] = {}
    outside: list[Node] = []
    members = {n.idx for n in nodes}
    for node in nodes:
        for operand in node.ins:
            known = operand.idx in members or operand.idx in env
            if not known and (operand.op.name != "constant" or operand.idx in read):
                env[operand.idx] = b.parameter(operand.aval)
                outside.append(operand)
    for node in sorted(nodes, key=lambda n: n.idx):
        ins = tuple([b.emit(i.op, (), i.attrs) if i.op.name == "constant" and i.idx not in env else env[i.idx]
                     for i in node.ins])
        env[node.idx] = b.emit(node.op, ins, node.attrs)
    return b.finish([env[o.idx] for o in outputs]), outside, outputs
