"""Dense layers, flattening, dropout, embeddings, and layers made of plain operators."""
from __future__ import annotations

import math
from collections.abc import Callable

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import HeUniform, Uniform, initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.graph.index_checks import check
from mindspore.nn._call import call
from mindspore.nn._check import is_int, number, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.activation import get_activation
from mindspore.nn.layer.operators import DenseOperators, EmbeddingOperators
from mindspore.runtime.record import apply

__all__ = ["Dense", "Flatten", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "Identity", "Embedding", "Unflatten",
           "OneHot", "Tril", "Triu"]

_MATMUL = primitive("matmul")
_GATHER = primitive("gather")


class Dense(DenseOperators, Cell):
    """y = activation(x W^T + b) over the last axis.

    Args:
        in_channels, out_channels: sizes of the last axis of input and output.
        weight_init: initializer of `weight`, (out_channels, in_channels); by default U(-1/sqrt(in), 1/sqrt(in)).
        bias_init: initializer of `bias`, (out_channels,); by default the same distribution.
        has_bias: whether there is a bias. activation: a name, a Cell or a function applied to the result.

    Shapes: (..., in_channels) -> (..., out_channels).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; ValueError at a call if the last axis does not fit.
    """

    def __init__(self, in_channels, out_channels, weight_init=None, bias_init=None, has_bias=True, activation=None,
                 dtype=mstype.float32):
        super().__init__()
        self.in_channels = positive_int("Dense", "in_channels", in_channels)
        self.out_channels = positive_int("Dense", "out_channels", out_channels)
        self.has_bias, self.bias = bool(has_bias), None
        shape = (out_channels, in_channels)
        self.weight = Parameter(initializer(HeUniform(math.sqrt(5)) if weight_init is None else weight_init, shape,
                                            dtype), name="weight")
        if self.has_bias:
            bound = Uniform(1 / math.sqrt(in_channels))
            self.bias = Parameter(initializer(bound if bias_init is None else bias_init, (out_channels,), dtype),
                                  name="bias")
        if activation is not None and not isinstance(activation, str) and not callable(activation):
            raise TypeError(f"For 'Dense', the 'activation' must be a name, a Cell or a function, but got "
                            f"{activation!r}.")
        self.activation = get_activation(activation, "Dense") if isinstance(activation, str) else activation
        self.activation_flag = self.activation is not None

    def construct(self, x):
        """The layer's output for x."""
        if not x.ndim or x.shape[-1] != self.in_channels:
            raise ValueError(f"For 'Dense', the input's last axis must be in_channels ({self.in_channels}), but the "
                             f"input has shape {x.shape}.")
        weight = as_computed(self, self.weight)
        rows = x if x.ndim >= 2 else ops.reshape(x, (1, -1))
        y = self.product(rows, weight)
        if self.has_bias:
            y = y + as_computed(self, self.bias)
        if x.ndim < 2:
            y = ops.reshape(y, (self.out_channels,))
        return call(self.activation, y) if self.activation_flag else y

    def product(self, x, weight):
        """The rows times the weight."""
        return apply(_MATMUL, (x, weight), (False, True))

    def extend_repr(self):
        return (f"input_channels={self.in_channels}, output_channels={self.out_channels}, has_bias={self.has_bias}"
                + (f", activation={self.activation}" if self.activation_flag else ""))


def as_computed(cell: Cell, parameter: Parameter) -> Tensor:
    """A parameter in the dtype in which its cell computes (`to_float`)."""
    low = cell._low_precision
    return parameter if low is None or parameter.dtype is low else parameter.astype(low)


class Flatten(Cell):
    """Joins the axes start_dim to end_dim into one."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def construct(self, x):
        """x with joined axes."""
        return ops.flatten(x, start_dim=self.start_dim, end_dim=self.end_dim)


class Unflatten(Cell):
    """Splits one axis into several."""

    def __init__(self, axis, unflattened_size):
        super().__init__()
        self.axis, self.unflattened_size = axis, tuple(unflattened_size)

    def construct(self, input_x):
        """input_x with the axis split."""
        axis = self.axis % input_x.ndim
        return ops.reshape(input_x, input_x.shape[:axis] + self.unflattened_size + input_x.shape[axis + 1:])


class Identity(Cell):
    """The input itself."""

    def construct(self, input):
        """The input."""
        return input


class Dropout(Cell):
    """Zeroes elements with probability p while training, and scales the others by 1 / (1 - p).

    Args:
        keep_prob: 1 - p, the older form. p: the probability of a zero; takes precedence. Both in the range of
            probabilities: 0 < keep_prob <= 1, 0 <= p < 1.
    """

    def __init__(self, keep_prob=0.5, p=None, dtype=mstype.float32):
        super().__init__()
        if p is None:
            if isinstance(keep_prob, bool) or not isinstance(keep_prob, int | float):
                raise TypeError(f"For 'Dropout', the 'keep_prob' must be a float, but got {keep_prob!r}.")
            if not 0 < keep_prob <= 1:
                raise ValueError(f"For 'Dropout', the 'keep_prob' must be in (0, 1], but got {keep_prob}.")
            p = 1.0 - keep_prob
        if isinstance(p, bool) or not isinstance(p, int | float):
            raise TypeError(f"For 'Dropout', the 'p' must be a float, but got {p!r}.")
        if not 0 <= p < 1:
            raise ValueError(f"For 'Dropout', the 'p' must be in [0, 1), but got {p}.")
        self.p = float(p)

    def construct(self, x):
        """x with dropout in training, x itself otherwise."""
        return ops.dropout(x, self.p, True) if self.training and self.p else x

    def extend_repr(self):
        return f"p={self.p}"


class _ChannelDropout(Cell):
    """Zeroes whole channels with probability p while training, and scales the others by 1 / (1 - p)."""

    function: Callable

    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= number(type(self).__name__, "p", p) <= 1:
            raise ValueError(f"For '{type(self).__name__}', the 'p' must be between 0 and 1, but got {p}.")
        self.p = float(p)

    def construct(self, x):
        """x with dropout in training, x itself otherwise."""
        return self.function(x, self.p, True) if self.training and self.p else x

    def extend_repr(self):
        return f"p={self.p}"


class Dropout1d(_ChannelDropout):
    """Dropout of whole channels of (N, C, L) or (C, L)."""

    function = staticmethod(ops.dropout1d)


class Dropout2d(_ChannelDropout):
    """Dropout of whole channels of (N, C, H, W) or (C, H, W)."""

    function = staticmethod(ops.dropout2d)


class Dropout3d(_ChannelDropout):
    """Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W)."""

    function = staticmethod(ops.dropout3d)


class Embedding(EmbeddingOperators, Cell):
    """Rows of a table: indices of any shape -> that shape + (embedding_size,).

    Args:
        vocab_size, embedding_size: the table's shape. embedding_table: its initializer, N(0, 0.01^2) by default.
        use_one_hot: accepted; the rows are the same. padding_idx: a row that starts as zeros.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; TypeError at a call for indices that are no
            integers.
    """

    def __init__(self, vocab_size, embedding_size, use_one_hot=False, embedding_table="normal", dtype=mstype.float32,
                 padding_idx=None):
        super().__init__()
        self.vocab_size = positive_int("Embedding", "vocab_size", vocab_size)
        self.embedding_size = positive_int("Embedding", "embedding_size", embedding_size)
        self.use_one_hot, self.padding_idx = use_one_hot, padding_idx
        table = initializer(embedding_table, (vocab_size, embedding_size), dtype)
        if padding_idx is not None:
            if not is_int(padding_idx) or not 0 <= padding_idx < vocab_size:
                raise ValueError(f"For 'Embedding', the 'padding_idx' must be in [0, {vocab_size}), but got "
                                 f"{padding_idx}.")
            rows = table.asnumpy().copy()
            rows[padding_idx] = 0
            table = Tensor(rows)
        self.embedding_table = Parameter(table, name="embedding_table")

    def construct(self, ids):
        """The rows of the table at ids."""
        check("Embedding", ids, 0, self.vocab_size)
        return apply(_GATHER, (as_computed(self, self.embedding_table), ids), (0,))

    def extend_repr(self):
        return f"vocab_size={self.vocab_size}, embedding_size={self.embedding_size}"


class OneHot(Cell):
    """One-hot vectors along a new axis."""

    def __init__(self, axis=-1, depth=1, on_value=1.0, off_value=0.0, dtype=mstype.float32):
        super().__init__()
        self.axis, self.depth, self.dtype = axis, depth, dtype
        self.on_value, self.off_value = on_value, off_value

    def construct(self, indices):
        """The vectors of indices."""
        codes = ops.one_hot(indices, self.depth, self.on_value, self.off_value, self.axis)
        return ops.cast(codes, self.dtype)


class Tril(Cell):
    """The lower triangle of matrices."""

    def __init__(self):
        super().__init__()

    def construct(self, x, k=0):
        """x with zeros above diagonal k."""
        return ops.tril(x, k)


class Triu(Cell):
    """The upper triangle of matrices."""

    def __init__(self):
        super().__init__()

    def construct(self, x, k=0):
        """x with zeros below diagonal k."""
        return ops.triu(x, k)
