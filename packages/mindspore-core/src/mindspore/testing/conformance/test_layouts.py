"""Operators on operands and results that are views: transposed, strided, between other kernels.

Buffers are contiguous; a view is an operator of the graph, and a device may read through it (a product that takes a
transposed operand, a generated loop with an index of its own) or copy. Both must give what the operator gives on plain
operands. Memory around a strided operand holds NaN, or the largest integer, so that an element which is read from the
wrong place shows.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler.ir import Builder, Graph, Node, tensor_aval
from mindspore.compiler.pipeline import run_graph
from mindspore.compiler.primitives.base import PRIMITIVES, Primitive
from mindspore.testing.conformance import cases

NAMES = [name for name in cases.operators() if not PRIMITIVES[name].hosted]
SAMPLES, LARGEST = 2, 4096


def poison(dtype: np.dtype):
    """A number that spoils what it gets into."""
    kind = np_dtype_to_dtype(dtype).kind
    return np.nan if kind in "fc" else True if kind == "b" else np.iinfo(dtype).max


def transposed(b: Builder, array: np.ndarray) -> tuple[np.ndarray, Node]:
    """Stored with its axes in the opposite order."""
    stored = np.ascontiguousarray(array.T).reshape(array.shape[::-1])
    param = _parameter(b, stored)
    return stored, b.transpose(param, perm=tuple(reversed(range(array.ndim)))) if array.ndim > 1 else param


def strided(b: Builder, array: np.ndarray) -> tuple[np.ndarray, Node]:
    """Every other element of a larger array along the last axis, the inner ones along the others."""
    if array.ndim == 0:
        return array, _parameter(b, array)
    *outer, last = array.shape
    stored = np.full((*(n + 2 for n in outer), 2 * last + 1), poison(array.dtype), array.dtype)
    begin, strides = (1,) * array.ndim, (*(1 for _ in outer), 2)
    end = (*(n + 1 for n in outer), 2 * last)
    stored[tuple(map(slice, begin, end, strides))] = array
    return stored, b.slice(_parameter(b, stored), begin=begin, end=end, strides=strides)


def kept(b: Builder, node: Node) -> Node:
    """The result itself."""
    return node


def viewed(b: Builder, node: Node) -> Node:
    """Every other element of the result with its axes in the opposite order."""
    turned = b.transpose(node, perm=tuple(reversed(range(len(node.shape))))) if len(node.shape) > 1 else node
    if len(node.shape) == 0:
        return turned
    strides = (2, *(1,) * (len(node.shape) - 1))
    return b.slice(turned, begin=(0,) * len(node.shape), end=turned.shape, strides=strides)


def view_of(array: np.ndarray) -> np.ndarray:
    """What `viewed` means."""
    return array.T[::2] if array.ndim else array


def _parameter(b: Builder, array: np.ndarray) -> Node:
    return b.parameter(tensor_aval(array.shape, np_dtype_to_dtype(array.dtype)))


FORMS: dict[str, tuple[Callable, Callable, Callable]] = {
    "strided operands": (strided, kept, np.asarray),
    "transposed operands, viewed results": (transposed, viewed, view_of),
}


@dataclass
class Form:
    """A sample in one layout, with the position of its first output."""

    part: cases.Part
    name: str
    view: Callable
    first: int
    stop: int


def chosen(op: Primitive, key: str, claimed: frozenset[str]) -> Iterator[cases.Part]:
    """A few samples that have elements and axes, those of the most axes first; one of an operator that is a composition
    of others, which are tested themselves."""
    found = []
    for number, sample in cases.good_samples(op, key):
        arrays = cases.cast_operands(sample, key)
        alone = cases.sample_graph(op, arrays, sample.attrs)
        sized = all(0 < n.aval.size <= LARGEST for n in (*alone.params, *alone.outputs))
        axes = max((len(n.shape) for n in (*alone.params, *alone.outputs)), default=0)
        if sized and axes and all(n.aval.dtype.key in claimed for n in (*alone.params, *alone.outputs)):
            found.append((-axes, number, cases.Part(number, sample, arrays, 0)))
    return iter([part for _, _, part in sorted(found, key=lambda f: f[:2])[:1 if op.lower else SAMPLES]])


def build(op: Primitive, keys: Sequence[str], claimed: frozenset[str]) -> tuple[Graph, list[np.ndarray], list[Form]]:
    """One graph of the chosen samples in every layout, the values of its parameters, and where the results are."""
    b = Builder(f"{op.name}_layouts")
    stored: list[np.ndarray] = []
    outputs: list[Node] = []
    forms: list[Form] = []
    for key in keys:
        for part in chosen(op, key, claimed):
            for name, (operand, result, view) in FORMS.items():
                made = [operand(b, array) for array in part.arrays]
                stored += [array for array, _ in made]
                nodes = b.items(b.emit(op, tuple([node for _, node in made]), op.pack_attrs(part.sample.attrs)))
                forms.append(Form(part, name, view, len(outputs), len(outputs) + len(nodes)))
                outputs += [result(b, node) for node in nodes]
    return b.finish(outputs), stored, forms


def problem_of(op: Primitive, form: Form, got: Sequence[np.ndarray]) -> str | None:
    """What is wrong with the results of one form."""
    plain_graph = cases.sample_graph(op, form.part.arrays, form.part.sample.attrs)
    coarsest = cases.coarsest_dtype(form.part.arrays, plain_graph.outputs)
    for node, value, want in zip(plain_graph.outputs, got, cases.expected_values(op, form.part), strict=True):
        problem = cases.disagreement(value, form.view(want), node.aval.dtype, coarsest, form.part.sample)
        if problem is not None:
            return f"sample {form.part.number}, {form.name}, attributes {form.part.sample.attrs}: {problem}"
    return None


@pytest.mark.parametrize("name", NAMES)
def test_views_as_operands_and_results(device, tally, name):
    op = PRIMITIVES[name]
    if cases.is_decomposed(op, device):
        pytest.skip("it is decomposed: its members are tested")
    graph, stored, forms = build(op, ("float32", cases.NATIVE), device.capabilities.dtypes)
    if not forms:
        pytest.skip("no sample with axes at dtypes that the device claims")
    results = run_graph(graph, stored, device)
    problems = [problem_of(op, form, results[form.first:form.stop]) for form in forms]
    for problem in problems:
        tally.count(problem)
    assert not any(problems), "\n".join(filter(None, problems))
