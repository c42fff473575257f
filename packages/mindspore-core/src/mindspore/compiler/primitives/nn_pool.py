"""Pooling: the maximum or the mean over sliding windows, with the adjoints.

The derivative of max pooling sends the cotangent of an output to one position of its window: the first, in row-major
order, that holds the maximum. `max_pool_grad` does this, and `max_pool_pick`, its adjoint, reads a tensor at these
positions. The two are linear in their last operand and each other's derivative. Both find the position by comparing the
window with the output, so no index tensor has to be stored; a NaN counts as equal to a NaN, and so as the maximum.
`max_pool_index` gives the position itself.

Padding never holds the maximum: a window that lies wholly in the padding gives -inf, and nothing flows back. The mean
divides by the number of taps, or, where `count_include_pad` is false, by the number of taps inside the image (a window
wholly in the padding gives 0). `avg_pool_grad` is its adjoint.

Layout: [batch, channels, spatial ...]. Padding is (low, high) for each spatial axis in turn: (top, bottom, left,
right).
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import int64
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register, rng
from mindspore.compiler.primitives.nn_windows import (
    check_counts,
    check_rank,
    crop_spatial,
    fold,
    output_sizes,
    pad_spatial,
    unfold,
)
from mindspore.compiler.primitives.support import distinct, widen

SPACE = ("depth", "height", "width")


class Pooling(Primitive):
    """What the pooling operators share: the checks and the family's names."""

    kinds = "f"
    spatial = 2

    def member(self, b, name: str):
        """The builder's emitter for another operator with the same number of spatial axes."""
        return getattr(b, name.format(self.spatial))

    def pooled_shape(self, x, kernel, stride, padding, dilation) -> tuple:
        """The output shape for an image of aval `x`; ValueError for wrong ranks, geometry and sizes."""
        check_rank(self.name, "the image", x.shape, ("batch", "channels", *SPACE[-self.spatial:]))
        check_counts(self.name, "kernel", kernel, self.spatial, 1)
        check_counts(self.name, "stride", stride, self.spatial, 1)
        check_counts(self.name, "padding", padding, 2 * self.spatial, 0)
        check_counts(self.name, "dilation", dilation, self.spatial, 1)
        return x.shape[:2] + output_sizes(self.name, x.shape[2:], kernel, stride, padding, dilation)

    def check_output(self, what: str, aval, expected: tuple) -> None:
        if aval.shape != expected:
            raise ValueError(f"{self.name}: {what} has shape {aval.shape}; expected {expected}, the output of pooling "
                             f"with these sizes, kernel, stride and padding")


def _padded_sizes(sizes: tuple, padding: tuple) -> tuple:
    return tuple(s + padding[2 * i] + padding[2 * i + 1] for i, s in enumerate(sizes))


def _inside(sizes: tuple, outputs: tuple, kernel: tuple, stride, padding, dilation) -> np.ndarray:
    """Which taps of which windows lie inside the image: bools [outputs ..., kernel ...]."""
    return unfold(pad_spatial(np.ones(sizes, np.bool_), padding, False), outputs, kernel, stride, dilation)


class MaxPooling(Pooling):
    """Shared by the max-pooling operators: the marks of the first maximum of each window."""

    attrs = ("kernel", "stride", "padding", "dilation")
    defaults = {"dilation": (1, 1)}

    def first_maximum(self, x: np.ndarray, y: np.ndarray, kernel, stride, padding, dilation) -> np.ndarray:
        """Bools [N, C, outputs ..., taps]: at most one mark in each window, at its first tap that equals y."""
        outputs = y.shape[2:]
        windows = unfold(pad_spatial(x, padding), outputs, kernel, stride, dilation)
        target = y[(..., *(None,) * self.spatial)]
        hit = (windows == target) | ((windows != windows) & (target != target))
        hit = (hit & _inside(x.shape[2:], outputs, kernel, stride, padding, dilation)).reshape(*y.shape, prod(kernel))
        return hit & (np.cumsum(hit, axis=-1) == 1)


class MaxPool(MaxPooling):
    """max_pool(x)."""

    def infer(self, x, *, kernel, stride, padding, dilation):
        return tensor_aval(self.pooled_shape(x, kernel, stride, padding, dilation), self.check_dtypes((x,)))

    def vjp(self, b, ct, out, x, **geometry):
        return (self.member(b, "max_pool{}d_grad")(x, out, ct, **geometry),)

    def reference(self, x, *, kernel, stride, padding, dilation):
        outputs = output_sizes(self.name, x.shape[2:], kernel, stride, padding, dilation)
        windows = unfold(pad_spatial(widen(x), padding, -np.inf), outputs, kernel, stride, dilation)
        return np.max(windows.reshape(*x.shape[:2], *outputs, prod(kernel)), axis=-1).astype(x.dtype)


class MaxPoolGrad(MaxPooling):
    """max_pool_grad(x, y, dy) -> dx."""

    def infer(self, x, y, dy, *, kernel, stride, padding, dilation):
        dtype = self.check_dtypes((x, y, dy))
        expected = self.pooled_shape(x, kernel, stride, padding, dilation)
        self.check_output("the output", y, expected)
        self.check_output("the output's cotangent", dy, expected)
        return tensor_aval(x.shape, dtype)

    def vjp(self, b, ct, out, x, y, dy, **geometry):
        return (None, None, self.member(b, "max_pool{}d_pick")(x, y, ct, **geometry))

    def reference(self, x, y, dy, *, kernel, stride, padding, dilation):
        marks = self.first_maximum(x, y, kernel, stride, padding, dilation)
        windows = np.where(marks, widen(dy)[..., None], widen(dy).dtype.type(0)).reshape(*dy.shape, *kernel)
        total = fold(windows, _padded_sizes(x.shape[2:], padding), stride, dilation)
        return np.ascontiguousarray(crop_spatial(total, padding)).astype(x.dtype)


class MaxPoolPick(MaxPooling):
    """max_pool_pick(x, y, z): the adjoint of max_pool_grad in its last operand."""

    def infer(self, x, y, z, *, kernel, stride, padding, dilation):
        dtype = self.check_dtypes((x, y, z))
        expected = self.pooled_shape(x, kernel, stride, padding, dilation)
        self.check_output("the output", y, expected)
        if z.shape != x.shape:
            raise ValueError(f"{self.name}: the tensor to read has shape {z.shape}; expected the image's {x.shape}")
        return tensor_aval(expected, dtype)

    def vjp(self, b, ct, out, x, y, z, **geometry):
        return (None, None, self.member(b, "max_pool{}d_grad")(x, y, ct, **geometry))

    def reference(self, x, y, z, *, kernel, stride, padding, dilation):
        marks = self.first_maximum(x, y, kernel, stride, padding, dilation)
        windows = unfold(pad_spatial(z, padding), y.shape[2:], kernel, stride, dilation).reshape(marks.shape)
        return np.sum(np.where(marks, windows, z.dtype.type(0)), axis=-1, dtype=z.dtype)


class MaxPoolIndex(MaxPooling):
    """max_pool_index(x, y): where the maximum stands in its image."""

    differentiable = False

    def infer(self, x, y, *, kernel, stride, padding, dilation):
        self.check_dtypes((x, y))
        expected = self.pooled_shape(x, kernel, stride, padding, dilation)
        self.check_output("the output", y, expected)
        return tensor_aval(expected, int64)

    def reference(self, x, y, *, kernel, stride, padding, dilation):
        marks = self.first_maximum(x, y, kernel, stride, padding, dilation)
        places = np.arange(prod(x.shape[2:]), dtype=np.int64).reshape(x.shape[2:])
        windows = unfold(pad_spatial(places, padding), y.shape[2:], kernel, stride, dilation)
        chosen = np.sum(np.where(marks, windows.reshape(marks.shape[2:]), 0), axis=-1)
        return np.where(marks.any(axis=-1), chosen, -1)


class AvgPooling(Pooling):
    """Shared by the average-pooling operators: the divisor of each window."""

    def divisors(self, sizes: tuple, outputs: tuple, kernel, stride, padding, count_include_pad) -> np.ndarray:
        """The number to divide each window's sum by: floats [outputs ...]."""
        if count_include_pad:
            return np.full(outputs, float(prod(kernel)))
        inside = _inside(sizes, outputs, kernel, stride, padding, (1,) * self.spatial)
        return np.maximum(inside.sum(axis=tuple(range(-self.spatial, 0))), 1).astype(np.float64)


class AvgPool(AvgPooling):
    """avg_pool(x)."""

    attrs = ("kernel", "stride", "padding", "count_include_pad")

    def infer(self, x, *, kernel, stride, padding, count_include_pad):
        dilation = (1,) * self.spatial
        return tensor_aval(self.pooled_shape(x, kernel, stride, padding, dilation), self.check_dtypes((x,)))

    def vjp(self, b, ct, out, x, **geometry):
        return (self.member(b, "avg_pool{}d_grad")(ct, input_shape=x.shape[2:], **geometry),)

    def reference(self, x, *, kernel, stride, padding, count_include_pad):
        dilation = (1,) * self.spatial
        outputs = output_sizes(self.name, x.shape[2:], kernel, stride, padding, dilation)
        windows = unfold(pad_spatial(widen(x), padding), outputs, kernel, stride, dilation)
        total = windows.sum(axis=tuple(range(-self.spatial, 0)))
        count = self.divisors(x.shape[2:], outputs, kernel, stride, padding, count_include_pad)
        return (total / count.astype(total.dtype)).astype(x.dtype)


class AvgPoolGrad(AvgPooling):
    """avg_pool_grad(dy) -> dx."""

    attrs = ("input_shape", "kernel", "stride", "padding", "count_include_pad")

    def infer(self, dy, *, input_shape, kernel, stride, padding, count_include_pad):
        dtype = self.check_dtypes((dy,))
        check_counts(self.name, "input_shape", input_shape, self.spatial, 0)
        image = tensor_aval(dy.shape[:2] + input_shape, dtype)
        self.check_output("the output's cotangent", dy,
                          self.pooled_shape(image, kernel, stride, padding, (1,) * self.spatial))
        return image

    def vjp(self, b, ct, out, dy, *, input_shape, **geometry):
        return (self.member(b, "avg_pool{}d")(ct, **geometry),)

    def reference(self, dy, *, input_shape, kernel, stride, padding, count_include_pad):
        wide = widen(dy)
        count = self.divisors(input_shape, dy.shape[2:], kernel, stride, padding, count_include_pad)
        shares = (wide / count.astype(wide.dtype))[(..., *(None,) * self.spatial)]
        windows = np.broadcast_to(shares, dy.shape + kernel)
        total = fold(windows, _padded_sizes(input_shape, padding), stride, (1,) * self.spatial)
        return np.ascontiguousarray(crop_spatial(total, padding)).astype(dy.dtype)


def _geometry(kernel: tuple, stride: tuple | None = None, padding: tuple | None = None, **more) -> dict:
    spatial = len(kernel)
    return {"kernel": kernel, "stride": stride or (1,) * spatial, "padding": padding or (0, 0) * spatial, **more}


CASES_2D = (
    ((2, 3, 6, 8), _geometry((2, 2), (2, 2))),
    ((1, 2, 7, 5), _geometry((3, 2), (2, 1), (1, 0, 0, 1))),
    ((2, 1, 5, 9), _geometry((3, 3), (1, 2), (1, 1, 1, 1))),
    ((1, 1, 4, 4), _geometry((4, 4))),
    ((2, 2, 3, 3), _geometry((1, 1), (2, 2))),
    ((0, 2, 4, 4), _geometry((2, 2))),
    ((1, 1, 1, 13), _geometry((1, 5), (1, 4), (0, 0, 2, 2))),
)
CASES_3D = (
    ((1, 2, 4, 4, 4), _geometry((2, 2, 2), (2, 2, 2))),
    ((2, 1, 3, 5, 4), _geometry((2, 3, 2), (1, 2, 1), (1, 0, 1, 1, 0, 1))),
    ((0, 1, 2, 2, 2), _geometry((2, 1, 1))),
)
DILATED = ((1, 2, 8, 7), _geometry((3, 2), (1, 2), (1, 1, 0, 1), dilation=(2, 3)))
BAD = ({"kernel": (2,)}, {"kernel": (0, 2)}, {"stride": (0, 1)}, {"stride": 2}, {"padding": (1, 1)},
       {"padding": (0, -1, 0, 0)}, {"kernel": (9, 1)})


def _special() -> np.ndarray:
    """An image with a NaN, infinities, equal values, and a window of -inf throughout."""
    x = np.array([[1.0, 1.0, np.nan, 2.0], [1.0, 0.0, 3.0, np.nan], [-np.inf, -np.inf, np.inf, 1.0],
                  [-np.inf, -np.inf, 5.0, np.inf]])
    return x[None, None]


def _max_samples(cases: tuple) -> list[Sample]:
    return [Sample((distinct(x, number),), attrs) for number, (x, attrs) in enumerate(cases)]


def _adjoint_samples(op, cases: tuple, last) -> list[Sample]:
    """(x, y, third) for operators that look for y in the windows of x. They cannot be checked by finite differences,
    since y must stay the maximum; the second derivative of the pooling itself does that."""
    samples = []
    for number, (shape, attrs) in enumerate(cases):
        x = distinct(shape, number)
        y = op.reference(x, **{**op.defaults, **attrs})
        samples.append(Sample((x, y, *last(rng(number), x, y)), attrs, grad=False))
    return samples


def _avg_samples(cases: tuple, first, extra) -> list[Sample]:
    samples = []
    for number, (shape, attrs) in enumerate(cases):
        for counted in (True, False):
            given = {**attrs, "count_include_pad": counted}
            samples.append(Sample((first(rng(number), shape, given),), {**extra(shape), **given}))
    return samples


def _bad(arrays: tuple, extra: dict) -> list[Sample]:
    attrs = _geometry((2, 2))
    return [Sample(arrays, {**attrs, **extra, **wrong}, error=ValueError) for wrong in BAD]


def _cotangent(draw, x, y) -> tuple:
    return (draw.normal(size=y.shape),)


def _tangent(draw, x, y) -> tuple:
    return (draw.normal(size=x.shape),)


def _pooled(draw, shape: tuple, attrs: dict) -> np.ndarray:
    """A cotangent for the average pooling of images of this shape."""
    spatial = len(shape) - 2
    sizes = output_sizes("pooling", shape[2:], attrs["kernel"], attrs["stride"], attrs["padding"], (1,) * spatial)
    return draw.normal(size=(*shape[:2], *sizes))


@register
class MaxPool2d(MaxPool):
    """The maximum over windows of images: x[N, C, H, W] to y[N, C, OH, OW].

    kernel, stride and dilation are (height, width), padding is (top, bottom, left, right). NaN propagates. ValueError
    for other ranks and for kernels larger than the padded image. Gradient: `max_pool2d_grad`.
    """

    name = "max_pool2d"
    axes = "n c H W -> n c Y X"

    def samples(self):
        return [*_max_samples((*CASES_2D, DILATED)), Sample((_special(),), _geometry((2, 2), (2, 2)), grad=False),
                Sample((_special(),), _geometry((2, 2), (1, 1), (2, 0, 1, 3)), grad=False),
                *_bad((np.ones((1, 1, 5, 5)),), {}), Sample((np.ones((1, 5, 5)),), _geometry((2, 2)), error=ValueError),
                Sample((np.ones((1, 1, 3, 3), np.int32),), _geometry((2, 2)), error=TypeError)]


@register
class MaxPool2dGrad(MaxPoolGrad):
    """The cotangent of the images of `max_pool2d`: x[N, C, H, W], y and dy[N, C, OH, OW] to dx[N, C, H, W].

    Each dy is added to dx at the first position (row-major) of its window where x equals y. Positions are constants,
    so x and y have no cotangent. Gradient for dy: `max_pool2d_pick`.
    """

    name = "max_pool2d_grad"
    axes = "n c H W, n c Y X, n c Y X -> n c H W"

    def samples(self):
        y = np.array([[[[1.0, np.nan], [-np.inf, np.inf]]]])
        arrays = (np.ones((1, 1, 5, 5)), np.ones((1, 1, 4, 4)), np.ones((1, 1, 4, 4)))
        return [*_adjoint_samples(MaxPool2d.op, (*CASES_2D, DILATED), _cotangent),
                Sample((_special(), y, np.array([[[[1.0, 2.0], [3.0, 4.0]]]])), _geometry((2, 2), (2, 2)), grad=False),
                *_bad(arrays, {}), Sample((*arrays[:2], np.ones((1, 1, 4, 5))), _geometry((2, 2)), error=ValueError)]


@register
class MaxPool2dPick(MaxPoolPick):
    """The adjoint of `max_pool2d_grad` in dy: reads z[N, C, H, W] where the maxima of x stand, to [N, C, OH, OW].

    The position in each window is the first (row-major) where x equals y; 0 where there is none. Gradient for z:
    `max_pool2d_grad`.
    """

    name = "max_pool2d_pick"
    axes = "n c H W, n c Y X, n c H W -> n c Y X"

    def samples(self):
        arrays = (np.ones((1, 1, 5, 5)), np.ones((1, 1, 4, 4)), np.ones((1, 1, 5, 5)))
        return [*_adjoint_samples(MaxPool2d.op, (*CASES_2D, DILATED), _tangent),
                *_bad(arrays, {}), Sample((*arrays[:2], np.ones((1, 1, 4, 4))), _geometry((2, 2)), error=ValueError)]


@register
class MaxPool2dIndex(MaxPoolIndex):
    """Where the maxima of `max_pool2d` stand: x[N, C, H, W], y[N, C, OH, OW] to int64 numbers h * W + w.

    The first position (row-major) of the window where x equals y, counted in the unpadded image; -1 where there is
    none.
    """

    name = "max_pool2d_index"
    axes = "n c H W, n c Y X -> n c Y X"

    def samples(self):
        arrays = (np.ones((1, 1, 5, 5)), np.ones((1, 1, 4, 4)))
        return [*_adjoint_samples(MaxPool2d.op, (*CASES_2D, DILATED), lambda draw, x, y: ()),
                *_bad(arrays, {}), Sample((arrays[0], arrays[0]), _geometry((2, 2)), error=ValueError)]


@register
class AvgPool2d(AvgPool):
    """The mean over windows of images: x[N, C, H, W] to y[N, C, OH, OW].

    kernel and stride are (height, width), padding is (top, bottom, left, right). Divides by the kernel's size, or by
    the number of taps inside the image where count_include_pad is False. Gradient: `avg_pool2d_grad`.
    """

    name = "avg_pool2d"
    axes = "n c H W -> n c Y X"

    def samples(self):
        return [*_avg_samples(CASES_2D, lambda draw, x, attrs: draw.normal(size=x), lambda x: {}),
                Sample((_special(),), {**_geometry((2, 2), (2, 2)), "count_include_pad": True}, grad=False),
                *_bad((np.ones((1, 1, 5, 5)),), {"count_include_pad": True})]


@register
class AvgPool2dGrad(AvgPoolGrad):
    """The cotangent of the images of `avg_pool2d`: dy[N, C, OH, OW] to dx[N, C, *input_shape].

    Each dy divided by its window's divisor is added to all positions of the window. ValueError where dy is not the
    shape of the output of the pooling. Gradient: `avg_pool2d`.
    """

    name = "avg_pool2d_grad"
    axes = "n c Y X -> n c H W"

    def samples(self):
        return [*_avg_samples(CASES_2D, _pooled, lambda x: {"input_shape": x[2:]}),
                *_bad((np.ones((1, 1, 4, 4)),), {"count_include_pad": True, "input_shape": (5, 5)}),
                Sample((np.ones((1, 1, 4, 4)),), {**_geometry((2, 2)), "count_include_pad": True,
                                                  "input_shape": (5, 6)}, error=ValueError)]


FLAT_3D = {"dilation": (1, 1, 1)}


@register
class MaxPool3d(MaxPool):
    """The maximum over windows of volumes: x[N, C, D, H, W] to y[N, C, OD, OH, OW]; otherwise as `max_pool2d`."""

    name = "max_pool3d"
    axes = "n c D H W -> n c Z Y X"
    spatial = 3
    defaults = FLAT_3D

    def samples(self):
        return [*_max_samples(CASES_3D), Sample((np.ones((1, 1, 3, 3)),), _geometry((2, 2, 2)), error=ValueError),
                Sample((np.ones((1, 1, 3, 3, 3)),), _geometry((2, 2)), error=ValueError)]


@register
class MaxPool3dGrad(MaxPoolGrad):
    """The cotangent of the volumes of `max_pool3d`; otherwise as `max_pool2d_grad`."""

    name = "max_pool3d_grad"
    axes = "n c D H W, n c Z Y X, n c Z Y X -> n c D H W"
    spatial = 3
    defaults = FLAT_3D

    def samples(self):
        x, y = np.ones((1, 1, 3, 3, 3)), np.ones((1, 1, 2, 2, 2))
        return [*_adjoint_samples(MaxPool3d.op, CASES_3D, _cotangent),
                Sample((x, y, x), _geometry((2, 2, 2)), error=ValueError)]


@register
class MaxPool3dPick(MaxPoolPick):
    """The adjoint of `max_pool3d_grad` in dy; otherwise as `max_pool2d_pick`."""

    name = "max_pool3d_pick"
    axes = "n c D H W, n c Z Y X, n c D H W -> n c Z Y X"
    spatial = 3
    defaults = FLAT_3D

    def samples(self):
        x, y = np.ones((1, 1, 3, 3, 3)), np.ones((1, 1, 2, 2, 2))
        return [*_adjoint_samples(MaxPool3d.op, CASES_3D, _tangent),
                Sample((x, y, y), _geometry((2, 2, 2)), error=ValueError)]


@register
class MaxPool3dIndex(MaxPoolIndex):
    """Where the maxima of `max_pool3d` stand, as numbers (d * H + h) * W + w; otherwise as `max_pool2d_index`."""

    name = "max_pool3d_index"
    axes = "n c D H W, n c Z Y X -> n c Z Y X"
    spatial = 3
    defaults = FLAT_3D

    def samples(self):
        x = np.ones((1, 1, 3, 3, 3))
        return [*_adjoint_samples(MaxPool3d.op, CASES_3D, lambda draw, x, y: ()),
                Sample((x, x), _geometry((2, 2, 2)), error=ValueError)]


@register
class AvgPool3d(AvgPool):
    """The mean over windows of volumes: x[N, C, D, H, W] to y[N, C, OD, OH, OW]; otherwise as `avg_pool2d`."""

    name = "avg_pool3d"
    axes = "n c D H W -> n c Z Y X"
    spatial = 3

    def samples(self):
        return [*_avg_samples(CASES_3D, lambda draw, x, attrs: draw.normal(size=x), lambda x: {}),
                Sample((np.ones((1, 1, 3, 3)),), {**_geometry((2, 2, 2)), "count_include_pad": True},
                       error=ValueError)]


@register
class AvgPool3dGrad(AvgPoolGrad):
    """The cotangent of the volumes of `avg_pool3d`; otherwise as `avg_pool2d_grad`."""

    name = "avg_pool3d_grad"
    axes = "n c Z Y X -> n c D H W"
    spatial = 3

    def samples(self):
        return [*_avg_samples(CASES_3D, _pooled, lambda x: {"input_shape": x[2:]}),
                Sample((np.ones((1, 1, 2, 2, 2)),), {**_geometry((2, 2, 2)), "count_include_pad": True,
                                                     "input_shape": (3, 3, 4)}, error=ValueError)]
