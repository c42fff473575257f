"""`jvp`, `jacfwd`, `jacrev` and `hessian`: beside differences and each other, in both modes, nested up to order 4, of
programs with control flow; structures of outputs; the texts of errors."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, grad, hessian, jacfwd, jacrev, jit, jvp, nn, ops, vjp
from mindspore.compiler.autodiff.jvp import jvp_graph

POINT = np.array([0.7, -0.4, 1.3])
RNG = np.random.default_rng(4)
WEIGHT = Tensor(RNG.normal(size=(4, 3)))


def linear(x):
    return ops.matmul(WEIGHT, x.reshape(3, 1)).reshape(2, 2)


def nonlinear(x):
    return ops.tanh(ops.matmul(WEIGHT, x)) * x.sum()


def of_rows(x):
    return ops.softmax(ops.outer(x, x), -1) @ x


def of_places(x):
    y = x * x
    y[1] = x[0] * x[2]
    return ops.sort(y)[0][::-1] * ops.cumsum(x, 0) * x[Tensor([2, 0, 0])]


def a_choice(x):
    if x.sum() > 0:
        return ops.sin(x) * x[0]
    return x * x


def a_loop(x):
    s = x
    while (s * s).sum() < 20:
        s = s * 1.3 + x * x
    return s * s


def a_scan(x):
    s = x
    for _ in range(12):
        s = ops.sin(s) * x + 0.5
    return s


PROGRAMS = [linear, nonlinear, of_rows, of_places, a_choice, a_loop, a_scan]


def by_differences(f, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The Jacobian by central differences."""
    columns = []
    for k in range(x.size):
        move = np.zeros_like(x).reshape(-1)
        move[k] = step
        move = move.reshape(x.shape)
        columns.append((f(Tensor(x + move)).asnumpy() - f(Tensor(x - move)).asnumpy()) / (2 * step))
    return np.stack(columns, -1).reshape(*columns[0].shape, *x.shape)


def agree(got, want, rtol=1e-5) -> None:
    np.testing.assert_allclose(got.asnumpy(), want, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_jacobians(program, mode):
    x, want = Tensor(POINT), by_differences(jit(program), POINT)
    for transform in (jacfwd, jacrev):
        agree(transform(program)(x), want)
        agree(jit(transform(program))(x), want)
    direction = RNG.normal(size=3)
    value, tangent = jvp(program, x, Tensor(direction))
    agree(value, program(x).asnumpy())
    agree(tangent, want @ direction)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_second_derivatives(program, mode):
    x, want = Tensor(POINT), by_differences(jit(jacfwd(program)), POINT)
    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev):
            agree(outer(inner(program))(x), want)
    agree(hessian(program)(x), want)
    total = lambda x: program(x).sum()  # noqa: E731
    product = jvp(grad(total), x, Tensor(POINT * 2))[1]
    agree(product, want.reshape(-1, 3, 3).sum(0) @ (POINT * 2))
    agree(grad(lambda x: jvp(program, x, Tensor(POINT * 2))[1].sum())(x), want.reshape(-1, 3, 3).sum(0) @ (POINT * 2))


def test_order_four(mode):
    f = lambda x: ops.sin(x) * x  # noqa: E731
    x = Tensor(np.float64(0.3))
    want = np.sin(0.3) * 0.3 - 4 * np.cos(0.3)  # the fourth derivative of x sin x
    for order in ((jacfwd,) * 4, (jacrev,) * 4, (jacfwd, jacrev, jacfwd, jacrev), (grad, jacfwd, grad, jacrev)):
        g = f
        for transform in order:
            g = transform(g)
        agree(g(x), want)
        agree(jit(g)(x), want)


def test_hessian_of_a_network(mode):
    net = nn.SequentialCell(nn.Dense(3, 5), nn.Tanh(), nn.Dense(5, 1)).to_float(ms.float32)
    x = Tensor(RNG.normal(size=(2, 3)).astype(np.float32))
    found = hessian(lambda x: (net(x) ** 2).mean())(x)
    assert found.shape == (2, 3, 2, 3)
    slope = lambda x: grad(lambda x: (net(x) ** 2).mean())(x)  # noqa: E731
    agree(found, by_differences(slope, x.asnumpy(), 1e-2).astype(np.float32), 5e-3)
    assert not found.asnumpy()[0, :, 1].any()


def test_structures(mode):
    def f(x, y):
        return x * y.sum(), {"a": (y * 2).sum(), "b": [x[0] * y]}

    x, y = Tensor(np.array([1.0, 2.0])), Tensor(np.array([3.0, 4.0, 5.0]))
    for transform in (jacfwd, jacrev):
        first, rest = transform(f, (0, 1))(x, y)
        agree(first[0], 12 * np.eye(2))
        agree(first[1], np.array([[1, 1, 1], [2, 2, 2.0]]))
        agree(rest["a"][0], np.zeros(2))
        agree(rest["a"][1], np.full(3, 2.0))
        agree(rest["b"][0][0], np.stack([y.asnumpy(), np.zeros(3)], 1))
        agree(rest["b"][0][1], np.eye(3))
        alone, aux = transform(f, 1, True)(x, y)
        agree(alone, np.array([[1, 1, 1], [2, 2, 2.0]]))
        agree(aux["a"], 24.0)
    out, tangent, aux = jvp(f, (x, y), (x, y), True)
    agree(tangent, 24 * x.asnumpy())
    agree(aux["a"], 24.0)
    (_, rest), (first, more) = jvp(f, [x, y], [x, y])
    agree(first, 24 * x.asnumpy())
    agree(more["b"][0], 2 * y.asnumpy())
    agree(jacrev(lambda x: (x, ops.argmax(x)))(x)[1], np.zeros(2))
    agree(jit(lambda x: jacrev(ops.mul, (0, 1))(x, x)[0])(x), np.diag(x.asnumpy()))
    agree(jacfwd(lambda x: (x > 0, x))(x)[0], np.zeros((2, 2)))


def test_what_a_cell_defines_as_its_derivative_holds_in_forward_mode(mode):
    class Tripled(nn.Cell):
        def construct(self, x):
            return x * 2

        def bprop(self, x, out, dout):
            return (dout * 3,)

    x = Tensor(POINT)
    agree(jvp(Tripled(), x, x)[1], 3 * POINT)
    agree(jacfwd(Tripled())(x), 3 * np.eye(3))


def test_nodes_of_forward_derivatives():
    """One product for each factor, one gather for a gather: what one would write by hand."""
    from mindspore.compiler.ir import Builder, tensor_aval

    def count(make, *shapes):
        b = Builder()
        params = [b.parameter(tensor_aval(s, ms.float32)) for s in shapes]
        graph = b.finish([make(b, *params)])
        joint = jvp_graph(graph, tuple(range(len(shapes))))
        return sorted(n.op.name for n in joint.nodes if n.ins)

    assert count(lambda b, x, y: b.matmul(x, y), (2, 3), (3, 4)) == ["add", "matmul", "matmul", "matmul"]
    assert count(lambda b, x: b.sum(x, axis=(0,)), (2, 3)) == ["sum", "sum"]
    assert count(lambda b, x: b.transpose(x, perm=(1, 0)), (2, 3)) == ["transpose", "transpose"]
    assert count(lambda b, x: b.gather(x, b.constant(np.array([1, 0], np.int32)), axis=0), (3, 2)) == ["gather"] * 2
    assert count(lambda b, x: b.exp(x), (3,)) == ["exp", "mul"]
    assert count(lambda b, x, y: b.add(x, y), (3,), (2, 3)) == ["add", "add"]


def test_values_are_computed_once():
    """A Jacobian batches only what depends on the basis."""
    def f(x):
        return ops.exp(ops.matmul(WEIGHT, x))

    graph = jit(jacrev(f)).graph(Tensor(POINT))
    assert [n.op.name for n in graph.nodes].count("exp") == 1
    assert all(n.shape == (4,) for n in graph.nodes if n.op.name == "exp")


def test_forward_and_reverse_agree_on_random_directions(mode):
    for program in PROGRAMS:
        x, t = Tensor(POINT), RNG.normal(size=3)
        value, pull = vjp(program, x)
        u = RNG.normal(size=value.shape)
        ahead = (jvp(program, x, Tensor(t))[1].asnumpy() * u).sum()
        np.testing.assert_allclose(ahead, (pull(Tensor(u))[0].asnumpy() * t).sum(), rtol=1e-9)


def test_jets(mode):
    x = np.array([0.3, 1.2])
    value, series = ops.jet(lambda x: ops.sin(x) * ops.exp(x), Tensor(x),
                            Tensor(np.stack([np.ones(2), *np.zeros((3, 2))])))
    agree(value, np.sin(x) * np.exp(x))
    e, s, c = np.exp(x), np.sin(x), np.cos(x)
    agree(series, np.stack([e * (s + c), 2 * e * c, 2 * e * (c - s), -4 * e * s]))
    value, fourth = ops.derivative(lambda x, y: (x ** 3 * y, ops.sin(x)), (Tensor(x), Tensor(2 * x)), 4)
    agree(fourth[0], np.full(2, 24.0))  # 3 y'' x^2 terms: the fourth derivative of (x + t)^3 (2x + t)
    agree(fourth[1], s)
    curve = Tensor(np.stack([x, 2 * x, np.ones(2)]))
    _, along = ops.jet(lambda x: x * x, Tensor(x), curve)
    agree(along, np.stack([2 * x * x, 2 * x * x + 4 * x * x, 12 * x * x + 2 * x]))
    agree(ops.derivative(a_loop, Tensor(POINT), 1)[1], jvp(a_loop, Tensor(POINT), Tensor(np.ones(3)))[1].asnumpy())
    with pytest.raises(ValueError, match=r"series has shape \(2,\); expected the number of orders before \(2,\)"):
        ops.jet(ops.sin, Tensor(x), Tensor(x))
    with pytest.raises(ValueError, match="derivative: order must be at least 1, got 0"):
        ops.derivative(ops.sin, Tensor(x), 0)
    with pytest.raises(TypeError, match="derivative: argument 0 .* is Int64"):
        ops.derivative(ops.sin, Tensor([1]), 1)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: jvp(ops.sin, x, x[:2]), ValueError, r"element 0 of v has shape \(2,\); expected \(3,\)"),
    (lambda x: jvp(ops.sin, x, x.astype(ms.float32)), TypeError, "element 0 of v is Float32; expected Float64"),
    (lambda x: jvp(ops.add, (x, x), x), TypeError, "got 1 tensors in v for 2 inputs"),
    (lambda x: jvp(ops.sin, 3.0, x), TypeError, "argument 0 is to be differentiated, but it is a float; pass a Tensor"),
    (lambda x: jvp(ops.abs, Tensor([1, 2]), Tensor([1, 2])), TypeError, "but it is Int64; cast it to a floating dtype"),
    (lambda x: vjp(ops.sin, x)[1](x, x), TypeError, "got 2 cotangents for 1 outputs"),
    (lambda x: vjp(ops.sin, x)[1](2.0), ValueError, r"vjp: the cotangents are 2.0; expected .*: Float64\[3\]"),
    (lambda x: vjp(ops.sin, x)[1](x[:1]), ValueError, r"the cotangents are Float64\[1\]; expected .*: Float64\[3\]"),
    (lambda x: vjp(ops.sin, x)[1]("x"), TypeError, "vjp: a cotangent must be a tensor or a number"),
    (lambda x: jvp(3, x, x), TypeError, "jvp: fn must be a function or a Cell, got int"),
    (lambda x: jvp(ops.sin, x, x, True), ValueError, "has_aux=True needs a function with several outputs"),
    (lambda x: jacfwd(ops.sin, 1)(x), ValueError, "position 1 is to be differentiated, but the function was called"),
    (lambda x: jacrev(ops.sin, -1), ValueError, "grad_position must not be negative, got -1"),
    (lambda x: jacrev(ops.sin, "x"), TypeError, "grad_position must be an int or a tuple of ints, got 'x'"),
    (lambda x: jacrev(ops.add, (0, 0)), ValueError, "must name at least one position, and none twice"),
    (lambda x: jacfwd(ops.abs)(Tensor([1, 2])), TypeError, "jacfwd: argument 0 .* is Int64"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call(Tensor(POINT))
