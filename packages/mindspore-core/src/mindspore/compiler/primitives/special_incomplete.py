"""The regularised incomplete gamma and beta functions.

P(a, x), the integral of t**(a - 1) exp(-t) / gamma(a) from 0 to x, and Q = 1 - P. Which of the two is computed, and
how, depends on the place, and the other one is 1 less it:

* a > 200 and |x - a| < 0.4 a: Temme's uniform expansion, erfc plus a double series in 1 / a and
  eta = sign(x - a) sqrt(2 (mu - log(1 + mu))), mu = (x - a) / a;
* x < a + 1: the power series of P, a loop of at most some 150 trips;
* else the continued fraction of Q, by Lentz's method.

The factor x**a exp(-x) / gamma(a + 1) is exp(-a (mu - log(1 + mu))) / sqrt(2 pi a) but for Stirling's series where a is
large, so that no two large terms are subtracted.

I(x; a, b), the integral of t**(a - 1) (1 - t)**(b - 1) / B(a, b) from 0 to x, is a continued fraction for
x < (a + 1) / (a + b + 2), and 1 - I(1 - x; b, a) elsewhere.

Derivatives by a and b: those of the decomposition, forwards, so of any order. The loops run until the values have
settled, and the derivatives with them.

Source: NIST's Digital library of mathematical functions, 8.7.3, 8.9.2, 8.12, 8.17.22; N. M. Temme, The asymptotic
expansion of the incomplete gamma functions, 1979; W. J. Lentz, Applied optics 15, 1976.
"""
from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph
from mindspore.compiler.primitives.base import Sample, register
from mindspore.compiler.primitives.special_gamma import lgamma_one_plus, lgamma_positive, stirling_rest
from mindspore.compiler.primitives.special_support import (
    EPSILON,
    Real,
    Special,
    Value,
    among,
    erfc,
    exp,
    expm1,
    horner,
    in_double,
    log,
    log1p,
    loop,
    maximum,
    minimum,
    sqrt,
    where,
)
from mindspore.compiler.primitives.special_tables import TEMME

_SETTLED = EPSILON / 16  # the loops go on a little longer than the values need, for their derivatives
_MOST_TRIPS = 2000.0
_SLOPE_TRIPS = 100.0
_TINY = 1e-300


def half_eta_square(mu: Real) -> Real:
    """mu - log(1 + mu), for mu > -1: by its power series where the difference would lose digits."""
    small = abs(mu) < 0.1
    series = horner(among(small, mu, 0.0), [0.0, 0.0, *[(-1.0) ** k / k for k in range(2, 18)]])
    return where(small, series, mu - log1p(mu))


def _power_over_gamma(a: Real, x: Real) -> Real:
    """x**a exp(-x) / gamma(a + 1), for a > 0 and x > 0."""
    large = a > 10.0
    high, low = among(large, a, 11.0), among(~large, a, 1.0)
    mu = among(large, (x - high) / high, 0.0)
    far = exp(-(high * half_eta_square(mu)) - stirling_rest(high)) / sqrt(high * (2 * math.pi))
    at = among(~large, x, 1.0)
    near = exp(low * log(at) - at - lgamma_positive(low + 1.0))
    return where(large, far, near)


def _small_upper(a: Real, x: Real) -> Real:
    """Q(a, x) for 0 < a < 1 and 0 < x <= 1.1, where 1 - P would lose digits: 1 - x**a / gamma(a + 1) less
    x**a / gamma(a + 1) times the sum of a (-x)**n / (n! (a + n)) over n > 0."""
    total: Value = 0.0
    for n in range(20, 0, -1):
        total = (total + (-1.0) ** n / math.factorial(n) / (a + float(n))) * x
    exponent = a * log(x) - lgamma_one_plus(a)
    return -expm1(exponent) - exp(exponent) * a * total


def _uniform(a: Real, x: Real, side: float) -> Real:
    """Q(a, x) by Temme's expansion where `side` is 1, P(a, x) where it is -1."""
    mu = (x - a) / a
    square = half_eta_square(mu) * 2.0
    nearly = abs(mu) < 1e-9  # the square root has no derivative at 0
    eta = where(mu < 0.0, -1.0, 1.0) * sqrt(among(~nearly, square, 1.0))
    eta = where(nearly, mu * (1.0 - mu / 3.0), eta)
    inverse = 1 / a
    total = horner(eta, TEMME[-1])
    for row in reversed(TEMME[:-1]):
        total = total * inverse + horner(eta, row)
    rest = exp(a * square * -0.5) / sqrt(a * (2 * math.pi)) * total
    return erfc(eta * sqrt(a * 0.5) * side) * 0.5 + rest * side


def _series(a: Real, x: Real, wanted: Real) -> Real:
    """1 + x / (a + 1) + x**2 / ((a + 1) (a + 2)) + ..., where wanted; 1 elsewhere."""
    def left(at, term, total, x):
        return term > total * _SETTLED

    def step(at, term, total, x):
        at = at + 1.0
        term = where(left(at, term, total, x), term * (x / at), term * 0.0)
        return at, term, total + term

    start = where(wanted, 1.0, 0.0)
    return loop(left, step, [a, start, start], [x])[2]


def _fraction(first: Real, a: Real, wanted: Real, least: float) -> Real:
    """1 / (b0 + a1 / (b1 + a2 / (b2 + ...))) where wanted: b0 is `first`, each next b is 2 more, and the k-th numerator
    is k (a - k)."""
    one = first * 0.0 + 1.0

    def left(k, b, c, d, value, change, a):
        return _unsettled(k, change, least)

    def step(k, b, c, d, value, change, a):
        active = left(k, b, c, d, value, change, a)
        term = k * (a - k)
        b = b + 2.0
        d = 1 / _guarded(term * d + b)
        c = _guarded(b + term / c)
        ratio = c * d
        return (k + 1.0, b, where(active, c, 1.0), where(active, d, 1.0), where(active, value * ratio, value),
                where(active, abs(ratio - 1.0), change))

    inverse = 1 / first
    return loop(left, step, [one, first, one * (1 / _TINY), inverse, inverse, where(wanted, 1.0, -1.0)], [a])[4]


def _unsettled(trips: Real, change: Real, least: float) -> Real:
    """Whether a continued fraction has to go on: it changed in the last trip, or made fewer than `least`. A fraction
    that ends, for whole parameters, has settled long before its derivative by them."""
    return ((change > _SETTLED * 8) | ((change >= 0.0) & (trips < least))) & (trips < _MOST_TRIPS)


def _guarded(x: Real) -> Real:
    """x, but a tiny number where it is 0, which is divided by (Lentz)."""
    return where(abs(x) < _TINY, _TINY, x)


def incomplete_gamma(a: Real, x: Real, upper: bool, least: float) -> Real:
    """Q(a, x) with `upper`, else P(a, x); NaN for a < 0 or x < 0."""
    inside = (a > 0.0) & (x > 0.0) & (a < math.inf) & (x < math.inf)
    a_in, x_in = among(inside, a, 1.0), among(inside, x, 1.0)
    even = inside & (a > 200.0) & (abs(x - a) < a * 0.4)
    powers = inside & ~even & (x < a + 1.0)
    rest = inside & ~even & ~powers
    factor = _power_over_gamma(a_in, x_in)
    series = factor * _series(a_in, among(powers, x_in, 1.0), powers)
    b, c = among(rest, a_in, 1.0), among(rest, x_in, 3.0)
    fraction = factor * a_in * _fraction(c + 1.0 - b, b, rest, least)
    even_a = among(even, a_in, 300.0)
    temme = _uniform(even_a, among(even, x_in, 310.0), 1.0 if upper else -1.0)
    if upper:
        small = powers & (a < 1.0) & (x <= 1.1)
        near = where(small, _small_upper(among(small, a, 0.5), among(small, x, 0.5)), 1.0 - series)
        value = where(even, temme, where(powers, near, fraction))
        zero = where((x > 0.0) & ~(x < math.inf) | (a.equals(0.0) & (x > 0.0)), 0.0, 1.0)
    else:
        value = where(even, temme, where(powers, series, 1.0 - fraction))
        zero = where((x > 0.0) & ~(x < math.inf) | (a.equals(0.0) & (x > 0.0)), 1.0, 0.0)
    known = (a >= 0.0) & (x >= 0.0) & ~(a.equals(0.0) & x.equals(0.0)) & ~(a.equals(math.inf) & x.equals(math.inf))
    return where(inside, value, where(known, zero, math.nan))


def slope(op: Special, b: Builder, *ins):
    """The derivative of a function by its first operand: the tangent of the decomposition, which has derivatives of its
    own."""
    wide = [x.node for x in in_double(b, op.name, ins)]
    found = b.inline(_slope_graph(op, tuple(x.aval for x in wide)), [*wide, b.ones_like(wide[0].aval)])
    return b.cast(found[1], dtype=ins[0].dtype)


@lru_cache(maxsize=64)
def _slope_graph(op: Special, avals: tuple) -> Graph:
    from mindspore.compiler.autodiff.jvp import jvp_graph
    one = Builder(op.name)
    value = op.compute(*[Real(one, one.parameter(aval)) for aval in avals], _SLOPE_TRIPS)
    return jvp_graph(one.finish([value.node]), (0,))


def gamma_density(b, a, x):
    """x**(a - 1) exp(-x) / gamma(a), for x >= 0."""
    shape, at = in_double(b, "igamma", (a, x))
    inside = at > 0.0
    safe = among(inside, at, 1.0)
    edge = where(shape < 1.0, math.inf, where(shape > 1.0, 0.0, 1.0))
    value = where(inside, _power_over_gamma(shape, safe) * shape / safe, edge)
    return b.cast(value.node, dtype=x.dtype)


def _edges() -> list[Sample]:
    return [Sample((np.array([1.0, 0.0, -1.0, 2.0, 2.0, 250.0, 2.5]),
                    np.array([0.0, 1.0, 1.0, -1.0, np.inf, 240.0, 4.0])), grad=False, rtol=2e-4),
            Sample((np.ones(2), np.ones(3)), error=ValueError)]


@register
class Igamma(Special):
    """P(a, x), the regularised lower incomplete gamma function, for a >= 0 and x >= 0; else NaN.
    Gradient: by a from the decomposition, by x ct * x**(a - 1) exp(-x) / gamma(a)."""

    name = "igamma"

    def compute(self, a, x, least=0.0):
        return incomplete_gamma(a, x, False, least)

    def grad(self, b, ct, out, a, x):
        return b.mul(ct, slope(Igamma.op, b, a, x)), b.mul(ct, gamma_density(b, a, x))

    def samples(self):
        return _edges()


@register
class Igammac(Special):
    """Q(a, x), the regularised upper incomplete gamma function: 1 - P(a, x), right for small values too.
    Gradient: by a from the decomposition, by x -ct * x**(a - 1) exp(-x) / gamma(a)."""

    name = "igammac"

    def compute(self, a, x, least=0.0):
        return incomplete_gamma(a, x, True, least)

    def grad(self, b, ct, out, a, x):
        ct = b.neg(ct)
        return b.mul(ct, slope(Igamma.op, b, a, x)), b.mul(ct, gamma_density(b, a, x))

    def samples(self):
        return _edges()


def _beta_fraction(a: Real, b: Real, x: Real, wanted: Real, least: float) -> Real:
    """The continued fraction of I(x; a, b) over x**a (1 - x)**b / (a B(a, b)); two of its terms belong to each m."""
    one = a * 0.0 + 1.0

    def left(m, c, d, value, change, a, b, x):
        return _unsettled(m, change, least)

    def step(m, c, d, value, change, a, b, x):
        active = left(m, c, d, value, change, a, b, x)
        even = m * (b - m) * x / ((a + m * 2.0 - 1.0) * (a + m * 2.0))
        odd = -(a + m) * (a + b + m) * x / ((a + m * 2.0) * (a + m * 2.0 + 1.0))
        moved: Value = 0.0
        for term in (even, odd):
            d = 1 / _guarded(term * d + 1.0)
            c = _guarded(term / c + 1.0)
            ratio = c * d
            value = where(active, value * ratio, value)
            moved = abs(ratio - 1.0) + moved
        return m + 1.0, where(active, c, 1.0), where(active, d, 1.0), value, where(active, moved, change)

    d = 1 / _guarded(1.0 - (a + b) * x / (a + 1.0))
    return loop(left, step, [one, one, d, d, where(wanted, 1.0, -1.0)], [a, b, x])[3]


def _log_inverse_beta(p: Real, q: Real) -> Real:
    """-log B(p, q) for positive p and q. Where one of them is large, what Stirling's series of its gamma function and
    of that of the sum have in common is left out."""
    large, small = maximum(p, q), minimum(p, q)
    far = large > 10.0
    high = among(far, large, 11.0)
    ratio = ((high - 0.5) * log1p(small / high) + small * (log(high + small) - 1.0) + stirling_rest(high + small)
             - stirling_rest(high))
    low = among(~far, large, 1.0)
    return where(far, ratio, lgamma_positive(low + among(~far, small, 1.0)) - lgamma_positive(low)) - lgamma_positive(
        small)


def _powers_over_beta(p: Real, q: Real, x: Real) -> Real:
    """x**p (1 - x)**q / B(p, q) for 0 < x < 1. Where p and q are large, from the distance of x from p / (p + q), by
    p log(1 + u) + q log(1 + v) = -p (u - log(1 + u)) - q (v - log(1 + v)) for p u + q v = 0."""
    both = minimum(p, q) > 10.0
    high, other, at = among(both, p, 11.0), among(both, q, 11.0), among(both, x, 0.5)
    gap = at * (high + other) - high
    exponent = -(high * half_eta_square(gap / high)) - other * half_eta_square(-gap / other)
    rest = stirling_rest(high) + stirling_rest(other) - stirling_rest(high + other)
    even = exp(exponent - rest) * sqrt(high * other / ((high + other) * (2 * math.pi)))
    low, second, at = among(~both, p, 1.0), among(~both, q, 1.0), among(~both, x, 0.5)
    return where(both, even, exp(low * log(at) + second * log1p(-at) + _log_inverse_beta(low, second)))


def _beta_density(b, p, q, x):
    """x**(p - 1) (1 - x)**(q - 1) / B(p, q), and 0 outside of 0 < x < 1."""
    first, second, at = in_double(b, "betainc", (p, q, x))
    inside = (at > 0.0) & (at < 1.0)
    safe = among(inside, at, 0.5)
    value = where(inside, _powers_over_beta(first, second, safe) / (safe * (1.0 - safe)), 0.0)
    return b.cast(value.node, dtype=x.dtype)


@register
class Betainc(Special):
    """I(x; a, b), the regularised incomplete beta function, for positive a and b and x in [0, 1]; else NaN.
    Gradient: by a and b from the decomposition, by x ct * x**(a - 1) (1 - x)**(b - 1) / B(a, b)."""

    name = "betainc"

    def compute(self, a, b, x, least=0.0):
        inside = (a > 0.0) & (b > 0.0) & (a < math.inf) & (b < math.inf) & (x > 0.0) & (x < 1.0)
        a_in, b_in, x_in = among(inside, a, 1.0), among(inside, b, 1.0), among(inside, x, 0.5)
        swapped = x_in > (a_in + 1.0) / (a_in + b_in + 2.0)
        p, q = where(swapped, b_in, a_in), where(swapped, a_in, b_in)
        at = where(swapped, 1.0 - x_in, x_in)
        factor = _powers_over_beta(p, q, at) / p
        value = factor * _beta_fraction(p, q, at, inside, least)
        value = where(swapped, 1.0 - value, value)
        edge = (a > 0.0) & (b > 0.0) & (x.equals(0.0) | x.equals(1.0))
        return where(inside, value, where(edge, x, math.nan))

    def grad(self, b, ct, out, a, c, x):
        by_c = slope(self, b, c, a, b.sub(b.constant(1, x.dtype), x))  # I(x; a, c) = 1 - I(1 - x; c, a)
        return (b.mul(ct, slope(self, b, a, c, x)), b.neg(b.mul(ct, by_c)), b.mul(ct, _beta_density(b, a, c, x)))

    def samples(self):
        return [Sample((np.array([1.0, -1.0, 2.0, 2.0, 0.7, 2.5]), np.array([1.0, 1.0, 1.0, 1.0, 1.5, 0.6]),
                        np.array([0.0, 0.5, 1.5, 1.0, 0.2, 0.7])), grad=False),
                Sample((np.ones(2), np.ones(2), np.ones(3)), error=ValueError)]
