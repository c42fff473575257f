"""Distributions: probabilities, moments, divergences and samples, in both modes and with derivatives."""
from __future__ import annotations

from mindspore.nn.probability.distribution._counts import Bernoulli, Categorical, Geometric, Poisson
from mindspore.nn.probability.distribution._positive import Beta, Exponential, Gamma
from mindspore.nn.probability.distribution._real_line import (
    Cauchy,
    HalfNormal,
    Laplace,
    Logistic,
    Normal,
    StudentT,
    Uniform,
)
from mindspore.nn.probability.distribution.distribution import Distribution
from mindspore.nn.probability.distribution.transformed_distribution import Gumbel, LogNormal, TransformedDistribution

__all__ = [
    "Bernoulli", "Beta", "Categorical", "Cauchy", "Distribution", "Exponential", "Gamma", "Geometric", "Gumbel",
    "HalfNormal", "Laplace", "LogNormal", "Logistic", "Normal", "Poisson", "StudentT", "TransformedDistribution",
    "Uniform",
]
