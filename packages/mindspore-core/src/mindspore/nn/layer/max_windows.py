"""Layers for the largest elements of windows that are no sliding ones, and for the way back; `ops.choosing` has the
functions."""
from __future__ import annotations

from mindspore import ops
from mindspore.nn._check import flag
from mindspore.nn.cell import Cell
from mindspore.nn.layer.pooling import Adaptive

__all__ = ["AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "FractionalMaxPool2d", "FractionalMaxPool3d",
           "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class AdaptiveMaxPool1d(Adaptive):
    """The largest elements of `output_size` windows of (N, C, L) or (C, L)."""

    def construct(self, x):
        """The pooled sequences."""
        return ops.adaptive_max_pool1d(x, self.output_size)


class AdaptiveMaxPool2d(Adaptive):
    """The largest elements of `output_size` windows, an int or (h, w), of (N, C, H, W) or (C, H, W); None keeps a size.
    With `return_indices` the result is (values, places h * W + w)."""

    def __init__(self, output_size, return_indices=False):
        super().__init__(output_size)
        self.return_indices = flag("AdaptiveMaxPool2d", "return_indices", return_indices)

    def construct(self, input):
        """The pooled images."""
        return ops.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(Adaptive):
    """The largest elements of `output_size` windows, an int or (d, h, w), of (N, C, D, H, W) or (C, D, H, W); None
    keeps a size. With `return_indices` the result is (values, places (d * H + h) * W + w)."""

    def __init__(self, output_size, return_indices=False):
        super().__init__(output_size)
        self.return_indices = flag("AdaptiveMaxPool3d", "return_indices", return_indices)

    def construct(self, input):
        """The pooled volumes."""
        return ops.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class _Fractional(Cell):
    """Windows of one size at random distances. Source: Graham, "Fractional max-pooling" (2014)."""

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
        super().__init__()
        self.kernel_size, self.output_size, self.output_ratio = kernel_size, output_size, output_ratio
        self.return_indices = flag(type(self).__name__, "return_indices", return_indices)
        self._random_samples = _random_samples

    def extend_repr(self):
        return (f"kernel_size={self.kernel_size}, output_size={self.output_size}, output_ratio={self.output_ratio}, "
                f"return_indices={self.return_indices}")


class FractionalMaxPool2d(_Fractional):
    """The largest elements of windows at random distances of (N, C, H, W) or (C, H, W); the arguments are those of
    `ops.fractional_max_pool2d`."""

    def construct(self, input):
        """The pooled images, with `return_indices` also the places."""
        return ops.fractional_max_pool2d(input, self.kernel_size, self.output_size, self.output_ratio,
                                         self.return_indices, self._random_samples)


class FractionalMaxPool3d(_Fractional):
    """The largest elements of windows at random distances of (N, C, D, H, W) or (C, D, H, W); the arguments are those
    of `ops.fractional_max_pool3d`."""

    def construct(self, input):
        """The pooled volumes, with `return_indices` also the places."""
        return ops.fractional_max_pool3d(input, self.kernel_size, self.output_size, self.output_ratio,
                                         self.return_indices, self._random_samples)


class _Unpool(Cell):
    """Elements put back to the places from which maximum pooling took them, zeros elsewhere."""

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def extend_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_Unpool):
    """Sequences from the maxima of their windows, the arguments are those of `MaxPool1d`; see `ops.max_unpool1d`."""

    def construct(self, x, indices, output_size=None):
        """x at the places `indices`; `output_size` tells sizes apart that pool to the same."""
        return ops.max_unpool1d(x, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_Unpool):
    """Images from the maxima of their windows, the arguments are those of `MaxPool2d`; see `ops.max_unpool2d`."""

    def construct(self, x, indices, output_size=None):
        """x at the places `indices`; `output_size` tells sizes apart that pool to the same."""
        return ops.max_unpool2d(x, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_Unpool):
    """Volumes from the maxima of their windows, the arguments are those of `MaxPool3d`; see `ops.max_unpool3d`."""

    def construct(self, x, indices, output_size=None):
        """x at the places `indices`; `output_size` tells sizes apart that pool to the same."""
        return ops.max_unpool3d(x, indices, self.kernel_size, self.stride, self.padding, output_size)
