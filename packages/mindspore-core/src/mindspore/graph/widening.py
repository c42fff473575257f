"""Variables that change their kind in a loop on a tensor: None before it and a tensor afterwards, another function in
each trip, a shape that changes once.

Such a variable is carried as a variant. Its members are found trip by trip: what stands before the loop is the first,
and each kind of value that a trip leaves is one more, tensors of one shape and dtype being one kind. At the end of each
trip the value is written in that form: which member it is, and its tensors in the place of that member's. A container
may have to stay the object that it is (`tree.Kept`); it is a kind of its own. Python numbers of which each trip may
leave another one are no kinds, but one tensor that is chosen from them.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.frames import Unbound
from mindspore.compiler.frontend.journal import Contents
from mindspore.compiler.frontend.variants import Tag, Variant
from mindspore.graph import tree
from mindspore.graph.join_values import COMPARED, Mismatch, common_aval, mismatch
from mindspore.graph.numbers import noted
from mindspore.graph.regions import constant
from mindspore.graph.trace import GraphTrace, Traced, current_trace, tracing
from mindspore.runtime.record import wrap

__all__ = ["chosen_number", "conformed", "holds_variant", "members_in", "widened"]

MOST_KINDS = 6


def widened(start: Any, known: Any, after: Any, keeps: Callable[[Any], bool] = lambda value: False) -> Variant:
    """The variant that a variable starts as, which is `start` before the loop and may be `after` at the end of a trip.
    known: what an earlier attempt found, or None. keeps: which containers stay the objects that they are. Mismatch if
    there are too many kinds."""
    kinds = list(known.members) if type(known) is Variant else []
    for each in (*_alternatives(start), *_alternatives(after)):
        each = tree.Kept(each) if keeps(each) else each
        if not any(_fits(kind, each) for kind in kinds):
            kinds.append(_blank(each))
    if len(kinds) > MOST_KINDS:
        raise Mismatch(f"{describe(kinds[0])} before the loop, {describe(kinds[1])} after a trip")
    blank = Variant(Tag(len(kinds), None), tuple(kinds))
    return conformed(blank, start, current_trace())


def chosen_number(start: Any, known: Any, after: Any) -> Tensor:
    """The tensor that a variable starts as, of which a trip leaves one of several numbers. Arguments as for `widened`.
    Mismatch if there is no common dtype."""
    from mindspore.graph import control
    options = [each for value in (start, after) for each in _alternatives(value)]
    aval = common_aval([*options, *[known] * isinstance(known, Tensor)])
    if aval is None or (isinstance(start, Tensor) and start._value.aval is not aval):
        raise mismatch(options)
    if isinstance(start, Tensor):
        return start
    if type(start) is Variant:
        return control.select({}, start, aval)
    return noted(constant(start, aval.dtype), *options)


def conformed(form: Any, value: Any, trace: GraphTrace) -> Any:
    """A value in the form of a carried one, in a trace: where there are variants in `form`, variants of its members."""
    if isinstance(form, Tensor) and type(value) is Variant:
        from mindspore.graph import control
        with tracing(trace):
            return control.select({}, value, form._value.aval)
    if type(form) is Variant:
        with tracing(trace):
            return _member_of(form, value)
    if type(form) is Contents and type(value) is Contents:
        items = [conformed(f, v, trace) for f, v in zip(form.items, value.items)]
        return Contents(value.kind, value.keys, tuple(items))
    if isinstance(form, dict) and isinstance(value, dict):
        return {key: conformed(form[key], value[key], trace) for key in value}
    if isinstance(form, tuple | list) and isinstance(value, tuple | list):
        items = [conformed(f, v, trace) for f, v in zip(form, value)]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def holds_variant(value: Any) -> bool:
    """Whether there are variants in a carried value."""
    return bool(members_in(value))


def members_in(value: Any) -> list[int]:
    """The numbers of members of the variants in a carried value, in order."""
    if type(value) is Contents:
        value = value.items
    if isinstance(value, dict):
        value = list(value.values())
    if type(value) is Variant:
        return [len(value.members), *members_in(value.members)]
    return [each for item in value for each in members_in(item)] if isinstance(value, tuple | list) else []


def _member_of(form: Variant, value: Any) -> Variant:
    from mindspore.graph import control
    options = _alternatives(value)
    places = []
    for each in options:
        fitting = sorted([k for k, kind in enumerate(form.members) if _fits(kind, each)],
                         key=lambda k: type(form.members[k]) is not tree.Kept)
        if not fitting:
            raise mismatch([form, value])
        places.append(fitting[0])
    trace = current_trace()
    tag = value.tag if type(value) is Variant else None
    number = control.renumbered(tag, tuple(range(len(options))), tuple(places))
    members = []
    for k, kind in enumerate(form.members):
        found = [(place, each) for place, each in enumerate(options) if places[place] == k]
        if not found or type(kind) is tree.Kept:
            members.append(_blank(kind))
            continue
        member = found[-1][1]
        for place, each in reversed(found[:-1]):
            if each is not member:
                member = _chosen(trace, control.is_one_of(tag, (place,)), each, member)
        members.append(member)
    return Variant(Tag(len(members), number), tuple(members))


def _chosen(trace: GraphTrace, test: Any, a: Any, b: Any) -> Any:
    """`a` where the test holds, else `b`, which has the same form."""
    from mindspore.graph import control
    found: tuple[list, list] = ([], [])
    spec = tree.flatten(a, found[0])
    tree.flatten(b, found[1])
    pairs = [control.where(wrap(Traced(trace, test)), x, y) for x, y in zip(*found)]
    return tree.rebuild(spec, iter(pairs))


def _alternatives(value: Any) -> list:
    return list(value.members) if type(value) is Variant else [value]


def _fits(kind: Any, value: Any) -> bool:
    """Whether a value is of a kind: the same but for the values of tensors."""
    if type(kind) is tree.Kept:
        return kind.value is (value.value if type(value) is tree.Kept else value)
    if isinstance(kind, Tensor) and isinstance(value, Tensor):
        return kind._value.aval is value._value.aval
    if type(kind) is not type(value):
        return False
    if isinstance(kind, tuple | list):
        return len(kind) == len(value) and all(map(_fits, kind, value))
    if isinstance(kind, dict):
        return list(kind) == list(value) and all(_fits(kind[key], value[key]) for key in kind)
    if type(kind) is Contents:
        return kind.has_form_of(value) and all(map(_fits, kind.items, value.items))
    return kind is value or isinstance(kind, Unbound) or (isinstance(kind, COMPARED) and kind == value)


def _blank(value: Any) -> Any:
    """The value with zeros of the present trace in place of its tensors."""
    if type(value) is tree.Kept:
        return value
    trace = current_trace()
    return tree.map_tensors(lambda t: wrap(Traced(trace, trace.builder.zeros_like(t._value.aval))), value)


