"""The part of a transformer's layer that works on each position by itself."""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.nn._check import positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Dropout
from mindspore.parallel._transformer.checks import _check_input_dtype, float_type
from mindspore.parallel._transformer.layers import _activation_of, _Linear
from mindspore.parallel._transformer.op_parallel_config import _check_config, check_divides, default_dpmp_config


class FeedForward(Cell):
    """dropout(activation(x W1 + b1) W2 + b2), computed in Float16.

    Args:
        hidden_size, ffn_hidden_size: sizes outside and in between. dropout_rate: of the result, while training.
        hidden_act: a name, a Cell, or a class of Cells. expert_num, expert_group_size: see `_Linear`.
        param_init_type: dtype of the parameters. parallel_config: an OpParallelConfig or a MoEParallelConfig; kept.

    Parameters are `mapping.weight` (hidden_size, ffn_hidden_size), `mapping.bias`, `projection.weight`
    (ffn_hidden_size, hidden_size) and `projection.bias`.

    Shapes: (..., hidden_size) of Float32 or Float16 -> (..., hidden_size) of Float16.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; sizes that `model_parallel` does not divide.
    """

    def __init__(self, hidden_size, ffn_hidden_size, dropout_rate, hidden_act="gelu", expert_num=1,
                 expert_group_size=None, param_init_type=mstype.float32, parallel_config=default_dpmp_config):
        super().__init__()
        positive_int("FeedForward", "hidden_size", hidden_size)
        positive_int("FeedForward", "ffn_hidden_size", ffn_hidden_size)
        float_type("FeedForward", "param_init_type", param_init_type)
        _check_config(parallel_config)
        check_divides("FeedForward", parallel_config.model_parallel, hidden_size=hidden_size,
                      ffn_hidden_size=ffn_hidden_size)
        shared = {"transpose_b": False, "expert_num": expert_num, "expert_group_size": expert_group_size,
                  "param_init_type": param_init_type}
        self.mapping = _Linear(hidden_size, ffn_hidden_size, activation=_activation_of("FeedForward", hidden_act),
                               **shared)
        self.projection = _Linear(ffn_hidden_size, hidden_size, **shared)
        self.dropout = Dropout(p=dropout_rate)

    def construct(self, x):
        """The result for each position."""
        _check_input_dtype(x.dtype, "x", [mstype.float32, mstype.float16], "FeedForward")
        return self.dropout(self.projection(self.mapping(ops.cast(x, mstype.float16))))
