"""Pooling of sequences, images and volumes: one class for any number of spatial axes, as in `conv`."""
from __future__ import annotations

from mindspore import ops
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag, is_int, paddings, per_axis, positive_float, positive_int, same_sides
from mindspore.nn._check import pad_mode as check_pad_mode
from mindspore.nn.cell import Cell
from mindspore.runtime.record import apply

__all__ = ["MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "AdaptiveAvgPool1d",
           "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "LPPool1d", "LPPool2d"]

_RESHAPE = primitive("reshape")


class _Pool(Cell):
    """What the pooling layers share: windows, padding, and inputs without a batch axis. `spatial` is the number of
    spatial axes, `lead` the axes of size 1 that are put before them."""

    spatial = 2
    lead: tuple[int, ...] = ()

    def __init__(self, kernel_size, stride, pad_mode, padding, dilation, only_padded):
        super().__init__()
        name = type(self).__name__
        self.kernel_size = self.lead + per_axis(name, "kernel_size", kernel_size, self.spatial)
        self.stride = self.lead + per_axis(name, "stride", stride, self.spatial)
        self.dilation = self.lead + per_axis(name, "dilation", dilation, self.spatial)
        self.padding = (0, 0) * len(self.lead) + paddings(name, padding, self.spatial)
        self.pad_mode = check_pad_mode(name, pad_mode, self.padding)
        for what, set_ in only_padded.items():
            if set_ and self.pad_mode != "pad":
                raise ValueError(f"For '{name}', the '{what}' belongs to pad_mode 'pad', but 'pad_mode' is "
                                 f"{pad_mode!r}.")

    def construct(self, x):
        """The pooled input."""
        if x.ndim not in (self.spatial + 1, self.spatial + 2):
            raise ValueError(f"For '{type(self).__name__}', the input must have {self.spatial + 1} or "
                             f"{self.spatial + 2} axes, but the input has shape {x.shape}.")
        batch = x.shape[:-self.spatial] if x.ndim == self.spatial + 2 else (1, x.shape[0])
        whole = batch + self.lead + x.shape[-self.spatial:]
        y = self.pool(x if whole == x.shape else apply(_RESHAPE, (x,), (whole,)))
        results = [apply(_RESHAPE, (r,), (x.shape[:-self.spatial] + r.shape[-self.spatial:],))
                   if whole != x.shape else r for r in (y if isinstance(y, tuple) else (y,))]
        return tuple(results) if isinstance(y, tuple) else results[0]

    def sides(self, x) -> tuple[int, ...]:
        """The padding before and behind each spatial axis of x."""
        if self.pad_mode == "same":
            return same_sides(x.shape[2:], self.kernel_size, self.stride, self.dilation)
        return self.padding

    def ceil_sides(self, x) -> tuple[int, ...]:
        """`sides`, larger behind, so that a last window that begins inside of the padded input counts."""
        sides = list(self.sides(x))
        for k, (size, taps, step, apart) in enumerate(zip(x.shape[2:], self.kernel_size, self.stride, self.dilation)):
            low, high, reach = sides[2 * k], sides[2 * k + 1], (taps - 1) * apart + 1
            windows = -(-(low + size + high - reach) // step) + 1
            if (windows - 1) * step >= low + size:
                windows -= 1
            sides[2 * k + 1] = max(high, (windows - 1) * step + reach - low - size)
        return tuple(sides)

    def extend_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}"


def _check_layout(name: str, given: str, layout: str) -> None:
    if given != layout:
        raise ValueError(f"For '{name}', the 'data_format' must be '{layout}', but got {given!r}; transpose the input "
                         f"to {layout}.")


class _MaxPool(_Pool):
    operator, places = primitive("max_pool2d"), primitive("max_pool2d_index")

    def __init__(self, kernel_size=1, stride=1, pad_mode="valid", padding=0, dilation=1, return_indices=False,
                 ceil_mode=False):
        name = type(self).__name__
        self_only = {"return_indices": flag(name, "return_indices", return_indices),
                     "ceil_mode": flag(name, "ceil_mode", ceil_mode)}
        super().__init__(kernel_size, stride, pad_mode, padding, dilation, self_only)
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def pool(self, x):
        """The largest elements, and where they stand if that is asked for."""
        attrs = (self.kernel_size, self.stride, self.ceil_sides(x) if self.ceil_mode else self.sides(x), self.dilation)
        y = apply(self.operator, (x,), attrs)
        return (y, apply(self.places, (x, y), attrs)) if self.return_indices else y


class MaxPool2d(_MaxPool):
    """The largest element of each window. The gradient goes to the first largest element.

    Args:
        kernel_size, stride, dilation: an int or (h, w). pad_mode: 'same', 'valid' or 'pad'.
        padding: an int, (h, w) or (top, bottom, left, right), for pad_mode 'pad', as the next two.
        return_indices: the result is (values, indices), h * W + w of each largest element (Int64).
        ceil_mode: also windows that reach over the end count.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with H', W'.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; ValueError at a call for another shape.
    """

    def __init__(self, kernel_size=1, stride=1, pad_mode="valid", padding=0, dilation=1, return_indices=False,
                 ceil_mode=False, data_format="NCHW"):
        super().__init__(kernel_size, stride, pad_mode, padding, dilation, return_indices, ceil_mode)
        _check_layout("MaxPool2d", data_format, "NCHW")


class MaxPool1d(_MaxPool):
    """The largest element of each window of (N, C, L) or (C, L); see `MaxPool2d`."""

    spatial, lead = 1, (1,)


class MaxPool3d(_MaxPool):
    """The largest element of each window of (N, C, D, H, W) or (C, D, H, W); see `MaxPool2d`."""

    operator, places, spatial = primitive("max_pool3d"), primitive("max_pool3d_index"), 3


class _AvgPool(_Pool):
    operator = primitive("avg_pool2d")

    def __init__(self, kernel_size=1, stride=1, pad_mode="valid", padding=0, ceil_mode=False, count_include_pad=True,
                 divisor_override=None):
        name = type(self).__name__
        super().__init__(kernel_size, stride, pad_mode, padding, 1, {})
        self.ceil_mode = flag(name, "ceil_mode", ceil_mode)
        self.count_include_pad = flag(name, "count_include_pad", count_include_pad) and self.pad_mode == "pad"
        if divisor_override is not None:
            positive_int(name, "divisor_override", divisor_override)
        self.divisor_override = divisor_override

    def pool(self, x):
        """The mean of each window; what reaches over the padding by `ceil_mode` never counts."""
        sides, counted = self.sides(x), self.count_include_pad
        wider = self.ceil_sides(x) if self.ceil_mode else sides
        if self.divisor_override is not None:
            window = 1
            for taps in self.kernel_size:
                window *= taps
            y = apply(self.operator, (x,), (self.kernel_size, self.stride, wider, True))
            return y * (window / self.divisor_override)
        if counted and wider != sides:
            x = ops.pad(x, [v for k in reversed(range(len(self.kernel_size))) for v in sides[2 * k:2 * k + 2]])
            wider, counted = tuple(w - s for w, s in zip(wider, sides)), False
        return apply(self.operator, (x,), (self.kernel_size, self.stride, wider, counted))


class AvgPool2d(_AvgPool):
    """The mean of each window.

    Args:
        kernel_size, stride: an int or (h, w). pad_mode: 'same', 'valid' or 'pad'.
        padding: an int, (h, w) or (top, bottom, left, right), for pad_mode 'pad', as the next two.
        ceil_mode: also windows that reach over the end count. count_include_pad: the padding counts as zeros.
        divisor_override: the sums are divided by this number.

    Shapes: (N, C, H, W) or (C, H, W) -> the same with H', W'.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes; ValueError at a call for another shape.
    """

    def __init__(self, kernel_size=1, stride=1, pad_mode="valid", padding=0, ceil_mode=False, count_include_pad=True,
                 divisor_override=None, data_format="NCHW"):
        super().__init__(kernel_size, stride, pad_mode, padding, ceil_mode, count_include_pad, divisor_override)
        _check_layout("AvgPool2d", data_format, "NCHW")


class AvgPool1d(_AvgPool):
    """The mean of each window of (N, C, L) or (C, L); see `AvgPool2d`."""

    spatial, lead = 1, (1,)

    def __init__(self, kernel_size=1, stride=1, pad_mode="valid", padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__(kernel_size, stride, pad_mode, padding, ceil_mode, count_include_pad)


class AvgPool3d(_AvgPool):
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W); see `AvgPool2d`."""

    operator, spatial = primitive("avg_pool3d"), 3


# -- pooling to a given size -------------------------------------------------------------------------------------------


class Adaptive(Cell):
    """Evenly spread windows, as many as the output has places: place i covers the elements floor(i n / m) to
    ceil((i + 1) n / m) of n, for m places."""

    def __init__(self, output_size):
        super().__init__()
        sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size,)
        if not all(v is None or is_int(v) for v in sizes):
            raise TypeError(f"For '{type(self).__name__}', the 'output_size' must be an int or a tuple of ints and "
                            f"None, but got {output_size!r}.")
        self.output_size = output_size

    def extend_repr(self):
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(Adaptive):
    """The means of `output_size` windows of (N, C, L) or (C, L)."""

    def construct(self, input):
        """The pooled sequences."""
        return ops.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(Adaptive):
    """The means of `output_size` windows, an int or (h, w), of (N, C, H, W) or (C, H, W); None keeps a size."""

    def construct(self, input):
        """The pooled images."""
        return ops.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(Adaptive):
    """The means of `output_size` windows, an int or (d, h, w), of (N, C, D, H, W) or (C, D, H, W); None keeps a
    size."""

    def construct(self, input):
        """The pooled volumes."""
        return ops.adaptive_avg_pool3d(input, self.output_size)


# -- pooling by a norm -------------------------------------------------------------------------------------------------


class _LPPool(Cell):
    """The norm of order `norm_type` of each window; the stride is the kernel's size by default."""

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = positive_float(type(self).__name__, "norm_type", norm_type)
        self.kernel_size, self.stride = kernel_size, stride
        self.ceil_mode = flag(type(self).__name__, "ceil_mode", ceil_mode)

    def extend_repr(self):
        return (f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
                f"ceil_mode={self.ceil_mode}")


class LPPool1d(_LPPool):
    """The norm (sum |x|^p)^(1/p) of each window of (N, C, L) or (C, L); see `ops.lp_pool1d`."""

    def construct(self, x):
        """The pooled sequences."""
        return ops.lp_pool1d(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """The norm (sum |x|^p)^(1/p) of each window of (N, C, H, W) or (C, H, W); see `ops.lp_pool2d`."""

    def construct(self, x):
        """The pooled images."""
        return ops.lp_pool2d(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)
