"""Argument checks that the dataset modules share. Messages name the function, the argument and what was given."""
from __future__ import annotations

import importlib
import numbers
import operator
from collections.abc import Sequence
from types import ModuleType

import numpy as np


def check_int(value, name: str, function: str, low: int, high: int | None = None) -> int:
    """`value` as an int in low..high; TypeError for other types (bool too), ValueError out of range."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"For '{function}', '{name}' must be an int, but got {value!r} of type "
                        f"{type(value).__name__}.") from None
    if number < low or (high is not None and number > high):
        wanted = f"at least {low}" if high is None else f"in {low}..{high}"
        raise ValueError(f"For '{function}', '{name}' must be {wanted}, but got {number}.")
    return number


def check_optional_int(value, name: str, function: str, low: int) -> int | None:
    """As `check_int`, with None passed through."""
    return None if value is None else check_int(value, name, function, low)


def check_bool(value, name: str, function: str) -> bool:
    """TypeError unless `value` is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"For '{function}', '{name}' must be a bool, but got {value!r} of type {type(value).__name__}.")
    return value


def check_number(value, name: str, function: str) -> float:
    """`value` as a float; TypeError unless it is a real number."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"For '{function}', '{name}' must be a number, but got {value!r} of type "
                        f"{type(value).__name__}.")
    return float(value)


def check_numbers(value, name: str, function: str) -> tuple[float, ...]:
    """A non-empty sequence of numbers as floats."""
    if not isinstance(value, Sequence) and not isinstance(value, np.ndarray) or isinstance(value, str):
        raise TypeError(f"For '{function}', '{name}' must be a sequence of numbers, but got {value!r} of type "
                        f"{type(value).__name__}.")
    if not len(value):
        raise ValueError(f"For '{function}', '{name}' must not be empty.")
    return tuple(check_number(item, f"{name}[{i}]", function) for i, item in enumerate(value))


def check_names(value, name: str, function: str) -> tuple[str, ...]:
    """One column name or several as a tuple; they must be non-empty and differ."""
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, (list, tuple)) else None
    if names is None or not all(isinstance(item, str) for item in names):
        raise TypeError(f"For '{function}', '{name}' must be a column name or a list of them, but got {value!r}.")
    if not names or not all(names):
        raise ValueError(f"For '{function}', '{name}' must not be empty and must hold no empty name, but got "
                         f"{value!r}.")
    if len(set(names)) < len(names):
        raise ValueError(f"For '{function}', '{name}' names a column twice: {list(names)}.")
    return names


def check_known(names: Sequence[str], columns: Sequence[str], function: str) -> None:
    """ValueError when a name is none of the dataset's columns."""
    for name in names:
        if name not in columns:
            raise ValueError(f"For '{function}', the dataset has no column '{name}'; its columns are {list(columns)}.")


def check_dtype(value, name: str, function: str) -> np.dtype:
    """The NumPy dtype of a mindspore dtype, NumPy dtype, Python number type or name; TypeError for anything else."""
    from mindspore.common.dtype import as_dtype, string
    if value is string:
        return np.dtype(np.str_)
    if isinstance(value, str):
        try:
            return np.dtype({"bool_": "bool", "string": "str"}.get(value, value))
        except TypeError:
            raise TypeError(f"For '{function}', '{name}': {value!r} names no type.") from None
    try:
        return as_dtype(value).np
    except TypeError as error:
        raise TypeError(f"For '{function}', '{name}': {error}") from None


def check_workers(num_parallel_workers, function: str) -> int:
    """The number of workers, the configured one for None."""
    from . import config
    number = check_optional_int(num_parallel_workers, "num_parallel_workers", function, 1)
    return config.get_num_parallel_workers() if number is None else number


def media_package(package: str, function: str) -> ModuleType:
    """A package of the extra `media`, imported now. ImportError, with what installs it, where it is missing."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"For '{function}', the package '{package}' is needed, but is not installed. Run: "
                          f"pip install 'mindspore-core[media]'") from error
