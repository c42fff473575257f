"""Networks that are exported in tests, with inputs for each."""
from __future__ import annotations

import numpy as np

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.nn.cell import Cell


def floats(*shape, seed=0) -> Tensor:
    return Tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


class LeNet5(Cell):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid")
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid")
        self.relu = nn.ReLU()
        self.max_pool2d = nn.MaxPool2d(2, 2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Dense(400, 120)
        self.fc2 = nn.Dense(120, 84)
        self.fc3 = nn.Dense(84, 10)

    def construct(self, x):
        x = self.max_pool2d(self.relu(self.conv1(x)))
        x = self.flatten(self.max_pool2d(self.relu(self.conv2(x))))
        return self.fc3(self.relu(self.fc2(self.relu(self.fc1(x)))))


class Residual(Cell):
    """A block of ResNet, with padding on one side only and statistics that are not 0 and 1."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, has_bias=True)
        self.bn2 = nn.BatchNorm2d(8)
        self.short = nn.Conv2d(3, 8, 1, stride=2)
        self.pool = nn.AvgPool2d(2, 2)
        for k, bn in enumerate((self.bn1, self.bn2)):
            bn.moving_mean.set_data(floats(8, seed=k))
            bn.moving_variance.set_data(ops.abs(floats(8, seed=k)) + 0.5)

    def construct(self, x):
        y = self.bn2(self.conv2(ops.relu(self.bn1(self.conv1(x)))))
        return self.pool(ops.relu(y + self.short(x)))


class Recurrent(Cell):
    """An LSTM, written as a loop over time."""

    def __init__(self):
        super().__init__()
        self.ih, self.hh = nn.Dense(3, 16), nn.Dense(4, 16)

    def construct(self, x):
        h = c = ops.zeros((x.shape[0], 4), ms.float32)
        outputs = []
        for t in range(x.shape[1]):
            i, f, g, o = ops.split(self.ih(x[:, t]) + self.hh(h), 4, axis=1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            h = ops.sigmoid(o) * ops.tanh(c)
            outputs.append(h)
        return ops.stack(outputs, 1), h, c


class Deciding(Cell):
    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.array([1.3], np.float32)), name="w")

    def construct(self, x):
        while x.sum() < 10:
            x = x * self.w + 1
        if x.max() > 5:
            x = x - 1
        else:
            x = x * 2
        return x


class Leaving(Cell):
    """Loops in each other, that are left and gone on with in the middle."""

    def construct(self, x, n):
        t = x * 0
        while n > 0:
            k = n
            while k > 0:
                t = t + x
                if t.sum() > 20:
                    break
                k = k - 1
            n = n - 1
            if n == 2:
                continue
            t = t * 1.5
        return t


class Many(Cell):
    """Many operators, and results in containers."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.conv = nn.Conv2d(3, 4, 3, stride=2, has_bias=True)
        self.norm = nn.GroupNorm(2, 4)
        self.largest = nn.MaxPool2d(3, 2, pad_mode="same")

    def construct(self, x, i):
        y = self.largest(self.norm(self.conv(ops.relu(x))))
        z = ops.concat((y.mean((2, 3)), self.embedding(i)), 1)
        found = {"z": z, "few": [ops.argmax(z, 1), ops.topk(z, 2)]}
        return (found, ops.one_hot(i, 5), ops.cumsum(z, 1), z[:, ::2], ops.pad(z, (1, 2)), ops.where(z > 0, z, -z),
                ops.arange(4).astype(ms.float16), ops.var(z), ops.gather_elements(z, 1, i.reshape(2, 1)),
                ops.flip(z, (1,)), ops.floor_mod(i, 3), ops.erf(z), ops.gelu(z), ops.softmax(z, 0), z ** 2)


class Assigning(Cell):
    def __init__(self):
        super().__init__()
        self.count = Parameter(Tensor(np.float32(0)), name="count")

    def construct(self, x):
        before = self.count * 1
        self.count = self.count + 1
        return x * self.count, before


class Sizes(Cell):
    """Values that are computed from sizes."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(3, 4)

    def construct(self, x, y):
        w = ops.concat((x.reshape(x.shape[0], -1), y), 1)
        return ((self.dense(x) + y).reshape(-1).mean(), w.mean(0), ops.ones((x.shape[0], 2)) * w[:, :2],
                ops.softmax(w, 0), ops.arange(x.shape[0]), w[:x.shape[0] // 2], ops.cumsum(w, 0), ops.var(w),
                ops.pad(w, (0, 1)))


class DecidingBySizes(Cell):
    """Branches and loops in which sizes occur."""

    def construct(self, x):
        if x.sum() > 0:
            x = x + ops.ones((x.shape[0], 1))
        else:
            x = x.reshape(-1, 1, 3).mean(1)
        while x.sum() < 100:
            x = x + x.shape[0]
        return x


def transformer() -> Cell:
    return nn.TransformerEncoderLayer(16, 4, 32).set_train(False)


def perceptron() -> Cell:
    return nn.SequentialCell(nn.Dense(3, 4), nn.GELU(), nn.LayerNorm((4,)), nn.Dense(4, 2), nn.Softmax())


@ms.jit
def function(a, b):
    return (a @ b).sum(0), ops.sort(a)


NETWORKS = {
    "LeNet": (LeNet5, lambda: [floats(2, 1, 32, 32)]),
    "perceptron": (perceptron, lambda: [floats(5, 3)]),
    "residual block": (Residual, lambda: [floats(2, 3, 16, 16)]),
    "transformer": (transformer, lambda: [floats(3, 5, 16)]),
    "recurrent": (Recurrent, lambda: [floats(2, 9, 3)]),
    "LSTM": (lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), lambda: [floats(2, 7, 3)]),
    "GRU": (lambda: nn.GRU(3, 4), lambda: [floats(7, 2, 3)]),
    "deciding, no trip": (Deciding, lambda: [Tensor(np.array([1, 2, 30], np.float32))]),
    "deciding, many trips": (Deciding, lambda: [Tensor(np.array([0, 1, -3], np.float32))]),
    "leaving, no trip": (Leaving, lambda: [floats(3), Tensor(0)]),
    "leaving": (Leaving, lambda: [Tensor(np.array([1, 2, 0], np.float32)), Tensor(5)]),
    "many": (Many, lambda: [floats(2, 3, 8, 8), Tensor(np.array([1, 3], np.int32))]),
    "function": (lambda: function, lambda: [floats(3, 4), floats(4, 5)]),
}


def open_sizes(*shape) -> Tensor:
    """An input that leaves sizes open."""
    return Tensor(shape=list(shape), dtype=ms.float32)


OPEN = {  # the network, inputs that leave sizes open, inputs for a size
    "LeNet": (LeNet5, lambda: [open_sizes(None, 1, 32, 32)], lambda n: [floats(n, 1, 32, 32)]),
    "residual block": (Residual, lambda: [open_sizes(None, 3, 16, 16)], lambda n: [floats(n, 3, 16, 16)]),
    "transformer": (transformer, lambda: [open_sizes(None, None, 16)], lambda n: [floats(n, n + 2, 16)]),
    "recurrent": (Recurrent, lambda: [open_sizes(None, 9, 3)], lambda n: [floats(n, 9, 3)]),
    "sizes": (Sizes, lambda: [open_sizes(None, 3), open_sizes(None, 4)], lambda n: [floats(n, 3), floats(n, 4)]),
    "deciding": (DecidingBySizes, lambda: [open_sizes(None, 3)], lambda n: [floats(n, 3)]),
}


def tensors(value) -> list[np.ndarray]:
    """The arrays in nested containers."""
    if isinstance(value, dict):
        value = list(value.values())
    return [array for each in value for array in tensors(each)] if isinstance(value, (tuple, list)) else [
        np.asarray(value)]
