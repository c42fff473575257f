"""Functions: their compiled form, the binding of arguments, and running them.

`FunctionCode` is what a function's source is compiled to, once per code object; its body is compiled on the first run.
A call makes a frame, puts the arguments into its first slots and runs the body.

Arguments are bound by Python itself: each function has a *binder*, a real function of the same signature that returns
its parameters as a tuple, compiled from the same parameter list. Calling it with the live defaults gives Python's own
rules and Python's own error messages. The common case (exactly the positional parameters) skips it.

A function that the program defines while it is interpreted is an `InterpretedFunction`. It can be called from
anywhere, it binds as a method, and `inspect.signature` and `functools.wraps` treat it like a function.
"""

from __future__ import annotations

import ast
import inspect
import weakref
from collections.abc import Callable
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from mindspore.compiler.frontend.dispatch import compile_block, compile_node
from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.frames import RETURN, UNBOUND, Frame, Run, Session, Unbound
from mindspore.compiler.frontend.location import Site, thread_state
from mindspore.compiler.frontend.scopes import Scope, analyse
from mindspore.compiler.frontend.source import (
    FunctionNode,
    FunctionSource,
    bare_definition,
    compile_function,
    find_source,
)

__all__ = ["FunctionCode", "InterpretedFunction", "code_of", "inner_frame", "run_function", "variables_of"]


class FunctionCode:
    """A function ready to run.

    Attributes:
        node, scope: its syntax tree, and what its names mean.
        site: the extent of its definition.
        parameters: the number of its parameters; they have the first slots of a frame.
        positional: the same if all of them are positional, else -1.
        keywords: the number of the one that takes all other keywords, as a dict; None if there is none.
        blank, cells, parameter_cells: how a frame's variables begin (`frame_layout`).
        calls_itself: whether something in it that is called has its name; nobody relies on that.
        class_slot: the slot of the cell `__class__`, for `super()`; None if it has none.
    """

    def __init__(self, node: FunctionNode, scope: Scope) -> None:
        self.node = node
        self.scope = scope
        self.name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
        self.qualname = scope.qualname
        self.site = Site(node, scope.text, scope.qualname)
        arguments = node.args
        only_positional = not (arguments.kwonlyargs or arguments.vararg or arguments.kwarg)
        self.parameters = len(scope.parameters)
        self.positional = self.parameters if only_positional else -1
        self.keywords = scope.parameters.index(arguments.kwarg.arg) if arguments.kwarg else None
        self.blank, self.cells, self.parameter_cells = frame_layout(scope, self.parameters)
        self.is_generator = scope.generator == "generator"
        self.calls_itself = _calls_itself(node, self.name) and not scope.generator
        class_variable = scope.refs.get("__class__")
        self.class_slot = None if class_variable is None else scope.slot(class_variable)
        self._binder_code: CodeType | None = None
        self._body: Run | None = None
        self._pulled: Callable[[Frame], Any] | None = None

    @property
    def body(self) -> Run:
        """The compiled body; it gives a signal, and leaves the result in the frame."""
        body = self._body
        if body is None:
            if self.scope.generator and not self.is_generator:
                unsupported(f"calling the {self.scope.generator} function '{self.name}'",
                            "make it an ordinary function: 'def' in place of 'async def', without 'await'; or await "
                            "outside of the compiled function and pass the values", None)
            body = self._body = self._compile()
        return body

    def pulled(self) -> Callable[[Frame], Any]:
        """The body of a generator function, for who asks for one item after the other."""
        if self._pulled is None:
            from mindspore.compiler.frontend.compile_yield import compile_pulled

            assert not isinstance(self.node, ast.Lambda)
            self._pulled = compile_pulled(self.node.body, self.scope)
        return self._pulled

    def _compile(self) -> Run:
        if not isinstance(self.node, ast.Lambda):
            return compile_block(self.node.body, self.scope)
        value = compile_node(self.node.body, self.scope)

        def give(frame: Frame) -> str:
            frame.result = value(frame)
            return RETURN

        return give

    def binder(self, name: str, qualname: str, defaults: Any, kwdefaults: Any) -> FunctionType:
        """A native function of the same signature that returns the tuple of its parameters."""
        if self._binder_code is None:
            self._binder_code = self._compile_binder()
        binder = FunctionType(self._binder_code, {}, name, defaults)
        binder.__kwdefaults__ = kwdefaults
        binder.__qualname__ = qualname
        return binder

    def _compile_binder(self) -> CodeType:
        def load(name: str) -> ast.expr:
            return ast.Name(id=name, ctx=ast.Load())

        names = [load(name) for name in self.scope.parameters]
        body = ast.Return(value=ast.Tuple(elts=names, ctx=ast.Load()))
        args = _mangled_arguments(self.node.args, self.scope)
        name = self.name if self.name.isidentifier() else "lambda_"
        node = bare_definition(ast.FunctionDef, name=name, args=args, body=[body])
        code = compile_function(ast.fix_missing_locations(ast.copy_location(node, self.node)), None, (), "<signature>")
        assert code is not None
        return code.replace(co_name=self.name)


def _calls_itself(node: FunctionNode, name: str) -> bool:
    """Whether a function calls something of its own name; any name for a lambda, the object itself for a Cell."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            called = getattr(each.func, "id", getattr(each.func, "attr", None))
            if called == name or (name, called) == ("construct", "self") or (
                    isinstance(node, ast.Lambda) and isinstance(each.func, ast.Name)):
                return True
    return False


def _mangled_arguments(old: ast.arguments, scope: Scope) -> ast.arguments:
    def rename(arg: ast.arg) -> ast.arg:
        return ast.arg(arg=scope.mangle(arg.arg))

    return ast.arguments(
        posonlyargs=[rename(each) for each in old.posonlyargs],
        args=[rename(each) for each in old.args],
        vararg=old.vararg and rename(old.vararg),
        kwonlyargs=[rename(each) for each in old.kwonlyargs],
        kw_defaults=old.kw_defaults,
        kwarg=old.kwarg and rename(old.kwarg),
        defaults=old.defaults,
    )


def frame_layout(scope: Scope, parameters: int) -> tuple[list[Any], list[int], list[int]]:
    """Of a frame of `scope`: the initial values behind the parameters, the slots of its own cells other than
    parameters, and those of parameters that are cells."""
    own = [number for number, variable in enumerate(scope.slots) if variable.cell and variable.home is scope]
    blank = [UNBOUND] * (len(scope.slots) - parameters)
    return blank, [each for each in own if each >= parameters], [each for each in own if each < parameters]


# -- compiled code by code object --------------------------------------------------------------------------------------

_codes: dict[int, tuple[weakref.ref[CodeType], FunctionCode | None]] = {}


def code_of(fn: FunctionType) -> FunctionCode | None:
    """The compiled form of a native function; None if its source cannot be used. Memoised by code object."""
    code = fn.__code__
    known = _codes.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    found = find_source(code, fn.__globals__)
    compiled = None
    if isinstance(found, FunctionSource):
        qualname = fn.__qualname__
        scope = analyse(
            found.node, found.text, found.private, found.postponed_annotations, qualname, code.co_freevars
        )
        compiled = FunctionCode(found.node, scope)
    key = id(code)
    _codes[key] = weakref.ref(code, lambda _: _codes.pop(key, None)), compiled
    return compiled


# -- running -----------------------------------------------------------------------------------------------------------


def run_function(
    session: Session,
    code: FunctionCode,
    values: Any,
    namespace: dict[str, Any],
    builtins: dict[str, Any],
    closure: tuple[CellType, ...] | None,
    foreign: bool = False,
    inside: bool = False,
) -> Any:
    """Run a function whose parameters have `values` (in slot order) and return its result.

    `foreign` says that the closure of an interpreted function was made by another interpretation, so that what is
    read from it must be reported. `inside` says that the function is interpreted even if it runs already.
    """
    running = session.running
    if code not in running:
        running[code] = []
    if (running[code] or code.calls_itself) and not inside and session.policy.recursion is not None:
        from mindspore.compiler.frontend import recursive_calls

        run = partial(run_function, session, code, namespace=namespace, builtins=builtins, closure=closure,
                      foreign=foreign, inside=True)
        if not running[code]:
            return recursive_calls.call_first(session, code, values, closure, run)
        result = recursive_calls.call_again(session, code, values, closure, run)
        if result is not recursive_calls.NOT_RECURSIVE:
            return result
    variables = [*values, *code.blank]
    for slot in code.parameter_cells:
        variables[slot] = CellType(variables[slot])
    for slot in code.cells:
        variables[slot] = CellType()
    if session.journal.fresh is not None:
        if code.keywords is not None:
            session.journal.made(values[code.keywords])
        for slot in (*code.parameter_cells, *code.cells):
            session.journal.made(variables[slot])
    if closure:
        variables.extend(closure)
    back = session.frame
    frame = Frame(session, back, code, namespace, builtins, code.site, variables, foreign)
    frame.arguments, frame.closure = values, closure
    if session.policy.recursion is not None:
        frame.region = session.policy.control.current_trace()
    if code.is_generator:
        from mindspore.compiler.frontend.generators import Generator

        return session.journal.made(Generator(frame, lambda: code.body, code.pulled))
    running[code] += (frame,)
    session.frame = frame
    try:
        if frame.depth < session.room.depth:
            code.body(frame)
        else:
            _run_deeper(frame, code)
    finally:
        session.frame = back
        del running[code][-1]
    return frame.result


def _run_deeper(frame: Frame, code: FunctionCode) -> None:
    """Run a body for which there is no room on Python's stack yet."""
    room = frame.session.room
    if frame.depth > room.most:
        raise RecursionError("maximum recursion depth exceeded")
    with room.deeper(frame.depth):
        code.body(frame)


def inner_frame(scope: Scope, outer: Scope) -> Callable[[Frame], Frame]:
    """What makes the frames of a class body or a generator expression, from the frame around it."""
    blank, cells, _ = frame_layout(scope, 0)
    captures = [outer.slot(variable) for variable in scope.captures]

    def make(around: Frame) -> Frame:
        variables = list(blank)
        for slot in cells:
            variables[slot] = around.session.journal.made(CellType())
        variables.extend([around.vars[slot] for slot in captures])
        session, guarded = around.session, around.guard_closure
        return Frame(session, around, None, around.globals, around.builtins, around.site, variables, guarded)

    return make


def variables_of(frame: Frame) -> dict[str, Any]:
    """What `locals()` gives in the function that runs in `frame`."""
    assert frame.code is not None
    scope = frame.code.scope
    result: dict[str, Any] = {}
    for variable in [*scope.slots, *scope.captures]:
        if variable.home is not scope and variable not in scope.captures:
            continue
        value = frame.vars[scope.slot(variable)]
        if variable.cell:
            try:
                value = value.cell_contents
            except ValueError:
                continue
        if type(value) is not Unbound:
            result[variable.name] = value
    return result


class InterpretedFunction:
    """A function that an interpreted program defined (`def` or `lambda`), callable from anywhere."""

    __slots__ = (
        "__annotations__",
        "__builtins__",
        "__closure__",
        "__defaults__",
        "__dict__",
        "__globals__",
        "__kwdefaults__",
        "__name__",
        "__qualname__",
        "__weakref__",
        "compilation",
        "interpreted_code",
        "policy",
    )

    def __init__(self, code: FunctionCode, frame: Frame, closure: tuple[CellType, ...], doc: str | None) -> None:
        self.interpreted_code = code
        self.policy = frame.session.policy
        self.compilation = frame.session.compilation
        self.__name__ = code.name
        self.__qualname__ = code.qualname
        self.__doc__ = doc
        self.__module__ = frame.globals.get("__name__", "builtins")
        self.__globals__ = frame.globals
        self.__builtins__ = frame.builtins
        self.__closure__ = closure
        self.__defaults__: tuple[Any, ...] | None = None
        self.__kwdefaults__: dict[str, Any] | None = None
        self.__annotations__: dict[str, Any] = {}

    def bind(self, args: Any, kwargs: dict[str, Any] | None) -> Any:
        """The values of the parameters, in slot order. Raises TypeError as Python does."""
        code = self.interpreted_code
        if not kwargs and len(args) == code.positional:
            return args
        binder = code.binder(self.__name__, self.__qualname__, self.__defaults__, self.__kwdefaults__)
        return binder(*args, **(kwargs or {}))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        active = thread_state.session
        if active is not None:
            return self.run(active, args, kwargs)
        from mindspore.compiler.frontend.interpreter import interpret

        return interpret(self, args, kwargs, self.policy)

    def run(self, session: Session, args: Any, kwargs: dict[str, Any] | None) -> Any:
        """Call the function within a session."""
        return run_function(
            session,
            self.interpreted_code,
            self.bind(args, kwargs),
            self.__globals__,
            self.__builtins__,
            self.__closure__,
            session.compilation is not self.compilation,
        )

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    @property
    def __code__(self) -> CodeType:
        """The code object that Python makes of the same source."""
        scope = self.interpreted_code.scope
        free = tuple(variable.name for variable in scope.captures)
        node, postponed = self.interpreted_code.node, scope.postponed_annotations
        code = compile_function(node, scope.private, free, scope.text.filename, postponed)
        assert code is not None
        return code

    @property
    def __signature__(self) -> inspect.Signature:
        code = self.interpreted_code
        binder = code.binder(self.__name__, self.__qualname__, self.__defaults__, self.__kwdefaults__)
        binder.__annotations__ = self.__annotations__
        return inspect.signature(binder)

    def __repr__(self) -> str:
        return f"<interpreted function {self.__qualname__} at {id(self):#x}>"
