"""Gradients summed over several batches."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, boost, nn, ops


class Step(nn.TrainOneStepCell):
    def __init__(self, network, optimizer, steps):
        super().__init__(network, optimizer)
        self.accumulate = boost.GradientAccumulation(steps, optimizer)

    def construct(self, *inputs):
        loss = self.network(*inputs)
        grads = self.grad(self.network, self.weights)(*inputs, ops.ones_like(loss))
        return self.accumulate(loss, grads)


def network():
    net = nn.Dense(3, 1, weight_init="ones", bias_init="zeros")
    return net, nn.WithLossCell(net, nn.MSELoss())


def batches(count):
    draw = np.random.default_rng(0)
    return [(draw.normal(size=(4, 3)).astype(np.float32), draw.normal(size=(4, 1)).astype(np.float32))
            for _ in range(count)]


def test_two_batches_are_one_of_twice_the_size(mode):
    data = batches(4)
    net, loss = network()
    step = Step(loss, nn.Momentum(net.trainable_params(), 0.1, 0.9), 2)
    whole, whole_loss = network()
    whole_step = boost.BoostTrainOneStepCell(whole_loss, nn.Momentum(whole.trainable_params(), 0.1, 0.9))
    for k in (0, 2):
        step(Tensor(data[k][0]), Tensor(data[k][1]))
        step(Tensor(data[k + 1][0]), Tensor(data[k + 1][1]))
        whole_step(*[Tensor(np.concatenate([a, b])) for a, b in zip(data[k], data[k + 1])])
        np.testing.assert_allclose(net.weight.asnumpy(), whole.weight.asnumpy(), rtol=1e-5)
    assert int(step.accumulate._accumulation_step) == 0
    assert all(float(ops.abs(each).sum()) == 0 for each in step.accumulate._grad_accumulation)


def test_nothing_is_updated_before_the_last_batch(mode):
    net, loss = network()
    step = Step(loss, nn.SGD(net.trainable_params(), 0.1), 3)
    before = net.weight.asnumpy().copy()
    for x, y in batches(2):
        step(Tensor(x), Tensor(y))
        np.testing.assert_array_equal(net.weight.asnumpy(), before)
    assert int(step.accumulate._accumulation_step) == 2


@pytest.mark.parametrize("steps, error", [(0, ValueError), (1.5, TypeError)])
def test_how_many_batches(steps, error):
    with pytest.raises(error, match="'max_accumulation_step' must be"):
        boost.GradientAccumulation(steps, nn.SGD(nn.Dense(2, 2).trainable_params()))


def test_a_step_with_a_scaled_loss():
    net, loss = network()
    step = boost.BoostTrainOneStepWithLossScaleCell(loss, nn.SGD(net.trainable_params(), 0.1), Tensor(8.0, ms.float32))
    x, y = batches(1)[0]
    found, overflow, scale = step(Tensor(x), Tensor(y))
    assert float(found) > 0 and not bool(overflow) and float(scale) == 8.0
