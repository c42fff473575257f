"""Long static loops become one scan: what the graph is then, when it is not so, and how the user is told."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit, ops
from mindspore.compiler.frontend import GraphCompileError
from mindspore.compiler.frontend.scans import FEW_TRIPS
from mindspore.compiler.ir import builder
from mindspore.gradient import grad, value_and_grad
from mindspore.nn.cell import Cell
from mindspore.runtime.device import use_backend

X = np.linspace(-1.0, 1.0, 3)
ROWS = np.sin(np.arange(600.0)).reshape(200, 3)
W = np.linspace(-0.4, 0.5, 9).reshape(3, 3)


@pytest.fixture(autouse=True)
def graph_mode():
    with use_backend("reference"):
        ms.set_context(mode=ms.GRAPH_MODE)
        yield
        ms.set_context(mode=ms.PYNATIVE_MODE)


def operators(graph) -> list[str]:
    return [n.op.name for n in graph.nodes]


def rnn(rows, h, w):
    outs = []
    for t in range(rows.shape[0]):
        h = ops.tanh(rows[t] + h @ w)
        outs.append(h)
    return ops.stack(outs)


GOLDEN = """\
graph trip(%0: float64[3], %1: float64[3], %2: float64[3,3]) {
  %3: float64[1,3] = reshape(%0) {shape=(1, 3)}
  %4: float64[1,3] = matmul(%3, %2) {transpose_a=False, transpose_b=False}
  %5: float64[3] = reshape(%4) {shape=(3,)}
  %6: float64[3] = add(%1, %5)
  %7: float64[3] = tanh(%6)
  return %7, %7
}
graph rnn(%0: float64[200,3], %1: float64[3], %2: float64[3,3]) {
  %3: (float64[3], float64[200,3]) = scan(%1, %0, %2) {body=@trip, length=200, carried=1, sliced=1, reverse=False}
  %4: float64[200,3] = item(%3) {index=1}
  return %4
}
"""


def test_a_recurrent_network_is_one_scan():
    assert repr(jit(rnn).graph(Tensor(ROWS), Tensor(X), Tensor(W))).strip() == GOLDEN.strip()


def test_the_graph_does_not_grow_with_the_trips():
    def emitted(count: int) -> int:
        before = builder.EMIT_COUNT[0]
        found = jit(value_and_grad(lambda *args: rnn(*args).sum(), (1, 2))).graph(
            Tensor(ROWS[:count]), Tensor(X), Tensor(W))
        assert len(found.nodes) < 60
        return builder.EMIT_COUNT[0] - before

    few, many = emitted(20), emitted(200)
    assert many - few <= 4 * 180  # the rows of the list, which are one tensor again when they are stacked


def test_the_gradient_is_a_scan_as_well():
    graph = jit(grad(lambda *args: rnn(*args).sum(), (1, 2))).graph(Tensor(ROWS), Tensor(X), Tensor(W))
    assert operators(graph).count("scan") == 2


def test_few_trips_and_few_operations_are_unrolled():
    def short(x, w):
        for t in range(FEW_TRIPS):
            x = ops.tanh(x @ w) + ops.sin(x) * t
        return x

    def small(x):
        for _ in range(20):
            x = x * 1.1
        return x

    assert "scan" not in operators(jit(short).graph(Tensor(X), Tensor(W)))
    assert "scan" not in operators(jit(small).graph(Tensor(X)))


def conditions_at_both_ends(x, w):
    for t in range(60):
        if t == 0:
            x = x * 2
        x = ops.tanh(x @ w) + t
        if t == 59:
            x = x - 1
    return x


def starts_as_none(x, w):
    h = None
    for t in range(60):
        h = x if h is None else ops.tanh(h @ w) + ops.sin(h) * t
    return h


def leaves_by_tensor(x, w):
    for t in range(60):  # noqa: B007
        x = x * 1.05 + ops.sin(x @ w) ** 2 + 0.1
        if x.sum() > 20:
            break
    return x * t


def leaves_by_number(x, w):
    for t in range(60):
        if t > 30:
            break
        x = ops.tanh(x @ w) + t
    return x * t


def counts_down(x, w):
    k = 100
    for _ in range(60):
        x = ops.tanh(x @ w) * k + ops.sin(x)
        k -= 2
    return x.reshape((1, -1)) * k


@pytest.mark.parametrize(("f", "name", "count"), [
    (conditions_at_both_ends, "scan", 1), (starts_as_none, "scan", 1), (leaves_by_tensor, "while_", 1),
    (leaves_by_number, "scan", 1), (counts_down, "scan", 1)], ids=lambda v: getattr(v, "__name__", ""))
def test_one_loop_in_the_graph(f, name, count):
    graph = jit(f).graph(Tensor(X), Tensor(W))
    assert operators(graph).count(name) == count and len(graph.nodes) < 60
    ms.set_context(mode=ms.PYNATIVE_MODE)
    want = f(Tensor(X), Tensor(W)).asnumpy()
    np.testing.assert_allclose(jit(f)(Tensor(X), Tensor(W)).asnumpy(), want, rtol=1e-9)


def test_values_of_numbers_are_exact():
    """Numbers are Python's own, in float64, and meet a tensor in its dtype, as they do trip by trip."""
    def f(x):
        for t in range(1, 40):
            x = ops.sin(x) + (1.0 / t) ** 3 - 7 // t + (t / 3 if t % 2 else -t)
        return x

    for dtype in (np.float64, np.float32, np.float16):
        x = X.astype(dtype)
        got = jit(f)(Tensor(x))
        ms.set_context(mode=ms.PYNATIVE_MODE)
        want = f(Tensor(x))
        ms.set_context(mode=ms.GRAPH_MODE)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got.asnumpy(), want.asnumpy())


class Counted(Cell):
    def __init__(self):
        super().__init__()
        self.total = Parameter(Tensor(X * 0), name="total")
        self.trips = Parameter(Tensor(0), name="trips")
        self.last = None

    def construct(self, x, w):
        for t in range(30):
            x = ops.tanh(x @ w) + 0.1 * t
            self.total = self.total + x
            self.trips += 1
        self.last = x
        return x


def test_parameters_are_assigned_in_each_trip():
    net, x, total = Counted(), X, X * 0
    assert "scan" in operators(jit(net.construct).graph(Tensor(X), Tensor(W)))
    net(Tensor(X), Tensor(W))
    for t in range(30):
        x = np.tanh(x @ W) + 0.1 * t
        total = total + x
    np.testing.assert_allclose(net.total.asnumpy(), total)
    np.testing.assert_allclose(net.last.asnumpy(), x)
    assert net.trips.asnumpy() == 30


def test_lists_that_others_hold_are_not_collected():
    """A list that is read, that lies in another object, or that the caller holds, grows trip by trip."""
    def alias(x, w):
        outs = []
        holder = {"outs": outs}
        for _ in range(20):
            x = ops.tanh(x @ w) + len(holder["outs"])
            outs.append(x)
        return ops.stack(outs)

    def helper(x, w, outs):
        for t in range(20):
            x = ops.tanh(x @ w) + t
            outs.append(x)
        return outs

    def caller(x, w):
        mine = [x]
        found = helper(x, w, mine)
        found[3] = x
        return ops.stack(mine), len(found)

    for f in (alias, caller):
        got = jit(f)(Tensor(X), Tensor(W))
        ms.set_context(mode=ms.PYNATIVE_MODE)
        want = f(Tensor(X), Tensor(W))
        ms.set_context(mode=ms.GRAPH_MODE)
        for mine, theirs in zip(got if isinstance(got, tuple) else [got], want if isinstance(want, tuple) else [want]):
            np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), rtol=1e-9)


def test_a_loop_with_too_many_different_trips_is_refused():
    def f(x):
        for t in range(10_000):
            x = ops.sin(x) + x.reshape((3,) + (1,) * (t % 4)).sum() * 0.1
            x = ops.cos(x) * 0.5
        return x

    with pytest.raises(GraphCompileError, match="A loop is unrolled into more than 20000 operations") as caught:
        jit(f)(Tensor(X))
    text = str(caught.value)
    assert "range(10_000)" in text and "the value of a number that differs from trip to trip" in text
    assert "Instead: " in text


def test_ten_thousand_trips_compile_as_ten_do():
    def f(x):
        for t in range(10_000):
            x = ops.sin(x) * 0.9 + 0.00001 * t
        return x

    x = X
    for t in range(10_000):
        x = np.sin(x) * 0.9 + 0.00001 * t
    np.testing.assert_allclose(jit(f)(Tensor(X)).asnumpy(), x, rtol=1e-9)


def test_a_range_of_unknown_length_is_no_list():
    with pytest.raises(GraphCompileError, match="The number of items of a range is known only at run time"):
        jit(lambda n: list(range(n)))(Tensor(3))
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        jit(lambda x: list(range(x)))(Tensor(1.5))


# -- `while` loops that numbers count, comprehensions, sums ------------------------------------------------------------


def counted_while(x, w):
    i = 0
    while i < 60:
        x = ops.tanh(x @ w) + ops.sin(x) * i
        i += 1
    return x * i


def while_with_appends(x, w):
    i, outs = 3, []
    while True:
        if i >= 90:
            break
        x = ops.tanh(x @ w) + i
        outs.append(x)
        i += 2
    return ops.stack(outs)


def counted_down_while(x, w):
    n = 80
    while n:
        n -= 1
        if n == 40:
            continue
        x = ops.tanh(x @ w) * n + ops.sin(x)
    else:
        x = x * 2
    return x


def while_left_by_tensor(x, w):
    i = 0
    while i < 60:
        x = x * 1.05 + ops.sin(x @ w) ** 2 + 0.1
        i += 1
        if x.sum() > 20:
            break
    return x * i


def while_in_while(x, w):
    i = 0
    while i < 12:
        j = 0
        while j < i + 12:
            x = ops.tanh(x @ w) + ops.sin(x) / (j + 1)
            j = j + 1
            if j == 11:
                break
        i = i + 1
    return x


def listed(x, w):
    rows = ops.sin(ops.outer(x, x).reshape(9))
    return ops.stack([ops.tanh(rows[t % 9] * x) @ w + t for t in range(50)])


def listed_rows(x, w):
    table = ops.outer(ops.sin(ops.arange(40).astype(x.dtype)), x)
    return ops.stack([ops.tanh(row @ w) * k for k, row in enumerate(table)])


def listed_choices(x, w):
    table = ops.outer(ops.sin(ops.arange(40).astype(x.dtype)), x)
    return ops.stack([ops.tanh(row @ w) if row.sum() > 0 else ops.sin(row) for row in table])


def list_of_generated(x, w):
    return ops.stack(list(ops.tanh(x @ w * k) + ops.cos(x) for k in range(30)))  # noqa: C400


def summed(x, w):
    table = ops.outer(ops.sin(ops.arange(40).astype(x.dtype)), x)
    return sum(ops.tanh(row @ w) * x for row in table)


def summed_choices(x, w):
    table = ops.outer(ops.sin(ops.arange(40).astype(x.dtype)), x)
    return sum((ops.tanh(row @ w) * x for row in table if row.sum() > 0), x * 0)


def summed_from_zero(x, w):
    loss = 0.0
    for t in range(60):
        x = ops.tanh(x @ w) + ops.sin(x)
        loss = loss + x.sum() * t
    return loss


def largest_so_far(x, w):
    best, i = -1e30, 0
    while i < 60:
        x = ops.tanh(x @ w) + ops.cos(x)
        if x.sum() > best:
            best = x.sum()
        i += 1
    return best


COMPILED_AS_ONE = {
    summed_from_zero: ("scan", 1), largest_so_far: ("scan", 1),
    counted_while: ("scan", 1), while_with_appends: ("scan", 1), counted_down_while: ("scan", 2),
    while_left_by_tensor: ("while_", 1), while_in_while: ("scan", 1), listed: ("scan", 1), listed_rows: ("scan", 1),
    listed_choices: ("scan", 1), list_of_generated: ("scan", 1), summed: ("scan", 1), summed_choices: ("scan", 1),
}


@pytest.mark.parametrize("f", COMPILED_AS_ONE, ids=lambda f: f.__name__)
def test_other_long_loops_become_one(f):
    name, count = COMPILED_AS_ONE[f]
    graph = jit(f).graph(Tensor(X), Tensor(W))
    assert operators(graph).count(name) == count and len(graph.nodes) < 100
    ms.set_context(mode=ms.PYNATIVE_MODE)
    want = f(Tensor(X), Tensor(W)).asnumpy()
    np.testing.assert_allclose(jit(f)(Tensor(X), Tensor(W)).asnumpy(), want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("f", [f for f in COMPILED_AS_ONE if f is not while_in_while], ids=lambda f: f.__name__)
def test_their_derivatives_are_those_of_unrolled_loops(f):
    """Orders 1 and 2, against PyNative mode, where every trip is recorded."""
    def first(x, w):
        return grad(lambda x, w: ops.sin(f(x, w) * 0.1).sum(), (0, 1))(x, w)

    def second(x, w):
        return grad(lambda x, w: sum((g * g).sum() for g in first(x, w)), (0, 1))(x, w)

    for derivative in (first, second):
        found = jit(derivative)(Tensor(X), Tensor(W))
        ms.set_context(mode=ms.PYNATIVE_MODE)
        for got, want in zip(found, derivative(Tensor(X), Tensor(W)), strict=True):
            np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-7, atol=1e-9)
        ms.set_context(mode=ms.GRAPH_MODE)


def test_a_condition_that_changes_something_is_evaluated_once_for_each_trip():
    def f(x):
        numbers = list(range(30))
        while numbers.pop() > 3:
            x = ops.sin(x) + len(numbers)
        return x, len(numbers)

    found = jit(f)(Tensor(X))
    ms.set_context(mode=ms.PYNATIVE_MODE)
    want = f(Tensor(X))
    assert found[1] == want[1] == 3
    np.testing.assert_allclose(found[0].asnumpy(), want[0].asnumpy())


@pytest.mark.parametrize("f", [summed_from_zero, largest_so_far], ids=lambda f: f.__name__)
def test_a_number_that_becomes_a_tensor_costs_no_trip(f):
    assert "matmul" not in operators(jit(f).graph(Tensor(X), Tensor(W)))


def test_a_number_that_the_first_trip_needs_costs_one_trip():
    def f(x, w):
        n = 3
        for t in range(60):
            x = ops.tanh(x @ w) + ops.sin(x)
            if t == 0:
                x = x.reshape((n,))
            n = x.sum()
        return n * x

    names = operators(jit(f).graph(Tensor(X), Tensor(W)))
    assert names.count("matmul") == 1 and names.count("scan") == 1


def test_short_while_loops_are_unrolled():
    def f(x, w):
        i = 0
        while i < 6:
            x = ops.tanh(x @ w) + ops.sin(x) * i
            i += 1
        return x

    assert "scan" not in operators(jit(f).graph(Tensor(X), Tensor(W)))


def test_a_while_loop_that_is_unrolled_too_far_is_refused():
    def f(x):
        found = []
        while len(found) < 30_000:
            found.append(x)
            x = ops.sin(x)
        return x

    with pytest.raises(GraphCompileError, match="unrolled into more than 20000 operations"):
        jit(f)(Tensor(X))


def test_objects_that_a_comprehension_changes_are_changed_item_by_item():
    class Counter:
        def __init__(self):
            self.calls = 0

        def __call__(self, x):
            self.calls += 1
            return ops.sin(x) * self.calls

    def f(x):
        counter = Counter()
        return ops.stack([counter(x) for _ in range(20)]), counter.calls

    found, calls = jit(f)(Tensor(X))
    assert calls == 20
    np.testing.assert_allclose(found.asnumpy(), [np.sin(X) * (k + 1) for k in range(20)])
