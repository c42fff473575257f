"""Where rows come from: arrays, objects with random access, and iterables."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from itertools import chain, count

import numpy as np

from ._blocks import Block, Blocks, Column, as_array, stack
from ._check import check_int, check_known
from ._pipeline import Node, Parallel, Stage, annotate
from .samplers import Sampler

__all__ = ["ArraySource", "BatchSource", "Fetch", "IterableSource", "RandomAccessSource", "blocks_of_rows"]

_SMALLEST_GATHER = 32
_ROWS_PER_TASK = 8
_WHOLE = (str, bytes, bytearray, dict, np.ndarray, np.generic)  # values of one column, although they have parts


def blocks_of_rows(rows: Iterator[tuple[np.ndarray, ...]], size: int) -> Blocks:
    """Packs single rows into blocks; the rows before an error are handed on before it is raised."""
    pending: list[tuple[np.ndarray, ...]] = []
    error = None
    try:
        for row in rows:
            pending.append(row)
            if len(pending) == size:
                yield Block.of_rows(pending)
                pending = []
    except Exception as caught:
        error = caught
    if pending:
        yield Block.of_rows(pending)
    if error is not None:
        raise error


class ArraySource(Node):
    """Rows of arrays with equal first dimensions, gathered by index a block at a time.

    Args:
        columns: the columns' names.
        load: returns the arrays, or lists of one array per row; called once, when they are first needed.
        sampler: which rows, in which order.
    """

    def __init__(self, columns: tuple[str, ...], load: Callable[[], tuple[Column, ...]], sampler: Sampler):
        self.columns, self.sampler = columns, sampler
        self._load = load
        self._arrays: tuple[Column, ...] | None = None

    @property
    def arrays(self) -> tuple[Column, ...]:
        if self._arrays is None:
            self._arrays = self._load()
        return self._arrays

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        arrays = self.arrays
        indices = stage.choose(self.sampler.indices(len(arrays[0]), stage.rng, stage.probing, self.values))
        step = hint * -(-_SMALLEST_GATHER // hint)
        for start in range(0, len(indices), step):
            part = indices[start:start + step]
            yield Block([stack([array[i].copy() for i in part]) if isinstance(array, list) else array[part]
                         for array in arrays], len(part))

    def values(self, column: str) -> np.ndarray:
        """All values of a column."""
        check_known([column], self.columns, "sampler")
        found = self.arrays[self.columns.index(column)]
        if isinstance(found, list):
            raise TypeError(f"For 'sampler', the rows of column '{column}' differ in shape, so they are no classes.")
        return found

    def size(self, endless: float) -> float | None:
        return self.sampler.size(len(self.arrays[0]))


def _parts(value, count: int) -> tuple:
    """The values of a user's row of `count` columns: the parts of a tuple, of what can be gone through only once (a
    generator, a map, a zip), and for several columns those of a list or another collection; else one value."""
    if isinstance(value, tuple):
        return value
    whole = isinstance(value, _WHOLE) or hasattr(value, "asnumpy")
    if isinstance(value, Iterator) or (count > 1 and isinstance(value, Iterable) and not whole):
        return tuple(value)
    return (value,)


class _RowSource(Node):
    """The checks that rows made by a user's object go through."""

    def __init__(self, columns: tuple[str, ...], types: tuple[np.dtype, ...] | None):
        self.columns, self.types = columns, types

    def _row(self, value, where: str) -> tuple[np.ndarray, ...]:
        """A user's row, a tuple or one plain value, as arrays of the declared number and types."""
        names = self.columns
        values = _parts(value, len(names))
        if len(values) != len(names):
            raise ValueError(f"For 'GeneratorDataset', {where} has {len(values)} values for the {len(names)} columns "
                             f"{list(names)}. Return a tuple with one value per column.")
        row = tuple([as_array(v, f"For 'GeneratorDataset', column '{name}' of {where}")
                     for v, name in zip(values, names, strict=True)])
        if self.types is not None:
            for name, array, wanted in zip(names, row, self.types, strict=True):
                if array.dtype != wanted and not (array.dtype.kind == wanted.kind and wanted.kind in "US"):
                    raise TypeError(f"For 'GeneratorDataset', column '{name}' of {where} is {array.dtype}, but "
                                    f"'column_types' says {wanted}. Make the source return that type.")
        return row


class Fetch(_RowSource):
    """Reads rows of an object by their numbers; worker processes get it by pickle."""

    def __init__(self, source, columns, types):
        super().__init__(columns, types)
        self.source = source

    def _fetch(self, index: int) -> tuple[np.ndarray, ...]:
        try:
            return self._row(self.source[index], f"row {index}")
        except Exception as error:
            annotate(error, f"raised by row {index} of the source of GeneratorDataset(column_names="
                            f"{list(self.columns)})")
            raise

    def __call__(self, indices: list[int]) -> tuple[list[tuple[np.ndarray, ...]], Exception | None]:
        """The rows up to the first that raises, and what it raised."""
        rows = []
        try:
            for index in indices:
                rows.append(self._fetch(index))
        except Exception as error:
            if not rows:
                raise
            return rows, error
        return rows, None


class RandomAccessSource(Node):
    """Rows of an object with `__getitem__` and `__len__`, by several workers if asked for."""

    def __init__(self, fetch: Fetch, sampler: Sampler, parallel: Parallel):
        self.columns = fetch.columns
        self.fetch, self.sampler, self.parallel = fetch, sampler, parallel

    def _indices(self, stage: Stage) -> list[int]:
        """The numbers of the rows of a pass."""
        return stage.choose(self.sampler.indices(len(self.fetch.source), stage.rng, stage.probing)).tolist()

    def _rows(self, stage: Stage, hint: int) -> Iterator[tuple[np.ndarray, ...]]:
        indices = self._indices(stage)
        step = min(hint, _ROWS_PER_TASK) if self.parallel.processes and self.parallel.count > 1 else 1
        tasks = ((indices[start:start + step],) for start in range(0, len(indices), step))
        for rows, error in stage.call(self.fetch, tasks, self.parallel, "GeneratorDataset"):
            yield from rows
            if error is not None:
                raise error

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        yield from blocks_of_rows(self._rows(stage, hint), hint)

    def size(self, endless: float) -> float | None:
        return self.sampler.size(len(self.fetch.source))


class BatchSource(Node):
    """Batches of rows of an object with `__getitem__`, whose row numbers a batch sampler gives.

    Args:
        fetch: reads rows.
        batches: an iterable of lists of row numbers, read anew in each pass.
        collate: makes the columns of a batch of the list of its rows; None to join the rows.
    """

    def __init__(self, fetch: Fetch, batches: Iterable, collate: Callable | None):
        self.columns, self.fetch, self.batches, self.collate = fetch.columns, fetch, batches, collate

    def _collated(self, indices: list[int]) -> Block:
        if self.collate is None:
            rows, error = self.fetch(indices)
            if error is not None:
                raise error
            block = Block.of_rows(rows)
            for name, column in zip(self.columns, block.columns):
                if isinstance(column, list):
                    raise RuntimeError(f"For 'GeneratorDataset', the rows of column '{name}' in a batch differ in "
                                       f"shape or type. Give a 'collate_fn' that makes them equal.")
            return Block([column[np.newaxis] for column in block.columns], 1)       # type: ignore[call-overload]
        try:
            values = self.collate([self.fetch.source[index] for index in indices])
            values = values if isinstance(values, tuple) else (values,)
            where = "For 'GeneratorDataset', the result of collate_fn"
            if len(values) != len(self.columns):
                raise ValueError(f"{where} has {len(values)} values for the columns {list(self.columns)}.")
            return Block.of_rows([tuple(as_array(value, where) for value in values)])
        except Exception as error:
            annotate(error, f"raised by the batch of rows {indices} of GeneratorDataset(column_names="
                            f"{list(self.columns)})")
            raise

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        for batch in self.batches:
            listed = [batch] if not isinstance(batch, Iterable) else batch
            yield self._collated([check_int(index, "batch_sampler", "GeneratorDataset", 0) for index in listed])

    def size(self, endless: float) -> float | None:
        return len(self.batches) if isinstance(self.batches, Sized) else None


class IterableSource(_RowSource):
    """Rows of an iterable, or of what a generator function returns, in its order.

    An iterator can be read once. What is read of it only to look at the first row or to count the rows is kept for the
    pass that follows; when all of it was counted, every pass has all rows.

    Args:
        source: the iterable or function.
        limit: at most this many rows; None for all.
    """

    def __init__(self, source: Iterable | Callable[[], Iterable], columns, types, limit: int | None):
        super().__init__(columns, types)
        self.source, self.limit = source, limit
        self._used = False
        self._kept: list = []  # values that an iterator gave to those who only looked
        self._all = False  # whether these are all it has

    def _start(self, probing: bool) -> Iterator:
        iterator = iter(self.source() if callable(self.source) else self.source)
        if iterator is self.source:
            if self._all or (probing and not self._used):
                return self._looked_at(iterator)
            if self._used:
                raise RuntimeError("For 'GeneratorDataset', the source is an iterator, which can be read only once, "
                                   "and it has been. Pass the function that makes it, or an object with '__iter__'.")
            self._used, kept, self._kept = True, self._kept, []
            return chain(kept, iterator)
        return iterator

    def _looked_at(self, iterator: Iterator) -> Iterator:
        """The values that are kept, then those that the iterator still has, which are kept, too."""
        for place in count():
            if place == len(self._kept):
                try:
                    self._kept.append(next(iterator))
                except StopIteration:
                    self._all = True
                    return
            yield self._kept[place]

    def _rows(self, probing: bool) -> Iterator[tuple[np.ndarray, ...]]:
        number = 0
        try:
            iterator = self._start(probing)
            while number != self.limit:
                try:
                    value = next(iterator)
                except StopIteration:
                    return
                yield self._row(value, f"row {number}")
                number += 1
        except Exception as error:
            annotate(error, f"raised by row {number} of the source of GeneratorDataset(column_names="
                            f"{list(self.columns)})")
            raise

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        yield from blocks_of_rows(self._rows(stage.probing), hint)

    def size(self, endless: float) -> float | None:
        if not isinstance(self.source, Sized):
            return None
        return len(self.source) if self.limit is None else min(len(self.source), self.limit)
