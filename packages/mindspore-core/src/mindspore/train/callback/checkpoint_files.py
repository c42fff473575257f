"""Checkpoint files of a run, for callbacks of programs that save and remove them themselves.

Programs import `CheckpointManager` from `mindspore.train.callback._checkpoint`.
"""
from __future__ import annotations

import os
import re
import time

__all__ = ["CheckpointManager"]


class CheckpointManager:
    """The files of a folder that were written under one prefix, the oldest first.

    Args:
        ckpt_format: their suffix, "ckpt" or "safetensors".
    """

    def __init__(self, ckpt_format: str = "ckpt"):
        self._format = ckpt_format
        self._ckpoint_filelist: list[str] = []

    @property
    def ckpoint_filelist(self) -> list[str]:
        """The paths."""
        return self._ckpoint_filelist

    @property
    def ckpoint_num(self) -> int:
        """How many there are."""
        return len(self._ckpoint_filelist)

    def update_ckpoint_filelist(self, directory: str, ckpt_prefix: str) -> None:
        """Look for `PREFIX-EPOCH_STEP.SUFFIX`, and `PREFIX_NUMBER-...`, in a folder."""
        pattern = re.compile(rf"{re.escape(ckpt_prefix)}(_\d+)?-\d+_\d+\.{re.escape(self._format)}")
        paths = [os.path.join(directory, name) for name in os.listdir(directory) if pattern.fullmatch(name)]
        self._ckpoint_filelist = sorted(paths, key=lambda path: (os.path.getmtime(path), path))

    def remove_ckpoint_file(self, file_name: str) -> None:
        """Remove a file, from the folder and the list."""
        if os.path.exists(file_name):
            os.remove(file_name)
        self._ckpoint_filelist = [path for path in self._ckpoint_filelist if path != file_name]

    def remove_oldest_ckpoint_file(self) -> None:
        """Remove the oldest file, if there is one."""
        if self._ckpoint_filelist:
            self.remove_ckpoint_file(self._ckpoint_filelist[0])

    def keep_one_ckpoint_per_minutes(self, minutes: float, cur_time: float | None = None) -> None:
        """Of the files of the last so many minutes remove all but the first one."""
        since = (time.time() if cur_time is None else cur_time) - 60 * minutes
        recent = [path for path in self._ckpoint_filelist if os.path.getmtime(path) >= since]
        for path in recent[1:]:
            self.remove_ckpoint_file(path)
