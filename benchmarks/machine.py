"""What the benchmarks run on: the processor, who else uses it, and the versions of what is measured.

Figures of two machines, or of a quiet and a busy one, are not comparable; these facts are printed with every run.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

DISTRIBUTIONS = ("mindspore-core", "mindspore-cpu", "numpy", "llvmlite", "torch", "jax", "jaxlib")
TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


def pin(count: int) -> list[int]:
    """Keep this process, and those that it will start, on `count` processors, if possible one of each core.

    Returns:
        the processors' numbers; an empty list where the system cannot pin.
    """
    if not hasattr(os, "sched_setaffinity"):
        return []
    allowed = sorted(os.sched_getaffinity(0))
    cores = {}
    for number in allowed:
        path = Path(TOPOLOGY.format(number))
        cores.setdefault(path.read_text() if path.exists() else number, number)
    first = list(cores.values())
    chosen = sorted((first + [n for n in allowed if n not in first])[:count])
    os.sched_setaffinity(0, chosen)
    return chosen


def facts(processors: list[int]) -> dict[str, object]:
    """Processor, memory and versions, by name; what is not installed is left out."""
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "used": processors or "any",
        "memory": _field("/proc/meminfo", "MemTotal") or "unknown",
        "system": platform.platform(),
        "python": platform.python_version(),
        **versions,
    }


def load() -> float:
    """How many processes were ready to run during the last minute, on average."""
    return round(os.getloadavg()[0], 2)


def _field(path: str, name: str) -> str | None:
    """The value of the first line `name: value` of a file."""
    if not Path(path).exists():
        return None
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
