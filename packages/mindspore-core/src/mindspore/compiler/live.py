"""What of a plan's memory is in use when most of it is: for profilers.

A plan's inputs and constants are there during the whole call, its outputs get their buffers when it begins, and
temporaries live from the launch that writes them to the last one that reads them. The arena is as large as the
temporaries that live together need, and a little more where they leave gaps.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.program import ARENA, CONST, OUTPUT, Launch, Plan, value_bytes

__all__ = ["Buffer", "Peak", "peak"]


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that are in use. kind: "input", "constant", "output" or "temporary"; type: as of the IR; operator, line:
    of the launch that writes them, empty for inputs and constants."""

    kind: str
    nbytes: int
    type: str
    operator: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Peak:
    """The launch during which most bytes are in use, and what they are, the largest first. arena: the bytes that the
    temporaries get."""

    operator: str
    line: str
    arena: int
    buffers: tuple[Buffer, ...]

    def of(self, kind: str) -> int:
        """The bytes of one kind."""
        return sum(buffer.nbytes for buffer in self.buffers if buffer.kind == kind)

    @property
    def nbytes(self) -> int:
        """All that the call needs: what is in use besides temporaries, and the arena."""
        return self.of("input") + self.of("constant") + self.of("output") + self.arena


def peak(plan: Plan) -> Peak | None:
    """The peak of a plan; None where sizes are known only when it runs."""
    if any(isinstance(value_bytes(aval), Symbolic) for aval in plan.program.avals) \
            or isinstance(plan.arena_bytes, Symbolic):
        return None
    lives = _temporaries(plan)
    changes = [0] * (len(plan.launches) + 1)
    for value, (born, dies) in lives.items():
        changes[born] += value_bytes(plan.program.avals[value])
        changes[dies + 1] -= value_bytes(plan.program.avals[value])
    most, at, now = -1, 0, 0
    for number, step in enumerate(plan.launches):
        now += changes[number]
        inside = 0 if step.region is None else step.region.workspace
        if now + inside > most:
            most, at = now + inside, number
    buffers = _standing(plan)
    for value, (born, dies) in lives.items():
        if born <= at <= dies:
            buffers.append(_buffer(plan, "temporary", value, plan.launches[born]))
    step = plan.launches[at] if plan.launches else None
    if step is not None and step.region is not None and step.region.workspace:
        buffers.append(Buffer("temporary", step.region.workspace, f"inside {step.title}", step.title, _line(step)))
    buffers.sort(key=lambda buffer: -buffer.nbytes)
    return Peak("" if step is None else step.title, _line(step), plan.arena_bytes, tuple(buffers))


def _temporaries(plan: Plan) -> dict[int, tuple[int, int]]:
    """The launches that write each temporary, and that read it last. A view has the place of what it views, so what is
    read at a place is what was written there last. A result that starts from an operand and takes over its place is the
    same memory, which counts as the result's."""
    lives: dict[int, tuple[int, int]] = {}
    owner: dict[int, int] = {}      # of an offset
    for number, step in enumerate(plan.launches):
        for value in step.ins:
            kind, offset = plan.places[value]
            if kind == ARENA and offset in owner:
                lives[owner[offset]] = lives[owner[offset]][0], number
        for value in step.outs:
            kind, offset = plan.places[value]
            if kind == ARENA:
                before = owner.get(offset)
                if before is not None and lives[before][1] == number:
                    lives[before] = lives[before][0], number - 1
                lives[value], owner[offset] = (number, number), value
    return lives


def _standing(plan: Plan) -> list[Buffer]:
    """What is there during the whole call."""
    program = plan.program
    buffers = [_buffer(plan, "input", value, None) for value in program.inputs]
    buffers += [_buffer(plan, "constant", value, None) for value in program.constants if plan.places[value][0] == CONST]
    writers = {value: step for step in plan.launches for value in step.outs}
    fresh = {value: step for value, step in writers.items() if plan.places[value][0] == OUTPUT}
    return buffers + [_buffer(plan, "output", value, step) for value, step in fresh.items()]


def _buffer(plan: Plan, kind: str, value: int, step: Launch | None) -> Buffer:
    aval: Any = plan.program.avals[value]
    return Buffer(kind, value_bytes(aval), str(aval), "" if step is None else step.title, _line(step))


def _line(step: Launch | None) -> str:
    return "" if step is None or step.loc is None else f"{step.loc[0]}:{step.loc[1]}"
