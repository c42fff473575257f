"""Derivatives and norms as layers, and linear approximations, in both modes."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, mint, nn, ops
from mindspore.ops import functional as F

X, Y, V = (np.float32(v) for v in ([[1, 2], [3, 4]], [[1, 2], [3, 4]], [[1, 1], [2, 1]]))


class Net(nn.Cell):
    def construct(self, x, y):
        return x ** 3 + 2 * y


class Two(nn.Cell):
    def construct(self, x):
        return x ** 2, x * 3


def test_products_with_jacobians(mode):
    out, grads = nn.Vjp(Net())(Tensor(X), Tensor(Y), Tensor(V))
    np.testing.assert_allclose(out.asnumpy(), X ** 3 + 2 * Y)
    np.testing.assert_allclose(grads[0].asnumpy(), 3 * X ** 2 * V)
    np.testing.assert_allclose(grads[1].asnumpy(), 2 * V)
    out, along = nn.Jvp(Net())(Tensor(X), Tensor(Y), (Tensor(V), Tensor(X)))
    np.testing.assert_allclose(along.asnumpy(), 3 * X ** 2 * V + 2 * X)
    outs, gradient = nn.Vjp(Two())(Tensor(X), (Tensor(V), Tensor(Y)))
    np.testing.assert_allclose(gradient.asnumpy(), 2 * X * V + 3 * Y)
    assert len(outs) == 2
    _, (first, second) = nn.Jvp(Two())(Tensor(X), Tensor(V))
    np.testing.assert_allclose(first.asnumpy(), 2 * X * V)
    np.testing.assert_allclose(second.asnumpy(), 3 * V)


def test_linear_approximations():
    out, along = F.linearize(Net(), (Tensor(X), Tensor(Y)))
    np.testing.assert_allclose(out.asnumpy(), X ** 3 + 2 * Y)
    for v in (V, 2 * V):
        np.testing.assert_allclose(along(Tensor(v), Tensor(v)).asnumpy(), 3 * X ** 2 * v + 2 * v)
        np.testing.assert_allclose(along((Tensor(v), Tensor(v))).asnumpy(), 3 * X ** 2 * v + 2 * v)
    with pytest.raises(TypeError, match="2 directions"):
        along(Tensor(V))


def test_norms(mode):
    def clipped(x, limit, axis):
        norm = np.sqrt((x * x).sum(axis, keepdims=True))
        return x * np.minimum(1, limit / norm)

    for axis, limit in ((None, 2.0), (0, 3.5), ((0, 1), 100.0), (-1, 4.0)):
        result = nn.ClipByNorm(axis)(Tensor(X), Tensor(limit, ms.float32))
        np.testing.assert_allclose(result.asnumpy(), clipped(X, limit, axis), rtol=1e-6)
    assert nn.L1Regularizer(0.5)(Tensor(-X)).asnumpy() == 5


def test_outer_products_in_place():
    x = Tensor(X.copy())
    assert mint.addr_(x, Tensor(X[0]), Tensor(Y[1]), 2, 3) is x
    np.testing.assert_allclose(x.asnumpy(), 2 * X + 3 * np.outer(X[0], Y[1]))
    assert F.tanh_(x) is x and F.zero_(x).asnumpy().tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: nn.Vjp(1), TypeError, "'fn'"), (lambda: nn.Jvp(ops.sin)(Tensor(X)), TypeError, "the vector"),
    (lambda: nn.ClipByNorm(1.5), TypeError, "axis"), (lambda: nn.L1Regularizer(0), ValueError, "scale"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()
