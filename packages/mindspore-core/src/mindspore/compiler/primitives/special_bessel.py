"""Bessel functions of orders 0 and 1, and the inverse of the error function.

Each is a polynomial for what is left when the known behaviour is divided out: exponentials and the root for large
arguments of I and K, the logarithm times I or J for small arguments of K and Y, the first two zeros for J, phase and
amplitude (Hankel's P and Q) for J and Y above 8. J is right to some units in the last place near its first two zeros
too; near the others, and near those of Y, the error is a unit in the last place of the amplitude.

Source: M. Abramowitz, I. Stegun (editors), Handbook of mathematical functions, 1964, chapter 9: 9.2.5, 9.2.6, 9.6.13,
9.6.11, 9.7.1, 9.7.2 for the forms; the polynomials are computed by tools/fit_special.py. For erfinv the choice of
w = -log(1 - x**2) as the variable: M. Giles, Approximating the erfinv function, 2012.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.compiler.primitives import special_tables as tables
from mindspore.compiler.primitives.base import Sample, register
from mindspore.compiler.primitives.special_support import (
    Real,
    Special,
    Value,
    among,
    cos,
    exp,
    log,
    minimum,
    polynomial,
    sin,
    sqrt,
    where,
)


@register
class ErfInv(Special):
    """The x for which erf(x) is the operand; infinite at -1 and 1, NaN outside.
    Gradient: ct * sqrt(pi) / 2 * exp(out**2)."""

    name = "erfinv"

    def compute(self, x):
        inside = abs(x) < 1.0
        at = among(inside, x, 0.0)
        w = -log((1.0 - at) * (1.0 + at))
        low = w < 6.25
        center = polynomial(among(low, w, 1.0), 0, 6.25, tables.ERFINV_CENTER)
        root = sqrt(among(~low, w, 9.0))
        middle = polynomial(minimum(root, 4.0), 2.5, 4, tables.ERFINV_MIDDLE)
        tail = polynomial(among(root > 4.0, root, 5.0), 4, 6.25, tables.ERFINV_TAIL)
        value = at * where(low, center, where(root > 4.0, tail, middle))
        return where(inside, value, where(abs(x).equals(1.0), x * math.inf, math.nan))

    def grad(self, b, ct, out, x):
        return (b.mul(b.mul(ct, math.sqrt(math.pi) / 2), b.exp(b.mul(out, out))),)

    def samples(self):
        return [Sample((np.array(0.6),)),
                Sample((np.array([-1.0, 0.0, 1.0, 2.0, 0.9985, -0.9999999, np.nan]),), grad=False, rtol=1e-4), *_bad()]


def _bad() -> list[Sample]:
    return [Sample((np.ones(2, np.int32),), error=TypeError)]


# -- modified functions ------------------------------------------------------------------------------------------------


def scaled_i(x: Real, order: int) -> Real:
    """exp(-|x|) I(x)."""
    size = abs(x)
    low = size < 8.0
    small = polynomial(among(low, size, 1.0), 0, 8, getattr(tables, f"I{order}_SMALL"))
    far = among(~low, size, 16.0)
    large = polynomial(8.0 / far, 0, 1, getattr(tables, f"I{order}_LARGE")) / sqrt(far)
    if order:
        return where(low, x * small, where(x < 0.0, -large, large))
    return where(low, small, large)


def _grown(x: Real, scaled: Real, limit: Value) -> Real:
    """exp(|x|) times a scaled value, in two steps so that it does not overflow before the product does; the limit for
    an infinite x."""
    half = exp(abs(x) * 0.5)
    infinite = abs(x).equals(math.inf)
    return where(infinite, limit, scaled * half * half)


def scaled_k(x: Real, order: int) -> Real:
    """exp(x) K(x); infinite at 0, NaN below."""
    low = x < 2.0
    near = among(low & (x > 0.0), x, 1.0)
    rest = polynomial(near * near, 0, 4, getattr(tables, f"K{order}_SMALL"))
    grown = exp(near)
    with_log = log(near * 0.5) * (scaled_i(near, order) * grown)
    small = (rest / near + with_log if order else rest - with_log) * grown
    far = among(~low, x, 4.0)
    large = polynomial(2.0 / far, 0, 1, getattr(tables, f"K{order}_LARGE")) / sqrt(far)
    return where(x > 0.0, where(low, small, large), where(x.equals(0.0), math.inf, math.nan))


def _over_x(b, value, x, limit: float):
    """value / x, and the limit at 0."""
    zero = b.eq(x, 0)
    return b.select(zero, b.constant(limit, x.dtype), b.div(value, b.select(zero, b.constant(1, x.dtype), x)))


class _Bessel(Special):
    positive = False

    def samples(self):
        near = np.array(1.1 if self.positive else -1.1)
        return [Sample((near,), rtol=5e-5),
                Sample((np.array([0.0, -1.0, 2.0, 4.5, 8.5, 13.0, np.inf, np.nan]),), grad=False, rtol=5e-5), *_bad()]


@register
class BesselI0(_Bessel):
    """The modified Bessel function of the first kind I0. Gradient: ct * I1(x)."""

    name = "bessel_i0"

    def compute(self, x):
        return _grown(x, scaled_i(x, 0), math.inf)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.bessel_i1(x)),)


@register
class BesselI1(_Bessel):
    """The modified Bessel function of the first kind I1. Gradient: ct * (I0(x) - I1(x) / x)."""

    name = "bessel_i1"

    def compute(self, x):
        return _grown(x, scaled_i(x, 1), x)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sub(b.bessel_i0(x), _over_x(b, out, x, 0.5))),)


@register
class BesselI0e(_Bessel):
    """exp(-|x|) I0(x). Gradient: ct * (I1e(x) - sign(x) out)."""

    name = "bessel_i0e"

    def compute(self, x):
        return scaled_i(x, 0)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sub(b.bessel_i1e(x), b.mul(b.sign(x), out))),)


@register
class BesselI1e(_Bessel):
    """exp(-|x|) I1(x). Gradient: ct * (I0e(x) - out / x - sign(x) out)."""

    name = "bessel_i1e"

    def compute(self, x):
        return scaled_i(x, 1)

    def grad(self, b, ct, out, x):
        slope = b.sub(b.sub(b.bessel_i0e(x), _over_x(b, out, x, 0.5)), b.mul(b.sign(x), out))
        return (b.mul(ct, slope),)


@register
class BesselK0(_Bessel):
    """The modified Bessel function of the second kind K0, for x > 0. Gradient: -ct * K1(x)."""

    name = "bessel_k0"
    positive = True

    def compute(self, x):
        return exp(-x) * scaled_k(x, 0)

    def grad(self, b, ct, out, x):
        return (b.neg(b.mul(ct, b.bessel_k1(x))),)


@register
class BesselK1(_Bessel):
    """The modified Bessel function of the second kind K1, for x > 0. Gradient: -ct * (K0(x) + K1(x) / x)."""

    name = "bessel_k1"
    positive = True

    def compute(self, x):
        return exp(-x) * scaled_k(x, 1)

    def grad(self, b, ct, out, x):
        return (b.neg(b.mul(ct, b.add(b.bessel_k0(x), b.div(out, x)))),)


@register
class BesselK0e(_Bessel):
    """exp(x) K0(x), for x > 0. Gradient: ct * (out - K1e(x))."""

    name = "bessel_k0e"
    positive = True

    def compute(self, x):
        return scaled_k(x, 0)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sub(out, b.bessel_k1e(x))),)


@register
class BesselK1e(_Bessel):
    """exp(x) K1(x), for x > 0. Gradient: ct * (out - K0e(x) - out / x)."""

    name = "bessel_k1e"
    positive = True

    def compute(self, x):
        return scaled_k(x, 1)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sub(b.sub(out, b.bessel_k0e(x)), b.div(out, x))),)


# -- oscillating functions ---------------------------------------------------------------------------------------------


def _small_j(x: Real, order: int) -> Real:
    """J(x) for 0 <= x <= 8: the distances from the first two zeros, which are known to twice the precision, times a
    polynomial."""
    square = x * x
    value = polynomial(square, 0, 64, getattr(tables, f"J{order}_SMALL"))
    for zero, rest in getattr(tables, f"J{order}_ZEROS"):
        value = value * ((x - zero - rest) * (x + zero))
    return value * x if order else value


def _hankel(x: Real, order: int, second: bool) -> Real:
    """J(x), or Y(x) where `second`, for finite x > 8."""
    inverse = 8.0 / x
    p, q = (polynomial(inverse * inverse, 0, 1, getattr(tables, f"{part}{order}")) for part in "PQ")
    # sine and cosine of x - pi/4, or of x - 3 pi/4, times sqrt(2)
    plus, minus = sin(x) + cos(x), sin(x) - cos(x)
    cosine, sine = (minus, -plus) if order else (plus, minus)
    wave = p * sine + inverse * q * cosine if second else p * cosine - inverse * q * sine
    return wave / sqrt(x * math.pi)


def _j(x: Real, order: int) -> Real:
    size = abs(x)
    low = size <= 8.0
    far = ~low & (size < math.inf)
    value = where(low, _small_j(among(low, size, 1.0), order), _hankel(among(far, size, 9.0), order, False))
    value = where(size.equals(math.inf), 0.0, where(x.equals(x), value, math.nan))
    return where(x < 0.0, -value, value) if order else value


def _y(x: Real, order: int) -> Real:
    low = x <= 8.0
    far = ~low & (x < math.inf)
    near = among(low & (x > 0.0), x, 1.0)
    rest = polynomial(near * near, 0, 64, getattr(tables, f"Y{order}_SMALL"))
    with_log = log(near) * _small_j(near, order)
    small = rest * near + (with_log - 1 / near) * (2 / math.pi) if order else rest + with_log * (2 / math.pi)
    value = where(low, small, where(far, _hankel(among(far, x, 9.0), order, True), 0.0))
    return where(x > 0.0, value, where(x.equals(0.0), -math.inf, math.nan))


@register
class BesselJ0(_Bessel):
    """The Bessel function of the first kind J0. Gradient: -ct * J1(x)."""

    name = "bessel_j0"

    def compute(self, x):
        return _j(x, 0)

    def grad(self, b, ct, out, x):
        return (b.neg(b.mul(ct, b.bessel_j1(x))),)


@register
class BesselJ1(_Bessel):
    """The Bessel function of the first kind J1. Gradient: ct * (J0(x) - J1(x) / x)."""

    name = "bessel_j1"

    def compute(self, x):
        return _j(x, 1)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sub(b.bessel_j0(x), _over_x(b, out, x, 0.5))),)


@register
class BesselY0(_Bessel):
    """The Bessel function of the second kind Y0, for x > 0. Gradient: -ct * Y1(x)."""

    name = "bessel_y0"
    positive = True

    def compute(self, x):
        return _y(x, 0)

    def grad(self, b, ct, out, x):
        return (b.neg(b.mul(ct, b.bessel_y1(x))),)


@register
class BesselY1(_Bessel):
    """The Bessel function of the second kind Y1, for x > 0. Gradient: ct * (Y0(x) - Y1(x) / x)."""

    name = "bessel_y1"
    positive = True

    def compute(self, x):
        return _y(x, 1)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sub(b.bessel_y0(x), b.div(out, x))),)
