"""Tensors that stand for Python numbers.

A bool, int or float that depends on a tensor is a tensor without dimensions in the graph: `not t`, `int(t)`, a counter
of a loop, `1 if t else 2`. To the program it is a number all the same: `type` and `isinstance` say so, a bool is True
or False, two bools add up to an int, and beside a tensor it takes that one's dtype. So it is noted of which kinds of
number such a tensor may be. A tensor of which nothing is noted is a tensor of the program.
"""
from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any
from weakref import ref

from mindspore.common.dtype import bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend import location
from mindspore.compiler.frontend.errors import TensorConditionError, describe
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.graph.index_checks import check_operand
from mindspore.graph.trace import Traced, current_trace
from mindspore.runtime.record import apply, wrap

__all__ = ["doubtful", "is_instance", "kinds_of", "noted", "number_kind", "operated", "type_of"]

_KINDS = (bool, int, float)
_COMPARING = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_LOGICAL = frozenset({"and", "or", "xor"})
_DIVISIONS = frozenset({"truediv", "floordiv", "mod"})
_SHIFTS = frozenset({"lshift", "rshift"})
_IN_PLACE = {f"i{name}": getattr(operator, f"__{name}__") for name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor")}


def noted(tensor: Tensor, *values: Any) -> Tensor:
    """Note that the tensor stands for one of these: numbers, their classes, and tensors that stand for some."""
    kinds: set[type] = set()
    for value in values:
        kinds |= kinds_of(value) if not isinstance(value, type) else {value}
    if kinds != {Tensor}:
        current_trace().aliases.kinds[id(tensor)] = ref(tensor), frozenset(kinds)
        session = location.thread_state.session
        if session is not None:
            session.numbers = True
    return tensor


def kinds_of(value: Any) -> frozenset[type]:
    """The classes of which a value may be in the program."""
    if not isinstance(value, Tensor):
        return frozenset({type(value)})
    trace = current_trace()
    found = None if trace is None else trace.aliases.kinds.get(id(value))
    return found[1] if found is not None and found[0]() is value else frozenset({Tensor})


def number_kind(trace: Any, tensor: Tensor) -> type | None:
    """The class of the number that a tensor of a trace stands for; None if it is a tensor, or may be of several."""
    found = trace.aliases.kinds.get(id(tensor))
    kinds = found[1] if found is not None and found[0]() is tensor else frozenset()
    return next(iter(kinds)) if len(kinds) == 1 and Tensor not in kinds else None


def is_instance(value: Any, classes: Any) -> bool:
    """`isinstance(value, classes)`. TensorConditionError where it depends on a tensor."""
    kinds = kinds_of(value)
    if kinds == {Tensor} or len(kinds) == 0 or not isinstance(value, Tensor):
        return isinstance(value, classes)
    found = {isinstance(value, classes) if kind is Tensor else isinstance(kind(), classes) for kind in kinds}
    if len(found) > 1:
        _refuse("isinstance", value, kinds)
    return found.pop()


def type_of(value: Any) -> type:
    """`type(value)`. TensorConditionError where it depends on a tensor."""
    kinds = kinds_of(value)
    if len(kinds) > 1:
        _refuse("type", value, kinds)
    return type(value) if kinds == {Tensor} or not isinstance(value, Tensor) else next(iter(kinds))


def _refuse(asked: str, value: Any, kinds: frozenset[type]) -> None:
    names = " or ".join(sorted(kind.__name__ for kind in kinds))
    raise TensorConditionError(f"The outcome of '{asked}' depends on a tensor.",
                               found=f"{describe(value)} that stands for a value of type {names}",
                               remedy="give it one type on all sides of the decision")


def operated(native: Callable[..., Any], name: str, *operands: Any) -> Any:
    """An operator of Python on operands of which some may stand for numbers. name: that of its function in `operator`,
    without underscores."""
    trace = current_trace()
    if trace is None or not trace.aliases.kinds:
        return native(*operands)
    kinds = [kinds_of(value) for value in operands]
    if all(each == {Tensor} or not isinstance(value, Tensor) for each, value in zip(kinds, operands)):
        return native(*operands)
    if name in _IN_PLACE and Tensor not in kinds[0]:  # a number is not changed in place
        native, name = _IN_PLACE[name], name[1:]
    numbers = all(len(each) == 1 and next(iter(each)) in _KINDS for each in kinds)
    outcome = _kind_of_outcome(name, [next(iter(each)) for each in kinds]) if numbers else None
    if name == "invert" and outcome is int:  # of a tensor it is the logical negation
        native = _bits_inverted
    beside = next((v for v, each in zip(operands, kinds) if isinstance(v, Tensor) and Tensor in each), None)
    values = [_converted(value, each, name, outcome, beside) for value, each in zip(operands, kinds)]
    if outcome is not None and len(values) == 2:
        values, outcome = _checked(native, name, outcome, *values)
    result = native(*values)
    return noted(result, outcome) if outcome is not None and isinstance(result, Tensor) else result


def doubtful(name: str, *operands: Any) -> Tensor | None:
    """Whether a division raises, where that depends on a tensor: a predicate; else None."""
    name = name[1:] if name in _IN_PLACE else name
    if name not in _DIVISIONS or not isinstance(operands[1], Tensor):
        return None
    if not all(len(each) == 1 and next(iter(each)) in _KINDS for each in map(kinds_of, operands)):
        return None
    trace = current_trace()
    return noted(wrap(Traced(trace, trace.builder.eq(trace.node_of(operands[1]), 0))), bool)


def _checked(native: Callable[..., Any], name: str, outcome: type, left: Any, right: Any) -> tuple[list[Any], type]:
    """The operands of an operator on numbers, and the class of what it gives: Python's error if the second one is none
    that it takes, now or where the graph runs."""
    known = not isinstance(right, Tensor)
    if name in _DIVISIONS or (name in _SHIFTS and outcome is int):
        if not known:
            check_operand(name, right)
        elif right == 0 if name in _DIVISIONS else right < 0:
            native(1, right)  # raises
        if name in _SHIFTS and not isinstance(left, Tensor):
            left = wrap(Traced(trace := current_trace(), trace.builder.constant(left, int64)))
    elif name == "pow" and outcome is int:
        if not known:
            check_operand(name, right)
        elif right < 0:
            left, outcome = apply(PRIMITIVES["cast"], (left,), (float32,)), float
    return [left, right], outcome


def _bits_inverted(value: Any) -> Tensor:
    return apply(PRIMITIVES["bitwise_not"], (value,))


def _kind_of_outcome(name: str, kinds: list[type]) -> type:
    if name in _COMPARING or (name in _LOGICAL and all(kind is bool for kind in kinds)):
        return bool
    return float if name == "truediv" or float in kinds else int


def _converted(value: Any, kinds: frozenset[type], name: str, outcome: Any, beside: Any) -> Any:
    """An operand as its operator takes it: a bool counts in arithmetic, and beside a tensor of the program a number
    takes the dtype that Python's number takes there."""
    if not isinstance(value, Tensor) or Tensor in kinds:
        return value
    dtype = value.dtype
    if beside is not None:
        floating, theirs = dtype.kind == "f", beside.dtype
        if dtype is bool_ or (floating and theirs.kind not in "fc"):
            return value
        dtype = int64 if theirs is bool_ else theirs
    elif dtype is bool_ and outcome is not bool:
        dtype = int64
    return value if dtype is value.dtype else apply(PRIMITIVES["cast"], (value,), (dtype,))
