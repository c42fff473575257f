"""Function and class definitions inside of interpreted functions."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.compile_call import compile_arguments
from mindspore.compiler.frontend.compile_names import compile_store_name
from mindspore.compiler.frontend.dispatch import compile_block, compile_node, compiles
from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.functions import FunctionCode, InterpretedFunction, inner_frame
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.source import FunctionNode

# -- functions ---------------------------------------------------------------------------------------------------------


@compiles(ast.Lambda)
def _lambda(node: ast.Lambda, scope: Scope) -> Run:
    return _function_maker(node, scope, None)


@compiles(ast.FunctionDef, ast.AsyncFunctionDef)
def _function_definition(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> Run:
    _refuse_type_parameters(node, scope)
    make = _function_maker(node, scope, ast.get_docstring(node, clean=False))
    return _decorated(node, make, scope)


def _function_maker(node: FunctionNode, scope: Scope, doc: str | None) -> Callable[[Frame], InterpretedFunction]:
    inner = scope.children[node]
    code = FunctionCode(node, inner)
    captures = [scope.slot(variable) for variable in inner.captures]
    defaults = [compile_node(each, scope) for each in node.args.defaults]
    keyword_defaults = [
        (scope.mangle(arg.arg), compile_node(value, scope))
        for arg, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if value is not None
    ]
    annotations = _annotations(node, scope)

    def make(frame: Frame) -> InterpretedFunction:
        closure = tuple([frame.vars[slot] for slot in captures])
        fn = InterpretedFunction(code, frame, closure, doc)
        if defaults:
            fn.__defaults__ = tuple([run(frame) for run in defaults])
        if keyword_defaults:
            fn.__kwdefaults__ = {name: run(frame) for name, run in keyword_defaults}
        if annotations:
            fn.__annotations__ = {name: run(frame) for name, run in annotations}
        return fn

    return make


def _annotations(node: FunctionNode, scope: Scope) -> list[tuple[str, Run]]:
    if isinstance(node, ast.Lambda):
        return []
    arguments = node.args
    listed = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
    pairs = [(scope.mangle(each.arg), each.annotation) for each in listed if each is not None]
    pairs.append(("return", node.returns))

    def compiled(annotation: ast.expr) -> Run:
        if scope.postponed_annotations:
            text = ast.unparse(annotation)
            return lambda frame: text
        return compile_node(annotation, scope)

    return [(name, compiled(annotation)) for name, annotation in pairs if annotation is not None]


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, make: Run, scope: Scope) -> Run:
    store = compile_store_name(node.name, scope)
    decorators = [(compile_node(each, scope), scope.site(each)) for each in node.decorator_list]

    def define(frame: Frame) -> None:
        found = [run(frame) for run, _ in decorators]
        value = make(frame)
        for decorator, (_, site) in zip(reversed(found), reversed(decorators), strict=True):
            frame.site = site
            value = call(frame, decorator, (value,), None)
        store(frame, value)

    return define


def _refuse_type_parameters(node: ast.AST, scope: Scope) -> None:
    if getattr(node, "type_params", None):
        unsupported("type parameters in a nested definition", "define it at module level", scope.site(node))


# -- classes -----------------------------------------------------------------------------------------------------------

_IMPLICIT = {"__new__": staticmethod, "__init_subclass__": classmethod, "__class_getitem__": classmethod}


@compiles(ast.ClassDef)
def _class_definition(node: ast.ClassDef, scope: Scope) -> Run:
    _refuse_type_parameters(node, scope)
    inner = scope.children[node]
    site = scope.site(node)
    arguments = compile_arguments(node.bases, node.keywords, scope, site)
    body = compile_block(node.body, inner)
    make_frame = inner_frame(inner, scope)
    class_cell = inner.variables.get("__class__")
    cell_slot = None if class_cell is None else inner.slot(class_cell)
    doc = ast.get_docstring(node, clean=False)

    def make(frame: Frame) -> Any:
        bases, keywords = arguments(frame, node.name)

        def fill(namespace: Any) -> None:
            namespace["__module__"] = frame.globals.get("__name__")
            namespace["__qualname__"] = inner.qualname
            if doc is not None:
                namespace["__doc__"] = doc
            inside = make_frame(frame)
            inside.namespace = namespace
            run_class_body(inside, body)
            if cell_slot is not None:
                namespace["__classcell__"] = inside.vars[cell_slot]

        frame.site = site
        made = types.new_class(node.name, tuple(bases), keywords, fill)
        frame.session.created[id(made)] = made
        return made

    return _decorated(node, make, scope)


def run_class_body(frame: Frame, body: Run) -> None:
    session = frame.session
    outer = session.frame
    session.frame = frame
    try:
        body(frame)
    finally:
        session.frame = outer
    for name, kind in _IMPLICIT.items():
        if isinstance(frame.namespace.get(name), InterpretedFunction):
            frame.namespace[name] = kind(frame.namespace[name])
