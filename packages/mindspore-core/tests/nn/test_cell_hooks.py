"""Hooks of Cells, in both modes: around construct, on gradients, on Parameters."""
from __future__ import annotations

import copy

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.pipeline import assert_max_compiles

ONE = np.ones(1, np.float32)


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def construct(self, x, y):
        return self.relu(x + y)


class Scaled(nn.Cell):
    def __init__(self, scale=3.0):
        super().__init__()
        self.scale = Parameter(Tensor([scale]))

    def construct(self, x, times=1):
        return x * self.scale * times


class Many(nn.Cell):
    """Takes whole numbers and nested tensors, gives a dict."""

    def construct(self, index, pair):
        return {"sum": pair[0] + pair[1] * 2, "index": index, "twice": pair[0] * 2}


def same(found, *expected):
    for value, want in zip(found if isinstance(found, tuple | list) else (found,), expected, strict=True):
        np.testing.assert_allclose(value.asnumpy(), want, rtol=1e-6)


# -- around construct --------------------------------------------------------------------------------------------------


def test_order_and_what_hooks_return(mode):
    net, log = Scaled(), []

    def noting(name, change=None):
        def hook(cell, *rest):
            log.append((name, cell is net))
            return change(*rest) if change else None
        return hook

    handles = [net.register_forward_pre_hook(noting("pre", lambda args: args[0] + 1)),
               net.register_forward_pre_hook(noting("first"), prepend=True),
               net.register_forward_hook(noting("post", lambda args, out: out * 10)),
               net.register_forward_hook(noting("early", lambda args, out: out + args[0]), prepend=True)]
    same(net(Tensor(ONE)), [80])
    assert log[:4] == [("first", True), ("pre", True), ("early", True), ("post", True)]
    for handle in handles:
        handle.remove()
        handle.remove()
    same(net(Tensor(ONE)), [3])
    with net.register_forward_hook(lambda cell, args, out: out * 2):
        same(net(Tensor(ONE)), [6])
    same(net(Tensor(ONE)), [3])


def test_hooks_with_keyword_arguments(mode):
    net = Scaled()
    net.register_forward_pre_hook(lambda cell, args, kwargs: (args, {"times": kwargs["times"] + 1}), with_kwargs=True)
    net.register_forward_hook(lambda cell, args, kwargs, out: out * kwargs["times"], with_kwargs=True)
    same(net(Tensor(ONE), times=2), [27])
    net.register_forward_pre_hook(lambda cell, args, kwargs: args, with_kwargs=True)
    with pytest.raises(TypeError, match=r"must return None or \(args, kwargs\)"):
        net(Tensor(ONE), times=2)


def test_a_hook_of_an_inner_cell_is_noticed(mode):
    net = Net()
    same(net(Tensor(ONE), Tensor(ONE)), [2])
    handle = net.relu.register_forward_hook(lambda cell, args, out: out * 5)
    same(net(Tensor(ONE), Tensor(ONE)), [10])
    handle.remove()
    with assert_max_compiles(1):
        same(net(Tensor(ONE), Tensor(ONE)), [2])
    with assert_max_compiles(0):
        same(net(Tensor(ONE), Tensor(ONE)), [2])


def test_activations_are_collected(mode):
    net, seen = nn.SequentialCell(Scaled(2.0), Scaled(5.0)), []
    for cell in net:
        cell.register_forward_hook(lambda cell, args, out: seen.append(out))
    net(Tensor(ONE))
    same(seen, [2], [10])
    ms.value_and_grad(lambda x: net(x).sum())(Tensor(ONE))
    same(seen, [2], [10], [2], [10])


def test_gradients_are_collected_by_name(mode):
    net, named = nn.SequentialCell(Scaled(2.0), Scaled(5.0)), {}

    def collector(name):
        def collect(cell, into, out):
            named[name] = into[0]
        return collect

    for name, cell in net.name_cells().items():
        cell.register_backward_hook(collector(name))
    gradient = ms.grad(lambda x: net(x).sum())
    for _ in range(2):
        named.clear()
        gradient(Tensor(ONE))
        same((named["0"], named["1"]), [10], [5])


def test_hooks_decide_and_assign(mode):
    net, counter = Scaled(), Parameter(Tensor(0.0), name="counter")

    def hook(cell, args, out):
        counter.set_data(counter + 1)
        if out.sum() > 5:
            return out * 0
        return out

    net.register_forward_hook(hook)
    same(net(Tensor(ONE)), [3])
    same(net(Tensor(ONE * 2)), [0])
    assert counter.asnumpy() == 2


def test_hooks_that_are_always_called(mode):
    class Fails(nn.Cell):
        def construct(self, x):
            raise ValueError("no")

    net, log = Fails(), []
    net.register_forward_hook(lambda cell, args, out: log.append("not this"))
    net.register_forward_hook(lambda cell, args, out: log.append(out), always_call=True)
    with pytest.raises(ValueError, match="no"):
        net(Tensor(ONE))
    assert log == ([None] if mode == "pynative" else [])


# -- gradients ---------------------------------------------------------------------------------------------------------


def test_what_each_hook_sees(mode, capsys):
    net = Net()
    handles = [net.relu.register_forward_pre_hook(lambda cell, args: print("in", args[0])),
               net.relu.register_forward_hook(lambda cell, args, out: out + out),
               net.relu.register_backward_pre_hook(lambda cell, grads: print("pre", grads[0])),
               net.relu.register_backward_hook(lambda cell, into, out: print("hook", into[0], out[0]))]
    assert net.relu.enable_backward_hook and not net.enable_backward_hook
    gradient = ms.grad(net, (0, 1))
    same(gradient(Tensor(ONE), Tensor(ONE)), [2], [2])
    assert capsys.readouterr().out == "in [2.]\npre [2.]\nhook [2.] [2.]\n"
    same(net(Tensor(ONE), Tensor(ONE)), [4])
    assert capsys.readouterr().out == "in [2.]\n"
    for handle in handles:
        handle.remove()
    same(gradient(Tensor(ONE), Tensor(ONE)), [1], [1])
    assert not net.relu.enable_backward_hook and capsys.readouterr().out == ""


def test_backward_hooks_replace_gradients(mode):
    net = Scaled()
    gradient = ms.grad(lambda x: net(x).sum(), 0, net.trainable_params())
    pre = net.register_backward_pre_hook(lambda cell, grads: grads[0] * 10)
    post = net.register_backward_hook(lambda cell, into, out: (into[0] + out[0],))
    inputs, (weight,) = gradient(Tensor(ONE * 2))
    same((inputs, weight), [40], [20])
    pre.remove()
    inputs, (weight,) = gradient(Tensor(ONE * 2))
    same((inputs, weight), [4], [2])
    post.remove()
    inputs, (weight,) = gradient(Tensor(ONE * 2))
    same((inputs, weight), [3], [2])


def test_inputs_that_nobody_differentiates_by(mode):
    """A backward hook sees the gradients of a first layer's inputs, too."""
    net, seen = nn.SequentialCell(Scaled(2.0), Scaled(5.0)), []
    for cell in net:
        cell.register_backward_hook(lambda cell, into, out: seen.append((into[0], out[0])))
    (first, second) = ms.grad(lambda x: net(x).sum(), None, net.trainable_params())(Tensor(ONE))
    same((first, second), [5], [2])
    same(seen[0], [5], [1])
    same(seen[1], [10], [5])


def test_containers_and_whole_numbers(mode):
    net, seen = Many(), []
    net.register_backward_hook(lambda cell, into, out: seen.append((into, out)))

    def function(x, y):
        return net(Tensor([3]), (x, y))["sum"].sum()

    same(ms.grad(function, (0, 1))(Tensor(ONE), Tensor(ONE)), [1], [2])
    into, out = seen[0]
    assert into[0] is None and out[1] is None
    same(into[1:], [1], [2])
    same((out[0], out[2]), [1], [0])


def test_a_cell_without_floating_inputs(mode):
    net, seen = nn.Embedding(4, 2), []
    net.register_backward_hook(lambda cell, into, out: seen.append((into, out)))
    ms.grad(lambda i: net(i).sum(), None, net.trainable_params())(Tensor([1, 2]))
    assert seen[0][0] == (None,)
    same(seen[0][1][0], np.ones((2, 2)))


def test_the_second_derivative(mode):
    net, calls = Scaled(), []

    def hook(cell, into, out):
        calls.append(1)
        return into[0] * 2

    net.register_backward_hook(hook)
    second = ms.grad(lambda x: ms.grad(lambda x: (net(x) ** 2).sum())(x).sum())(Tensor(ONE))
    same(second, [2 * 2 * 18])
    assert len(calls) == 2


def test_repeated_layers_recomputation_and_assignment(mode):
    net = nn.SequentialCell(*[nn.SequentialCell(Scaled(2.0), nn.ReLU()) for _ in range(4)])
    counter = Parameter(Tensor(0.0), name="counter")

    def hook(cell, into, out):
        counter.set_data(counter + 1)
        return into[0] * 2

    for block in net:
        block[0].register_backward_hook(hook)
    gradient = ms.grad(lambda x: net(x).sum())
    same(gradient(Tensor(ONE)), [256])
    assert counter.asnumpy() == 4
    for block in net:
        block.recompute()
    same(gradient(Tensor(ONE)), [256])
    assert counter.asnumpy() == 8


def test_one_cell_called_twice(mode):
    net, seen = Scaled(), []
    net.register_backward_hook(lambda cell, into, out: seen.append(into[0]))
    same(ms.grad(lambda x: (net(net(x))).sum())(Tensor(ONE)), [9])
    same(seen, [3], [9])


def test_per_example_gradients_with_hooks(mode):
    net = Scaled()
    net.register_backward_pre_hook(lambda cell, grads: ops.clip(grads[0], -1.0, 1.0))
    x = Tensor([[0.1], [2.0]])
    per_example = ms.vmap(ms.grad(lambda x: (net(x) ** 2).sum()))(x)
    same(per_example, [[1.8], [3.0]])


def test_a_cell_with_a_derivative_of_its_own(mode):
    class Odd(nn.Cell):
        def construct(self, x):
            return x * x

        def bprop(self, x, out, dout):
            return (dout * x,)

    net = Odd()
    net.register_backward_hook(lambda cell, into, out: into[0] * 100)
    same(ms.grad(lambda x: net(x).sum())(Tensor(ONE * 3)), [300])


def test_a_cell_in_low_precision(mode):
    net, seen = nn.Dense(2, 1, weight_init="ones").to_float(ms.float16), []
    net.register_backward_hook(lambda cell, into, out: seen.append((into[0], out[0])))
    same(ms.grad(lambda x: net(x).sum())(Tensor([[1.0, 2.0]])), [[1, 1]])
    assert [t.dtype for t in seen[0]] == [ms.float32, ms.float16]


def test_training_with_hooks(mode):
    net = nn.SequentialCell(nn.Dense(2, 3, weight_init="ones"), nn.ReLU(), nn.Dense(3, 1))
    counter = Parameter(Tensor(0.0), name="counter")

    def count(cell, into, out):
        counter.set_data(counter + 1)

    net[2].register_backward_hook(count)
    net[0].weight.register_hook(lambda gradient: gradient * 0)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.1))
    frozen, moving = net[0].weight.asnumpy().copy(), net[2].weight.asnumpy().copy()
    for _ in range(3):
        step(Tensor(np.ones((4, 2), np.float32)), Tensor(np.full((4, 1), 9, np.float32)))
    np.testing.assert_array_equal(net[0].weight.asnumpy(), frozen)
    assert np.abs(net[2].weight.asnumpy() - moving).max() > 0 and counter.asnumpy() == 3


@pytest.mark.parametrize("hook, error, text", [
    (lambda cell, into, out: (into[0], into[0]), ValueError, "1 gradients"),
    (lambda cell, into, out: 3, TypeError, "must return a Tensor"),
    (lambda cell, into, out: into[0].reshape((1, 1)), ValueError, r"shape \(1, 1\)"),
], ids=["count", "type", "shape"])
def test_what_backward_hooks_return_is_checked(mode, hook, error, text):
    net = Scaled()
    net.register_backward_hook(hook)
    with pytest.raises(error, match=text):
        ms.grad(lambda x: net(x).sum())(Tensor(ONE))


def applied_in_a_loop(net):
    def function(x):
        for _ in range(3):
            x = net(x)
        return x.sum()
    return function


def applied_while(net):
    def function(x):
        i = Tensor(0)
        while i < 3:
            x = net(x)
            i = i + 1
        return x.sum()
    return function


@pytest.mark.parametrize("make", [applied_in_a_loop, applied_while], ids=lambda f: f.__name__)
def test_in_loops_and_branches(mode, make):
    net = Scaled()
    net.register_backward_hook(lambda cell, into, out: into[0] + out[0])
    net.register_backward_pre_hook(lambda cell, grads: grads[0] * 2)
    function = make(net)
    for gradient in (ms.grad(function, 0, net.trainable_params()),
                     ms.jit(ms.grad(function, 0, net.trainable_params())),
                     ms.grad(ms.jit(function), 0, net.trainable_params())):
        inputs, (weight,) = gradient(Tensor(ONE))
        same((inputs, weight), [512], [194])


def test_under_other_transformations(mode):
    net = Scaled()
    net.register_backward_hook(lambda cell, into, out: into[0] + out[0])
    same(ms.grad(lambda x: ms.vmap(net)(x).sum())(Tensor([[1.0], [2.0]])), [[4], [4]])
    same(ms.jacrev(net)(Tensor(ONE)), [[4]])
    same(ms.jvp(net, Tensor(ONE), Tensor(ONE)), [3], [3])
    same(ms.grad(lambda x: ms.recompute(net, x).sum())(Tensor(ONE)), [4])


def test_effects_in_compiled_loops_are_refused():
    net, seen = Scaled(), []
    net.register_backward_hook(lambda cell, into, out: seen.append(into[0]))
    function = applied_while(net)
    same(ms.grad(function)(Tensor(ONE)), [27])
    same(seen, [3], [9], [27])
    with pytest.raises(GraphCompileError, match="may only compute"):
        ms.jit(ms.grad(function))(Tensor(ONE))


# -- Parameters --------------------------------------------------------------------------------------------------------


def test_hooks_of_parameters(mode):
    net = nn.SequentialCell(Scaled(2.0), Scaled(5.0))
    handle = net.register_parameter_forward_hook(lambda param: param * 2)
    same(net(Tensor(ONE)), [40])
    assert isinstance(net[0].scale, Parameter)
    gradients = ms.grad(lambda x: net(x).sum(), None, net.trainable_params())(Tensor(ONE))
    same(gradients, [20], [8])
    handle.remove()
    same(net(Tensor(ONE)), [10])
    net.register_parameter_forward_hook([{"params": [net[1].scale], "hook": lambda param: param + 1}])
    same(net(Tensor(ONE)), [12])


@pytest.mark.parametrize("hook, error, text", [
    (3, TypeError, "expected a function"), ([{"params": []}], TypeError, "a group must be"),
    ([{"params": [3], "hook": abs}], TypeError, "must be Parameters"),
    ([{"params": [Parameter(Tensor(1.0), name="other")], "hook": abs}], ValueError, "'other' belongs to no Cell"),
], ids=["type", "group", "params", "other"])
def test_mistakes_with_hooks_of_parameters(hook, error, text):
    net = Scaled()
    with pytest.raises(error, match=text):
        net.register_parameter_forward_hook(hook)
    assert net._hooks == ()


def test_what_a_hook_of_a_parameter_returns_is_checked(mode):
    net = Scaled()
    net.register_parameter_forward_hook(lambda param: param.reshape((1, 1)))
    with pytest.raises(TypeError, match="must return a Tensor of"):
        net(Tensor(ONE))


# -- handles -----------------------------------------------------------------------------------------------------------


def test_registration_is_checked():
    net = Scaled()
    for register in (net.register_forward_hook, net.register_forward_pre_hook, net.register_backward_hook,
                     net.register_backward_pre_hook):
        with pytest.raises(TypeError, match="callable"):
            register(3)

    class Registers(nn.Cell):
        def __init__(self):
            super().__init__()
            self.inner = Scaled()

        def construct(self, x):
            self.inner.register_forward_hook(lambda cell, args, out: out * 2)
            return self.inner(x)

    same(Registers()(Tensor(ONE)), [6])
    with pytest.raises(GraphCompileError, match="while a function is compiled"):
        ms.jit(Registers())(Tensor(ONE))


def test_copies_have_hooks_of_their_own():
    net = Scaled()
    handle = net.register_forward_hook(lambda cell, args, out: out * 2)
    twin = copy.deepcopy(net)
    handle.remove()
    same(net(Tensor(ONE)), [3])
    same(twin(Tensor(ONE)), [6])
