"""Small helpers of the neural-network families: computing half-precision values in float32, NumPy twins of scalar
functions, and reading cotangents of several outputs."""
from __future__ import annotations

from functools import wraps

import numpy as np

from mindspore.common.dtype import DType, bfloat16, float16, float32
from mindspore.compiler.ir.graph import Node
from mindspore.compiler.primitives.base import normalize_axis, primitive
from mindspore.compiler.primitives.support import widen


def accumulation(dtype: DType) -> DType:
    """The dtype in which formulas of `dtype` are computed: float32 for the two half-precision types."""
    return float32 if dtype in (float16, bfloat16) else dtype


def wide(b, *nodes: Node):
    """The nodes cast to their accumulation dtype; one node for one operand."""
    cast = [b.cast(n, dtype=accumulation(n.dtype)) for n in nodes]
    return cast[0] if len(cast) == 1 else cast


def wide_rule(rule):
    """A decomposition of element-wise operators that is computed in the accumulation dtype, then rounded once."""

    @wraps(rule)
    def lower(self, b, x, *others, **attrs):
        ins = [wide(b, node) for node in (x, *others)]
        return b.cast(rule(self, b, *ins, **attrs), dtype=x.dtype)

    return lower


def wide_reference(rule):
    """A reference that is computed in the accumulation dtype, then rounded once."""

    @wraps(rule)
    def reference(self, *arrays, **attrs):
        with np.errstate(all="ignore"):
            result = rule(self, *[widen(a) for a in arrays], **attrs)
        return np.asarray(result).astype(arrays[0].dtype)

    return reference


def zero(b, like: Node) -> Node:
    """The number 0 in the dtype of `like`."""
    return b.constant(0, like.dtype)


def np_sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function: exp is only taken of numbers that are not positive."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def np_softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)) without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def np_erf(x: np.ndarray) -> np.ndarray:
    """The error function, from the primitive's own reference."""
    return primitive("erf").reference(x)


def np_log_softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """x - log(sum(exp(x))) along an axis, shifted by the maximum."""
    shifted = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def non_negative_axis(op, b, ins: tuple, axis: int) -> Node | None:
    """A simplification shared by operators whose only attribute is an axis: count it from the front."""
    normal = normalize_axis(op.name, axis, ins[0].aval.ndim)
    return None if normal == axis else b.emit(op, ins, (normal,))
