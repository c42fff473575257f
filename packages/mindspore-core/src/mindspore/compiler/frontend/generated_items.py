"""The iterator of a generator expression, and going over its items until a tensor says that it is enough.

A generator expression gives its items to whoever asks for the next one, which cannot be compiled where that depends on
a tensor. But a builtin says beforehand what it will do with each of them: `sum` takes all, `any` stops at the first
that is true. Such a builtin folds the items of an iterator of which nothing has been asked yet: each item is evaluated,
and taken, in a step of its own, which runs only where no tensor has said that it is enough.

What it goes over may be a list that differs with a decision, also one that a decision between making the generator
expression and asking it has changed. That is like a filter: it has to be folded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import Frame, Run

__all__ = ["GeneratedItems", "Guard", "Step", "Take", "enough", "refuse_differing", "run_always"]

Take = Callable[[Frame, Any], None]
Step = Callable[[Frame, Any, Any], Any]
Guard = Callable[[Frame, Run], bool]


def run_always(frame: Frame, step: Run) -> bool:
    """The guard of who takes all items: it runs the step, and wants to go on."""
    step(frame)
    return True


def enough(guard: Guard) -> Any:
    """Whether who guards the steps has enough: a bool, or a predicate."""
    return getattr(getattr(getattr(guard, "func", guard), "__self__", None), "now", False)


def refuse_differing() -> NoReturn:
    """GraphCompileError for who asks for one item after the other where they differ with a decision."""
    raise GraphCompileError(
        "An item is asked of a generator expression over values that differ with a decision on a tensor.",
        remedy="make a list of the items and go over that with 'for'")


class GeneratedItems(Iterator[Any]):
    """See the module's text.

    Attributes:
        is_new: whether nothing has been asked of it yet.
        fold: `fold(take, guard)` calls `take(frame, item)` for the items, also where a tensor says which there are.
            Each step goes through `guard(frame, step)`, which runs it or not, and says whether to go on.
        reduce: `reduce(start, step)` gives step(frame, ... step(frame, start, first), ...) of all items, with their
            trips compiled as one where that is possible; None where there are few.
        differs: whether what it goes over differs with a decision.
    """

    def __init__(self, items: Iterator[Any], fold: Callable[[Take, Guard], None], is_filtered: bool, is_single: bool,
                 reduce: Callable[[Any, Step], Any] | None = None, differs: Callable[[], bool] = lambda: False) -> None:
        self.items, self._fold, self._reduce, self.differs = items, fold, reduce, differs
        self._is_filtered, self._is_single = is_filtered, is_single
        self.is_new, self._is_begun = True, False

    @property
    def is_filtered(self) -> bool:
        """Whether tensors may say which items there are."""
        return self._is_filtered or self.differs()

    @property
    def reduce(self) -> Callable[[Any, Step], Any] | None:
        """See the class."""
        return None if self.differs() else self._reduce

    def __next__(self) -> Any:
        self.is_new = False
        if self.differs():
            refuse_differing()
        return next(self.items)

    def close(self) -> None:
        """There are no more items."""
        self.is_new, self.differs = False, lambda: False
        self.items = iter(())

    def fold(self, take: Take, guard: Guard = run_always) -> None:
        """See the class. Only for an iterator that is new."""
        if self._is_begun and self.differs():
            refuse_differing()
        self._is_begun = True
        self._fold(take, guard)

    def stopped(self, exactly: bool) -> None:
        """A fold stopped before the end; `exactly` says that no tensor decided where."""
        self.is_new = exactly and self._is_single
        if not self.is_new:
            self.items, self.differs = _Lost(), lambda: False


class _Lost(Iterator[Any]):
    """The items of a generator expression of which tensors have taken some."""

    def __next__(self) -> NoReturn:
        raise GraphCompileError(
            "An item is asked of a generator expression of which a builtin took as many items as a tensor said.",
            remedy="make a list of the items, or write the generator expression once more")
