"""The operators of layers, for layers that programs derive from them.

A layer computes by primitives and holds no operators. A program that changes a layer overrides its `construct` and
calls the operator that the layer has in MindSpore: a convolution with standardized weights ends in
`self.conv2d(x, weight)`. These properties make the operators when they are asked for.
"""
from __future__ import annotations

from typing import Any

from mindspore.ops import operations as P

__all__ = ["BatchNormOperators", "ConvolutionOperators", "DenseOperators", "EmbeddingOperators", "LayerNormOperators"]


class _Biased:
    @property
    def bias_add(self) -> P.Primitive:
        """Adds a vector along the channels."""
        return P.BiasAdd()


class DenseOperators(_Biased):
    """Those of `Dense`."""

    @property
    def matmul(self) -> P.Primitive:
        """Multiplies rows by the weight."""
        return P.MatMul(False, True)

    @property
    def reshape(self) -> P.Primitive:
        """Gives a tensor another shape."""
        return P.Reshape()

    @property
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

    @property
    def conv2d(self) -> P.Primitive:
        """The convolution of an image with a weight."""
        return P.Conv2D(self.out_channels, self.kernel_size, 1, self.pad_mode, self.padding, self.stride, self.dilation,
                        self.group)

    @property
    def conv3d(self) -> P.Primitive:
        """The convolution of a volume with a weight."""
        return P.Conv3D(self.out_channels, self.kernel_size, 1, self.pad_mode, self.padding, self.stride, self.dilation,
                        self.group)

    @property
    def conv2d_transpose(self) -> P.Primitive:
        """The transposed convolution of an image with a weight, to a shape."""
        return P.Conv2DTranspose(self.out_channels, self.kernel_size, self.pad_mode, self.padding, None, 1, self.stride,
                                 self.dilation, self.group)


class EmbeddingOperators:
    """Those of `Embedding`."""

    @property
    def gather(self) -> P.Primitive:
        """Rows of a table."""
        return P.Gather()

    @property
    def expand(self) -> P.Primitive:
        """A tensor with one more axis."""
        return P.ExpandDims()


class LayerNormOperators:
    """Those of `LayerNorm`."""

    begin_norm_axis: int
    begin_params_axis: int
    epsilon: float

    @property
    def layer_norm(self) -> P.Primitive:
        """The normalized tensor, its mean and its variance."""
        return P.LayerNorm(self.begin_norm_axis, self.begin_params_axis, self.epsilon)


class BatchNormOperators:
    """Those of batch normalizations."""

    eps: float
    momentum: float

    @property
    def bn_train(self) -> P.Primitive:
        """Normalization by the batch's statistics; the first of five results."""
        return P.BatchNorm(True, self.eps, 1 - self.momentum)

    @property
    def bn_infer(self) -> P.Primitive:
        """Normalization by the moving statistics; the first of five results."""
        return P.BatchNorm(False, self.eps, self.momentum)
