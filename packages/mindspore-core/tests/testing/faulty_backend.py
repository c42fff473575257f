"""A pytest plugin for the tests of the conformance suite: backends that are wrong in one way each, and two whose
device is missing: `unplugged` knows it before opening, `unwilling` when it is opened.

Every other backend serves float32 and int32 with the reference's kernels, except for one that it gets wrong, and has
kernels for nothing but the operators in `SERVED`.
"""
from __future__ import annotations

import numpy as np

from mindspore.plugin import manager
from mindspore.plugin.protocols import BackendInfo, Capabilities, DeviceUnavailableError
from mindspore.reference.device import ReferenceDevice, view

SERVED = ("exp", "neg", "add", "mul", "sum")


def _wrong_value(ins, outs, spec):
    view(outs[0], spec.outs[0])[...] = np.exp(view(ins[0], spec.ins[0])) * np.float32(1.001)


def _wrong_zero(ins, outs, spec):
    view(outs[0], spec.outs[0])[...] = np.float32(0) - view(ins[0], spec.ins[0])


def _raises_on_empty(ins, outs, spec):
    if spec.outs[0].size == 0:
        raise RuntimeError("no elements")
    view(outs[0], spec.outs[0])[...] = np.exp(view(ins[0], spec.ins[0]))


FAULTS = {"sound": {}, "value": {"exp": _wrong_value}, "zero": {"neg": _wrong_zero}, "empty": {"exp": _raises_on_empty}}


class FaultyDevice(ReferenceDevice):
    capabilities = Capabilities(dtypes=frozenset({"float32", "int32", "bool_"}), host_memory=True)

    def __init__(self, faults):
        super().__init__()
        self.kernels = {name: self.kernels[name] for name in SERVED}
        for name, kernel in faults.items():
            self.kernels[name] = lambda spec, kernel=kernel: lambda ins, outs: kernel(ins, outs, spec)


class FaultyBackend:
    def __init__(self, name: str):
        self.info = BackendInfo(name, "FAULTY", "1.0")

    def open(self, device_id: int = 0):
        return FaultyDevice(FAULTS[self.info.name])

    def status(self) -> str:
        return "available"


class Unplugged:
    info = BackendInfo("unplugged", "FAULTY", "1.0")

    def open(self, device_id: int = 0):
        raise DeviceUnavailableError("unplugged: the cable hangs loose; plug it in")

    def status(self) -> str:
        return "the cable hangs loose; plug it in"


class Unwilling(Unplugged):
    info = BackendInfo("unwilling", "FAULTY", "1.0")

    def status(self) -> str:
        return "available"


def mindspore_backends():
    return [*(FaultyBackend(name) for name in FAULTS), Unplugged(), Unwilling()]


class _Plugin:
    mindspore_backends = staticmethod(mindspore_backends)


manager.register_plugin(_Plugin, "faulty")
