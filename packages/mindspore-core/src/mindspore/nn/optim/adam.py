"""Adam and its variants."""
from __future__ import annotations

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.runtime.record import apply, assign

__all__ = ["Adam", "AdamWeightDecay"]

_ADAM = primitive("apply_adam")
_AMSGRAD = primitive("apply_adam_with_amsgrad")
_DECAYED = primitive("apply_adam_weight_decay")


def _check(name: str, beta1, beta2, eps) -> None:
    for what, value in (("beta1", beta1), ("beta2", beta2)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"For '{name}', the '{what}' must be a float, but got {value!r}.")
        if not 0 < value < 1:
            raise ValueError(f"For '{name}', the '{what}' must be between 0 and 1, but got {value}.")
    if isinstance(eps, bool) or not isinstance(eps, int | float):
        raise TypeError(f"For '{name}', the 'eps' must be a float, but got {eps!r}.")
    if eps <= 0:
        raise ValueError(f"For '{name}', the 'eps' must be positive, but got {eps}.")


class Adam(Optimizer):
    """Adam, with Nesterov's step or AMSGrad where asked for.

    Source: Kingma and Ba (2015); Reddi, Kale and Kumar (2018). See `Optimizer` for the other arguments.
    """

    def __init__(self, params, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, use_locking=False,
                 use_nesterov=False, weight_decay=0.0, loss_scale=1.0, use_amsgrad=False, **kwargs):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        _check("Adam", beta1, beta2, eps)
        if kwargs:
            raise TypeError(f"For 'Adam', unknown argument {sorted(kwargs)[0]!r}.")
        if use_nesterov and use_amsgrad:
            raise ValueError("For 'Adam', 'use_nesterov' and 'use_amsgrad' exclude each other.")
        self.beta1, self.beta2, self.eps = float(beta1), float(beta2), float(eps)
        self.use_nesterov, self.use_amsgrad = bool(use_nesterov), bool(use_amsgrad)
        self.beta1_power = Parameter(Tensor(np.float32(1)), name="beta1_power", requires_grad=False)
        self.beta2_power = Parameter(Tensor(np.float32(1)), name="beta2_power", requires_grad=False)
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
        dtype = param.dtype
        powers = [self.number(p, dtype) for p in (self.beta1_power, self.beta2_power)]
        numbers = [self.number(v, dtype) for v in (self.beta1, self.beta2, self.eps)]
        states = [self.moment1[index], self.moment2[index]] + ([self.vhat[index]] if self.use_amsgrad else [])
        if self.use_amsgrad:
            results = apply(_AMSGRAD, (param, *states, *powers, lr, *numbers, gradient), ())
        else:
            results = apply(_ADAM, (param, *states, *powers, lr, *numbers, gradient), (self.use_nesterov,))
        for target, value in zip((param, *states), results):
            assign(target, value)


class AdamWeightDecay(Optimizer):
    """Adam with decoupled weight decay and without bias correction. Source: Loshchilov and Hutter (2019)."""

    decoupled_decay = True

    def __init__(self, params, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0):
        super().__init__(learning_rate, params, weight_decay)
        _check("AdamWeightDecay", beta1, beta2, eps)
        self.beta1, self.beta2, self.eps = float(beta1), float(beta2), float(eps)
        self.adam_m = self.states("adam_m")
        self.adam_v = self.states("adam_v")

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        numbers = [self.number(v, param.dtype) for v in (self.beta1, self.beta2, self.eps, self.decay_of(index))]
        states = (self.adam_m[index], self.adam_v[index])
        results = apply(_DECAYED, (param, *states, lr, *numbers, gradient), ())
        for target, value in zip((param, *states), results):
            assign(target, value)
