"""Metrics of classification and regression, and the mean loss."""
from __future__ import annotations

import numpy as np

from mindspore.nn._check import positive_int
from mindspore.train.metrics.base import Metric, rearrange_inputs

__all__ = ["Accuracy", "Precision", "Recall", "Fbeta", "F1", "MAE", "MSE", "Loss", "TopKCategoricalAccuracy",
           "Top1CategoricalAccuracy", "Top5CategoricalAccuracy"]


class _Classified(Metric):
    """What the classification metrics share: predictions (N, C, ...) and labels, as class numbers or one-hot."""

    def __init__(self, eval_type="classification"):
        super().__init__()
        if eval_type not in ("classification", "multilabel"):
            raise TypeError(f"For '{type(self).__name__}', the 'eval_type' must be 'classification' or 'multilabel', "
                            f"but got {eval_type!r}.")
        self.eval_type = eval_type
        self.clear()

    def _prepared(self, inputs: tuple) -> tuple[np.ndarray, np.ndarray, int]:
        scores, labels = self._arrays(inputs)
        if self.eval_type == "multilabel":
            if scores.shape != labels.shape:
                raise ValueError(f"For '{type(self).__name__}' and 'multilabel', predictions and labels must have one "
                                 f"shape, but have {scores.shape} and {labels.shape}.")
            return scores, labels, 0
        if scores.ndim == labels.ndim + 1:
            return scores.argmax(1), labels, scores.shape[1]
        if scores.ndim == labels.ndim and scores.shape == labels.shape and scores.ndim > 1:
            return scores.argmax(1), labels.argmax(1), scores.shape[1]
        raise ValueError(f"For '{type(self).__name__}', predictions of shape {scores.shape} do not fit labels of shape "
                         f"{labels.shape}: expected (N, C, ...) and (N, ...), or equal shapes with one-hot labels.")


class Accuracy(_Classified):
    """The share of right predictions."""

    def clear(self):
        """Start anew."""
        self._right, self._total = 0, 0

    @rearrange_inputs
    def update(self, *inputs):
        """predictions, labels."""
        got, want, _ = self._prepared(inputs)
        if self.eval_type == "multilabel":
            right = (got == want).reshape(len(got), -1).all(1)
        else:
            right = (got == want).reshape(-1)
        self._right += int(right.sum())
        self._total += right.size

    def eval(self):
        """The accuracy, 0 to 1."""
        self._needs(self._total)
        return self._right / self._total


class _PerClass(_Classified):
    """Counts of what is right, predicted and present: of each class, with 'multilabel' of each sample."""

    def clear(self):
        """Start anew."""
        self._right = self._predicted = self._present = np.zeros(0, np.int64)
        self._seen = False

    @rearrange_inputs
    def update(self, *inputs):
        """predictions, labels."""
        got, want, classes = self._prepared(inputs)
        multilabel = self.eval_type == "multilabel"
        if multilabel:
            got, want = (np.moveaxis(a, 1, -1).reshape(-1, a.shape[1]).astype(bool) for a in (got, want))
        else:
            got = got.reshape(-1, 1) == np.arange(classes)
            want = want.reshape(-1, 1) == np.arange(classes)
        counts = [a.sum(1 if multilabel else 0) for a in (got & want, got, want)]
        known = (self._right, self._predicted, self._present)
        if self._seen and multilabel:
            counts = [np.concatenate(pair) for pair in zip(known, counts)]
        elif self._seen:
            counts = [a + b for a, b in zip(known, counts)]
        self._right, self._predicted, self._present = counts
        self._seen = True

    def _result(self, values: np.ndarray, average: bool):
        return float(values.mean()) if average else values


class Precision(_PerClass):
    """Of what was predicted as a class, the share that is of it; per class, or the mean. With 'multilabel': of the
    classes that were predicted for a sample, the share that it has; per sample, or the mean."""

    def eval(self, average=False):
        """An array (C,), with 'multilabel' (samples,), or its mean."""
        self._needs(self._seen)
        return self._result(self._right / np.maximum(self._predicted, 1e-20), average)


class Recall(_PerClass):
    """Of what is of a class, the share that was predicted so; per class, or the mean. With 'multilabel': of the
    classes that a sample has, the share that was predicted; per sample, or the mean."""

    def eval(self, average=False):
        """An array (C,), with 'multilabel' (samples,), or its mean."""
        self._needs(self._seen)
        return self._result(self._right / np.maximum(self._present, 1e-20), average)


class Fbeta(_PerClass):
    """(1 + beta^2) precision recall / (beta^2 precision + recall)."""

    def __init__(self, beta):
        if not beta > 0:
            raise ValueError(f"For 'Fbeta', the 'beta' must be positive, but got {beta}.")
        super().__init__()
        self.beta = beta

    def eval(self, average=False):
        """An array (C,), or its mean."""
        self._needs(self._seen)
        square = self.beta ** 2
        values = (1 + square) * self._right / np.maximum(square * self._present + self._predicted, 1e-20)
        return self._result(values, average)


class F1(Fbeta):
    """Fbeta with beta = 1."""

    def __init__(self):
        super().__init__(1.0)


class _MeanOf(Metric):
    """The mean of a quantity of (predictions, labels) per sample."""

    def __init__(self):
        super().__init__()
        self.clear()

    def clear(self):
        """Start anew."""
        self._sum, self._samples = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs):
        """predictions, labels."""
        got, want = self._arrays(inputs)
        self._sum += float(self.quantity(want.reshape(got.shape) - got).sum())
        self._samples += got.shape[0]

    def quantity(self, difference: np.ndarray) -> np.ndarray:
        """What is averaged."""
        raise TypeError("a subclass defines it")

    def eval(self):
        """The mean."""
        self._needs(self._samples)
        return self._sum / self._samples


class MAE(_MeanOf):
    """The mean absolute error per sample."""

    def quantity(self, difference):
        """|difference|."""
        return np.abs(difference)


class MSE(_MeanOf):
    """The mean squared error per sample."""

    def quantity(self, difference):
        """difference^2."""
        return np.square(difference)


class Loss(Metric):
    """The mean of the losses of the batches."""

    def __init__(self):
        super().__init__()
        self.clear()

    def clear(self):
        """Start anew."""
        self._sum, self._batches = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs):
        """loss, one number or an array of one axis."""
        (loss,) = self._arrays(inputs, 1)
        if loss.ndim > 1:
            raise ValueError(f"For 'Loss.update', the loss must be a number or have one axis, but has shape "
                             f"{loss.shape}; average it first.")
        self._sum += float(loss.mean())
        self._batches += 1

    def eval(self):
        """The mean loss."""
        self._needs(self._batches)
        return self._sum / self._batches


class TopKCategoricalAccuracy(Metric):
    """The share of samples whose class is among the k best predictions."""

    def __init__(self, k):
        super().__init__()
        self.k = positive_int(type(self).__name__, "k", k)
        self.clear()

    def clear(self):
        """Start anew."""
        self._right, self._total = 0, 0

    @rearrange_inputs
    def update(self, *inputs):
        """predictions (N, C), labels (N,) or one-hot (N, C)."""
        scores, labels = self._arrays(inputs)
        if labels.ndim == scores.ndim:
            labels = labels.argmax(1)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :self.k]
        self._right += int((best == labels.reshape(-1, 1)).any(1).sum())
        self._total += len(labels)

    def eval(self):
        """The accuracy, 0 to 1."""
        self._needs(self._total)
        return self._right / self._total


class Top1CategoricalAccuracy(TopKCategoricalAccuracy):
    """k = 1."""

    def __init__(self):
        super().__init__(1)


class Top5CategoricalAccuracy(TopKCategoricalAccuracy):
    """k = 5."""

    def __init__(self):
        super().__init__(5)
