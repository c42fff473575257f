"""Memory of devices: statistics, limits, and giving idle memory back.

The numbers are those of the device's own pool (`memory_statistics` of the plugin contract). *Allocated* is what
buffers, arenas and scratch hold; *reserved* is what the pool has taken from the system, the allocated and the idle.
Values that are only recorded need no memory yet; `mindspore.runtime.synchronize` runs them.
"""
from __future__ import annotations

import gc
import re

from mindspore.runtime.feature import opened, required

__all__ = ["empty_cache", "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved",
           "memory_stats", "memory_summary", "reset_max_memory_allocated", "reset_max_memory_reserved",
           "reset_peak_memory_stats", "set_memory"]
_NO_STATISTICS = "keeps no memory statistics"
_SIZE = re.compile(r"(\d+(?:\.\d+)?)GB")
_GIB = 1 << 30


def statistics(target: str | None = None) -> dict[str, int]:
    """`allocated`, `reserved`, `allocated_peak` and `reserved_peak` of a target's device, in bytes."""
    return required(opened(target), "memory_statistics", _NO_STATISTICS)()


def reset_peaks(target: str | None = None, allocated: bool = True, reserved: bool = True) -> None:
    """Start the largest values again from now."""
    required(opened(target), "reset_memory_peaks", _NO_STATISTICS)(allocated, reserved)


def stats(target: str | None = None) -> dict[str, int]:
    """The statistics under the names of `memory_stats`."""
    use = statistics(target)
    return {"total_reserved_memory": use["reserved"], "total_allocated_memory": use["allocated"],
            "total_idle_memory": use["reserved"] - use["allocated"], "max_reserved_memory": use["reserved_peak"],
            "max_allocated_memory": use["allocated_peak"]}


def summary(target: str | None = None) -> str:
    """The statistics as a table."""
    rows = [(name.replace("_", " "), value) for name, value in stats(target).items()]
    width = max(len(name) for name, _ in rows)
    line = "-" * (width + 32)
    table = [f"{name:{width}}  {value:16d} B  {value / (1 << 20):9.2f} MiB" for name, value in rows]
    return "\n".join([line, f"{'memory of the device':{width}}", line, *table, line])


def release(target: str | None = None) -> None:
    """Give idle memory of a target's device back to the system."""
    gc.collect()
    required(opened(target), "release_idle_memory", "has no pool of idle memory")()


def memory_stats() -> dict[str, int]:
    """Memory of the current device in bytes: `total_reserved_memory`, `total_allocated_memory`, `total_idle_memory`,
    `max_reserved_memory`, `max_allocated_memory`.

    Raises:
        DeviceFeatureError: the device keeps no statistics (the reference backend does not).
    """
    return stats()


def memory_summary() -> str:
    """The statistics of `memory_stats` as a table to be printed."""
    return summary()


def memory_allocated() -> int:
    """Bytes that buffers of the current device hold now."""
    return statistics()["allocated"]


def memory_reserved() -> int:
    """Bytes that the current device's pool has taken from the system."""
    return statistics()["reserved"]


def max_memory_allocated() -> int:
    """The largest value of `memory_allocated` so far, in bytes."""
    return statistics()["allocated_peak"]


def max_memory_reserved() -> int:
    """The largest value of `memory_reserved` so far, in bytes."""
    return statistics()["reserved_peak"]


def reset_max_memory_allocated() -> None:
    """Start `max_memory_allocated` again from now."""
    reset_peaks(reserved=False)


def reset_max_memory_reserved() -> None:
    """Start `max_memory_reserved` again from now."""
    reset_peaks(allocated=False)


def reset_peak_memory_stats() -> None:
    """Start both largest values again from now."""
    reset_peaks()


def empty_cache() -> None:
    """Give memory that no buffer holds back to the system. Buffers that only unreachable cycles of Python objects keep
    are freed first."""
    release()


def set_memory(init_size: str = "2GB", increase_size: str = "2GB", max_size: str = "1024GB", optimize_level: str = "O0",
               huge_page_reserve_size: str = "0GB") -> None:
    """Limit the memory of the current device.

    Args:
        init_size, increase_size: how much a pool takes at once, such as "2GB"; checked, and left to the device's pool,
            which takes blocks as they are needed.
        max_size: how much the device may reserve in all; a request beyond is a DeviceMemoryError.
        optimize_level: "O0" or "O1"; plans of memory are made for each graph in either case.
        huge_page_reserve_size: as `init_size`.

    Raises:
        TypeError, ValueError: an argument of another form.
        DeviceFeatureError: the device's memory cannot be limited.
    """
    sizes = {"init_size": init_size, "increase_size": increase_size, "max_size": max_size,
             "huge_page_reserve_size": huge_page_reserve_size}
    numbers = {name: _bytes(name, text) for name, text in sizes.items()}
    if numbers["init_size"] > numbers["max_size"]:
        raise ValueError(f"set_memory: init_size {init_size} is more than max_size {max_size}")
    if optimize_level not in ("O0", "O1"):
        raise ValueError(f"set_memory: optimize_level must be 'O0' or 'O1', got {optimize_level!r}")
    required(opened(), "limit_memory", "has no limit of memory that could be set")(numbers["max_size"])


def _bytes(name: str, text: str) -> int:
    """The number of bytes of a size such as "2GB" (binary gigabytes)."""
    if not isinstance(text, str):
        raise TypeError(f"set_memory: {name} must be a str such as '2GB', got {type(text).__name__}: {text!r}")
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"set_memory: {name} must be a number with GB, such as '2GB' or '0.5GB', got {text!r}")
    return int(float(found[1]) * _GIB)
