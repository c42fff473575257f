"""`yield`: the statements that hold one, in the two ways in which a generator runs (`generators.py`).

To a consumer of all items, `yield v` and `x = yield v` are ordinary statements that hand over a value.

For who asks for one item after the other, the body is compiled once more (`compile_pulled`): each statement that holds
a `yield` becomes a Python generator, which is resumed where it stopped; all others are as everywhere. A tensor may not
decide between items there: it would take both ways of the decision, each with another next item.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from mindspore.compiler.frontend.branches import branches_on, truth
from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.compile_targets import compile_store
from mindspore.compiler.frontend.compile_try import Handler, enter
from mindspore.compiler.frontend.decisions import fork_statement
from mindspore.compiler.frontend.dispatch import compile_node, compiles, yields
from mindspore.compiler.frontend.errors import GraphCompileError, Unwinding, unsupported
from mindspore.compiler.frontend.frames import BLOCK, BREAK, CONTINUE, Frame, Run
from mindspore.compiler.frontend.generators import Delegate, Generator, give_each, stopped
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.tracebacks import remember_site
from mindspore.compiler.frontend.variants import is_varied
from mindspore.compiler.frontend.walks import containers_behind, watched

__all__ = ["compile_pulled", "compile_yield_statement"]

Pulled = Callable[[Frame], Any]


@compiles(ast.Yield, ast.YieldFrom)
def _inside_an_expression(node: ast.Yield | ast.YieldFrom, scope: Scope) -> Run:
    unsupported("'yield' inside of an expression", "write it as a statement of its own: 'x = yield value'",
                scope.site(node))


def compile_yield_statement(node: ast.Expr | ast.Assign, scope: Scope) -> Run:
    """A statement that is a `yield`, or assigns one, for a consumer of all items."""
    value, site = node.value, scope.site(node.value)
    stores = [compile_store(each, scope) for each in node.targets] if isinstance(node, ast.Assign) else []
    assert isinstance(value, (ast.Yield, ast.YieldFrom))
    item = None if value.value is None else compile_node(value.value, scope)
    is_from = isinstance(value, ast.YieldFrom)

    def run(frame: Frame) -> Any:
        found, outcome = None if item is None else item(frame), None
        frame.site = site
        is_list = is_from and not (type(found) is Generator and found.is_new)
        if not is_from:
            frame.generator.consumer.take(frame, found)
        elif not is_list:
            outcome = found.give_all(Delegate(frame.generator))
        for store in stores:
            store(frame, outcome)
        if is_list and frame.session.varies and is_varied(frame.session, found):
            return fork_statement(frame, lambda frame, each: give_each(frame, list(each), site), found)
        return give_each(frame, list(watched(frame.session, found)), site) if is_list else stopped(frame, site)

    return run


# -- one item after the other ------------------------------------------------------------------------------------------


def compile_pulled(statements: list[ast.stmt], scope: Scope) -> Pulled:
    """The body of a generator function as a function that gives a Python generator."""
    block = _block(statements, scope)
    site = scope.site(statements[0])

    def refuse(frame: Frame) -> NoReturn:
        _refuse(frame, site)

    def run(frame: Frame) -> Iterator[Any]:
        frame.rest = (None, refuse, BLOCK)
        yield from block(frame)
        return frame.result

    return run


def _refuse(frame: Frame, site: Any) -> NoReturn:
    raise GraphCompileError(
        "A tensor decides which item a generator gives next, to who asks for one item after the other.",
        found="next(), zip(), enumerate() or the like of a generator", site=site,
        remedy="go over the generator with a 'for' statement, or make a list of its items first: list(generator)")


def _block(statements: list[ast.stmt], scope: Scope) -> Pulled:
    parts = [(_PULLED[type(each)](each, scope), True) if yields(each) else (compile_node(each, scope), False)
             for each in statements]

    def run(frame: Frame) -> Any:
        for part, is_pulled in parts:
            signal = (yield from part(frame)) if is_pulled else part(frame)
            if signal is not None:
                return signal
        return None

    return run


def _statement(node: ast.Expr | ast.Assign, scope: Scope) -> Pulled:
    value, site = node.value, scope.site(node.value)
    stores = [compile_store(each, scope) for each in node.targets] if isinstance(node, ast.Assign) else []
    if not isinstance(value, (ast.Yield, ast.YieldFrom)):
        compile_node(node, scope)
    item = None if value.value is None else compile_node(value.value, scope)  # type: ignore[attr-defined]
    is_from = isinstance(value, ast.YieldFrom)

    def run(frame: Frame) -> Any:
        found = None if item is None else item(frame)
        frame.site = site
        if is_from and containers_behind(found):
            found = watched(frame.session, found)
        outcome = (yield from found) if is_from else (yield found)
        for store in stores:
            store(frame, outcome)

    return run


def _decided(frame: Frame, value: Any, site: Any, construct: str) -> bool:
    if value is not True and value is not False and branches_on(frame, value):
        _refuse(frame, site)
    return truth(frame, value, site, construct)


def _if(node: ast.If, scope: Scope) -> Pulled:
    test, site = compile_node(node.test, scope), scope.site(node.test)
    body, otherwise = _block(node.body, scope), _block(node.orelse, scope)

    def run(frame: Frame) -> Any:
        return (yield from (body if _decided(frame, test(frame), site, "if") else otherwise)(frame))

    return run


def _while(node: ast.While, scope: Scope) -> Pulled:
    test, site = compile_node(node.test, scope), scope.site(node.test)
    body, otherwise = _block(node.body, scope), _block(node.orelse, scope)

    def run(frame: Frame) -> Any:
        while _decided(frame, test(frame), site, "while"):
            signal = yield from body(frame)
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal
        return (yield from otherwise(frame))

    return run


def _for(node: ast.For, scope: Scope) -> Pulled:
    iterable, site = compile_node(node.iter, scope), scope.site(node.iter)
    store = compile_store(node.target, scope)
    body, otherwise = _block(node.body, scope), _block(node.orelse, scope)

    def run(frame: Frame) -> Any:
        items = iterable(frame)
        frame.site = site
        for item in watched(frame.session, items):
            store(frame, item)
            signal = yield from body(frame)
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal
            frame.site = site
        return (yield from otherwise(frame))

    return run


def _try(node: ast.Try, scope: Scope) -> Pulled:
    body, otherwise, final = [_block(each, scope) for each in (node.body, node.orelse, node.finalbody)]
    handlers = [(Handler(each, scope), _block(each.body, scope)) for each in node.handlers]

    def guarded(frame: Frame) -> Any:
        try:
            signal = yield from body(frame)
        except (GraphCompileError, Unwinding):
            raise
        except BaseException as error:
            remember_site(error, frame)
            handler = next((each for each in handlers if each[0].catches(frame, error)), None)
            if handler is None or _is_dropped(frame, error):
                raise
            return (yield from _handled(frame, *handler, error))
        return (yield from otherwise(frame)) if signal is None else signal

    def run(frame: Frame) -> Any:
        try:
            signal = yield from guarded(frame)
        except Unwinding:
            raise
        except BaseException as error:
            remember_site(error, frame)
            if _is_dropped(frame, error):
                raise
            replaced = yield from final(frame)
            if replaced is not None and not isinstance(error, GraphCompileError):
                return replaced
            raise
        result = frame.result
        replaced = yield from final(frame)
        if replaced is not None:
            return replaced
        frame.result = result
        return signal

    return run


def _handled(frame: Frame, handler: Handler, body: Pulled, error: BaseException) -> Any:
    if handler.store is None or handler.delete is None:
        return (yield from body(frame))
    handler.store(frame, error)
    try:
        return (yield from body(frame))
    finally:
        handler.store(frame, None)
        handler.delete(frame)


def _is_dropped(frame: Frame, error: BaseException) -> bool:
    """Whether nobody asks for more items of a generator, long after it was used: the compilation may be over."""
    return isinstance(error, GeneratorExit) and not frame.generator.closing


def _with(node: ast.With, scope: Scope) -> Pulled:
    run = _block(node.body, scope)
    for item in reversed(node.items):
        run = _with_item(item, run, scope)
    return run


def _with_item(item: ast.withitem, body: Pulled, scope: Scope) -> Pulled:
    manager_run, site = compile_node(item.context_expr, scope), scope.site(item.context_expr)
    store = None if item.optional_vars is None else compile_store(item.optional_vars, scope)

    def run(frame: Frame) -> Any:
        manager, leave, entered = enter(frame, manager_run(frame), site)
        try:
            if store is not None:
                store(frame, entered)
            signal = yield from body(frame)
        except Unwinding:
            raise
        except BaseException as error:
            remember_site(error, frame)
            if _is_dropped(frame, error):
                raise
            swallow = call(frame, leave, (manager, type(error), error, error.__traceback__), None)
            if not isinstance(error, GraphCompileError) and truth(frame, swallow, site, "if"):
                return None
            raise
        result = frame.result
        call(frame, leave, (manager, None, None, None), None)
        frame.result = result
        return signal

    return run


def _other(node: ast.stmt, scope: Scope) -> Pulled:
    unsupported(f"'yield' in this statement ({type(node).__name__}) of a generator whose items are asked for one after "
                "the other", "go over the generator with a 'for' statement, or write it with 'if'", scope.site(node))


_PULLED: dict[type, Callable[[Any, Scope], Pulled]] = {
    ast.Expr: _statement, ast.Assign: _statement, ast.If: _if, ast.While: _while, ast.For: _for, ast.Try: _try,
    ast.With: _with, ast.Match: _other, ast.Return: _other, ast.AugAssign: _other, ast.AnnAssign: _other,
    ast.Assert: _other, ast.Raise: _other, ast.Delete: _other,
}
