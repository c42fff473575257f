"""What derivatives keep: residuals by count and type, loops that run once, halves that agree with the joint graph."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import bool_, float64, int32
from mindspore.compiler.autodiff.partition import partition
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.verify import verify

VECTOR, MATRIX = tensor_aval((3,), float64), tensor_aval((3, 3), float64)
COUNT, FLAG = tensor_aval((), int32), tensor_aval((), bool_)


def graph_of(name, avals, make):
    b = Builder(name)
    return b.finish(make(b, *[b.parameter(a) for a in avals]))


def row(b, x, w):
    return b.reshape(b.matmul(b.reshape(x, shape=(1, 3)), w), shape=(3,))


FORMS = {
    # name: (body from (x, v, w) to x, kept parameters, residuals) by all three; only w is fixed
    "sum": (lambda b, x, v, w: b.add(x, v), (), 0),
    "product": (lambda b, x, v, w: b.mul(x, v), (0, 1), 0),
    "scaled": (lambda b, x, v, w: b.mul(x, 3.0), (), 0),
    "of a result": (lambda b, x, v, w: b.exp(x), (), 1),
    "of an operand": (lambda b, x, v, w: b.sin(x), (), 1),
    "a mask is cheaper than its operands": (lambda b, x, v, w: b.select(b.gt(x, v), x, v), (), 1),
    "masks come from what is kept anyway": (lambda b, x, v, w: b.mul(b.select(b.gt(x, v), x, v), b.mul(x, v)),
                                            (0, 1), 0),
    "moves run again": (lambda b, x, v, w: row(b, x, w), (0, 2), 0),
    "products of matrices do not": (lambda b, x, v, w: b.mul(b.exp(row(b, x, w)), v), (0, 1, 2), 1),
    "what is fixed is not kept": (lambda b, x, v, w: b.mul(x, b.exp(b.sum(w, axis=(0,), keepdims=False))), (0, 2), 0),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_fewest_bytes_are_kept(name):
    make, kept, residuals = FORMS[name]
    graph = graph_of("form", (VECTOR, VECTOR, MATRIX), lambda b, *p: [make(b, *p)])
    split = partition(graph, (0, 1, 2), (0,), fixed=(2,))
    assert split.kept == kept
    assert len(split.residuals) == residuals
    values = [np.array([0.3, -0.8, 1.1]), np.array([1.4, 0.7, -0.9]), np.arange(9.0).reshape(3, 3) / 7]
    ct = np.array([1.0, -2.0, 0.5])
    want = evaluate(vjp_graph(graph, (0, 1, 2), (0,)), [*values, ct])
    found = evaluate(verify(split.forward), values)
    grads = evaluate(verify(split.backward), [*[values[k] for k in kept], *[found[k] for k in split.residuals], ct])
    for mine, theirs in zip([found[0], *grads], want, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_partition_is_made_once():
    graph = graph_of("form", (VECTOR, VECTOR), lambda b, x, v: [b.mul(x, v)])
    assert partition(graph, (0,), (0,), free=(1,)) is partition(graph, (0,), (0,), free=(1,))
    assert partition(graph, (0,), (0,), free=(1,)) is not partition(graph, (0,), (0,))


def loop(b, x, w, step):
    """`step` while the sum of x is below 100, with a count that nobody differentiates."""
    avals = (VECTOR, COUNT, MATRIX)
    condition = graph_of("condition", avals, lambda b, x, n, w: [
        b.lt(b.sum(x, axis=(0,), keepdims=False), b.constant(100.0))])
    body = graph_of("body", avals, lambda b, x, n, w: [step(b, x, w), b.add(n, 1)])
    return b.items(b.while_(x, b.constant(0, int32), w, condition=condition, body=body, carried=2))


def scan(b, x, w, step, length=4):
    """`step` on x with a result for each trip."""
    body = graph_of("body", (VECTOR, MATRIX), lambda b, x, w: [step(b, x, w)] * 2)
    return b.items(b.scan(x, w, body=body, length=length, carried=1))


def regions(graph: Graph) -> list:
    return [n for n in graph.nodes if n.op.regions]


def derivative(make, wanted=(0, 1)):
    graph = graph_of("program", (VECTOR, MATRIX), lambda b, x, w: list(make(b, x, w)))
    return verify(vjp_graph(graph, wanted, (0,)))


@pytest.mark.parametrize(("step", "wanted", "kept"), [
    (lambda b, x, w: b.add(x, b.sum(w, axis=(0,), keepdims=False)), (0, 1), None),
    (lambda b, x, w: b.mul(x, b.sum(w, axis=(0,), keepdims=False)), (0,), None),
    (lambda b, x, w: b.mul(x, b.sum(w, axis=(0,), keepdims=False)), (0, 1), (VECTOR,)),
    (lambda b, x, w: b.exp(b.tanh(x)), (0,), (VECTOR, VECTOR)),
    (lambda b, x, w: b.tanh(row(b, x, w)), (0,), (VECTOR,)),
    (lambda b, x, w: b.tanh(row(b, x, w)), (0, 1), (VECTOR, VECTOR)),
])
def test_a_loop_pushes_what_its_gradient_reads_and_runs_once(step, wanted, kept):
    joint = derivative(lambda b, x, w: loop(b, x, w, step)[:1], wanted)
    forward, backward = [n for n in regions(joint) if n.op.name == "while_"]
    tapes = [n for n in joint.nodes if n.op.name == "tape_empty"]
    assert [t.aval.entry for t in tapes] == ([] if kept is None else [kept])
    assert forward.attr("carried") == 3 + len(tapes)
    assert backward.attr("carried") == 1 + len(tapes) + len(wanted)
    condition = [n.op.name for n in forward.attr("condition").nodes]
    assert "sum" in condition and condition.count("lt") == 1


@pytest.mark.parametrize(("step", "wanted", "results"), [
    (lambda b, x, w: b.add(x, 1.0), (0,), 2),
    (lambda b, x, w: b.exp(b.neg(x)), (0,), 2),
    (lambda b, x, w: b.sin(x), (0,), 3),
    (lambda b, x, w: b.tanh(row(b, x, w)), (0,), 2),
    (lambda b, x, w: b.tanh(row(b, x, w)), (0, 1), 3),
])
def test_a_scan_does_not_stack_a_result_twice(step, wanted, results):
    joint = derivative(lambda b, x, w: scan(b, x, w, step)[1:], wanted)
    forward, backward = regions(joint)
    assert forward.op.name == backward.op.name == "scan"
    assert len(forward.aval.items) == results
    assert backward.attr("reverse") and not forward.attr("reverse")


def test_branches_share_places_for_residuals():
    def make(b, x, w):
        then = graph_of("then", (VECTOR, MATRIX), lambda b, x, w: [b.exp(b.tanh(row(b, x, w)))])
        orelse = graph_of("orelse", (VECTOR, MATRIX), lambda b, x, w: [b.mul(b.sigmoid(row(b, x, w)), x)])
        test = b.gt(b.sum(x, axis=(0,), keepdims=False), b.constant(0.0))
        return b.items(b.cond(test, x, w, then=then, orelse=orelse))

    forward, backward = regions(derivative(make))
    assert forward.op.name == backward.op.name == "cond"
    assert forward.aval.items == (VECTOR, VECTOR)
    products = [n.op.name for g in (backward.attr("then"), backward.attr("orelse")) for n in g.nodes]
    assert products.count("matmul") == 4 and not {"exp", "tanh", "sigmoid"} & set(products)


def test_a_loop_without_influence_on_the_result_is_not_recorded():
    joint = derivative(lambda b, x, w: [b.add(x, b.cast(loop(b, x, w, lambda b, x, w: b.exp(x))[1], dtype=float64))])
    assert [n.op.name for n in regions(joint)] == ["while_"]
    assert not any(n.op.name == "tape_empty" for n in joint.nodes)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_loops_do_not_multiply_with_the_order(order):
    """Each order adds the loops that its own derivative needs: 2, 4, 8, 16; repeated ones would make it 3 to the n."""
    graph = graph_of("program", (VECTOR, MATRIX), lambda b, x, w: [
        b.sum(loop(b, x, w, lambda b, x, w: b.exp(b.sin(x)))[0], axis=(0,), keepdims=False)])
    for _ in range(order):
        joint = vjp_graph(graph, (0,), (0,))
        b = Builder("gradient")
        params = [b.parameter(p.aval) for p in graph.params]
        (grad,) = b.inline(joint, [*params, b.constant(1.0)])[1:]
        graph = b.finish([b.sum(grad, axis=(0,), keepdims=False)])
    assert sum(n.op.name == "while_" for n in graph.nodes) <= 2**order
