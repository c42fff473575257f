"""Rotation, affine and perspective maps of images of uint8 or floats, by Pillow."""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool, check_int, check_number, check_numbers
from ..transforms._compose import check_probability
from ._enums import Inter
from ._image import (
    DeviceChoice,
    ImageTransform,
    check_choice,
    check_fill,
    check_image,
    check_range,
    pillow_filter,
    warped,
)

__all__ = ["Affine", "Perspective", "RandomAffine", "RandomPerspective", "RandomRotation", "Rotate", "affine", "rotate"]


def affine(image: np.ndarray, degrees: float, translate, scale: float, shear, resample: Inter, fill,
           function: str) -> np.ndarray:
    """Turns by degrees clockwise about the centre, scales, shears by degrees along both axes, then moves by pixels."""
    height, width = image.shape[:2]
    turn, sx, sy = math.radians(degrees), math.radians(shear[0]), math.radians(shear[1])
    # The forward map about the centre is rotation, shear along y then x, scale; Pillow wants the inverse.
    a = math.cos(turn - sy) / math.cos(sy)
    b = -math.cos(turn - sy) * math.tan(sx) / math.cos(sy) - math.sin(turn)
    c = math.sin(turn - sy) / math.cos(sy)
    d = -math.sin(turn - sy) * math.tan(sx) / math.cos(sy) + math.cos(turn)
    matrix = np.array([[d, -b], [-c, a]]) / scale
    centre = np.array([width * 0.5, height * 0.5])
    offset = centre - matrix @ (centre + np.asarray(translate, float))
    data = (*matrix[0], offset[0], *matrix[1], offset[1])

    def warp(picture, outside):
        from PIL import Image
        return picture.transform(picture.size, Image.Transform.AFFINE, data, pillow_filter(resample, True),
                                 fillcolor=outside)
    return warped(image, function, warp, fill)


def rotate(image: np.ndarray, degrees: float, resample: Inter, expand: bool, center, fill, function: str) -> np.ndarray:
    """Turns by degrees counter-clockwise. Where `expand`, the image gets the size of the box around the turned one, to
    the nearest pixel, with the same middle."""
    method = pillow_filter(resample, True)
    if not expand or (center is None and degrees % 90 == 0):
        return warped(image, function, lambda picture, outside: picture.rotate(degrees, method, expand, center,
                                                                               fillcolor=outside), fill)
    check_image(image, function)
    height, width = image.shape[:2]
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    size = (max(1, round(width * abs(cos) + height * abs(sin))), max(1, round(width * abs(sin) + height * abs(cos))))
    inverse = np.array([[cos, -sin], [sin, cos]])       # from places in the turned image to places in this one
    middle = np.array([width / 2, height / 2])
    still = middle if center is None else np.array(center)
    offset = still - inverse @ (still + np.array(size) / 2 - middle)
    data = (*inverse[0], offset[0], *inverse[1], offset[1])

    def warp(picture, outside):
        from PIL import Image
        return picture.transform(size, Image.Transform.AFFINE, data, method, fillcolor=outside)
    return warped(image, function, warp, fill)


def perspective(image: np.ndarray, start, end, interpolation: Inter, function: str) -> np.ndarray:
    """Moves the four points `start` to `end`; each is a list of (x, y)."""
    rows, values = [], []
    for (x, y), (u, v) in zip(end, start):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    try:
        data = np.linalg.solve(np.array(rows, float), np.array(values, float))
    except np.linalg.LinAlgError:
        raise ValueError(f"For '{function}', three of the points {list(end)} lie on a line, so there is no map to "
                         f"them.") from None

    def warp(picture, outside):
        from PIL import Image
        return picture.transform(picture.size, Image.Transform.PERSPECTIVE, data.tolist(),
                                 pillow_filter(interpolation, True))
    return warped(image, function, warp)


def _pair(value, name: str, function: str) -> tuple[float, float]:
    pair = check_numbers(value, name, function)
    if len(pair) != 2:
        raise ValueError(f"For '{function}', '{name}' must be two numbers, but got {value!r}.")
    return pair[0], pair[1]


def _center(value, function: str) -> tuple[float, float] | None:
    return None if value is None else _pair(value, "center", function)


class Rotate(DeviceChoice, ImageTransform):
    """Turns images counter-clockwise.

    Args:
        degrees: the angle.
        resample: one of `Inter`; AREA, ANTIALIAS and PILCUBIC stand for LINEAR, LINEAR and CUBIC.
        expand: make the image as large as the turned one needs, to the nearest pixel.
        center: (x, y) of the point that stays; None for the middle.
        fill_value: what pixels from outside are: an int in 0..255, or three.

    Raises:
        TypeError: an argument, or the image, is of a wrong type.
        ValueError: an argument is out of range.
    """

    def __init__(self, degrees: float, resample: Inter = Inter.NEAREST, expand: bool = False, center=None,
                 fill_value=0):
        name = "Rotate"
        self.degrees = check_number(degrees, "degrees", name)
        self.resample = check_choice(resample, Inter, "resample", name)
        self.expand, self.center = check_bool(expand, "expand", name), _center(center, name)
        self.fill = check_fill(fill_value, name)

    def image(self, image, rng):
        return rotate(image, self.degrees, self.resample, self.expand, self.center, self.fill, "Rotate")


class RandomRotation(ImageTransform):
    """Turns images by a random angle, each by itself.

    Args:
        degrees: (min, max), or one number d for (-d, d).
        resample, expand, center, fill_value: as for `Rotate`.
    """

    random = True

    def __init__(self, degrees, resample: Inter = Inter.NEAREST, expand: bool = False, center=None, fill_value=0):
        name = "RandomRotation"
        self.degrees = check_range(degrees, "degrees", name, -math.inf, 0)
        self.resample = check_choice(resample, Inter, "resample", name)
        self.expand, self.center = check_bool(expand, "expand", name), _center(center, name)
        self.fill = check_fill(fill_value, name)

    def image(self, image, rng):
        return rotate(image, rng.uniform(*self.degrees), self.resample, self.expand, self.center, self.fill,
                      "RandomRotation")


class Affine(DeviceChoice, ImageTransform):
    """Turns images clockwise about the middle, scales, shears and moves them.

    Args:
        degrees: the angle.
        translate: (horizontal, vertical), fractions of width and height in -1..1.
        scale: a positive factor.
        shear: degrees along x, or (along x, along y).
        resample, fill_value: as for `Rotate`.
    """

    def __init__(self, degrees: float, translate, scale: float, shear, resample: Inter = Inter.NEAREST, fill_value=0):
        name = "Affine"
        self.degrees, self.scale = check_number(degrees, "degrees", name), check_number(scale, "scale", name)
        if self.scale <= 0:
            raise ValueError(f"For '{name}', 'scale' must be positive, but got {scale}.")
        self.translate = _pair(translate, "translate", name)
        if max(map(abs, self.translate)) > 1:
            raise ValueError(f"For '{name}', 'translate' must be in -1..1, but got {translate!r}.")
        self.shear = _pair(shear if isinstance(shear, (tuple, list)) else (shear, 0), "shear", name)
        self.resample, self.fill = check_choice(resample, Inter, "resample", name), check_fill(fill_value, name)

    def image(self, image, rng):
        moved = [fraction * size for fraction, size in zip(self.translate, image.shape[1::-1])]
        return affine(image, self.degrees, moved, self.scale, self.shear, self.resample, self.fill, "Affine")


class RandomAffine(ImageTransform):
    """Turns, moves, scales and shears images at random, each by itself.

    Args:
        degrees: (min, max), or one number d for (-d, d).
        translate: (horizontal, vertical): the greatest fraction of the size to move by; or (min, max) of both
            directions as four numbers; None for none.
        scale: (min, max); None for 1.
        shear: (min, max) along x, or that and the same along y as four numbers, or one number d for (-d, d); None for
            none.
        resample, fill_value: as for `Rotate`.
    """

    random = True

    def __init__(self, degrees, translate=None, scale=None, shear=None, resample: Inter = Inter.NEAREST, fill_value=0):
        name = "RandomAffine"
        self.degrees = check_range(degrees, "degrees", name, -math.inf, 0)
        self.translate = _four(translate, "translate", name)
        self.scale = (1.0, 1.0) if scale is None else check_range(scale, "scale", name, 0)
        if isinstance(shear, (tuple, list)) and len(shear) == 2:
            shear = (*shear, 0, 0)
        elif shear is not None and not isinstance(shear, (tuple, list)):
            shear = (*check_range(shear, "shear", name, -math.inf, 0), 0, 0)
        self.shear = _four(shear, "shear", name)
        self.resample, self.fill = check_choice(resample, Inter, "resample", name), check_fill(fill_value, name)

    def image(self, image, rng):
        drawn = rng.random(6)
        between = [low + (high - low) * u for (low, high), u in zip(
            (self.degrees, self.translate[:2], self.translate[2:], self.scale, self.shear[:2], self.shear[2:]), drawn)]
        moved = [round(fraction * size) for fraction, size in zip(between[1:3], image.shape[1::-1])]
        return affine(image, between[0], moved, between[3], between[4:], self.resample, self.fill, "RandomAffine")


def _four(value, name: str, function: str) -> tuple[float, float, float, float]:
    """(min x, max x, min y, max y); two numbers are the greatest ones of each direction."""
    if value is None:
        return 0.0, 0.0, 0.0, 0.0
    numbers = check_numbers(value, name, function)
    if len(numbers) == 2:
        return -abs(numbers[0]), abs(numbers[0]), -abs(numbers[1]), abs(numbers[1])
    if len(numbers) != 4 or numbers[0] > numbers[1] or numbers[2] > numbers[3]:
        raise ValueError(f"For '{function}', '{name}' must be two numbers, or (min, max) of both directions, but got "
                         f"{value!r}.")
    return numbers          # type: ignore[return-value]


def _points(value, name: str, function: str) -> list[tuple[int, int]]:
    if not isinstance(value, (tuple, list)) or len(value) != 4 or any(
            not isinstance(point, (tuple, list)) or len(point) != 2 for point in value):
        raise TypeError(f"For '{function}', '{name}' must be four points (x, y), but got {value!r}.")
    return [(check_int(x, name, function, -(1 << 31)), check_int(y, name, function, -(1 << 31))) for x, y in value]


class Perspective(DeviceChoice, ImageTransform):
    """Moves four points of images, and everything else with them.

    Args:
        start_points: four points (x, y).
        end_points: where they go to.
        interpolation: as `resample` for `Rotate`.
    """

    def __init__(self, start_points, end_points, interpolation: Inter = Inter.BILINEAR):
        name = "Perspective"
        self.start, self.end = _points(start_points, "start_points", name), _points(end_points, "end_points", name)
        self.interpolation = check_choice(interpolation, Inter, "interpolation", name)

    def image(self, image, rng):
        return perspective(image, self.start, self.end, self.interpolation, "Perspective")


class RandomPerspective(ImageTransform):
    """Moves the corners of images inwards at random, with a probability, each by itself.

    Args:
        distortion_scale: in 0..1; each corner moves by at most half of this much of the size.
        prob: the probability.
        interpolation: as `resample` for `Rotate`.
    """

    random = True

    def __init__(self, distortion_scale: float = 0.5, prob: float = 0.5, interpolation: Inter = Inter.BICUBIC):
        name = "RandomPerspective"
        self.scale = check_probability(distortion_scale, "distortion_scale", name)
        self.prob = check_probability(prob, "prob", name)
        self.interpolation = check_choice(interpolation, Inter, "interpolation", name)

    def image(self, image, rng):
        chosen, moves = rng.random() < self.prob, rng.random((4, 2))
        if not chosen:
            return image
        height, width = image.shape[:2]
        dx, dy = (np.floor(moves * self.scale * (np.array([width, height]) / 2))).astype(int).T
        start = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
        end = [(dx[0], dy[0]), (width - 1 - dx[1], dy[1]), (width - 1 - dx[2], height - 1 - dy[2]),
               (dx[3], height - 1 - dy[3])]
        return perspective(image, start, end, self.interpolation, "RandomPerspective")
