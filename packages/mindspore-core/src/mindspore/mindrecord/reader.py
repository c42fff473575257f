"""Reading MindRecord data sets: the files, and FileReader.

A shard is opened by its header and its index, both of which are checked against the file: pages lie in it, and rows lie
in pages. A row is read and decoded when it is asked for. Every defect is an MRMOpenError or an MRMFetchDataError, both
ValueErrors, that name the file.
"""
from __future__ import annotations

import json
import os
import sqlite3
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mindspore.formats.mindrecord import Schema
from mindspore.mindrecord import encryption
from mindspore.mindrecord.exceptions import MRMFetchDataError, MRMOpenError, ParamTypeError, ParamValueError
from mindspore.mindrecord.writer import HEADER_SIZES, INDEX_COLUMNS, MAX_SHARDS, PAGE_SIZES

__all__ = ["FileReader", "RecordFiles"]

_MAX_HEADER = HEADER_SIZES[1]
_STEPS_PER_ROW = 1000


class Shard:
    """One shard: its header and where its rows stand (`places`: a row for each of ours, columns as INDEX_COLUMNS)."""

    def __init__(self, path: str):
        self.path, self.name = path, os.path.basename(path)
        self._lock = threading.Lock()
        try:
            self._file: BinaryIO = open(path, "rb")
        except OSError as error:
            raise MRMOpenError(f"MindRecord file '{path}' cannot be read: {error.strerror}.") from error
        try:
            self._file = encryption.plain(path, self._file)
            self.size = self._file.seek(0, os.SEEK_END)
            self._read_header()
            self._read_index()
        except BaseException:
            self._file.close()
            raise

    def fail(self, what: str) -> MRMOpenError:
        return MRMOpenError(f"MindRecord file '{self.path}' is not valid: {what}. It may be truncated, damaged or of "
                            f"another format; take an intact copy.")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    # -- header --------------------------------------------------------------------------------------------------------

    def _read_header(self) -> None:
        self._file.seek(0)
        start = self._file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 0 < length <= min(self.size - 8, _MAX_HEADER):
            raise self.fail(f"a header of {length} bytes is announced in a file of {self.size}")
        try:
            header = json.loads(self._file.read(length).decode())
        except (ValueError, RecursionError) as error:
            raise self.fail(f"the header is no JSON text: {error}") from None
        if not isinstance(header, dict):
            raise self.fail("the header is no JSON object")
        self.header_size = self._number(header, "header_size", 8 + length, _MAX_HEADER)
        self.page_size = self._number(header, "page_size", 1, PAGE_SIZES[1])
        self.saved = 0
        if "compression_size" in header:
            self.saved = self._number(header, "compression_size", -(1 << 62), 1 << 62)
        self.addresses = self._addresses(header.get("shard_addresses"))
        self._read_schema(header)
        self.used = self._pages(header.get("page"))

    def _number(self, header: dict, name: str, least: int, most: int) -> int:
        value = header.get(name)
        if type(value) is not int or not least <= value <= most:
            raise self.fail(f"the header's {name} is {value!r}, expected a number in {least}..{most}")
        return value

    def _addresses(self, found: Any) -> list[str]:
        if not isinstance(found, list) or not 0 < len(found) <= MAX_SHARDS or not all(
                isinstance(a, str) and a and a == os.path.basename(a) and "\0" not in a for a in found):
            raise self.fail("the header does not list the files of the data set")
        return found

    def _read_schema(self, header: dict) -> None:
        schemas: Any = header.get("schema")
        if not isinstance(schemas, list) or len(schemas) != 1 or not isinstance(schemas[0], dict):
            raise self.fail("the header does not have one schema")
        try:
            self.schema = Schema(schemas[0].get("schema", {}))
        except ValueError as error:
            raise self.fail(str(error)) from None
        if schemas[0].get("blob_fields") != self.schema.blobs:
            raise self.fail("the header names other blob fields than the schema has")
        self.desc: str = str(schemas[0].get("desc", ""))
        fields = header.get("index_fields")
        if not isinstance(fields, list) or not all(
                isinstance(f, dict) and f.get("index_field") in self.schema.raws for f in fields):
            raise self.fail("the header names index fields that the schema does not have")
        self.index = [f["index_field"] for f in fields]

    def _pages(self, found: Any) -> dict[str, dict[int, int]]:
        """How many bytes of each page are used, by kind and number."""
        used: dict[str, dict[int, int]] = {"RAW_DATA": {}, "BLOB_DATA": {}}
        if not isinstance(found, list):
            raise self.fail("the header does not list pages")
        for page in found:
            if not isinstance(page, dict) or page.get("page_type") not in tuple(used):
                raise self.fail("a page is neither of raw data nor of blobs")
            number = self._number(page, "page_id", 0, 1 << 40)
            size = self._number(page, "page_size", 0, self.page_size)
            if number in used["RAW_DATA"] or number in used["BLOB_DATA"]:
                raise self.fail(f"page {number} occurs twice")
            if size and self.header_size + number * self.page_size + size > self.size:
                raise self.fail(f"page {number} lies beyond the end of the file")
            used[page["page_type"]][number] = size
        return used

    # -- index ---------------------------------------------------------------------------------------------------------

    def _read_index(self) -> None:
        path = f"{self.path}.db"
        if not os.path.isfile(path):
            raise MRMOpenError(f"MindRecord file '{self.path}' has no index: '{path}' is missing. Keep both files in "
                               f"one folder.")
        most = sum(self.used["RAW_DATA"].values()) // 8
        try:
            with encryption.plain_path(path) as readable:
                rows = self._index_rows(readable, most)
        except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
            raise self.fail(f"its index '{path}' cannot be read: {error}") from None
        if len(rows) > most:
            raise self.fail("its index has more rows than there is room for")
        if not all(type(n) is int and -(1 << 62) < n < 1 << 62 for row in rows for n in row):
            raise self.fail("its index does not hold numbers")
        self.places = np.array(rows, np.int64).reshape(-1, len(INDEX_COLUMNS))
        self.count = len(self.places)
        for kind, number, begin, end in (("RAW_DATA", 1, 2, 3), ("BLOB_DATA", 5, 6, 7)):
            sizes = self.used[kind]
            limits = np.array([sizes.get(int(n), -1) for n in self.places[:, number]], np.int64)
            starts, ends = self.places[:, begin], self.places[:, end]
            if np.any((starts < 0) | (ends > limits) | (ends - starts < 8)):
                raise self.fail("its index names places where no rows are")

    def _index_rows(self, path: str, most: int) -> list[tuple]:
        connection = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            connection.set_progress_handler(lambda: 1, _STEPS_PER_ROW * (most + 1000))
            connection.execute("PRAGMA trusted_schema=OFF")
            kind = connection.execute("SELECT type FROM sqlite_master WHERE name='INDEXES'").fetchone()
            names = connection.execute("SELECT NAME FROM SHARD_NAME LIMIT 2").fetchall()
            if kind != ("table",) or names != [(self.name,)]:
                raise self.fail(f"its index '{self.path}.db' belongs to another file")
            rows = connection.execute(f"SELECT {','.join(INDEX_COLUMNS)} FROM INDEXES LIMIT {most + 1}").fetchall()
        finally:
            connection.close()
        rows.sort(key=lambda row: (str(type(row[0])), row[0]))
        return rows

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _read(self, page: int, begin: int, end: int) -> bytes:
        with self._lock:
            self._file.seek(self.header_size + page * self.page_size + begin)
            data = self._file.read(end - begin)
        if len(data) != end - begin or struct.unpack_from("<Q", data)[0] != len(data) - 8:
            raise MRMFetchDataError(f"MindRecord file '{self.path}': a row at byte {begin} of page {page} is damaged. "
                                    f"Take an intact copy.")
        return data[8:]

    def parts(self, row: int) -> tuple[bytes, bytes]:
        """The raw and blob bytes of a row."""
        _, raw_page, raw_begin, raw_end, _, page, begin, end = self.places[row].tolist()
        return self._read(raw_page, raw_begin, raw_end), self._read(page, begin, end)

    def row(self, row: int, wanted: frozenset[str]) -> dict[str, Any]:
        """The wanted fields of a row: numbers, texts, bytes and arrays."""
        try:
            _, raw_page, raw_begin, raw_end, _, page, begin, end = self.places[row].tolist()
            found: dict[str, Any] = {}
            if not wanted.isdisjoint(self.schema.raws):
                found.update(self.schema.decode_raw(self._read(raw_page, raw_begin, raw_end)))
            if not wanted.isdisjoint(self.schema.blobs):
                found.update(self.schema.decode_blob(self._read(page, begin, end), wanted))
        except MRMFetchDataError:
            raise
        except ValueError as error:
            raise MRMFetchDataError(f"MindRecord file '{self.path}': row {row} is damaged: {error}. Take an intact "
                                    f"copy.") from None
        return {name: found[name] for name in self.schema.fields if name in wanted}


class RecordFiles:
    """A data set, or some of its shards: rows by number, through all of them.

    Args:
        file_name: the file, or any shard, of a data set, all of which is meant; or a list of shards.

    Raises:
        ParamTypeError: it is something else.
        MRMOpenError: a file is missing or damaged, or the shards do not belong together.
    """

    def __init__(self, file_name: Any):
        listed = isinstance(file_name, (list, tuple))
        names = list(file_name) if listed else [file_name]
        if not names or not all(isinstance(name, (str, os.PathLike)) and os.fspath(name) for name in names):
            raise ParamTypeError(f"For MindRecord files, a path or a list of paths is needed, but got {file_name!r}.")
        self.shards = [Shard(os.fspath(name)) for name in names]
        if not listed:
            first = self.shards[0]
            folder = os.path.dirname(first.path)
            self.shards = [first if name == first.name else Shard(os.path.join(folder, name))
                           for name in first.addresses]
        first = self.shards[0]
        self.schema, self.desc, self.index = first.schema, first.desc, first.index
        self.base = first.path if len(first.addresses) == 1 else first.path[:-len(str(len(first.addresses) - 1))]
        for shard in self.shards:
            if shard.schema.fields != self.schema.fields:
                raise MRMOpenError(f"MindRecord files '{first.path}' and '{shard.path}' have different schemas.")
        self._ends = np.cumsum([shard.count for shard in self.shards])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def chosen(self, columns: Any, function: str) -> list[str]:
        """The names of the columns that are asked for; None means all."""
        if columns is None:
            return list(self.schema.fields)
        if not isinstance(columns, (list, tuple)) or not all(isinstance(name, str) for name in columns):
            raise ParamTypeError(f"For '{function}', the columns must be a list of str, but got {columns!r}.")
        for name in columns:
            if name not in self.schema.fields:
                raise ParamValueError(f"For '{function}', there is no column {name!r}; there are "
                                      f"{', '.join(self.schema.fields)}.")
        return list(dict.fromkeys(columns))

    def row(self, index: int, wanted: frozenset[str]) -> dict[str, Any]:
        """The wanted fields of a row."""
        shard = int(np.searchsorted(self._ends, index, side="right"))
        return self.shards[shard].row(index - int(self._ends[shard - 1] if shard else 0), wanted)

    def close(self) -> None:
        """Close the files."""
        for shard in self.shards:
            shard.close()


class FileReader:
    """Reads the rows of a MindRecord data set, in their order.

    Args:
        file_name: the file or any shard of a data set, all of which is read; or a list of shards.
        num_consumer: checked only.
        columns: a list of fields; None for all.
        operator: must be None.

    Raises:
        ParamTypeError, ParamValueError: an argument is not allowed.
        MRMOpenError: a file is missing or damaged.
    """

    def __init__(self, file_name, num_consumer: int = 4, columns: list[str] | None = None, operator=None):
        if not isinstance(num_consumer, int) or isinstance(num_consumer, bool) or num_consumer < 1:
            raise ParamValueError(f"For 'FileReader', 'num_consumer' must be an int of at least 1, but got "
                                  f"{num_consumer!r}.")
        if operator is not None:
            raise ParamValueError("For 'FileReader', 'operator' must be None: rows are not filtered.")
        self._files = RecordFiles(file_name)
        self._columns = frozenset(self._files.chosen(columns, "FileReader"))

    def get_next(self) -> Iterator[dict[str, Any]]:
        """Yields the rows as dicts: numbers and texts, bytes, arrays.

        Raises:
            MRMFetchDataError: a row is damaged.
        """
        for index in range(len(self._files)):
            yield self._files.row(index, self._columns)

    def schema(self) -> dict:
        """The fields: {name: {"type": ..., "shape": ...}}."""
        return {name: dict(field) for name, field in self._files.schema.fields.items()}

    def len(self) -> int:
        """The number of rows."""
        return len(self._files)

    def close(self) -> None:
        """Close the files."""
        self._files.close()
