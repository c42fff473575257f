"""The logarithm of the gamma function, its derivatives, and the Hurwitz zeta function.

lgamma: Stirling's series for x >= 8, after a shift by the recurrence for 2.5 <= x < 8. Between 1/2 and 5/2, where
lgamma has its zeros 1 and 2, the Taylor series around 2, whose coefficients are (-1)^k (zeta(k) - 1) / k, and
lgamma(1 + z) = lgamma(2 + z) - log(1 + z); below, lgamma(x) = lgamma(1 + x) - log x; for negative x the reflection
lgamma(x) = log(pi / |sin pi x|) - lgamma(1 - x).

digamma: its asymptotic series for x >= 10, after a shift, and the reflection psi(x) = psi(1 - x) - pi / tan(pi x).

zeta: the Euler-Maclaurin formula, after a loop that shifts q upwards, to 12 at least.

Source: M. Abramowitz, I. Stegun (editors), Handbook of mathematical functions, 1964: 6.1.33, 6.1.40, 6.3.7, 6.3.18,
6.4.10, 23.2; for zeta NIST's Digital library of mathematical functions, 25.11.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.compiler.primitives.base import Sample, register
from mindspore.compiler.primitives.special_support import (
    BERNOULLI,
    EPSILON,
    Real,
    Special,
    Value,
    among,
    exp,
    floor,
    horner,
    log,
    log1p,
    loop,
    maximum,
    sin,
    where,
)
from mindspore.compiler.primitives.special_tables import LGAMMA_NEAR_TWO

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
_STIRLING = [b / (2 * k * (2 * k - 1)) for k, b in enumerate(BERNOULLI[:9], 1)]
_DIGAMMA = [b / (2 * k) for k, b in enumerate(BERNOULLI[:8], 1)]
_FAR = -4096.0  # zeta shifts its argument up one by one; below, the result is NaN


def sin_pi(x: Real) -> Real:
    """sin(pi x), exact where x is whole: of x less the nearest whole number, with the sign of its parity."""
    whole = floor(x + 0.5)
    half = whole * 0.5
    odd = ~floor(half).equals(half)
    small = sin((x - whole) * math.pi)
    return where(odd, -small, small)


def stirling_rest(x: Real) -> Real:
    """lgamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2), for x >= 8."""
    inverse = 1 / x
    return inverse * horner(inverse * inverse, _STIRLING)


def lgamma_positive(x: Real) -> Real:
    """lgamma for x > 0."""
    high = x >= 2.5
    far = among(high, x, 9.0)
    shifted = far < 8.0
    up = where(shifted, far + 6.0, far)
    product: Value = 1.0
    for k in range(6):
        product = (far + float(k)) * product
    stirling = (up - 0.5) * log(up) - up + _HALF_LOG_TWO_PI + stirling_rest(up)
    near = where(x < 0.5, x, where(x < 1.5, x - 1.0, x - 2.0))
    near = among(~high, near, 0.0)
    taylor = near * horner(near, LGAMMA_NEAR_TWO)
    # One logarithm for what is subtracted: of the product, of 1 + z, and of x (1 + x)
    taken = where(high, where(shifted, product, 1.0), where(x < 0.5, among(x < 0.5, x, 1.0), 1.0))
    return where(high, stirling, taylor - where(x < 1.5, log1p(near), 0.0)) - log(taken)


def lgamma_one_plus(a: Real) -> Real:
    """lgamma(1 + a) for 0 < a < 1, with a small relative error however small a is."""
    low = a < 0.5
    z = where(low, a, a - 1.0)
    return z * horner(z, LGAMMA_NEAR_TWO) - where(low, log1p(z), 0.0)


@register
class Lgamma(Special):
    """log |gamma(x)|, infinite at 0, -1, -2, ... Gradient: ct * digamma(x)."""

    name = "lgamma"

    def compute(self, x):
        negative = x < 0.0
        size = lgamma_positive(where(negative, 1.0 - x, x))
        sine = abs(sin_pi(among(negative, x, 0.5)))
        value = where(negative, math.log(math.pi) - log(sine) - size, size)
        infinite = abs(x).equals(math.inf) | (negative & floor(x).equals(x))
        return where(infinite, math.inf, value)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.digamma(x)),)

    def samples(self):
        return [Sample((np.array(-1.4),)),
                Sample((np.array([0.0, 0.3, 0.7, 1.3, 4.5, 11.0, -1.0, np.inf, np.nan]),), grad=False), *_bad()]


def _bad() -> list[Sample]:
    return [Sample((np.ones(2, np.int32),), error=TypeError)]


def digamma_positive(x: Real) -> Real:
    """digamma for x > 0."""
    low = x < 10.0
    small = among(low, x, 1.0)
    up = where(low, x + 10.0, x)
    inverse = 1 / up
    square = inverse * inverse
    value = log(up) - inverse * 0.5 - square * horner(square, _DIGAMMA)
    taken = sum((1 / (small + float(k)) for k in range(1, 10)), 1 / small)
    return value - where(low, taken, 0.0)


@register
class Digamma(Special):
    """The derivative of lgamma; NaN at -1, -2, ..., -inf at 0. Gradient: ct * polygamma(1, x)."""

    name = "digamma"

    def compute(self, x):
        negative = x <= 0.0
        value = digamma_positive(where(negative, 1.0 - x, x))
        below = among(negative, x, 0.25)
        rest = below - floor(below + 0.5)
        slope = math.pi * sin_pi(rest + 0.5) / sin_pi(rest)
        pole = negative & floor(x).equals(x)
        value = where(negative, value - where(pole, 0.0, slope), value)
        value = where(x.equals(math.inf), math.inf, value)
        return where(pole, where(x.equals(0.0), -math.inf, math.nan), value)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.polygamma(b.constant(1, x.dtype), x)),)

    def samples(self):
        return [Sample((np.array(-1.4),), order=1),
                Sample((np.array([0.0, 0.3, 2.2, 12.0, -1.0, np.inf, np.nan]),), grad=False), *_bad()]


def hurwitz(s: Real, q: Real) -> Real:
    """The sum of (q + k)**-s over k >= 0, for s > 1 and q that is no whole number below 1."""
    start = among(q > _FAR, q, 1.0)

    enough = maximum((s + 22.0) * 0.84, 12.0)  # makes the last Bernoulli term less than 1e-16 of the sum

    def left(at, total, power, s, enough):
        return (at < 12.0) | ((at < enough) & (power > total * EPSILON))

    def step(at, total, power, s, enough):
        more = left(at, total, power, s, enough)
        power = where(more, among(more, at, 1.0) ** -s, power)
        return where(more, at + 1.0, at), total + where(more, power, 0.0), power

    zero = start * 0.0
    at, total, _ = loop(left, step, [start, zero, zero + math.inf], [s, enough])
    inverse = 1 / at
    edge = at**-s
    term = s * inverse
    tail = 0.5 + at / (s - 1.0)
    factorial = 2.0
    for k, bernoulli in enumerate(BERNOULLI, 1):
        tail = tail + term * (bernoulli / factorial)
        if k < len(BERNOULLI):
            term = term * (s + float(2 * k - 1)) * (s + float(2 * k)) * (inverse * inverse)
            factorial *= (2 * k + 1) * (2 * k + 2)
    return total + where(edge.equals(0.0), 0.0, edge * tail)


@register
class Zeta(Special):
    """The Hurwitz zeta function, the sum of (q + k)**-s over k >= 0. Infinite for s = 1 and where q is 0, -1, -2, ...;
    NaN for s < 1, for other negative q with s that is not whole, and for q below -4096.
    Gradient: by q, -ct * s * zeta(s + 1, q); none by s."""

    name = "zeta"

    def compute(self, s, q):
        pole = (q <= 0.0) & floor(q).equals(q)
        good = (s > 1.0) & (q > _FAR) & ((q > 0.0) | floor(s).equals(s)) & ~pole
        finite = good & (s < math.inf) & (q < math.inf)
        value = hurwitz(among(finite, s, 2.0), among(finite, q, 1.0))
        limit = where(q < math.inf, where(q < 1.0, math.inf, where(q > 1.0, 0.0, 1.0)), 0.0)
        value = where(finite, value, where(good, limit, math.nan))
        value = where((s >= 1.0) & pole, math.inf, value)
        return where(s.equals(1.0), math.inf, value)

    def grad(self, b, ct, out, s, q):
        slope = b.mul(b.neg(s), b.zeta(b.add(s, 1), q))
        return None, b.mul(ct, slope)

    def samples(self):
        s, q = np.array([1.0, 0.5, 2.0, 3.0, 2.5, 3.5, 7.0]), np.array([2.0, 2.0, -1.0, -1.5, -1.5, 0.6, 3.0])
        return [Sample((s, np.stack([q, q + 2])), grad=False),
                Sample((np.ones(2), np.ones(3)), error=ValueError)]


@register
class Polygamma(Special):
    """The derivative of order n of digamma, for whole n >= 0: (-1)**(n + 1) n! zeta(n + 1, x). NaN for other n and for
    x below -4096. Gradient: by x, ct * polygamma(n + 1, x)."""

    name = "polygamma"

    def compute(self, n, x):
        pole = (x <= 0.0) & floor(x).equals(x)
        good = (n >= 1.0) & floor(n).equals(n)
        inside = good & ~pole & (x > _FAR) & (x < math.inf)
        order, at = among(inside, n, 1.0), among(inside, x, 1.0)
        half = order * 0.5
        sign = where(floor(half).equals(half), -1.0, 1.0)
        value = sign * exp(lgamma_positive(order + 1.0)) * hurwitz(order + 1.0, at)
        value = where(inside, value, where(good & x.equals(math.inf), 0.0, math.nan))
        odd = ~floor(n * 0.5).equals(n * 0.5)
        value = where(good & pole, where(odd, math.inf, math.nan), value)
        return where(n.equals(0.0), Digamma.compute(self, maximum(x, _FAR)), value)

    def grad(self, b, ct, out, n, x):
        return None, b.mul(ct, b.polygamma(b.add(n, 1), x))

    def samples(self):
        return [Sample((np.array([1.0, 2.0, 0.0, 0.5]), np.array([[0.0, -1.4, 2.0, 1.0], [3.0, -1.0, 14.0, 2.0]])),
                       grad=False),
                Sample((np.ones(2), np.ones(3)), error=ValueError)]
