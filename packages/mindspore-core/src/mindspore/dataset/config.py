"""Settings of all dataset pipelines.

Some settings of MindSpore steer parts that do not exist here: its tuning of worker numbers, its monitor, the watchdog
of its worker processes. Programs set them, so they are checked and kept, and change nothing; their docstrings say
"notes".
"""
from __future__ import annotations

import enum
import json
import random
from dataclasses import dataclass

import numpy as np

from mindspore.common import seed as _seed

from ._check import check_bool, check_int

__all__ = [
    "ErrorSamplesMode", "get_auto_num_workers", "get_auto_offload", "get_autotune_interval", "get_callback_timeout",
    "get_debug_mode", "get_dynamic_shape", "get_enable_autotune", "get_enable_shared_mem", "get_enable_watchdog",
    "get_error_samples_mode", "get_fast_recovery", "get_iterator_mode", "get_monitor_sampling_interval",
    "get_multiprocessing_start_method", "get_multiprocessing_timeout_interval", "get_num_parallel_workers",
    "get_numa_enable", "get_prefetch_size", "get_seed", "get_video_backend", "load", "set_auto_num_workers",
    "set_auto_offload", "set_autotune_interval", "set_callback_timeout", "set_debug_mode", "set_dynamic_shape",
    "set_enable_autotune", "set_enable_shared_mem", "set_enable_watchdog", "set_error_samples_mode",
    "set_fast_recovery", "set_iterator_mode", "set_monitor_sampling_interval", "set_multiprocessing_start_method",
    "set_multiprocessing_timeout_interval", "set_num_parallel_workers", "set_numa_enable", "set_prefetch_size",
    "set_seed", "set_sending_batches", "set_video_backend",
]


class ErrorSamplesMode(enum.IntEnum):
    """What `map` does with a row for which an operation raises."""

    RETURN = 0
    """The error ends the pipeline."""
    REPLACE = 1
    """A copy of another row takes its place."""
    SKIP = 2
    """It is left out."""


@dataclass
class _Settings:
    prefetch_size: int = 16
    num_parallel_workers: int = 1
    enable_shared_mem: bool = True
    numa_enable: bool = False
    debug_mode: bool = False
    debug_hooks: tuple = ()
    enable_autotune: bool = False
    autotune_interval: int = 0
    auto_num_workers: bool = False
    auto_offload: bool = False
    fast_recovery: bool = True
    enable_watchdog: bool = True
    monitor_sampling_interval: int = 1000
    callback_timeout: int = 60
    multiprocessing_timeout_interval: int = 300
    sending_batches: int = 0
    dynamic_shape: bool = False
    error_samples_mode: ErrorSamplesMode = ErrorSamplesMode.RETURN
    do_copy: bool = True
    parallel_convert: bool = False
    start_method: str = "fork"
    video_backend: str = "CPU"


_settings = _Settings()


def set_seed(seed: int | None) -> None:
    """Makes dataset pipelines reproducible; also seeds `random` and `numpy.random`, which user functions draw from.

    The pipelines that are iterated from here on repeat themselves. `mindspore.set_seed` does the same for them and for
    everything else; the later of the two calls counts. None, which `get_seed` gives where no seed was set, forgets the
    seed: pipelines follow that of `mindspore.set_seed`, or differ each time where there is none.

    Raises:
        TypeError: `seed` is neither an int nor None.
        ValueError: `seed` is not in 0..2**32-1.
    """
    value = None if seed is None else _seed.check_seed(seed, "dataset.config.set_seed")
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


def set_debug_mode(debug_mode_flag: bool, debug_hook_list: list | None = None) -> None:
    """Makes iterators run their pipelines in the thread that asks for rows, one operation after the other, without
    worker threads and processes: a breakpoint in a user's function then stops the program.

    Args:
        debug_mode_flag: whether to.
        debug_hook_list: `debug.DebugHook`s, which are called for each row before the first and after each operation of
            `map`; rows then go through it one by one.

    Raises:
        TypeError: `debug_mode_flag` is not a bool, or `debug_hook_list` no list of hooks.
    """
    from .debug import DebugHook
    hooks = [] if debug_hook_list is None else debug_hook_list
    if not isinstance(hooks, list) or not all(isinstance(hook, DebugHook) for hook in hooks):
        raise TypeError(f"For 'set_debug_mode', 'debug_hook_list' must be a list of DebugHooks, but got {hooks!r}.")
    _settings.debug_mode = check_bool(debug_mode_flag, "debug_mode_flag", "set_debug_mode")
    _settings.debug_hooks = tuple(hooks) if debug_mode_flag else ()


def debug_hooks() -> tuple:
    """The hooks that are called in debug mode."""
    return _settings.debug_hooks


def get_debug_mode() -> bool:
    """Whether pipelines run in the thread that asks for rows; False at first."""
    return _settings.debug_mode


def set_enable_autotune(enable: bool, filepath_prefix: str | None = None) -> None:
    """Notes whether worker numbers are to be tuned while a pipeline runs, which nothing does here.

    Raises:
        TypeError: `enable` is not a bool, or `filepath_prefix` no str.
    """
    if filepath_prefix is not None and not isinstance(filepath_prefix, str):
        raise TypeError(f"For 'set_enable_autotune', 'filepath_prefix' must be a str or None, but got "
                        f"{filepath_prefix!r}.")
    _settings.enable_autotune = check_bool(enable, "enable", "set_enable_autotune")


def get_enable_autotune() -> bool:
    """What `set_enable_autotune` noted; False at first."""
    return _settings.enable_autotune


def set_autotune_interval(interval: int) -> None:
    """Notes after how many steps tuning is to look again, 0 for after each epoch.

    Raises:
        TypeError: `interval` is not an int.
        ValueError: `interval` is less than 0.
    """
    _settings.autotune_interval = check_int(interval, "interval", "set_autotune_interval", 0)


def get_autotune_interval() -> int:
    """What `set_autotune_interval` noted."""
    return _settings.autotune_interval


def set_auto_num_workers(enable: bool) -> None:
    """Notes whether worker numbers are to be chosen by the number of cores.

    Raises:
        TypeError: `enable` is not a bool.
    """
    _settings.auto_num_workers = check_bool(enable, "enable", "set_auto_num_workers")


def get_auto_num_workers() -> bool:
    """What `set_auto_num_workers` noted."""
    return _settings.auto_num_workers


def set_auto_offload(offload: bool) -> None:
    """Notes whether operations of `map` are to be done on the device; they are done here, with the same results.

    Raises:
        TypeError: `offload` is not a bool.
    """
    _settings.auto_offload = check_bool(offload, "offload", "set_auto_offload")


def get_auto_offload() -> bool:
    """What `set_auto_offload` noted."""
    return _settings.auto_offload


def set_fast_recovery(fast_recovery: bool) -> None:
    """Notes whether a position is to be restored without the same random order; it always has the same.

    Raises:
        TypeError: `fast_recovery` is not a bool.
    """
    _settings.fast_recovery = check_bool(fast_recovery, "fast_recovery", "set_fast_recovery")


def get_fast_recovery() -> bool:
    """What `set_fast_recovery` noted."""
    return _settings.fast_recovery


def set_enable_watchdog(enable: bool) -> None:
    """Notes whether worker processes are to be watched, which they always are.

    Raises:
        TypeError: `enable` is not a bool.
    """
    _settings.enable_watchdog = check_bool(enable, "enable", "set_enable_watchdog")


def get_enable_watchdog() -> bool:
    """What `set_enable_watchdog` noted."""
    return _settings.enable_watchdog


def set_monitor_sampling_interval(interval: int) -> None:
    """Notes how often, in milliseconds, a monitor is to look at the pipeline.

    Raises:
        TypeError: `interval` is not an int.
        ValueError: `interval` is less than 1.
    """
    _settings.monitor_sampling_interval = check_int(interval, "interval", "set_monitor_sampling_interval", 1)


def get_monitor_sampling_interval() -> int:
    """What `set_monitor_sampling_interval` noted."""
    return _settings.monitor_sampling_interval


def set_callback_timeout(timeout: int) -> None:
    """How long, in seconds, a WaitedDSCallback waits for training before iteration raises RuntimeError.

    Raises:
        TypeError: `timeout` is not an int.
        ValueError: `timeout` is less than 1.
    """
    _settings.callback_timeout = check_int(timeout, "timeout", "set_callback_timeout", 1)


def get_callback_timeout() -> int:
    """What `set_callback_timeout` has set."""
    return _settings.callback_timeout


def set_multiprocessing_timeout_interval(interval: int) -> None:
    """Notes after how many seconds a slow worker process is to be named in the log.

    Raises:
        TypeError: `interval` is not an int.
        ValueError: `interval` is less than 1.
    """
    _settings.multiprocessing_timeout_interval = check_int(interval, "interval",
                                                           "set_multiprocessing_timeout_interval", 1)


def get_multiprocessing_timeout_interval() -> int:
    """What `set_multiprocessing_timeout_interval` noted."""
    return _settings.multiprocessing_timeout_interval


def set_sending_batches(batch_num: int) -> None:
    """Notes how many batches are to be sent to a device ahead of it; pipelines hand theirs over when they are asked.

    Raises:
        TypeError: `batch_num` is not an int.
        ValueError: `batch_num` is less than 0.
    """
    _settings.sending_batches = check_int(batch_num, "batch_num", "set_sending_batches", 0)


def set_dynamic_shape(is_dynamic: bool) -> None:
    """Notes whether the shapes of a data set's rows may differ, which they always may.

    Raises:
        TypeError: `is_dynamic` is not a bool.
    """
    _settings.dynamic_shape = check_bool(is_dynamic, "is_dynamic", "set_dynamic_shape")


def get_dynamic_shape() -> bool:
    """What `set_dynamic_shape` noted; False at first."""
    return _settings.dynamic_shape


def set_error_samples_mode(error_samples_mode: ErrorSamplesMode) -> None:
    """Sets what `map` does, in the passes that begin from here on, with a row for which an operation raises.

    RETURN: the error comes out of the iterator. SKIP: the row is left out, so that there are fewer rows than
    `get_dataset_size` says. REPLACE: the good row before it, or the first good one, takes its place; where no row is
    good a RuntimeError tells of the first error. A warning names the first error of each pass. With SKIP and REPLACE
    rows go through the operations one by one.

    Raises:
        TypeError: it is no ErrorSamplesMode.
    """
    if not isinstance(error_samples_mode, ErrorSamplesMode):
        raise TypeError(f"For 'set_error_samples_mode', 'error_samples_mode' must be an ErrorSamplesMode, such as "
                        f"ErrorSamplesMode.SKIP, but got {error_samples_mode!r}.")
    _settings.error_samples_mode = error_samples_mode


def get_error_samples_mode() -> ErrorSamplesMode:
    """What `map` does with a row for which an operation raises; RETURN at first."""
    return _settings.error_samples_mode


def set_iterator_mode(do_copy: bool = True, parallel_convert: bool = False) -> None:
    """Notes how iterators are to make Tensors. Nothing depends on it: a Tensor takes over memory that nothing
    else uses, without a copy, and rows are made on a thread of their own.

    Args:
        do_copy: whether Tensors are to be copies.
        parallel_convert: whether they are to be made on a thread.

    Raises:
        TypeError: an argument is not a bool.
    """
    _settings.do_copy, _settings.parallel_convert = (check_bool(do_copy, "do_copy", "set_iterator_mode"),
                                                     check_bool(parallel_convert, "parallel_convert",
                                                                "set_iterator_mode"))


def get_iterator_mode() -> dict[str, bool]:
    """What `set_iterator_mode` noted, by the names of its arguments; True and False at first."""
    return {"do_copy": _settings.do_copy, "parallel_convert": _settings.parallel_convert}


def _check_one_of(value, choices: tuple[str, ...], name: str, function: str, why: str = "") -> str:
    if not isinstance(value, str):
        raise TypeError(f"For '{function}', '{name}' must be a str, but got {value!r} of type {type(value).__name__}.")
    if value not in choices:
        raise ValueError(f"For '{function}', '{name}' must be {' or '.join(map(repr, choices))}, but got {value!r}."
                         f"{why}")
    return value


def set_multiprocessing_start_method(start_method: str) -> None:
    """Notes how worker processes are to be started, "fork" or "spawn". They are new interpreters with either: a fork
    would copy threads of OpenMP and of the pipeline in the middle of their work.

    Raises:
        TypeError: `start_method` is no str.
        ValueError: it is neither.
    """
    _settings.start_method = _check_one_of(start_method, ("fork", "spawn"), "start_method",
                                           "set_multiprocessing_start_method")


def get_multiprocessing_start_method() -> str:
    """What `set_multiprocessing_start_method` noted; "fork" at first."""
    return _settings.start_method


def set_video_backend(backend: str) -> None:
    """Notes what is to decode videos: "CPU", the only choice.

    Raises:
        TypeError: `backend` is no str.
        ValueError: it is not "CPU".
    """
    _settings.video_backend = _check_one_of(backend, ("CPU",), "backend", "set_video_backend",
                                            " No device decodes videos here.")


def get_video_backend() -> str:
    """What `set_video_backend` noted."""
    return _settings.video_backend


def load(file: str) -> None:
    """Takes settings from a JSON file: "numParallelWorkers", "seed", "opConnectorSize" (the prefetch size) and
    "monitorSamplingInterval"; others are left alone.

    Raises:
        TypeError: a value is of a wrong type.
        ValueError: a value is out of range, or the file holds no JSON object.
        OSError: the file cannot be read.
    """
    with open(file, encoding="utf-8") as opened:
        found = json.load(opened)
    if not isinstance(found, dict):
        raise ValueError(f"For 'load', the file '{file}' must hold a JSON object, but holds a {type(found).__name__}.")
    setters = {"numParallelWorkers": set_num_parallel_workers, "seed": set_seed, "opConnectorSize": set_prefetch_size,
               "monitorSamplingInterval": set_monitor_sampling_interval}
    for name, setter in setters.items():
        if name in found:
            setter(found[name])
