"""Optimizers of the `mint` interface: those of `mindspore.experimental.optim` with states of other names."""
from __future__ import annotations

from mindspore.common.dtype import float32, int32
from mindspore.experimental.optim import adam, adaptive

__all__ = ["Adam", "AdamW", "FusedAdamW", "SGD"]


class Adam(adam.Adam):
    """Adam; see `mindspore.experimental.optim.Adam`."""

    step_shape: tuple[int, ...] = (1,)
    step_dtype = float32


class AdamW(adam.AdamW):
    """Adam with decoupled weight decay; see `mindspore.experimental.optim.AdamW`."""

    step_shape: tuple[int, ...] = (1,)
    step_dtype = float32


class FusedAdamW(AdamW):
    """AdamW: the compiler fuses its update in any case."""


class SGD(adaptive.SGD):
    """Gradient descent with momentum; see `mindspore.experimental.optim.SGD`."""

    step_name, step_shape, step_dtype, buffer_name = "step_t", (), int32, "momentum_buf"

    def __init__(self, params, lr, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False):
        super().__init__(params, lr, momentum, dampening, weight_decay, nesterov, maximize=maximize)
