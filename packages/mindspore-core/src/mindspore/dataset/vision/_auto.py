"""Augmentation by policies: AutoAugment, RandAugment, TrivialAugment, UniformAugment, and the user's own.

All draw from a set of operations, each with a range of magnitudes from none to strong, divided into bins. The policies
of AutoAugment are the published ones (Cubuk et al., 2018, appendix): 25 pairs of operations, each with a probability
and a bin of ten. A pair is written: an operation, its probability in tenths, its bin (- where it has none).
"""
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .._check import check_int
from .._transform import RowTransform
from ..transforms._compose import check_operations, check_probability, in_turn
from ._color import (
    adjust_contrast,
    adjust_saturation,
    adjust_sharpness,
    auto_contrast,
    blend,
    equalize,
    solarize,
)
from ._enums import AutoAugmentPolicy, Inter
from ._image import ImageTransform, check_choice, check_fill, check_uint8
from ._warp import affine, rotate

__all__ = ["AutoAugment", "RandAugment", "RandomSelectSubpolicy", "TrivialAugmentWide", "UniformAugment"]

_IMAGENET = """Posterize 4 8, Rotate 6 9; Solarize 6 5, AutoContrast 6 -; Equalize 8 -, Equalize 6 -
Posterize 6 7, Posterize 6 6; Equalize 4 -, Solarize 2 4; Equalize 4 -, Rotate 8 8
Solarize 6 3, Equalize 6 -; Posterize 8 5, Equalize 10 -; Rotate 2 3, Solarize 6 8
Equalize 6 -, Posterize 4 6; Rotate 8 8, Color 4 0; Rotate 4 9, Equalize 6 -
Equalize 0 -, Equalize 8 -; Invert 6 -, Equalize 10 -; Color 6 4, Contrast 10 8
Rotate 8 8, Color 10 2; Color 8 8, Solarize 8 7; Sharpness 4 7, Invert 6 -
ShearX 6 5, Equalize 10 -; Color 4 0, Equalize 6 -; Equalize 4 -, Solarize 2 4
Solarize 6 5, AutoContrast 6 -; Invert 6 -, Equalize 10 -; Color 6 4, Contrast 10 8
Equalize 8 -, Equalize 6 -"""

_CIFAR10 = """Invert 1 -, Contrast 2 6; Rotate 7 2, TranslateX 3 9; Sharpness 8 1, Sharpness 9 3
ShearY 5 8, TranslateY 7 9; AutoContrast 5 -, Equalize 9 -; ShearY 2 7, Posterize 3 7
Color 4 3, Brightness 6 7; Sharpness 3 9, Brightness 7 9; Equalize 6 -, Equalize 5 -
Contrast 6 7, Sharpness 6 5; Color 7 7, TranslateX 5 8; Equalize 3 -, AutoContrast 4 -
TranslateY 4 3, Sharpness 2 6; Brightness 9 6, Color 2 8; Solarize 5 2, Invert 0 -
Equalize 2 -, AutoContrast 6 -; Equalize 2 -, Equalize 6 -; Color 9 9, Equalize 6 -
AutoContrast 8 -, Solarize 2 8; Brightness 1 3, Color 7 0; Solarize 4 5, AutoContrast 9 -
TranslateY 9 9, TranslateY 7 9; AutoContrast 9 -, Solarize 8 3; Equalize 8 -, Invert 1 -
TranslateY 7 9, AutoContrast 9 -"""

_SVHN = """ShearX 9 4, Invert 2 -; ShearY 9 8, Invert 7 -; Equalize 6 -, Solarize 6 6
Invert 9 -, Equalize 6 -; Equalize 6 -, Rotate 9 3; ShearX 9 4, AutoContrast 8 -
ShearY 9 8, Invert 4 -; ShearY 9 5, Solarize 2 6; Invert 9 -, AutoContrast 8 -
Equalize 6 -, Rotate 9 3; ShearX 9 4, Solarize 3 3; ShearY 8 8, Invert 7 -
Equalize 9 -, TranslateY 6 6; Invert 9 -, Equalize 6 -; Contrast 3 3, Rotate 8 4
Invert 8 -, TranslateY 0 2; ShearY 7 6, Solarize 4 8; Invert 6 -, Rotate 8 4
ShearY 3 7, TranslateX 9 3; ShearX 1 6, Invert 6 -; Solarize 7 2, TranslateY 6 7
ShearY 8 4, Invert 8 -; ShearX 7 9, TranslateY 8 3; ShearY 8 5, AutoContrast 7 -
ShearX 7 2, Invert 1 -"""


def _parsed(text: str) -> list[list[tuple[str, float, int]]]:
    pairs = text.replace("\n", ";").split(";")
    return [[(name, int(tenths) / 10, 0 if place == "-" else int(place))
             for name, tenths, place in (part.split() for part in pair.split(","))] for pair in pairs]


_POLICIES = {AutoAugmentPolicy.IMAGENET: _parsed(_IMAGENET), AutoAugmentPolicy.CIFAR10: _parsed(_CIFAR10),
             AutoAugmentPolicy.SVHN: _parsed(_SVHN)}

_SIGNED = {"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"}
_COLOURS = ("Brightness", "Color", "Contrast", "Sharpness")
_ALL = ("Identity", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", *_COLOURS, "Posterize", "Solarize",
        "AutoContrast", "Equalize")


def _apply(image: np.ndarray, name: str, amount: float, resample: Inter, fill, function: str) -> np.ndarray:
    """One operation with its magnitude."""
    is_rgb = image.ndim == 3 and image.shape[2] == 3
    if name in ("ShearX", "ShearY"):
        shear = (math.degrees(math.atan(amount)), 0.0) if name == "ShearX" else (0.0, math.degrees(math.atan(amount)))
        return affine(image, 0.0, (0, 0), 1.0, shear, resample, fill, function)
    if name in ("TranslateX", "TranslateY"):
        moved = (int(amount), 0) if name == "TranslateX" else (0, int(amount))
        return affine(image, 0.0, moved, 1.0, (0, 0), resample, fill, function)
    if name == "Rotate":
        return rotate(image, amount, resample, False, None, fill, function)
    if name == "Brightness":
        return blend(image, 0, 1 + amount)
    if name == "Color":
        return adjust_saturation(image, 1 + amount) if is_rgb else image
    if name == "Contrast":
        return adjust_contrast(image, 1 + amount)
    if name == "Sharpness":
        return adjust_sharpness(image, 1 + amount, function)
    if name == "Posterize":
        return image & np.uint8(256 - (1 << (8 - int(amount))))
    if name == "Solarize":
        return solarize(image, amount, 255)
    if name == "AutoContrast":
        return auto_contrast(image, 0, [], function)
    if name == "Equalize":
        return equalize(image, function)
    return 255 - image if name == "Invert" else image


def _strength(name: str, place: int, bins: int, limits: dict[str, float], width: int, height: int) -> float:
    """The magnitude in a bin: from none to the operation's limit."""
    part = place / max(1, bins - 1)
    if name in ("TranslateX", "TranslateY"):
        limit = limits["Translate"]
        return part * (limit * (width if name == "TranslateX" else height) if limit < 1 else limit)
    if name in ("ShearX", "ShearY"):
        return part * limits["Shear"]
    if name == "Posterize":
        return 8 - round(part * limits["Posterize"])
    if name == "Solarize":
        return 255 * (1 - part)
    return part * limits.get("Rotate" if name == "Rotate" else "Colour", 0)


class _Policy(ImageTransform):
    """What the policies share: bins, interpolation, and what pixels from outside are."""

    random = True
    limits = {"Shear": 0.3, "Translate": 150 / 331, "Rotate": 30, "Colour": 0.9, "Posterize": 4}

    def __init__(self, interpolation, fill_value, bins: int):
        name = type(self).__name__
        self.interpolation = check_choice(interpolation, Inter, "interpolation", name)
        self.fill, self.bins = check_fill(fill_value, name), check_int(bins, "num_magnitude_bins", name, 2)

    def _applied(self, image: np.ndarray, name: str, place: int, negative: bool) -> np.ndarray:
        amount = _strength(name, place, self.bins, self.limits, image.shape[1], image.shape[0])
        if negative and name in _SIGNED:
            amount = -amount
        return _apply(image, name, amount, self.interpolation, self.fill, type(self).__name__)


class AutoAugment(_Policy):
    """Applies a random pair of operations of a published policy to uint8 images (Cubuk et al., 2018).

    Args:
        policy: one of `AutoAugmentPolicy`.
        interpolation: of turning, shearing and moving, one of `Inter`.
        fill_value: what pixels from outside are: an int in 0..255, or three.

    Raises:
        TypeError: an argument, or an image, is of a wrong type.
        ValueError: an argument is out of range.
    """

    def __init__(self, policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET, interpolation: Inter = Inter.NEAREST,
                 fill_value=0):
        super().__init__(interpolation, fill_value, 10)
        self.policy = _POLICIES[check_choice(policy, AutoAugmentPolicy, "policy", "AutoAugment")]

    def image(self, image, rng):
        check_uint8(image, "AutoAugment")
        pair, chances, signs = rng.integers(len(self.policy)), rng.random(2), rng.random(2)
        for (name, probability, place), chance, sign in zip(self.policy[pair], chances, signs):
            if chance < probability:
                image = self._applied(image, name, place, sign < 0.5)
        return image


class RandAugment(_Policy):
    """Applies random operations, all with the same magnitude, to uint8 images (Cubuk et al., 2019).

    Args:
        num_ops: how many.
        magnitude: the bin of the magnitude.
        num_magnitude_bins: how many bins there are.
        interpolation, fill_value: as for `AutoAugment`.
    """

    def __init__(self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31,
                 interpolation: Inter = Inter.NEAREST, fill_value=0):
        super().__init__(interpolation, fill_value, num_magnitude_bins)
        self.count = check_int(num_ops, "num_ops", "RandAugment", 0)
        self.magnitude = check_int(magnitude, "magnitude", "RandAugment", 0, self.bins - 1)

    def image(self, image, rng):
        check_uint8(image, "RandAugment")
        for which, sign in zip(rng.integers(len(_ALL), size=self.count), rng.random(self.count)):
            image = self._applied(image, _ALL[which], self.magnitude, sign < 0.5)
        return image


class TrivialAugmentWide(_Policy):
    """Applies one random operation with a random magnitude to uint8 images (Müller and Hutter, 2021).

    Args:
        num_magnitude_bins: how many bins of magnitude there are.
        interpolation, fill_value: as for `AutoAugment`.
    """

    limits = {"Shear": 0.99, "Translate": 32.0, "Rotate": 135, "Colour": 0.99, "Posterize": 6}

    def __init__(self, num_magnitude_bins: int = 31, interpolation: Inter = Inter.NEAREST, fill_value=0):
        super().__init__(interpolation, fill_value, num_magnitude_bins)

    def image(self, image, rng):
        check_uint8(image, "TrivialAugmentWide")
        return self._applied(image, _ALL[rng.integers(len(_ALL))], int(rng.integers(self.bins)), rng.random() < 0.5)


class UniformAugment(RowTransform):
    """Applies some of the given operations, chosen at random, each with probability 1/2 (LingChen et al., 2020).

    Args:
        transforms: the operations.
        num_ops: how many are chosen.
    """

    random = True

    def __init__(self, transforms, num_ops: int = 2):
        self.transforms = check_operations(transforms, "UniformAugment")
        self.count = check_int(num_ops, "num_ops", "UniformAugment", 1)
        if self.count > len(self.transforms):
            raise ValueError(f"For 'UniformAugment', 'num_ops' is {num_ops}, but there are {len(self.transforms)} "
                             f"operations.")

    def apply_to_row(self, values, rng):
        chosen, chances = rng.choice(len(self.transforms), self.count, replace=False), rng.random(self.count)
        return in_turn([self.transforms[i] for i, chance in zip(chosen, chances) if chance < 0.5], values, rng)


class RandomSelectSubpolicy(RowTransform):
    """Applies a random one of several lists of operations, each operation with its probability.

    Args:
        policy: a list of lists of pairs (operation, probability).
    """

    random = True

    def __init__(self, policy: Sequence):
        name = "RandomSelectSubpolicy"
        if not isinstance(policy, (list, tuple)) or not policy or any(
                not isinstance(sub, (list, tuple)) or not sub or any(
                    not isinstance(pair, (list, tuple)) or len(pair) != 2 for pair in sub) for sub in policy):
            raise TypeError(f"For '{name}', 'policy' must be a list of lists of (operation, probability) that are not "
                            f"empty, but got {policy!r}.")
        self.policy = [[(check_operations([operation], name, "policy")[0], check_probability(chance, "policy", name))
                        for operation, chance in sub] for sub in policy]

    def apply_to_row(self, values, rng):
        sub = self.policy[rng.integers(len(self.policy))]
        chances = rng.random(len(sub))
        return in_turn([operation for (operation, probability), chance in zip(sub, chances) if chance < probability],
                       values, rng)
