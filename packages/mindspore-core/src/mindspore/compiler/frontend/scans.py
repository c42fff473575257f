"""Long static loops: all trips are interpreted as one, and become one `scan`.

A `for` over many items that are known now could be unrolled, and its graph would grow with the number of trips.
Instead one trip is interpreted in a trace of its own. What differs from trip to trip is a slice of a table
(`mindspore.graph.trips`) or a `TripNumber`; what a trip changes is found as for loops on tensors, by interpreting trips
until nothing new is learnt:

* a variable that is a tensor before and after a trip, of one shape and dtype, is *carried*, and so is one that is a
  number before the loop and becomes a tensor of one element;
* a number that is another number after a trip is a `TripNumber` as well: its values before the trips are guessed (from
  the first step), and the guess holds if the values after the trips are the same, moved by one trip;
* a variable of which a trip does not read what the trip before left is *temporary*: within the trip it has no value;
  the last trip's value is kept if the program reads it outside of the loop;
* a list to which each trip appends gets a `Collector` in its place; what it collects are stacked results of the scan.

The loop is interpreted trip by trip, as any other, where this is not possible: where a trip needs the value of a number
that varies, changes an object, or leaves the loop. A condition on a number that varies, such as `if i == 0`, splits the
loop where the outcome changes; a variable that changes its type in the first trips (None, then a tensor) costs a trip
each; short loops, and those of a few operations in all, are unrolled, since a fused kernel is faster than a loop.

A loop that is left by the value of a tensor becomes a loop on a tensor (`loops.py`) over the same tables.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mindspore.compiler.frontend.collected import is_held_elsewhere, replaced
from mindspore.compiler.frontend.errors import Diverged, GraphCompileError
from mindspore.compiler.frontend.frames import CONTINUE, TENSOR_LOOP, Frame, Run, Unbound
from mindspore.compiler.frontend.journal import Contents, SharedVariable
from mindspore.compiler.frontend.leaving import Exit
from mindspore.compiler.frontend.liveness import is_read_elsewhere, names_read_elsewhere
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.postponed import Postponed
from mindspore.compiler.frontend.sides import Branch
from mindspore.compiler.frontend.state import Snapshot
from mindspore.compiler.frontend.trip_numbers import Collector, Split, TripNumber, TripValueNeeded, join_values

__all__ = ["FEW_TRIPS", "LEFT_BY_TENSOR", "NOT_AS_ONE", "ONE_BY_ONE", "Body", "Scan"]

FEW_TRIPS = 8
_FEW_OPERATIONS = 64
_MOST_ATTEMPTS = 8

ONE_BY_ONE, NOT_AS_ONE, LEFT_BY_TENSOR = "the next trip differs", "the trips differ", "a tensor ends the loop"


class _Changes(Exception):
    """A variable does not keep its type in this trip."""


class Body(NamedTuple):
    """The body of a loop: what stores an item in the loop's target, one trip, and the statements."""

    store: Callable[[Frame, Any], None]
    run: Run
    statements: Sequence[ast.AST]


class Scan:
    """The attempt to compile `length` trips of a loop from `first` on as one.

    Attributes:
        carried: the values that carried variables start from, by place (`Snapshot`).
        numbers: the values before each trip of variables that are numbers.
        temporary: the places of variables that a trip does not read before it assigns them.
        promoted: the places of variables that are numbers before the loop, and tensors afterwards.
        lists: the lists that trips append to, by identity.
        written: tensors from outside that trips assign.
    """

    def __init__(self, frame: Frame, sequence: Any, first: int, length: int, body: Body, site: Site) -> None:
        self.frame, self.sequence, self.first, self.length = frame, sequence, first, length
        self.body, self.site = body, site
        self.source = getattr(sequence, "items", None)
        self.control = frame.session.policy.control
        self.snapshot = Snapshot(frame)
        self.doubts = self.control.doubts()
        self.carried: dict[int, Any] = {}
        self.numbers: dict[int, tuple[Any, ...]] = {}
        self.temporary: set[int] = set()
        self.promoted: set[int] = set()
        self.lists: dict[int, list[Any]] = {}
        self.written: dict[int, Any] = {}
        self.why = ""

    def run(self) -> Any:
        """Interpret trips; None if they were compiled as one, an int if that many of them may be, or why not."""
        outcome = self._attempts()
        if outcome is not None:
            self.control.put_back_doubts(self.doubts)
        return outcome

    def _attempts(self) -> Any:
        frame, session = self.frame, self.frame.session
        result, rest = frame.result, frame.rest
        try:
            for _ in range(_MOST_ATTEMPTS):
                session.trips += 1
                try:
                    trip = _Trip(self)
                    signal = trip.run(rest)
                finally:
                    session.trips -= 1
                    frame.result, frame.rest = result, rest
                if isinstance(signal, Exit):
                    return LEFT_BY_TENSOR
                if signal is not None and signal is not CONTINUE:
                    return NOT_AS_ONE
                if self._learn(trip):
                    return self._finish(trip)
        except Diverged:
            raise
        except Postponed as postponed:
            if trip.reads_what_is_missing():
                self.why = "a variable that a trip reads before it assigns it"
                return ONE_BY_ONE
            if postponed.log is not None:
                raise
            return LEFT_BY_TENSOR
        except Split as split:
            return split.trips
        except _Changes as change:
            self.why = str(change)
            return ONE_BY_ONE
        except Exception as error:
            self.why = _summary(error)
            return ONE_BY_ONE if self.temporary or self.promoted else NOT_AS_ONE
        self.why = "what a trip changes depends on the trips before it"
        return NOT_AS_ONE

    # -- learning ------------------------------------------------------------------------------------------------------

    def _learn(self, trip: _Trip) -> bool:
        """Add what a trip changed to what is known; whether nothing had to be added."""
        writes = self.control.writes(trip.region)
        stable = writes.keys() <= self.written.keys()
        self.written.update(writes)
        for place, (x, y) in enumerate(zip(trip.before, trip.after)):
            if x is y or place in self.temporary:
                continue
            if place in self.carried:
                if not self.control.can_be_carried(self.carried[place], y):
                    raise _Changes(f"{self.snapshot.name(place)} changes its shape or dtype")
            elif not self._learn_place(place, self.snapshot.values[place], y):
                stable = False
        return stable

    def _learn_place(self, place: int, start: Any, after: Any) -> bool:
        """Note what a changed variable is. False if it was something else so far."""
        if type(start) in (bool, int, float) and type(after) in (type(start), TripNumber):
            return self._learn_number(place, start, after)
        if type(start) is Contents and type(after) is Contents and self._grows(place, start, after):
            return False
        if self.control.can_be_carried(start, after):
            self.carried[place] = start
            return False
        if type(start) is type(after) and isinstance(start, str) and start == after:
            return True
        if type(start) in (bool, int, float) and self._promote(place, start, after):
            return False
        if isinstance(start, Collector) or isinstance(after, Collector):
            raise TripValueNeeded("a list to which each trip appends")
        if place >= len(self.snapshot.variables) and self.snapshot.name(place) != SharedVariable.what:
            raise TripValueNeeded(f"{self.snapshot.name(place)}, which a trip changes")
        self.temporary.add(place)
        return False

    def _promote(self, place: int, start: Any, after: Any) -> bool:
        """Carry a number that becomes a tensor of one element, such as a loss that is added up from 0, as a tensor from
        the beginning; whether it does."""
        try:
            value = self.control.carried(start, None, after)
        except self.control.Mismatch:
            return False
        if not self.control.can_be_carried(value, after):
            return False
        self.carried[place] = value
        self.promoted.add(place)
        return True

    def _grows(self, place: int, start: Contents, after: Contents) -> bool:
        """Whether a place is the contents of a list to which a trip appended; it is noted. TripValueNeeded if the list
        can be reached otherwise than through variables, or if the loop goes over it."""
        count = len(start.items)
        if start.kind is not list or after.kind is not list or len(after.items) <= count:
            return False
        owner = self.snapshot.journal.places[place - len(self.snapshot.variables)].owner
        if any(map(_is_not, start.items, after.items)) or owner is self.source or id(owner) in self.lists or \
                is_held_elsewhere(self.frame, owner):
            raise TripValueNeeded("a list that each trip changes")
        self.lists[id(owner)] = owner
        return True

    def _learn_number(self, place: int, start: Any, after: Any) -> bool:
        """Check the guess of a number's values before the trips, or make one."""
        ends = after.values if type(after) is TripNumber else (after,) * self.length
        known = self.numbers.get(place)
        moved = (start, *ends[:-1])
        if known is None and type(start) is int and type(after) is int:
            moved = tuple(range(start, start + self.length * (after - start), after - start)) if after != start else ()
            if not moved:
                return True
        if any(type(value) is not type(start) for value in moved):
            raise _Changes(f"{self.snapshot.name(place)} changes its type")
        self.numbers[place] = moved
        return known is not None and list(map(repr, known)) == list(map(repr, moved))

    # -- the loop ------------------------------------------------------------------------------------------------------

    def _finish(self, trip: _Trip) -> Any:
        control, frame = self.control, self.frame
        if control.size(trip.trips) * self.length <= _FEW_OPERATIONS:
            self.why = "it has few operations"
            return NOT_AS_ONE
        live = names_read_elsewhere(frame, self.body.statements)
        kept = [place for place in sorted(self.temporary) if is_read_elsewhere(self.snapshot, place, live)]
        results = trip.results(kept)
        frame.site = self.site
        starts = [*self.carried.values(), *[control.blank(each) for each in results]]
        ends = [*[trip.after[place] for place in self.carried], *results]
        outputs: list[Any] = []
        appended = [[control.outputs_of(trip.trips, v, outputs) for v in collector.values]
                    for collector in trip.collectors.values()]
        finals, stacked = control.scan(trip.trips, starts, ends, self.written, outputs)
        values = list(self.snapshot.values)
        for place, value in zip([*self.carried, *kept], finals):
            values[place] = value
        for place in self.numbers:
            values[place] = control.last_of(trip.after[place])
        for place in self.temporary.difference(kept):
            values[place] = Unbound("has a value only within the trips of a loop", self.site)
        self.snapshot.write(values)
        for key, makers in zip(trip.collectors, appended):
            frame.session.journal.note_items(self.lists[key])
            self.lists[key].extend([make(k, stacked) for k in range(self.length) for make in makers])
        return None


class _Trip:
    """One abstract trip."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        control, snapshot = scan.control, scan.snapshot
        control.put_back_doubts(scan.doubts)
        self.region = control.region("trip")
        self.side = Branch(snapshot, self.region)
        self.trips = control.Trips(self.region, scan.length)
        self.collectors = {key: Collector(control, self.trips) for key in scan.lists}
        values = snapshot.values
        for place, value in scan.carried.items():
            values[place] = control.parameters(self.region, value)
        for place, numbers in scan.numbers.items():
            values[place] = join_values(self.trips, list(numbers))
        for place in scan.temporary:
            values[place] = Unbound()
        control.carry_written(self.region, scan.written)
        self.side.values = self.before = self.after = values

    def run(self, rest: Any) -> Any:
        """Interpret the trip; its signal."""
        scan = self.scan
        signal = self.side.run(self._body, scan.site, (rest, None, TENSOR_LOOP))
        if self.side.raises:
            raise TripValueNeeded("an exception in a trip")
        if self.reads_what_is_missing():
            raise TripValueNeeded("a variable that a trip reads before it assigns it")
        self.before = scan.snapshot.completed(self.before)
        self.after = scan.snapshot.completed(self.side.values)
        return signal

    def reads_what_is_missing(self) -> bool:
        """Whether the trip reads a temporary variable before it assigns it."""
        return any(isinstance(value, Unbound) and value.asked for value in self.before)

    def _body(self, frame: Frame) -> Any:
        scan = self.scan
        with replaced(frame, scan.lists, self.collectors):
            scan.body.store(frame, scan.sequence.item_of(self.trips, scan.first))
            return scan.body.run(frame)

    def results(self, places: list[int]) -> list[Any]:
        """The last values of temporary variables."""
        return [self.scan.control.last_of(self.after[place]) for place in places]


def _is_not(a: Any, b: Any) -> bool:
    return a is not b


def _summary(error: Exception) -> str:
    """A short reason for an error message."""
    if isinstance(error, GraphCompileError):
        return error.found or error.summary
    return f"{type(error).__name__}: {error}"
