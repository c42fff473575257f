"""Python's `multiprocessing`, through which tensors travel in shared memory.

What a process sends to another one (through queues, pipes, pools, arguments of a started process) is pickled. Importing
this module lets tensors and Parameters of at least `SHARED_MINIMUM` bytes be pickled as the name of a block of shared
memory that holds their value; the receiver copies the value out and removes the block. A value is a value: what the
receiver does with its tensor changes nothing for the sender. A message that nobody receives keeps its block until the
program that started the processes ends.
"""
from __future__ import annotations

from multiprocessing import (
    Array,
    AuthenticationError,
    Barrier,
    BoundedSemaphore,
    BufferTooShort,
    Condition,
    Event,
    JoinableQueue,
    Lock,
    Manager,
    Pipe,
    Process,
    ProcessError,
    Queue,
    RawArray,
    RawValue,
    RLock,
    Semaphore,
    SimpleQueue,
    TimeoutError,
    Value,
    active_children,
    allow_connection_pickling,
    cpu_count,
    current_process,
    freeze_support,
    get_all_start_methods,
    get_context,
    get_logger,
    get_start_method,
    log_to_stderr,
    parent_process,
    reducer,
    resource_tracker,
    set_executable,
    set_forkserver_preload,
    set_start_method,
)
from multiprocessing.pool import Pool
from multiprocessing.reduction import ForkingPickler
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor

__all__ = ["Array", "AuthenticationError", "Barrier", "BoundedSemaphore", "BufferTooShort", "Condition", "Event",
           "JoinableQueue", "Lock", "Manager", "Pipe", "Pool", "Process", "ProcessError", "Queue", "RLock", "RawArray",
           "RawValue", "Semaphore", "SimpleQueue", "TimeoutError", "Value", "active_children",
           "allow_connection_pickling", "cpu_count", "current_process", "freeze_support", "get_all_start_methods",
           "get_context", "get_logger", "get_start_method", "log_to_stderr", "parent_process", "reducer",
           "set_executable", "set_forkserver_preload", "set_start_method"]
SHARED_MINIMUM = 16384


class _SharedArray:
    """An array in a block of shared memory: all that the message says of it."""

    def __init__(self, array: np.ndarray):
        block = SharedMemory(create=True, size=array.nbytes)
        np.ndarray(array.shape, array.dtype, block.buf)[...] = array
        self.name, self.dtype, self.shape = block.name, array.dtype, array.shape
        block.close()

    def take(self) -> np.ndarray:
        """The array, copied out; the block is gone then."""
        block = SharedMemory(self.name)
        try:
            return np.ndarray(self.shape, self.dtype, block.buf).copy()
        finally:
            block.close()
            block.unlink()


def _reduced(value: Tensor):
    """What is pickled for a tensor: as usual, but with large arrays in shared memory."""
    make, arguments = value.__reduce__()
    return _restored, (make, tuple([_SharedArray(a) if isinstance(a, np.ndarray) and a.nbytes >= SHARED_MINIMUM else a
                                    for a in arguments]))


def _restored(make, arguments: tuple) -> Any:
    return make(*[a.take() if isinstance(a, _SharedArray) else a for a in arguments])


# The process that removes blocks which nobody takes belongs to the whole program: it must be there before the first
# child, or a child would have its own, which removes the child's blocks when the child ends.
resource_tracker.ensure_running()
for _kind in (Tensor, Parameter):
    ForkingPickler.register(_kind, _reduced)
