"""Values inside a loop nest: what is loaded, computed and kept at each depth.

A `Scope` is one level of a nest while its text is written: the axes whose indices became known there, and the values
and addresses computed there. What a deeper level needs is looked up outwards. A value that does not change in a loop
must be written before it: `prepare` is called with the steps of a loop's body before the loop is opened, and writes
their invariant loads, the addresses from which they start, and the vectors filled with a row's values.
"""
from __future__ import annotations

from collections.abc import Iterable

from mindspore.common.dtype import DType, int64
from mindspore_cpu.codegen.inverse import Inverse, has_inverses
from mindspore_cpu.codegen.nest import Affine, Indirect, Load, Nest, Number, Operand, Ramp, Ref, Store
from mindspore_cpu.codegen.scalars import cast, from_storage, kind_of, scalar, storage_of, to_storage
from mindspore_cpu.codegen.writer import Value, Writer, is_known

CACHE_LINE, FETCH_AHEAD = 64, 2048  # bytes
PITCH = 64 + 4  # elements from one line of a staged tile to the next


class Scope:
    """One level. `indices`: the axes known from here on. At the level of the vector axis, `vector` is that axis,
    `lanes` the number of its elements handled together, and `mask` says which of them exist (None: all)."""

    def __init__(self, parent: Scope | None, indices: dict[int, Value], lanes: int = 1, mask: Value | None = None,
                 vector: int | None = None):
        self.parent, self.indices, self.lanes, self.mask = parent, indices, lanes, mask
        self.vector = vector if vector is not None else parent.vector if parent is not None else None
        if parent is not None and vector is None:
            self.lanes, self.mask = parent.lanes, parent.mask
        self.memo: dict = {}

    def find(self, key):
        """A value that was computed at this level or further out."""
        scope: Scope | None = self
        while scope is not None:
            if key in scope.memo:
                return scope.memo[key]
            scope = scope.parent
        return None

    def index(self, axis: int) -> Value | None:
        """The index along an axis, if it is known here."""
        scope: Scope | None = self
        while scope is not None:
            if axis in scope.indices:
                return scope.indices[axis]
            scope = scope.parent
        return None


class Evaluator:
    """Writes the steps of a nest."""

    def __init__(self, w: Writer, nest: Nest, pointers: list[str]):
        self.w, self.nest, self.pointers = w, nest, pointers
        self.kept: dict[int, Temporary] = {}
        self.staged: dict[Load, Staged] = {}
        self.fetched: set[Load] = set()

    def forget(self) -> None:
        """Start on another copy of the passes: nothing is in memory yet."""
        for temporary in self.kept.values():
            temporary.written = False

    # -- before a loop -----------------------------------------------------------------------------------------------

    def prepare(self, scope: Scope, steps: Iterable[int], inner: set[int], lanes: int,
                stores: Iterable[Store] = ()) -> None:
        """Write, at this level, what the steps inside a loop over the axes `inner` need from outside it. lanes: the
        number of lanes inside."""
        steps = list(steps)
        for number in steps:
            step = self.nest.steps[number]
            for operand in step.operands:
                self._prepare_operand(scope, operand, set(steps), inner, lanes)
            if step.name == "div" and has_inverses(self.w, kind_of(step.dtype), lanes):
                self._prepare_inverse(scope, step.operands[1], lanes)
        for store in stores:
            self._start(scope, store.slot, store.place, store.dtype)
            self._prepare_operand(scope, Ref(store.step), set(steps), inner, lanes)

    def _prepare_operand(self, scope: Scope, operand: Operand, inside: set[int], inner: set[int], lanes: int) -> None:
        if isinstance(operand, Load):
            if any(operand.place.strides[a] for a in inner):
                self._start(scope, operand.slot, operand.place, operand.dtype)
            else:
                self.operand(scope, operand, lanes)
        elif isinstance(operand, Indirect):
            self._start(scope, operand.slot, operand.place, operand.dtype)
            self._prepare_operand(scope, operand.index, inside, inner, lanes)
        elif isinstance(operand, Ref) and operand.step not in inside and scope.find(operand.step) is not None:
            self.operand(scope, operand, lanes)
        elif isinstance(operand, Ramp) and not any(operand.place.strides[a] for a in inner):
            self.operand(scope, operand, lanes)

    def _prepare_inverse(self, scope: Scope, divisor: Operand, lanes: int) -> None:
        """The inverse of a divisor that stays the same in the loop."""
        key = ("inverse", divisor, lanes)
        if scope.find(key) is not None:
            return
        if isinstance(divisor, Number):
            value = self.operand(scope, divisor, 1)
        else:
            value = scope.find(divisor.step) if isinstance(divisor, Ref) else scope.find((divisor, 1))
            if value is None or value.lanes != 1:
                value = scope.find((divisor, lanes))
            if value is None:
                return
        scope.memo[key] = Inverse(self.w, value, lanes)

    # -- values ------------------------------------------------------------------------------------------------------

    def step(self, scope: Scope, number: int) -> Value:
        """The value of a step, computed at this level if it is not known yet."""
        found = scope.find(number)
        if found is not None:
            return found
        if number in self.kept and self.kept[number].written:
            value = self.kept[number].load(self.w, scope)
        else:
            step = self.nest.steps[number]
            lanes = scope.lanes if step.level else 1
            inverse = scope.find(("inverse", step.operands[-1], lanes)) if step.name == "div" else None
            if inverse is not None:
                value = inverse.times(self.w, self.operand(scope, step.operands[0], lanes))
            else:
                operands = [self.operand(scope, o, lanes) for o in step.operands]
                value = operands[0] if step.name == "copy" else scalar(self.w, step.name, operands, step.dtypes[-1],
                                                                       step.dtype)
        scope.memo[number] = value
        return value

    def operand(self, scope: Scope, operand: Operand, lanes: int) -> Value:
        """An operand in this many lanes."""
        if isinstance(operand, Number):
            return self.w.splat(Value(operand.text, kind_of(operand.dtype), 1), lanes)
        key = (operand, lanes)
        found = scope.find(key)
        if found is None:
            found = self._evaluate(scope, operand, lanes)
            scope.memo[key] = found
        return found

    def _evaluate(self, scope: Scope, operand: Operand, lanes: int) -> Value:
        w = self.w
        if isinstance(operand, Ref):
            return w.splat(self.step(scope, operand.step), lanes)
        if isinstance(operand, Load):
            return w.splat(from_storage(w, self._load(scope, operand), operand.dtype), lanes)
        if isinstance(operand, Ramp):
            return w.splat(self._ramp(scope, operand), lanes)
        return w.splat(self._indirect(scope, operand), lanes)

    # -- places ------------------------------------------------------------------------------------------------------

    def _start(self, scope: Scope, slot: int, place: Affine, dtype: DType) -> str:
        """The address of an access with the indices known so far; the vector axis does not count."""
        key = ("start", slot, place)
        found = scope.memo.get(key)
        if found is not None:
            return found
        if scope.parent is None:
            found = self.pointers[slot]
            offset = self.w.const(place.offset, "i64") if place.offset else None
        else:
            found = self._start(scope.parent, slot, place, dtype)
            offset = None
        for axis, index in scope.indices.items():
            if axis != scope.vector and place.strides[axis]:
                part = self._times(index, place.strides[axis])
                offset = part if offset is None else self.w.add(offset, part)
        if offset is not None:
            found = self.w.element(found, storage_of(dtype), offset)
        scope.memo[key] = found
        return found

    def _times(self, index: Value, stride: int) -> Value:
        return index if stride == 1 else self.w.mul(index, self.w.like(stride, index))

    def _stride(self, scope: Scope, place: Affine) -> int:
        return 0 if scope.vector is None or scope.index(scope.vector) is None else place.strides[scope.vector]

    def start(self, scope: Scope, load: Load) -> str:
        """The address from which a load starts at this level."""
        return self._start(scope, load.slot, load.place, load.dtype)

    def _load(self, scope: Scope, load: Load) -> Value:
        w, kind = self.w, storage_of(load.dtype)
        if load in self.staged:
            return self.staged[load].load(w, scope, kind)
        start, stride = self._start(scope, load.slot, load.place, load.dtype), self._stride(scope, load.place)
        if stride == 0:
            return w.load(start, kind, 1)
        if scope.lanes == 1 or stride == 1:
            address = w.element(start, kind, self._times(scope.index(scope.vector), stride))
            if load.streams:
                self._fetch_ahead(load, address, scope.lanes)
            return w.load(address, kind, scope.lanes, scope.mask)
        return w.load_lanes(w.element(start, kind, self._positions(scope, stride)), kind, scope.lanes, scope.mask)

    def _fetch_ahead(self, load: Load, address: str, lanes: int) -> None:
        """Ask for the cache lines that will be read some iterations later, where a load appears first. The processor
        does so by itself, but stops at the end of each page and not far ahead of a loop that computes much."""
        if load in self.fetched:
            return
        self.fetched.add(load)
        for line in range(-(-lanes * load.dtype.itemsize // CACHE_LINE)):
            self.w.prefetch(address, FETCH_AHEAD + line * CACHE_LINE)

    def _positions(self, scope: Scope, stride: int) -> Value:
        """For each lane the index along the vector axis times a stride."""
        w = self.w
        first = self._times(scope.index(scope.vector), stride)
        if scope.lanes == 1:
            return first
        if not is_known(stride):
            steps = w.mul(w.ramp("i64", scope.lanes), w.const(stride, "i64", scope.lanes))
            return w.add(w.splat(first, scope.lanes), steps)
        steps = "<" + ", ".join(f"i64 {k * stride}" for k in range(scope.lanes)) + ">"
        return w.add(w.splat(first, scope.lanes), Value(steps, "i64", scope.lanes))

    def _ramp(self, scope: Scope, ramp: Ramp) -> Value:
        w = self.w
        total = w.const(ramp.place.offset, "i64")
        for axis, stride in enumerate(ramp.place.strides):
            index = scope.index(axis)
            if stride and index is not None and axis != scope.vector:
                total = w.add(total, self._times(index, stride))
        stride = self._stride(scope, ramp.place)
        if stride:
            positions = self._positions(scope, stride)
            total = w.add(w.splat(total, positions.lanes), positions)
        return cast(w, total, int64, ramp.dtype)

    def _indirect(self, scope: Scope, read: Indirect) -> Value:
        w = self.w
        varies = bool(self._index_lanes(scope, read))
        lanes = scope.lanes if varies else 1
        index = self.operand(scope, read.index, lanes)
        index = cast(w, index, read.index_dtype, int64)
        good = w.compare("ult", index, w.const(read.size, "i64", lanes))
        index = w.select(good, index, w.like(0, index))
        index = self._times(index, read.stride)
        start, stride = self._start(scope, read.slot, read.place, read.dtype), self._stride(scope, read.place)
        kind = storage_of(read.dtype)
        if read.size == 0:
            return from_storage(w, w.const(0, kind, scope.lanes), read.dtype)
        if lanes == 1 and (stride in (0, 1) or scope.lanes == 1):
            start = w.element(start, kind, index)
            if stride:
                start = w.element(start, kind, self._times(scope.index(scope.vector), stride))
            wide = scope.lanes if stride else 1
            value = w.load(start, kind, wide, scope.mask if wide > 1 else None)
        else:
            places = w.splat(index, scope.lanes)
            if stride:
                places = w.add(places, self._positions(scope, stride))
            address = w.element(start, kind, places)
            value = w.load(address, kind, 1) if scope.lanes == 1 else w.load_lanes(address, kind, scope.lanes,
                                                                                   scope.mask)
        value = from_storage(w, value, read.dtype)
        return w.select(w.splat(good, value.lanes), value, w.like(0, value))

    def _index_lanes(self, scope: Scope, read: Indirect) -> bool:
        """Whether the index of an indirect read varies along the vector axis."""
        index = read.index
        if isinstance(index, (Load, Ramp)):
            return self._stride(scope, index.place) != 0
        return isinstance(index, Ref) and self.step(scope, index.step).lanes > 1

    def store(self, scope: Scope, store: Store) -> None:
        """Write a step's value to its buffer."""
        w, kind = self.w, storage_of(store.dtype)
        stride = self._stride(scope, store.place)
        start = self._start(scope, store.slot, store.place, store.dtype)
        value = self.operand(scope, Ref(store.step), scope.lanes if stride else 1)
        value = to_storage(w, value, store.dtype)
        if stride == 0:
            w.store(value, start)
        elif scope.lanes == 1 or stride == 1:
            w.store(value, w.element(start, kind, self._times(scope.index(scope.vector), stride)), scope.mask)
        else:
            w.store_lanes(value, w.element(start, kind, self._positions(scope, stride)), scope.mask)


class Staged:
    """A tile of a buffer, copied into the function's frame: `columns` along the vector axis, each a line of `rows`
    along the axis that lies in memory."""

    def __init__(self, pointer: str, rows: Value, columns: Value, axis: int):
        self.pointer, self.rows, self.columns, self.axis = pointer, rows, columns, axis

    def load(self, w: Writer, scope: Scope, kind: str) -> Value:
        first = w.mul(w.sub(scope.index(scope.vector), self.columns), w.const(PITCH, "i64"))
        first = w.add(first, w.sub(scope.index(self.axis), self.rows))
        if scope.lanes == 1:
            return w.load(w.element(self.pointer, kind, first), kind, 1)
        steps = "<" + ", ".join(f"i64 {k * PITCH}" for k in range(scope.lanes)) + ">"
        places = w.add(w.splat(first, scope.lanes), Value(steps, "i64", scope.lanes))
        return w.load_lanes(w.element(self.pointer, kind, places), kind, scope.lanes, scope.mask)


class Temporary:
    """A value that one pass over the reduced axes leaves for the next, in memory of the function's frame."""

    def __init__(self, pointer: str, dtype: DType, place: Affine):
        self.pointer, self.dtype, self.place = pointer, dtype, place
        self.written = False

    def _address(self, w: Writer, scope: Scope) -> str:
        total: Value | None = None
        for axis, stride in enumerate(self.place.strides):
            index = scope.index(axis)
            if stride and index is not None:
                part = index if stride == 1 else w.mul(index, w.like(stride, index))
                total = part if total is None else w.add(total, part)
        return self.pointer if total is None else w.element(self.pointer, self.kind, total)

    @property
    def kind(self) -> str:
        kind = kind_of(self.dtype)
        return "i8" if kind == "i1" else kind

    def load(self, w: Writer, scope: Scope) -> Value:
        value = w.load(self._address(w, scope), self.kind, scope.lanes)
        return w.compare("ne", value, w.like(0, value)) if kind_of(self.dtype) == "i1" else value

    def store(self, w: Writer, scope: Scope, value: Value) -> None:
        value = w.splat(value, scope.lanes)
        if value.kind == "i1":
            value = w.convert("zext", value, "i8")
        w.store(value, self._address(w, scope))
