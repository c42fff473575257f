"""Rows of `map` whose operations raise: left out, or replaced by others, where `config.set_error_samples_mode` says so.

Rows then go through the operations one by one, so that one that raises takes no other with it, and no operation sees a
row twice.
"""
from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from ._blocks import Block, Column, concatenate, rows_of
from .config import ErrorSamplesMode

__all__ = ["Faults", "sift"]

_LOG = logging.getLogger("mindspore.dataset")

Sifted = tuple[list[Column], list[int], str]        # the results, the places of their rows, what the first fault was


def sift(apply: Callable[[list[Column]], list[Column]], columns: list[Column]) -> Sifted:
    """What an operation makes of those rows for which it does not raise: columns that are lists of values."""
    made: list[list] = []
    kept: list[int] = []
    fault = ""
    for place, row in enumerate(zip(*map(rows_of, columns))):
        try:
            results = apply([[value] for value in row])
        except Exception as error:
            fault = fault or f"{type(error).__name__}: {error}"
            continue
        made.append([rows_of(column)[0] for column in results])
        kept.append(place)
        if len(made[-1]) != len(made[0]):
            raise ValueError(f"For 'map', the operations return {len(made[-1])} values for one row and {len(made[0])} "
                             f"for another.")
    return [list(column) for column in zip(*made)], kept, fault


class Faults:
    """What is handed on of the rows of one pass.

    Args:
        mode: SKIP for the good rows alone; REPLACE for a copy of the good row before each bad one, or of the first good
            one.
    """

    def __init__(self, mode: ErrorSamplesMode):
        self.mode = mode
        self._first = ""
        self._last: Block | None = None     # the good row that was seen last
        self._owed = 0                      # bad rows before any good one

    def noted(self, fault: str) -> None:
        """Tells of the first fault of the pass."""
        if fault and not self._first:
            self._first = fault
            _LOG.warning("For 'map', rows that raise are %s, as 'set_error_samples_mode' says. The first raised %s",
                         "left out" if self.mode is ErrorSamplesMode.SKIP else "replaced by others", fault)

    def arranged(self, good: Block | None, kept: list[int], count: int) -> Block | None:
        """The rows to hand on of a portion of `count` rows, of which those at the places `kept` are good."""
        if self.mode is ErrorSamplesMode.SKIP:
            return good
        if good is None:
            if self._last is not None:
                return _copies(self._last, np.zeros(count, int))
            self._owed += count
            return None
        nearest = np.searchsorted(kept, np.arange(count), "right") - 1
        parts = []
        if self._last is None:
            nearest = np.concatenate([np.zeros(self._owed, int), np.maximum(nearest, 0)])
            self._owed = 0
        elif leading := int((nearest < 0).sum()):
            parts.append(_copies(self._last, np.zeros(leading, int)))
            nearest = nearest[leading:]
        self._last = _copies(good, np.array([good.count - 1]))
        return concatenate([*parts, _copies(good, nearest)])

    def end(self) -> None:
        """RuntimeError where bad rows could not be replaced."""
        if self._owed:
            raise RuntimeError(f"For 'map', all {self._owed} rows raise, so that there is none to replace them by. The "
                               f"first raised {self._first}")


def _copies(block: Block, indices: np.ndarray) -> Block:
    """Rows of a block, which share no memory with it or with each other."""
    return Block([[column[i].copy() for i in indices] if isinstance(column, list) else column[indices]
                  for column in block.columns], len(indices))
