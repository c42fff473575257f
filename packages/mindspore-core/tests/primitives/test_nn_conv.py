"""Convolutions against loops, and the identity that defines their derivatives."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from nn_checks import run

from mindspore.compiler.primitives import PRIMITIVES, nn_conv

CASES = [(f"conv{k}d", *case) for k, cases in ((2, nn_conv.CASES_2D), (3, nn_conv.CASES_3D)) for case in cases]


def loops(x: np.ndarray, w: np.ndarray, stride, padding, dilation, groups) -> np.ndarray:
    """The definition: for each output position, the sum over channels of the group and taps inside the image."""
    sizes = [(x.shape[i + 2] + padding[2 * i] + padding[2 * i + 1] - dilation[i] * (w.shape[i + 2] - 1) - 1)
             // stride[i] + 1 for i in range(len(stride))]
    y = np.zeros((x.shape[0], w.shape[0], *sizes))
    per_group, outputs = w.shape[1], w.shape[0] // groups
    for n, o, *place in product(*map(range, y.shape)):
        for c, *tap in product(*map(range, w.shape[1:])):
            at = [p * s + t * d - padding[2 * i] for i, (p, s, t, d) in enumerate(zip(place, stride, tap, dilation))]
            if all(0 <= a < size for a, size in zip(at, x.shape[2:])):
                y[(n, o, *place)] += x[(n, o // outputs * per_group + c, *at)] * w[(o, c, *tap)]
    return y


@pytest.mark.parametrize("name, x_shape, w_shape, geometry", CASES)
def test_forward_is_the_definition(name, x_shape, w_shape, geometry):
    draw = np.random.default_rng(1)
    x, w = draw.normal(size=x_shape), draw.normal(size=w_shape)
    (y,) = run(name, x, w, **geometry)
    np.testing.assert_allclose(y, loops(x, w, **geometry), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name, x_shape, w_shape, geometry", CASES)
def test_the_three_operators_share_one_trilinear_form(name, x_shape, w_shape, geometry):
    draw = np.random.default_rng(2)
    x, w = draw.normal(size=x_shape), draw.normal(size=w_shape)
    (y,) = run(name, x, w, **geometry)
    dy = draw.normal(size=y.shape)
    (dx,) = run(f"{name}_input_grad", dy, w, input_shape=x_shape[2:], **geometry)
    (dw,) = run(f"{name}_weight_grad", x, dy, kernel_shape=w_shape[2:], **geometry)
    assert dx.shape == x_shape and dw.shape == w_shape
    form = np.sum(y * dy)
    np.testing.assert_allclose([np.sum(dx * x), np.sum(dw * w)], [form, form], rtol=1e-11, atol=1e-11)


def test_messages_say_what_is_wrong():
    x, w = np.ones((1, 3, 5, 5)), np.ones((2, 4, 3, 3))
    with pytest.raises(ValueError, match="3 channels, but the kernel takes 4 in each of 1 groups"):
        run("conv2d", x, w, **nn_conv.PLAIN)
    with pytest.raises(ValueError, match="reaches over 9 elements of spatial axis 0, but the padded input has only 5"):
        run("conv2d", x, w[:, :3], **{**nn_conv.PLAIN, "dilation": (4, 1)})
    with pytest.raises(ValueError, match="padding is .* expected a tuple of 4 integers, each at least 0"):
        run("conv2d", x, w[:, :3], **{**nn_conv.PLAIN, "padding": (1, 1)})
    with pytest.raises(TypeError, match="operands must have one dtype"):
        run("conv2d", x, w[:, :3].astype(np.float32), **nn_conv.PLAIN)


def test_half_precision_accumulates_in_float32():
    """4096 products of 1 with 1: a sum in float16 could not count above 2048."""
    x = np.ones((1, 4096, 1, 1), np.float16)
    assert PRIMITIVES["conv2d"].reference(x, np.ones((1, 4096, 1, 1), np.float16), **nn_conv.PLAIN).item() == 4096
