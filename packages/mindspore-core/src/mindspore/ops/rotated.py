"""How much rotated boxes overlap.

The intersection of two rectangles is convex. Its corners are among 24 points: the corners of each that lie inside of
the other, and the points where their sides meet. Seen from their mean, the points that are there are put in order by
their angle, and the others behind them at the place of the first one, where they add nothing to the area.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.dtype import float32
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_dtype_of, as_inexact, as_tensor, convert
from mindspore.ops.arithmetic import abs as absolute
from mindspore.ops.arithmetic import add, maximum, mul, sub, true_divide
from mindspore.ops.comparison import greater, greater_equal, less_equal, logical_and, where
from mindspore.ops.creation import full_like, ones_like, zeros_like
from mindspore.ops.elementwise import atan2, cos, sin
from mindspore.ops.indexing import gather_elements
from mindspore.ops.joining import concat, stack
from mindspore.ops.reduction import all as all_of
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, reshape, roll
from mindspore.ops.sorting import argsort
from mindspore.ops.state import stop_gradient

__all__ = ["rotated_iou"]


def rotated_iou(boxes: Operand, query_boxes: Operand, trans: bool = False, mode: int = 0, is_cross: bool = True,
                v_threshold: float = 0.0, e_threshold: float = 0.0) -> Tensor:
    """(B, N, K): how much each of N boxes (B, N, 5) overlaps each of K boxes query_boxes (B, K, 5).

    Args:
        boxes, query_boxes: (x, y, width, height, angle) of each, x and y of the middle, the angle in degrees; with
            `trans` (x0, y0, x1, y1, angle), two opposite corners before the turn around the middle.
        mode: 0 divides the area of the intersection by that of the union, 1 by that of the first box.
        is_cross: False compares box k with query box k, to (B, N).
        v_threshold: a corner that lies at most so far outside of the other box counts as inside. e_threshold: sides
            meet that are too short by at most this share of their length.

    Raises:
        ValueError: other shapes, or another mode.
    """
    name = "rotated_iou"
    first = as_inexact(name, boxes)
    second = as_dtype_of(name, as_tensor(name, query_boxes, "query_boxes"), first, "query_boxes")
    if first.ndim != 3 or second.ndim != 3 or first.shape[2] != 5 or second.shape[2] != 5 or \
            first.shape[0] != second.shape[0] or not (is_cross or first.shape == second.shape):
        raise ValueError(f"{name}: boxes has shape {first.shape} and query_boxes {second.shape}; expected (B, N, 5) "
                         f"and (B, K, 5), with N = K where is_cross is False")
    if mode not in (0, 1):
        raise ValueError(f"{name}: mode is {mode!r}; expected 0 (of the union) or 1 (of the first box)")
    one, other = (convert(v, float32) if v.dtype.itemsize < 4 else v for v in (first, second))
    if is_cross:
        one, other = expand_dims(one, 2), expand_dims(other, 1)
    middle = mul(add(_middle(one, trans), _middle(other, trans)), 0.5)  # near it coordinates have the most digits
    (a, area), (b, own) = (_corners(v, trans, middle) for v in (one, other))
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), 4, 2)
    common = _common_area(broadcast_to(a, shape), broadcast_to(b, shape), v_threshold, e_threshold)
    total = add(area, zeros_like(common)) if mode == 1 else sub(add(area, own), common)
    some = greater(total, 0)
    share = where(some, true_divide(common, where(some, total, ones_like(total))), zeros_like(total))
    return convert(share, first.dtype)


def _middle(boxes: Tensor, trans: bool) -> Tensor:
    return mul(add(boxes[..., :2], boxes[..., 2:4]), 0.5) if trans else boxes[..., :2]


def _corners(boxes: Tensor, trans: bool, origin: Tensor) -> tuple[Tensor, Tensor]:
    """(the corners (..., 4, 2) in the order of a turn, seen from the origin; the areas (...))."""
    sizes = absolute(sub(boxes[..., 2:4], boxes[..., :2])) if trans else boxes[..., 2:4]
    angle = mul(boxes[..., 4], math.pi / 180)
    along = [stack([cos(angle), sin(angle)], -1), stack([mul(sin(angle), -1), cos(angle)], -1)]
    wide, high = (mul(v, mul(sizes[..., k:k + 1], 0.5)) for k, v in enumerate(along))
    start = sub(_middle(boxes, trans), origin)
    corners = [add(start, add(mul(wide, s), mul(high, t))) for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return stack(corners, -2), mul(sizes[..., 0], sizes[..., 1])


def _turn(u: Tensor, v: Tensor) -> Tensor:
    """u_x v_y - u_y v_x: above 0 where v lies to the left of u."""
    return sub(mul(u[..., 0], v[..., 1]), mul(u[..., 1], v[..., 0]))


def _inside(points: Tensor, corners: Tensor, slack: float) -> Tensor:
    """Which of the points (..., 4, 2) lie on the left of all sides."""
    sides = sub(roll(corners, -1, -2), corners)
    seen = sub(expand_dims(points, -2), expand_dims(corners, -3))
    turns = _turn(broadcast_to(expand_dims(sides, -3), seen.shape), seen)
    limit = mul(sum_over(mul(sides, sides), -1) ** 0.5, -(slack + 1e-6)) if slack else full_like(sides[..., 0], -1e-6)
    return all_of(greater_equal(turns, expand_dims(stop_gradient(limit), -2)), -1)


def _meetings(a: Tensor, b: Tensor, slack: float) -> tuple[Tensor, Tensor]:
    """(the points where sides meet (..., 16, 2), whether they do (..., 16))."""
    u, v = sub(roll(a, -1, -2), a), sub(roll(b, -1, -2), b)
    shape = (*a.shape[:-2], 4, 4, 2)
    u, v = broadcast_to(expand_dims(u, -2), shape), broadcast_to(expand_dims(v, -3), shape)
    start = broadcast_to(expand_dims(a, -2), shape)
    gap = sub(broadcast_to(expand_dims(b, -3), shape), start)
    across = _turn(u, v)
    skew = greater(absolute(across), 1e-9)
    safe = where(skew, across, ones_like(across))
    s, t = true_divide(_turn(gap, v), safe), true_divide(_turn(gap, u), safe)
    there = skew
    for share in (s, t):
        there = logical_and(there, logical_and(greater_equal(share, -slack), less_equal(share, 1 + slack)))
    points = add(start, mul(u, expand_dims(s, -1)))
    lead = a.shape[:-2]
    return reshape(points, (*lead, 16, 2)), reshape(there, (*lead, 16))


def _common_area(a: Tensor, b: Tensor, v_threshold: float, e_threshold: float) -> Tensor:
    met, there = _meetings(a, b, e_threshold)
    points = concat([a, b, met], -2)
    real = concat([_inside(a, b, v_threshold), _inside(b, a, v_threshold), there], -1)
    count = maximum(sum_over(convert(real, points.dtype), -1, True), 1)
    kept = where(expand_dims(real, -1), points, zeros_like(points))
    mean = expand_dims(true_divide(sum_over(kept, -2), count), -2)
    seen = stop_gradient(sub(points, mean))
    order = argsort(where(real, atan2(seen[..., 1], seen[..., 0]), full_like(seen[..., 0], 9.0)), -1)
    ordered = gather_elements(sub(points, mean), -2, broadcast_to(expand_dims(order, -1), points.shape))
    first = broadcast_to(cut(ordered, ordered.ndim - 2, 0, 1), points.shape)
    ring = where(expand_dims(gather_elements(real, -1, order), -1), ordered, first)
    area = mul(sum_over(_turn(ring, roll(ring, -1, -2)), -1), 0.5)
    return where(greater(count[..., 0], 2), maximum(area, 0), zeros_like(area))
