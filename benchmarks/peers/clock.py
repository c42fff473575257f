"""How the peers' workloads are timed: as `bench_mindspore.py` times this project's."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

BUDGET_S = 8.0
MOST_STEPS, LEAST_STEPS = 300, 5


def measure(peer: str, workloads: dict[str, Callable[[], Callable[[], object]]]) -> None:
    """Print a JSON line for each workload that the last argument names, separated by commas.

    Args:
        peer: the contender's name.
        workloads: by name what makes the step that is timed; a step ends when its result is computed.
    """
    for name in sys.argv[-1].split(","):
        step = workloads[name]()
        start = time.perf_counter()
        step()
        first = time.perf_counter() - start
        for _ in range(2):
            step()
        times: list[float] = []
        end = time.perf_counter() + BUDGET_S
        while len(times) < LEAST_STEPS or (time.perf_counter() < end and len(times) < MOST_STEPS):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        times.sort()
        print(json.dumps({"peer": peer, "work": name, "first_s": round(first, 3),
                          "median_ms": round(times[len(times) // 2] * 1e3, 4), "min_ms": round(times[0] * 1e3, 4)}),
              flush=True)
