"""The hooks of the plugin contract.

A plugin is a module named in the entry-point group `mindspore.plugins`. Loading it must be light: no shared library,
no device initialisation. Each hook below is called once, when plugins are loaded, on the thread that first needs a
device; a plugin implements the hooks it needs and marks them with `hookimpl`. None means: nothing to contribute. Beside
them stands the version of the contract that the plugin was written for (`versions`).

    from mindspore.plugin import hookimpl

    mindspore_plugin_api = 2

    @hookimpl
    def mindspore_backends():
        return [MyBackend()]
"""
from __future__ import annotations

import pluggy

hookspec = pluggy.HookspecMarker("mindspore")
hookimpl = pluggy.HookimplMarker("mindspore")


@hookspec
def mindspore_backends():
    """Return a list of `Backend` objects: the devices that this plugin brings. since: plugin API 1"""


@hookspec
def mindspore_kernels(backend):
    """Return a dict of primitive name -> `KernelBuilder` to add to somebody else's backend. Called once for each
    backend when it is opened, with its `BackendInfo`. since: plugin API 1"""


@hookspec
def mindspore_primitives():
    """Return a list of `Primitive` classes to register: custom operators with all their rules. since: plugin API 1"""


@hookspec
def mindspore_passes():
    """Return a list of functions `Graph -> Graph` that run after automatic differentiation and before a graph is
    lowered, in the order of the plugins' names. since: plugin API 1"""


@hookspec
def mindspore_communicators(backend):
    """Return a dict of communicator name -> factory for the collectives of a backend, given its `BackendInfo`.
    since: plugin API 1"""
