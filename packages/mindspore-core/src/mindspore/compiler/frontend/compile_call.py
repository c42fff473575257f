"""Call expressions: evaluating callee and arguments in Python's order, then `calls.call`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mindspore.compiler.frontend.attributes import compile_load_to_change, load_attribute
from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.variants import is_varied

__all__ = ["compile_arguments"]

_APPENDING = ("append", "extend")
_Arguments = Callable[[Frame, Any], tuple[list[Any], dict[str, Any]]]


@compiles(ast.Call)
def _call(node: ast.Call, scope: Scope) -> Run:
    callee, site = _compile_callee(node.func, scope), scope.site(node)
    starred = any(isinstance(each, ast.Starred) for each in node.args)
    if starred or any(each.arg is None for each in node.keywords):
        arguments = compile_arguments(node.args, node.keywords, scope, site)

        def call_spread(frame: Frame) -> Any:
            fn = callee(frame)
            args, kwargs = arguments(frame, fn)
            frame.site = site
            if frame.session.varies and any(type(each) is _Starred for each in args):
                return fork(frame, partial(call_with_spread, fn, args, kwargs),
                            *[each.value for each in args if type(each) is _Starred])
            return call(frame, fn, args, kwargs)

        def call_with_spread(fn: Any, args: list[Any], kwargs: dict[str, Any], frame: Frame, *found: Any) -> Any:
            members = iter(found)
            spread: list[Any] = []
            for each in args:
                spread += _spread(fn, next(members)) if type(each) is _Starred else [each]
            return call(frame, fn, spread, kwargs)

        return call_spread
    runs = [compile_node(each, scope) for each in node.args]
    if node.keywords:
        named = [(str(each.arg), compile_node(each.value, scope)) for each in node.keywords]

        def call_named(frame: Frame) -> Any:
            fn = callee(frame)
            args = [run(frame) for run in runs]
            kwargs = {name: run(frame) for name, run in named}
            frame.site = site
            return call(frame, fn, args, kwargs)

        return call_named
    if len(runs) == 1:
        only = runs[0]

        def call_one(frame: Frame) -> Any:
            fn = callee(frame)
            args = (only(frame),)
            frame.site = site
            return call(frame, fn, args, None)

        return call_one

    def call_positional(frame: Frame) -> Any:
        fn = callee(frame)
        args = [run(frame) for run in runs]
        frame.site = site
        return call(frame, fn, args, None)

    return call_positional


def _compile_callee(node: ast.expr, scope: Scope) -> Run:
    """The closure of what is called. `items.append` reads no items."""
    if not (isinstance(node, ast.Attribute) and node.attr in _APPENDING):
        return compile_node(node, scope)
    owner, name, site = compile_load_to_change(node.value, list, scope), node.attr, scope.site(node)

    def appending(frame: Frame) -> Any:
        obj = owner(frame)
        frame.site = site
        return load_attribute(frame, obj, name)

    return appending


def compile_arguments(args: list[ast.expr], keywords: list[ast.keyword], scope: Scope, site: Site) -> _Arguments:
    """The closure `(frame, callee) -> (args, kwargs)` of an argument list with `*` or `**` in it."""
    positional = [
        (compile_node(each.value if isinstance(each, ast.Starred) else each, scope), isinstance(each, ast.Starred))
        for each in args
    ]
    named = [(each.arg and scope.mangle(each.arg), compile_node(each.value, scope)) for each in keywords]

    def arguments(frame: Frame, callee: Any) -> tuple[list[Any], dict[str, Any]]:
        values: list[Any] = []
        for run, starred in positional:
            value = run(frame)
            if starred:
                frame.site = site
                varied = frame.session.varies and is_varied(frame.session, value)
                values += [_Starred(value)] if varied else _spread(callee, value)
            else:
                values.append(value)
        kwargs: dict[str, Any] = {}
        for name, run in named:
            value = run(frame)
            frame.site = site
            if name is None and frame.session.varies and is_varied(frame.session, value):
                unsupported("'**' of a mapping that differs with a decision on a tensor",
                            "pass the arguments by name", site)
            _add_keywords(callee, kwargs, value if name is None else {name: value})
        return values, kwargs

    return arguments


class _Starred:
    """A starred argument that has alternatives: it is spread in each of them."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _spread(callee: Any, value: Any) -> list[Any]:
    if type(value) in (list, tuple):
        return value
    if not hasattr(type(value), "__iter__") and not hasattr(type(value), "__getitem__"):
        kind = type(value).__name__
        raise TypeError(f"{_described(callee)} argument after * must be an iterable, not {kind}")
    return list(value)


def _add_keywords(callee: Any, kwargs: dict[str, Any], more: Any) -> None:
    if not isinstance(more, Mapping) and not hasattr(more, "keys"):
        kind = type(more).__name__
        raise TypeError(f"{_described(callee)} argument after ** must be a mapping, not {kind}")
    for name in more.keys():
        if type(name) is not str:
            raise TypeError("keywords must be strings")
        if name in kwargs:
            raise TypeError(f"{_described(callee)} got multiple values for keyword argument '{name}'")
        kwargs[name] = more[name]


def _described(callee: Any) -> str:
    """How Python names a callee in these errors."""
    qualname = getattr(callee, "__qualname__", None)
    if qualname is None:
        return str(callee)
    module = getattr(callee, "__module__", None)
    return f"{qualname}()" if module in (None, "builtins") else f"{module}.{qualname}()"
