"""Options of compilation: `JitConfig`, and the two decorators that speak about inlining."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["JitConfig", "lazy_inline", "no_inline"]

_CHOICES = {
    "jit_level": ("", "O0", "O1", "O2"), "exc_mode": ("auto", "sink", "no_sink"),
    "jit_syntax_level": ("", "STRICT", "COMPATIBLE", "LAX"), "debug_level": ("RELEASE", "DEBUG"),
    "infer_boost": ("", "on", "off"),
}


class JitConfig:
    """Options for `Cell.set_jit_config` and `jit(jit_config=...)`. `jit_syntax_level` decides something; the others are
    kept for programs that hand them on: there is one compiler, which does all that it can whatever they say.

    Args:
        jit_level: '', 'O0', 'O1' or 'O2'. exc_mode: 'auto', 'sink' or 'no_sink'.
        jit_syntax_level: 'STRICT': what cannot be compiled is an error. 'LAX': what needs the values of tensors runs in
            PyNative mode. '' and 'COMPATIBLE': as `set_context(jit_syntax_level=...)` says.
        debug_level: 'RELEASE' or 'DEBUG'. infer_boost: 'on' or 'off'.
        kwargs: 'backend', and other options of a backend, as they are.

    Raises:
        ValueError: an option has another value.
    """

    def __init__(self, jit_level: str = "", exc_mode: str = "auto", jit_syntax_level: str = "",
                 debug_level: str = "RELEASE", infer_boost: str = "off", **kwargs: Any):
        given = {"jit_level": jit_level, "exc_mode": exc_mode, "jit_syntax_level": jit_syntax_level,
                 "debug_level": debug_level, "infer_boost": infer_boost}
        for name, value in given.items():
            if value not in _CHOICES[name]:
                raise ValueError(f"JitConfig: {name} must be one of {', '.join(map(repr, _CHOICES[name]))}, got "
                                 f"{value!r}")
        if unknown := kwargs.keys() - {"backend", "jit_config", "options"}:
            raise ValueError(f"JitConfig: unknown option {min(unknown)!r}; expected {', '.join(given)} or backend")
        self.jit_config_dict = {**kwargs, **given}


def no_inline(fn: Callable | None = None) -> Callable:
    """Decorator of a function that is not to be inlined into the graphs that call it. It gives the function back:
    whether a call is inlined changes no result, and the compiler decides it for each call. A Cell of a class that a
    network repeats, a function that calls itself and a loop's body become graphs of their own without a mark.

    Raises:
        TypeError: `fn` cannot be called.
    """
    if fn is None:
        return no_inline
    if not callable(fn):
        raise TypeError(f"no_inline: expected a function, got {type(fn).__name__}")
    return fn


def lazy_inline(fn: Callable | None = None, attrs: Any = None, policy: str | None = None) -> Callable:
    """Decorator of a Cell's `__init__`: the Cell's graph is to be made once for all Cells of the class. It gives the
    method back: where a network calls three or more Cells of one class that record the same graph, that graph is made,
    differentiated and compiled once anyway (`graph.blocks`), and whether Cells record the same graph is found out, not
    declared.

    Args:
        fn: the method. attrs: names of the arguments that tell graphs apart, not needed here.
        policy: None or 'front'.

    Raises:
        TypeError: `fn` cannot be called. ValueError: another policy.
    """
    if policy not in (None, "front"):
        raise ValueError(f"lazy_inline: policy must be None or 'front', got {policy!r}")
    if fn is None:
        return functools.partial(lazy_inline, attrs=attrs, policy=policy)
    if not callable(fn):
        raise TypeError(f"lazy_inline: expected a function, got {type(fn).__name__}")
    return fn
