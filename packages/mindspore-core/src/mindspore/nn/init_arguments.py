"""Decorators of constructors that note their arguments."""
from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["arguments_of", "cell_attr_register", "opt_init_args_register"]


def arguments_of(signature: inspect.Signature, cell: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
    """What a constructor was called with, by name, defaults included."""
    bound = signature.bind(cell, *args, **kwargs)
    bound.apply_defaults()
    return dict(list(bound.arguments.items())[1:])


def cell_attr_register(fn: Callable | None = None, attrs: Iterable[str] | str | None = None) -> Callable:
    """A constructor of a Cell whose arguments are noted in `cell_init_args`, as text.

    Args:
        fn: the constructor, where the decorator stands without arguments.
        attrs: the names of those to note; None: all of them.
    """
    if fn is None:
        return functools.partial(cell_attr_register, attrs=attrs)
    signature = inspect.signature(fn)
    wanted = None if attrs is None else {attrs} if isinstance(attrs, str) else set(attrs)

    @functools.wraps(fn)
    def initialise(self, *args, **kwargs):
        fn(self, *args, **kwargs)
        found = arguments_of(signature, self, args, kwargs)
        named = {name: value for name, value in found.items() if wanted is None or name in wanted}
        self.cell_init_args = f"{type(self)!r}({', '.join(f'{name}={value!r}' for name, value in named.items())})"

    return initialise


def opt_init_args_register(fn: Callable) -> Callable:
    """A constructor of an optimizer whose arguments are noted: `init_params` has the Parameters under "params",
    `init_learning_rate` the learning rate, and `init_args` all others by name."""
    signature = inspect.signature(fn)

    @functools.wraps(fn)
    def initialise(self, *args, **kwargs):
        fn(self, *args, **kwargs)
        found = arguments_of(signature, self, args, kwargs)
        params, rate = found.pop("params", None), found.pop("learning_rate", None)
        for name, value in (("init_params", {"params": params}), ("init_learning_rate", rate), ("init_args", found)):
            object.__setattr__(self, name, value)

    return initialise
