"""Loops lose what need not be done trip by trip, and compute the same: values and derivatives of order 1 and 2."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, ops
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.pipeline import run_graph, simplified
from mindspore.gradient import grad
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend

TRIPS, WIDTH = 12, 3
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(TRIPS, 2, WIDTH))
H = RNG.normal(size=(2, WIDTH))
W, V = RNG.normal(size=(WIDTH, WIDTH)) / 2, RNG.normal(size=(2 * WIDTH, 4 * WIDTH)) / 2
BIAS = RNG.normal(size=WIDTH)


@pytest.fixture(autouse=True)
def graph_mode():
    with use_backend("reference"):
        ms.set_context(mode=ms.GRAPH_MODE)
        yield
        ms.set_context(mode=ms.PYNATIVE_MODE)


def projected(rows, h, w, bias):
    for t in range(TRIPS):
        h = ops.tanh(rows[t] @ w + h @ w.T + bias)
    return h


def states(rows, h, w, bias):
    found = []
    for t in range(TRIPS):
        h = ops.tanh(h @ w + rows[t])
        found.append(h @ w.T + bias)
    return ops.stack(found)


def lstm(rows, h, w):
    c = h
    for t in range(TRIPS):
        i, f, g, o = ops.split(ops.cat((rows[t], h), 1) @ w, WIDTH, 1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
    return h


def summed_loss(rows, h, w, bias):
    loss = bias.sum()
    for t in range(TRIPS):
        h = ops.tanh(h @ w + bias)
        loss = loss + ops.log_softmax(h @ w.T, -1)[:, 0].sum() * rows[t, 0, 0]
    return loss + h.sum()


def columns(rows, h, w, bias):
    x = h[0].reshape((WIDTH, 1))
    for t in range(TRIPS):
        x = ops.tanh(w @ rows[t, 0].reshape((WIDTH, 1)) + w.T @ x) * bias.reshape((WIDTH, 1))
    return x


def without_state(rows, h, w, bias):
    found = []
    for t in range(TRIPS):
        found.append(ops.softmax(rows[t] @ w, -1) @ w.T + ops.exp(bias) * t)
    return ops.stack(found)


def backwards(rows, h, w, bias):
    for t in range(TRIPS - 1, -1, -1):
        h = ops.sin(rows[t] @ w + h * ops.exp(bias)) @ w
    return h


def from_a_sum(rows, h, w, bias):
    total = bias * 2
    for t in range(TRIPS):
        h = ops.tanh(h @ w)
        total = total + (rows[t] * h).sum(0) - h[0]
    return total


def choice_in_a_trip(rows, h, w, bias):
    for t in range(TRIPS):
        if h.sum() > 0:
            h = ops.tanh(h @ w + rows[t])
        else:
            h = ops.sin(rows[t] @ w + bias)
    return h


def loop_in_a_loop(rows, h, w, bias):
    for t in range(TRIPS):
        x = rows[t]
        for _ in range(10):
            x = ops.tanh(x @ ops.exp(w) + h * ops.sin(bias)) + ops.cos(x) - x * bias
        h = h + x
    return h


def until(rows, h, w, bias):
    n = 0
    while n < ops.exp(bias).sum() + 4:
        h = h + ops.exp(w).sum() * 0.3 + ops.sin(h @ (w * w))
        n = n + 1
    return h


PROGRAMS = {f.__name__: f for f in (projected, states, lstm, summed_loss, columns, without_state, backwards, from_a_sum,
                                    choice_in_a_trip, loop_in_a_loop, until)}


def arguments(f):
    return [ROWS, H, V] if f is lstm else [ROWS, H, W, BIAS]


def first_order(f, *positions):
    return grad(lambda *args: (f(*args) ** 2).sum(), positions)


def second_order(f):
    """The gradient by everything of the sum of squares of a gradient."""
    count = len(arguments(f))
    first = first_order(f, *range(count))
    return grad(lambda *args: sum((g ** 2).sum() for g in first(*args)), tuple(range(count)))


def graph_of(f, program):
    return jit(f).graph(*[Tensor(a) for a in arguments(program)])


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_same_is_computed(name, order):
    f = PROGRAMS[name]
    count = len(arguments(f))
    derivative = [f, first_order(f, *range(count)), second_order(f)][order]
    graph = graph_of(derivative, f)
    light = verify(simplified(graph))
    assert light is not graph
    for want, got in zip(evaluate(graph, arguments(f)), evaluate(light, arguments(f)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11)


def trips(f, program=None):
    """For each loop of the simplified graph what its body consists of."""
    graph = simplified(graph_of(f, program or f))
    return [[n.op.name for n in loop.attr("body").nodes if n.op.name not in ("parameter", "constant", "item")]
            for loop in graph.nodes if loop.op.name in ("scan", "while_")], [n.op.name for n in graph.nodes]


def test_projections_of_inputs_leave_the_loop():
    (body,), around = trips(projected)
    assert body.count("matmul") == 1 and around.count("matmul") == 1
    (body,), around = trips(backwards)
    assert body.count("matmul") == 1 and around.count("matmul") == 1 and "exp" not in body
    (body,), around = trips(columns)
    assert body.count("matmul") == 1 and around.count("matmul") == 1


def test_what_is_read_only_after_the_loop_leaves_it():
    (body,), around = trips(states)
    assert body == ["matmul", "add", "tanh"] and around.count("matmul") == 1
    (body,), around = trips(summed_loss)
    assert body == ["matmul", "add", "tanh"] and around.count("matmul") == 1
    bodies, around = trips(without_state)
    assert bodies == [] and around.count("matmul") == 2


def test_gradients_of_weights_are_one_product():
    (forward, backward), around = trips(first_order(projected, 2, 3), projected)
    assert forward.count("matmul") == 1 and backward.count("matmul") == 1
    assert "sum" not in backward and around.count("matmul") == 3
    (forward, backward), around = trips(first_order(lstm, 2), lstm)
    assert forward.count("matmul") == 1 and backward.count("matmul") == 1 and around.count("matmul") == 2
    assert backward.count("concat") == 1 and "pad" not in backward and "slice" not in backward


def test_gradients_of_inputs_are_one_product():
    (_, backward), around = trips(first_order(lstm, 0, 2), lstm)
    assert backward.count("matmul") == 1 and around.count("matmul") == 3


def test_second_derivatives_keep_one_product_for_each_that_is_handed_on():
    bodies, around = trips(grad(lambda *args: (first_order(lstm, 2)(*args) ** 2).sum(), 2), lstm)
    assert sum(body.count("matmul") for body in bodies) == 4 and around.count("matmul") == 6


def test_what_stays_the_same_is_computed_before_a_loop_on_a_tensor():
    (body,), around = trips(until)
    assert "exp" not in body and body.count("mul") == 0 and around.count("exp") == 2


def test_what_stays_the_same_leaves_both_loops():
    (outer,), around = trips(loop_in_a_loop)
    assert around.count("exp") == around.count("sin") == 1 and "exp" not in outer


def test_a_loop_that_may_never_end_stays_in_a_loop_that_may_make_no_trip():
    scalar = tensor_aval((), ms.float64)

    def graph(name, count, make):
        b = Builder(name)
        return b.finish(make(b, *[b.parameter(scalar) for _ in range(count)]))

    inner = {"condition": graph("endless", 2, lambda b, x, w: [b.gt(w, 0)]),
             "body": graph("turn", 2, lambda b, x, w: [b.add(x, w)])}
    body = graph("trip", 2, lambda b, x, w: [b.add(x, b.items(b.while_(w, w, carried=1, **inner))[0])])
    condition = graph("more", 2, lambda b, x, w: [b.lt(x, w)])
    whole = graph("whole", 2, lambda b, x, w: b.items(b.while_(x, w, condition=condition, body=body, carried=1)))
    light = simplified(whole)
    assert [n.op.name for n in light.nodes].count("while_") == 1
    assert evaluate(light, [np.float64(2), np.float64(1)]) == [2]


def test_effects_and_random_numbers_stay_where_they_are(capfd):
    def noisy(rows, h, w, bias):
        for t in range(TRIPS):
            h = ops.dropout(ops.tanh(h @ w + rows[t]), 0.5)
            print(rows[t, 0, 0])
        return h

    graph = graph_of(noisy, projected)
    (loop,) = [n for n in simplified(graph).nodes if n.op.name == "scan"]
    inside = [n.op.name for n in loop.attr("body").nodes]
    assert "host_call" in inside and "dropout" in " ".join(inside) + " ".join(n.op.name for n in graph.nodes)
    jit(noisy)(*[Tensor(a) for a in arguments(projected)])
    assert len(capfd.readouterr().out.splitlines()) == TRIPS


def test_large_values_stay_in_the_trips():
    def wide(rows, h, w, bias):
        found = []
        for t in range(TRIPS):
            found.append(ops.tanh(rows[t] @ w) * 2)
        return ops.stack(found)

    def forms(size):
        values = [np.zeros(shape) for shape in ((TRIPS, size, WIDTH), (2, WIDTH), (WIDTH, WIDTH), (WIDTH,))]
        return [n.op.name for n in simplified(jit(wide).graph(*map(Tensor, values))).nodes]

    assert "scan" not in forms(100) and "scan" in forms(100_000)


@pytest.mark.skipif("cpu" not in manager.backends(), reason="the cpu backend is not installed")
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_gradient_is_the_same_on_a_device_that_runs_loops(name):
    f = PROGRAMS[name]
    graph = graph_of(first_order(f, *range(len(arguments(f)))), f)
    found = run_graph(graph, arguments(f), manager.device("cpu"))
    for want, got in zip(evaluate(graph, arguments(f)), found, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11)
