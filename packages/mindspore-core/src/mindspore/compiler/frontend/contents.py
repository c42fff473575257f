"""Comparing containers that hold tensors, and searching them: `==`, `<`, `count`, `index`, `remove`.

Python does this natively, and asks the outcome of each comparison of two elements for its truth. Where elements are
tensors, that is a decision in the graph. So what stands here does the same in the program's own language, and is
interpreted like the program (`INTERPRETED`); only containers that hold tensors come here.
"""
from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.frames import Session

__all__ = ["COMPARISONS", "SEARCHES", "holds_tensors"]

INTERPRETED = True
_DEPTH = 16


def holds_tensors(session: Session, value: Any, depth: int = _DEPTH) -> bool:
    """Whether a container, or one inside of it, holds a tensor whose value is not known while compiling."""
    if session.policy.control is None or not depth:
        return False
    items = value.values() if isinstance(value, dict) else value
    return any(holds_tensors(session, each, depth - 1) if isinstance(each, (list, tuple, dict)) else
               session.is_traced(each) for each in items)


def equal(a: Any, b: Any) -> Any:
    """a == b of two lists, two tuples or two dicts."""
    if len(a) != len(b):
        return False
    if isinstance(a, dict):
        for key in a:
            if key not in b:
                return False
            if not (a[key] is b[key] or a[key] == b[key]):
                return False
        return True
    for x, y in zip(a, b):
        if not (x is y or x == y):
            return False
    return True


def unequal(a: Any, b: Any) -> Any:
    """a != b."""
    return not equal(a, b)


def less(a: Any, b: Any) -> Any:
    """a < b of two lists or two tuples: the first elements that differ decide."""
    for x, y in zip(a, b):
        if not (x is y or x == y):
            return x < y
    return len(a) < len(b)


def less_or_equal(a: Any, b: Any) -> Any:
    """a <= b."""
    for x, y in zip(a, b):
        if not (x is y or x == y):
            return x <= y
    return len(a) <= len(b)


def greater(a: Any, b: Any) -> Any:
    """a > b."""
    for x, y in zip(a, b):
        if not (x is y or x == y):
            return x > y
    return len(a) > len(b)


def greater_or_equal(a: Any, b: Any) -> Any:
    """a >= b."""
    for x, y in zip(a, b):
        if not (x is y or x == y):
            return x >= y
    return len(a) >= len(b)


def count(items: Any, value: Any) -> Any:
    """items.count(value)."""
    found = 0
    for each in items:
        if each is value or each == value:
            found += 1
    return found


def index(items: Any, value: Any, start: int = 0, stop: int | None = None) -> Any:
    """items.index(value, start, stop)."""
    for place in range(len(items))[start:stop]:
        if items[place] is value or items[place] == value:
            return place
    if isinstance(items, list):
        raise ValueError(f"{value!r} is not in list")
    raise ValueError("tuple.index(x): x not in tuple")


def remove(items: Any, value: Any) -> None:
    """items.remove(value)."""
    for place in range(len(items)):
        if items[place] is value or items[place] == value:
            del items[place]
            return
    raise ValueError("list.remove(x): x not in list")


COMPARISONS: dict[str, Any] = {"eq": equal, "ne": unequal, "lt": less, "le": less_or_equal, "gt": greater,
                               "ge": greater_or_equal}
SEARCHES: dict[str, Any] = {"count": count, "index": index, "remove": remove}
