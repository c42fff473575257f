"""Reading attributes. What is reported as a guard thereby is said in `entries.py`.

Attributes of tensors, containers, framework objects and of everything that the program made itself are read without
further ado.
"""

from __future__ import annotations

import ast
from typing import Any

from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.entries import CLASS_OBJECT, INSTANCE, PLAIN, entry_of, kind_of, report_read
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.scopes import Scope

__all__ = ["load_attribute"]


@compiles(ast.Attribute)
def _attribute(node: ast.Attribute, scope: Scope) -> Run:
    owner, name, site = compile_node(node.value, scope), scope.mangle(node.attr), scope.site(node)

    def attribute(frame: Frame) -> Any:
        obj = owner(frame)
        frame.site = site
        kind = frame.session.kinds.get(type(obj))
        if kind == PLAIN:
            return getattr(obj, name)
        return load_attribute(frame, obj, name)

    return attribute


def load_attribute(frame: Frame, obj: Any, name: str) -> Any:
    """`getattr(obj, name)` as the interpreted program does it."""
    session = frame.session
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


def _load_from_instance(frame: Frame, obj: Any, name: str) -> Any:
    session = frame.session
    cls = type(obj)
    entry = session.entries.get((cls, name)) or entry_of(session, cls, name)
    if entry.getter is not None:
        entry.report(session)
        return call(frame, entry.getter, (obj,), None)
    value = getattr(obj, name)
    report_read(session, obj, entry, value)
    return value
