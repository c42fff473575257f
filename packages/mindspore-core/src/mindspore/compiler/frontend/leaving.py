"""How a side of a decision leaves what it stands in: by `return`, `break` or `continue`.

Where one side leaves and the other goes on, the other runs the statements that follow, inside its region, until both
are at the same point. `Frame.rest` says what follows: a chain of (outer, resume, kind), the innermost first, of blocks,
loops, and what cannot be crossed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from mindspore.compiler.frontend.frames import (
    BARRIER,
    BLOCK,
    BREAK,
    CONTINUE,
    LOOP,
    RETURN,
    TENSOR_LOOP,
    Frame,
)
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.postponed import Postponed
from mindspore.compiler.frontend.sides import Branch

__all__ = ["GOES_ON", "LEAVES", "RAISES", "RETURNS", "Exit", "code_of", "codes_of", "may_return", "settle"]

GOES_ON, LEAVES, RETURNS, RAISES = 0, 1, 2, 3


class Exit:
    """The signal of a branch of a loop on a tensor that may leave the loop. `code` is a number or a tensor: one of
    `codes`, which are GOES_ON, LEAVES (by `break`), RETURNS, and from RAISES on the numbers of exceptions
    (`loop_raises.py`). Where RETURNS is among them, the result is in the frame. `payloads`: the tensors of the
    exceptions, by their numbers."""

    def __init__(self, code: Any, codes: frozenset[int], payloads: dict[int, tuple[Any, ...]] | None = None) -> None:
        self.code, self.codes, self.payloads = code, codes, payloads or {}


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


def settle(frame: Frame, sides: list[Branch], rest: Any, site: Site) -> Any:
    """Let the sides run until all are at the same point; the signal of that point.

    That is the end of the trip or of the loop, if no side goes farther. Where one side returns it is the end of the
    function, or of the trip of the loop on a tensor around it: such a loop is left by a code that its condition reads.
    """
    nearest, on_tensor = _loops_around(rest)
    far = False
    while True:
        signals = [side.signal for side in sides]
        if all(signal is signals[0] for signal in signals) and not isinstance(signals[0], Exit):
            return signals[0]
        leaving = on_tensor and any(map(may_return, signals) or any(isinstance(s, Exit) for s in signals))
        if far or (nearest is TENSOR_LOOP and None not in signals):
            return Exit(None, frozenset().union(*map(codes_of, signals)))
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
            raise Postponed("a 'return', 'break' or 'continue'", site)
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
