"""Repeated layers: interpreted once, differentiated once, and the same numbers as without sharing."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, ops
from mindspore.compiler.ir import Graph
from mindspore.compiler.passes import calls
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.graph import blocks
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Dense, Dropout
from mindspore.nn.layer.container import CellList, SequentialCell
from mindspore.runtime.device import use_backend

DEPTH = 5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def every_call_stays(monkeypatch):
    """Calls stay calls, whatever they save."""
    monkeypatch.setattr(calls, "WORTH_CALLING", 1)
    with use_backend("reference"):
        yield


class Inner(Cell):
    def __init__(self, seed):
        super().__init__()
        weights = np.random.default_rng(seed)
        ms.set_seed(seed)
        self.first = Dense(3, 3)
        self.first.weight.set_data(Tensor(weights.normal(size=(3, 3)).astype(np.float32)))
        self.scale = Parameter(weights.normal(size=3).astype(np.float32))

    def construct(self, x):
        return ops.tanh(self.first(x)) * self.scale


class Layer(Cell):
    """What every layer of the table below is made of; subclasses change one thing."""

    def __init__(self, number):
        super().__init__()
        self.inner = Inner(number)
        self.number = number

    def construct(self, x):
        return x + self.inner(x)


class Numbered(Layer):
    def construct(self, x):
        return x + self.inner(x) * self.number


class OddOnes(Layer):
    def __init__(self, number):
        super().__init__(number)
        self.odd = bool(number % 2)

    def construct(self, x):
        return self.inner(x) if self.odd else x - self.inner(x)


class Counting(Layer):
    def __init__(self, number):
        super().__init__(number)
        self.calls = Parameter(np.float32(number), requires_grad=False)

    def construct(self, x):
        self.calls = self.calls + 1
        return x + self.inner(x) * self.calls


class Remembering(Layer):
    def construct(self, x):
        self.last = x.sum()
        return x + self.inner(x) * self.last


class Deciding(Layer):
    def construct(self, x):
        if x.sum() > 0.5:
            return x + self.inner(x)
        return x - self.inner(x) * 0.5


class Pairs(Layer):
    def construct(self, x):
        return {"sum": x + self.inner(x), "pair": (x, [self.inner(x), 3])}


class Operators(Layer):
    def __init__(self, number):
        super().__init__(number)
        self.softmax, self.act = ops.Softmax(-1), lambda x: x * 0.5 + number * 0

    def construct(self, x):
        return self.softmax(self.act(x)) + self.inner(x)


class Looking(Layer):
    def __init__(self, number):
        super().__init__(number)
        self.factor = Tensor(np.float32(number))

    def construct(self, x):
        return x + self.inner(x) * self.factor.asnumpy().item()


class Failing(Layer):
    def construct(self, x):
        return x + self.inner(x) * (1 if self.number < 3 else self.missing)


class Net(Cell):
    def __init__(self, layer, share=()):
        super().__init__()
        self.layers = CellList([layer(k) for k in range(DEPTH)])
        for first, second in share:
            self.layers[second].inner.scale = self.layers[first].inner.scale

    def construct(self, x):
        for layer in self.layers:
            found = layer(x)
            if isinstance(found, dict):
                found = found["sum"] + found["pair"][0] * found["pair"][1][0] * found["pair"][1][1]
            x = found
        return x


class Switching(Net):
    """A layer list in a Python list, chosen by a Python number, with different arguments."""

    def construct(self, x):
        for k, layer in enumerate(list(self.layers)):
            x = layer(x) if k != 2 else layer(x + 1)
        return x


class Tied(Net):
    def __init__(self, layer):
        super().__init__(layer, share=[(1, 3)])


class Callers(Cell):
    def __init__(self, layer):
        super().__init__()
        self.body = SequentialCell(*[layer(k) for k in range(DEPTH)])

    def construct(self, x):
        if x.sum() > 100:
            x = self.body(x)
        return self.body(x)


def number_of_calls(graph: Graph) -> int:
    return sum(1 + number_of_calls(n.attr("callee")) if n.op.name == "call" else
               sum(number_of_calls(a) for a in n.attrs if isinstance(a, Graph)) for n in graph.nodes)


NETS = {
    # name: (net, layer, whether the layers' calls share one graph)
    "plain": (Net, Layer, True),
    "numbers differ": (Net, Numbered, False),
    "numbers differ unread": (Net, Layer, True),
    "two kinds": (Net, OddOnes, True),
    "parameters assigned": (Net, Counting, True),
    "decisions": (Net, Deciding, True),
    "containers as results": (Net, Pairs, True),
    "operators and lambdas": (Net, Operators, None),
    "attributes assigned": (Net, Remembering, True),
    "looks at values": (Net, Looking, False),
    "tied weights": (Tied, Layer, None),
    "called in branches": (Callers, Layer, True),
    "another argument": (Switching, Layer, True),
}


def results(net, x):
    """Value and gradients by the input and all weights, and the values of all Parameters afterwards."""
    weights = net.trainable_params()
    value, (by_input, by_weights) = ms.jit(ms.value_and_grad(net, 0, weights))(Tensor(x))
    return [t.asnumpy() for t in (value, by_input, *by_weights, *net.get_parameters())]


@pytest.mark.parametrize("name", NETS)
def test_sharing_changes_no_number(name, monkeypatch):
    make, layer, shared = NETS[name]
    found = results(make(layer), X)
    net = make(layer)
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        graph = net.graph(Tensor(X))
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    if shared is not None:
        callees = [n.attr("callee") for n in graph.nodes if n.op.name == "call"]
        repeated = len(callees) - len({c.key() for c in callees})
        assert (repeated > 0 or number_of_calls(graph) > DEPTH) == shared
    monkeypatch.setattr(blocks, "REPEATED", 10**6)
    for mine, theirs in zip(found, results(make(layer), X), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=1e-6)
    net = make(layer)
    value, (by_input, _) = ms.value_and_grad(net, 0, net.trainable_params())(Tensor(X))
    np.testing.assert_allclose(found[0], value.asnumpy(), rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], by_input.asnumpy(), rtol=2e-5, atol=1e-6)


def interpreted(net, monkeypatch) -> int:
    """How many layers' constructs were interpreted while the net was compiled."""
    count = []
    made = blocks.Block.__init__

    def init(self, cell, *rest):
        made(self, cell, *rest)
        if isinstance(cell, Layer):
            count.append(cell)

    monkeypatch.setattr(blocks.Block, "__init__", init)
    ms.jit(net)(Tensor(X))
    monkeypatch.undo()
    return len(count)


@pytest.mark.parametrize(("make", "layer", "count"), [
    (Net, Layer, 1), (Net, OddOnes, 2), (Net, Counting, 1), (Net, Remembering, DEPTH), (Tied, Layer, 1),
    (Switching, Layer, 1)])
def test_equal_layers_are_interpreted_once(make, layer, count, monkeypatch):
    assert interpreted(make(layer), monkeypatch) == count


def test_shared_weights_within_a_layer_make_another_pattern(monkeypatch):
    net = Net(Layer)
    for k in (2, 4):
        net.layers[k].inner.first.bias = net.layers[k].inner.scale
    assert interpreted(net, monkeypatch) == 2


def test_a_change_in_a_later_layer_is_noticed():
    """The guards of layers that were not interpreted are kept all the same."""
    net = Net(OddOnes)
    run = ms.jit(net)
    before = run(Tensor(X)).asnumpy()
    net.layers[4].odd = True
    after = run(Tensor(X)).asnumpy()
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after, net(Tensor(X)).asnumpy(), rtol=2e-5, atol=1e-6)
    net.layers[4].odd = False
    with assert_max_compiles(0):
        np.testing.assert_array_equal(run(Tensor(X)).asnumpy(), before)


def test_hooks_of_a_later_layer_run():
    net = Net(Layer)
    plain = ms.jit(net)(Tensor(X)).asnumpy()
    net.layers[3].inner.register_forward_hook(lambda cell, args, result: result * 2)
    np.testing.assert_allclose(ms.jit(net)(Tensor(X)).asnumpy(), net(Tensor(X)).asnumpy(), rtol=2e-5, atol=1e-6)
    assert not np.allclose(plain, net(Tensor(X)).asnumpy())


def test_random_layers_draw_different_numbers():
    class Dropping(Layer):
        def __init__(self, number):
            super().__init__(number)
            self.drop = Dropout(p=0.5)

        def construct(self, x):
            return self.drop(ops.ones_like(x)) + 0 * self.inner(x)

    class Each(Net):
        def construct(self, x):
            return ops.stack([layer(x) for layer in self.layers])

    net = Each(Dropping).set_train()
    rows = ms.jit(net)(Tensor(np.ones((8, 3), np.float32))).asnumpy().reshape(DEPTH, -1)
    assert len({row.tobytes() for row in rows}) == DEPTH


def test_tensors_that_leave_a_layer_by_a_list_are_seen():
    class Leaving(Layer):
        def __init__(self, number):
            super().__init__(number)
            self.kept = []

        def construct(self, x):
            self.kept.append(x)
            return x + self.inner(x)

    class Reading(Net):
        def construct(self, x):
            for layer in self.layers:
                layer.kept.clear()
                x = layer(x)
            for layer in self.layers:
                x = x + layer.kept[0]
            return x

    net = Reading(Leaving)
    np.testing.assert_allclose(ms.jit(net)(Tensor(X)).asnumpy(), net(Tensor(X)).asnumpy(), rtol=2e-5, atol=1e-6)


def test_errors_are_those_of_the_layer():
    with pytest.raises(AttributeError, match="missing"):
        ms.jit(Net(Failing))(Tensor(X))
