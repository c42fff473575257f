"""Lists to which each trip of a loop appends, while all its trips are interpreted as one (`scans.py`).

The list is at another length in each trip, so within the trip a `Collector` stands in its place: it collects what is
appended, and refuses everything else. That is possible where the list is reached through variables only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import CellType
from typing import Any

from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.functions import InterpretedFunction

__all__ = ["Collector", "TripValueNeeded", "is_held_elsewhere", "replaced"]


class TripValueNeeded(GraphCompileError):
    """The value of one trip is needed, so the trips cannot be interpreted as one."""

    def __init__(self, what: str = "the value of a number that differs from trip to trip") -> None:
        super().__init__("The trips of a loop cannot be compiled as one.", found=what,
                         remedy="use the number in arithmetic with tensors, or as a subscript of tensors")


class Collector:
    """What stands for a list while a trip is interpreted that only appends to it. Anything else is refused."""

    def __init__(self, control: Any, trips: Any) -> None:
        self.control, self.trips = control, trips
        self.values: list[Any] = []

    def append(self, value: Any) -> None:
        """Collect a value, unless in a branch or in a loop within the trip."""
        if not self.control.is_recording(self.trips):
            raise TripValueNeeded("a list to which some trips append, or one trip appends repeatedly")
        self.values.append(value)

    def extend(self, values: Any) -> None:
        for value in list(values):
            self.append(value)

    def __iadd__(self, values: Any) -> Collector:
        self.extend(values)
        return self

    def _refuse(self, *args: Any) -> Any:
        raise TripValueNeeded("a list to which each trip appends")

    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __eq__ = __add__ = __radd__ = __repr__ = _refuse
    __hash__ = __setitem__ = __mul__ = __reversed__ = __lt__ = __gt__ = __le__ = __ge__ = __getattr__ = _refuse


@contextmanager
def replaced(frame: Frame, lists: dict[int, list[Any]], collectors: dict[int, Collector]) -> Iterator[None]:
    """Put the collectors in the place of the lists, in the frame's variables, inside of the block."""
    if not lists:
        yield
        return
    cells = []
    for slot, value in enumerate(frame.vars):
        if type(value) is CellType:
            content = _contents(value)
            if id(content) in collectors:
                cells.append((value, content))
                value.cell_contents = collectors[id(content)]
        else:
            frame.vars[slot] = collectors.get(id(value), value)
    try:
        yield
    finally:
        for slot, value in enumerate(frame.vars):
            for key, collector in collectors.items():
                if value is collector:
                    frame.vars[slot] = lists[key]
        for cell, content in cells:
            if _contents(cell) is collectors[id(content)]:
                cell.cell_contents = content


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def is_held_elsewhere(frame: Frame, wanted: list[Any]) -> bool:
    """Whether a list lies in a container, an object, a global, or is no variable of the frame at all."""
    contents = [_contents(value) if type(value) is CellType else value for value in frame.vars]
    if not any(value is wanted for value in contents):
        return True
    at: Frame | None = frame
    pending = list(contents)
    while at is not None:
        if any(value is wanted for value in at.globals.values()):
            return True
        at = at.back
        pending += [_contents(value) if type(value) is CellType else value for value in (at.vars if at else ())]
    seen: set[int] = {id(wanted)}
    guards_type = frame.session.policy.guards_type
    while pending:
        value = pending.pop()
        if id(value) in seen or isinstance(value, (int, float, str, type)):
            continue
        seen.add(id(value))
        inside: list[Any] = []
        if isinstance(value, (list, tuple, set, frozenset)):
            inside = list(value)
        elif isinstance(value, dict):
            inside = list(value.values())
        elif type(value) is InterpretedFunction:
            pending += [_contents(cell) for cell in value.__closure__ or ()]
            inside = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        elif hasattr(value, "__dict__") and guards_type(type(value)):
            inside = list(vars(value).values())
        if any(each is wanted for each in inside):
            return True
        pending += inside
    return False
