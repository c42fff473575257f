"""The vjp transformation: golden derivatives, zeros, activity, orders, expansion."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import float32, float64, int64
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.text import show
from mindspore.compiler.ir.verify import verify

V3 = tensor_aval((3,), float32)

SQUARES = """\
graph vjp_f(%0: float32[3], %1: float32[3], %2: float32[]) {
  %3: float32[3] = mul(%0, %1)
  %4: float32[] = sum(%3) {axis=(0,), keepdims=False}
  %5: float32[1] = reshape(%2) {shape=(1,)}
  %6: float32[3] = mul(%5, %1)
  return %4, %6
}"""


def product():
    b = Builder("f")
    x, w = b.parameter(V3), b.parameter(V3)
    return b.finish([b.sum(b.mul(x, w), axis=(0,), keepdims=False)])


def test_only_what_is_wanted_is_computed():
    joint = verify(vjp_graph(product(), (0,)))
    names = [n.op.name for n in joint.nodes]
    assert names.count("mul") == 2  # the forward product and one gradient, not two
    x, w = np.float32([1, 2, 3]), np.float32([4, 5, 6])
    _, grad = evaluate(joint, [x, w, np.float32(2)])
    np.testing.assert_array_equal(grad, 2 * w)


def test_derivatives_are_memoised_by_request():
    graph = product()
    assert vjp_graph(graph, (0,)) is vjp_graph(graph, (0,))
    assert vjp_graph(graph, (0,)) is not vjp_graph(graph, (1,))


def test_unused_and_integer_inputs_have_zero_gradients():
    b = Builder("f")
    x, n, unused = b.parameter(V3), b.parameter(tensor_aval((3,), int64)), b.parameter(V3)
    joint = vjp_graph(b.finish([b.mul(x, b.cast(n, dtype=float32))]), (0, 2))
    _, dx, dunused = evaluate(joint, [np.ones(3, np.float32), np.arange(3), np.ones(3, np.float32),
                                      np.ones(3, np.float32)])
    np.testing.assert_array_equal(dx, [0, 1, 2])
    np.testing.assert_array_equal(dunused, [0, 0, 0])
    assert unused.aval is V3


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_repeated_application_gives_higher_orders(order):
    b = Builder("f")
    x = b.parameter(tensor_aval((), float64))
    graph = b.finish([b.mul(b.exp(b.mul(x, 2.0)), x)])
    for _ in range(order):
        joint = vjp_graph(graph, (0,), (0,))
        outer = Builder("d")
        point = outer.parameter(x.aval)
        graph = outer.finish([outer.inline(joint, [point, outer.constant(1.0, float64)])[-1]])
    value = 0.3
    want = np.exp(2 * value) * (2**order * value + order * 2**(order - 1))
    np.testing.assert_allclose(evaluate(graph, [np.float64(value)])[0], want, rtol=1e-12)


def test_operators_without_vjp_are_differentiated_through_their_decomposition():
    b = Builder("f")
    x = b.parameter(tensor_aval((2, 5), float64))
    graph = b.finish([b.softmax(b.relu(x), axis=-1)])
    rng = np.random.default_rng(1)
    at, seed, direction = rng.normal(size=(3, 2, 5))
    _, grad = evaluate(vjp_graph(graph, (0,)), [at, seed])
    eps = 1e-6
    up, down = (evaluate(graph, [at + s * eps * direction])[0] for s in (1, -1))
    np.testing.assert_allclose((grad * direction).sum(), ((up - down) * seed).sum() / (2 * eps), rtol=1e-6)


def test_the_joint_graph_reads_like_the_derivative():
    assert show(vjp_graph(product(), (0,))) == SQUARES


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (2, 0, 1)])
def test_cotangents_of_neighbouring_parts_are_joined(order):
    b = Builder("f")
    x = b.parameter(tensor_aval((2, 9), float64))
    parts = [b.slice(x, begin=(0, 3 * k), end=(2, 3 * k + 3), strides=(1, 1)) for k in order]
    graph = b.finish([f(part) for f, part in zip((b.sin, b.exp, b.cos), parts)])
    joint = verify(vjp_graph(graph, (0,)))
    names = [n.op.name for n in joint.nodes]
    assert names.count("concat") == 1 and "pad" not in names
    value = np.linspace(-1, 1, 18).reshape(2, 9)
    *_, found = evaluate(joint, [value, *[np.full((2, 3), k + 1.0) for k in range(3)]])
    want = np.concatenate([(k + 1.0) * f(value[:, 3 * j:3 * j + 3]) for j, (k, f) in sorted(zip(
        order, enumerate((np.cos, np.exp, lambda v: -np.sin(v)))))], 1)
    np.testing.assert_allclose(found, want)


def test_cotangents_of_parts_that_overlap_are_added():
    b = Builder("f")
    x = b.parameter(V3)
    graph = b.finish([b.slice(x, begin=(k,), end=(k + 2,), strides=(1,)) for k in (0, 1)])
    _, _, found = evaluate(vjp_graph(graph, (0,)), [np.zeros(3, np.float32), *np.float32([[1, 2], [3, 4]])])
    np.testing.assert_array_equal(found, [1, 5, 4])
