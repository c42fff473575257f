"""Learning rates as Cells of the step number, to be given to an optimizer in place of a number.

`construct(global_step)` takes the number of the step, a 0-d integer tensor that counts from 0, and gives the rate as a
0-d float32 tensor; it is computed inside the training step, on the device. `dynamic_lr` has the same curves as lists.
"""
from __future__ import annotations

import math

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.nn._check import flag, not_negative, number, positive_float, positive_int
from mindspore.nn.cell import Cell

__all__ = ["LearningRateSchedule", "ExponentialDecayLR", "NaturalExpDecayLR", "InverseDecayLR", "CosineDecayLR",
           "PolynomialDecayLR", "WarmUpLR"]


class LearningRateSchedule(Cell):
    """Base class; subclasses define `construct(global_step)`, which returns the rate at a step."""


class _Decay(LearningRateSchedule):
    """What the decays by a rate share: their arguments, and how often `decay_steps` has passed."""

    def __init__(self, learning_rate, decay_rate, decay_steps, is_stair=False):
        super().__init__()
        name = type(self).__name__
        self.learning_rate = positive_float(name, "learning_rate", learning_rate)
        self.decay_rate = positive_float(name, "decay_rate", decay_rate)
        self.decay_steps = positive_int(name, "decay_steps", decay_steps)
        self.is_stair = flag(name, "is_stair", is_stair)

    def periods(self, global_step):
        """global_step / decay_steps, rounded down where `is_stair` says so."""
        quotient = ops.cast(global_step, float32) / self.decay_steps
        return ops.floor(quotient) if self.is_stair else quotient


class ExponentialDecayLR(_Decay):
    """learning_rate * decay_rate ** (step / decay_steps); `is_stair` rounds the exponent down.

    Raises:
        TypeError, ValueError: a rate is not a positive number, or decay_steps not a positive int.
    """

    def construct(self, global_step):
        """The rate at this step."""
        return self.learning_rate * ops.exp(self.periods(global_step) * math.log(self.decay_rate))


class NaturalExpDecayLR(_Decay):
    """learning_rate * exp(-decay_rate * step); `is_stair` rounds the step down to a multiple of decay_steps.

    Raises:
        TypeError, ValueError: a rate is not a positive number, or decay_steps not a positive int.
    """

    def construct(self, global_step):
        """The rate at this step."""
        step = self.periods(global_step) * self.decay_steps if self.is_stair else ops.cast(global_step, float32)
        return self.learning_rate * ops.exp(step * -self.decay_rate)


class InverseDecayLR(_Decay):
    """learning_rate / (1 + decay_rate * step / decay_steps); `is_stair` rounds the quotient down.

    Raises:
        TypeError, ValueError: a rate is not a positive number, or decay_steps not a positive int.
    """

    def construct(self, global_step):
        """The rate at this step."""
        return self.learning_rate / (1 + self.decay_rate * self.periods(global_step))


class CosineDecayLR(LearningRateSchedule):
    """Half a cosine from max_lr down to min_lr over `decay_steps` steps, min_lr from then on.

    Raises:
        TypeError, ValueError: decay_steps is not a positive int, min_lr is negative or not below max_lr.
    """

    def __init__(self, min_lr, max_lr, decay_steps):
        super().__init__()
        self.min_lr = number("CosineDecayLR", "min_lr", min_lr)
        self.max_lr = positive_float("CosineDecayLR", "max_lr", max_lr)
        if not 0 <= self.min_lr < self.max_lr:
            raise ValueError(f"For 'CosineDecayLR', the 'min_lr' must be at least 0 and below 'max_lr' ({max_lr}), but "
                             f"got {min_lr}.")
        self.decay_steps = positive_int("CosineDecayLR", "decay_steps", decay_steps)

    def construct(self, global_step):
        """The rate at this step."""
        step = ops.minimum(ops.cast(global_step, float32), float(self.decay_steps))
        return self.min_lr + (self.max_lr - self.min_lr) / 2 * (1 + ops.cos(step * (math.pi / self.decay_steps)))


class PolynomialDecayLR(LearningRateSchedule):
    """(learning_rate - end) * (1 - step / decay_steps) ** power + end, and end_learning_rate after decay_steps.

    With `update_decay_steps`, decay_steps is replaced by its first multiple that is not before the present step.

    Raises:
        TypeError, ValueError: a rate or the power is not a positive number, or decay_steps not a positive int.
    """

    def __init__(self, learning_rate, end_learning_rate, decay_steps, power, update_decay_steps=False):
        super().__init__()
        name = "PolynomialDecayLR"
        self.start = positive_float(name, "learning_rate", learning_rate)
        self.end = not_negative(name, "end_learning_rate", end_learning_rate)
        self.decay_steps, self.power = positive_int(name, "decay_steps", decay_steps), positive_float(name, "power",
                                                                                                     power)
        self.update_decay_steps = flag(name, "update_decay_steps", update_decay_steps)

    def construct(self, global_step):
        """The rate at this step."""
        done = ops.cast(global_step, float32) / self.decay_steps
        if self.update_decay_steps:
            done = done / ops.maximum(ops.ceil(done), 1.0)
        return (self.start - self.end) * ops.pow(1 - ops.minimum(done, 1.0), self.power) + self.end


class WarmUpLR(LearningRateSchedule):
    """From 0 in a straight line to learning_rate at step `warmup_steps`, constant from then on.

    Raises:
        TypeError, ValueError: the rate is not a positive number, or warmup_steps not a positive int.
    """

    def __init__(self, learning_rate, warmup_steps):
        super().__init__()
        self.learning_rate = positive_float("WarmUpLR", "learning_rate", learning_rate)
        self.warmup_steps = positive_int("WarmUpLR", "warmup_steps", warmup_steps)

    def construct(self, global_step):
        """The rate at this step."""
        return self.learning_rate * ops.minimum(ops.cast(global_step, float32) / self.warmup_steps, 1.0)
