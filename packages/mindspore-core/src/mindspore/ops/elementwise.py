"""Element-wise functions of one floating operand: exponentials, roots, trigonometry, rounding.

Integers and bools are computed as Float32, except where rounding leaves an integer as it is.
"""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    also,
    apply,
    as_inexact,
    as_tensor,
    binary,
    constant,
    primitive,
    promote,
)

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh", "atan",
    "atan2", "atanh", "ceil", "cos", "cosh", "erf", "erfc", "exp", "exp2", "expm1", "floor", "isfinite", "isinf",
    "isnan", "isneginf", "isposinf", "log", "log10", "log1p", "log2", "logit", "round", "rsqrt", "sin", "sinc", "sinh",
    "sqrt", "tan", "tanh", "trunc",
]

_EXP, _EXPM1, _EXP2, _LOG, _LOG1P, _LOG2, _LOG10 = map(
    primitive, ("exp", "expm1", "exp2", "log", "log1p", "log2", "log10"))
_SQRT, _RSQRT, _ERF, _ERFC, _SIN, _COS, _TAN = map(primitive, ("sqrt", "rsqrt", "erf", "erfc", "sin", "cos", "tan"))
_ASIN, _ACOS, _ATAN, _ATAN2, _SINH, _COSH, _TANH = map(
    primitive, ("asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh"))
_ASINH, _ACOSH, _ATANH, _FLOOR, _CEIL, _ROUND, _TRUNC = map(
    primitive, ("asinh", "acosh", "atanh", "floor", "ceil", "round", "trunc"))
_ISNAN, _ISINF, _ISFINITE, _EQ, _MUL, _DIV, _SUB, _SELECT = map(
    primitive, ("isnan", "isinf", "isfinite", "eq", "mul", "div", "sub", "select"))


def _floating(op, x: Operand) -> Tensor:
    try:
        if x._value.aval.dtype.is_inexact:  # type: ignore[union-attr]
            return apply(op, (x,))
    except AttributeError:
        pass
    return apply(op, (as_inexact(op.name, x),))


# -- exponentials, logarithms, roots -----------------------------------------------------------------------------------

def exp(input: Operand) -> Tensor:
    """e ** input."""
    return _floating(_EXP, input)


def expm1(input: Operand) -> Tensor:
    """e ** input - 1, exact near 0."""
    return _floating(_EXPM1, input)


def exp2(input: Operand) -> Tensor:
    """2 ** input."""
    return _floating(_EXP2, input)


def log(input: Operand) -> Tensor:
    """The natural logarithm: -inf at 0, NaN below."""
    return _floating(_LOG, input)


def log1p(input: Operand) -> Tensor:
    """log(1 + input), exact near 0."""
    return _floating(_LOG1P, input)


def log2(input: Operand) -> Tensor:
    """The logarithm to base 2."""
    return _floating(_LOG2, input)


def log10(input: Operand) -> Tensor:
    """The logarithm to base 10."""
    return _floating(_LOG10, input)


def logit(input: Operand, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)) of x = input, which `eps` keeps between eps and 1 - eps."""
    x = as_inexact("logit", input)
    if eps is not None and eps >= 0:
        x = apply(primitive("minimum"), (apply(primitive("maximum"), (x, constant(eps, x.dtype))),
                                         constant(1 - eps, x.dtype)))
    return apply(_LOG, (apply(_DIV, (x, apply(_SUB, (constant(1, x.dtype), x)))),))


def sqrt(x: Operand) -> Tensor:
    """The square root; NaN below 0. The derivative at 0 is infinite."""
    return _floating(_SQRT, x)


def rsqrt(input: Operand) -> Tensor:
    """1 / sqrt(input)."""
    return _floating(_RSQRT, input)


def erf(input: Operand) -> Tensor:
    """The error function, 2/sqrt(pi) times the integral of exp(-t**2) from 0 to input."""
    return _floating(_ERF, input)


def erfc(input: Operand) -> Tensor:
    """1 - erf(input), exact for large inputs."""
    return _floating(_ERFC, input)


# -- trigonometric and hyperbolic functions ----------------------------------------------------------------------------

def sin(input: Operand) -> Tensor:
    """The sine of an angle in radians."""
    return _floating(_SIN, input)


def cos(input: Operand) -> Tensor:
    """The cosine of an angle in radians."""
    return _floating(_COS, input)


def tan(input: Operand) -> Tensor:
    """The tangent of an angle in radians."""
    return _floating(_TAN, input)


def asin(input: Operand) -> Tensor:
    """The angle in [-pi/2, pi/2] of a sine; NaN outside [-1, 1]."""
    return _floating(_ASIN, input)


def acos(input: Operand) -> Tensor:
    """The angle in [0, pi] of a cosine; NaN outside [-1, 1]."""
    return _floating(_ACOS, input)


def atan(input: Operand) -> Tensor:
    """The angle in (-pi/2, pi/2) of a tangent."""
    return _floating(_ATAN, input)


def atan2(input: Operand, other: Operand) -> Tensor:
    """The angle in (-pi, pi] of the point whose second coordinate is `input` and whose first is `other`."""
    x, y = promote("atan2", input, other)
    return binary(_ATAN2, as_inexact("atan2", x), as_inexact("atan2", y))


def sinh(input: Operand) -> Tensor:
    """The hyperbolic sine."""
    return _floating(_SINH, input)


def cosh(input: Operand) -> Tensor:
    """The hyperbolic cosine."""
    return _floating(_COSH, input)


def tanh(input: Operand) -> Tensor:
    """The hyperbolic tangent."""
    return _floating(_TANH, input)


def asinh(input: Operand) -> Tensor:
    """The inverse of sinh."""
    return _floating(_ASINH, input)


def acosh(input: Operand) -> Tensor:
    """The inverse of cosh, not negative; NaN below 1."""
    return _floating(_ACOSH, input)


def atanh(input: Operand) -> Tensor:
    """The inverse of tanh; NaN outside [-1, 1]."""
    return _floating(_ATANH, input)


def sinc(input: Operand) -> Tensor:
    """sin(pi x) / (pi x) of x = input, and 1 at 0."""
    x = as_inexact("sinc", input)
    zero = apply(_EQ, (x, constant(0, x.dtype)))
    angle = apply(_MUL, (apply(_SELECT, (zero, constant(1, x.dtype), x)), constant(3.141592653589793, x.dtype)))
    return apply(_SELECT, (zero, constant(1, x.dtype), apply(_DIV, (apply(_SIN, (angle,)), angle))))


arcsin, arccos, arctan, arctan2 = also(asin, x="input"), acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh


# -- rounding ----------------------------------------------------------------------------------------------------------

def _rounded(op, input: Operand) -> Tensor:
    x = as_tensor(op.name, input)
    return apply(op, (x,)) if x.dtype.is_inexact else x


def floor(input: Operand) -> Tensor:
    """The largest whole number that is not above input; integers are returned as they are."""
    return _rounded(_FLOOR, input)


def ceil(input: Operand) -> Tensor:
    """The smallest whole number that is not below input; integers are returned as they are."""
    return _rounded(_CEIL, input)


def trunc(input: Operand) -> Tensor:
    """input without its fractional part; integers are returned as they are."""
    return _rounded(_TRUNC, input)


def round(input: Operand, *, decimals: int = 0) -> Tensor:
    """input rounded to `decimals` places, ties to even."""
    x = as_tensor("round", input)
    if decimals == 0 or not x.dtype.is_inexact:
        return _rounded(_ROUND, x)
    up, down = (_MUL, _DIV) if decimals > 0 else (_DIV, _MUL)
    scale = constant(10.0 ** (decimals if decimals > 0 else -decimals), x.dtype)
    return apply(down, (apply(_ROUND, (apply(up, (x, scale)),)), scale))


# -- what kind of number -----------------------------------------------------------------------------------------------

def isnan(input: Operand) -> Tensor:
    """Whether each element is NaN (Bool)."""
    return _floating(_ISNAN, input)


def isinf(input: Operand) -> Tensor:
    """Whether each element is inf or -inf (Bool)."""
    return _floating(_ISINF, input)


def isfinite(input: Operand) -> Tensor:
    """Whether each element is neither infinite nor NaN (Bool)."""
    return _floating(_ISFINITE, input)


def isposinf(input: Operand) -> Tensor:
    """Whether each element is inf (Bool)."""
    x = as_inexact("isposinf", input)
    return apply(_EQ, (x, constant(float("inf"), x.dtype)))


def isneginf(input: Operand) -> Tensor:
    """Whether each element is -inf (Bool)."""
    x = as_inexact("isneginf", input)
    return apply(_EQ, (x, constant(float("-inf"), x.dtype)))
