"""Convolution, and the two operators that are its derivatives.

What neural networks call convolution is a cross-correlation. With one spatial axis, one group, step s and tap distance
d it is

    y[n, o, i] = sum over c, t of x[n, c, i * s + t * d - low] * w[o, c, t]

It is linear in each operand, so the trilinear form <dy, conv(x, w)> defines two more operators by

    <dy, conv(x, w)> = <conv_input_grad(dy, w), x> = <conv_weight_grad(x, dy), w>

and the derivatives of each of the three with respect to its operands are the other two. Nothing else is needed for
derivatives of any order. `conv_input_grad` is also what is called a transposed convolution.

Layouts: images [batch, channels, spatial ...], kernels [outputs, inputs / groups, spatial ...]; group g of the outputs
sees group g of the inputs. Padding is (low, high) for each spatial axis in turn: (top, bottom, left, right). The
references are a matrix product over unfolded windows (Chellapilla, Puri and Simard, "High performance convolutional
neural networks for document processing", 2006).
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

SPACE = ("depth", "height", "width")
GEOMETRY = ("stride", "padding", "dilation", "groups")


class Convolution(Primitive):
    """What the three operators of a family share: checks, and images and kernels as matrices for each group."""

    kinds = "f"
    spatial = 2

    def member(self, b, suffix: str):
        """The builder's emitter for another operator of the family."""
        return getattr(b, f"conv{self.spatial}d{suffix}")

    def check_image(self, what: str, aval) -> None:
        check_rank(self.name, what, aval.shape, ("batch", "channels", *SPACE[-self.spatial:]))

    def check_kernel(self, aval) -> None:
        check_rank(self.name, "the kernel", aval.shape,
                   ("output channels", "input channels per group", *SPACE[-self.spatial:]))

    def check_geometry(self, stride, padding, dilation, groups) -> None:
        check_counts(self.name, "stride", stride, self.spatial, 1)
        check_counts(self.name, "padding", padding, 2 * self.spatial, 0)
        check_counts(self.name, "dilation", dilation, self.spatial, 1)
        check_counts(self.name, "(groups,)", (groups,), 1, 1)

    def check_groups(self, channels: int, per_group: int, outputs: int, groups: int) -> None:
        if channels != per_group * groups:
            raise ValueError(f"{self.name}: the image has {channels} channels, but the kernel takes {per_group} in "
                             f"each of {groups} groups, which is {per_group * groups}; the two numbers must be equal")
        if outputs % groups:
            raise ValueError(f"{self.name}: {outputs} output channels cannot be divided among {groups} groups; "
                             f"choose a multiple of {groups}")

    def check_output(self, dy, batch: int, channels: int, sizes: tuple) -> None:
        expected = (batch, channels, *sizes)
        if dy.shape != expected:
            raise ValueError(f"{self.name}: the output's cotangent has shape {dy.shape}; expected {expected}, the "
                             f"output of the convolution with these sizes, stride, padding and dilation")

    def channels_of_lanes(self, b, lanes, x):
        """[lanes, n, c, ...] as [n, lanes * c, ...]: every lane is a group of channels."""
        front = b.transpose(x, perm=(1, 0, *range(2, x.aval.ndim)))
        return b.reshape(front, shape=(x.shape[1], lanes.size * x.shape[2], *x.shape[3:]))

    def lanes_of_channels(self, b, lanes, y):
        """The way back from `channels_of_lanes`."""
        apart = b.reshape(y, shape=(y.shape[0], lanes.size, y.shape[1] // lanes.size, *y.shape[2:]))
        return b.transpose(apart, perm=(1, 0, *range(2, apart.aval.ndim)))

    def image_rows(self, x: np.ndarray, outputs: tuple, kernel: tuple, stride, padding, dilation, groups) -> np.ndarray:
        """The windows of an image as matrices [groups, batch * positions, inputs per group * taps]."""
        n, c = x.shape[:2]
        windows = unfold(pad_spatial(x, padding), outputs, kernel, stride, dilation)
        windows = np.moveaxis(windows, 1, 1 + self.spatial)
        windows = windows.reshape(n * prod(outputs), groups, c // groups * prod(kernel))
        return windows.transpose(1, 0, 2)

    def output_rows(self, dy: np.ndarray, groups: int) -> np.ndarray:
        """An output as matrices [groups, batch * positions, outputs per group]."""
        n, o = dy.shape[:2]
        rows = np.moveaxis(dy, 1, -1).reshape(n * prod(dy.shape[2:]), groups, o // groups)
        return rows.transpose(1, 0, 2)

    def kernel_rows(self, w: np.ndarray, groups: int) -> np.ndarray:
        """A kernel as matrices [groups, outputs per group, inputs per group * taps]."""
        return w.reshape(groups, w.shape[0] // groups, prod(w.shape[1:]))


class Forward(Convolution):
    """conv(x, w): the cross-correlation of images with kernels."""

    attrs = GEOMETRY

    def infer(self, x, w, *, stride, padding, dilation, groups):
        dtype = self.check_dtypes((x, w))
        self.check_image("the image", x)
        self.check_kernel(w)
        self.check_geometry(stride, padding, dilation, groups)
        self.check_groups(x.shape[1], w.shape[1], w.shape[0], groups)
        sizes = output_sizes(self.name, x.shape[2:], w.shape[2:], stride, padding, dilation)
        return tensor_aval((x.shape[0], w.shape[0], *sizes), dtype)

    def flops(self, out, x, w, **geometry):
        return 2 * prod(out.shape) * prod(w.shape[1:])

    def vjp(self, b, ct, out, x, w, **geometry):
        return (self.member(b, "_input_grad")(ct, w, input_shape=x.shape[2:], **geometry),
                self.member(b, "_weight_grad")(x, ct, kernel_shape=w.shape[2:], **geometry))

    def vmap(self, b, lanes, batched, x, w, **geometry):
        if not batched[1]:
            return None
        groups = geometry["groups"]
        if not batched[0] and groups == 1:
            return self.lanes_of_channels(b, lanes, self.member(b, "")(x, lanes.merged(b, w), **geometry))
        x = self.channels_of_lanes(b, lanes, x if batched[0] else lanes.spread(b, x))
        y = self.member(b, "")(x, lanes.merged(b, w), **{**geometry, "groups": groups * lanes.size})
        return self.lanes_of_channels(b, lanes, y)

    def reference(self, x, w, *, stride, padding, dilation, groups):
        sizes = output_sizes(self.name, x.shape[2:], w.shape[2:], stride, padding, dilation)
        rows = self.image_rows(widen(x), sizes, w.shape[2:], stride, padding, dilation, groups)
        product = rows @ self.kernel_rows(widen(w), groups).transpose(0, 2, 1)
        y = product.transpose(1, 0, 2).reshape(x.shape[0], *sizes, w.shape[0])
        return np.ascontiguousarray(np.moveaxis(y, -1, 1)).astype(x.dtype)


class InputGrad(Convolution):
    """conv_input_grad(dy, w): the cotangent of the images."""

    attrs = ("input_shape", *GEOMETRY)

    def infer(self, dy, w, *, input_shape, stride, padding, dilation, groups):
        dtype = self.check_dtypes((dy, w))
        self.check_image("the output's cotangent", dy)
        self.check_kernel(w)
        self.check_geometry(stride, padding, dilation, groups)
        check_counts(self.name, "input_shape", input_shape, self.spatial, 0)
        self.check_groups(w.shape[1] * groups, w.shape[1], w.shape[0], groups)
        sizes = output_sizes(self.name, input_shape, w.shape[2:], stride, padding, dilation)
        self.check_output(dy, dy.shape[0], w.shape[0], sizes)
        return tensor_aval((dy.shape[0], w.shape[1] * groups, *input_shape), dtype)

    def flops(self, out, dy, w, **geometry):
        return 2 * prod(dy.shape) * prod(w.shape[1:])

    def vjp(self, b, ct, out, dy, w, *, input_shape, **geometry):
        return (self.member(b, "")(ct, w, **geometry),
                self.member(b, "_weight_grad")(ct, dy, kernel_shape=w.shape[2:], **geometry))

    def vmap(self, b, lanes, batched, dy, w, **geometry):
        if not batched[1]:
            return None
        dy = self.channels_of_lanes(b, lanes, dy if batched[0] else lanes.spread(b, dy))
        geometry["groups"] *= lanes.size
        return self.lanes_of_channels(b, lanes, self.member(b, "_input_grad")(dy, lanes.merged(b, w), **geometry))

    def reference(self, dy, w, *, input_shape, stride, padding, dilation, groups):
        n, sizes, kernel = dy.shape[0], dy.shape[2:], w.shape[2:]
        rows = self.output_rows(widen(dy), groups) @ self.kernel_rows(widen(w), groups)
        windows = rows.transpose(1, 0, 2).reshape(n, *sizes, w.shape[1] * groups, *kernel)
        padded = tuple(s + padding[2 * i] + padding[2 * i + 1] for i, s in enumerate(input_shape))
        total = fold(np.moveaxis(windows, 1 + self.spatial, 1), padded, stride, dilation)
        return np.ascontiguousarray(crop_spatial(total, padding)).astype(dy.dtype)


class WeightGrad(Convolution):
    """conv_weight_grad(x, dy): the cotangent of the kernels."""

    attrs = ("kernel_shape", *GEOMETRY)

    def infer(self, x, dy, *, kernel_shape, stride, padding, dilation, groups):
        dtype = self.check_dtypes((x, dy))
        self.check_image("the image", x)
        self.check_image("the output's cotangent", dy)
        self.check_geometry(stride, padding, dilation, groups)
        check_counts(self.name, "kernel_shape", kernel_shape, self.spatial, 1)
        self.check_groups(x.shape[1], x.shape[1] // groups, dy.shape[1], groups)
        sizes = output_sizes(self.name, x.shape[2:], kernel_shape, stride, padding, dilation)
        self.check_output(dy, x.shape[0], dy.shape[1], sizes)
        return tensor_aval((dy.shape[1], x.shape[1] // groups, *kernel_shape), dtype)

    def flops(self, out, x, dy, **geometry):
        return 2 * prod(dy.shape) * prod(out.shape[1:])

    def vjp(self, b, ct, out, x, dy, *, kernel_shape, **geometry):
        return (self.member(b, "_input_grad")(dy, ct, input_shape=x.shape[2:], **geometry),
                self.member(b, "")(x, ct, **geometry))

    def vmap(self, b, lanes, batched, x, dy, **geometry):
        dy = self.channels_of_lanes(b, lanes, dy if batched[1] else lanes.spread(b, dy))
        if batched[0] or geometry["groups"] != 1:
            x = self.channels_of_lanes(b, lanes, x if batched[0] else lanes.spread(b, x))
            geometry["groups"] *= lanes.size
        return lanes.split(b, self.member(b, "_weight_grad")(x, dy, **geometry))

    def reference(self, x, dy, *, kernel_shape, stride, padding, dilation, groups):
        rows = self.image_rows(widen(x), dy.shape[2:], kernel_shape, stride, padding, dilation, groups)
        product = self.output_rows(widen(dy), groups).transpose(0, 2, 1) @ rows
        return product.reshape(dy.shape[1], x.shape[1] // groups, *kernel_shape).astype(x.dtype)


PLAIN = {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1}
SKEWED = {"stride": (2, 3), "padding": (1, 0, 2, 1), "dilation": (2, 1), "groups": 1}
PLAIN_3D = {"stride": (1, 1, 1), "padding": (0,) * 6, "dilation": (1, 1, 1), "groups": 1}
SKEWED_3D = {"stride": (2, 1, 2), "padding": (1, 0, 0, 1, 1, 1), "dilation": (1, 2, 1), "groups": 2}

# (image, kernel, geometry) of good calls; the three operators' samples are made from the same table.
CASES_2D = (
    ((2, 3, 7, 6), (4, 3, 3, 3), PLAIN),
    ((1, 1, 5, 5), (1, 1, 5, 5), PLAIN),
    ((2, 2, 8, 9), (3, 2, 2, 3), SKEWED),
    ((2, 4, 6, 5), (6, 2, 3, 2), {**PLAIN, "groups": 2, "padding": (1, 1, 1, 0)}),
    ((1, 3, 7, 7), (3, 1, 3, 3), {**PLAIN, "groups": 3, "stride": (2, 2), "padding": (1, 1, 1, 1)}),
    ((3, 5, 4, 4), (2, 5, 1, 1), {**PLAIN, "stride": (3, 3)}),
    ((0, 3, 5, 5), (2, 3, 3, 3), PLAIN),
    ((2, 2, 1, 17), (3, 2, 1, 5), {**PLAIN, "dilation": (1, 3), "padding": (0, 0, 6, 6)}),
)
CASES_3D = (
    ((1, 2, 3, 4, 3), (2, 2, 2, 2, 2), PLAIN_3D),
    ((2, 2, 3, 5, 4), (4, 1, 2, 2, 3), SKEWED_3D),
    ((0, 1, 3, 3, 3), (1, 1, 2, 2, 2), PLAIN_3D),
)
BAD_GEOMETRY = ({"stride": (0, 1)}, {"stride": 1}, {"padding": (0, 0)}, {"padding": (0, 0, -1, 0)},
                {"dilation": (1, 0)}, {"groups": 0}, {"groups": 2})


def _output_shape(x: tuple, w: tuple, geometry: dict) -> tuple:
    return (x[0], w[0], *output_sizes("conv", x[2:], w[2:], geometry["stride"], geometry["padding"],
                                      geometry["dilation"]))


def _samples(cases: tuple, pick, extra) -> list[Sample]:
    """Good samples: `pick` chooses and orders the operands out of (x, w, dy), `extra` gives the shape attribute."""
    samples = []
    for number, (x, w, geometry) in enumerate(cases):
        draw = rng(number)
        arrays = [draw.normal(size=shape) for shape in (x, w, _output_shape(x, w, geometry))]
        samples.append(Sample(pick(*arrays), {**extra(x, w), **geometry}, rtol=1e-4, atol=1e-5))
    return samples


def _forward_samples(cases: tuple) -> list[Sample]:
    return _samples(cases, lambda x, w, dy: (x, w), lambda x, w: {})


def _input_grad_samples(cases: tuple) -> list[Sample]:
    return _samples(cases, lambda x, w, dy: (dy, w), lambda x, w: {"input_shape": x[2:]})


def _weight_grad_samples(cases: tuple) -> list[Sample]:
    return _samples(cases, lambda x, w, dy: (x, dy), lambda x, w: {"kernel_shape": w[2:]})


def _bad_geometry(first: tuple, second: tuple, extra: dict) -> list[Sample]:
    return [Sample((np.ones(first), np.ones(second)), {**extra, **PLAIN, **wrong}, error=ValueError)
            for wrong in BAD_GEOMETRY]


@register
class Conv2d(Forward):
    """Cross-correlation of images x[N, C, H, W] with kernels w[O, C/groups, kh, kw] to y[N, O, OH, OW].

    y[n, o, i, j] = sum over c, p, q of x[n, c, i sh + p dh - top, j sw + q dw - left] w[o, c, p, q]. ValueError for
    other ranks, channels that do not fit the groups, and kernels larger than the padded image. Half-precision types
    accumulate in float32. Gradient: `conv2d_input_grad` and `conv2d_weight_grad` of the cotangent.
    """

    name = "conv2d"
    axes = "n C H W, O K P Q -> n O Y X"

    def samples(self):
        special = np.ones((1, 1, 4, 4))
        special[0, 0, 1, 2], special[0, 0, 3, 0] = np.nan, np.inf
        bad = ((np.ones((3, 5, 5)), np.ones((2, 3, 3, 3))), (np.ones((1, 3, 5, 5)), np.ones((2, 3, 3))),
               (np.ones((1, 3, 5, 5)), np.ones((2, 4, 3, 3))), (np.ones((1, 3, 2, 5)), np.ones((2, 3, 3, 3))))
        return [*_forward_samples(CASES_2D), Sample((special, np.ones((1, 1, 2, 2))), PLAIN, grad=False),
                *[Sample(ins, PLAIN, error=ValueError) for ins in bad],
                *_bad_geometry((1, 3, 5, 5), (2, 3, 3, 3), {}),
                Sample((np.ones((1, 1, 3, 3), np.int32), np.ones((1, 1, 1, 1), np.int32)), PLAIN, error=TypeError)]


@register
class Conv2dInputGrad(InputGrad):
    """The cotangent of the images of `conv2d`: dy[N, O, OH, OW], w[O, C/groups, kh, kw] to dx[N, C, *input_shape].

    Every dy[n, o, i, j] adds its kernel w[o] to the window that it came from; also known as transposed convolution.
    ValueError where dy is not the shape of the output of the convolution. Gradient: `conv2d` of the cotangent for dy,
    `conv2d_weight_grad` of the cotangent and dy for w.
    """

    name = "conv2d_input_grad"
    axes = "n O Y X, O K P Q -> n C H W"

    def samples(self):
        return [*_input_grad_samples(CASES_2D), *_bad_geometry((1, 2, 3, 3), (2, 3, 3, 3), {"input_shape": (5, 4)}),
                *[Sample((np.ones((1, 2, 3, 3)), np.ones((2, 3, 3, 3))), {**PLAIN, "input_shape": shape},
                         error=ValueError) for shape in ((5, 6), (5,), (-5, 5))]]


@register
class Conv2dWeightGrad(WeightGrad):
    """The cotangent of the kernels of `conv2d`: x[N, C, H, W], dy[N, O, OH, OW] to dw[O, C/groups, *kernel_shape].

    dw[o, c, p, q] sums x at tap (p, q) of each window times the window's dy. ValueError where dy is not the shape of
    the output of the convolution. Gradient: `conv2d_input_grad` of dy with the cotangent as its kernel for x, `conv2d`
    of x with the cotangent as its kernel for dy.
    """

    name = "conv2d_weight_grad"
    axes = "n C H W, n O Y X -> O K P Q"

    def samples(self):
        return [*_weight_grad_samples(CASES_2D),
                *_bad_geometry((1, 3, 5, 5), (1, 5, 3, 3), {"kernel_shape": (3, 3)}),
                *[Sample((np.ones((1, 3, 5, 5)), np.ones((1, 2, 3, 3))), {**PLAIN, "kernel_shape": shape},
                         error=ValueError) for shape in ((4, 3), (3,), (0, 3))]]


@register
class Conv3d(Forward):
    """Cross-correlation of volumes x[N, C, D, H, W] with kernels w[O, C/groups, kd, kh, kw]; otherwise as `conv2d`."""

    name = "conv3d"
    axes = "n C D H W, O K R P Q -> n O Z Y X"
    spatial = 3

    def samples(self):
        return [*_forward_samples(CASES_3D),
                Sample((np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2, 2))), PLAIN_3D, error=ValueError),
                Sample((np.ones((1, 1, 3, 3, 3)), np.ones((1, 1, 2, 2, 2))), {**PLAIN_3D, "stride": (1, 1)},
                       error=ValueError)]


@register
class Conv3dInputGrad(InputGrad):
    """The cotangent of the volumes of `conv3d`; otherwise as `conv2d_input_grad`."""

    name = "conv3d_input_grad"
    axes = "n O Z Y X, O K R P Q -> n C D H W"
    spatial = 3

    def samples(self):
        return [*_input_grad_samples(CASES_3D),
                Sample((np.ones((1, 1, 3, 3, 3)), np.ones((1, 1, 2, 2, 2))), {**PLAIN_3D, "input_shape": (3, 3, 3)},
                       error=ValueError)]


@register
class Conv3dWeightGrad(WeightGrad):
    """The cotangent of the kernels of `conv3d`; otherwise as `conv2d_weight_grad`."""

    name = "conv3d_weight_grad"
    axes = "n C D H W, n O Z Y X -> O K R P Q"
    spatial = 3

    def samples(self):
        return [*_weight_grad_samples(CASES_3D),
                Sample((np.ones((1, 1, 3, 3, 3)), np.ones((1, 1, 3, 3, 3))), {**PLAIN_3D, "kernel_shape": (2, 2, 2)},
                       error=ValueError)]
