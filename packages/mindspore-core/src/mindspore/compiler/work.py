"""How much the launches of a plan do, for profilers: operations, bytes, and the line of the program.

Operations are those of products (`flops`), and one for each element of an element-wise operator or a reduction. Bytes
are what a launch has to read and write at least: each operand and result once.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from mindspore.compiler.flops import products
from mindspore.compiler.ir import TupleAval
from mindspore.compiler.ir.dims import Symbolic
from mindspore.compiler.passes.group_space import REDUCTIONS
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.program import COPY, REGION, Launch, Plan, Program, value_bytes

__all__ = ["Launched", "Work", "Works"]
Times = Sequence[tuple]  # as `Executable.run_timed` gives them


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one launch. None: it depends on sizes that are known only at run time, or is that of the launches
    inside a loop, a choice or a call. line: FILE:LINE, or an empty text."""

    flops: int | None
    nbytes: int | None
    line: str


@dataclass(slots=True)
class Launched:
    """A launch that ran. plan: the one that it is of, where that is told. inside: those that ran while it did, inside
    its region. work: None where it is unknown which launch of the plan it was."""

    name: str
    begin: int
    end: int
    plan: Plan | None = None
    inside: list[Launched] = field(default_factory=list)
    work: Work | None = None

    @property
    def own(self) -> int:
        """The time without that of the launches inside."""
        return self.end - self.begin - sum([inner.end - inner.begin for inner in self.inside])


class Works:
    """The work of all launches of some plans, those in their regions included."""

    def __init__(self, plans: Sequence[Plan]):
        self._plans: list[Plan] = []
        self._works: dict[int, Work] = {}
        self._named: dict[str, list[Work]] = defaultdict(list)
        self._titles: dict[int, list[str]] = {}
        self._outer: set[str] = set()
        for plan in plans:
            self._add(plan)

    def _add(self, plan: Plan) -> None:
        if id(plan) in self._titles:
            return
        self._titles[id(plan)] = [step.title for step in plan.launches]
        self._plans.append(plan)
        for step, title in zip(plan.launches, self._titles[id(plan)]):
            if step.region is not None:
                self._outer.add(title)
                for inner in step.region.plans:
                    self._add(inner)
            self._works[id(step)] = work = _work(plan.program, step)
            self._named[title].append(work)

    def of(self, times: Times) -> list[tuple[Launched, dict[str, Any]]]:
        """For each launch that ran what is known of it: `flops`, `bytes` and `line`. Plans run their launches in order,
        so it is known which is which; where it is not, that is what all launches of a name have in common."""
        roots, ran = self._nest(times)
        self._identify(roots, self._plans)
        return [(one, _facts(self._named.get(one.name, []) if one.work is None else [one.work])) for one in ran]

    def _nest(self, times: Times) -> tuple[list[Launched], list[Launched]]:
        roots: list[Launched] = []
        ran = []
        for name, begin, end, *plan in times:
            one = Launched(name, begin, end, *plan)
            first = len(roots)
            while first and roots[first - 1].begin >= begin and (name in self._outer or name not in self._named):
                first -= 1
            one.inside, roots[first:] = roots[first:], [one]
            ran.append(one)
        return roots, ran

    def _identify(self, ran: list[Launched], plans: Sequence[Plan]) -> None:
        """Say which launches these are, which runs of the plans one after the other have made: of the plans that could
        be next the one is taken that explains most and lacks least; nothing is said where that is several."""
        pending = [(ran, plans)]
        while pending:
            ran, plans = pending.pop()
            at = 0
            while at < len(ran):
                told = ran[at].plan
                fits = [(self._explained(plan, ran, at), plan) for plan in (plans if told is None else [told])]
                ranks = [(len(steps), len(steps) - len(plan.launches)) for steps, plan in fits]
                best = [steps for (steps, _), rank in zip(fits, ranks) if steps and rank == max(ranks)]
                count = len(best[0]) if best else 1
                for one, *steps in zip(ran[at:at + count], *best):
                    if len(steps) == 1:
                        one.work = self._works[id(steps[0])]
                    pending.append((one.inside, [p for s in steps if s.region for p in s.region.plans] or self._plans))
                at += count

    def _explained(self, plan: Plan, ran: list[Launched], at: int) -> list[Launch]:
        """The launches of a plan which are those that ran from a place on; a plan may have some that nobody timed."""
        found: list[Launch] = []
        for step, title in zip(plan.launches, self._titles[id(plan)]):
            if at + len(found) == len(ran):
                break
            one = ran[at + len(found)]
            if title == one.name and (one.plan is None or one.plan is plan):
                found.append(step)
        return found


def _facts(found: Sequence[Work]) -> dict[str, Any]:
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
