"""Builtins that take up all items of a generator expression with filters, and sorting.

`sum(v for v in x if v > 0)` and its like ask for all items, and for nothing else: where tensors say which items there
are, such a builtin folds them as a comprehension does. `sorted` is a network of exchanges of neighbours (a stable
bubble sort: they are exchanged only where the later one is smaller), for a moderate number of values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mindspore.compiler.frontend.branches import branches_on, truth
from mindspore.compiler.frontend.calls import call_from
from mindspore.compiler.frontend.collected import Collector
from mindspore.compiler.frontend.decisions import decide, fork
from mindspore.compiler.frontend.errors import TensorConditionError
from mindspore.compiler.frontend.folds import FOLDS
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.generated_items import GeneratedItems, Step
from mindspore.compiler.frontend.generators import Generator
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.variants import Variant

__all__ = ["CHOOSING"]

_MOST_SORTED = 24


def _is_chosen(items: Any) -> bool:
    """Whether tensors may say which items there are, so that all are to be taken at once."""
    if type(items) is Generator:
        return items.is_new
    return type(items) is GeneratedItems and items.is_new and items.is_filtered


def _all_items(frame: Frame, items: GeneratedItems) -> list[Any]:
    """All items as a new list, whose contents may be a variant."""
    session = frame.session
    result: list[Any] = session.journal.made([])

    def append(_: Frame, member: list[Any], value: Any) -> None:
        session.journal.note_items(member)
        member.append(value)

    items.fold(lambda inner, value: fork(inner, partial(append, value=value), result))
    items.close()
    return result


def _folded(frame: Frame, items: GeneratedItems, start: Any, combine: Callable[[Frame, Any, Any], Any]) -> Any:
    """combine(... combine(start, first), ...) of the items."""
    journal = frame.session.journal
    holder = journal.made([start])

    def take(inner: Frame, value: Any) -> None:
        found = combine(inner, holder[0], value)
        inner.session.journal.note_items(holder)
        holder[0] = found

    items.fold(take)
    items.close()
    return holder[0]


def _are_many(items: Any) -> bool:
    """Whether the items are to be taken by a loop of the graph."""
    return type(items) is GeneratedItems and items.is_new and items.reduce is not None


def _reduced(items: GeneratedItems, start: Any, step: Step) -> Any:
    """As `_folded`, of many items."""
    assert items.reduce is not None
    found = items.reduce(start, step)
    items.close()
    return found


def _append(frame: Frame, held: Any, value: Any) -> Any:
    if type(held) is not Collector:
        frame.session.journal.note_items(held)
    held.append(value)
    return held


def _constantly(value: Any) -> Run:
    return lambda frame: value


def _site(frame: Frame) -> Site:
    assert frame.site is not None
    return frame.site


def _is_less(frame: Frame, a: Any, b: Any) -> Any:
    return fork(frame, lambda frame, x, y: x < y, a, b)


def _holds_traced(frame: Frame, values: list[Any]) -> bool:
    session = frame.session
    return session.policy.control is not None and any(
        session.is_traced(value) or type(value) is Variant for value in values)


# -- sorting -----------------------------------------------------------------------------------------------------------


def _sorted(frame: Frame, *args: Any, key: Any = None, reverse: Any = False, **kwargs: Any) -> Any:
    if len(args) != 1 or kwargs:
        return sorted(*args, **kwargs)
    return fork(frame, lambda frame, items: _sort(frame, list(items), key, reverse), _items(frame, args[0]))


def _sort(frame: Frame, items: list[Any], key: Any, reverse: Any) -> list[Any]:
    """The items in order. TensorConditionError for too many that are compared at run time."""
    keys = items if key is None else [call_from(frame.session, key)(item) for item in items]
    if not _holds_traced(frame, keys):
        places = sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)
        return frame.session.journal.made([items[place] for place in places])
    if len(items) > _MOST_SORTED:
        raise TensorConditionError(
            f"'sorted' of more than {_MOST_SORTED} values that are compared at run time.", found=f"{len(items)} values",
            remedy="sort a tensor: ops.sort(x) gives the values and their places")
    pairs, site = list(zip(items, keys)), _site(frame)
    for end in range(len(pairs) - 1, 0, -1):
        for k in range(end):
            first, second = pairs[k:k + 2]
            frame.site = site
            before, after = (first, second) if reverse else (second, first)
            exchanged = _is_less(frame, before[1], after[1])
            if type(exchanged) is not bool and branches_on(frame, exchanged):
                pairs[k:k + 2] = decide(frame, exchanged, site, "sorted", _constantly((second, first)),
                                        _constantly((first, second)), True)
            elif truth(frame, exchanged, site, "if"):
                pairs[k:k + 2] = second, first
    return frame.session.journal.made([item for item, _ in pairs])


def _sort_list(frame: Frame, items: list[Any], *args: Any, key: Any = None, reverse: Any = False) -> None:
    """`items.sort(key=key, reverse=reverse)`."""
    if args:
        items.sort(*args)

    def sort(frame: Frame, member: list[Any]) -> None:
        found = _sort(frame, list(member), key, reverse)
        frame.session.journal.note_items(member)
        member[:] = found

    fork(frame, sort, items)


# -- consumers ---------------------------------------------------------------------------------------------------------


def _items(frame: Frame, iterable: Any) -> Any:
    """The items of an argument: a list where tensors say which items there are."""
    return _all_items(frame, iterable) if _is_chosen(iterable) else iterable


def _sum(frame: Frame, *args: Any, **kwargs: Any) -> Any:
    start = args[1] if len(args) == 2 else kwargs.get("start", 0)
    is_fold = len(args) in (1, 2) and kwargs.keys() <= {"start"} and not isinstance(start, (str, bytes, bytearray))
    if is_fold and _are_many(args[0]):
        return _reduced(args[0], start, _add)
    if is_fold and _is_chosen(args[0]):
        return _folded(frame, args[0], start, _add)
    return sum(*args, **kwargs)


def _add(frame: Frame, a: Any, b: Any) -> Any:
    return fork(frame, lambda frame, x, y: x + y, a, b)


def _consumer(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A builtin that takes up all items of its argument."""

    def run(frame: Frame, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and _are_many(args[0]) and not _is_chosen(args[0]):
            return fn(_reduced(args[0], frame.session.journal.made([]), _append), **kwargs)
        if len(args) != 1 or not _is_chosen(args[0]):
            return fn(*args, **kwargs)
        return fork(frame, lambda frame, items: fn(items, **kwargs), _all_items(frame, args[0]))

    return run


def _after_collecting(fold: Callable[..., Any]) -> Callable[..., Any]:
    """A fold of an argument's items, which are collected first where tensors say which items there are."""

    def run(frame: Frame, *args: Any, **kwargs: Any) -> Any:
        if len(args) != 1 or not _is_chosen(args[0]):
            return fold(frame, *args, **kwargs)
        return fork(frame, lambda frame, items: fold(frame, items, **kwargs), _all_items(frame, args[0]))

    return run


CHOOSING: dict[Any, Callable[..., Any]] = {
    sorted: _sorted,
    list.sort: _sort_list,
    sum: _sum,
    **{fn: _after_collecting(FOLDS[fn]) for fn in (min, max)},
    **{fn: _consumer(fn) for fn in (list, tuple, set, frozenset, dict)},
}
