"""exp, exp2, expm1, tanh and the error function in float.

exp: x = n ln 2 + r with a whole n and |r| <= ln(2) / 2, then exp(x) = 2**n (1 + r + r**2 P(r)). ln 2 is taken in two
parts, the first of few bits, so that n times it is exact (W. J. Cody and W. Waite, Software manual for the elementary
functions, 1980). The others follow from the same reduction without losing the leading digits. Polynomials: minimax,
fitted by tools/fit_polynomials.py.
"""
from __future__ import annotations

from mindspore_cpu.codegen.vector_math.common import (
    ROUND,
    absolute,
    at_least,
    at_most,
    nearest,
    polynomial,
    power_of_two,
    quotient,
    scale_by_power,
    with_sign,
)
from mindspore_cpu.codegen.vector_math.pieces import ERF_PIECES, TANH_PIECES, has_tables, odd_by_pieces
from mindspore_cpu.codegen.writer import Value, Writer

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693359375, -2.1219444005469057e-4

EXP = (0.5, 0.16666515171527863, 0.04166658595204353, 0.0083693228662014, 0.0013920890633016825)
EXP2 = (0.6931471824645996, 0.24022650718688965, 0.05550406128168106, 0.009618055075407028, 0.0013337143464013934,
        0.00015466823242604733, 1.4469831512542441e-05)
EXPM1_ABOVE = (0.4999999701976776, 0.16666750609874725, 0.04165886715054512, 0.008366351947188377,
               0.001319110975600779, 0.00026893586618825793)
ERF_NEAR = (0.12837916612625122, -0.3761262893676758, 0.11283625662326813, -0.026855729520320892,
            0.005192392505705357, -0.0008049514726735651, 7.99504850874655e-05)
ERF_FAR = (1.1285561323165894, 0.6356046199798584, 0.10530345141887665, -0.02271776832640171, 0.0029575114604085684,
           -5.9623896959237754e-05, -4.358606747700833e-05, 4.772527518071001e-06)
ERF_SPLIT = 0.921875


def _rest(w: Writer, x: Value, n: Value) -> Value:
    """x - n ln 2."""
    return w.fma(n, w.like(-LN2_LOW, x), w.fma(n, w.like(-LN2_HIGH, x), x))


def _reduced(w: Writer, x: Value) -> tuple[Value, Value, Value]:
    """(t, n, exp(r) - 1) for x = n ln 2 + r."""
    t, n = nearest(w, x, LOG2_E)
    r = _rest(w, x, n)
    return t, n, w.fma(w.mul(r, r), polynomial(w, r, EXP), r)


def exp(w: Writer, x: Value) -> Value:
    x = at_least(w, at_most(w, x, 90.0), -105.0)
    t, n, minus_one = _reduced(w, x)
    return scale_by_power(w, w.add(minus_one, w.like(1, x)), t, n)


def exp2(w: Writer, x: Value) -> Value:
    x = at_least(w, at_most(w, x, 129.0), -151.0)
    t, n = nearest(w, x, 1.0)
    r = w.sub(x, n)
    return scale_by_power(w, w.fma(r, polynomial(w, r, EXP2), w.like(1, x)), t, n)


def _half_power(w: Writer, t: Value) -> Value:
    """Half of 2**n, which does not overflow, for t from `nearest`."""
    whole = w.sub(w.bits(t), w.const(0x4B400000 + 1, "i32", t.lanes))
    return power_of_two(w, whole)


def _minus_one(w: Writer, x: Value) -> Value:
    """exp(x) - 1 for -20 <= x <= 89: 2**n (exp(r) - 1) + (2**n - 1)."""
    t, _, p = _reduced(w, x)
    half = _half_power(w, t)
    y = w.fma(half, p, w.sub(half, w.like(0.5, x)))
    return w.add(y, y)


def expm1(w: Writer, x: Value) -> Value:
    y = _minus_one(w, at_least(w, at_most(w, x, 89.0), -20.0))
    tiny = w.compare("olt", absolute(w, x), w.like(1e-6, x))
    return w.select(tiny, w.mul(x, w.fma(x, w.like(0.5, x), w.like(1, x))), y)


def tanh(w: Writer, x: Value) -> Value:
    if has_tables(w, x):
        return odd_by_pieces(w, x, TANH_PIECES, 9.5)
    return _tanh_by_exp(w, x)


def _tanh_by_exp(w: Writer, x: Value) -> Value:
    """q = y / (y + 1) with y = (exp(2 |x|) - 1) / 2. Here n is rounded down, so that the two terms of y are positive
    and nothing cancels. For small y, where the rounding of y + 1 shows, q = y - y q is better than q itself."""
    a = at_most(w, absolute(w, x), 10.0)
    a = w.add(a, a)
    magic = w.like(ROUND["float"], x)
    t = w.add(w.fma(a, w.like(LOG2_E, a), w.like(-0.5, a)), magic)
    r = _rest(w, a, w.sub(t, magic))
    p = w.fma(w.mul(r, r), polynomial(w, r, EXPM1_ABOVE), r)
    half = _half_power(w, t)
    y = w.fma(half, p, w.sub(half, w.like(0.5, x)))
    q = quotient(w, y, w.add(y, w.like(1, x)))
    q = w.select(w.compare("olt", y, w.like(0.5, y)), w.fma(w.neg(y), q, y), q)
    return with_sign(w, q, x)


def erf(w: Writer, x: Value) -> Value:
    return odd_by_pieces(w, x, ERF_PIECES, 3.99) if has_tables(w, x) else _erf_by_exp(w, x)


def _erf_by_exp(w: Writer, x: Value) -> Value:
    """x + x P(x**2) near 0, 1 - exp(-x P(x)) elsewhere: the logarithm of 1 - erf is smooth."""
    a = absolute(w, x)
    near = w.fma(x, polynomial(w, w.mul(a, a), ERF_NEAR), x)
    t = at_most(w, a, 4.05)
    exponent = w.neg(w.mul(t, polynomial(w, t, ERF_FAR)))
    far = with_sign(w, w.neg(_minus_one(w, exponent)), x)
    return w.select(w.compare("olt", a, w.like(ERF_SPLIT, x)), near, far)
