"""Activation layers: each is an operator as a Cell."""
from __future__ import annotations

from mindspore import ops
from mindspore.nn.cell import Cell

__all__ = ["ReLU", "ReLU6", "GELU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "SiLU", "LeakyReLU", "ELU", "Mish",
           "HSwish", "HSigmoid", "LogSigmoid", "Softplus", "get_activation"]


class _Plain(Cell):
    """An activation without arguments."""

    def construct(self, x):
        """The activation of x, element by element."""
        return type(self).function(x)


def _plain(name: str, function: str, text: str) -> type:
    body = {"__doc__": text, "__module__": __name__, "function": staticmethod(lambda x: getattr(ops, function)(x))}
    return type(name, (_Plain,), body)


ReLU = _plain("ReLU", "relu", "max(x, 0).")
ReLU6 = _plain("ReLU6", "relu6", "min(max(x, 0), 6).")
Sigmoid = _plain("Sigmoid", "sigmoid", "1 / (1 + exp(-x)).")
Tanh = _plain("Tanh", "tanh", "The hyperbolic tangent.")
SiLU = _plain("SiLU", "silu", "x sigmoid(x). Source: Elfwing, Uchibe and Doya (2018).")
Mish = _plain("Mish", "mish", "x tanh(softplus(x)). Source: Misra (2019).")
HSwish = _plain("HSwish", "hardswish", "x min(max(x + 3, 0), 6) / 6. Source: Howard et al. (2019).")
HSigmoid = _plain("HSigmoid", "hardsigmoid", "min(max(x / 6 + 1/2, 0), 1).")
LogSigmoid = _plain("LogSigmoid", "logsigmoid", "log(sigmoid(x)).")
Softplus = _plain("Softplus", "softplus", "log(1 + exp(x)).")


class GELU(Cell):
    """x Phi(x), Phi the normal distribution function; `approximate` uses its tanh form. Source: Hendrycks (2016)."""

    def __init__(self, approximate=True):
        super().__init__()
        self.approximate = bool(approximate)

    def construct(self, x):
        """The activation of x."""
        return ops.gelu(x, approximate="tanh" if self.approximate else "none")


class Softmax(Cell):
    """exp(x) / sum(exp(x)) along one axis."""

    def __init__(self, axis=-1):
        super().__init__()
        self.axis = axis

    def construct(self, x):
        """The softmax of x."""
        return ops.softmax(x, self.axis)


class LogSoftmax(Cell):
    """log(softmax(x)) along one axis."""

    def __init__(self, axis=-1):
        super().__init__()
        self.axis = axis

    def construct(self, x):
        """The log-softmax of x."""
        return ops.log_softmax(x, self.axis)


class LeakyReLU(Cell):
    """x where x > 0, alpha x elsewhere."""

    def __init__(self, alpha=0.2):
        super().__init__()
        self.alpha = float(alpha)

    def construct(self, x):
        """The activation of x."""
        return ops.leaky_relu(x, self.alpha)


class ELU(Cell):
    """x where x > 0, alpha (exp(x) - 1) elsewhere. Source: Clevert et al. (2016)."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = float(alpha)

    def construct(self, x):
        """The activation of x."""
        return ops.elu(x, self.alpha)


_BY_NAME = {"softmax": Softmax, "logsoftmax": LogSoftmax, "relu": ReLU, "relu6": ReLU6, "tanh": Tanh, "gelu": GELU,
            "elu": ELU, "sigmoid": Sigmoid, "leakyrelu": LeakyReLU, "hswish": HSwish, "hsigmoid": HSigmoid,
            "logsigmoid": LogSigmoid, "silu": SiLU, "mish": Mish, "softplus": Softplus}


def get_activation(name, prim_name=None):
    """The activation layer called `name`; KeyError for an unknown name, None for none."""
    if name is None:
        return None
    if name not in _BY_NAME:
        raise KeyError(f"For '{prim_name or 'get_activation'}', there is no activation called {name!r}; known names "
                       f"are {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]()
