"""Decisions on traced tensors: both sides are interpreted, and what they leave behind is joined.

The interpreter forks at a decision: from one `Snapshot` of the variables it runs each branch in a region of its own
(the policy's `control` makes graphs of regions), puts the variables back, and then joins, variable by variable, what
the two runs left there. A branch may also leave: by `return`, `break` or `continue`. Where one branch leaves and the
other goes on, the other runs the statements that follow, inside its region, until both are at the same point.
`Frame.rest` says what follows: a chain of (outer, resume, kind), the innermost first, of blocks, loops, and what cannot
be crossed.

Only variables may change in a region. A list, dict, set or attribute that was there before and is changed inside of one
is an error, since it would have changed whatever the tensor says.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

from mindspore.compiler.frontend.errors import GraphCompileError, TensorConditionError
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
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.state import Snapshot

__all__ = ["INSTEAD_OF_RETURN", "Branch", "Exit", "decide", "flag_of", "predicate", "refuse"]

INSTEAD_OF_RETURN = "assign the result to a variable, leave the loop by 'break', and return it after the loop"


class Exit:
    """The signal of a branch of a loop on a tensor that may leave the loop; `flag` is a tensor."""

    def __init__(self, flag: Any) -> None:
        self.flag = flag


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
        mine = [s.outcome if expression else s.result if signal is RETURN else flag_of(s.signal) for s in sides]
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


def flag_of(signal: Any) -> Any:
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
            refuse("Leaving a 'try' or 'with' block depends on a tensor.",
                    "decide before the block, or leave it on both sides", site)
        if kind is BLOCK:
            signal = resume(frame) if signal is None else signal
        else:
            if goal is CONTINUE:
                return CONTINUE if signal is None else signal
            if kind is TENSOR_LOOP:
                refuse("A 'return' stands in a loop on a tensor.", INSTEAD_OF_RETURN, site)
            signal = None if signal is BREAK else resume(frame)
            if goal is BREAK:
                return BREAK if signal is None else signal
        if signal is RETURN:
            return RETURN
        rest = outer
    frame.result = None
    return RETURN


def refuse(summary: str, remedy: str, site: Site) -> NoReturn:
    raise TensorConditionError(summary, remedy=remedy, site=site)
