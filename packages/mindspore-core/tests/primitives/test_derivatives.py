"""Derivatives at points where differences cannot check them: ties, poles, zeros, narrow dtypes."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.common.dtype import bfloat16, float16, float32, float64, int32, np_dtype_to_dtype
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate


def grads(make, *arrays, order: int = 1, ct=None) -> list[np.ndarray]:
    """Gradients of the sum of an expression by its floating parameters; by the first one only above order 1."""
    arrays = [np.asarray(a) for a in arrays]
    b = Builder()
    graph = b.finish([make(b, *[b.parameter(tensor_aval(a.shape, np_dtype_to_dtype(a.dtype))) for a in arrays])])
    wanted = tuple(i for i, a in enumerate(arrays) if a.dtype.kind != "i")
    for level in range(order):
        joint = vjp_graph(graph, wanted if level == order - 1 else (0,), (0,))
        arrays.append(np.ones(graph.outputs[0].shape, graph.outputs[0].dtype.np) if ct is None else np.asarray(ct))
        b = Builder()
        out = b.inline(joint, [b.parameter(p.aval) for p in joint.params])[len(graph.outputs):]
        graph = b.finish(out)
    return evaluate(graph, arrays)


@pytest.mark.parametrize(("make", "x", "want"), [
    (lambda b, x: b.abs(x), [0.0, -0.0, 2.0, -3.0], [0, 0, 1, -1]),
    (lambda b, x: b.sqrt(x), [0.0, 4.0], [np.inf, 0.25]),
    (lambda b, x: b.pow(x, 0.0), [0.0, 2.0, -1.0], [0, 0, 0]),
    (lambda b, x: b.pow(x, 3.0), [0.0, -2.0], [0, 12]),
    (lambda b, x: b.log(x), [0.5, 2.0], [2, 0.5]),
    (lambda b, x: b.maximum(x, 1.0), [1.0, 0.0, 2.0, np.nan], [0.5, 0, 1, 1]),
    (lambda b, x: b.minimum(x, 1.0), [1.0, 0.0, 2.0, np.nan], [0.5, 1, 0, 1]),
    (lambda b, x: b.maximum(1.0, b.mul(x, x)), [np.nan, 1.0], [np.nan, 1]),
    (lambda b, x: b.at_least(x, 1.0), [1.0, 0.0, 2.0, np.nan], [1, 0, 1, 0]),
    (lambda b, x: b.at_most(x, 1.0), [1.0, 0.0, 2.0, np.nan], [1, 1, 0, 0]),
    (lambda b, x: b.at_least(0.5, x), [1.0, 0.5, 0.0, np.nan], [1, 0, 0, 0]),
    (lambda b, x: b.at_most(0.5, x), [1.0, 0.5, 0.0, np.nan], [0, 0, 1, 0]),
    (lambda b, x: b.max(x, axis=(0,)), [3.0, 1.0, 3.0, 2.0], [0.5, 0, 0.5, 0]),
    (lambda b, x: b.min(x, axis=(0,)), [3.0, 1.0, 1.0, 1.0], [0, 1 / 3, 1 / 3, 1 / 3]),
    (lambda b, x: b.prod(x, axis=(0,)), [0.0, 2.0, 3.0], [6, 0, 0]),
    (lambda b, x: b.prod(x, axis=(0,)), [0.0, 0.0, 3.0], [0, 0, 0]),
    (lambda b, x: b.floor(b.mul(x, x)), [1.5, 2.0], [0, 0]),
    (lambda b, x: b.mul(b.stop_gradient(x), x), [3.0, -2.0], [3, -2]),
])
def test_gradients_at_special_points(make, x, want):
    np.testing.assert_allclose(grads(make, np.array(x))[0], want)


def test_power_of_zero_has_no_gradient_by_the_exponent():
    np.testing.assert_allclose(grads(lambda b, x, y: b.pow(x, y), np.array([0.0, 0.0]), np.array([2.0, 0.0]))[1], 0)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0])
def test_second_derivative_of_a_power_at_zero(exponent):
    (second,) = grads(lambda b, x: b.pow(x, exponent), np.array([0.0, 2.0]), order=2)
    elsewhere = exponent * (exponent - 1) * 2.0 ** (exponent - 2)
    np.testing.assert_allclose(second, [2.0 if exponent == 2 else 0.0, elsewhere])


def test_product_with_one_zero_has_the_right_second_derivative():
    """d/dx of the gradient (y z, x z, x y) . 1 at (0, 2, 3) is (y + z, x + z, x + y) = (5, 3, 2)."""
    (second,) = grads(lambda b, x: b.prod(x, axis=(0,)), np.array([0.0, 2.0, 3.0]), order=2)
    np.testing.assert_allclose(second, [5, 3, 2])


@pytest.mark.parametrize("dtype", [float16, bfloat16, float64])
def test_cotangents_of_a_cast_are_cast_back(dtype):
    (got,) = grads(lambda b, x: b.cast(x, dtype=dtype), np.ones(3, np.float32), ct=np.array([1, 2, 3], dtype.np))
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, [1, 2, 3])


def test_no_derivative_passes_through_integers():
    (got,) = grads(lambda b, x: b.cast(b.cast(x, dtype=int32), dtype=float32), np.ones(3, np.float32))
    np.testing.assert_array_equal(got, 0)


def test_gather_and_scatter_are_adjoint_out_of_range_too():
    """<gather(x), u> = <x, scatter_add(0, u)> for indices in and out of range, so both are one linear map."""
    rng = np.random.default_rng(0)
    x, u, indices = rng.normal(size=(4, 3)), rng.normal(size=(6, 3)), np.array([0, 3, 3, -1, 4, 1], np.int32)
    b = Builder()
    px, pi, pu = (b.parameter(tensor_aval(a.shape, np_dtype_to_dtype(a.dtype))) for a in (x, indices, u))
    graph = b.finish([b.gather(px, pi), b.scatter_add(b.zeros_like(px.aval), pi, pu)])
    read, added = evaluate(graph, [x, indices, u])
    np.testing.assert_allclose(np.sum(read * u), np.sum(x * added))
    assert not read[3:5].any()


def test_a_matrix_that_meets_a_stack_gets_its_gradient_in_one_product():
    b = Builder()
    x, w = b.parameter(tensor_aval((5, 2, 3), float64)), b.parameter(tensor_aval((3, 4), float64))
    joint = vjp_graph(b.finish([b.matmul(x, w)]), (1,))
    assert [n.op.name for n in joint.nodes].count("matmul") == 2
    assert "sum" not in [n.op.name for n in joint.nodes]
