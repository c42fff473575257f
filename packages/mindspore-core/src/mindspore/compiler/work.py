"""How much the launches of a plan do, for profilers: operations, bytes, and the line of the program.

Operations are those of products (`flops`), and one for each element of an element-wise operator or a reduction. Bytes
are what a launch has to read and write at least: each operand and result once.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from mindspore.compiler.flops import products
from mindspore.compiler.ir import TupleAval
from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.passes.group_space import REDUCTIONS
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.program import COPY, REGION, Launch, Plan, Program, value_bytes

__all__ = ["Work", "common", "works"]


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one launch. None: it depends on sizes that are known only at run time, or is that of the launches
    inside a loop or a choice. line: FILE:LINE, or an empty text."""

    flops: int | None
    nbytes: int | None
    line: str


def works(plans: Sequence[Plan]) -> dict[str, list[Work]]:
    """The work of all launches of plans and of the plans in their regions, by title, in order."""
    found: dict[str, list[Work]] = defaultdict(list)
    seen: set[int] = set()

    def add(plan: Plan) -> None:
        if id(plan) in seen:
            return
        seen.add(id(plan))
        for step in plan.launches:
            for inner in () if step.region is None else step.region.plans:
                add(inner)
            found[step.title].append(_work(plan.program, step))

    for plan in plans:
        add(plan)
    return dict(found)


def common(found: Sequence[Work]) -> dict[str, Any]:
    """What is known and the same of all these: `flops`, `bytes` and `line`."""
    facts = {}
    for key, values in (("flops", {work.flops for work in found}), ("bytes", {work.nbytes for work in found}),
                        ("line", {work.line or None for work in found})):
        value = next(iter(values), None)
        if len(values) == 1 and value is not None:
            facts[key] = value
    return facts


def _work(program: Program, step: Launch) -> Work:
    line = "" if step.loc is None else f"{step.loc[0]}:{step.loc[1]}"
    if step.kind == REGION:
        return Work(None, None, line)
    moved = sum([value_bytes(program.avals[value]) for value in dict.fromkeys((*step.ins, *step.outs))])
    if isinstance(moved, Symbolic):
        return Work(None, None, line)
    try:
        return Work(0 if step.kind == COPY else _operations(program, step), moved, line)
    except ValueError:
        return Work(None, moved, line)


def _operations(program: Program, step: Launch) -> int:
    if step.body is not None:
        return sum([_of(node.op, node.kwargs(), [i.aval for i in node.ins], node.aval) for node in step.body.nodes
                    if node.op.name not in ("parameter", "constant", "item")])
    return _of(PRIMITIVES[step.name], step.attrs, program.in_avals(step), program.out_avals(step)[0])


def _of(op: Any, attrs: dict, ins: list, out: Any) -> int:
    """The operations of one operator. ValueError where sizes are not known."""
    found = products(op, attrs, ins, out)
    if found or not ins or isinstance(out, TupleAval):
        return found
    if op.scalar:
        return _count(out.shape)
    return _count(ins[0].shape) if op.name in REDUCTIONS else 0


def _count(shape: tuple) -> int:
    count = prod(shape)
    if isinstance(count, Symbolic):
        raise ValueError(f"the shape {shape} has sizes that are known only when the graph runs")
    return count
