"""Random numbers in branches and loops: the generator advances from trip to trip and from call to call, equally in both
modes, and gradients use the numbers of the forward pass."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.gradient import grad, value_and_grad
from mindspore.runtime.device import use_backend

X = np.array([1.0, 2.0, 3.0], np.float32)


def in_a_loop(x):
    while x.sum() < 12:
        x = x * (1 + ops.rand(3))
    return x * ops.rand(3)


def in_branches(x):
    for _ in range(3):
        x = x * (0.5 + ops.rand(3))
        if x.sum() > 5:
            x = x + ops.randn(3)
        else:
            x = x * 2
    return x


def dropout_in_a_loop(x):
    n = 0
    while n < 4:
        x = ops.dropout(x, 0.5) + 1
        n = n + 1
    return x


def in_a_protected_block(x):
    for _ in range(3):
        try:
            y = x * ops.rand(3)
            if y.sum() > 2:
                raise ValueError
            x = x + y
        except ValueError:
            x = x - ops.rand(3)
    return x


def in_a_called_function(x):
    def draw(y):
        return y + ops.rand(3) if y.sum() > 3 else y * ops.rand(3)

    return draw(draw(x)) * draw(x)




PROGRAMS = [in_a_loop, in_branches, dropout_in_a_loop, in_a_protected_block, in_a_called_function]


@pytest.fixture(params=["reference", "discrete", "cpu"])
def backend(request, discrete):
    from mindspore.plugin import manager
    if request.param not in manager.backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with use_backend(request.param):
        yield request.param


def runs(f, count=3):
    """The results of several calls from one seed."""
    ms.set_seed(7)
    return [f(Tensor(X)).asnumpy() for _ in range(count)]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_both_modes_draw_the_same_numbers(f, backend):
    eager, compiled = runs(f), runs(jit(f))
    np.testing.assert_allclose(compiled, eager, rtol=1e-5)
    assert not np.allclose(compiled[0], compiled[1])


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_use_the_numbers_of_the_forward_pass(f, backend):
    def total(x):
        return (f(x) * x).sum()

    ms.set_seed(7)
    want, slope = value_and_grad(total)(Tensor(X))
    ms.set_seed(7)
    value, gradient = jit(value_and_grad(total))(Tensor(X))
    np.testing.assert_allclose(value.asnumpy(), want.asnumpy(), rtol=1e-5)
    np.testing.assert_allclose(gradient.asnumpy(), slope.asnumpy(), rtol=1e-4)
    step = 1e-2
    for k in range(3):
        ends = []
        for sign in (1, -1):
            moved = X.copy()
            moved[k] += sign * step
            ms.set_seed(7)
            ends.append(float(jit(total)(Tensor(moved))))
        np.testing.assert_allclose(gradient.asnumpy()[k], (ends[0] - ends[1]) / (2 * step), rtol=2e-2, atol=2e-2)


def test_each_trip_draws_anew(backend):
    @jit
    def draws(x):
        found = ops.zeros((4, 3), ms.float32)
        n = 0
        while n < 4:
            found[n] = ops.rand(3) * x
            n = n + 1
        return found

    ms.set_seed(1)
    first, second = draws(Tensor(np.ones(3, np.float32))).asnumpy(), draws(Tensor(np.ones(3, np.float32))).asnumpy()
    assert len(np.unique(np.concatenate([first, second]))) == 24


def test_cells_with_dropout(backend):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.dropout = nn.Dropout(p=0.5)

        def construct(self, x):
            while x.sum() < 30:
                x = self.dropout(x) + 1
            return x

    net = Net()
    net.set_train()
    eager = runs(net)
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        np.testing.assert_allclose(runs(net), eager, rtol=1e-6)
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_second_derivatives(backend):
    def total(x):
        return (in_a_loop(x) * x * x).sum()

    ms.set_seed(7)
    want = grad(lambda x: (grad(total)(x) * x).sum())(Tensor(X)).asnumpy()
    ms.set_seed(7)
    got = jit(grad(lambda x: (grad(total)(x) * x).sum()))(Tensor(X)).asnumpy()
    np.testing.assert_allclose(got, want, rtol=1e-4)
