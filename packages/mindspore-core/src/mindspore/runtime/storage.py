"""Storages: the values behind tensors.

A `Storage` is one immutable value: an aval and, once it is computed, a device buffer. Tensors are handles; giving a
tensor another value means giving it another storage. While a value is only recorded, `pending` is the segment that
will compute it and `index` its number there. A storage made from host data keeps the array in `host` until a device
needs it. `pinned` says that the buffer's memory was handed out (to NumPy), so that nothing may overwrite it. A compiled
function that owns the only reference to a storage gives it another value all the same; `writes` counts how often.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler.ir import TensorAval, tensor_aval
from mindspore.runtime import device as _device
from mindspore.runtime.transfer import download, upload


class Storage:
    """See the module's text."""

    __slots__ = ("aval", "buffer", "device", "host", "pinned", "pending", "index", "writes",
                 "__weakref__")

    def __init__(self, aval: TensorAval, buffer=None, device=None, host: np.ndarray | None = None,
                 pending=None, index: int = -1):
        self.aval = aval
        self.buffer = buffer
        self.device = device
        self.host = host
        self.pinned = False
        self.pending = pending
        self.index = index
        self.writes = 0

    def materialize(self) -> None:
        """Make sure that the value is computed."""
        segment = self.pending
        if segment is not None:
            segment.flush()
            if self.pending is not None:
                reason = getattr(segment.error, "reason", None)
                if reason is not None:  # the value is that of a derivative which does not exist
                    raise reason
                segment.recover(self)
            if self.pending is not None:
                raise RuntimeError("this value was never computed: running the operations before it failed") \
                    from segment.error

    def buffer_on(self, device):
        """The buffer on `device`, computing, uploading or moving the value as needed."""
        if self.pending is not None:
            self.materialize()
        if self.device is device and self.buffer is not None:
            return self.buffer
        array = self.host if self.host is not None else download(self.device.allocator, self.buffer, self.aval)
        self.buffer, self.device = upload(device.allocator, array), device
        self.host = None
        self.pinned = False
        return self.buffer

    def to_numpy(self, share: bool = False) -> np.ndarray:
        """The value as an array: a copy, or with `share` a read-write view of host-visible memory (pins)."""
        self.materialize()
        if self.buffer is None:
            return self.host if share else self.host.copy()
        if not self.device.capabilities.host_memory:
            return download(self.device.allocator, self.buffer, self.aval)
        self.device.allocator.synchronize()
        view = self.device.as_numpy(self.buffer, self.aval.dtype, self.aval.shape)
        if share:
            self.pinned = True
            return view
        return view.copy()

    def own_buffer(self, device):
        """A buffer that may be overwritten: the storage's own, or a copy if its memory was handed out."""
        buffer = self.buffer_on(device)
        if not self.pinned:
            return buffer
        fresh = device.allocator.allocate(self.aval.nbytes)
        device.allocator.copy(fresh, buffer, self.aval.nbytes)
        self.buffer, self.pinned = fresh, False
        return fresh


def from_numpy(array: np.ndarray) -> Storage:
    """A storage that holds `array` (not copied: the caller gives it away)."""
    return Storage(tensor_aval(array.shape, np_dtype_to_dtype(array.dtype)), host=array)


def current_device():
    """The device on which values are computed now."""
    return _device.current()
