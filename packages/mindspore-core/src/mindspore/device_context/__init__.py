"""Settings of devices, by target: `mindspore.device_context.cpu`, `gpu`, `ascend`.

A setting goes to the device of its target (`set_option` of the plugin contract). Where no installed backend serves
the target, that is a BackendMissingError with the command that installs one; where the device has no such setting, a
DeviceFeatureError.
"""
from __future__ import annotations

from mindspore.device_context import ascend, cpu, gpu

__all__ = ["ascend", "cpu", "gpu"]
