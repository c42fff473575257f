"""Whole training steps: both modes agree, steps after the second come from the compile cache, updates are in place."""
from __future__ import annotations

import networks
import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.compiler import pipeline
from mindspore.runtime.device import use_backend


def lenet():
    return networks.LeNet(), networks.class_batches(4, 4, (1, 32, 32), 10)


def mlp():
    return networks.mlp(), networks.class_batches(5, 6, (8,), 4)


PROGRAMS = {"lenet": lenet, "mlp": mlp}
OPTIMIZERS = {
    "Momentum": lambda p: nn.Momentum(p, 0.05, 0.9, weight_decay=0.01),
    "Adam": lambda p: nn.Adam(p, 1e-2),
    "SGD with a list of rates": lambda p: nn.SGD(p, [0.1, 0.05, 0.02], momentum=0.5),
    "AdamWeightDecay with a schedule": lambda p: nn.AdamWeightDecay(p, nn.CosineDecayLR(0.0, 0.01, 4)),
}


def train(program: str, optimizer: str, graph: bool):
    """Losses of each step, weights at the end, and how often a graph was compiled after step 2."""
    ms.set_context(mode=ms.GRAPH_MODE if graph else ms.PYNATIVE_MODE)
    ms.set_seed(3)
    net, batches = PROGRAMS[program]()
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    step = nn.TrainOneStepCell(nn.WithLossCell(net, loss), OPTIMIZERS[optimizer](net.trainable_params()))
    step.set_train()
    losses, compiled = [], []
    for batch in batches:
        before = pipeline.compile_count
        losses.append(float(step(*batch).asnumpy()))
        compiled.append(pipeline.compile_count - before)
    return losses, {p.name: p.asnumpy().copy() for p in net.get_parameters()}, sum(compiled[2:])


@pytest.mark.parametrize("program, optimizer", [("lenet", "Momentum"), *[("mlp", name) for name in OPTIMIZERS]])
def test_modes_agree_and_the_third_step_is_not_compiled(program, optimizer):
    with use_backend("reference"):
        graph_losses, graph_weights, graph_compiles = train(program, optimizer, True)
        eager_losses, eager_weights, eager_compiles = train(program, optimizer, False)
    np.testing.assert_allclose(eager_losses, graph_losses, rtol=1e-5)
    for name, value in graph_weights.items():
        np.testing.assert_allclose(eager_weights[name], value, rtol=1e-4, atol=1e-6, err_msg=name)
    assert (graph_compiles, eager_compiles) == (0, 0)
    assert graph_losses[-1] != graph_losses[0]


def test_a_new_learning_rate_is_used_and_not_compiled(mode):
    ms.set_seed(0)
    net = nn.Dense(3, 2)
    optimizer = nn.SGD(net.trainable_params(), 0.0)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), optimizer)
    x, y = Tensor(np.ones((2, 3), np.float32)), Tensor(np.full((2, 2), 5, np.float32))
    before = net.weight.asnumpy().copy()
    for _ in range(3):
        step(x, y)
    np.testing.assert_array_equal(net.weight.asnumpy(), before)
    optimizer.learning_rate.set_data(0.5)
    with pipeline.assert_max_compiles(0):
        step(x, y)
    assert np.abs(net.weight.asnumpy() - before).min() > 0.1


def test_sens_scales_gradients_and_return_grad_names_them(mode):
    ms.set_seed(0)
    net = nn.Dense(3, 2)
    x, y = Tensor(np.ones((2, 3), np.float32)), Tensor(np.zeros((2, 2), np.float32))
    loss_net = nn.WithLossCell(net, nn.MSELoss())
    frozen = nn.SGD(net.trainable_params(), 0.0)
    _, plain = nn.TrainOneStepCell(loss_net, frozen, return_grad=True)(x, y)
    _, scaled = nn.TrainOneStepCell(loss_net, frozen, sens=8.0, return_grad=True)(x, y)
    assert list(plain) == ["weight", "bias"]
    for name, value in plain.items():
        np.testing.assert_allclose(scaled[name].asnumpy(), 8 * value.asnumpy(), rtol=1e-6)


class OwnStep(nn.TrainOneStepCell):
    """A step as programs of older versions write it."""

    def construct(self, data, label):
        loss = self.network(data, label)
        sens = ms.ops.full_like(loss, self.sens)
        grads = self.grad_reducer(self.grad(self.network, self.weights)(data, label, sens))
        return ms.ops.depend(loss, self.optimizer(grads))


def test_a_step_of_ones_own(mode):
    results = []
    x, y = Tensor(np.ones((2, 3), np.float32)), Tensor(np.zeros((2, 2), np.float32))
    for cls in (nn.TrainOneStepCell, OwnStep):
        ms.set_seed(0)
        net = nn.Dense(3, 2)
        step = cls(nn.WithLossCell(net, nn.MSELoss()), nn.Momentum(net.trainable_params(), 0.1, 0.9, loss_scale=2.0),
                   2.0)
        results.append([float(step(x, y).asnumpy()) for _ in range(4)])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-6)
    assert results[0][-1] < results[0][0]


def test_a_step_of_ones_own_knows_the_parallel_mode():
    net = nn.Dense(3, 2)
    assert OwnStep(net, nn.SGD(net.trainable_params())).parallel_mode == ms.ParallelMode.STAND_ALONE


def test_gradient_wrappers_agree(mode):
    ms.set_seed(0)
    net = nn.Dense(3, 2)
    x, y = Tensor(np.ones((2, 3), np.float32)), Tensor(np.zeros((2, 2), np.float32))
    expected = nn.WithGradCell(net, nn.MSELoss())(x, y)
    value, grads = nn.ForwardValueAndGrad(nn.WithLossCell(net, nn.MSELoss()), net.trainable_params(),
                                          get_by_list=True)(x, y)
    np.testing.assert_allclose(value.asnumpy(), np.square(net(x).asnumpy()).mean(), rtol=1e-6)
    assert len(grads) == len(expected) == 2
    for got, want in zip(grads, expected):
        np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-6)
    doubled = nn.ForwardValueAndGrad(nn.WithLossCell(net, nn.MSELoss()), net.trainable_params(), get_by_list=True,
                                     sens_param=True)(x, y, Tensor(np.float32(2)))[1]
    np.testing.assert_allclose(doubled[0].asnumpy(), 2 * expected[0].asnumpy(), rtol=1e-6)


def test_value_and_gradients_are_of_one_run(mode):
    """Random layers draw once, moving statistics move once."""
    ms.set_seed(5)
    net = nn.SequentialCell(nn.Dropout(p=0.5), nn.BatchNorm1d(40, momentum=0.0))
    net.set_train()
    x = Tensor(np.random.default_rng(0).normal(3, 1, (6, 40)).astype(np.float32))
    for _ in range(3):
        value, gradients = nn.ForwardValueAndGrad(net, net.trainable_params(), get_by_list=True)(x)
        normalized = value.asnumpy()
        gamma_gradient = gradients[0].asnumpy()
        np.testing.assert_allclose(gamma_gradient, normalized.sum(0), rtol=1e-3, atol=1e-4)
    value, (by_x, by_weights) = nn.ForwardValueAndGrad(net, net.trainable_params(), True, True)(x)
    assert by_x[0].shape == x.shape and len(by_weights) == 2
    value, by_x = nn.ForwardValueAndGrad(net[1])(x)
    assert by_x.shape == x.shape


SCALE = 2.0


def scaled_distance(outputs, label):
    return ms.ops.mean(ms.ops.square(outputs - label)) * SCALE


def test_functions_as_losses_and_activations_are_guarded(mode):
    global SCALE
    net = nn.Dense(3, 2, activation=lambda x: x * SCALE)
    loss_net = nn.WithLossCell(net, scaled_distance)
    x, y = Tensor(np.ones((2, 3), np.float32)), Tensor(np.zeros((2, 2), np.float32))
    for SCALE in (2.0, 3.0, 2.0):
        plain = np.ones((2, 3)) @ net.weight.asnumpy().T + net.bias.asnumpy()
        np.testing.assert_allclose(loss_net(x, y).asnumpy(), np.square(plain * SCALE).mean() * SCALE, rtol=1e-5)


@pytest.mark.parametrize("call, text", [
    (lambda: nn.TrainOneStepCell(print, None), "must be a Cell"),
    (lambda: nn.TrainOneStepCell(nn.ReLU(), "sgd"), "must be an Optimizer"),
    (lambda: nn.WithGradCell(print), "must be a Cell"),
    (lambda: nn.ForwardValueAndGrad(nn.ReLU(), get_by_list=True), "weights"),
    (lambda: nn.ForwardValueAndGrad(nn.ReLU(), [Tensor([1.0])]), "Parameter")])
def test_refused(call, text):
    with pytest.raises(TypeError, match=text):
        call()


def test_evaluation_wrapper_returns_loss_outputs_label(mode):
    net = nn.Dense(3, 2)
    x, y = Tensor(np.ones((2, 3), np.float32)), Tensor(np.zeros((2, 2), np.float32))
    loss, outputs, label = nn.WithEvalCell(net, nn.MSELoss())(x, y)
    np.testing.assert_allclose(outputs.asnumpy(), net(x).asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(loss.asnumpy(), np.square(outputs.asnumpy()).mean(), rtol=1e-6)
    np.testing.assert_array_equal(label.asnumpy(), y.asnumpy())
