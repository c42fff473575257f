"""Programs are drawn in small lots, each from a seed of its own: hypothesis draws anew instead of varying what it drew
before, what a lot holds depends on its number alone, and processes can share the lots among them."""
from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

LOT = 10
AHEAD = 100  # lots for each process that wait for their turn while one takes long
LIFE = 10    # lots of one process: the next one begins with an empty memory, which is less work than to collect garbage
Found = TypeVar("Found")


class Lot(NamedTuple):
    """What was found in a lot, and the report of what went wrong in it."""

    found: list
    wrong: str | None


def draw(strategy: SearchStrategy, judge: Callable[[Any], None], start: int, lot: int, shrink: bool = True) -> None:
    """Give what a lot holds to `judge`. Its first exception is raised, with shrink for the smallest that raises it."""
    phases = [Phase.generate, *[Phase.shrink] * shrink]
    settings(max_examples=LOT, database=None, deadline=None, phases=phases,
             suppress_health_check=list(HealthCheck))(seed(start * 1_000_003 + lot)(given(strategy)(judge)))()


def side_by_side(checked: Callable[[int, int, list[Found]], None], start: int, first: int = 0) -> Iterator[Lot]:
    """What `checked(start, lot, found)` puts into `found`, for lot after lot from the `first` on, computed by one
    process per core.

    `checked` is a function of a module that a new process can import. A lot that raises ends with what it had found."""
    processes = _Processes()
    with ThreadPoolExecutor(jobs()) as threads:
        numbers = itertools.count(first)
        pending = deque(threads.submit(processes.run, checked, start, next(numbers)) for _ in range(AHEAD * jobs()))
        try:
            while True:
                yield pending.popleft().result()
                pending.append(threads.submit(processes.run, checked, start, next(numbers)))
        finally:
            threads.shutdown(cancel_futures=True)
            processes.end()


class _Processes:
    """A process for each thread, and a new one after some lots."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._all: set[ProcessPoolExecutor] = set()

    def run(self, checked: Callable[[int, int, list[Found]], None], start: int, lot: int) -> Lot:
        """What is found in a lot, by this thread's process."""
        own = self._own
        if getattr(own, "lots", LIFE) == LIFE:
            if hasattr(own, "process"):
                self._all.discard(own.process)
                own.process.shutdown()
            own.process, own.lots = ProcessPoolExecutor(1, multiprocessing.get_context("spawn")), 0
            self._all.add(own.process)
        own.lots += 1
        return own.process.submit(_lot, checked, start, lot).result()

    def end(self) -> None:
        """End the processes that are left."""
        for process in self._all:
            process.shutdown()


def jobs() -> int:
    """The number of processes: MS_FUZZ_JOBS, or one per core."""
    return int(os.environ.get("MS_FUZZ_JOBS", os.cpu_count() or 1))


def _lot(checked: Callable[[int, int, list[Found]], None], start: int, lot: int) -> Lot:
    found: list[Found] = []
    try:
        checked(start, lot, found)
    except Exception:
        return Lot(found, f"lot {lot} of seed {start}:\n{traceback.format_exc()}")
    return Lot(found, None)
