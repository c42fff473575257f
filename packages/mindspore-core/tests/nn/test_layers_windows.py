"""Convolution and pooling layers against direct NumPy loops over windows."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from layer_checks import check_gradients, run

import mindspore as ms
from mindspore import Tensor, nn, ops

draw = np.random.default_rng(0)


def sides_of(mode, padding, sizes, kernel, stride, dilation):
    """(before, behind) for each axis."""
    if mode == "valid":
        return [(0, 0)] * len(sizes)
    if mode == "pad":
        return padding
    totals = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
              for n, k, s, d in zip(sizes, kernel, stride, dilation)]
    return [(t // 2, t - t // 2) for t in totals]


def windows(x, kernel, stride, sides, dilation, fill=0.0):
    """(place, window) pairs of an array (N, C, ...): windows (N, C, *kernel)."""
    padded = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *sides], constant_values=fill)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    counts = [(n - r) // s + 1 for n, r, s in zip(padded.shape[2:], reach, stride)]
    for place in product(*map(range, counts)):
        cut = [slice(p * s, p * s + r, d) for p, s, r, d in zip(place, stride, reach, dilation)]
        yield place, counts, padded[(slice(None), slice(None), *cut)]


def convolved(x, weight, stride, sides, dilation, group):
    result, blocks = None, np.split(weight.astype(np.float64), group)
    for place, counts, window in windows(x, weight.shape[2:], stride, sides, dilation):
        if result is None:
            result = np.zeros((x.shape[0], weight.shape[0], *counts))
        parts = [np.tensordot(part, block, (range(1, part.ndim), range(1, block.ndim)))
                 for part, block in zip(np.split(window, group, axis=1), blocks)]
        result[(slice(None), slice(None), *place)] = np.concatenate(parts, 1)
    return result


CONVOLUTIONS = [
    (nn.Conv2d, (2, 3, 7, 6), {"kernel_size": 3, "pad_mode": "valid", "has_bias": True}),
    (nn.Conv2d, (2, 3, 7, 6), {"kernel_size": 3}),
    (nn.Conv2d, (1, 3, 7, 6), {"kernel_size": (4, 2), "stride": (2, 3), "has_bias": True}),
    (nn.Conv2d, (1, 3, 7, 6), {"kernel_size": 3, "stride": 2, "dilation": 2}),
    (nn.Conv2d, (1, 3, 7, 6), {"kernel_size": 3, "pad_mode": "pad", "padding": (1, 2, 0, 3), "stride": 2}),
    (nn.Conv2d, (2, 4, 5, 5), {"kernel_size": 3, "pad_mode": "pad", "padding": 1, "group": 2}),
    (nn.Conv1d, (2, 3, 9), {"kernel_size": 4, "stride": 2, "has_bias": True}),
    (nn.Conv1d, (2, 3, 9), {"kernel_size": 3, "pad_mode": "pad", "padding": (2, 1), "dilation": 2}),
    (nn.Conv3d, (1, 2, 4, 5, 3), {"kernel_size": 2, "has_bias": True}),
    (nn.Conv3d, (1, 2, 4, 5, 4), {"kernel_size": 3, "pad_mode": "pad", "padding": 1, "stride": (1, 2, 1)}),
]


@pytest.mark.parametrize("cls, shape, arguments", CONVOLUTIONS, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_convolutions(mode, cls, shape, arguments):
    ms.set_seed(1)
    layer = cls(shape[1], 4, **arguments)
    x = draw.normal(size=shape).astype(np.float32)
    image = x[:, :, None] if cls is nn.Conv1d else x
    pairs = [layer.padding[2 * k:2 * k + 2] for k in range(image.ndim - 2)]
    sides = sides_of(layer.pad_mode, pairs, image.shape[2:], layer.kernel_size, layer.stride, layer.dilation)
    expected = convolved(image, layer.weight.asnumpy(), layer.stride, sides, layer.dilation, layer.group)
    if layer.has_bias:
        expected += layer.bias.asnumpy().reshape((4,) + (1,) * (image.ndim - 2))
    expected = expected[:, :, 0] if cls is nn.Conv1d else expected
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-5)
    check_gradients(layer, x)


@pytest.mark.parametrize("sizes, stride, out", [((7, 6), 1, (7, 6)), ((7, 6), 2, (4, 3)), ((5, 5), 3, (2, 2))])
def test_same_padding_keeps_the_size_by_the_stride(sizes, stride, out):
    layer = nn.Conv2d(1, 1, 3, stride)
    assert layer(Tensor(np.zeros((1, 1, *sizes), np.float32))).shape == (1, 1, *out)


TRANSPOSED = [
    (nn.Conv2dTranspose, (2, 4, 3, 5), {"kernel_size": 3, "stride": 2, "has_bias": True}, (6, 10)),
    (nn.Conv2dTranspose, (2, 4, 3, 5), {"kernel_size": 3, "stride": 2, "pad_mode": "valid"}, (7, 11)),
    (nn.Conv2dTranspose, (1, 4, 3, 5), {"kernel_size": 1, "stride": 2, "pad_mode": "valid"}, (6, 10)),
    (nn.Conv2dTranspose, (1, 4, 3, 5), {"kernel_size": (3, 4), "stride": 2, "pad_mode": "pad", "padding": 1,
                                        "output_padding": (1, 0)}, (6, 10)),
    (nn.Conv2dTranspose, (1, 4, 3, 5), {"kernel_size": 3, "pad_mode": "pad", "padding": (1, 0, 2, 1), "group": 2,
                                        "dilation": 2}, (6, 6)),
    (nn.Conv1dTranspose, (2, 4, 5), {"kernel_size": 3, "stride": 2, "has_bias": True}, (10,)),
    (nn.Conv3dTranspose, (1, 4, 2, 3, 2), {"kernel_size": 2, "stride": 2, "pad_mode": "valid"}, (4, 6, 4)),
]


@pytest.mark.parametrize("cls, shape, arguments, out", TRANSPOSED, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_transposed_convolutions_are_adjoint(mode, cls, shape, arguments, out):
    """<conv(a), b> = <a, conv_transpose(b)> for the convolution with the same weight."""
    ms.set_seed(1)
    layer = cls(shape[1], 6, **arguments)
    b = draw.normal(size=shape).astype(np.float32)
    y = run(layer, b)
    assert y.shape == (shape[0], 6, *out)
    if layer.has_bias:
        y = y - layer.bias.asnumpy().reshape((6,) + (1,) * (y.ndim - 2))
        assert np.abs(layer.bias.asnumpy()).max() <= 1 / np.sqrt(np.prod(layer.weight.shape[1:]))
    a = draw.normal(size=y.shape).astype(np.float32)
    image, lead = (a[:, :, None], 1) if cls is nn.Conv1dTranspose else (a, 0)
    pairs = [layer.padding[2 * k:2 * k + 2] for k in range(image.ndim - 2)]
    sides = sides_of(layer.pad_mode, pairs, image.shape[2:], layer.kernel_size, layer.stride, layer.dilation)
    forward = convolved(image, layer.weight.asnumpy(), layer.stride, sides, layer.dilation, layer.group)
    cut = tuple(slice(n) for n in ((b[:, :, None] if lead else b).shape))
    np.testing.assert_allclose(np.sum(forward[cut] * (b[:, :, None] if lead else b)), np.sum(a * y), rtol=1e-3)
    check_gradients(layer, b)


POOLS = [
    (nn.MaxPool2d, (2, 3, 7, 6), {"kernel_size": 2, "stride": 2}),
    (nn.MaxPool2d, (3, 7, 6), {"kernel_size": (3, 2), "stride": (1, 2), "pad_mode": "same"}),
    (nn.MaxPool2d, (2, 3, 7, 6), {"kernel_size": 3, "stride": 2, "pad_mode": "pad", "padding": 1, "dilation": 2}),
    (nn.MaxPool2d, (2, 3, 7, 6), {}),
    (nn.MaxPool1d, (2, 3, 7), {"kernel_size": 3, "stride": 2}),
    (nn.MaxPool1d, (3, 7), {"kernel_size": 3, "stride": 2, "pad_mode": "pad", "padding": (1, 0)}),
    (nn.MaxPool3d, (1, 2, 4, 5, 3), {"kernel_size": 2, "stride": 2, "pad_mode": "same"}),
    (nn.AvgPool2d, (2, 3, 7, 6), {"kernel_size": 2, "stride": 2}),
    (nn.AvgPool2d, (2, 3, 7, 6), {"kernel_size": 3, "stride": 2, "pad_mode": "same"}),
    (nn.AvgPool2d, (2, 3, 7, 6), {"kernel_size": 3, "stride": 2, "pad_mode": "pad", "padding": 1}),
    (nn.AvgPool2d, (3, 7, 6), {"kernel_size": 3, "pad_mode": "pad", "padding": 1, "count_include_pad": False}),
    (nn.AvgPool2d, (2, 3, 7, 6), {"kernel_size": 2, "divisor_override": 3}),
    (nn.AvgPool1d, (2, 3, 7), {"kernel_size": 3, "pad_mode": "same"}),
    (nn.AvgPool3d, (1, 2, 4, 5, 3), {"kernel_size": 2, "stride": 2}),
]


def pooled(layer, x, largest, counted, divisor):
    spatial = x.ndim - 2
    pairs = [layer.padding[2 * k:2 * k + 2] for k in range(spatial)]
    sides = sides_of(layer.pad_mode, pairs, x.shape[2:], layer.kernel_size, layer.stride, layer.dilation)
    geometry = (layer.kernel_size, layer.stride, sides, layer.dilation)
    axes, result = tuple(range(2, x.ndim)), None
    inside = windows(np.ones_like(x), *geometry)
    for (place, counts, window), (_, _, ones) in zip(windows(x, *geometry, fill=-np.inf if largest else 0), inside):
        if result is None:
            result = np.zeros((*x.shape[:2], *counts))
        total = window.max(axes) if largest else window.sum(axes)
        by = 1 if largest else divisor or (np.prod(layer.kernel_size) if counted else ones.sum(axes))
        result[(slice(None), slice(None), *place)] = total / by
    return result


@pytest.mark.parametrize("cls, shape, arguments", POOLS, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_pooling(mode, cls, shape, arguments):
    layer = cls(**arguments)
    x = draw.permutation(np.prod(shape)).reshape(shape).astype(np.float32) / 10
    image = x if len(shape) == layer.spatial + 2 else x[None]
    image = image[:, :, None] if layer.spatial == 1 else image
    counted = arguments.get("pad_mode") == "pad" and arguments.get("count_include_pad", True)
    expected = pooled(layer, image, "Max" in cls.__name__, counted, arguments.get("divisor_override"))
    got = run(layer, x)
    np.testing.assert_allclose(got, expected.reshape(got.shape), rtol=1e-5)
    assert got.ndim == x.ndim
    check_gradients(layer, x)


def test_pooling_over_the_end(mode):
    x = np.arange(1, 8, dtype=np.float32).reshape(1, 1, 7)
    assert run(nn.MaxPool1d(3, 3, "pad", 1), x).tolist() == [[[2, 5, 7]]]
    assert run(nn.MaxPool1d(2, 2, "pad", 0, ceil_mode=True), x).tolist() == [[[2, 4, 6, 7]]]
    assert run(nn.MaxPool1d(2, 2, "pad", 0), x).tolist() == [[[2, 4, 6]]]
    assert run(nn.AvgPool1d(2, 2, "pad", 0, ceil_mode=True), x).tolist() == [[[1.5, 3.5, 5.5, 7]]]
    assert run(nn.AvgPool1d(2, 2, ceil_mode=True), x).tolist() == [[[1.5, 3.5, 5.5, 7]]]
    assert run(nn.AvgPool2d((1, 2), (1, 2), ceil_mode=True), x[None]).tolist() == [[[[1.5, 3.5, 5.5, 7]]]]
    volume = run(ops.AvgPool3D((1, 1, 2), (1, 1, 2), ceil_mode=True), x[None, None])
    assert volume.ravel().tolist() == [1.5, 3.5, 5.5, 7]
    assert run(nn.AvgPool1d(2, 2, "same", ceil_mode=True), x).tolist() == [[[1.5, 3.5, 5.5, 7]]]
    assert run(nn.AvgPool1d(2, 2, "pad", (1, 0), ceil_mode=True), x).tolist() == [[[0.5, 2.5, 4.5, 6.5]]]
    assert run(nn.AvgPool1d(4, 4, "pad", 1, ceil_mode=True), x).tolist() == [[[1.5, 5.5]]]


def test_places_of_the_largest(mode):
    x = draw.permutation(48).reshape(2, 1, 4, 6).astype(np.float32)
    values, places = nn.MaxPool2d(2, 2, "pad", return_indices=True)(Tensor(x))
    flat = x.reshape(2, 1, 24)
    np.testing.assert_array_equal(np.take_along_axis(flat, places.asnumpy().reshape(2, 1, -1), 2).reshape(2, 1, 2, 3),
                                  values.asnumpy())


def adaptive(x, sizes, reduce):
    spatial = len(sizes)
    lead = x.shape[:-spatial]
    result = np.zeros((*lead, *sizes))
    for place in product(*map(range, sizes)):
        cut = [slice(p * n // m, -(-(p + 1) * n // m)) for p, n, m in zip(place, x.shape[-spatial:], sizes)]
        result[(..., *place)] = reduce(x[(..., *cut)], axis=tuple(range(-spatial, 0)))
    return result


@pytest.mark.parametrize("layer, shape, sizes, reduce", [
    (nn.AdaptiveAvgPool1d(3), (2, 3, 7), (3,), np.mean), (nn.AdaptiveMaxPool1d(3), (2, 3, 7), (3,), np.max),
    (nn.AdaptiveAvgPool2d((3, None)), (2, 3, 7, 5), (3, 5), np.mean),
    (nn.AdaptiveMaxPool2d(2), (3, 7, 5), (2, 2), np.max),
    (nn.AdaptiveAvgPool3d((2, None, 3)), (2, 5, 3, 7), (2, 3, 3), np.mean),
    (nn.AdaptiveAvgPool3d(2), (1, 2, 4, 5, 3), (2, 2, 2), np.mean)])
def test_pooling_to_a_size(mode, layer, shape, sizes, reduce):
    x = draw.normal(size=shape).astype(np.float32)
    np.testing.assert_allclose(run(layer, x), adaptive(x, sizes, reduce), rtol=1e-5, atol=1e-6)


IMAGE = Tensor(np.ones((1, 3, 4, 4), np.float32))
REFUSED = [
    (lambda: nn.Conv2d(0, 4, 3), ValueError, "in_channels"), (lambda: nn.Conv2d(3, 4.0, 3), TypeError, "out_channels"),
    (lambda: nn.Conv2d(3, 4, (1, 2, 3)), ValueError, "kernel_size"),
    (lambda: nn.Conv2d(3, 4, "3"), TypeError, "kernel_size"),
    (lambda: nn.Conv2d(3, 4, 3, stride=0), ValueError, "stride"),
    (lambda: nn.Conv2d(3, 4, 3, pad_mode="full"), ValueError, "pad_mode"),
    (lambda: nn.Conv2d(3, 4, 3, padding=1), ValueError, "pad_mode='pad'"),
    (lambda: nn.Conv2d(3, 4, 3, pad_mode="pad", padding=-1), ValueError, "padding"),
    (lambda: nn.Conv2d(3, 4, 3, group=2), ValueError, "divisible by 'group'"),
    (lambda: nn.Conv2d(3, 4, 3, data_format="NHWC"), ValueError, "NCHW"),
    (lambda: nn.Conv2d(2, 4, 3)(IMAGE), ValueError, "in_channels"),
    (lambda: nn.Conv1d(3, 4, 3)(IMAGE), ValueError, "3 axes"),
    (lambda: nn.Conv2dTranspose(3, 4, 3, output_padding=1), ValueError, "output_padding"),
    (lambda: nn.MaxPool2d(2, ceil_mode=True), ValueError, "ceil_mode"),
    (lambda: nn.MaxPool2d(2, padding=1), ValueError, "padding"),
    (lambda: nn.MaxPool2d(2)(Tensor([1.0])), ValueError, "3 or 4 axes"),
    (lambda: nn.AvgPool2d(2, divisor_override=0), ValueError, "divisor_override"),
    (lambda: nn.AvgPool2d(2, data_format="NHWC"), ValueError, "NCHW"),
    (lambda: nn.AdaptiveAvgPool2d("2"), TypeError, "output_size"),
    (lambda: nn.AdaptiveAvgPool3d(2)(IMAGE[0]), ValueError, r"\(C, D, H, W\)"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
