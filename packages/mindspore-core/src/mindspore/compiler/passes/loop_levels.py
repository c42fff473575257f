"""What the values in the body of a loop depend on, for the passes that move work out of loops."""
from __future__ import annotations

from collections.abc import Collection, Iterable

from mindspore.compiler.ir import Graph, Node, TapeAval, TensorAval, TupleAval
from mindspore.compiler.ir.dims import Dim
from mindspore.compiler.ir.graph import graphs_in
from mindspore.compiler.primitives.effects import has_effects

STAYING, EARLY, CHANGING = 0, 1, 2
_PLACED = frozenset({"parameter", "constant", "reshape", "broadcast_to", "tape_empty"})


def levels(body: Graph, carried: int, sliced: int = 0) -> list[int]:
    """For each node whether it is the same in all trips, depends on slices only, or on carried values. What has effects
    or works on tapes belongs to the trips."""
    level = [STAYING] * len(body.nodes)
    for k, param in enumerate(body.params):
        level[param.idx] = CHANGING if k < carried else EARLY if k < carried + sliced else STAYING
    for node in body.nodes:
        if node.op.name != "parameter":
            level[node.idx] = CHANGING if _belongs_to_trips(node) else max(
                [level[i.idx] for i in node.ins], default=STAYING)
    return level


def _belongs_to_trips(node: Node) -> bool:
    return node.op.effect or node.op.name == "host_call" or any(
        isinstance(x.aval, TapeAval) for x in node.ins) or any(map(has_effects, graphs_in(node.attrs)))


def needed(graph: Graph, outputs: Iterable[Node], known: Collection[int] = ()) -> set[int]:
    """The indices of the nodes from which these outputs are computed, where the values of `known` are given; they are
    among the result, but nothing for their sake alone."""
    found = {n.idx for n in outputs}
    for node in reversed(graph.nodes):
        if node.idx in found and node.idx not in known:
            found.update(i.idx for i in node.ins)
    return found


def is_worth_moving(node: Node) -> bool:
    """Whether a value that is the same in all trips should be kept for them: it is a tensor, and not merely another
    form or a repetition of one, which costs a trip nothing."""
    if not isinstance(node.aval, TensorAval) or node.op.name in _PLACED:
        return False
    size = sum(i.aval.nbytes for i in node.ins if isinstance(i.aval, TensorAval))
    return not node.op.scalar or has_symbols_in(node.aval) or node.aval.nbytes <= max(size, 1 << 12)


def has_symbols(graph: Graph) -> bool:
    """Whether sizes in the graph are known only when it runs."""
    found = graph.memo.get("has_symbols")
    if found is None:
        found = graph.memo["has_symbols"] = any(
            has_symbols_in(n.aval) or n.op.name == "dimension" or any(map(has_symbols, graphs_in(n.attrs)))
            for n in graph.nodes)
    return found


def has_symbols_in(aval) -> bool:
    if isinstance(aval, TupleAval):
        return any(map(has_symbols_in, aval.items))
    return isinstance(aval, TensorAval) and any(type(d) is Dim for d in aval.shape)
