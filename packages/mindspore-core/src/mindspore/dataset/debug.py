"""Looking at what goes into and comes out of each operation of `map`.

    config.set_debug_mode(True, debug_hook_list=[debug.PrintMetaDataHook()])

calls the hooks for every row, before the first operation and after each. A hook may also stand among the operations of
`map` itself, and then sees the rows at its place, without debug mode as well.
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence, Sized
from typing import Any

import numpy as np

from ._blocks import Column, rows_of
from ._transform import is_image

__all__ = ["DebugHook", "PrintDataHook", "PrintMetaDataHook", "show"]


class DebugHook(ABC):
    """The base of hooks: `compute` is called with a row, and the row goes on as it was.

    Args:
        prev_op_name: the operation before; debug mode sets it. With one, a line says what is looked at.
    """

    def __init__(self, prev_op_name: str | None = None):
        self.prev_op_name = prev_op_name
        self.is_first_op: bool | None = None

    def __call__(self, *args: Any) -> tuple:
        if self.prev_op_name:
            side = "INPUT" if self.is_first_op else "OUTPUT"
            print(f"[Dataset debugger] Print the [{side}] of the operation [{self.prev_op_name}].", flush=True)
        self.compute(args)
        return args

    @abstractmethod
    def compute(self, *args: Any) -> Any:
        """What to do with a row: one argument, the tuple of the columns' values. What it returns is not used."""

    def set_previous_op_name(self, prev_op_name: str) -> None:
        """Sets the operation that is named in the line before."""
        self.prev_op_name = prev_op_name

    def set_is_first(self, is_first_op: bool) -> None:
        """Sets whether rows are looked at before the operation, not after it."""
        self.is_first_op = is_first_op


def _values(args: tuple) -> list[tuple[int, Any]]:
    return list(enumerate(*args))


class PrintMetaDataHook(DebugHook):
    """Prints dtype and shape of each column's value."""

    def __init__(self) -> None:
        super().__init__()

    def compute(self, *args: Any) -> None:
        """Print a line for each column."""
        for number, value in _values(args):
            if isinstance(value, np.ndarray):
                what = f"The dtype is [{value.dtype}]. The shape is [{value.shape}]."
            elif is_image(value):
                what = f"The type is [{type(value)}]. The shape is [{value.size}]."
            else:
                what = f"The type is [{type(value)}]."
                what += f" The size is [{len(value)}]." if isinstance(value, Sized) else ""
            print(f"Column {number}. {what}", flush=True)


class PrintDataHook(DebugHook):
    """Prints each column's value."""

    def __init__(self) -> None:
        super().__init__()

    def compute(self, *args: Any) -> None:
        """Print each column's value."""
        for number, value in _values(args):
            print(f"Column {number}. The data is [{np.asarray(value) if is_image(value) else value}].", flush=True)


def show(hooks: Sequence[DebugHook], name: str, before: bool, columns: Sequence[Column]) -> None:
    """Call the hooks for the rows before or after the operation `name`."""
    for row in zip(*map(rows_of, columns)):
        for hook in hooks:
            hook.set_previous_op_name(name)
            hook.set_is_first(before)
            hook(*row)
