"""Every sample of the neural-network primitives: errors, decomposition against reference, derivatives, dtypes."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from nn_checks import cases, cast_sample, check_derivatives, check_errors, decomposed, one_op_graph, sample_of

from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.primitives import (
    PRIMITIVES,
    nn_activation,
    nn_attention,
    nn_conv,
    nn_dropout,
    nn_loss,
    nn_norm,
    nn_optim,
    nn_pool,
    nn_softmax,
)

CASES = cases(nn_activation, nn_attention, nn_conv, nn_dropout, nn_loss, nn_norm, nn_optim, nn_pool, nn_softmax)
GOOD = [c for c in CASES if sample_of(c).error is None]
BAD = [c for c in CASES if sample_of(c).error is not None]
SMOOTH = [c for c in GOOD if sample_of(c).grad and PRIMITIVES[c[0]].differentiable]
LOWERED = [c for c in GOOD if PRIMITIVES[c[0]].lower is not None and PRIMITIVES[c[0]].reference is not None]


@pytest.mark.parametrize("case", BAD, ids=str)
def test_bad_input_raises_its_type_and_names_the_operator(case):
    check_errors(case, sample_of(case), pytest.raises)


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_derivatives_agree_with_central_differences(case):
    sample = sample_of(case)
    arrays = cast_sample(sample, np.float64)
    check_derivatives(verify(one_op_graph(case[0], arrays, sample.attrs)), arrays, sample.order)


@pytest.mark.parametrize("case", LOWERED, ids=str)
def test_decomposition_agrees_with_reference(case):
    sample = sample_of(case)
    arrays = cast_sample(sample, np.float64)
    graph = one_op_graph(case[0], arrays, sample.attrs)
    expanded = verify(decomposed(graph))
    assert not any(n.op.lower is not None for n in expanded.nodes)
    for got, want in zip(evaluate(expanded, arrays), evaluate(graph, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("case", GOOD, ids=str)
def test_reference_gives_the_shape_and_dtype_of_the_rule(case, dtype):
    sample = sample_of(case)
    arrays = cast_sample(sample, dtype)
    graph = one_op_graph(case[0], arrays, sample.attrs)
    for aval, value in zip(graph.out_avals, evaluate(graph, arrays), strict=True):
        assert (value.shape, value.dtype) == (aval.shape, aval.dtype.np)


@pytest.mark.parametrize("dtype", DTYPES[1:], ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("case", [c for c in GOOD if sample_of(c).grad and not sample_of(c).exact_dtypes], ids=str)
def test_decomposition_in_low_precision_is_the_float64_result_rounded(case, dtype):
    """The decomposition (or the reference) on rounded inputs, against the float64 result on the same inputs: within two
    roundings. Attention also rounds its scores and weights, and sums what may cancel: within four of numbers near 1."""
    sample = sample_of(case)
    rounded = cast_sample(sample, dtype)
    doubles = [a.astype(np.float64) if a.dtype == dtype else a for a in rounded]
    precision = float(ml_dtypes.finfo(dtype).eps)
    rtol = sample.rtol if dtype == np.float32 else 2 * precision
    atol = 4 * precision if case[0] == "scaled_dot_product_attention" else max(sample.atol, precision / 64)
    for got, want in zip(evaluate(decomposed(one_op_graph(case[0], rounded, sample.attrs)), rounded),
                         evaluate(one_op_graph(case[0], doubles, sample.attrs), doubles), strict=True):
        np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=rtol, atol=atol)
