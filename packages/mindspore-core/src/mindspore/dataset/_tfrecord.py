"""TFRecord files and the `Example` messages in them.

A file is a row of records: the length as a 64-bit little-endian number, a checksum of these 8 bytes, the data, a
checksum of the data (`_crc32c.masked_crc32c`). The data is a protocol buffer `Example`, which holds `Features`, a map
of names to lists of bytes, floats or integers. Field numbers: Example.features 1; Features.feature 1; the map's key 1
and value 2; Feature.bytes_list 1, float_list 2, int64_list 3; in each list value 1, numbers packed or not.
"""
from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from ._crc32c import masked_crc32c

__all__ = ["Damaged", "check_record", "encode_example", "encode_record", "parse_example", "record_places"]

_LENGTH = struct.Struct("<QI")
_TRAILER = struct.Struct("<I")

Feature = list[bytes] | np.ndarray


class Damaged(ValueError):
    """The bytes are not what the format says."""


def record_places(data: memoryview) -> Iterator[tuple[int, int]]:
    """(start, length) of the data of each record in a file; Damaged where the framing is broken.

    The checksums of the lengths are compared here; those of the data when a record is read, by `check_record`.
    """
    at, end = 0, len(data)
    while at < end:
        if end - at < _LENGTH.size:
            raise Damaged(f"it ends inside the head of the record at byte {at}")
        length, checksum = _LENGTH.unpack_from(data, at)
        if masked_crc32c(data[at:at + 8]) != checksum:
            raise Damaged(f"the checksum of the record's length at byte {at} is wrong")
        start = at + _LENGTH.size
        if length > end - start - _TRAILER.size:
            raise Damaged(f"the record at byte {at} claims {length} bytes, but only {end - start} follow")
        yield start, length
        at = start + length + _TRAILER.size


def check_record(data: memoryview, start: int, length: int) -> memoryview:
    """The data of a record; Damaged where its checksum is wrong."""
    record = data[start:start + length]
    if masked_crc32c(record) != _TRAILER.unpack_from(data, start + length)[0]:
        raise Damaged(f"the checksum of the record at byte {start - _LENGTH.size} is wrong")
    return record


def encode_record(data: bytes) -> bytes:
    """A record with its frame."""
    length = struct.pack("<Q", len(data))
    return b"".join([length, _TRAILER.pack(masked_crc32c(length)), data, _TRAILER.pack(masked_crc32c(data))])


# -------------------------------------------------------------------------------------------------------- messages

def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Damaged("a number in its Example message is broken")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number, and the value: an int for varints, otherwise the bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise Damaged(f"its Example message has a field of the unknown kind {kind}")
        if size > len(data) - at:
            raise Damaged("a field of its Example message is longer than the message")
        yield key >> 3, data[at:at + size]
        at += size


def _packed_varints(data: memoryview) -> np.ndarray:
    """Varints one after the other as int64."""
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw < 128)
    if not len(raw):
        return np.zeros(0, np.int64)
    if not len(ends) or ends[-1] != len(raw) - 1:
        raise Damaged("a number in its Example message is broken")
    starts = np.concatenate([[0], ends[:-1] + 1])
    if (ends - starts).max() > 9:
        raise Damaged("a number in its Example message is broken")
    values = np.zeros(len(ends), np.uint64)
    for step in range(int((ends - starts).max()) + 1):
        at = starts + step
        inside = at <= ends
        part = (raw[np.where(inside, at, 0)] & 127).astype(np.uint64) << np.uint64(7 * step)
        values |= np.where(inside, part, np.uint64(0))
    return values.view(np.int64)


def _float_list(data: memoryview) -> np.ndarray:
    parts = []
    for number, value in _fields(data):
        if number == 1 and isinstance(value, memoryview):
            if len(value) % 4:
                raise Damaged("a list of floats in its Example message is broken")
            parts.append(np.frombuffer(value, "<f4"))
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)


def _int64_list(data: memoryview) -> np.ndarray:
    parts = []
    for number, value in _fields(data):
        if number == 1:
            parts.append(_packed_varints(value) if isinstance(value, memoryview) else
                         np.array([value], np.uint64).view(np.int64))
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _feature(data: memoryview) -> Feature:
    result: Feature = []
    for number, value in _fields(data):
        if not isinstance(value, memoryview):
            raise Damaged("a feature of its Example message is broken")
        if number == 1:
            result = [bytes(item) for inner, item in _fields(value) if inner == 1 and isinstance(item, memoryview)]
        elif number == 2:
            result = _float_list(value)
        elif number == 3:
            result = _int64_list(value)
    return result


def _messages(data: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, value in _fields(data):
        if number == wanted:
            if not isinstance(value, memoryview):
                raise Damaged("its Example message is broken")
            yield value


def parse_example(data: memoryview) -> dict[str, Feature]:
    """The features of an Example message: a list of bytes, or an array of float32 or int64, by name.

    Raises:
        Damaged: the bytes are no such message.
    """
    features: dict[str, Feature] = {}
    for message in _messages(data, 1):
        for entry in _messages(message, 1):
            name, feature = "", memoryview(b"")
            for number, value in _fields(entry):
                if number in (1, 2) and not isinstance(value, memoryview):
                    raise Damaged("an entry of its Example message is broken")
                if number == 1:
                    try:
                        name = bytes(value).decode()        # type: ignore[arg-type]
                    except UnicodeDecodeError:
                        raise Damaged("a name in its Example message is no text") from None
                elif number == 2:
                    feature = value                         # type: ignore[assignment]
            features[name] = _feature(feature)
    return features


def _encoded_varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _encoded(number: int, data: bytes) -> bytes:
    return _encoded_varint(number << 3 | 2) + _encoded_varint(len(data)) + data


def _encoded_list(values: Feature) -> bytes:
    if isinstance(values, list):
        return _encoded(1, b"".join(_encoded(1, item) for item in values))
    if values.dtype.kind == "f":
        return _encoded(2, _encoded(1, values.astype("<f4").tobytes()))
    numbers: Iterable[int] = (int(value) & 0xFFFFFFFFFFFFFFFF for value in values.reshape(-1))
    return _encoded(3, _encoded(1, b"".join(map(_encoded_varint, numbers))))


def encode_example(features: Mapping[str, Feature]) -> bytes:
    """The Example message of lists of bytes, and arrays of floats (stored as float32) or integers (as int64)."""
    entries = (_encoded(1, _encoded(1, name.encode()) + _encoded(2, _encoded_list(values)))
               for name, values in features.items())
    return _encoded(1, b"".join(entries))
