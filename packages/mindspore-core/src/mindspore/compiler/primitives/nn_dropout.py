"""Dropout: set elements to zero at random, and scale the rest so that the expectation stays.

Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent neural networks
from overfitting", 2014.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_, int64
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, primitive, register, rng
from mindspore.compiler.primitives.nn_support import wide
from mindspore.compiler.primitives.support import widen


@register
class Dropout(Primitive):
    """x and state = (seed, offset), int64[2], to (y, mask): y = x / keep_prob where mask, else 0.

    The mask (bool) is true with probability keep_prob, 0 < keep_prob <= 1, independently for each element: where the
    element's 32 random bits, by `random_bits` of the state, are below keep_prob 2^32. Equal states give equal masks.
    ValueError for other probabilities, TypeError for other states. Gradient: ct / keep_prob where mask, else 0.
    """

    name = "dropout"
    attrs = ("keep_prob",)
    kinds = "f"
    draws = True

    def infer(self, x, state, *, keep_prob):
        self.check_dtypes((x,))
        if state.dtype is not int64 or state.shape != (2,):
            raise TypeError(f"dropout: the state is {state}, expected int64[2]: the seed and the offset")
        if not isinstance(keep_prob, float) or not 0 < keep_prob <= 1:
            raise ValueError(f"dropout: keep_prob is {keep_prob!r}; expected a float above 0 and at most 1")
        return tuple_aval((x, tensor_aval(x.shape, bool_)))

    def lower(self, b, x, state, *, keep_prob):
        if keep_prob == 1:
            return x, b.full(x.shape, True, bool_)
        mask = b.le(b.random_bits(state, shape=x.shape), last_kept(keep_prob))
        return self.masked(b, mask, x, keep_prob), mask

    def masked(self, b, mask, x, keep_prob):
        scaled = b.cast(b.mul(wide(b, x), 1 / keep_prob), dtype=x.dtype)
        return b.select(mask, scaled, b.constant(0, x.dtype))

    def vjp(self, b, cts, outs, x, state, *, keep_prob):
        return self.masked(b, outs[1], cts[0], keep_prob), None

    def reference(self, x, state, *, keep_prob):
        mask = primitive("random_bits").reference(state, shape=x.shape) <= last_kept(keep_prob)
        wide_x = widen(x)
        return np.where(mask, wide_x * wide_x.dtype.type(1 / keep_prob), 0).astype(x.dtype), mask

    def vmap(self, b, lanes, batched, x, state, *, keep_prob):
        """One draw over all lanes gives each its own mask."""
        if batched[1] or lanes.same_random:
            return None
        return b.dropout(x if batched[0] else lanes.spread(b, x), state, keep_prob=keep_prob)

    def samples(self):
        states = [np.array(pair, np.int64) for pair in ((0, 0), (42, 7), (-1, 2**40 + 3))]
        good = [Sample((rng(i).normal(size=shape), states[i % 3]), {"keep_prob": keep}) for i, (shape, keep) in
                enumerate((((3, 5), 0.5), ((2, 3, 7), 0.9), ((17,), 0.1), ((), 0.5), ((0, 3), 0.5), ((4, 4), 1.0)))]
        special = np.array([np.nan, np.inf, -np.inf, -0.0] * 4)
        return [*good, Sample((special, states[1]), {"keep_prob": 0.5}, grad=False),
                *[Sample((np.ones(3), states[0]), {"keep_prob": keep}, error=ValueError)
                  for keep in (0.0, 1.5, -1.0, 1)],
                Sample((np.ones(3), np.zeros(2)), {"keep_prob": 0.5}, error=TypeError),
                Sample((np.ones(3), np.zeros(3, np.int64)), {"keep_prob": 0.5}, error=TypeError),
                Sample((np.ones(3, np.int32), states[0]), {"keep_prob": 0.5}, error=TypeError)]


def last_kept(keep_prob: float) -> int:
    """The largest 32-bit word for which an element is kept: at least 0, so that a probability above 0 keeps some."""
    return max(round(keep_prob * 2**32) - 1, 0)
