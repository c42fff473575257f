"""What programs import from `mindspore._c_expression`, the real framework's compiled part.

They ask there for settings of the run-time (`MSContext`), for what belongs to a Parameter (`ParamInfo`), for the
classes that tensors and Cells derive from, and fill arrays with random numbers by a seed.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore import context
from mindspore.common.parameter import ParamInfo
from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell as Cell_
from mindspore.nn.members import MixedPrecisionType
from mindspore.plugin import manager
from mindspore.runtime import device as _device
from mindspore.runtime.launching import dispatch_threads_num

__all__ = ["Cell_", "MSContext", "MixedPrecisionType", "ParamInfo", "Tensor", "TensorPy", "disable_multi_thread",
           "ms_ctx_param", "swap_cache"]

TensorPy = Tensor  # what the real framework's tensors derive from; programs ask `isinstance(x, TensorPy)`


class _Keys:
    """The names of settings as attributes: `ms_ctx_param.device_target` is "device_target"."""

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            context.get_context(name)
        except ValueError as error:
            raise AttributeError(f"ms_ctx_param: {error}") from None
        return name


ms_ctx_param = _Keys()


class MSContext:
    """The settings of `set_context`, as an object."""

    _only: MSContext | None = None

    @classmethod
    def get_instance(cls) -> MSContext:
        """The one object."""
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def get_param(self, key: str) -> Any:
        """A setting by its key, of `ms_ctx_param` or a str; see `mindspore.get_context`."""
        return context.get_context(key)

    def set_param(self, key: str, value: Any) -> None:
        """Change a setting; see `mindspore.set_context`."""
        context.set_context(**{key: value})

    def get_ascend_soc_version(self) -> str:
        """The chip's name where the present device is an Ascend, such as "ascend910b"; else the empty str."""
        return getattr(manager.backend_for(_device.target()).info, "soc_version", "")


def disable_multi_thread() -> None:
    """Prepare launches on one thread only."""
    dispatch_threads_num(1)


def _random_normal(seed: int, data: np.ndarray, mean: float, sigma: float) -> None:
    """Fill a float array with numbers of a normal distribution, the same ones for the same seed."""
    data[...] = np.random.default_rng(int(seed)).normal(mean, sigma, data.shape)


def _random_uniform(seed: int, data: np.ndarray, low: float, high: float) -> None:
    """Fill a float array with numbers of the uniform distribution over [low, high), the same ones for a seed."""
    data[...] = np.random.default_rng(int(seed)).uniform(low, high, data.shape)


random_normal, random_uniform = _random_normal, _random_uniform


def swap_cache(host: Any, device: Any, block_mapping: Any, is_device_to_host: bool) -> None:
    """Copy blocks between two caches of keys or values, along the first axis, in place.

    Args:
        host, device: Tensors (blocks, ...) of the same block shape and dtype. block_mapping: int Tensor (n, 2), the
            blocks to copy, each from the first number to the second one. is_device_to_host: the direction.

    Raises:
        ValueError: the blocks' shapes or dtypes differ, or the mapping has another shape.
    """
    if host.shape[1:] != device.shape[1:] or host.dtype is not device.dtype:
        raise ValueError(f"swap_cache: the blocks of the caches differ: {host.shape[1:]} of {host.dtype} and "
                         f"{device.shape[1:]} of {device.dtype}")
    if block_mapping.ndim != 2 or block_mapping.shape[1] != 2:
        raise ValueError(f"swap_cache: block_mapping must have shape (n, 2), got {block_mapping.shape}")
    source, target = (device, host) if is_device_to_host else (host, device)
    target[block_mapping[:, 1]] = source[block_mapping[:, 0]]


_steps: list[int] = []  # the marked steps under way


def _framework_profiler_step_start() -> None:
    """Mark where a step of the program begins, for a profile that is running (`mindspore.profiler.mstx`)."""
    from mindspore.profiler import mstx
    _steps.append(mstx.range_start("framework_step"))


def _framework_profiler_step_end() -> None:
    """Mark where the step ends that has begun last; nothing without one."""
    from mindspore.profiler import mstx
    if _steps:
        mstx.range_end(_steps.pop())
