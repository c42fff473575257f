"""Reading and writing at places that index tensors name.

Indices are integers of any dtype, Int32 or Int64 where updates are written (`tensor_scatter_update` and its like), as
MindSpore demands there. An index out of range raises IndexError (`graph.index_checks`), at once where its
value is at hand and otherwise when the program has run, in `gather`, `gather_elements`, `index_select`, `take`,
`index_add`, `index_fill`, and where indices are coordinates (`gather_nd`, `scatter_nd`, `tensor_scatter_add` and its
like). `tensor_scatter_elements`, `scatter` and the sums of segments write nothing there. Writes are functional: they
return a new tensor. Where several updates meet at one place and replace what is there, the last one stays.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from mindspore.common.dtype import DType, bool_, int32, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.ir.dims import Symbolic, same_shape
from mindspore.graph.index_checks import check, check_coordinates
from mindspore.graph.trace import storage_of
from mindspore.ops._operands import (
    Operand,
    Sizes,
    apply,
    as_bool,
    as_dtype_of,
    as_tensor,
    constant,
    convert,
    normalize_axis,
    primitive,
    promote,
    static_int,
    static_shape,
)
from mindspore.ops.comparison import where

__all__ = [
    "argwhere", "bincount", "bucketize", "gather", "gather_d", "gather_elements", "gather_nd", "index_add",
    "index_fill", "index_select", "masked_select", "nonzero", "one_hot", "scatter", "scatter_nd", "searchsorted",
    "select_scatter", "slice_scatter", "take", "tensor_scatter_add", "tensor_scatter_elements", "tensor_scatter_sub",
    "tensor_scatter_update", "unsorted_segment_sum",
]

_GATHER, _GATHER_ELEMENTS, _SCATTER_ADD, _SCATTER_ADD_ELEMENTS, _SCATTER_UPDATE, _ONE_HOT = map(
    primitive, ("gather", "gather_elements", "scatter_add", "scatter_add_elements", "scatter_update", "one_hot"))
_RESHAPE, _BROADCAST, _SLICE, _CONCAT, _TRANSPOSE, _IOTA, _SELECT = map(
    primitive, ("reshape", "broadcast_to", "slice", "concat", "transpose", "iota", "select"))
_ADD, _SUB, _MUL, _NEG, _LT, _LE, _GE, _AND, _SUM = map(
    primitive, ("add", "sub", "mul", "neg", "lt", "le", "ge", "logical_and", "sum"))
SHORT_SEQUENCE = 16  # elements with which each value is simply compared


def _indices(name: str, value: Operand, what: str = "index") -> Tensor:
    index = as_tensor(name, value, what)
    if not index.dtype.is_integer:
        raise TypeError(f"{name}: {what} is {index.dtype}; expected an integer dtype")
    return index


def _written_places(name: str, value: Operand) -> Tensor:
    """The indices of an operator that writes."""
    index = as_tensor(name, value, "indices")
    if index.dtype not in (int32, int64):
        raise TypeError(f"{name}: indices are {index.dtype}; expected Int32 or Int64")
    return index


def _from_front(index: Tensor, size: int) -> Tensor:
    """Indices without negative ones that count from the end."""
    if index.dtype.kind == "u":
        return index
    if size > np.iinfo(index.dtype.np).max:
        index = convert(index, int64)
    negative = apply(_LT, (index, constant(0, index.dtype)))
    return apply(_SELECT, (negative, apply(_ADD, (index, constant(size, index.dtype))), index))


def from_front(name: str, index: Operand, size: int) -> Tensor:
    """An index of which negative ones count from the end and those out of range are errors, from the front."""
    places = _indices(name, index)
    check(name, places, -size, size)
    return _from_front(places, size)


# -- reading -----------------------------------------------------------------------------------------------------------

def gather(input_params: Operand, input_indices: Operand, axis: int, batch_dims: int = 0) -> Tensor:
    """Slices of input_params along `axis` at input_indices, whose axes take that axis' place. With `batch_dims` = b the
    first b axes of both are one batch, and each entry of it is gathered from by itself."""
    x, index = as_tensor("gather", input_params), _indices("gather", input_indices, "input_indices")
    axis = normalize_axis("gather", axis, x.ndim)
    check("gather", index, 0, x.shape[axis] if x.ndim else 0)
    if batch_dims:
        return _gather_batched(x, index, axis, normalize_axis("gather", batch_dims, index.ndim + 1, "batch_dims"))
    return apply(_GATHER, (x, index), (axis,))


def _gather_batched(x: Tensor, index: Tensor, axis: int, dims: int) -> Tensor:
    batch = x.shape[:dims]
    if index.shape[:dims] != batch or axis < dims:
        raise ValueError(f"gather: shapes {x.shape} and {index.shape} with axis {axis} and batch_dims {dims}; the "
                         f"first axes must be equal, and axis must come after them")
    between, size, after = x.shape[dims:axis], x.shape[axis], x.shape[axis + 1:]
    picked = index.shape[dims:]
    order = (*range(dims), axis, *range(dims, axis), *range(axis + 1, x.ndim))
    rows = apply(_RESHAPE, (apply(_TRANSPOSE, (x,), (order,)),), ((prod(batch) * size, *between, *after),))
    index = convert(index, int64)
    inside = apply(_AND, (apply(_GE, (index, constant(0, int64))), apply(_LT, (index, constant(size, int64)))))
    starts = apply(_MUL, (apply(_IOTA, (), ((prod(batch),), 0, int64)), constant(size, int64)))
    starts = apply(_RESHAPE, (starts,), ((*batch, *(1,) * len(picked)),))
    places = apply(_SELECT, (inside, apply(_ADD, (index, starts)), constant(-1, int64)))
    found = apply(_GATHER, (rows, places), (0,))
    lead, width = dims + len(picked), len(between)
    order = (*range(dims), *range(lead, lead + width), *range(dims, lead), *range(lead + width, found.ndim))
    return apply(_TRANSPOSE, (found,), (order,))


def gather_elements(input: Operand, dim: int, index: Operand) -> Tensor:
    """For each place of `index` the element of input at that place with its coordinate along `dim` replaced by the
    index; negative ones count from the end. The shape of `index` may be smaller than that of input on other axes."""
    x, index = as_tensor("gather_elements", input), _indices("gather_elements", index)
    if x.ndim == 0:
        raise ValueError(f"gather_elements: input has no axes, but dim is {dim}; expected a tensor of one axis or more")
    axis = normalize_axis("gather_elements", dim, x.ndim, "dim")
    check("gather_elements", index, -x.shape[axis], x.shape[axis])
    index = _from_front(index, x.shape[axis])
    if index.ndim != x.ndim:
        raise ValueError(f"gather_elements: input has shape {x.shape} and index {index.shape}; expected equally many "
                         f"axes")
    end = tuple(d if i == axis else min(d, n) for i, (d, n) in enumerate(zip(x.shape, index.shape)))
    if end != x.shape:
        x = apply(_SLICE, (x,), ((0,) * x.ndim, end, (1,) * x.ndim))
    return apply(_GATHER_ELEMENTS, (x, index), (axis,))


def gather_d(x: Operand, dim: int, index: Operand) -> Tensor:
    """See `gather_elements`."""
    return gather_elements(x, dim, index)


def gather_nd(input_x: Operand, indices: Operand) -> Tensor:
    """Slices of input_x at the places whose coordinates stand along the last axis of `indices`."""
    x, index = as_tensor("gather_nd", input_x), _indices("gather_nd", indices, "indices")
    rows, places, rest = _rows("gather_nd", x, index)
    return apply(_RESHAPE, (apply(_GATHER, (rows, places), (0,)),), (index.shape[:-1] + rest,))


def _rows(name: str, x: Tensor, index: Tensor, checked: bool = True) -> tuple[Tensor, Tensor, tuple]:
    """x with its first axes, those that the last axis of `index` has coordinates for, merged into one; the flat places
    on it, -1 where a coordinate is out of range, which is an error if it is `checked`; and the shape of a slice."""
    if index.ndim == 0 or not 0 < index.shape[-1] <= x.ndim:
        raise ValueError(f"{name}: indices have shape {index.shape} for a tensor of shape {x.shape}; expected 1 to "
                         f"{x.ndim} coordinates along the last axis")
    count = index.shape[-1]
    sizes, rest = x.shape[:count], x.shape[count:]
    if checked:
        check_coordinates(name, index, sizes)
    index = convert(index, int64)
    bounds = sizes_vector(sizes)
    inside = apply(_AND, (apply(_GE, (index, constant(0, int64))), apply(_LT, (index, bounds))))
    inside = apply(primitive("all"), (inside,), ((index.ndim - 1,), False))
    steps = sizes_vector([prod(sizes[i + 1:]) for i in range(count)])
    flat = apply(_SUM, (apply(_MUL, (index, steps)),), ((index.ndim - 1,), False))
    places = apply(_SELECT, (inside, flat, constant(-1, int64)))
    return apply(_RESHAPE, (x,), ((prod(sizes), *rest),)), places, rest


def sizes_vector(numbers: Sequence[int]) -> Tensor:
    """Sizes, symbolic ones among them, as a tensor (Int64)."""
    if not any(isinstance(n, Symbolic) for n in numbers):
        return constant(np.array(numbers, np.int64), int64)
    return apply(_CONCAT, tuple([apply(_RESHAPE, (constant(n, int64),), ((1,),)) for n in numbers]), (0,))


def index_select(input: Operand, axis: int, index: Operand) -> Tensor:
    """The slices along `axis` at the places in `index`, which has one axis."""
    x, index = as_tensor("index_select", input), _indices("index_select", index)
    if index.ndim > 1:
        raise ValueError(f"index_select: index has shape {index.shape}; expected one axis")
    axis = normalize_axis("index_select", axis, x.ndim)
    check("index_select", index, 0, x.shape[axis] if x.ndim else 0)
    index = apply(_RESHAPE, (index,), ((index.size,),))
    return apply(_GATHER, (x, index), (axis,))


def take(input: Operand, index: Operand) -> Tensor:
    """The elements of the flattened input at the places in `index`; negative ones count from the end."""
    x = as_tensor("take", input)
    return apply(_GATHER, (apply(_RESHAPE, (x,), ((x.size,),)), from_front("take", index, x.size)), (0,))


def one_hot(indices: Operand, depth: int, on_value: Operand = 1, off_value: Operand = 0, axis: int = -1) -> Tensor:
    """`on_value` where a new axis of size `depth`, at `axis`, has the index' place, else `off_value`."""
    index = _indices("one_hot", indices, "indices")
    depth = static_int("one_hot", "depth", depth)
    if depth < 0:
        raise ValueError(f"one_hot: depth is {depth}; expected an int that is not negative")
    axis = normalize_axis("one_hot", axis, index.ndim + 1)
    return where(apply(_ONE_HOT, (index,), (depth, axis, bool_)), on_value, off_value)


def searchsorted(sorted_sequence: Operand, values: Operand, *, out_int32: bool = False, right: bool = False,
                 side: str | None = None, sorter: Operand | None = None) -> Tensor:
    """How many elements of sorted_sequence stand before each value, those equal to it included with `right` (or
    side='right'). A sequence with several axes is sorted along the last one, row by row as `values`."""
    ordered = as_tensor("searchsorted", sorted_sequence, "sorted_sequence")
    x = as_tensor("searchsorted", values, "values")
    if sorter is not None:
        ordered = gather_elements(ordered, -1, sorter)
    if side not in (None, "left", "right"):
        raise ValueError(f"searchsorted: side is {side!r}; expected 'left' or 'right'")
    if ordered.ndim == 0 or (ordered.ndim > 1 and ordered.shape[:-1] != x.shape[:-1]):
        raise ValueError(f"searchsorted: sorted_sequence has shape {ordered.shape} and values {x.shape}; expected one "
                         f"axis, or equal sizes but for the last axis")
    ordered, x = promote("searchsorted", ordered, x)
    beaten = _LE if right or side == "right" else _LT
    count = ordered.shape[-1]
    if isinstance(count, int) and count > SHORT_SEQUENCE:
        return convert(_halved(ordered, x, beaten), int32 if out_int32 else int64)
    rows = ordered.shape if ordered.ndim == 1 else (*ordered.shape[:-1], 1, ordered.shape[-1])
    column = apply(_RESHAPE, (x,), ((*x.shape, 1),))
    before = apply(beaten, (apply(_RESHAPE, (ordered,), (rows,)), column))
    return apply(_SUM, (convert(before, int32 if out_int32 else int64),), ((before.ndim - 1,), False))


def _halved(ordered: Tensor, x: Tensor, beaten) -> Tensor:
    """For each of x how many elements of a sorted sequence, or of its own row of one, beat it: by halving the steps."""
    count = ordered.shape[-1]
    found = apply(_BROADCAST, (constant(0, int64),), (x.shape,))
    flat = ordered.ndim == 1
    for power in reversed(range(count.bit_length())):
        further = apply(_ADD, (found, constant(1 << power, int64)))
        last = apply(_SUB, (further, constant(1, int64)))
        element = apply(_GATHER, (ordered, last), (0,)) if flat else apply(
            _GATHER_ELEMENTS, (ordered, last), (ordered.ndim - 1,))
        inside = apply(_LE, (further, constant(count, int64)))
        found = apply(_SELECT, (apply(_AND, (inside, apply(beaten, (element, x)))), further, found))
    return found


def bucketize(input: Operand, boundaries: Operand, *, right: bool = False) -> Tensor:
    """The number (Int32) of the bucket of each element between sorted boundaries, which belong to the bucket above with
    `right`."""
    return searchsorted(Tensor(list(boundaries)) if isinstance(boundaries, (list, tuple)) else boundaries, input,
                        out_int32=True, right=right)


# -- what depends on values --------------------------------------------------------------------------------------------

def nonzero(input: Operand, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """The coordinates (Int64) of the elements that differ from 0, one row each; or a tuple with one tensor for each
    axis. Its shape depends on values, so it cannot be compiled into a graph."""
    x = as_tensor("nonzero", input)
    if x.ndim == 0:
        raise ValueError("nonzero: input has no axes, so an element has no coordinates; reshape it to (1,) first")
    places = coordinates_of(storage_of(x).to_numpy())
    return tuple(Tensor(np.ascontiguousarray(p)) for p in places.T) if as_tuple else Tensor(places)


def coordinates_of(array: np.ndarray) -> np.ndarray:
    """The coordinates (int64) of the elements that differ from 0, one row each. They are counted along the flat array
    and divided by its sizes, which takes a third of the time of `numpy.nonzero`."""
    flat = np.flatnonzero(array if array.dtype == bool else array != 0)
    places = np.empty((len(flat), array.ndim), np.int64)
    for axis in range(array.ndim - 1, 0, -1):
        before = flat // max(array.shape[axis], 1)
        np.subtract(flat, before * array.shape[axis], out=places[:, axis])
        flat = before
    places[:, 0] = flat
    return places


def argwhere(input: Operand) -> Tensor:
    """The coordinates of the elements that differ from 0, one row each; see `nonzero`."""
    return nonzero(input)


def masked_select(input: Operand, mask: Operand) -> Tensor:
    """The elements where mask (Bool; the two broadcast) is true, along one axis. Its shape depends on the mask, which
    must be known."""
    x, mask = as_tensor("masked_select", input), as_bool("masked_select", mask, "mask")
    shape = np.broadcast_shapes(x.shape, mask.shape)
    places = np.broadcast_to(storage_of(mask).to_numpy(), shape).reshape(-1).nonzero()[0]
    flat = apply(_RESHAPE, (x if same_shape(x.shape, shape) else apply(_BROADCAST, (x,), (shape,)),), ((prod(shape),),))
    return apply(_GATHER, (flat, Tensor(places)), (0,))


def bincount(input: Operand, weights: Operand | None = None, minlength: int = 0) -> Tensor:
    """How often each number occurs in input, or the sum of its weights; as long as the largest number demands, which
    must be known."""
    x, least = _indices("bincount", input, "input"), static_int("bincount", "minlength", minlength)
    values = storage_of(x).to_numpy()
    try:
        counts = np.bincount(values, minlength=max(least, 0))
    except ValueError:
        raise ValueError(f"bincount: input has shape {x.shape}; expected one axis of numbers that are not negative"
                         ) from None
    if weights is None:
        return Tensor(counts.astype(np.int64, copy=False))
    length = len(counts)
    added = as_tensor("bincount", weights, "weights")
    added = apply(_BROADCAST, (added,), (x.shape,)) if added.ndim == 0 else added
    return apply(_SCATTER_ADD, (_zeros((length,), added.dtype), x, added), (0,))


# -- writing -----------------------------------------------------------------------------------------------------------

def _zeros(shape: tuple, dtype: DType) -> Tensor:
    return apply(_BROADCAST, (constant(0, dtype),), (shape,))


def replace_rows(x: Tensor, places: Tensor, value: Tensor) -> Tensor:
    """x with the rows of `value` at the places (one axis) on axis 0, one after the other; places out of range are left
    out."""
    return apply(_SCATTER_UPDATE, (x, places, convert(value, x.dtype)))


def coordinates(name: str, input_x: Operand, indices: Operand, updates: Operand,
                checked: bool = True) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The tensor, its rows, the places and the updates of an operator whose indices are coordinates, which are checked
    or left out where they are out of range."""
    x, index = as_tensor(name, input_x), _written_places(name, indices)
    value = as_dtype_of(name, updates, x, "updates")
    rows, places, rest = _rows(name, x, index, checked)
    if value.shape != index.shape[:-1] + rest:
        raise ValueError(f"{name}: updates have shape {value.shape}; expected {index.shape[:-1] + rest} for a tensor "
                         f"of shape {x.shape} and indices of shape {index.shape}")
    count = places.size
    return x, rows, apply(_RESHAPE, (places,), ((count,),)), apply(_RESHAPE, (value,), ((count, *rest),))


def tensor_scatter_update(input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """input_x with slices replaced by `updates` at the coordinates along the last axis of `indices`."""
    return replaced_at("tensor_scatter_update", input_x, indices, updates)


def replaced_at(name: str, input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """`tensor_scatter_update` for an operator of another name."""
    x, rows, places, value = coordinates(name, input_x, indices, updates)
    return apply(_RESHAPE, (replace_rows(rows, places, value),), (x.shape,))


def tensor_scatter_add(input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """input_x with `updates` added at the coordinates along the last axis of `indices`; equal places add up."""
    return added_at("tensor_scatter_add", input_x, indices, updates)


def added_at(name: str, input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """`tensor_scatter_add` for an operator of another name."""
    x, rows, places, value = coordinates(name, input_x, indices, updates)
    return apply(_RESHAPE, (apply(_SCATTER_ADD, (rows, places, value), (0,)),), (x.shape,))


def tensor_scatter_sub(input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """input_x with `updates` subtracted at the coordinates along the last axis of `indices`."""
    return subtracted_at("tensor_scatter_sub", input_x, indices, updates)


def subtracted_at(name: str, input_x: Operand, indices: Operand, updates: Operand) -> Tensor:
    """`tensor_scatter_sub` for an operator of another name."""
    x, rows, places, value = coordinates(name, input_x, indices, updates)
    return apply(_RESHAPE, (apply(_SCATTER_ADD, (rows, places, apply(_NEG, (value,))), (0,)),), (x.shape,))


def scatter_nd(indices: Operand, updates: Operand, shape: Sizes) -> Tensor:
    """Zeros of `shape` with `updates` added at the coordinates along the last axis of `indices`; of Bool updates
    whether one of them is true."""
    value = as_tensor("scatter_nd", updates, "updates")
    if value.dtype is bool_:
        return as_bool("scatter_nd", scatter_nd(indices, convert(value, int32), shape))
    return added_at("scatter_nd", _zeros(static_shape("scatter_nd", shape), value.dtype), indices, value)


def tensor_scatter_elements(input_x: Operand, indices: Operand, updates: Operand, axis: int = 0,
                            reduction: str = "none") -> Tensor:
    """input_x with each of `updates` put ('none') or added ('add') at its own place with the coordinate along `axis`
    replaced by the index; negative indices count from the end, and those out of range are left out."""
    name = "tensor_scatter_elements"
    x, places, value = element_updates(name, input_x, indices, updates, axis)
    if reduction not in ("none", "add"):
        raise ValueError(f"{name}: reduction is {reduction!r}; expected 'none' or 'add'")
    flat = apply(_RESHAPE, (x,), ((x.size,),))
    result = apply(_SCATTER_ADD, (flat, places, value), (0,)) if reduction == "add" else replace_rows(
        flat, places, value)
    return apply(_RESHAPE, (result,), (x.shape,))


def element_updates(name: str, input_x: Operand, indices: Operand, updates: Operand, axis: int
                    ) -> tuple[Tensor, Tensor, Tensor]:
    """The tensor, the flat places of its elements that have the updates' coordinates but the indices along `axis` (-1
    where one is out of range), and the updates in one row."""
    x, index = as_tensor(name, input_x), _written_places(name, indices)
    axis = normalize_axis(name, axis, x.ndim)
    value = as_dtype_of(name, updates, x, "updates")
    value = apply(_BROADCAST, (value,), (index.shape,)) if value.ndim == 0 else value
    if index.shape != value.shape or index.ndim != x.ndim or any(
            n > d for i, (n, d) in enumerate(zip(index.shape, x.shape)) if i != axis):
        raise ValueError(f"{name}: shapes {x.shape}, {index.shape} and {value.shape}; indices and updates must have "
                         f"one shape, which is not larger than that of input_x on other axes than {axis}")
    places = _element_places(x.shape, _from_front(index, x.shape[axis]), axis)
    return x, places, apply(_RESHAPE, (value,), ((value.size,),))


def _element_places(shape: tuple, index: Tensor, axis: int) -> Tensor:
    """The flat places of elements whose coordinate along one axis is given; -1 where it is out of range."""
    size = constant(shape[axis], int64)
    index = convert(index, int64)
    inside = apply(_AND, (apply(_GE, (index, constant(0, int64))), apply(_LT, (index, size))))
    total = apply(_MUL, (index, constant(prod(shape[axis + 1:]), int64)))
    for i, count in enumerate(index.shape):
        if i != axis and count > 1:
            ramp = apply(_IOTA, (), (tuple(count if j == i else 1 for j in range(index.ndim)), i, int64))
            total = apply(_ADD, (total, apply(_MUL, (ramp, constant(prod(shape[i + 1:]), int64)))))
    places = apply(_SELECT, (inside, total, constant(-1, int64)))
    return apply(_RESHAPE, (places,), ((places.size,),))


def scatter(input: Operand, axis: int, index: Operand, src: Operand) -> Tensor:
    """input with each element of `src` (or one number) put at its place with the coordinate along `axis` replaced by
    the index; see `tensor_scatter_elements`."""
    return tensor_scatter_elements(input, index, src, axis)


def index_add(x: Operand, indices: Operand, y: Operand, axis: int, use_lock: bool = True,
              check_index_bound: bool = True) -> Tensor:
    """x with the slices of `y` along `axis` added at the places in `indices`, which has one axis."""
    value, index = as_tensor("index_add", x), _indices("index_add", indices, "indices")
    axis = normalize_axis("index_add", axis, value.ndim)
    if check_index_bound:
        check("index_add", index, 0, value.shape[axis])
    return apply(_SCATTER_ADD, (value, index, as_dtype_of("index_add", y, value, "y")), (axis,))


def index_fill(x: Operand, axis: int, index: Operand, value: Operand) -> Tensor:
    """x with `value` in the slices along `axis` at the places in `index`; negative ones count from the end."""
    data = as_tensor("index_fill", x)
    axis = normalize_axis("index_fill", axis, data.ndim)
    size = data.shape[axis]
    index = from_front("index_fill", index, size)
    index = apply(_RESHAPE, (index,), ((index.size,),))
    hits = apply(primitive("any"), (apply(_ONE_HOT, (index,), (size, 1, bool_)),), ((0,), False))
    mask = apply(_RESHAPE, (hits,), (tuple(size if i == axis else 1 for i in range(data.ndim)),))
    return apply(_SELECT, (mask, as_dtype_of("index_fill", value, data, "value"), data))


def select_scatter(input: Operand, src: Operand, axis: int, index: int) -> Tensor:
    """input with the slice at `index` along `axis` replaced by `src`, which has its shape. ValueError otherwise."""
    x = as_tensor("select_scatter", input)
    axis = normalize_axis("select_scatter", axis, x.ndim)
    return _with_part("select_scatter", x, (slice(None),) * axis + (static_int("select_scatter", "index", index),), src)


def slice_scatter(input: Operand, src: Operand, axis: int = 0, start: int | None = None, end: int | None = None,
                  step: int = 1) -> Tensor:
    """input with the places start:end:step along `axis` replaced by `src`, which has their shape. ValueError
    otherwise."""
    x = as_tensor("slice_scatter", input)
    axis = normalize_axis("slice_scatter", axis, x.ndim)
    return _with_part("slice_scatter", x, (slice(None),) * axis + (slice(start, end, step),), src)


def _with_part(name: str, x: Tensor, index: tuple, value: Operand) -> Tensor:
    """x with a part replaced; a number may stand for its elements."""
    from mindspore.common.tensor_index_writes import written
    from mindspore.common.tensor_indexing import getitem
    part, shape = as_dtype_of(name, value, x, "src"), getitem(x, index).shape
    if part.shape != shape and part.shape:
        raise ValueError(f"{name}: src has shape {part.shape}; expected {shape}, that of the part it replaces")
    return written(x, index, part)


def unsorted_segment_sum(input_x: Operand, segment_ids: Operand, num_segments: int) -> Tensor:
    """The sums of the slices of input_x that have one segment number: segment_ids has the shape of the first axes of
    input_x, which become one of size `num_segments`. A number out of range is left out."""
    x, index = as_tensor("unsorted_segment_sum", input_x), _indices("unsorted_segment_sum", segment_ids, "segment_ids")
    if index.shape != x.shape[:index.ndim] or index.ndim == 0:
        raise ValueError(f"unsorted_segment_sum: segment_ids has shape {index.shape}; expected that of the first axes "
                         f"of input_x, {x.shape}")
    count = static_int("unsorted_segment_sum", "num_segments", num_segments)
    return apply(_SCATTER_ADD, (_zeros((count, *x.shape[index.ndim:]), x.dtype), index, x), (0,))
