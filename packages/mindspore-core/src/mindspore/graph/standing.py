"""Keeping what a compiled function computes from its network's weights alone, while the weights stay what they are.

A tensor's value is a `Storage`, which is never written while somebody else holds it: whoever changes a tensor in place
copies the value first if it is held. So holding the storages of the weights is enough to know that they are as they
were, for as long as the tensors still have them. Memory that was handed out (to NumPy) may change at any time;
with such weights nothing is kept.

Values are kept from the second call on that finds the same weights, which nothing wrote in the meantime: a program that
trains and infers in turns would otherwise copy its weights every time.
"""
from __future__ import annotations

from mindspore.compiler.standing import StandingExecutable
from mindspore.runtime.storage import Storage


class Standing:
    """The prepared values of one executable. first: the input position of the first tensor from outside."""

    __slots__ = ("_executable", "_places", "_held", "_seen")

    def __init__(self, executable: StandingExecutable, first: int):
        self._executable = executable
        self._places = [position - first for position in executable.reads]
        self._held: tuple[list[Storage], list] | None = None
        self._seen: list[tuple[int, int]] = []

    def run(self, buffers: list, outside: list) -> list:
        """Run with these buffers, which are the values of the arguments and then of the tensors `outside`."""
        held = self._held
        if held is not None:
            for place, value in zip(self._places, held[0]):
                if outside[place]._value is not value or value.pinned:
                    self._held = None
                    break
            else:
                return self._executable.run_prepared(buffers, held[1])
        values = [outside[place]._value for place in self._places]
        seen = [(id(value), value.writes) for value in values]
        if seen != self._seen:
            self._seen = seen
            return self._executable.run(buffers)
        prepared = self._executable.prepare(buffers)
        if not any(value.pinned for value in values):
            self._held = values, prepared
        return self._executable.run_prepared(buffers, prepared)
