"""Reading attributes. What is reported as a guard thereby is said in `entries.py`.

Attributes of tensors, containers, framework objects and of everything that the program made itself are read without
further ado.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import Any

from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.entries import (
    CLASS_OBJECT,
    INSTANCE,
    PLAIN,
    entry_of,
    is_interpreted,
    kind_of,
    report_read,
)
from mindspore.compiler.frontend.frames import UNBOUND, Frame, Run, Unbound
from mindspore.compiler.frontend.internal_errors import raise_if_internal
from mindspore.compiler.frontend.policy import ABSENT
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.variants import Variant

__all__ = ["attribute_or", "compile_load_to_change", "delete_attribute", "has_attribute", "load_attribute",
           "store_attribute"]


@compiles(ast.Attribute)
def _attribute(node: ast.Attribute, scope: Scope) -> Run:
    owner, name, site = compile_node(node.value, scope), scope.mangle(node.attr), scope.site(node)

    def attribute(frame: Frame) -> Any:
        obj = owner(frame)
        frame.site = site
        session = frame.session
        if session.varies:
            return load_attribute(frame, obj, name)
        if session.kinds.get(type(obj)) == PLAIN:
            return getattr(obj, name)
        return load_attribute(frame, obj, name)

    return attribute


def compile_load_to_change(node: ast.expr, kind: type, scope: Scope) -> Run:
    """The closure of an expression whose value, if it is of this type, is only changed: `items` in `items.append(x)`
    (list), `table` in `table[key] = x` (dict). Names and their attributes are known not to read what they hold."""
    run = compile_node(node, scope)
    if not isinstance(node.value if isinstance(node, ast.Attribute) else node, ast.Name):
        return run

    def load(frame: Frame) -> Any:
        policy = frame.session.policy
        policy.reads_to_change(kind)
        try:
            return run(frame)
        finally:
            policy.reads_to_change(None)

    return load


def load_attribute(frame: Frame, obj: Any, name: str, as_it_is: bool = False) -> Any:
    """`getattr(obj, name)` as the interpreted program does it. as_it_is: a variant may come out that says that only one
    side of a decision has the attribute."""
    session = frame.session
    if session.varies and not as_it_is:
        return _load_varied(frame, obj, name)
    if name == "has_key" and isinstance(obj, dict) and not hasattr(type(obj), name):
        name = "__contains__"  # MindSpore's graph syntax has this method, which dicts of Python 3 have not
    kind = session.kinds.get(type(obj))
    if kind is None:
        kind = kind_of(session, type(obj))
    if kind == INSTANCE:
        return _load_from_instance(frame, obj, name)
    value = getattr(obj, name)
    if kind == PLAIN or id(obj) in session.created:
        return value
    if kind == CLASS_OBJECT:
        entry_of(session, obj, name).report(session)
    elif session.policy.is_user_module_name(obj.__name__):
        session.guard_attr(obj, name, value)
    return value


def _load_varied(frame: Frame, obj: Any, name: str) -> Any:
    if type(obj) is Variant:
        return fork(frame, _load_varied, obj, name)
    value = load_attribute(frame, obj, name, as_it_is=True)
    if type(value) is Variant and any(isinstance(each, Unbound) for each in value.members):
        return fork(frame, partial(_bound, obj=obj, name=name), value)
    return value


def has_attribute(frame: Frame, obj: Any, name: str) -> Any:
    """Whether `obj` has an attribute: a bool, or a variant of them."""
    session = frame.session
    if session.varies and type(obj) is Variant:
        return fork(frame, has_attribute, obj, name)
    value = _load_or_unbound(frame, obj, name)
    if session.varies and type(value) is Variant:
        return fork(frame, lambda _, member: not isinstance(member, Unbound), value)
    return not isinstance(value, Unbound)


def attribute_or(frame: Frame, obj: Any, name: str, default: Any) -> Any:
    """`getattr(obj, name, default)`."""
    session = frame.session
    if session.varies and type(obj) is Variant:
        return fork(frame, lambda frame, member: attribute_or(frame, member, name, default), obj)
    value = _load_or_unbound(frame, obj, name)
    if session.varies and type(value) is Variant:
        return fork(frame, lambda _, member: default if isinstance(member, Unbound) else member, value)
    return default if isinstance(value, Unbound) else value


def _load_or_unbound(frame: Frame, obj: Any, name: str) -> Any:
    session = frame.session
    try:
        return load_attribute(frame, obj, name, as_it_is=True)
    except AttributeError as error:
        raise_if_internal(error)
        if id(obj) not in session.created and session.policy.guards_type(type(obj)):
            session.guard_attr(obj, name, ABSENT)
    return UNBOUND


def _bound(frame: Frame, value: Any, obj: Any, name: str) -> Any:
    """The value of an attribute that only one side of a decision has."""
    if isinstance(value, Unbound):
        kind = type(obj).__name__
        raise AttributeError(f"'{kind}' object has no attribute '{name}'", name=name, obj=obj)
    return value


def store_attribute(frame: Frame, obj: Any, name: str, value: Any) -> None:
    """`obj.name = value`."""
    session = frame.session
    if session.varies and (type(obj) is Variant or type(value) is Variant and _looks_at_values(type(obj))):
        fork(frame, store_attribute, obj, name, value)
        return
    if kind_of(session, type(obj)) == INSTANCE:
        entry = entry_of(session, type(obj), name)
        if type(entry.raw) is property and is_interpreted(session, entry.raw.fset):
            entry.report(session)
            call(frame, entry.raw.fset, (obj, value), None)
            return
    session.journal.note_attribute(obj, name)
    session.policy.set_attr(obj, name, value)


def _looks_at_values(cls: type) -> bool:
    """Whether storing an attribute runs code that decides by the value, such as one that assigns a Parameter."""
    return cls.__setattr__ is not object.__setattr__ and not issubclass(cls, type)


def delete_attribute(frame: Frame, obj: Any, name: str) -> None:
    """`del obj.name`."""
    session = frame.session
    if session.varies and type(obj) is Variant:
        fork(frame, delete_attribute, obj, name)
        return
    session.journal.note_attribute(obj, name)
    delattr(obj, name)


def _load_from_instance(frame: Frame, obj: Any, name: str) -> Any:
    session = frame.session
    cls = type(obj)
    entry = session.entries.get((cls, name)) or entry_of(session, cls, name)
    if entry.getter is not None:
        session.policy.reads_to_change(None)
        entry.report(session)
        return call(frame, entry.getter, (obj,), None)
    value = getattr(obj, name)
    report_read(session, obj, entry, value)
    return value
