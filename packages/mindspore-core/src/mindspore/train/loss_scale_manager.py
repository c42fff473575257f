"""Loss scales for `Model` and `build_train_network`: a fixed one, and one that follows the gradients.

Gradients in a low precision may be too small for it. The loss is multiplied by the scale before it is differentiated
and the gradients are divided by it; where one of them is not finite, the update is left out. Source: Micikevicius et
al., "Mixed precision training" (2018).
"""
from __future__ import annotations

from abc import ABC, abstractmethod

from mindspore.nn._check import flag, is_int, positive_float, positive_int
from mindspore.nn.loss_scale import DynamicLossScaleUpdateCell, FixedLossScaleUpdateCell

__all__ = ["LossScaleManager", "FixedLossScaleManager", "DynamicLossScaleManager"]


class LossScaleManager(ABC):
    """Base of managers; subclasses say what the scale is and how it changes."""

    @abstractmethod
    def get_loss_scale(self) -> float:
        """The scale now."""

    @abstractmethod
    def update_loss_scale(self, overflow: bool) -> None:
        """Change the scale after a step; `overflow` says whether a gradient was not finite."""

    @abstractmethod
    def get_update_cell(self):
        """The Cell that changes the scale within a step; None for a scale that needs none."""


class FixedLossScaleManager(LossScaleManager):
    """A scale that stays.

    Args:
        loss_scale: the scale, at least 1. drop_overflow_update: whether a step whose gradients are not finite changes
            nothing. Without it give the optimizer the same `loss_scale`: it then divides the gradients.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, loss_scale=128.0, drop_overflow_update=True):
        if positive_float("FixedLossScaleManager", "loss_scale", loss_scale) < 1:
            raise ValueError(f"For 'FixedLossScaleManager', the 'loss_scale' must be at least 1, but got {loss_scale}.")
        self._loss_scale = loss_scale
        self._drop = flag("FixedLossScaleManager", "drop_overflow_update", drop_overflow_update)

    def get_loss_scale(self):
        """The scale."""
        return self._loss_scale

    def get_drop_overflow_update(self) -> bool:
        """Whether a step whose gradients are not finite changes nothing."""
        return self._drop

    def update_loss_scale(self, overflow) -> None:
        """The scale stays."""

    def get_update_cell(self):
        """A FixedLossScaleUpdateCell, or None where every step is taken."""
        return FixedLossScaleUpdateCell(self._loss_scale) if self._drop else None


class DynamicLossScaleManager(LossScaleManager):
    """A scale that is divided after an overflow and multiplied after so many steps without one.

    Args:
        init_loss_scale: the first scale, at least 1. scale_factor: by which it is divided and multiplied.
        scale_window: after how many good steps it grows.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, init_loss_scale=2 ** 24, scale_factor=2, scale_window=2000):
        name = "DynamicLossScaleManager"
        if positive_float(name, "init_loss_scale", init_loss_scale) < 1:
            raise ValueError(f"For '{name}', the 'init_loss_scale' must be at least 1, but got {init_loss_scale}.")
        self.loss_scale = init_loss_scale
        if not is_int(scale_factor) or scale_factor < 2:
            raise ValueError(f"For '{name}', the 'scale_factor' must be an int of at least 2, but got "
                             f"{scale_factor!r}.")
        self.scale_factor = scale_factor
        self.scale_window = self.increase_ratio = positive_int(name, "scale_window", scale_window)
        self.cur_iter, self.last_overflow_iter = 1, 0

    def get_loss_scale(self):
        """The scale now."""
        return self.loss_scale

    def update_loss_scale(self, overflow) -> None:
        """Divide the scale (to 1 at least) after an overflow, multiply it after `scale_window` steps without one."""
        if overflow:
            self.loss_scale = max(self.loss_scale / self.scale_factor, 1)
            self.last_overflow_iter = self.cur_iter
        elif self.cur_iter - self.last_overflow_iter >= self.scale_window:
            self.loss_scale *= self.scale_factor
            self.last_overflow_iter = self.cur_iter
        self.cur_iter += 1

    def get_drop_overflow_update(self) -> bool:
        """True."""
        return True

    def get_update_cell(self):
        """A DynamicLossScaleUpdateCell that begins with the scale."""
        return DynamicLossScaleUpdateCell(self.loss_scale, self.scale_factor, self.scale_window)
