"""Small networks and data that several tests train."""
from __future__ import annotations

import numpy as np

from mindspore import Tensor, nn


class LeNet(nn.Cell):
    """LeNet-5 for (N, 1, 32, 32)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid")
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid")
        self.fc1 = nn.Dense(16 * 5 * 5, 120)
        self.fc2 = nn.Dense(120, 84)
        self.fc3 = nn.Dense(84, 10)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2, 2)
        self.flatten = nn.Flatten()

    def construct(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.flatten(x)
        return self.fc3(self.relu(self.fc2(self.relu(self.fc1(x)))))


def mlp(inputs: int = 8, classes: int = 4) -> nn.SequentialCell:
    """Two hidden layers."""
    return nn.SequentialCell(nn.Dense(inputs, 16, activation="relu"), nn.Dense(16, 16, activation="tanh"),
                             nn.Dense(16, classes))


def class_batches(count: int, size: int, shape: tuple, classes: int, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    """Batches of random inputs with the class that a fixed random projection of the input gives."""
    draw = np.random.default_rng(seed)
    projection = draw.normal(size=(int(np.prod(shape)), classes))
    made = []
    for _ in range(count):
        x = draw.normal(size=(size, *shape)).astype(np.float32)
        labels = (x.reshape(size, -1) @ projection).argmax(1).astype(np.int32)
        made.append((Tensor(x), Tensor(labels)))
    return made
