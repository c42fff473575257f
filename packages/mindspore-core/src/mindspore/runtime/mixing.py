"""Mixed precision at the door: which operators compute in a low precision and which in Float32.

While a network runs that `amp.auto_mixed_precision` has prepared, a `Mixing` belongs to the thread. `record.apply` asks
it for the operands of each operator that is called, in both modes: those of operators on its list `low` are cast to the
low precision, those of operators on its list `wide` to Float32. Casts are operators themselves, so gradients go back
through them into the dtype in which a tensor came.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mindspore.common.dtype import DType, bfloat16, float16, float32
from mindspore.compiler.primitives.base import Primitive, primitive
from mindspore.eager import segment as _segment
from mindspore.graph.trace import _stack

__all__ = ["Detached", "Mixing", "mixed"]

_CAST, _STOP = primitive("cast"), primitive("stop_gradient")
_MIXED = (float16, bfloat16, float32)


class Mixing:
    """Lists of operators, by the names of primitives and by classes of `ops.operations`.

    Args:
        dtype: the low precision. low, wide: names of primitives. low_classes, wide_classes: operator classes, which
            count for their instances. back: results of low operators are cast to Float32.
    """

    def __init__(self, dtype: DType, low: Iterable[str] = (), wide: Iterable[str] = (),
                 low_classes: Iterable[type] = (), wide_classes: Iterable[type] = (), back: bool = False):
        self.dtype, self.back = dtype, back
        self.targets = {primitive(name): float32 for name in wide} | {primitive(name): dtype for name in low}
        self.classes = dict.fromkeys(wide_classes, float32) | dict.fromkeys(low_classes, dtype)

    def apply(self, op: Primitive, tensors: tuple, attrs: tuple, plainly) -> Any:
        """Call an operator on operands in the precision that it belongs in; `plainly` calls it on given ones."""
        target = self.targets.get(op)
        if target is None:
            return plainly(op, tensors, attrs)
        cast = tuple([self._cast(t, target, plainly) for t in tensors])
        result = plainly(op, cast, attrs)
        if not self.back or target is float32:
            return result
        if type(result) is tuple:
            return tuple([self._cast(r, float32, plainly) for r in result])
        return self._cast(result, float32, plainly)

    @staticmethod
    def _cast(tensor, target: DType, plainly):
        dtype = tensor._value.aval.dtype
        return plainly(_CAST, (tensor,), (target,)) if dtype is not target and dtype in _MIXED else tensor

    def operands(self, cls: type, values: tuple) -> tuple:
        """The operands of an operator object, its own or those of a class that it belongs to."""
        target = self.classes.get(cls)
        if target is None:
            return values
        from mindspore.common.tensor import Tensor
        from mindspore.runtime.record import apply_plainly
        return tuple([self._cast(v, target, apply_plainly) if isinstance(v, Tensor) else v for v in values])


class Detached:
    """Operators whose results have no gradient. inner: what else stands at the door, or None."""

    def __init__(self, inner: Any = None):
        self.inner = inner

    @classmethod
    def around(cls, inner: Any) -> Detached:
        """The one around `inner`, always the same: compiled functions are kept by what stands at the door."""
        if isinstance(inner, Detached):
            return inner
        return inner.__dict__.setdefault("_detached", cls(inner)) if inner is not None else _ALONE

    def apply(self, op: Primitive, tensors: tuple, attrs: tuple, plainly) -> Any:
        """Call an operator. Outside of functions that are compiled or differentiated nothing is to be detached."""
        result = plainly(op, tensors, attrs) if self.inner is None else self.inner.apply(op, tensors, attrs, plainly)
        if _stack.trace is None and not _segment.is_differentiated():
            return result
        if type(result) is tuple:
            return tuple([plainly(_STOP, (r,), ()) for r in result])
        return plainly(_STOP, (result,), ())

    def operands(self, cls: type, values: tuple) -> tuple:
        """The operands of an operator object, as those around would have them."""
        return values if self.inner is None else self.inner.operands(cls, values)


_ALONE = Detached()


class mixed:
    """Inside the block operators are called as `mixing` says; None for as they are. Where gradients are off they stay
    off."""

    def __init__(self, mixing: Mixing | None):
        self.mixing = mixing

    def __enter__(self) -> None:
        self.saved = _stack.mixing
        _stack.mixing = Detached.around(self.mixing) if type(self.saved) is Detached else self.mixing

    def __exit__(self, *exc) -> None:
        _stack.mixing = self.saved
