"""DynamicProfilerMonitor: profiling a run that is under way."""
from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mindspore.profiler.constant import ProfilerLevel
from mindspore.profiler.profiler import profile, tensorboard_trace_handler

__all__ = ["DynamicProfilerMonitor"]
_FILE = "profiler_config.json"
_LEVELS = {-1: ProfilerLevel.LevelNone, 0: ProfilerLevel.Level0, 1: ProfilerLevel.Level1, 2: ProfilerLevel.Level2}
_DEFAULTS: dict[str, Any] = {"start_step": -1, "stop_step": -1, "profiler_level": 1, "with_stack": False,
                             "profile_memory": False, "record_shapes": False}


class DynamicProfilerMonitor:
    """Profiles the steps that a file names, while the program runs: `step()` is called after each step.

    The file is `profiler_config.json`, an object with `start_step` and `stop_step`, the first and the last step to
    profile, counted from 1; and perhaps `profiler_level` (-1 to 2), `with_stack`, `profile_memory` and `record_shapes`.
    Other keys are left alone. The file may appear and change at any time; what is not JSON yet is read again later.

    Args:
        cfg_path: the folder of the file. output_path: where the recordings go, as of `tensorboard_trace_handler`.
        poll_interval: how many seconds lie between two looks at the file.
        kwargs: values for keys that the file does not have.

    Raises:
        TypeError, ValueError: an argument of another form.
    """

    def __init__(self, cfg_path: str | None = None, output_path: str = "./dyn_profile_data",
                 poll_interval: float = 2, **kwargs: Any):
        if not isinstance(cfg_path, (str, os.PathLike)) or not isinstance(output_path, (str, os.PathLike)):
            raise TypeError(f"DynamicProfilerMonitor: cfg_path and output_path must be paths, got {cfg_path!r} and "
                            f"{output_path!r}")
        if isinstance(poll_interval, bool) or not isinstance(poll_interval, (int, float)) or poll_interval < 0:
            raise ValueError(f"DynamicProfilerMonitor: poll_interval must be a number of at least 0, got "
                             f"{poll_interval!r}")
        unknown = sorted(kwargs.keys() - _DEFAULTS.keys())
        if unknown:
            raise TypeError(f"DynamicProfilerMonitor: unknown argument {unknown[0]!r}; known are "
                            f"{', '.join(_DEFAULTS)}")
        self._file, self._output, self._interval = Path(cfg_path) / _FILE, str(output_path), poll_interval
        self._given, self._wanted = {**_DEFAULTS, **kwargs}, {**_DEFAULTS, **kwargs}
        self._done, self._looked = 0, -float("inf")
        self._profile: profile | None = None
        self._look()
        self._begin()

    def __enter__(self) -> DynamicProfilerMonitor:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def step(self) -> None:
        """End a step: begin or end what the file wants to be profiled."""
        self._done += 1
        if self._profile is not None:
            self._profile.step()
            if self._done >= self._wanted["stop_step"]:
                self.stop()
        self._look()
        self._begin()

    def stop(self) -> None:
        """End and write what is being recorded."""
        running, self._profile = self._profile, None
        if running is not None:
            running.stop()

    def _begin(self) -> None:
        """Begin, if the next step is the first to be profiled, or one after it."""
        wanted = self._wanted
        if self._profile is None and 0 < wanted["start_step"] <= self._done + 1 <= wanted["stop_step"]:
            self._profile = profile(
                with_stack=wanted["with_stack"], profile_memory=wanted["profile_memory"],
                record_shapes=wanted["record_shapes"], on_trace_ready=tensorboard_trace_handler(self._output),
                experimental_config=SimpleNamespace(profiler_level=_LEVELS[wanted["profiler_level"]]))

    def _look(self) -> None:
        """Read the file, if it is time. While something is recorded nothing changes."""
        now = time.monotonic()
        if self._profile is not None or now - self._looked < self._interval:
            return
        self._looked = now
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            chosen = {key: found[key] for key in _DEFAULTS if key in found}
        except (OSError, ValueError, TypeError):
            return
        if all(type(value) is type(_DEFAULTS[key]) for key, value in chosen.items()) and (
                chosen.get("profiler_level", 1) in _LEVELS):
            self._wanted = {**self._given, **chosen}
