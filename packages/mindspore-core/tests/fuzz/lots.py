"""Programs are drawn in small lots, each from a seed of its own: hypothesis draws anew instead of varying what it drew
before, what a lot holds depends on its number alone, and processes can share the lots among them."""
from __future__ import annotations

import itertools
import multiprocessing
import os
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

LOT = 10
AHEAD = 100  # lots for each process that wait for their turn while one takes long
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


def side_by_side(checked: Callable[[int, int, list[Found]], None], start: int) -> Iterator[Lot]:
    """What `checked(start, lot, found)` puts into `found`, for lot after lot, computed by one process per core.

    `checked` is a function of a module that a new process can import. A lot that raises ends with what it had found."""
    with ProcessPoolExecutor(jobs(), multiprocessing.get_context("spawn")) as pool:
        numbers = itertools.count()
        pending = deque(pool.submit(_lot, checked, start, next(numbers)) for _ in range(AHEAD * jobs()))
        try:
            while True:
                yield pending.popleft().result()
                pending.append(pool.submit(_lot, checked, start, next(numbers)))
        finally:
            pool.shutdown(cancel_futures=True)


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
