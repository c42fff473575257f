"""Plans with regions on any device that has an allocator and kernels: the Python twin of the kit's executor.

Every place of a plan is a `Box`. A box holds a device buffer, which kernels write, or a `Tape`, which is exchanged for
another one. A region runs the plans inside it on boxes of the plan around it: its operands, its results, and second
boxes for results that a plan cannot write over what it reads. What the plan format says of places holds here as it does
in C++ (`Region` in `compiler.program`), but that each plan has an arena of its own, one buffer for each offset in use,
since a buffer of an unknown device has no inside. For the same reason the slices of a scan go through the host.

An entry of a tape owns its buffers; Python's memory management frees them with the tape.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mindspore.compiler.ir import TapeAval
from mindspore.compiler.primitives.scan import trips
from mindspore.compiler.primitives.tapes import Tape, add_tapes
from mindspore.compiler.program import (
    ARENA,
    CELL,
    CONST,
    COPY,
    ENTRY,
    INPUT,
    REGION,
    Launch,
    Plan,
    Program,
    value_bytes,
)
from mindspore.runtime.transfer import download, upload

Kernel = Callable[[Sequence[Any], Sequence[Any]], None]
Step = Callable[[], None]


class Box:
    """A place: a device buffer or a tape."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value


class PlanRunner:
    """A plan, ready to run. build: makes the kernel of a launch; known: the runners of plans inside regions, which is
    shared by all of them. One call at a time."""

    def __init__(self, plan: Plan, device, build: Callable[[Program, Launch], Kernel],
                 known: dict[int, PlanRunner] | None = None):
        self.plan, self.device, self.build = plan, device, build
        self.known: dict[int, PlanRunner] = {} if known is None else known
        self.avals = plan.program.avals
        self.inputs: list[Box] = []
        self.outputs: list[Box] = []
        self.constants = [Box(upload(device.allocator, array)) for array in plan.constants]
        self.arena = self._arena()
        self.times: list[tuple[str, int, int]] | None = None
        self.cells = [Box(Tape()) for _ in range(plan.cells)]
        self.entries = [Box(None) for _ in range(plan.entries)]
        self.steps = [self._step(step) for step in plan.launches]

    def run(self, inputs: list[Box], outputs: list[Box]) -> None:
        """Run the plan on these boxes."""
        self.inputs, self.outputs = inputs, outputs
        if self.times is not None:
            self._run_timed(self.times)
            return
        for step in self.steps:
            step()

    def time_steps(self, times: list[tuple[str, int, int]] | None) -> None:
        """Note there when each step runs, (name, begin, end) in nanoseconds, those of regions too; None ends that."""
        for runner in {id(r): r for r in (self, *self.known.values())}.values():
            runner.times = times

    def _run_timed(self, times: list[tuple[str, int, int]]) -> None:
        for launch, step in zip(self.plan.launches, self.steps):
            begin = time.monotonic_ns()
            step()
            self.device.allocator.synchronize()
            times.append((launch.title, begin, time.monotonic_ns()))

    # -- places --------------------------------------------------------------------------------------------------------

    def _arena(self) -> dict[int, Box]:
        """One buffer per arena offset: values at one offset are never alive together."""
        sizes: dict[int, int] = {}
        for value, place in enumerate(self.plan.places):
            if place is not None and place[0] == ARENA:
                sizes[place[1]] = max(sizes.get(place[1], 0), value_bytes(self.avals[value]))
        return {offset: Box(self.device.allocator.allocate(nbytes)) for offset, nbytes in sizes.items()}

    def _box(self, value: int) -> Box:
        kind, number = self.plan.places[value]
        if kind == ARENA:
            return self.arena[number]
        if kind == CONST:
            return self.constants[number]
        if kind == CELL:
            return self.cells[number]
        if kind == ENTRY:
            return self.entries[number]
        return (self.inputs if kind == INPUT else self.outputs)[number]

    def _boxes(self, values: Sequence[int]) -> list[Box]:
        return [self._box(v) for v in values]

    def _new(self, aval) -> Box:
        """A box for a value of this type."""
        return Box(Tape() if isinstance(aval, TapeAval) else self.device.allocator.allocate(aval.nbytes))

    def _move(self, target: Box, source: Box, aval) -> None:
        """Copy a value from one box to another."""
        if target is source:
            return
        if isinstance(aval, TapeAval):
            target.value = source.value
        else:
            self.device.allocator.copy(target.value, source.value, aval.nbytes)

    def _is_true(self, box: Box) -> bool:
        value = np.empty((), np.bool_)
        self.device.allocator.copy_to_host(box.value, value)
        return bool(value)

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _step(self, step: Launch) -> Step:
        if step.kind == REGION:
            return getattr(self, f"_{step.name}")(step)
        if step.kind == COPY:
            aval = self.avals[step.ins[0]]
            return lambda: self._move(self._box(step.outs[0]), self._box(step.ins[0]), aval)
        kernel = self.build(self.plan.program, step)
        return lambda: kernel([b.value for b in self._boxes(step.ins)], [b.value for b in self._boxes(step.outs)])

    def _inner(self, step: Launch) -> list[PlanRunner]:
        """The runners of a region's plans."""
        for plan in step.region.plans:
            if id(plan) not in self.known:
                self.known[id(plan)] = PlanRunner(plan, self.device, self.build, self.known)
        return [self.known[id(plan)] for plan in step.region.plans]

    def _begin(self, step: Launch, first: int) -> tuple[list[Box], list[Box]]:
        """Copy operands to the results that start from them; where the plans find their inputs, and the results. first:
        the number of the plans' first operand."""
        inputs, results = self._boxes(step.ins[first:]), self._boxes(step.outs)
        for k, start in enumerate(step.region.starts):
            if start is not None:
                self._move(results[k], inputs[start - first], self.avals[step.outs[k]])
                inputs[start - first] = results[k]
        return inputs, results

    def _seconds(self, step: Launch) -> list[list[Box | None]]:
        """For each plan, or for the trip, the second boxes of results that have some."""
        return [[None if place is None else self._new(self.avals[v]) for place, v in zip(row, step.outs)]
                for row in step.region.spare]

    # -- choices and loops ---------------------------------------------------------------------------------------------

    def _cond(self, step: Launch) -> Step:
        return self._choice(step, 1)

    def _call(self, step: Launch) -> Step:
        return self._choice(step, 0)

    def _choice(self, step: Launch, first: int) -> Step:
        runners, seconds = self._inner(step), self._seconds(step)

        def run() -> None:
            number = 1 if first and not self._is_true(self._box(step.ins[0])) else 0
            inputs, results = self._begin(step, first)
            outputs = list(results)
            for k, second in enumerate(seconds[number]):
                outputs[k] = second or results[k]
            runners[number].run(inputs, outputs)
            for result, output, value in zip(results, outputs, step.outs):
                self._move(result, output, self.avals[value])

        return run

    def _while_(self, step: Launch) -> Step:
        test, trip = self._inner(step)
        (seconds,), carried = self._seconds(step), len(step.outs)
        flag = self._new(test.avals[test.plan.program.outputs[0]])

        def run() -> None:
            inputs, results = self._begin(step, 0)
            test.run(inputs, [flag])
            now, then = results, [second or result for second, result in zip(seconds, results)]
            while self._is_true(flag):
                trip.run([*now, *inputs[carried:]], [*then, flag])
                now, then = then, now
            self._finish(step, results, now)

        return run

    def _scan(self, step: Launch) -> Step:
        (trip,), (seconds,) = self._inner(step), self._seconds(step)
        carried, sliced, length = len(seconds), step.attrs["sliced"], step.attrs["length"]
        order, allocator = trips(length, step.attrs["reverse"]), self.device.allocator
        tables = step.ins[carried:carried + sliced]
        stacks = [self.avals[v] for v in step.outs[carried:]]
        rows = [trip.avals[v] for v in trip.plan.program.outputs[carried:]]

        def run() -> None:
            inputs, results = self._begin(step, 0)
            arrays = [download(allocator, self._box(v).value, self.avals[v]) for v in tables]
            found = [np.empty(aval.shape, aval.dtype.np) for aval in stacks]
            now, then = results[:carried], [second or result for second, result in zip(seconds, results)]
            for k in order:
                slices = [Box(upload(allocator, array[k])) for array in arrays]
                outputs = [self._new(aval) for aval in rows]
                trip.run([*now, *slices, *inputs[carried + sliced:]], [*then, *outputs])
                for array, output, aval in zip(found, outputs, rows):
                    array[k] = download(allocator, output.value, aval)
                now, then = then, now
            self._finish(step, results, now)
            for result, array in zip(results[carried:], found):
                allocator.copy_from_host(result.value, array)
            allocator.synchronize()

        return run

    def _finish(self, step: Launch, results: list[Box], now: list[Box]) -> None:
        """After the last trip: what lies in its second box goes home."""
        for result, last, value in zip(results, now, step.outs):
            self._move(result, last, self.avals[value])

    # -- tapes ---------------------------------------------------------------------------------------------------------

    def _tape_empty(self, step: Launch) -> Step:
        def run() -> None:
            self._box(step.outs[0]).value = Tape()

        return run

    def _tape_open(self, step: Launch) -> Step:
        def run() -> None:
            for value in step.outs:
                self._box(value).value = self.device.allocator.allocate(self.avals[value].nbytes)

        return run

    def _tape_push(self, step: Launch) -> Step:
        def kept(number: int, value: int) -> Any:
            """A value as the entry keeps it."""
            aval, box = self.avals[value], self._box(value)
            if number in step.region.direct or isinstance(aval, TapeAval):
                return box.value
            own = self._new(aval)
            self._move(own, box, aval)
            return own.value

        def run() -> None:
            values = tuple([kept(number, value) for number, value in enumerate(step.ins[1:])])
            self._box(step.outs[0]).value = Tape(self._box(step.ins[0]).value, values)

        return run

    def _tape_pop(self, step: Launch) -> Step:
        avals = [self.avals[v] for v in step.outs[1:]]
        zeros = [Tape() if isinstance(a, TapeAval) else upload(self.device.allocator, np.zeros(a.shape, a.dtype.np))
                 for a in avals]

        def run() -> None:
            tape = self._box(step.ins[0]).value
            rest, values = (tape, zeros) if tape.rest is None else (tape.rest, tape.values)
            for value, found in zip(step.outs, (rest, *values)):
                self._box(value).value = found

        return run

    def _tape_add(self, step: Launch) -> Step:
        adder, = self._inner(step)
        avals = self.avals[step.ins[0]].entry

        def add(values: Sequence[Any]) -> list[Any]:
            outputs = [self._new(aval) for aval in avals]
            adder.run([Box(v) for v in values], outputs)
            return [box.value for box in outputs]

        def run() -> None:
            longer, shorter = [box.value for box in self._boxes(step.ins)]
            self._box(step.outs[0]).value = add_tapes(longer, shorter, add)

        return run
