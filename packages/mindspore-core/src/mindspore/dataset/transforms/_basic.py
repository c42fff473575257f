"""Transforms of values: their type, and class numbers."""
from __future__ import annotations

import numpy as np

from .._check import check_dtype, check_int, check_number
from .._transform import Transform

__all__ = ["OneHot", "TypeCast"]


class TypeCast(Transform):
    """Converts to another dtype.

    Args:
        data_type: a mindspore dtype, a NumPy dtype, a Python number type or the name of one, such as "float16".

    Raises:
        TypeError: `data_type` is none of them.
    """

    def __init__(self, data_type):
        self.data_type = check_dtype(data_type, "data_type", "TypeCast")

    def apply(self, rows, rng):
        if rows.dtype.kind in "US" and self.data_type.kind not in "US":
            raise TypeError(f"For 'TypeCast', text cannot become {self.data_type}. Use text.ToNumber for numbers in "
                            f"text.")
        return rows.astype(self.data_type)


class OneHot(Transform):
    """Turns class numbers into vectors that are 1 at the class's place: shape (...), or (..., 1), becomes
    (..., num_classes).

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
        if rows.ndim > 1 and rows.shape[-1] == 1:
            rows = rows[..., 0]
        if rows.dtype.kind not in "iu":
            raise TypeError(f"For 'OneHot', class numbers must be integers, but got {rows.dtype}.")
        if rows.size and not (0 <= rows.min() and rows.max() < self.num_classes):
            raise ValueError(f"For 'OneHot', class numbers must be in 0..{self.num_classes - 1}, but got "
                             f"{rows.min()}..{rows.max()}.")
        if not self.smoothing_rate:
            return np.eye(self.num_classes, dtype=rows.dtype)[rows]
        table = np.eye(self.num_classes) * (1 - self.smoothing_rate) + self.smoothing_rate / self.num_classes
        return table.astype(np.float32)[rows]
