"""Rearranging elements: reshape, broadcast, transpose, slice, pad, concatenate, reverse, and index ramps.

Everything is static: shapes have no -1 left, slices are clamped and normalised, axes are non-negative; the layer above
does that. `slice` and `pad` (with interior padding) are adjoint to each other, so are `broadcast_to` and `sum`.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import DType, bool_, float32, int32, int64
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.ir.builder import infer
from mindspore.compiler.ir.dims import Dim, same, same_shape
from mindspore.compiler.primitives.base import Primitive, Sample, broadcast_shapes, register
from mindspore.compiler.primitives.support import integers, uniform, uniform_source


def check_sizes(name: str, shape) -> tuple:
    """A static shape: a tuple of non-negative ints; TypeError or ValueError otherwise."""
    if not isinstance(shape, tuple) or not all(isinstance(d, (int, np.integer, Dim)) for d in shape):
        raise TypeError(f"{name}: shape is {shape!r}, expected a tuple of ints")
    if any(d < 0 for d in shape):
        raise ValueError(f"{name}: shape is {shape}, expected non-negative sizes")
    return shape


def check_axis(name: str, axis: int, ndim: int) -> None:
    """ValueError unless 0 <= axis < ndim."""
    if not 0 <= axis < ndim:
        raise ValueError(f"{name}: axis {axis} is out of range for a tensor of {ndim} dimensions; "
                         f"expected 0 to {ndim - 1}")


def check_per_axis(name: str, ndim: int, **attrs: tuple) -> None:
    """Each attribute is a tuple with one int for each axis."""
    for key, value in attrs.items():
        if not isinstance(value, tuple) or len(value) != ndim:
            raise ValueError(f"{name}: {key} is {value!r}, expected a tuple of {ndim} ints, one for each axis")


def _fill(b, source, shape: tuple):
    """A tensor of this shape that repeats the one element of `source`."""
    return b.broadcast_to(b.reshape(source, shape=()), shape=shape)


@register
class Reshape(Primitive):
    """The elements of x in row-major order under another shape. Gradient: ct reshaped back."""

    name = "reshape"
    attrs = ("shape",)

    def infer(self, x, *, shape):
        check_sizes("reshape", shape)
        if prod(shape) != x.size:
            raise ValueError(f"reshape: a tensor of shape {x.shape} has {x.size} elements, which do not fill shape "
                             f"{shape} ({prod(shape)} elements)")
        return tensor_aval(shape, x.dtype)

    def reference(self, x, *, shape):
        return np.reshape(x, shape)

    def vjp(self, b, ct, out, x, *, shape):
        return (b.reshape(ct, shape=x.shape),)

    def simplify(self, b, ins, attrs):
        x, shape = ins[0], attrs[0]
        if same_shape(x.shape, shape):
            return x
        if not isinstance(shape, tuple) or not same(prod(shape), x.aval.size):
            return None
        if x.op is self:
            return b.reshape(x.ins[0], shape=shape)
        source = uniform_source(x)
        return None if source is None else _fill(b, source, shape)

    def vmap(self, b, lanes, batched, x, *, shape):
        return b.reshape(x, shape=(lanes.size, *shape))

    def samples(self):
        return [Sample((uniform((2, 6)),), {"shape": (3, 4)}), Sample((uniform(()),), {"shape": (1, 1)}),
                Sample((uniform((2, 0)),), {"shape": (0, 5, 3)}), Sample((uniform((1, 5, 1)),), {"shape": (5,)}),
                Sample((uniform((1,)),), {"shape": ()}), Sample((integers((4,)),), {"shape": (2, 2)}),
                Sample((np.zeros((2, 3)),), {"shape": (4,)}, error=ValueError),
                Sample((np.zeros((2, 3)),), {"shape": (-1,)}, error=ValueError),
                Sample((np.zeros((2, 3)),), {"shape": 6}, error=TypeError)]


@register
class BroadcastTo(Primitive):
    """x repeated along new leading axes and axes of size 1, by NumPy's rules. Gradient: ct summed over those axes."""

    name = "broadcast_to"
    attrs = ("shape",)

    def infer(self, x, *, shape):
        check_sizes("broadcast_to", shape)
        if x.ndim > len(shape) or broadcast_shapes("broadcast_to", x.shape, shape) != shape:
            raise ValueError(f"broadcast_to: shape {x.shape} cannot be broadcast to {shape}; sizes must be equal or 1, "
                             f"counted from the last axis")
        return tensor_aval(shape, x.dtype)

    def reference(self, x, *, shape):
        return np.broadcast_to(x, shape)

    def vjp(self, b, ct, out, x, *, shape):
        return (b.sum_to(ct, x.shape),)

    def simplify(self, b, ins, attrs):
        x, shape = ins[0], attrs[0]
        if same_shape(x.shape, shape):
            return x
        if x.op is self and len(shape) >= x.aval.ndim:
            return b.broadcast_to(x.ins[0], shape=shape)
        return None

    def vmap(self, b, lanes, batched, x, *, shape):
        ones = (1,) * (len(shape) + 1 - x.aval.ndim)
        return b.broadcast_to(b.reshape(x, shape=(lanes.size, *ones, *x.shape[1:])), shape=(lanes.size, *shape))

    def samples(self):
        return [Sample((uniform((3,)),), {"shape": (2, 3)}), Sample((uniform((3, 1)),), {"shape": (2, 3, 4)}),
                Sample((uniform(()),), {"shape": (2, 2)}), Sample((uniform((1, 3)),), {"shape": (0, 3)}),
                Sample((uniform((2, 1, 3)),), {"shape": (2, 5, 3)}), Sample((integers((1,)),), {"shape": (7,)}),
                Sample((np.zeros((2, 3)),), {"shape": (2, 4)}, error=ValueError),
                Sample((np.zeros((2, 3)),), {"shape": (3,)}, error=ValueError),
                Sample((np.zeros((2,)),), {"shape": (1,)}, error=ValueError)]


@register
class Transpose(Primitive):
    """Axes in another order: axis i of the result is axis perm[i] of x. Gradient: ct with the inverse permutation."""

    name = "transpose"
    attrs = ("perm",)

    def infer(self, x, *, perm):
        if not isinstance(perm, tuple) or sorted(perm) != list(range(x.ndim)):
            raise ValueError(f"transpose: perm is {perm!r}, expected a permutation of 0 to {x.ndim - 1} as a tuple "
                             f"for a tensor of shape {x.shape}")
        return tensor_aval(tuple(x.shape[p] for p in perm), x.dtype)

    def reference(self, x, *, perm):
        return np.transpose(x, perm)

    def vjp(self, b, ct, out, x, *, perm):
        return (b.transpose(ct, perm=tuple(perm.index(i) for i in range(len(perm)))),)

    def simplify(self, b, ins, attrs):
        x, perm = ins[0], attrs[0]
        if len(perm) != x.aval.ndim:
            return None
        if perm == tuple(range(len(perm))):
            return x
        if x.op is self:
            return b.transpose(x.ins[0], perm=tuple(x.attrs[0][p] for p in perm))
        source = uniform_source(x)
        if source is not None and sorted(perm) == list(range(len(perm))):
            return _fill(b, source, tuple(x.shape[p] for p in perm))
        moved = [p for p in perm if x.shape[p] != 1]
        if moved == sorted(moved) and set(perm) == set(range(len(perm))):
            return b.reshape(x, shape=tuple(x.shape[p] for p in perm))
        return None

    def vmap(self, b, lanes, batched, x, *, perm):
        return b.transpose(x, perm=(0, *[p + 1 for p in perm]))

    def samples(self):
        return [Sample((uniform((2, 3)),), {"perm": (1, 0)}), Sample((uniform((2, 3, 5)),), {"perm": (2, 0, 1)}),
                Sample((uniform((2, 3, 1, 4)),), {"perm": (0, 3, 2, 1)}), Sample((uniform(()),), {"perm": ()}),
                Sample((uniform((2, 0, 3)),), {"perm": (1, 2, 0)}), Sample((integers((17, 33)),), {"perm": (1, 0)}),
                Sample((uniform((1, 4, 1)),), {"perm": (1, 0, 2)}),
                Sample((np.zeros((2, 3)),), {"perm": (0, 0)}, error=ValueError),
                Sample((np.zeros((2, 3)),), {"perm": (0,)}, error=ValueError)]


@register
class Slice(Primitive):
    """x[begin:end:strides] on every axis, with 0 <= begin <= end <= size and strides >= 1.
    Gradient: ct padded with zeros, between its elements too where a stride is above 1."""

    name = "slice"
    attrs = ("begin", "end", "strides")

    def infer(self, x, *, begin, end, strides):
        check_per_axis("slice", x.ndim, begin=begin, end=end, strides=strides)
        for axis, (low, high, step) in enumerate(zip(begin, end, strides)):
            if not (0 <= low <= high <= x.shape[axis] and step >= 1):
                raise ValueError(f"slice: begin {low}, end {high}, stride {step} on axis {axis} of size "
                                 f"{x.shape[axis]}; expected 0 <= begin <= end <= size and stride >= 1")
        return tensor_aval(tuple(-(-(h - lo) // s) for lo, h, s in zip(begin, end, strides)), x.dtype)

    def reference(self, x, *, begin, end, strides):
        return x[tuple(map(slice, begin, end, strides))]

    def vjp(self, b, ct, out, x, *, begin, end, strides):
        high = tuple(size - lo - _span(n, s) for size, lo, n, s in zip(x.shape, begin, ct.shape, strides))
        return (b.pad(ct, low=begin, high=high, interior=tuple(s - 1 for s in strides)),)

    def simplify(self, b, ins, attrs):
        x, (begin, end, strides) = ins[0], attrs
        if same_shape(x.shape, end) and begin == (0,) * len(end) and strides == (1,) * len(end):
            return x
        source = uniform_source(x)
        return None if source is None else _fill(b, source, infer(self, (x.aval,), attrs).shape)

    def vmap(self, b, lanes, batched, x, *, begin, end, strides):
        return b.slice(x, begin=(0, *begin), end=(lanes.size, *end), strides=(1, *strides))

    def samples(self):
        def case(shape, begin, end, strides, **more):
            return Sample((uniform(shape),), {"begin": begin, "end": end, "strides": strides}, **more)
        return [case((4, 5), (1, 2), (3, 5), (1, 1)), case((7, 5), (1, 0), (7, 5), (3, 2)),
                case((3, 4), (0, 0), (3, 4), (1, 1)), case((3, 4), (2, 1), (2, 3), (1, 1)),
                case((9,), (2,), (8,), (4,)), case((), (), (), ()), case((0, 3), (0, 1), (0, 3), (1, 1)),
                Sample((integers((6,)),), {"begin": (1,), "end": (6,), "strides": (2,)}),
                case((4,), (1,), (5,), (1,), error=ValueError), case((4,), (3,), (2,), (1,), error=ValueError),
                case((4,), (0,), (2,), (0,), error=ValueError), case((4, 2), (0,), (2,), (1,), error=ValueError)]


def _span(count: int, step: int) -> int:
    """The extent of `count` elements that stand `step` apart."""
    return (count - 1) * step + 1 if count else 0


@register
class Pad(Primitive):
    """x with `low` elements before, `high` after and `interior` between neighbours on each axis, filled with `value`
    (a Python number; -0.0 counts as 0). Gradient: ct at the places of x."""

    name = "pad"
    attrs = ("low", "high", "interior", "value")
    defaults = {"interior": None, "value": 0}

    def pack_attrs(self, given):
        low, high, interior, value = super().pack_attrs(given)
        value = 0 if value == 0 else value  # equal attributes make equal nodes, so -0.0 cannot be told from 0.0
        return low, high, (0,) * len(low) if interior is None else interior, value

    def infer(self, x, *, low, high, interior, value):
        check_per_axis("pad", x.ndim, low=low, high=high, interior=interior)
        if any(n < 0 for n in low + high + interior):
            raise ValueError(f"pad: low {low}, high {high}, interior {interior}; expected non-negative counts "
                             f"(use slice to cut)")
        if not isinstance(value, (int, float)):
            raise TypeError(f"pad: value is {value!r}, expected a Python number")
        sizes = zip(x.shape, low, high, interior)
        return tensor_aval(tuple(lo + _span(n, step + 1) + hi for n, lo, hi, step in sizes), x.dtype)

    def reference(self, x, *, low, high, interior, value):
        shape = tuple(lo + _span(n, s + 1) + hi for n, lo, hi, s in zip(x.shape, low, high, interior))
        result = np.full(shape, value, x.dtype)
        result[tuple(slice(lo, lo + _span(n, s + 1), s + 1) for n, lo, s in zip(x.shape, low, interior))] = x
        return result

    def vjp(self, b, ct, out, x, *, low, high, interior, value):
        end = tuple(lo + _span(n, s + 1) for n, lo, s in zip(x.shape, low, interior))
        return (b.slice(ct, begin=low, end=end, strides=tuple(s + 1 for s in interior)),)

    def simplify(self, b, ins, attrs):
        x, (low, high, interior, _) = ins[0], attrs
        none = (0,) * x.aval.ndim
        if same_shape(none, low) and same_shape(none, high) and all(s == 0 or d < 2 for s, d in zip(interior, x.shape)):
            return x
        return None

    def vmap(self, b, lanes, batched, x, *, low, high, interior, value):
        return b.pad(x, low=(0, *low), high=(0, *high), interior=(0, *interior), value=value)

    def samples(self):
        def case(shape, low, high, **more):
            attrs = {k: more.pop(k) for k in ("interior", "value") if k in more}
            return Sample((uniform(shape),), {"low": low, "high": high, **attrs}, **more)
        return [case((2, 3), (1, 0), (0, 2)), case((2, 3), (0, 1), (1, 1), value=-1.5), case((4,), (0,), (0,)),
                case((3, 2), (1, 0), (2, 1), interior=(2, 1)), case((0,), (2,), (1,)), case((), (), ()),
                case((0, 2), (0, 0), (3, 0), interior=(1, 1)), case((3,), (1,), (1,), value=float("-inf"), grad=False),
                Sample((integers((3,)),), {"low": (2,), "high": (1,), "value": 7}),
                Sample((integers((3,), 0, 2, bool),), {"low": (1,), "high": (1,), "value": True}),
                case((3,), (-1,), (0,), error=ValueError), case((3,), (1, 1), (0, 0), error=ValueError),
                case((3,), (1,), (0,), value="0", error=TypeError)]


def _rejoined(b, ins: tuple, axis: int):
    """What the concatenation of all rows of one tensor is, in their order: the tensor, or its transposition if each row
    was given a new axis elsewhere than in front. None for other operands."""
    row = ins[0].ins[0] if ins[0].op.name == "reshape" else ins[0]
    if row.op.name != "slice":
        return None
    source = row.ins[0]
    shape = source.shape
    widened = shape[1:axis + 1] + (1,) + shape[axis + 1:]
    if shape[0] != len(ins) or not 0 <= axis < len(shape) or ins[0].shape != widened:
        return None
    for k, node in enumerate(ins):
        row = node.ins[0] if node.op.name == "reshape" else node
        ends = (k, *[0] * (len(shape) - 1)), (k + 1, *shape[1:]), (1,) * len(shape)
        if row.op.name != "slice" or row.ins[0] is not source or row.attrs != ends or node.shape != widened:
            return None
    perm = (*range(1, axis + 1), 0, *range(axis + 1, len(shape)))
    return source if axis == 0 else b.transpose(source, perm=perm)


@register
class Concat(Primitive):
    """Operands joined along `axis`; all other sizes are equal. Gradient: the slices of ct."""

    name = "concat"
    attrs = ("axis",)
    kinds = "biufc"

    def infer(self, *xs, axis):
        if not xs:
            raise ValueError("concat: got no operands, expected at least one")
        dtype = self.check_dtypes(xs)
        first = xs[0].shape
        check_axis("concat", axis, len(first))
        for x in xs[1:]:
            if len(x.shape) != len(first) or x.shape[:axis] + x.shape[axis + 1:] != first[:axis] + first[axis + 1:]:
                raise ValueError(f"concat: shapes {', '.join(str(a.shape) for a in xs)} differ on other axes than "
                                 f"axis {axis}")
        return tensor_aval(first[:axis] + (sum(x.shape[axis] for x in xs),) + first[axis + 1:], dtype)

    def reference(self, *xs, axis):
        return np.concatenate(xs, axis)

    def vjp(self, b, ct, out, *xs, axis):
        grads, start = [], 0
        for x in xs:
            begin = tuple(start if i == axis else 0 for i in range(ct.aval.ndim))
            start += x.shape[axis]
            end = tuple(start if i == axis else d for i, d in enumerate(ct.shape))
            grads.append(b.slice(ct, begin=begin, end=end, strides=(1,) * ct.aval.ndim))
        return tuple(grads)

    def simplify(self, b, ins, attrs):
        if len(ins) == 1:
            return ins[0] if 0 <= attrs[0] < ins[0].aval.ndim else None
        return _rejoined(b, ins, attrs[0])

    def vmap(self, b, lanes, batched, *xs, axis):
        return b.concat(*lanes.spread_all(b, batched, xs), axis=axis + 1)

    def samples(self):
        return [Sample((uniform((2, 3)), uniform((4, 3), seed=1)), {"axis": 0}),
                Sample((uniform((2, 3)), uniform((2, 1), seed=1), uniform((2, 2), seed=2)), {"axis": 1}),
                Sample((uniform((2, 3)),), {"axis": 1}),
                Sample((uniform((2, 0)), uniform((2, 3), seed=1)), {"axis": 1}),
                Sample((integers((3,)), integers((2,))), {"axis": 0}),
                Sample((integers((3,), 0, 2, bool), integers((2,), 0, 2, bool)), {"axis": 0}),
                Sample((np.zeros((2, 3)), np.zeros((3, 3))), {"axis": 1}, error=ValueError),
                Sample((np.zeros((2, 3)), np.zeros((2,))), {"axis": 0}, error=ValueError),
                Sample((np.zeros(2), np.zeros(2)), {"axis": 1}, error=ValueError),
                Sample((np.zeros(2), np.zeros(2, np.int32)), {"axis": 0}, error=TypeError)]


@register
class Reverse(Primitive):
    """x with the order of elements along `axes` (a sorted tuple) turned round. Gradient: ct reversed."""

    name = "reverse"
    attrs = ("axes",)

    def infer(self, x, *, axes):
        for axis in axes:
            check_axis("reverse", axis, x.ndim)
        if tuple(sorted(set(axes))) != axes:
            raise ValueError(f"reverse: axes are {axes}, expected a sorted tuple of different axes")
        return tensor_aval(x.shape, x.dtype)

    def reference(self, x, *, axes):
        return np.flip(x, axes)

    def vjp(self, b, ct, out, x, *, axes):
        return (b.reverse(ct, axes=axes),)

    def simplify(self, b, ins, attrs):
        x, axes = ins[0], attrs[0]
        if not axes:
            return x
        return x.ins[0] if x.op is self and x.attrs[0] == axes else None

    def vmap(self, b, lanes, batched, x, *, axes):
        return b.reverse(x, axes=tuple(a + 1 for a in axes))

    def samples(self):
        return [Sample((uniform((2, 3)),), {"axes": (1,)}), Sample((uniform((2, 3, 4)),), {"axes": (0, 2)}),
                Sample((uniform((2, 0)),), {"axes": (0, 1)}), Sample((uniform(()),), {"axes": ()}),
                Sample((integers((5,)),), {"axes": (0,)}), Sample((np.zeros(3),), {"axes": (1,)}, error=ValueError),
                Sample((np.zeros((3, 2)),), {"axes": (1, 0)}, error=ValueError)]


@register
class Iota(Primitive):
    """A tensor that holds at each place its index along `axis`: 0, 1, 2, ... Gradient: none."""

    name = "iota"
    attrs = ("shape", "axis", "dtype")
    defaults = {"axis": 0, "dtype": int64}
    differentiable = False

    def infer(self, *, shape, axis, dtype):
        check_sizes("iota", shape)
        check_axis("iota", axis, len(shape))
        if not isinstance(dtype, DType) or dtype is bool_:
            raise TypeError(f"iota: dtype is {dtype}, expected a number dtype such as mindspore.int64")
        return tensor_aval(shape, dtype)

    def simplify(self, b, ins, attrs):
        """A ramp has one long axis; along the others it is broadcast. So a reshaped ramp is still a ramp."""
        shape, axis, dtype = attrs
        if not isinstance(shape, tuple) or not 0 <= axis < len(shape) or not isinstance(dtype, DType):
            return None
        narrow = tuple(d if i == axis else 1 for i, d in enumerate(shape))
        if narrow == shape:
            return None
        return b.broadcast_to(b.iota(shape=narrow, axis=axis, dtype=dtype), shape=shape)

    def reference(self, *, shape, axis, dtype):
        ramp = np.arange(shape[axis]).astype(dtype.np)
        return np.broadcast_to(ramp.reshape(tuple(-1 if i == axis else 1 for i in range(len(shape)))), shape)

    def vmap(self, b, lanes, batched, *, shape, axis, dtype):
        return lanes.spread(b, b.iota(shape=shape, axis=axis, dtype=dtype))

    def samples(self):
        return [Sample((), {"shape": (5,)}), Sample((), {"shape": (3, 4), "axis": 1, "dtype": float32}),
                Sample((), {"shape": (3, 4, 2), "axis": 1, "dtype": int32}), Sample((), {"shape": (0, 2)}),
                Sample((), {"shape": (3,), "axis": 1}, error=ValueError),
                Sample((), {"shape": (), "axis": 0}, error=ValueError),
                Sample((), {"shape": (3,), "dtype": bool_}, error=TypeError),
                Sample((), {"shape": 3}, error=TypeError)]
