"""Tapes: stacks of values whose height is known only at run time.

The derivative of a loop whose number of trips is not known needs the values that each trip started from. They are kept
on a *tape*, a value of its own kind: `tape_empty` makes one, `tape_push` gives a longer one, `tape_pop` gives the last
entry and the shorter one. Tapes are persistent (a linked list of entries), so an older tape stays valid.

Push and pop are each other's derivatives, which makes the loop that runs backwards an ordinary loop that can be
differentiated again. The cotangent of a tape is a tape of the same entries. Popping an empty tape gives zeros, so an
empty tape is a zero, however long the tape is whose cotangent it stands for. `tape_add` adds cotangents entry by entry.

Source: reverse mode over loops by a stack of primal values, as in Tapenade (Hascoet and Pascual, 2013), with the stack
as a differentiable value.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_
from mindspore.compiler.ir.aval import TapeAval, TensorAval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.primitives.base import Primitive, register
from mindspore.compiler.primitives.lanes import convert, join_avals, laned_tape


class Tape:
    """A tape at run time: an entry on top of another tape; empty where `rest` is None. The values are arrays in the
    evaluator, device buffers in executables."""

    __slots__ = ("rest", "values")

    def __init__(self, rest: Tape | None = None, values: tuple = ()):
        self.rest, self.values = rest, values

    def entries(self) -> list[tuple]:
        """The entries, the last one first."""
        found, tape = [], self
        while tape.rest is not None:
            found.append(tape.values)
            tape = tape.rest
        return found


def stack(entries) -> Tape:
    """The tape of these entries, the last one given first."""
    tape = Tape()
    for values in reversed(entries):
        tape = Tape(tape, tuple(values))
    return tape


def zero_value(aval):
    """What an empty tape gives for an element of an entry."""
    return np.zeros(aval.shape, aval.dtype.np) if isinstance(aval, TensorAval) else Tape()


@register
class TapeEmpty(Primitive):
    """A tape of type `aval` without entries. Gradient: none."""

    name = "tape_empty"
    attrs = ("aval",)
    differentiable = False

    def infer(self, *, aval):
        if not isinstance(aval, TapeAval):
            raise TypeError(f"tape_empty: got {aval}, expected the type of a tape")
        return aval

    def reference(self, *, aval):
        return Tape()

    def vmap(self, b, lanes, batched, *, aval):
        return b.tape_empty(aval=aval)

    def samples(self):
        return ()


@register
class TapePush(Primitive):
    """The tape with one more entry. Gradient: the cotangent tape's rest, and its last entry."""

    name = "tape_push"

    def infer(self, tape, *values):
        if not isinstance(tape, TapeAval) or tape.entry != values:
            raise TypeError(f"tape_push: got {tape} and an entry {values}, expected a tape of such entries")
        return tape

    def reference(self, tape, *values):
        return Tape(tape, values)

    def vjp(self, b, ct, out, tape, *values):
        return b.items(b.tape_pop(ct, aval=ct.aval))

    def jvp(self, b, ins, tangents):
        whole = [b.zeros_like(x.aval) if t is None else t for x, t in zip(ins, tangents)]
        return b.tape_push(*ins), b.tape_push(*whole)

    def vmap(self, b, lanes, batched, tape, *values):
        known = tape.aval.entry[1:] if batched[0] else tape.aval.entry
        aval = laned_tape(tuple(map(join_avals, known, [v.aval for v in values])), lanes.size)
        absent = b.full((lanes.size,), False, bool_) if lanes.mask is None else b.logical_not(lanes.mask)
        entry = [convert(b, lanes, v, a) for v, a in zip(values, aval.entry[1:])]
        return b.tape_push(convert(b, lanes, tape, aval), absent, *entry)

    def samples(self):
        return ()


@register
class TapePop(Primitive):
    """The tape of type `aval` without its last entry, then the values of that entry; of an empty tape the tape itself
    and zeros. Gradient: the cotangents, pushed."""

    name = "tape_pop"
    attrs = ("aval",)

    def infer(self, tape, *, aval):
        if tape is not aval or not isinstance(aval, TapeAval):
            raise TypeError(f"tape_pop: got {tape}, expected a tape, and its type is {aval}")
        return tuple_aval((tape, *tape.entry))

    def reference(self, tape, *, aval):
        if tape.rest is None:
            return (tape, *map(zero_value, aval.entry))
        return (tape.rest, *tape.values)

    def vjp(self, b, cts, outs, tape, *, aval):
        rest, *values = [b.zeros_like(a) if ct is None else ct for ct, a in zip(cts, (aval, *aval.entry))]
        return (b.tape_push(rest, *values),)

    def jvp(self, b, ins, tangents, *, aval):
        return b.items(b.tape_pop(ins[0], aval=aval)), b.items(b.tape_pop(tangents[0], aval=aval))

    def vmap(self, b, lanes, batched, tape, *, aval):
        rest, _, *values = b.items(b.tape_pop(tape, aval=tape.aval))
        return (rest, *values)

    def samples(self):
        return ()


@register
class TapeAdd(Primitive):
    """Two tapes of one type, entry by entry from the last; where one has ended, the other's. `adder` is the graph from
    two entries to their sum. Gradient: the cotangent, for both."""

    name = "tape_add"
    attrs = ("adder",)
    regions = True

    def infer(self, x, y, *, adder):
        if not isinstance(x, TapeAval) or x is not y or tuple(adder.in_avals) != 2 * x.entry:
            raise TypeError(f"tape_add: got {x} and {y}, expected two tapes of one type and the sum of its entries")
        return x

    def reference(self, x, y, *, adder):
        from mindspore.compiler.ir.evaluate import evaluate
        return add_tapes(x, y, lambda values: evaluate(adder, values))

    def vjp(self, b, ct, out, x, y, *, adder):
        return (ct, ct)

    def jvp(self, b, ins, tangents, *, adder):
        x, y = tangents
        tangent = y if x is None else x if y is None else b.tape_add(x, y, adder=adder)
        return b.tape_add(*ins, adder=adder), tangent

    def vmap(self, b, lanes, batched, x, y, *, adder):
        aval = join_avals(x.aval, y.aval)
        parts, elements = Builder("add_entries"), aval.entry[1:]
        first, second = [[parts.parameter(a) for a in aval.entry] for _ in range(2)]
        values = parts.inline(lanes.run(adder, (*elements, *elements), elements), [*first[1:], *second[1:]])
        return b.tape_add(convert(b, lanes, x, aval), convert(b, lanes, y, aval),
                          adder=parts.finish([parts.logical_and(first[0], second[0]), *values]))

    def samples(self):
        return ()


def add_tapes(x: Tape, y: Tape, add) -> Tape:
    """The sum of two tapes; `add` maps the values of two entries to those of their sum."""
    long, short = sorted((x.entries(), y.entries()), key=len, reverse=True)
    summed = [add([*a, *b]) for a, b in zip(long, short)]
    return stack(summed + long[len(short):])
