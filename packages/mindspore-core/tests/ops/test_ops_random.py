"""Random operators: ranges, distributions, and how seeds rule them in both modes."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.common.generator import Generator, default_generator, get_rng_state, manual_seed, set_rng_state

N = 4000


def numbers(call) -> np.ndarray:
    ms.set_seed(11)
    return call().asnumpy()


@pytest.mark.parametrize(("call", "mean", "std"), [
    (lambda: ops.rand(N), 0.5, 12**-0.5), (lambda: ops.randn(N), 0, 1), (lambda: ops.standard_normal((N,)), 0, 1),
    (lambda: ops.normal((N,), 3.0, 2.0), 3, 2), (lambda: ops.uniform((N,), Tensor(-1.0), Tensor(3.0)), 1, 4 / 12**0.5),
    (lambda: ops.standard_laplace((N,)), 0, 2**0.5), (lambda: ops.laplace((N,), 1.0, 2.0), 1, 8**0.5),
    (lambda: ops.randint(0, 10, (N,)).astype(ms.float32), 4.5, (99 / 12)**0.5),
    (lambda: ops.bernoulli(ops.zeros(N), 0.3), 0.3, (0.3 * 0.7)**0.5),
    (lambda: ops.rand_like(ops.zeros(N)), 0.5, 12**-0.5), (lambda: ops.randn_like(ops.zeros(N)), 0, 1),
])
def test_distributions(call, mean, std):
    drawn = numbers(call)
    assert drawn.shape == (N,) and drawn.dtype == np.float32
    assert abs(drawn.mean() - mean) < 5 * std / N**0.5
    assert abs(drawn.std() / std - 1) < 0.1


def test_ranges_and_dtypes():
    whole = numbers(lambda: ops.randint(-3, 4, (N,)))
    assert whole.dtype == np.int64 and set(whole.tolist()) == set(range(-3, 4))
    assert numbers(lambda: ops.randint_like(Tensor([1, 2], ms.int32), 0, 5)).dtype == np.int32
    unit = numbers(lambda: ops.rand(N, dtype=ms.float64))
    assert unit.dtype == np.float64 and 0 <= unit.min() and unit.max() < 1
    assert numbers(lambda: ops.rand((2, 3))).shape == (2, 3)
    spread = numbers(lambda: ops.uniform((N,), Tensor(2), Tensor(5), dtype=ms.int32))
    assert spread.dtype == np.int32 and set(spread.tolist()) == {2, 3, 4}


def test_permutations():
    assert sorted(numbers(lambda: ops.randperm(50)).tolist()) == list(range(50))
    rows = np.arange(20).reshape(10, 2)
    mixed = numbers(lambda: ops.shuffle(Tensor(rows)))
    assert sorted(map(tuple, mixed.tolist())) == sorted(map(tuple, rows.tolist())) and (mixed != rows).any()


def test_choices():
    p = Tensor([[0.2, 0.0, 0.8], [0.5, 0.5, 0.0]])
    drawn = numbers(lambda: ops.multinomial(p, N))
    shares = np.stack([(drawn == k).mean(1) for k in range(3)], 1)
    np.testing.assert_allclose(shares, p.asnumpy(), atol=0.05)
    without = numbers(lambda: ops.multinomial(Tensor([0.1, 0.2, 0.3, 0.4]), 3, replacement=False))
    assert len(set(without.tolist())) == 3
    logits = Tensor(np.log([[0.1, 0.6, 0.3]]).astype(np.float32))
    classes = numbers(lambda: ops.random_categorical(logits, N))
    np.testing.assert_allclose([(classes == k).mean() for k in range(3)], [0.1, 0.6, 0.3], atol=0.05)
    hard = numbers(lambda: ops.gumbel_softmax(ops.zeros((50, 4)), hard=True))
    np.testing.assert_allclose(hard.sum(1), 1, atol=1e-6)
    assert set(np.unique(hard.round(6)).tolist()) == {0, 1}


def test_dropout():
    kept = numbers(lambda: ops.dropout(ops.ones(N), 0.25))
    assert set(np.unique(kept).tolist()) == {0.0, np.float32(1 / 0.75)}
    assert abs((kept == 0).mean() - 0.25) < 0.05
    x = Tensor([1.0, 2.0])
    for same in (ops.dropout(x, 0.5, training=False), ops.dropout(x, 0.0)):
        assert same.asnumpy().tolist() == [1, 2]
    assert ops.dropout(x, 1.0).asnumpy().tolist() == [0, 0]
    channels = numbers(lambda: ops.dropout2d(ops.ones((50, 4, 3, 2)), 0.5))
    assert (channels == channels[..., :1, :1]).all() and 0 < (channels == 0).mean() < 1
    assert numbers(lambda: ops.dropout1d(ops.ones((3, 4)))).shape == (3, 4)
    slopes = numbers(lambda: ops.rrelu(Tensor([-1.0, -2.0, 3.0])))
    assert slopes[2] == 3 and -1 / 3 <= slopes[0] <= -1 / 8 and -2 / 3 <= slopes[1] <= -1 / 4


def test_the_gradient_of_dropout_is_its_mask():
    ms.set_seed(3)
    x = Tensor(np.ones(100, np.float32))
    y, gradient = ms.value_and_grad(lambda t: ops.dropout(t, 0.5))(x)
    np.testing.assert_array_equal(y.asnumpy(), gradient.asnumpy())


def test_seeds():
    first = [numbers(lambda: ops.rand(3)).tolist(), ops.rand(3).asnumpy().tolist()]
    again = [numbers(lambda: ops.rand(3)).tolist(), ops.rand(3).asnumpy().tolist()]
    assert first == again and first[0] != first[1]
    assert ops.rand(3, seed=5).asnumpy().tolist() == ops.rand(3, seed=5).asnumpy().tolist()
    assert ops.rand(3, seed=5).asnumpy().tolist() != ops.rand(3, seed=6).asnumpy().tolist()


def test_a_compiled_function_draws_anew_and_from_the_same_stream():
    @ms.jit
    def compiled():
        return ops.rand(4)

    ms.set_seed(21)
    eager = [ops.rand(4).asnumpy().tolist() for _ in range(4)]
    ms.set_seed(21)
    mixed = [f().asnumpy().tolist() for f in (compiled, compiled, lambda: ops.rand(4), compiled)]
    assert mixed == eager
    ms.set_seed(21)
    assert compiled().asnumpy().tolist() == eager[0]


def test_the_default_generator():
    ms.set_seed(1)
    state = get_rng_state()
    drawn = ops.randn(3).asnumpy().tolist()
    set_rng_state(state)
    assert ops.randn(3).asnumpy().tolist() == drawn
    assert manual_seed(7) is default_generator and default_generator.initial_seed() == 7
    first = ops.rand(2).asnumpy().tolist()
    manual_seed(7)
    assert ops.rand(2).asnumpy().tolist() == first


def test_generators_of_their_own():
    one, other = Generator().manual_seed(3), Generator().manual_seed(3)
    assert one.draw().asnumpy().tolist() == other.draw().asnumpy().tolist() == [3, 0]
    assert one.draw().asnumpy().tolist() == [3, 1]
    other.set_state(one.get_state())
    assert other.draw().asnumpy().tolist() == [3, 2]
    assert Generator().initial_seed() != Generator().initial_seed()
    assert Generator().manual_seed(-1).draw().asnumpy().tolist() == [-1, 0]
    with pytest.raises(TypeError, match="manual_seed"):
        one.manual_seed("a")
    with pytest.raises(ValueError, match="set_state"):
        one.set_state(Tensor([1.0]))


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.randint(3, 3, (2,)), ValueError, "no number from low 3"),
    (lambda: ops.rand(-1), ValueError, "rand: shape is"), (lambda: ops.rand(2, dtype=ms.int32), TypeError, "floating"),
    (lambda: ops.dropout(Tensor([1.0]), 1.5), ValueError, "dropout: p is 1.5"),
    (lambda: ops.bernoulli(Tensor([1.0]), -1), ValueError, "bernoulli: p is -1"),
    (lambda: ops.randperm(-2), ValueError, "randperm: n is -2"),
    (lambda: ops.normal((2,), Tensor([1.0, 2.0, 3.0]), 1.0), ValueError, "broadcast"),
    (lambda: ops.multinomial(Tensor([[[1.0]]]), 1), ValueError, "multinomial"),
    (lambda: ops.dropout2d(Tensor([1.0])), ValueError, "dropout2d: input has shape"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()
