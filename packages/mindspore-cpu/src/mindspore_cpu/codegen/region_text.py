"""The text of a function that runs a region: where values lie in it, and the instructions that get at them."""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mindspore.compiler.ir import TapeAval
from mindspore.compiler.program import ARENA, CELL, CONST, ENTRY, INPUT, Plan, value_bytes
from mindspore_cpu.codegen.writer import Module, Value, Writer

SMALL_BYTES = 256
ALIGN = 64


@dataclass(slots=True, eq=False)
class Spot:
    """Where a value lies: `pointer` is its address, or where its address is held. For a tape, where the address of its
    last entry is held."""

    pointer: str
    held: bool = False


@dataclass(slots=True)
class Frame:
    """Where the values of a plan lie: its inputs and outputs, its arena as an offset in the workspace, its cells and
    popped values. `known` names the places of single values."""

    plan: Plan
    inputs: list[Spot]
    outputs: list[Spot]
    arena: int
    known: dict[int, Spot] = field(default_factory=dict)
    cells: dict[int, Spot] = field(default_factory=dict)
    entries: dict[int, Spot] = field(default_factory=dict)

    def bytes_of(self, value: int) -> int:
        """The size of a value; 0 for a tape."""
        return value_bytes(self.plan.program.avals[value])

    def is_tape(self, value: int) -> bool:
        """Whether a value is a tape."""
        return isinstance(self.plan.program.avals[value], TapeAval)


class RegionText:
    """The text as it grows. `head` comes before all of it: the addresses of buffers, and what must be set first. sizes:
    the bytes of each place in the function's frame."""

    def __init__(self, module: Module):
        self.module = module
        self.w = Writer(module)
        self.head: list[str] = []
        self.sizes: dict[str, int] = {}

    # -- places --------------------------------------------------------------------------------------------------------

    def slot(self, nbytes: int) -> Spot:
        """A new place in the function's frame."""
        name = f"%slot{len(self.sizes)}"
        self.sizes[name] = max(nbytes, 1)
        return Spot(name)

    def spot(self, frame: Frame, value: int) -> Spot:
        """Where a value lies."""
        if value in frame.known:
            return frame.known[value]
        kind, number = frame.plan.places[value]
        if kind == ARENA:
            return self.arena(frame.arena + number, frame.bytes_of(value))
        if kind == CELL:
            return self.cell(frame, number)
        if kind == CONST:
            return Spot(self.constant(frame.plan.constants[number]))
        if kind == ENTRY:
            return frame.entries[number]
        return frame.inputs[number] if kind == INPUT else frame.outputs[number]

    def arena(self, offset: int, nbytes: int) -> Spot:
        """A place in the workspace, or instead of it in the frame."""
        if nbytes <= SMALL_BYTES:
            name = f"%own{offset}"
            self.sizes[name] = max(self.sizes.get(name, 1), nbytes)
            return Spot(name)
        name, line = f"%at{offset}", f"  %at{offset} = getelementptr i8, ptr %workspace, i64 {offset}"
        if line not in self.head:
            self.head.append(line)
        return Spot(name)

    def cell(self, frame: Frame, number: int) -> Spot:
        """The place of a tape of a plan."""
        if number not in frame.cells:
            frame.cells[number] = self.slot(8)
        return frame.cells[number]

    def constant(self, array: np.ndarray) -> str:
        """The address of a constant of the module."""
        return self.module.constant(array.tobytes())

    def address(self, spot: Spot) -> str:
        """The address of a value."""
        return self.pointer(spot.pointer) if spot.held else spot.pointer

    # -- instructions --------------------------------------------------------------------------------------------------

    def pointer(self, address: str) -> str:
        """The address that is held at an address."""
        return self.w.emit(f"load ptr, ptr {address}, align 8", "ptr", 1).text

    def behind(self, pointer: str, offset: int) -> str:
        """An address so many bytes further on."""
        return pointer if offset == 0 else self.w.element(pointer, "i8", self.w.const(offset, "i64"))

    def compare(self, pointer: str, condition: str, other: str) -> Value:
        """eq or ne of two addresses."""
        return self.w.emit(f"icmp {condition} ptr {pointer}, {other}", "i1", 1)

    def head_load(self, name: str, base: str, offset: int) -> str:
        """The lines that load an address at an offset, for the head of the function."""
        return (f"  {name}.at = getelementptr i8, ptr {base}, i64 {offset}\n"
                f"  {name} = load ptr, ptr {name}.at, align 8")

    def copy_text(self, target: str, source: str, nbytes: int) -> str:
        """The line that copies bytes."""
        name = "llvm.memcpy.p0.p0.i64"
        self.module.declare(name, f"declare void @{name}(ptr, ptr, i64, i1)")
        return f"  call void @{name}(ptr {target}, ptr {source}, i64 {nbytes}, i1 false)"

    def copy(self, target: str, source: str, nbytes: int) -> None:
        """Copy bytes from one address to another."""
        self.w.lines.append(self.copy_text(target, source, nbytes))

    def move(self, frame: Frame, value: int, source: Spot, target: Spot) -> None:
        """Copy a value from one place to another."""
        if (source.pointer, source.held) == (target.pointer, target.held):
            return
        if frame.is_tape(value):
            self.w.line(f"store ptr {self.pointer(source.pointer)}, ptr {target.pointer}")
        else:
            self.copy(self.address(target), self.address(source), frame.bytes_of(value))

    def end_if(self, condition: Value) -> None:
        """Leave the function where the executor says so."""
        go_on = self.w.new_label()
        self.w.branch(condition, "ended", go_on)
        self.w.start_block(go_on)
