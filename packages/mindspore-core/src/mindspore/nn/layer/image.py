"""Layers that rearrange images: borders, sizes, channels and pixels."""
from __future__ import annotations

from mindspore import ops
from mindspore.nn._check import is_int, number, positive_int
from mindspore.nn.cell import Cell

__all__ = ["Pad", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "ZeroPad2d", "ReflectionPad1d",
           "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d",
           "Upsample", "PixelShuffle", "PixelUnshuffle", "ChannelShuffle", "Unfold"]


class Pad(Cell):
    """A border around a tensor.

    Args:
        paddings: ((before, behind), ...) for each axis.
        mode: "CONSTANT" (zeros), "REFLECT" (mirrored at the edge element) or "SYMMETRIC" (mirrored behind it).

    Raises:
        TypeError, ValueError: arguments of other forms; ValueError at a call for another number of axes, or a border
            that is larger than what it mirrors.
    """

    def __init__(self, paddings, mode="CONSTANT"):
        super().__init__()
        if not isinstance(paddings, tuple) or not all(
                isinstance(p, (tuple, list)) and len(p) == 2 and all(is_int(v) and v >= 0 for v in p)
                for p in paddings):
            raise TypeError(f"For 'Pad', the 'paddings' must be a tuple of pairs of ints, none negative, but got "
                            f"{paddings!r}.")
        if mode not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
            raise ValueError(f"For 'Pad', the 'mode' must be CONSTANT, REFLECT or SYMMETRIC, but got {mode!r}.")
        self.paddings, self.mode = tuple(tuple(p) for p in paddings), mode

    def construct(self, x):
        """x with its border."""
        if x.ndim != len(self.paddings):
            raise ValueError(f"For 'Pad', the 'paddings' have {len(self.paddings)} pairs, but the input has shape "
                             f"{x.shape}: one pair for each axis is expected.")
        if self.mode == "SYMMETRIC":
            for axis, (before, behind) in enumerate(self.paddings):
                x = ops.concat([ops.flip(ops.narrow(x, axis, 0, before), (axis,)), x,
                                ops.flip(ops.narrow(x, axis, x.shape[axis] - behind, behind), (axis,))], axis)
            return x
        flat = [count for pair in reversed(self.paddings) for count in pair]
        return ops.pad(x, flat, "constant" if self.mode == "CONSTANT" else "reflect")


class _Border(Cell):
    """A border around the last `spatial` axes, from one number or (left, right, top, bottom, front, back)."""

    spatial = 2
    mode = "constant"

    def __init__(self, padding, value=None):
        super().__init__()
        name = type(self).__name__
        given = (padding,) * (2 * self.spatial) if is_int(padding) else padding
        if not isinstance(given, tuple) or not all(is_int(v) for v in given):
            raise TypeError(f"For '{name}', the 'padding' must be an int or a tuple of ints, but got {padding!r}.")
        self._check_counts(name, given)
        self.padding, self.value = given, value if value is None else number(name, "value", value)

    def _check_counts(self, name: str, given: tuple) -> None:
        if len(given) != 2 * self.spatial or min(given) < 0:
            raise ValueError(f"For '{name}', the 'padding' must be an int or {2 * self.spatial} ints, none negative, "
                             f"but got {given!r}.")

    def construct(self, x):
        """x with its border."""
        if x.ndim not in (self.spatial + 1, self.spatial + 2):
            raise ValueError(f"For '{type(self).__name__}', the input must have {self.spatial + 1} or "
                             f"{self.spatial + 2} axes, but has shape {x.shape}.")
        return ops.pad(x, self.padding, self.mode, self.value)

    def extend_repr(self):
        return f"padding={self.padding}" + ("" if self.value is None else f", value={self.value}")


class _Constant(_Border):
    """A border of one value around the last axes of a tensor of any number of axes: from an int for the last `spatial`
    ones, or a pair for each axis that gets one, the last axis first; negative counts cut."""

    def _check_counts(self, name, given):
        if not given or len(given) % 2:
            raise ValueError(f"For '{name}', the 'padding' must be an int or pairs of ints, but got {given!r}.")

    def construct(self, x):
        """x with its border."""
        if len(self.padding) > 2 * x.ndim:
            raise ValueError(f"For '{type(self).__name__}', the 'padding' has {len(self.padding) // 2} pairs for an "
                             f"input of shape {x.shape}: at most one for each axis is expected.")
        return ops.pad(x, self.padding, self.mode, self.value)


class ConstantPad1d(_Constant):
    """A border of one value around the last axis: `padding` is an int or (left, right); negative counts cut."""

    spatial = 1

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ConstantPad2d(_Constant):
    """A border of one value around the last two axes: an int or (left, right, top, bottom)."""

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ConstantPad3d(_Constant):
    """A border of one value around the last three axes: an int or six, the last axis first."""

    spatial = 3

    def __init__(self, padding, value):
        super().__init__(padding, value)


class ZeroPad2d(_Constant):
    """A border of zeros around the last two axes: an int or (left, right, top, bottom)."""

    def __init__(self, padding):
        super().__init__(padding)


class _Mirror(_Border):
    def __init__(self, padding):
        super().__init__(padding)


class ReflectionPad1d(_Mirror):
    """A border that mirrors at the edge element, around (N, C, L) or (C, L): an int or (left, right)."""

    spatial, mode = 1, "reflect"


class ReflectionPad2d(_Mirror):
    """A border that mirrors at the edge elements, around (N, C, H, W) or (C, H, W): an int or four."""

    mode = "reflect"


class ReflectionPad3d(_Mirror):
    """A border that mirrors at the edge elements, around (N, C, D, H, W) or (C, D, H, W): an int or six."""

    spatial, mode = 3, "reflect"


class ReplicationPad1d(_Mirror):
    """A border that repeats the edge element, around (N, C, L) or (C, L): an int or (left, right)."""

    spatial, mode = 1, "replicate"


class ReplicationPad2d(_Mirror):
    """A border that repeats the edge elements, around (N, C, H, W) or (C, H, W): an int or four."""

    mode = "replicate"


class ReplicationPad3d(_Mirror):
    """A border that repeats the edge elements, around (N, C, D, H, W) or (C, D, H, W): an int or six."""

    spatial, mode = 3, "replicate"


class Upsample(Cell):
    """Images (N, C, spatial ...) resized; the arguments are those of `ops.interpolate`."""

    def __init__(self, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None):
        super().__init__()
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners, self.recompute_scale_factor = align_corners, recompute_scale_factor

    def construct(self, x):
        """The resized images."""
        return ops.interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners,
                               self.recompute_scale_factor)


class PixelShuffle(Cell):
    """Channels become pixels: (..., C r r, H, W) -> (..., C, H r, W r). Source: Shi et al. (2016)."""

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = positive_int("PixelShuffle", "upscale_factor", upscale_factor)

    def construct(self, input):
        """The larger images."""
        return ops.pixel_shuffle(input, self.upscale_factor)


class PixelUnshuffle(Cell):
    """Pixels become channels: (..., C, H r, W r) -> (..., C r r, H, W)."""

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = positive_int("PixelUnshuffle", "downscale_factor", downscale_factor)

    def construct(self, input):
        """The smaller images."""
        return ops.pixel_unshuffle(input, self.downscale_factor)


class ChannelShuffle(Cell):
    """The channels of `groups` blocks of (N, C, ...) dealt out in turn. Source: Zhang et al. (2018)."""

    def __init__(self, groups):
        super().__init__()
        self.groups = positive_int("ChannelShuffle", "groups", groups)

    def construct(self, x):
        """The shuffled channels."""
        return ops.channel_shuffle(x, self.groups)


class Unfold(Cell):
    """The windows of images (N, C, H, W) as channels: (N, h w C, H', W'), the element of channel c at tap (i, j) of a
    window in channel (i w + j) C + c.

    Args:
        ksizes, strides, rates: sizes of the windows, their steps and the distances of their taps, (1, down, right, 1)
            each. padding: 'valid', or 'same' with zeros around the image.

    Raises:
        TypeError, ValueError: arguments of other forms.
    """

    def __init__(self, ksizes, strides, rates, padding="valid"):
        super().__init__()
        for name, value in (("ksizes", ksizes), ("strides", strides), ("rates", rates)):
            if not isinstance(value, (tuple, list)) or not all(map(is_int, value)):
                raise TypeError(f"For 'Unfold', the '{name}' must be a tuple or a list of ints, but got {value!r}.")
            if len(value) != 4 or value[0] != 1 or value[3] != 1 or min(value) < 1:
                raise ValueError(f"For 'Unfold', the '{name}' must be (1, down, right, 1), but got {value!r}.")
        if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
            raise ValueError(f"For 'Unfold', the 'padding' must be 'valid' or 'same', but got {padding!r}.")
        self.extract_image_patches = ops.ExtractImagePatches(
            tuple(ksizes[1:3]), tuple(strides[1:3]), tuple(rates[1:3]), padding.upper())

    def construct(self, input_x):
        """The windows."""
        return self.extract_image_patches(input_x)
