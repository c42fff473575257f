"""Recording a function into a trace of its own, inside of the present one: how `vmap`, `jvp` and the Jacobians get the
graph that they transform."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.graph import tree
from mindspore.graph.compiled import current_guards
from mindspore.graph.guards import Guards
from mindspore.graph.leaving import Places, hand_over
from mindspore.graph.trace import GraphTrace, Traced, current_trace, tracing
from mindspore.runtime.record import wrap


class Recorded:
    """A function's graph: parameters are the explicit ones, then what the function read from outside; outputs are the
    tensors in the function's result (`count` of them, their structure is `spec`), then what it assigned, and what it
    left in places that were there before (`leaving.py`)."""

    def __init__(self, trace: GraphTrace, graph: Graph, count: int, spec: Any):
        self.graph, self.count, self.spec = graph, count, spec
        self.explicit, self.lifted, self.written = trace.explicit, trace.lifted, list(trace.written.values())

    def sources(self, explicit: list[Node]) -> list[Node]:
        """The values of all parameters in the present trace."""
        trace = current_trace()
        return [*explicit, *[trace.node_of(t) for t in self.lifted]]

    def assign(self, nodes: list[Node]) -> None:
        """Give the tensors that the function assigned their new values in the present trace."""
        for tensor, node in zip(self.written, nodes, strict=True):
            current_trace().take_over(tensor, node)

    def result(self, nodes: list[Node]) -> Any:
        """The function's result, made of nodes of the present trace."""
        return tree.rebuild(self.spec, iter(tensors(nodes)))


def record(name: str, call: Callable, avals: list) -> Recorded:
    """Record `call(trace, tensors)` with new tensors of these avals."""
    inner = GraphTrace(name, current_trace())
    given = [wrap(inner.add_parameter(aval)) for aval in avals]
    guards, places = current_guards() or Guards(), Places(inner)
    before = set(guards.effects)
    with tracing(inner), places.noted():
        result = call(inner, given)
    outputs: list = []
    spec = tree.flatten(result, outputs)
    nodes = [inner.node_of(t) for t in outputs]
    hand_over(inner, places, guards.assigned_since(before))
    return Recorded(inner, inner.close(nodes), len(nodes), spec)


def tensors(nodes: list[Node]) -> list:
    """Tensors of the present trace that stand for nodes of it."""
    trace = current_trace()
    return [wrap(Traced(trace, node)) for node in nodes]


def move_axis(b: Builder, x: Node, start: int, to: int) -> Node:
    """x with one axis at another place."""
    axes = [k for k in range(x.aval.ndim) if k != start]
    axes.insert(to, start)
    return b.transpose(x, perm=tuple(axes))
