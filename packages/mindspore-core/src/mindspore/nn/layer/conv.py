"""Convolutions and transposed convolutions of sequences, images and volumes.

One class does the work for any number of spatial axes; a sequence is an image of height 1, and its weight has a height,
too. A transposed convolution is the adjoint of a convolution (the gradient by its input), so its weight has the layout
(in_channels, out_channels / group, ...) of the convolution that it is the adjoint of. Source: Dumoulin and Visin, "A
guide to convolution arithmetic for deep learning", 2016.
"""
from __future__ import annotations

import math

from mindspore.common import dtype as mstype
from mindspore.common.deferred import DeferredTensor
from mindspore.common.initializer import HeUniform, Uniform, initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import pad_mode as check_pad_mode
from mindspore.nn._check import paddings, per_axis, positive_int, same_sides
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import as_computed
from mindspore.nn.layer.operators import ConvolutionOperators, SequenceOperators
from mindspore.runtime.record import apply

__all__ = ["Conv1d", "Conv2d", "Conv3d", "Conv1dTranspose", "Conv2dTranspose", "Conv3dTranspose"]

_RESHAPE = primitive("reshape")


class _Conv(Cell):
    """The settings and Parameters of a convolution, from which programs derive layers of their own; they define
    `construct`.

    Args:
        kernel_size, stride, dilation: tuples as the layer's operator takes them. padding: what `pad_mode` "pad" adds.
        transposed: the weight is (in_channels, out_channels / group, *kernel_size), as its adjoint's; else
            (out_channels, in_channels / group, *kernel_size).
        weight_init, bias_init: None for the defaults of convolutions.

    Raises:
        TypeError, ValueError: channels or group are no positive ints, or group does not divide the channels.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                 weight_init, bias_init, data_format="NCHW", transposed=False, dtype=mstype.float32):
        super().__init__()
        name = type(self).__name__
        self.in_channels = positive_int(name, "in_channels", in_channels)
        self.out_channels = positive_int(name, "out_channels", out_channels)
        self.group = positive_int(name, "group", group)
        if in_channels % group or out_channels % group:
            raise ValueError(f"For '{name}', 'in_channels' ({in_channels}) and 'out_channels' ({out_channels}) must be "
                             f"divisible by 'group' ({group}).")
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.pad_mode, self.padding, self.data_format = pad_mode, padding, data_format
        self.weight_init, self.bias_init, self.dtype = weight_init, bias_init, dtype
        self.has_bias, self.bias = bool(has_bias), None
        channels = (in_channels, out_channels // group) if transposed else (out_channels, in_channels // group)
        shape = (*channels, *kernel_size)
        init = HeUniform(math.sqrt(5)) if weight_init is None else weight_init
        self.weight = Parameter(initializer(init, shape, dtype), name="weight")
        if self.has_bias:
            init = Uniform(1 / math.sqrt(math.prod(shape[1:]))) if bias_init is None else bias_init
            self.bias = Parameter(initializer(init, (out_channels,), dtype), name="bias")

    def extend_repr(self):
        return (f"input_channels={self.in_channels}, output_channels={self.out_channels}, "
                f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}, "
                f"padding={self.padding}, dilation={self.dilation}, group={self.group}, has_bias={self.has_bias}")


def _check_input_3d(input_shape, op_name):
    """ValueError for an input that is no batch of sequences."""
    if len(input_shape) != 3:
        raise ValueError(f"For '{op_name}', the input must have 3 axes, (N, C, L), but it has shape {input_shape}.")


def _deconv_output_length(is_valid, is_same, is_pad, input_length, filter_size, stride_size, dilation_size, padding):
    """The length of a transposed convolution's output along one axis, for one of three ways of padding; `padding` is
    the sum of both sides."""
    reach = filter_size + (filter_size - 1) * (dilation_size - 1)
    length = input_length * stride_size
    if is_valid:
        return length + max(reach - stride_size, 0)
    return length - stride_size + reach - padding if is_pad else length


def _with_lead(weight: Tensor, lead: tuple[int, ...]) -> Tensor:
    """A weight (a, b, *kernel) as (a, b, *lead, *kernel); one that is not drawn yet stays so."""
    shape = weight.shape[:2] + lead + weight.shape[2:]
    if not isinstance(weight, DeferredTensor):
        return apply(_RESHAPE, (weight,), (shape,))
    draw, found = weight.draw, DeferredTensor(shape=shape, dtype=weight.dtype)
    found.draw = lambda: apply(_RESHAPE, (draw(),), (shape,))
    return found


class _Convolution(ConvolutionOperators, _Conv):
    """What all convolutions share. `spatial` is the number of spatial axes, `lead` the axes of size 1 before them."""

    spatial = 2
    lead: tuple[int, ...] = ()
    transposed = False
    layout = "NCHW"

    def __init__(self, in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                 weight_init, bias_init, data_format, dtype):
        name, count, zeros = type(self).__name__, self.spatial, (0, 0) * len(self.lead)
        if data_format != self.layout:
            raise ValueError(f"For '{name}', the 'data_format' must be '{self.layout}', but got {data_format!r}; "
                             f"transpose the input to {self.layout}.")
        sides = zeros + paddings(name, padding, count)
        if self.lead and isinstance(weight_init, Tensor) and weight_init.ndim == count + 2:
            weight_init = _with_lead(weight_init, self.lead)
        super().__init__(in_channels, out_channels, self.lead + per_axis(name, "kernel_size", kernel_size, count),
                         self.lead + per_axis(name, "stride", stride, count), check_pad_mode(name, pad_mode, sides),
                         sides, self.lead + per_axis(name, "dilation", dilation, count), group, has_bias, weight_init,
                         bias_init, data_format, self.transposed, dtype)

    def construct(self, x):
        """The convolution of x."""
        if x.ndim != self.spatial + 2 or x.shape[1] != self.in_channels:
            raise ValueError(f"For '{type(self).__name__}', the input must have {self.spatial + 2} axes, the second "
                             f"one of in_channels ({self.in_channels}), but the input has shape {x.shape}.")
        image = apply(_RESHAPE, (x,), (x.shape[:2] + self.lead + x.shape[2:],)) if self.lead else x
        y = self.convolve(image, as_computed(self, self.weight))
        if self.has_bias:
            flat = (1, self.out_channels) + (1,) * (y.ndim - 2)
            y = y + apply(_RESHAPE, (as_computed(self, self.bias),), (flat,))
        return apply(_RESHAPE, (y,), (y.shape[:2] + y.shape[2 + len(self.lead):],)) if self.lead else y

    def convolve(self, x, weight):
        """The convolution of an image with as many axes as the weight has."""
        sides = same_sides(x.shape[2:], self.kernel_size, self.stride, self.dilation) if self.pad_mode == "same" \
            else self.padding
        return apply(self.operator, (x, weight), (self.stride, sides, self.dilation, self.group))


class _Transposed(_Convolution):
    """What the transposed convolutions share: the size of the output, which the adjoint convolution has as input."""

    transposed = True
    output_padding: tuple[int, ...] = ()

    def _take_output_padding(self, value) -> None:
        name = type(self).__name__
        self.output_padding = per_axis(name, "output_padding", value, self.spatial, 0)
        if any(self.output_padding) and self.pad_mode != "pad":
            raise ValueError(f"For '{name}', the 'output_padding' must be 0 when 'pad_mode' is '{self.pad_mode}', but "
                             f"got {value}.")

    def convolve(self, x, weight):
        """The transposed convolution of an image with as many axes as the weight has."""
        sizes, spans = [], zip(x.shape[2:], self.kernel_size, self.stride, self.dilation)
        for axis, (size, taps, step, apart) in enumerate(spans):
            reach = (taps - 1) * apart + 1
            length = size * step if self.pad_mode == "same" else size * step + max(reach - step, 0)
            if self.pad_mode == "pad":
                extra = self.output_padding[axis - len(self.lead)] if axis >= len(self.lead) else 0
                length = (size - 1) * step + reach - self.padding[2 * axis] - self.padding[2 * axis + 1] + extra
            sizes.append(length)
        sides = same_sides(sizes, self.kernel_size, self.stride, self.dilation) if self.pad_mode == "same" \
            else self.padding
        return apply(self.operator, (x, weight), (tuple(sizes), self.stride, sides, self.dilation, self.group))


class Conv2d(_Convolution):
    """2-D convolution (cross-correlation) of images.

    Args:
        in_channels, out_channels: channels of input and output. kernel_size, stride, dilation: an int or (h, w).
        pad_mode: 'same' (output size is ceil(input / stride)), 'valid' (no padding) or 'pad' (`padding`).
        padding: an int, (h, w) or (top, bottom, left, right), for pad_mode 'pad'. group: blocks of channels that do
            not see each other. has_bias: whether a bias is added.
        weight_init: initializer of `weight`, (out, in / group, h, w); by default U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
        bias_init: initializer of `bias`, (out,); by default the same distribution.

    Shapes: (N, in_channels, H, W) -> (N, out_channels, H', W').

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; ValueError at a call for another shape.
    """

    operator = primitive("conv2d")

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_init=None, bias_init=None, data_format="NCHW", dtype=mstype.float32):
        super().__init__(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                         weight_init, bias_init, data_format, dtype)


class Conv1d(SequenceOperators, _Convolution):
    """1-D convolution of sequences (N, in_channels, L) to (N, out_channels, L'), with the arguments of `Conv2d`; sizes
    are ints, padding is an int or (left, right), and the weight has the shape (out, in / group, 1, k). A Tensor for
    `weight_init` may leave out the axis of size 1."""

    operator = primitive("conv2d")
    spatial, lead, layout = 1, (1,), "NCW"

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_init=None, bias_init=None, dtype=mstype.float32):
        super().__init__(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                         weight_init, bias_init, self.layout, dtype)


class Conv3d(_Convolution):
    """3-D convolution of volumes (N, in_channels, D, H, W) to (N, out_channels, D', H', W'), with the arguments of
    `Conv2d`; padding is an int, (d, h, w) or (head, tail, top, bottom, left, right)."""

    operator = primitive("conv3d")
    spatial, layout = 3, "NCDHW"

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_init=None, bias_init=None, data_format="NCDHW", dtype=mstype.float32):
        super().__init__(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                         weight_init, bias_init, data_format, dtype)


class Conv2dTranspose(_Transposed):
    """The transpose of a 2-D convolution, for growing images; the arguments are those of `Conv2d`.

    The output has H' = H stride for pad_mode 'same', H stride + max(reach - stride, 0) for 'valid', and
    (H - 1) stride + reach - padding + output_padding for 'pad', where reach = dilation (k - 1) + 1. The weight has the
    shape (in, out / group, h, w), and its default distribution the fan_in of this layout, out h w / group.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; ValueError at a call for another shape.
    """

    operator = primitive("conv2d_input_grad")

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, output_padding=0,
                 dilation=1, group=1, has_bias=False, weight_init=None, bias_init=None, dtype=mstype.float32):
        super().__init__(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                         weight_init, bias_init, self.layout, dtype)
        self._take_output_padding(output_padding)


class Conv1dTranspose(SequenceOperators, _Transposed):
    """The transpose of a 1-D convolution: (N, in_channels, L) to (N, out_channels, L'); see `Conv2dTranspose`
    and, for a Tensor as `weight_init`, `Conv1d`."""

    operator = primitive("conv2d_input_grad")
    spatial, lead, layout = 1, (1,), "NCW"

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_init=None, bias_init=None, dtype=mstype.float32):
        super().__init__(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                         weight_init, bias_init, self.layout, dtype)
        self._take_output_padding(0)


class Conv3dTranspose(_Transposed):
    """The transpose of a 3-D convolution: (N, in_channels, D, H, W) to (N, out_channels, D', H', W'); see
    `Conv2dTranspose`."""

    operator = primitive("conv3d_input_grad")
    spatial, layout = 3, "NCDHW"

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, output_padding=0, has_bias=False, weight_init=None, bias_init=None, data_format="NCDHW",
                 dtype=mstype.float32):
        super().__init__(in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group, has_bias,
                         weight_init, bias_init, data_format, dtype)
        self._take_output_padding(output_padding)
