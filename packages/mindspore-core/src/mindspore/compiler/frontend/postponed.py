"""Decisions that are made around a statement: see `protected.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mindspore.compiler.frontend.errors import Unwinding

if TYPE_CHECKING:
    from mindspore.compiler.frontend.location import Site
    from mindspore.compiler.frontend.variants import Tag

__all__ = ["Log", "Postponed"]


class Log:
    """What is decided beforehand in a statement: the alternatives that are left of tags, by the structure of these."""

    def __init__(self, forced: dict[Any, tuple[int, ...]]) -> None:
        self.forced = forced


class Postponed(Unwinding):
    """A decision inside of a `try` or `with` statement has to be made around the statement.

    Attributes:
        reason: what its sides do.
        site: the expression that is decided.
        log: that of the statement; None as long as the decision is one that only a branch inside of it knows.
        tag, sides, numbers: the decision: the groups of alternatives, each with what else is known in it, and whether
            Python numbers that differ become tensors.
    """

    def __init__(self, reason: str, site: Site) -> None:
        super().__init__(reason)
        self.reason, self.site = reason, site
        self.log: Log | None = None
        self.tag: Tag = None  # type: ignore[assignment]  # given with `log`
        self.sides: list[tuple[tuple[int, ...], dict[Tag, tuple[int, ...]]]] = []
        self.numbers = True
