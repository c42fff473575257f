"""Optimizers: their updates against NumPy, their state and its names, parameter groups, learning rates, errors."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn
from mindspore.common.parameter import ParameterTuple

STEPS = 4
B1, B2 = float(np.float32(0.9)), float(np.float32(0.999))  # the betas as a float32 parameter sees them


def parameters(dtype=np.float32) -> list[Parameter]:
    draw = np.random.default_rng(0)
    return [Parameter(draw.normal(size=shape).astype(dtype), name=name) for name, shape in
            (("w", (3, 4)), ("b", (4,)))]


def gradients(step: int) -> list[np.ndarray]:
    draw = np.random.default_rng(100 + step)
    return [draw.normal(size=shape).astype(np.float32) for shape in ((3, 4), (4,))]


def momentum(p, g, s, t, lr=0.1, mu=0.9, nesterov=False):
    v = s["v"] = mu * s.get("v", 0) + g
    return p - lr * (g + mu * v if nesterov else v)


def sgd(p, g, s, t, lr=0.1, mu=0.9, dampening=0.0):
    if mu:
        g = s["v"] = g if "v" not in s else mu * s["v"] + (1 - dampening) * g
    return p - lr * g


def adam(p, g, s, t, lr=0.1, b1=B1, b2=B2, eps=1e-8, nesterov=False, amsgrad=False):
    m = s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    v = s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    if amsgrad:
        v = s["vhat"] = np.maximum(s.get("vhat", 0), v)
    rate = lr * math.sqrt(1 - b2 ** t) / (1 - b1 ** t)
    return p - rate * (b1 * m + (1 - b1) * g if nesterov else m) / (np.sqrt(v) + eps)


def adam_weight_decay(p, g, s, t, lr=0.1, b1=B1, b2=B2, eps=1e-6, decay=0.01):
    m = s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    v = s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    return p - lr * (m / (np.sqrt(v) + eps) + decay * p)


def ada_max(p, g, s, t, lr=0.1, b1=B1, b2=B2, eps=1e-8):
    m = s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    v = s["v"] = np.maximum(b2 * s.get("v", 0), np.abs(g))
    return p - lr / (1 - b1 ** t) * m / (v + eps)


def lamb(p, g, s, t, lr=0.1, b1=B1, b2=B2, eps=1e-6, decay=0.01):
    m = s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    v = s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    r = m / (1 - b1 ** t) / (np.sqrt(v / (1 - b2 ** t)) + eps) + decay * p
    return p - lr * min(np.linalg.norm(p) / np.linalg.norm(r), 10) * r


def rms_prop(p, g, s, t, lr=0.1, decay=0.9, mu=0.3, eps=1e-3, centered=False):
    ms_ = s["ms"] = decay * s.get("ms", 1.0) + (1 - decay) * g * g
    mg = s["mg"] = decay * s.get("mg", 0.0) + (1 - decay) * g if centered else 0.0
    v = s["v"] = mu * s.get("v", 0) + lr * g / np.sqrt(ms_ - mg * mg + eps)
    return p - v


def adagrad(p, g, s, t, lr=0.1):
    a = s["a"] = s.get("a", 0.1) + g * g
    return p - lr * g / np.sqrt(a)


def adadelta(p, g, s, t, lr=1.0, rho=0.9, eps=1e-2):
    a = s["a"] = rho * s.get("a", 0) + (1 - rho) * g * g
    u = np.sqrt(s.get("u", 0) + eps) / np.sqrt(a + eps) * g
    s["u"] = rho * s.get("u", 0) + (1 - rho) * u * u
    return p - lr * u


def ftrl(p, g, s, t, lr=0.1, l1=0.05, l2=0.1):
    old = s.get("n", 0.1)
    n = s["n"] = old + g * g
    z = s["z"] = s.get("z", 0) + g - (np.sqrt(n) - np.sqrt(old)) / lr * p
    return np.where(np.abs(z) > l1, (np.sign(z) * l1 - z) / (np.sqrt(n) / lr + 2 * l2), 0)


def rprop(p, g, s, t, low=0.5, high=1.2, smallest=0.01, largest=0.13):
    same, size = g * s.get("g", 0), s.get("size", 0.1)
    s["size"] = np.where(same > 0, np.minimum(size * high, largest),
                         np.where(same < 0, np.maximum(size * low, smallest), size))
    s["g"] = np.where(same < 0, 0, g)
    return p - np.sign(s["g"]) * s["size"]


UPDATES = {
    "Momentum": (lambda p: nn.Momentum(p, 0.1, 0.9), momentum),
    "Momentum nesterov": (lambda p: nn.Momentum(p, 0.1, 0.9, use_nesterov=True),
                          lambda *a: momentum(*a, nesterov=True)),
    "Momentum decay": (lambda p: nn.Momentum(p, 0.1, 0.9, weight_decay=0.02),
                       lambda p, g, s, t: momentum(p, g + 0.02 * p, s, t)),
    "Momentum loss scale": (lambda p: nn.Momentum(p, 0.1, 0.9, loss_scale=4.0),
                            lambda p, g, s, t: momentum(p, g / 4, s, t)),
    "SGD": (lambda p: nn.SGD(p, 0.1), lambda *a: sgd(*a, mu=0)),
    "SGD momentum": (lambda p: nn.SGD(p, 0.1, momentum=0.9, dampening=0.3), lambda *a: sgd(*a, dampening=0.3)),
    "SGD decay": (lambda p: nn.SGD(p, 0.1, momentum=0.9, weight_decay=0.02),
                  lambda p, g, s, t: sgd(p, g + 0.02 * p, s, t)),
    "Adam": (lambda p: nn.Adam(p, 0.1), adam),
    "Adam nesterov": (lambda p: nn.Adam(p, 0.1, use_nesterov=True), lambda *a: adam(*a, nesterov=True)),
    "Adam amsgrad": (lambda p: nn.Adam(p, 0.1, use_amsgrad=True), lambda *a: adam(*a, amsgrad=True)),
    "AdamWeightDecay": (lambda p: nn.AdamWeightDecay(p, 0.1, weight_decay=0.01), adam_weight_decay),
    "LazyAdam": (lambda p: nn.LazyAdam(p, 0.1), adam),
    "AdaMax": (lambda p: nn.AdaMax(p, 0.1), ada_max),
    "Lamb": (lambda p: nn.Lamb(p, 0.1, weight_decay=0.01), lamb),
    "RMSProp": (lambda p: nn.RMSProp(p, 0.1, momentum=0.3, epsilon=1e-3), rms_prop),
    "RMSProp centered": (lambda p: nn.RMSProp(p, 0.1, momentum=0.3, epsilon=1e-3, centered=True),
                         lambda *a: rms_prop(*a, centered=True)),
    "Adagrad": (lambda p: nn.Adagrad(p, learning_rate=0.1), adagrad),
    "Adadelta": (lambda p: nn.Adadelta(p, epsilon=1e-2), adadelta),
    "FTRL": (lambda p: nn.FTRL(p, learning_rate=0.1, l1=0.05, l2=0.1), ftrl),
    "Rprop": (lambda p: nn.Rprop(p, step_sizes=(0.01, 0.13)), rprop),
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
    assert optimizer.global_step.asnumpy().tolist() == [STEPS]


def test_half_precision_parameters_keep_their_dtype(mode):
    params = parameters(np.float16)
    before = [p.asnumpy().copy() for p in params]
    nn.Adam(params, 0.1)(tuple(Tensor(g) for g in gradients(1)))
    for param, was in zip(params, before):
        assert param.dtype is ms.float16
        assert np.abs(param.asnumpy() - was).min() > 0.05


STATES = {
    "Momentum": (lambda p: nn.Momentum(p, 0.1, 0.9), ["momentum", "moments.w", "moments.b"]),
    "SGD": (lambda p: nn.SGD(p), ["momentum", "accum.w", "accum.b", "stat.w", "stat.b"]),
    "Adam": (lambda p: nn.Adam(p), ["beta1_power", "beta2_power", "moment1.w", "moment1.b", "moment2.w", "moment2.b"]),
    "AdamWeightDecay": (lambda p: nn.AdamWeightDecay(p), ["adam_m.w", "adam_m.b", "adam_v.w", "adam_v.b"]),
    "LazyAdam": (lambda p: nn.LazyAdam(p), ["beta1_power", "beta2_power", "moment1.w", "moment1.b", "moment2.w",
                                            "moment2.b"]),
    "AdaMax": (lambda p: nn.AdaMax(p), ["beta1_power", "moment1.w", "moment1.b", "moment2.w", "moment2.b"]),
    "Lamb": (lambda p: nn.Lamb(p, 0.1), ["lamb_m.w", "lamb_m.b", "lamb_v.w", "lamb_v.b"]),
    "RMSProp": (lambda p: nn.RMSProp(p), ["mean_square.w", "mean_square.b", "moment.w", "moment.b"]),
    "Adagrad": (lambda p: nn.Adagrad(p), ["accum.w", "accum.b"]),
    "Adadelta": (lambda p: nn.Adadelta(p), ["accum.w", "accum.b", "accum_update.w", "accum_update.b"]),
    "FTRL": (lambda p: nn.FTRL(p), ["moments.w", "moments.b", "linear.w", "linear.b"]),
    "Rprop": (lambda p: nn.Rprop(p), ["prev.w", "prev.b", "step_size.w", "step_size.b"]),
}


@pytest.mark.parametrize("name", STATES)
def test_state_names_and_order(name):
    make, states = STATES[name]
    optimizer = make(parameters())
    assert [p.name for p in optimizer.get_parameters()] == ["w", "b", "global_step", "learning_rate", *states]
    assert optimizer.global_step.dtype is ms.int32 and optimizer.global_step.shape == (1,)
    assert optimizer.learning_rate.dtype is ms.float32 and optimizer.learning_rate.shape == ()
    assert not any(p.requires_grad for p in optimizer.get_parameters() if p.name not in ("w", "b"))


@pytest.mark.parametrize("file, make", [
    ("train_momentum.ckpt", lambda p: nn.Momentum(p, 0.1, 0.9)), ("train_adam.ckpt", lambda p: nn.Adam(p))])
def test_checkpoints_of_a_training_step_have_the_layout_of_real_ones(data_dir, tmp_path, file, make):
    net = nn.Dense(2, 3)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), make(net.trainable_params()))
    ms.save_checkpoint(step, str(tmp_path / "step.ckpt"))

    def layout(path):
        return [(k, v.shape, v.dtype, v.requires_grad) for k, v in ms.load_checkpoint(str(path)).items()]

    assert layout(tmp_path / "step.ckpt") == layout(data_dir / "formats" / file)


def test_training_goes_on_from_a_checkpoint(mode, tmp_path):
    def fresh():
        params = parameters()
        return params, nn.Adam(params, [0.1, 0.05, 0.02, 0.01])

    params, optimizer = fresh()
    for step in range(2):
        optimizer(tuple(Tensor(g) for g in gradients(step)))
    ms.save_checkpoint(optimizer, str(tmp_path / "state.ckpt"))
    others, resumed = fresh()
    assert ms.load_param_into_net(resumed, ms.load_checkpoint(str(tmp_path / "state.ckpt"))) == ([], [])
    for which in (optimizer, resumed):
        for step in range(2, 4):
            which(tuple(Tensor(g) for g in gradients(step)))
    for param, other in zip(params, others):
        np.testing.assert_array_equal(param.asnumpy(), other.asnumpy())


# -- groups and rates --------------------------------------------------------------------------------------------------


def test_groups_have_their_own_rate_decay_and_centralization(mode):
    w, b = parameters()
    start = [w.asnumpy().copy(), b.asnumpy().copy()]
    optimizer = nn.SGD([{"params": [w], "lr": 0.5, "weight_decay": 0.1, "grad_centralization": True},
                        {"params": [b]}, {"order_params": [b, w]}], 0.25)
    assert optimizer.parameters == ParameterTuple([b, w]) and optimizer.is_group_params_ordered
    g_w, g_b = gradients(0)
    optimizer((Tensor(g_b), Tensor(g_w)))
    central = g_w - g_w.mean(1, keepdims=True)
    np.testing.assert_allclose(w.asnumpy(), start[0] - 0.5 * (central + 0.1 * start[0]), rtol=1e-5)
    np.testing.assert_allclose(b.asnumpy(), start[1] - 0.25 * g_b, rtol=1e-5)
    assert [float(r.asnumpy()) for r in optimizer.get_lr()] == [0.25, 0.5]
    assert optimizer.get_weight_decay() == (0.0, 0.1)
    assert optimizer.get_lr_parameter(w).name == "learning_rate_group_0"
    assert optimizer.get_lr_parameter([b])[0].name == "learning_rate"


@pytest.mark.parametrize("rate", [[0.3, 0.2, 0.1], np.array([0.3, 0.2, 0.1]), Tensor([0.3, 0.2, 0.1]),
                                  nn.PolynomialDecayLR(0.3, 0.1, 2, 1.0)])
def test_rates_of_steps(mode, rate):
    (param,) = parameters()[:1]
    optimizer = nn.SGD([param], rate)
    seen = []
    for _ in range(4):
        seen.append(float(optimizer.get_lr().asnumpy()))
        before = param.asnumpy().copy()
        optimizer((Tensor(np.ones((3, 4), np.float32)),))
        np.testing.assert_allclose(before - param.asnumpy(), seen[-1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(seen, [0.3, 0.2, 0.1, 0.1], rtol=1e-5)


def test_weight_decay_by_a_schedule(mode):
    (param,) = parameters()[:1]
    optimizer = nn.SGD([param], 1.0, weight_decay=nn.PolynomialDecayLR(0.5, 0.25, 1, 1.0))
    zero = (Tensor(np.zeros((3, 4), np.float32)),)
    for decay in (0.5, 0.25):
        before = param.asnumpy().copy()
        assert float(optimizer.get_weight_decay().asnumpy()) == decay
        optimizer(zero)
        np.testing.assert_allclose(param.asnumpy(), before * (1 - decay), rtol=1e-5)


class SignDescent(nn.Optimizer):
    """An optimizer of a user's own, by `construct`."""

    def construct(self, gradients):
        lr = self.get_lr()
        for param, gradient in zip(self.parameters, self.decay_weight(self.scale_grad(gradients))):
            ms.ops.assign(param, param - lr * ms.ops.sign(gradient))
        ms.ops.assign_add(self.global_step, 1)
        return True


def test_an_optimizer_of_ones_own(mode):
    params = parameters()
    start = [p.asnumpy().copy() for p in params]
    optimizer = SignDescent(0.5, params)
    for step in range(3):
        optimizer(tuple(Tensor(g) for g in gradients(step)))
    for k, (param, was) in enumerate(zip(params, start)):
        moved = sum(0.5 * np.sign(gradients(step)[k]) for step in range(3))
        np.testing.assert_allclose(param.asnumpy(), was - moved, rtol=1e-6)


W, B = parameters()
REFUSED = [
    (lambda: nn.SGD([]), ValueError, "SGD.*empty"),
    (lambda: nn.SGD(W), TypeError, "list of Parameters"),
    (lambda: nn.SGD([Tensor([1.0])]), TypeError, "Parameter"),
    (lambda: nn.SGD([W, W]), ValueError, "'w' already exists"),
    (lambda: nn.SGD([{"lr": 0.1}]), ValueError, "params"),
    (lambda: nn.SGD([{"params": [W], "rate": 0.1}]), ValueError, "rate"),
    (lambda: nn.SGD([{"params": [W]}, B]), TypeError, "all Parameters or all dicts"),
    (lambda: nn.SGD([{"params": [W]}, {"order_params": [B]}]), ValueError, "order_params"),
    (lambda: nn.SGD([{"params": [W], "lr": [0.1, 0.2, 0.3]}, {"params": [B]}], [0.1, 0.2]), ValueError, "2, 3 rates"),
    (lambda: nn.SGD([W], -0.1), ValueError, "learning_rate"),
    (lambda: nn.SGD([W], "fast"), ValueError, "learning_rate"),
    (lambda: nn.SGD([W], True), TypeError, "learning_rate"),
    (lambda: nn.SGD([W], 0.1, weight_decay=-1.0), ValueError, "weight_decay"),
    (lambda: nn.SGD([W], 0.1, momentum=-1.0), ValueError, "momentum"),
    (lambda: nn.SGD([W], 0.1, nesterov=True), ValueError, "nesterov"),
    (lambda: nn.Momentum([W], 0.1, 0.9, loss_scale=0.0), ValueError, "loss_scale"),
    (lambda: nn.Momentum([W], 0.1, "much"), TypeError, "momentum"),
    (lambda: nn.Momentum([W], 0.1, 0.9, use_nesterov=1), TypeError, "use_nesterov"),
    (lambda: nn.Adam([W], beta1=1.0), ValueError, "beta1"),
    (lambda: nn.Adam([W], eps=0.0), ValueError, "eps"),
    (lambda: nn.Adam([W], use_nesterov=True, use_amsgrad=True), ValueError, "exclude"),
    (lambda: nn.Adam([W], amsgrad=True), TypeError, "amsgrad"),
    (lambda: nn.AdamWeightDecay([W], beta2="x"), TypeError, "beta2"),
    (lambda: nn.AdaMax([W], beta1=-0.5), ValueError, "beta1"),
    (lambda: nn.RMSProp([W], decay=-0.5), ValueError, "decay"),
    (lambda: nn.RMSProp([W], centered=1), TypeError, "centered"),
    (lambda: nn.Adagrad([W], accum=-1.0), ValueError, "accum"),
    (lambda: nn.Adadelta([W], rho=2.0), ValueError, "rho"),
    (lambda: nn.FTRL([W], lr_power=1.0), ValueError, "lr_power"),
    (lambda: nn.Rprop([W], etas=(1.2, 0.5)), ValueError, "etas"),
    (lambda: nn.Rprop([W], etas=0.5), TypeError, "etas"),
    (lambda: nn.Rprop([W], etas=(0.5, 1.2, 1.3)), ValueError, "must have two numbers"),
    (lambda: nn.Rprop([W], [0.1, 0.2]), ValueError, "a number, one for each group"),
    (lambda: nn.Adam([W], use_lazy=True, use_amsgrad=True), ValueError, "exclude each other"),
    (lambda: nn.Adam([W], use_offload=1), TypeError, "'use_offload' must be a bool"),
    (lambda: nn.SGD(None), ValueError, "must not be empty"),
    (lambda: nn.SGD([{"params": [W]}, {"params": [W]}]), RuntimeError, "stands in two groups"),
    (lambda: nn.SGD([W])((Tensor([1.0]), Tensor([1.0]))), ValueError, "1 gradients are expected"),
    (lambda: nn.SGD([W]).get_lr_parameter(B), ValueError, "not updated"),
]


def test_a_first_step_for_each_group():
    one, two = (Parameter(np.ones(2, np.float32), name=name) for name in ("one", "two"))
    nn.Rprop([{"params": [one], "lr": 0.25}, {"params": [two]}], 0.5)((Tensor([1.0, -1.0]),) * 2)
    assert one.asnumpy().tolist() == [0.75, 1.25] and two.asnumpy().tolist() == [0.5, 1.5]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
