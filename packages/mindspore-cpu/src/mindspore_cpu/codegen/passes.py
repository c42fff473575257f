"""The passes over the reduced axes of a nest.

A reduction whose operand needs no other reduction is made in the first pass, one whose operand needs a result of the
first pass in the second, and so on; a value that is stored is computed in the first pass in which it can be.
"""
from __future__ import annotations

from collections.abc import Sequence

from mindspore_cpu.codegen.nest import FULL, Indirect, Load, Nest, Operand, Ref
from mindspore_cpu.codegen.scalars import COST

KEEP_COST = 10


class Passes:
    """Which steps run when. `reductions[p]` and `stores[p]` are what pass p is for; `ready[s]` is the number of passes
    after which step s can be computed; `kept[s]` is the pass that leaves the value of step s in memory for later
    ones. room: how many values may be left so."""

    def __init__(self, nest: Nest, room: int):
        self.nest = nest
        self.ready: list[int] = []
        for k, step in enumerate(nest.steps):
            before = max((self.ready[o.step] for o in operands_of(nest, k) if isinstance(o, Ref)), default=0)
            self.ready.append(before + 1 if step.reduces else before)
        full = [s for s in nest.stores if nest.steps[s.step].level == FULL]
        self.row_stores = [s for s in nest.stores if nest.steps[s.step].level != FULL]
        reducing = [k for k, step in enumerate(nest.steps) if step.reduces]
        count = max([self.ready[k] for k in reducing] + [self.ready[s.step] + 1 for s in full], default=0)
        self.reductions = [[k for k in reducing if self.ready[k] == p + 1] for p in range(count)]
        self.stores = [[s for s in full if self.ready[s.step] == p] for p in range(count)]
        self.kept: dict[int, int] = {}
        self._choose_kept(room)

    def needed(self, number: int) -> list[int]:
        """The full steps, in order, that pass `number` computes or takes from memory."""
        return sorted(self._walk(number, {k for k, first in self.kept.items() if first < number}))

    def _walk(self, number: int, known: set[int]) -> set[int]:
        roots = [o.step for k in self.reductions[number] for o in operands_of(self.nest, k) if isinstance(o, Ref)]
        roots += [s.step for s in self.stores[number]]
        roots += [k for k, first in self.kept.items() if first == number]
        found: set[int] = set()
        while roots:
            k = roots.pop()
            if k in found or self.nest.steps[k].level != FULL:
                continue
            found.add(k)
            if k not in known:
                roots += [o.step for o in operands_of(self.nest, k) if isinstance(o, Ref)]
        return found

    def _choose_kept(self, room: int) -> None:
        """Keep what a later pass computes again if that is expensive, as long as there is room for so many values."""
        first: dict[int, int] = {}
        for number in range(len(self.reductions)):
            known = {k for k, at in self.kept.items() if at < number}
            again = sorted(self._walk(number, known) & first.keys() - known, reverse=True)
            for k in again:
                if k in self._walk(number, known) and self._price(k, known) >= KEEP_COST and len(self.kept) < room:
                    self.kept[k] = first[k]
                    known.add(k)
            for k in self._walk(number, known):
                first.setdefault(k, number)

    def _price(self, k: int, known: set[int]) -> int:
        """The cost of computing a full step from what is known."""
        pending, found = [k], set()
        while pending:
            at = pending.pop()
            if at not in found and at not in known and self.nest.steps[at].level == FULL:
                found.add(at)
                pending += [o.step for o in operands_of(self.nest, at) if isinstance(o, Ref)]
        return cost_of(self.nest, sorted(found))


def operands_of(nest: Nest, number: int) -> list[Operand]:
    """The operands of a step, those of indirect reads included."""
    found = list(nest.steps[number].operands)
    return found + [o.index for o in found if isinstance(o, Indirect)]


def cost_of(nest: Nest, steps: Sequence[int]) -> int:
    """The estimated number of instructions of some steps, once each."""
    loads = {o for k in steps for o in operands_of(nest, k) if isinstance(o, (Load, Indirect))}
    return sum(COST.get(nest.steps[k].name, 1) for k in steps) + len(loads)
