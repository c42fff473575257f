"""Region operators: choice and loops whose bodies are closed graphs.

`cond` runs one of two graphs, `while_` runs a graph as long as another says so. Both are ordinary operators with
several outputs; their graphs are attributes, so they are typed, differentiated and compiled like any other graph.

Derivatives run nothing twice. The graphs are split (`autodiff.partition`) into a forward half, which gives the results
and the residuals that the derivative reads, and a backward half. A `cond` whose branches are forward halves gives the
residuals of whichever branch ran; residuals of equal types share a place. The forward loop of a `while_` pushes each
trip's residuals on a tape (`tapes`), and the derivative is a second `while_` that pops them. What results is made of
operators that have derivatives, so higher orders need nothing more.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mindspore.common.dtype import bool_, float32, int32
from mindspore.compiler.ir.aval import TapeAval, tape_aval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph
from mindspore.compiler.primitives.base import Primitive, Sample, register

PREDICATE = tensor_aval((), bool_)
COUNT = tensor_aval((), int32)


class Region(Primitive):
    """What the operators that run graphs share."""

    regions = True

    def run(self, graph: Graph, values) -> list:
        """The outputs of a graph for these values."""
        from mindspore.compiler.ir.evaluate import evaluate
        return evaluate(graph, values)

    def check(self, what: str, graph: Graph, ins: tuple, outs: tuple) -> None:
        """TypeError unless the graph goes from `ins` to `outs`."""
        if tuple(graph.in_avals) != tuple(ins) or tuple(graph.out_avals) != tuple(outs):
            raise TypeError(f"{self.name}: the {what} goes from {tuple(graph.in_avals)} to {tuple(graph.out_avals)}, "
                            f"expected from {tuple(ins)} to {tuple(outs)}")


def zeros_for(b: Builder, cts, places, avals) -> list:
    """The cotangents at these places, zeros where there is none."""
    return [b.zeros_like(avals[k]) if cts[k] is None else cts[k] for k in places]


@register
class Cond(Region):
    """The outputs of the graph `then` where the 0-d bool `pred` is true, else those of `orelse`, on the same operands.

    Operands: pred, then the operands of both graphs; results: a tuple. Gradient: a choice between the gradients.
    """

    name = "cond"
    attrs = ("then", "orelse")

    def infer(self, pred, *operands, then, orelse):
        if pred is not PREDICATE:
            raise TypeError(f"cond: the predicate is {pred}, expected {PREDICATE}")
        self.check("graph of the true branch", then, operands, then.out_avals)
        self.check("graph of the false branch", orelse, operands, then.out_avals)
        return tuple_aval(tuple(then.out_avals))

    def reference(self, pred, *operands, then, orelse):
        return tuple(self.run(then if pred else orelse, operands))

    def record(self, b, ins, wanted, seeded, *, then, orelse):
        wanted = tuple(k - 1 for k in wanted)
        plan = choice_halves(then, orelse, wanted, seeded)
        results = b.items(b.cond(*ins, then=plan.forward[0], orelse=plan.forward[1]))

        def pull(cts):
            kept = [*[ins[1 + k] for k in plan.kept], *[results[k] for k in plan.read]]
            seeds = zeros_for(b, cts, seeded, then.out_avals)
            grads = b.items(b.cond(ins[0], *kept, *seeds, then=plan.backward[0], orelse=plan.backward[1]))
            found = dict(zip(wanted, grads))
            return (None, *[found.get(k) for k in range(len(ins) - 1)])

        return results[:len(then.outputs)], pull

    def jvp(self, b, ins, tangents, *, then, orelse):
        from mindspore.compiler.autodiff.region_rules import forward_cond
        return forward_cond(b, ins[0], list(ins[1:]), tangents[1:], then, orelse)

    def vmap(self, b, lanes, batched, pred, *operands, then, orelse):
        from mindspore.compiler.primitives.lane_cond import batch_cond
        return batch_cond(b, lanes, batched, pred, operands, then, orelse)

    def samples(self):
        attrs = {"then": _sample_branch("square"), "orelse": _sample_branch("negate")}
        x = np.linspace(-1.0, 1.0, 4, dtype=np.float32)
        return [Sample((np.bool_(True), x), attrs, exact_dtypes=True),
                Sample((np.bool_(False), x), attrs, exact_dtypes=True),
                Sample((x, x), attrs, error=TypeError, exact_dtypes=True),
                Sample((np.bool_(True), x[:2]), attrs, error=TypeError, exact_dtypes=True)]


@dataclass(frozen=True)
class _Choice:
    """The derivative of a choice: the branches of the `cond` that runs forward, which gives residuals after the
    results, and of the one that runs backward, on the operands `kept`, the forward results `read`, and cotangents."""

    forward: list[Graph]
    backward: list[Graph]
    kept: list[int]
    read: list[int]


def choice_halves(then: Graph, orelse: Graph, wanted: tuple[int, ...], seeded: tuple[int, ...]) -> _Choice:
    from mindspore.compiler.autodiff.partition import partition
    key = ("choice", orelse, wanted, seeded)
    found = then.memo.get(key)
    if found is None:
        count, everything = len(then.outputs), tuple(range(len(then.params)))
        splits = [partition(g, wanted, seeded, free=everything, stored=tuple(range(count))) for g in (then, orelse)]
        slots: list = []
        places = [_places(split, slots) for split in splits]
        kept = sorted({k for split in splits for k in split.kept})
        read = [*sorted({k for split in splits for k in split.residuals if k < count}),
                *range(count, count + len(slots))]
        avals = [*then.out_avals, *slots]
        found = then.memo[key] = _Choice(
            [_with_slots(split, place, slots) for split, place in zip(splits, places)],
            [_from_slots(split, place, [then.in_avals[k] for k in kept], kept, [avals[k] for k in read], read)
             for split, place in zip(splits, places)], kept, read)
    return found


def _places(split, slots: list) -> dict[int, int]:
    """For each residual of a branch that is no result anyway, the position of the slot that it shares with residuals of
    the same type of the other branch; `slots`, the types, grows as needed."""
    places: dict[int, int] = {}
    for position, aval in zip(split.residuals, split.residual_avals):
        if position >= split.outputs:
            slot = next((k for k, a in enumerate(slots) if a is aval and split.outputs + k not in places.values()),
                        len(slots))
            if slot == len(slots):
                slots.append(aval)
            places[position] = split.outputs + slot
    return places


def _with_slots(split, places: dict[int, int], slots: list) -> Graph:
    """The forward half with its residuals in their slots, and zeros in the others."""
    b = Builder(split.forward.name)
    values = b.inline(split.forward, [b.parameter(p.aval) for p in split.forward.params])
    filled = {place: values[position] for position, place in places.items()}
    return b.finish([*values[:split.outputs], *[filled.get(split.outputs + k) or b.zeros_like(aval)
                                                for k, aval in enumerate(slots)]])


def _from_slots(split, places: dict[int, int], kept_avals, kept, read_avals, read) -> Graph:
    """The backward half on the operands that both branches' halves have."""
    b = Builder(split.backward.name)
    operands = dict(zip(kept, [b.parameter(a) for a in kept_avals]))
    values = dict(zip(read, [b.parameter(a) for a in read_avals]))
    cts = [b.parameter(p.aval) for p in split.backward.params[len(split.kept) + len(split.residuals):]]
    return b.finish(b.inline(split.backward, [*[operands[k] for k in split.kept],
                                              *[values[places.get(k, k)] for k in split.residuals], *cts]))


def _sample_branch(name: str) -> Graph:
    b = Builder(name)
    x = b.parameter(tensor_aval((4,), float32))
    return b.finish([b.mul(x, x) if name == "square" else b.neg(b.sin(x))])


@register
class While(Region):
    """Runs `body` while `condition` gives true.

    The first `carried` operands change from trip to trip, the others stay. `condition` goes from all operands to a 0-d
    bool, `body` to new values of the carried ones, in the same shapes and dtypes. Results: the carried values at the
    end. Gradient: the trips push what the derivative reads on a tape, then a loop pops it and applies the body's
    gradient, adding up what belongs to the operands that stay.
    """

    name = "while_"
    attrs = ("condition", "body", "carried")

    def infer(self, *operands, condition, body, carried):
        self.check("condition", condition, operands, (PREDICATE,))
        self.check("body", body, operands, operands[:carried])
        return tuple_aval(tuple(operands[:carried]))

    def reference(self, *operands, condition, body, carried):
        state, rest = list(operands[:carried]), list(operands[carried:])
        while self.run(condition, state + rest)[0]:
            state = self.run(body, state + rest)
        return tuple(state)

    def record(self, b, ins, wanted, seeded, *, condition, body, carried):
        plan = _loop(condition, body, carried, wanted, seeded)
        if not plan.moving:
            results = b.items(b.while_(*ins, condition=condition, body=body, carried=carried))
            return results, lambda cts: [None] * len(ins)
        start = [b.constant(0, int32)] + ([b.tape_empty(aval=plan.tape)] if plan.tape else [])
        results = b.items(b.while_(*start, *ins, condition=plan.condition, body=plan.forward,
                                   carried=len(start) + carried))

        def pull(cts):
            avals = body.in_avals
            seeds = zeros_for(b, cts, plan.moving, avals) + [b.zeros_like(avals[k]) for k in plan.staying]
            grads = b.items(b.while_(*results[:len(start)], *seeds, *[ins[k] for k in plan.kept],
                                     condition=plan.more, body=plan.backward, carried=len(start) + len(seeds)))
            found = dict(zip((*plan.moving, *plan.staying), grads[len(start):]))
            return tuple(found.get(k) for k in range(len(ins)))

        return results[len(start):], pull

    def jvp(self, b, ins, tangents, *, condition, body, carried):
        from mindspore.compiler.autodiff.region_rules import forward_while
        return forward_while(b, list(ins), tangents, condition, body, carried)

    def vmap(self, b, lanes, batched, *operands, condition, body, carried):
        from mindspore.compiler.primitives.lane_cond import batch_while
        return batch_while(b, lanes, operands, condition, body, carried)

    def samples(self):
        vector = tensor_aval((4,), float32)
        test, loop = Builder("few_trips"), Builder("turn")
        params = [test.parameter(a) for a in (COUNT, vector, vector)]
        test = test.finish([test.lt(params[0], 3)])
        params = [loop.parameter(a) for a in (COUNT, vector, vector)]
        loop = loop.finish([loop.add(params[0], 1), loop.mul(loop.sin(params[1]), params[2])])
        x = np.linspace(-1.0, 1.0, 4, dtype=np.float32)
        attrs = {"condition": test, "body": loop, "carried": 2}
        return [Sample((np.int32(0), x, x + 2), attrs, exact_dtypes=True),
                Sample((np.int32(5), x, x), attrs, exact_dtypes=True),
                Sample((x, x, x), attrs, error=TypeError, exact_dtypes=True)]


@dataclass(frozen=True)
class _Loop:
    """The derivative of a loop.

    moving: the carried values with derivatives, staying: the other operands that are differentiated by. condition,
    forward: of the loop that runs forward, which carries (number of trips, the tape if there is one) in front.
    more, backward: of the one that runs backward, which carries (trips, tape, cotangents of the moving values, sums for
    the staying ones) and reads the operands `kept`.
    """

    tape: TapeAval | None
    moving: tuple[int, ...]
    staying: tuple[int, ...]
    condition: Graph
    forward: Graph
    more: Graph
    backward: Graph
    kept: list[int]


def _loop(condition: Graph, body: Graph, carried: int, wanted: tuple[int, ...], seeded: tuple[int, ...]) -> _Loop:
    from mindspore.compiler.autodiff.loops import moving_values
    from mindspore.compiler.autodiff.partition import partition
    key = ("loop", condition, carried, wanted, seeded)
    found = body.memo.get(key)
    if found is None:
        moving, others, _ = moving_values(body, carried, wanted, seeded)
        staying, constants = tuple(sorted(others)), tuple(range(carried, len(body.params)))
        split = partition(body, (*moving, *staying), moving, fixed=constants)
        before = [k for k in split.kept if k < carried]
        entry = (*[body.in_avals[k] for k in before], *split.residual_avals)
        tape = tape_aval(entry) if entry else None
        forward = _recording(body, split, before, carried, tape)
        test = Builder(condition.name)
        params = [test.parameter(p.aval) for p in forward.params]
        test = test.finish(test.inline(condition, params[len(params) - len(body.params):]))
        kept = [k for k in split.kept if k >= carried]
        backward = _stepping_back(body, split, before, kept, moving, staying, tape)
        more = Builder("more")
        first = [more.parameter(p.aval) for p in backward.params][0]
        found = body.memo[key] = _Loop(tape, moving, staying, test, forward, more.finish([more.gt(first, 0)]),
                                       backward, kept)
    return found


def _recording(body: Graph, split, before: list[int], carried: int, tape: TapeAval | None) -> Graph:
    """A trip forward: (trips, tape, operands of the body) to (trips + 1, longer tape, carried values)."""
    b = Builder(split.forward.name)
    trips = b.parameter(COUNT)
    entries = [b.parameter(tape)] if tape else []
    params = [b.parameter(p.aval) for p in body.params]
    values = b.inline(split.forward, params)
    pushed = [b.tape_push(t, *[params[k] for k in before], *[values[k] for k in split.residuals]) for t in entries]
    return b.finish([b.add(trips, 1), *pushed, *values[:carried]])


def _stepping_back(body: Graph, split, before: list[int], kept: list[int], moving: tuple[int, ...],
                   staying: tuple[int, ...], tape: TapeAval | None) -> Graph:
    """A trip backward: (trips, tape, cotangents, sums, kept operands) to the first four after it."""
    from mindspore.compiler.autodiff.vjp import add_cotangents
    b, avals = Builder(split.backward.name), body.in_avals
    trips = b.parameter(COUNT)
    entries = [b.parameter(tape)] if tape else []
    cts = [b.parameter(avals[k]) for k in moving]
    sums = [b.parameter(avals[k]) for k in staying]
    operands = {k: b.parameter(avals[k]) for k in kept}
    shorter, values = [], []
    if tape:
        rest, *values = b.items(b.tape_pop(entries[0], aval=tape))
        shorter = [rest]
    operands |= dict(zip(before, values))
    grads = b.inline(split.backward, [*[operands[k] for k in split.kept], *values[len(before):], *cts])
    return b.finish([b.sub(trips, 1), *shorter, *grads[:len(moving)],
                     *[add_cotangents(b, known, more) for known, more in zip(sums, grads[len(moving):])]])
