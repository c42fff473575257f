"""Generators: where random operators get their numbers from.

A generator is a tensor of two Int64 numbers, a seed and an offset. The random primitives are functions of such a pair
(Philox, counter-based), so to draw is to take the pair and to count the offset up by one. While a graph is compiled
both are recorded: the pair is read and written as a parameter is, and every run of the graph draws anew. In PyNative
mode the counting happens on the host, unless a graph has left the pair on the device.

The default generator starts again at every `set_seed`, from a stream of the seed.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore.common import seed as _seed
from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.ir.graph import Literal
from mindspore.compiler.primitives import primitive
from mindspore.graph.trace import current_trace, storage_of
from mindspore.runtime.record import apply, assign, wrap
from mindspore.runtime.storage import Storage, from_numpy

__all__ = ["Generator", "default_generator", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]

_ADD, _CONSTANT, _IDENTITY = primitive("add"), primitive("constant"), primitive("identity")
_STEP = np.array([0, 1], np.int64)


class Generator:
    """A stream of random numbers of its own, from a seed that the operating system gives."""

    def __init__(self):
        self._pair = Tensor(np.zeros(2, np.int64))
        self._initial: int | None = None

    def _start(self) -> None:
        """Choose a seed if there is none yet."""
        if self._initial is None:
            self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed; returns the generator.

        Raises:
            TypeError: `seed` is not an int.
        """
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise TypeError(f"Generator.manual_seed: seed must be an int, but got {type(seed).__name__}: {seed!r}")
        self._initial = int(seed)
        self._pair._value = from_numpy(np.array([_signed(int(seed)), 0], np.int64))
        return self

    def seed(self) -> int:
        """Start again from a seed that the operating system gives; returns it."""
        chosen = int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
        self.manual_seed(chosen)
        return chosen

    def initial_seed(self) -> int:
        """The seed from which the generator started."""
        self._start()
        return self._initial or 0

    def get_state(self) -> Tensor:
        """The seed and the offset, to be given to `set_state`."""
        self._start()
        return Tensor(storage_of(self._pair).to_numpy())

    def set_state(self, state: Tensor) -> None:
        """Go on from a state that `get_state` gave. ValueError for anything else."""
        if not isinstance(state, Tensor) or state.shape != (2,) or state.dtype is not int64:
            raise ValueError(f"Generator.set_state: expected what get_state returned, an Int64 tensor of shape (2,), "
                             f"but got {state!r}")
        self._start()
        self._pair._value = from_numpy(storage_of(state).to_numpy())
        self._initial = int(storage_of(state).to_numpy()[0])

    def _step(self, step: Any = 1) -> tuple[Tensor, Tensor]:
        """The seed and the offset for one random tensor, one Int64 each; `step` has no meaning here."""
        pair = self.draw()
        return pair[0], pair[1]

    def draw(self) -> Tensor:
        """The seed and the offset for one random tensor; the next call gives others."""
        self._start()
        pair = self._pair
        value = pair._value
        if current_trace() is None and type(value) is Storage and value.host is not None:
            now = value.host
            pair._value = from_numpy(now + _STEP)
            return wrap(from_numpy(now))
        now = apply(_IDENTITY, (pair,))
        assign(pair, apply(_ADD, (now, apply(_CONSTANT, (), (Literal(_STEP),)))))
        return now


class _DefaultGenerator(Generator):
    """The generator that follows `set_seed`."""

    def _start(self) -> None:
        if self._initial is None:
            self.seed_from_global()

    def seed_from_global(self) -> None:
        """Start again from the next stream of the global seed."""
        state = _seed.next_seed_sequence("ops").generate_state(1, np.uint64)[0]
        self.manual_seed(int(state >> np.uint64(1)))


def _signed(value: int) -> int:
    """The low 64 bits as a signed number."""
    low = value & 0xFFFFFFFFFFFFFFFF
    return low - 2**64 if low >= 2**63 else low


default_generator = _DefaultGenerator()
_seed.on_set_seed(default_generator.seed_from_global)


def manual_seed(seed: int) -> Generator:
    """Start the default generator again from a seed; see `Generator.manual_seed`."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator again from a seed that the operating system gives; returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed from which the default generator started."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator; see `Generator.get_state`."""
    return default_generator.get_state()


def set_rng_state(state: Tensor) -> None:
    """Go on from a state of the default generator; see `Generator.set_state`."""
    default_generator.set_state(state)
