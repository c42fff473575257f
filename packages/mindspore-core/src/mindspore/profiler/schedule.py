"""Which steps of a run are profiled."""
from __future__ import annotations

from enum import Enum

__all__ = ["ProfilerAction", "schedule"]


class ProfilerAction(Enum):
    """What a profiler does in a step."""

    NONE = 0
    WARM_UP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


class schedule:
    """Steps in cycles: after `skip_first` steps, `wait` steps of nothing, `warmup` steps that are recorded and thrown
    away, `active` steps that are kept, and again. After the last active step of a cycle what was kept is handed to the
    profiler's `on_trace_ready`.

    Args:
        wait, active, warmup, skip_first: numbers of steps; `active` at least 1.
        repeat: how many cycles there are, 0 for cycles until the end.

    Raises:
        TypeError, ValueError: an argument is no int, or out of range.
    """

    def __init__(self, *, wait: int, active: int, warmup: int = 0, repeat: int = 0, skip_first: int = 0):
        given = {"wait": wait, "active": active, "warmup": warmup, "repeat": repeat, "skip_first": skip_first}
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"schedule: {name} must be an int, got {type(value).__name__}: {value!r}")
            if value < (name == "active"):
                raise ValueError(f"schedule: {name} must be at least {int(name == 'active')}, got {value}")
        self.wait, self.active, self.warmup, self.repeat, self.skip_first = wait, active, warmup, repeat, skip_first

    def __call__(self, step: int) -> ProfilerAction:
        """What is done in a step, counted from 0."""
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise ValueError(f"schedule: step must be an int of at least 0, got {step!r}")
        if step < self.skip_first:
            return ProfilerAction.NONE
        cycle = self.wait + self.warmup + self.active
        number, place = divmod(step - self.skip_first, cycle)
        if self.repeat and number >= self.repeat or place < self.wait:
            return ProfilerAction.NONE
        if place < self.wait + self.warmup:
            return ProfilerAction.WARM_UP
        return ProfilerAction.RECORD_AND_SAVE if place == cycle - 1 else ProfilerAction.RECORD

    def __repr__(self) -> str:
        return (f"schedule(wait={self.wait}, active={self.active}, warmup={self.warmup}, repeat={self.repeat}, "
                f"skip_first={self.skip_first})")
