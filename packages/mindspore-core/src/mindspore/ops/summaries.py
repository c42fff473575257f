"""Summaries: values that a program hands to whoever watches its training.

A summary operator does not change what a program computes. Where a `mindspore.SummaryRecord` is open, it keeps the
value until the record writes it (`SummaryRecord.record`); of a name and kind the last value counts. In a compiled
function that happens at run time, in the order of the program, as printing does.
"""
from __future__ import annotations

import threading
from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.graph import effects
from mindspore.graph.trace import current_trace

__all__ = ["KINDS", "check_value", "close_reader", "open_reader", "summarize", "take"]
KINDS = ("scalar", "image", "tensor", "histogram")
_lock = threading.Lock()
_kept: dict[tuple[str, str], np.ndarray] = {}
_readers = [0]


def open_reader() -> None:
    """Somebody is going to take what is kept."""
    with _lock:
        _readers[0] += 1


def close_reader() -> None:
    """Nobody does any longer; with the last reader what is kept is forgotten."""
    with _lock:
        _readers[0] -= 1
        if not _readers[0]:
            _kept.clear()


def take() -> dict[tuple[str, str], np.ndarray]:
    """What is kept, by (kind, name); nothing is kept then."""
    with _lock:
        found = dict(_kept)
        _kept.clear()
        return found


def check_value(where: str, kind: str, name: Any, shape: tuple) -> None:
    """TypeError or ValueError where a name is none, or the shape is none of the kind."""
    if not isinstance(name, str):
        raise TypeError(f"{where}: the name must be a str, but got {type(name).__name__}: {name!r}")
    if not name:
        raise ValueError(f"{where}: the name must not be empty")
    if kind == "scalar" and shape not in ((), (1,)):
        raise ValueError(f"{where}: the value of {name!r} must be a scalar of shape () or (1,), but has shape {shape}")
    if kind == "image" and (len(shape) != 4 or shape[1] not in (1, 3) or 0 in shape):
        raise ValueError(f"{where}: the value of {name!r} must be images of shape (N, C, H, W) with C 1 or 3, but has "
                         f"shape {shape}")
    if kind in ("tensor", "histogram") and not shape:
        raise ValueError(f"{where}: the value of {name!r} must have at least one dimension, but has shape ()")


def summarize(where: str, kind: str, name: str, value: Tensor) -> None:
    """Keep a value under a name. where: what the errors begin with.

    Raises:
        TypeError: the name is no str, or the value no Tensor. ValueError: a shape that is none of the kind.
    """
    if not isinstance(value, Tensor):
        raise TypeError(f"{where}: the value must be a Tensor, but got {type(value).__name__}: {value!r}")
    check_value(where, kind, name, tuple(value.shape))

    def keep(known: Tensor) -> None:
        if _readers[0]:
            with _lock:
                _kept.pop((kind, name), None)
                _kept[kind, name] = known.asnumpy()

    if current_trace() is None:
        keep(value)
    else:
        effects.perform(keep, value, f"{kind} summary {name!r}")
