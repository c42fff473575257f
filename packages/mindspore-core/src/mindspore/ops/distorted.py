"""A part of an image drawn at random, so that it shows enough of an object: for the augmentation of training data.

All attempts are drawn at once: for each a ratio of width to height, a height between the bounds that the area sets, and
a place. The first one is taken that fits and covers enough of one of the objects, and the whole image where there is
none. Source: Szegedy et al., "Going deeper with convolutions" (2015).
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32, float64, int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, as_tensor, convert, primitive, static_int
from mindspore.ops.arithmetic import add, maximum, minimum, mul, sub, true_divide
from mindspore.ops.comparison import greater, greater_equal, less_equal, logical_and, where
from mindspore.ops.creation import full_like, ones_like, zeros_like
from mindspore.ops.elementwise import floor, sqrt
from mindspore.ops.joining import concat, stack
from mindspore.ops.random import rand
from mindspore.ops.reduction import any as any_of
from mindspore.ops.reduction import argmax
from mindspore.ops.shapes import expand_dims, reshape

__all__: list[str] = []

_GATHER = primitive("gather")


def sample_distorted_bounding_box(image_size: Operand, bounding_boxes: Operand, min_object_covered: Operand,
                                  seed: int = 0, seed2: int = 0, aspect_ratio_range=(0.75, 1.33),
                                  area_range=(0.05, 1.0), max_attempts: int = 100,
                                  use_image_if_no_bounding_boxes: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """(begin (3,), size (3,), box (1, 1, 4)) of a part of an image of image_size (height, width, channels).

    Args:
        image_size: (3,) integers. bounding_boxes: (N, objects, 4), (y0, x0, y1, x1) of each, from 0 to 1.
        min_object_covered: the share of one of the objects that the part holds at least.
        seed, seed2: 0 for both stands for none. aspect_ratio_range: bounds of width / height. area_range: bounds of the
            share of the image's area. max_attempts: how many parts are drawn, of which the first good one is taken.
        use_image_if_no_bounding_boxes: without objects the image itself is one; otherwise that is refused.

    `begin` is (y, x, 0) and `size` (height, width, -1), in the dtype of image_size, for `ops.slice`; the box, Float32,
    is in proportion to the image. ValueError for other shapes and bounds.
    """
    name = "SampleDistortedBoundingBoxV2"
    size, boxes = as_tensor(name, image_size, "image_size"), as_tensor(name, bounding_boxes, "bounding_boxes")
    attempts = static_int(name, "max_attempts", max_attempts)
    if size.shape != (3,) or not size.dtype.is_integer or boxes.ndim != 3 or boxes.shape[2] != 4 or attempts < 1:
        raise ValueError(f"{name}: image_size is {size.dtype} of shape {size.shape}, bounding_boxes has shape "
                         f"{boxes.shape} and max_attempts is {attempts}; expected three integers, (N, objects, 4) and "
                         f"a positive number")
    ratios, areas = (tuple(map(float, r)) for r in (aspect_ratio_range, area_range))
    if len(ratios) != 2 or len(areas) != 2 or not 0 < ratios[0] <= ratios[1] or not 0 < areas[0] <= areas[1] <= 1:
        raise ValueError(f"{name}: aspect_ratio_range is {ratios} and area_range {areas}; expected two positive "
                         f"numbers each, in order, areas at most 1")
    objects = reshape(convert(boxes, float64), (-1, 4)) if boxes.size else Tensor(np.array([[0, 0, 1, 1.0]]))
    if not boxes.size and not use_image_if_no_bounding_boxes:
        raise ValueError(f"{name}: there are no bounding_boxes; give some, or use_image_if_no_bounding_boxes")
    whole = convert(size[:2], float64)
    part, fits = _drawn(whole, ratios, areas, rand(4, attempts, dtype=float64, seed=seed * 2**32 + seed2 or None))
    least = reshape(convert(as_tensor(name, min_object_covered, "min_object_covered"), float64), ())
    good = logical_and(fits, _covers(part, mul(objects, concat([whole, whole])), least))
    everything = concat([zeros_like(whole), whole])
    first = reshape(apply(_GATHER, (part, reshape(argmax(convert(good, int64)), (1,))), (0,)), (4,))
    found = where(any_of(good), first, everything)
    begin, end = found[:2], found[2:]
    last = [full_like(whole[:1], v) for v in (0, -1)]
    box = reshape(true_divide(found, concat([whole, whole])), (1, 1, 4))
    return (convert(concat([begin, last[0]]), size.dtype), convert(concat([sub(end, begin), last[1]]), size.dtype),
            convert(box, float32))


def _drawn(whole: Tensor, ratios: tuple, areas: tuple, u: Tensor) -> tuple[Tensor, Tensor]:
    """(parts (attempts, 4) in pixels, which of them fit into the image and the bounds)."""
    height, width = whole[0], whole[1]
    ratio = add(mul(u[0], ratios[1] - ratios[0]), ratios[0])
    area = mul(height, width)
    low, high = (floor(add(sqrt(true_divide(mul(area, a), ratio)), 0.5)) for a in areas)
    high = minimum(minimum(high, height), floor(true_divide(add(width, 0.4999), ratio)))
    tall = minimum(add(low, floor(mul(u[1], maximum(add(sub(high, low), 1), 1)))), maximum(high, 1))
    wide = floor(add(mul(tall, ratio), 0.5))
    own = mul(tall, wide)
    fits = logical_and(logical_and(less_equal(wide, width), greater(own, 0)),
                       logical_and(greater_equal(own, mul(area, areas[0])), less_equal(own, mul(area, areas[1]))))
    top = floor(mul(u[2], add(maximum(sub(height, tall), 0), 1)))
    left = floor(mul(u[3], add(maximum(sub(width, wide), 0), 1)))
    return stack([top, left, add(top, tall), add(left, wide)], 1), fits


def _covers(part: Tensor, objects: Tensor, least: Tensor) -> Tensor:
    """Which parts (attempts, 4) hold at least this share of one of the objects (objects, 4)."""
    one, other = expand_dims(part, 1), expand_dims(objects, 0)
    sides = maximum(sub(minimum(one[..., 2:], other[..., 2:]), maximum(one[..., :2], other[..., :2])), 0)
    area = mul(sub(objects[:, 2], objects[:, 0]), sub(objects[:, 3], objects[:, 1]))
    some = greater(area, 0)
    share = true_divide(mul(sides[..., 0], sides[..., 1]), where(some, area, ones_like(area)))
    return any_of(logical_and(some, greater_equal(share, least)), 1)
