"""Rearranging elements: reversing parts of sequences, filling up, different values, coordinates, places of what is
joined.

Functions that only operator classes use are not in `__all__`. ValueError for shapes that do not fit, TypeError for
wrong dtypes.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from mindspore.common.dtype import int32, int64
from mindspore.common.tensor import Tensor
from mindspore.ops import layers
from mindspore.ops._operands import (
    Operand,
    apply,
    as_dtype_of,
    as_tensor,
    constant,
    convert,
    full_of,
    normalize_axis,
    primitive,
    static_int,
    static_ints,
)
from mindspore.ops.indexing import from_front, gather, replace_rows, sizes_vector
from mindspore.ops.joining import concat, stack, unbind
from mindspore.ops.shapes import cut, moveaxis, reshape

__all__ = ["padding", "reverse_sequence", "unique_with_pad"]

_IOTA, _LT, _SUB, _SELECT, _SORT, _NE, _ADD, _CUMSUM, _GATHER, _EQ = map(
    primitive, ("iota", "lt", "sub", "select", "sort", "ne", "add", "cumsum", "gather", "eq"))


def reverse_sequence(x: Operand, seq_lengths: Operand, seq_dim: int, batch_dim: int = 0) -> Tensor:
    """x with the first seq_lengths[i] places along `seq_dim` of the i-th slice along `batch_dim` in the opposite
    order, and the others where they are."""
    name = "reverse_sequence"
    value, lengths = as_tensor(name, x, "x"), as_tensor(name, seq_lengths, "seq_lengths")
    axes = (normalize_axis(name, batch_dim, value.ndim, "batch_dim"), normalize_axis(name, seq_dim, value.ndim,
                                                                                    "seq_dim"))
    if value.ndim < 2 or axes[0] == axes[1]:
        raise ValueError(f"{name}: batch_dim {batch_dim} and seq_dim {seq_dim} of shape {value.shape}; expected two "
                         f"different axes")
    if not lengths.dtype.is_integer or lengths.shape != (value.shape[axes[0]],):
        raise ValueError(f"{name}: seq_lengths are {lengths.dtype} of shape {lengths.shape}; expected "
                         f"{value.shape[axes[0]]} integers, one for each place of axis {batch_dim}")
    value = moveaxis(value, axes, (0, 1))
    count = reshape(convert(lengths, int64), (lengths.size, 1))
    place = apply(_IOTA, (), ((1, value.shape[1]), 1, int64))
    turned = apply(_SUB, (apply(_SUB, (count, constant(1, int64))), place))
    place = apply(_SELECT, (apply(_LT, (place, count)), turned, place))
    return moveaxis(gather(value, place, 1, 1), (0, 1), axes)


def padding(x: Operand, pad_dim_size: int = 8) -> Tensor:
    """x, whose last axis has one place, with zeros behind it up to `pad_dim_size` places."""
    value, size = as_tensor("padding", x, "x"), static_int("padding", "pad_dim_size", pad_dim_size)
    if value.ndim < 2 or value.shape[-1] != 1 or size < 1:
        raise ValueError(f"padding: x has shape {value.shape} and pad_dim_size is {size}; expected at least two axes, "
                         f"the last of size 1, and a positive int")
    return layers.pad(value, (0, size - 1))


def unique_with_pad(x: Operand, pad_num: Operand) -> tuple[Tensor, Tensor]:
    """(values, indices): the different elements of a tensor of one axis in ascending order, filled up to its length
    with `pad_num`, and for each element the place of its value (Int32, or Int64 for Int64 elements). The shape depends
    on no value, so it can be compiled."""
    name = "unique_with_pad"
    value = as_tensor(name, x, "x")
    if value.ndim != 1:
        raise ValueError(f"{name}: x has shape {value.shape}; expected one axis")
    kind, n = int64 if value.dtype is int64 else int32, value.shape[0]
    fill = full_of((n,), as_dtype_of(name, pad_num, value, "pad_num"))
    if n == 0:
        return fill, full_of((0,), constant(0, kind))
    ordered, source = apply(_SORT, (value,), (0, False))
    earlier = apply(primitive("slice"), (ordered,), ((0,), (n - 1,), (1,)))
    later = apply(primitive("slice"), (ordered,), ((1,), (n,), (1,)))
    new = apply(primitive("pad"), (apply(_NE, (earlier, later)),), ((1,), (0,), (0,), 1))
    rank = apply(_SUB, (apply(_CUMSUM, (convert(new, int64),), (0, False, False)), constant(1, int64)))
    values = replace_rows(fill, apply(_SELECT, (new, rank, constant(-1, int64))), ordered)
    return values, replace_rows(full_of((n,), constant(0, kind)), convert(source, int64), convert(rank, kind))


def unravel_index(indices: Operand, dims: Operand) -> Tensor:
    """The coordinates (axes, ...) in a tensor of shape `dims` of flat places."""
    flat = as_tensor("UnravelIndex", indices, "indices")
    sizes = static_ints("UnravelIndex", "dims", dims)
    if not flat.dtype.is_integer or not sizes or min(sizes) < 1:
        raise ValueError(f"UnravelIndex: indices are {flat.dtype} and dims {sizes}; expected integers and positive "
                         f"sizes")
    steps = [prod(sizes[i + 1:]) for i in range(len(sizes))]
    return stack([flat // step % size for step, size in zip(steps, sizes)], 0)


def identities(x: Sequence[Operand]) -> tuple[Tensor, ...]:
    """The tensors as they are, in a tuple."""
    return tuple(apply(primitive("identity"), (as_tensor("IdentityN", v, f"element {i}"),)) for i, v in enumerate(x))


# -- layouts -----------------------------------------------------------------------------------------------------------

def _order(name: str, src_format: str, dst_format: str) -> list[int]:
    """Where each letter of one layout stands in the other."""
    if len(src_format) != 4 or sorted(src_format) != sorted(dst_format) or len(set(src_format)) != 4:
        raise ValueError(f"{name}: src_format is {src_format!r} and dst_format {dst_format!r}; expected the same four "
                         f"letters, such as 'NHWC' and 'NCHW'")
    return [src_format.index(c) for c in dst_format]


def data_format_dim_map(input_x: Operand, src_format: str = "NHWC", dst_format: str = "NCHW") -> Tensor:
    """For axes of the layout `dst_format` (-4 .. 3) their places in `src_format`: from NHWC to NCHW 0, 1, 2, 3 become
    0, 3, 1, 2."""
    x = as_tensor("DataFormatDimMap", input_x)
    order = _order("DataFormatDimMap", src_format, dst_format)
    table = Tensor(np.array(order, x.dtype.np))
    return apply(_GATHER, (table, x % constant(4, x.dtype)), (0,))


def data_format_vec_permute(input_x: Operand, src_format: str = "NHWC", dst_format: str = "NCHW") -> Tensor:
    """Sizes (4,), or pairs (4, 2), one for each axis of `src_format`, in the order of `dst_format`."""
    x = as_tensor("DataFormatVecPermute", input_x)
    if x.shape not in ((4,), (4, 2)):
        raise ValueError(f"DataFormatVecPermute: input_x has shape {x.shape}; expected (4,) or (4, 2)")
    return apply(_GATHER, (x, Tensor(np.array(_order("DataFormatVecPermute", src_format, dst_format)))), (0,))


# -- where tensors begin in what they are joined to --------------------------------------------------------------------

def concat_offset(input_x: Sequence[Operand], N: int = 2, axis: int = 0) -> Tensor:
    """Where each of several tensors begins in what `concat` makes of them along `axis`: (tensors, axes), Int64.
    N is their number, which they say themselves."""
    tensors = [as_tensor("ConcatOffset", x, f"tensor {k} of input_x") for k, x in enumerate(input_x)]
    if not tensors or any(t.ndim != tensors[0].ndim for t in tensors):
        raise ValueError(f"ConcatOffset: input_x has shapes {[t.shape for t in tensors]}; expected one tensor or more, "
                         f"of equally many axes")
    own = normalize_axis("ConcatOffset", axis, tensors[0].ndim)
    rows, start = [], 0
    for tensor in tensors:
        rows.append(sizes_vector([start if k == own else 0 for k in range(tensor.ndim)]))
        start = start + tensor.shape[own]
    return stack(rows)


def concat_offset_of_shapes(axis: Operand, x: Sequence[Operand]) -> tuple[Tensor, ...]:
    """Where tensors of the shapes `x`, Int32 (axes,) each, begin in what `concat` makes of them along the axis, an
    Int32 tensor that may count from the end: a tensor for each shape."""
    name = "ConcatOffsetV1"
    along, shapes = as_tensor(name, axis, "axis"), [as_tensor(name, s, f"tensor {k} of x") for k, s in enumerate(x)]
    if along.ndim or len(shapes) < 2 or any(s.ndim != 1 or s.shape != shapes[0].shape or not s.size for s in shapes):
        raise ValueError(f"{name}: axis has shape {along.shape} and x {[s.shape for s in shapes]}; expected a number, "
                         f"and two or more shapes of equally many sizes")
    if any(v.dtype is not int32 for v in (along, *shapes)):
        raise TypeError(f"{name}: axis is {along.dtype} and x {[str(s.dtype) for s in shapes]}; expected Int32")
    count, sizes = shapes[0].size, stack(shapes)
    own = reshape(from_front(name, along, count), (1, 1))
    ends = apply(_CUMSUM, (sizes,), (0, False, False))
    place = apply(_IOTA, (), ((1, count), 1, int32))
    here = apply(_EQ, (place, convert(own, int32)))
    starts = apply(_SELECT, (here, apply(_SUB, (ends, sizes)), constant(0, int32)))
    return unbind(starts)


def pad_and_shift(input_x: Operand, cum_sum_arr: Operand, shift_idx: int) -> Tensor:
    """cum_sum_arr[-1] places, of which those from cum_sum_arr[shift_idx] to cum_sum_arr[shift_idx + 1] hold the first
    elements of input_x and the others -1. cum_sum_arr must be known.

    Raises:
        TypeError: cum_sum_arr has no integers, or shift_idx is no int.
        ValueError: shift_idx names no such pair, input_x has not one axis or too few elements.
    """
    name = "PadAndShift"
    x, sums, number = as_tensor(name, input_x), as_tensor(name, cum_sum_arr, "cum_sum_arr"), static_int(
        name, "shift_idx", shift_idx)
    if not sums.dtype.is_integer:
        raise TypeError(f"{name}: cum_sum_arr is {sums.dtype}; expected an integer dtype")
    ends = static_ints(name, "cum_sum_arr", sums)
    if not 0 <= number < len(ends) - 1:
        raise ValueError(f"{name}: shift_idx is {number} for {len(ends)} sums; expected 0 to {len(ends) - 2}")
    start, end = ends[number:number + 2]
    if x.ndim != 1 or not 0 <= start <= end <= min(ends[-1], start + x.shape[0]):
        raise ValueError(f"{name}: input_x has shape {x.shape} and takes the places {start} to {end} of {ends[-1]}; "
                         f"expected one axis with as many elements at least")
    blanks = [full_of((count,), constant(-1, x.dtype)) for count in (start, ends[-1] - end)]
    return concat([blanks[0], cut(x, 0, 0, end - start), blanks[1]], 0)
