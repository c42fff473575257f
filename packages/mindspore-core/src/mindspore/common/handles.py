"""Functions on tensors as handles: exchanging values, tensors of given memory."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import as_dtype, float32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor

__all__ = ["frombuffer", "swap_tensors"]


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Exchange the values of two tensors in place.

    Raises:
        TypeError: one of them is no Tensor. ValueError: Parameters of unlike shapes or dtypes.
    """
    for name, value in (("t1", t1), ("t2", t2)):
        if not isinstance(value, Tensor):
            raise TypeError(f"swap_tensors: {name} must be a Tensor, got {type(value).__name__}")
    if isinstance(t1, Parameter) or isinstance(t2, Parameter):
        if (t1.shape, t1.dtype) != (t2.shape, t2.dtype):
            raise ValueError(f"swap_tensors: a Parameter keeps its shape and dtype, but the tensors are {t1.dtype}"
                             f"{list(t1.shape)} and {t2.dtype}{list(t2.shape)}")
    t1._value, t2._value = t2._value, t1._value


def frombuffer(buffer, dtype=float32, count: int = -1, offset: int = 0) -> Tensor:
    """A 1-d tensor of what a buffer holds (`bytes`, `bytearray`, an array, ...).

    Args:
        buffer: an object with the buffer protocol. Its memory is shared where it may be written, copied elsewhere.
        dtype: the dtype of the elements.
        count: how many elements, -1 for all that follow `offset`.
        offset: where to begin, in bytes.

    Raises:
        TypeError: no buffer, or no dtype. ValueError: the buffer is too small, or its size no multiple.
    """
    array = np.frombuffer(buffer, as_dtype(dtype).np, count, offset)
    return Tensor.from_numpy(array if array.flags.writeable else array.copy())
