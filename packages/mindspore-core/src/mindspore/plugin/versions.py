"""The versions of the plugin contract: what came when, and which plugins this core takes.

The contract has one number, the plugin API version. It grows by one when something is added, and what is there keeps
its meaning, so that a plugin written for an older version goes on working; `HISTORY` says what each version brought.
If a meaning ever has to change, `OLDEST_PLUGIN_API` moves up, and plugins written for what lies before it are refused.

A plugin says which version it was written for in its attribute `mindspore_plugin_api`, beside its hooks, and each of
its backends in `BackendInfo.api_version`. One that says nothing was written for version 1.
"""
from __future__ import annotations

from typing import Any

PLUGIN_API_VERSION = 3
"""The newest version, which this core offers."""

OLDEST_PLUGIN_API = 1
"""The oldest version that this core still takes."""

STATED = "mindspore_plugin_api"
"""The attribute in which a plugin says which version it was written for."""

HISTORY: dict[int, tuple[str, ...]] = {
    1: (
        "mindspore_backends", "mindspore_kernels", "mindspore_primitives", "mindspore_passes",
        "mindspore_communicators",
        "Backend", "Backend.info", "Backend.open", "Backend.status", "Backend.device_count",
        "BackendInfo", "BackendInfo.name", "BackendInfo.target", "BackendInfo.version", "BackendInfo.api_version",
        "BackendInfo.priority", "BackendInfo.plan_versions", "BackendInfo.description",
        "Device", "Device.capabilities", "Device.allocator", "Device.kernels",
        "Device.supports", "Device.claim", "Device.compile", "Device.as_numpy", "Device.describe", "Device.properties",
        "Device.set_option", "Device.memory_statistics", "Device.reset_memory_peaks", "Device.release_idle_memory",
        "Device.limit_memory",
        "Capabilities", "Capabilities.dtypes", "Capabilities.codegen", "Capabilities.codegen_dtypes",
        "Capabilities.host_memory", "Capabilities.in_place", "Capabilities.regions", "Capabilities.loops",
        "Capabilities.symbolic",
        "Allocator", "Allocator.allocate", "Allocator.copy_from_host", "Allocator.copy_to_host", "Allocator.copy",
        "Allocator.synchronize",
        "Claim", "Claim.name", "Claim.nodes", "Claim.operands",
        "KernelSpec", "KernelSpec.name", "KernelSpec.attrs", "KernelSpec.ins", "KernelSpec.outs", "KernelSpec.body",
        "Kernel", "KernelBuilder",
        "DeviceUnavailableError", "DeviceFeatureError", "DeviceMemoryError",
        "hookimpl", "hookspec", "PLUGIN_API_VERSION",
    ),
    2: ("mindspore_plugin_api", "OLDEST_PLUGIN_API", "PluginVersionError", "since"),
    3: ("CommunicationError", "Communicator", "Communicator.rank", "Communicator.size", "Communicator.all_reduce",
        "Communicator.all_gather", "Communicator.reduce_scatter", "Communicator.broadcast", "Communicator.all_to_all",
        "Communicator.send", "Communicator.receive", "Communicator.barrier", "Communicator.close",
        "CommunicatorFactory", "Group", "Group.name", "Group.rank", "Group.size", "Group.store", "Group.seconds",
        "Store", "Store.put", "Store.get", "Store.delete", "FolderStore", "FolderStore.put", "FolderStore.get",
        "FolderStore.delete", "KernelSpec.where", "KernelError", "DeviceLostError", "Failures", "Failures.run",
        "Failures.of", "Failures.take", "Failures.forget", "Device.fail_next_kernel", "Device.rewrite",
        "FullDevice", "Executable", "Executable.name", "Executable.in_avals", "Executable.run",
        "Executable.run_timed", "Executable.plans"),
}


class PluginVersionError(RuntimeError):
    """A plugin or backend does not fit this mindspore-core; the message has its name and both versions.

    what: `plugin 'x'` or `backend 'x'`. written_for: the version that it states. taken: the versions that fit.
    """

    def __init__(self, what: str, contract: str, written_for: Any, taken: tuple[int, ...]):
        self.what, self.contract, self.written_for, self.taken = what, contract, written_for, taken
        span = str(taken[0]) if len(taken) == 1 else f"{taken[0]} to {taken[-1]}"
        super().__init__(f"{what} was written for {contract} {written_for}, this mindspore-core takes {span}: "
                         f"install versions that fit together")


def since(name: str) -> int:
    """The plugin API version that brought a part of the contract: `mindspore_kernels`, `Device.claim`.

    Raises:
        LookupError: the contract has no such part.
    """
    for version, names in HISTORY.items():
        if name in names:
            return version
    raise LookupError(f"the plugin contract has no part {name!r}; mindspore.plugin.versions.HISTORY lists them")


def check(what: str, written_for: Any) -> None:
    """Refuse what was written for a plugin API version that this core does not take.

    Raises:
        PluginVersionError: it is older than the oldest, newer than the newest, or no whole number.
    """
    taken = tuple(range(OLDEST_PLUGIN_API, PLUGIN_API_VERSION + 1))
    if type(written_for) is not int or written_for not in taken:
        raise PluginVersionError(what, "plugin API", written_for, taken)


def check_plugin(plugin: Any, name: str) -> int:
    """The version that a plugin object states. PluginVersionError where it does not fit."""
    stated = getattr(plugin, STATED, 1)
    check(f"plugin {name!r}", stated)
    return stated
