"""Forward mode: from a graph, the graph of its outputs and of their Jacobian-vector products.

`jvp_graph(graph, wanted)` returns a graph with the parameters of `graph`, followed by one tangent for each wanted
parameter, and the outputs of `graph`, followed by one tangent for each chosen output. It is one walk forwards: a node
none of whose operands has a tangent has none itself (a symbolic zero, which is never emitted), any other node gets one

* by the operator's own `jvp`, where there is one: operators that run graphs run the graphs' forward derivatives;
* for element-wise operators from the rule for cotangents: their Jacobian is diagonal, so what multiplies a cotangent of
  the result to give one of the operand multiplies a tangent of the operand to give one of the result;
* for all others by transposition. The rule for cotangents, as a graph of its own, is linear in the cotangent, and the
  cotangent of *its* cotangent, seeded with the operands' tangents, is the tangent of the result. So `matmul` gets two
  products, `gather` a `gather`, `softmax` what one would write by hand, and no operator needs a second rule. These
  graphs are made once for each operator, avals and attributes.

The result is an ordinary graph: it is differentiated, batched and compiled like any other. Results are memoised on the
graph.

Source: forward mode from reverse mode by transposing twice (Townsend, "A new trick for calculating Jacobian vector
products", 2017), applied operator by operator.
"""
from __future__ import annotations

from collections import OrderedDict

from mindspore.compiler.autodiff.vjp import activity, add_cotangents, expand, is_differentiable, vjp_graph
from mindspore.compiler.ir import Builder, Graph, Node, TensorAval, TupleAval
from mindspore.compiler.primitives.base import Elementwise, Primitive

_RULES: OrderedDict = OrderedDict()
RULES_KEPT = 4096


def jvp_graph(graph: Graph, wanted: tuple[int, ...], outputs: tuple[int, ...] | None = None) -> Graph:
    """The graph of outputs and tangents. wanted: positions of the parameters that have a tangent. outputs: positions
    of the outputs whose tangents are wanted (default: every inexact one)."""
    if outputs is None:
        outputs = tuple(k for k, o in enumerate(graph.outputs) if is_differentiable(o.aval))
    key = ("jvp", wanted, outputs)
    found = graph.memo.get(key)
    if found is None:
        found = graph.memo[key] = _forward(expand(graph, wanted, _has_rule), wanted, outputs)
    return found


def _has_rule(node: Node, wanted: tuple[int, ...]) -> bool:
    return node.op.vjp is not None or node.op.jvp is not None


def active_outputs(graph: Graph, wanted: tuple[int, ...]) -> tuple[int, ...]:
    """The positions of the outputs that depend differentiably on the wanted parameters."""
    active = activity(graph, wanted)
    return tuple(k for k, o in enumerate(graph.outputs) if active[o.idx] and is_differentiable(o.aval))


def _forward(graph: Graph, wanted: tuple[int, ...], outputs: tuple[int, ...]) -> Graph:
    b = Builder(f"jvp_{graph.name}")
    env: list = [None] * len(graph.nodes)
    tangents: list = [None] * len(graph.nodes)
    for param in graph.params:
        env[param.idx] = b.parameter(param.aval)
    for position in wanted:
        tangents[graph.params[position].idx] = b.parameter(graph.params[position].aval)
    active = activity(graph, wanted)
    for node in graph.nodes:
        if env[node.idx] is not None:
            continue
        b.loc = node.loc
        ins = tuple([env[i.idx] for i in node.ins])
        if node.op.name == "item":
            env[node.idx] = ins[0][node.attrs[0]]
            if tangents[node.ins[0].idx] is not None:
                tangents[node.idx] = tangents[node.ins[0].idx][node.attrs[0]]
            continue
        known = [tangents[i.idx] if active[i.idx] else None for i in node.ins]
        if not active[node.idx] or not any(t is not None for t in known):
            made = b.emit(node.op, ins, node.attrs)
            env[node.idx] = b.items(made) if isinstance(node.aval, TupleAval) else made
        else:
            env[node.idx], tangents[node.idx] = push(b, node.op, ins, known, node.attrs)
    found = [env[o.idx] for o in graph.outputs]
    for position in outputs:
        tangent = tangents[graph.outputs[position].idx]
        found.append(b.zeros_like(graph.outputs[position].aval) if tangent is None else tangent)
    return b.finish(found)


def push(b: Builder, op: Primitive, ins: tuple, tangents: list, attrs: tuple) -> tuple:
    """Emit an operator and the tangents of its results: (node, tangent or None), or two tuples of these for an
    operator with several results. tangents: one for each operand, None for a zero."""
    if op.jvp is not None:
        return op.jvp(b, ins, tangents, **dict(zip(op.attrs, attrs)))
    node = b.emit(op, ins, attrs)
    if isinstance(op, Elementwise) and type(op).vjp is Elementwise.vjp and all(i.dtype is node.dtype for i in ins):
        return node, _diagonal(b, op, node, ins, tangents, attrs)
    several = isinstance(node.aval, TupleAval)
    outs = b.items(node) if several else (node,)
    active = tuple(k for k, t in enumerate(tangents) if t is not None)
    rule, places = _pushforward(op, tuple([i.aval for i in ins]), attrs, active)
    found: list = [None] * len(outs)
    if rule is not None:
        results = b.inline(rule, [*ins, *outs, *[tangents[k] for k in active]])
        for place, result in zip(places, results):
            found[place] = result
    return (outs, tuple(found)) if several else (node, found[0])


def _diagonal(b: Builder, op: Elementwise, out: Node, ins: tuple, tangents: list, attrs: tuple) -> Node | None:
    total = None
    for k, tangent in enumerate(tangents):
        if tangent is None:
            continue
        tangent = b.broadcast_to(tangent, shape=out.shape)
        part = op.grad(b, tangent, out, *ins, **dict(zip(op.attrs, attrs)))[k]
        if part is not None:
            total = part if total is None else b.add(total, part)
    if total is not None and total.shape != out.shape:
        total = b.broadcast_to(total, shape=out.shape)
    return total


def _pushforward(op: Primitive, avals: tuple, attrs: tuple, active: tuple[int, ...]) -> tuple:
    """(graph from (operands, results, the active operands' tangents) to tangents of results, which results these are);
    the graph is None where all tangents are zero."""
    owner = next((a for a in attrs if isinstance(a, Graph)), None)
    memo = _RULES if owner is None else owner.memo
    key = ("pushforward", op, avals, attrs, active)
    found = memo.get(key)
    if found is None:
        found = memo[key] = _transposed(op, avals, attrs, active)
        if memo is _RULES and len(memo) > RULES_KEPT:
            memo.popitem(last=False)
    return found


def _transposed(op: Primitive, avals: tuple, attrs: tuple, active: tuple[int, ...]) -> tuple:
    b = Builder(f"pull_{op.name}")
    ins = [b.parameter(a) for a in avals]
    aval = op.infer(*avals, **dict(zip(op.attrs, attrs)))
    several = isinstance(aval, TupleAval)
    out_avals = aval.items if several else (aval,)
    outs = [b.parameter(a) for a in out_avals]
    places = [k for k, a in enumerate(out_avals) if is_differentiable(a)]
    cts: list = [None] * len(outs)
    for place in places:
        cts[place] = b.parameter(out_avals[place])
    given = (cts, outs) if several else (cts[0], outs[0])
    grads = op.vjp(b, *given, *ins, **dict(zip(op.attrs, attrs)))
    parts = [(k, grads[k]) for k in active if grads[k] is not None]
    pull = b.finish([g for _, g in parts])
    first = len(ins) + len(outs)
    linear = tuple(range(first, first + len(places)))
    reached = activity(pull, linear)
    if not any(reached[o.idx] for o in pull.outputs):
        return None, ()
    joint = vjp_graph(pull, linear, tuple(range(len(parts))))
    b = Builder(f"push_{op.name}")
    params = [b.parameter(p.aval) for p in joint.params[:first]]
    tangents = {k: b.parameter(avals[k]) for k in active}
    zeros = [b.zeros_like(out_avals[place]) for place in places]
    results = b.inline(joint, [*params, *zeros, *[tangents[k] for k, _ in parts]])[len(parts):]
    return b.finish(results), tuple(places)


def add_tangents(b: Builder, x: Node | None, y: Node | None) -> Node | None:
    """The sum of two tangents, either of which may be a zero."""
    return y if x is None else x if y is None else add_cotangents(b, x, y)


def tangent_or_zero(b: Builder, tangent: Node | None, aval: TensorAval) -> Node:
    """The tangent itself, or the zero that it stands for."""
    return b.zeros_like(aval) if tangent is None else tangent
