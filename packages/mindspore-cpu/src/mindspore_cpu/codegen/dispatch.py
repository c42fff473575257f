"""The dispatcher: one phase of a kernel that consists of several nests.

Its units are those of all nests, one after the other. For the range that it is given it finds the nests concerned,
picks out of the group's buffers those of each nest, and calls the nest's function. What it needs is in the kernel's
parameter block: the address of a table for each phase. A table holds, as 64-bit integers, the number of nests, and
for each nest a record of six: its function's address, its first unit and the end of its units, the number of its
buffers, the address of its own parameter block, and the address of its list of buffers, each a pair (kind, number): a
buffer of the group, an offset in scratch, or an address.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mindspore_cpu.codegen.nest import Scratch, Slot

MAX_BUFFERS = 256
_GROUP, _SCRATCH, _ADDRESS = 0, 1, 2


@dataclass(slots=True)
class Part:
    """One nest of a phase: the address of its function, its units, its buffers, and its parameter block."""

    address: int
    units: int
    slots: list[Slot]
    numbers: list[int]


def dispatcher_text(phase: int, attributes: str) -> tuple[str, str]:
    """(name, text) of the module of the dispatcher of phase number `phase`."""
    name = f"dispatch{phase}"
    return name, f"""
define void @{name}(ptr noalias %bufs, i64 %begin, i64 %end) #0 {{
entry:
  %arguments = alloca [{MAX_BUFFERS + 2} x ptr], align 16
  %params = load ptr, ptr %bufs
  %table.at = getelementptr ptr, ptr %params, i64 {phase}
  %table = load ptr, ptr %table.at
  %scratch.at = getelementptr ptr, ptr %bufs, i64 1
  %scratch = load ptr, ptr %scratch.at
  %own.at = getelementptr ptr, ptr %arguments, i64 1
  store ptr %scratch, ptr %own.at
  %count = load i64, ptr %table
  %records = getelementptr i64, ptr %table, i64 1
  br label %nest
nest:
  %k = phi i64 [0, %entry], [%k.next, %next]
  %offset = mul i64 %k, 6
  %record = getelementptr i64, ptr %records, i64 %offset
  %first.at = getelementptr i64, ptr %record, i64 1
  %first = load i64, ptr %first.at
  %last.at = getelementptr i64, ptr %record, i64 2
  %last = load i64, ptr %last.at
  %low.after = icmp sgt i64 %begin, %first
  %low = select i1 %low.after, i64 %begin, i64 %first
  %high.before = icmp slt i64 %end, %last
  %high = select i1 %high.before, i64 %end, i64 %last
  %some = icmp slt i64 %low, %high
  br i1 %some, label %gather, label %next
gather:
  %function = load ptr, ptr %record
  %buffers.at = getelementptr i64, ptr %record, i64 3
  %buffers = load i64, ptr %buffers.at
  %block.at = getelementptr i64, ptr %record, i64 4
  %block = load ptr, ptr %block.at
  store ptr %block, ptr %arguments
  %list.at = getelementptr i64, ptr %record, i64 5
  %list = load ptr, ptr %list.at
  br label %buffer
buffer:
  %b = phi i64 [0, %gather], [%b.next, %chosen]
  %pair.offset = mul i64 %b, 2
  %pair = getelementptr i64, ptr %list, i64 %pair.offset
  %kind = load i64, ptr %pair
  %number.at = getelementptr i64, ptr %pair, i64 1
  %number = load i64, ptr %number.at
  %is.group = icmp eq i64 %kind, {_GROUP}
  br i1 %is.group, label %from.group, label %from.other
from.group:
  %group.at = getelementptr ptr, ptr %bufs, i64 %number
  %group = load ptr, ptr %group.at
  br label %chosen
from.other:
  %inside = getelementptr i8, ptr %scratch, i64 %number
  %absolute = inttoptr i64 %number to ptr
  %is.scratch = icmp eq i64 %kind, {_SCRATCH}
  %other = select i1 %is.scratch, ptr %inside, ptr %absolute
  br label %chosen
chosen:
  %pointer = phi ptr [%group, %from.group], [%other, %from.other]
  %b.place = add i64 %b, 2
  %argument = getelementptr ptr, ptr %arguments, i64 %b.place
  store ptr %pointer, ptr %argument
  %b.next = add i64 %b, 1
  %b.more = icmp slt i64 %b.next, %buffers
  br i1 %b.more, label %buffer, label %call
call:
  %from = sub i64 %low, %first
  %to = sub i64 %high, %first
  call void %function(ptr %arguments, i64 %from, i64 %to)
  br label %next
next:
  %k.next = add i64 %k, 1
  %k.more = icmp slt i64 %k.next, %count
  br i1 %k.more, label %nest, label %exit
exit:
  ret void
}}
attributes #0 = {{ {attributes} }}
"""


def table(parts: Sequence[Part], scratch: Scratch, inputs: int, keep: list) -> np.ndarray:
    """The table of a phase. inputs: the number of the group's inputs. What it refers to is added to `keep`."""
    records = [len(parts)]
    first = 0
    for part in parts:
        pairs = np.array([_pair(slot, scratch, inputs, keep) for slot in part.slots], np.int64)
        block = np.array(part.numbers, np.int64)
        keep += [pairs, block]
        records += [part.address, first, first + part.units, len(part.slots), block.ctypes.data, pairs.ctypes.data]
        first += part.units
    found = np.array(records, np.int64)
    keep.append(found)
    return found


def _pair(slot: Slot, scratch: Scratch, inputs: int, keep: list) -> tuple[int, int]:
    if slot.kind == "scratch":
        return _SCRATCH, scratch.offsets[slot.number]
    if slot.kind == "constant":
        keep.append(slot.literal.array)
        return _ADDRESS, slot.literal.array.ctypes.data
    return _GROUP, 2 + slot.number + (inputs if slot.kind == "out" else 0)
