"""Element-wise arithmetic: sums, products, quotients, remainders, powers, extrema, and what follows from them.

Operands are promoted as `_operands` says and broadcast as in NumPy. Quotients of integers are Float32. Shapes that do
not broadcast raise ValueError, operands that are no numbers and dtypes that an operator does not know TypeError.
"""
from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from mindspore.common.dtype import DType, float64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    NUMBERS,
    Operand,
    apply,
    as_inexact,
    as_tensor,
    binary,
    constant,
    convert,
    magnitude,
    primitive,
    promote,
    promote_all,
    scalar,
)

__all__ = [
    "abs", "absolute", "accumulate_n", "add", "addcdiv", "addcmul", "addn", "clamp", "clip", "copysign", "deg2rad",
    "div", "divide", "float_power", "floor_div", "floor_divide", "floor_mod", "fmax", "fmin", "fmod", "frac",
    "heaviside", "hypot", "inv", "ldexp", "lerp", "logaddexp", "logaddexp2", "maximum", "minimum", "mul", "multiply",
    "nan_to_num", "neg", "negative", "positive", "pow", "rad2deg", "reciprocal", "remainder", "sgn", "sign", "signbit",
    "square", "sub", "subtract", "true_divide", "truncate_div", "truncate_mod", "xdivy", "xlogy",
]

_ADD, _SUB, _MUL, _DIV, _NEG, _ABS, _SIGN = map(primitive, ("add", "sub", "mul", "div", "neg", "abs", "sign"))
_FLOOR_DIV, _MOD, _POW, _TRUNC = map(primitive, ("floor_div", "mod", "pow", "trunc"))
_MAXIMUM, _MINIMUM, _OR, _AND = map(primitive, ("maximum", "minimum", "logical_or", "logical_and"))
_AT_LEAST, _AT_MOST = primitive("at_least"), primitive("at_most")
_SELECT, _EQ, _LT, _GT, _NOT = map(primitive, ("select", "eq", "lt", "gt", "logical_not"))
_LE, _GE = primitive("le"), primitive("ge")
_ISNAN, _ISFINITE, _BROADCAST = map(primitive, ("isnan", "isfinite", "broadcast_to"))
_SQRT, _LOG, _LOG1P, _LOG2, _EXP, _EXP2 = map(primitive, ("sqrt", "log", "log1p", "log2", "exp", "exp2"))


# -- the four operations -----------------------------------------------------------------------------------------------

def add(input: Operand, other: Operand) -> Tensor:
    """input + other; of two Bool tensors their disjunction."""
    return binary(_ADD, input, other, _OR)


def sub(input: Operand, other: Operand) -> Tensor:
    """input - other. TypeError for two Bool tensors."""
    return binary(_SUB, input, other)


def subtract(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """input - alpha * other."""
    return binary(_SUB, input, other if alpha == 1 else mul(other, alpha))


def mul(input: Operand, other: Operand) -> Tensor:
    """input * other; of two Bool tensors their conjunction."""
    return binary(_MUL, input, other, _AND)


multiply = mul


def true_divide(dividend: Operand, divisor: Operand) -> Tensor:
    """dividend / divisor; integers and bools are divided as Float32."""
    try:
        dtype = dividend._value.aval.dtype  # type: ignore[union-attr]
        if dtype is divisor._value.aval.dtype and dtype.is_inexact:  # type: ignore[union-attr]
            return apply(_DIV, (dividend, divisor))
    except AttributeError:
        pass
    if isinstance(divisor, NUMBERS):
        x, y = promote("div", as_inexact("div", dividend), divisor)
    elif isinstance(dividend, NUMBERS):
        x, y = promote("div", dividend, as_inexact("div", divisor))
    else:
        x, y = promote("div", dividend, divisor)
        x, y = as_inexact("div", x), as_inexact("div", y)
    return apply(_DIV, (x, y))


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """input / other, rounded as `rounding_mode` says: None, 'floor' (down) or 'trunc' (towards zero); rounded quotients
    of integers are integers. ValueError for another mode."""
    if rounding_mode is None:
        return true_divide(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        return truncate_div(input, other)
    raise ValueError(f"div: rounding_mode is {rounding_mode!r}; expected None, 'floor' or 'trunc'")


divide = div


def floor_divide(input: Operand, other: Operand) -> Tensor:
    """The quotient rounded down, Python's `//`; integers stay integers."""
    return binary(_FLOOR_DIV, input, other)


def floor_div(x: Operand, y: Operand) -> Tensor:
    """The quotient rounded down; see `floor_divide`."""
    return binary(_FLOOR_DIV, x, y)


def remainder(input: Operand, other: Operand) -> Tensor:
    """The remainder with the sign of the divisor, Python's `%`."""
    return binary(_MOD, input, other)


def floor_mod(x: Operand, y: Operand) -> Tensor:
    """The remainder with the sign of the divisor; see `remainder`."""
    return binary(_MOD, x, y)


def truncate_div(x: Operand, y: Operand) -> Tensor:
    """The quotient rounded towards zero, C's `/` of integers."""
    x, y = promote("truncate_div", x, y)
    if x.dtype.is_inexact:
        return apply(_TRUNC, (apply(_DIV, (x, y)),))
    quotient = apply(_FLOOR_DIV, (apply(_ABS, (x,)), apply(_ABS, (y,))))
    return apply(_MUL, (quotient, apply(_MUL, (apply(_SIGN, (x,)), apply(_SIGN, (y,))))))


def truncate_mod(x: Operand, y: Operand) -> Tensor:
    """The remainder with the sign of the dividend, C's `%`."""
    x, y = promote("truncate_mod", x, y)
    return apply(_MUL, (apply(_MOD, (apply(_ABS, (x,)), apply(_ABS, (y,)))), apply(_SIGN, (x,))))


def fmod(input: Operand, other: Operand) -> Tensor:
    """The remainder with the sign of the dividend, C's `fmod`."""
    return truncate_mod(input, other)


# -- one operand -------------------------------------------------------------------------------------------------------

def neg(input: Operand) -> Tensor:
    """-input; unsigned integers wrap around. TypeError for Bool."""
    return apply(_NEG, (as_tensor("neg", input),))


negative = neg


def positive(input: Operand) -> Tensor:
    """input itself."""
    return as_tensor("positive", input)


def abs(input: Operand) -> Tensor:
    """|input|; a Bool tensor is returned as it is. Complex numbers have real absolute values. The derivative at 0 is
    0."""
    x = as_tensor("abs", input)
    return x if x.dtype.kind in "bu" else magnitude(x)


absolute = abs


def sign(input: Operand) -> Tensor:
    """-1, 0 or 1 by the sign of each element; NaN stays NaN. Complex numbers are divided by their absolute values, 0
    stays 0."""
    x = as_tensor("sign", input)
    if x.dtype.kind != "c":
        return apply(_SIGN, (x,))
    zero = apply(_EQ, (x, constant(0, x.dtype)))
    size = convert(apply(primitive("complex_abs"), (x,)), x.dtype)
    return apply(_DIV, (x, apply(_SELECT, (zero, constant(1, x.dtype), size))))


sgn = sign


def signbit(input: Operand) -> Tensor:
    """Whether each element has the sign minus (Bool), as -0.0 has; NaN counts as positive."""
    return _has_minus(as_tensor("signbit", input))


def _has_minus(x: Tensor) -> Tensor:
    """Whether each element is below 0 or is -0.0, which is told from 0.0 by its reciprocal, -inf."""
    zero = constant(0, x.dtype)
    if x.dtype.is_floating:
        x = apply(_SELECT, (apply(_EQ, (x, zero)), apply(_DIV, (constant(1, x.dtype), x)), x))
    return apply(_LT, (x, zero))


def square(input: Operand) -> Tensor:
    """input * input."""
    x = as_tensor("square", input)
    return apply(_MUL, (x, x))


def reciprocal(input: Operand) -> Tensor:
    """1 / input, floating."""
    x = as_inexact("reciprocal", input)
    return apply(_DIV, (constant(1, x.dtype), x))


def inv(x: Operand) -> Tensor:
    """1 / x in the dtype of x; of integers rounded towards 0 (see `reciprocal` for fractions)."""
    value = as_tensor("inv", x)
    return convert(reciprocal(value), value.dtype)


def frac(x: Operand) -> Tensor:
    """x - trunc(x): the fractional part, with the sign of the element."""
    x = as_inexact("frac", x)
    return apply(_SUB, (x, apply(_TRUNC, (x,))))


def deg2rad(x: Operand) -> Tensor:
    """Degrees to radians."""
    return _scaled("deg2rad", x, 0.017453292519943295)


def rad2deg(x: Operand) -> Tensor:
    """Radians to degrees."""
    return _scaled("rad2deg", x, 57.29577951308232)


def _scaled(name: str, x: Operand, factor: float) -> Tensor:
    value = as_inexact(name, x)
    return apply(_MUL, (value, constant(factor, value.dtype)))


# -- powers ------------------------------------------------------------------------------------------------------------

def pow(input: Operand, exponent: Operand) -> Tensor:
    """input ** exponent. A negative exponent of integers gives the truncated quotient: 2 ** -1 is 0.

    The exponents 0, 1, 2, 3, 0.5 and -1, given as Python numbers, are multiplications, a root or a division."""
    if isinstance(exponent, NUMBERS) and isinstance(input, Tensor):
        special = _small_power(input, exponent)
        if special is not None:
            return special
    x, y = promote("pow", input, exponent)
    return apply(_POW, (x, y))


def _small_power(x: Tensor, exponent) -> Tensor | None:
    if exponent not in (0, 1, 2, 3, 0.5, -1) or isinstance(exponent, (bool, complex)):
        return None
    x = promote("pow", x, exponent)[0]
    if exponent == 2:
        return apply(_MUL, (x, x))
    if exponent == 1:
        return x
    if exponent == 3:
        return apply(_MUL, (apply(_MUL, (x, x)), x))
    if exponent == 0:
        return apply(_BROADCAST, (constant(1, x.dtype),), (x.shape,))
    if not x.dtype.is_inexact:
        return None
    return apply(_SQRT, (x,)) if exponent == 0.5 else apply(_DIV, (constant(1, x.dtype), x))


def float_power(input: Operand, exponent: Operand) -> Tensor:
    """input ** exponent in Float64."""
    if isinstance(input, NUMBERS) and isinstance(exponent, NUMBERS):
        raise TypeError("float_power: one of input and exponent must be a Tensor, but both are numbers")
    x = input if isinstance(input, NUMBERS) else convert(as_tensor("float_power", input), float64)
    y = exponent if isinstance(exponent, NUMBERS) else convert(as_tensor("float_power", exponent), float64)
    return pow(x, y)


def ldexp(x: Operand, other: Operand) -> Tensor:
    """x * 2 ** other."""
    return mul(x, apply(_EXP2, (as_inexact("ldexp", other),)))


def hypot(input: Operand, other: Operand) -> Tensor:
    """sqrt(input**2 + other**2), infinite where an operand is, even beside NaN (IEEE 754). The squares are of operands
    over the larger one, so that they neither overflow nor vanish."""
    x, y = promote("hypot", input, other)
    x, y = as_inexact("hypot", x), as_inexact("hypot", y)
    one, infinity = constant(1, x.dtype), constant(float("inf"), x.dtype)
    left, right = apply(_ABS, (x,)), apply(_ABS, (y,))
    infinite = apply(_OR, (apply(_EQ, (left, infinity)), apply(_EQ, (right, infinity))))
    largest = apply(primitive("stop_gradient"), (apply(_MAXIMUM, (left, right)),))
    scaled = apply(_AND, (apply(_GT, (largest, constant(0, x.dtype))), apply(_LT, (largest, infinity))))
    scale = apply(_SELECT, (scaled, largest, one))
    left, right = apply(_DIV, (x, scale)), apply(_DIV, (y, scale))
    root = apply(_SQRT, (apply(_ADD, (apply(_MUL, (left, left)), apply(_MUL, (right, right)))),))
    return apply(_SELECT, (infinite, infinity, apply(_MUL, (root, scale))))


# -- extrema -----------------------------------------------------------------------------------------------------------

def maximum(input: Operand, other: Operand) -> Tensor:
    """The larger of two elements; NaN if one is NaN. Equal elements share the gradient."""
    return binary(_MAXIMUM, input, other, _OR)


def minimum(input: Operand, other: Operand) -> Tensor:
    """The smaller of two elements; NaN if one is NaN. Equal elements share the gradient."""
    return binary(_MINIMUM, input, other, _AND)


def fmax(input: Operand, other: Operand) -> Tensor:
    """The larger of two elements; where one is NaN, the other. Where both are equal, input has the whole gradient."""
    x, y = promote("fmax", input, other)
    return _first_or_second(x, y, apply(_GE, (x, y)))


def fmin(input: Operand, other: Operand) -> Tensor:
    """The smaller of two elements; where one is NaN, the other. Where both are equal, input has the whole gradient."""
    x, y = promote("fmin", input, other)
    return _first_or_second(x, y, apply(_LE, (x, y)))


def _first_or_second(x: Tensor, y: Tensor, first: Tensor) -> Tensor:
    """x where `first` is true or y is NaN, else y."""
    if x.dtype.is_floating:
        first = apply(_OR, (first, apply(_ISNAN, (y,))))
    return apply(_SELECT, (first, x, y))


def clamp(input: Operand, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """input, but not below `min` and not above `max` (`max` where min > max). ValueError if both are None.

    The gradient passes to input where it is within the bounds or on one of them, elsewhere to the bound it is held to.
    """
    if min is None and max is None:
        raise ValueError("clamp: min and max are both None; give at least one of them")
    x = as_tensor("clamp", input)
    x = x if min is None else binary(_AT_LEAST, x, min, _OR)
    return x if max is None else binary(_AT_MOST, x, max, _AND)


def clip(input: Operand, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """input between `min` and `max`; see `clamp`."""
    return clamp(input, min, max)


# -- combinations ------------------------------------------------------------------------------------------------------

def addn(x: Sequence[Tensor] | Tensor) -> Tensor:
    """The sum of the tensors in a tuple or list. ValueError for an empty one."""
    if isinstance(x, Tensor):
        return x
    if not isinstance(x, (tuple, list)):
        raise TypeError(f"addn: x must be a tuple or list of tensors, but got {type(x).__name__}")
    if not x:
        raise ValueError("addn: got no tensors; at least one is needed")
    return reduce(add, promote_all("addn", x))


def accumulate_n(x: Sequence[Tensor]) -> Tensor:
    """The sum of the tensors in a tuple or list, of one shape. ValueError for unequal shapes."""
    if isinstance(x, (tuple, list)) and len({t.shape for t in x if isinstance(t, Tensor)}) > 1:
        raise ValueError(f"accumulate_n: the tensors have shapes {[t.shape for t in x]}; expected one shape")
    return addn(x)


def addcmul(input: Operand, tensor1: Operand, tensor2: Operand, value: Operand = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return add(input, mul(mul(tensor1, tensor2), value))


def addcdiv(input: Operand, tensor1: Operand, tensor2: Operand, value: Operand = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    return add(input, mul(true_divide(tensor1, tensor2), value))


def lerp(input: Operand, end: Operand, weight: Operand) -> Tensor:
    """input + weight * (end - input)."""
    return add(input, mul(weight, sub(end, input)))


def xlogy(input: Operand, other: Operand) -> Tensor:
    """input * log(other), and 0 where input is 0."""
    x, y = _inexact_pair("xlogy", input, other)
    regular = apply(_AND, (apply(_GT, (y, constant(0, y.dtype))), apply(_ISFINITE, (y,))))
    return apply(_MUL, (x, apply(_LOG, (_one_at_zero(x, y, regular),))))


def xdivy(x: Operand, y: Operand) -> Tensor:
    """x / y, and 0 where x is 0."""
    x, y = _inexact_pair("xdivy", x, y)
    regular = apply(_GT, (apply(_ABS, (y,)), constant(0, y.dtype)))
    return apply(_DIV, (x, _one_at_zero(x, y, regular)))


def _one_at_zero(x: Tensor, y: Tensor, regular: Tensor) -> Tensor:
    """y, but 1 where x is 0 and y not `regular`: x times a function of it is 0 there, and so are its derivatives."""
    replace = apply(_AND, (apply(_EQ, (x, constant(0, x.dtype))), apply(_NOT, (regular,))))
    return apply(_SELECT, (replace, constant(1, y.dtype), y))


def _inexact_pair(name: str, x: Operand, y: Operand) -> tuple[Tensor, Tensor]:
    x, y = promote(name, x, y)
    return as_inexact(name, x), as_inexact(name, y)


def logaddexp(input: Operand, other: Operand) -> Tensor:
    """log(exp(input) + exp(other)), without overflow."""
    x, y = _inexact_pair("logaddexp", input, other)
    return _log_of_sum(x, y, _EXP, lambda e: apply(_LOG1P, (e,)))


def logaddexp2(input: Operand, other: Operand) -> Tensor:
    """log2(2**input + 2**other), without overflow."""
    x, y = _inexact_pair("logaddexp2", input, other)
    return _log_of_sum(x, y, _EXP2, lambda e: apply(_LOG2, (apply(_ADD, (e, constant(1, e.dtype))),)))


def _log_of_sum(x: Tensor, y: Tensor, exp, log_one_plus) -> Tensor:
    """max + log(1 + exp(min - max)); the difference of equal infinities is replaced by 0."""
    high, low = apply(_MAXIMUM, (x, y)), apply(_MINIMUM, (x, y))
    gap = apply(_SELECT, (apply(_EQ, (x, y)), constant(0, x.dtype), apply(_SUB, (low, high))))
    return apply(_ADD, (high, log_one_plus(apply(exp, (gap,)))))


def heaviside(input: Operand, values: Operand) -> Tensor:
    """0 where input < 0, `values` where it is 0, 1 where it is above; NaN stays."""
    x, y = promote("heaviside", input, values)
    return apply(_SELECT, (apply(_EQ, (x, constant(0, x.dtype))), y, _step(x)))


def _step(x: Tensor) -> Tensor:
    sign_of = apply(_SIGN, (x,))
    return apply(_MAXIMUM, (sign_of, constant(0, x.dtype)))


def copysign(x: Operand, other: Operand) -> Tensor:
    """|x| with the sign of `other`, floating; -0.0 has the sign minus."""
    x, y = _inexact_pair("copysign", x, other)
    size = apply(_ABS, (x,))
    return apply(_SELECT, (_has_minus(y), apply(_NEG, (size,)), size))


def nan_to_num(input: Operand, nan: float | None = None, posinf: float | None = None,
               neginf: float | None = None) -> Tensor:
    """NaN replaced by `nan` (0), infinity by `posinf` and -infinity by `neginf` (the largest and smallest finite
    number of the dtype)."""
    x = as_tensor("nan_to_num", input)
    if not x.dtype.is_floating:
        return x
    high = _largest(x.dtype)
    inf = constant(float("inf"), x.dtype)
    x = apply(_SELECT, (apply(_ISNAN, (x,)), scalar(0.0 if nan is None else nan, x.dtype), x))
    x = apply(_SELECT, (apply(_EQ, (x, inf)), scalar(high if posinf is None else posinf, x.dtype), x))
    low = scalar(-high if neginf is None else neginf, x.dtype)
    return apply(_SELECT, (apply(_EQ, (x, apply(_NEG, (inf,)))), low, x))


def _largest(dtype: DType) -> float:
    import ml_dtypes
    return float(ml_dtypes.finfo(dtype.np).max)
