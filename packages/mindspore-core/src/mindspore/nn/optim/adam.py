"""Adam and its variants. The primitives `apply_adam`, ... have the formulas of the updates."""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn._check import flag, fraction, positive_float
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.runtime.record import apply, assign

__all__ = ["Adam", "AdamOffload", "LazyAdam", "AdamWeightDecay", "AdaMax", "Lamb"]

_ADAM = primitive("apply_adam")
_AMSGRAD = primitive("apply_adam_with_amsgrad")
_DECAYED = primitive("apply_adam_weight_decay")
_MAX = primitive("apply_ada_max")


class _Moments(Optimizer):
    """What the variants share: two decay rates and a small number, checked."""

    def _take_rates(self, beta1, beta2, eps) -> None:
        name = type(self).__name__
        self.beta1, self.beta2 = fraction(name, "beta1", beta1), fraction(name, "beta2", beta2)
        self.eps = positive_float(name, "eps", eps)

    def _power(self, name: str, shape: tuple = ()) -> Parameter:
        """The state that holds a decay rate to the power of the step."""
        return Parameter(Tensor(np.ones(shape, np.float32)), name=name, requires_grad=False)


class Adam(_Moments):
    """Adam, with Nesterov's step or AMSGrad where asked for.

    Args:
        beta1, beta2: decay rates of the two moments, between 0 and 1. eps: added to the root of the second moment.
        use_nesterov, use_amsgrad: which variant; not both. use_locking: accepted; updates never race.
        use_lazy, use_offload: accepted, not both and not with `use_amsgrad`: gradients are dense, and the update runs
            where the parameters are.
        The others are those of `Optimizer`.

    Source: Kingma and Ba (2015); Reddi, Kale and Kumar (2018).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    _power_shape: tuple = ()

    def __init__(self, params, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, use_locking=False,
                 use_nesterov=False, weight_decay=0.0, loss_scale=1.0, use_amsgrad=False, **kwargs):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        name = type(self).__name__
        lazy, offload = (flag(name, key, kwargs.pop(key, False)) for key in ("use_lazy", "use_offload"))
        if kwargs:
            raise TypeError(f"For '{name}', there is no argument {sorted(kwargs)[0]!r}.")
        if lazy + offload + (use_amsgrad is True) > 1:
            raise ValueError(f"For '{name}', 'use_lazy', 'use_offload' and 'use_amsgrad' exclude each other.")
        self._take_rates(beta1, beta2, eps)
        self.use_nesterov = flag(name, "use_nesterov", use_nesterov)
        self.use_amsgrad = flag(name, "use_amsgrad", use_amsgrad)
        if use_nesterov and use_amsgrad:
            raise ValueError(f"For '{name}', 'use_nesterov' and 'use_amsgrad' exclude each other.")
        self.beta1_power = self._power("beta1_power", self._power_shape)
        self.beta2_power = self._power("beta2_power", self._power_shape)
        self.moment1 = self.states("moment1")
        self.moment2 = self.states("moment2")
        if use_amsgrad:
            self.vhat = self.states("vhat")

    def begin_step(self):
        """The powers of the betas at this step."""
        assign(self.beta1_power, self.beta1_power * self.beta1)
        assign(self.beta2_power, self.beta2_power * self.beta2)

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        powers = [self.number(p if p.ndim == 0 else ops.reshape(p, ()), param.dtype)
                  for p in (self.beta1_power, self.beta2_power)]
        numbers = [self.number(v, param.dtype) for v in (self.beta1, self.beta2, self.eps)]
        if self.use_amsgrad:
            states = (param, self.moment1[index], self.moment2[index], self.vhat[index])
            self.write(states, apply(_AMSGRAD, (*states, *powers, lr, *numbers, gradient)))
        else:
            states = (param, self.moment1[index], self.moment2[index])
            self.write(states, apply(_ADAM, (*states, *powers, lr, *numbers, gradient), (self.use_nesterov,)))


class LazyAdam(Adam):
    """Adam; the name under which sparse gradients are updated lazily elsewhere. Gradients are dense here, and the two
    are the same but for the shape (1,) of the saved powers."""

    _power_shape = (1,)

    def __init__(self, params, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, use_locking=False,
                 use_nesterov=False, weight_decay=0.0, loss_scale=1.0):
        super().__init__(params, learning_rate, beta1, beta2, eps, use_locking, use_nesterov, weight_decay, loss_scale)


class AdamOffload(Adam):
    """Adam; the name under which the update runs on the host elsewhere. Here it runs on the device of the parameters,
    and the two are the same."""

    def __init__(self, params, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, use_locking=False,
                 use_nesterov=False, weight_decay=0.0, loss_scale=1.0):
        super().__init__(params, learning_rate, beta1, beta2, eps, use_locking, use_nesterov, weight_decay, loss_scale)


class AdamWeightDecay(_Moments):
    """Adam with decoupled weight decay and without bias correction. Source: Loshchilov and Hutter (2019).

    The arguments are those of `Adam` and `Optimizer`.
    """

    decoupled_decay = True

    def __init__(self, params, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay)
        self._take_rates(beta1, beta2, eps)
        self.adam_m = self.states("adam_m")
        self.adam_v = self.states("adam_v")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        numbers = [self.number(v, param.dtype) for v in (self.beta1, self.beta2, self.eps, self.decay_of(index))]
        states = (param, self.adam_m[index], self.adam_v[index])
        self.write(states, apply(_DECAYED, (*states, lr, *numbers, gradient)))


class AdaMax(_Moments):
    """Adam with the largest gradient so far in place of the second moment. Source: Kingma and Ba (2015), section 7.1.

    The arguments are those of `Adam` and `Optimizer`.
    """

    def __init__(self, params, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0,
                 loss_scale=1.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self._take_rates(beta1, beta2, eps)
        self.beta1_power = self._power("beta1_power", (1,))
        self.moment1 = self.states("moment1")
        self.moment2 = self.states("moment2")

    def begin_step(self):
        """The power of beta1 at this step."""
        assign(self.beta1_power, self.beta1_power * self.beta1)

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        power = self.number(ops.reshape(self.beta1_power, ()), param.dtype)
        numbers = [self.number(v, param.dtype) for v in (self.beta1, self.beta2, self.eps)]
        states = (param, self.moment1[index], self.moment2[index])
        self.write(states, apply(_MAX, (*states, power, lr, *numbers, gradient)))


class Lamb(_Moments):
    """Adam with decoupled weight decay, whose step is scaled to the length of each parameter.

    With the moments corrected for their start, r = m / (sqrt(v) + eps) + decay p and p = p - lr ratio r, where ratio is
    |p| / |r|, at most 10, and 1 where one of the two is 0. Source: You et al., "Large batch optimization for deep
    learning: training BERT in 76 minutes", 2020. The arguments are those of `Adam` and `Optimizer`.
    """

    decoupled_decay = True
    LARGEST_RATIO = 10.0

    def __init__(self, params, learning_rate, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay)
        self._take_rates(beta1, beta2, eps)
        self.lamb_m = self.states("lamb_m")
        self.lamb_v = self.states("lamb_v")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        dtype = param.dtype
        beta1, beta2, eps = (self.number(v, dtype) for v in (self.beta1, self.beta2, self.eps))
        step = ops.cast(ops.reshape(self.global_step, ()), dtype) + 1
        m = beta1 * self.lamb_m[index] + (1 - beta1) * gradient
        v = beta2 * self.lamb_v[index] + (1 - beta2) * gradient * gradient
        direction = m / (1 - ops.pow(beta1, step)) / (ops.sqrt(v / (1 - ops.pow(beta2, step))) + eps)
        direction = direction + param * self.number(self.decay_of(index), dtype)
        length, reach = (ops.sqrt(ops.sum(ops.square(t))) for t in (param, direction))
        both = ops.logical_and(length > 0, reach > 0)
        ratio = ops.where(both, ops.minimum(length / ops.where(both, reach, 1.0), self.LARGEST_RATIO), 1.0)
        self.write((param, self.lamb_m[index], self.lamb_v[index]), (param - lr * ratio * direction, m, v))
