"""Largest elements of windows that are named by lists of places, and back: adaptive and fractional maximum pooling,
and unpooling.

The windows of these poolings do not slide in equal steps. Each window is a row of flat places h * W + w; a window that
is smaller than the widest one names its last place several times. The elements at the places are gathered, the first
largest one of each row is the result, and its gradient goes there.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from mindspore.common.dtype import int64
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
    static_bool,
    static_ints,
)
from mindspore.ops.arithmetic import add, mul, sub
from mindspore.ops.comparison import where
from mindspore.ops.creation import arange, zeros
from mindspore.ops.elementwise import floor
from mindspore.ops.indexing import gather_elements, tensor_scatter_elements
from mindspore.ops.random import rand
from mindspore.ops.reduction import argmax
from mindspore.ops.shapes import broadcast_to, expand_dims, reshape, squeeze
from mindspore.ops.volumes import max_pool3d
from mindspore.ops.windows import Sides, adaptive_targets, bins, max_pool2d, per_axis

__all__ = ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "fractional_max_pool2d",
           "fractional_max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d"]

_GATHER = primitive("gather")


def _batched(name: str, input: Operand, spatial: int) -> tuple[Tensor, bool]:
    """(N, C, spatial ...), and whether the batch axis was missing."""
    x = as_inexact(name, input)
    if x.ndim not in (spatial + 1, spatial + 2):
        raise ValueError(f"{name}: input has shape {x.shape}; expected {spatial + 2} axes, or {spatial + 1} without a "
                         f"batch")
    return (expand_dims(x, 0), True) if x.ndim == spatial + 1 else (x, False)


def _joined(places: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    """Flat places (windows, places of each) from the places (windows, places of each) on each axis."""
    flat = np.zeros((1, 1), np.int64)
    for own, size in zip(places, sizes):
        flat = flat[:, None, :, None] * size + own[None, :, None, :]
        flat = flat.reshape(flat.shape[0] * flat.shape[1], -1)
    return flat


def _adaptive_max(name: str, input: Operand, output_size: Sizes, spatial: int, return_indices: bool):
    x, single = _batched(name, input, spatial)
    counts = adaptive_targets(name, output_size, x.shape[2:])
    static_bool(name, "return_indices", return_indices)
    if spatial > 1 and all(size % count == 0 for size, count in zip(x.shape[2:], counts)):
        pool = max_pool2d if spatial == 2 else max_pool3d
        return pool(input, tuple(n // m for n, m in zip(x.shape[2:], counts)), return_indices=return_indices)
    places = []
    for size, count in zip(x.shape[2:], counts):
        ends = bins(size, count)
        widest = max(stop - start for start, stop in ends)
        places.append(np.array([[min(start + k, stop - 1) for k in range(widest)] for start, stop in ends]))
    table = Tensor(_joined(places, x.shape[2:]))
    flat = reshape(x, (*x.shape[:2], prod(x.shape[2:])))
    rows = apply(_GATHER, (flat, table), (2,))
    best = argmax(rows, -1, True)
    y = reshape(gather_elements(rows, -1, best), (*x.shape[:2], *counts))
    y = squeeze(y, 0) if single else y
    if not return_indices:
        return y
    at = gather_elements(broadcast_to(table, rows.shape), -1, best)
    at = reshape(at, (*x.shape[:2], *counts))
    return y, squeeze(at, 0) if single else at


def adaptive_max_pool1d(input: Operand, output_size: int, return_indices: bool = False):
    """The maxima of output_size evenly spread windows of sequences (N, C, L) or (C, L); with `return_indices` also
    their places."""
    return _adaptive_max("adaptive_max_pool1d", input, output_size, 1, return_indices)


def adaptive_max_pool2d(input: Operand, output_size: Sizes, return_indices: bool = False):
    """The maxima of output_size evenly spread windows of images (N, C, H, W) or (C, H, W); None keeps a size. With
    `return_indices` also their places h * W + w (Int64)."""
    return _adaptive_max("adaptive_max_pool2d", input, output_size, 2, return_indices)


def adaptive_max_pool3d(input: Operand, output_size: Sizes, return_indices: bool = False):
    """The maxima of output_size evenly spread windows of volumes (N, C, D, H, W) or (C, D, H, W); None keeps a size.
    With `return_indices` also their places (d * H + h) * W + w (Int64)."""
    return _adaptive_max("adaptive_max_pool3d", input, output_size, 3, return_indices)


# -- windows at random places ------------------------------------------------------------------------------------------

def _fractional(name: str, input: Operand, kernel_size: Sides, output_size, output_ratio, return_indices: bool, samples,
                spatial: int):
    x, single = _batched(name, input, spatial)
    kernel = per_axis(name, "kernel_size", kernel_size, spatial)
    sizes = x.shape[2:]
    counts = _fractional_counts(name, sizes, kernel, output_size, output_ratio)
    if samples is None:
        samples = rand(*x.shape[:2], spatial, dtype=x.dtype)
    drawn = as_tensor(name, samples, "_random_samples")
    if drawn.shape != (*x.shape[:2], spatial):
        raise ValueError(f"{name}: _random_samples has shape {drawn.shape}; expected {(*x.shape[:2], spatial)}")
    flat: Tensor | None = None
    for axis in range(spatial):
        # the numbers for images stand in the order width, height; those for volumes in the order of the axes
        own = convert(drawn[:, :, spatial - 1 - axis if spatial == 2 else axis], x.dtype)
        starts = _starts(own, sizes[axis], counts[axis], kernel[axis])
        places = add(expand_dims(starts, -1), arange(kernel[axis]))
        if flat is None:
            flat = places
            continue
        n, c, windows, taps = flat.shape
        flat = add(mul(reshape(flat, (n, c, windows, 1, taps, 1)), sizes[axis]),
                   reshape(places, (n, c, 1, counts[axis], 1, kernel[axis])))
        flat = reshape(flat, (n, c, windows * counts[axis], taps * kernel[axis]))
    assert flat is not None
    batch, windows, taps = x.shape[:2], flat.shape[2], flat.shape[3]
    rows = gather_elements(reshape(x, (*batch, prod(sizes))), 2, reshape(flat, (*batch, windows * taps)))
    rows = reshape(rows, (*batch, windows, taps))
    best = argmax(rows, -1, True)
    y, at = (reshape(gather_elements(v, -1, best), (*batch, *counts)) for v in (rows, flat))
    if single:
        y, at = squeeze(y, 0), squeeze(at, 0)
    return (y, at) if static_bool(name, "return_indices", return_indices) else y


def _fractional_counts(name: str, sizes: tuple, kernel: tuple, output_size, output_ratio) -> tuple[int, ...]:
    if (output_size is None) == (output_ratio is None):
        raise ValueError(f"{name}: give either output_size or output_ratio")
    if output_size is not None:
        counts = per_axis(name, "output_size", output_size, len(sizes))
    else:
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * len(sizes)
        if len(ratios) != len(sizes) or not all(isinstance(r, float) and 0 < r < 1 for r in ratios):
            raise ValueError(f"{name}: output_ratio is {output_ratio}; expected a float between 0 and 1, or "
                             f"{len(sizes)} of them")
        counts = tuple(int(n * r) for n, r in zip(sizes, ratios))
    for size, count, taps in zip(sizes, counts, kernel):
        if count < 1 or count + taps - 1 > size:
            raise ValueError(f"{name}: {counts} windows of {kernel} do not fit on {sizes}: expected at least 1 window, "
                             f"and output_size + kernel_size - 1 not above the input's size")
    return counts


def _starts(u: Tensor, size: int, count: int, taps: int) -> Tensor:
    """Where the windows begin, for u in [0, 1) of each channel: floor((i + u) a) - floor(u a) with a the mean step, and
    the last window at the end. Source: Graham, "Fractional max-pooling" (2014), the pseudo-random form."""
    step = (size - taps) / (count - 1) if count > 1 else 0.0
    places = add(expand_dims(u, -1), convert(arange(count), u.dtype))
    starts = convert(sub(floor(mul(places, step)), floor(mul(expand_dims(u, -1), step))), int64)
    return where(arange(count) == count - 1, constant(size - taps, int64), starts)


def fractional_max_pool2d(input: Operand, kernel_size: Sides, output_size: Sizes | None = None,
                          output_ratio: float | Sequence[float] | None = None, return_indices: bool = False,
                          _random_samples: Operand | None = None):
    """The maxima of windows of one size whose distances are random, for images (N, C, H, W) or (C, H, W).

    output_size: the number of windows on each axis, or output_ratio: their share of the size, between 0 and 1.
    _random_samples: (N, C, 2) numbers in [0, 1), for width and height; they are drawn by default. With
    `return_indices` also the places h * W + w (Int64). Source: Graham (2014).
    """
    return _fractional("fractional_max_pool2d", input, kernel_size, output_size, output_ratio, return_indices,
                       _random_samples, 2)


def fractional_max_pool3d(input: Operand, kernel_size: Sides, output_size: Sizes | None = None,
                          output_ratio: float | Sequence[float] | None = None, return_indices: bool = False,
                          _random_samples: Operand | None = None):
    """The maxima of windows of one size whose distances are random, for volumes (N, C, D, H, W) or (C, D, H, W);
    _random_samples (N, C, 3) in the order of the axes, otherwise as `fractional_max_pool2d`."""
    return _fractional("fractional_max_pool3d", input, kernel_size, output_size, output_ratio, return_indices,
                       _random_samples, 3)


# -- unpooling ---------------------------------------------------------------------------------------------------------

def _unpool(name: str, x: Operand, indices: Operand, kernel_size, stride, padding, output_size, spatial: int) -> Tensor:
    value, single = _batched(name, x, spatial)
    at = as_tensor(name, indices, "indices")
    if not at.dtype.is_integer or at.shape != as_tensor(name, x).shape:
        raise ValueError(f"{name}: indices are {at.dtype} of shape {at.shape}; expected integers in the shape of the "
                         f"input, {as_tensor(name, x).shape}")
    kernel = per_axis(name, "kernel_size", kernel_size, spatial)
    steps = kernel if stride in (None, 0) else per_axis(name, "stride", stride, spatial)
    around = per_axis(name, "padding", padding, spatial, 0)
    usual = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(value.shape[2:], steps, around, kernel))
    sizes = usual
    if output_size is not None and output_size != ():
        sizes = static_ints(name, "output_size", output_size)[-spatial:]
        if len(sizes) != spatial or any(abs(n - m) >= s for n, m, s in zip(sizes, usual, steps)):
            raise ValueError(f"{name}: output_size is {output_size}; expected sizes less than a stride {steps} away "
                             f"from {usual}")
    batch, count = value.shape[:2], prod(value.shape[2:])
    blank = zeros((*batch, prod(sizes)), value.dtype)
    y = tensor_scatter_elements(blank, reshape(at, (*batch, count)), reshape(value, (*batch, count)), 2)
    y = reshape(y, (*batch, *sizes))
    return squeeze(y, 0) if single else y


def max_unpool1d(x: Operand, indices: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0,
                 output_size: Sizes | None = None) -> Tensor:
    """The elements of `x`, (N, C, L) or (C, L), at the places `indices` that `max_pool1d` gave, zeros elsewhere.

    The output has (L - 1) stride - 2 padding + kernel_size places, or `output_size`, which tells sizes apart that pool
    to the same. Of equal places the last element stays.
    """
    return _unpool("max_unpool1d", x, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(x: Operand, indices: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0,
                 output_size: Sizes | None = None) -> Tensor:
    """The elements of images at the places h * W + w that `max_pool2d` gave, zeros elsewhere; see `max_unpool1d`."""
    return _unpool("max_unpool2d", x, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(x: Operand, indices: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0,
                 output_size: Sizes | None = None) -> Tensor:
    """The elements of volumes at the places (d * H + h) * W + w that `max_pool3d` gave, zeros elsewhere; see
    `max_unpool1d`."""
    return _unpool("max_unpool3d", x, indices, kernel_size, stride, padding, output_size, 3)
