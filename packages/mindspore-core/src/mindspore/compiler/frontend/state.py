"""The state of a program at a decision: what it can change, and putting it back.

A `Snapshot` is a vector of values: first the variables of the frame that decides, then the places that were noted in
its `Journal` since (`journal.py`). So it begins with a copy of a list of variables and grows with what is changed, not
with what could be. The interpreter runs each side of a decision from one snapshot (`decisions.py`), and each trial of a
loop (`loops.py`).
"""

from __future__ import annotations

from types import CellType
from typing import Any

from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.journal import Journal, SharedVariable

__all__ = ["Snapshot"]


class Snapshot:
    """The state of a program at a moment. `values` is the vector of what stood there; it grows as places are noted."""

    def __init__(self, frame: Frame) -> None:
        session = frame.session
        self.frame = frame
        self.journal = Journal(session.journal, session.superposed)
        self.variables = list(frame.vars)

    @property
    def values(self) -> list[Any]:
        """What stood in the variables and in all places noted so far."""
        return self.variables + self.journal.before

    def completed(self, values: list[Any]) -> list[Any]:
        """A vector that was read earlier, with what stood in places that were noted later."""
        return values + self.journal.before[len(values) - len(self.variables):]

    def read(self, start: list[Any]) -> list[Any]:
        """The present state. A place that holds what it held in the state `start` gives the same object."""
        found = list(self.frame.vars)
        for place, before in zip(self.journal.places, self.completed(start)[len(found):]):
            now = place.read()
            found.append(before if place.unchanged(before, now) else now)
        return found

    def write(self, values: list[Any]) -> None:
        """Make this the present state."""
        count = len(self.variables)
        self.frame.vars[:] = values[:count]
        for place, value in zip(self.journal.places, self.completed(values)[count:]):
            if not place.unchanged(value, place.read()):
                place.write(value)

    def joins(self, place: int, values: Any) -> None:
        """The sides of a decision leave these values in a place, which are not all the same one."""
        count = len(self.variables)
        if place >= count:
            self.journal.places[place - count].joins(self.frame.session.policy, values)

    def is_variable(self, place: int) -> bool:
        """Whether a place is a variable, and no container, attribute or global."""
        count = len(self.variables)
        return place < count or isinstance(self.journal.places[place - count], SharedVariable)

    def slot(self, place: int) -> int | None:
        """The slot of the frame that a place stands for: itself, or that of the cell that a variable is in; None if it
        is no variable of the frame."""
        count = len(self.variables)
        if place < count:
            return place
        owner = self.journal.places[place - count].owner
        return next((slot for slot, value in enumerate(self.variables) if value is owner), None) \
            if type(owner) is CellType else None

    def name(self, place: int) -> str:
        """What a variable or place is called."""
        slot = self.slot(place)
        if slot is None:
            return self.journal.places[place - len(self.variables)].what
        scope = self.frame.code.scope if self.frame.code is not None else None
        if scope is not None and slot < len(scope.slots):
            return f"'{scope.slots[slot].name}'"
        return "a variable of an enclosing function"
