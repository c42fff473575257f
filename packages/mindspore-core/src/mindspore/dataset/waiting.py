"""A callback of `map` and of `Model.train` at once.

It makes the pipeline wait before each step and epoch until training has finished the step or epoch before. The module
stands by itself because it needs `mindspore.train`, which worker processes do not.
"""
from __future__ import annotations

import threading
import time

from mindspore.train.callback import Callback

from . import config
from ._pipeline import stopped
from .callbacks import DSCallback, DSRunContext

__all__ = ["WaitedDSCallback"]


class WaitedDSCallback(Callback, DSCallback):
    """A callback for `map` and `Model.train` at once: the pipeline waits for training.

    A subclass defines `sync_epoch_begin(train_run_context, ds_run_context)` or `sync_step_begin(...)`. They are called
    on the pipeline's thread when training has finished the step, or epoch, before. Rows must be made one by one at the
    pace of training, so the pipeline prepares nothing ahead of it. Where training does not get on, because it needs
    more rows for a step than `step_size`, iteration raises RuntimeError after `config.get_callback_timeout()` seconds.

    Args:
        step_size: `sync_step_begin` is called at every so many rows; as the number of rows in a batch.

    Raises:
        TypeError: `step_size` is not an int.
        ValueError: `step_size` is not positive.
    """

    def __init__(self, step_size: int = 1):
        DSCallback.__init__(self, step_size)
        self._changed = threading.Condition()
        self._steps = self._epochs = 0
        self._over = False
        self._train_context = None

    def sync_epoch_begin(self, train_run_context, ds_run_context: DSRunContext) -> None:
        """Called before the first row of an epoch, after training of the epoch before."""

    def sync_step_begin(self, train_run_context, ds_run_context: DSRunContext) -> None:
        """Called before a row, after the training step before."""

    def _wait(self, ready, method: str) -> None:
        seconds = config.get_callback_timeout()
        end = time.monotonic() + seconds
        with self._changed:
            while not (ready() or self._over or stopped()):
                if time.monotonic() > end:
                    raise RuntimeError(f"{type(self).__name__}: {method} timed out after {seconds} second(s): training "
                                       f"has not ended the step or epoch before. Give 'step_size' as the rows of a "
                                       f"batch, not {self.step_size}, pass the callback to Model.train too, or wait "
                                       f"longer with mindspore.dataset.config.set_callback_timeout.")
                self._changed.wait(0.2)

    def ds_epoch_begin(self, ds_run_context: DSRunContext) -> None:
        """Waits for training, then calls `sync_epoch_begin` in all epochs but the first."""
        if ds_run_context.cur_epoch_num > 1:
            self._wait(lambda: self._epochs >= ds_run_context.cur_epoch_num - 1, "ds_epoch_begin")
            self.sync_epoch_begin(self._train_context, ds_run_context)

    def ds_step_begin(self, ds_run_context: DSRunContext) -> None:
        """Waits for training, then calls `sync_step_begin` at all steps but the first."""
        if ds_run_context.cur_step_num > self.step_size:
            self._wait(lambda: self._steps >= (ds_run_context.cur_step_num - 1) // self.step_size, "ds_step_begin")
            self.sync_step_begin(self._train_context, ds_run_context)

    def _advance(self, name: str, context) -> None:
        with self._changed:
            self._train_context = context
            setattr(self, name, getattr(self, name) + 1)
            self._changed.notify_all()

    def on_train_step_end(self, run_context) -> None:
        """A training step has ended."""
        self._advance("_steps", run_context)

    def on_train_epoch_end(self, run_context) -> None:
        """A training epoch has ended."""
        self._advance("_epochs", run_context)

    def on_train_end(self, run_context) -> None:
        """Training has ended; nothing waits for it any more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
