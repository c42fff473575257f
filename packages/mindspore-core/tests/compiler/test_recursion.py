"""Recursion in the IR: `rec` against plain Python, its derivatives against differences, its text, and the rules."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import float64, int32
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.text import parse_text, show
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.passes.recursion import Machine, without_recursion
from mindspore.compiler.pipeline import run_graph
from mindspore.compiler.primitives.base import primitive
from mindspore.plugin import manager

X, N = tensor_aval((3,), float64), tensor_aval((), int32)


def graph_of(name, avals, make):
    b = Builder(name)
    return b.finish(make(b, *[b.parameter(a) for a in avals]))


def choice(b, pred, operands, then, orelse):
    avals = [o.aval for o in operands]
    then, orelse = graph_of("then", avals, then), graph_of("orelse", avals, orelse)
    return b.items(b.cond(pred, *operands, then=then, orelse=orelse))


def call(b, name, *operands):
    return b.items(b.rec_call(*operands, function=name, avals=(X,)))[0]


def function(name, step, base=lambda b, n, x, w: x):
    """name(n, x, w) = base if n <= 0 else step."""
    return graph_of(name, (N, X, X), lambda b, *p: choice(
        b, b.le(p[0], 0), p, lambda b, *p: [base(b, *p)], lambda b, *p: [step(b, *p)]))


def less(b, n, by=1):
    return b.sub(n, by)


def repeated(b, n, x, w):
    """A loop of three trips, each of which calls."""
    avals = (N, X, N, X)
    test = graph_of("test", avals, lambda b, i, x, n, w: [b.lt(i, 3)])
    body = graph_of("body", avals, lambda b, i, x, n, w: [b.add(i, 1), b.mul(call(b, "f", less(b, n, 2), x), w)])
    return b.items(b.while_(b.constant(0, int32), x, n, w, condition=test, body=body, carried=2))[1]


def decided_by_a_call(b, n, x, w):
    """A loop whose test calls."""
    avals = (N, X, N, X)
    test = graph_of("test", avals, lambda b, i, x, n, w: [b.logical_and(b.lt(i, 3), b.lt(b.sum(
        call(b, "f", less(b, n, 3), x), axis=(0,), keepdims=False), 2.0))])
    body = graph_of("body", avals, lambda b, i, x, n, w: [b.add(i, 1), b.add(b.mul(x, w), 0.3)])
    return b.items(b.while_(b.constant(0, int32), x, n, w, condition=test, body=body, carried=2))[1]


def long_join(b, n, x, w):
    """A choice with a call on one side, followed by more than is copied to both sides."""
    y = choice(b, b.gt(b.sum(x, axis=(0,), keepdims=False), 0.5), (n, x, w),
               lambda b, n, x, w: [b.sin(call(b, "f", less(b, n), b.mul(x, 0.5)))], lambda b, n, x, w: [b.cos(x)])[0]
    for _ in range(14):
        y = b.add(b.mul(y, 0.9), w)
    return b.add(y, x)


def total(b, x):
    return b.sum(x, axis=(0,), keepdims=False)


def in_a_scan(b, n, x, w, reverse=False):
    """Trips over the elements of w, of which each calls and gives an output."""
    row = tensor_aval((), float64)
    body = graph_of("trip", (X, row, N, X), lambda b, x, s, n, w: [
        b.add(b.mul(call(b, "f", less(b, n, 2), b.mul(x, s)), w), x), b.mul(total(b, x), s)])
    last, outputs = b.items(b.scan(x, w, n, x, body=body, length=3, carried=1, sliced=1, reverse=reverse))
    return b.mul(last, outputs)


def in_a_scan_without_trips(b, n, x, w):
    body = graph_of("trip", (X, N), lambda b, x, n: [call(b, "f", less(b, n), x)])
    return b.add(b.items(b.scan(x, n, body=body, length=0, carried=1, sliced=0))[0], w)


def in_a_called_graph(b, n, x, w):
    callee = graph_of("callee", (N, X, X), lambda b, n, x, w: [b.sin(call(b, "f", less(b, n), x)), b.mul(x, w)])
    first, second = b.items(b.emit(primitive("call"), (n, x, w), (callee, True)))
    return b.items(b.emit(primitive("call"), (less(b, n), first, second), (callee, False)))[0]


def own_derivative(b, n, x, w):
    """f(n - 1, x * w) * w, of which the derivative by x is said to be 3 w, in the trips of a scan."""
    forward = graph_of("forward", (X, N, X), lambda b, x, n, w: [b.mul(call(b, "f", less(b, n), b.mul(x, w)), w)])
    backward = graph_of("backward", (X, X, X, X), lambda b, x, out, ct, w: [b.mul(b.mul(ct, 3.0), w)])
    body = graph_of("trip", (X, N, X), lambda b, x, n, w: b.items(b.custom_vjp(
        x, n, w, w, forward=forward, backward=backward, inputs=1, held=2)))
    return b.items(b.scan(x, n, w, body=body, length=2, carried=1, sliced=0))[0]


SINGLE = {
    "linear": lambda b, n, x, w: b.mul(b.sin(call(b, "f", less(b, n), x)), w),
    "tail": lambda b, n, x, w: call(b, "f", less(b, n), b.mul(b.sin(x), w)),
    "tree": lambda b, n, x, w: b.add(b.mul(call(b, "f", less(b, n), b.sin(x)), w), call(b, "f", less(b, n, 2), x)),
    "of its own result": lambda b, n, x, w: call(b, "f", less(b, n), b.sin(call(b, "f", less(b, n, 2), b.mul(x, w)))),
    "in a branch": lambda b, n, x, w: choice(
        b, b.gt(b.sum(x, axis=(0,), keepdims=False), 0.5), (n, x, w),
        lambda b, n, x, w: [b.sin(call(b, "f", less(b, n), b.mul(x, 0.5)))],
        lambda b, n, x, w: [call(b, "f", less(b, n), b.add(x, w))])[0],
    "before a long join": long_join,
    "in a loop": repeated,
    "in the test of a loop": decided_by_a_call,
    "in a scan": in_a_scan,
    "in a reversed scan": lambda *p: in_a_scan(*p, reverse=True),
    "in a scan without trips": in_a_scan_without_trips,
    "in a called graph": in_a_called_graph,
}


def group(name):
    """The functions of a program, by name."""
    if name == "two functions":
        return {"f": function("f", lambda b, n, x, w: b.mul(call(b, "g", less(b, n), x), w)),
                "g": function("g", lambda b, n, x, w: b.sin(call(b, "f", less(b, n), b.add(x, w))), lambda b, n, x, w:
                              b.mul(x, x))}
    return {"f": function("f", SINGLE[name])}


PROGRAMS = [*SINGLE, "two functions"]


def program(name):
    functions = group(name)
    return verify(graph_of("program", (N, X, X), lambda b, *p: [b.sum(b.items(b.rec(
        *p, functions=tuple(functions.values()), names=tuple(functions), shared=1))[0], axis=(0,), keepdims=False)]))


def plainly(name, n, x, w):
    """The same in Python."""
    def f(n, x):
        if n <= 0:
            return x
        if name == "linear":
            return np.sin(f(n - 1, x)) * w
        if name == "tail":
            return f(n - 1, np.sin(x) * w)
        if name == "tree":
            return f(n - 1, np.sin(x)) * w + f(n - 2, x)
        if name == "of its own result":
            return f(n - 1, np.sin(f(n - 2, x * w)))
        if name == "in a branch":
            return np.sin(f(n - 1, x * 0.5)) if x.sum() > 0.5 else f(n - 1, x + w)
        if name == "before a long join":
            y = np.sin(f(n - 1, x * 0.5)) if x.sum() > 0.5 else np.cos(x)
            for _ in range(14):
                y = y * 0.9 + w
            return y + x
        if name == "in a loop":
            for _ in range(3):
                x = f(n - 2, x) * w
            return x
        if name == "in the test of a loop":
            i = 0
            while i < 3 and f(n - 3, x).sum() < 2:
                x, i = x * w + 0.3, i + 1
            return x
        if name in ("in a scan", "in a reversed scan"):
            outputs = np.zeros(3)
            start = x
            for k in (0, 1, 2) if name == "in a scan" else (2, 1, 0):
                outputs[k] = x.sum() * w[k]
                x = f(n - 2, x * w[k]) * start + x
            return x * outputs
        if name == "in a scan without trips":
            return x + w
        if name == "in a called graph":
            return np.sin(f(n - 2, np.sin(f(n - 1, x))))
        return g(n - 1, x) * w

    def g(n, x):
        return x * x if n <= 0 else np.sin(f(n - 1, x + w))

    return f(n, x).sum()


VECTORS = [np.array([0.3, -0.8, 1.1]), np.array([1.4, 0.7, -0.9])]


def gradients(graph):
    joint = vjp_graph(graph, (1, 2), (0,))
    b = Builder("gradients")
    params = [b.parameter(p.aval) for p in graph.params]
    return b.finish(b.inline(joint, [*params, b.ones_like(graph.outputs[0].aval)])[1:])


def differences(f, vectors, step=1e-6):
    """The gradients by central differences."""
    found = []
    for k, vector in enumerate(vectors):
        moves = [np.eye(vector.size)[i] * step for i in range(vector.size)]
        ends = [[f(*[v + s * m if j == k else v for j, v in enumerate(vectors)]) for s in (1, -1)] for m in moves]
        found.append(np.array([(a - b) / (2 * step) for a, b in ends]))
    return found


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("count", [0, 1, 4])
def test_values_and_gradients(name, count):
    graph = program(name)
    values = [np.int32(count), *VECTORS]
    np.testing.assert_allclose(evaluate(graph, values)[0], plainly(name, count, *VECTORS), rtol=1e-12)
    for mine, theirs in zip(evaluate(gradients(graph), values),
                            differences(lambda *v: plainly(name, count, *v), VECTORS)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-8)


def test_a_derivative_that_the_user_wrote_stays():
    """f(n, x) applies x -> f(n - 1, x * w) * w twice, of which the derivative is said to be 3 w."""
    b = Builder("program")
    n, x, w = [b.parameter(a) for a in (N, X, X)]
    functions = (function("f", own_derivative),)
    graph = b.finish([total(b, b.items(b.rec(n, x, w, functions=functions, names=("f",), shared=1))[0])])
    w = VECTORS[1]
    f = lambda n, x: x if n <= 0 else f(n - 1, f(n - 1, x * w) * w * w) * w  # noqa: E731
    for count in range(4):
        values = [np.int32(count), *VECTORS]
        np.testing.assert_allclose(evaluate(graph, values)[0], f(count, VECTORS[0]).sum(), rtol=1e-12)
        by_x, by_w = evaluate(gradients(graph), values)
        np.testing.assert_allclose(by_x, (3 * w) ** 2 if count else np.ones(3))
        np.testing.assert_array_equal(by_w, np.zeros(3))


@pytest.mark.parametrize("name", PROGRAMS)
def test_devices_agree_with_the_evaluator(name, discrete):
    graph, values = program(name), [np.int32(3), *VECTORS]
    for run in (graph, gradients(graph)):
        for mine, theirs in zip(run_graph(run, values, manager.device("discrete")), evaluate(run, values)):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_text_is_read_back(name):
    text = show(program(name))
    assert show(parse_text(text)) == text and "rec_call(" in text


def test_tail_recursion_needs_no_stack():
    graph = without_recursion(program("tail"))
    assert "tape" not in show(graph)
    assert "tape" in show(without_recursion(program("linear")))


def test_what_a_call_saves_is_what_is_read_afterwards():
    machine = Machine((group("tree")["f"],), ("f",), 1)
    saved = [[str(b.place.aval(key)) for key in b.live] for b in machine.returns.values()]
    assert saved == [["int32[]", "float64[3]"], ["float64[3]"]]


@pytest.mark.parametrize(("change", "message"), [
    ({"names": ("g",)}, "'g' calls 'f'"),
    ({"names": ("f", "f")}, "expected one name for each"),
    ({"shared": 0}, "'f' calls 'f' from"),
])
def test_rules(change, message):
    attrs = {"functions": (group("linear")["f"],), "names": ("f",), "shared": 1, **change}
    with pytest.raises(TypeError, match=message):
        graph_of("program", (N, X, X), lambda b, *p: b.items(b.rec(*p, **attrs)))
