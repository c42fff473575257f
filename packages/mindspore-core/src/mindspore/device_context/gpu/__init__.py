"""Devices of target GPU."""
from __future__ import annotations

from mindspore import hal
from mindspore.device_context.gpu import op_precision, op_tuning

__all__ = ["device_count", "is_available", "op_precision", "op_tuning"]


def is_available() -> bool:
    """Whether a backend for GPU is installed and its device can be used."""
    return hal.is_available("GPU")


def device_count() -> int:
    """How many devices there are; 0 where GPU is not available."""
    return hal.device_count("GPU")
