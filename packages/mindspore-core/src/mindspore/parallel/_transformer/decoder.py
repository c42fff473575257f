"""Layers that attend to themselves and to an encoder's result, and stacks of them (see `encoder`)."""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.parallel._transformer.attention import MultiHeadAttention
from mindspore.parallel._transformer.block_config import default_transformer_config
from mindspore.parallel._transformer.encoder import Stack
from mindspore.parallel._transformer.layers import _LayerNorm
from mindspore.parallel._transformer.moe import _check_moe_config, default_moe_config, feed_forward_of
from mindspore.parallel._transformer.op_parallel_config import _check_config, default_dpmp_config
from mindspore.parallel._transformer.past import KeepsPast, check_arguments


class TransformerDecoderLayer(KeepsPast):
    """Self attention, attention to an encoder's result, then a feed-forward network or a mixture of them.

    Args:
        src_seq_length, tgt_seq_length: positions S of the encoder's result, and T of this layer. The others are those
            of `TransformerEncoderLayer`.

    Parts are `layernorm1`, `attention`, `cross_attention_layernorm`, `cross_attention`, `layernorm2` and `output`.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, hidden_size, ffn_hidden_size, num_heads, batch_size, src_seq_length, tgt_seq_length,
                 attention_dropout_rate=0.1, hidden_dropout_rate=0.1, post_layernorm_residual=False, use_past=False,
                 layernorm_compute_type=mstype.float32, softmax_compute_type=mstype.float32,
                 param_init_type=mstype.float32, hidden_act="gelu", moe_config=default_moe_config,
                 parallel_config=default_dpmp_config):
        super().__init__()
        check_arguments("TransformerDecoderLayer", locals(), ("hidden_size", "ffn_hidden_size", "num_heads",
                                                              "src_seq_length", "tgt_seq_length"))
        _check_config(parallel_config)
        _check_moe_config(moe_config, parallel_config)
        self.batch_size, self.hidden_size = batch_size, hidden_size
        self.src_seq_length, self.tgt_seq_length = src_seq_length, tgt_seq_length
        self.use_moe, self.post_layernorm_residual = moe_config.expert_num > 1, post_layernorm_residual
        self.layernorm1 = _LayerNorm((hidden_size,)).to_float(layernorm_compute_type)
        self.layernorm2 = _LayerNorm((hidden_size,)).to_float(layernorm_compute_type)
        self.cross_attention_layernorm = _LayerNorm((hidden_size,)).to_float(layernorm_compute_type)
        shared = {"softmax_compute_type": softmax_compute_type, "param_init_type": param_init_type,
                  "parallel_config": getattr(parallel_config, "dpmp", parallel_config)}
        rates = (hidden_dropout_rate, attention_dropout_rate)
        self.attention = MultiHeadAttention(batch_size, tgt_seq_length, tgt_seq_length, hidden_size, num_heads, *rates,
                                            use_past=use_past, **shared)
        self.cross_attention = MultiHeadAttention(batch_size, tgt_seq_length, src_seq_length, hidden_size, num_heads,
                                                  *rates, **shared)
        self.output = feed_forward_of(hidden_size, ffn_hidden_size, hidden_dropout_rate, hidden_act, param_init_type,
                                      moe_config, parallel_config)
        self.dtype = mstype.float16
        self.keep(use_past, (batch_size, num_heads, tgt_seq_length, hidden_size // num_heads))

    def construct(self, hidden_stats, decoder_mask, encoder_output=None, memory_mask=None, init_reset=True,
                  batch_valid_length=None):
        """(result, (keys, values, keys and values of the encoder's result)), and with experts their loss.

        Args:
            hidden_stats: (B, T, hidden_size) or (B T, hidden_size), (B, 1, hidden_size) after the first iteration.
            decoder_mask: (B, T, T) of ones and zeros, (B, 1, T) after the first iteration; or None.
            encoder_output: (B, S, hidden_size) or (B S, hidden_size); without it there is no attention to it.
            memory_mask: (B, T, S) of ones and zeros, (B, 1, S) after the first iteration; or None.
            init_reset, batch_valid_length: as of `TransformerEncoderLayer`.

        Raises:
            TypeError, ValueError: inputs of wrong dtypes or shapes.
        """
        key_past, value_past = self.past(init_reset, batch_valid_length)
        normal = ops.cast(self.layernorm1(hidden_stats), self.dtype)
        attention, own = self.attention(normal, normal, normal, decoder_mask, key_past, value_past, batch_valid_length)
        present = own
        x = (normal if self.post_layernorm_residual else hidden_stats) + attention
        if encoder_output is not None:
            normal = ops.cast(self.cross_attention_layernorm(x), self.dtype)
            memory = ops.cast(encoder_output, self.dtype)
            attention, other = self.cross_attention(normal, memory, memory, memory_mask)
            present = (*own, *other)
            x = (normal if self.post_layernorm_residual else x) + attention
        normal = ops.cast(self.layernorm2(x), self.dtype)
        found = self.output(normal)
        loss = None
        if self.use_moe:
            found, loss = found
        self.remember(own)
        output = (normal if self.post_layernorm_residual else x) + found
        return (output, present, loss) if self.use_moe else (output, present)


class TransformerDecoder(Stack):
    """Layers of `TransformerDecoderLayer`, whose arguments these are; the others are those of `TransformerEncoder`.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, num_layers, batch_size, hidden_size, ffn_hidden_size, src_seq_length, tgt_seq_length, num_heads,
                 attention_dropout_rate=0.1, hidden_dropout_rate=0.1, post_layernorm_residual=False,
                 layernorm_compute_type=mstype.float32, softmax_compute_type=mstype.float32,
                 param_init_type=mstype.float32, hidden_act="gelu", lambda_func=None, use_past=False, offset=0,
                 moe_config=default_moe_config, parallel_config=default_transformer_config):
        super().__init__()
        check_arguments("TransformerDecoder", locals(), ("num_layers", "hidden_size", "ffn_hidden_size", "num_heads",
                                                         "src_seq_length", "tgt_seq_length"))
        inner = self.inner(moe_config, parallel_config)
        self.stack([TransformerDecoderLayer(
            hidden_size, ffn_hidden_size, num_heads, batch_size, src_seq_length, tgt_seq_length,
            attention_dropout_rate, hidden_dropout_rate, post_layernorm_residual, use_past, layernorm_compute_type,
            softmax_compute_type, param_init_type, hidden_act, moe_config, inner) for _ in range(num_layers)],
            lambda_func, offset, parallel_config)

    def construct(self, hidden_states, attention_mask, encoder_output=None, memory_mask=None, init_reset=True,
                  batch_valid_length=None):
        """(result, a tuple of what each layer has of the past), and with experts their loss; inputs as of the layer."""
        return self.run(hidden_states, attention_mask, encoder_output, memory_mask, init_reset, batch_valid_length)
