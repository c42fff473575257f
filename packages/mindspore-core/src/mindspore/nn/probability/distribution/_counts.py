"""Distributions of whole numbers. A value that is not whole has the probability of its whole part in `cdf`, and that of
no other place in `prob`."""
from __future__ import annotations

import math

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32, int32
from mindspore.nn.probability._parameters import CHANCE, POSITIVE, PROBABILITY, check
from mindspore.nn.probability.distribution._real_line import quiet_uniform, size_of
from mindspore.nn.probability.distribution.distribution import Distribution
from mindspore.ops._operands import apply, primitive
from mindspore.ops.random import state_of, uniform_unit

__all__ = ["Bernoulli", "Categorical", "Geometric", "Poisson"]


class _OfChance(Distribution):
    """A distribution whose parameter is a probability: `probs` in the constructor, `probs1` in methods."""

    discrete = True

    def __init__(self, probs, seed, dtype, name):
        super().__init__(seed, dtype, name, {"probs1": probs})

    @property
    def probs(self):
        """The probability."""
        return getattr(self, "_probs1_value", None)


class Bernoulli(_OfChance):
    """1 with the probability `probs`, else 0."""

    rules = {"probs1": PROBABILITY}

    def __init__(self, probs=None, seed=None, dtype=int32, name="Bernoulli"):
        super().__init__(probs, seed, dtype, name)

    def _log_prob(self, value, p):
        return ops.where(value == 1, ops.log(p), ops.where(value == 0, ops.log1p(-p), -math.inf))

    def _prob(self, value, p):
        return ops.where(value == 1, p, ops.where(value == 0, 1.0 - p, 0.0))

    def _cdf(self, value, p):
        return ops.where(value < 0, 0.0, ops.where(value < 1, 1.0 - p, 1.0))

    def _mean(self, p):
        return p

    def _mode(self, p):
        return ops.cast(p > 0.5, self._dtype)

    def _var(self, p):
        return p * (1.0 - p)

    def _entropy(self, p):
        return -ops.xlogy(p, p) - ops.xlogy(1.0 - p, 1.0 - p)

    def _kl_loss(self, dist, p_b, p):
        return (ops.xlogy(p, p) - ops.xlogy(p, p_b) + ops.xlogy(1.0 - p, 1.0 - p)
                - ops.xlogy(1.0 - p, 1.0 - p_b))

    def _sample(self, shape, p):
        return uniform_unit(size_of(shape, p), self.parameter_type, self._generator) < p


class Geometric(_OfChance):
    """How often a trial with the probability `probs` fails before it succeeds: 0, 1, 2, ..."""

    rules = {"probs1": CHANCE}

    def __init__(self, probs=None, seed=None, dtype=int32, name="Geometric"):
        super().__init__(probs, seed, dtype, name)

    def _log_prob(self, value, p):
        whole = ops.logical_and(value >= 0, ops.floor(value) == value)
        return ops.where(whole, value * ops.log1p(-p) + ops.log(p), -math.inf)

    def _log_survival(self, value, p):
        return ops.where(value < 0, 0.0, (ops.floor(value) + 1.0) * ops.log1p(-p))

    def _cdf(self, value, p):
        return -ops.expm1(self._log_survival(value, p))

    def _mean(self, p):
        return (1.0 - p) / p

    def _mode(self, p):
        return ops.zeros_like(p, dtype=self._dtype)

    def _var(self, p):
        return (1.0 - p) / ops.square(p)

    def _entropy(self, p):
        return -(ops.xlogy(p, p) + ops.xlogy(1.0 - p, 1.0 - p)) / p

    def _kl_loss(self, dist, p_b, p):
        rest = (1.0 - p) / p
        return ops.log(p) - ops.log(p_b) + rest * (ops.log1p(-p) - ops.log1p(-p_b))

    def _sample(self, shape, p):
        unit = quiet_uniform(self, size_of(shape, p))
        return ops.floor(ops.log(unit) / ops.log1p(-p))


class Poisson(Distribution):
    """The Poisson distribution: the probability rate**k exp(-rate) / k! of k = 0, 1, 2, ..."""

    rules = {"rate": POSITIVE}
    discrete = True

    def __init__(self, rate=None, seed=None, dtype=float32, name="Poisson"):
        super().__init__(seed, dtype, name, {"rate": rate})

    @property
    def rate(self):
        """The mean."""
        return getattr(self, "_rate_value", None)

    def _log_prob(self, value, rate):
        whole = ops.logical_and(value >= 0, ops.floor(value) == value)
        k = ops.where(whole, value, 0.0)
        return ops.where(whole, ops.xlogy(k, rate) - rate - ops.lgamma(k + 1.0), -math.inf)

    def _cdf(self, value, rate):
        k = ops.floor(ops.maximum(value, 0.0))
        return ops.where(value < 0, 0.0, ops.igammac(k + 1.0, rate))

    def _survival_function(self, value, rate):
        k = ops.floor(ops.maximum(value, 0.0))
        return ops.where(value < 0, 1.0, ops.igamma(k + 1.0, rate))

    def _mean(self, rate):
        return rate

    _var = _mean

    def _mode(self, rate):
        return ops.floor(rate)

    def _kl_loss(self, dist, rate_b, rate):
        return rate * (ops.log(rate) - ops.log(rate_b)) + rate_b - rate

    def _sample(self, shape, rate):
        rates = ops.broadcast_to(rate, size_of(shape, rate))
        return apply(primitive("random_poisson"), (state_of(self._generator), rates))


class Categorical(Distribution):
    """One of the classes 0, 1, 2, ... with the probabilities along the last axis of `probs`, of sum 1."""

    rules = {"probs": PROBABILITY}
    discrete = True

    def __init__(self, probs=None, seed=None, dtype=int32, name="Categorical"):
        super().__init__(seed, dtype, name, {"probs": probs})
        if probs is not None and self._shape == ():
            raise ValueError(f"{name}: probs is {probs!r}; expected at least one axis, of the classes")
        self._shape = self._shape[:-1]
        check(name, "probs", probs, ("probabilities of sum 1 along the last axis",
                                     lambda p: np.abs(p.sum(-1) - 1) < 1e-5 * p.shape[-1]))

    @property
    def probs(self):
        """The probabilities."""
        return getattr(self, "_probs_value", None)

    @staticmethod
    def _classes(p):
        return ops.cast(ops.arange(p.shape[-1]), p.dtype)

    def _chosen(self, value, p, terms):
        """The sum of terms(p) over the classes that equal each value; NaN outside of the classes."""
        hot = ops.expand_dims(value, -1) == self._classes(p)
        found = ops.where(hot, terms, 0.0).sum(-1)
        known = ops.logical_and(ops.logical_and(value >= 0, value < p.shape[-1]), ops.floor(value) == value)
        return ops.where(known, found, math.nan)

    def _prob(self, value, p):
        return self._chosen(value, p, p)

    def _log_prob(self, value, p):
        return self._chosen(value, p, ops.log(p))

    def _cdf(self, value, p):
        below = self._classes(p) <= ops.expand_dims(ops.floor(value), -1)
        return ops.where(below, p, 0.0).sum(-1)

    def _mean(self, p):
        return (p * self._classes(p)).sum(-1)

    def _mode(self, p):
        return ops.cast(ops.argmax(p, -1), self._dtype)

    def _var(self, p):
        gap = self._classes(p) - ops.expand_dims(self._mean(p), -1)
        return (p * ops.square(gap)).sum(-1)

    def _entropy(self, p):
        return -ops.xlogy(p, p).sum(-1)

    def _kl_loss(self, dist, p_b, p):
        return (ops.xlogy(p, p) - ops.xlogy(p, p_b)).sum(-1)

    def _sample(self, shape, p):
        size = (*shape, *p.shape[:-1])
        unit = ops.expand_dims(uniform_unit(size, self.parameter_type, self._generator), -1)
        # Places below the number, without the last one, so that rounding leads out of the classes nowhere
        return (unit >= p.cumsum(-1)[..., :-1]).sum(-1)
