"""What the element-wise primitives mean for one element, or for a vector of elements, as LLVM instructions.

A value of dtype bool is an i1, an integer an iN (signedness belongs to the operation), float16 and bfloat16 values are
floats that are rounded when they are stored and where a `cast` says so.
"""
from __future__ import annotations

from collections.abc import Callable

from mindspore.common.dtype import DType, bfloat16, bool_, float16, float64
from mindspore_cpu.codegen.formats import from_half, round_to_bfloat, round_to_odd, to_half
from mindspore_cpu.codegen.vector_math import FUNCTIONS, function
from mindspore_cpu.codegen.vector_math.common import ROUND, absolute, lane_calls, with_sign
from mindspore_cpu.codegen.writer import BITS, FLOATS, Value, Writer, suffix, type_name


def kind_of(dtype: DType) -> str:
    """The element type in registers."""
    if dtype is bool_:
        return "i1"
    if dtype.is_floating:
        return "double" if dtype is float64 else "float"
    return f"i{8 * dtype.itemsize}"


def storage_of(dtype: DType) -> str:
    """The element type in memory."""
    if dtype is bool_:
        return "i8"
    return "i16" if dtype in (float16, bfloat16) else kind_of(dtype)


def from_storage(w: Writer, x: Value, dtype: DType) -> Value:
    """A loaded value as it is in registers."""
    if dtype is bool_:
        return w.compare("ne", x, w.like(0, x))
    if dtype is float16:
        return from_half(w, x)
    if dtype is bfloat16:
        wide = w.convert("zext", x, "i32")
        return w.from_bits(w.binary("shl", wide, w.like(16, wide)), "float")
    return x


def to_storage(w: Writer, x: Value, dtype: DType) -> Value:
    """A value in registers as it is stored."""
    if dtype is bool_:
        return w.convert("zext", x, "i8")
    if dtype is float16:
        return to_half(w, x)
    if dtype is bfloat16:
        return w.convert("trunc", w.binary("lshr", round_to_bfloat(w, x), w.const(16, "i32", x.lanes)), "i16")
    return x


def cast(w: Writer, x: Value, source: DType, target: DType) -> Value:
    """A value of dtype `source` converted to `target`."""
    kind = kind_of(target)
    if target is bool_:
        return x if source is bool_ else w.compare("une" if x.kind in FLOATS else "ne", x, w.like(0, x))
    if source is bool_:
        return w.convert("uitofp" if kind in FLOATS else "zext", x, kind)
    if source.is_floating and target.is_floating:
        return _cast_float(w, x, source, target)
    if source.is_floating:
        return _to_integer(w, x, target)
    if target.is_floating:
        x = w.convert("sitofp" if source.kind == "i" else "uitofp", x, kind)
        return _cast_float(w, x, None, target) if target in (float16, bfloat16) else x
    if BITS[kind] == BITS[x.kind]:
        return x
    if BITS[kind] < BITS[x.kind]:
        return w.convert("trunc", x, kind)
    return w.convert("sext" if source.kind == "i" else "zext", x, kind)


def _cast_float(w: Writer, x: Value, source: DType | None, target: DType) -> Value:
    kind = kind_of(target)
    if x.kind != kind:
        if x.kind == "double" and target in (float16, bfloat16):
            return _cast_float(w, round_to_odd(w, x), None, target)
        x = w.convert("fptrunc" if kind == "float" else "fpext", x, kind)
    if source is target or target not in (float16, bfloat16):
        return x
    if target is float16:
        return from_half(w, to_half(w, x))
    bits = round_to_bfloat(w, x)
    return w.from_bits(w.binary("and", bits, w.like(0xFFFF0000, bits)), "float")


def _to_integer(w: Writer, x: Value, target: DType) -> Value:
    """A float truncated; an unspecified number for what does not fit."""
    bits = 8 * target.itemsize
    if bits < 32 or (target.kind == "u" and bits == 32):
        wide = _frozen(w, w.convert("fptosi", x, "i32" if bits < 32 else "i64"))
        return w.convert("trunc", wide, f"i{bits}")
    return _frozen(w, w.convert("fptosi" if target.kind == "i" else "fptoui", x, f"i{bits}"))


def _frozen(w: Writer, x: Value) -> Value:
    return w.emit(f"freeze {x.type} {x.text}", x.kind, x.lanes)


# -- comparison, choice ----------------------------------------------------------------------------------------------


def larger(w: Writer, a: Value, b: Value, dtype: DType) -> Value:
    """max(a, b); NaN if one is NaN."""
    return _extremum(w, a, b, dtype, "ogt", ("smax", "umax"))


def smaller(w: Writer, a: Value, b: Value, dtype: DType) -> Value:
    """min(a, b); NaN if one is NaN."""
    return _extremum(w, a, b, dtype, "olt", ("smin", "umin"))


def _extremum(w: Writer, a: Value, b: Value, dtype: DType, condition: str, names: tuple[str, str]) -> Value:
    if a.kind not in FLOATS:
        return w.intrinsic(names[dtype.kind == "u"], a, b)
    chosen = w.select(w.compare(condition, a, b), a, b)
    return w.select(w.compare("uno", a, a), a, chosen)


_CONDITIONS = {"eq": ("oeq", "eq", "eq"), "ne": ("une", "ne", "ne"), "lt": ("olt", "slt", "ult"),
               "le": ("ole", "sle", "ule"), "gt": ("ogt", "sgt", "ugt"), "ge": ("oge", "sge", "uge")}


def compare(w: Writer, name: str, a: Value, b: Value, dtype: DType) -> Value:
    """One of the six comparisons."""
    floating, signed, unsigned = _CONDITIONS[name]
    return w.compare(floating if a.kind in FLOATS else signed if dtype.kind == "i" else unsigned, a, b)


def _sign(w: Writer, x: Value, dtype: DType) -> Value:
    if x.kind in FLOATS:
        y = with_sign(w, w.like(1, x), x)
        return w.select(w.compare("une", x, w.like(0, x)), w.select(w.compare("uno", x, x), x, y), w.like(0, x))
    positive = w.select(w.compare("ne", x, w.like(0, x)), w.like(1, x), w.like(0, x))
    if dtype.kind == "u":
        return positive
    return w.select(w.compare("slt", x, w.like(0, x)), w.like(-1, x), positive)


def _abs(w: Writer, x: Value, dtype: DType) -> Value:
    if x.kind in FLOATS:
        return absolute(w, x)
    if dtype.kind == "u":
        return x
    return w.select(w.compare("slt", x, w.like(0, x)), w.neg(x), x)


# -- division --------------------------------------------------------------------------------------------------------


def _floor_div(w: Writer, a: Value, b: Value, dtype: DType) -> Value:
    if a.kind in FLOATS:
        return _float_floor_div(w, a, b)
    return _integer_division(w, a, b, dtype)[0]


def _mod(w: Writer, a: Value, b: Value, dtype: DType) -> Value:
    if a.kind in FLOATS:
        return _float_mod(w, a, b)[0]
    return _integer_division(w, a, b, dtype)[1]


def _integer_division(w: Writer, a: Value, b: Value, dtype: DType) -> tuple[Value, Value]:
    """(quotient rounded down, remainder). A divisor 0 counts as 1, so that nothing traps; dividing by -1 negates."""
    zero, one = w.like(0, b), w.like(1, b)
    safe = w.select(w.compare("eq", b, zero), one, b)
    if BITS[a.kind] < 64:
        q = _divide_narrow(w, a, safe, dtype)
    else:
        q = _divide_lanes(w, a, safe, dtype.kind == "i")
    r = w.sub(a, w.mul(q, safe))
    if dtype.kind == "u":
        return q, r
    opposite = w.compare("slt", w.binary("xor", r, safe), zero)
    uneven = w.binary("and", opposite, w.compare("ne", r, zero))
    return w.select(uneven, w.sub(q, one), q), w.select(uneven, w.add(r, safe), r)


def _divide_narrow(w: Writer, a: Value, b: Value, dtype: DType) -> Value:
    """The truncated quotient of integers below 64 bits, in double: its 53 bits cannot round a quotient up to the next
    whole number."""
    signed = dtype.kind == "i"
    to_float = "sitofp" if signed else "uitofp"
    exact = w.div(w.convert(to_float, a, "double"), w.convert(to_float, b, "double"))
    wide = w.convert("fptosi", exact, "i64" if BITS[a.kind] == 32 else "i32")
    return w.convert("trunc", wide, a.kind)


def _divide_lanes(w: Writer, a: Value, b: Value, signed: bool) -> Value:
    """The truncated quotient of 64-bit integers, one lane after the other, in a helper function."""
    op = "sdiv" if signed else "udiv"
    if signed:
        minus = w.compare("eq", b, w.like(-1, b))
        result = _divide_lanes_by(w, a, w.select(minus, w.like(1, b), b), op)
        return w.select(minus, w.neg(a), result)
    return _divide_lanes_by(w, a, b, op)


def _divide_lanes_by(w: Writer, a: Value, b: Value, op: str) -> Value:
    if a.lanes == 1:
        return w.binary(op, a, b)
    name, wide = f"ms_{op}_{suffix(a.kind, a.lanes)}", type_name(a.kind, a.lanes)
    if not w.module.has(name):
        lines = [f"define internal {wide} @{name}({wide} %a, {wide} %b) #0 noinline {{"]
        for k in range(a.lanes):
            lines += [f"  %a{k} = extractelement {wide} %a, i64 {k}", f"  %b{k} = extractelement {wide} %b, i64 {k}",
                      f"  %q{k} = {op} {a.kind} %a{k}, %b{k}",
                      f"  %r{k} = insertelement {wide} {f'%r{k - 1}' if k else 'poison'}, {a.kind} %q{k}, i64 {k}"]
        w.module.define(name, "\n".join([*lines, f"  ret {wide} %r{a.lanes - 1}", "}"]))
    return w.emit(f"call {wide} @{name}({wide} {a.text}, {wide} {b.text})", a.kind, a.lanes)


def _remainder(w: Writer, a: Value, b: Value) -> Value:
    """The exact remainder of a / b with the sign of a. A quotient below 2**22 gives it in one fused step of twice the
    precision for float; others go to the C library."""
    if a.kind == "double" or not w.target.fma:
        return lane_calls(w, "fmod" if a.kind == "double" else "fmodf", a.kind, a, b)
    wide_a, wide_b = w.convert("fpext", a, "double"), w.convert("fpext", b, "double")
    ratio = w.div(wide_a, wide_b)
    size = absolute(w, ratio)
    usual = w.convert("fptrunc", w.fma(w.neg(w.intrinsic("trunc", ratio)), wide_b, wide_a), "float")
    usual = w.select(w.compare("olt", absolute(w, a), absolute(w, b)), a, with_sign(w, usual, a))
    rare = w.any(w.compare("uge", size, w.like(2.0**28, size)))
    return w.branch_values(rare, lambda: [lane_calls(w, "fmodf", "float", a, b)], [usual])[0]


def _float_mod(w: Writer, a: Value, b: Value) -> tuple[Value, Value]:
    """(remainder with the sign of b, remainder with the sign of a)."""
    r = _remainder(w, a, b)
    zero = w.like(0, r)
    opposite = w.compare("olt", w.mul(with_sign(w, w.like(1, r), r), with_sign(w, w.like(1, b), b)), zero)
    uneven = w.binary("and", opposite, w.compare("une", r, zero))
    fixed = w.select(uneven, w.add(r, b), r)
    return w.select(w.compare("oeq", r, zero), with_sign(w, zero, b), fixed), r


def _float_floor_div(w: Writer, a: Value, b: Value) -> Value:
    """(a - remainder) / b, which is whole but for rounding."""
    modulus, r = _float_mod(w, a, b)
    quotient = w.div(w.sub(a, r), b)
    one = w.like(1, quotient)
    adjusted = w.select(w.compare("one", w.sub(modulus, r), w.like(0, r)), w.sub(quotient, one), quotient)
    low = w.intrinsic("floor", adjusted)
    high = w.compare("ogt", w.sub(adjusted, low), w.like(0.5, low))
    result = w.select(high, w.add(low, one), low)
    ratio = w.div(a, b)
    result = w.select(w.compare("oeq", adjusted, w.like(0, ratio)), with_sign(w, w.like(0, ratio), ratio), result)
    return w.select(w.compare("oeq", b, w.like(0, b)), ratio, result)


# -- powers, shifts, rounding ----------------------------------------------------------------------------------------


def _pow(w: Writer, a: Value, b: Value, dtype: DType) -> Value:
    return function(w, "pow", a, b) if a.kind in FLOATS else _integer_power(w, a, b, dtype)


def _integer_power(w: Writer, a: Value, b: Value, dtype: DType) -> Value:
    """By squaring, as many times as the exponent has bits; negative exponents give the truncated quotient."""
    zero, one = w.like(0, a), w.like(1, a)
    result, square, rest = one, a, b
    for bit in range(BITS[a.kind]):
        odd = w.convert("trunc", rest, "i1")
        result = w.select(odd, w.mul(result, square), result)
        if bit + 1 < BITS[a.kind]:
            square = w.mul(square, square)
            rest = w.binary("lshr", rest, one)
    if dtype.kind == "u":
        return result
    odd = w.convert("trunc", b, "i1")
    unit = w.select(w.compare("eq", a, w.like(-1, a)), w.select(odd, a, one), zero)
    unit = w.select(w.compare("eq", a, one), one, unit)
    return w.select(w.compare("slt", b, zero), unit, result)


def _shift(w: Writer, op: str, a: Value, b: Value) -> Value:
    """A shift by a count that is taken modulo the width, so that it is always defined."""
    return w.binary(op, a, w.binary("and", b, w.like(BITS[b.kind] - 1, b)))


def _round(w: Writer, x: Value) -> Value:
    """To nearest, halves to even. Without a rounding instruction: by adding and taking away 1.5 * 2**23."""
    if w.target.level != "generic":
        return w.intrinsic("roundeven", x)
    magic = w.like(ROUND[x.kind] / 1.5, x)
    size = absolute(w, x)
    whole = w.sub(w.add(size, magic), magic)
    small = w.compare("olt", size, magic)
    return w.select(small, with_sign(w, whole, x), x)


def _next_after(w: Writer, x: Value, y: Value, dtype: DType) -> Value:
    """The neighbour of x towards y: as integers, floats of one sign are in the order of their sizes."""
    bits = w.bits(x)
    one = w.like(1, bits)
    towards_zero = w.compare("olt", w.mul(with_sign(w, w.like(1, x), x), w.sub(y, x)), w.like(0, x))
    step = w.select(towards_zero, w.sub(bits, one), w.add(bits, one))
    least = with_sign(w, w.from_bits(one, x.kind), y)
    moved = w.select(w.compare("oeq", x, w.like(0, x)), least, w.from_bits(step, x.kind))
    moved = w.select(w.compare("oeq", x, y), y, moved)
    return w.select(w.compare("uno", x, y), w.add(x, y), moved)


# -- the table -------------------------------------------------------------------------------------------------------

_Rule = Callable[..., Value]

_UNARY: dict[str, _Rule] = {
    "neg": lambda w, x, t: w.neg(x), "abs": _abs, "sign": _sign,
    "sqrt": lambda w, x, t: w.intrinsic("sqrt", x),
    "rsqrt": lambda w, x, t: w.div(w.like(1, x), w.intrinsic("sqrt", x)),
    "floor": lambda w, x, t: w.intrinsic("floor", x), "ceil": lambda w, x, t: w.intrinsic("ceil", x),
    "trunc": lambda w, x, t: w.intrinsic("trunc", x), "round": lambda w, x, t: _round(w, x),
    "logical_not": lambda w, x, t: w.binary("xor", x, w.like(True, x)),
    "bitwise_not": lambda w, x, t: w.binary("xor", x, w.like(-1, x)),
    "isnan": lambda w, x, t: w.compare("uno", x, x),
    "isinf": lambda w, x, t: w.compare("oeq", absolute(w, x), w.like(float("inf"), x)),
    "isfinite": lambda w, x, t: w.compare("olt", absolute(w, x), w.like(float("inf"), x)),
}
_BINARY: dict[str, _Rule] = {
    "add": lambda w, a, b, t: w.add(a, b), "sub": lambda w, a, b, t: w.sub(a, b),
    "mul": lambda w, a, b, t: w.mul(a, b), "div": lambda w, a, b, t: w.div(a, b),
    "floor_div": _floor_div, "mod": _mod, "pow": _pow, "nextafter": _next_after, "maximum": larger, "minimum": smaller,
    "logical_and": lambda w, a, b, t: w.binary("and", a, b), "logical_or": lambda w, a, b, t: w.binary("or", a, b),
    "logical_xor": lambda w, a, b, t: w.binary("xor", a, b), "bitwise_and": lambda w, a, b, t: w.binary("and", a, b),
    "bitwise_or": lambda w, a, b, t: w.binary("or", a, b), "bitwise_xor": lambda w, a, b, t: w.binary("xor", a, b),
    "shift_left": lambda w, a, b, t: _shift(w, "shl", a, b),
    "shift_right": lambda w, a, b, t: _shift(w, "ashr" if t.kind == "i" else "lshr", a, b),
}
SCALARS = frozenset({*_UNARY, *_BINARY, *_CONDITIONS, *FUNCTIONS, "select", "cast"})

# Rough cost in instructions, for the choice of vector width, of what to keep between passes, and of thread counts.
COST = {
    "maximum": 3, "minimum": 3, "div": 8, "sqrt": 8, "rsqrt": 16, "floor_div": 30, "mod": 25,
    "exp": 16, "exp2": 14, "expm1": 20, "tanh": 25, "erf": 36, "log": 24, "log1p": 28, "sin": 26, "cos": 26, "tan": 60,
    "log2": 60, "sinh": 60, "cosh": 60, "asin": 70, "acos": 70, "atan": 70, "atan2": 70, "asinh": 70, "acosh": 70,
    "atanh": 70, "erfc": 70, "pow": 110,
}


def scalar(w: Writer, name: str, operands: list[Value], dtype: DType, result: DType) -> Value:
    """The primitive `name` applied to operands in registers. dtype: of the last operand; result: of the result."""
    if name == "cast":
        return cast(w, operands[0], dtype, result)
    if name == "select":
        return w.select(*operands)
    if name in _CONDITIONS:
        return compare(w, name, *operands, dtype)
    if name in FUNCTIONS and name != "pow":
        return function(w, name, *operands)
    return (_UNARY if len(operands) == 1 else _BINARY)[name](w, *operands, dtype)
