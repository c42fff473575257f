"""Counting the calls of Python functions, the measure of tests that guard the cost of compiling and of calling.

Times vary from machine to machine and from run to run; calls do not, but for one thing: a collection of garbage, which
comes at any allocation, closes the generators that it finds and calls what listens to collections (test tools do).
None runs while calls are counted.
"""
from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["profiled"]

Listener = Callable[[Any, str, Any], object]


@contextmanager
def profiled(listener: Listener) -> Iterator[None]:
    """Within the block, `listener(frame, event, argument)` hears of each call of this thread, as `sys.setprofile` tells
    it, and no garbage is collected. The profiler that was set before is set again after."""
    collects = gc.isenabled()
    gc.disable()
    saved = sys.getprofile()
    sys.setprofile(listener)
    try:
        yield
    finally:
        sys.setprofile(saved)
        if collects:
            gc.enable()
