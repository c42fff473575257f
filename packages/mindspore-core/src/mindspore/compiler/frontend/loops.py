"""Loops on tensors: how often they run, or when they are left, is known only at run time.

The loop is interpreted once to find which variables its body changes, then again with these variables as parameters of
the condition and the body, until shapes and dtypes no longer change.

A variable that has no value before the loop is carried only where a trip reads what an earlier trip left in it, or the
program may read it after the loop. It is then a variant of no value and of what trips leave, so that a trip that comes
too early raises what Python raises. A variable that cannot be carried, such as a function that each trip makes, has no
value at the start of a trip where nothing reads it after the loop, whether or not it has one before.

A trip that may leave the loop ends with a *code* (`leaving.Exit`): go on, left by `break`, or returned. The code is
carried like a variable, in a slot of the frame that no name has, and the condition of the loop reads it; so is the
result of a `return`, which starts as zeros. What follows the loop is then a decision on the code. An exception for
which there is a handler outside of the loop is one more code (`loop_raises.py`).

The condition of the graph's loop only reads. Where the program's condition assigns a variable or a Parameter, or
prints, the loop is turned: the condition is computed before the loop and at the end of each trip that goes on, and its
outcome is one more carried value.
"""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from types import CellType
from typing import Any

from mindspore.compiler.frontend.conditions import predicate
from mindspore.compiler.frontend.decisions import decide, outcome_of, refuse
from mindspore.compiler.frontend.errors import Diverged, GraphCompileError, TensorConditionError
from mindspore.compiler.frontend.frames import CONTINUE, RETURN, TENSOR_LOOP, UNBOUND, Frame, Run, Unbound
from mindspore.compiler.frontend.journal import Items, is_container
from mindspore.compiler.frontend.leaving import GOES_ON, LEAVES, RAISES, RETURNS, Exit, code_of, codes_of, may_return
from mindspore.compiler.frontend.liveness import is_read_elsewhere, names_read_elsewhere
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.loop_containers import containers_in, note_ambiguous, to_be_kept
from mindspore.compiler.frontend.loop_raises import Raises
from mindspore.compiler.frontend.postponed import Postponed
from mindspore.compiler.frontend.scans import Body
from mindspore.compiler.frontend.sides import Branch
from mindspore.compiler.frontend.state import Snapshot
from mindspore.compiler.frontend.variants import Variant, is_varied, narrowed

__all__ = ["after_loop", "is_left_by_tensor", "loop_on_tensor", "loop_over", "only_reads"]

_MOST_ATTEMPTS = 12


class _ConditionChanges(Exception):
    """The condition of a loop changes something."""


class _Loop:
    """One loop on a tensor: what is carried from trip to trip, as far as it is known.

    `code`, `result` and `errors` are the slots of how the last trip ended, of what it returned, and of the tensors of
    exceptions. `raises`: the exceptions that may leave the loop; None as long as no trip raised one. `certain` says
    that there is a trip, so that what each trip assigns has a value after the loop. `live` are the names that the
    function reads outside of the loop's body.
    """

    def __init__(self, frame: Frame, test: Run, body: Body, code: int, certain: bool, site: Site) -> None:
        self.frame, self.test, self.body, self.site = frame, test, body, site
        self.certain = certain
        self.live = names_read_elsewhere(frame, body.statements)
        self.code, self.result, self.errors = code, code + 1, code + 2
        self.raises: Raises | None = None
        self.control = frame.session.policy.control
        self.snapshot = Snapshot(frame)
        self.doubts = self.control.doubts()
        self.carried: dict[int, Any] = {}
        self.written: dict[int, Any] = {}
        self.codes: set[int] = set()
        self.asked: set[int] = set()  # variables without a value before the loop that a trip reads before it assigns
        self.temporary: set[int] = set()  # variables that cannot be carried, and are not read after the loop
        self.kept: dict[int, Any] = {}  # containers that stay the objects that they are

    def run(self) -> None:
        """Interpret trips until what is carried no longer changes, then make the loop. If no trip ends as far as is
        known (a recursive call), there is none."""
        rest = self.frame.rest
        for _ in range(_MOST_ATTEMPTS):
            try:
                trip = _Trip(self)
            except Diverged:
                self.frame.rest, self.codes = rest, {GOES_ON}
                return
            except Postponed as postponed:
                if self.raises is not None or postponed.log is not None:
                    raise
                self.frame.rest = rest
                self.raises = Raises(self.frame.session.policy.effects, self.site)
                continue
            if self._learn(trip):
                self._finish(trip)
                return
        refuse("The variables of a loop on a tensor change shape or dtype from trip to trip.",
               "keep their shapes and dtypes the same", self.site)

    def _learn(self, trip: _Trip) -> bool:
        """Add what a trip changed to what is carried; whether nothing had to be added."""
        control = self.control
        if self._keeps_more(trip):
            return False
        self.codes |= codes_of(trip.signal) - {GOES_ON} if trip.endless else {*codes_of(trip.signal), GOES_ON}
        writes = control.writes(trip.regions[1])
        stable = writes.keys() <= self.written.keys()
        self.written.update(writes)
        for place, (x, y) in enumerate(zip(trip.before, trip.after)):
            start = self.snapshot.values[place]
            if isinstance(x, Unbound) and x.asked and place not in self.asked:
                self.asked.add(place)
                stable = False
            if x is y:
                continue
            value = self._start_unbound(place, y) if isinstance(start, Unbound) else self._start_bound(trip, place, y)
            if value is None:
                stable = self.carried.pop(place, None) is None and stable
                continue
            stable = stable and place in self.carried and control.alike(value, self.carried[place])
            self.carried[place] = value
        return stable

    def _keeps_more(self, trip: _Trip) -> bool:
        """Note the containers that have to stay the objects that they are; whether there is a new one. What holds one
        is learnt anew."""
        count, first = len(self.kept), len(self.snapshot.variables)
        changed = [place.owner for number, place in enumerate(self.snapshot.journal.places, first)
                   if isinstance(place, Items) and trip.before[number] is not trip.after[number]]
        for each in to_be_kept(self.frame, trip.containers, self.snapshot.values, trip.after, changed,
                               trip.body.fresh, self.site):
            self.kept[id(each)] = each
        if len(self.kept) == count:
            return False
        for each in trip.containers:
            if self.keeps(each.start):
                self.carried.pop(each.place, None)
        return True

    def keeps(self, value: Any) -> bool:
        """Whether a container stays the object that it is."""
        return id(value) in self.kept

    def _check_made(self, trip: _Trip, place: int, after: Any) -> None:
        """TensorConditionError if a trip leaves an object that it has made: the next one would need another one."""
        for each in after.members if type(after) is Variant else (after,):
            is_object = hasattr(each, "__dict__") and not callable(each) and not is_container(each)
            if is_object and id(each) in trip.body.fresh and not self.frame.session.is_traced(each):
                raise TensorConditionError(
                    f"{self.snapshot.name(place).capitalize()} is a new object at the end of each trip of a loop on a "
                    "tensor.", found=f"an object of class {type(each).__name__}", site=self.site,
                    remedy="make the object before the loop and assign its attributes, or use a tuple or a named tuple")

    def _start_bound(self, trip: _Trip, place: int, after: Any) -> Any:
        """The value that a variable starts from which has one before the loop; None if it is not carried, because it
        cannot be and is not read after the loop."""
        if place in self.temporary:
            return None
        try:
            self._check_made(trip, place, after)
            return self._start(place, self.snapshot.values[place], after)
        except TensorConditionError:
            if not self.snapshot.is_variable(place) or is_read_elsewhere(self.snapshot, place, self.live):
                raise
            self.temporary.add(place)
            return None

    def _start_unbound(self, place: int, after: Any) -> Any:
        """The value that a variable starts from which has none before the loop; None if it is not carried."""
        if place == self.errors:
            known = dict(self.carried.get(place, ()))
            return tuple([(each, known[each] if each in known else self.control.blank(value)) for each, value in after])
        if place == self.result:
            return self._start(place, UNBOUND, after)
        if place in self.temporary or not (place in self.asked or is_read_elsewhere(self.snapshot, place, self.live)):
            return None
        if self.certain and place not in self.asked and type(after) not in (Unbound, Variant) \
                and type(self.carried.get(place)) is not Variant:
            return self._start(place, UNBOUND, after)
        try:
            value = self.control.carried(self.snapshot.values[place], self.carried.get(place), after, self.keeps)
        except self.control.Mismatch:
            self.temporary.add(place)
            return None
        self.frame.session.varies = True
        return value

    def _start(self, place: int, start: Any, after: Any) -> Any:
        """The value that a carried variable starts from, as tensors."""
        control, known = self.control, self.carried.get(place)
        if isinstance(start, Unbound):
            start = control.blank(after) if known is None else known
        try:
            if isinstance(after, Unbound):
                raise control.Mismatch("it has no value at the end of a trip")
            if place not in (self.result, self.errors):
                self.snapshot.joins(place, (start, after))
            value = control.carried(start, known, after, self.keeps)
        except control.Mismatch as error:
            what = "The result of a 'return'" if place == self.result else self.snapshot.name(place).capitalize()
            raise TensorConditionError(
                f"{what} does not keep its type in a loop on a tensor.", found=str(error), site=self.site,
                remedy="give it the shape and dtype that it has at the end of a trip before the loop",
                native=error.of_arrays,
            ) from None
        self.frame.session.varies |= control.holds_variant(value)
        return value

    def _finish(self, trip: _Trip) -> None:
        frame, snapshot, carried = self.frame, self.snapshot, self.carried
        frame.site = self.site
        last = [k for k, place in enumerate(carried) if place in (self.result, self.errors)]
        results = self.control.repeat(trip.regions, trip.test, list(carried.values()),
                                      [trip.after[place] for place in carried], self.written, last)
        values = list(snapshot.values)
        for place, value in zip(carried, results):
            values[place] = self._bound(value, trip.after[place]) if isinstance(values[place], Unbound) else value
        for place, (x, y) in enumerate(zip(trip.before, trip.after)):
            if place in self.temporary or (x is not y and isinstance(values[place], Unbound)):
                values[place] = Unbound("has a value only if a loop on a tensor makes a trip", self.site)
        if not self.certain:
            note_ambiguous(frame, trip.containers, values, self.site)
        snapshot.write(values)

    def missing(self, place: int) -> Unbound:
        """What a variable holds at the start of a trip that has no value then."""
        before = self.snapshot.values[place]
        before = before if isinstance(before, Unbound) else None
        if place in self.temporary:
            return Unbound("is read in a trip of a loop on a tensor before it is assigned, and what a trip before may "
                           "have left in it cannot be carried to this one", self.site, before)
        return Unbound(instead_of=before)

    def _bound(self, value: Any, after: Any) -> Any:
        """The value after the loop of a variable that had none before it."""
        if type(value) is not Variant or not self.certain or type(after) in (Unbound, Variant):
            return value
        bound = [member for member in value.members if not isinstance(member, Unbound)]
        return bound[0] if len(bound) == 1 else value


class _Trip:
    """One abstract trip: the traces of the condition and the body with some variables as parameters."""

    def __init__(self, loop: _Loop) -> None:
        self.loop = loop
        frame, control, snapshot = loop.frame, loop.control, loop.snapshot
        control.put_back_doubts(loop.doubts)
        self.regions = [control.region("condition"), control.region("body")]
        rest = (frame.rest, None, TENSOR_LOOP)
        sides = []
        for region in self.regions:
            side = Branch(snapshot, region)
            side.values = list(snapshot.values)
            for place, value in loop.carried.items():
                parameters = control.parameters(region, value)
                if type(value) is Variant or place in (loop.result, loop.errors) or not isinstance(
                        side.values[place], Unbound):
                    side.values[place] = parameters
            for place, value in enumerate(side.values):
                hidden = place in (loop.result, loop.errors)
                if place in loop.temporary or (isinstance(value, Unbound) and not hidden
                                               and snapshot.is_variable(place)):
                    side.values[place] = loop.missing(place)
            control.carry_written(region, loop.written)
            sides.append(side)
        condition, self.body = sides
        self.containers = [each for place in loop.carried for each in containers_in(
            snapshot.values[place], self.body.values[place], place)]
        before, reads = self.body.values, condition.values
        try:
            self.test = condition.run(self._run_test, loop.site, rest)
        except Postponed:
            frame.rest = rest[0]
            raise _ConditionChanges from None
        changes = any(x is not y for x, y in zip(condition.values, snapshot.completed(reads)))
        if changes or control.writes(self.regions[0]):
            frame.rest = rest[0]
            raise _ConditionChanges
        self.signal = self.body.run(self._run_body, loop.site, rest)
        self.before, self.after = snapshot.completed(before), snapshot.completed(self.body.values)
        frame.rest = rest[0]

    def _run_test(self, frame: Frame) -> Any:
        pred = _truth(frame, self.loop.test(frame), self.loop.site)
        control = self.loop.control
        self.endless = pred is True
        if type(pred) is bool:
            pred = control.constant(pred)
        return control.goes_on(frame.vars[self.loop.code], pred) if self.loop.code in self.loop.carried else pred

    def _run_body(self, frame: Frame) -> Any:
        loop, raises = self.loop, self.loop.raises
        signal = loop.body.run(frame) if raises is None else raises.run_trip(frame, loop.body.run)
        frame.vars[loop.code] = code_of(signal)
        if isinstance(signal, Exit) and signal.payloads:
            before = frame.vars[loop.errors]
            payloads = {**({} if isinstance(before, Unbound) else dict(before)), **signal.payloads}
            frame.vars[loop.errors] = tuple(sorted(payloads.items(), key=itemgetter(0)))
        if may_return(signal):
            frame.vars[self.loop.result] = frame.result
        return signal


def _truth(frame: Frame, value: Any, site: Site) -> Any:
    """The value of a condition as a predicate, or as a bool if it is known."""
    session = frame.session
    if session.varies and is_varied(session, value):
        value = narrowed(session, outcome_of(frame, value, site, "while"))
        if type(value) is Variant:
            value = session.policy.control.select(session.known, value)
    return predicate(frame, value, site, "while") if frame.session.is_traced(value) else bool(value)


def loop_on_tensor(frame: Frame, test: Run, first: Any, body: Body, otherwise: Run | None, site: Site) -> Any:
    """Run a loop on a tensor; the signal of the statement.

    Args:
        test: the condition, already evaluated once.
        first: its value.
        body: one trip.
        otherwise: the statements after `else`, or None.
        site: the condition's or the iterable's.
    """
    count, result = len(frame.vars), frame.result
    frame.vars += [GOES_ON, Unbound(), Unbound()]
    try:
        loop = _Loop(frame, test, body, count, first is True, site)
        try:
            loop.run()
        except _ConditionChanges:
            loop = _turned(frame, test, first, body, count, site)
            loop.run()
        code, returned, errors = frame.vars[count:count + 3]
    finally:
        del frame.vars[count:]
        frame.result = result
    raised = sorted(each for each in loop.codes if each >= RAISES)
    if not raised or loop.raises is None:
        return after_loop(frame, loop.codes, code, returned, otherwise, site)
    left = loop.codes.difference(raised)
    go_on = partial(after_loop, codes=left, code=code, result=returned, otherwise=otherwise,
                    site=site) if left else None
    return loop.raises.raise_again(frame, code, raised, {} if isinstance(errors, Unbound) else dict(errors), go_on)


def _turned(frame: Frame, test: Run, first: Any, body: Body, count: int, site: Site) -> _Loop:
    """The loop with the condition's outcome as a carried value."""
    control = frame.session.policy.control
    slot = len(frame.vars)
    frame.vars.append(_truth(frame, first, site))

    def again(frame: Frame) -> None:
        frame.vars[slot] = _truth(frame, test(frame), site)

    def trip(frame: Frame) -> Any:
        signal = body.run(frame)
        if signal is None or signal is CONTINUE:
            again(frame)
        elif isinstance(signal, Exit):
            decide(frame, control.code_is(signal.code, GOES_ON), site, "while", again, _nothing, False)
        return signal

    return _Loop(frame, lambda frame: frame.vars[slot], body._replace(run=trip), count, first is True, site)


def _nothing(frame: Frame) -> None:
    return None


def after_loop(frame: Frame, codes: set[int], code: Any, result: Any, otherwise: Run | None, site: Site) -> Any:
    """What follows a loop that was left with `code`, one of `codes`: the function's end, nothing, or the statements
    after `else`."""
    control = frame.session.policy.control

    def give(frame: Frame) -> str:
        frame.result = result
        return RETURN

    def go_on(frame: Frame) -> Any:
        if otherwise is None or GOES_ON not in codes:
            return None
        if LEAVES not in codes:
            return otherwise(frame)
        return decide(frame, control.code_is(code, LEAVES), site, "while", _nothing, otherwise, False)

    if codes == {RETURNS}:
        return give(frame)
    if RETURNS not in codes:
        return go_on(frame)
    return decide(frame, control.code_is(code, RETURNS), site, "while", give, go_on, False)


def loop_over(frame: Frame, sequence: Any, first: int, body: Body, otherwise: Run | None, site: Site) -> Any:
    """Run a `for` over the items of a sequence from `first` on as a loop on a tensor, which counts; the signal."""
    control, session = frame.session.policy.control, frame.session
    slot = len(frame.vars)
    frame.vars.append(control.constant(0))
    is_static = type(sequence.count) is int
    count = sequence.count - first if is_static else sequence.count
    length = None if sequence.most is None else sequence.most - first

    def is_left(frame: Frame) -> Any:
        return True if count is None else frame.vars[slot] < count

    def trip(frame: Frame) -> Any:
        counter = frame.vars[slot]
        session.trips += 1
        try:
            body.store(frame, sequence.item_of(control.Trips(control.current_trace(), length, counter), first))
            frame.vars[slot] = counter + 1
            signal = body.run(frame)
            _settle_numbers(frame)
        except Exception as error:
            error.args = control.settled(error.args)
            _settle_numbers(frame)
            raise
        finally:
            session.trips -= 1
        return signal

    try:
        return loop_on_tensor(frame, is_left, is_static and count > 0, body._replace(run=trip), otherwise, site)
    finally:
        del frame.vars[slot:]


def _settle_numbers(frame: Frame) -> None:
    """Give all variables tensors in place of numbers that differ from trip to trip."""
    settled = frame.session.policy.control.settled
    for slot, value in enumerate(frame.vars):
        if type(value) is not CellType:
            frame.vars[slot] = settled(value)
            continue
        try:
            value.cell_contents = settled(value.cell_contents)
        except ValueError:  # an empty cell
            continue
    frame.result = settled(frame.result)


def is_left_by_tensor(frame: Frame, trip: Run, site: Site) -> bool:
    """Whether the next trip of a loop may leave it by the value of a tensor. It is interpreted for that, and nothing
    of it is kept."""
    snapshot, result, rest = Snapshot(frame), frame.result, frame.rest
    control = frame.session.policy.control
    side, doubts = Branch(snapshot, control.region("trip")), control.doubts()
    try:
        return isinstance(side.run(trip, site, (rest, None, TENSOR_LOOP)), Exit)
    except Postponed as postponed:
        if postponed.log is not None:
            raise
        return True
    finally:
        control.put_back_doubts(doubts)
        frame.result, frame.rest = result, rest


def only_reads(frame: Frame, test: Run, site: Site) -> bool:
    """Whether the condition of a loop changes nothing. It is evaluated for that, and nothing of it is kept."""
    control, snapshot, result, rest = frame.session.policy.control, Snapshot(frame), frame.result, frame.rest
    region = control.region("condition")
    side = Branch(snapshot, region)
    before = side.values
    try:
        side.run(test, site, (rest, None, TENSOR_LOOP))
    except Diverged:
        raise
    except (GraphCompileError, Postponed):
        return False
    finally:
        frame.result, frame.rest = result, rest
    before = snapshot.completed(before)
    return not (side.raises or control.writes(region)) and all(
        x is y for x, y in zip(before, snapshot.completed(side.values)))
