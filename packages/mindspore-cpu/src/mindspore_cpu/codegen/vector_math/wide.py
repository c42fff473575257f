"""Functions of float arguments that are computed in double and rounded once.

With 29 bits to spare the textbook formulas are accurate as they stand, but for cancellation near 0, where a few terms
of the series take over. They cost about twice as much as a careful evaluation in float would, and are seldom the
bottleneck of a network. Polynomials: minimax, fitted by tools/fit_polynomials.py. Special values follow IEEE 754-2019,
section 9.2.
"""
from __future__ import annotations

import math

from mindspore_cpu.codegen.vector_math.common import (
    INF,
    NAN,
    absolute,
    at_least,
    at_most,
    narrow,
    nearest,
    polynomial,
    widen,
    with_sign,
)
from mindspore_cpu.codegen.writer import Value, Writer

LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
EXP_WIDE = (0.5000000000000016, 0.16666666666610316, 0.041666666666478766, 0.008333333371421305,
            0.0013888888958232934, 0.0001984118450474962, 2.4801477535945827e-05, 2.763529105881742e-06,
            2.763582977900952e-07)
LOG_WIDE = (0.6666666666658719, 0.40000000052283347, 0.2857141712809488, 0.22223371807885234, 0.18123638509845882,
            0.16819870373749315)
ATAN = (-0.3333333333169607, 0.19999999685440206, -0.14285693586100506, 0.11110449729910597, -0.09079134188181161,
        0.0756851484448004, -0.0589096277068259, 0.030893236159927912)
ERFC = (0.25539567631353116, -0.4271858472962678, 0.24165819362336013, -0.07897858611167541, 0.0037329097915480836,
        0.006997526382604789, -0.000847313123895786, -0.0009823495935730785, 4.432265380510092e-05,
        0.0001755111260537808, 2.5730696878407935e-05, -2.9591959362314452e-05, -1.170475406188225e-05,
        3.399256733196547e-06, 2.2466341746441473e-06)
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


def exp_wide(w: Writer, x: Value) -> Value:
    """exp in double for |x| < 700."""
    t, n = nearest(w, x, 1 / math.log(2))
    r = w.fma(n, w.like(-LN2_HIGH, x), x)
    r = w.fma(n, w.like(-LN2_LOW, x), r)
    y = w.add(w.fma(w.mul(r, r), polynomial(w, r, EXP_WIDE), r), w.like(1, x))
    exponent = w.bits(t)
    return w.from_bits(w.add(w.bits(y), w.binary("shl", exponent, w.like(52, exponent))), "double")


def log_wide(w: Writer, x: Value) -> Value:
    """log in double for normal positive numbers: e ln 2 + 2 artanh(s) with s = (m - 1) / (m + 1)."""
    offset = w.const(SQRT_HALF_BITS, "i64", x.lanes)
    shifted = w.sub(w.bits(x), offset)
    mantissa = w.add(w.binary("and", shifted, w.like((1 << 52) - 1, shifted)), offset)
    m = w.from_bits(mantissa, "double")
    one = w.like(1, x)
    s = w.div(w.sub(m, one), w.add(m, one))
    z = w.mul(s, s)
    y = w.fma(w.mul(z, s), polynomial(w, z, LOG_WIDE), w.add(s, s))
    e = w.convert("trunc", w.binary("ashr", shifted, w.like(52, shifted)), "i32")
    return w.fma(w.convert("sitofp", e, "double"), w.like(math.log(2), x), y)


def log2(w: Writer, x: Value) -> Value:
    y = narrow(w, w.mul(log_wide(w, widen(w, x)), w.const(1 / math.log(2), "double", x.lanes)))
    y = w.select(w.compare("oeq", x, w.like(INF, x)), x, y)
    y = w.select(w.compare("ult", x, w.like(0, x)), w.like(NAN, x), y)
    return w.select(w.compare("oeq", x, w.like(0, x)), w.like(-INF, x), y)


def sinh(w: Writer, x: Value) -> Value:
    a = at_most(w, absolute(w, widen(w, x)), 100.0)
    e = exp_wide(w, a)
    far = w.mul(w.sub(e, w.div(w.like(1, a), e)), w.like(0.5, a))
    return with_sign(w, narrow(w, _near(w, a, far, (1 / 6, 1 / 120), 0.02)), x)


def cosh(w: Writer, x: Value) -> Value:
    a = at_most(w, absolute(w, widen(w, x)), 100.0)
    e = exp_wide(w, a)
    y = narrow(w, w.mul(w.add(e, w.div(w.like(1, a), e)), w.like(0.5, a)))
    return w.select(w.compare("uno", x, x), x, y)


def asinh(w: Writer, x: Value) -> Value:
    a = absolute(w, widen(w, x))
    root = w.intrinsic("sqrt", w.fma(a, a, w.like(1, a)))
    y = narrow(w, _near(w, a, log_wide(w, w.add(a, root)), (-1 / 6, 3 / 40), 0.02))
    return _keep_infinite(w, with_sign(w, y, x), x)


def acosh(w: Writer, x: Value) -> Value:
    wide, one = widen(w, x), w.const(1, "double", x.lanes)
    root = w.intrinsic("sqrt", w.mul(w.sub(wide, one), w.add(wide, one)))
    y = _keep_infinite(w, narrow(w, log_wide(w, w.add(wide, root))), x)
    return w.select(w.compare("ult", x, w.like(1, x)), w.like(NAN, x), y)


def atanh(w: Writer, x: Value) -> Value:
    a = absolute(w, widen(w, x))
    one = w.like(1, a)
    far = w.mul(log_wide(w, w.div(w.add(one, a), w.sub(one, a))), w.like(0.5, a))
    y = with_sign(w, narrow(w, _near(w, a, far, (1 / 3, 1 / 5), 0.02)), x)
    size = absolute(w, x)
    y = w.select(w.compare("oeq", size, w.like(1, x)), with_sign(w, w.like(INF, x), x), y)
    return w.select(w.compare("ugt", size, w.like(1, x)), w.like(NAN, x), y)


def _near(w: Writer, a: Value, far: Value, series: tuple[float, float], limit: float) -> Value:
    """a + series[0] a**3 + series[1] a**5 below a limit, the formula above it."""
    square = w.mul(a, a)
    near = w.fma(w.mul(square, a), w.fma(square, w.like(series[1], a), w.like(series[0], a)), a)
    return w.select(w.compare("ogt", a, w.like(limit, a)), far, near)


def _keep_infinite(w: Writer, y: Value, x: Value) -> Value:
    """Infinities and NaN are their own result."""
    return w.select(w.compare("olt", absolute(w, x), w.like(INF, x)), y, x)


def _arc(w: Writer, y: Value, x: Value) -> Value:
    """The angle of the point (x, y) in double, for y, x in double, both not NaN."""
    ax, ay = absolute(w, x), absolute(w, y)
    steep = w.compare("ogt", ay, ax)
    low, high = w.select(steep, ax, ay), w.select(steep, ay, ax)
    both_infinite = w.compare("oeq", low, w.like(INF, x))
    low, high = (w.select(both_infinite, w.like(1, x), v) for v in (low, high))
    beyond = w.compare("ogt", low, w.mul(high, w.like(math.tan(math.pi / 8), x)))
    top = w.select(beyond, w.sub(low, high), low)
    bottom = w.select(beyond, w.add(low, high), high)
    t = w.div(top, bottom)
    t = w.select(w.compare("oeq", high, w.like(0, x)), w.like(0, x), t)
    z = w.mul(t, t)
    angle = w.fma(w.mul(z, t), polynomial(w, z, ATAN), t)
    angle = w.add(angle, w.select(beyond, w.like(math.pi / 4, x), w.like(0, x)))
    angle = w.select(steep, w.sub(w.like(math.pi / 2, x), angle), angle)
    negative = w.compare("slt", w.bits(x), w.const(0, "i64", x.lanes))
    angle = w.select(negative, w.sub(w.like(math.pi, x), angle), angle)
    return with_sign(w, angle, y)


def atan2(w: Writer, y: Value, x: Value) -> Value:
    result = narrow(w, _arc(w, widen(w, y), widen(w, x)))
    return w.select(w.compare("uno", y, x), w.like(NAN, x), result)


def atan(w: Writer, x: Value) -> Value:
    result = narrow(w, _arc(w, widen(w, x), w.const(1, "double", x.lanes)))
    return w.select(w.compare("uno", x, x), x, result)


def asin(w: Writer, x: Value) -> Value:
    wide, root = _cathetus(w, x)
    return w.select(w.compare("ole", absolute(w, x), w.like(1, x)), narrow(w, _arc(w, wide, root)), w.like(NAN, x))


def acos(w: Writer, x: Value) -> Value:
    wide, root = _cathetus(w, x)
    return w.select(w.compare("ole", absolute(w, x), w.like(1, x)), narrow(w, _arc(w, root, wide)), w.like(NAN, x))


def _cathetus(w: Writer, x: Value) -> tuple[Value, Value]:
    """x in double, and sqrt(1 - x**2)."""
    wide, one = widen(w, x), w.const(1, "double", x.lanes)
    return wide, w.intrinsic("sqrt", w.mul(w.sub(one, wide), w.add(one, wide)))


def erfc(w: Writer, x: Value) -> Value:
    """exp(-x**2) P((x - 2) / (x + 2)) for positive x, 2 - erfc(-x) for the others."""
    wide = widen(w, x)
    a = at_most(w, absolute(w, wide), 11.0)
    two = w.like(2, a)
    scaled = polynomial(w, w.div(w.sub(a, two), w.add(a, two)), ERFC)
    y = w.mul(exp_wide(w, w.neg(w.mul(a, a))), scaled)
    negative = w.compare("olt", wide, w.like(0, a))
    y = narrow(w, w.select(negative, w.sub(two, y), y))
    return w.select(w.compare("uno", x, x), x, y)


def power(w: Writer, x: Value, y: Value) -> Value:
    """exp(y log |x|), with the sign of x where y is odd."""
    a, exponent = absolute(w, widen(w, x)), widen(w, y)
    logarithm = w.select(w.compare("oeq", a, w.like(0, a)), w.like(-INF, a), log_wide(w, a))
    logarithm = w.select(w.compare("oeq", a, w.like(INF, a)), a, logarithm)
    product = at_least(w, at_most(w, w.mul(exponent, logarithm), 200.0), -200.0)
    size = narrow(w, exp_wide(w, product))
    whole = w.compare("oeq", w.intrinsic("trunc", y), y)
    half = w.mul(y, w.like(0.5, y))
    odd = w.binary("and", whole, w.compare("one", w.intrinsic("trunc", half), half))
    result = w.select(odd, with_sign(w, size, x), size)
    finite_negative = w.binary("and", w.compare("olt", x, w.like(0, x)), w.compare("one", x, w.like(-INF, x)))
    finite_y = w.compare("one", absolute(w, y), w.like(INF, y))
    fraction = w.binary("and", w.binary("xor", whole, w.like(True, whole)), finite_y)
    result = w.select(w.binary("and", finite_negative, fraction), w.like(NAN, x), result)
    result = w.select(w.compare("uno", x, y), w.like(NAN, x), result)
    minus_one = w.binary("and", w.compare("oeq", x, w.like(-1, x)), w.compare("oeq", absolute(w, y), w.like(INF, y)))
    one = w.binary("or", w.compare("oeq", y, w.like(0, y)), w.compare("oeq", x, w.like(1, x)))
    return w.select(w.binary("or", one, minus_one), w.like(1, x), result)
