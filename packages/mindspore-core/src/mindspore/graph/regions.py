"""Graphs of the traces of regions, and what passes between a region and the trace around it."""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.graph.join_values import NOTHING, NUMBERS
from mindspore.graph.trace import GraphTrace, Traced, current_trace
from mindspore.runtime.record import wrap

__all__ = ["assign_written", "closed", "constant", "node_in"]


def node_in(trace: GraphTrace, value: Any, aval) -> Node:
    """The node of a tensor or Python number in a trace; zeros for a value that does not matter."""
    if value is NOTHING:
        return trace.builder.zeros_like(aval)
    return trace.node_of(value) if isinstance(value, Tensor) else trace.builder.constant(value, aval.dtype)


def constant(value: Any, dtype: DType | None = None) -> Tensor:
    """A Python number as a tensor of the present trace."""
    trace = current_trace()
    return wrap(Traced(trace, trace.builder.constant(value, dtype or NUMBERS[type(value)])))


def closed(parts: list[tuple[GraphTrace, list[Node]]]) -> tuple[list[Graph], list]:
    """Graphs of traces on the same operands: their explicit parameters, then all tensors that any of them lifted."""
    lifted = list({id(t): t for trace, _ in parts for t in trace.lifted}.values())
    place = {id(t): k for k, t in enumerate(lifted)}
    graphs = []
    for trace, outputs in parts:
        graph, b = trace.builder.finish(outputs), Builder(trace.builder.name)
        explicit = [b.parameter(p.aval) for p in graph.params[:trace.explicit]]
        params = [b.parameter(t._value.aval) for t in lifted]
        graphs.append(b.finish(b.inline(graph, [*explicit, *[params[place[id(t)]] for t in trace.lifted]])))
    return graphs, lifted


def assign_written(outer: GraphTrace, written: dict, nodes) -> None:
    """Give the tensors that an inner trace assigned their values in the trace around it."""
    for tensor, node in zip(written.values(), nodes):
        outer.take_over(tensor, node)
