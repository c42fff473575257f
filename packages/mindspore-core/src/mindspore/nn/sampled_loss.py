"""A loss over very many classes that looks at a few of them."""
from __future__ import annotations

from mindspore import ops
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag, positive_int
from mindspore.nn.loss import LossBase
from mindspore.runtime.record import apply

__all__ = ["SampledSoftmaxLoss"]

_CROSS_ENTROPY = primitive("softmax_cross_entropy")


class SampledSoftmaxLoss(LossBase):
    """The cross entropy among the true classes and some that are drawn at random; for training only.

    Args:
        num_sampled: how many classes are drawn. num_classes: how many there are. num_true: true classes of each row.
        sampled_values: (candidates, how often true classes and how often candidates are expected), as
            `ops.log_uniform_candidate_sampler` gives them, which is called by default.
        remove_accidental_hits: a candidate that is a true class of a row does not count for it. seed: of the sampler,
            0 stands for none. reduction: 'mean', 'sum' or 'none'.

    Shapes: weights (num_classes, dim), biases (num_classes,), labels (N, num_true) or (N,) integers, logits (N, dim),
    the inputs of the last layer -> (N,) or (). The logarithms of the expected counts are subtracted from the scores.
    Source: Jean et al., "On using very large target vocabulary" (2015).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; ValueError at a call for other shapes.
    """

    def __init__(self, num_sampled, num_classes, num_true=1, sampled_values=None, remove_accidental_hits=True, seed=0,
                 reduction="none"):
        super().__init__(reduction)
        name = "SampledSoftmaxLoss"
        self.num_sampled = positive_int(name, "num_sampled", num_sampled)
        self.num_classes = positive_int(name, "num_classes", num_classes)
        self.num_true = positive_int(name, "num_true", num_true)
        if max(num_sampled, num_true) > num_classes:
            raise ValueError(f"For '{name}', the 'num_sampled' ({num_sampled}) and 'num_true' ({num_true}) must not be "
                             f"above 'num_classes' ({num_classes}).")
        if sampled_values is not None and (not isinstance(sampled_values, (tuple, list)) or len(sampled_values) != 3):
            raise ValueError(f"For '{name}', the 'sampled_values' must be three tensors, but got {sampled_values!r}.")
        self.sampled_values = sampled_values
        self.remove_accidental_hits = flag(name, "remove_accidental_hits", remove_accidental_hits)
        self.seed = seed

    def construct(self, weights, biases, labels, logits):
        """The loss of the inputs of the last layer for true classes."""
        if labels.ndim == 1:
            labels = ops.expand_dims(labels, 1)
        if labels.ndim != 2 or labels.shape[1] != self.num_true or logits.ndim != 2 or \
                weights.shape != (self.num_classes, logits.shape[1]) or biases.shape != (self.num_classes,):
            raise ValueError(f"For 'SampledSoftmaxLoss', the shapes are {weights.shape}, {biases.shape}, "
                             f"{labels.shape} and {logits.shape}, but expected ({self.num_classes}, dim), "
                             f"({self.num_classes},), (N, {self.num_true}) and (N, dim).")
        drawn, true_count, drawn_count = ops.log_uniform_candidate_sampler(
            labels, self.num_true, self.num_sampled, True, self.num_classes, self.seed) \
            if self.sampled_values is None else self.sampled_values
        true = ops.sum(ops.expand_dims(logits, 1) * ops.gather(weights, labels, 0), -1) + ops.gather(biases, labels, 0)
        others = ops.matmul(logits, ops.swapaxes(ops.gather(weights, drawn, 0), 0, 1)) + ops.gather(biases, drawn, 0)
        if self.remove_accidental_hits:
            hits = ops.any(ops.expand_dims(labels, 2) == ops.reshape(drawn, (1, 1, -1)), 1)
            others = ops.where(hits, ops.full_like(others, -1e30), others)
        true, others = true - ops.log(true_count), others - ops.log(drawn_count)
        shares = ops.concat([ops.ones_like(true) / self.num_true, ops.zeros_like(others)], 1)
        return self.get_loss(apply(_CROSS_ENTROPY, (ops.concat([true, others], 1), shares), ()))
