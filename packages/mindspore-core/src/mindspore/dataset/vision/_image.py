"""What image transforms share: the base of those that take one image at a time, Pillow, and checks of arguments."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._check import check_int, check_number, check_numbers
from .._transform import Transform, packed
from ._enums import Inter

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["DeviceChoice", "ImageTransform", "check_choice", "check_fill", "check_image", "check_range", "check_rgb",
           "check_uint8", "gray", "pillow_filter", "to_pillow", "warped", "with_pillow"]


class DeviceChoice:
    """A transform that lets the user choose where it runs; "CPU" is the only place."""

    def device(self, device_target: str = "CPU"):
        """This transform.

        Args:
            device_target: "CPU".

        Raises:
            TypeError: it is no str.
            ValueError: it is another one.
        """
        function = f"{type(self).__name__}.device"
        if not isinstance(device_target, str):
            raise TypeError(f"For '{function}', 'device_target' must be a str, but got {device_target!r} of type "
                            f"{type(device_target).__name__}.")
        if device_target != "CPU":
            raise ValueError(f"For '{function}', 'device_target' must be 'CPU', but got {device_target!r}: transforms "
                             f"of images run on the CPU only. Leave the call out, or give 'CPU'.")
        return self


class ImageTransform(Transform):
    """A transform of one image at a time: a subclass defines `image`."""

    def image(self, image: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """The transformed image: an array, new or a view of the given one."""
        raise TypeError(f"{type(self).__name__} must define 'image(image, rng)'")

    def apply(self, rows, rng):
        return np.stack([self.image(row, rng) for row in rows])

    def _apply_to_column(self, column, rng):
        if isinstance(column, list):
            return super()._apply_to_column(column, rng)
        return packed([self.image(row, rng) for row in column])


def check_uint8(image: np.ndarray, function: str) -> None:
    """Refuses what is no image (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8."""
    if image.dtype != np.uint8:
        raise TypeError(f"For '{function}', an image must be uint8, but is {image.dtype}. Apply it before Rescale, "
                        f"Normalize and ToTensor, or convert with ToType.")
    _check_shape(image, function)


def check_image(image: np.ndarray, function: str) -> None:
    """Refuses what is no image of such a shape of uint8 or floats."""
    check_values(image, function)
    _check_shape(image, function)


def check_values(image: np.ndarray, function: str) -> None:
    """Refuses what is neither uint8 nor float."""
    if image.dtype != np.uint8 and image.dtype.kind != "f":
        raise TypeError(f"For '{function}', an image must be uint8 or float, but is {image.dtype}. Convert it with "
                        f"ToType.")


def _check_shape(image: np.ndarray, function: str) -> None:
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)) or not image.size:
        raise ValueError(f"For '{function}', an image must have the shape (H, W) or (H, W, C) with 1, 3 or 4 channels, "
                         f"but got {image.shape}.")


def check_rgb(image: np.ndarray, function: str) -> None:
    """Refuses what is no image (H, W, 3) of uint8 or floats."""
    check_image(image, function)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"For '{function}', an image must have the shape (H, W, 3), but got {image.shape}.")


def to_pillow(image: np.ndarray, function: str) -> Image.Image:
    """A Pillow image of an array."""
    from PIL import Image
    check_uint8(image, function)
    return Image.fromarray(image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image)


def with_pillow(image: np.ndarray, function: str, operation: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """What an operation of Pillow makes of an array; a single channel stays a dimension."""
    result = np.array(operation(to_pillow(image, function)))
    return result[..., np.newaxis] if image.ndim == 3 and result.ndim == 2 else result


def warped(image: np.ndarray, function: str, operation: Callable[[Image.Image, Any], Image.Image],
           fill: int | tuple[int, ...] = 0) -> np.ndarray:
    """What an operation of Pillow, which gets a picture and the value outside of it, makes of an array of uint8, or of
    each channel of one of floats, in 32 bits."""
    check_image(image, function)
    value = fill_for(fill, image)
    if image.dtype == np.uint8:
        return with_pillow(image, function, lambda picture: operation(picture, value))
    from PIL import Image
    channels = image[..., np.newaxis] if image.ndim == 2 else image
    values = value if isinstance(value, tuple) else (value,)
    parts = [np.asarray(operation(Image.fromarray(np.ascontiguousarray(channels[..., i], np.float32)), values[i]))
             for i in range(channels.shape[2])]
    return (np.stack(parts, -1) if image.ndim == 3 else parts[0]).astype(image.dtype)


def pillow_filter(inter: Inter, warp: bool = False):
    """Pillow's name of an interpolation; warps know only three of them."""
    from PIL.Image import Resampling
    if inter is Inter.NEAREST:
        return Resampling.NEAREST
    if inter in (Inter.BICUBIC, Inter.PILCUBIC):
        return Resampling.BICUBIC
    return Resampling.BILINEAR if warp or inter is Inter.BILINEAR else \
        Resampling.BOX if inter is Inter.AREA else Resampling.LANCZOS


def gray(image: np.ndarray) -> np.ndarray:
    """The luma of RGB (ITU-R BT.601): shape (H, W); of uint8 in 16 bits of fixed point, as Pillow computes it."""
    if image.dtype.kind == "f":
        return image @ np.array([0.299, 0.587, 0.114], image.dtype)
    weighted = image.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((weighted + 0x8000) >> 16).astype(np.uint8)


def check_choice(value, kind: type, name: str, function: str):
    """TypeError unless a value belongs to an enumeration."""
    if not isinstance(value, kind):
        raise TypeError(f"For '{function}', '{name}' must be one of {kind.__name__}, but got {value!r}.")
    return value


def check_fill(value, function: str) -> int | tuple[int, ...]:
    """A value in 0..255, or three of them."""
    if isinstance(value, (tuple, list)):
        if len(value) != 3:
            raise ValueError(f"For '{function}', 'fill_value' must be one int or three, but got {value!r}.")
        return tuple(check_int(v, f"fill_value[{i}]", function, 0, 255) for i, v in enumerate(value))
    return check_int(value, "fill_value", function, 0, 255)


def fill_for(fill, image: np.ndarray):
    """A fill value for the channels of an image."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 1:
        return fill if isinstance(fill, int) else fill[0]
    values = (fill,) * 3 if isinstance(fill, int) else fill
    return values + (255,) * (channels - 3)


def check_range(value, name: str, function: str, low: float, centre: float | None = None) -> tuple[float, float]:
    """(low, high) from a pair, or from one number d around a centre: (max(low, centre - d), centre + d)."""
    if centre is not None and not isinstance(value, (tuple, list, np.ndarray)):
        number = check_number(value, name, function)
        if number < 0:
            raise ValueError(f"For '{function}', '{name}' must not be negative, but got {value}.")
        return max(low, centre - number), centre + number
    pair = check_numbers(value, name, function)
    if len(pair) != 2 or not low <= pair[0] <= pair[1]:
        raise ValueError(f"For '{function}', '{name}' must be (min, max) with {low} <= min <= max, but got {value!r}.")
    return pair[0], pair[1]
