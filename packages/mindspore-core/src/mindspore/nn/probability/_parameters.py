"""Parameters of distributions and bijectors: what users pass as tensors, and checks of what is known of them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.dtype import DType, float64
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import current_trace
from mindspore.ops._operands import convert

# what must hold, in words: the test of an array
POSITIVE = ("positive", lambda x: x > 0)
PROBABILITY = ("from 0 to 1", lambda x: (x >= 0) & (x <= 1))
CHANCE = ("above 0 and below 1", lambda x: (x > 0) & (x < 1))
NOT_NEGATIVE = ("not negative", lambda x: x >= 0)
Rule = tuple[str, Callable[[np.ndarray], np.ndarray]]


def as_parameter(owner: str, name: str, value: Any, dtype: DType) -> Tensor:
    """A parameter as a tensor of a dtype. TypeError for what is no number, list of numbers, array or tensor."""
    if isinstance(value, Tensor):
        return convert(value, dtype)
    if isinstance(value, (int, float, list, tuple, np.ndarray, np.generic)) and not isinstance(value, bool):
        return Tensor(np.asarray(value, np.float64).astype(dtype.np))
    raise TypeError(f"{owner}: {name} must be a number, a list, a numpy.ndarray or a Tensor, but got "
                    f"{type(value).__name__}: {value!r}")


def check(owner: str, name: str, value: Any, rule: Rule | None) -> None:
    """ValueError unless all elements that are known now obey the rule, TypeError for no numbers. Trainable parameters
    change, so they are not looked at, nor is what a graph computes."""
    if rule is None or value is None or isinstance(value, Parameter) or (
            isinstance(value, Tensor) and current_trace() is not None):
        return
    array = as_parameter(owner, name, value, float64).asnumpy()
    if not np.all(rule[1](array.astype(np.float64))):
        raise ValueError(f"{owner}: {name} is {array.tolist()}; expected numbers that are {rule[0]}")
