"""Element types.

A `DType` is an interned object: compare with `is` or `==`, use as a dictionary key. The printed names are those of
the MindSpore API (`Float32`); `np` is the NumPy dtype that holds the same bits (`ml_dtypes` supplies bfloat16).
The promotion table follows the category rule Bool < integers < floats < complex; unsigned types wider than 8 bits
mix with signed ones by widening to a signed type that holds both.
"""
from __future__ import annotations

import enum

import ml_dtypes
import numpy as np

__all__ = [
    "DType", "Type", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
    "bfloat16", "float32", "float64", "complex64", "complex128", "cdouble", "byte", "short", "intc", "long", "intp",
    "ubyte", "ushort", "uintc", "uintp", "half", "single", "double", "string", "dtype_to_nptype", "pytype_to_dtype",
    "np_dtype_to_dtype", "as_dtype", "promote_types", "dtype_to_pytype", "cfloat",
    "get_py_obj_dtype", "int_", "uint", "float_", "list_", "tuple_", "number",
    "tensor_type", "type_none", "TensorType", "Int", "QuantDtype", "issubclass_",
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


class Kind:
    """A type of values that is no element type of tensors: any integer, any number, lists, strings, ... Element types
    that belong to it are `in` it."""

    __slots__ = ("name", "members")

    def __init__(self, name: str, members: tuple = ()):
        self.name, self.members = name, members

    def __repr__(self) -> str:
        return self.name

    def __contains__(self, type_) -> bool:
        return type_ is self or type_ in self.members

    def __reduce__(self):
        return (_kind, (self.name,))


def _kind(name: str) -> Kind:
    return _KINDS[name]


string, list_, tuple_, type_none = Kind("String"), Kind("List"), Kind("Tuple"), Kind("None")
int_, uint = Kind("Int", int_type), Kind("UInt", uint_type)
float_ = Kind("Float", float_type)
number = Kind("Number", (bool_, *number_type, int_, uint, float_))


class TensorType:
    """The type of tensors of one element type, or of any for None."""

    __slots__ = ("_element",)

    def __init__(self, element: DType | None = None):
        self._element = None if element is None else as_dtype(element)

    def element_type(self) -> DType | None:
        """The type of the elements."""
        return self._element

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorType) and other._element is self._element

    def __hash__(self) -> int:
        return hash((TensorType, self._element))

    def __repr__(self) -> str:
        return "Tensor" if self._element is None else f"Tensor[{self._element}]"


tensor_type = TensorType()
_KINDS = {kind.name: kind for kind in (string, list_, tuple_, type_none, int_, uint, float_, number)}


class _Integers(type):
    def __instancecheck__(cls, value: object) -> bool:
        return value in int_


class Int(metaclass=_Integers):
    """What the signed integer types are instances of: `isinstance(mindspore.int32, Int)`."""


class QuantDtype(enum.Enum):
    """Integers of 1 to 16 bits, as quantised networks hold them."""

    INT1, INT2, INT3, INT4, INT5, INT6, INT7, INT8 = range(8)
    INT9, INT10, INT11, INT12, INT13, INT14, INT15, INT16 = range(8, 16)
    UINT1, UINT2, UINT3, UINT4, UINT5, UINT6, UINT7, UINT8 = range(16, 24)
    UINT9, UINT10, UINT11, UINT12, UINT13, UINT14, UINT15, UINT16 = range(24, 32)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def is_signed(dtype: QuantDtype) -> bool:
        """Whether the numbers have a sign."""
        return dtype.value < 16

    @staticmethod
    def switch_signed(dtype: QuantDtype) -> QuantDtype:
        """The type of as many bits with a sign for one without, and the other way round."""
        return QuantDtype((dtype.value + 16) % 32)

    @property
    def num_bits(self) -> int:
        """The number of bits."""
        return self.value % 16 + 1


def issubclass_(type_, dtype) -> bool:
    """Whether a type is another one, or belongs to it: `issubclass_(mindspore.int32, mindspore.number)`."""
    if isinstance(dtype, (tuple, list)):
        return any(issubclass_(type_, each) for each in dtype)
    if isinstance(dtype, TensorType) and isinstance(type_, TensorType):
        return dtype.element_type() in (None, type_.element_type())
    return type_ in dtype if isinstance(dtype, Kind) else type_ == dtype


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


_PYTHON_KINDS = {str: string, np.str_: string, list: list_, tuple: tuple_, type(None): type_none, float: float64}


def pytype_to_dtype(obj):
    """The type that a Python or NumPy type has here: of a float it is float64, although tensors of floats are made
    float32; a type of this framework itself stays as it is.

    Raises:
        TypeError: it is not a type.
        NotImplementedError: it has no counterpart.
    """
    if isinstance(obj, DType | Kind):
        return obj
    if not isinstance(obj, type | np.dtype):
        raise TypeError(f"pytype_to_dtype: expected a type such as int, got {obj!r}; get_py_obj_dtype takes values")
    if obj in _PYTHON_KINDS:
        return _PYTHON_KINDS[obj]
    try:
        return as_dtype(obj)
    except TypeError:
        raise NotImplementedError(f"pytype_to_dtype: {obj!r} has no counterpart among the types here") from None


def dtype_to_pytype(type_):
    """The Python type that corresponds to a type: of numbers, strings, lists, tuples or None."""
    if isinstance(type_, Kind):
        found = {string: str, list_: list, tuple_: tuple, type_none: type(None), int_: int, float_: float}.get(type_)
        if found is None:
            raise TypeError(f"dtype_to_pytype: {type_!r} is no type of one kind of Python values")
        return found
    return {"b": bool, "i": int, "u": int, "f": float, "c": complex}[as_dtype(type_).kind]


def get_py_obj_dtype(obj):
    """The type of a tensor's or an array's elements, of a Python number (float64 of a float), of a string, a list, a
    tuple or None, or of a type of such values; NotImplementedError for anything else."""
    found = getattr(obj, "dtype", None)
    if found is not None and not isinstance(obj, type):
        return as_dtype(found)
    for kind in obj.__mro__ if isinstance(obj, type) else type(obj).__mro__:
        if kind in _PYTHON_KINDS or kind in _PYTHON_TYPES:
            return pytype_to_dtype(kind)
    raise NotImplementedError(f"get_py_obj_dtype: expected a number, a str, a list, a tuple, None, an array, a Tensor "
                              f"or a type of these, got {obj!r}")


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


def __getattr__(name: str):
    """The classes of types (`type_classes`), which programs import from here, too."""
    from mindspore.common import type_classes
    if name in type_classes.__all__:
        return getattr(type_classes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
