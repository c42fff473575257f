"""Program to plan: a place for every value.

Temporaries share one arena: by liveness over the launch order, each value takes the first gap that is large enough
(first fit by offset, larger values first among those born together). Views share the place of what they view. An
output has a buffer of its own for each call, except a donated one, which takes over its input's buffer: that is right
if every reader of the input has run, and if the writing launch either does not read it or may work in place. An
output that would share another value's buffer (an input passed through, the same value twice, a constant) is copied.

A result of a region that starts from an operand takes over the operand's place, where nobody else needs that. The plans
inside regions are donated such inputs, so what they may overwrite they do.
"""
from __future__ import annotations

from bisect import bisect_left

from mindspore.compiler.ir import TapeAval
from mindspore.compiler.passes.groups import overwritable
from mindspore.compiler.program import (
    ARENA,
    CELL,
    CONST,
    COPY,
    ENTRY,
    GROUP,
    INPUT,
    OUTPUT,
    PLAN_VERSION,
    REGION,
    REGION_PLAN_VERSION,
    VIEW,
    Launch,
    Plan,
    Program,
    Region,
    value_bytes,
)

ALIGN = 64


def plan_memory(program: Program, in_place: bool) -> Plan:
    """The plan of a program. in_place: whether the device's element-wise groups may write over a dying input."""
    root = _roots(program)
    launches = [s for s in program.launches if s.kind != VIEW]
    places: list = [None] * len(program.avals)
    for position, value in enumerate(program.inputs):
        places[value] = (INPUT, position)
    constants = []
    for value, array in program.constants.items():
        places[value] = (CONST, len(constants))
        constants.append(array)
    entries = _place_entries(launches, places)
    entries, cells = _write_into_entries(program, launches, root, places, entries)
    sources = _place_outputs(program, launches, root, places, in_place)
    cells = _place_tapes(program, launches, places, cells)
    arena = _place_temporaries(program, launches, root, places)
    for value, base in enumerate(root):
        places[value] = places[base]
    version = REGION_PLAN_VERSION if any(s.kind == REGION for s in launches) else PLAN_VERSION
    return Plan(program, places, launches, sources, constants, arena, cells, entries, version=version)


def _roots(program: Program) -> list[int]:
    """For each value the value whose bytes it views (itself, if it is no view)."""
    root = list(range(len(program.avals)))
    for step in program.launches:
        if step.kind == VIEW:
            root[step.outs[0]] = root[step.ins[0]]
    return root


def _place_entries(launches: list[Launch], places: list) -> int:
    """Values that are popped stay where they are, in the tape's memory."""
    count = 0
    for step in launches:
        if step.kind == REGION and step.name == "tape_pop":
            for value in step.outs[1:]:
                places[value] = (ENTRY, count)
                count += 1
    return count


def _write_into_entries(program: Program, launches: list[Launch], root: list[int], places: list,
                        entries: int) -> tuple[int, int]:
    """Let kernels write what is pushed on a tape where it will lie: the number of entries and of cells.

    That is what a kernel writes, and what is neither an output nor pushed on another tape as well. The entry is made
    before the first of these kernels runs."""
    cells, outputs = 0, {root[v] for v in program.outputs}
    for push in [s for s in launches if s.kind == REGION and s.name == "tape_push"]:
        before = launches[:launches.index(push)]
        writer = {v: k for k, step in enumerate(before) if step.kind != REGION for v in step.outs}
        values = push.ins[1:]
        direct = [j for j, v in enumerate(values) if v in writer and v not in outputs and places[v] is None
                  and root[v] == v and values.count(v) == 1]
        if not direct:
            continue
        for j in direct:
            places[values[j]] = (ENTRY, entries)
            entries += 1
        push.region.direct, push.region.cell = tuple(direct), cells
        opened = Region(direct=tuple(direct), cell=cells, entry=program.avals[push.outs[0]].entry)
        launches.insert(min(writer[values[j]] for j in direct), Launch(
            REGION, "tape_open", {}, None, (), tuple([values[j] for j in direct]), push.loc, opened))
        cells += 1
    return entries, cells


def _place_tapes(program: Program, launches: list[Launch], places: list, count: int) -> int:
    """A cell for every tape that is neither an input nor an output, and for a loop's second places, after the first
    `count` ones."""
    for step in launches:
        for value in step.outs:
            if places[value] is None and isinstance(program.avals[value], TapeAval):
                places[value] = (CELL, count)
                count += 1
        for row in step.region.spare if step.kind == REGION else ():
            for k, value in enumerate(step.outs[:len(row)]):
                if row[k] is not None and isinstance(program.avals[value], TapeAval):
                    row[k] = count
                    count += 1
    return count


def _place_outputs(program: Program, launches: list[Launch], root: list[int], places: list,
                   in_place: bool) -> list[tuple[int, int]]:
    """Give outputs their buffers, adding copies to `launches` and new values to the program where needed."""
    writer = {v: k for k, step in enumerate(launches) for v in step.outs}
    last_read: dict[int, int] = {}
    for k, step in enumerate(launches):
        for value in step.ins:
            last_read[root[value]] = k
    sources = []
    taken_inputs: set[int] = set()
    copies = []
    for position, value in enumerate(program.outputs):
        base = root[value]
        donor = program.donated.get(position)
        if donor is not None and base == program.inputs[donor] and donor not in taken_inputs:
            taken_inputs.add(donor)
            sources.append((INPUT, donor))
            continue
        if places[base] is None:
            if donor is not None and donor not in taken_inputs and _may_overwrite(
                    program, launches, root, writer[base], base, program.inputs[donor], last_read, in_place):
                taken_inputs.add(donor)
                places[base] = (INPUT, donor)
                sources.append((INPUT, donor))
                continue
            places[base] = (OUTPUT, position)
            sources.append((OUTPUT, position))
            continue
        program.avals.append(program.avals[value])
        places.append((OUTPUT, position))
        root.append(len(program.avals) - 1)
        copies.append(Launch(COPY, "copy", {}, None, (value,), (len(program.avals) - 1,), None))
        sources.append((OUTPUT, position))
    if copies:
        _insert_copies(copies, launches, root, places)
    return sources


def _insert_copies(copies: list[Launch], launches: list[Launch], root: list[int], places: list) -> None:
    """Inputs and constants are copied first (before anything overwrites them), other values last."""
    for step in copies:
        place = places[root[step.ins[0]]]
        early = place[0] in (INPUT, CONST) and not any(root[step.ins[0]] in s.outs for s in launches)
        launches.insert(0, step) if early else launches.append(step)


def _may_overwrite(program: Program, launches: list[Launch], root: list[int], writer: int, value: int, donor: int,
                   last_read: dict[int, int], in_place: bool) -> bool:
    if value_bytes(program.avals[value]) != value_bytes(program.avals[donor]) or \
            isinstance(program.avals[value], TapeAval) != isinstance(program.avals[donor], TapeAval):
        return False
    last = last_read.get(donor, -1)
    if last < writer:
        return True
    step = launches[writer]
    once = [root[v] for v in step.ins].count(donor) == 1
    return last == writer and once and (in_place or step.kind == REGION) and works_in_place(step, donor, value)


def works_in_place(step: Launch, source: int, target: int) -> bool:
    """Whether a launch may write `target` over `source`: a group that reads the source only at the index at which it
    writes, a region whose result starts from it, a step on a tape."""
    if step.kind == REGION:
        return _region_works_in_place(step, source, target)
    if step.kind != GROUP or source not in step.ins or target not in step.outs:
        return False
    return (step.ins.index(source), step.outs.index(target)) in overwritable(step.body)


def _region_works_in_place(step: Launch, source: int, target: int) -> bool:
    if source not in step.ins or target not in step.outs:
        return False
    if step.name in ("tape_push", "tape_pop"):
        return step.ins[0] == source and step.outs[0] == target
    result = step.outs.index(target)
    return result < len(step.region.starts) and step.region.starts[result] == step.ins.index(source)


def _place_temporaries(program: Program, launches: list[Launch], root: list[int], places: list) -> int:
    born: dict[int, int] = {}
    dies: dict[int, int] = {}
    for k, step in enumerate(launches):
        for value in step.outs:
            born.setdefault(root[value], k)
            dies.setdefault(root[value], k)
        for value in step.ins:
            dies[root[value]] = k
    by_birth: dict[int, list[int]] = {}
    for value, k in born.items():
        if places[value] is None:
            by_birth.setdefault(k, []).append(value)
    dying: dict[int, list[tuple[int, int]]] = {}  # last launch -> (offset, end)
    space = _Space()
    for k in range(len(launches)):
        for offset, end in dying.pop(k - 1, ()):
            space.free(offset, end)
        for value in sorted(by_birth.get(k, ()), key=lambda v: -program.avals[v].nbytes):
            need = max(-(-program.avals[value].nbytes // ALIGN) * ALIGN, ALIGN)
            offset = _taken_over(launches[k], value, k, dies, root, places)
            if offset is None:
                offset = space.take(need)
            else:
                dying[k].remove((offset, offset + need))
            dying.setdefault(dies[value], []).append((offset, offset + need))
            places[value] = (ARENA, offset)
        region = launches[k].region
        if region is not None and region.workspace:
            region.at = space.first_fit(region.workspace)
            space.size = max(space.size, region.at + region.workspace)
    return space.size


def _taken_over(step: Launch, value: int, now: int, dies: dict[int, int], root: list[int], places: list) -> int | None:
    """The offset of the operand that a region's result starts from, if nobody needs that operand afterwards."""
    result = step.outs.index(value)
    if step.kind != REGION or result >= len(step.region.starts) or step.region.starts[result] is None:
        return None
    base = root[step.ins[step.region.starts[result]]]
    if places[base] is None or places[base][0] != ARENA or dies[base] != now or \
            [root[v] for v in step.ins].count(base) != 1:
        return None
    return places[base][1]


class _Space:
    """What is free of an arena, as gaps in order (starts and ends); the last one has no end. size: as far as it was
    ever used."""

    def __init__(self):
        self.starts, self.ends, self.size = [0], [1 << 62], 0

    def first_fit(self, need: int) -> int:
        """The lowest offset at which so many bytes are free."""
        return next(start for start, end in zip(self.starts, self.ends) if end - start >= need)

    def take(self, need: int) -> int:
        """Use so many bytes; their offset."""
        offset = self.first_fit(need)
        gap = bisect_left(self.starts, offset)
        self.starts[gap] += need
        if self.starts[gap] == self.ends[gap]:
            del self.starts[gap], self.ends[gap]
        self.size = max(self.size, offset + need)
        return offset

    def free(self, start: int, end: int) -> None:
        """Give back what was taken; neighbouring gaps become one."""
        gap = bisect_left(self.starts, start)
        if gap and self.ends[gap - 1] == start:
            gap -= 1
            self.ends[gap] = end
        else:
            self.starts.insert(gap, start)
            self.ends.insert(gap, end)
        if self.ends[gap] == self.starts[gap + 1]:
            self.ends[gap] = self.ends[gap + 1]
            del self.starts[gap + 1], self.ends[gap + 1]
