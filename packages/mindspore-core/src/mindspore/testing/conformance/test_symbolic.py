"""Graphs with symbolic sizes: each operator's samples with symbols in place of their sizes.

A sample's sizes from 2 on become symbols, equal sizes the same one. The graph, and its derivative, is compiled once and
run for the sample's own sizes, and, where the sample allows it, for others wherever what was decided while it was made
holds for these. Expected is what the graph with these sizes put in means.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore.compiler.ir.bind import bind
from mindspore.compiler.ir.dims import LOWEST, symbol
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.facts import Facts, SizeFixed, deciding
from mindspore.compiler.ir.graph import graphs_in
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.pipeline import compile_graph
from mindspore.compiler.primitives.base import PRIMITIVES, Sample
from mindspore.runtime.transfer import download, upload
from mindspore.testing.conformance import cases

OTHER_SIZES = (lambda n: n + 1, lambda n: 2 * n, lambda n: 4 * n + 3)
NAMES = [name for name in cases.operators() if not PRIMITIVES[name].regions and not PRIMITIVES[name].hosted]


@pytest.mark.parametrize("name", NAMES)
def test_symbolic_sizes(device, tally, name):
    problems = []
    for number, sample in _samples(name, device.capabilities.dtypes):
        for problem in _problems(name, sample, device):
            tally.count(problem)
            problems += [f"sample {number}: {problem}"] if problem else []
    assert not problems, "\n".join(problems)


def _samples(name: str, claimed: frozenset[str]) -> Iterator[tuple[int, Sample]]:
    """The samples that have sizes to put symbols in place of."""
    op = PRIMITIVES[name]
    for key in cases.case_keys(name):
        if key not in ("float32", cases.NATIVE):
            continue
        for number, sample in cases.good_samples(op, key):
            arrays = cases.cast_operands(sample, key)
            graph = cases.sample_graph(op, arrays, sample.attrs)
            sized = any(d >= LOWEST for a in arrays for d in a.shape)
            nested = any(graphs_in(n.attrs) for n in graph.nodes)
            if sized and not nested and all(n.aval.dtype.key in claimed for n in (*graph.params, *graph.outputs)):
                yield number, replace(sample, ins=tuple(arrays))


def _problems(name: str, sample: Sample, device) -> Iterator[str | None]:
    """What is wrong with the operator and its derivative, for each binding; None where nothing is."""
    sizes = {f"d{d}": d for a in sample.ins for d in a.shape if d >= LOWEST}
    graphs, facts = _symbolic(PRIMITIVES[name], sample, sizes)
    yield None if facts.hold(sizes) else f"the decisions {facts} do not hold for the sizes that they were made for"
    for change in (lambda n: n, *(OTHER_SIZES if sample.resizes else ())):
        binding = {key: change(size) for key, size in sizes.items()}
        if facts.hold(binding):
            for graph in graphs:
                yield _problem(graph, binding, sample, device)


def _symbolic(op, sample: Sample, sizes: dict[str, int]) -> tuple[list[Graph], Facts]:
    """The graph of a sample and its derivative, and what was decided; sizes that must be numbers are none of `sizes`
    afterwards."""
    while True:
        facts = Facts()
        try:
            with deciding(facts):
                graphs = [_symbolic_graph(op, sample, sizes)]
                if sample.grad and op.differentiable and cases.wanted_parameters(graphs[0]):
                    graphs.append(vjp_graph(graphs[0], cases.wanted_parameters(graphs[0])))
            return graphs, facts
        except SizeFixed as found:
            for key in found.names:
                del sizes[key]


def _symbolic_graph(op, sample: Sample, sizes: dict[str, int]) -> Graph:
    b = Builder(op.name)
    avals = [tensor_aval(tuple([symbol(f"d{d}", d) if f"d{d}" in sizes else d for d in a.shape]),
                         np_dtype_to_dtype(a.dtype)) for a in sample.ins]
    params = tuple(map(b.parameter, avals))
    return verify(b.finish(b.items(b.emit(op, params, op.pack_attrs(sample.attrs)))))


def _problem(graph: Graph, binding: dict, sample: Sample, device) -> str | None:
    plain = verify(bind(graph, binding))
    arrays = [_resized(sample.ins[k] if k < len(sample.ins) else None, p.aval, k) for k, p in enumerate(plain.params)]
    try:
        executable = compile_graph(graph, device, {}, binding)
        buffers = [upload(device.allocator, a) for a in arrays]
        got = [download(device.allocator, b, o.aval) for b, o in zip(executable.run(buffers), plain.outputs)]
    except Exception as error:
        return f"sizes {binding}: raised {error!r}"
    coarsest = cases.coarsest_dtype(arrays, plain.outputs)
    for value, want, node in zip(got, evaluate(plain, arrays), plain.outputs):
        loose = Sample((), rtol=10 * sample.rtol, atol=max(10 * sample.atol, 1e-5 * max(1.0, _largest(want))))
        problem = cases.disagreement(value, want, node.aval.dtype, coarsest, loose)
        if problem is not None:
            return f"sizes {binding}: {problem}\n{graph}"
    return None


def _largest(array: np.ndarray) -> float:
    """The largest finite number of an array: sums of many terms, of which larger sizes have more, are off by a part of
    the terms, however small they are themselves."""
    if array.dtype.kind not in "fc" or not array.size:
        return 0.0
    sizes = np.abs(array)
    return float(np.max(sizes, initial=0, where=np.isfinite(sizes)))


def _resized(array: np.ndarray | None, aval, seed: int) -> np.ndarray:
    """The elements of a sample's operand, repeated or left out, in another shape; random numbers for cotangents."""
    if array is None:
        return np.random.default_rng(seed).standard_normal(aval.shape).astype(aval.dtype.np)
    return np.resize(array, aval.shape).astype(array.dtype)
