"""Derivatives of orders 1 to 4: each order against central differences of the one below, through every kind of control
flow and through gradients inside of it, in both modes and on every backend."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend

DIRECTION = np.array([0.7, -0.4])
POINTS = [0.3, -0.45]
BACKENDS = ["reference"] + ["cpu"] * ("cpu" in manager.backends())


def choice(x):
    return (x * ops.sin(x)).sum() if x.sum() > 0.2 else (x * x * x).sum()


def data_dependent_loop(x):
    y, n = x, 0
    while y.sum() < 4 and n < 6:
        y = y * ops.exp(x * 0.3) + 0.5
        n = n + 1
    return (y * y * x).sum()


def loop_with_break(x):
    total = x.sum() * 0
    for k in range(7):
        total = total + ops.sin(x * (k + 1)).sum()
        if total > 3:
            break
    return total * total


def long_static_loop(x):
    y = x
    for _ in range(24):
        y = ops.sin(y) + x * 0.1
    return (y * x).sum()


def rows(x):
    y, total = x * 1.5, x.sum()
    for row in ops.stack([x, x * x, ops.cos(x)]):
        y = y * row + 0.3
        total = total + (y * row).sum()
    return total


def nested_loops(x):
    total, i = x.sum() * 0, 0
    while i < 2 + 0 * ops.cast(total, ms.int32):
        y, j = x, 0
        while j < i + 1:
            y = y * ops.cos(x)
            j = j + 1
        total = total + (y * x).sum()
        i = i + 1
    return total


def gradient_in_a_loop(x):
    """Newton's steps towards a root of y^3 - x."""
    y, n = x * 0 + 1.2, 0
    while n < 3 + 0 * ops.cast(x.sum(), ms.int32):
        residual = y * y * y - x
        slope = ms.grad(lambda y: (y * y * y - x).sum())(y)
        y = y - residual / slope
        n = n + 1
    return (y * y).sum()


def gradient_of_a_loop_in_a_loop(x):
    def inner(y):
        n = 0
        while n < 2 + 0 * ops.cast(y.sum(), ms.int32):
            y = ops.sin(y) * x
            n = n + 1
        return y.sum()

    y, k = x, 0
    while k < 2 + 0 * ops.cast(x.sum(), ms.int32):
        y = y + 0.5 * ms.grad(inner)(y)
        k = k + 1
    return (y * y).sum()


def gradient_in_a_branch(x):
    if x.sum() > 0:
        return (ms.grad(lambda y: (y * y * ops.sin(y)).sum())(x) * x).sum()
    return ms.grad(lambda y: (ops.exp(y) * x).sum())(x).sum()


def recomputed(x):
    return ms.recompute(data_dependent_loop, x * 0.9) * x.sum()


def index_assignment(x):
    y = ops.zeros((3,), x.dtype) + 1
    y[1] = x[0] * x[1]
    y[0:2] = y[0:2] * x
    return (y * y * y).sum()


def recursion(x):
    def power(y, n):
        return y if n <= 0 else power(ops.sin(y) * x, n - 1)

    return power(x, ops.cast(x.sum() * 0 + 3, ms.int32)).sum()


PROGRAMS = [choice, data_dependent_loop, loop_with_break, long_static_loop, rows, nested_loops, gradient_in_a_loop,
            gradient_of_a_loop_in_a_loop, gradient_in_a_branch, recomputed, index_assignment, recursion]
SLOW = {gradient_of_a_loop_in_a_loop: 2, nested_loops: 3, recursion: 2, recomputed: 3}


def along(f):
    """The function of one number: f on the line through the point."""
    direction = Tensor(DIRECTION)
    return lambda t: f(direction * t + Tensor(np.array([0.21, 0.34])))


def derivative(f, order):
    for _ in range(order):
        f = ms.grad(f)
    return f


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_each_order_is_the_slope_of_the_one_below(program, backend):
    step = 1e-5
    with use_backend(backend):
        f = along(program)
        below = lambda t: f(Tensor(np.float64(t)))  # noqa: E731 - plain Python and eager operators
        for order in range(1, SLOW.get(program, 4) + 1):
            compiled = ms.jit(derivative(f, order))
            for t in POINTS:
                slope = (float(below(t + step)) - float(below(t - step))) / (2 * step)
                np.testing.assert_allclose(float(compiled(Tensor(np.float64(t)))), slope, rtol=2e-5, atol=1e-6)
            below = (lambda g: lambda t: g(Tensor(np.float64(t))))(compiled)


@pytest.mark.parametrize("program", PROGRAMS)
def test_pynative_gradients_agree(program):
    with use_backend("reference"):
        f = along(program)
        for order in (1, 2):
            for t in POINTS:
                point = Tensor(np.float64(t))
                found, compiled = derivative(f, order)(point), ms.jit(derivative(f, order))(point)
                np.testing.assert_allclose(float(found), float(compiled), rtol=1e-9, atol=1e-12)


# -- containers, sens, auxiliary results, gradients of one's own ------------------------------------------------------


A, B = np.array([1.0, 2.0], np.float32), np.array([0.5, -3.0], np.float32)


@pytest.fixture(params=["graph", "pynative"])
def run(request):
    """Runs a function of no arguments in a mode."""
    with use_backend("reference"):
        ms.set_context(mode=ms.GRAPH_MODE if request.param == "graph" else ms.PYNATIVE_MODE)
        yield
        ms.set_context(mode=ms.PYNATIVE_MODE)


def product(inputs, scale):
    a, (b, rest) = inputs["a"], inputs["more"]
    return (a * b * scale).sum() + (rest[0] * a).sum() if rest is not None else (a * b).sum()


@pytest.mark.usefixtures("run")
def test_gradients_by_nested_containers():
    inputs = {"a": Tensor(A), "more": (Tensor(B), [Tensor(A * 2)])}
    by_inputs, by_scale = ms.grad(product, (0, 1))(inputs, Tensor(np.float32(3)))
    assert list(by_inputs) == ["a", "more"] and type(by_inputs["more"]) is tuple and type(by_inputs["more"][1]) is list
    np.testing.assert_allclose(by_inputs["a"].asnumpy(), 3 * B + 2 * A)
    np.testing.assert_allclose(by_inputs["more"][0].asnumpy(), 3 * A)
    np.testing.assert_allclose(by_inputs["more"][1][0].asnumpy(), A)
    np.testing.assert_allclose(by_scale.asnumpy(), (A * B).sum())
    value, only = ms.value_and_grad(product)({"a": Tensor(A), "more": (Tensor(B), None)}, 1.0)
    assert only["more"][1] is None
    np.testing.assert_allclose(value.asnumpy(), (A * B).sum())
    outputs, pull = ms.vjp(lambda pair: pair[0] * pair[1], (Tensor(A), Tensor(B)))
    ((first, second),) = pull(Tensor(A))
    np.testing.assert_allclose([first.asnumpy(), second.asnumpy()], [B * A, A * A])


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(("argument", "text"), [
    (3, "argument 0 is to be differentiated, but it is a int; pass a Tensor"),
    ((Tensor(A), 3.0), "argument 0 is to be differentiated, but it is a tuple that holds a float"),
    ((), "argument 0 is to be differentiated, but it is a tuple; pass a Tensor")])
def test_what_cannot_be_differentiated_by(argument, text):
    with pytest.raises(TypeError, match=text):
        ms.grad(lambda x: x)(argument)


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("size", [(4, 6), [4, 6], 3, None, (), {"height": 4}], ids=str)
def test_a_position_whose_argument_holds_no_tensor_is_left_out(size):
    """As for a size, of which a function of an image has no gradient."""
    found = ms.grad(lambda x, s: x * x if s == size else x, (0, 1))(Tensor(A), size)
    np.testing.assert_allclose(found.asnumpy(), 2 * A)
    with pytest.raises(TypeError, match="argument 1 is to be differentiated"):
        ms.grad(lambda x, s: x, 1)(Tensor(A), size)


@pytest.mark.usefixtures("run")
def test_floats_are_tensors_where_nothing_else_is():
    slope = ms.grad(ops.tanh)(0.5)
    assert slope.dtype is ms.float32 and slope.shape == ()
    np.testing.assert_allclose(slope.asnumpy(), 1 - np.tanh(0.5) ** 2, rtol=1e-6)
    np.testing.assert_allclose(ms.grad(ms.grad(ops.tanh))(2.0).asnumpy(), -2 * np.tanh(2) / np.cosh(2) ** 2, rtol=1e-5)
    np.testing.assert_allclose(ms.jit(lambda: ms.grad(lambda x, y: x * x * y, (0, 1))(3.0, 2.0))()[1].asnumpy(), 9)
    value, slope = ms.value_and_grad(lambda x, y: x * y)(3.0, Tensor(A))
    np.testing.assert_allclose(value.asnumpy(), 3 * A)
    np.testing.assert_allclose(slope.asnumpy(), A.sum(), rtol=1e-6)


@pytest.mark.usefixtures("run")
def test_arguments_without_tensors_have_no_gradient():
    def scaled(x, dtype, text, y):
        return ops.cast(x * y, dtype).sum() if text == "sum" else None

    x, y = Tensor(A), Tensor(B)
    first, second = ms.grad(scaled, (0, 1, 2, 3))(x, ms.float32, "sum", y)
    np.testing.assert_allclose([first.asnumpy(), second.asnumpy()], [B, A])
    np.testing.assert_allclose(ms.grad(scaled, (1, 3))(x, ms.float32, "sum", y).asnumpy(), A)  # one: no tuple
    pairs = ms.grad(scaled, (0, 2, 3), return_ids=True)(x, ms.float32, "sum", y)
    np.testing.assert_allclose(ms.get_grad(pairs, 3).asnumpy(), A)


class Doubled(nn.Cell):
    """A derivative of its own: twice the cotangent."""

    def __init__(self):
        super().__init__()
        self.factor = Parameter(np.float32(2.0))

    def construct(self, x):
        return x * x

    def bprop(self, x, out, dout):
        return (dout * self.factor,)


@pytest.mark.usefixtures("run")
def test_own_derivatives_in_loops_and_branches():
    cell = Doubled()

    def f(x):
        for _ in range(3):
            x = cell(x) if x.sum() > 0 else cell(x) + 1
        return x.sum()

    np.testing.assert_allclose(ms.grad(f)(Tensor(A)).asnumpy(), [8, 8])


@pytest.mark.usefixtures("run")
def test_stopped_gradients_in_loops():
    def f(x):
        y, n = x, 0
        while n < 3 + 0 * ops.cast(x.sum(), ms.int32):
            y = ops.stop_gradient(y) * x
            n = n + 1
        return y.sum()

    np.testing.assert_allclose(ms.grad(f)(Tensor(A)).asnumpy(), A ** 3)


@pytest.mark.usefixtures("run")
def test_sens_and_auxiliary_results_of_loops():
    def f(x):
        n = 0
        while x.sum() < 30:
            x = x * 2
            n = n + 1
        return x, n + 0 * ops.cast(x.sum(), ms.int32)

    grads, (count,) = ms.grad(lambda x: f(x), has_aux=True)(Tensor(A))
    np.testing.assert_allclose(grads.asnumpy(), [16, 16])
    assert int(count) == 4
    sens = Tensor(np.array([1.0, -1.0], np.float32))
    found = ops.GradOperation(sens_param=True)(lambda x: f(x)[0])(Tensor(A), sens)
    np.testing.assert_allclose(found.asnumpy(), [16, -16])
