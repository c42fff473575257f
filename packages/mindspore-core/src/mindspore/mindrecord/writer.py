"""FileWriter: writes MindRecord data sets."""
from __future__ import annotations

import json
import os
import pickle
import secrets
import sqlite3
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from mindspore.formats.mindrecord import COLUMN_TYPES, Schema
from mindspore.mindrecord import encryption
from mindspore.mindrecord.exceptions import (
    MRMAddIndexError,
    MRMAddSchemaError,
    MRMCommitError,
    MRMDefineIndexError,
    MRMInvalidHeaderSizeError,
    MRMInvalidPageSizeError,
    MRMInvalidSchemaError,
    MRMOpenError,
    MRMOpenForAppendError,
    MRMValidateDataError,
    MRMWriteDatasetError,
    ParamTypeError,
    ParamValueError,
)

__all__ = ["FAILED", "SUCCESS", "FileWriter", "Status"]

MAX_SHARDS = 1000
HEADER_SIZES = (16 << 10, 128 << 20)
PAGE_SIZES = (32 << 10, 256 << 20)
USUAL_HEADER, USUAL_PAGE = 16 << 20, 32 << 20
INDEX_COLUMNS = ("ROW_ID", "PAGE_ID_RAW", "PAGE_OFFSET_RAW", "PAGE_OFFSET_RAW_END", "ROW_GROUP_ID", "PAGE_ID_BLOB",
                 "PAGE_OFFSET_BLOB", "PAGE_OFFSET_BLOB_END")


class Status(IntEnum):
    """How a call ended."""

    SUCCESS = 0
    FAILED = 1


SUCCESS, FAILED = Status.SUCCESS, Status.FAILED


class _Page:
    """One page, while it is filled."""

    def __init__(self, kind: str, number: int, of_kind: int, shard: int, row: int):
        self.kind, self.number, self.of_kind, self.shard = kind, number, of_kind, shard
        self.first_row = self.end_row = row
        self.used = 0
        self.groups: list[tuple[int, int]] = []

    def to_json(self) -> dict:
        blob = self.kind == "BLOB_DATA"
        return {"end_row_id": self.end_row if blob else 0, "page_id": self.number, "page_size": self.used,
                "page_type": self.kind, "page_type_id": self.of_kind,
                "row_group_ids": [{"id": group, "offset": offset} for group, offset in self.groups],
                "shard_id": self.shard, "start_row_id": self.first_row if blob else 0}


class _Shard:
    """One shard. Rows are kept until their size decides that of the pages, or until they fill a page of the usual size.

    The rows of one blob page are a row group; those of a group that begins in a raw page are noted with it.
    """

    def __init__(self, path: str, number: int, header_size: int | None, page_size: int | None):
        self.path, self.number = path, number
        self.header_size, self.page_size = header_size, page_size
        self.kept: list[tuple[bytes, bytes]] = []
        self.kept_bytes = [0, 0]
        self.index: list[tuple[int, ...]] = []
        self.values: list[tuple] = []
        self.pages: list[_Page] = []
        self.current: dict[str, _Page] = {}
        self.saved = 0
        self.file: BinaryIO | None = None
        self.temporary = f"{path}.tmp-{os.getpid()}-{secrets.token_hex(4)}"

    def add(self, raw: bytes, blob: bytes, values: tuple, saved: int) -> None:
        """One more row. values: of the index fields."""
        self.values.append(values)
        self.saved += saved
        self.kept.append((raw, blob))
        self.kept_bytes = [self.kept_bytes[0] + len(raw) + 8, self.kept_bytes[1] + len(blob) + 8]
        if max(self.kept_bytes) > (self.page_size or USUAL_PAGE):
            self.flush()

    def flush(self, last: bool = False) -> None:
        """Write the rows that are kept; the sizes are fixed by the first call."""
        if self.file is None:
            if self.page_size is None:
                self.page_size = USUAL_PAGE if not last else _fitting(max(self.kept_bytes))
            if self.header_size is None:
                self.header_size = USUAL_HEADER if not last else HEADER_SIZES[0]
            self.file = open(self.temporary, "xb")
        for raw, blob in self.kept:
            self._put(raw, blob)
        self.kept.clear()
        self.kept_bytes = [0, 0]

    def _put(self, raw: bytes, blob: bytes) -> None:
        row = len(self.index)
        page, begin = self._place("BLOB_DATA", blob, row)
        raw_page, raw_begin = self._place("RAW_DATA", raw, row)
        group = page.of_kind
        for each, offset in ((page, begin), (raw_page, raw_begin)):
            if not each.groups or each.groups[-1][0] != group:
                each.groups.append((group, offset))
        self.index.append((row, raw_page.number, raw_begin, raw_page.used, group, page.number, begin, page.used))

    def _place(self, kind: str, data: bytes, row: int) -> tuple[_Page, int]:
        """Write the bytes of a row to a page of a kind: the page, and where they begin."""
        assert self.file is not None and self.page_size is not None and self.header_size is not None
        page, size = self.current.get(kind), len(data) + 8
        if size > self.page_size:
            raise MRMWriteDatasetError(f"row {row} of shard '{self.path}' takes {size} bytes, more than a page of "
                                       f"{self.page_size}. Call set_page_size with more, at most {PAGE_SIZES[1]}.")
        if page is None or page.used + size > self.page_size:
            of_kind = sum(each.kind == kind for each in self.pages)
            page = self.current[kind] = _Page(kind, len(self.pages), of_kind, self.number, row)
            self.pages.append(page)
        begin = page.used
        self.file.seek(self.header_size + page.number * self.page_size + begin)
        self.file.write(struct.pack("<Q", len(data)) + data)
        page.used += size
        page.end_row = row + 1
        return page, begin

    def finish(self, header: dict, columns: list[tuple[str, str]]) -> None:
        """Write the header and the index, and put both files in their places."""
        self.flush(last=True)
        assert self.file is not None and self.header_size is not None
        text = {"header_size": self.header_size, "index_fields": header["index_fields"],
                "page": [page.to_json() for page in self.pages], "page_size": self.page_size,
                "compression_size": self.saved, "schema": header["schema"],
                "shard_addresses": header["shard_addresses"], "shard_id": self.number, "statistics": None,
                "version": "3.0"}
        data = json.dumps(text, separators=(",", ":"), ensure_ascii=False).encode()
        if len(data) + 8 > self.header_size:
            raise MRMCommitError(f"the header of '{self.path}' takes {len(data)} bytes, more than {self.header_size}. "
                                 f"Call set_header_size with more, at most {HEADER_SIZES[1]}.")
        self.file.seek(0)
        self.file.write(struct.pack("<Q", len(data)) + data)
        self.file.truncate(max(self.header_size, self.file.seek(0, os.SEEK_END)))
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self._write_index(columns)
        for path in (f"{self.temporary}.db", self.temporary):
            encryption.encrypt(path)
        os.replace(f"{self.temporary}.db", f"{self.path}.db")
        os.replace(self.temporary, self.path)

    def _write_index(self, columns: list[tuple[str, str]]) -> None:
        fixed = "".join(f"  {name:<20} INT  NOT NULL," if k == 0 else f" {name:<20} INT  NOT NULL,"
                        for k, name in enumerate(INDEX_COLUMNS))
        named = ", ".join(f"INC_{k} INT, {name}_0 {kind}" for k, (name, kind) in enumerate(columns))
        keys = ",".join(["ROW_ID", *[f"INC_{k}" for k in range(len(columns))]])
        create = f"CREATE TABLE INDEXES({fixed}{named}, PRIMARY KEY({keys}))" if columns else \
            f"CREATE TABLE INDEXES({fixed} PRIMARY KEY(ROW_ID))"
        connection = sqlite3.connect(f"{self.temporary}.db")
        try:
            with connection:
                connection.execute(create)
                connection.execute("CREATE TABLE SHARD_NAME(NAME TEXT NOT NULL)")
                connection.execute("INSERT INTO SHARD_NAME VALUES (?)", (os.path.basename(self.path),))
                marks = ",".join("?" * (len(INDEX_COLUMNS) + 2 * len(columns)))
                rows = ((*place, *[x for value in values for x in (0, value)])
                        for place, values in zip(self.index, self.values))
                connection.executemany(f"INSERT INTO INDEXES VALUES ({marks})", rows)
        finally:
            connection.close()

    def discard(self) -> None:
        """Remove what is not finished."""
        if self.file is not None:
            self.file.close()
        for path in (self.temporary, f"{self.temporary}.db"):
            if os.path.exists(path):
                os.unlink(path)


def _fitting(size: int) -> int:
    """The smallest size of pages, a power of two, that holds this many bytes."""
    return max(PAGE_SIZES[0], 1 << (size - 1).bit_length())


class FileWriter:
    """Writes rows to a MindRecord data set: `add_schema`, perhaps `add_index`, `write_raw_data` as often as needed,
    `commit`. Nothing is seen under the files' names before that.

    Args:
        file_name: path of the file; with several shards, a number is appended to it for each.
        shard_num: number of shards, 1 to 1000.
        overwrite: whether files that exist are replaced.

    Raises:
        ParamTypeError: an argument is of a wrong type.
        ParamValueError: a number is out of range.
        MRMWriteDatasetError: a file exists, and `overwrite` is False.
    """

    def __init__(self, file_name: str, shard_num: int = 1, overwrite: bool = False):
        if not isinstance(file_name, (str, os.PathLike)) or not os.fspath(file_name):
            raise ParamTypeError(f"For 'FileWriter', 'file_name' must be a non-empty str or path, but got "
                                 f"{file_name!r}.")
        if not isinstance(shard_num, int) or isinstance(shard_num, bool):
            raise ParamTypeError(f"For 'FileWriter', 'shard_num' must be an int, but got {type(shard_num).__name__}.")
        if not 1 <= shard_num <= MAX_SHARDS:
            raise ParamValueError(f"For 'FileWriter', 'shard_num' must be in 1..{MAX_SHARDS}, but got {shard_num}.")
        if not isinstance(overwrite, bool):
            raise ParamTypeError(f"For 'FileWriter', 'overwrite' must be a bool, but got {type(overwrite).__name__}.")
        path = os.fspath(file_name)
        digits = len(str(shard_num - 1))
        self._paths = [path] if shard_num == 1 else [f"{path}{k:0{digits}d}" for k in range(shard_num)]
        for each in (p for path in self._paths for p in (path, f"{path}.db")):
            if os.path.exists(each) and not overwrite:
                raise MRMWriteDatasetError(f"For 'FileWriter', file '{each}' exists. Pass overwrite=True, or another "
                                           f"name.")
        self._sizes: list[int | None] = [None, None]
        self._schema: Schema | None = None
        self._desc = ""
        self._index: list[str] | None = None
        self._shards: list[_Shard] = []
        self._done = False
        self._owner = os.getpid()
        self._parts = f"{path}.tmp-{self._owner}-{secrets.token_hex(4)}.part"

    @classmethod
    def open_for_append(cls, file_name: str) -> FileWriter:
        """A writer that goes on with a data set: its rows are copied, and replaced by `commit`.

        Raises:
            MRMOpenError: a file is damaged.
            MRMOpenForAppendError: `file_name` is not the first shard, or the only file, of a data set.
        """
        from mindspore.mindrecord.reader import RecordFiles
        files = RecordFiles(file_name)
        if os.path.basename(file_name) != files.shards[0].name:
            raise MRMOpenForAppendError(f"For 'open_for_append', '{file_name}' is not the first file of its data set, "
                                        f"which is '{files.shards[0].name}'.")
        writer = cls(files.base, len(files.shards), overwrite=True)
        writer._paths = [shard.path for shard in files.shards]
        writer._schema, writer._desc, writer._index = files.schema, files.desc, files.index
        writer._open()
        for own, shard in zip(writer._shards, files.shards):
            for k in range(shard.count):
                raw, blob = shard.parts(k)
                values = files.schema.decode_raw(raw)
                own.add(raw, blob, tuple([values[name] for name in files.index]), 0)
            own.saved = shard.saved
        return writer

    def set_header_size(self, header_size: int) -> Status:
        """The size of headers in bytes: 16 KiB to 128 MiB. Without it, as small as the data allows.

        Raises:
            MRMInvalidHeaderSizeError: it is out of range.
        """
        if not isinstance(header_size, int) or not HEADER_SIZES[0] <= header_size <= HEADER_SIZES[1] or header_size % 4:
            raise MRMInvalidHeaderSizeError(f"For 'set_header_size', a multiple of 4 in {HEADER_SIZES[0]}.."
                                            f"{HEADER_SIZES[1]} is needed, but got {header_size!r}.")
        self._sizes[0] = header_size
        return SUCCESS

    def set_page_size(self, page_size: int) -> Status:
        """The size of pages in bytes: 32 KiB to 256 MiB. A row must fit. Without it, as small as the data allows, and
        32 MiB where there is more.

        Raises:
            MRMInvalidPageSizeError: it is out of range.
        """
        if not isinstance(page_size, int) or not PAGE_SIZES[0] <= page_size <= PAGE_SIZES[1] or page_size % 4:
            raise MRMInvalidPageSizeError(f"For 'set_page_size', a multiple of 4 in {PAGE_SIZES[0]}..{PAGE_SIZES[1]} "
                                          f"is needed, but got {page_size!r}.")
        self._sizes[1] = page_size
        return SUCCESS

    def add_schema(self, content: dict, desc: str | None = None) -> int:
        """Say what rows hold.

        Args:
            content: a dict of fields: {"type": one of int32, int64, float32, float64, string, bytes, "shape": a list
                of sizes for an array of numbers, of which one may be -1}.
            desc: a description.

        Returns:
            int, the number of the schema, 0.

        Raises:
            MRMInvalidSchemaError: a field is not allowed.
            MRMAddSchemaError: there is a schema already.
        """
        if self._schema is not None:
            raise MRMAddSchemaError("For 'add_schema', there is a schema already; a data set has one.")
        if desc is not None and not isinstance(desc, str):
            raise ParamTypeError(f"For 'add_schema', 'desc' must be a str, but got {type(desc).__name__}.")
        try:
            self._schema = Schema(content)
        except ValueError as error:
            raise MRMInvalidSchemaError(f"For 'add_schema', {error}.") from None
        self._desc = desc or ""
        return 0

    def add_index(self, index_fields: list[str]) -> Status:
        """Choose the fields by which rows can be found; without it, all that are no blob fields.

        Raises:
            MRMDefineIndexError: a field is unknown, or is a blob field.
            MRMAddIndexError: there is no schema yet, or rows were written.
        """
        if self._schema is None or self._shards:
            raise MRMAddIndexError("For 'add_index', call it after add_schema and before write_raw_data.")
        if not isinstance(index_fields, list) or len(set(map(str, index_fields))) != len(index_fields):
            raise ParamTypeError(f"For 'add_index', 'index_fields' must be a list of different names, but got "
                                 f"{index_fields!r}.")
        for name in index_fields:
            if name not in self._schema.raws:
                raise MRMDefineIndexError(f"For 'add_index', {name!r} is no field, or a blob field. Choose among "
                                          f"{self._schema.raws}.")
        self._index = list(index_fields)
        return SUCCESS

    def _open(self) -> None:
        if not self._shards:
            self._shards = [_Shard(path, k, *self._sizes) for k, path in enumerate(self._paths)]

    def open_and_set_header(self) -> Status:
        """Open the files before the first `write_raw_data`, which otherwise does it. Programs call this before several
        processes write.

        Raises:
            MRMOpenError: there is no schema yet, or the files are finished.
        """
        if self._schema is None or self._done:
            raise MRMOpenError("For 'open_and_set_header', " + ("the files are finished already." if self._done
                                    else "there is no schema. Call add_schema first."))
        self._open()
        return SUCCESS

    def write_raw_data(self, raw_data: Sequence[Mapping], parallel_writer: bool = False) -> Status:
        """Write rows, the first to the first shard and so on, each shard about as many.

        Args:
            raw_data: a list of dicts with a value for each field: bytes for `bytes`, an array of the type for a field
                with a shape, numbers and texts for the others. A single dict is one row.
            parallel_writer: whether several processes write; ignored, since a process that was forked with this writer
                is known without it. Its rows are kept in a file beside the data set until the process that made the
                writer calls `commit`, which puts them after its own.

        Raises:
            MRMValidateDataError: a row does not fit the schema; no row of this call is written.
            MRMWriteDatasetError: there is no schema, the files are finished, or a row is larger than a page.
        """
        if isinstance(raw_data, Mapping):
            raw_data = [raw_data]
        if not isinstance(raw_data, (list, tuple)) or not all(isinstance(row, Mapping) for row in raw_data):
            raise ParamTypeError("For 'write_raw_data', 'raw_data' must be a list of dicts.")
        if self._done:
            raise MRMWriteDatasetError("For 'write_raw_data', the files are finished. Use open_for_append.")
        if self._schema is None:
            raise MRMWriteDatasetError("For 'write_raw_data', there is no schema. Call add_schema first.")
        index = self._index if self._index is not None else self._schema.raws
        encoded = []
        for k, row in enumerate(raw_data):
            try:
                raw, blob, saved = self._schema.encode(row)
            except (ValueError, TypeError) as error:
                raise MRMValidateDataError(f"For 'write_raw_data', row {k} does not fit the schema: {error}.") from None
            values = self._schema.decode_raw(raw)
            encoded.append((raw, blob, tuple([values[name] for name in index]), saved))
        if os.getpid() != self._owner:
            with open(f"{self._parts}{os.getpid():010d}", "ab") as file:
                file.write(pickle.dumps(encoded))
        else:
            self._add(encoded)
        return SUCCESS

    def _add(self, encoded: list[tuple[bytes, bytes, tuple, int]]) -> None:
        """Share encoded rows out among the shards."""
        self._open()
        try:
            for k, shard in enumerate(self._shards):
                first, stop = (len(encoded) * each // len(self._shards) for each in (k, k + 1))
                for row in encoded[first:stop]:
                    shard.add(*row)
        except BaseException:
            self._discard()
            raise

    def _other_parts(self) -> list[Path]:
        """The files of rows which other processes wrote."""
        folder, name = os.path.split(self._parts)
        return sorted(each for each in Path(folder or ".").iterdir() if each.name.startswith(name))

    def _take_parts(self) -> None:
        """Add the rows which other processes wrote."""
        for path in self._other_parts():
            with path.open("rb") as file:
                while file.peek(1):
                    self._add(pickle.load(file))  # rows that a process of this program wrote a moment ago
            path.unlink()

    def commit(self) -> Status:
        """Finish the files, with the rows of other processes that were forked with this writer.

        Raises:
            MRMCommitError: there is no schema, the files are finished already, a header is too small, or another
                process made this writer.
            MRMWriteDatasetError: a row is larger than a page.
            OSError: a file cannot be written.
        """
        if self._schema is None or self._done:
            raise MRMCommitError("For 'commit', " + ("the files are finished already." if self._done else
                                                     "there is no schema. Call add_schema first."))
        if os.getpid() != self._owner:
            raise MRMCommitError("For 'commit', only the process that made the writer finishes the files, but process "
                                 f"{os.getpid()} called it, and {self._owner} made it. Call it there.")
        self._open()
        self._take_parts()
        index = self._index if self._index is not None else self._schema.raws
        header = {"index_fields": [{"index_field": name, "schema_id": 0} for name in index],
                  "schema": [self._schema.to_json(self._desc)],
                  "shard_addresses": [os.path.basename(path) for path in self._paths]}
        columns = [(name, COLUMN_TYPES[self._schema.fields[name]["type"]]) for name in index]
        try:
            for shard in self._shards:
                shard.finish(header, columns)
        except BaseException:
            self._discard()
            raise
        self._done = True
        return SUCCESS

    def _discard(self) -> None:
        self._done = True
        if os.getpid() != self._owner:
            return
        for path in self._other_parts():
            path.unlink()
        for shard in self._shards:
            shard.discard()

    def __del__(self):
        if not getattr(self, "_done", True):
            self._discard()
