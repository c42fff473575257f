"""Colours of images: brightness and its kin, tone curves, blurring, conversions."""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool, check_int, check_number
from .._transform import Transform
from ._enums import ConvertMode
from ._image import (
    DeviceChoice,
    ImageTransform,
    check_choice,
    check_image,
    check_rgb,
    check_uint8,
    check_values,
    gray,
    with_pillow,
)

__all__ = ["AdjustBrightness", "AdjustContrast", "AdjustGamma", "AdjustHue", "AdjustSaturation", "AdjustSharpness",
           "AutoContrast", "ConvertColor", "Equalize", "GaussianBlur", "Grayscale", "HsvToRgb", "Invert", "Posterize",
           "RgbToHsv", "Solarize", "blend", "shift_hue"]


def _factor(value, name: str, function: str) -> float:
    number = check_number(value, name, function)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"For '{function}', '{name}' must be finite and not negative, but got {value}.")
    return number


def blend(image: np.ndarray, base, factor: float) -> np.ndarray:
    """`base + factor * (image - base)`, of uint8 cut to 0..255."""
    base = np.asarray(base, np.float32)
    if image.dtype.kind == "f":
        return (base + np.float32(factor) * (image - base)).astype(image.dtype)
    return np.clip(base + np.float32(factor) * (image.astype(np.float32) - base), 0, 255).astype(np.uint8)


def adjust_contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Distance from the mean of the luma."""
    luma = gray(image) if image.ndim == 3 and image.shape[2] == 3 else image
    return blend(image, luma.mean() if image.dtype.kind == "f" else int(luma.mean() + 0.5), factor)


def adjust_saturation(image: np.ndarray, factor: float) -> np.ndarray:
    """Distance from the luma of each pixel."""
    return blend(image, gray(image)[..., np.newaxis], factor)


def adjust_sharpness(image: np.ndarray, factor: float, function: str) -> np.ndarray:
    """Distance from a smoothed image, by Pillow; of floats by the same weights."""
    check_image(image, function)
    if image.dtype.kind == "f":
        return blend(image, _smooth(image), factor)
    from PIL import ImageEnhance
    return with_pillow(image, function, lambda picture: ImageEnhance.Sharpness(picture).enhance(factor))


def _smooth(image: np.ndarray) -> np.ndarray:
    """Each pixel inside becomes a mean of those around it, itself counted five times."""
    height, width = image.shape[:2]
    out = image.astype(np.float32)
    if min(height, width) > 2:
        around = sum(image[y:y + height - 2, x:x + width - 2].astype(np.float32) for y in range(3) for x in range(3))
        out[1:-1, 1:-1] = (around + 4 * out[1:-1, 1:-1]) / 13
    return out


def shift_hue(image: np.ndarray, shift: float, function: str) -> np.ndarray:
    """Turns the hue by a fraction of the circle; of uint8 in the 8 bits that Pillow has for it."""
    if image.dtype.kind == "f":
        hue, saturation, value = RgbToHsv.convert(*np.moveaxis(image.astype(np.float64), -1, 0))
        return np.stack(HsvToRgb.convert((hue + shift) % 1, saturation, value), -1).astype(image.dtype)

    def turn(picture):
        from PIL import Image
        hue, *others = picture.convert("HSV").split()
        turned = np.asarray(hue).astype(np.int32) + int(shift * 255)
        return Image.merge("HSV", (Image.fromarray((turned % 256).astype(np.uint8)), *others)).convert("RGB")
    return with_pillow(image, function, turn)


class AdjustBrightness(DeviceChoice, ImageTransform):
    """Multiplies an image of uint8 or floats by a factor, not negative: 0 is black, 1 the image."""

    def __init__(self, brightness_factor: float):
        self.factor = _factor(brightness_factor, "brightness_factor", "AdjustBrightness")

    def image(self, image, rng):
        check_image(image, "AdjustBrightness")
        return blend(image, 0, self.factor)


class AdjustContrast(DeviceChoice, ImageTransform):
    """Multiplies the distance of an image of uint8 or floats from its mean grey by a factor: 0 is grey, 1 the image."""

    def __init__(self, contrast_factor: float):
        self.factor = _factor(contrast_factor, "contrast_factor", "AdjustContrast")

    def image(self, image, rng):
        check_image(image, "AdjustContrast")
        return adjust_contrast(image, self.factor)


class AdjustSaturation(DeviceChoice, ImageTransform):
    """Multiplies the distance of an RGB image of uint8 or floats from its grey version by a factor: 0 is grey, 1 the
    image."""

    def __init__(self, saturation_factor: float):
        self.factor = _factor(saturation_factor, "saturation_factor", "AdjustSaturation")

    def image(self, image, rng):
        check_rgb(image, "AdjustSaturation")
        return adjust_saturation(image, self.factor)


class AdjustSharpness(DeviceChoice, ImageTransform):
    """Multiplies the distance of an image of uint8 or floats from a smoothed version by a factor: 0 is smooth, 1 the
    image."""

    def __init__(self, sharpness_factor: float):
        self.factor = _factor(sharpness_factor, "sharpness_factor", "AdjustSharpness")

    def image(self, image, rng):
        return adjust_sharpness(image, self.factor, "AdjustSharpness")


class AdjustHue(DeviceChoice, ImageTransform):
    """Turns the hue of an RGB image of uint8 or floats by a fraction of the circle in -0.5..0.5."""

    def __init__(self, hue_factor: float):
        self.factor = check_number(hue_factor, "hue_factor", "AdjustHue")
        if not -0.5 <= self.factor <= 0.5:
            raise ValueError(f"For 'AdjustHue', 'hue_factor' must be in -0.5..0.5, but got {hue_factor}.")

    def image(self, image, rng):
        check_rgb(image, "AdjustHue")
        return shift_hue(image, self.factor, "AdjustHue")


class AdjustGamma(Transform):
    """Computes `gain * x ** gamma` with x in 0..1: for uint8 x is the value / 255, floats are taken as they are.

    Raises:
        TypeError: an argument is no number, or the data neither uint8 nor float.
        ValueError: `gamma` is negative.
    """

    def __init__(self, gamma: float, gain: float = 1):
        self.gamma, self.gain = _factor(gamma, "gamma", "AdjustGamma"), check_number(gain, "gain", "AdjustGamma")

    def apply(self, rows, rng):
        if rows.dtype.kind == "f":
            return np.clip(self.gain * np.clip(rows, 0, None) ** self.gamma, 0, 1).astype(rows.dtype)
        if rows.dtype != np.uint8:
            raise TypeError(f"For 'AdjustGamma', an image must be uint8 or float, but is {rows.dtype}.")
        table = np.clip(255 * self.gain * (np.arange(256) / 255) ** self.gamma, 0, 255).astype(np.uint8)
        return table[rows]


class AutoContrast(DeviceChoice, ImageTransform):
    """Stretches each channel of a uint8 image so that its darkest value is 0 and its lightest 255.

    Args:
        cutoff: per cent of the darkest and of the lightest pixels to leave out, in 0..50 (50 excluded).
        ignore: values of pixels that do not count; None for none.
    """

    def __init__(self, cutoff: float = 0.0, ignore=None):
        self.cutoff, self.ignore = check_cutoff(cutoff, ignore, "AutoContrast")

    def image(self, image, rng):
        return auto_contrast(image, self.cutoff, self.ignore, "AutoContrast")


def check_cutoff(cutoff, ignore, function: str) -> tuple[float, list[int]]:
    """The arguments of auto-contrast."""
    number = check_number(cutoff, "cutoff", function)
    if not 0 <= number < 50:
        raise ValueError(f"For '{function}', 'cutoff' must be at least 0 and less than 50, but got {cutoff}.")
    values = [] if ignore is None else list(ignore) if isinstance(ignore, (list, tuple)) else [ignore]
    return number, [check_int(value, "ignore", function, 0, 255) for value in values]


def auto_contrast(image: np.ndarray, cutoff: float, ignore: list[int], function: str) -> np.ndarray:
    """Auto-contrast by histogram, channel by channel."""
    check_uint8(image, function)
    channels = image[..., np.newaxis] if image.ndim == 2 else image
    out = np.empty_like(channels)
    for c in range(channels.shape[2]):
        histogram = np.bincount(channels[..., c].reshape(-1), minlength=256)
        histogram[ignore] = 0
        cut = int(histogram.sum() * cutoff / 100)
        below, above = np.cumsum(histogram), np.cumsum(histogram[::-1])
        low = int(np.searchsorted(below, cut, "right"))
        high = 255 - int(np.searchsorted(above, cut, "right"))
        if high <= low:
            out[..., c] = channels[..., c]
            continue
        table = np.clip((np.arange(256) - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
        out[..., c] = table[channels[..., c]]
    return out.reshape(image.shape)


def equalize(image: np.ndarray, function: str) -> np.ndarray:
    """Equalises histograms, by Pillow."""
    from PIL import ImageOps
    return with_pillow(image, function, ImageOps.equalize)


class Equalize(DeviceChoice, ImageTransform):
    """Makes the values of each channel of a uint8 image about equally frequent."""

    def image(self, image, rng):
        return equalize(image, "Equalize")


class Invert(DeviceChoice, Transform):
    """Replaces each value of an image by 255 minus it: uint8, or floats in 0..255."""

    def apply(self, rows, rng):
        check_values(rows, "Invert")
        return 255 - rows


class Posterize(DeviceChoice, Transform):
    """Keeps the leading bits of each value of a uint8 image: `bits` in 0..8."""

    def __init__(self, bits: int):
        self.bits = check_int(bits, "bits", "Posterize", 0, 8)

    def apply(self, rows, rng):
        if rows.dtype != np.uint8:
            raise TypeError(f"For 'Posterize', an image must be uint8, but is {rows.dtype}.")
        return rows & np.uint8(256 - (1 << (8 - self.bits)))


def solarize(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Inverts the values in low..high."""
    return np.where((image >= low) & (image <= high), 255 - image, image)


class Solarize(DeviceChoice, Transform):
    """Inverts the values of an image, uint8 or floats in 0..255, that lie in a range.

    Args:
        threshold: (min, max), or one number for (threshold, 255).
    """

    def __init__(self, threshold):
        pair = threshold if isinstance(threshold, (tuple, list)) else (threshold, 255)
        if len(pair) != 2:
            raise ValueError(f"For 'Solarize', 'threshold' must be a number or (min, max), but got {threshold!r}.")
        self.low, self.high = (check_number(value, "threshold", "Solarize") for value in pair)
        if not 0 <= self.low <= self.high <= 255:
            raise ValueError(f"For 'Solarize', 'threshold' must be in 0..255 and increase, but got {threshold!r}.")

    def apply(self, rows, rng):
        check_values(rows, "Solarize")
        return solarize(rows, self.low, self.high)


class GaussianBlur(DeviceChoice, ImageTransform):
    """Blurs images (H, W) or (H, W, C); pixels outside are mirrored without repeating the outermost.

    Args:
        kernel_size: an odd number of pixels, or (horizontal, vertical).
        sigma: the standard deviation, or (horizontal, vertical); None for `0.15 * size + 0.35`.
    """

    def __init__(self, kernel_size, sigma=None):
        name = "GaussianBlur"
        sizes = kernel_size if isinstance(kernel_size, (tuple, list)) else (kernel_size, kernel_size)
        self.sizes = [check_int(size, "kernel_size", name, 1) for size in sizes]
        if len(self.sizes) != 2 or any(size % 2 == 0 for size in self.sizes):
            raise ValueError(f"For '{name}', 'kernel_size' must be odd, one number or two, but got {kernel_size!r}.")
        sigmas = [0.15 * size + 0.35 for size in self.sizes] if sigma is None else \
            list(sigma) if isinstance(sigma, (tuple, list)) else [sigma, sigma]
        if len(sigmas) != 2:
            raise ValueError(f"For '{name}', 'sigma' must be one number or two, but got {sigma!r}.")
        self.sigmas = [_factor(value, "sigma", name) or 0.15 * size + 0.35 for value, size in zip(sigmas, self.sizes)]

    def image(self, image, rng):
        if image.ndim not in (2, 3):
            raise ValueError(f"For 'GaussianBlur', an image must have the shape (H, W) or (H, W, C), but got "
                             f"{image.shape}.")
        result = image.astype(np.float32)
        for axis, size, sigma in ((1, self.sizes[0], self.sigmas[0]), (0, self.sizes[1], self.sigmas[1])):
            offsets = np.arange(size) - size // 2
            weights = np.exp(-offsets ** 2 / (2 * sigma ** 2))
            width = [(0, 0)] * image.ndim
            width[axis] = (size // 2, size // 2)
            padded = np.pad(result, width, "reflect" if image.shape[axis] > 1 else "edge")
            lines = np.lib.stride_tricks.sliding_window_view(padded, size, axis)
            result = lines @ (weights / weights.sum()).astype(np.float32)
        return result if image.dtype.kind == "f" else np.rint(result).astype(image.dtype)


class Grayscale(ImageTransform):
    """The luma of an RGB image of uint8 or floats: shape (H, W), or (H, W, 3) with three equal channels.

    Args:
        num_output_channels: 1 or 3.
    """

    def __init__(self, num_output_channels: int = 1):
        self.channels = check_int(num_output_channels, "num_output_channels", "Grayscale", 1, 3)
        if self.channels == 2:
            raise ValueError("For 'Grayscale', 'num_output_channels' must be 1 or 3, but got 2.")

    def image(self, image, rng):
        check_image(image, "Grayscale")
        luma = image if image.ndim == 2 else image[..., 0] if image.shape[2] == 1 else gray(image[..., :3])
        return np.repeat(luma[..., np.newaxis], 3, 2) if self.channels == 3 else luma


class _Hsv(Transform):
    def __init__(self, is_hwc: bool = False):
        self.axis = -1 if check_bool(is_hwc, "is_hwc", type(self).__name__) else -3

    def apply(self, rows, rng):
        if rows.ndim < 4 or rows.shape[self.axis] != 3:
            raise ValueError(f"For '{type(self).__name__}', an image must have three channels, at the front or with "
                             f"is_hwc=True at the end, but got the shape {rows.shape[1:]}.")
        return np.stack(self.convert(*np.moveaxis(rows.astype(np.float64), self.axis, 0)), self.axis)

    @staticmethod
    def convert(a, b, c):
        """Three new channels of three."""
        raise TypeError("a colour transform must define 'convert'")


class RgbToHsv(_Hsv):
    """Hue, saturation and value of RGB in 0..1: arrays (..., C, H, W), with `is_hwc` (..., H, W, C), as Float64."""

    @staticmethod
    def convert(a, b, c):
        value, low = np.maximum(np.maximum(a, b), c), np.minimum(np.minimum(a, b), c)
        spread = value - low
        divisor = np.where(spread == 0, 1, spread)
        hue = np.where(value == a, (b - c) / divisor, np.where(value == b, 2 + (c - a) / divisor,
                                                               4 + (a - b) / divisor))
        saturation = np.where(value == 0, 0, spread / np.where(value == 0, 1, value))
        return np.where(spread == 0, 0, hue / 6 % 1), saturation, value


class HsvToRgb(_Hsv):
    """RGB in 0..1 of hue, saturation and value: arrays (..., C, H, W), with `is_hwc` (..., H, W, C), as Float64."""

    @staticmethod
    def convert(a, b, c):
        sector = np.floor(a * 6)
        rest = a * 6 - sector
        low, falling, rising = c * (1 - b), c * (1 - b * rest), c * (1 - b * (1 - rest))
        choices = [(c, rising, low), (falling, c, low), (low, c, rising), (low, falling, c), (rising, low, c),
                   (c, low, falling)]
        which = sector.astype(int) % 6
        return tuple(np.choose(which, [choice[i] for choice in choices]) for i in range(3))


_TO_GRAY = {6: [2, 1, 0], 7: [0, 1, 2], 10: [2, 1, 0], 11: [0, 1, 2]}
_TAKEN = {0: [0, 1, 2], 1: [0, 1, 2], 2: [2, 1, 0], 3: [2, 1, 0], 4: [2, 1, 0], 5: [2, 1, 0, 3], 8: [0, 0, 0],
          9: [0, 0, 0]}


class ConvertColor(DeviceChoice, ImageTransform):
    """Changes the order and number of channels of an image (H, W, C), or (H, W) of grey.

    Args:
        convert_mode: one of `ConvertMode`.
    """

    def __init__(self, convert_mode: ConvertMode):
        self.mode = check_choice(convert_mode, ConvertMode, "convert_mode", "ConvertColor")

    def image(self, image, rng):
        mode = int(self.mode)
        have = image[..., np.newaxis] if image.ndim == 2 else image
        needed = {0: 3, 1: 4, 2: 3, 3: 4, 4: 3, 5: 4, 6: 3, 7: 3, 8: 1, 9: 1, 10: 4, 11: 4}[mode]
        if have.ndim != 3 or have.shape[2] != needed:
            raise ValueError(f"For 'ConvertColor', {self.mode.name} needs {needed} channels, but the image has the "
                             f"shape {image.shape}.")
        if mode in _TO_GRAY:
            return gray(have[..., _TO_GRAY[mode]])
        taken = have[..., _TAKEN[mode]]
        if mode in (0, 2, 9):
            opaque = np.full((*taken.shape[:2], 1), 255 if image.dtype == np.uint8 else 1, image.dtype)
            taken = np.concatenate([taken, opaque], 2)
        return taken
