"""What stands in attributes of a MINDIR file: numbers, texts, sequences, tensors, types.

An attribute has a `type` and the value in the field for it. In a TUPLE or LIST each item is an attribute in `values`,
which has its number or text in the repeated field (`ints`, `floats`, `strings`) with one entry. Two kinds of type
numbers occur: those of tensors in the file (`TensorProto.DataType`, which agree with `AttributeType` for numbers), and
those that an operator gets as an operand (`Cast` gets 43 for float32), here TYPE_NUMBERS.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from mindspore.common.dtype import DType, np_dtype_to_dtype
from mindspore.formats.mind_ir import AttributeProto

__all__ = ["DATA_TYPES", "KINDS", "MONAD", "Monad", "TYPE_NUMBERS", "Tuple", "array_of", "contents_of", "fill_tensor",
           "fill_value", "number_of", "type_number", "value_of"]

KINDS = {v.name: v.number for v in AttributeProto.DESCRIPTOR.enum_types_by_name["AttributeType"].values}
_KIND_NAMES = {number: name for name, number in KINDS.items()}

DATA_TYPES: dict[int, np.dtype] = {
    KINDS["FLOAT"]: np.dtype("<f4"), KINDS["UINT8"]: np.dtype("<u1"), KINDS["INT8"]: np.dtype("<i1"),
    KINDS["UINT16"]: np.dtype("<u2"), KINDS["INT16"]: np.dtype("<i2"), KINDS["INT32"]: np.dtype("<i4"),
    KINDS["INT64"]: np.dtype("<i8"), KINDS["BOOL"]: np.dtype(np.bool_), KINDS["FLOAT16"]: np.dtype("<f2"),
    KINDS["DOUBLE"]: np.dtype("<f8"), KINDS["UINT32"]: np.dtype("<u4"), KINDS["UINT64"]: np.dtype("<u8"),
    KINDS["COMPLEX64"]: np.dtype("<c8"), KINDS["COMPLEX128"]: np.dtype("<c16"),
    KINDS["BFLOAT16"]: np.dtype(ml_dtypes.bfloat16), 17: np.dtype("<f8")}
_NUMBERS = {dtype: number for number, dtype in reversed(DATA_TYPES.items()) if number != 17}

TYPE_NUMBERS: dict[int, np.dtype] = {
    30: np.dtype(np.bool_), 32: np.dtype("i1"), 33: np.dtype("i2"), 34: np.dtype("i4"), 35: np.dtype("i8"),
    37: np.dtype("u1"), 38: np.dtype("u2"), 39: np.dtype("u4"), 40: np.dtype("u8"), 42: np.dtype("f2"),
    43: np.dtype("f4"), 44: np.dtype("f8"), 45: np.dtype(ml_dtypes.bfloat16), 48: np.dtype("c8"), 49: np.dtype("c16")}
_MAX_DIMS = 32
_MAX_DEPTH = 32


class Monad:
    """The value of an order of effects."""

    def __repr__(self) -> str:
        return "monad"


MONAD = Monad()


class Tuple:
    """The type of a tuple of values: TensorAvals, other Tuples, and None for an order of effects."""

    def __init__(self, items: Sequence):
        self.items = tuple(items)


def type_number(dtype: DType) -> int:
    """The number by which operators are told a dtype."""
    return next(number for number, each in TYPE_NUMBERS.items() if np_dtype_to_dtype(each) is dtype)


def number_of(dtype: DType) -> int:
    """The number of a dtype in tensors of the file; TypeError where there is none."""
    number = _NUMBERS.get(np.dtype(dtype.np).newbyteorder("<"))
    if number is None:
        raise TypeError(f"a MINDIR file cannot hold tensors of {dtype}")
    return number


# -- reading -----------------------------------------------------------------------------------------------------------


def checked_shape(dims: Sequence[int], dtype: np.dtype, nbytes: int, what: str) -> tuple[int, ...]:
    """The shape of a tensor whose contents take `nbytes`; ValueError where they do not fit each other."""
    shape = tuple(dims)
    if len(shape) > _MAX_DIMS or any(d < 0 for d in shape):
        raise ValueError(f"{what} has shape {shape}, which no tensor has")
    if math.prod(shape) * dtype.itemsize != nbytes or math.prod(d for d in shape if d) * dtype.itemsize >= 1 << 63:
        raise ValueError(f"{what} has shape {shape} of {dtype}, but {nbytes} bytes of contents")
    return shape


def array_of(proto: Any, contents: bytes | None = None, what: str = "a tensor") -> np.ndarray:
    """The array of a TensorProto; `contents` are the bytes where they stand elsewhere. ValueError for a defect."""
    dtype = DATA_TYPES.get(proto.data_type)
    if dtype is None:
        raise ValueError(f"{what} is of type number {proto.data_type}, which no tensor can hold here")
    if proto.compression_type or proto.quant_params:
        raise ValueError(f"{what} is compressed or quantised, which is not supported")
    if contents is None:
        contents = proto.raw_data
    shape = checked_shape(proto.dims, dtype, len(contents), what)
    if dtype == np.bool_ and contents and max(contents) > 1:
        raise ValueError(f"{what} is of bools, but has bytes other than 0 and 1")
    array = np.frombuffer(contents, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=True)


_SINGLE = {"FLOAT": "f", "DOUBLE": "d", "STRING": "s", "BOOL": "i", "INT8": "i", "INT16": "i", "INT32": "i",
           "INT64": "i", "UINT8": "i", "UINT16": "i", "UINT32": "i", "UINT64": "i"}
_REPEATED = {"f": "floats", "d": "doubles", "s": "strings", "i": "ints"}


def value_of(proto: Any, depth: int = 0) -> Any:
    """The value of an attribute: a number, bool, str, None, array, tuple, list or MONAD. ValueError for a defect."""
    kind = _KIND_NAMES.get(proto.type, "UNDEFINED")
    if depth > _MAX_DEPTH:
        raise ValueError("an attribute is nested too deeply")
    if kind in _SINGLE:
        field = _SINGLE[kind]
        many = getattr(proto, _REPEATED[field])
        value = many[0] if len(many) == 1 and not proto.HasField(field) else getattr(proto, field)
        return bool(value) if kind == "BOOL" else value.decode() if kind == "STRING" else value
    if kind in ("TUPLE", "LIST"):
        items = [value_of(item, depth + 1) for item in proto.values]
        return tuple(items) if kind == "TUPLE" else items
    if kind in ("NONE", "TYPE_NULL"):
        return None
    if kind in ("UMONAD", "IOMONAD"):
        return MONAD
    if kind in ("TENSORS", "TENSOR"):
        tensors = [*proto.tensors, *([proto.t] if proto.HasField("t") else [])]
        if len(tensors) == 1:
            return array_of(tensors[0], what=f"attribute '{proto.name}'")
    raise ValueError(f"attribute '{proto.name}' is of type {kind}, which is not supported")


# -- writing -----------------------------------------------------------------------------------------------------------


def fill_tensor(proto: Any, shape: tuple, dtype: DType, contents: bytes | None = None) -> None:
    """Write shape and dtype, and the contents, to a TensorProto; -1 for sizes that are left open."""
    proto.dims.extend([d if type(d) is int else -1 for d in shape])
    proto.data_type = number_of(dtype)
    if contents is not None:
        proto.raw_data = contents


def contents_of(array: np.ndarray) -> bytes:
    """The bytes of an array, in C order, little-endian."""
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)).tobytes()


def fill_value(proto: Any, value: Any, item: bool = False) -> None:
    """Write a number, bool, str, None, array, tuple, list or MONAD to an attribute; `item`: of a sequence."""
    if isinstance(value, (tuple, list)):
        proto.type = KINDS["TUPLE" if isinstance(value, tuple) else "LIST"]
        for each in value:
            fill_value(proto.values.add(), each, True)
        return
    if isinstance(value, np.ndarray):
        proto.type = KINDS["TENSORS"]
        fill_tensor(proto.tensors.add(name="value0"), value.shape, np_dtype_to_dtype(value.dtype), contents_of(value))
        return
    kind, field = _scalar_kind(value)
    proto.type = KINDS[kind]
    if field is None:
        return
    stored = value.encode() if isinstance(value, str) else int(value) if isinstance(value, bool) else value
    if item:
        getattr(proto, _REPEATED[field]).append(stored)
    else:
        setattr(proto, field, stored)


def _scalar_kind(value: Any) -> tuple[str, str | None]:
    if value is None:
        return "NONE", None
    if isinstance(value, Monad):
        return "UMONAD", None
    if isinstance(value, bool):
        return "BOOL", "i"
    if isinstance(value, int):
        return "INT64", "i"
    if isinstance(value, float):
        return "FLOAT", "f"
    if isinstance(value, str):
        return "STRING", "s"
    raise TypeError(f"an attribute of a MINDIR file cannot be {value!r}")


