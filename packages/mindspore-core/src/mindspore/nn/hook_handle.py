"""HookHandle: the way to take a hook out again."""
from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["HookHandle"]

_numbers = itertools.count()


class HookHandle:
    """Takes a hook out of the table that it stands in. As a context manager it does so at the end of the block.

    changed: called after the hook was taken out.
    """

    __slots__ = ("_changed", "_number", "_table")

    def __init__(self, table: OrderedDict, number: int, changed: Callable[[], None] | None = None):
        self._table, self._number, self._changed = table, number, changed

    @classmethod
    def added(cls, table: OrderedDict, hook: Callable, prepend: bool = False,
              changed: Callable[[], None] | None = None, entry: object = None) -> HookHandle:
        """Put a hook (or an entry that stands for it) into a table, at its end or in front; its handle.

        Raises:
            TypeError: the hook cannot be called.
        """
        if not callable(hook):
            raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
        number = next(_numbers)
        table[number] = hook if entry is None else entry
        if prepend:
            table.move_to_end(number, last=False)
        if changed is not None:
            changed()
        return cls(table, number, changed)

    def remove(self) -> None:
        """Take the hook out; a second call does nothing."""
        if self._table.pop(self._number, None) is not None and self._changed is not None:
            self._changed()

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()
