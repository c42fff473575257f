"""Buffers from arrays, and arrays from buffers."""
from __future__ import annotations

import numpy as np

from mindspore_cpu import _ext


def to_buffer(array: np.ndarray) -> _ext.Buffer:
    """A buffer with the bytes of an array."""
    array = np.asarray(array)
    buffer = _ext.Buffer(array.nbytes)
    np.ndarray(array.shape, array.dtype, buffer)[...] = array
    return buffer


def view(buffer: _ext.Buffer, like: np.ndarray) -> np.ndarray:
    """A view of a buffer as an array of the shape and dtype of another."""
    return np.ndarray(like.shape, like.dtype, buffer)
