"""Products with matrices of int8, and rounding to int8.

A number q of int8 stands for (q + offset) * scale, where the scale and the offset belong to a column of the matrix, or
to a group of consecutive elements of a column. Sums of products of two int8 numbers are exact in int32; they are
multiplied by the scales afterwards. Integers have no derivatives: gradients go to floating operands, to scales and to
offsets.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import DType, bfloat16, float16, float32, int8, int32
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.axes import infer_from_axes
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.support import integers, uniform, widen

_NARROW = (float16, bfloat16)


def _line(transpose_a: bool, transpose_b: bool) -> str:
    return f"... {'k m' if transpose_a else 'm k'}, ... {'n k' if transpose_b else 'k n'} -> ... m n"


def _product_shape(name: str, x, y, transpose_a: bool, transpose_b: bool) -> tuple:
    if x.ndim < 2 or y.ndim < 2:
        raise ValueError(f"{name}: shapes {x.shape} and {y.shape}; expected at least 2 axes each")
    return infer_from_axes(name, _line(transpose_a, transpose_b), [x.shape, y.shape])


def _check_int8(name: str, what: str, aval) -> None:
    if aval.dtype is not int8:
        raise TypeError(f"{name}: {what} has dtype {aval.dtype}; expected int8")


@register
class WeightQuantMatmul(Primitive):
    """x @ w for floating x (..., m, k) and w of int8 (..., k, n), or (..., n, k) with `transpose_w`, whose elements
    stand for (w + offset) * scale; without an offset, for w * scale. scale and offset: (n,), or with `group` (k / group
    rounded up, n), transposed like w; one row for each group of so many elements along k. They are in x's dtype or in
    float32, the result is in x's dtype; float16 and bfloat16 are multiplied in float32. Gradient: for x, scale and
    offset, from the decomposition."""

    name = "weight_quant_matmul"
    attrs = ("transpose_w", "group")
    defaults = {"transpose_w": False, "group": 0}
    kinds = "f"

    def infer(self, x, w, scale, offset=None, *, transpose_w, group):
        self.check_dtypes((x,))
        _check_int8(self.name, "w", w)
        shape = _product_shape(self.name, x, w, False, transpose_w)
        k, n = x.shape[-1], shape[-1]
        if group < 0:
            raise ValueError(f"weight_quant_matmul: group is {group}; expected a number of elements, or 0 for none")
        groups = -(-k // group) if group else None
        expected = (n,) if groups is None else (n, groups) if transpose_w else (groups, n)
        for what, given in (("scale", scale), ("offset", offset)):
            if given is None:
                continue
            if given.dtype not in (x.dtype, float32):
                raise TypeError(f"weight_quant_matmul: {what} has dtype {given.dtype}; expected {x.dtype} or float32")
            if given.shape != expected:
                raise ValueError(f"weight_quant_matmul: {what} has shape {given.shape}; expected {expected}")
        return tensor_aval(shape, x.dtype)

    def flops(self, out, *ins, transpose_w, group):
        return 2 * prod(out.shape) * ins[0].shape[-1]

    def reference(self, x, w, scale, offset=None, *, transpose_w, group):
        dtype, x = x.dtype, widen(x)
        scale, offset = (v if v is None else widen(v).astype(x.dtype) for v in (scale, offset))
        axis = 1 if transpose_w else 0
        if group:
            scale, offset = (v if v is None else np.repeat(v, group, axis).take(range(x.shape[-1]), axis)
                             for v in (scale, offset))
        elif transpose_w:
            scale, offset = (v if v is None else v[:, None] for v in (scale, offset))
        w = w.astype(x.dtype) * scale if offset is None else (w.astype(x.dtype) + offset) * scale
        return np.matmul(x, np.swapaxes(w, -1, -2) if transpose_w else w).astype(dtype)

    def lower(self, b, x, w, scale, offset=None, *, transpose_w, group):
        wide = float32 if x.dtype in _NARROW else x.dtype
        k = x.shape[-1]

        def spread(v):
            v = b.cast(v, dtype=wide)
            if group:
                return _repeated(b, v, group, k, 1 if transpose_w else 0)
            return b.reshape(v, shape=(v.shape[0], 1)) if transpose_w else v

        real = b.cast(w, dtype=wide)
        real = b.mul(real if offset is None else b.add(real, spread(offset)), spread(scale))
        return b.cast(b.matmul(b.cast(x, dtype=wide), real, transpose_b=transpose_w), dtype=x.dtype)

    def samples(self):
        found = []
        for number, (m, k, n) in enumerate(((3, 8, 5), (1, 1, 1), (1, 33, 17), (9, 16, 40), (0, 4, 2), (2, 3, 0))):
            for transposed in (False, True):
                for group in (0, 4):
                    for shift in (False, True):
                        found.append(_weight_sample(number, (m, k), (k, n), transposed, group, shift))
        found += [_weight_sample(20, (2, 3, 6), (6, 4), True, 0, True),
                  _weight_sample(21, (2, 3, 6), (2, 6, 4), False, 3, True),
                  _weight_sample(22, (2, 6), (3, 6, 4), True, 5, False)]
        x, w, scale = uniform((2, 3)), integers((3, 4), -9, 9, np.int8), uniform((4,))
        return [*found, Sample((x, w, uniform((3,))), error=ValueError),
                Sample((x, w, scale, uniform((1,))), error=ValueError),
                Sample((x, w, scale), {"transpose_w": True}, ValueError),
                Sample((x, w, scale), {"group": 2}, ValueError),
                Sample((x, w, scale), {"group": -1}, ValueError), Sample((x[0], w, scale), error=ValueError),
                Sample((x, w.astype(np.int32), scale), error=TypeError),
                Sample((integers((2, 3)), w, scale), error=TypeError),
                Sample((x.astype(np.float32), w, scale.astype(np.float16)), error=TypeError, exact_dtypes=True)]


def _repeated(b, v, group: int, k, axis: int):
    """Each row (or column) of a matrix `group` times, `k` of them in all."""
    g, n = v.shape[axis], v.shape[1 - axis]
    if axis:
        apart, together, whole, end = (n, g, 1), (n, g, group), (n, g * group), (n, k)
    else:
        apart, together, whole, end = (g, 1, n), (g, group, n), (g * group, n), (k, n)
    rows = b.reshape(b.broadcast_to(b.reshape(v, shape=apart), shape=together), shape=whole)
    return b.slice(rows, begin=(0, 0), end=end, strides=(1, 1))


def _weight_sample(seed: int, left: tuple, right: tuple, transposed: bool, group: int, shift: bool) -> Sample:
    w = integers(right, -128, 128, np.int8, seed)
    k, n = right[-2:]
    shape = (-(-k // group), n) if group else (n,)
    scale, offset = uniform(shape, 0.005, 0.02, seed + 1), integers(shape, -20, 20, np.float64, seed + 2)
    if transposed:
        w = np.swapaxes(w, -1, -2).copy()
        scale, offset = scale.T.copy(), offset.T.copy()
    ins = (uniform(left, -1, 1, seed + 3), w, scale, *([offset] if shift else []))
    return Sample(ins, {"transpose_w": transposed, "group": group}, rtol=1e-4, atol=2e-5)


@register
class Int8Matmul(Primitive):
    """a @ b over the last two axes of int8 tensors, which `transpose_a` and `transpose_b` exchange; leading axes
    broadcast. The sums are exact in int32, and wrap around beyond. Gradient: none, of integers."""

    name = "int8_matmul"
    attrs = ("transpose_a", "transpose_b")
    defaults = {"transpose_a": False, "transpose_b": False}
    kinds = "i"
    differentiable = False

    def infer(self, x, y, *, transpose_a, transpose_b):
        _check_int8(self.name, "the first operand", x)
        _check_int8(self.name, "the second operand", y)
        return tensor_aval(_product_shape(self.name, x, y, transpose_a, transpose_b), int32)

    def flops(self, out, *ins, transpose_a, transpose_b):
        return 2 * prod(out.shape) * ins[0].shape[-2 if transpose_a else -1]

    def reference(self, x, y, *, transpose_a, transpose_b):
        x = np.swapaxes(x, -1, -2) if transpose_a else x
        y = np.swapaxes(y, -1, -2) if transpose_b else y
        return np.matmul(x.astype(np.int32), y.astype(np.int32))

    def lower(self, b, x, y, *, transpose_a, transpose_b):
        return b.matmul(b.cast(x, dtype=int32), b.cast(y, dtype=int32), transpose_a=transpose_a,
                        transpose_b=transpose_b)

    def samples(self):
        shapes = [((3, 4), (4, 5)), ((1, 1), (1, 1)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((1, 65), (65, 33)),
                  ((19, 70), (70, 35)), ((0, 3), (3, 2)), ((2, 0), (0, 3))]
        found = []
        for seed, (left, right) in enumerate(shapes):
            for ta, tb in ((False, False), (True, False), (False, True), (True, True)):
                x, y = integers(left, -128, 128, np.int8, seed), integers(right, -128, 128, np.int8, seed + 50)
                x, y = np.swapaxes(x, -1, -2).copy() if ta else x, np.swapaxes(y, -1, -2).copy() if tb else y
                found.append(Sample((x, y), {"transpose_a": ta, "transpose_b": tb}))
        low = np.full((2, 300), -128, np.int8)
        return [*found, Sample((low, low), {"transpose_b": True}),
                Sample((low, -1 - low), {"transpose_b": True}), Sample((low, low), error=ValueError),
                Sample((low[0], low), error=ValueError), Sample((low, low.astype(np.int32)), error=TypeError),
                Sample((uniform((2, 3)), uniform((3, 2))), error=TypeError)]


@register
class QuantMatmul(Primitive):
    """The exact sums of a @ b for int8 tensors a (..., m, k) and b (..., k, n), or (..., n, k) with `transpose_b`, as
    float32 times column_scale (n,), then times row_scale (a's shape without k), rounded once to `dtype`. Gradient: for
    the scales, from the decomposition."""

    name = "quant_matmul"
    attrs = ("transpose_b", "dtype")
    defaults = {"transpose_b": False, "dtype": float32}
    kinds = "i"

    def infer(self, x, y, row_scale, column_scale, *, transpose_b, dtype):
        _check_int8(self.name, "the first operand", x)
        _check_int8(self.name, "the second operand", y)
        shape = _product_shape(self.name, x, y, False, transpose_b)
        for what, given, expected in (("row_scale", row_scale, x.shape[:-1]),
                                      ("column_scale", column_scale, shape[-1:])):
            if given.dtype is not float32:
                raise TypeError(f"quant_matmul: {what} has dtype {given.dtype}; expected float32")
            if given.shape != expected:
                raise ValueError(f"quant_matmul: {what} has shape {given.shape}; expected {expected}")
        if not isinstance(dtype, DType) or dtype.kind != "f":
            raise TypeError(f"quant_matmul: the result's dtype is {dtype}; expected a floating one")
        return tensor_aval(shape, dtype)

    def flops(self, out, *ins, transpose_b, dtype):
        return 2 * prod(out.shape) * ins[0].shape[-1]

    def reference(self, x, y, row_scale, column_scale, *, transpose_b, dtype):
        y = np.swapaxes(y, -1, -2) if transpose_b else y
        sums = np.matmul(x.astype(np.int32), y.astype(np.int32)).astype(row_scale.dtype)
        return (sums * column_scale * row_scale[..., None]).astype(dtype.np)

    def lower(self, b, x, y, row_scale, column_scale, *, transpose_b, dtype):
        sums = b.cast(b.int8_matmul(x, y, transpose_b=transpose_b), dtype=float32)
        rows = b.reshape(row_scale, shape=(*row_scale.shape, 1))
        return b.cast(b.mul(b.mul(sums, column_scale), rows), dtype=dtype)

    def samples(self):
        found = []
        shapes = [((3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)), ((1, 65), (65, 33)),
                  ((19, 70), (70, 35)), ((0, 3), (3, 2)), ((2, 0), (0, 3))]
        for seed, (left, right) in enumerate(shapes):
            for tb, dtype in ((False, float32), (True, float32), (True, float16), (False, bfloat16)):
                x, y = integers(left, -128, 128, np.int8, seed), integers(right, -128, 128, np.int8, seed + 50)
                y = np.swapaxes(y, -1, -2).copy() if tb else y
                scales = [uniform(s, 0.01, 0.02, seed).astype(np.float32) for s in (left[:-1], right[-1:])]
                found.append(Sample((x, y, *scales), {"transpose_b": tb, "dtype": dtype}, exact_dtypes=True,
                                    grad=False))
        x, y, r, c = (integers((2, 3), dtype=np.int8), integers((3, 4), dtype=np.int8), np.ones(2, np.float32),
                      np.ones(4, np.float32))
        return [*found, Sample((x, y, c, r), error=ValueError, exact_dtypes=True),
                Sample((x, y, r, c), {"transpose_b": True}, ValueError, exact_dtypes=True),
                Sample((x, y, r, c), {"dtype": int32}, TypeError, exact_dtypes=True),
                Sample((x, y, r, c.astype(np.float16)), error=TypeError, exact_dtypes=True),
                Sample((x, y.astype(np.int32), r, c), error=TypeError, exact_dtypes=True)]


@register
class QuantizeRows(Primitive):
    """int8 rows for the vectors along the last axis, and a scale in float32 for each: the largest absolute value over
    127, by which the elements are divided before they are rounded, halves to even. A row that is 0 or not finite
    throughout gets zeros; the scale then is 0, infinite or NaN. All in float32. Gradient: none, as the result changes
    in steps; asking for one is an error."""

    name = "quantize_rows"
    kinds = "f"

    def infer(self, x):
        self.check_dtypes((x,))
        if x.ndim == 0 or x.shape[-1] == 0:
            raise ValueError(f"quantize_rows: shape {x.shape}; expected at least one axis, the last one not empty")
        return tuple_aval((tensor_aval(x.shape, int8), tensor_aval(x.shape[:-1], float32)))

    def reference(self, x):
        x = x.astype(np.float32)
        scale = np.abs(x).max(axis=-1) / np.float32(127)
        with np.errstate(all="ignore"):
            steps = np.clip(np.round(x / scale[..., None]), -127, 127)
        usable = (scale > 0) & np.isfinite(scale)
        return np.where(usable[..., None], steps, 0).astype(np.int8), scale.astype(np.float32)

    def vjp(self, b, ct, out, x):
        raise TypeError("quantize_rows: there is no derivative of rounding to int8, so a network with dynamically "
                        "quantised layers cannot be differentiated; quantise its weights only, or take the gradient "
                        "before it is quantised")

    def lower(self, b, x):
        x = b.cast(x, dtype=float32)
        scale = b.div(b.max(b.abs(x), axis=(x.aval.ndim - 1,), keepdims=True), 127.0)
        usable = b.logical_and(b.gt(scale, 0.0), b.isfinite(scale))
        steps = b.minimum(b.maximum(b.round(b.div(x, b.select(usable, scale, b.ones_like(scale.aval)))), -127.0), 127.0)
        usable = b.broadcast_to(usable, shape=x.shape)
        return (b.cast(b.select(usable, steps, b.zeros_like(x.aval)), dtype=int8),
                b.reshape(scale, shape=x.shape[:-1]))

    def samples(self):
        rows = np.array([[0.0, 0.0, -0.0], [1e-30, -3e-30, 2e-30], [1.0, 2.0, -127.0], [63.5, -0.5, 1.5],
                         [300.0, -7, 1]])
        wild = np.array([[np.nan, 1.0, 2.0], [np.inf, 1.0, 2.0], [-np.inf, np.nan, 0.0], [1.0, 2.0, 3.0]], np.float32)
        return [*[Sample((uniform(shape, seed=k),), grad=False) for k, shape in enumerate(
                    ((3, 8), (1,), (2, 3, 33), (1, 100), (0, 4), (4, 1)))],
                Sample((rows.astype(np.float32),), grad=False, exact_dtypes=True),
                Sample((wild,), grad=False, exact_dtypes=True),
                Sample((uniform((2, 0)),), error=ValueError), Sample((np.float32(1),), error=ValueError),
                Sample((integers((2, 3)),), error=TypeError)]
