"""Graphs with sizes in place of symbols: what a graph with symbolic dimensions is for one call.

The graph is emitted again with the sizes put into avals and attributes, so shape rules run once more and find what does
not fit.
"""
from __future__ import annotations

from typing import Any

from mindspore.compiler.ir.aval import Aval, TapeAval, TensorAval, TupleAval, tape_aval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.ir.facts import Binding
from mindspore.compiler.ir.graph import Graph


def bind(graph: Graph, binding: Binding) -> Graph:
    """The graph for these sizes of its symbols."""
    return _Binder(binding).graph(graph) if binding else graph


def copied(graph: Graph) -> Graph:
    """The same graph anew, with graphs inside that remember nothing yet."""
    return _Binder({}).graph(graph)


def bind_value(value: Any, binding: Binding | None) -> Any:
    """An attribute of a node, or an aval, for these sizes."""
    return _Binder(binding).value(value) if binding else value


def bind_attrs(attrs: dict[str, Any], binding: Binding | None) -> dict[str, Any]:
    """A node's attributes by name for these sizes; graphs among them stay as they are."""
    return {k: v if isinstance(v, Graph) else bind_value(v, binding) for k, v in attrs.items()} if binding else attrs


class _Binder:
    """Puts sizes in place of symbols; a graph that stands in several places is made once."""

    def __init__(self, binding: Binding):
        self.binding = binding
        self.graphs: dict[int, Graph] = {}

    def graph(self, graph: Graph) -> Graph:
        found = self.graphs.get(id(graph))
        if found is None:
            found = self.graphs[id(graph)] = self._made(graph)
        return found

    def _made(self, graph: Graph) -> Graph:
        b = Builder(graph.name)
        env: list = [None] * len(graph.nodes)
        for param in graph.params:
            env[param.idx] = b.parameter(self.aval(param.aval))
        for node in graph.nodes:
            if env[node.idx] is None:
                b.loc = node.loc
                env[node.idx] = b.emit(node.op, tuple([env[i.idx] for i in node.ins]), self.value(node.attrs))
        return b.finish([env[o.idx] for o in graph.outputs])

    def value(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple([self.value(v) for v in value])
        if isinstance(value, Symbolic):
            return value.at(self.binding)
        if isinstance(value, Graph):
            return self.graph(value)
        return self.aval(value) if isinstance(value, Aval) else value

    def aval(self, aval: Aval) -> Aval:
        if isinstance(aval, TensorAval):
            return tensor_aval(self.value(aval.shape), aval.dtype, aval.sharding)
        if isinstance(aval, TupleAval):
            return tuple_aval(tuple(map(self.aval, aval.items)))
        return tape_aval(tuple(map(self.aval, aval.entry))) if isinstance(aval, TapeAval) else aval
