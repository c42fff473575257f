"""Containers of tensors, rings of experiences, returns and copied weights, in both modes."""
import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, ParameterTuple, Tensor, nn, ops
from mindspore.nn.reinforcement import BatchRead, BatchWrite, TensorArray, TensorsQueue
from mindspore.ops import operations as P
from mindspore.ops.operations import _rl_inner_ops as rl


@pytest.fixture(params=[ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"], autouse=True)
def mode(request):
    ms.set_context(mode=request.param)
    yield request.param
    ms.set_context(mode=ms.PYNATIVE_MODE)


@pytest.fixture
def lax():
    """Functions whose indices are known only at run time run in PyNative mode."""
    ms.set_context(jit_syntax_level=ms.LAX)
    yield
    ms.set_context(jit_syntax_level=ms.STRICT)


class Powers(nn.Cell):
    def __init__(self):
        super().__init__()
        self.array = TensorArray(ms.float32, (2,), name="powers")

    def construct(self, x, count):
        self.array.clear()
        i = Tensor(0, ms.int32)
        value = x
        while i < count:
            self.array.write(i, value)
            value = value * x
            i += 1
        return self.array.stack(), self.array.read(count - 1), self.array.size()


@pytest.mark.filterwarnings("ignore:This runs in PyNative mode")
def test_an_array_grows_in_a_loop_and_passes_gradients(lax):
    net = Powers()
    for count in (2, 4):
        stacked, last, size = net(Tensor([2.0, 3.0]), Tensor(count, ms.int32))
        expected = np.array([2.0, 3.0]) ** np.arange(1, count + 1)[:, None]
        np.testing.assert_allclose(stacked.asnumpy(), expected)
        np.testing.assert_allclose(last.asnumpy(), expected[-1])
        assert (int(size), size.dtype) == (count, ms.int64)
    found = ms.grad(lambda x: net(x, Tensor(3, ms.int32))[0].sum())(Tensor([2.0, 3.0]))
    np.testing.assert_allclose(found.asnumpy(), [1 + 4 + 12, 1 + 6 + 27])


def test_arrays_alone():
    array = nn.TensorArray(ms.int64, ())
    assert array.write(2, 7) is True and array.write(Tensor(0), 1) is True
    assert array.stack().asnumpy().tolist() == [1, 0, 7] and int(array.size()) == 3
    array.clear()
    assert array.stack().shape == (0,)
    fixed = TensorArray(ms.float32, (2,), dynamic_size=False, size=3, name="fixed")
    fixed.write(1, Tensor([1.0, 2.0]))
    assert fixed.stack().asnumpy().tolist() == [[0, 0], [1, 2], [0, 0]]
    with pytest.raises(IndexError, match="of 'fixed' must be at least 0 and below 3, but got 3"):
        fixed.write(3, Tensor([1.0, 2.0]))
    with pytest.raises(IndexError, match="has 2 elements, but the index is 2"):
        fixed.read(2)
    with pytest.raises(ValueError, match=r"is Float32 of shape \(2,\), but got Float32 of shape \(3,\)"):
        fixed.write(0, Tensor([1.0, 2.0, 3.0]))
    fixed.close()
    with pytest.raises(RuntimeError, match="is closed"):
        fixed.read(0)
    for arguments, error in (((3, ()), TypeError), ((ms.int32, (-1,)), ValueError),
                             ((ms.int32, (), True, -1), ValueError)):
        with pytest.raises(error):
            TensorArray(*arguments)


class Rotated(nn.Cell):
    def __init__(self):
        super().__init__()
        self.queue = TensorsQueue(ms.float32, ((2,), ()), 2)

    def construct(self, x, y):
        self.queue.put((x, y))
        first = self.queue.get()
        self.queue.put((x * 2, y + 1))
        self.queue.pop()
        second = self.queue.pop()
        return first[0] + second[0], second[1], self.queue.size()


def test_a_queue_gives_in_order():
    total, y, left = Rotated()(Tensor([1.0, 2.0]), Tensor(5.0))
    assert total.asnumpy().tolist() == [3, 6] and float(y) == 6 and int(left) == 0
    queue = nn.TensorsQueue(ms.int32, [(1,)], size=1)
    with pytest.raises(RuntimeError, match="is empty"):
        queue.pop()
    queue.put((Tensor([1], ms.int32),))
    with pytest.raises(RuntimeError, match=r"is full: it has 1 elements"):
        queue.put((Tensor([1], ms.int32),))
    with pytest.raises(ValueError, match="has 1 tensors, but got 2"):
        queue.put((1, 2))
    with pytest.raises(ValueError, match="at least one tensor"):
        TensorsQueue(ms.int32, ())


class Net(nn.Cell):
    def __init__(self, value):
        super().__init__()
        self.a = Parameter(Tensor(value, ms.float32), name="a")
        self.dense = nn.Dense(3, 2, weight_init=value)


@pytest.mark.parametrize("copying", [BatchRead, BatchWrite])
def test_weights_are_copied(copying):
    class Copy(nn.Cell):
        def __init__(self, dst, src):
            super().__init__()
            self.copy = copying()
            self.dst, self.src = ParameterTuple(dst.trainable_params()), ParameterTuple(src.trainable_params())

        def construct(self):
            return self.copy(self.dst, self.src)

    dst, src = Net(0.5), Net(2.0)
    assert Copy(dst, src)()
    assert float(dst.a) == 2 and (dst.dense.weight.asnumpy() == 2).all()
    src.a.set_data(Tensor(3.0))
    assert float(dst.a) == 2
    with pytest.raises(ValueError, match="expected equal shapes and dtypes"):
        copying()([dst.a], [src.dense.weight])


class Ring(nn.Cell):
    """A ring of five experiences: a state of two numbers, and an action."""

    shapes, dtypes = ((2,), (1,)), (ms.float32, ms.int32)

    def __init__(self, unique=True):
        super().__init__()
        self.state = Parameter(ops.zeros((5, 2), ms.float32), name="state", requires_grad=False)
        self.action = Parameter(ops.zeros((5, 1), ms.int32), name="action", requires_grad=False)
        self.count = Parameter(Tensor(0, ms.int32), name="count", requires_grad=False)
        self.head = Parameter(Tensor(0, ms.int32), name="head", requires_grad=False)
        self.append = P.BufferAppend(5, self.shapes, self.dtypes)
        self.item = P.BufferGetItem(5, self.shapes, self.dtypes)
        self.sample = P.BufferSample(5, 3, self.shapes, self.dtypes, seed=3, unique=unique)

    def add(self, state, action):
        return self.append((self.state, self.action), (state, action), self.count, self.head)

    def get(self, index):
        return self.item((self.state, self.action), self.count, self.head, index)

    def draw(self):
        return self.sample((self.state, self.action), self.count, self.head)

    def construct(self, first, size):
        for k in range(size):
            self.add(ops.stack([first + k, first - k]), (first + k).astype(ms.int32).reshape(1))
        return self.count * 1


def numbers(ring):
    return [int(ring.get(k)[1]) for k in range(int(ring.count))]


def test_a_ring_forgets_the_oldest():
    ring = Ring()
    assert int(ring(Tensor(0.0), 3)) == 3 and numbers(ring) == [0, 1, 2]
    assert int(ring(Tensor(10.0), 4)) == 5 and numbers(ring) == [2, 10, 11, 12, 13]
    assert ring.get(-1)[0].asnumpy().tolist() == [13, 7] and int(ring.get(Tensor(-5, ms.int32))[1]) == 2
    ring.add(Tensor(np.ones((3, 2), np.float32)), Tensor([[20], [21], [22]], ms.int32))
    assert numbers(ring) == [12, 13, 20, 21, 22]
    ring.add(Tensor(np.ones((5, 2), np.float32)), Tensor(np.arange(5, dtype=np.int32)[:, None]))
    assert numbers(ring) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("unique", [True, False])
def test_samples_are_of_what_is_there(unique):
    ring = Ring(unique)
    ring(Tensor(0.0), 4)
    drawn = np.array([ring.draw()[1].asnumpy()[:, 0] for _ in range(40)])
    assert drawn.shape == (40, 3) and set(drawn.ravel()) == {0, 1, 2, 3}
    assert all(len(set(row)) == 3 for row in drawn.tolist()) == unique


def test_rings_refuse_what_does_not_fit():
    ring = Ring()
    with pytest.raises(RuntimeError, match="the condition does not hold"):
        ring.draw()
    with pytest.raises(RuntimeError, match="the condition does not hold"):
        ring.get(0)[0].asnumpy()
    with pytest.raises(ValueError, match="BufferAppend: the experience has parts of"):
        ring.add(Tensor([1.0, 2.0, 3.0]), Tensor([1], ms.int32))
    with pytest.raises(ValueError, match="more than the capacity"):
        rl.BufferSample(5, 6, Ring.shapes, Ring.dtypes)
    with pytest.raises(ValueError, match="as many dtypes as shapes"):
        rl.BufferAppend(5, [(1,)], [])
    with pytest.raises(TypeError, match="capacity must be an int"):
        rl.BufferGetItem(2.0, Ring.shapes, Ring.dtypes)


def test_returns_are_discounted_and_end_with_episodes():
    reward = np.random.default_rng(0).random((6, 2)).astype(np.float32)
    done = np.zeros((6, 2), bool)
    done[2, 0] = done[4, 1] = True
    last = np.array([[0.5, 2.0]], np.float32)
    expected, following = np.empty_like(reward), last[0]
    for t in reversed(range(6)):
        following = expected[t] = reward[t] + 0.9 * following * ~done[t]

    class Returns(nn.Cell):
        def __init__(self):
            super().__init__()
            self.returns = rl.DiscountedReturn(0.9)

        def construct(self, *inputs):
            return self.returns(*inputs)

    found = Returns()(Tensor(reward), Tensor(done), Tensor(last))
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="expected"):
        rl.DiscountedReturn(0.9)(Tensor(reward), Tensor(done[:3]), Tensor(last))


def test_where_programs_import_from():
    from mindspore.nn.reinforcement._batch_read_write import BatchRead as read
    from mindspore.nn.reinforcement._tensors_queue import TensorsQueue as queue
    from mindspore.nn.reinforcement.tensor_array import TensorArray as array
    from mindspore.ops.composite.multitype_ops.zeros_like_impl import zeros_like
    assert (read, queue, array) == (BatchRead, TensorsQueue, TensorArray)
    assert zeros_like(Tensor([1, 2])).asnumpy().tolist() == [0, 0]
    assert ops.composite.multitype_ops.HyperMap is ops.HyperMap
