"""Numbers that are known only when the graph runs: what Python's builtins make of them.

A size of a tensor may be a `Dim` (`mindspore.compiler.ir.dims`). Its arithmetic is its own; here are the builtins that
need an int and would otherwise ask for one: the size then were a number, and the graph good for that number only. A
`range` to a symbolic size, and a `for` over the rows of a tensor of so many, becomes a loop on a tensor.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.number_operators import operated
from mindspore.compiler.frontend.sequences import TensorRange
from mindspore.compiler.ir.dims import Dim, Symbolic

__all__ = ["SIZE_FUNCTIONS"]


def _len(frame: Frame, *args: Any) -> Any:
    control = frame.session.policy.control
    if len(args) == 1 and control is not None and control.has_rows(args[0]):
        return args[0].shape[0]
    if len(args) == 1 and type(args[0]) is TensorRange:
        return args[0].count
    return len(*args)


def _divmod(frame: Frame, *args: Any) -> Any:
    session = frame.session
    if len(args) != 2 or session.policy.control is None or not any(map(session.is_traced, args)):
        return divmod(*args)
    return operated(frame, operator.floordiv, ("floordiv",), *args), operated(frame, operator.mod, ("mod",), *args)


def _pow(frame: Frame, *args: Any) -> Any:
    session = frame.session
    if len(args) != 2 or session.policy.control is None or not any(map(session.is_traced, args)):
        return pow(*args)
    return operated(frame, operator.pow, ("pow",), *args)


def _isinstance(frame: Frame, *args: Any) -> Any:
    """A size is an int, a quotient of sizes a float."""
    if len(args) == 2 and isinstance(args[0], Symbolic):
        return isinstance(0 if type(args[0]) is Dim else 0.0, args[1])
    control = frame.session.policy.control
    if len(args) == 2 and control is not None and frame.session.is_traced(args[0]):
        return control.is_instance(*args)
    return isinstance(*args)


def _sqrt(frame: Frame, *args: Any) -> Any:
    return args[0].sqrt() if len(args) == 1 and isinstance(args[0], Symbolic) else math.sqrt(*args)


SIZE_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    len: _len, isinstance: _isinstance, math.sqrt: _sqrt, divmod: _divmod, pow: _pow}
