"""Gradient descent with momentum or averages, and optimizers with a rate for each coordinate."""
from __future__ import annotations

from mindspore import ops
from mindspore.common.parameter import ParameterTuple
from mindspore.experimental.optim.optimizer import Optimizer
from mindspore.nn._check import flag, not_negative, number

__all__ = ["SGD", "Adadelta", "Adagrad", "ASGD", "RMSprop", "Rprop"]


class SGD(Optimizer):
    """b = momentum b + (1 - dampening) g, at the first step b = g; p -= lr b, with `nesterov` lr (g + momentum b).

    Args:
        params: see `Optimizer`. lr: the learning rate. weight_decay: L2 penalty, added to the gradient.
        nesterov: needs a momentum and no dampening. maximize: go uphill.

    Source: Sutskever et al. (2013).
    """

    buffer_name = "accum"

    def __init__(self, params, lr, momentum=0, dampening=0, weight_decay=0.0, nesterov=False, *, maximize=False):
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening,
                                  "weight_decay": weight_decay, "nesterov": nesterov, "maximize": maximize})
        self.accum = self.states(self.buffer_name)

    def check_group(self, name, group):
        """Check the options."""
        momentum = not_negative(name, "momentum", group["momentum"])
        number(name, "dampening", group["dampening"])
        if flag(name, "nesterov", group["nesterov"]) and (momentum <= 0 or group["dampening"] != 0):
            raise ValueError(f"For '{name}', 'nesterov' needs a positive 'momentum' and a 'dampening' of 0, but got "
                             f"momentum {momentum} and dampening {group['dampening']}.")

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        if not group["momentum"]:
            self.write((param,), (param - lr * gradient,))
            return
        kept = self.accum[index] * group["momentum"]
        buffer = ops.where(step == 1, gradient, kept + gradient * (1 - group["dampening"]))
        direction = gradient + buffer * group["momentum"] if group["nesterov"] else buffer
        self.write((param, self.accum[index]), (param - lr * direction, buffer))


class Adadelta(Optimizer):
    """p -= lr g sqrt(d + eps) / sqrt(s + eps), with s and d the moving means (rate rho) of the squares of gradients and
    of these steps. Source: Zeiler (2012)."""

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0, *, maximize=False):
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay,
                                  "maximize": maximize})
        self.accum, self.accum_update = self.states("accum"), self.states("accum_update")

    def check_group(self, name, group):
        """Check the options."""
        not_negative(name, "eps", group["eps"])
        if not_negative(name, "rho", group["rho"]) > 1:
            raise ValueError(f"For '{name}', the 'rho' must be between 0 and 1, but got {group['rho']}.")

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        rho, eps = group["rho"], group["eps"]
        squares = self.accum[index] * rho + ops.square(gradient) * (1 - rho)
        move = ops.sqrt(self.accum_update[index] + eps) / ops.sqrt(squares + eps) * gradient
        moves = self.accum_update[index] * rho + ops.square(move) * (1 - rho)
        self.write((param, self.accum[index], self.accum_update[index]), (param - lr * move, squares, moves))


class Adagrad(Optimizer):
    """p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps), s the sum of the squares of all gradients. Source: Duchi,
    Hazan and Singer (2011)."""

    def __init__(self, params, lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10, *,
                 maximize=False):
        super().__init__(params, {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps,
                                  "initial_accumulator_value": initial_accumulator_value, "maximize": maximize})
        self.accum = self.states("accum", float(initial_accumulator_value))

    def check_group(self, name, group):
        """Check the options."""
        for option in ("lr_decay", "eps", "initial_accumulator_value"):
            not_negative(name, option, group[option])

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        total = self.accum[index] + ops.square(gradient)
        rate = lr / (1 + (step - 1) * group["lr_decay"]).astype(lr.dtype)
        self.write((param, self.accum[index]), (param - rate * gradient / (ops.sqrt(total) + group["eps"]), total))


class ASGD(Optimizer):
    """Gradient descent with a falling rate and the mean of the parameters from step t0 on, in the state `ax`. Source:
    Polyak and Juditsky (1992).

    Args:
        lambd: decay of the parameters and of the rate. alpha: the exponent of the rate's fall. t0: where the mean
            begins. The others are those of `SGD`.
    """

    def __init__(self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0, maximize=False):
        super().__init__(params, {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
                                  "maximize": maximize})
        self.eta = ParameterTuple([self.scalar(f"eta_{p.name}", 0.0) for p in self._members])
        self.mu = ParameterTuple([self.scalar(f"mu_{p.name}", 1.0) for p in self._members])
        self.ax = self.states("ax")

    def check_group(self, name, group):
        """Check the options."""
        for option in ("lambd", "alpha", "t0"):
            number(name, option, group[option])

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        wide = group["lr"]
        eta = ops.where(step == 1, wide, self.eta[index])
        p = param * (1 - eta * group["lambd"]).astype(param.dtype) - eta.astype(param.dtype) * gradient
        ax = self.ax[index] + (p - self.ax[index]) * self.mu[index].astype(param.dtype)
        next_eta = wide / ops.pow(1 + step * wide * group["lambd"], group["alpha"])
        next_mu = 1 / ops.maximum(step - group["t0"], 1.0)
        self.write((param, self.ax[index], self.eta[index], self.mu[index]), (p, ax, next_eta, next_mu))


class RMSprop(Optimizer):
    """b = momentum b + g / (sqrt(s) + eps), p -= lr b, with s the moving mean (rate alpha) of the squares of gradients,
    with `centered` their variance. Source: Tieleman and Hinton (2012); Graves (2013)."""

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False,
                 maximize=False):
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay,
                                  "momentum": momentum, "centered": centered, "maximize": maximize})
        self.square_avg, self.mean_grad = self.states("square_avg"), self.states("mean_grad")
        self.moment = self.states("momentum_buffer")

    def check_group(self, name, group):
        """Check the options."""
        for option in ("alpha", "eps", "momentum"):
            not_negative(name, option, group[option])
        flag(name, "centered", group["centered"])

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        alpha = group["alpha"]
        squares = self.square_avg[index] * alpha + ops.square(gradient) * (1 - alpha)
        spread = squares
        if group["centered"]:
            mean = self.mean_grad[index] * alpha + gradient * (1 - alpha)
            spread = squares - ops.square(mean)
            self.write((self.mean_grad[index],), (mean,))
        move = gradient / (ops.sqrt(spread) + group["eps"])
        if group["momentum"]:
            move = self.moment[index] * group["momentum"] + move
            self.write((self.moment[index],), (move,))
        self.write((param, self.square_avg[index]), (param - lr * move, squares))


class Rprop(Optimizer):
    """Steps by the sign of the gradient, whose size grows while the sign stays and shrinks when it changes; after a
    change the coordinate rests for one step. Source: Riedmiller and Braun (1993).

    Args:
        lr: the first size of the steps. etas: factors of shrinking and growing. step_sizes: (smallest, largest) size.
    """

    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, maximize=False):
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize})
        self.prev, self.step_size = self.states("prev"), self.states("step_size")

    def check_group(self, name, group):
        """Check the options."""
        for option in ("etas", "step_sizes"):
            if not isinstance(group[option], (tuple, list)) or len(group[option]) != 2:
                raise TypeError(f"For '{name}', the '{option}' must be a tuple of two numbers, but got "
                                f"{group[option]!r}.")
        if not 0 < group["etas"][0] < 1 < group["etas"][1]:
            raise ValueError(f"For '{name}', the 'etas' must be below and above 1, but got {group['etas']}.")

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        (low, high), (least, most) = group["etas"], group["step_sizes"]
        size = ops.where(step == 1, lr, self.step_size[index])
        same = gradient * self.prev[index]
        size = ops.where(same > 0, ops.minimum(size * high, float(most)),
                         ops.where(same < 0, ops.maximum(size * low, float(least)), size))
        gradient = ops.where(same < 0, 0.0, gradient)
        self.write((param, self.prev[index], self.step_size[index]),
                   (param - ops.sign(gradient) * size, gradient, size))
