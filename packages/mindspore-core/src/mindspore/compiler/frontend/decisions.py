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

__all__ = ["GOES_ON", "LEAVES", "RETURNS", "Branch", "Exit", "code_of", "codes_of", "decide", "may_return", "predicate",
           "refuse"]

GOES_ON, LEAVES, RETURNS = 0, 1, 2


class Exit:
    """The signal of a branch of a loop on a tensor that may leave the loop. `code` is a tensor: one of `codes`, which
    are two or all of GOES_ON, LEAVES (by `break`) and RETURNS. Where RETURNS is among them, the result is in the
    frame."""

    def __init__(self, code: Any, codes: frozenset[int]) -> None:
        self.code, self.codes = code, codes


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
        self.raises = False

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
            frame.rest = rest
            if not _is_caught(frame):
                self._raise_at_run_time(error)
                return None
            raise TensorConditionError(
                "Whether a 'try' or 'with' block sees an exception depends on a tensor.",
                found=f"{type(error).__name__}: {error}", site=site,
                remedy="decide by something static, or leave out the block",
            ) from error
        finally:
            self.snapshot.write(self.snapshot.values)
        return outcome

    def _raise_at_run_time(self, error: Exception) -> None:
        """The run ended in an exception that nothing in the program catches: so does the region, when it runs."""
        policy = self.snapshot.frame.session.policy
        if isinstance(error, RecursionError) or policy.effects is None:
            raise error
        with policy.control.recording(self.region):
            policy.effects.raise_at_run_time(error)
        self.raises = True


def decide(frame: Frame, value: Any, site: Site, construct: str, then: Run, orelse: Run, expression: bool) -> Any:
    """Run a decision on a traced tensor: the joined value of an expression, or the joined signal of statements."""
    control = frame.session.policy.control
    pred = predicate(frame, value, site, construct)
    snapshot, rest = Snapshot(frame), frame.rest
    sides = [Branch(snapshot, control.region("then")), Branch(snapshot, control.region("orelse"))]
    for side, run in zip(sides, (then, orelse)):
        outcome = side.run(run, site, rest)
        if side.raises:
            break
        if expression:
            side.outcome = outcome
        else:
            side.signal = outcome
    signal = None if expression or side.raises else _settle(frame, sides, rest, site)
    frame.rest = rest
    for side, other in zip(sides, (orelse, then)):
        if side.raises:
            return _go_on_alone(frame, pred, sides, side, other, site)
    a, b = sides
    pairs: list[Any] = []
    patterns = []
    for place, (x, y) in enumerate(zip(a.values, b.values)):
        if x is not y or x is not snapshot.values[place]:
            patterns.append((place, _merge(control, x, y, pairs, snapshot, place, site)))
    extras = [_merge_or_refuse(control, *each, pairs, construct, site)
              for each in _besides(control, sides, signal, expression)]
    frame.site = site
    found = iter(control.choose(pred, a.region, b.region, pairs))
    values = list(snapshot.values)
    for place, pattern in patterns:
        values[place] = pattern if isinstance(pattern, Unbound) else control.fill(pattern, found)
    snapshot.write(values)
    extra = [control.fill(each, found) for each in extras]
    if expression:
        return extra[0]
    if signal is RETURN:
        frame.result = extra[0]
    elif isinstance(signal, Exit):
        frame.result = extra[1] if may_return(signal) else frame.result
        return Exit(extra[0], signal.codes)
    return signal


def _go_on_alone(frame: Frame, pred: Any, sides: list[Branch], side: Branch, other: Run, site: Site) -> Any:
    """What the program gives where one side of a decision raises: after the raising, the other side runs as if there
    were no decision."""
    control = frame.session.policy.control
    frame.site = site
    regions = [each.region if each is side else control.region("orelse") for each in sides]
    control.choose(pred, *regions, [])
    return other(frame)


def _besides(control: Any, sides: list[Branch], signal: Any, expression: bool) -> list[list[Any]]:
    """What joins beside the variables: the value of an expression, the result of a `return`, how a loop is left."""
    if expression:
        return [[side.outcome for side in sides]]
    if signal is RETURN:
        return [[side.result for side in sides]]
    if not isinstance(signal, Exit):
        return []
    codes = [code_of(side.signal) for side in sides]
    if not may_return(signal):
        return [codes]
    results = [side.result if may_return(side.signal) else None for side in sides]
    if not may_return(sides[0].signal):
        results[0] = control.blank(results[1], sides[0].region)
    elif not may_return(sides[1].signal):
        results[1] = control.blank(results[0], sides[1].region)
    return [codes, results]


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


def code_of(signal: Any) -> Any:
    """How a trip of a loop ends, as a number."""
    if isinstance(signal, Exit):
        return signal.code
    return RETURNS if signal is RETURN else LEAVES if signal is BREAK else GOES_ON


def codes_of(signal: Any) -> frozenset[int]:
    """The ways in which a trip with this signal may end."""
    return signal.codes if isinstance(signal, Exit) else frozenset({code_of(signal)})


def may_return(signal: Any) -> bool:
    """Whether a trip with this signal may return from the function."""
    return RETURNS in codes_of(signal)


def _loops_around(rest: Any) -> tuple[str | None, bool]:
    """The kind of the loop around what runs, within the block that cannot be crossed, and whether one of the loops
    there is on a tensor."""
    nearest = None
    while rest is not None and rest[2] is not BARRIER:
        if rest[2] is TENSOR_LOOP:
            return nearest or TENSOR_LOOP, True
        if rest[2] is LOOP:
            nearest = LOOP
        rest = rest[0]
    return nearest, False


def _settle(frame: Frame, sides: list[Branch], rest: Any, site: Site) -> Any:
    """Let the sides run until both are at the same point; the signal of that point.

    That is the end of the trip or of the loop, if no side goes farther. Where one side returns it is the end of the
    function, or of the trip of the loop on a tensor around it: such a loop is left by a code that its condition reads.
    """
    nearest, on_tensor = _loops_around(rest)
    far = False
    while True:
        signals = [side.signal for side in sides]
        if signals[0] is signals[1] and not isinstance(signals[0], Exit):
            return signals[0]
        leaving = on_tensor and any(map(may_return, signals) or any(isinstance(s, Exit) for s in signals))
        if far or (nearest is TENSOR_LOOP and None not in signals):
            return Exit(None, codes_of(signals[0]) | codes_of(signals[1]))
        if leaving:
            goal, far = TENSOR_LOOP, True
        elif RETURN in signals:
            goal = RETURN
        elif None in signals:
            goal = CONTINUE
        else:
            goal = BREAK
        for side in sides:
            if _goes_on(side.signal, goal):
                go_on = partial(_run_on, rest=rest, signal=side.signal, goal=goal, site=site)
                side.signal = side.run(go_on, site, rest)
                if side.raises:
                    return None


def _goes_on(signal: Any, goal: str) -> bool:
    """Whether a side with this signal is not yet where the goal is."""
    if signal is goal or signal is RETURN or isinstance(signal, Exit):
        return False
    return goal is not CONTINUE or signal is None


def _run_on(frame: Frame, rest: Any, signal: Any, goal: str, site: Site) -> Any:
    """Run what follows: up to the end of the trip, of the loop, of the trip of the loop on a tensor, or of the
    function."""
    while rest is not None:
        outer, resume, kind = rest
        frame.rest = outer
        if kind is BARRIER:
            refuse("Leaving a 'try' or 'with' block depends on a tensor.",
                    "decide before the block, or leave it on both sides", site)
        if kind is BLOCK:
            signal = resume(frame) if signal is None else signal
        else:
            if goal is CONTINUE or kind is TENSOR_LOOP:
                return CONTINUE if signal is None else signal
            signal = None if signal is BREAK else resume(frame)
            if goal is BREAK:
                return BREAK if signal is None else signal
        if signal is RETURN or isinstance(signal, Exit):
            return signal
        rest = outer
    frame.result = None
    return RETURN


def refuse(summary: str, remedy: str, site: Site) -> NoReturn:
    raise TensorConditionError(summary, remedy=remedy, site=site)
