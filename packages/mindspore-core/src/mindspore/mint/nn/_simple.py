"""Layers of the `mint` interface that are a function with settings: activations, borders, pooling, losses."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore import ops
from mindspore.mint.nn import functional as F
from mindspore.nn._check import flag, is_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Identity

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AvgPool1d", "AvgPool2d", "AvgPool3d", "Dropout", "Dropout2d", "ELU", "Flatten", "Fold", "GELU", "Hardshrink",
    "Hardsigmoid", "Hardswish", "Hardtanh", "Identity", "LogSigmoid", "LogSoftmax", "MaxPool2d", "MaxUnpool2d", "Mish",
    "PixelShuffle", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Tanh", "Threshold", "Unfold", "Upsample",
    "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Function(Cell):
    """A function of one tensor with settings by name."""

    function: Callable

    def __init__(self, **settings: Any):
        super().__init__()
        self._settings = tuple(settings)
        for name, value in settings.items():
            setattr(self, name, value)

    def call(self, *tensors):
        """The function of tensors with the settings."""
        return self.function(*tensors, **{name: getattr(self, name) for name in self._settings})

    def construct(self, input):
        """The function of the input."""
        return self.call(input)

    def extend_repr(self):
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._settings)


class _Plain(Function):
    """A function without settings."""

    def __init__(self):
        super().__init__()


def _plain(name: str, function: Callable, text: str) -> type[_Plain]:
    return type(name, (_Plain,), {"__doc__": text, "__module__": "mindspore.mint.nn",
                                  "function": staticmethod(function)})


ReLU = _plain("ReLU", F.relu, "max(input, 0).")
Sigmoid = _plain("Sigmoid", F.sigmoid, "1 / (1 + exp(-input)).")
Tanh = _plain("Tanh", F.tanh, "The hyperbolic tangent.")
Mish = _plain("Mish", F.mish, "input tanh(softplus(input)).")
SELU = _plain("SELU", F.selu, "A scaled ELU that keeps mean and variance.")
LogSigmoid = _plain("LogSigmoid", F.logsigmoid, "log(sigmoid(input)).")
Hardsigmoid = _plain("Hardsigmoid", F.hardsigmoid, "min(max(input / 6 + 1/2, 0), 1).")
Hardswish = _plain("Hardswish", F.hardswish, "input min(max(input + 3, 0), 6) / 6.")


class ReLU6(Function):
    """min(max(input, 0), 6)."""

    function = staticmethod(F.relu6)

    def __init__(self, inplace=False):
        super().__init__(inplace=flag("ReLU6", "inplace", inplace))


class SiLU(Function):
    """x sigmoid(x)."""

    function = staticmethod(F.silu)

    def __init__(self, inplace=False):
        super().__init__(inplace=flag("SiLU", "inplace", inplace))

    def construct(self, x):
        """The function of x."""
        return self.call(x)


class ELU(Function):
    """input where it is above 0, else alpha (exp(input) - 1)."""

    function = staticmethod(F.elu)

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__(alpha=alpha, inplace=flag("ELU", "inplace", inplace))


class GELU(Function):
    """input Phi(input), Phi the normal distribution function; approximate='tanh' uses its tanh form."""

    function = staticmethod(F.gelu)

    def __init__(self, approximate="none"):
        super().__init__(approximate=approximate)


class Hardshrink(Function):
    """input where |input| > lambd, 0 elsewhere."""

    function = staticmethod(F.hardshrink)

    def __init__(self, lambd=0.5):
        super().__init__(lambd=lambd)


class Hardtanh(Function):
    """input between min_val and max_val."""

    function = staticmethod(F.hardtanh)

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False):
        super().__init__(min_val=min_val, max_val=max_val, inplace=flag("Hardtanh", "inplace", inplace))


class Threshold(Function):
    """input where it is above threshold, value elsewhere."""

    function = staticmethod(F.threshold)

    def __init__(self, threshold, value, inplace=False):
        super().__init__(threshold=threshold, value=value, inplace=flag("Threshold", "inplace", inplace))


class Softmax(Function):
    """exp(input) / sum(exp(input)) along `dim`."""

    function = staticmethod(F.softmax)

    def __init__(self, dim=None):
        super().__init__(dim=dim)


class LogSoftmax(Function):
    """The logarithm of softmax along `dim`."""

    function = staticmethod(F.log_softmax)

    def __init__(self, dim=None):
        super().__init__(dim=dim)

    def construct(self, x):
        """The function of x."""
        return self.call(x)


class Flatten(Function):
    """The axes start_dim to end_dim joined into one."""

    function = staticmethod(F.flatten)

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__(start_dim=start_dim, end_dim=end_dim)


class _Random(Function):
    """A function that acts while training."""

    def construct(self, input):
        """The function of the input, in training; the input otherwise."""
        return self.function(input, self.p, self.training, self.inplace)


class Dropout(_Random):
    """Elements set to 0 with probability p while training, and the others divided by 1 - p."""

    function = staticmethod(F.dropout)

    def __init__(self, p=0.5, inplace=False):
        super().__init__(p=p, inplace=flag("Dropout", "inplace", inplace))


class Dropout2d(_Random):
    """Whole channels set to 0 with probability p while training, and the others divided by 1 - p."""

    function = staticmethod(F.dropout2d)

    def __init__(self, p=0.5, inplace=False):
        super().__init__(p=p, inplace=flag("Dropout2d", "inplace", inplace))


# -- windows and images ------------------------------------------------------------------------------------------------


class Fold(Function):
    """Columns added into images; see `functional.fold`."""

    function = staticmethod(F.fold)

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__(output_size=output_size, kernel_size=kernel_size, dilation=dilation, padding=padding,
                         stride=stride)


class Unfold(Function):
    """The windows of images as columns; see `functional.unfold`."""

    function = staticmethod(F.unfold)

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__(kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)


class PixelShuffle(Function):
    """(..., C r r, H, W) to (..., C, H r, W r): channels become pixels."""

    function = staticmethod(F.pixel_shuffle)

    def __init__(self, upscale_factor):
        super().__init__(upscale_factor=upscale_factor)


class Upsample(Function):
    """Images resized; see `functional.interpolate`."""

    function = staticmethod(F.interpolate)

    def __init__(self, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None):
        super().__init__(size=size, scale_factor=scale_factor, mode=mode, align_corners=align_corners,
                         recompute_scale_factor=recompute_scale_factor)


class UpsamplingNearest2d(Upsample):
    """Images resized; each pixel is the nearest old one."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """Images resized by linear interpolation; the corner pixels keep their places."""

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, "bilinear", True)


class MaxPool2d(Function):
    """The largest element of each window of images; see `functional.max_pool2d`."""

    function = staticmethod(F.max_pool2d)

    def __init__(self, kernel_size=1, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        super().__init__(kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation,
                         return_indices=flag("MaxPool2d", "return_indices", return_indices),
                         ceil_mode=flag("MaxPool2d", "ceil_mode", ceil_mode))


class MaxUnpool2d(Function):
    """Images from the largest elements of their windows; see `functional.max_unpool2d`."""

    function = staticmethod(F.max_unpool2d)

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__(kernel_size=kernel_size, stride=stride, padding=padding)

    def construct(self, input, indices, output_size=None):
        """The input at the places `indices`; `output_size` tells sizes apart that pool to the same."""
        return ops.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class AvgPool1d(Function):
    """The mean of each window of sequences; see `functional.avg_pool1d`."""

    function = staticmethod(F.avg_pool1d)

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__(kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
                         count_include_pad=count_include_pad)


class _AvgPool(Function):
    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
                 divisor_override=None):
        super().__init__(kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
                         count_include_pad=count_include_pad, divisor_override=divisor_override)


class AvgPool2d(_AvgPool):
    """The mean of each window of images; see `functional.avg_pool2d`."""

    function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of each window of volumes; see `functional.avg_pool3d`."""

    function = staticmethod(F.avg_pool3d)


class _Adaptive(Function):
    """Evenly spread windows, as many as output_size says; None keeps a size."""

    def __init__(self, output_size):
        sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size,)
        if not all(size is None or is_int(size) for size in sizes):
            raise TypeError(f"For '{type(self).__name__}', the 'output_size' must be an int or a tuple of ints and "
                            f"None, but got {output_size!r}.")
        super().__init__(output_size=output_size)


class AdaptiveAvgPool1d(_Adaptive):
    """The means of evenly spread windows of sequences."""

    function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_Adaptive):
    """The means of evenly spread windows of images."""

    function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_Adaptive):
    """The means of evenly spread windows of volumes."""

    function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMax(_Adaptive):
    def __init__(self, output_size, return_indices=False):
        super().__init__(output_size)
        self.return_indices = flag(type(self).__name__, "return_indices", return_indices)

    def construct(self, input):
        """The pooled input, with `return_indices` also the places."""
        return self.function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMax):
    """The largest elements of evenly spread windows of sequences."""

    function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMax):
    """The largest elements of evenly spread windows of images."""

    function = staticmethod(F.adaptive_max_pool2d)
