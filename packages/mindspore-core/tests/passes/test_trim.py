"""Regions lose what nobody reads, and compute the same."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import bool_, float64, int32
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.passes.trim import trim_regions

VECTOR, COUNT, FLAG = tensor_aval((3,), float64), tensor_aval((), int32), tensor_aval((), bool_)
VALUES = [np.int32(3), np.array([0.3, -0.8, 1.1]), np.array([1.4, 0.7, -0.9])]


def graph_of(name, avals, make):
    b = Builder(name)
    return b.finish(make(b, *[b.parameter(a) for a in avals]))


def loop(b, n, x, w):
    """Results: the count, x, a value that only feeds itself, a value that x needs, one that stays as it is."""
    avals = (COUNT, VECTOR, VECTOR, VECTOR, VECTOR, COUNT, VECTOR)
    condition = graph_of("condition", avals, lambda b, i, x, own, helper, same, n, w: [b.lt(i, n)])
    body = graph_of("body", avals, lambda b, i, x, own, helper, same, n, w: [
        b.add(i, 1), b.mul(b.add(x, helper), same), b.mul(own, w), b.sin(helper), same])
    return b.items(b.while_(b.constant(0, int32), x, x, w, w, n, x, condition=condition, body=body, carried=5))


def scan(b, n, x, w):
    """Results: x, a value that only feeds itself, a stack of x, a stack of what else is computed."""
    body = graph_of("body", (VECTOR,) * 5, lambda b, x, own, row, other, w: [
        b.mul(b.add(x, row), w), b.add(own, other), x, b.mul(other, w)])
    rows = b.broadcast_to(x, shape=(4, 3))
    return b.items(b.scan(x, w, rows, b.sin(rows), w, body=body, length=4, carried=2, sliced=2))


def cond(b, n, x, w):
    then = graph_of("then", (VECTOR, VECTOR, COUNT), lambda b, x, w, n: [b.mul(x, x), b.mul(w, w), n])
    orelse = graph_of("orelse", (VECTOR, VECTOR, COUNT), lambda b, x, w, n: [b.sin(x), w, b.add(n, 1)])
    return b.items(b.cond(b.gt(n, 2), x, w, n, then=then, orelse=orelse))


@pytest.mark.parametrize(("make", "read", "operands", "results"), [
    (loop, (0, 1, 2, 3, 4), 7, 4), (loop, (1,), 5, 3), (loop, (0,), 2, 1), (loop, (2,), 4, 2), (loop, (4,), 0, 0),
    (scan, (0, 1, 2, 3), None, 4), (scan, (0,), 3, 1), (scan, (2,), 3, 2), (scan, (3,), 2, 1), (scan, (1,), 2, 1),
    (cond, (0, 1, 2), None, 3), (cond, (0,), 2, 1), (cond, (1,), 2, 1), (cond, (2,), 2, 1)])
def test_what_is_not_read_goes(make, read, operands, results):
    def program(b, *params):
        found = make(b, *params)
        return [found[k] for k in read]

    graph = graph_of("program", (COUNT, VECTOR, VECTOR), program)
    trimmed = verify(trim_regions(graph))
    regions = [n for n in trimmed.nodes if n.op.regions]
    assert sum(len(n.aval.items) for n in regions) == results
    if operands is None:
        assert trimmed is graph
    elif regions:
        assert len(regions[0].ins) == operands
    assert trim_regions(trimmed) is trimmed
    for mine, theirs in zip(evaluate(trimmed, VALUES), evaluate(graph, VALUES), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_derivative_that_is_not_taken_leaves_no_tape():
    graph = graph_of("program", (COUNT, VECTOR, VECTOR), lambda b, *p: [loop(b, *p)[1]])
    joint = vjp_graph(graph, (1, 2), (0,))
    b = Builder("value")
    value = b.finish(b.inline(joint, [b.parameter(p.aval) for p in joint.params])[:1])
    assert any(n.op.name == "tape_empty" for n in value.nodes)
    trimmed = trim_regions(value)
    assert not any(n.op.name == "tape_empty" for n in trimmed.nodes)


def test_sums_for_gradients_that_nobody_asked_for_go():
    graph = graph_of("program", (COUNT, VECTOR, VECTOR), lambda b, *p: [loop(b, *p)[1]])
    joint = vjp_graph(graph, (1, 2), (0,))
    b = Builder("one_gradient")
    found = b.inline(joint, [b.parameter(p.aval) for p in joint.params])
    one = b.finish(found[:2])
    backward = [n for n in trim_regions(one).nodes if n.op.name == "while_"][-1]
    before = [n for n in one.nodes if n.op.name == "while_"][-1]
    assert len(backward.aval.items) < len(before.aval.items)
    values = [*VALUES, np.ones(3)]
    for mine, theirs in zip(evaluate(trim_regions(one), values), evaluate(joint, values)):
        np.testing.assert_array_equal(mine, theirs)
