"""Transforms for images: arrays of shape (height, width, channels), or (height, width) where noted."""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool, check_dtype, check_int, check_number, check_numbers
from .._transform import Transform
from ._enums import Border
from ._image import DeviceChoice
from ._resize import Inter, resample

__all__ = ["CenterCrop", "Crop", "HWC2CHW", "HorizontalFlip", "Inter", "Normalize", "Pad", "RandomCrop",
           "RandomHorizontalFlip", "RandomVerticalFlip", "Rescale", "Resize", "ToTensor", "VerticalFlip"]


def _axes(rows: np.ndarray, function: str) -> tuple[int, int]:
    """The height and width axes of a stack of (H, W) or (..., H, W, C) images."""
    if rows.ndim < 3:
        raise ValueError(f"For '{function}', an image must have the shape (H, W) or (H, W, C), but got "
                         f"{rows.shape[1:]}.")
    return (1, 2) if rows.ndim == 3 else (rows.ndim - 3, rows.ndim - 2)


def _size(value, function: str) -> tuple[int, int]:
    """(height, width) from one int, for a square, or a sequence of two."""
    if isinstance(value, (list, tuple)):
        if len(value) != 2:
            raise ValueError(f"For '{function}', 'size' must be an int or (height, width), but got {value!r}.")
        return (check_int(value[0], "size[0]", function, 1), check_int(value[1], "size[1]", function, 1))
    side = check_int(value, "size", function, 1)
    return side, side


def _cut(rows: np.ndarray, axes: tuple[int, int], top: int, left: int, size: tuple[int, int]) -> np.ndarray:
    index = [slice(None)] * rows.ndim
    index[axes[0]], index[axes[1]] = slice(top, top + size[0]), slice(left, left + size[1])
    return rows[tuple(index)]


class Rescale(Transform):
    """Computes `image * rescale + shift` in Float32, for an array of any shape.

    Args:
        rescale: a number.
        shift: a number.

    Raises:
        TypeError: an argument is no number.
    """

    keeps_images = False

    def __init__(self, rescale: float, shift: float):
        self.rescale, self.shift = check_number(rescale, "rescale", "Rescale"), check_number(shift, "shift", "Rescale")

    def apply(self, rows, rng):
        out = np.multiply(rows, np.float32(self.rescale), dtype=np.float32, casting="unsafe")
        if self.shift:
            out += np.float32(self.shift)
        return out


class Normalize(DeviceChoice, Transform):
    """Computes `(image - mean) / std` in Float32, channel by channel.

    Args:
        mean: one number per channel, or one for all of them.
        std: likewise; positive.
        is_hwc: whether channels are the last dimension (H, W, C), otherwise (C, H, W). With one number an image may
            have the shape (H, W).

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the lengths differ from each other or from the number of channels, or a std is not positive.
    """

    keeps_images = False

    def __init__(self, mean, std, is_hwc: bool = True):
        means, stds = check_numbers(mean, "mean", "Normalize"), check_numbers(std, "std", "Normalize")
        if len(means) != len(stds):
            raise ValueError(f"For 'Normalize', 'mean' and 'std' must have the same length, but got {len(means)} and "
                             f"{len(stds)} numbers.")
        if not all(math.isfinite(s) and s > 0 for s in stds):
            raise ValueError(f"For 'Normalize', 'std' must be positive, but got {list(stds)}.")
        self.is_hwc = check_bool(is_hwc, "is_hwc", "Normalize")
        self.mean, self.std = np.array(means, np.float32), np.array(stds, np.float32)

    def apply(self, rows, rng):
        mean, std = self.mean, self.std
        if len(mean) > 1:
            channels = 0 if rows.ndim < 4 else rows.shape[-1 if self.is_hwc else -3]
            if channels != len(mean):
                raise ValueError(f"For 'Normalize', {len(mean)} means need an image of {len(mean)} channels, but got "
                                 f"the shape {rows.shape[1:]} with is_hwc={self.is_hwc}.")
            if not self.is_hwc:
                mean, std = mean[:, None, None], std[:, None, None]
        out = np.subtract(rows, mean, dtype=np.float32, casting="unsafe")
        out /= std
        return out


class Resize(DeviceChoice, Transform):
    """Resizes images of shape (H, W) or (H, W, C); the dtype stays.

    Args:
        size: (height, width), or an int for the shorter edge, in which case the ratio of the edges is kept.
        interpolation: one of `Inter`; `Inter.LINEAR` by default.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a size is not positive, or an image has another number of dimensions.
    """

    def __init__(self, size, interpolation: Inter = Inter.LINEAR):
        self.keep_ratio = not isinstance(size, (list, tuple))
        self.size = _size(size, "Resize")
        if not isinstance(interpolation, Inter):
            raise TypeError(f"For 'Resize', 'interpolation' must be an Inter, such as Inter.LINEAR, but got "
                            f"{interpolation!r}.")
        self.interpolation = interpolation

    def apply(self, rows, rng):
        axes = _axes(rows, "Resize")
        size = self.size
        if self.keep_ratio:
            height, width = rows.shape[axes[0]], rows.shape[axes[1]]
            side = size[0]
            size = (side, side * width // height) if height <= width else (side * height // width, side)
        return resample(rows, axes, size, self.interpolation)


class HWC2CHW(Transform):
    """Moves the channels to the front: shape (H, W, C) becomes (C, H, W); an image (H, W) stays as it is.

    Raises:
        ValueError: the image has another number of dimensions.
    """

    keeps_images = False

    def apply(self, rows, rng):
        _check_image(rows, "HWC2CHW")
        return np.ascontiguousarray(rows.transpose(0, 3, 1, 2)) if rows.ndim == 4 else rows


def _check_image(rows: np.ndarray, function: str) -> None:
    if rows.ndim not in (3, 4):
        raise ValueError(f"For '{function}', an image must have the shape (H, W) or (H, W, C), but got "
                         f"{rows.shape[1:]}.")


class ToTensor(Transform):
    """Divides by 255 and moves the channels to the front: shape (H, W, C) becomes (C, H, W), (H, W) becomes (1, H, W).

    Args:
        output_type: a mindspore or NumPy dtype for the result.

    Raises:
        TypeError: `output_type` is no dtype.
        ValueError: the image has another number of dimensions.
    """

    keeps_images = False

    def __init__(self, output_type=np.float32):
        self.output_type = check_dtype(output_type, "output_type", "ToTensor")

    def apply(self, rows, rng):
        _check_image(rows, "ToTensor")
        chw = rows.transpose(0, 3, 1, 2) if rows.ndim == 4 else rows[:, np.newaxis]
        scaled = np.divide(chw, np.float32(255), dtype=np.float32, casting="unsafe", order="C")
        return scaled.astype(self.output_type, copy=False)


class HorizontalFlip(DeviceChoice, Transform):
    """Mirrors images of shape (H, W) or (H, W, C) left to right.

    Raises:
        ValueError: an image has another number of dimensions.
    """

    def apply(self, rows, rng):
        return np.flip(rows, _axes(rows, "HorizontalFlip")[1])


class VerticalFlip(DeviceChoice, Transform):
    """Mirrors images of shape (H, W) or (H, W, C) top to bottom.

    Raises:
        ValueError: an image has another number of dimensions.
    """

    def apply(self, rows, rng):
        return np.flip(rows, _axes(rows, "VerticalFlip")[0])


class _RandomFlip(Transform):
    """Mirrors each image with a probability; images of several columns that are passed together flip together."""

    random = True
    axis = 0

    def __init__(self, prob: float = 0.5):
        self.prob = check_number(prob, "prob", type(self).__name__)
        if not 0 <= self.prob <= 1:
            raise ValueError(f"For '{type(self).__name__}', 'prob' must be in 0..1, but got {prob}.")

    def apply_to_columns(self, columns, rng):
        chosen = rng.random(len(columns[0])) < self.prob
        return [self._flip(column, chosen) for column in columns]

    def apply(self, rows, rng):
        return np.flip(rows, _axes(rows, type(self).__name__)[self.axis])

    def _flip(self, column, chosen):
        if isinstance(column, list):
            return [self.apply_to_value(row, None) if flip else row for row, flip in zip(column, chosen, strict=True)]
        out = column.copy()
        out[chosen] = self.apply(column[chosen], None)
        return out


class RandomHorizontalFlip(_RandomFlip):
    """Mirrors images of shape (H, W) or (H, W, C) left to right with probability `prob`, each by itself.

    Raises:
        TypeError: `prob` is no number.
        ValueError: `prob` is not in 0..1, or an image has another number of dimensions.
    """

    axis = 1


class RandomVerticalFlip(_RandomFlip):
    """Mirrors images of shape (H, W) or (H, W, C) top to bottom with probability `prob`, each by itself.

    Raises:
        TypeError: `prob` is no number.
        ValueError: `prob` is not in 0..1, or an image has another number of dimensions.
    """

    axis = 0


class Crop(DeviceChoice, Transform):
    """Cuts a rectangle out of images of shape (H, W) or (H, W, C).

    Args:
        coordinates: (top, left).
        size: (height, width), or an int for a square.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the rectangle does not lie inside the image.
    """

    def __init__(self, coordinates, size):
        if not isinstance(coordinates, (list, tuple)) or len(coordinates) != 2:
            raise TypeError(f"For 'Crop', 'coordinates' must be (top, left), but got {coordinates!r}.")
        self.top = check_int(coordinates[0], "coordinates[0]", "Crop", 0)
        self.left = check_int(coordinates[1], "coordinates[1]", "Crop", 0)
        self.size = _size(size, "Crop")

    def apply(self, rows, rng):
        axes = _axes(rows, "Crop")
        height, width = rows.shape[axes[0]], rows.shape[axes[1]]
        if self.top + self.size[0] > height or self.left + self.size[1] > width:
            raise ValueError(f"For 'Crop', {self.size} at ({self.top}, {self.left}) does not lie inside an image of "
                             f"{(height, width)}.")
        return _cut(rows, axes, self.top, self.left, self.size)


class CenterCrop(Transform):
    """Cuts the middle out of images of shape (H, W) or (H, W, C); where they are smaller, zeros are added around.

    Args:
        size: (height, width), or an int for a square.

    Raises:
        TypeError: `size` is of a wrong type.
        ValueError: a size is not positive, or an image has another number of dimensions.
    """

    def __init__(self, size):
        self.size = _size(size, "CenterCrop")

    def apply(self, rows, rng):
        axes = _axes(rows, "CenterCrop")
        missing = [max(0, wanted - rows.shape[axis]) for axis, wanted in zip(axes, self.size, strict=True)]
        if any(missing):
            rows = _padded(rows, axes, (missing[1] // 2, missing[0] // 2, -(-missing[1] // 2), -(-missing[0] // 2)), 0)
        top, left = ((rows.shape[axis] - wanted) // 2 for axis, wanted in zip(axes, self.size, strict=True))
        return _cut(rows, axes, top, left, self.size)


def _padded(rows, axes, sides: tuple[int, int, int, int], fill_value, mode: Border = Border.CONSTANT) -> np.ndarray:
    """Images with borders on the sides (left, top, right, bottom)."""
    widths = [(0, 0)] * rows.ndim
    widths[axes[0]], widths[axes[1]] = (sides[1], sides[3]), (sides[0], sides[2])
    if mode is not Border.CONSTANT:
        return np.pad(rows, widths, mode.value)         # type: ignore[call-overload]
    if not isinstance(fill_value, (tuple, list)):
        return np.pad(rows, widths, constant_values=fill_value)
    out = np.pad(rows, widths)
    if rows.ndim == 3 or rows.shape[-1] == 1:           # gray: the first of the values
        fill_value = fill_value[:1]
    elif rows.ndim < 4 or rows.shape[-1] != len(fill_value):
        raise ValueError(f"{len(fill_value)} fill values need an image of {len(fill_value)} channels, but got the "
                         f"shape {rows.shape[1:]}.")
    inside = [slice(None)] * rows.ndim
    for axis in axes:
        inside[axis] = slice(widths[axis][0], widths[axis][0] + rows.shape[axis])
    out[...] = np.asarray(fill_value, rows.dtype)
    out[tuple(inside)] = rows
    return out


def _check_border(fill_value, padding_mode, function: str):
    """The value, one number or three, and the kind of borders."""
    if isinstance(fill_value, (tuple, list)):
        if len(fill_value) != 3:
            raise ValueError(f"For '{function}', 'fill_value' must be one number or three, but got {fill_value!r}.")
        check_numbers(fill_value, "fill_value", function)
    else:
        check_number(fill_value, "fill_value", function)
    if not isinstance(padding_mode, Border):
        raise TypeError(f"For '{function}', 'padding_mode' must be a Border, such as Border.EDGE, but got "
                        f"{padding_mode!r}.")
    return fill_value, padding_mode


def _padding(value, function: str) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) from one int, (left and right, top and bottom), or all four."""
    if not isinstance(value, (list, tuple)):
        return (check_int(value, "padding", function, 0),) * 4
    sides = tuple(check_int(side, f"padding[{i}]", function, 0) for i, side in enumerate(value))
    if len(sides) == 2:
        return sides[0], sides[1], sides[0], sides[1]
    if len(sides) != 4:
        raise ValueError(f"For '{function}', 'padding' must be an int, 2 or 4 of them, but got {value!r}.")
    return sides


class Pad(DeviceChoice, Transform):
    """Adds borders to images of shape (H, W) or (H, W, C).

    Args:
        padding: an int for all sides, (left and right, top and bottom), or (left, top, right, bottom).
        fill_value: the number, or one per channel, in constant borders.
        padding_mode: one of `Border`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a width is negative, or an image has another number of dimensions.
    """

    def __init__(self, padding, fill_value=0, padding_mode: Border = Border.CONSTANT):
        self.sides = _padding(padding, "Pad")
        self.fill_value, self.mode = _check_border(fill_value, padding_mode, "Pad")

    def apply(self, rows, rng):
        return _padded(rows, _axes(rows, "Pad"), self.sides, self.fill_value, self.mode)


class RandomCrop(Transform):
    """Cuts a rectangle out of a random place of images of shape (H, W) or (H, W, C), each by itself.

    Args:
        size: (height, width), or an int for a square.
        padding: borders added first, as for `Pad`; None for none.
        pad_if_needed: widen smaller images to the size with borders on both sides.
        fill_value: the number, or one per channel, in constant borders.
        padding_mode: one of `Border`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the image is smaller than the size, or has another number of dimensions.
    """

    random = True

    def __init__(self, size, padding=None, pad_if_needed: bool = False, fill_value=0,
                 padding_mode: Border = Border.CONSTANT):
        self.size = _size(size, "RandomCrop")
        self.sides = (0, 0, 0, 0) if padding is None else _padding(padding, "RandomCrop")
        self.pad_if_needed = check_bool(pad_if_needed, "pad_if_needed", "RandomCrop")
        self.fill_value, self.mode = _check_border(fill_value, padding_mode, "RandomCrop")

    def apply(self, rows, rng):
        axes = _axes(rows, "RandomCrop")
        if any(self.sides):
            rows = _padded(rows, axes, self.sides, self.fill_value, self.mode)
        if self.pad_if_needed:
            more = [max(0, wanted - rows.shape[axis]) for axis, wanted in zip(axes, self.size, strict=True)]
            if any(more):
                rows = _padded(rows, axes, (more[1], more[0], more[1], more[0]), self.fill_value, self.mode)
        room = [rows.shape[axis] - wanted for axis, wanted in zip(axes, self.size, strict=True)]
        if min(room) < 0:
            raise ValueError(f"For 'RandomCrop', size {self.size} is larger than the image of "
                             f"{(rows.shape[axes[0]], rows.shape[axes[1]])}. Set padding or pad_if_needed.")
        tops, lefts = (rng.integers(0, r + 1, len(rows)) for r in room)
        return np.stack([_cut(rows[i:i + 1], axes, top, left, self.size)[0]
                         for i, (top, left) in enumerate(zip(tops, lefts, strict=True))])
