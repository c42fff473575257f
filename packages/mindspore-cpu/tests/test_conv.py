"""Convolutions and their derivatives against the primitives' references, by every implementation that takes a shape."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.compiler.primitives.base import primitive
from mindspore_cpu import _ext

IMPLEMENTATIONS = ("direct", "onednn", "unfold")
KINDS = ("forward", "input_grad", "weight_grad")


def geometry(stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1) -> dict:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


# (image, kernel, geometry): widths around a vector, channels around a block, batches that are cut unevenly.
CASES = [
    ((3, 1, 32, 32), (6, 1, 5, 5), geometry()),
    ((5, 6, 14, 14), (16, 6, 5, 5), geometry()),
    ((2, 3, 17, 19), (10, 3, 3, 3), geometry(padding=(1, 1, 1, 1))),
    ((4, 3, 33, 35), (24, 3, 7, 7), geometry((2, 2), (3, 3, 3, 3))),
    ((2, 5, 20, 23), (13, 5, 3, 4), geometry((3, 2), (2, 1, 0, 2), (2, 3))),
    ((1, 2, 9, 64), (3, 2, 1, 7), geometry(padding=(0, 0, 3, 3))),
    ((9, 4, 8, 8), (17, 4, 2, 2), geometry()),
    ((2, 16, 12, 30), (16, 16, 3, 3), geometry(padding=(1, 1, 1, 1))),
    ((2, 32, 10, 10), (48, 32, 3, 3), geometry((2, 2), (1, 1, 1, 1))),
    ((2, 33, 7, 7), (20, 33, 1, 1), geometry()),
    ((3, 8, 9, 9), (12, 2, 3, 3), geometry(groups=4, padding=(1, 1, 1, 1))),
    ((2, 6, 9, 9), (6, 1, 3, 3), geometry((2, 1), groups=6)),
    ((1, 1, 5, 5), (1, 1, 5, 5), geometry()),
    ((2, 2, 6, 6), (3, 2, 3, 3), geometry(padding=(3, 4, 5, 3))),
    ((6, 3, 6, 40), (5, 3, 3, 9), geometry(dilation=(2, 4), padding=(2, 2, 4, 4))),
    ((47, 6, 7, 19), (5, 6, 3, 2), geometry(padding=(1, 2, 0, 1))),
    ((64, 7, 6, 5), (4, 7, 3, 3), geometry((2, 3), (1, 1, 2, 0), (1, 2))),
]


def operands(image: tuple, kernel: tuple, attrs: dict, dtype) -> tuple:
    rng = np.random.default_rng(0)
    x, w = (rng.uniform(-1, 1, s).astype(dtype) for s in (image, kernel))
    y = primitive("conv2d").reference(x.astype(np.float64), w.astype(np.float64), **attrs)
    return x, w, rng.uniform(-1, 1, y.shape).astype(dtype), y


def case_of(kind: str, image: tuple, kernel: tuple, attrs: dict, dtype=np.float32) -> tuple:
    """(inputs, result in float64, output's spatial sizes) for a kind of convolution."""
    x, w, dy, y = operands(image, kernel, attrs, dtype)
    wide = [a.astype(np.float64) for a in (x, w, dy)]
    if kind == "forward":
        return (x, w), y, y.shape[2:]
    if kind == "input_grad":
        want = primitive("conv2d_input_grad").reference(wide[2], wide[1], input_shape=image[2:], **attrs)
        return (dy, w), want, y.shape[2:]
    want = primitive("conv2d_weight_grad").reference(wide[0], wide[2], kernel_shape=kernel[2:], **attrs)
    return (x, dy), want, y.shape[2:]


def build(kind, key, image, kernel, output, attrs, implementation="", **epilogue):
    return _ext.conv(kind, key, image, kernel, output, attrs["stride"], attrs["padding"], attrs["dilation"],
                     attrs["groups"], implementation=implementation, **epilogue)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("image", "kernel", "attrs"), CASES)
def test_against_reference(run_kernel, thread_count, kind, image, kernel, attrs):
    inputs, want, output = case_of(kind, image, kernel, attrs)
    found = []
    for implementation in IMPLEMENTATIONS:
        made = build(kind, "float32", image, kernel, output, attrs, implementation)
        if made is None:
            continue
        found.append(implementation)
        got = run_kernel(made, inputs, want.shape, np.float32)
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=2e-5 * np.sqrt(want.size), err_msg=made.description)
        assert ":ref" not in made.description and not made.description.startswith("oneDNN ref")
    assert "unfold" in found and "onednn" in found


def test_direct_takes_lenet_and_leaves_wide_convolutions_to_onednn():
    lenet = build("forward", "float32", (64, 1, 32, 32), (6, 1, 5, 5), (28, 28), geometry())
    wide = build("forward", "float32", (8, 64, 28, 28), (64, 64, 3, 3), (26, 26), geometry())
    assert wide.description.startswith("oneDNN")
    if _ext.isa() == "avx512":
        assert lenet.description.startswith("direct")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("key", "dtype", "tolerance"), [("float64", np.float64, 1e-12), ("float16", np.float16, 2e-3),
                                                         ("bfloat16", ml_dtypes.bfloat16, 2e-2)])
@pytest.mark.parametrize("number", [1, 2, 4, 8, 10])
def test_other_dtypes(run_kernel, kind, key, dtype, tolerance, number):
    image, kernel, attrs = CASES[number]
    inputs, want, output = case_of(kind, image, kernel, attrs, dtype)
    made = build(kind, key, image, kernel, output, attrs)
    got = run_kernel(made, inputs, want.shape, dtype).astype(np.float64)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * np.abs(want).max())


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize(("bias", "relu"), [(True, False), (True, True), (False, True)])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_bias_and_relu(run_kernel, implementation, bias, relu, number):
    image, kernel, attrs = CASES[number]
    inputs, want, output = case_of("forward", image, kernel, attrs)
    made = build("forward", "float32", image, kernel, output, attrs, implementation, bias=bias, relu=relu)
    if made is None:
        pytest.skip(f"{implementation} does not take this shape here")
    shift = np.linspace(-1, 1, kernel[0]).astype(np.float32)
    want = want + shift[:, None, None] if bias else want
    want = np.maximum(want, 0) if relu else want
    got = run_kernel(made, [*inputs, shift] if bias else inputs, want.shape, np.float32)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_empty_batch(run_kernel, kind):
    image, kernel = (0, 3, 8, 8), (4, 3, 3, 3)
    inputs, want, output = case_of(kind, image, kernel, geometry())
    made = build(kind, "float32", image, kernel, output, geometry())
    np.testing.assert_array_equal(run_kernel(made, inputs, want.shape, np.float32), want)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("implementation", ["direct", "unfold"])
def test_result_does_not_depend_on_threads(run_kernel, kind, implementation):
    image, kernel, attrs = (37, 6, 14, 14), (16, 6, 5, 5), geometry(padding=(1, 1, 1, 1))
    inputs, want, output = case_of(kind, image, kernel, attrs)
    before, results = _ext.threads(), []
    try:
        for count in (1, 2, 5):
            _ext.set_threads(count)
            made = build(kind, "float32", image, kernel, output, attrs, implementation)
            if made is None:
                pytest.skip(f"{implementation} does not take this shape here")
            results.append(run_kernel(made, inputs, want.shape, np.float32))
    finally:
        _ext.set_threads(before)
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


def test_infinity_stays_where_it_is(run_kernel):
    """Elements beside a row's end, or padded channels, must not be multiplied into other outputs."""
    image, kernel, attrs = (2, 1, 4, 18), (1, 1, 1, 3), geometry()
    x = np.ones(image, np.float32)
    x[..., 0] = np.inf
    for key, dtype in (("float32", np.float32), ("bfloat16", ml_dtypes.bfloat16), ("float16", np.float16)):
        made = build("forward", key, image, kernel, (4, 16), attrs)
        got = run_kernel(made, [x.astype(dtype), np.ones(kernel, dtype)], (2, 1, 4, 16), dtype).astype(np.float32)
        assert np.isinf(got[..., 0]).all() and (got[..., 1:] == 3).all()
    dy = np.ones((2, 1, 4, 16), np.float32)
    got = run_kernel(build("weight_grad", "float32", image, kernel, (4, 16), attrs), [x, dy], kernel, np.float32)
    assert np.isinf(got[..., 0]).all() and (got[..., 1:] == 128).all()
