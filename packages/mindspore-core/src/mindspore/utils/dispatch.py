"""Seeing every operator that a program calls."""
from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from mindspore.compiler.primitives.base import Primitive
from mindspore.graph.trace import _stack

__all__ = ["MsDispatchMode"]


class _Call:
    """An operator with its attributes; called with tensors it computes. `name`: of the operator, `attrs`: by name."""

    def __init__(self, op: Primitive, attrs: tuple, plainly: Callable, below: Any):
        self.name, self.attrs = op.name, dict(zip(op.attrs, attrs))
        self._op, self._attrs, self._plainly, self._below = op, attrs, plainly, below

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, *tensors: Any, **named: Any) -> Any:
        if named:
            raise TypeError(f"{self.name}: operands have no names here, but got {', '.join(named)}")
        if self._below is None:
            return self._plainly(self._op, tensors, self._attrs)
        return self._below.apply(self._op, tensors, self._attrs, self._plainly)

    def __repr__(self) -> str:
        return f"<operator {self.name}>"


class MsDispatchMode(contextlib.ContextDecorator):
    """A block in which `__ms_dispatch__` is called for every operator instead of the operator.

    A subclass defines `__ms_dispatch__(self, func, args=(), kwargs=None)` and returns the result: that of
    `func(*args)`, or any other of the same shapes. `func.name` is the operator's name and `func.attrs` its attributes.
    Operators that the method itself calls are not seen. Blocks nest, the innermost one sees a call first; in a function
    that is compiled inside of the block, it sees the calls while the graph is made.
    """

    def __ms_dispatch__(self, func: Callable, args: tuple = (), kwargs: dict | None = None) -> Any:
        """What takes the place of an operator; by default the operator itself."""
        return func(*args, **(kwargs or {}))

    def __enter__(self) -> MsDispatchMode:
        self.__dict__.setdefault("_below", []).append(_stack.mixing)
        _stack.mixing = self
        return self

    def __exit__(self, *exc: object) -> None:
        _stack.mixing = self.__dict__["_below"].pop()

    def apply(self, op: Primitive, tensors: tuple, attrs: tuple, plainly: Callable) -> Any:
        """Called at the door of operators (`mindspore.runtime.record`)."""
        below = self.__dict__["_below"][-1]
        saved, _stack.mixing = _stack.mixing, None
        try:
            return self.__ms_dispatch__(_Call(op, attrs, plainly, below), tensors, {})
        finally:
            _stack.mixing = saved

    def operands(self, cls: type, values: tuple) -> tuple:
        """The operands of an operator object, as those around would have them."""
        below = self.__dict__["_below"][-1]
        return values if below is None else below.operands(cls, values)
