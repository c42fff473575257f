"""Casts of what goes into a cell and comes out of it (`Cell.to_float`)."""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import DType
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph import tree

__all__ = ["cast_floats", "is_of"]


def is_of(value: Any, dtype: DType) -> bool:
    """Whether a value is a tensor of this dtype."""
    return type(value) is Tensor and value.dtype is dtype


def cast_floats(value: Any, dtype: DType) -> Any:
    """`value` with the floating tensors in it, but for Parameters, in another dtype."""
    return tree.map_tensors(
        lambda t: t.astype(dtype) if t.dtype.is_floating and t.dtype is not dtype and not isinstance(t, Parameter)
        else t, value)
