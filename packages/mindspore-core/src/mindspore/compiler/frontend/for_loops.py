"""`for` statements: which of their trips are compiled as one, and which one by one.

A sequence (`sequences.py`) whose number of items is a tensor becomes a loop on a tensor. One with many items is tried
as a scan (`scans.py`); what cannot be part of one is interpreted trip by trip. So is everything else: short loops, and
iterators of which nothing is known. Unrolling has a limit, beyond which compiling would take minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from mindspore.compiler.frontend.branches import can_branch
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import BREAK, CONTINUE, LOOP, Frame, Run
from mindspore.compiler.frontend.generators import ForConsumer, Generator
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.loops import after_loop, is_left_by_tensor, loop_over
from mindspore.compiler.frontend.scans import FEW_TRIPS, LEFT_BY_TENSOR, ONE_BY_ONE, Body, Scan
from mindspore.compiler.frontend.sequences import Fetched, Listed, Numbers, sequence_of
from mindspore.compiler.frontend.walks import containers_behind, watched

__all__ = ["ForLoop", "check_unrolled", "is_long"]

MOST_UNROLLED = 20_000
_MOST_PEELED = 2


def check_unrolled(frame: Frame, trips: int, operations: int, why: str, site: Site) -> None:
    """GraphCompileError if the trips of a loop that were interpreted one by one recorded too many operations."""
    if operations <= MOST_UNROLLED:
        return
    frame.site = site
    raise GraphCompileError(
        f"A loop is unrolled into more than {MOST_UNROLLED} operations.",
        found=f"{operations} operations in {trips} trips, which are compiled one by one" + (f": {why}" if why else ""),
        remedy="let each trip use the loop's variables in tensor arithmetic and as subscripts of tensors only, so that "
               "its trips are compiled as one, or loop while a condition on a tensor holds",
        site=site,
    )


def is_long(frame: Frame, items: Any) -> bool:
    """Whether a loop over these items has so many trips, all known, that they are tried as one."""
    sequence = sequence_of(frame.session.policy.control, items) if can_branch(frame) else None
    return sequence is not None and type(sequence.count) is int and sequence.count > FEW_TRIPS


class ForLoop:
    """One `for` statement."""

    def __init__(self, body: Body, otherwise: Run | None, leaves: bool, site: Site) -> None:
        self.body, self.otherwise, self.leaves, self.site = body, otherwise, leaves, site

    def run(self, frame: Frame, items: Any) -> Any:
        """Go over the items; the signal of the statement."""
        control = frame.session.policy.control
        if type(items) is Generator and items.is_new:
            return self._of_generator(frame, items)
        sequence = sequence_of(control, items) if can_branch(frame) else None
        if sequence is None:
            if can_branch(frame) and self.leaves:
                return self._one_by_one(frame, Fetched(iter(items)), 0, None, "")
            return self._one_by_one(frame, None, 0, items, "")
        if type(sequence) is Numbers and not is_left_by_tensor(frame, partial(self._first_trip, sequence), self.site):
            return self._one_by_one(frame, Fetched(items), 0, None, "")
        if type(sequence.count) is not int:
            return loop_over(frame, sequence, 0, self.body, self.otherwise, self.site)
        return self._run_from(frame, 0, sequence, items)

    def _first_trip(self, sequence: Any, frame: Frame) -> Any:
        self.body.store(frame, sequence.item(0))
        return self.body.run(frame)

    def _of_generator(self, frame: Frame, generator: Generator) -> Any:
        """Go over all items of a generator."""
        result = frame.result
        consumer = ForConsumer(frame, self.body.store, self.body.run)
        try:
            generator.give_all(consumer)
            code, returned = frame.vars[consumer.slot:consumer.slot + 2]
        finally:
            del frame.vars[consumer.slot:]
            frame.result = result
        codes = {code} if type(code) is int else consumer.codes
        return after_loop(frame, codes, code, returned, self.otherwise, self.site)

    def _run_from(self, frame: Frame, at: int, sequence: Any, items: Any = None) -> Any:
        """Go over the items from number `at` on, as many at once as possible."""
        if type(sequence) is Fetched:
            return self._one_by_one(frame, sequence, at, None, "")
        length, peeled, why = sequence.count - at, 0, ""
        while sequence.count - at > FEW_TRIPS and peeled <= _MOST_PEELED:
            scan = Scan(frame, sequence, at, length, self.body, self.site)
            outcome, why = scan.run(), scan.why
            alone = 0
            if outcome is None:
                at += length
            elif outcome is LEFT_BY_TENSOR:
                return loop_over(frame, sequence, at, self.body, self.otherwise, self.site)
            elif outcome is ONE_BY_ONE:
                alone, peeled = 1, peeled + 1
            elif type(outcome) is int:
                if outcome > FEW_TRIPS:
                    length = outcome
                    continue
                alone = outcome
            else:
                break
            for _ in range(alone):
                signal = self._trip(frame, sequence.item(at), sequence, at)
                at += 1
                if signal is not None and signal is not CONTINUE:
                    return None if signal is BREAK else signal
            length = sequence.count - at
        if at and isinstance(items, Iterator):
            for _ in items:
                continue
        return self._one_by_one(frame, sequence, at, items, why)

    def _one_by_one(self, frame: Frame, sequence: Any, at: int, items: Any, why: str) -> Any:
        """Interpret the trips from number `at` on one by one, and the statements after `else`."""
        control = frame.session.policy.control
        before = control.recorded() if control is not None else 0
        lists: list[list[Any]] = []
        if type(sequence) is Fetched:
            rest, lists = sequence.items_from(at), sequence.lists
        elif isinstance(sequence, Listed) and not isinstance(items, Iterator):
            rest, lists = islice(sequence.items, at, None), containers_behind(sequence.items)
        elif items is None or at:
            rest = map(sequence.item, range(at, sequence.count))
        else:
            rest, lists = items, containers_behind(items)
        for number, item in enumerate(watched(frame.session, rest, lists), at):
            signal = self._trip(frame, item, sequence, number)
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal
            if control is not None:
                check_unrolled(frame, number + 1 - at, control.recorded() - before, why, self.site)
            frame.site = self.site
        return None if self.otherwise is None else self.otherwise(frame)

    def _trip(self, frame: Frame, item: Any, sequence: Any, number: int) -> Any:
        self.body.store(frame, item)
        if not self.leaves or sequence is None:
            return self.body.run(frame)
        rest = frame.rest
        frame.rest = (rest, partial(self._run_from, at=number + 1, sequence=sequence), LOOP)
        signal = self.body.run(frame)
        frame.rest = rest
        return signal
