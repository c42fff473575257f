"""Cross-entropy of a softmax, row by row: from logits in one step, which is stable and needs one pass over a row.

    loss[n] = -sum over c of labels[n, c] * log_softmax(logits[n])[c]

The labels are a distribution over the classes, or the number of one class (`sparse_...`). Other losses are compositions
in the operator layer. Logarithm and exponential only meet as log_softmax, shifted by the row's maximum, and the
gradient is the difference of softmax and labels (Bridle, "Training stochastic model recognition algorithms as networks
can lead to maximum mutual information estimation of parameters", 1989). Half-precision rows are computed in float32.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int32
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register, rng
from mindspore.compiler.primitives.nn_support import np_log_softmax, wide, wide_reference


@register
class SoftmaxCrossEntropy(Primitive):
    """-sum(labels * log_softmax(logits)) for each row: logits[N, C] and labels[N, C], floating, to loss[N].

    Gradient: ct (softmax(logits) sum(labels) - labels) for the logits, -ct log_softmax(logits) for the labels.
    """

    name = "softmax_cross_entropy"
    axes = "n C, n C -> n"
    kinds = "f"

    def lower(self, b, logits, labels):
        scores, weights = wide(b, logits, labels)
        total = b.sum(b.mul(weights, b.log_softmax(scores, axis=1)), axis=(1,), keepdims=False)
        return b.cast(b.neg(total), dtype=logits.dtype)

    def vjp(self, b, ct, out, logits, labels):
        scores, weights, g = wide(b, logits, labels, ct)
        g = b.reshape(g, shape=(logits.shape[0], 1))
        mass = b.sum(weights, axis=(1,), keepdims=True)
        d_logits = b.mul(g, b.sub(b.mul(b.softmax(scores, axis=1), mass), weights))
        d_labels = b.neg(b.mul(g, b.log_softmax(scores, axis=1)))
        return b.cast(d_logits, dtype=logits.dtype), b.cast(d_labels, dtype=labels.dtype)

    @wide_reference
    def reference(self, logits, labels):
        return -np.sum(labels * np_log_softmax(logits, 1), axis=1)

    def samples(self):
        draw = rng(0)
        found = []
        for rows, classes in ((4, 5), (1, 10), (3, 1), (0, 3), (2, 17)):
            labels = draw.uniform(0.1, 1, (rows, classes))
            found.append(Sample((draw.normal(scale=2, size=(rows, classes)), labels / labels.sum(1, keepdims=True))))
        found.append(Sample((np.array([[1e4, -1e4, 0], [np.nan, 0, 1]]), np.array([[1.0, 0, 0], [0, 1, 0]])),
                            grad=False))
        return [*found, Sample((np.ones((2, 3)), np.ones((2, 4))), error=ValueError),
                Sample((np.ones(3), np.ones(3)), error=ValueError),
                Sample((np.ones((2, 3)), np.ones((2, 3), np.int32)), error=TypeError)]


@register
class SparseSoftmaxCrossEntropy(Primitive):
    """-log_softmax(logits)[label] for each row: logits[N, C] floating, labels[N] integer class numbers, to loss[N].

    A label outside 0 <= label < C makes its row's loss NaN, and no gradient flows to that row: the mistake shows, and
    the weights survive it. Gradient: ct (softmax(logits) - one_hot(labels)).
    """

    name = "sparse_softmax_cross_entropy"
    axes = "n C, n -> n"
    kinds = "f"

    def infer(self, logits, labels):
        dtype = self.check_dtypes((logits,))
        if logits.ndim != 2:
            raise ValueError(f"{self.name}: the logits have shape {logits.shape}; expected two axes (rows, classes); "
                             f"reshape them first")
        if not labels.dtype.is_integer:
            raise TypeError(f"{self.name}: the labels are {labels.dtype}; expected integers, the numbers of classes")
        if labels.shape != logits.shape[:1]:
            raise ValueError(f"{self.name}: the labels have shape {labels.shape}; expected {logits.shape[:1]}, one for "
                             f"each row of logits of shape {logits.shape}")
        return tensor_aval(labels.shape, dtype)

    def lower(self, b, logits, labels):
        labels = self.counting(b, labels)
        hit = self.one_hot(b, logits, labels)
        logs = b.log_softmax(wide(b, logits), axis=1)
        chosen = b.sum(b.select(hit, logs, b.constant(0, logs.dtype)), axis=(1,), keepdims=False)
        loss = b.select(self.valid(b, logits, labels), b.neg(chosen), b.constant(np.nan, logs.dtype))
        return b.cast(loss, dtype=logits.dtype)

    def counting(self, b, labels):
        """The labels in a dtype that can count all classes."""
        return b.cast(labels, dtype=int32) if labels.dtype.itemsize < 4 else labels

    def one_hot(self, b, logits, labels):
        """Bools [N, C]: the place of each row's class."""
        rows, classes = logits.shape
        numbers = b.iota(shape=(1, classes), axis=1, dtype=labels.dtype)
        return b.eq(numbers, b.reshape(labels, shape=(rows, 1)))

    def valid(self, b, logits, labels):
        """Bools [N]: whether a row's label is the number of a class."""
        return b.logical_and(b.ge(labels, 0), b.lt(labels, logits.shape[1]))

    def vjp(self, b, ct, out, logits, labels):
        scores, g = wide(b, logits, ct)
        labels = self.counting(b, labels)
        zero, one = b.constant(0, g.dtype), b.constant(1, g.dtype)
        g = b.reshape(b.select(self.valid(b, logits, labels), g, zero), shape=(logits.shape[0], 1))
        hot = b.select(self.one_hot(b, logits, labels), one, zero)
        return b.cast(b.mul(g, b.sub(b.softmax(scores, axis=1), hot)), dtype=logits.dtype), None

    @wide_reference
    def reference(self, logits, labels):
        valid = (labels >= 0) & (labels < logits.shape[1])
        logs = np_log_softmax(logits, 1)
        chosen = np.take_along_axis(logs, np.where(valid, labels, 0)[:, None].astype(np.int64), axis=1)[:, 0]
        return np.where(valid, -chosen, np.nan)

    def samples(self):
        draw = rng(0)
        found = []
        for rows, classes, dtype in ((4, 5, np.int32), (1, 10, np.int64), (3, 1, np.int32), (0, 3, np.int32),
                                     (5, 17, np.uint8), (2, 300, np.uint8)):
            found.append(Sample((draw.normal(scale=2, size=(rows, classes)),
                                 draw.integers(0, min(classes, 256), rows).astype(dtype))))
        logits = np.array([[1e4, -1e4, 0], [np.nan, 0, 1], [0, -np.inf, 1], [1, 2, 3], [1, 2, 3]])
        return [*found, Sample((logits, np.array([0, 0, 2, -1, 3], np.int32)), grad=False),
                Sample((np.ones((2, 3)), np.zeros(3, np.int32)), error=ValueError),
                Sample((np.ones(3), np.zeros(3, np.int32)), error=ValueError),
                Sample((np.ones((2, 3)), np.zeros(2)), error=TypeError)]
