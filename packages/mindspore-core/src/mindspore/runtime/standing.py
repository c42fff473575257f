"""Keeping what a program computes from a network's weights alone, while the weights stay what they are.

A tensor's value is a `Storage`. Whoever changes a tensor gives it another storage, or, as the only holder of the old
one, counts the change in it (`writes`). So a weight is what it was while it has the same storage with the same count.
Memory that was handed out (to NumPy) may change at any time; with such weights nothing is kept. Storages are not held:
what was prepared from weights goes when they go.

Values are kept from the second call on that finds the same weights, which nothing wrote in the meantime: a program that
trains and infers in turns would otherwise copy its weights every time.

In PyNative mode an operation sees values, not tensors. Which of them are weights is asked when a stream of operations
is compiled (`weights`).
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary, ref

from mindspore.compiler.standing import StandingExecutable
from mindspore.runtime.storage import Storage

_parameters: WeakValueDictionary[int, Any] = WeakValueDictionary()


def register(parameter) -> None:
    """Note a Parameter that was made."""
    _parameters[id(parameter)] = parameter


def weights() -> set[int]:
    """The identities of the storages that Parameters have now."""
    return {id(parameter._value) for parameter in list(_parameters.values()) if hasattr(parameter, "_value")}


class Standing:
    """The prepared values of one executable."""

    __slots__ = ("_executable", "_held", "_seen", "__weakref__")

    def __init__(self, executable: StandingExecutable):
        self._executable = executable
        self._held: tuple[list, list] | None = None  # (storage, writes) of the weights, and what was prepared
        self._seen: list[tuple[int, int]] = []

    def run(self, buffers: list, values: Sequence[Storage]) -> list:
        """Run with these buffers. values: the storages at the positions that the executable `reads`."""
        held = self._held
        if held is not None:
            for value, (known, writes) in zip(values, held[0]):
                if known() is not value or value.writes != writes or value.pinned:
                    self._held = None
                    break
            else:
                return self._executable.run_prepared(buffers, held[1])
        seen = [(id(value), value.writes) for value in values]
        if seen != self._seen:
            self._seen = seen
            return self._executable.run(buffers)
        prepared = self._executable.prepare(buffers)
        if not any(value.pinned for value in values):
            self._hold(values, prepared)
        return self._executable.run_prepared(buffers, prepared)

    def _hold(self, values: Sequence[Storage], prepared: list) -> None:
        mine = ref(self)

        def forget(_) -> None:
            standing = mine()
            if standing is not None:
                standing._held = None

        self._held = [(ref(value, forget), value.writes) for value in values], prepared
