"""Kinds and layouts of images: Pillow, arrays, types, several crops, patches, whitening; mixing inside a batch."""
from __future__ import annotations

import numpy as np

from .._blocks import as_array
from .._check import check_bool, check_int, check_number
from .._transform import RowTransform, Transform, is_image
from ..transforms._basic import TypeCast
from ._enums import Border, ImageBatchFormat, SliceMode
from ._geometry import CenterCrop, Normalize, _axes, _cut, _padded, _size
from ._image import ImageTransform, check_choice, to_pillow

__all__ = ["CutMixBatch", "FiveCrop", "LinearTransformation", "MixUp", "MixUpBatch", "NormalizePad", "PadToSize",
           "SlicePatches", "TenCrop", "ToNumpy", "ToPIL", "ToType"]


class ToPIL(Transform):
    """Pillow images of uint8 arrays (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), for the operations that follow."""

    def apply_to_value(self, value, rng):
        return value if is_image(value) else to_pillow(value, "ToPIL")

    def _apply_to_column(self, column, rng):
        return [self.apply_to_value(value, rng) for value in column]


class ToNumpy(Transform):
    """Arrays of Pillow images; an array stays as it is."""

    keeps_images = False

    def apply(self, rows, rng):
        return rows


class ToType(TypeCast):
    """Converts to another dtype; see `transforms.TypeCast`."""

    keeps_images = False


class FiveCrop(RowTransform):
    """Five parts of an image (H, W) or (H, W, C): the corners from top left, top right, bottom left to bottom right,
    and the middle. One column becomes five.

    Args:
        size: (height, width), or an int for a square.
    """

    def __init__(self, size):
        self.size = _size(size, type(self).__name__)

    def _five(self, image: np.ndarray) -> list[np.ndarray]:
        name, row = type(self).__name__, image[np.newaxis]
        axes = _axes(row, name)
        room = [row.shape[axis] - wanted for axis, wanted in zip(axes, self.size)]
        if min(room) < 0:
            raise ValueError(f"For '{name}', size {self.size} is larger than the image of the shape {image.shape}.")
        corners = [(0, 0), (0, room[1]), (room[0], 0), (room[0], room[1])]
        parts = [_cut(row, axes, top, left, self.size)[0] for top, left in corners]
        return [*parts, CenterCrop(self.size).apply(row, None)[0]]

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For '{type(self).__name__}', one column is needed, but got {len(values)}.")
        pil = is_image(values[0])
        parts = self.crops(np.asarray(values[0]))
        return tuple(to_pillow(np.ascontiguousarray(part), type(self).__name__) for part in parts) if pil else \
            tuple(parts)

    def crops(self, image: np.ndarray) -> list[np.ndarray]:
        """The parts."""
        return self._five(image)


class TenCrop(FiveCrop):
    """`FiveCrop` of an image and of its mirror image. One column becomes ten.

    Args:
        size: (height, width), or an int for a square.
        use_vertical_flip: mirror top to bottom instead of left to right.
    """

    def __init__(self, size, use_vertical_flip: bool = False):
        super().__init__(size)
        self.vertical = check_bool(use_vertical_flip, "use_vertical_flip", "TenCrop")

    def crops(self, image):
        axes = _axes(image[np.newaxis], "TenCrop")
        return self._five(image) + self._five(np.flip(image, axes[0 if self.vertical else 1] - 1))


class LinearTransformation(ImageTransform):
    """Subtracts a mean from the flattened image and multiplies it by a square matrix (whitening).

    Args:
        transformation_matrix: shape (D, D) with D the number of elements.
        mean_vector: shape (D,).
    """

    keeps_images = False

    def __init__(self, transformation_matrix, mean_vector):
        name = "LinearTransformation"
        self.matrix = as_array(transformation_matrix, f"For '{name}'")
        self.mean = as_array(mean_vector, f"For '{name}'")
        if self.matrix.ndim != 2 or self.matrix.shape[0] != self.matrix.shape[1] or \
                self.mean.shape != self.matrix.shape[:1]:
            raise ValueError(f"For '{name}', the matrix must be square and the mean as long as it, but their shapes "
                             f"are {self.matrix.shape} and {self.mean.shape}.")

    def image(self, image, rng):
        if image.size != len(self.mean):
            raise ValueError(f"For 'LinearTransformation', an image must have {len(self.mean)} elements, but has the "
                             f"shape {image.shape}.")
        return ((image.reshape(-1) - self.mean) @ self.matrix).reshape(image.shape).astype(self.matrix.dtype)


class NormalizePad(Normalize):
    """`Normalize`, then a channel of zeros at the end.

    Args:
        mean, std, is_hwc: as for `Normalize`.
        dtype: "float32" or "float16", of the result.
    """

    def __init__(self, mean, std, dtype: str = "float32", is_hwc: bool = True):
        super().__init__(mean, std, is_hwc)
        if dtype not in ("float32", "float16"):
            raise ValueError(f"For 'NormalizePad', 'dtype' must be 'float32' or 'float16', but got {dtype!r}.")
        self.dtype = np.dtype(dtype)

    def apply(self, rows, rng):
        normal = super().apply(rows, rng).astype(self.dtype, copy=False)
        if normal.ndim < 4:
            raise ValueError(f"For 'NormalizePad', an image must have three dimensions, but got {rows.shape[1:]}.")
        width = [(0, 0)] * normal.ndim
        width[-1 if self.is_hwc else -3] = (0, 1)
        return np.pad(normal, width)


class PadToSize(Transform):
    """Adds borders to images (H, W) or (H, W, C) until they have a size.

    Args:
        size: (height, width), or an int for a square.
        offset: (top, left) of the image in the result, or an int for both; None for the middle.
        fill_value: the number, or one per channel, in constant borders.
        padding_mode: one of `Border`.
    """

    def __init__(self, size, offset=None, fill_value=0, padding_mode: Border = Border.CONSTANT):
        name = "PadToSize"
        self.size = _size(size, name)
        pair = offset if isinstance(offset, (tuple, list)) else () if offset is None else (offset, offset)
        self.offset = None if not len(pair) else [check_int(o, f"offset[{i}]", name, 0) for i, o in enumerate(pair)]
        if self.offset is not None and len(self.offset) != 2:
            raise ValueError(f"For '{name}', 'offset' must be an int or (top, left), but got {offset!r}.")
        self.fill_value, self.mode = fill_value, check_choice(padding_mode, Border, "padding_mode", name)

    def apply(self, rows, rng):
        axes = _axes(rows, "PadToSize")
        room = [wanted - rows.shape[axis] for axis, wanted in zip(axes, self.size)]
        before = [r // 2 for r in room] if self.offset is None else self.offset
        if min(room) < 0 or any(b > r for b, r in zip(before, room)):
            raise ValueError(f"For 'PadToSize', an image of {(rows.shape[axes[0]], rows.shape[axes[1]])} does not fit "
                             f"into size {self.size} at offset {tuple(before)}.")
        sides = (before[1], before[0], room[1] - before[1], room[0] - before[0])
        return _padded(rows, axes, sides, self.fill_value, self.mode)


class SlicePatches(RowTransform):
    """Cuts an image (H, W) or (H, W, C) into patches, row by row. One column becomes num_height * num_width.

    Args:
        num_height, num_width: how many patches there are along each axis.
        slice_mode: SliceMode.PAD widens the image below and to the right until they divide it, DROP cuts it.
        fill_value: the number in the borders.
    """

    def __init__(self, num_height: int = 1, num_width: int = 1, slice_mode: SliceMode = SliceMode.PAD,
                 fill_value: int = 0):
        name = "SlicePatches"
        self.counts = (check_int(num_height, "num_height", name, 1), check_int(num_width, "num_width", name, 1))
        self.mode = check_choice(slice_mode, SliceMode, "slice_mode", name)
        self.fill_value = check_int(fill_value, "fill_value", name, 0, 255)

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For 'SlicePatches', one column is needed, but got {len(values)}.")
        row = np.asarray(values[0])[np.newaxis]
        axes = _axes(row, "SlicePatches")
        edges = [row.shape[axis] // n if self.mode is SliceMode.DROP else -(-row.shape[axis] // n)
                 for axis, n in zip(axes, self.counts)]
        if 0 in edges:
            raise ValueError(f"For 'SlicePatches', {self.counts} patches are more than the image of the shape "
                             f"{row.shape[1:]} has pixels.")
        if self.mode is SliceMode.PAD:
            more = [n * edge - row.shape[axis] for axis, n, edge in zip(axes, self.counts, edges)]
            row = _padded(row, axes, (0, 0, more[1], more[0]), self.fill_value)
        return tuple(_cut(row, axes, i * edges[0], j * edges[1], (edges[0], edges[1]))[0]
                     for i in range(self.counts[0]) for j in range(self.counts[1]))


# ------------------------------------------------------------------------------------------------------- inside a batch

def _check_batch(values: tuple, function: str) -> tuple[np.ndarray, np.ndarray]:
    if len(values) != 2:
        raise ValueError(f"For '{function}', two columns are needed, images and labels, but got {len(values)}.")
    images, labels = map(np.asarray, values)
    if images.ndim != 4 or labels.ndim not in (2, 3) or len(labels) != len(images):
        raise ValueError(f"For '{function}', images must be a batch of four dimensions and labels one-hot vectors of "
                         f"the same number, but their shapes are {images.shape} and {labels.shape}. Apply OneHot and "
                         f"batch first.")
    return images, labels


def _positive(value, name: str, function: str) -> float:
    number = check_number(value, name, function)
    if number <= 0:
        raise ValueError(f"For '{function}', '{name}' must be positive, but got {value}.")
    return number


class MixUpBatch(RowTransform):
    """Mixes each image of a batch, and its one-hot label, with another of the batch (Zhang et al., 2017).

    Args:
        alpha: both parameters of the beta distribution of the share, positive.
    """

    random = True

    def __init__(self, alpha: float = 1.0):
        self.alpha = _positive(alpha, "alpha", "MixUpBatch")

    def apply_to_row(self, values, rng):
        images, labels = _check_batch(values, "MixUpBatch")
        share, order = rng.beta(self.alpha, self.alpha), rng.permutation(len(images))
        mixed = share * images + (1 - share) * images[order]
        kept = mixed.astype(images.dtype) if images.dtype.kind in "iu" else mixed.astype(np.float32)
        return kept, (share * labels + (1 - share) * labels[order]).astype(np.float32)


class MixUp(RowTransform):
    """Mixes the images of a batch, and their one-hot labels, with others: of the batch, or of the one before. The
    results are Float64.

    Args:
        batch_size: images in a batch. An image (H, W, C) by itself counts for so many equal ones. With 1, a larger
            batch is mixed with its first image, all with the same share.
        alpha: both parameters of the beta distribution of the shares, positive; each image has its own.
        is_single: each image is mixed with the next one of its batch, the last with the first. Otherwise with the image
            at its place in what the call before returned; the first call mixes nothing.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument is out of range, or a batch has another shape than the one that it is mixed with.
    """

    random = True

    def __init__(self, batch_size: int, alpha: float, is_single: bool = True):
        self.batch_size = check_int(batch_size, "batch_size", "MixUp", 1)
        self.alpha = _positive(alpha, "alpha", "MixUp")
        self.is_single = check_bool(is_single, "is_single", "MixUp")
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def apply_to_row(self, values, rng):
        if len(values) == 2 and np.ndim(values[0]) == 3:
            image, label = map(np.asarray, values)
            label = label if label.ndim > 1 and len(label) == 1 else label[np.newaxis]
            values = (np.repeat(part, self.batch_size, 0) for part in (image[np.newaxis], label))
        images, labels = _check_batch(tuple(values), "MixUp")
        count = 1 if self.batch_size == 1 else len(images)
        shares = rng.beta(self.alpha, self.alpha, count)
        if self.is_single:
            others = [np.roll(part, -1, 0) if count > 1 else part[:1] for part in (images, labels)]
        elif self._before is None:
            shares, others = np.ones(count), [images, labels]
        else:
            others = list(self._before)
            if [other.shape for other in others] != [images.shape, labels.shape]:
                raise ValueError(f"For 'MixUp', images and labels of the shapes {images.shape} and {labels.shape} "
                                 f"cannot be mixed with those before, {others[0].shape} and {others[1].shape}. Give "
                                 f"drop_remainder=True to batch.")
        mixed = _mixed(shares, images, others[0]), _mixed(shares, labels, others[1])
        if not self.is_single:
            self._before = mixed
        return mixed


def _mixed(shares: np.ndarray, part: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The share of the first, the rest of the second, with one share for each element or for all."""
    weights = shares.reshape(-1, *[1] * (part.ndim - 1))
    return weights * part + (1 - weights) * other


class CutMixBatch(RowTransform):
    """Replaces a random rectangle of each image of a batch by that of another, and mixes one-hot labels by area.

    After Yun et al., 2019.

    Args:
        image_batch_format: ImageBatchFormat.NHWC or NCHW.
        alpha: both parameters of the beta distribution of the share, positive.
        prob: the probability, for each image.
    """

    random = True

    def __init__(self, image_batch_format: ImageBatchFormat, alpha: float = 1.0, prob: float = 1.0):
        from ..transforms._compose import check_probability
        self.format = check_choice(image_batch_format, ImageBatchFormat, "image_batch_format", "CutMixBatch")
        self.alpha = _positive(alpha, "alpha", "CutMixBatch")
        self.prob = check_probability(prob, "prob", "CutMixBatch")

    def apply_to_row(self, values, rng):
        images, labels = _check_batch(values, "CutMixBatch")
        out, mixed = images.copy(), labels.astype(np.float32)
        channels_last = self.format is ImageBatchFormat.NHWC
        view = out if channels_last else out.transpose(0, 2, 3, 1)
        source = images if channels_last else images.transpose(0, 2, 3, 1)
        height, width = view.shape[1:3]
        for i, other in enumerate(rng.permutation(len(images))):
            cut = np.sqrt(1 - rng.beta(self.alpha, self.alpha))
            y, x, chosen = rng.integers(height), rng.integers(width), rng.random() < self.prob
            if not chosen:
                continue
            h, w = int(height * cut), int(width * cut)
            top, bottom = max(0, y - h // 2), min(height, y - h // 2 + h)
            left, right = max(0, x - w // 2), min(width, x - w // 2 + w)
            view[i, top:bottom, left:right] = source[other, top:bottom, left:right]
            share = 1 - (bottom - top) * (right - left) / (height * width)
            mixed[i] = share * labels[i] + (1 - share) * labels[other]
        return out, mixed
