"""Layers that note what the second-order optimizer `nn.thor` needs: factors of the Fisher information.

The block of the Fisher information that belongs to a weight of shape (out, in) is close to the Kronecker product of two
small matrices (K-FAC; Martens and Grosse, 2015): A, the mean of a a^T over the samples, where a is what comes into the
layer, and G, the mean of d d^T, where d is the gradient by what comes out of it, before the bias. A is noted when the
layer is called, G when its gradient is computed. For a convolution (KFC; Grosse and Martens, 2016) a is what lies under
the kernel, and the means are over the samples and all places; with groups there is a pair of matrices for each. For a
table of embeddings A is diagonal: how often each row was looked up.

The gradient that a layer sees is that of the loss as it is, a mean over the batch with a loss scale; `nn.thor` knows
both and undoes them. Source of the optimizer: Chen et al., "THOR: Trace-based Hardware-driven Layer-Oriented Natural
Gradient Descent Computation", AAAI 2021.
"""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph.guards import CELL_EPOCH
from mindspore.nn._check import same_sides
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Dense, Embedding
from mindspore.nn.layer.combined import EmbeddingLookup
from mindspore.nn.layer.conv import Conv2d
from mindspore.ops.counting import bincount_of_size
from mindspore.runtime.mixing import mixed
from mindspore.runtime.record import assign

__all__ = ["DenseThor", "Conv2dThor", "EmbeddingThor", "EmbeddingLookupThor"]


class WithFactors(Cell):
    """What the layers share: the two matrices, and whether they are noted (`thor`).

    Attributes:
        matrix_a, matrix_g: Parameters without gradients, Float32. thor: whether calls note them, True at first.
    """

    def _hold(self, a_shape: tuple[int, ...], g_shape: tuple[int, ...]) -> None:
        self.thor = True
        self.matrix_a = Parameter(Tensor(np.zeros(a_shape, np.float32)), name="matrix_a", requires_grad=False)
        self.matrix_g = Parameter(Tensor(np.zeros(g_shape, np.float32)), name="matrix_g", requires_grad=False)

    @property
    def factored(self) -> Parameter:
        """The parameter whose gradient the matrices belong to."""
        raise TypeError(f"{type(self).__name__} does not say which parameter its factors belong to")

    def columns_in(self, x) -> Tensor:
        """What comes in, as rows."""
        raise TypeError(f"{type(self).__name__} does not define columns_in")

    def columns_out(self, gradient) -> Tensor:
        """A gradient by what comes out, as rows."""
        return ops.reshape(gradient, (-1, gradient.shape[-1]))

    def note_in(self, x) -> None:
        """Note A."""
        with mixed(None):
            assign(self.matrix_a, _mean_product(self.columns_in(ops.stop_gradient(x).astype(float32))))

    def save_gradient(self, dout):
        """Note G; the gradient itself."""
        with mixed(None):
            assign(self.matrix_g, _mean_product(self.columns_out(dout.astype(float32))))
        return dout

    def noted(self, y) -> Tensor:
        """What comes out of the layer, whose gradient is noted where `thor` says so."""
        return ops.InsertGradientOf(self.save_gradient)(y) if self.thor else y


def _mean_product(rows) -> Tensor:
    """The mean of r^T r over the rows of (..., rows, columns)."""
    return ops.matmul(ops.swapaxes(rows, -1, -2), rows) / rows.shape[-2]


class DenseThor(WithFactors, Dense):
    """`Dense` that notes its factors: `matrix_a` (in, in) and `matrix_g` (out, out).

    Args:
        weight_init, bias_init: N(0, 0.01^2) and zeros by default. The others are those of `Dense`.
    """

    def __init__(self, in_channels, out_channels, weight_init="normal", bias_init="zeros", has_bias=True,
                 activation=None):
        super().__init__(in_channels, out_channels, weight_init, bias_init, has_bias, activation)
        self._hold((in_channels, in_channels), (out_channels, out_channels))

    @property
    def factored(self) -> Parameter:
        return self.weight

    def columns_in(self, x) -> Tensor:
        return ops.reshape(x, (-1, self.in_channels))

    def product(self, x, weight):
        """The rows times the weight."""
        if self.thor:
            self.note_in(x)
        return self.noted(super().product(x, weight))


class Conv2dThor(WithFactors, Conv2d):
    """`Conv2d` that notes its factors: `matrix_a` (in * kh * kw, in * kh * kw) and `matrix_g` (out, out); with groups
    (group, in / group * kh * kw, in / group * kh * kw) and (group, out / group, out / group).

    Attributes:
        positions: a Parameter, (1,), at how many places of an image the kernel lay in the last call.

    Args:
        weight_init, bias_init: N(0, 0.01^2) and zeros by default. The others are those of `Conv2d`.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_init="normal", bias_init="zeros"):
        super().__init__(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                         weight_init, bias_init)
        groups = () if group == 1 else (group,)
        a, g = in_channels // group * self.kernel_size[0] * self.kernel_size[1], out_channels // group
        self._hold((*groups, a, a), (*groups, g, g))
        self.positions = Parameter(Tensor(np.ones(1, np.float32)), name="positions", requires_grad=False)

    @property
    def factored(self) -> Parameter:
        return self.weight

    def columns_in(self, x) -> Tensor:
        sides = same_sides(x.shape[2:], self.kernel_size, self.stride, self.dilation) if self.pad_mode == "same" \
            else self.padding
        top, bottom, left, right = sides
        padded = ops.pad(x, (left, right, top, bottom)) if any(sides) else x
        windows = ops.unfold(padded, self.kernel_size, self.dilation, 0, self.stride)
        assign(self.positions, ops.full((1,), windows.shape[2], dtype=float32))
        return self._rows_of_groups(windows)

    def columns_out(self, gradient) -> Tensor:
        return self._rows_of_groups(ops.reshape(gradient, (*gradient.shape[:2], -1)))

    def _rows_of_groups(self, columns) -> Tensor:
        """(N, group * k, places) to (N * places, k), or with groups (group, N * places, k)."""
        batch, channels, places = columns.shape
        split = ops.reshape(columns, (batch, self.group, channels // self.group, places))
        rows = ops.reshape(ops.transpose(split, (1, 0, 3, 2)), (self.group, batch * places, channels // self.group))
        return rows if self.group > 1 else rows[0]

    def convolve(self, x, weight):
        """The convolution of an image."""
        if self.thor:
            self.note_in(x)
        return self.noted(super().convolve(x, weight))


class _LookedUp(WithFactors):
    """A table whose `matrix_a` counts how often each of its rows was looked up, and whose `matrix_g` is that of the
    rows, (size, size)."""

    def _hold_table(self) -> None:
        self._hold((self.vocab_size,), (self.embedding_size, self.embedding_size))

    @property
    def factored(self) -> Parameter:
        return self.embedding_table

    def note_in(self, x) -> None:
        assign(self.matrix_a, bincount_of_size(x, self.vocab_size, ops.zeros((0,), float32)))


class EmbeddingThor(_LookedUp, Embedding):
    """`Embedding` that notes its factors: `matrix_a` (vocab_size,), how often each row was looked up, and `matrix_g`
    (embedding_size, embedding_size). The arguments are those of `Embedding`."""

    def __init__(self, vocab_size, embedding_size, use_one_hot=False, embedding_table="normal", dtype=float32,
                 padding_idx=None):
        super().__init__(vocab_size, embedding_size, use_one_hot, embedding_table, dtype, padding_idx)
        self._hold_table()

    def construct(self, ids):
        """The rows of the table at ids."""
        if self.thor:
            self.note_in(ids)
        return self.noted(super().construct(ids))


class EmbeddingLookupThor(_LookedUp, EmbeddingLookup):
    """`EmbeddingLookup` that notes its factors, see `EmbeddingThor`; for both targets. The arguments are those of
    `EmbeddingLookup`."""

    def __init__(self, vocab_size, embedding_size, param_init="normal", target="CPU", slice_mode="batch_slice",
                 manual_shapes=None, max_norm=None, sparse=True):
        super().__init__(vocab_size, embedding_size, param_init, target, slice_mode, manual_shapes, max_norm, sparse)
        self._hold_table()

    def construct(self, indices):
        """The rows at indices of any shape: that shape + (embedding_size,)."""
        if self.thor:
            self.note_in(indices)
        return self.noted(super().construct(indices))


# -- networks ----------------------------------------------------------------------------------------------------------


def _dense(layer: Dense) -> DenseThor:
    return DenseThor(layer.in_channels, layer.out_channels, "zeros", has_bias=layer.has_bias,
                     activation=layer.activation)


def _convolution(layer: Conv2d) -> Conv2dThor:
    return Conv2dThor(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.pad_mode,
                      layer.padding, layer.dilation, layer.group, layer.has_bias, "zeros")


def _embedding(layer: Embedding) -> EmbeddingThor:
    return EmbeddingThor(layer.vocab_size, layer.embedding_size, layer.use_one_hot, "zeros",
                         padding_idx=layer.padding_idx)


def _lookup(layer: EmbeddingLookup) -> EmbeddingLookupThor:
    return EmbeddingLookupThor(layer.vocab_size, layer.embedding_size, "zeros", layer.target,
                               max_norm=layer.max_norm, sparse=layer.sparse)


_CONVERSIONS = {Dense: (_dense, "weight"), Conv2d: (_convolution, "weight"),
                Embedding: (_embedding, "embedding_table"), EmbeddingLookup: (_lookup, "embedding_table")}


def note_factors(network: Cell) -> Cell:
    """Put a layer that notes its factors in the place of each `Dense`, `Conv2d`, `Embedding` and `EmbeddingLookup`
    below a network whose weight is trained. They keep their Parameters, and the precision in which they compute;
    subclasses that programs have written stay as they are. The network itself is given back."""
    made: dict[int, tuple[Cell, Cell]] = {}
    for _, parent in list(network.cells_and_names()):
        for name, layer in list(parent._cells.items()):
            if type(layer) not in _CONVERSIONS or layer is network:
                continue
            make, weight = _CONVERSIONS[type(layer)]
            if not getattr(layer, weight).requires_grad:
                continue
            if id(layer) not in made:
                made[id(layer)] = layer, _taking_place(layer, make(layer), weight)
            parent._cells[name] = made[id(layer)][1]
            CELL_EPOCH[0] += 1
    return network


def _taking_place(layer: Cell, new: Cell, weight: str) -> Cell:
    """The new layer with the Parameters and the settings of the old one."""
    new.update_parameters_name(getattr(layer, weight).name[:-len(weight)])
    for name, param in layer._params.items():
        new._params[name] = param
    new.set_precision(layer._low_precision, layer._mixing, layer._result_dtype)
    new.training = layer.training
    return new
