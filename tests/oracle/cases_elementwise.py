"""Arithmetic, comparisons, and functions of single elements."""

import numpy as np
import torch
from table import SPECIAL, arguments, binary, booleans, case, fixed, floats, integers, unary

from mindspore import Tensor, mint, ops

# Functions that are defined everywhere.
for names, theirs in {
    "mint.sin ops.sin Tensor.sin": torch.sin,
    "mint.cos ops.cos": torch.cos,
    "mint.exp ops.exp": torch.exp,
    "mint.exp2": torch.exp2,
    "mint.expm1 ops.expm1": torch.expm1,
    "mint.tanh ops.tanh Tensor.tanh": torch.tanh,
    "mint.sinh ops.sinh": torch.sinh,
    "mint.cosh ops.cosh": torch.cosh,
    "mint.atan ops.atan mint.arctan": torch.atan,
    "mint.asinh ops.asinh mint.arcsinh": torch.asinh,
    "mint.erf ops.erf": torch.erf,
    "mint.erfc ops.erfc": torch.erfc,
    "mint.sigmoid ops.sigmoid": torch.sigmoid,
    "mint.sinc ops.sinc mint.special.sinc": torch.sinc,
    "ops.deg2rad": torch.deg2rad,
    "ops.rad2deg": torch.rad2deg,
}.items():
    unary(names, theirs)
for names, theirs in {
    "mint.abs ops.abs Tensor.abs": torch.abs,
    "mint.neg ops.neg mint.negative": torch.neg,
    "mint.square ops.square": torch.square,
    "mint.floor ops.floor": torch.floor,
    "mint.ceil ops.ceil": torch.ceil,
    "mint.trunc ops.trunc": torch.trunc,
    "mint.round ops.round": torch.round,
    "mint.frac ops.frac": torch.frac,
    "mint.sign ops.sign": torch.sign,
    "mint.isnan ops.isnan": torch.isnan,
    "mint.isinf ops.isinf": torch.isinf,
    "mint.isfinite ops.isfinite": torch.isfinite,
    "mint.isneginf ops.isneginf": torch.isneginf,
    "ops.isposinf": torch.isposinf,
    "ops.signbit": torch.signbit,
    "mint.logical_not ops.logical_not": torch.logical_not,
    "ops.sgn": torch.sgn,
    "ops.positive": torch.positive,
    "mint.nan_to_num ops.nan_to_num": torch.nan_to_num,
    "ops.angle": torch.angle,
    "ops.isreal": torch.isreal,
}.items():
    unary(names, theirs, -2.7, 2.7)
# Functions whose domain is a part of the numbers; outside of it both give NaN or an infinity.
for names, theirs, low, high in [
    ("mint.sqrt ops.sqrt Tensor.sqrt", torch.sqrt, 0.1, 4),
    ("mint.rsqrt ops.rsqrt", torch.rsqrt, 0.1, 4),
    ("mint.log ops.log Tensor.log", torch.log, 0.1, 4),
    ("mint.log2 ops.log2", torch.log2, 0.1, 4),
    ("mint.log10 ops.log10", torch.log10, 0.1, 4),
    ("mint.log1p ops.log1p", torch.log1p, -0.9, 4),
    ("mint.asin ops.asin mint.arcsin", torch.asin, -0.9, 0.9),
    ("mint.acos ops.acos mint.arccos", torch.acos, -0.9, 0.9),
    ("mint.atanh ops.atanh mint.arctanh", torch.atanh, -0.9, 0.9),
    ("mint.acosh ops.acosh mint.arccosh", torch.acosh, 1.1, 4),
    ("mint.tan ops.tan", torch.tan, -1.2, 1.2),
    ("mint.reciprocal ops.reciprocal", torch.reciprocal, 0.3, 3),
    ("mint.erfinv ops.erfinv", torch.erfinv, -0.9, 0.9),
]:
    unary(names, theirs, low, high)
# Special functions.
for names, theirs, low, high in [
    ("ops.lgamma", torch.lgamma, -2.8, 5),
    ("ops.digamma", torch.digamma, 0.2, 5),
    ("ops.i0", torch.i0, -3, 3),
    ("ops.bessel_i0", torch.special.i0, -3, 3),
    ("ops.bessel_i0e", torch.special.i0e, -3, 3),
    ("ops.bessel_i1", torch.special.i1, -3, 3),
    ("ops.bessel_i1e", torch.special.i1e, -3, 3),
]:
    unary(names, theirs, low, high, whole=False)
for name, theirs in {
    "ops.bessel_j0": torch.special.bessel_j0,
    "ops.bessel_j1": torch.special.bessel_j1,
    "ops.bessel_y0": torch.special.bessel_y0,
    "ops.bessel_y1": torch.special.bessel_y1,
    "ops.bessel_k0": torch.special.modified_bessel_k0,
    "ops.bessel_k1": torch.special.modified_bessel_k1,
    "ops.bessel_k0e": torch.special.scaled_modified_bessel_k0,
    "ops.bessel_k1e": torch.special.scaled_modified_bessel_k1,
}.items():
    case(
        name,
        theirs,
        (floats(3, 4, low=0.2, high=8),),
        (floats(low=0.2, high=8),),
        (np.zeros((0,), np.float32),),
        grad=False,
    )
case(
    "ops.polygamma",
    lambda n, x: torch.polygamma(n, x),
    *[arguments(f"n {n}", n, floats(5, low=0.3, high=6)) for n in (1, 2, 3)],
    tolerance=1e-4,
    ours=lambda n, x: ops.polygamma(Tensor(n), x),
)
case("ops.mvlgamma", lambda x, p: torch.mvlgamma(x, p), (floats(3, 2, low=3, high=8), 2), (floats(3, low=4, high=8), 3))
case(
    "ops.zeta",
    torch.special.zeta,
    (floats(4, low=1.5, high=5), floats(4, low=0.5, high=5, key="b")),
    (fixed(np.array([0.5, 1, 2, 2, np.nan], np.float32)), fixed(np.array([2, 2, 0, -1.5, 1], np.float32))),
    grad=False,
)
case(
    "ops.igamma",
    torch.special.gammainc,
    (floats(4, 1, low=0.3, high=9), fixed(floats(5, low=0.1, high=9))),
    (fixed(SPECIAL[:, None]), fixed(SPECIAL)),
    grad=False,
)
case(
    "ops.igammac",
    torch.special.gammaincc,
    (floats(4, 1, low=0.3, high=9), fixed(floats(5, low=0.1, high=9))),
    (fixed(SPECIAL[:, None]), fixed(SPECIAL)),
    grad=False,
)
case(
    "ops.logit",
    lambda x, eps: torch.logit(x, eps),
    (floats(5, low=0.1, high=0.9), 1e-6),
    (floats(2, 2, low=-0.5, high=1.5), 0.1),
    (floats(low=0.1, high=0.9), None),
)

# Arithmetic of two.
more_powers = [
    arguments("cubes", floats(2, 3), 3),
    arguments("roots", floats(2, 3, low=0.1), 0.5),
    arguments("zero to zero", np.zeros(3, np.float32), np.array([0.0, 1.0, 2.0], np.float32)),
    arguments("number below", 2.0, floats(3)),
    arguments("integer powers", integers(4), 2),
]
binary("mint.add ops.add Tensor.add", torch.add)
binary("mint.sub ops.sub", torch.sub)
binary("mint.mul ops.mul", torch.mul)
binary("mint.div ops.div ops.true_divide mint.divide", torch.div)
binary(
    ["mint.div floor"],
    lambda x, y: torch.div(x, y, rounding_mode="floor"),
    ours=lambda x, y: mint.div(x, y, rounding_mode="floor"),
)
binary(
    ["mint.div trunc"],
    lambda x, y: torch.div(x, y, rounding_mode="trunc"),
    ours=lambda x, y: mint.div(x, y, rounding_mode="trunc"),
)
binary("mint.floor_divide ops.floor_divide", torch.floor_divide)
binary("mint.remainder ops.remainder", torch.remainder)
binary("mint.fmod ops.fmod", torch.fmod)
binary("mint.pow ops.pow", torch.pow, 0.2, 2.0, *more_powers)
binary("mint.float_power ops.float_power", torch.float_power, 0.2, 2.0)
binary("mint.atan2 ops.atan2 mint.arctan2", torch.atan2, number=False)
binary("mint.maximum ops.maximum", torch.maximum, number=False)
binary("mint.minimum ops.minimum", torch.minimum, number=False)
binary("ops.fmax", torch.fmax, number=False)
binary("ops.fmin", torch.fmin, number=False)
binary("mint.logaddexp ops.logaddexp", torch.logaddexp, number=False, whole=False)
binary("mint.logaddexp2 ops.logaddexp2", torch.logaddexp2, number=False, whole=False)
binary("mint.xlogy ops.xlogy", torch.xlogy, 0.2, 3)
binary("ops.hypot", torch.hypot, number=False, whole=False)
binary("ops.copysign", torch.copysign)
binary("ops.nextafter", torch.nextafter, number=False, whole=False, grad=False)
binary("ops.heaviside", torch.heaviside, number=False, whole=False, grad=False)
binary("ops.ldexp", torch.ldexp, number=False, special=False)
for names, theirs in {
    "mint.eq ops.eq": torch.eq,
    "mint.ne ops.ne mint.not_equal": torch.ne,
    "mint.lt ops.lt mint.less": torch.lt,
    "mint.le ops.le mint.less_equal": torch.le,
    "mint.gt ops.gt mint.greater": torch.gt,
    "ops.ge mint.greater_equal": torch.ge,
}.items():
    binary(names, theirs)
binary("mint.isclose ops.isclose", torch.isclose, number=False)
binary("mint.logical_and ops.logical_and", torch.logical_and, number=False)
binary("mint.logical_or ops.logical_or", torch.logical_or, number=False)
binary("mint.logical_xor ops.logical_xor", torch.logical_xor, number=False)
for word in ("and", "or", "xor"):
    for space in ("mint", "ops"):
        case(
            f"{space}.bitwise_{word}",
            getattr(torch, f"bitwise_{word}"),
            (integers(4), integers(4, key="b")),
            (integers(3, 1, dtype=np.int8), integers(4, dtype=np.int8)),
            (booleans(4), booleans(4, key="b")),
            (integers(4, low=0, dtype=np.uint8), integers(4, low=0)),
        )
case("mint.bitwise_not", torch.bitwise_not, (integers(4),), (booleans(4),), (integers(3, dtype=np.int8),))
case("ops.bitwise_left_shift", torch.bitwise_left_shift, (integers(5), integers(5, low=0, high=4)))
case("ops.bitwise_right_shift", torch.bitwise_right_shift, (integers(5), integers(5, low=0, high=4)))
case("mint.gcd", torch.gcd, (integers(6, low=-30, high=30), integers(6, low=0, high=30)), (integers(3, 1), integers(2)))
case("ops.gcd", torch.gcd, (integers(6, low=-30, high=30), integers(6, low=0, high=30)))
case("ops.lcm", torch.lcm, (integers(6, low=-30, high=30), integers(6, low=0, high=30)), (integers(3, 1), integers(2)))

# Three and more.
for space in ("mint", "ops"):
    case(
        f"{space}.clamp",
        torch.clamp,
        (floats(3, 4), -1.0, 1.0),
        arguments("lower", floats(5), min=0.0),
        arguments("upper", floats(5), max=0.5),
        arguments("nan", fixed(SPECIAL), -1.0, 1.0),
        (integers(6), -2, 3),
        (floats(2, 3), floats(3, key="low") - 2, floats(3, key="high") + 2),
        (floats(3), 1.0, -1.0),
        (np.zeros((0, 2), np.float32), 0.0, 1.0),
    )
    case(f"{space}.lerp", torch.lerp, (floats(2, 3), floats(2, 3, key="b"), 0.3), (floats(2, 3), floats(3), floats(1)))
    case(
        f"{space}.where",
        torch.where,
        (booleans(2, 3), floats(2, 3), floats(2, 3, key="b")),
        (booleans(2, 1), floats(3), floats(2, 3)),
        (booleans(3), floats(3), 0.0),
        (booleans(3), 1.0, floats(3)),
        (booleans(3), integers(3), integers(3, key="b")),
    )
    case(
        f"{space}.addcdiv",
        lambda a, b, c, v=1: torch.addcdiv(a, b, c, value=v),
        (floats(2, 3), floats(2, 3, key="b"), floats(3, low=1)),
    )
case("ops.addcmul", torch.addcmul, (floats(2, 3), floats(2, 3, key="b"), floats(3, low=1)))
case(
    "mint.add alpha",
    lambda x, y: torch.add(x, y, alpha=3),
    (floats(2, 3), floats(3)),
    (integers(3), integers(3)),
    ours=lambda x, y: mint.add(x, y, alpha=3),
)
case(
    "mint.sub alpha",
    lambda x, y: torch.sub(x, y, alpha=0.5),
    (floats(2, 3), floats(3)),
    (integers(3), integers(3)),
    ours=lambda x, y: mint.sub(x, y, alpha=0.5),
)
case(
    "mint.nan_to_num values",
    lambda x: torch.nan_to_num(x, 1.0, 2.0, -3.0),
    (fixed(SPECIAL),),
    (floats(3),),
    ours=lambda x: mint.nan_to_num(x, 1.0, 2.0, -3.0),
)
case(
    "mint.round decimals",
    lambda x, n: torch.round(x, decimals=n),
    (floats(3, 4, low=-30, high=30), 1),
    (floats(3, 4, low=-300, high=300), -1),
    ours=lambda x, n: mint.round(x, decimals=n),
)
case("mint.polar", torch.polar, (floats(3, low=0.5), floats(3)), grad=False)
z = floats(3) + 1j * floats(3, key="i")
case("mint.real", torch.real, (z.astype(np.complex64),), (floats(3),))
case("mint.imag", torch.imag, (z.astype(np.complex64),))
case("ops.conj", torch.conj, (z.astype(np.complex64),), (floats(3),))
for name in ("abs", "exp", "log", "sqrt", "sin", "cos", "tanh", "square", "reciprocal"):
    case(f"ops.{name} complex", getattr(torch, name), (z.astype(np.complex64),), ours=getattr(ops, name))
