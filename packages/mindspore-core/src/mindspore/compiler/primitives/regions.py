"""Region operators: choice and loops whose bodies are closed graphs.

`cond` runs one of two graphs, `while_` runs a graph as long as another says so. Both are ordinary operators with
several outputs; their graphs are attributes, so they are typed, differentiated and compiled like any other graph.

The derivative of `cond` is a `cond` of the branches' derivatives. The derivative of `while_` repeats the loop, pushing
what each trip starts from on a tape (`tapes`), and is then a second `while_` that pops the entries and applies the
derivative of the body. Both loops are made of operators that have derivatives, so higher orders need nothing more.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_, float32, int32
from mindspore.compiler.ir.aval import tape_aval, tensor_aval, tuple_aval
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


def differentiable_places(avals) -> tuple[int, ...]:
    """The positions of the values that have derivatives."""
    from mindspore.compiler.autodiff.vjp import is_differentiable
    return tuple(k for k, aval in enumerate(avals) if is_differentiable(aval))


def gradients_of(graph: Graph, wanted: tuple[int, ...], seeded: tuple[int, ...]) -> Graph:
    """The graph from (parameters, cotangents of the seeded outputs) to the gradients of the wanted parameters."""
    from mindspore.compiler.autodiff.vjp import vjp_graph
    key = ("gradients", wanted, seeded)
    found = graph.memo.get(key)
    if found is None:
        joint = vjp_graph(graph, wanted, seeded)
        b = Builder(f"grad_{graph.name}")
        params = [b.parameter(p.aval) for p in joint.params]
        found = graph.memo[key] = b.finish(b.inline(joint, params)[len(graph.outputs):])
    return found


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

    def vjp(self, b, cts, outs, pred, *operands, then, orelse):
        wanted = differentiable_places([x.aval for x in operands])
        seeded = tuple(k for k, ct in enumerate(cts) if ct is not None)
        grads = b.items(b.cond(pred, *operands, *[cts[k] for k in seeded], then=gradients_of(then, wanted, seeded),
                               orelse=gradients_of(orelse, wanted, seeded)))
        found = dict(zip(wanted, grads))
        return (None, *[found.get(k) for k in range(len(operands))])

    def samples(self):
        attrs = {"then": _sample_branch("square"), "orelse": _sample_branch("negate")}
        x = np.linspace(-1.0, 1.0, 4, dtype=np.float32)
        return [Sample((np.bool_(True), x), attrs, exact_dtypes=True),
                Sample((np.bool_(False), x), attrs, exact_dtypes=True),
                Sample((x, x), attrs, error=TypeError, exact_dtypes=True),
                Sample((np.bool_(True), x[:2]), attrs, error=TypeError, exact_dtypes=True)]


def _sample_branch(name: str) -> Graph:
    b = Builder(name)
    x = b.parameter(tensor_aval((4,), float32))
    return b.finish([b.mul(x, x) if name == "square" else b.neg(b.sin(x))])


@register
class While(Region):
    """Runs `body` while `condition` gives true.

    The first `carried` operands change from trip to trip, the others stay. `condition` goes from all operands to a 0-d
    bool, `body` to new values of the carried ones, in the same shapes and dtypes. Results: the carried values at the
    end. Gradient: the trips are repeated with the carried values pushed on a tape, then a loop pops them and applies
    the body's gradient, adding up what belongs to the operands that stay.
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

    def vjp(self, b, cts, outs, *operands, condition, body, carried):
        avals = [x.aval for x in operands]
        smooth = differentiable_places(avals)
        moving = [k for k in smooth if k < carried]
        trips, tape = _record(b, operands, condition, body, carried)
        seeds = [b.zeros_like(avals[k]) if k >= carried or cts[k] is None else cts[k] for k in smooth]
        body = _step_back(avals, body, carried, smooth, len(moving))
        more = Builder("more")
        first = [more.parameter(p.aval) for p in body.params][0]
        results = b.items(b.while_(trips, tape, *seeds, *operands[carried:], condition=more.finish([more.gt(first, 0)]),
                                   body=body, carried=2 + len(smooth)))
        found = dict(zip(smooth, results[2:]))
        return tuple(found.get(k) for k in range(len(operands)))

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


def _record(b: Builder, operands, condition: Graph, body: Graph, carried: int) -> tuple:
    """The loop with two more carried values: (the number of trips, the tape of what each trip started from)."""
    tape = tape_aval(tuple(x.aval for x in operands[:carried]))
    avals = [COUNT, tape, *[x.aval for x in operands]]
    test, loop = Builder(condition.name), Builder(f"record_{body.name}")
    params = [test.parameter(a) for a in avals]
    test = test.finish(test.inline(condition, params[2:]))
    trips, pushed, *values = [loop.parameter(a) for a in avals]
    pushed = loop.tape_push(pushed, *values[:carried])
    loop = loop.finish([loop.add(trips, 1), pushed, *loop.inline(body, values)])
    results = b.items(b.while_(b.constant(0, int32), b.tape_empty(aval=tape), *operands, condition=test, body=loop,
                               carried=2 + carried))
    return results[0], results[1]


def _step_back(avals: list, body: Graph, carried: int, smooth: tuple[int, ...], moving: int) -> Graph:
    """One trip backwards: (trips, tape, gradients, operands that stay) -> (trips, tape, gradients) before it. The first
    `moving` gradients are those of carried values, the others are sums."""
    from mindspore.compiler.autodiff.vjp import add_cotangents
    tape = tape_aval(tuple(avals[:carried]))
    back = gradients_of(body, smooth, smooth[:moving])
    b = Builder(f"back_{body.name}")
    trips, entries = b.parameter(COUNT), b.parameter(tape)
    cts = [b.parameter(avals[k]) for k in smooth]
    rest = [b.parameter(a) for a in avals[carried:]]
    shorter, *state = b.items(b.tape_pop(entries, aval=tape))
    grads = b.inline(back, [*state, *rest, *cts[:moving]])
    sums = [add_cotangents(b, known, more) for known, more in zip(cts[moving:], grads[moving:])]
    return b.finish([b.sub(trips, 1), shorter, *grads[:moving], *sums])


