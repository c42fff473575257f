"""Assignment and deletion targets: names, attributes, subscripts, and unpacking into several targets."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

from mindspore.compiler.frontend.attributes import compile_load_to_change, delete_attribute, store_attribute
from mindspore.compiler.frontend.compile_names import Store, compile_delete_name, compile_store_name
from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.dispatch import compile_node
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.special import delete_item, store_item
from mindspore.compiler.frontend.variants import is_varied

__all__ = ["compile_delete", "compile_store"]


def compile_store(target: ast.expr, scope: Scope) -> Store:
    """The closure `store(frame, value)` of an assignment target."""
    if isinstance(target, ast.Name):
        return compile_store_name(target.id, scope)
    if isinstance(target, ast.Attribute):
        return _store_attribute(target, scope)
    if isinstance(target, ast.Subscript):
        return _store_item(target, scope)
    if isinstance(target, (ast.Tuple, ast.List)):
        return _store_unpacked(target, scope)
    raise AssertionError(f"{type(target).__name__} is no assignment target")


def _store_attribute(target: ast.Attribute, scope: Scope) -> Store:
    owner, name, site = compile_node(target.value, scope), scope.mangle(target.attr), scope.site(target)

    def store(frame: Frame, value: Any) -> None:
        obj = owner(frame)
        frame.site = site
        store_attribute(frame, obj, name, value)

    return store


def _store_item(target: ast.Subscript, scope: Scope) -> Store:
    container, index = compile_load_to_change(target.value, dict, scope), compile_node(target.slice, scope)
    site = scope.site(target)

    def store(frame: Frame, value: Any) -> None:
        obj = container(frame)
        key = index(frame)
        frame.site = site
        store_item(frame, obj, key, value)

    return store


def _store_unpacked(target: ast.Tuple | ast.List, scope: Scope) -> Store:
    site, count = scope.site(target), len(target.elts)
    starred = [number for number, each in enumerate(target.elts) if isinstance(each, ast.Starred)]
    stores = [
        compile_store(each.value if isinstance(each, ast.Starred) else each, scope) for each in target.elts
    ]
    unpack = _unpacker(count, starred[0] if starred else None)

    def unpacked(frame: Frame, value: Any) -> tuple[Any, ...]:
        items = tuple(unpack(value))
        for number in starred:
            frame.session.journal.made(items[number])
        return items

    def store_unpacked(frame: Frame, value: Any) -> None:
        frame.site = site
        session = frame.session
        if session.varies and is_varied(session, value):
            value = fork(frame, unpacked, value)
            items = tuple([fork(frame, lambda _, found, place=place: found[place], value) for place in range(count)])
        else:
            items = unpacked(frame, value)
        for store, item in zip(stores, items, strict=True):
            store(frame, item)

    return store_unpacked


@cache
def _unpacker(count: int, starred: int | None) -> Callable[[Any], list[Any]]:
    """A native function that unpacks a value into `count` targets, so that its errors are Python's own."""
    items = [f"item{number}" for number in range(count)]
    targets = [f"*{item}" if number == starred else item for number, item in enumerate(items)]
    return eval(f"lambda value: [[{', '.join(items)}] for [{', '.join(targets)}] in (value,)][0]")


def compile_delete(target: ast.expr, scope: Scope) -> Run:
    """The closure that executes `del target`."""
    if isinstance(target, ast.Name):
        return compile_delete_name(target.id, target, scope)
    site = scope.site(target)
    if isinstance(target, ast.Attribute):
        owner, name = compile_node(target.value, scope), scope.mangle(target.attr)

        def delete(frame: Frame) -> None:
            obj = owner(frame)
            frame.site = site
            delete_attribute(frame, obj, name)

        return delete
    if isinstance(target, ast.Subscript):
        container, index = compile_node(target.value, scope), compile_node(target.slice, scope)

        def delete_subscript(frame: Frame) -> None:
            obj = container(frame)
            key = index(frame)
            frame.site = site
            delete_item(frame, obj, key)

        return delete_subscript
    assert isinstance(target, (ast.Tuple, ast.List))
    parts = [compile_delete(each, scope) for each in target.elts]

    def delete_all(frame: Frame) -> None:
        for part in parts:
            part(frame)

    return delete_all
