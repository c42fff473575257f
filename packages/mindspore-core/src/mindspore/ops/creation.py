"""Tensors from shapes and numbers.

What is made of the operator's own constants (zeros, ones, ramps) is part of the program and costs no transfer; a value
that the user gives is an operand of it.
"""
from __future__ import annotations

import builtins
import math
from collections.abc import Sequence

import numpy as np

from mindspore.common.dtype import DType, as_dtype, bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.ir.dims import Ratio, Symbolic
from mindspore.graph.trace import size_of
from mindspore.ops._operands import (
    NUMBERS,
    Number,
    Operand,
    Sizes,
    apply,
    as_dtype_of,
    as_tensor,
    constant,
    convert,
    full_of,
    primitive,
    scalar,
    static_int,
    static_shape,
)

__all__ = [
    "arange", "bartlett_window", "blackman_window", "eye", "fill", "fills", "full", "full_like", "hamming_window",
    "hann_window", "kaiser_window", "linspace", "logspace", "ones", "ones_like", "range", "scalar_to_array",
    "scalar_to_tensor", "tril_indices", "triu_indices", "tuple_to_array", "zeros", "zeros_like",
]

_IOTA, _EQ, _MUL, _ADD, _POW, _COS = map(primitive, ("iota", "eq", "mul", "add", "pow", "cos"))


def zeros(size: Sizes, dtype: DType | None = None) -> Tensor:
    """Zeros of a shape (an int, or a tuple of ints), Float32 by default."""
    dtype = float32 if dtype is None else as_dtype(dtype)
    return full_of(static_shape("zeros", size), constant(0, dtype))


def ones(shape: Sizes, dtype: DType | None = None) -> Tensor:
    """Ones of a shape (an int, or a tuple of ints), Float32 by default."""
    dtype = float32 if dtype is None else as_dtype(dtype)
    return full_of(static_shape("ones", shape), constant(1, dtype))


def full(size: Sizes, fill_value: Number | Tensor, *, dtype: DType | None = None) -> Tensor:
    """`fill_value` at every place of a tensor of a shape; of the value's own dtype by default."""
    shape = static_shape("full", size)
    value = as_tensor("full", fill_value, "fill_value")
    if value.ndim:
        raise ValueError(f"full: fill_value must be a number or a 0-d tensor, but has shape {value.shape}")
    return full_of(shape, value if dtype is None else convert(value, as_dtype(dtype)))


def zeros_like(input: Operand, *, dtype: DType | None = None) -> Tensor:
    """Zeros of the shape and dtype of `input`."""
    x = as_tensor("zeros_like", input)
    return full_of(x.shape, constant(0, x.dtype if dtype is None else as_dtype(dtype)))


def ones_like(input: Operand, *, dtype: DType | None = None) -> Tensor:
    """Ones of the shape and dtype of `input`."""
    x = as_tensor("ones_like", input)
    return full_of(x.shape, constant(1, x.dtype if dtype is None else as_dtype(dtype)))


def full_like(input: Operand, fill_value: Number | Tensor, *, dtype: DType | None = None) -> Tensor:
    """`fill_value` at every place of a tensor of the shape and dtype of `input`."""
    x = as_tensor("full_like", input)
    value = as_dtype_of("full_like", fill_value, x, "fill_value")
    return full_of(x.shape, value if dtype is None else convert(as_tensor("full_like", fill_value), as_dtype(dtype)))


def fill(type: DType, shape: Sizes, value: Number | Tensor) -> Tensor:
    """`value` as a dtype at every place of a tensor of a shape; see `full`."""
    return full(shape, value, dtype=type)


def fills(x: Operand, value: Number | Tensor) -> Tensor:
    """`value` at every place of a tensor like `x`; see `full_like`."""
    return full_like(x, value)


# -- ramps -------------------------------------------------------------------------------------------------------------

def arange(start: Number = 0, end: Number | None = None, step: Number = 1, *, dtype: DType | None = None) -> Tensor:
    """start, start + step, ... up to but without `end`; of 0 .. start where only that is given. Int64, or Float32 where
    one of the numbers is a float."""
    return _arange("arange", start, end, step, dtype)


def range(start: Number, end: Number | None = None, step: Number = 1, maxlen: int = 1000000) -> Tensor:
    """start, start + step, ... up to but without `end`; see `arange`. ValueError for more than `maxlen` elements."""
    result = _arange("range", start, end, step, None)
    if result.size > maxlen:
        raise ValueError(f"range: {result.size} elements are more than maxlen {maxlen}")
    return result


def _arange(name: str, start, end, step, dtype: DType | None) -> Tensor:
    if end is None:
        start, end = 0, start
    start, end, step = (_python_number(name, v) for v in (start, end, step))
    if step == 0:
        raise ValueError(f"{name}: step is 0; expected a number that differs from 0")
    count = math.ceil((end - start) / step)
    if count < 0:
        raise ValueError(f"{name}: end {end} cannot be reached from start {start} by steps of {step}")
    if dtype is None:
        dtype = float32 if any(isinstance(v, (float, Ratio)) for v in (start, end, step)) else int64
    ramp_dtype = int64 if as_dtype(dtype) is bool_ else as_dtype(dtype)
    ramp = apply(_IOTA, (), ((count,), 0, ramp_dtype))
    if step != 1:
        ramp = apply(_MUL, (ramp, constant(step, ramp_dtype)))
    if start != 0:
        ramp = apply(_ADD, (ramp, constant(start, ramp_dtype)))
    return convert(ramp, as_dtype(dtype))


def _python_number(name: str, value):
    if isinstance(value, Tensor):
        known = size_of(value)
        value = value.item() if known is None else known
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (int, float, Symbolic)):
        raise TypeError(f"{name}: start, end and step must be numbers, but got {type(value).__name__}: {value!r}")
    return value


def linspace(start: Operand, end: Operand, steps: int) -> Tensor:
    """`steps` numbers from start to end, both included, at equal distances. 1-d start and end give one row each."""
    steps = static_int("linspace", "steps", steps)
    if steps < 1:
        raise ValueError(f"linspace: steps is {steps}; expected a positive int")
    first, last = (_floating_end(v) for v in (start, end))
    dtype = first.dtype
    ramp = apply(_IOTA, (), ((steps,), 0, dtype))
    weight = apply(primitive("div"), (ramp, constant(max(steps - 1, 1), dtype)))
    rest = apply(primitive("sub"), (constant(1, dtype), weight))
    if first.ndim:
        first, last = (apply(primitive("reshape"), (v,), ((*v.shape, 1),)) for v in (first, last))
    return apply(_ADD, (apply(_MUL, (first, rest)), apply(_MUL, (last, weight))))


def _floating_end(value: Operand) -> Tensor:
    if isinstance(value, NUMBERS):
        return scalar(value, float32)
    x = as_tensor("linspace", value)
    return x if x.dtype.is_floating else convert(x, float32)


def logspace(start: Operand, end: Operand, steps: int, base: float = 10, *, dtype: DType = float32) -> Tensor:
    """base ** x for `steps` numbers x from start to end, both included."""
    exponents = linspace(start, end, steps)
    return convert(apply(_POW, (constant(base, exponents.dtype), exponents)), dtype)


def eye(n: int, m: int | None = None, dtype: DType | None = None) -> Tensor:
    """An n by m matrix (m = n by default) with ones on the main diagonal, Float32 by default."""
    n = static_int("eye", "n", n)
    m = n if m is None else static_int("eye", "m", m)
    if n < 0 or m < 0:
        raise ValueError(f"eye: n is {n} and m is {m}; expected sizes that are not negative")
    rows, columns = apply(_IOTA, (), ((n, 1), 0, int64)), apply(_IOTA, (), ((1, m), 1, int64))
    return convert(apply(_EQ, (rows, columns)), float32 if dtype is None else as_dtype(dtype))


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: DType = int64) -> Tensor:
    """The row numbers and the column numbers, (2, count), of the places in and below a diagonal."""
    return Tensor(np.stack(np.tril_indices(row, offset, col)), dtype)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: DType = int64) -> Tensor:
    """The row numbers and the column numbers, (2, count), of the places in and above a diagonal."""
    return Tensor(np.stack(np.triu_indices(row, offset, col)), dtype)


# -- numbers and windows -----------------------------------------------------------------------------------------------

def scalar_to_tensor(input_x: Number, dtype: DType = float32) -> Tensor:
    """A number as a 0-d tensor."""
    if not isinstance(input_x, NUMBERS):
        raise TypeError(f"scalar_to_tensor: input_x must be a number, but got {type(input_x).__name__}: {input_x!r}")
    return scalar(input_x, as_dtype(dtype))


def scalar_to_array(input_x: Number) -> Tensor:
    """A number as a 0-d tensor of its default dtype."""
    return Tensor(input_x)


def tuple_to_array(input_x: Sequence[Number]) -> Tensor:
    """A tuple, list or range of numbers as a tensor of one axis."""
    if not isinstance(input_x, (tuple, list, builtins.range)):
        raise TypeError(f"tuple_to_array: input_x must be a tuple, a list or a range, but got {type(input_x).__name__}")
    return Tensor(list(input_x))


def _window(name: str, length: int, periodic: bool, dtype: DType | None, terms: Sequence[float]) -> Tensor:
    """The sum of terms[k] * (-1)**k * cos(2 pi k n / N), where N is the length, less 1 if it is not periodic."""
    length = static_int(name, "window_length", length)
    if length < 0:
        raise ValueError(f"{name}: window_length is {length}; expected an int that is not negative")
    n = np.arange(length) * (2 * np.pi / max(length if periodic else length - 1, 1))
    values = sum((-1) ** k * weight * np.cos(k * n) for k, weight in enumerate(terms))
    return Tensor(np.where(length == 1, 1.0, values), float32 if dtype is None else as_dtype(dtype))


def hann_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None) -> Tensor:
    """0.5 - 0.5 cos(2 pi n / N): the Hann window."""
    return _window("hann_window", window_length, periodic, dtype, (0.5, 0.5))


def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *,
                   dtype: DType | None = None) -> Tensor:
    """alpha - beta cos(2 pi n / N): the Hamming window."""
    return _window("hamming_window", window_length, periodic, dtype, (alpha, beta))


def blackman_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None) -> Tensor:
    """0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N): the Blackman window."""
    return _window("blackman_window", window_length, periodic, dtype, (0.42, 0.5, 0.08))


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None) -> Tensor:
    """1 - |2 n / N - 1|: the Bartlett (triangular) window."""
    length = static_int("bartlett_window", "window_length", window_length)
    if length < 0:
        raise ValueError(f"bartlett_window: window_length is {length}; expected an int that is not negative")
    n = np.arange(length) * (2 / max(length if periodic else length - 1, 1))
    values = np.ones(length) if length == 1 else 1 - np.abs(n - 1)
    return Tensor(values, float32 if dtype is None else as_dtype(dtype))


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, *,
                  dtype: DType | None = None) -> Tensor:
    """I0(beta sqrt(1 - (2 n / N - 1)^2)) / I0(beta): the Kaiser window, with the Bessel function I0."""
    length = static_int("kaiser_window", "window_length", window_length)
    if length < 0:
        raise ValueError(f"kaiser_window: window_length is {length}; expected an int that is not negative")
    values = np.ones(length) if length < 2 else np.kaiser(length + bool(periodic), beta)[:length]
    return Tensor(values, float32 if dtype is None else as_dtype(dtype))
