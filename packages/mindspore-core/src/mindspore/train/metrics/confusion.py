"""Confusion matrices, what is computed from them, and the curve of true positives over false positives."""
from __future__ import annotations

import numpy as np

from mindspore.nn._check import flag, number, positive_int
from mindspore.train.metrics.base import Metric, rearrange_inputs

__all__ = ["ConfusionMatrix", "ConfusionMatrixMetric", "ROC", "auc"]


class ConfusionMatrix(Metric):
    """How often each class (row) was taken for each class (column).

    Args:
        num_classes: the number of classes. normalize: 'no_norm' for counts, 'target' for shares of rows, 'prediction'
            for shares of columns, 'all' for shares of everything.
        threshold: a floating prediction in the shape of the labels stands for class 1 from here on, else for class 0.

    Raises:
        TypeError, ValueError: arguments of wrong types, other words, predictions that do not fit the labels.
    """

    NO_NORM, TARGET_NORM, PREDICTION_NORM, ALL_NORM = "no_norm", "target", "prediction", "all"

    def __init__(self, num_classes, normalize="no_norm", threshold=0.5):
        super().__init__()
        self.num_classes = positive_int("ConfusionMatrix", "num_classes", num_classes)
        words = (self.NO_NORM, self.TARGET_NORM, self.PREDICTION_NORM, self.ALL_NORM)
        if normalize not in words:
            raise ValueError(f"For 'ConfusionMatrix', the 'normalize' must be one of {', '.join(words)}, but got "
                             f"{normalize!r}.")
        self.normalize, self.threshold = normalize, number("ConfusionMatrix", "threshold", threshold)
        self.clear()

    def clear(self):
        """Start anew."""
        self.confusion_matrix = np.zeros((self.num_classes, self.num_classes))
        self._seen = False

    @rearrange_inputs
    def update(self, *inputs):
        """predictions, as class numbers, scores of one class, or scores (N, C, ...); class numbers (N, ...)."""
        got, want = self._arrays(inputs)
        if got.ndim == want.ndim + 1:
            got = got.argmax(1)
        elif got.shape == want.shape and got.dtype.kind == "f":
            got = (got >= self.threshold).astype(np.int64)
        if got.shape != want.shape:
            raise ValueError(f"For 'ConfusionMatrix.update', predictions of shape {got.shape} do not fit labels of "
                             f"shape {want.shape}.")
        got, want = got.reshape(-1).astype(np.int64), want.reshape(-1).astype(np.int64)
        if got.size and not (0 <= min(got.min(), want.min()) and max(got.max(), want.max()) < self.num_classes):
            raise ValueError(f"For 'ConfusionMatrix.update', classes must be numbers from 0 to {self.num_classes - 1}.")
        np.add.at(self.confusion_matrix, (want, got), 1)
        self._seen = True

    def eval(self):
        """The matrix (num_classes, num_classes)."""
        self._needs(self._seen)
        matrix = self.confusion_matrix
        if self.normalize == self.NO_NORM:
            return matrix
        axis = {self.TARGET_NORM: 1, self.PREDICTION_NORM: 0, self.ALL_NORM: None}[self.normalize]
        total = matrix.sum(axis=axis, keepdims=True)
        return np.divide(matrix, total, out=np.zeros_like(matrix), where=total != 0)


def _quotient(a, b):
    a, b = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    return np.divide(a, b, out=np.full(a.shape, np.nan), where=b != 0)


def _prevalence_threshold(tp, fp, tn, fn):
    right, wrong = _quotient(tp, tp + fn), _quotient(tn, tn + fp)
    return _quotient(np.sqrt(right * (1 - wrong)) + wrong - 1, right + wrong - 1)


_FROM_COUNTS = {
    "sensitivity": lambda tp, fp, tn, fn: _quotient(tp, tp + fn),
    "specificity": lambda tp, fp, tn, fn: _quotient(tn, tn + fp),
    "precision": lambda tp, fp, tn, fn: _quotient(tp, tp + fp),
    "negative predictive value": lambda tp, fp, tn, fn: _quotient(tn, tn + fn),
    "miss rate": lambda tp, fp, tn, fn: _quotient(fn, tp + fn),
    "fall out": lambda tp, fp, tn, fn: _quotient(fp, tn + fp),
    "false discovery rate": lambda tp, fp, tn, fn: _quotient(fp, tp + fp),
    "false omission rate": lambda tp, fp, tn, fn: _quotient(fn, tn + fn),
    "prevalence threshold": _prevalence_threshold,
    "threat score": lambda tp, fp, tn, fn: _quotient(tp, tp + fn + fp),
    "accuracy": lambda tp, fp, tn, fn: _quotient(tp + tn, tp + fp + tn + fn),
    "balanced accuracy": lambda tp, fp, tn, fn: (_quotient(tp, tp + fn) + _quotient(tn, tn + fp)) / 2,
    "f1 score": lambda tp, fp, tn, fn: _quotient(2 * tp, 2 * tp + fn + fp),
    "matthews correlation coefficient": lambda tp, fp, tn, fn: _quotient(
        tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
    "fowlkes mallows index": lambda tp, fp, tn, fn: np.sqrt(_quotient(tp, tp + fp) * _quotient(tp, tp + fn)),
    "informedness": lambda tp, fp, tn, fn: _quotient(tp, tp + fn) + _quotient(tn, tn + fp) - 1,
    "markedness": lambda tp, fp, tn, fn: _quotient(tp, tp + fp) + _quotient(tn, tn + fn) - 1,
}
_SHORT = {"recall": "sensitivity", "hit_rate": "sensitivity", "tpr": "sensitivity", "selectivity": "specificity",
          "tnr": "specificity", "positive_predictive_value": "precision", "ppv": "precision",
          "npv": "negative predictive value", "fnr": "miss rate", "fpr": "fall out", "fdr": "false discovery rate",
          "for": "false omission rate", "pt": "prevalence threshold", "critical_success_index": "threat score",
          "ts": "threat score", "csi": "threat score", "acc": "accuracy", "ba": "balanced accuracy", "f1": "f1 score",
          "mcc": "matthews correlation coefficient", "fm": "fowlkes mallows index",
          "bookmaker_informedness": "informedness", "bm": "informedness", "deltap": "markedness", "mk": "markedness"}
_REDUCTIONS = ("none", "mean", "sum", "mean_batch", "sum_batch", "mean_channel", "sum_channel")


def _reduced(values: np.ndarray, how: str) -> tuple[np.ndarray, np.ndarray]:
    """Values (N, C, ...) without their NaNs reduced as `how` says, and how many values went into each result."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0.0), known.astype(np.float64)
    if how == "none":
        return values, count

    def over(total, count, axis, mean):
        number_ = count.sum(axis)
        result = total.sum(axis)
        return (np.divide(result, number_, out=np.zeros_like(result), where=number_ > 0) if mean else result), number_

    if how == "mean":
        total, count = over(total, count, 1, True)
        return over(total, (count > 0).astype(np.float64), 0, True)
    if how == "sum":
        return over(total, count, (0, 1), False)
    return over(total, count, 0 if how.endswith("batch") else 1, how.startswith("mean"))


class ConfusionMatrixMetric(Metric):
    """A number from the counts of true and false positives and negatives of one-hot predictions.

    Args:
        skip_channel: False leaves the first of several channels (the background) out, True counts all: so it computes
            in MindSpore, although the name says the opposite.
        metric_name: 'sensitivity', 'specificity', 'precision', 'accuracy', 'f1 score' and others, or a usual short name
            such as 'tpr', 'npv', 'mcc'; '_' may stand for a blank.
        calculation_method: True: the number is computed for each sample and channel and reduced by `decrease`; False:
            the counts of all are added up first.
        decrease: 'mean', 'sum', 'mean_batch', 'sum_batch', 'mean_channel', 'sum_channel' or 'none'.

    Raises:
        TypeError, ValueError: arguments of wrong types, other words, inputs that are not one-hot.
        NotImplementedError: a metric_name that is not known.
    """

    def __init__(self, skip_channel=True, metric_name="sensitivity", calculation_method=False, decrease="mean"):
        super().__init__()
        name = "ConfusionMatrixMetric"
        self.skip_channel = flag(name, "skip_channel", skip_channel)
        self.calculation_method = flag(name, "calculation_method", calculation_method)
        if not isinstance(metric_name, str):
            raise TypeError(f"For '{name}', the 'metric_name' must be a str, but got {type(metric_name).__name__}.")
        lower = metric_name.lower()
        found = _SHORT.get(lower.replace(" ", "_"), lower.replace("_", " "))
        if found not in _FROM_COUNTS:
            raise NotImplementedError(f"For '{name}', the 'metric_name' must be one of {', '.join(_FROM_COUNTS)}, or "
                                      f"a short name of these, but got {metric_name!r}.")
        if decrease not in _REDUCTIONS:
            raise ValueError(f"For '{name}', the 'decrease' must be one of {', '.join(_REDUCTIONS)}, but got "
                             f"{decrease!r}.")
        self.metric_name, self.decrease = found, decrease
        self.clear()

    def clear(self):
        """Start anew."""
        self._counts = np.zeros(4)
        self._sum, self._number = np.zeros(()), np.zeros(())
        self._seen = False

    @rearrange_inputs
    def update(self, *inputs):
        """predictions, labels: one-hot, (N, C) or (N, C, ...)."""
        got, want = self._arrays(inputs)
        if got.ndim < 2 or got.shape != want.shape:
            raise ValueError(f"For 'ConfusionMatrixMetric.update', predictions and labels must have one shape "
                             f"(N, C, ...), but have {got.shape} and {want.shape}.")
        if not all(np.isin(a, (0, 1)).all() for a in (got, want)):
            raise ValueError("For 'ConfusionMatrixMetric.update', predictions and labels must consist of 0 and 1.")
        if not self.skip_channel and got.shape[1] > 1:
            got, want = got[:, 1:], want[:, 1:]
        got, want = (a.reshape(*a.shape[:2], -1).astype(bool) for a in (got, want))
        counts = np.stack([(got & want).sum(2), (got & ~want).sum(2), (~got & ~want).sum(2), (~got & want).sum(2)], -1)
        self._seen = True
        if not self.calculation_method:
            self._counts += counts.sum((0, 1))
            return
        values = _FROM_COUNTS[self.metric_name](*np.moveaxis(counts.astype(np.float64), -1, 0))
        result, number_ = _reduced(values, self.decrease)
        result = np.where(np.isnan(result), 0.0, result)
        if self.decrease.startswith("sum"):
            self._sum, self._number = self._sum + result, np.ones(())
        else:
            self._sum, self._number = self._sum + result * number_, self._number + number_

    def eval(self):
        """The number; an array (1,) without `calculation_method`, and one where `decrease` keeps an axis."""
        self._needs(self._seen)
        if not self.calculation_method:
            return np.atleast_1d(_FROM_COUNTS[self.metric_name](*self._counts))
        result = _quotient(self._sum, self._number)
        return float(result) if result.ndim == 0 else result


# -- curves ------------------------------------------------------------------------------------------------------------


def _curve(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(share of false positives, share of true positives, thresholds), from the highest threshold down."""
    order = np.argsort(-scores, kind="stable")
    scores, positive = scores[order], positive[order].astype(np.float64)
    last = np.append(np.nonzero(np.diff(scores))[0], scores.size - 1)
    right = np.append(0.0, np.cumsum(positive)[last])
    wrong = np.append(0.0, 1.0 + last) - right
    thresholds = np.append(scores[0] + 1, scores[last])
    if right[-1] == 0 or wrong[-1] == 0:
        raise ValueError(f"For 'ROC.eval', there must be positive and negative samples, but all are "
                         f"{'negative' if right[-1] == 0 else 'positive'}: the share of the others is 0 / 0.")
    return wrong / wrong[-1], right / right[-1], thresholds


class ROC(Metric):
    """The receiver operating characteristic: the share of true positives over that of false positives, for all
    thresholds.

    Args:
        class_num: the number of classes; None for two, with one score for each sample.
        pos_label: which label is the positive one of two, 1 by default.

    Raises:
        TypeError, ValueError: arguments of wrong types; scores that do not fit the labels.
    """

    def __init__(self, class_num=None, pos_label=None):
        super().__init__()
        self.class_num = None if class_num is None else positive_int("ROC", "class_num", class_num)
        if pos_label is not None and (isinstance(pos_label, bool) or not isinstance(pos_label, int)):
            raise TypeError(f"For 'ROC', the 'pos_label' must be an int or None, but got {pos_label!r}.")
        self.pos_label = pos_label
        self.clear()

    def clear(self):
        """Start anew."""
        self._scores: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []

    @rearrange_inputs
    def update(self, *inputs):
        """scores (N,) and labels (N,); or scores (N, C, ...) and class numbers (N, ...)."""
        scores, labels = self._arrays(inputs)
        several = self.class_num is not None and self.class_num > 1
        if several and scores.ndim == labels.ndim + 1 and scores.shape[1] == self.class_num:
            scores = np.moveaxis(scores, 1, -1).reshape(-1, scores.shape[1])
        elif several or scores.size != labels.size:
            raise ValueError(f"For 'ROC.update', scores of shape {scores.shape} do not fit labels of shape "
                             f"{labels.shape} and class_num {self.class_num}: expected (N, C, ...) and (N, ...), or "
                             f"one score for each label.")
        else:
            scores = scores.reshape(-1)
        self._scores.append(scores)
        self._labels.append(labels.reshape(-1))

    def eval(self):
        """(share of false positives, share of true positives, thresholds): arrays, for several classes lists with one
        array for each class."""
        self._needs(self._scores)
        scores, labels = np.concatenate(self._scores), np.concatenate(self._labels)
        if scores.ndim == 1:
            return _curve(scores, labels == (1 if self.pos_label is None else self.pos_label))
        curves = [_curve(scores[:, c], labels == c) for c in range(scores.shape[1])]
        return tuple([list(parts) for parts in zip(*curves)])


def auc(x, y, reorder=False):
    """The area below a curve by trapezoids.

    Args:
        x: a 1-d array that grows, or falls, throughout; a list of them for several curves. y: the heights, as x.
        reorder: sort by x first.

    Returns:
        a float, or an array with one for each curve.

    Raises:
        TypeError: x or y is none of these. ValueError: their sizes differ, fewer than 2 points, x goes up and down.
    """
    if isinstance(x, list) and isinstance(y, list) and x and all(isinstance(v, np.ndarray) for v in (*x, *y)):
        return np.array([auc(a, b, reorder) for a, b in zip(x, y, strict=True)])
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray):
        raise TypeError(f"auc: x and y must be arrays, or lists of arrays, but got {type(x).__name__} and "
                        f"{type(y).__name__}")
    if x.ndim != 1 or x.shape != y.shape or x.size < 2:
        raise ValueError(f"auc: x has shape {x.shape} and y {y.shape}; expected equally many points, at least 2")
    if reorder:
        order = np.lexsort((y, x))
        x, y = x[order], y[order]
    steps = np.diff(x)
    if (steps < 0).any() and (steps > 0).any():
        raise ValueError("auc: x goes up and down; sort it, or set reorder=True")
    area = float((steps * (y[1:] + y[:-1]) / 2).sum())
    return -area if (steps < 0).any() else area
