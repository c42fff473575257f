"""From a function of `mindspore.device_context` to the device."""
from __future__ import annotations

from typing import Any

from mindspore.plugin.protocols import DeviceFeatureError
from mindspore.runtime.feature import opened


def set_option(target: str, name: str, value: Any) -> None:
    """Change a setting of the target's device.

    Raises:
        BackendMissingError: no installed backend serves the target. DeviceFeatureError: the device has no such setting.
    """
    device = opened(target)
    change = getattr(device, "set_option", None)
    if change is None or not change(name, value):
        raise DeviceFeatureError(f"{name}: the device of target {target!r}, {type(device).__name__}, has no such "
                                 f"setting")


def checked(name: str, value: Any, kind: type, choices: tuple = ()) -> Any:
    """The value, if it is of this kind and one of the choices. TypeError, ValueError otherwise."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name}: expected {kind.__name__}, got {type(value).__name__}: {value!r}")
    if choices and value not in choices:
        raise ValueError(f"{name}: expected one of {choices}, got {value!r}")
    return value


def positive(name: str, value: Any) -> int:
    """The value, if it is an int above 0."""
    if checked(name, value, int) <= 0:
        raise ValueError(f"{name}: expected an int above 0, got {value}")
    return value
