"""`while` statements: loops on tensors, and loops whose trips are counted by numbers.

A condition that is a tensor makes a loop on a tensor (`loops.py`). One that is known now, such as `i < 500`, says of
each trip whether there is another one, but not how many there will be. So the trips are tried as one (`scans.py`) for
`MOST_AT_ONCE` trips, each of which begins with the condition: where that turns false, the trial learns how many trips
there are, as it does for every other condition on a number that varies. A condition that does more than to read is
evaluated once for each trip, and the trips are interpreted one by one.
"""

from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.branches import branches_on, can_branch, truth
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.for_loops import check_unrolled
from mindspore.compiler.frontend.frames import BREAK, CONTINUE, LOOP, Frame, Run
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.loops import is_left_by_tensor, loop_on_tensor, only_reads
from mindspore.compiler.frontend.scans import FEW_TRIPS, LEFT_BY_TENSOR, ONE_BY_ONE, Body, Scan
from mindspore.compiler.frontend.sides import is_caught
from mindspore.compiler.frontend.trip_numbers import TripNumber, TripValueNeeded

__all__ = ["WhileLoop"]

MOST_AT_ONCE = 1 << 16
_MOST_SCANS = 256
_MOST_PEELED = 2
_NEVER = -1


class _NoItems:
    """What a `while` goes over."""

    def item_of(self, trips: Any, first: int) -> None:
        return None


class WhileLoop:
    """One `while` statement. `leaves` says whether its trips may leave it."""

    def __init__(self, test: Run, body: Body, otherwise: Run | None, leaves: bool, site: Site) -> None:
        self.test, self.body, self.otherwise, self.leaves, self.site = test, body, otherwise, leaves, site
        self.trip = body._replace(run=self._trip_with_test)

    def run(self, frame: Frame) -> Any:
        """Run the statement; its signal."""
        return _Run(self, frame).run()

    def _trip_with_test(self, frame: Frame) -> Any:
        """One of many trips that are interpreted as one."""
        value = self.test(frame)
        if type(value) is TripNumber:
            value.trips.split_at(value.values)
            value = all(value.values)
        if value is not True and (branches_on(frame, value) or not truth(frame, value, self.site, "while")):
            raise TripValueNeeded("a condition that changes from trip to trip")
        return self.body.run(frame)


class _Run:
    """One run of a `while` statement. alone: how many trips are interpreted one by one before several are tried as one
    again; `_NEVER` where they are not any more."""

    def __init__(self, loop: WhileLoop, frame: Frame) -> None:
        self.loop, self.frame, self.rest = loop, frame, frame.rest
        self.control = frame.session.policy.control
        self.alone = 0 if can_branch(frame) else _NEVER
        self.asks = self.alone == 0 and (loop.leaves or is_caught(frame))
        self.peeled = self.scans = self.trips = 0
        self.why = ""
        self.before = self._recorded()

    def run(self) -> Any:
        loop, frame = self.loop, self.frame
        while True:
            value = loop.test(frame)
            if value is not True and branches_on(frame, value):
                return self._on_tensor(value)
            if not truth(frame, value, loop.site, "while"):
                return None if loop.otherwise is None else loop.otherwise(frame)
            if self.alone == 0 and not only_reads(frame, loop.test, loop.site):
                self.alone = _NEVER
            if self.alone == 0:
                outcome = self._as_one()
                if outcome is LEFT_BY_TENSOR:
                    return self._on_tensor(value)
                if outcome is None:
                    continue
            if self.asks and is_left_by_tensor(frame, loop.body.run, loop.site):
                return self._on_tensor(value)
            self.asks = False
            signal = self._alone()
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal

    def _on_tensor(self, value: Any) -> Any:
        loop = self.loop
        return loop_on_tensor(self.frame, loop.test, value, loop.body, loop.otherwise, loop.site)

    def _as_one(self) -> Any:
        """Compile the next trips as one: None if that was possible, else LEFT_BY_TENSOR or another value; `alone` says
        then how many trips come before the next trial."""
        length = MOST_AT_ONCE
        while True:
            scan = Scan(self.frame, _NoItems(), 0, length, self.loop.trip, self.loop.site)
            outcome, self.why = scan.run(), scan.why
            if type(outcome) is not int or outcome <= FEW_TRIPS:
                break
            length = outcome
        if outcome is None:
            self.scans += 1
            if self.scans > _MOST_SCANS:
                raise GraphCompileError("A loop does not end.", found=f"{self.scans * MOST_AT_ONCE} trips",
                                        remedy="leave it by a condition that becomes false", site=self.loop.site)
        elif outcome is ONE_BY_ONE and self.peeled <= _MOST_PEELED:
            self.alone, self.peeled = 1, self.peeled + 1
        else:
            self.alone = outcome if type(outcome) is int else _NEVER
        return outcome

    def _alone(self) -> Any:
        """Interpret one trip; its signal."""
        frame = self.frame
        self.trips += 1
        if self.alone > 0:
            self.alone -= 1
        frame.rest = (self.rest, self.loop.run, LOOP)
        signal = self.loop.body.run(frame)
        frame.rest = self.rest
        check_unrolled(frame, self.trips, self._recorded() - self.before, self.why, self.loop.site)
        return signal

    def _recorded(self) -> int:
        return 0 if self.control is None else self.control.recorded()
