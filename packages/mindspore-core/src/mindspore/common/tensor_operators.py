"""The operators of tensors: what Python's signs mean between tensors, arrays and numbers."""
# In these classes `self` is a Tensor, which a type checker cannot be told of a part of Tensor.
# mypy: disable-error-code="arg-type, attr-defined, return-value"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.common.tensor_index_writes import setitem
from mindspore.common.tensor_indexing import getitem
from mindspore.graph import numbers
from mindspore.ops import arithmetic, comparison, elementwise, joining, linalg, reduction
from mindspore.ops._operands import NUMBERS

__all__ = ["Operators"]

_OPERANDS = (Tensor, np.ndarray, *NUMBERS)
_PLAIN = (bool, int, float, complex, np.generic)


def _operator(function: Callable) -> Callable:
    """x op y, or NotImplemented for what is no operand."""
    def operator(self, other):
        return function(self, other) if isinstance(other, _OPERANDS) else NotImplemented
    operator.__doc__ = function.__doc__
    return operator


def _reflected(function: Callable) -> Callable:
    """y op x, where Python asks the right operand."""
    def operator(self, other):
        return function(other, self) if isinstance(other, _OPERANDS) else NotImplemented
    operator.__doc__ = function.__doc__
    return operator


def _arithmetic(function: Callable, reflected: bool = False) -> Callable:
    """x op y (or y op x), where y may also be a tuple or list: of numbers and tensors, taken as the tensor of them."""
    def operator(self, other):
        if not isinstance(other, _OPERANDS):
            other = _of_sequence(self, other) if type(other) in (tuple, list) else None
            if other is None:
                return NotImplemented
        return function(other, self) if reflected else function(self, other)
    operator.__doc__ = function.__doc__
    return operator


def _product(reflected: bool = False) -> Callable:
    """x * y; a whole number without dimensions repeats a tuple or list, as Python's numbers do."""
    plain = _arithmetic(arithmetic.mul, reflected)

    def operator(self, other):
        if type(other) in (tuple, list) and not self.shape and self.dtype.kind in "iu":
            return NotImplemented
        return plain(self, other)
    operator.__doc__ = plain.__doc__
    return operator


def _of_sequence(beside: Tensor, items: Any) -> Tensor | None:
    """The tensor of the items; None where `beside` stands for a number, which takes no sequences."""
    return None if numbers.kinds_of(beside) != {Tensor} else _stacked(items)


def _stacked(items: Any) -> Tensor:
    if not _holds_tensor(items):
        return Tensor(items)
    return joining.stack([_stacked(item) if isinstance(item, (tuple, list)) else item if isinstance(item, Tensor)
                          else Tensor(item) for item in items])


def _holds_tensor(items: Any) -> bool:
    return any(_holds_tensor(item) if isinstance(item, (tuple, list)) else not isinstance(item, _PLAIN)
               for item in items)


def _bits(logical: Callable, bitwise: Callable) -> Callable:
    """&, | and ^: of Bool tensors the logical operator, of integers that of the bits."""
    def operator(x, y):
        floating = any(isinstance(v, Tensor) and v.dtype.is_inexact for v in (x, y))
        return (logical if floating else bitwise)(x, y)
    operator.__doc__ = bitwise.__doc__
    return operator


class Operators:
    """The operators, to be attached to `Tensor`. Augmented assignment (`x += 1`) gives the name a new tensor, and other
    names keep the old one; `x[index] += 1` writes into x."""

    __slots__ = ()

    __add__ = _arithmetic(arithmetic.add)
    __radd__ = _arithmetic(arithmetic.add, reflected=True)
    __sub__ = _arithmetic(arithmetic.sub)
    __rsub__ = _arithmetic(arithmetic.sub, reflected=True)
    __mul__ = _product()
    __rmul__ = _product(reflected=True)
    __truediv__ = _arithmetic(arithmetic.true_divide)
    __rtruediv__ = _arithmetic(arithmetic.true_divide, reflected=True)
    __floordiv__ = _arithmetic(arithmetic.floor_divide)
    __rfloordiv__ = _arithmetic(arithmetic.floor_divide, reflected=True)
    __mod__ = _arithmetic(arithmetic.remainder)
    __rmod__ = _arithmetic(arithmetic.remainder, reflected=True)
    __pow__ = _arithmetic(arithmetic.pow)
    __rpow__ = _arithmetic(arithmetic.pow, reflected=True)
    __matmul__ = _operator(linalg.matmul)
    __rmatmul__ = _reflected(linalg.matmul)
    __lt__ = _operator(comparison.lt)
    __le__ = _operator(comparison.le)
    __gt__ = _operator(comparison.gt)
    __ge__ = _operator(comparison.ge)
    __eq__ = _operator(comparison.eq)
    __ne__ = _operator(comparison.ne)
    __and__ = _operator(_bits(comparison.logical_and, comparison.bitwise_and))
    __rand__ = _reflected(_bits(comparison.logical_and, comparison.bitwise_and))
    __or__ = _operator(_bits(comparison.logical_or, comparison.bitwise_or))
    __ror__ = _reflected(_bits(comparison.logical_or, comparison.bitwise_or))
    __xor__ = _operator(_bits(comparison.logical_xor, comparison.bitwise_xor))
    __rxor__ = _reflected(_bits(comparison.logical_xor, comparison.bitwise_xor))
    __lshift__ = _operator(comparison.bitwise_left_shift)
    __rshift__ = _operator(comparison.bitwise_right_shift)
    __iadd__, __isub__, __imul__, __itruediv__ = __add__, __sub__, __mul__, __truediv__
    __ifloordiv__, __imod__ = __floordiv__, __mod__
    __neg__ = arithmetic.neg
    __pos__ = arithmetic.positive
    __abs__ = arithmetic.abs
    __invert__ = comparison.logical_not
    __getitem__ = getitem
    __setitem__ = setitem

    def __round__(self, ndigits: int | None = None) -> Tensor:
        return elementwise.round(self, decimals=ndigits or 0)

    def __contains__(self, element: Any) -> bool:
        return isinstance(element, _OPERANDS) and bool(reduction.any(comparison.eq(self, element)))
