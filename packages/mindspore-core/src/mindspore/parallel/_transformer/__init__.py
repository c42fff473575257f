"""Transformers as language models are built of: their layers, losses and configurations.

Programs import them from here, from the modules of this package, or by the older path `mindspore.nn.transformer`. The
layers compute in Float16 by default. Configurations say how a program for several devices is split; see
`op_parallel_config`.
"""
from mindspore.parallel._transformer.loss import CrossEntropyLoss
from mindspore.parallel._transformer.moe import MoEConfig
from mindspore.parallel._transformer.op_parallel_config import OpParallelConfig
from mindspore.parallel._transformer.transformer import (
    AttentionMask,
    EmbeddingOpParallelConfig,
    FeedForward,
    MultiHeadAttention,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
    TransformerOpParallelConfig,
    TransformerRecomputeConfig,
    VocabEmbedding,
)

__all__ = ["AttentionMask", "CrossEntropyLoss", "EmbeddingOpParallelConfig", "FeedForward", "MoEConfig",
           "MultiHeadAttention", "OpParallelConfig", "Transformer", "TransformerDecoder", "TransformerDecoderLayer",
           "TransformerEncoder", "TransformerEncoderLayer", "TransformerOpParallelConfig",
           "TransformerRecomputeConfig", "VocabEmbedding"]
