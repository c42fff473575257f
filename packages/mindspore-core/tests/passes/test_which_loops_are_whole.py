"""Which loops core calls whole: those in which nothing runs but generated code."""
from __future__ import annotations

from dataclasses import replace

import pytest

from mindspore.common.dtype import float32, int32
from mindspore.compiler.ir import Builder, tape_aval, tensor_aval
from mindspore.compiler.pipeline import make_plan
from mindspore.compiler.program import REGION
from mindspore.plugin import Capabilities
from mindspore.reference.device import ReferenceDevice

VECTOR, COUNT = tensor_aval((8,), float32), tensor_aval((), int32)
TAPE = tape_aval((VECTOR,))


class Looping(ReferenceDevice):
    """Generates code for a few operators, and has a kernel for one."""

    capabilities = Capabilities(
        dtypes=frozenset({"float32", "int32", "bool_"}), in_place=True, regions=True, loops=True,
        codegen=frozenset({"add", "sub", "mul", "sin", "gt", "reshape", "broadcast_to"}))

    def __init__(self):
        super().__init__()
        self.kernels = {"cumsum": self.kernels["cumsum"]}


class NotLooping(Looping):
    capabilities = replace(Looping.capabilities, loops=False)


def graph_of(name, avals, make):
    b = Builder(name)
    found = make(b, *[b.parameter(a) for a in avals])
    return b.finish(found if isinstance(found, (list, tuple)) else [found])


def counted(b, trips, operands, step):
    """The carried values after some trips."""
    avals = [o.aval for o in operands]
    condition = graph_of("more", (COUNT, *avals), lambda b, n, *values: b.gt(n, 0))
    body = graph_of("trip", (COUNT, *avals), lambda b, n, *values: [b.sub(n, 1), *step(b, *values)])
    return b.items(b.while_(trips, *operands, condition=condition, body=body, carried=1 + len(operands)))[1:]


def swing(b, x):
    return [b.mul(b.sin(x), 1.5)]


def choose(b, x):
    then, orelse = graph_of("then", (VECTOR,), swing), graph_of("orelse", (VECTOR,), lambda b, x: b.add(x, 1.0))
    taken = b.gt(b.reshape(b.slice(x, begin=(0,), end=(1,), strides=(1,)), shape=()), 0.0)
    return b.items(b.cond(taken, x, then=then, orelse=orelse))


def nested(b, x):
    return counted(b, b.constant(3, int32), [x], swing)


def push_and_forget(b, x):
    """Its trips push what they do not leave."""
    tape = b.tape_push(b.tape_empty(aval=TAPE), x)
    found, _ = counted(b, b.constant(3, int32), [tape, x], lambda b, t, x: [b.tape_push(t, b.sin(x)), x])
    return [b.add(x, b.items(b.tape_pop(found, aval=TAPE))[1])]


CASES = {"a group": (swing, True), "a choice": (choose, True), "a loop": (nested, True),
         "a kernel": (lambda b, x: [b.cumsum(b.sin(x), axis=0)], False),
         "a host launch": (lambda b, x: [b.tanh(x)], False), "a scope": (push_and_forget, False)}


def loops(plan):
    return [s.region for s in plan.launches if s.kind == REGION and s.name == "while_"]


@pytest.mark.parametrize("name", CASES)
def test_a_loop_is_whole_if_nothing_runs_but_groups(name):
    step, expected = CASES[name]
    graph = graph_of("loop", (COUNT, VECTOR), lambda b, n, x: counted(b, n, [x], step))
    region, = loops(make_plan(graph, Looping()))
    assert region.whole == expected
    assert ("whole region while_" in make_plan(graph, Looping()).program.show()) == (expected or name == "a scope")
    assert not loops(make_plan(graph, NotLooping()))[0].whole


def test_a_loop_that_pushes_and_one_that_pops_are_whole():
    def make(b, n, x):
        tape, y = counted(b, n, [b.tape_empty(aval=TAPE), x], lambda b, t, x: [b.tape_push(t, x), b.sin(x)])
        return counted(b, n, [tape, y], lambda b, t, x: [
            b.items(b.tape_pop(t, aval=TAPE))[0], b.mul(x, b.items(b.tape_pop(t, aval=TAPE))[1])])[1]
    assert [r.whole for r in loops(make_plan(graph_of("both", (COUNT, VECTOR), make), Looping()))] == [True, True]


def test_the_sum_of_tapes_is_the_executors():
    def step(b, t, x):
        return [b.tape_add(t, t, adder=graph_of("sum", (VECTOR, VECTOR), lambda b, x, y: b.add(x, y))), x]
    graph = graph_of("sums", (COUNT, VECTOR), lambda b, n, x: b.items(b.tape_pop(counted(
        b, n, [b.tape_push(b.tape_empty(aval=TAPE), x), x], step)[0], aval=TAPE))[1])
    assert not loops(make_plan(graph, Looping()))[0].whole
