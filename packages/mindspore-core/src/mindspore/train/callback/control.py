"""Callbacks that steer: early stopping, learning rates, functions as callbacks."""
from __future__ import annotations

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.train.callback.base import EVENTS, Callback
from mindspore.train.callback.monitor import loss_of

__all__ = ["LambdaCallback", "EarlyStopping", "ReduceLROnPlateau", "LearningRateScheduler"]


class LambdaCallback(Callback):
    """Functions as callbacks: `LambdaCallback(on_train_step_end=lambda run_context: ...)`."""

    def __init__(self, **functions):
        for name, function in functions.items():
            if name not in EVENTS:
                raise TypeError(f"For 'LambdaCallback', there is no event {name!r}; the events are "
                                f"{', '.join(EVENTS)}.")
            if function is not None:
                if not callable(function):
                    raise TypeError(f"For 'LambdaCallback', {name} must be callable, got {type(function).__name__}.")
                setattr(self, name, function)


def change_rates(optimizer, change) -> list[float]:
    """Replace each learning rate of an optimizer by `change(rate)`; the new rates.

    Raises:
        ValueError: a rate is a schedule or a list, which no callback can change.
    """
    names = optimizer.get_lr_parameter(list(optimizer.parameters))
    rates = list({id(rate): rate for rate in names}.values())
    if any(not isinstance(rate, Parameter) or rate.ndim for rate in rates):
        raise ValueError("the learning rate is a schedule or a list of rates; a callback can only change a fixed "
                         "learning rate")
    changed = [float(change(float(rate.asnumpy()))) for rate in rates]
    for rate, value in zip(rates, changed):
        rate.set_data(value)
    return changed


class LearningRateScheduler(Callback):
    """Sets the learning rate after each step to `learning_rate_function(rate, step)`, where the steps count from 1."""

    def __init__(self, learning_rate_function):
        if not callable(learning_rate_function):
            raise TypeError("For 'LearningRateScheduler', the argument must be a function of (rate, step).")
        self.learning_rate_function = learning_rate_function

    def step_end(self, run_context):
        """Set the rate of the next step."""
        args = run_context.original_args()
        change_rates(args.optimizer, lambda rate: self.learning_rate_function(rate, args.cur_step_num))

    def on_eval_step_end(self, run_context):
        """Steps of an evaluation have no rate."""


class _Watcher(Callback):
    """What callbacks share that watch one number per epoch."""

    def __init__(self, monitor, mode, patience, min_delta, verbose):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"For '{type(self).__name__}', the 'mode' must be auto, min or max, but got {mode!r}.")
        self.monitor, self.patience, self.min_delta, self.verbose = monitor, patience, abs(min_delta), verbose
        growing = mode == "max" or (mode == "auto" and not any(w in monitor for w in ("loss", "error", "mse", "mae")))
        self.sign = 1.0 if growing else -1.0
        self.best, self.waited = -np.inf, 0

    def on_train_begin(self, run_context):
        """Start anew."""
        self.best, self.waited = -np.inf, 0

    def improves(self, value: float) -> bool:
        """Whether a number is better than the best one so far, which it becomes."""
        better = value - self.min_delta > self.best
        if better:
            self.best = value
        return better

    def report(self, line: str) -> None:
        """Print a line, if that is wanted."""
        if self.verbose:
            print(line, flush=True)

    def watched(self, run_context) -> float | None:
        """The monitored number, larger for better."""
        args = run_context.original_args()
        found = args.get("eval_results") or {}
        key = self.monitor[5:] if self.monitor.startswith("eval_") else self.monitor
        if self.monitor in found or key in found:
            return self.sign * float(np.mean(found[self.monitor if self.monitor in found else key]))
        if self.monitor == "loss":
            return self.sign * loss_of(args.net_outputs)
        if found:
            raise ValueError(f"For '{type(self).__name__}', the monitored {self.monitor!r} is not among "
                             f"{', '.join(found)}.")
        return None


class EarlyStopping(_Watcher):
    """Stops when the monitored number has not improved for `patience` epochs (at least 1).

    Args:
        monitor: 'loss' (of the epoch's last step), 'eval_loss', or the name of a metric of `Model.fit`.
        min_delta: how much better counts as better. mode: 'min', 'max', or 'auto' by the monitor's name.
        baseline: until the number is better than this no epoch counts as an improvement.
        restore_best_weights: at the end give the training network the weights, and the optimizer's state, of the best
            epoch.
    """

    def __init__(self, monitor="eval_loss", min_delta=0, patience=0, verbose=False, mode="auto", baseline=None,
                 restore_best_weights=False):
        super().__init__(monitor, mode, patience, min_delta, verbose)
        self.baseline, self.restore_best_weights = baseline, restore_best_weights
        self._weights: dict | None = None

    def on_train_epoch_end(self, run_context):
        """Compare, and stop if it is time."""
        value = self.watched(run_context)
        if value is None:
            return
        args = run_context.original_args()
        self.waited += 1
        if self.improves(value):
            if self.restore_best_weights:
                self._weights = {p.name: p.asnumpy().copy() for p in args.train_network.get_parameters()}
            if self.baseline is None or value > self.sign * self.baseline:
                self.waited = 0
        if self.waited >= max(self.patience, 1):
            run_context.request_stop()
            self.report(f"epoch {args.cur_epoch_num}: {self.monitor} has not improved for {self.waited} epochs; "
                        f"training stops")
            for param in args.train_network.get_parameters() if self._weights is not None else ():
                param.set_data(self._weights[param.name])


class ReduceLROnPlateau(_Watcher):
    """Multiplies the learning rate by `factor` when the monitored number has not improved for `patience` epochs.

    Args:
        cooldown: so many epochs after a change do not count. min_lr: the rate does not fall below this.
        The others are those of `EarlyStopping`.
    """

    def __init__(self, monitor="eval_loss", factor=0.1, patience=10, verbose=False, mode="auto", min_delta=1e-4,
                 cooldown=0, min_lr=0):
        super().__init__(monitor, mode, patience, min_delta, verbose)
        if not 0 < factor < 1:
            raise ValueError(f"For 'ReduceLROnPlateau', the 'factor' must be between 0 and 1, but got {factor}.")
        self.factor, self.cooldown, self.min_lr = factor, cooldown, min_lr
        self._resting = 0

    def on_train_begin(self, run_context):
        """Start anew."""
        super().on_train_begin(run_context)
        self._resting = 0

    def on_train_epoch_end(self, run_context):
        """Compare, and reduce the rate if it is time."""
        value = self.watched(run_context)
        if value is None:
            return
        if self._resting:
            self._resting, self.waited = self._resting - 1, 0
        if self.improves(value):
            self.waited = 0
        elif not self._resting:
            self.waited += 1
            if self.waited >= max(self.patience, 1):
                self._reduce(run_context.original_args())

    def _reduce(self, args) -> None:
        rates = change_rates(args.optimizer, lambda rate: min(rate, max(rate * self.factor, self.min_lr)))
        self._resting, self.waited = self.cooldown, 0
        self.report(f"epoch {args.cur_epoch_num}: {self.monitor} has not improved; the learning rate is now "
                    f"{', '.join(f'{rate:g}' for rate in rates)}")
