"""Symbolic sizes: one graph for all sizes of an axis, in `set_inputs`, `enable_dynamic` and `jit(dynamic=1)`."""
import numpy as np
import pytest

import mindspore as ms
import mindspore.nn as nn
from mindspore import Symbol, Tensor, enable_dynamic, jit, mutable, ops
from mindspore.compiler import pipeline
from mindspore.compiler.pipeline import assert_max_compiles


@pytest.fixture(autouse=True)
def graph_mode():
    ms.set_context(mode=ms.GRAPH_MODE)
    yield
    ms.set_context(mode=ms.PYNATIVE_MODE)


def array(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def unknown(*shape, dtype=ms.float32):
    return Tensor(shape=list(shape), dtype=dtype)


def test_one_graph_serves_all_batches_of_a_network():
    net = nn.SequentialCell(nn.Flatten(), nn.Dense(12, 5), nn.ReLU(), nn.Dense(5, 3))
    net.set_inputs(unknown(None, 3, 4))
    net(Tensor(array(6, 3, 4)))
    first, second = net[1], net[3]
    instances = pipeline.instance_count
    with assert_max_compiles(0):
        for n in (2, 3, 7, 20, 33):
            x = array(n, 3, 4, seed=n)
            hidden = np.maximum(x.reshape(n, -1) @ first.weight.asnumpy().T + first.bias.asnumpy(), 0)
            expected = hidden @ second.weight.asnumpy().T + second.bias.asnumpy()
            np.testing.assert_allclose(net(Tensor(x)).asnumpy(), expected, rtol=1e-5, atol=1e-5)
    assert pipeline.instance_count == instances + 5
    net(Tensor(array(20, 3, 4)))
    assert pipeline.instance_count == instances + 5, "a size that was met before has an instance"


def test_sizes_0_and_1_are_right():
    @enable_dynamic(x=unknown(None, 3))
    @jit
    def f(x, y):
        return (x + y).sum(axis=0)

    y = array(1, 3)
    for n in (4, 1, 0, 2):
        x = array(n, 3, seed=n)
        np.testing.assert_allclose(f(Tensor(x), Tensor(y)).asnumpy(), (x + y).sum(0), rtol=1e-5)


def test_training_step_follows_the_static_one():
    def build(dynamic):
        ms.set_seed(3)
        net = nn.SequentialCell(nn.Dense(6, 8), nn.Tanh(), nn.Dense(8, 4))
        loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
        step = nn.TrainOneStepCell(nn.WithLossCell(net, loss), nn.Adam(net.trainable_params(), 0.05))
        if dynamic:
            step.set_inputs(unknown(None, 6), unknown(None, dtype=ms.int32))
        return step

    symbolic, static = build(True), build(False)
    for n in (5, 9, 3, 16, 9):
        x, y = Tensor(array(n, 6, seed=n)), Tensor(np.arange(n, dtype=np.int32) % 4)
        np.testing.assert_allclose(symbolic(x, y).asnumpy(), static(x, y).asnumpy(), rtol=1e-5)
    assert symbolic._compiled.compile_count == 1
    assert static._compiled.compile_count == 4


def test_dynamic_jit_generalises_from_the_second_size_on():
    @jit(dynamic=1)
    def f(x):
        return ops.softmax(x, axis=0) * x.shape[0]

    for n in (4, 6, 9, 30, 2):
        x = array(n, 3, seed=n)
        e = np.exp(x)
        np.testing.assert_allclose(f(Tensor(x)).asnumpy(), e / e.sum(0) * n, rtol=1e-5)
    assert f.compiled.compile_count == 2


def test_sizes_are_numbers_of_the_program():
    @jit(dynamic=1)
    def f(x):
        n, m = x.shape
        return x.reshape(m, n), n, [n * m, n // 2], {"rows": n + 1}, ops.ones((n, 2)).sum(), x.size

    for n in (5, 4, 7, 8):
        out, rows, numbers, named, ones, size = f(Tensor(array(n, 3)))
        assert out.shape == (3, n) and rows == n and type(rows) is int
        assert numbers == [3 * n, n // 2] and named == {"rows": n + 1} and ones == 2 * n and size == 3 * n
    assert f.compiled.compile_count == 2


def test_decisions_by_sizes_choose_among_graphs():
    @jit(dynamic=1)
    def f(x):
        return x.sum() if x.shape[0] > 10 else x.prod()

    for n in (3, 4, 12, 5, 20, 6, 30):
        x = array(n, seed=n)
        np.testing.assert_allclose(f(Tensor(x)).asnumpy(), x.sum() if n > 10 else x.prod(), rtol=1e-5)
    assert f.compiled.compile_count == 3, "the first size, small sizes and large ones"


def test_labels_and_images_have_one_size():
    @enable_dynamic(x=unknown(None, 3), y=unknown(None, 3))
    @jit
    def f(x, y):
        return x * y

    f(Tensor(array(4, 3)), Tensor(array(4, 3)))
    with assert_max_compiles(0):
        assert f(Tensor(array(9, 3)), Tensor(array(9, 3))).shape == (9, 3)
    with pytest.raises(ValueError, match=r"shapes \(9, 3\) and \(8, 3\) cannot be broadcast"):
        f(Tensor(array(9, 3)), Tensor(array(8, 3)))


def test_equal_sizes_by_accident_do_not_stay_equal():
    @enable_dynamic(x=unknown(None), y=unknown(None))
    @jit
    def f(x, y):
        return x.sum() * y.sum()

    for n, m in ((4, 4), (4, 7), (5, 9), (6, 6)):
        x, y = array(n, seed=1), array(m, seed=2)
        np.testing.assert_allclose(f(Tensor(x), Tensor(y)).asnumpy(), x.sum() * y.sum(), rtol=1e-5)
    assert f.compiled.compile_count == 2


def test_an_unknown_number_of_axes():
    net = nn.ReLU()
    net.set_inputs(Tensor(None, dtype=ms.float32))
    for shape in ((2, 3), (4, 5), (7, 3), (2, 3, 4), (3, 5, 6)):
        x = array(*shape)
        np.testing.assert_array_equal(net(Tensor(x)).asnumpy(), np.maximum(x, 0))
    assert net._compiled.compile_count == 2
    with pytest.raises(AttributeError, match="describes other tensors"):
        ops.relu(Tensor(None, dtype=ms.float32))


def test_gradients_have_symbolic_sizes():
    net = nn.Dense(4, 2)
    net.set_inputs(unknown(None, 4))
    derivative = ms.grad(net, None, net.trainable_params())
    derivative(Tensor(array(5, 4)))
    with assert_max_compiles(0):
        for n in (2, 8, 31):
            x = array(n, 4, seed=n)
            weight, bias = derivative(Tensor(x))
            np.testing.assert_allclose(weight.asnumpy(), np.tile(x.sum(0), (2, 1)), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(bias.asnumpy(), [n, n])


def test_pynative_gradient_through_a_symbolic_graph():
    ms.set_context(mode=ms.PYNATIVE_MODE)

    @jit(dynamic=1)
    def f(x):
        return (x * x).mean() * x.shape[0]

    for n in (3, 5, 7):
        x = array(n, seed=n)
        np.testing.assert_allclose(ms.grad(lambda x: f(x) * 2)(Tensor(x)).asnumpy(), 4 * x, rtol=1e-5)


def test_containers_of_tensors_are_described_likewise():
    class Net(nn.Cell):
        def construct(self, pair, named):
            return pair[0] @ pair[1] + named["bias"]

    net = Net()
    net.set_inputs((unknown(None, 3), unknown(3, 2)), {"bias": unknown(2)})
    w, b = array(3, 2), array(2)
    for n in (4, 6, 8):
        x = array(n, 3, seed=n)
        got = net((Tensor(x), Tensor(w)), {"bias": Tensor(b)})
        np.testing.assert_allclose(got.asnumpy(), x @ w + b, rtol=1e-5)
    assert net._compiled.compile_count == 1


def test_what_does_not_fit_the_description_is_named():
    net = nn.Dense(4, 2)
    net.set_inputs(unknown(None, 4))
    with pytest.raises(ValueError, match=r"Dense.set_inputs: argument 0 has shape \(3, 5\), but was described as"):
        net(Tensor(array(3, 5)))
    with pytest.raises(TypeError, match="argument 0 is Float64, but was described as Float32"):
        net(Tensor(np.ones((3, 4))))
    net.set_inputs(Tensor(shape=[Symbol(max=8, divisor=2), 4], dtype=ms.float32))
    net(Tensor(array(6, 4)))
    with pytest.raises(ValueError, match=r"has shape \(7, 4\)"):
        net(Tensor(array(7, 4)))
    with pytest.raises(ValueError, match="has no parameter 'z'"):
        enable_dynamic(z=unknown(None))(lambda x: x)


def test_a_placeholder_is_no_value():
    x = unknown(None, 3)
    assert x.shape == (-1, 3) and x.dtype is ms.float32
    with pytest.raises(AttributeError, match="describes other tensors"):
        x.asnumpy()


def test_no_shape_leaves_the_number_of_axes_open():
    net = nn.ReLU()
    net.set_inputs(Tensor(dtype=ms.float32))
    assert unknown(None).shape == (-1,) and Tensor(shape=None, dtype=ms.float32).shape == (-2,)
    for shape in ((4, 3), (5, 3), (2, 3, 4), (7,)):
        assert net(Tensor(array(*shape))).shape == shape
    assert net._compiled.compile_count == 3


def test_a_unique_symbol_is_one_size():
    same = Symbol(unique=True)
    net = nn.Flatten()
    net.set_inputs(Tensor(shape=[None, same, same], dtype=ms.float32))
    for n in (3, 4, 6):
        assert net(Tensor(array(2 * n, n, n))).shape == (2 * n, n * n)
    assert net._compiled.compile_count == 1


def test_a_mutable_number_is_a_size():
    @jit
    def f(x, n):
        return ops.zeros((n, 2)) + n, x[:n].sum(), x[n:], ops.arange(n * 2)

    x = array(12)
    for n in (3, 4, 7, 2, 9):
        filled, head, tail, ramp = f(Tensor(x), mutable(n))
        np.testing.assert_array_equal(filled.asnumpy(), np.full((n, 2), n, np.float32))
        np.testing.assert_allclose(head.asnumpy(), x[:n].sum(), rtol=1e-5)
        np.testing.assert_array_equal(tail.asnumpy(), x[n:])
        np.testing.assert_array_equal(ramp.asnumpy(), np.arange(2 * n))
    assert f.compiled.compile_count == 1
    for n in (1, 0):
        assert f(Tensor(x), mutable(n))[0].shape == (n, 2)


def test_a_mutable_tensor_of_one_element_is_a_size():
    f = jit(lambda x, k: ops.topk(x, k, dim=1)[0], fullgraph=True)
    x = array(3, 4)
    for n in (2, 3):
        for k in (mutable(Tensor(n)), mutable(Tensor([n], ms.int32))):
            np.testing.assert_array_equal(f(Tensor(x), k).asnumpy(), -np.sort(-x, 1)[:, :n])


def test_a_mutable_number_that_is_no_size_has_one_graph():
    @jit
    def f(x, k, pair):
        return x * k + pair[0] - pair[1]

    for k in (0, 1, 2, 5):
        got = f(Tensor(array(3)), mutable(k), mutable((k, 2)))
        np.testing.assert_allclose(got.asnumpy(), array(3) * k + k - 2, rtol=1e-5, atol=1e-6)
    assert f.compiled.compile_count == 1


def test_a_mutable_tensor_varies_in_all_axes():
    @jit
    def f(x):
        return x.sum(0) * x.shape[0]

    for shape in ((3, 2), (4, 2), (9, 5), (20, 4)):
        x = array(*shape)
        np.testing.assert_allclose(f(mutable(Tensor(x))).asnumpy(), x.sum(0) * len(x), rtol=1e-4, atol=1e-5)
    assert f.compiled.compile_count == 1


def test_gradient_by_a_part_of_mutable_length():
    slope = ms.grad(lambda x, n: (x[:n] ** 2).sum())
    x = array(6)
    for n in (3, 4, 5):
        np.testing.assert_allclose(slope(Tensor(x), mutable(n)).asnumpy(), np.where(np.arange(6) < n, 2 * x, 0))


def test_a_call_of_a_known_size_interprets_nothing():
    f = jit(lambda x: x * x.shape[0], dynamic=1)
    for n in (3, 4, 5, 4):
        f(Tensor(array(n)))
    with assert_max_compiles(0):
        entries = sum(map(len, f.compiled.entries.values()))
        for n in (3, 4, 5):
            f(Tensor(array(n)))
        assert sum(map(len, f.compiled.entries.values())) == entries
    assert len(f.compiled.met) == 3
