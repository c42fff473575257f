"""Operators of classes that are written in Python.

`a + b` with an `a` of a user's class is a call of the user's `__add__`. Executed natively it would run unseen: its
decisions on tensors and what it reads would not be noticed. So a special method whose source can be read is
interpreted: those of the left operand, of the container, of the value that is tested. Where it gives NotImplemented,
and for everything else (reflected operators, iterators), the operation is left to Python as a whole.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.contents import COMPARISONS, holds_tensors
from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.entries import PLAIN, entry_of, is_interpreted, kind_of
from mindspore.compiler.frontend.frames import Frame, Session
from mindspore.compiler.frontend.functions import InterpretedFunction, code_of
from mindspore.compiler.frontend.journal import is_container
from mindspore.compiler.frontend.subscripts import is_choice, item_chosen, key_chosen
from mindspore.compiler.frontend.variants import is_varied
from mindspore.compiler.frontend.windows import has_window, places_in, with_windows

__all__ = [
    "CONTAINERS",
    "apply_special",
    "compare",
    "delete_item",
    "has_special",
    "is_special",
    "load_item",
    "load_varied_item",
    "special_outcome",
    "store_item",
]

CONTAINERS = frozenset({list, tuple, dict})
_STATIC_KEYS = frozenset({int, str, slice, tuple, type(None), type(...), bool, list})


def is_special(session: Session, obj: Any) -> bool:
    """Whether the class of `obj` may define operators in Python: not for numbers, containers, tensors."""
    return kind_of(session, type(obj)) != PLAIN


def has_special(session: Session, obj: Any, name: str) -> bool:
    """Whether the operator `name` of `obj` is a method that is interpreted."""
    return is_special(session, obj) and _special_method(session, obj, name) is not None


def _special_method(session: Session, obj: Any, name: str) -> Any:
    """The function that an operator on `obj` calls, if it is interpreted; else None."""
    cls = type(obj)
    key = cls, name
    if key not in session.specials:
        entry = entry_of(session, cls, name)
        interpreted = entry.is_method and is_interpreted(session, entry.raw) and not _is_generator(entry.raw)
        session.specials[key] = entry.raw if interpreted else None
        if interpreted:
            entry.report(session)
    return session.specials[key]


def _is_generator(fn: Any) -> bool:
    code = fn.interpreted_code if isinstance(fn, InterpretedFunction) else code_of(fn)
    return code is not None and bool(code.scope.generator)


def apply_special(frame: Frame, names: tuple[str, ...], native: Callable[..., Any], obj: Any, *operands: Any) -> Any:
    """`native(obj, *operands)`, by the first of the special methods `names` that `obj` has if that is interpreted.

    An operand whose class is derived from that of `obj` comes first in Python's protocol; that is left to Python.
    """
    session = frame.session
    cls = type(obj)
    derived = any(type(each) is not cls and issubclass(type(each), cls) for each in operands)
    for name in () if derived else names:
        method = _special_method(session, obj, name)
        if method is not None:
            result = call(frame, method, (obj, *operands), None)
            if result is not NotImplemented:
                return result
        elif hasattr(cls, name):
            break
    return native(obj, *operands)


def compare(frame: Frame, name: str, a: Any, b: Any) -> Any:
    """`a < b` or another comparison, by the name of its function in `operator`."""
    native = getattr(operator, name)
    if type(a) in CONTAINERS and type(a) is type(b):
        session, ordered = frame.session, name not in ("eq", "ne")
        if not (ordered and type(a) is dict) and (holds_tensors(session, a) or holds_tensors(session, b)):
            return call(frame, COMPARISONS[name], (a, b), None)
        return native(a, b)
    if is_special(frame.session, a):
        return apply_special(frame, (f"__{name}__",), native, a, b)
    return native(a, b)


def special_outcome(frame: Frame, name: str, obj: Any, *operands: Any) -> Any:
    """What the interpreted special method `name` of `obj` gives; NotImplemented if it has none."""
    method = _special_method(frame.session, obj, name)
    return NotImplemented if method is None else call(frame, method, (obj, *operands), None)


def load_item(frame: Frame, obj: Any, key: Any) -> Any:
    """`obj[key]`."""
    session = frame.session
    if session.trips and session.policy.control.varies(key):
        return session.policy.control.getitem(obj, key)
    if type(key) not in _STATIC_KEYS and is_choice(frame, obj, key):
        return item_chosen(frame, obj, key)
    if type(key) in (slice, tuple) and has_window(session, obj, key):
        if session.policy.control.has_rows(obj):
            return obj[with_windows(frame, obj, key)]
        return session.journal.made([load_item(frame, obj, each) for each in places_in(frame, obj, key)])
    if is_special(session, obj):
        return apply_special(frame, ("__getitem__",), operator.getitem, obj, key)
    result = obj[key]
    if type(key) is slice and is_container(result):
        session.journal.made(result)
    return result


def load_varied_item(frame: Frame, obj: Any, key: Any) -> Any:
    """`obj[key]`, of which both may be variants."""
    session = frame.session
    if session.varies and (is_varied(session, obj, key) or type(key) in (slice, tuple)):
        return fork(frame, load_item, obj, key, deep=True)
    return load_item(frame, obj, key)


def store_item(frame: Frame, obj: Any, key: Any, value: Any) -> None:
    """`obj[key] = value`."""
    session = frame.session
    if type(key) not in _STATIC_KEYS and is_choice(frame, obj, key):
        key = key_chosen(frame, obj, key)
    if session.varies and (is_varied(session, obj, key) or type(key) in (slice, tuple)):
        fork(frame, _store_item, obj, key, value, deep=not is_container(obj))
    else:
        _store_item(frame, obj, key, value)


def _store_item(frame: Frame, obj: Any, key: Any, value: Any) -> None:
    session = frame.session
    if session.trips and session.policy.control.varies(key):
        session.policy.control.setitem(obj, key, value)
        return
    if type(key) in (slice, tuple) and has_window(session, obj, key):
        key = with_windows(frame, obj, key)
    session.journal.note_change(obj)
    if is_special(session, obj):
        apply_special(frame, ("__setitem__",), operator.setitem, obj, key, value)
    else:
        obj[key] = value


def delete_item(frame: Frame, obj: Any, key: Any) -> None:
    """`del obj[key]`."""
    session = frame.session
    if type(key) not in _STATIC_KEYS and is_choice(frame, obj, key):
        key = key_chosen(frame, obj, key)
    if session.varies and is_varied(session, obj, key):
        fork(frame, _delete_item, obj, key)
    else:
        _delete_item(frame, obj, key)


def _delete_item(frame: Frame, obj: Any, key: Any) -> None:
    if is_container(obj):
        frame.session.journal.note_items(obj)
    if is_special(frame.session, obj):
        apply_special(frame, ("__delitem__",), operator.delitem, obj, key)
    else:
        del obj[key]
