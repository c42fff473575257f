"""Devices of target Ascend."""
from __future__ import annotations

from mindspore import hal
from mindspore.device_context.ascend import op_debug, op_precision, op_tuning

__all__ = ["device_count", "is_available", "op_debug", "op_precision", "op_tuning"]


def is_available() -> bool:
    """Whether a backend for Ascend is installed and its device can be used."""
    return hal.is_available("Ascend")


def device_count() -> int:
    """How many devices there are; 0 where Ascend is not available."""
    return hal.device_count("Ascend")
