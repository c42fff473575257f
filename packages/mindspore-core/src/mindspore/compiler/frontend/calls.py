"""Calling whatever the program calls.

`call` decides by the kind of callable: functions with readable source are interpreted, methods and partials are
unfolded to them, cells go through the policy, instances of user classes are constructed with interpreted `__init__`,
and everything else is called natively, which records what it does to traced tensors.

Builtins that look at their caller, or call back, are replaced (`replacements.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from mindspore.compiler.frontend.contents import SEARCHES, holds_tensors
from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.entries import entry_of, is_interpreted, report_read
from mindspore.compiler.frontend.frames import Frame, Session
from mindspore.compiler.frontend.functions import FunctionCode, InterpretedFunction, code_of, run_function
from mindspore.compiler.frontend.journal import MUTABLE
from mindspore.compiler.frontend.natives import call_native
from mindspore.compiler.frontend.trip_numbers import refuse_trip_values
from mindspore.compiler.frontend.variants import Variant

__all__ = ["call", "call_from"]

_Args = Any
_UNKNOWN: Any = object()
_SEQUENCES = (list, tuple)


def call(frame: Frame, fn: Any, args: _Args, kwargs: dict[str, Any] | None) -> Any:
    """`fn(*args, **kwargs)` as the interpreted program in `frame` does it. `args` is a tuple or list."""
    session = frame.session
    if type(fn) is Variant:
        return fork(frame, lambda frame, member: call(frame, member, args, kwargs), fn)
    while True:
        kind = type(fn)
        if kind is MethodType:
            args = (fn.__self__, *args)
            fn = fn.__func__
        elif kind is FunctionType:
            code = session.functions.get(fn, _UNKNOWN)
            if code is _UNKNOWN:
                code = _prepare(session, fn)
            if code is not None:
                return _call_function(session, fn, code, args, kwargs)
            inner = session.policy.unwrap(fn)
            if inner is fn:
                return _call_native(frame, fn, args, kwargs)
            fn = inner
        elif kind is InterpretedFunction:
            return fn.run(session, args, kwargs)
        elif kind is functools.partial:
            args = (*fn.args, *args)
            kwargs = {**fn.keywords, **(kwargs or {})}
            fn = fn.func
        elif kind is BuiltinFunctionType:
            if fn.__name__ == "sort" and type(fn.__self__) is list:
                return session.replacements[list.sort](frame, fn.__self__, *args, **(kwargs or {}))
            if fn.__name__ in SEARCHES and type(fn.__self__) in _SEQUENCES and not kwargs:
                return _search(frame, fn.__name__, fn.__self__, tuple(args))
            if type(fn.__self__) is str and session.policy.effects is not None:
                if session.varies:
                    return fork(frame, _call_string_method, fn, tuple(args), kwargs or {}, deep=True)
                return _call_string_method(frame, fn, args, kwargs or {})
            return _call_native(frame, fn, args, kwargs)
        elif isinstance(fn, type):
            if fn in session.replacements or fn is type:
                return _call_native(frame, fn, args, kwargs)
            return _construct(frame, fn, args, kwargs)
        elif session.policy.is_cell(fn):
            if session.varies and not is_interpreted(session, kind.construct):
                return fork(frame, lambda frame, cell, args, kwargs: _call_cell(session, cell, args, kwargs),
                            fn, tuple(args), kwargs, deep=True)
            return _call_cell(session, fn, args, kwargs)
        else:
            inner = session.policy.unwrap(fn)
            if inner is not fn:
                fn = inner
                continue
            if isinstance(fn, Hashable) and fn in session.replacements:
                return _call_native(frame, fn, args, kwargs)
            method = getattr(kind, "__call__", None)  # noqa: B004 - the function itself is wanted
            if not is_interpreted(session, method):
                return _call_native(frame, fn, args, kwargs)
            entry_of(session, kind, "__call__").report(session)
            args = (fn, *args)
            fn = method


def call_from(session: Session, fn: Any) -> Callable[..., Any]:
    """A native callable that calls `fn` as the interpreted program of `session` does."""

    def call_interpreted(*args: Any, **kwargs: Any) -> Any:
        return call(session.frame, fn, args, kwargs)

    return call_interpreted


def _prepare(session: Session, fn: FunctionType) -> FunctionCode | None:
    """The compiled form of a function that is called for the first time; None if it is called natively."""
    native = fn in session.replacements or session.policy.is_native(fn)
    code = None if native else code_of(fn)
    if code is not None:
        session.guard_attr(fn, "__code__", fn.__code__)
    session.functions[fn] = code
    return code


def _call_native(frame: Frame, fn: Any, args: _Args, kwargs: dict[str, Any] | None) -> Any:
    session = frame.session
    if session.trips:
        refuse_trip_values(fn, args)
    if session.varies or session.journal.fresh is not None or type(getattr(fn, "__self__", None)) in MUTABLE:
        return call_native(frame, fn, args, kwargs, _run_native)
    replacement = session.replacements.get(fn) if type(fn).__hash__ is not None else None
    if replacement is not None:
        return replacement(frame, *args, **(kwargs or {}))
    return fn(*args, **kwargs) if kwargs else fn(*args)


def _call_string_method(frame: Frame, fn: Any, args: _Args, kwargs: dict[str, Any]) -> Any:
    session = frame.session
    assert session.policy.effects is not None
    text = session.policy.effects.call_string_method(fn, args, kwargs)
    return session.journal.made(text) if type(text) is list else text


def _search(frame: Frame, name: str, items: Any, args: tuple[Any, ...]) -> Any:
    """`items.count(...)` and the like."""
    session = frame.session
    if session.varies:
        return fork(frame, lambda frame, items, args: _search_one(frame, name, items, args), items, args, deep=True)
    return _search_one(frame, name, items, args)


def _search_one(frame: Frame, name: str, items: Any, args: tuple[Any, ...]) -> Any:
    if holds_tensors(frame.session, items) or holds_tensors(frame.session, args[:1]):
        return call(frame, SEARCHES[name], (items, *args), None)
    return _call_native(frame, getattr(items, name), args, None)


def _run_native(frame: Frame, fn: Any, args: _Args, kwargs: dict[str, Any] | None) -> Any:
    replacement = frame.session.replacements.get(fn) if type(fn).__hash__ is not None else None
    if replacement is not None:
        return replacement(frame, *args, **(kwargs or {}))
    return fn(*args, **kwargs) if kwargs else fn(*args)


def _call_function(
    session: Session, fn: FunctionType, code: FunctionCode, args: _Args, kwargs: dict[str, Any] | None
) -> Any:
    if kwargs or len(args) != code.positional:
        guard_attr = session.guard_attr
        defaults, kwdefaults = fn.__defaults__, fn.__kwdefaults__
        guard_attr(fn, "__defaults__", defaults)
        if kwdefaults is not None:
            guard_attr(fn, "__kwdefaults__", kwdefaults)
        args = code.binder(fn.__name__, fn.__qualname__, defaults, kwdefaults)(*args, **(kwargs or {}))
    builtins: dict[str, Any] = fn.__builtins__  # type: ignore[attr-defined]
    return run_function(session, code, args, fn.__globals__, builtins, fn.__closure__)


def _call_cell(session: Session, cell: Any, args: _Args, kwargs: dict[str, Any] | None) -> Any:
    def call_construct(*args: Any, **kwargs: Any) -> Any:
        construct = cell.construct
        report_read(session, cell, entry_of(session, type(cell), "construct"), construct)
        return call(session.frame, construct, args, kwargs)

    return session.policy.call_cell(cell, tuple(args), kwargs or {}, call_construct)


# -- classes -----------------------------------------------------------------------------------------------------------


def _construct(frame: Frame, cls: Any, args: _Args, kwargs: dict[str, Any] | None) -> Any:
    """Call a class: `type.__call__` with the user's `__new__` and `__init__` interpreted."""
    session = frame.session
    keywords = kwargs or {}
    make, init = cls.__new__, cls.__init__
    own_new, own_init = is_interpreted(session, make), is_interpreted(session, init)
    for name in ("__new__", "__init__"):
        entry_of(session, cls, name).report(session)
    ordinary = type(cls).__call__ is type.__call__
    native = not ordinary or not (own_new or own_init)
    if native:
        obj = call_native(frame, cls, args, kwargs, _run_native)
    elif own_new:
        obj = call(frame, make, (cls, *args), kwargs)
    elif make is object.__new__:
        obj = make(cls)
    else:
        obj = make(cls, *args, **keywords)
    if ordinary and (make is object.__new__ or make is Exception.__new__):
        session.created[id(obj)] = session.journal.made(obj)
    if not native and isinstance(obj, cls):
        outcome = call(frame, type(obj).__init__, (obj, *args), kwargs)
        if outcome is not None:
            raise TypeError(f"__init__() should return None, not '{type(outcome).__name__}'")
    return obj
