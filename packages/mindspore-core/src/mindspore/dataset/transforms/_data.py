"""Transforms of arrays of any kind: filling, cutting, comparing, joining, padding."""
from __future__ import annotations

import enum

import numpy as np

from .._blocks import as_array
from .._check import check_dtype, check_int
from .._transform import RowTransform, Transform

__all__ = ["Concatenate", "Duplicate", "Fill", "Mask", "PadEnd", "Relational", "Slice", "Unique"]


class Relational(enum.IntEnum):
    """Comparisons for `Mask`."""

    EQ = 0
    NE = 1
    GT = 2
    GE = 3
    LT = 4
    LE = 5


_COMPARE = {Relational.EQ: np.equal, Relational.NE: np.not_equal, Relational.GT: np.greater,
            Relational.GE: np.greater_equal, Relational.LT: np.less, Relational.LE: np.less_equal}


def _is_text(dtype: np.dtype) -> bool:
    return dtype.kind in "US"


def _constant(value, dtype: np.dtype, function: str) -> np.ndarray:
    """A constant as `dtype`; TypeError where text meets numbers."""
    array = as_array(value, f"For '{function}'")
    if _is_text(array.dtype) != _is_text(dtype):
        raise TypeError(f"For '{function}', {value!r} does not fit data of type {dtype}. Give a constant of the same "
                        f"kind, or convert the data with TypeCast.")
    if _is_text(dtype):
        return array.astype(f"{dtype.kind}{max(1, array.dtype.itemsize)}") if array.dtype.kind != dtype.kind else array
    return array.astype(dtype)


class Fill(Transform):
    """Sets every element to a value; shape and dtype stay (text gets as long as the value).

    Args:
        fill_value: a number, a str or bytes.

    Raises:
        TypeError: `fill_value` is none of them, or meets data of another kind.
    """

    def __init__(self, fill_value):
        if not isinstance(fill_value, (str, bytes, bool, int, float, np.generic)):
            raise TypeError(f"For 'Fill', 'fill_value' must be a number, str or bytes, but got {fill_value!r}.")
        self.fill_value = fill_value

    def apply(self, rows, rng):
        value = _constant(self.fill_value, rows.dtype, "Fill")
        return np.full(rows.shape, value, value.dtype)


class Mask(Transform):
    """Compares every element with a constant.

    Args:
        operator: one of `Relational`.
        constant: a number, a str or bytes.
        dtype: the dtype of the result: bool, or a number type, which gets 1 for true.

    Raises:
        TypeError: an argument is of a wrong type, or text meets numbers.
    """

    def __init__(self, operator: Relational, constant, dtype=np.bool_):
        if not isinstance(operator, Relational):
            raise TypeError(f"For 'Mask', 'operator' must be a Relational, such as Relational.EQ, but got "
                            f"{operator!r}.")
        self.operator, self.constant = operator, constant
        self.dtype = check_dtype(dtype, "dtype", "Mask")

    def apply(self, rows, rng):
        constant = as_array(self.constant, "For 'Mask'")
        if _is_text(constant.dtype) or _is_text(rows.dtype):
            constant = _constant(self.constant, rows.dtype, "Mask")
        return _COMPARE[self.operator](rows, constant).astype(self.dtype)


class PadEnd(Transform):
    """Appends a value along each dimension, or cuts off, until the array has a shape.

    Args:
        pad_shape: the length of each dimension; None keeps one.
        pad_value: a number, or text for text; None for 0 or the empty text.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a length is not positive, or an array has another number of dimensions.
    """

    def __init__(self, pad_shape, pad_value=None):
        if not isinstance(pad_shape, (list, tuple)):
            raise TypeError(f"For 'PadEnd', 'pad_shape' must be a list, but got {pad_shape!r}.")
        self.pad_shape = [None if d is None else check_int(d, f"pad_shape[{i}]", "PadEnd", 1)
                          for i, d in enumerate(pad_shape)]
        self.pad_value = pad_value

    def apply(self, rows, rng):
        if rows.ndim != len(self.pad_shape) + 1:
            raise ValueError(f"For 'PadEnd', 'pad_shape' {self.pad_shape} has {len(self.pad_shape)} dimensions, but "
                             f"the data has the shape {rows.shape[1:]}.")
        default = ("" if rows.dtype.kind == "U" else b"") if _is_text(rows.dtype) else 0
        value = _constant(default if self.pad_value is None else self.pad_value, rows.dtype, "PadEnd")
        shape = [have if want is None else want for want, have in zip(self.pad_shape, rows.shape[1:])]
        out = np.full((len(rows), *shape), value, max(rows.dtype, value.dtype, key=lambda d: d.itemsize))
        kept = (slice(None), *(slice(0, min(a, b)) for a, b in zip(shape, rows.shape[1:])))
        out[kept] = rows[kept]
        return out


class Slice(Transform):
    """Takes parts of each dimension, as indexing does, but a list of numbers is taken along its own dimension.

    Args:
        slices: one per dimension: an int, a list of ints, a slice, None or `...` for all (of the dimension, or with
            `...` of all that are not named).

    Raises:
        TypeError: an argument is of a wrong type.
        IndexError: an index is outside, or there are too many.
    """

    def __init__(self, *slices):
        if not slices:
            raise TypeError("For 'Slice', at least one slice is needed.")
        for item in slices:
            listed = item if isinstance(item, list) else []
            if not (item is None or item is Ellipsis or isinstance(item, (int, slice)) or listed) or \
                    isinstance(item, bool) or not all(isinstance(i, int) and not isinstance(i, bool) for i in listed):
                raise TypeError(f"For 'Slice', a slice must be an int, a list of ints, a slice, None or ..., but got "
                                f"{item!r}.")
        self.slices = slices

    def apply(self, rows, rng):
        slices = list(self.slices)
        if any(item is Ellipsis for item in slices):
            at = next(i for i, item in enumerate(slices) if item is Ellipsis)
            slices[at:at + 1] = [None] * max(0, rows.ndim - len(slices))
        if len(slices) > rows.ndim - 1:
            raise IndexError(f"For 'Slice', {len(slices)} slices are too many for data of the shape {rows.shape[1:]}.")
        for axis, item in enumerate(slices, 1):
            if item is None:
                continue
            if not isinstance(item, slice):
                item = np.array([item] if isinstance(item, int) else item)
            rows = rows[(slice(None),) * axis + (item,)]
        return rows


class Unique(RowTransform):
    """Gives the distinct elements of an array, the place of each element among them, and their counts.

    The distinct elements stand in the order of their first occurrence. The array is flattened. One column becomes
    three: distinct elements, int32 places, int32 counts.
    """

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For 'Unique', one column is needed, but got {len(values)}.")
        flat = np.asarray(values[0]).reshape(-1)
        found, first, places, counts = np.unique(flat, True, True, True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return found[order], rank[places.reshape(-1)].astype(np.int32), counts[order].astype(np.int32)


class Duplicate(RowTransform):
    """Gives a column twice."""

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For 'Duplicate', one column is needed, but got {len(values)}.")
        return values[0], values[0]


class Concatenate(RowTransform):
    """Joins the arrays of all columns along an axis.

    Args:
        axis: the axis.
        prepend: an array to put before them; None for none.
        append: an array to put after them; None for none.

    Raises:
        TypeError: an argument is of a wrong type, or the dtypes of the arrays differ in kind.
        ValueError: the shapes do not fit.
    """

    def __init__(self, axis: int = 0, prepend=None, append=None):
        self.axis = check_int(axis, "axis", "Concatenate", -64)
        self.prepend = None if prepend is None else as_array(prepend, "For 'Concatenate', 'prepend'")
        self.append = None if append is None else as_array(append, "For 'Concatenate', 'append'")

    def apply_to_row(self, values, rng):
        parts = [np.asarray(value) for value in values]
        dtype = parts[0].dtype
        for extra, at in ((self.prepend, 0), (self.append, len(parts) + 1)):
            if extra is not None:
                parts.insert(at, extra if _is_text(dtype) else extra.astype(dtype))
        if len({part.dtype.kind for part in parts}) > 1:
            raise TypeError(f"For 'Concatenate', the arrays must have one dtype, but have "
                            f"{[str(part.dtype) for part in parts]}.")
        try:
            return (np.concatenate(parts, self.axis),)
        except ValueError as error:
            raise ValueError(f"For 'Concatenate', shapes {[part.shape for part in parts]} do not fit along axis "
                             f"{self.axis}: {error}.") from None
