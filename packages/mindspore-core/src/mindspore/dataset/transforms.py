"""Transforms for any kind of data.

A `Transform` works on several rows at once: `apply` gets a stacked column, whose first dimension counts the rows, and a
random generator. So one definition serves a pipeline, which passes whole blocks, and a direct call, which passes one
array as a stack of one.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mindspore.common import seed as _seed

from ._blocks import Column, as_array, stack
from ._check import check_dtype, check_int, check_number

__all__ = ["Compose", "OneHot", "Transform", "TypeCast"]


class Transform:
    """The base of all transforms: a subclass defines `apply`, and sets `random` if it draws from the generator.

    Calling a transform with arrays (or anything that NumPy takes for one) returns an array for each, one by itself.
    """

    random = False
    _generator: tuple | None = None

    def apply(self, rows: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """The transformed rows, which may be a view of the given ones: an array with the same first dimension."""
        raise TypeError(f"{type(self).__name__} must define 'apply(rows, rng)'")

    def apply_to_columns(self, columns: Sequence[Column], rng: np.random.Generator | None) -> list[Column]:
        """Each column transformed; a ragged column row by row."""
        return [stack([self.apply(row[np.newaxis], rng)[0, ...] for row in column]) if isinstance(column, list)
                else self.apply(column, rng) for column in columns]

    def _own_generator(self) -> np.random.Generator:
        """The generator of direct calls, which starts again when a seed is set."""
        seeded = _seed.seed_epoch(), _seed.domain_seed("dataset")
        if self._generator is None or self._generator[0] != seeded:
            self._generator = seeded, _seed.next_stream("dataset")
        return self._generator[1]

    def __call__(self, *values):
        where = f"For '{type(self).__name__}'"
        if not values:
            raise TypeError(f"{where}, an array is needed.")
        columns = [as_array(value, where)[np.newaxis] for value in values]
        rng = self._own_generator() if self.random else None
        results = [column[0, ...] for column in self.apply_to_columns(columns, rng)]
        return results[0] if len(results) == 1 else tuple(results)


class Compose:
    """Several operations as one, applied in order.

    Args:
        transforms: a list of transforms and functions.

    Raises:
        TypeError: `transforms` is no list, or holds something that cannot be called.
        ValueError: the list is empty.
    """

    def __init__(self, transforms: list[Callable]):
        if not isinstance(transforms, (list, tuple)) or not all(callable(t) for t in transforms):
            raise TypeError(f"For 'Compose', 'transforms' must be a list of callables, but got {transforms!r}.")
        if not transforms:
            raise ValueError("For 'Compose', 'transforms' must not be empty.")
        self.transforms = list(transforms)

    def __call__(self, *values):
        for transform in self.transforms:
            result = transform(*values)
            values = result if isinstance(result, tuple) else (result,)
        return values[0] if len(values) == 1 else values


class TypeCast(Transform):
    """Converts to another dtype.

    Args:
        data_type: a mindspore dtype, a NumPy dtype or a Python number type.

    Raises:
        TypeError: `data_type` is none of them.
    """

    def __init__(self, data_type):
        self.data_type = check_dtype(data_type, "data_type", "TypeCast")

    def apply(self, rows, rng):
        return rows.astype(self.data_type)


class OneHot(Transform):
    """Turns class numbers into vectors that are 1 at the class's place: shape (...) becomes (..., num_classes).

    Args:
        num_classes: how many classes there are.
        smoothing_rate: in 0..1; the classes share this much of the 1 evenly. With 0 the dtype of the input stays,
            otherwise the result is Float32.

    Raises:
        TypeError: an argument, or the dtype of the input, is of a wrong type.
        ValueError: an argument, or a class number, is out of range.
    """

    def __init__(self, num_classes: int, smoothing_rate: float = 0.0):
        self.num_classes = check_int(num_classes, "num_classes", "OneHot", 1)
        self.smoothing_rate = check_number(smoothing_rate, "smoothing_rate", "OneHot")
        if not 0 <= self.smoothing_rate <= 1:
            raise ValueError(f"For 'OneHot', 'smoothing_rate' must be in 0..1, but got {smoothing_rate}.")

    def apply(self, rows, rng):
        if rows.dtype.kind not in "iu":
            raise TypeError(f"For 'OneHot', class numbers must be integers, but got {rows.dtype}.")
        if rows.size and not (0 <= rows.min() and rows.max() < self.num_classes):
            raise ValueError(f"For 'OneHot', class numbers must be in 0..{self.num_classes - 1}, but got "
                             f"{rows.min()}..{rows.max()}.")
        if not self.smoothing_rate:
            return np.eye(self.num_classes, dtype=rows.dtype)[rows]
        table = np.eye(self.num_classes) * (1 - self.smoothing_rate) + self.smoothing_rate / self.num_classes
        return table.astype(np.float32)[rows]
