"""Operators on tensors that stand for Python's numbers.

What Python's operator raises is found out where the graph runs, without order (`graph.index_checks`). Inside of a `try`
or `with` that is too late, since handlers see the exception: there a division by a number that depends on a tensor is a
decision whether it is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend.decisions import decide
from mindspore.compiler.frontend.frames import Frame

__all__ = ["operated"]


def operated(frame: Frame, operate: Callable[..., Any], names: tuple[str, ...], *operands: Any) -> Any:
    """An operator on operands of which one may stand for a Python number. names: the special methods that it calls."""
    session, name = frame.session, names[0].strip("_")
    control = session.policy.control
    if session.log is None or (is_zero := control.doubtful(name, *operands)) is None:
        return control.operated(operate, name, *operands)
    assert frame.site is not None
    number = float if any(float in control.kinds_of(value) for value in operands) else int
    return decide(frame, is_zero, frame.site, "division", lambda frame: operate(number(1), number(0)),
                  lambda frame: control.operated(operate, name, *operands), True)
