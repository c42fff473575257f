"""Looked-up rows of a table, combined by the fields of an example.

Recommendation models describe an example by a list of (row of the table, weight, field): a field with one row, such as
a user, or with several, such as the films that were seen. Rows are multiplied by their weights and combined within each
field, by one reduction over the whole batch: field f of example b is segment b * field_size + f.
"""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.nn._check import positive_int
from mindspore.nn.layer.combined import EmbeddingLookup

__all__ = ["MultiFieldEmbeddingLookup"]


class MultiFieldEmbeddingLookup(EmbeddingLookup):
    """Weighted rows of a table, combined within the fields of each example.

    Args:
        vocab_size, embedding_size: the table's shape. field_size: how many fields an example has.
        operator: how the rows of a field are combined: "SUM" of weight * row; "MEAN", that sum divided by the sum of
            the weights' absolute values; or "MAX", the largest weight * row, elementwise. Rows whose weight is 0 have
            no influence; a field without others is 0.
        feature_num_list: accepted, without influence. The others are those of `EmbeddingLookup`.

    Shapes: indices, weights and fields (batch, n) -> (batch, field_size, embedding_size).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; ValueError at a call if the three inputs are
            not of one shape with two axes.
    """

    OPERATOR_SUM, OPERATOR_MEAN, OPERATOR_MAX = "SUM", "MEAN", "MAX"

    def __init__(self, vocab_size, embedding_size, field_size, param_init="normal", target="CPU",
                 slice_mode="batch_slice", feature_num_list=None, max_norm=None, sparse=True, operator="SUM",
                 dtype=mstype.float32):
        super().__init__(vocab_size, embedding_size, param_init, target, slice_mode, feature_num_list, max_norm, sparse,
                         dtype)
        self.field_size = positive_int("MultiFieldEmbeddingLookup", "field_size", field_size)
        operators = (self.OPERATOR_SUM, self.OPERATOR_MEAN, self.OPERATOR_MAX)
        if operator not in operators:
            raise ValueError(f"For 'MultiFieldEmbeddingLookup', the 'operator' must be one of {', '.join(operators)}, "
                             f"but got {operator!r}.")
        self.operator = operator

    def construct(self, input_indices, input_values, field_ids):
        """The combined rows at `input_indices` with the weights `input_values` of the fields `field_ids`."""
        shape = tuple(input_indices.shape)
        if len(shape) != 2 or shape != tuple(input_values.shape) or shape != tuple(field_ids.shape):
            raise ValueError(f"For 'MultiFieldEmbeddingLookup', indices, weights and fields must have one shape "
                             f"(batch, n), but have {shape}, {tuple(input_values.shape)} and "
                             f"{tuple(field_ids.shape)}.")
        rows = super().construct(input_indices)
        weights = input_values.astype(rows.dtype)
        rows = (rows * weights.expand_dims(-1)).reshape(-1, self.embedding_size)
        used = (weights != 0) & (field_ids >= 0) & (field_ids < self.field_size)
        first = ops.arange(0, shape[0] * self.field_size, self.field_size, dtype=mstype.int32).expand_dims(-1)
        segments = ops.where(used, field_ids.astype(mstype.int32) + first, -1).reshape(-1)
        combined = self._combine(rows, ops.abs(weights).reshape(-1, 1), segments, shape[0] * self.field_size)
        return combined.reshape(shape[0], self.field_size, self.embedding_size)

    def _combine(self, rows, sizes, segments, count):
        """One row for each of `count` segments."""
        total = ops.unsorted_segment_sum(sizes, segments, count)
        if self.operator == self.OPERATOR_MAX:
            return ops.where(total > 0, ops.unsorted_segment_max(rows, segments, count), 0)
        sums = ops.unsorted_segment_sum(rows, segments, count)
        if self.operator == self.OPERATOR_MEAN:
            sums = sums / ops.where(total > 0, total, 1)
        return sums
