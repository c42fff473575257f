"""Random numbers of the gamma and Poisson distributions, by rejection.

All elements try at once, until none is left that has not accepted; trial k takes its uniform and normal numbers from
the streams (seed, offset + k 2**40) and (seed, offset + k 2**40 + 2**39), so a number depends on nothing but the state,
its place and its parameter. Parameters outside of the domain give NaN.

gamma: G. Marsaglia, W. W. Tsang, A simple method for generating gamma variables, 2000. More than 95 of 100 trials are
accepted. For alpha < 1 a number for alpha + 1 times u**(1 / alpha).

Poisson: below a rate of 10 the inverse of the distribution function, summed up from 0; else the transformed rejection
of W. Hörmann, The transformed rejection method for generating Poisson random variables, 1993.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.dtype import float64, int64
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.random import check_state
from mindspore.compiler.primitives.special_gamma import lgamma_positive
from mindspore.compiler.primitives.special_incomplete import Igamma, gamma_density, slope
from mindspore.compiler.primitives.special_support import Real, among, exp, floor, log, loop, sqrt, where
from mindspore.compiler.primitives.support import uniform

_TRIAL, _SECOND = 2**40, 2**39


def _uniform(b: Builder, state, shape: tuple) -> Real:
    return Real(b, b.random_uniform(state, shape=shape, dtype=float64))


def _moved(b: Builder, state, step):
    """The state whose offset is `step` more: an int, or an int64 node."""
    if isinstance(step, int):
        return b.add(state, b.constant(np.array([0, step]), int64))
    return b.add(state, b.mul(step, b.constant(np.array([0, 1]), int64)))


def _trials(state, parameters: list[Real], known: Real, start: Real, attempt) -> Real:
    """`start` where `known`, elsewhere the first accepted one of the proposals that attempt(b, first, second,
    *parameters) gives with whether it is accepted; `first` and `second` are states of this trial alone."""
    b, shape = known.b, known.node.shape
    test, trip = Builder("some_left"), Builder("trial")
    avals = [tensor_aval((), int64), known.node.aval, start.node.aval, state.aval, *[p.node.aval for p in parameters]]
    done = [test.parameter(a) for a in avals][1]
    left = test.any(test.logical_not(done), axis=tuple(range(len(shape))), keepdims=False)
    count, done, value, own, *given = [trip.parameter(a) for a in avals]
    first = _moved(trip, own, trip.mul(count, _TRIAL))
    found, accepted = attempt(trip, first, _moved(trip, first, _SECOND), *[Real(trip, g) for g in given])
    after = [trip.add(count, 1), trip.logical_or(done, accepted.node), trip.select(done, value, found.node)]
    nodes = [b.constant(1, int64), known.node, start.node, state, *[p.node for p in parameters]]
    made = b.while_(*nodes, condition=test.finish([left]), body=trip.finish(after), carried=3)
    return Real(b, b.items(made)[2])


class _Rejection(Primitive):
    kinds = "f"
    draws = True

    def infer(self, state, parameter):
        check_state(self.name, state)
        self.check_dtypes((parameter,))
        return parameter

    def vmap(self, b, lanes, batched, state, parameter):
        """One draw over all lanes gives each its own numbers."""
        if batched[0] or lanes.same_random:
            return None
        return b.call(self, state, parameter)

    def lower(self, b, state, parameter):
        return b.cast(self.draw(b, state, Real(b, b.cast(parameter, dtype=float64))).node, dtype=parameter.dtype)

    def samples(self):
        state = np.array([42, 7], np.int64)
        parameters = np.concatenate([uniform((2, 3), 0.2, 30), [[0.0, -1.0, np.nan]]])
        return [Sample((state, parameters), grad=False, rtol=1e-4),
                Sample((np.zeros(2), np.ones(2)), error=TypeError),
                Sample((state, np.ones(2, np.int32)), error=TypeError)]


@register
class RandomGamma(_Rejection):
    """Numbers of the gamma distributions with shape parameters alpha > 0 and scale 1, from state = (seed, offset).
    Gradient: by alpha, the movement of the quantile, -(dP / d alpha) / density (M. Figurnov, S. Mohamed, A. Mnih,
    Implicit reparameterization gradients, 2018)."""

    name = "random_gamma"

    def draw(self, b, state, alpha):
        inside = (alpha > 0.0) & (alpha < math.inf)
        low = inside & (alpha < 1.0)
        size = among(inside, where(low, alpha + 1.0, alpha), 1.0)
        value = _trials(state, [size], ~inside, where(inside, 0.0, math.nan), self.attempt)
        boost = log(1.0 - _uniform(b, _moved(b, state, _SECOND), alpha.node.shape)) / among(low, alpha, 1.0)
        return where(low, value * exp(boost), value)

    def attempt(self, b, first, second, alpha):
        """A proposal for every element, and whether it is accepted."""
        shape = alpha.node.shape
        d = alpha - 1 / 3
        x = Real(b, b.random_normal(first, shape=shape, dtype=float64))
        root = x / sqrt(d * 9.0) + 1.0
        positive = root > 0.0
        root = among(positive, root, 1.0)
        v = root * root * root
        u = 1.0 - _uniform(b, second, shape)
        return d * v, positive & (log(u) < x * x * 0.5 + d - d * v + d * log(v))

    def vjp(self, b, ct, out, state, alpha):
        moved = b.div(slope(Igamma.op, b, alpha, out), gamma_density(b, alpha, out))
        return None, b.neg(b.mul(ct, moved))


@register
class RandomPoisson(_Rejection):
    """Whole numbers of the Poisson distributions with the rates given, not negative, in the dtype of the rates, from
    state = (seed, offset). Gradient: none."""

    name = "random_poisson"
    differentiable = False

    def draw(self, b, state, rate):
        inside = (rate >= 0.0) & (rate < math.inf)
        low = inside & (rate < 10.0)
        value = self.inverted(b, state, among(low, rate, 0.0))
        high = inside & ~low
        start = where(inside, value, math.nan)
        return _trials(state, [among(high, rate, 10.0)], ~high, start, self.attempt)

    def inverted(self, b, state, rate):
        """The least k at which the distribution function is above a uniform number."""
        u = _uniform(b, state, rate.node.shape)

        def left(k, term, total, u, rate):
            return (u >= total) & (k < 200.0)

        def step(k, term, total, u, rate):
            more = left(k, term, total, u, rate)
            term = term * (rate / (k + 1.0))
            return where(more, k + 1.0, k), term, where(more, total + term, total)

        term = exp(-rate)
        return loop(left, step, [rate * 0.0, term, term], [u, rate])[0]

    def attempt(self, b, first, second, rate):
        """A proposal for every element, and whether it is accepted."""
        shape = rate.node.shape
        width = sqrt(rate) * 2.53 + 0.931
        tail = width * 0.02483 - 0.059
        u, v = _uniform(b, first, shape) - 0.5, 1.0 - _uniform(b, second, shape)
        edge = 0.5 - abs(u)
        safe = where(edge > 0.0, edge, 0.5)
        k = floor((tail * 2.0 / safe + width) * u + rate + 0.43)
        quick = (edge >= 0.07) & (v <= 0.9277 - 3.6224 / (width - 2.0))
        whole = among(k >= 0.0, k, 0.0)
        ratio = log(v * (1.1239 + 1.1328 / (width - 3.4)) / (tail / (safe * safe) + width))
        slow = ratio <= whole * log(rate) - rate - lgamma_positive(whole + 1.0)
        refused = (k < 0.0) | ((edge < 0.013) & (v > edge)) | (edge <= 0.0)
        return k, quick | (~refused & slow)
