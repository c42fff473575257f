"""Rows in files: each file is mapped into memory and indexed once, then rows are read by number.

A format says where the rows of a file are and what a row's bytes mean. Because the places of all rows are known, all
samplers work, shuffling is complete, and sizes are exact; 16 bytes of index per row is what it costs.
"""
from __future__ import annotations

import glob
import mmap
import os
from collections.abc import Callable, Sequence

import numpy as np

from ._blocks import Block, Blocks
from ._check import check_bool, check_int, check_optional_int
from ._pipeline import Node, Stage
from .samplers import DistributedSampler, RandomSampler, Sampler, SequentialSampler, Shuffle

__all__ = ["FileRows", "check_files", "file_sampler", "line_places", "map_file"]

Places = tuple[np.ndarray, np.ndarray]          # starts and lengths of the rows in a file


def check_files(dataset_files, function: str) -> list[str]:
    """The files that an argument names: a path, a pattern with wildcards, or a list of them; sorted within a pattern.

    Raises:
        TypeError: it is none of these.
        ValueError: there is no file.
    """
    listed = [dataset_files] if isinstance(dataset_files, (str, os.PathLike)) else dataset_files
    if not isinstance(listed, (list, tuple)) or not all(isinstance(path, (str, os.PathLike)) for path in listed):
        raise TypeError(f"For '{function}', 'dataset_files' must be a path or a list of paths, but got "
                        f"{dataset_files!r}.")
    files: list[str] = []
    for path in map(os.fspath, listed):
        found = [path] if os.path.isfile(path) else sorted(p for p in glob.glob(path) if os.path.isfile(p))
        if not found:
            raise ValueError(f"For '{function}', the file '{path}' does not exist.")
        files += found
    if not files:
        raise ValueError(f"For '{function}', 'dataset_files' must not be empty.")
    return files


def map_file(path: str) -> memoryview:
    """The bytes of a file, mapped and not read."""
    with open(path, "rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


_CHUNK = 1 << 24


def line_places(data: memoryview, quote: bytes | None = None) -> Places:
    """The places of the lines of a text that are not empty, without their ends (LF or CR LF).

    Args:
        data: the text.
        quote: a character between two of which a line does not end; None for none.
    """
    ends, odd = [], 0
    for start in range(0, len(data), _CHUNK):
        part = np.frombuffer(data[start:start + _CHUNK], np.uint8)
        is_end = part == 10
        if quote is not None:
            parity = np.cumsum(part == ord(quote), dtype=np.uint8) + np.uint8(odd)
            odd = int(parity[-1] & 1)
            is_end &= (parity & 1) == 0
        ends.append(np.flatnonzero(is_end) + start)
    stops = np.concatenate([*ends, [len(data)]]).astype(np.int64)
    starts = np.concatenate([[0], stops[:-1] + 1]).astype(np.int64)
    lengths = stops - starts
    if len(data):
        whole = np.frombuffer(data, np.uint8)
        returns = (lengths > 0) & (whole[np.maximum(stops - 1, 0)] == 13)
        lengths = lengths - returns
    kept = lengths > 0
    return starts[kept], lengths[kept]


class FileRows(Node):
    """Rows of files.

    Args:
        columns: the columns' names.
        files: paths.
        places: finds the rows of a mapped file.
        parse: makes a row of (mapped file, start, length): one array per column. A ValueError that it or `places`
            raises gets the file's name.
        sampler: which rows, in which order.
        open_file: maps or reads a file.
    """

    def __init__(self, columns: tuple[str, ...], files: Sequence[str], places: Callable[[memoryview], Places],
                 parse: Callable[[memoryview, int, int], tuple[np.ndarray, ...]], sampler: Sampler,
                 open_file: Callable[[str], memoryview] = map_file):
        self.columns, self.files, self.sampler = columns, list(files), sampler
        self._places, self._parse, self._open = places, parse, open_file
        self._mapped: list[memoryview] = []
        self._index: list[Places] = []
        self.bounds = np.zeros(1, np.int64)         # the number of rows before each file

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_mapped": [], "_index": []}

    def _named(self, error: ValueError, path: str) -> ValueError:
        return type(error)(f"File '{path}' is damaged or of another format: {error}.")

    def index(self) -> int:
        """The number of rows; the files are mapped and indexed when it is first asked for."""
        if not self._mapped:
            mapped, index = [], []
            for path in self.files:
                try:
                    mapped.append(self._open(path))
                    index.append(self._places(mapped[-1]))
                except ValueError as error:
                    raise self._named(error, path) from error
            self._mapped, self._index = mapped, index
            self.bounds = np.cumsum([0, *(len(starts) for starts, _ in index)])
        return int(self.bounds[-1])

    def row(self, number: int) -> tuple[np.ndarray, ...]:
        """One row."""
        file = int(np.searchsorted(self.bounds, number, "right")) - 1
        starts, lengths = self._index[file]
        place = number - self.bounds[file]
        try:
            return self._parse(self._mapped[file], int(starts[place]), int(lengths[place]))
        except ValueError as error:
            raise self._named(error, self.files[file]) from error

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        indices = stage.choose(self.sampler.indices(self.index(), stage.rng, stage.probing, self.values))
        for start in range(0, len(indices), hint):
            yield Block.of_rows([self.row(int(i)) for i in indices[start:start + hint]])

    def values(self, column: str) -> np.ndarray:
        """For samplers: the values of a column; of the column ``""``, the number of rows before each file."""
        if not column:
            return self.bounds
        at = self.columns.index(column)
        return np.array([self.row(i)[at] for i in range(self.index())])

    def size(self, endless: float) -> float | None:
        return self.sampler.size(self.index())


class _FilesSampler(DistributedSampler):
    """Rows of files, the files or the rows in each in random order; the same order for all shards."""

    def __init__(self, num_shards: int, shard_id: int, num_samples: int | None, kind: Shuffle):
        super().__init__(num_shards, shard_id, True, num_samples)
        self.kind = kind

    def choose(self, count, rng, probing):
        assert self.values is not None
        bounds = self.values("")
        order = self._shared_permutation(max(count, len(bounds) - 1), probing)
        files = list(zip(bounds[:-1], bounds[1:]))
        if self.kind is Shuffle.FILES:
            rows = np.concatenate([np.arange(*files[i]) for i in order if i < len(files)])
        else:
            rows = np.concatenate([order[(order >= first) & (order < last)] for first, last in files])
        if not count:
            return rows
        places = np.arange(-(-count // self.num_shards)) * self.num_shards + self.shard_id
        return rows[places % count]


def file_sampler(function: str, num_samples, shuffle, num_shards, shard_id) -> Sampler:
    """The sampler that the arguments of a dataset of files ask for.

    Raises:
        TypeError: `shuffle` is neither a bool nor a Shuffle.
        ValueError: a number is out of range.
        RuntimeError: one of num_shards and shard_id is missing.
    """
    num_samples = check_optional_int(num_samples, "num_samples", function, 0) or None
    if (num_shards is None) != (shard_id is None):
        raise RuntimeError(f"For '{function}', 'num_shards' and 'shard_id' must be given together, but got "
                           f"{num_shards!r} and {shard_id!r}.")
    shards = 1 if num_shards is None else check_int(num_shards, "num_shards", function, 1)
    shard = 0 if shard_id is None else check_int(shard_id, "shard_id", function, 0, shards - 1)
    if isinstance(shuffle, Shuffle):
        if shuffle in (Shuffle.FILES, Shuffle.INFILE):
            return _FilesSampler(shards, shard, num_samples, shuffle)
        mixed = shuffle is not Shuffle.FALSE
    else:
        mixed = True if shuffle is None else check_bool(shuffle, "shuffle", function)
    if num_shards is not None:
        return DistributedSampler(shards, shard, mixed, num_samples)
    return RandomSampler(num_samples=num_samples) if mixed else SequentialSampler(num_samples=num_samples)
