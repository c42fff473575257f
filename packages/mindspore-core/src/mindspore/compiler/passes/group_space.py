"""Iteration spaces: how the members of a loop group lie over one loop nest.

A group is a loop nest over the axes of a *space*. Each member has a map: for every dimension of the tensor that the
member walks over, the axes of the space that make up this dimension, outermost first (none for a dimension of size
1). The axes are found by identification, as type inference finds types: a dimension of an operand and the dimension
of the result that it meets are the same axis, a reduction keeps the axes of its operand, a reshape splits axes into
the common refinement of both shapes. So `softmax`, written as `max`, `sub`, `exp`, `sum`, `div` and two reshapes, has
two axes, and all its members lie over them.

Reductions of one space run over the same axes, its *reduced* axes; the others are *kept*. A member is either full
(it varies along every axis) or a row value (it varies along the kept axes only: what a reduction gives, and what is
computed from that). Views (`reshape`, `broadcast_to`, `transpose`, `slice`) and index ramps need not be members: they
are index arithmetic on the way from a member to what it reads, and `Space.reach` walks through them. Values of one
element computed from values of one element (a learning rate times a decay) need not be members either: each loop nest
computes them for itself (`is_uniform`).

A row that is reduced must be short enough to be gone through several times while it stays in the cache
(`LOCAL_ELEMENTS`), if a full member depends on the result. So what may share a space follows from shapes alone.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod

from mindspore.compiler.ir import Node, TensorAval
from mindspore.compiler.ir.dims import divides, same, same_shape

VIEWS = frozenset({"reshape", "broadcast_to", "transpose", "slice"})
REDUCTIONS = frozenset({"sum", "prod", "max", "min", "all", "any"})
GATHERS = frozenset({"gather", "gather_elements"})
LEAVES = frozenset({"constant", "iota"})
LOCAL_ELEMENTS, LONG_ELEMENTS, MANY_ROWS = 16384, 65536, 16
SMALL_TRANSPOSE = 1024

Axes = tuple[int, ...]
Map = tuple[Axes, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What a member reads: the elements of `source`, taken as a row-major tensor of `shape`, at the coordinates
    start[d] + step[d] * (the index made of the axes dims[d])."""

    source: Node
    shape: tuple[int, ...]
    dims: Map
    start: tuple[int, ...]
    step: tuple[int, ...]

    @classmethod
    def whole(cls, node: Node, rows: Map) -> Read:
        """All of a node's result, whose dimensions have these axes."""
        return cls(node, node.shape, rows, (0,) * len(rows), (1,) * len(rows))


def is_computed(node: Node) -> bool:
    """Whether a node can be a member: element-wise, a reduction, or a gather, of real tensors."""
    name = node.op.name
    if not (node.op.scalar or name in REDUCTIONS or name in GATHERS):
        return False
    return isinstance(node.aval, TensorAval) and all(isinstance(i.aval, TensorAval) and i.dtype.kind != "c"
                                                     for i in node.ins) and node.dtype.kind != "c"


def is_view(node: Node) -> bool:
    """Whether a node is index arithmetic for whoever reads it. Not so a large transpose that moves the last axis
    (reading along it would jump through memory), nor a reshape of a view that does more than add or drop axes of size
    1: those are stored before they are read."""
    name = node.op.name
    if name not in VIEWS:
        return False
    if name == "transpose":
        moved = [p for p in node.attrs[0] if node.ins[0].shape[p] != 1]
        return not moved or moved[-1] == max(moved) or node.aval.size <= SMALL_TRANSPOSE
    if name == "reshape":
        return _only_ones(node) or not is_view(node.ins[0])
    return True


def _only_ones(view: Node) -> bool:
    """Whether a reshape only adds and drops axes of size 1."""
    return same_shape(tuple([s for s in view.shape if s != 1]), tuple([s for s in view.ins[0].shape if s != 1]))


def is_reduction(node: Node) -> bool:
    """Whether a member reduces; a reduction of no elements only fills its result with the neutral element."""
    return node.op.name in REDUCTIONS and node.ins[0].aval.size != 0


def iteration_shape(node: Node) -> tuple[int, ...]:
    """The shape that a member walks over: a reduction's operand, otherwise the result."""
    return node.ins[0].shape if is_reduction(node) else node.shape


def element_operands(node: Node) -> tuple[Node, ...]:
    """The operands that a member reads at its own place (a gather's table is read elsewhere)."""
    if node.op.name in GATHERS:
        return node.ins[1:]
    return () if node.op.name in REDUCTIONS and not is_reduction(node) else node.ins


def operand_dims(node: Node, operand: Node) -> list[int | None]:
    """For each dimension of an element operand the dimension of the iteration shape that it follows; None where the
    operand has size 1 and stays."""
    shape, name = operand.shape, node.op.name
    if node.op.name in VIEWS:
        return list(range(len(node.shape)))
    if is_reduction(node):
        return [d if size != 1 else None for d, size in enumerate(shape)]
    if name == "gather":
        first = node.attr("axis")
        return [first + d if size != 1 else None for d, size in enumerate(shape)]
    shift = len(node.shape) - len(shape)
    return [d + shift if size != 1 else None for d, size in enumerate(shape)]


def is_uniform(node: Node) -> bool:
    """Whether a node of one element is computed from nodes of one element: cheaper to repeat than to pass on."""
    return node.op.scalar and node.aval.size == 1 and all(i.aval.size == 1 for i in node.ins)


def regroup(axes: Iterable[int], sizes: dict[int, int], shape: tuple[int, ...]) -> Map | None:
    """Distribute axes over the dimensions of a shape, in order; None where the sizes do not come out."""
    pending = list(axes)
    result, at = [], 0
    for size in shape:
        group, got = [], 1
        while got < size:
            if at == len(pending):
                return None
            group.append(pending[at])
            got *= sizes[pending[at]]
            at += 1
        if got != size:
            return None
        result.append(tuple(group))
    return tuple(result) if at == len(pending) else None


class Space:
    """One iteration space. `order` lists the axes outermost first, `sizes` their sizes, `reduced` those over which
    its reductions run, `maps` the members' maps and `nodes` the members by node index, `after` the indices of the
    members that depend on a reduction."""

    _numbers = 0

    def __init__(self):
        self.order: list[int] = []
        self.sizes: dict[int, int] = {}
        self.reduced: frozenset[int] = frozenset()
        self.maps: dict[int, Map] = {}
        self.nodes: dict[int, Node] = {}
        self.after: set[int] = set()
        self._parts: dict[int, tuple[int, int]] = {}

    # -- axes --------------------------------------------------------------------------------------------------------

    @property
    def kept(self) -> list[int]:
        """The axes over which nothing is reduced, outermost first."""
        return [a for a in self.order if a not in self.reduced]

    def is_local(self) -> bool:
        """Whether the reduced axes are short enough for several passes over them. Rows of a known length that lie in
        one piece may be longer, if they are so many that they need not be divided among processors."""
        length = prod(self.sizes[a] for a in self.reduced)
        if length <= LOCAL_ELEMENTS:
            return True
        return type(length) is int and length <= LONG_ELEMENTS and self.order[-1] in self.reduced and \
            prod(self.sizes[a] for a in self.kept) >= MANY_ROWS

    def extent(self) -> int:
        """The number of points of the space."""
        return prod(self.sizes[a] for a in self.order)

    def value_map(self, node: Node) -> Map:
        """The axes of each dimension of a member's result."""
        rows = self.maps[node.idx]
        if not is_reduction(node):
            return rows
        axis = node.attr("axis")
        if node.attr("keepdims"):
            return tuple([() if d in axis else row for d, row in enumerate(rows)])
        return tuple([row for d, row in enumerate(rows) if d not in axis])

    def is_full(self, node: Node) -> bool:
        """Whether a member's result varies along all axes."""
        return not self.reduced or (not is_reduction(node) and
                                    sum(map(len, self.maps[node.idx])) == len(self.order))

    def _new_axis(self, size: int) -> int:
        Space._numbers += 1
        self.sizes[Space._numbers] = size
        return Space._numbers

    @contextmanager
    def probe(self, size: int) -> Iterator[int]:
        """An axis that is not of the space, for the time of a walk through views."""
        axis = self._new_axis(size)
        yield axis
        del self.sizes[axis]

    def _split(self, axis: int, outer: int) -> tuple[int, int]:
        """Replace an axis by two, the outer of size `outer`; the points of the space stay the same."""
        pair = self._new_axis(outer), self._new_axis(self.sizes[axis] // outer)
        place = self.order.index(axis)
        self.order[place:place + 1] = pair
        if axis in self.reduced:
            self.reduced = self.reduced - {axis} | set(pair)
        for idx, rows in self.maps.items():
            if any(axis in row for row in rows):
                self.maps[idx] = tuple([_substitute(row, axis, pair) for row in rows])
        del self.sizes[axis]
        self._parts[axis] = pair
        return pair

    def _fresh(self, row: Axes) -> Axes:
        """A list of axes that was made before some of them were split."""
        while any(a in self._parts for a in row):
            row = tuple([part for a in row for part in self._parts.get(a, (a,))])
        return row

    def member(self, node: Node) -> Node | None:
        """The member that a node is or shows through views."""
        while node.idx not in self.maps:
            if not is_view(node):
                return None
            node = node.ins[0]
        return node

    # -- reading -----------------------------------------------------------------------------------------------------

    def operand_rows(self, node: Node, operand: Node) -> Map:
        """The axes of each dimension of an element operand of a member."""
        rows = self.maps[node.idx]
        return tuple([() if d is None else rows[d] for d in operand_dims(node, operand)])

    def reach(self, read: Read) -> Read:
        """Walk through views, down to a member or to a node that is no view."""
        while is_view(read.source) and read.source.idx not in self.maps:
            read = self.below(read)
        return read

    def below(self, read: Read) -> Read:
        """The same elements, read from the operand of the view from which `read` takes them."""
        view, operand = read.source, read.source.ins[0]
        dims, start, step = read.dims, read.start, read.step
        if view.op.name == "transpose":
            place = [view.attrs[0].index(i) for i in range(len(dims))]
            dims, start, step = (tuple([part[p] for p in place]) for part in (dims, start, step))
        elif view.op.name == "broadcast_to":
            cut = len(dims) - len(operand.shape)
            dims = tuple([row if size != 1 else () for row, size in zip(dims[cut:], operand.shape)])
            start = tuple([s if size != 1 else 0 for s, size in zip(start[cut:], operand.shape)])
            step = step[cut:]
        elif view.op.name == "slice":
            begin, _, stride = view.attrs
            start = tuple([b + t * s for b, t, s in zip(begin, stride, start)])
            step = tuple([t * s for t, s in zip(stride, step)])
        elif operand.idx not in self.maps and not is_view(operand):
            return replace(read, source=operand)
        elif _only_ones(view):
            parts = [part for part, size in zip(zip(dims, start, step), view.shape) if size != 1]
            parts = [parts.pop(0) if size != 1 else ((), 0, 1) for size in operand.shape]
            dims, start, step = (tuple([part[k] for part in parts]) for k in range(3))
        else:
            dims = regroup([a for row in dims for a in row], self.sizes, operand.shape)
            start, step = (0,) * len(dims), (1,) * len(dims)
        return Read(operand, operand.shape, dims, start, step)

    # -- growing -----------------------------------------------------------------------------------------------------

    @classmethod
    def of(cls, node: Node) -> Space:
        """The space of one member."""
        space = cls()
        rows = tuple([() if size == 1 else (space._new_axis(size),) for size in iteration_shape(node)])
        space.order = [a for row in rows for a in row]
        space.maps[node.idx], space.nodes[node.idx] = rows, node
        if is_reduction(node):
            space.reduced = frozenset(a for d in node.attr("axis") for a in rows[d])
        return space

    def add(self, node: Node) -> bool:
        """Take in a node that reads members, as a member; False if it does not fit."""
        rows = self._place(node)
        if rows is None:
            return False
        axes = [a for row in rows for a in row]
        full = len(axes) == len(self.order)
        if len(set(axes)) != len(axes) or not (full or set(axes) == set(self.kept)):
            return False
        reduced = self.reduced
        if is_reduction(node):
            over = frozenset(a for d in node.attr("axis") for a in rows[d])
            if not full or (reduced and over != reduced):
                return False
            reduced = over
        after = any(m is not None and (m.idx in self.after or is_reduction(m)) for m in map(self.member, node.ins))
        if after and full and not self.is_local():
            return False
        self.reduced = reduced
        self.maps[node.idx], self.nodes[node.idx] = rows, node
        if after:
            self.after.add(node.idx)
        return True

    def _place(self, node: Node) -> Map | None:
        """The axes of each dimension that a node walks over, from the members that it reads."""
        shape = iteration_shape(node)
        if 0 in shape or (node.op.name in GATHERS and self.member(node.ins[0]) is not None):
            return None
        rows: list[Axes | None] = [() if size == 1 else None for size in shape]
        for operand in element_operands(node):
            if self.member(operand) is None:
                continue
            seen = self._follow(node if node.op.name in VIEWS else operand)
            if seen is None:
                return None
            rows = [row if row is None else self._fresh(row) for row in rows]
            for row, d in zip(seen, operand_dims(node, operand)):
                if d is None or row is None:
                    continue
                if rows[d] is not None and rows[d] != row:
                    return None
                rows[d] = row
        if None in rows:
            whole = regroup(self.order, self.sizes, shape)
            if whole is None or any(row is not None and row != other for row, other in zip(rows, whole)):
                return None
            return whole
        return tuple(rows)

    def _follow(self, operand: Node) -> list[Axes | None] | None:
        """The axes of each dimension of an operand that is a member seen through views; None in the list for a
        dimension along which it is repeated, None instead of the list if its index arithmetic has no such form."""
        path = []
        while operand.idx not in self.maps:
            path.append(operand)
            operand = operand.ins[0]
        rows: list[Axes | None] | None = list(self.value_map(operand))
        for view in reversed(path):
            rows = self._above(view, rows)
            if rows is None:
                return None
        return rows

    def _above(self, view: Node, rows: list) -> list | None:
        below, shape = view.ins[0].shape, view.shape
        if view.op.name == "transpose":
            return [rows[p] for p in view.attrs[0]]
        if view.op.name == "broadcast_to":
            cut = len(shape) - len(below)
            sizes = (1,) * cut + below
            return [row if same(old, new) else None for row, old, new in zip([()] * cut + rows, sizes, shape)]
        if view.op.name == "slice":
            return None
        bare = [row for row, size in zip(rows, below) if size != 1]
        if _only_ones(view):
            return [bare.pop(0) if size != 1 else () for size in shape]
        if None in bare:
            return None
        return self._refine([a for row in bare for a in row], shape)

    def _refine(self, axes: list[int], shape: tuple) -> list | None:
        """Distribute axes over a shape, splitting them where a dimension ends inside one."""
        pending = list(reversed(axes))
        result = []
        for size in shape:
            group = []
            while size > 1:
                axis = pending.pop()
                if self.sizes[axis] > size:
                    if not divides(size, self.sizes[axis]):
                        return None
                    axis, rest = self._split(axis, size)
                    pending.append(rest)
                if not divides(self.sizes[axis], size):
                    return None
                group.append(axis)
                size //= self.sizes[axis]
            result.append(tuple(group))
        return result

    def absorb(self, other: Space, through: Node) -> bool:
        """Take in all members of `other`, of which `through`, a member of this space, reads some; False if the two
        do not fit."""
        if through.op.name in GATHERS and other.member(through.ins[0]) is not None:
            return False
        alike = self._identify(other, through)
        if alike is None:
            return False
        rest = [a for a in other.order if a not in alike]
        spare = [a for a in self.order if a not in alike.values()]
        if rest:
            if not same_shape(tuple([other.sizes[a] for a in rest]), tuple([self.sizes[a] for a in spare])):
                return False
            alike.update(zip(rest, spare))
        return self._take(other, alike)

    def absorb_beside(self, other: Space) -> bool:
        """Take in all members of `other`, which reads no member and is read by none, if it has the same axes."""
        if not same_shape(tuple([self.sizes[a] for a in self.order]), tuple([other.sizes[a] for a in other.order])):
            return False
        return self._take(other, dict(zip(other.order, self.order)))

    def _take(self, other: Space, alike: dict[int, int]) -> bool:
        image = {alike[a] for a in other.order}
        reduced = frozenset(alike[a] for a in other.reduced)
        if self.reduced and reduced and reduced != self.reduced:
            return False
        if len(image) != len(self.order) and (reduced or not self.reduced or image != set(self.kept)):
            return False
        if self.order and len(image) == len(self.order) and alike[other.order[-1]] != self.order[-1]:
            return False
        self.reduced = self.reduced or reduced
        for idx, rows in other.maps.items():
            self.maps[idx] = tuple([tuple([alike[a] for a in row]) for row in rows])
        self.nodes.update(other.nodes)
        self.after |= other.after
        return True

    def _identify(self, other: Space, through: Node) -> dict[int, int] | None:
        """Which axis of `other` is which axis of this space, by what `through` reads at the same place. Where axes
        of different sizes meet, the larger is split, and the comparison starts again."""
        while True:
            alike: dict[int, int] = {}
            settled = len(other._parts)
            uneven = None
            for operand in element_operands(through):
                if other.member(operand) is None:
                    continue
                seen = other._follow(operand)
                if seen is None:
                    return None
                for row, d in zip(seen, operand_dims(through, operand)):
                    if d is None or row is None:
                        continue
                    for theirs, ours in zip(row, self.maps[through.idx][d]):
                        if not same(other.sizes[theirs], self.sizes[ours]):
                            uneven = uneven or (theirs, ours)
                        elif alike.setdefault(theirs, ours) != ours:
                            return None
            if uneven is None and settled == len(other._parts):
                return alike if len(set(alike.values())) == len(alike) else None
            if uneven is not None and not self._even_out(other, *uneven):
                return None

    def _even_out(self, other: Space, theirs: int, ours: int) -> bool:
        large, small = max(other.sizes[theirs], self.sizes[ours]), min(other.sizes[theirs], self.sizes[ours])
        if not divides(small, large):
            return False
        if same(other.sizes[theirs], large):
            other._split(theirs, small)
        else:
            self._split(ours, small)
        return True


def _substitute(row: Axes, axis: int, pair: tuple[int, int]) -> Axes:
    if axis not in row:
        return row
    place = row.index(axis)
    return row[:place] + pair + row[place + 1:]
