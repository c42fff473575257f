"""The global seed and the random streams that initialisers and datasets draw from.

Every consumer asks for a *stream*: a NumPy generator (Philox, a counter-based generator) whose key is derived from
(seed, domain, index). The index counts the streams handed out in that domain since the seed was set, so two layers made
in a row differ, a program that is run again repeats itself, and the number of layers in a network does not disturb the
order in which a dataset is shuffled. Without a seed the key comes from the operating system once per process.

`set_seed` starts every domain again and advances `seed_epoch()`. Generators that are kept for longer than one call (the
random operators') compare that number with the one they started from and restart when it has moved.
"""
from __future__ import annotations

import operator
import secrets
import threading
import zlib
from collections.abc import Callable

import numpy as np

__all__ = ["set_seed", "get_seed"]

_MAX_SEED = 2 ** 32 - 1


class _State:
    """What the module remembers; one instance, guarded by its lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seed: int | None = None
        self.epoch = 0
        self.entropy = secrets.randbits(128)
        self.domain_seeds: dict[str, int] = {}
        self.counters: dict[tuple[str, bool], int] = {}     # of a domain with and without a seed
        self.listeners: list[Callable[[], None]] = []


_state = _State()


def check_seed(seed, function: str) -> int:
    """`seed` as a Python int; TypeError for anything but an integer, ValueError outside 0..2**32-1."""
    try:
        if isinstance(seed, (bool, np.bool_)):
            raise TypeError
        value = operator.index(seed)
    except TypeError:
        raise TypeError(f"For '{function}', the seed must be an int, but got {seed!r} of type "
                        f"{type(seed).__name__}.") from None
    if not 0 <= value <= _MAX_SEED:
        raise ValueError(f"For '{function}', the seed must be in the range [0, {_MAX_SEED}], but got {value}.")
    return value


def _get_graph_seed(op_seed: int, kernel_name: str) -> tuple[int, int]:
    """The global seed and an operator's own, as operators with two seeds take them; no part of the interface."""
    return get_seed() or 0, check_seed(op_seed or 0, kernel_name)


def set_seed(seed: int) -> None:
    """Makes initialisers, random operators, datasets and `numpy.random` reproducible from here on.

    Args:
        seed: an int in 0..2**32-1.

    Raises:
        TypeError: `seed` is not an int (a bool or a float is refused).
        ValueError: `seed` is out of range.
    """
    value = check_seed(seed, "set_seed")
    with _state.lock:
        _state.seed = value
        _state.epoch += 1
        _state.domain_seeds.clear()
        _state.counters.clear()
    np.random.seed(value)
    for listener in _state.listeners:
        listener()


def on_set_seed(listener: Callable[[], None]) -> None:
    """Calls `listener` after every `set_seed`, for a consumer that cannot ask for `seed_epoch` when it draws."""
    _state.listeners.append(listener)


def get_seed() -> int | None:
    """The seed given to `set_seed`, or None where none was set."""
    return _state.seed


def seed_epoch() -> int:
    """How often `set_seed` was called: a generator made under another number has to restart."""
    return _state.epoch


def set_domain_seed(domain: str, seed: int | None) -> None:
    """Seeds one domain only and starts it again; a later `set_seed` takes precedence. `seed` has been checked.

    None forgets the domain's own seed. Where there is no global one either, streams that differ from all before follow.
    """
    with _state.lock:
        if seed is None:
            _state.domain_seeds.pop(domain, None)
        else:
            _state.domain_seeds[domain] = seed
        _state.counters.pop((domain, True), None)


def domain_seed(domain: str) -> int | None:
    """The seed that rules a domain: its own where one was set after the last `set_seed`, else the global one."""
    return _state.domain_seeds.get(domain, _state.seed)


def next_seed_sequence(domain: str = "init") -> np.random.SeedSequence:
    """The next stream of a domain as a SeedSequence, for a consumer that needs several independent generators."""
    with _state.lock:
        seed = _state.domain_seeds.get(domain, _state.seed)
        counter = domain, seed is not None
        index = _state.counters.get(counter, 0)
        _state.counters[counter] = index + 1
        root = _state.entropy if seed is None else seed
    return np.random.SeedSequence([root, zlib.crc32(domain.encode()), index])


def next_stream(domain: str = "init") -> np.random.Generator:
    """The next stream of a domain as a generator: reproducible after `set_seed`, different at every call."""
    return np.random.Generator(np.random.Philox(next_seed_sequence(domain)))
