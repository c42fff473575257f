"""Pooling against the primitives' references: windows apart and overlapping, padding, NaN, ties."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.compiler.primitives.base import primitive
from mindspore_cpu import _ext

CASES = [
    ((2, 3, 28, 28), (2, 2), (2, 2), (0, 0, 0, 0), (1, 1)),
    ((3, 2, 10, 10), (2, 2), (2, 2), (0, 0, 0, 0), (1, 1)),
    ((1, 2, 7, 67), (2, 2), (2, 2), (0, 0, 0, 0), (1, 1)),
    ((2, 2, 9, 9), (3, 3), (2, 2), (1, 1, 1, 1), (1, 1)),
    ((2, 2, 6, 11), (3, 2), (1, 3), (1, 0, 0, 1), (1, 1)),
    ((1, 2, 8, 7), (3, 2), (1, 2), (1, 1, 0, 1), (2, 3)),
    ((3, 11, 9, 12), (3, 3), (2, 2), (1, 1, 1, 1), (1, 1)),
    ((2, 16, 6, 5), (2, 3), (1, 2), (0, 1, 1, 1), (2, 1)),
    ((9, 4, 1, 37), (1, 2), (1, 2), (0, 0, 0, 0), (1, 1)),
    ((0, 2, 4, 4), (2, 2), (2, 2), (0, 0, 0, 0), (1, 1)),
    ((1, 1, 3, 3), (2, 2), (1, 1), (2, 0, 1, 3), (1, 1)),
]
DTYPES = {"float32": np.float32, "float64": np.float64, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def images(shape: tuple, dtype) -> np.ndarray:
    """Few different numbers, so that maxima tie; some NaN and infinities."""
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, shape).astype(dtype)
    x[rng.random(shape) < 0.03] = np.nan
    x[rng.random(shape) < 0.03] = -np.inf
    return x


def assert_same(got: np.ndarray, want: np.ndarray, message: str = "") -> None:
    """Equal numbers, NaN equal to NaN (which NumPy does not know of bfloat16)."""
    np.testing.assert_array_equal(got.astype(np.float64), want.astype(np.float64), err_msg=message)


def build(kind, key, image, case, output, **more):
    _, kernel, stride, padding, dilation = case
    return _ext.pool(kind, key, image, output[2:], kernel, stride, padding, dilation, **more)


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_maximum_and_what_follows_from_it(run_kernel, thread_count, key, case):
    shape, kernel, stride, padding, dilation = case
    dtype = DTYPES[key]
    attrs = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    x = images(shape, dtype)
    y = primitive("max_pool2d").reference(x, **attrs)
    assert_same(run_kernel(build("max", key, shape, case, y.shape), [x], y.shape, dtype), y)
    rng = np.random.default_rng(1)
    dy, z = rng.integers(-8, 9, y.shape).astype(dtype), rng.normal(size=shape).astype(dtype)
    for kind, third, out, out_dtype in (("max_grad", dy, shape, dtype), ("max_pick", z, y.shape, dtype),
                                        ("max_index", None, y.shape, np.int64)):
        operands = [x, y] if third is None else [x, y, third]
        want = primitive(f"max_pool2d_{kind[4:]}").reference(*operands, **attrs)
        got = run_kernel(build(kind, key, shape, case, y.shape), operands, out, out_dtype)
        assert_same(got, want, kind)


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("case", [c for c in CASES if c[4] == (1, 1)], ids=str)
def test_mean(run_kernel, key, counted, case):
    shape, kernel, stride, padding, _ = case
    dtype, rng = DTYPES[key], np.random.default_rng(2)
    attrs = {"kernel": kernel, "stride": stride, "padding": padding, "count_include_pad": counted}
    x = rng.normal(size=shape).astype(dtype)
    tolerance = float(ml_dtypes.finfo(dtype).eps) * 4
    y = primitive("avg_pool2d").reference(x, **attrs)
    got = run_kernel(build("mean", key, shape, case, y.shape, count_padding=counted), [x], y.shape, dtype)
    np.testing.assert_allclose(got.astype(np.float64), y.astype(np.float64), rtol=tolerance, atol=tolerance)
    dy = rng.normal(size=y.shape).astype(dtype)
    want = primitive("avg_pool2d_grad").reference(dy, input_shape=shape[2:], **attrs)
    got = run_kernel(build("mean_grad", key, shape, case, y.shape, count_padding=counted), [dy], shape, dtype)
    np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=tolerance, atol=tolerance)
