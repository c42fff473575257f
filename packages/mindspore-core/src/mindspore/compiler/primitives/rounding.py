"""Element-wise rounding to whole numbers, neighbouring numbers, and tests for NaN and infinities. Floating
operands; no gradients, but that of neighbours."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_, float32, float64
from mindspore.compiler.primitives import complex_rules
from mindspore.compiler.primitives.base import Elementwise, Sample, register
from mindspore.compiler.primitives.support import SPECIAL, numpy_rule, uniform

_HALVES = np.array([-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 3.5, 8388609.0])


def _samples() -> list[Sample]:
    return [Sample((uniform((3, 5), -4, 4),), grad=False), Sample((np.array(1.7),), grad=False),
            Sample((np.zeros((0, 2)),), grad=False), Sample((_HALVES,), grad=False), Sample((SPECIAL,), grad=False),
            Sample((np.array([1, 2], np.int32),), error=TypeError)]


class _Rounding(Elementwise):
    kinds = "f"

    def grad(self, b, ct, out, x):
        return (None,)

    def simplify(self, b, ins, attrs):
        return ins[0] if isinstance(ins[0].op, _Rounding) else super().simplify(b, ins, attrs)

    def samples(self):
        return _samples()


@register
class Floor(_Rounding):
    """The largest whole number not above x. Gradient: none."""

    name = "floor"
    reference = numpy_rule(np.floor)


@register
class Ceil(_Rounding):
    """The smallest whole number not below x. Gradient: none."""

    name = "ceil"
    reference = numpy_rule(np.ceil)


@register
class Round(_Rounding):
    """The nearest whole number; halves go to the even neighbour (IEEE 754 roundTiesToEven). Gradient: none."""

    name = "round"
    reference = numpy_rule(np.rint)


@register
class Trunc(_Rounding):
    """x without its fraction: rounded towards 0. Gradient: none."""

    name = "trunc"
    reference = numpy_rule(np.trunc)


@register
class NextAfter(Elementwise):
    """The number next to x on the way to y, of those that the dtype has (float32 or float64); y where they are equal.
    Gradient: that of x itself, as the step between neighbours counts as constant; none for y."""

    name = "nextafter"
    kinds = "f"
    reference = staticmethod(np.nextafter)

    def infer(self, x, y):
        if x.dtype not in (float32, float64):
            raise TypeError(f"nextafter: got {x.dtype}, expected Float32 or Float64; cast the operand first")
        return super().infer(x, y)

    def grad(self, b, ct, out, x, y):
        return ct, None

    def samples(self):
        x = np.array([0.0, -0.0, 1.0, -1.0, 2.0, 1e-45, 3.4028234663852886e38, np.inf, np.nan], np.float32)
        y = np.array([[2.0], [-np.inf], [1.0], [0.0]], np.float32)
        return [Sample((x, y), exact_dtypes=True, grad=False),
                Sample((x.astype(np.float64), y.astype(np.float64)), exact_dtypes=True, grad=False),
                Sample((np.ones(2, np.float16), np.ones(2, np.float16)), error=TypeError, exact_dtypes=True)]


class _Classify(Elementwise):
    kinds = "fc"
    differentiable = False

    def result_dtype(self, dtype):
        return bool_

    def samples(self):
        return _samples()


@register
class IsNan(_Classify):
    """Whether x is NaN, as bool. Gradient: none."""

    name = "isnan"
    reference = staticmethod(np.isnan)

    def lower_parts(self, b, x):
        return complex_rules.both(b, self, x)


@register
class IsInf(_Classify):
    """Whether x is an infinity of either sign, as bool. Gradient: none."""

    name = "isinf"
    reference = staticmethod(np.isinf)

    def lower_parts(self, b, x):
        return complex_rules.both(b, self, x)


@register
class IsFinite(_Classify):
    """Whether x is neither NaN nor infinite, as bool. Gradient: none."""

    name = "isfinite"
    reference = staticmethod(np.isfinite)

    def lower_parts(self, b, x):
        return complex_rules.both(b, self, x, name="logical_and")
