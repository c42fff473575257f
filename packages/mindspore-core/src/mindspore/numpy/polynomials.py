"""Polynomials as vectors of coefficients, that of the highest power first."""
from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, as_array, as_floats, of_one_dtype, operand
from mindspore.numpy.correlation import convolve
from mindspore.ops import arithmetic, creation, joining, shapes
from mindspore.ops._operands import convert, promote_all, static_int

__all__ = ["polyadd", "polyder", "polyint", "polymul", "polysub", "polyval"]


def _coefficients(name: str, value: ArrayLike, what: str) -> Tensor:
    p = shapes.atleast_1d(as_array(name, value, what))
    if p.ndim > 1:
        raise ValueError(f"{name}: {what} has shape {p.shape}; expected one axis of coefficients")
    return p


def _aligned(name: str, a1: ArrayLike, a2: ArrayLike) -> tuple[Tensor, Tensor]:
    """Both with equally many coefficients, zeros in front of the shorter one."""
    pair = of_one_dtype(name, [_coefficients(name, a1, "a1"), _coefficients(name, a2, "a2")])
    size = max(p.size for p in pair)
    first, second = (joining.concat([creation.zeros((size - p.size,), p.dtype), p], 0) if p.size < size else p
                     for p in pair)
    return first, second


def polyadd(a1: ArrayLike, a2: ArrayLike) -> Tensor:
    """The sum of two polynomials.

    >>> print(np.polyadd([1, 2], [9, 5, 4]))
    [9 6 6]
    """
    return arithmetic.add(*_aligned("polyadd", a1, a2))


def polysub(a1: ArrayLike, a2: ArrayLike) -> Tensor:
    """The difference of two polynomials.

    >>> print(np.polysub([2, 10, -2], [3, 10, -4]))
    [-1  0  2]
    """
    return arithmetic.sub(*_aligned("polysub", a1, a2))


def polymul(a1: ArrayLike, a2: ArrayLike) -> Tensor:
    """The product of two polynomials; leading zeros stay.

    >>> print(np.polymul([1, 2, 3], [9, 5, 1]))
    [ 9 23 38 17  3]
    """
    return convolve(_coefficients("polymul", a1, "a1"), _coefficients("polymul", a2, "a2"))


def polyval(p: ArrayLike, x: ArrayLike) -> Tensor:
    """The values of a polynomial at x, by Horner's rule.

    >>> print(np.polyval([3, 0, 1], [5, 6]))
    [ 76 109]
    """
    coefficients = _coefficients("polyval", p, "p")
    coefficients, value = promote_all("polyval", [coefficients, operand("polyval", x, "x")])
    result = creation.zeros_like(value)
    for c in joining.unbind(coefficients):
        result = arithmetic.add(arithmetic.mul(result, value), c)
    return result


def polyder(p: ArrayLike, m: int = 1) -> Tensor:
    """The m-th derivative of a polynomial; no coefficients where nothing is left.

    >>> print(np.polyder([1, 1, 1, 1]))
    [3 2 1]
    """
    coefficients, order = _coefficients("polyder", p, "p"), _order("polyder", m)
    powers = range(coefficients.size - 1, order - 1, -1)
    factors = [factorial(k) // factorial(k - order) for k in powers]
    return _scaled(shapes.cut(coefficients, 0, 0, len(factors)), factors)


def _order(name: str, m: int) -> int:
    order = static_int(name, "m", m)
    if order < 0:
        raise ValueError(f"{name}: m is {order}; expected an int that is not negative")
    return order


def _scaled(values: Tensor, factors: Any) -> Tensor:
    return arithmetic.mul(values, convert(Tensor(np.asarray(factors, np.float64)), values.dtype))


def polyint(p: ArrayLike, m: int = 1, k: ArrayLike | None = None) -> Tensor:
    """The m-th antiderivative of a polynomial, floating. k: the constants of the m integrations, in their order; 0 by
    default, and one number is the constant of the one integration.

    >>> print(np.polyint([1, 1, 1]))
    [0.33333334 0.5        1.         0.        ]
    """
    result, order = as_floats("polyint", _coefficients("polyint", p, "p")), _order("polyint", m)
    constants = creation.zeros((order,)) if k is None else shapes.atleast_1d(as_array("polyint", k, "k"))
    if k is not None and constants.size == 1 and order > 1:
        constants = shapes.broadcast_to(constants, (order,))
    if constants.shape != (order,):
        raise ValueError(f"polyint: k has shape {constants.shape}; expected one constant for each of {order} "
                         f"integrations, or one number")
    for constant in joining.unbind(convert(constants, result.dtype)) if order else ():
        scaled = _scaled(result, 1.0 / np.arange(result.size, 0, -1))
        result = joining.concat([scaled, shapes.reshape(constant, (1,))], 0)
    return result
