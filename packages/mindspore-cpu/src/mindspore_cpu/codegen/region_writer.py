"""A loop of generated groups as one function, which goes around by itself.

The function does what an executor does with the plans of a region, laid out in code: a launch is a call of the group's
function, which is inlined, a choice is a branch, a loop is a loop. Where things lie is settled while the text is
written, so nothing is looked up in a trip:

* A value of at most `SMALL_BYTES`, carried or temporary, lies in the function's frame; what comes from outside is
  copied in first and what goes outside is copied out last. LLVM then keeps it in registers: a loop over a few numbers
  touches no memory at all.
* A larger value lies where the plan says. Where trips alternate between two places, two addresses change places.
* Tapes need the executor only for lists of free entries (`region_tapes`).

`budget` counts down by the estimated time of each trip of every loop inside; when it is used up, the function asks the
executor whether to go on, so that signals are seen. The executor's services are `ms_services` in the kit's `kernel.h`.
"""
from __future__ import annotations

from collections.abc import Callable
from math import ceil

from mindspore.compiler.program import COPY, GROUP, Launch, Plan, Region, value_bytes
from mindspore_cpu.codegen.group_calls import GroupCalls
from mindspore_cpu.codegen.region_tapes import Tapes
from mindspore_cpu.codegen.region_text import ALIGN, SMALL_BYTES, Frame, RegionText, Spot
from mindspore_cpu.codegen.writer import Module, Value

SMALL_SCRATCH = 1024
NANOSECONDS_BETWEEN_POLLS = 20000
LEAST_TRIP = 20  # nanoseconds; so a short trip is counted for more than it takes
ENDED = -1  # MS_KERNEL_ENDED


class RegionWriter:
    """Writes the function of one loop of a plan. Its buffers are the operands, the results, the workspace, and, where
    it pops entries, zeros for those of an empty tape. reuses: whether popped entries are used again."""

    def __init__(self, module: Module, groups: GroupCalls, reuses: bool):
        self.groups, self.text = groups, RegionText(module)
        self.w = self.text.w
        self.tapes = Tapes(self.text, reuses)
        self.nanoseconds = 0.0

    def write(self, step: Launch, plan: Plan, name: str) -> str:
        """The text of the function; `nanoseconds` is what a trip takes then."""
        frame = Frame(plan, [], [], -step.region.at)
        buffers = [*step.ins, *step.outs]
        plain = self._arrays(step)
        spots: dict = {}
        for number, value in enumerate(buffers):
            self.text.head.append(self.text.head_load(f"%buffer{number}", "%bufs", 8 * number))
            place = plan.places[value]
            if place not in spots:
                spots[place] = self._top(frame, value, number, value in plain, number < len(step.ins))
            frame.known[value] = spots[place]
        self.text.head.append(self.text.head_load("%workspace", "%bufs", 8 * len(buffers)))
        self.nanoseconds = self._region(step, frame)
        for number, value in enumerate(step.outs, len(step.ins)):
            if value not in plain:
                self._leave(frame, value, number)
        return self._finish(name, 8 * (len(buffers) + 1))

    def _finish(self, name: str, zeros: int) -> str:
        text = self.text
        for_tapes = self.tapes.finish(zeros)
        places = [f"  {spot} = alloca [{size} x i8], align {ALIGN}" for spot, size in text.sizes.items()]
        services = [text.head_load(f"%{part}", "%services", 8 * k)
                    for k, part in enumerate(("executor", "poll", "take", "give"))]
        budget = ["  %budget = alloca i64", f"  store i64 {NANOSECONDS_BETWEEN_POLLS}, ptr %budget"]
        body = "\n".join([*places, *services, *budget, *for_tapes, *text.head, *text.w.lines])
        return (f"define i32 @{name}(ptr noalias readonly %bufs, ptr %scratch, ptr noalias readonly %services) #0 {{\n"
                f"entry:\n{body}\n  ret i32 0\nended:\n  ret i32 {ENDED}\n}}\n")

    # -- what comes from outside ---------------------------------------------------------------------------------------

    def _arrays(self, step: Launch) -> set[int]:
        """The operands and results that are arrays of slices."""
        if step.name != "scan":
            return set()
        carried, sliced = step.attrs["carried"], step.attrs["sliced"]
        return {*step.ins[carried:carried + sliced], *step.outs[carried:]}

    def _top(self, frame: Frame, value: int, number: int, is_array: bool, is_given: bool) -> Spot:
        """The place of one of the loop's own operands or results."""
        buffer = f"%buffer{number}"
        if frame.is_tape(value):
            spot = self.text.slot(8)
            if is_given:
                self.text.head += [f"  %given{number} = load ptr, ptr {buffer}, align 8",
                                   f"  store ptr %given{number}, ptr {spot.pointer}"]
            return spot
        size = frame.bytes_of(value)
        if is_array or size > SMALL_BYTES:
            return Spot(buffer)
        spot = self.text.slot(size)
        if is_given:
            self.text.head.append(self.text.copy_text(spot.pointer, buffer, size))
        return spot

    def _leave(self, frame: Frame, value: int, number: int) -> None:
        """Copy a result to where it belongs."""
        buffer, spot = f"%buffer{number}", frame.known[value]
        if frame.is_tape(value):
            self.w.line(f"store ptr {self.text.pointer(spot.pointer)}, ptr {buffer}, align 8")
        elif frame.bytes_of(value) <= SMALL_BYTES:
            self.w.line(self.text.copy_text(buffer, spot.pointer, frame.bytes_of(value)).strip())

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _block(self, frame: Frame) -> float:
        """The steps of a plan; the estimated time of those outside of loops."""
        return sum([self._step(step, frame) for step in frame.plan.launches])

    def _step(self, step: Launch, frame: Frame) -> float:
        if step.kind == GROUP:
            return self._group(step, frame)
        if step.kind == COPY:
            self.text.move(frame, step.ins[0], self.text.spot(frame, step.ins[0]), self.text.spot(frame, step.outs[0]))
            return 0.0
        return self._region(step, frame)

    def _group(self, step: Launch, frame: Frame) -> float:
        """The calls of a group's functions."""
        group = self.groups.of(step)
        ins = [self.text.address(self.text.spot(frame, v)) for v in step.ins]
        outs = [self.text.address(self.text.spot(frame, v)) for v in step.outs]
        scratch = "%scratch"
        if 0 < group.scratch.nbytes <= SMALL_SCRATCH:
            scratch = self.text.slot(group.scratch.nbytes).pointer
        for call in group.calls:
            arguments = self.text.slot(8 * (len(call.slots) + 2)).pointer
            for number, slot in enumerate(call.slots, 2):
                if slot.kind == "constant":
                    pointer = self.text.constant(slot.literal.array)
                elif slot.kind == "scratch":
                    pointer = self.text.behind(scratch, group.scratch.offsets[slot.number])
                else:
                    pointer = (ins if slot.kind == "in" else outs)[slot.number]
                self.w.line(f"store ptr {pointer}, ptr {self.text.behind(arguments, 8 * number)}, align 8")
            self.w.line(f"call void @{call.function}(ptr {arguments}, i64 0, i64 {call.units})")
        return group.nanoseconds

    def _region(self, step: Launch, frame: Frame) -> float:
        work: dict[str, Callable] = {"cond": self._choice, "call": self._choice, "while_": self._while,
                                     "scan": self._scan}
        if step.name in work:
            return work[step.name](step, frame)
        self.tapes.run(step, frame)
        return 0.0

    # -- choices and loops ---------------------------------------------------------------------------------------------

    def _begin(self, step: Launch, frame: Frame, first: int) -> tuple[list[Spot], list[Spot]]:
        """Copy operands to the results that start from them; where the plans find their inputs, and the results. first:
        the number of the plans' first operand."""
        inputs = [self.text.spot(frame, v) for v in step.ins[first:]]
        results = [self.text.spot(frame, v) for v in step.outs]
        for k, start in enumerate(step.region.starts):
            if start is not None:
                self.text.move(frame, step.outs[k], inputs[start - first], results[k])
                inputs[start - first] = results[k]
        return inputs, results

    def _inside(self, region: Region, number: int, frame: Frame, inputs: list[Spot], outputs: list[Spot]) -> Frame:
        return Frame(region.plans[number], inputs, outputs, frame.arena + region.at + region.base)

    def _second(self, step: Launch, frame: Frame, number: int, k: int) -> Spot | None:
        """The second place of result k, if there is one."""
        place = step.region.spare[number][k]
        if place is None:
            return None
        if frame.is_tape(step.outs[k]):
            return self.text.cell(frame, place)
        return self.text.arena(frame.arena + step.region.at + place, frame.bytes_of(step.outs[k]))

    def _choice(self, step: Launch, frame: Frame) -> float:
        w, first = self.w, int(step.name == "cond")
        taken = None
        if first:
            flag = w.load(self.text.address(self.text.spot(frame, step.ins[0])), "i8", 1)
            taken = w.compare("ne", flag, w.like(0, flag))
        inputs, results = self._begin(step, frame, first)
        if taken is None:
            return self._branch(step, frame, 0, inputs, results)
        labels, after = [w.new_label(), w.new_label()], w.new_label()
        w.branch(taken, *labels)
        costs = []
        for number, label in enumerate(labels):
            w.start_block(label)
            costs.append(self._branch(step, frame, number, inputs, results))
            w.jump(after)
        w.start_block(after)
        return max(costs)

    def _branch(self, step: Launch, frame: Frame, number: int, inputs: list[Spot], results: list[Spot]) -> float:
        region, outputs = step.region, list(results)
        for k, start in enumerate(region.starts):
            if start is not None:
                outputs[k] = self._second(step, frame, number, k) or results[k]
        cost = self._block(self._inside(region, number, frame, inputs, outputs))
        for k, (output, result) in enumerate(zip(outputs, results)):
            self.text.move(frame, step.outs[k], output, result)
        return cost

    def _while(self, step: Launch, frame: Frame) -> float:
        w, region = self.w, step.region
        inputs, results = self._begin(step, frame, 0)
        flag = self.text.slot(1)
        self._block(self._inside(region, 0, frame, inputs, [flag]))
        head, body, after = w.new_label(), w.new_label(), w.new_label()
        trip = _Trip(self, step, frame, inputs, results)
        w.jump(head)
        w.start_block(head)
        value = w.load(flag.pointer, "i8", 1)
        w.branch(w.compare("ne", value, w.like(0, value)), body, after)
        w.start_block(body)
        cost = trip.write(1, trip.inputs, [*trip.outputs, flag])
        w.jump(head)
        w.start_block(after)
        trip.finish()
        return cost

    def _scan(self, step: Launch, frame: Frame) -> float:
        w, attrs = self.w, step.attrs
        length, carried, sliced = attrs["length"], attrs["carried"], attrs["sliced"]
        inputs, results = self._begin(step, frame, 0)
        trip = _Trip(self, step, frame, inputs, results)
        if length == 0:
            return 0.0
        plan = step.region.plans[0]
        with w.loop(w.const(0, "i64"), w.const(length, "i64")) as loop:
            at = loop.index
            if attrs["reverse"]:
                at = w.sub(w.const(length - 1, "i64"), at)
            arrays = [*inputs[carried:carried + sliced], *results[carried:]]
            values = [*plan.program.inputs[carried:carried + sliced], *plan.program.outputs[carried:]]
            slices = [self._slice(array, at, value_bytes(plan.program.avals[v])) for array, v in zip(arrays, values)]
            cost = trip.write(0, [*trip.inputs[:carried], *slices[:sliced], *trip.inputs[carried + sliced:]],
                              [*trip.outputs, *slices[sliced:]])
        trip.finish()
        return cost

    def _slice(self, array: Spot, at: Value, nbytes: int) -> Spot:
        offset = self.w.mul(at, self.w.const(nbytes, "i64"))
        return Spot(self.w.element(self.text.address(array), "i8", offset))

    def _poll(self, cost: float) -> None:
        """Ask the executor, if it was not asked for a while, whether to go on."""
        w = self.w
        budget = w.load("%budget", "i64", 1)
        budget = w.sub(budget, w.const(ceil(max(cost, LEAST_TRIP)), "i64"))
        w.store(budget, "%budget")
        with w.when(w.compare("slt", budget, w.const(0, "i64"))):
            w.store(w.const(NANOSECONDS_BETWEEN_POLLS, "i64"), "%budget")
            code = w.emit("call i32 %poll(ptr %executor) cold", "i32", 1)
            self.text.end_if(w.compare("ne", code, w.const(0, "i32")))


class _Trip:
    """The trips of a loop. The carried values that have second places come back from them after each trip: small ones
    and tapes are copied, the two addresses of larger ones are exchanged. inputs, outputs: where a trip finds its inputs
    and leaves what it carries."""

    def __init__(self, writer: RegionWriter, step: Launch, frame: Frame, inputs: list[Spot], results: list[Spot]):
        self.writer, self.step, self.frame = writer, step, frame
        self.inputs, self.results = list(inputs), results
        self.outputs = results[:len(step.region.starts)]
        self.copied: list[int] = []
        self.exchanged: dict[int, tuple[Spot, Spot, str]] = {}
        for k, value in enumerate(step.outs[:len(self.outputs)]):
            second = writer._second(step, frame, 0, k)
            if second is None:
                continue
            self.outputs[k] = second
            if frame.is_tape(value) or frame.bytes_of(value) <= SMALL_BYTES:
                self.copied.append(k)
            else:
                self._exchange(k, second)

    def _exchange(self, k: int, second: Spot) -> None:
        writer = self.writer
        home, other = writer.text.address(self.results[k]), writer.text.address(second)
        now, then = Spot(writer.text.slot(8).pointer, True), Spot(writer.text.slot(8).pointer, True)
        for spot, address in ((now, home), (then, other)):
            writer.w.line(f"store ptr {address}, ptr {spot.pointer}")
        self.inputs[k], self.outputs[k] = now, then
        self.exchanged[k] = now, then, home

    def write(self, number: int, inputs: list[Spot], outputs: list[Spot]) -> float:
        """A trip, which is the plan of this number."""
        writer, step, frame = self.writer, self.step, self.frame
        mark = writer.tapes.begin_trip()
        cost = writer._block(writer._inside(step.region, number, frame, inputs, outputs))
        for k in self.copied:
            writer.text.move(frame, step.outs[k], self.outputs[k], self.results[k])
        for now, then, _ in self.exchanged.values():
            a, b = writer.text.pointer(now.pointer), writer.text.pointer(then.pointer)
            writer.w.line(f"store ptr {b}, ptr {now.pointer}")
            writer.w.line(f"store ptr {a}, ptr {then.pointer}")
        writer.tapes.end_trip(mark)
        writer._poll(cost)
        return cost

    def finish(self) -> None:
        """After the last trip: what lies in its second place goes home."""
        writer = self.writer
        for k, (now, _, home) in self.exchanged.items():
            last = writer.text.pointer(now.pointer)
            with writer.w.when(writer.text.compare(last, "ne", home)):
                writer.text.copy(home, last, self.frame.bytes_of(self.step.outs[k]))
