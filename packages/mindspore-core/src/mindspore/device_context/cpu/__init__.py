"""Devices of target CPU."""
from __future__ import annotations

from mindspore import hal
from mindspore.device_context.cpu import op_tuning
from mindspore.device_context.cpu.op_tuning import threads_num

__all__ = ["device_count", "is_available", "op_tuning", "threads_num"]


def is_available() -> bool:
    """Whether a backend for CPU is installed and its device can be used."""
    return hal.is_available("CPU")


def device_count() -> int:
    """How many devices there are; 0 where CPU is not available."""
    return hal.device_count("CPU")
