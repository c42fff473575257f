"""Functions that put values into a tensor: random numbers (`normal_`, `uniform_` and others), and `erfinv_`.

The tensor keeps its shape and dtype, takes the new value, and is returned. Random numbers come from the generator
given, else from the default one.
"""
from __future__ import annotations

from mindspore.common.generator import Generator
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand
from mindspore.ops.random import bernoulli, normal, randint, uniform
from mindspore.ops.random_shapes import exponential
from mindspore.ops.special import erfinv

__all__ = ["bernoulli_", "erfinv_", "exponential_", "normal_", "random_", "uniform_"]

_MANTISSA = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def _put(name: str, input: Tensor, value: Tensor) -> Tensor:
    from mindspore.common.tensor_in_place import change
    return change(name, input, value)


def normal_(input: Tensor, mean: Operand = 0, std: Operand = 1, *, generator: Generator | None = None) -> Tensor:
    """In place: numbers of the normal distribution with this mean and standard deviation."""
    return _put("normal_", input, normal(input.shape, mean, std, generator))


def uniform_(input: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None) -> Tensor:
    """In place: numbers evenly distributed over [from_, to)."""
    return _put("uniform_", input, uniform(input.shape, float(from_), float(to), generator))


def exponential_(input: Tensor, lambd: Operand = 1, *, generator: Generator | None = None) -> Tensor:
    """In place: numbers of the exponential distribution of rate lambd. ValueError for a number that is not positive."""
    if isinstance(lambd, (int, float)) and lambd <= 0:
        raise ValueError(f"exponential_: lambd is {lambd}; expected a positive number")
    return _put("exponential_", input, exponential(input.shape, lambd, generator))


def bernoulli_(input: Tensor, p: Operand = 0.5, *, generator: Generator | None = None) -> Tensor:
    """In place: 1 with probability p, a number or a tensor, else 0."""
    return _put("bernoulli_", input, bernoulli(input, p, generator))


def random_(input: Tensor, from_: int = 0, to: int | None = None, *, generator: Generator | None = None) -> Tensor:
    """In place: whole numbers evenly distributed over [from_, to). Without `to` the end is what the dtype still counts
    exactly: 2**(bits of the mantissa) for floating dtypes, the largest number for integers. random_(n) is
    random_(0, n)."""
    if to is None and from_ != 0:
        from_, to = 0, from_
    if to is None:
        kind = input.dtype
        to = 2**_MANTISSA[kind.key] if kind.is_floating else 2 if kind.kind == "b" else 2**(
            8 * kind.itemsize - (kind.kind == "i")) - 1
        to = min(to, 2**62)
    return _put("random_", input, randint(int(from_), int(to), input.shape, generator))


def erfinv_(input: Tensor) -> Tensor:
    """In place: the inverse of erf; see `erfinv`."""
    return _put("erfinv_", input, erfinv(input))
