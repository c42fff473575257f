"""Rows that a pipeline keeps, so that later epochs need not make them again."""
from __future__ import annotations

import os
import pickle
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from . import config
from ._blocks import Blocks, Rows
from ._check import check_bool, check_int
from ._map import Map
from ._nodes import Project, Rename, _Unary
from ._pipeline import Node, Stage
from ._sources import BatchSource, blocks_of_rows

__all__ = ["CacheStatistics", "Cached", "DatasetCache", "check_cache"]

_Row = tuple[np.ndarray, ...]


class CacheStatistics(NamedTuple):
    """What a cache holds: the bytes of a row on average, and how many rows are in memory and how many in a file."""

    avg_cache_sz: int
    num_mem_cached: int
    num_disk_cached: int


class DatasetCache:
    """Keeps the rows that `map` makes, for the later epochs of the pipelines that it is given to.

    The rows are in the memory of this process, and one cache may serve several pipelines: they share `size`, not rows.
    Each epoch has an order of its own all the same: rows are kept by the number that they have in the source.

    Args:
        session_id: any number from 0 to 2**32 - 1; it is shown by `repr` and has no other meaning here.
        size: the most MiB to hold in memory; 0 for no limit. Rows beyond it are made again in each epoch.
        spilling: whether rows beyond `size` are kept in a temporary file instead.
        hostname: accepted for programs that name a server; there is none. The same holds for port, num_connections and
            prefetch_size.
        port: see `hostname`.
        num_connections: see `hostname`.
        prefetch_size: see `hostname`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a number is out of range.
    """

    def __init__(self, session_id: int, size: int = 0, spilling: bool = False, hostname: str | None = None,
                 port: int | None = None, num_connections: int | None = None, prefetch_size: int | None = None):
        name = "DatasetCache"
        self.session_id = check_int(session_id, "session_id", name, 0, 2 ** 32 - 1)
        self.size = check_int(size, "size", name, 0)
        self.spilling = check_bool(spilling, "spilling", name)
        if hostname is not None and not isinstance(hostname, str):
            raise TypeError(f"For '{name}', 'hostname' must be a str or None, but got {type(hostname).__name__}.")
        for value, what in ((port, "port"), (num_connections, "num_connections"), (prefetch_size, "prefetch_size")):
            if value is not None:
                check_int(value, what, name, 1)
        self.hostname, self.port, self.num_connections, self.prefetch_size = (hostname, port, num_connections,
                                                                              prefetch_size)
        self._lock = threading.Lock()
        self._bytes = self._rows_in_memory = self._rows_in_file = self._bytes_in_file = 0
        self._file: tempfile._TemporaryFileWrapper | None = None

    def __repr__(self) -> str:
        return f"DatasetCache(session_id={self.session_id}, size={self.size}, spilling={self.spilling})"

    def __deepcopy__(self, memo) -> DatasetCache:
        return self         # copies of a pipeline share what they keep

    def get_stat(self) -> CacheStatistics:
        """What the cache holds now."""
        with self._lock:
            rows = self._rows_in_memory + self._rows_in_file
            return CacheStatistics((self._bytes + self._bytes_in_file) // rows if rows else 0,
                                   self._rows_in_memory, self._rows_in_file)

    def _keep(self, row: _Row) -> _Row | tuple[int, int] | None:
        """What `_kept` makes the row of: itself, or a place in the file; None where there is no room."""
        size = sum(array.nbytes for array in row)
        with self._lock:
            if not self.size or self._bytes + size <= self.size << 20:
                self._bytes += size
                self._rows_in_memory += 1
                return tuple(array.copy() for array in row)
            if not self.spilling:
                return None
            if self._file is None:
                self._file = tempfile.NamedTemporaryFile(prefix="mindspore-cache-")
            data = pickle.dumps(row, protocol=5)
            place = self._file.seek(0, os.SEEK_END), len(data)
            self._file.write(data)
            self._file.flush()
            self._rows_in_file += 1
            self._bytes_in_file += size
            return place

    def _kept(self, what: _Row | tuple[int, int]) -> _Row:
        """A row that was kept, which the receiver may write into."""
        if isinstance(what[0], np.ndarray):
            return tuple(array.copy() for array in what)            # type: ignore[union-attr]
        offset, length = what
        assert self._file is not None
        return pickle.loads(os.pread(self._file.fileno(), length, offset))      # type: ignore[arg-type]


def check_cache(cache, function: str) -> None:
    """TypeError unless `cache` is None or a DatasetCache. A source keeps no rows of its own in one: its files are
    mapped into memory, and what the system keeps of them is the cache."""
    if cache is not None and not isinstance(cache, DatasetCache):
        raise TypeError(f"For '{function}', 'cache' must be a DatasetCache or None, but got {type(cache).__name__}.")


class Cached(_Unary):
    """The rows of operations on each row of a source by itself, made once and kept.

    Args:
        child: the last of the operations.
        cache: who keeps the rows.

    Raises:
        RuntimeError: the child's rows are not the source's rows one by one, or are drawn at random.
    """

    def __init__(self, child: Node, cache: DatasetCache):
        super().__init__(child)
        self.cache = cache
        self._places: dict[int, _Row | tuple[int, int]] = {}
        self._all: int | None = None        # how many rows a source without numbers has, once all of them are kept
        node = child
        while node.children:
            if not isinstance(node, (Map, Rename, Project)):
                raise RuntimeError(f"For 'map', 'cache' keeps what is made of each row of the source by itself, but "
                                   f"'{type(node).__name__.lower()}' comes before it. Cache a map that stands directly "
                                   f"on the source, and put the other operations behind it.")
            if isinstance(node, Map) and (node.random or node.callbacks):
                what = "draw at random" if node.random else "have callbacks"
                raise RuntimeError(f"For 'map', 'cache' keeps rows of the first epoch, but some operations {what}. "
                                   f"Put them into a map of their own behind the one with the cache.")
            node = node.children[0]
        if isinstance(node, BatchSource):
            raise RuntimeError("For 'map', 'cache' keeps single rows, but the source makes batches by a "
                               "'batch_sampler'. Leave one of them out.")

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        below = stage.children[0]
        if stage.probing:
            return below.blocks(hint)
        if config.get_error_samples_mode() is not config.ErrorSamplesMode.RETURN:
            raise RuntimeError("For 'map', 'cache' needs a row for each row of the source, but the error samples mode "
                               "may leave rows out or replace them. Take the cache away, or set "
                               "ErrorSamplesMode.RETURN.")
        return blocks_of_rows(self._rows(below, hint), hint)

    def _rows(self, below: Stage, hint: int) -> Iterator[_Row]:
        source = below
        while source.children:
            source = source.children[0]
        places = dict(self._places)         # another pass may add to them meanwhile
        if self._all is not None:
            yield from (self.cache._kept(places[turn]) for turn in range(self._all))
            return
        order: list[int] | None = None

        def missing(indices: Sequence[int] | np.ndarray) -> np.ndarray:
            nonlocal order
            order = [int(index) for index in indices]
            return np.array([index for index in order if index not in places], np.int64)

        source.choose = missing
        made = Rows(below.blocks(hint))
        row = self._next(made)
        if order is None:       # rows that have no numbers but their turn
            yield from self._in_turn(made, row)
            return
        for index in order:
            if index in places:
                yield self.cache._kept(places[index])
            elif row is not None:
                self._store(index, row)
                yield row
                row = self._next(made)

    def _in_turn(self, made: Rows, row: _Row | None) -> Iterator[_Row]:
        turn = 0
        while row is not None:
            self._store(turn, row)
            yield row
            turn, row = turn + 1, self._next(made)
        if all(number in self._places for number in range(turn)):
            self._all = turn

    def _store(self, index: int, row: _Row) -> None:
        if index not in self._places and (what := self.cache._keep(row)) is not None:
            self._places[index] = what

    @staticmethod
    def _next(rows: Rows) -> _Row | None:
        block = rows.pull(1)
        return None if block is None else tuple(block.row(0))
