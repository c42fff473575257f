"""What classes say about attributes, looked up once per session, and the guards that follow from it.

Only places that existed before the compilation are reported. What belongs to a class (a method, a property) is
reported as the raw entry of the class that defines it, since reading it makes a new object each time; stored values
are reported as what was read. A property written in Python is interpreted, so what it reads is reported in turn; where
its source cannot be read, its value is reported. Values that C code computes at each read (an array's transpose) are
not reported: they follow from the object, and the object was reported when it was read.
"""

from __future__ import annotations

from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from mindspore.compiler.frontend.frames import Session
from mindspore.compiler.frontend.functions import InterpretedFunction, code_of

__all__ = ["CLASS_OBJECT", "INSTANCE", "PLAIN", "Entry", "entry_of", "is_interpreted", "kind_of", "report_read"]

PLAIN, INSTANCE, CLASS_OBJECT, MODULE = range(4)


def kind_of(session: Session, cls: type) -> int:
    """How objects of a class are treated: MODULE, CLASS_OBJECT, INSTANCE of a class whose attributes are reported, or
    PLAIN for everything whose attributes and operators are left to Python."""
    kind = session.kinds.get(cls)
    if kind is None:
        if issubclass(cls, ModuleType):
            kind = MODULE
        elif issubclass(cls, type):
            kind = CLASS_OBJECT
        else:
            kind = INSTANCE if session.policy.guards_type(cls) else PLAIN
        session.kinds[cls] = kind
    return kind


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


def entry_of(session: Session, cls: type, name: str) -> Entry:
    """What `cls` says about the attribute `name`."""
    entry = session.entries.get((cls, name))
    if entry is None:
        entry = session.entries[cls, name] = Entry(session, cls, name)
    return entry


def report_read(session: Session, obj: Any, entry: Entry, value: Any) -> None:
    """Report that reading an attribute of the instance `obj` gave `value`."""
    if entry.is_shared or (entry.is_method and type(value) is MethodType and value.__self__ is obj):
        entry.report(session)
    elif (entry.is_stored or entry.is_method) and id(obj) not in session.created:
        policy = session.policy
        if policy.control is not None and session.is_traced(value) and not policy.was_there(value):
            return  # the program has put it there
        session.guard_attr(obj, entry.name, value)


def is_interpreted(session: Session, fn: Any) -> bool:
    """Whether `fn` is a function that is interpreted when the program calls it."""
    if type(fn) is FunctionType:
        return not session.policy.is_native(fn) and code_of(fn) is not None
    return type(fn) is InterpretedFunction
