"""What the benchmarks run on: the processor, who else uses it, and the versions of what is measured.

Figures of two machines, or of a quiet and a busy one, are not comparable; these facts are printed with every run.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import tempfile
import time
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


def finished(command: list[str], variables: dict[str, str], timeout: float
             ) -> tuple[subprocess.CompletedProcess[str], int | None]:
    """Run a command to its end: what it printed, and the most memory that it held, in bytes; None where the system does
    not tell. TimeoutExpired if it takes more than `timeout` seconds."""
    if not hasattr(os, "wait4"):
        return subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout), None
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        end = time.monotonic() + timeout
        while True:
            done, status, used = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() > end:
                process.kill()
                process.wait()
                raise subprocess.TimeoutExpired(command, timeout)
            time.sleep(0.05)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        unit = 1 if platform.system() == "Darwin" else 1024
        found = subprocess.CompletedProcess(command, process.returncode, out.read(), err.read())
        return found, used.ru_maxrss * unit


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
