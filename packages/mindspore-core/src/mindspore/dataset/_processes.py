"""Worker processes of a pipeline: a pool that calls one function for many items, in order.

The workers are new interpreters, started with `-c`, that import this package and receive the function by pickle; no
process is forked with threads of OpenMP or of the pipeline in it. A function or class that the user's main program
defines makes the workers run that program as `__mp_main__`, so it must keep its own actions under
`if __name__ == "__main__":`. Modules that read the command line when they are imported find the main program's. Where
the function cannot be pickled or the program has no such line, threads do the work and a warning says why.

Task k goes to worker k modulo their number, with a seed of its own, so results depend on neither speed nor order. A
worker has up to two tasks at once. One that dies is seen by the end of its connection.
"""
from __future__ import annotations

import ast
import logging
import os
import pickle
import signal
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Pipe
from pathlib import Path

from ._transfer import SLOTS, TASKS_AHEAD, Port, make_slots

__all__ = ["ProcessPool", "annotate", "portable"]

_LOG = logging.getLogger("mindspore.dataset")


def annotate(error: BaseException, note: str) -> None:
    """Adds a line to what an exception prints; its type and identity stay."""
    if sys.version_info >= (3, 11):
        error.add_note(note)
    elif error.args and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]}\n{note}", *error.args[1:])


def _guarded(path: str) -> bool:
    """Whether a program has an `if` with `__name__` at its top level."""
    try:
        body = ast.parse(Path(path).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return False
    return any(isinstance(statement, ast.If) and any(isinstance(node, ast.Name) and node.id == "__name__"
                                                     for node in ast.walk(statement.test)) for statement in body)


def portable(function: Callable, what: str) -> tuple[str | None, bytes] | None:
    """What a worker needs to get a function: the main program to run first, or None, and the pickle.

    Returns:
        None where worker processes cannot have the function; a warning has said why.
    """
    def refuse(why: str):
        _LOG.warning("For '%s', threads are used instead of worker processes: %s.", what, why)

    if not hasattr(os, "memfd_create"):
        return refuse("this system has no anonymous shared memory")
    try:
        data = pickle.dumps(function, 5)
    except Exception as error:
        return refuse(f"the function or source cannot be pickled ({error}); define it at the top level of a module")
    if b"__main__" not in data:
        return None, data
    path = getattr(sys.modules["__main__"], "__file__", None)
    if path is None or not _guarded(path):
        return refuse("it is defined in a main program that a worker cannot run again; put the program's actions "
                      "under 'if __name__ == \"__main__\":', or the definition into a module")
    return os.path.abspath(path), data


class _Process:
    """One worker and this process's end of the connection to it."""

    def __init__(self):
        mine, theirs = Pipe()
        lifeline, self._lifeline = os.pipe()
        self._slots = make_slots() + make_slots()
        passed = (theirs.fileno(), lifeline, *self._slots)
        code = (f"import sys; given = sys.argv[1:]; sys.argv[:], sys.path[:] = {sys.argv!r}, {sys.path!r}; "
                f"from mindspore.dataset._worker import main; main(given)")
        environment = {"OMP_NUM_THREADS": "1", **os.environ}
        self.popen = subprocess.Popen([sys.executable, "-c", code, *map(str, passed)], pass_fds=passed,
                                      stdin=subprocess.DEVNULL, env=environment)
        theirs.close()
        os.close(lifeline)
        self.port = Port(mine, self._slots[:SLOTS], self._slots[SLOTS:])
        self.waiting = 0        # tasks sent whose results have not been received

    def close(self) -> None:
        """Ends the worker, whatever it does."""
        os.close(self._lifeline)
        self.port.connection.close()
        self.popen.kill()
        self.popen.wait()
        for descriptor in self._slots:
            os.close(descriptor)


def _close_all(processes: list[_Process]) -> None:
    while processes:
        processes.pop().close()


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "closed its connection"
    if code >= 0:
        return f"exited with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    more = "; the system kills processes so when memory runs out" if -code == signal.SIGKILL else ""
    return f"was ended by signal {-code} ({name}){more}"


class ProcessPool:
    """Worker processes that have been given one function.

    Args:
        count: how many.
        package: what `portable` returned for the function.
        what: the operation that they work for, for messages.
    """

    def __init__(self, count: int, package: tuple[str | None, bytes], what: str):
        self._what, self._count, self._package = what, count, package
        self._processes: list[_Process] = []
        self.close = weakref.finalize(self, _close_all, self._processes)

    def _start(self) -> None:
        for _ in range(self._count):
            process = _Process()
            self._processes.append(process)
            process.port.send(self._package)

    def _died(self, process: _Process, doing: str) -> RuntimeError:
        try:
            code: int | None = process.popen.wait(5)
        except subprocess.TimeoutExpired:
            code = None
        pid, ended = process.popen.pid, _how_it_ended(code)
        _close_all(self._processes)
        return RuntimeError(f"For '{self._what}', worker process {pid} {ended} while {doing}. Run with "
                            f"num_parallel_workers=1 or python_multiprocessing=False to see the cause.")

    def _receive(self, process: _Process, stopped: Callable[[], bool]) -> tuple:
        doing = "it worked on a task"
        try:
            while not process.port.connection.poll(0.2):
                if stopped():
                    _close_all(self._processes)     # it may never answer
                    raise InterruptedError("the pipeline was stopped")
            answer = process.port.receive()
        except (EOFError, ConnectionError):
            raise self._died(process, doing) from None
        process.waiting -= 1
        return answer

    def _send(self, process: _Process, task: tuple) -> None:
        try:
            process.port.send(task)
        except (BrokenPipeError, ConnectionError):
            raise self._died(process, "a task was sent to it") from None
        process.waiting += 1

    def map(self, items: Iterable[tuple[int, tuple]], stopped: Callable[[], bool]) -> Iterator:
        """The function's results in order.

        Args:
            items: pairs of a seed below 2**32 and a tuple of arguments.
            stopped: says whether nobody wants the results any more.

        Raises:
            the exception of the function, with the worker's traceback as a note, or a RuntimeError where it cannot be
            pickled or a worker died.
        """
        if not self._processes:
            self._start()
        for process in self._processes:         # of a pass that was left early
            while process.waiting:
                self._receive(process, stopped)
        processes = list(self._processes)
        running: deque[_Process] = deque()
        for number, task in enumerate(items):
            process = processes[number % len(processes)]
            self._send(process, task)
            running.append(process)
            if len(running) == TASKS_AHEAD * len(processes):
                yield self._result(running.popleft(), stopped)
        while running:
            yield self._result(running.popleft(), stopped)

    def _result(self, process: _Process, stopped: Callable[[], bool]):
        kind, *rest = self._receive(process, stopped)
        if kind == "ok":
            return rest[0]
        data, name, text, trace = rest
        error = (pickle.loads(data) if data is not None else
                 RuntimeError(f"For '{self._what}', a worker process raised {name}: {text}"))
        annotate(error, f"in worker process {process.popen.pid}:\n{trace}")
        raise error
