"""Check many random programs and print what happened: `MS_FUZZ_COUNT=20000 python tests/fuzz/fuzz.py [SEED [LOT]]`.

They are drawn in lots, from the first LOT on, so that a run can go on where another one was ended. A program counts
once; what is drawn again is not counted. One of each lot runs on all backends, the others on the
reference backend. A mismatch is printed as small as it shrinks, and the others go on.
"""
from __future__ import annotations

import gc
import hashlib
import os
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parents[1] / "backends"))

import lots
import register_discrete  # noqa: F401
from checking import Discarded, Refused, check
from grammar import PRODUCTIONS, Program, programs

from mindspore.compiler import pipeline
from mindspore.eager import segment
from mindspore.plugin import manager

LEAST_SHARE = 0.01
MOST_REFUSED = 0.03
COLLECTED = 5  # lots of `run` between two garbage collections


class Outcome(NamedTuple):
    """What became of one program: the backends agreed, or one refused it, or it says nothing about them."""

    program: bytes
    used: frozenset[str]
    differentiated: bool = False
    unrolled: bool = False
    refused: str | None = None
    discarded: bool = False


@dataclass
class Statistics:
    """What became of the programs so far."""

    count: int = 0
    differentiated: int = 0
    discarded: int = 0
    unrolled: int = 0
    used: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    seen: set[bytes] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        if outcome.program in self.seen:
            return
        self.seen.add(outcome.program)
        if outcome.discarded:
            self.discarded += 1
            return
        self.count += 1
        self.differentiated += outcome.differentiated
        self.unrolled += outcome.unrolled
        self.used.update(outcome.used)
        if outcome.refused is not None:
            self.refused[outcome.refused] += 1

    def rare(self) -> list[str]:
        """The productions that stand in less than one program of a hundred."""
        return sorted(name for name in PRODUCTIONS if self.used[name] < LEAST_SHARE * self.count)

    def show(self) -> str:
        refused = sum(self.refused.values())
        lines = [f"{self.count} programs, {self.differentiated} of them differentiated, {refused} refused, "
                 f"{self.unrolled} compiled only with short loops unrolled, and {self.discarded} discarded"]
        lines += [f"  {number} refused: {reason}" for reason, number in self.refused.most_common(20)]
        name, number = min(((name, self.used[name]) for name in PRODUCTIONS), key=lambda pair: pair[1])
        return "\n".join([*lines, f"  the rarest production, {name}, is in {number} programs"])


def judged(program: Program, on: list[str]) -> Outcome:
    """Run a program on some backends. Raises Mismatch."""
    outcome = Outcome(digest(program), program.used)
    try:
        for backend in on:
            try:
                differentiated = check(program, backend)
            except Refused:
                if not program.scanned:
                    raise
                program = program._replace(scanned=False)
                differentiated = check(program, backend)
                outcome = outcome._replace(unrolled=True)
            if backend == on[0]:
                outcome = outcome._replace(differentiated=differentiated)
    except Refused as refusal:
        return outcome._replace(differentiated=False, refused=str(refusal))
    except Discarded:
        return outcome._replace(discarded=True)
    return outcome


def digest(program: Program) -> bytes:
    return hashlib.blake2b(program.text.encode(), digest_size=8).digest()


def check_lot(start: int, lot: int, found: list[Outcome], on: list[str] | None = None, shrink: bool = True) -> None:
    """Judge the programs of a lot into `found`. Raises Mismatch, with shrink of the smallest program that shows it.

    The garbage collector is switched off: a lot leaves about 100 MB."""
    on = on or ["reference", *sorted(set(manager.backends()) - {"reference"})]
    known: set[bytes] = set()
    wrong = False

    def judge(program: Program) -> None:
        nonlocal wrong
        if wrong or digest(program) not in known:
            try:
                outcome = judged(program, on if wrong or len(known) == lots.LOT // 2 else on[:1])
            except BaseException:
                if shrink and not wrong:
                    print(f"lot {lot} of seed {start}, not yet made smaller:", traceback.format_exc(), sep="\n",
                          file=sys.stderr, flush=True)
                wrong = True  # what follows is smaller forms of this program
                raise
            if not wrong:
                known.add(outcome.program)
                found.append(outcome)

    gc.disable()  # it would look through all that is alive after each of many compilations
    pipeline.clear_cache()
    segment.clear_cache()
    lots.draw(programs(), judge, start, lot, shrink)


def run(count: int, start: int, on: list[str] | None = None, statistics: Statistics | None = None,
        shrink: bool = True) -> Statistics:
    """Check `count` programs from a seed on, in this process. The first mismatch is raised."""
    statistics, lot, collects = statistics or Statistics(), 0, gc.isenabled()
    try:
        while statistics.count < count:
            found: list[Outcome] = []
            try:
                check_lot(start, lot, found, on, shrink)
            finally:
                for outcome in found:
                    if statistics.count < count:
                        statistics.add(outcome)
            lot += 1
            if lot % COLLECTED == 0:
                gc.collect()
    finally:
        if collects:
            gc.enable()
    return statistics


def main() -> int:
    """The exit status is 0 if all agreed, no production is rare, and few were refused."""
    count = int(os.environ.get("MS_FUZZ_COUNT", "20000"))
    start, first = (int(argument) for argument in (*sys.argv[1:3], "0", "0")[:2])
    print(f"seed {start}, {count} programs from lot {first} on", flush=True)
    begun, statistics, mismatches = time.monotonic(), Statistics(), 0
    for number, lot in enumerate(lots.side_by_side(check_lot, start, first), first):
        for outcome in lot.found:
            if statistics.count < count:
                before = statistics.count
                statistics.add(outcome)
                if before < statistics.count and statistics.count % 1000 == 0:
                    print(f"{statistics.count} after {time.monotonic() - begun:.0f} s, in lot {number}", flush=True)
        if lot.wrong:
            mismatches += 1
            print(lot.wrong, flush=True)
        if statistics.count >= count:
            break
    print(f"{mismatches} mismatches in {statistics.show()}")
    print(f"{(time.monotonic() - begun) / count * 1e3:.1f} ms a program")
    rare = statistics.rare()
    if rare:
        print(f"in less than 1% of the programs: {', '.join(rare)}")
    return int(mismatches > 0 or bool(rare) or sum(statistics.refused.values()) > MOST_REFUSED * count)


if __name__ == "__main__":
    sys.exit(main())
