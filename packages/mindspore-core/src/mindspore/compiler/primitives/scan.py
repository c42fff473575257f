"""`scan`: a loop whose number of trips is known when the graph is made.

A trip takes the carried values, one slice of each sliced operand, and the operands that stay; it gives the new carried
values and one slice of each stacked result. All stacked arrays are as long as the loop, so they are allocated once and
each trip fills its own part: nothing grows and nothing is copied.

The derivative of a scan is a scan that runs the other way.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32
from mindspore.compiler.ir.aval import TensorAval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph
from mindspore.compiler.primitives.base import Sample, register
from mindspore.compiler.primitives.regions import Region, differentiable_places, gradients_of


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

    def vjp(self, b, cts, outs, *operands, body, length, carried, sliced, reverse):
        smooth = differentiable_places(body.in_avals)
        kept = b.items(b.scan(*operands, body=_keeping(body, carried), length=length, carried=carried, sliced=sliced,
                              reverse=reverse))[len(outs):]
        seeded = differentiable_places(body.out_avals)
        moving = [k for k in seeded if k < carried]
        seeds = {k: b.zeros_like(outs[k].aval) if cts[k] is None else cts[k] for k in seeded}
        staying = [k for k in smooth if k >= carried + sliced]
        start = [*[seeds[k] for k in moving], *[b.zeros_like(operands[k].aval) for k in staying]]
        results = b.items(b.scan(
            *start, *kept, *operands[carried:carried + sliced], *[seeds[k] for k in seeded if k >= carried],
            *operands[carried + sliced:], body=_step_back(body, carried, sliced, smooth, seeded), length=length,
            carried=len(start), sliced=carried + sliced + len(seeded) - len(moving), reverse=not reverse))
        slices = [k for k in smooth if carried <= k < carried + sliced]
        found = dict(zip([*moving, *staying, *slices], results))
        return tuple(found.get(k) for k in range(len(operands)))

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


def _keeping(body: Graph, carried: int) -> Graph:
    """A trip that also gives the carried values that it started from."""
    b = Builder(f"keep_{body.name}")
    params = [b.parameter(p.aval) for p in body.params]
    return b.finish([*b.inline(body, params), *params[:carried]])


def _step_back(body: Graph, carried: int, sliced: int, smooth: tuple[int, ...], seeded: tuple[int, ...]) -> Graph:
    """One trip backwards: from (cotangents of the carried values, sums for the operands that stay, carried values
    before the trip, slices, cotangents of the outputs, operands that stay) to (cotangents, sums, cotangents of the
    slices)."""
    from mindspore.compiler.autodiff.vjp import add_cotangents
    back = gradients_of(body, smooth, seeded)
    avals = body.in_avals
    b = Builder(f"back_{body.name}")
    moving = {k: b.parameter(avals[k]) for k in seeded if k < carried}
    sums = {k: b.parameter(avals[k]) for k in smooth if k >= carried + sliced}
    before = [b.parameter(a) for a in avals[:carried + sliced]]
    cts = [b.parameter(body.out_avals[k]) for k in seeded if k >= carried]
    rest = [b.parameter(a) for a in avals[carried + sliced:]]
    grads = dict(zip(smooth, b.inline(back, [*before, *rest, *moving.values(), *cts])))
    return b.finish([*[grads[k] for k in moving], *[add_cotangents(b, known, grads[k]) for k, known in
                                                     sums.items()],
                     *[grads[k] for k in smooth if carried <= k < carried + sliced]])
