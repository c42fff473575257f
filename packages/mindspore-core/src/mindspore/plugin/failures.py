"""Kernels that fail after they were put into a queue: the errors, and the accounts of a queue that goes on.

A kernel that a queue runs later cannot raise where the program called it. The contract says what happens instead: the
error waits, and the next wait raises it as a `KernelError`, which names the operator and, where it is known, the user's
line (`KernelSpec.where`). What the kernel was to write holds nothing from then on, nor does what is computed from it,
and every look at it raises the error again. All else stays as it is, and the device can be used further. A device that
cannot tell what was written and what was not raises `DeviceLostError` instead, at that wait and at every later call.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence


class KernelError(RuntimeError):
    """A kernel failed after it was put into the queue. where: what failed, as `KernelSpec.where` says it; reason: what
    the device says.

    Raised by `Allocator.synchronize` for the first failure that nobody was told of, and by `Allocator.copy_to_host` for
    a buffer that holds nothing because of it, each time. The device can be used further.
    """

    def __init__(self, where: str, reason: object):
        self.where, self.reason = where, reason
        super().__init__(f"{where} failed on the device: {reason}. What it was to compute, and what was computed from "
                         f"that, is lost; all else holds, and the device can be used further")


class DeviceLostError(RuntimeError):
    """The device cannot be used any more in this process, nor can what its memory held; the message says what happened.
    Raised at the wait that learns of it, and by every later call of the device's."""


class Failures:
    """The accounts of a queue that goes on after a kernel failed: which buffers hold nothing, and whom to tell.

    A queue does each piece of its work through `run`. Buffers are named by anything that can be a key, such as a
    number. May be used from several threads.

    Examples:
        >>> from mindspore.plugin import Failures
        >>> failures, memory = Failures(), {"a": 1.0}
        >>> def work(target, source):
        ...     memory[target] = 1 / (memory[source] - 1.0)
        >>> failures.run("reciprocal (line 7 of net.py)", ["a"], ["b"], lambda: work("b", "a"))
        >>> failures.run("reciprocal (line 8 of net.py)", ["b"], ["c"], lambda: work("c", "b"))
        >>> failures.of("a") is None, str(failures.of("c")).partition(". ")[0]
        (True, 'reciprocal (line 7 of net.py) failed on the device: float division by zero')
        >>> failures.take() is None  # somebody was told
        True
    """

    def __init__(self):
        self._lost: dict[Hashable, KernelError] = {}
        self._untold: KernelError | None = None
        self._lock = threading.Lock()

    def run(self, where: str, reads: Sequence[Hashable], writes: Sequence[Hashable], work: Callable[[], None]) -> None:
        """Do `work()`, which reads and writes these buffers, unless something that it reads is lost. What it writes is
        lost if it is not done, or raises, and else holds something again. A piece of work that writes a part of a
        buffer reads the buffer, too."""
        error = None
        with self._lock:
            if self._lost:
                error = next((self._lost[key] for key in reads if key in self._lost), None)
        if error is None:
            try:
                work()
            except Exception as reason:
                error = KernelError(where, reason)
                error.__cause__ = reason
                with self._lock:
                    self._untold = self._untold or error
            else:
                if not self._lost:
                    return
        with self._lock:
            for key in writes:
                if error is None:
                    self._lost.pop(key, None)
                else:
                    self._lost[key] = error

    def of(self, buffer: Hashable) -> KernelError | None:
        """Why a buffer holds nothing, for its reader to raise; None where it holds something."""
        with self._lock:
            error = self._lost.get(buffer)
            if error is not None and error is self._untold:
                self._untold = None
            return None if error is None else self._again(error)

    def take(self) -> KernelError | None:
        """The first failure since the last call of which nobody was told, for the waiting thread to raise."""
        with self._lock:
            error, self._untold = self._untold, None
            return None if error is None else self._again(error)

    def forget(self, buffer: Hashable) -> None:
        """The buffer is gone; its name may be given to another."""
        with self._lock:
            self._lost.pop(buffer, None)

    def _again(self, error: KernelError) -> KernelError:
        """An error of its own for each time that it is raised."""
        found = KernelError(error.where, error.reason)
        found.__cause__ = error.__cause__
        return found
