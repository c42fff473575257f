"""Callbacks that report: losses, times, progress, history."""
from __future__ import annotations

import sys
import time

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.train.callback.base import Callback

__all__ = ["LossMonitor", "TimeMonitor", "History", "ProgressBar", "loss_of"]


def loss_of(outputs) -> float | None:
    """The loss in a step's outputs (the first tensor of a tuple) as a number; the mean, if it has several elements."""
    if isinstance(outputs, tuple | list):
        outputs = outputs[0] if outputs else None
    if isinstance(outputs, Tensor):
        return float(np.mean(outputs.asnumpy()))
    return None


class LossMonitor(Callback):
    """Prints the loss every `per_print_times` steps (0: at the end of each epoch), and stops on NaN or infinity.

    Raises:
        ValueError: `per_print_times` is negative or no int; the loss is not a finite number.
    """

    def __init__(self, per_print_times=1):
        if isinstance(per_print_times, bool) or not isinstance(per_print_times, int) or per_print_times < 0:
            raise ValueError(f"For 'LossMonitor', the 'per_print_times' must be an int of at least 0, but got "
                             f"{per_print_times!r}.")
        self.per_print_times = per_print_times
        self._last = 0

    def on_train_step_end(self, run_context):
        """Print the loss, if it is time."""
        args = run_context.original_args()
        due = self.per_print_times and args.cur_step_num - self._last >= self.per_print_times
        if due:
            self._last = args.cur_step_num
            self._print(args)

    def on_train_epoch_end(self, run_context):
        """Print the loss, if it is printed once per epoch."""
        if self.per_print_times == 0:
            self._print(run_context.original_args())

    def on_train_begin(self, run_context):
        """Count anew."""
        self._last = run_context.original_args().cur_step_num

    def _print(self, args) -> None:
        loss = loss_of(args.net_outputs)
        step = (args.cur_step_num - 1) % args.batch_num + 1
        if loss is None or not np.isfinite(loss):
            raise ValueError(f"epoch: {args.cur_epoch_num} step: {step}. The loss is {loss}: training cannot go on. "
                             f"Look at the input data, and at the learning rate, which may be too large.")
        print(f"epoch: {args.cur_epoch_num} step: {step}, loss is {loss}", flush=True)


class TimeMonitor(Callback):
    """Prints the time of each epoch and of its steps."""

    def __init__(self, data_size=None, data_time=False):
        self.data_size = data_size
        self._start = 0.0

    def on_train_epoch_begin(self, run_context):
        """Start the clock."""
        self._start = time.perf_counter()

    def on_train_epoch_end(self, run_context):
        """Print the times."""
        self._report("Train", run_context)

    def on_eval_epoch_begin(self, run_context):
        """Start the clock."""
        self._start = time.perf_counter()

    def on_eval_epoch_end(self, run_context):
        """Print the times."""
        self._report("Eval", run_context)

    def _report(self, what: str, run_context) -> None:
        elapsed = (time.perf_counter() - self._start) * 1e3
        steps = self.data_size or run_context.original_args().batch_num or 1
        print(f"{what} epoch time: {elapsed:5.3f} ms, per step time: {elapsed / steps:5.3f} ms", flush=True)


class History(Callback):
    """Keeps the loss and the metrics of each epoch in `epoch` (dict epoch -> number) and `history` (dict of lists)."""

    def __init__(self):
        self.history: dict[str, list] = {}
        self.epoch: dict[str, list] = {"epoch": []}

    def on_train_begin(self, run_context):
        """Start anew."""
        self.history, self.epoch = {}, {"epoch": []}

    def on_train_epoch_end(self, run_context):
        """Note this epoch's loss and metrics."""
        args = run_context.original_args()
        self.epoch["epoch"].append(args.cur_epoch_num)
        found = {"net_output": args.net_outputs, **(args.get("eval_results") or {})}
        for name, value in found.items():
            self.history.setdefault(name, []).append(value)


class ProgressBar(Callback):
    """A progress bar for each epoch on a terminal, one plain line per epoch elsewhere, with the mean loss.

    Args:
        refresh: look at the loss every so many steps (a look waits for the device).
    """

    def __init__(self, refresh: int = 10):
        self.refresh = refresh
        self._bar = None
        self._start = 0.0
        self._losses: list[float] = []

    def on_train_epoch_begin(self, run_context):
        """Start the bar."""
        args = run_context.original_args()
        self._start, self._losses = time.perf_counter(), []
        if sys.stderr.isatty():
            from tqdm import tqdm
            self._bar = tqdm(total=args.batch_num, unit="step", leave=False,
                             desc=f"epoch {args.cur_epoch_num}/{args.epoch_num}")

    def on_train_step_end(self, run_context):
        """Advance the bar."""
        args = run_context.original_args()
        if args.cur_step_num % self.refresh == 0:
            loss = loss_of(args.net_outputs)
            if loss is not None:
                self._losses.append(loss)
                if self._bar is not None:
                    self._bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        if self._bar is not None:
            self._bar.update(1)

    def on_train_epoch_end(self, run_context):
        """Close the bar and print the epoch's line."""
        self._close()
        args = run_context.original_args()
        if not self._losses:
            loss = loss_of(args.net_outputs)
            self._losses = [] if loss is None else [loss]
        loss = f", loss {np.mean(self._losses):.4f}" if self._losses else ""
        metrics = "".join(f", {k} {float(v):.4f}" for k, v in (args.get("eval_results") or {}).items())
        print(f"epoch {args.cur_epoch_num}/{args.epoch_num}: {args.batch_num} steps in "
              f"{time.perf_counter() - self._start:.2f} s{loss}{metrics}", flush=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __exit__(self, *exc):
        self._close()
