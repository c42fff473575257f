"""The groups inside a loop that becomes one function: a function for each of their nests, in the same module.

They are the nests that the executor's kernels are made of, so a loop computes the same numbers whoever goes around.
Each is called for all of its units, by one thread. They are inlined where they need little of the stack.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mindspore.compiler.ir.dims import Dim
from mindspore.compiler.program import Launch
from mindspore_cpu.codegen.kernel import group_nests
from mindspore_cpu.codegen.loops import NestWriter
from mindspore_cpu.codegen.nest import Nest, Scratch, Slot
from mindspore_cpu.codegen.target import Target
from mindspore_cpu.codegen.work import plan
from mindspore_cpu.codegen.writer import BITS, Module

INLINED_FRAME = 8192
_ALLOCA = re.compile(r"alloca \[(\d+) x (\w+)\]")


@dataclass(frozen=True, slots=True)
class NestCall:
    """A call of a nest's function: its name, its buffers, and how many units it does."""

    function: str
    slots: list[Slot]
    units: int


@dataclass(frozen=True, slots=True)
class GroupCall:
    """What a group does: calls, one after the other. nanoseconds: the estimated time; most_units: into how many parts
    it could be divided; steps: how many operations it has."""

    calls: list[NestCall]
    scratch: Scratch
    nanoseconds: float
    most_units: int
    steps: int


class GroupCalls:
    """The groups of one module."""

    def __init__(self, module: Module, where: Target):
        self.module, self.where = module, where
        self._found: dict[int, GroupCall] = {}
        self._kept: list[Launch] = []
        self._names: dict[Nest, str] = {}

    def of(self, step: Launch) -> GroupCall:
        """How the group of a launch is run."""
        found = self._found.get(id(step))
        if found is None:
            found = self._found[id(step)] = self._group(step)
            self._kept.append(step)
        return found

    def _group(self, step: Launch) -> GroupCall:
        placed, scratch = group_nests(step.body)
        calls, nanoseconds, most = [], 0.0, 1
        for one in sorted(placed, key=lambda p: p.phase):
            nest = one.nest if one.size is None else replace(one.nest, sizes=(one.size,), multiple=1)
            work = plan(nest, self.where, [0])
            calls.append(NestCall(self._function(nest), one.slots, work.units))
            nanoseconds += work.units * work.cost
            most = max(most, work.units)
        return GroupCall(calls, scratch, nanoseconds, most, sum([len(one.nest.steps) for one in placed]))

    def _function(self, nest: Nest) -> str:
        """The name of the function of a nest."""
        name = self._names.get(nest)
        if name is None:
            name = self._names[nest] = f"nest{len(self._names)}"
            writer = NestWriter(self.module, nest, plan(nest, self.where, [0]), name)
            text = writer.write("define internal")
            if _frame_bytes(writer.frame) <= INLINED_FRAME:
                text = text.replace(" #0 {", " #0 alwaysinline {", 1)
            self.module.functions.append(text)
        return name


def is_symbolic(step: Launch) -> bool:
    """Whether the sizes of a group are symbols; its kernel then serves all of them."""
    placed, scratch = group_nests(step.body)
    return isinstance(scratch.nbytes, Dim) or any(p.params or isinstance(p.size, Dim) for p in placed)


def _frame_bytes(lines: list[str]) -> int:
    """What a function takes of the stack."""
    return sum([int(count) * max(BITS[kind], 8) // 8 for count, kind in _ALLOCA.findall("".join(lines))])
