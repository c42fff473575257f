"""Distributions of real numbers with a location and a scale."""
from __future__ import annotations

import math

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.nn.probability._parameters import POSITIVE
from mindspore.nn.probability.distribution.distribution import Distribution
from mindspore.ops.random import normal, standard_laplace, uniform_unit
from mindspore.ops.random_shapes import random_gamma

__all__ = ["Cauchy", "HalfNormal", "Laplace", "Logistic", "Normal", "StudentT", "Uniform"]

_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def size_of(shape: tuple, *parameters) -> tuple:
    """The shape of a sample: `shape` in front of the parameters' common one."""
    return (*shape, *np.broadcast_shapes(*[p.shape for p in parameters]))


def quiet_uniform(dist: Distribution, size: tuple):
    """Numbers evenly distributed over (0, 1), neither end included."""
    unit = uniform_unit(size, dist.parameter_type, dist._generator)
    return ops.maximum(unit, ops.scalar_to_tensor(2.0**-24, dist.parameter_type))


def spread_like(x, *others):
    """x, broadcast with the other parameters."""
    return ops.broadcast_to(x, np.broadcast_shapes(x.shape, *[p.shape for p in others]))


class Normal(Distribution):
    """The normal distribution with a mean and a standard deviation."""

    rules = {"sd": POSITIVE}

    def __init__(self, mean=None, sd=None, seed=None, dtype=float32, name="Normal"):
        super().__init__(seed, dtype, name, {"mean": mean, "sd": sd})

    def _log_prob(self, value, mean, sd):
        return -0.5 * ops.square((value - mean) / sd) - ops.log(sd) - _HALF_LOG_TWO_PI

    def _cdf(self, value, mean, sd):
        return 0.5 * ops.erfc((mean - value) / sd * math.sqrt(0.5))

    def _survival_function(self, value, mean, sd):
        return 0.5 * ops.erfc((value - mean) / sd * math.sqrt(0.5))

    def _mean(self, mean, sd):
        return spread_like(mean, sd)

    _mode = _mean

    def _sd(self, mean, sd):
        return spread_like(sd, mean)

    def _entropy(self, mean, sd):
        return spread_like(ops.log(sd) + (_HALF_LOG_TWO_PI + 0.5), mean)

    def _kl_loss(self, dist, mean_b, sd_b, mean, sd):
        return (ops.log(sd_b) - ops.log(sd) + 0.5 * (ops.square(sd / sd_b) + ops.square((mean - mean_b) / sd_b))
                - 0.5)

    def _sample(self, shape, mean, sd):
        return normal(size_of(shape, mean, sd), 0.0, 1.0, self._generator) * sd + mean


class HalfNormal(Distribution):
    """mean + |x| of a normal x with mean 0 and standard deviation sd."""

    rules = {"sd": POSITIVE}

    def __init__(self, mean=None, sd=None, seed=None, dtype=float32, name="HalfNormal"):
        super().__init__(seed, dtype, name, {"mean": mean, "sd": sd})

    def _log_prob(self, value, mean, sd):
        inside = 0.5 * math.log(2 / math.pi) - ops.log(sd) - 0.5 * ops.square((value - mean) / sd)
        return ops.where(value < mean, -math.inf, inside)

    def _cdf(self, value, mean, sd):
        return ops.erf(ops.maximum((value - mean) / sd, 0.0) * math.sqrt(0.5))

    def _mean(self, mean, sd):
        return mean + sd * math.sqrt(2 / math.pi)

    def _mode(self, mean, sd):
        return spread_like(mean, sd)

    def _sd(self, mean, sd):
        return spread_like(sd * math.sqrt(1 - 2 / math.pi), mean)

    def _entropy(self, mean, sd):
        return spread_like(ops.log(sd) + 0.5 * (math.log(math.pi / 2) + 1), mean)

    def _sample(self, shape, mean, sd):
        return ops.abs(normal(size_of(shape, mean, sd), 0.0, 1.0, self._generator)) * sd + mean


class Laplace(Distribution):
    """The Laplace distribution with the density exp(-|x - mean| / sd) / (2 sd): `sd` is the scale, and the standard
    deviation is sqrt(2) of it."""

    rules = {"sd": POSITIVE}

    def __init__(self, mean=None, sd=None, seed=None, dtype=float32, name="Laplace"):
        super().__init__(seed, dtype, name, {"mean": mean, "sd": sd})

    def _log_prob(self, value, mean, sd):
        return -ops.abs(value - mean) / sd - ops.log(2.0 * sd)

    def _cdf(self, value, mean, sd):
        z = (value - mean) / sd
        tail = 0.5 * ops.exp(-ops.abs(z))
        return ops.where(z < 0, tail, 1.0 - tail)

    def _survival_function(self, value, mean, sd):
        return self._cdf(-value, -mean, sd)

    def _mean(self, mean, sd):
        return spread_like(mean, sd)

    _mode = _mean

    def _sd(self, mean, sd):
        return spread_like(sd * math.sqrt(2), mean)

    def _entropy(self, mean, sd):
        return spread_like(ops.log(2.0 * sd) + 1.0, mean)

    def _kl_loss(self, dist, mean_b, sd_b, mean, sd):
        gap = ops.abs(mean - mean_b)
        return ops.log(sd_b) - ops.log(sd) + (sd * ops.exp(-gap / sd) + gap) / sd_b - 1.0

    def _sample(self, shape, mean, sd):
        return standard_laplace(size_of(shape, mean, sd), self._generator) * sd + mean


class StudentT(Distribution):
    """Student's t distribution with df degrees of freedom, moved to `mean` and scaled by `sd`."""

    rules = {"df": POSITIVE, "sd": POSITIVE}

    def __init__(self, df=None, mean=None, sd=None, seed=None, dtype=float32, name="StudentT"):
        super().__init__(seed, dtype, name, {"df": df, "mean": mean, "sd": sd})

    def _log_prob(self, value, df, mean, sd):
        z = (value - mean) / sd
        norm = ops.lgamma(0.5 * (df + 1.0)) - ops.lgamma(0.5 * df) - 0.5 * ops.log(df * math.pi) - ops.log(sd)
        return norm - 0.5 * (df + 1.0) * ops.log1p(ops.square(z) / df)

    def _cdf(self, value, df, mean, sd):
        from mindspore.ops.special import betainc
        z = (value - mean) / sd
        tail = 0.5 * betainc(0.5 * df, ops.full_like(df, 0.5), df / (df + ops.square(z)))
        return ops.where(z < 0, tail, 1.0 - tail)

    def _mean(self, df, mean, sd):
        return ops.where(df > 1, spread_like(mean, sd), math.nan)

    def _mode(self, df, mean, sd):
        return spread_like(mean, df, sd)

    def _var(self, df, mean, sd):
        finite = ops.square(sd) * df / ops.where(df > 2, df - 2.0, 1.0)
        return spread_like(ops.where(df > 2, finite, ops.where(df > 1, math.inf, math.nan)), mean)

    def _entropy(self, df, mean, sd):
        half = 0.5 * (df + 1.0)
        log_beta = ops.lgamma(0.5 * df) + math.log(math.pi) / 2 - ops.lgamma(half)
        value = half * (ops.digamma(half) - ops.digamma(0.5 * df)) + 0.5 * ops.log(df) + log_beta + ops.log(sd)
        return spread_like(value, mean)

    def _sample(self, shape, df, mean, sd):
        size = size_of(shape, df, mean, sd)
        chi = 2.0 * random_gamma((), ops.broadcast_to(0.5 * df, size), self._generator)
        return normal(size, 0.0, 1.0, self._generator) * ops.sqrt(df / chi) * sd + mean


class Cauchy(Distribution):
    """The Cauchy distribution with a location and a scale. It has no moments."""

    rules = {"scale": POSITIVE}

    def __init__(self, loc=None, scale=None, seed=None, dtype=float32, name="Cauchy"):
        super().__init__(seed, dtype, name, {"loc": loc, "scale": scale})

    def _log_prob(self, value, loc, scale):
        return -ops.log(scale * math.pi) - ops.log1p(ops.square((value - loc) / scale))

    def _cdf(self, value, loc, scale):
        return ops.atan2(scale, loc - value) / math.pi

    def _survival_function(self, value, loc, scale):
        return ops.atan2(scale, value - loc) / math.pi

    def _mode(self, loc, scale):
        return spread_like(loc, scale)

    def _entropy(self, loc, scale):
        return spread_like(ops.log(scale * (4 * math.pi)), loc)

    def _kl_loss(self, dist, loc_b, scale_b, loc, scale):
        return ops.log((ops.square(scale + scale_b) + ops.square(loc - loc_b)) / (4.0 * scale * scale_b))

    def _sample(self, shape, loc, scale):
        unit = quiet_uniform(self, size_of(shape, loc, scale))
        return ops.tan((unit - 0.5) * math.pi) * scale + loc


class Logistic(Distribution):
    """The logistic distribution with a location and a scale."""

    rules = {"scale": POSITIVE}

    def __init__(self, loc=None, scale=None, seed=None, dtype=float32, name="Logistic"):
        super().__init__(seed, dtype, name, {"loc": loc, "scale": scale})

    def _log_prob(self, value, loc, scale):
        z = (value - loc) / scale
        return -z - ops.log(scale) + 2.0 * ops.logsigmoid(z)

    def _cdf(self, value, loc, scale):
        return ops.sigmoid((value - loc) / scale)

    def _log_cdf(self, value, loc, scale):
        return ops.logsigmoid((value - loc) / scale)

    def _survival_function(self, value, loc, scale):
        return ops.sigmoid((loc - value) / scale)

    def _log_survival(self, value, loc, scale):
        return ops.logsigmoid((loc - value) / scale)

    def _mean(self, loc, scale):
        return spread_like(loc, scale)

    _mode = _mean

    def _sd(self, loc, scale):
        return spread_like(scale * (math.pi / math.sqrt(3)), loc)

    def _entropy(self, loc, scale):
        return spread_like(ops.log(scale) + 2.0, loc)

    def _sample(self, shape, loc, scale):
        unit = quiet_uniform(self, size_of(shape, loc, scale))
        return (ops.log(unit) - ops.log1p(-unit)) * scale + loc


class Uniform(Distribution):
    """The even distribution over [low, high)."""

    def __init__(self, low=None, high=None, seed=None, dtype=float32, name="Uniform"):
        super().__init__(seed, dtype, name, {"low": low, "high": high})
        if low is not None and high is not None and not any(map(self._unknown, (low, high))):
            first, second = (x.asnumpy() if hasattr(x, "asnumpy") else np.asarray(x) for x in (low, high))
            if not np.all(first < second):
                raise ValueError(f"{name}: low is {first.tolist()} and high is {second.tolist()}; expected low below "
                                 f"high")

    @staticmethod
    def _unknown(x) -> bool:
        from mindspore.common.parameter import Parameter
        from mindspore.graph.trace import current_trace
        return isinstance(x, Parameter) or (hasattr(x, "asnumpy") and current_trace() is not None)

    def _prob(self, value, low, high):
        return ops.where(ops.logical_and(value >= low, value <= high), 1.0 / (high - low), 0.0)

    def _log_prob(self, value, low, high):
        return ops.where(ops.logical_and(value >= low, value <= high), -ops.log(high - low), -math.inf)

    def _cdf(self, value, low, high):
        return ops.clamp((value - low) / (high - low), 0.0, 1.0)

    def _mean(self, low, high):
        return 0.5 * (low + high)

    def _sd(self, low, high):
        return (high - low) / math.sqrt(12)

    def _entropy(self, low, high):
        return ops.log(high - low)

    def _kl_loss(self, dist, low_b, high_b, low, high):
        inside = ops.logical_and(low >= low_b, high <= high_b)
        return ops.where(inside, ops.log(high_b - low_b) - ops.log(high - low), math.inf)

    def _sample(self, shape, low, high):
        return uniform_unit(size_of(shape, low, high), self.parameter_type, self._generator) * (high - low) + low
