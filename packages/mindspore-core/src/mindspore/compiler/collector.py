"""Compilation without the cyclic garbage collector.

A compilation makes hundreds of thousands of objects that stay alive until it ends. The collector looks through all of
them again and again and finds nothing; that takes a quarter of the time of compiling a ResNet-50. So it rests while
something is being compiled, in all threads since there is one for all of them, and is left alone where the user
switched it off.
"""
from __future__ import annotations

import gc
import threading
from types import TracebackType

__all__ = ["CollectorAtRest"]

_lock = threading.Lock()
_inside = 0
_was_enabled = False


class CollectorAtRest:
    """A context manager: no cyclic garbage collection inside, in any thread. Blocks nest and overlap."""

    def __enter__(self) -> None:
        global _inside, _was_enabled
        with _lock:
            if _inside == 0:
                _was_enabled = gc.isenabled()
                gc.disable()
            _inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
                 ) -> None:
        global _inside
        with _lock:
            _inside -= 1
            if _inside == 0 and _was_enabled:
                gc.enable()
