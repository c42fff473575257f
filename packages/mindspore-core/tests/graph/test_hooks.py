"""Hooks on the gradients of tensors, in both modes: what they see, what they may do, and where they stand."""
from __future__ import annotations

import functools
import gc

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.graph.trace import current_trace
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend

X = np.array([1.0, 2.0], np.float32)


def double(gradient):
    return gradient * 2


def clip(gradient):
    return ops.clip(gradient, -0.5, 0.5)


def close(found, *expected):
    for value, want in zip(found if isinstance(found, tuple | list) else (found,), expected, strict=True):
        np.testing.assert_allclose(value.asnumpy(), want, rtol=1e-6)


# -- tensors inside of a function --------------------------------------------------------------------------------------


def test_a_hook_replaces_the_gradient(mode):
    def product(x, y):
        z = x * y
        z.register_hook(double)
        return z * y

    close(ms.grad(product, (0, 1))(Tensor(1.0), Tensor(2.0)), 8, 6)
    close(product(Tensor(1.0), Tensor(2.0)), 4)


def test_hooks_see_gradients_in_order_and_may_give_nothing_back(mode):
    seen = []

    def look(gradient):
        seen.append(gradient)

    def function(x):
        z = x * x
        z.register_hook(double)
        z.register_hook(look)
        w = ops.sin(z)
        w.register_hook(lambda gradient: gradient * 3)
        return w.sum()

    gradient = ms.grad(function)
    for number in (1, 2):
        close(gradient(Tensor(X)), 6 * np.cos(X ** 2) * 2 * X)
        assert len(seen) == number
    close(seen, *[6 * np.cos(X ** 2)] * 2)


def test_a_hook_sees_the_sum_over_all_uses(mode):
    seen = []

    def function(x):
        z = x * 2
        z.register_hook(seen.append)
        return (z * z + z * 3).sum()

    ms.grad(function)(Tensor(X))
    close(seen, 4 * X + 3)


def test_hooks_of_an_argument(mode):
    def function(x):
        x.register_hook(double)
        x = x * 2 + x
        x.register_hook(lambda gradient: gradient * 5)
        return (x * x).sum()

    close(ms.grad(function)(Tensor(X)), 2 * 3 * 5 * 2 * 3 * X)


def test_a_hook_that_nothing_reaches_does_not_run(mode):
    seen = []

    def function(x, y):
        unused, constant = x * 2, y * 2
        unused.register_hook(seen.append)
        constant.register_hook(seen.append)
        return (x * constant).sum()

    close(ms.grad(function)(Tensor(X), Tensor(X)), 2 * X)
    assert seen == []


def test_hooks_print_assign_and_decide(mode, capsys):
    counter = Parameter(Tensor(0.0), name="counter")

    def look(gradient):
        counter.set_data(counter + 1)
        print("gradient", gradient)
        if gradient.sum() > 10:
            return gradient * 0
        return gradient * 2

    def function(x):
        z = x * 2
        z.register_hook(look)
        return (z * z).sum()

    gradient = ms.grad(function)
    close(gradient(Tensor([1.0])), 16)
    close(gradient(Tensor([3.0])), 0)
    assert capsys.readouterr().out == "gradient [4.]\ngradient [12.]\n"
    assert counter.asnumpy() == 2


def test_the_second_derivative_passes_the_hook_again(mode):
    calls = []

    def look(gradient):
        calls.append(1)
        return gradient * 2

    def function(x):
        z = x * 2
        z.register_hook(look)
        return (z * z).sum()

    close(ms.grad(lambda x: ms.grad(function)(x).sum())(Tensor(X)), [32, 32])
    assert len(calls) == 2


def test_vjp_runs_the_hook_at_each_pull(mode):
    calls = []

    def look(gradient):
        calls.append(gradient)
        return gradient * 2

    def function(x):
        z = x * 2
        z.register_hook(look)
        return (z * z).sum()

    _, pull = ms.vjp(function, Tensor(X))
    close(pull(Tensor(1.0)), 16 * X)
    close(pull(Tensor(2.0)), 32 * X)
    close(calls, 4 * X, 8 * X)


def test_a_hook_that_raises_names_the_line(mode):
    def wrong(gradient):
        return ops.matmul(gradient, gradient)

    def function(x):
        z = x * 2
        z.register_hook(wrong)
        return z.sum()

    with pytest.raises(ValueError, match="matmul") as caught:
        ms.grad(function)(Tensor([[1.0, 2.0]]))
    assert any(entry.name == "wrong" for entry in caught.traceback)


@pytest.mark.parametrize("give, error, text", [
    (lambda g: 3, TypeError, "must return a Tensor or None"),
    (lambda g: g.reshape((1, 2)), ValueError, r"shape \(1, 2\), expected \(2,\)"),
], ids=["type", "shape"])
def test_what_a_hook_returns_is_checked(mode, give, error, text):
    def function(x):
        z = x * 2
        z.register_hook(give)
        return z.sum()

    with pytest.raises(error, match=text):
        ms.grad(function)(Tensor(X))


def test_a_hook_may_read_what_the_function_has_computed(mode):
    def function(x):
        y = x * 2
        z = y * x
        z.register_hook(lambda gradient: gradient * y)
        return z.sum()

    for gradient in (ms.grad(function), ms.jit(ms.grad(function)), ms.grad(ms.jit(function))):
        close(gradient(Tensor(X)), 2 * X * 4 * X)
    close(ms.grad(lambda x: ms.grad(function)(x).sum())(Tensor(X)), 16 * X)


def test_hooks_that_are_objects(mode):
    seen = []

    class Keeps:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, gradient):
            seen.append(gradient)
            return gradient * self.factor

        def method(self, gradient):
            seen.append(gradient)
            return gradient * self.factor

    def function(x):
        z = x * 2
        z.register_hook(Keeps(3))
        z.register_hook(Keeps(5).method)
        z.register_hook(functools.partial(ops.mul, 2.0))
        return z.sum()

    close(ms.grad(function)(Tensor(X)), [60, 60])
    close(seen, [1, 1], [3, 3])


def test_a_hook_is_registered_before_the_tensor_is_used():
    def function(x):
        z = x * 2
        w = z + 1
        z.register_hook(lambda gradient: gradient * 10)
        return (z * w).sum()

    close(ms.grad(function)(Tensor([1.0])), 100)
    with pytest.raises(GraphCompileError, match="used before"):
        ms.jit(ms.grad(function))(Tensor([1.0]))


def test_the_trace_is_seen_by_nobody(mode):
    """No tensor of a compilation leaves it through a hook."""
    kept = []

    def function(x):
        z = x * 2
        z.register_hook(kept.append)
        return z.sum()

    ms.grad(function)(Tensor(X))
    assert current_trace() is None
    close(kept, np.ones(2))


def test_hooks_of_views(mode):
    def function(x):
        z = x * 2
        first = z[0]
        first.register_hook(lambda gradient: gradient * 10)
        return (first * 3 + z.reshape((2, 1))).sum()

    close(ms.grad(function)(Tensor(X)), [2 * (2 * 3 * 10 + 1), 2])


def test_hooks_of_a_compiled_function_under_a_gradient(mode):
    seen = []

    @ms.jit
    def function(x):
        z = x * 2
        z.register_hook(seen.append)
        z.register_hook(double)
        return (z * z).sum()

    close(ms.grad(function)(Tensor(X)), 16 * X)
    close(seen, 4 * X)


def test_hooks_and_sizes_that_vary():
    gradient = ms.jit(ms.grad(lambda x: (clipped(x) * x).sum()), dynamic=1)
    for count in (2, 3, 4):
        close(gradient(Tensor(np.ones(count, np.float32))), np.full(count, 1.5))


# -- Parameters and arguments ------------------------------------------------------------------------------------------


def test_hooks_of_parameters_come_and_go(mode):
    weight = Parameter(Tensor(X), name="weight")
    gradient = ms.grad(lambda x: (x * weight * weight).sum(), None, weight)
    plain = 2 * X * X
    close(gradient(Tensor(X)), plain)
    first, second = weight.register_hook(double), weight.register_hook(lambda g: g + 1)
    assert [h is double for h in weight.hooks()] == [True, False]
    close(gradient(Tensor(X)), 2 * plain + 1)
    first.remove()
    first.remove()
    close(gradient(Tensor(X)), plain + 1)
    weight.remove_hook(second)
    close(gradient(Tensor(X)), plain)
    with assert_max_compiles(0):
        close(gradient(Tensor(X)), plain)


def test_hooks_of_a_tensor_that_is_an_argument(mode):
    x, y = Tensor(X), Tensor(X)
    gradient = ms.grad(lambda x: (x ** 3).sum())
    handle = x.register_hook(double)
    close(gradient(x), 6 * X ** 2)
    close(gradient(y), 3 * X ** 2)
    close(ms.grad(lambda x: gradient(x).sum())(x), 2 * 2 * 6 * X)
    handle.remove()
    close(gradient(x), 3 * X ** 2)


def test_a_shared_weight_has_one_gradient_and_one_hook_call(mode):
    class Twice(nn.Cell):
        def __init__(self):
            super().__init__()
            self.first = nn.Dense(2, 2, has_bias=False)
            self.second = nn.Dense(2, 2, has_bias=False)
            self.second.weight = self.first.weight

        def construct(self, x):
            return self.second(self.first(x)).sum()

    net, seen = Twice(), []
    gradient = ms.grad(net, None, net.trainable_params())
    (plain,) = gradient(Tensor(X[None]))
    net.first.weight.register_hook(seen.append)
    (hooked,) = gradient(Tensor(X[None]))
    close(hooked, plain.asnumpy())
    close(seen, plain.asnumpy())


def test_a_handle_keeps_no_tensor_alive():
    tensor = Tensor(X)
    handle = tensor.register_hook(double)
    del tensor
    gc.collect()
    handle.remove()


def test_mistakes_of_registration():
    weight = Parameter(Tensor(X), name="weight")
    with pytest.raises(TypeError, match="must be callable"):
        weight.register_hook(3)
    with pytest.raises(TypeError, match="the handle that register_hook returned"):
        Tensor.remove_hook(3)

    def registers(x):
        weight.register_hook(double)
        return x * weight

    with pytest.raises(GraphCompileError, match="from outside"):
        ms.jit(registers)(Tensor(X))


# -- operators ---------------------------------------------------------------------------------------------------------


def test_hook_backward(mode, capsys):
    hook = ops.HookBackward(lambda gradients: print("got", len(gradients), gradients[0]))

    def function(x, y):
        return hook(x * y) * y

    close(ms.grad(function, (0, 1))(Tensor(1.0), Tensor(2.0)), 4, 4)
    assert capsys.readouterr().out == "got 1 2.0\n"
    both = ops.operations.HookBackward(lambda gradients: (gradients[0] * 2, None))

    def pair(x, y):
        x, y = both(x, y)
        return (x * y).sum()

    close(ms.grad(pair, (0, 1))(Tensor(X), Tensor(X + 1)), 2 * (X + 1), X)


def test_many_hooks_that_look_at_gradients():
    """Each stage of the derivative stands on its own: it holds none of those before it, else they double each time."""
    seen = []
    looked = ops.InsertGradientOf(lambda g: seen.append(float(g.sum())))

    def chain(x):
        for _ in range(14):
            x = looked(x * 2)
        return x.sum()

    close(ms.grad(chain)(Tensor(X)), np.full_like(X, 2 ** 14))
    assert seen == [len(X) * 2.0 ** k for k in range(14)]


@pytest.mark.parametrize("compiled", [False, True])
def test_gradient_is_written(tmp_path, compiled):
    path = str(tmp_path / "gradient.npy")

    def program(x):
        return (ops.DumpGradient()(path, x * 2, "out") ** 2).sum()

    gradient = ms.grad(program)
    close((ms.jit(gradient) if compiled else gradient)(Tensor(X)), 8 * X)
    np.testing.assert_allclose(np.load(tmp_path / "gradient_float32_0.npy"), 4 * X)


@pytest.mark.parametrize("act, error", [
    (lambda: ops.HookBackward(3), TypeError), (lambda: ops.HookBackward(double, 3), TypeError),
    (lambda: ops.HookBackward(double)(3), TypeError), (lambda: ops.InsertGradientOf(3), TypeError),
    (lambda: ops.InsertGradientOf(double)(3), TypeError), (lambda: ops.DumpGradient()("g", 3, "out"), TypeError),
    (lambda: ops.DumpGradient()(3, Tensor(X), "out"), TypeError),
    (lambda: ops.DumpGradient()("g", Tensor(X), "all"), ValueError),
    (lambda: ms.grad(lambda x: ops.HookBackward(lambda g: (g[0], g[0]))(x).sum())(Tensor(X)), ValueError),
], ids=range(9))
def test_mistakes_of_operators(act, error):
    with pytest.raises(error):
        act()


# -- in graphs inside of graphs, and under other transformations -------------------------------------------------------

clipped = ops.InsertGradientOf(clip)


def halves(x):
    for _ in range(3):
        x = clipped(x) * 2
    return x.sum()


def halves_while(x):
    i = Tensor(0)
    while i < 3:
        x = clipped(x) * 2
        i = i + 1
    return x.sum()


def halves_if(x):
    if x.sum() > 0:
        x = clipped(x) * 2
    return x.sum()


@pytest.mark.parametrize("function", [halves, halves_while, halves_if], ids=lambda f: f.__name__)
def test_hooks_in_loops_and_branches(mode, function):
    for gradient in (ms.grad(function), ms.jit(ms.grad(function)), ms.grad(ms.jit(function))):
        close(gradient(Tensor([1.0])), [0.5])


def test_hooks_under_transformations(mode):
    def function(x):
        return clipped(x) * x * x

    x = Tensor([[0.1], [3.0]])
    expected = np.array([[0.03], [18.5]])
    close(ms.vmap(ms.grad(lambda x: function(x).sum()))(x), expected)
    close(ms.grad(lambda x: ms.vmap(function)(x).sum())(x), expected)
    close(ms.jvp(function, x, x), *[np.array([[0.001], [27]]), np.array([[0.003], [81]])])
    close(ms.jacrev(lambda x: clipped(x) * 3)(Tensor(X)), np.eye(2) / 2)
    close(ms.grad(lambda x: ms.recompute(lambda x: clipped(x) * 3 + ops.sin(x), x).sum())(Tensor(X)), 0.5 + np.cos(X))


def test_effects_of_hooks_in_loops_are_refused_in_graphs():
    seen = []

    def function(x):
        i = Tensor(0)
        while i < 3:
            x = x * 2
            x.register_hook(seen.append)
            i = i + 1
        return x.sum()

    close(ms.grad(function)(Tensor([1.0])), 8)
    close(seen, [1.0], [2.0], [4.0])
    with pytest.raises(GraphCompileError, match="may only compute"):
        ms.jit(ms.grad(function))(Tensor([1.0]))


@pytest.mark.parametrize("backend", ["discrete", "cpu"])
def test_on_other_devices(backend, discrete):
    def function(x):
        z = x * 2
        z.register_hook(double)
        return (z * z).sum()

    if backend not in manager.backends():
        pytest.skip("needs mindspore-cpu")
    with use_backend(backend):
        close(ms.grad(function)(Tensor(X)), 16 * X)
        close(ms.jit(ms.grad(function))(Tensor(X)), 16 * X)
        close(ms.jit(ms.grad(halves_while))(Tensor([1.0])), [0.5])
