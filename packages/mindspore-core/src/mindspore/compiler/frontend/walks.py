"""Containers that change while somebody goes over them.

An iterator stands on its container, and gives also what the container gets later. Where a decision on a tensor has
changed the container meanwhile, it is another one for each alternative (`Session.superposed`), but the iterator is one
object: it would go on with the contents of no alternative. So whoever asks an iterator for the next item checks the
containers behind it. A view of a dict has no place of its own: it is whatever its dict is.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mindspore.compiler.frontend.errors import GraphCompileError

if TYPE_CHECKING:
    from mindspore.compiler.frontend.frames import Session

__all__ = ["check_unchanged", "containers_behind", "seen_through", "watched"]

_CONTAINERS = (list, dict, set)
_VIEWS = {type({}.keys()), type({}.values()), type({}.items())}
_DIRECT = {type(iter(each)) for each in ([], {}, {}.values(), {}.items(), set(), reversed([]), reversed({}),
                                         reversed({}.values()), reversed({}.items()))}
_DEPTH = 3


def seen_through(value: Any) -> Any:
    """The dict of a view; everything else is itself."""
    return gc.get_referents(value)[0] if type(value) in _VIEWS else value


def containers_behind(items: Any, depth: int = _DEPTH) -> list[Any]:
    """The containers that Python's own iterators, or `items` itself, stand on."""
    kind = type(items)
    if kind in _CONTAINERS:
        return [items]
    if kind in _DIRECT or kind in _VIEWS:
        return [each for each in gc.get_referents(items) if isinstance(each, _CONTAINERS)]
    if depth == 0 or kind not in (enumerate, zip, map, filter):
        return []
    parts = items.__reduce__()[1]
    inner = parts[:1] if kind is enumerate else parts if kind is zip else parts[1:]
    return [found for each in inner for found in containers_behind(each, depth - 1)]


def check_unchanged(session: Session, containers: list[Any]) -> None:
    """GraphCompileError if a decision on a tensor has changed one of the containers."""
    if session.superposed and any(id(each) in session.superposed for each in containers):
        raise GraphCompileError(
            "What is gone over has been changed by a decision on a tensor meanwhile.",
            found="a list or dict with other contents for each outcome",
            remedy="go over a copy of it, or collect what is added in another list until the loop ends")


def watched(session: Session, items: Iterable[Any], containers: list[Any] | None = None) -> Iterator[Any]:
    """The items, for who asks for one after the other. GraphCompileError where decisions have changed the containers,
    which are those behind `items` if they are not given."""
    containers = containers_behind(items) if containers is None else containers
    check_unchanged(session, containers)
    for item in items:
        yield item
        check_unchanged(session, containers)
