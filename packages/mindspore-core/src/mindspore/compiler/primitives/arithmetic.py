"""Element-wise arithmetic.

All operands have one dtype and broadcast as in NumPy. Integers wrap around. Integer division by zero and the quotient
of the smallest integer by -1 give an unspecified number and never trap. Gradients of complex operands are linear:
cotangents are multiplied by the derivative, not by its conjugate.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.dtype import float64
from mindspore.compiler.primitives import complex_rules
from mindspore.compiler.primitives.base import Elementwise, Sample, register
from mindspore.compiler.primitives.support import (
    SPECIAL,
    binary_samples,
    complex_samples,
    distinct,
    integer_samples,
    is_scalar,
    numpy_rule,
    scalar_of,
    stands_for,
    unary_samples,
    uniform,
)


@register
class Add(Elementwise):
    """a + b. Gradient: ct, ct."""

    name = "add"
    partwise = True
    kinds = "iufc"
    reference = numpy_rule(np.add)

    def grad(self, b, ct, out, x, y):
        return ct, ct

    def simplify(self, b, ins, attrs):
        x, y = ins
        if is_scalar(y, -0.0) and stands_for(self, x, y):
            return x
        if is_scalar(x, -0.0) and stands_for(self, y, x):
            return y
        return super().simplify(b, ins, attrs)

    def samples(self):
        return binary_samples(-2, 2) + integer_samples() + complex_samples()


@register
class Sub(Elementwise):
    """a - b. Gradient: ct, -ct."""

    name = "sub"
    partwise = True
    kinds = "iufc"
    reference = numpy_rule(np.subtract)

    def grad(self, b, ct, out, x, y):
        return ct, b.neg(ct)

    def simplify(self, b, ins, attrs):
        x, y = ins
        if is_scalar(y, 0.0) and stands_for(self, x, y):
            return x
        return super().simplify(b, ins, attrs)

    def samples(self):
        return binary_samples(-2, 2) + integer_samples() + complex_samples()


@register
class Mul(Elementwise):
    """a * b. Gradient: ct * b, ct * a."""

    name = "mul"
    kinds = "iufc"
    reference = numpy_rule(np.multiply)

    def grad(self, b, ct, out, x, y):
        return b.mul(ct, y), b.mul(ct, x)

    def simplify(self, b, ins, attrs):
        x, y = ins
        if is_scalar(y, 1) and stands_for(self, x, y):
            return x
        if is_scalar(x, 1) and stands_for(self, y, x):
            return y
        return super().simplify(b, ins, attrs)

    def lower_parts(self, b, x, y):
        return complex_rules.product(b, x, y)

    def samples(self):
        return binary_samples(-2, 2) + integer_samples() + complex_samples()


@register
class Div(Elementwise):
    """a / b, for floating and complex operands (integers are cast before). Gradient: ct / b, -ct * out / b."""

    name = "div"
    kinds = "fc"
    reference = numpy_rule(np.divide)

    def grad(self, b, ct, out, x, y):
        dx = b.div(ct, y)
        return dx, b.neg(b.mul(dx, out))

    def simplify(self, b, ins, attrs):
        x, y = ins
        divisor = scalar_of(y)
        if divisor is None or not stands_for(self, x, y):
            return super().simplify(b, ins, attrs)
        if divisor == 1:
            return x
        if y.dtype.is_floating and _has_exact_reciprocal(divisor):
            return b.mul(x, b.constant(1 / float(divisor), y.dtype))
        return super().simplify(b, ins, attrs)

    def lower_parts(self, b, x, y):
        return complex_rules.quotient(b, x, y)

    def samples(self):
        return binary_samples(-2, 2, right=(0.5, 2)) + complex_samples() + [
            Sample((np.ones(2, np.int32),) * 2, error=TypeError)]


def _has_exact_reciprocal(divisor) -> bool:
    """Whether multiplying by 1 / divisor is dividing by it, bit for bit: a power of two far from overflow."""
    mantissa, exponent = math.frexp(float(divisor))
    return abs(mantissa) == 0.5 and -10 < exponent < 10


def _whole_quotients() -> list[Sample]:
    return [*integer_samples(low=-9, high=10, right=(1, 4)), *integer_samples((np.int32,), -9, 10, (-4, 0)),
            Sample((np.ones(2), np.ones(3)), error=ValueError), Sample((np.ones(2, bool),) * 2, error=TypeError)]


@register
class FloorDiv(Elementwise):
    """The quotient rounded towards minus infinity, as Python's `//`: (a - mod(a, b)) / b. Gradient: none."""

    name = "floor_div"
    kinds = "iuf"
    reference = numpy_rule(np.floor_divide)

    def grad(self, b, ct, out, x, y):
        return None, None

    def samples(self):
        return [Sample((uniform((3, 5), -4, 4), uniform((5,), 0.3, 2, 1)), grad=False),
                Sample((uniform((), -4, 4), uniform((), -2, -0.5, 1)), grad=False),
                Sample((np.zeros((0, 2)), np.ones(2))),
                Sample((np.array([7.0, -7.0, 7.0, -7.0, 0.0, -0.0]), np.array([2.0, 2.0, -2.0, -2.0, 3.0, 3.0])),
                       grad=False),
                *_whole_quotients()]


@register
class Mod(Elementwise):
    """The remainder with the sign of the divisor, as Python's `%`: a - b * floor(a / b), exact for floats.
    Gradient: ct, -ct * floor_div(a, b)."""

    name = "mod"
    kinds = "iuf"
    reference = numpy_rule(np.mod)

    def grad(self, b, ct, out, x, y):
        return ct, b.neg(b.mul(ct, b.floor_div(x, y)))

    def samples(self):
        return [Sample((np.array([[0.4, 1.7, -0.4], [-1.9, 2.6, 5.1]]), np.array([1.0, 1.1, -1.2]))),
                Sample((np.array(5.3), np.array(-2.0))), Sample((np.zeros((0, 2)), np.ones(2))),
                Sample((np.array([7.0, -7.0, 7.0, -7.0, 0.0, -0.0, np.inf, 1.0, np.nan]),
                        np.array([2.0, 2.0, -2.0, -2.0, 3.0, 3.0, 2.0, np.inf, 1.0])), grad=False),
                *_whole_quotients()]


@register
class Neg(Elementwise):
    """-x; unsigned integers wrap around. Gradient: -ct."""

    name = "neg"
    partwise = True
    kinds = "iufc"
    reference = numpy_rule(np.negative)

    def grad(self, b, ct, out, x):
        return (b.neg(ct),)

    def simplify(self, b, ins, attrs):
        return ins[0].ins[0] if ins[0].op is self else super().simplify(b, ins, attrs)

    def samples(self):
        return _signed_samples() + complex_samples(1)


@register
class Abs(Elementwise):
    """|x|; the smallest integer stays as it is. Gradient: ct * sign(x), so 0 at 0."""

    name = "abs"
    kinds = "iuf"
    reference = numpy_rule(np.abs)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sign(x)),)

    def simplify(self, b, ins, attrs):
        return ins[0] if ins[0].op is self else super().simplify(b, ins, attrs)

    def samples(self):
        return _signed_samples()


@register
class Sign(Elementwise):
    """-1, 0 or 1; NaN stays NaN and -0 may become 0. Gradient: none."""

    name = "sign"
    kinds = "iuf"
    reference = numpy_rule(np.sign)

    def grad(self, b, ct, out, x):
        return (None,)

    def samples(self):
        return _signed_samples()


class _Extremum(Elementwise):
    """Shared by the larger and the smaller of two operands."""

    kinds = "iuf"

    def simplify(self, b, ins, attrs):
        if ins[0] is ins[1] and stands_for(self, *ins):
            return ins[0]
        return super().simplify(b, ins, attrs)

    def samples(self):
        return _extremum_samples()


@register
class Maximum(_Extremum):
    """The larger operand; NaN if one is NaN. Gradient: ct to the larger operand, half to each of equal ones, all of it
    to both where one is NaN."""

    name = "maximum"
    reference = numpy_rule(np.maximum)

    def grad(self, b, ct, out, x, y):
        return _unless_beaten(b, ct, x, y, b.lt), _unless_beaten(b, ct, y, x, b.lt)


@register
class Minimum(_Extremum):
    """The smaller operand; NaN if one is NaN. Gradient: ct to the smaller operand, half to each of equal ones, all of
    it to both where one is NaN."""

    name = "minimum"
    reference = numpy_rule(np.minimum)

    def grad(self, b, ct, out, x, y):
        return _unless_beaten(b, ct, x, y, b.gt), _unless_beaten(b, ct, y, x, b.gt)


def _unless_beaten(b, ct, mine, other, beaten):
    """0 where `mine` is beaten, half of ct where the operands are equal, else ct: the gradient of an extremum."""
    shared = b.select(b.eq(mine, other), b.mul(ct, 0.5), ct)
    return b.select(beaten(mine, other), b.constant(0, ct.dtype), shared)


@register
class AtLeast(_Extremum):
    """x, but not below a bound; NaN if one of them is NaN. Gradient: ct to x where x >= bound, to the bound where it is
    larger, to none where one is NaN. In this it differs from `maximum`: what reaches the bound is not held back."""

    name = "at_least"
    reference = numpy_rule(np.maximum)

    def lower(self, b, x, bound):
        return b.maximum(x, bound)

    def grad(self, b, ct, out, x, bound):
        zero = b.constant(0, ct.dtype)
        return b.select(b.ge(x, bound), ct, zero), b.select(b.lt(x, bound), ct, zero)


@register
class AtMost(_Extremum):
    """x, but not above a bound; NaN if one of them is NaN. Gradient: ct to x where x <= bound, to the bound where it is
    smaller, to none where one is NaN; see `at_least`."""

    name = "at_most"
    reference = numpy_rule(np.minimum)

    def lower(self, b, x, bound):
        return b.minimum(x, bound)

    def grad(self, b, ct, out, x, bound):
        zero = b.constant(0, ct.dtype)
        return b.select(b.le(x, bound), ct, zero), b.select(b.gt(x, bound), ct, zero)


@register
class Pow(Elementwise):
    """a ** b. For integers a negative exponent gives the truncated quotient (0 unless a is 1 or -1).
    Gradient: ct * b * a**(b - 1), ct * out * log(a). Where a is 0 and the formula would multiply 0 by infinity, a is
    replaced by 1, which gives the limit 0."""

    name = "pow"
    kinds = "iufc"

    def reference(self, x, y):
        return _float_power(x, y) if x.dtype.kind not in "iu" else _integer_power(x, y)

    def grad(self, b, ct, out, x, y):
        one, x_is_zero = b.constant(1, x.dtype), b.eq(x, 0)
        base = b.select(b.logical_and(x_is_zero, b.eq(y, 0)), one, x)
        dx = b.mul(ct, b.mul(y, b.pow(base, b.sub(y, 1))))
        if x.dtype.kind == "c":
            return dx, b.mul(ct, b.mul(out, b.log(b.select(x_is_zero, one, x))))
        base = b.select(b.logical_and(x_is_zero, b.ge(y, 0)), one, x)
        if x.dtype.is_floating:
            return dx, b.mul(ct, b.mul(out, b.log(base)))
        wide = b.mul(b.cast(out, dtype=float64), b.log(b.cast(base, dtype=float64)))
        return dx, b.mul(ct, b.cast(wide, dtype=x.dtype))

    def simplify(self, b, ins, attrs):
        x, y = ins
        exponent = scalar_of(y)
        if exponent is None or not stands_for(self, x, y):
            return super().simplify(b, ins, attrs)
        if exponent == 1:
            return x
        if exponent == 2:
            return b.mul(x, x)
        if exponent == -1 and x.dtype.is_floating:
            return b.div(b.constant(1, x.dtype), x)
        return super().simplify(b, ins, attrs)

    def samples(self):
        exponents = [s for n in (0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5) for s in (
            Sample((uniform((2, 3), 0.3, 2), np.array(n))), Sample((uniform((2, 3)), np.array(n)), grad=False))]
        return binary_samples(0.3, 2, right=(-2, 2), rtol=4e-5) + exponents + complex_samples() + [
            Sample((np.array([1, -1, 2, -3, 0], np.int32), np.array([[2], [0], [3], [-1]], np.int32)), grad=False),
            *integer_samples((np.uint8, np.int64), low=-3, high=4, right=(0, 4))]


_float_power = numpy_rule(np.power).__func__


def _integer_power(x, y):
    result = np.power(x, np.maximum(y, np.zeros((), y.dtype)))
    if y.dtype.kind == "u":
        return result
    unit = np.where(x == 1, 1, np.where(x == -1, np.where(y % 2 == 0, 1, -1), 0)).astype(x.dtype)
    return np.where(y < 0, unit, result)


def _signed_samples() -> list[Sample]:
    bad = [Sample((np.array([True, False]),), error=TypeError)]
    floats = [s for s in unary_samples(-2, 2) if s.error is None]
    return floats + integer_samples((np.int32, np.int8, np.int64), operands=1) + bad


def _extremum_samples() -> list[Sample]:
    return [Sample((distinct((3, 5)), distinct((3, 5), 1) + 0.1)), Sample((np.array(0.5), distinct((4,)))),
            Sample((distinct((2, 1, 3)), distinct((4, 1), 1) + 0.1)), Sample((np.zeros((0, 2)), np.ones(2))),
            Sample((np.array([1.0, 2.0]), np.array([1.0, 2.0])), grad=False),
            Sample((SPECIAL[:, None], SPECIAL), grad=False), Sample((np.zeros(2), np.zeros(3)), error=ValueError),
            *integer_samples()]
