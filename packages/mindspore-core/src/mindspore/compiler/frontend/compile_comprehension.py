"""Comprehensions and generator expressions.

A comprehension goes over its items at once, one by one, in the frame of the function; that of a list goes over many
items as a `for` statement does, so that their trips become one loop of the graph. A filter that is a tensor is a
decision: what it lets through is added to the result on one of its sides, so that the length of the result is known
only at run time.

A generator expression gives its items to whoever asks for the next, which cannot be compiled where that depends on a
tensor. But `sum(v for v in x if v > 0)` and its like ask for all of them, and for nothing else, and `any` for those up
to the first that is true: such a builtin folds the items (`generated_items.py`) as a comprehension does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import CellType
from typing import Any, NamedTuple

from mindspore.compiler.frontend.branches import branches_on, truth
from mindspore.compiler.frontend.collected import Collector
from mindspore.compiler.frontend.compile_targets import compile_store
from mindspore.compiler.frontend.decisions import decide, fork_statement
from mindspore.compiler.frontend.dispatch import compile_node, compiles
from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.for_loops import ForLoop, check_unrolled, is_long
from mindspore.compiler.frontend.frames import Frame, Run, Unbound
from mindspore.compiler.frontend.functions import inner_frame
from mindspore.compiler.frontend.generated_items import (
    GeneratedItems,
    Guard,
    Step,
    Take,
    enough,
    refuse_differing,
    run_always,
)
from mindspore.compiler.frontend.generators import Generator, StepConsumer
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.scans import Body
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.trip_numbers import TripValueNeeded
from mindspore.compiler.frontend.variants import is_varied
from mindspore.compiler.frontend.walks import containers_behind, watched

_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Emit = Callable[[Frame], None]


class _Part(NamedTuple):
    """One `for` of a comprehension: what it goes over, what stores an item, the filters, and its place."""

    iterable: Run
    store: Callable[[Frame, Any], None]
    conditions: list[tuple[Run, Site]]
    site: Site


def _parts(node: _Comprehension, scope: Scope) -> list[_Part]:
    inner = scope.children[node]
    if inner.generator:
        unsupported(f"an {inner.generator}", "iterate over values that are known", scope.site(node))
    found = []
    for number, each in enumerate(node.generators):
        where = scope if number == 0 else inner
        conditions = [(compile_node(test, inner), inner.site(test)) for test in each.ifs]
        found.append(_Part(compile_node(each.iter, where), compile_store(each.target, inner), conditions,
                           where.site(each.iter)))
    return found


# -- going over items at once ------------------------------------------------------------------------------------------


def _go_over(frame: Frame, parts: list[_Part], depth: int, items: Any, emit: _Emit, guard: Guard = run_always) -> None:
    """Emit once for each combination of items of the parts from `depth` on; `items` are those of the first of them.
    `guard` runs each step, or not (`generated_items.py`)."""
    if frame.session.varies and is_varied(frame.session, items):
        fork_statement(frame, lambda frame, member: _go_over(frame, parts, depth, member, emit, guard), items)
        return
    part = parts[depth]
    if type(items) is Generator and items.is_new:
        items.give_all(StepConsumer(frame, lambda frame, item: guard(frame, partial(
            _step, parts=parts, depth=depth, item=item, emit=emit, guard=guard)), lambda: enough(guard)))
        return
    control = frame.session.policy.control
    before = control.recorded() if control is not None else 0
    for number, item in enumerate(watched(frame.session, items)):
        if not guard(frame, partial(_step, parts=parts, depth=depth, item=item, emit=emit, guard=guard)):
            return
        frame.site = part.site
        if control is not None:
            check_unrolled(frame, number + 1, control.recorded() - before, "", part.site)


def _reduce(frame: Frame, parts: list[_Part], node: _Comprehension, items: Any, start: Any,
            emit: Callable[[Frame, int], None]) -> Any:
    """Go over many items as a `for` statement does, with `emit(frame, slot)` for each combination of items: `slot` is a
    variable that begins as `start`. Its value at the end."""
    slot = len(frame.vars)
    frame.vars.append(start)

    def trip(frame: Frame) -> None:
        _filter(frame, parts, 0, lambda frame: emit(frame, slot), run_always)

    try:
        ForLoop(Body(parts[0].store, trip, [node]), None, False, parts[0].site).run(frame, items)
        return frame.vars[slot]
    finally:
        del frame.vars[slot:]


def _step(frame: Frame, parts: list[_Part], depth: int, item: Any, emit: _Emit, guard: Guard) -> None:
    """Go on with one item."""
    parts[depth].store(frame, item)
    _filter(frame, parts, depth, emit, guard)


def _filter(frame: Frame, parts: list[_Part], depth: int, emit: _Emit, guard: Guard, start: int = 0) -> None:
    """Go on with the item that is stored, if the filters from number `start` on let it through."""
    conditions = parts[depth].conditions
    for number in range(start, len(conditions)):
        condition, where = conditions[number]
        value = condition(frame)
        if type(value) is not bool and branches_on(frame, value):
            go_on = partial(_filter, parts=parts, depth=depth, emit=emit, guard=guard, start=number + 1)
            decide(frame, value, where, "comprehension", go_on, _do_nothing, False)
            return
        if not truth(frame, value, where, "comprehension"):
            return
    if depth + 1 < len(parts):
        inner = parts[depth + 1]
        items = inner.iterable(frame)
        frame.site = inner.site
        _go_over(frame, parts, depth + 1, items, emit, guard)
    else:
        emit(frame)


def _do_nothing(frame: Frame) -> None:
    return None


def _collector(node: _Comprehension, scope: Scope) -> Callable[[Frame, Any, Callable[[Frame, Any], None]], Any]:
    """What fills a new container by `add(frame, container)`, once for each combination of items; the container."""
    parts, inner = _parts(node, scope), scope.children[node]
    shared = [scope.slot(variable) for variable in inner.variables.values() if variable.cell]

    def collect(frame: Frame, result: Any, add: Callable[[Frame, Any], None]) -> Any:
        session = frame.session
        session.journal.made(result)
        for slot in shared:
            frame.vars[slot] = session.journal.made(CellType())

        def add_noted(frame: Frame, result: Any) -> None:
            if session.journal.fresh is not None and type(result) is not Collector:
                session.journal.note_items(result)
            add(frame, result)

        def emit(frame: Frame, slot: int | None = None) -> None:
            if session.varies and is_varied(session, result):
                fork_statement(frame, add_noted, result)
            else:
                add_noted(frame, result if slot is None else frame.vars[slot])

        items = parts[0].iterable(frame)
        frame.site = parts[0].site
        varied = session.varies and is_varied(session, items)
        if type(result) is list and not varied and is_long(frame, items):
            _reduce(frame, parts, node, items, result, emit)
        else:
            _go_over(frame, parts, 0, items, emit)
        return result

    return collect


@compiles(ast.ListComp)
def _list_comprehension(node: ast.ListComp, scope: Scope) -> Run:
    element, collect = compile_node(node.elt, scope.children[node]), _collector(node, scope)

    def add(frame: Frame, result: list[Any]) -> None:
        result.append(element(frame))

    return lambda frame: collect(frame, [], add)


@compiles(ast.SetComp)
def _set_comprehension(node: ast.SetComp, scope: Scope) -> Run:
    element, collect = compile_node(node.elt, scope.children[node]), _collector(node, scope)
    site = scope.site(node)

    def add(frame: Frame, result: set[Any]) -> None:
        value = element(frame)
        frame.site = site
        result.add(value)

    return lambda frame: collect(frame, set(), add)


@compiles(ast.DictComp)
def _dict_comprehension(node: ast.DictComp, scope: Scope) -> Run:
    inner = scope.children[node]
    key_run, value_run = compile_node(node.key, inner), compile_node(node.value, inner)
    collect, site = _collector(node, scope), scope.site(node)

    def add(frame: Frame, result: dict[Any, Any]) -> None:
        key = key_run(frame)
        value = value_run(frame)
        frame.site = site
        result[key] = value

    return lambda frame: collect(frame, {}, add)


# -- generator expressions ---------------------------------------------------------------------------------------------


@compiles(ast.GeneratorExp)
def _generator_expression(node: ast.GeneratorExp, scope: Scope) -> Run:
    parts, element = _parts(node, scope), compile_node(node.elt, scope.children[node])
    make_frame = inner_frame(scope.children[node], scope)
    is_filtered = any(each.ifs for each in node.generators)

    def generate(frame: Frame, items: Iterator[Any]) -> Iterator[Any]:
        for _ in _nest(frame, parts, 0, items):
            yield _run_lazily(frame, element)

    def fold(frame: Frame, items: Iterator[Any], take: Take, guard: Guard) -> None:
        _run_lazily(frame, _go_over, parts, 0, items, lambda frame: take(frame, element(frame)), guard)

    def reduce(frame: Frame, items: Iterator[Any], start: Any, step: Step) -> Any:
        def emit(frame: Frame, slot: int) -> None:
            value = element(frame)
            so_far = frame.vars[slot]
            if isinstance(so_far, Unbound):  # in a trip of a loop that is compiled as one: it cannot be
                so_far.ask()
                raise TripValueNeeded("what was added up so far")
            frame.vars[slot] = step(frame, so_far, value)

        return _run_lazily(frame, _reduce, parts, node, items, start, emit)

    def generator_expression(frame: Frame) -> Iterator[Any]:
        session, items = frame.session, parts[0].iterable(frame)
        frame.site = parts[0].site
        lists = containers_behind(items)

        def differs() -> bool:
            return session.varies and (varied or any(is_varied(session, each) for each in lists))

        varied = is_varied(session, items)
        is_many = not varied and is_long(frame, items)
        iterator = iter(()) if varied else iter(items)
        own = make_frame(frame)
        found = GeneratedItems(
            generate(own, iterator), lambda take, guard: fold(own, items if differs() else iterator, take, guard),
            is_filtered or type(items) is Generator or (session.varies and len(parts) > 1), len(parts) == 1,
            partial(reduce, own, iterator) if is_many else None, differs)
        return session.journal.made(found)

    return generator_expression


def _nest(frame: Frame, parts: list[_Part], depth: int, items: Iterable[Any] | None) -> Iterator[None]:
    """Yield once for each combination of items of the parts from `depth` on, with their targets assigned."""
    if depth == len(parts):
        yield
        return
    part = parts[depth]
    if items is None:
        items = _run_lazily(frame, part.iterable)
        if frame.session.varies and is_varied(frame.session, items):
            refuse_differing()
    for item in items:
        if _run_lazily(frame, _accepts, part, item):
            yield from _nest(frame, parts, depth + 1, None)


def _accepts(frame: Frame, part: _Part, item: Any) -> bool:
    part.store(frame, item)
    return all(truth(frame, condition(frame), where, "comprehension") for condition, where in part.conditions)


def _run_lazily(frame: Frame, run: Callable[..., Any], *args: Any) -> Any:
    """Evaluate a part of a generator expression in its own frame, called from whoever asks for the next item."""
    session = frame.session
    caller = session.frame
    frame.back = caller
    session.frame = frame
    try:
        return run(frame, *args)
    finally:
        session.frame = caller
