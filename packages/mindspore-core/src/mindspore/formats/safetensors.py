"""The safetensors format: named arrays behind a JSON header.

A file is a little-endian u64, the length of the header; the header, a JSON object that gives each name its `dtype`,
`shape` and `data_offsets` (begin and end behind the header), and `__metadata__`, an object of texts; and the contents,
in C order and little-endian. MindSpore writes tensors in the order of their names and notes `"format": "ms"`. Its CRC,
`crc_num` in the metadata, is the CRC-32 of all names and contents, in the order of the names.

Everything is checked before it is used: the header against the file, offsets against shape and type, and the offsets of
all tensors against each other (they fill the file without gaps and overlaps). Every defect is a ValueError.
"""
from __future__ import annotations

import io
import json
import math
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

__all__ = ["decode", "encode"]

_TYPES = {"BOOL": np.dtype(np.bool_), "I8": np.dtype("<i1"), "I16": np.dtype("<i2"), "I32": np.dtype("<i4"),
          "I64": np.dtype("<i8"), "U8": np.dtype("<u1"), "U16": np.dtype("<u2"), "U32": np.dtype("<u4"),
          "U64": np.dtype("<u8"), "F16": np.dtype("<f2"), "BF16": np.dtype(ml_dtypes.bfloat16), "F32": np.dtype("<f4"),
          "F64": np.dtype("<f8"), "C64": np.dtype("<c8")}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
_MAX_HEADER = 100_000_000
_MAX_DIMS = 32


def _stored(name: str, value: Any) -> np.ndarray:
    if isinstance(value, str):
        raise TypeError(f"For 'save_checkpoint', '{name}' is a str, and files in format 'safetensors' hold tensors "
                        f"only. Leave it out, or use format='ckpt'.")
    array = np.asarray(value)
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)).reshape(array.shape)
    if array.dtype not in _NAMES:
        raise TypeError(f"For 'save_checkpoint', '{name}' is of {array.dtype}, which format 'safetensors' does not "
                        f"know. Convert it, or use format='ckpt'.")
    return array


def encode(file: BinaryIO, values: Mapping[str, Any], crc_check: bool = False, metadata: dict | None = None) -> None:
    """Writes arrays by name; with `crc_check` their CRC, too.

    Raises:
        TypeError: a value is no array of a dtype that the format knows.
        ValueError: a name is `__metadata__` or empty.
    """
    notes = {"format": "ms", **(metadata or {})}
    entries, at, crc = {}, 0, 0
    for name in sorted(values):
        if name in ("__metadata__", ""):
            raise ValueError(f"For 'save_checkpoint', no tensor can be called {name!r} in format 'safetensors'.")
        array = _stored(name, values[name])
        entries[name] = {"dtype": _NAMES[array.dtype], "shape": list(array.shape),
                         "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
        if crc_check:
            crc = zlib.crc32(_contents(array), zlib.crc32(name.encode(), crc))
    if crc_check:
        notes["crc_num"] = str(crc)
    header = json.dumps({"__metadata__": notes, **entries}, separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-len(header) % 8)
    file.write(struct.pack("<Q", len(header)) + header)
    for name in entries:
        file.write(_contents(_stored(name, values[name])))


def _contents(array: np.ndarray) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8)) if array.size else memoryview(b"")


def _unique(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in the header")
    return found


class _Header:
    """The header of a file, checked: entries by name (dtype, shape, begin, end) and the metadata."""

    def __init__(self, file: io.BufferedIOBase, name: str):
        self.file, self.name = file, name
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if self.size < 8:
            raise self.fail(f"it has {self.size} bytes")
        length = struct.unpack("<Q", file.read(8))[0]
        if length > min(self.size - 8, _MAX_HEADER):
            raise self.fail(f"a header of {length} bytes is announced where {self.size - 8} are left")
        self.start = 8 + length
        try:
            header = json.loads(file.read(length).decode(), object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            raise self.fail(f"the header is no JSON object: {error}") from None
        if not isinstance(header, dict):
            raise self.fail("the header is no JSON object")
        self.metadata = header.pop("__metadata__", {})
        if not isinstance(self.metadata, dict) or not all(isinstance(v, str) for v in self.metadata.values()):
            raise self.fail("the metadata is no object of texts")
        self.entries = {tag: self._entry(tag, entry) for tag, entry in header.items()}
        at = 0
        for tag, (_, _, begin, end) in sorted(self.entries.items(), key=lambda item: item[1][2:]):
            if begin != at:
                raise self.fail(f"the contents of '{tag}' overlap others, or leave a gap")
            at = end
        if self.start + at != self.size:
            raise self.fail(f"{self.size - self.start} bytes of contents are there, and {at} are described")

    def fail(self, what: str) -> ValueError:
        return ValueError(f"For 'load_checkpoint', file '{self.name}' is no valid safetensors file: {what}. It may be "
                          f"truncated, damaged or of another format; take an intact copy.")

    def _entry(self, tag: str, entry) -> tuple[np.dtype, tuple, int, int]:
        if not isinstance(entry, dict):
            raise self.fail(f"'{tag}' is not described by an object")
        shape: Any = entry.get("shape")
        offsets: Any = entry.get("data_offsets")
        dtype = _TYPES.get(entry["dtype"]) if isinstance(entry.get("dtype"), str) else None
        if dtype is None:
            raise self.fail(f"'{tag}' is of type {entry.get('dtype')!r}, which no tensor can hold here")
        for numbers, what in ((shape, "shape"), (offsets, "offsets")):
            if (not isinstance(numbers, list) or len(numbers) > _MAX_DIMS
                    or not all(type(n) is int and 0 <= n < 1 << 63 for n in numbers)):
                raise self.fail(f"'{tag}' has no valid {what}")
        if len(offsets) != 2 or math.prod(shape) * dtype.itemsize != offsets[1] - offsets[0]:
            raise self.fail(f"'{tag}' has shape {shape} of {dtype}, which does not fit its offsets {offsets}")
        if math.prod(d for d in shape if d) * dtype.itemsize >= 1 << 63:
            raise self.fail(f"'{tag}' has shape {shape}, which no tensor can have")
        return dtype, tuple(shape), offsets[0], offsets[1]

    def read(self, tag: str) -> np.ndarray:
        dtype, shape, begin, end = self.entries[tag]
        self.file.seek(self.start + begin)
        flat = np.empty(end - begin, np.uint8)
        if self.file.readinto(memoryview(flat)) != end - begin:
            raise self.fail("the file shrank while it was read")
        if dtype == np.bool_ and flat.size and flat.max() > 1:
            raise self.fail(f"'{tag}' is BOOL but holds bytes other than 0 and 1")
        return flat.view(dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _check_crc(header: _Header) -> None:
    stored = header.metadata.get("crc_num")
    if stored is None or not (stored.isascii() and stored.isdigit() and len(stored) <= 10):
        raise ValueError(f"For 'load_checkpoint', file '{header.name}' has no CRC. Save it with crc_check=True, or "
                         f"load it with crc_check=False.")
    crc = 0
    for tag in sorted(header.entries):
        crc = zlib.crc32(_contents(header.read(tag)), zlib.crc32(tag.encode(), crc))
    if crc != int(stored):
        raise ValueError(f"For 'load_checkpoint', the CRC of file '{header.name}' is {crc:#010x}, but "
                         f"{int(stored):#010x} was stored: the file is damaged. Take an intact copy.")


def decode(file: io.BufferedIOBase, name: str | os.PathLike, crc_check: bool = False,
           wanted: Callable[[str], bool] = lambda tag: True) -> dict[str, np.ndarray]:
    """Reads the arrays whose names are wanted, in the order of the header.

    Args:
        file: the file, seekable.
        name: what errors call it.
        crc_check: compare the CRC, which then must be there.
        wanted: called with each name.

    Raises:
        ValueError: the file is damaged, or `crc_check` fails.
    """
    header = _Header(file, os.fspath(name))
    if crc_check:
        _check_crc(header)
    return {tag: header.read(tag) for tag in header.entries if wanted(tag)}
