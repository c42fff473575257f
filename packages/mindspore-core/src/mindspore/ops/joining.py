"""Repeating, joining and splitting tensors.

Shapes and axes must be known while the program is recorded. ValueError for shapes and axes that do not fit, TypeError
for ones of a wrong type.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.common.view_places import shown
from mindspore.ops._operands import (
    Operand,
    Sizes,
    also,
    apply,
    as_tensor,
    normalize_axis,
    primitive,
    promote_all,
    static_int,
    static_ints,
)
from mindspore.ops.shapes import atleast_2d, atleast_3d, cut, piece, ravel, reshape

__all__ = [
    "cat", "chunk", "column_stack", "concat", "dsplit", "dstack", "hsplit", "hstack", "meshgrid", "narrow",
    "repeat_elements", "repeat_interleave", "row_stack", "split", "stack", "tensor_split", "tile", "unbind", "unstack",
    "vsplit", "vstack",
]

_RESHAPE, _BROADCAST, _CONCAT = map(primitive, ("reshape", "broadcast_to", "concat"))

# -- repeating and joining ---------------------------------------------------------------------------------------------

def tile(input: Operand, dims: Sizes) -> Tensor:
    """input repeated dims[i] times along axis i; the shorter of shape and `dims` is filled up with 1 in front."""
    x = as_tensor("tile", input)
    repeats = static_ints("tile", "dims", dims)
    if any(r < 0 for r in repeats):
        raise ValueError(f"tile: dims is {repeats}; expected counts that are not negative")
    ndim = max(x.ndim, len(repeats))
    sizes, repeats = (1,) * (ndim - x.ndim) + x.shape, (1,) * (ndim - len(repeats)) + repeats
    spread = apply(_RESHAPE, (x,), (tuple(v for d in sizes for v in (1, d)),))
    spread = apply(_BROADCAST, (spread,), (tuple(v for d, r in zip(sizes, repeats) for v in (r, d)),))
    return apply(_RESHAPE, (spread,), (tuple(d * r for d, r in zip(sizes, repeats)),))


def repeat_interleave(input: Operand, repeats: int | Sequence[int] | Tensor, axis: int | None = None) -> Tensor:
    """Each element (or slice along `axis`) repeated, `repeats` times or each its own number of times; without an axis
    the flattened tensor."""
    from mindspore.ops.indexing import index_select
    x = as_tensor("repeat_interleave", input)
    if axis is None:
        x, axis = ravel(x), 0
    axis = normalize_axis("repeat_interleave", axis, x.ndim)
    counts = static_ints("repeat_interleave", "repeats", repeats)
    if any(r < 0 for r in counts) or len(counts) not in (1, x.shape[axis]):
        raise ValueError(f"repeat_interleave: repeats is {counts} for axis {axis} of size {x.shape[axis]}; expected "
                         f"one count, or one for each place, none negative")
    if len(counts) == 1:
        spread = apply(_RESHAPE, (x,), (x.shape[:axis + 1] + (1,) + x.shape[axis + 1:],))
        spread = apply(_BROADCAST, (spread,), (x.shape[:axis + 1] + counts + x.shape[axis + 1:],))
        return apply(_RESHAPE, (spread,), (x.shape[:axis] + (x.shape[axis] * counts[0],) + x.shape[axis + 1:],))
    return index_select(x, axis, Tensor([i for i, r in enumerate(counts) for _ in range(r)], int64))


def repeat_elements(x: Operand, rep: int, axis: int = 0) -> Tensor:
    """Each slice along `axis` repeated `rep` times."""
    return repeat_interleave(x, rep, axis)


def concat(tensors: Sequence[Operand], axis: int = 0) -> Tensor:
    """The tensors joined along `axis`; their other sizes are equal. They are promoted to one dtype."""
    items = _sequence("concat", tensors)
    axis = normalize_axis("concat", axis, items[0].ndim)
    return apply(_CONCAT, tuple(items), (axis,))


cat = concat


def stack(tensors: Sequence[Operand], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis at `axis`."""
    items = _sequence("stack", tensors)
    first = items[0].shape
    if any(x.shape != first for x in items):
        raise ValueError(f"stack: shapes {', '.join(str(x.shape) for x in items)} differ; expected one shape")
    axis = normalize_axis("stack", axis, len(first) + 1)
    widened = first[:axis] + (1,) + first[axis:]
    return apply(_CONCAT, tuple([apply(_RESHAPE, (x,), (widened,)) for x in items]), (axis,))


def _sequence(name: str, tensors: Sequence[Operand]) -> list[Tensor]:
    if isinstance(tensors, Tensor):
        tensors = unbind(tensors)
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{name}: expected a tuple or list of tensors, but got {type(tensors).__name__}")
    if not tensors:
        raise ValueError(f"{name}: got no tensors; at least one is needed")
    first = tensors[0]
    if isinstance(first, Tensor) and all(isinstance(x, Tensor) and x.dtype is first.dtype for x in tensors):
        return list(tensors)
    return promote_all(name, tensors)


def hstack(tensors: Sequence[Operand]) -> Tensor:
    """Tensors joined along axis 1, or along axis 0 where they have one axis."""
    items = [reshape(x, (1,)) if x.ndim == 0 else x for x in _sequence("hstack", tensors)]
    return concat(items, 0 if items[0].ndim == 1 else 1)


def vstack(inputs: Sequence[Operand]) -> Tensor:
    """Tensors joined along axis 0, with rows for tensors of one axis."""
    return concat(list(atleast_2d(_sequence("vstack", inputs))), 0)


row_stack = also(vstack, tensors="inputs")


def dstack(tensors: Sequence[Operand]) -> Tensor:
    """Tensors joined along axis 2, with axes added as by `atleast_3d`."""
    return concat(list(atleast_3d(_sequence("dstack", tensors))), 2)


def column_stack(tensors: Sequence[Operand]) -> Tensor:
    """Tensors joined along axis 1, with columns for tensors of one axis."""
    return concat([reshape(x, (x.size, 1)) if x.ndim < 2 else x for x in _sequence("column_stack", tensors)], 1)


def meshgrid(*inputs: Operand, indexing: str = "xy") -> tuple[Tensor, ...]:
    """The coordinates of a grid from tensors of one axis: with 'ij' axis i of each result runs along input i, with
    'xy' the first two are exchanged."""
    items = [as_tensor("meshgrid", x, f"input {i}") for i, x in enumerate(inputs)]
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is {indexing!r}; expected 'xy' or 'ij'")
    if any(x.ndim > 1 for x in items):
        raise ValueError(f"meshgrid: shapes {[x.shape for x in items]}; expected one axis each")
    order = list(range(len(items)))
    if indexing == "xy" and len(items) > 1:
        order[0], order[1] = 1, 0
    grid = tuple(items[i].size for i in order)
    lines = [reshape(x, tuple(x.size if order[j] == i else 1 for j in range(len(items)))) for i, x in enumerate(items)]
    return tuple(apply(_BROADCAST, (line,), (grid,)) for line in lines)


# -- splitting and cutting ---------------------------------------------------------------------------------------------

@partial(also, input_x="tensor")
def split(tensor: Operand, split_size_or_sections: int | Sequence[int] | None = None, axis: int = 0, *,
          output_num: int | None = None) -> tuple[Tensor, ...]:
    """Pieces of a size (the last one may be smaller), or of the sizes in a sequence, along `axis`; or `output_num`
    pieces of one size, as programs of MindSpore 1 say."""
    x = as_tensor("split", tensor)
    axis = normalize_axis("split", axis, x.ndim)
    total = x.shape[axis]
    if output_num is not None:
        count = static_int("split", "output_num", output_num)
        if split_size_or_sections is not None:
            raise TypeError("split: give either split_size_or_sections or output_num, not both")
        if count < 1 or total % count:
            raise ValueError(f"split: axis {axis} of size {total} cannot be split into {count} equal pieces")
        sizes = (total // count,) * count
    elif isinstance(split_size_or_sections, (tuple, list)):
        sizes = static_ints("split", "split_size_or_sections", split_size_or_sections)
        if sum(sizes) != total or any(s < 0 for s in sizes):
            raise ValueError(f"split: the sizes {sizes} must add up to {total}, the size of axis {axis}")
    else:
        step = static_int("split", "split_size_or_sections", split_size_or_sections)
        if step <= 0:
            raise ValueError(f"split: split_size_or_sections is {step}; expected a positive int")
        sizes = tuple(min(step, total - i) for i in range(0, total, step)) or (0,)
    pieces, start = [], 0
    for length in sizes:
        pieces.append(piece(x, axis, start, start + length))
        start += length
    return tuple(pieces)


def chunk(input: Operand, chunks: int, axis: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size along `axis`; the last one may be smaller."""
    x = as_tensor("chunk", input)
    chunks = static_int("chunk", "chunks", chunks)
    if chunks <= 0:
        raise ValueError(f"chunk: chunks is {chunks}; expected a positive int")
    total = x.shape[normalize_axis("chunk", axis, x.ndim)]
    return split(x, max(-(-total // chunks), 1), axis)


def tensor_split(input: Operand, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """That many pieces, the first ones longer by 1 where it does not divide; or pieces that begin at the indices."""
    x = as_tensor("tensor_split", input)
    axis = normalize_axis("tensor_split", axis, x.ndim)
    total = x.shape[axis]
    if isinstance(indices_or_sections, (tuple, list)):
        cuts = [0, *static_ints("tensor_split", "indices_or_sections", indices_or_sections), total]
    else:
        count = static_int("tensor_split", "indices_or_sections", indices_or_sections)
        if count <= 0:
            raise ValueError(f"tensor_split: indices_or_sections is {count}; expected a positive int")
        each, longer = divmod(total, count)
        cuts = [i * each + min(i, longer) for i in range(count + 1)]
    cuts = [min(max(c + total if c < 0 else c, 0), total) for c in cuts]
    return tuple(piece(x, axis, a, max(a, b)) for a, b in zip(cuts[:-1], cuts[1:]))


def hsplit(input: Operand, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along axis 1, or axis 0 of a tensor of one axis."""
    x = as_tensor("hsplit", input)
    return tensor_split(x, indices_or_sections, 0 if x.ndim == 1 else 1)


def vsplit(input: Operand, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along axis 0."""
    return tensor_split(input, indices_or_sections, 0)


def dsplit(input: Operand, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """`tensor_split` along axis 2."""
    return tensor_split(input, indices_or_sections, 2)


def unbind(input: Operand, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that axis."""
    x = as_tensor("unbind", input)
    axis = normalize_axis("unbind", dim, x.ndim, "dim")
    if x.ndim == 0:
        raise ValueError("unbind: a tensor of 0 dimensions has no axis to split")
    kept = x.shape[:axis] + x.shape[axis + 1:]
    before = (slice(None),) * axis
    return tuple([shown(x, apply(_RESHAPE, (cut(x, axis, i, i + 1),), (kept,)), "index", (*before, i))
                  for i in range(x.shape[axis])])


def unstack(input_x: Operand, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along `axis`, without that axis."""
    return unbind(input_x, axis)


def narrow(input: Operand, axis: int, start: int, length: int) -> Tensor:
    """`length` places along `axis` from `start` on."""
    x = as_tensor("narrow", input)
    axis = normalize_axis("narrow", axis, x.ndim)
    start, length = static_int("narrow", "start", start), static_int("narrow", "length", length)
    start = start + x.shape[axis] if start < 0 else start
    if start < 0 or length < 0 or start + length > x.shape[axis]:
        raise ValueError(f"narrow: {length} places from {start} on do not lie in axis {axis} of size {x.shape[axis]}")
    return piece(x, axis, start, start + length)
