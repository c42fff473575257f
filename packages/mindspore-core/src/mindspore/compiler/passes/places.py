"""Places: where in a group of recursive functions something stands, and what is needed from there on.

A *place* is one graph inside of a function: the function's own, a side of a choice in it, the test or the body of a
loop, and so on inwards. Only what contains recursive calls is looked into, which are choices and loops
(`open_regions`); everything else is straight code.

A value has one *key* wherever it is read: parameters of a choice or a loop are the values that they stand for, the
elements of what a call or a choice gives are `(place, index of the node, number)`, the values that a loop carries have
the keys of its results, and what all functions share is `(None, number)`.
"""
from __future__ import annotations

from collections.abc import Iterator

from mindspore.compiler.ir import Graph, Node
from mindspore.compiler.ir.graph import graphs_in
from mindspore.compiler.primitives.recursion import calls_of

Key = tuple


def calls(node: Node) -> bool:
    """Whether the node is a call of the group, or has one inside."""
    if node.op.name == "rec_call":
        return True
    return node.op.name != "rec" and any(calls_of(graph) for graph in graphs_in(node.attrs))


class Place:
    """See the module's text.

    graph: what runs there. title: a name for people. shared: how many of the function's last parameters all functions
    share. around, node, role: the place and the node in whose attribute `role` the graph stands; None for functions.
    """

    def __init__(self, graph: Graph, title: str, shared: int, around: Place | None = None, node: Node | None = None,
                 role: str = ""):
        self.graph, self.title, self.shared = graph, title, shared
        self.around, self.node, self.role = around, node, role
        self._sides: dict[int, list[Place]] = {}
        self._needs: dict[int, list[Key]] = {}

    # -- inwards -------------------------------------------------------------------------------------------------------

    def sides(self, node: Node) -> list[Place]:
        """The places inside of a choice (then, else) or a loop (test, body) with calls."""
        found = self._sides.get(node.idx)
        if found is None:
            names = {"cond": ("then", "orelse"), "while_": ("condition", "body")}[node.op.name]
            roles = ("then", "orelse") if node.op.name == "cond" else ("test", "body")
            found = self._sides[node.idx] = [Place(node.attr(name), f"{self.title}_{role}", 0, self, node, role)
                                             for name, role in zip(names, roles)]
        return found

    def items(self, node: Node) -> list[Node]:
        """The nodes that read single elements of a node's tuple."""
        return [n for n in self.graph.nodes if n.op.name == "item" and n.ins[0] is node]

    # -- values --------------------------------------------------------------------------------------------------------

    def key(self, node: Node) -> Key:
        """The key of the value of one of the place's nodes."""
        if node.op.name == "item" and calls(node.ins[0]):
            return self.results(node.ins[0])[node.attr("index")]
        if node.op.name != "parameter":
            return (self, node.idx)
        number = node.attr("index")
        if self.node is None:
            own = len(self.graph.params) - self.shared
            return (self, node.idx) if number < own else (None, number - own)
        if self.role in ("then", "orelse"):
            return self.around.key(self.node.ins[1 + number])
        if number < self.node.attr("carried"):
            return self.around.results(self.node)[number]
        return self.around.key(self.node.ins[number])

    def aval(self, key: Key):
        """The type of a value of this function, whatever place it stands in."""
        place, index, *number = key
        aval = place.graph.nodes[index].aval
        return aval.items[number[0]] if number else aval

    def results(self, node: Node) -> list[Key]:
        """The keys of the elements of what a call, a choice or a loop with calls gives."""
        return [(self, node.idx, k) for k in range(len(node.aval.items))]

    def is_result(self, node: Node) -> bool:
        """Whether the node reads an element of what a node with calls gives."""
        return node.op.name == "item" and calls(node.ins[0])

    def parameters(self) -> list[Key]:
        """The keys of a function's own parameters."""
        return [(self, p.idx) for p in self.graph.params[:len(self.graph.params) - self.shared]]

    # -- what is needed from a point on --------------------------------------------------------------------------------

    def needs(self, index: int) -> list[Key]:
        """The values that are read from the node `index` on, to the end of the function."""
        found = self._needs.get(index)
        if found is None:
            following = self.graph.nodes[index:]
            read = self._read([i for node in following if node.op.name != "item" for i in node.ins])
            read.update(self._read(self.graph.outputs))
            read.update(dict.fromkeys(self._after()))
            made = {self.key(n) for n in following if n.op.name not in ("parameter", "item")}
            made.update(self.key(n) for n in following if n.op.name == "item" and n.ins[0].idx >= index)
            made.update(key for n in following if calls(n) for key in self.results(n))
            found = self._needs[index] = [key for key in read if key not in made]
        return found

    def _read(self, nodes) -> dict[Key, None]:
        """The keys of these nodes, without constants and what is shared."""
        keys = [self.key(node) for node in nodes if node.op.name != "constant"]
        return {key: None for key in keys if key[0] is not None}

    def _after(self) -> list[Key]:
        """What is needed when the place has been left."""
        if self.node is None:
            return []
        if self.role in ("then", "orelse"):
            own = set(self.around.results(self.node))
            return [key for key in self.around.needs(self.node.idx + 1) if key not in own]
        needed = self.around.loop_needs(self.node)
        if self.role == "test":
            return needed
        carried = set(self.around.results(self.node))
        return [key for key in needed if key not in carried]

    def loop_needs(self, node: Node) -> list[Key]:
        """What a trip of a loop with calls needs: what it carries, what stays, and what is read after the loop."""
        staying = [self.key(i) for i in node.ins[node.attr("carried"):]]
        read = [*self.results(node), *[key for key in staying if key[0] is not None], *self.needs(node.idx + 1)]
        return list(dict.fromkeys(read))

    def is_short(self, index: int, most: int) -> bool:
        """Whether at most `most` nodes follow to the end of the function, no call or loop with calls among them."""
        count, place = 0, self
        while True:
            for node in place.graph.nodes[index:]:
                if calls(node):
                    return False
                count += node.op.name not in ("item", "constant", "parameter")
            if place.node is None or count > most:
                return count <= most
            if place.role not in ("then", "orelse"):
                return False
            place, index = place.around, place.node.idx + 1

    def is_last(self, node: Node) -> bool:
        """Whether a call is the last thing that its function does: the function gives what the call gives."""
        expected, place, index = self.results(node), self, node.idx + 1
        while place.is_short(index, 0):
            outputs = [None if o.op.name == "constant" else place.key(o) for o in place.graph.outputs]
            if outputs != expected:
                return False
            if place.node is None:
                return True
            expected, place, index = place.around.results(place.node), place.around, place.node.idx + 1
        return False


def places_of(place: Place) -> Iterator[Place]:
    """A place and all places with calls inside of it."""
    yield place
    for node in place.graph.nodes:
        if calls(node) and node.op.name != "rec_call":
            for side in place.sides(node):
                yield from places_of(side)
