"""Adagrad with proximal steps."""
from __future__ import annotations

from mindspore.nn._check import flag, not_negative
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.ops.optimizer_steps import proximal_adagrad

__all__ = ["ProximalAdagrad"]


class ProximalAdagrad(Optimizer):
    """Adagrad with l1 and l2 regularization by proximal steps: accum = accum + g^2; r = lr / sqrt(accum);
    p = shrink(p - r g, r l1) / (1 + r l2), where shrink moves towards 0.

    Args:
        accum: the first value of the sum of squares, at least 0. l1, l2: strengths of regularization, at least 0.
        use_locking: accepted; updates never race. The others are those of `Optimizer`.

    Source: Duchi and Singer, "Efficient learning using forward-backward splitting", 2009.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, params, accum=0.1, learning_rate=1e-3, l1=0.0, l2=0.0, use_locking=False, loss_scale=1.0,
                 weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        name = type(self).__name__
        flag(name, "use_locking", use_locking)
        self.l1, self.l2 = not_negative(name, "l1", l1), not_negative(name, "l2", l2)
        self.accum = self.states("accum", not_negative(name, "accum", accum))

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        proximal_adagrad(param, self.accum[index], lr, self.number(self.l1, param.dtype),
                         self.number(self.l2, param.dtype), gradient)
