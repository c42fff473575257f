"""From a code object to the syntax tree it was compiled from.

The text comes from `linecache`, so files, notebook cells, doctests and everything else that tracebacks can show are
read the same way. A file is parsed once; a function of the right name at the right line is a *candidate*. A candidate
is accepted when compiling it gives the very bytecode, names and constants of the code object. That one check settles
three questions: whether the file was edited since it was imported, whether another function happens to stand at that
line of a file of the same name (`<string>`), and which of several lambdas on one line is meant. Two lambdas that
compile to the same bytecode are the same function; where Python records columns (3.11 on), they decide which of them
error messages point at.

To be compiled alone, a candidate is put back into what surrounds it: a function whose parameters are its free
variables, a class of the same name if private names are mangled, and the module's imports (some versions of Python
compile a call of an imported module's function in another way than a method call). Import hooks that rewrite functions
(pytest rewrites `assert`) would fail the check; such code is recognised by its names and accepted if the source's own
names all occur in it.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import warnings
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from mindspore.compiler.frontend.location import SourceText

__all__ = ["FunctionNode", "FunctionSource", "SourceProblem", "find_source", "source_problem"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_REWRITTEN_BY_PYTEST = ("@py_", "@pytest_")
_VARIADIC_FLAGS = 0x04 | 0x08
_POSTPONED_ANNOTATIONS = __future__.annotations.compiler_flag
_MOST_FILES = 256


class FunctionSource(NamedTuple):
    """A function's syntax tree, the text it stands in, and the class whose private names it sees."""

    node: FunctionNode
    text: SourceText
    private: str | None
    postponed_annotations: bool


class SourceProblem(NamedTuple):
    """Why the source of a function cannot be used."""

    reason: str


class _Candidate(NamedTuple):
    node: FunctionNode
    private: str | None

    def compiled_like(self, code: CodeType, imported: Iterable[str]) -> CodeType | None:
        postponed = bool(code.co_flags & _POSTPONED_ANNOTATIONS)
        return compile_function(self.node, self.private, code.co_freevars, code.co_filename, postponed, imported)


class _ParsedFile:
    """A parsed text."""

    def __init__(self, filename: str, lines: list[str]) -> None:
        self.lines = lines
        self.text = SourceText(filename, tuple(lines))
        with _quietly():
            self.tree = ast.parse("".join(lines), filename)
        self.imported = set(_imported_names(self.tree))

    def candidates(self, name: str, first_line: int) -> Iterator[_Candidate]:
        """The functions of that name whose definition, decorators included, begins at that line."""
        pending: list[tuple[ast.AST, str | None]] = [(self.tree, None)]
        while pending:
            node, private = pending.pop()
            if isinstance(node, FunctionNode):
                own_name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
                if own_name == name and _first_line(node) == first_line:
                    yield _Candidate(node, private)
            inside = node.name if isinstance(node, ast.ClassDef) else private
            pending += [(child, inside) for child in ast.iter_child_nodes(node) if _reaches(child, first_line)]


def _first_line(node: Any) -> int:
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])


def _reaches(node: Any, line: int) -> bool:
    """Whether a node may hold a definition that begins at `line`; nodes without position are looked into."""
    return not hasattr(node, "lineno") or _first_line(node) <= line <= node.end_lineno


def _imported_names(tree: ast.Module) -> Iterator[str]:
    """The names that import statements bind at module level."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif not isinstance(node, (FunctionNode, ast.ClassDef)):
            pending += ast.iter_child_nodes(node)


_files: dict[str, _ParsedFile] = {}
_sources: dict[int, tuple[weakref.ref[CodeType], FunctionSource | SourceProblem]] = {}


def find_source(code: CodeType, namespace: dict[str, Any]) -> FunctionSource | SourceProblem:
    """The source of `code`, a function's code whose globals are `namespace`, or why there is none. Memoised."""
    known = _sources.get(id(code))
    if known is not None and known[0]() is code:
        return known[1]
    found = _locate(code, namespace, refresh=False)
    if isinstance(found, SourceProblem):
        found = _locate(code, namespace, refresh=True)
    key = id(code)
    _sources[key] = weakref.ref(code, lambda _: _sources.pop(key, None)), found
    return found


def _locate(code: CodeType, namespace: dict[str, Any], refresh: bool) -> FunctionSource | SourceProblem:
    filename = code.co_filename
    if refresh:
        linecache.checkcache(filename)
    lines = linecache.getlines(filename, namespace)
    if not lines:
        return SourceProblem(f"the text of {filename} is not available")
    file = _files.get(filename)
    if file is None or file.lines is not lines:
        try:
            file = _ParsedFile(filename, lines)
        except (SyntaxError, ValueError, RecursionError) as error:
            return SourceProblem(f"{filename} cannot be parsed: {error}")
        if len(_files) >= _MOST_FILES:
            _files.pop(next(iter(_files)))
        _files[filename] = file
    imported = file.imported.intersection(_names_of(code))
    candidates = file.candidates(code.co_name, code.co_firstlineno)
    accepted = [each for each in candidates if _compiles_to(each, code, imported)]
    if not accepted:
        return SourceProblem(
            f"line {code.co_firstlineno} of {filename} is not the function {code.co_name} that is running"
            " (the file has changed since it was imported, or the function was made by exec)"
        )
    chosen = _at_columns_of(code, accepted, imported) if len(accepted) > 1 else accepted[0]
    return FunctionSource(chosen.node, file.text, chosen.private, bool(code.co_flags & _POSTPONED_ANNOTATIONS))


def source_problem(fn: FunctionType) -> str:
    """Why graph mode calls `fn` as it is instead of interpreting its source; "" if the source can be used."""
    found = find_source(fn.__code__, fn.__globals__)
    return found.reason if isinstance(found, SourceProblem) else ""


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings that Python gave when it compiled the program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# -- is this the function? ---------------------------------------------------------------------------------------------


def _compiles_to(candidate: _Candidate, code: CodeType, imported: set[str]) -> bool:
    compiled = candidate.compiled_like(code, imported)
    if compiled is None:
        return False
    if _same_code(compiled, code):
        return True
    names = set(_names_of(code))
    return any(name.startswith(_REWRITTEN_BY_PYTEST) for name in names) and names.issuperset(_names_of(compiled))


def compile_function(
    node: FunctionNode,
    private: str | None,
    free: tuple[str, ...],
    filename: str,
    postponed: bool = False,
    imported: Iterable[str] = (),
) -> CodeType | None:
    """The code object of one function, compiled apart from its file; None if Python refuses it there.

    Args:
        node: the function.
        private: the name of the class around it, if any.
        free: the names of its closure cells.
        filename: what the code object says about its origin.
        postponed: whether its annotations are kept as text.
        imported: names that its module imports.
    """
    name, inner = _without_surroundings(node)
    body: ast.stmt = inner
    if private is not None:
        body = bare_definition(ast.ClassDef, name=private, bases=[], keywords=[], body=[inner])
    defined = name if private is None else private
    is_global = defined not in free and defined != "<lambda>"
    statements = [ast.Global(names=[defined]), body] if is_global else [body]
    outer = bare_definition(ast.FunctionDef, name="surroundings", args=bare_parameters(free), body=statements)
    imports = [ast.Import(names=[ast.alias(name=each)]) for each in sorted(imported)]
    module = ast.fix_missing_locations(ast.Module(body=[*imports, outer], type_ignores=[]))
    try:
        with _quietly():
            flags = _POSTPONED_ANNOTATIONS if postponed else 0
            code = compile(module, filename, "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    path = ["surroundings", name] if private is None else ["surroundings", private, name]
    for step in path:
        code = next(const for const in code.co_consts if isinstance(const, CodeType) and const.co_name == step)
    return code


def _without_surroundings(node: FunctionNode) -> tuple[str, ast.stmt]:
    """The function without what is evaluated outside of it: decorators, defaults, annotations."""
    old = node.args
    arguments = ast.arguments(
        posonlyargs=[ast.arg(arg=each.arg) for each in old.posonlyargs],
        args=[ast.arg(arg=each.arg) for each in old.args],
        vararg=old.vararg and ast.arg(arg=old.vararg.arg),
        kwonlyargs=[ast.arg(arg=each.arg) for each in old.kwonlyargs],
        kw_defaults=[each and ast.Constant(None) for each in old.kw_defaults],
        kwarg=old.kwarg and ast.arg(arg=old.kwarg.arg),
        defaults=[ast.Constant(None) for _ in old.defaults],
    )
    if isinstance(node, ast.Lambda):
        bare_lambda = ast.copy_location(ast.Lambda(args=arguments, body=node.body), node)
        return "<lambda>", ast.Expr(value=bare_lambda)
    return node.name, ast.copy_location(
        bare_definition(type(node), name=node.name, args=arguments, body=node.body), node
    )


def bare_definition(kind: Any, **fields: Any) -> Any:
    """A definition of a function or class without decorators and type parameters, for any version of Python."""
    node = kind(decorator_list=[], **fields)
    node.type_params = []
    return node


def bare_parameters(names: Iterable[str]) -> ast.arguments:
    """The parameter list of a function that has only positional parameters."""
    return ast.arguments(
        posonlyargs=[], args=[ast.arg(arg=name) for name in names], kwonlyargs=[], kw_defaults=[], defaults=[]
    )


def _same_code(one: CodeType, other: CodeType) -> bool:
    return (
        one.co_code == other.co_code
        and one.co_names == other.co_names
        and one.co_varnames == other.co_varnames
        and one.co_freevars == other.co_freevars
        and one.co_cellvars == other.co_cellvars
        and one.co_argcount == other.co_argcount
        and one.co_kwonlyargcount == other.co_kwonlyargcount
        and one.co_posonlyargcount == other.co_posonlyargcount
        and one.co_flags & _VARIADIC_FLAGS == other.co_flags & _VARIADIC_FLAGS
        and _same_constant(one.co_consts, other.co_consts)
    )


def _same_constant(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _same_code(one, other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same_constant, one, other))
    if isinstance(one, frozenset):
        return one == other
    if isinstance(one, str) and isinstance(other, str) and ".<locals>." in one and ".<locals>." in other:
        # Python 3.10 keeps the qualified names of inner functions here, which depend on the surroundings.
        return one.rpartition(".")[2] == other.rpartition(".")[2]
    return repr(one) == repr(other)


def _names_of(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_varnames
    yield from code.co_cellvars
    yield from code.co_freevars
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _names_of(const)


def _at_columns_of(code: CodeType, candidates: list[_Candidate], imported: set[str]) -> _Candidate:
    """The candidate that stands at the columns recorded in `code`; the first one where none are recorded."""
    if hasattr(code, "co_positions"):
        wanted = list(code.co_positions())
        for candidate in candidates:
            compiled = candidate.compiled_like(code, imported)
            if compiled is not None and list(compiled.co_positions()) == wanted:
                return candidate
    return candidates[0]
