"""Pooling against loops, adjointness of the gradients, and the rules for ties, NaN and padding."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from nn_checks import run

from mindspore.compiler.primitives import nn_pool

CASES = [(k, *case) for k, cases in
         ((2, (*nn_pool.CASES_2D, nn_pool.DILATED)), (3, nn_pool.CASES_3D)) for case in cases]
PAIRS = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0, 0, 0)}


def taps(x_shape: tuple, kernel, stride, padding, dilation=None):
    """For each output position of one channel: (position, the places inside the image in row-major order)."""
    spatial = len(kernel)
    dilation = dilation or (1,) * spatial
    sizes = [(x_shape[i + 2] + padding[2 * i] + padding[2 * i + 1] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
             for i in range(spatial)]
    for place in product(*map(range, sizes)):
        at = [tuple(p * s + t * d - padding[2 * i] for i, (p, s, t, d) in enumerate(zip(place, stride, tap, dilation)))
              for tap in product(*map(range, kernel))]
        yield place, [a for a in at if all(0 <= v < size for v, size in zip(a, x_shape[2:]))]


@pytest.mark.parametrize("spatial, shape, attrs", CASES)
def test_max_pool_and_its_gradient_are_the_definition(spatial, shape, attrs):
    draw = np.random.default_rng(3)
    x = draw.integers(0, 4, shape).astype(np.float64)
    (y,) = run(f"max_pool{spatial}d", x, **attrs)
    dy = draw.normal(size=y.shape)
    (dx,) = run(f"max_pool{spatial}d_grad", x, y, dy, **attrs)
    (index,) = run(f"max_pool{spatial}d_index", x, y, **attrs)
    expected_y, expected_dx, expected_index = np.zeros(y.shape), np.zeros(shape), np.zeros(y.shape, np.int64)
    for n, c in product(range(shape[0]), range(shape[1])):
        for place, inside in taps(shape, **attrs):
            best = max(inside, key=lambda at: x[(n, c, *at)])  # the first of equal values
            expected_y[(n, c, *place)] = x[(n, c, *best)]
            expected_dx[(n, c, *best)] += dy[(n, c, *place)]
            expected_index[(n, c, *place)] = np.ravel_multi_index(best, shape[2:])
    np.testing.assert_array_equal(y, expected_y)
    np.testing.assert_allclose(dx, expected_dx, atol=1e-14)
    np.testing.assert_array_equal(index, expected_index)


@pytest.mark.parametrize("spatial, shape, attrs", CASES)
def test_pick_is_the_adjoint_of_the_gradient(spatial, shape, attrs):
    draw = np.random.default_rng(4)
    x, z = draw.normal(size=shape), draw.normal(size=shape)
    (y,) = run(f"max_pool{spatial}d", x, **attrs)
    dy = draw.normal(size=y.shape)
    (dx,) = run(f"max_pool{spatial}d_grad", x, y, dy, **attrs)
    (picked,) = run(f"max_pool{spatial}d_pick", x, y, z, **attrs)
    np.testing.assert_allclose(np.sum(dx * z), np.sum(dy * picked), rtol=1e-12, atol=1e-12)
    (same,) = run(f"max_pool{spatial}d_pick", x, y, x, **attrs)
    np.testing.assert_array_equal(same, y)


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("spatial, shape, attrs", [c for c in CASES if "dilation" not in c[2]])
def test_avg_pool_and_its_gradient_are_the_definition(spatial, shape, attrs, counted):
    draw = np.random.default_rng(5)
    x = draw.normal(size=shape)
    (y,) = run(f"avg_pool{spatial}d", x, count_include_pad=counted, **attrs)
    dy = draw.normal(size=y.shape)
    (dx,) = run(f"avg_pool{spatial}d_grad", dy, input_shape=shape[2:], count_include_pad=counted, **attrs)
    expected_y, expected_dx = np.zeros(y.shape), np.zeros(shape)
    for n, c in product(range(shape[0]), range(shape[1])):
        for place, inside in taps(shape, **attrs):
            divisor = np.prod(attrs["kernel"]) if counted else len(inside)
            for at in inside:
                expected_y[(n, c, *place)] += x[(n, c, *at)] / divisor
                expected_dx[(n, c, *at)] += dy[(n, c, *place)] / divisor
    np.testing.assert_allclose(y, expected_y, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(dx, expected_dx, rtol=1e-12, atol=1e-13)


def test_nan_counts_as_the_maximum_and_takes_the_gradient():
    x = np.array([[[[1.0, np.nan], [np.nan, 5.0]]]])
    (y,) = run("max_pool2d", x, **PAIRS)
    assert np.isnan(y).all()
    (dx,) = run("max_pool2d_grad", x, y, np.array([[[[7.0]]]]), **PAIRS)
    np.testing.assert_array_equal(dx, [[[[0, 7], [0, 0]]]])


def test_padding_never_holds_the_maximum():
    """A window of -inf next to padding: the gradient goes to the image, not to the padding before it."""
    x = np.full((1, 1, 2, 2), -np.inf)
    attrs = {"kernel": (2, 2), "stride": (2, 2), "padding": (1, 1, 1, 1)}
    (y,) = run("max_pool2d", x, **attrs)
    (dx,) = run("max_pool2d_grad", x, y, np.ones(y.shape), **attrs)
    np.testing.assert_array_equal(dx, np.ones((1, 1, 2, 2)))


def test_a_window_of_padding_only_gives_the_lowest_value_and_no_gradient():
    x = np.ones((1, 1, 1, 1))
    attrs = {"kernel": (1, 1), "stride": (1, 1), "padding": (1, 0, 0, 0)}
    (y,) = run("max_pool2d", x, **attrs)
    np.testing.assert_array_equal(y[0, 0, :, 0], [-np.inf, 1])
    (dx,) = run("max_pool2d_grad", x, y, np.array([[[[3.0], [4.0]]]]), **attrs)
    assert dx.item() == 4
    (index,) = run("max_pool2d_index", x, y, **attrs)
    np.testing.assert_array_equal(index[0, 0, :, 0], [-1, 0])
    (mean,) = run("avg_pool2d", x, count_include_pad=False, **attrs)
    np.testing.assert_array_equal(mean[0, 0, :, 0], [0, 1])
