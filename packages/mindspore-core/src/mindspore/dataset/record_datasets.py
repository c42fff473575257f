"""Datasets of lines, of comma-separated values, and of TFRecord files."""
from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections.abc import Sequence

import numpy as np

from ._check import check_bool, check_names, check_workers
from ._files import FileRows, Places, check_files, file_sampler, line_places, map_file
from ._tfrecord import Damaged, check_record, parse_example, record_places
from .caching import check_cache
from .datasets import Dataset
from .samplers import Shuffle
from .schema import Schema

__all__ = ["CSVDataset", "TFRecordDataset", "TextFileDataset", "csv_row"]


def _text(data: memoryview) -> str:
    try:
        return bytes(data).decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no text in UTF-8: {error}") from None


class TextFileDataset(Dataset):
    """The lines of text files in UTF-8 that are not empty. The column is `text`, a str.

    Args:
        dataset_files: a path, a pattern, or a list of them.
        num_samples: at most this many rows; None or 0 for all.
        num_parallel_workers: checked only.
        shuffle: True or Shuffle.GLOBAL: rows in random order; Shuffle.INFILE: in each file; Shuffle.FILES: the files
            only; False: no mixing.
        num_shards: number of shards.
        shard_id: which of them this is.
        cache: a DatasetCache or None; a source keeps nothing in it, since files are mapped: give it to `map`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a file does not exist or a number is out of range; while iterating, a line is no text.
        RuntimeError: one of num_shards and shard_id is missing.
    """

    def __init__(self, dataset_files, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None, cache=None):
        name = type(self).__name__
        check_workers(num_parallel_workers, name)
        check_cache(cache, name)
        super().__init__(FileRows(("text",), check_files(dataset_files, name), line_places, _line,
                                  file_sampler(name, num_samples, shuffle, num_shards, shard_id)))


def _line(data: memoryview, start: int, length: int) -> tuple[np.ndarray, ...]:
    return (np.array(_text(data[start:start + length])),)


# ----------------------------------------------------------------------------------------------------------------- CSV

class csv_row:
    """Parses a row of comma-separated values.

    Args:
        names: the columns' names, for messages.
        delimiter: one character.
        defaults: per column a value that shows its type, and stands for an empty field; None for text.
    """

    def __init__(self, names: Sequence[str], delimiter: str, defaults: Sequence | None):
        self.names, self.delimiter, self.defaults = names, delimiter, defaults

    def __call__(self, data: memoryview, start: int, length: int) -> tuple[np.ndarray, ...]:
        fields = fields_of(data[start:start + length], self.delimiter)
        if len(fields) != len(self.names):
            raise ValueError(f"the row at byte {start} has {len(fields)} fields for the {len(self.names)} columns "
                             f"{list(self.names)}")
        if self.defaults is None:
            return tuple(map(np.array, fields))
        return tuple(_typed(field, default, name)
                     for field, default, name in zip(fields, self.defaults, self.names))


def fields_of(data: memoryview, delimiter: str) -> list[str]:
    """The fields of one row."""
    try:
        rows = list(csv.reader([_text(data)], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f"a row cannot be parsed: {error}") from None
    return [field for row in rows for field in row]


def _typed(field: str, default, name: str) -> np.ndarray:
    if isinstance(default, str):
        return np.array(field or default)
    kind = np.int32 if isinstance(default, int) else np.float32
    try:
        value = type(default)(field) if field else default
        if kind is np.int32 and not -1 << 31 <= value < 1 << 31:
            raise OverflowError  # NumPy 1 takes it
        return np.array(value, kind)
    except (ValueError, OverflowError):
        raise ValueError(f"column '{name}' must hold {np.dtype(kind)}, but a row has {field!r}") from None


class CSVDataset(Dataset):
    """The rows of files of comma-separated values (RFC 4180: fields may be quoted, and then hold line ends).

    Args:
        dataset_files: a path, a pattern, or a list of them.
        field_delim: the character between fields.
        column_defaults: per column an int, a float or a str: the column is int32, float32 or str, and an empty field
            stands for this value; None: all columns are str.
        column_names: the columns' names; None takes them from the first row, which then is no data, in each file.
        num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache: as for `TextFileDataset`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a file does not exist, a number is out of range, the first row names no columns; while iterating, a
            row has another number of fields or a field is no number.
        RuntimeError: one of num_shards and shard_id is missing.
    """

    def __init__(self, dataset_files, field_delim: str = ",", column_defaults=None, column_names=None,
                 num_samples=None, num_parallel_workers: int | None = None, shuffle=Shuffle.GLOBAL, num_shards=None,
                 shard_id=None, cache=None):
        name = "CSVDataset"
        check_workers(num_parallel_workers, name)
        check_cache(cache, name)
        if not isinstance(field_delim, str) or len(field_delim) != 1 or field_delim in '"\r\n':
            raise ValueError(f"For '{name}', 'field_delim' must be one character, but got {field_delim!r}.")
        files = check_files(dataset_files, name)
        header = column_names is None
        columns = _header(files[0], field_delim) if header else check_names(column_names, "column_names", name)
        defaults = _defaults(column_defaults, columns)
        super().__init__(FileRows(columns, files, _rows_below if header else _rows,
                                  csv_row(columns, field_delim, defaults),
                                  file_sampler(name, num_samples, shuffle, num_shards, shard_id)))


def _rows(data: memoryview) -> Places:
    return line_places(data, b'"')


def _rows_below(data: memoryview) -> Places:
    starts, lengths = line_places(data, b'"')
    return starts[1:], lengths[1:]


def _header(path: str, delimiter: str) -> tuple[str, ...]:
    data = map_file(path)
    starts, lengths = line_places(data[:1 << 20], b'"')
    if not len(starts):
        raise ValueError(f"For 'CSVDataset', file '{path}' is empty, so it names no columns. Give 'column_names'.")
    try:
        fields = fields_of(data[starts[0]:starts[0] + lengths[0]], delimiter)
    except ValueError as error:
        raise ValueError(f"For 'CSVDataset', the first row of file '{path}' names no columns: {error}.") from None
    return check_names(fields, "column_names", "CSVDataset")


def _defaults(given, columns: Sequence[str]) -> list | None:
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or not all(
            isinstance(value, (int, float, str)) and not isinstance(value, bool) for value in given):
        raise TypeError(f"For 'CSVDataset', 'column_defaults' must be a list of int, float and str, but got {given!r}.")
    if len(given) != len(columns):
        raise ValueError(f"For 'CSVDataset', 'column_defaults' must hold one value per column, but holds {len(given)} "
                         f"for {list(columns)}.")
    return list(given)


# ------------------------------------------------------------------------------------------------------------ TFRecord

def _record_index(data: memoryview) -> Places:
    places = np.array(list(record_places(data)), np.int64).reshape(-1, 2)
    return places[:, 0], places[:, 1]


class _OpenCompressed:
    """Decompresses a file into memory."""

    def __init__(self, kind: str):
        self.kind = kind

    def __call__(self, path: str) -> memoryview:
        with open(path, "rb") as file:
            data = file.read()
        try:
            return memoryview(gzip.decompress(data) if self.kind == "GZIP" else zlib.decompress(data))
        except (OSError, EOFError, zlib.error) as error:
            raise Damaged(f"it cannot be decompressed as {self.kind}: {error}") from error


class _ExampleRow:
    """Makes the columns of a record.

    Args:
        columns: which features.
        schema: per column its type and shape, None for what the file has.
    """

    def __init__(self, columns: Sequence[str], schema: dict[str, dict] | None):
        self.columns, self.schema = columns, schema

    def __call__(self, data: memoryview, start: int, length: int) -> tuple[np.ndarray, ...]:
        features = parse_example(check_record(data, start, length))
        row = []
        for name in self.columns:
            if name not in features:
                raise Damaged(f"the record at byte {start} has no feature '{name}', but {sorted(features)}")
            column = None if self.schema is None else self.schema[name]
            row.append(_plain(features[name]) if column is None else _as_schema(features[name], name, column))
        return tuple(row)


def _plain(feature) -> np.ndarray:
    """Numbers as they are, of one dimension; bytes as uint8, several as rows filled up with zeros."""
    if isinstance(feature, np.ndarray):
        return feature
    if len(feature) == 1:
        return np.frombuffer(feature[0], np.uint8).copy()
    out = np.zeros((len(feature), max(map(len, feature), default=0)), np.uint8)
    for row, item in zip(out, feature):
        row[:len(item)] = np.frombuffer(item, np.uint8)
    return out


def _as_schema(feature, name: str, column: dict) -> np.ndarray:
    kind, shape = column["type"], column.get("shape")
    if kind in ("str", "string"):
        if isinstance(feature, np.ndarray):
            raise Damaged(f"feature '{name}' holds numbers, but the schema says text")
        array = np.array([_text(memoryview(item)) for item in feature])
    elif isinstance(feature, np.ndarray):
        array = feature.astype(kind)
    else:
        array = _plain(feature).astype(kind, copy=False)
    if shape is None:
        return array
    if not shape and array.size == 1:
        return array.reshape(())
    try:
        return array.reshape(shape)
    except ValueError:
        raise Damaged(f"feature '{name}' has the shape {list(array.shape)}, but the schema says {shape}") from None


class TFRecordDataset(Dataset):
    """The `Example` messages in TFRecord files.

    Without a schema the columns are the features of the first record by name: lists of floats are float32 and lists of
    integers int64, of one dimension; bytes are uint8 of one dimension.

    Args:
        dataset_files: a path, a pattern, or a list of them.
        schema: a Schema, or the path of its JSON file, with the types and shapes that the features are converted to
            ("string" for text); None for none. Its `numRows` limits the rows where `num_samples` is None.
        columns_list: the columns to read, in order; None for all: the schema's, or those of the first record by name.
        num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache: as for `TextFileDataset`.
        shard_equal_rows: checked only: shards always have equally many rows.
        compression_type: None or "", "GZIP" or "ZLIB".

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a file does not exist or an argument is out of range; a file is damaged, or a record lacks a feature
            or does not fit the schema.
        RuntimeError: one of num_shards and shard_id is missing.
    """

    def __init__(self, dataset_files, schema=None, columns_list=None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None,
                 shard_equal_rows: bool = False, cache=None, compression_type: str | None = None):
        name = "TFRecordDataset"
        check_workers(num_parallel_workers, name)
        check_cache(cache, name)
        check_bool(shard_equal_rows, "shard_equal_rows", name)
        if compression_type not in (None, "", "GZIP", "ZLIB"):
            raise ValueError(f"For '{name}', 'compression_type' must be '', 'GZIP' or 'ZLIB', but got "
                             f"{compression_type!r}.")
        if isinstance(schema, (str, os.PathLike)):
            schema = Schema(schema)
        if schema is not None and not isinstance(schema, Schema):
            raise TypeError(f"For '{name}', 'schema' must be a Schema or the path of one, but got "
                            f"{type(schema).__name__}.")
        files = check_files(dataset_files, name)
        opener = _OpenCompressed(compression_type) if compression_type else map_file
        described = (None if schema is None or not schema.columns else
                     {c["name"]: c for c in schema.columns})
        if schema is not None and schema.num_rows and num_samples is None:
            num_samples = schema.num_rows
        present = list(described) if described is not None else _first_names(files, opener)
        columns = tuple(present) if columns_list is None else check_names(columns_list, "columns_list", name)
        for column in columns:
            if column not in present:
                raise ValueError(f"For '{name}', there is no column '{column}'; the columns are {present}.")
        super().__init__(FileRows(columns, files, _record_index, _ExampleRow(columns, described),
                                  file_sampler(name, num_samples, shuffle, num_shards, shard_id), opener))


def _first_names(files: Sequence[str], opener) -> list[str]:
    """The names of the features of the first record that there is."""
    for path in files:
        try:
            data = opener(path)
            for start, length in record_places(data):
                return sorted(parse_example(check_record(data, start, length)))
        except ValueError as error:
            raise type(error)(f"For 'TFRecordDataset', file '{path}' is damaged or of another format: "
                              f"{error}.") from error
    raise ValueError(f"For 'TFRecordDataset', the files {list(files)} have no records, so there are no columns. Give a "
                     f"'schema'.")
