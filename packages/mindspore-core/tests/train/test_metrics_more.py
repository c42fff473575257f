"""Metrics of masks, texts, matrices and curves against counts by hand."""
from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from mindspore import Tensor, nn, ops
from mindspore.train import metrics as m

draw = np.random.default_rng(0)


def of(metric, *updates):
    """The metric after some updates."""
    for inputs in updates:
        metric.update(*inputs)
    return metric.eval()


def test_confusion_matrix():
    y, got = np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2])
    counts = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1.0]])
    np.testing.assert_array_equal(of(m.ConfusionMatrix(3), (Tensor(got), Tensor(y))), counts)
    np.testing.assert_array_equal(of(m.ConfusionMatrix(3), (np.eye(3)[got], y)), counts)
    np.testing.assert_allclose(of(m.ConfusionMatrix(3, "target"), (got, y)), counts / [[1], [2], [1]])
    np.testing.assert_allclose(of(m.ConfusionMatrix(3, "prediction"), (got, y)), counts / [1, 1, 2])
    np.testing.assert_allclose(of(m.ConfusionMatrix(3, "all"), (got[:2], y[:2]), (got[2:], y[2:])), counts / 4)
    scores = np.array([0.2, 0.7, 0.5])
    np.testing.assert_array_equal(of(m.ConfusionMatrix(2), (scores, np.array([0, 0, 1]))), [[1, 1], [0, 1]])
    with pytest.raises(ValueError, match="from 0 to 1"):
        of(m.ConfusionMatrix(2), (got, y))
    with pytest.raises(ValueError, match="'normalize' must be one of"):
        m.ConfusionMatrix(2, "rows")
    with pytest.raises(RuntimeError, match="no data yet"):
        m.ConfusionMatrix(2).eval()


GOT = np.array([[[0, 1], [1, 0], [0, 0]], [[1, 1], [0, 0], [0, 1]]]).transpose(0, 2, 1)
WANT = np.array([[[0, 1], [1, 1], [1, 0]], [[1, 0], [0, 1], [0, 0]]]).transpose(0, 2, 1)


def counts_of(a, b):
    return (a & b).sum(), (a & ~b & 1).sum(), ((1 - a) & (1 - b)).sum(), ((1 - a) & b).sum()


@pytest.mark.parametrize("name, function", [
    ("sensitivity", lambda tp, fp, tn, fn: tp / (tp + fn)), ("tpr", lambda tp, fp, tn, fn: tp / (tp + fn)),
    ("specificity", lambda tp, fp, tn, fn: tn / (tn + fp)), ("ppv", lambda tp, fp, tn, fn: tp / (tp + fp)),
    ("npv", lambda tp, fp, tn, fn: tn / (tn + fn)), ("miss_rate", lambda tp, fp, tn, fn: fn / (fn + tp)),
    ("fall out", lambda tp, fp, tn, fn: fp / (fp + tn)), ("fdr", lambda tp, fp, tn, fn: fp / (fp + tp)),
    ("for", lambda tp, fp, tn, fn: fn / (fn + tn)), ("ts", lambda tp, fp, tn, fn: tp / (tp + fn + fp)),
    ("accuracy", lambda tp, fp, tn, fn: (tp + tn) / (tp + fp + tn + fn)),
    ("balanced_accuracy", lambda tp, fp, tn, fn: (tp / (tp + fn) + tn / (tn + fp)) / 2),
    ("f1", lambda tp, fp, tn, fn: 2 * tp / (2 * tp + fp + fn)),
    ("mcc", lambda tp, fp, tn, fn: (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
    ("fm", lambda tp, fp, tn, fn: math.sqrt(tp / (tp + fp) * tp / (tp + fn))),
    ("bm", lambda tp, fp, tn, fn: tp / (tp + fn) + tn / (tn + fp) - 1),
    ("mk", lambda tp, fp, tn, fn: tp / (tp + fp) + tn / (tn + fn) - 1),
    ("pt", lambda tp, fp, tn, fn: (math.sqrt(tp / (tp + fn) * fp / (tn + fp)) - fp / (tn + fp)) / (
        tp / (tp + fn) - fp / (tn + fp)))])
def test_numbers_from_counts(name, function):
    got = of(m.ConfusionMatrixMetric(True, name), (GOT, WANT))
    assert got.shape == (1,) and got == pytest.approx(function(*counts_of(GOT, WANT)))
    got = of(m.ConfusionMatrixMetric(False, name), (GOT[:1], WANT[:1]), (GOT[1:], WANT[1:]))
    assert got == pytest.approx(function(*counts_of(GOT[:, 1:], WANT[:, 1:])))


def test_numbers_from_counts_of_each_channel():
    a = np.array([[1, 0], [1, 1], [0, 0]])
    b = np.array([[1, 0], [0, 1], [1, 0]])
    each = np.array([[1.0, np.nan], [np.nan, 1.0], [0.0, np.nan]])  # sensitivities
    def metric(how):
        return of(m.ConfusionMatrixMetric(True, "sensitivity", True, how), (a, b))
    assert metric("mean") == pytest.approx(np.mean([1.0, 1.0, 0.0]))
    assert metric("sum") == pytest.approx(np.nansum(each))
    np.testing.assert_allclose(metric("mean_batch"), np.nanmean(each, 0))
    np.testing.assert_allclose(metric("mean_channel"), np.nanmean(each, 1))
    np.testing.assert_allclose(metric("sum_batch"), np.nansum(each, 0))
    with pytest.raises(ValueError, match="consist of 0 and 1"):
        of(m.ConfusionMatrixMetric(), (a * 2, b))
    with pytest.raises(NotImplementedError, match="'metric_name' must be one of"):
        m.ConfusionMatrixMetric(metric_name="goodness")


def test_roc_and_the_area_below_it():
    scores, labels = draw.random(40).round(1), draw.integers(0, 2, 40)
    fpr, tpr, thresholds = of(m.ROC(pos_label=1), (scores[:25], labels[:25]), (scores[25:], labels[25:]))
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    for f, t, threshold in zip(fpr, tpr, thresholds):
        chosen = scores >= threshold
        assert f == pytest.approx((chosen & (labels == 0)).sum() / (labels == 0).sum())
        assert t == pytest.approx((chosen & (labels == 1)).sum() / (labels == 1).sum())
    pairs = [(p > n) + 0.5 * (p == n) for p, n in product(scores[labels == 1], scores[labels == 0])]
    assert m.auc(fpr, tpr) == pytest.approx(np.mean(pairs))
    many, classes = draw.random((30, 3)), draw.integers(0, 3, 30)
    curves = of(m.ROC(3), (many, classes))
    for c in range(3):
        alone = of(m.ROC(), (many[:, c], (classes == c).astype(int)))
        for mine, theirs in zip(curves, alone):
            np.testing.assert_array_equal(mine[c], theirs)
    assert m.auc(curves[0], curves[1]).shape == (3,)
    with pytest.raises(ValueError, match="all are positive"):
        of(m.ROC(), (np.array([0.1, 0.2]), np.array([1, 1])))
    with pytest.raises(ValueError, match="do not fit"):
        of(m.ROC(4), (many, classes))


def test_areas():
    x, y = np.array([0, 1, 3.0]), np.array([2, 4, 0.0])
    assert m.auc(x, y) == m.auc(x[::-1], y[::-1]) == m.auc(x[[1, 0, 2]], y[[1, 0, 2]], True) == 7
    with pytest.raises(ValueError, match="goes up and down"):
        m.auc(x[[1, 0, 2]], y)
    with pytest.raises(TypeError, match="must be arrays"):
        m.auc([0, 1], [1, 2])


def test_perplexity():
    p = draw.random((2, 3, 4))
    p /= p.sum(-1, keepdims=True)
    labels = draw.integers(0, 4, (2, 3))
    own = np.array([[p[i, j, labels[i, j]] for j in range(3)] for i in range(2)])
    assert of(m.Perplexity(), (Tensor(p), Tensor(labels))) == pytest.approx(np.exp(-np.log(own).mean()))
    kept = labels != labels[0, 0]
    got = of(m.Perplexity(int(labels[0, 0])), (p[:1], labels[:1]), (p[1:], labels[1:]))
    assert got == pytest.approx(np.exp(-np.log(own[kept]).mean()))
    with pytest.raises(RuntimeError, match="do not fit"):
        of(m.Perplexity(), (p, labels[0]))


def test_bleu():
    candidate = "the cat is on the mat".split()
    references = [r.split() for r in ("there is a cat on the mat", "a cat is on the mat")]
    shares = [5 / 6, 4 / 5, 3 / 4, 2 / 3]
    assert of(m.BleuScore(), ([candidate], [references])) == pytest.approx(
        math.exp(sum(map(math.log, shares)) / 4) * 1.0)
    assert of(m.BleuScore(2), ([candidate], [references])) == pytest.approx(math.sqrt(5 / 6 * 4 / 5))
    short = "the cat".split()
    got = of(m.BleuScore(1), ([short], [references]))
    assert got == pytest.approx(math.exp(1 - 6 / 2))
    smooth = of(m.BleuScore(2, True), ([short], [[candidate]]))
    assert smooth == pytest.approx(math.exp(1 - 6 / 2))
    assert of(m.BleuScore(), ([["no"]], [[["yes"]]])) == 0.0
    with pytest.raises(ValueError, match="1 to 4"):
        m.BleuScore(5)


def test_cosine_similarity():
    x = draw.normal(size=(3, 4))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    expected = unit @ unit.T
    np.testing.assert_allclose(of(m.CosineSimilarity(zero_diagonal=False), (Tensor(x),)), expected)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(of(m.CosineSimilarity(), (x,)), expected)
    np.testing.assert_allclose(of(m.CosineSimilarity(reduction="mean"), (x,)), expected.mean(1))
    np.testing.assert_allclose(of(m.CosineSimilarity("dot", "sum", False), (x,)), (x @ x.T).sum(1))
    for wrong in ({"similarity": 4}, {"reduction": 2}):
        with pytest.raises(TypeError, match="must be a str"):
            m.CosineSimilarity(**wrong)
    with pytest.raises(ValueError, match="one of dot, cosine"):
        m.CosineSimilarity("angle")


def test_occlusion():
    class Centre(nn.Cell):
        def construct(self, x):
            return ops.stack([ops.sum(x, (1, 2, 3)), x[:, 0, 1, 1]], 1)

    image = draw.random((1, 1, 4, 5)).astype(np.float32)
    got = of(m.OcclusionSensitivity(margin=1, n_batch=3), (Centre(), Tensor(image), Tensor([1])))
    expected = np.zeros((1, 4, 5))
    expected[0, 1:3, 1:3] = image[0, 0, 1, 1]
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)
    got = of(m.OcclusionSensitivity(margin=0, b_box=(-1, -1, 1, 2, 0, 3)), (Centre(), Tensor(image), 0))
    np.testing.assert_allclose(got, image[0, :, 1:3, :4], rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="b_box"):
        of(m.OcclusionSensitivity(b_box=(0, 9)), (Centre(), Tensor(image), 0))


def test_dice():
    a, b = draw.integers(0, 2, (2, 4, 4)), draw.integers(0, 2, (2, 4, 4))
    each = [2 * (x & y).sum() / (x.sum() + y.sum() + 1e-5) for x, y in zip(a, b)]
    assert of(m.Dice(), *zip(a, b)) == pytest.approx(np.sum(each) / 8)


def surface(mask):
    found = []
    for place in np.argwhere(mask):
        near = [place + step * np.eye(mask.ndim, dtype=int)[axis] for axis in range(mask.ndim) for step in (-1, 1)]
        if any((n < 0).any() or (n >= mask.shape).any() or not mask[tuple(n)] for n in near):
            found.append(place)
    return found


NORMS = {"euclidean": lambda d: np.sqrt((d ** 2).sum()), "chessboard": lambda d: np.abs(d).max(),
         "taxicab": lambda d: np.abs(d).sum()}


@pytest.mark.parametrize("metric", NORMS)
def test_distances_of_surfaces(metric):
    a, b = np.zeros((9, 8), int), np.zeros((9, 8), int)
    a[1:6, 2:7], b[3:8, 1:5] = 2, 2
    a[0, 0] = b[8, 7] = 1

    def nearest(from_, to):
        return np.array([min(NORMS[metric](x - y) for y in surface(to == 2)) for x in surface(from_ == 2)])

    there, back = nearest(a, b), nearest(b, a)
    assert of(m.HausdorffDistance(metric), (a, b, 2)) == pytest.approx(max(there.max(), back.max()))
    assert of(m.HausdorffDistance(metric, directed=True), (a, b, 2)) == pytest.approx(there.max())
    assert of(m.HausdorffDistance(metric, 90.0), (a, b, 2)) == pytest.approx(
        max(np.percentile(there, 90), np.percentile(back, 90)))
    assert of(m.MeanSurfaceDistance(False, metric), (a, b, 2)) == pytest.approx(there.mean())
    assert of(m.MeanSurfaceDistance(True, metric), (a, b, 2)) == pytest.approx((there.mean() + back.mean()) / 2)
    assert of(m.RootMeanSquareDistance(False, metric), (a, b, 2)) == pytest.approx(np.sqrt((there ** 2).mean()))
    assert of(m.RootMeanSquareDistance(True, metric), (a, b, 2)) == pytest.approx(
        np.sqrt(((there ** 2).mean() + (back ** 2).mean()) / 2))


def test_distances_to_empty_masks():
    a = np.ones((3, 3), int)
    assert math.isnan(of(m.HausdorffDistance(), (a, a, 5)))
    assert of(m.MeanSurfaceDistance(), (a, np.zeros_like(a), 1)) == math.inf
    with pytest.raises(ValueError, match="must be one of euclidean"):
        m.HausdorffDistance("manhattan")
    with pytest.raises(ValueError, match="0 to 100"):
        m.HausdorffDistance(percentile=101)


def test_metrics_by_name():
    for name in m.names():
        arguments = {"topk": (2,), "confusion_matrix": (3,)}.get(name, ())
        assert isinstance(m.get_metric_fn(name, *arguments), m.Metric)
    assert nn.ROC is m.ROC and nn.get_metric_fn("dice").smooth == 1e-5
    for name in m.__all__:
        assert getattr(nn, name) is getattr(m, name)


def test_indexes_choose_the_inputs():
    metric = m.Dice().set_indexes([2, 0])
    metric.update(np.ones((2, 2)), "nothing", np.ones((2, 2)))
    assert metric.eval() == pytest.approx(0.5, rel=1e-5)
