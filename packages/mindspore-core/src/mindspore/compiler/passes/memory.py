"""Program to plan: a place for every value.

Temporaries share one arena: by liveness over the launch order, each value takes the first gap that is large enough
(first fit by offset, larger values first among those born together). Views share the place of what they view. An
output has a buffer of its own for each call, except a donated one, which takes over its input's buffer: that is right
if every reader of the input has run, and if the writing launch either does not read it or may work in place. An
output that would share another value's buffer (an input passed through, the same value twice, a constant) is copied.
"""
from __future__ import annotations

from mindspore.compiler.passes.groups import overwritable
from mindspore.compiler.program import ARENA, CONST, COPY, GROUP, INPUT, OUTPUT, VIEW, Launch, Plan, Program

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
    sources = _place_outputs(program, launches, root, places, in_place)
    arena = _place_temporaries(program, launches, root, places)
    for value, base in enumerate(root):
        places[value] = places[base]
    return Plan(program, places, launches, sources, constants, arena)


def _roots(program: Program) -> list[int]:
    """For each value the value whose bytes it views (itself, if it is no view)."""
    root = list(range(len(program.avals)))
    for step in program.launches:
        if step.kind == VIEW:
            root[step.outs[0]] = root[step.ins[0]]
    return root


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
        if places[base] is None:
            if donor is not None and donor not in taken_inputs and _may_overwrite(
                    program, launches, writer[base], base, program.inputs[donor], last_read, in_place):
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


def _may_overwrite(program: Program, launches: list[Launch], writer: int, value: int, donor: int,
                   last_read: dict[int, int], in_place: bool) -> bool:
    if program.avals[value].nbytes != program.avals[donor].nbytes:
        return False
    last = last_read.get(donor, -1)
    if last < writer:
        return True
    return last == writer and in_place and works_in_place(launches[writer], donor, value)


def works_in_place(step: Launch, source: int, target: int) -> bool:
    """Whether a launch may write `target` over `source`: a group that reads the source only at the index at which it
    writes."""
    if step.kind != GROUP or source not in step.ins or target not in step.outs:
        return False
    return (step.ins.index(source), step.outs.index(target)) in overwritable(step.body)


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
    live: list[tuple[int, int, int]] = []  # (offset, end, last launch)
    size = 0
    for k in range(len(launches)):
        live = [block for block in live if block[2] >= k]
        for value in sorted(by_birth.get(k, ()), key=lambda v: -program.avals[v].nbytes):
            need = max(-(-program.avals[value].nbytes // ALIGN) * ALIGN, ALIGN)
            offset = _first_fit(live, need)
            live.append((offset, offset + need, dies[value]))
            live.sort()
            places[value] = (ARENA, offset)
            size = max(size, offset + need)
    return size


def _first_fit(live: list[tuple[int, int, int]], need: int) -> int:
    offset = 0
    for start, end, _ in live:
        if start - offset >= need:
            break
        offset = max(offset, end)
    return offset
