"""Cotangents as programs give them: tensors, numbers and arrays, alone or in containers, one for each output."""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.graph import tree
from mindspore.runtime.record import apply

__all__ = ["given_cotangents", "seeds"]

_NUMBERS = (bool, int, float, complex, np.number, np.bool_)


def given_cotangents(value: Any, caller: str) -> list:
    """The tensors, numbers and None in `value`, in order, arrays as tensors. TypeError for anything else in it."""
    if value is None or isinstance(value, _NUMBERS):
        return [value]
    if isinstance(value, np.ndarray):
        return [Tensor(value)]
    if isinstance(value, tuple | list | dict):
        items = value.values() if isinstance(value, dict) else value
        return [found for item in items for found in given_cotangents(item, caller)]
    found: list = []
    tree.flatten(value, found)
    if not found:
        raise TypeError(f"{caller}: a cotangent must be a tensor or a number, or a container of these, but got "
                        f"{type(value).__name__}: {value!r:.100}")
    return found


def seeds(given: list, outputs: list, caller: str) -> list:
    """The cotangents as tensors, after a check against the outputs; None, for ones, stays.

    One number, or a tensor of one element, stands for an output of one element, whatever its axes are: programs scale
    the gradient of a loss of shape (1,) by a scalar. A number takes the output's dtype. Where there are more cotangents
    than tensors among the outputs, numbers stand for outputs that are constants, and do not count.

    Raises:
        ValueError: there are not as many as outputs, or a shape or dtype is not the output's.
    """
    counting = given if len(given) <= len(outputs) else [s for s in given if not isinstance(s, _NUMBERS)]
    if len(counting) == len(outputs):
        given = [_shaped(seed, output) for seed, output in zip(counting, outputs)]
        if all(s is None or isinstance(s, Tensor) and s.shape == o.shape and s.dtype == o.dtype
               for s, o in zip(given, outputs)):
            return given
    raise ValueError(f"{caller}: the cotangents are {', '.join(map(_described, given)) or 'none'}; expected one for "
                     f"each output: {', '.join(map(_described, outputs))}")


def _shaped(seed: Any, output: Tensor) -> Any:
    if isinstance(seed, _NUMBERS) and {*output.shape} <= {1}:
        if isinstance(seed, complex | np.complexfloating) and output.dtype.kind != "c":
            return seed
        seed = Tensor(seed, output.dtype)
    if isinstance(seed, Tensor) and seed.shape != output.shape and {*seed.shape, *output.shape} == {1}:
        return apply(PRIMITIVES["reshape"], (seed,), (output.shape,))
    return seed


def _described(value: Any) -> str:
    return f"{value.dtype}{list(value.shape)}" if isinstance(value, Tensor) else repr(value)
