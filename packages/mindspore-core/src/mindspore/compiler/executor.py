"""The Python executor: runs a plan on any device that has an allocator and kernels.

It is the twin of the C++ executor in the header-only kit and the path of a backend that brings nothing else: kernels
are called in order with device buffers. Arena places become one buffer per value slot, made once. A host launch waits
for the device, copies its operands to the host, runs the primitive's reference, and copies the result back; these are
counted (`host_fallbacks`), and refused where MS_FORBID_HOST_FALLBACK is set.
"""
from __future__ import annotations

import os
import threading

import numpy as np

from mindspore.compiler.primitives.base import primitive
from mindspore.compiler.program import ARENA, COPY, HOST, INPUT, OUTPUT, Executable, Launch, Plan
from mindspore.plugin.protocols import KernelSpec
from mindspore.runtime.transfer import download, upload

HOST_FALLBACKS: dict[str, int] = {}


class PythonExecutable(Executable):
    """A plan with its kernels built."""

    def __init__(self, plan: Plan, device):
        self.plan, self.device = plan, device
        self.lock = threading.Lock()
        allocator = device.allocator
        self.constants = [upload(allocator, array) for array in plan.constants]
        self.arena = self._arena_buffers()
        self.steps = [self._build(step) for step in plan.launches]

    def _arena_buffers(self) -> dict[int, object]:
        """One buffer per arena offset: values at one offset are never alive together."""
        sizes: dict[int, int] = {}
        for value, place in enumerate(self.plan.places):
            if place is not None and place[0] == ARENA:
                sizes[place[1]] = max(sizes.get(place[1], 0), self.plan.program.avals[value].nbytes)
        return {offset: self.device.allocator.allocate(nbytes) for offset, nbytes in sizes.items()}

    def _build(self, step: Launch):
        program, device = self.plan.program, self.device
        if step.kind == COPY:
            nbytes = program.avals[step.ins[0]].nbytes
            return lambda ins, outs: device.allocator.copy(outs[0], ins[0], nbytes)
        if step.kind != HOST:
            spec = KernelSpec(step.name, step.attrs, tuple(program.in_avals(step)), tuple(program.out_avals(step)),
                              step.body)
            kernel = device.kernels[step.name](spec)
            if kernel is not None:
                return kernel
        return host_kernel(device, step, program.in_avals(step), program.out_avals(step))

    def run(self, inputs):
        with self.lock:
            return self._run(inputs)

    def _run(self, inputs):
        plan, allocator = self.plan, self.device.allocator
        outputs = [inputs[number] if kind == INPUT else allocator.allocate(plan.program.avals[value].nbytes)
                   for (kind, number), value in zip(plan.output_source, plan.program.outputs)]
        for step, kernel in zip(plan.launches, self.steps):
            kernel([self._buffer(v, inputs, outputs) for v in step.ins],
                   [self._buffer(v, inputs, outputs) for v in step.outs])
        return outputs

    def _buffer(self, value: int, inputs, outputs):
        kind, number = self.plan.places[value]
        if kind == ARENA:
            return self.arena[number]
        return (inputs if kind == INPUT else outputs if kind == OUTPUT else self.constants)[number]


def host_kernel(device, step: Launch, in_avals, out_avals):
    """A kernel that runs the primitive's reference on the host."""
    op = primitive(step.name)
    if not op.hosted and os.environ.get("MS_FORBID_HOST_FALLBACK", "0") not in ("", "0"):
        raise RuntimeError(f"{step.name}: the device has no kernel for it at dtypes "
                           f"{', '.join(str(a.dtype) for a in in_avals)} and MS_FORBID_HOST_FALLBACK is set")

    def run(ins, outs):
        if not op.hosted:
            HOST_FALLBACKS[step.name] = HOST_FALLBACKS.get(step.name, 0) + 1
        arrays = [download(device.allocator, b, a) for b, a in zip(ins, in_avals)]
        for buffer, array in zip(outs, reference(op, arrays, step.attrs, out_avals)):
            device.allocator.copy_from_host(buffer, array)
        device.allocator.synchronize()

    return run


def reference(op, arrays, attrs: dict, out_avals) -> list[np.ndarray]:
    """The reference's results as C-contiguous arrays of the declared dtypes."""
    with np.errstate(all="ignore"):
        result = op.reference(*arrays, **attrs)
    results = result if isinstance(result, tuple) else (result,)
    return [np.ascontiguousarray(r, dtype=a.dtype.np).reshape(a.shape) for r, a in zip(results, out_avals)]
