"""Adam and its variants: with m and v the moving means of gradients and their squares, and the corrections
1 - beta^t for their start from zero."""
from __future__ import annotations

from mindspore import ops
from mindspore.experimental.optim.optimizer import Optimizer, betas_of
from mindspore.nn._check import flag, not_negative
from mindspore.runtime.record import assign

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"]


class _Moments(Optimizer):
    """What the variants share: betas, eps and the two moments."""

    def check_group(self, name, group):
        """Check betas and eps."""
        group["betas"] = betas_of(name, group["betas"])
        not_negative(name, "eps", group["eps"])
        if "amsgrad" in group:
            flag(name, "amsgrad", group["amsgrad"])

    def moments(self, index, gradient, group):
        """The moments after this gradient."""
        first, second = group["betas"]
        return (self.exp_avg[index] * first + gradient * (1 - first),
                self.exp_avg_sq[index] * second + ops.square(gradient) * (1 - second))

    def _take_moments(self) -> None:
        self.exp_avg, self.exp_avg_sq = self.states("exp_avg"), self.states("exp_avg_sq")


class Adam(_Moments):
    """p -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps); with `amsgrad` v is the largest so far.

    Args:
        params: see `Optimizer`. lr: the learning rate. betas: decay rates of the moments. eps: added to the root.
        weight_decay: L2 penalty, added to the gradient. amsgrad: whether v never falls. maximize: go uphill.

    Source: Kingma and Ba (2015); Reddi, Kale and Kumar (2018).
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, *,
                 maximize=False):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "amsgrad": amsgrad, "maximize": maximize})
        self._take_moments()
        self.max_exp_avg_sq = self.states("max_exp_avg_sq")

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        first, second = group["betas"]
        m, v = self.moments(index, gradient, group)
        p = param * (1 - lr * group["weight_decay"]) if self.decoupled_decay else param
        largest = ops.maximum(self.max_exp_avg_sq[index], v) if group["amsgrad"] else v
        root = ops.sqrt(largest / (1 - self.power(second, step)).astype(v.dtype)) + group["eps"]
        p = p - lr * (m / (1 - self.power(first, step)).astype(m.dtype)) / root
        self.write((param, self.exp_avg[index], self.exp_avg_sq[index]), (p, m, v))
        if group["amsgrad"]:
            self.write((self.max_exp_avg_sq[index],), (largest,))


class AdamW(Adam):
    """Adam whose weight decay does not go through the moments: p (1 - lr weight_decay) before the step. Source:
    Loshchilov and Hutter (2019)."""

    decoupled_decay = True

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, amsgrad=False, *,
                 maximize=False):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class Adamax(_Moments):
    """p -= lr m / (1 - beta1^t) / u with u = max(beta2 u, |g| + eps). Source: Kingma and Ba (2015), section 7.1."""

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, *, maximize=False):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "maximize": maximize})
        self.exp_avg, self.exp_inf = self.states("exp_avg"), self.states("exp_inf")

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        first, second = group["betas"]
        m = self.exp_avg[index] * first + gradient * (1 - first)
        u = ops.maximum(self.exp_inf[index] * second, ops.abs(gradient) + group["eps"])
        p = param - lr / (1 - self.power(first, step)).astype(m.dtype) * m / u
        self.write((param, self.exp_avg[index], self.exp_inf[index]), (p, m, u))


class NAdam(_Moments):
    """Adam with Nesterov's step, whose momentum grows with the steps. Source: Dozat (2016)."""

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "momentum_decay": momentum_decay})
        self._take_moments()
        self.mu_product = self.scalar("mu_product", 1.0)

    def check_group(self, name, group):
        """Check the options."""
        super().check_group(name, group)
        not_negative(name, "momentum_decay", group["momentum_decay"])

    def _momentum(self, step, group):
        return (1 - 0.5 * self.power(0.96, step * group["momentum_decay"])) * group["betas"][0]

    def begin_step(self, step):
        """The product of the momenta of all steps; it is that of the first group."""
        assign(self.mu_product, self.mu_product * self._momentum(step, self.param_groups[0]))

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        m, v = self.moments(index, gradient, group)
        now, then = self._momentum(step, group), self._momentum(step + 1, group)
        root = ops.sqrt(v / (1 - self.power(group["betas"][1], step)).astype(v.dtype)) + group["eps"]
        p = param - lr * ((1 - now) / (1 - self.mu_product)).astype(m.dtype) * gradient / root
        p = p - lr * (then / (1 - self.mu_product * then)).astype(m.dtype) * m / root
        self.write((param, self.exp_avg[index], self.exp_avg_sq[index]), (p, m, v))


class RAdam(_Moments):
    """Adam that is plain momentum until the variance of its adaptive rate is known well enough. Source: Liu et al.
    (2020)."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})
        self._take_moments()

    def update(self, index, param, gradient, lr, group, step):
        """One parameter's step."""
        first, second = group["betas"]
        m, v = self.moments(index, gradient, group)
        low, high = 1 - self.power(first, step), 1 - self.power(second, step)
        longest = 2 / (1 - second) - 1
        length = longest - 2 * step * (1 - high) / high
        known = length > 5
        safe = ops.where(known, length, 6.0)
        share = ops.sqrt((safe - 4) * (safe - 2) * longest / ((longest - 4) * (longest - 2) * safe))
        adaptive = share.astype(v.dtype) * ops.sqrt(high).astype(v.dtype) / (ops.sqrt(v) + group["eps"])
        mean = m / low.astype(m.dtype)
        p = param - lr * mean * ops.where(known, adaptive, 1.0)
        self.write((param, self.exp_avg[index], self.exp_avg_sq[index]), (p, m, v))
