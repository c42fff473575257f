"""Initializers: the distributions from which parameters start.

`initializer(init, shape, dtype)` draws a tensor. Each draw takes the next stream of the seed (`common.seed`), so that
after `set_seed` a network is reproducible and two layers made in a row differ. fan_in and fan_out follow the layout
(out, in, spatial...) of dense and convolution weights.
"""
from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from functools import partial

import numpy as np

from mindspore.common import dtype as mstype
from mindspore.common.deferred import DeferredTensor, is_deferred
from mindspore.common.dtype import as_dtype
from mindspore.common.seed import next_stream
from mindspore.common.tensor import Tensor

__all__ = ["Initializer", "initializer", "Zero", "One", "Constant", "Normal", "TruncatedNormal", "Uniform",
           "XavierUniform", "XavierNormal", "HeUniform", "HeNormal", "Identity", "Orthogonal", "Sparse", "Dirac",
           "VarianceScaling"]

_ALIASES: dict[str, type[Initializer]] = {}


class Initializer:
    """Base of initializers. Subclasses define `draw(shape, generator)`, which gives a float64 array, or
    `_initialize(array)`, which fills a float32 array in place."""

    def __init_subclass__(cls, aliases: tuple[str, ...] = (), **kwargs):
        super().__init_subclass__(**kwargs)
        for name in (cls.__name__.lower(), *aliases):
            _ALIASES[name] = cls

    def __init__(self, **kwargs):
        self._kwargs = kwargs

    @property
    def seed(self) -> int | None:
        """A seed of its own, from which every tensor is drawn anew; None: each takes the next stream of `set_seed`."""
        return self.__dict__.get("_seed")

    @seed.setter
    def seed(self, value: int | None) -> None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise TypeError(f"{type(self).__name__}: seed must be None or an int of at least 0, got {value!r}")
        self._seed = value

    def stream(self) -> np.random.Generator:
        """Where the next tensor's numbers come from."""
        return next_stream("init") if self.seed is None else np.random.default_rng(self.seed)

    def draw(self, shape: tuple, generator: np.random.Generator) -> np.ndarray:
        """An array of this shape, drawn from the generator."""
        array = np.zeros(shape, np.float32)
        self._initialize(array)
        return array

    def _initialize(self, array: np.ndarray) -> None:
        raise TypeError(f"{type(self).__name__} defines neither draw nor _initialize")

    def __call__(self, array: np.ndarray) -> None:
        """Fill an array in place."""
        array[...] = self.draw(array.shape, self.stream())

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if not k.startswith("_"))
        return f"{type(self).__name__}({values})"


class Zero(Initializer, aliases=("zeros",)):
    """All zeros."""

    def draw(self, shape, generator):
        return np.zeros(shape)


class One(Initializer, aliases=("ones",)):
    """All ones."""

    def draw(self, shape, generator):
        return np.ones(shape)


class Constant(Initializer):
    """One value everywhere."""

    def __init__(self, value):
        super().__init__()
        self.value = value

    def draw(self, shape, generator):
        return np.broadcast_to(np.asarray(self.value, np.float64), shape).copy()


class Normal(Initializer):
    """Normal distribution N(mean, sigma^2)."""

    def __init__(self, sigma=0.01, mean=0.0):
        super().__init__()
        self.sigma, self.mean = sigma, mean

    def draw(self, shape, generator):
        return generator.normal(self.mean, self.sigma, shape)


class TruncatedNormal(Initializer):
    """Normal distribution cut to [a, b] (in absolute values around `mean`), by drawing again what falls outside."""

    def __init__(self, sigma=0.01, mean=0.0, a=-2.0, b=2.0):
        super().__init__()
        low, high = (0.5 * math.erf((end - mean) / sigma / math.sqrt(2)) for end in (a, b))
        if not high - low > 1e-4:
            raise ValueError(f"TruncatedNormal: the interval from a={a} to b={b} holds less than a ten-thousandth of a "
                             f"normal distribution with mean {mean} and sigma {sigma}")
        self.sigma, self.mean, self.a, self.b = sigma, mean, a, b

    def draw(self, shape, generator):
        return _truncated(generator, shape, self.mean, self.sigma, self.a, self.b)


class Uniform(Initializer):
    """Uniform distribution over [-scale, scale]."""

    def __init__(self, scale=0.07):
        super().__init__()
        self.scale = scale

    def draw(self, shape, generator):
        return generator.uniform(-self.scale, self.scale, shape)


class XavierUniform(Initializer, aliases=("xavier_uniform",)):
    """Uniform over +-gain * sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio (2010)."""

    def __init__(self, gain=1):
        super().__init__()
        self.gain = gain

    def draw(self, shape, generator):
        bound = self.gain * math.sqrt(6.0 / sum(fans(shape)))
        return generator.uniform(-bound, bound, shape)


class XavierNormal(Initializer, aliases=("xavier_normal",)):
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)). Source: Glorot and Bengio (2010)."""

    def __init__(self, gain=1):
        super().__init__()
        self.gain = gain

    def draw(self, shape, generator):
        return generator.normal(0.0, self.gain * math.sqrt(2.0 / sum(fans(shape))), shape)


class _He(Initializer):
    """What the two initializers of He et al. (2015) share: std = gain / sqrt(fan)."""

    def __init__(self, negative_slope=0, mode="fan_in", nonlinearity="leaky_relu"):
        super().__init__()
        if mode not in ("fan_in", "fan_out"):
            raise ValueError(f"{type(self).__name__}: mode must be 'fan_in' or 'fan_out', got {mode!r}")
        self.negative_slope, self.mode, self.nonlinearity = negative_slope, mode, nonlinearity

    def std(self, shape: tuple) -> float:
        fan = fans(shape)[self.mode == "fan_out"]
        return gain(self.nonlinearity, self.negative_slope) / math.sqrt(fan)


class HeUniform(_He, aliases=("he_uniform",)):
    """Uniform over +-sqrt(3) * gain / sqrt(fan). Source: He et al. (2015)."""

    def draw(self, shape, generator):
        bound = math.sqrt(3.0) * self.std(shape)
        return generator.uniform(-bound, bound, shape)


class HeNormal(_He, aliases=("he_normal",)):
    """Normal with standard deviation gain / sqrt(fan). Source: He et al. (2015)."""

    def draw(self, shape, generator):
        return generator.normal(0.0, self.std(shape), shape)


class Identity(Initializer):
    """The identity matrix (two dimensions only)."""

    def draw(self, shape, generator):
        if len(shape) != 2:
            raise ValueError(f"Identity: the shape must have 2 dimensions, got {shape}")
        return np.eye(*shape)


class Orthogonal(Initializer):
    """A (semi-)orthogonal matrix times gain. Source: Saxe et al. (2013)."""

    def __init__(self, gain=1.0):
        super().__init__()
        self.gain = gain

    def draw(self, shape, generator):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: the shape must have at least 2 dimensions, got {shape}")
        rows, columns = shape[0], math.prod(shape[1:])
        q, r = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diagonal(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


class Sparse(Initializer):
    """A fraction `sparsity` of zeros in each column of a matrix, N(0, sigma^2) elsewhere. Source: Martens (2010)."""

    def __init__(self, sparsity, sigma=0.01):
        super().__init__()
        self.sparsity, self.sigma = sparsity, sigma

    def draw(self, shape, generator):
        if len(shape) != 2:
            raise ValueError(f"Sparse: the shape must have 2 dimensions, got {shape}")
        values = generator.normal(0.0, self.sigma, shape)
        zeros = math.ceil(self.sparsity * shape[0])
        for column in range(shape[1]):
            values[generator.permutation(shape[0])[:zeros], column] = 0.0
        return values


class Dirac(Initializer):
    """Convolution weights that pass their input through, per group (3, 4 or 5 dimensions)."""

    def __init__(self, groups=1):
        super().__init__()
        self.groups = groups

    def draw(self, shape, generator):
        if len(shape) not in (3, 4, 5):
            raise ValueError(f"Dirac: the shape must have 3, 4 or 5 dimensions, got {shape}")
        if shape[0] % self.groups:
            raise ValueError(f"Dirac: {shape[0]} output channels cannot be divided into {self.groups} groups")
        values = np.zeros(shape)
        per_group = shape[0] // self.groups
        centre = tuple(d // 2 for d in shape[2:])
        for group in range(self.groups):
            for channel in range(min(per_group, shape[1])):
                values[(group * per_group + channel, channel, *centre)] = 1.0
        return values


class VarianceScaling(Initializer):
    """Scale chosen by the fan: variance = scale / fan."""

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal"):
        super().__init__()
        if scale <= 0:
            raise ValueError(f"VarianceScaling: scale must be positive, got {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"VarianceScaling: mode must be fan_in, fan_out or fan_avg, got {mode!r}")
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(f"VarianceScaling: distribution must be uniform, truncated_normal or untruncated_normal, "
                             f"got {distribution!r}")
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def draw(self, shape, generator):
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            bound = math.sqrt(3.0 * variance)
            return generator.uniform(-bound, bound, shape)
        if self.distribution == "untruncated_normal":
            return generator.normal(0.0, math.sqrt(variance), shape)
        sigma = math.sqrt(variance) / 0.87962566103423978  # the deviation of a unit normal cut at two deviations
        return _truncated(generator, shape, 0.0, sigma, -2.0 * sigma, 2.0 * sigma)


def _truncated(generator: np.random.Generator, shape: tuple, mean: float, sigma: float, low: float,
               high: float) -> np.ndarray:
    values = generator.normal(mean, sigma, shape)
    outside = (values < low) | (values > high)
    while outside.any():
        values[outside] = generator.normal(mean, sigma, int(outside.sum()))
        outside = (values < low) | (values > high)
    return values


def fans(shape: tuple) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight of this shape; ValueError below two dimensions."""
    if len(shape) < 2:
        raise ValueError(f"fan_in and fan_out need a shape of at least 2 dimensions, got {shape}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def gain(nonlinearity: str, slope: float = 0) -> float:
    """The recommended gain for a nonlinearity; ValueError for an unknown one."""
    known = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3.0, "relu": math.sqrt(2.0),
             "leaky_relu": math.sqrt(2.0 / (1.0 + slope * slope))}
    for name in ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"):
        known[name] = 1.0
    if nonlinearity not in known:
        raise ValueError(f"nonlinearity must be one of {', '.join(known)}, got {nonlinearity!r}")
    return known[nonlinearity]


# What initializers of programs call; no part of the interface, but much used.


def _calculate_fan_in_and_fan_out(shape: tuple) -> tuple[int, int]:
    return fans(tuple(shape))


def _calculate_correct_fan(shape: tuple, mode: str) -> int:
    """One of the two; ValueError for another mode than 'fan_in' and 'fan_out'."""
    if mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return fans(tuple(shape))[mode.lower() == "fan_out"]


def _calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    return gain(nonlinearity, 0.01 if param is None else param)


_INITIALIZER_ALIAS = _ALIASES  # classes by all names that `initializer` takes, in lower case


def _register(*aliases: str) -> Callable[[type[Initializer]], type[Initializer]]:
    """Decorator: `initializer` takes these names for the class, too."""
    def register(cls: type[Initializer]) -> type[Initializer]:
        _ALIASES.update({alias.lower(): cls for alias in aliases})
        return cls
    return register


def _init_random_normal(mean: float, sigma: float, shape: tuple) -> np.ndarray:
    """Numbers of a normal distribution, drawn as initial values are."""
    return Normal(sigma, mean).draw(shape, Initializer().stream()).astype(np.float32)


def _init_random_uniform(a: float, b: float, shape: tuple) -> np.ndarray:
    """Numbers of the uniform distribution over [a, b), drawn as initial values are."""
    return Initializer().stream().uniform(a, b, shape).astype(np.float32)


def _init_truncated_normal(a: float, b: float, mean: float, sigma: float, shape: tuple) -> np.ndarray:
    """Numbers of a normal distribution cut to [a, b], drawn as initial values are."""
    return TruncatedNormal(sigma, mean, a, b).draw(shape, Initializer().stream()).astype(np.float32)


def _assignment(arr: np.ndarray, num) -> np.ndarray:
    """Fill an array in place; the array."""
    arr[...] = np.reshape(num, arr.shape) if np.size(num) == arr.size else num
    return arr


def initializer(init, shape=None, dtype=mstype.float32) -> Tensor:
    """A tensor drawn by an initializer.

    Args:
        init: an Initializer, a name such as 'normal', 'xavier_uniform', 'zeros', a number (for a constant), or a Tensor
            (returned as it is, if the shape fits).
        shape: an int, or a tuple or list of ints.
        dtype: element type of the result.

    Raises:
        TypeError: `init` is none of these. ValueError: an unknown name, or a shape that is negative or does not fit.
    """
    if isinstance(init, Tensor):
        if shape is not None and init.shape != _shape(shape):
            raise ValueError(f"initializer: the given tensor has shape {init.shape}, expected {_shape(shape)}")
        return init
    if isinstance(init, str):
        cls = _ALIASES.get(init.lower())
        if cls is None:
            raise ValueError(f"initializer: there is no initializer called {init!r}; known names are "
                             f"{', '.join(sorted(_ALIASES))}")
        init = cls()
    elif isinstance(init, numbers.Number):
        init = Constant(init)
    elif not isinstance(init, Initializer):
        raise TypeError(f"initializer: init must be an Initializer, a name, a number or a Tensor, "
                        f"got {type(init).__name__}")
    drawn, size = as_dtype(dtype), _shape(shape)
    if is_deferred():
        found = DeferredTensor(shape=size, dtype=drawn)
        found.draw = partial(_drawn, init, size, drawn)
        return found
    return _drawn(init, size, drawn)


def _drawn(init: Initializer, shape: tuple, dtype: mstype.DType) -> Tensor:
    """A tensor that the initializer fills."""
    return Tensor(init.draw(shape, init.stream()).astype(dtype.np))


def _shape(shape) -> tuple:
    if shape is None:
        raise ValueError("initializer: shape is missing; give an int or a tuple of ints")
    shape = (shape,) if isinstance(shape, int) else tuple(int(d) for d in shape)
    if any(d < 0 for d in shape):
        raise ValueError(f"initializer: shape must not be negative, got {shape}")
    return shape
