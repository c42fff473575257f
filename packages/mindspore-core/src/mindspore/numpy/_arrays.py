"""Array-likes: from what users of the NumPy interface pass to tensors and dtypes.

* Lists, tuples and numbers become tensors of 32 bits: Int32 (Int64 for numbers that need it), Float32, Complex64, Bool.
  Tensors and NumPy arrays keep their dtype. Lists may hold tensors, which are joined and stay in the program.
* A Python number beside a tensor is weak, as everywhere in this package (`mindspore.ops._operands`): it takes the
  tensor's dtype, but a float turns integers into Float32.
* Where `dtype` is given, it is the dtype of the result.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from mindspore.common.dtype import (
    DType,
    as_dtype,
    bool_,
    complex64,
    complex128,
    dtype_named,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
)
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.trip_numbers import TripNumber
from mindspore.compiler.ir.dims import Symbolic
from mindspore.graph.call import call_function
from mindspore.graph.trace import current_trace
from mindspore.ops import joining, shapes
from mindspore.ops._operands import (
    NUMBERS,
    as_inexact,
    as_tensor,
    convert,
    normalize_axes,
    normalize_axis,
    promote,
    promote_all,
    scalar,
    static_ints,
)

ArrayLike: TypeAlias = Any  # a Tensor, a number, a numpy.ndarray, or a (nested) list or tuple of these
DTypeLike: TypeAlias = DType | str | type | np.dtype | None

_NARROW = {float64: float32, complex128: complex64}
_OF_TYPE = {bool: bool_, int: int32, float: float32, complex: complex64}
_OF_NAME = {kind.__name__: dtype for kind, dtype in _OF_TYPE.items()}
_SMALL = (bool_, int8, int16, uint8, uint16)


# -- tensors -----------------------------------------------------------------------------------------------------------

def as_array(name: str, value: ArrayLike, what: str = "input") -> Tensor:
    """The array-like as a tensor. TypeError for what holds no numbers, ValueError for rows of different lengths."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (list, tuple)):
        return _joined(name, value, what) if _holds_tensors(value) else Tensor(_plain(name, value, what))
    if type(value) in (bool, int, float, complex):
        return scalar(value, number_dtype(value))
    if isinstance(value, range):
        return Tensor(np.array(value, np.int32))
    return as_tensor(name, value, what)


def number_dtype(value: complex) -> DType:
    """The dtype that a Python number gets where it stands alone."""
    if type(value) is int and not -2**31 <= value < 2**31:
        return int64
    return _OF_TYPE[type(value)]


def _holds_tensors(values: Iterable[Any]) -> bool:
    return any(isinstance(v, (Tensor, TripNumber, Symbolic)) or (isinstance(v, (list, tuple)) and _holds_tensors(v))
               for v in values)


def _joined(name: str, values: Any, what: str) -> Tensor:
    parts = [as_array(name, v, what) if isinstance(v, (list, tuple)) else v for v in values]
    return joining.stack(promote_all(name, parts))


def _plain(name: str, values: Any, what: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name}: {what} has rows of different lengths; expected equal lengths on each axis") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{name}: {what} must hold numbers, but got {type(values).__name__}: {values!r}")
    if array.dtype == np.int64 and (not array.size or (array.min() >= -2**31 and array.max() < 2**31)):
        return array.astype(np.int32)
    wanted = _NARROW.get(as_dtype(array.dtype))
    return array if wanted is None else array.astype(wanted.np)


def as_floats(name: str, value: ArrayLike, what: str = "input") -> Tensor:
    """The array-like as a floating (or complex) tensor: integers and bools become Float32."""
    return as_inexact(name, as_array(name, value, what))


def as_integers(name: str, value: ArrayLike, what: str = "indices") -> Tensor:
    """The array-like as a tensor of integers; Bool becomes Int32. TypeError for floats."""
    x = as_array(name, value, what)
    if x.dtype is bool_:
        return convert(x, int32)
    if not x.dtype.is_integer:
        raise TypeError(f"{name}: {what} must hold integers, but got {x.dtype}")
    return x


def operand(name: str, value: ArrayLike, what: str) -> Any:
    """An operand of an element-wise function: a number as it is, since it is weak, everything else as a tensor."""
    return value if isinstance(value, NUMBERS) else as_array(name, value, what)


def pair(name: str, x1: ArrayLike, x2: ArrayLike) -> tuple[Any, Any]:
    """Two operands of which at least one is a tensor."""
    if isinstance(x1, NUMBERS) and isinstance(x2, NUMBERS):
        return as_array(name, x1, "x1"), x2
    return operand(name, x1, "x1"), operand(name, x2, "x2")


def promoted(name: str, x1: ArrayLike, x2: ArrayLike) -> tuple[Tensor, Tensor]:
    """Two operands as tensors of one dtype."""
    return promote(name, *pair(name, x1, x2))


def arrays(name: str, values: Any, what: str = "arrays") -> list[Tensor]:
    """The tensors of a sequence of array-likes, or the slices of a tensor or array along its first axis."""
    if isinstance(values, (Tensor, np.ndarray)):
        return list(joining.unbind(as_array(name, values, what)))
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{name}: {what} must be a list or tuple of arrays, but got {type(values).__name__}")
    if not values:
        raise ValueError(f"{name}: {what} is empty; at least one array is needed")
    return [as_array(name, v, f"{what}[{i}]") for i, v in enumerate(values)]


def of_one_dtype(name: str, values: Iterable[Tensor]) -> list[Tensor]:
    """Tensors cast to the dtype that they promote to."""
    return promote_all(name, values)


# -- dtypes ------------------------------------------------------------------------------------------------------------

def to_dtype(name: str, dtype: DTypeLike) -> DType:
    """The dtype that a DType, a Python or NumPy type, or a name such as "float32" or "i2" stands for. `int`, `float`
    and `complex` are those of 32 bits (for each part)."""
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, str):
        if dtype in _OF_NAME:
            return _OF_NAME[dtype]
        try:
            return dtype_named(dtype)
        except TypeError:
            return as_dtype(_numpy_dtype(name, dtype))
    if isinstance(dtype, type) and dtype in _OF_TYPE:
        return _OF_TYPE[dtype]
    if dtype is None:
        raise TypeError(f"{name}: a dtype must be given, such as mindspore.numpy.float32, but got None")
    return as_dtype(dtype)


def _numpy_dtype(name: str, text: str) -> np.dtype:
    try:
        return np.dtype(text)
    except TypeError:
        raise TypeError(f"{name}: no dtype is called {text!r}; there are 'float32', 'int64', 'bool' ...") from None


def given(x: Tensor, dtype: DTypeLike) -> Tensor:
    """The result x as the dtype that the caller asked for, if any."""
    return x if dtype is None else convert(x, to_dtype("dtype", dtype))


def summable(x: Tensor, dtype: DTypeLike) -> Tensor:
    """The terms of a sum in the dtype of the sum: the one asked for; otherwise Int32 for Bool and integers of fewer
    bits, and the dtype of the terms."""
    if dtype is not None:
        return convert(x, to_dtype("dtype", dtype))
    return convert(x, int32) if x.dtype in _SMALL else x


# -- axes and calls ----------------------------------------------------------------------------------------------------

def axis_or_all(name: str, x: Tensor, axis: Any) -> tuple[Tensor, int]:
    """The tensor and the axis to work along; without one the flattened tensor and its only axis."""
    place = 0 if axis is None else normalize_axis(name, axis, x.ndim)
    return (shapes.ravel(x), 0) if axis is None or x.ndim == 0 else (x, place)


def reduced_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that a reduction goes over: None stands for all, () for none."""
    if axis is None or static_ints(name, "axis", axis):
        return normalize_axes(name, axis, ndim)
    return ()


def call(fn: Callable, *args: Any, **kwargs: Any) -> Any:
    """Call a function of the user: interpreted while a graph is being recorded, so that its control flow is seen."""
    return fn(*args, **kwargs) if current_trace() is None else call_function(fn, *args, **kwargs)
