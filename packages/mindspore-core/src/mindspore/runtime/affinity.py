"""Binding the process to processors."""
from __future__ import annotations

import os
import re

__all__ = ["set_cpu_affinity"]
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def set_cpu_affinity(enable_affinity: bool, affinity_cpu_list: list[str] | None = None,
                     module_to_cpu_dict: dict[str, list[int]] | None = None, bind_file: str | None = None) -> None:
    """Bind this process, and the threads that it starts from now on, to processors.

    Args:
        enable_affinity: False lifts what an earlier call has bound.
        affinity_cpu_list: ranges of processors, such as `["0-3", "8"]`; all that the process may use by default.
        module_to_cpu_dict: `{"main": [0, 1]}`: places in the list of processors, for the calling thread alone.
        bind_file: a text file with one range of processors in each line, instead of `affinity_cpu_list`.

    Raises:
        TypeError, ValueError: an argument of another form, or a processor that the process may not use.
        OSError: the system has no such call, or refuses it.
    """
    if not isinstance(enable_affinity, bool):
        raise TypeError(f"set_cpu_affinity: enable_affinity must be a bool, got {enable_affinity!r}")
    if not hasattr(os, "sched_setaffinity"):
        raise OSError("set_cpu_affinity: this system does not let a process choose its processors")
    allowed = _allowed()
    if not enable_affinity:
        os.sched_setaffinity(0, allowed)
        return
    if bind_file is not None:
        with open(bind_file, encoding="utf-8") as lines:
            affinity_cpu_list = lines.read().split()
    chosen = sorted(allowed) if affinity_cpu_list is None else _processors(affinity_cpu_list)
    for module, places in (module_to_cpu_dict or {}).items():
        if module != "main":
            raise ValueError(f"set_cpu_affinity: no thread is called {module!r}; module_to_cpu_dict may have 'main'")
        if any(place not in range(len(chosen)) for place in places):
            raise ValueError(f"set_cpu_affinity: module_to_cpu_dict['main'] is {places}, but the list of processors "
                             f"has {len(chosen)}")
        chosen = [chosen[place] for place in places]
    foreign = set(chosen) - allowed
    if foreign or not chosen:
        raise ValueError(f"set_cpu_affinity: processors {sorted(foreign)} are none that this process may use, which "
                         f"are {sorted(allowed)}")
    os.sched_setaffinity(0, chosen)


_at_start: set[int] = set()


def _allowed() -> set[int]:
    """The processors of the process before the first call."""
    if not _at_start:
        _at_start.update(os.sched_getaffinity(0))
    return set(_at_start)


def _processors(ranges: list[str]) -> list[int]:
    """The numbers of ranges such as "0-3"."""
    if not isinstance(ranges, list):
        raise TypeError(f"set_cpu_affinity: affinity_cpu_list must be a list of ranges such as ['0-3'], got {ranges!r}")
    numbers: list[int] = []
    for text in ranges:
        found = _RANGE.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(f"set_cpu_affinity: {text!r} is no range of processors such as '0-3' or '5'")
        numbers += range(int(found[1]), int(found[2] or found[1]) + 1)
    return numbers
