"""Decisions on traced tensors: both sides are interpreted, and what they leave behind is joined.

The interpreter forks at a decision: from one `Snapshot` of the variables it runs each branch in a region of its own
(the policy's `control` makes graphs of regions), puts the variables back, and then joins, variable by variable, what
the two runs left there. A branch may also leave: by `return`, `break` or `continue`. Where one branch leaves and the
other goes on, the other runs the statements that follow, inside its region, until both are at the same point.
`Frame.rest` says what follows: a chain of (outer, resume, kind), the innermost first, of blocks, loops, and what cannot
be crossed.

A `while` on a tensor is interpreted once to find which variables its body changes, then again with these variables
as parameters of the condition and the body, until shapes and dtypes no longer change. A `break` in it becomes one more
carried bool.

Only variables may change in a region. A list, dict, set or attribute that was there before and is changed inside of one
is an error, since it would have changed whatever the tensor says.
"""

from __future__ import annotations

from functools import partial
from types import CellType
from typing import Any, NoReturn

from mindspore.compiler.frontend.errors import GraphCompileError, TensorConditionError, describe
from mindspore.compiler.frontend.frames import (
    BARRIER,
    BLOCK,
    BREAK,
    CONTINUE,
    LOOP,
    RETURN,
    TENSOR_LOOP,
    UNBOUND,
    Frame,
    Run,
    Unbound,
)
from mindspore.compiler.frontend.functions import InterpretedFunction
from mindspore.compiler.frontend.location import Site

__all__ = ["decide", "loop_on_tensor", "predicate"]

_MOST_ATTEMPTS = 12

_INSTEAD_OF_RETURN = "assign the result to a variable, leave the loop by 'break', and return it after the loop"


class Exit:
    """The signal of a branch of a loop on a tensor that may leave the loop; `flag` is a tensor."""

    def __init__(self, flag: Any) -> None:
        self.flag = flag


class Snapshot:
    """The variables of a frame and all cells and containers that the program can reach, as they are now."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.cells: list[CellType] = []
        self.containers: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        at: Frame | None = frame
        while at is not None:
            for value in at.vars:
                self._reach(value)
            at = at.back
        self.variables = list(frame.vars)
        self.values = self.read()

    def _reach(self, value: Any) -> None:
        """Note what can be changed in `value`, and what can be reached from there."""
        pending = [value]
        while pending:
            value = pending.pop()
            kind = type(value)
            if kind in (int, float, bool, str, type(None)) or id(value) in self._seen:
                continue
            self._seen.add(id(value))
            if kind is CellType:
                self.cells.append(value)
                pending.append(_contents(value))
            elif kind is InterpretedFunction:
                pending.extend(value.__closure__ or ())
            elif isinstance(value, (list, tuple, set)):
                pending.extend(value)
                if not isinstance(value, tuple):
                    self.containers.append((value, kind(value)))
            elif isinstance(value, dict):
                pending.extend(value.values())
                self.containers.append((value, dict(value)))
            elif self._is_of_program(value):
                pending.extend(v for k, v in vars(value).items() if not k.startswith("_"))
                self.containers.append((value, _attributes(value)))

    def _is_of_program(self, value: Any) -> bool:
        return hasattr(value, "__dict__") and not isinstance(value, type) and self.frame.session.policy.guards_type(
            type(value)) and not callable(getattr(value, "asnumpy", None))

    def read(self) -> list[Any]:
        """The present values of all variables."""
        return [*self.frame.vars, *map(_contents, self.cells)]

    def write(self, values: list[Any]) -> None:
        """Give all variables these values."""
        count = len(self.variables)
        self.frame.vars[:] = values[:count]
        for cell, value in zip(self.cells, values[count:]):
            if value is not UNBOUND:
                cell.cell_contents = value
            elif _contents(cell) is not UNBOUND:
                del cell.cell_contents

    def name(self, place: int) -> str:
        """The name of a variable."""
        scope = self.frame.code.scope if self.frame.code is not None else None
        if scope is not None and place < len(scope.slots):
            return f"'{scope.slots[place].name}'"
        return "a variable of an enclosing function"

    def check(self, site: Site) -> None:
        """TensorConditionError if a container or an object has changed."""
        for value, before in self.containers:
            now = value if isinstance(value, (list, dict, set)) else _attributes(value)
            if not _same(now, before):
                raise TensorConditionError(
                    "A list, dict, set or attribute is changed in a branch or loop that depends on a tensor.",
                    found=f"a change of {describe(value)}",
                    remedy="assign the new value to a variable, or make the change on both sides, after the decision",
                    site=site,
                )


def _attributes(value: Any) -> dict[str, Any]:
    return {k: v for k, v in vars(value).items() if not k.startswith("_")}


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return UNBOUND


def _same(now: Any, before: Any) -> bool:
    if len(now) != len(before):
        return False
    if isinstance(now, dict):
        return all(k in before and before[k] is v for k, v in now.items())
    return now == before if isinstance(now, set) else all(a is b for a, b in zip(now, before))


def _is_caught(frame: Frame) -> bool:
    """Whether a `try` or `with` of the program stands around what runs."""
    at: Frame | None = frame
    while at is not None:
        rest = at.rest
        while rest is not None:
            if rest[2] is BARRIER:
                return True
            rest = rest[0]
        at = at.back
    return False


class Branch:
    """One side of a decision: the region it records into, and where its run has come."""

    def __init__(self, snapshot: Snapshot, region: Any) -> None:
        self.snapshot, self.region = snapshot, region
        self.values = snapshot.values
        self.signal: Any = None
        self.outcome: Any = None
        self.result: Any = None

    def run(self, run: Run, site: Site, rest: Any) -> Any:
        """Run from this side's variables, then put those of the decision back; what `run` gave."""
        frame = self.snapshot.frame
        self.snapshot.write(self.values)
        frame.rest = rest
        try:
            with frame.session.policy.control.recording(self.region):
                outcome = run(frame)
            self.values, self.result = self.snapshot.read(), frame.result
            self.snapshot.check(site)
        except GraphCompileError:
            raise
        except Exception as error:
            if not _is_caught(frame):
                raise
            raise TensorConditionError(
                "Whether a 'try' or 'with' block sees an exception depends on a tensor.",
                found=f"{type(error).__name__}: {error}", site=site,
                remedy="decide by something static, or leave out the block",
            ) from error
        finally:
            self.snapshot.write(self.snapshot.values)
        return outcome


def decide(frame: Frame, value: Any, site: Site, construct: str, then: Run, orelse: Run, expression: bool) -> Any:
    """Run a decision on a traced tensor: the joined value of an expression, or the joined signal of statements."""
    control = frame.session.policy.control
    pred = predicate(frame, value, site, construct)
    snapshot, rest = Snapshot(frame), frame.rest
    sides = [Branch(snapshot, control.region("then")), Branch(snapshot, control.region("orelse"))]
    for side, run in zip(sides, (then, orelse)):
        outcome = side.run(run, site, rest)
        if expression:
            side.outcome = outcome
        else:
            side.signal = outcome
    signal = None if expression else _settle(frame, sides, rest, site)
    frame.rest = rest
    a, b = sides
    pairs: list[Any] = []
    patterns = []
    for place, (x, y) in enumerate(zip(a.values, b.values)):
        if x is not y or x is not snapshot.values[place]:
            patterns.append((place, _merge(control, x, y, pairs, snapshot, place, site)))
    extra = None
    if expression or signal is RETURN or isinstance(signal, Exit):
        mine = [s.outcome if expression else s.result if signal is RETURN else _flag(s.signal) for s in sides]
        extra = _merge_or_refuse(control, *mine, pairs, construct, site)
    frame.site = site
    found = iter(control.choose(pred, a.region, b.region, pairs))
    values = list(snapshot.values)
    for place, pattern in patterns:
        values[place] = pattern if isinstance(pattern, Unbound) else control.fill(pattern, found)
    snapshot.write(values)
    if expression:
        return control.fill(extra, found)
    if signal is RETURN:
        frame.result = control.fill(extra, found)
    elif isinstance(signal, Exit):
        return Exit(control.fill(extra, found))
    return signal


def predicate(frame: Frame, value: Any, site: Site, construct: str) -> Any:
    """A traced tensor as a predicate. TensorConditionError if it has more than one element."""
    control = frame.session.policy.control
    frame.site = site
    try:
        return control.predicate(value)
    except control.Mismatch as error:
        raise TensorConditionError(
            f"The condition of '{construct}' is a tensor of more than one element.", found=str(error),
            remedy="reduce it with .all() or .any(), or choose element by element with ops.where(condition, a, b)",
            site=site,
        ) from None


def _merge(control: Any, x: Any, y: Any, pairs: list[Any], snapshot: Snapshot, place: int, site: Site) -> Any:
    """The pattern of a variable's join, or what stands for a variable that has none."""
    if isinstance(x, Unbound) or isinstance(y, Unbound):
        if x is UNBOUND and y is UNBOUND:
            return UNBOUND
        return Unbound(f"{snapshot.name(place)} has no value on one side of a decision on a tensor", site)
    count = len(pairs)
    try:
        return control.merge(x, y, pairs)
    except control.Mismatch as error:
        del pairs[count:]
        why = f"{snapshot.name(place)} has values that do not join after a decision on a tensor: {error}"
        return Unbound(why, site)


def _merge_or_refuse(control: Any, x: Any, y: Any, pairs: list[Any], construct: str, site: Site) -> Any:
    try:
        return control.merge(x, y, pairs)
    except control.Mismatch as error:
        raise TensorConditionError(
            f"The two sides of '{construct}', which depends on a tensor, give values that do not join.",
            found=str(error), remedy="give both sides one shape and dtype, for instance with ops.cast or reshape",
            site=site,
        ) from None


# -- leaving -----------------------------------------------------------------------------------------------------------


def _flag(signal: Any) -> Any:
    return signal.flag if isinstance(signal, Exit) else signal is BREAK


def _settle(frame: Frame, sides: list[Branch], rest: Any, site: Site) -> Any:
    """Let the sides run until both are at the same point; the signal of that point."""
    while True:
        signals = [side.signal for side in sides]
        if signals[0] is signals[1] and not isinstance(signals[0], Exit):
            return signals[0]
        loop = rest
        while loop is not None and loop[2] not in (LOOP, TENSOR_LOOP, BARRIER):
            loop = loop[0]
        if RETURN in signals:
            goal = RETURN
        elif None in signals:
            goal = CONTINUE
        elif loop is not None and loop[2] is TENSOR_LOOP:
            return Exit(None)
        else:
            goal = BREAK
        for side in sides:
            if side.signal is not goal and not (goal is CONTINUE and side.signal is not None):
                go_on = partial(_run_on, rest=rest, signal=side.signal, goal=goal, site=site)
                side.signal = side.run(go_on, site, rest)


def _run_on(frame: Frame, rest: Any, signal: Any, goal: str, site: Site) -> Any:
    """Run what follows: up to the end of the loop's body, of the loop, or of the function."""
    while rest is not None:
        outer, resume, kind = rest
        frame.rest = outer
        if kind is BARRIER:
            _refuse("Leaving a 'try' or 'with' block depends on a tensor.",
                    "decide before the block, or leave it on both sides", site)
        if kind is BLOCK:
            signal = resume(frame) if signal is None else signal
        else:
            if goal is CONTINUE:
                return CONTINUE if signal is None else signal
            if kind is TENSOR_LOOP:
                _refuse("A 'return' stands in a loop on a tensor.", _INSTEAD_OF_RETURN, site)
            signal = None if signal is BREAK else resume(frame)
            if goal is BREAK:
                return BREAK if signal is None else signal
        if signal is RETURN:
            return RETURN
        rest = outer
    frame.result = None
    return RETURN


def _refuse(summary: str, remedy: str, site: Site) -> NoReturn:
    raise TensorConditionError(summary, remedy=remedy, site=site)


# -- loops -------------------------------------------------------------------------------------------------------------


class _Trip:
    """One abstract trip: the traces of the condition and the body with some variables as parameters."""

    def __init__(self, snapshot: Snapshot, carried: dict[int, Any], written: dict[int, Any], leaves: bool,
                 test: Run, body: Run, site: Site) -> None:
        frame = snapshot.frame
        control = frame.session.policy.control
        self.regions = [control.region("condition"), control.region("body")]
        rest = (frame.rest, None, TENSOR_LOOP)
        sides = []
        for region in self.regions:
            side = Branch(snapshot, region)
            flag = control.parameters(region, control.constant(False)) if leaves else None
            side.values = list(snapshot.values)
            for place, value in carried.items():
                side.values[place] = control.parameters(region, value)
            control.carry_written(region, written)
            side.start = side.values
            sides.append((side, flag))
        (condition, stopped), (self.body, _) = sides
        self.test = condition.run(lambda f: _test(f, test, stopped, site), site, rest)
        if any(x is not y for x, y in zip(condition.values, condition.start)):
            _refuse("The condition of a loop on a tensor assigns a variable.", "assign it in the loop's body", site)
        self.before = self.body.values
        self.signal = self.body.run(body, site, rest)
        frame.rest = rest[0]
        if self.signal is RETURN:
            _refuse("A 'return' stands in a loop on a tensor.", _INSTEAD_OF_RETURN, site)


def _test(frame: Frame, test: Run, stopped: Any, site: Site) -> Any:
    control = frame.session.policy.control
    value = test(frame)
    if not frame.session.is_traced(value):
        value = control.constant(bool(value))
    pred = predicate(frame, value, site, "while")
    return pred if stopped is None else control.unless(stopped, pred)


def loop_on_tensor(frame: Frame, test: Run, body: Run, site: Site) -> bool:
    """Run a loop on a tensor; whether it may have been left by `break`."""
    control = frame.session.policy.control
    snapshot = Snapshot(frame)
    carried: dict[int, Any] = {}
    written: dict[int, Any] = {}
    leaves = False
    for _ in range(_MOST_ATTEMPTS):
        trip = _Trip(snapshot, carried, written, leaves, test, body, site)
        breaks = trip.signal is BREAK or isinstance(trip.signal, Exit)
        stable = breaks <= leaves and control.writes(trip.regions[1]).keys() <= written.keys()
        leaves = leaves or breaks
        written.update(control.writes(trip.regions[1]))
        for place, (x, y) in enumerate(zip(trip.before, trip.body.values)):
            if x is y or isinstance(snapshot.values[place], Unbound):
                continue
            value = _carried(control, snapshot, place, carried.get(place), y, site)
            stable = stable and place in carried and control.alike(value, carried[place])
            carried[place] = value
        if stable:
            break
    else:
        _refuse("The variables of a loop on a tensor change shape or dtype from trip to trip.",
                "keep their shapes and dtypes the same", site)
    _finish(frame, snapshot, trip, carried, written, leaves, site)
    return leaves


def _carried(control: Any, snapshot: Snapshot, place: int, known: Any, after: Any, site: Site) -> Any:
    """The value that a carried variable starts from, as tensors."""
    try:
        if isinstance(after, Unbound):
            raise control.Mismatch("it has no value at the end of a trip")
        return control.carried(snapshot.values[place], known, after)
    except control.Mismatch as error:
        raise TensorConditionError(
            f"{snapshot.name(place).capitalize()} does not keep its type in a loop on a tensor.",
            found=str(error), remedy="give it the shape and dtype that it has at the end of a trip before the loop",
            site=site,
        ) from None


def _finish(frame: Frame, snapshot: Snapshot, trip: _Trip, carried: dict[int, Any], written: dict[int, Any],
            leaves: bool, site: Site) -> None:
    control = frame.session.policy.control
    starts = [control.constant(False)] * leaves + list(carried.values())
    ends = [_flag(trip.signal)] * leaves + [trip.body.values[place] for place in carried]
    frame.site = site
    results = control.repeat(trip.regions, trip.test, starts, ends, written)
    values = list(snapshot.values)
    for place, value in zip(carried, results[leaves:]):
        values[place] = value
    for place, (x, y) in enumerate(zip(trip.before, trip.body.values)):
        if x is not y and isinstance(values[place], Unbound):
            values[place] = Unbound(f"{snapshot.name(place)} has a value only if a loop on a tensor makes a trip", site)
    snapshot.write(values)

