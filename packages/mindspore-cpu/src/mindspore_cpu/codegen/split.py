"""Dividing a reduction that leaves too few units.

A sum over everything has one unit, the gradient of a bias of ten elements hardly more, however many elements are
summed. Such a nest becomes two: the first splits one reduced axis into slots of equal length and leaves a partial
result for each slot in scratch; the second combines the partial results and computes what follows from them. The number
of slots follows from the shape alone, and the second nest adds them in order: the result is the same for any number of
threads.
"""
from __future__ import annotations

from dataclasses import replace
from math import prod

from mindspore.common.dtype import bfloat16, float16, float32
from mindspore_cpu.codegen.nest import (
    Affine,
    Indirect,
    Load,
    Nest,
    Operand,
    PlacedNest,
    Ragged,
    Ramp,
    Ref,
    Scratch,
    Slot,
    Step,
    Store,
    merge_axes,
)
from mindspore_cpu.codegen.passes import Passes, operands_of

ENOUGH_UNITS = 16
SLOT_ELEMENTS = 16384
COLUMNS = 64
CHUNK = 64


def divided(nests: list[PlacedNest], scratch: Scratch) -> list[PlacedNest]:
    """The nests of a group, with those that leave too few units divided; phases are numbered anew."""
    found: list[PlacedNest] = []
    for placed in nests:
        parts = split(placed.nest)
        if parts is None:
            found.append(replace(placed, phase=2 * placed.phase))
            continue
        slots = [*placed.slots, Slot("scratch", scratch.add(parts[2]))]
        found.append(PlacedNest(parts[0], slots, 2 * placed.phase))
        found.append(PlacedNest(parts[1], slots, 2 * placed.phase + 1))
    order = sorted({p.phase for p in found})
    return [replace(p, phase=order.index(p.phase)) for p in found]


def split(nest: Nest) -> tuple[Nest, Nest, int] | None:
    """(first nest, second nest, bytes of the partial results), or None where a nest is better left whole. Both nests
    have one buffer more than `nest`, the last one, for the partial results."""
    count = slots_for(nest)
    passes = Passes(nest, 0)
    if count < 2 or len(passes.reductions) != 1 or not passes.reductions[0]:
        return None
    axis = max((a for a in range(len(nest.sizes)) if nest.reduced[a]), key=lambda a: nest.sizes[a])
    chunk = -(-nest.sizes[axis] // count)
    chunk = -(-chunk // CHUNK) * CHUNK if axis == len(nest.sizes) - 1 else chunk
    count = -(-nest.sizes[axis] // chunk)
    if count < 2:
        return None
    slot = 1 + max(_slots(nest))
    kept = [size for size, reduced in zip(nest.sizes, nest.reduced) if not reduced]
    element = max(8 if nest.steps[k].dtype.itemsize == 8 else 4 for k in passes.reductions[0])
    size = count * prod(kept)
    bases = {k: at * size for at, k in enumerate(passes.reductions[0])}
    first = _first(nest, passes, axis, chunk, count, slot, bases)
    return first, merge_axes(_second(nest, passes, count, slot, bases)), len(bases) * size * element


def slots_for(nest: Nest) -> int:
    """Into how many slots the reduced axes are worth dividing."""
    if not any(nest.reduced) or not all(type(size) is int and size for size in nest.sizes):
        return 1
    kept = [size for size, reduced in zip(nest.sizes, nest.reduced) if not reduced]
    units = prod(kept) if nest.reduced[-1] else prod(kept[:-1]) * -(-kept[-1] // COLUMNS)
    if units >= ENOUGH_UNITS:
        return 1
    return min(-(-prod(nest.sizes) // SLOT_ELEMENTS), -(-4 * ENOUGH_UNITS // units))


def _slots(nest: Nest) -> list[int]:
    return [o.slot for step in nest.steps for o in step.operands if isinstance(o, (Load, Indirect))] + [
        s.slot for s in nest.stores]


def _row_major(sizes: list[int]) -> list[int]:
    return [prod(sizes[d + 1:]) for d in range(len(sizes))]


def _partial_dtype(step: Step):
    return float32 if step.dtype in (float16, bfloat16) else step.dtype


def _first(nest: Nest, passes: Passes, axis: int, chunk: int, count: int, slot: int, bases: dict[int, int]) -> Nest:
    """Everything but what depends on a result, over an axis more: the slots, outermost."""
    def change(place: Affine) -> Affine:
        return Affine((place.strides[axis] * chunk, *place.strides), place.offset)

    wanted = _closure(nest, [*passes.reductions[0], *[s.step for s in passes.stores[0]]])
    steps, number = _renumbered(nest, wanted, change)
    kept = [a for a in range(len(nest.sizes)) if not nest.reduced[a]]
    strides = _row_major([count, *[nest.sizes[a] for a in kept]])
    along = dict(zip(kept, strides[1:]))
    places = (strides[0], *[along.get(a, 0) for a in range(len(nest.sizes))])
    stores = [replace(s, step=number[s.step], place=change(s.place)) for s in passes.stores[0]]
    stores += [Store(number[k], slot, Affine(places, base), _partial_dtype(nest.steps[k])) for k, base in bases.items()]
    sizes = (count, *[chunk if a == axis else size for a, size in enumerate(nest.sizes)])
    ragged = Ragged(axis + 1, nest.sizes[axis]) if nest.sizes[axis] % chunk else None
    return Nest(sizes, (False, *nest.reduced), tuple(steps), tuple(stores), ragged)


def _second(nest: Nest, passes: Passes, count: int, slot: int, bases: dict[int, int]) -> Nest:
    """The partial results combined, and what follows from them; the slots are the outermost axis, and reduced."""
    kept = [a for a in range(len(nest.sizes)) if not nest.reduced[a]]
    sizes = [count, *[nest.sizes[a] for a in kept]]
    partial = tuple(_row_major(sizes))

    def change(place: Affine) -> Affine:
        return Affine((0, *[place.strides[a] for a in kept]), place.offset)

    results = [s.step for s in passes.row_stores]
    wanted = _closure(nest, results, stop=bases.keys())
    steps, number = _renumbered(nest, wanted, change)
    for k, base in bases.items():
        if k in number:
            step, dtype = steps[number[k]], _partial_dtype(nest.steps[k])
            steps[number[k]] = replace(step, operands=(Load(slot, Affine(partial, base), dtype),), dtypes=(dtype,))
    stores = tuple([replace(s, step=number[s.step], place=change(s.place)) for s in passes.row_stores])
    return Nest(tuple(sizes), (True, *[False] * len(kept)), tuple(steps), stores)


def _closure(nest: Nest, roots: list[int], stop=frozenset()) -> list[int]:
    """The steps that some steps need, themselves included, in order; those in `stop` without what they need."""
    found: set[int] = set()
    pending = list(roots)
    while pending:
        k = pending.pop()
        if k not in found:
            found.add(k)
            if k not in stop:
                pending += [o.step for o in operands_of(nest, k) if isinstance(o, Ref)]
    return sorted(found)


def _renumbered(nest: Nest, wanted: list[int], change) -> tuple[list[Step], dict[int, int]]:
    number = {k: at for at, k in enumerate(wanted)}

    def operand(o: Operand) -> Operand:
        if isinstance(o, Ref):
            return Ref(number.get(o.step, 0))
        if isinstance(o, Indirect):
            return replace(o, place=change(o.place), index=operand(o.index))
        return replace(o, place=change(o.place)) if isinstance(o, (Load, Ramp)) else o

    return [replace(nest.steps[k], operands=tuple(map(operand, nest.steps[k].operands))) for k in wanted], number
