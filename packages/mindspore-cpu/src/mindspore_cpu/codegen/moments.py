"""Mean and variance of a row in one pass.

A variance is the mean of squared distances from the mean, so it takes two passes over a row, and where a row does not
lie in the first-level cache the second one costs as much as the first. Here a row is gone through in blocks of a few
vectors, which stay in registers: lane by lane the mean of a block and the squared distances from it are computed, and
joined with those of the elements before. The sum itself is added up beside it, as in a pass of its own. Source: Chan,
Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
"""
from __future__ import annotations

from dataclasses import dataclass

from mindspore_cpu.codegen.nest import Nest, Number, Operand, Ref
from mindspore_cpu.codegen.passes import Passes
from mindspore_cpu.codegen.scalars import kind_of
from mindspore_cpu.codegen.writer import BITS, Value, Writer, is_known


@dataclass(frozen=True, slots=True)
class Moments:
    """The first two passes of a nest over rows: step `sum` adds up `operand`, step `squares` its squared distances from
    step `mean`, which is the sum divided by `size`. A block has `vectors` vectors of `lanes` elements."""

    sum: int
    mean: int
    squares: int
    operand: Operand
    size: int
    lanes: int
    vectors: int


def moments_of(nest: Nest, passes: Passes, target) -> Moments | None:
    """What the first two passes of a nest compute, if it is no more than that and rows consist of whole blocks."""
    if not nest.sizes or sum(nest.reduced) != 1 or not nest.reduced[-1] or nest.ragged is not None:
        return None
    if not is_known(nest.sizes[-1]) or [len(r) for r in passes.reductions[:2]] != [1, 1]:
        return None
    if any(passes.stores[:2]) or 1 in passes.kept.values():
        return None
    (first,), (second,) = passes.reductions[:2]
    mean, kind = _mean(nest, first, second), kind_of(nest.steps[first].dtype)
    if mean is None or kind not in ("float", "double"):
        return None
    lanes, vectors = target.lanes(BITS[kind]), 8 if target.masks else 4
    size = nest.sizes[-1]
    return None if size % (lanes * vectors) else Moments(first, mean, second, nest.steps[first].operands[0], size, lanes,
                                                         vectors)


def _mean(nest: Nest, first: int, second: int) -> int | None:
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
    count = Number.of(nest.sizes[-1], mean.dtype)
    return number if mean.name == "div" and mean.operands == (Ref(first), count) else None


def joined(w: Writer, moments: Moments, before: list[Value], block: list[Value], at: Value) -> list[Value]:
    """What is known of a row, lane by lane, after one more block, which begins at index `at`: the sum, the mean, and
    the sum of squared distances from it."""
    total, mean, squares = before
    one = w.like(1, total)
    part = _tree(w, block)
    middle = w.mul(part, w.like(1 / moments.vectors, part))
    distances = [w.sub(value, middle) for value in block]
    spread = _tree(w, [w.mul(d, d) for d in distances])
    count = w.convert("uitofp", w.binary("udiv", at, w.like(moments.lanes * moments.vectors, at)), total.kind)
    share = w.splat(w.div(w.like(1, count), w.add(count, w.like(1, count))), moments.lanes)  # that of this block
    step = w.sub(middle, mean)
    apart = w.mul(w.mul(step, step), w.mul(w.sub(one, share), w.like(moments.vectors, total)))
    return [w.add(total, part), w.add(mean, w.mul(step, share)), w.add(w.add(squares, spread), apart)]


def about(w: Writer, moments: Moments, state: list[Value], mean: Value) -> Value:
    """The sums of squared distances, lane by lane, from the mean of the whole row."""
    _, own, squares = state
    step = w.sub(own, w.splat(mean, moments.lanes))
    return w.add(squares, w.mul(w.mul(step, step), w.like(moments.size // moments.lanes, step)))


def _tree(w: Writer, values: list[Value]) -> Value:
    """The sum of vectors, neighbours first."""
    while len(values) > 1:
        values = [w.add(a, b) for a, b in zip(values[::2], values[1::2])]
    return values[0]
