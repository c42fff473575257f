"""Tensors as DLPack capsules: memory that array libraries hand to each other without a copy.

What a tensor exports is the memory of its value where the host sees it, a copy elsewhere. The value is pinned: later
values of the tensor get other memory, so the capsule's reader keeps what it was given.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of

__all__ = ["from_dlpack", "to_dlpack"]
_CPU = (1, 0)


class _Given:
    """A capsule as an object that NumPy imports."""

    def __init__(self, capsule: Any):
        self._capsule = capsule

    def __dlpack__(self, **_):
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU


def to_dlpack(tensor: Tensor) -> Any:
    """The tensor's value as a DLPack capsule.

    Raises:
        TypeError: `tensor` is no Tensor. BufferError: DLPack, or NumPy's part of it, does not know the dtype.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"to_dlpack: expected a Tensor, got {type(tensor).__name__}")
    array = storage_of(tensor).to_numpy(share=True)
    if array.dtype.kind not in "biufc":
        raise BufferError(f"to_dlpack: tensors of dtype {tensor.dtype} have no DLPack form here; cast to float32 first")
    return array.__dlpack__()


def from_dlpack(dlpack: Any) -> Tensor:
    """A tensor of what a capsule, or an object with `__dlpack__`, holds in host memory.

    Raises:
        TypeError: neither of both, or a dtype that tensors do not have. BufferError: memory of a device.
    """
    if hasattr(dlpack, "__dlpack__"):
        device = tuple(dlpack.__dlpack_device__())
        if device[0] != _CPU[0]:
            raise BufferError(f"from_dlpack: the memory is on device {device}, not on the host; copy it there first")
        array = np.from_dlpack(dlpack)
    elif type(dlpack).__name__ == "PyCapsule":
        array = np.from_dlpack(_Given(dlpack))
    else:
        raise TypeError(f"from_dlpack: expected a DLPack capsule or an object with __dlpack__, got "
                        f"{type(dlpack).__name__}")
    np_dtype_to_dtype(array.dtype)
    return Tensor.from_numpy(array if array.flags.writeable else array.copy())
