"""Element-wise rounding to whole numbers, and tests for NaN and infinities. Floating operands; no gradients."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_
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


@register
class IsInf(_Classify):
    """Whether x is an infinity of either sign, as bool. Gradient: none."""

    name = "isinf"
    reference = staticmethod(np.isinf)


@register
class IsFinite(_Classify):
    """Whether x is neither NaN nor infinite, as bool. Gradient: none."""

    name = "isfinite"
    reference = staticmethod(np.isfinite)
