"""Layers of the mint interface against NumPy: values, parameter names, gradients, errors."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from layer_checks import check_gradients, run

import mindspore as ms
from mindspore import Tensor, mint

draw = np.random.default_rng(0)
m = mint.nn


def normal(*shape):
    return draw.normal(size=shape).astype(np.float32)


def s(x):
    return 1 / (1 + np.exp(-x))


X = normal(3, 5)
ELEMENTS = {
    "ReLU": (m.ReLU(), lambda x: np.maximum(x, 0)), "Sigmoid": (m.Sigmoid(), s), "Tanh": (m.Tanh(), np.tanh),
    "Mish": (m.Mish(), lambda x: x * np.tanh(np.log1p(np.exp(x)))), "ReLU6": (m.ReLU6(), lambda x: np.clip(x, 0, 6)),
    "SELU": (m.SELU(), lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    "LogSigmoid": (m.LogSigmoid(), lambda x: np.log(s(x))), "SiLU": (m.SiLU(), lambda x: x * s(x)),
    "Hardsigmoid": (m.Hardsigmoid(), lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    "Hardswish": (m.Hardswish(), lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "ELU": (m.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x))),
    "Hardshrink": (m.Hardshrink(0.7), lambda x: np.where(np.abs(x) > 0.7, x, 0)),
    "Hardtanh": (m.Hardtanh(-0.5, 0.2), lambda x: np.clip(x, -0.5, 0.2)),
    "Threshold": (m.Threshold(0.1, 9.0), lambda x: np.where(x > 0.1, x, 9)),
    "GELU": (m.GELU("tanh"), lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))),
    "Softmax": (m.Softmax(0), lambda x: np.exp(x) / np.exp(x).sum(0)), "Identity": (m.Identity(), lambda x: x),
    "LogSoftmax": (m.LogSoftmax(1), lambda x: x - np.log(np.exp(x).sum(1, keepdims=True))),
    "Flatten": (m.Flatten(0), lambda x: x.reshape(-1)),
}


@pytest.mark.parametrize("name", ELEMENTS)
def test_functions_of_elements(mode, name):
    layer, function = ELEMENTS[name]
    np.testing.assert_allclose(run(layer, X), function(X.astype(np.float64)), rtol=1e-4, atol=1e-5)


def convolved(x, w, stride, pad, dilation, groups, np_mode="constant"):
    spatial = x.ndim - 2
    x = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *[(pad, pad)] * spatial], mode=np_mode)
    reach = [(k - 1) * dilation + 1 for k in w.shape[2:]]
    counts = [(n - r) // stride + 1 for n, r in zip(x.shape[2:], reach)]
    y = np.zeros((x.shape[0], w.shape[0], *counts))
    for place in product(*map(range, counts)):
        cut = tuple(slice(p * stride, p * stride + r, dilation) for p, r in zip(place, reach))
        for g, (part, block) in enumerate(zip(np.split(x[(slice(None), slice(None), *cut)], groups, 1),
                                              np.split(w.astype(np.float64), groups))):
            rows = len(block)
            y[(slice(None), slice(g * rows, (g + 1) * rows), *place)] = np.tensordot(
                part, block, (range(1, part.ndim), range(1, block.ndim)))
    return y


@pytest.mark.parametrize("cls, shape, arguments", [
    (m.Conv1d, (2, 4, 9), {"stride": 2, "padding": 1}), (m.Conv2d, (2, 4, 6, 7), {"padding": 1, "groups": 2}),
    (m.Conv2d, (1, 4, 6, 7), {"padding": 2, "padding_mode": "reflect", "bias": False}),
    (m.Conv2d, (1, 4, 6, 7), {"padding": 1, "padding_mode": "circular", "dilation": 2}),
    (m.Conv3d, (1, 4, 4, 5, 4), {"padding": 1, "padding_mode": "replicate"})])
def test_convolutions(mode, cls, shape, arguments):
    layer, x = cls(4, 6, 3, **arguments), normal(*shape)
    modes = {"reflect": "reflect", "circular": "wrap", "replicate": "edge"}
    expected = convolved(x, layer.weight.asnumpy(), arguments.get("stride", 1), arguments.get("padding", 0),
                         arguments.get("dilation", 1), arguments.get("groups", 1),
                         modes.get(arguments.get("padding_mode"), "constant"))
    names = ["weight"]
    if arguments.get("bias", True):
        expected += layer.bias.asnumpy().reshape(-1, *(1,) * (len(shape) - 2))
        names.append("bias")
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-4)
    assert [p.name for p in layer.get_parameters()] == names
    bound = (4 // arguments.get("groups", 1) * 3 ** (len(shape) - 2)) ** -0.5
    assert np.abs(layer.weight.asnumpy()).max() <= bound


def test_convolutions_that_keep_the_size_or_grow(mode):
    x = normal(1, 2, 5, 6)
    assert m.Conv2d(2, 3, 3, padding="same")(Tensor(x)).shape == (1, 3, 5, 6)
    assert m.Conv2d(2, 3, 3, padding="same", padding_mode="reflect")(Tensor(x)).shape == (1, 3, 5, 6)
    assert m.Conv2d(2, 3, 3, padding="valid")(Tensor(x)).shape == (1, 3, 3, 4)
    layer = m.ConvTranspose2d(2, 3, 2, 2, bias=False)
    expected = np.zeros((1, 3, 10, 12))
    for i, j in product(range(5), range(6)):
        expected[:, :, 2 * i:2 * i + 2, 2 * j:2 * j + 2] = np.einsum("nc,cohw->nohw", x[:, :, i, j],
                                                                    layer.weight.asnumpy())
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-5)
    assert layer(Tensor(x), (11, 12)).shape == (1, 3, 11, 12)
    with pytest.raises(ValueError, match="output_size"):
        layer(Tensor(x), (13, 12))


@pytest.mark.parametrize("cls, shape", [(m.BatchNorm1d, (8, 3)), (m.BatchNorm1d, (4, 3, 5)),
                                        (m.BatchNorm2d, (4, 3, 2, 2)), (m.BatchNorm3d, (2, 3, 2, 2, 2)),
                                        (m.SyncBatchNorm, (4, 3, 2, 2))])
def test_batch_normalization(mode, cls, shape):
    layer, x = cls(3), normal(*shape) * 2 + 1
    assert [p.name for p in layer.get_parameters()] == ["weight", "bias", "running_mean", "running_var",
                                                        "num_batches_tracked"]
    assert [p.name for p in layer.trainable_params()] == ["weight", "bias"]
    axes = tuple(k for k in range(x.ndim) if k != 1)
    flat = (1, 3, *(1,) * (x.ndim - 2))
    expected = (x - x.mean(axes).reshape(flat)) / np.sqrt(x.var(axes).reshape(flat) + 1e-5)
    assert layer.training
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(layer.running_mean.asnumpy(), 0.1 * x.mean(axes), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer.running_var.asnumpy(), 0.9 + 0.1 * x.var(axes, ddof=1), rtol=1e-4)
    assert int(layer.num_batches_tracked.asnumpy()) == 1
    layer.set_train(False)
    moved = (x - layer.running_mean.asnumpy().reshape(flat)) / np.sqrt(
        layer.running_var.asnumpy().reshape(flat) + 1e-5)
    np.testing.assert_allclose(run(layer, x), moved, rtol=1e-3, atol=1e-4)
    plain = cls(3, affine=False, track_running_stats=False)
    np.testing.assert_allclose(run(plain, x), expected, rtol=1e-3, atol=1e-4)
    assert not list(plain.get_parameters())
    mean = cls(3, momentum=None).set_train()
    run(mean, x), run(mean, x + 2)
    np.testing.assert_allclose(mean.running_mean.asnumpy(), x.mean(axes) + 1, rtol=1e-3, atol=1e-4)


def test_other_normalizations(mode):
    x = normal(2, 4, 3)
    groups = x.reshape(2, 2, -1)
    expected = ((groups - groups.mean(-1, keepdims=True)) / np.sqrt(groups.var(-1, keepdims=True) + 1e-5))
    layer = m.GroupNorm(2, 4)
    np.testing.assert_allclose(run(layer, x), expected.reshape(x.shape), rtol=1e-3, atol=1e-4)
    expected = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(run(m.LayerNorm((4, 3)), x), expected, rtol=1e-3, atol=1e-4)
    assert [p.name for p in m.LayerNorm(3, bias=False).get_parameters()] == ["weight"]
    assert not list(m.GroupNorm(2, 4, affine=False).get_parameters())


def test_linear_prelu_and_embedding(mode):
    layer = m.Linear(5, 2, bias=False)
    np.testing.assert_allclose(run(layer, X), X @ layer.weight.asnumpy().T, rtol=1e-4, atol=1e-6)
    check_gradients(m.Linear(5, 2), X)
    np.testing.assert_allclose(run(m.PReLU(5, 0.1), X), np.where(X > 0, X, 0.1 * X), rtol=1e-5)
    table = m.Embedding(50, 8, padding_idx=-1)
    assert 0.8 < table.weight.asnumpy()[:-1].std() < 1.2 and not table.weight.asnumpy()[-1].any()
    index = np.array([[1, 49], [3, 3]])
    np.testing.assert_array_equal(run(table, index), table.weight.asnumpy()[index])
    frozen = m.Embedding(2, 2, _weight=Tensor(np.eye(2, dtype=np.float32)), _freeze=True)
    assert not frozen.trainable_params()
    np.testing.assert_array_equal(run(frozen, np.array([1])), [[0, 1]])


def test_dropout(mode):
    x = np.ones((4, 8, 5, 5), np.float32)
    for layer in (m.Dropout(0.5), m.Dropout2d(0.5)):
        np.testing.assert_array_equal(run(layer, x), x)
        dropped = run(layer.set_train(), x)
        assert set(np.unique(dropped)) == {0.0, 2.0}
    assert {len(np.unique(c)) for n in dropped for c in n} == {1}


def test_windows(mode):
    x = normal(1, 2, 4, 6)
    blocks = x.reshape(1, 2, 2, 2, 3, 2)
    np.testing.assert_allclose(run(m.AvgPool2d(2), x), blocks.mean((3, 5)), rtol=1e-5, atol=1e-6)
    y, at = m.MaxPool2d(2, return_indices=True)(Tensor(x))
    np.testing.assert_array_equal(y.asnumpy(), blocks.max((3, 5)))
    back = m.MaxUnpool2d(2)(y, at).asnumpy()
    np.testing.assert_array_equal(back[back != 0], x[back != 0])
    np.testing.assert_allclose(run(m.AvgPool1d(3), x[0]), x[0].reshape(2, 4, 2, 3).mean(-1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run(m.AvgPool3d(2), x[None]), x.reshape(1, 1, 2, 2, 2, 3, 2).mean((2, 4, 6))[:, :, None],
                               rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(run(m.AdaptiveAvgPool2d((2, 3)), x), blocks.mean((3, 5)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(run(m.AdaptiveMaxPool2d((2, 3)), x), blocks.max((3, 5)))
    np.testing.assert_array_equal(run(m.AdaptiveMaxPool1d(2), x[0]), x[0].reshape(2, 4, 2, 3).max(-1))
    assert m.AdaptiveAvgPool3d((1, None, 2))(Tensor(x)).shape == (1, 1, 4, 2)
    assert m.AdaptiveAvgPool1d(3)(Tensor(x[0])).shape == (2, 4, 3)
    columns = m.Unfold(2, stride=2)(Tensor(x))
    np.testing.assert_allclose(m.Fold((4, 6), 2, stride=2)(columns).asnumpy(), x, rtol=1e-6)
    np.testing.assert_array_equal(run(m.UpsamplingNearest2d(scale_factor=2), x), x.repeat(2, 2).repeat(2, 3))
    grown = run(m.UpsamplingBilinear2d((7, 11)), x)
    np.testing.assert_allclose(grown[:, :, ::2, ::2], x, rtol=1e-5, atol=1e-6)
    assert m.PixelShuffle(2)(Tensor(normal(1, 8, 2, 2))).shape == (1, 2, 4, 4)
    np.testing.assert_array_equal(run(m.ZeroPad1d((1, 2)), x[0]), np.pad(x[0], ((0, 0), (0, 0), (1, 2))))
    np.testing.assert_array_equal(run(m.ReflectionPad2d(1), x), np.pad(x, ((0, 0),) * 2 + ((1, 1),) * 2, "reflect"))


LOGITS, TARGETS, CLASSES = normal(4, 3), draw.random((4, 3)).astype(np.float32), np.array([0, 2, 1, 1])
LOGS = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))
LOSSES = {
    "MSELoss": (m.MSELoss(), LOGITS, TARGETS, ((LOGITS - TARGETS) ** 2).mean()),
    "L1Loss": (m.L1Loss("sum"), LOGITS, TARGETS, np.abs(LOGITS - TARGETS).sum()),
    "SmoothL1Loss": (m.SmoothL1Loss(beta=9.0), LOGITS, TARGETS, ((LOGITS - TARGETS) ** 2 / 18).mean()),
    "BCELoss": (m.BCELoss(), s(LOGITS), TARGETS,
                -(TARGETS * np.log(s(LOGITS)) + (1 - TARGETS) * np.log(1 - s(LOGITS))).mean()),
    "BCEWithLogitsLoss": (m.BCEWithLogitsLoss(), LOGITS, TARGETS,
                          -(TARGETS * np.log(s(LOGITS)) + (1 - TARGETS) * np.log(1 - s(LOGITS))).mean()),
    "CrossEntropyLoss": (m.CrossEntropyLoss(), LOGITS, CLASSES, -LOGS[np.arange(4), CLASSES].mean()),
    "NLLLoss": (m.NLLLoss(reduction="sum"), LOGS, CLASSES, -LOGS[np.arange(4), CLASSES].sum()),
    "KLDivLoss": (m.KLDivLoss("sum", True), LOGS, np.log(TARGETS),
                  (TARGETS * (np.log(TARGETS) - LOGS)).sum()),
    "SoftMarginLoss": (m.SoftMarginLoss(), LOGITS, np.sign(TARGETS - 0.5),
                       np.log1p(np.exp(-np.sign(TARGETS - 0.5) * LOGITS)).mean()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(mode, name):
    loss, x, y, expected = LOSSES[name]
    np.testing.assert_allclose(run(loss, x, y), expected, rtol=1e-4)


def test_in_place_functions():
    for function, expected in ((lambda t: m.functional.elu_(t, 0.5), np.where(X > 0, X, 0.5 * np.expm1(X))),
                               (lambda t: m.functional.threshold_(t, 0.1, 2.0), np.where(X > 0.1, X, 2)),
                               (lambda t: m.functional.hardtanh_(t, 0, 1), np.clip(X, 0, 1)),
                               (m.functional.sigmoid_, s(X))):
        tensor = Tensor(X)
        assert function(tensor) is tensor
        np.testing.assert_allclose(tensor.asnumpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make, error, text", [
    (lambda: m.Conv2d(3, 4, 3, groups=2), ValueError, "divisible by 'groups'"),
    (lambda: m.Conv2d(3, 4, 0), ValueError, "'kernel_size' must be an int"),
    (lambda: m.Conv2d(3, 4, 3, padding_mode="wrap"), ValueError, "'padding_mode' must be zeros"),
    (lambda: m.BatchNorm2d(3)(Tensor(X)), ValueError, "must have 4 axes"),
    (lambda: m.GroupNorm(2, 3), ValueError, "divisible by 'num_groups'"),
    (lambda: m.MSELoss("average"), ValueError, "'reduction' must be one of"),
    (lambda: m.Embedding(3, 2, padding_idx=3), ValueError, "'padding_idx' must be an int from -3 to 2"),
    (lambda: m.AdaptiveAvgPool2d("a"), TypeError, "'output_size' must be an int"),
    (lambda: m.ELU(inplace=1), TypeError, "'inplace' must be a bool"),
    (lambda: m.SyncBatchNorm(3, process_group="world"), ValueError, "'process_group' must be None"),
])
def test_errors(make, error, text):
    with pytest.raises(error) as caught:
        make()
    assert text in str(caught.value)


def test_names_nest_and_come_back_from_a_checkpoint(tmp_path):
    def net():
        return ms.nn.SequentialCell(m.Conv2d(1, 2, 3), m.BatchNorm2d(2), m.Flatten(), m.Linear(2, 1))

    first, second = net(), net()
    names = [p.name for p in first.get_parameters()]
    assert names == ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                     "1.num_batches_tracked", "3.weight", "3.bias"]
    ms.save_checkpoint(first, str(tmp_path / "net.ckpt"))
    assert ms.load_param_into_net(second, ms.load_checkpoint(str(tmp_path / "net.ckpt"))) == ([], [])
    x = Tensor(normal(1, 1, 3, 3))
    np.testing.assert_array_equal(first(x).asnumpy(), second(x).asnumpy())
