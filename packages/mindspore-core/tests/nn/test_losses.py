"""Losses against their formulas, with every reduction."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn

draw = np.random.default_rng(0)
N, C = 4, 3


def normal(*shape):
    return draw.normal(size=shape).astype(np.float32)


def uniform(*shape):
    return draw.uniform(0.1, 0.9, shape).astype(np.float32)


def signs(*shape):
    return draw.choice([-1.0, 1.0], shape).astype(np.float32)


def log_softmax(x):
    return x - x.max(1, keepdims=True) - np.log(np.exp(x - x.max(1, keepdims=True)).sum(1, keepdims=True))


def distribution(*shape):
    p = uniform(*shape)
    return p / p.sum(1, keepdims=True)


def binary(p, t):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cosine(x, y):
    return (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)


def length(x):
    return np.linalg.norm(x + 1e-6, axis=1)


def poisson(x, t):
    stirling = np.where(t > 1, t * np.log(np.maximum(t, 1)) - t + 0.5 * np.log(2 * math.pi * np.maximum(t, 1)), 0)
    return x - t * np.log(x + 1e-8) + stirling


LABELS = np.array([2, 0, 1, 1], np.int32)
WEIGHT = np.array([0.5, 1.0, 2.0], np.float32)
COUNTS = np.array([[0.0, 1, 2], [3, 4, 0], [1, 1, 5], [2, 2, 2]], np.float32)

# name: (loss for a reduction, inputs, losses of the elements)
FORMULAS = {
    "softmax, sparse": (lambda r: nn.SoftmaxCrossEntropyWithLogits(True, r), (normal(N, C), LABELS),
                        lambda x, t: -log_softmax(x)[np.arange(N), t]),
    "softmax": (lambda r: nn.SoftmaxCrossEntropyWithLogits(False, r), (normal(N, C), distribution(N, C)),
                lambda x, t: -(t * log_softmax(x)).sum(1)),
    "cross entropy": (lambda r: nn.CrossEntropyLoss(reduction=r), (normal(N, C), LABELS),
                      lambda x, t: -log_softmax(x)[np.arange(N), t]),
    "cross entropy of distributions": (lambda r: nn.CrossEntropyLoss(reduction=r), (normal(N, C), distribution(N, C)),
                                       lambda x, t: -(t * log_softmax(x)).sum(1)),
    "negative log-likelihood": (lambda r: nn.NLLLoss(reduction=r), (normal(N, C), LABELS),
                                lambda x, t: -x[np.arange(N), t]),
    "squares": (lambda r: nn.MSELoss(r), (normal(N, C), normal(N, C)), lambda x, t: (x - t) ** 2),
    "absolute": (lambda r: nn.L1Loss(r), (normal(N, C), normal(N, C)), lambda x, t: abs(x - t)),
    "mean absolute": (lambda r: nn.MAELoss(r), (normal(N, C), normal(N, C)), lambda x, t: abs(x - t)),
    "smooth": (lambda r: nn.SmoothL1Loss(0.7, r), (normal(N, C), normal(N, C)),
               lambda x, t: np.where(abs(x - t) < 0.7, (x - t) ** 2 / 1.4, abs(x - t) - 0.35)),
    "huber": (lambda r: nn.HuberLoss(r, 0.7), (normal(N, C), normal(N, C)),
              lambda x, t: np.where(abs(x - t) <= 0.7, (x - t) ** 2 / 2, 0.7 * (abs(x - t) - 0.35))),
    "binary": (lambda r: nn.BCELoss(reduction=r), (uniform(N, C), uniform(N, C)), binary),
    "binary, weighted": (lambda r: nn.BCELoss(Tensor(WEIGHT), r), (uniform(N, C), uniform(N, C)),
                         lambda p, t: WEIGHT * binary(p, t)),
    "binary of logits": (lambda r: nn.BCEWithLogitsLoss(r), (normal(N, C), uniform(N, C)),
                         lambda x, t: binary(sigmoid(x), t)),
    "binary of logits, weighted": (
        lambda r: nn.BCEWithLogitsLoss(r, Tensor(WEIGHT), Tensor(WEIGHT)), (normal(N, C), uniform(N, C)),
        lambda x, t: -WEIGHT * (WEIGHT * t * np.log(sigmoid(x)) + (1 - t) * np.log(1 - sigmoid(x)))),
    "many labels": (lambda r: nn.MultiLabelSoftMarginLoss(reduction=r), (normal(N, C), signs(N, C) / 2 + 0.5),
                    lambda x, t: binary(sigmoid(x), t).mean(1)),
    "divergence": (lambda r: nn.KLDivLoss(r), (normal(N, C), distribution(N, C)), lambda x, t: t * (np.log(t) - x)),
    "soft margin": (lambda r: nn.SoftMarginLoss(r), (normal(N, C), signs(N, C)), lambda x, t: np.log1p(np.exp(-t * x))),
    "hinge": (lambda r: nn.HingeEmbeddingLoss(0.8, r), (uniform(N, C), signs(N, C)),
              lambda x, t: np.where(t > 0, x, np.maximum(0, 0.8 - x))),
    "ranking": (lambda r: nn.MarginRankingLoss(0.2, r), (normal(N), normal(N), signs(N)),
                lambda a, b, t: np.maximum(0, -t * (a - b) + 0.2)),
    "cosine": (lambda r: nn.CosineEmbeddingLoss(0.1, r), (normal(N, C), normal(N, C), signs(N)),
               lambda a, b, t: np.where(t > 0, 1 - cosine(a, b), np.maximum(0, cosine(a, b) - 0.1))),
    "triplet": (lambda r: nn.TripletMarginLoss(reduction=r), (normal(N, C), normal(N, C), normal(N, C)),
                lambda a, p, n: np.maximum(0, length(a - p) - length(a - n) + 1)),
    "gaussian": (lambda r: nn.GaussianNLLLoss(full=True, reduction=r), (normal(N, C), normal(N, C), uniform(N, C)),
                 lambda x, t, v: 0.5 * (np.log(v) + (x - t) ** 2 / v + np.log(2 * math.pi))),
    "poisson": (lambda r: nn.PoissonNLLLoss(reduction=r), (normal(N, C), COUNTS), lambda x, t: np.exp(x) - t * x),
    "poisson, full": (lambda r: nn.PoissonNLLLoss(False, True, reduction=r), (uniform(N, C), COUNTS), poisson),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_formula(mode, name, reduction):
    make, inputs, formula = FORMULAS[name]
    wide = [a.astype(np.float64) if a.dtype == np.float32 else a for a in inputs]
    expected = {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](formula(*wide))
    got = make(reduction)(*[Tensor(a) for a in inputs]).asnumpy()
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_losses_of_one_number(mode):
    x, t = normal(N, C), normal(N, C)
    np.testing.assert_allclose(nn.RMSELoss()(Tensor(x), Tensor(t)).asnumpy(), np.sqrt(((x - t) ** 2).mean()), rtol=1e-5)
    p, mask = uniform(N, C), (signs(N, C) + 1) / 2
    dice = 1 - 2 * (p * mask).sum() / ((p * p).sum() + (mask * mask).sum() + 1e-5)
    np.testing.assert_allclose(nn.DiceLoss()(Tensor(p), Tensor(mask)).asnumpy(), dice, rtol=1e-5)


def test_weights_smoothing_and_ignored_labels(mode):
    x = normal(N, C)
    logs = log_softmax(x.astype(np.float64))
    chosen = -logs[np.arange(N), LABELS]
    weighted = nn.CrossEntropyLoss(Tensor(WEIGHT))(Tensor(x), Tensor(LABELS)).asnumpy()
    np.testing.assert_allclose(weighted, (chosen * WEIGHT[LABELS]).sum() / WEIGHT[LABELS].sum(), rtol=1e-5)
    ignoring = nn.CrossEntropyLoss(ignore_index=1)(Tensor(x), Tensor(LABELS)).asnumpy()
    np.testing.assert_allclose(ignoring, chosen[LABELS != 1].mean(), rtol=1e-5)
    smooth = nn.CrossEntropyLoss(label_smoothing=0.3)(Tensor(x), Tensor(LABELS)).asnumpy()
    np.testing.assert_allclose(smooth, (0.7 * chosen - 0.3 * logs.mean(1)).mean(), rtol=1e-5)


def test_a_loss_of_ones_own(mode):
    class Fourth(nn.LossBase):
        def construct(self, logits, labels):
            assert self.get_axis(logits) == (0, 1)
            return self.get_loss((logits - labels) ** 4, 2.0)

    x, t = normal(N, C), normal(N, C)
    for reduction, reduce in (("mean", np.mean), ("sum", np.sum), ("none", np.asarray)):
        got = Fourth(reduction)(Tensor(x), Tensor(t)).asnumpy()
        np.testing.assert_allclose(got, reduce(2 * (x - t) ** 4), rtol=1e-4)


def test_labels_of_another_dtype(mode):
    codes = np.eye(C, dtype=np.int32)[LABELS]
    x = normal(N, C)
    got = nn.SoftmaxCrossEntropyWithLogits(reduction="mean")(Tensor(x), Tensor(codes)).asnumpy()
    np.testing.assert_allclose(got, -log_softmax(x)[np.arange(N), LABELS].mean(), rtol=1e-5)


@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_labels_out_of_range_count_nothing(mode, reduction):
    """Programs mark what they ignore by such labels, and multiply their losses by 0 after that."""
    x, labels = normal(N, C), np.array([1, 255, -1, 2], np.int32)
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction=reduction)
    want = np.where([True, False, False, True], -log_softmax(x)[np.arange(N), labels % C], 0)
    np.testing.assert_allclose(loss(Tensor(x), Tensor(labels)).asnumpy(), want if reduction == "none" else want.sum(),
                               rtol=1e-5)
    slope = ms.grad(lambda x: loss(x, Tensor(labels)).sum())(Tensor(x)).asnumpy()
    np.testing.assert_allclose(slope, (np.exp(log_softmax(x)) - np.eye(C)[labels % C]) * [[1], [0], [0], [1]],
                               rtol=1e-4, atol=1e-6)


X = Tensor(normal(N, C))


@pytest.mark.parametrize("call, error", [
    (lambda: nn.MSELoss("avg"), ValueError), (lambda: nn.SmoothL1Loss(0.0), ValueError),
    (lambda: nn.HuberLoss(delta="x"), TypeError), (lambda: nn.CosineEmbeddingLoss(2.0), ValueError),
    (lambda: nn.DiceLoss()(X, Tensor([1.0])), ValueError), (lambda: nn.GaussianNLLLoss(full=1), TypeError),
    (lambda: nn.SoftmaxCrossEntropyWithLogits(True)(X, X), TypeError),
    (lambda: nn.SoftmaxCrossEntropyWithLogits(True)(X, Tensor(LABELS[:2])), ValueError),
    (lambda: nn.MSELoss()(X, Tensor(np.ones(5, np.float32))), ValueError),
    *[(call, TypeError) for loss in (nn.CrossEntropyLoss, nn.NLLLoss) for call in (
        lambda loss=loss: loss(WEIGHT), lambda loss=loss: loss(Tensor([1, 2, 3])),
        lambda loss=loss: loss(ignore_index=1.0), lambda loss=loss: loss()(X.asnumpy(), Tensor(LABELS)),
        lambda loss=loss: loss()(X, LABELS))]])
def test_refused(call, error):
    with pytest.raises(error):
        call()


def test_every_loss_is_differentiable(mode):
    for make, inputs, _ in FORMULAS.values():
        loss = make("mean")
        rest = [Tensor(a) for a in inputs[1:]]
        gradient = ms.grad(lambda x, loss=loss, rest=rest: loss(x, *rest))(Tensor(inputs[0]))
        assert np.isfinite(gradient.asnumpy()).all() and gradient.asnumpy().any()
