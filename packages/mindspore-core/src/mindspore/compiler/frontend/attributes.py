"""Reading attributes: what is reported as a guard, and properties written in Python.

Only places that existed before the compilation are reported. For an instance, a method is reported as an entry of the
class that defines it (bound methods are made anew by each read), stored values as what was read. A property written in
Python is interpreted, so what it reads is reported in turn. Values that native code computes at each read (an array's
transpose) are not reported: they follow from the object, and the object was reported when it was read.
"""

from __future__ import annotations

import ast
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.frames import Frame, Run, Session
from mindspore.compiler.frontend.functions import InterpretedFunction
from mindspore.compiler.frontend.scopes import Scope

__all__ = ["load_attribute"]

_PLAIN, _INSTANCE, _CLASS, _MODULE = range(4)
_MISSING = object()


@compiles(ast.Attribute)
def _attribute(node: ast.Attribute, scope: Scope) -> Run:
    owner, name, site = compile_node(node.value, scope), scope.mangle(node.attr), scope.site(node)

    def attribute(frame: Frame) -> Any:
        obj = owner(frame)
        frame.site = site
        kind = frame.session.kinds.get(type(obj))
        if kind == _PLAIN:
            return getattr(obj, name)
        return load_attribute(frame, obj, name)

    return attribute


def load_attribute(frame: Frame, obj: Any, name: str) -> Any:
    """`getattr(obj, name)` as the interpreted program does it."""
    session = frame.session
    kind = session.kinds.get(type(obj))
    if kind is None:
        kind = session.kinds[type(obj)] = _classify(session, type(obj))
    if kind == _PLAIN or id(obj) in session.created:
        return _load_from_instance(frame, obj, name, False) if kind == _INSTANCE else getattr(obj, name)
    if kind == _INSTANCE:
        return _load_from_instance(frame, obj, name, True)
    if kind == _CLASS:
        return _load_from_class(session, obj, name)
    value = getattr(obj, name)
    if session.policy.is_user_module_name(obj.__name__):
        session.guard_attr(obj, name, value)
    return value


def _classify(session: Session, cls: type) -> int:
    if issubclass(cls, ModuleType):
        return _MODULE
    if issubclass(cls, type):
        return _CLASS
    return _INSTANCE if session.policy.guards_type(cls) else _PLAIN


def _entry(cls: type, name: str) -> tuple[type | None, Any]:
    """The class of the MRO of `cls` that defines `name`, and the raw entry."""
    for each in cls.__mro__:
        entry = each.__dict__.get(name, _MISSING)
        if entry is not _MISSING:
            return each, entry
    return None, _MISSING


def _load_from_instance(frame: Frame, obj: Any, name: str, guarded: bool) -> Any:
    session = frame.session
    home, entry = _entry(type(obj), name)
    kind = type(entry)
    if kind is property and isinstance(entry.fget, (FunctionType, InterpretedFunction)):
        if guarded:
            _guard_entry(session, home, name, entry)
        return call(frame, entry.fget, (obj,), None)
    value = getattr(obj, name)
    if guarded:
        if type(value) is MethodType and value.__self__ is obj or isinstance(entry, (staticmethod, classmethod)):
            _guard_entry(session, home, name, entry)
        elif kind is MemberDescriptorType or not hasattr(kind, "__get__"):
            session.guard_attr(obj, name, value)
    return value


def _guard_entry(session: Session, home: type | None, name: str, entry: Any) -> None:
    if home is not None and id(home) not in session.created and session.policy.guards_type(home):
        session.guard_attr(home, name, entry)


def _load_from_class(session: Session, cls: type, name: str) -> Any:
    value = getattr(cls, name)
    home, entry = _entry(cls, name)
    _guard_entry(session, home, name, entry)
    return value
