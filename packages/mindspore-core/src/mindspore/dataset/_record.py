"""What datasets, transforms and samplers were made with: kept at construction, so that a pipeline can be written down.

A class below `Recorded` keeps the arguments of its constructor as given; a method marked by `recorded` notes itself and
its arguments in the dataset that it makes.
"""
from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Recorded", "constructor_arguments", "recorded"]

_F = TypeVar("_F", bound=Callable)


class Recorded:
    """The base of what keeps its constructor's arguments. Those of the outermost constructor count."""

    _arguments: tuple[tuple, dict[str, Any]] | None = None

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "__init__" in cls.__dict__:
            cls.__init__ = _keeping(cls.__init__)       # type: ignore[method-assign]


def _keeping(init: Callable) -> Callable:
    @functools.wraps(init)
    def wrapped(self, *args, **kwargs):
        if self._arguments is None:
            self._arguments = args, kwargs
        init(self, *args, **kwargs)
    return wrapped


def constructor_arguments(thing: Recorded) -> dict[str, Any]:
    """The arguments that something was made with, by the names of the constructor's parameters."""
    args, kwargs = thing._arguments or ((), {})
    if not args and not kwargs:
        return {}
    return _flat(inspect.signature(type(thing)).bind(*args, **kwargs))


def _flat(bound: inspect.BoundArguments) -> dict[str, Any]:
    """Arguments by name, those that `**` takes among them."""
    found = dict(bound.arguments)
    for parameter in bound.signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update(found.pop(parameter.name, {}))
    return found


def recorded(method: _F) -> _F:
    """Marks a method that makes a dataset of a dataset: the new one keeps the method's name and the arguments."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def wrapped(self, *args, **kwargs):
        result = method(self, *args, **kwargs)
        if result is not self and result._made is None:
            arguments = _flat(signature.bind(self, *args, **kwargs))
            del arguments["self"]
            result._made = method.__name__, arguments
        return result
    return wrapped      # type: ignore[return-value]
