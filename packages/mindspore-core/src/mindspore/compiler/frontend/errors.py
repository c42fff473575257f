"""Errors of graph mode, in the user's terms.

Two kinds of error leave the front end:

* What the program itself raises, statically, while it is being compiled (a `ValueError` for shapes that do not fit, a
  `NameError`, the user's own `raise`) keeps its type, its message and its identity; `tracebacks.py` makes its traceback
  show the user's lines.
* What graph mode cannot compile is a `GraphCompileError`. Its message says what is wrong, shows the file, the line and
  the column with the source line and carets under the expression, the calls that led there, what was found, and what
  to write instead.

What fails in the framework by its own mistake is an `InternalCompileError`, at compile time (`internal_errors.py`).

A `GraphCompileError` is a statement about the program, not an event in it: the program's own `except` clauses do not
see it (`compile_try.py`), otherwise `except RuntimeError:` would silently compile the wrong branch.
"""

from __future__ import annotations

from itertools import groupby
from typing import NoReturn

from mindspore.compiler.frontend.location import Location, Site, chain

__all__ = ["Diverged", "GraphCompileError", "InternalCompileError", "TensorConditionError", "UnsupportedSyntaxError",
           "Unwinding"]

_LONGEST_CHAIN = 20


class GraphCompileError(RuntimeError):
    """The program cannot be compiled as a graph.

    Attributes:
        location: the `Location` of the offending expression, or None if it lies outside of any interpretation.
        calls: the `Location`s of the calls that led there, innermost first.
        summary: the first line of the message.
        brief: the message without the calls.
        native: whether the program runs in PyNative mode instead unless it is told not to (`graph/fall_back.py`).
        found: what was found, or "".
        remedy: what to write instead, or "".
    """

    native = False

    def __init__(
        self, summary: str, *, found: str = "", remedy: str = "", site: Site | None = None,
        sites: list[Site] | None = None, native: bool = False,
    ) -> None:
        sites = sites or chain()
        self.native = native or type(self).native
        if site is not None:
            sites = [site, *sites[1:]]
        super().__init__(_message(summary, found, remedy, sites))
        self.brief = _message(summary, found, remedy, sites[:1])
        self.summary = summary
        self.found = found
        self.remedy = remedy
        self.location: Location | None = sites[0].location if sites else None
        self.calls: list[Location] = [each.location for each in sites[1:]]


class TensorConditionError(GraphCompileError):
    """A Python decision (`if`, `while`, `and`, `not`, ...) depends on a tensor whose value is not known yet."""


class ManyElementsError(TensorConditionError, ValueError):
    """A Python decision depends on a tensor of more than one element: a ValueError, as in PyNative mode."""


class UnsupportedSyntaxError(GraphCompileError):
    """The function uses a Python construct that has no meaning in a graph (generators, coroutines)."""


class InternalCompileError(GraphCompileError):
    """Compiling the program met a mistake of the framework (`internal_errors.py`); its cause is what was raised."""

    native = True


class Unwinding(BaseException):
    """Control of the interpreter itself on its way out: no part of the program sees it, `finally` included."""


class Diverged(Unwinding):
    """What follows is not reached: a recursive call of which nothing is known yet (`recursive_calls.py`)."""


def _message(summary: str, found: str, remedy: str, sites: list[Site]) -> str:
    parts = [summary]
    runs = [(site, len(list(again))) for site, again in groupby(sites)]
    for number, (site, count) in enumerate(runs):
        if number == _LONGEST_CHAIN:
            parts.append(f"  ... and {sum(more for _, more in runs[number:])} more calls")
            break
        where = f'File "{site.source.filename}", line {site.lineno}, column {site.col + 1}, in {site.function}'
        parts.append(f"  {where}" if number == 0 else f"  called from {where}")
        parts += [f"    {line}" for line in site.excerpt().splitlines()]
        if count > 1:
            parts.append(f"  ... the same call {count - 1} more {'time' if count == 2 else 'times'}")
    if found:
        parts.append(f"Found: {found}")
    if remedy:
        parts.append(f"Instead: {remedy}")
    return "\n".join(parts)


def describe(value: object, limit: int = 80) -> str:
    """A short description of a value for `found`: its type, and its text where that is short."""
    kind = type(value).__qualname__
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"a {kind} of shape {tuple(shape)} and dtype {dtype}"
    if kind in ("function", "InterpretedFunction"):
        return f"the function '{getattr(value, '__qualname__', kind)}'"
    text = repr(value)
    return f"{text} of type {kind}" if len(text) <= limit else f"an object of type {kind}"


def refuse_raises(most: int, site: Site) -> NoReturn:
    """Raise the error for a loop that is left by too many kinds of exceptions."""
    raise TensorConditionError(
        f"A loop on a tensor is left by more than {most} kinds of exceptions.", site=site,
        found="exceptions that differ in more than the values of tensors",
        remedy="note in a tensor what went wrong, leave the loop by 'break', and raise after it")


def unsupported(construct: str, remedy: str, site: Site | None) -> NoReturn:
    """Raise the error for a construct that graph mode does not know."""
    raise UnsupportedSyntaxError(f"Graph mode does not support {construct}.", remedy=remedy, site=site)
