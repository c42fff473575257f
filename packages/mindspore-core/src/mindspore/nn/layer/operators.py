"""The operators of layers, for layers that programs derive from them.

A layer computes by primitives and holds no operators. A program that changes a layer overrides its `construct` and
calls the operator that the layer has in MindSpore: a convolution with standardized weights ends in
`self.conv2d(x, weight)`. These attributes make the operators when they are asked for; what a program assigns to one of
them - its own operator, a cell, a Parameter - takes its place.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.ops import operations as P

__all__ = ["BatchNormOperators", "ConvolutionOperators", "DenseOperators", "EmbeddingOperators", "LayerNormOperators",
           "SequenceOperators"]


class _Operator:
    """An attribute that is made anew at each read, unless the layer has one of the name itself."""

    def __init__(self, make: Callable[[Any], P.Primitive]):
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        if layer is None:
            return self
        for table in (layer._params, layer._cells, layer._buffers):
            if self._name in table:
                return table[self._name]
        return self._make(layer)


class _Biased:
    @_Operator
    def bias_add(self) -> P.Primitive:
        """Adds a vector along the channels."""
        return P.BiasAdd()


class DenseOperators(_Biased):
    """Those of `Dense`."""

    @_Operator
    def matmul(self) -> P.Primitive:
        """Multiplies rows by the weight."""
        return P.MatMul(False, True)

    @_Operator
    def reshape(self) -> P.Primitive:
        """Gives a tensor another shape."""
        return P.Reshape()

    @_Operator
    def shape_op(self) -> P.Primitive:
        """The shape of a tensor."""
        return P.Shape()


class ConvolutionOperators(_Biased):
    """Those of convolutions; each has the one of its kind."""

    out_channels: int
    kernel_size: Any
    pad_mode: str
    padding: Any
    stride: Any
    dilation: Any
    group: int

    @_Operator
    def conv2d(self) -> P.Primitive:
        """The convolution of an image with a weight."""
        return P.Conv2D(self.out_channels, self.kernel_size, 1, self.pad_mode, self.padding, self.stride, self.dilation,
                        self.group)

    @_Operator
    def conv3d(self) -> P.Primitive:
        """The convolution of a volume with a weight."""
        return P.Conv3D(self.out_channels, self.kernel_size, 1, self.pad_mode, self.padding, self.stride, self.dilation,
                        self.group)

    @_Operator
    def conv2d_transpose(self) -> P.Primitive:
        """The transposed convolution of an image with a weight, to a shape."""
        return P.Conv2DTranspose(self.out_channels, self.kernel_size, self.pad_mode, self.padding, None, 1, self.stride,
                                 self.dilation, self.group)


class SequenceOperators:
    """Those by which convolutions of sequences turn them into images of height 1, and back."""

    @_Operator
    def expand_dims(self) -> P.Primitive:
        """Adds an axis of size 1."""
        return P.ExpandDims()

    @_Operator
    def squeeze(self) -> P.Primitive:
        """Takes the axis of the height away."""
        return P.Squeeze(2)

    @_Operator
    def shape(self) -> P.Primitive:
        """The shape of a tensor."""
        return P.Shape()


class EmbeddingOperators:
    """Those of `Embedding`."""

    @_Operator
    def gather(self) -> P.Primitive:
        """Rows of a table."""
        return P.Gather()

    @_Operator
    def expand(self) -> P.Primitive:
        """A tensor with one more axis."""
        return P.ExpandDims()


class LayerNormOperators:
    """Those of `LayerNorm`."""

    begin_norm_axis: int
    begin_params_axis: int
    epsilon: float

    @_Operator
    def layer_norm(self) -> P.Primitive:
        """The normalized tensor, its mean and its variance."""
        return P.LayerNorm(self.begin_norm_axis, self.begin_params_axis, self.epsilon)


class BatchNormOperators:
    """Those of batch normalizations."""

    eps: float
    momentum: float

    @_Operator
    def bn_train(self) -> P.Primitive:
        """Normalization by the batch's statistics; the first of five results."""
        return P.BatchNorm(True, self.eps, 1 - self.momentum)

    @_Operator
    def bn_infer(self) -> P.Primitive:
        """Normalization by the moving statistics; the first of five results."""
        return P.BatchNorm(False, self.eps, self.momentum)
