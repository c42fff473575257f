"""What the element-wise primitives mean for one element, in OpenCL C.

A bool is a `bool` in registers and a `uchar` in memory. Sums and products of signed integers are formed as unsigned
ones, which wrap around. OpenCL's `fmax` and `fmin` drop a NaN; ours keep it.
"""
from __future__ import annotations

import math
from string import Template

import numpy as np

from mindspore.common.dtype import DType

MEMORY = {"bool_": "uchar", "int8": "char", "int16": "short", "int32": "int", "int64": "long", "uint8": "uchar",
          "uint16": "ushort", "uint32": "uint", "uint64": "ulong", "float32": "float", "float64": "double"}
MATH = {"acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1",
        "floor", "log", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "trunc"}
INFIX = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "logical_and": "&&", "logical_or": "||",
         "logical_xor": "!=", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^"}
WRAPPING = {"add": "+", "sub": "-", "mul": "*"}
PLAIN = {"isnan": "isnan({0})", "isinf": "isinf({0})", "isfinite": "isfinite({0})", "round": "rint({0})",
         "rsqrt": "1 / sqrt({0})", "logical_not": "!{0}", "atan2": "atan2({0}, {1})", "select": "{0} ? {1} : {2}",
         "nextafter": "nextafter({0}, {1})", "maximum": "({0} > {1} || {0} != {0}) ? {0} : {1}",
         "minimum": "({0} < {1} || {0} != {0}) ? {0} : {1}",
         "tanh": "fabs({0}) > 20 ? sign({0}) : tanh({0})"}  # some drivers do not give 1 far out
HELPED = {"floor_div", "mod", "pow"}
SCALARS = frozenset({*MATH, *INFIX, *WRAPPING, *PLAIN, *HELPED, "neg", "abs", "sign", "div", "bitwise_not",
                     "shift_left", "shift_right", "cast"})

_FLOAT_DIVISION = """
$T mod_$T($T a, $T b) {
  $T r = fmod(a, b);
  if (r == 0) return copysign(($T)0, b);
  return (r < 0) != (b < 0) ? r + b : r;
}
$T floor_div_$T($T a, $T b) {
  if (b == 0) return a / b;
  $T r = fmod(a, b), q = (a - r) / b;
  if (r != 0 && (r < 0) != (b < 0)) q -= 1;
  if (q == 0) return copysign(($T)0, a / b);
  $T low = floor(q);
  return q - low > ($T)0.5 ? low + 1 : low;
}
"""
# A divisor 0 counts as 1, so that nothing traps; nor does dividing by -1, which negates.
_SIGNED_DIVISION = """
$T floor_div_$T($T a, $T b) {
  if (b == 0) return a;
  if (b == -1) return ($T)(0 - ($U)a);
  $T q = a / b;
  return a % b != 0 && (a % b < 0) != (b < 0) ? q - 1 : q;
}
$T mod_$T($T a, $T b) {
  if (b == 0 || b == -1) return 0;
  $T r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
$T pow_$T($T a, $T b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  $U result = 1, square = ($U)a;
  for (; b; b >>= 1, square *= square) if (b & 1) result *= square;
  return ($T)result;
}
"""
_UNSIGNED_DIVISION = """
$T floor_div_$T($T a, $T b) { return b == 0 ? a : a / b; }
$T mod_$T($T a, $T b) { return b == 0 ? 0 : a % b; }
$T pow_$T($T a, $T b) {
  $T result = 1;
  for (; b; b >>= 1, a *= a) if (b & 1) result *= a;
  return result;
}
"""
_HELPERS = {"f": _FLOAT_DIVISION, "i": _SIGNED_DIVISION, "u": _UNSIGNED_DIVISION}


def register_type(dtype: DType) -> str:
    """The C type of a value in registers."""
    return "bool" if dtype.kind == "b" else MEMORY[dtype.key]


def unsigned(dtype: DType) -> str:
    """The unsigned C type in which integers of this dtype wrap around."""
    return {1: "uchar", 2: "ushort", 4: "uint", 8: "ulong"}[dtype.itemsize]


def helpers(name: str, dtype: DType) -> str | None:
    """The functions that the expression of a primitive calls, if any."""
    if name not in HELPED or (name == "pow" and dtype.kind == "f"):
        return None
    return Template(_HELPERS[dtype.kind]).substitute(T=MEMORY[dtype.key], U=unsigned(dtype))


def literal(value: np.generic, dtype: DType) -> str:
    """A number of this dtype in OpenCL C."""
    kind = register_type(dtype)
    if dtype.kind == "b":
        return "true" if value else "false"
    if dtype.kind != "f":
        number = int(value)
        text = f"{number}UL" if number >= 2**63 else f"({number + 1}L - 1)" if number < 0 else f"{number}L"
        return f"(({kind}){text})"
    number = float(value)
    if math.isnan(number):
        return f"(({kind})NAN)"
    if math.isinf(number):
        return f"(({kind}){'-' if number < 0 else ''}INFINITY)"
    return f"({number.hex()}{'f' if kind == 'float' else ''})"


def scalar(name: str, args: list[str], dtype: DType, result: DType) -> str:
    """The primitive applied to values in registers, as an expression. dtype: of the last operand; result: of the
    result."""
    kind = register_type(dtype)
    if name in MATH:
        return f"{name}({args[0]})"
    if name in INFIX:
        return f"{args[0]} {INFIX[name]} {args[1]}"
    if name in PLAIN:
        return PLAIN[name].format(*args)
    if name in WRAPPING:
        if dtype.kind == "f":
            return f"{args[0]} {WRAPPING[name]} {args[1]}"
        wide = "ulong" if dtype.itemsize == 8 else "uint"
        return f"({kind})(({wide}){args[0]} {WRAPPING[name]} ({wide}){args[1]})"
    if name in HELPED:
        return f"pow({args[0]}, {args[1]})" if name == "pow" and dtype.kind == "f" else \
            f"{name}_{kind}({args[0]}, {args[1]})"
    return _special(name, args, dtype, result)


def _special(name: str, args: list[str], dtype: DType, result: DType) -> str:
    x, kind, floating = args[0], register_type(dtype), dtype.kind == "f"
    if name == "cast":
        return _cast(x, dtype, result)
    if name == "div":
        return f"{x} / {args[1]}"
    if name == "neg":
        return f"-{x}" if floating else f"({kind})(0 - ({unsigned(dtype)}){x})"
    if name == "abs":
        if floating:
            return f"fabs({x})"
        return x if dtype.kind == "u" else f"{x} < 0 ? ({kind})(0 - ({unsigned(dtype)}){x}) : {x}"
    if name == "sign":
        plain = f"({kind})(({x} > 0) - ({x} < 0))"
        return f"{x} != {x} ? {x} : {plain}" if floating else plain
    if name == "bitwise_not":
        return f"!{x}" if dtype.kind == "b" else f"({kind})~{x}"
    count = f"((uint){args[1]} & {8 * dtype.itemsize - 1}u)"
    return f"({kind})(({unsigned(dtype)}){x} << {count})" if name == "shift_left" else f"({kind})({x} >> {count})"


def _cast(x: str, source: DType, target: DType) -> str:
    if target.kind == "b":
        return x if source.kind == "b" else f"{x} != 0"
    kind = register_type(target)
    if source.kind == "f" and target.kind in "iu":  # what does not fit gives any number, and the narrow types wrap
        return f"({kind})({'ulong' if kind == 'ulong' else 'long'}){x}"
    return f"({kind}){x}"
