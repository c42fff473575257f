"""Reductions over axes: sums, means, extrema, running sums, and those that leave NaN out.

An axis is an int or a tuple of ints; None stands for all axes, an empty tuple for none. Sums of Bool and of integers
of fewer than 32 bits are Int32, other sums have the dtype of their terms; means and deviations of integers are Float32.
`dtype` is the dtype in which a sum or mean is computed. ValueError for an axis out of range, TypeError for one of a
wrong type.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import bool_, float32, int32
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import (
    ArrayLike,
    DTypeLike,
    as_array,
    as_floats,
    axis_or_all,
    given,
    reduced_axes,
    summable,
    to_dtype,
)
from mindspore.ops import arithmetic, comparison, creation, elementwise, reduction, shapes
from mindspore.ops._operands import NUMBERS, Axes, as_dtype_of, constant, convert, normalize_axis, static_bool

__all__ = [
    "amax", "amin", "argmax", "argmin", "average", "count_nonzero", "cumprod", "cumsum", "max", "mean", "min",
    "nancumsum", "nanmax", "nanmean", "nanmin", "nanstd", "nansum", "nanvar", "ptp", "std", "sum", "var",
]


# -- sums and means ----------------------------------------------------------------------------------------------------

def sum(a: ArrayLike, axis: Axes = None, dtype: DTypeLike = None, keepdims: bool = False,
        initial: float | None = None) -> Tensor:
    """The sum over `axis`, plus `initial`; 0 over no elements.

    >>> print(np.sum([[1, 2], [3, 4]]), np.sum([[1, 2], [3, 4]], axis=0))
    10 [4 6]
    """
    if initial is not None and not isinstance(initial, NUMBERS):
        raise TypeError(f"sum: initial must be a number, but got {type(initial).__name__}: {initial!r}")
    total = _sum("sum", summable(as_array("sum", a, "a"), dtype), axis, keepdims)
    return total if initial is None else convert(arithmetic.add(total, initial), total.dtype)


def _sum(name: str, x: Tensor, axis: Axes, keepdims: bool) -> Tensor:
    axes = reduced_axes(name, axis, x.ndim)
    kept = static_bool(name, "keepdims", keepdims)
    return reduction.sum(x, axes, kept, dtype=x.dtype) if axes else x


def mean(a: ArrayLike, axis: Axes = None, keepdims: bool = False, dtype: DTypeLike = None) -> Tensor:
    """The mean over `axis`; NaN over no elements.

    >>> print(np.mean([[1, 2], [3, 4]], axis=1))
    [1.5 3.5]
    """
    x = as_floats("mean", a, "a") if dtype is None else given(as_array("mean", a, "a"), dtype)
    wide = x if x.dtype.is_inexact else convert(x, float32)
    axes = reduced_axes("mean", axis, x.ndim)
    return convert(reduction.mean(wide, axes, static_bool("mean", "keepdims", keepdims)) if axes else wide, x.dtype)


def average(x: ArrayLike, axis: Axes = None, weights: ArrayLike | None = None, returned: bool = False) -> Any:
    """The mean over `axis`, weighted by `weights`: of the shape of x, or one for each place on the one `axis`. With
    `returned` (average, sum of weights).

    >>> print(np.average([1.0, 2.0, 4.0], weights=[1, 1, 2]))
    2.75
    """
    value = as_floats("average", x, "x")
    if weights is None:
        result = mean(value, axis)
        total = creation.full_like(result, value.size / _product(result.shape) if result.size else 0)
        return (result, total) if static_bool("average", "returned", returned) else result
    weight = _weights(value, axis, as_array("average", weights, "weights"))
    total = _sum("average", weight, axis, False)
    result = arithmetic.true_divide(_sum("average", arithmetic.mul(value, weight), axis, False), total)
    return (result, total) if static_bool("average", "returned", returned) else result


def _product(sizes: tuple[int, ...]) -> int:
    result = 1
    for n in sizes:
        result *= n
    return result


def _weights(value: Tensor, axis: Axes, weight: Tensor) -> Tensor:
    """The weights, floating, in the shape of the value."""
    weight = convert(weight, value.dtype)
    if weight.shape == value.shape:
        return weight
    if not isinstance(axis, int) or weight.shape != (value.shape[normalize_axis("average", axis, value.ndim)],):
        raise ValueError(f"average: weights have shape {weight.shape}; expected that of x, {value.shape}, or one "
                         f"weight for each place on the one axis")
    place = normalize_axis("average", axis, value.ndim)
    column = shapes.reshape(weight, tuple(weight.size if i == place else 1 for i in range(value.ndim)))
    return shapes.broadcast_to(column, value.shape)


def var(x: ArrayLike, axis: Axes = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The variance over `axis`: the sum of squared distances from the mean, divided by the count minus `ddof`.

    >>> print(np.var([1.0, 2.0, 3.0, 4.0]))
    1.25
    """
    return _deviation("var", reduction.var, x, axis, ddof, keepdims)


def std(x: ArrayLike, axis: Axes = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The standard deviation over `axis`: the square root of `var`.

    >>> print(np.std([1.0, 1.0, 3.0, 3.0]))
    1.0
    """
    return _deviation("std", reduction.std, x, axis, ddof, keepdims)


def _deviation(name: str, of: Any, x: ArrayLike, axis: Axes, ddof: int, keepdims: bool) -> Tensor:
    if isinstance(ddof, bool) or not isinstance(ddof, int):
        raise TypeError(f"{name}: ddof must be an int, but got {type(ddof).__name__}: {ddof!r}")
    value = as_floats(name, x, "x")
    axes = reduced_axes(name, axis, value.ndim)
    if not axes:
        value, axes = shapes.expand_dims(value, 0), (0,)
        keepdims = False
    return of(value, axes, ddof, static_bool(name, "keepdims", keepdims))


def count_nonzero(x: ArrayLike, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """How many elements over `axis` differ from 0 (Int32).

    >>> print(np.count_nonzero([[0, 1], [2, 3]], axis=1))
    [1 2]
    """
    found = convert(comparison.ne(as_array("count_nonzero", x, "x"), 0), int32)
    return _sum("count_nonzero", found, axis, keepdims)


# -- extrema -----------------------------------------------------------------------------------------------------------

def max(a: ArrayLike, axis: Axes = None, keepdims: bool = False, initial: float | None = None,
        where: ArrayLike = True) -> Tensor:
    """The largest element over `axis`; NaN if one is NaN. Equal elements share the gradient.

    initial: a number below which the result does not go. where: the elements to look at; it needs `initial`.
    ValueError over no elements without `initial`.

    >>> print(np.max([[1, 4], [3, 2]], axis=0))
    [3 4]
    """
    return _extremum("max", reduction.amax, a, axis, keepdims, initial, where)


def min(a: ArrayLike, axis: Axes = None, keepdims: bool = False, initial: float | None = None,
        where: ArrayLike = True) -> Tensor:
    """The smallest element over `axis`; see `max`.

    >>> print(np.min([[1, 4], [3, 2]], axis=0))
    [1 2]
    """
    return _extremum("min", reduction.amin, a, axis, keepdims, initial, where)


def amax(a: ArrayLike, axis: Axes = None, keepdims: bool = False, initial: float | None = None,
         where: ArrayLike = True) -> Tensor:
    """The largest element over `axis`; see `max`.

    >>> print(np.amax([1, 4, 2], initial=6))
    6
    """
    return max(a, axis, keepdims, initial, where)


def amin(a: ArrayLike, axis: Axes = None, keepdims: bool = False, initial: float | None = None,
         where: ArrayLike = True) -> Tensor:
    """The smallest element over `axis`; see `max`.

    >>> print(np.amin([1, 4, 2], initial=0))
    0
    """
    return min(a, axis, keepdims, initial, where)


def _extremum(name: str, of: Any, a: ArrayLike, axis: Axes, keepdims: bool, initial: Any, where: ArrayLike) -> Tensor:
    x = as_array(name, a, "a")
    axes = reduced_axes(name, axis, x.ndim)
    if not axes:
        x, axes, keepdims = shapes.expand_dims(x, 0), (0,), False
    chosen = None if where is True else as_array(name, where, "where")
    if initial is not None and any(type(x.shape[n]) is int and x.shape[n] == 0 for n in axes):
        return reduction.sum(creation.zeros_like(x), axes, keepdims, dtype=x.dtype) + as_dtype_of(name, initial, x)
    return of(x, axes, static_bool(name, "keepdims", keepdims), initial=initial, where=chosen)


def ptp(x: ArrayLike, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The largest element minus the smallest over `axis`.

    >>> print(np.ptp([[1, 4], [3, 9]], axis=1))
    [3 6]
    """
    return arithmetic.sub(max(x, axis, keepdims), min(x, axis, keepdims))


def argmax(a: ArrayLike, axis: int | None = None) -> Tensor:
    """The place (Int64) of the first largest element along `axis`; without one, in the flattened array.

    >>> print(np.argmax([[1, 4], [3, 2]], axis=1))
    [1 0]
    """
    return reduction.argmax(*axis_or_all("argmax", as_array("argmax", a, "a"), axis))


def argmin(a: ArrayLike, axis: int | None = None) -> Tensor:
    """The place (Int32) of the first smallest element along `axis`; without one, in the flattened array.

    >>> print(np.argmin([[1, 4], [3, 2]], axis=1))
    [0 1]
    """
    return reduction.argmin(*axis_or_all("argmin", as_array("argmin", a, "a"), axis))


# -- running reductions ------------------------------------------------------------------------------------------------

def cumsum(a: ArrayLike, axis: int | None = None, dtype: DTypeLike = None) -> Tensor:
    """Running sums along `axis`; without one, of the flattened array.

    >>> print(np.cumsum([1, 2, 3]))
    [1 3 6]
    """
    array = as_array("cumsum", a, "a")
    if dtype is not None and to_dtype("cumsum", dtype) is bool_:
        return reduction.cumsum(*axis_or_all("cumsum", array, axis), bool_)
    return reduction.cumsum(*axis_or_all("cumsum", summable(array, dtype), axis))


def cumprod(a: ArrayLike, axis: int | None = None, dtype: DTypeLike = None) -> Tensor:
    """Running products along `axis`; without one, of the flattened array.

    >>> print(np.cumprod([1, 2, 3]))
    [1 2 6]
    """
    x, place = axis_or_all("cumprod", summable(as_array("cumprod", a, "a"), dtype), axis)
    return reduction.cumprod(x, place)


# -- without NaN -------------------------------------------------------------------------------------------------------

def _without(name: str, a: ArrayLike, stand_in: float) -> tuple[Tensor, Tensor]:
    """The array with a number in place of each NaN, and where it has none."""
    x = as_array(name, a, "a")
    there = comparison.logical_not(elementwise.isnan(x))
    return (comparison.where(there, x, constant(stand_in, x.dtype)) if x.dtype.is_inexact else x), there


def nansum(a: ArrayLike, axis: Axes = None, dtype: DTypeLike = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis` of the elements that are not NaN.

    >>> print(np.nansum([1.0, np.nan, 2.0]))
    3.0
    """
    return sum(_without("nansum", a, 0)[0], axis, dtype, keepdims)


def nancumsum(a: ArrayLike, axis: int | None = None, dtype: DTypeLike = None) -> Tensor:
    """Running sums along `axis` with 0 in place of NaN; without an axis, of the flattened array.

    >>> print(np.nancumsum([1.0, np.nan, 2.0]))
    [1. 1. 3.]
    """
    return cumsum(_without("nancumsum", a, 0)[0], axis, dtype)


def nanmax(a: ArrayLike, axis: Axes = None, dtype: DTypeLike = None, keepdims: bool = False) -> Tensor:
    """The largest element over `axis` that is not NaN; NaN where all are.

    >>> print(np.nanmax([[1.0, np.nan], [3.0, 2.0]], axis=1))
    [1. 3.]
    """
    return _nan_extremum("nanmax", max, a, float("-inf"), axis, dtype, keepdims)


def nanmin(a: ArrayLike, axis: Axes = None, dtype: DTypeLike = None, keepdims: bool = False) -> Tensor:
    """The smallest element over `axis` that is not NaN; NaN where all are.

    >>> print(np.nanmin([[1.0, np.nan], [3.0, 2.0]], axis=1))
    [1. 2.]
    """
    return _nan_extremum("nanmin", min, a, float("inf"), axis, dtype, keepdims)


def _nan_extremum(name: str, of: Any, a: ArrayLike, stand_in: float, axis: Axes, dtype: DTypeLike,
                  keepdims: bool) -> Tensor:
    x, there = _without(name, a, stand_in)
    result = of(x, axis, keepdims)
    if x.dtype.is_inexact:
        some = reduction.any(there, reduced_axes(name, axis, x.ndim), keepdims)
        result = comparison.where(some, result, constant(float("nan"), x.dtype))
    return given(result, dtype)


def nanmean(a: ArrayLike, axis: Axes = None, dtype: DTypeLike = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis` of the elements that are not NaN; NaN where all are.

    >>> print(np.nanmean([1.0, np.nan, 2.0]))
    1.5
    """
    return _nan_mean("nanmean", a, axis, dtype, keepdims)[0]


def _nan_mean(name: str, a: ArrayLike, axis: Axes, dtype: DTypeLike, keepdims: bool) -> tuple[Tensor, Tensor]:
    """The mean, and the number of elements in it."""
    x = as_floats(name, a, "a")
    x = x if dtype is None else convert(x, to_dtype(name, dtype))
    value, there = _without(name, x, 0)
    count = _sum(name, convert(there, x.dtype), axis, keepdims)
    return arithmetic.true_divide(_sum(name, value, axis, keepdims), count), count


def nanvar(a: ArrayLike, axis: Axes = None, dtype: DTypeLike = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The variance over `axis` of the elements that are not NaN; NaN where no more than `ddof` are left. See `var`.

    >>> print(np.nanvar([1.0, np.nan, 3.0]))
    1.0
    """
    if isinstance(ddof, bool) or not isinstance(ddof, int):
        raise TypeError(f"nanvar: ddof must be an int, but got {type(ddof).__name__}: {ddof!r}")
    x = as_floats("nanvar", a, "a")
    x = x if dtype is None else convert(x, to_dtype("nanvar", dtype))
    axes = reduced_axes("nanvar", axis, x.ndim)
    center, count = _nan_mean("nanvar", x, axes, None, True)
    distance = _without("nanvar", arithmetic.sub(x, center), 0)[0]
    total = _sum("nanvar", arithmetic.mul(distance, distance), axes, True)
    left = arithmetic.sub(count, ddof)
    result = arithmetic.true_divide(total, comparison.where(comparison.gt(left, 0), left, constant(0, x.dtype)))
    result = comparison.where(comparison.gt(left, 0), result, constant(float("nan"), x.dtype))
    return result if keepdims or not axes else shapes.squeeze(result, axes)


def nanstd(a: ArrayLike, axis: Axes = None, dtype: DTypeLike = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The standard deviation over `axis` of the elements that are not NaN: the square root of `nanvar`.

    >>> print(np.nanstd([1.0, np.nan, 3.0]))
    1.0
    """
    return elementwise.sqrt(nanvar(a, axis, dtype, ddof, keepdims))
