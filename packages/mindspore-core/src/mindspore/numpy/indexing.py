"""Elements at places, and choices between arrays.

Places are integers. What lies outside an axis is moved to its ends ('clip'), counted round it ('wrap'), or an
IndexError ('raise'), which must know the places: they cannot be values of a graph then.
"""
from __future__ import annotations

from math import prod
from typing import Any

from mindspore.common.dtype import int32, int64
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of
from mindspore.numpy._arrays import ArrayLike, arrays, as_array, as_integers, axis_or_all, operand, pair
from mindspore.ops import arithmetic, comparison, indexing, shapes
from mindspore.ops._operands import Sizes, convert, static_shape

__all__ = [
    "argwhere", "choose", "ravel_multi_index", "select", "take", "take_along_axis", "unravel_index", "where",
]


# -- places ------------------------------------------------------------------------------------------------------------

def _places(name: str, value: ArrayLike, size: int, what: str = "indices") -> Tensor:
    """Places as Int32, or Int64 where an axis of `size` needs it."""
    index = as_integers(name, value, what)
    return index if index.dtype in (int32, int64) and size < 2**31 else convert(index, int64)


def _inside(name: str, index: Tensor, size: int, mode: str, from_end: bool) -> Tensor:
    """Places on an axis of `size`; `from_end` says whether negative ones count from its end in mode 'raise'."""
    if mode not in ("clip", "wrap", "raise"):
        raise ValueError(f"{name}: mode is {mode!r}; expected 'clip', 'wrap' or 'raise'")
    if size == 0 and index.size:
        raise IndexError(f"{name}: there are no elements to take: the size is 0")
    if mode == "clip":
        return arithmetic.clamp(index, 0, max(size - 1, 0))
    if mode == "wrap":
        return arithmetic.remainder(index, max(size, 1))
    known = storage_of(index, "index").to_numpy()
    low = -size if from_end else 0
    if known.size and not (low <= known.min() and known.max() < size):
        wrong = known.min() if known.min() < low else known.max()
        raise IndexError(f"{name}: index {wrong} is out of range; expected {low} to {size - 1}")
    return arithmetic.remainder(index, size) if from_end and size else index


def take(a: ArrayLike, indices: ArrayLike, axis: int | None = None, mode: str = "clip") -> Tensor:
    """The elements (or slices along `axis`) of `a` at the places `indices`, whose axes take the place of that axis;
    without an axis, of the flattened array.

    mode: 'clip' (negative places are 0), 'wrap' or 'raise' (negative places count from the end).

    >>> print(np.take([4, 3, 5, 7], [0, 1, 9]), np.take([4, 3, 5, 7], -1, mode="wrap"))
    [4 3 7] 7
    """
    x, place = axis_or_all("take", as_array("take", a, "a"), axis)
    index = _places("take", indices, x.shape[place])
    return indexing.gather(x, _inside("take", index, x.shape[place], mode, True), place)


def take_along_axis(arr: ArrayLike, indices: ArrayLike, axis: int | None) -> Tensor:
    """For each place of `indices` the element of `arr` there, with the coordinate along `axis` replaced by the index;
    negative ones count from the end. The other axes broadcast; without an axis both are flattened.

    >>> print(np.take_along_axis([[10, 30, 20]], [[2, 0]], 1))
    [[20 10]]
    """
    x, place = axis_or_all("take_along_axis", as_array("take_along_axis", arr, "arr"), axis)
    index = _places("take_along_axis", indices, x.size)
    index = shapes.ravel(index) if axis is None else index
    if index.ndim != x.ndim:
        raise ValueError(f"take_along_axis: arr has shape {x.shape} and indices {index.shape}; expected equally many "
                         f"axes")
    common = [1 if i == place else _common(n, m, x, index) for i, (n, m) in enumerate(zip(x.shape, index.shape))]
    x, index = (shapes.broadcast_to(v, tuple(v.shape[i] if i == place else n for i, n in enumerate(common)))
                for v in (x, index))
    return indexing.gather_elements(x, place, index)


def _common(n: int, m: int, x: Tensor, index: Tensor) -> int:
    if n != m and 1 not in (n, m):
        raise ValueError(f"take_along_axis: shapes {x.shape} and {index.shape} do not broadcast but for the axis")
    return m if n == 1 else n


def argwhere(a: ArrayLike) -> Tensor:
    """The coordinates (Int64) of the elements that differ from 0, one row each. Its shape depends on values, so it
    cannot be compiled into a graph. ValueError for an array without axes.

    >>> print(np.argwhere([[1, 0], [0, 2]]))
    [[0 0]
     [1 1]]
    """
    x = as_array("argwhere", a, "a")
    if x.ndim == 0:
        raise ValueError("argwhere: a has no axes; expected at least one")
    return indexing.nonzero(x)


def ravel_multi_index(multi_index: Any, dims: Sizes, mode: str = "clip", order: str = "C") -> Tensor:
    """Flat places of coordinates, one array for each axis, in an array of the shape `dims`.

    mode: what is done with coordinates out of range: 'clip', 'wrap' or 'raise'. order: 'C' (row-major) or 'F'.

    >>> print(np.ravel_multi_index([[3, 6, 6], [4, 5, 1]], (7, 6)))
    [22 41 37]
    """
    sizes = static_shape("ravel_multi_index", dims)
    items = arrays("ravel_multi_index", multi_index, "multi_index")
    if len(items) != len(sizes):
        raise ValueError(f"ravel_multi_index: {len(items)} coordinates for dims {sizes}; expected one for each axis")
    total = None
    for index, size, step in zip(items, sizes, _steps("ravel_multi_index", sizes, order)):
        place = _inside("ravel_multi_index", _places("ravel_multi_index", index, prod(sizes)), size, mode, False)
        part = arithmetic.mul(place, step)
        total = part if total is None else arithmetic.add(total, part)
    assert total is not None
    return total


def _steps(name: str, sizes: tuple[int, ...], order: str) -> list[int]:
    """How far apart neighbours along each axis are in the flat array."""
    if order not in ("C", "F"):
        raise ValueError(f"{name}: order is {order!r}; expected 'C' (row-major) or 'F' (column-major)")
    return [prod(sizes[i + 1:]) if order == "C" else prod(sizes[:i]) for i in range(len(sizes))]


def unravel_index(indices: ArrayLike, shape: Sizes, order: str = "C") -> tuple[Tensor, ...]:
    """The coordinates of flat places in an array of a shape, one array for each axis. Places out of range are moved to
    the ends. order: 'C' (row-major) or 'F'.

    >>> print(*np.unravel_index([22, 41, 37], (7, 6)))
    [3 6 6] [4 5 1]
    """
    sizes = static_shape("unravel_index", shape)
    index = _inside("unravel_index", _places("unravel_index", indices, prod(sizes)), prod(sizes), "clip", False)
    return tuple(arithmetic.remainder(arithmetic.floor_divide(index, max(step, 1)), max(size, 1))
                 for size, step in zip(sizes, _steps("unravel_index", sizes, order)))


# -- choices -----------------------------------------------------------------------------------------------------------

def where(condition: ArrayLike, x: ArrayLike | None = None, y: ArrayLike | None = None) -> Any:
    """x where condition differs from 0, else y; the three broadcast. Without x and y the coordinates (Int64) of the
    elements that differ from 0, one array for each axis: their number depends on values, so this form cannot be
    compiled into a graph.

    >>> print(np.where([True, False], [1, 2], 9))
    [1 9]
    """
    chooser = as_array("where", condition, "condition")
    if x is None and y is None:
        return indexing.nonzero(shapes.atleast_1d(chooser), as_tuple=True)
    if x is None or y is None:
        raise ValueError("where: one of x and y is None; give both, or neither for the coordinates of what is not 0")
    return comparison.where(chooser, *pair("where", x, y))


def select(condlist: Any, choicelist: Any, default: ArrayLike = 0) -> Tensor:
    """For each place the element of the first choice whose condition differs from 0 there, or `default`; all of them
    broadcast. ValueError for lists of unequal lengths.

    >>> print(np.select([[True, False, False], [True, True, False]], [[1, 2, 3], [4, 5, 6]], 9))
    [1 5 9]
    """
    conditions = arrays("select", condlist, "condlist")
    choices = list(choicelist) if isinstance(choicelist, (list, tuple)) else arrays("select", choicelist, "choicelist")
    if len(conditions) != len(choices):
        raise ValueError(f"select: {len(conditions)} conditions and {len(choices)} choices; expected equally many")
    result = operand("select", default, "default")
    for condition, choice in zip(conditions[::-1], choices[::-1]):
        result = comparison.where(condition, *pair("select", choice, result))
    return result


def choose(a: ArrayLike, choices: Any, mode: str = "clip") -> Tensor:
    """For each place the element there of the choice with the number that `a` has there; all of them broadcast.

    mode: what is done with numbers that no choice has: 'clip', 'wrap' or 'raise'.

    >>> print(np.choose([2, 0, 1], [[0, 1, 2], [10, 11, 12], [20, 21, 22]]))
    [20  1 12]
    """
    items = arrays("choose", choices, "choices")
    number = _inside("choose", _places("choose", a, len(items), "a"), len(items), mode, False)
    result = items[0]
    for i, choice in enumerate(items[1:], start=1):
        result = comparison.where(comparison.eq(number, i), choice, result)
    return result if len(items) > 1 else comparison.where(comparison.ge(number, 0), result, result)
