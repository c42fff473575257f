"""The plugin: brings the OpenCL backend. Importing it loads no library; `OpenCLBackend.open` does."""
from __future__ import annotations

from mindspore.plugin import hookimpl
from mindspore_opencl.backend import OpenCLBackend

mindspore_plugin_api = 2


@hookimpl
def mindspore_backends() -> list[OpenCLBackend]:
    return [OpenCLBackend()]
