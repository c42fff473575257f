"""Losses against NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

from mindspore import Tensor, ops

X, Y = uniform((4, 3)), uniform((4, 3), seed=1)
P, Q = uniform((4, 3), 0.05, 0.95), uniform((4, 3), 0.05, 0.95, 1)
LABELS, SOME = np.array([0, 2, 1, 2], np.int32), np.array([0, -100, 1, 2], np.int64)
IMAGES, PIXELS = uniform((2, 3, 2, 2)), ints((2, 2, 2), 0, 3)
WEIGHT = np.array([0.5, 2.0, 1.0], np.float32)
SIGNS = np.array([1, -1, -1, 1], np.float32)


def log_softmax(x, axis=1):
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def nll(logs, labels, weight=None, ignore=-100, reduction="mean", smoothing=0.0):
    """Element by element, as the definition says."""
    classes = logs.shape[1]
    weight = np.ones(classes, logs.dtype) if weight is None else weight
    logs = np.moveaxis(logs, 1, -1)
    loss, share = np.zeros(labels.shape, logs.dtype), np.zeros(labels.shape, logs.dtype)
    for place in np.ndindex(labels.shape):
        label = labels[place]
        if label != ignore:
            share[place] = weight[label]
            plain, smooth = -weight[label] * logs[place][label], -(weight * logs[place]).sum()
            loss[place] = (1 - smoothing) * plain + smoothing / classes * smooth
    if reduction == "mean":
        return np.asarray(loss.sum() / share.sum())
    return np.asarray(loss.sum()) if reduction == "sum" else loss


def mean(x):
    return np.asarray(np.mean(x))


def cases():
    for reduction in ("mean", "sum", "none"):
        yield Case(f"cross_entropy {reduction}", lambda x, y, r=reduction: ops.cross_entropy(x, y, reduction=r),
                   lambda x, y, r=reduction: nll(log_softmax(x), y, reduction=r), (X, LABELS))
        yield Case(f"cross_entropy with an ignored row {reduction}",
                   lambda x, y, r=reduction: ops.cross_entropy(x, y, reduction=r),
                   lambda x, y, r=reduction: nll(log_softmax(x), y, reduction=r), (X, SOME))
        yield Case(f"cross_entropy with weights {reduction}",
                   lambda x, y, w, r=reduction: ops.cross_entropy(x, y, w, 1, r, 0.1),
                   lambda x, y, w, r=reduction: nll(log_softmax(x), y, w, 1, r, 0.1), (X, LABELS, WEIGHT))
        yield Case(f"cross_entropy of images {reduction}",
                   lambda x, y, r=reduction: ops.cross_entropy(x, y, reduction=r),
                   lambda x, y, r=reduction: nll(log_softmax(x), y, reduction=r), (IMAGES, PIXELS))
        yield Case(f"nll_loss {reduction}", lambda x, y, w, r=reduction: ops.nll_loss(x, y, w, reduction=r),
                   lambda x, y, w, r=reduction: nll(x, y, w, reduction=r), (X, LABELS, WEIGHT))
    yield Case("cross_entropy of probabilities", ops.cross_entropy,
               lambda x, p: mean(-(p * log_softmax(x)).sum(1)), (X, P))
    yield Case("cross_entropy of smoothed probabilities",
               lambda x, p, w: ops.cross_entropy(x, p, w, label_smoothing=0.3),
               lambda x, p, w: mean(-((0.7 * p + np.float32(0.1)) * log_softmax(x) * w).sum(1)), (X, P, WEIGHT))
    yield Case("cross_entropy of one row", ops.cross_entropy, lambda x, y: -log_softmax(x, 0)[y],
               (X[0], np.array(2, np.int32)))
    yield Case("binary_cross_entropy", ops.binary_cross_entropy,
               lambda p, y: mean(-(y * np.log(p) + (1 - y) * np.log(1 - p))), (P, Q))
    yield Case("binary_cross_entropy_with_logits", ops.binary_cross_entropy_with_logits,
               lambda x, y: mean(np.log1p(np.exp(-x)) + (1 - y) * x), (X, Q))
    yield Case("binary_cross_entropy_with_logits with weights",
               lambda x, y, w, p: ops.binary_cross_entropy_with_logits(x, y, w, p, "sum"),
               lambda x, y, w, p: np.sum(w * (p * y * np.log1p(np.exp(-x)) + (1 - y) * np.log1p(np.exp(x)))),
               (X, Q, Y, WEIGHT))
    yield Case("multilabel_soft_margin_loss", ops.multilabel_soft_margin_loss,
               lambda x, y: mean((np.log1p(np.exp(-x)) + (1 - y) * x).mean(-1)), (X, Q))
    yield Case("kl_div", lambda x, y: ops.kl_div(x, y, "sum"), lambda x, y: np.sum(y * (np.log(y) - x)), (X, P))
    yield Case("kl_div of a batch", lambda x, y: ops.kl_div(x, y, "batchmean"),
               lambda x, y: np.sum(y * (np.log(y) - x)) / np.float32(4), (X, P))
    yield Case("kl_div of zero", lambda x: ops.kl_div(x, Tensor([0.0, 1.0, 0.0]), "none"),
               lambda x: np.array([0, -1, 0]).astype(x.dtype) * x, (X[0],))
    yield Case("mse_loss", ops.mse_loss, lambda x, y: mean((x - y) ** 2), (X, Y))
    yield Case("l1_loss", lambda x, y: ops.l1_loss(x, y, "none"), lambda x, y: np.abs(x - y), (X, Y))
    yield Case("smooth_l1_loss", lambda x, y: ops.smooth_l1_loss(x, y, 0.7),
               lambda x, y: np.where(np.abs(x - y) < 0.7, 0.5 * (x - y)**2 / np.float32(0.7),
                                     np.abs(x - y) - np.float32(0.35)), (X, Y))
    yield Case("huber_loss", lambda x, y: ops.huber_loss(x, y, "sum", 0.7),
               lambda x, y: np.sum(np.where(np.abs(x - y) <= 0.7, 0.5 * (x - y)**2, 0.7 * (np.abs(x - y) - 0.35))),
               (X, Y), rtol=2e-5)
    yield Case("gaussian_nll_loss", lambda x, y, v: ops.gaussian_nll_loss(x, y, v, True),
               lambda x, y, v: mean(0.5 * (np.log(v) + (x - y)**2 / v + np.float32(np.log(2 * np.pi)))), (X, Y, P))
    yield Case("soft_margin_loss", ops.soft_margin_loss, lambda x, y: mean(np.log1p(np.exp(-x * y))),
               (X, np.sign(Y)), grad=False)
    yield Case("hinge_embedding_loss", lambda x: ops.hinge_embedding_loss(x, Tensor(SIGNS[:, None])),
               lambda x: mean(np.where(SIGNS[:, None] == 1, x, np.maximum(0, 1 - x))), (X,))
    yield Case("margin_ranking_loss", lambda x, y: ops.margin_ranking_loss(x, y, Tensor(SIGNS), 0.5),
               lambda x, y: mean(np.maximum(0, -SIGNS * (x - y) + 0.5)).astype(x.dtype), (X[:, 0], Y[:, 0]))
    yield Case("cosine_similarity", ops.cosine_similarity,
               lambda x, y: (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1), (X, Y))
    yield Case("cosine_embedding_loss", lambda x, y: ops.cosine_embedding_loss(x, y, Tensor(SIGNS), 0.1), lambda x, y: (
        lambda c: mean(np.where(SIGNS == 1, 1 - c, np.maximum(0, c - np.float32(0.1)))))(
            (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)), (X, Y))
    for swap in (False, True):
        yield Case(f"triplet_margin_loss {swap}", lambda a, b, c, s=swap: ops.triplet_margin_loss(a, b, c, swap=s),
                   lambda a, b, c, s=swap: triplet(a, b, c, s), (X, Y, P), rtol=2e-5)


def triplet(a, b, c, swap):
    near, far, other = (np.linalg.norm(u - v + 1e-6, axis=1) for u, v in ((a, b), (a, c), (b, c)))
    return mean(np.maximum(0, near - (np.minimum(far, other) if swap else far) + 1)).astype(a.dtype)


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_a_class_out_of_range_shows_as_nan():
    for loss in (lambda y: ops.cross_entropy(Tensor(X), y), lambda y: ops.nll_loss(Tensor(X), y)):
        assert np.isnan(loss(Tensor([0, 1, 3, 2])).asnumpy())


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.cross_entropy(Tensor(X), Tensor([0, 1])), ValueError, "cross_entropy: target has shape"),
    (lambda: ops.cross_entropy(Tensor(X), Tensor(X[:, :2])), ValueError, "one shape"),
    (lambda: ops.cross_entropy(Tensor(X), Tensor([True] * 4)), TypeError, "class numbers"),
    (lambda: ops.cross_entropy(Tensor(X), Tensor(LABELS), reduction="avg"), ValueError, "reduction is 'avg'"),
    (lambda: ops.nll_loss(Tensor(X), Tensor(LABELS), Tensor([1.0])), ValueError, "one factor for each class"),
    (lambda: ops.huber_loss(1.0, 2.0, delta=0), ValueError, "delta"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()
