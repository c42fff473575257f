"""Initializers: the statistics of what they draw, names, seeds, and the defaults of layers."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.common import initializer as init

SHAPE = (200, 50, 3, 2)
FAN_IN, FAN_OUT = 50 * 6, 200 * 6


@pytest.fixture(autouse=True)
def seed():
    ms.set_seed(11)


def draw(kind, shape=SHAPE, dtype=ms.float32):
    return init.initializer(kind, shape, dtype).asnumpy().astype(np.float64)


@pytest.mark.parametrize("kind, deviation", [
    ("normal", 0.01), (init.Normal(0.5), 0.5), (init.Normal(0.5, 3.0), 0.5),
    ("xavier_normal", math.sqrt(2 / (FAN_IN + FAN_OUT))), ("he_normal", math.sqrt(2 / FAN_IN)),
    (init.HeNormal(mode="fan_out", nonlinearity="relu"), math.sqrt(2 / FAN_OUT)),
    (init.HeNormal(1.0), math.sqrt(1 / FAN_IN)), (init.HeNormal(nonlinearity="tanh"), 5 / 3 / math.sqrt(FAN_IN)),
    (init.VarianceScaling(2.0, "fan_avg", "untruncated_normal"), math.sqrt(4 / (FAN_IN + FAN_OUT)))])
def test_normal_distributions(kind, deviation):
    values = draw(kind)
    mean = 3.0 if getattr(kind, "mean", 0.0) else 0.0
    assert values.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(values.size))
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert np.mean(np.abs(values - mean) < deviation) == pytest.approx(0.6827, abs=0.01)


@pytest.mark.parametrize("kind, bound", [
    ("uniform", 0.07), (init.Uniform(2.0), 2.0), ("xavier_uniform", math.sqrt(6 / (FAN_IN + FAN_OUT))),
    (init.XavierUniform(2), 2 * math.sqrt(6 / (FAN_IN + FAN_OUT))), ("he_uniform", math.sqrt(6 / FAN_IN)),
    (init.HeUniform(math.sqrt(5)), 1 / math.sqrt(FAN_IN)),
    (init.VarianceScaling(1.0, "fan_out", "uniform"), math.sqrt(3 / FAN_OUT))])
def test_uniform_distributions(kind, bound):
    values = draw(kind)
    assert np.abs(values).max() <= bound * (1 + 1e-6)
    assert np.abs(values).max() > 0.99 * bound
    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.01)


def test_truncated_distributions():
    values = draw(init.TruncatedNormal(1.0, 0.5, -1.0, 1.5))
    assert values.min() >= -1 and values.max() <= 1.5 and abs(values.mean() - 0.3547) < 0.01
    assert draw("truncatednormal").std() == pytest.approx(0.01, rel=0.02)
    values = draw(init.VarianceScaling())
    assert values.std() == pytest.approx(math.sqrt(1 / FAN_IN), rel=0.02)
    assert np.abs(values).max() <= 2 * math.sqrt(1 / FAN_IN) / 0.8796 + 1e-6


def test_constants():
    assert not draw("zeros").any() and not draw("zero").any()
    assert (draw("ones") == 1).all() and (draw("one") == 1).all()
    assert (draw(2.5) == 2.5).all() and (draw(init.Constant(7), dtype=ms.int32) == 7).all()
    np.testing.assert_array_equal(draw("identity", (3, 4)), np.eye(3, 4))


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (4, 3, 2)])
def test_orthogonal(shape):
    matrix = draw(init.Orthogonal(2.0), shape).reshape(shape[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_sparse_columns():
    values = draw(init.Sparse(0.25, 0.5), (40, 30))
    assert ((values == 0).sum(0) == 10).all()
    assert values[values != 0].std() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("groups", [1, 2])
def test_dirac_passes_its_input_through(groups):
    net = nn.Conv2d(4, 4, 3, weight_init=init.Dirac(groups), group=groups)
    x = np.random.default_rng(0).normal(size=(1, 4, 5, 5)).astype(np.float32)
    np.testing.assert_allclose(net(Tensor(x)).asnumpy(), x, rtol=1e-6)


@pytest.mark.parametrize("layer, shape", [(nn.Conv1d, (6, 2, 3)), (nn.Conv1dTranspose, (4, 3, 3))])
@pytest.mark.parametrize("deferred", [False, True])
def test_a_tensor_for_the_weight_of_a_sequence_layer_needs_no_height(layer, shape, deferred):
    x = Tensor(np.random.default_rng(0).normal(size=(2, 4, 7)).astype(np.float32))

    def build(of_shape):
        ms.set_seed(11)
        weight = init.initializer("normal", of_shape)
        return layer(4, 6, 3, group=2, weight_init=weight)

    whole = build((*shape[:2], 1, shape[2]))
    if deferred:
        with nn.no_init_parameters():
            net = build(shape)
        assert not net.weight.asnumpy().any()
        net.init_parameters_data()
    else:
        net = build(shape)
    assert net.weight.shape == (*shape[:2], 1, shape[2])
    np.testing.assert_array_equal(net.weight.asnumpy(), whole.weight.asnumpy())
    np.testing.assert_array_equal(net(x).asnumpy(), whole(x).asnumpy())
    with pytest.raises(ValueError, match="expected"):
        layer(4, 6, 3, weight_init=Tensor(np.zeros((6, 2, 5), np.float32)))


def test_seeds_and_streams():
    first, second = draw("normal", (3, 4)), draw("normal", (3, 4))
    assert (first != second).all()
    ms.set_seed(11)
    np.testing.assert_array_equal(draw("normal", (3, 4)), first)
    np.testing.assert_array_equal(draw("normal", (3, 4)), second)
    ms.set_seed(12)
    assert (draw("normal", (3, 4)) != first).all()


def test_dtypes_and_tensors():
    for dtype in (ms.float16, ms.bfloat16, ms.float64):
        assert init.initializer("normal", (2, 3), dtype).dtype is dtype
    given = Tensor(np.ones((2, 2), np.float32))
    assert init.initializer(given, (2, 2)) is given
    assert init.initializer("normal", 5).shape == (5,)
    lazy = Tensor(shape=(2, 3), dtype=ms.float32, init=init.One())
    assert (lazy.asnumpy() == 1).all()
    assert repr(init.HeNormal(0.1)) == "HeNormal(negative_slope=0.1, mode='fan_in', nonlinearity='leaky_relu')"


def test_initializers_of_ones_own():
    class Ramp(init.Initializer):
        def _initialize(self, array):
            array[...] = np.arange(array.size).reshape(array.shape)

    class Twos(init.Initializer):
        def draw(self, shape, generator):
            return np.full(shape, 2.0)

    assert draw(Ramp(), (2, 2)).tolist() == [[0, 1], [2, 3]]
    assert draw(Twos(), (2,)).tolist() == [2, 2] and draw("twos", (1,)).tolist() == [2]
    array = np.zeros(3, np.float32)
    init.Normal(1.0)(array)
    assert array.all()


@pytest.mark.parametrize("layer, bound", [
    (lambda: nn.Dense(400, 120), 0.05), (lambda: nn.Conv2d(16, 32, 3, has_bias=True), 1 / 12),
    (lambda: nn.Conv2d(16, 32, 3, group=4, has_bias=True), 1 / 6), (lambda: nn.Conv1d(16, 64, 4, has_bias=True), 1 / 8),
    (lambda: nn.Conv3d(8, 64, 2, has_bias=True), 1 / 8), (lambda: nn.Conv2dTranspose(8, 16, 2, has_bias=True), 1 / 8)])
def test_defaults_of_layers(layer, bound):
    made = layer()
    for param in (made.weight, made.bias):
        values = np.abs(param.asnumpy())
        assert values.max() <= bound and values.max() > 0.8 * bound
    assert made.weight.asnumpy().std() == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_default_embedding():
    assert nn.Embedding(300, 40).embedding_table.asnumpy().std() == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize("call, error", [
    (lambda: init.initializer("norml", (2,)), ValueError), (lambda: init.initializer(None, (2,)), TypeError),
    (lambda: init.initializer("normal"), ValueError), (lambda: init.initializer("normal", (-1,)), ValueError),
    (lambda: init.initializer(Tensor([1.0]), (2,)), ValueError), (lambda: draw("xavier_uniform", (3,)), ValueError),
    (lambda: draw("identity", (3,)), ValueError), (lambda: draw("orthogonal", (3,)), ValueError),
    (lambda: draw(init.Sparse(0.1), (3,)), ValueError), (lambda: draw("dirac", (3, 3)), ValueError),
    (lambda: draw(init.Dirac(2), (3, 3, 3)), ValueError), (lambda: init.HeNormal(mode="fan"), ValueError),
    (lambda: draw(init.HeNormal(nonlinearity="rleu")), ValueError), (lambda: init.VarianceScaling(0), ValueError),
    (lambda: init.TruncatedNormal(0.01, a=1, b=2), ValueError), (lambda: init.TruncatedNormal(a=2, b=1), ValueError),
    (lambda: init.VarianceScaling(mode="fan"), ValueError), (lambda: draw(init.Initializer()), TypeError),
    (lambda: init.VarianceScaling(distribution="normal"), ValueError)])
def test_refused(call, error):
    with pytest.raises(error):
        call()
