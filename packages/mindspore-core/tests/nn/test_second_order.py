"""The second-order optimizer: what layers note, the update against NumPy, what a network becomes, when it inverts."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.train import ConvertModelUtils, ConvertNetUtils, Model
from mindspore.train.train_thor import ModelThor

DRAW = np.random.default_rng(3)
MODES = pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])


@pytest.fixture(autouse=True)
def eager():
    yield
    ms.set_context(mode=ms.PYNATIVE_MODE)


def floats(*shape) -> np.ndarray:
    return DRAW.normal(size=shape).astype(np.float32)


class Sum(nn.Cell):
    """The sum of a layer's outputs times weights, which are hence the gradient by the outputs."""

    def __init__(self, layer, weights):
        super().__init__()
        self.layer, self.weights = layer, Tensor(weights)

    def construct(self, x):
        return ops.sum(self.layer(x) * self.weights)


def softmax_gradient(logits, labels):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


@MODES
@pytest.mark.parametrize("settings", [
    {}, {"use_nesterov": True, "weight_decay": 0.01, "decay_filter": lambda p: "bias" not in p.name},
    {"enable_clip_grad": True, "loss_scale": 8.0}])
def test_update_is_that_of_numpy(mode, settings):
    ms.set_context(mode=mode)
    net = nn.SequentialCell(nn.Dense(3, 4, activation="tanh"), nn.Dense(4, 2))
    first, rates, dampings = {p.name: p.asnumpy() for p in net.get_parameters()}, [0.1, 0.05], [0.03, 0.02, 0.01]
    scale = settings.get("loss_scale", 1.0)
    optimizer = nn.thor(net, Tensor(rates, ms.float32), Tensor(dampings, ms.float32), 0.9, batch_size=6, **settings)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")),
                               optimizer, sens=scale)
    w1, b1, w2, b2 = (first[n].astype(np.float64) for n in ("0.weight", "0.bias", "1.weight", "1.bias"))
    moments, inverses = [0.0] * 4, None
    for k in range(4):
        x, labels = floats(6, 3), DRAW.integers(0, 2, 6)
        step.add_flags_recursive(thor=k % 2 == 0)
        step(Tensor(x), Tensor(labels, ms.int32))
        h = np.tanh(x @ w1.T + b1)
        d2 = softmax_gradient(h @ w2.T + b2, labels)
        d1 = (d2 @ w2) * (1 - h * h)
        if k % 2 == 0:
            root = np.sqrt(dampings[min(k, 2)])
            inverses = [[np.linalg.inv(m + root * np.eye(len(m))) for m in (a.T @ a / 6, d.T @ d / 6 * 36)]
                        for a, d in ((x, d1), (h, d2))]
        (a1, g1), (a2, g2) = inverses
        taken = [g1 @ (d1.T @ x) @ a1, d1.sum(0), g2 @ (d2.T @ h) @ a2, d2.sum(0)]
        values = [w1, b1, w2, b2]
        decay = settings.get("weight_decay", 0.0)
        taken = [g + decay * p if p.ndim == 2 else g for g, p in zip(taken, values)]
        if settings.get("enable_clip_grad"):
            taken = [g / max(1.0, np.linalg.norm(g)) for g in taken]
        moments = [0.9 * m + g for m, g in zip(moments, taken)]
        lr = rates[min(k, 1)]
        w1, b1, w2, b2 = (p - lr * (g + 0.9 * m if settings.get("use_nesterov") else m)
                          for p, g, m in zip(values, taken, moments))
    for param, want in zip(net.trainable_params(), (w1, b1, w2, b2)):
        np.testing.assert_allclose(param.asnumpy(), want, rtol=2e-4, atol=2e-5)


@MODES
@pytest.mark.parametrize("pad_mode, padding, group", [("same", 0, 1), ("valid", 0, 1), ("pad", (1, 0, 2, 1), 2)])
def test_convolution_is_preconditioned_by_its_sum_over_places(mode, pad_mode, padding, group):
    ms.set_context(mode=mode)
    layer = nn.Conv2dThor(4, 6, (3, 2), (2, 1), pad_mode, padding, group=group, has_bias=True)
    weight, x = layer.weight.asnumpy(), floats(5, 4, 6, 5)
    y = layer(Tensor(x)).asnumpy()
    d = floats(*y.shape)
    optimizer = nn.thor(nn.SequentialCell(layer), Tensor([1.0]), Tensor([0.25]), 0.0, batch_size=5)
    nn.TrainOneStepCell(Sum(layer, d), optimizer)(Tensor(x))
    down, right = (max((n - 1) * s + k - size, 0) for n, s, k, size in zip(y.shape[2:], (2, 1), (3, 2), (6, 5)))
    sides = {"same": (down // 2, down - down // 2, right // 2, right - right // 2), "valid": (0, 0, 0, 0)}.get(
        pad_mode, padding)
    padded = np.pad(x, ((0, 0), (0, 0), sides[:2], sides[2:]))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 2), (2, 3))[:, :, ::2]
    assert windows.shape[2:4] == y.shape[2:]
    places = y.shape[2] * y.shape[3]
    for k in range(group):
        ins = windows[:, k * 4 // group:(k + 1) * 4 // group].transpose(0, 2, 3, 1, 4, 5).reshape(5 * places, -1)
        outs = d[:, k * 6 // group:(k + 1) * 6 // group].transpose(0, 2, 3, 1).reshape(5 * places, -1)
        a, g = ins.T @ ins / len(ins), outs.T @ outs / len(outs)
        np.testing.assert_allclose(layer.matrix_a.asnumpy().reshape(group, *a.shape)[k], a, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.matrix_g.asnumpy().reshape(group, *g.shape)[k], g, rtol=1e-4, atol=1e-5)
        inverse_a = np.linalg.inv(a * np.sqrt(places) + 0.5 * np.eye(len(a)))
        inverse_g = np.linalg.inv(g * 25 * np.sqrt(places) + 0.5 * np.eye(len(g)))
        change = inverse_g @ (outs.T @ ins) @ inverse_a
        rows = slice(k * 6 // group, (k + 1) * 6 // group)
        np.testing.assert_allclose((weight - layer.weight.asnumpy())[rows].reshape(change.shape), change, rtol=2e-3,
                                   atol=2e-4)


@MODES
@pytest.mark.parametrize("kind", [nn.EmbeddingThor, nn.EmbeddingLookupThor])
def test_table_is_preconditioned_by_how_often_rows_are_looked_up(mode, kind):
    ms.set_context(mode=mode)
    layer, ids, d = kind(5, 3), np.array([[0, 4, 4], [2, 4, 0]], np.int32), floats(2, 3, 3)
    table = layer.embedding_table.asnumpy()
    optimizer = nn.thor(nn.SequentialCell(layer), Tensor([1.0]), Tensor([0.25]), 0.0, batch_size=2)
    nn.TrainOneStepCell(Sum(layer, d), optimizer)(Tensor(ids))
    counts = np.bincount(ids.ravel(), minlength=5)
    np.testing.assert_array_equal(layer.matrix_a.asnumpy(), counts)
    rows = d.reshape(-1, 3)
    gradient = np.zeros((5, 3))
    np.add.at(gradient, ids.ravel(), rows)
    g = rows.T @ rows / 6 * 4 + 0.5 * np.eye(3)
    change = gradient / (counts / 2 + 0.5)[:, None] @ np.linalg.inv(g)
    np.testing.assert_allclose(table - layer.embedding_table.asnumpy(), change, rtol=1e-3, atol=1e-5)


def test_large_matrices_are_inverted_in_blocks():
    x, d = floats(4, 150), floats(4, 2)
    layer = nn.DenseThor(150, 2, has_bias=False)
    weight = layer.weight.asnumpy()
    optimizer = nn.thor(nn.SequentialCell(layer), Tensor([1.0]), Tensor([1.0]), 0.0, batch_size=4)
    nn.TrainOneStepCell(Sum(layer, d), optimizer)(Tensor(x))
    a, g = x.T @ x / 4 + np.eye(150), d.T @ d / 4 * 16 + np.eye(2)
    a[:128, 128:] = a[128:, :128] = 0
    np.testing.assert_allclose(weight - layer.weight.asnumpy(), np.linalg.inv(g) @ (d.T @ x) @ np.linalg.inv(a),
                               rtol=1e-3, atol=1e-5)
    assert optimizer.matrix_a[0].shape == (1, 2, 128, 128)


def test_normalization_has_a_diagonal():
    layer, x, d = nn.LayerNorm((4,)), floats(3, 4), floats(3, 4)
    optimizer = nn.thor(nn.SequentialCell(layer), Tensor([1.0]), Tensor([0.09]), 0.0, batch_size=3)
    nn.TrainOneStepCell(Sum(layer, d), optimizer)(Tensor(x))
    gradient = d.sum(0)
    np.testing.assert_allclose(layer.beta.asnumpy(), -gradient / (gradient ** 2 / 3 + 0.3), rtol=1e-4)


class Own(nn.Dense):
    """A layer that a program has written."""


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.embed, self.look = nn.Embedding(5, 3, padding_idx=0), nn.EmbeddingLookup(5, 3, max_norm=0.5)
        self.body = nn.SequentialCell(nn.Conv2d(1, 2, 3, has_bias=True), nn.ReLU())
        self.own, self.frozen, self.last = Own(3, 3), nn.Dense(3, 3), nn.Dense(3, 3).to_float(ms.float16)
        self.again = self.last
        self.frozen.weight.requires_grad = False

    def construct(self, ids, image):
        x = self.frozen(self.own(self.embed(ids) + self.look(ids)))
        return self.again(self.last(x)).astype(ms.float32).sum() + self.body(image).sum()


def test_network_keeps_its_parameters():
    net = Net()
    ids, image = Tensor([1, 3, 0], ms.int32), Tensor(floats(1, 1, 4, 4))
    before, params = net(ids, image).asnumpy(), {p.name: p for p in net.get_parameters()}
    ConvertNetUtils().convert_to_thor_net(net)
    found = {p.name: p for p in net.get_parameters()}
    assert all(found[name] is param for name, param in params.items())
    assert sorted(set(found) - set(params)) == sorted(
        [f"{layer}.matrix_{m}" for layer in ("again", "body.0", "embed", "look") for m in "ag"] + ["body.0.positions"])
    assert [type(c) for c in (net.embed, net.look, net.body[0], net.own, net.frozen, net.last)] == [
        nn.EmbeddingThor, nn.EmbeddingLookupThor, nn.Conv2dThor, Own, nn.Dense, nn.DenseThor]
    assert net.again is net.last and net.cell_type == "second-order"
    np.testing.assert_array_equal(net(ids, image).asnumpy(), before)
    with pytest.raises(TypeError, match="must be a Cell, but got int"):
        ConvertNetUtils().convert_to_thor_net(3)


def small(frequency=3):
    ms.set_seed(2)
    net = nn.SequentialCell(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Dense(48, 2))
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    optimizer = nn.thor(net, Tensor([0.05]), Tensor([0.1]), 0.9, batch_size=8, frequency=frequency)
    return net, loss, optimizer


def images(steps=6):
    draw = np.random.default_rng(5)
    for _ in range(steps):
        x = draw.normal(size=(8, 1, 4, 4)).astype(np.float32)
        yield Tensor(x), Tensor((x.mean((1, 2, 3)) > 0).astype(np.int32))


class Inverses(ms.Callback):
    """What is inverted after each step, and the losses."""

    def __init__(self, optimizer):
        self.optimizer, self.seen, self.losses = optimizer, [], []

    def on_train_step_end(self, run_context):
        self.seen.append(self.optimizer.matrix_a[0].asnumpy().tobytes())
        self.losses.append(float(run_context.original_args().net_outputs))


@MODES
def test_model_inverts_every_few_steps(mode):
    ms.set_context(mode=mode)
    net, loss, optimizer = small()
    model = ConvertModelUtils.convert_to_thor_model(Model(net, loss, optimizer), net, loss, optimizer)
    assert type(model) is ModelThor
    noted = Inverses(optimizer)
    data = list(images())
    model.train(1, data, callbacks=noted)
    assert [k for k in range(1, 6) if noted.seen[k] != noted.seen[k - 1]] == [3]
    with assert_max_compiles(0):
        model.train(5, data, callbacks=noted)
    assert np.mean(noted.losses[-6:]) < 0.5 * np.mean(noted.losses[:6])


def test_models_that_are_changed():
    net, loss, optimizer = small()
    plain = Model(net, loss, nn.SGD(net.trainable_params(), 0.1))
    assert ConvertModelUtils.convert_to_thor_model(plain, net, loss, nn.SGD(net.trainable_params(), 0.1)) is plain
    step = nn.TrainOneStepCell(nn.WithLossCell(net, loss), optimizer)
    whole = ConvertModelUtils.convert_to_thor_model(Model(step), step)
    assert type(whole) is ModelThor and whole.train_network is step
    noted = Inverses(optimizer)
    whole.train(1, list(images()), callbacks=noted)
    assert len(set(noted.seen)) == 2
    with pytest.raises(TypeError, match="must be one that nn.thor gives, but got Momentum"):
        ModelThor(net, loss, nn.Momentum(net.trainable_params(), 0.1, 0.9))
    with pytest.raises(TypeError, match="must be a Model"):
        ConvertModelUtils.convert_to_thor_model(net, net)


def test_scaled_loss_with_half_precision():
    net, loss, _ = small()
    optimizer = nn.thor(net, Tensor([0.05]), Tensor([0.1]), 0.9, loss_scale=128.0, batch_size=8, frequency=2)
    scale = ms.FixedLossScaleManager(128, drop_overflow_update=False)
    model = ModelThor(net, loss, optimizer, amp_level="O2", loss_scale_manager=scale, metrics={"acc"})
    noted = Inverses(optimizer)
    model.train(5, list(images()), callbacks=noted)
    assert np.mean(noted.losses[-6:]) < 0.6 * np.mean(noted.losses[:6])
    assert model.eval(list(images()))["acc"] > 0.8


@pytest.mark.parametrize("change, error, text", [
    ({"learning_rate": 0.1}, TypeError, "'learning_rate' must be a Tensor"),
    ({"damping": 0.1}, TypeError, "'damping' must be a Tensor"),
    ({"momentum": 1}, TypeError, "'momentum' must be a float"), ({"momentum": -0.1}, ValueError, "at least 0"),
    ({"frequency": 2.0}, TypeError, "'frequency' must be an int"), ({"frequency": 1}, ValueError, "at least 2"),
    ({"loss_scale": 0.0}, ValueError, "loss_scale"), ({"weight_decay": -1.0}, ValueError, "weight_decay"),
    ({"use_nesterov": 1}, TypeError, "use_nesterov"), ({"batch_size": 0}, ValueError, "batch_size"),
    ({"enable_clip_grad": None}, TypeError, "enable_clip_grad")])
def test_arguments_are_checked(change, error, text):
    given = {"learning_rate": Tensor([0.1]), "damping": Tensor([0.1]), "momentum": 0.9} | change
    with pytest.raises(error, match=text):
        nn.thor(nn.SequentialCell(nn.Dense(2, 2)), **given)
