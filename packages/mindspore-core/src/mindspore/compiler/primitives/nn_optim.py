"""Optimizer updates: from a parameter, its state and its gradient to the new parameter and the new state.

Every update is element-wise and is given as its decomposition, so that a code generator makes one pass over memory out
of it. Hyper-parameters that change from step to step (learning rate, momentum, powers of the betas) are tensors without
axes of the parameter's dtype; flags are attributes. Half-precision parameters are updated in float32 and rounded once.

The formulas are those of MindSpore's optimizer operators, which differ from the papers here and there; each class names
its paper and writes its formula. In them p is the parameter, g its gradient, and a prime marks the new value.
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register, rng
from mindspore.compiler.primitives.nn_support import wide
from mindspore.compiler.primitives.support import widen


class Update(Primitive):
    """An optimizer update. `operands` names the operands in order; those in `scalars` have no axes, the others have the
    parameter's shape; those in `updated` come back with their new values.

    `step` is the formula in primitives, `numpy_step` the same formula in NumPy."""

    kinds = "f"
    operands: tuple = ()
    scalars: frozenset = frozenset()
    updated: tuple = ()
    samples_attrs: tuple = ({},)

    def infer(self, *avals, **attrs):
        self.check_dtypes(avals)
        shape = avals[0].shape
        for name, aval in zip(self.operands, avals, strict=True):
            expected = () if name in self.scalars else shape
            if aval.shape != expected:
                raise ValueError(f"{self.name}: {name} has shape {aval.shape}; expected {expected}"
                                 f"{', a number' if name in self.scalars else ', the shape of the parameter'}")
        return tuple_aval(tuple(avals[self.operands.index(name)] for name in self.updated))

    def lower(self, b, *ins, **attrs):
        new = self.step(b, *wide(b, *ins), **attrs)
        return tuple(b.cast(n, dtype=ins[0].dtype) for n in new)

    def reference(self, *arrays, **attrs):
        with np.errstate(all="ignore"):
            new = self.numpy_step(*[widen(a) for a in arrays], **attrs)
        return tuple(np.asarray(n).astype(arrays[0].dtype) for n in new)

    def samples(self):
        found = [Sample(self.draw(shape, number), attrs, order=1) for attrs in self.samples_attrs
                 for number, shape in enumerate(((3, 5), (), (0, 2), (7,)))]
        good = self.draw((2, 3), 9)
        last = max(i for i, name in enumerate(self.operands) if name not in self.scalars)
        wrong_shape = tuple(np.ones((3, 2)) if i == last else x for i, x in enumerate(good))
        wrong_scalar = tuple(np.ones(1) if name in self.scalars else x
                             for name, x in zip(self.operands, good, strict=True))
        return [*found, Sample(wrong_shape, self.samples_attrs[0], error=ValueError),
                Sample(wrong_scalar, self.samples_attrs[0], error=ValueError),
                Sample(tuple(x.astype(np.int32) for x in good), self.samples_attrs[0], error=TypeError)]

    def draw(self, shape: tuple, seed: int) -> tuple:
        """Operands in the ranges that they have in training: positive state, rates and powers below 1."""
        source = rng(seed)
        return tuple(np.asarray(source.uniform(0.05, 0.9) if name in self.scalars else
                                source.normal(size=shape) if name in ("p", "g") else source.uniform(0.1, 1, shape))
                     for name in self.operands)


def _weighted(b, old, new, decay):
    """decay old + (1 - decay) new."""
    return b.add(b.mul(old, decay), b.mul(new, b.sub(1.0, decay)))


@register
class ApplyMomentum(Update):
    """Momentum: accum' = momentum accum + g; p' = p - lr accum', or with Nesterov's step p - lr (g + momentum accum').

    Operands p, accum, lr, g, momentum; results p', accum'. Source: Sutskever, Martens, Dahl and Hinton, "On the
    importance of initialization and momentum in deep learning", 2013.
    """

    name = "apply_momentum"
    attrs = ("use_nesterov",)
    defaults = {"use_nesterov": False}
    operands = ("p", "accum", "lr", "g", "momentum")
    scalars = frozenset({"lr", "momentum"})
    updated = ("p", "accum")
    samples_attrs = ({}, {"use_nesterov": True})

    def step(self, b, p, accum, lr, g, momentum, *, use_nesterov):
        velocity = b.add(b.mul(accum, momentum), g)
        direction = b.add(g, b.mul(velocity, momentum)) if use_nesterov else velocity
        return b.sub(p, b.mul(direction, lr)), velocity

    def numpy_step(self, p, accum, lr, g, momentum, *, use_nesterov):
        velocity = momentum * accum + g
        return p - lr * (g + momentum * velocity if use_nesterov else velocity), velocity


@register
class ApplySgd(Update):
    """Stochastic gradient descent with momentum, dampening and weight decay.

    h = g + weight_decay p; where momentum is positive: accum' = h while stat is positive (the first step), else
    momentum accum + (1 - dampening) h, stat' = 0, and the direction is accum', or with Nesterov's step
    h + momentum accum'. Without momentum the direction is h, and accum and stat stay. p' = p - lr direction.
    Operands p, g, lr, accum, momentum, stat; results p', accum', stat'; dampening and weight_decay are attributes.
    """

    name = "apply_sgd"
    attrs = ("dampening", "weight_decay", "nesterov")
    defaults = {"dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
    operands = ("p", "g", "lr", "accum", "momentum", "stat")
    scalars = frozenset({"lr", "momentum"})
    updated = ("p", "accum", "stat")
    samples_attrs = ({}, {"nesterov": True, "weight_decay": 0.1}, {"dampening": 0.3, "weight_decay": 0.01})

    def step(self, b, p, g, lr, accum, momentum, stat, *, dampening, weight_decay, nesterov):
        h = b.add(g, b.mul(p, weight_decay)) if weight_decay else g
        moving = b.gt(momentum, 0.0)
        later = b.add(b.mul(accum, momentum), b.mul(h, 1.0 - dampening))
        velocity = b.select(moving, b.select(b.gt(stat, 0.0), h, later), accum)
        direction = b.select(moving, b.add(h, b.mul(velocity, momentum)) if nesterov else velocity, h)
        new_stat = b.select(b.logical_and(moving, b.gt(stat, 0.0)), b.constant(0, stat.dtype), stat)
        return b.sub(p, b.mul(direction, lr)), velocity, new_stat

    def numpy_step(self, p, g, lr, accum, momentum, stat, *, dampening, weight_decay, nesterov):
        h = g + weight_decay * p
        if not momentum > 0:
            return p - lr * h, accum, stat
        velocity = np.where(stat > 0, h, momentum * accum + (1 - dampening) * h)
        return p - lr * (h + momentum * velocity if nesterov else velocity), velocity, np.where(stat > 0, 0, stat)

    def samples(self):
        p, g, lr, accum, momentum, stat = self.draw((4, 3), 5)
        later, mixed = np.zeros((4, 3)), np.where(stat > 0.5, 1.0, 0.0)
        more = [Sample((p, g, lr, accum, m, s), attrs, grad=False) for attrs in self.samples_attrs
                for s in (later, mixed) for m in (momentum, np.array(0.0))]
        return [*super().samples(), *more]


@register
class ApplyAdam(Update):
    """Adam: m' = beta1 m + (1 - beta1) g; v' = beta2 v + (1 - beta2) g^2;
    p' = p - lr sqrt(1 - beta2_power) / (1 - beta1_power) d / (sqrt(v') + epsilon), where d is m', or with Nesterov's
    step beta1 m' + (1 - beta1) g.

    Operands p, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, g (the powers include this step); results
    p', m', v'. Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 2, last paragraph.
    """

    name = "apply_adam"
    attrs = ("use_nesterov",)
    defaults = {"use_nesterov": False}
    operands = ("p", "m", "v", "beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon", "g")
    scalars = frozenset({"beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon"})
    updated = ("p", "m", "v")
    samples_attrs = ({}, {"use_nesterov": True})

    def step(self, b, p, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, g, *, use_nesterov):
        rate = b.mul(lr, b.div(b.sqrt(b.sub(1.0, beta2_power)), b.sub(1.0, beta1_power)))
        m, v = _weighted(b, m, g, beta1), _weighted(b, v, b.mul(g, g), beta2)
        direction = _weighted(b, m, g, beta1) if use_nesterov else m
        return b.sub(p, b.div(b.mul(direction, rate), b.add(b.sqrt(v), epsilon))), m, v

    def numpy_step(self, p, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, g, *, use_nesterov):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        direction = beta1 * m + (1 - beta1) * g if use_nesterov else m
        return p - lr * np.sqrt(1 - beta2_power) / (1 - beta1_power) * direction / (np.sqrt(v) + epsilon), m, v
