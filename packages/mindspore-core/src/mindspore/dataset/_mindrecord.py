"""MindDataset: the rows of MindRecord files."""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from mindspore.formats.mindrecord import TYPES
from mindspore.mindrecord.reader import RecordFiles

from ._check import check_int, check_workers
from ._files import file_sampler
from ._pipeline import Parallel, Stage, annotate
from ._sources import Fetch, RandomAccessSource
from .caching import check_cache
from .datasets import Dataset
from .samplers import Shuffle, select_sampler

__all__ = ["MindDataset"]


class _Rows:
    """The rows as tuples of arrays, then the padded ones."""

    def __init__(self, files: RecordFiles, columns: list[str], padding: dict | None, padded: int):
        self.files, self.columns, self.padded = files, columns, padded
        self.wanted = frozenset(columns)
        self.padding = None if padding is None else tuple([self._array(name, padding[name]) for name in columns])

    def __len__(self) -> int:
        return len(self.files) + self.padded

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        if index >= len(self.files):
            assert self.padding is not None
            return tuple([array.copy() for array in self.padding])
        row = self.files.row(index, self.wanted)
        return tuple([self._array(name, row[name]) for name in self.columns])

    def values(self, column: str) -> np.ndarray:
        """For samplers: the values of a column; of the column ``""``, the number of rows before each shard."""
        if not column:
            bounds = np.cumsum([0, *[shard.count for shard in self.files.shards]])
            return np.append(bounds, len(self)) if self.padded else bounds
        place = self.columns.index(column)
        return np.array([self[index][place] for index in range(len(self))])

    def _array(self, name: str, value: Any) -> np.ndarray:
        """A value as an array: bytes as uint8, numbers and texts without dimensions."""
        if isinstance(value, (bytes, bytearray)):
            return np.frombuffer(bytes(value), np.uint8).copy()
        dtype = TYPES[self.files.schema.fields[name]["type"]]
        return np.array(value, dtype)


class _FetchRecord(Fetch):
    """Reads rows that are arrays already."""

    def _fetch(self, index: int) -> tuple[np.ndarray, ...]:
        try:
            return self.source[index]
        except Exception as error:
            annotate(error, f"raised by row {index} of MindDataset(columns_list={list(self.columns)})")
            raise


class _RecordSource(RandomAccessSource):
    """Rows of files, which samplers may ask for more than their number."""

    def _indices(self, stage: Stage) -> list[int]:
        rows = self.fetch.source
        return stage.choose(self.sampler.indices(len(rows), stage.rng, stage.probing, rows.values)).tolist()


class MindDataset(Dataset):
    """Rows of a MindRecord data set.

    A `bytes` field is a column of uint8, a number or text has no dimensions, a field with a shape is an array of it.

    Args:
        dataset_files: the file or any shard of a data set, all of which is read; or a list of shards.
        columns_list: names of the columns, in the order wanted; None for all.
        num_parallel_workers: threads that read rows.
        shuffle: True, None or `Shuffle.GLOBAL` for random order, False for that of the files; `Shuffle.FILES` for
            shards in random order, `Shuffle.INFILE` for rows in random order in each shard.
        num_shards: number of shards that the rows are divided into, for training by several processes.
        shard_id: which of them this is.
        sampler: a Sampler, or an iterable of row numbers.
        padded_sample: a dict, a row that is added `num_padded` times.
        num_padded: how often.
        num_samples: at most this many rows; None for all.
        cache: a DatasetCache or None; a source keeps nothing in it, since files are mapped: give it to `map`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a file is missing or damaged (`mindrecord.MRMOpenError`), a column does not exist, or an argument is
            out of range; while iterating, a row is damaged (`mindrecord.MRMFetchDataError`).
        RuntimeError: options contradict each other, as for `GeneratorDataset`.
    """

    def __init__(self, dataset_files: str | os.PathLike | list, columns_list: list[str] | None = None,
                 num_parallel_workers: int | None = None, shuffle: bool | Shuffle | None = None,
                 num_shards: int | None = None, shard_id: int | None = None, sampler=None,
                 padded_sample: dict | None = None, num_padded: int | None = None, num_samples: int | None = None,
                 cache=None):
        name = "MindDataset"
        workers = check_workers(num_parallel_workers, name)
        check_cache(cache, name)
        files = RecordFiles(dataset_files)
        columns = files.chosen(columns_list, name)
        if (padded_sample is None) != (num_padded is None):
            raise RuntimeError(f"For '{name}', 'padded_sample' and 'num_padded' must be given together.")
        padded = 0 if num_padded is None else check_int(num_padded, "num_padded", name, 0)
        if padded_sample is not None and not (isinstance(padded_sample, dict) and set(columns) <= set(padded_sample)):
            raise ValueError(f"For '{name}', 'padded_sample' must be a dict with a value for each of the columns "
                             f"{columns}.")
        if sampler is None:
            chosen = file_sampler(name, num_samples, shuffle, num_shards, shard_id)
        else:
            chosen = select_sampler(name, num_samples, sampler, shuffle, num_shards, shard_id)
        fetch = _FetchRecord(_Rows(files, columns, padded_sample, padded), tuple(columns), None)
        super().__init__(_RecordSource(fetch, chosen, Parallel(workers)))
