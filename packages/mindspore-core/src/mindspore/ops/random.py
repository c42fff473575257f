"""Random tensors.

Numbers come from the default generator, so they follow `set_seed`; a call with `seed` takes its own stream instead and
gives the same numbers every time; an operator object that is made with a seed goes on in its stream. Sizes are those of
the result.
"""
from __future__ import annotations

from typing import TypeAlias

import numpy as np

from mindspore.common.dtype import DType, as_dtype, float32, float64, int32, int64
from mindspore.common.generator import Generator, default_generator
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    Sizes,
    apply,
    as_inexact,
    as_tensor,
    constant,
    convert,
    primitive,
    static_bool,
    static_int,
    static_shape,
)
from mindspore.ops.activation import softmax
from mindspore.ops.arithmetic import add, mul, sub
from mindspore.ops.comparison import where
from mindspore.ops.indexing import one_hot
from mindspore.ops.reduction import argmax
from mindspore.ops.shapes import cut, expand_dims, squeeze
from mindspore.ops.sorting import topk
from mindspore.ops.state import stop_gradient

__all__ = [
    "bernoulli", "dropout", "dropout1d", "dropout2d", "dropout3d", "gumbel_softmax", "laplace", "multinomial",
    "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "random_categorical", "randperm",
    "rrelu", "shuffle", "standard_laplace", "standard_normal", "uniform",
]

_UNIFORM, _NORMAL, _BITS, _DROPOUT = map(primitive, ("random_uniform", "random_normal", "random_bits", "dropout"))
_LT, _SORT, _GATHER, _MOD, _ADD, _MUL, _LOG, _NEG, _SUB, _MAXIMUM, _RESHAPE, _BROADCAST = map(
    primitive, ("lt", "sort", "gather", "mod", "add", "mul", "log", "neg", "sub", "maximum", "reshape",
                "broadcast_to"))

Seed: TypeAlias = int | Generator | None


def state_of(seed: Seed) -> Tensor:
    """The seed and the offset for one random tensor: of a stream of its own where a seed is given, of the generator
    where one takes the seed's place."""
    if seed is None or isinstance(seed, Generator):
        return (seed or default_generator).draw()
    return constant(np.array([static_int("random", "seed", seed), 0]), int64)


def pair_of(seed: Seed, seed2: int) -> Seed:
    """The seed of an operator class: none where both are 0, and a stream where that takes the first one's place."""
    return seed if seed is None or isinstance(seed, Generator) else seed * 2**32 + seed2 or None


def _draw(op, shape: tuple, dtype: DType | None, seed: Seed) -> Tensor:
    target = float32 if dtype is None else as_dtype(dtype)
    if not target.is_floating:
        raise TypeError(f"{op.name}: dtype is {target}; expected a floating dtype")
    return apply(op, (state_of(seed),), (shape, target))


def uniform_unit(shape: tuple, dtype: DType, seed: Seed) -> Tensor:
    """Numbers evenly distributed over [0, 1)."""
    return _draw(_UNIFORM, shape, dtype, seed)


def _sizes(name: str, size: tuple) -> tuple:
    return static_shape(name, size[0] if len(size) == 1 and isinstance(size[0], (tuple, list, Tensor)) else size)


# -- numbers -----------------------------------------------------------------------------------------------------------

def rand(*size: int, dtype: DType | None = None, seed: Seed = None) -> Tensor:
    """Numbers evenly distributed over [0, 1), Float32 by default."""
    return _draw(_UNIFORM, _sizes("rand", size), dtype, seed)


def rand_like(input: Operand, seed: Seed = None, *, dtype: DType | None = None) -> Tensor:
    """Numbers evenly distributed over [0, 1), of the shape and dtype of input."""
    x = as_tensor("rand_like", input)
    return _draw(_UNIFORM, x.shape, dtype or x.dtype, seed)


def randn(*size: int, dtype: DType | None = None, seed: Seed = None) -> Tensor:
    """Numbers of the standard normal distribution, Float32 by default."""
    return _draw(_NORMAL, _sizes("randn", size), dtype, seed)


def randn_like(input: Operand, seed: Seed = None, *, dtype: DType | None = None) -> Tensor:
    """Numbers of the standard normal distribution, of the shape of input; Float32 where no dtype is given."""
    return _draw(_NORMAL, as_tensor("randn_like", input).shape, dtype, seed)


def standard_normal(shape: Sizes, seed: Seed = None) -> Tensor:
    """Numbers of the standard normal distribution, Float32."""
    return _draw(_NORMAL, static_shape("standard_normal", shape), None, seed)


def normal(shape: Sizes, mean: Operand, stddev: Operand, seed: Seed = None) -> Tensor:
    """Numbers of the normal distribution with this mean and standard deviation, to which `shape` is broadcast."""
    return add(mul(_draw(_NORMAL, spread("normal", shape, mean, stddev), None, seed), stddev), mean)


def spread(name: str, shape: Sizes, *parameters: Operand) -> tuple:
    """`shape` and the shapes of parameters, broadcast together."""
    shapes = [as_tensor(name, p).shape for p in parameters]
    try:
        return tuple(np.broadcast_shapes(static_shape(name, shape), *shapes))
    except ValueError:
        raise ValueError(f"{name}: shape {shape} and the parameters' shapes {shapes} cannot be broadcast "
                         f"together") from None


def uniform(shape: Sizes, minval: Operand, maxval: Operand, seed: Seed = None,
            dtype: DType = float32) -> Tensor:
    """Numbers evenly distributed over [minval, maxval): floating, or integers for Int32 and Int64."""
    size = spread("uniform", shape, minval, maxval)
    if as_dtype(dtype).is_integer:
        low, high = as_tensor("uniform", minval), as_tensor("uniform", maxval)
        return convert(_integers(size, convert(low, int64), convert(high, int64), seed), as_dtype(dtype))
    unit = _draw(_UNIFORM, size, dtype, seed)
    return add(mul(unit, sub(maxval, minval)), minval)


def _integers(shape: tuple, low: Tensor, high: Tensor, seed: Seed) -> Tensor:
    """low + (64 random bits mod (high - low)): the bias is below 2**-31 for ranges below 2**32."""
    bits = convert(apply(_BITS, (state_of(seed),), ((*shape, 2),)), int64)
    upper, lower = (squeeze(cut(bits, len(shape), i, i + 1), len(shape)) for i in (0, 1))
    word = apply(_ADD, (apply(_MUL, (upper, constant(2**31, int64))), lower))
    return apply(_ADD, (apply(_MOD, (word, apply(_SUB, (high, low)))), low))


def randint(low: int, high: int, size: Sizes, seed: Seed = None, *, dtype: DType | None = None) -> Tensor:
    """Whole numbers evenly distributed over [low, high), Int64 by default. ValueError for an empty range."""
    low, high = static_int("randint", "low", low), static_int("randint", "high", high)
    if low >= high:
        raise ValueError(f"randint: there is no number from low {low} up to but without high {high}")
    drawn = _integers(static_shape("randint", size), constant(low, int64), constant(high, int64), seed)
    return convert(drawn, int64 if dtype is None else as_dtype(dtype))


def randint_like(input: Operand, low: int, high: int, seed: Seed = None, *,
                 dtype: DType | None = None) -> Tensor:
    """Whole numbers evenly distributed over [low, high), of the shape and dtype of input."""
    x = as_tensor("randint_like", input)
    return randint(low, high, x.shape, seed, dtype=dtype or x.dtype)


def randperm(n: int, seed: Seed = 0, offset: int = 0, dtype: DType = int64) -> Tensor:
    """The numbers 0 .. n - 1 in random order. The seed 0 stands for none."""
    n = static_int("randperm", "n", n)
    if n < 0:
        raise ValueError(f"randperm: n is {n}; expected an int that is not negative")
    return convert(_order(n, seed or None), as_dtype(dtype))


def _order(n: int, seed: Seed) -> Tensor:
    """A random permutation: where the numbers of a random tensor come from when it is sorted."""
    keys = apply(_UNIFORM, (state_of(seed),), ((n,), float64))
    return apply(_SORT, (keys,), (0, False))[1]


def shuffle(x: Operand, seed: Seed = None) -> Tensor:
    """The slices along the first axis in random order. TypeError for what is no tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(f"shuffle: x is {x!r} of type {type(x).__name__}; expected a Tensor")
    if x.ndim == 0:
        return x
    return apply(_GATHER, (x, _order(x.shape[0], seed)), (0,))


def bernoulli(input: Operand, p: Operand = 0.5, seed: Seed = None) -> Tensor:
    """1 with probability `p`, else 0, for each element of input, in its dtype. ValueError for a number outside
    [0, 1]."""
    x = as_tensor("bernoulli", input)
    if isinstance(p, (int, float)) and not 0 <= p <= 1:
        raise ValueError(f"bernoulli: p is {p}; expected a number from 0 to 1")
    chance = convert(as_tensor("bernoulli", p), float32)
    return convert(apply(_LT, (_draw(_UNIFORM, x.shape, None, seed), chance)), x.dtype)


def standard_laplace(shape: Sizes, seed: Seed = None) -> Tensor:
    """Numbers of the Laplace distribution with mean 0 and scale 1: the difference of two exponential ones."""
    size = static_shape("standard_laplace", shape)
    unit = apply(_SUB, (constant(1, float32), _draw(_UNIFORM, (2, *size), None, seed)))
    waits = apply(_NEG, (apply(_LOG, (unit,)),))
    return apply(_SUB, (squeeze(cut(waits, 0, 0, 1), 0), squeeze(cut(waits, 0, 1, 2), 0)))


def laplace(shape: Sizes, mean: Operand, lambda_param: Operand, seed: Seed = None) -> Tensor:
    """Numbers of the Laplace distribution with this mean and scale."""
    unit = standard_laplace(spread("laplace", shape, mean, lambda_param), seed)
    return add(mul(unit, lambda_param), mean)


# -- choices -----------------------------------------------------------------------------------------------------------

def _gumbel(shape: tuple, dtype: DType, seed: Seed) -> Tensor:
    """-log(-log(u)) of u evenly distributed over (0, 1]; the largest of logits plus such noise is a draw from their
    softmax (Gumbel, 1954; Maddison, Tarlow and Minka, A* sampling, 2014)."""
    unit = apply(_SUB, (constant(1, dtype), _draw(_UNIFORM, shape, dtype, seed)))
    wait = apply(_MAXIMUM, (apply(_NEG, (apply(_LOG, (unit,)),)), constant(1e-7, dtype)))
    return apply(_NEG, (apply(_LOG, (wait,)),))


def random_categorical(logits: Operand, num_sample: int, seed: Seed = 0, dtype: DType = int64) -> Tensor:
    """For each row of logits (rows, classes) `num_sample` class numbers drawn from their softmax. The seed 0 stands for
    none."""
    x = as_inexact("random_categorical", logits)
    if x.ndim != 2:
        raise ValueError(f"random_categorical: logits have shape {x.shape}; expected (rows, classes)")
    noise = _gumbel((x.shape[0], static_int("random_categorical", "num_sample", num_sample), x.shape[1]), x.dtype,
                    seed or None)
    return convert(argmax(apply(_ADD, (expand_dims(x, 1), noise)), 2), as_dtype(dtype))


def multinomial(input: Operand, num_samples: int, replacement: bool = True, seed: Seed = None) -> Tensor:
    """Places (Int32) drawn with the probabilities, not necessarily of sum 1, along the last axis of input (one or two
    axes); without `replacement` no place is drawn twice."""
    p = as_inexact("multinomial", input)
    count = static_int("multinomial", "num_samples", num_samples)
    if p.ndim not in (1, 2) or count < 1:
        raise ValueError(f"multinomial: input has shape {p.shape} and num_samples is {count}; expected one or two axes "
                         f"and a positive number")
    logits = apply(_LOG, (p,))
    if not static_bool("multinomial", "replacement", replacement):
        return topk(apply(_ADD, (logits, _gumbel(p.shape, p.dtype, seed))), count)[1]
    rows = logits if p.ndim == 2 else apply(_RESHAPE, (logits,), ((1, p.shape[0]),))
    drawn = random_categorical(rows, count, seed, int32)
    return drawn if p.ndim == 2 else apply(_RESHAPE, (drawn,), ((count,),))


def gumbel_softmax(logits: Operand, tau: float = 1.0, hard: bool = False, dim: int = -1) -> Tensor:
    """softmax((logits + Gumbel noise) / tau) along `dim`; with `hard` the one-hot code of its largest element, with the
    derivative of the soft one (Jang, Gu and Poole, 2017)."""
    x = as_inexact("gumbel_softmax", logits)
    if tau <= 0:
        raise ValueError(f"gumbel_softmax: tau is {tau}; expected a positive number")
    soft = softmax(mul(apply(_ADD, (x, _gumbel(x.shape, x.dtype, None))), 1 / tau), dim)
    if not hard:
        return soft
    axis = dim if dim >= 0 else dim + x.ndim
    code = convert(one_hot(argmax(soft, axis), x.shape[axis], True, False, axis), x.dtype)
    return add(stop_gradient(sub(code, soft)), soft)


# -- dropout -----------------------------------------------------------------------------------------------------------

def dropout(input: Operand, p: float = 0.5, training: bool = True, seed: Seed = None) -> Tensor:
    """input with elements set to 0 with probability p, and the others divided by 1 - p, while `training`.

    Raises:
        ValueError: p is not in [0, 1].
    """
    x = as_inexact("dropout", input)
    p = _probability("dropout", p)
    if not training or p == 0:
        return x
    if p == 1:
        return mul(x, 0)
    return apply(_DROPOUT, (x, state_of(seed)), (1.0 - p,))[0]


def _probability(name: str, p: float) -> float:
    if isinstance(p, bool) or not isinstance(p, (int, float, np.number)):
        raise TypeError(f"{name}: p must be a number, but got {type(p).__name__}: {p!r}")
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p is {p}; expected a number from 0 to 1")
    return float(p)


def _dropout_channels(name: str, input: Operand, p: float, training: bool, ranks: tuple) -> Tensor:
    """Whole channels set to 0: the axes after the first len - spatial ones are dropped or kept as one."""
    x = as_inexact(name, input)
    if x.ndim not in ranks:
        raise ValueError(f"{name}: input has shape {x.shape}; expected {ranks[0]} or {ranks[1]} axes")
    lead = 2 if x.ndim == ranks[1] else 1
    ones = apply(_BROADCAST, (constant(1, x.dtype),), (x.shape[:lead] + (1,) * (x.ndim - lead),))
    return mul(x, dropout(ones, _probability(name, p), True)) if training and p else x


def dropout1d(input: Operand, p: float = 0.5, training: bool = True) -> Tensor:
    """input (N, C, L) or (C, L) with whole channels set to 0 with probability p; see `dropout`."""
    return _dropout_channels("dropout1d", input, p, training, (2, 3))


def dropout2d(input: Operand, p: float = 0.5, training: bool = True) -> Tensor:
    """input (N, C, H, W) or (C, H, W) with whole channels set to 0 with probability p; see `dropout`."""
    return _dropout_channels("dropout2d", input, p, training, (3, 4))


def dropout3d(input: Operand, p: float = 0.5, training: bool = True) -> Tensor:
    """input (N, C, D, H, W) or (C, D, H, W) with whole channels set to 0 with probability p; see `dropout`."""
    return _dropout_channels("dropout3d", input, p, training, (4, 5))


def rrelu(input: Operand, lower: float = 1 / 8, upper: float = 1 / 3) -> Tensor:
    """input where it is above 0, else a number evenly distributed over [lower, upper] times input."""
    x = as_inexact("rrelu", input)
    slope = add(mul(_draw(_UNIFORM, x.shape, x.dtype, None), upper - lower), lower)
    return where(apply(_LT, (constant(0, x.dtype), x)), x, mul(x, slope))
