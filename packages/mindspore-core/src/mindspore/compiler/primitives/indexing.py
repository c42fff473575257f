"""Reading and adding at places given by index tensors, one-hot codes.

Indices are integers of any type; they are not wrapped here, the layer above adds the size to negative ones. An index
outside [0, size) reads 0 and adds nothing: on every backend, with no trap, and so that the adjoint of each operator
is exactly the other one of its pair: (`gather`, `scatter_add`) and (`gather_elements`, `scatter_add_elements`).
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import DType, bool_, float32, int32, int64
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.shape import check_axis
from mindspore.compiler.primitives.support import integers, uniform, widen


def _check_indices(name: str, indices) -> None:
    if not indices.dtype.is_integer:
        raise TypeError(f"{name}: the indices are {indices.dtype}, expected an integer dtype; cast them first")


def _valid(indices: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Which indices are in range, and the indices with all others replaced by 0, as int64."""
    good = (indices >= 0) & (indices < size)
    return good, np.where(good, indices, 0).astype(np.int64)


def _moved(b, x, start: int, count: int, to: int):
    """x with the `count` axes from `start` on moved so that they begin at `to`."""
    axes = list(range(x.aval.ndim))
    group = axes[start:start + count]
    rest = axes[:start] + axes[start + count:]
    return b.transpose(x, perm=(*rest[:to], *group, *rest[to:]))


def _numbered(b, lanes, x, indices, axis: int) -> tuple:
    """The slices of all lanes along one axis, and every lane's indices into it; what was out of range stays so."""
    size = x.shape[axis + 1]
    rows = lanes.merged(b, _moved(b, x, axis + 1, 1, 1))
    wide = int64 if lanes.size * size >= 2**31 or indices.dtype.itemsize == 8 else int32
    places = b.cast(indices, dtype=wide)
    first = b.reshape(b.mul(b.iota(shape=(lanes.size,), axis=0, dtype=wide), size),
                      shape=(lanes.size, *(1,) * (indices.aval.ndim - 1)))
    good = b.logical_and(b.ge(indices, 0), b.lt(places, size))
    return rows, b.select(good, b.add(places, first), b.constant(-1, wide))


@register
class Gather(Primitive):
    """Slices of x along `axis` at the places in `indices`: the axis is replaced by the axes of `indices`. An index out
    of range gives zeros. Gradient: ct added into zeros at those places."""

    name = "gather"
    partwise = True
    attrs = ("axis",)
    defaults = {"axis": 0}

    def infer(self, x, indices, *, axis):
        _check_indices("gather", indices)
        check_axis("gather", axis, x.ndim)
        return tensor_aval(x.shape[:axis] + indices.shape + x.shape[axis + 1:], x.dtype)

    def reference(self, x, indices, *, axis):
        shape = x.shape[:axis] + indices.shape + x.shape[axis + 1:]
        if x.shape[axis] == 0:
            return np.zeros(shape, x.dtype)
        good, places = _valid(indices, x.shape[axis])
        good = good.reshape(indices.shape + (1,) * (x.ndim - axis - 1))
        return np.where(good, np.take(x, places, axis), np.zeros((), x.dtype))

    def vjp(self, b, ct, out, x, indices, *, axis):
        return b.scatter_add(b.zeros_like(x.aval), indices, ct, axis=axis), None

    def vmap(self, b, lanes, batched, x, indices, *, axis):
        if not batched[1]:
            return b.gather(x, indices, axis=axis + 1)
        count = indices.aval.ndim - 1
        if not batched[0]:
            return _moved(b, b.gather(x, indices, axis=axis), axis, 1, 0)
        rows, places = _numbered(b, lanes, x, indices, axis)
        return _moved(b, b.gather(rows, places, axis=0), 1, count, axis + 1)

    def samples(self):
        return [Sample((uniform((5, 3)), integers((4,), 0, 5))),
                Sample((uniform((5, 3)), integers((2, 2), 0, 3)), {"axis": 1}),
                Sample((uniform((2, 4, 3)), integers((3,), 0, 4, np.int64)), {"axis": 1}),
                Sample((uniform((5, 3)), np.array(2, np.int32))), Sample((uniform((5, 2)), np.zeros((0,), np.int32))),
                Sample((uniform((4, 2)), np.array([3, 3, 3, 0], np.int32))),
                Sample((uniform((3, 2)), np.array([0, 3, -1, 2**31 - 1, 1], np.int32))),
                Sample((np.zeros((0, 2)), np.array([0, 1], np.int32))),
                Sample((uniform((7,)), integers((5,), 0, 7, np.uint8))),
                Sample((integers((4, 2)), integers((3,), 0, 4))),
                Sample((integers((6,), 0, 2, bool), integers((3,), -1, 7))),
                Sample((uniform((3, 2)), uniform((2,))), error=TypeError),
                Sample((uniform((3, 2)), integers((2,))), {"axis": 2}, error=ValueError)]


@register
class ScatterAdd(Primitive):
    """x with the slices `updates` added along `axis` at the places in `indices`; equal places add up. An index out of
    range adds nothing. float16 and bfloat16 accumulate in float32. Gradient: ct, and ct gathered at those places."""

    name = "scatter_add"
    partwise = True
    attrs = ("axis",)
    defaults = {"axis": 0}
    kinds = "iufc"

    def infer(self, x, indices, updates, *, axis):
        self.check_dtypes((x, updates))
        _check_indices("scatter_add", indices)
        check_axis("scatter_add", axis, x.ndim)
        want = x.shape[:axis] + indices.shape + x.shape[axis + 1:]
        if updates.shape != want:
            raise ValueError(f"scatter_add: the updates have shape {updates.shape}, expected {want} for x {x.shape}, "
                             f"indices {indices.shape} and axis {axis}")
        return tensor_aval(x.shape, x.dtype)

    def reference(self, x, indices, updates, *, axis):
        rest = x.shape[:axis] + x.shape[axis + 1:]
        wide = np.moveaxis(widen(x), axis, 0).copy()
        added = np.moveaxis(widen(updates), range(axis, axis + indices.ndim), range(indices.ndim))
        good, places = _valid(indices.reshape(-1), x.shape[axis])
        np.add.at(wide, places[good], added.reshape((indices.size, *rest))[good])
        return np.moveaxis(wide, 0, axis).astype(x.dtype)

    def vjp(self, b, ct, out, x, indices, updates, *, axis):
        return ct, None, b.gather(ct, indices, axis=axis)

    def vmap(self, b, lanes, batched, x, indices, updates, *, axis):
        x, updates = lanes.spread_all(b, (batched[0], batched[2]), (x, updates))
        if not batched[1]:
            return b.scatter_add(x, indices, updates, axis=axis + 1)
        rows, places = _numbered(b, lanes, x, indices, axis)
        added = _moved(b, updates, axis + 1, indices.aval.ndim - 1, 1)
        summed = b.scatter_add(rows, places, added, axis=0)
        return _moved(b, lanes.split(b, summed), 1, 1, axis + 1)

    def samples(self):
        x = uniform((4, 3))
        return [Sample((x, np.array([1, 3], np.int32), uniform((2, 3), seed=1))),
                Sample((x, np.array([2, 2, 0, 2], np.int32), uniform((4, 3), seed=1))),
                Sample((x, np.array([[0, 1], [1, 2]], np.int64), uniform((4, 2, 2), seed=1)), {"axis": 1}),
                Sample((x, np.array(1, np.int32), uniform((3,), seed=1))),
                Sample((x, np.array([-1, 4, 1], np.int32), uniform((3, 3), seed=1))),
                Sample((x, np.zeros((0,), np.int32), np.zeros((0, 3)))),
                Sample((np.zeros((0, 3)), np.array([0], np.int32), uniform((1, 3)))),
                Sample((integers((4, 2)), integers((3,), 0, 4), integers((3, 2), seed=1))),
                Sample((x, np.array([1], np.int32), uniform((2, 3))), error=ValueError),
                Sample((x, uniform((2,)), uniform((2, 3))), error=TypeError),
                Sample((x, np.array([1], np.int32), integers((1, 3))), error=TypeError),
                Sample((x, np.array([1], np.int32), uniform((1, 3))), {"axis": 5}, error=ValueError)]


@register
class ScatterUpdate(Primitive):
    """x with the rows (slices along axis 0) at the places `indices`[n] replaced by `updates`[n, ...], one after the
    other: of equal places the last row stays. An index out of range replaces nothing. Gradient: ct where nothing was
    replaced; ct gathered at the places, for the rows that stay."""

    name = "scatter_update"
    attrs = ()

    def infer(self, x, indices, updates):
        self.check_dtypes((x, updates))
        _check_indices("scatter_update", indices)
        if x.ndim == 0 or indices.ndim != 1 or updates.shape != indices.shape + x.shape[1:]:
            raise ValueError(f"scatter_update: got x of shape {x.shape}, indices {indices.shape} and updates "
                             f"{updates.shape}; expected x of at least one axis, indices [n] and updates [n, ...] with "
                             f"the other axes of x")
        return x

    def lower(self, b, x, indices, updates):
        if indices.aval.size == 0:
            return x
        places, rows = _last_of_equals(b, indices, updates)
        carrier = int32 if x.dtype is bool_ else x.dtype
        new = b.scatter_add(b.full(x.shape, 0, carrier), places, b.cast(rows, dtype=carrier), axis=0)
        hits = b.scatter_add(b.full(x.shape[:1], 0, int32), places, b.full(places.shape, 1, int32), axis=0)
        written = b.reshape(b.gt(hits, 0), shape=x.shape[:1] + (1,) * (x.aval.ndim - 1))
        return b.select(written, b.cast(new, dtype=x.dtype), x)

    def samples(self):
        x = uniform((4, 3))
        return [Sample((x, np.array([1, 3], np.int32), uniform((2, 3), seed=1))),
                Sample((x, np.array([2, 2, 0, 2], np.int32), uniform((4, 3), seed=1))),
                Sample((x, np.array([-1, 4, 1], np.int64), uniform((3, 3), seed=1))),
                Sample((x, np.zeros((0,), np.int32), np.zeros((0, 3)))),
                Sample((uniform((5,)), np.array([4], np.int32), uniform((1,), seed=1))),
                Sample((np.zeros((0, 3)), np.array([0], np.int32), uniform((1, 3)))),
                Sample((integers((4, 2)), integers((3,), 0, 4), integers((3, 2), seed=1))),
                Sample((x > 0.5, integers((3,), 0, 4), uniform((3, 3), seed=1) > 0.5)),
                Sample((x, np.array([1], np.int32), uniform((2, 3))), error=ValueError),
                Sample((x, np.array([[1]], np.int32), uniform((1, 1, 3))), error=ValueError),
                Sample((x, uniform((2,)), uniform((2, 3))), error=TypeError),
                Sample((x, np.array([1], np.int32), integers((1, 3))), error=TypeError)]


def _last_of_equals(b, places, rows):
    """The places in order, of equal ones all but the last as -1, and the rows in the same order. The sort is stable, so
    the last one comes last."""
    ordered, source = b.items(b.sort(places, axis=0, descending=False))
    rows = b.gather(rows, source, axis=0)
    n = ordered.aval.size
    if n < 2:
        return ordered, rows
    here = b.slice(ordered, begin=(0,), end=(n - 1,), strides=(1,))
    after = b.slice(ordered, begin=(1,), end=(n,), strides=(1,))
    kept = b.select(b.ne(here, after), here, b.full(here.shape, -1, ordered.dtype))
    return b.concat(kept, b.slice(ordered, begin=(n - 1,), end=(n,), strides=(1,)), axis=0), rows


def _check_elements(name: str, x, indices, axis: int) -> None:
    _check_indices(name, indices)
    check_axis(name, axis, x.ndim)
    if indices.ndim != x.ndim or any(i != d for k, (i, d) in enumerate(zip(indices.shape, x.shape)) if k != axis):
        raise ValueError(f"{name}: the indices have shape {indices.shape}, expected that of x {x.shape} on all axes "
                         f"but axis {axis}")


@register
class GatherElements(Primitive):
    """For each place of `indices` the element of x at the same place with its coordinate along `axis` replaced by the
    index (`numpy.take_along_axis`). An index out of range gives 0. Gradient: ct added into zeros at those places."""

    name = "gather_elements"
    partwise = True
    attrs = ("axis",)

    def infer(self, x, indices, *, axis):
        _check_elements("gather_elements", x, indices, axis)
        return tensor_aval(indices.shape, x.dtype)

    def reference(self, x, indices, *, axis):
        if x.shape[axis] == 0:
            return np.zeros(indices.shape, x.dtype)
        good, places = _valid(indices, x.shape[axis])
        return np.where(good, np.take_along_axis(x, places, axis), np.zeros((), x.dtype))

    def vjp(self, b, ct, out, x, indices, *, axis):
        return b.scatter_add_elements(b.zeros_like(x.aval), indices, ct, axis=axis), None

    def vmap(self, b, lanes, batched, *ins, axis):
        return b.gather_elements(*lanes.spread_all(b, batched, ins), axis=axis + 1)

    def samples(self):
        return [Sample((uniform((4, 3)), integers((2, 3), 0, 4)), {"axis": 0}),
                Sample((uniform((4, 3)), integers((4, 5), 0, 3, np.int64)), {"axis": 1}),
                Sample((uniform((2, 3, 4)), integers((2, 1, 4), 0, 3)), {"axis": 1}),
                Sample((uniform((5,)), np.array([0, 5, -1, 4, 4], np.int32)), {"axis": 0}),
                Sample((uniform((3, 2)), np.zeros((0, 2), np.int32)), {"axis": 0}),
                Sample((np.zeros((0, 2)), np.zeros((1, 2), np.int32)), {"axis": 0}),
                Sample((integers((3, 3)), integers((3, 1), 0, 3)), {"axis": 1}),
                Sample((uniform((4, 3)), integers((2, 2))), {"axis": 0}, error=ValueError),
                Sample((uniform((4, 3)), integers((2,))), {"axis": 0}, error=ValueError),
                Sample((uniform((4, 3)), uniform((2, 3))), {"axis": 0}, error=TypeError)]


@register
class ScatterAddElements(Primitive):
    """x with each of `updates` added at its own place with the coordinate along `axis` replaced by the index; equal
    places add up. An index out of range adds nothing. Gradient: ct, and ct gathered at those places."""

    name = "scatter_add_elements"
    partwise = True
    attrs = ("axis",)
    kinds = "iufc"

    def infer(self, x, indices, updates, *, axis):
        self.check_dtypes((x, updates))
        _check_elements("scatter_add_elements", x, indices, axis)
        if updates.shape != indices.shape:
            raise ValueError(f"scatter_add_elements: the updates have shape {updates.shape}, expected that of the "
                             f"indices, {indices.shape}")
        return tensor_aval(x.shape, x.dtype)

    def reference(self, x, indices, updates, *, axis):
        wide = widen(x).copy()
        good, places = _valid(indices, x.shape[axis])
        coordinates = list(np.indices(indices.shape, sparse=False))
        coordinates[axis] = places
        np.add.at(wide, tuple(c[good] for c in coordinates), widen(updates)[good])
        return wide.astype(x.dtype)

    def vjp(self, b, ct, out, x, indices, updates, *, axis):
        return ct, None, b.gather_elements(ct, indices, axis=axis)

    def vmap(self, b, lanes, batched, *ins, axis):
        return b.scatter_add_elements(*lanes.spread_all(b, batched, ins), axis=axis + 1)

    def samples(self):
        x = uniform((4, 3))
        return [Sample((x, integers((2, 3), 0, 4), uniform((2, 3), seed=1)), {"axis": 0}),
                Sample((x, np.array([[0, 0, 0, 2, 2]] * 4, np.int64), uniform((4, 5), seed=1)), {"axis": 1}),
                Sample((uniform((2, 3, 4)), integers((2, 1, 4), 0, 3), uniform((2, 1, 4), seed=1)), {"axis": 1}),
                Sample((uniform((3,)), np.array([0, 3, -1], np.int32), uniform((3,), seed=1)), {"axis": 0}),
                Sample((x, np.zeros((0, 3), np.int32), np.zeros((0, 3))), {"axis": 0}),
                Sample((integers((3, 3)), integers((3, 2), 0, 3), integers((3, 2))), {"axis": 1}),
                Sample((x, integers((2, 3)), uniform((1, 3))), {"axis": 0}, error=ValueError),
                Sample((x, uniform((2, 3)), uniform((2, 3))), {"axis": 0}, error=TypeError),
                Sample((x, integers((2, 3)), integers((2, 3))), {"axis": 0}, error=TypeError)]


@register
class OneHot(Primitive):
    """1 where the index along the new axis `axis` of size `depth` equals the index given, else 0, as `dtype`. An index
    out of range gives zeros only. Gradient: none."""

    name = "one_hot"
    attrs = ("depth", "axis", "dtype")
    defaults = {"dtype": float32}
    differentiable = False

    def infer(self, indices, *, depth, axis, dtype):
        _check_indices("one_hot", indices)
        check_axis("one_hot", axis, indices.ndim + 1)
        if not isinstance(dtype, DType):
            raise TypeError(f"one_hot: dtype is {dtype!r}, expected a mindspore dtype such as mindspore.float32")
        if depth < 0:
            raise ValueError(f"one_hot: depth is {depth}, expected a non-negative int")
        return tensor_aval(indices.shape[:axis] + (depth,) + indices.shape[axis:], dtype)

    def lower(self, b, indices, *, depth, axis, dtype):
        column = b.reshape(indices, shape=indices.shape[:axis] + (1,) + indices.shape[axis:])
        ramp_shape = tuple(depth if i == axis else 1 for i in range(indices.aval.ndim + 1))
        if depth > np.iinfo(indices.dtype.np).max:
            column, ramp = b.cast(column, dtype=int32), b.iota(shape=ramp_shape, axis=axis, dtype=int32)
        else:
            ramp = b.iota(shape=ramp_shape, axis=axis, dtype=indices.dtype)
        return b.cast(b.eq(column, ramp), dtype=dtype)

    def vmap(self, b, lanes, batched, indices, *, depth, axis, dtype):
        return b.one_hot(indices, depth=depth, axis=axis + 1, dtype=dtype)

    def samples(self):
        return [Sample((np.array([0, 2, 1, 3, -1], np.int32),), {"depth": 3, "axis": 1}),
                Sample((integers((2, 3), 0, 4),), {"depth": 4, "axis": 0}),
                Sample((integers((2, 3), 0, 4, np.int64),), {"depth": 4, "axis": 1, "dtype": int32}),
                Sample((np.array(1, np.int32),), {"depth": 2, "axis": 0}),
                Sample((np.array([3, 255], np.uint8),), {"depth": 300, "axis": 1, "dtype": bool_}),
                Sample((np.zeros((0,), np.int32),), {"depth": 3, "axis": 1}),
                Sample((integers((2,)),), {"depth": 0, "axis": 1}),
                Sample((uniform((2,)),), {"depth": 3, "axis": 1}, error=TypeError),
                Sample((integers((2,)),), {"depth": -1, "axis": 1}, error=ValueError),
                Sample((integers((2,)),), {"depth": 3, "axis": 2}, error=ValueError)]
