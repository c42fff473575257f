"""Convolution, pooling, and what else slides windows over images.

Images are (batch, channels, spatial axes ...); a missing batch axis is allowed where the rank tells. `pad_mode` is
'valid' (no padding), 'same' (as many windows as the size divided by the stride, rounded up, with the larger half of the
padding behind) or 'pad' (`padding`: one number, one for each axis, or one for each side).
"""
from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    Sizes,
    apply,
    as_inexact,
    as_tensor,
    constant,
    convert,
    primitive,
    promote,
    static_bool,
    static_int,
    static_ints,
)
from mindspore.ops.activation import relu
from mindspore.ops.arithmetic import add
from mindspore.ops.arithmetic import pow as power
from mindspore.ops.mixing import Weights, cubic_weights, linear_weights, mix, nearest_weights
from mindspore.ops.shapes import expand_dims, reshape, squeeze, swapaxes, transpose

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool2d_ext", "avg_pool1d", "avg_pool2d",
    "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "fold", "interpolate", "lp_pool1d",
    "lp_pool2d", "max_pool2d", "pixel_shuffle", "pixel_unshuffle", "unfold", "upsample",
]

_CONV2D, _CONV3D, _CONV2D_INPUT_GRAD, _MAX_POOL, _MAX_INDEX, _AVG_POOL = map(
    primitive, ("conv2d", "conv3d", "conv2d_input_grad", "max_pool2d", "max_pool2d_index", "avg_pool2d"))
_UNFOLD, _FOLD, _RESHAPE, _MUL, _PAD, _GATHER = map(
    primitive, ("unfold2d", "fold2d", "reshape", "mul", "pad", "gather"))

Sides = int | Sequence[int]


def per_axis(name: str, what: str, value: Sides, count: int, least: int = 1) -> tuple[int, ...]:
    """One int for each spatial axis, from one for all or one for each. ValueError for other counts and small ones."""
    given = static_ints(name, what, value)
    if len(given) == 1:
        given *= count
    if len(given) == count + 2 and given[:2] == (1, 1):
        given = given[2:]
    if len(given) != count or any(v < least for v in given):
        raise ValueError(f"{name}: {what} is {value!r}; expected one int, or {count} ints, each at least {least}")
    return given


def sides(name: str, pad_mode: str, padding: Sides, sizes: tuple, kernel: tuple, stride: tuple,
          dilation: tuple) -> tuple[int, ...]:
    """The padding before and behind each spatial axis, in turn."""
    count = len(sizes)
    if pad_mode not in ("valid", "same", "pad"):
        raise ValueError(f"{name}: pad_mode is {pad_mode!r}; expected 'valid', 'same' or 'pad'")
    given = static_ints(name, "padding", padding)
    if pad_mode != "pad" and any(given):
        raise ValueError(f"{name}: padding is {padding} with pad_mode {pad_mode!r}; it must be 0 there")
    if pad_mode == "valid":
        return (0,) * (2 * count)
    if pad_mode == "same":
        totals = [max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
                  for n, k, s, d in zip(sizes, kernel, stride, dilation)]
        return tuple(v for t in totals for v in (t // 2, t - t // 2))
    if len(given) == 1:
        given *= 2 * count
    elif len(given) == count:
        given = tuple(v for p in given for v in (p, p))
    if len(given) != 2 * count or any(v < 0 for v in given):
        raise ValueError(f"{name}: padding is {padding!r}; expected one int, {count} or {2 * count}, none negative")
    return given


# -- convolution -------------------------------------------------------------------------------------------------------

def as_images(name: str, input: Operand, weight: Operand, spatial: int) -> tuple[Tensor, Tensor]:
    x, w = promote(name, as_inexact(name, input), as_tensor(name, weight, "weight"))
    if x.ndim != spatial + 2 or w.ndim != spatial + 2:
        raise ValueError(f"{name}: input has shape {x.shape} and weight {w.shape}; expected {spatial + 2} axes each: "
                         f"(batch, channels, ...) and (out channels, in channels / groups, ...)")
    return x, w


def with_bias(name: str, y: Tensor, bias: Operand | None) -> Tensor:
    if bias is None:
        return y
    b = convert(as_tensor(name, bias, "bias"), y.dtype)
    if b.shape != (y.shape[1],):
        raise ValueError(f"{name}: bias has shape {b.shape}; expected {(y.shape[1],)}, one number for each out channel")
    return add(y, apply(_RESHAPE, (b,), ((b.size,) + (1,) * (y.ndim - 2),)))


def _convolution(name: str, op, spatial: int, input, weight, bias, stride, pad_mode, padding, dilation, groups):
    x, w = as_images(name, input, weight, spatial)
    steps = per_axis(name, "stride", stride, spatial)
    apart = per_axis(name, "dilation", dilation, spatial)
    around = sides(name, pad_mode, padding, x.shape[2:], w.shape[2:], steps, apart)
    y = apply(op, (x, w), (steps, around, apart, static_int(name, "groups", groups)))
    return with_bias(name, y, bias)


def conv2d(input: Operand, weight: Operand, bias: Operand | None = None, stride: Sides = 1, pad_mode: str = "valid",
           padding: Sides = 0, dilation: Sides = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of images (N, C, H, W) with kernels (O, C / groups, h, w), plus bias (O,), to
    (N, O, H', W'). ValueError for channels and sizes that do not fit."""
    return _convolution("conv2d", _CONV2D, 2, input, weight, bias, stride, pad_mode, padding, dilation, groups)


def conv3d(input: Operand, weight: Operand, bias: Operand | None = None, stride: Sides = 1, pad_mode: str = "valid",
           padding: Sides = 0, dilation: Sides = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of volumes (N, C, D, H, W) with kernels (O, C / groups, d, h, w); see `conv2d`."""
    return _convolution("conv3d", _CONV3D, 3, input, weight, bias, stride, pad_mode, padding, dilation, groups)


def conv1d(input: Operand, weight: Operand, bias: Operand | None = None, stride: int = 1, pad_mode: str = "valid",
           padding: Sides = 0, dilation: int = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of sequences (N, C, L) with kernels (O, C / groups, l); see `conv2d`."""
    x, w = as_images("conv1d", input, weight, 1)
    step, apart = per_axis("conv1d", "stride", stride, 1), per_axis("conv1d", "dilation", dilation, 1)
    around = (0, 0, *sides("conv1d", pad_mode, padding, x.shape[2:], w.shape[2:], step, apart))
    y = apply(_CONV2D, (expand_dims(x, 2), expand_dims(w, 2)),
              ((1, *step), around, (1, *apart), static_int("conv1d", "groups", groups)))
    return with_bias("conv1d", squeeze(y, 2), bias)


def conv_transpose2d(input: Operand, weight: Operand, bias: Operand | None = None, stride: Sides = 1,
                     padding: Sides = 0, output_padding: Sides = 0, groups: int = 1, dilation: Sides = 1) -> Tensor:
    """The transpose (adjoint) of a convolution: input (N, C, H, W), weight (C, O / groups, h, w), to (N, O, H', W')
    with H' = (H - 1) stride - 2 padding + dilation (h - 1) + 1 + output_padding."""
    name = "conv_transpose2d"
    x, w = as_images(name, input, weight, 2)
    steps, apart = per_axis(name, "stride", stride, 2), per_axis(name, "dilation", dilation, 2)
    extra = per_axis(name, "output_padding", output_padding, 2, 0)
    around = sides(name, "pad", padding, x.shape[2:], w.shape[2:], steps, apart)
    sizes = tuple((n - 1) * s - around[2 * i] - around[2 * i + 1] + d * (k - 1) + 1 + e
                  for i, (n, s, d, k, e) in enumerate(zip(x.shape[2:], steps, apart, w.shape[2:], extra)))
    y = apply(_CONV2D_INPUT_GRAD, (x, w), (sizes, steps, around, apart, static_int(name, "groups", groups)))
    return with_bias(name, y, bias)


# -- pooling -----------------------------------------------------------------------------------------------------------

def _with_batch(name: str, input: Operand) -> tuple[Tensor, bool]:
    x = as_inexact(name, input)
    if x.ndim not in (3, 4):
        raise ValueError(f"{name}: input has shape {x.shape}; expected (N, C, H, W) or (C, H, W)")
    return (expand_dims(x, 0), True) if x.ndim == 3 else (x, False)


def ceil_sides(around: tuple, sizes: tuple, kernel: tuple, stride: tuple, dilation: tuple) -> tuple:
    """Padding behind enlarged so that a last window that begins inside of the image is counted too."""
    result = list(around)
    for i, (n, k, s, d) in enumerate(zip(sizes, kernel, stride, dilation)):
        low, reach = around[2 * i], d * (k - 1) + 1
        room = low + n + around[2 * i + 1] - reach
        count = -(-room // s) + 1
        if (count - 1) * s >= n + low:
            count -= 1
        result[2 * i + 1] = max((count - 1) * s + reach - n - low, around[2 * i + 1])
    return tuple(result)


def pool_largest(name: str, operators: tuple, batch: tuple[Tensor, bool], kernel_size: Sides, stride: Sides | None,
                 padding: Sides, dilation: Sides, ceil_mode: bool, return_indices: bool):
    """The largest element of each window of any number of axes, and its place with `return_indices`.

    `operators`: of the elements and of the places; `batch`: (N, C, ...), and whether the batch axis was missing.
    """
    value, single = batch
    rank = value.ndim - 2
    kernel = per_axis(name, "kernel_size", kernel_size, rank)
    steps = kernel if stride is None else per_axis(name, "stride", stride, rank)
    apart = per_axis(name, "dilation", dilation, rank)
    around = sides(name, "pad", padding, value.shape[2:], kernel, steps, apart)
    if static_bool(name, "ceil_mode", ceil_mode):
        around = ceil_sides(around, value.shape[2:], kernel, steps, apart)
    largest, place = operators
    attrs = (kernel, steps, around, apart)
    y = apply(largest, (value,), attrs)
    result = squeeze(y, 0) if single else y
    if not return_indices:
        return result
    places = apply(place, (value, y), attrs)
    return result, squeeze(places, 0) if single else places


def max_pool2d(x: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0, dilation: Sides = 1,
               return_indices: bool = False, ceil_mode: bool = False):
    """The largest element of each window of images (N, C, H, W) or (C, H, W); the stride is the kernel's size by
    default. With `ceil_mode` windows that reach over the end count too, with `return_indices` the places h * W + w
    (Int64) of the largest elements come second. The gradient goes to the first largest element."""
    return pool_largest("max_pool2d", (_MAX_POOL, _MAX_INDEX), _with_batch("max_pool2d", x), kernel_size, stride,
                        padding, dilation, ceil_mode, return_indices)


def avg_pool2d(input_x: Operand, kernel_size: Sides = 1, stride: Sides = 1, padding: Sides = 0,
               ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int = 0) -> Tensor:
    """The mean of each window of images (N, C, H, W) or (C, H, W). The padding counts as zeros with
    `count_include_pad`; `divisor_override` (not 0) divides the sums in place of the number of elements. With
    `ceil_mode` windows that reach over the end count too."""
    x, single = _with_batch("avg_pool2d", input_x)
    kernel = per_axis("avg_pool2d", "kernel_size", kernel_size, 2)
    steps = per_axis("avg_pool2d", "stride", stride, 2)
    around = sides("avg_pool2d", "pad", padding, x.shape[2:], kernel, steps, (1, 1))
    count_include_pad = static_bool("avg_pool2d", "count_include_pad", count_include_pad)
    if ceil_mode:
        wider = ceil_sides(around, x.shape[2:], kernel, steps, (1, 1))
        if count_include_pad and wider != around and not divisor_override:
            x = apply(_PAD, (x,), ((0, 0, *around[::2]), (0, 0, *around[1::2]), (0,) * 4, 0))
            wider = tuple(w - a for w, a in zip(wider, around))
            count_include_pad = False
        around = wider
    y = apply(_AVG_POOL, (x,), (kernel, steps, around, count_include_pad or bool(divisor_override)))
    if divisor_override:
        y = apply(_MUL, (y, constant(kernel[0] * kernel[1] / divisor_override, y.dtype)))
    return squeeze(y, 0) if single else y


def avg_pool1d(input_x: Operand, kernel_size: int = 1, stride: int = 1, padding: Sides = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """The mean of each window of sequences (N, C, L) or (C, L); see `avg_pool2d`."""
    x = expand_dims(as_inexact("avg_pool1d", input_x), -2)
    around = sides("avg_pool1d", "pad", padding, x.shape[-1:], (1,), (1,), (1,))
    y = avg_pool2d(x, (1, *per_axis("avg_pool1d", "kernel_size", kernel_size, 1)),
                   (1, *per_axis("avg_pool1d", "stride", stride, 1)), (0, 0, *around), ceil_mode, count_include_pad)
    return squeeze(y, -2)


def adaptive_targets(name: str, output_size: Sizes | tuple, sizes: tuple) -> tuple[int, ...]:
    """The size of the output on each spatial axis; None keeps that of the input."""
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * len(sizes)
    if len(given) != len(sizes):
        raise ValueError(f"{name}: output_size is {output_size}; expected one int, or {len(sizes)}")
    found = tuple(n if t is None else static_int(name, "output_size", t) for t, n in zip(given, sizes))
    if any(t < 1 for t in found):
        raise ValueError(f"{name}: output_size is {output_size}; expected positive sizes, or None to keep one")
    return found


def bins(size: int, count: int) -> list[tuple[int, int]]:
    """Where the windows of adaptive pooling begin and end."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def adaptive_avg(x: Tensor, axis: int, count: int) -> Tensor:
    """The means of `count` evenly spread windows along an axis."""
    size = x.shape[axis]
    if count == size:
        return x
    start, stop = np.array(bins(size, count)).T[:, :, None]
    places = start + np.arange((stop - start).max())
    shares = np.where(places < stop, 1 / (stop - start), 0)
    return mix(x, axis, Weights(np.minimum(places, size - 1), shares, size))


def adaptive_avg_pool2d(input: Operand, output_size: Sizes) -> Tensor:
    """The means of output_size evenly spread windows of images (N, C, H, W) or (C, H, W); None keeps a size."""
    x = _with_batch("adaptive_avg_pool2d", input)[0]
    height, width = adaptive_targets("adaptive_avg_pool2d", output_size, x.shape[-2:])
    if x.shape[2] % height == 0 and x.shape[3] % width == 0:
        window = (x.shape[2] // height, x.shape[3] // width)
        y = apply(_AVG_POOL, (x,), (window, window, (0, 0, 0, 0), True))
    else:
        y = adaptive_avg(adaptive_avg(x, 2, height), 3, width)
    return squeeze(y, 0) if as_tensor("adaptive_avg_pool2d", input).ndim == 3 else y


adaptive_avg_pool2d_ext = adaptive_avg_pool2d


def adaptive_avg_pool1d(input: Operand, output_size: int) -> Tensor:
    """The means of output_size evenly spread windows of sequences (N, C, L) or (C, L)."""
    x = as_inexact("adaptive_avg_pool1d", input)
    return adaptive_avg(x, x.ndim - 1, adaptive_targets("adaptive_avg_pool1d", output_size, x.shape[-1:])[0])


def _lp_pool(name: str, x: Operand, norm_type: float, kernel_size: Sides, stride: Sides | None, ceil_mode: bool,
             spatial: int) -> Tensor:
    kernel = per_axis(name, "kernel_size", kernel_size, spatial)
    steps = kernel if stride is None else per_axis(name, "stride", stride, spatial)
    value = as_inexact(name, x)
    if value.ndim not in (spatial + 1, spatial + 2):
        raise ValueError(f"{name}: x has shape {value.shape}; expected {spatial + 2} axes, or {spatial + 1} without a "
                         f"batch")
    powers = power(value, norm_type)
    pooled = avg_pool1d(powers, kernel[0], steps[0], 0, ceil_mode, True) if spatial == 1 else \
        avg_pool2d(powers, kernel, steps, 0, ceil_mode, True)
    return power(relu(apply(_MUL, (pooled, constant(prod(kernel), pooled.dtype)))), 1.0 / norm_type)


def lp_pool1d(x: Operand, norm_type: float, kernel_size: int, stride: int | None = None,
              ceil_mode: bool = False) -> Tensor:
    """(sum x^p)^(1/p), p = norm_type, of each window of sequences (N, C, L) or (C, L); 0 where the sum is negative, as
    it may be for odd p. The stride is the kernel's size by default."""
    return _lp_pool("lp_pool1d", x, norm_type, kernel_size, stride, ceil_mode, 1)


def lp_pool2d(x: Operand, norm_type: float, kernel_size: Sides, stride: Sides | None = None,
              ceil_mode: bool = False) -> Tensor:
    """(sum x^p)^(1/p), p = norm_type, of each window of images (N, C, H, W) or (C, H, W); see `lp_pool1d`."""
    return _lp_pool("lp_pool2d", x, norm_type, kernel_size, stride, ceil_mode, 2)


# -- windows as columns ------------------------------------------------------------------------------------------------

def unfold(input: Operand, kernel_size: Sides, dilation: Sides = 1, padding: Sides = 0, stride: Sides = 1) -> Tensor:
    """The windows of images (N, C, H, W) as columns (N, C h w, windows), or of one image (C, H, W)."""
    name = "unfold"
    x = as_inexact(name, input)
    kernel = per_axis(name, "kernel_size", kernel_size, 2)
    steps, apart = per_axis(name, "stride", stride, 2), per_axis(name, "dilation", dilation, 2)
    around = sides(name, "pad", padding, (0, 0), kernel, steps, apart)
    columns = apply(_UNFOLD, (expand_dims(x, 0) if x.ndim == 3 else x,), (kernel, steps, around, apart))
    return squeeze(columns, 0) if x.ndim == 3 else columns


def fold(input: Operand, output_size: Sizes, kernel_size: Sides, dilation: Sides = 1, padding: Sides = 0,
         stride: Sides = 1) -> Tensor:
    """Columns (N, C h w, windows) added into images (N, C, *output_size), or those of one image, (C h w, windows): the
    transpose of `unfold`."""
    name = "fold"
    x = as_inexact(name, input)
    kernel = per_axis(name, "kernel_size", kernel_size, 2)
    steps, apart = per_axis(name, "stride", stride, 2), per_axis(name, "dilation", dilation, 2)
    around = sides(name, "pad", padding, (0, 0), kernel, steps, apart)
    images = apply(_FOLD, (expand_dims(x, 0) if x.ndim == 2 else x,),
                   (per_axis(name, "output_size", output_size, 2), kernel, steps, around, apart))
    return squeeze(images, 0) if x.ndim == 2 else images


def pixel_shuffle(input: Operand, upscale_factor: int) -> Tensor:
    """(..., C r r, H, W) to (..., C, H r, W r): channels become pixels."""
    x, r = as_tensor("pixel_shuffle", input), static_int("pixel_shuffle", "upscale_factor", upscale_factor)
    if x.ndim < 3 or r < 1 or x.shape[-3] % (r * r):
        raise ValueError(f"pixel_shuffle: input has shape {x.shape} and upscale_factor is {r}; the channels must be "
                         f"divisible by its square")
    *lead, c, h, w = x.shape
    n = len(lead)
    x = reshape(x, (*lead, c // (r * r), r, r, h, w))
    x = transpose(x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return reshape(x, (*lead, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Operand, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) to (..., C r r, H, W): pixels become channels."""
    x, r = as_tensor("pixel_unshuffle", input), static_int("pixel_unshuffle", "downscale_factor", downscale_factor)
    if x.ndim < 3 or r < 1 or x.shape[-1] % r or x.shape[-2] % r:
        raise ValueError(f"pixel_unshuffle: input has shape {x.shape} and downscale_factor is {r}; it must divide the "
                         f"last two sizes")
    *lead, c, h, w = x.shape
    n = len(lead)
    x = reshape(x, (*lead, c, h // r, r, w // r, r))
    x = transpose(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return reshape(x, (*lead, c * r * r, h // r, w // r))


def channel_shuffle(x: Operand, groups: int) -> Tensor:
    """The channels of `groups` blocks dealt out in turn: (N, g C, ...) read as (N, C, g, ...)."""
    value, groups = as_tensor("channel_shuffle", x), static_int("channel_shuffle", "groups", groups)
    if value.ndim < 3 or groups < 1 or value.shape[1] % groups:
        raise ValueError(f"channel_shuffle: x has shape {value.shape} and groups is {groups}; it must divide axis 1")
    n, c, *rest = value.shape
    return reshape(swapaxes(reshape(value, (n, groups, c // groups, *rest)), 1, 2), value.shape)


# -- resizing ----------------------------------------------------------------------------------------------------------

def interpolate(input: Operand, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None,
                mode: str = "nearest", align_corners: bool | None = None,
                recompute_scale_factor: bool | None = None) -> Tensor:
    """Images (N, C, spatial ...) resized to `size`, or by `scale_factor`. mode: 'nearest', 'nearest-exact', 'area', or
    'linear', 'bilinear' and 'bicubic', 'trilinear' for 1, 2, 3 spatial axes. With `align_corners` the corner elements
    keep their places, otherwise the corners of the image do."""
    x = as_inexact("interpolate", input)
    spatial = x.ndim - 2
    smooth = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}.get(spatial, ())
    if mode not in ("nearest", "nearest-exact", "area", *smooth):
        raise ValueError(f"interpolate: mode is {mode!r} for input of shape {x.shape}; expected 'nearest', "
                         f"'nearest-exact', 'area' or {' or '.join(map(repr, smooth))}")
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size or scale_factor")
    scales: Sequence[float | None] = (None,) * spatial
    if size is not None:
        targets = adaptive_targets("interpolate", size, x.shape[2:])
    else:
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * spatial
        targets = tuple(int(n * f) for n, f in zip(x.shape[2:], factors))
        scales = (None,) * spatial if recompute_scale_factor else tuple(1 / f for f in factors)
    for axis, (target, scale) in enumerate(zip(targets, scales), start=2):
        if mode == "area":
            x = adaptive_avg(x, axis, target)
        elif target != x.shape[axis] or scale is not None:
            x = mix(x, axis, _weights(x.shape[axis], target, mode, bool(align_corners), scale))
    return x


def _weights(size: int, target: int, mode: str, align_corners: bool, scale: float | None) -> Weights:
    step = size / target if scale is None else scale
    places = np.arange(target)
    if mode == "nearest":
        return nearest_weights(places * step, size)
    if mode == "nearest-exact":
        return nearest_weights((places + 0.5) * step, size)
    if mode == "bicubic":
        return cubic_weights(places * ((size - 1) / max(target - 1, 1)), size) if align_corners else \
            cubic_weights((places + 0.5) * step - 0.5, size, True)
    if align_corners:
        return linear_weights(places * ((size - 1) / max(target - 1, 1)), size)
    return linear_weights(np.maximum((places + 0.5) * step - 0.5, 0), size)


def upsample(input: Operand, size: Sizes | None = None, scale_factor: float | Sequence[float] | None = None,
             mode: str = "nearest", align_corners: bool | None = None,
             recompute_scale_factor: bool | None = None) -> Tensor:
    """Images resized; see `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners, recompute_scale_factor)
