"""Metrics of masks: overlap, and distances of their surfaces.

The surface of a mask are its elements with a neighbour along an axis that is not in it, or beyond the border. The
distance of an element of one surface is that to the nearest element of the other.
"""
from __future__ import annotations

import numpy as np

from mindspore.nn._check import flag, number, positive_float
from mindspore.train.metrics.base import Metric, rearrange_inputs

__all__ = ["Dice", "HausdorffDistance", "MeanSurfaceDistance", "RootMeanSquareDistance"]

_AT_ONCE = 2 ** 22  # distances that are computed at once


class Dice(Metric):
    """2 |A B| / (|A|^2 + |B|^2 + smooth) for a mask and its prediction, added up over the updates and divided by the
    number of samples (the first axis). Source: Dice (1945).

    Args:
        smooth: keeps the quotient of empty masks from 0 / 0.
    """

    def __init__(self, smooth=1e-5):
        super().__init__()
        self.smooth = positive_float("Dice", "smooth", smooth)
        self.clear()

    def clear(self):
        """Start anew."""
        self._sum, self._samples = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs):
        """prediction, mask, in one shape."""
        got, want = self._arrays(inputs)
        if got.shape != want.shape:
            raise ValueError(f"For 'Dice.update', prediction and mask must have one shape, but have {got.shape} and "
                             f"{want.shape}.")
        a, b = got.reshape(-1).astype(np.float64), want.reshape(-1).astype(np.float64)
        self._sum += float(2 * (a @ b) / (a @ a + b @ b + self.smooth))
        self._samples += got.shape[0] if got.ndim else 1

    def eval(self):
        """The sum over the samples' number."""
        self._needs(self._samples)
        return self._sum / self._samples


def _surface(mask: np.ndarray) -> np.ndarray:
    """The places (count, axes) of a mask's surface."""
    padded = np.pad(mask, 1)
    inner = mask.copy()
    for axis in range(mask.ndim):
        for shift in (0, 2):
            cut = tuple(slice(shift, shift + n) if k == axis else slice(1, 1 + n) for k, n in enumerate(mask.shape))
            inner &= padded[cut]
    return np.argwhere(mask & ~inner)


def _distances(from_: np.ndarray, to: np.ndarray, metric: str) -> np.ndarray:
    """The distance of each of some places to the nearest of others; infinity where there are none."""
    if not len(to):
        return np.full(len(from_), np.inf)
    found, step = [], max(1, _AT_ONCE // (len(to) * max(to.shape[1], 1)))
    for start in range(0, len(from_), step):
        apart = np.abs(from_[start:start + step, None] - to[None])
        each = np.sqrt((apart.astype(np.float64) ** 2).sum(-1)) if metric == "euclidean" else \
            apart.max(-1) if metric == "chessboard" else apart.sum(-1)
        found.append(each.min(1).astype(np.float64))
    return np.concatenate(found) if found else np.zeros(0)


class _SurfaceMetric(Metric):
    """What the metrics of surfaces share: the surfaces of the last update."""

    def __init__(self, distance_metric):
        super().__init__()
        if distance_metric not in ("euclidean", "chessboard", "taxicab"):
            raise ValueError(f"For '{type(self).__name__}', the 'distance_metric' must be one of euclidean, "
                             f"chessboard, taxicab, but got {distance_metric!r}.")
        self.distance_metric = distance_metric
        self.clear()

    def clear(self):
        """Start anew."""
        self._surfaces: tuple[np.ndarray, np.ndarray] | None = None

    @rearrange_inputs
    def update(self, *inputs):
        """prediction and labels in one shape, and which label is looked at."""
        name = type(self).__name__
        if len(inputs) != 3:
            raise ValueError(f"For '{name}.update', 3 inputs are expected (prediction, labels, label), but got "
                             f"{len(inputs)}.")
        got, want = self._convert_data(inputs[0]), self._convert_data(inputs[1])
        label = inputs[2]
        if not isinstance(label, (int, float, np.number)):
            raise TypeError(f"For '{name}.update', the label must be a number, but got {type(label).__name__}.")
        if got.shape != want.shape or not got.size:
            raise ValueError(f"For '{name}.update', prediction and labels must have one shape and not be empty, but "
                             f"have {got.shape} and {want.shape}.")
        self._surfaces = _surface(got == label), _surface(want == label)

    def _both(self) -> tuple[np.ndarray, np.ndarray]:
        self._needs(self._surfaces is not None)
        assert self._surfaces is not None
        got, want = self._surfaces
        return _distances(got, want, self.distance_metric), _distances(want, got, self.distance_metric)


class HausdorffDistance(_SurfaceMetric):
    """The largest distance of the surfaces of a mask and its prediction, of the last update.

    Args:
        distance_metric: 'euclidean', 'chessboard' or 'taxicab'. percentile: this percentile, 0 to 100, in place of
            the largest. directed: only from the prediction to the mask. crop: accepted; the distances are the same.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, distance_metric="euclidean", percentile=None, directed=False, crop=True):
        super().__init__(distance_metric)
        if percentile is not None and not 0 <= number("HausdorffDistance", "percentile", percentile) <= 100:
            raise ValueError(f"For 'HausdorffDistance', the 'percentile' must be 0 to 100, but got {percentile}.")
        self.percentile = percentile
        self.directed = flag("HausdorffDistance", "directed", directed)
        self.crop = flag("HausdorffDistance", "crop", crop)

    def eval(self):
        """The distance; NaN where the prediction (without `directed` one of the masks) is empty."""
        there, back = self._both()
        found = [there] if self.directed else [there, back]
        if any(not len(d) for d in found):
            return float("nan")
        return max(float(d.max() if self.percentile is None else np.percentile(d, self.percentile)) for d in found)


class _MeanMetric(_SurfaceMetric):
    def __init__(self, symmetric=False, distance_metric="euclidean"):
        super().__init__(distance_metric)
        self.symmetric = flag(type(self).__name__, "symmetric", symmetric)

    def _mean(self, power: int) -> float:
        """The mean of powers of the distances there, with `symmetric` of the means there and back."""
        there, back = self._both()
        found = [there, back] if self.symmetric else [there]
        if any(not len(d) for d in found):
            return float("inf")
        return float(np.mean([(d ** power).mean() for d in found]))


class MeanSurfaceDistance(_MeanMetric):
    """The mean distance from the prediction's surface to the mask's, of the last update.

    Args:
        symmetric: the mean of both directions. distance_metric: 'euclidean', 'chessboard' or 'taxicab'.
    """

    def eval(self):
        """The mean; infinity where a mask is empty."""
        return self._mean(1)


class RootMeanSquareDistance(_MeanMetric):
    """The root of the mean square distance from the prediction's surface to the mask's, of the last update; the
    arguments are those of `MeanSurfaceDistance`."""

    def eval(self):
        """The root; infinity where a mask is empty."""
        return float(np.sqrt(self._mean(2)))
