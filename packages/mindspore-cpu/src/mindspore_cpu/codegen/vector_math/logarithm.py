"""log and log1p in float.

x = 2**e m with sqrt(1/2) <= m < sqrt(2), f = m - 1, and log(x) = e ln 2 + f - f**2 / 2 + f**3 P(f), the small terms
first. For log1p the rounding error of 1 + x, which can be computed exactly, is added to f. Polynomial: minimax, fitted
by tools/fit_polynomials.py; the scheme is that of S. L. Moshier, Methods and programs for mathematical functions, 1989.
"""
from __future__ import annotations

from mindspore_cpu.codegen.vector_math.common import INF, NAN, polynomial, power_of_two
from mindspore_cpu.codegen.vector_math.exponential import LN2_HIGH, LN2_LOW
from mindspore_cpu.codegen.writer import Value, Writer

LOG = (0.3333331346511841, -0.2500016689300537, 0.20002223551273346, -0.16659381985664368, 0.1420956552028656,
       -0.12546630203723907, 0.1210489422082901, -0.10952476412057877, 0.05406926944851875)
SQRT_HALF_BITS = 0x3F3504F3


def _decompose(w: Writer, x: Value) -> tuple[Value, Value]:
    """(e as an integer, m - 1) of normal positive numbers."""
    offset = w.const(SQRT_HALF_BITS, "i32", x.lanes)
    shifted = w.sub(w.bits(x), offset)
    mantissa = w.add(w.binary("and", shifted, w.like(0x7FFFFF, shifted)), offset)
    return w.binary("ashr", shifted, w.like(23, shifted)), w.sub(w.from_bits(mantissa, "float"), w.like(1, x))


def _assemble(w: Writer, e: Value, f: Value) -> Value:
    """e ln 2 + log(1 + f), with e as a float."""
    square = w.mul(f, f)
    small = w.mul(w.mul(square, f), polynomial(w, f, LOG))
    small = w.fma(e, w.like(LN2_LOW, f), small)
    small = w.fma(square, w.like(-0.5, f), small)
    return w.fma(e, w.like(LN2_HIGH, f), w.add(f, small))


def _edges(w: Writer, y: Value, x: Value, zero: float) -> Value:
    """The result where the argument x, counted from the pole `zero`, is not a positive finite number."""
    y = w.select(w.compare("oeq", x, w.like(INF, x)), x, y)
    y = w.select(w.compare("ult", x, w.like(zero, x)), w.like(NAN, x), y)
    return w.select(w.compare("oeq", x, w.like(zero, x)), w.like(-INF, x), y)


def log(w: Writer, x: Value) -> Value:
    subnormal = w.compare("olt", x, w.like(2.0**-126, x))
    scaled = w.select(subnormal, w.mul(x, w.like(2.0**23, x)), x)
    e, f = _decompose(w, scaled)
    e = w.add(w.convert("sitofp", e, "float"), w.select(subnormal, w.like(-23, x), w.like(0, x)))
    return _edges(w, _assemble(w, e, f), x, 0.0)


def log1p(w: Writer, x: Value) -> Value:
    one = w.like(1, x)
    u = w.add(x, one)
    lost = w.sub(x, w.sub(u, one))
    e, f = _decompose(w, u)
    bound = w.like(100, e)
    shift = w.sub(w.like(0, e), w.select(w.compare("slt", e, bound), e, bound))
    f = w.fma(lost, power_of_two(w, shift), f)
    y = _edges(w, _assemble(w, w.convert("sitofp", e, "float"), f), x, -1.0)
    return w.select(w.compare("oeq", x, w.like(0, x)), x, y)
