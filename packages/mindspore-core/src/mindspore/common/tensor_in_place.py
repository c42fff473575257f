"""Methods that change a tensor in place, whose names end in an underscore.

Each computes a new value by the operator of the same name and gives it to the tensor, in the tensor's own dtype. The
tensors that show its elements see the change (`tensor_views`), and gradients go through it. They return the tensor.
"""
# In these classes `self` is a Tensor, which a type checker cannot be told of a part of Tensor.
# mypy: disable-error-code="arg-type, attr-defined, return-value"
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.common.tensor_functions import Functions
from mindspore.common.tensor_index_writes import written
from mindspore.common.tensor_methods import TensorMethods
from mindspore.common.tensor_views import check_writable
from mindspore.ops import (
    activation,
    arithmetic,
    comparison,
    creation,
    elementwise,
    indexed,
    indexing,
    linalg,
    matrices,
    random_in_place,
    shapes,
)
from mindspore.ops._operands import as_dtype_of, as_tensor, convert, normalize_axis
from mindspore.runtime import record

__all__ = ["InPlace", "change"]


def change(name: str, x: Tensor, value: Tensor) -> Tensor:
    """Give x a value of its shape, in its own dtype; returns x. ValueError where the shapes differ, or elements of x
    stand in several places of it."""
    if value.shape != x.shape:
        raise ValueError(f"{name}: the result has shape {value.shape}, which differs from the tensor's, {x.shape}")
    check_writable(name, x)
    record.assign(x, convert(value, x.dtype))
    return x


def _in_place(function: Callable) -> Callable:
    """The method that changes a tensor to what the function makes of it."""
    def method(self, *args, **kwargs):
        return change(method.__name__, self, function(self, *args, **kwargs))
    method.__doc__ = f"In place: {function.__doc__}"
    method.__name__ = method.__qualname__ = f"{function.__name__}_"
    return method


class InPlace:
    """Methods that change the tensor, to be attached to `Tensor`."""

    __slots__ = ()

    add_ = _in_place(Functions.add)
    sub_ = _in_place(Functions.sub)
    mul_ = _in_place(arithmetic.mul)
    div_ = _in_place(arithmetic.div)
    floor_divide_ = _in_place(arithmetic.floor_divide)
    remainder_ = _in_place(arithmetic.remainder)
    exp_ = _in_place(elementwise.exp)
    erfinv_, exponential_, normal_ = random_in_place.erfinv_, random_in_place.exponential_, random_in_place.normal_
    bernoulli_, random_, uniform_ = random_in_place.bernoulli_, random_in_place.random_, random_in_place.uniform_
    log_ = _in_place(elementwise.log)
    tanh_ = _in_place(elementwise.tanh)
    sigmoid_ = _in_place(activation.sigmoid)
    sign_ = _in_place(arithmetic.sign)
    floor_ = _in_place(elementwise.floor)
    clamp_ = _in_place(arithmetic.clamp)
    addmm_ = _in_place(linalg.addmm)
    masked_fill_ = _in_place(comparison.masked_fill)
    index_fill_ = _in_place(indexing.index_fill)
    index_add_ = _in_place(TensorMethods.index_add)
    index_put_ = _in_place(TensorMethods.index_put)
    masked_scatter_ = _in_place(TensorMethods.masked_scatter)
    scatter_ = _in_place(TensorMethods.scatter)
    scatter_add_ = _in_place(TensorMethods.scatter_add)
    fill_ = _in_place(Functions.fill)
    fill_diagonal_ = _in_place(matrices.fill_diagonal)
    fill_diagonal, diagonal_scatter = matrices.fill_diagonal, matrices.diagonal_scatter
    inplace_update = indexed.inplace_update
    put_ = indexed.put_

    def zero_(self) -> Tensor:
        """In place: zeros."""
        return change("zero_", self, creation.zeros_like(self))

    def copy_(self, src, non_blocking: bool = False) -> Tensor:
        """In place: the value of `src`, broadcast and cast."""
        return change("copy_", self, shapes.broadcast_to(as_tensor("copy_", src, "src"), self.shape))

    def index_copy_(self, dim, index, tensor) -> Tensor:
        """In place: the slices of `tensor` along `dim` at the places in `index`; the last one of equal places counts.
        ValueError where the shapes do not fit."""
        axis = normalize_axis("index_copy_", dim, self.ndim, "dim")
        places, value = as_tensor("index_copy_", index, "index"), as_dtype_of("index_copy_", tensor, self, "tensor")
        expected = self.shape[:axis] + (places.size,) + self.shape[axis + 1:]
        if places.ndim > 1 or value.shape != expected:
            raise ValueError(f"index_copy_: index has shape {places.shape} and tensor {value.shape} for a tensor of "
                             f"shape {self.shape}; expected an index of one axis, and a tensor of shape {expected}")
        where = (*[slice(None)] * axis, shapes.reshape(places, (-1,)))
        return change("index_copy_", self, written(self, where, value))

    def itemset(self, *args) -> Tensor:
        """A tensor with one element replaced: itemset(value) for a tensor of one element, itemset(index, value) with an
        int or one int for each axis. IndexError without an index for several elements, ValueError for an index of
        another length."""
        if len(args) not in (1, 2) or isinstance(args[-1], (Tensor, list, tuple)):
            raise ValueError(f"itemset: expected a number, or an index and a number, but got {args!r}")
        if len(args) == 1:
            if self.size != 1:
                raise IndexError(f"itemset: the tensor has shape {self.shape}; say which element: itemset(index, "
                                 f"value)")
            return shapes.reshape(creation.full_like(self, args[0]), self.shape)
        index = args[0]
        if isinstance(index, int):
            index = tuple(int(n) for n in np.unravel_index(index if index >= 0 else index + self.size, self.shape))
        if len(index) != self.ndim:
            raise ValueError(f"itemset: the index {index} has {len(index)} numbers for a tensor of {self.ndim} axes")
        return written(self, tuple(index), as_dtype_of("itemset", args[1], self, "value"))
