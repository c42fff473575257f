"""Reductions over axes.

`axis` is a sorted tuple of non-negative axes, empty for none; with `keepdims` reduced axes stay with size 1. Sums and
products of float16 and bfloat16 are accumulated in float32 and rounded once; integers keep their type and wrap around.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import DType, bool_, int32, int64
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.shape import check_axis
from mindspore.compiler.primitives.support import (
    SPECIAL,
    complex_samples,
    distinct,
    expand_reduced,
    integers,
    uniform,
    widen,
)


def reduced_shape(name: str, shape: tuple, axis: tuple, keepdims: bool) -> tuple:
    """The shape after reducing over `axis`; TypeError or ValueError for a wrong axis tuple."""
    if not isinstance(axis, tuple):
        raise TypeError(f"{name}: axis is {axis!r}, expected a tuple of ints")
    for a in axis:
        check_axis(name, a, len(shape))
    if tuple(sorted(set(axis))) != axis:
        raise ValueError(f"{name}: axis is {axis}, expected a sorted tuple of different axes")
    return tuple(1 if i in axis else d for i, d in enumerate(shape) if keepdims or i not in axis)


class Reduction(Primitive):
    """A reduction that maps each dtype to itself (or to bool)."""

    attrs = ("axis", "keepdims")
    defaults = {"keepdims": False}

    def infer(self, x, *, axis, keepdims):
        self.check_dtypes((x,))
        return tensor_aval(reduced_shape(self.name, x.shape, axis, keepdims), x.dtype)

    def simplify(self, b, ins, attrs):
        """Over axes of size 1 the value is the operand itself."""
        x, (axis, keepdims) = ins[0], attrs
        if isinstance(axis, tuple) and x.dtype.kind in self.kinds and all(
                0 <= a < x.aval.ndim and x.shape[a] == 1 for a in axis):
            return b.reshape(x, shape=reduced_shape(self.name, x.shape, axis, keepdims))
        return None

    def vmap(self, b, lanes, batched, x, *, axis, keepdims):
        return b.emit(self, (x,), (tuple(a + 1 for a in axis), keepdims))

    def cases(self, make=uniform, **sample) -> list[Sample]:
        """Typical inputs: every kind of axis tuple, 0-d, sizes 1 and odd sizes."""
        shapes = [((3, 5), (1,), False), ((3, 5), (0,), True), ((2, 3, 4), (0, 2), False), ((2, 3, 4), (1,), True),
                  ((2, 3), (0, 1), False), ((), (), False), ((2, 3), (), True), ((4, 1, 3), (1,), False),
                  ((2, 37), (1,), False), ((3, 2, 5), (0, 1), True)]
        return [Sample((make(shape),), {"axis": axis, "keepdims": keep}, **sample) for shape, axis, keep in shapes]

    def errors(self) -> list[Sample]:
        x = uniform((2, 3))
        return [Sample((x,), {"axis": (2,)}, error=ValueError), Sample((x,), {"axis": (-1,)}, error=ValueError),
                Sample((x,), {"axis": (1, 0)}, error=ValueError), Sample((x,), {"axis": 0}, error=TypeError)]


@register
class Sum(Reduction):
    """The sum over `axis`, 0 over no elements. Gradient: ct broadcast back."""

    name = "sum"
    partwise = True
    kinds = "iufc"

    def reference(self, x, *, axis, keepdims):
        wide = widen(x)
        return wide.sum(axis=axis, keepdims=keepdims, dtype=wide.dtype).astype(x.dtype)

    def vjp(self, b, ct, out, x, *, axis, keepdims):
        return (expand_reduced(b, ct, axis, x.shape, keepdims),)

    def jvp(self, b, ins, tangents, *, axis, keepdims):
        return b.sum(ins[0], axis=axis, keepdims=keepdims), b.sum(tangents[0], axis=axis, keepdims=keepdims)

    def samples(self):
        return [*self.cases(), Sample((np.zeros((2, 0)),), {"axis": (1,)}), Sample((np.zeros((0, 2)),), {"axis": (1,)}),
                Sample((SPECIAL,), {"axis": (0,)}, grad=False), Sample((integers((3, 4)),), {"axis": (0,)}),
                Sample((integers((3, 4), 0, 255, np.uint8),), {"axis": (1,)}), *complex_samples(1, axis=(1,)),
                Sample((np.ones((3,), bool),), {"axis": (0,)}, error=TypeError), *self.errors()]


@register
class Prod(Reduction):
    """The product over `axis`, 1 over no elements. Gradient: ct times the product of the other elements, formed
    without division, so that zeros among the elements do no harm at any order."""

    name = "prod"
    kinds = "iufc"

    def reference(self, x, *, axis, keepdims):
        wide = widen(x)
        return wide.prod(axis=axis, keepdims=keepdims, dtype=wide.dtype).astype(x.dtype)

    def vjp(self, b, ct, out, x, *, axis, keepdims):
        order = tuple(i for i in range(x.aval.ndim) if i not in axis) + axis
        front = b.transpose(x, perm=order)
        kept = front.shape[:x.aval.ndim - len(axis)]
        count = prod([x.shape[a] for a in axis])
        others = _product_of_others(b, b.reshape(front, shape=(*kept, count)))
        inverse = tuple(order.index(i) for i in range(len(order)))
        others = b.transpose(b.reshape(others, shape=front.shape), perm=inverse)
        return (b.mul(expand_reduced(b, ct, axis, x.shape, keepdims), others),)

    def samples(self):
        return [*self.cases(lambda shape: uniform(shape, 0.5, 1.5)), Sample((np.zeros((2, 0)),), {"axis": (1,)}),
                Sample((np.array([[2.0, 0.0, 3.0], [0.0, 1.5, 0.0], [1.0, -2.0, 0.5]]),), {"axis": (1,)}),
                Sample((SPECIAL,), {"axis": (0,)}, grad=False), Sample((integers((3, 4)),), {"axis": (0,)}),
                *complex_samples(1, axis=(1,)), Sample((np.ones((3,), bool),), {"axis": (0,)}, error=TypeError),
                *self.errors()]


def _product_of_others(b, x):
    """For each element along the last axis the product of all others, by an up-sweep and a down-sweep over a binary
    tree of partial products (Blelloch, Prefix sums and their applications, 1990)."""
    lead, count = x.shape[:-1], x.shape[-1]
    if count == 0:
        return x
    width = 1 << (count - 1).bit_length()
    zeros = (0,) * len(lead)
    levels = [b.pad(x, low=(*zeros, 0), high=(*zeros, width - count), value=1)]
    while width > 1:
        width //= 2
        levels.append(b.mul(*_halves(b, levels[-1], width)))
    others = b.full((*lead, 1), 1, x.dtype)
    for level in reversed(levels[:-1]):
        low, high = _halves(b, level, others.shape[-1])
        others = b.concat(b.mul(others, high), b.mul(others, low), axis=len(lead))
    return b.slice(others, begin=(*zeros, 0), end=(*lead, count), strides=(1,) * len(x.shape))


def _halves(b, x, half: int):
    zeros, lead, ones = (0,) * (x.aval.ndim - 1), x.shape[:-1], (1,) * x.aval.ndim
    return (b.slice(x, begin=(*zeros, 0), end=(*lead, half), strides=ones),
            b.slice(x, begin=(*zeros, half), end=(*lead, 2 * half), strides=ones))


class _Extremum(Reduction):
    kinds = "iuf"

    def infer(self, x, *, axis, keepdims):
        aval = super().infer(x, axis=axis, keepdims=keepdims)
        if any(x.shape[a] == 0 for a in axis):
            raise ValueError(f"{self.name}: a tensor of shape {x.shape} has no elements along axis {axis}; "
                             f"expected at least one")
        return aval

    def vjp(self, b, ct, out, x, *, axis, keepdims):
        chosen = b.eq(x, expand_reduced(b, out, axis, x.shape, keepdims))
        count = b.sum(b.cast(chosen, dtype=ct.dtype), axis=axis, keepdims=keepdims)
        divided = b.div(ct, count) if ct.dtype.is_inexact else b.floor_div(ct, count)
        share = expand_reduced(b, divided, axis, x.shape, keepdims)
        return (b.select(chosen, share, b.constant(0, ct.dtype)),)

    def samples(self):
        return [*self.cases(distinct), Sample((np.zeros((0, 2)),), {"axis": (1,)}),
                Sample((np.zeros((2, 0)),), {"axis": (1,)}, error=ValueError),
                Sample((np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]),), {"axis": (1,)}, grad=False),
                Sample((SPECIAL,), {"axis": (0,)}, grad=False), Sample((SPECIAL[1:],), {"axis": (0,)}, grad=False),
                Sample((integers((3, 4)),), {"axis": (0,)}), Sample((integers((7,), 0, 9, np.uint8),), {"axis": (0,)}),
                Sample((np.ones((3,), bool),), {"axis": (0,)}, error=TypeError), *self.errors()]


@register
class Max(_Extremum):
    """The largest element over `axis`; NaN if one is NaN. Gradient: ct, shared equally among the largest elements."""

    name = "max"

    def reference(self, x, *, axis, keepdims):
        return x.max(axis=axis, keepdims=keepdims)


@register
class Min(_Extremum):
    """The smallest element over `axis`; NaN if one is NaN. Gradient: ct, shared equally among the smallest."""

    name = "min"

    def reference(self, x, *, axis, keepdims):
        return x.min(axis=axis, keepdims=keepdims)


class _Quantifier(Reduction):
    kinds = "b"
    differentiable = False

    def samples(self):
        return [*self.cases(lambda shape: integers(shape, 0, 2, bool)),
                Sample((np.zeros((2, 0), bool),), {"axis": (1,)}), Sample((np.ones((2, 3), bool),), {"axis": (0, 1)}),
                Sample((np.zeros((2, 3), bool),), {"axis": (0, 1)}),
                Sample((np.ones((3,)),), {"axis": (0,)}, error=TypeError), *[
                    Sample((np.ones((2, 3), bool),), s.attrs, error=s.error) for s in self.errors()]]


@register
class All(_Quantifier):
    """Whether all elements over `axis` are true (bool); true over no elements. Gradient: none."""

    name = "all"

    def reference(self, x, *, axis, keepdims):
        return x.all(axis=axis, keepdims=keepdims)


@register
class Any(_Quantifier):
    """Whether an element over `axis` is true (bool); false over no elements. Gradient: none."""

    name = "any"

    def reference(self, x, *, axis, keepdims):
        return x.any(axis=axis, keepdims=keepdims)


class _Arg(Primitive):
    attrs = ("axis", "dtype")
    defaults = {"dtype": int64}
    kinds = "biuf"
    differentiable = False

    def infer(self, x, *, axis, dtype):
        self.check_dtypes((x,))
        check_axis(self.name, axis, x.ndim)
        if not isinstance(dtype, DType) or not dtype.is_integer:
            raise TypeError(f"{self.name}: dtype is {dtype}, expected an integer dtype such as mindspore.int64")
        if x.shape[axis] == 0:
            raise ValueError(f"{self.name}: axis {axis} of a tensor of shape {x.shape} has no elements; "
                             f"expected at least one")
        return tensor_aval(x.shape[:axis] + x.shape[axis + 1:], dtype)

    def vmap(self, b, lanes, batched, x, *, axis, dtype):
        return b.emit(self, (x,), (axis + 1, dtype))

    def samples(self):
        return [Sample((uniform((3, 5)),), {"axis": 1}), Sample((uniform((3, 5)),), {"axis": 0, "dtype": int32}),
                Sample((uniform((2, 3, 37)),), {"axis": 1}),
                Sample((np.array([1.0, 4.0, 4.0, -1.0, -1.0]),), {"axis": 0}),
                Sample((SPECIAL,), {"axis": 0}), Sample((SPECIAL[1:],), {"axis": 0}),
                Sample((np.array([1.0, np.nan, np.nan]),), {"axis": 0}), Sample((np.zeros((0, 2)),), {"axis": 1}),
                Sample((integers((7,)),), {"axis": 0}), Sample((integers((7,), 0, 2, bool),), {"axis": 0}),
                Sample((np.zeros((2, 0)),), {"axis": 1}, error=ValueError),
                Sample((np.zeros(2),), {"axis": 1}, error=ValueError),
                Sample((np.zeros(()),), {"axis": 0}, error=ValueError),
                Sample((np.zeros(2),), {"axis": 0, "dtype": bool_}, error=TypeError)]


@register
class Argmax(_Arg):
    """The index along `axis` of the first largest element, or of the first NaN; the axis is dropped.
    Gradient: none."""

    name = "argmax"

    def reference(self, x, *, axis, dtype):
        return np.argmax(widen(x), axis=axis).astype(dtype.np)


@register
class Argmin(_Arg):
    """The index along `axis` of the first smallest element, or of the first NaN; the axis is dropped.
    Gradient: none."""

    name = "argmin"

    def reference(self, x, *, axis, dtype):
        return np.argmin(widen(x), axis=axis).astype(dtype.np)


@register
class Cumsum(Primitive):
    """Running sums along `axis`: at each place the sum of it and all before (after, with `reverse`); `exclusive`
    leaves the place itself out. Gradient: the running sum of ct in the other direction."""

    name = "cumsum"
    partwise = True
    attrs = ("axis", "reverse", "exclusive")
    defaults = {"reverse": False, "exclusive": False}
    kinds = "iufc"

    def infer(self, x, *, axis, reverse, exclusive):
        self.check_dtypes((x,))
        check_axis("cumsum", axis, x.ndim)
        return tensor_aval(x.shape, x.dtype)

    def reference(self, x, *, axis, reverse, exclusive):
        wide = np.moveaxis(widen(x), axis, -1)
        wide = wide[..., ::-1] if reverse else wide
        if exclusive:
            wide = np.concatenate([np.zeros_like(wide[..., :1]), wide[..., :-1]], -1)
        sums = np.cumsum(wide, axis=-1, dtype=wide.dtype)
        return np.moveaxis(sums[..., ::-1] if reverse else sums, -1, axis).astype(x.dtype)

    def vjp(self, b, ct, out, x, *, axis, reverse, exclusive):
        return (b.cumsum(ct, axis=axis, reverse=not reverse, exclusive=exclusive),)

    def vmap(self, b, lanes, batched, x, *, axis, reverse, exclusive):
        return b.cumsum(x, axis=axis + 1, reverse=reverse, exclusive=exclusive)

    def samples(self):
        flags = [Sample((uniform((2, 5)),), {"axis": 1, "reverse": r, "exclusive": e})
                 for r in (False, True) for e in (False, True)]
        return [*flags, Sample((uniform((3, 2, 4)),), {"axis": 0}), Sample((uniform((3, 1, 4)),), {"axis": 1}),
                Sample((np.zeros((2, 0)),), {"axis": 1, "exclusive": True}), Sample((integers((2, 7)),), {"axis": 1}),
                *complex_samples(1, axis=1),
                Sample((np.array([1.0, np.inf, 2.0, -np.inf, 0.0]),), {"axis": 0}, grad=False),
                Sample((np.zeros(3),), {"axis": 1}, error=ValueError),
                Sample((np.zeros(()),), {"axis": 0}, error=ValueError),
                Sample((np.ones(3, bool),), {"axis": 0}, error=TypeError)]


def _scan(b, x, axis: int, combine, first: float):
    """Running combinations along an axis, by doubling distances: after k rounds each place combines the 2**k elements
    up to it (Hillis and Steele, Data parallel algorithms, 1986). `first` stands before the first element."""
    distance, zeros = 1, (0,) * x.aval.ndim
    while distance < x.shape[axis]:
        low = tuple(distance if i == axis else 0 for i in range(x.aval.ndim))
        end = tuple(d - distance if i == axis else d for i, d in enumerate(x.shape))
        earlier = b.slice(x, begin=zeros, end=end, strides=(1,) * x.aval.ndim)
        x = combine(b.pad(earlier, low=low, high=zeros, interior=zeros, value=first), x)
        distance *= 2
    return x


@register
class Cumprod(Primitive):
    """Running products along `axis`. Gradient: that of the products by doubling distances."""

    name = "cumprod"
    attrs = ("axis",)
    kinds = "iufc"

    def infer(self, x, *, axis):
        self.check_dtypes((x,))
        check_axis("cumprod", axis, x.ndim)
        return x

    def lower(self, b, x, *, axis):
        return _scan(b, x, axis, b.mul, 1)

    def samples(self):
        return [Sample((uniform((2, 5)),), {"axis": 1}), Sample((uniform((3, 2, 4)),), {"axis": 0}),
                Sample((uniform((3, 1, 4)),), {"axis": 1}), Sample((np.zeros((2, 0)),), {"axis": 1}),
                Sample((integers((2, 7)),), {"axis": 1}), *complex_samples(1, axis=1),
                Sample((np.array([1.0, 0.0, 2.0]),), {"axis": 0}),
                Sample((np.array([1.0, np.inf, 2.0, -np.inf, 3.0]),), {"axis": 0}, grad=False),
                Sample((np.zeros(3),), {"axis": 1}, error=ValueError),
                Sample((np.ones(3, bool),), {"axis": 0}, error=TypeError)]


class _RunningExtremum(Primitive):
    """(values, places): the extremum so far along `axis`, and where it last stood (int64); a NaN stays from where it
    stands on. Gradient: ct of the values added where they stand."""

    attrs = ("axis",)
    kinds = "biuf"
    beats = ""

    def infer(self, x, *, axis):
        self.check_dtypes((x,))
        check_axis(self.name, axis, x.ndim)
        return tuple_aval((x, tensor_aval(x.shape, int64)))

    def vjp(self, b, ct, out, x, *, axis):
        return (b.scatter_add_elements(b.zeros_like(x.aval), out[1], ct[0], axis=axis),)

    def lower(self, b, x, *, axis):
        def later(first, second):
            before, now = (b.gather_elements(x, places, axis=axis) for places in (first, second))
            wins = getattr(b, self.beats)(now, before)
            return b.select(b.logical_or(wins, b.isnan(now)) if x.dtype.kind == "f" else wins, second, first)

        places = _scan(b, b.iota(shape=x.shape, axis=axis, dtype=int64), axis, later, 0)
        return b.gather_elements(x, places, axis=axis), places

    def samples(self):
        return [Sample((distinct((2, 5)),), {"axis": 1}), Sample((distinct((3, 2, 4)),), {"axis": 0}),
                Sample((distinct((3, 1, 4)),), {"axis": 1}), Sample((np.zeros((2, 0)),), {"axis": 1}),
                Sample((integers((2, 7)),), {"axis": 1}), Sample((np.array([[1, 1, 0, 1]], bool),), {"axis": 1}),
                Sample((np.array([1.0, 3.0, 3.0, 2.0, np.nan, 5.0]),), {"axis": 0}, grad=False),
                Sample((np.zeros(3),), {"axis": 1}, error=ValueError)]


@register
class Cummax(_RunningExtremum):
    __doc__ = _RunningExtremum.__doc__.replace("extremum", "maximum")
    name, beats = "cummax", "ge"


@register
class Cummin(_RunningExtremum):
    __doc__ = _RunningExtremum.__doc__.replace("extremum", "minimum")
    name, beats = "cummin", "le"
