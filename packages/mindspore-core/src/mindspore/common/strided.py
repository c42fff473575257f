"""Reading and writing views that are given by an offset, sizes and strides.

Where the strides divide each other, as those of slices do, the elements are a block of the root under another shape: a
root of N elements that is seen with strides s1 > s2 > ... has the shape (N / s1, s1 / s2, ..., s), and the view is a
slice of it. So reading is a reshape and a slice, and writing pads the value and chooses between it and the old
elements. Other views, diagonals for example, are gathered from and scattered to the flat root by their places.
"""
from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np

from mindspore.common.dtype import bool_
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import apply, constant, primitive
from mindspore.ops.indexing import replace_rows

__all__ = ["read", "write"]

_SLICE, _REVERSE, _RESHAPE, _TRANSPOSE, _PAD, _BROADCAST, _SELECT, _GATHER = map(
    primitive, ("slice", "reverse", "reshape", "transpose", "pad", "broadcast_to", "select", "gather"))


class _Block(NamedTuple):
    """A view as a slice of the root under the shape `grid`. axes: the axes of the view with several elements, in the
    order of the grid; turned: those of the slice that run backwards."""

    grid: tuple
    begin: tuple
    counts: tuple
    axes: tuple
    turned: tuple


def _block(total: int, offset: int, sizes: tuple, strides: tuple) -> _Block | None:
    """The view as a slice, None if it is none."""
    axes = sorted([k for k, n in enumerate(sizes) if n > 1 and strides[k]], key=lambda k: -abs(strides[k]))
    low = offset + sum(strides[k] * (sizes[k] - 1) for k in axes if strides[k] < 0)
    steps = [abs(strides[k]) for k in axes]
    grid, begin, around = [], [], total
    for step in steps:
        if around % step:
            return None
        grid.append(around // step)
        begin.append(low // step)
        low, around = low % step, step
    grid.append(around)
    begin.append(low)
    counts = (*[sizes[k] for k in axes], 1)
    if any(b + n > size for b, n, size in zip(begin, counts, grid)):
        return None
    return _Block(tuple(grid), tuple(begin), counts, tuple(axes),
                  tuple(place for place, k in enumerate(axes) if strides[k] < 0))


def _shaped(x: Tensor, shape: tuple) -> Tensor:
    return x if x.shape == shape else apply(_RESHAPE, (x,), (shape,))


def _turned(x: Tensor, axes: tuple) -> Tensor:
    return apply(_REVERSE, (x,), (axes,)) if axes else x


def _ordered(x: Tensor, axes: tuple) -> Tensor:
    return x if axes == tuple(range(len(axes))) else apply(_TRANSPOSE, (x,), (axes,))


def read(root: Tensor, offset: int, sizes: tuple, strides: tuple) -> Tensor:
    """The elements of a view: one for each place of `sizes`."""
    if not prod(sizes):
        return apply(_BROADCAST, (constant(0, root.dtype),), (sizes,))
    block = _block(root.size, offset, sizes, strides)
    if block is None:
        return apply(_GATHER, (_shaped(root, (root.size,)), Tensor(_places(offset, sizes, strides))), (0,))
    x = _shaped(root, block.grid)
    if block.counts != block.grid:
        end = tuple([b + n for b, n in zip(block.begin, block.counts)])
        x = apply(_SLICE, (x,), (block.begin, end, (1,) * len(end)))
    x = _turned(_shaped(x, block.counts[:-1]), block.turned)
    x = _ordered(x, tuple(sorted(range(len(block.axes)), key=block.axes.__getitem__)))
    x = _shaped(x, tuple([n if k in block.axes else 1 for k, n in enumerate(sizes)]))
    return x if x.shape == sizes else apply(_BROADCAST, (x,), (sizes,))


def write(root: Tensor, offset: int, sizes: tuple, strides: tuple, value: Tensor) -> Tensor:
    """The root with the elements of a view replaced by those of `value`. ValueError if an element is in several places
    of the view."""
    if not prod(sizes):
        return root
    if any(n > 1 and not step for n, step in zip(sizes, strides)):
        raise ValueError(f"a view of shape {sizes} that was broadcast from fewer elements cannot be changed in place, "
                         f"since one of them stands in several places; make a copy of it first (copy())")
    block = _block(root.size, offset, sizes, strides)
    if block is None:
        return _scattered(root, _places(offset, sizes, strides).reshape(-1), value)
    x = _shaped(value, tuple([sizes[k] for k in sorted(block.axes)]))
    ranks = sorted(block.axes)
    x = _turned(_ordered(x, tuple([ranks.index(k) for k in block.axes])), block.turned)
    x = _shaped(x, block.counts)
    if block.counts != block.grid:
        high = tuple([size - b - n for size, b, n in zip(block.grid, block.begin, block.counts)])
        border = (block.begin, high, (0,) * len(high), 0)
        inside = apply(_PAD, (apply(_BROADCAST, (constant(True, bool_),), (block.counts,)),), border)
        x = apply(_SELECT, (inside, apply(_PAD, (x,), border), _shaped(root, block.grid)))
    return _shaped(x, root.shape)


def _places(offset: int, sizes: tuple, strides: tuple) -> np.ndarray:
    places = np.full((), offset, np.int64)
    for size, step in zip(sizes, strides):
        places = places[..., None] + np.arange(size) * step
    return places


def _scattered(root: Tensor, places: np.ndarray, value: Tensor) -> Tensor:
    if np.unique(places).size < places.size:
        raise ValueError(f"a view of shape {value.shape} cannot be changed in place, since an element of the tensor "
                         f"stands in several places of it; make a copy of it first (copy())")
    flat = replace_rows(_shaped(root, (root.size,)), Tensor(places), _shaped(value, (places.size,)))
    return _shaped(flat, root.shape)
