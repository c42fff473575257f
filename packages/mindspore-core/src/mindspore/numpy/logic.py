"""Comparisons, logic, bits and tests of elements. Results are Bool unless `dtype` says otherwise, and have no
derivative."""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, DTypeLike, as_array, given, pair, promoted, reduced_axes
from mindspore.ops import comparison, elementwise, reduction
from mindspore.ops._operands import NUMBERS, Axes

__all__ = [
    "array_equal", "array_equiv", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "equal", "greater",
    "greater_equal", "invert", "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isscalar", "less",
    "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal", "sometrue",
]


# -- comparison --------------------------------------------------------------------------------------------------------

def equal(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 == x2, element by element.

    >>> print(np.equal([1, 2, 3], 2))
    [False  True False]
    """
    return given(comparison.eq(*pair("equal", x1, x2)), dtype)


def not_equal(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 != x2, element by element.

    >>> print(np.not_equal([1, 2, 3], 2))
    [ True False  True]
    """
    return given(comparison.ne(*pair("not_equal", x1, x2)), dtype)


def less(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 < x2, element by element.

    >>> print(np.less([1, 2, 3], 2))
    [ True False False]
    """
    return given(comparison.lt(*pair("less", x1, x2)), dtype)


def less_equal(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 <= x2, element by element.

    >>> print(np.less_equal([1, 2, 3], 2))
    [ True  True False]
    """
    return given(comparison.le(*pair("less_equal", x1, x2)), dtype)


def greater(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 > x2, element by element.

    >>> print(np.greater([1, 2, 3], 2))
    [False False  True]
    """
    return given(comparison.gt(*pair("greater", x1, x2)), dtype)


def greater_equal(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 >= x2, element by element.

    >>> print(np.greater_equal([1, 2, 3], 2))
    [False  True  True]
    """
    return given(comparison.ge(*pair("greater_equal", x1, x2)), dtype)


def isclose(a: ArrayLike, b: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |a - b| <= atol + rtol * |b|; equal infinities are close, NaN are only with `equal_nan`.

    >>> print(np.isclose([1.0, 2.0], [1.000001, 2.1]))
    [ True False]
    """
    for what, value in (("rtol", rtol), ("atol", atol)):
        if not isinstance(value, (int, float)):
            raise TypeError(f"isclose: {what} must be a number, but got {type(value).__name__}: {value!r}")
    return comparison.isclose(*promoted("isclose", a, b), rtol, atol, equal_nan)


def array_equal(a1: ArrayLike, a2: ArrayLike, equal_nan: bool = False) -> Tensor:
    """Whether two arrays have one shape and equal elements (0-d Bool); NaN are equal only with `equal_nan`.

    >>> print(np.array_equal([0, 1], [0, 1]), np.array_equal([0, 1], [[0, 1]]))
    True False
    """
    x, y = as_array("array_equal", a1, "a1"), as_array("array_equal", a2, "a2")
    return _all_equal(x, y, equal_nan) if x.shape == y.shape else as_array("array_equal", False)


def array_equiv(a1: ArrayLike, a2: ArrayLike) -> Tensor:
    """Whether two arrays broadcast and are equal then (0-d Bool).

    >>> print(np.array_equiv([1, 2], [[1, 2], [1, 2]]))
    True
    """
    x, y = as_array("array_equiv", a1, "a1"), as_array("array_equiv", a2, "a2")
    fits = all(n == m or 1 in (n, m) for n, m in zip(x.shape[::-1], y.shape[::-1]))
    return _all_equal(x, y, False) if fits else as_array("array_equiv", False)


def _all_equal(x: Tensor, y: Tensor, equal_nan: bool) -> Tensor:
    same = comparison.eq(x, y)
    if equal_nan:
        same = comparison.logical_or(same, comparison.logical_and(elementwise.isnan(x), elementwise.isnan(y)))
    return reduction.all(same)


# -- logic and bits ----------------------------------------------------------------------------------------------------

def logical_and(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether both elements differ from 0.

    >>> print(np.logical_and([True, False], [True, True]))
    [ True False]
    """
    return given(comparison.logical_and(*pair("logical_and", x1, x2)), dtype)


def logical_or(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether one of the elements differs from 0.

    >>> print(np.logical_or([True, False], [False, False]))
    [ True False]
    """
    return given(comparison.logical_or(*pair("logical_or", x1, x2)), dtype)


def logical_xor(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether exactly one of the elements differs from 0.

    >>> print(np.logical_xor([True, False], [True, True]))
    [False  True]
    """
    return given(comparison.logical_xor(*pair("logical_xor", x1, x2)), dtype)


def logical_not(a: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether each element is 0.

    >>> print(np.logical_not([0, 1, 2]))
    [ True False False]
    """
    return given(comparison.logical_not(as_array("logical_not", a, "a")), dtype)


def bitwise_and(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The bits that are set in both. TypeError for floats.

    >>> print(np.bitwise_and(13, [17, 5]))
    [1 5]
    """
    return given(comparison.bitwise_and(*promoted("bitwise_and", x1, x2)), dtype)


def bitwise_or(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The bits that are set in one of them. TypeError for floats.

    >>> print(np.bitwise_or(13, [16, 2]))
    [29 15]
    """
    return given(comparison.bitwise_or(*promoted("bitwise_or", x1, x2)), dtype)


def bitwise_xor(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The bits that are set in exactly one of them. TypeError for floats.

    >>> print(np.bitwise_xor(13, [17, 5]))
    [28  8]
    """
    return given(comparison.bitwise_xor(*promoted("bitwise_xor", x1, x2)), dtype)


def bitwise_not(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """All bits turned over; of Bool the negation. TypeError for floats.

    >>> print(np.bitwise_not([0, 13]))
    [ -1 -14]
    """
    return given(comparison.bitwise_not(as_array("bitwise_not", x, "x")), dtype)


def invert(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """All bits turned over; see `bitwise_not`.

    >>> print(np.invert([True, False]))
    [False  True]
    """
    return bitwise_not(x, dtype)


def sometrue(a: ArrayLike, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Whether an element over `axis` (an int, a tuple, None for all) differs from 0.

    >>> print(np.sometrue([[0, 1], [0, 0]], axis=1))
    [ True False]
    """
    x = as_array("sometrue", a, "a")
    axes = reduced_axes("sometrue", axis, x.ndim)
    return reduction.any(x, axes, keepdims) if axes else comparison.ne(x, 0)


# -- tests of elements -------------------------------------------------------------------------------------------------

def isfinite(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether each element is neither infinite nor NaN.

    >>> print(np.isfinite([1.0, np.inf, np.nan]))
    [ True False False]
    """
    return given(elementwise.isfinite(as_array("isfinite", x, "x")), dtype)


def isinf(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether each element is inf or -inf.

    >>> print(np.isinf([1.0, -np.inf, np.nan]))
    [False  True False]
    """
    return given(elementwise.isinf(as_array("isinf", x, "x")), dtype)


def isnan(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether each element is NaN.

    >>> print(np.isnan([1.0, np.inf, np.nan]))
    [False False  True]
    """
    return given(elementwise.isnan(as_array("isnan", x, "x")), dtype)


def isposinf(x: ArrayLike) -> Tensor:
    """Whether each element is inf.

    >>> print(np.isposinf([np.inf, -np.inf]))
    [ True False]
    """
    return elementwise.isposinf(as_array("isposinf", x, "x"))


def isneginf(x: ArrayLike) -> Tensor:
    """Whether each element is -inf.

    >>> print(np.isneginf([np.inf, -np.inf]))
    [False  True]
    """
    return elementwise.isneginf(as_array("isneginf", x, "x"))


def isscalar(element: Any) -> bool:
    """Whether `element` is a number or a str, and no tensor, list or array.

    >>> print(np.isscalar(3.1), np.isscalar([3.1]), np.isscalar(np.array(3.1)))
    True False False
    """
    return isinstance(element, (*NUMBERS, str, bytes))
