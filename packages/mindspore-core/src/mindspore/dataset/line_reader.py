"""Random access to the lines of a text file."""
from __future__ import annotations

import os
import threading

from ._check import check_int

__all__ = ["LineReader"]

_STEP = 64                      # every so many lines the place of one is kept
_CHUNK = 1 << 20


class LineReader:
    """Reads single lines of a text file, or of a CSV file, of any size: only the places of some lines are in memory.

    The file is read once when the reader is made; it must not change while the reader is used. Threads may share a
    reader; worker processes, which get it by pickle, open the file again. A `with` statement closes it.

    Args:
        file: the path of a UTF-8 file. Lines end with a line feed.

    Raises:
        TypeError: `file` is no path.
        OSError: it cannot be read.
    """

    def __init__(self, file):
        if not isinstance(file, (str, os.PathLike)):
            raise TypeError(f"For 'LineReader', 'file' must be a path, but got {file!r} of type {type(file).__name__}.")
        self._path = os.fspath(file)
        self._file = open(self._path, "rb")
        self._reading = threading.Lock()
        self._places = [0]      # where the lines 0, _STEP, 2 * _STEP ... begin
        self._count = self._counted()

    def _counted(self) -> int:
        """The number of lines; notes places on the way."""
        lines, at, ended = 0, 0, True
        while chunk := self._file.read(_CHUNK):
            found = chunk.find(b"\n")
            while found >= 0:
                lines += 1
                if lines % _STEP == 0:
                    self._places.append(at + found + 1)
                found = chunk.find(b"\n", found + 1)
            at, ended = at + len(chunk), chunk.endswith(b"\n")
        return lines + (not ended)

    def readline(self, line: int) -> str:
        """A line, with the line feed at its end.

        Args:
            line: its number, from 1 to `len()`.

        Raises:
            TypeError: `line` is no int.
            ValueError: there is no such line, it is no UTF-8, or the reader is closed.
        """
        number = check_int(line, "line", "LineReader.readline", 1)
        self._check_open()
        if number > self._count:
            raise ValueError(f"For 'LineReader.readline', 'line' must be in 1..{self._count}, the number of lines of "
                             f"'{self._path}', but got {number}.")
        with self._reading:
            self._file.seek(self._places[(number - 1) // _STEP])
            for _ in range((number - 1) % _STEP):
                self._file.readline()
            found = self._file.readline()
        return found.decode("utf-8")

    def len(self) -> int:
        """The number of lines."""
        self._check_open()
        return self._count

    def __len__(self) -> int:
        return self.len()

    def _check_open(self) -> None:
        if self._file.closed:
            raise ValueError(f"For 'LineReader', the file '{self._path}' has been closed. Make a new reader.")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> LineReader:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def __reduce__(self):
        return LineReader, (self._path,)
