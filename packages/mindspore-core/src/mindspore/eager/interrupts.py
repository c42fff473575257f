"""Interrupts (Ctrl-C, the stop button of a notebook) leave what a program has recorded as it is: values that are known
stay known, others are computed when they are asked for.

An interrupt comes between any two instructions of Python. Where a segment runs and its results are noted, it waits
until that is over (`Uninterrupted`), unless the segment may as well run again; where an operation is being recorded,
what is there of it is taken out (`mend`).
"""
from __future__ import annotations

import os
import threading
from signal import SIGINT
from threading import get_ident
from types import FrameType
from typing import TYPE_CHECKING, Any

from mindspore.eager.replay import first_numbers

try:  # what `signal` wraps to make enumerations of numbers, at twenty times the cost
    from _signal import getsignal
    from _signal import signal as set_handler
except ImportError:
    from signal import getsignal
    from signal import signal as set_handler

if TYPE_CHECKING:
    from mindspore.eager.segment import Segment

__all__ = ["Uninterrupted", "mend"]


_main = [threading.main_thread().ident]


def _renew_main() -> None:
    _main[0] = threading.main_thread().ident


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_main)


class Uninterrupted:
    """Within it an interrupt is only noted; it is raised at the end, by the handler that the program has for it."""

    __slots__ = ("frame", "handler")

    def __enter__(self) -> None:
        self.frame: FrameType | None = None
        self.handler: Any = None
        if get_ident() == _main[0]:  # no other thread is interrupted
            handler = getsignal(SIGINT)
            if callable(handler):
                self.handler = handler
                set_handler(SIGINT, self._note)

    def __exit__(self, *_: object) -> None:
        if self.handler is not None:
            set_handler(SIGINT, self.handler)
            if self.frame is not None:
                self.handler(SIGINT, self.frame)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.frame = frame


def mend(segment: Segment, fresh_step: Any) -> None:
    """After an exception while something was recorded: a segment whose last entry and values do not fit, since an
    interrupt came between them, loses that entry and is closed. Whoever recorded it has not got its results. An entry
    is appended before its values, and these before they are found by their storages.

    fresh_step: a step that no other stream comes to, which stands for the stream from now on."""
    if segment.done:
        return
    entries, values = segment.entries, segment.values
    count = _number_of_values(entries)
    if len(values) == count and len(segment.numbers) == sum(entry[0] is None for entry in entries):
        return
    if len(values) < count:
        entries.pop()
        count = _number_of_values(entries)
    del values[count:]
    segment.inputs = [number for number, entry in zip(first_numbers(entries), entries) if entry[0] is None]
    segment.numbers = {id(values[number]): number for number in segment.inputs}
    for region in segment.regions:
        region.start = min(region.start, len(entries))
    segment.step, segment.closed = fresh_step, True


def _number_of_values(entries: list) -> int:
    """How many values the entries of a stream have: the number that the next one would get."""
    return first_numbers([*entries, (None, (), None)])[-1]
