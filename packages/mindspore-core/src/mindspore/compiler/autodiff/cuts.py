"""Which values to keep so that others can be computed from them: a minimum cut.

Some values are *read* by a later part of a program. Each of them is either kept, or computed again there from what is
kept. Every value has a cost of keeping it; some values cannot be computed a second time. The cheapest choice is a
minimum cut between the values that cannot be computed again and the readers: an edge through each value with its cost
as the capacity, edges without limit from operands to what is computed of them. Of cuts of the same cost the one nearest
to the readers is taken, the least work.

Some nodes are computed for nobody but the readers, so they can go to the readers altogether; they do so together with
all such nodes that are computed of them. What it costs to leave one where it is, is the capacity of an edge from it to
the readers.

Source: maximum flow by shortest augmenting paths (Edmonds and Karp, 1972).
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from mindspore.compiler.ir import Node

INFINITE = 1 << 60


def values_to_keep(read: Iterable[Node], is_known: Callable[[Node], object], cost: Callable[[Node], int],
                   can_repeat: Callable[[Node], object],
                   cost_to_stay: Callable[[Node], int | None] = lambda node: None) -> list[Node]:
    """The values to keep, in the order of the graph.

    read: the nodes whose values are wanted. is_known: whether a value is there without being kept. cost: of keeping a
    value. can_repeat: whether a node may be computed again. cost_to_stay: of a node that is computed for the readers
    only, to leave it where it is; None for other nodes.
    """
    cut = Cut()
    seen: dict[int, Node] = {}
    pending = list(read)
    for node in pending:
        cut.edge(("out", node.idx), "sink", INFINITE)
    while pending:
        node = pending.pop()
        if node.idx in seen or is_known(node):
            continue
        seen[node.idx] = node
        cut.edge(("in", node.idx), ("out", node.idx), cost(node))
        if not can_repeat(node):
            cut.edge("source", ("in", node.idx), INFINITE)
            continue
        pending.extend(node.ins)
        stays = cost_to_stay(node)
        if stays is not None:
            cut.edge(("in", node.idx), "sink", stays)
        for operand in node.ins:
            if not is_known(operand):
                cut.edge(("out", operand.idx), ("in", node.idx), INFINITE)
                if stays is not None and cost_to_stay(operand) is not None:
                    cut.edge(("in", node.idx), ("in", operand.idx), INFINITE)
    after = cut.reaching()
    return [seen[k] for k in sorted(seen) if ("out", k) in after and ("in", k) not in after]


class Cut:
    """A flow network; `reaching` gives the nodes on the sink's side of the minimum cut nearest to the sink."""

    def __init__(self):
        self.left: dict = {"source": {}, "sink": {}}

    def edge(self, start, end, capacity: int) -> None:
        ends = self.left.setdefault(start, {})
        ends[end] = max(ends.get(end, 0), capacity)
        self.left.setdefault(end, {}).setdefault(start, 0)

    def reaching(self) -> set:
        while True:
            path = self._path()
            if path is None:
                break
            amount = min(self.left[u][v] for u, v in path)
            for u, v in path:
                self.left[u][v] -= amount
                self.left[v][u] += amount
        found, pending = {"sink"}, ["sink"]
        while pending:
            node = pending.pop()
            for other in self.left[node]:
                if other not in found and self.left[other][node] > 0:
                    found.add(other)
                    pending.append(other)
        return found

    def _path(self) -> list[tuple] | None:
        """A shortest path with room from the source to the sink."""
        before: dict = {"source": None}
        pending = deque(["source"])
        while pending:
            node = pending.popleft()
            for other, room in self.left[node].items():
                if room > 0 and other not in before:
                    before[other] = node
                    if other == "sink":
                        return _edges(before)
                    pending.append(other)
        return None


def _edges(before: dict) -> list[tuple]:
    node, found = "sink", []
    while before[node] is not None:
        found.append((before[node], node))
        node = before[node]
    return found
