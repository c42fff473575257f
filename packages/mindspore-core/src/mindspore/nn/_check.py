"""Checks of arguments: typed errors that name the class, the argument, what was given and what is expected."""
from __future__ import annotations


def positive_int(layer: str, name: str, value) -> int:
    """A positive int; TypeError or ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"For '{layer}', the '{name}' must be a positive int, but got {value!r} of type "
                        f"{type(value).__name__}.")
    if value <= 0:
        raise ValueError(f"For '{layer}', the '{name}' must be a positive int, but got {value}.")
    return value


def number(layer: str, name: str, value) -> float:
    """A Python number as a float; TypeError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"For '{layer}', the '{name}' must be a number, but got {value!r} of type "
                        f"{type(value).__name__}.")
    return float(value)


def positive_float(layer: str, name: str, value) -> float:
    """A positive number as a float; TypeError or ValueError otherwise."""
    if not number(layer, name, value) > 0:
        raise ValueError(f"For '{layer}', the '{name}' must be a positive number, but got {value}.")
    return float(value)


def flag(layer: str, name: str, value) -> bool:
    """A bool; TypeError otherwise."""
    if not isinstance(value, bool):
        raise TypeError(f"For '{layer}', the '{name}' must be a bool, but got {value!r} of type "
                        f"{type(value).__name__}.")
    return value


def pair(layer: str, name: str, value, least: int = 1) -> tuple[int, int]:
    """Two ints from an int or a pair (a 4-tuple keeps its last two); TypeError or ValueError otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = (value, value)
    if not isinstance(value, tuple | list) or not all(isinstance(v, int) and not isinstance(v, bool) for v in value):
        raise TypeError(f"For '{layer}', the '{name}' must be an int or a tuple of two ints, but got {value!r}.")
    if len(value) == 4:
        value = value[2:]
    if len(value) != 2 or min(value) < least:
        raise ValueError(f"For '{layer}', the '{name}' must be two ints of at least {least}, but got {value!r}.")
    return tuple(value)


def pad_mode(layer: str, value, allowed: tuple[str, ...] = ("same", "valid", "pad")) -> str:
    """One of the padding modes, in lower case; ValueError otherwise."""
    mode = value.lower() if isinstance(value, str) else value
    if mode not in allowed:
        raise ValueError(f"For '{layer}', the 'pad_mode' must be one of {', '.join(allowed)}, but got {value!r}.")
    return mode


def padding4(layer: str, value) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) from an int, a pair or four ints."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = (value,) * 4
    if isinstance(value, tuple | list) and len(value) == 2:
        value = (value[0], value[0], value[1], value[1])
    if not isinstance(value, tuple | list) or len(value) != 4 or not all(isinstance(v, int) for v in value):
        raise TypeError(f"For '{layer}', the 'padding' must be an int or a tuple of two or four ints, but got "
                        f"{value!r}.")
    if min(value) < 0:
        raise ValueError(f"For '{layer}', the 'padding' must not be negative, but got {value!r}.")
    return tuple(value)


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding before and after one axis so that the output has ceil(size / stride) places; the odd one goes after."""
    extent = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2
