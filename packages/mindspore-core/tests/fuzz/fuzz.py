"""Check many random programs and print what happened: `MS_FUZZ_COUNT=20000 python tests/fuzz/fuzz.py [SEED]`.

Programs are drawn in small lots, each from a seed of its own, so that hypothesis draws anew instead of varying what it
drew before. A program counts once; what is drawn again is not counted. Every tenth runs on all backends, the others on
the reference backend.
"""
from __future__ import annotations

import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "backends"))

from checking import Discarded, Refused, check
from grammar import PRODUCTIONS, Program, programs
from hypothesis import HealthCheck, Phase, given, seed, settings

from mindspore.compiler import pipeline
from mindspore.eager import segment
from mindspore.plugin import manager

LOT = 10
LEAST_SHARE = 0.01
MOST_REFUSED = 0.02


@dataclass
class Statistics:
    """What became of the programs so far."""

    count: int = 0
    differentiated: int = 0
    discarded: int = 0
    unrolled: int = 0
    used: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    texts: set[int] = field(default_factory=set)

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


def run(count: int, start: int, on: list[str] | None = None, statistics: Statistics | None = None,
        shrink: bool = True) -> Statistics:
    """Check `count` programs from a seed on. The first mismatch is raised, with shrink of the smallest program that
    shows it."""
    statistics = statistics or Statistics()
    on = on or ["reference", *sorted(set(manager.backends()) - {"reference"})]

    def differentiated_on(program: Program, backend: str) -> bool:
        try:
            return check(program, backend)
        except Refused:
            if not program.scanned:
                raise
            statistics.unrolled += backend == on[0]
            return check(program._replace(scanned=False), backend)

    def judge(program: Program) -> None:
        known = hash(program.text)
        repeated = known in statistics.texts
        if repeated and not shrink:
            return
        everywhere = statistics.count % 10 == 0
        try:
            differentiated = [differentiated_on(program, backend) for backend in (on if everywhere else on[:1])][0]
            reason = None
        except Refused as refusal:
            differentiated, reason = False, str(refusal)
        except Discarded:
            statistics.discarded += 1
            return
        if not repeated and statistics.count < count:
            statistics.texts.add(known)
            statistics.count += 1
            statistics.differentiated += differentiated
            statistics.used.update(program.used)
            if reason is not None:
                statistics.refused[reason] += 1

    lot, phases = 0, [Phase.generate, *[Phase.shrink] * shrink]
    while statistics.count < count:
        drawn = seed(start * 1_000_003 + lot)(given(programs())(judge))
        settings(max_examples=LOT, database=None, deadline=None, phases=phases,
                 suppress_health_check=list(HealthCheck))(drawn)()
        lot += 1
        if lot % 100 == 0:
            pipeline.clear_cache()
            segment.clear_cache()
    return statistics


def main() -> int:
    """The exit status is 0 if all agreed, no production is rare, and few were refused; a mismatch is an exception."""
    import register_discrete  # noqa: F401
    count, start = int(os.environ.get("MS_FUZZ_COUNT", "20000")), int(sys.argv[1]) if len(sys.argv) > 1 else 0
    print(f"seed {start}, {count} programs", flush=True)
    begun = time.monotonic()
    statistics = run(count, start)
    print(statistics.show())
    print(f"{(time.monotonic() - begun) / count * 1e3:.1f} ms a program")
    rare = statistics.rare()
    if rare:
        print(f"in less than 1% of the programs: {', '.join(rare)}")
    return int(bool(rare) or sum(statistics.refused.values()) > MOST_REFUSED * count)


if __name__ == "__main__":
    sys.exit(main())
