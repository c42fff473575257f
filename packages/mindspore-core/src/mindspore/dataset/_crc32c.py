"""CRC-32C (Castagnoli) of many bytes with NumPy, as TFRecord files use it.

The checksum is a remainder of polynomials over two elements, so it is linear: the data is cut into equal lanes, all
lanes advance by one byte per step with the usual table, and neighbouring lanes are joined in pairs, the left one moved
on by the zero bytes that stand for the right one. Leading zero bytes change nothing where the register starts at 0; the
register's true start, all ones, is the same as complementing the first four bytes.
"""
from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["crc32c", "masked_crc32c"]

_POLYNOMIAL = 0x82F63B78        # bits reversed
_LANES_FROM = 256


def _make_table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


_TABLE = _make_table()
_LIST = _TABLE.tolist()


def _advance(images: np.ndarray, registers: np.ndarray) -> np.ndarray:
    """A linear map, given by its images of the 32 bits, applied to registers."""
    out = np.zeros_like(registers)
    for bit in range(32):
        out ^= np.where((registers >> np.uint32(bit)) & np.uint32(1), images[bit], np.uint32(0))
    return out


@lru_cache(maxsize=64)
def _zero_bytes(power: int) -> np.ndarray:
    """The images of the 32 bits after 2**power zero bytes."""
    if power == 0:
        bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
        return _TABLE[bits & 255] ^ (bits >> np.uint32(8))
    half = _zero_bytes(power - 1)
    return _advance(half, half)


def crc32c(data: bytes | memoryview) -> int:
    """The checksum of some bytes."""
    if len(data) < _LANES_FROM:
        register = 0xFFFFFFFF
        for byte in bytes(data):
            register = _LIST[(register ^ byte) & 255] ^ (register >> 8)
        return register ^ 0xFFFFFFFF
    power = len(data).bit_length() // 2
    lanes = 1 << (-(-len(data) >> power) - 1).bit_length() if len(data) > 1 << power else 1
    padded = np.zeros(lanes << power, np.uint8)
    padded[len(padded) - len(data):] = np.frombuffer(data, np.uint8)
    padded[len(padded) - len(data):][:4] ^= 0xFF
    registers = np.zeros(lanes, np.uint32)
    for column in np.ascontiguousarray(padded.reshape(lanes, 1 << power).T):
        registers = _TABLE[(registers ^ column) & 255] ^ (registers >> np.uint32(8))
    while len(registers) > 1:
        registers = _advance(_zero_bytes(power), registers[0::2]) ^ registers[1::2]
        power += 1
    return int(registers[0]) ^ 0xFFFFFFFF


def masked_crc32c(data: bytes | memoryview) -> int:
    """The checksum as TFRecord files store it: rotated by 15 bits, plus a constant."""
    value = crc32c(data)
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF
