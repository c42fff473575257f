"""Gradients through functions that are compiled on their own: jit functions and, in graph mode, Cells."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit
from mindspore.gradient import get_grad, grad, value_and_grad, vjp
from mindspore.nn.cell import Cell
from mindspore.runtime.device import use_backend
from mindspore.runtime.record import call


@pytest.fixture(autouse=True, params=["graph", "pynative"])
def _mode(request):
    with use_backend("reference"):
        ms.set_context(mode=ms.GRAPH_MODE if request.param == "graph" else ms.PYNATIVE_MODE)
        yield
        ms.set_context(mode=ms.PYNATIVE_MODE)


@jit
def cube(x):
    return x * x * x


@jit
def ordered(x):
    values, places = call("sort", x, axis=0, descending=True)
    return values[:1], {"last": values[1:], "places": places}


class Scale(Cell):
    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.float32([2, 3])), name="w")
        self.count = Parameter(Tensor(np.float32(0)), name="count", requires_grad=False)

    def construct(self, x):
        self.count = self.count + 1
        return x * self.w


def point():
    return Tensor(np.float32([1, 2]))


def test_vjp_of_compiled_functions_and_cells():
    out, back = vjp(cube, point())
    np.testing.assert_allclose(out.asnumpy(), [1, 8])
    for sens in ([1, 1], [1, 0]):
        np.testing.assert_allclose(back(Tensor(np.float32(sens)))[0].asnumpy(), np.float32(sens) * [3, 12])
    net = Scale()
    out, back = vjp(net, point(), weights=[net.w])
    by_input, by_weight = back(Tensor(np.float32([10, 1])))
    np.testing.assert_allclose(out.asnumpy(), [2, 6])
    np.testing.assert_allclose(by_input[0].asnumpy(), [20, 3])
    np.testing.assert_allclose(by_weight[0].asnumpy(), [10, 2])
    assert net.count.asnumpy() == 1


def test_a_compiled_function_called_by_the_differentiated_one():
    np.testing.assert_allclose(grad(lambda x: cube(x) * 2)(point()).asnumpy(), [6, 24])
    np.testing.assert_allclose(grad(grad(lambda x: cube(x) * 2))(point()).asnumpy(), [12, 24])
    np.testing.assert_allclose(grad(lambda x: cube(cube(x)))(point()).asnumpy(), [9, 9 * 2.0**8])
    np.testing.assert_allclose(cube(point()).asnumpy(), [1, 8])


def test_a_look_at_the_result_inside_the_gradient():
    seen = []

    def f(x):
        y = cube(x)
        if ms.get_context("mode") == ms.PYNATIVE_MODE:
            seen.append(float(y.asnumpy()[1]))
        return y * y

    np.testing.assert_allclose(grad(f)(point()).asnumpy(), [6, 6 * 2.0**5])
    assert seen in ([], [8.0])


def test_results_with_structure():
    def f(x):
        largest, rest = ordered(x)
        return largest * 2 + rest["last"] * 3

    np.testing.assert_allclose(grad(f)(point()).asnumpy(), [3, 2])


def test_get_grad_by_position_parameter_and_name():
    net = Scale()
    _, found = value_and_grad(net, 0, [net.w], return_ids=True)(point())
    np.testing.assert_allclose(get_grad(found, 0).asnumpy(), [2, 3])
    np.testing.assert_allclose(get_grad(found, net.w).asnumpy(), [1, 2])
    np.testing.assert_allclose(get_grad(found, "w").asnumpy(), [1, 2])
    with pytest.raises(RuntimeError, match="get_grad: no gradient"):
        get_grad(found, net.count)
