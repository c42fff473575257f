"""What stands in the files of MindRecord data sets: headers, rows, integers.

A data set is one file, or several *shards*, each with an SQLite file beside it (`.db`), which says where each row
stands. A shard is a header, padded to `header_size`, and pages of `page_size` bytes, of which the last is not filled:

    u64 length, header in JSON (compact), zeros
    BLOB pages: for each row u64 length, then the blob fields
    RAW pages: for each row u64 length, then the other fields as a MessagePack map in the order of their names

A field is a blob field if its type is `bytes` or it has a `shape`. One blob field is stored as it is; of several, each
follows its length (u64, big-endian); where there are none, four zero bytes stand. Arrays of floats are their bytes in C
order, arrays of integers are packed (`pack_integers`). All numbers are little-endian where nothing else is said.
"""
from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from mindspore.formats.msgpack import pack_map, unpack_map

__all__ = ["Schema", "pack_integers", "unpack_integers"]

TYPES: dict[str, np.dtype | None] = {"int32": np.dtype("<i4"), "int64": np.dtype("<i8"), "float32": np.dtype("<f4"),
                                     "float64": np.dtype("<f8"), "string": None, "bytes": None}
COLUMN_TYPES = {"int32": "INTEGER", "int64": "INTEGER", "float32": "NUMERIC", "float64": "NUMERIC", "string": "TEXT"}
_NAME = re.compile(r"[0-9a-zA-Z_]+\Z")
_NO_BLOB = bytes(4)


# -- integers ----------------------------------------------------------------------------------------------------------


def pack_integers(array: np.ndarray) -> bytes:
    """An array of int32 or int64: u32 (big-endian) count, two bits for each element that say how wide it is (first
    element in the top bits of the first byte), then the elements in 1, 2, 4 or 8 bytes, whichever holds them."""
    flat = np.ascontiguousarray(array).reshape(-1).astype(np.int64)
    codes = np.zeros(len(flat), np.uint8)
    for code, bits in ((1, 8), (2, 16), (3, 32)):
        limit = 1 << (bits - 1)
        codes[(flat < -limit) | (flat >= limit)] = code
    padded = np.zeros(-(-len(flat) // 4) * 4, np.uint8)
    padded[:len(flat)] = codes
    quads = padded.reshape(-1, 4)
    tags = quads[:, 0] << 6 | quads[:, 1] << 4 | quads[:, 2] << 2 | quads[:, 3]
    widths = 1 << codes.astype(np.int64)
    stored = np.zeros(int(widths.sum()), np.uint8)
    starts = np.cumsum(widths) - widths
    octets = flat.astype("<i8").view(np.uint8).reshape(-1, 8)
    for code in range(4):
        chosen = np.flatnonzero(codes == code)
        for k in range(1 << code):
            stored[starts[chosen] + k] = octets[chosen, k]
    return struct.pack(">I", len(flat)) + tags.tobytes() + stored.tobytes()


def unpack_integers(data: bytes, dtype: np.dtype) -> np.ndarray:
    """The elements that `pack_integers` has stored, as one dimension.

    Raises:
        ValueError: the lengths do not fit each other, or an element does not fit the dtype.
    """
    if len(data) < 4:
        raise ValueError("packed integers have no count")
    count = struct.unpack_from(">I", data)[0]
    tags = -(-count // 4)
    if 4 + tags + count > len(data):
        raise ValueError(f"{count} packed integers are announced in {len(data)} bytes")
    packed = np.frombuffer(data, np.uint8, tags, 4)
    codes = np.stack([packed >> shift & 3 for shift in (6, 4, 2, 0)], 1).reshape(-1)[:count]
    if count and dtype.itemsize < 8 and codes.max() == 3:
        raise ValueError("a packed integer takes 8 bytes, in a field of 4")
    widths = 1 << codes.astype(np.int64)
    stored = np.frombuffer(data, np.uint8, -1, 4 + tags)
    if int(widths.sum()) != len(stored):
        raise ValueError(f"{count} packed integers take {int(widths.sum())} bytes, and {len(stored)} are there")
    starts = np.cumsum(widths) - widths
    result = np.zeros(count, np.int64)
    for code in range(4):
        chosen, width = np.flatnonzero(codes == code), 1 << code
        octets = stored[starts[chosen][:, None] + np.arange(width)] if len(chosen) else np.zeros((0, width), np.uint8)
        result[chosen] = np.ascontiguousarray(octets).view(f"<i{width}").reshape(-1)
    return result.astype(dtype.newbyteorder("="))


# -- rows --------------------------------------------------------------------------------------------------------------


class Schema:
    """The fields of a data set: `fields` by name, the names of blob fields and of the others, each sorted.

    Raises:
        ValueError: a field's name, type or shape is not allowed.
    """

    def __init__(self, content: Mapping[str, Mapping]):
        if not isinstance(content, Mapping) or not content:
            raise ValueError(f"a schema is a dict of fields by name, and not {content!r}")
        self.fields: dict[str, dict] = {}
        for name, field in content.items():
            self.fields[name] = self._field(name, field)
        self.blobs = sorted(name for name, field in self.fields.items() if self._is_blob(field))
        self.raws = sorted(name for name in self.fields if name not in self.blobs)

    @staticmethod
    def _is_blob(field: dict) -> bool:
        return field["type"] == "bytes" or "shape" in field

    @staticmethod
    def _field(name: Any, field: Any) -> dict:
        if not isinstance(name, str) or not _NAME.match(name):
            raise ValueError(f"a field is called {name!r}; letters, digits and '_' are allowed")
        if (not isinstance(field, Mapping) or not isinstance(field.get("type"), str) or field["type"] not in TYPES
                or not field.keys() <= {"type", "shape"}):
            raise ValueError(f"field '{name}' is {field!r}; expected {{'type': ..., 'shape': [...]}} with one of the "
                             f"types {', '.join(TYPES)}")
        if "shape" not in field:
            return {"type": field["type"]}
        shape = field["shape"]
        valid = isinstance(shape, (list, tuple)) and 0 < len(shape) <= 32 and all(
            type(n) is int and (n == -1 or 0 < n < 1 << 40) for n in shape)
        if not valid or list(shape).count(-1) > 1 or TYPES[field["type"]] is None:
            raise ValueError(f"field '{name}' has shape {shape!r}; expected positive sizes, at most one of them -1, "
                             f"for a type of numbers")
        return {"type": field["type"], "shape": list(shape)}

    # -- writing -------------------------------------------------------------------------------------------------------

    def encode(self, row: Mapping[str, Any]) -> tuple[bytes, bytes, int]:
        """(raw, blob, bytes saved by packing integers) of a row.

        Raises:
            ValueError: a field is missing, or a value does not fit its field. TypeError: its type does not.
        """
        for name in self.fields:
            if name not in row:
                raise ValueError(f"field '{name}' is missing")
        raw = pack_map({name: self._raw_value(name, row[name]) for name in self.raws})
        saved, parts = 0, []
        for name in self.blobs:
            data, plain = self._blob_value(name, row[name])
            saved += plain - len(data)
            parts.append(data if len(self.blobs) == 1 else struct.pack(">Q", len(data)) + data)
        return raw, b"".join(parts) if self.blobs else _NO_BLOB, saved

    def _raw_value(self, name: str, value: Any) -> int | float | str:
        kind = self.fields[name]["type"]
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
            value = value.item()
        if kind == "string":
            if not isinstance(value, str):
                raise TypeError(f"field '{name}' must be a str, but got {type(value).__name__}")
            return value
        if not isinstance(value, (int, float)) or isinstance(value, bool) or (kind[0] == "i" and type(value) is float):
            raise TypeError(f"field '{name}' must be a number ({kind}), but got {value!r} of type "
                            f"{type(value).__name__}")
        dtype = TYPES[kind]
        assert dtype is not None
        if kind[0] == "f":
            return float(np.float32(value)) if kind == "float32" else float(value)
        if not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
            raise ValueError(f"field '{name}' is {value}, which {kind} cannot hold")
        return int(value)

    def _blob_value(self, name: str, value: Any) -> tuple[bytes, int]:
        """The stored bytes of a blob field, and how many they are without packing."""
        field = self.fields[name]
        dtype = TYPES[field["type"]]
        if dtype is None:
            if not isinstance(value, (bytes, bytearray)):
                raise TypeError(f"field '{name}' must be bytes, but got {type(value).__name__}")
            return bytes(value), len(value)
        if not isinstance(value, np.ndarray) or value.dtype != dtype:
            found = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(f"field '{name}' must be an array of {field['type']}, but got {found}")
        self._shaped(name, value.reshape(-1))
        if dtype.kind == "i":
            return pack_integers(value), value.nbytes
        return np.ascontiguousarray(value.astype(dtype)).tobytes(), value.nbytes

    # -- reading -------------------------------------------------------------------------------------------------------

    def _shaped(self, name: str, flat: np.ndarray) -> np.ndarray:
        shape = self.fields[name]["shape"]
        try:
            return flat.reshape(shape)
        except ValueError:
            raise ValueError(f"field '{name}' has {flat.size} elements, which do not fit shape {shape}") from None

    def decode_raw(self, data: bytes) -> dict[str, int | float | str]:
        """The raw fields of a row. ValueError where they are not what the schema says."""
        values = unpack_map(data)
        if sorted(values) != self.raws:
            raise ValueError(f"it has the fields {sorted(values)}, and not {self.raws}")
        for name, value in values.items():
            kind = self.fields[name]["type"]
            if isinstance(value, str) is not (kind == "string") or (kind[0] == "i" and not isinstance(value, int)):
                raise ValueError(f"field '{name}' is {value!r}, and no {kind}")
            dtype = TYPES[kind]
            if dtype is not None and dtype.kind == "i":
                if not np.iinfo(dtype).min <= int(value) <= np.iinfo(dtype).max:
                    raise ValueError(f"field '{name}' is {value}, which {kind} cannot hold")
        return values

    def decode_blob(self, data: bytes, wanted: frozenset[str] | None = None) -> dict[str, Any]:
        """The blob fields of a row that are wanted (None: all): bytes and arrays. ValueError for a defect."""
        found: dict[str, Any] = {}
        at = 0
        for name in self.blobs:
            part = data
            if len(self.blobs) > 1:
                if at + 8 > len(data):
                    raise ValueError(f"field '{name}' has no length")
                length = struct.unpack_from(">Q", data, at)[0]
                at += 8
                if length > len(data) - at:
                    raise ValueError(f"field '{name}' has {length} bytes where {len(data) - at} are left")
                part = data[at:at + length]
                at += length
            if wanted is None or name in wanted:
                found[name] = self._blob(name, part)
        if len(self.blobs) > 1 and at != len(data):
            raise ValueError("something follows the blob fields")
        return found

    def _blob(self, name: str, data: bytes) -> Any:
        dtype = TYPES[self.fields[name]["type"]]
        if dtype is None:
            return data
        if dtype.kind == "i":
            return self._shaped(name, unpack_integers(data, dtype))
        if len(data) % dtype.itemsize:
            raise ValueError(f"field '{name}' has {len(data)} bytes, which are no {dtype}")
        return self._shaped(name, np.frombuffer(data, dtype).astype(dtype.newbyteorder("=")))

    def to_json(self, desc: str) -> dict:
        """The schema as it stands in the header."""
        return {"blob_fields": self.blobs, "desc": desc, "schema": {n: self.fields[n] for n in sorted(self.fields)}}
