"""Compilation with few runs of the cyclic garbage collector.

A compilation makes hundreds of thousands of objects that stay alive until it ends. The collector looks through all of
them again and again and finds nothing; that takes a quarter of the time of compiling a ResNet-50. So it runs only when
very many objects have been made since, in all threads since there is one for all of them; what a compilation has tried
and given up is garbage, and long compilations give up much. It is left alone where the user switched it off.
"""
from __future__ import annotations

import gc
import threading
from types import TracebackType

__all__ = ["SeldomCollected"]

MANY = 400_000  # objects
_lock = threading.Lock()
_inside = 0
_before = (700, 10, 10)


class SeldomCollected:
    """A context manager: cyclic garbage collections are few inside, in any thread. Blocks nest and overlap."""

    def __enter__(self) -> None:
        global _inside, _before
        with _lock:
            if _inside == 0:
                _before = gc.get_threshold()
                if _before[0]:
                    gc.set_threshold(MANY, 0, 0)
            _inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
                 ) -> None:
        global _inside
        with _lock:
            _inside -= 1
            if _inside == 0 and gc.get_threshold() == (MANY, 0, 0):
                gc.set_threshold(*_before)
