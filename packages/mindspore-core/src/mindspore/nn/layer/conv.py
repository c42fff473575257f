"""Convolution layers."""
from __future__ import annotations

import math

from mindspore.common import dtype as mstype
from mindspore.common.initializer import HeUniform, Uniform, initializer
from mindspore.common.parameter import Parameter
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import pad_mode as check_pad_mode
from mindspore.nn._check import padding4, pair, positive_int, same_padding
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import as_computed
from mindspore.runtime.record import apply

__all__ = ["Conv2d"]

_CONV2D = primitive("conv2d")
_RESHAPE = primitive("reshape")


class Conv2d(Cell):
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
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, pad_mode="same", padding=0, dilation=1,
                 group=1, has_bias=False, weight_init=None, bias_init=None, data_format="NCHW", dtype=mstype.float32):
        super().__init__()
        self.in_channels = positive_int("Conv2d", "in_channels", in_channels)
        self.out_channels = positive_int("Conv2d", "out_channels", out_channels)
        self.group = positive_int("Conv2d", "group", group)
        if in_channels % group or out_channels % group:
            raise ValueError(f"For 'Conv2d', 'in_channels' ({in_channels}) and 'out_channels' ({out_channels}) must be "
                             f"divisible by 'group' ({group}).")
        if data_format != "NCHW":
            raise ValueError(f"For 'Conv2d', the 'data_format' must be 'NCHW', but got {data_format!r}; transpose the "
                             f"input to NCHW.")
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size)
        self.stride = pair("Conv2d", "stride", stride)
        self.dilation = pair("Conv2d", "dilation", dilation)
        self.pad_mode = check_pad_mode("Conv2d", pad_mode)
        self.padding = padding4("Conv2d", padding)
        if any(self.padding) and self.pad_mode != "pad":
            raise ValueError(f"For 'Conv2d', the 'padding' must be 0 when 'pad_mode' is {pad_mode!r}, but got "
                             f"{padding}; use pad_mode='pad'.")
        self.has_bias = bool(has_bias)
        shape = (out_channels, in_channels // group, *self.kernel_size)
        self.weight = Parameter(initializer(HeUniform(math.sqrt(5)) if weight_init is None else weight_init, shape,
                                            dtype), name="weight")
        if self.has_bias:
            bound = Uniform(1 / math.sqrt(math.prod(shape[1:])))
            self.bias = Parameter(initializer(bound if bias_init is None else bias_init, (out_channels,), dtype),
                                  name="bias")

    def construct(self, x):
        """The convolution of x."""
        y = apply(_CONV2D, (x, as_computed(self, self.weight)),
                  (self.stride, self._padding(x.shape), self.dilation, self.group))
        if self.has_bias:
            y = y + apply(_RESHAPE, (as_computed(self, self.bias),), ((1, self.out_channels, 1, 1),))
        return y

    def _padding(self, shape: tuple) -> tuple:
        if self.pad_mode == "pad":
            return self.padding
        if self.pad_mode == "valid" or len(shape) != 4:
            return (0, 0, 0, 0)
        sides = [same_padding(*sizes) for sizes in zip(shape[2:], self.kernel_size, self.stride, self.dilation)]
        return sides[0] + sides[1]

    def extend_repr(self):
        return (f"input_channels={self.in_channels}, output_channels={self.out_channels}, "
                f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}, "
                f"padding={self.padding}, dilation={self.dilation}, group={self.group}, has_bias={self.has_bias}")
