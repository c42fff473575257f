"""Momentum."""
from __future__ import annotations

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag, not_negative
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.runtime.record import apply

__all__ = ["Momentum"]

_STEP = primitive("apply_momentum")


class Momentum(Optimizer):
    """v = momentum v + g; p = p - lr v, or with Nesterov's step p = p - lr (g + momentum v).

    Source: Sutskever, Martens, Dahl and Hinton (2013). See `Optimizer` for the arguments.
    """

    def __init__(self, params, learning_rate, momentum, weight_decay=0.0, loss_scale=1.0, use_nesterov=False):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        not_negative("Momentum", "momentum", momentum)
        self.momentum = Parameter(Tensor(np.float32(momentum)), name="momentum", requires_grad=False)
        self.use_nesterov = flag("Momentum", "use_nesterov", use_nesterov)
        self.moments = self.states("moments")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        momentum = self.number(self.momentum, param.dtype)
        moment = self.moments[index]
        self.write((param, moment), apply(_STEP, (param, moment, lr, gradient, momentum), (self.use_nesterov,)))
