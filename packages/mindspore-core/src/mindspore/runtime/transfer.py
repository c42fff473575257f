"""Values between host and device, through a backend's allocator."""
from __future__ import annotations

import numpy as np


def upload(allocator, array: np.ndarray):
    """A device buffer that holds a host array."""
    array = np.ascontiguousarray(array)
    buffer = allocator.allocate(array.nbytes)
    allocator.copy_from_host(buffer, array)
    allocator.synchronize()
    return buffer


def download(allocator, buffer, aval) -> np.ndarray:
    """A host array of a device buffer's contents."""
    array = np.empty(aval.shape, aval.dtype.np)
    allocator.copy_to_host(buffer, array)
    return array
