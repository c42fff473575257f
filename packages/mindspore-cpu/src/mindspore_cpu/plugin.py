"""The plugin: brings the CPU backend. Importing it loads no library; `CPUBackend.open` does."""
from __future__ import annotations

from mindspore.plugin import hookimpl
from mindspore_cpu.backend import CPUBackend

mindspore_plugin_api = 3


@hookimpl
def mindspore_backends() -> list[CPUBackend]:
    return [CPUBackend()]


@hookimpl
def mindspore_primitives() -> list[type]:
    from mindspore_cpu.blocked import primitives
    return primitives()
