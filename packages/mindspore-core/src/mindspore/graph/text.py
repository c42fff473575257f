"""Texts with values in them that are known only at run time.

`f"loss {loss:.3f}"` of a traced tensor is a `TracedText`: the pieces of the text, and how each value is to be written.
It can be printed, raised, joined with other text, returned and stored; every other use of it needs the characters,
which do not exist yet, and is refused. The characters are made of the values as Python makes them of concrete tensors,
so a text reads the same in both modes.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.runtime.record import apply

CONVERSIONS: dict[int, Callable[[Any], Any]] = {-1: lambda value: value, ord("s"): str, ord("r"): repr,
                                                ord("a"): ascii}


class TracedTextError(GraphCompileError):
    """Python asked for the characters of a text that are known only at run time."""

    native = True


class Piece:
    """A part of a text: `render(value)` writes it once the tensors in `value` are known."""

    __slots__ = ("render", "value")

    def __init__(self, render: Callable[[Any], str], value: Any):
        self.render, self.value = render, value


def formatted(value: Any, conversion: int = -1, specification: str = "") -> TracedText:
    """What an f-string makes of a value that holds traced tensors; `conversion` is the code of `!s`, `!r`, `!a`, or
    -1."""
    return TracedText((piece(lambda known: format(CONVERSIONS[conversion](known), specification), value),))


def piece(render: Callable[[Any], str], value: Any) -> Piece:
    """A part of a text. Symbolic sizes in the value are written as the numbers that they are."""
    from mindspore.graph import tree
    if not tree.holds_sizes(value):
        return Piece(render, value)
    op = PRIMITIVES["dimension"]

    def as_tensor(part: Any) -> Any:
        return apply(op, (), op.pack_attrs({"value": part})) if isinstance(part, Symbolic) else part

    return Piece(lambda known: render(_with_numbers(value, known)), tree.map_static(as_tensor, value))


def _with_numbers(value: Any, known: Any) -> Any:
    """`known` with Python numbers where `value` has symbolic ones."""
    if isinstance(value, Symbolic):
        return known.item()
    if isinstance(value, tuple | list):
        parts = [_with_numbers(v, k) for v, k in zip(value, known)]
        return parts if isinstance(known, list) else type(known)(*parts) if hasattr(known, "_fields") else tuple(parts)
    if isinstance(value, dict):
        return {key: _with_numbers(v, known[key]) for key, v in value.items()}
    return known


class TracedText:
    """See the module's text; `parts` are str and Piece."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple):
        self.parts = parts

    @property
    def values(self) -> list:
        """The values that are written, in order."""
        return [part.value for part in self.parts if isinstance(part, Piece)]

    def with_values(self, values: list) -> TracedText:
        """The same text about other values."""
        found = iter(values)
        return TracedText(tuple([Piece(p.render, next(found)) if isinstance(p, Piece) else p for p in self.parts]))

    def render(self) -> str:
        """The characters, where the values are concrete."""
        return "".join([part.render(part.value) if isinstance(part, Piece) else part for part in self.parts])

    def __add__(self, other: Any) -> TracedText:
        return join_texts((self, other)) if isinstance(other, (str, TracedText)) else NotImplemented

    def __radd__(self, other: Any) -> TracedText:
        return join_texts((other, self)) if isinstance(other, str) else NotImplemented

    def __repr__(self) -> str:
        return f"<text {''.join([p if isinstance(p, str) else '{...}' for p in self.parts])!r}, known at run time>"

    def _refuse(self, *args: Any) -> NoReturn:
        raise TracedTextError("The characters of a text are needed while its function is being compiled: the text "
                              "holds a tensor's value, which is known only at run time.", found=repr(self),
                              remedy="print, raise, join or return the text; or decide by the tensor itself")

    __str__ = __format__ = __len__ = __iter__ = __getitem__ = __contains__ = __bool__ = __eq__ = __ne__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __mul__ = __rmul__ = __mod__ = __hash__ = _refuse  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(str, name):
            raise AttributeError(f"'TracedText' object has no attribute {name!r}")
        self._refuse()


def join_texts(parts: Any, separator: str = "") -> TracedText:
    """The texts (str or TracedText), one after the other."""
    found: list = []
    for number, part in enumerate(parts):
        if number and separator:
            found.append(separator)
        found += part.parts if isinstance(part, TracedText) else (part,)
    return TracedText(tuple(found))
