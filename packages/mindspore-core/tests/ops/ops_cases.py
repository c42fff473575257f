"""How a table of operator calls is tested.

A `Case` is a call and its meaning in NumPy. Three things are checked: the values in PyNative mode; the values of the
graph that the same call records; and, for floating operands, the derivative of that graph in a random direction against
central differences, in float64. Complex numbers are pairs of real ones: cotangents and directions are paired by the
real part of the sum of products.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mindspore import Tensor
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.graph import index_checks
from mindspore.graph.trace import GraphTrace, storage_of, tracing
from mindspore.runtime.record import wrap

WIDE = {"f": np.float64, "c": np.complex128}


@dataclass
class Case:
    """name; call: of tensors; meaning: of arrays; ins: the arrays. grad: whether derivatives exist and are smooth at
    these operands. traced: whether the call can be compiled (its shapes do not depend on values)."""

    name: str
    call: Callable
    meaning: Callable
    ins: tuple
    grad: bool = True
    traced: bool = True
    rtol: float = 1e-5
    atol: float = 1e-6

    def __repr__(self) -> str:
        return self.name


def flat(value: Any) -> list:
    """The arrays or tensors in a result."""
    return [v for part in value for v in flat(part)] if isinstance(value, (tuple, list)) else [value]


def array_of(value: Any) -> np.ndarray:
    return value.asnumpy() if isinstance(value, Tensor) else np.asarray(value)


def assert_agrees(results: Any, expected: Any, rtol: float, atol: float) -> None:
    results, expected = flat(results), flat(expected)
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected):
        got, wanted = array_of(result), array_of(wanted)
        assert got.shape == wanted.shape
        assert got.dtype.kind == wanted.dtype.kind, f"got {got.dtype}, expected {wanted.dtype}"
        np.testing.assert_allclose(got.astype(wanted.dtype), wanted, rtol=rtol, atol=atol)


def traced(call: Callable, arrays: tuple):
    """The graph of a call, and the arrays for all of its parameters (those that it brings along included)."""
    trace = GraphTrace("case", None)
    with tracing(trace):
        operands = [wrap(trace.add_parameter(Tensor.from_numpy(a)._value.aval)) for a in arrays]
        outputs = [trace.node_of(t) for t in flat(call(*operands))]
    trace.written.pop(id(index_checks.channel()), None)  # no result: what checks of index tensors have found
    graph = trace.close(outputs)
    return graph, [*arrays, *[storage_of(t).to_numpy() for t in trace.lifted]]


def check_eager(case: Case) -> None:
    """PyNative mode gives what NumPy gives."""
    result = case.call(*[Tensor(a) for a in case.ins])
    with np.errstate(all="ignore"):
        assert_agrees(result, case.meaning(*case.ins), case.rtol, case.atol)


def check_graph(case: Case) -> None:
    """The recorded graph gives what NumPy gives."""
    graph, arrays = traced(case.call, case.ins)
    with np.errstate(all="ignore"):
        assert_agrees(evaluate(graph, arrays), case.meaning(*case.ins), case.rtol, case.atol)


def check_gradient(case: Case) -> None:
    """The derivative of the graph in a random direction is that of central differences."""
    ins = tuple(a.astype(WIDE[a.dtype.kind]) if a.dtype.kind in WIDE else a for a in case.ins)
    graph, arrays = traced(case.call, ins)
    wanted = tuple(i for i, a in enumerate(ins) if a.dtype.kind in WIDE)
    draw = np.random.default_rng(7)

    def drawn(shape: tuple, kind: str) -> np.ndarray:
        return draw.normal(size=shape) + (1j * draw.normal(size=shape) if kind == "c" else 0)

    seeds = [drawn(o.shape, o.dtype.kind) for o in graph.outputs if o.dtype.kind in WIDE]
    joint = vjp_graph(graph, wanted)
    with np.errstate(all="ignore"):
        gradients = evaluate(joint, [*arrays, *seeds])[len(graph.outputs):]
    directions = [drawn(ins[i].shape, ins[i].dtype.kind) for i in wanted]

    def along(step: float) -> float:
        moved = list(arrays)
        for i, direction in zip(wanted, directions):
            moved[i] = arrays[i] + step * direction
        with np.errstate(all="ignore"):
            outputs = [o for o in evaluate(graph, moved) if o.dtype.kind in WIDE]
        return sum(float(np.real(np.sum(o * s))) for o, s in zip(outputs, seeds))

    step = 1e-5
    slope = (along(step) - along(-step)) / (2 * step)
    found = sum(float(np.real(np.sum(g * d))) for g, d in zip(gradients, directions))
    np.testing.assert_allclose(found, slope, rtol=1e-5, atol=1e-6)


def uniform(shape: tuple, low: float = -2.0, high: float = 2.0, seed: int = 0) -> np.ndarray:
    """Float32 numbers, the same in every run, no two of them alike."""
    draw = np.random.default_rng(seed + sum(shape))
    size = int(np.prod(shape))
    return (low + (high - low) * (draw.permutation(size) + draw.uniform(0.2, 0.8, size)) / max(size, 1)).reshape(
        shape).astype(np.float32)


def ints(shape: tuple, low: int = -5, high: int = 6, dtype: Any = np.int32, seed: int = 0) -> np.ndarray:
    """Whole numbers, the same in every run."""
    return np.random.default_rng(seed + sum(shape)).integers(low, high, shape).astype(dtype)
