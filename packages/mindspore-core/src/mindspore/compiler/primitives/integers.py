"""Element-wise functions of whole numbers. No gradients."""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.primitives.base import Elementwise, Sample, broadcast_shapes, register
from mindspore.compiler.primitives.support import integer_samples


@register
class Gcd(Elementwise):
    """The greatest common divisor of whole numbers, not negative; gcd(x, 0) is |x|. By Euclid's algorithm, as many
    trips as the slowest element needs. Gradient: none."""

    name = "gcd"
    kinds = "iu"
    differentiable = False
    reference = staticmethod(np.gcd)

    def lower(self, b, x, y):
        shape = broadcast_shapes("gcd", x.shape, y.shape)
        start = [b.abs(b.broadcast_to(v, shape=shape)) for v in (x, y)]
        test, trip = Builder("some_left"), Builder("divide")
        _, rest = [test.parameter(v.aval) for v in start]
        left = test.any(test.ne(rest, 0), axis=tuple(range(len(shape))), keepdims=False)
        u, v = [trip.parameter(v.aval) for v in start]
        done = trip.eq(v, 0)
        remainder = trip.mod(u, trip.select(done, trip.constant(1, v.dtype), v))
        after = [trip.select(done, u, v), trip.select(done, v, remainder)]
        return b.items(b.while_(*start, condition=test.finish([left]), body=trip.finish(after), carried=2))[0]

    def samples(self):
        return [*integer_samples((np.int32, np.uint8, np.int64), low=-60, high=60, right=(-24, 25)),
                Sample((np.array([0, 12, 0], np.int32), np.array([0, 0, 7], np.int32))),
                Sample((np.ones(2), np.ones(2)), error=TypeError)]
