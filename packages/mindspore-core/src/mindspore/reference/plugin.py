"""The plugin that brings the reference backend. It serves the host target at the lowest priority, so that it steps
back as soon as a real backend for that target is installed."""
from __future__ import annotations

from mindspore._version import __version__
from mindspore.plugin.hookspecs import hookimpl
from mindspore.plugin.protocols import BackendInfo

mindspore_plugin_api = 2


class ReferenceBackend:
    """Light until opened, like any backend."""

    info = BackendInfo("reference", "CPU", __version__, api_version=2, priority=0,
                       description="every primitive by its NumPy definition; complete, correct and slow")

    def open(self, device_id: int = 0):
        from mindspore.reference.device import ReferenceDevice
        return ReferenceDevice()

    def status(self) -> str:
        return "available"


@hookimpl
def mindspore_backends():
    return [ReferenceBackend()]
