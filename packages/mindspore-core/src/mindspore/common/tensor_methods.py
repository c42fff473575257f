"""The methods of tensors.

They are the functions of `mindspore.ops` with the tensor as first argument. Operators stand in `tensor_operators`,
functions that are methods as they are in `tensor_functions`; where a method's signature differs from the function's, or
has two spellings in the API (`axis`, `keepdims` and `dim`, `keepdim`), a small function here brings the arguments into
order. Methods that change a tensor stand in `tensor_in_place`; `tensor_attached` attaches all of them to `Tensor`.
"""
# In these classes `self` is a Tensor, which a type checker cannot be told of a part of Tensor.
# mypy: disable-error-code="arg-type, attr-defined, return-value"
from __future__ import annotations

import math
from typing import Any

import numpy as np

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.common.tensor_functions import Functions
from mindspore.common.tensor_index_writes import written
from mindspore.common.tensor_indexing import getitem
from mindspore.common.tensor_operators import Operators
from mindspore.ops import (
    arithmetic,
    comparison,
    complex_numbers,
    creation,
    indexed,
    indexing,
    joining,
    random,
    random_shapes,
    rearranging,
    reduction,
    shapes,
    sorting,
    triangles,
    updates,
)
from mindspore.ops._operands import as_dtype_of, as_tensor, convert, normalize_axis, static_shape

__all__ = ["TensorMethods", "from_numpy"]

from_numpy = Tensor.from_numpy


def _axis_of(axis: Any, dim: Any) -> Any:
    """One argument, most often an axis, from its two spellings."""
    if dim is not None and axis is not None:
        raise TypeError(f"an argument is given under both of its names (axis or dim, ...), as {axis!r} and {dim!r}; "
                        f"expected one of them")
    return dim if axis is None else axis


def _sizes(sizes: tuple) -> Any:
    """Sizes or axes that are given one by one, or as one sequence."""
    return sizes[0] if len(sizes) == 1 else sizes


class TensorMethods(Operators, Functions):
    """Operators and methods that compute new tensors."""

    __slots__ = ()

    # -- shapes --------------------------------------------------------------------------------------------------------

    def reshape(self, *sizes) -> Tensor:
        """The elements under another shape; one size may be -1."""
        return shapes.reshape(self, _sizes(sizes))

    def view(self, *shape, dtype=None) -> Tensor:
        """The elements under another shape; or, where a dtype is given, their bytes as elements of that dtype, a copy
        (see `bytes_as`)."""
        if len(shape) == 1 and isinstance(shape[0], DType):
            dtype, shape = shape[0], ()
        if dtype is None:
            return shapes.reshape(self, _sizes(shape))
        if shape:
            raise TypeError(f"view: give either a shape or a dtype, but got both, {_sizes(shape)} and {dtype}")
        from mindspore.ops.host import bytes_as
        return bytes_as("view", self, dtype)

    def resize(self, *new_shape) -> Tensor:
        """The first elements in row order, followed by zeros where the shape has more."""
        shape = static_shape("resize", _sizes(new_shape))
        flat, count = shapes.ravel(self), math.prod(shape)
        more = count - flat.size
        if more > 0:
            flat = joining.concat([flat, creation.zeros((more,), self.dtype)])
        return shapes.reshape(getitem(flat, slice(0, count)), shape)

    def transpose(self, *axes, dim0=None, dim1=None) -> Tensor:
        """The axes in the order given, or turned round where none is; two ints, or `dim0` and `dim1`, are two axes
        that change places."""
        if dim0 is not None or dim1 is not None:
            axes = (*axes, *(axis for axis in (dim0, dim1) if axis is not None))
        if len(axes) == 2:
            return shapes.swapaxes(self, *axes)
        order = _sizes(axes) if axes else None
        return shapes.transpose(self, tuple(range(self.ndim))[::-1] if order is None else order)

    def permute(self, *axis) -> Tensor:
        """The axes in the order given."""
        return shapes.transpose(self, _sizes(axis))

    @property
    def T(self) -> Tensor:
        """The axes in the opposite order."""
        return shapes.transpose(self, tuple(range(self.ndim))[::-1])

    @property
    def H(self) -> Tensor:
        """The conjugated matrix, transposed; ValueError for a tensor that does not have two axes."""
        if self.ndim != 2:
            raise ValueError(f"H: a tensor of shape {self.shape} has {self.ndim} axes; expected 2 (see mH)")
        return complex_numbers.adjoint(self)

    @property
    def mH(self) -> Tensor:
        """The conjugates of the matrices in the last two axes, transposed."""
        return complex_numbers.adjoint(self)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged."""
        return shapes.swapaxes(self, -1, -2)

    def flatten(self, *given, order="C", start_dim=0, end_dim=-1) -> Tensor:
        """The axes from `start_dim` to `end_dim` as one: flatten(order), or flatten(start_dim, end_dim)."""
        by_order = given and isinstance(given[0], str)
        if len(given) > (1 if by_order else 2):
            raise TypeError(f"flatten: got {given}; expected an order, or start_dim and end_dim")
        if by_order:
            order, = given
        elif given:
            start_dim, end_dim = given if len(given) == 2 else (*given, end_dim)
        return shapes.flatten(self, order, start_dim=start_dim, end_dim=end_dim)

    def squeeze(self, *axes, axis=None) -> Tensor:
        """Without the axes of size 1, or without those named."""
        return shapes.squeeze(self, _sizes(axes) if axes else axis)

    def expand(self, *size) -> Tensor:
        """self repeated to a shape; -1 keeps the size of an axis."""
        return shapes.broadcast_to(self, _sizes(size))

    def broadcast_to(self, *sizes) -> Tensor:
        """self repeated to a shape; -1 keeps the size of an axis."""
        return shapes.broadcast_to(self, _sizes(sizes))

    def tile(self, *args, dims=None, reps=None) -> Tensor:
        """self repeated dims[i] times along axis i; the numbers one by one, or as one sequence `dims` or `reps`."""
        return joining.tile(self, _sizes(args) if args else _axis_of(dims, reps))

    def repeat(self, *repeats, axis=None) -> Tensor:
        """self repeated repeats[i] times along axis i, for as many numbers as self has axes or more.

        As up to MindSpore 2.5, one number for several axes is how often each element stands in one dimension, and two
        arguments for more axes, or a keyword, are `repeats` (a number, or one for each slice) and `axis`: each slice
        along that axis is repeated. RuntimeError for other numbers."""
        numbers = _sizes(repeats)
        count = len(numbers) if isinstance(numbers, list | tuple) else 1
        alike = len(repeats) == 1 or not any(isinstance(number, list | tuple) for number in repeats)
        if axis is None and count >= self.ndim and alike:
            return joining.tile(self, numbers)
        if axis is None and len(repeats) == 2:
            numbers, axis = repeats
        elif axis is None and count > 1 or len(repeats) != 1:
            raise RuntimeError(f"repeat: got {count} numbers for {self.ndim} axes; expected one for each axis, or more")
        return joining.repeat_interleave(self, numbers, axis)

    def repeat_interleave(self, repeats, dim=None, *, axis=None, output_size=None) -> Tensor:
        """Each element (or slice along an axis) repeated."""
        return joining.repeat_interleave(self, repeats, _axis_of(axis, dim))

    def split(self, split_size_or_sections=None, axis=None, *, split_size=None, dim=None,
              output_num=None) -> tuple[Tensor, ...]:
        """Pieces of a size, or of several sizes, along an axis (0 by default), or that number of pieces of one size."""
        axis = _axis_of(axis, dim)
        return joining.split(self, _axis_of(split_size_or_sections, split_size), 0 if axis is None else axis,
                             output_num=output_num)

    def chunk(self, chunks, axis=None, *, dim=None) -> tuple[Tensor, ...]:
        """At most that many pieces of equal size along an axis (0 by default)."""
        axis = _axis_of(axis, dim)
        return joining.chunk(self, chunks, 0 if axis is None else axis)

    def diagonal(self, offset=0, axis1=0, axis2=1) -> Tensor:
        """The diagonal of the matrices in two axes, as a last axis."""
        return triangles.diagonal(self, offset, axis1, axis2)

    def trace(self, offset=0, axis1=0, axis2=1, dtype=None) -> Tensor:
        """The sum of a diagonal of the matrices in two axes."""
        return reduction.sum(triangles.diagonal(self, offset, axis1, axis2), -1, dtype=dtype)

    # -- places --------------------------------------------------------------------------------------------------------

    def gather(self, input_indices=None, axis=None, batch_dims=0, *, dim=None, index=None) -> Tensor:
        """Slices along an axis at `input_indices`; or, called as gather(dim, index), the elements at the places that
        `index` names along `dim`."""
        if isinstance(input_indices, int) and isinstance(axis, Tensor):
            dim, index = input_indices, axis
        if index is not None:
            return indexing.gather_elements(self, dim, index)
        return indexing.gather(self, input_indices, axis, batch_dims)

    def index_add(self, indices=None, y=None, axis=None, use_lock=True, check_index_bound=True, *, dim=None,
                  index=None, source=None, alpha=1) -> Tensor:
        """self with the slices of `y` along an axis added at `indices`; also as index_add(dim, index, source), with
        the slices of `source` times `alpha`."""
        if isinstance(indices, int):
            given = [value for value in (y, axis) if value is not None]
            dim, index, source = (indices, *given, *[value for value in (index, source) if value is not None])
        if dim is not None:
            indices, y, axis = index, source if alpha == 1 else arithmetic.mul(source, alpha), dim
        return indexing.index_add(self, indices, y, axis, use_lock, check_index_bound)

    def scatter(self, axis=None, index=None, src=None, *, dim=None, value=None, reduce=None) -> Tensor:
        """self with elements of `src`, or one `value`, put at the places that `index` names along an axis; added there
        with reduce="add", multiplied with reduce="multiply". ValueError for another one."""
        source, axis = value if src is None else src, _axis_of(axis, dim)
        if reduce == "multiply":
            return updates.scatter_multiply(self, axis, index, source)
        if reduce not in (None, "none", "add"):
            raise ValueError(f"scatter: reduce is {reduce!r}; expected 'add' or 'multiply'")
        return indexing.tensor_scatter_elements(self, index, source, axis, reduce or "none")

    def scatter_add(self, *args, dim=None, index=None, src=None, indices=None, updates=None) -> Tensor:
        """self with updates added: scatter_add(dim, index, src) at the places that `index` names along `dim`,
        scatter_add(indices, updates) at coordinates."""
        if indices is not None or updates is not None:
            args = (*args, *(value for value in (indices, updates) if value is not None))
        if len(args) == 2 and not isinstance(args[0], int):
            return indexing.tensor_scatter_add(self, *args)
        dim, index, src = args if len(args) == 3 else (dim, index, src)
        return indexing.tensor_scatter_elements(self, index, src, dim, "add")

    def select(self, *args, dim=None, index=None, condition=None, y=None) -> Tensor:
        """select(dim, index): the slice at `index` along `dim`, without that axis; select(condition, y): self where
        condition is true, else y."""
        if len(args) == 2:
            if isinstance(args[0], int):
                dim, index = args
            else:
                condition, y = args
        if condition is not None:
            return comparison.where(condition, self, y)
        if isinstance(index, Tensor) and (index.ndim or not index.dtype.is_integer):
            raise TypeError(f"select: index is {index.dtype} of shape {index.shape}; expected one integer")
        axis = normalize_axis("select", dim, self.ndim, "dim")
        return getitem(self, (slice(None),) * axis + (index,))

    def index_put(self, indices, values, accumulate=False) -> Tensor:
        """self with `values` put, or added with `accumulate`, at the places that a tuple of index tensors names."""
        if not accumulate:
            return written(self, tuple(indices), as_dtype_of("index_put", values, self, "values"))
        places = joining.stack([indexing.from_front("index_put", i, n) for i, n in zip(indices, self.shape)], -1)
        value = as_dtype_of("index_put", values, self, "values")
        shape = places.shape[:-1] + self.shape[places.shape[-1]:]
        return indexing.added_at("index_put", self, places, shapes.broadcast_to(value, shape))

    def to_coo(self):
        """The elements that differ from 0 as a COOTensor. They must be known."""
        from mindspore.ops.sparse import dense_to_sparse_coo
        return dense_to_sparse_coo(self)

    def to_csr(self):
        """The elements of a matrix that differ from 0 as a CSRTensor. They must be known."""
        from mindspore.ops.sparse import dense_to_sparse_csr
        return dense_to_sparse_csr(self)

    masked_scatter = indexed.masked_scatter
    choose = indexed.choose

    def reverse_sequence(self, seq_lengths, seq_dim=0, batch_dim=0) -> Tensor:
        """self with the first seq_lengths[i] places along `seq_dim` of each slice along `batch_dim` reversed."""
        return rearranging.reverse_sequence(self, seq_lengths, seq_dim, batch_dim)

    def searchsorted(self, v, side="left", sorter=None) -> Tensor:
        """How many elements of the sorted tensor stand before each value."""
        return indexing.searchsorted(self, v, side=side, sorter=sorter)

    def scatter_sub(self, indices, updates) -> Tensor:
        """self with updates subtracted at coordinates."""
        return indexing.tensor_scatter_sub(self, indices, updates)

    def take(self, indices=None, axis=None, mode="clip", *, index=None) -> Tensor:
        """The elements of the flattened tensor, or the slices along an axis, at `indices`; out of range ones are
        clipped, with mode 'wrap' taken round the end."""
        x, axis = (shapes.ravel(self), 0) if axis is None else (self, axis)
        places = as_tensor("take", _axis_of(indices, index), "indices")
        size = x.shape[axis]
        places = arithmetic.remainder(places, size) if mode == "wrap" else arithmetic.clamp(places, 0, size - 1)
        return indexing.gather(x, places, axis)

    def sort(self, axis=None, descending=False, stable=False, *, dim=None) -> tuple[Tensor, Tensor]:
        """(values, indices): the elements in order along an axis (the last by default), and where each came from."""
        axis = _axis_of(axis, dim)
        return sorting.sort(self, -1 if axis is None else axis, descending)

    def argsort(self, axis=None, descending=False, stable=False, *, dim=None) -> Tensor:
        """Where each element of the sorted tensor comes from."""
        axis = _axis_of(axis, dim)
        return sorting.argsort(self, -1 if axis is None else axis, descending)

    def unique(self, sorted=True, return_inverse=False, return_counts=False, dim=None):
        """The different elements in ascending order, or the different slices along `dim`; with `return_inverse` the
        place of each element (or slice) among them, with `return_counts` how often each occurs (Int64)."""
        values, inverse, counts = sorting.unique_slices(self, dim)
        found = (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
        return found if len(found) > 1 else values

    # -- reductions ----------------------------------------------------------------------------------------------------

    def sum(self, axis=None, *order, dtype=None, keepdims=False, initial=None, dim=None, keepdim=False) -> Tensor:
        """The sum over an axis, plus `initial`: sum(axis, dtype, keepdims, initial) or sum(dim, keepdim)."""
        if order and (isinstance(order[0], (bool, np.bool_)) or isinstance(order[0], Tensor) and not order[0].ndim):
            keepdim, *order = order
        if len(order) > 3:
            raise TypeError(f"sum: got {len(order) + 1} arguments; expected axis, dtype, keepdims and initial")
        dtype, keepdims, initial = (*order, *(dtype, keepdims, initial)[len(order):])
        result = reduction.sum(self, _axis_of(axis, dim), keepdims or keepdim, dtype=dtype)
        result = result if initial is None else arithmetic.add(result, initial)
        return result if dtype is None else convert(result, dtype)

    def mean(self, axis=None, keep_dims=False, *, dim=None, keepdim=False, keepdims=False, dtype=None) -> Tensor:
        """The mean over an axis."""
        return reduction.mean(self, _axis_of(axis, dim), keep_dims or keepdim or keepdims, dtype=dtype)

    def prod(self, axis=None, keep_dims=False, dtype=None, *, dim=None, keepdim=False, keepdims=False) -> Tensor:
        """The product over an axis."""
        return reduction.prod(self, _axis_of(axis, dim), keep_dims or keepdim or keepdims, dtype)

    def all(self, axis=None, keep_dims=False, *, dim=None, keepdim=False) -> Tensor:
        """Whether all elements over an axis differ from 0."""
        return reduction.all(self, _axis_of(axis, dim), keep_dims or keepdim)

    def any(self, axis=None, keep_dims=False, *, dim=None, keepdim=False) -> Tensor:
        """Whether an element over an axis differs from 0."""
        return reduction.any(self, _axis_of(axis, dim), keep_dims or keepdim)

    def max(self, axis=None, keepdims=False, *, initial=None, where=True, return_indices=False, dim=None,
            keepdim=False):
        """The largest elements over an axis; with `return_indices`, or where the axis is given as `dim`, the pair of
        the values and the places (Int64) where they first stand."""
        return _extremum(self, reduction.amax, reduction.argmax, axis, keepdims or keepdim, initial, where,
                         return_indices, dim)

    def min(self, axis=None, keepdims=False, *, initial=None, where=True, return_indices=False, dim=None,
            keepdim=False):
        """The smallest elements over an axis; see `max`."""
        return _extremum(self, reduction.amin, reduction.arg_smallest, axis, keepdims or keepdim, initial, where,
                         return_indices, dim)

    def argmax(self, axis=None, keepdims=False, *, dim=None, keepdim=False) -> Tensor:
        """The place (Int64) of the first largest element along an axis."""
        return reduction.argmax(self, _axis_of(axis, dim), keepdims or keepdim)

    def argmin(self, axis=None, keepdims=False, *, dim=None, keepdim=False) -> Tensor:
        """The place (Int32) of the first smallest element along an axis."""
        return reduction.argmin(self, _axis_of(axis, dim), keepdims or keepdim)

    def argmax_with_value(self, axis=0, keep_dims=False) -> tuple[Tensor, Tensor]:
        """(values, places) of the largest elements along an axis; None for the largest of all."""
        return reduction.max(self, axis, keep_dims)

    def argmin_with_value(self, axis=0, keep_dims=False) -> tuple[Tensor, Tensor]:
        """(values, places) of the smallest elements along an axis; None for the smallest of all."""
        return reduction.min(self, axis, keep_dims)

    def var(self, axis=None, ddof=0, keepdims=False, *, dim=None, correction=None, keepdim=False) -> Tensor:
        """The variance over an axis, of the count less `ddof` (or `correction`)."""
        return reduction.var(self, _axis_of(axis, dim), _correction(ddof, correction, dim), keepdims or keepdim)

    def std(self, axis=None, ddof=0, keepdims=False, *, dim=None, correction=None, keepdim=False) -> Tensor:
        """The standard deviation over an axis, of the count less `ddof` (or `correction`)."""
        return reduction.std(self, _axis_of(axis, dim), _correction(ddof, correction, dim), keepdims or keepdim)

    def nansum(self, axis=None, keepdims=False, *, dim=None, keepdim=False, dtype=None) -> Tensor:
        """The sum over an axis of the elements that are not NaN."""
        return reduction.nansum(self, _axis_of(axis, dim), keepdims or keepdim, dtype=dtype)

    def count_nonzero(self, axis=None, keep_dims=False, dtype=mstype.int32, *, dim=None) -> Tensor:
        """How many elements over an axis differ from 0."""
        return reduction.count_nonzero(self, _axis_of(axis, dim), keep_dims, dtype or mstype.int32)

    def cumsum(self, axis=None, dtype=None, *, dim=None) -> Tensor:
        """Running sums along an axis, of the flattened tensor by default."""
        axis = _axis_of(axis, dim)
        return reduction.cumsum(shapes.ravel(self), 0, dtype) if axis is None else reduction.cumsum(self, axis, dtype)

    def sum_to_size(self, *size) -> Tensor:
        """self summed over the axes that were broadcast from a shape."""
        return _summed_to(self, tuple(_sizes(size)) if isinstance(_sizes(size), (tuple, list)) else (size[0],))

    # -- random numbers ------------------------------------------------------------------------------------------------

    log_normal = random_shapes.log_normal

    def cauchy(self, median=0.0, sigma=1.0) -> Tensor:
        """Numbers of the Cauchy distribution in the shape and dtype of self."""
        return convert(random_shapes.cauchy(self.shape, median, sigma), self.dtype)

    def uniform(self, from_=0.0, to=1.0, generator=None) -> Tensor:
        """Numbers evenly distributed over [from_, to) in the shape and dtype of self."""
        return convert(random.uniform(self.shape, float(from_), float(to), generator), self.dtype)


def _extremum(x, values_of, place_of, axis, keepdims, initial, where, return_indices, dim):
    condition = None if where is True else where
    values = values_of(x, _axis_of(axis, dim), keepdims, initial=initial, where=condition)
    if not return_indices and dim is None:
        return values
    return values, place_of(x, _axis_of(axis, dim), keepdims)


def _correction(ddof, correction, dim):
    if correction is not None:
        return correction
    return 1 if dim is not None else ddof


def _summed_to(x: Tensor, size: tuple) -> Tensor:
    extra = x.ndim - len(size)
    if extra < 0 or any(s not in (1, d) for s, d in zip(size, x.shape[extra:])):
        raise ValueError(f"sum_to_size: a tensor of shape {x.shape} was not broadcast from shape {size}")
    axes = tuple(i for i, d in enumerate(x.shape) if i < extra or (size[i - extra] == 1 and d != 1))
    return shapes.reshape(reduction.sum(x, axes, dtype=x.dtype) if axes else x, size)
