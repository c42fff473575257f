"""Python dicts in a pipeline: what is no array travels in a dict, and is left as it is.

    {"prompt": "...", "boxes": [...]}

In a block a dict is an array of type object without dimensions, so that it moves as arrays do. A user's function gets
the dict itself, a batch has one dict with the batched values under the same keys, and an iterator gives the dict with
its values as arrays or Tensors.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["boxed", "converted", "joined", "unboxed", "without_objects"]


def boxed(value: dict) -> np.ndarray:
    """The dict in an array without dimensions."""
    array = np.empty((), object)
    array[()] = value
    return array


def unboxed(array: Any) -> Any:
    """The dict that an array holds; any other value as it is."""
    return array.item() if isinstance(array, np.ndarray) and array.dtype.hasobject else array


def without_objects(columns: Sequence, where: str) -> None:
    """TypeError if a column holds dicts."""
    for column in columns:
        if isinstance(column, np.ndarray) and column.dtype.hasobject:
            raise TypeError(f"{where}: a column holds Python dicts, which only functions of your own take; make arrays "
                            f"of them first, with map")


def joined(name: str, rows: Sequence[dict]) -> dict:
    """One dict with the values of several joined under each key, dicts in them likewise.

    Raises:
        RuntimeError: keys, or shapes or types of values, differ, or values are no numbers and no text.
    """
    keys = rows[0].keys()
    for row in rows:
        if row.keys() != keys:
            raise RuntimeError(f"For 'batch', the dicts of column '{name}' have different keys: "
                               f"{sorted(map(str, keys))} and {sorted(map(str, row.keys()))}.")
    return {key: _joined_values(f"{name}[{key!r}]", [row[key] for row in rows]) for key in keys}


def _joined_values(name: str, values: list) -> Any:
    if all(isinstance(value, dict) for value in values):
        return joined(name, values)
    arrays = [_as_array(value) for value in values]
    if any(a.dtype.hasobject or a.shape != arrays[0].shape for a in arrays):
        shapes = sorted({f"{a.dtype}{list(a.shape)}" for a in arrays})
        raise RuntimeError(f"For 'batch', the values of {name} cannot be joined: {', '.join(shapes[:4])}. Make arrays "
                           f"of one shape of them with map, or join them with per_batch_map.")
    return np.stack(arrays)


def _as_array(value: Any) -> np.ndarray:
    try:
        return np.asarray(value.asnumpy() if hasattr(value, "asnumpy") else value)
    except ValueError:      # rows of different lengths
        return np.asarray(value, object)


def converted(value: Any, convert: Callable[[np.ndarray], Any]) -> Any:
    """A dict whose values are arrays that went through `convert`; what is no array of numbers or text stays."""
    if isinstance(value, dict):
        return {key: converted(each, convert) for key, each in value.items()}
    array = _as_array(value)
    return value if array.dtype.hasobject else convert(array.copy())
