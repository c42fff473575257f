"""Matrices with ones at certain places, triangles and diagonals, and the coordinates of those."""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore.common.dtype import float32, int32
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, DTypeLike, as_array, summable, to_dtype
from mindspore.ops import arithmetic, comparison, creation, joining, reduction, shapes, triangles
from mindspore.ops._operands import convert, static_int

__all__ = [
    "diag", "diag_indices", "diagflat", "diagonal", "eye", "identity", "trace", "tri", "tril", "tril_indices",
    "tril_indices_from", "triu", "triu_indices", "triu_indices_from", "vander",
]


# -- ones at certain places --------------------------------------------------------------------------------------------

def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = float32) -> Tensor:
    """An N by M matrix (M = N by default) with ones on diagonal k: 0 is the main one, above it k > 0.

    >>> print(np.eye(2, 3, 1))
    [[0. 1. 0.]
     [0. 0. 1.]]
    """
    rows, columns = _ramps("eye", N, M)
    on = comparison.eq(arithmetic.add(rows, static_int("eye", "k", k)), columns)
    return convert(on, float32 if dtype is None else to_dtype("eye", dtype))


def identity(n: int, dtype: DTypeLike = float32) -> Tensor:
    """The n by n matrix with ones on its main diagonal.

    >>> print(np.identity(2))
    [[1. 0.]
     [0. 1.]]
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = float32) -> Tensor:
    """An N by M matrix (M = N by default) with ones on diagonal k and below.

    >>> print(np.tri(2, 3, 1))
    [[1. 1. 0.]
     [1. 1. 1.]]
    """
    rows, columns = _ramps("tri", N, M)
    below = comparison.ge(arithmetic.add(rows, static_int("tri", "k", k)), columns)
    return convert(below, float32 if dtype is None else to_dtype("tri", dtype))


def _ramps(name: str, N: int, M: int | None) -> tuple[Tensor, Tensor]:
    """The row numbers as a column, and the column numbers."""
    height = static_int(name, "N", N)
    width = height if M is None else static_int(name, "M", M)
    if height < 0 or width < 0:
        raise ValueError(f"{name}: N is {height} and M is {width}; expected sizes that are not negative")
    return shapes.reshape(creation.arange(height), (height, 1)), creation.arange(width)


# -- triangles and diagonals -------------------------------------------------------------------------------------------

def tril(m: ArrayLike, k: int = 0) -> Tensor:
    """Matrices, in the last two axes, with zeros above diagonal k. A vector stands for equal rows.

    >>> print(np.tril(np.ones((2, 3))))
    [[1. 0. 0.]
     [1. 1. 0.]]
    """
    return triangles.tril(_matrix("tril", m), k)


def triu(m: ArrayLike, k: int = 0) -> Tensor:
    """Matrices, in the last two axes, with zeros below diagonal k. A vector stands for equal rows.

    >>> print(np.triu(np.ones((2, 3))))
    [[1. 1. 1.]
     [0. 1. 1.]]
    """
    return triangles.triu(_matrix("triu", m), k)


def _matrix(name: str, m: ArrayLike) -> Tensor:
    x = as_array(name, m, "m")
    if x.ndim == 0:
        raise ValueError(f"{name}: m has no axes; expected at least one")
    return shapes.broadcast_to(x, (x.size, x.size)) if x.ndim == 1 else x


def diag(v: ArrayLike, k: int = 0) -> Tensor:
    """A matrix with the elements of a vector on diagonal k; of a matrix, that diagonal.

    >>> print(np.diag([1, 2]), np.diag([[1, 2], [3, 4]]))
    [[1 0]
     [0 2]] [1 4]
    """
    return triangles.diag(as_array("diag", v, "v"), static_int("diag", "k", k))


def diagflat(v: ArrayLike, k: int = 0) -> Tensor:
    """A matrix with all elements of `v` on diagonal k.

    >>> print(np.diagflat([[1, 2]], 1))
    [[0 1 0]
     [0 0 2]
     [0 0 0]]
    """
    return triangles.diagflat(as_array("diagflat", v, "v"), static_int("diagflat", "k", k))


def diagonal(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonal `offset` of the matrices in two axes, as a last axis.

    >>> print(np.diagonal([[0, 1], [2, 3]]))
    [0 3]
    """
    return triangles.diagonal(as_array("diagonal", a, "a"), static_int("diagonal", "offset", offset), axis1, axis2)


def trace(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DTypeLike = None) -> Tensor:
    """The sum of the diagonal `offset` of the matrices in two axes.

    >>> print(np.trace(np.eye(3)))
    3.0
    """
    values = summable(diagonal(a, offset, axis1, axis2), dtype)
    return reduction.sum(values, values.ndim - 1, dtype=values.dtype)


def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> Tensor:
    """The Vandermonde matrix: column k holds x ** (N - 1 - k), or x ** k with `increasing`; N is the length of x by
    default.

    >>> print(np.vander([1, 2, 3], 3))
    [[1 1 1]
     [4 2 1]
     [9 3 1]]
    """
    value = as_array("vander", x, "x")
    if value.ndim != 1:
        raise ValueError(f"vander: x has shape {value.shape}; expected one axis")
    count = value.size if N is None else static_int("vander", "N", N)
    if count < 0:
        raise ValueError(f"vander: N is {count}; expected an int that is not negative")
    columns = [creation.ones_like(value)]
    for _ in range(count - 1):
        columns.append(arithmetic.mul(columns[-1], value))
    if count == 0:
        return creation.zeros((value.size, 0), value.dtype)
    return joining.stack(columns if increasing else columns[::-1], 1)


# -- coordinates -------------------------------------------------------------------------------------------------------

def diag_indices(n: int, ndim: int = 2) -> tuple[Tensor, ...]:
    """The coordinates (Int32) of the main diagonal of an array of `ndim` axes of size n.

    >>> print(*np.diag_indices(3))
    [0 1 2] [0 1 2]
    """
    count, axes = static_int("diag_indices", "n", n), static_int("diag_indices", "ndim", ndim)
    return (convert(creation.arange(count), int32),) * axes


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, Tensor]:
    """The coordinates (Int32) of diagonal k and what is below, in an n by m matrix (m = n by default).

    >>> print(*np.tril_indices(3))
    [0 1 1 2 2 2] [0 0 1 0 1 2]
    """
    return _coordinates("tril_indices", np.tril_indices, n, k, m)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, Tensor]:
    """The coordinates (Int32) of diagonal k and what is above, in an n by m matrix (m = n by default).

    >>> print(*np.triu_indices(3))
    [0 0 0 1 1 2] [0 1 2 1 2 2]
    """
    return _coordinates("triu_indices", np.triu_indices, n, k, m)


def _coordinates(name: str, places: Any, n: int, k: int, m: int | None) -> tuple[Tensor, Tensor]:
    sizes = [static_int(name, "n", n), static_int(name, "n" if m is None else "m", n if m is None else m)]
    rows, columns = places(sizes[0], static_int(name, "k", k), sizes[1])
    return Tensor(rows.astype(np.int32)), Tensor(columns.astype(np.int32))


def tril_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Tensor, Tensor]:
    """The coordinates (Int32) of diagonal k and what is below, in a matrix of the shape of `arr`.

    >>> print(*np.tril_indices_from(np.ones((2, 3))))
    [0 1 1] [0 0 1]
    """
    rows, columns = _sizes("tril_indices_from", arr)
    return tril_indices(rows, k, columns)


def triu_indices_from(arr: ArrayLike, k: int = 0) -> tuple[Tensor, Tensor]:
    """The coordinates (Int32) of diagonal k and what is above, in a matrix of the shape of `arr`.

    >>> print(*np.triu_indices_from(np.ones((2, 3))))
    [0 0 0 1 1] [0 1 2 1 2]
    """
    rows, columns = _sizes("triu_indices_from", arr)
    return triu_indices(rows, k, columns)


def _sizes(name: str, arr: ArrayLike) -> tuple[int, int]:
    x = as_array(name, arr, "arr")
    if x.ndim != 2:
        raise ValueError(f"{name}: arr has shape {x.shape}; expected a matrix")
    return x.shape
