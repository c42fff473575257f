"""Activation functions: element-wise, one floating operand, result of the same shape and dtype.

Each has a decomposition into primitives that code generators know, written so that no overflow on the way spoils the
result, and its derivative as one line. Where a function has a kink the derivative is that of the flat side:
relu'(0) = 0. Half-precision operands are computed in float32 and rounded once. NaN propagates.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.compiler.primitives.base import Elementwise, Sample, register, rng
from mindspore.compiler.primitives.nn_support import (
    np_erf,
    np_sigmoid,
    np_softplus,
    wide_reference,
    wide_rule,
    zero,
)
from mindspore.compiler.primitives.support import SPECIAL

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
GELU_CUBIC = 0.044715
SQRT_2_OVER_PI = math.sqrt(2 / math.pi)


class Activation(Elementwise):
    """An element-wise function of one floating operand."""

    kinds = "f"
    samples_attrs: tuple = ({},)
    kinks: tuple = ()

    def samples(self):
        """For each set of attributes: smooth points away from kinks, 0-d, empty, wide ranges and special values."""
        edges = np.array([*self.kinks, *(-k for k in self.kinks), -100.0, -20.0, 20.0, 100.0])
        found = []
        for attrs in self.samples_attrs:
            found += [Sample((self.smooth((3, 5), 0),), attrs), Sample((self.smooth((), 1),), attrs),
                      Sample((np.zeros((2, 0)),), attrs), Sample((self.smooth((2, 1, 17), 2),), attrs),
                      Sample((SPECIAL,), attrs, grad=False), Sample((edges,), attrs, grad=False)]
        return [*found, Sample((np.ones(3, np.int32),), self.samples_attrs[0], error=TypeError)]

    def smooth(self, shape: tuple, seed: int) -> np.ndarray:
        """Points at least 0.05 away from every kink."""
        x = rng(seed).uniform(-5, 5, shape)
        for kink in self.kinks:
            x = np.where(np.abs(x - kink) < 0.05, x + 0.1, x)
        return x


@register
class Relu(Activation):
    """max(x, 0). Gradient: ct where x > 0, else 0 (0 at 0). It is asked of the result, so that x need not be kept."""

    name = "relu"
    kinks = (0.0,)

    def lower(self, b, x):
        return b.maximum(x, 0.0)

    @wide_reference
    def reference(self, x):
        return np.maximum(x, 0)

    def grad(self, b, ct, out, x):
        return (b.select(b.gt(out, 0.0), ct, zero(b, ct)),)


@register
class Relu6(Activation):
    """min(max(x, 0), 6). Gradient: ct where 0 < x < 6, else 0."""

    name = "relu6"
    kinks = (0.0, 6.0)

    def lower(self, b, x):
        return b.minimum(b.maximum(x, 0.0), 6.0)

    @wide_reference
    def reference(self, x):
        return np.clip(x, 0, 6)

    def grad(self, b, ct, out, x):
        return (b.select(b.logical_and(b.gt(x, 0.0), b.lt(x, 6.0)), ct, zero(b, ct)),)


@register
class LeakyRelu(Activation):
    """x where x > 0, else alpha x. Gradient: ct where x > 0, else alpha ct."""

    name = "leaky_relu"
    attrs = ("alpha",)
    samples_attrs = ({"alpha": 0.2}, {"alpha": -1.5})
    kinks = (0.0,)

    @wide_rule
    def lower(self, b, x, *, alpha):
        return b.select(b.gt(x, 0.0), x, b.mul(x, alpha))

    @wide_reference
    def reference(self, x, *, alpha):
        return np.where(x > 0, x, x * x.dtype.type(alpha))

    def grad(self, b, ct, out, x, *, alpha):
        return (b.select(b.gt(x, 0.0), ct, b.mul(ct, alpha)),)


@register
class Elu(Activation):
    """x where x > 0, else alpha (exp(x) - 1). Gradient: ct where x > 0, else ct alpha exp(x).

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units",
    2016.
    """

    name = "elu"
    attrs = ("alpha",)
    samples_attrs = ({"alpha": 1.0}, {"alpha": 0.5})
    kinks = (0.0,)

    @wide_rule
    def lower(self, b, x, *, alpha):
        return b.select(b.gt(x, 0.0), x, b.mul(b.expm1(b.minimum(x, 0.0)), alpha))

    @wide_reference
    def reference(self, x, *, alpha):
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)) * x.dtype.type(alpha))

    def grad(self, b, ct, out, x, *, alpha):
        return (b.select(b.gt(x, 0.0), ct, b.mul(ct, b.mul(b.exp(b.minimum(x, 0.0)), alpha))),)


@register
class Selu(Activation):
    """1.0507 x where x > 0, else 1.0507 * 1.67326 (exp(x) - 1). Gradient: that of the two branches.

    Source, with the constants to more digits: Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    name = "selu"
    kinks = (0.0,)

    @wide_rule
    def lower(self, b, x):
        low = b.mul(b.expm1(b.minimum(x, 0.0)), SELU_SCALE * SELU_ALPHA)
        return b.select(b.gt(x, 0.0), b.mul(x, SELU_SCALE), low)

    @wide_reference
    def reference(self, x):
        return SELU_SCALE * np.where(x > 0, x, np.expm1(np.minimum(x, 0)) * x.dtype.type(SELU_ALPHA))

    def grad(self, b, ct, out, x):
        low = b.mul(b.exp(b.minimum(x, 0.0)), SELU_SCALE * SELU_ALPHA)
        return (b.select(b.gt(x, 0.0), b.mul(ct, SELU_SCALE), b.mul(ct, low)),)


@register
class Sigmoid(Activation):
    """1 / (1 + exp(-x)); where exp(-x) overflows the quotient is 0, the limit. Gradient: ct y (1 - y)."""

    name = "sigmoid"

    @wide_rule
    def lower(self, b, x):
        return b.div(1.0, b.add(b.exp(b.neg(x)), 1.0))

    @wide_reference
    def reference(self, x):
        return np_sigmoid(x)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.mul(out, b.sub(1.0, out))),)


@register
class LogSigmoid(Activation):
    """log(sigmoid(x)) = min(x, 0) - log1p(exp(-|x|)). Gradient: ct sigmoid(-x)."""

    name = "log_sigmoid"

    @wide_rule
    def lower(self, b, x):
        return b.sub(b.minimum(x, 0.0), b.log1p(b.exp(b.neg(b.abs(x)))))

    @wide_reference
    def reference(self, x):
        return -np_softplus(-x)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sigmoid(b.neg(x))),)


@register
class Softplus(Activation):
    """log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)). Gradient: ct sigmoid(x)."""

    name = "softplus"

    @wide_rule
    def lower(self, b, x):
        return b.add(b.maximum(x, 0.0), b.log1p(b.exp(b.neg(b.abs(x)))))

    @wide_reference
    def reference(self, x):
        return np_softplus(x)

    def grad(self, b, ct, out, x):
        return (b.mul(ct, b.sigmoid(x)),)


@register
class Silu(Activation):
    """x sigmoid(x), also called swish. Gradient: ct s (1 + x (1 - s)) with s = sigmoid(x).

    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation", 2018.
    """

    name = "silu"

    @wide_rule
    def lower(self, b, x):
        return b.mul(x, b.sigmoid(x))

    @wide_reference
    def reference(self, x):
        return x * np_sigmoid(x)

    def grad(self, b, ct, out, x):
        s = b.sigmoid(x)
        return (b.mul(ct, b.mul(s, b.add(b.mul(x, b.sub(1.0, s)), 1.0))),)


@register
class Gelu(Activation):
    """x Phi(x) with the normal distribution function Phi(x) = (1 + erf(x / sqrt 2)) / 2; where `approximate` is true,
    x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3).

    Gradient: ct (Phi(x) + x phi(x)), or of the approximation ct ((1 + t) / 2 + x (1 - t^2) u' / 2) with t = tanh(u).
    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    """

    name = "gelu"
    attrs = ("approximate",)
    samples_attrs = ({"approximate": False}, {"approximate": True})

    @wide_rule
    def lower(self, b, x, *, approximate):
        return b.mul(b.mul(x, 0.5), b.add(self.odd_part(b, x, approximate), 1.0))

    def odd_part(self, b, x, approximate):
        """2 Phi(x) - 1, or its approximation."""
        if not approximate:
            return b.erf(b.mul(x, math.sqrt(0.5)))
        cubic = b.add(b.mul(b.mul(x, x), GELU_CUBIC), 1.0)
        return b.tanh(b.mul(b.mul(x, cubic), SQRT_2_OVER_PI))

    @wide_reference
    def reference(self, x, *, approximate):
        inner = np.tanh(SQRT_2_OVER_PI * (x + GELU_CUBIC * x**3)) if approximate else np_erf(x * math.sqrt(0.5))
        return 0.5 * x * (1 + inner)

    @wide_rule
    def derivative(self, b, x, *, approximate):
        odd = self.odd_part(b, x, approximate)
        if approximate:
            slope = b.add(b.mul(b.mul(x, x), 3 * GELU_CUBIC * SQRT_2_OVER_PI), SQRT_2_OVER_PI)
            tail = b.mul(b.mul(b.mul(x, 0.5), b.sub(1.0, b.mul(odd, odd))), slope)
        else:
            tail = b.mul(b.mul(x, b.exp(b.mul(b.mul(x, x), -0.5))), 0.5 * SQRT_2_OVER_PI)
        return b.add(b.add(b.mul(odd, 0.5), 0.5), tail)

    def grad(self, b, ct, out, x, *, approximate):
        return (b.mul(ct, self.derivative(b, x, approximate=approximate)),)


@register
class HardSigmoid(Activation):
    """min(max(x / 6 + 1 / 2, 0), 1). Gradient: ct / 6 where -3 < x < 3, else 0."""

    name = "hardsigmoid"
    kinks = (-3.0, 3.0)

    @wide_rule
    def lower(self, b, x):
        return b.minimum(b.maximum(b.add(b.mul(x, 1 / 6), 0.5), 0.0), 1.0)

    @wide_reference
    def reference(self, x):
        return np.clip(x / 6 + 0.5, 0, 1)

    def grad(self, b, ct, out, x):
        return (b.select(b.lt(b.abs(x), 3.0), b.mul(ct, 1 / 6), zero(b, ct)),)


@register
class HardSwish(Activation):
    """x min(max(x + 3, 0), 6) / 6. Gradient: ct (x / 3 + 1 / 2) where -3 < x < 3, ct above, 0 below.

    Source: Howard et al., "Searching for MobileNetV3", 2019.
    """

    name = "hardswish"
    kinks = (-3.0, 3.0)

    @wide_rule
    def lower(self, b, x):
        return b.mul(x, b.mul(b.minimum(b.maximum(b.add(x, 3.0), 0.0), 6.0), 1 / 6))

    @wide_reference
    def reference(self, x):
        return x * np.clip(x + 3, 0, 6) / 6

    def grad(self, b, ct, out, x):
        inside = b.mul(ct, b.add(b.mul(x, 1 / 3), 0.5))
        return (b.select(b.lt(b.abs(x), 3.0), inside, b.select(b.gt(x, 0.0), ct, zero(b, ct))),)


@register
class Mish(Activation):
    """x tanh(softplus(x)). Gradient: ct (t + x (1 - t^2) sigmoid(x)) with t = tanh(softplus(x)).

    Source: Misra, "Mish: a self regularized non-monotonic activation function", 2019.
    """

    name = "mish"

    @wide_rule
    def lower(self, b, x):
        return b.mul(x, b.tanh(b.softplus(x)))

    @wide_reference
    def reference(self, x):
        return x * np.tanh(np_softplus(x))

    def grad(self, b, ct, out, x):
        t = b.tanh(b.softplus(x))
        return (b.mul(ct, b.add(t, b.mul(b.mul(x, b.sub(1.0, b.mul(t, t))), b.sigmoid(x)))),)
