"""Images read at places that tensors say: between pixels by interpolation, beyond the border by a rule.

On each axis a place becomes a few neighbouring pixels with weights. The elements at all combinations of neighbours are
gathered from the image, times the products of their weights, and added; so gradients go to the image and, through the
weights, to the places.
"""
from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, Sizes, as_dtype_of, as_inexact, as_tensor, as_wide, convert, static_ints
from mindspore.ops.arithmetic import abs as absolute
from mindspore.ops.arithmetic import add, clamp, maximum, minimum, mul, remainder, sub
from mindspore.ops.comparison import greater_equal, less_equal, logical_and, where
from mindspore.ops.creation import arange, full_like, ones_like, zeros_like
from mindspore.ops.elementwise import floor
from mindspore.ops.elementwise import round as to_even
from mindspore.ops.indexing import gather_elements
from mindspore.ops.linalg import matmul
from mindspore.ops.random import rand, standard_normal
from mindspore.ops.shapes import broadcast_to, expand_dims, reshape, swapaxes, transpose

__all__ = ["affine_grid", "crop_and_resize", "grid_sample"]

Taps = list[tuple[Tensor, Tensor]]  # (place of a neighbour, its weight)
_CUBIC = -0.75  # Keys' parameter, as most libraries for images have it


def grid_sample(input: Operand, grid: Operand, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool | None = None) -> Tensor:
    """Images (N, C, H, W) read at a grid (N, H', W', 2), or volumes (N, C, D, H, W) at (N, D', H', W', 3).

    The last axis of the grid has (x, y[, z]), from -1 to 1 over width, height and depth: from the middle of the first
    pixel to that of the last with `align_corners`, from edge to edge otherwise. mode: 'bilinear', 'nearest', or for
    images 'bicubic' (Keys, 1981). padding_mode: beyond the border there are 'zeros', the nearest pixels ('border') or
    a mirror image ('reflection').

    Raises:
        TypeError: input and grid have unlike dtypes. ValueError: other words and shapes that do not fit.
    """
    name = "grid_sample"
    x, at = as_inexact(name, input), as_tensor(name, grid, "grid")
    if at.dtype is not x.dtype:
        raise TypeError(f"{name}: input is {x.dtype} and grid {at.dtype}; expected one dtype")
    spatial = x.ndim - 2
    if spatial not in (2, 3) or at.ndim != x.ndim or at.shape[-1] != spatial or at.shape[0] != x.shape[0]:
        raise ValueError(f"{name}: input has shape {x.shape} and grid {at.shape}; expected (N, C, H, W) and "
                         f"(N, H', W', 2), or (N, C, D, H, W) and (N, D', H', W', 3)")
    if mode not in ("bilinear", "nearest", "bicubic") or (mode == "bicubic" and spatial == 3):
        raise ValueError(f"{name}: mode is {mode!r}; expected 'bilinear', 'nearest', or for images 'bicubic'")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f"{name}: padding_mode is {padding_mode!r}; expected 'zeros', 'border' or 'reflection'")
    align, out = bool(align_corners), at.shape[1:-1]
    taps = []
    for axis, size in enumerate(x.shape[2:]):
        place = reshape(at[..., spatial - 1 - axis], (x.shape[0], prod(out)))
        place = mul(add(place, 1), (size - 1) / 2) if align else mul(sub(mul(add(place, 1), size), 1), 0.5)
        taps.append(_taps(place, size, mode, padding_mode, align))
    return reshape(weighted(x, taps), (*x.shape[:2], *out))


def _taps(place: Tensor, size: int, mode: str, padding_mode: str, align: bool) -> Taps:
    """The neighbours of places on an axis."""
    if mode == "bicubic":
        start = floor(place)
        share = sub(place, start)
        taps = [(add(start, k), _cubic(sub(share, k))) for k in range(-1, 3)]
        return [_inside(_padded(p, size, padding_mode, align), w, size) for p, w in taps]
    place = _padded(place, size, padding_mode, align)
    if mode == "nearest":
        return [_inside(to_even(place), ones_like(place), size)]
    start = floor(place)
    share = sub(place, start)
    return [_inside(start, sub(1, share), size), _inside(add(start, 1), share, size)]


def _cubic(distance: Tensor) -> Tensor:
    """The weight of a neighbour at a distance of at most 2."""
    d = absolute(distance)
    near = add(mul(mul(sub(mul(d, _CUBIC + 2), _CUBIC + 3), d), d), 1)
    far = mul(sub(mul(add(mul(sub(d, 5), d), 8), d), 4), _CUBIC)
    return where(less_equal(d, 1), near, far)


def _padded(place: Tensor, size: int, padding_mode: str, align: bool) -> Tensor:
    """Places beyond the border moved to where they are read."""
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        low, span = (0.0, float(size - 1)) if align else (-0.5, float(size))
        if span == 0:
            return zeros_like(place)
        round_trip = remainder(absolute(sub(place, low)), 2 * span)
        place = add(where(less_equal(round_trip, span), round_trip, sub(2 * span, round_trip)), low)
    return clamp(place, 0, size - 1)


def _inside(place: Tensor, weight: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """A place that can be read, with weight 0 where it had to be moved for that."""
    inside = logical_and(greater_equal(place, 0), less_equal(place, size - 1))
    return convert(clamp(place, 0, size - 1), int64), where(inside, weight, zeros_like(weight))


def taps_between(place: Tensor, size: int) -> Taps:
    """The two neighbours of places on an axis; beyond the border there are zeros."""
    return _taps(place, size, "bilinear", "zeros", True)


def weighted(x: Tensor, taps: list[Taps]) -> Tensor:
    """(N, C, places): the weighted sums over all combinations of neighbours (N, places) on the axes. Half precision is
    summed in float32. One combination after the other, so that everything is one pass over the places."""
    n, c, sizes = *x.shape[:2], x.shape[2:]
    images, total = reshape(x, (n, c, prod(sizes))), None
    for combination in product(*taps):
        flat, weight = combination[0]
        for size, (place, own) in zip(sizes[1:], combination[1:]):
            flat, weight = add(mul(flat, size), place), mul(weight, own)
        read = gather_elements(images, 2, broadcast_to(expand_dims(flat, 1), (n, c, flat.shape[1])))
        part = mul(as_wide(read), as_wide(expand_dims(weight, 1)))
        total = part if total is None else add(total, part)
    return convert(total, x.dtype)


def affine_grid(theta: Operand, size: Sizes, align_corners: bool = False) -> Tensor:
    """The grid of an affine map for `grid_sample`: theta (N, 2, 3) and size (N, C, H, W) to (N, H, W, 2), or
    (N, 3, 4) and (N, C, D, H, W) to (N, D, H, W, 3): theta (x, y[, z], 1) for the middles of the pixels, from -1 to 1
    over each axis as `align_corners` says. ValueError for shapes that do not fit."""
    maps, sizes = as_inexact("affine_grid", theta), static_ints("affine_grid", "size", size)
    spatial = len(sizes) - 2
    if spatial not in (2, 3) or min(sizes) < 1 or maps.shape != (sizes[0], spatial, spatial + 1):
        raise ValueError(f"affine_grid: theta has shape {maps.shape} and size is {sizes}; expected (N, 2, 3) and "
                         f"(N, C, H, W), or (N, 3, 4) and (N, C, D, H, W)")
    ends = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in sizes[2:]]
    places = [e if align_corners else e * ((n - 1) / n) for e, n in zip(ends, sizes[2:])]
    points = np.stack([*np.meshgrid(*places, indexing="ij")[::-1], np.ones(sizes[2:])], -1).reshape(-1, spatial + 1)
    found = matmul(Tensor(points.astype(maps.dtype.np)), swapaxes(maps, 1, 2))
    return reshape(found, (sizes[0], *sizes[2:], spatial))


def extract_glimpse(x: Operand, size: Sizes, offsets: Operand, centered: bool = True, normalized: bool = True,
                    uniform_noise: bool = True, noise: str = "uniform") -> Tensor:
    """Windows of size (height, width) of images (N, H, W, C), one of each: (N, height, width, C).

    offsets: (N, 2), the middle of each window, down and right: with `normalized` in units of the image's size, else in
    pixels; with `centered` 0 is the image's middle and the units are half as large. Beyond the border there is noise:
    with `uniform_noise` or noise 'uniform' numbers of [0, 1), with 'gaussian' standard normal ones, 'zero' nothing.
    """
    name = "ExtractGlimpse"
    images = as_inexact(name, x)
    middle = as_dtype_of(name, as_tensor(name, offsets, "offsets"), images)
    sizes = static_ints(name, "size", size)
    if images.ndim != 4 or len(sizes) != 2 or min(sizes) < 1 or middle.shape != (images.shape[0], 2):
        raise ValueError(f"{name}: x has shape {images.shape}, offsets {middle.shape} and size is {size}; expected "
                         f"(N, H, W, C), (N, 2) and two positive ints")
    if noise not in ("uniform", "gaussian", "zero"):
        raise ValueError(f"{name}: noise is {noise!r}; expected 'uniform', 'gaussian' or 'zero'")
    n, *_, channels = images.shape
    places, inside = [], None
    for k, (old, new) in enumerate(zip(images.shape[1:3], sizes)):
        at = mul(middle[:, k], old) if normalized else middle[:, k]
        at = add(mul(at, 0.5), old / 2) if centered else at
        own = add(expand_dims(convert(sub(at, new / 2), int64), 1), arange(new))
        own = expand_dims(own, 2 - k)
        here = logical_and(greater_equal(own, 0), less_equal(own, old - 1))
        inside = here if inside is None else logical_and(inside, here)
        places.append(clamp(own, 0, old - 1))
    flat = reshape(add(mul(places[0], images.shape[2]), places[1]), (n, sizes[0] * sizes[1], 1))
    rows = reshape(images, (n, images.shape[1] * images.shape[2], channels))
    y = reshape(gather_elements(rows, 1, broadcast_to(flat, (n, sizes[0] * sizes[1], channels))),
                (n, *sizes, channels))
    if uniform_noise or noise == "uniform":
        around = rand(*y.shape, dtype=y.dtype)
    else:
        around = convert(standard_normal(y.shape), y.dtype) if noise == "gaussian" else zeros_like(y)
    return where(expand_dims(inside, 3), y, around)


def crop_and_resize(image: Operand, boxes: Operand, box_indices: Operand, crop_size: Sizes, method: str = "bilinear",
                    extrapolation_value: float = 0.0) -> Tensor:
    """Parts of images (N, H, W, C), resized to crop_size (h, w): (boxes, h, w, C).

    boxes: (B, 4), (y1, x1, y2, x2) of each, 0 for the first and 1 for the last pixel of an axis; y1 > y2 turns the part
    over. box_indices: (B,) integers, the image of each box. method: 'bilinear' or 'nearest', beyond the border there is
    `extrapolation_value`; or 'bilinear_v2', where the part consists of the whole pixels from int(y1 H) to int(y2 H) and
    is resized with the edges of its corners in place. ValueError for other words and shapes that do not fit.
    """
    name = "crop_and_resize"
    x, ends = as_inexact(name, image), as_tensor(name, boxes, "boxes")
    owner = as_tensor(name, box_indices, "box_indices")
    if x.ndim != 4 or ends.ndim != 2 or ends.shape[1] != 4 or owner.shape != ends.shape[:1]:
        raise ValueError(f"{name}: shapes {x.shape}, boxes {ends.shape} and box_indices {owner.shape}; expected "
                         f"(N, H, W, C), (B, 4) and (B,)")
    if not owner.dtype.is_integer:
        raise TypeError(f"{name}: box_indices is {owner.dtype}; expected integers")
    sizes = static_ints(name, "crop_size", crop_size)
    if len(sizes) != 2 or min(sizes) < 1:
        raise ValueError(f"{name}: crop_size is {crop_size}; expected two positive ints")
    if method not in ("bilinear", "nearest", "bilinear_v2"):
        raise ValueError(f"{name}: method is {method!r}; expected 'bilinear', 'nearest' or 'bilinear_v2'")
    ends = convert(ends, x.dtype)
    places_of = _whole_pixels if method == "bilinear_v2" else _crop_places
    height, width = (places_of(ends[:, k], ends[:, k + 2], size, count)
                     for k, size, count in zip((0, 1), x.shape[1:3], sizes))
    count, (h, w) = ends.shape[0], sizes
    rows = broadcast_to(expand_dims(height, 2), (count, h, w))
    columns = broadcast_to(expand_dims(width, 1), (count, h, w))
    own = transpose(x, (0, 3, 1, 2))[convert(owner, int64)]
    places = [reshape(p, (count, h * w)) for p in (rows, columns)]
    inside = None
    for place, size in zip(places, x.shape[1:3]):
        here = logical_and(greater_equal(place, 0), less_equal(place, size - 1))
        inside = here if inside is None else logical_and(inside, here)
    taps = [[_inside(floor(add(p, 0.5)), ones_like(p), n)] if method == "nearest"
            else _taps(p, n, method, "border", True) for p, n in zip(places, x.shape[1:3])]
    y = weighted(own, taps)
    if method != "bilinear_v2":
        y = where(broadcast_to(expand_dims(inside, 1), y.shape), y, full_like(y, extrapolation_value))
    return transpose(reshape(y, (count, x.shape[3], h, w)), (0, 2, 3, 1))


def _crop_places(start: Tensor, stop: Tensor, size: int, count: int) -> Tensor:
    """(boxes, count): the places on an axis that are read."""
    if count == 1:
        return expand_dims(mul(add(start, stop), 0.5 * (size - 1)), 1)
    step = mul(sub(stop, start), (size - 1) / (count - 1))
    return add(expand_dims(mul(start, size - 1), 1), mul(expand_dims(step, 1), convert(arange(count), start.dtype)))


def _whole_pixels(start: Tensor, stop: Tensor, size: int, count: int) -> Tensor:
    """(boxes, count): the places on an axis that are read, between the middles of the first and the last pixel."""
    first, last = (floor(mul(v, size)) for v in (start, stop))
    pixels = clamp(add(sub(last, first), 1), 1, None)
    share = expand_dims(mul(pixels, 1 / count), 1)
    place = sub(mul(add(convert(arange(count), start.dtype), 0.5), share), 0.5)
    place = minimum(maximum(place, 0), expand_dims(sub(pixels, 1), 1))
    return add(expand_dims(first, 1), place)
