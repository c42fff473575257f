"""Unfolding images into columns of windows, and folding columns back.

`unfold2d` copies each window of a sliding kernel into a column; `fold2d` adds columns into the places that their
windows came from. Both are linear and each is the other's adjoint, hence its derivative: <fold(c), x> = <c, unfold(x)>.
Folding what was unfolded multiplies each element by the number of windows that hold it.

Layouts: images [batch, channels, height, width]; columns [batch, channels * kh * kw, windows], taps and windows in
row-major order. Padding is (top, bottom, left, right), with zeros.
"""
from __future__ import annotations

from math import prod

import numpy as np

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
from mindspore.compiler.primitives.support import widen

GEOMETRY = ("kernel", "stride", "padding", "dilation")


class Unfolding(Primitive):
    """What the pair shares: the checks."""

    kinds = "fc"

    def windows(self, sizes: tuple, kernel, stride, padding, dilation) -> tuple:
        """The numbers of windows along height and width; ValueError for a geometry that does not fit."""
        check_counts(self.name, "kernel", kernel, 2, 1)
        check_counts(self.name, "stride", stride, 2, 1)
        check_counts(self.name, "padding", padding, 4, 0)
        check_counts(self.name, "dilation", dilation, 2, 1)
        return output_sizes(self.name, sizes, kernel, stride, padding, dilation)


PLAIN = {"kernel": (2, 2), "stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1)}
CASES = (
    ((2, 3, 4, 5), PLAIN),
    ((1, 2, 6, 7), {"kernel": (3, 2), "stride": (2, 3), "padding": (1, 0, 2, 1), "dilation": (2, 1)}),
    ((2, 1, 3, 3), {**PLAIN, "kernel": (3, 3)}),
    ((0, 2, 3, 3), PLAIN),
)
BAD = ({"kernel": (2,)}, {"stride": (0, 1)}, {"padding": (1, 1)}, {"dilation": (1, 0)}, {"kernel": (6, 1)})


@register
class Unfold2d(Unfolding):
    """The windows of images as columns: x[N, C, H, W] to [N, C kh kw, windows].

    kernel, stride and dilation are (height, width). ValueError for other ranks and for kernels larger than the padded
    image. Gradient: `fold2d` of the cotangent.
    """

    name = "unfold2d"
    attrs = GEOMETRY
    axes = "n c H W -> n K L"

    def infer(self, x, **geometry):
        check_rank(self.name, "the image", x.shape, ("batch", "channels", "height", "width"))
        count = prod(self.windows(x.shape[2:], **geometry))
        return tensor_aval((x.shape[0], x.shape[1] * prod(geometry["kernel"]), count), self.check_dtypes((x,)))

    def vjp(self, b, ct, out, x, **geometry):
        return (b.fold2d(ct, output_shape=x.shape[2:], **geometry),)

    def reference(self, x, *, kernel, stride, padding, dilation):
        n, c = x.shape[:2]
        outputs = output_sizes(self.name, x.shape[2:], kernel, stride, padding, dilation)
        windows = unfold(pad_spatial(x, padding), outputs, kernel, stride, dilation)
        return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * prod(kernel), prod(outputs))

    def samples(self):
        good = [Sample((rng(i).normal(size=shape),), attrs) for i, (shape, attrs) in enumerate(CASES)]
        return [*good, Sample((np.array([[[[np.nan, np.inf], [-np.inf, -0.0]]]]),), PLAIN, grad=False),
                *[Sample((np.ones((1, 2, 4, 4)),), {**PLAIN, **wrong}, error=ValueError) for wrong in BAD],
                Sample((np.ones((2, 4, 4)),), PLAIN, error=ValueError),
                Sample((np.ones((1, 2, 4, 4), np.int32),), PLAIN, error=TypeError)]


@register
class Fold2d(Unfolding):
    """Columns added into images: [N, C kh kw, windows] to x[N, C, *output_shape], the adjoint of `unfold2d`.

    ValueError where the columns are not those of an image of `output_shape`. Half-precision sums are accumulated in
    float32. Gradient: `unfold2d` of the cotangent.
    """

    name = "fold2d"
    attrs = ("output_shape", *GEOMETRY)
    axes = "n K L -> n c H W"

    def infer(self, columns, *, output_shape, **geometry):
        check_counts(self.name, "output_shape", output_shape, 2, 0)
        check_rank(self.name, "the input", columns.shape, ("batch", "channels times taps", "windows"))
        count, taps = prod(self.windows(output_shape, **geometry)), prod(geometry["kernel"])
        if columns.shape[1] % taps or columns.shape[2] != count:
            raise ValueError(f"{self.name}: the columns have shape {columns.shape}; expected a multiple of {taps} (the "
                             f"kernel's taps) in each of {count} columns (windows of an image of {output_shape})")
        return tensor_aval((columns.shape[0], columns.shape[1] // taps, *output_shape), self.check_dtypes((columns,)))

    def vjp(self, b, ct, out, columns, *, output_shape, **geometry):
        return (b.unfold2d(ct, **geometry),)

    def reference(self, columns, *, output_shape, kernel, stride, padding, dilation):
        n, taps = columns.shape[0], prod(kernel)
        outputs = output_sizes(self.name, output_shape, kernel, stride, padding, dilation)
        windows = widen(columns).reshape(n, columns.shape[1] // taps, *kernel, *outputs).transpose(0, 1, 4, 5, 2, 3)
        padded = tuple(s + padding[2 * i] + padding[2 * i + 1] for i, s in enumerate(output_shape))
        total = fold(windows, padded, stride, dilation)
        return np.ascontiguousarray(crop_spatial(total, padding)).astype(columns.dtype)

    def samples(self):
        good = []
        for number, (shape, attrs) in enumerate(CASES):
            columns = Unfold2d.op.reference(rng(number).normal(size=shape), **attrs)
            good.append(Sample((rng(number).normal(size=columns.shape),), {**attrs, "output_shape": shape[2:]}))
        attrs = {**PLAIN, "output_shape": (4, 4)}
        return [*good, *[Sample((np.ones((1, 8, 9)),), {**attrs, **wrong}, error=ValueError) for wrong in BAD],
                Sample((np.ones((1, 7, 9)),), attrs, error=ValueError),
                Sample((np.ones((1, 8, 8)),), attrs, error=ValueError),
                Sample((np.ones((8, 9)),), attrs, error=ValueError),
                Sample((np.ones((1, 8, 9)),), {**attrs, "output_shape": (4,)}, error=ValueError),
                Sample((np.ones((1, 8, 9), np.int32),), attrs, error=TypeError)]
