"""Element types.

A `DType` is an interned object: compare with `is` or `==`, use as a dictionary key. The printed names are those of
the MindSpore API (`Float32`); `np` is the NumPy dtype that holds the same bits (`ml_dtypes` supplies bfloat16).
The promotion table follows the category rule Bool < integers < floats < complex; unsigned types wider than 8 bits
mix with signed ones by widening to a signed type that holds both.
"""
from __future__ import annotations

import ml_dtypes
import numpy as np

__all__ = [
    "DType", "Type", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
    "bfloat16", "float32", "float64", "complex64", "complex128", "cdouble", "byte", "short", "intc", "long", "intp",
    "ubyte", "ushort", "uintc", "uintp", "half", "single", "double", "string", "dtype_to_nptype", "pytype_to_dtype",
    "np_dtype_to_dtype", "as_dtype", "promote_types", "dtype_to_pytype", "cfloat",
    "get_py_obj_dtype",
]


class DType:
    """One element type. Attributes: name (`Float32`), key (`float32`), np, kind (b, i, u, f, c), itemsize."""

    __slots__ = ("name", "key", "np", "kind", "itemsize", "index", "__weakref__")
    _by_np: dict = {}
    _by_key: dict = {}
    _all: list = []

    def __init__(self, name: str, key: str, np_type, kind: str):
        self.name, self.key, self.np, self.kind = name, key, np.dtype(np_type), kind
        self.itemsize, self.index = self.np.itemsize, len(DType._all)
        DType._by_np[self.np] = self
        DType._by_key[key] = self
        DType._all.append(self)

    def __repr__(self) -> str:
        return f"mindspore.{self.key}"

    def __str__(self) -> str:
        return self.name

    def __reduce__(self):
        return (_restore, (self.key,))

    def __copy__(self) -> DType:
        return self

    def __deepcopy__(self, memo) -> DType:
        return self

    @property
    def is_floating(self) -> bool:
        return self.kind == "f"

    @property
    def is_inexact(self) -> bool:
        return self.kind in "fc"

    @property
    def is_integer(self) -> bool:
        return self.kind in "iu"


def _restore(key: str) -> DType:
    return DType._by_key[key]


Type = DType

bool_ = DType("Bool", "bool_", np.bool_, "b")
int8 = DType("Int8", "int8", np.int8, "i")
int16 = DType("Int16", "int16", np.int16, "i")
int32 = DType("Int32", "int32", np.int32, "i")
int64 = DType("Int64", "int64", np.int64, "i")
uint8 = DType("UInt8", "uint8", np.uint8, "u")
uint16 = DType("UInt16", "uint16", np.uint16, "u")
uint32 = DType("UInt32", "uint32", np.uint32, "u")
uint64 = DType("UInt64", "uint64", np.uint64, "u")
float16 = DType("Float16", "float16", np.float16, "f")
bfloat16 = DType("BFloat16", "bfloat16", ml_dtypes.bfloat16, "f")
float32 = DType("Float32", "float32", np.float32, "f")
float64 = DType("Float64", "float64", np.float64, "f")
complex64 = DType("Complex64", "complex64", np.complex64, "c")
complex128 = DType("Complex128", "complex128", np.complex128, "c")
cdouble = complex128

byte, short, intc, long, intp = int8, int16, int32, int64, int64
ubyte, ushort, uintc, uintp = uint8, uint16, uint32, uint64
half, single, double = float16, float32, float64
cfloat = complex64

int_type = (int8, int16, int32, int64)
uint_type = (uint8, uint16, uint32, uint64)
float_type = (float16, float32, float64, bfloat16)
signed_type = (*int_type, float16, float32, float64, bfloat16)
complex_type = (complex64, complex128)
number_type = (*int_type, *uint_type, *float_type, *complex_type)
all_types = (bool_, *number_type)


class _StringType:
    """The type of Python strings; it has no tensors."""

    def __repr__(self) -> str:
        return "String"


string = _StringType()
_PYTHON_TYPES = {bool: bool_, int: int64, float: float32, complex: complex128}


def as_dtype(value) -> DType:
    """A DType from a DType, a Python number type, or a NumPy dtype. Strings are refused with TypeError."""
    if isinstance(value, DType):
        return value
    if value in _PYTHON_TYPES:
        return _PYTHON_TYPES[value]
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np_dtype_to_dtype(np.dtype(value))
    if isinstance(value, type):
        try:
            return np_dtype_to_dtype(np.dtype(value))
        except TypeError:
            pass
    raise TypeError(f"dtype must be a mindspore dtype such as mindspore.float32, but got {value!r} of type "
                    f"{type(value).__name__}")


def dtype_named(name: str) -> DType:
    """The DType of a name such as "float32" or "Float32"; TypeError where there is none."""
    found = DType._by_key.get(name.lower()) or DType._by_key.get(f"{name.lower()}_")
    if found is None:
        raise TypeError(f"no mindspore dtype is called {name!r}; the names are {', '.join(DType._by_key)}")
    return found


def np_dtype_to_dtype(np_dtype) -> DType:
    """The DType that holds the same bits as a NumPy dtype; TypeError where there is none."""
    found = DType._by_np.get(np.dtype(np_dtype).newbyteorder("="))
    if found is None:
        raise TypeError(f"no mindspore dtype holds NumPy's {np.dtype(np_dtype)}; convert the array with .astype first")
    return found


def dtype_to_nptype(type_: DType):
    """The NumPy scalar type of a DType."""
    return as_dtype(type_).np.type


def pytype_to_dtype(obj) -> DType:
    """The DType of a Python or NumPy type, or of a DType itself."""
    return as_dtype(obj)


def dtype_to_pytype(type_: DType):
    """The Python number type that corresponds to a DType."""
    return {"b": bool, "i": int, "u": int, "f": float, "c": complex}[as_dtype(type_).kind]


def get_py_obj_dtype(obj):
    """The DType of a tensor, an array or a Python number, or the type of strings; TypeError for anything else."""
    if isinstance(obj, str):
        return string
    found = getattr(obj, "dtype", None)
    if found is None and type(obj) not in _PYTHON_TYPES:
        raise TypeError(f"get_py_obj_dtype: expected a number, a str, an array or a Tensor, got {type(obj).__name__}")
    return as_dtype(type(obj) if found is None else found)


def _promote(a: DType, b: DType) -> DType:
    if a is b:
        return a
    cat = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
    if cat[a.kind] != cat[b.kind]:
        low, high = (a, b) if cat[a.kind] < cat[b.kind] else (b, a)
        if high is complex64 and low is float64:
            return complex128
        return high
    if a.kind == "f" and {a, b} == {float16, bfloat16}:
        return float32
    if a.kind == b.kind:
        return a if a.itemsize >= b.itemsize else b
    unsigned, signed = (a, b) if a.kind == "u" else (b, a)
    size = max(signed.itemsize, min(unsigned.itemsize * 2, 8))
    return {2: int16, 4: int32, 8: int64}[size]


_PROMOTION = {(a, b): _promote(a, b) for a in DType._all for b in DType._all}


def promote_types(a: DType, b: DType) -> DType:
    """The dtype in which a binary operation of tensors of dtypes `a` and `b` is computed."""
    return _PROMOTION[a, b]
