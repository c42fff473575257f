"""How alike vectors are, and which places of an image a network looks at."""
from __future__ import annotations

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.nn._check import flag, number, positive_int
from mindspore.train.metrics.base import Metric, rearrange_inputs

__all__ = ["CosineSimilarity", "OcclusionSensitivity"]


class CosineSimilarity(Metric):
    """The similarities of the rows of a matrix to each other, of the last batch.

    Args:
        similarity: 'cosine', or 'dot' for plain products. reduction: 'none' (the matrix), 'sum' or 'mean' of its rows.
        zero_diagonal: whether the similarity of a row to itself is 0.

    Raises:
        TypeError, ValueError: arguments of wrong types, or other words.
    """

    def __init__(self, similarity="cosine", reduction="none", zero_diagonal=True):
        super().__init__()
        for name, value, words in (("similarity", similarity, ("dot", "cosine")),
                                   ("reduction", reduction, ("none", "sum", "mean"))):
            if not isinstance(value, str):
                raise TypeError(f"For 'CosineSimilarity', the '{name}' must be a str, but got {value!r}.")
            if value not in words:
                raise ValueError(f"For 'CosineSimilarity', the '{name}' must be one of {', '.join(words)}, but got "
                                 f"{value!r}.")
        self.similarity, self.reduction = similarity, reduction
        self.zero_diagonal = flag("CosineSimilarity", "zero_diagonal", zero_diagonal)
        self.clear()

    def clear(self):
        """Start anew."""
        self._matrix: np.ndarray | None = None

    @rearrange_inputs
    def update(self, *inputs):
        """A matrix (N, D)."""
        (rows,) = self._arrays(inputs, 1)
        if rows.ndim != 2:
            raise ValueError(f"For 'CosineSimilarity.update', a matrix is expected, but got shape {rows.shape}.")
        if self.similarity == "cosine":
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        self._matrix = rows @ rows.T

    def eval(self):
        """The matrix (N, N), or the sums or means of its rows (N,)."""
        self._needs(self._matrix is not None)
        matrix = np.array(self._matrix)
        if self.zero_diagonal:
            np.fill_diagonal(matrix, 0)
        return matrix if self.reduction == "none" else matrix.sum(-1) if self.reduction == "sum" else matrix.mean(-1)


class OcclusionSensitivity(Metric):
    """How much a network's output for a class falls where a part of the image is covered, for each place of the image.
    Source: Zeiler and Fergus (2014).

    Args:
        pad_val: what covers the part. margin: the cover of place i lies from i - margin to i + margin - 1, and on i
            itself; one number for all axes or one for each. n_batch: covered images that the network gets at once.
        b_box: (smallest, largest) index for each axis of the image without the batch, -1 for all of an axis: where the
            covers' centres lie; None: everywhere.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, pad_val=0.0, margin=2, n_batch=128, b_box=None):
        super().__init__()
        self.pad_val = number("OcclusionSensitivity", "pad_val", pad_val)
        margins = margin if isinstance(margin, (tuple, list)) else (margin,)
        if not all(isinstance(m, int) and not isinstance(m, bool) and m >= 0 for m in margins):
            raise TypeError(f"For 'OcclusionSensitivity', the 'margin' must be an int or a sequence of ints, none "
                            f"negative, but got {margin!r}.")
        self.margin, self.n_batch = margin, positive_int("OcclusionSensitivity", "n_batch", n_batch)
        self.b_box = b_box
        self.clear()

    def clear(self):
        """Start anew."""
        self._map: np.ndarray | None = None

    @rearrange_inputs
    def update(self, *inputs):
        """network, image (1, ...), class number."""
        if len(inputs) != 3 or not callable(inputs[0]):
            raise ValueError(f"For 'OcclusionSensitivity.update', the inputs must be a network, an image and a class "
                             f"number, but got {len(inputs)} of them.")
        network, image, label = inputs[0], self._convert_data(inputs[1]), int(self._convert_data(inputs[2]).reshape(()))
        if image.ndim < 2 or image.shape[0] != 1:
            raise ValueError(f"For 'OcclusionSensitivity.update', the image must have a first axis of 1, but has shape "
                             f"{image.shape}.")
        lows, highs = self._box(image.shape[1:])
        margins = self.margin if isinstance(self.margin, (tuple, list)) else (self.margin,) * (image.ndim - 1)
        if len(margins) != image.ndim - 1:
            raise ValueError(f"For 'OcclusionSensitivity', the 'margin' has {len(margins)} numbers for an image of "
                             f"shape {image.shape}.")
        first = network(Tensor(image)).asnumpy()[0, label]
        shape = tuple(high - low for low, high in zip(lows, highs))
        covered = [self._covered(image[0], [i + low for i, low in zip(place, lows)], margins)
                   for place in np.ndindex(*shape)]
        values = [network(Tensor(np.stack(covered[k:k + self.n_batch]))).asnumpy()[:, label]
                  for k in range(0, len(covered), self.n_batch)]
        self._map = (first - np.concatenate(values)).reshape(shape)

    def _box(self, sizes: tuple) -> tuple[list[int], list[int]]:
        """The first index on each axis, and the one behind the last."""
        if self.b_box is None:
            return [0] * len(sizes), list(sizes)
        if len(self.b_box) != 2 * len(sizes):
            raise ValueError(f"For 'OcclusionSensitivity', the 'b_box' must have {2 * len(sizes)} numbers, but has "
                             f"{len(self.b_box)}.")
        lows = [max(low, 0) for low in self.b_box[::2]]
        highs = [size if high < 0 else high + 1 for high, size in zip(self.b_box[1::2], sizes)]
        if any(low >= high or high > size for low, high, size in zip(lows, highs, sizes)):
            raise ValueError(f"For 'OcclusionSensitivity', the 'b_box' {self.b_box} does not lie in an image of "
                             f"{sizes}.")
        return lows, highs

    def _covered(self, image: np.ndarray, place: list[int], margins) -> np.ndarray:
        copy = image.copy()
        copy[tuple(slice(max(p - m, 0), max(p + m, p + 1)) for p, m in zip(place, margins))] = self.pad_val
        return copy

    def eval(self):
        """The fall for each place, in the shape of the image or of the box."""
        self._needs(self._map is not None)
        return self._map
