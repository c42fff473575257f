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
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.scopes import Scope

__all__ = ["compile_block", "compile_node", "compiles"]

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
