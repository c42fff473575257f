"""Profilers: `profile` for a block of a program, and the older class `Profiler`."""
from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mindspore import log
from mindspore._version import __version__
from mindspore.compiler import recording
from mindspore.compiler.live import Peak
from mindspore.compiler.recording import Event, Options
from mindspore.profiler import memory, picture, roofline, tables
from mindspore.profiler.constant import ProfilerActivity, ProfilerLevel
from mindspore.profiler.roofline import Peaks
from mindspore.profiler.schedule import ProfilerAction

__all__ = ["Profiler", "analyse", "mstx", "profile", "tensorboard_trace_handler"]
_TRACE = "trace_view.json"
_BOOLS = ("with_stack", "profile_memory", "data_process", "parallel_strategy", "start_profile", "hbm_ddr", "pcie",
          "sync_enable", "record_shapes")
_OF_ASCEND = ("aic_metrics", "data_simplification", "env_enable", "host_sys", "l2_cache", "mstx", "op_time",
              "profile_communication", "profile_framework", "timeline_limit")


class profile:
    """Records what a block of a program runs: `with profile() as prof: ...`.

    Args:
        activities: a list of ProfilerActivity. All that runs goes through the host, so the list changes nothing.
        with_stack: note the line of the program that caused each call.
        profile_memory: note the device's memory after each call, where the device counts it.
        record_shapes: note the types of the inputs of each call.
        start_profile: begin when the object is made, or the block entered; otherwise `start` does.
        schedule: which steps are recorded, a `schedule` or a function step -> ProfilerAction; all by default. `step`
            tells where a step ends.
        on_trace_ready: called with the profiler whenever a cycle of the schedule is complete, and at the end.
        experimental_config: an object with a `profiler_level`, or None for `ProfilerLevel.Level1`.
        data_process, parallel_strategy, hbm_ddr, pcie, sync_enable: accepted; they are about devices with counters of
            their own, and every launch is waited for in any case.

    Raises:
        TypeError: an argument of a wrong type. RuntimeError: another profiler is running.
    """

    def __init__(self, activities=None, with_stack=False, profile_memory=False, data_process=False,
                 parallel_strategy=False, start_profile=True, hbm_ddr=False, pcie=False, sync_enable=True,
                 record_shapes=False, schedule=None, on_trace_ready=None, experimental_config=None):
        given = dict(zip(_BOOLS, (with_stack, profile_memory, data_process, parallel_strategy, start_profile, hbm_ddr,
                                  pcie, sync_enable, record_shapes)))
        for name, value in given.items():
            if not isinstance(value, bool):
                raise TypeError(f"profile: {name} must be a bool, got {type(value).__name__}: {value!r}")
        for name, value in (("schedule", schedule), ("on_trace_ready", on_trace_ready)):
            if value is not None and not callable(value):
                raise TypeError(f"profile: {name} must be callable, got {type(value).__name__}: {value!r}")
        _check_activities(activities)
        level = getattr(experimental_config, "profiler_level", ProfilerLevel.Level1)
        self._options = Options(level not in (ProfilerLevel.LevelNone, ProfilerLevel.Level0), with_stack, record_shapes,
                                profile_memory)
        self._schedule: Callable[[int], ProfilerAction] | None = schedule
        self._ready: Callable[[profile], Any] | None = on_trace_ready
        self._recorder: recording.Recorder | None = None
        self._step, self._step_begin = 0, 0
        self.events: list[Event] = []
        self._peaks: list[tuple[str, Peak]] = []
        self.metadata: dict[str, Any] = {"mindspore-core": __version__}
        if start_profile:
            self.start()

    def __enter__(self) -> profile:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    # -- steps -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin with the first step. A warning where it has begun; RuntimeError where another profiler is running."""
        if self._recorder is not None:
            log.warning("profile.start: this profiler was started already, when it was made (start_profile=True)")
            return
        _synchronize()
        self._recorder = recording.start(self._options)
        self._peaks = self._recorder.peaks
        self._step_begin = time.monotonic_ns()

    def step(self) -> None:
        """End a step and begin the next one. RuntimeError before `start`."""
        if self._recorder is None:
            raise RuntimeError("profile.step: the profiler is not running; call start() first")
        self._end_step()
        self._step += 1
        self._step_begin = time.monotonic_ns()

    def stop(self) -> None:
        """End the last step, and hand what was recorded to `on_trace_ready`. Nothing happens where nothing runs."""
        if self._recorder is None:
            return
        self._end_step(last=True)
        recording.stop()
        self._recorder = None
        if self.events and self._ready is not None:
            self._ready(self)

    def _action(self) -> ProfilerAction:
        return ProfilerAction.RECORD if self._schedule is None else self._schedule(self._step)

    def _end_step(self, last: bool = False) -> None:
        """Keep or drop what this step has recorded."""
        _synchronize()
        recorder, action = self._recorder, self._action()
        assert recorder is not None
        if not last or recorder.events:
            recorder.add("step", str(self._step), self._step_begin, time.monotonic_ns())
        if action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE):
            self.events += recorder.events
        recorder.events = []
        if action is ProfilerAction.RECORD_AND_SAVE:
            if self._ready is not None:
                self._ready(self)
                self.events = []

    # -- results ---------------------------------------------------------------------------------------------------

    def add_metadata(self, key: str, value: str) -> None:
        """Put a text into the trace, under a key."""
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"profile.add_metadata: key and value must be str, got {type(key).__name__} and "
                            f"{type(value).__name__}")
        self.metadata[key] = value

    def add_metadata_json(self, key: str, value: str) -> None:
        """Put what a JSON text says into the trace, under a key. ValueError where it is no JSON."""
        import json
        self.add_metadata(key, value)
        self.metadata[key] = json.loads(value)

    def operators(self) -> list[dict[str, Any]]:
        """Per operator: name, count, and total, mean, least and greatest time in microseconds; the largest first."""
        return tables.statistics(self.events, "operator")

    def graphs(self) -> list[dict[str, Any]]:
        """The same for calls of compiled programs: functions and Cells by name, `eager` for PyNative mode."""
        return tables.statistics(self.events, "graph")

    def steps(self) -> list[dict[str, Any]]:
        """Per step: its time, and how much of it compiled programs and the rest of the host took, in microseconds."""
        return tables.steps(self.events)

    def roofline(self, peaks: Peaks | None = None) -> list[dict[str, Any]]:
        """Per operator and line of the program: how often and how long, GFLOP/s, GB/s, whether arithmetic or memory
        bounds it, and its share of what the device could do; None for what is not known.

        Args:
            peaks: what the device reaches, operations and bytes in a second; by default it is measured, once.
        """
        return roofline.rows(self.events, peaks or roofline.measured_peaks())

    def memory(self) -> list[dict[str, Any]]:
        """Per compiled program: name, `bytes` that a call needs in all, `inputs` (weights among them), `constants`,
        `outputs` and `temporaries` that are in use at its peak, the `arena` that temporaries get, the operator and the
        line of the peak, and `buffers`: bytes, kind, type, and the operator and line that write it. The largest first;
        programs with sizes that are known only when they run are left out."""
        return memory.rows(self._peaks)

    def memory_table(self, most: int = 15) -> str:
        """The peak of the program that needs most memory, with its largest buffers, as text for a terminal."""
        return memory.table(self.memory(), most)

    def table(self, most: int = 30) -> str:
        """The steps and the `roofline` of the operators that take longest, as text for a terminal."""
        peaks = roofline.measured_peaks()
        return picture.table(self.roofline(peaks), self.steps(), peaks, most)

    def export_html(self, path: str | os.PathLike, title: str = "profile") -> None:
        """Write the same, and `memory_table`, as a page with a picture of the roofline."""
        peaks = roofline.measured_peaks()
        text = picture.page(self.roofline(peaks), self.steps(), peaks, title, self.memory_table(40))
        Path(path).write_text(text, encoding="utf-8")

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Write what is recorded as a JSON file for chrome://tracing or Perfetto."""
        tables.write_trace(self.events, self.metadata, Path(path))


def tensorboard_trace_handler(dir_name: str | None = None, worker_name: str | None = None, analyse_flag: bool = True,
                              async_mode: bool = False) -> Callable[[profile], None]:
    """A function for `on_trace_ready` that writes a folder `WORKER_TIME_ms` with `trace_view.json` and tables.

    Args:
        dir_name: where the folders go, `./data` by default. worker_name: by default the host's name and the process's
            number. analyse_flag: whether tables are written as well. async_mode: accepted; writing takes no device.

    Raises:
        TypeError: an argument of a wrong type.
    """
    for name, value, kind in (("dir_name", dir_name, str), ("worker_name", worker_name, str),
                              ("analyse_flag", analyse_flag, bool), ("async_mode", async_mode, bool)):
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"tensorboard_trace_handler: {name} must be a {kind.__name__}, got {value!r}")

    def write(done: profile) -> None:
        _write(done, Path(dir_name or "data"), worker_name, analyse_flag)

    return write


def _write(done: profile, directory: Path, worker: str | None, analyse: bool) -> Path:
    """Write a recording into a new folder of the directory; the folder."""
    worker = worker or f"{socket.gethostname()}_{os.getpid()}"
    base = f"{worker}_{time.strftime('%Y%m%d%H%M%S')}"
    number, folder = 0, directory / f"{base}_ms"
    while folder.exists():
        number += 1
        folder = directory / f"{base}_{number}_ms"
    folder.mkdir(parents=True)
    done.export_chrome_trace(folder / _TRACE)
    if analyse:
        tables.write_tables(done.events, folder)
    return folder


class Profiler:
    """Records a program from here to `analyse`; the older form of `profile`.

    Args:
        output_path: where the folder of the recording goes, `./data` by default.
        profiler_level, with_stack, profile_memory, record_shapes, start_profile, schedule, on_trace_ready, activities,
            and the rest of `profile`'s arguments: as there. aic_metrics, data_simplification, l2_cache and others
            that are about Ascend devices: accepted, without effect.

    Raises:
        TypeError, ValueError: an unknown argument, or one of a wrong type. RuntimeError: another profiler is running.
    """

    def __init__(self, **kwargs):
        output = kwargs.pop("output_path", None)
        if output is not None and not isinstance(output, str):
            raise TypeError(f"Profiler: output_path must be a str, got {type(output).__name__}: {output!r}")
        self._folder: Path | None = None
        self._output = Path(output or "data")
        level = kwargs.pop("profiler_level", None) or ProfilerLevel.Level1
        if not isinstance(level, ProfilerLevel):
            raise TypeError(f"Profiler: profiler_level must be a ProfilerLevel, got {level!r}")
        known = {*_BOOLS, "activities", "schedule", "on_trace_ready"}
        for name in _OF_ASCEND:
            kwargs.pop(name, None)
        unknown = sorted(kwargs.keys() - known)
        if unknown:
            raise TypeError(f"Profiler: unknown argument {unknown[0]!r}; known are output_path, profiler_level, "
                            f"{', '.join(sorted(known))}")
        holder = type("_Config", (), {"profiler_level": level})
        self._profile = profile(**kwargs, experimental_config=holder)

    def __enter__(self) -> Profiler:
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to record; see `profile.start`."""
        self._profile.start()

    def step(self) -> None:
        """End a step and begin the next one."""
        self._profile.step()

    def stop(self) -> None:
        """Stop recording."""
        self._profile.stop()

    def add_metadata(self, key: str, value: str) -> None:
        """See `profile.add_metadata`."""
        self._profile.add_metadata(key, value)

    def add_metadata_json(self, key: str, value: str) -> None:
        """See `profile.add_metadata_json`."""
        self._profile.add_metadata_json(key, value)

    def analyse(self, offline_path: str | None = None, pretty: bool = False, step_list: Iterable[int] | None = None,
                mode: str = "sync") -> None:
        """Stop, and write the trace and the tables. pretty: print the tables of operators and steps as well.
        step_list: only these steps are in the tables. offline_path: a folder that an earlier run wrote, instead.

        Raises:
            ValueError: another mode than "sync" or "async" (which waits as well).
        """
        if mode not in ("sync", "async"):
            raise ValueError(f"Profiler.analyse: mode must be 'sync' or 'async', got {mode!r}")
        if offline_path is not None:
            self.offline_analyse(offline_path, pretty, step_list)
            return
        self.stop()
        self._folder = _write(self._profile, self._output, None, analyse=False)
        _analyse(self._profile.events, self._folder, pretty, step_list)

    def op_analyse(self, op_name: str | list[str], device_id: int | None = None) -> list[dict[str, Any]]:
        """The rows of `operator_statistic.csv` of these operators. ValueError for one that was not recorded."""
        wanted = [op_name] if isinstance(op_name, str) else list(op_name)
        rows = {row["name"]: row for row in self._profile.operators()}
        missing = [name for name in wanted if name not in rows]
        if missing:
            raise ValueError(f"Profiler.op_analyse: {missing[0]!r} was not recorded; recorded are {', '.join(rows)}")
        return [rows[name] for name in wanted]

    @classmethod
    def offline_analyse(cls, path: str, pretty: bool = False, step_list: Iterable[int] | None = None,
                        data_simplification: bool = True) -> None:
        """Write the tables of a folder that has a trace, or of all such folders in a folder.

        Raises:
            FileNotFoundError: there is no trace.
        """
        found = sorted(Path(path).glob(_TRACE)) + sorted(Path(path).glob(f"*/{_TRACE}"))
        if not found:
            raise FileNotFoundError(f"Profiler.offline_analyse: {path} has no {_TRACE}, nor has a folder in it")
        for trace in found:
            _analyse(tables.read_trace(trace), trace.parent, pretty, step_list)


def analyse(profiler_path: str, max_process_number: int | None = None, pretty: bool = False,
            step_list: Iterable[int] | None = None, data_simplification: bool = True) -> None:
    """Write the tables of a folder that earlier runs wrote: `Profiler.offline_analyse`. max_process_number: accepted;
    one process reads them.

    Raises:
        FileNotFoundError: there is no trace.
    """
    Profiler.offline_analyse(profiler_path, pretty, step_list, data_simplification)


def _analyse(events: list[Event], folder: Path, pretty: bool, step_list: Iterable[int] | None) -> None:
    """Write the tables of these steps."""
    if step_list is not None:
        wanted = {str(number) for number in step_list}
        spans = [(e.begin, e.end) for e in events if e.kind == "step" and e.name in wanted]
        events = [e for e in events if any(begin <= e.begin and e.end <= end for begin, end in spans)]
    tables.write_tables(events, folder)
    if pretty:
        for rows in (tables.statistics(events, "operator"), tables.steps(events)):
            for row in rows:
                print("  ".join(f"{key} {value:.1f}" if isinstance(value, float) else f"{key} {value}"
                                for key, value in row.items()))


class mstx:
    """Marks of the program's own in a recording; nothing where nothing is recorded."""

    _open: dict[int, tuple[str, str, int]] = {}
    _made = 0

    @staticmethod
    def mark(message: str, stream: Any = None, domain: str = "default") -> None:
        """Mark a point."""
        _check_message("mark", message)
        recorder = recording.current()
        if recorder is not None:
            now = time.monotonic_ns()
            recorder.add("mark", message, now, now, domain=domain)

    @classmethod
    def range_start(cls, message: str, stream: Any = None, domain: str = "default") -> int:
        """Begin a range; the number that `range_end` wants, 0 where nothing is recorded."""
        _check_message("range_start", message)
        if recording.current() is None:
            return 0
        cls._made += 1
        cls._open[cls._made] = (message, domain, time.monotonic_ns())
        return cls._made

    @classmethod
    def range_end(cls, range_id: int, domain: str = "default") -> None:
        """End a range. ValueError for a number that no open range has."""
        if range_id == 0:
            return
        if range_id not in cls._open:
            raise ValueError(f"mstx.range_end: {range_id!r} is the number of no open range")
        message, domain, begin = cls._open.pop(range_id)
        recorder = recording.current()
        if recorder is not None:
            recorder.add("range", message, begin, time.monotonic_ns(), domain=domain)


def _check_message(where: str, message: Any) -> None:
    if not isinstance(message, str) or not re.search(r"\S", message):
        raise TypeError(f"mstx.{where}: message must be a text, got {message!r}")


def _check_activities(activities: Any) -> None:
    for activity in activities or ():
        if not isinstance(activity, ProfilerActivity):
            raise TypeError(f"profile: activities must be a list of ProfilerActivity, got {activity!r}")


def _synchronize() -> None:
    """Run what this thread has recorded and wait for the device, so that work belongs to the step that asked for it."""
    from mindspore.runtime.streams import synchronize
    synchronize()
