"""Combining updates with the elements of a tensor at given places, for every way to combine, and in place.

`tensor_scatter_*` return a new tensor. `scatter_*` (indices name rows) and `scatter_nd_*` (they are coordinates) give
a parameter its new value and return that, as a Tensor. Where several updates meet at one place they are combined, too:
they are sorted by place, neighbours of one place are combined over growing distances, and the last one of each run is
written. A place out of range is an IndexError as in `gather`, but `tensor_scatter_mul` and segments leave it out.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from mindspore.common.dtype import bfloat16, int32, promote_types
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, as_tensor, constant, full_of, primitive, static_int
from mindspore.ops.arithmetic import maximum, minimum, mul, true_divide
from mindspore.ops.indexing import added_at, coordinates, element_updates, replace_rows, replaced_at, subtracted_at
from mindspore.ops.shapes import expand_dims, reshape
from mindspore.ops.state import assign

__all__ = [
    "scatter_add", "scatter_div", "scatter_max", "scatter_min", "scatter_mul", "scatter_nd_add", "scatter_nd_div",
    "scatter_nd_max", "scatter_nd_min", "scatter_nd_mul", "scatter_nd_sub", "scatter_nd_update", "scatter_sub",
    "scatter_update",
    "tensor_scatter_div", "tensor_scatter_max", "tensor_scatter_min", "tensor_scatter_mul", "unsorted_segment_max",
    "unsorted_segment_min", "unsorted_segment_prod",
]

_GATHER, _SORT, _SLICE, _PAD, _SELECT, _EQ, _MAXIMUM, _SCATTER_ADD = map(
    primitive, ("gather", "sort", "slice", "pad", "select", "eq", "maximum", "scatter_add"))


def _combined(name: str, input_x: Operand, indices: Operand, updates: Operand, join: Callable,
              among: Callable | None = None, checked: bool = True) -> Tensor:
    """join(element, updates of its place), where the updates of one place are joined by `among` first."""
    x, rows, places, value = coordinates(name, input_x, indices, updates, checked)
    places, source = apply(_SORT, (places,), (0, False))
    value = _runs(places, apply(_GATHER, (value, source), (0,)), among or join)
    inside = apply(_MAXIMUM, (places, constant(0, places.dtype)))
    joined = join(apply(_GATHER, (rows, inside), (0,)), value)  # of a run the last has all of it, and stays
    return reshape(replace_rows(rows, places, joined), x.shape)


def _runs(places: Tensor, value: Tensor, join: Callable) -> Tensor:
    """Running combinations within runs of equal sorted places, by doubling distances."""
    n, rest = places.size, (0,) * (value.ndim - 1)
    distance = 1
    while distance < n:
        here = apply(_SLICE, (places,), ((distance,), (n,), (1,)))
        before = apply(_SLICE, (places,), ((0,), (n - distance,), (1,)))
        same = apply(_PAD, (apply(_EQ, (here, before)),), ((distance,), (0,), (0,), 0))
        earlier = apply(_SLICE, (value,), ((0, *rest), (n - distance, *value.shape[1:]), (1,) * value.ndim))
        zeros = (0,) * value.ndim
        earlier = apply(_PAD, (earlier,), ((distance, *rest), zeros, zeros, 0))
        value = apply(_SELECT, (reshape(same, (n,) + (1,) * len(rest)), join(earlier, value), value))
        distance *= 2
    return value


def tensor_scatter_max(input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """The larger of the element and the updates at each of the coordinates."""
    return _combined("tensor_scatter_max", input_x, indices, updates, maximum)


def tensor_scatter_min(input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """The smaller of the element and the updates at each of the coordinates."""
    return _combined("tensor_scatter_min", input_x, indices, updates, minimum)


def tensor_scatter_mul(input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """The element times the updates at each of the coordinates; those out of range are left out."""
    return _combined("tensor_scatter_mul", input_x, indices, updates, mul, checked=False)


def scatter_multiply(input: Operand, axis: int, index: Operand, src: Operand) -> Tensor:
    """input with its elements multiplied by those of `src` (or one number) whose coordinate along `axis` the index
    names; see `tensor_scatter_elements`."""
    x, places, value = element_updates("scatter", input, index, src, axis)
    flat = reshape(x, (x.size,))
    return reshape(tensor_scatter_mul(flat, expand_dims(places, -1), value), x.shape)


def tensor_scatter_div(input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """The element divided by the updates at each of the coordinates."""
    return _combined("tensor_scatter_div", input_x, indices, updates, true_divide, mul)


class KeptDtypeError(TypeError, RuntimeError):
    """A tensor that is written in place would need another dtype."""


def _in_place(name: str, function: Callable, rows: bool, says: str) -> Callable:
    def scatter(input_x: Tensor, indices: Operand, updates: Operand, use_locking: bool = False) -> Tensor:
        index = as_tensor(name, indices, "indices")
        if isinstance(updates, Tensor) and promote_types(input_x.dtype, updates.dtype) is not input_x.dtype:
            raise KeptDtypeError(f"{name}: input_x, which is written in place, keeps its dtype {input_x.dtype}, which "
                                 f"does not hold updates of {updates.dtype}; cast them with "
                                 f"updates.astype({input_x.dtype})")
        new = function(name, input_x, expand_dims(index, -1) if rows else index, updates)
        assign(input_x, new)
        return new
    scatter.__name__ = scatter.__qualname__ = name
    where = "rows that the indices name" if rows else "coordinates along the last axis of the indices"
    scatter.__doc__ = (f"In place: {says} at the {where}; returns the new value. TypeError (and RuntimeError) for "
                       "updates of a dtype that `input_x` would have to be converted to.")
    return scatter


_MAX, _MIN, _MUL = (partial(_combined, join=join) for join in (maximum, minimum, mul))
_DIV = partial(_combined, join=true_divide, among=mul)

scatter_update = _in_place("scatter_update", replaced_at, True, "replaced by the updates")
scatter_add = _in_place("scatter_add", added_at, True, "the updates added")
scatter_max = _in_place("scatter_max", _MAX, True, "not below the updates")
scatter_min = _in_place("scatter_min", _MIN, True, "not above the updates")
scatter_mul = _in_place("scatter_mul", _MUL, True, "multiplied by the updates")
scatter_div = _in_place("scatter_div", _DIV, True, "divided by the updates")
scatter_sub = _in_place("scatter_sub", subtracted_at, True, "the updates subtracted")
scatter_nd_update = _in_place("scatter_nd_update", replaced_at, False, "replaced by the updates")
scatter_nd_add = _in_place("scatter_nd_add", added_at, False, "the updates added")
scatter_nd_sub = _in_place("scatter_nd_sub", subtracted_at, False, "the updates subtracted")
scatter_nd_max = _in_place("scatter_nd_max", _MAX, False, "not below the updates")
scatter_nd_min = _in_place("scatter_nd_min", _MIN, False, "not above the updates")
scatter_nd_mul = _in_place("scatter_nd_mul", _MUL, False, "multiplied by the updates")
scatter_nd_div = _in_place("scatter_nd_div", _DIV, False, "divided by the updates")


def _segments(name: str, x: Operand, segment_ids: Operand, num_segments: int, join: Callable, empty) -> Tensor:
    value, index = as_tensor(name, x, "x"), as_tensor(name, segment_ids, "segment_ids")
    if index.shape != value.shape[:index.ndim] or index.ndim == 0:
        raise ValueError(f"{name}: segment_ids has shape {index.shape}; expected that of the first axes of x, "
                         f"{value.shape}")
    count, places = static_int(name, "num_segments", num_segments), expand_dims(index, -1)
    start, left = empty(value.dtype)
    joined = _combined(name, full_of((count, *value.shape[index.ndim:]), constant(start, value.dtype)), places, value,
                       join, checked=False)
    if start == left:
        return joined
    ones = full_of(index.shape, constant(1, int32))
    members = apply(_SCATTER_ADD, (full_of((count,), constant(0, int32)), index, ones), (0,))
    none = reshape(apply(_EQ, (members, constant(0, int32))), (count,) + (1,) * (joined.ndim - 1))
    return apply(_SELECT, (none, constant(left, value.dtype), joined))


def _lowest(dtype) -> tuple:
    """What is below all numbers of a dtype, and the least one of them that is finite."""
    if dtype.is_floating:
        return -np.inf, -_largest(dtype)
    return (int(np.iinfo(dtype.np).min),) * 2


def _highest(dtype) -> tuple:
    if dtype.is_floating:
        return np.inf, _largest(dtype)
    return (int(np.iinfo(dtype.np).max),) * 2


def _largest(dtype) -> float:
    return (2 - 2.0**-7) * 2.0**127 if dtype is bfloat16 else float(np.finfo(dtype.np).max)


def unsorted_segment_max(x: Operand, segment_ids: Operand, num_segments: int) -> Tensor:
    """The largest of the slices that have one segment number; a segment without any has the least finite number.
    segment_ids has the shape of the first axes of x, which become one of size `num_segments`."""
    return _segments("unsorted_segment_max", x, segment_ids, num_segments, maximum, _lowest)


def unsorted_segment_min(x: Operand, segment_ids: Operand, num_segments: int) -> Tensor:
    """The smallest of the slices that have one segment number; a segment without any has the largest finite number;
    see `unsorted_segment_max`."""
    return _segments("unsorted_segment_min", x, segment_ids, num_segments, minimum, _highest)


def unsorted_segment_prod(x: Operand, segment_ids: Operand, num_segments: int) -> Tensor:
    """The product of the slices that have one segment number; 1 for a segment without any; see
    `unsorted_segment_max`."""
    return _segments("unsorted_segment_prod", x, segment_ids, num_segments, mul, lambda dtype: (1, 1))
