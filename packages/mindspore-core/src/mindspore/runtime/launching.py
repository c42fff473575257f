"""Hints on how kernels are launched.

A plan's launches run in order on the thread that called it, and each uses the device's own threads, so these numbers
are checked and kept, and change nothing.
"""
from __future__ import annotations

from typing import Any

__all__ = ["dispatch_threads_num", "set_kernel_launch_group"]

hints: dict[str, int] = {}


def _positive(function: str, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{function}: {name} must be an int, got {type(value).__name__}: {value!r}")
    if value < 1:
        raise ValueError(f"{function}: {name} must be at least 1, got {value}")
    return value


def dispatch_threads_num(threads_num: int) -> None:
    """Say how many threads may prepare launches. TypeError, ValueError for what is no int of at least 1."""
    hints["threads_num"] = _positive("dispatch_threads_num", "threads_num", threads_num)


def set_kernel_launch_group(thread_num: int = 2, kernel_group_num: int = 8) -> None:
    """Say how many threads may launch kernels, and in how many groups. TypeError, ValueError for what are no ints of at
    least 1."""
    hints.update(thread_num=_positive("set_kernel_launch_group", "thread_num", thread_num),
                 kernel_group_num=_positive("set_kernel_launch_group", "kernel_group_num", kernel_group_num))
