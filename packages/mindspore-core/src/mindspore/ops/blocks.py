"""Blocks of pixels as parts of the batch, borders by mirroring, and what else rearranges images without arithmetic."""
from __future__ import annotations

from collections.abc import Sequence
from math import prod

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, Sizes, apply, as_tensor, primitive, static_ints
from mindspore.ops.joining import concat
from mindspore.ops.layers import pad
from mindspore.ops.shapes import cut, flip, reshape, transpose
from mindspore.ops.windows import Sides, fold

__all__ = ["batch_to_space_nd", "col2im", "mirror_pad", "space_to_batch_nd"]

_PAD = primitive("pad")
Pairs = Sequence[Sequence[int]] | Tensor


def pairs_of(name: str, what: str, value: Pairs, count: int) -> list[tuple[int, int]]:
    """(before, behind) for each of `count` axes. ValueError for another number of pairs and for negative counts."""
    rows = value.tolist() if isinstance(value, Tensor) else value
    found = [static_ints(name, what, row) for row in rows]
    if len(found) != count or any(len(pair) != 2 or min(pair) < 0 for pair in found):
        raise ValueError(f"{name}: {what} is {rows}; expected {count} pairs of ints that are not negative")
    return [(pair[0], pair[1]) for pair in found]


def _blocks(name: str, what: str, value: Sizes, x: Tensor) -> tuple[int, ...]:
    """The sides of a block; one int stands for two axes."""
    block = static_ints(name, what, value)
    if isinstance(value, int):
        block *= 2
    if not block or len(block) >= x.ndim or min(block) < 1:
        raise ValueError(f"{name}: {what} is {value} for shape {x.shape}; expected positive ints for the last axes, "
                         f"fewer than {x.ndim}")
    return block


def space_to_batch_nd(input_x: Operand, block_size: Sizes, paddings: Pairs) -> Tensor:
    """The places of each block of the last axes as images of their own: (N, ..., H, W) to (N b c, ..., H / b, W / c).

    block_size: (b, c, ...), the sides of a block along the last axes; an int is the side on the last two. paddings: a
    pair of counts for each of these axes, zeros before and behind. Place (i, j) of all blocks of image n becomes image
    (i c + j) N + n. ValueError where the blocks do not fill the padded axes.
    """
    name = "space_to_batch_nd"
    x = as_tensor(name, input_x)
    block = _blocks(name, "block_size", block_size, x)
    lead = x.ndim - len(block)
    around = [(0, 0)] * lead + pairs_of(name, "paddings", paddings, len(block))
    if any(map(any, around)):
        low, high = zip(*around)
        x = apply(_PAD, (x,), (low, high, (0,) * x.ndim, 0))
    if any(n % b for n, b in zip(x.shape[lead:], block)):
        raise ValueError(f"{name}: the last axes of the padded shape {x.shape} are not divisible by blocks {block}")
    apart = reshape(x, (*x.shape[:lead], *(v for n, b in zip(x.shape[lead:], block) for v in (n // b, b))))
    inner, outer = range(lead + 1, apart.ndim, 2), range(lead, apart.ndim, 2)
    moved = transpose(apart, (*inner, *range(lead), *outer))
    return reshape(moved, (prod(block) * x.shape[0], *moved.shape[len(block) + 1:]))


def batch_to_space_nd(input_x: Operand, block_shape: Sizes, crops: Pairs) -> Tensor:
    """The inverse of `space_to_batch_nd`: (N b c, ..., H, W) to (N, ..., H b, W c), of which `crops`, a pair for each
    of the last axes, are cut off before and behind. ValueError where the batch is not divisible by the blocks, or more
    is cut than there is."""
    name = "batch_to_space_nd"
    x = as_tensor(name, input_x)
    block = _blocks(name, "block_shape", block_shape, x)
    count, lead = len(block), x.ndim - len(block)
    images = prod(block)
    if x.shape[0] % images:
        raise ValueError(f"{name}: input_x has shape {x.shape}; expected a first axis divisible by {images}, the "
                         f"places of blocks {block}")
    cuts = pairs_of(name, "crops", crops, count)
    apart = reshape(x, (*block, x.shape[0] // images, *x.shape[1:]))
    order = [*range(count, count + lead), *(v for k in range(count) for v in (count + lead + k, k))]
    whole = reshape(transpose(apart, tuple(order)),
                    (x.shape[0] // images, *x.shape[1:lead], *(n * b for n, b in zip(x.shape[lead:], block))))
    for axis, (before, behind) in enumerate(cuts, start=lead):
        size = whole.shape[axis]
        if before + behind > size:
            raise ValueError(f"{name}: crops are {cuts}, more than the {size} places of axis {axis}")
        if before or behind:
            whole = cut(whole, axis, before, size - behind)
    return whole


def mirror_pad(input_x: Operand, paddings: Pairs, mode: str) -> Tensor:
    """input_x mirrored around its edges, a pair of counts for each axis: at the edge element ('REFLECT') or behind it
    ('SYMMETRIC'). ValueError for other words and where there are too few elements."""
    x = as_tensor("mirror_pad", input_x)
    pairs = pairs_of("mirror_pad", "paddings", paddings, x.ndim)
    if mode == "REFLECT":
        return pad(x, [c for pair in reversed(pairs) for c in pair], "reflect")
    if mode != "SYMMETRIC":
        raise ValueError(f"mirror_pad: mode is {mode!r}; expected 'REFLECT' or 'SYMMETRIC'")
    for axis, (before, behind) in enumerate(pairs):
        size = x.shape[axis]
        if before > size or behind > size:
            raise ValueError(f"mirror_pad: {before} elements before and {behind} behind axis {axis} of size {size}; "
                             f"mode 'SYMMETRIC' has at most {size}")
        if before or behind:
            left, right = cut(x, axis, 0, before), cut(x, axis, size - behind, size)
            x = concat([flip(left, axis), x, flip(right, axis)], axis)
    return x


def col2im(input_x: Operand, output_size: Sizes, kernel_size: Sides, dilation: Sides, padding_value: Sides,
           stride: Sides) -> Tensor:
    """Columns (N, C, h w, windows) added into images (N, C, *output_size); see `fold`."""
    columns = as_tensor("col2im", input_x)
    if columns.ndim != 4:
        raise ValueError(f"col2im: input_x has shape {columns.shape}; expected (N, C, taps, windows)")
    n, c, taps, windows = columns.shape
    return fold(reshape(columns, (n, c * taps, windows)), output_size, kernel_size, dilation, padding_value, stride)
