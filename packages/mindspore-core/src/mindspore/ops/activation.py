"""Activation functions: element-wise, floating (integers become Float32), and the softmax family along an axis."""
from __future__ import annotations

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    normalize_axis,
    primitive,
)

__all__ = [
    "celu", "elu", "fast_gelu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "log_softmax", "logsigmoid", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softmin",
    "softplus", "soft_shrink", "softshrink", "softsign", "swiglu", "tanhshrink", "threshold",
]

_RELU, _RELU6, _SIGMOID, _SILU, _GELU, _SELU, _MISH = map(
    primitive, ("relu", "relu6", "sigmoid", "silu", "gelu", "selu", "mish"))
_ELU, _LEAKY_RELU, _SOFTPLUS, _LOG_SIGMOID, _HARD_SIGMOID, _HARD_SWISH = map(
    primitive, ("elu", "leaky_relu", "softplus", "log_sigmoid", "hardsigmoid", "hardswish"))
_SOFTMAX, _LOG_SOFTMAX, _TANH, _MAXIMUM, _MINIMUM, _SELECT = map(
    primitive, ("softmax", "log_softmax", "tanh", "maximum", "minimum", "select"))
_ADD, _SUB, _MUL, _DIV, _NEG, _ABS, _GT, _LE, _RESHAPE, _EXPM1, _SIGN = map(
    primitive, ("add", "sub", "mul", "div", "neg", "abs", "gt", "le", "reshape", "expm1", "sign"))


def relu(input: Operand, inplace: bool = False) -> Tensor:
    """max(input, 0); the derivative at 0 is 0. An integer tensor keeps its dtype. `inplace` also gives `input`, which
    must be a Tensor, the result as its value."""
    try:
        floating = input._value.aval.dtype.is_floating  # type: ignore[union-attr]
    except AttributeError:
        floating, input = False, as_tensor("relu", input)
    if floating:
        result = apply(_RELU, (input,))
    else:
        result = apply(_MAXIMUM, (input, constant(0, input.dtype)))
    return _in_place(input, result) if inplace else result


def _in_place(target: Tensor, result: Tensor) -> Tensor:
    from mindspore.runtime.record import assign
    assign(target, result)
    return target


def relu6(x: Operand) -> Tensor:
    """min(max(x, 0), 6)."""
    return apply(_RELU6, (as_inexact("relu6", x),))


def leaky_relu(input: Operand, alpha: float = 0.2) -> Tensor:
    """input where it is above 0, else alpha * input."""
    return apply(_LEAKY_RELU, (as_inexact("leaky_relu", input),), (float(alpha),))


def prelu(input: Operand, weight: Operand) -> Tensor:
    """input where it is above 0, else weight * input; weight has one element, or one for each channel (axis 1)."""
    x = as_inexact("prelu", input)
    w = as_dtype_of("prelu", weight, x, "weight")
    if w.ndim != 1 or (w.size != 1 and (x.ndim < 2 or w.size != x.shape[1])):
        raise ValueError(f"prelu: weight has shape {w.shape} for input of shape {x.shape}; expected one element, or "
                         f"one for each place of axis 1")
    if w.size != 1 or x.ndim == 0:
        w = apply(_RESHAPE, (w,), ((w.size,) + (1,) * (x.ndim - 2) if x.ndim else (),))
    return apply(_SELECT, (apply(_GT, (x, constant(0, x.dtype))), x, apply(_MUL, (w, x))))


def elu(input_x: Operand, alpha: float = 1.0) -> Tensor:
    """input where it is above 0, else alpha * (exp(input) - 1)."""
    return apply(_ELU, (as_inexact("elu", input_x),), (float(alpha),))


def celu(x: Operand, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)). ValueError for alpha = 0."""
    if alpha == 0:
        raise ValueError("celu: alpha is 0; expected a number that differs from 0")
    value = as_inexact("celu", x)
    scale, zero = constant(alpha, value.dtype), constant(0, value.dtype)
    low = apply(_MINIMUM, (apply(_DIV, (value, scale)), zero)) if alpha > 0 else apply(_DIV, (value, scale))
    curve = apply(_MUL, (scale, apply(_EXPM1, (low,))))
    return apply(_ADD, (apply(_RELU, (value,)), apply(_MINIMUM, (curve, zero))))


def selu(input_x: Operand) -> Tensor:
    """scale * (input where it is above 0, else alpha * (exp(input) - 1)), with the two constants of self-normalising
    networks (Klambauer and others, 2017)."""
    return apply(_SELU, (as_inexact("selu", input_x),))


def sigmoid(input: Operand) -> Tensor:
    """1 / (1 + exp(-input)), without overflow."""
    return apply(_SIGMOID, (as_inexact("sigmoid", input),))


def logsigmoid(x: Operand) -> Tensor:
    """log(sigmoid(x)), without overflow."""
    return apply(_LOG_SIGMOID, (as_inexact("logsigmoid", x),))


def silu(input: Operand) -> Tensor:
    """input * sigmoid(input)."""
    return apply(_SILU, (as_inexact("silu", input),))


def gelu(input: Operand, approximate: str = "none") -> Tensor:
    """input times the normal distribution function of input, exactly, or with approximate='tanh' by a tanh formula
    (Hendrycks and Gimpel, 2016). ValueError for another word."""
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate is {approximate!r}; expected 'none' or 'tanh'")
    return apply(_GELU, (as_inexact("gelu", input),), (approximate == "tanh",))


def fast_gelu(x: Operand) -> Tensor:
    """x * sigmoid(1.702 |x|) * exp(0.851 (x - |x|)), which is x * sigmoid(1.702 x)."""
    value = as_inexact("fast_gelu", x)
    scaled = apply(_MUL, (value, constant(1.702, value.dtype)))
    return apply(_MUL, (value, apply(_SIGMOID, (scaled,))))


def mish(x: Operand) -> Tensor:
    """x * tanh(log(1 + exp(x)))."""
    return apply(_MISH, (as_inexact("mish", x),))


def softplus(input: Operand, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta * input)) / beta, and input itself where beta * input is above `threshold`."""
    x = as_inexact("softplus", input)
    scaled = x if beta == 1 else apply(_MUL, (x, constant(beta, x.dtype)))
    curve = apply(_SOFTPLUS, (scaled,))
    curve = curve if beta == 1 else apply(_DIV, (curve, constant(beta, x.dtype)))
    return apply(_SELECT, (apply(_GT, (scaled, constant(threshold, x.dtype))), x, curve))


def softsign(x: Operand) -> Tensor:
    """x / (1 + |x|)."""
    value = as_inexact("softsign", x)
    return apply(_DIV, (value, apply(_ADD, (constant(1, value.dtype), apply(_ABS, (value,))))))


def hardsigmoid(input: Operand) -> Tensor:
    """min(max((input + 3) / 6, 0), 1)."""
    return apply(_HARD_SIGMOID, (as_inexact("hardsigmoid", input),))


def hardswish(input: Operand) -> Tensor:
    """input * min(max(input + 3, 0), 6) / 6."""
    return apply(_HARD_SWISH, (as_inexact("hardswish", input),))


def hardtanh(input: Operand, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """input between `min_val` and `max_val`."""
    x = as_inexact("hardtanh", input)
    return apply(_MINIMUM, (apply(_MAXIMUM, (x, constant(min_val, x.dtype))), constant(max_val, x.dtype)))


def hardshrink(input: Operand, lambd: float = 0.5) -> Tensor:
    """0 where |input| <= lambd, else input; NaN stays."""
    x = as_inexact("hardshrink", input)
    drop = apply(_LE, (apply(_ABS, (x,)), constant(lambd, x.dtype)))
    return apply(_SELECT, (drop, constant(0, x.dtype), x))


def softshrink(input: Operand, lambd: float = 0.5) -> Tensor:
    """sign(input) * max(|input| - lambd, 0)."""
    x = as_inexact("softshrink", input)
    rest = apply(_RELU, (apply(_SUB, (apply(_ABS, (x,)), constant(lambd, x.dtype))),))
    return apply(_MUL, (apply(_SIGN, (x,)), rest))


soft_shrink = softshrink


def tanhshrink(input: Operand) -> Tensor:
    """input - tanh(input)."""
    x = as_inexact("tanhshrink", input)
    return apply(_SUB, (x, apply(_TANH, (x,))))


def threshold(input: Operand, thr: float, value: float) -> Tensor:
    """input where it is above `thr`, else `value`."""
    x = as_tensor("threshold", input)
    return apply(_SELECT, (apply(_GT, (x, as_dtype_of("threshold", thr, x))), x, as_dtype_of("threshold", value, x)))


def softmax(input: Operand, axis: int = -1, *, dtype: DType | None = None) -> Tensor:
    """exp(input) / sum(exp(input)) along `axis`, computed in `dtype` where one is given."""
    return _row(_SOFTMAX, "softmax", input, axis, dtype)


def softmin(x: Operand, axis: int = -1, *, dtype: DType | None = None) -> Tensor:
    """softmax(-x) along `axis`."""
    return softmax(apply(_NEG, (as_inexact("softmin", x),)), axis, dtype=dtype)


def log_softmax(logits: Operand, axis: int = -1) -> Tensor:
    """The logarithm of softmax along `axis`, without loss of digits."""
    return _row(_LOG_SOFTMAX, "log_softmax", logits, axis, None)


def _row(op, name: str, value: Operand, axis: int, dtype: DType | None) -> Tensor:
    x = as_inexact(name, value)
    if dtype is not None:
        x = convert(x, dtype)
    return apply(op, (x,), (normalize_axis(name, axis, x.ndim),))


def glu(x: Operand, axis: int = -1) -> Tensor:
    """The first half along `axis` times the sigmoid of the second. ValueError for an odd size."""
    left, right = _halves("glu", as_inexact("glu", x), axis)
    return apply(_MUL, (left, apply(_SIGMOID, (right,))))


def swiglu(input: Operand, dim: int = -1) -> Tensor:
    """silu of the first half along `dim` times the second. ValueError for an odd size."""
    left, right = _halves("swiglu", as_inexact("swiglu", input), dim)
    return apply(_MUL, (apply(_SILU, (left,)), right))


def _halves(name: str, x: Tensor, axis: int) -> tuple[Tensor, ...]:
    from mindspore.ops.joining import split
    axis = normalize_axis(name, axis, x.ndim)
    if x.ndim == 0 or x.shape[axis] % 2:
        raise ValueError(f"{name}: axis {axis} of shape {x.shape} cannot be halved; expected an even size")
    return split(x, x.shape[axis] // 2, axis)
