"""Device memory: buffers from a pool, and copies through the device's queue."""
from __future__ import annotations

import threading
from collections import deque

import numpy as np
import pyopencl as cl
import pyopencl.tools

from mindspore.plugin import DeviceMemoryError


class Memory:
    """See `mindspore.plugin.Allocator`.

    A buffer that nobody refers to any more goes back to the pool at once, though commands that use it may be waiting:
    whoever gets it next queues behind them.
    """

    def __init__(self, device: cl.Device, queue: cl.CommandQueue):
        self._device, self._queue = device, queue
        self._pool = cl.tools.MemoryPool(cl.tools.ImmediateAllocator(queue))
        self._lock = threading.Lock()
        self._writes: deque[cl.Event] = deque()
        self._limit: int | None = None
        self._peaks = {"allocated": 0, "reserved": 0}

    def allocate(self, nbytes: int) -> cl.tools.PooledBuffer:
        """A buffer of at least one byte; DeviceMemoryError where there is no room."""
        nbytes = max(nbytes, 1)
        with self._lock:
            if self._limit is not None and self._pool.active_bytes + nbytes > self._limit:
                raise self._full(nbytes, f"the limit is {self._limit} bytes")
            if nbytes > self._device.max_mem_alloc_size:
                raise self._full(nbytes, f"a buffer of this device has at most {self._device.max_mem_alloc_size}")
            try:
                buffer = self._pool.allocate(nbytes)
            except cl.MemoryError as error:
                raise self._full(nbytes, str(error)) from error
            for name, now in self._now().items():
                self._peaks[name] = max(self._peaks[name], now)
            return buffer

    def _full(self, nbytes: int, why: str) -> DeviceMemoryError:
        return DeviceMemoryError(f"OPENCL: no room for a buffer of {nbytes} bytes: {why}; {self._pool.active_bytes} "
                                 f"bytes are in use")

    def copy_from_host(self, buffer, array: np.ndarray) -> None:
        """Start copying an array into the buffer."""
        if array.nbytes:
            while self._writes and self._writes[0].command_execution_status <= cl.command_execution_status.COMPLETE:
                self._writes.popleft()
            self._writes.append(cl.enqueue_copy(self._queue, buffer, array, is_blocking=False))

    def copy_to_host(self, buffer, array: np.ndarray) -> None:
        """Wait for what the queue does before, and copy the buffer into the array."""
        if array.nbytes:
            cl.enqueue_copy(self._queue, array, buffer, is_blocking=True)

    def copy(self, target, source, nbytes: int) -> None:
        """Queue a copy of the first bytes of a buffer into another."""
        if nbytes:
            cl.enqueue_copy(self._queue, target, source, byte_count=nbytes)

    def synchronize(self) -> None:
        """Wait for all that is in the queue."""
        self._queue.finish()
        self._writes.clear()

    # -- accounts ------------------------------------------------------------------------------------------------------

    def _now(self) -> dict[str, int]:
        return {"allocated": self._pool.active_bytes, "reserved": self._pool.managed_bytes}

    def statistics(self) -> dict[str, int]:
        """Bytes in use and taken from the device, with the largest values so far."""
        return {**self._now(), **{f"{name}_peak": most for name, most in self._peaks.items()}}

    def reset_peaks(self, allocated: bool, reserved: bool) -> None:
        """Start these peaks again from what is in use now."""
        now = self._now()
        self._peaks.update({n: now[n] for n, wanted in (("allocated", allocated), ("reserved", reserved)) if wanted})

    def release_idle(self) -> None:
        """Give back what the pool holds and nobody uses."""
        self._pool.free_held()

    def limit(self, nbytes: int) -> None:
        """Refuse buffers beyond this many bytes in use."""
        self._limit = nbytes
