"""Subscripts that are tensors: an item of a list, tuple, dict, range, string or container of cells that is chosen at
run time.

A number beside numbers, or a tensor beside tensors of its shape and dtype, is chosen from them as one tensor. Otherwise
the item is a variant with the tensor as its tag. Storing and deleting by a tensor is done for each number that it may
be. What Python raises for a subscript that is out of range is raised at run time.
"""

from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.decisions import decide
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.variants import MOST_MEMBERS, Tag, Variant

__all__ = ["is_choice", "item_chosen", "key_chosen"]

_SEQUENCES = (list, tuple, range, str)


def is_choice(frame: Frame, obj: Any, key: Any) -> bool:
    """Whether `obj[key]` is an item of a container that a traced tensor chooses."""
    session = frame.session
    if session.policy.control is None or not session.is_traced(key):
        return False
    return isinstance(obj, _SEQUENCES) or isinstance(obj, dict) or (
        session.policy.is_cell(obj) and hasattr(type(obj), "__getitem__") and hasattr(type(obj), "__len__"))


def item_chosen(frame: Frame, obj: Any, key: Any) -> Any:
    """`obj[key]`."""
    keys = _keys(obj)
    known = _known(frame, obj, key, keys)
    if known is not None:
        return obj[known]
    number = _number(frame, obj, key, keys)
    items = [obj[each] for each in keys]
    if all(each is items[0] for each in items):
        return items[0]
    chosen = frame.session.policy.control.item(items, number)
    return _variant(frame, number, items) if chosen is None else chosen


def key_chosen(frame: Frame, obj: Any, key: Any) -> Any:
    """The key as a variant of all keys that `obj` has."""
    keys = _keys(obj)
    known = _known(frame, obj, key, keys)
    if known is not None:
        return known
    number = _number(frame, obj, key, keys)
    return keys[0] if len(keys) == 1 else _variant(frame, number, keys)


def _keys(obj: Any) -> list[Any]:
    return list(obj) if isinstance(obj, dict) else list(range(len(obj)))


def _known(frame: Frame, obj: Any, key: Any, keys: list[Any]) -> Any:
    """Which of the keys a tensor is that is a constant of the graph. None where only a run tells, and for none of
    them."""
    value = frame.session.policy.control.known(key)
    if value is None:
        return None
    if isinstance(obj, dict):
        return next((each for each in keys if isinstance(each, (bool, int, float)) and each == value), None)
    return value % len(keys) if isinstance(value, int) and -len(keys) <= value < len(keys) else None


def _variant(frame: Frame, number: Any, members: list[Any]) -> Variant:
    if len(members) > MOST_MEMBERS:
        raise GraphCompileError(
            f"A tensor chooses one of {len(members)} items that are no tensors of one shape and dtype.",
            found=f"the limit is {MOST_MEMBERS}", remedy="stack them into one tensor and subscript that",
        )
    frame.session.varies = True
    return Variant(Tag(len(members), number, frame.site), tuple(members))


def _number(frame: Frame, obj: Any, key: Any, keys: list[Any]) -> Any:
    """Which of the keys the tensor is, as a traced int32. Raises at run time what Python raises where it is none."""
    control, site = frame.session.policy.control, frame.site
    assert site is not None
    try:
        number, found = control.place_of(key, keys, isinstance(obj, dict))
    except control.Mismatch as error:
        raise GraphCompileError(
            "A tensor that is no integer without dimensions chooses an item.", found=str(error),
            remedy="subscript by an integer tensor of one element", site=site) from None

    def refuse(frame: Frame) -> None:
        frame.site = site
        if isinstance(obj, dict):
            raise KeyError(key)
        obj[len(obj)]

    if found is not None:
        decide(frame, found, site, "subscript", lambda frame: None, refuse, False)
    elif not keys:
        refuse(frame)
    return number
