"""A program as its author writes it: a type checker must accept it, and know what it knows. Checked, never run."""

from __future__ import annotations

import numpy as np
from typing_extensions import assert_type

import mindspore
from mindspore import Parameter, Tensor, nn, ops


class Net(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.scale = Parameter(Tensor(np.ones(3, np.float32)), name="scale")
        self.dense = nn.Dense(3, 2)

    def construct(self, x: Tensor) -> Tensor:
        result: Tensor = self.dense(ops.relu(x * self.scale + 1.0))
        return result


def train(net: Net, x: Tensor, y: Tensor) -> float:
    loss = nn.MSELoss()
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    step = mindspore.value_and_grad(lambda x, y: loss(net(x), y), None, optimizer.parameters)
    value, gradients = step(x, y)
    optimizer(gradients)
    return float(value.asnumpy())


x = Tensor(np.zeros((4, 3), np.float32))
assert_type(ops.relu(x), Tensor)
assert_type(x.asnumpy().dtype, np.dtype)
x.reshape(3, 4).sum(axis=0)
(-x + 1) @ (2 * x).T
x.no_such_method()  # type: ignore[attr-defined]
nn.NoSuchLayer()  # type: ignore[attr-defined]
