"""Loop nests: what is generated, without a trace of graphs and processors.

A `Nest` is a list of axes, some of them reduced, and a list of steps over them: each computes one value from numbers,
from elements of buffers and from earlier steps. All index arithmetic has been turned into strides, and neighbouring
axes that no access tells apart have been merged into one. Two groups of equal structure have equal nests, whatever
they were made from, so nests are the keys under which kernels are cached.

`nests_of` makes the nests of a group. Usually a group is one iteration space and becomes one nest. A group of several
spaces becomes several nests, in phases: those of one phase are independent of each other, later ones may read what
earlier ones left in the scratch buffer.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod

from mindspore.common.dtype import DType
from mindspore.compiler.ir import Graph, Literal, Node
from mindspore.compiler.ir.dims import Dim, bound, same, surely_divides
from mindspore.compiler.ir.facts import Binding
from mindspore.compiler.passes.group_partition import Partition
from mindspore.compiler.passes.group_space import GATHERS, VIEWS, Map, Read, Space, is_reduction
from mindspore_cpu.codegen.scalars import kind_of
from mindspore_cpu.codegen.writer import literal

STREAM_BYTES = 1 << 20
EVEN = 64  # elements: a multiple of all vectors
SYMBOLIC_SIZE = 256  # what a size counts for that is not known yet
ONCE, ROW, FULL = 0, 1, 2  # how often a step runs: once, for each point of the kept axes, at each point


@dataclass(frozen=True, slots=True)
class Affine:
    """offset + the sum of strides[a] * (index along axis a), in elements."""

    strides: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Load:
    """An element of a buffer; `streams`: the buffer is large and read from front to end."""

    slot: int
    place: Affine
    dtype: DType
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Ramp:
    """An index as a number."""

    place: Affine
    dtype: DType


@dataclass(frozen=True, slots=True)
class Number:
    """A constant, as LLVM writes it: unlike numbers, texts tell 0 from -0, and NaN equals itself."""

    text: str
    dtype: DType

    @classmethod
    def of(cls, value, dtype: DType) -> Number:
        return cls(literal(value, kind_of(dtype)), dtype)


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of an earlier step."""

    step: int


@dataclass(frozen=True, slots=True)
class Indirect:
    """An element of a buffer at `place` plus `stride` times an index that is a value itself; 0 where that index is not
    in [0, size)."""

    slot: int
    place: Affine
    dtype: DType
    index: Load | Ramp | Number | Ref
    index_dtype: DType
    stride: int
    size: int


Operand = Load | Ramp | Number | Ref | Indirect


@dataclass(frozen=True, slots=True)
class Step:
    """One operation. `reduces`: it runs over the reduced axes; `dtypes`: of its operands."""

    name: str
    operands: tuple[Operand, ...]
    dtypes: tuple[DType, ...]
    dtype: DType
    level: int
    reduces: bool


@dataclass(frozen=True, slots=True)
class Store:
    """A step's value goes to a buffer."""

    step: int
    slot: int
    place: Affine
    dtype: DType


@dataclass(frozen=True, slots=True)
class Ragged:
    """An axis that makes up, together with axis 0, one of size `total`: at the last index of axis 0 it ends early."""

    axis: int
    total: int


@dataclass(frozen=True, slots=True)
class Nest:
    """sizes, reduced: of the axes, outermost first. steps: in order. stores: what is kept. ragged: an axis with an
    uneven end, if there is one. A nest whose only axis has size None works for any multiple of `multiple`; it reads
    the size from its parameter block."""

    sizes: tuple[int | None, ...]
    reduced: tuple[bool, ...]
    steps: tuple[Step, ...]
    stores: tuple[Store, ...]
    ragged: Ragged | None = None
    multiple: int = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """What a nest's buffer number stands for: input or output number `number` of the group, the value number `number`
    in scratch, or a constant."""

    kind: str
    number: int = -1
    literal: Literal | None = None


@dataclass(slots=True)
class PlacedNest:
    """A nest with its buffers, the number of its phase, the number of elements of a nest of unknown size, and what its
    parameters are (`sizes`)."""

    nest: Nest
    slots: list[Slot]
    phase: int
    size: int | Dim | None = None
    params: tuple[int | Dim, ...] = ()


@dataclass(slots=True)
class Scratch:
    """Values that are passed between the nests of a group: byte offsets by number."""

    offsets: list[int] = field(default_factory=list)
    nbytes: int = 0

    def at(self, binding: Binding | None) -> Scratch:
        """The same for these sizes of symbols."""
        return Scratch([bound(offset, binding) for offset in self.offsets], bound(self.nbytes, binding))

    def add(self, nbytes: int) -> int:
        """The number of a new value of so many bytes."""
        self.offsets.append(self.nbytes)
        self.nbytes += -(-nbytes // 64) * 64
        return len(self.offsets) - 1


def nests_of(body: Graph, scratch: Scratch) -> list[PlacedNest]:
    """The nests of a group, in an order in which they can run."""
    roots = {o.idx for o in body.outputs}
    partition = Partition(body, lambda node: node.op.name != "parameter", roots)
    places: dict[int, Slot] = {p.idx: Slot("in", k) for k, p in enumerate(body.params)}
    outputs: dict[int, list[Slot]] = {}
    for k, node in enumerate(body.outputs):
        outputs.setdefault(node.idx, []).append(Slot("out", k))
    phase_of: dict[int, int] = {}
    placed = [_copy(p, places[p.idx], slot) for p in body.params for slot in outputs.get(p.idx, []) if p.aval.size]
    for space in partition.spaces:
        phase = max((phase_of[s] + 1 for s in partition.reads[space] if s in phase_of), default=0)
        stores = []
        for idx, node in sorted(space.nodes.items()):
            phase_of[idx] = phase
            slots = outputs.get(idx, [])
            if not slots and partition.is_read_outside(node, space.maps.keys(), set()):
                slots = [Slot("scratch", scratch.add(node.aval.nbytes))]
            if slots:
                places[idx] = slots[0]
                stores.append((node, slots))
        if space.extent() and stores:
            placed.append(_Builder(space, places).build(stores, phase))
    return placed


def _copy(node: Node, source: Slot, target: Slot) -> PlacedNest:
    """The nest of an output that is an input."""
    place = Affine((1,), 0)
    step = Step("copy", (Load(0, place, node.dtype),), (node.dtype,), node.dtype, FULL, False)
    return PlacedNest(Nest((None,), (False,), (step,), (Store(0, 1, place, node.dtype),)), [source, target], 0,
                      node.aval.size)


class _Builder:
    """Makes the nest of one space. Slots are numbered in the order of their first use."""

    def __init__(self, space: Space, places: dict[int, Slot]):
        self.space, self.places = space, places
        self.steps: list[Step] = []
        self.step_of: dict[int, int] = {}
        self.slots: list[Slot] = []

    def build(self, stores: list[tuple[Node, list[Slot]]], phase: int) -> PlacedNest:
        space = self.space
        for _, node in sorted(space.nodes.items()):
            self._add_member(node)
        kept = []
        for node, slots in stores:
            place = self._contiguous(node.shape, space.value_map(node))
            kept += [Store(self.step_of[node.idx], self._slot(s), place, node.dtype) for s in slots]
        nest = Nest(tuple([space.sizes[a] for a in space.order]), tuple([a in space.reduced for a in space.order]),
                    tuple(self.steps), tuple(kept))
        nest = mark_streams(merge_axes(contiguous_last(nest)))
        return PlacedNest(generalize(nest), self.slots, phase, nest.sizes[0] if is_flat(nest) else None)

    def _add_member(self, node: Node) -> None:
        space, rows = self.space, self.space.maps[node.idx]
        reduces = is_reduction(node) and bool(space.reduced)
        level = FULL if space.is_full(node) else ROW
        whole = Read.whole(node, rows)
        if node.op.scalar or is_reduction(node):
            operands = [self._read(Read.whole(i, space.operand_rows(node, i))) for i in node.ins]
            name = node.op.name if node.op.scalar or reduces else "copy"
            self._add(node, name, operands, [i.dtype for i in node.ins], level, reduces)
            return
        if node.op.name in GATHERS:
            operand = self._gathered(node, rows)
        elif node.op.name in VIEWS:
            operand = self._read(space.below(whole))
        elif node.ins:
            operand = Number.of(neutral(node.op.name, node.dtype), node.dtype)
        else:
            operand = self._leaf(whole)
        self._add(node, "copy", [operand], [node.dtype], level, False)

    def _add(self, node: Node, name: str, operands: list, dtypes: list, level: int, reduces: bool) -> int:
        self.step_of[node.idx] = len(self.steps)
        self.steps.append(Step(name, tuple(operands), tuple(dtypes), node.dtype, level, reduces))
        return len(self.steps) - 1

    # -- operands ----------------------------------------------------------------------------------------------------

    def _read(self, read: Read) -> Operand:
        read = self.space.reach(read)
        node = read.source
        if node.idx in self.space.maps:
            return Ref(self.step_of[node.idx])
        return self._leaf(read)

    def _leaf(self, read: Read) -> Operand:
        """An operand that is no member of the space."""
        node = self._stored(read.source)
        if node.op.name == "iota":
            return Ramp(self._affine(read), node.dtype)  # it has one long axis, so its values are its places
        if node.op.name == "constant":
            array = node.attrs[0].array
            if array.size == 1:
                return Number.of(array.reshape(())[()], node.dtype)
            return Load(self._slot(Slot("constant", literal=node.attrs[0])), self._affine(read), node.dtype)
        if node.idx in self.places:
            return Load(self._slot(self.places[node.idx]), self._affine(read), node.dtype)
        return Ref(self._uniform(node))

    def _uniform(self, node: Node) -> int:
        """The step of a one-element computation, which runs once."""
        found = self.step_of.get(node.idx)
        if found is not None:
            return found
        operands = [self._read(Read.whole(i, ((),) * len(i.shape))) for i in node.ins]
        return self._add(node, node.op.name, operands, [i.dtype for i in node.ins], ONCE, False)

    def _gathered(self, node: Node, rows: Map) -> Indirect:
        """What a gather reads: the table's elements at its own place, but along one dimension at an index."""
        table, indices = node.ins
        axis = node.attr("axis")
        after = axis + (1 if node.op.name == "gather_elements" else len(indices.shape))
        with self.space.probe(table.shape[axis]) as along:
            read = self.space.reach(Read.whole(table, (*rows[:axis], (along,), *rows[after:])))
            place = self._affine(read)
            stride = self._stride(read, along)
        index = self._read(Read.whole(indices, self.space.operand_rows(node, indices)))
        return Indirect(self._slot(self._buffer(read.source)), place, node.dtype, index, indices.dtype, stride,
                        table.shape[axis])

    def _stored(self, node: Node) -> Node:
        """The node whose buffer a reshape shows."""
        while node.op.name == "reshape" and node.idx not in self.places:
            node = node.ins[0]
        return node

    def _buffer(self, node: Node) -> Slot:
        node = self._stored(node)
        if node.op.name == "constant":
            return Slot("constant", literal=node.attrs[0])
        return self.places[node.idx]

    def _slot(self, slot: Slot) -> int:
        if slot not in self.slots:
            self.slots.append(slot)
        return self.slots.index(slot)

    def _contiguous(self, shape: tuple, rows: Map) -> Affine:
        return self._linear(rows, row_major(shape))

    def _affine(self, read: Read, strides: tuple | None = None) -> Affine:
        strides = row_major(read.shape) if strides is None else strides
        offset = sum(s * first for s, first in zip(strides, read.start))
        place = self._linear(read.dims, tuple([s * step for s, step in zip(strides, read.step)]))
        return Affine(place.strides, offset)

    def _stride(self, read: Read, axis: int) -> int:
        """How far apart in memory the elements along one axis are."""
        total = 0
        for row, stride, step in zip(read.dims, row_major(read.shape), read.step):
            if axis in row:
                total += stride * step * prod(self.space.sizes[a] for a in row[row.index(axis) + 1:])
        return total

    def _linear(self, rows: Map, strides: tuple) -> Affine:
        along = dict.fromkeys(self.space.order, 0)
        for row, stride in zip(rows, strides):
            for axis in reversed(row):
                along[axis] = along.get(axis, 0) + stride
                stride *= self.space.sizes[axis]
        return Affine(tuple([along[a] for a in self.space.order]), 0)


def row_major(shape: tuple) -> tuple[int, ...]:
    """The strides of a contiguous tensor, in elements."""
    return tuple([prod(shape[d + 1:]) for d in range(len(shape))])


def neutral(name: str, dtype: DType):
    """The result of a reduction over no elements, and where others begin."""
    if name in ("sum", "any"):
        return 0
    if name in ("prod", "all"):
        return 1
    if dtype.is_floating:
        return -float("inf") if name == "max" else float("inf")
    bits = 8 * dtype.itemsize
    low, high = (0, 2**bits - 1) if dtype.kind == "u" else (-(2**(bits - 1)), 2**(bits - 1) - 1)
    return low if name == "max" else high


# -- axes ------------------------------------------------------------------------------------------------------------


def places_of(nest: Nest) -> list[Affine]:
    """All accesses of a nest."""
    found = [store.place for store in nest.stores]
    for step in nest.steps:
        for operand in step.operands:
            found += _operand_places(operand)
    return found


def _operand_places(operand: Operand) -> list[Affine]:
    if isinstance(operand, Indirect):
        return [operand.place, *_operand_places(operand.index)]
    return [operand.place] if isinstance(operand, (Load, Ramp)) else []


def contiguous_last(nest: Nest) -> Nest:
    """Move the axis along which most of what is accessed lies in memory to the end, where neighbours are handled
    together. An access counts by the number of its elements: one number per channel does not turn images round."""
    places = places_of(nest)
    sizes = [s if isinstance(s, int) else SYMBOLIC_SIZE for s in nest.sizes]

    def elements(place: Affine) -> int:
        return prod(size for size, stride in zip(sizes, place.strides) if stride)

    votes = [sum(elements(p) for p in places if p.strides[a] == 1) for a in range(len(nest.sizes))]
    if not votes or votes[-1] == max(votes):
        return nest
    order = sorted(range(len(votes)), key=lambda a: (a == votes.index(max(votes)), a))

    def moved(place: Affine) -> Affine:
        return Affine(tuple([place.strides[a] for a in order]), place.offset)

    return _with_places(replace(nest, sizes=tuple([nest.sizes[a] for a in order]),
                                reduced=tuple([nest.reduced[a] for a in order])), moved)


def merge_axes(nest: Nest) -> Nest:
    """Make one axis of two neighbours wherever every access steps through them as through one."""
    places = places_of(nest)
    groups: list[list[int]] = []
    for axis in range(len(nest.sizes)):
        last = groups[-1][-1] if groups else None
        if last is not None and nest.reduced[last] == nest.reduced[axis] and all(
                same(p.strides[last], p.strides[axis] * nest.sizes[axis]) for p in places):
            groups[-1].append(axis)
        else:
            groups.append([axis])

    def merged(place: Affine) -> Affine:
        return Affine(tuple([place.strides[g[-1]] for g in groups]), place.offset)

    sizes = tuple([prod(nest.sizes[a] for a in g) for g in groups])
    return _with_places(Nest(sizes, tuple([nest.reduced[g[0]] for g in groups]), nest.steps, nest.stores), merged)


def _with_places(nest: Nest, change) -> Nest:
    def operand(o: Operand) -> Operand:
        if isinstance(o, Indirect):
            return replace(o, place=change(o.place), index=operand(o.index))
        return replace(o, place=change(o.place)) if isinstance(o, (Load, Ramp)) else o

    steps = tuple([replace(s, operands=tuple(map(operand, s.operands))) for s in nest.steps])
    return replace(nest, steps=steps, stores=tuple([replace(s, place=change(s.place)) for s in nest.stores]))


def mark_streams(nest: Nest) -> Nest:
    """Mark the loads that come from memory rather than from a cache, neighbours one after the other."""
    def operand(o: Operand) -> Operand:
        if not isinstance(o, Load) or not nest.sizes or o.place.strides[-1] != 1:
            return o
        read = prod(size for size, stride in zip(nest.sizes, o.place.strides) if stride)
        return replace(o, streams=type(read) is int and read * o.dtype.itemsize >= STREAM_BYTES)

    return replace(nest, steps=tuple([replace(s, operands=tuple(map(operand, s.operands))) for s in nest.steps]))


def is_flat(nest: Nest) -> bool:
    """Whether a nest is one run over contiguous buffers and repeated elements: the code for it fits any size."""
    if len(nest.sizes) != 1 or nest.reduced[0]:
        return False
    if any(isinstance(o, (Ramp, Indirect)) for step in nest.steps for o in step.operands):
        return False
    return all(p.strides[0] in (0, 1) and p.offset == 0 for p in places_of(nest))


def generalize(nest: Nest) -> Nest:
    """A flat nest without its size."""
    if not is_flat(nest):
        return nest
    return replace(nest, sizes=(None,), multiple=EVEN if surely_divides(EVEN, nest.sizes[0]) else 1)
