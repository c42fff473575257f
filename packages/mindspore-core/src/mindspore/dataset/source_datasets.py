"""The datasets that pipelines begin with: users' objects, arrays, and the MNIST family."""
from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np

from ._blocks import Column, as_array
from ._check import check_bool, check_dtype, check_names, check_optional_int, check_workers
from ._idx import find_idx, has_idx, read_idx
from ._pipeline import Parallel
from ._sources import ArraySource, BatchSource, Fetch, IterableSource, RandomAccessSource
from .caching import check_cache
from .datasets import Dataset
from .samplers import select_sampler
from .schema import Schema

__all__ = ["EMnistDataset", "FashionMnistDataset", "GeneratorDataset", "KMnistDataset", "MnistDataset",
           "NumpySlicesDataset"]


_LOG = logging.getLogger("mindspore.dataset")


class GeneratorDataset(Dataset):
    """Rows made by a user's object.

    Args:
        source: one of three. With `__getitem__` and `__len__` (random access): row i is `source[i]`. An iterable: read
            from its beginning in each epoch. A function: called in each epoch, returns an iterable. A row is a tuple
            with one value per column, or the value itself where there is one column; a value is a number, a str, bytes,
            an array or a Tensor.
        column_names: a name or a list of names. Either these or `schema` must be given.
        column_types: a list of dtypes that the values must have; None for no check.
        schema: a Schema, or the path of its JSON file, instead of column_names and column_types.
        num_samples: at most this many rows; None for all.
        num_parallel_workers: workers that call `source[i]`, if there are more than one.
        shuffle: random order; None means True for random access. An iterable keeps its order, with a warning for True.
        sampler: a Sampler, or an iterable of row numbers; for random access only.
        num_shards: number of shards; for random access only.
        shard_id: which of them this is.
        python_multiprocessing: whether the workers are processes, which get the source by pickle, or threads.
        max_rowsize: checked only.
        batch_sampler: an iterable of lists of row numbers, for random access: the rows of each list are one batch.
        collate_fn: with `batch_sampler`, makes the columns of a batch, a tuple, of the list of its rows; None joins
            them.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: column_names and schema are both missing or both given, a number is out of range, or an option for
            random access is given with an iterable.
        RuntimeError: options contradict each other (sampler with shuffle or shards, one of num_shards and shard_id).
    """

    def __init__(self, source, column_names=None, column_types=None, schema=None, num_samples=None,
                 num_parallel_workers: int | None = 1, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, python_multiprocessing: bool = True, max_rowsize=None, batch_sampler=None,
                 collate_fn=None):
        name = "GeneratorDataset"
        workers = check_workers(num_parallel_workers, name)
        check_bool(python_multiprocessing, "python_multiprocessing", name)
        columns, types = _columns(column_names, column_types, schema)
        if batch_sampler is not None or collate_fn is not None:
            _check_batches(batch_sampler, collate_fn, source, (num_samples, sampler, shuffle, num_shards, shard_id))
            super().__init__(BatchSource(Fetch(source, columns, types), batch_sampler, collate_fn))
            return
        if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
            chosen = select_sampler(name, num_samples, sampler, shuffle, num_shards, shard_id)
            super().__init__(RandomAccessSource(Fetch(source, columns, types), chosen,
                                                Parallel(workers, python_multiprocessing)))
            return
        if not callable(source) and not hasattr(source, "__iter__") and not hasattr(source, "__getitem__"):
            raise TypeError(f"For '{name}', 'source' must have '__getitem__' and '__len__', or be iterable, or be a "
                            f"function that returns an iterable, but got {type(source).__name__}.")
        for option, value in (("sampler", sampler), ("num_shards", num_shards), ("shard_id", shard_id)):
            if value is not None:
                raise ValueError(f"For '{name}', '{option}' needs a source with '__getitem__' and '__len__', but "
                                 f"{type(source).__name__} has not both. Give it these, or leave '{option}' out.")
        if shuffle:
            _LOG.warning("For '%s', 'shuffle' does nothing: %s is read from its beginning to its end. Call "
                         "shuffle(buffer_size) of the data set.", name, type(source).__name__)
        super().__init__(IterableSource(source, columns, types,
                                        check_optional_int(num_samples, "num_samples", name, 0) or None))


def _check_batches(batch_sampler, collate_fn, source, others: tuple) -> None:
    """The arguments of a GeneratorDataset with a batch sampler."""
    name = "GeneratorDataset"
    if batch_sampler is None:
        raise ValueError(f"For '{name}', 'collate_fn' needs a 'batch_sampler'.")
    if not hasattr(batch_sampler, "__iter__") and not hasattr(batch_sampler, "__getitem__"):
        raise TypeError(f"For '{name}', 'batch_sampler' must be an iterable of lists of row numbers, but got "
                        f"{type(batch_sampler).__name__}.")
    if collate_fn is not None and not callable(collate_fn):
        raise TypeError(f"For '{name}', 'collate_fn' must be callable, but got {type(collate_fn).__name__}.")
    if not hasattr(source, "__getitem__"):
        raise ValueError(f"For '{name}', 'batch_sampler' needs a source with '__getitem__', but "
                         f"{type(source).__name__} has none.")
    if any(value is not None for value in others):
        raise ValueError(f"For '{name}', 'batch_sampler' must not be given together with num_samples, sampler, "
                         f"shuffle, num_shards or shard_id.")


def _columns(column_names, column_types, schema) -> tuple[tuple[str, ...], tuple[np.dtype, ...] | None]:
    """The names and declared types of a GeneratorDataset's columns."""
    name = "GeneratorDataset"
    if (column_names is None) == (schema is None):
        raise ValueError(f"For '{name}', either 'column_names' or 'schema' must be given.")
    if schema is not None:
        if isinstance(schema, (str, os.PathLike)):
            schema = Schema(schema)
        if not isinstance(schema, Schema):
            raise TypeError(f"For '{name}', 'schema' must be a Schema or the path of one, but got "
                            f"{type(schema).__name__}.")
        names, types = schema.names_and_types()
        return check_names(names, "schema", name), types
    columns = check_names(column_names, "column_names", name)
    if column_types is None:
        return columns, None
    listed = column_types if isinstance(column_types, (list, tuple)) else [column_types]
    types = tuple(check_dtype(column_type, "column_types", name) for column_type in listed)
    if len(types) != len(columns):
        raise ValueError(f"For '{name}', 'column_types' must name one type per column, but there are {len(types)} for "
                         f"{len(columns)} columns.")
    return columns, types


class NumpySlicesDataset(Dataset):
    """Rows of arrays: row i holds element i of each of them.

    Args:
        data: a dict of names to arrays, a tuple of arrays (one per column), or one array or list. The arrays, or what
            NumPy makes of them, must have the same first dimension. Of a list whose elements differ in shape each is
            an array of its own.
        column_names: names of the columns; None for the dict's keys, else `column_0`, `column_1` ...
        num_samples: at most this many rows; None for all.
        num_parallel_workers: checked only: rows are gathered many at once.
        shuffle: random order; None means True.
        sampler: a Sampler, or an iterable of row numbers.
        num_shards: number of shards.
        shard_id: which of them this is.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the first dimensions differ, there are no rows, or the number of names is wrong.
        RuntimeError: options contradict each other, as for `GeneratorDataset`.
    """

    def __init__(self, data, column_names=None, num_samples=None, num_parallel_workers: int | None = 1,
                 shuffle: bool | None = None, sampler=None, num_shards=None, shard_id=None):
        name = "NumpySlicesDataset"
        check_workers(num_parallel_workers, name)
        parts = list(data.values()) if isinstance(data, dict) else list(data) if isinstance(data, tuple) else [data]
        if column_names is None:
            column_names = list(data) if isinstance(data, dict) else [f"column_{i}" for i in range(len(parts))]
        columns = check_names(column_names, "column_names", name)
        if len(columns) != len(parts):
            raise ValueError(f"For '{name}', there are {len(columns)} column names for {len(parts)} columns of data.")
        arrays = tuple(_rows_or_array(part, f"For '{name}', column '{column}'")
                       for part, column in zip(parts, columns, strict=True))
        shapes = [(len(array), "...") if isinstance(array, list) else array.shape for array in arrays]
        lengths = {shape[:1] for shape in shapes}
        if len(lengths) > 1 or () in lengths or (0,) in lengths:
            raise ValueError(f"For '{name}', the columns must be arrays with the same number of rows, at least one, "
                             f"but their shapes are {shapes}.")
        chosen = select_sampler(name, num_samples, sampler, shuffle, num_shards, shard_id)
        super().__init__(ArraySource(columns, lambda: arrays, chosen))


def _rows_or_array(part, where: str) -> Column:
    """The array that NumPy makes of a column, or one array for each element where these differ in shape."""
    if isinstance(part, (list, tuple)):
        try:
            np.asarray(part)
        except ValueError:
            return [as_array(row, f"{where}, row {i}") for i, row in enumerate(part)]
    return as_array(part, where)


class MnistDataset(Dataset):
    """The MNIST handwritten digits, from idx files, plain or with `.gz`.

    The columns are `image`, uint8 of shape (28, 28, 1), and `label`, a uint32 scalar. The files are read, and kept in
    memory, when the first row is needed.

    Args:
        dataset_dir: the folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
            `t10k-labels-idx1-ubyte`.
        usage: "train" (60,000 rows), "test" (10,000), or "all" for what is there of both; None means "all".
        num_samples: at most this many rows; None for all.
        num_parallel_workers: checked only: rows are gathered many at once.
        shuffle: random order; None means True.
        sampler: a Sampler, or an iterable of row numbers.
        num_shards: number of shards.
        shard_id: which of them this is.
        cache: a DatasetCache or None; a source keeps nothing in it, since files are mapped: give it to `map`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the folder does not exist or an argument is out of range; when the files are read, one is damaged
            or images and labels differ in number.
        FileNotFoundError: a file is missing.
        RuntimeError: options contradict each other, as for `GeneratorDataset`.
    """

    _PARTS: dict[str, tuple[str, ...]] = {"train": ("train",), "test": ("t10k",), "all": ("train", "t10k")}

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        name = type(self).__name__
        check_workers(num_parallel_workers, name)
        if not isinstance(dataset_dir, (str, os.PathLike)):
            raise TypeError(f"For '{name}', 'dataset_dir' must be a path, but got {type(dataset_dir).__name__}.")
        folder = Path(dataset_dir)
        if not folder.is_dir():
            raise ValueError(f"For '{name}', the folder '{folder}' does not exist.")
        if usage is not None and usage not in self._PARTS:
            raise ValueError(f"For '{name}', 'usage' must be 'train', 'test', 'all' or None, but got {usage!r}.")
        check_cache(cache, name)
        parts = self._PARTS[usage or "all"]
        there = [part for part in parts if has_idx(folder, f"{part}-images", 3) or has_idx(folder, f"{part}-labels", 1)]
        files = [(find_idx(folder, f"{part}-images", 3), find_idx(folder, f"{part}-labels", 1))
                 for part in there or parts]
        chosen = select_sampler(name, num_samples, sampler, shuffle, num_shards, shard_id)
        super().__init__(ArraySource(("image", "label"), lambda: _read_pairs(files), chosen))

    def num_classes(self) -> int:
        """The number of classes, 10."""
        return 10


def _read_pairs(files: list[tuple[Path, Path]]) -> tuple[np.ndarray, np.ndarray]:
    """All images and labels of pairs of idx files, one pair after the other."""
    images, labels = [], []
    for image_file, label_file in files:
        images.append(read_idx(image_file, 3)[..., np.newaxis])
        labels.append(read_idx(label_file, 1).astype(np.uint32))
        if len(images[-1]) != len(labels[-1]):
            raise ValueError(f"Files '{image_file}' and '{label_file}' do not belong together: they hold "
                             f"{len(images[-1])} images and {len(labels[-1])} labels.")
    return (images[0], labels[0]) if len(files) == 1 else (np.concatenate(images), np.concatenate(labels))


class FashionMnistDataset(MnistDataset):
    """Fashion-MNIST, ten kinds of clothing in MNIST's files and layout; see `MnistDataset`."""


class KMnistDataset(MnistDataset):
    """Kuzushiji-MNIST, ten kinds of cursive Japanese characters in MNIST's files and layout; see `MnistDataset`."""


class EMnistDataset(MnistDataset):
    """EMNIST, letters and digits in MNIST's layout: files such as `emnist-letters-train-images-idx3-ubyte`.

    Args:
        dataset_dir: the folder.
        name: "byclass", "bymerge", "balanced", "letters", "digits" or "mnist".
        usage, num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    _CLASSES = {"byclass": 62, "bymerge": 47, "balanced": 47, "letters": 26, "digits": 10, "mnist": 10}

    def __init__(self, dataset_dir, name: str, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        if name not in self._CLASSES:
            raise ValueError(f"For 'EMnistDataset', 'name' must be one of {list(self._CLASSES)}, but got {name!r}.")
        self._name = name
        self._PARTS = {"train": (f"emnist-{name}-train",), "test": (f"emnist-{name}-test",),
                       "all": (f"emnist-{name}-train", f"emnist-{name}-test")}
        super().__init__(dataset_dir, usage, num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id,
                         cache)

    def num_classes(self) -> int:
        """The number of classes of this part of EMNIST."""
        return self._CLASSES[self._name]
