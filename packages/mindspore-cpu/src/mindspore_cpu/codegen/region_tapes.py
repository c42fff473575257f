"""Tapes inside a function that runs a region.

A tape is the address of its last entry, held in the frame (`Spot`). Pushing takes an entry from a list of free ones,
which the executor fills when it is empty; popping reads the entry's values where they lie. An entry that was popped in
a trip is free when the trip ends, where the plan uses popped entries again. Popping an empty tape finds an entry of
zeros.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mindspore.compiler.ir import TapeAval
from mindspore.compiler.program import Launch, value_bytes
from mindspore_cpu.codegen.region_text import ALIGN, Frame, RegionText, Spot

NOTHING = "%nothing"


@dataclass(frozen=True, slots=True)
class Layout:
    """An entry of a tape: for each value its offset, or the number of its cell; the bytes and cells of all."""

    places: tuple[tuple[bool, int], ...]
    nbytes: int
    cells: int

    @classmethod
    def of(cls, avals: Sequence) -> Layout:
        places, nbytes, cells = [], 0, 0
        for aval in avals:
            is_tape = isinstance(aval, TapeAval)
            places.append((is_tape, cells if is_tape else nbytes))
            cells += is_tape
            nbytes += -(-value_bytes(aval) // ALIGN) * ALIGN
        return cls(tuple(places), nbytes, cells)


class Tapes:
    """Writes the steps on tapes. reuses: whether popped entries are used again."""

    def __init__(self, text: RegionText, reuses: bool):
        self.text, self.w, self.reuses = text, text.w, reuses
        self.free: dict[Layout, str] = {}  # by size of entries
        self.popped: list[list[tuple[str, str]]] = []  # by open loop: what its trip pops, and the list to put it on

    def run(self, step: Launch, frame: Frame) -> None:
        """Write a step."""
        {"tape_empty": self._empty, "tape_open": self._open, "tape_push": self._push, "tape_pop": self._pop}[step.name](
            step, frame)

    def _empty(self, step: Launch, frame: Frame) -> None:
        self.w.line(f"store ptr null, ptr {self.text.spot(frame, step.outs[0]).pointer}")

    def _new_entry(self, layout: Layout) -> str:
        """An entry that is in no tape, from the list of free ones."""
        w, free = self.w, self._free(layout)
        with w.when(self.text.compare(self.text.pointer(free), "eq", "null")):
            call = f"call ptr %take(ptr %executor, i64 {layout.nbytes}, i64 {layout.cells}) cold"
            more = w.emit(call, "ptr", 1).text
            self.text.end_if(self.text.compare(more, "eq", "null"))
            w.line(f"store ptr {more}, ptr {free}")
        entry = self.text.pointer(free)
        w.line(f"store ptr {self.text.pointer(entry)}, ptr {free}")
        return entry

    def _free(self, layout: Layout) -> str:
        """Where the list of free entries of a size is held."""
        size = Layout((), layout.nbytes, layout.cells)
        if size not in self.free:
            self.free[size] = self.text.slot(8).pointer
            self.text.head.append(f"  store ptr null, ptr {self.free[size]}")
        return self.free[size]

    def _value_at(self, entry: str, data: str, place: tuple[bool, int]) -> str:
        """The address of a value of an entry."""
        is_tape, number = place
        return self.text.behind(entry, 16 + 8 * number) if is_tape else self.text.behind(data, number)

    def _open(self, step: Launch, frame: Frame) -> None:
        layout = Layout.of(step.region.entry)
        entry = self._new_entry(layout)
        data = self.text.pointer(self.text.behind(entry, 8))
        for k, value in zip(step.region.direct, step.outs):
            frame.entries[frame.plan.places[value][1]] = Spot(self._value_at(entry, data, layout.places[k]))
        self.w.line(f"store ptr {entry}, ptr {self.text.cell(frame, step.region.cell).pointer}")

    def _push(self, step: Launch, frame: Frame) -> None:
        avals, direct = frame.plan.program.avals, step.region.direct
        layout = Layout.of([avals[v] for v in step.ins[1:]])
        opened = self.text.cell(frame, step.region.cell) if direct else None
        entry = self.text.pointer(opened.pointer) if opened is not None else self._new_entry(layout)
        self.w.line(f"store ptr {self.text.pointer(self.text.spot(frame, step.ins[0]).pointer)}, ptr {entry}")
        data = self.text.pointer(self.text.behind(entry, 8))
        for k, value in enumerate(step.ins[1:]):
            if k not in direct:
                target = Spot(self._value_at(entry, data, layout.places[k]))
                self.text.move(frame, value, self.text.spot(frame, value), target)
        self.w.line(f"store ptr {entry}, ptr {self.text.spot(frame, step.outs[0]).pointer}")

    def _pop(self, step: Launch, frame: Frame) -> None:
        avals = frame.plan.program.avals
        layout = Layout.of([avals[v] for v in step.outs[1:]])
        self.text.sizes[NOTHING] = max(self.text.sizes.get(NOTHING, 0), 16 + 8 * layout.cells)
        tape = self.text.pointer(self.text.spot(frame, step.ins[0]).pointer)
        empty = self.text.compare(tape, "eq", "null")
        entry = self.w.emit(f"select i1 {empty.text}, ptr {NOTHING}, ptr {tape}", "ptr", 1).text
        data = self.text.pointer(self.text.behind(entry, 8))
        rest = self.text.pointer(entry)
        for value, place in zip(step.outs[1:], layout.places):
            frame.entries[frame.plan.places[value][1]] = Spot(self._value_at(entry, data, place))
        self.w.line(f"store ptr {rest}, ptr {self.text.spot(frame, step.outs[0]).pointer}")
        if self.reuses and self.popped:
            site = self.text.slot(8).pointer
            self.w.line(f"store ptr {tape}, ptr {site}")
            self.popped[-1].append((site, self._free(layout)))

    # -- around trips, and the function --------------------------------------------------------------------------------

    def begin_trip(self) -> int:
        """What is popped from here on belongs to a trip; a mark for `end_trip`."""
        self.popped.append([])
        return len(self.w.lines)

    def end_trip(self, mark: int) -> None:
        """What a trip has popped is free now."""
        sites = self.popped.pop()
        self.w.lines[mark:mark] = [f"  store ptr null, ptr {site}" for site, _ in sites]
        for site, free in sites:
            entry = self.text.pointer(site)
            with self.w.when(self.text.compare(entry, "ne", "null")):
                self.w.line(f"store ptr {self.text.pointer(free)}, ptr {entry}")
                self.w.line(f"store ptr {entry}, ptr {free}")

    def finish(self, zeros: int) -> list[str]:
        """Give back what is free. What the function needs for its tapes at first: the entry of zeros, whose values are
        at the address behind so many bytes of the buffers' addresses."""
        for layout, free in self.free.items():
            first = self.text.pointer(free)
            with self.w.when(self.text.compare(first, "ne", "null")):
                self.w.line(f"call void %give(ptr %executor, i64 {layout.nbytes}, i64 {layout.cells}, ptr {first})")
        if NOTHING not in self.text.sizes:
            return []
        lines = [self.text.head_load("%zeros", "%bufs", zeros), f"  store ptr null, ptr {NOTHING}"]
        for k in range(1, self.text.sizes[NOTHING] // 8):
            lines += [f"  {NOTHING}.{k} = getelementptr i8, ptr {NOTHING}, i64 {8 * k}",
                      f"  store ptr {'%zeros' if k == 1 else 'null'}, ptr {NOTHING}.{k}"]
        return lines


def largest_popped(step: Launch) -> int | None:
    """The bytes of the largest entry that a region pops; None where it pops none."""
    found: list[int] = []
    for plan in step.region.plans:
        for inner in plan.launches:
            if inner.region is not None:
                nested = largest_popped(inner)
                found += [] if nested is None else [nested]
                if inner.name == "tape_pop":
                    found.append(Layout.of([plan.program.avals[v] for v in inner.outs[1:]]).nbytes)
    return max(found, default=None)
