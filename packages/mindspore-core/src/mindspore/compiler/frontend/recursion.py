"""Room for recursion.

One call in the user's program takes several calls in the interpreter, so Python's recursion limit would be hit at a
fraction of the depth that the program has when Python runs it. While an interpretation is under way the limit is
raised by that factor, and the interpreter counts the program's own calls against the limit that the user knows.
"""

from __future__ import annotations

import sys
import threading

__all__ = ["headroom"]

_FRAMES_PER_CALL = 14


class _Headroom:
    """A context manager, shared by all threads: the first one in raises the limit, the last one out restores it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._limit = 0

    def __enter__(self) -> int:
        """Raise the limit; gives the limit as the user set it."""
        with self._lock:
            if self._users == 0:
                self._limit = sys.getrecursionlimit()
                sys.setrecursionlimit(self._limit * _FRAMES_PER_CALL)
            self._users += 1
            return self._limit

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                sys.setrecursionlimit(self._limit)


headroom = _Headroom()
