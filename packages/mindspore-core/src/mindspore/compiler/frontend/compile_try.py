"""`raise`, `try`, `with`.

They are executed by the same native statements, so exception contexts, `sys.exc_info` and bare `raise` are Python's
own. Two things are added. Errors of the compiler itself (`GraphCompileError`, and mistakes of the framework) pass
through handlers, since they are not events of the program. And before anything else is run because of an exception,
the expression that failed is noted for its traceback.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
from typing import Any

from mindspore.compiler.frontend.branches import truth
from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.compile_names import compile_delete_name, compile_store_name
from mindspore.compiler.frontend.compile_targets import compile_store
from mindspore.compiler.frontend.dispatch import compile_block, compile_node, compiles
from mindspore.compiler.frontend.entries import entry_of
from mindspore.compiler.frontend.errors import GraphCompileError, Unwinding
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.generators import Generator, is_foreign
from mindspore.compiler.frontend.internal_errors import raise_if_internal
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.protected import run_protected
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.tracebacks import remember_site


@compiles(ast.Raise)
def _raise(node: ast.Raise, scope: Scope) -> Run:
    site = scope.site(node)
    if node.exc is None:

        def reraise(frame: Frame) -> None:
            frame.site = site
            raise  # noqa: PLE0704 - the handler that is being executed is a caller of this function

        return reraise
    error_run = compile_node(node.exc, scope)
    cause_run = None if node.cause is None else compile_node(node.cause, scope)

    def raise_error(frame: Frame) -> None:
        error = error_run(frame)
        cause = None if cause_run is None else cause_run(frame)
        frame.site = site
        if isinstance(error, type) and issubclass(error, BaseException):
            error = call(frame, error, (), None)
        if cause_run is None:
            raise error
        raise error from cause

    return raise_error


# -- try ---------------------------------------------------------------------------------------------------------------


@compiles(ast.Try)
def _try(node: ast.Try, scope: Scope) -> Run:
    site = scope.site(node)
    run = compile_block(node.body, scope)
    if node.handlers:
        otherwise = compile_block(node.orelse, scope) if node.orelse else None
        run = _with_handlers(run, [Handler(each, scope) for each in node.handlers], otherwise)
    if node.finalbody:
        run = _with_final(run, compile_block(node.finalbody, scope))
    return lambda frame: run_protected(frame, run, site)


class Handler:
    """One `except` clause."""

    def __init__(self, node: ast.ExceptHandler, scope: Scope) -> None:
        self.kind = None if node.type is None else compile_node(node.type, scope)
        self.body = compile_block(node.body, scope)
        self.store = None if node.name is None else compile_store_name(node.name, scope)
        self.delete = None if node.name is None else compile_delete_name(node.name, node, scope)

    def catches(self, frame: Frame, error: BaseException) -> bool:
        """Whether the clause takes `error`."""
        if self.kind is None:
            return True
        kind = self.kind(frame)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not all(isinstance(each, type) and issubclass(each, BaseException) for each in kinds):
            raise TypeError("catching classes that do not inherit from BaseException is not allowed")
        return any(each in type(error).__mro__ for each in kinds)

    def run(self, frame: Frame, error: BaseException) -> Any:
        if self.store is None or self.delete is None:
            return self.body(frame)
        self.store(frame, error)
        try:
            return self.body(frame)
        finally:
            self.store(frame, None)
            self.delete(frame)


def _with_handlers(body: Run, handlers: list[Handler], otherwise: Run | None) -> Run:
    def guarded(frame: Frame) -> Any:
        try:
            signal = body(frame)
        except (GraphCompileError, Unwinding):
            raise
        except BaseException as error:
            remember_site(error, frame)
            raise_if_internal(error)
            for handler in () if is_foreign(frame, error) else handlers:
                if handler.catches(frame, error):
                    return handler.run(frame, error)
            raise
        return signal if signal is not None or otherwise is None else otherwise(frame)

    return guarded


def _with_final(body: Run, final: Run) -> Run:
    def finished(frame: Frame) -> Any:
        try:
            signal = body(frame)
        except Unwinding:
            raise
        except BaseException as error:
            remember_site(error, frame)
            raise_if_internal(error)
            replaced = final(frame)
            if replaced is not None and not isinstance(error, GraphCompileError):
                return replaced
            raise
        result = frame.result
        replaced = final(frame)
        if replaced is not None:
            return replaced
        frame.result = result
        return signal

    return finished


# -- with --------------------------------------------------------------------------------------------------------------


@compiles(ast.With)
def _with(node: ast.With, scope: Scope) -> Run:
    run = compile_block(node.body, scope)
    for item in reversed(node.items):
        run = _with_item(item, run, scope)
    site = scope.site(node)
    return lambda frame: run_protected(frame, run, site)


def enter(frame: Frame, manager: Any, site: Site) -> tuple[Any, Any, Any]:
    """Enter a context manager: the one to leave, its `__exit__`, and what `as` names."""
    manager = _interpreted_manager(frame, manager)
    frame.site = site
    kind = type(manager)
    if not (hasattr(kind, "__enter__") and hasattr(kind, "__exit__")):
        with manager:
            raise AssertionError("entered an object that is no context manager")
    leave = kind.__exit__
    for name in ("__enter__", "__exit__"):
        entry_of(frame.session, kind, name).report(frame.session)
    return manager, leave, call(frame, kind.__enter__, (manager,), None)


def _interpreted_manager(frame: Frame, manager: Any) -> Any:
    """A context manager; one that `contextlib.contextmanager` made of a function of the program gets a generator that
    is interpreted."""
    kind = contextlib._GeneratorContextManager
    if type(manager) is kind and inspect.isgenerator(manager.gen) and hasattr(manager, "func") and \
            inspect.getgeneratorstate(manager.gen) == inspect.GEN_CREATED:
        made = call(frame, manager.func, manager.args, manager.kwds)
        if type(made) is Generator:
            manager.gen = made
    return manager


def _with_item(item: ast.withitem, body: Run, scope: Scope) -> Run:
    manager_run, site = compile_node(item.context_expr, scope), scope.site(item.context_expr)
    store = None if item.optional_vars is None else compile_store(item.optional_vars, scope)

    def managed(frame: Frame) -> Any:
        manager, leave, entered = enter(frame, manager_run(frame), site)
        try:
            if store is not None:
                store(frame, entered)
            signal = body(frame)
        except Unwinding:
            raise
        except BaseException as error:
            remember_site(error, frame)
            raise_if_internal(error)
            swallow = call(frame, leave, (manager, type(error), error, error.__traceback__), None)
            passes = isinstance(error, GraphCompileError) or is_foreign(frame, error)
            if not passes and truth(frame, swallow, site, "if"):
                return None
            raise
        result = frame.result
        frame.site = site
        call(frame, leave, (manager, None, None, None), None)
        frame.result = result
        return signal

    return managed
