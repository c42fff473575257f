"""Colours of images at random; each image is drawn by itself."""
from __future__ import annotations

import numpy as np

from .._check import check_int, check_number
from ..transforms._compose import check_probability
from ._color import (
    adjust_contrast,
    adjust_saturation,
    adjust_sharpness,
    auto_contrast,
    blend,
    check_cutoff,
    equalize,
    shift_hue,
    solarize,
)
from ._image import ImageTransform, check_image, check_range, check_rgb, check_uint8, gray

__all__ = ["RandomAdjustSharpness", "RandomAutoContrast", "RandomColor", "RandomColorAdjust", "RandomEqualize",
           "RandomGrayscale", "RandomInvert", "RandomLighting", "RandomPosterize", "RandomSharpness", "RandomSolarize"]


class _Sometimes(ImageTransform):
    """Changes images with a probability."""

    random = True

    def __init__(self, prob: float):
        self.prob = check_probability(prob, "prob", type(self).__name__)

    def image(self, image, rng):
        return self.changed(image) if rng.random() < self.prob else image

    def changed(self, image: np.ndarray) -> np.ndarray:
        """The changed image."""
        raise TypeError(f"{type(self).__name__} must define 'changed(image)'")


class RandomAdjustSharpness(_Sometimes):
    """Sharpens by a factor, not negative (see `AdjustSharpness`), with probability `prob`."""

    def __init__(self, degree: float, prob: float = 0.5):
        super().__init__(prob)
        self.degree = check_number(degree, "degree", "RandomAdjustSharpness")
        if self.degree < 0:
            raise ValueError(f"For 'RandomAdjustSharpness', 'degree' must not be negative, but got {degree}.")

    def changed(self, image):
        return adjust_sharpness(image, self.degree, "RandomAdjustSharpness")


class RandomAutoContrast(_Sometimes):
    """Stretches contrast (see `AutoContrast`) with probability `prob`."""

    def __init__(self, cutoff: float = 0.0, ignore=None, prob: float = 0.5):
        super().__init__(prob)
        self.cutoff, self.ignore = check_cutoff(cutoff, ignore, "RandomAutoContrast")

    def changed(self, image):
        return auto_contrast(image, self.cutoff, self.ignore, "RandomAutoContrast")


class RandomEqualize(_Sometimes):
    """Equalises histograms (see `Equalize`) with probability `prob`."""

    def __init__(self, prob: float = 0.5):
        super().__init__(prob)

    def changed(self, image):
        return equalize(image, "RandomEqualize")


class RandomInvert(_Sometimes):
    """Inverts (see `Invert`) with probability `prob`."""

    def __init__(self, prob: float = 0.5):
        super().__init__(prob)

    def changed(self, image):
        check_image(image, "RandomInvert")
        return 255 - image


class RandomGrayscale(_Sometimes):
    """Replaces RGB by three equal channels of grey with probability `prob`."""

    def __init__(self, prob: float = 0.1):
        super().__init__(prob)

    def changed(self, image):
        check_rgb(image, "RandomGrayscale")
        return np.repeat(gray(image)[..., np.newaxis], 3, 2)


class RandomColor(ImageTransform):
    """Changes the saturation (see `AdjustSaturation`) by a factor from `degrees`, (min, max)."""

    random = True

    def __init__(self, degrees=(0.1, 1.9)):
        self.degrees = check_range(degrees, "degrees", "RandomColor", 0)

    def image(self, image, rng):
        check_rgb(image, "RandomColor")
        return adjust_saturation(image, rng.uniform(*self.degrees))


class RandomSharpness(ImageTransform):
    """Changes the sharpness (see `AdjustSharpness`) by a factor from `degrees`, (min, max)."""

    random = True

    def __init__(self, degrees=(0.1, 1.9)):
        self.degrees = check_range(degrees, "degrees", "RandomSharpness", 0)

    def image(self, image, rng):
        return adjust_sharpness(image, rng.uniform(*self.degrees), "RandomSharpness")


class RandomColorAdjust(ImageTransform):
    """Changes brightness, contrast, saturation and hue of RGB images of uint8 or floats, in random order.

    Args:
        brightness, contrast, saturation: (min, max) of the factor, or one number d for (max(0, 1 - d), 1 + d).
        hue: (min, max) of the turn in -0.5..0.5, or one number d for (-d, d).

    Raises:
        TypeError: an argument, or the image, is of a wrong type.
        ValueError: an argument is out of range, or the image has not three channels.
    """

    random = True

    def __init__(self, brightness=(1, 1), contrast=(1, 1), saturation=(1, 1), hue=(0, 0)):
        name = "RandomColorAdjust"
        self.ranges = [check_range(value, label, name, 0, 1) for label, value in
                       (("brightness", brightness), ("contrast", contrast), ("saturation", saturation))]
        self.ranges.append(check_range(hue, "hue", name, -0.5, 0))
        if self.ranges[3][1] > 0.5:
            raise ValueError(f"For '{name}', 'hue' must be in -0.5..0.5, but got {hue!r}.")

    def image(self, image, rng):
        check_rgb(image, "RandomColorAdjust")
        factors, order = [rng.uniform(low, high) for low, high in self.ranges], rng.permutation(4)
        steps = (lambda x, f: blend(x, 0, f), adjust_contrast, adjust_saturation,
                 lambda x, f: shift_hue(x, f, "RandomColorAdjust"))
        for which in order:
            if self.ranges[which] != ((0, 0) if which == 3 else (1, 1)):
                image = steps[which](image, factors[which])
        return image


# The principal components of the colours of ImageNet: eigenvalues and eigenvectors (Krizhevsky et al., 2012).
_EIGENVALUES = np.array([55.46, 4.794, 1.148])
_EIGENVECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


class RandomLighting(ImageTransform):
    """Adds multiples of the principal components of colour, as AlexNet did, to RGB images of uint8 or floats in
    0..255.

    Args:
        alpha: the standard deviation of the multiples, not negative.
    """

    random = True

    def __init__(self, alpha: float = 0.05):
        self.alpha = check_number(alpha, "alpha", "RandomLighting")
        if self.alpha < 0:
            raise ValueError(f"For 'RandomLighting', 'alpha' must not be negative, but got {alpha}.")

    def image(self, image, rng):
        check_rgb(image, "RandomLighting")
        shift = _EIGENVECTORS @ (rng.normal(0, self.alpha, 3) * _EIGENVALUES)
        if image.dtype.kind == "f":
            return (image + shift).astype(image.dtype)
        return np.clip(image + np.rint(shift), 0, 255).astype(np.uint8)


class RandomPosterize(ImageTransform):
    """Keeps a random number of leading bits (see `Posterize`).

    Args:
        bits: (min, max) in 1..8, or one number.
    """

    random = True

    def __init__(self, bits=(8, 8)):
        pair = bits if isinstance(bits, (tuple, list)) else (bits, bits)
        self.bits = [check_int(value, "bits", "RandomPosterize", 1, 8) for value in pair]
        if len(self.bits) != 2 or self.bits[0] > self.bits[1]:
            raise ValueError(f"For 'RandomPosterize', 'bits' must be (min, max), but got {bits!r}.")

    def image(self, image, rng):
        check_uint8(image, "RandomPosterize")
        kept = int(rng.integers(self.bits[0], self.bits[1] + 1))
        return image & np.uint8(256 - (1 << (8 - kept)))


class RandomSolarize(ImageTransform):
    """Inverts the values between two random bounds (see `Solarize`) from `threshold`, (min, max)."""

    random = True

    def __init__(self, threshold=(0, 255)):
        self.low, self.high = check_range(threshold, "threshold", "RandomSolarize", 0)
        if self.high > 255:
            raise ValueError(f"For 'RandomSolarize', 'threshold' must be in 0..255, but got {threshold!r}.")

    def image(self, image, rng):
        check_image(image, "RandomSolarize")
        low, high = sorted(rng.integers(int(self.low), int(self.high) + 1, 2))
        return solarize(image, low, high)
