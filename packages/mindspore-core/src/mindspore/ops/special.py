"""Special functions: gamma, beta and zeta functions, Bessel functions, the inverse of erf, and some of whole numbers.

Integers and bools are computed as Float32, unless a function is of whole numbers.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_inexact,
    as_tensor,
    binary,
    constant,
    convert,
    full_of,
    primitive,
    promote,
    promote_all,
    static_int,
)
from mindspore.ops.arithmetic import abs, add, floor_divide, mul, sub

__all__ = [
    "bessel_i0", "bessel_i0e", "bessel_i1", "bessel_i1e", "bessel_j0", "bessel_j1", "bessel_k0", "bessel_k0e",
    "bessel_k1", "bessel_k1e", "bessel_y0", "bessel_y1", "digamma", "eps", "erfinv", "gcd", "i0", "igamma", "igammac",
    "lcm", "lgamma", "mvlgamma", "nextafter", "polygamma", "zeta",
]

_LGAMMA, _DIGAMMA, _POLYGAMMA, _ZETA, _IGAMMA, _IGAMMAC, _BETAINC, _ERFINV = map(
    primitive, ("lgamma", "digamma", "polygamma", "zeta", "igamma", "igammac", "betainc", "erfinv"))
_GCD, _NEXTAFTER = map(primitive, ("gcd", "nextafter"))


def _unary(op, input: Operand) -> Tensor:
    return apply(op, (as_inexact(op.name, input),))


def _inexact(op, *operands: Operand) -> Tensor:
    return apply(op, tuple(as_inexact(op.name, x) for x in promote_all(op.name, operands)))


# -- gamma, beta and zeta ----------------------------------------------------------------------------------------------

def lgamma(input: Operand) -> Tensor:
    """log |gamma(input)|, infinite at 0, -1, -2, ..."""
    return _unary(_LGAMMA, input)


def digamma(input: Operand) -> Tensor:
    """The derivative of lgamma: -inf at 0, NaN at -1, -2, ..."""
    return _unary(_DIGAMMA, input)


def polygamma(n: Operand, input: Operand) -> Tensor:
    """The derivative of order n of digamma, for n a whole number or a tensor of such. ValueError for an n that is known
    and negative."""
    order = as_tensor("polygamma", n, "n")
    if isinstance(n, (int, np.integer)) and n < 0:
        raise ValueError(f"polygamma: n is {n}; expected an int that is not negative")
    x = as_inexact("polygamma", input)
    return apply(_POLYGAMMA, (convert(order, x.dtype), x))


def mvlgamma(input: Operand, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p: p (p - 1) / 4 log(pi) plus the sum of
    lgamma(input - j / 2) for j below p. NaN where input is not above (p - 1) / 2; ValueError unless p is positive."""
    x, p = as_inexact("mvlgamma", input), static_int("mvlgamma", "p", p)
    if p < 1:
        raise ValueError(f"mvlgamma: p is {p}; expected a positive int")
    total = constant(p * (p - 1) / 4 * math.log(math.pi), x.dtype)
    for j in range(p):
        total = add(lgamma(sub(x, j / 2) if j else x), total)
    low = apply(primitive("le"), (x, constant((p - 1) / 2, x.dtype)))
    return apply(primitive("select"), (low, constant(float("nan"), x.dtype), total))


def zeta(input: Operand, other: Operand) -> Tensor:
    """The Hurwitz zeta function, the sum of (other + k)**-input over k >= 0."""
    return _inexact(_ZETA, input, other)


def igamma(input: Operand, other: Operand) -> Tensor:
    """P(a, x), the regularised lower incomplete gamma function, of a = input and x = other, neither negative."""
    return _inexact(_IGAMMA, input, other)


def igammac(input: Operand, other: Operand) -> Tensor:
    """Q(a, x) = 1 - P(a, x), the regularised upper incomplete gamma function, of a = input and x = other."""
    return _inexact(_IGAMMAC, input, other)


def betainc(a: Operand, b: Operand, x: Operand) -> Tensor:
    """I(x; a, b), the regularised incomplete beta function, for positive a and b, and x from 0 to 1."""
    return _inexact(_BETAINC, a, b, x)


def erfinv(input: Operand) -> Tensor:
    """The inverse of erf: infinite at -1 and 1, NaN outside."""
    return _unary(_ERFINV, input)


# -- Bessel functions --------------------------------------------------------------------------------------------------

def bessel_i0(x: Operand) -> Tensor:
    """The modified Bessel function of the first kind of order 0."""
    return _unary(primitive("bessel_i0"), x)


def bessel_i0e(x: Operand) -> Tensor:
    """exp(-|x|) times the modified Bessel function of the first kind of order 0."""
    return _unary(primitive("bessel_i0e"), x)


def bessel_i1(x: Operand) -> Tensor:
    """The modified Bessel function of the first kind of order 1."""
    return _unary(primitive("bessel_i1"), x)


def bessel_i1e(x: Operand) -> Tensor:
    """exp(-|x|) times the modified Bessel function of the first kind of order 1."""
    return _unary(primitive("bessel_i1e"), x)


def bessel_j0(x: Operand) -> Tensor:
    """The Bessel function of the first kind of order 0."""
    return _unary(primitive("bessel_j0"), x)


def bessel_j1(x: Operand) -> Tensor:
    """The Bessel function of the first kind of order 1."""
    return _unary(primitive("bessel_j1"), x)


def bessel_k0(x: Operand) -> Tensor:
    """The modified Bessel function of the second kind of order 0: infinite at 0, NaN below."""
    return _unary(primitive("bessel_k0"), x)


def bessel_k0e(x: Operand) -> Tensor:
    """exp(x) times the modified Bessel function of the second kind of order 0."""
    return _unary(primitive("bessel_k0e"), x)


def bessel_k1(x: Operand) -> Tensor:
    """The modified Bessel function of the second kind of order 1: infinite at 0, NaN below."""
    return _unary(primitive("bessel_k1"), x)


def bessel_k1e(x: Operand) -> Tensor:
    """exp(x) times the modified Bessel function of the second kind of order 1."""
    return _unary(primitive("bessel_k1e"), x)


def bessel_y0(x: Operand) -> Tensor:
    """The Bessel function of the second kind of order 0: -inf at 0, NaN below."""
    return _unary(primitive("bessel_y0"), x)


def bessel_y1(x: Operand) -> Tensor:
    """The Bessel function of the second kind of order 1: -inf at 0, NaN below."""
    return _unary(primitive("bessel_y1"), x)


def i0(input: Operand) -> Tensor:
    """The modified Bessel function of the first kind of order 0."""
    return bessel_i0(input)


# -- whole numbers, neighbours -----------------------------------------------------------------------------------------

def gcd(input: Operand, other: Operand) -> Tensor:
    """The greatest common divisor of whole numbers, never negative."""
    return binary(_GCD, input, other)


def lcm(input: Operand, other: Operand) -> Tensor:
    """The least common multiple of whole numbers, never negative; 0 where one of them is 0."""
    x, y = promote("lcm", input, other)
    divisor = gcd(x, y)
    zero = apply(primitive("eq"), (divisor, constant(0, divisor.dtype)))
    safe = apply(primitive("select"), (zero, constant(1, divisor.dtype), divisor))
    return abs(mul(floor_divide(x, safe), y))


def nextafter(input: Operand, other: Operand) -> Tensor:
    """The next number after input on the way to other, in Float32 or Float64; its gradient is that of input. TypeError
    for tensors of different dtypes."""
    if isinstance(input, Tensor) and isinstance(other, Tensor) and input.dtype != other.dtype:
        raise TypeError(f"nextafter: input is {input.dtype} and other is {other.dtype}; expected one dtype: cast "
                        f"one of them")
    return _inexact(_NEXTAFTER, input, other)


def eps(x: Operand) -> Tensor:
    """At every place the difference between 1 and the next number that the dtype of x has. TypeError unless that is a
    floating dtype."""
    value = as_tensor("eps", x)
    if not value.dtype.is_floating:
        raise TypeError(f"eps: the dtype of x is {value.dtype}; expected a floating dtype")
    bits = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52}[value.dtype.key]
    return full_of(value.shape, constant(2.0**-bits, value.dtype))
