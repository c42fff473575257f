"""`padded_batch` and `bucket_batch_by_length`: batches of rows whose arrays differ in shape.

Each array of a column is filled up, at the end of each dimension, to a common shape: the one that `pad_info` gives, and
where that leaves a dimension open, the greatest length in the batch or the bound of the bucket.
"""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from ._blocks import Block, Blocks, as_array, concatenate, rows_of, stack
from ._check import check_int, check_known
from ._map import Batching
from ._pipeline import Node, Stage, annotate

__all__ = ["BucketBatch", "PaddedBatch", "check_pad_info"]

Padding = tuple[tuple[int | None, ...] | None, object]      # the shape wanted, None for open, and the value


def check_pad_info(pad_info, columns: Sequence[str], function: str) -> dict[str, Padding]:
    """`{column: (shape, value)}` checked; None or an empty dict for all columns, shapes open and 0 or empty text as the
    value.

    Raises:
        TypeError: it is no dict of pairs.
        ValueError: a column does not exist, or a length is not positive.
    """
    if pad_info is None or pad_info == {}:
        return dict.fromkeys(columns, (None, None))
    if not isinstance(pad_info, dict):
        raise TypeError(f"For '{function}', 'pad_info' must be a dict of columns to (shape, value), but got "
                        f"{type(pad_info).__name__}.")
    check_known(list(pad_info), columns, function)
    checked: dict[str, Padding] = {}
    for name, pair in pad_info.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], (tuple, list, type(None))):
            raise TypeError(f"For '{function}', 'pad_info' must give (shape, value) for column '{name}', but gives "
                            f"{pair!r}.")
        shape = pair[0]
        checked[name] = (None if shape is None else tuple(
            None if length is None or length == -1 else check_int(length, f"pad_info['{name}']", function, 1)
            for length in shape), pair[1])
    return checked


def _value(given, dtype: np.dtype, function: str) -> np.ndarray:
    """The padding value in a column's kind of type."""
    if given is None:
        given = {"U": "", "S": b""}.get(dtype.kind, 0)
    value = as_array(given, f"For '{function}', the padding value")
    text = dtype.kind in "US"
    if (value.dtype.kind in "US") != text:
        raise TypeError(f"For '{function}', the padding value {given!r} does not fit data of type {dtype}.")
    return value if text else value.astype(dtype)


def padded(rows: Sequence[np.ndarray], padding: Padding, bound: int | None, name: str, function: str) -> np.ndarray:
    """The rows in one array, filled up to a common shape, or cut off where they are longer than it.

    Args:
        rows: arrays of the same number of dimensions.
        padding: the shape, None where it is open, and the value.
        bound: for open dimensions, instead of the greatest length; None for that.
    """
    dims = {row.ndim for row in rows}
    if len(dims) > 1:
        raise RuntimeError(f"For '{function}', the rows of column '{name}' have different numbers of dimensions: "
                           f"{sorted(dims)}. They cannot be padded to one shape.")
    wanted = (None,) * rows[0].ndim if padding[0] is None else padding[0]
    if len(wanted) != rows[0].ndim:
        raise ValueError(f"For '{function}', 'pad_info' gives the shape {list(wanted)} for column '{name}', whose rows "
                         f"have the shape {list(rows[0].shape)}.")
    greatest = np.max([row.shape for row in rows], axis=0, initial=0)
    shape = tuple(int(have if bound is None else bound) if want is None else want
                  for want, have in zip(wanted, greatest))
    dtypes = {row.dtype for row in rows}
    if len(dtypes) > 1 and not all(dtype.kind == rows[0].dtype.kind and dtype.kind in "US" for dtype in dtypes):
        raise RuntimeError(f"For '{function}', the rows of column '{name}' differ in type: "
                           f"{sorted(map(str, dtypes))}.")
    value = _value(padding[1], rows[0].dtype, function)
    dtype = max((*dtypes, value.dtype), key=lambda d: d.itemsize)
    out = np.full((len(rows), *shape), value, dtype)
    for i, row in enumerate(rows):
        kept = tuple(slice(0, min(have, length)) for have, length in zip(row.shape, shape))
        out[i, ...][kept] = row[kept]
    return out


class PaddedBatch(Batching):
    """Joins consecutive rows into batches, the columns in `pad_info` padded."""

    called = "padded_batch"

    def __init__(self, child: Node, size: int | Callable, drop_remainder: bool, pad_info: dict[str, Padding]):
        super().__init__(child, size, drop_remainder)
        self.pad_info = pad_info

    def _batch(self, part: Block, bound: int | None = None) -> Block:
        columns = []
        for name, column in zip(self.columns, part.columns, strict=True):
            if name in self.pad_info:
                joined = padded(rows_of(column), self.pad_info[name], bound, name, self.called)
            else:
                whole = stack(column) if isinstance(column, list) else column
                if isinstance(whole, list):
                    raise RuntimeError(f"For '{self.called}', the rows of column '{name}' differ in shape or type. "
                                       f"Name the column in 'pad_info'.")
                joined = whole
            columns.append(joined[np.newaxis])
        return Block(columns, 1)

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        for part, _ in self._parts(stage):
            yield self._batch(part)


class BucketBatch(PaddedBatch):
    """Joins rows of similar length: bucket i takes lengths from bound i-1 up to, but without, bound i."""

    called = "bucket_batch_by_length"

    def __init__(self, child: Node, inputs: tuple[str, ...], bounds: list[int], sizes: list[int],
                 length: Callable | None, pad_info: dict[str, Padding], pad_to_bound: bool, drop_remainder: bool):
        super().__init__(child, 0, drop_remainder, pad_info)
        self.inputs = [child.columns.index(name) for name in inputs]
        self.bounds, self.sizes, self.length, self.pad_to_bound = bounds, sizes, length, pad_to_bound

    def _length(self, row: list[np.ndarray]) -> int:
        values = [row[i] for i in self.inputs]
        if self.length is None:
            if not values[0].ndim:
                raise ValueError("For 'bucket_batch_by_length', a scalar has no length. Give an "
                                 "'element_length_function'.")
            return len(values[0])
        try:
            found = as_array(self.length(*values), "For 'bucket_batch_by_length', the length")
            if found.ndim or found.dtype.kind not in "iu" or found < 0:
                raise TypeError(f"For 'bucket_batch_by_length', the element_length_function must return an int that is "
                                f"not negative, but returned {found!r}.")
        except Exception as error:
            annotate(error, "raised by the element_length_function of bucket_batch_by_length")
            raise
        return int(found)

    def _bound(self, bucket: int) -> int | None:
        if not self.pad_to_bound:
            return None
        if bucket == len(self.bounds):
            raise ValueError(f"For 'bucket_batch_by_length', a row is not shorter than the last boundary "
                             f"{self.bounds[-1]}, so with pad_to_bucket_boundary=True there is no length to pad it to. "
                             f"Add a larger boundary.")
        return self.bounds[bucket] - 1

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        buckets: list[list[Block]] = [[] for _ in self.sizes]
        for block in stage.children[0].blocks(1):
            for i in range(block.count):
                bucket = bisect_right(self.bounds, self._length(block.row(i)))
                buckets[bucket].append(block.slice(i, i + 1))
                if len(buckets[bucket]) == self.sizes[bucket]:
                    yield self._batch(concatenate(buckets[bucket]), self._bound(bucket))
                    buckets[bucket] = []
        for bucket, rows in enumerate(buckets):
            if rows and not self.drop_remainder:
                yield self._batch(concatenate(rows), self._bound(bucket))

    def size(self, endless: float) -> None:
        return None
