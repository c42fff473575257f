"""Region operators as launches, for devices whose executor runs regions itself.

The graphs of a region become plans (`plan_region`), which live in the arena of the plan around them. A loop's plan is
that of a trip, whose last output says whether there is another one, so the test is computed together with what it
tests. The trip is donated its carried values: it writes over them where its order of launches allows it. Where it does
not (a value is read after the new one is written, or two values change places) the value has a second place, and trips
alternate between the two.

Tapes live in memory that grows during a call. Nothing counts references to their entries. Instead the memory is freed
by scopes: where no tape that a trip leaves contains an entry that the trip has pushed, all that it has pushed is
garbage when it ends. A loop that trains, whose trips differentiate loops of their own, so needs the memory of one trip.
Source of that idea: regions inferred from the program instead of garbage collection (Tofte and Talpin, 1994).
"""
from __future__ import annotations

from collections.abc import Callable

from mindspore.compiler.ir import Builder, Graph, Node, TapeAval
from mindspore.compiler.passes.stretches import needs_driver
from mindspore.compiler.program import INPUT, Plan, Region, value_bytes

PLANNED = frozenset({"cond", "while_", "tape_empty", "tape_push", "tape_pop", "tape_add"})
ALIGN = 64

PlanGraph = Callable[[Graph, dict[int, int]], Plan]


def plannable(graph: Graph) -> bool:
    """Whether a graph can be one plan, regions included: all of its regions have launches, and no tape enters or
    leaves it."""
    return not any(isinstance(n.aval, TapeAval) for n in (*graph.params, *graph.outputs)) and _all_planned(graph)


def _all_planned(graph: Graph) -> bool:
    found = graph.memo.get("all_planned")
    if found is None:
        found = graph.memo["all_planned"] = all(
            node.op.name in PLANNED and all(map(_all_planned, inner_graphs(node)))
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


def plan_region(node: Node, plan: PlanGraph) -> Region:
    """How a region operator, or an operator on tapes, is run. plan: makes the plan of a graph, with donations."""
    if node.op.name == "while_":
        return _loop(node, plan)
    plans = tuple([plan(graph, {}) for graph in inner_graphs(node)])
    return Region(plans, workspace=max((p.arena_bytes for p in plans), default=0))


def _loop(node: Node, plan: PlanGraph) -> Region:
    carried, body, condition = node.attr("carried"), node.attr("body"), node.attr("condition")
    test = plan(condition, {})
    whole = trip_and_test(body, condition, carried)
    trip = plan(whole, {k: k for k in range(carried)})
    offset, spare = ALIGN, []
    for k in range(carried):
        if trip.output_source[k] == (INPUT, k):
            spare.append(None)
            continue
        spare.append(offset)
        offset += -(-value_bytes(body.outputs[k].aval) // ALIGN) * ALIGN
    return Region((test, trip), carried, tuple(spare), offset, offset + max(test.arena_bytes, trip.arena_bytes),
                  scoped=leaves_old_tapes(whole))


def leaves_old_tapes(graph: Graph) -> bool:
    """Whether every tape among the outputs consists of entries that were there before the graph ran."""
    old: set[int] = set()
    for node in graph.nodes:
        name = node.op.name
        if name in ("parameter", "tape_empty") or name in ("tape_pop", "item") and node.ins[0].idx in old:
            old.add(node.idx)
        elif name in ("cond", "while_") and all(map(leaves_old_tapes, inner_graphs(node))) and all(
                operand.idx in old for operand in node.ins if isinstance(operand.aval, TapeAval)):
            old.add(node.idx)
    return all(o.idx in old for o in graph.outputs if isinstance(o.aval, TapeAval))
