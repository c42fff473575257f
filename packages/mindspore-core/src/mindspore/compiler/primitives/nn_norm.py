"""Normalization: shift and scale so that certain groups of elements have mean 0 and variance 1, then apply a learned
scale and shift.

All members do the same thing to different groups of elements. A `Layout` names the groups: the shape in which to look
at x, the axes of a group in it, and the shapes of the statistics and of gamma and beta. With n elements in a group

    mean = sum(x) / n     var = sum((x - mean)^2) / n     rstd = 1 / sqrt(var + epsilon)     h = (x - mean) rstd
    y = h gamma + beta

The variance is taken of the differences, in a second pass, so that it keeps its digits where |mean| is much larger than
the deviation (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983). With the cotangent g of
h,

    dx = rstd (g - mean(g) - h mean(g h))

where mean(g) is missing if no mean was subtracted. Here g is gamma times the cotangent of y; where gamma is one number
for a whole group it is multiplied last, so that the two means are those sums that the gradients of gamma and beta need
anyway. The statistics are results too and have their own, usually absent, cotangents. They are in float32 for
half-precision operands, and so may gamma, beta and given statistics be.

Layout of images: [batch, channels, spatial ...].
"""
from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register, rng
from mindspore.compiler.primitives.nn_support import accumulation, wide, wide_reference
from mindspore.compiler.primitives.support import widen


@dataclass(frozen=True)
class Layout:
    """view: the shape in which the groups are whole axes. axes: the axes of `view` that a group spans. stat: the shape
    of the statistics. param: gamma's shape, padded with 1 to broadcast over x. uniform: whether gamma is one number for
    each group, and `view` x's own shape."""

    view: tuple
    axes: tuple
    stat: tuple
    param: tuple
    uniform: bool = False

    @property
    def kept(self) -> tuple:
        """The statistics' shape with the group's axes kept as 1."""
        return tuple(1 if i in self.axes else d for i, d in enumerate(self.view))

    @property
    def count(self) -> float:
        """The number of elements in a group."""
        return 1.0 * prod(self.view[i] for i in self.axes)


class Normalization(Primitive):
    """The members' common part. `centered`: whether the mean is subtracted, and is the second result. `beta`: whether
    there is a shift. `variance`: whether the last result is the variance, not the reciprocal deviation."""

    kinds = "f"
    centered = True
    variance = False

    def check_parameters(self, x, expected: tuple, **params) -> None:
        """gamma, beta and statistics have the shape `expected` and x's dtype, or the dtype that x is computed in."""
        for name, param in params.items():
            if param.shape != expected:
                raise ValueError(f"{self.name}: {name} has shape {param.shape}; expected {expected} for x of shape "
                                 f"{x.shape}")
            if param.dtype not in (x.dtype, accumulation(x.dtype)):
                raise TypeError(f"{self.name}: {name} is {param.dtype}; expected {x.dtype}, the dtype of x"
                                f"{'' if accumulation(x.dtype) is x.dtype else ', or Float32'}")

    def check_epsilon(self, epsilon) -> None:
        if not isinstance(epsilon, float) or not epsilon >= 0:
            raise ValueError(f"{self.name}: epsilon is {epsilon!r}; expected a float that is at least 0")

    def results(self, x, layout: Layout):
        stat = tensor_aval(layout.stat, accumulation(x.dtype))
        return tuple_aval((x, stat, stat) if self.centered else (x, stat))

    def lower(self, b, x, gamma, *beta, **attrs):
        layout = self.layout(x.shape, gamma.shape, **attrs)
        v = b.reshape(wide(b, x), shape=layout.view)
        mean = _mean(b, v, layout) if self.centered else None
        d = b.sub(v, mean) if self.centered else v
        var = _mean(b, b.mul(d, d), layout)
        rstd = b.rsqrt(b.add(var, attrs["epsilon"]))
        y = b.mul(b.reshape(b.mul(d, rstd), shape=x.shape), b.reshape(wide(b, gamma), shape=layout.param))
        for shift in beta:
            y = b.add(y, b.reshape(wide(b, shift), shape=layout.param))
        stats = [mean] if self.centered else []
        stats.append(var if self.variance else rstd)
        return (b.cast(y, dtype=x.dtype), *[b.reshape(s, shape=layout.stat) for s in stats])

    def vjp(self, b, cts, outs, x, gamma, *beta, **attrs):
        layout = self.layout(x.shape, gamma.shape, **attrs)
        mean, scale = (None, *[b.reshape(s, shape=layout.kept) for s in outs[1:]])[-2:]
        rstd = b.rsqrt(b.add(scale, attrs["epsilon"])) if self.variance else scale
        v = b.reshape(wide(b, x), shape=layout.view)
        h = b.mul(b.sub(v, mean) if self.centered else v, rstd)
        terms = self.statistics_terms(b, cts, h, rstd, layout)
        d_params = (None,) * (1 + len(beta))
        if cts[0] is not None:
            dy = wide(b, cts[0])
            terms.append(self.main_term(b, dy, b.reshape(wide(b, gamma), shape=layout.param), h, rstd, layout))
            hx = b.reshape(h, shape=x.shape)
            d_params = tuple(b.cast(b.reshape(b.sum_to(d, layout.param), shape=p.shape), dtype=p.dtype)
                             for d, p in zip((b.mul(dy, hx), dy), (gamma, *beta)))
        total = terms[0]
        for term in terms[1:]:
            total = b.add(total, term)
        return (b.cast(b.reshape(total, shape=x.shape), dtype=x.dtype), *d_params)

    def vmap(self, b, lanes, batched, x, *params, **attrs):
        """Where only x differs from lane to lane; otherwise by the decomposition."""
        if any(batched[1:]):
            return None
        return self.vmap_rows(b, lanes, x, *params, **attrs)

    def vmap_rows(self, b, lanes, x, *params, **attrs):
        return None

    def main_term(self, b, dy, gamma, h, rstd, layout: Layout):
        """rstd (g - mean(g) - h mean(g h)) with g = dy gamma."""
        g = dy if layout.uniform else b.reshape(b.mul(dy, gamma), shape=layout.view)
        rest = b.sub(g, b.mul(h, _mean(b, b.mul(g, h), layout)))
        if self.centered:
            rest = b.sub(rest, _mean(b, g, layout))
        return b.mul(rest, b.mul(rstd, gamma) if layout.uniform else rstd)

    def statistics_terms(self, b, cts, h, rstd, layout: Layout) -> list:
        """What the cotangents of the mean (1 / n) and of the variance (2 (x - mean) / n) or of rstd
        (-rstd^2 h / n) add to dx."""
        terms = []
        if self.centered and cts[1] is not None:
            share = b.div(b.reshape(cts[1], shape=layout.kept), layout.count)
            terms.append(b.broadcast_to(share, shape=layout.view))
        if cts[-1] is not None:
            share = b.div(b.reshape(cts[-1], shape=layout.kept), layout.count)
            slope = b.div(b.mul(h, 2.0), rstd) if self.variance else b.neg(b.mul(h, b.mul(rstd, rstd)))
            terms.append(b.mul(slope, share))
        return terms

    def reference(self, x, gamma, *beta, **attrs):
        layout = self.layout(x.shape, gamma.shape, **attrs)
        v = widen(x).reshape(layout.view)
        with np.errstate(all="ignore"):
            mean = np.sum(v, axis=layout.axes, keepdims=True) / v.dtype.type(layout.count)
            d = v - mean if self.centered else v
            var = np.sum(d * d, axis=layout.axes, keepdims=True) / v.dtype.type(layout.count)
            rstd = 1 / np.sqrt(var + v.dtype.type(attrs["epsilon"]))
            y = (d * rstd).reshape(x.shape) * widen(gamma).reshape(layout.param)
        for shift in beta:
            y = y + widen(shift).reshape(layout.param)
        stats = [mean] if self.centered else []
        stats.append(var if self.variance else rstd)
        return (y.astype(x.dtype), *[s.reshape(layout.stat) for s in stats])


def _mean(b, node, layout: Layout):
    """The mean over each group, its axes kept."""
    return b.div(b.sum(node, axis=layout.axes, keepdims=True), layout.count)


def _parameters(shape: tuple, number: int, count: int) -> tuple:
    """Scales around 1, and shifts."""
    draw = rng(100 + number)
    return (draw.uniform(0.5, 1.5, shape), *[draw.normal(size=shape) for _ in range(count - 1)])


def _mixed(x: tuple, param: tuple, attrs: dict, count: int) -> Sample:
    """x in float16 and its parameters in float32."""
    return Sample((rng(7).normal(size=x).astype(np.float16), *[p.astype(np.float32) for p in
                                                               _parameters(param, 7, count)]),
                  attrs, grad=False, exact_dtypes=True)


@register
class LayerNorm(Normalization):
    """Normalize over the axes from `begin_axis` on: x, gamma, beta to (y, mean, rstd).

    gamma and beta have the shape of x's last axes, as many as they have themselves; y has x's shape and dtype; mean and
    rstd have x's shape with 1 for the normalized axes. ValueError for other shapes, for begin_axis out of range and for
    negative epsilon. Gradient: as the module says. Source: Ba, Kiros and Hinton, "Layer normalization", 2016.
    """

    name = "layer_norm"
    attrs = ("begin_axis", "epsilon")

    def layout(self, x: tuple, gamma: tuple, *, begin_axis, epsilon) -> Layout:
        axes = tuple(range(begin_axis, len(x)))
        return Layout(x, axes, x[:begin_axis] + (1,) * len(axes), (1,) * (len(x) - len(gamma)) + gamma)

    def infer(self, x, gamma, beta, *, begin_axis, epsilon):
        self.check_dtypes((x,))
        self.check_epsilon(epsilon)
        if not 0 <= begin_axis < x.ndim:
            raise ValueError(f"layer_norm: begin_axis is {begin_axis}; expected 0 to {x.ndim - 1} for x of shape "
                             f"{x.shape}")
        self.check_parameters(x, x.shape[max(0, x.ndim - gamma.ndim):], gamma=gamma, beta=beta)
        return self.results(x, self.layout(x.shape, gamma.shape, begin_axis=begin_axis, epsilon=epsilon))

    def vmap_rows(self, b, lanes, x, *params, begin_axis, epsilon):
        return b.layer_norm(x, *params, begin_axis=begin_axis + 1, epsilon=epsilon)

    def samples(self):
        shapes = (((4, 6), (6,), 1), ((2, 3, 5), (5,), 2), ((2, 3, 5), (3, 5), 1), ((2, 3, 4), (4,), 0),
                  ((7,), (7,), 0), ((0, 5), (5,), 1), ((2, 17), (17,), 1))
        attrs = {"begin_axis": 1, "epsilon": 1e-5}
        return [*[Sample((rng(i).normal(1, 2, x), *_parameters(p, i, 2)), {"begin_axis": axis, "epsilon": 1e-3},
                         rtol=1e-4, atol=1e-5) for i, (x, p, axis) in enumerate(shapes)],
                _mixed((3, 8), (8,), attrs, 2),
                Sample((np.array([[1.0, np.nan, 0], [2, 2, 2], [np.inf, 0, 1]]), np.ones(3), np.ones(3)), attrs,
                       grad=False),
                Sample((np.ones((2, 3)), np.ones(2), np.ones(2)), attrs, error=ValueError),
                Sample((np.ones((2, 3)), np.ones(3), np.ones((1, 3))), attrs, error=ValueError),
                Sample((np.ones((2, 3)), np.ones(3), np.ones(3)), {**attrs, "begin_axis": 2}, error=ValueError),
                Sample((np.ones((2, 3)), np.ones(3), np.ones(3)), {**attrs, "epsilon": -1.0}, error=ValueError),
                Sample((np.ones((2, 3)), np.ones(3, np.int32), np.ones(3)), attrs, error=TypeError)]


@register
class RmsNorm(Normalization):
    """Divide by the root of the mean square over gamma's axes: x, gamma to (y, rstd), y = x rstd gamma.

    gamma has the shape of x's last axes; rstd = 1 / sqrt(mean(x^2) + epsilon) has x's shape with 1 for these axes.
    Gradient: as the module says, without the mean. Source: Zhang and Sennrich, "Root mean square layer normalization",
    2019.
    """

    name = "rms_norm"
    attrs = ("epsilon",)
    centered = False

    def layout(self, x: tuple, gamma: tuple, *, epsilon) -> Layout:
        outer = len(x) - len(gamma)
        return Layout(x, tuple(range(outer, len(x))), x[:outer] + (1,) * len(gamma), (1,) * outer + gamma)

    def infer(self, x, gamma, *, epsilon):
        self.check_dtypes((x,))
        self.check_epsilon(epsilon)
        if gamma.ndim == 0:
            raise ValueError("rms_norm: gamma has no axes; expected the shape of the last axes of x, one at least")
        self.check_parameters(x, x.shape[max(0, x.ndim - gamma.ndim):], gamma=gamma)
        return self.results(x, self.layout(x.shape, gamma.shape, epsilon=epsilon))

    def vmap_rows(self, b, lanes, x, *params, epsilon):
        return b.rms_norm(x, *params, epsilon=epsilon)

    def samples(self):
        shapes = (((4, 6), (6,)), ((2, 3, 5), (3, 5)), ((7,), (7,)), ((0, 5), (5,)), ((2, 17), (17,)))
        attrs = {"epsilon": 1e-6}
        return [*[Sample((rng(i).normal(1, 2, x), *_parameters(p, i, 1)), {"epsilon": 1e-3}, rtol=1e-4, atol=1e-5)
                  for i, (x, p) in enumerate(shapes)],
                _mixed((3, 8), (8,), attrs, 1),
                Sample((np.array([[1.0, np.nan], [0, 0], [np.inf, 1]]), np.ones(2)), attrs, grad=False),
                Sample((np.ones((2, 3)), np.ones(2)), attrs, error=ValueError),
                Sample((np.ones((2, 3)), np.array(1.0)), attrs, error=ValueError),
                Sample((np.ones((2, 3)), np.ones(3)), {"epsilon": 0}, error=ValueError),
                Sample((np.ones((2, 3), np.int32), np.ones(3, np.int32)), attrs, error=TypeError)]


@register
class BatchNormTrain(Normalization):
    """Normalize each channel over the batch: x[N, C, ...], gamma[C], beta[C] to (y, mean[C], var[C]).

    The statistics are those of this batch; var is the mean square deviation (biased). An empty batch has NaN
    statistics. ValueError for x with fewer than two axes and other shapes. Gradient: as the module says. Source: Ioffe
    and Szegedy, "Batch normalization", 2015.
    """

    name = "batch_norm_train"
    attrs = ("epsilon",)
    variance = True

    def layout(self, x: tuple, gamma: tuple, *, epsilon) -> Layout:
        return Layout(x, (0, *range(2, len(x))), gamma, (1, *gamma) + (1,) * (len(x) - 2), uniform=True)

    def infer(self, x, gamma, beta, *, epsilon):
        self.check_dtypes((x,))
        self.check_epsilon(epsilon)
        _check_channels(self.name, x)
        self.check_parameters(x, x.shape[1:2], gamma=gamma, beta=beta)
        return self.results(x, self.layout(x.shape, gamma.shape, epsilon=epsilon))

    def samples(self):
        shapes = ((4, 3, 5, 2), (5, 4), (2, 3, 7), (1, 2, 3, 3), (2, 1, 2, 2, 3))
        attrs = {"epsilon": 1e-3}
        return [*[Sample((rng(i).normal(1, 2, x), *_parameters(x[1:2], i, 2)), attrs, rtol=1e-4, atol=1e-5)
                  for i, x in enumerate(shapes)],
                Sample((np.zeros((0, 2, 3)), *_parameters((2,), 0, 2)), attrs, grad=False),
                _mixed((3, 2, 4), (2,), attrs, 2),
                Sample((np.array([[1.0, np.nan, 3.0], [2, 2, 3.0]]), np.ones(3), np.ones(3)), attrs, grad=False),
                Sample((np.ones((2, 3)), np.ones(2), np.ones(2)), attrs, error=ValueError),
                Sample((np.ones(3), np.ones(3), np.ones(3)), attrs, error=ValueError),
                Sample((np.ones((2, 3)), np.ones(3), np.ones(3)), {"epsilon": float("nan")}, error=ValueError),
                Sample((np.ones((2, 3), np.int32), np.ones(3), np.ones(3)), attrs, error=TypeError)]


@register
class BatchNormInfer(Normalization):
    """Normalize each channel by given statistics: x[N, C, ...], gamma, beta, mean, var, all [C], to y.

    y = (x - mean) gamma / sqrt(var + epsilon) + beta. ValueError for x with fewer than two axes and other shapes.
    Gradient: that of the decomposition, to all five operands.
    """

    name = "batch_norm_infer"
    axes = "n c ..., c, c, c, c -> n c ..."
    attrs = ("epsilon",)
    vjp = None

    def infer(self, x, gamma, beta, mean, var, *, epsilon):
        self.check_dtypes((x,))
        self.check_epsilon(epsilon)
        _check_channels(self.name, x)
        self.check_parameters(x, x.shape[1:2], gamma=gamma, beta=beta, mean=mean, var=var)
        return x

    def lower(self, b, x, gamma, beta, mean, var, *, epsilon):
        spread = (1, x.shape[1]) + (1,) * (x.aval.ndim - 2)
        gamma, beta, mean, var = (b.reshape(wide(b, p), shape=spread) for p in (gamma, beta, mean, var))
        scale = b.mul(gamma, b.rsqrt(b.add(var, epsilon)))
        return b.cast(b.add(b.mul(b.sub(wide(b, x), mean), scale), beta), dtype=x.dtype)

    @wide_reference
    def reference(self, x, gamma, beta, mean, var, *, epsilon):
        spread = (1, x.shape[1]) + (1,) * (x.ndim - 2)
        gamma, beta, mean, var = (p.reshape(spread) for p in (gamma, beta, mean, var))
        return (x - mean) / np.sqrt(var + var.dtype.type(epsilon)) * gamma + beta

    def samples(self):
        shapes = ((4, 3, 5, 2), (5, 4), (2, 3, 7), (0, 2, 3), (2, 1, 2, 2, 3))
        attrs = {"epsilon": 1e-3}
        good = []
        for i, shape in enumerate(shapes):
            gamma, beta, mean, var = _parameters(shape[1:2], i, 4)
            good.append(Sample((rng(i).normal(1, 2, shape), gamma, beta, mean, np.abs(var) + 0.3), attrs))
        ones = (np.ones(3),) * 4
        return [*good, Sample((np.array([[1.0, np.nan, np.inf]]), *ones[:3], np.array([0.0, 1, 1])), attrs, grad=False),
                Sample((rng(3).normal(size=(2, 3)).astype(np.float16), *[p.astype(np.float32) for p in ones]), attrs,
                       grad=False, exact_dtypes=True),
                Sample((np.ones((2, 4)), *ones), attrs, error=ValueError),
                Sample((np.ones(3), *ones), attrs, error=ValueError),
                Sample((np.ones((2, 3)), *ones[:3], np.ones(3, np.int32)), attrs, error=TypeError)]


@register
class GroupNorm(Normalization):
    """Normalize each group of channels of each image: x[N, C, ...], gamma[C], beta[C] to (y, mean[N, groups],
    rstd[N, groups]).

    With one group per channel this is instance normalization. ValueError where the channels cannot be divided among the
    groups, for x with fewer than two axes, and other shapes. Gradient: as the module says. Source: Wu and He, "Group
    normalization", 2018.
    """

    name = "group_norm"
    attrs = ("groups", "epsilon")

    def layout(self, x: tuple, gamma: tuple, *, groups, epsilon) -> Layout:
        return Layout((x[0], groups, prod(x[1:]) // groups), (2,), (x[0], groups),
                      (1, *gamma) + (1,) * (len(x) - 2))

    def infer(self, x, gamma, beta, *, groups, epsilon):
        self.check_dtypes((x,))
        self.check_epsilon(epsilon)
        _check_channels(self.name, x)
        if not isinstance(groups, int) or groups < 1 or x.shape[1] % groups:
            raise ValueError(f"group_norm: groups is {groups!r}; expected a positive divisor of the {x.shape[1]} "
                             f"channels")
        self.check_parameters(x, x.shape[1:2], gamma=gamma, beta=beta)
        return self.results(x, self.layout(x.shape, gamma.shape, groups=groups, epsilon=epsilon))

    def vmap_rows(self, b, lanes, x, *params, **attrs):
        return tuple([lanes.split(b, r) for r in b.items(b.group_norm(lanes.merged(b, x), *params, **attrs))])

    def samples(self):
        shapes = (((2, 4, 3, 2), 2), ((3, 6), 3), ((1, 3, 5), 3), ((2, 3, 4), 1), ((0, 4, 3), 2))
        attrs = {"groups": 2, "epsilon": 1e-3}
        return [*[Sample((rng(i).normal(1, 2, x), *_parameters(x[1:2], i, 2)), {**attrs, "groups": groups}, rtol=1e-4,
                         atol=1e-5) for i, (x, groups) in enumerate(shapes)],
                _mixed((3, 4, 4), (4,), attrs, 2),
                Sample((np.array([[1.0, np.nan, 3.0, 4.0]]), np.ones(4), np.ones(4)), attrs, grad=False),
                Sample((np.ones((2, 3)), np.ones(3), np.ones(3)), attrs, error=ValueError),
                Sample((np.ones((2, 4)), np.ones(3), np.ones(3)), attrs, error=ValueError),
                Sample((np.ones((2, 4)), np.ones(4), np.ones(4)), {**attrs, "groups": 0}, error=ValueError),
                Sample((np.ones(4), np.ones(4), np.ones(4)), attrs, error=ValueError),
                Sample((np.ones((2, 4), np.int32), np.ones(4), np.ones(4)), attrs, error=TypeError)]


def _check_channels(name: str, x) -> None:
    if x.ndim < 2:
        raise ValueError(f"{name}: x has shape {x.shape}; expected a batch axis and a channel axis at least")
