"""Entering the interpreter: sessions, recursion depth, and errors on their way out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import MethodType
from typing import Any

# Importing the compile_* modules registers the compilers of all kinds of syntax nodes.
from mindspore.compiler.frontend import (  # noqa: F401
    compile_call,
    compile_comprehension,
    compile_data,
    compile_def,
    compile_match,
    compile_ops,
    compile_stmt,
    compile_try,
    compile_yield,
)
from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.entries import entry_of, report_read
from mindspore.compiler.frontend.errors import GraphCompileError, unsupported
from mindspore.compiler.frontend.frames import Session
from mindspore.compiler.frontend.generators import Generator
from mindspore.compiler.frontend.internal_errors import raise_if_internal
from mindspore.compiler.frontend.journal import Journal
from mindspore.compiler.frontend.location import thread_state
from mindspore.compiler.frontend.policy import Policy
from mindspore.compiler.frontend.recursion import Room
from mindspore.compiler.frontend.replacements import replacements_for
from mindspore.compiler.frontend.tracebacks import show_user_lines
from mindspore.compiler.frontend.variants import settled

__all__ = ["interpret"]


def interpret(
    fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None, policy: Policy
) -> Any:
    """Call `fn(*args, **kwargs)` by interpreting its source.

    Everything that `fn` calls is interpreted as well, except for what `policy.is_native` keeps native and functions
    whose source cannot be read; these are called with the values as they are. Native code that is called may call
    `interpret` again: for the same compilation it continues the session, for another one it nests a session.

    Args:
        fn: a function, method, lambda, `functools.partial`, class, callable object, cell, or `InterpretedFunction`.
        args: positional arguments.
        kwargs: keyword arguments.
        policy: what is traced, what is native, and where guards are recorded.

    Returns:
        What the function returns.

    Raises:
        GraphCompileError: the program cannot be compiled as a graph.
        InternalCompileError: the framework made a mistake.
        Exception: whatever the program raises, unchanged; its traceback shows the program's own lines, and its
            attribute `graph_location` is the `Location` of the innermost of them.
    """
    active = thread_state.session
    if active is not None and active.policy is policy and active.compilation is policy.compilation():
        return _call_first(active, fn, args, kwargs)
    room = Room() if active is None else active.room
    session = Session(policy, replacements_for(policy), room)
    session.journal = Journal(None, session.superposed)
    thread_state.session = session
    try:
        if active is not None:
            session.frame.back = active.frame
            session.frame.depth = active.frame.depth
            return settled(session, _call_first(session, fn, args, kwargs))
        with room:
            try:
                result = _finished(settled(session, _call_first(session, fn, args, kwargs)))
                policy.finished(session)
                return result
            except Exception as error:
                raise_if_internal(error)
                if policy.effects is None or not policy.effects.ends_in(error):
                    raise
                return None
    except BaseException as error:
        if active is None:
            _take_back(session, isinstance(error, GraphCompileError) or not isinstance(error, Exception))
            show_user_lines(error)
            if sys.version_info < (3, 11):
                raise error  # a bare raise would bring back the traceback that the error came with
        raise
    finally:
        thread_state.session = active


def _finished(result: Any) -> Any:
    """The result of the outermost function. UnsupportedSyntaxError for a generator."""
    if type(result) is Generator:
        unsupported("a compiled function that gives a generator", "return a list of the items, or a tensor made by "
                    "ops.stack; a generator may be called and gone over inside of the compiled function",
                    result.frame.site)
    return result


def _take_back(session: Session, everything: bool) -> None:
    """Nothing was compiled: what the program changed is as it was. After an error of the program itself, only what
    holds traced tensors, which will never have values."""
    for place, value in zip(session.journal.places, session.journal.before):
        if everything or session.policy.holds_traced(place.read()):
            place.write(value)


def _call_first(session: Session, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    """Call what the caller gave. A method was read from its object by the caller; that read is reported here."""
    if type(fn) is MethodType and not isinstance(fn.__self__, type):
        name = getattr(fn.__func__, "__name__", "")
        entry = entry_of(session, type(fn.__self__), name)
        if entry.raw is fn.__func__:
            report_read(session, fn.__self__, entry, fn)
    return call(session.frame, fn, args, kwargs)
