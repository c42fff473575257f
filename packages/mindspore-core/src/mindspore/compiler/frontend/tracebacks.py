"""Tracebacks in the user's terms.

When an exception leaves the outermost `interpret`, its traceback consists of the interpreter's own functions. All that
worked for one `Frame` are replaced by one entry that says what Python would have said: the user's file, line and
function, and from Python 3.11 on the columns. Native functions that were called stay. So an error in graph mode reads
like the same error in Python.

A frame's site says where it failed as long as the frame does nothing else. A frame that handles an exception, or runs
a `finally` or an `__exit__` for it, goes on; it notes the site in the exception first (`remember_site`).

A traceback entry needs a real frame. It is made as template engines make theirs: a function with the user's file name
and line is compiled, whose only action is to raise, and the entry is taken from the exception that it raises.
"""

from __future__ import annotations

import ast
import os
from types import CodeType, FunctionType, TracebackType
from typing import Any, NamedTuple, NoReturn

from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.source import bare_definition, bare_parameters

__all__ = ["Place", "places_of", "remember_site", "show_user_lines", "traceback_of"]

_PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
_NOTED = "__graph_sites__"


class Place(NamedTuple):
    """An expression of the program, the first line of the function that holds it, and this function's globals."""

    site: Site
    first_line: int
    namespace: dict[str, Any]


def remember_site(error: BaseException, frame: Frame) -> None:
    """Note in `error` where in `frame` it was raised, unless that was noted before."""
    error.__dict__.setdefault(_NOTED, {}).setdefault(frame, frame.site)


def show_user_lines(error: BaseException) -> None:
    """Rewrite the tracebacks of an error, and of those that it was raised from or during."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        _rewrite(each)
        pending += [each.__cause__, each.__context__]


def _rewrite(error: BaseException) -> None:
    noted: dict[Frame, Site | None] = error.__dict__.pop(_NOTED, {})
    rewritten: TracebackType | None = None
    innermost: Site | None = None
    for entry, frame in reversed(_relevant_entries(error)):
        site = None if frame is None else noted.get(frame, frame.site)
        if frame is not None and site is not None:
            innermost = innermost or site
            rewritten = _entry_at(_place(site, frame), rewritten)
        elif frame is None:
            rewritten = TracebackType(rewritten, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    if innermost is not None:
        error.__traceback__ = rewritten
        error.graph_location = innermost.location  # type: ignore[attr-defined]


def _relevant_entries(error: BaseException) -> list[tuple[TracebackType, Frame | None]]:
    """The entries of native functions, and one for each frame of the program (with that frame), outermost first."""
    found: list[tuple[TracebackType, Frame | None]] = []
    last: Frame | None = None
    entry = error.__traceback__
    while entry is not None:
        if not entry.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            found.append((entry, None))
        else:
            frame = entry.tb_frame.f_locals.get("frame")
            if isinstance(frame, Frame) and frame is not last:
                last = frame
                found.append((entry, frame))
        entry = entry.tb_next
    return found


class _Marker(Exception):
    """Raised only to have a traceback made."""


def _raise_marker() -> NoReturn:
    raise _Marker


def _place(site: Site, frame: Frame) -> Place:
    first_line = site.lineno if frame.code is None else frame.code.site.lineno
    return Place(site, min(first_line, site.lineno), frame.globals)


def places_of(error: BaseException) -> list[Place]:
    """Where an error that has not left the interpreter comes from: the places of all active calls of the program and
    of those that the error has left, outermost first."""
    noted: dict[Frame, Site | None] = error.__dict__.get(_NOTED, {})
    entries = _relevant_entries(error)
    frames = [frame for _, frame in entries if frame is not None]
    around = frames[0].back if frames else None
    while around is not None:
        frames.insert(0, around)
        around = around.back
    found = [(noted.get(frame, frame.site), frame) for frame in frames]
    return [_place(site, frame) for site, frame in found if site is not None]


def traceback_of(places: list[Place]) -> TracebackType | None:
    """A traceback that shows these places."""
    made: TracebackType | None = None
    for place in reversed(places):
        made = _entry_at(place, made)
    return made


def _entry_at(place: Place, following: TracebackType | None) -> TracebackType:
    function = FunctionType(_code_at(place.site, place.first_line), place.namespace)
    try:
        function(_raise_marker)
    except _Marker as marker:
        assert marker.__traceback__ is not None
        entry = marker.__traceback__.tb_next
    assert entry is not None
    return TracebackType(following, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)


def _code_at(site: Site, first_line: int) -> CodeType:
    """The code of a function of the site's name and file that calls its argument at the site's position."""

    def at_site(node: Any) -> Any:
        node.lineno, node.end_lineno = site.lineno, site.end_lineno
        node.col_offset, node.end_col_offset = site.byte_columns
        return node

    called = at_site(ast.Call(func=at_site(ast.Name(id="action", ctx=ast.Load())), args=[], keywords=[]))
    body = [at_site(ast.Expr(called))]
    function = bare_definition(ast.FunctionDef, name="function", args=bare_parameters(["action"]), body=body)
    function.lineno = function.end_lineno = first_line
    function.col_offset = function.end_col_offset = 0
    module = ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[]))
    compiled = compile(module, site.source.filename, "exec", dont_inherit=True)
    code = next(const for const in compiled.co_consts if isinstance(const, CodeType))
    code = code.replace(co_name=site.function.rpartition(".")[2])
    return code.replace(co_qualname=site.function) if hasattr(code, "co_qualname") else code
