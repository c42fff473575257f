"""From a plan to an executable: every launch becomes a kernel, and the C++ executor gets the list.

Groups of one plan are generated and compiled together. A launch for which there is no kernel runs the primitive's NumPy
reference on views of the buffers: correct, slow, and counted; MS_FORBID_HOST_FALLBACK=1 refuses it.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mindspore.compiler.executor import HOST_FALLBACKS, reference
from mindspore.compiler.primitives.base import primitive
from mindspore.compiler.program import CLAIM, COPY, GROUP, HOST, OUTPUT, Executable, Launch, Plan
from mindspore.plugin import KernelSpec
from mindspore_cpu import _ext
from mindspore_cpu.claims import build_claim
from mindspore_cpu.codegen import LoopKernel, compile_groups
from mindspore_cpu.kernels import copy_kernel


class FallbackCounter:
    """How many launches ran on the host reference. Changed with the GIL held."""

    def __init__(self):
        self.count = 0

    def add(self, name: str) -> None:
        """One more launch of this primitive; core's table by name counts it too."""
        self.count += 1
        HOST_FALLBACKS[name] = HOST_FALLBACKS.get(name, 0) + 1


class CPUExecutable(Executable):
    """A plan with its kernels. `run` takes a Buffer per input and returns one per output, in one call of C++."""

    def __init__(self, plan: Plan, executable: _ext.Executable):
        self.plan = plan
        self._executable = executable
        self.run = executable.run

    def describe(self) -> list[str]:
        """One line for each step: what it is and which implementation runs it."""
        return self._executable.describe()


def build_executable(plan: Plan, kernels: Mapping, fallbacks: FallbackCounter) -> CPUExecutable:
    """The executable of a plan; `kernels` is the device's table."""
    program = plan.program
    groups = [step for step in plan.launches if step.kind == GROUP]
    generated = iter(compile_groups([step.body for step in groups])) if groups else iter(())
    steps = []
    for step in plan.launches:
        kernel, order = _kernel(step, plan, kernels, generated, fallbacks)
        values = [step.ins[k] for k in order] + list(step.outs)
        steps.append((kernel, [plan.places[v] for v in values], step.name))
    made = _ext.Executable(plan.version, [program.avals[v].nbytes for v in program.inputs],
                           [program.avals[v].nbytes for v in program.outputs],
                           [(kind, k if kind == OUTPUT else number)
                            for k, (kind, number) in enumerate(plan.output_source)],
                           [_upload(array) for array in plan.constants], plan.arena_bytes, steps)
    return CPUExecutable(plan, made)


def _upload(array: np.ndarray) -> _ext.Buffer:
    buffer = _ext.Buffer(array.nbytes)
    np.ndarray(array.shape, array.dtype, buffer)[...] = array
    return buffer


def _kernel(step: Launch, plan: Plan, kernels: Mapping, generated, fallbacks: FallbackCounter
            ) -> tuple[_ext.Kernel, Sequence[int]]:
    """A launch's kernel, and the positions of the launch's inputs in the order in which the kernel takes them."""
    program, in_order = plan.program, range(len(step.ins))
    if step.kind == GROUP:
        return loop_kernel(next(generated), len(step.ins) + len(step.outs)), in_order
    if step.kind == CLAIM:
        return build_claim(step.body)
    if step.kind == COPY:
        return copy_kernel(program.avals[step.ins[0]].nbytes), in_order
    spec = KernelSpec(step.name, step.attrs, tuple(program.in_avals(step)), tuple(program.out_avals(step)), step.body)
    made = kernels[step.name](spec) if step.kind != HOST else None
    if made is None:
        made = host_kernel(spec, fallbacks)
    elif not isinstance(made, _ext.Kernel):
        made = foreign_kernel(made, spec)
    return made, in_order


def loop_kernel(made: LoopKernel, buffers: int) -> _ext.Kernel:
    """A generated kernel for the executor."""
    phases = [(phase.address, phase.units, phase.cost) for phase in made.phases]
    return _ext.loop_kernel(phases, buffers, made.params, made.scratch, made.keepalive)


def host_kernel(spec: KernelSpec, fallbacks: FallbackCounter) -> _ext.Kernel:
    """A kernel that runs a primitive's reference. RuntimeError where MS_FORBID_HOST_FALLBACK is set."""
    if os.environ.get("MS_FORBID_HOST_FALLBACK", "0") not in ("", "0"):
        raise RuntimeError(f"{spec.name}: the CPU device has no kernel for it at dtypes "
                           f"{', '.join(str(a.dtype) for a in spec.ins)}, and MS_FORBID_HOST_FALLBACK is set")
    op = primitive(spec.name)

    def run(inputs: list[_ext.Buffer], outputs: list[_ext.Buffer]) -> None:
        fallbacks.add(spec.name)
        arrays = [np.ndarray(a.shape, a.dtype.np, buffer) for a, buffer in zip(spec.ins, inputs)]
        for aval, buffer, result in zip(spec.outs, outputs, reference(op, arrays, spec.attrs, spec.outs)):
            np.ndarray(aval.shape, aval.dtype.np, buffer)[...] = result

    return _host(run, spec)


def foreign_kernel(kernel: object, spec: KernelSpec) -> _ext.Kernel:
    """A kernel that another package contributed: a capsule with a C kernel, an object whose `capsule()` gives one, or a
    Python function of input and output buffers."""
    capsule = kernel.capsule() if hasattr(kernel, "capsule") else kernel
    if type(capsule).__name__ == "PyCapsule":
        return _ext.Kernel(capsule)
    return _host(kernel, spec)


def _host(run: Callable, spec: KernelSpec) -> _ext.Kernel:
    return _ext.host_kernel(run, [a.nbytes for a in spec.ins], [a.nbytes for a in spec.outs])
