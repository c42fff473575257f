"""Distributions of what an invertible function makes of a random number, and two that are known under a name."""
from __future__ import annotations

import math

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.nn.probability import bijector as bijectors
from mindspore.nn.probability._parameters import POSITIVE
from mindspore.nn.probability.distribution._real_line import Normal, Uniform, quiet_uniform, size_of, spread_like
from mindspore.nn.probability.distribution.distribution import Distribution

__all__ = ["Gumbel", "LogNormal", "TransformedDistribution"]

_EULER = 0.5772156649015329


class TransformedDistribution(Distribution):
    """The distribution of bijector.forward(x) of x with the distribution given. The parameters of calls are those of
    that distribution. The bijector is taken to be increasing.

    Args:
        bijector: a `Bijector`.
        distribution: a `Distribution` with a floating dtype.
        seed: of samples; by default that of the distribution.
        name: of the distribution.
    """

    def __init__(self, bijector, distribution, seed=None, name="transformed_distribution"):
        if not isinstance(bijector, bijectors.Bijector):
            raise TypeError(f"{name}: bijector must be a Bijector, but got {type(bijector).__name__}")
        if not isinstance(distribution, Distribution):
            raise TypeError(f"{name}: distribution must be a Distribution, but got {type(distribution).__name__}")
        super().__init__(distribution.seed if seed is None else seed, distribution.dtype, name,
                         distribution.parameters)
        self.rules = {}
        self._bijector, self._distribution = bijector, distribution

    @property
    def bijector(self):
        """The function."""
        return self._bijector

    @property
    def distribution(self):
        """The distribution of what the function is applied to."""
        return self._distribution

    @property
    def is_linear_transformation(self) -> bool:
        """Whether the function is linear, so that moments are known."""
        return self._bijector.is_constant_jacobian

    def _log_prob(self, value, *given):
        x = self._bijector.inverse(value)
        return self._distribution.log_prob(x, *given) + self._bijector.inverse_log_jacobian(value)

    def _cdf(self, value, *given):
        return self._distribution.cdf(self._bijector.inverse(value), *given)

    def _survival_function(self, value, *given):
        return self._distribution.survival_function(self._bijector.inverse(value), *given)

    def _mean(self, *given):
        if not self.is_linear_transformation:
            raise self._undefined("the mean")
        return self._bijector.forward(self._distribution.mean(*given))

    def _entropy(self, *given):
        if not self.is_linear_transformation:
            raise self._undefined("the entropy")
        center = self._distribution.mean(*given)
        return self._distribution.entropy(*given) + self._bijector.forward_log_jacobian(center)

    def _sample(self, shape, *given):
        self._distribution._generator = self._generator
        return self._bijector.forward(self._distribution.sample(shape, *given))


class LogNormal(TransformedDistribution):
    """exp of a normal number with the mean `loc` and the standard deviation `scale`."""

    def __init__(self, loc=None, scale=None, seed=0, dtype=float32, name="LogNormal"):
        super().__init__(bijectors.Exp(), Normal(loc, scale, seed, dtype), seed, name)
        self.names = ("loc", "scale")
        self._given = {"loc": loc, "scale": scale}
        for key, value in self._given.items():
            if value is not None:
                setattr(self, f"_{key}_value", value)

    @property
    def loc(self):
        """The mean of the logarithm."""
        return getattr(self, "_loc_value", None)

    @property
    def scale(self):
        """The standard deviation of the logarithm."""
        return getattr(self, "_scale_value", None)

    def _log_prob(self, value, loc, scale):
        inside = value > 0
        x = ops.where(inside, value, 1.0)
        return ops.where(inside, super()._log_prob(x, loc, scale), -math.inf)

    def _cdf(self, value, loc, scale):
        inside = value > 0
        return ops.where(inside, super()._cdf(ops.where(inside, value, 1.0), loc, scale), 0.0)

    def _survival_function(self, value, loc, scale):
        inside = value > 0
        return ops.where(inside, super()._survival_function(ops.where(inside, value, 1.0), loc, scale), 1.0)

    def _mean(self, loc, scale):
        return ops.exp(loc + 0.5 * ops.square(scale))

    def _mode(self, loc, scale):
        return ops.exp(loc - ops.square(scale))

    def _var(self, loc, scale):
        square = ops.square(scale)
        return ops.expm1(square) * ops.exp(2.0 * loc + square)

    def _entropy(self, loc, scale):
        return loc + 0.5 + ops.log(scale * math.sqrt(2 * math.pi))

    def _kl_loss(self, dist, loc_b, scale_b, loc, scale):
        return self._distribution._kl_loss("Normal", loc_b, scale_b, loc, scale)


class Gumbel(TransformedDistribution):
    """The Gumbel distribution: loc - scale log(-log(u)) of u evenly distributed over (0, 1)."""

    rules = {"scale": POSITIVE}

    def __init__(self, loc, scale, seed=0, dtype=float32, name="Gumbel"):
        cdf = bijectors.GumbelCDF(loc, scale)
        super().__init__(bijectors.Invert(cdf), Uniform(0.0, 1.0, seed, dtype), seed, name)
        self.names = ()
        self._given = {}
        self._cdf_function = cdf
        self._shape = tuple(np.broadcast_shapes(cdf.loc.shape, cdf.scale.shape))

    @property
    def loc(self):
        """Where the density is largest."""
        return self._cdf_function.loc

    @property
    def scale(self):
        """The scale."""
        return self._cdf_function.scale

    def _parts(self):
        return self._cdf_function.parts(self.parameter_type)

    def _log_prob(self, value):
        return self._cdf_function.forward_log_jacobian(value)

    def _cdf(self, value):
        return self._cdf_function.forward(value)

    def _survival_function(self, value):
        loc, scale = self._parts()
        return -ops.expm1(-ops.exp((loc - value) / scale))

    def _mean(self):
        loc, scale = self._parts()
        return loc + scale * _EULER

    def _mode(self):
        return spread_like(*self._parts())

    def _sd(self):
        loc, scale = self._parts()
        return spread_like(scale * (math.pi / math.sqrt(6)), loc)

    def _entropy(self):
        loc, scale = self._parts()
        return spread_like(ops.log(scale) + (1 + _EULER), loc)

    def kl_loss(self, dist, loc_b, scale_b):
        """The divergence of this distribution from the Gumbel distribution with loc_b and scale_b."""
        if dist != "Gumbel":
            raise ValueError(f"{self._name}: dist is {dist!r}; expected 'Gumbel'")
        loc, scale = self._parts()
        loc_b, scale_b = bijectors.GumbelCDF(loc_b, scale_b).parts(self.parameter_type)
        ratio = scale / scale_b
        return (ops.log(scale_b) - ops.log(scale) + _EULER * (ratio - 1.0) + (loc - loc_b) / scale_b
                + ops.expm1((loc_b - loc) / scale_b + ops.lgamma(ratio + 1.0)))

    def cross_entropy(self, dist, loc_b, scale_b):
        """The entropy plus the divergence from the Gumbel distribution with loc_b and scale_b."""
        return self.entropy() + self.kl_loss(dist, loc_b, scale_b)

    def _sample(self, shape):
        loc, scale = self._parts()
        return self._cdf_function.inverse(quiet_uniform(self, size_of(shape, loc, scale)))
