"""The opened device: its queue, its memory, its kernels."""
from __future__ import annotations

import pyopencl as cl

from mindspore.plugin import Capabilities
from mindspore_opencl import dense, moves, windows
from mindspore_opencl.groups import MEMBERS, Group
from mindspore_opencl.memory import Memory
from mindspore_opencl.programs import Programs
from mindspore_opencl.scalars import MEMORY


class OpenCLDevice:
    """One device with one queue. The element types are those that it computes with: float64 where it has the extension;
    half-precision and complex numbers are left to core."""

    def __init__(self, device: cl.Device):
        self.device = device
        context = cl.Context([device])
        self.queue = cl.CommandQueue(context, device)
        self.allocator = Memory(device, self.queue)
        exact = device.single_fp_config & cl.device_fp_config.CORRECTLY_ROUNDED_DIVIDE_SQRT
        options = ["-cl-fp32-correctly-rounded-divide-sqrt"] if exact else []
        self.programs = Programs(context, self.queue, options)
        dtypes = {key for key in MEMORY if key != "float64" or "cl_khr_fp64" in device.extensions.split()}
        self.capabilities = Capabilities(dtypes=frozenset(dtypes), codegen=MEMBERS)
        builders = {**dense.BUILDERS, **windows.BUILDERS, **moves.BUILDERS}
        self.kernels = {name: self._builder(build) for name, build in builders.items()}
        self.kernels["group"] = lambda spec: Group(spec, self.programs, self.allocator)

    def _builder(self, build):
        return lambda spec: build(spec, self.programs)

    def memory_statistics(self) -> dict[str, int]:
        """See `Device` in `mindspore.plugin`."""
        return self.allocator.statistics()

    def reset_memory_peaks(self, allocated: bool, reserved: bool) -> None:
        """Start these peaks again from what is in use now."""
        self.allocator.reset_peaks(allocated, reserved)

    def release_idle_memory(self) -> None:
        """Give back what the pool holds and nobody uses."""
        self.allocator.release_idle()

    def limit_memory(self, nbytes: int) -> None:
        """Refuse buffers beyond this many bytes in use."""
        self.allocator.limit(nbytes)

    def properties(self) -> dict:
        """What the driver says of the device."""
        return {"name": self.device.name.strip(), "total_memory": self.device.global_mem_size,
                "multi_processor_count": self.device.max_compute_units}

    def describe(self) -> str:
        """What device and driver are, for `doctor`."""
        exact = "with" if "float64" in self.capabilities.dtypes else "without"
        return f"{self.device.name.strip()}, {self.device.platform.version.strip()}, {exact} float64"
