"""Normalization layers: outputs, moving statistics, parameter names, both modes."""
from __future__ import annotations

import numpy as np
import pytest
from layer_checks import check_gradients, run

import mindspore as ms
from mindspore import Tensor, nn

draw = np.random.default_rng(0)


def normalized(x, axes, eps):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def scatter_weights(layer, prefix=""):
    """Give gamma and beta values that matter."""
    for param in layer.trainable_params():
        param.set_data(Tensor(draw.uniform(0.5, 1.5, param.shape).astype(np.float32)))


BATCHED = [(nn.BatchNorm1d, (6, 3)), (nn.BatchNorm1d, (6, 3, 4)), (nn.BatchNorm2d, (4, 3, 2, 5)),
           (nn.BatchNorm3d, (2, 3, 2, 2, 4))]


@pytest.mark.parametrize("cls, shape", BATCHED)
def test_batch_normalization(mode, cls, shape):
    layer = cls(3, momentum=0.8)
    scatter_weights(layer)
    inner = getattr(layer, "bn2d", layer)
    mean, variance = np.zeros(3), np.ones(3)
    axes, spread = (0, *range(2, len(shape))), (1, 3) + (1,) * (len(shape) - 2)
    gamma, beta = (p.asnumpy().reshape(spread) for p in (inner.gamma, inner.beta))
    layer.set_train()
    for _ in range(3):
        x = draw.normal(1, 2, shape).astype(np.float32)
        np.testing.assert_allclose(run(layer, x), normalized(x, axes, 1e-5) * gamma + beta, rtol=1e-4, atol=1e-5)
        mean = 0.8 * mean + 0.2 * x.mean(axes)
        variance = 0.8 * variance + 0.2 * x.var(axes, ddof=1)
    np.testing.assert_allclose(inner.moving_mean.asnumpy(), mean, rtol=1e-5)
    np.testing.assert_allclose(inner.moving_variance.asnumpy(), variance, rtol=1e-5)
    layer.set_train(False)
    expected = (x - mean.reshape(spread)) / np.sqrt(variance.reshape(spread) + 1e-5) * gamma + beta
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(inner.moving_mean.asnumpy(), mean, rtol=1e-5)
    check_gradients(layer, x)


def test_which_statistics(mode):
    x = draw.normal(1, 2, (4, 3, 2, 2)).astype(np.float32)
    always = nn.BatchNorm2d(3, use_batch_statistics=True)
    never = nn.BatchNorm2d(3, use_batch_statistics=False)
    never.set_train()
    np.testing.assert_allclose(run(always, x), normalized(x, (0, 2, 3), 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(run(never, x), x / np.sqrt(1 + 1e-5), rtol=1e-5)
    for layer in (always, never):
        np.testing.assert_array_equal(layer.moving_mean.asnumpy(), np.zeros(3))


def test_moving_statistics_inside_a_training_step():
    """The gradient of a network with batch normalization, and its moving statistics, in both modes and by hand."""
    from mindspore.runtime.device import use_backend
    found = []
    x, y = draw.normal(size=(8, 3)).astype(np.float32), draw.normal(size=(8, 2)).astype(np.float32)
    with use_backend("reference"):
        for which in (ms.GRAPH_MODE, ms.PYNATIVE_MODE):
            ms.set_context(mode=which)
            ms.set_seed(2)
            net = nn.SequentialCell(nn.Dense(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dense(4, 2))
            step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.1))
            step.set_train()
            hidden = run(net[0], x)
            losses = [float(step(Tensor(x), Tensor(y)).asnumpy())]
            np.testing.assert_allclose(net[1].moving_mean.asnumpy(), 0.1 * hidden.mean(0), rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(net[1].moving_variance.asnumpy(), 0.9 + 0.1 * hidden.var(0, ddof=1), rtol=1e-4)
            losses += [float(step(Tensor(x), Tensor(y)).asnumpy()) for _ in range(3)]
            found.append((losses, {p.name: p.asnumpy().copy() for p in net.get_parameters()}))
        ms.set_context(mode=ms.PYNATIVE_MODE)
    assert found[0][0][-1] < found[0][0][0]
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    for name, value in found[0][1].items():
        np.testing.assert_allclose(found[1][1][name], value, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("arguments, axes, shape", [
    (((5,),), (-1,), (2, 3, 5)), (((3, 5), 1, 1), (1, 2), (2, 3, 5)), (((5,), 1, -1), (1, 2), (2, 3, 5)),
    (([5], -1, -1), (1,), (4, 5))])
def test_layer_normalization(mode, arguments, axes, shape):
    layer = nn.LayerNorm(*arguments, epsilon=1e-5)
    scatter_weights(layer)
    x = draw.normal(1, 2, shape).astype(np.float32)
    expected = normalized(x, axes, 1e-5) * layer.gamma.asnumpy() + layer.beta.asnumpy()
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-5)
    check_gradients(layer, x)


@pytest.mark.parametrize("groups, shape", [(2, (3, 4, 2, 2)), (4, (2, 4, 5)), (1, (2, 4))])
def test_group_normalization(mode, groups, shape):
    layer = nn.GroupNorm(groups, 4)
    scatter_weights(layer)
    x = draw.normal(1, 2, shape).astype(np.float32)
    blocks = normalized(x.reshape(shape[0], groups, -1), (2,), 1e-5).reshape(shape)
    spread = (4,) + (1,) * (len(shape) - 2)
    expected = blocks * layer.gamma.asnumpy().reshape(spread) + layer.beta.asnumpy().reshape(spread)
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-5)
    check_gradients(layer, x)


@pytest.mark.parametrize("cls, shape", [(nn.InstanceNorm1d, (4, 3, 6)), (nn.InstanceNorm2d, (4, 3, 3, 4)),
                                        (nn.InstanceNorm3d, (2, 3, 3, 2, 4))])
def test_instance_normalization(mode, cls, shape):
    layer = cls(3, momentum=0.25)
    x = draw.normal(1, 2, shape).astype(np.float32)
    axes = tuple(range(2, len(shape)))
    for training in (False, True):
        layer.set_train(training)
        np.testing.assert_allclose(run(layer, x), normalized(x, axes, 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.asnumpy(), 0.25 * x.mean(axes).mean(0), rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance.asnumpy(), 0.75 + 0.25 * x.var(axes, ddof=1).mean(0), rtol=1e-4)


class Holder(nn.Cell):
    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)


def test_parameter_names():
    assert [p.name for p in nn.BatchNorm2d(3).get_parameters()] == ["mean", "variance", "gamma", "beta"]
    assert [p.name for p in nn.InstanceNorm2d(3).get_parameters()] == ["mean", "variance", "gamma", "beta"]
    net = Holder(bn=nn.BatchNorm2d(3), bn3=nn.BatchNorm3d(3), ln=nn.LayerNorm((3,)), gn=nn.GroupNorm(1, 3))
    statistics = ["moving_mean", "moving_variance", "gamma", "beta"]
    assert [p.name for p in net.get_parameters()] == [
        *[f"bn.{s}" for s in statistics], *[f"bn3.bn2d.{s}" for s in statistics], "ln.gamma", "ln.beta", "gn.gamma",
        "gn.beta"]
    frozen = nn.BatchNorm2d(3, affine=False)
    assert not frozen.trainable_params() and len(list(frozen.get_parameters())) == 4


def test_a_real_checkpoint_loads(data_dir):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.scale = ms.Parameter(np.ones(1, np.float32))
            self.block = nn.SequentialCell(nn.Conv2d(3, 4, 3, has_bias=True), nn.BatchNorm2d(4))
            self.ln = nn.LayerNorm((4,))
            self.emb = nn.Embedding(7, 4)
            self.cells_list = nn.CellList([nn.Dense(4, 4), nn.Dense(4, 2)])

    net = Net()
    saved = ms.load_checkpoint(str(data_dir / "formats" / "bn.ckpt"))
    assert ms.load_param_into_net(net, saved) == ([], ["epoch_num", "lr", "flag", "note"])
    assert [(p.name, p.shape, p.dtype) for p in net.get_parameters()] == [
        (name, value.shape, value.dtype) for name, value in list(saved.items())[:14]]


X = Tensor(np.ones((2, 3, 4), np.float32))


@pytest.mark.parametrize("call, error", [
    (lambda: nn.BatchNorm1d(0), ValueError), (lambda: nn.BatchNorm1d(3, eps=0), ValueError),
    (lambda: nn.BatchNorm1d(3, momentum=1.5), ValueError), (lambda: nn.BatchNorm2d(3, affine=1), TypeError),
    (lambda: nn.BatchNorm2d(3, data_format="NHWC"), ValueError), (lambda: nn.BatchNorm2d(3)(X), ValueError),
    (lambda: nn.BatchNorm1d(4)(X), ValueError), (lambda: nn.LayerNorm(3), TypeError),
    (lambda: nn.LayerNorm((3,))(X), ValueError), (lambda: nn.LayerNorm((4,), 5)(X), ValueError),
    (lambda: nn.LayerNorm((4,), "last"), TypeError), (lambda: nn.GroupNorm(2, 3), ValueError),
    (lambda: nn.GroupNorm(1, 4)(X), ValueError), (lambda: nn.InstanceNorm2d(3)(X), ValueError)])
def test_refused(call, error):
    with pytest.raises(error, match="For '"):
        call()
