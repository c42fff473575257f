"""Quotients by a divisor that is the same for many: a product with its inverse, then corrected.

A vector of 512 bits is divided in 16 cycles, which makes a division the slowest part of a softmax. With r = 1/s
rounded, q = x*r is off by little more than half a unit, and q + (x - q*s)*r is the rounded quotient, since a fused
product gives x - q*s without error (P. Markstein, *Computation of elementary functions on the IBM RISC System/6000
processor*, IBM J. Res. Dev. 34 (1990), 111-119). What needs care:

* r must be neither infinite nor subnormal, so divisors below `SMALL` are made larger by `SCALE`, those above 1/`SMALL`
  smaller, and dividends with them; where this overflows or loses bits, so does the quotient.
* The correction is not a number where q is infinite or none: there q is the answer.
* A zero keeps its sign when the divisor is positive: so the sign moves into the factor of the dividend.

Where a dividend is so small that the quotient or its remainder would be subnormal, the vector is divided instead: that
is right in the last bit, and each operation with subnormal numbers costs as much as ten divisions.
"""
from __future__ import annotations

from mindspore_cpu.codegen.vector_math.common import absolute, with_sign
from mindspore_cpu.codegen.writer import FLOATS, Value, Writer

SMALL = {"float": 2.0**-100, "double": 2.0**-1000}
TINY = {"float": 2.0**-100, "double": 2.0**-960}
SCALE = {"float": 2.0**48, "double": 2.0**100}
WIDE = 512


def has_inverses(w: Writer, kind: str, lanes: int) -> bool:
    """Whether divisions of this kind are dear enough."""
    return lanes > 1 and kind in FLOATS and w.target.fma and w.target.bits >= WIDE


class Inverse:
    """A divisor and its inverse, in this many lanes."""

    def __init__(self, w: Writer, divisor: Value, lanes: int):
        size = absolute(w, divisor)
        small, scale = SMALL[divisor.kind], SCALE[divisor.kind]
        one = w.like(1, size)
        bound = w.mul(w.select(w.compare("olt", size, one), one, size), w.like(TINY[divisor.kind], size))
        self.bound = w.splat(w.bits(bound), lanes)
        self.plain = w.splat(divisor, lanes)
        factor = w.select(w.compare("olt", size, w.like(small, size)), w.like(scale, size), one)
        factor = w.select(w.compare("ogt", size, w.like(1 / small, size)), w.like(1 / scale, size), factor)
        size = w.mul(size, factor)
        self.factor = w.splat(with_sign(w, factor, divisor), lanes)
        self.divisor = w.splat(size, lanes)
        self.inverse = w.splat(w.div(one, size), lanes)

    def times(self, w: Writer, x: Value) -> Value:
        """x / divisor."""
        bits = w.bits(absolute(w, x))
        one = w.like(1, bits)
        tiny = w.any(w.compare("ult", w.sub(bits, one), w.sub(self.bound, one)))
        return w.either(tiny, lambda: w.div(x, self.plain), lambda: self._product(w, x))

    def _product(self, w: Writer, x: Value) -> Value:
        """x / divisor where nothing is subnormal."""
        x = w.mul(x, self.factor)
        quotient = w.mul(x, self.inverse)
        excess = w.fma(quotient, self.divisor, w.neg(x))
        corrected = w.fma(w.neg(excess), self.inverse, quotient)
        return w.select(w.compare("uno", corrected, corrected), quotient, corrected)
