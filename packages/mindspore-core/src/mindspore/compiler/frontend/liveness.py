"""Which variables a program may read outside of a loop's body, so that what the last trip left in them matters."""

from __future__ import annotations

import ast

from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.state import Snapshot

__all__ = ["is_read_elsewhere", "names_read_elsewhere"]


def names_read_elsewhere(frame: Frame, body: list[ast.stmt]) -> set[str]:
    """The names that the function of the frame reads outside of these statements."""
    if frame.code is None:
        return set()
    inside = {id(node) for statement in body for node in ast.walk(statement)}
    return {frame.code.scope.mangle(node.id) for node in ast.walk(frame.code.node)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store) and id(node) not in inside}


def is_read_elsewhere(snapshot: Snapshot, place: int, names: set[str]) -> bool:
    """Whether what stands at a place may be read outside of a loop, of whose function `names` are read there: variables
    of that function only if they are among these; other places always may.

    A variable that nested functions share needs no more: the functions outside of the loop's body have their names
    among these, and those that a trip makes end with it, since a loop carries none of them.
    """
    scope = snapshot.frame.code.scope if snapshot.frame.code is not None else None
    if scope is None:
        return True
    slot = snapshot.slot(place)
    if slot is None or slot >= len(scope.slots):
        return True
    variable = scope.slots[slot]
    return variable.external or variable.name in names
