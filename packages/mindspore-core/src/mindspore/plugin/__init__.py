"""The plugin contract: hooks (`hookspecs`), protocols (`protocols`), versions (`versions`) and the manager
(`manager`)."""
from mindspore.compiler.program import Executable
from mindspore.plugin.failures import DeviceLostError, Failures, KernelError
from mindspore.plugin.hookspecs import hookimpl, hookspec
from mindspore.plugin.protocols import (
                                        Allocator,
                                        Backend,
                                        BackendInfo,
                                        Capabilities,
                                        Claim,
                                        Device,
                                        DeviceFeatureError,
                                        DeviceMemoryError,
                                        DeviceUnavailableError,
                                        FullDevice,
                                        Kernel,
                                        KernelBuilder,
                                        KernelSpec,
)
from mindspore.plugin.versions import OLDEST_PLUGIN_API, PLUGIN_API_VERSION, PluginVersionError, since

__all__ = ["OLDEST_PLUGIN_API", "PLUGIN_API_VERSION", "Allocator", "Backend", "BackendInfo", "Capabilities", "Claim",
           "Device", "DeviceFeatureError", "DeviceLostError", "DeviceMemoryError", "DeviceUnavailableError",
           "Executable", "Failures", "FullDevice", "Kernel", "KernelBuilder", "KernelError", "KernelSpec",
           "PluginVersionError", "hookimpl", "hookspec", "since"]
