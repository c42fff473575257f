"""What a compiled function changes outside of itself: lists, dicts, globals and variables that were there before.

While the function is interpreted it changes them for real, with traced tensors. Then each change is written down as a
value that is made of the graph's outputs, what was there is put back, and every call makes the change anew, the first
one as well. A list that was only appended to grows by what was appended, entries of a dict are set; everything else
takes its new value.

The contents of a container that the program only appends to, or sets entries of, are of no account for the graph, and
are not guarded (`Guards.by_identity`). What is read otherwise is, and a change to it makes another graph.
"""
from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import Session, Unbound
from mindspore.compiler.frontend.journal import Attribute, Contents, Elements, Global, Items, Place, SharedVariable
from mindspore.compiler.frontend.variants import Variant
from mindspore.graph import tree
from mindspore.graph.guards import Guards

GROWS, SETS, TAKES = "grows by items", "has entries set", "takes a value"

__all__ = ["Change", "changes_of", "changes_since", "put_back"]


class Change:
    """One change: what stands at `place` takes a value, grows by items, or has entries set. `before`: what stood there;
    `spec`: the value without its tensors; `number`: that of a container which came as an argument."""

    __slots__ = ("before", "how", "number", "place", "spec", "value")

    def __init__(self, place: Place, before: Any, now: Any):
        self.place, self.before, self.spec = place, before, None
        self.number: int | None = None
        self.how, self.value = _difference(before, now)

    def flatten(self, outputs: list, kept: Any = None) -> None:
        """Append the tensors of the value to the outputs. kept: as `tree.flatten` takes it."""
        self.spec = tree.flatten(self.value, outputs, kept)
        self.value = None

    def make(self, found: Any, given: list | None = None) -> None:
        """Make the change, with the tensors that the iterator gives. given: the containers of the call."""
        value, owner = tree.rebuild(self.spec, found, given), self.place.owner  # type: ignore[attr-defined]
        if self.number is not None and given is not None:
            owner = given[self.number]
        if self.how is GROWS:
            owner.extend(value)
        elif self.how is SETS:
            owner.update(value)
        elif isinstance(self.place, Items):
            Items(owner, {}).write(value)
        elif isinstance(value, Unbound):
            self.place.write(value)
        elif isinstance(self.place, SharedVariable):
            owner.cell_contents = value
        elif isinstance(self.place, Global):
            owner[self.place.name] = value
        else:
            setattr(owner, self.place.name, value)  # type: ignore[attr-defined]


def _difference(before: Any, now: Any) -> tuple[str, Any]:
    """How a place changes from one value to another, and by what."""
    members = now.members if type(now) is Variant else (now,)
    if type(before) is not Contents or any(type(each) is not Contents for each in members):
        return TAKES, now
    count = len(before.items)
    if before.kind is list and all(len(m.items) >= count and all(map(_same, m.items, before.items)) for m in members):
        rests = tuple([m.items[count:] for m in members])
        return GROWS, Variant(now.tag, rests) if type(now) is Variant else rests[0]
    if before.kind is dict and type(now) is Contents and now.keys[:count] == before.keys:
        old = dict(zip(before.keys, before.items))
        return SETS, {k: v for k, v in zip(now.keys, now.items) if k not in old or old[k] is not v}
    return TAKES, now


def _same(a: Any, b: Any) -> bool:
    return a is b


def changes_of(session: Session, guards: Guards) -> list[Change]:
    """What the program has changed outside of itself, but for attributes that are assigned anew at each call anyway."""
    journal, found = session.journal, []
    for place, before in zip(journal.places, journal.before):
        if not _is_outside(place, session, guards):
            continue
        now = place.read()
        if place.unchanged(before, now):
            continue
        if isinstance(place, Elements):
            place.write(before)
            raise GraphCompileError(
                "A compiled function changes a NumPy array that was there before it.",
                found=f"an array of shape {now.shape} and dtype {now.dtype}",
                remedy="use a Tensor or a Parameter, which each call changes, or change a copy of the array",
                native=True)
        change = Change(place, before, now)
        if isinstance(place, Items):
            change.number = guards.arguments.number_of(place.owner) if guards.arguments is not None else None
            if change.how is TAKES and change.number is None:
                guards.add_contents(place.owner, before)
        found.append(change)
    return found


def _is_outside(place: Place, session: Session, guards: Guards) -> bool:
    if isinstance(place, Global):
        return True
    if isinstance(place, SharedVariable):
        return id(place.owner) in session.outer_cells
    if isinstance(place, Attribute):
        return guards.holds(place.owner) and not guards.is_effect(place.owner, place.name)
    return isinstance(place, Items | Elements) and guards.holds(place.owner)


def changes_since(session: Session | None, guards: Guards, count: int) -> bool:
    """Whether one of the places noted since there were `count` is outside of the program, and no attribute."""
    if session is None:
        return False
    return any(not isinstance(place, Attribute) and _is_outside(place, session, guards)
               for place in session.journal.places[count:])


def put_back(changes: list[Change]) -> None:
    """Undo the changes."""
    for change in changes:
        change.place.write(change.before)
