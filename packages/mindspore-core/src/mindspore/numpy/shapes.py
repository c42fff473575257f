"""Shapes, axes and the order of elements.

Shapes and axes must be known while the program is recorded. ValueError for shapes and axes that do not fit, TypeError
for ones of a wrong type.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import broadcast_shapes
from mindspore.numpy._arrays import ArrayLike, as_array
from mindspore.ops import shapes
from mindspore.ops._operands import Axes, Sizes, normalize_axis, static_int, static_ints

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_to", "expand_dims", "flip", "fliplr",
    "flipud", "moveaxis", "ravel", "reshape", "roll", "rollaxis", "rot90", "size", "squeeze", "swapaxes", "transpose",
]


# -- shapes ------------------------------------------------------------------------------------------------------------

def reshape(x: ArrayLike, new_shape: Sizes) -> Tensor:
    """The elements in row-major order under another shape; one size may be -1 and follows from the others.

    >>> print(np.reshape([1, 2, 3, 4], (2, -1)))
    [[1 2]
     [3 4]]
    """
    return shapes.reshape(as_array("reshape", x, "x"), new_shape)


def ravel(x: ArrayLike) -> Tensor:
    """All elements along one axis, in row-major order.

    >>> print(np.ravel([[1, 2], [3, 4]]))
    [1 2 3 4]
    """
    return shapes.ravel(as_array("ravel", x, "x"))


def expand_dims(a: ArrayLike, axis: int | Sequence[int]) -> Tensor:
    """New axes of size 1 at `axis` (an int or a tuple of ints) of the result.

    >>> print(np.expand_dims([1, 2], 1).shape)
    (2, 1)
    """
    return shapes.expand_dims(as_array("expand_dims", a, "a"), axis)


def squeeze(a: ArrayLike, axis: Axes = None) -> Tensor:
    """Without the axes of size 1, or without those that `axis` names. ValueError for an axis of another size.

    >>> print(np.squeeze([[[1, 2]]], 0).shape)
    (1, 2)
    """
    return shapes.squeeze(as_array("squeeze", a, "a"), axis)


def size(a: ArrayLike, axis: int | None = None) -> int:
    """The number of elements, or the size of one axis.

    >>> np.size([[1, 2, 3]]), np.size([[1, 2, 3]], 0)
    (3, 1)
    """
    x = as_array("size", a, "a")
    return x.size if axis is None else x.shape[normalize_axis("size", axis, x.ndim)]


def broadcast_to(array: ArrayLike, shape: Sizes) -> Tensor:
    """The array repeated to `shape`; axes of size 1, and missing ones in front, are repeated.

    >>> print(np.broadcast_to([1, 2], (2, 2)))
    [[1 2]
     [1 2]]
    """
    return shapes.broadcast_to(as_array("broadcast_to", array, "array"), shape)


def broadcast_arrays(*args: ArrayLike) -> list[Tensor]:
    """The arrays, all repeated to the shape to which they broadcast.

    >>> print(*np.broadcast_arrays([1, 2], [[3], [4]]))
    [[1 2]
     [1 2]] [[3 3]
     [4 4]]
    """
    items = [as_array("broadcast_arrays", a, f"array {i}") for i, a in enumerate(args)]
    shape = broadcast_shapes("broadcast_arrays", *[x.shape for x in items]) if items else ()
    return [shapes.broadcast_to(x, shape) for x in items]


def atleast_1d(*arys: ArrayLike) -> Any:
    """The array, or a list of the arrays, with at least one axis.

    >>> print(np.atleast_1d(3).shape)
    (1,)
    """
    return _each("atleast_1d", arys, shapes.atleast_1d)


def atleast_2d(*arys: ArrayLike) -> Any:
    """The array, or a list of the arrays, with axes of size 1 added in front up to two axes.

    >>> print(np.atleast_2d([1, 2]).shape)
    (1, 2)
    """
    return _each("atleast_2d", arys, shapes.atleast_2d)


def atleast_3d(*arys: ArrayLike) -> Any:
    """The array, or a list of the arrays, with at least three axes: (n,) becomes (1, n, 1), (m, n) (m, n, 1).

    >>> print(np.atleast_3d([1, 2]).shape)
    (1, 2, 1)
    """
    return _each("atleast_3d", arys, shapes.atleast_3d)


def _each(name: str, arys: tuple, widen: Any) -> Any:
    results = [widen(as_array(name, a, f"array {i}")) for i, a in enumerate(arys)]
    return results[0] if len(results) == 1 else results


# -- the order of axes -------------------------------------------------------------------------------------------------

def transpose(a: ArrayLike, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order: axis i of the result is axis axes[i] of a; turned round by default.

    >>> print(np.transpose([[1, 2], [3, 4]]))
    [[1 3]
     [2 4]]
    """
    x = as_array("transpose", a, "a")
    return shapes.transpose(x, tuple(range(x.ndim))[::-1] if axes is None else axes)


def swapaxes(x: ArrayLike, axis1: int, axis2: int) -> Tensor:
    """With two axes exchanged.

    >>> print(np.swapaxes(np.ones((2, 3, 4)), 0, 2).shape)
    (4, 3, 2)
    """
    return shapes.swapaxes(as_array("swapaxes", x, "x"), axis1, axis2)


def moveaxis(a: ArrayLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """With the axes `source` moved to the places `destination`; the others keep their order.

    >>> print(np.moveaxis(np.ones((2, 3, 4)), 0, -1).shape)
    (3, 4, 2)
    """
    return shapes.moveaxis(as_array("moveaxis", a, "a"), source, destination)


def rollaxis(x: ArrayLike, axis: int, start: int = 0) -> Tensor:
    """With `axis` moved until it lies before the axis that was at `start`.

    >>> print(np.rollaxis(np.ones((2, 3, 4)), 2).shape)
    (4, 2, 3)
    """
    value = as_array("rollaxis", x, "x")
    source = normalize_axis("rollaxis", axis, value.ndim)
    place = static_int("rollaxis", "start", start)
    if not -value.ndim <= place <= value.ndim:
        raise ValueError(f"rollaxis: start {place} is out of range for {value.ndim} axes; expected {-value.ndim} to "
                         f"{value.ndim}")
    place = place + value.ndim if place < 0 else place
    return shapes.moveaxis(value, source, place - 1 if source < place else place)


# -- the order of elements ---------------------------------------------------------------------------------------------

def flip(m: ArrayLike, axis: Axes = None) -> Tensor:
    """The elements along `axis` (an int, a tuple, None for all axes) in the opposite order.

    >>> print(np.flip([[1, 2], [3, 4]]))
    [[4 3]
     [2 1]]
    """
    x = as_array("flip", m, "m")
    return shapes.flip(x, tuple(range(x.ndim)) if axis is None else axis)


def fliplr(m: ArrayLike) -> Tensor:
    """The elements along axis 1 in the opposite order.

    >>> print(np.fliplr([[1, 2], [3, 4]]))
    [[2 1]
     [4 3]]
    """
    return shapes.fliplr(as_array("fliplr", m, "m"))


def flipud(m: ArrayLike) -> Tensor:
    """The elements along axis 0 in the opposite order.

    >>> print(np.flipud([[1, 2], [3, 4]]))
    [[3 4]
     [1 2]]
    """
    return shapes.flipud(as_array("flipud", m, "m"))


def roll(a: ArrayLike, shift: int | Sequence[int], axis: Axes = None) -> Tensor:
    """The elements along `axis` moved by `shift` places, round the end; without an axis in the flattened array.

    >>> print(np.roll([1, 2, 3], 1))
    [3 1 2]
    """
    x = as_array("roll", a, "a")
    shifts = static_ints("roll", "shift", shift)
    if axis is None:
        return shapes.roll(x, sum(shifts))
    axes = static_ints("roll", "axis", axis)
    count = max(len(shifts), len(axes))
    return shapes.roll(x, shifts * count if len(shifts) == 1 else shifts, axes * count if len(axes) == 1 else axes)


def rot90(a: ArrayLike, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """The plane of two axes turned k times by 90 degrees, from the first towards the second.

    >>> print(np.rot90([[1, 2], [3, 4]]))
    [[2 4]
     [1 3]]
    """
    return shapes.rot90(as_array("rot90", a, "a"), k, axes)
