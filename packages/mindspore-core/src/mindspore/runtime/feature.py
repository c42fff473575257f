"""What devices may supply beyond running programs: looked up by name, with one error where it is absent."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.plugin import manager
from mindspore.plugin.protocols import DeviceFeatureError
from mindspore.runtime import device as _device


def opened(target: str | None = None):
    """The device of a target, opened; the current device where no target is named. BackendMissingError with the pip
    command where no backend serves the target."""
    if target is None or target == _device.target():
        return _device.current()
    return manager.device(manager.backend_for(target, advise=False).info.name)


def required(device: Any, method: str, what: str) -> Callable:
    """An optional method of a device. DeviceFeatureError where it has none; `what` says what it is for."""
    found = getattr(device, method, None)
    if found is None:
        raise DeviceFeatureError(f"the device in use, {type(device).__name__}, {what}; python -m mindspore plugins "
                                 f"lists the backends and what else is installed")
    return found
