"""Region operators as launches, for devices whose executor runs regions itself.

The graphs of a region become plans (`plan_region`), which live in the arena of the plan around them. A loop's plan is
that of a trip, whose last output says whether there is another one, so the test is computed together with what it
tests. The trip is donated its carried values: it writes over them where its order of launches allows it. Where it does
not (a value is read after the new one is written, or two values change places) the value has a second place, and trips
alternate between the two. The branches of a choice are donated what at least one of them passes on unchanged, so that
passing it on is no work.

Tapes live in memory that grows during a call. Nothing counts references to their entries. Instead the memory is freed
by scopes: where no tape that a trip leaves contains an entry that the trip has pushed, all that it has pushed is
garbage when it ends. A loop that trains, whose trips differentiate loops of their own, so needs the memory of one trip.
Where each tape is used once, as a stack of calls is, the executor also uses popped entries again.
Source of that idea: regions inferred from the program instead of garbage collection (Tofte and Talpin, 1994).

A loop in which nothing runs but generated code is marked as *whole*: a device may make one kernel of it, which goes
around by itself (`is_whole`).
"""
from __future__ import annotations

from collections.abc import Callable

from mindspore.compiler.ir import Aval, Builder, Graph, Node, TapeAval
from mindspore.compiler.ir.bind import bind_value
from mindspore.compiler.ir.facts import Binding
from mindspore.compiler.ir.graph import graphs_in
from mindspore.compiler.passes.stretches import needs_driver
from mindspore.compiler.program import COPY, GROUP, INPUT, REGION, Launch, Plan, Region, value_bytes

PLANNED = frozenset({"cond", "while_", "scan", "call", "rec", "tape_empty", "tape_push", "tape_pop", "tape_add"})
ALIGN = 64

PlanGraph = Callable[[Graph, dict[int, int]], Plan]


def plannable(graph: Graph) -> bool:
    """Whether a graph can be one plan, regions included: all of its regions have launches (a `rec` inside another one
    becomes a loop when that is planned), and no tape enters or leaves it."""
    return not any(isinstance(n.aval, TapeAval) for n in (*graph.params, *graph.outputs)) and _all_planned(graph)


def _all_planned(graph: Graph) -> bool:
    found = graph.memo.get("all_planned")
    if found is None:
        found = graph.memo["all_planned"] = all(
            node.op.name in PLANNED and all(map(_all_planned, graphs_in(node.attrs)))
            for node in graph.nodes if needs_driver(node))
    return found


def inner_graphs(node: Node) -> list[Graph]:
    """The graphs that are attributes of a node."""
    return [a for a in node.attrs if isinstance(a, Graph)]


def trip_and_test(body: Graph, condition: Graph, carried: int) -> Graph:
    """One graph of a trip's results and of whether there is another one."""
    b = Builder(body.name)
    params = [b.parameter(p.aval) for p in body.params]
    state = b.inline(body, params)
    return b.finish([*state, *b.inline(condition, [*state, *params[carried:]])])


def plan_region(node: Node, plan: PlanGraph, binding: Binding | None = None) -> Region:
    """How a region operator, or an operator on tapes, is run. plan: makes the plan of a graph, with donations; binding:
    the sizes of symbols."""
    build = {"cond": _choice, "call": _choice, "while_": _loop, "scan": _scan}.get(node.op.name)
    if build is not None:
        return build(node, plan, _Workspace(binding))
    plans = tuple([plan(graph, {}) for graph in inner_graphs(node)])
    return Region(plans, workspace=max((p.arena_bytes for p in plans), default=0))


def _choice(node: Node, plan: PlanGraph, space: _Workspace) -> Region:
    """Of `cond` and `call`, which is a choice without alternatives."""
    graphs, first = inner_graphs(node), node.op.name == "cond"
    starts = _passed_on(graphs)
    plans = tuple([plan(graph, {k: j for k, j in enumerate(starts) if j is not None}) for graph in graphs])
    spare = tuple([space.second_places(p, graph, starts) for p, graph in zip(plans, graphs)])
    return space.region(plans, starts=tuple([None if j is None else first + j for j in starts]), spare=spare)


def _loop(node: Node, plan: PlanGraph, space: _Workspace) -> Region:
    carried, body, condition = node.attr("carried"), node.attr("body"), node.attr("condition")
    whole, starts = trip_and_test(body, condition, carried), tuple(range(carried))
    test, trip = plan(condition, {}), plan(whole, dict(enumerate(starts)))
    return space.region((test, trip), starts=starts, spare=(space.second_places(trip, body, starts),),
                        scoped=leaves_old_tapes(whole))


def _scan(node: Node, plan: PlanGraph, space: _Workspace) -> Region:
    carried, sliced, body = node.attr("carried"), node.attr("sliced"), node.attr("body")
    starts = tuple(range(carried))
    trip = plan(body, dict(enumerate(starts)))
    spare = space.second_places(trip, body, starts)
    slices = [p.aval for p in body.params[carried:carried + sliced]] + list(body.out_avals[carried:])
    sizes = [space.bytes_of(a) for a in slices]
    temps = tuple([space.take(nbytes) if nbytes % ALIGN else None for nbytes in sizes])
    return space.region((trip,), starts=starts, spare=(spare,), temps=temps, scoped=leaves_old_tapes(body))


class _Workspace:
    """The memory that a region has for itself, as it is laid out."""

    def __init__(self, binding: Binding | None):
        self.size, self.binding = ALIGN, binding

    def bytes_of(self, aval: Aval) -> int:
        """The size of a value's buffer."""
        return value_bytes(bind_value(aval, self.binding))

    def take(self, nbytes: int) -> int:
        """The offset of so many bytes more."""
        offset = self.size
        self.size += -(-nbytes // ALIGN) * ALIGN
        return offset

    def second_places(self, plan: Plan, graph: Graph, starts: tuple[int | None, ...]) -> list[int | None]:
        """Offsets for the results that a plan does not write where they start from."""
        found: list[int | None] = []
        for k, j in enumerate(starts):
            in_place = j is None or plan.output_source[k] == (INPUT, j)
            found.append(None if in_place else self.take(self.bytes_of(graph.outputs[k].aval)))
        return found

    def region(self, plans: tuple[Plan, ...], **fields) -> Region:
        arena = max(p.arena_bytes for p in plans)
        return Region(plans, base=self.size, workspace=self.size + arena, **fields)


def _passed_on(graphs: list[Graph]) -> tuple[int | None, ...]:
    """For each output of the branches an input that one of them passes on as that output; no input twice."""
    found: list[int | None] = []
    for outs in zip(*map(origins, graphs)):
        found.append(next((j for j in outs if j is not None and j not in found), None))
    return tuple(found)


def origins(graph: Graph) -> list[int | None]:
    """For each output the parameter that it is, or may be after choices and loops without trips."""
    known = graph.memo.get("origins")
    if known is None:
        origin: dict[int, int] = {p.idx: k for k, p in enumerate(graph.params)}
        for node in graph.nodes:
            source = _origin_of_item(node) if node.op.name == "item" else None
            if source is not None and source.idx in origin:
                origin[node.idx] = origin[source.idx]
        known = graph.memo["origins"] = [origin.get(o.idx) for o in graph.outputs]
    return known


def _origin_of_item(node: Node) -> Node | None:
    """The operand of a region that the item may be."""
    region, number = node.ins[0], node.attrs[0]
    if region.op.name in ("while_", "scan"):
        return region.ins[number] if number < region.attr("carried") else None
    if region.op.name in ("cond", "call"):
        for graph in inner_graphs(region):
            place = origins(graph)[number]
            if place is not None:
                return region.ins[(region.op.name == "cond") + place]
    return None


def mark_whole_loops(launches: list[Launch]) -> None:
    """Say of each loop whether it is whole."""
    for step in launches:
        if step.kind == REGION and step.name in ("while_", "scan"):
            step.region.whole = is_whole(step)


def is_whole(step: Launch) -> bool:
    """Whether a loop is whole (see `Region.whole`), or another region such that a whole loop may contain it. A loop
    whose trips push what they do not leave is not: the executor takes back the memory of each trip."""
    region = step.region
    if step.name in ("while_", "scan") and region.scoped and any(map(_pushes, region.plans)):
        return False
    return step.name != "tape_add" and all(
        inner.kind in (GROUP, COPY) or inner.kind == REGION and is_whole(inner)
        for plan in region.plans for inner in plan.launches)


def _pushes(plan: Plan) -> bool:
    """Whether something is pushed on a tape."""
    return any(step.kind == REGION and (step.name in ("tape_push", "tape_add") or any(map(_pushes, step.region.plans)))
               for step in plan.launches)


def leaves_old_tapes(graph: Graph) -> bool:
    """Whether every tape among the outputs consists of entries that were there before the graph ran."""
    old: set[int] = set()
    for node in graph.nodes:
        name = node.op.name
        if name in ("parameter", "tape_empty") or name in ("tape_pop", "item") and node.ins[0].idx in old:
            old.add(node.idx)
        elif name in ("cond", "call", "while_", "scan") and all(map(leaves_old_tapes, inner_graphs(node))) and all(
                operand.idx in old for operand in node.ins if isinstance(operand.aval, TapeAval)):
            old.add(node.idx)
    return all(o.idx in old for o in graph.outputs if isinstance(o.aval, TapeAval))


def uses_tapes_once(graph: Graph) -> bool:
    """Whether no tape of a graph, those inside its regions left out, is used twice: read by two nodes, in two trips, or
    twice by one node. An empty tape has no entries and may be."""
    empty = {n.idx for n in graph.nodes if n.op.name == "tape_empty"}
    used: set[int] = set()
    uses = [(node, node.ins) for node in graph.nodes] + [(None, graph.outputs)]
    for node, operands in uses:
        for place, operand in enumerate(operands):
            if not isinstance(operand.aval, TapeAval) or operand.idx in empty:
                continue
            again = node is not None and (node.op.name == "tape_add" or node.op.name in ("while_", "scan")
                                          and place >= node.attr("carried"))
            if operand.idx in used or again:
                return False
            used.add(operand.idx)
    return True
