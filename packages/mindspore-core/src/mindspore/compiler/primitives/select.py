"""Choosing between values, changing element types, and stopping gradients."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import DType, bfloat16, bool_, complex64, float16, float32, float64, int8, int32, uint8
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.primitives import complex_rules
from mindspore.compiler.primitives.base import Elementwise, Sample, broadcast_shapes, register
from mindspore.compiler.primitives.support import SPECIAL, complex_samples, integers, scalar_of, uniform


@register
class Select(Elementwise):
    """a where cond (bool) is true, else b; the three broadcast. What stands at places not chosen has no influence,
    NaN included. Gradient: select(cond, ct, 0) for a, select(cond, 0, ct) for b."""

    name = "select"
    partwise = True
    kinds = "biufc"

    def infer(self, cond, x, y):
        if cond.dtype is not bool_:
            raise TypeError(f"select: the condition is {cond.dtype}, expected Bool; compare it with 0 first")
        dtype = self.check_dtypes((x, y))
        return tensor_aval(broadcast_shapes("select", cond.shape, x.shape, y.shape), dtype)

    def reference(self, cond, x, y):
        return np.where(cond, x, y)

    def grad(self, b, ct, out, cond, x, y):
        zero = b.constant(0, ct.dtype)
        return None, b.select(cond, ct, zero), b.select(cond, zero, ct)

    def simplify(self, b, ins, attrs):
        cond, x, y = ins
        if cond.dtype is not bool_ or x.dtype is not y.dtype:
            return None
        if cond.op.name == "logical_not":
            return b.select(cond.ins[0], y, x)
        known = scalar_of(cond)
        chosen = x if x is y or known else y if known is not None else None
        if chosen is not None and broadcast_shapes("select", cond.shape, x.shape, y.shape) == chosen.shape:
            return chosen
        return super().simplify(b, ins, attrs)

    def samples(self):
        cond = integers((3, 4), 0, 2, bool)
        return [Sample((cond, uniform((3, 4)), uniform((3, 4), seed=1))),
                Sample((cond, uniform((4,)), uniform((3, 1), seed=1))), Sample((cond, uniform(()), uniform((4,)))),
                Sample((np.array(True), uniform((2, 3)), uniform((3,)))),
                Sample((cond[:0], uniform((4,)), uniform(()))),
                Sample((np.array([True, False] * 5 + [True]), SPECIAL, SPECIAL[::-1].copy()), grad=False),
                Sample((cond, integers((4,)), integers((3, 4), seed=1))),
                Sample((cond, cond, integers((4,), 0, 2, bool))),
                Sample((np.ones(2, np.int32), np.ones(2), np.ones(2)), error=TypeError),
                Sample((np.ones(2, bool), np.ones(2), np.ones(2, np.int32)), error=TypeError),
                Sample((np.ones(2, bool), np.ones(3), np.ones(3)), error=ValueError)]


@register
class Cast(Elementwise):
    """x converted to `dtype`. Floats round to nearest even; floats to integers truncate as in C, with an unspecified
    result for NaN and values out of range; integers wrap around; to bool is x != 0; complex to real drops the
    imaginary part. Gradient: ct cast back, between floating and complex types only."""

    name = "cast"
    attrs = ("dtype",)

    def infer(self, x, *, dtype):
        if not isinstance(dtype, DType):
            raise TypeError(f"cast: dtype is {dtype!r}, expected a mindspore dtype such as mindspore.float32")
        return tensor_aval(x.shape, dtype)

    def reference(self, x, *, dtype):
        if x.dtype.kind == "c" and dtype.kind != "c" and dtype is not bool_:
            x = x.real
        return np.asarray(x).astype(dtype.np)

    def grad(self, b, ct, out, x, *, dtype):
        smooth = dtype.is_inexact or x.dtype.kind in "iu"  # a float that is cut off has no derivative
        return (b.cast(ct, dtype=x.dtype) if smooth else None,)

    def jvp(self, b, ins, tangents, *, dtype):
        out = b.cast(ins[0], dtype=dtype)
        return out, b.cast(tangents[0], dtype=dtype) if dtype.is_inexact else None

    def simplify(self, b, ins, attrs):
        x, dtype = ins[0], attrs[0]
        if x.dtype is dtype:
            return x
        if x.op is self and holds(x.dtype, x.ins[0].dtype):
            return b.cast(x.ins[0], dtype=dtype)
        return super().simplify(b, ins, attrs)

    def lower_parts(self, b, x, *, dtype):
        return complex_rules.converted(b, x, dtype)

    def samples(self):
        x = np.array([[0.0, 1.0, -1.0], [2.75, -3.5, 100.25]])
        floats = [Sample((x,), {"dtype": d}) for d in (float64, float32)]
        narrow = [Sample((x,), {"dtype": d}, grad=False) for d in (float16, bfloat16, int32, int8, bool_)]
        return [*floats, *narrow, Sample((np.array(2.5),), {"dtype": float32}),
                Sample((np.zeros((0, 2)),), {"dtype": int32}), Sample((integers((7,)),), {"dtype": float32}),
                Sample((integers((7,), -300, 300),), {"dtype": int8}), Sample((integers((7,)),), {"dtype": uint8}),
                Sample((integers((7,), 0, 2, bool),), {"dtype": float32}),
                Sample((np.array([np.inf, -np.inf, np.nan, -0.0, 1e30]),), {"dtype": float16}, grad=False),
                Sample((np.array([np.inf, np.nan, -0.0]),), {"dtype": bool_}, grad=False),
                *complex_samples(1, dtype=complex64), *complex_samples(1, dtype=float32),
                *complex_samples(1, dtype=bool_), Sample((x,), {"dtype": complex64}, grad=False),
                Sample((x,), {"dtype": "float32"}, error=TypeError)]


def holds(wide: DType, narrow: DType) -> bool:
    """Whether every value of `narrow` is exactly a value of `wide`."""
    if wide is narrow or narrow is bool_:
        return True
    if narrow.kind in "iu":
        if wide.kind in "fc":
            mantissa = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53, "complex64": 24, "complex128": 53}
            return narrow.itemsize * 8 <= mantissa[wide.key]
        return wide.itemsize > narrow.itemsize and (wide.kind == "i" or narrow.kind == "u") and wide.kind in "iu"
    if narrow.kind == "f":
        return (wide.kind == "f" and wide.itemsize > narrow.itemsize) or (
            wide.kind == "c" and wide.itemsize >= 2 * narrow.itemsize)
    return wide.kind == "c" and wide.itemsize > narrow.itemsize


@register
class StopGradient(Elementwise):
    """x itself. Gradient: none, which makes x a constant for differentiation."""

    name = "stop_gradient"

    def reference(self, x):
        return x

    def lower(self, b, x):
        return x

    def grad(self, b, ct, out, x):
        return (None,)

    def simplify(self, b, ins, attrs):
        return ins[0] if ins[0].op is self else super().simplify(b, ins, attrs)

    def samples(self):
        return [Sample((uniform((2, 3)),), grad=False), Sample((uniform(()),), grad=False),
                Sample((np.zeros((0, 2)),), grad=False), Sample((integers((3,)),))]
