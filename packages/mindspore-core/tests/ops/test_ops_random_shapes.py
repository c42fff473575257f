"""Random operators of the gamma, Poisson, Cauchy and other distributions, random choices, numbers put into tensors."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.common.generator import Generator
from mindspore.ops import operations as P

N = 4000


def numbers(call) -> np.ndarray:
    ms.set_seed(5)
    return call().asnumpy()


def distance(drawn: np.ndarray, cdf) -> float:
    """sqrt(N) times the largest difference between the empirical distribution function and `cdf` (Kolmogorov and
    Smirnov); above 1.95 in one of a thousand samples."""
    x = np.sort(drawn.ravel().astype(np.float64))
    steps = np.arange(len(x) + 1) / len(x)
    values = cdf(x)
    return float(max((steps[1:] - values).max(), (values - steps[:-1]).max()) * math.sqrt(len(x)))


def normal_cdf(x):
    return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def gamma_cdf(a):
    return lambda x: ops.igamma(Tensor(np.full(x.shape, a)), Tensor(x)).asnumpy()


def truncated(x, low=-2.0, high=2.0):
    a, b = normal_cdf(np.array([low, high]))
    return (normal_cdf(x) - a) / (b - a)


SHAPE = (N,)
DRAWS = {
    "gamma of 0.3": (lambda: ops.random_gamma(SHAPE, Tensor(0.3)), gamma_cdf(0.3)),
    "gamma of 7": (lambda: ops.gamma(SHAPE, Tensor(7.0), Tensor(0.5)), lambda x: gamma_cdf(7.0)(x * 0.5)),
    "cauchy": (lambda: P.Cauchy((N,), 1.0, 2.0)(), lambda x: np.arctan((x - 1) / 2) / np.pi + 0.5),
    "truncated normal": (lambda: P.TruncatedNormal()(SHAPE), truncated),
    "truncated tail": (lambda: P.ParameterizedTruncatedNormal()(SHAPE, Tensor(0.0), Tensor(1.0), Tensor(2.5), Tensor(
        9.0)), lambda x: truncated(x, 2.5, 9.0)),
    "log normal": (lambda: P.LogNormalReverse(1.0, 2.0)(ops.zeros(N)), lambda x: normal_cdf((np.log(x) - 1) / 2)),
    "laplace": (lambda: P.StandardLaplace()(SHAPE), lambda x: np.where(x < 0, np.exp(x) / 2, 1 - np.exp(-x) / 2)),
    "exponential_": (lambda: ops.zeros(N).exponential_(2.0), lambda x: 1 - np.exp(-2 * x)),
    "normal_": (lambda: ops.zeros(N).normal_(1, 3), lambda x: normal_cdf((x - 1) / 3)),
    "uniform_": (lambda: ops.zeros(N).uniform_(2, 4), lambda x: (x - 2) / 2),
}


@pytest.mark.parametrize("name", DRAWS)
def test_distribution_functions(name):
    call, cdf = DRAWS[name]
    drawn = numbers(call)
    assert drawn.shape == (N,) and drawn.dtype == np.float32
    assert distance(drawn, cdf) < 1.95
    np.testing.assert_array_equal(numbers(call), drawn)


@pytest.mark.parametrize("rate", [0.4, 6.0, 9.99, 30.0, 400.0])
def test_poisson_frequencies(rate):
    drawn = numbers(lambda: ops.poisson((N,), Tensor(rate)))
    assert drawn.dtype == np.int32 and drawn.min() >= 0
    assert abs(drawn.mean() - rate) < 5 * math.sqrt(rate / N) and abs(drawn.var() / rate - 1) < 0.12
    ks = np.arange(drawn.max() + 1)
    cumulated = ops.igammac(Tensor(ks + 1.0), Tensor(np.full(ks.shape, rate))).asnumpy()
    empirical = np.searchsorted(np.sort(drawn), ks, side="right") / N
    assert abs(cumulated - empirical).max() * math.sqrt(N) < 1.95


def test_graph_mode_draws_the_same_numbers():
    call = ms.jit(lambda alpha: (ops.random_gamma((3,), alpha), ops.random_poisson((2,), alpha)))
    plain = [ops.random_gamma((3,), Tensor([0.5, 20.0]), seed=9), ops.random_poisson((2,), Tensor([0.5, 20.0]), seed=9)]
    ms.set_seed(3)
    first = [t.asnumpy() for t in call(Tensor([0.5, 20.0]))]
    ms.set_seed(3)
    again = [ops.random_gamma((3,), Tensor([0.5, 20.0])), ops.random_poisson((2,), Tensor([0.5, 20.0]))]
    assert first[0].shape == (3, 2) and first[1].shape == (2, 2)
    for got, expected in zip(first, again):
        np.testing.assert_array_equal(got, expected.asnumpy())
    compiled = ms.jit(lambda alpha: (ops.random_gamma((3,), alpha, seed=9), ops.random_poisson((2,), alpha, seed=9)))
    for got, expected in zip(compiled(Tensor([0.5, 20.0])), plain):
        np.testing.assert_array_equal(got.asnumpy(), expected.asnumpy())


@pytest.mark.parametrize(("rate", "dtype", "word"), [
    (True, ms.int64, "rate is Bool"), (1.0, ms.bool_, "dtype is Bool")])
def test_poisson_numbers_are_numbers(rate, dtype, word):
    with pytest.raises(TypeError, match=word):
        ops.random_poisson((3,), Tensor([rate]), seed=1, dtype=dtype)


def test_many_lanes_draw_numbers_of_their_own():
    alphas = Tensor(np.full((3, 4), 2.0, np.float32))
    drawn = ms.vmap(lambda a: ops.random_gamma((), a))(alphas).asnumpy()
    assert drawn.shape == (3, 4) and len(np.unique(drawn)) == 12


def test_gamma_numbers_follow_their_parameters():
    mean = ms.grad(lambda a, b: ops.gamma((N,), a, b, seed=2).mean(), (0, 1))
    by_alpha, by_beta = mean(Tensor(3.0), Tensor(2.0))
    np.testing.assert_allclose(float(by_alpha), 0.5, rtol=0.1)  # the mean is alpha / beta
    np.testing.assert_allclose(float(by_beta), -0.75, rtol=0.1)


def test_choices_with_a_mask():
    x = np.array([[True, False, True], [False, True, False]])
    places, mask = P.RandomChoiceWithMask(count=8, seed=1)(Tensor(x))
    assert places.shape == (8, 2) and mask.asnumpy().tolist() == [True] * 3 + [False] * 5
    assert sorted(map(tuple, places.asnumpy()[:3].tolist())) == [(0, 0), (0, 2), (1, 1)]
    assert not places.asnumpy()[3:].any()
    few, kept = P.RandomChoiceWithMask(2)(Tensor(x))
    assert few.shape == (2, 2) and kept.asnumpy().all()
    np.testing.assert_array_equal(ops.choice_with_mask(Tensor(x), 8, 1)[0].asnumpy()[:3].shape, (3, 2))
    assert ops.bernoulli_ext(Tensor([0.0, 1.0])).asnumpy().tolist() == [0, 1]


def test_dropout_by_a_mask_of_bits():
    x = Tensor(np.arange(1, 601, dtype=np.float32).reshape(20, 30))
    mask = P.DropoutGenMask(Seed0=3)((20, 30), 0.75)
    assert mask.dtype is ms.uint8 and mask.shape == (80,)
    y = P.DropoutDoMask()(x, mask, 0.75).asnumpy()
    kept = np.unpackbits(mask.asnumpy(), bitorder="little")[:600].reshape(20, 30).astype(bool)
    np.testing.assert_allclose(y, np.where(kept, x.asnumpy() / 0.75, 0), rtol=1e-6)
    assert abs(kept.mean() - 0.75) < 0.08
    with pytest.raises(ValueError, match="at least 600 bits"):
        P.DropoutDoMask()(x, mask[:10], 0.75)


def test_permutations_and_whole_numbers():
    ms.set_seed(1)
    padded = P.Randperm(max_length=6, pad=-1)(Tensor(4)).asnumpy()
    assert padded.dtype == np.int32 and sorted(padded[:4].tolist()) == [0, 1, 2, 3] and (padded[4:] == -1).all()
    words = P.NonDeterministicInts()((1000,)).asnumpy()
    assert words.dtype == np.int64 and (words < 0).any() and np.abs(words).max() > 2**61
    assert ops.zeros(3, ms.int32).random_(5, 6).asnumpy().tolist() == [5, 5, 5]
    small = ops.zeros(N, ms.int8).random_(10).asnumpy()
    assert small.dtype == np.int8 and set(small.tolist()) == set(range(10))
    rows = ops.multinomial_with_replacement(Tensor([[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]]), 1, 2, 2, True).asnumpy()
    assert rows.shape == (2, 2) and (rows[0] > 0).all() and (rows[1] == 0).all()
    assert abs(P.Bernoulli(seed=3)(ops.zeros(N), 0.2).asnumpy().mean() - 0.2) < 0.04
    assert abs(ops.bernoulli_(ops.zeros(N), 0.2).asnumpy().mean() - 0.2) < 0.04


def test_numbers_are_put_into_the_tensor():
    x = Tensor(np.zeros(4, np.float16))
    assert x.normal_(generator=Generator().manual_seed(1)) is x and x.dtype is ms.float16
    first = x.asnumpy().copy()
    assert (ops.normal_(x, generator=Generator().manual_seed(1)).asnumpy() == first).all() and first.any()
    assert x.cauchy(0.0, 1.0).dtype is ms.float16 and x.log_normal().shape == (4,) and x.uniform(1.0, 2.0).min() >= 1


def test_the_generator_of_the_top_level():
    assert isinstance(ms.default_generator, ms.Generator)
    ms.manual_seed(4)
    state = ms.get_rng_state()
    first = ops.rand(3).asnumpy()
    ms.set_rng_state(state)
    assert ms.initial_seed() == 4 and (ops.rand(3).asnumpy() == first).all()


def test_what_is_refused():
    with pytest.raises(ValueError, match="Randperm: n is 7"):
        P.Randperm(6)(7)
    with pytest.raises(ValueError, match="lambd is 0"):
        ops.zeros(3).exponential_(0)
    with pytest.raises(TypeError, match="NonDeterministicInts: dtype is Float32"):
        P.NonDeterministicInts(ms.float32)((2,))
    with pytest.raises(ValueError, match="cannot be broadcast"):
        ops.gamma((3,), Tensor([1.0, 2.0]), Tensor(1.0))
    with pytest.raises(ValueError, match="min has shape"):
        P.ParameterizedTruncatedNormal()((2, 3), Tensor(0.0), Tensor(1.0), Tensor([0.0, 1.0, 2.0]), Tensor(3.0))
