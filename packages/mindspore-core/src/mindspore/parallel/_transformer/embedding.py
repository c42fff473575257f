"""Masks of causal attention, and tables of embeddings."""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn._check import positive_int
from mindspore.nn.cell import Cell
from mindspore.parallel._transformer.block_config import EmbeddingOpParallelConfig, default_embedding_parallel_config
from mindspore.parallel._transformer.checks import _check_input_dtype, _LayerInputCheck, _valid_type_checks
from mindspore.parallel._transformer.op_parallel_config import _check_config, check_divides, default_dpmp_config


class AttentionMask(Cell):
    """The mask of causal attention: position i sees position j if j <= i and both are valid.

    Args:
        seq_length: positions S. parallel_config: an OpParallelConfig; kept.
    """

    def __init__(self, seq_length, parallel_config=default_dpmp_config):
        super().__init__()
        self.seq_length = positive_int("AttentionMask", "seq_length", seq_length)
        _check_config(parallel_config)
        self.lower_triangle_mask = Tensor(np.tri(seq_length, dtype=np.float32))

    def construct(self, input_mask):
        """(batch, S, S) of ones and zeros, Float32, for valid positions (batch, S), which are not zero.

        Raises:
            ValueError: a mask of another length. TypeError: one that is not Float32 or Float16.
        """
        _check_input_dtype(input_mask.dtype, "input_mask", [mstype.float32, mstype.float16], "AttentionMask")
        _LayerInputCheck.check_shape_length(input_mask.shape, "input_mask", "AttentionMask", 2)
        _LayerInputCheck.check_shape_value_on_axis(input_mask.shape, 1, "input_mask", "AttentionMask", self.seq_length)
        valid = ops.cast(ops.not_equal(input_mask, 0), mstype.float32)
        return ops.expand_dims(valid, 2) * ops.expand_dims(valid, 1) * self.lower_triangle_mask


class VocabEmbedding(Cell):
    """Rows of a table, and the table.

    Args:
        vocab_size, embedding_size: shape of the table, the parameter `embedding_table`.
        parallel_config: an EmbeddingOpParallelConfig; kept. param_init: the table's initializer.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; a vocabulary that is to be split into parts of
            different sizes.
    """

    def __init__(self, vocab_size, embedding_size, parallel_config=default_embedding_parallel_config,
                 param_init="normal"):
        super().__init__()
        self.vocab_size = positive_int("VocabEmbedding", "vocab_size", vocab_size)
        self.embedding_size = positive_int("VocabEmbedding", "embedding_size", embedding_size)
        _valid_type_checks([EmbeddingOpParallelConfig], "VocabEmbedding")(parallel_config, "parallel_config")
        if not parallel_config.vocab_emb_dp:
            check_divides("VocabEmbedding", parallel_config.model_parallel, vocab_size=vocab_size)
        self.embedding_table = Parameter(initializer(param_init, (vocab_size, embedding_size)),
                                         name="embedding_table")

    def construct(self, input_ids):
        """(rows, table) for indices of Int32 of any shape: rows have that shape + (embedding_size,)."""
        _check_input_dtype(input_ids.dtype, "input_ids", [mstype.int32], "VocabEmbedding")
        return ops.gather(self.embedding_table, input_ids, 0), self.embedding_table.value()
