"""What the tests of the neural-network primitives share. Rules, decompositions and derivatives at the samples are
checked for all operators alike by `mindspore.testing.conformance`; the tests here are about meaning."""
from __future__ import annotations

import numpy as np

from mindspore.compiler.autodiff.vjp import lower_nodes, vjp_graph
from mindspore.compiler.ir import Graph
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.primitives import PRIMITIVES
from mindspore.testing.conformance.cases import sample_graph, wanted_parameters


def run(name: str, *arrays, **attrs) -> list[np.ndarray]:
    """The outputs of one operator on these arrays, by its reference."""
    arrays = [np.asarray(a) for a in arrays]
    return evaluate(sample_graph(PRIMITIVES[name], arrays, attrs), arrays)


def run_decomposed(name: str, *arrays, **attrs) -> list[np.ndarray]:
    """The outputs of one operator on these arrays, by its decomposition."""
    arrays = [np.asarray(a) for a in arrays]
    return evaluate(decomposed(sample_graph(PRIMITIVES[name], arrays, attrs)), arrays)


def gradients(name: str, *arrays, **attrs) -> list[np.ndarray]:
    """The gradients of the sum of an operator's first output with respect to its floating operands."""
    arrays = [np.asarray(a) for a in arrays]
    graph = sample_graph(PRIMITIVES[name], arrays, attrs)
    joint = vjp_graph(graph, wanted_parameters(graph), (0,))
    ones = np.ones(graph.outputs[0].shape, graph.outputs[0].dtype.np)
    return evaluate(joint, [*arrays, ones])[len(graph.outputs):]


def decomposed(graph: Graph) -> Graph:
    """The graph with every operator that has a decomposition replaced by it."""
    while True:
        pending = {n.idx for n in graph.nodes if n.op.lower is not None}
        if not pending:
            return graph
        graph = lower_nodes(graph, pending)
