"""Boxes in images: how much they overlap, their encoding relative to anchors, greedy selection, and reading features.

Two conventions are in use. Boxes in pixels, (x0, y0, x1, y1), hold their last pixel: the width is x1 - x0 + 1 (`iou`,
encoding, `check_valid`). Boxes in continuous coordinates have the width x1 - x0 (selection).

Selection (non-maximum suppression) goes through the boxes by falling score and keeps a box unless it overlaps one that
was kept before. All overlaps are computed at once; then a scan over the boxes crosses out, for each box that is still
kept when its turn comes, those of the later ones that it overlaps.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import log as logarithm

import numpy as np

from mindspore.common.dtype import int32, int64
from mindspore.common.tensor import Tensor
from mindspore.graph.stepping import scan
from mindspore.graph.trace import storage_of
from mindspore.ops._operands import Operand, apply, as_dtype_of, as_inexact, as_tensor, convert, primitive, static_int
from mindspore.ops.arithmetic import add, clamp, maximum, minimum, mul, sub, true_divide
from mindspore.ops.comparison import greater, greater_equal, less_equal, logical_and, logical_not, where
from mindspore.ops.creation import arange, full_like, ones_like, zeros_like
from mindspore.ops.elementwise import exp, floor, log
from mindspore.ops.indexing import gather_elements, masked_select
from mindspore.ops.joining import concat, stack
from mindspore.ops.reduction import all as all_of
from mindspore.ops.reduction import cumsum
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, reshape, swapaxes, transpose
from mindspore.ops.sorting import argsort

__all__ = ["bounding_box_decode", "bounding_box_encode", "check_valid", "iou"]

_GATHER = primitive("gather")
_TINY = 1e-10
Numbers = Sequence[float]


def _boxes(name: str, value: Operand, what: str) -> Tensor:
    boxes = as_inexact(name, as_tensor(name, value, what))
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name}: {what} has shape {boxes.shape}; expected (boxes, 4)")
    return boxes


def _overlap(first: Tensor, second: Tensor, extra: float) -> tuple[Tensor, Tensor, Tensor]:
    """(areas of the intersections, of the first, of the second boxes); a side is the difference plus `extra`."""
    low, high = maximum(first[..., :2], second[..., :2]), minimum(first[..., 2:], second[..., 2:])
    sides = maximum(add(sub(high, low), extra), 0)
    areas = [mul(add(sub(b[..., 2], b[..., 0]), extra), add(sub(b[..., 3], b[..., 1]), extra)) for b in (first, second)]
    return mul(sides[..., 0], sides[..., 1]), areas[0], areas[1]


def iou(anchor_boxes: Operand, gt_boxes: Operand, mode: str = "iou") -> Tensor:
    """(M, N): how much each of M boxes gt_boxes (M, 4) overlaps each of N boxes anchor_boxes (N, 4), in pixels.

    mode: 'iou' divides the area of the intersection by that of the union, 'iof' by that of the gt box. ValueError for
    other words and shapes.
    """
    anchors, truth = _boxes("iou", anchor_boxes, "anchor_boxes"), _boxes("iou", gt_boxes, "gt_boxes")
    if mode not in ("iou", "iof"):
        raise ValueError(f"iou: mode is {mode!r}; expected 'iou' or 'iof'")
    common, first, second = _overlap(expand_dims(anchors, 0), expand_dims(as_dtype_of("iou", truth, anchors), 1), 1)
    return true_divide(common, add(second if mode == "iof" else sub(add(first, second), common), _TINY))


# -- boxes relative to anchors -----------------------------------------------------------------------------------------

def _centers(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """(the middles, the sizes) of boxes in pixels."""
    return mul(add(boxes[:, :2], boxes[:, 2:]), 0.5), add(sub(boxes[:, 2:], boxes[:, :2]), 1)


def _four(name: str, what: str, values: Numbers, like: Tensor) -> Tensor:
    numbers = (values,) * 4 if isinstance(values, float) else tuple(values)
    if len(numbers) != 4:
        raise ValueError(f"{name}: {what} is {values}; expected four numbers")
    return Tensor(np.array(numbers, like.dtype.np))


def _pairs(name: str, first: Operand, second: Operand, names: tuple[str, str]) -> tuple[Tensor, Tensor]:
    x, y = _boxes(name, first, names[0]), _boxes(name, second, names[1])
    if x.shape != y.shape:
        raise ValueError(f"{name}: {names[0]} has shape {x.shape} and {names[1]} {y.shape}; expected equal shapes")
    return x, as_dtype_of(name, y, x)


def bounding_box_encode(anchor_box: Operand, groundtruth_box: Operand, means: Numbers = (0.0, 0.0, 0.0, 0.0),
                        stds: Numbers = (1.0, 1.0, 1.0, 1.0)) -> Tensor:
    """(N, 4): how boxes (N, 4) differ from anchors (N, 4): the shift of the middle in units of the anchor's size, and
    the logarithm of the ratio of the sizes; minus `means`, divided by `stds`. Source: Girshick et al. (2014)."""
    name = "bounding_box_encode"
    anchors, boxes = _pairs(name, anchor_box, groundtruth_box, ("anchor_box", "groundtruth_box"))
    (middle, size), (own, extent) = _centers(anchors), _centers(boxes)
    deltas = concat([true_divide(sub(own, middle), size), log(true_divide(extent, size))], 1)
    return true_divide(sub(deltas, _four(name, "means", means, anchors)), _four(name, "stds", stds, anchors))


def bounding_box_decode(anchor_box: Operand, deltas: Operand, max_shape: Sequence[int],
                        means: Numbers = (0.0, 0.0, 0.0, 0.0), stds: Numbers = (1.0, 1.0, 1.0, 1.0),
                        wh_ratio_clip: float = 0.016) -> Tensor:
    """The inverse of `bounding_box_encode`: boxes (N, 4) within an image of max_shape (height, width). The logarithms
    of the ratios of the sizes are not farther from 0 than that of `wh_ratio_clip`."""
    name = "bounding_box_decode"
    anchors, given = _pairs(name, anchor_box, deltas, ("anchor_box", "deltas"))
    if len(max_shape) != 2:
        raise ValueError(f"{name}: max_shape is {max_shape}; expected (height, width)")
    moved = add(mul(given, _four(name, "stds", stds, anchors)), _four(name, "means", means, anchors))
    limit = abs(logarithm(wh_ratio_clip))
    middle, size = _centers(anchors)
    middle = add(middle, mul(size, moved[:, :2]))
    half = mul(mul(size, exp(clamp(moved[:, 2:], -limit, limit))), 0.5)
    low, high = add(sub(middle, half), 0.5), sub(add(middle, half), 0.5)
    ends = Tensor(np.array([max_shape[1] - 1, max_shape[0] - 1] * 2, anchors.dtype.np))
    return minimum(maximum(concat([low, high], 1), 0), ends)


def check_valid(bboxes: Operand, img_metas: Operand) -> Tensor:
    """(N,) Bool: whether boxes (N, 4), in pixels, lie inside of an image; img_metas (3,) are its height and width, and
    a ratio by which both are multiplied."""
    boxes = _boxes("check_valid", bboxes, "bboxes")
    meta = as_dtype_of("check_valid", img_metas, boxes, "img_metas")
    if meta.shape != (3,):
        raise ValueError(f"check_valid: img_metas has shape {meta.shape}; expected (3,): height, width, ratio")
    ends = sub(mul(stack([meta[1], meta[0]]), meta[2]), 1)
    inside = logical_and(greater_equal(boxes[:, :2], 0), less_equal(boxes[:, 2:], ends))
    return all_of(inside, 1)


# -- greedy selection --------------------------------------------------------------------------------------------------

def _cross_out(state, slices, fixed):
    """One box: those that it overlaps are out, if it is kept itself. kept (..., N); the box's number () and row
    (..., N)."""
    (kept,), (number, row) = state, slices
    own = apply(_GATHER, (kept, reshape(number, (1,))), (kept.ndim - 1,))
    return (logical_and(kept, logical_not(logical_and(row, own))),), ()


def kept_boxes(candidates: Tensor, overlapping: Tensor) -> Tensor:
    """Which of the candidates (..., N), Bool, in the order of falling scores, the greedy selection keeps. overlapping
    (..., N, N), Bool: whether two boxes exclude each other."""
    count = candidates.shape[-1]
    if not count:
        return candidates
    later = Tensor(np.triu(np.ones((count, count), np.bool_), 1))
    rows = logical_and(overlapping, later)
    axis = rows.ndim - 2
    rows = transpose(rows, (axis, *(k for k in range(rows.ndim) if k != axis)))
    return scan(_cross_out, (candidates,), (arange(count), rows))[0][0]


def _first(kept: Tensor, count: int) -> Tensor:
    """The first `count` of those that are kept."""
    return logical_and(kept, less_equal(cumsum(convert(kept, int64), -1), count))


def _shares(boxes: Tensor, sort_ends: bool = True) -> Tensor:
    """(..., N, N): intersection over union of boxes (..., N, 4) in continuous coordinates; with `sort_ends` the corners
    may be any two that are opposite, and boxes without area overlap none."""
    if sort_ends:
        boxes = concat([minimum(boxes[..., :2], boxes[..., 2:]), maximum(boxes[..., :2], boxes[..., 2:])], -1)
    common, first, second = _overlap(expand_dims(boxes, -3), expand_dims(boxes, -2), 0)
    union = sub(add(first, second), common)
    some = logical_and(greater(first, 0), greater(second, 0))
    return where(some, true_divide(common, where(some, union, ones_like(union))), zeros_like(common))


def nms_with_mask(bboxes: Operand, iou_threshold: float = 0.5) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (N, 5), (x0, y0, x1, y1, score) each, by falling score: (the boxes, their numbers 0 ... N - 1 (Int32),
    whether each is kept). A box is not kept if its intersection over union with a kept one before it is above
    `iou_threshold`."""
    boxes = as_inexact("NMSWithMask", bboxes)
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        raise ValueError(f"NMSWithMask: bboxes has shape {boxes.shape}; expected (boxes, 5)")
    ordered = apply(_GATHER, (boxes, _falling(boxes[:, 4])), (0,))
    everyone = Tensor(np.ones(boxes.shape[0], np.bool_))
    kept = kept_boxes(everyone, greater(_shares(ordered[:, :4], False), iou_threshold))
    return ordered, arange(boxes.shape[0], dtype=int32), kept


def _falling(scores: Tensor) -> Tensor:
    """The order of falling scores along the last axis; equal ones stay in place."""
    return argsort(mul(scores, -1), -1)


def non_max_suppression(boxes: Operand, scores: Operand, max_output_size: Operand, iou_threshold: Operand,
                        score_threshold: Operand) -> Tensor:
    """The numbers (Int32) of at most `max_output_size` boxes, by falling score: those with a score above
    `score_threshold` whose intersection over union with a selected one is not above `iou_threshold`. boxes: (N, 4), any
    two opposite corners. How many there are depends on values, so this cannot be compiled into a graph."""
    name = "NonMaxSuppressionV3"
    places = _boxes(name, boxes, "boxes")
    return _selected(name, greater(_shares(places), iou_threshold), scores, max_output_size, score_threshold)


def non_max_suppression_with_overlaps(overlaps: Operand, scores: Operand, max_output_size: Operand,
                                      overlap_threshold: Operand, score_threshold: Operand) -> Tensor:
    """As `non_max_suppression`, with the overlaps (N, N) of the boxes given; two exclude each other whose overlap is
    not below `overlap_threshold`."""
    name = "NonMaxSuppressionWithOverlaps"
    table = as_inexact(name, overlaps)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"{name}: overlaps has shape {table.shape}; expected (boxes, boxes)")
    return _selected(name, greater_equal(table, overlap_threshold), scores, max_output_size, score_threshold)


def _selected(name: str, excluded: Tensor, scores: Operand, count: Operand, least: Operand) -> Tensor:
    values, most = as_inexact(name, as_tensor(name, scores, "scores")), static_int(name, "max_output_size", count)
    if values.shape != excluded.shape[:1] or most < 0:
        raise ValueError(f"{name}: scores has shape {values.shape} and max_output_size is {most}; expected "
                         f"{excluded.shape[:1]}, and a number that is not negative")
    order = _falling(values)
    table = apply(_GATHER, (apply(_GATHER, (excluded, order), (0,)), order), (1,))
    kept = kept_boxes(greater(apply(_GATHER, (values, order), (0,)), least), table)
    return convert(masked_select(order, _first(kept, most)), int32)


def combined_non_max_suppression(boxes: Operand, scores: Operand, max_output_size_per_class: Operand,
                                 max_total_size: Operand, iou_threshold: Operand, score_threshold: Operand,
                                 pad_per_class: bool = False, clip_boxes: bool = True):
    """Selection for each image and class, and the best boxes of all classes of an image.

    Args:
        boxes: (images, N, classes or 1, 4), any two opposite corners. scores: (images, N, classes).
        max_output_size_per_class: at most so many boxes of a class are selected. max_total_size: of an image.
        iou_threshold, score_threshold: see `non_max_suppression`.
        pad_per_class: there are no more than max_output_size_per_class * classes places.
        clip_boxes: coordinates are brought to 0 ... 1.

    Returns:
        (boxes (images, places, 4), scores (images, places), classes (images, places) in the dtype of the scores, how
        many of the places are used (images,) Int32), by falling score; unused places are 0.
    """
    name = "CombinedNonMaxSuppression"
    given, values = as_inexact(name, boxes), as_inexact(name, as_tensor(name, scores, "scores"))
    if given.ndim != 4 or values.ndim != 3 or given.shape[:2] != values.shape[:2] or given.shape[3] != 4 or \
            given.shape[2] not in (1, values.shape[2]):
        raise ValueError(f"{name}: boxes has shape {given.shape} and scores {values.shape}; expected (images, N, "
                         f"classes or 1, 4) and (images, N, classes)")
    each = static_int(name, "max_output_size_per_class", max_output_size_per_class)
    total = static_int(name, "max_total_size", max_total_size)
    if each < 1 or total < 1:
        raise ValueError(f"{name}: max_output_size_per_class is {each} and max_total_size is {total}; expected "
                         f"positive numbers")
    images, count, classes = values.shape
    places = min(total, each * classes) if pad_per_class else total
    owned = broadcast_to(swapaxes(given, 1, 2), (images, classes, count, 4))
    ranked = swapaxes(values, 1, 2)
    order = _falling(ranked)
    ranked = gather_elements(ranked, 2, order)
    owned = gather_elements(owned, 2, broadcast_to(expand_dims(order, 3), owned.shape))
    kept = _first(kept_boxes(greater(ranked, score_threshold), greater(_shares(owned), iou_threshold)), each)
    flat = reshape(where(kept, ranked, full_like(ranked, float("-inf"))), (images, classes * count))
    best = cut(_falling(flat), 1, 0, min(places, classes * count))
    used = minimum(sum_over(reshape(convert(kept, int64), (images, -1)), 1), places)
    real = expand_dims(arange(best.shape[1]), 0) < expand_dims(used, 1)
    found = gather_elements(reshape(owned, (images, classes * count, 4)), 1,
                            broadcast_to(expand_dims(best, 2), (*best.shape, 4)))
    found = clamp(found, 0, 1) if clip_boxes else found
    number = convert(best // count, values.dtype)
    results = (where(expand_dims(real, 2), found, zeros_like(found)),
               where(real, gather_elements(flat, 1, best), zeros_like(number)),
               where(real, number, zeros_like(number)))
    behind = places - best.shape[1]
    if behind:
        results = tuple(apply(primitive("pad"), (r,), ((0,) * r.ndim, (0, behind, *(0,) * (r.ndim - 2)),
                                                       (0,) * r.ndim, 0)) for r in results)
    return (*results, convert(used, int32))


# -- features of boxes -------------------------------------------------------------------------------------------------

def roi_align(features: Operand, rois: Operand, pooled_height: int, pooled_width: int, spatial_scale: float,
              sample_num: int = 2, roi_end_mode: int = 1) -> Tensor:
    """The means of sample_num * sample_num points in each cell of a grid over each region: (R, C, h, w).

    Args:
        features: (N, C, H, W). rois: (R, 5), the number of an image and (x0, y0, x1, y1).
        pooled_height, pooled_width: the grid. spatial_scale: from the coordinates of regions to those of features.
        sample_num: points on each side of a cell; below 1 as many as the cell is long, for which the regions must be
            known. roi_end_mode: 1 adds 1 to x1 and y1; with 0 regions have at least the size 1.

    Source: He et al., "Mask R-CNN" (2017). ValueError for other shapes and attributes.
    """
    name = "ROIAlign"
    x = as_inexact(name, features)
    regions = as_dtype_of(name, as_tensor(name, rois, "rois"), x, "rois")
    if x.ndim != 4 or regions.ndim != 2 or regions.shape[1] != 5:
        raise ValueError(f"{name}: features has shape {x.shape} and rois {regions.shape}; expected (N, C, H, W) and "
                         f"(regions, 5)")
    if min(pooled_height, pooled_width) < 1 or roi_end_mode not in (0, 1):
        raise ValueError(f"{name}: pooled_height and pooled_width are {pooled_height}, {pooled_width} and roi_end_mode "
                         f"is {roi_end_mode}; expected positive ints, and 0 or 1")
    n, c, height, width = x.shape
    count, cells = regions.shape[0], (pooled_height, pooled_width)
    table = reshape(transpose(x, (0, 2, 3, 1)), (n * height * width, c))
    first = reshape(mul(convert(floor(add(regions[:, 0], 0.5)), int64), height * width), (count, 1, 1))
    known = storage_of(as_tensor(name, rois)).to_numpy().astype(np.float64) if sample_num < 1 else None
    taps, points, weight_of_one = [], [], []
    for k, size in enumerate((height, width)):
        start, stop = mul(regions[:, 2 - k], spatial_scale), mul(add(regions[:, 4 - k], roi_end_mode), spatial_scale)
        length = maximum(sub(stop, start), 1) if roi_end_mode == 0 else sub(stop, start)
        counts = np.full(1, sample_num)
        if known is not None:
            counts = np.ceil((known[:, 4 - k] + roi_end_mode - known[:, 2 - k]) * spatial_scale / cells[k]).clip(1)
        share, used = (None if v is None else Tensor(v.astype(x.dtype.np)) for v in _points(counts, cells[k]))
        taps.append(_region_taps(start, length, share, used, size))
        points.append(share.shape[-1] // cells[k])
        weight_of_one.append(Tensor((1 / counts).reshape(-1, 1, 1, 1).astype(x.dtype.np)))
    y = None
    for row, row_weight in taps[0]:
        for column, weight in taps[1]:
            at = add(first, add(expand_dims(mul(row, width), 2), expand_dims(column, 1)))
            part = mul(apply(_GATHER, (table, at), (0,)),
                       expand_dims(mul(expand_dims(row_weight, 2), expand_dims(weight, 1)), 3))
            y = part if y is None else add(y, part)
    y = sum_over(reshape(y, (count, pooled_height, points[0], pooled_width, points[1], c)), (2, 4))
    return transpose(mul(mul(y, weight_of_one[0]), weight_of_one[1]), (0, 3, 1, 2))


def _points(counts: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Where the points of the cells lie, from 0 to 1 along a region, and 1 for those that are used, else 0; both
    (regions, cells * points). counts: how many points a cell of each region has, or one number for all regions. None
    where all points are used."""
    most = int(counts.max(initial=1))
    point, counts = np.arange(most), counts.reshape(-1, 1, 1)
    share = (np.arange(cells)[:, None] + (point + 0.5) / counts) / cells
    used = np.broadcast_to(point < counts, share.shape)
    return share.reshape(-1, cells * most), None if used.all() else used.reshape(-1, cells * most)


def _region_taps(start: Tensor, length: Tensor, share: Tensor, used: Tensor | None, size: int):
    """The two neighbours (regions, points), with weights, of points on an axis. One that is not used, or lies more
    than a pixel outside, counts as 0."""
    place = add(expand_dims(start, 1), mul(expand_dims(length, 1), share))
    inside = logical_and(greater_equal(place, -1), less_equal(place, size))
    inside = inside if used is None else logical_and(inside, greater(used, 0))
    place = clamp(place, 0, size - 1)
    low = floor(place)
    beyond = sub(place, low)
    number = convert(low, int64)
    zero = zeros_like(place)
    return ((number, where(inside, sub(1, beyond), zero)),
            (minimum(add(number, 1), size - 1), where(inside, beyond, zero)))
