"""Calling what a user handed to a layer: a Cell, or a function."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.graph.call import call_function
from mindspore.graph.trace import _stack
from mindspore.nn.cell import Cell


def call(fn: Callable, *args) -> Any:
    """fn(*args). While a graph is compiled, a user's function is interpreted, so that what it reads is guarded."""
    if _stack.trace is None or isinstance(fn, Cell):
        return fn(*args)
    return call_function(fn, *args)
