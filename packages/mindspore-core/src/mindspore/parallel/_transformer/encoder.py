"""Layers of attention and feed-forward networks, and stacks of them.

A layer normalizes what it gives to its parts, and adds the parts' results to what came before the normalization; with
`post_layernorm_residual` to what came after it.
"""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell
from mindspore.nn.layer.container import CellList
from mindspore.parallel._transformer.attention import MultiHeadAttention
from mindspore.parallel._transformer.block_config import (
    TransformerOpParallelConfig,
    _get_lambda_func,
    default_transformer_config,
)
from mindspore.parallel._transformer.checks import _valid_type_checks
from mindspore.parallel._transformer.layers import _LayerNorm
from mindspore.parallel._transformer.moe import _check_moe_config, default_moe_config, feed_forward_of
from mindspore.parallel._transformer.op_parallel_config import _check_config, default_dpmp_config
from mindspore.parallel._transformer.past import KeepsPast, check_arguments


class TransformerEncoderLayer(KeepsPast):
    """Self attention, then a feed-forward network or a mixture of them.

    Args:
        batch_size: sequences B; needed with `use_past` alone. hidden_size, ffn_hidden_size: sizes of a position, and
            inside the network. num_heads: heads of the attention. seq_length: positions S.
        attention_dropout_rate, hidden_dropout_rate: dropout of the attention's weights, and of both parts' results.
        post_layernorm_residual: see the module's text. layernorm_compute_type, softmax_compute_type, param_init_type:
            dtypes of normalization, softmax and parameters, Float32 or Float16.
        hidden_act: activation of the network. use_past: incremental prediction (see `MultiHeadAttention`).
        moe_config: a MoEConfig; with several experts the layer has a third result, the experts' loss.
        parallel_config: an OpParallelConfig, or with experts a MoEParallelConfig; kept.

    Parts are `layernorm1`, `attention`, `layernorm2` and `output`.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, batch_size, hidden_size, ffn_hidden_size, num_heads, seq_length, attention_dropout_rate=0.1,
                 hidden_dropout_rate=0.1, post_layernorm_residual=False, layernorm_compute_type=mstype.float32,
                 softmax_compute_type=mstype.float32, param_init_type=mstype.float32, hidden_act="gelu",
                 use_past=False, moe_config=default_moe_config, parallel_config=default_dpmp_config):
        super().__init__()
        check_arguments("TransformerEncoderLayer", locals(), ("hidden_size", "ffn_hidden_size", "num_heads",
                                                              "seq_length"))
        _check_config(parallel_config)
        _check_moe_config(moe_config, parallel_config)
        self.batch_size, self.seq_length, self.hidden_size = batch_size, seq_length, hidden_size
        self.use_moe, self.post_layernorm_residual = moe_config.expert_num > 1, post_layernorm_residual
        self.layernorm1 = _LayerNorm((hidden_size,)).to_float(layernorm_compute_type)
        self.layernorm2 = _LayerNorm((hidden_size,)).to_float(layernorm_compute_type)
        self.attention = MultiHeadAttention(
            batch_size, seq_length, seq_length, hidden_size, num_heads, hidden_dropout_rate, attention_dropout_rate,
            softmax_compute_type=softmax_compute_type, param_init_type=param_init_type, use_past=use_past,
            parallel_config=getattr(parallel_config, "dpmp", parallel_config))
        self.output = feed_forward_of(hidden_size, ffn_hidden_size, hidden_dropout_rate, hidden_act, param_init_type,
                                      moe_config, parallel_config)
        self.dtype = mstype.float16
        self.keep(use_past, (batch_size, num_heads, seq_length, hidden_size // num_heads))

    def construct(self, x, input_mask=None, init_reset=True, batch_valid_length=None):
        """(result, (keys, values)), or with experts (result, (keys, values), loss).

        Args:
            x: (B, S, hidden_size) or (B S, hidden_size), Float32 or Float16; (B, 1, hidden_size) after the first
                iteration. input_mask: (B, S, S) of ones and zeros, (B, 1, S) after the first iteration; or None.
            init_reset: (1,) of Bool, with `use_past`; False forgets the past. batch_valid_length: (B,) of Int32, with
                `use_past`: how many positions of the first iteration are kept.

        Raises:
            TypeError, ValueError: inputs of wrong dtypes or shapes.
        """
        key_past, value_past = self.past(init_reset, batch_valid_length)
        normal = ops.cast(self.layernorm1(x), self.dtype)
        attention, present = self.attention(normal, normal, normal, input_mask, key_past, value_past,
                                            batch_valid_length)
        x = (normal if self.post_layernorm_residual else x) + attention
        normal = ops.cast(self.layernorm2(x), self.dtype)
        found = self.output(normal)
        loss = None
        if self.use_moe:
            found, loss = found
        self.remember(present)
        output = (normal if self.post_layernorm_residual else x) + found
        return (output, present, loss) if self.use_moe else (output, present)


class Stack(Cell):
    """Layers one after another, `blocks`."""

    def inner(self, moe_config, parallel_config):
        """The configuration of each layer, from that of all; TypeError or ValueError for configurations that are none,
        or do not fit each other."""
        _valid_type_checks([TransformerOpParallelConfig], type(self).__name__)(parallel_config, "parallel_config")
        _check_moe_config(moe_config, parallel_config)
        self.use_moe = moe_config.expert_num > 1
        return parallel_config.moe_parallel_config if self.use_moe else parallel_config.dp_mp_config

    def stack(self, layers: list, lambda_func, offset: int, parallel_config) -> None:
        """Place the layers (see `_get_lambda_func`) and keep them."""
        place = lambda_func or _get_lambda_func()
        for index, block in enumerate(layers):
            place(block, layer_id=index, layers=len(layers), offset=offset, parallel_config=parallel_config)
        self.num_layers, self.blocks = len(layers), CellList(layers)

    def run(self, x, *inputs) -> tuple:
        """The last layer's result, a tuple of what each layer has of the past, and with experts their loss."""
        past: tuple = ()
        loss = Tensor(0.0, mstype.float32)
        for block in self.blocks:
            found = block(x, *inputs)
            x, past = found[0], (*past, found[1])
            if self.use_moe:
                loss = loss + found[2]
        return (x, past, loss) if self.use_moe else (x, past)


class TransformerEncoder(Stack):
    """Layers of `TransformerEncoderLayer`, whose arguments these are.

    Args:
        num_layers: how many. lambda_func: called for each layer as (network, layer_id=, layers=, offset=,
            parallel_config=), in place of what places a layer otherwise. offset: number of the first layer.
        parallel_config: a TransformerOpParallelConfig; its `recompute` has effect, the rest is kept.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, batch_size, num_layers, hidden_size, ffn_hidden_size, seq_length, num_heads,
                 attention_dropout_rate=0.1, hidden_dropout_rate=0.1, hidden_act="gelu",
                 post_layernorm_residual=False, layernorm_compute_type=mstype.float32,
                 softmax_compute_type=mstype.float32, param_init_type=mstype.float32, lambda_func=None, offset=0,
                 use_past=False, moe_config=default_moe_config, parallel_config=default_transformer_config):
        super().__init__()
        check_arguments("TransformerEncoder", locals(), ("num_layers", "hidden_size", "ffn_hidden_size", "seq_length",
                                                         "num_heads"))
        inner = self.inner(moe_config, parallel_config)
        self.stack([TransformerEncoderLayer(
            batch_size, hidden_size, ffn_hidden_size, num_heads, seq_length, attention_dropout_rate,
            hidden_dropout_rate, post_layernorm_residual, layernorm_compute_type, softmax_compute_type,
            param_init_type, hidden_act, use_past, moe_config, inner) for _ in range(num_layers)],
            lambda_func, offset, parallel_config)

    def construct(self, hidden_states, attention_mask, init_reset=True, batch_valid_length=None):
        """(result, ((keys, values) of each layer)), and with experts their loss; inputs as of the layer."""
        return self.run(hidden_states, attention_mask, init_reset, batch_valid_length)
