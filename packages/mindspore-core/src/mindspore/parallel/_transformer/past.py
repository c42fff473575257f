"""What layers keep of the positions that they have seen, and the checks that they share."""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn._check import flag, not_negative, positive_int
from mindspore.nn.cell import Cell
from mindspore.parallel._transformer.checks import (
    _check_input_dtype,
    _check_past_none_input_none,
    _LayerInputCheck,
    float_type,
)


def check_arguments(layer: str, given: dict, sizes: tuple[str, ...]) -> None:
    """TypeError or ValueError unless the arguments of a layer or of a stack of them are as documented."""
    for name in sizes:
        positive_int(layer, name, given[name])
    for name in ("attention_dropout_rate", "hidden_dropout_rate"):
        not_negative(layer, name, given[name])
    for name in ("layernorm_compute_type", "softmax_compute_type", "param_init_type"):
        float_type(layer, name, given[name])
    flag(layer, "post_layernorm_residual", given["post_layernorm_residual"])
    if flag(layer, "use_past", given["use_past"]):
        positive_int(layer, "batch_size", given["batch_size"])


class KeepsPast(Cell):
    """A layer with keys and values of the positions that it has seen, `key_past` and `value_past`: None, or with
    `use_past` parameters (B, heads, D, S) and (B, heads, S, D) of Float16 that are not trained."""

    key_past: Any
    value_past: Any

    def keep(self, use_past: bool, shape: tuple[int, int, int, int]) -> None:
        """Make the parameters, of zeros, if they are needed. `shape` is (B, heads, S, D)."""
        self.use_past, self.is_first_iteration = use_past, True
        self.key_past = self.value_past = None
        if use_past:
            batch, heads, length, size = shape
            for name, axes in (("key_past", (batch, heads, size, length)), ("value_past", shape)):
                zeros = Tensor(np.zeros(axes, np.float16))
                setattr(self, name, Parameter(zeros, name=name, requires_grad=False))

    def past(self, init_reset, batch_valid_length) -> tuple:
        """Keys and values of the past, or of zeros where `init_reset`, (1,) of Bool, is False; None without a past."""
        layer = type(self).__name__
        _check_past_none_input_none(self.use_past, "init_reset", layer, True, isinstance(init_reset, Tensor),
                                    init_reset is True)
        _check_past_none_input_none(self.use_past, "batch_valid_length", layer, None,
                                    isinstance(batch_valid_length, Tensor), batch_valid_length is None)
        if not self.use_past:
            return None, None
        _check_input_dtype(init_reset.dtype, "init_reset", [mstype.bool_], layer)
        _LayerInputCheck.check_shape_equal(init_reset.shape, "init_reset", layer, [1])
        _check_input_dtype(batch_valid_length.dtype, "batch_valid_length", [mstype.int32], layer)
        _LayerInputCheck.check_shape_equal(batch_valid_length.shape, "batch_valid_length", layer,
                                           [self.key_past.shape[0]])
        used = ops.cast(init_reset, self.key_past.dtype)
        return self.key_past * used, self.value_past * used

    def remember(self, present: tuple) -> None:
        """Keep keys and values for the next call."""
        if self.use_past:
            ops.assign(self.key_past, ops.cast(present[0], self.key_past.dtype))
            ops.assign(self.value_past, ops.cast(present[1], self.value_past.dtype))
