"""What a profiler records: the calls of compiled programs, and within them the time of each operator.

All that runs goes through `Executable.run`. While nothing is recorded nobody looks at it: an executable's `run` is what
the device made. When recording starts, every executable that is alive, and each one that is built from then on, gets a
`run` that asks `run_timed` instead, which waits for each launch and notes when it began and ended; when recording stops
they get their own back. So a program that is not profiled pays nothing, and one that is profiled runs the same kernels
in the same order, one after the other.

Times are nanoseconds of `time.monotonic_ns`.
"""
from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mindspore.compiler.frontend.location import user_location
from mindspore.compiler.live import Peak, peak
from mindspore.compiler.program import Executable
from mindspore.compiler.work import Works


@dataclass(slots=True)
class Event:
    """Something that took time. kind: "graph" for a call of a compiled program, "operator", "step", "range" for a range
    of the user's, "mark" for a point. args: what else is known of it, of operators `flops`, `bytes` and the `line` of
    the program (`work`), and of loops, choices and calls `own`, the time that the operators inside do not take."""

    kind: str
    name: str
    begin: int
    end: int
    thread: int
    args: dict[str, Any] = field(default_factory=dict)

    @property
    def own(self) -> int:
        """Its time without that of the operators inside it."""
        return self.args.get("own", self.end - self.begin)


@dataclass
class Options:
    """What is recorded besides names and times. operators: the time of each operator. stack: the line of the program
    that caused a call. shapes: the types of a call's inputs. memory: the device's memory after a call."""

    operators: bool = True
    stack: bool = False
    shapes: bool = False
    memory: bool = False


class Recorder:
    """Collects events while it is on. There is one at a time."""

    def __init__(self, options: Options):
        self.options = options
        self.events: list[Event] = []
        self.works: weakref.WeakKeyDictionary[Executable, Works] = weakref.WeakKeyDictionary()
        self.peaks: list[tuple[str, Peak]] = []     # of each compiled program that ran, with its name

    def add(self, kind: str, name: str, begin: int, end: int, **args: Any) -> None:
        """Note an event of this thread."""
        self.events.append(Event(kind, name, begin, end, threading.get_native_id(), args))

    def call(self, executable: Executable, run: Callable, inputs: Any) -> list:
        """Run an executable and note it. `run` is its own."""
        timed = executable.run_timed if self.options.operators else None
        begin = time.monotonic_ns()
        outputs, operators = timed(inputs, run) if timed is not None else (run(inputs), [])
        end = time.monotonic_ns()
        for one, known in self._works(executable).of(operators) if operators else ():
            self.add("operator", one.name, one.begin, one.end, **known | ({"own": one.own} if one.inside else {}))
        self.add("graph", executable.name, begin, end, **self._details(executable))
        return outputs

    def _works(self, executable: Executable) -> Works:
        known = self.works.get(executable)
        if known is None:
            plans = executable.plans()
            known = self.works[executable] = Works(plans)
            self.peaks += [(executable.name, found) for found in map(peak, plans) if found is not None]
        return known

    def _details(self, executable: Executable) -> dict[str, Any]:
        details: dict[str, Any] = {}
        if self.options.stack:
            file, line = user_location()
            details["stack"] = "" if file is None else f"{file}:{line}"
        if self.options.shapes:
            details["inputs"] = [str(aval) for aval in executable.in_avals]
        if self.options.memory:
            from mindspore.runtime import device
            statistics = getattr(device.current(), "memory_statistics", None)
            if statistics is not None:
                details["memory"] = statistics()
        return details


class _State:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.recorder: Recorder | None = None
        self.alive: weakref.WeakSet[Executable] = weakref.WeakSet()
        self.own: weakref.WeakKeyDictionary[Executable, tuple] = weakref.WeakKeyDictionary()


_state = _State()


def built(executable: Executable, name: str, in_avals: list) -> Executable:
    """Note that an executable was built, for a graph of this name and these inputs; the same executable. What is no
    `Executable`, as some device's own may be, is not recorded."""
    if not isinstance(executable, Executable):
        return executable
    executable.name, executable.in_avals = name, in_avals
    with _state.lock:
        _state.alive.add(executable)
        if _state.recorder is not None:
            _watch(executable, _state.recorder)
    return executable


def start(options: Options) -> Recorder:
    """Begin to record. RuntimeError where something is being recorded already."""
    with _state.lock:
        if _state.recorder is not None:
            raise RuntimeError("a profiler is running already: stop it before another one is started")
        _state.recorder = Recorder(options)
        for executable in list(_state.alive):
            _watch(executable, _state.recorder)
        return _state.recorder


def stop() -> None:
    """Give every executable its own `run` back."""
    with _state.lock:
        for executable, (had, run) in list(_state.own.items()):
            if had:
                executable.run = run  # type: ignore[method-assign]
            else:
                del executable.__dict__["run"]
        _state.own.clear()
        _state.recorder = None


def current() -> Recorder | None:
    """The recorder that is on."""
    return _state.recorder


def _watch(executable: Executable, recorder: Recorder) -> None:
    run = executable.run
    _state.own[executable] = ("run" in executable.__dict__, run)
    executable.run = lambda inputs: recorder.call(executable, run, inputs)  # type: ignore[method-assign]
