"""Hooks on what a derivative keeps: the values that they see, when they are called, and the derivative on what they
give back, in both modes."""
from __future__ import annotations

import copy

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops, register_saved_tensors_hooks, saved_tensors_hooks
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.gradient import grad, value_and_grad, vjp

X, Y = Tensor([1.0, -2.0, 3.0]), Tensor([0.5, 2.0, -1.0])
HALVES = (lambda t: (t.astype(ms.float16), 1), lambda packed: packed[0].astype(ms.float32))


def product(x, y):
    return x * y


def several(x, y):
    z = ops.tanh(x) * y
    return z.sum(), ops.exp(z) / (y * y)


def by_value(x, y):
    z = x * y
    if z.sum() > 0:
        z = z * ops.sigmoid(x)
    return z * x


def long_loop(x, y):
    for _ in range(20):
        x = ops.sin(x) * y + x
    return x


def in_place(x, y):
    z = x * y
    z[0] = x[1] * 2
    return z * z


PROGRAMS = [product, several, by_value, long_loop, in_place]


def run_in(mode):
    return jit if mode == "graph" else lambda f: f


def gradients(f, run):
    value, (gx, gy) = run(value_and_grad(f, (0, 1)))(X, Y)
    values = value if isinstance(value, tuple) else (value,)
    return [t.asnumpy() for t in (*values, gx, gy)]


@pytest.mark.parametrize("mode", ["pynative", "graph"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_the_derivative_is_the_same_on_equal_values(program, mode):
    seen = []

    def pack(t):
        seen.append(t.shape)
        return [t, len(seen)]

    hooked = register_saved_tensors_hooks(pack, lambda packed: packed[0])(program)
    for found, expected in zip(gradients(hooked, run_in(mode)), gradients(program, run_in(mode))):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert seen


@pytest.mark.parametrize("mode", ["pynative", "graph"])
def test_the_derivative_reads_what_the_hooks_give_back(mode):
    hooked = register_saved_tensors_hooks(lambda t: t + 1, lambda t: t * 10)(product)
    value, gx, gy = gradients(hooked, run_in(mode))
    np.testing.assert_allclose(value, product(X, Y).asnumpy())
    np.testing.assert_allclose(gx, (Y.asnumpy() + 1) * 10)
    np.testing.assert_allclose(gy, (X.asnumpy() + 1) * 10)
    exact, low = gradients(several, run_in(mode)), gradients(register_saved_tensors_hooks(*HALVES)(several),
                                                             run_in(mode))
    np.testing.assert_array_equal(low[0], exact[0])
    assert 0 < np.abs(low[2] - exact[2]).max() < 0.1


@pytest.mark.parametrize("mode", ["pynative", "graph"])
def test_hooks_run_in_the_order_of_the_program(mode, capsys):
    def pack(t):
        print("pack", t)
        return t

    def unpack(t):
        print("unpack", t)
        return t

    @register_saved_tensors_hooks(pack, unpack)
    def inner(x, y):
        return x * y

    def f(x, y):
        z = inner(x, y)
        print("after")
        return z.sum()

    run_in(mode)(grad(f, (0, 1)))(Tensor(2.0), Tensor(3.0))
    assert capsys.readouterr().out.split("\n")[:-1] == ["pack 2.0", "pack 3.0", "after", "unpack 2.0", "unpack 3.0"]
    f(Tensor(2.0), Tensor(3.0))
    assert capsys.readouterr().out == "after\n"


def test_a_compiled_function_in_a_gradient_in_pynative_mode(capsys):
    def unpack(t):
        print("unpack")
        return t * 10

    for hook, said in ((unpack, "unpack\n" * 2), (lambda t: t * 10, "")):
        hooked = jit(register_saved_tensors_hooks(lambda t: t + 1, hook)(product))
        gx, gy = grad(lambda x, y, hooked=hooked: hooked(x, y).sum(), (0, 1))(X, Y)
        np.testing.assert_allclose(gx.asnumpy(), (Y.asnumpy() + 1) * 10)
        np.testing.assert_allclose(gy.asnumpy(), (X.asnumpy() + 1) * 10)
        assert capsys.readouterr().out == said


def counting():
    seen = {"pack": [], "unpack": 0}

    def pack(t):
        seen["pack"].append(t.asnumpy().tolist())
        return t.asnumpy()

    def unpack(array):
        seen["unpack"] += 1
        return Tensor(array)

    return seen, pack, unpack


def test_a_block_may_look_at_values_and_have_hooks_and_blocks_inside():
    seen, pack, unpack = counting()
    outer, pack_outer, unpack_outer = counting()
    passed = []

    def f(x, y):
        with saved_tensors_hooks(pack_outer, unpack_outer):
            a = x * y
            a.register_hook(lambda g: passed.append(g.asnumpy().tolist()))
            assert float(a.sum()) == -6.5
            with saved_tensors_hooks(pack, unpack):
                b = a * ops.exp(a)
            c = b * a
        return c.sum() + x.sum()

    def plain(x, y):
        a = x * y
        b = a * ops.exp(a)
        return (b * a).sum() + x.sum()

    for found, expected in zip(grad(f, (0, 1))(X, Y), grad(plain, (0, 1))(X, Y)):
        np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-5)
    a = (X * Y).asnumpy().tolist()
    assert len(passed) == 1 and X.asnumpy().tolist() in outer["pack"] and a in seen["pack"]
    assert X.asnumpy().tolist() not in seen["pack"]
    assert seen["unpack"] == len(seen["pack"]) and outer["unpack"] == len(outer["pack"])


def test_a_derivative_may_be_taken_later_and_never():
    seen, pack, unpack = counting()

    def f(x):
        with saved_tensors_hooks(pack, unpack):
            return ops.exp(x)

    f(X)
    assert not seen["pack"]
    value, pull = vjp(f, X)
    assert seen == {"pack": [value.asnumpy().tolist()], "unpack": 0}
    for factor in (1.0, 3.0):
        np.testing.assert_allclose(pull(ops.ones_like(X) * factor)[0].asnumpy(), value.asnumpy() * factor, rtol=1e-6)
    assert seen["unpack"] == 2


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def test_what_a_cell_keeps(mode):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.dense = nn.Dense(3, 4, weight_init="ones")
            self.scale = ms.Parameter(Tensor(2.0), name="scale")

        def construct(self, x):
            return ops.tanh(self.dense(x)) * self.scale

    before = ms.get_context("mode")
    try:
        ms.set_context(mode=mode)
        net, x = Net(), Tensor([[0.1, 0.2, -0.4]])
        step = value_and_grad(lambda x: net(x).sum(), 0, net.trainable_params())
        value, (gx, by_weight) = step(x)
        net.register_saved_tensors_hooks(lambda t: t * 2, lambda t: t / 2)
        again, (gx_again, by_weight_again) = step(x)
        for a, b in zip((value, gx, *by_weight), (again, gx_again, *by_weight_again)):
            np.testing.assert_allclose(a.asnumpy(), b.asnumpy(), rtol=1e-6)
        net.dense.register_saved_tensors_hooks(lambda t: t, lambda t: t * 0)
        assert not step(x)[1][0].asnumpy().any()
        assert not grad(copy.deepcopy(net))(x).asnumpy().any()
    finally:
        ms.set_context(mode=before)


def test_what_is_refused():
    with pytest.raises(TypeError, match="pack_hook must be callable"):
        saved_tensors_hooks(1, lambda t: t)
    with pytest.raises(TypeError, match="unpack_hook must be callable"):
        register_saved_tensors_hooks(lambda t: t, None)
    with pytest.raises(TypeError, match="must return the Tensor"):
        grad(register_saved_tensors_hooks(lambda t: t, lambda t: None)(product))(X, Y)
    with pytest.raises(ValueError, match="was packed"):
        grad(register_saved_tensors_hooks(lambda t: t, lambda t: t[:1])(product))(X, Y)

    def block(x):
        with saved_tensors_hooks(*HALVES):
            return (x * x).sum()

    with pytest.raises(GraphCompileError, match="register_saved_tensors_hooks"):
        jit(grad(block))(X)
    with pytest.raises(RuntimeError, match="gradient of a gradient"):
        grad(lambda x: grad(block)(x).sum())(X)
    assert grad(lambda x: grad(lambda x: (x * x).sum())(x).sum())(X).asnumpy().tolist() == [2.0] * 3
