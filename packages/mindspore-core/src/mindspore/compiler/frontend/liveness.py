"""Which variables a program may read outside of a loop's body, so that what the last trip left in them matters."""

from __future__ import annotations

import ast

from mindspore.compiler.frontend.frames import Frame

__all__ = ["is_read_elsewhere", "names_read_elsewhere"]


def names_read_elsewhere(frame: Frame, body: list[ast.stmt]) -> set[str]:
    """The names that the function of the frame reads outside of these statements."""
    if frame.code is None:
        return set()
    inside = {id(node) for statement in body for node in ast.walk(statement)}
    return {frame.code.scope.mangle(node.id) for node in ast.walk(frame.code.node)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store) and id(node) not in inside}


def is_read_elsewhere(frame: Frame, place: int, names: set[str]) -> bool:
    """Whether what stands at a place (`state.Snapshot`) may be read outside of a loop, of whose function `names` are
    read there: places that are no local variables, and variables that functions share, always may."""
    scope = frame.code.scope if frame.code is not None else None
    if scope is None or place >= len(scope.slots):
        return True
    variable = scope.slots[place]
    return variable.cell or variable.name in names
