"""What a tensor is in memory: bytes, addresses, strides, storages, exchange with other libraries; and the flags and
values that belong to it as an object.

Every tensor has dense memory of its own, views too (`tensor_views`). `stride`, `storage_offset` and `is_contiguous` say
how the elements of a view lie among those of the tensor that it shows; `data_ptr` is the address of its own memory.
"""
# In these classes `self` is a Tensor, which a type checker cannot be told of a part of Tensor.
# mypy: disable-error-code="arg-type, attr-defined, return-value"
from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from mindspore.common import strided
from mindspore.common.dtype import DType, as_dtype
from mindspore.common.tensor import Tensor
from mindspore.common.tensor_views import root_with_all
from mindspore.common.view_places import geometry, shown
from mindspore.graph.trace import storage_of
from mindspore.ops._operands import (
    as_dtype_of,
    as_tensor,
    convert,
    normalize_axis,
    static_int,
    static_ints,
)
from mindspore.runtime import device as _device
from mindspore.runtime import record

__all__ = ["InMemory", "UntypedStorage"]


def _strides(x: Tensor) -> tuple[int, ...]:
    """Elements to step in each dimension; those of dense memory where the places of a view are not known."""
    found = geometry(x)
    return found.strides if found is not None else _dense(x.shape)


def _dense(shape: tuple) -> tuple[int, ...]:
    return tuple([prod(shape[axis + 1:]) for axis in range(len(shape))])


class UntypedStorage:
    """The elements of a tensor and of those that show them, as bytes. Two are equal if they are of one memory.

    Args:
        tensor: the tensor that has all the elements.
    """

    def __init__(self, tensor: Tensor):
        self._tensor = tensor

    @property
    def device(self) -> str:
        """Where the elements are."""
        return self._tensor.device

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._tensor.nbytes

    size = __len__ = nbytes

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return self._tensor.data_ptr()

    def tolist(self) -> list[int]:
        """The bytes as ints."""
        return list(self._tensor.get_bytes())

    def __getitem__(self, index: Any) -> Any:
        return self._tensor.get_bytes()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and other._tensor is self._tensor

    def __hash__(self) -> int:
        return id(self._tensor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.nbytes()} bytes on {self.device})"


class TypedStorage(UntypedStorage):
    """The elements of a tensor as a row of numbers."""

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._tensor.dtype

    def size(self) -> int:
        """The number of elements."""
        return self._tensor.size

    __len__ = size

    def tolist(self) -> list:
        """The elements as Python numbers."""
        return self._tensor.reshape(-1).tolist()

    def __getitem__(self, index: Any) -> Any:
        return self.tolist()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._tensor.reshape(-1)[index] = value


class InMemory:
    """Methods and properties to be attached to `Tensor`."""

    __slots__ = ()

    init = None  # values are made when a tensor is; no initializer is left to be run
    has_init = False
    init_finished = is_init = True
    is_meta = False  # every tensor has elements

    @property
    def init_flag(self) -> bool:
        """Whether the tensor has its value, or what a program has said of that."""
        return vars(self).get("_said_init", self.is_init)

    @init_flag.setter
    def init_flag(self, value: bool) -> None:
        vars(self)["_said_init"] = bool(value)

    def set_init_flag(self, flag: bool) -> None:
        """Say whether the tensor has its value."""
        self.init_flag = flag

    @property
    def param_info(self) -> Any:
        """What is said of a Parameter (`ParamInfo`); of another tensor what a program has put here, None at first."""
        return vars(self).get("_param_info")

    @param_info.setter
    def param_info(self, info: Any) -> None:
        vars(self)["_param_info"] = info

    def set_param_info(self, info: Any) -> None:
        """Assign `param_info`."""
        self.param_info = info

    def stub_sync(self) -> Tensor:
        """The tensor itself: what an operator returns is a Tensor before it is computed."""
        return self

    # -- its use as an argument ----------------------------------------------------------------------------------------

    @property
    def const_arg(self) -> bool:
        """Whether it is a constant where it is an argument of a compiled function."""
        from mindspore.common.constant_tensor import ConstantTensor
        return type(self) is ConstantTensor

    def set_const_arg(self, const_arg=True) -> Tensor:
        """Make it a constant where it is an argument of a compiled function: there is a graph for each value. Returns
        self.

        Raises:
            TypeError: `const_arg` is no bool, or it is a tensor of another kind, such as a Parameter.
        """
        from mindspore.common.constant_tensor import ConstantTensor
        if not isinstance(const_arg, bool):
            raise TypeError(f"set_const_arg: const_arg must be a bool, got {type(const_arg).__name__}")
        if type(self) not in (Tensor, ConstantTensor):
            raise TypeError(f"set_const_arg: a {type(self).__name__} cannot be a constant; take its value() first")
        self.__class__ = ConstantTensor if const_arg else Tensor
        return self

    # -- where its elements are ----------------------------------------------------------------------------------------

    @property
    def strides(self) -> tuple:
        """Bytes to step in each dimension, among the elements of the tensor that a view shows."""
        return tuple([step * self.itemsize for step in _strides(self)])

    def stride(self, dim=None):
        """Elements to step in each dimension, a list, or in dimension `dim`."""
        steps = list(_strides(self))
        return steps if dim is None else steps[normalize_axis("stride", dim, self.ndim, "dim")]

    def storage_offset(self) -> int:
        """The place of the first element of a view among the elements of the tensor that it shows; else 0."""
        found = geometry(self)
        return 0 if found is None else found.offset

    def is_contiguous(self) -> bool:
        """Whether the elements stand one after the other, in row-major order, in the tensor that a view shows."""
        return all(d <= 1 or step == dense for d, step, dense in zip(self.shape, _strides(self), _dense(self.shape))) \
            or not self.size

    def contiguous(self) -> Tensor:
        """self where its elements stand one after the other, else a copy."""
        return self if self.is_contiguous() else self.copy()

    def untyped_storage(self) -> UntypedStorage:
        """The bytes of the tensor, of that which it shows if it is a view. ValueError where that is gone."""
        return UntypedStorage(root_with_all("untyped_storage", self))

    def storage(self) -> TypedStorage:
        """The elements of the tensor, of that which it shows if it is a view. ValueError where that is gone."""
        return TypedStorage(root_with_all("storage", self))

    def set_(self, source=None, storage_offset=0, size=None, stride=None) -> Tensor:
        """Make self a view of the elements of `source`, a Tensor or a storage: all of them, or `size` from
        `storage_offset` on, `stride` apart (row-major by default). Without a source it becomes empty. Returns self.

        Raises:
            ValueError: the view leaves the source, or the source is a view of a tensor that is gone.
            TypeError: the source has another dtype.
        """
        if source is None:
            record.assign(self, Tensor(np.zeros(0, self.dtype.np)))
            return self
        given = source._tensor if isinstance(source, UntypedStorage) else as_tensor("set_", source, "source")
        if given.dtype is not self.dtype:
            raise TypeError(f"set_: source holds {given.dtype}, the tensor {self.dtype}; expected one dtype")
        if given is self:
            return self
        record.leave(self)
        if size is None and not storage_offset and not isinstance(source, UntypedStorage):
            record.assign(self, given)
            shown(given, self, "reshape", given.shape)
        else:
            root = root_with_all("set_", given)
            place = _place("set_", root, storage_offset, size, stride)
            record.assign(self, strided.read(root, *place))
            shown(root, self, "strided", *place)
        return self

    def data_ptr(self) -> int:
        """The address of the first element in memory that the host can read; the memory stays as it is until the
        tensor is changed or gone."""
        return self.asnumpy().__array_interface__["data"][0]

    @property
    def device(self) -> str:
        """The device target on which it is computed, such as "CPU"."""
        return _device.target()

    def pin_memory(self, device=None) -> Tensor:
        """self: what the host computes with, devices read as it is."""
        return self

    def move_to(self, to, blocking=True) -> Tensor:
        """A copy on the host ("CPU") or on the device target that is set. ValueError for others."""
        if to not in ("CPU", _device.target()):
            raise ValueError(f"move_to: to is {to!r}; expected 'CPU' or {_device.target()!r}, the device target")
        return self.copy()

    def to_(self, device=None, non_blocking=False) -> Tensor:
        """self. Which device computes is chosen by the context. ValueError for a device other than that."""
        if device is not None and str(device).partition(":")[0] not in ("CPU", _device.target()):
            raise ValueError(f"to_: device is {device!r}; expected 'CPU' or {_device.target()!r}, the device target")
        return self

    # -- its value as bytes and in other libraries ---------------------------------------------------------------------

    def get_bytes(self) -> bytes:
        """The elements as bytes, in row-major order and the byte order of the machine."""
        return storage_of(self, "array").to_numpy().tobytes()

    @staticmethod
    def convert_bytes_to_tensor(bytes_data, dims, data_type) -> Tensor:
        """A tensor of shape `dims` and dtype `data_type` from what `get_bytes` gave. ValueError for another number of
        bytes."""
        dtype, shape = as_dtype(data_type), static_ints("convert_bytes_to_tensor", "dims", dims)
        if len(bytes_data) != prod(shape) * dtype.itemsize:
            raise ValueError(f"convert_bytes_to_tensor: got {len(bytes_data)} bytes; a tensor of shape {shape} and "
                             f"dtype {dtype} has {prod(shape) * dtype.itemsize}")
        return Tensor(np.frombuffer(bytes_data, dtype.np).reshape(shape))

    def to_dlpack(self) -> Any:
        """The elements as a DLPack capsule."""
        from mindspore.utils.dlpack import to_dlpack
        return to_dlpack(self)

    @staticmethod
    def from_dlpack(dlpack) -> Tensor:
        """A tensor of the elements of a DLPack capsule."""
        from mindspore.utils.dlpack import from_dlpack
        return from_dlpack(dlpack)

    def data_sync(self, wait: bool = True) -> None:
        """Compute the value now."""
        storage_of(self).materialize()

    def wait_pipeline(self) -> None:
        """Compute the value now."""
        storage_of(self).materialize()

    # -- the tensor as an object ---------------------------------------------------------------------------------------

    @property
    def data(self) -> Tensor:
        """A view of all elements; assigning to it gives the tensor another value, of any shape and dtype."""
        return shown(self, record.wrap(self._value), "reshape", self.shape)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"data: expected a Tensor, but got {type(value).__name__}")
        record.assign(self, value)

    def value(self) -> Tensor:
        """The present value as a tensor of its own, which later writes do not change."""
        return record.wrap(self._value)

    def assign_value(self, value) -> Tensor:
        """Give the tensor the value of another one, cast to its dtype; returns it. One of another shape takes the place
        of the elements, which the tensor then shares with no other any more."""
        record.assign(self, as_dtype_of("assign_value", value, self, "value"))
        return self

    def set_dtype(self, dtype) -> Tensor:
        """Cast the tensor in place; it shares its elements with no other tensor after that. Returns it."""
        record.assign(self, convert(self, as_dtype(dtype)))
        return self

    def init_data(self, slice_index=None, shape=None, opt_shard_group=None) -> Tensor:
        """self: values are made when a tensor is."""
        return self


def _place(name: str, root: Tensor, offset: Any, size: Any, stride: Any) -> tuple[int, tuple, tuple]:
    """Offset, sizes and strides of a view of the row of elements of a tensor."""
    offset = static_int(name, "storage_offset", offset)
    sizes = (root.size - offset,) if size is None else static_ints(name, "size", size)
    steps = _dense(sizes) if stride is None else static_ints(name, "stride", stride)
    if len(steps) != len(sizes) or any(n < 0 for n in (offset, *sizes, *steps)):
        raise ValueError(f"{name}: storage_offset {offset}, size {sizes} and stride {steps}; expected numbers that are "
                         f"not negative, and one stride for each size")
    last = offset + sum((n - 1) * step for n, step in zip(sizes, steps))
    if prod(sizes) and last >= root.size:
        raise ValueError(f"{name}: size {sizes} from {offset} on with stride {steps} ends at element {last}, but the "
                         f"source has {root.size} elements")
    return offset, sizes, steps
