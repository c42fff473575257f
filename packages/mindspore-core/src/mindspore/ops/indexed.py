"""Rows and elements written at given places: sums, differences and replacements of rows, elements in the order of a
mask, and look-ups in part of a table.

The names say "in place", but tensors are values here: `inplace_add` and its like return the new tensor. Only
`inplace_index_add` and `put_` give their operand the new value.

Functions that only operator classes use are not in `__all__`.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import broadcast_shapes
from mindspore.graph.trace import storage_of
from mindspore.ops._operands import (
    Operand,
    apply,
    as_bool,
    as_dtype_of,
    as_tensor,
    constant,
    convert,
    primitive,
    promote_all,
)
from mindspore.ops.indexing import added_at, index_add, replaced_at, subtracted_at, tensor_scatter_elements
from mindspore.ops.joining import stack
from mindspore.ops.shapes import broadcast_to, ravel, reshape
from mindspore.ops.state import assign

__all__ = ["inplace_add", "inplace_index_add", "inplace_sub", "inplace_update", "put_"]

_GATHER, _SELECT, _CUMSUM, _SUB = map(primitive, ("gather", "select", "cumsum", "sub"))


def _row_numbers(name: str, indices: int | Sequence[int] | Operand) -> Tensor:
    """Row numbers as coordinates (count, 1)."""
    if isinstance(indices, (tuple, list)):
        indices = np.array(indices, np.int64).reshape(len(indices))
    index = as_tensor(name, indices, "indices")
    if not index.dtype.is_integer or index.ndim > 1:
        raise TypeError(f"{name}: indices are {index.dtype} of shape {index.shape}; expected an int or one axis of "
                        f"integers")
    return reshape(index, (index.size, 1))


def inplace_add(x: Operand, v: Operand, indices: int | Sequence[int]) -> Tensor:
    """x with the rows of `v` added to the rows that `indices` name, one after the other."""
    return added_at("inplace_add", x, _row_numbers("inplace_add", indices), v)


def inplace_sub(x: Operand, v: Operand, indices: int | Sequence[int]) -> Tensor:
    """x with the rows of `v` subtracted from the rows that `indices` name, one after the other."""
    return subtracted_at("inplace_sub", x, _row_numbers("inplace_sub", indices), v)


def inplace_update(x: Operand, v: Operand, indices: int | Sequence[int] | Tensor) -> Tensor:
    """x with the rows that `indices` name replaced by those of `v`; of equal ones the last stays."""
    return replaced_at("inplace_update", x, _row_numbers("inplace_update", indices), v)


def inplace_index_add(var: Tensor, indices: Operand, updates: Operand, axis: int) -> Tensor:
    """In place: the slices of `updates` along `axis` added at the places in `indices`. See `index_add`."""
    new = index_add(var, indices, updates, axis)
    return assign(var, new) if isinstance(var, Tensor) else new


def put_(input: Tensor, index: Operand, source: Operand, accumulate: bool = False) -> Tensor:
    """In place: the elements of `source` put at the places `index` of the flattened input, or added there with
    `accumulate`; negative places count from the end. Returns input.

    Raises:
        ValueError: index and source have different numbers of elements.
    """
    x, places = as_tensor("put_", input), ravel(as_tensor("put_", index, "index"))
    value = ravel(as_dtype_of("put_", source, x, "source"))
    if value.size != places.size:
        raise ValueError(f"put_: index has {places.size} elements and source {value.size}; expected equally many")
    new = tensor_scatter_elements(ravel(x), places, value, 0, "add" if accumulate else "none")
    return assign(input, reshape(new, x.shape))


def masked_scatter(input: Operand, mask: Operand, source: Operand) -> Tensor:
    """input with the elements of `source`, in order, where the mask (Bool, broadcast to input) is true. An element that
    `source` lacks is 0."""
    x = as_tensor("masked_scatter", input)
    where = ravel(broadcast_to(as_bool("masked_scatter", mask, "mask"), x.shape))
    rank = apply(_SUB, (apply(_CUMSUM, (convert(where, int64),), (0, False, False)), constant(1, int64)))
    found = apply(_GATHER, (ravel(as_dtype_of("masked_scatter", source, x, "source")), rank), (0,))
    return reshape(apply(_SELECT, (where, found, ravel(x))), x.shape)


def index_put(x1: Operand, x2: Operand, indices: Sequence[Operand], accumulate: int = 0) -> Tensor:
    """x1 with the values `x2` put, or added with `accumulate` = 1, at the places whose coordinates a tuple of index
    tensors names: one for each of the first axes."""
    x = as_tensor("IndexPut", x1, "x1")
    return x.index_put(tuple(as_tensor("IndexPut", i, "indices") for i in indices), x2, bool(accumulate))


def scatter_add_with_axis(input_x: Operand, indices: Operand, updates: Operand, axis: int = 0) -> Tensor:
    """input_x with `updates` added at their own places with the coordinate along `axis` replaced by the index; see
    `tensor_scatter_elements`."""
    return tensor_scatter_elements(input_x, indices, updates, axis, "add")


def embedding_lookup(params: Operand, indices: Operand, offset: int) -> Tensor:
    """The rows `indices` - `offset` of a table that is a part of a larger one; zeros for rows that lie in another
    part."""
    index = convert(as_tensor("EmbeddingLookup", indices, "indices"), int64)
    return apply(_GATHER, (as_tensor("EmbeddingLookup", params, "params"), index - offset), (0,))


def map_uniform(input: Operand, per_group_size: int, group_num: int) -> Tensor:
    """Keys dealt out to groups: key % group_num * per_group_size + key // group_num."""
    key = as_tensor("MapUniform", input)
    return key % group_num * per_group_size + key // group_num


def choose(input: Tensor, choices: Operand | Sequence[Operand], mode: str = "clip") -> Tensor:
    """For each element of `input` the element at its place of the choice that it numbers; all of them broadcast.

    Args:
        input: integers. choices: a sequence of tensors, or a tensor whose first axis they stand along. mode: a number
            out of range is the nearest one ('clip'), counted round the end ('wrap'), or an error ('raise', which needs
            known numbers).

    Raises:
        TypeError: input is not of integers. ValueError: another mode, or no choices. IndexError: 'raise', and a number
            out of range.
    """
    if not input.dtype.is_integer:
        raise TypeError(f"choose: the tensor is {input.dtype}; expected an integer dtype")
    items = promote_all("choose", [Tensor(x) if isinstance(x, (tuple, list)) else x for x in choices] if isinstance(
        choices, (tuple, list)) else list(as_tensor("choose", choices, "choices")))
    if mode not in ("clip", "wrap", "raise") or not items:
        raise ValueError(f"choose: mode is {mode!r}, for {len(items)} choices; expected 'clip', 'wrap' or 'raise', and "
                         f"at least one")
    count = len(items)
    if mode == "raise":
        known = storage_of(input).to_numpy()
        if known.size and (known.min() < 0 or known.max() >= count):
            raise IndexError(f"choose: a number lies outside of 0 .. {count - 1}")
    place = input % count if mode == "wrap" else input.clip(0, count - 1)
    shape = broadcast_shapes("choose", input.shape, *[x.shape for x in items])
    stacked = stack([broadcast_to(x, shape) for x in items], 0)
    place = reshape(broadcast_to(convert(place, int64), shape), (1, *shape))
    return reshape(apply(primitive("gather_elements"), (stacked, place), (0,)), shape)
