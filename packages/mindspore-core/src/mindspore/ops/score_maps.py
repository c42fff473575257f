"""Pooling of regions from score maps: each cell of a region has channels of its own.

An image of output_dim * G * G channels holds, for each result and each cell of a grid of G * G cells, one map. The
result of a cell is the mean of its own map over the pixels of the cell. The sum over a rectangle is a difference of
four running sums over rows and columns, which are Float64, so that a region costs the same however large it is. Cells
below and to the right of an infinity or a NaN in their map are NaN.

Source: Dai et al., "R-FCN: Object detection via region-based fully convolutional networks" (2016).
"""
from __future__ import annotations

from mindspore._checkparam import (
    check_positive_float,
    check_positive_int,
    check_positive_int_sequence,
    check_value_type,
)
from mindspore.common.dtype import float16, float32, float64, int64
from mindspore.common.tensor import Tensor
from mindspore.graph.index_checks import check
from mindspore.ops._operands import apply, convert, primitive
from mindspore.ops.arithmetic import add, clamp, maximum, mul, sub, true_divide
from mindspore.ops.creation import arange
from mindspore.ops.elementwise import ceil, floor
from mindspore.ops.primitive import REQUIRED, Primitive, define
from mindspore.ops.shapes import expand_dims, reshape, transpose

__all__ = ["CLASSES", "ps_roi_pooling"]

_GATHER, _PAD, _CUMSUM = map(primitive, ("gather", "pad", "cumsum"))
_NAME = "PSROIPooling"


def _edges(start: Tensor, stop: Tensor, cells: int, size: int) -> tuple[Tensor, Tensor]:
    """The first pixel (regions, cells) of each cell along an axis of an image, and the one behind the last."""
    step = expand_dims(true_divide(maximum(sub(stop, start), 0.1), cells), 1)
    number, start = arange(cells, dtype=float32), expand_dims(start, 1)
    low, high = floor(add(mul(number, step), start)), ceil(add(mul(add(number, 1), step), start))
    return convert(clamp(low, 0, size), int64), convert(clamp(high, 0, size), int64)


def ps_roi_pooling(features: Tensor, rois: Tensor, spatial_scale: float, group_size: int, output_dim: int) -> Tensor:
    """The means over the cells of regions, each cell from channels of its own: (B * R, output_dim, G, G) with
    G = `group_size`. A cell without pixels has 0.

    Args:
        features: images (N, output_dim * G * G, H, W).
        rois: (B, 5, R), the number of an image and (x0, y0, x1, y1) for each region.
        spatial_scale: from the coordinates of regions to those of features, which are rounded.

    Raises:
        TypeError: features are no floating tensor, or rois none of Float16 or Float32.
        ValueError: other shapes.
        IndexError: there is no image of that number.
    """
    if not isinstance(features, Tensor) or not features.dtype.is_floating:
        raise TypeError(f"{_NAME}: features must be a floating tensor, but got {features!r}")
    if not isinstance(rois, Tensor) or rois.dtype not in (float16, float32):
        raise TypeError(f"{_NAME}: rois must be a tensor of Float16 or Float32, but got {rois!r}")
    grid = group_size * group_size
    if features.ndim != 4 or features.shape[1] != output_dim * grid or rois.ndim != 3 or rois.shape[1] != 5:
        raise ValueError(f"{_NAME}: features has shape {features.shape} and rois {rois.shape}; expected (N, "
                         f"{output_dim * grid}, H, W), of output_dim * group_size * group_size channels, and (B, 5, R)")
    n, _, height, width = features.shape
    regions = convert(reshape(transpose(rois, (0, 2, 1)), (rois.shape[0] * rois.shape[2], 5)), float32)
    image = convert(floor(add(regions[:, 0], 0.5)), int64)
    check(_NAME, image, 0, n)
    x0, y0, x1, y1 = (floor(add(mul(regions[:, 1 + k], spatial_scale), 0.5)) for k in range(4))
    columns, rows = _edges(x0, x1, group_size, width), _edges(y0, y1, group_size, height)
    maps = reshape(convert(features, float64), (n, output_dim, grid, height, width))
    maps = transpose(maps, (0, 2, 3, 4, 1))
    sums = apply(_CUMSUM, (apply(_CUMSUM, (maps,), (2, False, False)),), (3, False, False))
    sums = apply(_PAD, (sums,), ((0, 0, 1, 1, 0), (0,) * 5, (0,) * 5, 0))
    table = reshape(sums, (n * grid * (height + 1) * (width + 1), output_dim))
    cell = add(mul(expand_dims(image, 1), grid), arange(grid, dtype=int64))
    first = reshape(mul(cell, (height + 1) * (width + 1)), (-1, group_size, group_size))

    def before(row: Tensor, column: Tensor) -> Tensor:
        """The sums of what lies above the row and to the left of the column."""
        place = add(first, add(mul(expand_dims(row, 2), width + 1), expand_dims(column, 1)))
        return apply(_GATHER, (table, place), (0,))

    below, above = (sub(before(row, columns[1]), before(row, columns[0])) for row in (rows[1], rows[0]))
    pixels = mul(expand_dims(sub(rows[1], rows[0]), 2), expand_dims(sub(columns[1], columns[0]), 1))
    mean = true_divide(sub(below, above), convert(expand_dims(maximum(pixels, 1), 3), float64))
    return convert(transpose(mean, (0, 3, 1, 2)), features.dtype)


def _pooling_grad(dy: Tensor, rois: Tensor, input_size: tuple, spatial_scale: float, group_size: int,
                  output_dim: int) -> Tensor:
    """The cotangent of PSROIPooling's features, one image of height and width `input_size` for each row of rois."""
    from mindspore import ops
    from mindspore.ops._gradient_classes import pulled
    if not isinstance(dy, Tensor) or not isinstance(rois, Tensor):
        raise TypeError(f"PSROIPoolingGrad: expected tensors, but got {dy!r} and {rois!r}")
    height, width = (input_size, input_size) if isinstance(input_size, int) else input_size
    features = ops.zeros((rois.shape[0], output_dim * group_size * group_size, height, width), dy.dtype)
    return pulled(lambda x: ps_roi_pooling(x, rois, spatial_scale, group_size, output_dim), dy, features)


def _checked(name: str, function, **attributes) -> type[Primitive]:
    """A class of operators that looks at its attributes when it is made."""
    def initialise(self, *args, **kwargs):
        super(made, self).__init__(*args, **kwargs)
        check_positive_float(self.spatial_scale, "spatial_scale", self.name)
        for what in ("group_size", "output_dim"):
            check_positive_int(getattr(self, what), what, self.name)
        if "input_size" in attributes:
            size = check_value_type("input_size", self.input_size, (int, tuple), self.name)
            check_positive_int_sequence(size if isinstance(size, tuple) else (size,), "input_size", self.name)

    parent = define(name, function, **attributes)
    made: type[Primitive] = type(name, (parent,), {"__init__": initialise, "__doc__": function.__doc__,
                                                   "__module__": parent.__module__})
    return made


_OF_MAPS = {"spatial_scale": REQUIRED, "group_size": REQUIRED, "output_dim": REQUIRED}
CLASSES = {"PSROIPooling": _checked("PSROIPooling", ps_roi_pooling, **_OF_MAPS)}
GRADIENTS = {"PSROIPoolingGrad": _checked("PSROIPoolingGrad", _pooling_grad, input_size=REQUIRED, **_OF_MAPS)}
