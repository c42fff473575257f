"""Graph mode: specialisation, guards, lifting, writes, and gradients inside."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit
from mindspore.compiler import pipeline
from mindspore.gradient import grad, value_and_grad, vjp
from mindspore.nn import CellList
from mindspore.nn.cell import Cell
from mindspore.runtime.device import use_backend
from mindspore.runtime.record import assign, call

FACTOR = 3


@pytest.fixture(autouse=True, params=["reference", "discrete"])
def backend(request, discrete):
    with use_backend(request.param):
        ms.set_context(mode=ms.GRAPH_MODE)
        yield request.param
        ms.set_context(mode=ms.PYNATIVE_MODE)


def total(x):
    return call("sum", x, axis=tuple(range(x.ndim)), keepdims=False)


def array(*shape):
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


class Scale(Cell):
    def __init__(self):
        super().__init__()
        self.weight = Parameter(np.full(3, 2, np.float32))
        self.negate = False
        self.times = 1

    def construct(self, x):
        y = call("mul", x, self.weight)
        for _ in range(self.times):
            y = call("add", y, x)
        return call("neg", y) if self.negate else y


class Scaled(Cell):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def construct(self, x):
        return call("mul", x, Tensor(np.float32(self.factor)))


def test_one_graph_per_signature():
    net = Scale()
    with pipeline.assert_max_compiles(2):
        for rows in (2, 4, 2, 4):
            np.testing.assert_array_equal(net(Tensor(array(rows, 3))).asnumpy(), 3 * array(rows, 3))


def test_changed_attributes_recompile_and_old_graphs_are_found_again():
    net, x = Scale(), Tensor(array(3))
    np.testing.assert_array_equal(net(x).asnumpy(), 3 * array(3))
    net.negate = True
    np.testing.assert_array_equal(net(x).asnumpy(), -3 * array(3))
    net.times = 2
    np.testing.assert_array_equal(net(x).asnumpy(), -4 * array(3))
    with pipeline.assert_max_compiles(0):
        net.negate, net.times = False, 1
        np.testing.assert_array_equal(net(x).asnumpy(), 3 * array(3))
    net.weight.set_data(Tensor(np.zeros(3, np.float32)))
    with pipeline.assert_max_compiles(0):
        np.testing.assert_array_equal(net(x).asnumpy(), array(3))


def test_changed_containers_recompile():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.shifts, self.table, self.blocks = [1, 2], {"scale": ([3],)}, CellList([Scaled(1.0)])

        def construct(self, x):
            for block in self.blocks:
                x = block(x)
            for shift in self.shifts:
                x = call("add", x, Tensor(np.float32(shift)))
            return call("mul", x, Tensor(np.float32(self.table["scale"][0][0])))

    net, x = Net(), Tensor(array(1))
    np.testing.assert_array_equal(net(x).asnumpy(), [12])
    net.shifts.append(10)
    np.testing.assert_array_equal(net(x).asnumpy(), [42])
    net.table["scale"][0][0] = 1
    np.testing.assert_array_equal(net(x).asnumpy(), [14])
    net.blocks.append(Scaled(5.0))
    np.testing.assert_array_equal(net(x).asnumpy(), [18])
    net.blocks[0] = Scaled(2.0)
    np.testing.assert_array_equal(net(x).asnumpy(), [23])
    with pipeline.assert_max_compiles(0):
        net(x)


def test_globals_and_closures_are_guards():
    global FACTOR
    offset = 1

    @jit
    def f(x):
        y = x
        for _ in range(FACTOR + offset):
            y = call("add", y, x)
        return y

    x = Tensor(array(2))
    np.testing.assert_array_equal(f(x).asnumpy(), 5 * array(2))
    offset = 2
    np.testing.assert_array_equal(f(x).asnumpy(), 6 * array(2))
    FACTOR = 1
    try:
        np.testing.assert_array_equal(f(x).asnumpy(), 4 * array(2))
    finally:
        FACTOR = 3


def test_arguments_by_value_and_containers():
    @jit
    def f(x, pairs, *, scale=1, name="a"):
        y = x
        for key, other in pairs.items():
            y = call("add", y, other[0]) if key != name else y
        for _ in range(scale - 1):
            y = call("add", y, x)
        return {"sum": y, "rest": (name, [x])}

    x, one = Tensor(array(2)), Tensor(np.ones(2, np.float32))
    result = f(x, {"a": [one], "b": (one,)}, scale=2)
    np.testing.assert_array_equal(result["sum"].asnumpy(), 2 * array(2) + 1)
    assert result["rest"][0] == "a" and isinstance(result["rest"][1], list)
    np.testing.assert_array_equal(f(x, {"a": [one], "b": (one,)}, name="z")["sum"].asnumpy(), array(2) + 2)


def test_a_shared_weight_is_lifted_once():
    a, b = Scale(), Scale()
    b.weight = a.weight

    @jit
    def f(x):
        return call("add", a(x), b(x))

    assert len(f.graph(Tensor(array(3))).params) == 2
    gradient = grad(lambda x: total(f(x)), None, [a.weight])(Tensor(array(3)))
    np.testing.assert_array_equal(gradient[0].asnumpy(), 2 * array(3))


def test_assignment_inside_updates_the_parameter_and_nothing_else():
    class Counter(Cell):
        def __init__(self):
            super().__init__()
            self.count = Parameter(np.zeros((), np.float32))

        def construct(self, x):
            self.count = call("add", self.count, total(x))
            return call("mul", x, self.count)

    net, x = Counter(), Tensor(np.ones(2, np.float32))
    np.testing.assert_array_equal(net(x).asnumpy(), [2, 2])
    with pipeline.assert_max_compiles(0):
        np.testing.assert_array_equal(net(x).asnumpy(), [4, 4])
    assert float(net.count) == 4.0
    held = net.count.value()
    net(x)
    assert float(held) == 4.0 and float(net.count) == 6.0


def test_gradients_of_every_order_inside_and_outside():
    def f(x):
        return total(call("mul", call("mul", x, x), x))

    def second(x):
        return total(grad(f)(x))

    x = Tensor(array(3))
    np.testing.assert_array_equal(grad(f)(x).asnumpy(), 3 * array(3) ** 2)
    np.testing.assert_array_equal(grad(second)(x).asnumpy(), 6 * array(3))
    np.testing.assert_array_equal(jit(grad(second))(x).asnumpy(), 6 * array(3))


def test_state_written_under_a_gradient_is_kept():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.weight = Parameter(np.ones(3, np.float32))
            self.seen = Parameter(np.zeros(3, np.float32), requires_grad=False)

        def construct(self, x):
            self.seen = call("add", self.seen, x)
            return total(call("mul", call("mul", x, self.weight), self.seen))

    net = Net()
    value, (dw,) = value_and_grad(net, None, [net.weight])(Tensor(array(3)))
    np.testing.assert_array_equal(net.seen.asnumpy(), array(3))
    np.testing.assert_array_equal(dw.asnumpy(), array(3) ** 2)
    assert float(value) == 14.0


def test_vjp_inside_a_compiled_function():
    @jit
    def f(x, seed):
        out, back = vjp(lambda t: call("mul", t, t), x)
        return out, back(seed)[0]

    out, gradient = f(Tensor(array(3)), Tensor(np.full(3, 2, np.float32)))
    np.testing.assert_array_equal(out.asnumpy(), array(3) ** 2)
    np.testing.assert_array_equal(gradient.asnumpy(), 4 * array(3))


def test_functions_without_source_are_recorded():
    namespace = {"call": call}
    exec("def f(x):\n    return call('add', x, x)", namespace)
    np.testing.assert_array_equal(jit(namespace["f"])(Tensor(array(3))).asnumpy(), 2 * array(3))


def test_the_value_of_a_traced_tensor_is_refused():
    @jit
    def f(x):
        return call("add", x, Tensor(x.asnumpy()))

    with pytest.raises(RuntimeError, match="known only at run time"):
        f(Tensor(array(3)))


def test_tensors_from_outside_decide_by_their_present_values():
    flag, count = Parameter(np.array(True), name="flag"), Parameter(np.array(2), name="count")

    @jit
    def chosen(x):
        return x if flag else call("neg", x)

    @jit
    def repeated(x):
        for _ in range(count):
            x = call("add", x, x)
        return x

    @jit
    def looked_at(x):
        return x if flag.asnumpy() else call("neg", x)

    x = Tensor(np.float32(1))
    assert (float(chosen(x)), float(repeated(x)), float(looked_at(x))) == (1, 4, 1)
    flag.set_data(Tensor(False))
    count.set_data(Tensor(3))
    assert (float(chosen(x)), float(repeated(x)), float(looked_at(x))) == (-1, 8, -1)


def test_what_was_assigned_inside_decides():
    flag = Parameter(np.array(False), name="flag")

    @jit
    def f(x):
        assign(flag, call("gt", x, Tensor(np.float32(0))))
        return x if flag else call("neg", x)

    @jit
    def g(x):
        assign(flag, call("gt", x, Tensor(np.float32(0))))
        return x if flag.asnumpy() else call("neg", x)

    assert float(f(Tensor(np.float32(3)))) == 3
    assert float(f(Tensor(np.float32(-3)))) == 3
    with pytest.raises(RuntimeError, match="known only at run time"):
        g(Tensor(np.float32(3)))


def test_both_modes_agree():
    net = Scale()

    def loss(x):
        return total(call("exp", call("mul", net(x), Tensor(np.float32(0.01)))))

    x = Tensor(array(4, 3))
    results = []
    for mode in (ms.GRAPH_MODE, ms.PYNATIVE_MODE):
        ms.set_context(mode=mode)
        value, (dx, (dw,)) = value_and_grad(loss, 0, [net.weight])(x)
        results.append([value.asnumpy(), dx.asnumpy(), dw.asnumpy()])
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_a_leaked_tensor_is_reported():
    leaked = []
    keep = leaked.append  # nothing says that the function changes the list

    @jit
    def f(x):
        keep(call("neg", x))
        return x

    f(Tensor(array(3)))
    with pytest.raises(RuntimeError, match="known only at run time|finished compilation"):
        assign(Parameter(array(3)), call("add", leaked[0], leaked[0]))


def test_assigned_attributes_keep_their_values():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.calls = 0
            self.last = None

        def construct(self, x):
            self.calls = self.calls + 1
            self.last = call("neg", x)
            return call("mul", x, Tensor(np.float32(self.calls)))

    net = Net()
    with pytest.warns(RuntimeWarning, match="compiled 8 times .*'calls' of Net changed"):
        for k in range(1, 11):
            np.testing.assert_array_equal(net(Tensor(array(2))).asnumpy(), k * array(2))
            assert net.calls == k
            np.testing.assert_array_equal(net.last.asnumpy(), -array(2))


def test_objects_made_inside_are_free():
    class Box:
        pass

    @jit
    def f(x):
        box = Box()
        box.value = call("neg", x)
        box.value = call("add", box.value, x)
        return box.value

    with pipeline.assert_max_compiles(1):
        for _ in range(3):
            np.testing.assert_array_equal(f(Tensor(array(2))).asnumpy(), [0, 0])


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_a_cell_may_bring_its_own_derivative(mode):
    class Clipped(Cell):
        def __init__(self):
            super().__init__()
            self.limit = Parameter(np.full(3, 4, np.float32), requires_grad=False)

        def construct(self, x, times):
            y = x
            for _ in range(times - 1):
                y = call("mul", y, x)
            return y

        def bprop(self, x, times, out, dout):
            return call("minimum", call("mul", dout, call("add", out, x)), self.limit), 0

    ms.set_context(mode=mode)
    net, x = Clipped(), Tensor(array(3))
    np.testing.assert_array_equal(net(x, 2).asnumpy(), array(3) ** 2)
    with pipeline.assert_max_compiles(2):
        for _ in range(4):
            value, gradient = value_and_grad(lambda t: total(net(t, 2)))(x)
            assert float(value) == 14.0
            np.testing.assert_array_equal(gradient.asnumpy(), np.minimum(array(3) ** 2 + array(3), 4))


def test_a_wrong_derivative_is_refused():
    class Wrong(Cell):
        def construct(self, x):
            return call("neg", x)

        def bprop(self, x, out, dout):
            return total(dout)

    with pytest.raises(RuntimeError, match=r"Wrong: a gradient that bprop returns must be a tensor in the shape"):
        grad(lambda t: total(Wrong()(t)))(Tensor(array(3)))


def test_a_class_of_cells_is_compiled():
    """`jit` as the decorator of a class, and called with one."""
    @jit
    class Doubles(Cell):
        def __init__(self):
            super(Doubles, self).__init__()  # noqa: UP008 - the name is what the decorator gives
            self.factor = 2.0

        def construct(self, x):
            return x * self.factor

    class Adds(Cell):
        def construct(self, x):
            return x + 1.0

    assert jit(Adds) is Adds
    for net, expected in ((Doubles(), [2.0, 4.0]), (Adds(), [2.0, 3.0])):
        assert net(Tensor([1.0, 2.0])).asnumpy().tolist() == expected
        with pipeline.assert_max_compiles(0):
            net(Tensor([3.0, 4.0]))
        assert len(net.construct.graph(Tensor([1.0, 2.0])).outputs) == 1


def test_a_tensor_that_an_attribute_holds_may_be_another_one():
    class Counts(Cell):
        def __init__(self):
            super().__init__()
            self.count = Tensor([1, 2])
            self.weight = Parameter(Tensor([1.0]), name="weight")

        def construct(self):
            self.count = self.count + 1
            return self.count * 1, self.weight * 2

    class Plain:
        factor = Tensor(2.0)

    mode, net, thing = ms.get_context("mode"), Counts(), Plain()
    scale = jit(lambda x: x * thing.factor)
    try:
        ms.set_context(mode=ms.GRAPH_MODE)
        assert [net()[0].asnumpy().tolist() for _ in range(3)] == [[2, 3], [3, 4], [4, 5]]
        net.count, net.weight = Tensor([7, 7]), Parameter(Tensor([5.0]), name="other")
        count, weight = net()
        assert count.asnumpy().tolist() == [8, 8] and weight.asnumpy().tolist() == [10.0]
        assert float(scale(Tensor(3.0))) == 6.0
        thing.factor = Tensor(4.0)
        assert float(scale(Tensor(3.0))) == 12.0
    finally:
        ms.set_context(mode=mode)
