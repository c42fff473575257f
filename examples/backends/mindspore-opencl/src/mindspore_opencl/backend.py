"""The backend: which OpenCL devices there are, and the reasons why there are none."""
from __future__ import annotations

from mindspore.plugin import BackendInfo, DeviceUnavailableError

ADVICE = "install a driver; for the processor: apt-get install pocl-opencl-icd"


class OpenCLBackend:
    """Serves the target "OPENCL": every device of every OpenCL platform, GPUs first."""

    info = BackendInfo("opencl", "OPENCL", "0.1.0", api_version=2, description="OpenCL devices through pyopencl")

    def open(self, device_id: int = 0):
        """The device. DeviceUnavailableError where there is none of this number."""
        found, problem = _devices()
        if problem is not None:
            raise DeviceUnavailableError(f"OPENCL: {problem}")
        if not 0 <= device_id < len(found):
            raise DeviceUnavailableError(f"OPENCL: there is no device {device_id}; the numbers of the devices are 0 to "
                                         f"{len(found) - 1}: {', '.join(d.name for d in found)}")
        from mindspore_opencl.device import OpenCLDevice
        return OpenCLDevice(found[device_id])

    def status(self) -> str:
        """"available", or why not."""
        return _devices()[1] or "available"

    def device_count(self) -> int:
        """How many devices there are."""
        return len(_devices()[0])


def _devices() -> tuple[list, str | None]:
    """The devices, and what keeps there from being any."""
    try:
        import pyopencl
    except ImportError as error:
        return [], f"pyopencl cannot be loaded ({error}); install it with: pip install pyopencl"
    try:
        found = [d for platform in pyopencl.get_platforms() for d in platform.get_devices()]
    except pyopencl.Error as error:
        return [], f"there is no OpenCL platform ({error}); {ADVICE}"
    if not found:
        return [], f"no OpenCL platform has a device; {ADVICE}"
    gpu = pyopencl.device_type.GPU
    return sorted(found, key=lambda d: not d.type & gpu), None
