"""Transforms of an image together with its bounding boxes.

They take two columns: an image (H, W, C), and boxes of shape (N, 4 or more), each row (left, top, width, height, ...).
Boxes move, are cut, and lie in the new image; a box of which nothing is left disappears, and where none is left there
is one of zeros.
"""
from __future__ import annotations

import numpy as np

from .._check import check_bool, check_number
from .._transform import RowTransform
from ..transforms._compose import check_probability
from ._enums import Border, Inter
from ._geometry import RandomCrop, Resize, _padded, _padding, _size
from ._image import check_choice
from ._random_place import RandomResize, RandomResizedCrop, crop_and_resize, draw_part

__all__ = ["BoundingBoxAugment", "RandomCropWithBBox", "RandomHorizontalFlipWithBBox", "RandomResizeWithBBox",
           "RandomResizedCropWithBBox", "RandomVerticalFlipWithBBox", "ResizeWithBBox"]


class _WithBoxes(RowTransform):
    """Checks the two columns and calls `both(image, boxes, rng)`."""

    def apply_to_row(self, values, rng):
        name = type(self).__name__
        if len(values) != 2:
            raise ValueError(f"For '{name}', two columns are needed, an image and its boxes, but got {len(values)}.")
        image, boxes = map(np.asarray, values)
        if image.ndim not in (2, 3):
            raise ValueError(f"For '{name}', an image must have the shape (H, W) or (H, W, C), but got {image.shape}.")
        if boxes.ndim != 2 or boxes.shape[1] < 4 or boxes.dtype.kind not in "iuf":
            raise ValueError(f"For '{name}', boxes must be numbers of shape (N, 4 or more), (left, top, width, height, "
                             f"...), but are {boxes.dtype} of the shape {boxes.shape}.")
        x, y, w, h = boxes[:, :4].astype(np.float64).T
        if not len(boxes) or (x < 0).any() or (y < 0).any() or (w < 0).any() or (h < 0).any() or \
                (x + w > image.shape[1]).any() or (y + h > image.shape[0]).any():
            raise ValueError(f"For '{name}', there must be boxes and they must lie inside the image of the shape "
                             f"{image.shape}, but are {boxes[:, :4].tolist()[:4]}.")
        return self.both(image, boxes, rng)

    def both(self, image: np.ndarray, boxes: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
        """The new image and boxes."""
        raise TypeError(f"{type(self).__name__} must define 'both(image, boxes, rng)'")


def _scaled(boxes: np.ndarray, old: tuple[int, ...], new: tuple[int, ...]) -> np.ndarray:
    """Boxes of an image (height, width) that was resized."""
    out = boxes.copy()
    factors = np.array([new[1] / old[1], new[0] / old[0]] * 2)
    out[:, :4] = (boxes[:, :4] * factors).astype(boxes.dtype)
    return out


def _clipped(boxes: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
    """Boxes in a part of the image."""
    x, y, w, h = boxes[:, :4].astype(np.float64).T
    x0, y0 = np.clip(x - left, 0, width), np.clip(y - top, 0, height)
    x1, y1 = np.clip(x + w - left, 0, width), np.clip(y + h - top, 0, height)
    kept = (x1 > x0) & (y1 > y0)
    out = boxes[kept].copy()
    out[:, :4] = np.stack([x0, y0, x1 - x0, y1 - y0], 1)[kept].astype(boxes.dtype)
    return out if len(out) else np.zeros((1, boxes.shape[1]), boxes.dtype)


class _FlipWithBoxes(_WithBoxes):
    random = True
    axis = 0

    def __init__(self, prob: float = 0.5):
        self.prob = check_probability(prob, "prob", type(self).__name__)

    def both(self, image, boxes, rng):
        if rng.random() >= self.prob:
            return image, boxes
        out, at = boxes.copy(), 1 - self.axis
        out[:, at] = image.shape[self.axis] - boxes[:, at] - boxes[:, at + 2]
        return np.flip(image, self.axis), out


class RandomHorizontalFlipWithBBox(_FlipWithBoxes):
    """Mirrors an image and its boxes left to right with probability `prob`."""

    axis = 1


class RandomVerticalFlipWithBBox(_FlipWithBoxes):
    """Mirrors an image and its boxes top to bottom with probability `prob`."""

    axis = 0


class ResizeWithBBox(_WithBoxes):
    """Resizes an image and its boxes; see `Resize`."""

    def __init__(self, size, interpolation: Inter = Inter.BILINEAR):
        self.resize = Resize(size, interpolation)

    def both(self, image, boxes, rng):
        result = self.resize.apply(image[np.newaxis], rng)[0]
        return result, _scaled(boxes, image.shape, result.shape)


class RandomResizeWithBBox(_WithBoxes):
    """Resizes an image with a random interpolation, and its boxes; see `RandomResize`."""

    random = True

    def __init__(self, size):
        self.resize = RandomResize(size)

    def both(self, image, boxes, rng):
        result = self.resize.image(image, rng)
        return result, _scaled(boxes, image.shape, result.shape)


class RandomResizedCropWithBBox(_WithBoxes):
    """Cuts a random part out of an image and resizes it, with its boxes; arguments as for `RandomResizedCrop`."""

    random = True

    def __init__(self, size, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), interpolation: Inter = Inter.BILINEAR,
                 max_attempts: int = 10):
        self.crop = RandomResizedCrop(size, scale, ratio, interpolation, max_attempts)

    def both(self, image, boxes, rng):
        crop = self.crop
        part = draw_part(image.shape[0], image.shape[1], crop.scale, crop.ratio, crop.attempts, rng)
        result = crop_and_resize(image, part, crop.size, crop.interpolation, type(self).__name__)
        return result, _scaled(_clipped(boxes, *part), part[2:], result.shape)


class RandomCropWithBBox(_WithBoxes):
    """Cuts a random rectangle out of an image, with its boxes; arguments as for `RandomCrop`."""

    random = True

    def __init__(self, size, padding=None, pad_if_needed: bool = False, fill_value=0,
                 padding_mode: Border = Border.CONSTANT):
        name = "RandomCropWithBBox"
        self.size = _size(size, name)
        self.sides = (0, 0, 0, 0) if padding is None else _padding(padding, name)
        self.pad_if_needed = check_bool(pad_if_needed, "pad_if_needed", name)
        self.fill_value, self.mode = fill_value, check_choice(padding_mode, Border, "padding_mode", name)
        RandomCrop(size, padding, pad_if_needed, fill_value, padding_mode)      # checks the rest

    def both(self, image, boxes, rng):
        left, top, right, bottom = self.sides
        if self.pad_if_needed:
            more = [max(0, wanted - have - a - b) for wanted, have, a, b in
                    zip(self.size, image.shape, (top, left), (bottom, right))]
            left, top, right, bottom = left + more[1], top + more[0], right + more[1], bottom + more[0]
        wide = _padded(image[np.newaxis], (1, 2), (left, top, right, bottom), self.fill_value, self.mode)[0]
        room = [have - wanted for have, wanted in zip(wide.shape, self.size)]
        if min(room) < 0:
            raise ValueError(f"For 'RandomCropWithBBox', size {self.size} is larger than the image of "
                             f"{wide.shape[:2]}. Set padding or pad_if_needed.")
        y, x = (int(rng.integers(r + 1)) for r in room)
        moved = boxes.copy()
        moved[:, :2] = boxes[:, :2] + np.array([left, top], boxes.dtype)
        return wide[y:y + self.size[0], x:x + self.size[1]], _clipped(moved, y, x, *self.size)


class BoundingBoxAugment(_WithBoxes):
    """Applies a transform inside random boxes of an image.

    Args:
        transform: a transform of images that keeps their size; an image of another size is resized.
        ratio: the share of the boxes, in 0..1.
    """

    random = True

    def __init__(self, transform, ratio: float = 0.3):
        if not callable(transform):
            raise TypeError(f"For 'BoundingBoxAugment', 'transform' must be callable, but got "
                            f"{type(transform).__name__}.")
        self.transform = transform
        check_number(ratio, "ratio", "BoundingBoxAugment")
        self.ratio = check_probability(ratio, "ratio", "BoundingBoxAugment")

    def both(self, image, boxes, rng):
        from ..transforms._compose import in_turn
        out = image.copy()
        for i in rng.permutation(len(boxes))[:int(np.ceil(self.ratio * len(boxes)))]:
            x, y, w, h = boxes[i, :4].astype(int)
            if w and h:
                (part,) = in_turn([self.transform], (out[y:y + h, x:x + w].copy(),), rng)
                part = np.asarray(part)
                if part.shape[:2] != (h, w):
                    part = crop_and_resize(part, (0, 0, *part.shape[:2]), (h, w), Inter.BILINEAR, "BoundingBoxAugment")
                out[y:y + h, x:x + w] = part
        return out, boxes
