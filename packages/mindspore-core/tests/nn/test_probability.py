"""Distributions and bijectors: what a distribution says of itself against sums and integrals of its own density, the
density against values computed in 40 digits, and samples against the distribution function."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
import mindspore.nn.probability.bijector as msb
import mindspore.nn.probability.distribution as msd
from mindspore import Parameter, Tensor, nn, ops

T = np.arange(-1600, 1601) * 0.02
LINE, HALF, UNIT = np.sinh(T), np.exp(T), 1 / (1 + np.exp(-T))
WEIGHTS = {"line": (LINE, np.cosh(T) * 0.02), "half": (HALF, HALF * 0.02), "unit": (UNIT, UNIT * (1 - UNIT) * 0.02)}
F64 = {"dtype": ms.float64}

# kind: the distribution, the parameters of another one, where its numbers lie, a place and the density there
CONTINUOUS = {
    "Normal": (lambda: msd.Normal(0.5, 1.5, **F64), (1.0, 2.0), "line", (1.2, 0.23852228611197934)),
    "HalfNormal": (lambda: msd.HalfNormal(0.0, 1.5, **F64), None, "half", (1.2, 0.386255403681977)),
    "Laplace": (lambda: msd.Laplace(0.5, 1.5, **F64), (1.0, 2.0), "line", (1.2, 0.20902969509101874)),
    "StudentT": (lambda: msd.StudentT(5.0, 0.5, 1.5, **F64), None, "line", (1.2, 0.22268751808325674)),
    "Cauchy": (lambda: msd.Cauchy(0.5, 1.5, **F64), (1.0, 2.0), "line", (1.2, 0.1742572369619292)),
    "Logistic": (lambda: msd.Logistic(0.5, 1.5, **F64), None, "line", (1.2, 0.15791206731120572)),
    "Exponential": (lambda: msd.Exponential(1.5, **F64), (2.0,), "half", (1.2, 0.2479483323323798)),
    "Gamma": (lambda: msd.Gamma(2.5, 1.5, **F64), (2.0, 1.0), "half", (1.2, 0.45043668078371296)),
    "Beta": (lambda: msd.Beta(2.5, 1.5, **F64), (2.0, 1.2), "unit", (0.7, 1.6337206456367996)),
    "LogNormal": (lambda: msd.LogNormal(0.5, 0.8, **F64), (0.2, 1.0), "half", (1.2, 0.3840586625776927)),
    "Gumbel": (lambda: msd.Gumbel(0.5, 1.5, **F64), (1.0, 2.0), "line", (1.2, 0.2233040775149089)),
}
COUNTS = {
    "Bernoulli": (lambda: msd.Bernoulli(0.3), (0.6,), 2, (1, 0.3)),
    "Geometric": (lambda: msd.Geometric(0.3), (0.6,), 120, (2, 0.147)),
    "Poisson": (lambda: msd.Poisson(3.3), (2.0,), 60, (2, 0.20082884649975186)),
    "Categorical": (lambda: msd.Categorical([0.2, 0.5, 0.3]), (np.array([0.1, 0.3, 0.6], np.float32),), 3, (1, 0.5)),
}


def described(distribution, other, x):
    """Everything that a distribution says, compiled as one graph."""
    def all_of(x):
        found = {name: getattr(distribution, name)(x) for name in (
            "prob", "log_prob", "cdf", "log_cdf", "survival_function", "log_survival")}
        for name in ("mean", "mode", "sd", "var", "entropy"):
            if getattr(distribution, f"_{name}", None) or (name in ("sd", "var") and getattr(
                    distribution, {"sd": "_var", "var": "_sd"}[name], None)):
                found[name] = getattr(distribution, name)()
        if other is not None:
            kind = distribution.get_dist_type()
            found["kl"] = distribution.kl_loss(kind, *other)
            if "entropy" in found:
                found["cross"] = distribution.cross_entropy(kind, *other)
        return found
    return {name: value.asnumpy().astype(np.float64) for name, value in ms.jit(all_of)(Tensor(x)).items()}


def check_sums(found: dict, x: np.ndarray, weights: np.ndarray, rtol: float) -> None:
    """The moments that are sums over the numbers x, with these weights in front of the density."""
    p = found["prob"] * weights
    mean = (p * x).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = np.where(p > 0, p * found["log_prob"], 0.0).sum()
    np.testing.assert_allclose(p.sum(), 1, rtol=rtol)
    if "mean" in found and "var" in found:
        np.testing.assert_allclose(found["mean"], mean, rtol=rtol)
        np.testing.assert_allclose(found["var"], (p * (x - mean) ** 2).sum(), rtol=rtol * 10)
        np.testing.assert_allclose(found["sd"] ** 2, found["var"], rtol=1e-5)
    if "mode" in found:
        density = np.nan_to_num(found["prob"])
        assert abs(found["mode"] - x[density.argmax()]) < 0.03 * max(1, abs(found["mode"]))
    if "entropy" in found:
        np.testing.assert_allclose(found["entropy"], -surprise, rtol=rtol * 10)
    if "cross" in found:
        np.testing.assert_allclose(found["cross"], found["entropy"] + found["kl"], rtol=1e-5)


def check_tails(found: dict, cumulated: np.ndarray, atol: float) -> None:
    np.testing.assert_allclose(found["cdf"], cumulated, atol=atol)
    np.testing.assert_allclose(found["cdf"] + found["survival_function"], 1, atol=1e-5)
    with np.errstate(divide="ignore", under="ignore"):
        np.testing.assert_allclose(np.exp(found["log_cdf"]), found["cdf"], atol=1e-6)
        np.testing.assert_allclose(np.exp(found["log_survival"]), found["survival_function"], atol=1e-6)


def divergence(name, table, found, x, weights):
    """The divergence as a sum, from the density of the other distribution."""
    make, other = table[name][:2]
    second = type(make())(*other, dtype=make().dtype)
    p = found["prob"]
    log_q = second.log_prob(Tensor(x)).asnumpy().astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(p * weights > 1e-300, p * weights * (found["log_prob"] - log_q), 0.0).sum()


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name):
    make, other, where, (place, density) = CONTINUOUS[name]
    distribution, (x, weights) = make(), WEIGHTS[where]
    np.testing.assert_allclose(distribution.prob(Tensor(place)).asnumpy(), density, rtol=1e-6)
    found = described(distribution, other, x)
    check_sums(found, x, weights, 1e-4)
    steps = found["prob"] * weights
    check_tails(found, np.cumsum(steps) - steps / 2, 2e-3)
    if other is not None:
        np.testing.assert_allclose(found["kl"], divergence(name, CONTINUOUS, found, x, weights), rtol=2e-3)


@pytest.mark.parametrize("name", COUNTS)
def test_distributions_of_whole_numbers(name):
    make, other, count, (place, probability) = COUNTS[name]
    distribution, x = make(), np.arange(count).astype(np.float32)
    np.testing.assert_allclose(distribution.prob(Tensor(place)).asnumpy(), probability, rtol=1e-6)
    found = described(distribution, other, x)
    check_sums(found, x, np.ones(count), 1e-5)
    check_tails(found, found["prob"].cumsum(), 1e-5)
    np.testing.assert_allclose(found["kl"], divergence(name, COUNTS, found, x, np.ones(count)), rtol=1e-4)
    assert distribution.sample((2,)).dtype is (ms.float32 if name == "Poisson" else ms.int32)


def test_uniform():
    d = msd.Uniform(Tensor([1.0, 2.0]), 4.0)
    np.testing.assert_allclose(d.prob(Tensor([3.0, 5.0])).asnumpy(), [1 / 3, 0])
    np.testing.assert_allclose(d.cdf(Tensor([2.0, 5.0])).asnumpy(), [1 / 3, 1])
    np.testing.assert_allclose(d.mean().asnumpy(), [2.5, 3])
    np.testing.assert_allclose(d.var().asnumpy(), [9 / 12, 4 / 12], rtol=1e-6)
    np.testing.assert_allclose(d.entropy().asnumpy(), np.log([3, 2]), rtol=1e-6)
    np.testing.assert_allclose(d.kl_loss("Uniform", 0.0, 4.0).asnumpy(), np.log([4 / 3, 2]), rtol=1e-6)
    assert float(msd.Uniform(0.0, 4.0).kl_loss("Uniform", 1.0, 2.0)) == math.inf


@pytest.mark.parametrize("name", ["Uniform", *CONTINUOUS, *COUNTS])
def test_samples_follow_the_distribution_function(name):
    make = (lambda: msd.Uniform(1.0, 4.0)) if name == "Uniform" else {**CONTINUOUS, **COUNTS}[name][0]
    ms.set_seed(8)
    distribution, count = make(), 3000
    drawn = np.sort(distribution.sample((count,)).asnumpy().astype(np.float64))
    cumulated = distribution.cdf(Tensor(drawn)).asnumpy()
    upper = np.searchsorted(drawn, drawn, side="right") / count
    assert abs(upper - cumulated).max() * math.sqrt(count) < 1.95
    ms.set_seed(8)
    again = ms.jit(lambda: make().sample((count,)))() if name in ("Gamma", "Categorical") else make().sample((count,))
    np.testing.assert_array_equal(np.sort(again.asnumpy()), drawn)


def test_parameters_may_be_given_to_methods():
    d = msd.Normal()
    assert float(d.mean(3.0, 4.0)) == 3 and float(d.sd(mean=3.0, sd=4.0)) == 4 and d.batch_shape is None
    assert d.sample((2,), Tensor([0.0, 1.0, 2.0]), 1.0).shape == (2, 3)
    half = msd.Bernoulli(0.5)
    np.testing.assert_allclose(half.prob(1, 0.3).asnumpy(), 0.3)
    np.testing.assert_allclose(half.kl_loss("Bernoulli", probs1_b=0.6, probs1=0.3).asnumpy(), half.kl_loss(
        "Bernoulli", 0.6, 0.3).asnumpy())
    assert float(msd.Normal(0.0, 1.0).kl_loss("Normal", mean_b=0.0, sd_b=1.0)) == 0
    assert float(msd.Poisson().mode(2.5)) == 2 and float(msd.Gamma(2.0, 1.0).mean(rate=4.0)) == 0.5
    assert [float(v) for v in d.get_dist_args(1.0, 2.0)] == [1, 2] and d.get_dist_type() == "Normal"
    unknown = msd.Normal(dtype=ms.float32)
    assert unknown.get_dist_args() == (None, None) and unknown.get_dist_args(sd=2.0)[0] is None
    own = msd.Normal(1.0, 2.0)
    assert float(own.prob(0.5, *unknown.get_dist_args())) == float(own.prob(0.5))
    many = msd.Normal(Tensor([[0.0], [1.0]]), Tensor([1.0, 2.0, 3.0]))
    assert many.batch_shape == (2, 3) and many.mean().shape == (2, 3) and not many.is_scalar_batch


def test_a_seed_gives_a_stream_of_its_own():
    first, second = msd.Normal(0.0, 1.0, seed=5), msd.Normal(0.0, 1.0, seed=5)
    a, b = first.sample((3,)).asnumpy(), first.sample((3,)).asnumpy()
    assert (a != b).all() and (second.sample((3,)).asnumpy() == a).all()


class Fitted(nn.Cell):
    def __init__(self):
        super().__init__()
        self.normal = msd.Normal(Parameter(Tensor([0.5]), name="mean"), Parameter(Tensor([2.0]), name="sd"))
        self.other = msd.Gamma(2.0, 1.0)

    def construct(self, x):
        return -self.normal.log_prob(x).sum() - self.other("log_prob", ops.abs(x)).sum()


def test_parameters_are_trained_in_both_modes():
    x = Tensor([1.0, -2.0, 0.3])
    for mode in (ms.GRAPH_MODE, ms.PYNATIVE_MODE):
        ms.set_context(mode=mode)
        net = Fitted()
        by_mean, by_sd = ms.grad(net, None, net.trainable_params())(x)
        z = (x.asnumpy() - 0.5) / 2
        np.testing.assert_allclose(by_mean.asnumpy(), [-z.sum() / 2], rtol=1e-5)
        np.testing.assert_allclose(by_sd.asnumpy(), [((1 - z**2) / 2).sum()], rtol=1e-5)


def test_samples_have_derivatives_by_the_parameters():
    def mean(loc, scale, concentration):
        normal, beta = msd.Normal(seed=3), msd.Beta(seed=3)
        return normal.sample((2000,), loc, scale).mean() + beta.sample((2000,), concentration, 2.0).mean()
    slopes = ms.grad(mean, (0, 1, 2))(Tensor(1.0), Tensor(2.0), Tensor(3.0))
    np.testing.assert_allclose([float(s) for s in slopes], [1, 0, 2 / 25], atol=0.05)


BIJECTORS = {
    "exp": msb.Exp(), "power": msb.PowerTransform(0.5), "power 0": msb.PowerTransform(), "affine": msb.ScalarAffine(
        -2.0, 1.0), "softplus": msb.Softplus(2.0), "gumbel": msb.GumbelCDF(0.5, 2.0),
    "inverted": msb.Invert(msb.Softplus(Tensor([1.0, 2.0, 3.0]))),
}


@pytest.mark.parametrize("name", BIJECTORS)
def test_bijectors(name):
    function = BIJECTORS[name]
    x = Tensor(np.array([0.4, 1.1, 2.5], np.float32))
    y, slope, log_slope = ms.jit(lambda x: (function.forward(x), ms.grad(lambda v: function.forward(v).sum())(x),
                                            function("forward_log_jacobian", x)))(x)
    np.testing.assert_allclose(function.inverse(y).asnumpy(), x.asnumpy(), rtol=2e-5)
    np.testing.assert_allclose(np.broadcast_to(log_slope.asnumpy(), (3,)), np.log(np.abs(slope.asnumpy())), rtol=1e-4,
                               atol=1e-6)
    back = function.inverse_log_jacobian(y).asnumpy()
    np.testing.assert_allclose(np.broadcast_to(back, (3,)), -np.log(np.abs(slope.asnumpy())), rtol=1e-4, atol=1e-5)


class Line(msb.Bijector):
    """slope x + height, as a user writes it."""

    def __init__(self, slope, height, dtype=None):
        super().__init__(name="Line", dtype=dtype, param={"param_dict": {"slope": slope, "height": height}})
        self._slope, self._height = self._add_parameter(slope, "slope"), self._add_parameter(height, "height")

    def _forward(self, value):
        value = self._check_value_dtype(value)
        return value * self.cast_param_by_value(value, self._slope) + self.cast_param_by_value(value, self._height)


@pytest.mark.parametrize("mode", (ms.GRAPH_MODE, ms.PYNATIVE_MODE))
def test_a_bijector_of_a_user(mode):
    ms.set_context(mode=mode)
    line = Line(np.float32([[2], [3]]), np.float32([0, 1, 2]))
    for dtype in (ms.float16, ms.float32):
        y = ms.jit(line.forward)(Tensor([1, 2, 3], dtype))
        assert y.dtype is dtype and y.asnumpy().tolist() == [[2, 5, 8], [3, 7, 11]]
    assert line.batch_shape == (2, 3) and not line.is_scalar_batch
    assert Line(2.0, 1.0).is_scalar_batch and Line(2.0, 1.0).batch_shape == () and msb.Invert(line).batch_shape is None
    for value in (None, 1.0, Tensor(1, ms.int32)):
        with pytest.raises(TypeError, match="value must be a Tensor of a floating dtype"):
            line._check_value_dtype(value)
    with pytest.raises(TypeError, match="must be a Tensor of Float32, but got Float16"):
        Line(2.0, 1.0, ms.float32)._check_value_dtype(Tensor(1, ms.float16))
    for slope, height, dtype in ((1, 1.0, None), (1.0, np.float64(1), None), (1.0, 1.0, ms.float16), (True, 1.0, None)):
        with pytest.raises(TypeError, match="Line: (slope|height)"):
            Line(slope, height, dtype)


def test_transformed_distributions():
    plain = msd.LogNormal(0.5, 0.8)
    made = msb.Exp()(msd.Normal(0.5, 0.8))
    x = Tensor([0.5, 2.0])
    for what in ("prob", "log_prob", "cdf", "survival_function"):
        np.testing.assert_allclose(getattr(made, what)(x).asnumpy(), getattr(plain, what)(x).asnumpy(), rtol=1e-5)
    assert isinstance(made, msd.TransformedDistribution) and made.sample((4,)).shape == (4,)
    moved = msd.TransformedDistribution(msb.ScalarAffine(2.0, 1.0), msd.Normal(0.5, 0.8))
    assert float(moved.mean()) == 2 and moved.is_linear_transformation
    np.testing.assert_allclose(moved.entropy().asnumpy(), msd.Normal(2.0, 1.6).entropy().asnumpy(), rtol=1e-6)


class Triangle(msd.Distribution):
    """The density 2 x / width**2 from 0 to `width`, as a user writes it."""

    def __init__(self, width=None):
        super().__init__(None, ms.float32, "Triangle", {"param_dict": {"width": width}})

    def _prob(self, value, width=None):
        return 2 * value / width**2

    def _log_cdf(self, value, width=None):
        return 2 * ops.log(value / width)


class Unknown(msd.Distribution):
    """A distribution of which nothing is known, not even its parameter's value."""

    def __init__(self, rate=None):
        super().__init__(None, ms.float32, "Unknown", {"param_dict": {"rate": rate}})


@pytest.mark.parametrize("method", ["prob", "log_prob", "cdf", "log_cdf", "survival_function", "log_survival", "mean",
                                    "mode", "sd", "var", "entropy", "kl_loss", "cross_entropy", "sample"])
def test_what_a_distribution_does_not_define(method):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.distribution = Unknown()

        def construct(self, value):
            return self.distribution(method, value)

    before = ms.get_context("mode")
    for mode in (ms.GRAPH_MODE, ms.PYNATIVE_MODE):
        ms.set_context(mode=mode)
        with pytest.raises(NotImplementedError, match="Unknown: .* not defined"):
            Net()(Tensor([0.2]))
    ms.set_context(mode=before)


def test_rules_that_are_left_out_follow_from_others():
    d = Triangle(2.0)
    np.testing.assert_allclose(float(d.log_prob(1.0)), math.log(0.5), rtol=1e-6)
    np.testing.assert_allclose([float(d.cdf(1.0)), float(d.survival_function(1.0, 4.0))], [0.25, 15 / 16], rtol=1e-6)
    with pytest.raises(ValueError, match="Triangle: the mean of this distribution is not defined"):
        d.mean()


def test_what_is_refused():
    for call, error, text in [
            (lambda: msd.Normal(0.0, -1.0), ValueError, "Normal: sd is -1.0; expected numbers that are positive"),
            (lambda: msd.Bernoulli(1.5), ValueError, "expected numbers that are from 0 to 1"),
            (lambda: msd.Normal("a", 1.0), TypeError, "Normal: mean must be a number"),
            (lambda: msd.Normal(0.0, 1.0, dtype=ms.int32), TypeError, "expected a floating dtype"),
            (lambda: msd.Normal(0.0, 1.0, seed=-1), ValueError, "seed is -1"),
            (lambda: msd.Normal(0.0, 1.0, seed="1"), TypeError, "seed is '1'; expected an int"),
            (lambda: msd.Normal(0.0, 1.0, name=1.0), TypeError, "name is 1.0; expected a str"),
            (lambda: msd.Bernoulli(0.5, dtype=ms.bool_), TypeError, "expected a floating dtype or integers"),
            (lambda: msd.Categorical([[0.4, 0.6], [0.1, 0.2]]), ValueError, "probabilities of sum 1"),
            (lambda: msb.GumbelCDF(scale="scale"), TypeError, "scale must be a number"),
            (lambda: msb.Exp(name=0.1), TypeError, "name is 0.1; expected a str or None"),
            (lambda: msd.Normal(np.ones(2), np.ones(3)), ValueError, "cannot be broadcast"),
            (lambda: msd.Normal().mean(1.0), ValueError, "the parameter sd is missing"),
            (lambda: msd.Normal(0.0, 1.0).mean(1.0, 2.0, 3.0), TypeError, "it takes mean, sd"),
            (lambda: msd.Normal(0.0, 1.0).kl_loss("Gamma", 1.0, 2.0), ValueError, "expected 'Normal'"),
            (lambda: msd.Normal(0.0, 1.0)("train"), ValueError, "'train' is not a method"),
            (lambda: msd.Cauchy(0.0, 1.0).mean(), ValueError, "the mean of this distribution is not defined"),
            (lambda: msd.Cauchy(0.0, 1.0).mean(), NotImplementedError, "the mean of this distribution is not defined"),
            (lambda: msd.Uniform(2.0, 1.0), ValueError, "expected low below high"),
            (lambda: msb.PowerTransform(-1.0), ValueError, "expected numbers that are not negative"),
            (lambda: msb.Invert(3), TypeError, "must be a Bijector"),
            (lambda: msb.Exp()("sample"), ValueError, "'sample' is not a method"),
            (lambda: msd.TransformedDistribution(msb.Exp(), 3), TypeError, "must be a Distribution")]:
        with pytest.raises(error, match=text):
            call()
