"""Probability: distributions, the invertible functions that turn one into another, and layers whose weights have
distributions."""
from __future__ import annotations

from mindspore.nn.probability import bijector, bnn_layers, distribution

__all__ = ["bijector", "bnn_layers", "distribution"]
