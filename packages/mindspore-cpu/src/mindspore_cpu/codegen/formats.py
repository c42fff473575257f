"""Conversions between float and the two 16-bit formats: to nearest, halves to even, subnormal numbers and NaN included.

bfloat16 is the upper half of a float. The processor's own conversion, where there is one, takes subnormal numbers
for 0, so the rounding is done on the bits. float16 has instructions on all but the oldest processors; there the bits
are moved by integer arithmetic, and the change of exponent is a multiplication or addition of floats, which also
normalises or rounds subnormal numbers.
"""
from __future__ import annotations

from mindspore_cpu.codegen.vector_math.common import absolute
from mindspore_cpu.codegen.writer import Value, Writer


def round_to_bfloat(w: Writer, x: Value) -> Value:
    """The bits of a float rounded to nearest even at bit 16; a NaN stays one."""
    bits = w.bits(x)
    odd = w.binary("and", w.binary("lshr", bits, w.like(16, bits)), w.like(1, bits))
    rounded = w.add(bits, w.add(odd, w.like(0x7FFF, bits)))
    quiet = w.binary("or", bits, w.like(0x400000, bits))
    return w.select(w.compare("uno", x, x), quiet, rounded)


def round_to_odd(w: Writer, x: Value) -> Value:
    """A double as a float whose last bit is set if it is inexact, so that a second rounding is right (S. Boldo and
    G. Melquiond, Emulation of FMA and correctly rounded sums, 2008)."""
    near = w.convert("fptrunc", x, "float")
    back = w.convert("fpext", near, "double")
    bits = w.bits(near)
    one = w.like(1, bits)
    toward_zero = w.select(w.compare("ogt", absolute(w, back), absolute(w, x)), w.sub(bits, one), bits)
    odd = w.from_bits(w.binary("or", toward_zero, one), "float")
    return w.select(w.compare("one", back, x), odd, near)


def from_half(w: Writer, x: Value) -> Value:
    """The float of float16 bits (i16)."""
    if w.target.half:
        return w.convert("fpext", w.from_bits(x, "half"), "float")
    bits = w.convert("zext", x, "i32")
    magnitude = w.binary("shl", w.binary("and", bits, w.like(0x7FFF, bits)), w.like(13, bits))
    scaled = w.bits(w.mul(w.from_bits(magnitude, "float"), w.const(2.0**112, "float", x.lanes)))
    special = w.compare("uge", magnitude, w.like(0x7C00 << 13, bits))
    magnitude = w.select(special, w.binary("or", magnitude, w.like(0x7F800000, bits)), scaled)
    sign = w.binary("shl", w.binary("and", bits, w.like(0x8000, bits)), w.like(16, bits))
    return w.from_bits(w.binary("or", magnitude, sign), "float")


def to_half(w: Writer, x: Value) -> Value:
    """The float16 bits (i16) nearest to a float."""
    if w.target.half:
        return w.bits(w.convert("fptrunc", x, "half"))
    bits = w.bits(x)
    size = w.binary("and", bits, w.like(0x7FFFFFFF, bits))
    odd = w.binary("and", w.binary("lshr", size, w.like(13, bits)), w.like(1, bits))
    rebased = w.add(size, w.add(odd, w.like(((15 - 127) << 23) + 0xFFF, bits)))
    normal = w.binary("lshr", rebased, w.like(13, bits))
    unit = w.const(0.5, "float", x.lanes)  # its last place is the smallest subnormal float16
    tiny = w.sub(w.bits(w.add(w.from_bits(size, "float"), unit)), w.bits(unit))
    result = w.select(w.compare("ult", size, w.like(0x38800000, bits)), tiny, normal)
    result = w.select(w.compare("uge", size, w.like(0x47800000, bits)), w.like(0x7C00, bits), result)
    result = w.select(w.compare("ugt", size, w.like(0x7F800000, bits)), w.like(0x7E00, bits), result)
    sign = w.binary("and", w.binary("lshr", bits, w.like(16, bits)), w.like(0x8000, bits))
    return w.convert("trunc", w.binary("or", result, sign), "i16")
