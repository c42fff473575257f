"""Checks of index tensors and of divisors, whose values are known at run time only.

A check is an operation of the program (`compiler.primitives.index_check`) that hands on a *fault*. In PyNative mode a
segment keeps its own; while a function is compiled the fault is the value of a hidden tensor, which a trace reads and
writes as it does a Parameter. After a run its value is looked at, on devices whose memory the host reads, and raised as
an IndexError that names the operator, the index, the size and the line of the program. What was computed with a wrong
index before that has read 0. Operators on tensors that stand for Python's numbers (`graph.numbers`) are checked in the
same way, for what Python's raise: a division by 0, an int to a negative power, a shift by a negative count.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend import location
from mindspore.compiler.ir.dims import Dim
from mindspore.compiler.primitives.base import primitive
from mindspore.compiler.primitives.index_check import taken_apart
from mindspore.eager import segment as _segment
from mindspore.graph.trace import current_trace, suspended
from mindspore.runtime.record import apply
from mindspore.runtime.storage import Storage

__all__ = ["Check", "channel", "check", "check_coordinates", "check_operand", "error_of", "look"]

_CHECK, _SLICE = map(primitive, ("index_check", "slice"))
_LARGEST = 2**63 - 1
_DIVISION = ZeroDivisionError, "division by zero"
_SHIFT = ValueError, "negative shift count"
_OF_NUMBERS = {"truediv": _DIVISION, "floordiv": _DIVISION, "mod": _DIVISION, "lshift": _SHIFT, "rshift": _SHIFT,
               "pow": (ValueError, "an int to the power {}, which is a float; write float(x) ** k where k may be "
                                   "negative")}
_channel: list[Tensor] = []


class Check(NamedTuple):
    """What a check was for: the operator, the size of the axis (0 if it takes numbers), the file and the line of the
    program.

    Equal ones have one number, so that what is interpreted again records the same graph again."""

    name: str
    size: int
    file: str | None
    line: int


def channel() -> Tensor:
    """The hidden tensor that holds the fault while a function is compiled. Its own value is always 0."""
    if not _channel:
        with suspended():
            _channel.append(Tensor(np.int64(0)))
        _segment.tokens.append((_channel[0], np.array(0, np.int64)))
    return _channel[0]


def check(name: str, index: Tensor, low: int, size: Any) -> None:
    """IndexError if an index is not in [low, size): now where the values are in the host's hands, else when the program
    has run. Sizes that are symbols are not checked."""
    storage = index._value
    if _is_known(index):
        _check_known(name, storage.host, low, size)
        return
    if type(size) is Dim or not index.size:
        return
    trace = current_trace()
    if trace is None:
        _segment.current().check(storage, low, size, name)
        return
    _emit(name, size, trace.node_of(index), low, size)


def check_coordinates(name: str, index: Tensor, sizes: tuple) -> None:
    """`check` of coordinates along the last axis of `index`, each with the size of its own axis, from 0."""
    if _is_known(index):
        for place, size in enumerate(sizes):
            _check_known(name, index._value.host[..., place], 0, size)
    elif len(set(sizes)) == 1:
        check(name, index, 0, sizes[0])
    else:
        first, last, steps = (0,) * (index.ndim - 1), index.shape[:-1], (1,) * index.ndim
        for place, size in enumerate(sizes):
            check(name, apply(_SLICE, (index,), ((*first, place), (*last, place + 1), steps)), 0, size)


def check_operand(name: str, operand: Tensor) -> None:
    """The error of Python's operator of this name (that of its function in `operator`), once the program has run, if
    its second operand, a traced number, is 0 (divisions) or negative (the others)."""
    b, node = (trace := current_trace()).builder, trace.node_of(operand)
    if _OF_NUMBERS[name] is _DIVISION:
        _emit(name, 0, b.cast(b.eq(node, 0), dtype=int64), 0, 1)
    else:
        _emit(name, 0, node, 0, _LARGEST)


def _emit(name: str, size: int, node: Any, low: int, high: int) -> None:
    trace, fault, site = current_trace(), channel(), location.current()
    file, line = location.user_location() if site is None else site[:2]
    number = trace.checks.setdefault(Check(name, size, file, line), len(trace.checks) + 1)
    trace.write(fault, trace.builder.emit(_CHECK, (trace.node_of(fault), node), (low, high, number)))


def _is_known(index: Tensor) -> bool:
    storage = index._value
    return type(storage) is Storage and storage.host is not None and not _is_assigned(index)


def _is_assigned(index: Tensor) -> bool:
    trace = current_trace()
    while trace is not None:
        if trace.assigns(index):
            return True
        trace = trace.parent
    return False


def _check_known(name: str, array: np.ndarray, low: int, size: Any) -> None:
    if not array.size:
        return
    least, largest = int(array.min()), int(array.max())
    if least < low or largest >= size:
        wrong = least if least < low else largest
        raise IndexError(f"{name}: index {wrong} is out of range for an axis of size {size}")


def error_of(fault: int, checks: list[Check]) -> Exception:
    """The error of a fault."""
    number, index = taken_apart(fault)
    found = checks[number - 1]
    place = "" if found.file is None else f', in line {found.line} of "{found.file}"'
    if found.name in _OF_NUMBERS:
        kind, text = _OF_NUMBERS[found.name]
        return kind(text.format(index) + place)
    return IndexError(f"{found.name}: index {index} is out of range for an axis of size {found.size}{place}")


def look(fault: Storage, checks: list[Check]) -> None:
    """Raise the error of a fault that a program has left, if there is one and the host reads it."""
    if fault.device is None or fault.device.capabilities.host_memory:
        found = int(fault.to_numpy())
        if found:
            raise error_of(found, checks)
