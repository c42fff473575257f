"""The evaluator: what a graph means, node by node, in NumPy.

Each node runs its operator's `reference`; operators without one are first replaced by their decomposition. It is slow
and has no device: tests compare everything else with it.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindspore.compiler.ir.aval import TensorAval, TupleAval
from mindspore.compiler.ir.graph import Graph, Node


def evaluate(graph: Graph, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of `graph` for these parameter values, which must have the parameters' shapes and dtypes."""
    for param, array in zip(graph.params, arrays, strict=True):
        if isinstance(param.aval, TensorAval) and (array.shape != param.shape or array.dtype != param.dtype.np):
            raise ValueError(f"evaluate: got {array.dtype}{list(array.shape)} for parameter {param.attrs[0]} of graph "
                             f"{graph.name}, expected {param.aval}")
    graph = with_references(graph)
    values: list = [None] * len(graph.nodes)
    for param, array in zip(graph.params, arrays):
        values[param.idx] = array
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if values[node.idx] is None:
                values[node.idx] = run_node(node, [values[i.idx] for i in node.ins])
    return [values[o.idx] for o in graph.outputs]


def run_node(node: Node, ins: Sequence):
    """The value of one node from the values of its operands: an array, a tape, or a tuple of these."""
    result = node.op.reference(*ins, **node.kwargs())
    if isinstance(node.aval, TupleAval):
        return tuple([_value(r, a) for r, a in zip(result, node.aval.items, strict=True)])
    return _value(result, node.aval)


def _value(result, aval):
    return np.asarray(result) if isinstance(aval, TensorAval) else result


def with_references(graph: Graph) -> Graph:
    """`graph` with operators that have no reference replaced by their decomposition, until none is left."""
    found = graph.memo.get("with_references")
    if found is None:
        from mindspore.compiler.autodiff.vjp import lower_nodes
        found = graph
        while True:
            pending = {n.idx for n in found.nodes if n.op.reference is None}
            if not pending:
                break
            found = lower_nodes(found, pending)
        graph.memo["with_references"] = found
    return found
