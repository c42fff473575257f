"""Environments of reinforcement learning that are compiled into a device's kernels.

MindSpore has them on GPUs only, and no backend of this ecosystem has any. The classes exist because packages of
reinforcement learning import them wherever they run; whoever makes one is told what to use instead.
"""
from __future__ import annotations

from typing import Any

from mindspore.ops.primitive import Primitive

__all__ = ["EnvCreate", "EnvReset", "EnvStep"]


class _OfDevice(Primitive):
    """Refuses to be made: NotImplementedError."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise NotImplementedError(f"{type(self).__name__}: no backend has environments among its kernels; write the "
                                  f"environment as a Python class, whose step the program calls")


class EnvCreate(_OfDevice):
    """Would make an environment by its name."""


class EnvReset(_OfDevice):
    """Would put an environment at its start."""


class EnvStep(_OfDevice):
    """Would take one action in an environment."""
