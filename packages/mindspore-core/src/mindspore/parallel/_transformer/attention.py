"""Attention of several heads, with keys and values of positions that were computed before.

Source: Vaswani et al., "Attention is all you need", 2017. A mask holds ones where a position is seen; where it holds
zeros, -10000 is added to the scores, so that the softmax gives such positions no weight.

Incremental prediction keeps keys and values of all `seq_length` positions, of zeros where there is no token yet. The
first call (`is_first_iteration` True) takes the whole sequence and gives the keys and values of its first
`batch_valid_length` positions. Each later call takes one token per sequence, puts its key and value at the first
position that holds none, and attends to all of them.
"""
from __future__ import annotations

import math

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.tensor import Tensor
from mindspore.nn._check import flag, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Dropout
from mindspore.parallel._transformer.checks import _LayerInputCheck, check_hidden, float_type
from mindspore.parallel._transformer.layers import _Linear
from mindspore.parallel._transformer.op_parallel_config import _check_config, check_divides, default_dpmp_config

_HIDDEN_SCORE = -10000.0


class MultiHeadAttention(Cell):
    """softmax(Q K^T / sqrt(D) + mask) V of each head, projected.

    Args:
        batch_size: sequences B; needed with `use_past` alone, else it may be None.
        src_seq_length, tgt_seq_length: positions L of queries, and S of keys and values.
        hidden_size: size of queries, keys, values and results. num_heads: a divisor of it.
        hidden_dropout_rate, attention_dropout_rate: dropout of the result and of the weights, while training.
        compute_dtype: dtype of products and of the past. softmax_compute_type: dtype of the softmax.
        param_init_type: dtype of the parameters. use_past: incremental prediction (see the module's text).
        parallel_config: an OpParallelConfig; kept.

    Parameters are the `weight` and `bias` of `dense1`, `dense2` and `dense3` (for query, key and value) and of
    `projection`.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; sizes that `model_parallel` does not divide.
    """

    def __init__(self, batch_size, src_seq_length, tgt_seq_length, hidden_size, num_heads, hidden_dropout_rate=0.1,
                 attention_dropout_rate=0.1, compute_dtype=mstype.float16, softmax_compute_type=mstype.float32,
                 param_init_type=mstype.float32, use_past=False, parallel_config=default_dpmp_config):
        super().__init__()
        for name, value in (("src_seq_length", src_seq_length), ("tgt_seq_length", tgt_seq_length),
                            ("hidden_size", hidden_size), ("num_heads", num_heads)):
            positive_int("MultiHeadAttention", name, value)
        for name, value in (("compute_dtype", compute_dtype), ("softmax_compute_type", softmax_compute_type),
                            ("param_init_type", param_init_type)):
            float_type("MultiHeadAttention", name, value)
        if flag("MultiHeadAttention", "use_past", use_past) or batch_size is not None:
            positive_int("MultiHeadAttention", "batch_size", batch_size)
        if hidden_size % num_heads:
            raise ValueError(f"For 'MultiHeadAttention', the 'hidden_size' must be a multiple of the 'num_heads', but "
                             f"got {hidden_size} and {num_heads}.")
        _check_config(parallel_config)
        check_divides("MultiHeadAttention", parallel_config.model_parallel, num_heads=num_heads)
        self.src_seq_length, self.tgt_seq_length, self.batch_size = src_seq_length, tgt_seq_length, batch_size
        self.hidden_size, self.n_head, self.size_per_head = hidden_size, num_heads, hidden_size // num_heads
        self.dtype, self.softmax_dtype = compute_dtype, softmax_compute_type
        self.use_past, self.is_first_iteration = use_past, True
        types = {"compute_dtype": compute_dtype, "param_init_type": param_init_type}
        self.projection = _Linear(hidden_size, hidden_size, transpose_b=False, **types)
        self.dense1 = _Linear(hidden_size, hidden_size, **types)
        self.dense2 = _Linear(hidden_size, hidden_size, **types)
        self.dense3 = _Linear(hidden_size, hidden_size, **types)
        self.dropout, self.prob_dropout = Dropout(p=hidden_dropout_rate), Dropout(p=attention_dropout_rate)

    def construct(self, query_tensor, key_tensor, value_tensor, attention_mask, key_past=None, value_past=None,
                  batch_valid_length=None):
        """(result, (keys, values)).

        Args:
            query_tensor: (B, L, hidden_size) or (B L, hidden_size), Float32 or Float16; (B, 1, hidden_size) after the
                first iteration. key_tensor, value_tensor: the same with S in place of L.
            attention_mask: (B, L, S) of ones and zeros, (B, 1, S) after the first iteration; or None.
            key_past, value_past: keys (B, heads, D, S) and values (B, heads, S, D) of the past, with `use_past`.
            batch_valid_length: (B,), Int32, how many positions of the first iteration are kept, with `use_past`.

        Returns:
            The result has the shape and dtype of the query; keys and values have the shapes of the past.

        Raises:
            TypeError, ValueError: inputs of wrong dtypes or shapes; a past that is missing, or not wanted.
        """
        self._check(query_tensor, key_tensor, value_tensor, attention_mask)
        self._check_past(key_past, value_past, batch_valid_length)
        query = self._heads(self.dense1(ops.cast(query_tensor, self.dtype)), self._length(query_tensor, True))
        length = self._length(key_tensor, False)
        key = ops.swapaxes(self._heads(self.dense2(ops.cast(key_tensor, self.dtype)), length), 2, 3)
        value = self._heads(self.dense3(ops.cast(value_tensor, self.dtype)), length)
        present = key, value
        if self.use_past and self.is_first_iteration:
            present = self._kept(key, value, batch_valid_length)
        elif self.use_past:
            key, value = present = self._appended(key, value, key_past, value_past)
        found = ops.transpose(self._attend(query, key, value, attention_mask), (0, 2, 1, 3))
        output = self.dropout(self.projection(ops.reshape(found, query_tensor.shape)))
        return ops.cast(output, query_tensor.dtype), present

    def _check(self, query, key, value, mask) -> None:
        lengths = (self._length(query, True), self._length(key, False), self._length(value, False))
        for name, x, length in zip(("query_tensor", "key_tensor", "value_tensor"), (query, key, value), lengths):
            check_hidden("MultiHeadAttention", name, x, length, self.hidden_size)
        if mask is not None:
            batch = query.shape[0] if query.ndim == 3 else query.shape[0] // lengths[0]
            seen = self.tgt_seq_length
            _LayerInputCheck.check_shape_equal(mask.shape, "attention_mask", "MultiHeadAttention",
                                               [[batch, lengths[0], seen], [1, lengths[0], seen]])

    def _check_past(self, key_past, value_past, batch_valid_length) -> None:
        for name, given in (("key_past", key_past), ("value_past", value_past),
                            ("batch_valid_length", batch_valid_length)):
            if self.use_past != isinstance(given, Tensor):
                wanted = "a Tensor" if self.use_past else "None"
                raise TypeError(f"For 'MultiHeadAttention', the '{name}' must be {wanted} if use_past is "
                                f"{self.use_past}, but got {given!r}.")

    def _length(self, x, is_query: bool) -> int:
        """The positions of a sequence in this call: one of queries after the first iteration, and then one of keys as
        well if there is a past to which they are added."""
        if not self.is_first_iteration and x.ndim == 3 and x.shape[1] == 1 and (is_query or self.use_past):
            return 1
        return self.src_seq_length if is_query else self.tgt_seq_length

    def _heads(self, x, length: int):
        """(B, length, hidden_size) as (B, heads, length, D)."""
        return ops.transpose(ops.reshape(x, (-1, length, self.n_head, self.size_per_head)), (0, 2, 1, 3))

    def _positions(self):
        return ops.reshape(ops.arange(self.tgt_seq_length), (1, self.tgt_seq_length))

    def _kept(self, key, value, batch_valid_length) -> tuple:
        """Keys and values with zeros after the valid positions."""
        valid = ops.cast(self._positions() < ops.reshape(batch_valid_length, (-1, 1)), self.dtype)
        return key * self._over_heads(valid), value * ops.swapaxes(self._over_heads(valid), 2, 3)

    @staticmethod
    def _over_heads(x):
        """(B, S) as (B, 1, 1, S)."""
        return ops.reshape(x, (x.shape[0], 1, 1, x.shape[1]))

    def _appended(self, key, value, key_past, value_past) -> tuple:
        """The past, with a key and a value at the first position that has none."""
        taken = ops.cast(ops.any(ops.not_equal(key_past, 0), (1, 2)), mstype.int32)
        place = ops.equal(self._positions(), ops.expand_dims(ops.sum(taken, 1), 1))
        place = self._over_heads(ops.cast(place, self.dtype))
        return (ops.cast(key_past, self.dtype) + key * place,
                ops.cast(value_past, self.dtype) + value * ops.swapaxes(place, 2, 3))

    def _attend(self, query, key, value, mask):
        """The weighted values, (B, heads, length, D). Both factors are scaled, lest Float16 overflows."""
        scale = math.sqrt(math.sqrt(self.size_per_head))
        scores = ops.cast(ops.matmul(query / scale, key / scale), self.softmax_dtype)
        if mask is not None:
            hidden = 1.0 - ops.cast(ops.expand_dims(mask, 1), self.softmax_dtype)
            scores = scores + hidden * _HIDDEN_SCORE
        weights = self.prob_dropout(ops.cast(ops.softmax(scores, -1), self.dtype))
        return ops.matmul(weights, value)
