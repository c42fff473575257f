"""Lists and dicts that variables of a loop on a tensor hold: which of them must stay the objects that they are.

A list that a variable holds is carried from trip to trip by its form and its items. That is a list of its own in the
graph, which is right as long as nobody can tell it from the program's. A container is told apart where it is changed
while something else holds it, too. Then it is *kept*: the variable is carried as one of several objects, as functions
and objects of classes are, and what the container holds is carried on its own (`journal.Contents`).

That is not possible for containers that are made in the trips and held under two names at once; a loop that changes
such a one is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CellType
from typing import Any, NamedTuple

from mindspore.compiler.frontend.collected import is_held_elsewhere
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.journal import Contents, contents_of
from mindspore.compiler.frontend.location import Site

__all__ = ["Carried", "containers_in", "note_ambiguous", "to_be_kept"]


class Carried(NamedTuple):
    """A container that is carried by its form: what it is before the loop, what stands for it in a trip, the contents
    of that at the start of the trip, the place that holds it, and where in the value of the place it lies."""

    start: Any
    param: Any
    before: Contents
    place: int
    path: tuple[int, ...]

    def end(self, values: list[Any]) -> Any:
        """What is in its place at the end of a trip, where `values` are those of all places."""
        value = values[self.place]
        for number in self.path:
            items = _items(value)
            if items is None or number >= len(items):
                return None
            value = items[number]
        return value


def containers_in(start: Any, param: Any, place: int, path: tuple[int, ...] = ()) -> Iterator[Carried]:
    """The lists and dicts in the value of a place before a loop that are carried by their form; `param` stands for the
    value in a trip, at its start."""
    if type(start) is not type(param) or start is param:
        return
    if isinstance(start, (list, dict)):
        yield Carried(start, param, contents_of(param), place, path)
    ours, theirs = _items(start), _items(param)
    for number, pair in enumerate(zip(ours, theirs) if ours is not None and theirs is not None else ()):
        yield from containers_in(*pair, place, (*path, number))


def _items(value: Any) -> tuple[Any, ...] | None:
    if isinstance(value, (list, dict)):
        return contents_of(value).items
    return value.items if type(value) is Contents else value if isinstance(value, tuple) else None


def to_be_kept(frame: Frame, carried: list[Carried], before: list[Any], ends: list[Any], changed: list[Any],
               fresh: dict[int, Any], site: Site) -> list[Any]:
    """The containers that the loop must keep as they are. GraphCompileError if a container that trips make has to be
    kept.

    Args:
        frame: the frame, in the state before the loop.
        carried: the containers that are carried by their form.
        before, ends: all that stands in the loop's places before it, and at the end of a trip.
        changed: the containers from before the loop whose contents a trip changes.
        fresh: what the trip has made, by identity.
        site: the loop's.
    """
    found: list[Any] = []
    params = {id(each.param): each for each in carried}
    held = _Held(ends)
    starts = [each.start for each in carried]
    for start, end in zip(before, ends):
        found += _exchanged(start, end, params, fresh)
    for each in carried:
        is_changed = not contents_of(each.param).same(each.before)
        if any(each.start is other for other in changed):
            found.append(each.start)
        elif is_changed and (_count(starts, each.start) > 1 or _is_shared(frame, each.start)):
            found.append(each.start)
        end = each.end(ends)
        if end is each.param or not isinstance(end, (list, dict)):
            continue
        if id(end) in params:
            found += [each.start, params[id(end)].start]
        elif id(end) in fresh and is_changed and held.count(end) > 1:
            raise GraphCompileError(
                "Two names hold one container that a trip of a loop on a tensor makes, and the next trip changes it.",
                found=f"a {type(end).__name__} of {len(end)} items", site=site,
                remedy="give each name a container of its own, or make the container before the loop and change it")
    return found


def _exchanged(start: Any, end: Any, params: dict[int, Carried], fresh: dict[int, Any]) -> list[Any]:
    """The containers from before the loop that stand in the place of other ones at the end of a trip, with these."""
    if start is end:
        return []
    found = []
    if isinstance(end, (list, dict)) and id(end) not in params and id(end) not in fresh:
        found = [start, end]
    ours, theirs = _items(start), _items(end)
    for pair in zip(ours, theirs) if ours is not None and theirs is not None and type(start) is type(end) else ():
        found += _exchanged(*pair, params, fresh)
    return [each for each in found if isinstance(each, (list, dict))]


def note_ambiguous(frame: Frame, carried: list[Carried], values: list[Any], site: Site) -> None:
    """Note that what a loop leaves in its places, `values`, may be the container from before the loop, where something
    else holds that, too."""
    ambiguous = frame.session.journal.ambiguous
    starts = [each.start for each in carried]
    for each in carried:
        result = each.end(values)
        if result is not each.start and (_count(starts, each.start) > 1 or _is_shared(frame, each.start)):
            ambiguous[id(result)] = result, site
            ambiguous[id(each.start)] = each.start, site


class _Held:
    """How often containers are held at the end of a trip."""

    def __init__(self, values: list[Any]) -> None:
        self.counts: dict[int, int] = {}
        self._seen: set[int] = set()
        for value in values:
            self._add(value)

    def _add(self, value: Any) -> None:
        if isinstance(value, (list, dict)):
            self.counts[id(value)] = self.counts.get(id(value), 0) + 1
            if id(value) in self._seen:
                return
            self._seen.add(id(value))
            value = contents_of(value)
        if type(value) is Contents:
            value = value.items
        if isinstance(value, tuple):
            for each in value:
                self._add(each)

    def count(self, value: Any) -> int:
        return self.counts.get(id(value), 0)


def _count(values: list[Any], wanted: Any) -> int:
    return sum(value is wanted for value in values)


def _is_shared(frame: Frame, wanted: Any) -> bool:
    """Whether something beside one variable of the frame holds the container."""
    return is_held_elsewhere(frame, wanted) or sum(_content(value) is wanted for value in frame.vars) > 1


def _content(value: Any) -> Any:
    if type(value) is not CellType:
        return value
    try:
        return value.cell_contents
    except ValueError:
        return None
