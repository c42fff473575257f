"""The plugin contract: hooks (`hookspecs`), protocols (`protocols`) and the manager (`manager`)."""
from mindspore.plugin.hookspecs import hookimpl, hookspec
from mindspore.plugin.protocols import (
                                        PLUGIN_API_VERSION,
                                        Allocator,
                                        Backend,
                                        BackendInfo,
                                        Capabilities,
                                        Claim,
                                        Device,
                                        DeviceFeatureError,
                                        DeviceMemoryError,
                                        DeviceUnavailableError,
                                        Kernel,
                                        KernelBuilder,
                                        KernelSpec,
)

__all__ = ["PLUGIN_API_VERSION", "Allocator", "Backend", "BackendInfo", "Capabilities", "Claim", "Device",
           "DeviceFeatureError", "DeviceMemoryError", "DeviceUnavailableError", "Kernel", "KernelBuilder", "KernelSpec",
           "hookimpl", "hookspec"]
