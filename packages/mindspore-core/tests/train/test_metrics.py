"""Metrics against counts made by hand."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore import Tensor, nn, train

SCORES = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3], [0.5, 0.3, 0.2]], np.float32)  # 0 2 1 0
LABELS = np.array([0, 2, 0, 1], np.int32)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
MANY = np.array([[1, 0, 1], [0, 1, 0]], np.int32), np.array([[1, 0, 0], [0, 1, 0]], np.int32)

RESULTS = [
    (train.Accuracy(), [(SCORES, LABELS)], 0.5),
    (train.Accuracy(), [(SCORES[:1], LABELS[:1]), (SCORES[1:], LABELS[1:])], 0.5),
    (train.Accuracy(), [(SCORES, ONE_HOT)], 0.5),
    (train.Accuracy("multilabel"), [MANY], 0.5),
    (train.Precision(), [(SCORES, LABELS)], [0.5, 0.0, 1.0]),
    (train.Precision("multilabel"), [MANY, MANY], [0.5, 1.0] * 2),
    (train.Recall(), [(SCORES, LABELS)], [0.5, 0.0, 1.0]),
    (train.Recall("multilabel"), [MANY[::-1]], [0.5, 1.0]),
    (train.F1(), [(SCORES, LABELS)], [0.5, 0.0, 1.0]),
    (train.Fbeta(2.0), [(SCORES[:3], LABELS[:3])], [5 / 9, 0.0, 1.0]),
    (train.Top1CategoricalAccuracy(), [(SCORES, LABELS)], 0.5),
    (train.TopKCategoricalAccuracy(2), [(SCORES, ONE_HOT)], 1.0),
    (train.Top5CategoricalAccuracy(), [(SCORES, LABELS)], 1.0),
    (train.MAE(), [(np.array([1.0, 2.0]), np.array([2.0, 4.0])), (np.array([0.0]), np.array([3.0]))], 2.0),
    (train.MSE(), [(np.array([1.0, 2.0]), np.array([2.0, 4.0]))], 2.5),
    (train.Loss(), [(np.array(1.0),), (np.array([2.0, 4.0]),)], 2.0),
]


@pytest.mark.parametrize("metric, batches, expected", RESULTS, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("kind", [Tensor, np.asarray])
def test_results(metric, batches, expected, kind):
    metric.clear()
    for batch in batches:
        metric.update(*[kind(column) for column in batch])
    np.testing.assert_allclose(metric.eval(), expected, rtol=1e-6)
    if np.ndim(expected):
        assert metric.eval(True) == pytest.approx(np.mean(expected))


def test_a_call_is_the_result_for_its_inputs_alone():
    metric = train.Accuracy()
    metric.update(SCORES, LABELS)
    assert metric(SCORES[:2], LABELS[:2]) == 1.0
    assert metric.eval() == 1.0


@pytest.mark.parametrize("metric", [row[0] for row in RESULTS], ids=lambda v: type(v).__name__)
def test_no_result_without_data(metric):
    metric.clear()
    with pytest.raises(RuntimeError, match="no data yet"):
        metric.eval()


def test_names_make_metrics():
    assert set(train.names()) >= {"accuracy", "acc", "precision", "recall", "F1", "mae", "mse", "loss",
                                  "top_1_accuracy", "top_5_accuracy"}
    assert isinstance(nn.get_metric_fn("F1"), nn.F1)
    assert nn.get_metric_fn("accuracy", eval_type="multilabel").eval_type == "multilabel"


def test_indexes_choose_the_inputs():
    metric = train.Accuracy().set_indexes([2, 0])
    metric.update(LABELS, "unused", SCORES)
    assert metric.eval() == 0.5

    class Spread(train.Metric):
        def clear(self):
            self.value = None

        @train.rearrange_inputs
        def update(self, low, high):
            self.value = high - low

        def eval(self):
            return self.value

    spread = Spread().set_indexes([1, 0])
    spread.update(5, 3)
    assert spread.eval() == 2


@pytest.mark.parametrize("call, error", [
    (lambda: train.Accuracy("binary"), TypeError),
    (lambda: train.Accuracy().update(SCORES), ValueError),
    (lambda: train.Accuracy().update(SCORES, SCORES[:, :2]), ValueError),
    (lambda: train.Accuracy("multilabel").update(SCORES, LABELS), ValueError),
    (lambda: train.Fbeta(0), ValueError),
    (lambda: train.TopKCategoricalAccuracy(0), ValueError),
    (lambda: train.TopKCategoricalAccuracy(2.1), TypeError),
    (lambda: train.Loss().update(np.ones((2, 2))), ValueError),
    (lambda: train.Accuracy().set_indexes((0, 1)), ValueError),
    (lambda: train.get_metric_fn("acuracy"), KeyError),
    (lambda: train.Loss().update(np.ones(1), np.ones(1)), ValueError)])
def test_refused(call, error):
    with pytest.raises(error):
        call()
