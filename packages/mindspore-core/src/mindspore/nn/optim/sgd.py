"""Stochastic gradient descent."""
from __future__ import annotations

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag, not_negative
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.runtime.record import apply

__all__ = ["SGD"]

_STEP = primitive("apply_sgd")


class SGD(Optimizer):
    """Gradient descent with momentum, dampening and Nesterov's step; see the primitive `apply_sgd` for the formula.

    See `Optimizer` for the arguments. Raises ValueError where Nesterov's step is asked for without momentum or with
    dampening.
    """

    def __init__(self, params, learning_rate=0.1, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False,
                 loss_scale=1.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.dampening = not_negative("SGD", "dampening", dampening)
        self.nesterov = flag("SGD", "nesterov", nesterov)
        not_negative("SGD", "momentum", momentum)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("For 'SGD', 'nesterov' needs a positive 'momentum' and a 'dampening' of 0, but got "
                             f"momentum {momentum} and dampening {dampening}.")
        self.momentum = Parameter(Tensor(np.float32(momentum)), name="momentum", requires_grad=False)
        self.accum = self.states("accum")
        self.stat = self.states("stat", "ones")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        momentum = self.number(self.momentum, param.dtype)
        accum, stat = self.accum[index], self.stat[index]
        self.write((param, accum, stat), apply(_STEP, (param, gradient, lr, accum, momentum, stat),
                                               (self.dampening, 0.0, self.nesterov)))
