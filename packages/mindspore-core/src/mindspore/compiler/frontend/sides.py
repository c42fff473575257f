"""One side of a decision, of a trip of a loop or of a condition: a run of a part of the program in a region of its own.

What the run changes is put back afterwards; the side keeps it. An exception of the program that ends the run is raised
when the region runs; a mistake of the framework is not (`internal_errors.py`).
"""

from __future__ import annotations

from typing import Any

from mindspore.compiler.frontend.errors import Diverged, GraphCompileError
from mindspore.compiler.frontend.frames import BARRIER, Frame, Run, Session
from mindspore.compiler.frontend.internal_errors import raise_if_internal
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.postponed import Postponed
from mindspore.compiler.frontend.state import Snapshot
from mindspore.compiler.frontend.variants import Tag, Variant, narrowed

__all__ = ["Branch", "is_caught", "settle_contents"]


def is_caught(frame: Frame) -> bool:
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

    def __init__(self, snapshot: Snapshot, region: Any, facts: dict[Tag, tuple[int, ...]] | None = None) -> None:
        self.snapshot, self.region = snapshot, region
        self.values = snapshot.values
        self.signal: Any = None
        self.outcome: Any = None
        self.result: Any = None
        self.raises = False
        self.ends = True
        self.runs: list[Run] = []
        self.fresh: dict[int, Any] = {}
        self.known = {**snapshot.frame.session.known, **(facts or {})}

    def run(self, run: Run, site: Site, rest: Any) -> Any:
        """Run from this side's state, then put that of the decision back; what `run` gave."""
        snapshot = self.snapshot
        frame, journal = snapshot.frame, snapshot.journal
        self.runs.append(run)
        session = frame.session
        saved = session.journal, session.known, session.log
        session.journal, session.known, session.log = journal, self.known, None
        journal.fresh, journal.is_local = self.fresh, session.policy.control.local_to(self.region)
        snapshot.write(self.values)
        if session.superposed:
            settle_contents(session)
        frame.rest = rest
        try:
            with session.policy.control.recording(self.region):
                outcome = run(frame)
            self.values, self.result, self.known = snapshot.read(self.values), frame.result, session.known
        except Diverged:
            self.ends = False
            raise
        except GraphCompileError:
            raise
        except Exception as error:
            frame.rest = rest
            raise_if_internal(error)
            if not is_caught(frame):
                self._raise_at_run_time(error)
                return None
            raise Postponed(repr(error), site) from error
        finally:
            snapshot.write(snapshot.values)
            session.journal, session.known, session.log = saved
        return outcome

    def _raise_at_run_time(self, error: Exception) -> None:
        """The run ended in an exception that nothing in the program catches: so does the region, when it runs."""
        policy = self.snapshot.frame.session.policy
        if isinstance(error, RecursionError) or policy.effects is None:
            raise error
        with policy.control.recording(self.region):
            policy.effects.raise_at_run_time(error)
        self.raises = True


def settle_contents(session: Session) -> None:
    """Containers of which one alternative is left take up its contents."""
    for owner, contents in list(session.superposed.values()):
        found = narrowed(session, contents)
        if type(found) is not Variant:
            session.journal.note_items(owner)
            session.superposed.pop(id(owner), None)
            session.journal.items_of(owner).write(found)
