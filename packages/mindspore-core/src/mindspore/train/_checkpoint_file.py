"""Writing a checkpoint so that the previous one survives everything.

The new contents go to a temporary file beside the target, which is flushed to the disk and then renamed over the
target in one step. Whoever opens the name sees the old file or the new one, whole; a process killed at any moment
leaves at worst a `<name>.tmp-<pid>-<random>`, which nothing reads and which may be deleted. The file gets the
permissions that any new file gets (the umask decides), so that it can be overwritten and removed like any other.

A save in the background works on copies taken before the call returns. One save runs at a time; whoever reads or writes
a checkpoint waits for it first, and its error is raised there.
"""
from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from typing import BinaryIO

__all__ = ["write_atomically", "start_background_save", "finish_background_save", "background_save_runs"]

def _sync_folder(folder: str) -> None:
    """Makes a rename durable where the system can open folders (POSIX)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: str, write: Callable[[BinaryIO], None]) -> None:
    """Replaces the file `path` by what `write` writes, in one step; on any error the old file stays as it was.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: the folder or the disk refuses the file.
    """
    target = os.path.realpath(path)
    temporary = f"{target}.tmp-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    _sync_folder(os.path.dirname(target))


class _BackgroundSave(threading.Thread):
    """One save on its own thread. Not a daemon: the interpreter waits for it at exit."""

    def __init__(self, save: Callable[[], None]):
        super().__init__(name="mindspore-save-checkpoint")
        self.save = save
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.save()
        except BaseException as error:
            self.error = error
            raise


_lock = threading.Lock()
_running: _BackgroundSave | None = None


def start_background_save(save: Callable[[], None]) -> None:
    """Runs `save` on a thread, after the one before it has finished."""
    global _running
    with _lock:
        _finish()
        _running = _BackgroundSave(save)
        _running.start()


def _finish() -> None:
    global _running
    thread, _running = _running, None
    if thread is not None:
        thread.join()
        if thread.error is not None:
            raise thread.error


def finish_background_save() -> None:
    """Waits for the background save, if one runs, and raises the error it met."""
    with _lock:
        _finish()


def background_save_runs() -> bool:
    """Whether a background save is under way."""
    thread = _running
    return thread is not None and thread.is_alive()
