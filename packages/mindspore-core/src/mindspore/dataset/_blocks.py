"""Blocks: several rows of a dataset at once, column by column.

A column of n rows is either *stacked*, one array whose first dimension is n, or *ragged*, a list of n arrays of
different shapes or types. Everything that moves through a pipeline is a block. An operation that knows how to work on a
leading batch dimension therefore runs once per block instead of once per row, and a batch is often a block handed on as
it is. Whatever enters a block is copied or newly made: a block never shares memory with a user's object.
"""
from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np

from ._objects import boxed

__all__ = ["Block", "Blocks", "Column", "Rows", "as_array", "concatenate", "rows_of", "stack"]

Column = np.ndarray | list


def as_array(value, where: str) -> np.ndarray:
    """A value of a user's row as an array, a dict in one (`_objects`); TypeError, naming `where`, when NumPy can only
    hold another value as an object."""
    if isinstance(value, dict):
        return boxed(value)
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{where}: a value of type {type(value).__name__} is no array: {error}") from None
    if array.dtype.hasobject and not (array.ndim == 0 and isinstance(array.item(), dict)):
        raise TypeError(f"{where}: a value of type {type(value).__name__} is no array of numbers or text. Return "
                        f"numbers, str, bytes, NumPy arrays or Tensors, or put it into a dict.")
    return array


def stack(rows: Sequence[np.ndarray]) -> Column:
    """Rows as one new array where shapes and types agree (text of different lengths does), else as a list."""
    first = rows[0]
    shape, dtype = first.shape, first.dtype
    for row in rows:
        if row.shape != shape or row.dtype != dtype:
            if row.shape == shape and row.dtype.kind == dtype.kind and dtype.kind in "US":
                dtype = max(dtype, row.dtype, key=lambda d: d.itemsize)
            else:
                return list(rows)
    out = np.empty((len(rows), *shape), dtype)
    for i, row in enumerate(rows):
        out[i] = row[()] if dtype.hasobject else row
    return out


def rows_of(column: Column) -> list[np.ndarray]:
    """The rows of a column; a row of a stacked column is a view, of no dimensions where the rows are scalars."""
    return column if isinstance(column, list) else [column[i, ...] for i in range(len(column))]


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether the rows of two stacked columns have the same shape and type."""
    return a.dtype == b.dtype and a.shape[1:] == b.shape[1:]


class Block:
    """`count` rows in columns."""

    __slots__ = ("columns", "count")

    def __init__(self, columns: Sequence[Column], count: int):
        self.columns, self.count = tuple(columns), count

    @staticmethod
    def of_rows(rows: Sequence[tuple[np.ndarray, ...]]) -> Block:
        """A block of rows, at least one; every row is a tuple of arrays, one per column."""
        return Block([stack(column) for column in zip(*rows, strict=True)], len(rows))

    @property
    def nbytes(self) -> int:
        return sum(sum(row.nbytes for row in c) if isinstance(c, list) else c.nbytes for c in self.columns)

    def row(self, index: int) -> list[np.ndarray]:
        """One row, in memory that belongs to the block or is new."""
        return [c[index].copy() if isinstance(c, list) else c[index, ...] for c in self.columns]

    def slice(self, start: int, stop: int) -> Block:
        """The rows start..stop, as views."""
        return Block([c[start:stop] for c in self.columns], stop - start)

    def take(self, indices: np.ndarray) -> Block:
        """The rows at `indices`, copied."""
        return Block([[c[i] for i in indices] if isinstance(c, list) else c[indices] for c in self.columns],
                     len(indices))

    def put(self, indices: np.ndarray, replacements: Block) -> Block:
        """This block with the rows at `indices` replaced; its stacked columns are overwritten where that fits."""
        columns: list[Column] = []
        for mine, new in zip(self.columns, replacements.columns, strict=True):
            if not isinstance(mine, list) and not isinstance(new, list) and _alike(mine, new):
                mine[indices] = new
                columns.append(mine)
                continue
            rows = list(mine) if isinstance(mine, list) else [row.copy() for row in rows_of(mine)]
            for i, row in zip(indices, rows_of(new), strict=True):
                rows[i] = row
            columns.append(rows)
        return Block(columns, self.count)


def concatenate(blocks: Sequence[Block]) -> Block:
    """The rows of several blocks in one."""
    if len(blocks) == 1:
        return blocks[0]
    columns: list[Column] = []
    for parts in zip(*(block.columns for block in blocks), strict=True):
        arrays = [part for part in parts if not isinstance(part, list)]
        if len(arrays) == len(parts) and all(_alike(arrays[0], array) for array in arrays):
            columns.append(np.concatenate(arrays))
        else:
            columns.append(stack([row for part in parts for row in rows_of(part)]))
    return Block(columns, sum(block.count for block in blocks))


Blocks = Generator[Block, None, None]


class Rows:
    """A stream of blocks, read in pieces of any size."""

    def __init__(self, blocks: Iterator[Block]):
        self._blocks = blocks
        self._rest: Block | None = None

    def pull(self, count: int) -> Block | None:
        """The next `count` rows, fewer at the end, None after it."""
        parts, missing = [], count
        while missing:
            block, self._rest = self._rest or next(self._blocks, None), None
            if block is None:
                break
            if block.count > missing:
                self._rest = block.slice(missing, block.count)
                block = block.slice(0, missing)
            parts.append(block)
            missing -= block.count
        return concatenate(parts) if parts else None
