"""Pooling layers."""
from __future__ import annotations

from mindspore import ops
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import pad_mode as check_pad_mode
from mindspore.nn._check import padding4, pair, same_padding
from mindspore.nn.cell import Cell
from mindspore.runtime.record import apply

__all__ = ["MaxPool2d", "AvgPool2d"]

_MAX = primitive("max_pool2d")
_AVG = primitive("avg_pool2d")


class _Pool2d(Cell):
    """What the pooling layers share: windows and padding."""

    def __init__(self, kernel_size, stride, pad_mode, padding, data_format):
        super().__init__()
        name = type(self).__name__
        self.kernel_size = pair(name, "kernel_size", kernel_size)
        self.stride = pair(name, "stride", stride)
        self.pad_mode = check_pad_mode(name, pad_mode)
        self.padding = padding4(name, padding)
        if any(self.padding) and self.pad_mode != "pad":
            raise ValueError(f"For '{name}', the 'padding' must be 0 when 'pad_mode' is {pad_mode!r}, but got "
                             f"{padding}; use pad_mode='pad'.")
        if data_format != "NCHW":
            raise ValueError(f"For '{name}', the 'data_format' must be 'NCHW', but got {data_format!r}; transpose the "
                             f"input to NCHW.")

    def _sides(self, shape: tuple) -> tuple:
        if self.pad_mode == "pad":
            return self.padding
        if self.pad_mode == "valid":
            return (0, 0, 0, 0)
        sides = [same_padding(*sizes, 1) for sizes in zip(shape[-2:], self.kernel_size, self.stride)]
        return sides[0] + sides[1]

    def _batched(self, x, pool):
        if x.ndim == 3:
            return ops.squeeze(pool(ops.expand_dims(x, 0)), 0)
        return pool(x)

    def extend_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}"


class MaxPool2d(_Pool2d):
    """The largest element of each window.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with H', W'. The gradient goes to the first largest element.
    """

    def __init__(self, kernel_size=1, stride=1, pad_mode="valid", padding=0, dilation=1, return_indices=False,
                 ceil_mode=False, data_format="NCHW"):
        super().__init__(kernel_size, stride, pad_mode, padding, data_format)
        if return_indices or ceil_mode:
            raise ValueError("For 'MaxPool2d', 'return_indices' and 'ceil_mode' must be False; use "
                             "ops.max_pool2d for these.")
        self.dilation = pair("MaxPool2d", "dilation", dilation)

    def construct(self, x):
        """The pooled images."""
        attrs = (self.kernel_size, self.stride, self._sides(x.shape), self.dilation)
        return self._batched(x, lambda t: apply(_MAX, (t,), attrs))


class AvgPool2d(_Pool2d):
    """The mean of each window.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with H', W'.
    """

    def __init__(self, kernel_size=1, stride=1, pad_mode="valid", padding=0, ceil_mode=False, count_include_pad=True,
                 divisor_override=None, data_format="NCHW"):
        super().__init__(kernel_size, stride, pad_mode, padding, data_format)
        if ceil_mode:
            raise ValueError("For 'AvgPool2d', 'ceil_mode' must be False.")
        self.count_include_pad = bool(count_include_pad) if self.pad_mode == "pad" else False
        self.divisor_override = divisor_override

    def construct(self, x):
        """The pooled images."""
        if self.divisor_override is not None:
            window = self.kernel_size[0] * self.kernel_size[1]
            attrs = (self.kernel_size, self.stride, self._sides(x.shape), True)
            return self._batched(x, lambda t: apply(_AVG, (t,), attrs)) * (window / self.divisor_override)
        attrs = (self.kernel_size, self.stride, self._sides(x.shape), self.count_include_pad)
        return self._batched(x, lambda t: apply(_AVG, (t,), attrs))
