"""Order along an axis: sorting, the largest elements, the element of a rank. NaN counts as larger than every number,
and equal elements stay in their order."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int32
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.shape import check_axis
from mindspore.compiler.primitives.support import SPECIAL, distinct, integers, widen


@register
class Sort(Primitive):
    """(values, indices): x in order along `axis`, and where each value came from (int32). Stable; NaN counts as larger
    than every number. Gradient: the cotangent of the values, carried back to where they came from."""

    name = "sort"
    attrs = ("axis", "descending")
    defaults = {"descending": False}
    kinds = "biuf"

    def infer(self, x, *, axis, descending):
        self.check_dtypes((x,))
        check_axis("sort", axis, x.ndim)
        return tuple_aval((x, tensor_aval(x.shape, int32)))

    def reference(self, x, *, axis, descending):
        keys = np.flip(widen(x), axis) if descending else widen(x)
        order = np.argsort(keys, axis=axis, kind="stable")
        if descending:
            order = np.flip(x.shape[axis] - 1 - order, axis)
        return np.take_along_axis(x, order, axis), order.astype(np.int32)

    def vjp(self, b, ct, out, x, *, axis, descending):
        return (b.scatter_add_elements(b.zeros_like(x.aval), out[1], ct[0], axis=axis),)

    def vmap(self, b, lanes, batched, x, *, axis, descending):
        return b.sort(x, axis=axis + 1, descending=descending)

    def samples(self):
        return [Sample((distinct((3, 5)),), {"axis": 1}), Sample((distinct((3, 5)),), {"axis": 0, "descending": True}),
                Sample((distinct((2, 37)),), {"axis": 1}), Sample((np.zeros((2, 0)),), {"axis": 1}),
                Sample((np.array([2.0, 1.0, 2.0, 1.0, 3.0]),), {"axis": 0}, grad=False),
                Sample((np.array([2.0, 1.0, 2.0, 1.0, 3.0]),), {"axis": 0, "descending": True}, grad=False),
                Sample((SPECIAL,), {"axis": 0}, grad=False),
                Sample((SPECIAL,), {"axis": 0, "descending": True}, grad=False),
                Sample((integers((4, 7)),), {"axis": 1, "descending": True}),
                Sample((integers((9,), 0, 2, bool),), {"axis": 0}),
                Sample((np.zeros(()),), {"axis": 0}, error=ValueError),
                Sample((np.zeros(3),), {"axis": 1}, error=ValueError)]


@register
class TopK(Primitive):
    """(values, indices): the `k` largest elements along the last axis in descending order (the smallest in ascending
    order, without `largest`) and their places (int32); equal elements in their order. Gradient: as of `sort`."""

    name = "top_k"
    attrs = ("k", "largest")
    vmap = Primitive.vmap_stacks
    defaults = {"largest": True}
    kinds = "biuf"

    def infer(self, x, *, k, largest):
        self.check_dtypes((x,))
        if x.ndim == 0 or not 0 <= k <= x.shape[-1]:
            raise ValueError(f"top_k: k is {k} for a tensor of shape {x.shape}; expected at least one axis and "
                             f"0 <= k <= the size of the last one")
        shape = (*x.shape[:-1], k)
        return tuple_aval((tensor_aval(shape, x.dtype), tensor_aval(shape, int32)))

    def vjp(self, b, ct, out, x, *, k, largest):
        return (b.scatter_add_elements(b.zeros_like(x.aval), out[1], ct[0], axis=x.aval.ndim - 1),)

    def lower(self, b, x, *, k, largest):
        ordered = b.sort(x, axis=x.aval.ndim - 1, descending=largest)
        begin, end, strides = (0,) * x.aval.ndim, (*x.shape[:-1], k), (1,) * x.aval.ndim
        return tuple(b.slice(part, begin=begin, end=end, strides=strides) for part in b.items(ordered))

    def samples(self):
        return [Sample((distinct((3, 5)),), {"k": 2}), Sample((distinct((2, 37)),), {"k": 5, "largest": False}),
                Sample((distinct((4,)),), {"k": 4}), Sample((distinct((4,)),), {"k": 0}),
                Sample((np.array([1.0, 3.0, 3.0, 2.0]),), {"k": 3}, grad=False), Sample((integers((2, 6)),), {"k": 2}),
                Sample((SPECIAL,), {"k": 4}, grad=False), Sample((np.zeros((2, 3)),), {"k": 4}, error=ValueError),
                Sample((np.zeros(()),), {"k": 0}, error=ValueError)]


@register
class Kth(Primitive):
    """(values, indices): the element along `axis` that has `k` others before it in ascending order, and its place
    (int32); the axis is left out. Gradient: the cotangent of the values, carried back to where they came from."""

    name = "kth"
    attrs = ("k", "axis")
    kinds = "biuf"

    def infer(self, x, *, k, axis):
        self.check_dtypes((x,))
        check_axis("kth", axis, x.ndim)
        if not 0 <= k < x.shape[axis]:
            raise ValueError(f"kth: k is {k} along axis {axis} of shape {x.shape}; expected 0 <= k < the size of it")
        shape = (*x.shape[:axis], *x.shape[axis + 1:])
        return tuple_aval((tensor_aval(shape, x.dtype), tensor_aval(shape, int32)))

    def vjp(self, b, ct, out, x, *, k, axis):
        kept = (*x.shape[:axis], 1, *x.shape[axis + 1:])
        return (b.scatter_add_elements(b.zeros_like(x.aval), b.reshape(out[1], shape=kept),
                                       b.reshape(ct[0], shape=kept), axis=axis),)

    def vmap(self, b, lanes, batched, x, *, k, axis):
        return b.kth(x, k=k, axis=axis + 1)

    def lower(self, b, x, *, k, axis):
        begin, strides = tuple(k if i == axis else 0 for i in range(x.aval.ndim)), (1,) * x.aval.ndim
        end = tuple(k + 1 if i == axis else d for i, d in enumerate(x.shape))
        shape = (*x.shape[:axis], *x.shape[axis + 1:])
        return tuple(b.reshape(b.slice(part, begin=begin, end=end, strides=strides), shape=shape)
                     for part in b.items(b.sort(x, axis=axis)))

    def samples(self):
        return [Sample((distinct((3, 5)),), {"k": 2, "axis": 1}), Sample((distinct((3, 5)),), {"k": 0, "axis": 0}),
                Sample((distinct((2, 37, 3)),), {"k": 36, "axis": 1}), Sample((distinct((1,)),), {"k": 0, "axis": 0}),
                Sample((distinct((5000,)),), {"k": 1234, "axis": 0}, grad=False),
                Sample((np.array([2.0, 1.0, 2.0, 1.0, 3.0]),), {"k": 3, "axis": 0}, grad=False),
                Sample((SPECIAL,), {"k": 2, "axis": 0}, grad=False),
                Sample((SPECIAL,), {"k": len(SPECIAL) - 1, "axis": 0}, grad=False),
                Sample((integers((4, 300)),), {"k": 17, "axis": 1}),
                Sample((integers((9,), 0, 2, bool),), {"k": 4, "axis": 0}),
                Sample((np.zeros((2, 3)),), {"k": 3, "axis": 1}, error=ValueError),
                Sample((np.zeros((2, 3)),), {"k": -1, "axis": 1}, error=ValueError),
                Sample((np.zeros((2, 0)),), {"k": 0, "axis": 1}, error=ValueError),
                Sample((np.zeros(()),), {"k": 0, "axis": 0}, error=ValueError)]
