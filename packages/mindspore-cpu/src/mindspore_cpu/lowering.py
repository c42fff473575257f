"""From a plan to an executable: every launch becomes a kernel, and the C++ executor gets the list.

A loop of small groups is one kernel (`codegen.whole_loops`). Other regions stay what they are, with their plans lowered
in the same way: the executor chooses and loops itself. Groups of one plan, those inside its regions included, are
generated and compiled together. A launch for which there is no kernel
runs the primitive's NumPy reference on views of the buffers: correct, slow, and counted; MS_FORBID_HOST_FALLBACK=1
refuses it.
"""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mindspore.compiler.executor import HOST_FALLBACKS, reference
from mindspore.compiler.ir import TapeAval, TensorAval
from mindspore.compiler.primitives.base import primitive
from mindspore.compiler.program import (
    ARENA,
    CELL,
    CLAIM,
    CONST,
    COPY,
    GROUP,
    HOST,
    OUTPUT,
    REGION,
    Executable,
    Launch,
    Plan,
    value_bytes,
)
from mindspore.plugin import KernelSpec
from mindspore_cpu import _ext
from mindspore_cpu.claims import build_claim
from mindspore_cpu.codegen import LoopKernel, WholeLoop, compile_groups, compile_loop
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

    def run_timed(self, inputs: Sequence, run: Callable) -> tuple[list, list[tuple[str, int, int]]]:
        """As `run`, and (name, begin, end) of every step, those of regions included."""
        return self._executable.run_timed(inputs)

    def describe(self) -> list[str]:
        """One line for each step: what it is and which implementation runs it."""
        return self._executable.describe()


def build_executable(plan: Plan, kernels: Mapping, fallbacks: FallbackCounter) -> CPUExecutable:
    """The executable of a plan; `kernels` is the device's table."""
    plans, whole = _to_lower(plan)
    groups = [step for inner in plans for step in inner.launches if step.kind == GROUP]
    generated = compile_groups([step.body for step in groups], [step.binding for step in groups]) if groups else []
    loops = {id(step): made for step, made in zip(groups, generated)}
    lowered: dict[int, _ext.Plan] = {}
    for inner in plans:
        lowered[id(inner)] = _Lowering(inner, kernels, loops, whole, fallbacks, lowered).plan()
    return CPUExecutable(plan, _ext.Executable(lowered[id(plan)]))


def all_plans(plan: Plan, among: Callable[[Plan, Launch], bool] = lambda plan, step: True) -> list[Plan]:
    """A plan and those inside its regions, each once, inner ones first. among: whether to look into a region."""
    found: dict[int, Plan] = {}
    pending = [(plan, False)]
    while pending:
        current, done = pending.pop()
        if done:
            found.setdefault(id(current), current)
        elif id(current) not in found:
            pending.append((current, True))
            pending += [(p, False) for step in current.launches if step.region is not None and among(current, step)
                        for p in step.region.plans]
    return list(found.values())


def _to_lower(plan: Plan) -> tuple[list[Plan], dict[int, WholeLoop]]:
    """The plans whose steps the executor runs, and the kernels of loops that it need not look into, by launch."""
    whole: dict[int, WholeLoop] = {}

    def is_looked_into(around: Plan, step: Launch) -> bool:
        if step.region.whole and id(step) not in whole:
            kernel = compile_loop(step, around, plan.reuses_entries)
            if kernel is not None:
                whole[id(step)] = kernel
        return id(step) not in whole

    return all_plans(plan, is_looked_into), whole


class _Lowering:
    """Makes the C++ form of one plan. loops: the generated kernels of groups by launch; whole: those of loops; lowered:
    the plans inside its regions."""

    def __init__(self, plan: Plan, kernels: Mapping, loops: Mapping, whole: Mapping[int, WholeLoop],
                 fallbacks: FallbackCounter, lowered: Mapping):
        self.source, self.program = plan, plan.program
        self.kernels, self.loops, self.whole = kernels, loops, whole
        self.fallbacks, self.lowered = fallbacks, lowered
        self.constants = [_upload(array) for array in plan.constants]

    def plan(self) -> _ext.Plan:
        source, avals = self.source, self.program.avals
        steps = [self._step(s) for s in source.launches]
        return _ext.Plan(source.version, [_size(avals[v]) for v in self.program.inputs],
                         [_size(avals[v]) for v in self.program.outputs],
                         [(kind, k if kind == OUTPUT else number)
                          for k, (kind, number) in enumerate(source.output_source)],
                         self.constants, source.arena_bytes, steps, source.cells, source.entries,
                         source.reuses_entries)

    def _step(self, step: Launch):
        if id(step) in self.whole:
            return self._whole_loop(step)
        if step.kind == REGION:
            return self._region(step)
        if step.kind == COPY and isinstance(self.program.avals[step.ins[0]], TapeAval):
            return _ext.Region("tape_copy", self._places([*step.ins, *step.outs]))
        return self._kernel(step)

    def _places(self, values: Sequence[int]) -> list[tuple[int, int]]:
        return [self.source.places[v] for v in values]

    # -- kernels -------------------------------------------------------------------------------------------------------

    def _kernel(self, step: Launch) -> tuple[_ext.Kernel, list[tuple[int, int]], str]:
        kernel, order = self._build(step)
        return kernel, self._places([*[step.ins[k] for k in order], *step.outs]), step.title

    def _build(self, step: Launch) -> tuple[_ext.Kernel, Sequence[int]]:
        """A launch's kernel, and the positions of the launch's inputs in the order in which the kernel takes them."""
        program, in_order = self.program, range(len(step.ins))
        if step.kind == GROUP:
            return loop_kernel(self.loops[id(step)], len(step.ins) + len(step.outs)), in_order
        if step.kind == CLAIM:
            return build_claim(step.body)
        if step.kind == COPY:
            return copy_kernel(program.avals[step.ins[0]].nbytes), in_order
        spec = KernelSpec(step.name, step.attrs, tuple(program.in_avals(step)), tuple(program.out_avals(step)),
                          step.body, step.where)
        made = self.kernels[step.name](spec) if step.kind != HOST else None
        if made is None:
            made = host_kernel(spec, self.fallbacks)
        elif not isinstance(made, _ext.Kernel):
            made = foreign_kernel(made, spec)
        return made, in_order

    # -- regions -------------------------------------------------------------------------------------------------------

    def _whole_loop(self, step: Launch) -> tuple[_ext.Kernel, list[tuple[int, int]], str]:
        made = self.whole[id(step)]
        places = [*self._places([*step.ins, *step.outs]), (ARENA, step.region.at)]
        if made.zeros is not None:
            places.append(self._zeros(made.zeros))
        kernel = _ext.region_kernel(made.address, len(places), made.nanoseconds, made.scratch, made.keepalive)
        return kernel, places, step.name

    def _region(self, step: Launch) -> _ext.Region:
        region, sizes, trips = step.region, (), {}
        places = self._places([*step.ins, *step.outs])
        if step.name == "tape_open":
            sizes = [_size(a) for a in region.entry]
            places.insert(0, (CELL, region.cell))
        elif step.name == "tape_push":
            sizes = [_size(a) for a in self.program.in_avals(step)[1:]]
            places += [(CELL, region.cell)] if region.direct else []
        elif step.name == "tape_pop":
            avals = self.program.out_avals(step)[1:]
            sizes = [_size(a) for a in avals]
            places.insert(1, self._zeros(max(map(value_bytes, avals), default=0)))
        elif step.name == "tape_add":
            sizes = [_size(a) for a in self.program.avals[step.ins[0]].entry]
        elif step.name == "scan":
            trips = {name: step.attrs[name] for name in ("length", "sliced", "reverse")}
        spare = [[self._spare(step, k, number) for k, number in enumerate(row)] for row in region.spare]
        temps = [(ARENA, region.at + (number or 0)) for number in region.temps]
        return _ext.Region(step.name, places, [self.lowered[id(p)] for p in region.plans], region.at,
                           region.at + region.base, [-1 if j is None else j for j in region.starts], spare,
                           region.scoped, temps=temps, sizes=sizes, direct=region.direct, **trips)

    def _spare(self, step: Launch, k: int, number: int | None) -> tuple[int, int]:
        """Where a plan writes result k, which starts from an operand."""
        if number is None:
            return self.source.places[step.outs[k]]
        is_tape = isinstance(self.program.avals[step.outs[k]], TapeAval)
        return (CELL, number) if is_tape else (ARENA, step.region.at + number)

    def _zeros(self, nbytes: int) -> tuple[int, int]:
        self.constants.append(_upload(np.zeros(nbytes, np.uint8)))
        return CONST, len(self.constants) - 1


def _size(aval: TensorAval | TapeAval) -> int:
    return _ext.TAPE if isinstance(aval, TapeAval) else aval.nbytes


def _upload(array: np.ndarray) -> _ext.Buffer:
    buffer = _ext.Buffer(array.nbytes)
    np.ndarray(array.shape, array.dtype, buffer)[...] = array
    return buffer


def loop_kernel(made: LoopKernel, buffers: int) -> _ext.Kernel:
    """A generated kernel for the executor."""
    phases = [(phase.address, phase.units, phase.cost) for phase in made.phases]
    return _ext.loop_kernel(phases, buffers, made.params, made.scratch, made.keepalive)


def host_kernel(spec: KernelSpec, fallbacks: FallbackCounter) -> _ext.Kernel:
    """A kernel that runs a primitive's reference. RuntimeError where MS_FORBID_HOST_FALLBACK is set."""
    op = primitive(spec.name)
    if not op.hosted and os.environ.get("MS_FORBID_HOST_FALLBACK", "0") not in ("", "0"):
        raise RuntimeError(f"{spec.name}: the CPU device has no kernel for it at dtypes "
                           f"{', '.join(str(a.dtype) for a in spec.ins)}, and MS_FORBID_HOST_FALLBACK is set")

    def run(inputs: list[_ext.Buffer], outputs: list[_ext.Buffer]) -> None:
        if not op.hosted:
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
