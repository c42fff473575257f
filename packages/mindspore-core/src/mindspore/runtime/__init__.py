"""The run-time: devices, storages, recording; and what programs may ask of it (streams, events, memory).

The public names are loaded when they are first used, since the modules beside this one are needed while the package
itself is imported.
"""
from __future__ import annotations

import importlib

_PUBLIC = {
    **dict.fromkeys(("Event", "Stream", "StreamCtx", "communication_stream", "current_stream", "default_stream",
                     "launch_blocking", "set_cur_stream", "synchronize"), "streams"),
    **dict.fromkeys(("empty_cache", "max_memory_allocated", "max_memory_reserved", "memory_allocated",
                     "memory_reserved", "memory_stats", "memory_summary", "reset_max_memory_allocated",
                     "reset_max_memory_reserved", "reset_peak_memory_stats", "set_memory"), "memory"),
    **dict.fromkeys(("dispatch_threads_num", "set_kernel_launch_group"), "launching"),
    "set_cpu_affinity": "affinity",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mindspore.runtime' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"mindspore.runtime.{_PUBLIC[name]}"), name)
    return value
