"""Two small networks, trained for a few steps in both modes: the losses are those of the reference backend."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.runtime.device import use_backend

INTERPRETED = True  # the networks of this module are compiled as a user's are
STEPS = 4


class LeNet(nn.Cell):
    """LeNet-5 (LeCun et al., 1998), for images of 16 x 16 in 4 classes."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, pad_mode="same", has_bias=True)
        self.conv2 = nn.Conv2d(4, 6, 3, pad_mode="valid", has_bias=True)
        self.pool, self.relu, self.flatten = nn.MaxPool2d(2, 2), nn.ReLU(), nn.Flatten()
        self.fc1, self.fc2 = nn.Dense(54, 16), nn.Dense(16, 4)

    def construct(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.flatten(self.pool(self.relu(self.conv2(x))))
        return self.fc2(self.relu(self.fc1(x)))


class Transformer(nn.Cell):
    """One block of a decoder (Vaswani et al., 2017) over tokens of 11 kinds."""

    def __init__(self, width: int = 8, heads: int = 2):
        super().__init__()
        self.heads, self.width = heads, width
        self.tokens = nn.Embedding(11, width)
        self.norm1, self.norm2 = nn.LayerNorm((width,)), nn.LayerNorm((width,))
        self.mix, self.out = nn.Dense(width, 3 * width), nn.Dense(width, width)
        self.up, self.down = nn.Dense(width, 2 * width), nn.Dense(2 * width, width)
        self.head = nn.Dense(width, 11)

    def construct(self, tokens):
        x = self.tokens(tokens)
        x = x + self.attention(self.norm1(x))
        x = x + self.down(ops.gelu(self.up(self.norm2(x))))
        return self.head(x).reshape((-1, 11))

    def attention(self, x):
        """Scaled dot products of each place with those before it."""
        batch, places, _ = x.shape
        mixed = self.mix(x).reshape((batch, places, 3, self.heads, -1)).transpose((2, 0, 3, 1, 4))
        scores = ops.matmul(mixed[0], mixed[1].swapaxes(-1, -2)) / (self.width / self.heads) ** 0.5
        future = ops.triu(ops.ones((places, places), ms.float32), 1)
        seen = ops.matmul(ops.softmax(scores - future * 1e9, -1), mixed[2])
        return self.out(seen.transpose((0, 2, 1, 3)).reshape((batch, places, -1)))


def images() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    return draw.standard_normal((6, 1, 16, 16)).astype(np.float32), draw.integers(0, 4, 6).astype(np.int32)


def sentences() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(1).integers(0, 11, (3, 6)).astype(np.int32)
    return draw[:, :-1], draw[:, 1:].reshape(-1)


TASKS = {
    "lenet": (LeNet, images, lambda weights: nn.Momentum(weights, 0.1, 0.9)),
    "transformer": (Transformer, sentences, lambda weights: nn.Adam(weights, 0.02)),
}


def losses(backend: str, task: str, mode: int) -> list[float]:
    """The losses of a few steps on a backend."""
    network, data, optimizer = TASKS[task]
    x, y = data()
    with use_backend(backend):
        before = ms.get_context("mode")
        ms.set_context(mode=mode)
        try:
            ms.set_seed(1)
            net = network()
            loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
            step = nn.TrainOneStepCell(nn.WithLossCell(net, loss), optimizer(net.trainable_params()))
            step.set_train()
            return [float(step(Tensor(x), Tensor(y))) for _ in range(STEPS)]
        finally:
            ms.set_context(mode=before)


_expected: dict[str, list[float]] = {}


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"])
@pytest.mark.parametrize("task", TASKS)
def test_the_losses_are_the_references(backend_name, requirements, tally, task, mode):
    if task not in _expected:
        _expected[task] = losses("reference", task, ms.GRAPH_MODE)
    got, want = losses(backend_name, task, mode), _expected[task]
    tally.check(None if want[-1] < 0.9 * want[0] else f"the reference does not learn: {want}")
    tally.check(None if np.allclose(got, want, rtol=requirements.loss_rtol, atol=0) else
                f"the losses are {got}, the reference's {want}")
