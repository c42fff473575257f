"""From a nest to a function.

The last axis is the vector axis: neighbouring elements lie next to each other there. A function does a range of
*units*.

* Nothing is reduced: a unit is a block of the vector axis at one point of the other axes; or, where something is
  transposed, a tile of the vector axis and the axis along which that lies in memory.
* The vector axis is reduced (softmax, layer norm, a sum over everything): a unit is one point of the kept axes, a
  *row*. The row is gone through in passes. A pass computes every reduction whose operands are known by then; values
  that are expensive and needed again are left in the function's frame, cheap ones are computed again. A row that fits
  into a register is loaded once and stays there.
* The vector axis is kept, others are reduced (a bias gradient): a unit is one point of the other kept axes and as
  many columns as a vector has lanes; the reduced axes are gone through in passes, each lane on its own.

What remains at the end of the vector axis is done with a mask where masks are cheap, otherwise element by element.
Every unit does the same work in the same order whoever runs it, so results do not depend on the number of threads.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import prod

from mindspore.compiler.passes.group_space import LOCAL_ELEMENTS
from mindspore_cpu.codegen.moments import MomentLoops, Moments, moments_of
from mindspore_cpu.codegen.nest import FULL, ONCE, ROW, Affine, Load, Nest, Store
from mindspore_cpu.codegen.passes import Passes
from mindspore_cpu.codegen.reducing import across, combine, initial
from mindspore_cpu.codegen.scalars import storage_of
from mindspore_cpu.codegen.scope import PITCH, Evaluator, Scope, Staged, Temporary
from mindspore_cpu.codegen.work import TILE, Work, lanes_of
from mindspore_cpu.codegen.writer import Module, Value, Writer, is_known

FRAME_BYTES = 256 * 1024
_PARAMETER = re.compile(r"%param(\d+)")


class NestWriter:
    """Writes the function of one nest."""

    def __init__(self, module: Module, nest: Nest, work: Work, name: str):
        self.w = Writer(module)
        self.nest, self.work, self.name = nest, work, name
        self.axes = len(nest.sizes)
        self.vector = self.axes - 1
        self.passes = Passes(nest, self._room())
        self.moments = moments_of(nest, self.passes, work.lanes, module.target)
        self.lanes = work.lanes  # of the loop that is being written
        slots = 1 + max([o.slot for s in nest.steps for o in s.operands if hasattr(o, "slot")] +
                        [s.slot for s in nest.stores], default=-1)
        self.frame: list[str] = []
        pointers = [self._buffer(2 + k) for k in range(slots)]
        self.evaluator = Evaluator(self.w, nest, pointers)

    def _room(self) -> int:
        """How many values of the reduced axes may lie in the frame."""
        axes = self._reduced_axes()
        if not axes:
            return 0
        if not all(is_known(self.nest.sizes[a]) for a in axes):  # a row that is gone through again is short
            return FRAME_BYTES // (8 * LOCAL_ELEMENTS) if axes == [self.vector] else 0
        count = prod(self.nest.sizes[a] for a in axes)
        if not self.nest.reduced[self.vector]:
            count *= self.work.lanes
        return FRAME_BYTES // (8 * max(count, 1))

    def _buffer(self, number: int) -> str:
        address = self.w.element("%bufs", "ptr", self.w.const(number, "i64"))
        return self.w.emit(f"load ptr, ptr {address}, align 8", "ptr", 1).text

    def write(self, define: str = "define") -> str:
        """The text of the function; `define` is how it begins."""
        top = Scope(None, {})
        for number, step in enumerate(self.nest.steps):
            if step.level == ONCE:
                self.evaluator.step(top, number)
        if not self.axes:
            self._point(top)
        elif self.nest.sizes[0] is None:
            self._flat(top)
        else:
            self._units(top)
        body = "\n".join(self._parameters() + self.frame + self.w.lines)
        return (f"{define} void @{self.name}(ptr noalias readonly %bufs, i64 %begin, i64 %end) #0 {{\nentry:\n{body}\n"
                f"  ret void\n}}\n")

    def _parameters(self) -> list[str]:
        """Instructions that read the parameters from their block."""
        found = sorted({int(n) for line in self.w.lines for n in _PARAMETER.findall(line)})
        lines = ["  %params = load ptr, ptr %bufs, align 8"] if found else []
        for number in found:
            lines += [f"  %param.at{number} = getelementptr i64, ptr %params, i64 {1 + number}",
                      f"  %param{number} = load i64, ptr %param.at{number}, align 8"]
        return lines

    # -- the outer loop ----------------------------------------------------------------------------------------------

    def _point(self, top: Scope) -> None:
        """A nest without axes."""
        for store in self.nest.stores:
            self.evaluator.store(top, store)

    def _flat(self, top: Scope) -> None:
        """A run over contiguous buffers of any size, which the parameter block holds."""
        w = self.w
        params = w.emit("load ptr, ptr %bufs, align 8", "ptr", 1)
        size = w.load(params.text, "i64", 1)
        begin = w.mul(Value("%begin", "i64", 1), w.const(self.work.block, "i64"))
        end = w.mul(Value("%end", "i64", 1), w.const(self.work.block, "i64"))
        end = w.select(w.compare("slt", end, size), end, size)
        with w.when(w.compare("slt", begin, end)):
            self._sweep(top, begin, end, None, range(len(self.nest.steps)), self.nest.stores, [], lambda *_: [])

    def _units(self, top: Scope) -> None:
        """The loop over units: split the unit's number into indices, then do the unit."""
        w, nest = self.w, self.nest
        outer = [a for a in range(self.axes) if not nest.reduced[a] and a not in (self.vector, self.work.turned)]
        full = [k for k, step in enumerate(nest.steps) if step.level != ONCE]
        self.evaluator.prepare(top, full, set(range(self.axes)), 1, nest.stores)
        begin, end = Value("%begin", "i64", 1), Value("%end", "i64", 1)
        blocks = 1 if nest.reduced[self.vector] else self._pieces(nest.sizes[self.vector], self.work.block)
        with w.when(w.compare("slt", begin, end)), w.loop(begin, end) as loop:
            rest, block = self._split(loop.index, blocks)
            if self.work.turned is not None:
                rest, tile = self._split(rest, self._pieces(nest.sizes[self.work.turned], TILE))
            indices = {}
            for axis in reversed(outer):
                count = nest.sizes[axis] if axis != outer[0] else None
                rest, indices[axis] = (rest, rest) if count is None else self._split(rest, count)
            row = Scope(top, indices)
            if self.work.turned is not None:
                self._tile(row, tile, block, blocks)
            elif not any(nest.reduced):
                self._blocks(row, block, blocks)
            elif nest.reduced[self.vector]:
                self._row(row)
            else:
                self._columns(row, block)

    def _pieces(self, size, length: int) -> int | Value:
        """How many pieces of a length an axis has; a value where its size is a parameter."""
        w = self.w
        if is_known(size):
            return -(-size // length)
        return w.binary("udiv", w.add(w.const(size, "i64"), w.const(length - 1, "i64")), w.const(length, "i64"))

    def _split(self, number: Value, count) -> tuple[Value, Value]:
        """(quotient, remainder) of a number of units."""
        w = self.w
        if count == 1:
            return number, w.const(0, "i64")
        divisor = count if isinstance(count, Value) else w.like(count, number)
        return w.binary("udiv", number, divisor), w.binary("urem", number, divisor)

    # -- nothing is reduced ------------------------------------------------------------------------------------------

    def _blocks(self, row: Scope, block: Value, blocks: int | Value) -> None:
        """One block of the vector axis."""
        w, size = self.w, self.nest.sizes[self.vector]
        steps = [k for k, step in enumerate(self.nest.steps) if step.level == FULL]
        if blocks == 1:
            begin, end, known = w.const(0, "i64"), w.const(size, "i64"), size
        else:
            begin, end = self._range(block, self.work.block, size)
            known = self.work.block if is_known(size) and size % self.work.block == 0 else None
        self._sweep(row, begin, end, known, steps, self.nest.stores, [], lambda *_: [])

    def _tile(self, row: Scope, tile: Value, block: Value, blocks: int | Value) -> None:
        """A block of the vector axis for each of a block of indices of the turned axis."""
        steps = [k for k, step in enumerate(self.nest.steps) if step.level == FULL]
        axis = self.work.turned
        self.evaluator.prepare(row, steps, {axis, self.vector}, self.work.lanes, self.nest.stores)
        begin, end = self._range(tile, TILE, self.nest.sizes[axis])
        columns = self._range(block, self.work.block, self.nest.sizes[self.vector])
        for load in dict.fromkeys(o for k in steps for o in self.nest.steps[k].operands if isinstance(o, Load)):
            if load.place.strides[axis] == 1 and load.place.strides[self.vector] not in (0, 1):
                self._stage(row, load, (begin, end), columns)
        with self.w.loop(begin, end) as loop:
            self._blocks(Scope(row, {axis: loop.index}), block, blocks)

    def _stage(self, row: Scope, load: Load, rows: tuple[Value, Value], columns: tuple[Value, Value]) -> None:
        """Copy a tile of what is read the other way round into the frame, in whole cache lines. There its lines lie a
        little more than a power of two apart, so that they do not displace each other."""
        w, kind = self.w, storage_of(load.dtype)
        pointer = f"%frame{len(self.frame)}"
        self.frame.append(f"  {pointer} = alloca [{self.work.block * PITCH} x {kind}], align 64")
        start, lanes = self.evaluator.start(row, load), self.work.lanes
        stride = w.const(load.place.strides[self.vector], "i64")
        with w.loop(*columns) as column:
            source = w.element(start, kind, w.mul(column.index, stride))
            line = w.mul(w.sub(column.index, columns[0]), w.const(PITCH, "i64"))
            target = w.element(pointer, kind, w.sub(line, rows[0]))
            for width, masked in self._widths(None):
                first = rows[0]
                if width == 1:
                    length = w.sub(rows[1], first)
                    first = w.add(first, w.sub(length, w.binary("urem", length, w.like(lanes, length))))
                stop = rows[1] if masked or width == 1 else w.sub(rows[1], w.const(width - 1, "i64"))
                with w.when(w.compare("slt", first, stop)), w.loop(first, stop, width) as place:
                    mask = self._mask(place.index, rows[1], width) if masked else None
                    value = w.load(w.element(source, kind, place.index), kind, width, mask)
                    w.store(value, w.element(target, kind, place.index), mask)
        self.evaluator.staged[load] = Staged(pointer, rows[0], columns[0], self.work.turned)

    def _range(self, block: Value, length: int, size) -> tuple[Value, Value]:
        """Where a block of an axis of this size begins and ends."""
        w = self.w
        begin = w.mul(block, w.const(length, "i64"))
        end = w.add(begin, w.const(length, "i64"))
        return begin, w.select(w.compare("slt", end, w.const(size, "i64")), end, w.const(size, "i64"))

    # -- along the vector axis ---------------------------------------------------------------------------------------

    def _widths(self, size: int | None) -> list[tuple[int, bool]]:
        """The (lanes, masked) of the loops that cover a stretch of the vector axis."""
        lanes = self.lanes
        if (self.nest.multiple if size is None else size) % lanes == 0:
            return [(lanes, False)]
        if self.w.target.masks:
            return [(lanes, True)]
        return [(lanes, False), (1, False)] if size is None or size >= lanes else [(1, False)]

    def _sweep(self, scope: Scope, begin: Value, end: Value, size: int | None, steps: Sequence[int],
               stores: Sequence[Store], states: list[list[Value]], body: Callable) -> list[list[Value]]:
        """Go along the vector axis from begin to end, whose distance is `size` if that is known. `states` holds, for
        each of the widths, the values carried; `body(scope, state)` gives the next state."""
        results = []
        at = begin
        for k, (lanes, masked) in enumerate(self._widths(size)):
            state = states[k] if states else []
            self.evaluator.prepare(scope, steps, {self.vector}, lanes, stores)
            if size is not None and size <= lanes:
                results.append(self._once(scope, at, end, lanes, masked, stores, state, body))
                continue
            stop = end
            if not masked and k + 1 < len(self._widths(size)):
                span = self.w.sub(end, at)
                whole = self.w.sub(span, self.w.binary("urem", span, self.w.like(lanes, span)))
                stop = self.w.add(at, whole)
            results.append(self._run(scope, at, stop, lanes, masked, stores, state, body, size is None or k > 0))
            at = stop
        return results

    def _once(self, scope, at, end, lanes, masked, stores, state, body) -> list[Value]:
        inner = Scope(scope, {self.vector: at}, lanes, self._mask(at, end, lanes) if masked else None, self.vector)
        state = body(inner, state)
        for store in stores:
            self.evaluator.store(inner, store)
        return state

    def _run(self, scope, at, stop, lanes, masked, stores, state, body, guarded: bool) -> list[Value]:
        """A loop from `at` to `stop`, which may be empty if it is guarded."""
        w = self.w
        before = w.block
        if guarded:
            inside, after = w.new_label(), w.new_label()
            w.branch(w.compare("slt", at, stop), inside, after)
            w.start_block(inside)
        with w.loop(at, stop, lanes, state) as loop:
            inner = Scope(scope, {self.vector: loop.index}, lanes,
                          self._mask(loop.index, stop, lanes) if masked else None, self.vector)
            loop.carried = body(inner, loop.carried)
            for store in stores:
                self.evaluator.store(inner, store)
        if not guarded:
            return loop.carried
        end = w.block
        w.jump(after)
        w.start_block(after)
        return [w.emit(f"phi {a.type} [{b.text}, %{end}], [{a.text}, %{before}]", a.kind, a.lanes)
                for a, b in zip(state, loop.carried)]

    def _mask(self, at: Value, end: Value, lanes: int) -> Value:
        """Which lanes lie before the end."""
        w = self.w
        left = w.convert("trunc", w.sub(end, at), "i32")
        return w.compare("ult", w.ramp("i32", lanes), w.splat(left, lanes))

    # -- reductions --------------------------------------------------------------------------------------------------

    def _row(self, row: Scope) -> None:
        """One point of the kept axes, where the vector axis is reduced."""
        axes = self._reduced_axes()
        size = self.nest.sizes[self.vector]
        lanes, uneven = self.work.lanes, self._is_ragged(self.vector)
        if axes == [self.vector] and not uneven and is_known(size) and (
                size == lanes or (size < lanes and self.w.target.masks)):
            self._resident_row(row, size)
            return
        self._row_steps(row, 0)
        if self.moments is not None:
            self._moments(row, self.moments)
        for number in range(0 if self.moments is None else 2, len(self.passes.reductions)):
            self.lanes = self._pass_lanes(number)
            widths = self._widths(None if uneven or not is_known(size) else size)
            reductions = self.passes.reductions[number]
            states = [[self._initial(k, lanes) for k in reductions] for lanes, _ in widths]
            states = self._pass(row, axes, number, states)
            for at, k in enumerate(reductions):
                step = self.nest.steps[k]
                parts = [across(self.w, step.name, state[at], step.dtype) for state in states]
                total = parts[0]
                for part in parts[1:]:
                    total = combine(self.w, step.name, total, part, step.dtype)
                row.memo[k] = total
            self._row_steps(row, number + 1)
        for store in self.passes.row_stores:
            self.evaluator.store(row, store)

    def _moments(self, scope: Scope, moments: Moments) -> None:
        """The first two passes in one."""
        keep = [k for k, first in self.passes.kept.items() if first == 0]
        for k in keep:
            self._allocate(k)
        lanes = moments.lanes if moments.along else scope.lanes
        found = MomentLoops(self.evaluator, self.passes, moments, lanes, keep).run(scope, self._reduced_axes())
        for k in keep:
            self.evaluator.kept[k].written = True
        for number in range(2):
            for k, value in found(scope, number):
                scope.memo[k] = across(self.w, "sum", value, self.nest.steps[k].dtype) if moments.along else value
            self._row_steps(scope, number + 1)

    def _resident_row(self, row: Scope, size: int) -> None:
        """A row that fits into one vector: it is loaded once, and all passes find it in registers."""
        w, lanes = self.w, self.work.lanes
        zero = w.const(0, "i64")
        self._row_steps(row, 0)
        mask = self._mask(zero, w.const(size, "i64"), lanes) if size != lanes else None
        inner = Scope(row, {self.vector: zero}, lanes, mask, self.vector)
        for number, reductions in enumerate(self.passes.reductions):
            for k in reductions:
                step = self.nest.steps[k]
                value = self._masked(inner, k)
                row.memo[k] = across(w, step.name, value, step.dtype)
            self._row_steps(row, number + 1)
            for store in self.passes.stores[number]:
                self.evaluator.store(inner, store)
        for store in self.passes.row_stores:
            self.evaluator.store(row, store)

    def _columns(self, row: Scope, block: Value) -> None:
        """As many columns as a vector has lanes, where the vector axis is kept."""
        w, size, lanes = self.w, self.nest.sizes[self.vector], self.work.lanes
        begin = w.mul(block, w.const(lanes, "i64"))
        end = w.const(size, "i64")
        full = [k for k, step in enumerate(self.nest.steps) if step.level != ONCE]
        self.evaluator.prepare(row, full, {*self._reduced_axes(), self.vector}, 1, self.nest.stores)
        even = is_known(size) and size % lanes == 0
        if even or w.target.masks:
            mask = None if even else self._mask(begin, end, lanes)
            self._column_block(Scope(row, {self.vector: begin}, lanes, mask, self.vector))
            return
        fits = w.compare("sle", w.add(begin, w.const(lanes, "i64")), end)
        if not is_known(size) or size >= lanes:
            with w.when(fits):
                self._column_block(Scope(row, {self.vector: begin}, lanes, None, self.vector))
            fits = w.binary("xor", fits, w.like(True, fits))
        else:
            fits = w.const(True, "i1")
        with w.when(fits), w.loop(begin, end) as loop:
            self._column_block(Scope(row, {self.vector: loop.index}, 1, None, self.vector))

    def _column_block(self, scope: Scope) -> None:
        axes = self._reduced_axes()
        self.evaluator.forget()
        self._row_steps(scope, 0)
        if self.moments is not None:
            self._moments(scope, self.moments)
        first = 0 if self.moments is None else 2
        for number, reductions in enumerate(self.passes.reductions[first:], first):
            states = [[self._initial(k, scope.lanes) for k in reductions]]
            states = self._pass(scope, axes, number, states)
            for k, value in zip(reductions, states[0]):
                scope.memo[k] = value
            self._row_steps(scope, number + 1)
        for store in self.passes.row_stores:
            self.evaluator.store(scope, store)

    def _pass_lanes(self, number: int) -> int:
        """The lanes in which a pass goes along a row."""
        kept = [k for k, first in self.passes.kept.items() if first < number]
        steps = {*self.passes.needed(number), *self.passes.reductions[number]}.difference(kept)
        return lanes_of(self.nest, self.w.target, sorted(steps))

    def _reduced_axes(self) -> list[int]:
        return [a for a in range(self.axes) if self.nest.reduced[a]]

    def _initial(self, k: int, lanes: int) -> Value:
        step = self.nest.steps[k]
        return initial(self.w, step.name, step.dtype, lanes)

    def _row_steps(self, scope: Scope, passes: int) -> None:
        """Compute the row values that are known after so many passes."""
        for k, step in enumerate(self.nest.steps):
            if step.level == ROW and not step.reduces and self.passes.ready[k] == passes:
                self.evaluator.step(scope, k)

    def _masked(self, scope: Scope, k: int) -> Value:
        """The operand of a reduction, neutral in the lanes that do not exist."""
        step = self.nest.steps[k]
        value = self.evaluator.operand(scope, step.operands[0], scope.lanes)
        if scope.mask is None or not self.nest.reduced[self.vector]:
            return value
        return self.w.select(scope.mask, value, self._initial(k, scope.lanes))

    def _pass(self, scope: Scope, axes: list[int], number: int, states: list[list[Value]]) -> list[list[Value]]:
        """Go over the reduced axes once, for what pass `number` is for."""
        w, evaluator = self.w, self.evaluator
        reductions, stores = self.passes.reductions[number], self.passes.stores[number]
        keep = [k for k, first in self.passes.kept.items() if first == number]
        for k in keep:
            self._allocate(k)
        steps = [*self.passes.needed(number), *reductions]

        def body(inner: Scope, state: list[Value]) -> list[Value]:
            following = [combine(w, self.nest.steps[k].name, partial, self._masked(inner, k), self.nest.steps[k].dtype)
                         for k, partial in zip(reductions, state)]
            for k in keep:
                evaluator.kept[k].store(w, inner, evaluator.step(inner, k))
            return following

        states = self._over(scope, axes, steps, stores, states, body)
        for k in keep:
            evaluator.kept[k].written = True
        return states

    def _over(self, scope: Scope, axes: list[int], steps: list[int], stores: list[Store], states: list[list[Value]],
              body: Callable) -> list[list[Value]]:
        """A loop for each of the axes, the vector axis by vectors."""
        if not axes:
            state = body(scope, states[0])
            for store in stores:
                self.evaluator.store(scope, store)
            return [state]
        w, axis = self.w, axes[0]
        zero, size = w.const(0, "i64"), self.nest.sizes[axis]
        end = self._end(scope, axis)
        if axis == self.vector:
            known = size if is_known(size) and not self._is_ragged(axis) else None
            return self._sweep(scope, zero, end, known, steps, stores, states, body)
        for lanes in [scope.lanes] if self.vector not in axes else [self.lanes, 1]:
            if lanes == self.lanes or len(states) > 1:
                self.evaluator.prepare(scope, steps, set(axes), lanes, stores)
        shape = [len(state) for state in states]
        with w.loop(zero, end, 1, [v for state in states for v in state]) as loop:
            inner = Scope(scope, {axis: loop.index})
            given = self._over(inner, axes[1:], steps, stores, _chunks(loop.carried, shape), body)
            loop.carried = [v for state in given for v in state]
        return _chunks(loop.carried, shape)

    def _is_ragged(self, axis: int) -> bool:
        return self.nest.ragged is not None and self.nest.ragged.axis == axis

    def _end(self, scope: Scope, axis: int) -> Value:
        """Where a reduced axis ends."""
        w, size = self.w, self.nest.sizes[axis]
        if not self._is_ragged(axis):
            return w.const(size, "i64")
        slot = scope.index(0)
        left = w.sub(w.const(self.nest.ragged.total, "i64"), w.mul(slot, w.like(size, slot)))
        return w.select(w.compare("slt", left, w.like(size, left)), left, w.like(size, left))

    def _allocate(self, k: int) -> None:
        """Room in the frame for a value that later passes read."""
        if k in self.evaluator.kept:
            return
        strides, count = [0] * self.axes, 1
        widest = max(self._pass_lanes(number) for number in range(len(self.passes.reductions)))
        for axis in reversed(self._reduced_axes()):
            strides[axis] = count
            size = self.nest.sizes[axis] if is_known(self.nest.sizes[axis]) else LOCAL_ELEMENTS
            count *= -(-size // widest) * widest if axis == self.vector else size
        if not self.nest.reduced[self.vector]:
            strides, count = [s * self.work.lanes for s in strides], count * self.work.lanes
        temporary = Temporary(f"%frame{len(self.frame)}", self.nest.steps[k].dtype, Affine(tuple(strides), 0))
        self.frame.append(f"  {temporary.pointer} = alloca [{count} x {temporary.kind}], align 64")
        self.evaluator.kept[k] = temporary


def _chunks(values: Sequence[Value], shape: list[int]) -> list[list[Value]]:
    rest = list(values)
    return [[rest.pop(0) for _ in range(count)] for count in shape]
