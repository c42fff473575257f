"""Places in sorted arrays, and arrays as sets.

`count_before` is a binary search for all values at once: with k steps of halving sizes the number of smaller elements
is built bit by bit, from the highest one. NaN counts as larger than every number, as in sorted arrays.

What different elements there are depends on values, so `unique`, `intersect1d` and `setdiff1d` must know their operands
and cannot be compiled into a graph; their results are gathered from the operands, and have their derivatives.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore.common.dtype import bool_, int32
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of
from mindspore.numpy._arrays import ArrayLike, as_array, as_integers, of_one_dtype, promoted
from mindspore.ops import arithmetic, comparison, creation, elementwise, indexing, shapes, sorting
from mindspore.ops._operands import convert, static_bool

__all__ = ["digitize", "in1d", "intersect1d", "isin", "searchsorted", "setdiff1d", "unique"]


# -- places in sorted arrays -------------------------------------------------------------------------------------------

def count_before(ordered: Tensor, x: Tensor, right: bool) -> Tensor:
    """How many elements (Int32) of a sorted vector are less than each element of x, or, with `right`, not greater."""
    found = creation.zeros(x.shape, int32)
    if ordered.size == 0:
        return found
    step = 1 << (ordered.size.bit_length() - 1)
    while step:
        reached = arithmetic.add(found, step)
        last = arithmetic.minimum(arithmetic.sub(reached, 1), ordered.size - 1)
        element = indexing.gather(ordered, last, 0)
        before = comparison.logical_not(_less(x, element)) if right else _less(element, x)
        fits = comparison.le(reached, ordered.size)
        found = comparison.where(comparison.logical_and(before, fits), reached, found)
        step >>= 1
    return found


def _less(x: Tensor, y: Tensor) -> Tensor:
    """x < y in the order of sorted arrays, which ends with NaN."""
    below = comparison.lt(x, y)
    if not x.dtype.is_floating:
        return below
    ends = comparison.logical_and(elementwise.isnan(y), comparison.logical_not(elementwise.isnan(x)))
    return comparison.logical_or(below, ends)


def searchsorted(a: ArrayLike, v: ArrayLike, side: str = "left", sorter: ArrayLike | None = None) -> Tensor:
    """Where (Int32) each element of v would have to stand in the sorted vector `a`: before its equals with side 'left',
    behind them with 'right'. sorter: the places of the elements of `a` in ascending order, where it is not sorted.

    >>> print(np.searchsorted([1, 3, 5], [0, 3, 9]), np.searchsorted([1, 3, 5], 3, side="right"))
    [0 1 3] 2
    """
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side is {side!r}; expected 'left' or 'right'")
    ordered, x = promoted("searchsorted", as_array("searchsorted", a, "a"), v)
    if ordered.ndim != 1:
        raise ValueError(f"searchsorted: a has shape {ordered.shape}; expected one axis")
    if sorter is not None:
        order = as_integers("searchsorted", sorter, "sorter")
        if order.shape != ordered.shape:
            raise ValueError(f"searchsorted: sorter has shape {order.shape}; expected that of a, {ordered.shape}")
        ordered = indexing.gather(ordered, order, 0)
    return count_before(ordered, x, side == "right")


def digitize(x: ArrayLike, bins: ArrayLike, right: bool = False) -> Tensor:
    """The number (Int32) of the bin of each element: i with bins[i - 1] <= x < bins[i], or bins[i - 1] < x <= bins[i]
    with `right`; 0 and len(bins) stand for what lies outside. Bins may descend; then the comparisons are turned round.

    >>> print(np.digitize([0.2, 6.4, 3.0], [0.0, 1.0, 2.5, 4.0]))
    [1 4 3]
    """
    edges, value = promoted("digitize", as_array("digitize", bins, "bins"), x)
    if edges.ndim != 1:
        raise ValueError(f"digitize: bins has shape {edges.shape}; expected one axis")
    after = not static_bool("digitize", "right", right)
    if edges.size < 2:
        return count_before(edges, value, after)
    falls = comparison.gt(edges[0], edges[-1])
    found = count_before(comparison.where(falls, shapes.flip(edges, 0), edges), value, after)
    return comparison.where(falls, arithmetic.sub(edges.size, found), found)


# -- sets --------------------------------------------------------------------------------------------------------------

def isin(element: ArrayLike, test_elements: ArrayLike, invert: bool = False) -> Tensor:
    """Whether each element is one of test_elements (Bool), or none with `invert`. NaN is equal to nothing.

    >>> print(np.isin([[0, 2], [4, 6]], [1, 2, 4, 8]))
    [[False  True]
     [ True False]]
    """
    x, tests = promoted("isin", as_array("isin", element, "element"), as_array("isin", test_elements, "test_elements"))
    if x.dtype is bool_:
        x, tests = convert(x, int32), convert(tests, int32)
    ordered = sorting.sort(shapes.ravel(tests), 0)[0]
    if ordered.size == 0:
        found = comparison.ne(creation.zeros(x.shape), 0)
    else:
        place = arithmetic.minimum(count_before(ordered, x, False), ordered.size - 1)
        found = comparison.eq(indexing.gather(ordered, place, 0), x)
    return comparison.logical_not(found) if static_bool("isin", "invert", invert) else found


def in1d(ar1: ArrayLike, ar2: ArrayLike, invert: bool = False) -> Tensor:
    """`isin` of the flattened ar1.

    >>> print(np.in1d([0, 1, 2, 5, 0], [0, 2]))
    [ True False  True False  True]
    """
    return isin(shapes.ravel(as_array("in1d", ar1, "ar1")), ar2, invert)


def _known(x: Tensor) -> np.ndarray:
    return storage_of(x, "index").to_numpy()


def _picked(x: Tensor, places: np.ndarray) -> Tensor:
    """The elements of the flattened x at places."""
    return indexing.gather(shapes.ravel(x), Tensor(places.astype(np.int32)), 0)


def unique(x: ArrayLike, return_inverse: bool = False) -> Any:
    """The different elements of the flattened array in ascending order; with `return_inverse` also, for each element,
    the place (Int32) of its value there, in the shape of x.

    >>> print(*np.unique([2, 1, 2, 3], return_inverse=True))
    [1 2 3] [1 0 1 2]
    """
    value = as_array("unique", x, "x")
    _known(value)
    _, first, inverse = sorting.different(value)
    result = _picked(value, first)
    if not static_bool("unique", "return_inverse", return_inverse):
        return result
    return result, Tensor(inverse.reshape(value.shape).astype(np.int32))


def intersect1d(ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The values that both arrays have, in ascending order; with `return_indices` also where (Int32) they first stand
    in the flattened arrays. assume_unique: whether neither array has a value twice.

    >>> print(*np.intersect1d([3, 1, 2], [2, 3, 4], return_indices=True))
    [2 3] [2 0] [0 1]
    """
    x, y = of_one_dtype("intersect1d", [as_array("intersect1d", ar1, "ar1"), as_array("intersect1d", ar2, "ar2")])
    flags = [static_bool("intersect1d", what, flag)
             for what, flag in (("assume_unique", assume_unique), ("return_indices", return_indices))]
    _, first, second = np.intersect1d(_known(x), _known(y), flags[0], return_indices=True)
    result = _picked(x, first)
    if not flags[1]:
        return result
    return result, Tensor(first.astype(np.int32)), Tensor(second.astype(np.int32))


def setdiff1d(ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False) -> Tensor:
    """The values of ar1 that ar2 does not have, in ascending order; with `assume_unique` (neither array has a value
    twice) in the order of ar1.

    >>> print(np.setdiff1d([5, 1, 2, 1], [2, 3]))
    [1 5]
    """
    x, y = as_array("setdiff1d", ar1, "ar1"), as_array("setdiff1d", ar2, "ar2")
    values = _known(x).reshape(-1)
    places = np.arange(values.size)
    if not static_bool("setdiff1d", "assume_unique", assume_unique):
        values, places = np.unique(values, return_index=True)
    return _picked(x, places[~np.isin(values, _known(y))])
