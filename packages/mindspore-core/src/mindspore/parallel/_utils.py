"""What programs ask about the way in which they run. The functions are no part of the interface, but much used."""
from __future__ import annotations

from typing import Any

from mindspore.communication.groups import get_group_size
from mindspore.runtime.parallel_settings import get_auto_parallel_context

__all__ = ["auto_parallel_context"]


def _get_parallel_mode() -> str:
    """One of `ParallelMode`."""
    return get_auto_parallel_context("parallel_mode")


def _get_device_num() -> int:
    """How many devices train together."""
    return max(get_group_size(), get_auto_parallel_context("device_num"))


def _get_global_rank() -> int:
    """The rank of this process."""
    return get_auto_parallel_context("global_rank")


def _get_gradients_mean() -> bool:
    """Whether summed gradients are divided by the number of devices."""
    return get_auto_parallel_context("gradients_mean")


def _get_parameter_broadcast() -> bool:
    """Whether the first process's Parameters are those of all."""
    return get_auto_parallel_context("parameter_broadcast")


def _get_enable_parallel_optimizer() -> bool:
    """Whether the optimizer's state is split over the devices."""
    return get_auto_parallel_context("enable_parallel_optimizer")


def _get_pipeline_stages() -> int:
    """How many stages a pipeline has."""
    return get_auto_parallel_context("pipeline_stages")


def _get_full_batch() -> bool:
    """Whether each device reads whole batches."""
    return get_auto_parallel_context("full_batch")


def _is_sharding_propagation() -> bool:
    """Whether the ways to split are found from those that are given."""
    return get_auto_parallel_context("sharding_propagation")


def _is_in_auto_parallel_mode() -> bool:
    """Whether operators are split over devices."""
    return _get_parallel_mode() in ("semi_auto_parallel", "auto_parallel")


class _Settings:
    """The settings with a method for each: `get_device_num()` is that of the key `device_num`."""

    def __getattr__(self, name: str) -> Any:
        key = name.removeprefix("get_").removesuffix("_is_set")
        if not name.startswith("get_"):
            raise AttributeError(f"the settings of parallel training have no {name!r}; set_auto_parallel_context sets "
                                 f"them")
        return lambda: get_auto_parallel_context(key) is not None if name.endswith("_is_set") \
            else get_auto_parallel_context(key)


_only = _Settings()


def auto_parallel_context() -> _Settings:
    """The settings as an object."""
    return _only
