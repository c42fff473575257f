"""Metrics of texts."""
from __future__ import annotations

import math
from collections import Counter

import numpy as np

from mindspore.nn._check import flag, positive_int
from mindspore.train.metrics.base import Metric, rearrange_inputs

__all__ = ["BleuScore", "Perplexity"]


def _grams(tokens: list, longest: int) -> Counter:
    """How often each run of 1 to `longest` tokens occurs."""
    return Counter(tuple(tokens[start:start + size]) for size in range(1, longest + 1)
                   for start in range(len(tokens) - size + 1))


class BleuScore(Metric):
    """How many runs of tokens translations share with references, 0 to 1. Source: Papineni et al. (2002).

    Args:
        n_gram: the length of the longest runs, 1 to 4. smooth: add 1 to the counts of runs, as Lin and Och (2004) do.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; corpora of different lengths.
    """

    def __init__(self, n_gram=4, smooth=False):
        super().__init__()
        self.n_gram, self.smooth = positive_int("BleuScore", "n_gram", n_gram), flag("BleuScore", "smooth", smooth)
        if n_gram > 4:
            raise ValueError(f"For 'BleuScore', the 'n_gram' must be 1 to 4, but got {n_gram}.")
        self.clear()

    def clear(self):
        """Start anew."""
        self._shared, self._all = np.zeros(self.n_gram), np.zeros(self.n_gram)
        self._length = self._reference_length = 0.0

    @rearrange_inputs
    def update(self, *inputs):
        """translations, a list of lists of tokens, and for each of them a list of references."""
        if len(inputs) != 2:
            raise ValueError(f"For 'BleuScore.update', 2 inputs are expected, but got {len(inputs)}.")
        candidates, references = inputs
        if len(candidates) != len(references):
            raise ValueError(f"For 'BleuScore.update', there are {len(candidates)} translations but references for "
                             f"{len(references)}.")
        for candidate, given in zip(candidates, references):
            self._length += len(candidate)
            self._reference_length += min((len(r) for r in given), key=lambda n: abs(len(candidate) - n))
            found, known = _grams(candidate, self.n_gram), Counter()
            for reference in given:
                known |= _grams(reference, self.n_gram)
            for gram, count in (found & known).items():
                self._shared[len(gram) - 1] += count
            for gram, count in found.items():
                self._all[len(gram) - 1] += count

    def eval(self):
        """The score."""
        self._needs(self._length)
        if not self._shared.all():
            return 0.0
        shares = (self._shared + 1) / (self._all + 1) if self.smooth else self._shared / self._all
        short = 1.0 if self._length > self._reference_length else \
            math.exp(1 - self._reference_length / self._length)
        return float(short * np.exp(np.log(shares).mean()))


class Perplexity(Metric):
    """exp of the mean of -log p, p the probability that was given to the right class.

    Args:
        ignore_label: a class number that does not count; None: all count.
    """

    def __init__(self, ignore_label=None):
        super().__init__()
        if ignore_label is not None and (isinstance(ignore_label, bool) or not isinstance(ignore_label, int)):
            raise TypeError(f"For 'Perplexity', the 'ignore_label' must be an int or None, but got {ignore_label!r}.")
        self.ignore_label = ignore_label
        self.clear()

    def clear(self):
        """Start anew."""
        self._sum, self._count = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs):
        """probabilities (..., C), class numbers (...). RuntimeError where the shapes do not fit."""
        probabilities, labels = self._arrays(inputs)
        if probabilities.shape[:-1] != labels.shape:
            raise RuntimeError(f"For 'Perplexity.update', probabilities of shape {probabilities.shape} do not fit "
                               f"labels of shape {labels.shape}: expected (..., C) and (...).")
        labels = labels.astype(np.int64)
        counts = np.ones(labels.shape, bool) if self.ignore_label is None else labels != self.ignore_label
        own = np.take_along_axis(probabilities, np.where(counts, labels, 0)[..., None], -1)[..., 0]
        self._sum -= float(np.log(np.maximum(own[counts].astype(np.float64), 1e-10)).sum())
        self._count += int(counts.sum())

    def eval(self):
        """The perplexity."""
        self._needs(self._count)
        return math.exp(self._sum / self._count)
