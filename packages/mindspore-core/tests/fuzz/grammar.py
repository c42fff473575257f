"""Random well-typed programs: loops, branches, calls, containers, classes, Cells, index assignment, transformations.

A program is a function `main(s, t, v, w, n)` of two float scalars, two vectors of three floats, and an int, with
classes before it. Its variables have types that never change, so every operation in it is defined. The nonterminals are
in `writing.py`, their productions in `expressions.py`, `statements.py`, `functions.py` and `classes.py`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import functions  # noqa: F401
from classes import write_cell, write_class
from hypothesis import strategies as st
from writing import GROUPS, INT, MOST_STATEMENTS, NOTES, SCALAR, VECTOR, Program, Scope, Writer

PRODUCTIONS = sorted({production.name for group in GROUPS.values() for production in group} | NOTES
                     | {"loops as one"})


def write(w: Writer) -> Program:
    """A whole program. What is left of its arguments in the end is seen in its results."""
    w.depth = 0
    heads = w.choice([[], [], [write_class], [write_cell], [write_class, write_cell]])
    for head in heads:
        head(w)
    names = {"s": SCALAR, "t": SCALAR, "v": VECTOR, "w": VECTOR, "n": INT}
    scope = Scope({**names, **w.scope.names}, {"s", "t", "v", "w"} | w.scope.writable, w.scope.functions)
    w.scope, w.statements, w.most, w.depth, w.result = scope, 0, MOST_STATEMENTS, 1, w.pair
    w.line_at(0, "def main(s, t, v, w, n):")
    for _ in range(w.integer(0, 2)):
        w.choose("declaration")
    w.block(w.integer(2, 6))
    w.line(f"return {w.scalar()} + s * 0.7 - t * 0.4, {w.vector()} + v * 0.9 - w * 0.6")
    scanned = any("for " in line and line.endswith(":") for line in w.lines) and w.chance()
    return Program("\n".join(w.lines) + "\n", frozenset(w.used | {"loops as one"} if scanned else w.used), scanned)


@st.composite
def programs(draw: Callable[[Any], Any]) -> Program:
    """Random programs."""
    return write(Writer(draw))
