"""What the interpreter asks of its owner.

The interpreter knows Python; everything about tensors, cells and caching is decided by a `Policy`. One policy object
serves one compilation: the interpreter reports to it every value that the program read from outside of itself
(globals, closure cells, attributes, defaults, code), so that the owner can check on the next call whether the compiled
graph is still the program.

Guards, precisely. A guard says "the program read this place and found this value". Places that the program made
itself during the same compilation (its local objects, classes and closures) are not reported. A container is reported
as the value of the place that it was read from; whether its contents are compared, too, is up to the policy.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import CellType, FunctionType, ModuleType
from typing import Any

__all__ = ["ABSENT", "Policy"]


class _Absent:
    """The value of a place that holds nothing (a global name that is not defined in its module)."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()

_FRAMEWORK = __name__.partition(".")[0]
_STANDARD_LIBRARY = sysconfig.get_path("stdlib")


class Policy:
    """Decisions and records of one compilation. Subclass it; every method has a default that suits plain Python.

    Attributes:
        overrides: callables (functions, builtins, classes) that are replaced when the program calls them, by a
            callable that receives the same arguments: `{print: print_in_graph}`.
        control: what makes graphs of decisions on traced tensors (`mindspore.graph.control`); None refuses them.
        effects: what records printing and raising (`mindspore.graph.effects`); with None they happen at once.
        recursion: what makes graphs of functions that call themselves (`mindspore.graph.recursion`), where there is a
            `control`.
    """

    control: Any = None
    effects: Any = None
    recursion: Any = None
    overrides: Mapping[Callable[..., Any], Callable[..., Any]] = {}

    def __init__(self) -> None:
        self._native_modules: dict[str, bool] = {}

    def compilation(self) -> object:
        """What is being compiled now, by identity.

        Within one compilation a place is reported once or more often, as convenient; what the program made itself is
        not reported. A policy that serves several compilations returns another object for each of them.
        """
        return self

    # -- what is a traced value, a cell, a native function -------------------------------------------------------------

    def is_traced(self, value: object) -> bool:
        """Whether `value` is a tensor whose contents are unknown while the program is compiled."""
        return False

    def is_cell(self, obj: object) -> bool:
        """Whether calling `obj` means calling its `construct` method (through `call_cell`)."""
        return False

    def call_cell(
        self, cell: Any, args: tuple[Any, ...], kwargs: dict[str, Any], call_construct: Callable[..., Any]
    ) -> Any:
        """Call a cell; `call_construct(*args, **kwargs)` interprets its `construct`. Hooks and checks go around it."""
        return call_construct(*args, **kwargs)

    def is_native(self, fn: FunctionType) -> bool:
        """Whether the Python function `fn` is called as it is instead of being interpreted.

        By default the framework, the standard library and installed third-party modules are native, except for
        third-party modules that import the framework themselves, whose functions are model code, and modules of the
        framework that say `INTERPRETED = True`, whose functions are written as a user's are.
        """
        module = fn.__globals__.get("__name__")
        known = self._native_modules.get(module) if type(module) is str else None
        if known is None:
            known = _is_native_module(module, fn.__code__.co_filename, fn.__globals__)
            if type(module) is str:
                self._native_modules[module] = known
        return known

    def unwrap(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """The function behind a wrapper of the framework (`jit`) that a graph may inline, or `fn` itself.

        Asked only about callables that would otherwise be called natively.
        """
        return fn

    def guards_type(self, cls: type) -> bool:
        """Whether attributes read from instances of `cls` are reported and its properties interpreted.

        By default those of every class that is neither a builtin nor the framework's (but for modules that say
        `INTERPRETED = True`): a library's namespace object holds the user's configuration as well as an object of the
        user's own class does.
        """
        if (cls.__module__ or "").partition(".")[0] == _FRAMEWORK:
            return bool(getattr(sys.modules.get(cls.__module__), "INTERPRETED", False))
        return cls.__module__ != "builtins"

    def is_user_module_name(self, name: str) -> bool:
        """Whether the module called `name` belongs to the user's program, so that reading from it is reported."""
        module = sys.modules.get(name)
        namespace = {} if module is None else vars(module)
        return not _is_native_module(name, namespace.get("__file__") or "", namespace)

    # -- guards --------------------------------------------------------------------------------------------------------

    def guard_global(self, globals_dict: dict[str, Any], name: str, value: object) -> None:
        """The program read global `name`. `value` is ABSENT if it is not there and a builtin was used instead."""

    def guard_cell(self, closure_cell: CellType, name: str, value: object) -> None:
        """The program read the closure variable `name` of a function that existed before the compilation."""

    def guard_attr(self, obj: object, name: str, value: object) -> None:
        """The program read an attribute.

        If `obj` is a class, `value` is the raw entry `vars(obj)[name]` (a function, a property, a constant);
        otherwise `value` is what `getattr(obj, name)` gave: for modules, for instances, and for functions
        (`__code__`, `__defaults__`, `__kwdefaults__` of each function that was interpreted).
        """

    def was_there(self, value: object) -> bool:
        """Whether a value that counts as traced comes from outside of the program, so that reading it is guarded."""
        return False

    def reads_to_change(self, kind: type | None) -> None:
        """What is read from now on, until this is called again with None, is read to append to it, if it is a list, or
        to set an entry, if it is a dict: its contents are of no account. `kind` is list or dict."""

    def holds_traced(self, value: object) -> bool:
        """Whether `value` is or holds a tensor that has no value outside of the compilation."""
        return self.is_traced(value)

    def finished(self, session: Any) -> None:
        """The outermost call of an interpretation is over, without an error; what it changed is in
        `session.journal`."""

    def joins_attribute(self, obj: Any, name: str, values: Any) -> None:
        """The sides of a decision leave different values in `obj.name`. `control.Mismatch` if they cannot be joined."""

    # -- effects -------------------------------------------------------------------------------------------------------

    def set_attr(self, obj: Any, name: str, value: object) -> None:
        """The program executes `obj.name = value`."""
        setattr(obj, name, value)


def _is_native_module(name: object, filename: str, namespace: dict[str, Any]) -> bool:
    root = name.partition(".")[0] if isinstance(name, str) else ""
    if root == _FRAMEWORK or root in sys.builtin_module_names:
        return not namespace.get("INTERPRETED", False)
    parts = PurePath(filename).parts
    if "site-packages" in parts or "dist-packages" in parts:
        return not any(map(_is_of_framework, list(namespace.values())))
    return filename.startswith("<frozen ") or filename.startswith(_STANDARD_LIBRARY)


def _is_of_framework(value: object) -> bool:
    owner = value.__name__ if isinstance(value, ModuleType) else getattr(type(value), "__module__", None)
    if isinstance(value, (type, FunctionType)):
        owner = value.__module__
    return isinstance(owner, str) and owner.partition(".")[0] == _FRAMEWORK
