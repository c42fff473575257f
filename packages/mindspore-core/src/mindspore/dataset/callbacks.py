"""Callbacks of `map`: a user's functions that are called as the rows of an epoch are made.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ._blocks import Block
from ._check import check_int

__all__ = ["CallbackRun", "DSCallback", "DSRunContext"]


@dataclass
class DSRunContext:
    """Where the pipeline is.

    Attributes:
        cur_epoch_num: the epoch, from 1; 0 before the first begins.
        cur_step_num: the row (or batch) of all epochs, from 1; the number done so far where no row begins or ends.
        cur_step_num_in_epoch: the row of the epoch, from 1.
    """

    cur_epoch_num: int = 0
    cur_step_num: int = 0
    cur_step_num_in_epoch: int = 0


class DSCallback:
    """The base of callbacks for `map`: a subclass defines any of the methods; each gets a DSRunContext.

    Args:
        step_size: `ds_step_begin` and `ds_step_end` are called at every so many rows.

    Raises:
        TypeError: `step_size` is not an int.
        ValueError: `step_size` is not positive.
    """

    def __init__(self, step_size: int = 1):
        self.step_size = check_int(step_size, "step_size", type(self).__name__, 1)

    def ds_begin(self, ds_run_context: DSRunContext) -> None:
        """Called before the first row of the first epoch."""

    def ds_epoch_begin(self, ds_run_context: DSRunContext) -> None:
        """Called before the first row of an epoch."""

    def ds_epoch_end(self, ds_run_context: DSRunContext) -> None:
        """Called after the last row of an epoch."""

    def ds_step_begin(self, ds_run_context: DSRunContext) -> None:
        """Called before a row is handed on."""

    def ds_step_end(self, ds_run_context: DSRunContext) -> None:
        """Called after a row has been handed on."""


class CallbackRun:
    """The callbacks of one pass.

    Args:
        callbacks: DSCallbacks.
        stage: the running `map`, which counts epochs.
    """

    def __init__(self, callbacks: Sequence[DSCallback], stage):
        self._callbacks = callbacks
        first = not hasattr(stage, "rows_called")
        self._before = 0 if first else stage.rows_called
        self._stage, self._context = stage, DSRunContext(0, self._before, 0)
        stage.rows_called = self._before
        for callback in callbacks if first else ():
            callback.ds_begin(self._context)
        self._context.cur_epoch_num = stage.epoch
        for callback in callbacks:
            callback.ds_epoch_begin(self._context)

    def around(self, block: Block) -> Iterator[Block]:
        """The rows one by one, with the callbacks before and after each."""
        for index in range(block.count):
            context = self._context
            context.cur_step_num_in_epoch += 1
            context.cur_step_num += 1
            self._stage.rows_called = context.cur_step_num
            due = [c for c in self._callbacks if (context.cur_step_num_in_epoch - 1) % c.step_size == 0]
            for callback in due:
                callback.ds_step_begin(context)
            yield block.slice(index, index + 1)
            for callback in due:
                callback.ds_step_end(context)

    def end(self) -> None:
        """The pass is over."""
        for callback in self._callbacks:
            callback.ds_epoch_end(self._context)
