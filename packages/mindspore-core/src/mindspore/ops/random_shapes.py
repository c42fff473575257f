"""Random tensors of the gamma, Poisson, Cauchy, truncated normal and other distributions, and random choices.

Numbers come from the default generator unless a call has a `seed`, as in `random`. A seed of an operator class is a
pair (seed, seed2), of which two zeros stand for none.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.dtype import DType, as_dtype, float32, float64, int32, int64, uint8
from mindspore.common.generator import Generator
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    Sizes,
    apply,
    as_bool,
    as_inexact,
    as_tensor,
    constant,
    convert,
    primitive,
    static_int,
    static_shape,
)
from mindspore.ops.arithmetic import add, clamp, mul, sub, true_divide
from mindspore.ops.comparison import bitwise_and, where
from mindspore.ops.creation import arange
from mindspore.ops.elementwise import erf, exp, log1p, tan
from mindspore.ops.joining import concat, stack
from mindspore.ops.random import Seed, bernoulli, multinomial, normal, pair_of, spread, state_of, uniform_unit
from mindspore.ops.reduction import count_nonzero
from mindspore.ops.shapes import broadcast_to, cut, ravel, reshape
from mindspore.ops.special import erfinv

__all__ = [
    "bernoulli_ext", "choice_with_mask", "gamma", "multinomial_with_replacement", "poisson", "random_gamma",
    "random_poisson",
]

_GAMMA, _POISSON, _SORT, _BITS = map(primitive, ("random_gamma", "random_poisson", "sort", "random_bits"))


# -- gamma and Poisson -------------------------------------------------------------------------------------------------

def gamma(shape: Sizes, alpha: Operand, beta: Operand, seed: Seed = None) -> Tensor:
    """Numbers (Float32) of the gamma distribution with shape parameter alpha and inverse scale beta, both positive, to
    which `shape` is broadcast. Derivatives: by alpha that of the quantiles, by beta that of the quotient."""
    size = spread("gamma", shape, alpha, beta)
    a = broadcast_to(convert(as_tensor("gamma", alpha, "alpha"), float32), size)
    return true_divide(apply(_GAMMA, (state_of(seed), a)), convert(as_tensor("gamma", beta, "beta"), float32))


def random_gamma(shape: Sizes, alpha: Operand, seed: Seed = None) -> Tensor:
    """Numbers of the gamma distribution with shape parameter alpha and scale 1: `shape` of them for each element of
    alpha, so the result has shape `shape` + alpha.shape, and the dtype of alpha."""
    a = as_inexact("random_gamma", alpha)
    return apply(_GAMMA, (state_of(seed), broadcast_to(a, (*static_shape("random_gamma", shape), *a.shape))))


def poisson(shape: Sizes, mean: Operand, seed: Seed = None) -> Tensor:
    """Whole numbers (Int32) of the Poisson distribution with this mean, to which `shape` is broadcast."""
    size = spread("poisson", shape, mean)
    rate = broadcast_to(convert(as_tensor("poisson", mean, "mean"), float64), size)
    return convert(apply(_POISSON, (state_of(seed), rate)), int32)


def random_poisson(shape: Sizes, rate: Operand, seed: Seed = None, dtype: DType = float32) -> Tensor:
    """Whole numbers of the Poisson distribution, `shape` of them for each rate: of shape `shape` + rate.shape.
    TypeError where rate or dtype is Bool or complex."""
    means = as_tensor("random_poisson", rate, "rate")
    for what, kind in (("rate", means.dtype), ("dtype", as_dtype(dtype))):
        if kind.kind not in "iuf":
            raise TypeError(f"random_poisson: {what} is {kind}; expected integers or floating-point numbers")
    means = convert(means, float64)
    size = (*static_shape("random_poisson", shape), *means.shape)
    return convert(apply(_POISSON, (state_of(seed), broadcast_to(means, size))), as_dtype(dtype))


# -- transformed uniform and normal numbers ----------------------------------------------------------------------------

def cauchy(shape: Sizes, median: Operand = 0.0, sigma: Operand = 1.0, seed: Seed = None) -> Tensor:
    """Numbers (Float32) of the Cauchy distribution: median + sigma tan(pi (u - 1/2)), u evenly distributed."""
    angle = mul(sub(uniform_unit(static_shape("cauchy", shape), float32, seed), 0.5), math.pi)
    return add(mul(tan(angle), sigma), median)


def log_normal(input: Operand, mean: float = 1.0, std: float = 2.0, seed: Seed = None) -> Tensor:
    """exp of numbers of the normal distribution with this mean and deviation, in the shape and dtype of input."""
    x = as_inexact("log_normal", input)
    return convert(exp(normal(x.shape, mean, std, seed)), x.dtype)


def exponential(shape: Sizes, lambd: Operand = 1.0, seed: Seed = None) -> Tensor:
    """Numbers (Float32) of the exponential distribution of rate lambd: -log(1 - u) / lambd, u evenly distributed."""
    unit = uniform_unit(static_shape("exponential", shape), float32, seed)
    return true_divide(sub(0.0, log1p(sub(0.0, unit))), lambd)


def truncated_normal(shape: Sizes, mean: Operand = 0.0, stddev: Operand = 1.0, low: Operand = -2.0,
                     high: Operand = 2.0, seed: Seed = None, dtype: DType = float32) -> Tensor:
    """Numbers of the normal distribution that lie from `low` to `high`, by the inverse of the distribution function in
    Float64: bounds that lie more than 8 deviations from the mean on one side are met only roughly."""
    center, scale, a, b = (convert(as_tensor("truncated_normal", v), float64) for v in (mean, stddev, low, high))
    ends = [erf(mul(true_divide(sub(v, center), scale), math.sqrt(0.5))) for v in (a, b)]
    unit = uniform_unit(static_shape("truncated_normal", shape), float64, seed)
    level = add(ends[0], mul(unit, sub(ends[1], ends[0])))
    value = add(center, mul(scale, mul(erfinv(level), math.sqrt(2.0))))
    return convert(clamp(value, a, b), as_dtype(dtype))


def parameterized_truncated_normal(shape, mean, stdevs, min, max, seed=0, seed2=0):
    """Numbers of normal distributions that lie from `min` to `max`, in the dtype of mean; parameters have one element,
    or one for each entry of the first axis of `shape`. The seed 0 stands for none."""
    size = static_shape("ParameterizedTruncatedNormal", shape)
    ones = (1,) * len(size)
    column = (size[0], *ones[1:]) if size else ()
    count = size[0] if size else 1
    given = []
    for what, value in (("mean", mean), ("stdevs", stdevs), ("min", min), ("max", max)):
        x = as_inexact("ParameterizedTruncatedNormal", value)
        if x.size not in (1, count):
            raise ValueError(f"ParameterizedTruncatedNormal: {what} has shape {x.shape}; expected one element, or "
                             f"{count}, the first size of the shape")
        given.append(reshape(x, column if x.size == count else ones))
    return truncated_normal(size, *given, seed=pair_of(seed, seed2), dtype=given[0].dtype)


def non_deterministic_ints(shape: Sizes, dtype: DType = int64) -> Tensor:
    """Whole numbers evenly distributed over all that the dtype (Int32 or Int64) has, from the default generator."""
    target, size = as_dtype(dtype), static_shape("NonDeterministicInts", shape)
    if not target.is_integer:
        raise TypeError(f"NonDeterministicInts: dtype is {target}; expected an integer dtype")
    words = convert(apply(_BITS, (state_of(None),), ((2, *size),)), int64)
    high, low = (reshape(cut(words, 0, k, k + 1), size) for k in (0, 1))
    return convert(add(mul(high, 2**32), low), target)


# -- choices -----------------------------------------------------------------------------------------------------------

def bernoulli_ext(input: Operand, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element says, else 0, in the dtype of input."""
    return bernoulli(input, input, generator)


def dropout_mask(shape: Sizes, keep_prob: float, seed: Seed = 0, seed2: int = 0) -> Tensor:
    """Bits (UInt8, eight in each) that are 1 with the probability keep_prob, for `dropout_by_mask`: one for each
    element of a tensor of this shape, lowest bits first, and more, so that their number is a multiple of 128."""
    count = math.prod(static_shape("DropoutGenMask", shape))
    bits = uniform_unit((-(-count // 128) * 16, 8), float32, pair_of(seed, seed2)) < keep_prob
    return convert((convert(bits, int32) * _bit_values()).sum(1), uint8)


def dropout_by_mask(input_x: Operand, mask: Operand, keep_prob: float) -> Tensor:
    """input_x / keep_prob where the bit of `mask` is 1, else 0; see `dropout_mask`."""
    x, packed = as_inexact("DropoutDoMask", input_x), as_tensor("DropoutDoMask", mask, "mask")
    if packed.dtype is not uint8 or packed.ndim != 1 or packed.size * 8 < x.size:
        raise ValueError(f"DropoutDoMask: the mask is {packed.dtype} of shape {packed.shape}; expected UInt8 with one "
                         f"axis, and at least {x.size} bits")
    bits = bitwise_and(convert(packed, int32).expand_dims(1), _bit_values()) != 0
    kept = reshape(cut(ravel(bits), 0, 0, x.size), x.shape)
    return where(kept, true_divide(x, keep_prob), 0.0)


def _bit_values() -> Tensor:
    return constant(2 ** np.arange(8), int32)


def multinomial_with_replacement(x: Operand, seed: int, offset: int, numsamples: int,
                                 replacement: bool = False) -> Tensor:
    """Places (Int64) drawn with the probabilities along the last axis of x (one or two axes): numsamples of each row,
    without `replacement` each place at most once."""
    chosen = multinomial(x, numsamples, replacement, pair_of(static_int("multinomial_with_replacement", "seed", seed),
                                                             static_int("multinomial_with_replacement", "offset",
                                                                        offset)))
    return convert(chosen, int64)


def choice_with_mask(input_x: Operand, count: int = 256, seed: Seed = None) -> tuple[Tensor, Tensor]:
    """(places, mask): the coordinates (count, axes; Int32) of true elements of input_x (one to five axes) in random
    order, and which of the rows hold one; rows beyond the number of true elements are 0."""
    x = as_bool("RandomChoiceWithMask", input_x, "input_x")
    if not 1 <= x.ndim <= 5:
        raise ValueError(f"RandomChoiceWithMask: input_x has shape {x.shape}; expected one to five axes")
    flat = ravel(x)
    keys = where(flat, uniform_unit(flat.shape, float64, seed), 2.0)
    order = apply(_SORT, (keys,), (0, False))[1]
    missing = count - flat.shape[0]
    order = convert(concat([order, convert(arange(missing), order.dtype)]) if missing > 0 else cut(order, 0, 0, count),
                    int32)
    mask = arange(count) < count_nonzero(flat)
    axes, rest = [], order
    for size in reversed(x.shape):
        axes.append(rest % size)
        rest = rest // size
    return where(mask.expand_dims(1), stack(axes[::-1], 1), 0), mask


def permutation_of(n: Operand, max_length: int = 1, pad: int = -1, dtype: DType = int32) -> Tensor:
    """The numbers below n in random order, then `pad`, in all max_length numbers; n may be a tensor. ValueError where
    n is known and above max_length."""
    if isinstance(n, (int, np.integer)) and n > max_length:
        raise ValueError(f"Randperm: n is {n}; expected at most max_length, {max_length}")
    count = reshape(convert(as_tensor("Randperm", n, "n"), int64), ())
    inside = arange(max_length) < count
    keys = where(inside, uniform_unit((max_length,), float64, None), 2.0)
    order = apply(_SORT, (keys,), (0, False))[1]
    return convert(where(inside, convert(order, int64), pad), as_dtype(dtype))
