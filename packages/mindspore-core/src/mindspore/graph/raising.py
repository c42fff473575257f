"""Exceptions of compiled functions that are raised at run time.

Where an exception ends a branch that depends on a tensor, the branch becomes an operation that raises it. The exception
that was made while compiling serves as a model: its class, arguments and attributes, with traced tensors in them, are
taken apart, and at run time the exception is made anew with the tensors' values. Its traceback ends in the lines of the
user's program.

What the program assigned to Parameters, generators and its arguments before it raised stays assigned: the values at
that point are operands of the raising operation.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.common.tensor_views import refresh
from mindspore.compiler.frontend.tracebacks import Place, places_of, traceback_of
from mindspore.graph import effects, index_checks, tree
from mindspore.graph.trace import GraphTrace, Traced, current_trace
from mindspore.runtime.record import assign, wrap

__all__ = ["raise_at_run_time", "running", "taken_apart", "without_executor"]

_DEEPEST_CAUSE = 8
_COMPARED = (str, int, float, bool, complex, bytes, type, type(None))


class _Running(threading.local):
    """The arguments of the call that runs on this thread, where an exception may assign them."""

    arguments: Sequence = ()


running = _Running()


def raise_at_run_time(error: BaseException) -> None:
    """Record that `error` is raised where the present trace runs."""
    trace, places = current_trace(), places_of(error)
    state, changed = _assigned(trace), _changed_arguments(trace)
    values = [[wrap(Traced(trace, trace.node_of(tensor))) for tensor in tensors]
              for tensors in (state, changed.values())]

    def run(known: Any) -> None:
        model, (now, given) = known
        for tensor, value in zip(state, now):
            tensor._value = value._value
        refresh(state)
        for place, value in zip(changed, given):
            assign(running.arguments[place], value)
        raise _revived(model, places)

    effects.perform(run, [_model(error), values], f"raise {type(error).__name__}", raises=True)


def taken_apart(error: BaseException) -> tuple[Any, list[Tensor], Callable[[Any], BaseException]]:
    """Of an exception that is carried out of a loop: what kind it is (a value that can be compared), the tensors in
    it, and a function that makes it anew with other tensors."""
    model, places = _model(error), places_of(error)
    tensors: list[Tensor] = []
    spec = tree.flatten(model, tensors)
    static = [(type(v), v if isinstance(v, _COMPARED) else id(v)) for v in tree.static_values(spec)]
    signature = [place.site for place in places], static, [t._value.aval for t in tensors]
    return signature, tensors, lambda found: _revived(tree.rebuild(spec, iter(found)), places)


def without_executor(error: BaseException) -> None:
    """Leave out of a traceback what runs graphs, if the program raised the error: the lines of the user's program then
    follow the call of the compiled function."""
    entry = error.__traceback__
    while entry is not None and entry.tb_frame.f_code.co_filename != __file__:
        entry = entry.tb_next
    if entry is not None:
        error.__traceback__ = entry.tb_next


def _assigned(trace: GraphTrace | None) -> list[Tensor]:
    """The tensors from outside of the compiled function that it has assigned so far."""
    found: dict[int, Tensor] = {}
    while trace is not None:
        found |= trace.written | trace.changing
        trace = trace.parent
    return [t for t in found.values() if type(t._value) is not Traced
            and t is not effects.channel() and t is not index_checks.channel()]


def _changed_arguments(trace: GraphTrace) -> dict[int, Tensor]:
    """The tensors that stand for arguments of the function and that it may have changed so far, by position."""
    found: dict[int, Any] = {}
    root = trace
    while root.parent is not None:
        found |= root.written | root.changing
        root = root.parent
    changed = {place: tensor for place, (tensor, first) in enumerate(root.arguments)
               if id(tensor) in found or root.node_of(tensor) is not first}
    root.hands_over |= bool(changed)
    return changed


def _model(error: BaseException, depth: int = 0) -> dict[str, Any]:
    """What it takes to make the exception again."""
    state = {k: v for k, v in vars(error).items() if not k.startswith("__graph")}
    cause = error.__cause__
    return {"kind": type(error), "args": error.args, "state": state, "quiet": error.__suppress_context__,
            "cause": None if cause is None or depth == _DEEPEST_CAUSE else _model(cause, depth + 1)}


def _revived(model: dict[str, Any], places: list[Place]) -> BaseException:
    kind, args = model["kind"], model["args"]
    made = kind.__new__(kind, *args) if isinstance(kind.__init__, FunctionType) else kind(*args)
    made.args = args
    made.__dict__.update(model["state"])
    if model["cause"] is not None:
        made.__cause__ = _revived(model["cause"], [])
    made.__suppress_context__ = model["quiet"]
    if places:
        made.graph_location = places[-1].site.location
    return made.with_traceback(traceback_of(places))
