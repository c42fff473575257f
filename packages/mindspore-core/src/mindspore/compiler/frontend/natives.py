"""Calls of native code: what it may change is noted before, what it makes is noted after.

Native code sees no variants: it is called once for each alternative of what it is given. It changes containers that it
is given, or that it is a method of; functions of the framework and the builtins in `_READERS` change none.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.frames import Frame, Session
from mindspore.compiler.frontend.journal import is_container
from mindspore.compiler.frontend.walks import check_unchanged, containers_behind

__all__ = ["call_native"]

_READERS: set[Any] = {
    abs, all, any, callable, copy.copy, copy.deepcopy, dict, divmod, enumerate, filter, float, format, frozenset,
    getattr, hasattr, hash, id, int, isinstance, issubclass, iter, len, list, map, max, min, print, range, repr,
    reversed, round, set, slice, sorted, str, sum, tuple, type, zip,
}
_READING_METHODS = frozenset({
    "copy", "count", "difference", "get", "index", "intersection", "isdisjoint", "issubset", "issuperset", "items",
    "keys", "symmetric_difference", "union", "values", "__contains__", "__getitem__", "__iter__", "__len__",
})
_MAKERS: set[Any] = {copy.copy, copy.deepcopy, iter, sorted}
_MAKING_METHODS = frozenset({
    "copy", "difference", "fromkeys", "intersection", "rsplit", "split", "splitlines", "symmetric_difference", "union",
})
_WRITING = frozenset({"copyto", "fill", "fill_diagonal", "partition", "place", "put", "putmask", "shuffle", "sort"})
_FRAMEWORK = __name__.partition(".")[0]


def call_native(frame: Frame, fn: Any, args: Any, kwargs: dict[str, Any] | None, run: Callable[..., Any]) -> Any:
    """`run(frame, fn, args, kwargs)`, where that calls native code."""
    session = frame.session
    if session.varies:
        owner = getattr(fn, "__self__", None)
        return fork(frame, lambda frame, fn, _, args, kwargs: _call(frame, fn, args, kwargs, run),
                    fn, owner, tuple(args), kwargs, deep=True)
    return _call(frame, fn, args, kwargs, run)


def _call(frame: Frame, fn: Any, args: Any, kwargs: dict[str, Any] | None, run: Callable[..., Any]) -> Any:
    session = frame.session
    if session.superposed:
        for each in args:
            if isinstance(each, Iterator):
                check_unchanged(session, containers_behind(each))
    kind = type(fn)
    name = getattr(fn, "__name__", "")
    if kind is BuiltinFunctionType and is_container(fn.__self__):
        if name not in _READING_METHODS:
            session.journal.note_items(fn.__self__)
    elif name in _WRITING and (kind is BuiltinFunctionType and isinstance(fn.__self__, np.ndarray)):
        session.journal.note_elements(fn.__self__)
    elif (args or kwargs) and not _only_reads(fn, kind):
        _note_all(session, args, 2)
        if kwargs:
            _note_all(session, tuple(kwargs.values()), 2)
        for each in (*args[:1 if name in _WRITING else 0], *[v for k, v in (kwargs or {}).items() if k == "out"]):
            session.journal.note_change(each)
    result = run(frame, fn, args, kwargs)
    if session.journal.fresh is not None and type(result) is np.ndarray:
        if result.base is None and all(result is not each for each in args):
            session.journal.made(result)
    elif session.journal.fresh is not None and (is_container(result) or isinstance(result, Iterator)):
        if isinstance(fn, type) or name in _MAKING_METHODS or (kind is not MethodType and fn in _MAKERS):
            session.journal.made(result)
    return result


def _only_reads(fn: Any, kind: type) -> bool:
    if isinstance(fn, type):
        return True
    if kind is FunctionType or kind is MethodType:
        return (fn.__module__ or "").partition(".")[0] == _FRAMEWORK
    return kind is BuiltinFunctionType and fn in _READERS


def _note_all(session: Session, values: Any, depth: int) -> None:
    for value in values:
        if is_container(value):
            session.journal.note_items(value)
        if depth and isinstance(value, (list, tuple)):
            _note_all(session, value, depth - 1)
