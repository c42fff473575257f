"""Reading attributes: what is reported as a guard, and properties written in Python.

Only places that existed before the compilation are reported. For an instance, a method is reported as an entry of the
class that defines it (bound methods are made anew by each read), stored values as what was read. A property written in
Python is interpreted, so what it reads is reported in turn; where its source cannot be read, its value is reported.
Values that C code computes at each read (an array's transpose) are not reported: they follow from the object, and the
object was reported when it was read.
"""

from __future__ import annotations

import ast
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from mindspore.compiler.frontend.calls import call, is_interpreted
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.frames import Frame, Run, Session
from mindspore.compiler.frontend.functions import InterpretedFunction
from mindspore.compiler.frontend.scopes import Scope

__all__ = ["Entry", "load_attribute"]

_PLAIN, _INSTANCE, _CLASS, _MODULE = range(4)


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
    cls = type(obj)
    kind = session.kinds.get(cls)
    if kind is None:
        kind = session.kinds[cls] = _classify(session, cls)
    if kind == _INSTANCE:
        return _load_from_instance(frame, obj, name)
    value = getattr(obj, name)
    if kind == _PLAIN or id(obj) in session.created:
        return value
    if kind == _CLASS:
        _entry(session, obj, name).report(session)
    elif session.policy.is_user_module_name(obj.__name__):
        session.guard_attr(obj, name, value)
    return value


def _classify(session: Session, cls: type) -> int:
    if issubclass(cls, ModuleType):
        return _MODULE
    if issubclass(cls, type):
        return _CLASS
    return _INSTANCE if session.policy.guards_type(cls) else _PLAIN


class Entry:
    """What a class says about an attribute.

    Attributes:
        home: the class of the MRO that defines the attribute, or None; `raw` is its entry there.
        getter: the function of a property that is interpreted, else None.
        is_method: whether it is a function, so that reading it from an instance gives a bound method.
        is_shared: whether it is a static method or a class method.
        is_stored: whether reading it gives a stored value, or one that Python code computes.
        reported: whether it needs no report, or had one.
    """

    __slots__ = ("getter", "home", "is_method", "is_shared", "is_stored", "name", "raw", "reported")

    def __init__(self, session: Session, cls: type, name: str) -> None:
        self.name = name
        self.home = next((each for each in cls.__mro__ if name in each.__dict__), None)
        self.raw = raw = None if self.home is None else self.home.__dict__[name]
        self.getter = raw.fget if type(raw) is property and is_interpreted(session, raw.fget) else None
        self.is_method = isinstance(raw, (FunctionType, InterpretedFunction))
        self.is_shared = isinstance(raw, (staticmethod, classmethod))
        self.is_stored = type(raw) is MemberDescriptorType or _is_read_by_python(raw)
        self.reported = (
            self.home is None or id(self.home) in session.created or not session.policy.guards_type(self.home)
        )

    def report(self, session: Session) -> None:
        """Report the entry of the class as a guard, once."""
        if not self.reported:
            self.reported = True
            session.guard_attr(self.home, self.name, self.raw)


def _is_read_by_python(raw: Any) -> bool:
    if type(raw) is property:
        return isinstance(raw.fget, FunctionType)
    getter = getattr(type(raw), "__get__", None)
    return getter is None or isinstance(getter, FunctionType)


def _entry(session: Session, cls: type, name: str) -> Entry:
    entry = session.entries.get((cls, name))
    if entry is None:
        entry = session.entries[cls, name] = Entry(session, cls, name)
    return entry


def _load_from_instance(frame: Frame, obj: Any, name: str) -> Any:
    session = frame.session
    entry = _entry(session, type(obj), name)
    if entry.getter is not None:
        entry.report(session)
        return call(frame, entry.getter, (obj,), None)
    value = getattr(obj, name)
    if entry.is_shared or (entry.is_method and type(value) is MethodType and value.__self__ is obj):
        entry.report(session)
    elif (entry.is_stored or entry.is_method) and id(obj) not in session.created:
        session.guard_attr(obj, name, value)
    return value
