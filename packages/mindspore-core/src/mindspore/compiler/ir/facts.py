"""What decisions on symbolic sizes have found (`dims` says how they are made).

`Facts` are noted while they are the thread's present ones (`deciding`). Whoever keeps what was made meanwhile keeps
them, and asks `hold` for the sizes of each call.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mindspore.compiler.ir.dims import Dim

Binding = Mapping[str, int]  # sizes by the names of symbols


class SizeFixed(BaseException):
    """Sizes that were symbols must be numbers; `names` are those of the symbols. It passes through the user's program,
    which is run again."""

    def __init__(self, dim: Dim):
        super().__init__(f"a number is needed, since {dim!r} is 0")
        self.names = sorted({symbol.name for symbol in dim.symbols()})


class Facts:
    """What decisions on symbolic sizes have found, and for which sizes they were made (None: the examples). strict:
    whether sizes that turn out to be numbers are fixed (`SizeFixed`), since avals are made; else it is noted."""

    def __init__(self, binding: Binding | None = None, strict: bool = True):
        self.binding, self.strict = binding, strict
        self.known: dict[tuple[str, Dim], bool] = {}

    def hold(self, binding: Binding) -> bool:
        """Whether the decisions have the same outcome for these sizes."""
        return all(OUTCOMES[kind](dim.at(binding)) is outcome for (kind, dim), outcome in self.known.items())

    def broken(self, binding: Binding) -> str | None:
        """The first decision with another outcome for these sizes, in words."""
        for (kind, dim), outcome in self.known.items():
            if OUTCOMES[kind](dim.at(binding)) is not outcome:
                return f"{dim!r} is {'' if outcome else 'not '}{kind}, but is {dim.at(binding)} now"
        return None

    def __repr__(self) -> str:
        return ", ".join(f"{dim!r} is {'' if outcome else 'not '}{kind}"
                         for (kind, dim), outcome in self.known.items())


OUTCOMES: dict[str, Callable[[int], bool]] = {"zero": lambda n: n == 0, "positive": lambda n: n > 0}


class _State(threading.local):
    facts: Facts | None = None


present = _State()


@contextmanager
def deciding(facts: Facts) -> Iterator[Facts]:
    """Decisions on symbolic sizes in the block are made for the sizes of `facts` and noted there."""
    before, present.facts = present.facts, facts
    try:
        yield facts
    finally:
        present.facts = before
