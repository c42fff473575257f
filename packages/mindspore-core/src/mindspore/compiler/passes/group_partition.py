"""Which nodes share a loop nest: a partition of a graph into iteration spaces.

Nodes are visited in order. A node joins the space of a member that it reads, if its dimensions can be identified with
axes of that space (`group_space`), and draws the spaces of its other operands in with it; otherwise it opens a space
of its own. Afterwards spaces of equal axes that read the same tensor are united, so that it is read once.

No cycle may arise between spaces and the nodes outside. Every space has a *position* on a line on which the nodes
outside stand at their indices, and every value flows to the right. A union is legal if there is room for it between
the last outside source of its members and the first outside reader. Where the present position does not lie there the
space is moved. This is conservative, since readers are never moved, and it costs a look at the members' neighbours
only.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from math import inf

from mindspore.compiler.ir import Graph, Node
from mindspore.compiler.passes.group_space import GATHERS, LEAVES, VIEWS, Space, is_computed, is_uniform, is_view

MAX_MEMBERS = 120
MAX_SOURCES = 24
UNIFORM_COST = 8


class Partition:
    """The spaces of a graph. `is_candidate(node)` says which nodes may be members; `roots` are indices of nodes which
    are needed as tensors whatever they are: a view, an index ramp or a uniform node among them is made a member."""

    def __init__(self, graph: Graph, is_candidate: Callable[[Node], bool], roots: Iterable[int] = ()):
        self.graph = graph
        self.users = graph.users()
        self.space_of: dict[int, Space] = {}
        self.position: dict[Space, float] = {}
        self.reads: dict[Space, set[int]] = {}
        self._is_candidate = is_candidate
        self._stored = frozenset(roots) | _stored_for_reading(graph)
        self._uniform_cost: dict[int, int] = {}
        self._sources: list = [None] * len(graph.nodes)
        self._readers: list[list[int]] = [[] for _ in graph.nodes]  # nodes visited so far, seen through inline nodes
        for node in graph.nodes:
            self._visit(node)
        self._unite_neighbours()

    @property
    def spaces(self) -> list[Space]:
        """All spaces, in an order in which they can run."""
        return sorted(self.position, key=self.rank)

    def rank(self, space: Space) -> tuple[float, int]:
        """The sort key of a space in the order of execution."""
        return self.position[space], min(space.maps)

    def align(self, spaces: list[Space]) -> bool:
        """Move spaces, none of which reads another, to one position, so that they can run together; False if there
        is none."""
        place = self._room(spaces, {s for space in spaces for s in self.reads[space]})
        if place is None:
            return False
        for space in spaces:
            self.position[space] = place
        return True

    def is_read_outside(self, node: Node, inside: Set[int], outputs: Set[int]) -> bool:
        """Whether a member is a graph output, also through views, or read by a node that is not `inside`."""
        pending = [node]
        while pending:
            found = pending.pop()
            if found.idx in outputs:
                return True
            for user in self.users[found.idx]:
                if self.is_inline(user):
                    pending.append(user)
                elif user.idx not in inside:
                    return True
        return False

    # -- the graph without views and uniform nodes ---------------------------------------------------------------

    def is_inline(self, node: Node) -> bool:
        """Whether a node is no member and no source: each reader computes it for itself."""
        if node.idx in self.space_of:
            return False
        if node.op.name == "reshape" and not is_view(node):
            return node.ins[0].idx in self.space_of
        return is_view(node) or node.op.name in LEAVES or node.idx in self._uniform_cost

    def sources(self, node: Node) -> tuple[int, ...]:
        """The members and outside nodes whose values a reader of `node` needs."""
        found = self._sources[node.idx]
        if found is None:
            if not self.is_inline(node):
                found = (node.idx,)
            else:
                found = tuple(dict.fromkeys(s for operand in node.ins for s in self.sources(operand)))
            self._sources[node.idx] = found
        return found

    # -- visiting ----------------------------------------------------------------------------------------------------

    def _visit(self, node: Node) -> None:
        needed = {s for operand in node.ins for s in self.sources(operand)}
        if not self._is_member(node):
            if not self.is_inline(node):
                self._note_reader(node, needed)
            return
        if node.idx not in self._stored and is_uniform(node):
            cost = 1 + sum(self._uniform_cost.get(i.idx, 0) for i in node.ins)
            if cost <= UNIFORM_COST and not any(s in self.space_of for s in needed):
                self._uniform_cost[node.idx] = cost
                return
        self._note_reader(node, needed)
        hosts = {self.space_of[s]: None for s in sorted(needed) if s in self.space_of}
        for host in sorted(hosts, key=lambda s: (-s.extent(), self.rank(s))):
            if self._join(host, node, needed):
                for other in hosts:
                    if other is not host:
                        self._draw_in(host, other, node)
                return
        space = Space.of(node)
        self.space_of[node.idx] = space
        self.position[space] = float(node.idx)
        self.reads[space] = needed

    def _is_member(self, node: Node) -> bool:
        """Whether a node becomes a member, unless it is computed by each of its readers."""
        if not self._is_candidate(node):
            return False
        name = node.op.name
        if name in VIEWS and name != "reshape" and not is_view(node):
            return True
        return is_computed(node) or (node.idx in self._stored and (name in VIEWS or name in LEAVES))

    def _note_reader(self, node: Node, needed: set[int]) -> None:
        for source in needed:
            self._readers[source].append(node.idx)

    def _join(self, space: Space, node: Node, needed: set[int]) -> bool:
        reads = (self.reads[space] | needed) - space.maps.keys()
        if len(space.maps) >= MAX_MEMBERS or len(reads) > MAX_SOURCES:
            return False
        if any(space.member(operand) is None and self._reads_from(operand, space) for operand in node.ins):
            return False
        place = self._room((space,), reads)
        if place is None or not space.add(node):
            return False
        self.space_of[node.idx] = space
        self.position[space] = place
        self.reads[space] = reads
        return True

    def _reads_from(self, operand: Node, space: Space) -> bool:
        return not space.maps.keys().isdisjoint(self.sources(operand))

    def _draw_in(self, space: Space, other: Space, through: Node) -> None:
        """Unite two spaces through a node that reads both, unless another member reads across from memory."""
        for here, there in ((space, other), (other, space)):
            for node in here.nodes.values():
                if node is not through and any(self._reads_from(operand, there) for operand in node.ins):
                    return
        if any(other.member(operand) is None and self._reads_from(operand, other) for operand in through.ins):
            return
        self._unite(space, other, lambda: space.absorb(other, through))

    def _unite(self, space: Space, other: Space, act: Callable[[], bool]) -> bool:
        inside = space.maps.keys() | other.maps.keys()
        reads = (self.reads[space] | self.reads[other]) - inside
        if len(inside) > MAX_MEMBERS or len(reads) > MAX_SOURCES:
            return False
        place = self._room((space, other), reads)
        if place is None or not act():
            return False
        for idx in other.maps:
            self.space_of[idx] = space
        self.position[space] = place
        self.reads[space] = reads
        del self.position[other], self.reads[other]
        return True

    def _room(self, spaces: Sequence[Space], reads: set[int]) -> float | None:
        """A position for these spaces as one: behind all that they read, before all that read them."""
        space_of, position = self.space_of, self.position
        low, high = -1.0, inf
        for source in reads:
            space = space_of.get(source)
            place = source if space is None else position[space]
            if place > low:
                low = place
        for inside in spaces:
            for member in inside.maps:
                for reader in self._readers[member]:
                    space = space_of.get(reader)
                    if space not in spaces:
                        place = reader if space is None else position[space]
                        if place < high:
                            high = place
        if low >= high:
            return None
        now = max(position[space] for space in spaces)
        if low < now < high:
            return now
        return low + (min(high, low + 1) - low) / 2

    # -- neighbours --------------------------------------------------------------------------------------------------

    def _unite_neighbours(self) -> None:
        """Unite spaces with equal axes which read the same tensor of more than one element."""
        readers: dict[int, list[Space]] = {}
        for space in self.spaces:
            for source in sorted(self.reads[space]):
                if self.graph.nodes[source].aval.size > 1:
                    readers.setdefault(source, []).append(space)
        for idx in sorted(readers):
            alive = [s for s in dict.fromkeys(readers[idx]) if s in self.position]
            for at, space in enumerate(alive):
                for other in alive[at + 1:]:
                    if space in self.position and other in self.position and self._independent(space, other):
                        self._unite(space, other, lambda a=space, b=other: a.absorb_beside(b))

    def _independent(self, space: Space, other: Space) -> bool:
        """Whether neither space reads a member of the other."""
        return not (self.reads[space] & other.maps.keys() or self.reads[other] & space.maps.keys())


def _stored_for_reading(graph: Graph) -> set[int]:
    """Nodes that must be tensors because of how they are read: tables of gathers, and views that are reshaped beyond
    recognition (such a reshape shows what was stored and costs nothing)."""
    found = {n.ins[0].idx for n in graph.nodes if n.op.name == "reshape" and not is_view(n)}
    for node in graph.nodes:
        if node.op.name in GATHERS:
            table = node.ins[0]
            while is_view(table):
                table = table.ins[0]
            if table.op.name != "constant":
                found.add(table.idx)
    return found
