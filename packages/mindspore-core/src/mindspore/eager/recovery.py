"""Values of a segment that failed, which have nothing to do with the failure.

A segment that raises leaves all its values uncomputed, also those of operations that would have run well on their own:
the program recorded them before, or beside, what went wrong. When such a value is asked for, the operations that it
follows from are recorded again, alone, and run. What did something besides computing values is not done twice, and what
follows from memory that the failed run may have overwritten is lost: there the value stays uncomputed.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from mindspore.eager.replay import VJP, first_numbers
from mindspore.runtime.storage import Storage

if TYPE_CHECKING:
    from mindspore.eager.segment import Segment

__all__ = ["acts", "recover"]


def acts(op) -> bool:
    """Whether an entry's operation may do something besides computing values."""
    return op is not None and op is not VJP and (op.effect or op.hosted or op.regions)


def recover(failed: Segment, fresh: Segment, storage: Storage) -> None:
    """Compute a value of a failed segment, if that is possible, with the help of a fresh one. Raises what running its
    operations raises."""
    firsts = first_numbers(failed.entries) + [len(failed.values)]
    needed = _needed(failed, firsts, storage.index)
    if needed is None:
        return
    again: dict[int, Storage] = {}
    for place in sorted(needed):
        op, refs, attrs = failed.entries[place]
        number = firsts[place]
        if op is None:
            again[number] = failed.values[number]
            continue
        made = fresh.record(op, tuple([again[ref] for ref in refs]), attrs)
        again.update(enumerate(made if isinstance(made, tuple) else (made,), number))
    found = again[storage.index]
    again.clear()
    fresh.flush()
    storage.buffer, storage.device, storage.host, storage.pending = found.buffer, found.device, found.host, None


def _needed(failed: Segment, firsts: list[int], number: int) -> set[int] | None:
    """The places of the entries from which a value follows; None where these cannot be run again."""
    place_of = {n: place for place, first in enumerate(firsts[:-1]) for n in range(first, firsts[place + 1])}
    pending, found = [place_of[number]], set()
    while pending:
        place = pending.pop()
        if place in found:
            continue
        found.add(place)
        op, refs, _ = failed.entries[place]
        if op is None:
            if firsts[place] in failed.overwritten:
                return None
        elif op is VJP or acts(op):
            return None
        else:
            pending += [place_of[ref] for ref in refs]
    return found
