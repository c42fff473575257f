"""Optimizers of experimental.optim and mint.optim against NumPy, their groups, states and schedulers."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, mint, nn, ops
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.experimental import optim
from mindspore.experimental.optim import lr_scheduler as schedules

STEPS = 7


def parameters():
    draw = np.random.default_rng(0)
    return [Parameter(draw.normal(size=shape).astype(np.float32), name=name)
            for name, shape in (("w", (3, 4)), ("b", (4,)))]


def gradients(step):
    draw = np.random.default_rng(100 + step)
    return [draw.normal(size=shape).astype(np.float32) for shape in ((3, 4), (4,))]


def sgd(p, g, s, t, lr=0.1, mu=0.9, damp=0.0, nesterov=False):
    s["b"] = g if t == 1 else mu * s["b"] + (1 - damp) * g
    return p - lr * (g + mu * s["b"] if nesterov else s["b"])


def moments(g, s, b1, b2):
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    return s["m"], s["v"]


def adam(p, g, s, t, lr=0.1, b1=0.9, b2=0.99, eps=1e-8, amsgrad=False, decay=0.0):
    m, v = moments(g, s, b1, b2)
    p = p * (1 - lr * decay)
    if amsgrad:
        v = s["x"] = np.maximum(s.get("x", 0), v)
    return p - lr * m / (1 - b1 ** t) / (np.sqrt(v / (1 - b2 ** t)) + eps)


def adamax(p, g, s, t, lr=0.1, b1=0.9, b2=0.99, eps=1e-8):
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["u"] = np.maximum(b2 * s.get("u", 0), np.abs(g) + eps)
    return p - lr / (1 - b1 ** t) * s["m"] / s["u"]


def nadam(p, g, s, t, lr=0.1, b1=0.9, b2=0.99, eps=1e-8, decay=0.01):
    m, v = moments(g, s, b1, b2)
    now, then = (b1 * (1 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
    s["mu"] = s.get("mu", 1) * now
    root = np.sqrt(v / (1 - b2 ** t)) + eps
    return p - lr * (1 - now) / (1 - s["mu"]) * g / root - lr * then / (1 - s["mu"] * then) * m / root


def radam(p, g, s, t, lr=0.1, b1=0.9, b2=0.9, eps=1e-8):
    m, v = moments(g, s, b1, b2)
    longest = 2 / (1 - b2) - 1
    length = longest - 2 * t * b2 ** t / (1 - b2 ** t)
    mean = m / (1 - b1 ** t)
    if length <= 5:
        return p - lr * mean
    share = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    return p - lr * mean * share * math.sqrt(1 - b2 ** t) / (np.sqrt(v) + eps)


def adadelta(p, g, s, t, lr=1.0, rho=0.9, eps=1e-6):
    s["s"] = rho * s.get("s", 0) + (1 - rho) * g * g
    move = np.sqrt(s.get("d", 0) + eps) / np.sqrt(s["s"] + eps) * g
    s["d"] = rho * s.get("d", 0) + (1 - rho) * move * move
    return p - lr * move


def adagrad(p, g, s, t, lr=0.1, fall=0.5, first=0.3, eps=1e-10):
    s["s"] = s.get("s", first) + g * g
    return p - lr / (1 + (t - 1) * fall) * g / (np.sqrt(s["s"]) + eps)


def asgd(p, g, s, t, lr=0.1, lambd=0.1, alpha=0.75, t0=3.0):
    eta, mu = s.get("eta", lr), s.get("mu", 1.0)
    p = p * (1 - lambd * eta) - eta * g
    s["ax"] = s.get("ax", 0) + (p - s.get("ax", 0)) * mu
    s["eta"], s["mu"] = lr / (1 + lambd * lr * t) ** alpha, 1 / max(1, t - t0)
    return p


def rmsprop(p, g, s, t, lr=0.1, alpha=0.9, eps=1e-8, mu=0.0, centered=False):
    s["s"] = alpha * s.get("s", 0) + (1 - alpha) * g * g
    s["g"] = alpha * s.get("g", 0) + (1 - alpha) * g
    move = g / (np.sqrt(s["s"] - s["g"] ** 2 if centered else s["s"]) + eps)
    s["b"] = mu * s.get("b", 0) + move
    return p - lr * s["b"]


def rprop(p, g, s, t, lr=0.1):
    same = np.sign(g * s.get("g", 0))
    s["size"] = np.clip(s.get("size", lr) * np.where(same > 0, 1.2, np.where(same < 0, 0.5, 1)), 1e-6, 50)
    s["g"] = g = np.where(same < 0, 0, g)
    return p - np.sign(g) * s["size"]


BETAS = {"betas": (0.9, 0.99)}
CASES = {
    "SGD": (lambda p: optim.SGD(p, 0.1, 0.9), sgd),
    "SGD nesterov": (lambda p: optim.SGD(p, 0.1, 0.9, nesterov=True), lambda *a: sgd(*a, nesterov=True)),
    "SGD plain": (lambda p: mint.optim.SGD(p, 0.1), lambda *a: sgd(*a, mu=0.0)),
    "SGD dampening": (lambda p: mint.optim.SGD(p, 0.1, 0.9, 0.5), lambda *a: sgd(*a, damp=0.5)),
    "SGD decay": (lambda p: optim.SGD(p, 0.1, 0.9, weight_decay=0.1), lambda p, g, *a: sgd(p, g + 0.1 * p, *a)),
    "SGD maximize": (lambda p: optim.SGD(p, 0.1, 0.9, maximize=True), lambda p, g, *a: sgd(p, -g, *a)),
    "Adam": (lambda p: optim.Adam(p, 0.1, **BETAS), adam),
    "Adam amsgrad": (lambda p: mint.optim.Adam(p, 0.1, amsgrad=True, **BETAS), lambda *a: adam(*a, amsgrad=True)),
    "Adam decay": (lambda p: optim.Adam(p, 0.1, weight_decay=0.1, **BETAS), lambda p, g, *a: adam(p, g + 0.1 * p, *a)),
    "AdamW": (lambda p: mint.optim.AdamW(p, 0.1, weight_decay=0.1, **BETAS), lambda *a: adam(*a, decay=0.1)),
    "FusedAdamW": (lambda p: mint.optim.FusedAdamW(p, 0.1, **BETAS), lambda *a: adam(*a, decay=0.01)),
    "Adamax": (lambda p: optim.Adamax(p, 0.1, **BETAS), adamax),
    "NAdam": (lambda p: optim.NAdam(p, 0.1, momentum_decay=0.01, **BETAS), nadam),
    "RAdam": (lambda p: optim.RAdam(p, 0.1, (0.9, 0.9)), radam),
    "Adadelta": (optim.Adadelta, adadelta),
    "Adagrad": (lambda p: optim.Adagrad(p, 0.1, 0.5, initial_accumulator_value=0.3), adagrad),
    "ASGD": (lambda p: optim.ASGD(p, 0.1, 0.1, t0=3.0), asgd),
    "nn.ASGD": (lambda p: nn.ASGD(p, 0.1, 0.1, t0=3.0), asgd),
    "RMSprop": (lambda p: optim.RMSprop(p, 0.1, 0.9), rmsprop),
    "RMSprop centered": (lambda p: optim.RMSprop(p, 0.1, 0.9, momentum=0.5, centered=True),
                         lambda *a: rmsprop(*a, mu=0.5, centered=True)),
    "Rprop": (lambda p: optim.Rprop(p, 0.1), rprop),
}


@pytest.mark.parametrize("name", CASES)
def test_steps(mode, name):
    make, formula = CASES[name]
    params = parameters()
    optimizer = make(params)
    values = [p.asnumpy().astype(np.float64) for p in params]
    states: list[dict] = [{}, {}]
    for step in range(1, STEPS + 1):
        optimizer(tuple(Tensor(g) for g in gradients(step)))
        values = [formula(v, g.astype(np.float64), s, step) for v, g, s in zip(values, gradients(step), states)]
    for param, value in zip(params, values):
        np.testing.assert_allclose(param.asnumpy(), value, rtol=2e-4, atol=2e-5)
    if name.endswith("ASGD"):
        np.testing.assert_allclose(optimizer.ax[0].asnumpy(), states[0]["ax"], rtol=1e-4, atol=1e-5)


def test_a_step_is_compiled_once_and_rates_change_without_compiling(mode):
    params = parameters()
    optimizer = mint.optim.AdamW(params, 0.1)
    for step in range(3):
        optimizer(tuple(Tensor(g) for g in gradients(step)))
    with assert_max_compiles(0):
        optimizer.param_groups[0]["lr"] = 0.0
        before = params[0].asnumpy().copy()
        optimizer(tuple(Tensor(g) for g in gradients(9)))
    np.testing.assert_array_equal(params[0].asnumpy(), before)


def test_another_option_is_seen(mode):
    params = parameters()
    optimizer = optim.SGD(params, 1.0)
    zeros = tuple(Tensor(np.zeros_like(g)) for g in gradients(0))
    optimizer(zeros)
    before = params[1].asnumpy().copy()
    optimizer.param_groups[0]["weight_decay"] = 0.5
    optimizer(zeros)
    np.testing.assert_allclose(params[1].asnumpy(), before * 0.5, rtol=1e-6)


def test_groups(mode):
    w, b = parameters()
    optimizer = optim.SGD([{"params": [b], "lr": 0.5}, {"params": w}], 0.1)
    assert [p.name for p in optimizer.parameters] == ["b", "w"]
    start = b.asnumpy().copy(), w.asnumpy().copy()
    g = gradients(0)
    optimizer((Tensor(g[1]), Tensor(g[0])))
    np.testing.assert_allclose(b.asnumpy(), start[0] - 0.5 * g[1], rtol=1e-6)
    np.testing.assert_allclose(w.asnumpy(), start[1] - 0.1 * g[0], rtol=1e-6)
    assert "Parameter Group 1" in repr(optimizer)


def test_states_and_their_names():
    def state(optimizer):
        return {p.name: (p.shape, p.dtype) for p in optimizer.get_parameters()
                if "learning_rate" not in p.name and p is not w}

    w = Parameter(np.ones(2, np.float32), name="w")
    kind = ((2,), ms.float32)
    assert state(optim.Adam([w])) == {"state_step": ((), ms.int32), "exp_avg.w": kind, "exp_avg_sq.w": kind,
                                      "max_exp_avg_sq.w": kind}
    assert state(mint.optim.AdamW([w]))["state_step"] == ((1,), ms.float32)
    assert state(mint.optim.SGD([w], 0.1)) == {"step_t": ((), ms.int32), "momentum_buf.w": kind}
    assert set(state(nn.ASGD([w]))) == {"global_step", "mu_w", "eta_w", "ax_.w"}


def test_training_in_one_compiled_step():
    net = nn.Dense(3, 1)
    optimizer = mint.optim.Adam(net.trainable_params(), 0.1)
    draw = np.random.default_rng(0)
    x = Tensor(draw.normal(size=(32, 3)).astype(np.float32))
    y = Tensor(x.asnumpy().sum(1, keepdims=True))
    step = ms.value_and_grad(lambda x, y: ops.mse_loss(net(x), y), None, optimizer.parameters)

    @ms.jit
    def train(x, y):
        loss, grads = step(x, y)
        optimizer(grads)
        return loss

    losses = [float(train(x, y).asnumpy()) for _ in range(60)]
    assert losses[-1] < 0.02 * losses[0]


@pytest.mark.parametrize("make, error, text", [
    (lambda p: optim.Adam(p, -1.0), ValueError, "'lr' must be at least 0"),
    (lambda p: optim.Adam(p, betas=(1.0, 0.9)), ValueError, "below 1"),
    (lambda p: optim.Adam(p, betas=0.9), TypeError, "tuple of two floats"),
    (lambda p: optim.Adam([]), ValueError, "non-empty list"),
    (lambda p: optim.Adam([1]), TypeError, "must be a Parameter"),
    (lambda p: optim.Adam([*p, p[0]]), ValueError, "'w' already exists"),
    (lambda p: optim.Adam([{"params": p, "rate": 1}]), ValueError, "may have lr"),
    (lambda p: optim.SGD(p, 0.1, nesterov=True), ValueError, "'nesterov' needs"),
    (lambda p: optim.SGD(p, 0.1)((Tensor(1.0),)), ValueError, "2 gradients are expected"),
    (lambda p: optim.Rprop(p, etas=(2.0, 3.0)), ValueError, "below and above 1"),
    (lambda p: schedules.StepLR(nn.SGD(p), 1), TypeError, "'optimizer' must be an optimizer of"),
    (lambda p: schedules.StepLR(optim.SGD(p, 0.1), 0), ValueError, "'step_size' must be a positive int"),
    (lambda p: schedules.LambdaLR(optim.SGD(p, 0.1), [1]), ValueError, "'lr_lambda' must be a function"),
])
def test_errors(make, error, text):
    with pytest.raises(error) as caught:
        make(parameters())
    assert text in str(caught.value)


# -- schedulers --------------------------------------------------------------------------------------------------------

def rates(make, epochs=8, lr=0.8):
    optimizer = optim.SGD(parameters(), lr)
    scheduler = make(optimizer)
    found = []
    for _ in range(epochs):
        found.append(float(optimizer.param_groups[0]["lr"].asnumpy()))
        assert found[-1] == pytest.approx(scheduler.get_last_lr()[0].asnumpy(), rel=1e-6)
        scheduler.step()
    return found


@pytest.mark.parametrize("make, formula", [
    (lambda o: schedules.StepLR(o, 3, 0.5), lambda e: 0.8 * 0.5 ** (e // 3)),
    (lambda o: schedules.LinearLR(o, 0.25, 1.0, 4), lambda e: 0.8 * (0.25 + 0.75 * min(e, 4) / 4)),
    (lambda o: schedules.ExponentialLR(o, 0.9), lambda e: 0.8 * 0.9 ** e),
    (lambda o: schedules.PolynomialLR(o, 5, 2.0), lambda e: 0.8 * (1 - min(e, 5) / 5) ** 2),
    (lambda o: schedules.ConstantLR(o, 0.5, 3), lambda e: 0.4 if e < 3 else 0.8),
    (lambda o: schedules.MultiStepLR(o, [2, 5], 0.1), lambda e: 0.8 * 0.1 ** ((e >= 2) + (e >= 5))),
    (lambda o: schedules.LambdaLR(o, lambda e: 1 / (1 + e)), lambda e: 0.8 / (1 + e)),
    (lambda o: schedules.MultiplicativeLR(o, lambda e: 0.9), lambda e: 0.8 * 0.9 ** e),
    (lambda o: schedules.CosineAnnealingLR(o, 4, 0.2), lambda e: 0.2 + 0.3 * (1 + math.cos(math.pi * e / 4))),
    (lambda o: schedules.CosineAnnealingWarmRestarts(o, 2, 2),
     lambda e: 0.4 * (1 + math.cos(math.pi * (e / 2 if e < 2 else (e - 2) / 4 if e < 6 else (e - 6) / 8)))),
    (lambda o: schedules.CyclicLR(o, 0.1, 0.5, 2, 2, "triangular2"),
     lambda e: 0.1 + 0.4 * [0, 0.5, 1, 0.5][e % 4] * 0.5 ** (e // 4)),
    (lambda o: schedules.CyclicLR(o, 0.1, 0.5, 1, 3, "exp_range", 0.9),
     lambda e: 0.1 + 0.4 * [0, 1, 2 / 3, 1 / 3][e % 4] * 0.9 ** e),
    (lambda o: schedules.SequentialLR(o, [schedules.ConstantLR(o, 0.1, 9), schedules.ExponentialLR(o, 0.5)], [3]),
     lambda e: 0.08 if e < 3 else 0.8 * 0.5 ** (e - 3)),
], ids=lambda v: "")
def test_schedules(make, formula):
    assert rates(make) == pytest.approx([formula(e) for e in range(8)], rel=1e-6)


def test_a_rate_falls_on_a_plateau():
    optimizer = optim.SGD(parameters(), 1.0)
    scheduler = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.2)
    found = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, Tensor(1.0)):
        scheduler.step(loss)
        found.append(float(optimizer.param_groups[0]["lr"].asnumpy()))
    assert found == pytest.approx([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2])


def test_an_optimizer_and_a_schedule_of_ones_own(mode):
    class Descent(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def construct(self, gradients):
            for number, group in enumerate(self.param_groups):
                for i, param in enumerate(group["params"]):
                    ops.assign(param, param - gradients[self.group_start_id[number] + i] * group["lr"])

    class Halved(schedules.LRScheduler):
        def get_lr(self):
            return [rate * 0.5 for rate in self._last_lr]

    optimizer = Descent(parameters(), 1.0)
    optimizer.add_param_group({"params": Parameter([1.0], name="more"), "lr": 2.0})
    assert optimizer.group_start_id == [0, 2]
    schedule = Halved(optimizer)
    assert [float(rate) for rate in schedule.get_last_lr()] == [0.5, 1.0]
    before = [p.asnumpy().copy() for p in optimizer.parameters]
    optimizer((*map(Tensor, gradients(1)), Tensor([0.25])))
    for old, new, gradient, rate in zip(before, optimizer.parameters, (*gradients(1), np.float32([0.25])), (.5, .5, 1)):
        np.testing.assert_allclose(new.asnumpy(), old - rate * gradient, rtol=1e-6)


@pytest.mark.parametrize("make", [optim.Adam, lambda p: optim.SGD(p, 0.1, momentum=0.9), optim.RMSprop, optim.Rprop],
                         ids=["Adam", "SGD", "RMSprop", "Rprop"])
def test_a_group_that_comes_later_has_states(mode, make):
    together, later = make(parameters()), make(parameters()[:1])
    later.add_param_group({"params": parameters()[1:]})
    assert [p.name for p in later.parameters] == [p.name for p in together.parameters] == ["w", "b"]
    for step in range(3):
        for optimizer in (together, later):
            optimizer(tuple(map(Tensor, gradients(step))))
    for one, other in zip(together.parameters, later.parameters):
        np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), rtol=1e-6)
    assert {p.name for p in later.get_parameters()} >= {p.name for p in together.get_parameters()} - {"w", "b"}
