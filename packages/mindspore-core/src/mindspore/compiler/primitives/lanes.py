"""Lanes: what the rules for `vmap` share.

Batching runs a graph on many *lanes* at once. A value that differs from lane to lane has one leading axis more, the
lanes'; a value that is the same in all of them keeps its shape. Which of the two a value is can be read from its aval.

An operator's rule `vmap(b, lanes, batched, *ins, **attrs)` gets the operands, says in its result what the operator
computes in every lane, and may count on at least one of `batched` being true (on none, if it draws random numbers). All
its results have the lanes' axis. Operators without a rule of their own follow from their axes line (`along_line`) or
from their decomposition.

`mask` is a bool for each lane: false where a lane only comes along, because it has left a loop or took the other
branch. What such a lane computes is thrown away, but it must not keep a loop going and must not be put on a tape.
"""
from __future__ import annotations

from dataclasses import dataclass

from mindspore.compiler.ir.aval import Aval, TapeAval, TensorAval, tape_aval, tensor_aval
from mindspore.compiler.ir.graph import Graph, Node, graphs_in
from mindspore.compiler.primitives.axes import parse_axes


@dataclass(frozen=True)
class Lanes:
    """How many lanes there are, which of them count (`mask`, a node, or None for all), whether random numbers are the
    same in all of them, and whether only the types of the results are asked for (`probe`)."""

    size: int
    mask: Node | None = None
    same_random: bool = False
    probe: bool = False

    def spread(self, b, node: Node) -> Node:
        """A value that is the same in all lanes, once for each of them."""
        return b.broadcast_to(node, shape=(self.size, *node.shape))

    def spread_all(self, b, batched: tuple, ins: tuple) -> list[Node]:
        """The operands, all with the lanes' axis."""
        return [x if is_batched else self.spread(b, x) for is_batched, x in zip(batched, ins)]

    def aligned(self, b, batched: tuple, ins: tuple) -> tuple:
        """Operands that broadcast against each other: the lanes' axis stands before the longest of the others."""
        ndim = max((x.aval.ndim - bool(k) for k, x in zip(batched, ins)), default=0)
        return tuple([b.reshape(x, shape=(self.size, *(1,) * (ndim + 1 - x.aval.ndim), *x.shape[1:])) if k else x
                      for k, x in zip(batched, ins)])

    def run(self, graph: Graph, avals: tuple, outputs: tuple | None = None) -> Graph:
        """A graph for these lanes, all of which count."""
        from mindspore.compiler.autodiff.vmap import vmap_graph
        return vmap_graph(graph, avals, self.size, same_random=self.same_random, outputs=outputs)

    def merged(self, b, node: Node) -> Node:
        """The lanes' axis and the first axis after it as one."""
        return b.reshape(node, shape=(self.size * node.shape[1], *node.shape[2:]))

    def split(self, b, node: Node) -> Node:
        """What `merged` joined, apart."""
        return b.reshape(node, shape=(self.size, node.shape[0] // self.size, *node.shape[1:]))


def batched_aval(aval: Aval, size: int) -> Aval:
    """The aval of a tensor that differs from lane to lane."""
    return tensor_aval((size, *aval.shape), aval.dtype)


def laned_tape(elements: tuple, size: int) -> TapeAval:
    """The type of a tape on which lanes put their own entries: `elements` after a bool for each lane, which says that
    the lane has *no* part in the entry (so that an empty tape, which gives zeros, has entries for all)."""
    from mindspore.common.dtype import bool_
    return tape_aval((tensor_aval((size,), bool_), *elements))


def join_avals(x: Aval, y: Aval) -> Aval:
    """What two batched forms of one value both convert to: tensors with the lanes' axis before those without, and
    tapes with entries of lanes before shared ones."""
    if x is y:
        return x
    if isinstance(x, TensorAval):
        return x if x.ndim > y.ndim else y
    if len(x.entry) != len(y.entry):
        return x if len(x.entry) > len(y.entry) else y
    return tape_aval(tuple(map(join_avals, x.entry, y.entry)))


def convert(b, lanes: Lanes, node: Node, aval: Aval) -> Node:
    """A value in a more general batched form."""
    if node.aval is aval:
        return node
    if isinstance(aval, TensorAval):
        return lanes.spread(b, node)
    if node.op.name == "tape_empty" or lanes.probe:
        return b.tape_empty(aval=aval)
    raise NotBatched(f"a tape of {node.aval} is shared by all lanes where each needs its own entries")


class NotBatched(TypeError):
    """The rules cannot batch this combination."""


def along_line(op, b, lanes: Lanes, batched: tuple, ins: tuple, attrs: tuple):
    """Batching by an axes line; None where the line does not allow it.

    Where all operands begin with `...`, the lanes are one more leading axis. Where those that differ from lane to lane
    begin with the same letter as the result, an axis over which the operator works element by element, the lanes
    become part of that axis.
    """
    operands, result = parse_axes(op.axes)
    if all("..." in axes[:1] for axes in operands) and result[:1] == ("...",):
        return b.emit(op, lanes.aligned(b, batched, ins), attrs)
    letter = result[0]
    rows = [axes[:1] == (letter,) for axes in operands]
    if not letter.islower() or len(ins) != len(rows) or any(k and not row for k, row in zip(batched, rows)):
        return None
    if not all(rows) and any(letter in axes for axes, row in zip(operands, rows) if not row):
        return None
    full = [x if k or not row else lanes.spread(b, x) for k, row, x in zip(batched, rows, ins)]
    node = b.emit(op, tuple([lanes.merged(b, x) if row else x for row, x in zip(rows, full)]), attrs)
    return lanes.split(b, node)


def draws(graph: Graph) -> bool:
    """Whether the graph, or a graph inside of it, draws random numbers."""
    found = graph.memo.get("draws")
    if found is None:
        found = graph.memo["draws"] = any(node_draws(node) for node in graph.nodes)
    return found


def node_draws(node: Node) -> bool:
    """Whether the node draws random numbers, or runs a graph that does."""
    return node.op.draws or any(map(draws, graphs_in(node.attrs)))


def has_private_stacks(graph: Graph) -> bool:
    """Whether the graph has choices that take from or put on a tape from outside, as recursion does when it has become
    a loop: then each lane needs a stack of its own, which the lanes cannot share."""
    found = graph.memo.get("private_stacks")
    if found is None:
        found = graph.memo["private_stacks"] = any(
            has_private_stacks(a) or (n.op.name == "cond" and _touches_tapes(a)) for n in graph.nodes
            for a in graphs_in(n.attrs) if n.op.name != "rec")
    return found


def recursive(graph: Graph) -> bool:
    """Whether there is recursion in the graph, as such or as a loop."""
    found = graph.memo.get("recursive")
    if found is None:
        found = graph.memo["recursive"] = has_private_stacks(graph) or any(
            n.op.name == "rec" or any(map(recursive, graphs_in(n.attrs))) for n in graph.nodes)
    return found


def _touches_tapes(branch: Graph) -> bool:
    return any(n.op.name in ("tape_push", "tape_pop") and n.ins[0].op.name == "parameter" for n in branch.nodes)


def needs_mask(graph: Graph) -> bool:
    """Whether it matters in the graph that a lane only comes along: it has loops, tapes or effects."""
    found = graph.memo.get("needs_mask")
    if found is None:
        found = graph.memo["needs_mask"] = any(
            n.op.name in ("while_", "tape_push", "rec", "host_call") or any(map(needs_mask, graphs_in(n.attrs)))
            for n in graph.nodes)
    return found
