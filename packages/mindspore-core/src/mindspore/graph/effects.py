"""Effects of compiled functions: printing and raising, as operations of the graph.

The token that orders effects (see `compiler.primitives.effects`) is the value of a hidden tensor. A trace reads it and
writes it as it does a Parameter, so branches, loops and gradients thread it with no mechanism of their own.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend import location
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.primitives.effects import Action
from mindspore.eager import segment
from mindspore.graph import index_checks, tree
from mindspore.graph.text import TracedText, formatted, join_texts, piece
from mindspore.graph.trace import current_trace, suspended

__all__ = ["call_string_method", "channel", "ends_in", "formatted", "holds_traced", "is_text", "join_texts",
           "percent", "perform", "print_text", "raise_at_run_time", "taken_apart"]

_channel: list[Tensor] = []


def channel() -> Tensor:
    """The hidden tensor that holds the token."""
    if not _channel:
        with suspended():
            _channel.append(Tensor(np.int32(0)))
        segment.tokens.append((_channel[0], np.array(0, np.int32)))
    return _channel[0]


def perform(run: Callable[[Any], None], value: Any, text: str, raises: bool = False) -> None:
    """Record that `run` is called at run time with `value`, whose tensors are then concrete.

    text: describes the effect in the graph's text. raises: whether `run` may raise.
    """
    leaves: list[Tensor] = []
    spec = tree.flatten(value, leaves)
    makers = [_maker(leaf) for leaf in leaves]

    def act(*arrays: np.ndarray) -> None:
        with suspended():
            run(tree.rebuild(spec, iter([like(np.array(array)) for like, array in zip(makers, arrays)])))

    trace, token = current_trace(), channel()
    for leaf in leaves:
        trace.aliases.check(leaf)
    nodes = [trace.node_of(leaf) for leaf in leaves]
    action = Action(text, act, raises, location.current())
    trace.write(token, trace.builder.host_call(trace.node_of(token), *nodes, action=action))


def _maker(leaf: Tensor) -> Callable[[np.ndarray], Tensor]:
    """What makes a tensor that is written as `leaf` is: Parameters are written with their names."""
    if not isinstance(leaf, Parameter):
        return Tensor
    name, requires_grad = leaf.name, leaf.requires_grad
    return lambda array: Parameter(Tensor(array), name=name, requires_grad=requires_grad)


def raise_at_run_time(error: BaseException) -> None:
    """Record that `error` is raised at run time (see `raising`)."""
    from mindspore.graph.raising import raise_at_run_time
    raise_at_run_time(error)


def taken_apart(error: BaseException) -> Any:
    """An exception as its kind, its tensors, and what makes it anew (see `raising`)."""
    from mindspore.graph.raising import taken_apart
    return taken_apart(error)


def ends_in(error: Exception) -> bool:
    """The function that is compiled always raises `error`. Whether it has effects before, or the error says what is
    known only at run time; then the graph has the effects when it runs, and raises."""
    trace = current_trace()
    if isinstance(error, (GraphCompileError, RecursionError)) or trace is None or trace.parent:
        return False
    if all(tensor is index_checks.channel() for tensor in trace.written.values()) and not holds_traced(error.args):
        return False
    raise_at_run_time(error)
    return True


def holds_traced(value: Any) -> bool:
    """Whether the value is or holds a tensor, a size or a text that is known only at run time: a tensor of the function
    that is compiled, or one from outside, which may hold another value then."""
    leaves: list = []
    tree.flatten(value, leaves)
    return bool(leaves) or tree.holds_sizes(value)


def is_text(value: Any) -> bool:
    """Whether the value is a text that is known only at run time."""
    return isinstance(value, TracedText)


def print_text(text: str | TracedText, file: Any, flush: bool) -> None:
    """Print at run time, to `file`, or to what is the standard output then."""
    stream = {id(sys.stdout): "stdout", id(sys.stderr): "stderr", id(None): "stdout"}.get(id(file))

    def write(known: str) -> None:
        print(known, end="", file=file if stream is None else getattr(sys, stream), flush=flush)

    shown = text if isinstance(text, str) else "".join([p if isinstance(p, str) else "{}" for p in text.parts])
    perform(write, text, f"print {shown!r}" + (f" to {stream or type(file).__name__}" if stream != "stdout" else ""))


# -- texts -------------------------------------------------------------------------------------------------------------


def call_string_method(method: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A call of a bound method of a str; `format` and `join` take what is known only at run time."""
    if method.__name__ == "join" and len(args) == 1 and not kwargs:
        items = list(args[0])
        return join_texts(items, method.__self__) if any(map(is_text, items)) else method(items)
    if method.__name__ == "format" and holds_traced([list(args), kwargs]):
        return TracedText((piece(lambda known: method(*known[0], **known[1]), [list(args), kwargs]),))
    return method(*args, **kwargs)


def percent(template: str, value: Any) -> Any:
    """`template % value`, where the value may be known only at run time."""
    if not holds_traced(value):
        return template % value
    return TracedText((piece(lambda known: template % known, value),))
