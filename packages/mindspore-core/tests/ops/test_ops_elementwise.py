"""Element-wise functions against NumPy."""
from __future__ import annotations

import math

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

from mindspore import ops

X, Y, ROW = uniform((3, 4)), uniform((3, 4), seed=1), uniform((4,), seed=2)
POSITIVE, UNIT, ABOVE = uniform((3, 4), 0.3, 3), uniform((3, 4), -0.9, 0.9), uniform((3, 4), 1.2, 4)
N, M = ints((3, 4)), ints((3, 4), 1, 5)
BOOLS, OTHERS = ints((3, 4), 0, 2, bool), ints((3, 4), 0, 2, bool, 1)
_erf = np.frompyfunc(math.erf, 1, 1)


def erf(x):
    return _erf(x).astype(x.dtype)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cases():
    unary = {
        "exp": np.exp, "expm1": np.expm1, "exp2": np.exp2, "sin": np.sin, "cos": np.cos, "sinh": np.sinh,
        "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "atan": np.arctan, "arctan": np.arctan,
        "arcsinh": np.arcsinh, "erf": erf, "erfc": lambda x: 1 - erf(x), "neg": np.negative, "abs": np.abs,
        "negative": np.negative, "absolute": np.abs, "square": np.square, "reciprocal": lambda x: 1 / x,
        "inv": lambda x: 1 / x, "deg2rad": np.deg2rad, "rad2deg": np.rad2deg, "sinc": np.sinc,
        "frac": lambda x: x - np.trunc(x), "positive": lambda x: x,
    }
    for name, meaning in unary.items():
        yield Case(name, getattr(ops, name), meaning, (X,), rtol=2e-5)
    for name in ("tan", "asin", "acos", "atanh", "arcsin", "arccos", "arctanh"):
        numpy_name = {"asin": "arcsin", "acos": "arccos", "atanh": "arctanh"}.get(name, name)
        yield Case(name, getattr(ops, name), getattr(np, numpy_name), (UNIT,), rtol=2e-5)
    for name in ("log", "log2", "log10", "log1p", "sqrt"):
        yield Case(name, getattr(ops, name), getattr(np, name), (POSITIVE,), rtol=2e-5)
    yield Case("rsqrt", ops.rsqrt, lambda x: 1 / np.sqrt(x), (POSITIVE,))
    yield Case("acosh", ops.acosh, np.arccosh, (ABOVE,), rtol=2e-5)
    yield Case("logit", ops.logit, lambda x: np.log(x / (1 - x)), (uniform((3, 4), 0.1, 0.9),), rtol=5e-5)
    for name in ("floor", "ceil", "trunc", "sign", "isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit"):
        yield Case(name, getattr(ops, name), getattr(np, name), (X,), grad=False)
        yield Case(f"{name} of special numbers", getattr(ops, name), getattr(np, name),
                   (np.array([np.inf, -np.inf, np.nan, 0.0, -1.5], np.float32),), grad=False)
    yield Case("round", ops.round, np.round, (np.array([0.5, 1.5, 2.5, -0.5, 1.2], np.float32),), grad=False)
    yield Case("round to a place", lambda x: ops.round(x, decimals=1), lambda x: np.round(x, 1), (X,), grad=False)
    yield Case("round to tens", lambda x: ops.round(x, decimals=-1), lambda x: np.round(x, -1), (X * 20,), grad=False)
    binary = {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "true_divide": np.divide,
        "maximum": np.maximum, "minimum": np.minimum, "fmax": np.fmax, "fmin": np.fmin, "atan2": np.arctan2,
        "hypot": np.hypot, "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2, "subtract": np.subtract,
    }
    for name, meaning in binary.items():
        yield Case(name, getattr(ops, name), meaning, (X, Y), rtol=2e-5)
        yield Case(f"{name} with broadcasting", getattr(ops, name), meaning, (X, ROW), rtol=2e-5)
    for name in ("floor_divide", "remainder", "fmod"):
        meaning = getattr(np, name)
        yield Case(name, getattr(ops, name), meaning, (X, POSITIVE), grad=False)
        yield Case(f"{name} of integers", getattr(ops, name), meaning, (N, M))
        yield Case(f"{name} by negative integers", getattr(ops, name), meaning, (N, -M))
    yield Case("pow", ops.pow, np.power, (POSITIVE, Y), rtol=5e-5)
    for exponent in (0, 1, 2, 3, -1, 0.5, 4, -2, 2.5):
        yield Case(f"pow {exponent}", lambda x, e=exponent: ops.pow(x, e), lambda x, e=exponent: np.power(x, e),
                   (POSITIVE,), rtol=5e-5)
    yield Case("pow of integers", lambda x: ops.pow(x, 3), lambda x: x**3, (N,))
    yield Case("a number to a power", lambda x: ops.pow(2.0, x), lambda x: np.float32(2) ** x, (X,), rtol=2e-5)
    yield Case("float_power", lambda x: ops.float_power(x, 2), lambda x: x.astype(np.float64) ** 2, (X,))
    yield Case("ldexp", ops.ldexp, lambda x, e: x * 2.0**e, (X, Y), rtol=2e-5)
    yield Case("truncate_div of integers", ops.truncate_div, lambda a, b: np.trunc(a / b).astype(np.int32), (N, M))
    yield Case("div down", lambda a, b: ops.div(a, b, rounding_mode="floor"), np.floor_divide, (N, -M))
    yield Case("div towards zero", lambda a, b: ops.div(a, b, rounding_mode="trunc"),
               lambda a, b: np.trunc(a / b), (X, Y), grad=False)
    yield Case("clamp", lambda x: ops.clamp(x, -1.0, 1.0), lambda x: np.clip(x, -1, 1), (X,))
    yield Case("clamp below", lambda x: ops.clamp(x, min=0.1), lambda x: np.maximum(x, np.float32(0.1)), (X,))
    yield Case("clip by tensors", ops.clip, np.clip, (X, UNIT - 1, UNIT + 1))
    yield Case("addcmul", lambda a, b, c: ops.addcmul(a, b, c, 0.5), lambda a, b, c: a + 0.5 * b * c, (X, Y, ROW))
    yield Case("addcdiv", lambda a, b, c: ops.addcdiv(a, b, c, 2), lambda a, b, c: a + 2 * b / c, (X, Y, POSITIVE))
    yield Case("lerp", ops.lerp, lambda a, b, w: a + w * (b - a), (X, Y, UNIT))
    yield Case("addn", lambda *x: ops.addn(x), lambda a, b, c: a + b + c, (X, Y, ROW))
    yield Case("accumulate_n", lambda *x: ops.accumulate_n(x), lambda a, b: a + b, (X, Y))
    yield Case("xlogy", ops.xlogy, lambda x, y: x * np.log(y), (X, POSITIVE), rtol=2e-5)
    yield Case("xdivy", ops.xdivy, np.divide, (X, Y))
    yield Case("heaviside", ops.heaviside, np.heaviside, (np.array([-1.0, 0, 2], np.float32), ROW[:3]), grad=False)
    yield Case("copysign", ops.copysign, np.copysign, (X, Y), grad=False)
    yield Case("nan_to_num", ops.nan_to_num, np.nan_to_num, (np.array([np.nan, np.inf, -np.inf, 1], np.float32),),
               grad=False)
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        function = getattr(ops, name)
        meaning = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
                   "ge": np.greater_equal}[name]
        yield Case(name, getattr(ops, name), meaning, (N, M - 3))
        yield Case(f"{name} a number", lambda x, f=function: f(x, 1), lambda x, m=meaning: m(x, 1), (N,))
        yield Case(f"{name} a number out of range", lambda x, f=function: f(x, 300),
                   lambda x, m=meaning: m(x, 300), (N.astype(np.int8),))
    for name in ("logical_and", "logical_or", "logical_xor"):
        yield Case(name, getattr(ops, name), getattr(np, name), (BOOLS, OTHERS))
        yield Case(f"{name} of numbers", getattr(ops, name), getattr(np, name), (N, BOOLS))
    yield Case("logical_not", ops.logical_not, np.logical_not, (N,))
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        yield Case(name, getattr(ops, name), getattr(np, name), (N, M))
        yield Case(f"{name} of bools", getattr(ops, name), getattr(np, name), (BOOLS, OTHERS))
    yield Case("bitwise_not", ops.bitwise_not, np.invert, (N,))
    yield Case("bitwise_left_shift", ops.bitwise_left_shift, np.left_shift, (N, M))
    yield Case("bitwise_right_shift", ops.bitwise_right_shift, np.right_shift, (N, M))
    yield Case("where", ops.where, np.where, (BOOLS, X, ROW))
    yield Case("where with numbers", lambda c: ops.where(c, 1.0, 0.0),
               lambda c: np.where(c, np.float32(1), np.float32(0)), (BOOLS,))
    yield Case("select", ops.select, np.where, (BOOLS, X, Y))
    yield Case("masked_fill", lambda x, m: ops.masked_fill(x, m, -1.5), lambda x, m: np.where(m, np.float32(-1.5), x),
               (X, BOOLS))
    yield Case("isclose", ops.isclose, np.isclose, (X, X + 1e-7), grad=False)
    yield Case("isclose of infinities", ops.isclose, np.isclose, (np.array([np.inf, np.inf, np.nan, 1], np.float32),
                                                                  np.array([np.inf, -np.inf, np.nan, 2], np.float32)),
               grad=False)
    yield Case("allclose", ops.allclose, lambda a, b: np.array(np.allclose(a, b)), (X, X), grad=False)
    yield Case("approximate_equal", ops.approximate_equal, lambda a, b: np.abs(a - b) < 1e-5, (X, Y), grad=False)
    activations = {
        "relu": lambda x: np.maximum(x, 0), "relu6": lambda x: np.clip(x, 0, 6), "sigmoid": sigmoid,
        "silu": lambda x: x * sigmoid(x), "gelu": lambda x: x * 0.5 * (1 + erf(x / np.float32(math.sqrt(2)))),
        "softplus": lambda x: np.log1p(np.exp(x)), "softsign": lambda x: x / (1 + np.abs(x)),
        "logsigmoid": lambda x: -np.log1p(np.exp(-x)), "hardsigmoid": lambda x: np.clip((x + 3) / 6, 0, 1),
        "hardswish": lambda x: x * np.clip((x + 3) / 6, 0, 1), "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
        "elu": lambda x: np.where(x > 0, x, np.expm1(x)), "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
        "celu": lambda x: np.where(x > 0, x, np.expm1(x)), "hardtanh": lambda x: np.clip(x, -1, 1),
        "hardshrink": lambda x: np.where(np.abs(x) > 0.5, x, 0), "tanhshrink": lambda x: x - np.tanh(x),
        "softshrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
        "fast_gelu": lambda x: x * sigmoid(np.float32(1.702) * x),
        "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    }
    for name, meaning in activations.items():
        yield Case(name, getattr(ops, name), lambda x, m=meaning: m(x).astype(x.dtype), (X,), rtol=5e-5)
    yield Case("gelu by tanh", lambda x: ops.gelu(x, "tanh"), lambda x: x * 0.5 * (1 + np.tanh(
        math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))), (X,), rtol=5e-5)
    yield Case("celu with alpha", lambda x: ops.celu(x, 2.0), lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2)), (X,))
    yield Case("softplus with beta", lambda x: ops.softplus(x, 2.0), lambda x: np.log1p(np.exp(2 * x)) / 2, (X,))
    yield Case("threshold", lambda x: ops.threshold(x, 0.1, 20), lambda x: np.where(x > 0.1, x, np.float32(20)), (X,))
    yield Case("prelu", ops.prelu, lambda x, w: np.where(x > 0, x, w * x), (X, ROW))
    yield Case("prelu with one weight", ops.prelu, lambda x, w: np.where(x > 0, x, w * x), (X, ROW[:1]))
    yield Case("softmax", ops.softmax, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), (X,))
    yield Case("softmax along axis 0", lambda x: ops.softmax(x, 0), lambda x: np.exp(x) / np.exp(x).sum(0), (X,))
    yield Case("softmin", ops.softmin, lambda x: np.exp(-x) / np.exp(-x).sum(-1, keepdims=True), (X,))
    yield Case("log_softmax", ops.log_softmax, lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True)), (X,))
    yield Case("glu", ops.glu, lambda x: x[:, :2] * sigmoid(x[:, 2:]), (X,))
    yield Case("swiglu", ops.swiglu, lambda x: x[:, :2] * sigmoid(x[:, :2]) * x[:, 2:], (X,))


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and any(a.dtype.kind == "f" for a in c.ins)], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_no_gradient_where_a_factor_of_zero_meets_a_pole():
    from mindspore import Tensor, grad
    zero, pole = Tensor([0.0, 0.0]), Tensor([0.0, -1.0])
    for function in (ops.xlogy, ops.xdivy):
        for gradient in grad(function, (0, 1))(zero, pole):
            assert np.isfinite(gradient.asnumpy()).all()
    assert ops.xlogy(zero, pole).asnumpy().tolist() == [0, 0]
    np.testing.assert_allclose(grad(ops.xlogy)(Tensor([0.0]), Tensor([2.0])).asnumpy(), [math.log(2)], rtol=1e-6)
