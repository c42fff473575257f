"""What depends on values: reductions over segments of rows, and results whose length the values say.

The values that decide a shape must be known: in PyNative mode they are looked at, while a function is compiled they
must be constants. What is computed from floating operands is differentiable. `sorting.unique` and
`indexing.nonzero` are of the same kind.

Functions that only operator classes use are not in `__all__`.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mindspore.common.dtype import DType, int32, int64
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of
from mindspore.ops._operands import Operand, apply, as_tensor, constant, convert, full_of, primitive, static_ints
from mindspore.ops.indexing import unsorted_segment_sum
from mindspore.ops.shapes import reshape
from mindspore.ops.updates import unsorted_segment_max, unsorted_segment_min, unsorted_segment_prod

__all__ = ["coalesce", "sparse_segment_mean"]

_GATHER, _SCATTER_ADD, _SELECT, _GT, _DIV, _MAXIMUM, _SQRT = map(
    primitive, ("gather", "scatter_add", "select", "gt", "div", "maximum", "sqrt"))


def _known(name: str, value: Operand, what: str) -> np.ndarray:
    return storage_of(as_tensor(name, value, what)).to_numpy()


# -- segments ----------------------------------------------------------------------------------------------------------

def _segment_count(name: str, x: Tensor, segment_ids: Operand, given: int | None = None) -> int:
    """How many segments there are: the last, largest number and one, or what is given, which must be enough."""
    ids = _known(name, segment_ids, "segment_ids")
    if ids.dtype.kind not in "iu" or ids.ndim != 1 or ids.shape != x.shape[:1]:
        raise ValueError(f"{name}: segment_ids are {ids.dtype} of shape {ids.shape}; expected one integer for each of "
                         f"the rows of {x.shape}")
    if ids.size and (ids[0] < 0 or (np.diff(ids.astype(np.int64)) < 0).any()):
        raise ValueError(f"{name}: segment_ids are not in ascending order, or negative; sort the rows, or use the "
                         f"operator for unsorted segments")
    count = int(ids[-1]) + 1 if ids.size else 0
    if given is not None and given < count:
        raise ValueError(f"{name}: there are {given} segments, and segment_ids has {count - 1}; expected more segments "
                         f"than the largest number")
    return count if given is None else given


def _sizes(segment_ids: Operand, count: int, like: Tensor) -> Tensor:
    """How many rows each segment has, in a shape that broadcasts with results."""
    index = as_tensor("segments", segment_ids)
    zeros, ones = full_of((count,), constant(0, int64)), full_of(index.shape, constant(1, int64))
    return reshape(apply(_SCATTER_ADD, (zeros, index, ones), (0,)), (count,) + (1,) * (like.ndim - 1))


def segment_sum(input_x: Operand, segment_ids: Operand) -> Tensor:
    """The sums of runs of rows: segment_ids says, in ascending order, which segment each row belongs to; 0 for a
    segment without rows."""
    x = as_tensor("SegmentSum", input_x)
    return unsorted_segment_sum(x, segment_ids, _segment_count("SegmentSum", x, segment_ids))


def segment_mean(input_x: Operand, segment_ids: Operand) -> Tensor:
    """The means of runs of rows; 0 for a segment without rows. See `segment_sum`."""
    return _shared("SegmentMean", "mean", as_tensor("SegmentMean", input_x), segment_ids, None)


SHARES = ("sum", "mean", "sum over the root of the count")


def _shared(name: str, kind: str, x: Tensor, segment_ids: Operand, count: int | None) -> Tensor:
    """One of `SHARES` of the rows of each segment; count: how many segments there are, None for as many as needed."""
    count = _segment_count(name, x, segment_ids, count)
    total = unsorted_segment_sum(x, segment_ids, count)
    if kind == "sum":
        return total
    sizes = apply(_MAXIMUM, (_sizes(segment_ids, count, x), constant(1, int64)))
    if not x.dtype.is_inexact:
        if kind != "mean":
            raise TypeError(f"{name}: x has dtype {x.dtype}; expected a floating dtype")
        return convert(total // sizes, x.dtype)
    sizes = convert(sizes, x.dtype)
    return apply(_DIV, (total, sizes if kind == "mean" else apply(_SQRT, (sizes,))))


def reduced_rows(name: str, kind: str, x: Tensor, indices: Operand, segment_ids: Operand, count: int | None) -> Tensor:
    """As `_shared`, of the rows `indices` of x."""
    return _shared(name, kind, apply(_GATHER, (x, as_tensor(name, indices, "indices")), (0,)), segment_ids, count)


def _extremes(name: str, function: Callable, doc: str) -> Callable:
    def segment(input_x: Operand, segment_ids: Operand) -> Tensor:
        x = as_tensor(name, input_x)
        count = _segment_count(name, x, segment_ids)
        filled = apply(_GT, (_sizes(segment_ids, count, x), constant(0, int64)))
        return apply(_SELECT, (filled, function(x, segment_ids, count), constant(0, x.dtype)))
    segment.__doc__ = f"The {doc} of runs of rows; 0 for a segment without rows. See `segment_sum`."
    return segment


segment_max = _extremes("SegmentMax", unsorted_segment_max, "largest elements")
segment_min = _extremes("SegmentMin", unsorted_segment_min, "smallest elements")


def segment_prod(input_x: Operand, segment_ids: Operand) -> Tensor:
    """The products of runs of rows; 1 for a segment without rows. See `segment_sum`."""
    x = as_tensor("SegmentProd", input_x)
    return unsorted_segment_prod(x, segment_ids, _segment_count("SegmentProd", x, segment_ids))


def sparse_segment_mean(x: Operand, indices: Operand, segment_ids: Operand) -> Tensor:
    """The means of runs of the rows `indices` of x; segment_ids says, in ascending order, which segment each of them
    belongs to."""
    name = "sparse_segment_mean"
    return reduced_rows(name, "mean", as_tensor(name, x, "x"), indices, segment_ids, None)


# -- results whose length values say -----------------------------------------------------------------------------------

def coalesce(x_indices: Operand, x_values: Operand, x_shape: Operand) -> tuple[Tensor, Tensor, Tensor]:
    """(indices, values, shape) of a sparse tensor with the places in row-major order and the values of equal places
    added up.

    x_indices: (axes, count), whole columns being places. x_values: (count,). x_shape: (axes,).
    """
    values = as_tensor("coalesce", x_values, "x_values")
    places, shape = _known("coalesce", x_indices, "x_indices"), static_ints("coalesce", "x_shape", x_shape)
    if places.ndim != 2 or places.shape != (len(shape), *values.shape[:1]):
        raise ValueError(f"coalesce: x_indices have shape {places.shape} for {values.shape} values of a tensor of "
                         f"shape {shape}; expected ({len(shape)}, {values.shape[0] if values.ndim else 'count'})")
    if places.size and ((places < 0) | (places >= np.array(shape)[:, None])).any():
        raise ValueError(f"coalesce: an index lies outside of the shape {shape}")
    flat, inverse = np.unique(np.ravel_multi_index(tuple(places), shape), return_inverse=True)
    zeros = full_of((len(flat), *values.shape[1:]), constant(0, values.dtype))
    summed = apply(_SCATTER_ADD, (zeros, Tensor(inverse.reshape(-1)), values), (0,))
    kept = np.stack(np.unravel_index(flat, shape)).astype(places.dtype)
    return Tensor(kept), summed, Tensor(np.array(shape, np.int64))


def list_diff(x: Operand, y: Operand, out_idx: DType = int32) -> tuple[Tensor, Tensor]:
    """(values, places): the elements of x that are not in y, in order, and where they stand."""
    first, second = _known("ListDiff", x, "x"), _known("ListDiff", y, "y")
    if first.ndim != 1 or second.ndim != 1:
        raise ValueError(f"ListDiff: x has shape {first.shape} and y {second.shape}; expected one axis each")
    places = (~np.isin(first, second)).nonzero()[0].astype(out_idx.np)
    return apply(_GATHER, (as_tensor("ListDiff", x), Tensor(places)), (0,)), Tensor(places)


def ragged_range(starts: Operand, limits: Operand, deltas: Operand, Tsplits: DType) -> tuple[Tensor, Tensor]:
    """(splits, values): the ranges starts[i], starts[i] + deltas[i], ... below limits[i] one after the other, and where
    each begins and ends. One number stands for all ranges."""
    given = [_known("RaggedRange", v, w) for v, w in ((starts, "starts"), (limits, "limits"), (deltas, "deltas"))]
    if any(g.ndim > 1 for g in given) or (given[2] == 0).any():
        raise ValueError(f"RaggedRange: shapes {[g.shape for g in given]}; expected at most one axis each, and deltas "
                         f"that are not 0")
    ranges = [np.arange(*one, dtype=given[0].dtype) for one in zip(*(g.ravel() for g in np.broadcast_arrays(*given)))]
    splits = np.cumsum([0, *map(len, ranges)]).astype(Tsplits.np)
    return Tensor(splits), Tensor(np.concatenate([np.zeros(0, given[0].dtype), *ranges]))


def compute_accidental_hits(true_classes: Operand, sampled_candidates: Operand,
                            num_true: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """(rows, columns, weights): where a sampled candidate is one of a row's true classes, and for each such place the
    lowest Float32 number, to be added to its logit."""
    true = _known("ComputeAccidentalHits", true_classes, "true_classes")
    drawn = _known("ComputeAccidentalHits", sampled_candidates, "sampled_candidates")
    if true.ndim != 2 or true.shape[1] != num_true or drawn.ndim != 1:
        raise ValueError(f"ComputeAccidentalHits: true_classes have shape {true.shape} and sampled_candidates "
                         f"{drawn.shape}; expected (rows, {num_true}) and (count,)")
    rows, _, columns = (true[:, :, None] == drawn).nonzero()
    weights = np.full(len(rows), np.finfo(np.float32).min, np.float32)
    return Tensor(rows.astype(np.int32)), Tensor(columns.astype(np.int64)), Tensor(weights)


def sub_and_filter(input_x: Operand, max_num: Operand, offset: Operand) -> tuple[Tensor, Tensor]:
    """(values, places): input_x - offset where that lies in [0, max_num), and where those elements stand."""
    x = _known("SubAndFilter", input_x, "input_x")
    low, count = (int(_known("SubAndFilter", v, w)) for v, w in ((offset, "offset"), (max_num, "max_num")))
    moved = x.reshape(-1) - x.dtype.type(low)
    places = ((moved >= 0) & (moved < count)).nonzero()[0]
    return Tensor(moved[places]), Tensor(places.astype(x.dtype))
