"""Element-wise comparison: two operands of one dtype that broadcast; the result is bool.

A comparison with NaN is False, except `ne`, which is True. Bools order as 0 and 1. No gradients.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_
from mindspore.compiler.primitives import complex_rules
from mindspore.compiler.primitives.base import Elementwise, Sample, register
from mindspore.compiler.primitives.support import SPECIAL, complex_samples, integer_samples


class _Comparison(Elementwise):
    kinds = "biuf"
    differentiable = False

    def result_dtype(self, dtype):
        return bool_

    def samples(self):
        steps = np.arange(-3.0, 3.0)
        return [Sample((steps[:, None], steps)), Sample((np.array(1.0), np.array(1.0))),
                Sample((np.zeros((0, 2)), np.ones(2))), Sample((SPECIAL[:, None], SPECIAL)),
                Sample((np.array([[False], [True]]), np.array([False, True]))), *integer_samples(),
                Sample((np.array([2**63 - 1, -(2**63)]), np.array([2**63 - 2, 0])), exact_dtypes=True),
                Sample((np.zeros(2), np.zeros(3)), error=ValueError),
                Sample((np.zeros(2), np.zeros(2, np.int32)), error=TypeError)]


@register
class Eq(_Comparison):
    """a == b. Gradient: none."""

    name = "eq"
    kinds = "biufc"
    reference = staticmethod(np.equal)

    def lower_parts(self, b, x, y):
        return complex_rules.both(b, self, x, y, name="logical_and")

    def samples(self):
        return super().samples() + complex_samples()


@register
class Ne(_Comparison):
    """a != b. Gradient: none."""

    name = "ne"
    kinds = "biufc"
    reference = staticmethod(np.not_equal)

    def lower_parts(self, b, x, y):
        return complex_rules.both(b, self, x, y)

    def samples(self):
        return super().samples() + complex_samples()


@register
class Lt(_Comparison):
    """a < b. Gradient: none."""

    name = "lt"
    reference = staticmethod(np.less)


@register
class Le(_Comparison):
    """a <= b. Gradient: none."""

    name = "le"
    reference = staticmethod(np.less_equal)


@register
class Gt(_Comparison):
    """a > b. Gradient: none."""

    name = "gt"
    reference = staticmethod(np.greater)


@register
class Ge(_Comparison):
    """a >= b. Gradient: none."""

    name = "ge"
    reference = staticmethod(np.greater_equal)
