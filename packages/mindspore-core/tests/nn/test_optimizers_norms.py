"""LARS, Adafactor, proximal Adagrad, Adam under another name: updates against NumPy in both modes, states, errors."""
from __future__ import annotations

import numpy as np
import pytest
from test_optimizers import STEPS, adam, gradients, momentum, parameters

import mindspore as ms
from mindspore import Tensor, nn


def shrink(x, t):
    return np.sign(x) * np.maximum(np.abs(x) - t, 0)


def proximal(p, g, s, t, lr=0.1, l1=0.05, l2=0.1):
    a = s["a"] = s.get("a", 0.1) + g * g
    r = lr / np.sqrt(a)
    return shrink(p - r * g, r * l1) / (1 + r * l2)


def lars(p, g, s, t, decay=0.02, lr=0.1, clip=False, chosen=True):
    if chosen:
        w, n = np.linalg.norm(p), np.linalg.norm(g)
        ratio = 0.5 * w / (n + decay * w + 1e-5)
        g = (g + decay * p) * (min(ratio / lr, 1) if clip else ratio)
    return momentum(p, g, s, t, lr=lr)


def rms(x):
    return np.sqrt(np.mean(x * x))


def factored(p, g, s, t, lr=None, b1=0.9, decay=0.0, scale=True, warm=False):
    lr = min(1e-6 * t if warm else 1e-2, 1 / np.sqrt(t)) if lr is None else lr
    lr = lr * max(1e-3, rms(p)) if scale else lr
    b2, sq = 1 - t ** -0.8, g * g + 1e-30
    if p.ndim > 1:
        row = s["row"] = b2 * s.get("row", 0) + (1 - b2) * sq.mean(-1)
        col = s["col"] = b2 * s.get("col", 0) + (1 - b2) * sq.mean(-2)
        u = g / np.sqrt(row[:, None] * col / row.mean())
    else:
        s["v"] = b2 * s.get("v", 0) + (1 - b2) * sq
        u = g / np.sqrt(s["v"])
    u = u / max(1, rms(u)) * lr
    if b1:
        u = s["m"] = b1 * s.get("m", 0) + (1 - b1) * u
    return p * (1 - decay * lr) - u


UPDATES = {
    "ProximalAdagrad": (lambda p: nn.ProximalAdagrad(p, learning_rate=0.1, l1=0.05, l2=0.1), proximal),
    "ProximalAdagrad decay": (lambda p: nn.ProximalAdagrad(p, learning_rate=0.1, weight_decay=0.02), lambda p, g, s, t:
                              proximal(p, g + 0.02 * p, s, t, l1=0, l2=0)),
    "AdamOffload": (lambda p: nn.AdamOffload(p, 0.1), adam),
    "LARS": (lambda p: nn.LARS(nn.Momentum(p, 0.1, 0.9, weight_decay=0.02), coefficient=0.5), lars),
    "LARS clipped": (lambda p: nn.LARS(nn.Momentum(p, 0.1, 0.9, weight_decay=0.02, loss_scale=2.0), coefficient=0.5,
                                       use_clip=True), lambda p, g, s, t: lars(p, g / 2, s, t, clip=True)),
    "LARS of matrices": (lambda p: nn.LARS(nn.Momentum(p, 0.1, 0.9), coefficient=0.5,
                                           lars_filter=lambda x: x.name == "w"),
                         lambda p, g, s, t: lars(p, g, s, t, 0, chosen=p.ndim > 1)),
    "AdaFactor": (lambda p: nn.AdaFactor(p), factored),
    "AdaFactor rate": (lambda p: nn.AdaFactor(p, 0.1, beta1=0.0, weight_decay=0.01, scale_parameter=False,
                                              relative_step=False), lambda *a: factored(*a, lr=0.1, b1=0, decay=0.01,
                                                                                        scale=False)),
    "AdaFactor warm": (lambda p: nn.AdaFactor(p, warmup_init=True), lambda *a: factored(*a, warm=True)),
}


@pytest.mark.parametrize("name", UPDATES)
def test_updates_follow_the_formula(mode, name):
    make, formula = UPDATES[name]
    params = parameters()
    optimizer = make(params)
    expected, states = [p.asnumpy().astype(np.float64) for p in params], [{}, {}]
    for step in range(1, STEPS + 1):
        assert optimizer(tuple(Tensor(g) for g in gradients(step))) is True
        expected = [formula(p, g.astype(np.float64), s, step) for p, g, s in zip(expected, gradients(step), states)]
    for param, value in zip(params, expected):
        np.testing.assert_allclose(param.asnumpy(), value, rtol=1e-5, atol=1e-6)


def test_states():
    factor = nn.AdaFactor(parameters(), compression=True)
    shapes = {p.name: p.shape for p in factor.get_parameters()}
    assert shapes["exp_avg_sq_row.w"] == (3,) and shapes["exp_avg_sq_col.w"] == (4,)
    assert shapes["exp_avg_sq.b"] == (4,) and shapes["exp_avg_sq.w"] == (1,) and factor.exp_avg[0].dtype is ms.float16
    inner = nn.Momentum(parameters(), 0.1, 0.9)
    outer = nn.LARS(inner)
    assert {p.name for p in inner.get_parameters()} <= {p.name.removeprefix("opt.") for p in outer.get_parameters()}
    assert outer.parameters is inner.parameters


def test_a_training_step_with_lars(mode):
    net = nn.Dense(3, 2, weight_init="ones", bias_init="zeros")
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.LARS(nn.Momentum(
        net.trainable_params(), 0.1, 0.9), coefficient=0.1))
    x, y = Tensor(np.ones((4, 3), np.float32)), Tensor(np.zeros((4, 2), np.float32))
    losses = [float(step(x, y).asnumpy()) for _ in range(4)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("make", "error", "word"), [
    (lambda p: nn.LARS(p), TypeError, "must be an Optimizer"),
    (lambda p: nn.LARS(nn.SGD(p), coefficient=0), ValueError, "coefficient"),
    (lambda p: nn.LARS(nn.SGD(p))((Tensor(1.0),)), ValueError, "2 gradients"),
    (lambda p: nn.AdaFactor(p, 0.1), ValueError, "relative_step"),
    (lambda p: nn.AdaFactor(p, 0.1, relative_step=False, warmup_init=True), ValueError, "warmup_init"),
    (lambda p: nn.AdaFactor(p, eps=1e-3), TypeError, "two numbers"),
    (lambda p: nn.ProximalAdagrad(p, l1=-1.0), ValueError, "l1"),
    (lambda p: nn.ProximalAdagrad(p, use_locking=1), TypeError, "use_locking"),
])
def test_wrong_arguments(make, error, word):
    with pytest.raises(error, match=word):
        make(parameters())
