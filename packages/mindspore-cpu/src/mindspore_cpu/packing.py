"""Packed kernels of convolutions: the layouts in which oneDNN reads them, by oneDNN's names.

A name lists the axes from the outermost to the innermost. A letter behind a number stands for a piece of so many of
its axis, one without a number for what is left of it: OhwI16i64o2i is [o / 64, h, w, i / 32, 16, 64, 2], where an
input's number is made of (i / 32, 16, 2).
"""
from __future__ import annotations

import re
from functools import lru_cache
from math import prod

AXES = "oihw"  # of plain kernels


@lru_cache
def _pieces(name: str) -> tuple[tuple[int, int | None], ...]:
    """(axis, size) of each axis of packed kernels; None for what is left."""
    return tuple([(AXES.index(letter.lower()), int(size) if size else None)
                  for size, letter in re.findall(r"(\d*)([a-zA-Z])", name)])


def _split(name: str, shape: tuple) -> tuple[list[int], list[list[int]]]:
    """The sizes of the packed axes, and which of them make up each plain axis."""
    pieces, sizes = _pieces(name), []
    for axis, size in pieces:
        sizes.append(size or shape[axis] // prod(s for a, s in pieces if a == axis and s))
    return sizes, [[k for k, (a, _) in enumerate(pieces) if a == axis] for axis in range(len(AXES))]


def packed_shape(name: str, shape: tuple) -> tuple:
    """The shape of packed kernels from that of plain ones, which come in whole pieces."""
    return tuple(_split(name, shape)[0])


def plain_shape(name: str, shape: tuple) -> tuple:
    """The inverse of `packed_shape`."""
    return tuple([prod(size for (a, _), size in zip(_pieces(name), shape, strict=True) if a == axis)
                  for axis in range(len(AXES))])


def pack(b, w, name: str):
    """The node of plain kernels as packed ones."""
    sizes, parts = _split(name, w.shape)
    order = [k for part in parts for k in part]  # the packed axes in the order of plain ones
    whole = b.reshape(w, shape=tuple([sizes[k] for k in order]))
    return b.transpose(whole, perm=tuple([order.index(k) for k in range(len(sizes))]))


def unpack(b, packed, name: str):
    """The node of packed kernels as plain ones."""
    shape = plain_shape(name, packed.shape)
    order = [k for part in _split(name, shape)[1] for k in part]
    return b.reshape(b.transpose(packed, perm=tuple(order)), shape=shape)
