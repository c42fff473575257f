"""Gradients of one's own for classes of operators.

    @bprop_getters.register(Scaled)               # a class, or its name in `ops.operations`
    def get_bprop_scaled(self):                   # the operator object
        def bprop(x, out, dout):
            return (dout * self.factor,)
        return bprop

An operator of the class, called as an object, then has this gradient in both modes: the call becomes one of a Cell with
a `bprop`. Functions of `mindspore.ops` keep their own. Programs import this from `mindspore.ops._grad.grad_base`.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["bprop_getters"]


class _Getters:
    """The functions that make the gradients, by class; see the module's text."""

    def __init__(self) -> None:
        self.by_class: dict[type, Callable] = {}

    def register(self, prim: type | str) -> Callable[[Callable], Callable]:
        """Decorator: the function makes the gradient for operators of a class, in place of the one before.

        Raises:
            TypeError: it is no class of operators. ValueError: there is none of this name.
        """
        from mindspore.ops import operations
        from mindspore.ops.primitive import Primitive
        cls = getattr(operations, prim, None) if isinstance(prim, str) else prim
        if cls is None:
            raise ValueError(f"bprop_getters.register: mindspore.ops.operations has no {prim!r}")
        if not isinstance(cls, type) or not issubclass(cls, Primitive):
            raise TypeError(f"bprop_getters.register: expected a class of operators, got {cls!r}")

        def keep(getter: Callable) -> Callable:
            if cls not in self.by_class:
                _differentiate(cls, self.by_class)
            self.by_class[cls] = getter
            return getter
        return keep

    def get(self, prim: Any) -> Callable | None:
        """The function for an operator or a class of operators; None without one."""
        return self.by_class.get(prim if isinstance(prim, type) else type(prim))


def _differentiate(cls: Any, getters: dict[type, Callable]) -> None:
    """Let calls of operators of the class be those of a Cell with the registered gradient."""
    from mindspore.nn.cell import Cell
    plain = cls.__call__

    class Differentiated(Cell):
        """An operator with a gradient of its own."""

        def __init__(self, operator: Any):
            super().__init__(auto_prefix=False)
            self.operator = operator

        def construct(self, *operands: Any) -> Any:
            return plain(self.operator, *operands)

        def bprop(self, *values: Any) -> Any:
            return getters[cls](self.operator)(*values)

    @functools.wraps(plain)
    def call(self: Any, *operands: Any) -> Any:
        if type(self) is not cls:
            return plain(self, *operands)
        return Differentiated(self)(*operands)

    cls.__call__ = call


bprop_getters = _Getters()
