"""Learning rates as lists with one value for each step, to be given to an optimizer.

Step i belongs to epoch i // step_per_epoch; within an epoch the rate is constant. `learning_rate_schedule` has the same
curves as Cells of the step number.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mindspore.nn._check import flag, not_negative, number, positive_float, positive_int

__all__ = ["piecewise_constant_lr", "exponential_decay_lr", "natural_exp_decay_lr", "inverse_decay_lr",
           "cosine_decay_lr", "polynomial_decay_lr", "warmup_lr"]


def piecewise_constant_lr(milestone: Sequence[int], learning_rates: Sequence[float]) -> list[float]:
    """learning_rates[k] for the steps before milestone[k] and from milestone[k - 1] on.

    Raises:
        TypeError: a milestone is not an int, or a rate is not a number.
        ValueError: the lists are empty or of different lengths, or the milestones do not increase.
    """
    name = "piecewise_constant_lr"
    for what, value in (("milestone", milestone), ("learning_rates", learning_rates)):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"For '{name}', the '{what}' must be a list or a tuple, but got {value!r} of type "
                            f"{type(value).__name__}.")
    if not milestone or len(milestone) != len(learning_rates):
        raise ValueError(f"For '{name}', 'milestone' and 'learning_rates' must have one length above 0, but they have "
                         f"{len(milestone)} and {len(learning_rates)} elements.")
    rates: list[float] = []
    for end, rate in zip(milestone, learning_rates):
        if positive_int(name, "milestone", end) <= len(rates):
            raise ValueError(f"For '{name}', the milestones must increase, but got {list(milestone)}.")
        rates += [number(name, "learning_rates", rate)] * (end - len(rates))
    return rates


def exponential_decay_lr(learning_rate: float, decay_rate: float, total_step: int, step_per_epoch: int,
                         decay_epoch: int, is_stair: bool = False) -> list[float]:
    """learning_rate * decay_rate ** (epoch / decay_epoch); `is_stair` rounds the exponent down.

    Raises:
        TypeError, ValueError: a rate is not a positive number, a count not a positive int.
    """
    name = "exponential_decay_lr"
    start, rate = positive_float(name, "learning_rate", learning_rate), positive_float(name, "decay_rate", decay_rate)
    period = _period(name, decay_epoch, is_stair)
    return _by_epoch(name, total_step, step_per_epoch, lambda epoch: start * rate ** period(epoch))


def natural_exp_decay_lr(learning_rate: float, decay_rate: float, total_step: int, step_per_epoch: int,
                         decay_epoch: int, is_stair: bool = False) -> list[float]:
    """learning_rate * exp(-decay_rate * epoch); `is_stair` rounds the epoch down to a multiple of decay_epoch.

    Raises:
        TypeError, ValueError: a rate is not a positive number, a count not a positive int.
    """
    name = "natural_exp_decay_lr"
    start, rate = positive_float(name, "learning_rate", learning_rate), positive_float(name, "decay_rate", decay_rate)
    period = _period(name, decay_epoch, is_stair)
    return _by_epoch(name, total_step, step_per_epoch,
                     lambda epoch: start * math.exp(-rate * (period(epoch) * decay_epoch if is_stair else epoch)))


def inverse_decay_lr(learning_rate: float, decay_rate: float, total_step: int, step_per_epoch: int, decay_epoch: int,
                     is_stair: bool = False) -> list[float]:
    """learning_rate / (1 + decay_rate * epoch / decay_epoch); `is_stair` rounds the quotient down.

    Raises:
        TypeError, ValueError: a rate is not a positive number, a count not a positive int.
    """
    name = "inverse_decay_lr"
    start, rate = positive_float(name, "learning_rate", learning_rate), positive_float(name, "decay_rate", decay_rate)
    period = _period(name, decay_epoch, is_stair)
    return _by_epoch(name, total_step, step_per_epoch, lambda epoch: start / (1 + rate * period(epoch)))


def cosine_decay_lr(min_lr: float, max_lr: float, total_step: int, step_per_epoch: int,
                    decay_epoch: int) -> list[float]:
    """Half a cosine from max_lr down to min_lr over `decay_epoch` epochs, min_lr from then on.

    Raises:
        TypeError, ValueError: a count is not a positive int, min_lr is negative or not below max_lr.
    """
    name = "cosine_decay_lr"
    low, high = number(name, "min_lr", min_lr), positive_float(name, "max_lr", max_lr)
    if not 0 <= low < high:
        raise ValueError(f"For '{name}', the 'min_lr' must be at least 0 and below 'max_lr' ({high}), but got {low}.")
    span = positive_int(name, "decay_epoch", decay_epoch)
    return _by_epoch(name, total_step, step_per_epoch,
                     lambda epoch: low + (high - low) * (1 + math.cos(math.pi * min(epoch, span) / span)) / 2)


def polynomial_decay_lr(learning_rate: float, end_learning_rate: float, total_step: int, step_per_epoch: int,
                        decay_epoch: int, power: float, update_decay_epoch: bool = False) -> list[float]:
    """(learning_rate - end) * (1 - epoch / decay_epoch) ** power + end, and `end_learning_rate` after decay_epoch.

    With `update_decay_epoch`, decay_epoch is replaced by its first multiple that is not before the present epoch.

    Raises:
        TypeError, ValueError: a rate or the power is not a positive number, a count not a positive int.
    """
    name = "polynomial_decay_lr"
    start, end = positive_float(name, "learning_rate", learning_rate), not_negative(name, "end_learning_rate",
                                                                                   end_learning_rate)
    span, power = positive_int(name, "decay_epoch", decay_epoch), positive_float(name, "power", power)
    flag(name, "update_decay_epoch", update_decay_epoch)

    def rate(epoch: int) -> float:
        whole = span * max(math.ceil(epoch / span), 1) if update_decay_epoch else span
        return (start - end) * (1 - min(epoch, whole) / whole) ** power + end

    return _by_epoch(name, total_step, step_per_epoch, rate)


def warmup_lr(learning_rate: float, total_step: int, step_per_epoch: int, warmup_epoch: int) -> list[float]:
    """From 0 in a straight line to learning_rate at `warmup_epoch`, constant from then on.

    Raises:
        TypeError, ValueError: the rate is not a positive number, a count not a positive int.
    """
    name = "warmup_lr"
    rate, span = positive_float(name, "learning_rate", learning_rate), positive_int(name, "warmup_epoch", warmup_epoch)
    return _by_epoch(name, total_step, step_per_epoch, lambda epoch: rate * min(epoch, span) / span)


def _period(name: str, decay_epoch: int, is_stair: bool) -> Callable[[int], float]:
    """How often `decay_epoch` has passed at an epoch, in whole numbers where asked for."""
    span = positive_int(name, "decay_epoch", decay_epoch)
    if flag(name, "is_stair", is_stair):
        return lambda epoch: epoch // span
    return lambda epoch: epoch / span


def _by_epoch(name: str, total_step: int, step_per_epoch: int, rate: Callable[[int], float]) -> list[float]:
    steps, length = positive_int(name, "total_step", total_step), positive_int(name, "step_per_epoch", step_per_epoch)
    return [rate(step // length) for step in range(steps)]
