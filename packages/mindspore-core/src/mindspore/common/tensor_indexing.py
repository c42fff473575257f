"""Reading parts of tensors: `x[index]`.

The forms and layouts are NumPy's: ints, slices with any step, None, Ellipsis, True and False, and advanced indices,
that is integer and Bool tensors, arrays and lists. An index is brought into one entry for each axis:

* Without advanced indices it is one strided slice, a reversal of axes with negative steps, and a reshape.
* With advanced ones the slices are cut first; then the axes that they stand on are merged into one, the broadcast index
  tensors are combined into places on it, and one `gather` reads them. As in NumPy the axes of the indices stand where
  the indexed axes stood, if these are neighbours, and in front otherwise.

* A `Window` is a slice of a known number of elements that starts at a tensor: these are gathered first, along its axis.

What a basic index gives is a view (`tensor_views`); `tensor_index_writes` writes.

Ints and the bounds of slices are part of the program, integer tensors are operands of it. To read a part of a tensor
whose value is at hand, outside of gradients and compiled functions, costs no entry in the recorded program, so that a
loop over batches `data[i:i + n]` always records the same one. A Bool index must be known while recording; `where` and
`masked_fill` serve where it is not. An integer index out of range raises IndexError: at once where it is known, and
otherwise when the program has run (`graph.index_checks`).
"""
from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from mindspore.common.dtype import bool_, int64
from mindspore.common.tensor import Tensor
from mindspore.common.view_places import shown
from mindspore.compiler.ir.dims import Dim, same_shape
from mindspore.compiler.ir.size_expressions import slice_of
from mindspore.eager import segment as _segment
from mindspore.graph.index_checks import check
from mindspore.graph.trace import Traced, current_trace, size_of, storage_of
from mindspore.ops._operands import apply, constant, convert, primitive
from mindspore.runtime import record
from mindspore.runtime.storage import from_numpy

__all__ = ["Axis", "Block", "Window", "block_of", "combined", "entries_of", "getitem", "part_of",
           "read_block", "shaped"]

_SLICE, _REVERSE, _RESHAPE, _TRANSPOSE, _BROADCAST, _GATHER, _IOTA = map(
    primitive, ("slice", "reverse", "reshape", "transpose", "broadcast_to", "gather", "iota"))
_SELECT, _ADD, _MUL, _LT, _GE, _AND = map(
    primitive, ("select", "add", "mul", "lt", "ge", "logical_and"))
_IDENTITY = primitive("identity")
_FEW = 4096  # places that the host is as fast with as the device


class Window(NamedTuple):
    """A slice of `count` elements that are `step` apart, from `start` on: an integer tensor without dimensions, which
    is not negative. What lies outside of the axis reads 0, and is not written."""

    start: Tensor
    count: int
    step: int


class Axis(NamedTuple):
    """What an index does with one axis: `kind` is int, slice, new, array or window; `value` the int, the slice, None,
    the index array (a NumPy array or a Tensor), or the Window."""

    kind: str
    value: Any


# -- understanding an index --------------------------------------------------------------------------------------------

def entries_of(shape: tuple, index: Any) -> list[Axis]:
    """One entry for each axis of the tensor, and one for each new axis."""
    items: list[Axis | None] = []
    if isinstance(index, list) and any(map(_is_for_an_axis, index)):
        index = tuple(index)
    for item in index if isinstance(index, tuple) and type(index) is not Window else (index,):
        if item is Ellipsis:
            if None in items:
                raise IndexError("an index can have only one Ellipsis ('...')")
            items.append(None)
        else:
            items.extend(_classify(item))
    if Axis("new", False) in items and any(entry and entry.kind == "array" for entry in items):
        raise IndexError("False selects nothing, so that the places of the index tensors, arrays and lists beside it "
                         "cannot be broadcast to it")
    used = sum(entry is not None and entry.kind != "new" for entry in items)
    if used > len(shape):
        raise IndexError(f"too many indices: a tensor of shape {shape} has {len(shape)} axes, but {used} were indexed")
    rest = [Axis("slice", slice(None))] * (len(shape) - used)
    place = items.index(None) if None in items else len(items)
    entries = [e for e in items[:place] if e] + rest + [e for e in items[place + 1:] if e]
    return _checked(shape, entries)


def _is_for_an_axis(item: Any) -> bool:
    """Whether a list with this item is no array of places, but holds an index for each axis, as a tuple does."""
    return item is None or item is Ellipsis or isinstance(item, slice) or (
        isinstance(item, Tensor) and item.dtype is bool_ and item.ndim > 0)


def _classify(item: Any) -> list[Axis]:
    if isinstance(item, (bool, np.bool_)):
        return [Axis("new", bool(item))]
    if type(item) is Dim:
        return [Axis("int", item)]
    if isinstance(item, (int, np.integer)):
        return [Axis("int", int(item))]
    if isinstance(item, slice):
        return [Axis("slice", slice(*[_size(n) for n in (item.start, item.stop, item.step)]))]
    if type(item) is Window:
        return [Axis("window", item)]
    if item is None:
        return [Axis("new", True)]
    if isinstance(item, (list, range, tuple)):
        if any(isinstance(i, Tensor) for i in item):
            item = [i.item() if isinstance(i, Tensor) and i.ndim == 0 else i for i in item]
        item = np.asarray(item) if len(item) else np.zeros(0, np.int64)
    if isinstance(item, (np.ndarray, Tensor)):
        return _array_entries(item)
    raise IndexError(f"an index must be an int, a slice, None, '...', a bool, or a tensor, array or list of integers "
                     f"or bools, but got {type(item).__name__}: {item!r}")


def _size(bound: Any) -> Any:
    """A bound of a slice: the size that a traced number is known to be, in place of it."""
    known = size_of(bound) if isinstance(bound, Tensor) else None
    return bound if known is None else known


def _array_entries(item: np.ndarray | Tensor) -> list[Axis]:
    kind = item.dtype.kind
    if kind == "b":
        mask = storage_of(item).to_numpy() if isinstance(item, Tensor) else item
        if mask.ndim == 0:
            return [Axis("new", bool(mask))]
        return [Axis("array", _Places(places, size)) for places, size in zip(mask.nonzero(), mask.shape)]
    if kind not in "iu":
        raise IndexError(f"a tensor or array used as an index must hold integers or bools, but it holds {item.dtype}")
    known = _array_at_hand(item) if isinstance(item, Tensor) and item.size <= _FEW else None
    return [Axis("array", item if known is None else known)]


class _Places(np.ndarray):
    """Places that come from a mask, with the size that its axis must have."""

    def __new__(cls, places: np.ndarray, size: int):
        self = places.view(cls)
        self.mask_size = size
        return self


def _checked(shape: tuple, entries: list[Axis]) -> list[Axis]:
    """Entries with ints and known arrays wrapped to non-negative ones. IndexError for one out of range."""
    sizes = iter(shape)
    found = []
    for axis, entry in enumerate(entries):
        if entry.kind == "new":
            found.append(entry)
            continue
        size = next(sizes)
        if entry.kind == "int":
            if not -size <= entry.value < size:
                raise IndexError(f"index {entry.value} is out of range for axis {axis} of size {size}")
            entry = Axis("int", entry.value + size if entry.value < 0 else entry.value)
        elif isinstance(entry.value, _Places):
            if entry.value.mask_size != size:
                raise IndexError(f"a Bool index has size {entry.value.mask_size} on axis {axis}, which has size {size}")
            entry = Axis("array", np.asarray(entry.value))
        elif isinstance(entry.value, np.ndarray):
            entry = Axis("array", _wrapped_places(entry.value, axis, size))
        found.append(entry)
    return found


def _wrapped_places(places: np.ndarray, axis: int, size: int | Dim) -> np.ndarray:
    """Known places on an axis as non-negative ones. IndexError for one out of range."""
    if places.size == 0:
        return places.astype(np.int64)
    low, high = int(places.min()), int(places.max())
    if low < -size or high >= size:
        raise IndexError(f"index {high if high >= size else low} is out of range for axis {axis} of size {size}")
    return np.where(places < 0, places + int(size), places).astype(np.int64) if low < 0 else places.astype(np.int64)


class Block(NamedTuple):
    """A strided block: the slice's attributes, the axes to reverse, and the shapes with and without dropped axes."""

    begin: tuple
    end: tuple
    strides: tuple
    reversed: tuple
    sizes: tuple
    shape: tuple


def block_of(shape: tuple, entries: list[Axis]) -> Block:
    """The block that ints, slices and new axes describe; axes with arrays stay whole."""
    rows, turned, result = [], [], []
    axis = 0
    for kind, value in entries:
        if kind == "new":
            result.append(1 if value else 0)
            continue
        size = shape[axis]
        start, step, count = slice_of(value, size) if kind == "slice" else (value, 1, 1) if kind == "int" \
            else (0, 1, size)
        if step < 0:
            start, step = start + (count - 1) * step, -step
            turned.append(axis)
        start = start if count else 0
        rows.append((start, start + (count - 1) * step + 1 if count else 0, step, count))
        if kind != "int":
            result.append(count)
        axis += 1
    begin, end, strides, sizes = zip(*rows) if rows else ((), (), (), ())
    return Block(begin, end, strides, tuple(turned), sizes, tuple(result))


# -- reading -----------------------------------------------------------------------------------------------------------

def getitem(x: Tensor, index: Any) -> Tensor:
    """x[index]; see the module's text."""
    part = _read_now(x, index)
    if part is not None:
        return part if _is_element(part, index) else shown(x, part, "index", index)
    if _is_mask(index, x.shape):
        return _read_mask(x, index)
    entries = entries_of(x.shape, index)
    part = _read(x, entries)
    if _is_element(part, index):
        return apply(_IDENTITY, (x,)) if part is x else part
    if any(e.kind == "array" for e in entries):
        return shown(x, part, "index", index) if _is_of_numbers(entries) else part
    return shown(x, part, "index", tuple([e.value if e.kind != "new" else None for e in entries])) \
        if all(e.value for e in entries if e.kind == "new") else part


def _is_mask(index: Any, shape: tuple) -> bool:
    """Whether an index is a Bool tensor or array for the first axes."""
    return isinstance(index, (Tensor, np.ndarray)) and index.dtype.kind == "b" and index.ndim > 0 and same_shape(
        index.shape, shape[:index.ndim])


def _read_mask(x: Tensor, mask: Tensor | np.ndarray) -> Tensor:
    """The rows at the places of a mask, which must be known."""
    known = storage_of(mask).to_numpy() if isinstance(mask, Tensor) else mask
    rows = shaped(x, (known.size, *x.shape[known.ndim:]))
    places = np.flatnonzero(known)
    return apply(_GATHER, (rows, Tensor(places.astype(np.int32) if known.size < 2**31 else places)), (0,))


def part_of(x: Tensor, index: Any) -> Tensor:
    """x[index] as a value of its own."""
    return _read(x, entries_of(x.shape, index))


def _read(x: Tensor, entries: list[Axis]) -> Tensor:
    seen, entries = _seen_through(x, entries)
    if any(e.kind == "array" for e in entries):
        return _read_places(seen, [Axis("array", np.asarray(e.value)) if e.kind == "int" else e for e in entries])
    return read_block(seen, entries)


def _is_of_numbers(entries: list[Axis]) -> bool:
    """Whether the index tensors stand for Python numbers, such as a loop's counter: then the index is a basic one."""
    from mindspore.graph.numbers import kinds_of
    return current_trace() is not None and all(
        e.kind != "array" or (isinstance(e.value, Tensor) and kinds_of(e.value) == {int}) for e in entries)


def _seen_through(x: Tensor, entries: list[Axis]) -> tuple[Tensor, list[Axis]]:
    """The elements that are in all windows, and the entries without windows."""
    axis, found = 0, []
    for entry in entries:
        if entry.kind == "window":
            start, count, step = entry.value
            offsets = apply(_MUL, (apply(_IOTA, (), ((count,), 0, int64)), constant(step, int64)))
            x = apply(_GATHER, (x, apply(_ADD, (offsets, convert(start, int64)))), (axis,))
            entry = Axis("slice", slice(None))
        found.append(entry)
        axis += entry.kind != "new"
    return x, found


def _is_element(part: Tensor, index: Any) -> bool:
    """Whether what an index gives is an element, which is a value and no view, as in NumPy: a[i], a[j] = a[j], a[i]
    exchanges two. With an ellipsis it is a view."""
    return not part.ndim and not (index is Ellipsis or (type(index) is tuple and any(i is Ellipsis for i in index)))


def _read_now(x: Tensor, index: Any) -> Tensor | None:
    """A basic part of a value that is at hand, copied at once; None where it must be recorded."""
    if type(index) is not slice and type(index) is not int and not (
            type(index) is tuple and all(i is None or i is Ellipsis or type(i) in (int, slice) for i in index)):
        return None
    array = _array_at_hand(x)
    if array is None:
        return None
    try:
        return record.wrap(from_numpy(np.array(array[index], order="C")))
    except IndexError:  # recording it says what is wrong
        return None


def _array_at_hand(x: Tensor) -> np.ndarray | None:
    """The elements of a tensor that the host can read without waiting, and which no program that is being recorded
    computes."""
    value = x._value
    if current_trace() is not None or type(value) is Traced or value.pending is not None:
        return None
    segment = _segment._local.segment
    if segment is not None and segment.regions:
        return None
    if value.host is not None or not value.device.capabilities.host_memory:
        return value.host
    value.device.allocator.synchronize()
    return value.device.as_numpy(value.buffer, value.aval.dtype, value.aval.shape)


def read_block(x: Tensor, entries: list[Axis]) -> Tensor:
    block = block_of(x.shape, entries)
    x = _cut(x, block)
    return shaped(x, block.shape) if prod(block.shape) == x.size else apply(
        _BROADCAST, (constant(0, x.dtype),), (block.shape,))


def _cut(x: Tensor, block: Block) -> Tensor:
    """The block with all axes of x, in the order of the index."""
    if not same_shape(block.sizes, x.shape) or any(s != 1 for s in block.strides):
        x = apply(_SLICE, (x,), (block.begin, block.end, block.strides))
    return apply(_REVERSE, (x,), (block.reversed,)) if block.reversed else x


def shaped(x: Tensor, shape: tuple) -> Tensor:
    return x if same_shape(x.shape, shape) else apply(_RESHAPE, (x,), (shape,))


def _read_places(x: Tensor, entries: list[Axis]) -> Tensor:
    """Cut slices, then gather along the axes with index arrays."""
    x = read_block(x, entries)
    axes = [axis for axis, entry in enumerate(entries) if entry.kind == "array"]
    arrays = [entries[a].value for a in axes]
    if len(axes) == 1:
        return apply(_GATHER, (x, _wrapped(arrays[0], x.shape[axes[0]])), (axes[0],))
    if axes != list(range(axes[0], axes[-1] + 1)):
        rest = [a for a in range(x.ndim) if a not in axes]
        x = apply(_TRANSPOSE, (x,), ((*axes, *rest),))
        axes = list(range(len(axes)))
    first, last = axes[0], axes[-1] + 1
    sizes = x.shape[first:last]
    merged = apply(_RESHAPE, (x,), (x.shape[:first] + (prod(sizes),) + x.shape[last:],))
    return apply(_GATHER, (merged, combined(arrays, sizes)), (first,))


def _wrapped(array: np.ndarray | Tensor, size: int) -> Tensor:
    """An index as a tensor without negative numbers that stand for places from the end."""
    if isinstance(array, np.ndarray):
        return Tensor(array.astype(np.int32) if size < 2**31 else array)
    check("an index tensor", array, -size, size)
    if array.dtype.kind == "u":
        return array
    if size > np.iinfo(array.dtype.np).max:
        array = convert(array, int64)
    negative = apply(_LT, (array, constant(0, array.dtype)))
    return apply(_SELECT, (negative, apply(_ADD, (array, constant(size, array.dtype))), array))


def combined(arrays: list, sizes: tuple) -> Tensor:
    """The flat places on axes of these sizes at which index arrays meet; -1 where one of them is out of range."""
    if all(isinstance(a, np.ndarray) for a in arrays):
        return Tensor(np.asarray(np.ravel_multi_index(tuple(_broadcast(arrays)), sizes), np.int64))
    places = valid = None
    for array, size in zip(arrays, sizes):
        index = convert(_wrapped(array, size), int64)
        inside = apply(_AND, (apply(_GE, (index, constant(0, int64))), apply(_LT, (index, constant(size, int64)))))
        if places is None or valid is None:
            places, valid = index, inside
        else:
            places = _add(apply(_MUL, (places, constant(size, int64))), index)
            valid = apply(_AND, (valid, inside))
    return apply(_SELECT, (valid, places, constant(-1, int64)))


def _add(a: Tensor, b: Tensor) -> Tensor:
    try:
        return apply(_ADD, (a, b))
    except ValueError:
        raise IndexError(f"index tensors of shapes {a.shape} and {b.shape} cannot be broadcast together") from None


def _broadcast(arrays: list) -> list:
    try:
        return np.broadcast_arrays(*arrays)
    except ValueError:
        raise IndexError(f"index arrays of shapes {', '.join(str(a.shape) for a in arrays)} cannot be broadcast "
                         f"together") from None
