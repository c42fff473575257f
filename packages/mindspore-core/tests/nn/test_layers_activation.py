"""Activation layers against their formulas."""
from __future__ import annotations

import math

import numpy as np
import pytest
from layer_checks import run

import mindspore as ms
from mindspore import Tensor, nn

X = np.linspace(-4, 4, 24).astype(np.float32).reshape(2, 4, 3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def normal_distribution(x):
    return np.vectorize(lambda v: 0.5 * (1 + math.erf(v / math.sqrt(2))))(x)


FORMULAS = [
    (nn.ReLU(), lambda x: np.maximum(x, 0)),
    (nn.ReLU6(), lambda x: np.clip(x, 0, 6)),
    (nn.Sigmoid(), sigmoid),
    (nn.Tanh(), np.tanh),
    (nn.SiLU(), lambda x: x * sigmoid(x)),
    (nn.Mish(), lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    (nn.HSwish(), lambda x: x * np.clip(x + 3, 0, 6) / 6),
    (nn.HSigmoid(), lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    (nn.LogSigmoid(), lambda x: np.log(sigmoid(x))),
    (nn.Softplus(), lambda x: np.log1p(np.exp(x))),
    (nn.Softsign(), lambda x: x / (1 + np.abs(x))),
    (nn.Tanhshrink(), lambda x: x - np.tanh(x)),
    (nn.SeLU(), lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    (nn.FastGelu(), lambda x: x * sigmoid(1.702 * x)),
    (nn.GELU(False), lambda x: x * normal_distribution(x)),
    (nn.GELU(), lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))),
    (nn.Softmax(), softmax),
    (nn.Softmax(1), lambda x: softmax(x, 1)),
    (nn.Softmin(), lambda x: softmax(-x)),
    (nn.LogSoftmax(0), lambda x: np.log(softmax(x, 0))),
    (nn.Softmax2d(), lambda x: softmax(x, 0)),
    (nn.GLU(1), lambda x: x[:, :2] * sigmoid(x[:, 2:])),
    (nn.LeakyReLU(), lambda x: np.where(x > 0, x, 0.2 * x)),
    (nn.ELU(2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
    (nn.CELU(2.0), lambda x: np.maximum(x, 0) + np.minimum(0, 2 * np.expm1(x / 2))),
    (nn.HShrink(), lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    (nn.SoftShrink(1.0), lambda x: np.sign(x) * np.maximum(np.abs(x) - 1, 0)),
    (nn.Hardtanh(-2, 1.5), lambda x: np.clip(x, -2, 1.5)),
    (nn.Threshold(0.5, 7), lambda x: np.where(x > 0.5, x, 7)),
    (nn.RReLU(0.1, 0.3), lambda x: np.where(x > 0, x, 0.2 * x)),
    (nn.PReLU(), lambda x: np.where(x > 0, x, 0.25 * x)),
    (nn.PReLU(4, [0.1, 0.2, 0.3, 0.4]),
     lambda x: np.where(x > 0, x, np.array([0.1, 0.2, 0.3, 0.4]).reshape(4, 1) * x)),
]


@pytest.mark.parametrize("layer, formula", FORMULAS, ids=lambda v: repr(v) if isinstance(v, nn.Cell) else "")
def test_formula(mode, layer, formula):
    np.testing.assert_allclose(run(layer, X), formula(X.astype(np.float64)), rtol=1e-5, atol=1e-6)


def test_a_random_slope_while_training(mode):
    layer = nn.RReLU(0.2, 0.4).set_train()
    slopes = run(layer, -np.ones((50, 50), np.float32))
    assert -0.4 <= slopes.min() < -0.39 and -0.21 < slopes.max() <= -0.2
    assert not np.array_equal(run(layer, -np.ones((50, 50), np.float32)), slopes)


def test_a_trained_slope(mode):
    layer = nn.PReLU(4)
    assert [p.name for p in layer.trainable_params()] == ["a"] and layer.a.shape == (4,)
    gradient = ms.grad(lambda x: ms.ops.sum(layer(x)), None, layer.a)(Tensor(X))
    np.testing.assert_allclose(gradient.asnumpy(), np.minimum(X, 0).sum((0, 2)), rtol=1e-5)


@pytest.mark.parametrize("name, cls", [("relu", nn.ReLU), ("gelu", nn.GELU), ("leakyrelu", nn.LeakyReLU),
                                       ("softmax", nn.Softmax), ("prelu", nn.PReLU), ("hswish", nn.HSwish)])
def test_names(name, cls):
    assert type(nn.get_activation(name)) is cls
    assert nn.get_activation(None) is None


@pytest.mark.parametrize("call, error", [
    (lambda: nn.get_activation("rleu"), KeyError), (lambda: nn.Softmax("last"), TypeError),
    (lambda: nn.LeakyReLU("steep"), TypeError), (lambda: nn.PReLU(0), ValueError),
    (lambda: nn.PReLU(3, [1.0]), ValueError), (lambda: nn.RReLU(0.9, 0.1), ValueError),
    (lambda: nn.Softmax(3)(Tensor(X)), ValueError), (lambda: nn.Softmax2d()(Tensor(X[0])), ValueError),
    (lambda: nn.GLU(2)(Tensor(X)), ValueError)])
def test_refused(call, error):
    with pytest.raises(error):
        call()
