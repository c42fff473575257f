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


def not_negative(layer: str, name: str, value) -> float:
    """A number of at least 0 as a float; TypeError or ValueError otherwise."""
    if not number(layer, name, value) >= 0:
        raise ValueError(f"For '{layer}', the '{name}' must be at least 0, but got {value}.")
    return float(value)


def fraction(layer: str, name: str, value) -> float:
    """A number between 0 and 1, both excluded; TypeError or ValueError otherwise."""
    if not 0 < number(layer, name, value) < 1:
        raise ValueError(f"For '{layer}', the '{name}' must be between 0 and 1, but got {value}.")
    return float(value)


def flag(layer: str, name: str, value) -> bool:
    """A bool; TypeError otherwise."""
    if not isinstance(value, bool):
        raise TypeError(f"For '{layer}', the '{name}' must be a bool, but got {value!r} of type "
                        f"{type(value).__name__}.")
    return value


def per_axis(layer: str, name: str, value, count: int, least: int = 1) -> tuple[int, ...]:
    """One int for each of `count` axes, from one for all or one for each; TypeError or ValueError otherwise."""
    given = (value,) * count if is_int(value) else value
    if not isinstance(given, (tuple, list)) or not all(is_int(v) for v in given):
        raise TypeError(f"For '{layer}', the '{name}' must be an int or a tuple of {count} ints, but got {value!r}.")
    if len(given) == count + 2 and tuple(given[:2]) == (1, 1):
        given = given[2:]
    if len(given) != count or min(given) < least:
        raise ValueError(f"For '{layer}', the '{name}' must be an int or {count} ints of at least {least}, but got "
                         f"{value!r}.")
    return tuple(given)


def paddings(layer: str, value, count: int) -> tuple[int, ...]:
    """The padding before and behind each of `count` axes, in turn, from one int, one per axis or two per axis."""
    given = (value,) * (2 * count) if is_int(value) else value
    if not isinstance(given, (tuple, list)) or not all(is_int(v) for v in given):
        raise TypeError(f"For '{layer}', the 'padding' must be an int or a tuple of ints, but got {value!r}.")
    if len(given) == count and count > 1:
        given = [v for v in given for _ in range(2)]
    if len(given) != 2 * count or min(given) < 0:
        raise ValueError(f"For '{layer}', the 'padding' must be an int, or {2 * count} ints, none negative, but got "
                         f"{value!r}.")
    return tuple(given)


def is_int(value) -> bool:
    """Whether a value is an int, and no bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def pad_mode(layer: str, value, padding) -> str:
    """The padding mode in lower case; ValueError for another word, and for padding that belongs to mode 'pad'."""
    mode = value.lower() if isinstance(value, str) else value
    if mode not in ("same", "valid", "pad"):
        raise ValueError(f"For '{layer}', the 'pad_mode' must be one of same, valid, pad, but got {value!r}.")
    if mode != "pad" and any(padding):
        raise ValueError(f"For '{layer}', the 'padding' must be 0 when 'pad_mode' is {value!r}, but got {padding}; use "
                         f"pad_mode='pad'.")
    return mode


def same_sides(sizes, kernel, stride, dilation) -> tuple[int, ...]:
    """The padding before and behind each axis with which a window has ceil(size / stride) places on it; of an odd
    total the larger part comes behind."""
    sides: list[int] = []
    for size, taps, step, apart in zip(sizes, kernel, stride, dilation):
        total = max((-(-size // step) - 1) * step + (taps - 1) * apart + 1 - size, 0)
        sides += [total // 2, total - total // 2]
    return tuple(sides)
