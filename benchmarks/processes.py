"""What the benchmarks of single programs share: timing a call, and a contender in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable


def smallest(call: Callable[[], object], seconds: float, most: int) -> float:
    """The smallest of many calls, in seconds: at most so many, for at most so long."""
    best, end = float("inf"), time.perf_counter() + seconds
    for _ in range(most):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() > end:
            break
    return best


def lines_of(python: str, script: str, arguments: list[str], threads: int = 1) -> list[dict]:
    """The JSON lines that a script prints in a process of its own; none where its contender is not installed.

    Raises:
        RuntimeError: it fails otherwise.
    """
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    done = subprocess.run([python, script, *arguments], capture_output=True, text=True, timeout=3600,
                          env={**os.environ, **one, "JAX_PLATFORMS": "cpu"})
    if "ModuleNotFoundError" in done.stderr:
        return []
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
