"""A test backend whose device has every optional feature: memory that is counted, settings, properties."""
from __future__ import annotations

from mindspore.plugin import BackendInfo
from mindspore.reference.device import ReferenceDevice


class ToyDevice(ReferenceDevice):
    """Its memory is a dict of numbers that tests set."""

    def __init__(self):
        super().__init__()
        self.memory = {"allocated": 3, "reserved": 8, "allocated_peak": 5, "reserved_peak": 9}
        self.options: dict = {}
        self.limit = None

    def memory_statistics(self):
        return dict(self.memory)

    def reset_memory_peaks(self, allocated, reserved):
        for name, wanted in (("allocated", allocated), ("reserved", reserved)):
            if wanted:
                self.memory[f"{name}_peak"] = self.memory[name]

    def release_idle_memory(self):
        self.memory["reserved"] = self.memory["allocated"]

    def limit_memory(self, nbytes):
        self.limit = nbytes

    def set_option(self, name, value):
        if name in ("matmul_allow_tf32", "conv_fprop_algo"):
            self.options[name] = value
            return True
        return False

    def properties(self):
        return {"name": "Toy 3", "total_memory": 100, "capability": (3, 1), "arch_list": ["toy_3"]}


class ToyBackend:
    info = BackendInfo("toy", "GPU", "1.0")

    def open(self, device_id: int = 0):
        return ToyDevice()

    def status(self) -> str:
        return "available"

    def device_count(self) -> int:
        return 4


def mindspore_backends():
    return [ToyBackend()]
