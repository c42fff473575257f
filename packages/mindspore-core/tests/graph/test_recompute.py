"""Recomputation: the same values and gradients of every order, and nothing kept but operands and ends of chunks."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.compiler.autodiff import checkpoints
from mindspore.compiler.ir import Graph, TapeAval
from mindspore.compiler.pipeline import make_plan
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend

X = np.array([0.3, -0.8, 1.1], np.float32)
W = np.array([1.4, 0.7, -0.9], np.float32)


@pytest.fixture(autouse=True)
def reference():
    with use_backend("reference"):
        yield


def block(x, w):
    return ops.tanh(ops.exp(ops.sin(x) * w)) * x


def deciding(x, w):
    return block(x, w) if x.sum() > 0.5 else x * w


def looping(x, w):
    n = 0
    while x.sum() < 40 and n < 9:
        x = ops.sin(x) * w + x * 1.5
        n = n + 1
    return x * w


def long_loop(x, w):
    n = 0
    while n < 200 + 0 * ops.cast(x.sum(), ms.int32):
        x = ops.sin(x) + w * 0.01
        n = n + 1
    return x


def static_loop(x, w):
    for _ in range(30):
        x = ops.sin(x) * w + x
    return x


BLOCKS = [block, deciding, looping, long_loop, static_loop]


def plain(f):
    return lambda x, w: (f(x * 2, w) * f(x, w)).sum()


def again(f):
    return lambda x, w: (ms.recompute(f, x * 2, w) * ms.recompute(f, x, w)).sum()


def gradients(f, order, mode):
    g = f
    for _ in range(order):
        g = (lambda inner: lambda x, w: sum(t.sum() for t in ms.grad(inner, (0, 1))(x, w)))(g)
    g = ms.jit(g) if mode == "graph" else g
    return g(Tensor(X), Tensor(W)).asnumpy()


@pytest.mark.parametrize("f", BLOCKS)
@pytest.mark.parametrize(("order", "mode"), [(0, "graph"), (1, "graph"), (2, "graph"), (1, "pynative")])
def test_values_and_gradients_stay(f, order, mode):
    np.testing.assert_allclose(gradients(again(f), order, mode), gradients(plain(f), order, mode), rtol=2e-4, atol=1e-5)


def inner_graphs(graph: Graph):
    yield graph
    for node in graph.nodes:
        for value in node.attrs:
            if isinstance(value, Graph):
                yield from inner_graphs(value)


def graph_of(f):
    return ms.jit(lambda x, w: ms.grad(lambda x: f(x, w).sum())(x)).graph(Tensor(X), Tensor(W))


def test_nothing_is_kept():
    graph = graph_of(lambda x, w: ms.recompute(block, x, w))
    calls = [n for n in graph.nodes if n.op.name == "call"]
    assert all(n.attr("recompute") for n in calls)
    assert "exp" in [n.op.name for n in calls[-1].attr("callee").nodes]
    assert {len(n.aval.items) for n in calls} == {1}
    assert {i.op.name for n in calls for i in n.ins} <= {"parameter", "constant", "broadcast_to"}


def test_a_loop_keeps_the_ends_of_chunks():
    """Outside of the calls that run again, the tape of a long loop holds carried values only."""
    graph = graph_of(lambda x, w: ms.recompute(looping, x, w))
    again = next(n for n in reversed(graph.nodes) if n.op.name == "call").attr("callee")
    tapes = [n.aval for n in again.nodes if isinstance(n.aval, TapeAval)]
    assert tapes and all(t.entry[0].shape == (3,) for t in tapes)
    steps = [n.attr("body") for n in again.nodes if n.op.name == "while_"]
    assert all(any(n.op.name == "call" and n.attr("recompute") for n in s.nodes) for s in steps)


@pytest.mark.parametrize("trips", [checkpoints.CHUNK - 1, checkpoints.CHUNK, checkpoints.CHUNK + 1,
                                   checkpoints.CHUNK ** 2 + 3])
def test_chunks_make_the_right_number_of_trips(trips):
    def count(x, n):
        k = n * 0
        while k < n:
            x, k = x + 1, k + 1
        return x

    got = ms.jit(lambda x, n: ms.recompute(count, x, n))(Tensor(np.float32(0.5)), Tensor(np.int32(trips)))
    assert float(got) == trips + 0.5


@pytest.mark.parametrize("length", [16, 17, 24, 25, 26])
@pytest.mark.parametrize("reverse", [False, True])
def test_chunked_scans_are_the_scan(length, reverse):
    from mindspore.common.dtype import float64
    from mindspore.compiler.ir import Builder, tensor_aval
    from mindspore.compiler.ir.evaluate import evaluate
    vector, rows = tensor_aval((3,), float64), tensor_aval((length, 3), float64)
    b = Builder("trip")
    x, row, w = [b.parameter(vector) for _ in range(3)]
    body = b.finish([b.mul(b.sin(b.add(x, row)), w), b.mul(x, row)])
    b = Builder("program")
    graph = b.finish(b.items(b.scan(*[b.parameter(a) for a in (vector, rows, vector)], body=body, length=length,
                                    carried=1, sliced=1, reverse=reverse)))
    rng = np.random.default_rng(length)
    values = [rng.normal(size=3), rng.normal(size=(length, 3)), rng.normal(size=3)]
    chunked = checkpoints.with_chunked_loops(graph)
    assert max(n.attr("length") for n in chunked.nodes if n.op.name == "scan") <= 6
    for mine, theirs in zip(evaluate(chunked, values), evaluate(graph, values), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


class Layer(nn.Cell):
    def __init__(self):
        super().__init__()
        self.weight = Parameter(W)
        self.dropout = nn.Dropout(p=0.5)
        self.calls = Parameter(np.float32(0), requires_grad=False)

    def construct(self, x):
        self.calls = self.calls + 1
        return self.dropout(ops.tanh(x * self.weight)) * self.calls


@pytest.mark.parametrize("mode", ["graph", "pynative"])
def test_cells_recompute_with_the_same_random_numbers(mode):
    def run(mark):
        ms.set_seed(7)
        net = Layer().set_train()
        if mark:
            net.recompute()
        step = ms.value_and_grad(lambda x: net(x).sum(), 0, net.trainable_params())
        step = ms.jit(step) if mode == "graph" else step
        found = []
        for _ in range(3):
            value, (by_input, by_weights) = step(Tensor(np.tile(X, (5, 1))))
            found += [value, by_input, *by_weights]
        return [t.asnumpy() for t in (*found, net.calls)]

    for mine, theirs in zip(run(True), run(False), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_a_cell_is_compiled_again_when_marked():
    net = Layer()
    step = ms.jit(ms.value_and_grad(lambda x: net(x).sum(), 0, net.trainable_params()))
    calls = [sum(n.op.name == "call" for n in step.graph(Tensor(X)).nodes)]
    for mode in (True, False):
        net.recompute(mode)
        calls.append(sum(n.op.name == "call" for n in step.graph(Tensor(X)).nodes))
    assert calls[0] == calls[2] == 0 < calls[1]


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: ms.recompute(3), TypeError, "recompute: expected a Cell or a function, but got int"),
    (lambda: ms.recompute(block, Tensor(X), Tensor(W), context_fn=block), ValueError, "context_fn is not supported"),
    (lambda: Layer().recompute(unknown=1), TypeError, "unexpected keyword 'unknown'")])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.skipif("cpu" not in manager.backends(), reason="the cpu backend is not installed")
def test_the_memory_of_a_long_loop_grows_with_the_root_of_its_trips():
    def memory(trips, again):
        def loop(x):
            for _ in range(trips):
                x = ops.sin(x) + 0.5 * ops.cos(x * x)
            return x

        run = (lambda x: ms.recompute(loop, x).sum()) if again else (lambda x: loop(x).sum())
        with use_backend("cpu"):
            graph = ms.jit(ms.grad(run)).graph(Tensor(np.ones(256, np.float32)))
        return make_plan(graph, manager.device("cpu")).arena_bytes

    assert memory(10_000, True) < 12 * memory(100, True)
    assert memory(10_000, True) < memory(10_000, False) / 50
