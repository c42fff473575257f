"""The `.ckpt` file format: named arrays and strings, to and from disk.

A checkpoint is a protocol-buffer stream (proto2). The messages are

    Checkpoint   { repeated Value value = 1; }
    Value        { required string tag = 1; oneof value { TensorProto tensor = 2; MapTensorProto maptensor = 3; } }
    TensorProto  { repeated int64 dims = 1; required string tensor_type = 2; required bytes tensor_content = 3; }

and the file is one `Checkpoint` per stored slice, simply concatenated: by the merge rule of protocol buffers that
equals one message with many values. An array larger than the slice limit becomes several consecutive values with the
same tag and the same full dims. An optional trailer of 17 bytes, `crc_num` and a ten-byte big-endian number, holds the
CRC-32 of everything before it.

The wire format (https://protobuf.dev/programming-guides/encoding) is written and read here directly, for three reasons:
the contents go between the file and the array in one copy, a file may exceed the 2 GiB that protocol-buffer libraries
accept for a message, and a damaged or hostile file is refused before anything is allocated for it. Reading has two
steps: `scan` walks the framing and checks every length against its enclosing message and the file, recording where the
contents lie; `read_entry` allocates an array only after its shape and type have been found to need exactly the number
of bytes that the file holds. Every defect is a ValueError that names the file.
"""
from __future__ import annotations

import io
import math
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import ml_dtypes
import numpy as np

__all__ = ["SLICE_BYTES", "Entry", "Scan", "encode", "encode_slices", "decode", "decode_file", "scan", "read_entry",
           "check_crc"]

SLICE_BYTES = 512 << 20
_CRC_MARK = b"crc_num"
_CRC_TRAILER = len(_CRC_MARK) + 10
_CHUNK = 4 << 20
_MAX_DIMS = 32
_STRING_TYPE = "str"

_TYPE_OF_NAME = {
    "Bool": np.dtype(np.bool_),
    "Int8": np.dtype("<i1"), "Int16": np.dtype("<i2"), "Int32": np.dtype("<i4"), "Int64": np.dtype("<i8"),
    "UInt8": np.dtype("<u1"), "UInt16": np.dtype("<u2"), "UInt32": np.dtype("<u4"), "UInt64": np.dtype("<u8"),
    "Float16": np.dtype("<f2"), "BFloat16": np.dtype(ml_dtypes.bfloat16), "Float32": np.dtype("<f4"),
    "Float64": np.dtype("<f8"), "Complex64": np.dtype("<c8"), "Complex128": np.dtype("<c16"),
}
_NAME_OF_TYPE = {dtype: name for name, dtype in _TYPE_OF_NAME.items()}

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass
class Entry:
    """One named value of a checkpoint: its type and shape, and where in the file its contents lie."""

    tag: str
    type_name: str
    dims: tuple[int, ...]
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def nbytes(self) -> int:
        return sum(length for _, length in self.spans)


@dataclass
class Scan:
    """The framing of a whole file: entries in file order, the end of the messages, the stored CRC if there is one."""

    entries: dict[str, Entry]
    end: int
    crc: int | None


# ---------------------------------------------------------------------------------------------------------- writing

def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _delimited(number: int, payload: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(payload)) + payload


def _slice_header(tag: bytes, tensor_head: bytes, content_length: int) -> bytes:
    """Everything before the contents of one slice: the keys and lengths of the four enclosing messages and fields."""
    tensor_head += _key(3, _BYTES) + _varint(content_length)
    value_head = _delimited(1, tag) + _key(2, _BYTES) + _varint(len(tensor_head) + content_length) + tensor_head
    return _key(1, _BYTES) + _varint(len(value_head) + content_length) + value_head


def _typed_content(tag: str, value) -> tuple[str, tuple[int, ...], memoryview]:
    """The type name, dims and little-endian contents of a value."""
    if isinstance(value, str):
        if value.endswith("\0"):
            raise ValueError(f"For checkpoint entry '{tag}', a str that ends in NUL cannot be stored: the format pads "
                             f"text with NULs. Strip it first.")
        return _STRING_TYPE, (0,), memoryview((value or "\0").encode("utf-32-le", "surrogatepass"))
    if not isinstance(value, (np.ndarray, np.generic)):
        raise TypeError(f"For checkpoint entry '{tag}', the value must be a NumPy array or a str, but got "
                        f"{type(value).__name__}.")
    array = np.asarray(value)
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)).reshape(array.shape)
    name = _NAME_OF_TYPE.get(array.dtype)
    if name is None:
        raise TypeError(f"For checkpoint entry '{tag}', dtype {array.dtype} has no checkpoint type. Convert the array "
                        f"to one of {', '.join(str(t) for t in _NAME_OF_TYPE)}.")
    content = memoryview(array.reshape(-1).view(np.uint8)) if array.size else memoryview(b"")
    return name, array.shape, content


def encode_slices(tag: str, value: np.ndarray | str, slice_bytes: int = SLICE_BYTES) -> Iterator[bytes | memoryview]:
    """The pieces of the file that store one value, in order; large arrays are cut every `slice_bytes` bytes.

    Raises:
        TypeError: the value is neither an array of a storable dtype nor a str.
        ValueError: the name is empty, or a str ends in NUL.
    """
    if not tag:
        raise ValueError("For checkpoint entries, the name must not be empty.")
    type_name, dims, content = _typed_content(tag, value)
    tensor_head = b"".join(_key(1, _VARINT) + _varint(d) for d in dims) + _delimited(2, type_name.encode())
    tag_bytes = tag.encode()
    for start in range(0, max(len(content), 1), slice_bytes):
        part = content[start:start + slice_bytes]
        yield _slice_header(tag_bytes, tensor_head, len(part))
        yield part


def encode(file: BinaryIO, values: Iterable[tuple[str, np.ndarray | str]], crc_check: bool = False,
           slice_bytes: int = SLICE_BYTES) -> None:
    """Writes (name, array or str) pairs to a binary file; with `crc_check` the CRC trailer follows."""
    crc = 0
    for tag, value in values:
        for piece in encode_slices(tag, value, slice_bytes):
            for start in range(0, len(piece), _CHUNK):
                chunk = piece[start:start + _CHUNK]
                file.write(chunk)
                if crc_check:
                    crc = zlib.crc32(chunk, crc)
    if crc_check:
        file.write(_CRC_MARK + crc.to_bytes(10, "big"))


# ---------------------------------------------------------------------------------------------------------- reading

class _Reader:
    """A cursor over a seekable file which never reads past the end of the message it is in."""

    def __init__(self, file: io.BufferedIOBase, name: str):
        self.file, self.name = file, name
        self.size = file.seek(0, io.SEEK_END)
        self.at = file.seek(0)

    def fail(self, what: str) -> ValueError:
        return ValueError(f"For 'load_checkpoint', file '{self.name}' is not a valid checkpoint: {what} (at byte "
                          f"{self.at} of {self.size}). It may be truncated, damaged, encrypted or of another format; "
                          f"take an intact copy.")

    def take(self, count: int, end: int) -> bytes:
        if count > end - self.at:
            raise self.fail(f"{count} bytes are announced where {end - self.at} are left")
        data = self.file.read(count)
        if len(data) != count:
            raise self.fail("the file shrank while it was read")
        self.at += count
        return data

    def skip(self, count: int, end: int) -> int:
        """Steps over `count` bytes and returns where they began."""
        if count > end - self.at:
            raise self.fail(f"{count} bytes are announced where {end - self.at} are left")
        start = self.at
        self.at = self.file.seek(start + count)
        return start

    def varint(self, end: int) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1, end)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> 64:
                    break
                return value
        raise self.fail("a number takes more than 64 bits")

    def field(self, end: int) -> tuple[int, int]:
        """The number and wire type of the next field."""
        key = self.varint(end)
        if not key >> 3 or key >> 32:
            raise self.fail(f"field number {key >> 3} is not allowed")
        return key >> 3, key & 7

    def length(self, end: int) -> int:
        """The end of the length-delimited field that starts here."""
        count = self.varint(end)
        if count > end - self.at:
            raise self.fail(f"a field of {count} bytes is announced where {end - self.at} are left")
        return self.at + count

    def skip_field(self, wire_type: int, end: int) -> None:
        """Passes over a field that this reader does not know."""
        if wire_type == _VARINT:
            self.varint(end)
        elif wire_type == _BYTES:
            self.skip(self.varint(end), end)
        elif wire_type in (_FIXED32, _FIXED64):
            self.skip(4 if wire_type == _FIXED32 else 8, end)
        else:
            raise self.fail(f"wire type {wire_type} is not allowed")

    def text(self, end: int) -> str:
        stop = self.length(end)
        try:
            return self.take(stop - self.at, stop).decode()
        except UnicodeDecodeError:
            raise self.fail("a name is not UTF-8 text") from None


def _scan_tensor(reader: _Reader, tag: str, end: int) -> Entry:
    """One TensorProto. Dims may be packed or not; of a repeated scalar field the last one counts."""
    dims, type_name, span = [], None, None
    while reader.at < end:
        number, wire_type = reader.field(end)
        if number == 1 and wire_type == _VARINT:
            dims.append(reader.varint(end))
        elif number == 1 and wire_type == _BYTES:
            stop = reader.length(end)
            while reader.at < stop:
                dims.append(reader.varint(stop))
        elif number == 2 and wire_type == _BYTES:
            type_name = reader.text(end)
        elif number == 3 and wire_type == _BYTES:
            stop = reader.length(end)
            start = reader.skip(stop - reader.at, stop)
            span = (start, stop - start)
        else:
            reader.skip_field(wire_type, end)
        if len(dims) > _MAX_DIMS:
            raise reader.fail(f"'{tag}' has more than {_MAX_DIMS} dimensions")
    if type_name is None or span is None:
        raise reader.fail(f"'{tag}' has no {'type' if type_name is None else 'contents'}")
    if any(d >> 63 for d in dims):
        raise reader.fail(f"'{tag}' has a negative dimension")
    return Entry(tag, type_name, tuple(dims), [span])


def _scan_value(reader: _Reader, end: int) -> Entry:
    """One Value message. The tag may follow the tensor, so the tensor is looked at when both are known."""
    tag, tensor = None, None
    while reader.at < end:
        number, wire_type = reader.field(end)
        if number == 1 and wire_type == _BYTES:
            tag = reader.text(end)
        elif number in (2, 3) and wire_type == _BYTES:
            stop = reader.length(end)
            tensor = (number, reader.skip(stop - reader.at, stop), stop)
        else:
            reader.skip_field(wire_type, end)
    if not tag or tensor is None:
        raise reader.fail("a value has no name" if not tag else f"'{tag}' has no tensor")
    number, start, stop = tensor
    if number == 3:
        return Entry(tag, "MapTensor", (), [(start, stop - start)])
    reader.at = reader.file.seek(start)
    entry = _scan_tensor(reader, tag, stop)
    reader.at = reader.file.seek(end)
    return entry


def _add_entry(reader: _Reader, entries: dict[str, Entry], entry: Entry) -> None:
    """Appends an entry, or joins it to the last one when it is the next slice of the same value."""
    known = entries.get(entry.tag)
    if known is None:
        entries[entry.tag] = entry
    elif known is not entries[next(reversed(entries))]:
        raise reader.fail(f"'{entry.tag}' occurs twice")
    elif (known.type_name, known.dims) != (entry.type_name, entry.dims):
        raise reader.fail(f"the slices of '{entry.tag}' differ in type or shape")
    else:
        known.spans += entry.spans


def scan(file: io.BufferedIOBase, name: str = "checkpoint") -> Scan:
    """Walks the framing of a checkpoint without reading its contents.

    Args:
        file: a seekable binary file, buffered for speed.
        name: what error messages call the file.

    Raises:
        ValueError: the file is not a well-formed checkpoint.
    """
    reader = _Reader(file, name)
    entries: dict[str, Entry] = {}
    while reader.at < reader.size:
        if reader.size - reader.at == _CRC_TRAILER:
            start = reader.at
            trailer = reader.take(_CRC_TRAILER, reader.size)
            if trailer.startswith(_CRC_MARK):
                return Scan(entries, start, int.from_bytes(trailer[len(_CRC_MARK):], "big"))
            reader.at = file.seek(start)
        number, wire_type = reader.field(reader.size)
        if number == 1 and wire_type == _BYTES:
            _add_entry(reader, entries, _scan_value(reader, reader.length(reader.size)))
        else:
            reader.skip_field(wire_type, reader.size)
    return Scan(entries, reader.size, None)


def check_crc(file: io.BufferedIOBase, found: Scan, name: str = "checkpoint") -> None:
    """Compares the CRC trailer with the file; ValueError when there is none or it differs."""
    if found.crc is None:
        raise ValueError(f"For 'load_checkpoint', file '{name}' has no CRC trailer. Save it with crc_check=True, or "
                         f"load it with crc_check=False.")
    crc, left = 0, found.end
    file.seek(0)
    while left and (chunk := file.read(min(left, _CHUNK))):
        crc = zlib.crc32(chunk, crc)
        left -= len(chunk)
    if left or crc != found.crc:
        raise ValueError(f"For 'load_checkpoint', the CRC of file '{name}' is {crc:#010x}, but {found.crc:#010x} was "
                         f"stored: the file is damaged. Take an intact copy.")


def _shape_of(entry: Entry, dtype: np.dtype, name: str) -> tuple[int, ...]:
    """The shape of a tensor entry, checked against the bytes that the file holds for it."""
    if entry.dims == (0,) and entry.nbytes == dtype.itemsize:
        return ()                                               # old files write a scalar as dims [0]
    needed = math.prod(entry.dims) * dtype.itemsize
    unholdable = math.prod(d for d in entry.dims if d) * dtype.itemsize > sys.maxsize      # NumPy's limit, empty or not
    if needed != entry.nbytes or unholdable:
        raise ValueError(f"For 'load_checkpoint', '{entry.tag}' in file '{name}' has shape {entry.dims} of "
                         f"{entry.type_name}, which takes {needed} bytes, but {entry.nbytes} are stored: the file is "
                         f"damaged. Take an intact copy.")
    return entry.dims


def _read_spans(file: io.BufferedIOBase, entry: Entry, into: memoryview, name: str) -> None:
    done = 0
    for start, length in entry.spans:
        file.seek(start)
        stop = done + length
        while done < stop:
            count = file.readinto(into[done:stop])
            if not count:
                raise ValueError(f"For 'load_checkpoint', file '{name}' shrank while '{entry.tag}' was read.")
            done += count


def read_entry(file: io.BufferedIOBase, entry: Entry, name: str = "checkpoint") -> np.ndarray | str:
    """Reads the contents of one scanned entry into a new, writable array, or a str for a text entry.

    Raises:
        ValueError: the type is unknown, shape and contents disagree, or the contents are invalid.
    """
    where = f"For 'load_checkpoint', '{entry.tag}' in file '{name}'"
    if entry.type_name == _STRING_TYPE:
        text = bytearray(entry.nbytes)
        _read_spans(file, entry, memoryview(text), name)
        try:
            return text.decode("utf-32-le", "surrogatepass").rstrip("\0")
        except UnicodeDecodeError:
            raise ValueError(f"{where} is not UTF-32 text: the file is damaged. Take an intact copy.") from None
    dtype = _TYPE_OF_NAME.get(entry.type_name)
    if dtype is None:
        raise ValueError(f"{where} is of type '{entry.type_name}', which no tensor can hold here (known: "
                         f"{', '.join(_TYPE_OF_NAME)}). Leave it out with choice_func=lambda name: "
                         f"name != {entry.tag!r}.")
    shape = _shape_of(entry, dtype, name)
    flat = np.empty(entry.nbytes, np.uint8)
    _read_spans(file, entry, memoryview(flat), name)
    if dtype == np.bool_ and flat.size and flat.max() > 1:
        raise ValueError(f"{where} is Bool but holds bytes other than 0 and 1: the file is damaged.")
    array = flat.view(dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def decode(path: str | os.PathLike, crc_check: bool = False,
           wanted=lambda tag: True) -> Mapping[str, np.ndarray | str]:
    """Reads a checkpoint into a dict of arrays and strings, in file order.

    Args:
        path: the file.
        crc_check: compare the CRC trailer, which then must be there.
        wanted: called with each name; an entry for which it is false is left on disk.

    Raises:
        ValueError: the file is damaged, or `crc_check` fails.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        return decode_file(file, os.fspath(path), crc_check, wanted)


def decode_file(file: io.BufferedIOBase, name: str, crc_check: bool = False,
                wanted=lambda tag: True) -> dict[str, np.ndarray | str]:
    """`decode` of an open, seekable file, which errors call `name`."""
    found = scan(file, name)
    if crc_check:
        check_crc(file, found, name)
    return {tag: read_entry(file, entry, name) for tag, entry in found.entries.items() if wanted(tag)}
