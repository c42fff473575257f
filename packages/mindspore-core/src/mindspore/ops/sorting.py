"""Order: sorting, the largest elements, and different values. Indices are Int32 where the API has them so."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of
from mindspore.ops._operands import Operand, apply, as_tensor, convert, normalize_axis, primitive, static_int

__all__ = ["argsort", "kthvalue", "msort", "sort", "top_k", "topk", "unique", "unique_consecutive"]

_SORT, _TOP_K, _KTH, _RESHAPE, _SLICE = map(primitive, ("sort", "top_k", "kth", "reshape", "slice"))


def sort(input_x: Operand, axis: int = -1, descending: bool = False) -> tuple[Tensor, Tensor]:
    """(values, indices): the elements in order along `axis`, and where each came from (Int32). Stable; NaN counts as
    larger than every number."""
    x = as_tensor("sort", input_x)
    return apply(_SORT, (x,), (normalize_axis("sort", axis, x.ndim), bool(descending)))


def msort(input: Operand) -> Tensor:
    """The elements in ascending order along the first axis."""
    return sort(input, 0)[0]


def argsort(input: Operand, axis: int = -1, descending: bool = False) -> Tensor:
    """Where (Int32) each element of the sorted tensor comes from; see `sort`."""
    return sort(input, axis, descending)[1]


def topk(input: Operand, k: int, dim: int | None = None, largest: bool = True,
         sorted: bool = True) -> tuple[Tensor, Tensor]:
    """(values, indices): the k largest elements along `dim` (the last axis by default) in descending order, or the
    smallest in ascending order, and their places (Int32). ValueError where there are not so many."""
    from mindspore.ops.shapes import swapaxes
    x = as_tensor("topk", input)
    axis = normalize_axis("topk", -1 if dim is None else dim, x.ndim, "dim")
    attrs = (static_int("topk", "k", k), bool(largest))
    if axis == x.ndim - 1 or x.ndim == 0:
        return apply(_TOP_K, (x,), attrs)
    values, indices = apply(_TOP_K, (swapaxes(x, axis, -1),), attrs)
    return swapaxes(values, axis, -1), swapaxes(indices, axis, -1)


def top_k(input_x: Operand, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """(values, indices): the k largest elements along the last axis; see `topk`."""
    return topk(input_x, k)


def kthvalue(input: Operand, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """(values, indices): the k-th smallest element along `dim`, counted from 1, and its place (Int64)."""
    from mindspore.ops.shapes import expand_dims
    x = as_tensor("kthvalue", input)
    axis = normalize_axis("kthvalue", dim, x.ndim, "dim")
    k = static_int("kthvalue", "k", k)
    if x.ndim == 0 or not 1 <= k <= x.shape[axis]:
        raise ValueError(f"kthvalue: k is {k} for axis {axis} of shape {x.shape}; expected 1 to the size of the axis")
    values, indices = kth(x, k - 1, axis)
    return (expand_dims(values, axis), expand_dims(indices, axis)) if keepdim else (values, indices)


def kth(x: Tensor, k: int, axis: int) -> tuple[Tensor, Tensor]:
    """(values, indices): the element that has `k` others before it along `axis`, and its place (Int64), without the
    axis. `k` may be symbolic."""
    if isinstance(k, int):
        values, indices = apply(_KTH, (x,), (k, axis))
    else:
        begin = tuple(k if i == axis else 0 for i in range(x.ndim))
        end = tuple(k + 1 if i == axis else d for i, d in enumerate(x.shape))
        shape = (*x.shape[:axis], *x.shape[axis + 1:])
        values, indices = (apply(_RESHAPE, (apply(_SLICE, (part,), (begin, end, (1,) * x.ndim)),), (shape,))
                           for part in apply(_SORT, (x,), (axis, False)))
    return values, convert(indices, int64)


def unique(input: Operand) -> tuple[Tensor, Tensor]:
    """(values, indices): the different elements in the order in which they first occur, and for each element of input
    the place of its value, Int64 for an Int64 input and else Int32. The shape depends on values, so it cannot be
    compiled into a graph."""
    x = as_tensor("unique", input)
    values, first, inverse = different(x)
    order = np.argsort(first)
    places = np.empty(len(order), np.int64 if x.dtype is int64 else np.int32)
    places[order] = np.arange(len(order))
    return Tensor(values[order]), Tensor(places[inverse].reshape(x.shape))


def different(x: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different elements in ascending order, where each first occurs, and for each element of the flat x the place
    of its value. All NaN are one."""
    storage = storage_of(x)
    if x.dtype.np.kind == "c":
        return np.unique(storage.to_numpy(), return_index=True, return_inverse=True)
    flat = apply(_RESHAPE, (x,), ((x.size,),))
    ordered, places = (storage_of(part).to_numpy() for part in apply(_SORT, (flat,), (0, False)))
    new = np.ones(len(ordered), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    if x.dtype.is_floating:
        new[1:] &= ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
    inverse = np.empty(len(ordered), np.int64)
    inverse[places] = np.cumsum(new) - 1
    return ordered[new], places[new].astype(np.int64), inverse


def unique_slices(input: Operand, dim: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """(values, indices, counts): the different elements in ascending order (without `dim`) or the different slices
    along it, for each element or slice of input the place of its value, and how often each occurs (Int64). The shapes
    depend on values."""
    x = as_tensor("unique", input)
    if dim is None:
        values, _, inverse = different(x)
        shape = x.shape
    else:
        axis = normalize_axis("unique", dim, x.ndim, "dim")
        values, inverse = np.unique(storage_of(x).to_numpy(), return_inverse=True, axis=axis)
        shape = (x.shape[axis],)
    counts = np.bincount(inverse.ravel(), minlength=len(values) if dim is None else values.shape[axis])
    return Tensor(values), Tensor(inverse.reshape(shape).astype(np.int64)), Tensor(counts.astype(np.int64))


def unique_consecutive(input: Operand, return_inverse: bool = False, return_counts: bool = False,
                       dim: int | None = None):
    """The elements (or the slices along `dim`) without those equal to the one before; with `return_inverse` where each
    one went, with `return_counts` how many were alike (Int64). The shape depends on values."""
    x = as_tensor("unique_consecutive", input)
    array = storage_of(x).to_numpy()
    dim = None if dim is None else normalize_axis("unique_consecutive", dim, x.ndim, "dim")
    rows = array.reshape(-1) if dim is None else np.moveaxis(array, dim, 0)
    flat = rows.reshape(rows.shape[0], -1) if rows.ndim > 1 else rows[:, None]
    first = np.ones(len(rows), bool)
    first[1:] = (flat[1:] != flat[:-1]).any(axis=1)
    kept = rows[first]
    results = [Tensor(kept if dim is None else np.moveaxis(kept, 0, dim))]
    if return_inverse:
        inverse = np.cumsum(first) - 1
        results.append(Tensor(inverse.reshape(x.shape) if dim is None else inverse))
    if return_counts:
        results.append(Tensor(np.diff(np.append(first.nonzero()[0], len(rows)))))
    return results[0] if len(results) == 1 else tuple(results)
