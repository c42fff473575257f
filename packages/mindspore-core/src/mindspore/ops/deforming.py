"""Convolution whose taps are moved by offsets that the network computes, and attention to places that it chooses.

Each tap of each window reads the image between pixels, beside its usual place by an offset, and is scaled by a mask:
y = sum over the taps k of w_k m_k x(p + p_k + o_k). The moved taps are laid out as an image in which the windows do not
overlap, and a convolution with the kernel's size as stride does the rest. Source: Zhu et al., "Deformable ConvNets v2"
(2019).
"""
from __future__ import annotations

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_dtype_of, as_inexact, as_tensor, static_int, static_ints
from mindspore.ops.arithmetic import add, mul, sub
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.sampling import taps_between, weighted
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, reshape, transpose
from mindspore.ops.windows import conv2d

__all__ = ["deformable_conv2d", "multi_scale_deformable_attn_function"]


def _four(name: str, what: str, value) -> tuple[int, ...]:
    given = static_ints(name, what, value)
    if len(given) != 4:
        raise ValueError(f"{name}: {what} is {value!r}; expected four ints")
    return given


def _spatial(name: str, what: str, value, data_format: str) -> tuple[int, ...]:
    """The two of four ints that stand for the height and the width; the others must be 1."""
    given = _four(name, what, value)
    first = data_format.index("H")
    if given[:first] + given[first + 2:] != (1, 1):
        raise ValueError(f"{name}: {what} is {value!r}; expected 1 for the N and C of {data_format}")
    return given[first:first + 2]


def deformable_offsets(x: Operand, offsets: Operand, strides, pads, ksize, dilations=(1, 1, 1, 1),
                       data_format: str = "NCHW", deformable_groups: int = 1, modulated: bool = True) -> Tensor:
    """The moved and masked taps of images (N, C, H, W): (N, C, H' h, W' w), each window a block of its own. For the
    data_format "NHWC" the channels of x, offsets and the result are their last axes.

    Args:
        offsets: (N, 3 g h w, H', W'), in order: how far each tap of each of the g groups of channels moves to the
            right, how far down, and its mask.
        strides, dilations: (1, 1, down, right), for "NHWC" (1, down, right, 1). pads: (top, bottom, left, right).
        ksize: (h, w). deformable_groups: g, which divides the channels. modulated: must be True, there is a mask.

    Raises:
        ValueError: other shapes and attributes.
    """
    return moved_taps(x, offsets, strides, pads, ksize, dilations, data_format, deformable_groups, modulated)


def moved_taps(x: Operand, offsets: Operand, strides, pads, ksize, dilations=(1, 1, 1, 1), data_format: str = "NCHW",
               deformable_groups: int = 1, modulated: bool = True, fewer: bool = False) -> Tensor:
    """`deformable_offsets`; with `fewer` the offsets may be for the first windows of each axis only."""
    name = "deformable_conv2d"
    if data_format not in ("NCHW", "NHWC") or not modulated:
        raise ValueError(f"{name}: data_format is {data_format!r} and modulated is {modulated}; expected 'NCHW' or "
                         f"'NHWC', and True")
    images = as_inexact(name, x)
    moves = as_dtype_of(name, as_tensor(name, offsets, "offsets"), images, "offsets")
    if data_format == "NHWC":
        for what, value in (("x", images), ("offsets", moves)):
            if value.ndim != 4:
                raise ValueError(f"{name}: {what} has shape {value.shape}; expected four axes, the channels last")
        images, moves = (transpose(value, (0, 3, 1, 2)) for value in (images, moves))
    steps, apart = (_spatial(name, what, value, data_format) for what, value in (
        ("strides", strides), ("dilations", dilations)))
    around, kernel = _four(name, "pads", pads), static_ints(name, "ksize", ksize)
    groups = static_int(name, "deformable_groups", deformable_groups)
    if images.ndim != 4 or len(kernel) != 2 or groups < 1 or images.shape[1] % groups:
        raise ValueError(f"{name}: x has shape {images.shape}, ksize is {ksize} and deformable_groups is {groups}; "
                         f"expected (N, C, H, W), two ints, and a number that divides C")
    n, c = images.shape[:2]
    out = tuple((size + around[2 * k] + around[2 * k + 1] - apart[k] * (kernel[k] - 1) - 1) // steps[k] + 1
                for k, size in enumerate(images.shape[2:]))
    if fewer and moves.ndim == 4 and all(0 < own <= size for own, size in zip(moves.shape[2:], out)):
        out = moves.shape[2:]
    if moves.shape != (n, 3 * groups * kernel[0] * kernel[1], *out):
        raise ValueError(f"{name}: offsets has shape {moves.shape}; expected "
                         f"{(n, 3 * groups * kernel[0] * kernel[1], *out)}")
    right, down, mask = (reshape(moves[:, k * (moves.shape[1] // 3):(k + 1) * (moves.shape[1] // 3)],
                                 (n * groups, *kernel, *out)) for k in range(3))
    places = []
    for axis, own in enumerate((down, right)):
        usual = (np.arange(out[axis]) * steps[axis] - around[2 * axis] +
                 np.arange(kernel[axis])[:, None] * apart[axis]).astype(images.dtype.np)
        usual = usual[:, None, :, None] if axis == 0 else usual[:, None, :]
        places.append(add(own, Tensor(np.ascontiguousarray(np.broadcast_to(usual, (*kernel, *out))))))
    count = kernel[0] * kernel[1] * out[0] * out[1]
    taps = [taps_between(reshape(p, (n * groups, count)), size) for p, size in zip(places, images.shape[2:])]
    read = weighted(reshape(images, (n * groups, c // groups, *images.shape[2:])), taps)
    read = mul(read, broadcast_to(reshape(mask, (n * groups, 1, count)), read.shape))
    read = transpose(reshape(read, (n, c, *kernel, *out)), (0, 1, 4, 2, 5, 3))
    blocks = reshape(read, (n, c, out[0] * kernel[0], out[1] * kernel[1]))
    return transpose(blocks, (0, 2, 3, 1)) if data_format == "NHWC" else blocks


def deformable_conv2d(x: Operand, weight: Operand, offsets: Operand, kernel_size, strides, padding,
                      bias: Operand | None = None, dilations=(1, 1, 1, 1), groups: int = 1,
                      deformable_groups: int = 1, modulated: bool = True) -> Tensor:
    """The convolution of images (N, C, H, W) with kernels (O, C / groups, h, w), plus bias (O,), whose taps are moved.

    Args:
        offsets: (N, 3 g h w, H', W'), in order: how far each tap of each of the g groups of channels moves to the
            right, how far down, and by what it is multiplied.
        kernel_size: (h, w). strides, dilations: (1, 1, down, right). padding: (top, bottom, left, right).
        groups: of the convolution. deformable_groups: g. modulated: must be True.

    Raises:
        ValueError: other shapes and attributes.
    """
    kernel = static_ints("deformable_conv2d", "kernel_size", kernel_size)
    moved = deformable_offsets(x, offsets, strides, padding, kernel, dilations, "NCHW", deformable_groups, modulated)
    return conv2d(moved, weight, bias, kernel, groups=groups)


# -- attention to a few places of several images -----------------------------------------------------------------------

def multi_scale_deformable_attn_function(value: Operand, shape: Operand, offset: Operand, locations: Operand,
                                         weight: Operand) -> Tensor:
    """The weighted mean of what stands at a few places of the feature maps of several scales: (N, queries, heads dim).

    Args:
        value: (N, keys, heads, dim), the pixels of all maps one behind the other. shape: (maps, 2), height and width
            of each map, which must be known. offset: (maps,), where the pixels of each map begin.
        locations: (N, queries, heads, maps, points, 2), (x, y) of each place, 0 to 1 from edge to edge; between pixels
            there is bilinear interpolation, beyond the border there are zeros.
        weight: (N, queries, heads, maps, points).

    Source: Zhu et al., "Deformable DETR" (2021). ValueError for other shapes.
    """
    name = "multi_scale_deformable_attn_function"
    x = as_inexact(name, value)
    places, shares = (as_dtype_of(name, as_tensor(name, v, w), x) for v, w in (
        (locations, "locations"), (weight, "weight")))
    sizes = [static_ints(name, "shape", row) for row in (shape.tolist() if isinstance(shape, Tensor) else shape)]
    starts = static_ints(name, "offset", offset)
    if x.ndim != 4 or places.ndim != 6 or places.shape[-1] != 2 or places.shape[:-1] != shares.shape or \
            places.shape[0] != x.shape[0] or places.shape[2:4] != (x.shape[2], len(sizes)) or \
            len(starts) != len(sizes) or sum(h * w for h, w in sizes) != x.shape[1]:
        raise ValueError(f"{name}: shapes {x.shape}, shape {sizes}, offset {starts}, locations {places.shape} and "
                         f"weight {shares.shape}; expected (N, keys, heads, dim), sizes with as many pixels as keys, "
                         f"(N, queries, heads, maps, points, 2) and (N, queries, heads, maps, points)")
    n, _, heads, dim = x.shape
    queries, points = places.shape[1], places.shape[4]
    total = None
    for k, ((height, width), start) in enumerate(zip(sizes, starts)):
        image = transpose(cut(x, 1, start, start + height * width), (0, 2, 3, 1))
        image = reshape(image, (n * heads, dim, height, width))
        own = reshape(transpose(places[:, :, :, k], (0, 2, 1, 3, 4)), (n * heads, queries * points, 2))
        taps = [taps_between(sub(mul(own[..., 1 - axis], size), 0.5), size)
                for axis, size in enumerate((height, width))]
        read = reshape(weighted(image, taps), (n, heads, dim, queries, points))
        share = expand_dims(transpose(shares[:, :, :, k], (0, 2, 1, 3)), 2)
        part = sum_over(mul(read, share), 4)
        total = part if total is None else add(total, part)
    return reshape(transpose(total, (0, 3, 1, 2)), (n, queries, heads * dim))
