"""A pytest plugin: discrete devices with one fault each, which the conformance suite has to see.

    padding   the convolution pads above and to the left by what is asked for below and to the right, and vice versa
    strides   the matrix product takes a transposed operand as it lies in memory
    nan       the maximum drops NaN
    waiting   the addition is done by another thread, which the queue does not wait for
    philox    random words ignore the upper half of the offset
    silent    a kernel that fails writes nothing, and nobody is told

Two are right: `sound`, and `losing`, which is lost when a kernel fails and says so.
"""
from __future__ import annotations

import threading
import time

import discrete
import numpy as np

from mindspore.compiler.executor import reference
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.plugin import BackendInfo, Capabilities, DeviceLostError, manager


def padding(arrays, attrs):
    top, bottom, left, right = attrs["padding"]
    return arrays, {**attrs, "padding": (bottom, top, right, left)}


def strides(arrays, attrs):
    a, b = arrays
    turned = b.reshape(*b.shape[:-2], b.shape[-1], b.shape[-2]) if attrs["transpose_b"] else b
    return (a, turned), {**attrs, "transpose_b": False}


def nan(arrays, attrs):
    return tuple(np.where(np.isnan(x), np.float32(-np.inf), x) for x in arrays), attrs


def philox(arrays, attrs):
    seed, offset = arrays[0]
    return (np.array([seed, offset & 0xFFFFFFFF], np.int64),), attrs


FAULTS = {"padding": ("conv2d", padding), "strides": ("matmul", strides), "nan": ("maximum", nan),
          "philox": ("random_bits", philox), "waiting": ("add", None), "silent": (None, None), "losing": (None, None),
          "sound": (None, None)}


class BrokenCommands(discrete.Commands):
    """The queue of a device with a fault."""

    def __init__(self, fault: str):
        super().__init__()
        self.fault = fault
        self.name, self.change = FAULTS[fault]
        self.lost: str | None = None

    def submit(self, what, *args):
        if what not in ("free", "signal"):
            self._check()
        super().submit(what, *args)

    def wait(self):
        super().wait()
        self._check()

    def read(self, number, array):
        super().read(number, array)
        self._check()

    def _check(self):
        if self.lost is not None:
            raise DeviceLostError(self.lost)

    def _launch(self, spec, ins, outs, fails=False):
        if fails and self.fault == "losing":
            self.lost = f"losing: {spec.where} failed, and the device with it; end the process"
        elif not (fails and self.fault == "silent"):
            super()._launch(spec, ins, outs, fails)

    def _compute_launch(self, spec, ins, outs):
        if spec.name != self.name:
            super()._compute_launch(spec, ins, outs)
        elif self.change is None:
            threading.Thread(target=self._late, args=(spec, ins, outs), daemon=True).start()
        else:
            self._compute(spec, self._arrays(spec, ins), outs, self.change)

    def _arrays(self, spec, ins):
        return [np.frombuffer(self._memory[n], a.dtype.np, a.size).reshape(a.shape) for n, a in zip(ins, spec.ins)]

    def _late(self, spec, ins, outs):
        arrays = self._arrays(spec, ins)
        time.sleep(0.5)  # longer than a busy machine keeps the reader from looking
        self._compute(spec, arrays, outs, lambda arrays, attrs: (arrays, attrs))

    def _compute(self, spec, arrays, outs, change):
        arrays, attrs = change(arrays, dict(spec.attrs))
        for number, result in zip(outs, reference(PRIMITIVES[spec.name], arrays, attrs, spec.outs)):
            if number in self._memory:
                self._memory[number][:result.nbytes] = result.tobytes()


class BrokenDevice(discrete.DiscreteDevice):
    capabilities = Capabilities(dtypes=discrete.DiscreteDevice.capabilities.dtypes | {"uint32"})

    def __init__(self, fault: str):
        super().__init__()
        self.commands = BrokenCommands(fault)
        self.allocator = discrete.DiscreteAllocator(self.commands)
        self.kernels = {**self.kernels, "random_bits": self._build_words}

    def _build_words(self, spec):
        return lambda ins, outs: self.commands.submit(
            "launch", spec, tuple(b.number for b in ins), tuple(b.number for b in outs))


class BrokenBackend:
    def __init__(self, fault: str):
        self.info, self.fault = BackendInfo(fault, "Broken", "1.0"), fault

    def open(self, device_id: int = 0):
        return BrokenDevice(self.fault)

    def status(self) -> str:
        return "available"


class Plugin:
    @staticmethod
    def mindspore_backends():
        return [BrokenBackend(fault) for fault in FAULTS]


manager.register_plugin(Plugin, "broken")
