"""The simple layers of transformers: normalization, linear maps and dropout.

They are those of `mindspore.nn`, but for the precision: `_Linear` multiplies in `compute_dtype`, Float16 by default,
and gives its result in the dtype of its input.
"""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter
from mindspore.nn._check import flag, positive_float, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.activation import get_activation
from mindspore.nn.layer.basic import Dropout
from mindspore.parallel._transformer.checks import (
    _args_type_validator_check,
    _check_input_dtype,
    _check_past_none_input_none,
    _LayerInputCheck,
    _valid_type_checks,
    _valid_value_checks,
    float_type,
)

__all__ = ["_Dropout", "_LayerNorm", "_Linear", "_LayerInputCheck", "_args_type_validator_check", "_check_input_dtype",
           "_check_past_none_input_none", "_valid_type_checks", "_valid_value_checks"]


class _Dropout(Dropout):
    """Zeroes elements with probability 1 - keep_prob while training, and scales the others by 1 / keep_prob."""

    def __init__(self, keep_prob=0.5, dtype=mstype.float32):
        super().__init__(keep_prob=keep_prob, dtype=dtype)


class _LayerNorm(Cell):
    """gamma (x - mean) / sqrt(variance + eps) + beta over the last axis.

    Args:
        normalized_shape: the size of the last axis, in a tuple. eps: added to the variance.
        param_init_type: dtype of `gamma` and `beta`. is_self_defined: accepted; the result is the same.

    Shapes: (..., size) -> (..., size), in the input's dtype, or that of `to_float`.
    """

    def __init__(self, normalized_shape, eps=1e-5, param_init_type=mstype.float32, is_self_defined=False):
        super().__init__()
        if not isinstance(normalized_shape, (tuple, list)) or len(normalized_shape) != 1:
            raise TypeError(f"For '_LayerNorm', the 'normalized_shape' must be a tuple of one int, but got "
                            f"{normalized_shape!r}.")
        shape = (positive_int("_LayerNorm", "normalized_shape", normalized_shape[0]),)
        float_type("_LayerNorm", "param_init_type", param_init_type)
        self.eps, self.is_self_defined = positive_float("_LayerNorm", "eps", eps), is_self_defined
        self.gamma = Parameter(initializer("ones", shape, param_init_type), name="gamma")
        self.beta = Parameter(initializer("zeros", shape, param_init_type), name="beta")

    def construct(self, x):
        """x with each row normalized."""
        gamma, beta = ops.cast(self.gamma, x.dtype), ops.cast(self.beta, x.dtype)
        return ops.layer_norm(x, self.gamma.shape, gamma, beta, self.eps)

    def extend_repr(self):
        return f"normalized_shape={self.gamma.shape}, eps={self.eps}"


class _Linear(Cell):
    """activation(x W + b) over the last axis, for one expert or for several, each with its own W and b.

    Args:
        in_channels, out_channels: sizes of the last axis of input and output.
        weight_init, bias_init: initializers of `weight` and `bias`. has_bias: whether there is a bias.
        activation: a name, a Cell, or a class of Cells. transpose_b: `weight` is (out_channels, in_channels) instead
            of (in_channels, out_channels).
        expert_num: experts E; above 1 `weight` has them as its first axis, `bias` is (1, E, 1, out_channels), and the
            input is (..., E, rows, in_channels) in memory. outer_batch: size of what is before the experts.
        expert_group_size: kept; it has effect on several devices alone.
        param_init_type: dtype of the parameters. compute_dtype: dtype of the product.

    Shapes: (..., in_channels) -> (..., out_channels), in the input's dtype.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, in_channels, out_channels, weight_init="normal", bias_init="zeros", has_bias=True,
                 activation=None, transpose_b=True, expert_num=1, outer_batch=1, expert_group_size=None,
                 param_init_type=mstype.float32, compute_dtype=mstype.float16):
        super().__init__()
        self.in_channels = positive_int("_Linear", "in_channels", in_channels)
        self.out_channels = positive_int("_Linear", "out_channels", out_channels)
        self.has_bias, self.bias = flag("_Linear", "has_bias", has_bias), None
        self.transpose_b = flag("_Linear", "transpose_b", transpose_b)
        self.expert_num = positive_int("_Linear", "expert_num", expert_num)
        self.outer_batch = positive_int("_Linear", "outer_batch", outer_batch)
        self.expert_group_size, self.dtype = expert_group_size, compute_dtype
        float_type("_Linear", "param_init_type", param_init_type)
        several = expert_num > 1
        shape = (out_channels, in_channels) if transpose_b else (in_channels, out_channels)
        self.weight = Parameter(initializer(weight_init, (expert_num, *shape) if several else shape, param_init_type),
                                name="weight")
        if has_bias:
            self.bias = Parameter(initializer(bias_init, (1, expert_num, 1, out_channels) if several
                                              else (out_channels,), param_init_type), name="bias")
        self.activation = _activation_of("_Linear", activation)
        self.activation_flag = self.activation is not None

    def construct(self, x):
        """The map of x."""
        shape, given = x.shape, x.dtype
        rows = (self.outer_batch, self.expert_num, -1, self.in_channels) if self.expert_num > 1 \
            else (-1, self.in_channels)
        weight = ops.cast(self.weight, self.dtype)
        if self.transpose_b:
            weight = ops.swapaxes(weight, -1, -2)
        y = ops.matmul(ops.cast(ops.reshape(x, rows), self.dtype), weight)
        if self.has_bias:
            y = y + ops.cast(self.bias, self.dtype)
        if self.activation_flag:
            y = self.activation(y)
        return ops.cast(ops.reshape(y, (*shape[:-1], self.out_channels)), given)

    def extend_repr(self):
        experts = f", expert_num={self.expert_num}" if self.expert_num > 1 else ""
        return f"in_channels={self.in_channels}, out_channels={self.out_channels}, has_bias={self.has_bias}{experts}"


def _activation_of(layer: str, activation) -> Cell | None:
    """The Cell that a name, a Cell or a class of Cells stands for; None for None."""
    if activation is None or isinstance(activation, Cell):
        return activation
    if isinstance(activation, type) and issubclass(activation, Cell):
        return activation()
    if isinstance(activation, str):
        return get_activation(activation, layer)
    raise TypeError(f"For '{layer}', the 'activation' must be the name of an activation, a Cell or a class of Cells, "
                    f"but got {activation!r}.")
