"""Batch normalization of batches in parts, convolution with the time first, sums with their normalization, and rotated
pairs of elements."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

from mindspore import Parameter, Tensor, mint, ops
from mindspore.mint.nn import functional as F

X = uniform((6, 3, 4))
MEAN, VAR = X.mean((0, 2)), X.var((0, 2))
SEQUENCES, KERNELS, BIAS = uniform((5, 2, 3)), uniform((3, 3, 4)), uniform((4,))


def convolved(x, w, b):
    x = np.pad(x, ((1, 1), (0, 0), (0, 0)))
    return sum(x[k:k + 5] @ w[k] for k in range(3)) + b


def added(x, y, gamma, beta):
    total = x + y
    mean, root = total.mean(-1, keepdims=True), 1 / np.sqrt(total.var(-1, keepdims=True) + 1e-5)
    return (total - mean) * root * gamma + beta, mean, root, total


def added_squares(x, y, gamma):
    total = x + y
    root = 1 / np.sqrt((total ** 2).mean(-1, keepdims=True) + 1e-6)
    return total * root * gamma, root, total


def rotated(x, angle, pairs):
    """Each pair of elements as a point in the plane."""
    y = np.zeros_like(x)
    for a, b in pairs:
        y[..., a] = x[..., a] * np.cos(angle) - x[..., b] * np.sin(angle)
        y[..., b] = x[..., b] * np.cos(angle) + x[..., a] * np.sin(angle)
    return y


COS, SIN = np.float32(np.cos(0.4)), np.float32(np.sin(0.4))
CASES = [
    Case("add_layer_norm", ops.add_layer_norm, added, (X, X[::-1].copy(), uniform((4,)), uniform((4,), seed=1)),
         rtol=1e-4, atol=1e-5),
    Case("add_rms_norm", ops.add_rms_norm, added_squares, (X, X[::-1].copy(), uniform((4,))), rtol=1e-4, atol=1e-5),
    Case("rotary_position_embedding", lambda x: ops.rotary_position_embedding(x, COS, SIN),
         lambda x: rotated(x, 0.4, ((0, 2), (1, 3))), (X,), rtol=1e-4),
    Case("rotary_position_embedding of neighbours", lambda x: ops.rotary_position_embedding(
        x, Tensor(np.full((1, 4), COS)), Tensor(np.full((1, 4), SIN)), 1),
        lambda x: rotated(x, 0.4, ((0, 1), (2, 3))), (X,), rtol=1e-4),
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
    (lambda x: ops.rotary_position_embedding(x[..., :3], 1.0, 0.0), "even last size"),
    (lambda x: ops.rotary_position_embedding(x, 1.0, 0.0, 2), "mode is 2"),
    (lambda x: mint.conv_tbc(x, x, x), "expected .T, N, C."),
])
def test_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call(Tensor(X))
