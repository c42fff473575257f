"""Sliding windows over the trailing spatial axes of an array: the geometry that convolution and pooling share.

A window operator walks a kernel over an image of the layout [batch, channels, spatial ...]. Along one axis, with an
input of `size`, `low` and `high` padded elements, a kernel of k taps that stand `dilation` apart and steps of `stride`,

    reach = dilation * (k - 1) + 1
    outputs = (low + size + high - reach) // stride + 1        and 0 outputs if the padded input is shorter than reach

and tap t of output o reads the padded position o * stride + t * dilation. `unfold` shows an array as the array of its
windows, without copying, by strides; `fold` is its adjoint, which adds windows back into place. The two carry the
references of all window operators, for any number of spatial axes.

Padding is a flat tuple of a low and a high number per spatial axis: (top, bottom, left, right) for images.
"""
from __future__ import annotations

from itertools import product

import numpy as np

from mindspore.compiler.ir.dims import Dim


def check_counts(name: str, what: str, value, count: int, least: int) -> None:
    """ValueError unless `value` is a tuple of `count` integers that are at least `least`."""
    if not isinstance(value, tuple) or len(value) != count or any(
            not isinstance(v, (int, Dim)) or isinstance(v, bool) or v < least for v in value):
        raise ValueError(f"{name}: {what} is {value!r}; expected a tuple of {count} integers, each at least {least}")


def check_rank(name: str, what: str, shape: tuple, axes: tuple) -> None:
    """ValueError unless `shape` has one size for each of the named `axes`."""
    if len(shape) != len(axes):
        raise ValueError(f"{name}: {what} has shape {shape}; expected {len(axes)} axes: {', '.join(axes)}")


def output_sizes(name: str, sizes: tuple, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple) -> tuple:
    """The number of windows along each spatial axis; ValueError where not even one fits into a non-empty axis."""
    outputs = []
    for axis, (size, taps, step, apart) in enumerate(zip(sizes, kernel, stride, dilation, strict=True)):
        padded = size + padding[2 * axis] + padding[2 * axis + 1]
        reach = apart * (taps - 1) + 1
        if padded < reach and size:
            raise ValueError(f"{name}: the kernel {kernel} with dilation {dilation} reaches over {reach} elements of "
                             f"spatial axis {axis}, but the padded input has only {padded} (size {size}, padding "
                             f"{padding}); use a smaller kernel or more padding")
        outputs.append(max(0, (padded - reach) // step + 1))
    return tuple(outputs)


def pad_spatial(x: np.ndarray, padding: tuple, value=0) -> np.ndarray:
    """`x` with its spatial axes padded by `value`."""
    spatial = len(padding) // 2
    widths = [(0, 0)] * (x.ndim - spatial) + [(padding[2 * i], padding[2 * i + 1]) for i in range(spatial)]
    return np.pad(x, widths, constant_values=value) if any(padding) else x


def crop_spatial(x: np.ndarray, padding: tuple) -> np.ndarray:
    """`x` without its padding: the adjoint of padding with zero."""
    spatial = len(padding) // 2
    keep = [slice(padding[2 * i], x.shape[x.ndim - spatial + i] - padding[2 * i + 1]) for i in range(spatial)]
    return x[(..., *keep)]


def unfold(x: np.ndarray, outputs: tuple, kernel: tuple, stride: tuple, dilation: tuple) -> np.ndarray:
    """The windows of a padded array as a read-only view of shape [..., outputs ..., kernel ...]."""
    spatial = len(kernel)
    lead, steps = x.shape[:x.ndim - spatial], x.strides[x.ndim - spatial:]
    strides = (x.strides[:x.ndim - spatial] + tuple(s * n for s, n in zip(steps, stride, strict=True))
               + tuple(s * n for s, n in zip(steps, dilation, strict=True)))
    return np.lib.stride_tricks.as_strided(x, lead + outputs + kernel, strides, writeable=False)


def fold(windows: np.ndarray, sizes: tuple, stride: tuple, dilation: tuple) -> np.ndarray:
    """Add windows [..., outputs ..., kernel ...] into an array with the padded spatial `sizes`."""
    spatial = len(sizes)
    lead = windows.shape[:windows.ndim - 2 * spatial]
    outputs, kernel = windows.shape[-2 * spatial:-spatial], windows.shape[-spatial:]
    total = np.zeros(lead + sizes, windows.dtype)
    for tap in product(*map(range, kernel)):
        place = tuple(slice(t * apart, t * apart + step * (count - 1) + 1, step) if count else slice(0, 0)
                      for t, apart, step, count in zip(tap, dilation, stride, outputs, strict=True))
        total[(..., *place)] += windows[(..., *tap)]
    return total
