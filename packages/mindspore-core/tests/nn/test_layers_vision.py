"""Layers and losses of images, matrices and steps, against NumPy and loops."""
from __future__ import annotations

import numpy as np
import pytest
from layer_checks import check_gradients, compare, run

import mindspore as ms
from mindspore import Tensor, mint, nn, ops
from mindspore.ops import operations as P


def normal(*shape, seed=0):
    return np.random.default_rng(seed + sum(shape)).normal(size=shape).astype(np.float32)


def log_softmax(x, axis=1):
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


# -- losses ------------------------------------------------------------------------------------------------------------

def test_focal_loss(mode):
    x, weight = normal(3, 4, 2, 5), np.float32([0.5, 1, 2, 3])
    classes = np.random.default_rng(0).integers(0, 4, (3, 1, 2, 5))
    logs = log_softmax(x)
    own = np.take_along_axis(logs, classes, 1)[:, 0]
    expected = -weight[classes[:, 0]] * (1 - np.exp(own)) ** 1.5 * own
    got = run(nn.FocalLoss(Tensor(weight), 1.5, "none"), x, classes.astype(np.int32))
    np.testing.assert_allclose(got, expected.mean((1, 2)), rtol=1e-4)
    shares = np.abs(normal(3, 4, 2, 5, seed=1))
    expected = (-shares * (1 - np.exp(logs)) ** 2 * logs).mean((2, 3))
    np.testing.assert_allclose(run(nn.FocalLoss(reduction="none"), x, shares), expected, rtol=1e-4)
    np.testing.assert_allclose(run(nn.FocalLoss(), x, shares), expected.mean(), rtol=1e-4)
    loss = nn.FocalLoss(Tensor(weight))
    gradient = ms.grad(lambda v: loss(v, Tensor(classes)))(Tensor(x)).asnumpy()
    compare(lambda a: float(loss(Tensor(a), Tensor(classes)).asnumpy()), x, gradient, np.random.default_rng(0))


def test_dice_loss_of_classes(mode):
    x, label = normal(3, 4, 5), (normal(3, 4, 5, seed=1) > 0).astype(np.float32)
    p = np.exp(log_softmax(x, -1))
    each = [1 - 2 * (p[:, k] * label[:, k]).sum() / ((p[:, k] ** 2).sum() + (label[:, k] ** 2).sum() + 1e-5)
            for k in range(4)]
    np.testing.assert_allclose(run(nn.MultiClassDiceLoss(), x, label), np.mean(each), rtol=1e-4)
    weights = np.float32([1, 2, 3, 4])
    got = run(nn.MultiClassDiceLoss(Tensor(weights), 2, None), p, label)
    np.testing.assert_allclose(got, (each[0] + 2 * each[1] + 4 * each[3]) / 4, rtol=1e-4)


def test_multilabel_margin_loss(mode):
    x, target = np.float32([[0.1, 0.2, 0.4, 0.8], [0.2, 0.3, 0.5, 0.7]]), np.int32([[1, 2, 0, 3], [2, 3, -1, 1]])
    assert run(nn.MultilabelMarginLoss(), x, target) == pytest.approx(0.325)
    assert run(nn.MultilabelMarginLoss("none"), x, target).tolist() == pytest.approx([0, 0.65])


def test_sampled_softmax_loss(mode):
    weights, biases, inputs = normal(20, 3), normal(20), normal(4, 3)
    labels = np.array([[1, 7], [2, 2], [19, 0], [5, 6]])
    drawn, counts = np.array([3, 7, 0, 11]), (np.abs(normal(4, 2)) + 0.1, np.abs(normal(4)) + 0.1)
    true = (inputs[:, None] * weights[labels]).sum(-1) + biases[labels] - np.log(counts[0])
    for remove in (True, False):
        others = inputs @ weights[drawn].T + biases[drawn] - np.log(counts[1])
        if remove:
            others[(labels[:, :, None] == drawn).any(1)] = -np.inf
        logs = log_softmax(np.concatenate([true, others], 1).astype(np.float64))[:, :2]
        net = nn.SampledSoftmaxLoss(4, 20, 2, [Tensor(drawn), *map(Tensor, counts)], remove)
        np.testing.assert_allclose(run(net, weights, biases, labels, inputs), -logs.mean(1), rtol=1e-4)
    net = nn.SampledSoftmaxLoss(20, 20, 1, reduction="sum")  # all classes: the usual cross entropy
    got = run(net, weights, biases, labels[:, 0], inputs)
    logs = log_softmax(inputs @ weights.T + biases)
    np.testing.assert_allclose(got, -logs[range(4), labels[:, 0]].sum(), rtol=1e-4)
    gradients = ms.grad(net, (0, 3))(*map(Tensor, (weights, biases, labels[:, 0], inputs)))
    np.testing.assert_allclose(gradients[1].asnumpy(), (np.exp(logs) - np.eye(20)[labels[:, 0]]) @ weights, rtol=1e-3,
                               atol=1e-5)


@pytest.mark.parametrize("unique", [True, False])
def test_candidate_samplers(unique):
    ms.set_seed(2)
    true = Tensor([[0], [3], [29]])
    for net, p in ((P.LogUniformCandidateSampler(1, 12, unique, 30), np.log(np.arange(2, 32) / np.arange(1, 31))),
                   (P.UniformCandidateSampler(1, 12, unique, 30), np.ones(30))):
        p = p / p.sum()
        seen = np.zeros(30)
        for _ in range(60):
            drawn, true_count, counts = net(true)
            assert drawn.shape == (12,) and drawn.dtype is ms.int64
            assert not unique or len(set(drawn.asnumpy().tolist())) == 12
            seen += np.bincount(drawn.asnumpy(), minlength=30) / 60
        table = np.zeros(30)
        table[drawn.asnumpy()] = counts.asnumpy()
        np.testing.assert_allclose(seen[drawn.asnumpy()], table[drawn.asnumpy()], atol=0.4 if unique else 0.9)
        if not unique:
            np.testing.assert_allclose(true_count.asnumpy()[:, 0], 12 * p[[0, 3, 29]], rtol=1e-5)
    again = P.LogUniformCandidateSampler(1, 12, unique, 30, 7)
    assert again(true)[0].asnumpy().tolist() == again(true)[0].asnumpy().tolist()


def test_candidates_without_true_classes():
    drawn, counts, _ = ops.uniform_candidate_sampler(Tensor([[1, 2]]), 2, 4, True, 6, 0, True)
    assert sorted(drawn.asnumpy().tolist()) == [0, 3, 4, 5]
    _, counts, every = ops.uniform_candidate_sampler(Tensor([[1], [9]]), 1, 6, True, 6)
    assert counts.asnumpy().tolist() == [[1], [1]] and every.asnumpy().tolist() == [1] * 6


# -- images ------------------------------------------------------------------------------------------------------------

def similarity(a, b, size, sigma=1.5):
    """(structural similarity, its second factor) of each channel, window by window."""
    row = np.exp(-(np.arange(size) - (size - 1) / 2) ** 2 / (2 * sigma ** 2))
    w = np.outer(row, row) / np.outer(row, row).sum()
    c1, c2, found = 1e-4, 9e-4, []
    for i, j in np.ndindex(a.shape[2] - size + 1, a.shape[3] - size + 1):
        x, y = a[:, :, i:i + size, j:j + size], b[:, :, i:i + size, j:j + size]
        mx, my = (x * w).sum((2, 3)), (y * w).sum((2, 3))
        form = (2 * ((x * y * w).sum((2, 3)) - mx * my) + c2) / (
            (x * x * w).sum((2, 3)) - mx ** 2 + (y * y * w).sum((2, 3)) - my ** 2 + c2)
        found.append(((2 * mx * my + c1) / (mx ** 2 + my ** 2 + c1) * form, form))
    return np.mean(found, 0)


def halved(x):
    n, c, h, w = x.shape
    return x[:, :, :h // 2 * 2, :w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))


def test_multi_scale_similarity(mode):
    draw = np.random.default_rng(0)
    a = draw.uniform(0, 1, (2, 2, 9, 12)).astype(np.float32)
    b = np.clip(a + 0.1 * draw.normal(size=a.shape), 0, 1).astype(np.float32)
    fine, coarse = similarity(a.astype(np.float64), b, 3), similarity(halved(a.astype(np.float64)), halved(b), 3)
    expected = (np.maximum(fine[1], 0) ** 0.3 * np.maximum(coarse[0], 0) ** 0.7).mean(1)
    net = nn.MSSSIM(power_factors=(0.3, 0.7), filter_size=3)
    np.testing.assert_allclose(run(net, a, b), expected, rtol=1e-3)
    np.testing.assert_allclose(run(net, a, a), [1, 1], rtol=1e-4)
    np.testing.assert_allclose(run(nn.SSIM(filter_size=3), a, b), fine[0].mean(1), rtol=1e-3)


def test_image_gradients(mode):
    x = normal(2, 3, 4, 5)
    down, right = nn.ImageGradients()(Tensor(x))
    np.testing.assert_allclose(down.asnumpy(), np.diff(x, axis=2, append=x[:, :, -1:]), atol=1e-6)
    np.testing.assert_allclose(right.asnumpy(), np.diff(x, axis=3, append=x[..., -1:]), atol=1e-6)


def test_unfold(mode):
    x = normal(2, 3, 4, 6)
    expected = np.stack([x[:, :, i:i + 3:2, j:j + 4:3] for i in range(2) for j in range(3)], 1).reshape(2, 18, 2, 2)
    np.testing.assert_array_equal(run(nn.Unfold([1, 2, 3, 1], [1, 2, 3, 1], [1, 1, 1, 1]), x), expected)
    check_gradients(nn.Unfold((1, 2, 2, 1), (1, 1, 2, 1), (1, 2, 1, 1), "same"), x)


# -- matrices, steps, normalization ------------------------------------------------------------------------------------

def test_matrices(mode):
    a, b = normal(2, 3, 3), normal(2, 4, 3)
    np.testing.assert_allclose(run(nn.MatMul(True, True), a, b), a.swapaxes(1, 2) @ b.swapaxes(1, 2), rtol=1e-5,
                               atol=1e-6)
    np.testing.assert_allclose(run(nn.MatMul(), a, b[0, 0]), a @ b[0, 0], rtol=1e-5, atol=1e-6)
    square = a @ a.swapaxes(1, 2) + np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(run(nn.MatDet(), square), np.linalg.det(square), rtol=1e-4)
    np.testing.assert_allclose(run(nn.MatInverse(), square), np.linalg.inv(square), rtol=1e-3, atol=1e-4)
    expected = b.copy()
    expected[:, range(3), range(3)] = 7
    np.testing.assert_array_equal(run(nn.MatrixSetDiag(), b, np.full((2, 3), 7, np.float32)), expected)


@pytest.mark.parametrize("axis, other", [(1, None), (1, 0), (2, 0), (-2, -3), (0, 1)])
def test_a_layer_at_each_step(mode, axis, other):
    x = normal(4, 3, 5)
    net = nn.Dense(5, 2) if axis not in (2,) else nn.Dense(3, 2)
    expected = np.stack([run(net, step) for step in np.moveaxis(x, axis, 0)], axis)
    timed = nn.TimeDistributed(net, axis, other)
    assert expected.shape == timed(Tensor(x)).shape
    np.testing.assert_allclose(run(timed, x), expected, rtol=1e-5, atol=1e-6)


def test_batch_normalization_of_one_process(mode):
    x = normal(6, 3, 2, 2)
    one, two = nn.SyncBatchNorm(3, momentum=0.7), nn.BatchNorm2d(3, momentum=0.7)
    one.set_train(), two.set_train()
    np.testing.assert_allclose(run(one, x), run(two, x), rtol=1e-6)
    np.testing.assert_allclose(one.moving_mean.asnumpy(), 0.3 * x.mean((0, 2, 3)), rtol=1e-4, atol=1e-6)
    assert nn.SyncBatchNorm(3, process_groups=[[0]])(Tensor(x[:, :, 0, 0])).shape == (6, 3)


def test_clipped_and_penalized(mode):
    x = normal(3, 4)
    norm = np.linalg.norm(x)
    np.testing.assert_allclose(run(nn.ClipByNorm(), x, np.float32(1.5)), x * 1.5 / norm, rtol=1e-5)
    np.testing.assert_allclose(run(nn.ClipByNorm(), x, np.float32(norm + 1)), x, rtol=1e-5)
    rows = np.linalg.norm(x, axis=1, keepdims=True)
    np.testing.assert_allclose(run(nn.ClipByNorm(1), x, np.float32(1)), x / np.maximum(rows, 1), rtol=1e-5)
    zero = ms.grad(lambda v: nn.ClipByNorm()(v, Tensor(2.0)).sum())(Tensor(np.zeros(3, np.float32)))
    assert zero.asnumpy().tolist() == [1, 1, 1]
    assert run(nn.L1Regularizer(0.5), x) == pytest.approx(np.abs(x).sum() / 2)


def test_layers_of_mint_have_a_second_name():
    for name in ("AvgPool1d", "AvgPool2d", "AvgPool3d", "Dropout", "Dropout2d", "Embedding", "L1Loss", "LayerNorm",
                 "LogSoftmax", "MaxPool2d", "PReLU"):
        assert getattr(nn, name + "Ext") is getattr(mint.nn, name)
    x = normal(1, 2, 3, 3)
    np.testing.assert_array_equal(run(nn.MaxPool2dExt(), x), x)


def test_images_of_integers():
    a, b = np.random.default_rng(0).integers(0, 255, (2, 1, 1, 12, 12)).astype(np.uint8)
    for layer in (nn.PSNR(255.0), nn.SSIM(255.0)):
        np.testing.assert_allclose(run(layer, a, b), run(layer, a.astype(np.float32), b.astype(np.float32)), rtol=1e-6)


def test_borders_of_some_of_the_last_axes():
    x = normal(1, 2, 3, 4)
    for layer in (nn.ConstantPad1d(1, 0.5), nn.ConstantPad2d((0, 2), 0.5), nn.ConstantPad3d((1, 0, 0, 1), 0.5)):
        pairs = list(zip(layer.padding[::2], layer.padding[1::2]))[::-1]
        want = np.pad(x, [(0, 0)] * (4 - len(pairs)) + pairs, constant_values=0.5)
        np.testing.assert_array_equal(run(layer, x), want)


X = normal(1, 2, 3, 3)


@pytest.mark.parametrize("call, error, text", [
    (lambda: nn.FocalLoss(Tensor(X)), ValueError, "'weight' must have one axis"),
    (lambda: nn.FocalLoss()(Tensor(X), Tensor(X[0])), ValueError, "the labels must have the shape of the logits"),
    (lambda: nn.FocalLoss("a"), TypeError, "'weight' must be a Tensor or None"),
    (lambda: nn.MultiClassDiceLoss("1"), TypeError, "'weights' must be a Tensor or None"),
    (lambda: nn.MultiClassDiceLoss(ignore_indiex="2"), TypeError, "'ignore_indiex' must be an int or None"),
    (lambda: nn.MultiClassDiceLoss(activation="rleu"), ValueError, "no activation called 'rleu'"),
    (lambda: nn.ConstantPad1d((1, 2, 3), 0), ValueError, "an int or pairs of ints"),
    (lambda: nn.ConstantPad2d(1, 0)(Tensor(X[0, 0, 0])), ValueError, "has 2 pairs for an input of shape"),
    (lambda: nn.MultiClassDiceLoss(activation=3), TypeError, "'activation' must be a name"),
    (lambda: nn.MultiClassDiceLoss()(Tensor(X), Tensor(X[0])), ValueError, "must have one shape"),
    (lambda: nn.MultiClassDiceLoss(Tensor([1.0]))(Tensor(X), Tensor(X)), ValueError, "must have 2 numbers"),
    (lambda: nn.SampledSoftmaxLoss(5, 4), ValueError, "must not be above 'num_classes'"),
    (lambda: nn.SampledSoftmaxLoss(2, 4, sampled_values=3), ValueError, "must be three tensors"),
    (lambda: nn.SampledSoftmaxLoss(2, 4)(*[Tensor(X[0, 0])] * 4), ValueError, "the shapes are"),
    (lambda: ops.log_uniform_candidate_sampler(Tensor([[1.0]])), TypeError, "expected integers"),
    (lambda: ops.log_uniform_candidate_sampler(Tensor([[1]]), 1, 9), ValueError, "no more candidates than classes"),
    (lambda: nn.MSSSIM(power_factors=0.5), TypeError, "'power_factors' must be"),
    (lambda: nn.MSSSIM()(Tensor(X), Tensor(X)), ValueError, "must not be smaller than the window of 11"),
    (lambda: nn.ImageGradients()(Tensor(X[0])), ValueError, "must have shape"),
    (lambda: nn.Unfold(2, [1] * 4, [1] * 4), TypeError, "'ksizes' must be a tuple"),
    (lambda: nn.Unfold([1] * 4, [1, 1, 1, 2], [1] * 4), ValueError, "'strides' must be .1, down, right, 1."),
    (lambda: nn.Unfold([1] * 4, [1] * 4, [1] * 4, "full"), ValueError, "'padding' must be"),
    (lambda: nn.TimeDistributed(3, 1), TypeError, "'layer' must be a Cell"),
    (lambda: nn.TimeDistributed(nn.ReLU(), 1.5), TypeError, "'time_axis' must be an int"),
    (lambda: nn.TimeDistributed(nn.ReLU(), 1, 1)(Tensor(X)), ValueError, "must be different axes"),
    (lambda: nn.ClipByNorm(0.5), TypeError, "'axis' must be an int"),
    (lambda: nn.L1Regularizer(0.0), ValueError, "must be a positive number"),
    (lambda: nn.SyncBatchNorm(3, process_groups=[[0, 1]]), ValueError, "must be None or"),
])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
