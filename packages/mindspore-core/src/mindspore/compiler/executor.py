"""The Python executor: runs a plan on any device that has an allocator and kernels.

It is the twin of the C++ executor in the header-only kit and the path of a backend that brings nothing else: kernels
are called in order with device buffers, and regions are gone into (`plan_runner`). A host launch waits for the device,
copies its operands to the host, runs the primitive's reference, and copies the result back; these are counted
(`HOST_FALLBACKS`), and refused where MS_FORBID_HOST_FALLBACK is set.
"""
from __future__ import annotations

import os
import threading

import numpy as np

from mindspore.compiler.plan_runner import Box, PlanRunner
from mindspore.compiler.primitives.base import primitive
from mindspore.compiler.program import HOST, INPUT, Executable, Launch, Plan, Program
from mindspore.plugin.protocols import KernelSpec
from mindspore.runtime.transfer import download

HOST_FALLBACKS: dict[str, int] = {}


class PythonExecutable(Executable):
    """A plan with its kernels built."""

    def __init__(self, plan: Plan, device):
        self.plan, self.device = plan, device
        self.lock = threading.Lock()
        self.runner = PlanRunner(plan, device, self._build)

    def _build(self, program: Program, step: Launch):
        if step.kind != HOST:
            spec = KernelSpec(step.name, step.attrs, tuple(program.in_avals(step)), tuple(program.out_avals(step)),
                              step.body, step.where)
            kernel = self.device.kernels[step.name](spec)
            if kernel is not None:
                return kernel
        return host_kernel(self.device, step, program.in_avals(step), program.out_avals(step))

    def run(self, inputs):
        with self.lock:
            plan, given = self.plan, [Box(buffer) for buffer in inputs]
            outputs = [given[number] if kind == INPUT else
                       Box(self.device.allocator.allocate(plan.program.avals[value].nbytes))
                       for (kind, number), value in zip(plan.output_source, plan.program.outputs)]
            self.runner.run(given, outputs)
            return [box.value for box in outputs]

    def run_timed(self, inputs, run):
        times: list[tuple[str, int, int]] = []
        self.runner.time_steps(times)
        try:
            return run(inputs), times
        finally:
            self.runner.time_steps(None)


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
