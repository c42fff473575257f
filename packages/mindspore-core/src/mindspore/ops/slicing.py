"""Blocks of a tensor, by numbers in place of Python's slice notation."""
from __future__ import annotations

import builtins

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, Sizes, apply, as_tensor, primitive, static_ints

__all__ = ["slice", "strided_slice"]

_SLICE = primitive("slice")


def slice(input_x: Operand, begin: Sizes, size: Sizes) -> Tensor:
    """A block that begins at `begin` and has the sizes `size`; -1 stands for all that is left."""
    x = as_tensor("slice", input_x)
    starts, sizes = static_ints("slice", "begin", begin), static_ints("slice", "size", size)
    if len(starts) != x.ndim or len(sizes) != x.ndim:
        raise ValueError(f"slice: begin {starts} and size {sizes} must have one entry for each axis of shape {x.shape}")
    ends = tuple(d if s == -1 else b + s for b, s, d in zip(starts, sizes, x.shape))
    return apply(_SLICE, (x,), (starts, ends, (1,) * x.ndim))


def strided_slice(input_x: Operand, begin: Sizes, end: Sizes, strides: Sizes, begin_mask: int = 0, end_mask: int = 0,
                  ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0) -> Tensor:
    """input_x[begin:end:strides] with one entry for each axis in turn. A bit i of a mask changes entry i: no begin, no
    end, an ellipsis, a new axis, or the single place `begin[i]`, whose axis is dropped."""
    starts, ends, steps = (static_ints("strided_slice", w, v) for w, v in (
        ("begin", begin), ("end", end), ("strides", strides)))
    if not len(starts) == len(ends) == len(steps):
        raise ValueError(f"strided_slice: begin {starts}, end {ends} and strides {steps} must have one length")
    index: list = []
    for i, (low, high, step) in enumerate(zip(starts, ends, steps)):
        bit = 1 << i
        if ellipsis_mask & bit:
            index.append(Ellipsis)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(low)
        else:
            index.append(builtins.slice(None if begin_mask & bit else low, None if end_mask & bit else high, step))
    from mindspore.common.tensor_indexing import getitem
    return getitem(as_tensor("strided_slice", input_x), tuple(index))
