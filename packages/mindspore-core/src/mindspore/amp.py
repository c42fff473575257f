"""Mixed precision: networks that compute in float16 or bfloat16 where that does no harm, and loss scales.

`train/amp.py` says what the levels mean. A loss scaler is for training loops of one's own:

    loss = scaler.scale(loss)          # before the gradient
    grads = scaler.unscale(grads)      # after it
    finite = all_finite(grads)
    if finite: optimizer(grads)
    scaler.adjust(finite)
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from mindspore import ops
from mindspore.common.dtype import int32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph import tree
from mindspore.nn._check import positive_float, positive_int
from mindspore.nn.loss_scale import finite
from mindspore.train.amp import (
    auto_mixed_precision,
    build_train_network,
    custom_mixed_precision,
    get_black_list,
    get_white_list,
)
from mindspore.train.loss_scale_manager import DynamicLossScaleManager, FixedLossScaleManager, LossScaleManager

__all__ = ["DynamicLossScaleManager", "LossScaleManager", "FixedLossScaleManager", "build_train_network",
           "DynamicLossScaler", "StaticLossScaler", "LossScaler", "auto_mixed_precision", "all_finite",
           "custom_mixed_precision", "get_white_list", "get_black_list"]


def all_finite(inputs) -> Tensor:
    """Whether all elements of a tensor, or of the tensors in tuples and lists, are finite: a 0-d Bool tensor.

    Raises:
        TypeError: there is something else among them.
    """
    leaves: list = []
    spec = tree.flatten(inputs, leaves)
    if not leaves or any(True for _ in tree.static_values(spec)):
        raise TypeError(f"all_finite: inputs must be a Tensor, or a tuple or list of Tensors, but got {inputs!r}")
    return finite(leaves)


def _scaled(inputs: Any, factor: Tensor) -> Any:
    """All floating tensors times a factor, in their own dtypes."""
    return tree.map_tensors(lambda t: (t * factor.astype(t.dtype)) if t.dtype.is_floating else t, inputs)


class LossScaler(ABC):
    """Base of loss scalers."""

    @abstractmethod
    def scale(self, inputs):
        """The inputs, a tensor or a tuple of tensors, times the scale."""

    @abstractmethod
    def unscale(self, inputs):
        """The inputs divided by the scale."""

    @abstractmethod
    def adjust(self, grads_finite):
        """Change the scale after a step whose gradients were finite, or not; whether it may have changed."""


class StaticLossScaler(LossScaler):
    """A scale that stays.

    Args:
        scale_value: the scale, positive.
    """

    def __init__(self, scale_value):
        value = positive_float("StaticLossScaler", "scale_value", scale_value)
        self.scale_value = Parameter(Tensor(np.float32(value)), name="scale_value", requires_grad=False)

    def scale(self, inputs):
        """The inputs times the scale."""
        return _scaled(inputs, self.scale_value)

    def unscale(self, inputs):
        """The inputs divided by the scale."""
        return _scaled(inputs, ops.reciprocal(self.scale_value))

    def adjust(self, grads_finite):
        """False: the scale stays."""
        return False


class DynamicLossScaler(LossScaler):
    """A scale that is divided after an overflow and multiplied after so many steps without one.

    Args:
        scale_value: the first scale, positive. scale_factor: by which it is divided (to 1 at least) and multiplied (as
            long as it stays finite). scale_window: after how many good steps in a row it grows.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, scale_value, scale_factor, scale_window):
        value = positive_float("DynamicLossScaler", "scale_value", scale_value)
        self.scale_value = Parameter(Tensor(np.float32(value)), name="scale_value", requires_grad=False)
        self.scale_factor = positive_float("DynamicLossScaler", "scale_factor", scale_factor)
        self.scale_window = positive_int("DynamicLossScaler", "scale_window", scale_window)
        self.counter = Parameter(Tensor(np.int32(0)), name="counter", requires_grad=False)

    def scale(self, inputs):
        """The inputs times the scale."""
        return _scaled(inputs, self.scale_value)

    def unscale(self, inputs):
        """The inputs divided by the scale."""
        return _scaled(inputs, ops.reciprocal(self.scale_value))

    def adjust(self, grads_finite):
        """Divide the scale after an overflow, multiply it after `scale_window` good steps; True."""
        good = ops.cast(grads_finite, int32) != 0
        larger = self.scale_value * self.scale_factor
        grows = ops.logical_and(self.counter == self.scale_window - 1, ops.isfinite(larger))
        smaller = ops.maximum(self.scale_value / self.scale_factor, 1.0)
        ops.assign(self.scale_value, ops.where(good, ops.where(grows, larger, self.scale_value), smaller))
        ops.assign(self.counter, ops.where(good, (self.counter + 1) % self.scale_window, 0))
        return True


