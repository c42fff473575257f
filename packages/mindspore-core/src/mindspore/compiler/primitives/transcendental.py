"""Element-wise exponentials, logarithms, roots, trigonometric and hyperbolic functions, and the error function.

Floating operands; most take complex ones too and give the principal value, whose derivative is that of calculus.
Outside the domain the result of a real function is NaN and at poles it is infinite, as IEEE 754 recommends.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.compiler.primitives import complex_rules
from mindspore.compiler.primitives.base import Elementwise, Sample, register
from mindspore.compiler.primitives.support import SPECIAL, analytic_samples, numpy_rule, unary_samples, uniform


@register
class Exp(Elementwise):
    """e**x. Gradient: ct * out."""

    name = "exp"
    kinds = "fc"
    reference = numpy_rule(np.exp)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, out),)

    def lower_parts(self, b, x):
        return complex_rules.exponential(b, x)

    def samples(self):
        return unary_samples(-3, 3) + analytic_samples()


@register
class Expm1(Elementwise):
    """e**x - 1, exact near 0. Gradient: ct * (out + 1)."""

    name = "expm1"
    kinds = "fc"
    reference = numpy_rule(np.expm1)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.add(out, 1)),)

    def samples(self):
        return unary_samples(-3, 3) + [Sample((uniform((9,), -1e-3, 1e-3),))] + analytic_samples()


@register
class Exp2(Elementwise):
    """2**x. Gradient: ct * out * ln 2."""

    name = "exp2"
    kinds = "fc"
    reference = numpy_rule(np.exp2)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.mul(out, math.log(2.0))),)

    def samples(self):
        return unary_samples(-3, 3) + analytic_samples()


@register
class Log(Elementwise):
    """The natural logarithm. Gradient: ct / x."""

    name = "log"
    kinds = "fc"
    reference = numpy_rule(np.log)

    def grad(self, b, ct, out, x):
        return (b.div(ct, x),)

    def lower_parts(self, b, x):
        return complex_rules.logarithm(b, x)

    def samples(self):
        return unary_samples(0.2, 5) + analytic_samples()


@register
class Log1p(Elementwise):
    """The natural logarithm of 1 + x, exact near 0. Gradient: ct / (1 + x)."""

    name = "log1p"
    kinds = "fc"
    reference = numpy_rule(np.log1p)

    def grad(self, b, ct, out, x):
        return (b.div(ct, b.add(x, 1)),)

    def samples(self):
        return unary_samples(-0.7, 4) + [Sample((uniform((9,), -1e-3, 1e-3),))] + analytic_samples()


@register
class Log2(Elementwise):
    """The logarithm to base 2. Gradient: ct / (x * ln 2)."""

    name = "log2"
    kinds = "fc"
    reference = numpy_rule(np.log2)

    def grad(self, b, ct, out, x):
        return (b.div(ct, b.mul(x, math.log(2.0))),)

    def samples(self):
        return unary_samples(0.2, 5) + analytic_samples()


@register
class Log10(Elementwise):
    """The logarithm to base 10: log(x) / ln 10. Gradient: that of the decomposition."""

    name = "log10"
    kinds = "fc"
    vjp = None
    reference = numpy_rule(np.log10)

    def lower(self, b, x):
        return b.div(b.log(x), math.log(10.0))

    def samples(self):
        return unary_samples(0.2, 5) + analytic_samples()


@register
class Sqrt(Elementwise):
    """The square root. Gradient: ct / (2 * out), so infinite at 0."""

    name = "sqrt"
    kinds = "fc"
    reference = numpy_rule(np.sqrt)

    def grad(self, b, ct, out, x):
        return (b.div(ct, b.mul(out, 2)),)

    def lower_parts(self, b, x):
        return complex_rules.square_root(b, x)

    def samples(self):
        return unary_samples(0.2, 5) + analytic_samples()


@register
class Rsqrt(Elementwise):
    """1 / sqrt(x). Gradient: -ct * out**3 / 2."""

    name = "rsqrt"
    kinds = "fc"
    reference = numpy_rule(lambda x: np.reciprocal(np.sqrt(x)))

    def grad(self, b, ct, out, x):
        return (b.mul(b.mul(ct, -0.5), b.mul(out, b.mul(out, out))),)

    def lower_parts(self, b, x):
        return b.div(b.constant(1, x.dtype), b.sqrt(x))

    def samples(self):
        return unary_samples(0.3, 4) + analytic_samples()


@register
class Sin(Elementwise):
    """The sine of x radians. Gradient: ct * cos(x)."""

    name = "sin"
    kinds = "fc"
    reference = numpy_rule(np.sin)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.cos(x)),)

    def lower_parts(self, b, x):
        return complex_rules.sine(b, x)

    def samples(self):
        return unary_samples(-4, 4) + analytic_samples()


@register
class Cos(Elementwise):
    """The cosine of x radians. Gradient: -ct * sin(x)."""

    name = "cos"
    kinds = "fc"
    reference = numpy_rule(np.cos)

    def grad(self, b, ct, out, x):
        return (b.neg(b.mul(ct, b.sin(x))),)

    def lower_parts(self, b, x):
        return complex_rules.cosine(b, x)

    def samples(self):
        return unary_samples(-4, 4) + analytic_samples()


@register
class Tan(Elementwise):
    """The tangent of x radians. Gradient: ct * (1 + out**2)."""

    name = "tan"
    kinds = "fc"
    reference = numpy_rule(np.tan)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.add(b.mul(out, out), 1)),)

    def lower_parts(self, b, x):
        return complex_rules.tangent(b, x)

    def samples(self):
        return unary_samples(-1.2, 1.2) + analytic_samples()


@register
class Asin(Elementwise):
    """The inverse sine, in [-pi/2, pi/2]. Gradient: ct / sqrt(1 - x**2)."""

    name = "asin"
    kinds = "fc"
    reference = numpy_rule(np.arcsin)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.rsqrt(_one_minus_square(b, x))),)

    def samples(self):
        return unary_samples(-0.8, 0.8) + analytic_samples()


@register
class Acos(Elementwise):
    """The inverse cosine, in [0, pi]. Gradient: -ct / sqrt(1 - x**2)."""

    name = "acos"
    kinds = "fc"
    reference = numpy_rule(np.arccos)

    def grad(self, b, ct, out, x):
        return (b.neg(b.mul(ct, b.rsqrt(_one_minus_square(b, x)))),)

    def samples(self):
        return unary_samples(-0.8, 0.8) + analytic_samples()


@register
class Atan(Elementwise):
    """The inverse tangent, in [-pi/2, pi/2]. Gradient: ct / (1 + x**2)."""

    name = "atan"
    kinds = "fc"
    reference = numpy_rule(np.arctan)

    def grad(self, b, ct, out, x):
        return (b.div(ct, b.add(b.mul(x, x), 1)),)

    def samples(self):
        return unary_samples(-3, 3) + analytic_samples()


@register
class Atan2(Elementwise):
    """The angle of the point (x, y), given as (y, x), in [-pi, pi].
    Gradient: ct * x / (x**2 + y**2), -ct * y / (x**2 + y**2)."""

    name = "atan2"
    kinds = "f"
    reference = numpy_rule(np.arctan2)

    def grad(self, b, ct, out, y, x):
        scaled = b.div(ct, b.add(b.mul(x, x), b.mul(y, y)))
        return b.mul(scaled, x), b.neg(b.mul(scaled, y))

    def samples(self):
        return [Sample((uniform((3, 5), 0.3, 2), uniform((5,), -2, -0.3, 1))),
                Sample((uniform((2, 1), -2, -0.3), uniform((4,), 0.3, 2, 1))),
                Sample((uniform((), 0.3, 2), uniform((), -2, 2, 1))), Sample((np.zeros((0, 2)), np.ones(2))),
                Sample((SPECIAL[:, None], SPECIAL), grad=False), Sample((np.ones(2), np.ones(3)), error=ValueError)]


@register
class Sinh(Elementwise):
    """The hyperbolic sine. Gradient: ct * cosh(x)."""

    name = "sinh"
    kinds = "fc"
    reference = numpy_rule(np.sinh)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.cosh(x)),)

    def lower_parts(self, b, x):
        return complex_rules.hyperbolic_sine(b, x)

    def samples(self):
        return unary_samples(-3, 3) + analytic_samples()


@register
class Cosh(Elementwise):
    """The hyperbolic cosine. Gradient: ct * sinh(x)."""

    name = "cosh"
    kinds = "fc"
    reference = numpy_rule(np.cosh)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sinh(x)),)

    def lower_parts(self, b, x):
        return complex_rules.hyperbolic_cosine(b, x)

    def samples(self):
        return unary_samples(-3, 3) + analytic_samples()


@register
class Tanh(Elementwise):
    """The hyperbolic tangent. Gradient: ct * (1 - out**2)."""

    name = "tanh"
    kinds = "fc"
    reference = numpy_rule(np.tanh)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, _one_minus_square(b, out)),)

    def lower_parts(self, b, x):
        return complex_rules.hyperbolic_tangent(b, x)

    def samples(self):
        return unary_samples(-3, 3) + analytic_samples()


@register
class Asinh(Elementwise):
    """The inverse hyperbolic sine. Gradient: ct / sqrt(1 + x**2)."""

    name = "asinh"
    kinds = "fc"
    reference = numpy_rule(np.arcsinh)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.rsqrt(b.add(b.mul(x, x), 1))),)

    def samples(self):
        return unary_samples(-3, 3) + analytic_samples()


@register
class Acosh(Elementwise):
    """The inverse hyperbolic cosine, for x >= 1. Gradient: ct / sqrt((x - 1) * (x + 1))."""

    name = "acosh"
    kinds = "fc"
    reference = numpy_rule(np.arccosh)

    def grad(self, b, ct, out, x):
        if x.dtype.kind == "c":
            return (b.mul(ct, b.mul(b.rsqrt(b.sub(x, 1)), b.rsqrt(b.add(x, 1)))),)
        return (b.mul(ct, b.rsqrt(b.mul(b.sub(x, 1), b.add(x, 1)))),)

    def samples(self):
        return unary_samples(1.3, 5) + analytic_samples()


@register
class Atanh(Elementwise):
    """The inverse hyperbolic tangent, for -1 <= x <= 1. Gradient: ct / (1 - x**2)."""

    name = "atanh"
    kinds = "fc"
    reference = numpy_rule(np.arctanh)

    def grad(self, b, ct, out, x):
        return (b.div(ct, _one_minus_square(b, x)),)

    def samples(self):
        return unary_samples(-0.8, 0.8) + analytic_samples()


def _one_minus_square(b, x):
    """1 - x**2 as (1 - x) * (1 + x), which does not cancel near 1."""
    return b.mul(b.sub(b.constant(1, x.dtype), x), b.add(x, 1))


_SCALAR_ERF = np.frompyfunc(math.erf, 1, 1)
_SCALAR_ERFC = np.frompyfunc(math.erfc, 1, 1)


@register
class Erf(Elementwise):
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x.
    Gradient: ct * 2 / sqrt(pi) * exp(-x**2)."""

    name = "erf"
    kinds = "f"
    reference = numpy_rule(lambda x: np.asarray(_SCALAR_ERF(x)).astype(x.dtype))

    def grad(self, b, ct, out, x):
        return (b.mul(ct, _erf_slope(b, x)),)

    def samples(self):
        return unary_samples(-2, 2)


@register
class Erfc(Elementwise):
    """1 - erf(x), exact for large x. Gradient: -ct * 2 / sqrt(pi) * exp(-x**2)."""

    name = "erfc"
    kinds = "f"
    reference = numpy_rule(lambda x: np.asarray(_SCALAR_ERFC(x)).astype(x.dtype))

    def grad(self, b, ct, out, x):
        return (b.neg(b.mul(ct, _erf_slope(b, x))),)

    def samples(self):
        return unary_samples(-2, 2) + [Sample((uniform((5,), 2, 5),))]


def _erf_slope(b, x):
    return b.mul(b.exp(b.neg(b.mul(x, x))), 2.0 / math.sqrt(math.pi))
