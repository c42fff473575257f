"""Pooling of images (N, H, W, C) over windows whose borders are random, the same for all images and channels.

An axis of n elements is divided into m pieces of floor(n / m) or one more; the borders are random, in one of two ways:
the sizes of the pieces are shuffled, or the borders are ceil(a (i + u)) - 1 with a = n / m and one random number u
("pseudo-random", which keeps the pieces evenly spread). With `overlapping` a window also holds the first element of
the next piece. Source: Graham, "Fractional max-pooling" (2014).
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from mindspore.common.dtype import float64, int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, as_tensor, convert, primitive
from mindspore.ops.arithmetic import add, minimum, mul, sub, true_divide
from mindspore.ops.comparison import where
from mindspore.ops.creation import arange, zeros_like
from mindspore.ops.elementwise import ceil
from mindspore.ops.joining import concat
from mindspore.ops.random import rand, shuffle
from mindspore.ops.reduction import amax, cumsum
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import cut, expand_dims, reshape

__all__: list[str] = []

_GATHER = primitive("gather")


def _borders(size: int, count: int, pseudo_random: bool, seed: int | None) -> Tensor:
    """(count + 1,) Int64: where the pieces begin, and where the last one ends."""
    least, longer = divmod(size, count)
    if not longer:
        return Tensor(np.arange(count + 1) * least)
    if pseudo_random:
        mean = size / count
        highest = min((least + 2) / mean - 1, (size + 1 - least) / mean - (count - 1))
        places = add(arange(1, count, dtype=float64), mul(rand(1, dtype=float64, seed=seed), highest))
        inner = convert(sub(ceil(mul(places, mean)), 1), int64)
        return concat([Tensor(np.zeros(1, np.int64)), inner, Tensor(np.full(1, size, np.int64))])
    sizes = shuffle(Tensor(np.int64([least + (k < longer) for k in range(count)])), seed)
    return concat([Tensor(np.zeros(1, np.int64)), cumsum(sizes, 0)])


def _largest(parts: Tensor, inside: Tensor, axis: int) -> Tensor:
    return amax(parts, axis)  # what lies outside of a window is its last element once more


def _mean(parts: Tensor, inside: Tensor, axis: int) -> Tensor:
    shape = tuple(inside.shape[k - axis + 1] if k in (axis - 1, axis) else 1 for k in range(parts.ndim))
    share = convert(reshape(inside, shape), parts.dtype)
    kept = where(reshape(inside, shape), parts, zeros_like(parts))
    return true_divide(sum_over(kept, axis), sum_over(share, axis))


def _pooled(x: Tensor, axis: int, borders: Tensor, overlapping: bool, reduce: Callable) -> Tensor:
    size, count = x.shape[axis], borders.shape[0] - 1
    start, stop = cut(borders, 0, 0, count), cut(borders, 0, 1, count + 1)
    last = minimum(stop, size - 1) if overlapping else sub(stop, 1)
    widest = size // count + 1 + int(overlapping)
    places = add(expand_dims(start, 1), arange(widest))
    inside = places <= expand_dims(last, 1)
    return reduce(apply(_GATHER, (x, minimum(places, expand_dims(last, 1))), (axis,)), inside, axis + 1)


def _fractional(name: str, x: Operand, reduce: Callable, pooling_ratio: Sequence[float], pseudo_random: bool,
                overlapping: bool, deterministic: bool, seed: int, seed2: int) -> tuple[Tensor, Tensor, Tensor]:
    images, ratio = as_tensor(name, x), tuple(map(float, pooling_ratio))
    if images.ndim != 4 or len(ratio) != 4 or ratio[0] != 1 or ratio[3] != 1 or min(ratio) < 1:
        raise ValueError(f"{name}: x has shape {images.shape} and pooling_ratio is {pooling_ratio}; expected "
                         f"(N, H, W, C), and four numbers not below 1, the first and the last of them 1")
    if not deterministic and (seed or seed2):
        raise ValueError(f"{name}: seed is {seed} and seed2 is {seed2} with deterministic False; expected 0 for both")
    y, found = images, []
    for axis in (1, 2):
        count = math.floor(images.shape[axis] / ratio[axis])
        if count < 1:
            raise ValueError(f"{name}: axis {axis} of shape {images.shape} has no place for a window with the ratio "
                             f"{ratio[axis]}")
        borders = _borders(images.shape[axis], count, pseudo_random, seed * 2**32 + seed2 or None)
        y = _pooled(y, axis, borders, overlapping, reduce)
        found.append(borders)
    return convert(y, images.dtype), found[0], found[1]


def pooled_at(x: Tensor, rows: Tensor, columns: Tensor, overlapping: bool, largest: bool) -> Tensor:
    """The maxima or means over the windows with these borders, which one of the functions below gave."""
    reduce = _largest if largest else _mean
    return _pooled(_pooled(x, 1, rows, overlapping, reduce), 2, columns, overlapping, reduce)


def fractional_max_pool(x: Operand, pooling_ratio: Sequence[float], pseudo_random: bool = False,
                        overlapping: bool = False, deterministic: bool = False, seed: int = 0,
                        seed2: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """(maxima (N, H', W', C), borders of rows (H' + 1,), of columns (W' + 1,)) with H' = floor(H / pooling_ratio[1]).
    With `deterministic` the borders follow from the seeds, which stand for none where both are 0."""
    return _fractional("FractionalMaxPool", x, _largest, pooling_ratio, pseudo_random, overlapping, deterministic,
                       seed, seed2)


def fractional_avg_pool(x: Operand, pooling_ratio: Sequence[float], pseudo_random: bool = False,
                        overlapping: bool = False, deterministic: bool = False, seed: int = 0,
                        seed2: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """(means (N, H', W', C), borders of rows, of columns), of integers rounded towards 0; see
    `fractional_max_pool`."""
    return _fractional("FractionalAvgPool", x, _mean, pooling_ratio, pseudo_random, overlapping, deterministic, seed,
                       seed2)
