"""Batch normalization of batches in parts, and convolution with the time first, in the mint interface."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

from mindspore import Parameter, Tensor, mint
from mindspore.mint.nn import functional as F

X = uniform((6, 3, 4))
MEAN, VAR = X.mean((0, 2)), X.var((0, 2))
SEQUENCES, KERNELS, BIAS = uniform((5, 2, 3)), uniform((3, 3, 4)), uniform((4,))


def convolved(x, w, b):
    x = np.pad(x, ((1, 1), (0, 0), (0, 0)))
    return sum(x[k:k + 5] @ w[k] for k in range(3)) + b


CASES = [
    Case("batch_norm_stats", lambda x: mint.batch_norm_stats(x, 0.1), lambda x: (
        x.mean((0, 2)), 1 / np.sqrt(x.var((0, 2)) + 0.1)), (X,)),
    Case("batch_norm_elemt", mint.batch_norm_elemt, lambda x, w, b, m, s: (
        (x - m[:, None]) * s[:, None] * w[:, None] + b[:, None]), (X, *(uniform((3,), seed=k) for k in range(4)))),
    Case("batch_norm_elemt alone", mint.batch_norm_elemt, lambda x: x, (X,)),
    Case("conv_tbc", lambda x, w, b: mint.conv_tbc(x, w, b, 1), convolved, (SEQUENCES, KERNELS, BIAS), rtol=1e-4),
    Case("npu_gelu", lambda x: mint.npu_gelu(x, "tanh"), lambda x: 0.5 * x * (1 + np.tanh(
        np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3))), (X,), rtol=1e-4),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_cases(case):
    check_eager(case)
    check_graph(case)
    if case.grad:
        check_gradient(case)


def test_parts_of_a_batch_make_the_whole():
    parts = X[:2], X[2:]
    stats = [mint.batch_norm_stats(Tensor(p), 1e-5) for p in parts]
    means, rstds = (mint.stack([s[k] for s in stats]) for k in (0, 1))
    moving, spread = Parameter(Tensor(np.zeros(3, np.float32))), Parameter(Tensor(np.ones(3, np.float32)))
    mean, rstd = mint.batch_norm_gather_stats_with_counts(Tensor(X), means, rstds, moving, spread, 0.1, 1e-5,
                                                          Tensor([8.0, 16.0]))
    np.testing.assert_allclose(mean.asnumpy(), MEAN, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(rstd.asnumpy(), 1 / np.sqrt(VAR + 1e-5), rtol=1e-4)
    np.testing.assert_allclose(moving.asnumpy(), 0.1 * MEAN, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spread.asnumpy(), 0.9 + 0.1 * X.var((0, 2), ddof=1), rtol=1e-4)
    whole = mint.batch_norm_elemt(Tensor(X), None, None, mean, rstd)
    expected = F.batch_norm(Tensor(X), Tensor(MEAN), Tensor(VAR))
    np.testing.assert_allclose(whole.asnumpy(), expected.asnumpy(), rtol=1e-3, atol=1e-4)
    equal = mint.batch_norm_gather_stats_with_counts(Tensor(X[:3]), *(mint.stack([v, v]) for v in stats[0]))
    np.testing.assert_allclose(equal[0].asnumpy(), stats[0][0].asnumpy(), rtol=1e-5)


@pytest.mark.parametrize("call, text", [
    (lambda x: mint.batch_norm_stats(x[0, 0], 0.1), "expected .N, C, ..."),
    (lambda x: mint.batch_norm_elemt(x, Tensor([1.0])), "weight has shape"),
    (lambda x: mint.batch_norm_gather_stats_with_counts(x, x, x), "parts, 3"),
    (lambda x: mint.conv_tbc(x, x, x), "expected .T, N, C."),
])
def test_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call(Tensor(X))
