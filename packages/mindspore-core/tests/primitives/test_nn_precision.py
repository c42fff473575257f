"""Decompositions and gradients in float32, float16 and bfloat16 against float64."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from nn_checks import decomposed

from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.primitives import PRIMITIVES
from mindspore.testing.conformance.cases import cast_operands, good_samples, sample_graph, wanted_parameters

NN = [name for name, op in PRIMITIVES.items() if type(op).__module__.rpartition(".")[2].startswith("nn_")]
CASES = [(name, number) for name in NN for number, sample in good_samples(PRIMITIVES[name], "float64") if sample.grad]
PRECISION = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


def as_double(arrays: list) -> list:
    return [a.astype(np.float64) if a.dtype in (np.float16, np.float32, ml_dtypes.bfloat16) else a for a in arrays]


def assert_close(got: list, want: list, rtol: float, atol: float) -> None:
    for g, w in zip(as_double(got), want, strict=True):
        np.testing.assert_allclose(g, w, rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_decomposition_is_the_float64_result_rounded(case, dtype):
    """Within two roundings of the result. Attention also rounds its scores and weights, and sums what may cancel:
    within four roundings of numbers near 1."""
    op, sample = PRIMITIVES[case[0]], dict(good_samples(PRIMITIVES[case[0]], "float64"))[case[1]]
    arrays = cast_operands(sample, dtype)
    precision = PRECISION[dtype]
    rtol = sample.rtol if dtype == "float32" else 2 * precision
    atol = 4 * precision if "attention" in case[0] else max(sample.atol, precision / 64)
    assert_close(evaluate(decomposed(sample_graph(op, arrays, sample.attrs)), arrays),
                 evaluate(sample_graph(op, as_double(arrays), sample.attrs), as_double(arrays)), rtol, atol)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("case", [c for c in CASES if PRIMITIVES[c[0]].differentiable], ids=str)
def test_gradients_keep_the_precision_of_their_dtype(case, dtype):
    """Gradients of half-precision operands are half-precision, and a few roundings of their largest element away from
    the float64 ones."""
    op, sample = PRIMITIVES[case[0]], dict(good_samples(PRIMITIVES[case[0]], "float64"))[case[1]]
    arrays = cast_operands(sample, dtype)
    draw = np.random.default_rng(0)
    results = []
    for operands in (arrays, as_double(arrays)):
        graph = sample_graph(op, operands, sample.attrs)
        if not results:
            seeds = [draw.normal(size=o.shape).astype(o.dtype.np) for o in graph.outputs if o.dtype.is_floating]
        joint = decomposed(vjp_graph(graph, wanted_parameters(graph)))
        cotangents = seeds if not results else as_double(seeds)
        results.append(evaluate(joint, [*operands, *cotangents])[len(graph.outputs):])
    for got, want, operand in zip(*results, [a for a in arrays if a.dtype.kind not in "iub"], strict=True):
        assert got.dtype == operand.dtype
        scale = np.max(np.abs(want), initial=1.0)
        np.testing.assert_allclose(got.astype(np.float64), want, rtol=0, atol=8 * PRECISION[dtype] * scale)
