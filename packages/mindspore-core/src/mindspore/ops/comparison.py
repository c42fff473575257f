"""Comparing, logic, bits, and choosing by a condition. Comparisons give Bool tensors and have no derivative."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_, float64, int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    NUMBERS,
    Operand,
    also,
    apply,
    as_bool,
    as_dtype_of,
    as_tensor,
    binary,
    constant,
    convert,
    magnitude,
    primitive,
    promote,
)

__all__ = [
    "allclose", "approximate_equal", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "eq", "equal", "ge", "greater", "greater_equal", "gt", "invert", "isclose",
    "le", "less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "masked_fill",
    "ne", "not_equal", "select", "tensor_ge", "tensor_gt", "tensor_le", "tensor_lt", "where",
]

_EQ, _NE, _LT, _LE, _GT, _GE, _SELECT = map(primitive, ("eq", "ne", "lt", "le", "gt", "ge", "select"))
_AND, _OR, _XOR, _NOT = map(primitive, ("logical_and", "logical_or", "logical_xor", "logical_not"))
_BIT_AND, _BIT_OR, _BIT_XOR, _BIT_NOT = map(primitive, ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not"))
_LEFT, _RIGHT, _ISFINITE = map(primitive, ("shift_left", "shift_right", "isfinite"))
_SUB, _ADD, _MUL, _ISNAN = map(primitive, ("sub", "add", "mul", "isnan"))


# -- comparison --------------------------------------------------------------------------------------------------------

def _compare(op, x: Operand, y: Operand) -> Tensor:
    """A comparison; a Python int that does not fit the tensor's dtype is compared as Int64."""
    if type(y) is int and isinstance(x, Tensor):
        x = _wide_enough(x, y)
    elif type(x) is int and isinstance(y, Tensor):
        y = _wide_enough(y, x)
    return binary(op, x, y)


def _wide_enough(x: Tensor, number: int) -> Tensor:
    if -128 <= number <= 127 and x.dtype.kind == "i" or not x.dtype.is_integer:
        return x
    limits = np.iinfo(x.dtype.np)
    return x if limits.min <= number <= limits.max else convert(x, int64)


def eq(input: Operand, other: Operand) -> Tensor:
    """input == other, element by element (Bool)."""
    return _compare(_EQ, input, other)


def ne(input: Operand, other: Operand) -> Tensor:
    """input != other, element by element (Bool)."""
    return _compare(_NE, input, other)


def lt(input: Operand, other: Operand) -> Tensor:
    """input < other, element by element (Bool)."""
    return _compare(_LT, input, other)


def le(input: Operand, other: Operand) -> Tensor:
    """input <= other, element by element (Bool)."""
    return _compare(_LE, input, other)


def gt(input: Operand, other: Operand) -> Tensor:
    """input > other, element by element (Bool)."""
    return _compare(_GT, input, other)


def ge(input: Operand, other: Operand) -> Tensor:
    """input >= other, element by element (Bool)."""
    return _compare(_GE, input, other)


equal, not_equal = eq, ne
less, less_equal, greater, greater_equal = lt, le, gt, ge
tensor_lt, tensor_le, tensor_gt, tensor_ge = lt, le, gt, ge


def isclose(input: Operand, other: Operand, rtol: float = 1e-05, atol: float = 1e-08,
            equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other| (Bool); equal infinities are close, NaN only by `equal_nan`."""
    x, y = promote("isclose", input, other)
    if not x.dtype.is_inexact:
        x, y = convert(x, float64), convert(y, float64)
    size = magnitude(y)
    bound = apply(_ADD, (apply(_MUL, (size, constant(rtol, size.dtype))), constant(atol, size.dtype)))
    near = apply(_LE, (magnitude(apply(_SUB, (x, y))), bound))
    close = apply(_OR, (apply(_AND, (near, apply(_ISFINITE, (y,)))), apply(_EQ, (x, y))))
    if equal_nan:
        close = apply(_OR, (close, apply(_AND, (apply(_ISNAN, (x,)), apply(_ISNAN, (y,))))))
    return close


def allclose(input: Operand, other: Operand, rtol: float = 1e-05, atol: float = 1e-08,
             equal_nan: bool = False) -> Tensor:
    """Whether all elements are close (0-d Bool); see `isclose`."""
    close = isclose(input, other, rtol, atol, equal_nan)
    return apply(primitive("all"), (close,), (tuple(range(close.ndim)), False))


def approximate_equal(x: Operand, y: Operand, tolerance: float = 1e-05) -> Tensor:
    """Whether |x - y| < tolerance, element by element (Bool)."""
    x, y = promote("approximate_equal", x, y)
    distance = magnitude(apply(_SUB, (x, y)))
    return lt(distance, tolerance)


# -- logic and bits ----------------------------------------------------------------------------------------------------

def _logic(op, x: Operand, y: Operand) -> Tensor:
    return apply(op, (as_bool(op.name, x), as_bool(op.name, y, "other")))


def logical_and(input: Operand, other: Operand) -> Tensor:
    """Whether both elements differ from 0 (Bool)."""
    return _logic(_AND, input, other)


def logical_or(input: Operand, other: Operand) -> Tensor:
    """Whether one of the elements differs from 0 (Bool)."""
    return _logic(_OR, input, other)


def logical_xor(input: Operand, other: Operand) -> Tensor:
    """Whether exactly one of the elements differs from 0 (Bool)."""
    return _logic(_XOR, input, other)


def logical_not(input: Operand) -> Tensor:
    """Whether each element is 0 (Bool)."""
    return apply(_NOT, (as_bool("logical_not", input),))


def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """The bits set in both; of Bool tensors the conjunction. TypeError for floating operands."""
    return binary(_BIT_AND, input, other)


def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """The bits set in one of them; of Bool tensors the disjunction. TypeError for floating operands."""
    return binary(_BIT_OR, input, other)


def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """The bits set in exactly one of them. TypeError for floating operands."""
    return binary(_BIT_XOR, input, other)


def bitwise_not(input: Operand) -> Tensor:
    """All bits turned over; of a Bool tensor the negation. TypeError for a floating operand."""
    return apply(_BIT_NOT, (as_tensor("bitwise_not", input),))


invert = also(bitwise_not, x="input")


def bitwise_left_shift(input: Operand, other: Operand) -> Tensor:
    """input * 2**other by shifting bits; integers only."""
    return binary(_LEFT, input, other)


def bitwise_right_shift(input: Operand, other: Operand) -> Tensor:
    """input shifted right by `other` bits, keeping the sign; integers only."""
    return binary(_RIGHT, input, other)


# -- choosing ----------------------------------------------------------------------------------------------------------

def where(condition: Operand, input: Operand, other: Operand) -> Tensor:
    """input where condition differs from 0, else other; the three broadcast. What is not chosen has no influence."""
    if isinstance(input, NUMBERS) and isinstance(other, NUMBERS):
        input = Tensor(input)
    x, y = promote("where", input, other)
    return apply(_SELECT, (as_bool("where", condition, "condition"), x, y))


def select(condition: Operand, input: Operand, other: Operand) -> Tensor:
    """input where condition (Bool) is true, else other; see `where`. TypeError for a condition that is not Bool."""
    if as_tensor("select", condition, "condition").dtype is not bool_:
        raise TypeError(f"select: condition must be a Bool tensor, but got {condition.dtype}; compare it with 0 first")
    return where(condition, input, other)


def masked_fill(input_x: Operand, mask: Operand, value: Operand) -> Tensor:
    """input_x with `value`, a number or a 0-d tensor, where mask (Bool, broadcast) is true."""
    x = as_tensor("masked_fill", input_x, "input_x")
    mask = as_tensor("masked_fill", mask, "mask")
    if mask.dtype is not bool_:
        raise TypeError(f"masked_fill: mask must be a Bool tensor, but got {mask.dtype}; compare it with 0 first")
    fill = as_dtype_of("masked_fill", value, x, "value")
    if fill.ndim:
        raise ValueError(f"masked_fill: value must be a number or a 0-d tensor, but has shape {fill.shape}")
    return apply(_SELECT, (mask, fill, x))
