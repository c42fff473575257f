"""`scan`: a loop whose number of trips is known when the graph is made.

A trip takes the carried values, one slice of each sliced operand, and the operands that stay; it gives the new carried
values and one slice of each stacked result. All stacked arrays are as long as the loop, so they are allocated once and
each trip fills its own part: nothing grows and nothing is copied.

The derivative of a scan is a scan that runs the other way. What it reads of a trip (`autodiff.partition`) is one more
stacked result of the trip, where it is not an operand or a result that is stacked already; tapes, which cannot be
stacked, are pushed on a tape that is carried.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mindspore.common.dtype import float32
from mindspore.compiler.ir.aval import TapeAval, TensorAval, tape_aval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph
from mindspore.compiler.primitives.base import Sample, register
from mindspore.compiler.primitives.regions import Region, zeros_for


@register
class Scan(Region):
    """Runs `body` `length` times, first trip first, or from the last slice to the first where `reverse`.

    The first `carried` operands change from trip to trip, the next `sliced` ones have a leading axis of `length`, and
    trip k reads their slice k; the others stay. `body` goes from (carried values, slices, operands that stay) to (new
    carried values in the same shapes and dtypes, outputs). Results: the carried values at the end, then each output
    with a leading axis of `length`, that of trip k at k. Gradient: the trips the other way round.
    """

    name = "scan"
    attrs = ("body", "length", "carried", "sliced", "reverse")
    defaults = {"carried": 0, "sliced": 0, "reverse": False}

    def infer(self, *operands, body, length, carried, sliced, reverse):
        slices = tuple([self._slice(a, length) for a in operands[carried:carried + sliced]])
        expected = (*operands[:carried], *slices, *operands[carried + sliced:])
        self.check("body", body, expected, (*operands[:carried], *body.out_avals[carried:]))
        for aval in body.out_avals[carried:]:
            if not isinstance(aval, TensorAval):
                raise TypeError(f"scan: an output of a trip is {aval}, expected a tensor; other values can be carried")
        return tuple_aval((*operands[:carried], *[stacked(a, length) for a in body.out_avals[carried:]]))

    def _slice(self, aval, length: int):
        if not isinstance(aval, TensorAval) or aval.ndim == 0 or aval.shape[0] != length:
            raise TypeError(f"scan: a sliced operand is {aval}, expected a tensor whose first axis has the {length} "
                            f"trips")
        return tensor_aval(aval.shape[1:], aval.dtype)

    def reference(self, *operands, body, length, carried, sliced, reverse):
        state, rest = list(operands[:carried]), list(operands[carried + sliced:])
        outputs = [np.empty((length, *a.shape), a.dtype.np) for a in body.out_avals[carried:]]
        for trip in trips(length, reverse):
            found = self.run(body, [*state, *[x[trip] for x in operands[carried:carried + sliced]], *rest])
            state = found[:carried]
            for array, value in zip(outputs, found[carried:]):
                array[trip] = value
        return (*state, *outputs)

    def record(self, b, ins, wanted, seeded, *, body, length, carried, sliced, reverse):
        plan, count = _plan(body, carried, sliced, wanted, seeded), len(body.outputs)
        start = [b.tape_empty(aval=plan.tape)] if plan.tape else []
        results = b.items(b.scan(*start, *ins, body=plan.forward, length=length, carried=len(start) + carried,
                                 sliced=sliced, reverse=reverse))
        outs = results[len(start):]

        def pull(cts):
            avals = [*body.in_avals[:carried], *[x.aval for x in outs[carried:]]]
            seeds = zeros_for(b, cts, plan.moving, avals) + [b.zeros_like(ins[k].aval) for k in plan.staying]
            slices = [*[ins[k] for k in plan.kept if k < carried + sliced], *[outs[k] for k in plan.read],
                      *zeros_for(b, cts, plan.seeded, avals)]
            rest = [ins[k] for k in plan.kept if k >= carried + sliced]
            grads = b.items(b.scan(*results[:len(start)], *seeds, *slices, *rest, body=plan.backward, length=length,
                                   carried=len(start) + len(seeds), sliced=len(slices), reverse=not reverse))
            found = dict(zip((*plan.moving, *plan.staying, *plan.mapped), grads[len(start):]))
            return tuple(found.get(k) for k in range(len(ins)))

        return outs[:count], pull

    def jvp(self, b, ins, tangents, *, body, carried, sliced, **attrs):
        from mindspore.compiler.autodiff.region_rules import forward_scan
        return forward_scan(b, list(ins), tangents, body, carried, sliced, **attrs)

    def vmap(self, b, lanes, batched, *operands, body, carried, sliced, **attrs):
        from mindspore.compiler.autodiff.region_rules import batch_scan
        return batch_scan(b, lanes, batched, operands, body, carried, sliced, **attrs)

    def samples(self):
        vector, count = tensor_aval((4,), float32), tensor_aval((), float32)
        b = Builder("trip")
        state, scale, weight = b.parameter(vector), b.parameter(count), b.parameter(vector)
        new = b.sin(b.add(b.mul(state, weight), scale))
        body = b.finish([new, b.mul(new, scale)])
        x = np.linspace(-1.0, 1.0, 4, dtype=np.float32)
        attrs = {"body": body, "length": 3, "carried": 1, "sliced": 1}
        return [Sample((x, x[:3], x + 2), attrs, exact_dtypes=True),
                Sample((x, x[:3], x + 2), {**attrs, "reverse": True}, exact_dtypes=True),
                Sample((x, x[:0], x + 2), {**attrs, "length": 0}, exact_dtypes=True),
                Sample((x, x, x + 2), attrs, error=TypeError, exact_dtypes=True),
                Sample((x[:2], x[:3], x + 2), attrs, error=TypeError, exact_dtypes=True)]


def stacked(aval: TensorAval, length: int) -> TensorAval:
    """The type of one such value per trip."""
    return tensor_aval((length, *aval.shape), aval.dtype)


def trips(length: int, reverse: bool) -> range:
    """The trips in the order in which they run."""
    return range(length - 1, -1, -1) if reverse else range(length)


@dataclass(frozen=True)
class _Plan:
    """The derivative of a scan.

    moving: the carried values with derivatives; staying, mapped: the operands that stay and those that are sliced, of
    what is differentiated by; seeded: the outputs with cotangents. forward: the body that also gives residuals, with
    the tape, if there is one, carried in front. backward: its body goes from (tape, cotangents of the moving values,
    sums for the staying ones; slices: of the operands `kept`, the forward results `read`, cotangents; the other
    operands `kept`) to (tape, cotangents, sums, cotangents of the mapped ones).
    """

    tape: TapeAval | None
    moving: tuple[int, ...]
    staying: tuple[int, ...]
    mapped: tuple[int, ...]
    seeded: tuple[int, ...]
    forward: Graph
    backward: Graph
    kept: list[int]
    read: list[int]


def _plan(body: Graph, carried: int, sliced: int, wanted: tuple[int, ...], seeded: tuple[int, ...]) -> _Plan:
    key = ("scan", carried, sliced, wanted, seeded)
    found = body.memo.get(key)
    if found is None:
        found = body.memo[key] = _Planner(body, carried, sliced, wanted, seeded).plan()
    return found


class _Planner:
    """Splits the body and keeps, of each residual, where the backward trip finds it: `tensors` are stacked, `tapes`
    pushed; both list (graph output or None, carried parameter or None)."""

    def __init__(self, body: Graph, carried: int, sliced: int, wanted: tuple[int, ...], seeded: tuple[int, ...]):
        from mindspore.compiler.autodiff.loops import moving_values
        from mindspore.compiler.autodiff.partition import partition
        self.body, self.carried, self.sliced = body, carried, sliced
        self.moving, others, outputs = moving_values(body, carried, wanted, seeded)
        self.seeded = tuple(sorted(outputs))
        self.mapped = tuple(sorted(k for k in others if k < carried + sliced))
        self.staying = tuple(sorted(k for k in others if k >= carried + sliced))
        self.split = partition(body, (*self.moving, *self.staying, *self.mapped), (*self.moving, *self.seeded),
                               fixed=range(carried + sliced, len(body.params)), free=range(carried, carried + sliced),
                               stored=range(carried, len(body.outputs)))
        self.kept = [k for k in self.split.kept if k >= carried]
        self.before = [k for k in self.split.kept if k < carried]
        self.outputs = {k: self.split.forward.outputs[k].aval for k in self.split.residuals}
        avals = {("in", k): body.in_avals[k] for k in self.before} | {("out", k): a for k, a in self.outputs.items()}
        self.stacked = [place for place, aval in avals.items() if isinstance(aval, TensorAval)
                        and not (place[0] == "out" and carried <= place[1] < len(body.outputs))]
        self.pushed = [place for place, aval in avals.items() if not isinstance(aval, TensorAval)]
        self.avals = avals
        self.tape = tape_aval(tuple(avals[place] for place in self.pushed)) if self.pushed else None

    def plan(self) -> _Plan:
        own = [k for k in self.outputs if self.carried <= k < len(self.body.outputs)]
        read = [*own, *range(len(self.body.outputs), len(self.body.outputs) + len(self.stacked))]
        return _Plan(self.tape, self.moving, self.staying, self.mapped, self.seeded, self._forward(),
                     self._backward([*[("out", k) for k in own], *self.stacked]), self.kept, read)

    def _forward(self) -> Graph:
        b = Builder(self.split.forward.name)
        tapes = [b.parameter(self.tape)] if self.tape else []
        params = [b.parameter(p.aval) for p in self.body.params]
        values = b.inline(self.split.forward, params)
        found = {("in", k): x for k, x in enumerate(params)} | {("out", k): x for k, x in enumerate(values)}
        longer = [b.tape_push(tape, *[found[place] for place in self.pushed]) for tape in tapes]
        return b.finish([*longer, *values[:len(self.body.outputs)], *[found[place] for place in self.stacked]])

    def _backward(self, read: list) -> Graph:
        from mindspore.compiler.autodiff.vjp import add_cotangents
        b, split, avals = Builder(self.split.backward.name), self.split, self.body.in_avals
        tapes = [b.parameter(self.tape)] if self.tape else []
        cts = [b.parameter(avals[k]) for k in self.moving]
        sums = [b.parameter(avals[k]) for k in self.staying]
        last = self.carried + self.sliced
        found = {("in", k): b.parameter(avals[k]) for k in self.kept if k < last}
        found |= {place: b.parameter(self.avals[place]) for place in read}
        cts += [b.parameter(self.body.out_avals[k]) for k in self.seeded]
        found |= {("in", k): b.parameter(avals[k]) for k in self.kept if k >= last}
        shorter = []
        if tapes:
            rest, *values = b.items(b.tape_pop(tapes[0], aval=self.tape))
            shorter, found = [rest], found | dict(zip(self.pushed, values))
        grads = b.inline(split.backward, [*[found["in", k] for k in split.kept],
                                          *[found["out", k] for k in split.residuals], *cts])
        moved, added = grads[:len(self.moving)], grads[len(self.moving):len(self.moving) + len(sums)]
        return b.finish([*shorter, *moved, *[add_cotangents(b, known, more) for known, more in zip(sums, added)],
                         *grads[len(moved) + len(sums):]])
