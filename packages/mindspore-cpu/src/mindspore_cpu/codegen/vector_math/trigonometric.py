"""sin, cos and tan in float.

x = n pi/2 + r with |r| <= pi/4, then a polynomial in r; n modulo 4 is the quadrant. Up to 2**16 the reduction takes
pi/2 in three floats, whose products with n are exact in a fused multiply-add (W. J. Cody and W. Waite, 1980). Beyond
that, if a lane needs it, 2/pi is taken to 96 bits at the place where the exponent of x makes all higher bits multiples
of 4 (M. H. Payne and R. N. Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18, 1983), in integer
arithmetic and out of line. Without fused multiply-add everything is reduced that way or in double.
Polynomials: minimax, fitted by tools/fit_polynomials.py.
"""
from __future__ import annotations

import math
from fractions import Fraction

from mindspore_cpu.codegen.vector_math.common import absolute, narrow, nearest, polynomial, widen
from mindspore_cpu.codegen.writer import Module, Value, Writer, type_name

SIN = (-0.1666666716337204, 0.008333380334079266, -0.00019853511184919626, 2.837514102793648e-06)
COS = (0.0416666679084301, -0.0013889014953747392, 2.483596108504571e-05, -3.0237185910664266e-07)
SIN_WIDE = (-0.16666666666666635, 0.008333333333322987, -0.00019841269830173504, 2.755731379855992e-06,
            -2.5050772644924167e-08, 1.5897546208320577e-10)
COS_WIDE = (0.04166666666666669, -0.001388888888888825, 2.4801587297420296e-05, -2.755731644773463e-07,
            2.0875986517491632e-09, -1.1372357078052267e-11)
HALF_PI = (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15)
HALF_PI_WIDE = (1.5707963267948966, 6.123233995736766e-17)
LIMIT = 65536.0
# 1 / pi from pi to 80 digits: accurate to 260 bits.
_INVERSE_PI = 1 / Fraction("3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986")


def sin(w: Writer, x: Value) -> Value:
    quadrant, r = _reduce(w, x)
    return _signed_zero(w, x, _combine(w, quadrant, r, 0))


def cos(w: Writer, x: Value) -> Value:
    quadrant, r = _reduce(w, x)
    return _combine(w, quadrant, r, 1)


def tan(w: Writer, x: Value) -> Value:
    """sin / cos, in double."""
    quadrant, r = _reduce_wide(w, x)
    z = w.mul(r, r)
    s = w.fma(w.mul(z, r), polynomial(w, z, SIN_WIDE), r)
    c = w.fma(w.mul(z, z), polynomial(w, z, COS_WIDE), w.fma(z, w.like(-0.5, z), w.like(1, z)))
    odd = w.convert("trunc", quadrant, "i1")
    return _signed_zero(w, x, narrow(w, w.div(w.select(odd, w.neg(c), s), w.select(odd, s, c))))


def _signed_zero(w: Writer, x: Value, y: Value) -> Value:
    """f(-0) = -0."""
    return w.select(w.compare("oeq", x, w.like(0, x)), x, y)


def _combine(w: Writer, quadrant: Value, r: Value, turn: int) -> Value:
    """sin(r + (quadrant + turn) pi/2)."""
    z = w.mul(r, r)
    s = w.fma(w.mul(z, r), polynomial(w, z, SIN), r)
    c = w.fma(w.mul(z, z), polynomial(w, z, COS), w.fma(z, w.like(-0.5, z), w.like(1, z)))
    turned = w.add(quadrant, w.like(turn, quadrant)) if turn else quadrant
    odd = w.convert("trunc", turned, "i1")
    sign = w.binary("shl", w.binary("and", turned, w.like(2, turned)), w.like(30, turned))
    return w.from_bits(w.binary("xor", w.bits(w.select(odd, c, s)), sign), "float")


def _reduce(w: Writer, x: Value) -> tuple[Value, Value]:
    """(quadrant, r in float)."""
    if not w.target.fma:
        quadrant, r = _reduce_wide(w, x)
        return quadrant, narrow(w, r)
    t, n = nearest(w, x, 2 / math.pi)
    r = x
    for part in HALF_PI:
        r = w.fma(n, w.like(-part, x), r)
    large = w.any(w.compare("uge", absolute(w, x), w.like(LIMIT, x)))

    def rare():
        quadrant, wide = _reduce_wide(w, x)
        return quadrant, narrow(w, wide)

    return tuple(w.branch_values(large, rare, (w.bits(t), r)))


def _reduce_wide(w: Writer, x: Value) -> tuple[Value, Value]:
    """(quadrant, r in double), by a helper function of the module."""
    name = f"ms_reduce_angle_{x.lanes}"
    pair = f"{{ {type_name('i32', x.lanes)}, {type_name('double', x.lanes)} }}"
    if not w.module.has(name):
        w.module.define(name, _define_reduction(w.module, name, x.lanes, pair))
    both = w.emit(f"call {pair} @{name}({x.type} {x.text})", "pair", x.lanes)
    return (w.emit(f"extractvalue {pair} {both.text}, 0", "i32", x.lanes),
            w.emit(f"extractvalue {pair} {both.text}, 1", "double", x.lanes))


def _define_reduction(module: Module, name: str, lanes: int, pair: str) -> str:
    """The helper: Payne and Hanek's reduction for |x| >= 2**16, in double below that."""
    w = Writer(module)
    x = Value("%x", "float", lanes)
    wide = widen(w, x)
    t, n = nearest(w, wide, 2 / math.pi)
    r = w.fma(n, w.like(-HALF_PI_WIDE[0], wide), wide)
    r = w.fma(n, w.like(-HALF_PI_WIDE[1], wide), r)
    if not module.target.fma:
        r = _reduce_in_parts(w, wide, n)
    quadrant = w.convert("trunc", w.bits(t), "i32")
    far_quadrant, far = _payne_hanek(w, x)
    large = w.compare("uge", absolute(w, x), w.like(LIMIT, x))
    quadrant, r = w.select(large, far_quadrant, quadrant), w.select(large, far, r)
    body = "\n".join(w.lines)
    first = f"  %i1 = insertvalue {pair} poison, {quadrant.type} {quadrant.text}, 0"
    second = f"  %i2 = insertvalue {pair} %i1, {r.type} {r.text}, 1"
    return (f"define internal {pair} @{name}({x.type} %x) #0 noinline {{\nentry:\n{body}\n{first}\n{second}\n"
            f"  ret {pair} %i2\n}}")


def _reduce_in_parts(w: Writer, x: Value, n: Value) -> Value:
    """x - n pi/2 with pi/2 in parts of 33 bits, whose products with n < 2**17 are exact."""
    rest = Fraction(1) / _INVERSE_PI / 2
    for _ in range(3):
        part = Fraction(math.floor(rest * 2**33 / Fraction(2)**_exponent(rest))) * Fraction(2)**_exponent(rest) / 2**33
        x = w.sub(x, w.mul(n, w.like(float(part), n)))
        rest -= part
    return x


def _exponent(value: Fraction) -> int:
    return math.frexp(float(value))[1]


def _payne_hanek(w: Writer, x: Value) -> tuple[Value, Value]:
    """(quadrant, r in double) for |x| >= 2**16; NaN for infinities and NaN. With x = m 2**s, m an integer of 24 bits,
    the table holds 2**s 2/pi modulo 4 as a fixed-point number of 64 bits, and 32 bits more."""
    lanes = x.lanes
    pattern = w.bits(x)
    exponent = w.binary("and", w.binary("lshr", pattern, w.like(23, pattern)), w.like(255, pattern))
    m = w.binary("or", w.binary("and", pattern, w.like(0x7FFFFF, pattern)), w.like(0x800000, pattern))
    m = w.convert("zext", m, "i64")
    index = w.convert("zext", exponent, "i64")
    index = w.binary("shl", index, w.like(1, index))
    high = _table_entry(w, index, lanes)
    low = _table_entry(w, w.add(index, w.like(1, index)), lanes)
    low = w.binary("lshr", w.mul(m, low), w.like(32, m))
    product = w.add(w.mul(m, high), low)
    quadrant = w.binary("lshr", w.add(product, w.like(1 << 61, product)), w.like(62, product))
    rest = w.sub(product, w.binary("shl", quadrant, w.like(62, quadrant)))
    r = w.mul(w.convert("sitofp", rest, "double"), w.const(math.pi / 2 * 2.0**-62, "double", lanes))
    negative = w.compare("slt", pattern, w.like(0, pattern))
    r = w.select(negative, w.neg(r), r)
    quadrant = w.select(negative, w.sub(w.like(0, quadrant), quadrant), quadrant)
    r = w.select(w.compare("eq", exponent, w.like(255, exponent)), w.const(math.nan, "double", lanes), r)
    return w.convert("trunc", quadrant, "i32"), r


def _table_entry(w: Writer, index: Value, lanes: int) -> Value:
    if not w.module.has("ms_two_over_pi"):
        words = ", ".join(f"i64 {word}" for word in _two_over_pi())
        w.module.define("ms_two_over_pi", f"@ms_two_over_pi = internal constant [512 x i64] [{words}]")
    address = w.element("@ms_two_over_pi", "i64", index)
    return w.load(address, "i64", 1) if lanes == 1 else w.load_lanes(address, "i64", lanes, None)


def _two_over_pi() -> list[int]:
    """For each exponent field of a float two words: 2**s 2/pi modulo 4, times 2**62, and the next 32 bits."""
    words = []
    for field in range(256):
        scaled = int(2 * _INVERSE_PI * Fraction(2)**(field - 150 + 94)) % 2**96
        high = scaled >> 32
        words += [high - (1 << 64) if high >> 63 else high, scaled & 0xFFFFFFFF]
    return words
