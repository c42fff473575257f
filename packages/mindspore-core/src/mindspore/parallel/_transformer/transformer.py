"""The whole transformer, and all names that programs take from this module."""
from __future__ import annotations

from mindspore.common import dtype as mstype
from mindspore.nn._check import is_int, positive_int
from mindspore.nn.cell import Cell
from mindspore.parallel._transformer.attention import MultiHeadAttention
from mindspore.parallel._transformer.block_config import (
    EmbeddingOpParallelConfig,
    TransformerOpParallelConfig,
    TransformerRecomputeConfig,
    _get_lambda_func,
    default_transformer_config,
)
from mindspore.parallel._transformer.decoder import TransformerDecoder, TransformerDecoderLayer
from mindspore.parallel._transformer.embedding import AttentionMask, VocabEmbedding
from mindspore.parallel._transformer.encoder import TransformerEncoder, TransformerEncoderLayer
from mindspore.parallel._transformer.feed_forward import FeedForward
from mindspore.parallel._transformer.moe import default_moe_config

__all__ = ["AttentionMask", "VocabEmbedding", "MultiHeadAttention", "FeedForward", "TransformerEncoder",
           "TransformerDecoder", "TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer",
           "TransformerOpParallelConfig", "EmbeddingOpParallelConfig", "TransformerRecomputeConfig"]



class Transformer(Cell):
    """An encoder and a decoder; the arguments are theirs.

    Args:
        encoder_layers, decoder_layers: how many layers; without layers of the decoder the result is the encoder's.

    Parts are `encoder` and `decoder`.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, hidden_size, batch_size, ffn_hidden_size, src_seq_length, tgt_seq_length, encoder_layers=3,
                 decoder_layers=3, num_heads=2, attention_dropout_rate=0.1, hidden_dropout_rate=0.1, hidden_act="gelu",
                 post_layernorm_residual=False, layernorm_compute_type=mstype.float32,
                 softmax_compute_type=mstype.float32, param_init_type=mstype.float32, lambda_func=None,
                 use_past=False, moe_config=default_moe_config, parallel_config=default_transformer_config):
        super().__init__()
        positive_int("Transformer", "encoder_layers", encoder_layers)
        if not is_int(decoder_layers) or decoder_layers < 0:
            raise ValueError(f"For 'Transformer', the 'decoder_layers' must be an int of at least 0, but got "
                             f"{decoder_layers!r}.")
        place = lambda_func or _get_lambda_func(encoder_layers + decoder_layers)
        shared = {"batch_size": batch_size, "hidden_size": hidden_size, "ffn_hidden_size": ffn_hidden_size,
                  "num_heads": num_heads, "attention_dropout_rate": attention_dropout_rate,
                  "hidden_dropout_rate": hidden_dropout_rate, "hidden_act": hidden_act,
                  "post_layernorm_residual": post_layernorm_residual,
                  "layernorm_compute_type": layernorm_compute_type, "softmax_compute_type": softmax_compute_type,
                  "param_init_type": param_init_type, "lambda_func": place, "use_past": use_past,
                  "moe_config": moe_config, "parallel_config": parallel_config}
        self.use_moe = False
        self.encoder = TransformerEncoder(num_layers=encoder_layers, seq_length=src_seq_length, **shared)
        self.decoder = None
        if decoder_layers:
            self.decoder = TransformerDecoder(num_layers=decoder_layers, src_seq_length=src_seq_length,
                                              tgt_seq_length=tgt_seq_length, offset=encoder_layers, **shared)
        self.use_moe = self.encoder.use_moe

    def construct(self, encoder_inputs, encoder_masks, decoder_inputs=None, decoder_masks=None, memory_mask=None,
                  init_reset=True, batch_valid_length=None):
        """(result, past of the encoder's layers, past of the decoder's layers or None), and with experts their loss.

        Inputs are as of `TransformerEncoder` and `TransformerDecoder`.

        Raises:
            TypeError, ValueError: inputs of wrong dtypes or shapes.
        """
        found = self.encoder(encoder_inputs, encoder_masks, init_reset, batch_valid_length)
        output, past, decoder_past = found[0], found[1], None
        loss = found[2] if self.use_moe else None
        if self.decoder is not None:
            found = self.decoder(decoder_inputs, decoder_masks, output, memory_mask, init_reset, batch_valid_length)
            output, decoder_past = found[0], found[1]
            loss = loss + found[2] if self.use_moe else None
        return (output, past, decoder_past, loss) if self.use_moe else (output, past, decoder_past)
