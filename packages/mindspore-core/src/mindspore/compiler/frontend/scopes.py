"""Which variable a name means: Python's scoping rules, resolved once per function.

`analyse` walks a function's tree with everything nested in it and makes a tree of scopes: functions (lambdas and
generator expressions included), class bodies, and list, set and dict comprehensions. Every name is then one of

* a variable of some function: a slot of its frame, a *cell* in that slot if an inner function shares the variable;
* an entry of the namespace of the class body that is being executed;
* a global.

Comprehensions own variables but no frame: their variables get slots of their own in the frame of the function around
them (the scheme of PEP 709, used here for all versions of Python), so a comprehension costs no call. A function that
refers to a variable further out receives its cell in a slot behind its own variables; `Scope.captures` lists, in the
order of these slots, which variables of the enclosing frame a new closure takes along.

Private names (`__x` in a class `C` is `_C__x`) are mangled here, so nobody else has to know.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from mindspore.compiler.frontend.location import Site, SourceText
from mindspore.compiler.frontend.source import FunctionNode

__all__ = ["CLASS", "COMPREHENSION", "FUNCTION", "Scope", "Variable", "analyse"]

FUNCTION, CLASS, COMPREHENSION = "function", "class", "comprehension"

_CLASS_CELL = "__class__"


class Variable:
    """One variable of one function, comprehension or (only `__class__`) class body."""

    __slots__ = ("cell", "external", "home", "name")

    def __init__(self, name: str, home: Scope, external: bool = False) -> None:
        self.name = name
        self.home = home
        self.cell = external
        self.external = external


class Scope:
    """A region of source with names of its own."""

    def __init__(
        self, kind: str, name: str, parent: Scope | None, text: SourceText, private: str | None, postponed: bool
    ) -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        self.text = text
        self.private = private
        self.postponed_annotations = postponed
        self.owner: Scope = parent.owner if parent is not None and kind == COMPREHENSION else self
        self.qualname = self._qualify(name)
        self.parameters: list[str] = []
        self.bound: dict[str, None] = {}
        self.used: dict[str, None] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.children: dict[ast.AST, Scope] = {}
        self.variables: dict[str, Variable] = {}
        self.refs: dict[str, Variable | None] = {}
        self.slots: list[Variable] = []
        self.captures: list[Variable] = []
        self.externals: dict[str, Variable] = {}
        self.generator = ""

    def _qualify(self, name: str) -> str:
        outer = self.parent.owner if self.parent is not None else None
        if outer is None:
            return name
        return f"{outer.qualname}.{name}" if outer.kind == CLASS else f"{outer.qualname}.<locals>.{name}"

    def site(self, node: ast.AST) -> Site:
        """The site of a node that stands directly in this scope."""
        return Site(node, self.text, self.owner.qualname)

    def mangle(self, name: str) -> str:
        """The name that the class around this scope makes of a private name."""
        if self.private is None or not name.startswith("__") or name.endswith("__") or "." in name:
            return name
        stripped = self.private.lstrip("_")
        return f"_{stripped}{name}" if stripped else name

    def variable(self, name: str) -> Variable:
        """This scope's own variable `name`, made on first request."""
        found = self.variables.get(name)
        if found is None:
            found = self.variables[name] = Variable(name, self)
            self.owner.slots.append(found)
        return found

    def slot(self, variable: Variable) -> int:
        """The index of `variable` in the frames of this scope's owner. Valid once the whole tree is resolved."""
        owner = self.owner
        if variable in owner.captures:
            return len(owner.slots) + owner.captures.index(variable)
        return owner.slots.index(variable)

    def lookup(self, name: str) -> Variable | None:
        """The function variable that `name` (mangled) means here; None if it is a global or a class entry."""
        return self.refs[name]


def analyse(
    node: FunctionNode, text: SourceText, private: str | None, postponed: bool, qualname: str, free: Iterable[str]
) -> Scope:
    """Resolve all names of a function. `free` are the names of its closure cells, in their order."""
    root = Scope(FUNCTION, qualname, None, text, private, postponed)
    root.externals = {name: Variable(name, root, external=True) for name in free}
    root.captures = list(root.externals.values())
    _Collector(root).function(node)
    _resolve(root)
    return root


# -- collecting --------------------------------------------------------------------------------------------------------


class _Collector(ast.NodeVisitor):
    """Finds, for one scope, the names it binds and uses, and its inner scopes."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def child(self, node: ast.AST, kind: str, name: str, private: str | None = None) -> _Collector:
        outer = self.scope
        scope = Scope(kind, name, outer, outer.text, private or outer.private, outer.postponed_annotations)
        outer.children[node] = scope
        return _Collector(scope)

    def bind(self, name: str) -> None:
        self.scope.bound[self.scope.mangle(name)] = None

    def use(self, name: str) -> None:
        self.scope.used[self.scope.mangle(name)] = None

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    # functions and classes

    def function(self, node: FunctionNode) -> None:
        arguments = node.args
        listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        listed += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        for each in listed:
            self.bind(each.arg)
        self.scope.parameters = list(self.scope.bound)
        if isinstance(node, ast.AsyncFunctionDef):
            self.scope.generator = "coroutine"
        self.visit_all(node.body if isinstance(node.body, list) else [node.body])

    def evaluated_outside(self, node: FunctionNode) -> None:
        self.visit_all(node.args.defaults)
        self.visit_all(node.args.kw_defaults)
        if isinstance(node, ast.Lambda):
            return
        self.visit_all(node.decorator_list)
        if not self.scope.postponed_annotations:
            arguments = node.args
            listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            self.visit_all([each.annotation for each in listed if each is not None])
            self.visit_all([node.returns])

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.bind(node.name)
        self.evaluated_outside(node)
        self.child(node, FUNCTION, node.name).function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.evaluated_outside(node)
        self.child(node, FUNCTION, "<lambda>").function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name)
        self.visit_all(node.decorator_list)
        self.visit_all(node.bases)
        self.visit_all(node.keywords)
        inner = self.child(node, CLASS, node.name, private=node.name)
        inner.visit_all(node.body)

    # comprehensions

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first = node.generators[0]
        self.visit(first.iter)
        lazy = isinstance(node, ast.GeneratorExp)
        inner = self.child(node, FUNCTION if lazy else COMPREHENSION, "<genexpr>" if lazy else self.scope.name)
        for number, generator in enumerate(node.generators):
            if generator.is_async:
                inner.scope.generator = "asynchronous comprehension"
            if number:
                inner.visit(generator.iter)
            inner.visit(generator.target)
            inner.visit_all(generator.ifs)
        inner.visit_all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.use(node.target.id)
        home = self.scope
        while home.parent is not None and (home.kind == COMPREHENSION or home.name == "<genexpr>"):
            home = home.parent
        home.bound[home.mangle(node.target.id)] = None

    # names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.use(node.id)
            if node.id == "super" and self.scope.owner.kind == FUNCTION:
                self.use(_CLASS_CELL)
        else:
            self.bind(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.globals.update(map(self.scope.mangle, node.names))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocals.update(map(self.scope.mangle, node.names))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        self.visit_all([node.value])
        if self.scope.kind == CLASS:
            self.use("__annotations__")
            if not self.scope.postponed_annotations:
                self.visit(node.annotation)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name is not None:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name is not None:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name is not None:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest is not None:
            self.bind(node.rest)
        self.generic_visit(node)

    # what makes a function something else than a function

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.scope.owner.generator = "generator"
        self.generic_visit(node)

    visit_YieldFrom = visit_Yield


# -- resolving ---------------------------------------------------------------------------------------------------------


def _resolve(scope: Scope) -> None:
    """Give each name of the scope its variable. Outer scopes first, so that parameters get the first slots."""
    own = [name for name in scope.bound if name not in scope.globals and name not in scope.nonlocals]
    if scope.kind != CLASS:
        for name in own:
            scope.variable(name)
    for name in [*scope.bound, *scope.used, *scope.nonlocals]:
        if name not in scope.refs:
            variable = _find(scope, name)
            scope.refs[name] = variable
            if variable is not None:
                _reach(scope.owner, variable)
    for child in scope.children.values():
        _resolve(child)


def _find(scope: Scope, name: str) -> Variable | None:
    at: Scope | None = scope
    while at is not None:
        if name in at.globals:
            return None
        if at.kind == CLASS:
            if name == _CLASS_CELL and at is not scope:
                return at.variable(name)
            if at is scope and name in at.bound and name not in at.nonlocals:
                return None
        elif name in at.bound and name not in at.nonlocals:
            return at.variable(name)
        if at.parent is None:
            return at.externals.get(name)
        at = at.parent
    return None


def _reach(owner: Scope, variable: Variable) -> None:
    """Make `variable` available in the frames of `owner`, through every frame in between."""
    while variable.home.owner is not owner and variable not in owner.captures:
        variable.cell = True
        owner.captures.append(variable)
        assert owner.parent is not None
        owner = owner.parent.owner
