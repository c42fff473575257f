"""What the primitives of linear algebra share: stacks of matrices, triangles, and references that never raise.

All of them take stacks of matrices: the last two axes are rows and columns, the axes in front are independent problems.
A kernel cannot raise an error for one matrix of a stack, so a problem without a solution (a singular system, a matrix
that is not positive definite) has NaN as its result and leaves the others alone.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mindspore.common.dtype import int64
from mindspore.compiler.ir.graph import Node
from mindspore.compiler.primitives.base import rng
from mindspore.compiler.primitives.support import widen


def check_matrices(name: str, shape: tuple, square: bool = False) -> None:
    """ValueError unless the shape is that of a stack of matrices, square ones where asked."""
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        raise ValueError(f"{name}: got shape {shape}, expected (..., {'n, n' if square else 'm, n'}): a "
                         f"{'square ' * square}matrix in the last two axes")


def for_each(fn: Callable, results: int, *arrays: np.ndarray):
    """`fn` of the stacks of matrices; where it raises LinAlgError, of one problem after the other, with NaN as the
    results of those that raise. float16 and bfloat16 are computed in float32. results: how many `fn` gives."""
    dtype = arrays[0].dtype
    wide = [widen(a) for a in arrays]
    try:
        found = fn(*wide)
    except np.linalg.LinAlgError:
        found = _one_by_one(fn, results, wide)
    found = found if results > 1 else (found,)
    found = tuple([np.asarray(f).astype(dtype) for f in found])
    return found if results > 1 else found[0]


def _one_by_one(fn: Callable, results: int, arrays: list[np.ndarray]):
    stack = np.broadcast_shapes(*[a.shape[:-2] for a in arrays])
    arrays = [np.broadcast_to(a, (*stack, *a.shape[-2:])) for a in arrays]
    shapes = fn(*[np.broadcast_to(np.eye(*a.shape[-2:], dtype=a.dtype), a.shape) for a in arrays])
    found = [np.full(np.shape(s), np.nan, arrays[0].dtype) for s in (shapes if results > 1 else (shapes,))]
    for place in np.ndindex(*stack):
        try:
            one = fn(*[a[place] for a in arrays])
        except np.linalg.LinAlgError:
            continue
        for into, value in zip(found, one if results > 1 else (one,)):
            into[place] = value
    return found if results > 1 else found[0]


def transposed(b, x: Node) -> Node:
    """The matrices with rows and columns exchanged."""
    ndim = x.aval.ndim
    return b.transpose(x, perm=(*range(ndim - 2), ndim - 1, ndim - 2))


def ramps(b, shape: tuple) -> tuple[Node, Node]:
    """The row numbers as a column and the column numbers as a row, for matrices of this shape."""
    return b.iota(shape=(shape[-2], 1), axis=0, dtype=int64), b.iota(shape=(1, shape[-1]), axis=1, dtype=int64)


def triangle(b, x: Node, lower: bool = True, strict: bool = False) -> Node:
    """The matrices with zeros outside of a triangle, which has the diagonal unless it is strict."""
    rows, columns = ramps(b, x.shape)
    if not lower:
        rows, columns = columns, rows
    return b.select(b.gt(rows, columns) if strict else b.ge(rows, columns), x, b.constant(0, x.dtype))


def diagonal_part(b, x: Node) -> Node:
    """The matrices with zeros off the diagonal."""
    rows, columns = ramps(b, x.shape)
    return b.select(b.eq(rows, columns), x, b.constant(0, x.dtype))


def identity_like(b, x: Node) -> Node:
    """The identity as a square matrix of the size of those of x, in its dtype; one for the whole stack."""
    rows, columns = ramps(b, x.shape)
    return b.cast(b.eq(rows, columns), dtype=x.dtype)


def as_columns(b, x: Node) -> Node:
    """Vectors (..., n) as rows (..., 1, n), which scale the columns of matrices."""
    return b.reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def as_rows(b, x: Node) -> Node:
    """Vectors (..., n) as columns (..., n, 1), which scale the rows of matrices."""
    return b.reshape(x, shape=(*x.shape, 1))


def of_lower_triangle(b, gradient: Node) -> Node:
    """The gradient for the lower triangle of a symmetric matrix of which only that is read, from the gradient for
    all of its elements: what belongs to the upper triangle is added to its mirror image."""
    both = b.add(gradient, transposed(b, gradient))
    return b.add(triangle(b, both, strict=True), diagonal_part(b, gradient))


# -- sample inputs -----------------------------------------------------------------------------------------------------


def well_conditioned(shape: tuple, seed: int = 0) -> np.ndarray:
    """Square matrices far from singular ones, with unlike singular values and eigenvalues."""
    size = shape[-1]
    return rng(seed).uniform(-0.5, 0.5, shape) + np.diag(1.5 + np.arange(size))


def positive_definite(shape: tuple, seed: int = 0) -> np.ndarray:
    """Symmetric positive definite matrices with eigenvalues that lie apart."""
    x = rng(seed).uniform(-0.4, 0.4, shape)
    return x @ np.swapaxes(x, -1, -2) + np.diag(1.0 + np.arange(shape[-1]))
