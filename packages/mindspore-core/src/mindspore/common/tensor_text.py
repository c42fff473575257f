"""How the values of a tensor stand in its `repr`, which programs print, log and compare.

Floats have a fixed width with eight digits (four in float16), integers the width of the longest one shown. One
dimension is broken into lines; of more than one, long axes are shown by three elements of either end.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["values_text"]

_ENDS = 3  # elements shown of each end of a long axis
_LONG_LINE = 1000  # a single axis is shown whole up to here
_PER_LINE = {"i": 24, "u": 24}  # elements in a line of a single axis; 12 of other types


def values_text(array: np.ndarray) -> str:
    """The values of an array of any shape and dtype, "" when there are none.

    A number of no dimensions is shown with six digits at most, as in `value= 0.5`.
    """
    if not array.size:
        return ""
    if array.ndim == 0:
        return _short(array.reshape(1)[0])
    limit = _LONG_LINE if array.ndim == 1 else 2 * _ENDS
    shown = array[np.ix_(*(_places(size, limit) for size in array.shape))]
    element, width = _element(array.dtype), 0
    if array.dtype.kind not in "bfc":
        width = max(len(element(value)) for value in shown.flat)
    return _nested(shown, array.shape, limit, lambda value: element(value).rjust(width))


def _places(size: int, limit: int) -> np.ndarray:
    """The places along an axis that are shown."""
    return np.arange(size) if size <= limit else np.r_[:_ENDS, size - _ENDS:size]


def _short(value: np.generic) -> str:
    kind = value.dtype.kind
    if kind == "c":
        return f"{value.real:g}{value.imag:+g}j"
    return str(value) if kind in "biu" else f"{float(value):g}"


def _element(dtype: np.dtype) -> Callable[[np.generic], str]:
    if dtype.kind == "f":
        width, digits = (11, 4) if dtype.itemsize == 2 else (15, 8)
        return lambda value: f"{value:{width}.{digits}e}"
    if dtype.kind == "b":
        return lambda value: str(value).rjust(len("False"))
    return _short


def _nested(shown: np.ndarray, shape: tuple[int, ...], limit: int, text: Callable[[np.generic], str],
            depth: int = 0) -> str:
    """The part of an array that is shown, which is cut out of one of `shape`, from its axis `depth` on."""
    cut = shape[depth] > limit
    if shown.ndim > 1:
        parts = [_nested(part, shape, limit, text, depth + 1) for part in shown]
        indent = "\n" + " " * (depth + 1)
        if cut:
            parts[_ENDS - 1:_ENDS + 1] = [f"{parts[_ENDS - 1]},{indent}...{indent}{parts[_ENDS]}"]
        return f"[{f',{indent}'.join(parts)}]"
    parts = [text(value) for value in shown]
    if cut:
        return f"[{', '.join(parts[:_ENDS])} ... {', '.join(parts[_ENDS:])}]"
    if len(shape) == 1 and len(parts) > _ENDS:
        step = _PER_LINE.get(shown.dtype.kind, 12)
        lines = [", ".join(parts[start:start + step]) for start in range(0, len(parts), step)]
        end = "\n " if len(parts) % step == 0 else ""
        return f"[{f', {chr(10)} '.join(lines)}{end}]"
    return f"[{', '.join(parts)}]"
