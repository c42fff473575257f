"""How a nest is divided into units, by its shape and the width of vectors, and what a unit costs.

Costs are estimates for one core, with data in the second-level cache where it fits in there. They decide how many
threads are worth while, and no result depends on them.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from mindspore_cpu.codegen.nest import FULL, ONCE, Indirect, Load, Nest, places_of
from mindspore_cpu.codegen.passes import cost_of, operands_of
from mindspore_cpu.codegen.scalars import kind_of
from mindspore_cpu.codegen.sizes import number_of
from mindspore_cpu.codegen.vector_math import FUNCTIONS
from mindspore_cpu.codegen.writer import BITS, is_known

BLOCK = 1024
TILE, TURNED_BLOCK, TURNED_ELEMENTS = 64, 32, 4096
NANOSECONDS_PER_OPERATION = 0.1
NANOSECONDS_PER_BYTE, NANOSECONDS_PER_FAR_BYTE = 0.008, 0.025  # in the second-level cache, and outside
NEAR_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Work:
    """How a nest is divided: its units, the elements of a block of the vector axis, the lanes of a vector, the
    estimated time of a unit in nanoseconds, and the axis that is tiled together with the vector axis, if one is."""

    units: int
    block: int
    lanes: int
    cost: float
    turned: int | None = None


def plan(nest: Nest, target, values: Sequence[int]) -> Work:
    """How to divide a nest; `values` are the size of a nest of any size and the nest's parameters. Only the units and
    their cost depend on these."""
    sizes = [values[0] if s is None else number_of(s, values[1:]) for s in nest.sizes]
    inner = [k for k, step in enumerate(nest.steps) if step.level == FULL]
    cost = cost_of(nest, inner)
    if not sizes:
        return Work(1, 1, 1, cost * NANOSECONDS_PER_OPERATION)
    lanes = lanes_of(nest, target, range(len(nest.steps)))
    time = _time(nest, inner, lanes, cost, prod(sizes))
    reduced = prod(s for s, r in zip(sizes, nest.reduced) if r)
    rows = prod(s for s, r in zip(sizes[:-1], nest.reduced[:-1]) if not r)
    if nest.reduced[-1]:
        per_unit, block, blocks = reduced, sizes[-1], 1
    elif any(nest.reduced):
        block = lanes
        per_unit, blocks = reduced * lanes, -(-sizes[-1] // lanes)
    else:
        return _plan_map(nest, sizes, rows, lanes, time)
    return Work(rows * blocks, block, lanes, per_unit * time)


def _plan_map(nest: Nest, sizes: list[int], rows: int, lanes: int, time: float) -> Work:
    """How to divide a nest that reduces nothing."""
    turned = turned_axis(nest)
    if turned is not None:
        block = max(TURNED_BLOCK, lanes)
        tiles = -(-sizes[turned] // TILE) * -(-sizes[-1] // block)
        per_unit = min(TILE, sizes[turned]) * min(block, sizes[-1])
        return Work(rows // sizes[turned] * tiles, block, lanes, per_unit * time * 2, turned)
    block = sizes[-1] if _has_number(nest.sizes[-1]) and sizes[-1] <= 4 * BLOCK else BLOCK
    return Work(rows * -(-sizes[-1] // block), block, lanes, min(block, sizes[-1]) * time)


def _has_number(size) -> bool:
    return size is not None and is_known(size)


def turned_axis(nest: Nest) -> int | None:
    """The axis along which something lies in memory that is not so along the vector axis, if tiles are worth while."""
    if len(nest.sizes) < 2:
        return None
    votes = {a: sum(p.strides[a] == 1 and p.strides[-1] not in (0, 1) for p in places_of(nest))
             for a in range(len(nest.sizes) - 1)}
    sizes = [s if is_known(s) else TURNED_ELEMENTS for s in nest.sizes]
    axis = max(votes, key=lambda a: (votes[a], sizes[a]))
    large = min(sizes[axis], sizes[-1]) >= 8 and sizes[axis] * sizes[-1] >= TURNED_ELEMENTS
    return axis if votes[axis] and large else None


def _time(nest: Nest, inner: list[int], lanes: int, cost: int, points: int) -> float:
    """The estimated time of one of so many points of a nest in nanoseconds."""
    loads = {o for k in inner for o in operands_of(nest, k) if isinstance(o, (Load, Indirect))}
    traffic = sum(o.dtype.itemsize for o in loads if any(o.place.strides)) + sum(s.dtype.itemsize for s in nest.stores)
    per_byte = NANOSECONDS_PER_BYTE if traffic * points <= NEAR_BYTES else NANOSECONDS_PER_FAR_BYTE
    return cost / lanes * NANOSECONDS_PER_OPERATION + traffic * per_byte


def lanes_of(nest: Nest, target, steps: Sequence[int]) -> int:
    """The lanes of a vector in a loop of these steps: those of one register, or of several where that hides latency and
    the body is small."""
    size = nest.sizes[-1] if _has_number(nest.sizes[-1]) else None
    kinds = {kind_of(nest.steps[k].dtype) for k in steps if nest.steps[k].level != ONCE}
    widths = {BITS[k] for k in kinds if k != "i1"} or {32}
    lanes = target.lanes(64 if min(widths) == 64 else 32)
    if any(nest.steps[k].name in FUNCTIONS or nest.steps[k].name in ("mod", "floor_div") for k in steps):
        return lanes
    cost = cost_of(nest, [k for k in steps if nest.steps[k].level == FULL])
    registers = (4 if cost <= 8 else 2 if cost <= 24 else 1) // (2 if max(widths) == 64 and min(widths) != 64 else 1)
    while registers > 1 and size is not None and size < lanes * registers and size % (lanes * registers):
        registers //= 2
    return lanes * max(registers, 1)
