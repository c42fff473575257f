"""Room for recursion.

One call in the user's program takes several calls in the interpreter, so Python's recursion limit would be hit at a
fraction of the depth that the program reaches when Python runs it. The interpreter counts the program's own calls
against the limit that the user knows, and raises Python's limit as these calls get deeper, a few calls at a time, and
lowers it again on the way back. It is never raised far ahead of the stack as it is: native code that recurses without
end (a `__getattr__` that reads a missing attribute) must still meet the limit before it exhausts the process's stack.

Before Python 3.11 each Python call takes a piece of that stack as well; there the limit has an upper bound.

The limit belongs to all threads; it follows the one that needs most.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType

__all__ = ["Room", "recursion_limit", "set_recursion_limit"]

_STEP = 25
_FRAMES_PER_CALL = 30
_MOST_FRAMES = 16_000 if sys.version_info < (3, 11) else sys.maxsize

_lock = threading.Lock()
_limits: dict[Room, int] = {}
_users_limit = 0


_limit_of_graphs: int | None = None


def set_recursion_limit(recursion_limit: int = 1000) -> None:
    """How deep functions may call each other while a graph is made, instead of Python's own limit.

    Raises:
        TypeError: no int. ValueError: below 1.
    """
    global _limit_of_graphs
    if isinstance(recursion_limit, bool) or not isinstance(recursion_limit, int):
        raise TypeError(f"set_recursion_limit: recursion_limit must be an int, got {type(recursion_limit).__name__}")
    if recursion_limit < 1:
        raise ValueError(f"set_recursion_limit: recursion_limit must be at least 1, got {recursion_limit}")
    _limit_of_graphs = recursion_limit


def recursion_limit() -> int:
    """What `set_recursion_limit` has set; its default before."""
    return 1000 if _limit_of_graphs is None else _limit_of_graphs


class Room:
    """The room of one thread's interpretations, from the outermost call to its return.

    Attributes:
        most: how deep the program may recurse: `set_recursion_limit`, or else Python's limit as the user set it.
        depth: the depth up to which Python's limit suffices; before going deeper, enter `deeper(depth)`.
    """

    def __init__(self) -> None:
        self.most = 0
        self.depth = 0

    def __enter__(self) -> Room:
        global _users_limit
        with _lock:
            if not _limits:
                _users_limit = sys.getrecursionlimit()
            self.most = _users_limit if _limit_of_graphs is None else _limit_of_graphs
        self.set(_STEP, _sufficient_limit())
        return self

    def __exit__(self, *error: object) -> None:
        with _lock:
            del _limits[self]
            sys.setrecursionlimit(max(_limits.values(), default=_users_limit))

    def set(self, depth: int, limit: int) -> None:
        """From now on Python's limit is at least `limit`, which suffices for calls up to `depth`."""
        self.depth = min(depth, self.most)
        with _lock:
            _limits[self] = limit
            sys.setrecursionlimit(max(_limits.values()))

    def deeper(self, depth: int) -> _Deeper:
        """A context manager around calls that are deeper than `depth`."""
        return _Deeper(self, depth)


class _Deeper:
    def __init__(self, room: Room, depth: int) -> None:
        self.room = room
        self.depth = depth

    def __enter__(self) -> None:
        self.before = self.room.depth, _limits[self.room]
        self.room.set(self.depth + _STEP, _sufficient_limit())

    def __exit__(self, *error: object) -> None:
        self.room.set(*self.before)


def _sufficient_limit() -> int:
    """A limit that leaves the user's limit for native code on top of the next calls of the program."""
    depth = 0
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return max(_users_limit, min(depth + _STEP * _FRAMES_PER_CALL + _users_limit, _MOST_FRAMES))
