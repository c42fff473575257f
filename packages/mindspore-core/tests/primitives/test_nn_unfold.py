"""Unfolding and folding: the order of rows and columns, convolution as a product, adjointness."""
from __future__ import annotations

import numpy as np
import pytest
from nn_checks import run

from mindspore.compiler.primitives import nn_unfold


def test_columns_hold_windows_in_row_major_order():
    x = np.arange(18.0).reshape(1, 2, 3, 3)
    (columns,) = run("unfold2d", x, **nn_unfold.PLAIN)
    np.testing.assert_array_equal(columns[0, :, 0], [0, 1, 3, 4, 9, 10, 12, 13])
    np.testing.assert_array_equal(columns[0, 0], [0, 1, 3, 4])


@pytest.mark.parametrize("shape, attrs", nn_unfold.CASES)
def test_a_convolution_is_a_product_with_columns(shape, attrs):
    draw = np.random.default_rng(0)
    x, w = draw.normal(size=shape), draw.normal(size=(4, shape[1], *attrs["kernel"]))
    (columns,) = run("unfold2d", x, **attrs)
    (y,) = run("conv2d", x, w, stride=attrs["stride"], padding=attrs["padding"], dilation=attrs["dilation"], groups=1)
    np.testing.assert_allclose(w.reshape(4, -1) @ columns, y.reshape(shape[0], 4, columns.shape[2]), atol=1e-12)


@pytest.mark.parametrize("shape, attrs", nn_unfold.CASES)
def test_folding_is_the_adjoint_of_unfolding(shape, attrs):
    draw = np.random.default_rng(0)
    x = draw.normal(size=shape)
    (columns,) = run("unfold2d", x, **attrs)
    other = draw.normal(size=columns.shape)
    (image,) = run("fold2d", other, output_shape=shape[2:], **attrs)
    np.testing.assert_allclose(np.sum(image * x), np.sum(other * columns), rtol=1e-12, atol=1e-12)


def test_folding_ones_counts_the_windows():
    (counts,) = run("fold2d", np.ones((1, 4, 4)), output_shape=(3, 3), **nn_unfold.PLAIN)
    np.testing.assert_array_equal(counts[0, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
