"""`try` and `with` around decisions on tensors.

An exception inside of a `try` block is an event that its handlers see, so a branch that raises may not simply end the
program. And a block with a `finally` or an `__exit__` must be left through it. The interpreter does not model any of
this: it executes the whole statement once for each way that the decision may go, each time natively, so that handlers,
`else`, `finally`, `__exit__` and exception contexts are Python's own.

A decision that cannot be joined inside of such a statement raises `Postponed`. It unwinds to the statement, whatever
was done since its start is put back, and the statement becomes a decision by the same tag: in the region of each side
it runs from its start, and when it comes to the tag again, its alternatives are known. The tag is known again by the
structure of its computation, which is computed anew in the region. What the sides compute before they part is computed
by both; it is pure or has been put back. A loop or a branch on which the tag depends is not computed again: it may have
effects, so the sides read the results of the one that was recorded first (`mindspore.graph.repeated`).

Statements nest, in one function and across calls: a decision is postponed to the innermost one, and if a side still
leaves it with an exception then the decision is postponed to the next one.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

from mindspore.compiler.frontend.decisions import run_statement
from mindspore.compiler.frontend.errors import TensorConditionError
from mindspore.compiler.frontend.frames import BARRIER, Frame, Run
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.postponed import Log, Postponed
from mindspore.compiler.frontend.state import Snapshot

__all__ = ["Attempt", "run_protected"]

_MOST_FORCED = 100


def run_protected(frame: Frame, run: Run, site: Site, forced: dict[Any, tuple[int, ...]] | None = None) -> Any:
    """Run a `try` or `with` statement; its signal.

    Args:
        frame: the frame.
        run: the statement.
        site: its extent.
        forced: the alternatives that are left of tags, by the structure of these.
    """
    session = frame.session
    control = session.policy.control
    if control is None:
        return run(frame)
    forced = {**({} if session.log is None else session.log.forced), **(forced or {})}
    attempt = Attempt(frame, Log(forced))
    try:
        return attempt.run(run)
    except Postponed as found:
        postponed = found
        if postponed.log is None or len(forced) == _MOST_FORCED:
            _refuse(postponed)
        if postponed.log is not attempt.log:
            raise
        attempt.undo()
    finally:
        attempt.end()
    structure = control.structure(postponed.tag.tensor)
    sides = [(partial(run_protected, run=run, site=site, forced={**forced, structure: group}), group, implied)
             for group, implied in postponed.sides]
    return run_statement(frame, postponed.tag, sides, postponed.site, postponed.numbers)


class Attempt:
    """One run of a statement that can be undone."""

    def __init__(self, frame: Frame, log: Log) -> None:
        self.frame, self.log = frame, log
        self.snapshot = Snapshot(frame)
        self.trace = frame.session.policy.control.current()
        self.known, self.rest = frame.session.known, frame.rest

    def run(self, run: Run) -> Any:
        frame, session, journal = self.frame, self.frame.session, self.snapshot.journal
        around, log = session.journal, session.log
        journal.fresh, journal.is_local = {}, lambda value: False
        session.journal, session.log = journal, self.log
        frame.rest = (self.rest, None, BARRIER)
        self.mark = self.trace.mark()
        try:
            signal = run(frame)
        finally:
            frame.rest, session.journal, session.log = self.rest, around, log
        if around.fresh is not None:
            around.fresh.update(journal.fresh)
        return signal

    def undo(self) -> None:
        """Put back what the run did."""
        self.snapshot.write(self.snapshot.values)
        self.frame.session.known = self.known
        self.trace.put_back(self.mark)

    def end(self) -> None:
        """The run can be undone no longer."""
        self.trace.forget()


def _refuse(postponed: Postponed) -> NoReturn:
    raise TensorConditionError(
        "A 'try' or 'with' block is left, by an exception or a 'return', where it cannot be followed.",
        found=postponed.reason, site=postponed.site,
        remedy="put a smaller 'try' or 'with' around what may fail; or note in a variable that it failed, and raise or "
               "return after the block",
    )
