"""The state of a program at a decision: what it can change, and putting it back.

A `Snapshot` knows the variables of a frame, the cells that its closures share, and the containers and objects that can
be reached from them. The interpreter runs each side of a decision from one snapshot (`decisions.py`), and each trial of
a loop (`loops.py`).
"""

from __future__ import annotations

from types import CellType
from typing import Any

from mindspore.compiler.frontend.errors import TensorConditionError, describe
from mindspore.compiler.frontend.frames import UNBOUND, Frame
from mindspore.compiler.frontend.functions import InterpretedFunction
from mindspore.compiler.frontend.location import Site

__all__ = ["Snapshot"]


class Snapshot:
    """The variables of a frame and all cells and containers that the program can reach, as they are now."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.cells: list[CellType] = []
        self.containers: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        at: Frame | None = frame
        while at is not None:
            for value in at.vars:
                self._reach(value)
            at = at.back
        self.variables = list(frame.vars)
        self.values = self.read()

    def _reach(self, value: Any) -> None:
        """Note what can be changed in `value`, and what can be reached from there."""
        pending = [value]
        while pending:
            value = pending.pop()
            kind = type(value)
            if kind in (int, float, bool, str, type(None)) or id(value) in self._seen:
                continue
            self._seen.add(id(value))
            if kind is CellType:
                self.cells.append(value)
                pending.append(_contents(value))
            elif kind is InterpretedFunction:
                pending.extend(value.__closure__ or ())
            elif isinstance(value, (list, tuple, set)):
                pending.extend(value)
                if not isinstance(value, tuple):
                    self.containers.append((value, kind(value)))
            elif isinstance(value, dict):
                pending.extend(value.values())
                self.containers.append((value, dict(value)))
            elif self._is_of_program(value):
                pending.extend(v for k, v in vars(value).items() if not k.startswith("_"))
                self.containers.append((value, _attributes(value)))

    def _is_of_program(self, value: Any) -> bool:
        return hasattr(value, "__dict__") and not isinstance(value, type) and self.frame.session.policy.guards_type(
            type(value)) and not callable(getattr(value, "asnumpy", None))

    def read(self) -> list[Any]:
        """The present values of all variables."""
        return [*self.frame.vars, *map(_contents, self.cells)]

    def write(self, values: list[Any]) -> None:
        """Give all variables these values."""
        count = len(self.variables)
        self.frame.vars[:] = values[:count]
        for cell, value in zip(self.cells, values[count:]):
            if value is not UNBOUND:
                cell.cell_contents = value
            elif _contents(cell) is not UNBOUND:
                del cell.cell_contents

    def name(self, place: int) -> str:
        """The name of a variable."""
        scope = self.frame.code.scope if self.frame.code is not None else None
        if scope is not None and place < len(scope.slots):
            return f"'{scope.slots[place].name}'"
        return "a variable of an enclosing function"

    def check(self, site: Site) -> None:
        """TensorConditionError if a container or an object has changed."""
        for value, before in self.containers:
            now = value if isinstance(value, (list, dict, set)) else _attributes(value)
            if not _same(now, before):
                raise TensorConditionError(
                    "A list, dict, set or attribute is changed in a branch or loop that depends on a tensor.",
                    found=f"a change of {describe(value)}",
                    remedy="assign the new value to a variable, or make the change on both sides, after the decision",
                    site=site,
                )


def _attributes(value: Any) -> dict[str, Any]:
    return {k: v for k, v in vars(value).items() if not k.startswith("_")}


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return UNBOUND


def _same(now: Any, before: Any) -> bool:
    if len(now) != len(before):
        return False
    if isinstance(now, dict):
        return all(k in before and before[k] is v for k, v in now.items())
    return now == before if isinstance(now, set) else all(a is b for a, b in zip(now, before))
