"""Differences of neighbours, slopes, integrals, and lines between points."""
from __future__ import annotations

from math import pi
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, as_array, as_floats, of_one_dtype, promoted
from mindspore.numpy.searching import count_before
from mindspore.ops import arithmetic, comparison, indexing, joining, reduction, shapes, statistics
from mindspore.ops._operands import (
    NUMBERS,
    Axes,
    as_dtype_of,
    as_inexact,
    constant,
    normalize_axes,
    normalize_axis,
    static_int,
)
from mindspore.ops.shapes import cut

__all__ = ["diff", "ediff1d", "gradient", "interp", "trapz", "unwrap"]


# -- differences -------------------------------------------------------------------------------------------------------

def diff(a: ArrayLike, n: int = 1, axis: int = -1, prepend: ArrayLike | None = None,
         append: ArrayLike | None = None) -> Tensor:
    """The differences of neighbours along an axis, n times, of `a` with `prepend` before and `append` behind it; these
    are arrays, or numbers for one place. Of Bool, whether neighbours differ.

    >>> print(np.diff([1, 2, 4, 7]), np.diff([1, 2, 4], prepend=0))
    [1 2 3] [1 1 2]
    """
    x = as_array("diff", a, "a")
    times = static_int("diff", "n", n)
    if times < 0 or x.ndim == 0:
        raise ValueError(f"diff: n is {times} and a has shape {x.shape}; expected n >= 0 and an axis")
    place = normalize_axis("diff", axis, x.ndim)
    if times == 0:
        return x
    edge = x.shape[:place] + (1,) + x.shape[place + 1:]
    ends = [None if v is None else as_array("diff", v, w) for v, w in ((prepend, "prepend"), (append, "append"))]
    before, behind = (v if v is None or v.ndim else shapes.broadcast_to(v, edge) for v in ends)
    return statistics.diff(x, times, place, before, behind)


def ediff1d(ary: ArrayLike, to_end: ArrayLike | None = None, to_begin: ArrayLike | None = None) -> Tensor:
    """The differences of neighbours of the flattened array, with `to_begin` before and `to_end` behind them, in the
    dtype of ary.

    >>> print(np.ediff1d([1, 2, 4, 7], to_begin=0))
    [0 1 2 3]
    """
    x = shapes.ravel(as_array("ediff1d", ary, "ary"))
    parts = [arithmetic.sub(cut(x, 0, min(1, x.size), x.size), cut(x, 0, 0, max(x.size - 1, 0)))]
    for value, what, place in ((to_begin, "to_begin", 0), (to_end, "to_end", 2)):
        if value is not None:
            part = shapes.ravel(as_dtype_of("ediff1d", as_array("ediff1d", value, what), x))
            parts.insert(place, part)
    return joining.concat(parts, 0) if len(parts) > 1 else parts[0]


def unwrap(p: ArrayLike, discont: float = pi, axis: int = -1) -> Tensor:
    """Angles in radians along an axis without jumps: multiples of 2 pi are added behind each jump of more than
    `discont`, so that it becomes one of at most pi.

    >>> print(np.unwrap([0.0, 3.0, 6.5, 0.5]))
    [0.        3.        0.216815  0.5000005]
    """
    x = as_floats("unwrap", p, "p")
    place = normalize_axis("unwrap", axis, x.ndim)
    jump = statistics.diff(x, 1, place)
    rest = arithmetic.sub(arithmetic.remainder(arithmetic.add(jump, pi), 2 * pi), pi)
    edge = comparison.logical_and(comparison.eq(rest, constant(-pi, x.dtype)), comparison.gt(jump, 0))
    rest = comparison.where(edge, constant(pi, x.dtype), rest)
    small = comparison.lt(arithmetic.abs(jump), discont)
    added = comparison.where(small, constant(0, x.dtype), arithmetic.sub(rest, jump))
    moved = arithmetic.add(cut(x, place, min(1, x.shape[place]), x.shape[place]), reduction.cumsum(added, place))
    return joining.concat([cut(x, place, 0, min(1, x.shape[place])), moved], place)


# -- slopes ------------------------------------------------------------------------------------------------------------

def gradient(f: ArrayLike, *varargs: ArrayLike, axis: Axes = None, edge_order: int = 1) -> Any:
    """The slopes of an array along each axis, or each of `axis`: central differences within, one-sided ones of order
    `edge_order` (1 or 2) at the ends. A list, or one array for one axis.

    varargs: the distances of neighbours: nothing (1), one number for all axes, or for each axis a number or the
        coordinates of its places. On uneven places the formula is that of Fornberg (Generation of finite difference
        formulas, 1988) for three of them, of second order.

    >>> print(np.gradient([1.0, 2.0, 4.0, 7.0]))
    [1.  1.5 2.5 3. ]
    """
    x = as_floats("gradient", f, "f")
    places = normalize_axes("gradient", axis, x.ndim)
    if axis is not None and not isinstance(axis, int):
        places = tuple(normalize_axis("gradient", a, x.ndim) for a in axis)
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is {edge_order}; expected 1 or 2")
    steps = list(varargs) if varargs else [1.0]
    if len(steps) == 1 and (len(places) == 1 or as_array("gradient", steps[0]).ndim == 0):
        steps = steps * len(places)
    if len(steps) != len(places):
        raise TypeError(f"gradient: {len(varargs)} distances for {len(places)} axes; expected none, one, or one each")
    results = [_slopes(x, place, step, edge_order) for place, step in zip(places, steps)]
    return results[0] if len(results) == 1 else results


def _slopes(x: Tensor, axis: int, step: ArrayLike, edge_order: int) -> Tensor:
    size = x.shape[axis]
    if size < edge_order + 1:
        raise ValueError(f"gradient: axis {axis} of shape {x.shape} has {size} places; expected at least "
                         f"{edge_order + 1}")
    at = step if isinstance(step, NUMBERS) else as_inexact("gradient", as_array("gradient", step, "distances"))
    if isinstance(at, Tensor) and at.ndim:
        return _uneven_slopes(x, axis, at, edge_order)

    def part(start: int, stop: int) -> Tensor:
        return cut(x, axis, start, stop)

    inner = arithmetic.mul(arithmetic.sub(part(2, size), part(0, size - 2)), 0.5) if size > 2 else None
    if edge_order == 1:
        first = arithmetic.sub(part(1, 2), part(0, 1))
        last = arithmetic.sub(part(size - 1, size), part(size - 2, size - 1))
    else:
        first = _weighted([part(i, i + 1) for i in range(3)], (-1.5, 2.0, -0.5))
        last = _weighted([part(i, i + 1) for i in range(size - 3, size)], (0.5, -2.0, 1.5))
    return arithmetic.true_divide(joining.concat([v for v in (first, inner, last) if v is not None], axis), at)


def _weighted(parts: list[Tensor], weights: Any) -> Tensor:
    total = arithmetic.mul(parts[0], weights[0])
    for value, weight in zip(parts[1:], weights[1:]):
        total = arithmetic.add(total, arithmetic.mul(value, weight))
    return total


def _uneven_slopes(x: Tensor, axis: int, at: Tensor, edge_order: int) -> Tensor:
    """Slopes at coordinates `at`: weights of three neighbours, from the widths h and g before and behind each place."""
    size = x.shape[axis]
    if at.shape != (size,):
        raise ValueError(f"gradient: coordinates have shape {at.shape}; expected ({size},) for axis {axis} of shape "
                         f"{x.shape}")
    shape = tuple(-1 if i == axis else 1 for i in range(x.ndim))
    widths = shapes.reshape(as_dtype_of("gradient", statistics.diff(at), x), shape)

    def part(start: int, stop: int) -> Tensor:
        return cut(x, axis, start, stop)

    def simple(i: int) -> Tensor:
        return arithmetic.true_divide(arithmetic.sub(part(i + 1, i + 2), part(i, i + 1)), cut(widths, axis, i, i + 1))

    if size == 2:
        return joining.concat([simple(0)] * 2, axis)
    h, g = cut(widths, axis, 0, size - 2), cut(widths, axis, 1, size - 1)
    both = h + g
    inner = _weighted([part(i, size - 2 + i) for i in range(3)], (-g / (h * both), (g - h) / (h * g), h / (g * both)))
    if edge_order == 1:
        return joining.concat([simple(0), inner, simple(size - 2)], axis)
    h, g = cut(widths, axis, 0, 1), cut(widths, axis, 1, 2)
    first = _weighted([part(i, i + 1) for i in range(3)],
                      (-(2.0 * h + g) / (h * (h + g)), (h + g) / (h * g), -h / (g * (h + g))))
    h, g = cut(widths, axis, size - 3, size - 2), cut(widths, axis, size - 2, size - 1)
    last = _weighted([part(i, i + 1) for i in range(size - 3, size)],
                     (g / (h * (h + g)), -(g + h) / (h * g), (2.0 * g + h) / (g * (h + g))))
    return joining.concat([first, inner, last], axis)


# -- integrals and lines -----------------------------------------------------------------------------------------------

def trapz(y: ArrayLike, x: ArrayLike | None = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """The integral of y along an axis by trapezoids, at places x or `dx` apart.

    >>> print(np.trapz([1.0, 2.0, 3.0]), np.trapz([1.0, 2.0, 3.0], x=[4.0, 6.0, 8.0]))
    4.0 8.0
    """
    value = as_floats("trapz", y, "y")
    return statistics.trapz(value, None if x is None else as_array("trapz", x, "x"), dx=dx, dim=axis)


def interp(x: ArrayLike, xp: ArrayLike, fp: ArrayLike, left: float | None = None, right: float | None = None) -> Tensor:
    """The values at x of the line through the points (xp[i], fp[i]), xp ascending; `left` before the first point and
    `right` behind the last one, by default their values.

    >>> print(np.interp([2.5, 0.0, 9.0], [1, 2, 3], [3.0, 2.0, 0.0]))
    [1. 3. 0.]
    """
    at, points = promoted("interp", as_floats("interp", x, "x"), as_floats("interp", xp, "xp"))
    heights = as_floats("interp", fp, "fp")
    if points.ndim != 1 or heights.shape != points.shape or points.size == 0:
        raise ValueError(f"interp: xp has shape {points.shape} and fp {heights.shape}; expected one axis, of one size")
    at, points, heights = of_one_dtype("interp", [at, points, heights])
    number = count_before(points, at, True)
    low = arithmetic.clamp(arithmetic.sub(number, 1), 0, max(points.size - 2, 0))
    high = arithmetic.minimum(arithmetic.add(low, 1), points.size - 1)
    x0, y0, x1, y1 = [indexing.gather(v, place, 0) for place in (low, high) for v in (points, heights)]
    width = arithmetic.sub(x1, x0)
    width = comparison.where(comparison.eq(width, 0), constant(1, width.dtype), width)
    share = arithmetic.true_divide(arithmetic.sub(at, x0), width)
    value = arithmetic.add(y0, arithmetic.mul(share, arithmetic.sub(y1, y0)))
    before = heights[0] if left is None else as_dtype_of("interp", as_array("interp", left), heights)
    behind = heights[-1] if right is None else as_dtype_of("interp", as_array("interp", right), heights)
    value = comparison.where(comparison.ge(at, points[-1]), heights[-1], value)
    value = comparison.where(comparison.gt(at, points[-1]), behind, value)
    return comparison.where(comparison.lt(at, points[0]), before, value)
