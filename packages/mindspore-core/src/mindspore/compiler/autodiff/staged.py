"""Derivatives in stages: hooks that run between the parts of a derivative.

A hook is a Python function that sees the cotangent of a value on its way back and may replace it. Where a derivative is
recorded, the hook is called while it is recorded, like any other function of the program, so it may do whatever the
program may do there: print, assign Parameters, append to a list.

A hook that only computes is a graph that becomes a part of the derivative. One with effects is called between the
parts: the joint graph of a graph with such hooks has a gap at each hook. The cotangents that arrive at the hook's point
are outputs of the joint graph, those that go on from there are parameters of it (`HookSlots`). When the graph is
emitted, the first node that reads such a parameter has the hook called (`Firing`). Hooks fire in the order in which the
reverse walk comes to them, the last point of the program first; a point that no cotangent reaches does not fire.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mindspore.compiler.ir import Builder, Graph, Node


def needs_stages(node: Node) -> bool:
    """Whether a node is a point whose hook has no graph of its own."""
    return node.op.name == "gradient_hook" and node.attr("backward") is None


@dataclass(frozen=True, eq=False)
class Fired:
    """A point that cotangents reach.

    point: the HookPoint. arrives: for each result of the point the position, among the joint graph's outputs, of its
    cotangent, counted from the end (-1 is the last), or None. goes_on: for each input the index of the parameter that
    stands for its cotangent, or None for what has no derivative. results, inputs: their avals. held: the positions of
    the values that the hook reads, counted like those of `arrives`.
    """

    point: object
    arrives: tuple[int | None, ...]
    goes_on: tuple[int | None, ...]
    results: tuple
    inputs: tuple
    held: tuple[int, ...]


class HookSlots:
    """The gaps of a joint graph while it is made. outputs: what arrives at the points."""

    def __init__(self, b: Builder, graph: Graph, active: bytearray):
        from mindspore.compiler.autodiff.vjp import is_differentiable
        self.params: dict[int, list[Node | None]] = {}
        self.outputs: list[Node] = []
        self._fired: list[tuple] = []
        for node in graph.nodes:
            if active[node.idx] and needs_stages(node):
                self.params[node.idx] = [b.parameter(i.aval) if is_differentiable(i.aval) else None
                                         for i in node.ins[:node.attrs[2]]]

    def reach(self, node: Node, cotangents: list[Node | None], env: list) -> list[Node | None]:
        """Cotangents have come to a point; those that go on to its operands. env: the values of the graph's nodes."""
        arrives = []
        for ct in cotangents:
            arrives.append(None if ct is None else len(self.outputs))
            self.outputs += [] if ct is None else [ct]
        held = [env[operand.idx] for operand in node.ins[node.attrs[2]:]]
        places = range(len(self.outputs), len(self.outputs) + len(held))
        self.outputs += held
        params = self.params[node.idx]
        self._fired.append((node, arrives, params, places))
        return [*params, *[None] * (len(node.ins) - len(params))]

    @property
    def fired(self) -> list[Fired]:
        """The points that were reached, in order."""
        total = len(self.outputs)
        return [Fired(node.attrs[0], tuple([None if k is None else k - total for k in arrives]),
                      tuple([None if p is None else p.attrs[0] for p in params]), tuple(node.aval.items),
                      tuple([i.aval for i in node.ins[:node.attrs[2]]]), tuple([k - total for k in places]))
                for node, arrives, params, places in self._fired]


class Firing:
    """The hooks of a joint graph that is emitted into another builder. env: the nodes there by index; what hooks give
    is put into it. hook: called with a Fired, the cotangents that arrive, and the values that the hook reads."""

    def __init__(self, joint: Graph, env: list, hook: Callable | None):
        self.joint, self.env, self.hook = joint, env, hook
        self.waiting: list[Fired] = list(joint.memo.get("hooks", ()))[::-1]
        self.owners = {joint.params[k].idx: fired for fired in self.waiting for k in fired.goes_on if k is not None}

    def need(self, node: Node) -> None:
        """The value of a node of the joint graph is read next."""
        if self.env[node.idx] is None:
            owner = self.owners.get(node.idx)
            while owner is not None and owner in self.waiting:
                self._fire(self.waiting[-1])

    def fire_all(self) -> None:
        """Let the hooks run whose results nobody reads."""
        while self.waiting:
            self._fire(self.waiting[-1])

    def _fire(self, fired: Fired) -> None:
        self.waiting.remove(fired)
        arrived = [None if k is None else self.joint.outputs[k] for k in fired.arrives]
        held = [self.joint.outputs[k] for k in fired.held]
        for node in (*arrived, *held):
            if node is not None:
                self.need(node)
        given = self.hook(fired, [None if n is None else self.env[n.idx] for n in arrived],
                          [self.env[n.idx] for n in held])
        for k, node in zip(fired.goes_on, given):
            if k is not None:
                self.env[self.joint.params[k].idx] = node
