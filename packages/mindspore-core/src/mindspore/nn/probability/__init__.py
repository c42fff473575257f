"""Probability: distributions, and the invertible functions that turn one into another."""
from __future__ import annotations

from mindspore.nn.probability import bijector, distribution

__all__ = ["bijector", "distribution"]
