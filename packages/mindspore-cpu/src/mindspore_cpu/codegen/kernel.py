"""From groups to machine code.

Each nest is printed and compiled by itself, several at the same time, and all are loaded together. A nest that was
compiled before is taken from a cache of limited size, in this process, or from the disk (`object_cache`); the code of a
kernel lives as long as somebody holds the kernel. A group of one
nest whose buffers are exactly the group's runs that nest's function directly. Any other phase runs through a small
dispatcher, itself generated once, which reads from the kernel's parameter block which function does which units on
which buffers: so one compiled function serves all parameters of an optimizer, whatever their shapes and wherever they
stand in the group.

The code of a nest is made for its sizes, which is what a network wants that runs for hours. A program whose shapes are
new all the time, such as sentences in PyNative mode, would compile all the time. So a small nest that differs from
`MOST_SIZES` others in nothing but its numbers is compiled once more for any size, and so are those that follow.
"""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mindspore.compiler.ir import Graph
from mindspore.compiler.ir.facts import Binding
from mindspore_cpu.codegen.dispatch import Part, dispatcher_text, table
from mindspore_cpu.codegen.engine import Code, Source, digest, load_sources
from mindspore_cpu.codegen.loops import NestWriter
from mindspore_cpu.codegen.nest import Nest, PlacedNest, Scratch, Slot, nests_of
from mindspore_cpu.codegen.sizes import numbers, of_any_size, parametric
from mindspore_cpu.codegen.split import divided
from mindspore_cpu.codegen.target import Target, target
from mindspore_cpu.codegen.work import plan
from mindspore_cpu.codegen.writer import Module

CACHED_NESTS = 2048
MOST_SIZES = 8
SMALL_NANOSECONDS = 50_000


@dataclass(frozen=True, slots=True)
class Phase:
    """Units which a C function does: `void fn(char* const* bufs, int64_t begin, int64_t end)` at `address`; `cost` is
    the estimated time of a unit in nanoseconds."""

    address: int
    units: int
    cost: float


@dataclass(frozen=True, slots=True)
class LoopKernel:
    """A generated kernel; the package's text says how it is run. params: the address that bufs[0] must hold; scratch:
    the bytes that bufs[1] must point to; keepalive: owns the code and the block at `params`."""

    phases: tuple[Phase, ...]
    params: int
    scratch: int
    keepalive: object


_lock = threading.Lock()
_cache: OrderedDict[tuple[str, Nest], Code] = OrderedDict()
_sizes: OrderedDict[Nest, set[Nest]] = OrderedDict()  # by its form for any size, nests that were made for theirs


def compile_groups(bodies: Sequence[Graph], bindings: Sequence[Binding | None] | None = None) -> list[LoopKernel]:
    """The kernels of groups, given by the closed graphs of their members (`Launch.body`), compiled together. A body
    that occurs several times has one kernel. bindings: the sizes of the bodies' symbols (`Launch.binding`).

    The members are primitives of `SUPPORTED`; ValueError names the first one that is not.
    """
    distinct = {id(body): (body, binding) for body, binding in zip(bodies, bindings or [None] * len(bodies))}
    found = {key: group_nests(body) for key, (body, _) in distinct.items()}
    with _lock:
        chosen = {key: [_form(target(), p) for p in nests] for key, (nests, _) in found.items()}
        codes = _codes(target(), [p for nests in chosen.values() for p in nests])
    made = {key: _kernel(body, chosen[key], found[key][1], codes, binding) for key, (body, binding) in distinct.items()}
    return [made[id(body)] for body in bodies]


def group_nests(body: Graph) -> tuple[list[PlacedNest], Scratch]:
    """The nests of a group, and what they pass to each other; kept with the body, which may come with many sizes."""
    known = body.memo.get("nests")
    if known is None:
        check_members(body)
        scratch = Scratch()
        known = body.memo["nests"] = list(map(parametric, divided(nests_of(body, scratch), scratch))), scratch
    return known


def check_members(body: Graph) -> None:
    """ValueError where a group has a member for which no code can be generated."""
    from mindspore_cpu.codegen.support import SUPPORTED
    for node in body.nodes:
        name = node.op.name
        if name not in SUPPORTED and name not in ("parameter", "constant"):
            raise ValueError(f"compile_groups: {name} in a group; expected only members that SUPPORTED names")
        if node.dtype.kind == "c":
            raise ValueError(f"compile_groups: {name} of dtype {node.dtype} in a group; complex numbers have no "
                             f"generated form")


def _form(where: Target, placed: PlacedNest) -> PlacedNest:
    """The nest as it is, or for any size where it is small and many have come that differ in their sizes only."""
    if (where.level, placed.nest) in _cache:
        return placed
    general = of_any_size(placed)
    if general is None:
        return placed
    work = plan(placed.nest, where, numbers(placed, None))
    if work.units * work.cost > SMALL_NANOSECONDS:
        return placed
    known = _sizes.setdefault(general.nest, set())
    _sizes.move_to_end(general.nest)
    while len(_sizes) > CACHED_NESTS:
        _sizes.popitem(last=False)
    if placed.nest in known:
        return placed
    if len(known) >= MOST_SIZES:
        return general
    known.add(placed.nest)
    return placed


def _codes(where: Target, wanted: Sequence[PlacedNest]) -> dict[Nest, Code]:
    """The code of each nest, loaded now where it is not in the cache."""
    found: dict[Nest, Code] = {}
    missing: dict[Nest, Source] = {}
    for placed in wanted:
        nest = placed.nest
        if nest in found or nest in missing:
            continue
        code = _cache.get((where.level, nest))
        if code is not None:
            _cache.move_to_end((where.level, nest))
            found[nest] = code
        else:
            missing[nest] = _source(placed, where)
    for nest, code in zip(missing, load_sources(list(missing.values()), where)):
        found[nest] = _cache[where.level, nest] = code
    while len(_cache) > CACHED_NESTS:
        _cache.popitem(last=False)
    return found


def _source(placed: PlacedNest, where: Target) -> Source:
    """The function of a nest: its structure says all, so that it need not be written where its code is known."""
    nest = placed.nest
    key = repr(nest)
    name = f"nest_{digest(key)}"

    def write() -> str:
        module = Module(where)
        module.functions.append(NestWriter(module, nest, plan(nest, where, numbers(placed, None)), name).write())
        return module.text()

    return Source(name, key, write)


def _kernel(body: Graph, nests: list[PlacedNest], scratch: Scratch, codes: dict[Nest, Code],
            binding: Binding | None) -> LoopKernel:
    where = target()
    inputs, outputs = len(body.params), len(body.outputs)
    keep: list = [codes[p.nest] for p in nests]
    blocks = [numbers(p, binding) for p in nests]
    works = [plan(p.nest, where, block) for p, block in zip(nests, blocks)]
    scratch = scratch.at(binding)
    if len(nests) == 1 and _is_direct(nests[0], inputs, outputs):
        block = np.array(blocks[0], np.int64)
        keep.append(block)
        return LoopKernel((Phase(codes[nests[0].nest].address, works[0].units, works[0].cost),), block.ctypes.data, 0,
                          keep)
    phases, tables = [], []
    for number in range(max([p.phase for p in nests], default=-1) + 1):
        chosen = [(p, work, block) for p, work, block in zip(nests, works, blocks) if p.phase == number]
        parts = [Part(codes[p.nest].address, work.units, p.slots, block) for p, work, block in chosen]
        tables.append(table(parts, scratch, inputs, keep).ctypes.data)
        units = sum(work.units for _, work, _ in chosen)
        cost = sum(work.units * work.cost for _, work, _ in chosen) / units
        keep.append(_dispatcher(number, where))
        phases.append(Phase(keep[-1].address, units, cost))
    block = np.array(tables, np.int64)
    keep.append(block)
    return LoopKernel(tuple(phases), block.ctypes.data, scratch.nbytes, keep)


@lru_cache(maxsize=64)
def _dispatcher(phase: int, where: Target) -> Code:
    name, text = dispatcher_text(phase, where.attributes)
    return load_sources([Source(name, text, lambda: text)], where)[0]


def _is_direct(placed: PlacedNest, inputs: int, outputs: int) -> bool:
    """Whether a nest's buffers are all the inputs and then all the outputs of its group, in order."""
    expected = [Slot("in", k) for k in range(inputs)] + [Slot("out", k) for k in range(outputs)]
    return placed.slots == expected
