"""Global settings: execution mode, device target, and the rest of `set_context`."""
from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.recursion import recursion_limit, set_recursion_limit
from mindspore.runtime import device as _device
from mindspore.runtime import record as _record
from mindspore.runtime.parallel_settings import (
    ParallelMode,
    get_auto_parallel_context,
    get_ps_context,
    reset_auto_parallel_context,
    set_auto_parallel_context,
    set_ps_context,
)

__all__ = ["GRAPH_MODE", "PYNATIVE_MODE", "STRICT", "COMPATIBLE", "LAX", "set_context", "get_context", "set_device",
           "get_current_device", "ParallelMode", "DeviceCtx", "set_deterministic", "ms_memory_recycle",
           "set_auto_parallel_context", "get_auto_parallel_context", "reset_auto_parallel_context", "set_ps_context",
           "get_ps_context"]

GRAPH_MODE, PYNATIVE_MODE = 0, 1
STRICT, COMPATIBLE, LAX = 0, 1, 2


class _Mode:
    """The mode in a slot of its own: every Cell call reads it."""

    __slots__ = ("graph",)

    def __init__(self):
        self.graph = False


mode = _Mode()

_OTHER: dict[str, tuple[Any, type | tuple]] = {
    "save_graphs": (0, (bool, int)), "save_graphs_path": (".", str), "max_call_depth": (1000, int),
    "jit_syntax_level": (LAX, int), "jit_level": ("O0", str), "jit_config": ({}, dict), "deterministic": ("OFF", str),
    "enable_compile_cache": (False, bool), "compile_cache_path": ("", str), "exec_order": ("bfs", str),
    "debug_level": (0, int), "runtime_num_threads": (0, int), "inter_op_parallel_num": (0, int),
    "memory_optimize_level": ("O0", str), "max_device_memory": ("1024GB", str), "mempool_block_size": ("1GB", str),
    "variable_memory_max_size": ("0GB", str), "disable_format_transform": (False, bool), "op_timeout": (900, int),
    "aoe_tune_mode": ("", str), "aoe_config": ({}, dict), "ascend_config": ({}, dict), "gpu_config": ({}, dict),
    "print_file_path": ("", str), "env_config_path": ("", str), "reserve_class_name_in_scope": (True, bool),
    "check_bprop": (False, bool), "enable_reduce_precision": (True, bool), "enable_graph_kernel": (False, bool),
    "graph_kernel_flags": ("", str), "support_binary": (False, bool), "jit_enable_inplace_ops": (True, bool),
    "enable_auto_mixed_precision": (False, bool), "save_compile_cache": (False, bool),
    "load_compile_cache": (False, bool),
    # Keys of MindSpore 1.x, which say what is always so here, or what has no counterpart.
    "enable_ge": (False, bool), "enable_sparse": (False, bool), "enable_pynative_hook": (True, bool),
    "grad_for_scalar": (False, bool), "enable_profiling": (False, bool), "profiling_options": ("", str),
    "auto_tune_mode": ("NO_TUNE", str), "enable_dump": (False, bool), "save_dump_path": (".", str),
    "enable_loop_sink": (True, bool), "enable_task_sink": (True, bool), "enable_mem_reuse": (True, bool),
}
_settings: dict[str, Any] = {key: default for key, (default, _) in _OTHER.items()}


def set_context(**kwargs) -> None:
    """Change global settings.

    Args:
        mode: GRAPH_MODE (0) or PYNATIVE_MODE (1, the default).
        device_target: "CPU" or any target that an installed backend serves.
        device_id: number of the device.
        pynative_synchronize: run each operation at once instead of when a value is looked at.
        max_call_depth: the former name of `set_recursion_limit`.
        others: accepted for compatibility and kept for `get_context`.

    Raises:
        ValueError: an unknown key, or a value out of range. TypeError: a value of a wrong type.
        RuntimeError: no installed backend serves the target; the message holds the pip command.
    """
    unknown = kwargs.keys() - _OTHER.keys() - {"mode", "device_target", "device_id", "pynative_synchronize"}
    if unknown:
        raise ValueError(f"set_context: unknown key {sorted(unknown)[0]!r}; known keys are mode, device_target, "
                         f"device_id, pynative_synchronize, {', '.join(_OTHER)}")
    for key, value in kwargs.items():
        if key in _OTHER and not isinstance(value, _OTHER[key][1]):
            raise TypeError(f"set_context: {key} must be {_OTHER[key][1]}, got {type(value).__name__}")
    if "mode" in kwargs:
        _set_mode(kwargs.pop("mode"))
    if "pynative_synchronize" in kwargs:
        _record.SYNCHRONIZE[0] = bool(kwargs.pop("pynative_synchronize"))
    if "device_target" in kwargs or "device_id" in kwargs:
        _set_target(kwargs.pop("device_target", _device.target()), kwargs.pop("device_id", _device.device_id()))
    if "max_call_depth" in kwargs:
        set_recursion_limit(kwargs.pop("max_call_depth"))
    _settings.update(kwargs)


def _set_mode(value) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"set_context: mode must be GRAPH_MODE (0) or PYNATIVE_MODE (1), got {value!r}")
    if value not in (GRAPH_MODE, PYNATIVE_MODE):
        raise ValueError(f"set_context: mode must be GRAPH_MODE (0) or PYNATIVE_MODE (1), got {value}")
    mode.graph = value == GRAPH_MODE


def _set_target(target, number) -> None:
    if not isinstance(target, str):
        raise TypeError(f"device_target must be a str, got {type(target).__name__}")
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"device_id must be an int, got {type(number).__name__}")
    if number < 0:
        raise ValueError(f"device_id must not be negative, got {number}")
    from mindspore.plugin import manager
    known = manager.targets()
    if target not in known and target.lower() in {t.lower() for t in known}:
        raise ValueError(f"device target {target!r} is not known; did you mean "
                         f"{next(t for t in known if t.lower() == target.lower())!r}?")
    if (target, number) != (_device.target(), _device.device_id()):
        from mindspore.eager.segment import flush
        flush()
    _device.set_target(target, number)


def get_context(attr_key: str):
    """The value of one setting; ValueError for an unknown key."""
    known = {"mode": lambda: GRAPH_MODE if mode.graph else PYNATIVE_MODE, "device_target": _device.target,
             "device_id": _device.device_id, "pynative_synchronize": lambda: _record.SYNCHRONIZE[0],
             "max_call_depth": recursion_limit}
    if attr_key in known:
        return known[attr_key]()
    if attr_key in _settings:
        return _settings[attr_key]
    raise ValueError(f"get_context: unknown key {attr_key!r}; known keys are {', '.join({**known, **_settings})}")


def set_device(device_target: str, device_id: int | None = None) -> None:
    """Choose the device on which programs run; see `set_context(device_target=...)`."""
    _set_target(device_target, 0 if device_id is None else device_id)


class _CurrentDevice(tuple):
    """(device_target, device_id)."""

    __slots__ = ()

    @property
    def device_target(self) -> str:
        return self[0]

    @property
    def device_id(self) -> int:
        return self[1]


def get_current_device() -> _CurrentDevice:
    """The device target and number in force."""
    return _CurrentDevice((_device.target(), _device.device_id()))


class DeviceCtx:
    """A block in which another device is in force: `with DeviceCtx("CPU"): ...`.

    Args:
        name: the device target. device_id: the number of the device, 0 by default.

    Raises:
        BackendMissingError: when the block is entered and no installed backend serves the target.
    """

    def __init__(self, name: str, device_id: int | None = None):
        self._wanted = (name, 0 if device_id is None else device_id)
        self._before: list[tuple[str, int]] = []

    def __enter__(self) -> DeviceCtx:
        self._before.append((_device.target(), _device.device_id()))
        _set_target(*self._wanted)
        return self

    def __exit__(self, *_) -> None:
        _set_target(*self._before.pop())


def set_deterministic(deterministic: bool) -> None:
    """Say whether the same program must give the same bits in every run. They do in either case: how a sum is split
    depends on shapes alone, never on threads. The choice is kept for `get_context("deterministic")`."""
    if not isinstance(deterministic, bool):
        raise TypeError(f"set_deterministic: expected a bool, got {type(deterministic).__name__}: {deterministic!r}")
    set_context(deterministic="ON" if deterministic else "OFF")


def ms_memory_recycle() -> None:
    """Free what is kept to be used again: compiled graphs and segments, and idle memory of the current device."""
    from mindspore.compiler.pipeline import clear_cache
    from mindspore.eager import segment
    from mindspore.runtime.feature import opened
    segment.flush()
    segment.clear_cache()
    clear_cache()
    release = getattr(opened(), "release_idle_memory", None)
    if release is not None:
        release()
