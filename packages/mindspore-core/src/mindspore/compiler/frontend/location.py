"""Where in the user's program the interpreter is.

Every expression that can call or operate owns one `Site`, made once when its function is compiled. Just before such an
expression acts, the interpreter stores the site in its frame: one attribute store, no stack of positions is kept.
Frames are linked to their callers and each thread knows its session, whose `frame` is the innermost one. The position
of the moment and the whole chain of calls in the user's terms are read from there only when somebody asks: the IR
builder for each node it emits (`current`), and error messages (`chain`).
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mindspore.compiler.frontend.frames import Frame, Session

__all__ = ["Location", "Site", "SourceText", "chain", "current", "user_location"]


class Location(NamedTuple):
    """A position in the user's program. `lineno` and `col` count from 1; `col` counts characters, not bytes."""

    filename: str
    lineno: int
    col: int
    function: str


class SourceText(NamedTuple):
    """The text of one file (or notebook cell) as it was when its functions were compiled."""

    filename: str
    lines: tuple[str, ...]

    def line(self, lineno: int) -> str:
        """Line `lineno`, counted from 1, without its line end; empty when the text has no such line."""
        return self.lines[lineno - 1].rstrip("\r\n") if 0 < lineno <= len(self.lines) else ""

    def column(self, lineno: int, offset: int) -> int:
        """The 0-based character column of a byte offset, which is how `ast` counts."""
        line = self.line(lineno)
        return offset if line.isascii() else len(line.encode()[:offset].decode(errors="ignore"))


class Site:
    """The extent of one expression or statement of the user's program, and the function that holds it."""

    __slots__ = ("byte_columns", "col", "end_col", "end_lineno", "function", "lineno", "location", "source")

    def __init__(self, node: Any, source: SourceText, function: str) -> None:
        self.source = source
        self.function = function
        self.lineno: int = node.lineno
        self.end_lineno: int = node.end_lineno
        self.byte_columns: tuple[int, int] = (node.col_offset, node.end_col_offset)
        self.col = source.column(node.lineno, node.col_offset)
        self.end_col = source.column(node.end_lineno, node.end_col_offset)
        self.location = Location(source.filename, self.lineno, self.col + 1, function)

    def excerpt(self) -> str:
        """The source line with a caret under each character of the expression (its first line, if it has several)."""
        line = self.source.line(self.lineno)
        text = line.expandtabs(4)
        start = len(line[: self.col].expandtabs(4))
        stop = len(line[: self.end_col].expandtabs(4)) if self.end_lineno == self.lineno else len(text)
        indent = len(text) - len(text.lstrip())
        return f"{text[indent:]}\n{' ' * (start - indent)}{'^' * max(stop - start, 1)}"


class _ThreadState(threading.local):
    session: Session | None = None


thread_state = _ThreadState()


def current() -> Location | None:
    """The innermost user expression being evaluated in this thread, or None outside of any interpretation."""
    session = thread_state.session
    if session is None:
        return None
    site = session.frame.site
    return None if site is None else site.location


def chain(frame: Frame | None = None) -> list[Site]:
    """The sites of all active calls of this thread, innermost first; from `frame` outwards if one is given."""
    if frame is None:
        session = thread_state.session
        frame = None if session is None else session.frame
    sites: list[Site] = []
    while frame is not None:
        if frame.site is not None:
            sites.append(frame.site)
        frame = frame.back
    return sites


def user_location() -> tuple[str | None, int]:
    """File and line of the innermost frame of Python outside this package; None and 0 where there is none."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("mindspore."):
        frame = frame.f_back
    return (None, 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
