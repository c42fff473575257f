"""Devices by target: how many there are, what they are, their streams and their memory.

`mindspore.runtime` and `mindspore.device_context` have the same for the device in force. A `device_target` of None is
the target in force. A target that no installed backend serves is a BackendMissingError that names the package to
install, but `is_available` and `device_count` answer.
"""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mindspore.plugin import manager
from mindspore.runtime import device as _device
from mindspore.runtime import memory as _memory
from mindspore.runtime.feature import required
from mindspore.runtime.streams import (
    Event,
    Stream,
    StreamCtx,
    communication_stream,
    current_stream,
    default_stream,
    set_cur_stream,
    synchronize,
)

__all__ = ["Event", "Stream", "StreamCtx", "communication_stream", "current_stream", "default_stream", "device_count",
           "empty_cache", "get_arch_list", "get_device_capability", "get_device_name", "get_device_properties",
           "is_available", "is_initialized", "max_memory_allocated", "max_memory_reserved", "memory_allocated",
           "memory_reserved", "memory_stats", "memory_summary", "reset_max_memory_allocated",
           "reset_max_memory_reserved", "reset_peak_memory_stats", "set_cur_stream", "synchronize"]


def is_available(device_target: str) -> bool:
    """Whether a backend for this target is installed and its device can be used."""
    _check_target(device_target)
    return device_target in manager.targets() \
        and manager.backend_for(device_target, advise=False).status() == "available"


def is_initialized(device_target: str) -> bool:
    """Whether the target's device was opened: by the first program that ran on it."""
    _check_target(device_target)
    return device_target in manager.targets() \
        and manager.is_open(manager.backend_for(device_target, advise=False).info.name)


def device_count(device_target: str | None = None) -> int:
    """How many devices the target has; 0 where it is not available."""
    target = _device.target() if device_target is None else device_target
    if not is_available(target):
        return 0
    count = getattr(manager.backend_for(target, advise=False), "device_count", None)
    return 1 if count is None else count()


def get_device_properties(device_id: int, device_target: str | None = None) -> SimpleNamespace:
    """What a device is, as attributes: `name`, `total_memory` (bytes), and what else its backend tells.

    Raises:
        BackendMissingError: no installed backend serves the target. DeviceUnavailableError: there is no such device.
        DeviceFeatureError: the backend tells nothing about its devices.
    """
    if isinstance(device_id, bool) or not isinstance(device_id, int):
        raise TypeError(f"device_id must be an int, got {type(device_id).__name__}: {device_id!r}")
    target = _device.target() if device_target is None else device_target
    _check_target(target)
    opened = manager.device(manager.backend_for(target, advise=False).info.name, device_id)
    return SimpleNamespace(**required(opened, "properties", "tells nothing about itself")())


def get_device_name(device_id: int, device_target: str | None = None) -> str:
    """The name of a device, such as its processor's; errors as in `get_device_properties`."""
    return get_device_properties(device_id, device_target).name


def get_device_capability(device_id: int, device_target: str | None = None) -> tuple[int, int] | None:
    """The (major, minor) number of what a device can do, where its kind has such numbers; None elsewhere."""
    return getattr(get_device_properties(device_id, device_target), "capability", None)


def get_arch_list(device_target: str | None = None) -> Any:
    """The architectures that the target's kernels were built for, where the backend names them; None elsewhere."""
    return getattr(get_device_properties(_device.device_id() if device_target is None else 0, device_target),
                   "arch_list", None)


def memory_stats(device_target: str | None = None) -> dict[str, int]:
    """See `mindspore.runtime.memory_stats`."""
    return _memory.stats(device_target)


def memory_summary(device_target: str | None = None) -> str:
    """See `mindspore.runtime.memory_summary`."""
    return _memory.summary(device_target)


def memory_allocated(device_target: str | None = None) -> int:
    """See `mindspore.runtime.memory_allocated`."""
    return _memory.statistics(device_target)["allocated"]


def memory_reserved(device_target: str | None = None) -> int:
    """See `mindspore.runtime.memory_reserved`."""
    return _memory.statistics(device_target)["reserved"]


def max_memory_allocated(device_target: str | None = None) -> int:
    """See `mindspore.runtime.max_memory_allocated`."""
    return _memory.statistics(device_target)["allocated_peak"]


def max_memory_reserved(device_target: str | None = None) -> int:
    """See `mindspore.runtime.max_memory_reserved`."""
    return _memory.statistics(device_target)["reserved_peak"]


def reset_max_memory_allocated(device_target: str | None = None) -> None:
    """See `mindspore.runtime.reset_max_memory_allocated`."""
    _memory.reset_peaks(device_target, reserved=False)


def reset_max_memory_reserved(device_target: str | None = None) -> None:
    """See `mindspore.runtime.reset_max_memory_reserved`."""
    _memory.reset_peaks(device_target, allocated=False)


def reset_peak_memory_stats(device_target: str | None = None) -> None:
    """See `mindspore.runtime.reset_peak_memory_stats`."""
    _memory.reset_peaks(device_target)


def empty_cache() -> None:
    """See `mindspore.runtime.empty_cache`."""
    _memory.release()


def _check_target(target: Any) -> None:
    if not isinstance(target, str):
        raise TypeError(f"device_target must be a str such as 'CPU', got {type(target).__name__}: {target!r}")
