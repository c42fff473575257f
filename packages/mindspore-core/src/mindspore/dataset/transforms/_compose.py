"""Operations made of other operations: in order, at random, one of several."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._check import check_number
from .._transform import RowTransform, Transform, call_operation, is_image

__all__ = ["Compose", "RandomApply", "RandomChoice", "RandomOrder", "check_operations", "check_probability", "in_turn"]


def check_operations(transforms, function: str, name: str = "transforms") -> list[Callable]:
    """A list of callables; TypeError for anything else, ValueError for an empty list."""
    if not isinstance(transforms, (list, tuple)) or not all(callable(t) for t in transforms):
        raise TypeError(f"For '{function}', '{name}' must be a list of callables, but got {transforms!r}.")
    if not transforms:
        raise ValueError(f"For '{function}', '{name}' must not be empty.")
    return list(transforms)


def check_probability(value, name: str, function: str) -> float:
    """A number in 0..1."""
    number = check_number(value, name, function)
    if not 0 <= number <= 1:
        raise ValueError(f"For '{function}', '{name}' must be in 0..1, but got {value}.")
    return number


def in_turn(operations, values: tuple, rng: np.random.Generator | None) -> tuple:
    """The values of one row after several operations."""
    for operation in operations:
        values = tuple(column[0] if isinstance(column, list) else column[0, ...]
                       for column in call_operation(operation, [[value] for value in values], rng))
    return values


class Compose(Transform):
    """Several operations as one, applied in order.

    Args:
        transforms: a list of transforms and functions.

    Raises:
        TypeError: `transforms` is no list, or holds something that cannot be called.
        ValueError: the list is empty.
    """

    def __init__(self, transforms: list[Callable]):
        self.transforms = check_operations(transforms, "Compose")

    @property
    def random(self) -> bool:                   # type: ignore[override]
        return any(getattr(transform, "random", False) for transform in self.transforms)

    def apply_to_columns(self, columns, rng):
        for transform in self.transforms:
            columns = call_operation(transform, columns, rng)
        return list(columns)

    def __call__(self, *values):
        """The value after all operations, or a tuple of several. A tuple of one where a value was an image of PIL, at
        the beginning or after an operation: MindSpore has two ways through the operations, and that one ends so."""
        with_images = any(map(is_image, values))
        for transform in self.transforms:
            result = transform(*values)
            values = result if isinstance(result, tuple) else (result,)
            with_images = with_images or any(map(is_image, values))
        return values[0] if len(values) == 1 and not with_images else values


class _Several(RowTransform):
    random = True

    def __init__(self, transforms):
        self.transforms = check_operations(transforms, type(self).__name__)


class RandomApply(_Several):
    """Applies a list of operations in order, or none of them.

    Args:
        transforms: the operations.
        prob: the probability that they are applied.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the list is empty, or `prob` is not in 0..1.
    """

    def __init__(self, transforms, prob: float = 0.5):
        super().__init__(transforms)
        self.prob = check_probability(prob, "prob", "RandomApply")

    def apply_to_row(self, values, rng):
        return in_turn(self.transforms, values, rng) if rng.random() < self.prob else values


class RandomChoice(_Several):
    """Applies one operation of a list, each with the same probability.

    Args:
        transforms: the operations.

    Raises:
        TypeError: `transforms` is no list of callables.
        ValueError: the list is empty.
    """

    def apply_to_row(self, values, rng):
        return in_turn([self.transforms[rng.integers(len(self.transforms))]], values, rng)


class RandomOrder(_Several):
    """Applies all operations of a list, in random order.

    Args:
        transforms: the operations.

    Raises:
        TypeError: `transforms` is no list of callables.
        ValueError: the list is empty.
    """

    def apply_to_row(self, values, rng):
        return in_turn([self.transforms[i] for i in rng.permutation(len(self.transforms))], values, rng)
