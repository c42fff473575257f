"""Loop groups: what is computed together in one generated kernel.

Groups are the iteration spaces of the graph (`group_partition`), each with the views, index ramps and one-element
computations that its members read through: those are repeated in every group that needs them instead of being stored.
Several small groups that run the same operations, such as the optimizer's updates of many parameters, are put into one
group of several loop nests, which saves launches; large ones stay apart, so that an update can run as soon as its
gradient is there, while that is in the cache.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass

from mindspore.compiler.ir import Graph, Node
from mindspore.compiler.passes.group_partition import Partition
from mindspore.compiler.passes.group_space import VIEWS, Read, Space, element_operands, is_computed, is_view

SMALL_EXTENT = 16384
MAX_NESTS = 64
MAX_TENSORS = 192  # what a group of several nests reads and writes, together: executors have limits


@dataclass(frozen=True, slots=True)
class Group:
    """`nodes`: indices of all nodes that the group computes, in order. `outputs`: those whose values are used outside.
    `owned`: those that no other group computes; the rest of `nodes` are views, ramps and one-element computations
    repeated inside."""

    nodes: tuple[int, ...]
    outputs: tuple[int, ...]
    owned: tuple[int, ...]


def form_groups(graph: Graph, codegen: Set[str], taken: Set[int] = frozenset()) -> list[Group]:
    """The groups of a graph, in an order in which they can run.

    codegen: names of the primitives that may be in groups. taken: indices of nodes that have launches of their own;
    a group may still read through a view among them. There are no cycles between the groups and the rest. What is in
    no group and nevertheless needed is what `left_over` says: taken nodes, and views.
    """
    def is_candidate(node: Node) -> bool:
        return node.op.name in codegen and node.idx not in taken

    partition = Partition(graph, is_candidate, _roots(graph, is_candidate))
    outputs = {o.idx for o in graph.outputs}
    return [_group(partition, spaces, outputs) for spaces in _batches(partition, outputs)]


def left_over(graph: Graph, groups: list[Group]) -> list[int]:
    """Indices of the nodes, in order, that need a launch of their own: owned by no group, and read by the outside or by
    a group that does not repeat them. Parameters, constants and elements of tuples among them need no work."""
    owned = {i for group in groups for i in group.owned}
    inside: dict[int, list[set[int]]] = {}
    for group in groups:
        members = set(group.nodes)
        for idx in members:
            inside.setdefault(idx, []).append(members)
    users = graph.users()
    needed = {o.idx for o in graph.outputs}
    for node in reversed(graph.nodes):
        for user in users[node.idx]:
            if user.idx not in inside or (user.idx in needed and user.idx not in owned) or any(
                    node.idx not in members for members in inside[user.idx]):
                needed.add(node.idx)
                break
    return sorted(needed - owned)


def _roots(graph: Graph, is_candidate: Callable[[Node], bool]) -> set[int]:
    """Nodes that groups would compute inline, but that are needed as tensors by something outside."""
    users = graph.users()
    wanted = {o.idx for o in graph.outputs}
    for node in reversed(graph.nodes):
        for user in users[node.idx]:
            view = is_view(user)
            inside = view or (is_candidate(user) and is_computed(user))
            stored = view and user.idx in wanted and (user.op.name == "reshape" or not is_candidate(user))
            if stored or not inside:
                wanted.add(node.idx)
                break
    return {i for i in wanted if is_candidate(graph.nodes[i]) and graph.nodes[i].op.name != "reshape"}


def _batches(partition: Partition, graph_outputs: set[int]) -> list[list[Space]]:
    """The spaces, those of small element-wise nests of equal operations together."""
    batches: list[list[Space]] = []
    open_batch: dict[tuple, tuple[list[Space], set[int]]] = {}
    for space in partition.spaces:
        if space.reduced or not _is_small(space):
            batches.append([space])
            continue
        key, tensors = _operations(space), _tensors(partition, space, graph_outputs)
        batch, known = open_batch.get(key, ([], set()))
        if batch and len(batch) < MAX_NESTS and len(known | tensors) <= MAX_TENSORS and \
                partition.align([*batch, space]):
            batch.append(space)
            known |= tensors
            continue
        batches.append([space])
        open_batch[key] = batches[-1], tensors
    return sorted(batches, key=lambda b: partition.rank(b[0]))


def _is_small(space: Space) -> bool:
    """Whether a space has few points, for all sizes."""
    extent = space.extent()
    return type(extent) is int and extent <= SMALL_EXTENT


def _tensors(partition: Partition, space: Space, graph_outputs: set[int]) -> set[int]:
    """The nodes whose tensors a space reads or writes in memory."""
    written = {i for i, n in space.nodes.items() if partition.is_read_outside(n, space.nodes.keys(), graph_outputs)}
    return partition.reads[space] | written


def _operations(space: Space) -> tuple:
    """What a space computes, whatever its sizes: its members' operations, dtypes and data flow."""
    number = {idx: k for k, idx in enumerate(sorted(space.maps))}
    return tuple((node.op.name, node.dtype, tuple(number.get(i.idx, (i.op.name, i.dtype)) for i in node.ins))
                 for _, node in sorted(space.nodes.items()))


def _group(partition: Partition, spaces: list[Space], graph_outputs: set[int]) -> Group:
    owned = {idx: node for space in spaces for idx, node in space.nodes.items()}
    nodes = dict(owned)
    pending = list(owned.values())
    while pending:
        for operand in pending.pop().ins:
            if operand.idx not in nodes and operand.op.name != "constant" and partition.is_inline(operand):
                nodes[operand.idx] = operand
                pending.append(operand)
    outputs = [idx for idx, node in owned.items() if partition.is_read_outside(node, owned.keys(), graph_outputs)]
    return Group(tuple(sorted(nodes)), tuple(sorted(outputs)), tuple(sorted(owned)))


def overwritable(body: Graph) -> frozenset[tuple[int, int]]:
    """The pairs (input position, output position) of a group for which the output may lie in the input's buffer.

    The input is read by one loop nest only, which reduces nothing, and there always at the place at which the nest
    writes the output; and the output depends on the input, so that it is read before the output is written. Whether
    nothing else needs the input any more is the caller's to know.
    """
    found = body.memo.get("overwritable")
    if found is None:
        found = body.memo["overwritable"] = frozenset(_overwritable(body))
    return found


def _overwritable(body: Graph) -> Iterator[tuple[int, int]]:
    partition = Partition(body, lambda node: node.op.name != "parameter", {o.idx for o in body.outputs})
    outputs = [o.idx for o in body.outputs]
    for position, param in enumerate(body.params):
        readers = [space for space in partition.spaces if param.idx in partition.reads[space]]
        if len(readers) != 1 or readers[0].reduced or param.idx in outputs:
            continue
        places = _places_read(partition, readers[0], param)
        for target, idx in enumerate(outputs):
            node = readers[0].nodes.get(idx)
            if node is None or node.dtype.itemsize != param.dtype.itemsize:
                continue
            if param.idx not in _ancestors(node):
                continue
            written = [a for row in readers[0].value_map(node) for a in row]
            if sorted(written) == sorted(readers[0].order) and places == {tuple(written)}:
                yield position, target


def _ancestors(node: Node) -> set[int]:
    """All nodes from which a node's value follows."""
    found: set[int] = set()
    pending = [node]
    while pending:
        for operand in pending.pop().ins:
            if operand.idx not in found:
                found.add(operand.idx)
                pending.append(operand)
    return found


def _places_read(partition: Partition, space: Space, param: Node) -> set[tuple[int, ...] | None]:
    """The axes along which members step through a tensor as through contiguous memory; None among them for any other
    way of reading it."""
    found: set[tuple[int, ...] | None] = set()
    for node in space.nodes.values():
        exact = [] if node.op.name in VIEWS else element_operands(node)
        for operand in exact:
            read = space.reach(Read.whole(operand, space.operand_rows(node, operand)))
            if read.source is param:
                whole = not any(read.start) and all(s == 1 for s in read.step)
                found.add(tuple([a for row in read.dims for a in row]) if whole else None)
            elif param.idx in partition.sources(read.source) and read.source.idx not in space.maps:
                found.add(None)
        if any(operand not in exact and param.idx in partition.sources(operand) for operand in node.ins):
            found.add(None)
    return found
