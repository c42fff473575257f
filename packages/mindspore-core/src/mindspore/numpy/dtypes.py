"""Dtypes and numbers of the NumPy interface, and which dtype several operands come to.

Names without a size are those of 32 bits: `int_` is Int32, `uint` UInt32, `float_` Float32.
"""
from __future__ import annotations

import math
from typing import Any

from mindspore.common.dtype import (
    DType,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from mindspore.common.dtype import promote_types as _promote_types
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import DTypeLike, as_array, number_dtype, to_dtype
from mindspore.ops._operands import number_dtype as _beside

__all__ = [
    "bool_", "float16", "float32", "float64", "float_", "int16", "int32", "int64", "int8", "int_", "promote_types",
    "result_type", "uint16", "uint32", "uint64", "uint8",
]

int_, uint, float_ = int32, uint32, float32
inf, PINF, NINF, nan, pi = math.inf, math.inf, -math.inf, math.nan, math.pi
numeric_types = (int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64, bool_)


def promote_types(type1: DTypeLike, type2: DTypeLike) -> DType:
    """The dtype in which operands of two dtypes meet: Bool < integers < floats < complex numbers, and the wider of two
    of one kind. An integer never widens a float: Int64 and Float32 give Float32.

    type1, type2: dtypes, or their names.

    >>> np.promote_types("int32", np.float16)
    mindspore.float16
    """
    return _promote_types(to_dtype("promote_types", type1), to_dtype("promote_types", type2))


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype that operands come to: tensors, lists, dtypes and their names by `promote_types`, and Python numbers,
    which are weak, after them. ValueError without operands.

    >>> np.result_type("int16", np.float32, True)
    mindspore.float32
    """
    if not arrays_and_dtypes:
        raise ValueError("result_type: expected at least one array or dtype")
    numbers = [v for v in arrays_and_dtypes if type(v) in (bool, int, float, complex)]
    strong = [_own_dtype(v) for v in arrays_and_dtypes if type(v) not in (bool, int, float, complex)]
    result = strong[0] if strong else number_dtype(numbers[0])
    for dtype in strong[1:]:
        result = _promote_types(result, dtype)
    for number in numbers:
        result = _beside(result, number)
    return result


def _own_dtype(value: Any) -> DType:
    if isinstance(value, (list, tuple)) or (hasattr(value, "__array__") and not isinstance(value, type)):
        return (value if isinstance(value, Tensor) else as_array("result_type", value)).dtype
    return to_dtype("result_type", value)
