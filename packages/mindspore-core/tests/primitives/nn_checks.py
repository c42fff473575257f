"""What the tests of the neural-network primitives share: one-operator graphs, and derivative checks in float64.

A derivative is checked along a random direction: with outputs y(x), cotangents u and a direction d,

    <u, (y(x + h d) - y(x - h d)) / 2h>  must be  <vjp(u), d>.

The graph of the vjp is a graph like any other, so the check of order 2 is the check of order 1 applied to it.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler.autodiff.vjp import is_differentiable, lower_nodes, vjp_graph
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.primitives import PRIMITIVES, Sample

STEP = 1e-5


def one_op_graph(name: str, arrays, attrs: dict) -> Graph:
    """A graph of one operator: its parameters are the operands, its outputs the operator's outputs."""
    b = Builder(name)
    params = [b.parameter(tensor_aval(a.shape, np_dtype_to_dtype(a.dtype))) for a in arrays]
    return b.finish(b.items(b.call(PRIMITIVES[name], *params, **attrs)))


def run(name: str, *arrays, **attrs) -> list[np.ndarray]:
    """The outputs of one operator on these arrays, evaluated by its reference."""
    arrays = [np.asarray(a) for a in arrays]
    return evaluate(verify(one_op_graph(name, arrays, attrs)), arrays)


def decomposed(graph: Graph) -> Graph:
    """The graph with every operator that has a decomposition replaced by it."""
    while True:
        pending = {n.idx for n in graph.nodes if n.op.lower is not None}
        if not pending:
            return graph
        graph = lower_nodes(graph, pending)


def cases(*families) -> list[tuple[str, int]]:
    """(operator, sample number) for all operators that the given family modules register."""
    modules = {family.__name__ for family in families}
    return [(name, i) for name, op in PRIMITIVES.items() if type(op).__module__ in modules
            for i in range(len(list(op.samples())))]


def sample_of(case: tuple[str, int]) -> Sample:
    return list(PRIMITIVES[case[0]].samples())[case[1]]


def cast_sample(sample: Sample, dtype) -> list[np.ndarray]:
    """The sample's operands with floating arrays cast to `dtype`."""
    keep = sample.exact_dtypes
    return [np.asarray(a) if keep or np.asarray(a).dtype.kind != "f" else np.asarray(a).astype(dtype)
            for a in sample.ins]


def check_derivatives(graph: Graph, arrays: list, order: int, seed: int = 0) -> None:
    """The vjp of `graph` at `arrays` against central differences; and that of the vjp's graph up to `order`."""
    wanted = tuple(i for i, p in enumerate(graph.params) if is_differentiable(p.aval))
    seeded = tuple(i for i, o in enumerate(graph.outputs) if is_differentiable(o.aval))
    draw = np.random.default_rng(seed + order)
    directions = {i: draw.normal(size=arrays[i].shape) for i in wanted}
    cotangents = [draw.normal(size=graph.outputs[i].shape) for i in seeded]
    joint = verify(vjp_graph(graph, wanted, seeded))
    found = evaluate(joint, [*arrays, *cotangents])[len(graph.outputs):]
    ends = []
    for sign in (1, -1):
        moved = [a + sign * STEP * directions[i] if i in directions else a for i, a in enumerate(arrays)]
        values = evaluate(graph, moved)
        ends.append([values[i] for i in seeded])
    expected = sum(np.sum(u * (high - low)) for u, high, low in zip(cotangents, *ends)) / (2 * STEP)
    actual = sum(np.sum(g * directions[i]) for i, g in zip(wanted, found))
    scale = 1 + sum(np.sum(np.abs(g * directions[i])) for i, g in zip(wanted, found))
    assert abs(actual - expected) < 2e-7 * scale, f"vjp {actual}, differences {expected}"
    if order > 1:
        check_derivatives(joint, [*arrays, *cotangents], order - 1, seed + 1)


def check_errors(case: tuple[str, int], sample: Sample, raises) -> None:
    """A bad sample raises its error type, with the operator's name first."""
    with raises(sample.error) as caught:
        one_op_graph(case[0], cast_sample(sample, np.float64), sample.attrs)
    assert str(caught.value).startswith(case[0] + ": "), caught.value
