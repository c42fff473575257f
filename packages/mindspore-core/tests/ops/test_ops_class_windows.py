"""Operator classes of windows over images and volumes against loops in NumPy."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P

IMAGES, VOLUMES = uniform((2, 4, 5, 6)), uniform((1, 2, 4, 5, 6))
KERNELS3D, TRANSPOSED3D = uniform((4, 1, 2, 3, 2)), uniform((2, 3, 2, 3, 2))
OFFSETS = uniform((2, 3 * 2 * 4, 2, 5), -1.4, 1.4)
SAMPLES = np.float32([[[0.2, 0.7], [0.9, 0.1], [0.5, 0.5], [0.3, 0.4]]] * 2)


def bordered(x, sides, value=0.0):
    """With (low, high) counts around each of the last axes."""
    pairs = [(0, 0)] * (x.ndim - len(sides) // 2) + [tuple(sides[i:i + 2]) for i in range(0, len(sides), 2)]
    return np.pad(x, pairs, constant_values=value)


def windows_of(x, kernel, stride, sides, apart=None, value=0.0):
    """(N, C, windows on each axis ..., taps on each axis ...)."""
    apart = apart or (1,) * len(kernel)
    x = bordered(x, sides, value)
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, apart)]
    y = np.zeros((*x.shape[:2], *counts, *kernel), x.dtype)
    for at in np.ndindex(*counts):
        y[(slice(None), slice(None), *at)] = x[(slice(None), slice(None), *(
            slice(i * s, i * s + d * (k - 1) + 1, d) for i, s, k, d in zip(at, stride, kernel, apart)))]
    return y


def conv3d(x, w, stride, sides, apart=(1, 1, 1), groups=1):
    rows = windows_of(x, w.shape[2:], stride, sides, apart)
    parts = zip(np.split(rows, groups, 1), np.split(w, groups))
    return np.concatenate([np.einsum("ncxyzijk,ocijk->noxyz", r, k) for r, k in parts], 1)


def conv3d_transposed(x, w, stride, sides, extra=(0, 0, 0)):
    """Each element adds its multiple of the kernel."""
    whole = [(n - 1) * s + k + e for n, s, k, e in zip(x.shape[2:], stride, w.shape[2:], extra)]
    y = np.zeros((x.shape[0], w.shape[1], *whole), x.dtype)
    for at in np.ndindex(*x.shape[2:]):
        spot = tuple(slice(i * s, i * s + k) for i, s, k in zip(at, stride, w.shape[2:]))
        y[(slice(None), slice(None), *spot)] += np.einsum("nc,coijk->noijk", x[(slice(None), slice(None), *at)], w)
    return y[(slice(None), slice(None), *(slice(a, n - b) for a, b, n in zip(sides[::2], sides[1::2], whole)))]


def depthwise(x, w):
    return np.einsum("ncyxij,mcij->ncmyx", windows_of(x, w.shape[2:], (1, 1), (1, 1, 1, 1)), w).reshape(2, 8, 5, 5)


def dilated(x, w):
    return (windows_of(x, (3, 2), (2, 1), (2, 2, 1, 1), (2, 2), -np.inf) + w[None, :, None, None]).max((-2, -1))


def deformed(x, offsets, kernel=(2, 2), stride=(2, 1), pads=(1, 0, 0, 1), groups=2):
    """The moved taps, read pixel by pixel."""
    n, c, h, w = x.shape
    out = offsets.shape[2:]
    parts = offsets.reshape(n, 3, groups, *kernel, *out).astype(np.float64)
    y = np.zeros((n, c, out[0] * kernel[0], out[1] * kernel[1]))
    for b, ch, p, q, i, j in np.ndindex(n, c, *out, *kernel):
        right, down, mask = parts[b, :, ch * groups // c, i, j, p, q]
        row, column = p * stride[0] - pads[0] + i + down, q * stride[1] - pads[2] + j + right
        total = 0.0
        for r, s in product((int(np.floor(row)), int(np.floor(row)) + 1),
                            (int(np.floor(column)), int(np.floor(column)) + 1)):
            if 0 <= r < h and 0 <= s < w:
                total += (1 - abs(row - r)) * (1 - abs(column - s)) * x[b, ch, r, s]
        y[b, ch, p * kernel[0] + i, q * kernel[1] + j] = mask * total
    return y.astype(np.float32)


def deformed_conv(x, w, offsets):
    blocks = deformed(x, offsets).reshape(2, 4, 2, 2, 5, 2)
    return np.einsum("ncpiqj,ocij->nopq", blocks, w)


def attended(value, locations, weight, sizes=((3, 2), (1, 4))):
    """Place by place, pixel by pixel."""
    n, queries, heads, maps, points, _ = locations.shape
    y = np.zeros((n, queries, heads, value.shape[3]))
    for b, q, h, m, p in np.ndindex(n, queries, heads, maps, points):
        rows, columns = sizes[m]
        start = sum(r * c for r, c in sizes[:m])
        x, v = (float(locations[b, q, h, m, p, k]) * s - 0.5 for k, s in ((0, columns), (1, rows)))
        for i, j in product((int(np.floor(v)), int(np.floor(v)) + 1), (int(np.floor(x)), int(np.floor(x)) + 1)):
            if 0 <= i < rows and 0 <= j < columns:
                share = (1 - abs(v - i)) * (1 - abs(x - j)) * weight[b, q, h, m, p]
                y[b, q, h] += share * value[b, start + i * columns + j, h]
    return y.reshape(n, queries, -1).astype(np.float32)


def flat_places(x, kernel, stride, sides=None):
    """The flat place in x of the largest element of each window."""
    spatial = len(kernel)
    sides = sides or (0,) * 2 * spatial
    number = np.broadcast_to(np.arange(np.prod(x.shape[2:])).reshape(x.shape[2:]), x.shape)
    values, places = windows_of(x, kernel, stride, sides, value=-np.inf), windows_of(number, kernel, stride, sides)
    flat = values.reshape(*values.shape[:-spatial], -1)
    best = flat.argmax(-1)[..., None]
    return (np.take_along_axis(flat, best, -1)[..., 0],
            np.take_along_axis(places.reshape(flat.shape), best, -1)[..., 0])


def averaged(x, kernel, stride, sides):
    """Of what lies inside of the volume."""
    total = windows_of(x, kernel, stride, sides).sum((-3, -2, -1))
    return total / windows_of(np.ones_like(x), kernel, stride, sides).sum((-3, -2, -1))


def adaptive_max3d(x, counts):
    values, places = np.zeros((*x.shape[:2], *counts), x.dtype), np.zeros((*x.shape[:2], *counts), np.int32)
    for n, c, *at in np.ndindex(*values.shape):
        spot = [range(i * s // m, -(-(i + 1) * s // m)) for i, s, m in zip(at, x.shape[2:], counts)]
        best = max(product(*spot), key=lambda p: x[(n, c, *p)])
        values[(n, c, *at)], places[(n, c, *at)] = x[(n, c, *best)], np.ravel_multi_index(best, x.shape[2:])
    return values, places


def unpooled(values, places, sizes):
    y = np.zeros((*values.shape[:2], int(np.prod(sizes))), values.dtype)
    for n, c in np.ndindex(*values.shape[:2]):
        y[n, c, places[n, c].ravel()] = values[n, c].ravel()
    return y.reshape(*values.shape[:2], *sizes)


def patches(x, kernel, stride, sides, apart=None):
    """Windows as channels, the channel of the input running fastest."""
    rows = windows_of(x, kernel, stride, sides, apart)
    spatial = len(kernel)
    order = (0, *range(2 + spatial, 2 + 2 * spatial), 1, *range(2, 2 + spatial))
    return rows.transpose(order).reshape(x.shape[0], -1, *rows.shape[2:2 + spatial])


def to_batch(x, block, pairs):
    x = bordered(x, [v for p in pairs for v in p])
    parts = [x[(Ellipsis, *(slice(o, None, b) for o, b in zip(offset, block)))] for offset in np.ndindex(*block)]
    return np.concatenate(parts)


def from_batch(x, block, crops):
    lead = x.ndim - len(block)
    parts = np.split(x, np.prod(block))
    y = np.zeros((*parts[0].shape[:lead], *(n * b for n, b in zip(x.shape[lead:], block))), x.dtype)
    for offset, part in zip(np.ndindex(*block), parts):
        y[(Ellipsis, *(slice(o, None, b) for o, b in zip(offset, block)))] = part
    return y[(Ellipsis, *(slice(a, n - b) for (a, b), n in zip(crops, y.shape[lead:])))]


def columns(x, kernel, stride, sides):
    rows = windows_of(x, kernel, stride, sides)
    return rows.transpose(0, 1, 4, 5, 2, 3).reshape(*x.shape[:2], kernel[0] * kernel[1], -1)


def normalized(x):
    squares = np.stack([(x[:, max(0, c - 1):c + 2] ** 2).sum(1) for c in range(x.shape[1])], 1)
    return x / (2 + 0.5 * squares) ** 0.75


VALUES, PLACES = flat_places(IMAGES, (2, 2), (2, 2))
VALUES3D, PLACES3D = flat_places(VOLUMES, (2, 2, 2), (2, 2, 2))

CASES = [
    Case("Conv3D", P.Conv3D(4, (2, 3, 2), pad_mode="pad", pad=(1, 0, 1, 1, 0, 2), stride=(1, 2, 1), group=2),
         lambda x, w: conv3d(x, w, (1, 2, 1), (1, 0, 1, 1, 0, 2), groups=2), (VOLUMES, KERNELS3D), rtol=1e-4),
    Case("Conv3D same", P.Conv3D(4, (2, 3, 2), pad_mode="same", group=2),
         lambda x, w: conv3d(x, w, (1, 1, 1), (0, 1, 1, 1, 0, 1), groups=2), (VOLUMES, KERNELS3D), rtol=1e-4),
    Case("Conv3DTranspose", P.Conv3DTranspose(2, 3, (2, 3, 2), pad_mode="pad", pad=(1, 0, 1, 1, 0, 1), stride=2,
                                              output_padding=(1, 0, 1)),
         lambda x, w: conv3d_transposed(x, w, (2, 2, 2), (1, 0, 1, 1, 0, 1), (1, 0, 1)), (VOLUMES, TRANSPOSED3D),
         rtol=1e-4),
    Case("conv3d_transpose same", lambda x, w: ops.conv3d_transpose(x, w, "same", stride=2),
         lambda x, w: conv3d_transposed(x, w, (2, 2, 2), (0, 0, 0, 1, 0, 0)), (VOLUMES, TRANSPOSED3D), rtol=1e-4),
    Case("DepthwiseConv2dNative", P.DepthwiseConv2dNative(2, (3, 4), pad_mode="pad", pad=1), depthwise,
         (IMAGES, uniform((2, 4, 3, 4))), rtol=1e-4),
    Case("Dilation2D", P.Dilation2D((2, 1), (1, 1, 2, 2)), dilated, (IMAGES, uniform((4, 3, 2)))),
    Case("DeformableOffsets", P.DeformableOffsets((1, 1, 2, 1), (1, 0, 0, 1), (2, 2), deformable_groups=2),
         lambda x, o: deformed(x, o), (uniform((2, 4, 3, 5)), OFFSETS), rtol=1e-4, atol=1e-5),
    Case("DeformableOffsets NHWC", P.DeformableOffsets((1, 2, 1, 1), (1, 0, 0, 1), (2, 2), (1, 1, 1, 1), "NHWC", 2),
         lambda x, o: deformed(x.transpose(0, 3, 1, 2), o.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1),
         (uniform((2, 3, 5, 4)), np.ascontiguousarray(OFFSETS.transpose(0, 2, 3, 1))), rtol=1e-4, atol=1e-5),
    Case("deformable_conv2d", lambda x, w, o: ops.deformable_conv2d(
        x, w, o, (2, 2), (1, 1, 2, 1), (1, 0, 0, 1), deformable_groups=2), deformed_conv,
        (uniform((2, 4, 3, 5)), uniform((3, 4, 2, 2)), OFFSETS), rtol=1e-4, atol=1e-4),
    Case("multi_scale_deformable_attn_function", lambda v, at, w: ops.multi_scale_deformable_attn_function(
        v, Tensor([[3, 2], [1, 4]]), Tensor([0, 6]), at, w), attended,
        (uniform((2, 10, 2, 3)), uniform((2, 3, 2, 2, 2, 2), -0.2, 1.2), uniform((2, 3, 2, 2, 2), 0, 1)), rtol=1e-4,
        atol=1e-5),
    Case("AvgPool3D", P.AvgPool3D((2, 3, 2), (1, 2, 2), "same"),
         lambda x: averaged(x, (2, 3, 2), (1, 2, 2), (0, 1, 1, 1, 0, 0)), (VOLUMES,)),
    Case("AvgPool3D padded", P.AvgPool3D(2, 2, "pad", pad=(0, 0, 1, 0, 0, 0), divisor_override=5),
         lambda x: windows_of(x, (2, 2, 2), (2, 2, 2), (0, 0, 1, 0, 0, 0)).sum((-3, -2, -1)) / 5, (VOLUMES,)),
    Case("MaxPool3D", P.MaxPool3D((2, 3, 2), (1, 2, 2), "SAME"),
         lambda x: flat_places(x, (2, 3, 2), (1, 2, 2), (0, 1, 1, 1, 0, 0))[0], (VOLUMES,)),
    Case("MaxPool3D ceil", P.MaxPool3D(3, 2, "pad", 1, True),
         lambda x: flat_places(x, (3, 3, 3), (2, 2, 2), (1, 2, 1, 1, 1, 2))[0], (VOLUMES,)),
    Case("MaxPool3DWithArgmax", P.MaxPool3DWithArgmax((2, 2, 2), 2, 0), lambda x: (VALUES3D, PLACES3D), (VOLUMES,),
         grad=False),
    Case("MaxPoolWithArgmaxV2", P.MaxPoolWithArgmaxV2(2, argmax_type=ms.int32),
         lambda x: (VALUES, PLACES.astype(np.int32)), (IMAGES,)),
    Case("AdaptiveAvgPool3D", P.AdaptiveAvgPool3D((2, 5, 3)),
         lambda x: x.reshape(1, 2, 2, 2, 5, 3, 2).mean((3, 6)), (VOLUMES,)),
    Case("AdaptiveMaxPool3D", lambda x: P.AdaptiveMaxPool3D()(x, (3, 2, 6)), lambda x: adaptive_max3d(x, (3, 2, 6)),
         (VOLUMES,)),
    Case("MaxUnpool2D", lambda x: P.MaxUnpool2D(2, output_shape=(2, 4, 5, 6))(x, Tensor(PLACES)),
         lambda x: unpooled(x, PLACES, (5, 6)), (VALUES,)),
    Case("MaxUnpool3D", lambda x: P.MaxUnpool3D(2, 2, 0, (1, 2, 4, 5, 6))(x, Tensor(PLACES3D)),
         lambda x: unpooled(x, PLACES3D, (4, 5, 6)), (VALUES3D,)),
    Case("FractionalMaxPoolWithFixedKsize", lambda x: P.FractionalMaxPoolWithFixedKsize(2, (4, 5))(
        x, Tensor(SAMPLES)), lambda x: flat_places(x, (2, 2), (1, 1)), (IMAGES,)),
    Case("FractionalMaxPool3DWithFixedKsize", lambda x: P.FractionalMaxPool3DWithFixedKsize(2, (3, 4, 5))(
        x, Tensor(np.full((1, 2, 3), 0.3, np.float32))), lambda x: flat_places(x, (2, 2, 2), (1, 1, 1)), (VOLUMES,)),
    Case("Im2Col", P.Im2Col((2, 3), (2, 1), 1, (1, 0)), lambda x: columns(x, (2, 3), (2, 1), (1, 1, 0, 0)), (IMAGES,)),
    Case("Col2Im", lambda x: P.Col2Im((2, 2), stride=2)(x, Tensor(np.int32([4, 6]))),
         lambda x: x.reshape(1, 3, 2, 2, 2, 3).transpose(0, 1, 4, 2, 5, 3).reshape(1, 3, 4, 6),
         (uniform((1, 3, 4, 6)),)),
    Case("ExtractImagePatches", P.ExtractImagePatches((1, 1, 2, 3), (1, 1, 2, 1), (1, 1, 2, 1), "SAME"),
         lambda x: patches(x, (2, 3), (2, 1), (1, 1, 1, 1), (2, 1)), (IMAGES,)),
    Case("ExtractVolumePatches", P.ExtractVolumePatches((1, 1, 2, 1, 3), (1, 1, 2, 2, 1), "SAME"),
         lambda x: patches(x, (2, 1, 3), (2, 2, 1), (0, 0, 0, 0, 1, 1)), (VOLUMES,)),
    Case("SpaceToBatch", P.SpaceToBatch(2, ((1, 0), (0, 2))), lambda x: to_batch(x, (2, 2), ((1, 0), (0, 2))),
         (IMAGES,)),
    Case("SpaceToBatchND", P.SpaceToBatchND((3, 2), ((0, 1), (1, 1))),
         lambda x: to_batch(x, (3, 2), ((0, 1), (1, 1))), (IMAGES,)),
    Case("BatchToSpace", P.BatchToSpace(2, ((1, 0), (0, 2))), lambda x: from_batch(x, (2, 2), ((1, 0), (0, 2))),
         (uniform((8, 3, 2, 4)),)),
    Case("BatchToSpaceND", P.BatchToSpaceND((3, 2), ((0, 1), (1, 1))),
         lambda x: from_batch(x, (3, 2), ((0, 1), (1, 1))), (uniform((12, 3, 2, 4)),)),
    Case("BatchToSpaceNDV2", lambda x: P.BatchToSpaceNDV2()(x, Tensor([3]), Tensor([[1, 1]])),
         lambda x: from_batch(x, (3,), ((1, 1),)), (ints((6, 2, 4)),), grad=False),
    Case("mirror_pad", lambda x: ops.mirror_pad(x, ((0, 0), (1, 0), (2, 1), (0, 3)), "SYMMETRIC"),
         lambda x: np.pad(x, ((0, 0), (1, 0), (2, 1), (0, 3)), "symmetric"), (IMAGES,)),
    Case("LRN", P.LRN(1, 2.0, 0.5, 0.75), normalized, (IMAGES,)),
    Case("ChannelShuffle", P.ChannelShuffle(2), lambda x: x[:, [0, 2, 1, 3]], (IMAGES,)),
    Case("DepthToSpace", P.DepthToSpace(2), lambda x: x.reshape(2, 2, 2, 1, 5, 6).transpose(0, 3, 4, 1, 5, 2).reshape(
        2, 1, 10, 12), (IMAGES,)),
    Case("Padding", P.Padding(4), lambda x: np.pad(x, ((0, 0), (0, 3))), (uniform((3, 1)),)),
    Case("AdaptiveAvgPool2D", P.AdaptiveAvgPool2D((5, 3)), lambda x: x.reshape(2, 4, 5, 3, 2).mean(-1), (IMAGES,)),
    Case("AdaptiveMaxPool2D", lambda x: P.AdaptiveMaxPool2D((5, 3))(x)[0], lambda x: x.reshape(2, 4, 5, 3, 2).max(-1),
         (IMAGES,)),
    Case("adaptive_max_pool3d", lambda x: ops.adaptive_max_pool3d(x, (3, 2, 6)),
         lambda x: adaptive_max3d(x, (3, 2, 6))[0], (VOLUMES,)),
    Case("fractional_max_pool3d", lambda x: ops.fractional_max_pool3d(
        x, (1, 2, 2), (4, 4, 5), _random_samples=Tensor(np.full((1, 2, 3), 0.3, np.float32))),
        lambda x: flat_places(x, (1, 2, 2), (1, 1, 1))[0], (VOLUMES,)),
    Case("max_unpool1d", lambda x: ops.max_unpool1d(x, Tensor([[[1, 2], [0, 3]]]), 2),
         lambda x: unpooled(x, np.array([[[1, 2], [0, 3]]]), (4,)), (uniform((1, 2, 2)),)),
    Case("max_unpool2d", lambda x: ops.max_unpool2d(x, Tensor(PLACES), 2, output_size=(5, 6)),
         lambda x: unpooled(x, PLACES, (5, 6)), (VALUES,)),
    Case("conv_transpose3d", lambda x, w, b: ops.conv_transpose3d(x, w, b, 2, 1),
         lambda x, w, b: conv3d_transposed(x, w, (2, 2, 2), (1,) * 6) + b[:, None, None, None],
         (VOLUMES, TRANSPOSED3D, uniform((3,))), rtol=1e-4),
    Case("conv_transpose1d", lambda x, w: ops.conv_transpose1d(x, w, None, 3, 1, 1),
         lambda x, w: conv3d_transposed(x[:, :, None, None], w[:, :, None, None], (1, 1, 3), (0, 0, 0, 0, 1, 1),
                                        (0, 0, 1))[:, :, 0, 0], (uniform((2, 3, 4)), uniform((3, 2, 5))), rtol=1e-4),
    Case("Conv2DTranspose", lambda x, w: P.Conv2DTranspose(4, 3, "pad", 1, stride=2)(x, w, (2, 3, 9, 11)),
         lambda x, w: conv3d_transposed(x[:, :, None], w[:, :, None], (1, 2, 2), (0, 0, 1, 1, 1, 1))[:, :, 0],
         (IMAGES, uniform((4, 3, 3, 3))), rtol=1e-4),
    Case("lp_pool1d", lambda x: ops.lp_pool1d(x, 3.0, 2, 1),
         lambda x: (x[..., :-1] ** 3 + x[..., 1:] ** 3) ** (1 / 3), (uniform((2, 3, 5), 0.5, 2),), rtol=1e-4),
    Case("lp_pool2d", lambda x: ops.lp_pool2d(x, 2.0, (2, 3)),
         lambda x: np.sqrt((windows_of(x, (2, 3), (2, 3), (0,) * 4) ** 2).sum((-2, -1))), (IMAGES,), rtol=1e-4),
    Case("upsample", lambda x: ops.upsample(x, (10, 6)), lambda x: x.repeat(2, 2), (IMAGES,)),
    Case("ResizeNearestNeighborV2", lambda x: P.ResizeNearestNeighborV2()(x, (10, 3)),
         lambda x: x[:, :, :, ::2].repeat(2, 2), (IMAGES,)),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_cases(case):
    check_eager(case)
    check_graph(case)
    if case.grad:
        check_gradient(case)


@pytest.mark.parametrize("call, error, text", [
    (lambda x: P.Conv3D(3, 2)(x, x), ValueError, "Conv3D: mode is 1 and w has shape"),
    (lambda x: P.Conv3DTranspose(4, 3, 2)(x, x), ValueError, "expected mode 1 and the shape"),
    (lambda x: ops.conv3d_transpose(x, x, output_padding=1), ValueError, "expected 5 axes"),
    (lambda x: P.DepthwiseConv2dNative(1, 2)(x, x), ValueError, "channel_multiplier"),
    (lambda x: P.Dilation2D(1, 1, data_format="NHWC")(x, x), ValueError, "data_format is 'NHWC'"),
    (lambda x: P.Dilation2D(1, 1)(x, x), ValueError, "expected .N, C, H, W. and .C, h, w."),
    (lambda x: P.DeformableOffsets((1, 2, 2, 1), (0,) * 4, (1, 1))(x, x), ValueError, "strides is .1, 2, 2, 1."),
    (lambda x: P.DeformableOffsets((1, 1, 2, 1), (0,) * 4, (1, 1))(x, x), ValueError, "offsets has shape"),
    (lambda x: P.DeformableOffsets((1, 1, 1, 2), (0,) * 4, (1, 1), data_format="NHWC")(x, x), ValueError,
     "strides is .1, 1, 1, 2.; expected 1 for the N and C of NHWC"),
    (lambda x: P.DeformableOffsets((1, 2, 1, 1), (0,) * 4, (1, 1), data_format="NHWC")(x, x[0]), ValueError,
     "the channels last"),
    (lambda x: P.DeformableOffsets((1, 1, 1, 1), (0,) * 4, (1, 1), modulated=False)(x, x), ValueError, "modulated"),
    (lambda x: ops.multi_scale_deformable_attn_function(x, ((2, 2),), (0,), x, x), ValueError, "as many pixels"),
    (lambda x: P.Dropout2D(1.5)(x), ValueError, "keep_prob is 1.5"),
    (lambda x: P.Dropout3D()(x), ValueError, "expected 5 axes"),
    (lambda x: P.MaxPool3D(2)(x), ValueError, "expected .N, C, D, H, W."),
    (lambda x: P.MaxPool3D(2, ceil_mode=True)(ops.expand_dims(x, 0)), ValueError, "belongs to 'pad'"),
    (lambda x: P.MaxPoolWithArgmaxV2(2, argmax_type=ms.float32)(x), TypeError, "expected int32 or int64"),
    (lambda x: P.SpaceToBatch(2, ((0, 0), (0, 1)))(x), ValueError, "not divisible by blocks"),
    (lambda x: ops.space_to_batch_nd(x, (2, 2), ((0, 0),)), ValueError, "expected 2 pairs"),
    (lambda x: ops.batch_to_space_nd(x, (2, 2), ((0, 0), (0, 0))), ValueError, "divisible by 4"),
    (lambda x: ops.batch_to_space_nd(x, (1, 1), ((9, 0), (0, 0))), ValueError, "more than the 4 places"),
    (lambda x: ops.mirror_pad(x, ((0, 5),) * 4, "SYMMETRIC"), ValueError, "at most 1"),
    (lambda x: ops.mirror_pad(x, ((0, 0),) * 4, "CONSTANT"), ValueError, "mode is 'CONSTANT'"),
    (lambda x: ops.col2im(x[0], (4, 4), 2, 1, 0, 1), ValueError, "expected .N, C, taps, windows."),
    (lambda x: P.ExtractVolumePatches(2, 2, "same")(x), ValueError, "expected .N, C, D, H, W."),
])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(Tensor(uniform((1, 3, 4, 4))))


def test_names_of_the_functional_interface():
    for name in ("adaptive_avg_pool3d", "adaptive_max_pool1d", "avg_pool3d", "col2im", "ctc_loss",
                 "crop_and_resize", "deformable_conv2d", "fractional_max_pool2d", "grid_sample", "max_pool3d",
                 "max_unpool3d", "mirror_pad", "space_to_batch_nd"):
        assert getattr(F, name) is getattr(ops, name)


@pytest.mark.parametrize("net, shape", [(P.Dropout2D(0.7), (40, 10, 2, 3)), (P.Dropout3D(0.7), (40, 10, 2, 3, 1))])
def test_dropout_of_channels(net, shape):
    ms.set_seed(1)
    x = uniform(shape)
    y, mask = net(Tensor(x))
    kept = mask.asnumpy()
    assert kept.dtype == bool and 0.6 < kept.mean() < 0.8
    assert (kept == kept[(slice(None), slice(None), *(slice(0, 1),) * (len(shape) - 2))]).all()
    np.testing.assert_allclose(y.asnumpy(), np.where(kept, x / 0.7, 0), rtol=1e-5)
    assert not P.Dropout2D(0.0)(Tensor(IMAGES))[0].asnumpy().any()


def test_other_names():
    assert ops.adaptive_avg_pool2d_ext is ops.adaptive_avg_pool2d and ops.mse_loss_ext is ops.mse_loss
