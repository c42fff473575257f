"""Settings of all dataset pipelines."""
from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from mindspore.common import seed as _seed

from ._check import check_bool, check_int

__all__ = ["set_seed", "get_seed", "set_prefetch_size", "get_prefetch_size", "set_num_parallel_workers",
           "get_num_parallel_workers", "set_enable_shared_mem", "get_enable_shared_mem", "set_numa_enable",
           "get_numa_enable"]


@dataclass
class _Settings:
    prefetch_size: int = 16
    num_parallel_workers: int = 1
    enable_shared_mem: bool = True
    numa_enable: bool = False


_settings = _Settings()


def set_seed(seed: int) -> None:
    """Makes dataset pipelines reproducible; also seeds `random` and `numpy.random`, which user functions draw from.

    The pipelines that are iterated from here on repeat themselves. `mindspore.set_seed` does the same for them and for
    everything else; the later of the two calls counts.

    Raises:
        TypeError: `seed` is not an int.
        ValueError: `seed` is not in 0..2**32-1.
    """
    value = _seed.check_seed(seed, "dataset.config.set_seed")
    _seed.set_domain_seed("dataset", value)
    random.seed(value)
    np.random.seed(value)


def get_seed() -> int | None:
    """The seed that rules dataset pipelines, or None where none was set."""
    return _seed.domain_seed("dataset")


def set_prefetch_size(size: int) -> None:
    """Sets how many rows or batches a pipeline may prepare ahead (16 at first).

    Raises:
        TypeError: `size` is not an int.
        ValueError: `size` is less than 1.
    """
    _settings.prefetch_size = check_int(size, "size", "set_prefetch_size", 1)


def get_prefetch_size() -> int:
    """How many rows or batches a pipeline may prepare ahead."""
    return _settings.prefetch_size


def set_num_parallel_workers(num: int) -> None:
    """Sets how many threads an operation uses that does not say so itself (1 at first).

    Raises:
        TypeError: `num` is not an int.
        ValueError: `num` is less than 1.
    """
    _settings.num_parallel_workers = check_int(num, "num", "set_num_parallel_workers", 1)


def get_num_parallel_workers() -> int:
    """How many threads an operation uses that does not say so itself."""
    return _settings.num_parallel_workers


def set_enable_shared_mem(enable: bool) -> None:
    """Notes whether worker processes are to pass large arrays through shared memory, which they always do.

    Raises:
        TypeError: `enable` is not a bool.
    """
    _settings.enable_shared_mem = check_bool(enable, "enable", "set_enable_shared_mem")


def get_enable_shared_mem() -> bool:
    """What `set_enable_shared_mem` noted; True at first."""
    return _settings.enable_shared_mem


def set_numa_enable(numa_enable: bool) -> None:
    """Notes whether threads are to stay near their memory; the operating system places them.

    Raises:
        TypeError: `numa_enable` is not a bool.
    """
    _settings.numa_enable = check_bool(numa_enable, "numa_enable", "set_numa_enable")


def get_numa_enable() -> bool:
    """What `set_numa_enable` noted; False at first."""
    return _settings.numa_enable
