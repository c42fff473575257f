"""The plugin contract: hooks (`hookspecs`), protocols (`protocols`), versions (`versions`) and the manager
(`manager`)."""
from mindspore.compiler.program import Executable
from mindspore.plugin.communicators import (
                                            CommunicationError,
                                            Communicator,
                                            CommunicatorFactory,
                                            FolderStore,
                                            Group,
                                            Store,
)
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
           "CommunicationError", "Communicator", "CommunicatorFactory", "Device", "DeviceFeatureError",
           "DeviceLostError", "DeviceMemoryError", "DeviceUnavailableError", "Executable", "Failures", "FolderStore",
           "FullDevice", "Group", "Kernel", "KernelBuilder", "KernelError", "KernelSpec", "PluginVersionError", "Store",
           "hookimpl", "hookspec", "since"]
