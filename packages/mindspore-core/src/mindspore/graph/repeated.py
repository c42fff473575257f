"""Loops, branches and calls that are recorded again.

A `try` statement that is left by the value of a tensor is interpreted once more for each way that it may be left
(`compiler/frontend/protected.py`). What it recorded at first is put back; only what the decision depends on stays. A
loop, branch or call in there may print, or cost much. When it is recorded again, in the region of one of the sides, the
results of the first one take its place.

Both are the same if they have the same structure (`structure.py`): the same operations on the same values. The token of
effects is one of these values, so two loops that print are the same only if the same effects come before them.
"""
from __future__ import annotations

from mindspore.compiler.ir import Node
from mindspore.graph.structure import same_structure
from mindspore.graph.trace import GraphTrace, Traced
from mindspore.runtime.record import wrap

__all__ = ["results_of"]


def results_of(trace: GraphTrace, node: Node) -> tuple[Node, ...]:
    """The results of a loop, branch or call that has just been recorded in a trace; those of the one that it
    repeats, if there is one."""
    original = None
    at: GraphTrace | None = trace
    while at is not None:
        for first in at.undone:
            if first is not node and first.op is node.op and same_structure(at, first, trace, node):
                original = at, first  # the outermost: those further inside were replaced by it
                break
        at = at.parent
    if original is None:
        return trace.builder.items(node)
    owner, first = original
    found = owner.builder.items(first)
    return found if owner is trace else tuple([trace.node_of(wrap(Traced(owner, each))) for each in found])
