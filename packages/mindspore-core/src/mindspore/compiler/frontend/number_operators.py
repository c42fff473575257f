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


def operated(frame: Frame, operate: Callable[..., Any], name: str, *operands: Any) -> Any:
    """An operator on operands of which one may stand for a Python number. name: that of its function in `operator`,
    without underscores."""
    session = frame.session
    control = session.policy.control
    if session.log is None or (is_zero := control.doubtful(name, *operands)) is None:
        return control.operated(operate, name, *operands)
    assert frame.site is not None
    return decide(frame, is_zero, frame.site, "division", lambda frame: operate(1, 0),
                  lambda frame: control.operated(operate, name, *operands), True)
