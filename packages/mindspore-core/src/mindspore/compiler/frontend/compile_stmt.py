"""Statements, except for functions and classes, exception handling, `with` and `match`."""

from __future__ import annotations

import ast
from typing import Any, NoReturn

from mindspore.compiler.frontend.attributes import load_attribute, store_attribute
from mindspore.compiler.frontend.branches import branches_on, truth
from mindspore.compiler.frontend.compile_names import compile_store_name
from mindspore.compiler.frontend.compile_ops import in_place_operator
from mindspore.compiler.frontend.compile_targets import compile_delete, compile_store
from mindspore.compiler.frontend.compile_yield import compile_yield_statement
from mindspore.compiler.frontend.conditions import predicate
from mindspore.compiler.frontend.decisions import decide, fork, fork_statement
from mindspore.compiler.frontend.dispatch import compile_block, compile_node, compiles, may_leave
from mindspore.compiler.frontend.for_loops import ForLoop
from mindspore.compiler.frontend.frames import BREAK, CONTINUE, RETURN, Frame, Run
from mindspore.compiler.frontend.number_operators import operated
from mindspore.compiler.frontend.scans import Body
from mindspore.compiler.frontend.scopes import CLASS, Scope
from mindspore.compiler.frontend.special import apply_special, is_special, load_varied_item, store_item
from mindspore.compiler.frontend.variants import is_varied
from mindspore.compiler.frontend.while_loops import WhileLoop

# -- simple statements -------------------------------------------------------------------------------------------------


def _do_nothing(frame: Frame) -> None:
    return None


@compiles(ast.Pass, ast.Global, ast.Nonlocal)
def _pass(node: ast.Pass | ast.Global | ast.Nonlocal, scope: Scope) -> Run:
    return _do_nothing


@compiles(ast.Break)
def _break(node: ast.Break, scope: Scope) -> Run:
    return lambda frame: BREAK


@compiles(ast.Continue)
def _continue(node: ast.Continue, scope: Scope) -> Run:
    return lambda frame: CONTINUE


@compiles(ast.Expr)
def _expression(node: ast.Expr, scope: Scope) -> Run:
    if isinstance(node.value, ast.Constant):
        return _do_nothing
    if isinstance(node.value, (ast.Yield, ast.YieldFrom)):
        return compile_yield_statement(node, scope)
    run = compile_node(node.value, scope)

    def expression(frame: Frame) -> None:
        run(frame)

    return expression


@compiles(ast.Return)
def _return(node: ast.Return, scope: Scope) -> Run:
    value = None if node.value is None else compile_node(node.value, scope)

    def give(frame: Frame) -> str:
        frame.result = None if value is None else value(frame)
        return RETURN

    return give


@compiles(ast.Delete)
def _delete(node: ast.Delete, scope: Scope) -> Run:
    parts = [compile_delete(target, scope) for target in node.targets]

    def delete(frame: Frame) -> None:
        for part in parts:
            part(frame)

    return delete


@compiles(ast.Assert)
def _assert(node: ast.Assert, scope: Scope) -> Run:
    if not __debug__:
        return _do_nothing
    test, site = compile_node(node.test, scope), scope.site(node.test)
    message = None if node.msg is None else compile_node(node.msg, scope)

    def fail(frame: Frame) -> NoReturn:
        error = AssertionError() if message is None else AssertionError(message(frame))
        frame.site = site
        raise error

    def check(frame: Frame) -> None:
        value = test(frame)
        if value is not True and branches_on(frame, value):
            decide(frame, value, site, "assert", _do_nothing, fail, False)
        elif not truth(frame, value, site, "assert"):
            fail(frame)

    return check


# -- assignment --------------------------------------------------------------------------------------------------------


@compiles(ast.Assign)
def _assign(node: ast.Assign, scope: Scope) -> Run:
    if isinstance(node.value, (ast.Yield, ast.YieldFrom)):
        return compile_yield_statement(node, scope)
    value = compile_node(node.value, scope)
    if len(node.targets) == 1:
        only = compile_store(node.targets[0], scope)

        def assign(frame: Frame) -> None:
            only(frame, value(frame))

        return assign
    stores = [compile_store(target, scope) for target in node.targets]

    def assign_all(frame: Frame) -> None:
        result = value(frame)
        for store in stores:
            store(frame, result)

    return assign_all


@compiles(ast.AnnAssign)
def _annotated(node: ast.AnnAssign, scope: Scope) -> Run:
    value = None if node.value is None else compile_node(node.value, scope)
    store = compile_store(node.target, scope) if value is not None else None
    annotate = _annotation_of_class_entry(node, scope) if scope.kind == CLASS else None

    def annotated(frame: Frame) -> None:
        if value is not None and store is not None:
            store(frame, value(frame))
        if annotate is not None:
            annotate(frame)

    return annotated


def _annotation_of_class_entry(node: ast.AnnAssign, scope: Scope) -> Run | None:
    if scope.postponed_annotations:
        text = ast.unparse(node.annotation)
        annotation: Run = lambda frame: text  # noqa: E731
    else:
        annotation = compile_node(node.annotation, scope)
    if not isinstance(node.target, ast.Name) or not node.simple:
        return annotation
    name = scope.mangle(node.target.id)

    def annotate(frame: Frame) -> None:
        value = annotation(frame)
        frame.namespace.setdefault("__annotations__", {})[name] = value

    return annotate


@compiles(ast.AugAssign)
def _augmented(node: ast.AugAssign, scope: Scope) -> Run:
    operand, site = compile_node(node.value, scope), scope.site(node)
    native, names = in_place_operator(node.op)
    target = node.target

    def operate(frame: Frame, old: Any) -> Any:
        change = operand(frame)
        frame.site = site
        if frame.session.varies and is_varied(frame.session, old, change):
            return fork(frame, apply, old, change)
        return apply(frame, old, change)

    def apply(frame: Frame, old: Any, change: Any) -> Any:
        frame.session.journal.note_change(old)
        if is_special(frame.session, old):
            return apply_special(frame, names, native, old, change)
        session = frame.session
        if session.numbers and (session.is_traced(old) or session.is_traced(change)):
            return operated(frame, native, names, old, change)
        return native(old, change)

    if isinstance(target, ast.Name):
        load = compile_node(ast.copy_location(ast.Name(target.id, ast.Load()), target), scope)
        store = compile_store_name(target.id, scope)

        def augment_name(frame: Frame) -> None:
            store(frame, operate(frame, load(frame)))

        return augment_name
    owner = compile_node(target.value, scope)
    if isinstance(target, ast.Attribute):
        name = scope.mangle(target.attr)

        def augment_attribute(frame: Frame) -> None:
            obj = owner(frame)
            frame.site = site
            old = load_attribute(frame, obj, name)
            store_attribute(frame, obj, name, operate(frame, old))

        return augment_attribute
    index = compile_node(target.slice, scope)

    def augment_item(frame: Frame) -> None:
        obj = owner(frame)
        key = index(frame)
        frame.site = site
        old = load_varied_item(frame, obj, key)
        store_item(frame, obj, key, operate(frame, old))

    return augment_item


# -- imports -----------------------------------------------------------------------------------------------------------


@compiles(ast.Import)
def _import(node: ast.Import, scope: Scope) -> Run:
    site = scope.site(node)
    parts = [
        (alias, compile_store_name(alias.asname or alias.name.partition(".")[0], scope)) for alias in node.names
    ]

    def import_modules(frame: Frame) -> None:
        frame.site = site
        for alias, store in parts:
            module = frame.builtins["__import__"](alias.name, frame.globals, None, None, 0)
            if alias.asname:
                for part in alias.name.split(".")[1:]:
                    module = _import_attribute(frame, module, part)
            store(frame, module)

    return import_modules


@compiles(ast.ImportFrom)
def _import_from(node: ast.ImportFrom, scope: Scope) -> Run:
    site = scope.site(node)
    names = tuple(alias.name for alias in node.names)
    stores = [compile_store_name(alias.asname or alias.name, scope) for alias in node.names]

    def import_names(frame: Frame) -> None:
        frame.site = site
        module = frame.builtins["__import__"](node.module or "", frame.globals, None, names, node.level)
        for name, store in zip(names, stores, strict=True):
            store(frame, _import_attribute(frame, module, name))

    return import_names


def _import_attribute(frame: Frame, module: Any, name: str) -> Any:
    """`name` of an imported module, with the error that an import statement raises when it is missing."""
    try:
        return load_attribute(frame, module, name)
    except AttributeError:
        pass
    namespace: dict[str, Any] = {"__builtins__": {"__import__": lambda *_: module}}
    exec(f"from {getattr(module, '__name__', 'module')} import {name}", namespace)
    return namespace[name]


# -- control flow ------------------------------------------------------------------------------------------------------


@compiles(ast.If)
def _if(node: ast.If, scope: Scope) -> Run:
    test, site = compile_node(node.test, scope), scope.site(node.test)
    body = compile_block(node.body, scope)
    otherwise = compile_block(node.orelse, scope) if node.orelse else _do_nothing
    refuses = bool(node.orelse) and isinstance(node.orelse[-1], ast.Raise)

    def branch(frame: Frame) -> Any:
        value = test(frame)
        if value is True:
            return body(frame)
        if value is False:
            return otherwise(frame)
        if branches_on(frame, value):
            if refuses and frame.session.is_traced(value):
                # The side that raises comes first: then the other one is interpreted only once.
                value = frame.session.policy.control.negate(predicate(frame, value, site, "if"))
                return decide(frame, value, site, "if", otherwise, body, False)
            return decide(frame, value, site, "if", body, otherwise, False)
        if truth(frame, value, site, "if"):
            return body(frame)
        return otherwise(frame)

    return branch


def _store_nothing(frame: Frame, item: Any) -> None:
    return None


@compiles(ast.While)
def _while(node: ast.While, scope: Scope) -> Run:
    test, site = compile_node(node.test, scope), scope.site(node.test)
    run = compile_block(node.body, scope)
    otherwise = compile_block(node.orelse, scope) if node.orelse else None
    return WhileLoop(test, Body(_store_nothing, run, node.body), otherwise, may_leave(node), site).run


@compiles(ast.For)
def _for(node: ast.For, scope: Scope) -> Run:
    iterable, site = compile_node(node.iter, scope), scope.site(node.iter)
    body = Body(compile_store(node.target, scope), compile_block(node.body, scope), node.body)
    otherwise = compile_block(node.orelse, scope) if node.orelse else None
    loop = ForLoop(body, otherwise, may_leave(node), site)

    def run(frame: Frame) -> Any:
        items = iterable(frame)
        frame.site = site
        if frame.session.varies and is_varied(frame.session, items):
            return fork_statement(frame, loop.run, items)
        return loop.run(frame, items)

    return run
