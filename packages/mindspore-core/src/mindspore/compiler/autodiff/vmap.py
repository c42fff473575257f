"""Batching: from a graph, the graph that computes it for many lanes at once.

`vmap_graph(graph, avals, size)` returns a graph with parameters of the given avals. A parameter whose aval is not the
one in `graph` has a leading axis of `size` lanes, all others are shared. The algorithm is one walk forwards: a node all
of whose operands are shared is emitted as it is, and computed once for all lanes; any other node asks its operator's
rule (`compiler.primitives.lanes` says what rules do), or follows from the operator's axes line, or is decomposed.

What depends on no lane stays shared, so a Jacobian, which is a batched derivative, computes the function once.
Operators that draw random numbers give every lane its own, unless `same_random` asks for one draw.

With `masked` the result has one more parameter, last: a bool for each lane that says whether the lane counts.

Results are memoised on the graph. Batching is an ordinary transformation: it nests, derivatives are batched, and
batched graphs are differentiated.

Source: batching as a transformation of programs with a rule for each operator, as Bradbury, Frostig et al. describe it
for JAX (2018).
"""
from __future__ import annotations

from dataclasses import replace

from mindspore.common.dtype import bool_
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.ir import Builder, Graph, Node, TupleAval, tensor_aval
from mindspore.compiler.ir.graph import graphs_in
from mindspore.compiler.primitives.base import Primitive
from mindspore.compiler.primitives.effects import has_effects
from mindspore.compiler.primitives.lanes import (
    Lanes,
    NotBatched,
    along_line,
    convert,
    draws,
    has_private_stacks,
    node_draws,
)


class VmapError(GraphCompileError):
    """The function cannot be run on many lanes at once."""


def vmap_graph(graph: Graph, avals: tuple, size: int, *, masked: bool = False, same_random: bool = False,
               outputs: tuple | None = None, probe: bool = False) -> Graph:
    """The batched graph. avals: of its parameters, the graph's own for what all lanes share. outputs: avals to which
    the outputs are brought (default: as they come; what depends on no lane is shared). probe: only the types of the
    outputs are wanted."""
    if not masked and outputs is None and avals == tuple(graph.in_avals) and (same_random or not any(
            map(node_draws, graph.nodes))):
        return graph
    key = ("vmap", avals, size, masked, same_random, outputs, probe)
    found = graph.memo.get(key)
    if found is None:
        found = graph.memo[key] = _batch(graph, avals, Lanes(size, None, same_random, probe), masked, outputs)
    return found


def _batch(graph: Graph, avals: tuple, lanes: Lanes, masked: bool, outputs: tuple | None) -> Graph:
    b = Builder(f"vmap_{graph.name}")
    env: list = [None] * len(graph.nodes)
    for param, aval in zip(graph.params, avals, strict=True):
        env[param.idx] = b.parameter(aval)
    if masked:
        lanes = replace(lanes, mask=b.parameter(tensor_aval((lanes.size,), bool_)))
    if has_private_stacks(graph):
        found = _one_after_the_other(b, lanes, graph, [env[p.idx] for p in graph.params])
    else:
        for node in graph.nodes:
            if env[node.idx] is None:
                b.loc = node.loc
                env[node.idx] = _emit(b, lanes, node, [env[i.idx] for i in node.ins])
        found = [env[o.idx] for o in graph.outputs]
    if outputs is not None:
        found = [convert(b, lanes, node, aval) for node, aval in zip(found, outputs, strict=True)]
    return b.finish(found)


def _emit(b: Builder, lanes: Lanes, node: Node, ins: list):
    """One node, in all lanes; a tuple for an operator with several results."""
    op = node.op
    if op.name == "item":
        return ins[0][node.attrs[0]]
    batched = tuple([new.aval is not old.aval for new, old in zip(ins, node.ins)])
    own_numbers = not lanes.same_random and node_draws(node)
    masked = lanes.mask is not None and (op.name in ("tape_push", "host_call") or any(map(has_effects,
                                                                                        graphs_in(node.attrs))))
    if not any(batched) and not own_numbers and not masked:
        made = b.emit(op, tuple(ins), node.attrs)
        return b.items(made) if isinstance(node.aval, TupleAval) else made
    try:
        made = batch_node(b, lanes, node, batched, tuple(ins))
    except NotBatched as error:
        raise VmapError(f"{op.name} cannot be run on many lanes at once.", found=str(error)) from None
    if isinstance(node.aval, TupleAval) and isinstance(made, Node):
        return b.items(made)
    return made


def _one_after_the_other(b: Builder, lanes: Lanes, graph: Graph, params: list) -> list[Node]:
    """A graph whose lanes need stacks of their own."""
    from mindspore.compiler.autodiff.region_rules import lane_after_lane
    if not lanes.same_random and draws(graph):
        raise VmapError("Recursion that draws random numbers cannot be run on many lanes.",
                        remedy="draw the numbers outside of vmap, and pass them as an argument with an axis")
    return list(lane_after_lane(b, lanes, graph, tuple(params)))


def batch_node(b: Builder, lanes: Lanes, node: Node, batched: tuple, ins: tuple):
    """By the operator's rule, its axes line, or its decomposition."""
    op: Primitive = node.op
    if op.vmap is not None:
        made = op.vmap(b, lanes, batched, *ins, **node.kwargs())
        if made is not None:
            return made
    if op.axes is not None:
        made = along_line(op, b, lanes, batched, ins, node.attrs)
        if made is not None:
            return made
    if op.lower is None or op.effect:
        raise VmapError(f"{op.name} cannot be run on many lanes at once.",
                        found=f"operands {', '.join(str(i.aval) for i in node.ins)}",
                        remedy="keep it outside of vmap")
    made = _by_parts(b, lanes, node, ins)
    return tuple(made) if isinstance(node.aval, TupleAval) else made[0]


def _by_parts(b: Builder, lanes: Lanes, node: Node, ins: tuple) -> list[Node]:
    """The operator's decomposition, batched; all results have the lanes' axis."""
    parts = Builder(node.op.name)
    made = node.op.lower(parts, *[parts.parameter(i.aval) for i in node.ins], **node.kwargs())
    graph = parts.finish(list(made) if isinstance(made, (tuple, list)) else [made])
    masked = lanes.mask is not None
    batched = vmap_graph(graph, tuple([x.aval for x in ins]), lanes.size, masked=masked,
                         same_random=lanes.same_random, probe=lanes.probe)
    return b.inline(batched, [*ins, lanes.mask] if masked else ins)
