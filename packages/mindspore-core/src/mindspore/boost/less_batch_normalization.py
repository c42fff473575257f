"""A classifier's last layer with normalized rows, in place of a dense one."""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph.guards import CELL_EPOCH
from mindspore.nn._check import flag, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Dense, as_computed

__all__ = ["CommonHeadLastFN", "LessBN"]


class CommonHeadLastFN(Cell):
    """multiplier (x / |x| (W / |W|)^T + b), where rows of x and of W are divided by their lengths.

    Args:
        in_channels, out_channels: sizes of the last axis of input and output. weight_init, bias_init: initializers.
        has_bias: whether there is a bias. The `multiplier`, (1,), is trained and starts as 1.

    Shapes: (N, in_channels) -> (N, out_channels).
    """

    def __init__(self, in_channels, out_channels, weight_init="normal", bias_init="zeros", has_bias=True):
        super().__init__()
        self.in_channels = positive_int("CommonHeadLastFN", "in_channels", in_channels)
        self.out_channels = positive_int("CommonHeadLastFN", "out_channels", out_channels)
        self.has_bias, self.bias = flag("CommonHeadLastFN", "has_bias", has_bias), None
        self.weight = Parameter(initializer(weight_init, (out_channels, in_channels)), name="weight")
        self.multiplier = Parameter(Tensor(np.ones(1, np.float32)), name="multiplier")
        if has_bias:
            self.bias = Parameter(initializer(bias_init, (out_channels,)), name="bias")

    def construct(self, x):
        """The layer's output for rows."""
        rows, weight = ops.L2Normalize(axis=1)(x), ops.L2Normalize(axis=1)(as_computed(self, self.weight))
        y = ops.matmul(rows, ops.swapaxes(weight, 0, 1))
        if self.has_bias:
            y = y + as_computed(self, self.bias)
        return as_computed(self, self.multiplier) * y


class LessBN(Cell):
    """A network that is to train well with fewer batch normalizations: its last `Dense` has normalized rows.

    The batch normalizations themselves stay: to leave them out is a rewrite that no backend here does.

    Args:
        network: the Cell, which is changed. fn_flag: put a `CommonHeadLastFN` without a bias in the place of the
            network's last `Dense`, whose weight it keeps.

    Raises:
        TypeError: the network is no Cell, or `fn_flag` no bool.
    """

    def __init__(self, network, fn_flag=False):
        super().__init__(auto_prefix=False)
        if not isinstance(network, Cell):
            raise TypeError(f"For 'LessBN', the 'network' must be a Cell, but got {type(network).__name__}.")
        self.network = network.set_boost("less_bn")
        if flag("LessBN", "fn_flag", fn_flag):
            _normalize_last(network)

    def construct(self, *inputs):
        """The network's output."""
        return self.network(*inputs)


def _normalize_last(network: Cell) -> None:
    places = [(cell, name, child) for _, cell in network.cells_and_names() for name, child in cell._cells.items()
              if isinstance(child, Dense)]
    if not places:
        return
    layer = places[-1][2]
    made = CommonHeadLastFN(layer.in_channels, layer.out_channels, "zeros", has_bias=False)
    made.update_parameters_name(layer.weight.name[:-len("weight")])
    made._params["weight"], made.training = layer.weight, layer.training
    made.set_precision(layer._low_precision, layer._mixing, layer._result_dtype)
    for parent, name, child in places:
        if child is layer:
            parent._cells[name] = made
    CELL_EPOCH[0] += 1
