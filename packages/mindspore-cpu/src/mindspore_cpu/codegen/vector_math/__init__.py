"""Elementary functions written in LLVM IR, for scalars and vectors.

Functions of float are accurate to 2 units in the last place over the whole range, subnormal numbers, infinities and NaN
included. Functions of double call the C library lane by lane.
"""
from __future__ import annotations

from mindspore_cpu.codegen.vector_math import exponential, logarithm, trigonometric, wide
from mindspore_cpu.codegen.vector_math.common import lane_calls
from mindspore_cpu.codegen.writer import Value, Writer

_FLOAT = {
    "exp": exponential.exp, "exp2": exponential.exp2, "expm1": exponential.expm1, "tanh": exponential.tanh,
    "erf": exponential.erf, "log": logarithm.log, "log1p": logarithm.log1p, "log2": wide.log2,
    "sin": trigonometric.sin, "cos": trigonometric.cos, "tan": trigonometric.tan,
    "asin": wide.asin, "acos": wide.acos, "atan": wide.atan, "atan2": wide.atan2,
    "sinh": wide.sinh, "cosh": wide.cosh, "asinh": wide.asinh, "acosh": wide.acosh, "atanh": wide.atanh,
    "erfc": wide.erfc, "pow": wide.power,
}
FUNCTIONS = frozenset(_FLOAT)


def function(w: Writer, name: str, *operands: Value) -> Value:
    """An elementary function of float or double operands; the names are those of the primitives."""
    if operands[0].kind == "double":
        return lane_calls(w, name, "double", *operands)
    return _FLOAT[name](w, *operands)
