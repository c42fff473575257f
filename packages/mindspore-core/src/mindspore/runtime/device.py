"""Which device runs: the one that the context's target names, opened at first use.

`use_backend(name)` pins a backend by its own name for a block, whatever the target; tests run every program on every
backend with it.
"""
from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from mindspore.plugin import manager

DEFAULT_TARGET = "CPU"


class _Current:
    __slots__ = ("target", "device_id", "device", "name")

    def __init__(self):
        self.target, self.device_id = DEFAULT_TARGET, 0
        self.device = None
        self.name = None


_current = _Current()
_lock = threading.RLock()


def current():
    """The current device, opened."""
    device = _current.device
    return device if device is not None else _open()


def _open():
    with _lock:
        if _current.device is None:
            name = _current.name or manager.backend_for(_current.target).info.name
            _current.device = manager.device(name, _current.device_id)
        return _current.device


def backend_name() -> str:
    """The name of the backend that serves the current target."""
    return _current.name or manager.backend_for(_current.target).info.name


def target() -> str:
    """The device target in force."""
    return _current.target


def device_id() -> int:
    return _current.device_id


def is_open() -> bool:
    """Whether a device has been used."""
    return _current.device is not None


def set_target(name: str, number: int = 0) -> None:
    """Choose the device target; the backend is looked up at once, so that a missing one is reported here."""
    manager.backend_for(name)
    with _lock:
        _current.target, _current.device_id, _current.device, _current.name = name, number, None, None


@contextlib.contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Run the block on the backend called `name`."""
    from mindspore.eager.segment import flush
    flush()
    with _lock:
        saved = (_current.target, _current.device_id, _current.device, _current.name)
        _current.device, _current.name = manager.device(name), name
    try:
        yield
        flush()
    finally:
        with _lock:
            _current.target, _current.device_id, _current.device, _current.name = saved
