"""Operands: from what users pass to the tensors and attributes that primitives take.

Primitives are strict: operands of one dtype, non-negative axes, full shapes. The functions of this package are not, and
these are the rules by which they come to terms:

* Tensors and NumPy arrays of different dtypes are cast to `promote_types` of the two, 0-d ones like all others.
* Python numbers, and NumPy's scalars, are weak: an int keeps the dtype of the tensor it meets (Bool becomes Int64), a
  float turns integer and Bool tensors into Float32 and keeps floating ones, a bool keeps every dtype, a complex number
  turns all but Complex128 and Float64 into Complex64.
* A number becomes a 0-d operand: while a graph is compiled it is a constant, in PyNative mode an input, so that a
  learning rate that changes does not make a new program. `constant` is for numbers that belong to the operator itself,
  such as the count in a mean.
* A number that differs between the trips of a loop (`TripNumber`) is a number like others, with one value per trip.
* Axes, shapes and sizes are attributes: they must be known while the program is recorded.
"""
from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from mindspore.common.dtype import (
    DType,
    bool_,
    complex64,
    complex128,
    float32,
    float64,
    int64,
    promote_types,
)
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.trip_numbers import TripNumber
from mindspore.compiler.ir.dims import Dim, Symbolic
from mindspore.compiler.ir.graph import Literal
from mindspore.compiler.primitives import Primitive, primitive
from mindspore.graph.trace import size_of
from mindspore.runtime.record import apply, scalar

__all__ = [
    "NUMBERS", "Axes", "Number", "Operand", "Sizes", "also", "apply", "as_bool", "as_dtype_of", "as_inexact",
    "as_tensor", "binary", "constant", "convert", "full_of", "magnitude", "normalize_axes", "normalize_axis",
    "number_dtype", "primitive", "promote", "promote_all", "scalar", "static_bool", "static_int", "static_ints",
    "static_shape",
]

Number: TypeAlias = bool | int | float | complex | np.generic
Operand: TypeAlias = Tensor | Number | np.ndarray
Sizes: TypeAlias = int | Sequence[int] | Tensor
Axes: TypeAlias = int | Sequence[int] | None

NUMBERS = (bool, int, float, complex, np.generic, TripNumber, Symbolic)
_CAST, _CONSTANT, _BROADCAST, _DIMENSION, _ABS, _COMPLEX_ABS = map(
    primitive, ("cast", "constant", "broadcast_to", "dimension", "abs", "complex_abs"))


# -- tensors -----------------------------------------------------------------------------------------------------------

def as_tensor(name: str, value: Any, what: str = "input") -> Tensor:
    """The operand as a tensor; a number gets its default dtype. TypeError for what is no operand."""
    if isinstance(value, Tensor):
        return value
    if type(value) is TripNumber:
        return value.tensor()
    if isinstance(value, Symbolic):
        return apply(_DIMENSION, (), _DIMENSION.pack_attrs({"value": value}))
    if isinstance(value, (np.ndarray, *NUMBERS)):
        return Tensor(value)
    raise TypeError(f"{name}: {what} must be a Tensor, a number or a numpy.ndarray, but got {type(value).__name__}: "
                    f"{_short(value)}; make a Tensor of it first")


def convert(x: Tensor, dtype: DType) -> Tensor:
    """x as `dtype`: x itself where it has that dtype already."""
    return x if x._value.aval.dtype is dtype else apply(_CAST, (x,), (dtype,))


def as_wide(x: Tensor) -> Tensor:
    """An inexact x as it is computed with: half precision as Float32."""
    return convert(x, float32) if x.dtype.itemsize == 2 else x


def as_inexact(name: str, value: Any) -> Tensor:
    """The operand as a floating (or complex) tensor: integers and bools become Float32."""
    x = as_tensor(name, value)
    return x if x.dtype.is_inexact else convert(x, float32)


def as_bool(name: str, value: Any, what: str = "input") -> Tensor:
    """The operand as a Bool tensor: whether each element differs from 0."""
    x = as_tensor(name, value, what)
    return convert(x, bool_)


def as_dtype_of(name: str, value: Any, like: Tensor, what: str = "other") -> Tensor:
    """The operand cast to the dtype of `like`."""
    if isinstance(value, NUMBERS):
        return scalar(value, like.dtype)
    return convert(as_tensor(name, value, what), like.dtype)


def magnitude(x: Tensor) -> Tensor:
    """|x|, real for complex numbers."""
    return apply(_COMPLEX_ABS if x.dtype.kind == "c" else _ABS, (x,))


def constant(value: float | np.ndarray, dtype: DType) -> Tensor:
    """A small constant that belongs to the program: it is part of the compiled code."""
    if isinstance(value, Symbolic):
        return apply(_DIMENSION, (), (value, dtype))
    if type(value) is int or (type(value) is float and value):
        return apply(_CONSTANT, (), (_literal(value, dtype),))
    return apply(_CONSTANT, (), (Literal(np.asarray(value).astype(dtype.np)),))


@lru_cache(maxsize=1024, typed=True)
def _literal(value: float, dtype: DType) -> Literal:
    """The literal of a number; not for 0.0, which has a sign that a key does not show."""
    return Literal(np.asarray(value).astype(dtype.np))


def full_of(shape: tuple, value: Tensor) -> Tensor:
    """A tensor of `shape` with elements of its own: `value`, which is 0-d or broadcasts to it, at every place."""
    return apply(_BROADCAST, (value,), (shape,)) if shape else value


# -- promotion ---------------------------------------------------------------------------------------------------------

def number_dtype(dtype: DType, value: Number) -> DType:
    """The dtype in which a tensor of `dtype` meets the number `value`."""
    if type(value) is TripNumber:
        value = value.values[0]
    if isinstance(value, (bool, np.bool_)):
        return dtype
    if isinstance(value, (int, np.integer, Dim)):
        return int64 if dtype is bool_ else dtype
    if isinstance(value, (complex, np.complexfloating)) and dtype.kind != "c":
        return complex128 if dtype is float64 else complex64
    return dtype if dtype.is_inexact else float32


def promote(name: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Two operands as tensors of one dtype."""
    if isinstance(y, NUMBERS):
        x = as_tensor(name, x, "input")
        dtype = number_dtype(x.dtype, y)
        return convert(x, dtype), scalar(y, dtype)
    if isinstance(x, NUMBERS):
        y = as_tensor(name, y, "other")
        dtype = number_dtype(y.dtype, x)
        return scalar(x, dtype), convert(y, dtype)
    x, y = as_tensor(name, x, "input"), as_tensor(name, y, "other")
    dtype = promote_types(x.dtype, y.dtype)
    return convert(x, dtype), convert(y, dtype)


def promote_all(name: str, values: Iterable[Any]) -> list[Tensor]:
    """Any number of operands, numbers among them, as tensors of one dtype."""
    items = list(values)
    strong = [as_tensor(name, v, f"element {i}") for i, v in enumerate(items) if not isinstance(v, NUMBERS)]
    if not strong:
        strong = [Tensor(items[0])] if items else []
    dtype = strong[0].dtype if strong else float32
    for tensor in strong[1:]:
        dtype = promote_types(dtype, tensor.dtype)
    for value in items:
        if isinstance(value, NUMBERS):
            dtype = number_dtype(dtype, value)
    return [scalar(v, dtype) if isinstance(v, NUMBERS) else convert(as_tensor(name, v), dtype) for v in items]


def binary(op: Primitive, x: Any, y: Any, on_bool: Primitive | None = None) -> Tensor:
    """An element-wise operator of two operands; `on_bool` takes its place where both are Bool."""
    try:
        dtype = x._value.aval.dtype
        if dtype is y._value.aval.dtype:
            return apply(op if on_bool is None or dtype is not bool_ else on_bool, (x, y))
    except AttributeError:
        pass
    x, y = promote(op.name, x, y)
    return apply(op if on_bool is None or x.dtype is not bool_ else on_bool, (x, y))


# -- attributes --------------------------------------------------------------------------------------------------------

def static_int(name: str, what: str, value: Any) -> int:
    """An int that is known now: an int, a NumPy integer, a concrete integer tensor, or a symbolic size. TypeError
    otherwise."""
    if type(value) is int or type(value) is Dim:
        return value
    if isinstance(value, Tensor):
        known = size_of(value)
        if known is not None:
            return known
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{name}: {what} must be an int, but got {type(value).__name__}: {_short(value)}")


def static_ints(name: str, what: str, value: Any) -> tuple[int, ...]:
    """A tuple of ints from an int, a sequence of ints or a concrete integer tensor of one axis."""
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim == 1:
        value = value.tolist()
    if isinstance(value, (tuple, list)):
        return tuple([v if type(v) is int or type(v) is Dim else static_int(name, what, v) for v in value])
    if isinstance(value, range):
        return tuple(value)
    try:
        return (static_int(name, what, value),)
    except TypeError:
        raise TypeError(f"{name}: {what} must be an int or a tuple of ints, but got {type(value).__name__}: "
                        f"{_short(value)}") from None


def static_shape(name: str, shape: Any) -> tuple[int, ...]:
    """A shape: non-negative ints."""
    sizes = static_ints(name, "shape", shape)
    if any(d < 0 for d in sizes):
        raise ValueError(f"{name}: shape is {sizes}; expected sizes that are not negative")
    return sizes


def static_bool(name: str, what: str, value: Any) -> bool:
    """A flag that is known now: a bool, or a concrete Bool tensor with one element."""
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, Tensor) and value.dtype is bool_ and value.size == 1):
        return bool(value)
    known = getattr(value, "flag", None)  # of what `mutable` made
    if type(known) is bool:
        return known
    raise TypeError(f"{name}: {what} must be a bool, but got {type(value).__name__}: {_short(value)}")


def normalize_axis(name: str, axis: Any, ndim: int, what: str = "axis") -> int:
    """A non-negative axis. TypeError for what is no int, ValueError for one out of range."""
    axis = static_int(name, what, axis)
    if not -ndim <= axis < ndim:
        if ndim == 0 and axis in (0, -1):
            return 0
        raise ValueError(f"{name}: {what} {axis} is out of range for a tensor of {ndim} dimensions; expected "
                         f"{-ndim} to {ndim - 1}")
    return axis + ndim if axis < 0 else axis


def normalize_axes(name: str, axes: Any, ndim: int, what: str = "axis") -> tuple[int, ...]:
    """A sorted tuple of different non-negative axes; None and () stand for all of them."""
    if axes is None:
        return tuple(range(ndim))
    given = static_ints(name, what, axes)
    if not given:
        return tuple(range(ndim))
    normal = [normalize_axis(name, a, ndim, what) for a in given]
    if len(set(normal)) != len(normal):
        raise ValueError(f"{name}: {what} is {given}, which names an axis twice")
    return tuple(sorted(normal)) if ndim else ()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def also(function: Callable, **names: str) -> Callable:
    """The function with other names for some of its arguments besides their own; TypeError where one is given by both
    names."""
    @functools.wraps(function)
    def method(*args: Any, **kwargs: Any) -> Any:
        for other, own in names.items():
            if other in kwargs:
                if own in kwargs:
                    raise TypeError(f"{method.__name__}: give either {own} or {other}, not both")
                kwargs[own] = kwargs.pop(other)
        return function(*args, **kwargs)
    return method
