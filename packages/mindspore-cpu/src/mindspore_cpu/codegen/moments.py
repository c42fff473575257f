"""Mean and variance in one pass.

A variance is the mean of squared distances from the mean, so it takes two passes over what is reduced, and where that
does not lie in the first-level cache the second one costs as much as the first. Here the elements are gone through in
blocks of a few vectors, which stay in registers: lane by lane the mean of a block and the squared distances from it are
computed, and joined with those of the elements before. The sum itself is added up beside it, as in a pass of its own.
Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

from mindspore_cpu.codegen.nest import Nest, Number, Operand, Ref
from mindspore_cpu.codegen.passes import Passes
from mindspore_cpu.codegen.scalars import kind_of
from mindspore_cpu.codegen.scope import Evaluator, Scope
from mindspore_cpu.codegen.writer import BITS, Value, Writer, is_known


@dataclass(frozen=True, slots=True)
class Moment:
    """Step `sum` adds up `operand`, step `squares` its squared distances from step `mean`, which is the sum divided by
    the number of elements."""

    sum: int
    mean: int
    squares: int
    operand: Operand


@dataclass(frozen=True, slots=True)
class Moments:
    """What the first two passes of a nest compute, and no more than that: some moments over `size` elements each. A
    block has `vectors` vectors of `lanes` elements, which lie along the last of the reduced axes if `along`, and else
    beside each other, one for each of several results."""

    each: tuple[Moment, ...]
    size: int
    lanes: int
    vectors: int
    along: bool


def moments_of(nest: Nest, passes: Passes, lanes: int, target) -> Moments | None:
    """The moments that a nest begins with, if the elements consist of whole blocks. lanes: of results side by side."""
    reduced = [size for size, is_reduced in zip(nest.sizes, nest.reduced) if is_reduced]
    if not reduced or nest.ragged is not None or not all(map(is_known, reduced)) or len(passes.reductions) < 2:
        return None
    first, second = passes.reductions[:2]
    kinds = {kind_of(nest.steps[k].dtype) for k in first}
    if len(first) != len(second) or len(kinds) != 1 or kinds - {"float", "double"} or passes.stores[1] \
            or 1 in passes.kept.values():
        return None
    each = [_moment(nest, k, second, prod(reduced)) for k in first]
    if not all(each) or {m.squares for m in each} != set(second):
        return None
    along = nest.reduced[-1]
    register = target.lanes(BITS[kinds.pop()])
    if along:
        lanes = register
    room = (16 if target.masks else 8) // -(-lanes // register)  # half of all registers
    for vectors in range(room // len(each), 3, -1):
        if reduced[-1] % (vectors * (lanes if along else 1)) == 0:
            return Moments(tuple(each), prod(reduced), lanes, vectors, along)
    return None


def _moment(nest: Nest, first: int, second: list[int], size: int) -> Moment | None:
    """What step `first` and one of `second` compute: sum(x) and sum(d * d) with d = x - m and m = sum(x) / size."""
    total = nest.steps[first]
    for k in second:
        mean = _mean(nest, first, k, size)
        if mean is not None:
            return Moment(first, mean, k, total.operands[0])
    return None


def _mean(nest: Nest, first: int, second: int, size: int) -> int | None:
    """The step of m = sum(x) / size where step `first` is sum(x) and step `second` is sum(d * d) with d = x - m."""
    total, squares = nest.steps[first], nest.steps[second]
    if (total.name, squares.name) != ("sum", "sum") or not isinstance(squares.operands[0], Ref):
        return None
    product = nest.steps[squares.operands[0].step]
    if product.name != "mul" or product.operands[0] != product.operands[1] or not isinstance(product.operands[0], Ref):
        return None
    distance = nest.steps[product.operands[0].step]
    if distance.name != "sub" or distance.operands[0] != total.operands[0] or not isinstance(distance.operands[1], Ref):
        return None
    number = distance.operands[1].step
    mean = nest.steps[number]
    factor = {"div": size, "mul": 1 / size}.get(mean.name)
    return number if factor and mean.operands == (Ref(first), Number.of(factor, mean.dtype)) else None


class MomentLoops:
    """Writes the loops over what is reduced. lanes: of the vectors; keep: the values that later passes read from the
    frame."""

    def __init__(self, evaluator: Evaluator, passes: Passes, moments: Moments, lanes: int, keep: list[int]):
        self.w, self.evaluator, self.nest = evaluator.w, evaluator, evaluator.nest
        self.moments, self.lanes, self.keep = moments, lanes, keep
        self.steps, self.stores = passes.needed(0), passes.stores[0]

    def run(self, scope: Scope, axes: list[int]) -> Callable[[Scope, int], Iterator[tuple[int, Value]]]:
        """Go over the axes. A function of (scope, number) that gives the results of pass 0 or 1, lane by lane, with
        their steps; those of pass 1 can be asked for when the means are known in the scope."""
        w, kind = self.w, kind_of(self.nest.steps[self.moments.each[0].sum].dtype)
        zero = w.const(0, kind, self.lanes)
        state = self._loop(scope, axes, [w.const(0, kind), *[zero] * (3 * len(self.moments.each))])
        parts = list(zip(self.moments.each, _triples(state[1:])))
        count = self.moments.size // (self.lanes if self.moments.along else 1)

        def found(scope: Scope, number: int) -> Iterator[tuple[int, Value]]:
            for moment, (total, mean, squares) in parts:
                if number == 0:
                    yield moment.sum, total
                else:
                    yield moment.squares, about(w, mean, squares, self.evaluator.step(scope, moment.mean), count)

        return found

    def _loop(self, scope: Scope, axes: list[int], state: list[Value]) -> list[Value]:
        """A loop for each of the axes, by blocks along the last one. state: the number of blocks, and what is known of
        each moment."""
        w, axis = self.w, axes[0]
        self.evaluator.prepare(scope, self.steps, set(axes), self.lanes, self.stores)
        span = 1 if len(axes) > 1 else self.moments.vectors * (self.lanes if self.moments.along else 1)
        with w.loop(w.const(0, "i64"), w.const(self.nest.sizes[axis], "i64"), span, state) as loop:
            loop.carried = self._block(scope, axis, loop.index, loop.carried) if len(axes) == 1 else \
                self._loop(Scope(scope, {axis: loop.index}), axes[1:], loop.carried)
        return loop.carried

    def _block(self, scope: Scope, axis: int, begin: Value, state: list[Value]) -> list[Value]:
        w, evaluator, along = self.w, self.evaluator, self.moments.along
        blocks: list[list[Value]] = [[] for _ in self.moments.each]
        for k in range(self.moments.vectors):
            at = {axis: w.add(begin, w.const(k * (self.lanes if along else 1), "i64"))}
            inner = Scope(scope, at, self.lanes, None, axis) if along else Scope(scope, at)
            evaluator.fetched.clear()  # each vector lies in lines of its own
            for block, moment in zip(blocks, self.moments.each):
                block.append(evaluator.operand(inner, moment.operand, self.lanes))
            for number in self.keep:
                evaluator.kept[number].store(w, inner, evaluator.step(inner, number))
            for store in self.stores:
                evaluator.store(inner, store)
        count = w.add(state[0], w.like(1, state[0]))
        share = w.splat(w.div(w.like(1, count), count), self.lanes)
        return [count, *[value for known, block in zip(_triples(state[1:]), blocks)
                         for value in joined(w, known, block, share)]]


def joined(w: Writer, before: list[Value], block: list[Value], share: Value) -> list[Value]:
    """The sum, the mean, and the sum of squared distances from it, lane by lane, after one more block. share: 1 over
    the number of blocks with this one."""
    total, mean, squares = before
    part = _tree(w, block)
    middle = w.mul(part, w.like(1 / len(block), part))
    distances = [w.sub(value, middle) for value in block]
    spread = _tree(w, [w.mul(d, d) for d in distances])
    step = w.sub(middle, mean)
    weight = w.mul(w.sub(w.like(1, share), share), w.like(len(block), total))  # 0 for the first block, which may be far
    apart = w.mul(step, w.mul(step, weight))  # from 0: its square is left out
    return [w.add(total, part), w.add(mean, w.mul(step, share)), w.add(w.add(squares, spread), apart)]


def about(w: Writer, own: Value, squares: Value, mean: Value, count: int) -> Value:
    """The sums of squared distances, lane by lane, from another mean than the lane's own, of `count` elements each."""
    step = w.sub(own, w.splat(mean, own.lanes))
    return w.add(squares, w.mul(step, w.mul(step, w.like(count, step))))


def _triples(values: list[Value]) -> list[list[Value]]:
    return [values[k:k + 3] for k in range(0, len(values), 3)]


def _tree(w: Writer, values: list[Value]) -> Value:
    """The sum of vectors, neighbours first."""
    while len(values) > 1:
        values = [w.add(*pair) if len(pair) == 2 else pair[0] for pair in
                  (values[k:k + 2] for k in range(0, len(values), 2))]
    return values[0]
