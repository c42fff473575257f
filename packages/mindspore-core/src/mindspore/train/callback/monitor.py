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
    """Prints the loss every `per_print_times` steps (0: at the end of each epoch), after an evaluation within
    `Model.fit` its metrics, and stops on NaN or infinity. Subclasses find `per_print_times` in `_per_print_times`, and
    the last printed step in `_last_print_time`.

    Raises:
        ValueError: `per_print_times` is negative or no int; the loss is not a finite number.
    """

    def __init__(self, per_print_times=1):
        if isinstance(per_print_times, bool) or not isinstance(per_print_times, int) or per_print_times < 0:
            raise ValueError(f"For 'LossMonitor', the 'per_print_times' must be an int of at least 0, but got "
                             f"{per_print_times!r}.")
        self._per_print_times = per_print_times
        self._last_print_time = 0

    def step_end(self, run_context):
        """Print the loss, if it is time; what a subclass overrides to print something else."""
        args = run_context.original_args()
        due = self._per_print_times and args.cur_step_num - self._last_print_time >= self._per_print_times
        if due:
            self._last_print_time = args.cur_step_num
            self._print(args)

    def on_eval_step_end(self, run_context):
        """Steps of an evaluation have no loss of training to be printed."""

    def on_train_epoch_end(self, run_context):
        """Print the loss, if it is printed once per epoch, and the metrics, if this epoch has been evaluated."""
        args = run_context.original_args()
        if self._per_print_times == 0:
            self._print(args)
        if args.get("eval_results"):
            print(f"Eval result: epoch {args.cur_epoch_num}, metrics: {args.eval_results}")

    def on_train_begin(self, run_context):
        """Count anew."""
        self._last_print_time = run_context.original_args().cur_step_num

    def _print(self, args) -> None:
        loss = loss_of(args.net_outputs)
        step = (args.cur_step_num - 1) % args.batch_num + 1
        if loss is None or not np.isfinite(loss):
            raise ValueError(f"epoch: {args.cur_epoch_num} step: {step}. The loss is {loss}: training cannot go on. "
                             f"Look at the input data, and at the learning rate, which may be too large.")
        print(f"epoch: {args.cur_epoch_num} step: {step}, loss is {loss}", flush=True)


class TimeMonitor(Callback):
    """Prints the time of each epoch and of its steps. Subclasses find the time of the epoch's begin in `epoch_time`."""

    def __init__(self, data_size=None, data_time=False):
        self.data_size = data_size
        self.epoch_time, self._what = 0.0, "Train"

    def epoch_begin(self, run_context):
        """Start the clock."""
        self.epoch_time = time.time()

    def epoch_end(self, run_context):
        """Print the times."""
        elapsed = (time.time() - self.epoch_time) * 1e3
        steps = self.data_size or run_context.original_args().batch_num or 1
        print(f"{self._what} epoch time: {elapsed:5.3f} ms, per step time: {elapsed / steps:5.3f} ms", flush=True)

    def on_train_epoch_end(self, run_context):
        """Print the times of an epoch of training."""
        self._what = "Train"
        super().on_train_epoch_end(run_context)

    def on_eval_epoch_end(self, run_context):
        """Print the times of an evaluation."""
        self._what = "Eval"
        super().on_eval_epoch_end(run_context)


class History(Callback):
    """Keeps the numbers of the epochs in `epoch` ({"epoch": [1, 2, ...]}) and, of each epoch, the loss of its last step
    (the mean of the first output, a NumPy number, as "net_output") and the metrics in `history` (dict of lists)."""

    def __init__(self):
        self.history: dict[str, list] = {}
        self.epoch: dict[str, list] = {"epoch": []}

    def begin(self, run_context):
        """Start anew."""
        self.history, self.epoch = {}, {"epoch": []}

    def epoch_end(self, run_context):
        """Note this epoch's loss and metrics."""
        args = run_context.original_args()
        self.epoch["epoch"].append(args.cur_epoch_num)
        output = args.net_outputs
        if isinstance(output, (tuple, list)) and output and isinstance(output[0], Tensor):
            output = output[0]
        if isinstance(output, Tensor):
            output = np.mean(output.asnumpy())
        found = {"net_output": output, **(args.get("eval_results") or {})}
        for name, value in found.items():
            self.history.setdefault(name, []).append(value)

    def on_eval_begin(self, run_context):
        """An evaluation adds to the history at the end of the epoch that it belongs to."""

    def on_eval_epoch_end(self, run_context):
        """An evaluation adds to the history at the end of the epoch that it belongs to."""


class ProgressBar(Callback):
    """A bar for each epoch on a terminal, and one line per epoch with its mean loss and the metrics of `Model.fit`.

    The losses of the steps are kept as they are and looked at when the bar is redrawn and at the end of the epoch: a
    look waits for the device.
    """

    FOLD = 1024  # after so many steps without a look their losses are added up

    def __init__(self):
        self._bar = None
        self._start = self._train_time = self._sum = 0.0
        self._losses: list[Tensor] = []
        self._steps = self._looked = 0

    def on_train_epoch_begin(self, run_context):
        """Start the bar."""
        args = run_context.original_args()
        self._start, self._losses = time.perf_counter(), []
        self._sum, self._steps, self._looked = 0.0, 0, 0
        if sys.stderr.isatty():
            from tqdm import tqdm
            self._bar = tqdm(total=args.batch_num, unit="step", leave=False,
                             desc=f"epoch {args.cur_epoch_num}/{args.epoch_num}")

    def on_train_step_end(self, run_context):
        """Advance the bar."""
        loss = run_context.original_args().net_outputs
        loss = loss[0] if isinstance(loss, (tuple, list)) and loss else loss
        self._steps += 1
        if isinstance(loss, Tensor):
            self._losses.append(loss)
            if len(self._losses) == self.FOLD:
                self._look()
        if self._bar is not None and self._bar.update(1) and self._losses:
            self._bar.set_postfix(loss=f"{loss_of(self._losses[-1]):.4f}", refresh=False)
        self._train_time = time.perf_counter() - self._start

    def on_train_epoch_end(self, run_context):
        """Close the bar and print the epoch's line."""
        self._close()
        args = run_context.original_args()
        self._look()
        loss = f", loss {self._sum / self._looked:.4f}" if self._looked else ""
        found = args.get("eval_results") or {}
        metrics = "".join(f", {name} {_short(value)}" for name, value in found.items())
        print(f"epoch {args.cur_epoch_num}/{args.epoch_num}: {self._steps} steps in {self._train_time:.2f} s{loss}"
              f"{metrics}", flush=True)

    def _look(self) -> None:
        values = [value for loss in self._losses if (value := loss_of(loss)) is not None]
        self._sum += sum(values)
        self._looked += len(values)
        self._losses = []

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __exit__(self, *exc):
        self._close()


def _short(value) -> str:
    """A metric's value in a line: numbers with four digits, arrays as they are."""
    return f"{float(value):.4f}" if np.ndim(value) == 0 else str(value)
