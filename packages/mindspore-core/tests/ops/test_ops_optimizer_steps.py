"""Single optimizer steps as operators: new values of parameters against NumPy, in both modes."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import uniform

import mindspore as ms
from mindspore import Parameter, Tensor
from mindspore.ops import operations as P

W, G = uniform((4, 3)), uniform((4, 3), seed=1)
A, B, C = (np.abs(uniform((4, 3), 0.2, 2.0, seed=k)) for k in (2, 3, 4))
ROWS, AT = uniform((3, 3), seed=5), np.array([2, 0, 2])
DENSE = np.zeros_like(W)
np.add.at(DENSE, AT, ROWS)
HIT = np.array([True, False, True, False])[:, None]
POWERS = (0.81, 0.998, 0.1, 0.9, 0.999, 1e-3)  # of the betas, the rate, the betas, epsilon


def shrink(x, t):
    return np.sign(x) * np.maximum(np.abs(x) - t, 0)


def lazy(step):
    def stepped(*states):
        return tuple(np.where(HIT, new, old) for new, old in zip(step(*states, DENSE), states))
    return stepped


def adam(w, m, v, g, nesterov=False):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    rate = 0.1 * np.sqrt(1 - 0.998) / (1 - 0.81)
    return w - rate * (0.9 * m + 0.1 * g if nesterov else m) / (np.sqrt(v) + 1e-3), m, v


def amsgrad(w, m, v, vhat):
    m, v = 0.9 * m + 0.1 * G, 0.999 * v + 0.001 * G * G
    vhat = np.maximum(vhat, v)
    return w - 0.1 * np.sqrt(1 - 0.998) / (1 - 0.81) * m / (np.sqrt(vhat) + 1e-3), m, v, vhat


def dual(w, a, s):
    a, s = a + G, s + G * G
    return -0.1 * shrink(a, 0.05 * 3) / (0.2 * 3 * 0.1 + np.sqrt(s)), a, s


def proximal(w, a, g=G):
    a = a + g * g
    r = 0.1 / np.sqrt(a)
    return shrink(w - r * g, r * 0.3) / (1 + r * 0.2), a


def signs(factor):
    def step(w, m):
        m = 0.9 * m + 0.1 * G
        return w - 0.1 * factor(0.5 * np.sign(G) * np.sign(m)) * G, m
    return step


def keras(w, a, nesterov=False):
    a = 0.9 * a - 0.1 * G
    return (w + 0.9 * a - 0.1 * G if nesterov else w + a), a


def scaled(w, a):
    a = 0.9 * a + (G + 0.02 * w) * 0.5
    return w - 0.1 * a, a


def decayed(w, m, v):
    m, v = 0.9 * m + 0.1 * G, 0.999 * v + 0.001 * G * G
    return w - 0.1 * (m / (np.sqrt(v) + 1e-3) + 0.01 * w), m, v


def ftrl(shrinkage):
    def step(w, a, z, g):
        n = a + g * g
        z = z + g + 2 * shrinkage * w - (np.sqrt(n) - np.sqrt(a)) / 0.1 * w
        return np.where(np.abs(z) > 0.05, (np.sign(z) * 0.05 - z) / (np.sqrt(n) / 0.1 + 0.4), 0), n, z
    return step


def adadelta(w, a, d, g):
    a = 0.9 * a + 0.1 * g * g
    u = g * np.sqrt((d + 1e-3) / (a + 1e-3))
    return w - 0.1 * u, a, 0.9 * d + 0.1 * u * u


def rms_prop(w, s, m, g):
    s = 0.9 * s + 0.1 * g * g
    m = 0.3 * m + 0.1 * g / np.sqrt(s + 1e-3)
    return w - m, s, m


def ada_max(w, m, v):
    m, v = 0.9 * m + 0.1 * G, np.maximum(0.999 * v, np.abs(G))
    return w - 0.1 / (1 - 0.81) * m / (v + 1e-3), m, v


def centered(w, a, s, m):
    a, s = 0.9 * a + 0.1 * G, 0.9 * s + 0.1 * G * G
    m = 0.3 * m + 0.1 * G / np.sqrt(s - a * a + 1e-3)
    return w - m, a, s, m


# name: the operator, the states, the operands around them with "s" for each state, what becomes of the states
STEPS = {
    "AdagradDA": (P.ApplyAdagradDA(), (W, A, B), "sssg1234", (0.1, 0.05, 0.2, 3), dual),
    "ProximalAdagrad": (P.ApplyProximalAdagrad(), (W, A), "ss123g", (0.1, 0.3, 0.2), proximal),
    "ProximalGradientDescent": (P.ApplyProximalGradientDescent(), (W,), "s123g", (0.1, 0.3, 0.2), lambda w: (
        shrink(w - 0.1 * G, 0.03) / 1.02,)),
    "AddSign": (P.ApplyAddSign(), (W, A), "ss1234g", (0.1, 1.5, 0.5, 0.9), signs(lambda x: 1.5 + x)),
    "PowerSign": (P.ApplyPowerSign(), (W, A), "ss1234g", (0.1, 1.5, 0.5, 0.9), signs(lambda x: np.exp(1.5 * x))),
    "KerasMomentum": (P.ApplyKerasMomentum(), (W, A), "ss1g2", (0.1, 0.9), keras),
    "KerasMomentum nesterov": (P.ApplyKerasMomentum(False, True), (W, A), "ss1g2", (0.1, 0.9), lambda w, a: keras(
        w, a, True)),
    "WeightScaleMomentum": (P.FusedWeightScaleApplyMomentum(), (W, A), "12ss3g4", (0.02, 0.5, 0.1, 0.9), scaled),
    "Amsgrad": (P.ApplyAdamWithAmsgrad(0.9, 0.999, 1e-3), (W, A, B, C), "ssss123g", POWERS[:3], amsgrad),
    "AmsgradV2": (P.ApplyAdamWithAmsgradV2(), (W, A, B, C), "ssss123456g", POWERS, amsgrad),
    "CastAdamWeightDecay": (P.FusedCastAdamWeightDecay(), (W, A, B), "sss12345g", (0.1, 0.9, 0.999, 1e-3, 0.01),
                            decayed),
    "CastAdamWeightDecay norm": (P.FusedCastAdamWeightDecay(), (W, A, B), "sss12345g6", (
        0.1, 0.9, 0.999, 1e-3, 0.01, 1e-12), decayed),
    "Adam": (P.Adam(), (W, A, B), "sss123456g", POWERS, lambda *s: adam(*s, G)),
    "AdamWeightDecay": (P.AdamWeightDecay(), (W, A, B), "sss12345g", (0.1, 0.9, 0.999, 1e-3, 0.01), decayed),
    "AdaMax": (P.ApplyAdaMax(), (W, A, B), "sss12345g", (0.81, 0.1, 0.9, 0.999, 1e-3), ada_max),
    "Adadelta": (P.ApplyAdadelta(), (W, A, B), "sss123g", (0.1, 0.9, 1e-3), lambda *s: adadelta(*s, G)),
    "AdagradV2": (P.ApplyAdagradV2(0.5), (W, A), "ss1g", (0.1,), lambda w, a: (
        w - 0.1 * G / (np.sqrt(a + G * G) + 0.5), a + G * G)),
    "CenteredRMSProp": (P.ApplyCenteredRMSProp(), (W, 0.1 * A, B, C), "ssssg1234", (0.1, 0.9, 0.3, 1e-3), centered),
    "Ftrl": (P.ApplyFtrl(), (W, A, B), "sssg1234", (0.1, 0.05, 0.2, -0.5), lambda *s: ftrl(0)(*s, G)),
    "RMSProp": (P.ApplyRMSProp(), (W, A, B), "sss1g234", (0.1, 0.9, 0.3, 1e-3), lambda *s: rms_prop(*s, G)),
    "SparseAdam": (P.FusedSparseAdam(), (W, A, B), "sss123456ri", POWERS, lambda *s: adam(*s, DENSE)),
    "SparseAdam nesterov": (P.FusedSparseAdam(False, True), (W, A, B), "sss123456ri", POWERS, lambda *s: adam(
        *s, DENSE, True)),
    "SparseLazyAdam": (P.FusedSparseLazyAdam(), (W, A, B), "sss123456ri", POWERS, lazy(adam)),
    "SparseFtrl": (P.FusedSparseFtrl(0.1, 0.05, 0.2, -0.5), (W, A, B), "sssri", (), lazy(ftrl(0))),
    "ApplySparseFtrl": (P.SparseApplyFtrl(0.1, 0.05, 0.2, -0.5), (W, A, B), "sssri", (), lazy(ftrl(0))),
    "SparseFtrlV2": (P.SparseApplyFtrlV2(0.1, 0.05, 0.2, 0.3, -0.5), (W, A, B), "sssri", (), lazy(ftrl(0.3))),
    "SparseProximalAdagrad": (P.FusedSparseProximalAdagrad(), (W, A), "ss123ri", (0.1, 0.3, 0.2), lazy(proximal)),
    "ApplySparseProximalAdagrad": (P.SparseApplyProximalAdagrad(), (W, A), "ss123ri", (0.1, 0.3, 0.2), lazy(proximal)),
    "SparseAdagrad": (P.SparseApplyAdagrad(0.1), (W, A), "ssri", (), lazy(lambda w, a, g: (
        w - 0.1 * g / np.sqrt(a + g * g), a + g * g))),
    "SparseAdagradV2": (P.SparseApplyAdagradV2(0.1, 0.5, update_slots=False), (W, A), "ssri", (), lazy(lambda w, a, g: (
        w - 0.1 * g / (np.sqrt(a) + 0.5), a))),
    "SparseAdadelta": (P.SparseApplyAdadelta(1e-3), (W, A, B), "sss12ri", (0.1, 0.9), lazy(adadelta)),
    "SparseRMSProp": (P.SparseApplyRMSProp(0.9, 0.3, 1e-3), (W, A, B), "sss1ri", (0.1,), lazy(rms_prop)),
}


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", STEPS)
def test_steps(name, compiled):
    operator, start, order, numbers, meaning = STEPS[name]
    states = [Parameter(Tensor(s), name=f"s{k}") for k, s in enumerate(start)]

    def step(grad, rows, at):
        left = iter(states)
        given = {"g": grad, "r": rows, "i": at, **{str(k): n for k, n in enumerate(numbers, 1)}}
        operands = [next(left) if c == "s" else given[c] for c in order]
        return operator(*operands)

    (ms.jit(step) if compiled else step)(Tensor(G), Tensor(ROWS), Tensor(AT))
    for state, expected in zip(states, meaning(*[s.astype(np.float64) for s in start]), strict=True):
        np.testing.assert_allclose(state.asnumpy(), expected, rtol=1e-4, atol=1e-5)


def test_half_precision_gradients_and_parameters():
    w = Parameter(Tensor(W, ms.float16), name="w")
    m, v = Parameter(Tensor(A), name="m"), Parameter(Tensor(B), name="v")
    P.FusedCastAdamWeightDecay()(w, m, v, 0.1, 0.9, 0.999, 1e-3, 0.01, Tensor(G, ms.float16))
    assert w.dtype is ms.float16
    np.testing.assert_allclose(w.asnumpy(), decayed(W, A, B)[0], rtol=3e-3, atol=3e-3)


def test_the_difference_of_adam():
    m, v = Parameter(Tensor(A), name="m"), Parameter(Tensor(B), name="v")
    moved = P.AdamNoUpdateParam()(m, v, *POWERS, Tensor(G))
    expected = adam(W, A, B, G)
    for got, wanted in zip((moved, m, v), (expected[0] - W, *expected[1:])):
        np.testing.assert_allclose(got.asnumpy(), wanted, rtol=1e-4, atol=1e-5)


def test_lars_gradients():
    squares = [np.float32((x ** 2).sum()) for x in (W, G)]
    length = np.sqrt(squares[0])
    ratio = 0.5 * length / (np.sqrt(squares[1]) + 0.1 * length + 1e-5)
    for clip, factor in ((False, ratio), (True, min(ratio / 0.2, 1))):
        result = P.LARSUpdate(1e-5, 0.5, clip)(Tensor(W), Tensor(G), *map(Tensor, squares), 0.1, 0.2)
        np.testing.assert_allclose(result.asnumpy(), (G + 0.1 * W) * factor, rtol=1e-5)


def test_adafactor_with_a_norm():
    make = {n: Parameter(Tensor(x), name=n) for n, x in (("p", W), ("m", A), ("r", A[:, 0]), ("c", B[0]), ("s", B[:1]))}
    P.FusedAdaFactorWithGlobalNorm(True, True, True)((1e-30, 1e-3), 1.0, 0.9, 0.8, 0.01, 0.1, Tensor(4 * G), make["p"],
                                                     make["m"], make["r"], make["c"], make["s"], 4.0)
    rms = lambda x: np.sqrt(np.mean(x * x))  # noqa: E731
    rate, squares = 0.1 * rms(W), G * G
    row, column = 0.8 * A[:, 0] + 0.2 * squares.mean(1), 0.8 * B[0] + 0.2 * squares.mean(0)
    u = G / np.sqrt(row[:, None] * column / row.mean())
    u = 0.9 * A + 0.1 * (u / max(1, rms(u)) * rate)
    np.testing.assert_allclose(make["p"].asnumpy(), W * (1 - 0.01 * rate) - u, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(make["r"].asnumpy(), row, rtol=1e-5)
    np.testing.assert_allclose(make["m"].asnumpy(), u, rtol=1e-4, atol=1e-5)
    assert P.FusedAdaFactor().attrs["enable_first_moment"] is False


@pytest.mark.parametrize(("call", "word"), [
    (lambda p: P.ApplyAddSign()(p, p, 0.1, 1, 1, 0.9, Tensor(G[0])), "grad has shape"),
    (lambda p: P.ApplyProximalAdagrad()(p, p, Tensor(G), 0.1, 0.1, Tensor(G)), "expected one number"),
    (lambda p: P.SparseApplyAdagrad(0.1)(p, p, Tensor(ROWS), Tensor([1])), "grad has shape"),
])
def test_errors(call, word):
    with pytest.raises(ValueError, match=word):
        call(Parameter(Tensor(W), name="p"))


def test_numbers_of_rows_are_integers():
    p = Parameter(Tensor(W), name="p")
    with pytest.raises(TypeError, match="indices are Float32; expected integers"):
        P.SparseApplyAdagrad(0.1)(p, p, Tensor(W), Tensor(np.zeros(len(W), np.float32)))


def test_a_gradient_over_its_norm():
    states = [[ms.Parameter(v) for v in (W, A, B)] for _ in range(2)]
    numbers = (0.1, 0.9, 0.999, 1e-3, 0.01)
    P.FusedCastAdamWeightDecay()(*states[0], *numbers, Tensor(G), 4.0)
    P.FusedCastAdamWeightDecay()(*states[1], *numbers, Tensor(G / 4))
    for found, expected in zip(*states):
        np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-5)
    assert abs(states[0][0].asnumpy() - W).max() > 1e-3
