"""Optimizers whose steps are scaled by the lengths of parameters and gradients."""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float16, float32
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.nn._check import flag, not_negative, number, positive_float
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.ops.optimizer_steps import adafactor, lars_gradient

__all__ = ["AdaFactor", "LARS"]


class LARS(Optimizer):
    """Scales each gradient by the trust ratio of its parameter, and leaves the step to another optimizer.

    ratio = coefficient |p| / (|g| + weight_decay |p| + epsilon); with `use_clip` min(ratio / lr, 1). The gradient is
    then (g + weight_decay p) ratio. The other optimizer's weight decay is applied here, to parameters that
    `lars_filter` chooses; the gradients of the others stay as they are.

    Args:
        optimizer: the optimizer that takes the step. epsilon: keeps the ratio finite. coefficient: the trust in one
            step. use_clip: see above. lars_filter: whether a parameter is scaled; by default neither biases nor those
            of layer normalization.

    Source: You, Gitman and Ginsburg, "Large batch training of convolutional networks", 2017.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """

    def __init__(self, optimizer, epsilon=1e-5, coefficient=0.001, use_clip=False,
                 lars_filter=lambda x: "LayerNorm" not in x.name and "bias" not in x.name):
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"For 'LARS', the 'optimizer' must be an Optimizer, but got {type(optimizer).__name__}.")
        super().__init__(1.0, [Parameter(Tensor(np.float32(0)), name="trivial")])
        self.parameters = optimizer.parameters
        self.opt = optimizer
        self.epsilon = positive_float("LARS", "epsilon", epsilon)
        self.coefficient = positive_float("LARS", "coefficient", coefficient)
        self.use_clip = flag("LARS", "use_clip", use_clip)
        self.lars_flag = tuple(bool(lars_filter(p)) for p in self.parameters)

    def construct(self, gradients):
        """Update every parameter once; True."""
        opt = self.opt
        if len(gradients) != len(self.parameters):
            raise ValueError(f"For 'LARS', {len(self.parameters)} gradients are expected, one for each parameter, but "
                             f"got {len(gradients)}.")
        ready = [g if g.dtype is p.dtype else g.astype(p.dtype) for p, g in zip(self.parameters, gradients)]
        ready = opt.gradients_centralization(opt.scale_grad(ready))
        rates = opt.current_rates()
        scaled = []
        for k, (param, gradient) in enumerate(zip(self.parameters, ready)):
            if self.lars_flag[k]:
                squares = [ops.sum(ops.square(v)) for v in (param, gradient)]
                gradient = lars_gradient(param, gradient, *squares, opt.decay_of(k), rates[opt._group_of[k]],
                                         self.epsilon, self.coefficient, self.use_clip)
            scaled.append(gradient)
        return opt._update_all(tuple(scaled))


class AdaFactor(Optimizer):
    """Adam whose second moment of a matrix is kept as the means of its rows and of its columns.

    Args:
        learning_rate: see `Optimizer`; None where `relative_step` chooses it: min(0.01, 1 / sqrt(step)), or
            min(1e-6 step, 1 / sqrt(step)) with `warmup_init`.
        eps: added to squared gradients, and the least scale of a parameter. clip_threshold: the largest root mean
            square of an update. decay_rate: the exponent with which the second moment's decay approaches 1. beta1: the
            decay of the first moment, which is not kept where it is 0. weight_decay: taken from the parameters
            directly. scale_parameter: whether steps are scaled by the root mean square of the parameter.
        compression: whether the first moment is kept in Float16. loss_scale: gradients are divided by it.

    Source: Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; both or neither of learning_rate and
            relative_step; warmup_init without relative_step.
    """

    decoupled_decay = True

    def __init__(self, params, learning_rate=None, eps=(1e-30, 1e-3), clip_threshold=1.0, decay_rate=0.8, beta1=0.9,
                 weight_decay=0.0, scale_parameter=True, relative_step=True, warmup_init=False, compression=False,
                 loss_scale=1.0):
        name = type(self).__name__
        if (learning_rate is None) != flag(name, "relative_step", relative_step):
            raise ValueError(f"For '{name}', give either a 'learning_rate' or 'relative_step' True, but got "
                             f"{learning_rate} and {relative_step}.")
        if flag(name, "warmup_init", warmup_init) and not relative_step:
            raise ValueError(f"For '{name}', 'warmup_init' needs 'relative_step'.")
        super().__init__(0.0 if learning_rate is None else learning_rate, params, weight_decay, loss_scale)
        if not isinstance(eps, (tuple, list)) or len(eps) != 2:
            raise TypeError(f"For '{name}', the 'eps' must be two numbers, but got {eps!r}.")
        self.eps = tuple(positive_float(name, "eps", e) for e in eps)
        self.clip_threshold = positive_float(name, "clip_threshold", clip_threshold)
        self.decay_rate, self.beta1 = number(name, "decay_rate", decay_rate), not_negative(name, "beta1", beta1)
        self.scale_parameter = flag(name, "scale_parameter", scale_parameter)
        self.relative_step, self.warmup_init = relative_step, warmup_init
        self._keep_moments(float16 if flag(name, "compression", compression) else float32)

    def _keep_moments(self, dtype) -> None:
        def kept(prefix, shape_of, kind=float32):
            return ParameterTuple([Parameter(initializer("zeros", shape_of(p.shape), kind), requires_grad=False,
                                             name=f"{prefix}.{p.name}") for p in self.parameters])

        one = (1,)  # in place of what a parameter of these axes does not have
        self.exp_avg = kept("exp_avg", lambda shape: shape if self.beta1 else one, dtype)
        self.exp_avg_sq_row = kept("exp_avg_sq_row", lambda shape: shape[:-1] if len(shape) > 1 else one)
        self.exp_avg_sq_col = kept("exp_avg_sq_col", lambda shape: shape[:-2] + shape[-1:] if len(shape) > 1 else one)
        self.exp_avg_sq = kept("exp_avg_sq", lambda shape: one if len(shape) > 1 else shape)

    def update(self, index, param, gradient, lr):
        """One parameter's step."""
        step = ops.cast(self._step() + 1, float32)
        if self.relative_step:
            lr = ops.minimum(step * 1e-6 if self.warmup_init else 1e-2, ops.rsqrt(step))
        adafactor(self.eps, self.clip_threshold, self.beta1, 1 - ops.pow(step, -self.decay_rate), self.decay_of(index),
                  lr, gradient, param, self.exp_avg[index], self.exp_avg_sq_row[index], self.exp_avg_sq_col[index],
                  self.exp_avg_sq[index], self.scale_parameter, self.beta1 > 0, True)
