"""Displays and comprehensions, f-strings, and assignment expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from types import CellType
from typing import Any

from mindspore.compiler.frontend.branches import branches_on, truth
from mindspore.compiler.frontend.compile_names import compile_store_name
from mindspore.compiler.frontend.compile_targets import compile_store
from mindspore.compiler.frontend.decisions import decide, fork, fork_statement
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.functions import inner_frame
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


# -- comprehensions ----------------------------------------------------------------------------------------------------


@compiles(ast.ListComp)
def _list_comprehension(node: ast.ListComp, scope: Scope) -> Run:
    inner = scope.children[node]
    element = compile_node(node.elt, inner)
    loop = _comprehension_loop(node, scope, lambda frame, result: result.append(element(frame)))

    def list_comprehension(frame: Frame) -> list[Any]:
        result: list[Any] = frame.session.journal.made([])
        loop(frame, result)
        return result

    return list_comprehension


@compiles(ast.SetComp)
def _set_comprehension(node: ast.SetComp, scope: Scope) -> Run:
    inner = scope.children[node]
    element, site = compile_node(node.elt, inner), scope.site(node)

    def add(frame: Frame, result: set[Any]) -> None:
        value = element(frame)
        frame.site = site
        result.add(value)

    loop = _comprehension_loop(node, scope, add)

    def set_comprehension(frame: Frame) -> set[Any]:
        result: set[Any] = frame.session.journal.made(set())
        loop(frame, result)
        return result

    return set_comprehension


@compiles(ast.DictComp)
def _dict_comprehension(node: ast.DictComp, scope: Scope) -> Run:
    inner = scope.children[node]
    key_run, value_run = compile_node(node.key, inner), compile_node(node.value, inner)
    site = scope.site(node)

    def add(frame: Frame, result: dict[Any, Any]) -> None:
        key = key_run(frame)
        value = value_run(frame)
        frame.site = site
        result[key] = value

    loop = _comprehension_loop(node, scope, add)

    def dict_comprehension(frame: Frame) -> dict[Any, Any]:
        result: dict[Any, Any] = frame.session.journal.made({})
        loop(frame, result)
        return result

    return dict_comprehension


def _comprehension_loop(node: ast.ListComp | ast.SetComp | ast.DictComp, scope: Scope, emit: _Emit) -> _Emit:
    """The nested loops of an eager comprehension around `emit(frame, result)`, in the frame of the function."""
    inner = scope.children[node]
    if inner.generator:
        unsupported(f"an {inner.generator}", "iterate over values that are known", scope.site(node))
    loop = emit
    for number in reversed(range(len(node.generators))):
        loop = _one_loop(node.generators[number], inner, scope if number == 0 else inner, loop)
    shared = [scope.slot(variable) for variable in inner.variables.values() if variable.cell]
    if not shared:
        return loop
    nested = loop

    def loop_with_cells(frame: Frame, result: Any) -> None:
        for slot in shared:
            frame.vars[slot] = CellType()
        nested(frame, result)

    return loop_with_cells


def _one_loop(generator: ast.comprehension, inner: Scope, iter_scope: Scope, emit: _Emit) -> _Emit:
    iterable, site = compile_node(generator.iter, iter_scope), iter_scope.site(generator.iter)
    store = compile_store(generator.target, inner)
    conditions = [(compile_node(each, inner), inner.site(each)) for each in generator.ifs]

    def filtered(frame: Frame, result: Any, start: int = 0) -> None:
        for number in range(start, len(conditions)):
            condition, where = conditions[number]
            value = condition(frame)
            if type(value) is not bool and branches_on(frame, value):
                decide(frame, value, where, "comprehension", partial(filtered, result=result, start=number + 1),
                       _do_nothing, False)
                return
            if not truth(frame, value, where, "comprehension"):
                return
        if frame.session.varies and is_varied(frame.session, result):
            fork_statement(frame, emit_noted, result)
        else:
            emit_noted(frame, result)

    def emit_noted(frame: Frame, result: Any) -> None:
        if frame.session.journal.fresh is not None:
            frame.session.journal.note_items(result)
        emit(frame, result)

    def loop_over(frame: Frame, items: Any, result: Any) -> None:
        for item in items:
            store(frame, item)
            filtered(frame, result)
            frame.site = site

    def loop(frame: Frame, result: Any) -> None:
        items = iterable(frame)
        frame.site = site
        if frame.session.varies and is_varied(frame.session, items):
            fork_statement(frame, partial(_noting, loop_over, result), items)
        else:
            loop_over(frame, items, result)

    return loop


def _noting(loop: Callable[[Frame, Any, Any], None], result: Any, frame: Frame, items: Any) -> None:
    """Run a loop for one alternative of its items."""
    frame.session.journal.note_items(result)
    loop(frame, items, result)


def _do_nothing(frame: Frame) -> None:
    return None


@compiles(ast.GeneratorExp)
def _generator_expression(node: ast.GeneratorExp, scope: Scope) -> Run:
    inner = scope.children[node]
    if inner.generator:
        unsupported(f"an {inner.generator}", "iterate over values that are known", scope.site(node))
    first, site = compile_node(node.generators[0].iter, scope), scope.site(node.generators[0].iter)
    element = compile_node(node.elt, inner)
    loops = [_lazy_loop(each, inner, number == 0) for number, each in enumerate(node.generators)]
    make_frame = inner_frame(inner, scope)

    def generate(frame: Frame, items: Iterator[Any]) -> Iterator[Any]:
        for _ in _nest(frame, loops, 0, items):
            yield run_lazily(frame, element)

    def generator_expression(frame: Frame) -> Iterator[Any]:
        items = first(frame)
        frame.site = site
        iterator = iter(items)
        return generate(make_frame(frame), iterator)

    return generator_expression


_LazyLoop = Callable[[Frame, Any], Iterator[None]]


def _nest(frame: Frame, loops: list[_LazyLoop], depth: int, items: Iterator[Any] | None) -> Iterator[None]:
    """Yield once for each combination of items of the loops from `depth` on, with their targets assigned."""
    if depth == len(loops):
        yield
        return
    for _ in loops[depth](frame, items):
        yield from _nest(frame, loops, depth + 1, None)


def _lazy_loop(generator: ast.comprehension, inner: Scope, given: bool) -> _LazyLoop:
    iterable = None if given else compile_node(generator.iter, inner)
    store = compile_store(generator.target, inner)
    conditions = [(compile_node(each, inner), inner.site(each)) for each in generator.ifs]

    def accepts(frame: Frame, item: Any) -> bool:
        store(frame, item)
        return all(truth(frame, condition(frame), where, "comprehension") for condition, where in conditions)

    def lazy_loop(frame: Frame, items: Any) -> Iterator[None]:
        for item in items if iterable is None else run_lazily(frame, iterable):
            if run_lazily(frame, accepts, item):
                yield

    return lazy_loop


def run_lazily(frame: Frame, run: Callable[..., Any], *args: Any) -> Any:
    """Evaluate a part of a generator expression in its own frame, called from whoever asks for the next item."""
    session = frame.session
    caller = session.frame
    frame.back = caller
    session.frame = frame
    try:
        return run(frame, *args)
    finally:
        session.frame = caller


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
