"""Joining, splitting and repeating arrays.

Arrays are promoted to one dtype. Shapes and axes must be known while the program is recorded. ValueError for shapes
and axes that do not fit, TypeError for ones of a wrong type.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, as_array, axis_or_all
from mindspore.numpy._arrays import arrays as _sequence
from mindspore.ops import joining, shapes
from mindspore.ops._operands import Sizes, normalize_axis, static_int

__all__ = [
    "append", "array_split", "column_stack", "concatenate", "dsplit", "dstack", "hsplit", "hstack", "repeat", "split",
    "stack", "tile", "vsplit", "vstack",
]


# -- joining -----------------------------------------------------------------------------------------------------------

def concatenate(arrays: Any, axis: int | None = 0) -> Tensor:
    """The arrays joined along `axis`, or flattened and joined for None; their other sizes are equal.

    >>> print(np.concatenate([[1, 2], [3]]))
    [1 2 3]
    """
    items = _sequence("concatenate", arrays)
    if axis is None:
        return joining.concat([shapes.ravel(x) for x in items], 0)
    return joining.concat(items, axis)


def append(arr: ArrayLike, values: ArrayLike, axis: int | None = None) -> Tensor:
    """arr with `values` behind it along `axis`; both flattened without an axis.

    >>> print(np.append([1, 2], [[3], [4]]))
    [1 2 3 4]
    """
    items = [as_array("append", arr, "arr"), as_array("append", values, "values")]
    if axis is None:
        return joining.concat([shapes.ravel(x) for x in items], 0)
    if items[0].ndim != items[1].ndim:
        raise ValueError(f"append: shapes {items[0].shape} and {items[1].shape}; expected equally many axes")
    return joining.concat(items, axis)


def stack(arrays: Any, axis: int = 0) -> Tensor:
    """Arrays of one shape joined along a new axis at `axis`.

    >>> print(np.stack([[1, 2], [3, 4]], 1))
    [[1 3]
     [2 4]]
    """
    return joining.stack(_sequence("stack", arrays), axis)


def hstack(tup: Any) -> Tensor:
    """Arrays joined along axis 1, or along axis 0 where they have one axis.

    >>> print(np.hstack(([1, 2], [3])))
    [1 2 3]
    """
    return joining.hstack(_sequence("hstack", tup, "tup"))


def vstack(tup: Any) -> Tensor:
    """Arrays joined along axis 0, with rows for those of one axis.

    >>> print(np.vstack(([1, 2], [3, 4])))
    [[1 2]
     [3 4]]
    """
    return joining.vstack(_sequence("vstack", tup, "tup"))


def dstack(tup: Any) -> Tensor:
    """Arrays joined along axis 2, with axes added as by `atleast_3d`.

    >>> print(np.dstack(([1, 2], [3, 4])).shape)
    (1, 2, 2)
    """
    return joining.dstack(_sequence("dstack", tup, "tup"))


def column_stack(tup: Any) -> Tensor:
    """Arrays joined along axis 1, with columns for those of one axis.

    >>> print(np.column_stack(([1, 2], [3, 4])))
    [[1 3]
     [2 4]]
    """
    return joining.column_stack(_sequence("column_stack", tup, "tup"))


# -- splitting ---------------------------------------------------------------------------------------------------------

def split(x: ArrayLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """A tuple of that many equal pieces along `axis`, or of pieces that begin at the indices. ValueError where the size
    is not divisible.

    >>> print(*np.split(np.arange(6), 3))
    [0 1] [2 3] [4 5]
    """
    value = as_array("split", x, "x")
    place = normalize_axis("split", axis, value.ndim)
    if not isinstance(indices_or_sections, (list, tuple)):
        count = static_int("split", "indices_or_sections", indices_or_sections)
        if count < 1 or value.shape[place] % count:
            raise ValueError(f"split: {count} pieces of axis {place} of size {value.shape[place]}; expected a divisor "
                             f"of it (array_split takes any number)")
    return joining.tensor_split(value, indices_or_sections, place)


def array_split(x: ArrayLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """A tuple of that many pieces along `axis`, the first ones longer by 1 where it does not divide, or of pieces that
    begin at the indices.

    >>> print(*np.array_split(np.arange(5), 2))
    [0 1 2] [3 4]
    """
    return joining.tensor_split(as_array("array_split", x, "x"), indices_or_sections, axis)


def hsplit(x: ArrayLike, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`split` along axis 1, or along axis 0 of an array of one axis.

    >>> print(*np.hsplit([[1, 2], [3, 4]], 2))
    [[1]
     [3]] [[2]
     [4]]
    """
    value = as_array("hsplit", x, "x")
    return split(_with_axes("hsplit", value, 1), indices_or_sections, 0 if value.ndim == 1 else 1)


def vsplit(x: ArrayLike, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`split` along axis 0, of at least two axes.

    >>> print(*np.vsplit([[1, 2], [3, 4]], 2))
    [[1 2]] [[3 4]]
    """
    return split(_with_axes("vsplit", as_array("vsplit", x, "x"), 2), indices_or_sections, 0)


def dsplit(x: ArrayLike, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`split` along axis 2, of at least three axes.

    >>> print(*[p.shape for p in np.dsplit(np.ones((2, 2, 4)), 2)])
    (2, 2, 2) (2, 2, 2)
    """
    return split(_with_axes("dsplit", as_array("dsplit", x, "x"), 3), indices_or_sections, 2)


def _with_axes(name: str, x: Tensor, least: int) -> Tensor:
    if x.ndim < least:
        raise ValueError(f"{name}: x has shape {x.shape}; expected at least {least} axes")
    return x


# -- repeating ---------------------------------------------------------------------------------------------------------

def tile(a: ArrayLike, reps: Sizes) -> Tensor:
    """a repeated reps[i] times along axis i; the shorter of shape and `reps` is filled up with 1 in front.

    >>> print(np.tile([1, 2], (2, 2)))
    [[1 2 1 2]
     [1 2 1 2]]
    """
    return joining.tile(as_array("tile", a, "a"), reps)


def repeat(a: ArrayLike, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Each element (or slice along `axis`) repeated, all equally often or each its own number of times; the numbers
    must be known. Without an axis of the flattened array.

    >>> print(np.repeat([1, 2], [1, 3]))
    [1 2 2 2]
    """
    x, place = axis_or_all("repeat", as_array("repeat", a, "a"), axis)
    return joining.repeat_interleave(x, repeats, place)
