"""Pieces that the approximations share."""
from __future__ import annotations

from collections.abc import Sequence

from mindspore_cpu.codegen.writer import Value, Writer, suffix, type_name

INF, NAN = float("inf"), float("nan")
ROUND = {"float": 12582912.0, "double": 6755399441055744.0}  # 1.5 * 2**23 and 1.5 * 2**52


def polynomial(w: Writer, x: Value, coefficients: Sequence[float]) -> Value:
    """c[0] + c[1] x + c[2] x**2 + ... by Horner's rule."""
    result = w.like(coefficients[-1], x)
    for c in reversed(coefficients[:-1]):
        result = w.fma(result, x, w.like(c, x))
    return result


def at_most(w: Writer, x: Value, limit: float) -> Value:
    """min(x, limit); NaN stays NaN."""
    bound = w.like(limit, x)
    return w.select(w.compare("olt", bound, x), bound, x)


def at_least(w: Writer, x: Value, limit: float) -> Value:
    """max(x, limit); NaN stays NaN."""
    bound = w.like(limit, x)
    return w.select(w.compare("ogt", bound, x), bound, x)


def nearest(w: Writer, x: Value, scale: float) -> tuple[Value, Value]:
    """(t, n) with n = x * scale rounded to a whole number, below 2**22 in size, as a float. The low bits of t are
    those of n as an integer: adding 1.5 * 2**23 leaves no room for a fraction."""
    magic = w.like(ROUND[x.kind], x)
    t = w.fma(x, w.like(scale, x), magic)
    return t, w.sub(t, magic)


def absolute(w: Writer, x: Value) -> Value:
    return w.intrinsic("fabs", x)


def with_sign(w: Writer, magnitude: Value, sign: Value) -> Value:
    """The magnitude with the sign of another value."""
    return w.intrinsic("copysign", magnitude, sign)


def quotient(w: Writer, a: Value, b: Value) -> Value:
    """a / b to within one unit in the last place, for b neither 0 nor infinite nor subnormal. With 512-bit vectors: an
    estimate of 1 / b to 14 bits, and one step of Newton on the quotient; four times as fast as a division."""
    if not w.target.masks or a.kind != "float" or a.lanes != 16:
        return w.div(a, b)
    reciprocal = w.call("llvm.x86.avx512.rcp14.ps.512", "float", 16, (b, *ALL_LANES))
    first = w.mul(a, reciprocal)
    return w.fma(w.fma(w.neg(b), first, a), reciprocal, first)


ALL_LANES = (Value("zeroinitializer", "float", 16), Value("-1", "i16", 1))


def scale_by_power(w: Writer, y: Value, t: Value, n: Value) -> Value:
    """y * 2**n for y in [1/2, 2] and n, t from `nearest`, rounded once also where the result is subnormal."""
    if w.target.masks and y.kind == "float" and y.lanes == 16:
        return w.call("llvm.x86.avx512.mask.scalef.ps.512", "float", 16, (y, n, *ALL_LANES, w.const(4, "i32")))
    whole = w.sub(w.bits(t), w.const(0x4B400000, "i32", t.lanes))
    half = w.binary("ashr", whole, w.like(1, whole))
    return w.mul(w.mul(y, power_of_two(w, half)), power_of_two(w, w.sub(whole, half)))


def power_of_two(w: Writer, exponent: Value) -> Value:
    """2.0**exponent for integers in [-126, 127]."""
    biased = w.add(exponent, w.like(127, exponent))
    return w.from_bits(w.binary("shl", biased, w.like(23, biased)), "float")


def widen(w: Writer, x: Value) -> Value:
    """A float as double."""
    return w.convert("fpext", x, "double")


def narrow(w: Writer, x: Value) -> Value:
    """A double rounded to float."""
    return w.convert("fptrunc", x, "float")


def lane_calls(w: Writer, function: str, kind: str, *operands: Value) -> Value:
    """A function of the C library, lane by lane, in a helper function of the module."""
    lanes = operands[0].lanes
    if lanes == 1:
        return w.call(function, kind, 1, operands)
    name = f"ms_{function}_{suffix(kind, lanes)}"
    wide = type_name(kind, lanes)
    letters = "abc"[:len(operands)]
    if not w.module.has(name):
        w.module.declare(function, f"declare {kind} @{function}({', '.join([kind] * len(operands))})")
        lines = [f"define internal {wide} @{name}({', '.join(f'{wide} %{c}' for c in letters)}) #0 noinline {{"]
        for k in range(lanes):
            lines += [f"  %{c}{k} = extractelement {wide} %{c}, i64 {k}" for c in letters]
            lines.append(f"  %y{k} = call {kind} @{function}({', '.join(f'{kind} %{c}{k}' for c in letters)})")
            before = f"%r{k - 1}" if k else "poison"
            lines.append(f"  %r{k} = insertelement {wide} {before}, {kind} %y{k}, i64 {k}")
        w.module.define(name, "\n".join([*lines, f"  ret {wide} %r{lanes - 1}", "}"]))
    arguments = ", ".join(f"{o.type} {o.text}" for o in operands)
    return w.emit(f"call {wide} @{name}({arguments})", kind, lanes)
