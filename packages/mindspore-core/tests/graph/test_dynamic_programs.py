"""Programs and networks with symbolic sizes, on every backend: one compilation, results and training as with static
sizes. `jit(dynamic=1)` compiles the first size by itself, so two compilations there."""
import math

import numpy as np
import pytest

import mindspore as ms
import mindspore.nn as nn
from mindspore import Tensor, jit, ops
from mindspore.gradient import grad
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend

SIZES = (4, 5, 6, 9, 17)


@pytest.fixture(params=sorted(manager.backends()), autouse=True)
def backend(request):
    with use_backend(request.param):
        ms.set_context(mode=ms.GRAPH_MODE)
        yield request.param
        ms.set_context(mode=ms.PYNATIVE_MODE)


def array(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def sums_by_range(x):
    total = x[0] * 0
    for i in range(x.shape[0]):
        total = total + x[i] * i
    return total


def goes_over_rows(x):
    state = x[0] * 0
    for row in x:
        state = ops.tanh(state + row)
    return state


def goes_over_numbered_rows(x):
    state = x[0] * 0
    for k, row in enumerate(x):
        if k > 2:
            state = state + row * k
    return state


def uses_len_and_slices(x):
    n = len(x)
    assert isinstance(n, int)
    half = int(n / 2)
    return x[:half].sum() / math.sqrt(n) + x[half:].sum() * float(n) + x[-1].sum() + x[1:-1].mean()


def attends(x):
    mask = ops.tril(ops.ones((x.shape[0], x.shape[0])))
    return ops.softmax(x @ x.T * mask, -1) @ x


def joins_and_indexes(x):
    return ops.concat([x, x[::2], ops.zeros((1, 3))], 0).sum(0) + ops.stack([x, x], 1).mean() + x[None, ..., 0].sum()


def normalises(x):
    centred = x - x.mean(0)
    return centred / ops.sqrt((centred ** 2).sum(0) / (x.shape[0] - 1) + 1e-3)


def counts_while(x):
    k, total = 0, x.sum() * 0
    while k < x.shape[0] and total < 3.0:
        total = total + ops.abs(x[k]).sum()
        k = k + 1
    return total


def maps_rows(x):
    return ms.vmap(lambda row: (row * row).sum())(x)


def differentiates_inside(x):
    return ms.grad(lambda y: (y ** 3).sum() / y.shape[0])(x)


PROGRAMS = [sums_by_range, goes_over_rows, goes_over_numbered_rows, uses_len_and_slices, attends, joins_and_indexes,
            normalises, counts_while, maps_rows, differentiates_inside]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_a_program_agrees_with_its_static_form(program):
    symbolic, static = jit(program, dynamic=1), jit(program)
    for n in SIZES:
        x = Tensor(array(n, 3, seed=n))
        np.testing.assert_allclose(symbolic(x).asnumpy(), static(x).asnumpy(), rtol=1e-5, atol=1e-6)
    assert symbolic.compiled.compile_count == 2


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_its_gradient_agrees(program):
    symbolic, static = jit(grad(program), dynamic=1), jit(grad(program))
    for n in SIZES:
        x = Tensor(array(n, 3, seed=n))
        np.testing.assert_allclose(symbolic(x).asnumpy(), static(x).asnumpy(), rtol=1e-4, atol=1e-5)
    assert symbolic.compiled.compile_count == 2


def test_prints_sizes(capsys):
    @jit(dynamic=1)
    def f(x):
        print("shape", x.shape, f"n={x.shape[0]:03d}", "{} rows".format(len(x)))  # noqa: UP032
        return x * 2

    for n in (4, 5, 6):
        f(Tensor(array(n, 3)))
    assert capsys.readouterr().out == "".join(f"shape ({n}, 3) n={n:03d} {n} rows\n" for n in (4, 5, 6))


# -- networks ----------------------------------------------------------------------------------------------------------


class LeNet(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3, pad_mode="valid"), nn.Conv2d(4, 6, 3, pad_mode="valid")
        self.pool, self.flatten, self.out = nn.MaxPool2d(2, 2), nn.Flatten(), nn.Dense(24, 10)

    def construct(self, x):
        x = self.pool(ops.relu(self.first(x)))
        return self.out(self.flatten(self.pool(ops.relu(self.second(x)))))


class AnyImage(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8)
        self.out, self.drop = nn.Dense(8, 10), nn.Dropout(p=0.25)
        self.set_train()

    def construct(self, x):
        return self.out(ops.relu(self.norm(self.conv(x))).mean((2, 3)))


class Recurrent(nn.Cell):
    def __init__(self):
        super().__init__()
        self.table, self.cross = nn.Embedding(10, 6), nn.Dense(6, 16)
        self.again, self.out = nn.Dense(4, 16), nn.Dense(4, 10)

    def construct(self, tokens):
        x = self.cross(self.table(tokens))
        h = c = ops.zeros((tokens.shape[0], 4))
        for t in range(tokens.shape[1]):
            i, f, g, o = ops.split(x[:, t] + self.again(h), 4, axis=1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            h = ops.sigmoid(o) * ops.tanh(c)
        return self.out(h)


class Attention(nn.Cell):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.out = nn.Dense(8, 10)

    def construct(self, tokens):
        return self.out(self.layer(self.table(tokens))[:, -1])


def images(*shape):
    return lambda n: (array(n, *shape, seed=n), np.arange(n, dtype=np.int32) % 10)


def tokens(n, length):
    draw = np.random.default_rng(n + length)
    return draw.integers(0, 10, (n, length)).astype(np.int32), draw.integers(0, 10, n).astype(np.int32)


def unknown(*shape, dtype=ms.float32):
    return Tensor(shape=list(shape), dtype=dtype)


LABELS = unknown(None, dtype=ms.int32)
TOKENS = unknown(None, None, dtype=ms.int32)
NETWORKS = {
    "lenet": (LeNet, unknown(None, 1, 14, 14), [images(1, 14, 14)(n) for n in (4, 6, 9, 16)]),
    "any_image": (AnyImage, unknown(None, 3, None, None), [images(3, h, w)(n) for n, h, w in (
        (4, 9, 12), (6, 8, 10), (3, 16, 7))]),
    "recurrent": (Recurrent, TOKENS, [tokens(*pair) for pair in ((4, 12), (3, 15), (8, 20), (5, 9))]),
    "attention": (Attention, TOKENS, [tokens(*pair) for pair in ((4, 12), (3, 15), (8, 20), (5, 9))]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_training_takes_the_steps_of_the_static_network(name):
    make, described, batches = NETWORKS[name]

    def build():
        ms.set_seed(1)
        net = make()
        loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
        return nn.TrainOneStepCell(nn.WithLossCell(net, loss), nn.Adam(net.trainable_params(), 0.01))

    symbolic, static = build(), build()
    symbolic.set_inputs(described, LABELS)
    for batch in batches:
        batch = [Tensor(a) for a in batch]
        np.testing.assert_allclose(symbolic(*batch).asnumpy(), static(*batch).asnumpy(), rtol=1e-4, atol=1e-5)
    assert symbolic._compiled.compile_count == 1
