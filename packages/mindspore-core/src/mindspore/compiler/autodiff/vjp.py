"""Reverse mode: from a graph, the joint graph of its outputs and their vector-Jacobian products.

`vjp_graph(graph, wanted, seeded)` returns a graph with the parameters of `graph`, followed by one cotangent parameter
for each seeded output, and the outputs of `graph`, followed by one cotangent for each wanted parameter. The algorithm:

1. *expand*: operators that have no `vjp` or `record` for their operands are replaced by their decomposition where they
   are active;
2. *activity*: a node is active if it depends on a wanted parameter through inexact dtypes, or integer ones where an
   integer parameter is wanted: `grad` of x * x at an integer x is 2 * x;
3. *clone*: the primal is emitted into the joint builder. A region operator through which a cotangent will come is
   emitted in the form that keeps what its derivative reads (`record`), so no branch and no loop runs twice;
4. *reverse*: one walk backwards; each active node which has a cotangent asks its operator for the cotangents of its
   operands, and contributions to one node are added. A cotangent that nobody contributed to is a symbolic zero: it is
   never emitted, except for a wanted parameter that the outputs do not depend on.

What the outputs do not need (a frozen weight's gradient, the data gradient of the first layer) is never reached or
dies in `Builder.finish`. The result is an ordinary graph, so higher orders are repeated application. Results are
memoised on the graph by (wanted, seeded).

Source: the reverse accumulation of Linnainmaa (1970), as a program transformation on a graph in the way of Pearlmutter
and Siskind (2008), without closures since the graph is first order.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mindspore.compiler.autodiff.staged import HookSlots, needs_stages
from mindspore.compiler.ir import Builder, Graph, Node, TapeAval, TensorAval, TupleAval, rewrite
from mindspore.compiler.ir.bind import copied
from mindspore.compiler.ir.dims import same, same_shape
from mindspore.compiler.primitives.base import Primitive


def vjp_graph(graph: Graph, wanted: tuple[int, ...], seeded: tuple[int, ...] | None = None,
              staged: bool = False) -> Graph:
    """The joint graph. wanted: positions of the parameters to differentiate by. seeded: positions of the outputs that
    have a cotangent parameter (default: `seedable`). staged: whether hooks of the graph run between the parts of its
    derivative (`staged.HookSlots`); otherwise they are graphs that become a part of it."""
    points = [graph.params[k].aval for k in wanted]
    if seeded is None:
        seeded = seedable(graph.out_avals, points)
    staged = staged and any(map(needs_stages, graph.nodes))
    key = ("vjp", wanted, seeded, staged)
    found = graph.memo.get(key)
    if found is None:
        if any(map(_is_integer, points)):
            with _integers_too():  # a copy, since derivatives of graphs inside are remembered with these
                found = _joint(copied(graph), wanted, seeded, staged)
        else:
            found = _joint(graph, wanted, seeded, staged)
        graph.memo[key] = found
    return found


def seedable(outputs: Sequence, points: Sequence) -> tuple[int, ...]:
    """The positions of the outputs that can have cotangents, where values of the avals `points` are differentiated
    by: the inexact ones, and integers where there are integers among the points."""
    able = differentiable_by(points)
    return tuple([k for k, aval in enumerate(outputs) if able(aval)])


def differentiable_by(points: Iterable) -> Callable[[Any], bool]:
    """What says whether values of an aval have derivatives by values of the avals `points`: see `seedable`."""
    integers = any(map(_is_integer, points))
    return lambda aval: is_differentiable(aval) or (integers and _is_integer(aval))


class _Mode(threading.local):
    integers = False


_mode = _Mode()


@contextmanager
def _integers_too() -> Iterator[None]:
    """Integers are differentiable in the block."""
    before, _mode.integers = _mode.integers, True
    try:
        yield
    finally:
        _mode.integers = before


def _is_integer(aval) -> bool:
    return isinstance(aval, TensorAval) and aval.dtype.kind in "iu"


def is_differentiable(aval) -> bool:
    """Whether values of this aval have derivatives: floating and complex tensors, and tapes with such entries; while
    the derivative by an integer is made, integer tensors too."""
    if isinstance(aval, TapeAval):
        return any(map(is_differentiable, aval.entry))
    return isinstance(aval, TensorAval) and (aval.dtype.is_inexact or (_mode.integers and _is_integer(aval)))


def _joint(graph: Graph, wanted: tuple[int, ...], seeded: tuple[int, ...], staged: bool) -> Graph:
    graph = expand(graph, wanted)
    active = activity(graph, wanted)
    b = Builder(f"vjp_{graph.name}")
    params = [b.parameter(p.aval) for p in graph.params]
    cotangents = {i: b.parameter(graph.outputs[i].aval) for i in seeded}
    env: list = [None] * len(graph.nodes)
    for param, node in zip(graph.params, params):
        env[param.idx] = node
    slots = HookSlots(b, graph, active) if staged else None
    recorded = _clone(b, graph, env, active, seeded)
    grads = _reverse(b, graph, env, active, recorded, wanted, cotangents, slots)
    outputs = [env[o.idx] for o in graph.outputs]
    for position, grad in zip(wanted, grads):
        outputs.append(b.zeros_like(graph.params[position].aval) if grad is None else grad)
    if slots is None:
        return b.finish(outputs)
    joint = b.finish(outputs + slots.outputs)
    joint.memo["hooks"] = slots.fired
    return joint


def _clone(b: Builder, graph: Graph, env: list, active: bytearray, seeded: tuple[int, ...]) -> dict:
    """Emit the primal; for each recorded node (by index) the function from its cotangents to its operands'."""
    expected = _expected(graph, active, seeded) if any(n.op.record is not None for n in graph.nodes) else {}
    recorded: dict = {}
    for node in graph.nodes:
        if env[node.idx] is not None:
            continue
        b.loc = node.loc
        ins = tuple([env[i.idx] for i in node.ins])
        if node.idx in expected and node.op.record is not None:
            wanted = tuple(k for k, operand in enumerate(node.ins) if active[operand.idx])
            env[node.idx], recorded[node.idx] = node.op.record(b, ins, wanted, tuple(sorted(expected[node.idx])),
                                                               **node.kwargs())
        elif node.op.name == "item" and type(ins[0]) is not Node:
            env[node.idx] = ins[0][node.attrs[0]]
        else:
            env[node.idx] = b.emit(node.op, ins, node.attrs)
    return recorded


def _expected(graph: Graph, active: bytearray, seeded: tuple[int, ...]) -> dict[int, set[int]]:
    """The nodes to which a cotangent may come, with the elements of tuples to which it comes."""
    found: dict[int, set[int]] = {graph.outputs[k].idx: set() for k in seeded if active[graph.outputs[k].idx]}
    for node in reversed(graph.nodes):
        if node.idx not in found or not node.ins:
            continue
        if node.op.name == "item":
            found.setdefault(node.ins[0].idx, set()).add(node.attrs[0])
            continue
        for operand in node.ins:
            if active[operand.idx]:
                found.setdefault(operand.idx, set())
    return found


def _reverse(b: Builder, graph: Graph, env: list, active: bytearray, recorded: dict, wanted: tuple,
             seeds: dict[int, Node], slots: HookSlots | None) -> list[Node | None]:
    cts: dict[int, Node | list] = {}

    def contribute(target: Node, grad: Node) -> None:
        if grad.aval is not target.aval:
            raise TypeError(f"{target.op.name}: a cotangent of {grad.aval} arrived for a value of {target.aval}")
        known = cts.get(target.idx)
        cts[target.idx] = grad if known is None else add_cotangents(b, known, grad)

    for position, seed in seeds.items():
        if active[graph.outputs[position].idx]:
            contribute(graph.outputs[position], seed)
    for node in reversed(graph.nodes):
        ct = cts.get(node.idx)
        if ct is None or not node.ins or not active[node.idx]:
            continue
        b.loc = node.loc
        if node.op.name == "item":
            _contribute_item(b, cts, node, ct)
            continue
        hooked = slots is not None and node.idx in slots.params
        grads = slots.reach(node, ct, env) if hooked else _gradients(b, node, env, recorded, ct)
        for operand, grad in zip(node.ins, grads, strict=True):
            if grad is not None and active[operand.idx]:
                contribute(operand, grad)
    return [cts.get(graph.params[p].idx) for p in wanted]


def _gradients(b: Builder, node: Node, env: list, recorded: dict, ct) -> tuple:
    """The cotangents of a node's operands."""
    if node.idx in recorded:
        return recorded[node.idx](ct)
    ins = [env[i.idx] for i in node.ins]
    out = b.items(env[node.idx]) if isinstance(node.aval, TupleAval) else env[node.idx]
    return node.op.vjp(b, ct, out, *ins, **node.kwargs())


def _contribute_item(b: Builder, cts: dict, node: Node, ct: Node) -> None:
    """The cotangent of element i of a tuple is element i of the tuple's cotangent list."""
    source = node.ins[0]
    parts = cts.setdefault(source.idx, [None] * len(source.aval.items))
    index = node.attrs[0]
    parts[index] = ct if parts[index] is None else add_cotangents(b, parts[index], ct)


def add_cotangents(b: Builder, x: Node, y: Node) -> Node:
    """The sum of two contributions to one value. Those of two neighbouring parts of it (the gates of an LSTM, the heads
    of an attention, the rows of a table) are put side by side, since all that a sum would do is to add zeros."""
    if isinstance(x.aval, TapeAval):
        return b.tape_add(x, y, adder=tape_adder(x.aval))
    parts, others = _part(x), _part(y)
    if parts is not None and others is not None and parts[0] == others[0]:
        axis = parts[0]
        (start, end), (low, high) = [(at, at + node.shape[axis]) for _, at, node in (parts, others)]
        if same(end, low):
            return _side_by_side(b, axis, parts[2], others[2], start, x.shape[axis] - high)
        if same(high, start):
            return _side_by_side(b, axis, others[2], parts[2], low, x.shape[axis] - end)
    return b.add(x, y)


def _part(node: Node) -> tuple[int, int, Node] | None:
    """(axis, start, values) of a cotangent that is zero outside of a stretch of one axis."""
    if node.op.name != "pad":
        return None
    low, high, interior, value = node.attrs
    axes = [k for k, ends in enumerate(zip(low, high)) if not same_shape(ends, (0, 0))]
    return (axes[0], low[axes[0]], node.ins[0]) if len(axes) == 1 and not any(interior) and value == 0 else None


def _side_by_side(b: Builder, axis: int, first: Node, second: Node, low: int, high: int) -> Node:
    parts = [part for node in (first, second)
             for part in (node.ins if node.op.name == "concat" and node.attrs[0] == axis else (node,))]
    whole = b.concat(*parts, axis=axis)
    if same(low, 0) and same(high, 0):
        return whole
    return b.pad(whole, low=_along(whole, axis, low), high=_along(whole, axis, high))


def _along(node: Node, axis: int, count: int) -> tuple[int, ...]:
    return tuple(count if k == axis else 0 for k in range(node.aval.ndim))


def tape_adder(aval: TapeAval) -> Graph:
    """The graph that adds two entries of a tape; elements without derivatives are taken from the first."""
    found = _adders.get(aval)
    if found is None:
        b = Builder("add_entries")
        first, second = [[b.parameter(a) for a in aval.entry] for _ in range(2)]
        found = _adders[aval] = b.finish([add_cotangents(b, x, y) if is_differentiable(x.aval) else x
                                          for x, y in zip(first, second)])
    return found


_adders: dict[TapeAval, Graph] = {}


def activity(graph: Graph, wanted: tuple[int, ...]) -> bytearray:
    """For each node whether it depends differentiably on a wanted parameter."""
    active = bytearray(len(graph.nodes))
    for position in wanted:
        if is_differentiable(graph.params[position].aval):
            active[graph.params[position].idx] = 1
    for node in graph.nodes:
        if node.op.name == "gradient_hook" and node.attrs[0] is not None and node.attrs[0].always:
            active[node.idx] = passes_derivatives(node)
        elif passes_derivatives(node):
            for operand in node.ins:
                if active[operand.idx]:
                    active[node.idx] = 1
                    break
    return active


def passes_derivatives(node: Node) -> bool:
    """Whether the node's value can depend differentiably on an operand."""
    if not node.ins or not (node.op.differentiable or node.op.name == "item"):
        return False
    if isinstance(node.aval, TupleAval):
        return any(is_differentiable(a) for a in node.aval.items)
    return is_differentiable(node.aval)


def _has_rule(node: Node, wanted: tuple[int, ...]) -> bool:
    return node.op.vjp is not None or node.op.records(tuple([i.aval for i in node.ins]), wanted, node.attrs)


def expand(graph: Graph, wanted: tuple[int, ...], has_rule: Callable[[Node, tuple], bool] = _has_rule) -> Graph:
    """Replace active operators without a rule of their own by their decomposition, until none is left. has_rule: of a
    node and the places of its active operands."""
    while True:
        active = activity(graph, wanted)
        pending = [n for n in graph.nodes if active[n.idx] and n.ins and n.op.name != "item"
                   and not has_rule(n, tuple(k for k, operand in enumerate(n.ins) if active[operand.idx]))]
        if not pending:
            return graph
        graph = lower_nodes(graph, {n.idx for n in pending})


def lower_nodes(graph: Graph, chosen: set[int]) -> Graph:
    """Re-emit `graph` with the chosen nodes replaced by their operators' decompositions."""
    return rewrite(graph, lambda b, node, ins: decompose(b, node.op, ins, node.kwargs(), node.aval)
                   if node.idx in chosen else None)


def decompose(b: Builder, op: Primitive, ins: tuple, attrs: dict, aval):
    """Emit `op.lower`; a tuple of nodes for an operator with several outputs. The avals must be the operator's."""
    result = op.lower(b, *ins, **attrs)
    got = tuple(n.aval for n in result) if isinstance(result, (tuple, list)) else result.aval
    want = aval.items if isinstance(aval, TupleAval) else aval
    if got != want:
        raise TypeError(f"{op.name}: its decomposition gives {got}, but its shape rule says {want}")
    return tuple(result) if isinstance(result, (tuple, list)) else result
