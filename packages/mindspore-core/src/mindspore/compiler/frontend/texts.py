"""Writing values as text: f-strings, `str`, `repr`, `format`, `print`.

A traced tensor has no digits yet. Where the policy knows effects, the text of such a value is a text that is made at
run time (`mindspore.graph.text`), and what is printed is printed then, in the order of the program. The methods by
which a user's class writes its objects (`__str__`, `__repr__`, `__format__`) are interpreted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.special import is_special, special_outcome

__all__ = ["TEXT_FUNCTIONS", "join", "write"]

_CONVERSIONS: dict[int, Callable[[Any], Any]] = {
    -1: lambda value: value,
    ord("s"): str,
    ord("r"): repr,
    ord("a"): ascii,
}
_AS_STR, _AS_REPR = ord("s"), ord("r")


def write(frame: Frame, value: Any, conversion: int, specification: str) -> Any:
    """What an f-string makes of `value`; `conversion` is the code of `!s`, `!r`, `!a`, or -1."""
    effects = frame.session.policy.effects
    if effects is None or type(value) is str or type(specification) is not str:
        return format(_CONVERSIONS[conversion](value), specification)
    if effects.is_text(value) and conversion in (-1, _AS_STR) and not specification:
        return value
    if effects.holds_traced(value):
        return effects.formatted(value, conversion, specification)
    if isinstance(value, BaseException) and effects.holds_traced(list(value.args)):
        text = _written_exception(frame, value, conversion)
        if text is not NotImplemented:
            return write(frame, text, -1, specification)
    if is_special(frame.session, value):
        text = _written_by_class(frame, value, conversion, specification)
        if text is not NotImplemented:
            return text
    return format(_CONVERSIONS[conversion](value), specification)


def _written_by_class(frame: Frame, value: Any, conversion: int, specification: str) -> Any:
    """The text that interpreted methods of the value's class give; NotImplemented if it has none."""
    text = NotImplemented
    if conversion == -1:
        text = special_outcome(frame, "__format__", value, specification)
        if text is NotImplemented and specification:
            return NotImplemented
    if text is NotImplemented and conversion in (-1, _AS_STR):
        text = special_outcome(frame, "__str__", value)
        if text is NotImplemented and type(value).__str__ is not object.__str__:
            return NotImplemented
    if text is NotImplemented and conversion in (-1, _AS_STR, _AS_REPR):
        text = special_outcome(frame, "__repr__", value)
    if text is NotImplemented or conversion == -1 or not specification:
        return text
    return write(frame, text, -1, specification)


def _written_exception(frame: Frame, error: BaseException, conversion: int) -> Any:
    """The text of an exception whose class leaves it to Python; NotImplemented for others."""
    method = "__str__" if conversion in (-1, _AS_STR) else "__repr__"
    if type(error).__str__ is KeyError.__str__ and method == "__str__" and len(error.args) == 1:
        return write(frame, error.args[0], _AS_REPR, "")
    if getattr(type(error), method) is not getattr(BaseException, method):
        return NotImplemented
    if method == "__repr__":
        parts = [write(frame, each, _AS_REPR, "") for each in error.args]
        commas = [", "] * (len(parts) - 1) + [")"]
        return join(frame, [f"{type(error).__name__}(", *[p for pair in zip(parts, commas) for p in pair]])
    return write(frame, error.args[0] if len(error.args) == 1 else error.args, _AS_STR, "")


def join(frame: Frame, parts: list[Any]) -> Any:
    """The parts of an f-string, one after the other."""
    effects = frame.session.policy.effects
    if effects is not None and any(map(effects.is_text, parts)):
        return effects.join_texts(parts)
    return "".join(parts)


def _print(frame: Frame, *values: Any, sep: Any = " ", end: Any = "\n", file: Any = None, flush: bool = False) -> None:
    effects = frame.session.policy.effects
    if effects is None:
        print(*values, sep=sep, end=end, file=file, flush=flush)
        return
    for name, given in (("sep", sep), ("end", end)):
        if given is not None and not isinstance(given, str) and not effects.is_text(given):
            raise TypeError(f"{name} must be None or a string, not {type(given).__name__}")
    separator, last = " " if sep is None else sep, "\n" if end is None else end
    parts: list[Any] = []
    for number, value in enumerate(values):
        parts += [separator] * (number > 0) + [write(frame, value, _AS_STR, "")]
    effects.print_text(join(frame, [*parts, last]), file, flush)


def _str(frame: Frame, *args: Any, **kwargs: Any) -> Any:
    return write(frame, args[0], _AS_STR, "") if len(args) == 1 and not kwargs else str(*args, **kwargs)


def _repr(frame: Frame, *args: Any) -> Any:
    return write(frame, args[0], _AS_REPR, "") if len(args) == 1 else repr(*args)


def _format(frame: Frame, *args: Any) -> Any:
    return write(frame, args[0], -1, *args[1:] or ("",)) if len(args) in (1, 2) else format(*args)


TEXT_FUNCTIONS: dict[Any, Callable[..., Any]] = {print: _print, str: _str, repr: _repr, format: _format}
