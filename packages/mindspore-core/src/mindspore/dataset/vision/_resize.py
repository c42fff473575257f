"""Resampling of images: each output pixel is a weighted sum of a few input pixels, one axis after the other.

For an axis of n input and m output pixels with s = n / m, output pixel i covers the input interval [i s, (i + 1) s] and
has its centre at (i + 1/2) s - 1/2 (pixel centres at integers). The interpolations differ in their weights only:

* nearest: the pixel at floor(i s);
* linear: the two pixels around the centre, by distance;
* cubic: four pixels, Keys' kernel with a = -3/4 ("Cubic convolution interpolation", 1981);
* area: every pixel the interval overlaps, by the length of the overlap;
* PIL's cubic (a = -1/2) and antialias (Lanczos, three lobes): the kernel is stretched by max(s, 1), so that shrinking
  averages over all pixels, and the weights are normalised.

Pixels outside the image are taken from its edge, except by the stretched kernels, which leave them out.
"""
from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

import numpy as np

__all__ = ["Inter", "resample"]


class Inter(IntEnum):
    """Interpolation methods."""

    NEAREST = 0
    ANTIALIAS = 1
    BILINEAR = 2
    LINEAR = 2
    BICUBIC = 3
    CUBIC = 3
    AREA = 4
    PILCUBIC = 5


def _cubic(distance: np.ndarray, a: float) -> np.ndarray:
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _lanczos(distance: np.ndarray) -> np.ndarray:
    return np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0)


def _stretched(n: int, m: int, kernel, support: float) -> tuple[np.ndarray, np.ndarray]:
    scale = max(n / m, 1.0)
    centres = (np.arange(m) + 0.5) * (n / m) - 0.5
    first = np.ceil(centres - support * scale).astype(int)
    taps = first[:, None] + np.arange(int(2 * support * scale) + 2)
    weights = kernel((taps - centres[:, None]) / scale) * ((taps >= 0) & (taps < n))
    return taps, weights / weights.sum(1, keepdims=True)


def _area(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    start, stop = np.arange(m) * n / m, np.arange(1, m + 1) * n / m
    taps = np.floor(start).astype(int)[:, None] + np.arange(int(np.ceil(n / m)) + 1)
    overlap = np.minimum(taps + 1, stop[:, None]) - np.maximum(taps, start[:, None])
    return taps, np.clip(overlap, 0, None) * (m / n)


@lru_cache(maxsize=64)
def _taps(n: int, m: int, inter: Inter) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """For n input and m output pixels: (input index, weight) of the k-th contribution to every output pixel."""
    centres = (np.arange(m) + 0.5) * (n / m) - 0.5
    base = np.floor(centres).astype(int)
    if inter is Inter.NEAREST:
        taps, weights = np.floor(np.arange(m) * (n / m)).astype(int)[:, None], np.ones((m, 1))
    elif inter is Inter.BILINEAR:
        taps = base[:, None] + np.arange(2)
        weights = 1 - np.abs(taps - centres[:, None])
    elif inter is Inter.BICUBIC:
        taps = base[:, None] + np.arange(-1, 3)
        weights = _cubic(taps - centres[:, None], -0.75)
    elif inter is Inter.AREA:
        taps, weights = _area(n, m)
    elif inter is Inter.PILCUBIC:
        taps, weights = _stretched(n, m, lambda x: _cubic(x, -0.5), 2)
    else:
        taps, weights = _stretched(n, m, _lanczos, 3)
    taps = np.clip(taps, 0, n - 1)
    return tuple((taps[:, k], weights[:, k].astype(np.float32)) for k in range(taps.shape[1]) if weights[:, k].any())


def _along(image: np.ndarray, axis: int, size: int, inter: Inter) -> np.ndarray:
    if image.shape[axis] == size:
        return image
    shape = [1] * image.ndim
    shape[axis] = size
    result: np.ndarray | None = None
    for index, weight in _taps(image.shape[axis], size, inter):
        part = np.take(image, index, axis)
        if inter is Inter.NEAREST:
            return part
        part = np.multiply(part, weight.reshape(shape), out=part if part.dtype == np.float32 else None)
        result = part if result is None else np.add(result, part, out=result)
    assert result is not None, "every output pixel has a contribution"
    return result


def resample(images: np.ndarray, axes: tuple[int, int], size: tuple[int, int], inter: Inter) -> np.ndarray:
    """Images with the axes (height, width) resampled to `size`.

    Integers are rounded to the nearest and clipped to their type's range; floats keep their type. Computed in float32.
    """
    result = images if inter is Inter.NEAREST or images.dtype.kind == "f" else images.astype(np.float32)
    # The axis that shrinks most comes first: the other one then has less to do.
    for axis, length in sorted(zip(axes, size, strict=True), key=lambda pair: pair[1] / images.shape[pair[0]]):
        result = _along(result, axis, length, inter)
    if result is images:
        return images.copy()
    if images.dtype.kind in "iu" and result.dtype != images.dtype:
        limits = np.iinfo(images.dtype)
        result = np.clip(np.rint(result), limits.min, limits.max)
    return result.astype(images.dtype, copy=False)
