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
    one_pass = True
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


@register
class ApplyAdamWithAmsgrad(Update):
    """Adam whose second moment never falls: m', v' as in `apply_adam`; vhat' = max(vhat, v');
    p' = p - lr sqrt(1 - beta2_power) / (1 - beta1_power) m' / (sqrt(vhat') + epsilon).

    Operands p, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon, g; results p', m', v', vhat'. Source:
    Reddi, Kale and Kumar, "On the convergence of Adam and beyond", 2018.
    """

    name = "apply_adam_with_amsgrad"
    operands = ("p", "m", "v", "vhat", "beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon", "g")
    scalars = frozenset({"beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon"})
    updated = ("p", "m", "v", "vhat")

    def step(self, b, p, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon, g):
        rate = b.mul(lr, b.div(b.sqrt(b.sub(1.0, beta2_power)), b.sub(1.0, beta1_power)))
        m, v = _weighted(b, m, g, beta1), _weighted(b, v, b.mul(g, g), beta2)
        vhat = b.maximum(vhat, v)
        return b.sub(p, b.div(b.mul(m, rate), b.add(b.sqrt(vhat), epsilon))), m, v, vhat

    def numpy_step(self, p, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon, g):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        vhat = np.maximum(vhat, v)
        return p - lr * np.sqrt(1 - beta2_power) / (1 - beta1_power) * m / (np.sqrt(vhat) + epsilon), m, v, vhat


@register
class ApplyAdamWeightDecay(Update):
    """Adam with decoupled weight decay, without bias correction: m' = beta1 m + (1 - beta1) g;
    v' = beta2 v + (1 - beta2) g^2; p' = p - lr (m' / (sqrt(v') + epsilon) + decay p).

    Operands p, m, v, lr, beta1, beta2, epsilon, decay, g; results p', m', v'. Source: Loshchilov and Hutter, "Decoupled
    weight decay regularization", 2019, in the form of Devlin et al., "BERT", 2019.
    """

    name = "apply_adam_weight_decay"
    operands = ("p", "m", "v", "lr", "beta1", "beta2", "epsilon", "decay", "g")
    scalars = frozenset({"lr", "beta1", "beta2", "epsilon", "decay"})
    updated = ("p", "m", "v")

    def step(self, b, p, m, v, lr, beta1, beta2, epsilon, decay, g):
        m, v = _weighted(b, m, g, beta1), _weighted(b, v, b.mul(g, g), beta2)
        direction = b.add(b.div(m, b.add(b.sqrt(v), epsilon)), b.mul(p, decay))
        return b.sub(p, b.mul(direction, lr)), m, v

    def numpy_step(self, p, m, v, lr, beta1, beta2, epsilon, decay, g):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        return p - lr * (m / (np.sqrt(v) + epsilon) + decay * p), m, v


@register
class ApplyAdaMax(Update):
    """Adam with the infinity norm: m' = beta1 m + (1 - beta1) g; v' = max(beta2 v, |g|);
    p' = p - lr / (1 - beta1_power) m' / (v' + epsilon).

    Operands p, m, v, beta1_power, lr, beta1, beta2, epsilon, g; results p', m', v'. Source: Kingma and Ba, "Adam: a
    method for stochastic optimization", 2015, section 7.1.
    """

    name = "apply_ada_max"
    operands = ("p", "m", "v", "beta1_power", "lr", "beta1", "beta2", "epsilon", "g")
    scalars = frozenset({"beta1_power", "lr", "beta1", "beta2", "epsilon"})
    updated = ("p", "m", "v")

    def step(self, b, p, m, v, beta1_power, lr, beta1, beta2, epsilon, g):
        rate = b.div(lr, b.sub(1.0, beta1_power))
        m, v = _weighted(b, m, g, beta1), b.maximum(b.mul(v, beta2), b.abs(g))
        return b.sub(p, b.div(b.mul(m, rate), b.add(v, epsilon))), m, v

    def numpy_step(self, p, m, v, beta1_power, lr, beta1, beta2, epsilon, g):
        m, v = beta1 * m + (1 - beta1) * g, np.maximum(beta2 * v, np.abs(g))
        return p - lr / (1 - beta1_power) * m / (v + epsilon), m, v


@register
class ApplyRmsProp(Update):
    """RMSProp with momentum: s' = decay s + (1 - decay) g^2; mom' = momentum mom + lr g / sqrt(s' + epsilon);
    p' = p - mom'.

    Operands p, s, mom, lr, g, decay, momentum, epsilon; results p', s', mom'. Source: Tieleman and Hinton, "Lecture
    6.5: rmsprop", Neural Networks for Machine Learning, 2012.
    """

    name = "apply_rms_prop"
    operands = ("p", "s", "mom", "lr", "g", "decay", "momentum", "epsilon")
    scalars = frozenset({"lr", "decay", "momentum", "epsilon"})
    updated = ("p", "s", "mom")

    def step(self, b, p, s, mom, lr, g, decay, momentum, epsilon):
        s = _weighted(b, s, b.mul(g, g), decay)
        mom = b.add(b.mul(mom, momentum), b.mul(b.mul(g, lr), b.rsqrt(b.add(s, epsilon))))
        return b.sub(p, mom), s, mom

    def numpy_step(self, p, s, mom, lr, g, decay, momentum, epsilon):
        s = decay * s + (1 - decay) * g**2
        mom = momentum * mom + lr * g / np.sqrt(s + epsilon)
        return p - mom, s, mom


@register
class ApplyCenteredRmsProp(Update):
    """RMSProp by the variance: a' = decay a + (1 - decay) g; s' = decay s + (1 - decay) g^2;
    mom' = momentum mom + lr g / sqrt(s' - a'^2 + epsilon); p' = p - mom'.

    Operands p, a, s, mom, g, lr, decay, momentum, epsilon; results p', a', s', mom'. Source: Graves, "Generating
    sequences with recurrent neural networks", 2013, equations 38 to 41.
    """

    name = "apply_centered_rms_prop"
    operands = ("p", "a", "s", "mom", "g", "lr", "decay", "momentum", "epsilon")
    scalars = frozenset({"lr", "decay", "momentum", "epsilon"})
    updated = ("p", "a", "s", "mom")

    def step(self, b, p, a, s, mom, g, lr, decay, momentum, epsilon):
        a, s = _weighted(b, a, g, decay), _weighted(b, s, b.mul(g, g), decay)
        spread = b.add(b.sub(s, b.mul(a, a)), epsilon)
        mom = b.add(b.mul(mom, momentum), b.mul(b.mul(g, lr), b.rsqrt(spread)))
        return b.sub(p, mom), a, s, mom

    def numpy_step(self, p, a, s, mom, g, lr, decay, momentum, epsilon):
        a, s = decay * a + (1 - decay) * g, decay * s + (1 - decay) * g**2
        mom = momentum * mom + lr * g / np.sqrt(s - a**2 + epsilon)
        return p - mom, a, s, mom

    def draw(self, shape, seed):
        """As in training, where the mean of squares s is at least the square of the mean a."""
        drawn = dict(zip(self.operands, super().draw(shape, seed), strict=True))
        return tuple({**drawn, "s": drawn["s"] + drawn["a"] ** 2 + 0.1}.values())


@register
class ApplyAdagrad(Update):
    """Adagrad: accum' = accum + g^2, or accum where `update_slots` is false; p' = p - lr g / (sqrt(accum') + epsilon).

    Operands p, accum, lr, g; results p', accum'; epsilon is an attribute, 0 by default. Source: Duchi, Hazan and
    Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.
    """

    name = "apply_adagrad"
    attrs = ("epsilon", "update_slots")
    defaults = {"epsilon": 0.0, "update_slots": True}
    operands = ("p", "accum", "lr", "g")
    scalars = frozenset({"lr"})
    updated = ("p", "accum")
    samples_attrs = ({}, {"update_slots": False, "epsilon": 1e-3})

    def step(self, b, p, accum, lr, g, *, epsilon, update_slots):
        accum = b.add(accum, b.mul(g, g)) if update_slots else accum
        root = b.sqrt(accum)
        return b.sub(p, b.div(b.mul(g, lr), b.add(root, epsilon) if epsilon else root)), accum

    def numpy_step(self, p, accum, lr, g, *, epsilon, update_slots):
        accum = accum + g**2 if update_slots else accum
        return p - lr * g / (np.sqrt(accum) + epsilon), accum


@register
class ApplyAdadelta(Update):
    """Adadelta: accum' = rho accum + (1 - rho) g^2; u = g sqrt(delta + epsilon) / sqrt(accum' + epsilon);
    delta' = rho delta + (1 - rho) u^2; p' = p - lr u.

    Operands p, accum, delta, lr, rho, epsilon, g; results p', accum', delta'. Source: Zeiler, "ADADELTA: an adaptive
    learning rate method", 2012.
    """

    name = "apply_adadelta"
    operands = ("p", "accum", "delta", "lr", "rho", "epsilon", "g")
    scalars = frozenset({"lr", "rho", "epsilon"})
    updated = ("p", "accum", "delta")

    def step(self, b, p, accum, delta, lr, rho, epsilon, g):
        accum = _weighted(b, accum, b.mul(g, g), rho)
        u = b.mul(g, b.sqrt(b.div(b.add(delta, epsilon), b.add(accum, epsilon))))
        return b.sub(p, b.mul(u, lr)), accum, _weighted(b, delta, b.mul(u, u), rho)

    def numpy_step(self, p, accum, delta, lr, rho, epsilon, g):
        accum = rho * accum + (1 - rho) * g**2
        u = g * np.sqrt(delta + epsilon) / np.sqrt(accum + epsilon)
        return p - lr * u, accum, rho * delta + (1 - rho) * u**2


@register
class ApplyFtrl(Update):
    """Follow the regularized leader, per coordinate: accum' = accum + g^2;
    linear' = linear + g - (accum'^-lr_power - accum^-lr_power) / lr p;
    p' = (sign(linear') l1 - linear') / (accum'^-lr_power / lr + 2 l2) where |linear'| > l1, else 0.

    Operands p, accum, linear, g, lr, l1, l2, lr_power (negative or 0, -1/2 in the paper); results p', accum', linear'.
    Source: McMahan et al., "Ad click prediction: a view from the trenches", 2013, algorithm 1.
    """

    name = "apply_ftrl"
    operands = ("p", "accum", "linear", "g", "lr", "l1", "l2", "lr_power")
    scalars = frozenset({"lr", "l1", "l2", "lr_power"})
    updated = ("p", "accum", "linear")

    def step(self, b, p, accum, linear, g, lr, l1, l2, lr_power):
        power = b.neg(lr_power)
        new_accum = b.add(accum, b.mul(g, g))
        root = b.pow(new_accum, power)
        linear = b.sub(b.add(linear, g), b.mul(b.div(b.sub(root, b.pow(accum, power)), lr), p))
        shrunk = b.sub(b.mul(b.sign(linear), l1), linear)
        updated = b.div(shrunk, b.add(b.div(root, lr), b.mul(l2, 2.0)))
        return b.select(b.gt(b.abs(linear), l1), updated, b.constant(0, p.dtype)), new_accum, linear

    def numpy_step(self, p, accum, linear, g, lr, l1, l2, lr_power):
        new_accum = accum + g**2
        root = new_accum**-lr_power
        linear = linear + g - (root - accum**-lr_power) / lr * p
        updated = (np.sign(linear) * l1 - linear) / (root / lr + 2 * l2)
        return np.where(np.abs(linear) > l1, updated, 0), new_accum, linear

    def draw(self, shape, seed):
        """The exponent is negative, and the linear term of either sign."""
        drawn = dict(zip(self.operands, super().draw(shape, seed), strict=True))
        signs = np.where(rng(seed + 50).uniform(size=shape) < 0.5, -1.0, 1.0)
        return tuple({**drawn, "lr_power": -drawn["lr_power"], "linear": 3 * signs * drawn["linear"]}.values())
