"""Adaptive and fractional maximum pooling, unpooling and pooling by a norm against loops over windows."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from layer_checks import check_gradients, run

import mindspore as ms
from mindspore import Tensor, nn, ops

draw = np.random.default_rng(0)


def distinct(*shape):
    """An array whose elements are far enough from each other for a difference quotient."""
    return draw.permutation(int(np.prod(shape))).reshape(shape).astype(np.float32) / 3


def adaptive(x, sizes):
    """(largest elements, flat places) of the windows floor(i n / m) to ceil((i + 1) n / m)."""
    spatial = x.shape[2:]
    values, places = np.zeros((*x.shape[:2], *sizes), x.dtype), np.zeros((*x.shape[:2], *sizes), np.int64)
    for place in product(*map(range, sizes)):
        cut = [range(i * n // m, -(-(i + 1) * n // m)) for i, n, m in zip(place, spatial, sizes)]
        for n, c in product(range(x.shape[0]), range(x.shape[1])):
            best = max(product(*cut), key=lambda at: x[(n, c, *at)])
            values[(n, c, *place)] = x[(n, c, *best)]
            places[(n, c, *place)] = np.ravel_multi_index(best, spatial)
    return values, places


@pytest.mark.parametrize("shape, size", [((2, 2, 7, 9), (3, 4)), ((1, 2, 6, 8), (3, 4)), ((1, 1, 5, 4), (7, None)),
                                         ((1, 2, 5, 6, 7), (2, 4, 3)), ((1, 1, 4, 4, 6), (2, 2, 3))])
def test_adaptive_max_pool_and_its_places(mode, shape, size):
    x = distinct(*shape)
    cls = nn.AdaptiveMaxPool2d if len(shape) == 4 else nn.AdaptiveMaxPool3d
    expected = adaptive(x, [n if s is None else s for s, n in zip(size, shape[2:])])
    got = cls(size, True)(Tensor(x))
    for mine, theirs in zip(got, expected):
        np.testing.assert_array_equal(mine.asnumpy(), theirs)
    np.testing.assert_array_equal(run(cls(size), x[0]), expected[0][0])
    check_gradients(cls(size), x)


def test_adaptive_max_pool1d(mode):
    x = distinct(2, 3, 7)
    np.testing.assert_array_equal(run(nn.AdaptiveMaxPool1d(4), x), adaptive(x, (4,))[0])


@pytest.mark.parametrize("shape, kernel, size, samples", [
    ((2, 2, 9, 8), (2, 3), (4, 3), None), ((1, 2, 7, 7), 2, (5, 1), [[[0.3, 0.9], [0.0, 0.7]]]),
    ((1, 2, 6, 7, 8), 2, (3, 4, 5), [[[0.3, 0.9, 0.1], [0.0, 0.7, 0.5]]])])
def test_fractional_max_pool(mode, shape, kernel, size, samples):
    x, spatial = distinct(*shape), len(shape) - 2
    u = draw.random((*shape[:2], spatial)) if samples is None else np.array(samples)
    u = u.astype(np.float32)
    taps = (kernel,) * spatial if isinstance(kernel, int) else kernel
    cls = nn.FractionalMaxPool2d if spatial == 2 else nn.FractionalMaxPool3d
    y, at = cls(kernel, size, return_indices=True, _random_samples=Tensor(u))(Tensor(x))
    for n, c in product(range(shape[0]), range(shape[1])):
        starts = []
        for axis, (length, count, k) in enumerate(zip(shape[2:], size, taps)):
            own = u[n, c, 1 - axis if spatial == 2 else axis]
            alpha = np.float32((length - k) / (count - 1) if count > 1 else 0)
            row = [int((i + own) * alpha) - int(own * alpha) for i in range(count)]
            row[-1] = length - k
            starts.append(row)
        for place in product(*map(range, size)):
            cut = tuple(slice(starts[a][p], starts[a][p] + taps[a]) for a, p in enumerate(place))
            assert y.asnumpy()[(n, c, *place)] == x[n, c][cut].max()
    flat = x.reshape(*shape[:2], -1)
    np.testing.assert_array_equal(np.take_along_axis(flat, at.asnumpy().reshape(*shape[:2], -1), 2).reshape(y.shape),
                                  y.asnumpy())


def test_fractional_max_pool_draws_anew(mode):
    layer = nn.FractionalMaxPool2d(2, output_ratio=0.4)
    x = distinct(1, 8, 20, 20)
    first, second = run(layer, x), run(layer, x)
    assert first.shape == (1, 8, 8, 8) and not np.array_equal(first, second)


@pytest.mark.parametrize("pool, unpool, shape", [(nn.MaxPool1d, nn.MaxUnpool1d, (2, 3, 8)),
                                                 (nn.MaxPool2d, nn.MaxUnpool2d, (2, 2, 6, 8)),
                                                 (nn.MaxPool3d, nn.MaxUnpool3d, (1, 2, 4, 4, 6))])
def test_unpooling_puts_the_largest_elements_back(mode, pool, unpool, shape):
    x = distinct(*shape) + 1
    y, at = pool(2, 2, pad_mode="pad", return_indices=True)(Tensor(x))
    back = unpool(2)(y, at).asnumpy()
    assert back.shape == shape
    assert np.count_nonzero(back) == y.size
    np.testing.assert_array_equal(back[back != 0], x[back != 0])
    np.testing.assert_array_equal(np.sort(back[back != 0]), np.sort(y.asnumpy().reshape(-1)))
    single = unpool(2)(Tensor(y.asnumpy()[0]), Tensor(at.asnumpy()[0]))
    np.testing.assert_array_equal(single.asnumpy(), back[0])


def test_unpooling_to_a_given_size_and_its_gradient(mode):
    x = distinct(1, 1, 5, 5)
    y, at = nn.MaxPool2d(2, 2, pad_mode="pad", return_indices=True)(Tensor(x))
    layer = nn.MaxUnpool2d(2)
    assert layer(y, at).shape == (1, 1, 4, 4)
    grown = layer(y, at, (1, 1, 5, 5)).asnumpy()
    assert grown.shape == (1, 1, 5, 5)
    np.testing.assert_array_equal(grown[grown != 0], x[grown != 0])
    weights = Tensor(draw.normal(size=(1, 1, 5, 5)).astype(np.float32))
    gradient = ms.grad(lambda v: ops.sum(layer(v, at, (5, 5)) * weights))(y).asnumpy()
    np.testing.assert_allclose(gradient, weights.asnumpy().reshape(-1)[at.asnumpy()], rtol=1e-6)
    with pytest.raises(ValueError, match="less than a stride"):
        layer(y, at, (1, 1, 9, 9))


def test_pooling_by_a_norm(mode):
    x = draw.random((2, 3, 7, 8)).astype(np.float32) + 0.1
    expected = np.zeros((2, 3, 3, 3))
    for i, j in product(range(3), range(3)):
        window = x[:, :, 2 * i:2 * i + 3, 2 * j:2 * j + 3].astype(np.float64)
        expected[:, :, i, j] = (window ** 3).sum((2, 3)) ** (1 / 3)
    layer = nn.LPPool2d(3, 3, 2)
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4)
    check_gradients(layer, x)
    rows = x[0]
    np.testing.assert_allclose(run(nn.LPPool1d(2, 4), rows),
                               np.sqrt((rows.reshape(3, 7, 2, 4) ** 2).sum(-1)), rtol=1e-4)


def test_pooling_and_transposed_convolution_of_volumes(mode):
    x = distinct(1, 2, 5, 6, 4)
    got, at = ops.max_pool3d(Tensor(x), 2, ceil_mode=True, return_indices=True)
    assert got.shape == (1, 2, 3, 3, 2)
    np.testing.assert_array_equal(got.asnumpy()[0, :, 2, 0, 0], x[0, :, 4, :2, :2].max((1, 2)))
    np.testing.assert_array_equal(x.reshape(1, 2, -1)[0, 1, at.asnumpy()[0, 1]], got.asnumpy()[0, 1])
    mean = ops.avg_pool3d(Tensor(x), 2, 2, 1, count_include_pad=False).asnumpy()
    np.testing.assert_allclose(mean[0, 0, 0, 0, 0], x[0, 0, 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(mean[0, 0, 1, 1, 1], x[0, 0, 1:3, 1:3, 1:3].mean(), rtol=1e-6)
    np.testing.assert_allclose(run(nn.AdaptiveAvgPool3d((1, None, 2)), x),
                               x.reshape(1, 2, 5, 6, 2, 2).mean((2, 5), keepdims=True)[:, :, :, :, :, 0], rtol=1e-5)
    w = draw.normal(size=(2, 3, 2, 3)[:3]).astype(np.float32)
    sequence = draw.normal(size=(1, 2, 4)).astype(np.float32)
    expected = np.zeros((1, 3, 8))
    for t in range(4):
        expected[:, :, 2 * t:2 * t + 2] += np.einsum("nc,cok->nok", sequence[:, :, t], w)
    np.testing.assert_allclose(ops.conv_transpose1d(Tensor(sequence), Tensor(w), stride=2).asnumpy(), expected,
                               rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("make, error, text", [
    (lambda: nn.AdaptiveMaxPool3d("a"), TypeError, "'output_size' must be an int"),
    (lambda: nn.AdaptiveMaxPool3d(2)(Tensor(np.zeros((2, 2), np.float32))), ValueError, "expected 5 axes"),
    (lambda: nn.FractionalMaxPool2d(2)(Tensor(np.zeros((1, 2, 4, 4), np.float32))), ValueError, "give either"),
    (lambda: nn.FractionalMaxPool2d(2, 9)(Tensor(np.zeros((1, 2, 4, 4), np.float32))), ValueError, "do not fit"),
    (lambda: nn.MaxUnpool2d(2)(Tensor(np.zeros((1, 2, 4, 4), np.float32)), Tensor(np.zeros((1, 2, 4, 4), np.float32))),
     ValueError, "expected integers"),
    (lambda: nn.LPPool2d(0, 2), ValueError, "'norm_type' must be a positive number"),
])
def test_errors(make, error, text):
    with pytest.raises(error) as caught:
        make()
    assert text in str(caught.value)
