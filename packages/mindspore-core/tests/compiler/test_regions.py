"""Region operators and tapes: the text form, the rules, derivatives of every order, and execution on devices."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import bool_, float32, float64, int32
from mindspore.compiler import pipeline
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, tape_aval, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.text import parse_text, show
from mindspore.compiler.ir.verify import VerificationError, verify
from mindspore.compiler.passes.calls import settle_calls
from mindspore.compiler.passes.stretches import cut
from mindspore.compiler.pipeline import run_graph
from mindspore.compiler.primitives import primitive
from mindspore.plugin import manager

VECTOR, COUNT, FLAG = tensor_aval((3,), float64), tensor_aval((), int32), tensor_aval((), bool_)
TAPE = tape_aval((VECTOR, COUNT))


def graph_of(name, avals, make):
    b = Builder(name)
    return b.finish(make(b, *[b.parameter(a) for a in avals]))


def total(b, x):
    return b.sum(x, axis=(0,), keepdims=False)


def choice(b, pred, x, w):
    """x w where pred, else sin(x) + w."""
    then = graph_of("then", (VECTOR, VECTOR), lambda b, x, w: [b.mul(x, w)])
    orelse = graph_of("orelse", (VECTOR, VECTOR), lambda b, x, w: [b.add(b.sin(x), w)])
    return b.items(b.cond(pred, x, w, then=then, orelse=orelse))[0]


def repeated(b, count, x, w, step):
    """`step(b, i, x, w)` applied `count` times to x."""
    avals = (COUNT, VECTOR, VECTOR, COUNT)
    condition = graph_of("condition", avals, lambda b, i, x, w, n: [b.lt(i, n)])
    body = graph_of("body", avals, lambda b, i, x, w, n: [b.add(i, 1), step(b, i, x, w)])
    return b.items(b.while_(b.constant(0, int32), x, w, count, condition=condition, body=body, carried=2))[1]


def scanned(b, x, w, rows, trip, reverse=False):
    """`trip(b, x, row, w)`, new x and an output, for each of the rows: the last x and all outputs."""
    body = graph_of("trip", (VECTOR, VECTOR, VECTOR), lambda b, x, row, w: trip(b, x, row, w))
    return b.items(b.scan(x, rows, w, body=body, length=rows.shape[0], carried=1, sliced=1, reverse=reverse))


def rows_of(b, x, w, count=4):
    """Different rows made of two vectors."""
    scale = b.constant(np.linspace(0.5, 1.5, count)[:, None])
    return b.sin(b.add(b.mul(scale, x), w))


def running_products(b, x, w, reverse=False):
    last, outputs = scanned(b, x, w, rows_of(b, x, w), lambda b, x, row, w: [
        b.mul(b.sin(x), b.add(row, w)), b.mul(x, row)], reverse)
    return b.add(last, b.sum(outputs, axis=(0,), keepdims=False))


CALLEE = graph_of("callee", (VECTOR, VECTOR), lambda b, x, w: [b.mul(b.sin(x), w), b.mul(b.exp(b.neg(b.mul(x, x))), w)])
LOOPING = graph_of("looping", (COUNT, VECTOR, VECTOR), lambda b, n, x, w: [
    repeated(b, n, x, w, lambda b, i, x, w: b.mul(b.sin(x), w))])


def called(b, x, w):
    """(sin(x) w, exp(-x^2) w)."""
    return b.items(b.emit(primitive("call"), (x, w), (CALLEE, False)))


def called_loop(b, n, x, w):
    return b.items(b.emit(primitive("call"), (n, x, w), (LOOPING, False)))[0]


def even(b, i):
    return b.eq(b.sub(i, b.mul(b.cast(b.floor(b.div(b.cast(i, dtype=float64), 2.0)), dtype=int32), 2)), 0)


PROGRAMS = {
    "choice": lambda b, n, x, w: choice(b, b.gt(n, 1), x, w),
    "choice by the value": lambda b, n, x, w: choice(b, b.gt(total(b, x), 0.0), x, w),
    "loop": lambda b, n, x, w: repeated(b, n, x, w, lambda b, i, x, w: b.mul(b.sin(x), w)),
    "choice in a loop": lambda b, n, x, w: repeated(b, n, x, w, lambda b, i, x, w: choice(b, even(b, i), x, w)),
    "loop in a loop": lambda b, n, x, w: repeated(b, n, x, w, lambda b, i, x, w: repeated(
        b, i, b.sin(x), w, lambda b, j, y, v: b.mul(y, v))),
    "loop after a loop": lambda b, n, x, w: repeated(
        b, n, repeated(b, n, x, w, lambda b, i, x, w: b.mul(x, w)), b.cos(w), lambda b, i, x, w: b.add(b.sin(x), w)),
    "scan": lambda b, n, x, w: running_products(b, x, w),
    "reversed scan": lambda b, n, x, w: running_products(b, x, w, reverse=True),
    "scan without slices": lambda b, n, x, w: b.items(b.scan(x, w, length=3, carried=1, body=graph_of(
        "trip", (VECTOR, VECTOR), lambda b, x, w: [b.mul(b.sin(x), w)])))[0],
    "map by a scan": lambda b, n, x, w: b.sum(b.items(b.scan(rows_of(b, x, w), w, length=4, sliced=1, body=graph_of(
        "trip", (VECTOR, VECTOR), lambda b, row, w: [b.mul(b.sin(row), w)])))[0], axis=(0,), keepdims=False),
    "choice in a scan": lambda b, n, x, w: scanned(b, x, w, rows_of(b, x, w), lambda b, x, row, w: [
        choice(b, b.gt(total(b, row), 0.0), x, w), x])[0],
    "scan in a loop": lambda b, n, x, w: repeated(b, n, x, w, lambda b, i, x, w: running_products(b, x, w)),
    "call": lambda b, n, x, w: called(b, called(b, x, w)[0], b.sin(w))[1],
    "call in a loop": lambda b, n, x, w: repeated(b, n, x, w, lambda b, i, x, w: b.sin(b.add(*called(b, x, w)))),
    "loop in a call": lambda b, n, x, w: called_loop(b, n, called_loop(b, n, x, w), w),
    "loop in a scan": lambda b, n, x, w: scanned(b, x, w, rows_of(b, x, w), lambda b, x, row, w: [repeated(
        b, b.cast(b.add(total(b, row), 3.0), dtype=int32), x, row, lambda b, i, y, v: b.mul(b.sin(y), v)), row])[0],
}
ORDERS = {"loop in a call": 2, "loop in a loop": 2, "loop after a loop": 2, "scan in a loop": 2, "loop in a scan": 2}


def program(name):
    return verify(graph_of("program", (COUNT, VECTOR, VECTOR), lambda b, *p: [total(b, PROGRAMS[name](b, *p))]))


def derivative(graph):
    """The gradients of a program by its vectors, and the sum of their squares as a program to differentiate again."""
    joint = vjp_graph(graph, (1, 2), (0,))
    b = Builder("derivative")
    params = [b.parameter(p.aval) for p in graph.params]
    grads = b.inline(joint, [*params, b.ones_like(graph.outputs[0].aval)])[1:]
    squares = b.add(*[total(b, b.mul(g, g)) for g in grads])
    return verify(b.finish(grads)), verify(b.finish([squares]))


def differences(graph, count, vectors, step=1e-6):
    """The gradients by central differences."""
    found = []
    for k, vector in enumerate(vectors):
        slopes = np.zeros_like(vector)
        for place in range(vector.size):
            ends = []
            for sign in (1, -1):
                moved = [v.copy() for v in vectors]
                moved[k][place] += sign * step
                ends.append(evaluate(graph, [count, *moved])[0])
            slopes[place] = (ends[0] - ends[1]) / (2 * step)
        found.append(slopes)
    return found


VECTORS = [np.array([0.3, -0.8, 1.1]), np.array([1.4, 0.7, -0.9])]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_derivatives_agree_with_differences(name, count):
    graph = program(name)
    for _ in range(ORDERS.get(name, 3)):
        gradients, squares = derivative(graph)
        got = evaluate(gradients, [np.int32(count), *VECTORS])
        for mine, theirs in zip(got, differences(graph, np.int32(count), VECTORS)):
            np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-6)
        graph = squares


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("backend", ["reference", "discrete"])
def test_devices_agree_with_the_evaluator(name, backend, discrete):
    device = manager.device(backend)
    graph = program(name)
    for _ in range(2):
        gradients, squares = derivative(graph)
        for count in (0, 1, 3):
            values = [np.int32(count), *VECTORS]
            for run in (graph, gradients):
                for mine, theirs in zip(run_graph(run, values, device), evaluate(run, values)):
                    np.testing.assert_allclose(mine, theirs, rtol=1e-12)
        graph = squares


@pytest.mark.parametrize("name", PROGRAMS)
def test_text_round_trips(name):
    for graph in (program(name), derivative(program(name))[0]):
        assert parse_text(show(graph)).key() == graph.key()


GOLDEN = """\
graph then(%0: float64[3], %1: float64[3]) {
  %2: float64[3] = mul(%0, %1)
  return %2
}
graph orelse(%0: float64[3], %1: float64[3]) {
  %2: float64[3] = sin(%0)
  %3: float64[3] = add(%2, %1)
  return %3
}
graph program(%0: int32[], %1: float64[3], %2: float64[3]) {
  %3: int32[] = constant() {value=literal(1, int32)}
  %4: bool_[] = gt(%0, %3)
  %5: (float64[3]) = cond(%4, %1, %2) {then=@then, orelse=@orelse}
  %6: float64[3] = item(%5) {index=0}
  %7: float64[] = sum(%6) {axis=(0,), keepdims=False}
  return %7
}"""


def test_text_of_a_choice():
    assert show(program("choice")) == GOLDEN


def test_text_of_tapes():
    nested = tape_aval((TAPE, FLAG))
    graph = graph_of("tapes", (TAPE, FLAG), lambda b, t, p: [b.tape_push(b.tape_empty(aval=nested), t, p)])
    assert "tape_empty() {aval=tape<tape<float64[3], int32[]>, bool_[]>}" in show(graph)
    assert parse_text(show(graph)).key() == graph.key()


def test_an_empty_tape_is_a_zero():
    graph = graph_of("zeros", (), lambda b: b.items(b.tape_pop(b.tape_empty(aval=TAPE), aval=TAPE))[1:])
    vector, count = evaluate(graph, [])
    np.testing.assert_array_equal(vector, np.zeros(3))
    assert count == 0 and count.dtype == np.int32


def test_tapes_add_where_both_have_entries():
    def make(b, x, n):
        from mindspore.compiler.autodiff.vjp import add_cotangents
        empty = b.tape_empty(aval=TAPE)
        short, long = b.tape_push(empty, x, n), b.tape_push(b.tape_push(empty, b.neg(x), n), b.mul(x, 3.0), n)
        rest, last, _ = b.items(b.tape_pop(add_cotangents(b, short, long), aval=TAPE))
        return [last, b.items(b.tape_pop(rest, aval=TAPE))[1]]

    graph = graph_of("add", (VECTOR, COUNT), make)
    for values in (evaluate(graph, [VECTORS[0], np.int32(1)]),
                   run_graph(graph, [VECTORS[0], np.int32(1)], manager.device("reference"))):
        np.testing.assert_allclose(values[0], 4 * VECTORS[0])
        np.testing.assert_allclose(values[1], -VECTORS[0])


@pytest.mark.parametrize(("make", "message"), [
    (lambda b, x, n: choice(b, n, x, x), "cond: the predicate is int32"),
    (lambda b, x, n: b.cond(b.gt(n, 0), n, then=graph_of("a", (COUNT,), lambda b, n: [n]), orelse=graph_of(
        "b", (COUNT,), lambda b, n: [b.cast(n, dtype=float32)])), r"cond: the graph of the false branch"),
    (lambda b, x, n: b.while_(x, condition=graph_of("c", (VECTOR,), lambda b, x: [x]), body=graph_of(
        "d", (VECTOR,), lambda b, x: [x]), carried=1), "while_: the condition goes from"),
    (lambda b, x, n: b.while_(x, condition=graph_of("c", (VECTOR,), lambda b, x: [b.gt(total(b, x), 0.0)]),
                              body=graph_of("d", (VECTOR,), lambda b, x: [total(b, x)]), carried=1),
     "while_: the body goes from"),
    (lambda b, x, n: b.scan(x, body=graph_of("e", (COUNT,), lambda b, n: [n]), length=2, sliced=1),
     "scan: a sliced operand is float64"),
    (lambda b, x, n: b.scan(x, body=graph_of("f", (VECTOR,), lambda b, x: [total(b, x)]), length=2, carried=1),
     "scan: the body goes from"),
    (lambda b, x, n: b.scan(x, body=graph_of("g", (VECTOR,), lambda b, x: [b.tape_empty(aval=TAPE)]), length=2),
     "scan: an output of a trip is tape<"),
    (lambda b, x, n: b.tape_push(b.tape_empty(aval=TAPE), x), "tape_push: got tape<"),
    (lambda b, x, n: b.tape_pop(x, aval=TAPE), "tape_pop: got float64"),
])
def test_errors_name_the_operator(make, message):
    b = Builder()
    with pytest.raises(TypeError, match=message):
        make(b, b.parameter(VECTOR), b.parameter(COUNT))


def test_the_verifier_looks_into_regions():
    graph = program("choice")
    then = next(n for n in graph.nodes if n.op.name == "cond").attr("then")
    then.nodes[-1].aval = VECTOR if then.nodes[-1].aval is not VECTOR else tensor_aval((4,), float64)
    with pytest.raises((VerificationError, TypeError)):
        verify(graph)


def test_stretches_are_few():
    """Regions that follow each other directly share a stretch, and what prepares both loops is one."""
    graph = derivative(program("loop"))[0]
    found = cut(graph)
    assert [sorted(n.op.name for n in s.regions) for s in found] == [["tape_empty", "while_", "while_"]]


def test_outputs_have_buffers_of_their_own():
    """A loop without trips gives its operands, a branch its operand: outputs are copies all the same."""
    device = manager.device("reference")
    graph = graph_of("same", (COUNT, VECTOR), lambda b, n, x: [
        *b.items(b.cond(b.gt(n, 0), x, x, then=graph_of("a", (VECTOR, VECTOR), lambda b, x, y: [x, y]),
                        orelse=graph_of("b", (VECTOR, VECTOR), lambda b, x, y: [y, b.neg(x)]))), x])
    from mindspore.compiler.pipeline import compile_graph
    from mindspore.runtime.transfer import upload
    buffers = [upload(device.allocator, np.asarray(v)) for v in (np.int32(1), VECTORS[0])]
    outputs = compile_graph(graph, device).run(buffers)
    assert len({id(b) for b in (*buffers, *outputs)}) == 5


def test_a_long_loop_is_differentiated():
    graph = graph_of("long", (COUNT, VECTOR, VECTOR), lambda b, n, x, w: [total(b, repeated(
        b, n, x, w, lambda b, i, x, w: b.add(x, b.mul(w, 0.001))))])
    got = run_graph(derivative(graph)[0], [np.int32(3000), *VECTORS], manager.device("reference"))
    np.testing.assert_allclose(got[0], np.ones(3))
    np.testing.assert_allclose(got[1], np.full(3, 3.0))


def chain(count, callee):
    """`count` calls of a graph, one after the other."""
    def make(b, x, w):
        for _ in range(count):
            x = b.items(b.emit(primitive("call"), (x, w), (callee, False)))[0]
        return [x]

    return graph_of("chain", (VECTOR, VECTOR), make)


def long_callee(nodes):
    def make(b, x, w):
        for k in range(nodes // 2):
            x = b.add(b.mul(b.sin(x) if k == 0 else x, w), float(k + 1))
        return [x]

    return graph_of("long", (VECTOR, VECTOR), make)


@pytest.mark.parametrize(("count", "nodes", "calls"), [(1, 600, 0), (2, 150, 0), (2, 250, 2), (6, 60, 6), (6, 20, 0)])
def test_calls_stay_where_they_save_many_nodes(count, nodes, calls):
    graph = chain(count, long_callee(nodes))
    settled = settle_calls(graph)
    assert [n.op.name for n in settled.nodes].count("call") == calls
    assert settle_calls(settled) is settled
    for mine, theirs in zip(evaluate(settled, VECTORS), evaluate(graph, VECTORS)):
        np.testing.assert_array_equal(mine, theirs)


def test_a_callee_is_differentiated_and_compiled_once(monkeypatch):
    graph = chain(6, long_callee(60))
    joint = vjp_graph(graph, (0, 1), (0,))
    callees = {n.attr("callee").key() for n in joint.nodes if n.op.name == "call"}
    assert len(callees) == 2 and sum(n.op.name == "call" for n in joint.nodes) == 12
    built = []
    build = pipeline._executable
    monkeypatch.setattr(pipeline, "_executable", lambda *args: built.append(args) or build(*args))
    got = run_graph(joint, [*VECTORS, np.ones(3)], manager.device("reference"))
    names = [plan.program.name for plan, _ in built]
    assert names.count("forward_long") == names.count("backward_long") == 1
    for mine, theirs in zip(got, evaluate(joint, [*VECTORS, np.ones(3)])):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
