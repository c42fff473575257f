"""The idx file format of the MNIST family (http://yann.lecun.com/exdb/mnist): plain or gzip-compressed.

Two zero bytes, a type byte (8: unsigned bytes), the number of dimensions, the dimensions as big-endian 32-bit numbers,
then the elements in row-major order.
"""
from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

__all__ = ["find_idx", "has_idx", "read_idx"]

_CHUNK = 1 << 20
_UNSIGNED_BYTE = 8


def find_idx(folder: Path, stem: str, dims: int) -> Path:
    """The file `<stem>-idx<dims>-ubyte` in a folder, plain or with `.gz`; FileNotFoundError where there is none."""
    found = next((folder / name for name in _names(stem, dims) if (folder / name).is_file()), None)
    if found is not None:
        return found
    name = _names(stem, dims)[0]
    raise FileNotFoundError(f"No file '{name}' or '{name}.gz' in folder '{folder}'. Download the data set there, or "
                            f"choose the part that is there with 'usage'.")


def has_idx(folder: Path, stem: str, dims: int) -> bool:
    """Whether there is the file that `find_idx` finds."""
    return any((folder / name).is_file() for name in _names(stem, dims))


def _names(stem: str, dims: int) -> list[str]:
    names = [f"{stem}-idx{dims}-ubyte", f"{stem}.idx{dims}-ubyte"]
    return [*names, *(name + ".gz" for name in names)]


def read_idx(path: str | os.PathLike, dims: int) -> np.ndarray:
    """The uint8 array in an idx file.

    Args:
        path: the file; gzip-compressed if its name ends in `.gz`.
        dims: the number of dimensions that it must have.

    Raises:
        ValueError: the file is no idx file of unsigned bytes with `dims` dimensions, or it is truncated or too long.
        OSError: the file cannot be read.
    """
    def fail(what: str) -> ValueError:
        return ValueError(f"File '{os.fspath(path)}' is not a valid idx file: {what}. Download it again.")

    with gzip.open(path) if os.fspath(path).endswith(".gz") else open(path, "rb") as file:
        try:
            header = file.read(4 + 4 * dims)
            if header[:4] != bytes((0, 0, _UNSIGNED_BYTE, dims)):
                raise fail(f"it must begin with {bytes((0, 0, _UNSIGNED_BYTE, dims)).hex()}, but begins with "
                           f"{header[:4].hex() or 'nothing'}")
            if len(header) < 4 + 4 * dims:
                raise fail("it ends inside its header")
            shape = struct.unpack(f">{dims}I", header[4:])
            count = math.prod(shape)
            data = bytearray()
            while len(data) <= count and (chunk := file.read(min(_CHUNK, count + 1 - len(data)))):
                data += chunk
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise fail(f"the gzip stream is damaged ({error})") from error
    if len(data) != count:
        found = f"ends after {len(data)}" if len(data) < count else "goes on behind them"
        raise fail(f"its header announces {count} bytes of shape {shape}, but it {found}")
    return np.frombuffer(data, np.uint8).reshape(shape)
