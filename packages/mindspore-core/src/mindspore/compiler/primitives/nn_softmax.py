"""Softmax and its logarithm along one axis.

Both subtract the maximum of the row first, which changes nothing in exact arithmetic and keeps every exponent at or
below 0, so that nothing overflows and the sum is at least 1 (Blanchard, Higham and Higham, "Accurately computing the
log-sum-exp and softmax functions", 2021). The maximum is a constant for differentiation. Half-precision rows are
computed in float32 and rounded once. A row that holds NaN or inf, or only -inf, gives NaN.
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.primitives.base import Primitive, Sample, normalize_axis, register, rng
from mindspore.compiler.primitives.nn_support import non_negative_axis, np_log_softmax, wide, wide_reference


class RowOperator(Primitive):
    """An operator that maps each row along `axis` to a row."""

    kinds = "f"
    attrs = ("axis",)

    def infer(self, x, *, axis):
        if x.ndim == 0:
            raise ValueError(f"{self.name}: got a tensor without axes, expected at least one axis; reshape it to (1,)")
        normalize_axis(self.name, axis, x.ndim)
        return tensor_aval(x.shape, self.check_dtypes((x,)))

    def simplify(self, b, ins, attrs):
        return non_negative_axis(self, b, ins, attrs[0]) if ins[0].aval.ndim else None

    def vmap(self, b, lanes, batched, x, *, axis):
        return b.emit(self, (x,), (axis + 1 if axis >= 0 else axis,))

    def shifted(self, b, x, axis: int):
        """x minus the maximum of its row."""
        return b.sub(x, b.stop_gradient(b.max(x, axis=(axis,), keepdims=True)))

    def samples(self):
        special = np.array([[1e4, 1e4 - 1, -1e4], [0, 0, 0], [np.nan, 0, 1], [np.inf, 0, 1], [-np.inf, 0, 1],
                            [-np.inf] * 3])
        shapes = (((3, 5), 1), ((4, 3), 0), ((2, 3, 7), 1), ((6,), 0), ((2, 1), 1), ((0, 4), 1), ((3, 17), -1))
        return [*[Sample((rng(i).normal(scale=2, size=shape),), {"axis": axis})
                  for i, (shape, axis) in enumerate(shapes)],
                Sample((special,), {"axis": 1}, grad=False),
                Sample((np.ones((2, 3)),), {"axis": 2}, error=ValueError),
                Sample((np.ones((2, 3)),), {"axis": -3}, error=ValueError),
                Sample((np.array(1.0),), {"axis": 0}, error=ValueError),
                Sample((np.ones((2, 3), np.int32),), {"axis": 1}, error=TypeError)]


@register
class Softmax(RowOperator):
    """exp(x) / sum(exp(x)) along `axis`; x floating, at least one axis.

    Gradient: y (ct - sum(ct y)).
    """

    name = "softmax"

    def lower(self, b, x, *, axis):
        e = b.exp(self.shifted(b, wide(b, x), axis))
        return b.cast(b.div(e, b.sum(e, axis=(axis,), keepdims=True)), dtype=x.dtype)

    def vjp(self, b, ct, out, x, *, axis):
        g, y = wide(b, ct, out)
        return (b.cast(b.mul(y, b.sub(g, b.sum(b.mul(g, y), axis=(axis,), keepdims=True))), dtype=x.dtype),)

    @wide_reference
    def reference(self, x, *, axis):
        return np.exp(np_log_softmax(x, axis))


@register
class LogSoftmax(RowOperator):
    """x - log(sum(exp(x))) along `axis`; x floating, at least one axis.

    Gradient: ct - exp(y) sum(ct).
    """

    name = "log_softmax"

    def lower(self, b, x, *, axis):
        s = self.shifted(b, wide(b, x), axis)
        return b.cast(b.sub(s, b.log(b.sum(b.exp(s), axis=(axis,), keepdims=True))), dtype=x.dtype)

    def vjp(self, b, ct, out, x, *, axis):
        g, y = wide(b, ct, out)
        return (b.cast(b.sub(g, b.mul(b.exp(y), b.sum(g, axis=(axis,), keepdims=True))), dtype=x.dtype),)

    @wide_reference
    def reference(self, x, *, axis):
        return np_log_softmax(x, axis)
