"""Arrays in MATLAB files of level 5 (MathWorks, "MAT-File Format", versions 5 to 7).

A file is a header of 128 bytes, whose last two say the order of bytes, and elements: a type, a length, and data, padded
to eight bytes; short ones have both numbers in four bytes. A compressed element holds another one. An array is an
element of elements: flags with its class, dimensions, its name, its values, which may be stored in a smaller type than
the class says; values lie column by column. A cell array has arrays in the place of values; a structure the length of
its fields' names, these names, and arrays; a sparse array the rows of its values, the place where each column begins
among them, and the values.
"""
from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_mat"]

_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCTURE, _SPARSE = 1, 2, 5
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


def _numbers(element: tuple[int, memoryview], order: str) -> np.ndarray:
    """The numbers that an element stores."""
    kind, data = element
    if kind not in _TYPES:
        raise ValueError(f"an element of type {kind} is where numbers should be")
    return np.frombuffer(data, order + _TYPES[kind])


def _dense(parts: list, shape: np.ndarray, order: str) -> np.ndarray:
    """A sparse array as float64."""
    rows, starts, values = (_numbers(part, order) for part in parts[3:6])
    count = int(starts[-1])
    fits = len(shape) == 2 and len(starts) == shape[1] + 1 and 0 <= count <= min(len(rows), len(values))
    if not fits or not 0 <= int(shape[0]) * int(shape[1]) <= _LARGEST // 8 or (np.diff(starts) < 0).any() or (
            count and not (0 <= rows[:count].min() and rows[:count].max() < shape[0])):
        raise ValueError("the indices of a sparse array do not fit it")
    out = np.zeros(tuple(shape))
    columns = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    out[rows[:count], columns] = values[:count]
    return out


def _matrix(data: memoryview, order: str, wanted: Sequence[str] | None):
    """Name and value of an array: of numbers an array, of cells a list, of a structure a dict. None where it is empty
    or its name is not wanted.
    """
    parts = list(_elements(data, order))
    if len(parts) < 4:
        return None
    flags = struct.unpack_from(f"{order}I", parts[0][1])[0]
    name = bytes(parts[2][1]).decode("ascii", "replace")
    if wanted is not None and name not in wanted:
        return None
    kind, shape = flags & 0xFF, np.frombuffer(parts[1][1], f"{order}i4")
    if kind == _CELL or kind == _STRUCTURE:
        first = 3 if kind == _CELL else 5
        inner = [_matrix(content, order, None) for _, content in parts[first:]]
        values = [None if pair is None else pair[1] for pair in inner]
        if kind == _CELL:
            return name, values
        width = int(_numbers(parts[3], order)[0])
        names = bytes(parts[4][1])
        fields = [names[at:at + width].split(b"\0")[0].decode("ascii", "replace") for at in range(0, len(names), width)]
        return name, dict(zip(fields, values))      # of the first element, where there are several
    if flags & 0x800 or (kind not in _CLASSES and kind != _SPARSE):
        raise ValueError(f"{name} is no array of real numbers")
    if kind == _SPARSE:
        return name, _dense(parts, shape, order)
    return name, _numbers(parts[3], order).astype(_CLASSES[kind]).reshape(tuple(shape), order="F")


def read_mat(path: Path, wanted: Sequence[str], function: str) -> dict[str, Any]:
    """The arrays of these names in a file; of cells as lists, of structures as dicts.

    Raises:
        ValueError: the file does not exist, is none of level 5, is damaged, or lacks one of them.
    """
    found: dict[str, Any] = {}
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
    except (OSError, ValueError, TypeError, IndexError, zlib.error, struct.error) as error:
        raise ValueError(f"For '{function}', file '{path}' is no MATLAB file that can be read: {error}") from error
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ValueError(f"For '{function}', file '{path}' has no array {missing[0]!r}; download it again")
    return found
