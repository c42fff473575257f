"""The part of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) that rows of MindRecord files use: a
map of texts to numbers and texts.

Numbers are written in the shortest form that holds them; a float is written in 32 bits where that loses nothing.
"""
from __future__ import annotations

import struct

__all__ = ["pack_map", "unpack_map"]

_FORMS = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
          0xCA: ">f", 0xCB: ">d"}
_LENGTHS = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}


def _integer(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack(">b", value) if value < 0 else bytes([value])
    codes = (0xCC, 0xCD, 0xCE, 0xCF) if value > 0 else (0xD0, 0xD1, 0xD2, 0xD3)
    for code in codes:
        try:
            return bytes([code]) + struct.pack(_FORMS[code], value)
        except struct.error:
            continue
    raise ValueError(f"{value} does not fit in 64 bits")


def _float(value: float) -> bytes:
    try:
        short = struct.pack(">f", value)
    except OverflowError:
        short = b""
    if short and (struct.unpack(">f", short)[0] == value or value != value):
        return b"\xca" + short
    return b"\xcb" + struct.pack(">d", value)


def _text(value: str) -> bytes:
    data = value.encode()
    if len(data) < 32:
        return bytes([0xA0 | len(data)]) + data
    code = 0xD9 if len(data) < 1 << 8 else 0xDA if len(data) < 1 << 16 else 0xDB
    return bytes([code]) + struct.pack(_LENGTHS[code], len(data)) + data


def pack_map(values: dict[str, int | float | str]) -> bytes:
    """The bytes of a map, its entries in their order.

    Raises:
        ValueError: an int does not fit in 64 bits.
    """
    count = len(values)
    head = bytes([0x80 | count]) if count < 16 else b"\xde" + struct.pack(">H", count)
    parts = [head]
    for name, value in values.items():
        parts.append(_text(name))
        parts.append(_text(value) if isinstance(value, str) else _float(value) if isinstance(value, float)
                     else _integer(value))
    return b"".join(parts)


class _Cursor:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        part = self.data[self.at:self.at + count]
        if len(part) != count:
            raise ValueError("it ends too early")
        self.at += count
        return part

    def number(self, form: str):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self):
        code = self.take(1)[0]
        if code < 0x80:
            return code
        if code >= 0xE0:
            return code - 256
        if 0xA0 <= code < 0xC0:
            return self.take(code & 31).decode()
        if code in _LENGTHS:
            return self.take(self.number(_LENGTHS[code])).decode()
        if code in _FORMS:
            return self.number(_FORMS[code])
        raise ValueError(f"byte {code:#04x} begins no number or text")


def unpack_map(data: bytes) -> dict[str, int | float | str]:
    """The map of texts to numbers and texts in `data`, and nothing besides.

    Raises:
        ValueError: `data` is something else.
    """
    cursor = _Cursor(data)
    code = cursor.take(1)[0]
    if 0x80 <= code < 0x90:
        count = code & 15
    elif code in (0xDE, 0xDF):
        count = cursor.number(">H" if code == 0xDE else ">I")
    else:
        raise ValueError("it is no map")
    values: dict[str, int | float | str] = {}
    for _ in range(count):
        name = cursor.value()
        if not isinstance(name, str) or name in values:
            raise ValueError(f"{name!r} is no name, or occurs twice")
        values[name] = cursor.value()
    if cursor.at != len(data):
        raise ValueError("something follows it")
    return values
