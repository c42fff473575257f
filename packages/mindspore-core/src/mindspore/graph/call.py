"""Calling a user's function while its operations are being recorded into a graph.

A function whose source can be read is interpreted, so that control flow, guards and locations are seen; any other
function (typed at a prompt, made by exec, or part of the framework) is called as it is, and records what it does.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mindspore.graph.policy import POLICY


def call_function(fn: Callable, *args, **kwargs) -> Any:
    """Call `fn` in the present trace."""
    from mindspore.compiler.frontend import interpret
    return interpret(fn, args, kwargs, POLICY)


def call_construct(cell: Any, args: tuple, kwargs: dict) -> Any:
    """Run a Cell's construct in the present trace: framework layers natively, a user's by interpretation."""
    if is_framework_class(type(cell)):
        from mindspore.graph.compiled import current_guards
        guards = current_guards()
        if guards is not None:
            guards.add_layer(cell)
        return cell.construct(*args, **kwargs)
    return call_function(cell.construct, *args, **kwargs)


@lru_cache(maxsize=4096)
def is_framework_class(cls: type) -> bool:
    """Whether the class's construct belongs to this package, in a module whose functions are not interpreted."""
    for base in cls.__mro__:
        if "construct" in vars(base):
            return base.__module__.partition(".")[0] == __name__.partition(".")[0] \
                and not getattr(sys.modules.get(base.__module__), "INTERPRETED", False)
    return False
