"""`_get_cache_prim`: an operator's object by its arguments, made once.

Libraries write `_get_cache_prim(ops.Dense)()` in functions that run often. The objects of operators with the same
arguments compute the same, so one of them serves all calls; arguments without a hash make a new object each time.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["_get_cache_prim"]

_made: dict[tuple, Any] = {}


def _get_cache_prim(cls: type) -> Callable[..., Any]:
    """What makes an operator of the class, or finds the one that was made with the same arguments.

    Arguments of different types are different: 1, 1.0 and True are three keys.
    """
    def made(*args: Any, **kwargs: Any) -> Any:
        named = tuple([(name, type(kwargs[name]), kwargs[name]) for name in sorted(kwargs)])
        key = (cls, args, tuple(map(type, args)), named)
        try:
            found = _made.get(key)
        except TypeError:
            return cls(*args, **kwargs)
        if found is None:
            found = _made[key] = cls(*args, **kwargs)
        return found

    return made
