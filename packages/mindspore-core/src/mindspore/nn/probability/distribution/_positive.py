"""Distributions of positive numbers, and of numbers between 0 and 1."""
from __future__ import annotations

import math

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.nn.probability._parameters import POSITIVE
from mindspore.nn.probability.distribution._real_line import quiet_uniform, size_of
from mindspore.nn.probability.distribution.distribution import Distribution
from mindspore.ops.random_shapes import random_gamma
from mindspore.ops.special import betainc

__all__ = ["Beta", "Exponential", "Gamma"]


class Exponential(Distribution):
    """The exponential distribution: the density rate exp(-rate x) for x >= 0."""

    rules = {"rate": POSITIVE}

    def __init__(self, rate=None, seed=None, dtype=float32, name="Exponential"):
        super().__init__(seed, dtype, name, {"rate": rate})

    @property
    def rate(self):
        """The rate."""
        return getattr(self, "_rate_value", None)

    def _log_prob(self, value, rate):
        return ops.where(value < 0, -math.inf, ops.log(rate) - rate * value)

    def _cdf(self, value, rate):
        return -ops.expm1(-rate * ops.maximum(value, 0.0))

    def _log_survival(self, value, rate):
        return -rate * ops.maximum(value, 0.0)

    def _survival_function(self, value, rate):
        return ops.exp(self._log_survival(value, rate))

    def _mean(self, rate):
        return 1.0 / rate

    _sd = _mean

    def _mode(self, rate):
        return ops.zeros_like(rate)

    def _entropy(self, rate):
        return 1.0 - ops.log(rate)

    def _kl_loss(self, dist, rate_b, rate):
        return ops.log(rate) - ops.log(rate_b) + rate_b / rate - 1.0

    def _sample(self, shape, rate):
        return -ops.log(quiet_uniform(self, size_of(shape, rate))) / rate


class Gamma(Distribution):
    """The gamma distribution: the density rate**c x**(c - 1) exp(-rate x) / gamma(c) for x > 0, with c the
    concentration. Samples have derivatives by both parameters."""

    rules = {"concentration": POSITIVE, "rate": POSITIVE}

    def __init__(self, concentration=None, rate=None, seed=None, dtype=float32, name="Gamma"):
        super().__init__(seed, dtype, name, {"concentration": concentration, "rate": rate})

    @property
    def concentration(self):
        """The shape parameter."""
        return getattr(self, "_concentration_value", None)

    @property
    def rate(self):
        """The inverse scale."""
        return getattr(self, "_rate_value", None)

    def _log_prob(self, value, concentration, rate):
        inside = value > 0
        x = ops.where(inside, value, 1.0)
        density = (concentration * ops.log(rate) + (concentration - 1.0) * ops.log(x) - rate * x
                   - ops.lgamma(concentration))
        return ops.where(inside, density, -math.inf)

    def _cdf(self, value, concentration, rate):
        return ops.igamma(concentration, ops.maximum(value, 0.0) * rate)

    def _survival_function(self, value, concentration, rate):
        return ops.igammac(concentration, ops.maximum(value, 0.0) * rate)

    def _mean(self, concentration, rate):
        return concentration / rate

    def _mode(self, concentration, rate):
        return ops.where(concentration >= 1, (concentration - 1.0) / rate, math.nan)

    def _sd(self, concentration, rate):
        return ops.sqrt(concentration) / rate

    def _entropy(self, concentration, rate):
        return (concentration - ops.log(rate) + ops.lgamma(concentration)
                + (1.0 - concentration) * ops.digamma(concentration))

    def _kl_loss(self, dist, concentration_b, rate_b, concentration, rate):
        return ((concentration - concentration_b) * ops.digamma(concentration) + ops.lgamma(concentration_b)
                - ops.lgamma(concentration) + concentration_b * (ops.log(rate) - ops.log(rate_b))
                + concentration * (rate_b / rate - 1.0))

    def _sample(self, shape, concentration, rate):
        alpha = ops.broadcast_to(concentration, size_of(shape, concentration, rate))
        return random_gamma((), alpha, self._generator) / rate


def _log_beta(a, b):
    return ops.lgamma(a) + ops.lgamma(b) - ops.lgamma(a + b)


class Beta(Distribution):
    """The beta distribution: the density x**(c1 - 1) (1 - x)**(c0 - 1) / B(c1, c0) for 0 < x < 1. Samples have
    derivatives by both parameters."""

    rules = {"concentration1": POSITIVE, "concentration0": POSITIVE}

    def __init__(self, concentration1=None, concentration0=None, seed=None, dtype=float32, name="Beta"):
        super().__init__(seed, dtype, name, {"concentration1": concentration1, "concentration0": concentration0})

    @property
    def concentration1(self):
        """The exponent of x, plus 1."""
        return getattr(self, "_concentration1_value", None)

    @property
    def concentration0(self):
        """The exponent of 1 - x, plus 1."""
        return getattr(self, "_concentration0_value", None)

    def _log_prob(self, value, a, b):
        inside = ops.logical_and(value > 0, value < 1)
        x = ops.where(inside, value, 0.5)
        return ops.where(inside, (a - 1.0) * ops.log(x) + (b - 1.0) * ops.log1p(-x) - _log_beta(a, b), -math.inf)

    def _cdf(self, value, a, b):
        return betainc(a, b, ops.clamp(value, 0.0, 1.0))

    def _mean(self, a, b):
        return a / (a + b)

    def _mode(self, a, b):
        peaked = ops.logical_and(a > 1, b > 1)
        return ops.where(peaked, (a - 1.0) / ops.where(peaked, a + b - 2.0, 1.0), math.nan)

    def _var(self, a, b):
        total = a + b
        return a * b / (ops.square(total) * (total + 1.0))

    def _entropy(self, a, b):
        return (_log_beta(a, b) - (a - 1.0) * ops.digamma(a) - (b - 1.0) * ops.digamma(b)
                + (a + b - 2.0) * ops.digamma(a + b))

    def _kl_loss(self, dist, a_b, b_b, a, b):
        return (_log_beta(a_b, b_b) - _log_beta(a, b) - (a_b - a) * ops.digamma(a) - (b_b - b) * ops.digamma(b)
                + (a_b + b_b - a - b) * ops.digamma(a + b))

    def _sample(self, shape, a, b):
        size = size_of(shape, a, b)
        first, second = (random_gamma((), ops.broadcast_to(c, size), self._generator) for c in (a, b))
        return first / (first + second)
