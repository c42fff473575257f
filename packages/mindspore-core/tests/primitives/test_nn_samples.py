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
    nn_conv,
    nn_loss,
    nn_optim,
    nn_pool,
    nn_softmax,
)

CASES = cases(nn_activation, nn_conv, nn_loss, nn_optim, nn_pool, nn_softmax)
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


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16], ids=["float16", "bfloat16"])
@pytest.mark.parametrize("case", [c for c in GOOD if sample_of(c).grad], ids=str)
def test_half_precision_is_the_float64_result_rounded(case, dtype):
    """Half-precision inputs give the value of the exact computation on them, within two roundings of the output."""
    sample = sample_of(case)
    halves = cast_sample(sample, dtype)
    doubles = [a.astype(np.float64) if a.dtype == dtype else a for a in halves]
    precision = float(ml_dtypes.finfo(dtype).eps)
    for got, want in zip(evaluate(one_op_graph(case[0], halves, sample.attrs), halves),
                         evaluate(one_op_graph(case[0], doubles, sample.attrs), doubles), strict=True):
        assert want.dtype != np.float64 or got.dtype == dtype
        np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=2 * precision, atol=2e-7)
