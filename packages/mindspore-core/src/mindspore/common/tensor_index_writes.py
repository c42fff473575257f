"""Writing parts of tensors: `x[index] = value`, with the forms of an index that `tensor_indexing` reads.

Writing is functional: a new value is computed and becomes the value of the handle. A basic index places the values by
padding and chooses between them and the old elements; an advanced one replaces rows where index tensors stand on the
first axes and all others are whole, and otherwise single elements at flat places. Of equal places the last one counts.
What a basic index gives is a view (`tensor_views`): a write into it is a write into the tensor too, as in
`x[0][1] = v`.
"""
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from mindspore.common.dtype import bool_, int64
from mindspore.common.tensor import Tensor
from mindspore.common.tensor_indexing import (
    Axis,
    Block,
    block_of,
    combined,
    entries_of,
    getitem,
    read_block,
    shaped,
)
from mindspore.common.tensor_views import check_writable
from mindspore.compiler.ir.dims import same_shape
from mindspore.ops._operands import apply, as_dtype_of, constant, convert, primitive
from mindspore.ops.indexing import replace_rows
from mindspore.runtime import record

__all__ = ["setitem", "written"]

_REVERSE, _RESHAPE, _PAD, _BROADCAST, _GATHER, _IOTA, _SELECT = map(
    primitive, ("reverse", "reshape", "pad", "broadcast_to", "gather", "iota", "select"))
_ADD, _SUB, _MUL, _LT, _GE, _EQ, _AND, _FLOORDIV = map(
    primitive, ("add", "sub", "mul", "lt", "ge", "eq", "logical_and", "floor_div"))


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """x[index] = value; see the module's text. ValueError where the value does not broadcast to the part."""
    if isinstance(value, (list, tuple)):
        value = Tensor(list(value))
    value = as_dtype_of("setitem", value, x, "the value")
    check_writable("setitem", x)
    record.assign(x, written(x, index, value))


def written(x: Tensor, index: Any, value: Tensor) -> Tensor:
    """x with x[index] replaced by `value`, which has the dtype of x."""
    if isinstance(index, Tensor) and index.dtype is bool_ and 0 < index.ndim <= x.ndim:
        value = shaped(value, ()) if value.size == 1 else value
        if value.ndim <= x.ndim - index.ndim:
            return _write_mask(x, index, value)
    entries = entries_of(x.shape, index)
    if any(e.kind == "window" for e in entries):
        return _write_windows(x, entries, value)
    if any(e.kind == "array" for e in entries):
        return _write_places(x, index, entries, value)
    return _write_block(x, block_of(x.shape, entries), value)


def _write_mask(x: Tensor, mask: Tensor, value: Tensor) -> Tensor:
    """One value for every place of a mask, which need not be known."""
    if mask.shape != x.shape[:mask.ndim]:
        raise IndexError(f"a Bool index has shape {mask.shape}, but the tensor has shape {x.shape}")
    _check_fits(value, x.shape[mask.ndim:])
    return apply(_SELECT, (shaped(mask, mask.shape + (1,) * (x.ndim - mask.ndim)), value, x))


def _check_fits(value: Tensor, shape: tuple) -> None:
    sizes = zip(reversed(value.shape), reversed(shape))
    if value.ndim > len(shape) or any(v not in (1, s) for v, s in sizes):
        raise ValueError(f"setitem: a value of shape {value.shape} cannot be broadcast to the part of shape {shape}")


def _spread(value: Tensor, shape: tuple) -> Tensor:
    """The value broadcast to the shape of the part; leading axes of size 1 may be too many."""
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = apply(_RESHAPE, (value,), (value.shape[1:],))
    _check_fits(value, shape)
    return value if same_shape(value.shape, shape) else apply(_BROADCAST, (value,), (shape,))


def _write_block(x: Tensor, block: Block, value: Tensor) -> Tensor:
    value = _spread(value, block.shape)
    if 0 in block.shape:
        return x
    value = shaped(value, block.sizes)
    if block.reversed:
        value = apply(_REVERSE, (value,), (block.reversed,))
    if block.sizes == x.shape:
        return value
    high = tuple(d - e for d, e in zip(x.shape, block.end))
    border = (block.begin, high, tuple(s - 1 for s in block.strides), 0)
    inside = apply(_PAD, (apply(_BROADCAST, (constant(True, bool_),), (block.sizes,)),), border)
    return apply(_SELECT, (inside, apply(_PAD, (value,), border), x))


def _write_windows(x: Tensor, entries: list[Axis], value: Tensor) -> Tensor:
    """Values for what is seen through windows: on the axis of each, an element that is in the window takes the value
    that lies as far from the start of the values as it lies from the start of the window."""
    if any(e.kind == "array" for e in entries):
        raise IndexError("setitem: an index with a slice that starts at a tensor has index tensors, too; write "
                         "the slice as an index tensor, ops.arange(count) + start")
    whole = [Axis("slice", slice(None)) if e.kind == "window" else e for e in entries]
    block = block_of(x.shape, whole)
    old = read_block(x, whole)
    kept = [e for e in entries if e.kind != "int"]
    value = _spread(value, tuple([e.value.count if e.kind == "window" else size for e, size in zip(kept, old.shape)]))
    inside = None
    for axis, entry in enumerate(kept):
        if entry.kind != "window":
            continue
        start, count, step = entry.value
        distance = apply(_SUB, (apply(_IOTA, (), ((old.shape[axis],), 0, int64)), convert(start, int64)))
        number = apply(_FLOORDIV, (distance, constant(step, int64)))
        hit = apply(_AND, (apply(_EQ, (apply(_MUL, (number, constant(step, int64))), distance)), apply(_AND, (
            apply(_GE, (number, constant(0, int64))), apply(_LT, (number, constant(count, int64)))))))
        hit = shaped(hit, (old.shape[axis],) + (1,) * (old.ndim - axis - 1))
        value = apply(_GATHER, (value, number), (axis,))
        inside = hit if inside is None else apply(_AND, (inside, hit))
    inside = apply(_BROADCAST, (inside,), (old.shape,))
    return _write_block(x, block, apply(_SELECT, (inside, value, old)))


def _write_places(x: Tensor, index: Any, entries: list[Axis], value: Tensor) -> Tensor:
    """Values at rows of the first axes, or at flat places; of equal places the last value stays."""
    arrays = _leading(entries)
    if arrays is not None:
        return _replaced(x, combined(arrays, x.shape[:len(arrays)]), value, len(arrays))
    if all(isinstance(e.value, np.ndarray) for e in entries if e.kind == "array"):
        places = _known_places(x.shape, entries)
        return _replaced(x, Tensor(places), value)
    numbers = apply(_ADD, (shaped(apply(_IOTA, (), ((x.size,), 0, int64)), x.shape), constant(1, int64)))
    return _replaced(x, apply(_SUB, (getitem(numbers, index), constant(1, int64))), value)


def _leading(entries: list[Axis]) -> list | None:
    """The index arrays of the first axes, if all others are whole."""
    count = sum(e.kind != "slice" for e in entries)
    if any(e.kind not in ("array", "int") for e in entries[:count]) or any(
            e.value != slice(None) for e in entries[count:]):
        return None
    return [np.asarray(e.value) if e.kind == "int" else e.value for e in entries[:count]]


def _replaced(x: Tensor, places: Tensor, value: Tensor, axes: int | None = None) -> Tensor:
    """Values at flat places on so many of the first axes, all of them by default."""
    sizes, rest = x.shape[:axes], x.shape[len(x.shape[:axes]):]
    value = shaped(_spread(value, places.shape + rest), (places.size, *rest))
    return shaped(replace_rows(shaped(x, (prod(sizes), *rest)), shaped(places, (places.size,)), value), x.shape)


def _known_places(shape: tuple, entries: list[Axis]) -> np.ndarray:
    """The flat place of each element of x[index], by NumPy itself."""
    numbers = np.arange(prod(shape)).reshape(shape)
    return numbers[tuple(None if e.kind == "new" else e.value for e in entries)]
