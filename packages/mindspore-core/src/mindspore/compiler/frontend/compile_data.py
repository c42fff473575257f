"""Displays, f-strings, and assignment expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

from mindspore.compiler.frontend.compile_names import compile_store_name
from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.texts import join, write
from mindspore.compiler.frontend.variants import is_varied

_Emit = Callable[[Frame, Any], None]

# -- displays ----------------------------------------------------------------------------------------------------------


@compiles(ast.Tuple)
def _tuple(node: ast.Tuple, scope: Scope) -> Run:
    if not any(isinstance(each, ast.Starred) for each in node.elts):
        runs = [compile_node(each, scope) for each in node.elts]

        def make_tuple(frame: Frame) -> tuple[Any, ...]:
            return tuple([run(frame) for run in runs])

        return make_tuple
    return _collect(node, scope, tuple)


@compiles(ast.List)
def _list(node: ast.List, scope: Scope) -> Run:
    return _collect(node, scope, list)


@compiles(ast.Set)
def _set(node: ast.Set, scope: Scope) -> Run:
    """Python evaluates what stands before the first star, makes the set, then adds the rest one by one."""
    starred = [number for number, each in enumerate(node.elts) if isinstance(each, ast.Starred)]
    first = starred[0] if starred else len(node.elts)
    at_once = [compile_node(each, scope) for each in node.elts[:first]]
    one_by_one = [
        (compile_node(each.value, scope), True) if isinstance(each, ast.Starred) else (compile_node(each, scope), False)
        for each in node.elts[first:]
    ]
    site = scope.site(node)

    def make_varied_set(frame: Frame, *values: Any, stars: list[bool]) -> set[Any]:
        result: set[Any] = set()
        for value, is_starred in zip(values, stars):
            result.update(value if is_starred else (value,))
        return frame.session.journal.made(result)

    def make_set(frame: Frame) -> set[Any]:
        items = [run(frame) for run in at_once]
        frame.site = site
        result = set() if frame.session.varies else set(items)
        for number, (run, is_starred) in enumerate(one_by_one):
            value = run(frame)
            frame.site = site
            if frame.session.varies:
                rest = one_by_one[number + 1:]
                stars = [False] * len(items) + [is_starred, *[star for _, star in rest]]
                values = [*items, value, *[each(frame) for each, _ in rest]]
                return fork(frame, partial(make_varied_set, stars=stars), *values)
            items += value if is_starred else [value]
            result.update(items)
        if frame.session.varies:
            return fork(frame, partial(make_varied_set, stars=[False] * len(items)), *items)
        return frame.session.journal.made(result)

    return make_set


def _collect(node: ast.Tuple | ast.List, scope: Scope, kind: type) -> Callable[[Frame], Any]:
    """The items of a display as a list or tuple, starred ones spread out."""
    if not any(isinstance(each, ast.Starred) for each in node.elts):
        runs = [compile_node(each, scope) for each in node.elts]
        return lambda frame: frame.session.journal.made([run(frame) for run in runs])
    parts = [
        (compile_node(each.value if isinstance(each, ast.Starred) else each, scope), isinstance(each, ast.Starred))
        for each in node.elts
    ]
    site = scope.site(node)

    def collect(frame: Frame) -> Any:
        items: list[Any] = []
        for number, (run, starred) in enumerate(parts):
            value = run(frame)
            if not starred:
                items.append(value)
                continue
            frame.site = site
            if frame.session.varies and is_varied(frame.session, value):
                rest = [each(frame) for each, _ in parts[number + 1:]]
                return fork(frame, partial(spread, first=items, number=number), value, *rest)
            items = [*items, *value]
        return kind(items) if kind is tuple else frame.session.journal.made(items)

    def spread(frame: Frame, *values: Any, first: list[Any], number: int) -> Any:
        items = list(first)
        for value, (_, starred) in zip(values, parts[number:]):
            items += value if starred else [value]
        return kind(items) if kind is tuple else frame.session.journal.made(items)

    return collect


_PAIRS_AT_ONCE = 15
_MAPPING = object()


@compiles(ast.Dict)
def _dict(node: ast.Dict, scope: Scope) -> Run:
    """Python evaluates up to 15 pairs before it enters them, and merges each `**mapping` on its own."""
    groups: list[list[tuple[Run, Run]] | Run] = []
    for key, value in zip(node.keys, node.values, strict=True):
        value_run = compile_node(value, scope)
        if key is None:
            groups.append(value_run)
            continue
        pair = compile_node(key, scope), value_run
        last = groups[-1] if groups else None
        if isinstance(last, list) and len(last) < _PAIRS_AT_ONCE:
            last.append(pair)
        else:
            groups.append([pair])
    site = scope.site(node)

    def make_varied_dict(frame: Frame, *keys: Any, values: list[Any]) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key, value in zip(keys, values):
            result.update(key if value is _MAPPING else {key: value})
        return frame.session.journal.made(result)

    def evaluated(frame: Frame, group: list[tuple[Run, Run]] | Run) -> list[tuple[Any, Any]]:
        if isinstance(group, list):
            return [(key_run(frame), value_run(frame)) for key_run, value_run in group]
        return [(group(frame), _MAPPING)]

    def make_dict(frame: Frame) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for number, group in enumerate(groups):
            pairs = evaluated(frame, group)
            frame.site = site
            if frame.session.varies:
                pairs = [*result.items(), *pairs, *[p for each in groups[number + 1:] for p in evaluated(frame, each)]]
                return fork(frame, partial(make_varied_dict, values=[v for _, v in pairs]), *[k for k, _ in pairs])
            if isinstance(group, list):
                result.update(pairs)
            else:
                result = {**result, **pairs[0][0]}
        return frame.session.journal.made(result)

    return make_dict


# -- f-strings and assignment expressions ------------------------------------------------------------------------------

@compiles(ast.JoinedStr)
def _joined_string(node: ast.JoinedStr, scope: Scope) -> Run:
    runs = [compile_node(each, scope) for each in node.values]

    def joined_string(frame: Frame) -> Any:
        pieces = [run(frame) for run in runs]
        if frame.session.varies:
            return fork(frame, join, pieces, deep=True)
        return join(frame, pieces)

    return joined_string


@compiles(ast.FormattedValue)
def _formatted_value(node: ast.FormattedValue, scope: Scope) -> Run:
    value_run, conversion, site = compile_node(node.value, scope), node.conversion, scope.site(node.value)
    empty = ast.copy_location(ast.Constant(""), node)
    format_run = compile_node(node.format_spec or empty, scope)

    def formatted_value(frame: Frame) -> Any:
        value = value_run(frame)
        specification = format_run(frame)
        frame.site = site
        if frame.session.varies:
            return fork(frame, write, value, conversion, specification, deep=True)
        return write(frame, value, conversion, specification)

    return formatted_value


@compiles(ast.NamedExpr)
def _named_expression(node: ast.NamedExpr, scope: Scope) -> Run:
    value_run, store = compile_node(node.value, scope), compile_store_name(node.target.id, scope)

    def named_expression(frame: Frame) -> Any:
        value = value_run(frame)
        store(frame, value)
        return value

    return named_expression
