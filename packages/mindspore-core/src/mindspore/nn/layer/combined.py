"""Dense and bilinear layers beside `Dense`, layers with their normalization and activation, and looked-up rows."""
from __future__ import annotations

import math

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import Uniform, initializer
from mindspore.common.parameter import Parameter
from mindspore.nn._check import flag, is_int, positive_float, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.activation import LeakyReLU, get_activation
from mindspore.nn.layer.basic import Dense, as_computed
from mindspore.nn.layer.conv import Conv2d
from mindspore.nn.layer.normalization import BatchNorm1d, BatchNorm2d

__all__ = ["Linear", "BiDense", "Conv2dBnAct", "DenseBnAct", "EmbeddingLookup", "ParameterUpdate"]


class Linear(Dense):
    """y = x W^T + b over the last axis: `Dense` under other names.

    Args:
        in_features, out_features: sizes of the last axis of input and output. bias: whether there is a bias.
        weight_init, bias_init: initializers, by default U(-1/sqrt(in), 1/sqrt(in)). dtype: Float32 by default.
    """

    def __init__(self, in_features, out_features, bias=True, weight_init=None, bias_init=None, dtype=None):
        super().__init__(positive_int(type(self).__name__, "in_features", in_features),
                         positive_int(type(self).__name__, "out_features", out_features), weight_init, bias_init,
                         flag(type(self).__name__, "bias", bias), None, mstype.float32 if dtype is None else dtype)
        self.in_features, self.out_features = in_features, out_features


class BiDense(Cell):
    """y_k = input1^T W_k input2 + b_k over the last axes.

    Args:
        in1_channels, in2_channels, out_channels: sizes of the last axes of the inputs and the output.
        weight_init: initializer of `weight`, (out, in1, in2); by default U(-1/sqrt(in1), 1/sqrt(in1)).
        bias_init: initializer of `bias`, (out,); by default the same. has_bias: whether there is a bias.

    Shapes: (..., in1_channels), (..., in2_channels) -> (..., out_channels).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; ValueError at a call for other shapes.
    """

    def __init__(self, in1_channels, in2_channels, out_channels, weight_init=None, bias_init=None, has_bias=True,
                 dtype=mstype.float32):
        super().__init__()
        self.in1_channels = positive_int("BiDense", "in1_channels", in1_channels)
        self.in2_channels = positive_int("BiDense", "in2_channels", in2_channels)
        self.out_channels = positive_int("BiDense", "out_channels", out_channels)
        self.has_bias, self.bias = flag("BiDense", "has_bias", has_bias), None
        bound = Uniform(1 / math.sqrt(in1_channels))
        self.weight = Parameter(initializer(bound if weight_init is None else weight_init,
                                            (out_channels, in1_channels, in2_channels), dtype), name="weight")
        if has_bias:
            self.bias = Parameter(initializer(bound if bias_init is None else bias_init, (out_channels,), dtype),
                                  name="bias")

    def construct(self, input1, input2):
        """The layer's output for a pair of inputs."""
        bias = as_computed(self, self.bias) if self.has_bias else None
        return ops.bidense(input1, input2, as_computed(self, self.weight), bias)

    def extend_repr(self):
        return (f"in1_channels={self.in1_channels}, in2_channels={self.in2_channels}, "
                f"out_channels={self.out_channels}, has_bias={self.has_bias}")


def _activation(name: str, activation, alpha: float) -> Cell | None:
    """The activation layer by a name or as it is; `alpha` is the slope of 'leakyrelu'."""
    if activation is None or isinstance(activation, Cell):
        return activation
    if not isinstance(activation, str):
        raise TypeError(f"For '{name}', the 'activation' must be a name or a Cell, but got {activation!r}.")
    return LeakyReLU(alpha) if activation == "leakyrelu" else get_activation(activation, name)


class _WithActivation(Cell):
    """What a layer with normalization and activation does behind its first part."""

    def _take(self, batchnorm, activation, alpha, after_fake) -> None:
        self.has_bn = batchnorm is not None
        if self.has_bn:
            self.batchnorm = batchnorm
        self.activation = _activation(type(self).__name__, activation, alpha)
        self.has_act = self.activation is not None
        self.after_fake = flag(type(self).__name__, "after_fake", after_fake)

    def _finish(self, y):
        y = self.batchnorm(y) if self.has_bn else y
        return self.activation(y) if self.has_act else y


class Conv2dBnAct(_WithActivation):
    """A `Conv2d` as `conv`, where `has_bn` a `BatchNorm2d` as `batchnorm`, and an activation.

    Args:
        momentum, eps: those of the normalization. activation: a name or a Cell. alpha: the slope of 'leakyrelu'.
        after_fake: accepted; it matters for quantization only. The others are those of `Conv2d`.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_init="normal", bias_init="zeros", has_bn=False, momentum=0.997,
                 eps=1e-5, activation=None, alpha=0.2, after_fake=True):
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
                           has_bias, weight_init, bias_init)
        norm = BatchNorm2d(out_channels, eps, momentum) if flag("Conv2dBnAct", "has_bn", has_bn) else None
        self._take(norm, activation, alpha, after_fake)

    def construct(self, x):
        """The layer's output for images."""
        return self._finish(self.conv(x))


class DenseBnAct(_WithActivation):
    """A `Dense` as `dense`, where `has_bn` a `BatchNorm1d` as `batchnorm`, and an activation; see `Conv2dBnAct`."""

    def __init__(self, in_channels, out_channels, weight_init="normal", bias_init="zeros", has_bias=True, has_bn=False,
                 momentum=0.9, eps=1e-5, activation=None, alpha=0.2, after_fake=True):
        super().__init__()
        self.dense = Dense(in_channels, out_channels, weight_init, bias_init, has_bias)
        norm = BatchNorm1d(out_channels, eps, momentum) if flag("DenseBnAct", "has_bn", has_bn) else None
        self._take(norm, activation, alpha, after_fake)

    def construct(self, x):
        """The layer's output for rows."""
        return self._finish(self.dense(x))


class EmbeddingLookup(Cell):
    """Rows of a table, like `Embedding`.

    Args:
        vocab_size, embedding_size: the table's shape. param_init: its initializer. max_norm: rows that are longer are
            scaled to this length. target, slice_mode, manual_shapes, sparse: accepted; they say where the rows of a
            distributed table lie. vocab_cache_size: accepted, an int of at least 0; it was the number of rows that the
            workers of a parameter server keep.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    BATCH_SLICE, FIELD_SLICE = "batch_slice", "field_slice"
    TABLE_ROW_SLICE, TABLE_COLUMN_SLICE = "table_row_slice", "table_column_slice"

    def __init__(self, vocab_size, embedding_size, param_init="normal", target="CPU", slice_mode="batch_slice",
                 manual_shapes=None, max_norm=None, sparse=True, dtype=mstype.float32, *, vocab_cache_size=0):
        super().__init__()
        self.vocab_size = positive_int("EmbeddingLookup", "vocab_size", vocab_size)
        self.embedding_size = positive_int("EmbeddingLookup", "embedding_size", embedding_size)
        if not is_int(vocab_cache_size) or vocab_cache_size < 0:
            raise ValueError(f"For 'EmbeddingLookup', the 'vocab_cache_size' must be an int of at least 0, but got "
                             f"{vocab_cache_size!r}; leave it out, it has no effect.")
        if target not in ("CPU", "DEVICE"):
            raise ValueError(f"For 'EmbeddingLookup', the 'target' must be 'CPU' or 'DEVICE', but got {target!r}.")
        modes = (self.BATCH_SLICE, self.FIELD_SLICE, self.TABLE_ROW_SLICE, self.TABLE_COLUMN_SLICE)
        if slice_mode not in modes:
            raise ValueError(f"For 'EmbeddingLookup', the 'slice_mode' must be one of {', '.join(modes)}, but got "
                             f"{slice_mode!r}.")
        self.target, self.sparse = target, flag("EmbeddingLookup", "sparse", sparse)
        self.max_norm = max_norm if max_norm is None else positive_float("EmbeddingLookup", "max_norm", max_norm)
        self.embedding_table = Parameter(initializer(param_init, (vocab_size, embedding_size), dtype),
                                         name="embedding_table")

    def construct(self, indices):
        """The rows at indices of any shape: that shape + (embedding_size,)."""
        rows = ops.gather(as_computed(self, self.embedding_table), indices, 0)
        if self.max_norm is None:
            return rows
        length = ops.sqrt(ops.sum(ops.square(rows), -1, True))
        return ops.where(length > self.max_norm, rows * (self.max_norm / ops.maximum(length, self.max_norm)), rows)


class ParameterUpdate(Cell):
    """Gives a Parameter the value that the cell is called with."""

    def __init__(self, param):
        super().__init__()
        if not isinstance(param, Parameter):
            raise TypeError(f"For 'ParameterUpdate', the 'param' must be a Parameter, but got {type(param).__name__}.")
        self._param = param

    def construct(self, x):
        """The Parameter's new value, x; ValueError for another shape."""
        return ops.assign(self._param, x).value()
