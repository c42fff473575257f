"""The base of all transforms, and calling transforms and Python functions on the columns of some rows.

A `Transform` works on several rows at once: `apply` gets a stacked column, whose first dimension counts the rows, and a
random generator. So one definition serves a pipeline, which passes whole blocks, and a direct call, which passes one
array as a stack of one. Between the operations of one `map`, and in direct calls, a value may also be a Pillow image; a
transform takes it for its array, and gives an image back where `keeps_images` says so.
"""
from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mindspore.common import seed as _seed

from ._blocks import Column, as_array, rows_of, stack
from ._objects import unboxed, without_objects
from ._record import Recorded

__all__ = ["AudioTensorOperation", "ImageTensorOperation", "Implementation", "PyTensorOperation", "RowTransform",
           "TensorOperation", "TextTensorOperation", "Transform", "as_value", "call_operation", "finished", "is_image",
           "packed"]


def is_image(value) -> bool:
    """Whether a value is a Pillow image; Pillow is not imported for this."""
    return hasattr(value, "getbands") and hasattr(value, "tobytes")


def as_value(value, where: str):
    """A value between two operations: a Pillow image as it is, everything else as an array."""
    return value if is_image(value) else as_array(value, where)


def packed(values: Sequence) -> Column:
    """Values of one column, stacked where they are arrays that fit together."""
    return list(values) if any(is_image(value) for value in values) else stack(values)


def finished(column: Column, where: str) -> Column:
    """A column without Pillow images, stacked where its rows fit together."""
    return stack([as_array(value, where) for value in column]) if isinstance(column, list) else column


class TensorOperation:
    """An operation on the columns of one row: a subclass defines `__call__`, or what that calls: `execute_py`, which
    takes and returns arrays, or `parse`, which returns another operation that does the work. Of a class with both,
    `parse` counts where `implementation` is `Implementation.C`."""

    implementation: Any = None

    def __call__(self, *columns: Any) -> Any:
        execute = getattr(self, "execute_py", None) or getattr(self, "_execute_py", None)
        parse = getattr(self, "parse", None)
        if execute is None and parse is None:
            raise TypeError(f"{type(self).__name__} must define '__call__', 'execute_py' or 'parse'")
        if parse is not None and (execute is None or self.implementation is Implementation.C):
            return parse()(*columns)
        return execute(*columns)        # type: ignore[misc]


class PyTensorOperation(TensorOperation):
    """A `TensorOperation` written in Python."""


class TextTensorOperation(TensorOperation):
    """A `TensorOperation` on texts."""


class ImageTensorOperation(TensorOperation):
    """A `TensorOperation` on images."""


class AudioTensorOperation(TensorOperation):
    """A `TensorOperation` on sounds."""


class Implementation(enum.Enum):
    """In which language a program would like an operation to run."""

    PY = "Python"
    C = "C++"


class Transform(Recorded, TensorOperation):
    """The base of all transforms: a subclass defines `apply`, and sets `random` if it draws from the generator.

    Calling a transform with arrays (or anything that NumPy takes for one) returns an array for each, one by itself.
    """

    random = False
    keeps_images = True
    _generator: tuple | None = None

    def apply(self, rows: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """The transformed rows, which may be a view of the given ones: an array with the same first dimension."""
        raise TypeError(f"{type(self).__name__} must define 'apply(rows, rng)'")

    def apply_to_value(self, value, rng: np.random.Generator | None):
        """The transformed value of one row."""
        if not is_image(value):
            return self.apply(value[np.newaxis], rng)[0, ...]
        result = self.apply(np.asarray(value)[np.newaxis], rng)[0, ...]
        if not self.keeps_images or result.dtype != np.uint8 or result.ndim not in (2, 3):
            return result
        from PIL import Image
        return Image.fromarray(result[..., 0] if result.ndim == 3 and result.shape[-1] == 1 else result)

    def _apply_to_column(self, column: Column, rng: np.random.Generator | None) -> Column:
        if isinstance(column, list):
            return packed([self.apply_to_value(value, rng) for value in column])
        return self.apply(column, rng)

    def apply_to_columns(self, columns: Sequence[Column], rng: np.random.Generator | None) -> list[Column]:
        """Each column transformed, a ragged one row by row. What is random is drawn alike for each column."""
        if not self.random or rng is None or len(columns) == 1:
            return [self._apply_to_column(column, rng) for column in columns]
        state, results = rng.bit_generator.state, []
        for column in columns:
            rng.bit_generator.state = state
            results.append(self._apply_to_column(column, rng))
        return results

    def _own_generator(self) -> np.random.Generator:
        """The generator of direct calls, which starts again when a seed is set."""
        seeded = _seed.seed_epoch(), _seed.domain_seed("dataset")
        if self._generator is None or self._generator[0] != seeded:
            self._generator = seeded, _seed.next_stream("dataset")
        return self._generator[1]

    def __getstate__(self) -> dict:
        return {name: value for name, value in self.__dict__.items() if name != "_generator"}

    def __call__(self, *values):
        where = f"For '{type(self).__name__}'"
        if not values:
            raise TypeError(f"{where}, an array is needed.")
        columns: list[Column] = [[as_value(value, where)] for value in values]
        rng = self._own_generator() if self.random else None
        results = [column[0] if isinstance(column, list) else column[0, ...]
                   for column in self.apply_to_columns(columns, rng)]
        return results[0] if len(results) == 1 else tuple(results)


class RowTransform(Transform):
    """A transform of one row at a time, of all its columns together: a subclass defines `apply_to_row`."""

    def apply_to_row(self, values: tuple, rng: np.random.Generator | None) -> tuple:
        """The new values of a row; there may be more or fewer than were given."""
        raise TypeError(f"{type(self).__name__} must define 'apply_to_row(values, rng)'")

    def apply_to_columns(self, columns, rng):
        rows = [self.apply_to_row(row, rng) for row in zip(*map(rows_of, columns))]
        return [packed(column) for column in zip(*rows, strict=True)]


def _call(function: Callable, row: tuple, where: str) -> tuple:
    try:
        result = function(*map(unboxed, row))
    except StopIteration as error:
        raise RuntimeError("For 'map', the function raised StopIteration.") from error
    return tuple(as_value(value, where) for value in (result if isinstance(result, tuple) else (result,)))


def operation_name(operation: Callable) -> str:
    """How messages call an operation."""
    return getattr(operation, "__name__", type(operation).__name__)


def call_operation(operation: Callable, columns: Sequence[Column], rng: np.random.Generator | None) -> list[Column]:
    """The columns that an operation makes of some columns.

    Args:
        operation: a Transform, or a function that gets the values of one row and returns one or a tuple of them.
        columns: the columns.
        rng: the source of chance for transforms.

    Raises:
        RuntimeError: the function raised StopIteration, which would pass for the end of the data.
    """
    if isinstance(operation, Transform):
        without_objects(columns, f"For 'map', {operation_name(operation)}")
        return operation.apply_to_columns(
            [packed(column) if isinstance(column, list) else column for column in columns], rng)
    where = f"For 'map', the result of {operation_name(operation)}"
    results: list[tuple] = []
    for row in zip(*map(rows_of, columns)):
        values = _call(operation, row, where)
        results.append(values)
        if len(values) != len(results[0]):
            raise ValueError(f"{where} has {len(values)} values for one row and {len(results[0])} for another.")
    return [list(column) for column in zip(*results)]
