"""Loops on tensors: `while` with a condition that is known only at run time.

The loop is interpreted once to find which variables its body changes, then again with these variables as parameters of
the condition and the body, until shapes and dtypes no longer change. A `break` becomes one more carried bool.
"""

from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.decisions import INSTEAD_OF_RETURN, Branch, Exit, flag_of, predicate, refuse
from mindspore.compiler.frontend.errors import TensorConditionError
from mindspore.compiler.frontend.frames import BREAK, RETURN, TENSOR_LOOP, Frame, Run, Unbound
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.state import Snapshot

__all__ = ["loop_on_tensor"]

_MOST_ATTEMPTS = 12


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
            refuse("The condition of a loop on a tensor assigns a variable.", "assign it in the loop's body", site)
        self.before = self.body.values
        self.signal = self.body.run(body, site, rest)
        frame.rest = rest[0]
        if self.signal is RETURN:
            refuse("A 'return' stands in a loop on a tensor.", INSTEAD_OF_RETURN, site)


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
        refuse("The variables of a loop on a tensor change shape or dtype from trip to trip.",
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
    ends = [flag_of(trip.signal)] * leaves + [trip.body.values[place] for place in carried]
    frame.site = site
    results = control.repeat(trip.regions, trip.test, starts, ends, written)
    values = list(snapshot.values)
    for place, value in zip(carried, results[leaves:]):
        values[place] = value
    for place, (x, y) in enumerate(zip(trip.before, trip.body.values)):
        if x is not y and isinstance(values[place], Unbound):
            values[place] = Unbound(f"{snapshot.name(place)} has a value only if a loop on a tensor makes a trip", site)
    snapshot.write(values)
