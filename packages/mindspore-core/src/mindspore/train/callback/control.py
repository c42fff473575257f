"""Callbacks that steer: early stopping, learning rates, functions as callbacks."""
from __future__ import annotations

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
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


class LearningRateScheduler(Callback):
    """Sets the learning rate before each step to `learning_rate_function(rate, step)`."""

    def __init__(self, learning_rate_function):
        if not callable(learning_rate_function):
            raise TypeError("For 'LearningRateScheduler', the argument must be a function of (rate, step).")
        self.learning_rate_function = learning_rate_function

    def on_train_step_end(self, run_context):
        """Set the rate of the next step."""
        args = run_context.original_args()
        rate = args.optimizer.get_lr_parameter(args.optimizer.parameters[0])
        set_rate(args.optimizer, float(self.learning_rate_function(float(rate.asnumpy()), args.cur_step_num)))


def set_rate(optimizer, value: float) -> None:
    """Give every group of an optimizer a fixed learning rate."""
    for param in optimizer.parameters:
        rate = optimizer.get_lr_parameter(param)
        if not isinstance(rate, Parameter) or rate.ndim:
            raise ValueError("the learning rate is a schedule; only a fixed learning rate can be set by a callback")
        rate.set_data(Tensor(np.float32(value)))


class _Watcher(Callback):
    """What callbacks share that watch one number per epoch."""

    def __init__(self, monitor, mode, patience, verbose):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"For '{type(self).__name__}', the 'mode' must be auto, min or max, but got {mode!r}.")
        self.monitor, self.patience, self.verbose = monitor, patience, verbose
        growing = mode == "max" or (mode == "auto" and not any(w in monitor for w in ("loss", "error", "mse", "mae")))
        self.sign = 1.0 if growing else -1.0
        self.best, self.waited = -np.inf, 0

    def on_train_begin(self, run_context):
        """Start anew."""
        self.best, self.waited = -np.inf, 0

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
    """Stops when the monitored number has not improved for `patience` epochs."""

    def __init__(self, monitor="eval_loss", min_delta=0, patience=0, verbose=False, mode="auto", baseline=None,
                 restore_best_weights=False):
        super().__init__(monitor, mode, patience, verbose)
        self.min_delta, self.baseline, self.restore_best_weights = abs(min_delta), baseline, restore_best_weights
        self._weights: dict | None = None

    def on_train_epoch_end(self, run_context):
        """Compare, and stop if it is time."""
        value = self.watched(run_context)
        if value is None:
            return
        network = run_context.original_args().network
        if value - self.min_delta > self.best:
            self.best, self.waited = value, 0
            if self.restore_best_weights:
                self._weights = {p.name: p.asnumpy().copy() for p in network.get_parameters()}
            return
        self.waited += 1
        if self.waited >= max(self.patience, 1):
            run_context.request_stop()
            if self._weights is not None:
                for param in network.get_parameters():
                    param.set_data(Tensor(self._weights[param.name]))


class ReduceLROnPlateau(_Watcher):
    """Multiplies the learning rate by `factor` when the monitored number has not improved for `patience` epochs."""

    def __init__(self, monitor="eval_loss", factor=0.1, patience=10, verbose=False, mode="auto", min_delta=1e-4,
                 cooldown=0, min_lr=0):
        super().__init__(monitor, mode, patience, verbose)
        if not 0 < factor < 1:
            raise ValueError(f"For 'ReduceLROnPlateau', the 'factor' must be between 0 and 1, but got {factor}.")
        self.factor, self.min_delta, self.cooldown, self.min_lr = factor, abs(min_delta), cooldown, min_lr
        self._resting = 0

    def on_train_epoch_end(self, run_context):
        """Compare, and reduce the rate if it is time."""
        value = self.watched(run_context)
        if value is None:
            return
        if self._resting:
            self._resting, self.waited = self._resting - 1, 0
        if value - self.min_delta > self.best:
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited >= max(self.patience, 1):
            optimizer = run_context.original_args().optimizer
            rate = float(optimizer.get_lr_parameter(optimizer.parameters[0]).asnumpy())
            set_rate(optimizer, max(rate * self.factor, self.min_lr))
            self._resting, self.waited = self.cooldown, 0
