"""Activation layers: each is an operator as a Cell. Shapes and dtypes are those of the input."""
from __future__ import annotations

from collections.abc import Callable

from mindspore import ops
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn._check import number, positive_int
from mindspore.nn.cell import Cell

__all__ = ["ReLU", "ReLU6", "GELU", "FastGelu", "Sigmoid", "Tanh", "Softmax", "Softmax2d", "Softmin", "LogSoftmax",
           "SiLU", "LeakyReLU", "PReLU", "RReLU", "ELU", "CELU", "SeLU", "Mish", "HSwish", "HSigmoid", "HShrink",
           "SoftShrink", "Hardtanh", "LogSigmoid", "Softplus", "Softsign", "Tanhshrink", "Threshold", "GLU",
           "get_activation"]


class _Plain(Cell):
    """An activation without arguments. Three classes, since the argument of a call has one of three names."""

    function: Callable

    def __init__(self):
        super().__init__()

    def construct(self, x):
        """The activation of x, element by element."""
        return self.function(x)


class _OfInput(_Plain):
    def construct(self, input):
        """The activation of input, element by element."""
        return self.function(input)


class _OfInputX(_Plain):
    def construct(self, input_x):
        """The activation of input_x, element by element."""
        return self.function(input_x)


def _plain(name: str, function: Callable, text: str, base: type[_Plain] = _Plain) -> type[_Plain]:
    return type(name, (base,), {"__doc__": text, "__module__": __name__, "function": staticmethod(function)})


ReLU = _plain("ReLU", ops.relu, "max(x, 0).", _OfInput)
ReLU6 = _plain("ReLU6", ops.relu6, "min(max(x, 0), 6).")
Sigmoid = _plain("Sigmoid", ops.sigmoid, "1 / (1 + exp(-x)).")
Tanh = _plain("Tanh", ops.tanh, "The hyperbolic tangent.")
SiLU = _plain("SiLU", ops.silu, "x sigmoid(x). Source: Elfwing, Uchibe and Doya (2018).")
Mish = _plain("Mish", ops.mish, "x tanh(softplus(x)). Source: Misra (2019).", _OfInputX)
HSwish = _plain("HSwish", ops.hardswish, "x min(max(x + 3, 0), 6) / 6. Source: Howard et al. (2019).", _OfInput)
HSigmoid = _plain("HSigmoid", ops.hardsigmoid, "min(max(x / 6 + 1/2, 0), 1).", _OfInput)
LogSigmoid = _plain("LogSigmoid", ops.logsigmoid, "log(sigmoid(x)).", _OfInputX)
Softplus = _plain("Softplus", ops.softplus, "log(1 + exp(x)).")
Softsign = _plain("Softsign", ops.softsign, "x / (1 + |x|).")
Tanhshrink = _plain("Tanhshrink", ops.tanhshrink, "x - tanh(x).")
SeLU = _plain("SeLU", ops.selu, "A scaled ELU that keeps mean and variance. Source: Klambauer et al. (2017).",
              _OfInputX)
FastGelu = _plain("FastGelu", ops.fast_gelu, "x sigmoid(1.702 x), close to GELU. Source: Hendrycks (2016).")


class GELU(Cell):
    """x Phi(x), Phi the normal distribution function; `approximate` uses its tanh form. Source: Hendrycks (2016)."""

    def __init__(self, approximate=True):
        super().__init__()
        self.approximate = bool(approximate)

    def construct(self, x):
        """The activation of x."""
        return ops.gelu(x, approximate="tanh" if self.approximate else "none")


class _Row(Cell):
    """A function of the elements along one axis, the last one by default."""

    function: Callable

    def __init__(self, axis=-1):
        super().__init__()
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise TypeError(f"For '{type(self).__name__}', the 'axis' must be an int, but got {axis!r}.")
        self.axis = axis

    def construct(self, x):
        """The function of x along the axis."""
        return self.function(x, self.axis)

    def extend_repr(self):
        return f"axis={self.axis}"


class Softmax(_Row):
    """exp(x) / sum(exp(x)) along one axis."""

    function = staticmethod(ops.softmax)

    def construct(self, input):
        """The function of input along the axis."""
        return self.function(input, self.axis)


class Softmin(_Row):
    """softmax(-x) along one axis."""

    function = staticmethod(ops.softmin)


class LogSoftmax(_Row):
    """log(softmax(x)) along one axis."""

    function = staticmethod(ops.log_softmax)


class GLU(_Row):
    """The first half along one axis times the sigmoid of the second. Source: Dauphin et al. (2017)."""

    function = staticmethod(ops.glu)


class Softmax2d(Cell):
    """softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def __init__(self):
        super().__init__()

    def construct(self, x):
        """The softmax of x."""
        if x.ndim not in (3, 4):
            raise ValueError(f"For 'Softmax2d', the input must be (N, C, H, W) or (C, H, W), but has shape {x.shape}.")
        return ops.softmax(x, -3)


class _Numbers(Cell):
    """A function of x and of numbers, which are attributes under the names in `names`."""

    function: Callable
    names: tuple[str, ...] = ()

    def __init__(self, *values):
        super().__init__()
        for name, value in zip(self.names, values):
            setattr(self, name, number(type(self).__name__, name, value))

    def construct(self, x):
        """The activation of x, element by element."""
        return self.function(x, *[getattr(self, name) for name in self.names])

    def extend_repr(self):
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.names)


class LeakyReLU(_Numbers):
    """x where x > 0, alpha x elsewhere. Source: Maas, Hannun and Ng (2013)."""

    function, names = staticmethod(ops.leaky_relu), ("alpha",)

    def __init__(self, alpha=0.2):
        super().__init__(alpha)


class ELU(_Numbers):
    """x where x > 0, alpha (exp(x) - 1) elsewhere. Source: Clevert et al. (2016)."""

    function, names = staticmethod(ops.elu), ("alpha",)

    def __init__(self, alpha=1.0):
        super().__init__(alpha)


class CELU(_Numbers):
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1)). Source: Barron (2017)."""

    function, names = staticmethod(ops.celu), ("alpha",)

    def __init__(self, alpha=1.0):
        super().__init__(alpha)


class HShrink(_Numbers):
    """x where |x| > lambd, 0 elsewhere."""

    function, names = staticmethod(ops.hardshrink), ("lambd",)

    def __init__(self, lambd=0.5):
        super().__init__(lambd)

    def construct(self, input):
        """The activation of input, element by element."""
        return super().construct(input)


class SoftShrink(_Numbers):
    """sign(x) max(|x| - lambd, 0)."""

    function, names = staticmethod(ops.softshrink), ("lambd",)

    def __init__(self, lambd=0.5):
        super().__init__(lambd)

    def construct(self, input):
        """The activation of input, element by element."""
        return super().construct(input)


class Hardtanh(_Numbers):
    """x between min_val and max_val."""

    function, names = staticmethod(ops.hardtanh), ("min_val", "max_val")

    def __init__(self, min_val=-1.0, max_val=1.0):
        super().__init__(min_val, max_val)


class Threshold(_Numbers):
    """x where x > threshold, value elsewhere."""

    function, names = staticmethod(ops.threshold), ("threshold", "value")

    def __init__(self, threshold, value):
        super().__init__(threshold, value)

    def construct(self, input_x):
        """The activation of input_x, element by element."""
        return super().construct(input_x)


class RReLU(_Numbers):
    """x where x > 0; elsewhere x times a number evenly distributed over [lower, upper] while training, and times their
    mean otherwise. Source: Xu et al. (2015)."""

    function, names = staticmethod(ops.rrelu), ("lower", "upper")

    def __init__(self, lower=1 / 8, upper=1 / 3):
        super().__init__(lower, upper)
        if lower > upper:
            raise ValueError(f"For 'RReLU', the 'lower' must not be above the 'upper', but got {lower} and {upper}.")

    def construct(self, x):
        """The activation of x."""
        return super().construct(x) if self.training else ops.leaky_relu(x, (self.lower + self.upper) / 2)


class PReLU(Cell):
    """x where x > 0, a x elsewhere, with one trained slope `a`, or one for each channel. Source: He et al. (2015).

    Args:
        channel: 1, or the number of channels, the second axis. w: the slopes' first value: a number, or a tensor (or
            list) with one for each.
    """

    def __init__(self, channel=1, w=0.25):
        super().__init__()
        self.channel = positive_int("PReLU", "channel", channel)
        first = Tensor(w) if isinstance(w, list) else w
        self.a = Parameter(initializer(first, (channel,)), name="a")

    def construct(self, x):
        """The activation of x."""
        return ops.prelu(x, self.a)


_BY_NAME = {"softmax": Softmax, "softmax2d": Softmax2d, "logsoftmax": LogSoftmax, "relu": ReLU, "relu6": ReLU6,
            "rrelu": RReLU, "silu": SiLU, "tanh": Tanh, "gelu": GELU, "fast_gelu": FastGelu, "elu": ELU,
            "sigmoid": Sigmoid, "softsign": Softsign, "prelu": PReLU, "leakyrelu": LeakyReLU, "hswish": HSwish,
            "hsigmoid": HSigmoid, "logsigmoid": LogSigmoid, "softshrink": SoftShrink, "hshrink": HShrink,
            "mish": Mish, "softplus": Softplus, "celu": CELU, "glu": GLU, "selu": SeLU}
_activation = _BY_NAME  # the name that programs import, for the activations that there are


def get_activation(name, prim_name=None):
    """The activation layer called `name`, with its default arguments; None for none.

    Raises:
        KeyError: an unknown name; `prim_name` says for whom it was looked up.
    """
    if name is None:
        return None
    if name not in _BY_NAME:
        raise KeyError(f"For '{prim_name or 'get_activation'}', there is no activation called {name!r}; known names "
                       f"are {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]()
