"""Optimizers with a rate for each coordinate from the history of its gradients: RMSProp, Adagrad, Adadelta, FTRL and
Rprop; and the one that averages, ASGD. The primitives `apply_rms_prop`, ... have the formulas of the updates."""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag, not_negative, number, positive_float
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.runtime.record import apply

__all__ = ["RMSProp", "Adagrad", "Adadelta", "FTRL", "Rprop", "ASGD"]

_RMSPROP, _CENTERED, _ADAGRAD, _ADADELTA, _FTRL = map(
    primitive, ("apply_rms_prop", "apply_centered_rms_prop", "apply_adagrad", "apply_adadelta", "apply_ftrl"))


class RMSProp(Optimizer):
    """Gradients divided by the root of their mean square, with momentum; `centered` uses their variance.

    Args:
        decay: the share of the old mean that stays. momentum: of the steps. epsilon: added to the mean square.
        use_locking: accepted; updates never race. The others are those of `Optimizer`.

    Source: Tieleman and Hinton (2012); centered: Graves (2013).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, params, learning_rate=0.1, decay=0.9, momentum=0.0, epsilon=1e-10, use_locking=False,
                 centered=False, loss_scale=1.0, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.decay, self.momentum = not_negative("RMSProp", "decay", decay), not_negative("RMSProp", "momentum",
                                                                                         momentum)
        self.epsilon = positive_float("RMSProp", "epsilon", epsilon)
        self.centered = flag("RMSProp", "centered", centered)
        if centered:
            self.mg = self.states("mean_grad")
        self.ms = self.states("mean_square", "ones")
        self.moment = self.states("moment")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        numbers = [self.number(v, param.dtype) for v in (self.decay, self.momentum, self.epsilon)]
        if self.centered:
            states = (param, self.mg[index], self.ms[index], self.moment[index])
            self.write(states, apply(_CENTERED, (*states, gradient, lr, *numbers)))
        else:
            states = (param, self.ms[index], self.moment[index])
            self.write(states, apply(_RMSPROP, (*states, lr, gradient, *numbers)))


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of their squares. Source: Duchi, Hazan and Singer (2011).

    Args:
        accum: the sum's first value. update_slots: whether the sum grows. The others are those of `Optimizer`.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, params, accum=0.1, learning_rate=1e-3, update_slots=True, loss_scale=1.0, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.update_slots = flag("Adagrad", "update_slots", update_slots)
        self.accum = self.states("accum", not_negative("Adagrad", "accum", accum))

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        states = (param, self.accum[index])
        self.write(states, apply(_ADAGRAD, (*states, lr, gradient), (0.0, self.update_slots)))


class Adadelta(Optimizer):
    """Gradients scaled by the root mean square of the steps over that of the gradients. Source: Zeiler (2012).

    Args:
        rho: the share of the old means that stays, 0 to 1. epsilon: added to both. The others are those of `Optimizer`.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, params, learning_rate=1.0, rho=0.9, epsilon=1e-6, loss_scale=1.0, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.rho = not_negative("Adadelta", "rho", rho)
        if self.rho > 1:
            raise ValueError(f"For 'Adadelta', the 'rho' must be between 0 and 1, but got {rho}.")
        self.epsilon = not_negative("Adadelta", "epsilon", epsilon)
        self.accum = self.states("accum")
        self.accum_update = self.states("accum_update")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        states = (param, self.accum[index], self.accum_update[index])
        numbers = [self.number(v, param.dtype) for v in (self.rho, self.epsilon)]
        self.write(states, apply(_ADADELTA, (*states, lr, *numbers, gradient)))


class FTRL(Optimizer):
    """Follow the regularized leader, with L1 and L2 penalties. Source: McMahan et al. (2013).

    Args:
        initial_accum: first value of the sum of squares. lr_power: exponent of the sum in the rate, at most 0.
        l1, l2: the penalties. use_locking: accepted; updates never race. The others are those of `Optimizer`.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, params, initial_accum=0.1, learning_rate=1e-3, lr_power=-0.5, l1=0.0, l2=0.0,
                 use_locking=False, loss_scale=1.0, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.lr_power = number("FTRL", "lr_power", lr_power)
        if self.lr_power > 0:
            raise ValueError(f"For 'FTRL', the 'lr_power' must be at most 0, but got {lr_power}.")
        self.l1, self.l2 = not_negative("FTRL", "l1", l1), not_negative("FTRL", "l2", l2)
        self.moments = self.states("moments", not_negative("FTRL", "initial_accum", initial_accum))
        self.linear = self.states("linear")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        states = (param, self.moments[index], self.linear[index])
        numbers = [self.number(v, param.dtype) for v in (self.l1, self.l2, self.lr_power)]
        self.write(states, apply(_FTRL, (*states, gradient, lr, *numbers)))


class Rprop(Optimizer):
    """Steps by the sign of the gradient, whose size grows while the sign stays and shrinks when it changes; after a
    change the coordinate rests for one step. Source: Riedmiller and Braun (1993), in the form without backtracking.

    Args:
        learning_rate: the first size of the steps; groups may have their own. etas: factors of shrinking and growing,
            (below 1, above 1). step_sizes: (smallest, largest) size. weight_decay: as for `Optimizer`.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; a learning rate that changes.
    """

    def __init__(self, params, learning_rate=0.1, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0), weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay)
        for name, pair in (("etas", etas), ("step_sizes", step_sizes)):
            if not isinstance(pair, tuple):
                raise TypeError(f"For 'Rprop', the '{name}' must be a tuple of two numbers, but got {pair!r}.")
            if len(pair) != 2:
                raise ValueError(f"For 'Rprop', the '{name}' must have two numbers, but got {pair!r}.")
        self.etas = (positive_float("Rprop", "etas", etas[0]), positive_float("Rprop", "etas", etas[1]))
        self.step_sizes = (positive_float("Rprop", "step_sizes", step_sizes[0]),
                           positive_float("Rprop", "step_sizes", step_sizes[1]))
        if not self.etas[0] < 1 < self.etas[1] or self.step_sizes[0] > self.step_sizes[1]:
            raise ValueError(f"For 'Rprop', the 'etas' must be below and above 1 and the 'step_sizes' in order, but "
                             f"got {etas} and {step_sizes}.")
        if self.dynamic_lr:
            raise ValueError("For 'Rprop', the 'learning_rate' must be a number, one for each group: it is only the "
                             "first step's size.")
        first = [float(self.get_lr_parameter(param).asnumpy()) for param in self.parameters]
        self.prev = self.states("prev")
        self.step_size = self.states("step_size", first)

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        prev, size = self.prev[index], self.step_size[index]
        low, high = (self.number(v, param.dtype) for v in self.etas)
        smallest, largest = (self.number(v, param.dtype) for v in self.step_sizes)
        same = gradient * prev
        new = ops.where(same > 0, ops.minimum(size * high, largest),
                        ops.where(same < 0, ops.maximum(size * low, smallest), size))
        gradient = ops.where(same < 0, 0.0, gradient)
        self.write((param, prev, size), (param - ops.sign(gradient) * new, gradient, new))


class ASGD(Optimizer):
    """Gradient descent with a falling rate and, in the states `ax_`, the mean of the parameters from step t0 on.
    Source: Polyak and Juditsky (1992).

    Args:
        lambd: decay of the parameters and of the rate. alpha: the exponent of the rate's fall. t0: where the mean
            begins. The others are those of `Optimizer`.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, params, learning_rate=0.1, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay)
        self.lambd, self.alpha, self.t0 = (number("ASGD", name, value) for name, value in
                                           (("lambd", lambd), ("alpha", alpha), ("t0", t0)))
        self.mu, self.eta = (ParameterTuple([
            Parameter(Tensor(np.float32(first)), name=f"{prefix}_{p.name}", requires_grad=False)
            for p in self.parameters]) for prefix, first in (("mu", 1.0), ("eta", 0.0)))
        self.ax = self.states("ax_")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        step = ops.cast(self._step() + 1, float32)
        wide = ops.cast(lr, float32)
        eta, mu = ops.where(step == 1, wide, self.eta[index]), self.mu[index]
        p = param * (1 - eta * self.lambd).astype(param.dtype) - eta.astype(param.dtype) * gradient
        ax = self.ax[index] + (p - self.ax[index]) * mu.astype(param.dtype)
        next_eta = wide / ops.pow(1 + step * wide * self.lambd, self.alpha)
        next_mu = 1 / ops.maximum(step - self.t0, 1.0)
        self.write((param, self.ax[index], self.eta[index], mu), (p, ax, next_eta, next_mu))
