"""Borders around arrays.

Axes are padded one after the other, so that the corners come from borders. Borders of an array's own elements are
gathered at places that are known while recording: `numpy.pad` of the places themselves gives them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.dtype import bool_
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, as_array
from mindspore.numpy.calling import apply_along_axis
from mindspore.numpy.ranges import linspace
from mindspore.ops import creation, elementwise, indexing, joining, linalg, reduction, shapes, sorting
from mindspore.ops._operands import as_inexact, constant, convert
from mindspore.ops.shapes import cut

__all__ = ["pad"]

_OWN = ("edge", "reflect", "symmetric", "wrap")
_STATISTICS = ("maximum", "mean", "median", "minimum")
_MODES = ("constant", "linear_ramp", "empty", *_OWN, *_STATISTICS)


def pad(arr: ArrayLike, pad_width: Any, mode: str | Callable = "constant", stat_length: Any = None,
        constant_values: Any = 0, end_values: Any = 0, reflect_type: str = "even", **kwargs: Any) -> Tensor:
    """The array with a border.

    pad_width: ((before, behind), ...) for each axis, one pair for all axes, or one number for all sides.
    mode: 'constant' (constant_values), 'edge' (the last element repeated), 'linear_ramp' (evenly from the edge to
        end_values), 'maximum', 'mean', 'median' or 'minimum' (of the `stat_length` elements next to the border, of all
        by default), 'reflect' (mirrored at the last element), 'symmetric' (mirrored behind it), 'wrap' (from the other
        end), 'empty' (zeros), or a function f(vector, (before, behind), axis, kwargs) that gives, for each vector along
        an axis with zeros for its border, the vector with the border.
    stat_length, constant_values, end_values: like pad_width.
    reflect_type: 'even', or 'odd' for twice the edge less the mirrored elements.

    Raises:
        ValueError: a mode or type that is not known, or counts that do not fit the axes or are negative.

    >>> print(np.pad([1, 2, 3], 2, "edge"), np.pad([1, 2, 3], (0, 2), "reflect"))
    [1 1 1 2 3 3 3] [1 2 3 2 1]
    """
    x = as_array("pad", arr, "arr")
    counts = [(int(b), int(a)) for b, a in _pairs("pad_width", pad_width, x.ndim, whole=True)]
    if callable(mode):
        return _by_function(x, counts, mode, kwargs)
    if mode not in _MODES or kwargs:
        raise ValueError(f"pad: mode is {mode!r} with {sorted(kwargs)}; expected a function, or one of {_MODES}")
    if reflect_type not in ("even", "odd"):
        raise ValueError(f"pad: reflect_type is {reflect_type!r}; expected 'even' or 'odd'")
    values = _pairs("end_values" if mode == "linear_ramp" else "constant_values",
                    end_values if mode == "linear_ramp" else constant_values, x.ndim)
    lengths = _pairs("stat_length", stat_length, x.ndim, whole=True) if stat_length is not None else None
    for axis, count in enumerate(counts):
        if not any(count):
            continue
        if mode == "edge":
            x = _around(x, axis, *_edges(x, axis, count))
        elif mode in _OWN:
            x = _own_elements(x, axis, count, mode, reflect_type)
        elif mode in _STATISTICS:
            x = _around(x, axis, *_statistics(x, axis, count, mode, None if lengths is None else lengths[axis]))
        elif mode == "linear_ramp":
            x = _around(x, axis, *_ramps(x, axis, count, values[axis]))
        else:
            ends = values[axis] if mode == "constant" else (0, 0)
            x = _around(x, axis, *(creation.full(_sizes(x, axis, n), constant(v, x.dtype))
                                   for n, v in zip(count, ends)))
    return x


def _pairs(what: str, value: Any, ndim: int, whole: bool = False) -> np.ndarray:
    """One pair for each axis."""
    given = np.asarray(value)
    if given.dtype.kind not in ("biu" if whole else "biufc"):
        raise TypeError(f"pad: {what} must hold {'ints' if whole else 'numbers'}, but got {value!r}")
    if given.ndim == 1 and given.size == 1:
        given = given.reshape(())
    try:
        pairs = np.broadcast_to(given, (ndim, 2))
    except ValueError:
        raise ValueError(f"pad: {what} is {value!r}; expected a number, a pair, or a pair for each of {ndim} "
                         f"axes") from None
    if whole and pairs.size and pairs.min() < 0:
        raise ValueError(f"pad: {what} is {value!r}; expected counts that are not negative")
    return pairs


def _sizes(x: Tensor, axis: int, count: int) -> tuple[int, ...]:
    return x.shape[:axis] + (count,) + x.shape[axis + 1:]


def _around(x: Tensor, axis: int, before: Tensor, behind: Tensor) -> Tensor:
    return joining.concat([before, x, behind], axis)


def _edges(x: Tensor, axis: int, count: tuple[int, int]) -> list[Tensor]:
    size = _filled(x, axis, "edge")
    return [shapes.broadcast_to(part, _sizes(x, axis, n))
            for part, n in zip((cut(x, axis, 0, 1), cut(x, axis, size - 1, size)), count)]


def _filled(x: Tensor, axis: int, mode: str) -> int:
    if x.shape[axis] == 0:
        raise ValueError(f"pad: axis {axis} of shape {x.shape} has no elements for mode {mode!r}")
    return x.shape[axis]


def _own_elements(x: Tensor, axis: int, count: tuple[int, int], mode: str, reflect_type: str) -> Tensor:
    size = _filled(x, axis, mode)
    if reflect_type == "odd" and mode in ("reflect", "symmetric") and x.dtype is not bool_:
        weights = np.pad(np.eye(size), ((0, 0), count), mode, reflect_type="odd")
        mixed = linalg.matmul(shapes.moveaxis(x, axis, -1), Tensor(weights.astype(x.dtype.np)))
        return shapes.moveaxis(mixed, -1, axis)
    places = np.pad(np.arange(size, dtype=np.int32), count, mode)  # type: ignore[call-overload]
    return indexing.gather(x, Tensor(places), axis)


def _statistics(x: Tensor, axis: int, count: tuple[int, int], mode: str, lengths: Any) -> list[Tensor]:
    size = x.shape[axis]
    borders = []
    for n, behind in zip(count, (False, True)):
        length = size if lengths is None else min(int(lengths[int(behind)]), size)
        if length == 0:
            raise ValueError(f"pad: mode {mode!r} has no elements to look at along axis {axis} of shape {x.shape}")
        part = cut(x, axis, size - length, size) if behind else cut(x, axis, 0, length)
        borders.append(shapes.broadcast_to(_statistic(part, axis, mode), _sizes(x, axis, n)))
    return borders


def _statistic(part: Tensor, axis: int, mode: str) -> Tensor:
    if mode in ("maximum", "minimum"):
        return (reduction.amax if mode == "maximum" else reduction.amin)(part, axis, True)
    wide = as_inexact("pad", part)
    if mode == "mean":
        value = reduction.mean(wide, axis, True)
    else:
        ordered, size = sorting.sort(wide, axis)[0], part.shape[axis]
        middle = cut(ordered, axis, (size - 1) // 2, size // 2 + 1)
        value = reduction.mean(middle, axis, True)
    return value if part.dtype.is_inexact else convert(elementwise.round(value), part.dtype)


def _ramps(x: Tensor, axis: int, count: tuple[int, int], ends: Any) -> list[Tensor]:
    size = x.shape[axis]
    ramps = []
    for n, end, behind in zip(count, ends, (False, True)):
        edge = shapes.squeeze(cut(x, axis, size - 1, size) if behind else cut(x, axis, 0, 1), axis)
        start = creation.full(edge.shape, constant(float(end), as_inexact("pad", x).dtype))
        ramp = linspace(start, edge, n, endpoint=False, dtype=x.dtype, axis=axis)
        ramps.append(shapes.flip(ramp, axis) if behind else ramp)
    return ramps


def _by_function(x: Tensor, counts: list[tuple[int, int]], function: Callable, kwargs: dict) -> Tensor:
    for axis, count in enumerate(counts):
        x = _around(x, axis, *(creation.zeros(_sizes(x, axis, n), x.dtype) for n in count))
    for axis, count in enumerate(counts):
        def whole(vector: Tensor, count: Any = count, axis: int = axis) -> Tensor:
            changed = function(vector, count, axis, kwargs)
            return vector if changed is None else changed
        x = convert(apply_along_axis(whole, axis, x), x.dtype)
    return x
