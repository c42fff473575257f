"""The base of metrics.

A metric is fed batch by batch (`update`) and then asked (`eval`); `clear` starts anew. Inputs may be Tensors or arrays.
"""
from __future__ import annotations

import functools
from abc import ABCMeta, abstractmethod
from collections.abc import Callable

import numpy as np

from mindspore.common.tensor import Tensor

__all__ = ["Metric", "rearrange_inputs"]


def rearrange_inputs(func: Callable) -> Callable:
    """Decorator for `update`: passes the inputs on in the order of `set_indexes`, where it was called."""
    @functools.wraps(func)
    def update(self, *inputs):
        return func(self, *inputs if self.indexes is None else [inputs[i] for i in self.indexes])
    return update


class Metric(metaclass=ABCMeta):
    """Base of metrics: subclasses define `clear`, `update(*inputs)` and `eval()`."""

    def __init__(self):
        self._indexes: list[int] | None = None

    @property
    def indexes(self) -> list[int] | None:
        """Which of the evaluation network's outputs `update` gets."""
        return self._indexes

    def set_indexes(self, indexes: list[int]) -> Metric:
        """Choose and order the outputs that `update` gets."""
        if not isinstance(indexes, list) or not all(isinstance(i, int) for i in indexes):
            raise ValueError(f"set_indexes: expected a list of ints, got {indexes!r}")
        self._indexes = indexes
        return self

    def __call__(self, *inputs):
        """The result for these inputs alone: starts anew, takes them into account, and returns the result."""
        self.clear()
        self.update(*inputs)
        return self.eval()

    @staticmethod
    def _convert_data(data) -> np.ndarray:
        return data.asnumpy() if isinstance(data, Tensor) else np.asarray(data)

    @abstractmethod
    def clear(self) -> None:
        """Start anew."""

    @abstractmethod
    def eval(self):
        """The result so far."""

    @abstractmethod
    def update(self, *inputs) -> None:
        """Take one batch into account."""

    def _arrays(self, inputs: tuple, count: int = 2) -> list[np.ndarray]:
        if len(inputs) != count:
            raise ValueError(f"For '{type(self).__name__}.update', {count} inputs are expected, but got "
                             f"{len(inputs)}.")
        return [self._convert_data(data) for data in inputs]

    def _needs(self, samples) -> None:
        if not samples:
            raise RuntimeError(f"For '{type(self).__name__}.eval', there is no data yet: call update first.")
