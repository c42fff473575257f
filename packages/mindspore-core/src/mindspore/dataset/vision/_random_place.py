"""Parts of images chosen at random, resized or erased; each image is drawn by itself."""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool, check_int, check_number, check_numbers
from .._transform import is_image
from ..transforms._compose import check_probability
from ._decode import Decode
from ._enums import Inter
from ._geometry import _axes, _size
from ._image import DeviceChoice, ImageTransform, check_choice, check_range
from ._resize import resample

__all__ = ["CutOut", "Erase", "RandomCropDecodeResize", "RandomErasing", "RandomResize", "RandomResizedCrop",
           "ResizedCrop", "crop_and_resize", "draw_part"]


def crop_and_resize(image: np.ndarray, part: tuple[int, int, int, int], size: tuple[int, int], inter: Inter,
                    function: str) -> np.ndarray:
    """The rectangle (top, left, height, width) of an image, resized."""
    row = image[np.newaxis]
    axes = _axes(row, function)
    top, left, height, width = part
    if top + height > row.shape[axes[0]] or left + width > row.shape[axes[1]]:
        raise ValueError(f"For '{function}', the rectangle (top {top}, left {left}, height {height}, width {width}) "
                         f"does not lie inside the image of {(row.shape[axes[0]], row.shape[axes[1]])}.")
    index = [slice(None)] * row.ndim
    index[axes[0]], index[axes[1]] = slice(top, top + height), slice(left, left + width)
    return resample(row[tuple(index)], axes, size, inter)[0]


def draw_part(height: int, width: int, scale, ratio, attempts: int, rng) -> tuple[int, int, int, int]:
    """A random rectangle (top, left, height, width).

    Its area is a fraction of the image's from `scale`, its width to height, log-uniformly, from `ratio`. Where none
    fits in so many attempts it is the largest in the middle whose ratio is allowed.
    """
    logs = math.log(ratio[0]), math.log(ratio[1])
    for _ in range(attempts):
        area, shape = height * width * rng.uniform(*scale), math.exp(rng.uniform(*logs))
        w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < w <= width and 0 < h <= height:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    present = width / height
    w = width if present <= ratio[1] else max(1, round(height * ratio[1]))
    h = height if present >= ratio[0] else max(1, round(width / ratio[0]))
    return (height - h) // 2, (width - w) // 2, h, w


class ResizedCrop(DeviceChoice, ImageTransform):
    """Cuts a rectangle out of images (H, W) or (H, W, C) and resizes it.

    Args:
        top, left, height, width: the rectangle.
        size: (height, width) of the result, or an int for a square.
        interpolation: one of `Inter`.
    """

    def __init__(self, top: int, left: int, height: int, width: int, size, interpolation: Inter = Inter.BILINEAR):
        name = "ResizedCrop"
        self.part = (check_int(top, "top", name, 0), check_int(left, "left", name, 0),
                     check_int(height, "height", name, 1), check_int(width, "width", name, 1))
        self.size = _size(size, name)
        self.interpolation = check_choice(interpolation, Inter, "interpolation", name)

    def image(self, image, rng):
        return crop_and_resize(image, self.part, self.size, self.interpolation, "ResizedCrop")


class RandomResizedCrop(ImageTransform):
    """Cuts a random part out of images (H, W) or (H, W, C) and resizes it.

    Args:
        size: (height, width) of the result, or an int for a square.
        scale: (min, max) of the part's area as a fraction of the image's.
        ratio: (min, max) of the part's width divided by its height.
        interpolation: one of `Inter`.
        max_attempts: how often to draw before the middle is taken.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument is out of range.
    """

    random = True

    def __init__(self, size, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), interpolation: Inter = Inter.BILINEAR,
                 max_attempts: int = 10):
        name = type(self).__name__
        self.size, self.scale = _size(size, name), check_range(scale, "scale", name, 0)
        self.ratio = check_range(ratio, "ratio", name, 1e-9)
        self.interpolation = check_choice(interpolation, Inter, "interpolation", name)
        self.attempts = check_int(max_attempts, "max_attempts", name, 1)

    def image(self, image, rng):
        height, width = image.shape[:2] if image.ndim == 2 else image.shape[-3:-1]
        part = draw_part(height, width, self.scale, self.ratio, self.attempts, rng)
        return crop_and_resize(image, part, self.size, self.interpolation, type(self).__name__)


class RandomCropDecodeResize(RandomResizedCrop):
    """`Decode`, then `RandomResizedCrop`: the input is an encoded image."""

    def apply_to_value(self, value, rng):
        decoded = np.asarray(value.convert("RGB")) if is_image(value) else Decode()(value)
        return self.image(decoded, rng)

    def _apply_to_column(self, column, rng):
        values = column if isinstance(column, list) else [column[i, ...] for i in range(len(column))]
        return [self.apply_to_value(value, rng) for value in values]


class RandomResize(ImageTransform):
    """Resizes images (H, W) or (H, W, C) with a random interpolation.

    Args:
        size: (height, width), or an int for the shorter edge.
    """

    random = True

    def __init__(self, size):
        from ._geometry import Resize
        self.resizers = [Resize(size, inter) for inter in (Inter.NEAREST, Inter.BILINEAR, Inter.BICUBIC, Inter.AREA)]

    def image(self, image, rng):
        return self.resizers[rng.integers(len(self.resizers))].apply(image[np.newaxis], rng)[0]


# ------------------------------------------------------------------------------------------------------------- erasing

def _check_erased(value, function: str):
    """A number, or three, for the erased pixels."""
    if isinstance(value, (tuple, list)):
        numbers = check_numbers(value, "value", function)
        if len(numbers) != 3:
            raise ValueError(f"For '{function}', 'value' must be one number or three, but got {value!r}.")
        return np.array(numbers)
    return check_number(value, "value", function)


class Erase(DeviceChoice, ImageTransform):
    """Sets a rectangle of images (H, W, C) or (H, W) to a value.

    Args:
        top, left, height, width: the rectangle; what lies outside is left out.
        value: a number, or three.
        inplace: checked only: the input is never changed.
    """

    def __init__(self, top: int, left: int, height: int, width: int, value=0.0, inplace: bool = False):
        name = "Erase"
        self.top, self.left = check_int(top, "top", name, 0), check_int(left, "left", name, 0)
        self.height, self.width = check_int(height, "height", name, 1), check_int(width, "width", name, 1)
        self.value = _check_erased(value, name)
        check_bool(inplace, "inplace", name)

    def image(self, image, rng):
        out = image.copy()
        out[self.top:self.top + self.height, self.left:self.left + self.width] = self.value
        return out


class RandomErasing(ImageTransform):
    """Erases a random rectangle of images (C, H, W) with a probability (Zhong et al., 2017).

    Args:
        prob: the probability.
        scale: (min, max) of the rectangle's area as a fraction of the image's.
        ratio: (min, max) of its width divided by its height.
        value: a number, three of them, or "random" for normally distributed ones.
        inplace: checked only: the input is never changed.
        max_attempts: how often to draw before nothing is erased.
    """

    random = True
    keeps_images = False

    def __init__(self, prob: float = 0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace: bool = False,
                 max_attempts: int = 10):
        name = "RandomErasing"
        self.prob = check_probability(prob, "prob", name)
        self.scale, self.ratio = check_range(scale, "scale", name, 0), check_range(ratio, "ratio", name, 1e-9)
        if isinstance(value, str) and value != "random":
            raise ValueError(f"For '{name}', 'value' must be a number, three, or 'random', but got {value!r}.")
        self.value = value if isinstance(value, str) else _check_erased(value, name)
        check_bool(inplace, "inplace", name)
        self.attempts = check_int(max_attempts, "max_attempts", name, 1)

    def image(self, image, rng):
        if image.ndim != 3:
            raise ValueError(f"For 'RandomErasing', an image must have the shape (C, H, W), but got {image.shape}. "
                             f"Apply it after ToTensor.")
        if rng.random() >= self.prob:
            return image
        channels, height, width = image.shape
        logs = math.log(self.ratio[0]), math.log(self.ratio[1])
        for _ in range(self.attempts):
            area, shape = height * width * rng.uniform(*self.scale), math.exp(rng.uniform(*logs))
            w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if 0 < w < width and 0 < h < height:
                top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
                out = image.copy()
                value = rng.standard_normal((channels, h, w)) if isinstance(self.value, str) else \
                    np.reshape(self.value, (-1, 1, 1))
                out[:, top:top + h, left:left + w] = value
                return out
        return image


class CutOut(ImageTransform):
    """Sets random squares of images to 0 (DeVries and Taylor, 2017).

    Args:
        length: the edge of a square.
        num_patches: how many.
        is_hwc: whether images are (H, W, C), otherwise (C, H, W).
    """

    random = True

    def __init__(self, length: int, num_patches: int = 1, is_hwc: bool = True):
        self.length = check_int(length, "length", "CutOut", 1)
        self.patches = check_int(num_patches, "num_patches", "CutOut", 1)
        self.is_hwc = check_bool(is_hwc, "is_hwc", "CutOut")

    def image(self, image, rng):
        if image.ndim != 3:
            raise ValueError(f"For 'CutOut', an image must have three dimensions, but got the shape {image.shape}.")
        out = image.copy()
        view = out if self.is_hwc else out.transpose(1, 2, 0)
        for _ in range(self.patches):
            y, x = rng.integers(view.shape[0]), rng.integers(view.shape[1])
            top, left = max(0, y - self.length // 2), max(0, x - self.length // 2)
            view[top:y - self.length // 2 + self.length, left:x - self.length // 2 + self.length] = 0
        return out
