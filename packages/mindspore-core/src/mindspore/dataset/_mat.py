"""Arrays of numbers in MATLAB files of level 5 (MathWorks, "MAT-File Format", versions 5 to 7).

A file is a header of 128 bytes, whose last two say the order of bytes, and elements: a type, a length, and data, padded
to eight bytes; short ones have both numbers in four bytes. A compressed element holds another one. An array is an
element of elements: flags with its class, dimensions, its name, its values, which may be stored in a smaller type than
the class says; values lie column by column.
"""
from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

__all__ = ["read_mat"]

_MATRIX, _COMPRESSED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_LARGEST = 1 << 32


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """(type, data) of the elements."""
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:
            kind, length, start, after = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start = at + 8
            after = start + length + (-length % 8 if kind != _COMPRESSED else 0)
        if length > len(data) - start:
            raise ValueError(f"an element at byte {at} claims {length} bytes, but {len(data) - start} follow")
        yield kind, data[start:start + length]
        at = after


def _matrix(data: memoryview, order: str, wanted: Sequence[str]) -> tuple[str, np.ndarray] | None:
    """Name and values of an array of numbers that is wanted."""
    parts = list(_elements(data, order))
    if len(parts) < 4:
        return None
    flags = struct.unpack_from(f"{order}I", parts[0][1])[0]
    name = bytes(parts[2][1]).decode("ascii", "replace")
    if name not in wanted:
        return None
    kind, stored = flags & 0xFF, parts[3]
    if kind not in _CLASSES or flags & 0x800 or stored[0] not in _TYPES:
        raise ValueError(f"{name} is no array of real numbers")
    shape = np.frombuffer(parts[1][1], f"{order}i4")
    values = np.frombuffer(stored[1], order + _TYPES[stored[0]])
    return name, values.astype(_CLASSES[kind]).reshape(tuple(shape), order="F")


def read_mat(path: Path, wanted: Sequence[str], function: str) -> dict[str, np.ndarray]:
    """The arrays of these names in a file.

    Raises:
        ValueError: the file does not exist, is none of level 5, is damaged, or lacks one of them.
    """
    found: dict[str, np.ndarray] = {}
    try:
        data = memoryview(path.read_bytes())
        if len(data) < 128 or bytes(data[126:128]) not in (b"IM", b"MI"):
            raise ValueError("it does not begin as a file of level 5 does")
        order = "<" if bytes(data[126:128]) == b"IM" else ">"
        for kind, content in _elements(data[128:], order):
            if kind == _COMPRESSED:
                inflated = zlib.decompressobj().decompress(content, _LARGEST)
                kind, content = next(_elements(memoryview(inflated), order), (0, content))
            pair = _matrix(content, order, wanted) if kind == _MATRIX else None
            if pair is not None:
                found[pair[0]] = pair[1]
    except (OSError, ValueError, TypeError, zlib.error, struct.error) as error:
        raise ValueError(f"For '{function}', file '{path}' is no MATLAB file that can be read: {error}") from error
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ValueError(f"For '{function}', file '{path}' has no array {missing[0]!r}; download it again")
    return found
