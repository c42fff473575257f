"""The main program of a worker process: receives a function, then calls it for each task and sends the results.

It is started as a new interpreter, not forked, so nothing of the parent's threads or locks is in it. It ends when the
parent's end of the lifeline is closed, which happens whenever the parent ends, even while a user's function runs.
"""
from __future__ import annotations

import os
import pickle
import runpy
import sys
import threading
import traceback
import types
from multiprocessing.connection import Connection

from . import config
from ._transfer import SLOTS, Port

__all__ = ["main"]


def _watch(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


def _load_main(path: str | None) -> None:
    """Runs the parent's program as `__mp_main__`, for functions and classes that it defines."""
    if path is None:
        return
    module = types.ModuleType("__mp_main__")
    module.__dict__.update(runpy.run_path(path, run_name="__mp_main__"))
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module


def _described(error: BaseException) -> tuple:
    """An exception as a message: pickled where that works both ways, its type's name, text and traceback."""
    try:
        data: bytes | None = pickle.dumps(error)
        pickle.loads(data or b"")
    except Exception:
        data = None
    return "error", data, type(error).__name__, str(error), "".join(traceback.format_exception(error))


def _serve(port: Port) -> None:
    try:
        main_path, data = port.receive()
        _load_main(main_path)
        function = pickle.loads(data)
    except Exception as error:
        function, failure = None, _described(error)
    while True:
        seed, item = port.receive()
        if function is None:
            port.send(failure)
            continue
        try:
            config.set_seed(seed)
            answer = "ok", function(*item)
        except Exception as error:
            answer = _described(error)
        try:
            port.send(answer)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            port.send(_described(error))


def main(arguments: list[str]) -> None:
    """Serves the parent; the arguments are numbers of descriptors."""
    descriptors = [int(argument) for argument in arguments]
    socket, lifeline, *slots = descriptors
    threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()
    port = Port(Connection(socket), slots[SLOTS:], slots[:SLOTS])
    try:
        _serve(port)
    except (EOFError, OSError, KeyboardInterrupt):
        return
