"""What a loop carries from trip to trip: the form of each variable, and its values before the loop and after a trip."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.journal import Contents, is_container
from mindspore.compiler.frontend.variants import Variant
from mindspore.graph import tree
from mindspore.graph.join_values import NUMBERS, Mismatch, common_aval, mismatch
from mindspore.graph.numbers import noted
from mindspore.graph.regions import constant
from mindspore.graph.trace import GraphTrace, Traced, current_trace
from mindspore.graph.tree import Kept
from mindspore.graph.widening import chosen_number, members_in, widened
from mindspore.runtime.record import wrap

__all__ = ["alike", "blank", "carried", "leaves_of"]


def blank(value: Any, trace: GraphTrace | None = None) -> Any:
    """The value with zeros in place of its tensors, in a trace, or in the present one."""
    trace = trace or current_trace()
    return tree.map_tensors(lambda t: wrap(Traced(trace, trace.builder.zeros_like(t._value.aval))), value)


def carried(start: Any, known: Any, after: Any, keeps: Callable[[Any], bool] = lambda value: False) -> Any:
    """The value that a variable starts from in a loop: Python numbers as tensors, and a variant of all that it may be
    where it changes its kind. known: what an earlier attempt found, or None. after: the value at the end of a trip.
    keeps: which containers stay the objects that they are. Mismatch where the variable changes its kind again and
    again."""
    if type(start) is Variant or type(known) is Variant or type(after) is Variant:
        if isinstance(known, Tensor):
            return chosen_number(start, known, after)
        try:
            return widened(start, known, after, keeps)
        except Mismatch as kinds:
            try:
                return chosen_number(start, known, after)
            except Mismatch:
                raise kinds from None
    if start is after and is_container(start):
        return Kept(start)
    if keeps(start) or keeps(after):
        return widened(start, known, after, keeps)
    try:
        return _carried(start, known, after, keeps)
    except Mismatch:
        return widened(start, known, after, keeps)


def _carried(start: Any, known: Any, after: Any, keeps: Callable[[Any], bool]) -> Any:
    if isinstance(start, Tensor):
        if isinstance(after, Tensor) or type(after) in NUMBERS:
            if common_aval([start, after]) is start._value.aval:
                return start
        raise Mismatch(f"{describe(start)} before the loop, {describe(after)} after a trip", start, after)
    if type(start) in NUMBERS and (isinstance(after, Tensor) or type(after) in NUMBERS):
        aval = common_aval([start, after])
        if isinstance(known, Tensor) and not isinstance(after, Tensor):
            aval = common_aval([known, after])
        if aval is None:
            raise mismatch([start, after])
        return noted(constant(start, aval.dtype), start, after)
    if type(start) is Contents and start.has_form_of(after):
        before = known.items if known is not None else [None] * len(start.items)
        items = [carried(x, y, z, keeps) for x, y, z in zip(start.items, before, after.items)]
        return Contents(start.kind, start.keys, tuple(items))
    if type(start) is type(after) and isinstance(start, tuple | list) and len(start) == len(after):
        before = known if known is not None else [None] * len(start)
        if hasattr(start, "_fields"):
            return type(start)(*_fields_carried(start, before, after, keeps))
        return type(start)([carried(*each, keeps) for each in zip(start, before, after)])
    if type(start) is type(after) is dict and list(start) == list(after):
        before = known if known is not None else dict.fromkeys(start)
        return {key: carried(start[key], before[key], after[key], keeps) for key in start}
    if start is after or (type(start) is type(after) and isinstance(start, str) and start == after):
        return start
    raise Mismatch(f"{describe(start)} before the loop, {describe(after)} after a trip", start, after)


def _fields_carried(start: Any, known: Any, after: Any, keeps: Callable[[Any], bool]) -> Iterator:
    """The parts of a named tuple; those that its class has in `_fixed` stay the values that they are."""
    fixed = getattr(start, "_fixed", ())
    for field, x, y, z in zip(start._fields, start, known, after):
        if field not in fixed:
            yield carried(x, y, z, keeps)
        elif x == z:
            yield x
        else:
            raise Mismatch(f"{field} {x} before the loop, {z} after a trip", start, after)


def alike(a: Any, b: Any) -> bool:
    """Whether two carried values have the same form, and tensors of the same avals."""
    found: tuple[list, list] = ([], [])
    for value, leaves in zip((a, b), found):
        tree.flatten(value, leaves)
    avals = [[t._value.aval for t in each] for each in found]
    return members_in(a) == members_in(b) and avals[0] == avals[1]


def leaves_of(start: Any, end: Any) -> Iterator:
    """What stands in `end` at the places of the tensors of `start`."""
    if isinstance(start, Tensor):
        yield end
    elif isinstance(start, tuple | list):
        for x, y in zip(start, end):
            yield from leaves_of(x, y)
    elif type(start) is Contents:
        yield from leaves_of(start.items, end.items)
    elif isinstance(start, dict):
        yield from leaves_of(list(start.values()), [end[key] for key in start])
    elif type(start) is Variant:
        yield end.tag.tensor
        for x, y in zip(start.members, end.members):
            yield from leaves_of(x, y)
