"""Schedulers: each call of `step` gives every group of an optimizer the learning rate of the next epoch.

A scheduler computes the rates of an epoch from those that the groups began with, so that no rounding adds up; only
`MultiplicativeLR` goes on from the present ones. Making a scheduler gives the groups the rates of epoch 0.
"""
from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from mindspore.common.dtype import float32
from mindspore.common.tensor import Tensor
from mindspore.experimental.optim.optimizer import Optimizer
from mindspore.nn._check import is_int, not_negative, number, positive_int

INTERPRETED = True  # in a compiled function, too, a step goes on to the next epoch at each call

__all__ = ["LRScheduler", "StepLR", "LinearLR", "ExponentialLR", "PolynomialLR", "ConstantLR", "MultiStepLR",
           "LambdaLR", "MultiplicativeLR", "SequentialLR", "ReduceLROnPlateau", "CyclicLR",
           "CosineAnnealingWarmRestarts", "CosineAnnealingLR"]


def _rate(group: dict) -> float:
    return float(group["lr"].asnumpy())


def _as_tensors(rates: Sequence[float]) -> list[Tensor]:
    return [Tensor(rate, float32) for rate in rates]


def _check_optimizer(name: str, optimizer) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"For '{name}', the 'optimizer' must be an optimizer of mindspore.experimental.optim or "
                        f"mindspore.mint.optim, but got {type(optimizer).__name__}.")
    return optimizer


class LRScheduler:
    """Base class; subclasses define `rate(base, epoch)` or `get_lr()`.

    Args:
        optimizer: the optimizer whose groups get new rates. last_epoch: the last epoch that is done; -1 for none.

    Raises:
        TypeError: the optimizer is none of `experimental.optim`, the epoch is no int.
    """

    def __init__(self, optimizer, last_epoch=-1):
        name = type(self).__name__
        self.optimizer = _check_optimizer(name, optimizer)
        if not is_int(last_epoch) or last_epoch < -1:
            raise ValueError(f"For '{name}', the 'last_epoch' must be an int of at least -1, but got {last_epoch!r}.")
        self.groups = optimizer.param_groups
        for group in self.groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", _rate(group))
            elif "initial_lr" not in group:
                raise KeyError(f"For '{name}' with last_epoch {last_epoch}, each group of the optimizer must have an "
                               f"'initial_lr', the rate of epoch 0.")
        self.base_lrs = [group["initial_lr"] for group in self.groups]
        self.last_epoch = last_epoch
        self._last_lr: list[float] = [_rate(group) for group in self.groups]
        self.step()

    def rate(self, base: float, epoch: int) -> float:
        """The rate of an epoch for a group that began with `base`."""
        raise TypeError(f"{type(self).__name__} defines neither rate nor get_lr")

    def get_lr(self) -> list[float]:
        """The rates of the present epoch, one for each group."""
        return [self.rate(base, self.last_epoch) for base in self.base_lrs]

    def get_last_lr(self) -> list[Tensor]:
        """The rates that were set last, one for each group, as 0-d Float32 tensors."""
        return _as_tensors(self._last_lr)

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, or to `epoch`."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set(self.get_lr())

    def _set(self, rates: list[float]) -> None:
        for group, rate in zip(self.groups, rates):
            group["lr"] = rate
        self._last_lr = list(rates)


class StepLR(LRScheduler):
    """base gamma^(epoch // step_size)."""

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size = positive_int("StepLR", "step_size", step_size)
        self.gamma = number("StepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        return base * self.gamma ** (epoch // self.step_size)


class LinearLR(LRScheduler):
    """base times a factor that goes from start_factor to end_factor in total_iters epochs."""

    def __init__(self, optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        for name, value in (("start_factor", start_factor), ("end_factor", end_factor)):
            if not 0 <= number("LinearLR", name, value) <= 1 or (name == "start_factor" and value == 0):
                raise ValueError(f"For 'LinearLR', the '{name}' must be between 0 and 1, but got {value}.")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = positive_int("LinearLR", "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        share = min(epoch, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * share)


class ExponentialLR(LRScheduler):
    """base gamma^epoch."""

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = number("ExponentialLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        return base * self.gamma ** epoch


class PolynomialLR(LRScheduler):
    """base (1 - epoch / total_iters)^power, 0 from total_iters on."""

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters = positive_int("PolynomialLR", "total_iters", total_iters)
        self.power = number("PolynomialLR", "power", power)
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        return base * (1 - min(epoch, self.total_iters) / self.total_iters) ** self.power


class ConstantLR(LRScheduler):
    """base factor for total_iters epochs, then base."""

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1):
        if not 0 <= number("ConstantLR", "factor", factor) <= 1:
            raise ValueError(f"For 'ConstantLR', the 'factor' must be between 0 and 1, but got {factor}.")
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        return base * (self.factor if epoch < self.total_iters else 1.0)


class MultiStepLR(LRScheduler):
    """base gamma^(the number of milestones that are reached)."""

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        if not isinstance(milestones, (list, tuple)) or not all(map(is_int, milestones)):
            raise TypeError(f"For 'MultiStepLR', the 'milestones' must be a list of ints, but got {milestones!r}.")
        self.milestones, self.gamma = sorted(milestones), number("MultiStepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        return base * self.gamma ** bisect_right(self.milestones, epoch)


def _functions(name: str, optimizer, given) -> list[Callable]:
    """One function for each group."""
    functions = list(given) if isinstance(given, (list, tuple)) else [given] * len(optimizer.param_groups)
    if len(functions) != len(optimizer.param_groups) or not all(map(callable, functions)):
        raise ValueError(f"For '{name}', the 'lr_lambda' must be a function, or {len(optimizer.param_groups)} of them, "
                         f"one for each group, but got {given!r}.")
    return functions


class LambdaLR(LRScheduler):
    """base lr_lambda(epoch), with one function for all groups or one for each."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self.lr_lambdas = _functions("LambdaLR", _check_optimizer("LambdaLR", optimizer), lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The rates of the present epoch."""
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas)]


class MultiplicativeLR(LRScheduler):
    """The present rate times lr_lambda(epoch), from epoch 1 on."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self.lr_lambdas = _functions("MultiplicativeLR", _check_optimizer("MultiplicativeLR", optimizer), lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The rates of the present epoch."""
        now = self._last_lr or [_rate(group) for group in self.groups]
        if self.last_epoch <= 0:
            return now
        return [rate * function(self.last_epoch) for rate, function in zip(now, self.lr_lambdas)]


class CosineAnnealingLR(LRScheduler):
    """eta_min + (base - eta_min) (1 + cos(pi epoch / T_max)) / 2. Source: Loshchilov and Hutter (2017)."""

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.t_max, self.eta_min = positive_int("CosineAnnealingLR", "T_max", T_max), eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * epoch / self.t_max)) / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that begins again after T_0 epochs, then after T_mult times as many, and so on; `step(epoch)`
    takes fractions of an epoch. Source: Loshchilov and Hutter (2017)."""

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0, last_epoch=-1):
        self.t_0 = positive_int("CosineAnnealingWarmRestarts", "T_0", T_0)
        self.t_mult = positive_int("CosineAnnealingWarmRestarts", "T_mult", T_mult)
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, base, epoch):
        """The rate of an epoch."""
        length = self.t_0
        if self.t_mult == 1:
            epoch = epoch % length
        while epoch >= length:
            epoch, length = epoch - length, length * self.t_mult
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * epoch / length)) / 2


class CyclicLR(LRScheduler):
    """The rate goes up and down between base_lr and max_lr, linearly. Source: Smith (2017).

    Args:
        base_lr, max_lr: the bounds, numbers or one for each group. step_size_up, step_size_down: steps of the way up
            and down; down as up by default. mode: 'triangular', 'triangular2' (the range is halved each cycle) or
            'exp_range' (it is gamma^step). scale_fn: a function of the cycle, or of the step, as scale_mode says
            ('cycle', 'iterations'), in place of `mode`.
    """

    def __init__(self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular",
                 gamma=1.0, scale_fn=None, scale_mode="cycle", last_epoch=-1):
        groups = len(_check_optimizer("CyclicLR", optimizer).param_groups)
        self.up = positive_int("CyclicLR", "step_size_up", step_size_up)
        self.down = self.up if step_size_down is None else positive_int("CyclicLR", "step_size_down", step_size_down)
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"For 'CyclicLR', the 'mode' must be triangular, triangular2 or exp_range, but got "
                             f"{mode!r}.")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"For 'CyclicLR', the 'scale_mode' must be 'cycle' or 'iterations', but got "
                             f"{scale_mode!r}.")
        self.mode, self.gamma, self.scale_fn, self.scale_mode = mode, gamma, scale_fn, scale_mode
        self.lows, self.highs = (self._each(name, value, groups) for name, value in
                                 (("base_lr", base_lr), ("max_lr", max_lr)))
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _each(name: str, value, count: int) -> list[float]:
        values = list(value) if isinstance(value, (list, tuple)) else [value] * count
        if len(values) != count:
            raise ValueError(f"For 'CyclicLR', the '{name}' must be a number or {count} of them, but got {value!r}.")
        return [not_negative("CyclicLR", name, v) for v in values]

    def get_lr(self):
        """The rates of the present step."""
        whole = self.up + self.down
        cycle, at = divmod(self.last_epoch, whole)
        share = at / self.up if at <= self.up else (whole - at) / self.down
        if self.scale_fn is not None:
            scale = self.scale_fn(cycle + 1 if self.scale_mode == "cycle" else self.last_epoch)
        elif self.mode == "exp_range":
            scale = self.gamma ** self.last_epoch
        else:
            scale = 0.5 ** cycle if self.mode == "triangular2" else 1.0
        return [low + (high - low) * share * scale for low, high in zip(self.lows, self.highs)]


class SequentialLR:
    """One scheduler after the other; the next begins, at its epoch 0, where a milestone is reached."""

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        _check_optimizer("SequentialLR", optimizer)
        if not schedulers or len(milestones) != len(schedulers) - 1 or any(
                s.optimizer is not optimizer for s in schedulers):
            raise ValueError(f"For 'SequentialLR', there must be one milestone less than schedulers, all of this "
                             f"optimizer, but got {len(schedulers)} schedulers and {len(milestones)} milestones.")
        self.optimizer, self._schedulers, self._milestones = optimizer, list(schedulers), list(milestones)
        self.last_epoch = last_epoch + 1
        for scheduler in self._schedulers:
            scheduler.last_epoch = -1
        for group, base in zip(optimizer.param_groups, self._schedulers[0].base_lrs):
            group["lr"] = base
        self._schedulers[0].step()
        self._last_lr = self._schedulers[0]._last_lr

    def step(self) -> None:
        """Go on to the next epoch."""
        self.last_epoch += 1
        k = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[k]
        if k and self._milestones[k - 1] == self.last_epoch:
            scheduler.step(0)
        else:
            scheduler.step()
        self._last_lr = scheduler._last_lr

    def get_last_lr(self) -> list[Tensor]:
        """The rates that were set last, one for each group, as 0-d Float32 tensors."""
        return _as_tensors(self._last_lr)


class ReduceLROnPlateau:
    """Multiplies the rates by `factor` when a number has not become better for more than `patience` epochs.

    Args:
        mode: 'min' or 'max', what is better. threshold, threshold_mode: by how much it must become better, a share
            ('rel') or a difference ('abs'). cooldown: epochs after a change that do not count. min_lr: the least rate,
            a number or one for each group. eps: smaller changes are left out.
    """

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel",
                 cooldown=0, min_lr=0, eps=1e-8):
        name = "ReduceLROnPlateau"
        self.optimizer = _check_optimizer(name, optimizer)
        if not 0 < number(name, "factor", factor) < 1:
            raise ValueError(f"For '{name}', the 'factor' must be between 0 and 1, but got {factor}.")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(f"For '{name}', the 'mode' must be 'min' or 'max' and the 'threshold_mode' 'rel' or "
                             f"'abs', but got {mode!r} and {threshold_mode!r}.")
        groups = len(optimizer.param_groups)
        least: Sequence[float] = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * groups
        if len(least) != groups:
            raise ValueError(f"For '{name}', the 'min_lr' must be a number or {groups} of them, but got {min_lr!r}.")
        self.mode, self.factor, self.patience, self.cooldown = mode, factor, patience, cooldown
        self.threshold, self.threshold_mode, self.min_lrs, self.eps = threshold, threshold_mode, least, eps
        self.best, self.num_bad_epochs, self.cooldown_counter = math.inf if mode == "min" else -math.inf, 0, 0
        self._last_lr = [_rate(group) for group in optimizer.param_groups]

    def _is_better(self, value: float) -> bool:
        if not math.isfinite(self.best):
            return value < self.best if self.mode == "min" else value > self.best
        margin = self.threshold * abs(self.best) if self.threshold_mode == "rel" else self.threshold
        return value < self.best - margin if self.mode == "min" else value > self.best + margin

    def step(self, metrics) -> None:
        """Take an epoch's number into account."""
        value = float(metrics.asnumpy() if isinstance(metrics, Tensor) else metrics)
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs):
                now = _rate(group)
                new = max(now * self.factor, least)
                if now - new > self.eps:
                    group["lr"] = new
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = [_rate(group) for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[Tensor]:
        """The rates that were set last, one for each group, as 0-d Float32 tensors."""
        return _as_tensors(self._last_lr)
