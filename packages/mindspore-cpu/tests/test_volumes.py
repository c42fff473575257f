"""Convolution and pooling of volumes against the primitives' references."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler.ir import tensor_aval
from mindspore.compiler.primitives.base import primitive
from mindspore.plugin import KernelSpec
from mindspore_cpu.kernels import KERNELS

DTYPES = {"float32": np.float32, "float64": np.float64, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def geometry(stride=(1, 1, 1), padding=(0,) * 6, dilation=(1, 1, 1), groups=1) -> dict:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


CONVOLUTIONS = [  # volumes, kernels, geometry
    ((2, 8, 6, 7, 9), (16, 8, 3, 3, 3), geometry(padding=(1,) * 6)),
    ((1, 3, 5, 9, 8), (4, 3, 2, 3, 1), geometry((1, 2, 3), (0, 1, 1, 0, 2, 0))),
    ((2, 16, 4, 6, 5), (16, 4, 1, 3, 3), geometry(groups=4, dilation=(1, 2, 1))),
    ((1, 1, 3, 3, 3), (2, 1, 3, 3, 3), geometry()),
]
POOLS = [  # volumes, kernel, stride, padding, dilation
    ((2, 3, 6, 8, 7), (2, 2, 2), (2, 2, 2), (0,) * 6, (1, 1, 1)),
    ((1, 2, 5, 6, 9), (3, 2, 3), (1, 2, 2), (1, 1, 0, 1, 1, 0), (1, 1, 1)),
    ((2, 1, 7, 6, 5), (2, 1, 2), (2, 1, 1), (0,) * 6, (2, 1, 3)),
    ((1, 2, 1, 8, 8), (1, 2, 2), (1, 2, 2), (0,) * 6, (1, 1, 1)),
]


def run(run_kernel, name: str, arrays: list, attrs: dict, want: np.ndarray) -> np.ndarray:
    def aval(a):
        return tensor_aval(a.shape, np_dtype_to_dtype(a.dtype))
    spec = KernelSpec(name, attrs, tuple(map(aval, arrays)), (aval(want),))
    kernel = KERNELS[name](spec)
    assert kernel is not None
    return run_kernel(kernel, arrays, want.shape, want.dtype)


@pytest.mark.parametrize("key", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize(("volume", "kernels", "attrs"), CONVOLUTIONS)
def test_convolutions(run_kernel, thread_count, key, volume, kernels, attrs):
    dtype, rng = DTYPES[key], np.random.default_rng(0)
    x, w = (rng.uniform(-1, 1, s).astype(dtype) for s in (volume, kernels))
    wide = [x.astype(np.float64), w.astype(np.float64)]
    y = primitive("conv3d").reference(*wide, **attrs)
    dy = rng.uniform(-1, 1, y.shape).astype(dtype)
    gradient = dy.astype(np.float64)
    tolerance = float(ml_dtypes.finfo(dtype).eps) * 8
    for name, arrays, more, want in [
            ("conv3d", [x, w], {}, y),
            ("conv3d_input_grad", [dy, w], {"input_shape": volume[2:]}, None),
            ("conv3d_weight_grad", [x, dy], {"kernel_shape": kernels[2:]}, None)]:
        if want is None:
            operands = [gradient, wide[1]] if name.endswith("input_grad") else [wide[0], gradient]
            want = primitive(name).reference(*operands, **attrs, **more)
        got = run(run_kernel, name, arrays, {**attrs, **more}, want.astype(dtype))
        scale = np.abs(want).max()
        np.testing.assert_allclose(got.astype(np.float64), want, rtol=tolerance, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("key", DTYPES)
@pytest.mark.parametrize("case", POOLS, ids=str)
def test_pooling(run_kernel, thread_count, key, case):
    volume, kernel, stride, padding, dilation = case
    dtype, rng = DTYPES[key], np.random.default_rng(1)
    x = rng.integers(-3, 4, volume).astype(dtype)
    x[rng.random(volume) < 0.05], x[rng.random(volume) < 0.05] = np.nan, -np.inf
    attrs = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}

    def same(name: str, arrays: list, attrs: dict, exact: bool = True) -> np.ndarray:
        want = np.asarray(primitive(name).reference(*arrays, **attrs))
        got = run(run_kernel, name, arrays, attrs, want).astype(np.float64)
        tolerance = 0 if exact else float(ml_dtypes.finfo(dtype).eps) * 4
        np.testing.assert_allclose(got, want.astype(np.float64), rtol=tolerance, atol=tolerance, err_msg=name)
        return want

    y = same("max_pool3d", [x], attrs)
    dy, z = rng.integers(-8, 9, y.shape).astype(dtype), rng.integers(-8, 9, volume).astype(dtype)
    same("max_pool3d_grad", [x, y, dy], attrs)
    same("max_pool3d_pick", [x, y, z], attrs)
    same("max_pool3d_index", [x, y], attrs)
    if dilation == (1, 1, 1):
        for counted in (False, True):
            mean = {"kernel": kernel, "stride": stride, "padding": padding, "count_include_pad": counted}
            same("avg_pool3d", [z], mean, exact=False)
            same("avg_pool3d_grad", [dy], {**mean, "input_shape": volume[2:]}, exact=False)
