"""Operators of `mindspore.ops.auto_generate` that draw random numbers and are given a seed and an offset.

    seed, offset = default_generator._step(12)
    DropoutExt()(x, 0.1, seed, offset)

The numbers depend on these two alone, which a generator hands out.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import float32, int64
from mindspore.common.generator import Generator
from mindspore.common.tensor import Tensor
from mindspore.ops import random
from mindspore.ops.choosing import where
from mindspore.ops.joining import concat
from mindspore.ops.primitive import Primitive, define
from mindspore.ops.shapes import reshape

__all__ = ["NAMES", "Pair"]


class Pair(Generator):
    """What stands for a generator where an operator is given a seed and an offset: these mean the same numbers."""

    def __init__(self, seed: Any, offset: Any):
        numbers = [reshape(value if isinstance(value, Tensor) else Tensor(value, int64), (1,)).astype(int64)
                   for value in (seed, offset)]
        self._given = concat(numbers)

    def draw(self) -> Tensor:
        """The seed and the offset."""
        return self._given


def _rand(shape: Any, seed: Any, offset: Any, dtype: Any = None) -> Tensor:
    """Numbers evenly distributed over [0, 1)."""
    return random.rand(tuple(shape), dtype=dtype, seed=Pair(seed, offset))


def _randn(shape: Any, seed: Any, offset: Any, dtype: Any = None) -> Tensor:
    """Numbers of the standard normal distribution."""
    return random.randn(tuple(shape), dtype=dtype, seed=Pair(seed, offset))


def _rand_like(tensor: Tensor, seed: Any, offset: Any, dtype: Any = None) -> Tensor:
    """Numbers evenly distributed over [0, 1), of the shape of a tensor."""
    return random.rand(tensor.shape, dtype=dtype or tensor.dtype, seed=Pair(seed, offset))


def _randn_like(input: Tensor, seed: Any, offset: Any, dtype: Any = None) -> Tensor:
    """Numbers of the standard normal distribution, of the shape of a tensor."""
    return random.randn(input.shape, dtype=dtype or input.dtype, seed=Pair(seed, offset))


def _randint(low: int, high: int, shape: Any, seed: Any, offset: Any, dtype: Any = None) -> Tensor:
    """Whole numbers evenly distributed over [low, high)."""
    return random.randint(low, high, tuple(shape), Pair(seed, offset), dtype=dtype)


def _randint_like(input: Tensor, low: int, high: int, seed: Any, offset: Any, dtype: Any = None) -> Tensor:
    """Whole numbers evenly distributed over [low, high), of the shape of a tensor."""
    return random.randint(low, high, input.shape, Pair(seed, offset), dtype=dtype or input.dtype)


def _randperm(n: int, seed: Any, offset: Any, dtype: Any = int64) -> Tensor:
    """The numbers 0 .. n - 1 in random order."""
    return random.randperm(n, Pair(seed, offset), dtype=dtype)


def _multinomial(input: Tensor, num_samples: int, replacement: bool, seed: Any, offset: Any) -> Tensor:
    """Places (Int64) drawn with the probabilities along the last axis."""
    return random.multinomial(input, num_samples, replacement, Pair(seed, offset)).astype(int64)


def _bernoulli(input: Tensor, seed: Any, offset: Any) -> Tensor:
    """1 with the probability that each element says, else 0."""
    return random.bernoulli(input, input, Pair(seed, offset))


def _dropout(input: Tensor, p: float, seed: Any, offset: Any) -> tuple[Tensor, Tensor]:
    """(the elements over 1 - p, but 0 with the probability p; which of them stay, Bool)."""
    if not 0 <= p <= 1:
        raise ValueError(f"DropoutExt: p is {p}; expected a number from 0 to 1")
    stays = random.rand(input.shape, dtype=float32, seed=Pair(seed, offset)) >= p
    return where(stays, input / (1 - p if p < 1 else 1), 0), stays


def _normal(mean: Any, std: Any, seed: Any, offset: Any) -> Tensor:
    """Numbers of the normal distribution with these means and standard deviations."""
    return random.normal((), mean, std, Pair(seed, offset))


def _normal_of_size(mean: float, std: float, size: Any, seed: Any, offset: Any) -> Tensor:
    """Numbers of the normal distribution with this mean and standard deviation."""
    return random.normal(tuple(size), mean, std, Pair(seed, offset))


def _uniform(tensor: Tensor, a: float, b: float, seed: Any, offset: Any) -> Tensor:
    """Numbers evenly distributed over [a, b), of the shape and dtype of a tensor."""
    return random.uniform(tensor.shape, a, b, Pair(seed, offset), float32).astype(tensor.dtype)


_CLASSES: dict[str, type[Primitive]] = {name: define(name, function) for name, function in {
    "RandExt": _rand, "Randn": _randn, "RandLikeExt": _rand_like, "RandnLike": _randn_like, "RandInt": _randint,
    "RandIntLike": _randint_like, "RandpermExt": _randperm, "MultinomialExt": _multinomial, "BernoulliExt": _bernoulli,
    "DropoutExt": _dropout, "NormalTensorTensor": _normal, "NormalTensorFloat": _normal, "NormalFloatTensor": _normal,
    "NormalFloatFloat": _normal_of_size, "UniformExt": _uniform}.items()}
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)
