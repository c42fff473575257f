"""Builtins that an interpreted program may not call natively.

Some look at the frame of their caller (`super()`, `locals()`, `eval`): they are given the interpreter's frame. Some
read attributes by name (`getattr`, `hasattr`): what they read is reported as a guard. Some call back (`map`,
`sorted(key=...)`): the functions they are given are wrapped so that they go on being interpreted. Some write values
as text (`print`, `str`): what is not known yet is written later (`texts.py`).

Each replacement takes the frame of the caller, then the builtin's arguments. A policy adds its own with `overrides`.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
import operator
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from mindspore.compiler.frontend.attributes import (
    attribute_or,
    delete_attribute,
    has_attribute,
    load_attribute,
    store_attribute,
)
from mindspore.compiler.frontend.calls import call_from
from mindspore.compiler.frontend.choosing import CHOOSING
from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.folds import FOLDS
from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.functions import variables_of
from mindspore.compiler.frontend.policy import Policy
from mindspore.compiler.frontend.sequences import make_range
from mindspore.compiler.frontend.sizes import SIZE_FUNCTIONS
from mindspore.compiler.frontend.texts import TEXT_FUNCTIONS
from mindspore.compiler.frontend.until import UNTIL
from mindspore.compiler.ir.dims import Dim

__all__ = ["replacements_for"]


def replacements_for(policy: Policy) -> dict[Any, Callable[..., Any]]:
    """The replacements that hold for a session of `policy`."""
    if not policy.overrides:
        return _REPLACEMENTS
    return {**_REPLACEMENTS, **{fn: _without_frame(override) for fn, override in policy.overrides.items()}}


def _without_frame(override: Callable[..., Any]) -> Callable[..., Any]:
    return lambda frame, *args, **kwargs: override(*args, **kwargs)


# -- looking at the caller ---------------------------------------------------------------------------------------------


def _super(frame: Frame, *args: Any) -> Any:
    if args:
        return super(*args)
    code = frame.code
    if code is None or not code.parameters:
        raise RuntimeError("super(): no arguments")
    if code.class_slot is None:
        raise RuntimeError("super(): __class__ cell not found")
    instance = frame.vars[0]
    if 0 in code.parameter_cells:
        instance = instance.cell_contents
    try:
        owner = frame.vars[code.class_slot].cell_contents
    except ValueError:
        raise RuntimeError("super(): empty __class__ cell") from None
    return super(owner, instance)


def _locals(frame: Frame) -> Any:
    if frame.namespace is not None:
        return frame.namespace
    return {} if frame.code is None else variables_of(frame)


def _vars(frame: Frame, *args: Any) -> Any:
    return vars(*args) if args else _locals(frame)


def _dir(frame: Frame, *args: Any) -> list[str]:
    return dir(*args) if args else sorted(_locals(frame))


def _evaluate(fn: Callable[..., Any]) -> Callable[..., Any]:
    def run(frame: Frame, source: Any, globals: Any = None, locals: Any = None, **kwargs: Any) -> Any:
        if globals is None:
            globals = frame.globals
            locals = _locals(frame) if locals is None else locals
        return fn(source, globals, globals if locals is None else locals, **kwargs)

    return run


# -- reading attributes ------------------------------------------------------------------------------------------------


def _getattr(frame: Frame, *args: Any) -> Any:
    if len(args) not in (2, 3) or type(args[1]) is not str:
        return getattr(*args)
    obj, name, *default = args
    return attribute_or(frame, obj, name, *default) if default else load_attribute(frame, obj, name)


def _hasattr(frame: Frame, *args: Any) -> Any:
    if len(args) != 2 or type(args[1]) is not str:
        return hasattr(*args)
    return has_attribute(frame, *args)


# -- calling back ------------------------------------------------------------------------------------------------------


def _with_first(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A replacement for a builtin whose first argument is a function."""

    def run(frame: Frame, *args: Any, **kwargs: Any) -> Any:
        if args and args[0] is not None:
            args = (call_from(frame.session, args[0]), *args[1:])
        return fn(*args, **kwargs)

    return run


def _with_key(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A replacement for a builtin that takes a function as its keyword argument `key`."""

    def run(frame: Frame, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("key") is not None:
            kwargs["key"] = call_from(frame.session, kwargs["key"])
        return fn(*args, **kwargs)

    return run


def _accumulate(frame: Frame, iterable: Any, func: Any = None, **kwargs: Any) -> Any:
    return itertools.accumulate(iterable, call_from(frame.session, func or operator.add), **kwargs)


def _range(frame: Frame, *args: Any) -> Any:
    """`range`, also between tensors and sizes that are known only at run time."""
    session = frame.session
    if session.policy.control is not None and any(session.is_traced(each) or type(each) is Dim for each in args):
        return make_range(session.policy.control, args)
    return range(*args)


def _new_object(frame: Frame, *args: Any, **kwargs: Any) -> Any:
    made = object.__new__(*args, **kwargs)
    frame.session.created[id(made)] = frame.session.journal.made(made)
    return made


def _making(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A replacement for a function that makes an object."""

    def run(frame: Frame, *args: Any, **kwargs: Any) -> Any:
        made = fn(*args, **kwargs)
        if made is not args[0] and hasattr(made, "__dict__"):
            frame.session.created[id(made)] = frame.session.journal.made(made)
        return made

    return run


def _type(frame: Frame, *args: Any, **kwargs: Any) -> Any:
    control = frame.session.policy.control
    if len(args) == 1 and not kwargs and control is not None and frame.session.is_traced(args[0]):
        return control.type_of(args[0])
    return type(*args, **kwargs)


def _refuse_thread(frame: Frame, thread: Any) -> NoReturn:
    unsupported(
        f"starting the thread {thread.name!r}",
        "do the work in the compiled function itself, or start the thread outside of it",
        frame.site,
    )


_CALL_FIRST = (
    map,
    functools.reduce,
    itertools.dropwhile,
    itertools.filterfalse,
    itertools.starmap,
    itertools.takewhile,
)

_REPLACEMENTS: dict[Any, Callable[..., Any]] = {
    super: _super,
    locals: _locals,
    globals: lambda frame: frame.globals,
    vars: _vars,
    dir: _dir,
    eval: _evaluate(eval),
    exec: _evaluate(exec),
    getattr: _getattr,
    hasattr: _hasattr,
    setattr: store_attribute,
    delattr: delete_attribute,
    threading.Thread.start: _refuse_thread,
    itertools.accumulate: _accumulate,
    range: _range,
    type: _type,
    object.__new__: _new_object,
    **{fn: _making(fn) for fn in (copy.copy, copy.deepcopy, dataclasses.replace)},
    **TEXT_FUNCTIONS,
    **SIZE_FUNCTIONS,
    **FOLDS,
    **CHOOSING,
    **UNTIL,
    itertools.groupby: _with_key(itertools.groupby),
    **{fn: _with_first(fn) for fn in _CALL_FIRST},
}
