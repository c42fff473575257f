"""Executables in two parts: what is computed from standing parameters, and the rest (`passes.standing`)."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore.compiler.program import Executable


class StandingExecutable(Executable):
    """`run` runs both parts. Who knows that the inputs at the positions `reads` are what they were keeps the result of
    `prepare` and calls `run_prepared` (`runtime.standing`)."""

    def __init__(self, preparation: Executable, main: Executable, reads: tuple[int, ...]):
        self._preparation, self._main, self.reads = preparation, main, reads
        self.name, self.in_avals = main.name, main.in_avals

    def prepare(self, inputs: Sequence[Any]) -> list[Any]:
        """The standing values, from all inputs."""
        return self._preparation.run([inputs[k] for k in self.reads])

    def run_prepared(self, inputs: Sequence[Any], prepared: Sequence[Any]) -> list[Any]:
        """The results, given the standing values."""
        return self._main.run([*inputs, *prepared])

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """The results."""
        return self.run_prepared(inputs, self.prepare(inputs))
