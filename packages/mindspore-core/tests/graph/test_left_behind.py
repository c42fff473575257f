"""What a function leaves in lists, attributes and variables from outside, where it is recorded into a graph of its own
that is transformed."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.batching import VmapError

POINT = np.array([0.5, -1.0, 2.0], np.float32)


def directed(function):
    return lambda x: ms.jvp(function, x, ops.ones_like(x))[1]


def pulled(function):
    return lambda x: ms.vjp(function, x)[1](ops.ones(()))[0]


TRANSFORMATIONS = {
    "grad": (ms.grad, lambda x: 2 * x),
    "value_and_grad": (lambda f: lambda x: ms.value_and_grad(f)(x)[1], lambda x: 2 * x),
    "vjp": (pulled, lambda x: 2 * x),
    "jvp": (directed, lambda x: 2 * x.sum()),
    "jacrev": (ms.jacrev, lambda x: 2 * x),
    "jacfwd": (ms.jacfwd, lambda x: 2 * x),
    "hessian": (ms.hessian, lambda x: 2 * np.eye(3)),
    "recompute": (lambda f: lambda x: ms.recompute(f, x), lambda x: (x * x).sum()),
    "gradient of recompute": (lambda f: ms.grad(lambda x: ms.recompute(f, x)), lambda x: 2 * x),
}


class Box:
    """An object with attributes."""


def program_of(transformation):
    def program(x):
        box, inner = Box(), []
        rows, table = [0, inner], {}
        box.rows, box.value, kept = rows, None, x

        def f(a):
            nonlocal kept
            rows[0] = a * 3
            inner.append(a * 7)
            table["a"] = (a + 1, [a - 1])
            box.value = a * 5
            if a.sum() > 1:
                kept = a * 2
            return (a * a).sum()

        found = transformation(f)(x)
        return found, rows[0], rows[1][0], table["a"][1][0], box.value, box.rows[0], kept

    return program


@pytest.mark.parametrize("symbolic", [False, True], ids=["static", "symbolic"])
@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_what_is_left_has_its_value_afterwards(name, symbolic):
    transformation, expected = TRANSFORMATIONS[name]
    program = jit(program_of(transformation), dynamic=1 if symbolic else 0)
    for point in (POINT, POINT - 1):
        kept = point * 2 if point.sum() > 1 else point
        wanted = (expected(point), point * 3, point * 7, point - 1, point * 5, point * 3, kept)
        for found, value in zip(program(Tensor(point)), wanted, strict=True):
            np.testing.assert_allclose(found.asnumpy(), value, rtol=1e-6)


def test_what_is_left_is_differentiated_around_it():
    def program(x):
        rows = []

        def f(a):
            rows.append(a * a * a)
            return (a * a).sum()

        return (ms.grad(f)(x) * rows[0]).sum()

    for call in (ms.grad(program), jit(ms.grad(program))):
        np.testing.assert_allclose(call(Tensor(POINT)).asnumpy(), 8 * POINT ** 3, rtol=1e-6)


def kept_in_a_variable(x):
    kept, last = x, None

    def f(a):
        nonlocal kept, last
        if a.sum() > 1:
            kept = a * 3
            last = a
        return (a * a).sum()

    slope = ms.grad(f)(x)
    return slope * kept if last is None else slope * kept + last * 2


def filled_in_both_orders(x):
    rows = []

    def f(a):
        rows.append(a * 3)
        return (a * a).sum()

    def g(a):
        found = ms.grad(f)(a)
        rows.append(rows[0] + found)
        return (found * rows[1]).sum()

    slope, rest = ms.grad(g)(x), rows[0] * 2
    return slope + rest + rows[1]


def filled_in_a_loop(x):
    found, k, n = [x], ops.zeros((), ms.int32), (x > 0).sum()

    def f(a):
        found[0] = found[0] + a * 2
        return (a * a * a).sum()

    while k < n:
        x = x - ms.grad(f)(x) * 0.1
        k = k + 1
    return x + found[0]


def filled_before_an_error(x):
    rows = []

    def f(a):
        rows.append(a * 4)
        if len(rows) == 1:
            raise ValueError("the first call")
        return (a * a).sum()

    try:
        slope = ms.grad(f)(x)
    except ValueError:
        slope = x * 100
    return slope + rows[0]


def looped(x):
    left, rest = x, x
    for _ in range(int((x > 0).sum())):
        left, rest = left + rest * 2, rest - 0.3 * rest * rest
    return rest + left


@pytest.mark.parametrize("program, expected", [
    (kept_in_a_variable, lambda x: 6 * x * x + 2 * x if x.sum() > 1 else 2 * x * x),
    (filled_in_both_orders, lambda x: 20 * x + 6 * x + 5 * x),
    (filled_in_a_loop, looped),
    (filled_before_an_error, lambda x: 104 * x),
])
def test_programs(program, expected):
    for call in (program, jit(program), jit(program, dynamic=1)):
        for point in (POINT, POINT - 1, -POINT):
            np.testing.assert_allclose(call(Tensor(point)).asnumpy(), expected(point), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
def test_a_cell_that_remembers(mode):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.weight = ms.Parameter(Tensor(POINT), name="weight")
            self.last, self.rows, self.table = None, [], {"count": 0}

        def construct(self, x):
            self.last = x
            self.last = x * self.weight
            self.rows.append(x * 2)
            self.table["count"] = self.table["count"] + 1
            self.table["x"] = [x, self.last]
            return (x * x * self.weight).sum()

    class Around(nn.Cell):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def construct(self, x):
            return ms.grad(self.net)(x) + self.net.last, self.net.rows[-1] * self.net.table["x"][1]

    before = ms.get_context("mode")
    ms.set_context(mode=mode)
    try:
        net = Net()
        around = Around(net)
        for count, point in enumerate((POINT, POINT + 1), 1):
            slope, product = around(Tensor(point))
            np.testing.assert_allclose(slope.asnumpy(), 3 * point * POINT, rtol=1e-6)
            np.testing.assert_allclose(product.asnumpy(), 2 * point * point * POINT, rtol=1e-6)
            np.testing.assert_allclose(net.last.asnumpy(), point * POINT, rtol=1e-6)
            np.testing.assert_allclose(net.rows[-1].asnumpy(), point * 2, rtol=1e-6)
            assert len(net.rows) == net.table["count"] == count
    finally:
        ms.set_context(mode=before)


def test_lanes_that_leave_different_values_are_refused():
    rows = []

    def lane(a):
        rows.append(a * 2)
        return a

    with pytest.raises(VmapError, match="leaves in an object from outside differs from lane to lane"):
        jit(lambda x: ms.vmap(lane)(x))(Tensor(POINT))
    assert rows == []


def test_lanes_that_leave_the_same_value():
    @jit
    def program(x, y):
        rows = []

        def lane(a):
            rows.append(y * 2)
            return a + rows[0]

        return ms.vmap(lane)(x), rows[0]

    found, left = program(Tensor(POINT), Tensor(3.0))
    np.testing.assert_allclose(found.asnumpy(), POINT + 6)
    assert left.item() == 6
