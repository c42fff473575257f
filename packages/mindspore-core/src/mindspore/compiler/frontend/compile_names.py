"""Reading, writing and deleting variables.

What a name means is known when the function is compiled (`scopes.py`), so each use of a name becomes the shortest
closure that does it: index a slot, open the cell in a slot, or search the globals and builtins. Reads that reach
outside of the function (globals, closure cells of a function that existed before) are reported as guards.

Errors are raised outside of handlers, here and everywhere in the interpreter: the `__context__` of a program's
exception must not be an exception of the interpreter.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import CellType
from typing import Any, NoReturn

from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.dispatch import compiles
from mindspore.compiler.frontend.errors import TensorConditionError
from mindspore.compiler.frontend.frames import UNBOUND, Frame, Run, Unbound
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.policy import ABSENT
from mindspore.compiler.frontend.scopes import CLASS, Scope, Variable
from mindspore.compiler.frontend.variants import Variant, narrowed

__all__ = ["Store", "compile_delete_name", "compile_load_name", "compile_store_name"]

Store = Callable[[Frame, Any], None]

if sys.version_info >= (3, 11):
    _UNBOUND_LOCAL = "cannot access local variable '{}' where it is not associated with a value"
    _UNBOUND_FREE = "cannot access free variable '{}' where it is not associated with a value in enclosing scope"
else:
    _UNBOUND_LOCAL = "local variable '{}' referenced before assignment"
    _UNBOUND_FREE = "free variable '{}' referenced before assignment in enclosing scope"


@compiles(ast.Name)
def _name(node: ast.Name, scope: Scope) -> Run:
    return compile_load_name(node.id, node, scope)


def _unbound(frame: Frame, site: Site, name: str, free: bool = False, value: Unbound = UNBOUND) -> NoReturn:
    frame.site = site
    value.ask()
    if value.site is not None:
        raise TensorConditionError(
            f"'{name}' {value.why}.", found=f"the decision in line {value.site.lineno}", site=site,
            remedy="assign the variable before the decision, or values of one shape and dtype on both sides",
        )
    if free:
        raise NameError(_UNBOUND_FREE.format(name), name=name)
    raise UnboundLocalError(_UNBOUND_LOCAL.format(name), name=name)


def _undefined(frame: Frame, site: Site, name: str) -> NoReturn:
    frame.site = site
    raise NameError(f"name '{name}' is not defined", name=name)


# -- load --------------------------------------------------------------------------------------------------------------


def compile_load_name(identifier: str, node: ast.AST, scope: Scope) -> Run:
    """The closure that reads the variable `identifier`."""
    name = scope.mangle(identifier)
    site = scope.site(node)
    variable = scope.lookup(name)
    if scope.kind == CLASS:
        outside = _load_global(name, site) if variable is None else _load_variable(variable, scope, site)
        return _load_in_class(name, outside)
    return _load_global(name, site) if variable is None else _load_variable(variable, scope, site)


def _load_variable(variable: Variable, scope: Scope, site: Site) -> Run:
    slot, name, free = scope.slot(variable), variable.name, _is_free(variable, scope)
    if not variable.cell:

        def load_local(frame: Frame) -> Any:
            value = frame.vars[slot]
            kind = type(value)
            if kind is Unbound or kind is Variant:
                return _unusual(frame, site, name, free, value)
            return value

        return load_local
    external = variable.external
    from_outside = variable.home.owner is not scope.owner or external

    def load_cell(frame: Frame) -> Any:
        cell = frame.vars[slot]
        value = _contents(cell)
        if type(value) is Unbound or type(value) is Variant:
            value = _unusual(frame, site, name, free, value)
        if from_outside and (external or frame.guard_closure):
            frame.session.policy.guard_cell(cell, name, value)
        return value

    return load_cell


def _unusual(frame: Frame, site: Site, name: str, free: bool, value: Any) -> Any:
    """A variable that has no value, or one of several: some of which may be none."""
    if type(value) is Variant:
        value = _plainly_unbound(narrowed(frame.session, value))
    if isinstance(value, Unbound):
        _unbound(frame, site, name, free, value)
    if type(value) is not Variant or not any(isinstance(each, Unbound) for each in value.members):
        return value
    frame.site = site
    return fork(frame, lambda frame, member: _unusual(frame, site, name, free, _plainly_unbound(member)), value)


def _plainly_unbound(value: Any) -> Any:
    """The side of a decision that leaves a variable unbound raises what Python raises."""
    if not isinstance(value, Unbound):
        return value
    value.ask()
    return UNBOUND


def _is_free(variable: Variable, scope: Scope) -> bool:
    """Whether Python's errors call the variable free: it belongs to an outer function, and before Python 3.12 a
    comprehension counts as a function."""
    if sys.version_info < (3, 12):
        return variable.external or variable.home is not scope
    return variable.external or variable.home.owner is not scope.owner


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return UNBOUND


def _load_global(name: str, site: Site) -> Run:
    def load_global(frame: Frame) -> Any:
        namespace = frame.globals
        value = namespace.get(name, ABSENT)
        frame.session.guard_global(namespace, name, value)
        if value is ABSENT:
            value = frame.builtins.get(name, ABSENT)
            if value is ABSENT:
                _undefined(frame, site, name)
        return value

    return load_global


def _load_in_class(name: str, outside: Run) -> Run:
    def load_class_entry(frame: Frame) -> Any:
        try:
            return frame.namespace[name]
        except KeyError:
            pass
        return outside(frame)

    return load_class_entry


# -- store -------------------------------------------------------------------------------------------------------------


def compile_store_name(identifier: str, scope: Scope) -> Store:
    """The closure that assigns to the variable `identifier`."""
    name = scope.mangle(identifier)
    variable = scope.lookup(name)
    if variable is None:
        if scope.kind == CLASS and name not in scope.globals:

            def store_class_entry(frame: Frame, value: Any) -> None:
                frame.namespace[name] = value

            return store_class_entry

        def store_global(frame: Frame, value: Any) -> None:
            frame.session.journal.note_global(frame.globals, name)
            frame.globals[name] = value

        return store_global
    slot = scope.slot(variable)
    if variable.cell:
        external = variable.external

        def store_cell(frame: Frame, value: Any) -> None:
            cell = frame.vars[slot]
            if external:
                frame.session.outer_cells[id(cell)] = cell
            if external or frame.session.journal.fresh is not None:
                frame.session.journal.note_variable(cell)
            cell.cell_contents = value

        return store_cell

    def store_local(frame: Frame, value: Any) -> None:
        frame.vars[slot] = value

    return store_local


# -- delete ------------------------------------------------------------------------------------------------------------


def compile_delete_name(identifier: str, node: ast.AST, scope: Scope) -> Run:
    """The closure that unbinds the variable `identifier`; it raises like Python if there is nothing to unbind."""
    name = scope.mangle(identifier)
    site = scope.site(node)
    variable = scope.lookup(name)
    if variable is None:
        in_class = scope.kind == CLASS and name not in scope.globals

        def delete_entry(frame: Frame) -> None:
            if not in_class:
                frame.session.journal.note_global(frame.globals, name)
            try:
                del (frame.namespace if in_class else frame.globals)[name]
                return
            except KeyError:
                pass
            _undefined(frame, site, name)

        return delete_entry
    slot = scope.slot(variable)
    if variable.cell:
        free = _is_free(variable, scope)

        def delete_cell(frame: Frame) -> None:
            cell = frame.vars[slot]
            value = _contents(cell)
            if type(value) is Unbound or type(value) is Variant:
                _unusual(frame, site, name, free, value)
            frame.session.journal.note_variable(cell)
            del cell.cell_contents

        return delete_cell

    def delete_local(frame: Frame) -> None:
        value = frame.vars[slot]
        if type(value) is Unbound or type(value) is Variant:
            _unusual(frame, site, name, False, value)
        frame.vars[slot] = UNBOUND

    return delete_local
