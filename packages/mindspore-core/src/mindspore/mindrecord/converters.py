"""Other data sets as MindRecord files: each class has a `transform` that reads its source and writes `destination`.

Images are stored as the files that they are, or as JPEG where the source has pixels.
"""
from __future__ import annotations

import csv
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mindspore.mindrecord.exceptions import ParamTypeError, ParamValueError
from mindspore.mindrecord.writer import SUCCESS, FileWriter, Status

__all__ = ["Cifar100ToMR", "Cifar10ToMR", "CsvToMR", "ImageNetToMR", "MnistToMR", "TFRecordToMR"]
_ROWS_AT_ONCE = 256


def _path(value: Any, name: str, function: str) -> Path:
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ParamTypeError(f"For '{function}', '{name}' must be a path, but got {value!r}.")
    return Path(value)


def _source(value: Any, name: str, function: str, folder: bool) -> Path:
    """A file or folder that exists."""
    path = _path(value, name, function)
    if not (path.is_dir() if folder else path.is_file()):
        raise ParamValueError(f"For '{function}', the {'folder' if folder else 'file'} '{path}' of '{name}' does not "
                              f"exist.")
    return path


def _shards(value: Any, function: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ParamTypeError(f"For '{function}', 'partition_number' must be an int, but got {value!r}.")
    if value < 1:
        raise ParamValueError(f"For '{function}', 'partition_number' must be above 0, but got {value}.")
    return value


def _write(path: str, schema: dict, rows: Iterable[Mapping], shards: int = 1, index: Sequence[str] | None = None,
           desc: str = "") -> None:
    """Write all rows into a data set."""
    writer = FileWriter(path, shards)
    writer.add_schema(schema, desc)
    if index:
        writer.add_index(list(index))
    pending: list[Mapping] = []
    for row in rows:
        pending.append(row)
        if len(pending) == _ROWS_AT_ONCE:
            writer.write_raw_data(pending)
            pending = []
    writer.write_raw_data(pending)
    writer.commit()


def _jpeg(pixels: np.ndarray) -> bytes:
    from mindspore.dataset.vision import encode_jpeg
    return encode_jpeg(pixels).tobytes()


# --------------------------------------------------------------------------------------------------------------- CIFAR


class _ArraysOnly(pickle.Unpickler):
    """Reads pickles of dicts, lists and NumPy arrays, and refuses all else: a pickle may name any function."""

    _ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
                ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it refers to {module}.{name}, which no file of CIFAR does")


def _batch(path: Path, labels: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Images (N, 32, 32, 3) and labels of a file of CIFAR's Python version."""
    try:
        with open(path, "rb") as file:
            known = _ArraysOnly(file, encoding="latin1").load()
        images = np.asarray(known["data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return images, *(np.asarray(known[name], np.int64).reshape(len(images)) for name in labels)
    except (pickle.UnpicklingError, ValueError, KeyError, TypeError, EOFError, AttributeError, IndexError) as error:
        raise ParamValueError(f"File '{path}' is not of CIFAR's Python version: {error!r}. Download it "
                              f"again.") from None


class Cifar10ToMR:
    """CIFAR-10, the Python or the binary version, as MindRecord files: `id` and `label`, int64, and `data`, JPEG.

    Args:
        source: the folder with the batches. destination: the file for training; that of the test has `_test` appended.

    Raises:
        ParamTypeError, ParamValueError: an argument is no path, or the folder does not exist.
    """

    _PARTS: tuple[Sequence[str], Sequence[str]] = (tuple(f"data_batch_{k}" for k in range(1, 6)), ("test_batch",))
    _LABELS: tuple[str, ...] = ("label",)
    _KEYS: tuple[str, ...] = ("labels",)

    def __init__(self, source, destination):
        name = type(self).__name__
        self.source = _source(source, "source", name, folder=True)
        self.destination = os.fspath(_path(destination, "destination", name))

    def run(self, fields: list[str] | None = None) -> Status:
        """Convert; see `transform`."""
        if fields is not None and (not isinstance(fields, list) or not set(fields) <= {"id", *self._LABELS}):
            raise ParamValueError(f"For '{type(self).__name__}', 'fields' must be a list of some of "
                                  f"{['id', *self._LABELS]}, but got {fields!r}.")
        schema = {"id": {"type": "int64"}, **{name: {"type": "int64"} for name in self._LABELS},
                  "data": {"type": "bytes"}}
        for end, names in zip(("", "_test"), self._PARTS):
            files = [path for name in names for path in (self.source / name, self.source / f"{name}.bin")
                     if path.is_file()]
            if not files:
                raise ParamValueError(f"For '{type(self).__name__}', the folder '{self.source}' has no file "
                                      f"'{names[0]}'.")
            _write(self.destination + end, schema, self._rows(files), index=fields)
        return SUCCESS

    def _rows(self, files: list[Path]) -> Iterator[dict]:
        from mindspore.dataset.image_datasets import read_cifar
        number = 0
        for path in files:
            read = read_cifar([path], len(self._KEYS)) if path.suffix == ".bin" else _batch(path, self._KEYS)
            for image, *labels in zip(*read):
                yield {"id": number, **{name: int(value) for name, value in zip(self._LABELS, labels)},
                       "data": _jpeg(image)}
                number += 1

    def transform(self, fields: list[str] | None = None) -> Status:
        """Convert. fields: by which rows can be found, such as `["label"]`; all numbers by default.

        Returns:
            `SUCCESS`.

        Raises:
            ParamValueError: a file is missing or damaged, or a field is unknown.
            MRMWriteDatasetError: the destination exists.
        """
        return self.run(fields)


class Cifar100ToMR(Cifar10ToMR):
    """CIFAR-100 as MindRecord files: `id`, `coarse_label` and `fine_label`, int64, and `data`, JPEG; see
    `Cifar10ToMR`."""

    _PARTS = (("train",), ("test",))
    _LABELS = ("coarse_label", "fine_label")
    _KEYS = ("coarse_labels", "fine_labels")


class MnistToMR:
    """MNIST as MindRecord files: `label`, int64, and `data`, JPEG.

    Args:
        source: the folder with the idx files, plain or with `.gz`.
        destination: what the names begin with; `_train.mindrecord` and `_test.mindrecord` are appended.
        partition_number: into how many files each is divided.

    Raises:
        ParamTypeError, ParamValueError: an argument of another form, or the folder does not exist.
    """

    def __init__(self, source, destination, partition_number=1):
        self.source = _source(source, "source", "MnistToMR", folder=True)
        self.destination = os.fspath(_path(destination, "destination", "MnistToMR"))
        self.partition_number = _shards(partition_number, "MnistToMR")

    def run(self) -> Status:
        """Convert; see `transform`."""
        from mindspore.dataset._idx import find_idx, read_idx
        schema = {"label": {"type": "int64"}, "data": {"type": "bytes"}}
        for end, stem in (("train", "train"), ("test", "t10k")):
            images = read_idx(find_idx(self.source, f"{stem}-images", 3), 3)
            labels = read_idx(find_idx(self.source, f"{stem}-labels", 1), 1)
            if len(images) != len(labels):
                raise ParamValueError(f"For 'MnistToMR', there are {len(images)} images and {len(labels)} labels.")
            _write(f"{self.destination}_{end}.mindrecord", schema,
                   ({"label": int(label), "data": _jpeg(image)} for image, label in zip(images, labels)),
                   self.partition_number)
        return SUCCESS

    def transform(self) -> Status:
        """Convert; `SUCCESS`.

        Raises:
            FileNotFoundError, ValueError: a file is missing or damaged. MRMWriteDatasetError: the destination exists.
        """
        return self.run()


class CsvToMR:
    """A file of comma-separated values as MindRecord files: a field for each column, int64, float64 or string by what
    stands in it.

    Args:
        source: the file, whose first row has the names of the columns. destination: the file to write.
        columns_list: the columns to take; None for all.
        partition_number: into how many files it is divided.

    Raises:
        ParamTypeError, ParamValueError: an argument of another form, or the file does not exist.
    """

    def __init__(self, source, destination, columns_list=None, partition_number=1):
        self.source = _source(source, "source", "CsvToMR", folder=False)
        self.destination = os.fspath(_path(destination, "destination", "CsvToMR"))
        if columns_list is not None and (not isinstance(columns_list, list) or not all(
                isinstance(name, str) for name in columns_list)):
            raise ParamTypeError(f"For 'CsvToMR', 'columns_list' must be a list of str, but got {columns_list!r}.")
        self.columns_list, self.partition_number = columns_list, _shards(partition_number, "CsvToMR")

    def run(self) -> Status:
        """Convert; see `transform`."""
        with open(self.source, newline="", encoding="utf-8") as file:
            names, *rows = list(csv.reader(file)) or [[]]
        rows = [row for row in rows if row]
        bad = next((k for k, row in enumerate(rows, 2) if len(row) != len(names)), None)
        chosen = names if self.columns_list is None else self.columns_list
        missing = [name for name in chosen if name not in names]
        if bad is not None or missing or not rows or len(set(names)) < len(names):
            raise ParamValueError(f"For 'CsvToMR', file '{self.source}' "
                                  + (f"has {len(rows[bad - 2])} fields in row {bad} instead of {len(names)}." if bad
                                     else f"has no column {missing[0]!r}." if missing
                                     else "has no rows, or two columns of one name."))
        kinds = {name: _kind([row[names.index(name)] for row in rows]) for name in chosen}
        make: dict[str, Callable] = {"int64": int, "float64": float, "string": str}
        _write(self.destination, {name: {"type": kind} for name, kind in kinds.items()}, (
            {name: make[kind](row[names.index(name)]) for name, kind in kinds.items()} for row in rows),
            self.partition_number)
        return SUCCESS

    def transform(self) -> Status:
        """Convert; `SUCCESS`.

        Raises:
            ParamValueError: the rows differ in length, or a column is missing. MRMWriteDatasetError: the destination
                exists.
        """
        return self.run()


def _kind(values: list[str]) -> str:
    """The narrowest type of a column."""
    for kind, make in (("int64", int), ("float64", float)):
        try:
            found = [make(value) for value in values]
        except ValueError:
            continue
        if kind == "float64" or all(-2**63 <= value < 2**63 for value in found):
            return kind
    return "string"


class ImageNetToMR:
    """ImageNet as MindRecord files: `label`, int64, `file_name`, and `data`, the image's file.

    Args:
        map_file: a file with a folder's name and a label on each line. image_dir: the folder of these folders.
        destination: the file to write. partition_number: into how many files it is divided.

    Raises:
        ParamTypeError, ParamValueError: an argument of another form, or a path does not exist.
    """

    def __init__(self, map_file, image_dir, destination, partition_number=1):
        self.map_file = _source(map_file, "map_file", "ImageNetToMR", folder=False)
        self.image_dir = _source(image_dir, "image_dir", "ImageNetToMR", folder=True)
        self.destination = os.fspath(_path(destination, "destination", "ImageNetToMR"))
        self.partition_number = _shards(partition_number, "ImageNetToMR")

    def run(self) -> Status:
        """Convert; see `transform`."""
        labels: dict[str, int] = {}
        for number, line in enumerate(self.map_file.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                folder, _, label = line.strip().rpartition(" ")
                if not folder or not label.isdecimal():
                    raise ParamValueError(f"For 'ImageNetToMR', line {number} of '{self.map_file}' must be a folder "
                                          f"and a label, but is {line!r}.")
                labels[folder.strip()] = int(label)
        schema = {"label": {"type": "int64"}, "data": {"type": "bytes"}, "file_name": {"type": "string"}}
        _write(self.destination, schema, self._rows(labels), self.partition_number)
        return SUCCESS

    def _rows(self, labels: dict[str, int]) -> Iterator[dict]:
        from mindspore.dataset._image_files import EXTENSIONS
        for folder, label in labels.items():
            for path in sorted((self.image_dir / folder).glob("*")):
                if path.suffix.lower() in EXTENSIONS:
                    yield {"label": label, "data": path.read_bytes(), "file_name": path.name}

    def transform(self) -> Status:
        """Convert; `SUCCESS`.

        Raises:
            ParamValueError: the map is damaged. MRMWriteDatasetError: the destination exists.
        """
        return self.run()


class TFRecordToMR:
    """TFRecord files as MindRecord files.

    Args:
        source: the TFRecord file. destination: the file to write.
        feature_dict: the features to take: a dict of names to objects with a `dtype` (a name, or an object that has
            one: int64, float32, string) and a `shape`, such as `tf.io.FixedLenFeature`. A feature of one number is a
            number, one of several an array.
        bytes_fields: names of features of the type string that are stored as bytes instead of as text.

    Raises:
        ParamTypeError, ParamValueError: an argument of another form, or the file does not exist.
    """

    _KINDS = {"int64": "int64", "int32": "int32", "float32": "float32", "string": "string"}

    def __init__(self, source, destination, feature_dict, bytes_fields=None):
        self.source = _source(source, "source", "TFRecordToMR", folder=False)
        self.destination = os.fspath(_path(destination, "destination", "TFRecordToMR"))
        if not isinstance(feature_dict, Mapping) or not feature_dict:
            raise ParamTypeError(f"For 'TFRecordToMR', 'feature_dict' must be a dict of features, but got "
                                 f"{feature_dict!r}.")
        self._bytes = set(bytes_fields or ())
        self._features = {name: self._feature(name, given) for name, given in feature_dict.items()}
        if not self._bytes <= self._features.keys():
            raise ParamValueError(f"For 'TFRecordToMR', 'bytes_fields' names {sorted(self._bytes)}, but the features "
                                  f"are {list(self._features)}.")

    def _feature(self, name: str, given: Any) -> tuple[str, tuple[int, ...]]:
        dtype, shape = getattr(given, "dtype", None), getattr(given, "shape", None)
        kind = self._KINDS.get(str(getattr(dtype, "name", dtype)))
        if kind is None or shape is None:
            raise ParamValueError(f"For 'TFRecordToMR', feature {name!r} must have a dtype of {list(self._KINDS)} and "
                                  f"a shape, but is {given!r}.")
        return kind, tuple([shape] if isinstance(shape, int) else shape)

    def run(self) -> Status:
        """Convert; see `transform`."""
        schema: dict[str, dict] = {}
        for name, (kind, shape) in self._features.items():
            schema[name] = {"type": "bytes" if name in self._bytes else kind}
            if kind != "string" and np.prod(shape) != 1:
                schema[name]["shape"] = list(shape)
        _write(self.destination, schema, self.tfrecord_iterator())
        return SUCCESS

    def tfrecord_iterator(self) -> Iterator[dict]:
        """The rows as they are written."""
        from mindspore.dataset._files import map_file
        from mindspore.dataset._tfrecord import Damaged, check_record, parse_example, record_places
        data = map_file(str(self.source))
        try:
            for start, length in record_places(data):
                found = parse_example(check_record(data, start, length))
                yield {name: self._value(name, found[name]) for name in self._features}
        except (Damaged, KeyError, IndexError) as error:
            raise ParamValueError(f"For 'TFRecordToMR', file '{self.source}' cannot be converted: {error!r}.") from None

    def _value(self, name: str, value: Any) -> Any:
        kind, shape = self._features[name]
        if kind == "string":
            return bytes(value[0]) if name in self._bytes else bytes(value[0]).decode()
        array = np.asarray(value, kind)
        if array.size != np.prod(shape):
            raise ParamValueError(f"For 'TFRecordToMR', feature {name!r} has {array.size} values, but its shape is "
                                  f"{shape}.")
        return array.item() if array.size == 1 else array.reshape(shape)

    def transform(self) -> Status:
        """Convert; `SUCCESS`.

        Raises:
            ParamValueError: the file is damaged, or a feature is missing. MRMWriteDatasetError: the destination exists.
        """
        return self.run()
