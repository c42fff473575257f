"""The table from syntax node to compiler, and blocks of statements.

Each kind of node has one function `(node, scope) -> closure`, registered by `@compiles(ast.Kind)` in the module that
its subject names (`compile_ops`, `compile_call`, ...). A node kind without an entry is a construct graph mode does not
know.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeVar

from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.frames import BLOCK, Frame, Run
from mindspore.compiler.frontend.scopes import Scope

__all__ = ["compile_block", "compile_node", "compiles", "may_leave", "yields"]

Compiler = Callable[[Any, Scope], Run]
_CompilerT = TypeVar("_CompilerT", bound=Compiler)

_COMPILERS: dict[type[ast.AST], Compiler] = {}

_WORDS = {
    "Yield": "yield",
    "YieldFrom": "yield from",
    "Await": "await",
    "AsyncFor": "async for",
    "AsyncWith": "async with",
    "TryStar": "except*",
    "TypeAlias": "the type statement",
}


def compiles(*kinds: type[ast.AST]) -> Callable[[_CompilerT], _CompilerT]:
    """Register the decorated function as the compiler of these node kinds."""

    def register(compiler: _CompilerT) -> _CompilerT:
        for kind in kinds:
            _COMPILERS[kind] = compiler
        return compiler

    return register


def compile_node(node: ast.AST, scope: Scope) -> Run:
    """The closure of an expression (`run(frame) -> value`) or a statement (`run(frame) -> signal`)."""
    compiler = _COMPILERS.get(type(node))
    if compiler is None:
        kind = type(node).__name__
        word = _WORDS.get(kind, f"the syntax '{kind}'")
        unsupported(word, "compute the value with ordinary statements, or do it outside of the graph", scope.site(node))
    return compiler(node, scope)


def compile_block(statements: list[ast.stmt], scope: Scope) -> Run:
    """The closure of a sequence of statements; it stops at the first one that gives a signal."""
    for number, each in enumerate(statements[:-1]):
        if may_leave(each):
            before = compile_block(statements[:number], scope) if number else None
            return _with_rest(before, compile_node(each, scope), compile_block(statements[number + 1:], scope))
    runs = tuple(compile_node(each, scope) for each in statements)
    if len(runs) == 1:
        return runs[0]
    if len(runs) == 2:
        first, second = runs

        def run_two(frame: Frame) -> Any:
            signal = first(frame)
            return second(frame) if signal is None else signal

        return run_two

    def run_all(frame: Frame) -> Any:
        for run in runs:
            signal = run(frame)
            if signal is not None:
                return signal
        return None

    return run_all


def may_leave(statement: ast.stmt) -> bool:
    """Whether the statement decides something and holds a `return`, `break` or `continue` of this function."""
    if _is_yield(statement):
        return True
    if not isinstance(statement, (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match)):
        return False
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Return, ast.Break, ast.Continue)) or _is_yield(node):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            pending.extend(ast.iter_child_nodes(node))
    return False


def _is_yield(node: ast.AST) -> bool:
    return isinstance(node, (ast.Expr, ast.Assign)) and isinstance(node.value, (ast.Yield, ast.YieldFrom))


def yields(statement: ast.stmt) -> bool:
    """Whether the statement holds a `yield` of this function."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
    return False


def _with_rest(before: Run | None, run: Run, after: Run) -> Run:
    """A block of what stands before a statement, the statement, and what follows it. While the statement runs, the
    frame knows what follows (`decisions.py`)."""

    def block(frame: Frame) -> Any:
        if before is not None:
            signal = before(frame)
            if signal is not None:
                return signal
        rest = frame.rest
        frame.rest = (rest, after, BLOCK)
        signal = run(frame)
        frame.rest = rest
        return after(frame) if signal is None else signal

    return block
