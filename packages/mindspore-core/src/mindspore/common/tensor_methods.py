"""The operators and methods of tensors.

They are the functions of `mindspore.ops` with the tensor as first argument; where a method's signature differs from the
function's, or has two spellings in the API (`axis`, `keepdims` and `dim`, `keepdim`), a small function here brings the
arguments into order. Importing this module attaches everything to `Tensor`, in one place.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType, as_dtype
from mindspore.common.tensor import Tensor
from mindspore.common.tensor_indexing import getitem, setitem
from mindspore.ops import (
    activation,
    arithmetic,
    comparison,
    creation,
    elementwise,
    indexing,
    joining,
    linalg,
    reduction,
    shapes,
    sorting,
    state,
    triangles,
)
from mindspore.ops._operands import NUMBERS, as_tensor, convert, primitive
from mindspore.runtime.record import assign

__all__ = ["TensorMethods", "from_numpy"]

from_numpy = Tensor.from_numpy
_OPERANDS = (Tensor, np.ndarray, *NUMBERS)
_IDENTITY = primitive("identity")


def _operator(function: Callable) -> Callable:
    """x op y, or NotImplemented for what is no operand."""
    def operator(self, other):
        return function(self, other) if isinstance(other, _OPERANDS) else NotImplemented
    operator.__doc__ = function.__doc__
    return operator


def _reflected(function: Callable) -> Callable:
    """y op x, where Python asks the right operand."""
    def operator(self, other):
        return function(other, self) if isinstance(other, _OPERANDS) else NotImplemented
    operator.__doc__ = function.__doc__
    return operator


def _in_place(function: Callable) -> Callable:
    """A method that gives the tensor the function's result as its value, in its own dtype, and returns it."""
    def method(self, *args, **kwargs):
        result = function(self, *args, **kwargs)
        if result.shape != self.shape:
            raise ValueError(f"{function.__name__}_: the result has shape {result.shape}, which differs from the "
                             f"tensor's, {self.shape}")
        assign(self, convert(result, self.dtype))
        return self
    method.__doc__ = f"In place: {function.__doc__}"
    method.__name__ = method.__qualname__ = f"{function.__name__}_"
    return method


def _bits(logical: Callable, bitwise: Callable) -> Callable:
    """&, | and ^: of Bool tensors the logical operator, of integers that of the bits."""
    def operator(x, y):
        floating = any(isinstance(v, Tensor) and v.dtype.is_inexact for v in (x, y))
        return (logical if floating else bitwise)(x, y)
    operator.__doc__ = bitwise.__doc__
    return operator


def _axis_of(axis: Any, dim: Any) -> Any:
    """One axis from its two spellings."""
    if dim is not None and axis is not None:
        raise TypeError("give either axis or dim, not both")
    return dim if axis is None else axis


def _sizes(sizes: tuple) -> Any:
    """Sizes or axes that are given one by one, or as one sequence."""
    return sizes[0] if len(sizes) == 1 else sizes


class TensorMethods:
    """Everything that is attached to `Tensor`. A type checker sees it as a base class of `Tensor`."""

    __slots__ = ()

    # -- operators -----------------------------------------------------------------------------------------------------

    __add__ = _operator(arithmetic.add)
    __radd__ = _reflected(arithmetic.add)
    __sub__ = _operator(arithmetic.sub)
    __rsub__ = _reflected(arithmetic.sub)
    __mul__ = _operator(arithmetic.mul)
    __rmul__ = _reflected(arithmetic.mul)
    __truediv__ = _operator(arithmetic.true_divide)
    __rtruediv__ = _reflected(arithmetic.true_divide)
    __floordiv__ = _operator(arithmetic.floor_divide)
    __rfloordiv__ = _reflected(arithmetic.floor_divide)
    __mod__ = _operator(arithmetic.remainder)
    __rmod__ = _reflected(arithmetic.remainder)
    __pow__ = _operator(arithmetic.pow)
    __rpow__ = _reflected(arithmetic.pow)
    __matmul__ = _operator(linalg.matmul)
    __rmatmul__ = _reflected(linalg.matmul)
    __lt__ = _operator(comparison.lt)
    __le__ = _operator(comparison.le)
    __gt__ = _operator(comparison.gt)
    __ge__ = _operator(comparison.ge)
    __eq__ = _operator(comparison.eq)
    __ne__ = _operator(comparison.ne)
    __and__ = _operator(_bits(comparison.logical_and, comparison.bitwise_and))
    __rand__ = _reflected(_bits(comparison.logical_and, comparison.bitwise_and))
    __or__ = _operator(_bits(comparison.logical_or, comparison.bitwise_or))
    __ror__ = _reflected(_bits(comparison.logical_or, comparison.bitwise_or))
    __xor__ = _operator(_bits(comparison.logical_xor, comparison.bitwise_xor))
    __rxor__ = _reflected(_bits(comparison.logical_xor, comparison.bitwise_xor))
    __lshift__ = _operator(comparison.bitwise_left_shift)
    __rshift__ = _operator(comparison.bitwise_right_shift)
    __neg__ = arithmetic.neg
    __pos__ = arithmetic.positive
    __abs__ = arithmetic.abs
    __invert__ = comparison.logical_not
    __getitem__ = getitem
    __setitem__ = setitem

    def __round__(self, ndigits: int | None = None) -> Tensor:
        return elementwise.round(self, decimals=ndigits or 0)

    def __contains__(self, element: Any) -> bool:
        return bool(reduction.any(comparison.eq(self, element)))

    # -- functions that are methods as they are ------------------------------------------------------------------------

    abs = absolute = arithmetic.abs
    addcdiv, addcmul = arithmetic.addcdiv, arithmetic.addcmul
    clamp = clip = arithmetic.clamp
    copysign, deg2rad, rad2deg = arithmetic.copysign, arithmetic.deg2rad, arithmetic.rad2deg
    div = divide = arithmetic.div
    true_divide, floor_divide, float_power = arithmetic.true_divide, arithmetic.floor_divide, arithmetic.float_power
    fmax, fmin, fmod, frac, heaviside = (arithmetic.fmax, arithmetic.fmin, arithmetic.fmod, arithmetic.frac,
                                         arithmetic.heaviside)
    hypot, inv, ldexp, lerp = arithmetic.hypot, arithmetic.inv, arithmetic.ldexp, arithmetic.lerp
    logaddexp, logaddexp2 = arithmetic.logaddexp, arithmetic.logaddexp2
    maximum, minimum, nan_to_num = arithmetic.maximum, arithmetic.minimum, arithmetic.nan_to_num
    mul = multiply = arithmetic.mul
    neg = negative = arithmetic.neg
    positive, pow, reciprocal, remainder = arithmetic.positive, arithmetic.pow, arithmetic.reciprocal, \
        arithmetic.remainder
    sgn = sign = arithmetic.sign
    signbit, square, xdivy, xlogy = arithmetic.signbit, arithmetic.square, arithmetic.xdivy, arithmetic.xlogy
    acos = arccos = elementwise.acos
    acosh = arccosh = elementwise.acosh
    asin = arcsin = elementwise.asin
    asinh = arcsinh = elementwise.asinh
    atan = arctan = elementwise.atan
    atan2 = arctan2 = elementwise.atan2
    atanh = arctanh = elementwise.atanh
    ceil, cos, cosh, erf, erfc = (elementwise.ceil, elementwise.cos, elementwise.cosh, elementwise.erf,
                                  elementwise.erfc)
    exp, expm1, floor, trunc = elementwise.exp, elementwise.expm1, elementwise.floor, elementwise.trunc
    isfinite, isinf, isnan, isneginf, isposinf = (elementwise.isfinite, elementwise.isinf, elementwise.isnan,
                                                  elementwise.isneginf, elementwise.isposinf)
    log, log10, log1p, log2, logit = (elementwise.log, elementwise.log10, elementwise.log1p, elementwise.log2,
                                      elementwise.logit)
    rsqrt, sin, sinc, sinh, sqrt = (elementwise.rsqrt, elementwise.sin, elementwise.sinc, elementwise.sinh,
                                    elementwise.sqrt)
    tan, tanh = elementwise.tan, elementwise.tanh
    allclose, isclose, approximate_equal = comparison.allclose, comparison.isclose, comparison.approximate_equal
    bitwise_and, bitwise_or, bitwise_xor = comparison.bitwise_and, comparison.bitwise_or, comparison.bitwise_xor
    bitwise_not = invert = comparison.bitwise_not
    bitwise_left_shift, bitwise_right_shift = comparison.bitwise_left_shift, comparison.bitwise_right_shift
    eq = equal = comparison.eq
    ne = not_equal = comparison.ne
    lt = less = comparison.lt
    le = less_equal = comparison.le
    gt = greater = comparison.gt
    ge = greater_equal = comparison.ge
    logical_and, logical_or = comparison.logical_and, comparison.logical_or
    logical_not, logical_xor = comparison.logical_not, comparison.logical_xor
    masked_fill = comparison.masked_fill
    amax, amin, aminmax, median, ptp = (reduction.amax, reduction.amin, reduction.aminmax, reduction.median,
                                        reduction.ptp)
    cumprod, cummax, cummin, logcumsumexp = (reduction.cumprod, reduction.cummax, reduction.cummin,
                                             reduction.logcumsumexp)
    logsumexp, nanmean, norm = reduction.logsumexp, reduction.nanmean, reduction.norm
    expand_as, expand_dims, unsqueeze = shapes.expand_as, shapes.expand_dims, shapes.unsqueeze
    flip, fliplr, flipud, reverse, roll, rot90 = (shapes.flip, shapes.fliplr, shapes.flipud, shapes.reverse,
                                                  shapes.roll, shapes.rot90)
    is_complex, is_floating_point = shapes.is_complex, shapes.is_floating_point
    moveaxis = movedim = shapes.moveaxis
    numel = nelement = shapes.numel
    ravel, t, type_as = shapes.ravel, shapes.t, shapes.type_as
    view_as = resizesas = shapes.view_as
    swapaxes = swapdims = shapes.swapaxes
    dsplit, hsplit, vsplit, tensor_split = joining.dsplit, joining.hsplit, joining.vsplit, joining.tensor_split
    narrow, unbind = joining.narrow, joining.unbind
    diag, tril, triu = triangles.diag, triangles.tril, triangles.triu
    addbmm, addmm, addmv, addr, baddbmm = linalg.addbmm, linalg.addmm, linalg.addmv, linalg.addr, linalg.baddbmm
    bmm, cross, dot, ger, inner, matmul, matrix_power, mm, outer = (
        linalg.bmm, linalg.cross, linalg.dot, linalg.ger, linalg.inner, linalg.matmul, linalg.matrix_power, linalg.mm,
        linalg.outer)
    relu, sigmoid, softmax, soft_shrink, hardshrink = (activation.relu, activation.sigmoid, activation.softmax,
                                                       activation.softshrink, activation.hardshrink)

    def add(self, other, *, alpha=1) -> Tensor:
        """self + alpha * other."""
        return arithmetic.add(self, other if alpha == 1 else arithmetic.mul(other, alpha))

    def sub(self, other, *, alpha=1) -> Tensor:
        """self - alpha * other."""
        return arithmetic.subtract(self, other, alpha=alpha)

    subtract = sub

    def round(self, decimals: int = 0) -> Tensor:
        """self rounded to `decimals` places, ties to even."""
        return elementwise.round(self, decimals=decimals)

    def where(self, condition, y) -> Tensor:
        """self where condition is true, else y."""
        return comparison.where(condition, self, y)

    # -- dtypes and copies ---------------------------------------------------------------------------------------------

    def astype(self, dtype: DType, copy: bool = True) -> Tensor:
        """self as `dtype`; TypeError where that is no dtype."""
        return convert(self, as_dtype(dtype))

    def to(self, *args, dtype: DType | None = None, device: str | None = None, non_blocking: bool = False,
           copy: bool = False, other: Tensor | None = None) -> Tensor:
        """self as a dtype, or as the dtype of another tensor. Which device computes is chosen by the context."""
        target = other if other is not None else dtype
        for value in args:
            if isinstance(value, (DType, Tensor)):
                target = value
            elif not isinstance(value, (str, bool, type(None))):
                raise TypeError(f"to: expected a dtype, a tensor or the name of a device, but got {value!r}")
        if target is None:
            return self
        return convert(self, target.dtype if isinstance(target, Tensor) else as_dtype(target))

    def type(self, dtype: DType | None = None):
        """The name of the dtype, or self as `dtype`."""
        return self.dtype.name if dtype is None else convert(self, as_dtype(dtype))

    def half(self) -> Tensor:
        """self as Float16."""
        return convert(self, mstype.float16)

    def bfloat16(self) -> Tensor:
        """self as BFloat16."""
        return convert(self, mstype.bfloat16)

    def float(self) -> Tensor:
        """self as Float32."""
        return convert(self, mstype.float32)

    def double(self) -> Tensor:
        """self as Float64."""
        return convert(self, mstype.float64)

    def bool(self) -> Tensor:
        """Whether each element differs from 0."""
        return convert(self, mstype.bool_)

    def byte(self) -> Tensor:
        """self as UInt8."""
        return convert(self, mstype.uint8)

    def short(self) -> Tensor:
        """self as Int16."""
        return convert(self, mstype.int16)

    def int(self) -> Tensor:
        """self as Int32."""
        return convert(self, mstype.int32)

    def long(self) -> Tensor:
        """self as Int64."""
        return convert(self, mstype.int64)

    copy = clone = state.deepcopy

    def contiguous(self) -> Tensor:
        """self: tensors are always dense, in row-major order."""
        return self

    def is_contiguous(self) -> bool:
        """True: tensors are always dense, in row-major order."""
        return True

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self.dtype.kind in "ifc"

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Note for parameters whether they are trained; other tensors are differentiated by where asked for."""
        if hasattr(self, "requires_grad"):
            self.requires_grad = requires_grad
        return self

    def dim(self) -> int:
        """The number of axes."""
        return self.ndim

    ndimension = dim

    def new_zeros(self, size, dtype: DType | None = None) -> Tensor:
        """Zeros of a shape, of this tensor's dtype by default."""
        return creation.zeros(size, dtype or self.dtype)

    def new_ones(self, size, dtype: DType | None = None) -> Tensor:
        """Ones of a shape, of this tensor's dtype by default."""
        return creation.ones(size, dtype or self.dtype)

    def new_full(self, size, fill_value, *, dtype: DType | None = None) -> Tensor:
        """A number at every place of a shape, of this tensor's dtype by default."""
        return creation.full(size, fill_value, dtype=dtype or self.dtype)

    new_empty = new_zeros

    def fill(self, value) -> Tensor:
        """A tensor like this one with `value` at every place."""
        return creation.full_like(self, value)

    fills = fill

    # -- shapes --------------------------------------------------------------------------------------------------------

    def reshape(self, *sizes) -> Tensor:
        """The elements under another shape; one size may be -1."""
        return shapes.reshape(self, _sizes(sizes))

    def view(self, *sizes) -> Tensor:
        """The elements under another shape, or as another dtype of equal size when one dtype is given."""
        if len(sizes) == 1 and isinstance(sizes[0], DType):
            return convert(self, sizes[0])
        return shapes.reshape(self, _sizes(sizes))

    resize = reshape

    def transpose(self, *axes) -> Tensor:
        """The axes in the order given, or turned round where none is."""
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
    def mT(self) -> Tensor:
        """The last two axes exchanged."""
        return shapes.swapaxes(self, -1, -2)

    def flatten(self, order="C", *, start_dim=0, end_dim=-1) -> Tensor:
        """The axes from `start_dim` to `end_dim` as one."""
        if not isinstance(order, str):
            order, start_dim = "C", order
        return shapes.flatten(self, order, start_dim=start_dim, end_dim=end_dim)

    def squeeze(self, *axis) -> Tensor:
        """Without the axes of size 1, or without those named."""
        return shapes.squeeze(self, _sizes(axis) if axis else None)

    def expand(self, *size) -> Tensor:
        """self repeated to a shape; -1 keeps the size of an axis."""
        return shapes.broadcast_to(self, _sizes(size))

    def broadcast_to(self, *sizes) -> Tensor:
        """self repeated to a shape; -1 keeps the size of an axis."""
        return shapes.broadcast_to(self, _sizes(sizes))

    def tile(self, *dims) -> Tensor:
        """self repeated dims[i] times along axis i."""
        return joining.tile(self, _sizes(dims))

    def repeat(self, *repeats) -> Tensor:
        """self repeated repeats[i] times along axis i."""
        return joining.tile(self, _sizes(repeats))

    def repeat_interleave(self, repeats, dim=None, *, axis=None, output_size=None) -> Tensor:
        """Each element (or slice along an axis) repeated."""
        return joining.repeat_interleave(self, repeats, _axis_of(axis, dim))

    def split(self, split_size_or_sections, axis=None, *, dim=None) -> tuple[Tensor, ...]:
        """Pieces of a size, or of several sizes, along an axis (0 by default)."""
        axis = _axis_of(axis, dim)
        return joining.split(self, split_size_or_sections, 0 if axis is None else axis)

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

    argwhere, bincount, gather_elements, gather_nd = (indexing.argwhere, indexing.bincount, indexing.gather_elements,
                                                      indexing.gather_nd)
    index_fill, index_select, masked_select, nonzero = (indexing.index_fill, indexing.index_select,
                                                        indexing.masked_select, indexing.nonzero)
    select_scatter, slice_scatter = indexing.select_scatter, indexing.slice_scatter
    kthvalue, msort, topk, top_k, unique_consecutive = (sorting.kthvalue, sorting.msort, sorting.topk, sorting.top_k,
                                                        sorting.unique_consecutive)

    def gather(self, input_indices=None, axis=None, batch_dims=0, *, dim=None, index=None) -> Tensor:
        """Slices along an axis at `input_indices`; or, called as gather(dim, index), the elements at the places that
        `index` names along `dim`."""
        if isinstance(input_indices, int) and isinstance(axis, Tensor):
            dim, index = input_indices, axis
        if index is not None:
            return indexing.gather_elements(self, dim, index)
        return indexing.gather(self, input_indices, axis, batch_dims)

    def index_add(self, indices, y, axis, use_lock=True, check_index_bound=True) -> Tensor:
        """self with the slices of `y` along an axis added at `indices`; also as index_add(dim, index, source)."""
        if isinstance(indices, int):
            indices, y, axis = y, axis, indices
        return indexing.index_add(self, indices, y, axis, use_lock, check_index_bound)

    def scatter(self, axis=None, index=None, src=None, *, dim=None) -> Tensor:
        """self with elements of `src` put at the places that `index` names along an axis."""
        return indexing.scatter(self, _axis_of(axis, dim), index, src)

    def scatter_add(self, *args, dim=None, index=None, src=None) -> Tensor:
        """self with updates added: scatter_add(dim, index, src) at the places that `index` names along `dim`,
        scatter_add(indices, updates) at coordinates."""
        if len(args) == 2:
            return indexing.tensor_scatter_add(self, *args)
        dim, index, src = args if len(args) == 3 else (dim, index, src)
        return indexing.tensor_scatter_elements(self, index, src, dim, "add")

    def scatter_sub(self, indices, updates) -> Tensor:
        """self with updates subtracted at coordinates."""
        return indexing.tensor_scatter_sub(self, indices, updates)

    def take(self, indices, axis=None, mode="clip") -> Tensor:
        """The elements of the flattened tensor, or the slices along an axis, at `indices`; out of range ones are
        clipped, with mode 'wrap' taken round the end."""
        x, axis = (shapes.ravel(self), 0) if axis is None else (self, axis)
        places = as_tensor("take", indices, "indices")
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
        """The different elements in ascending order; with `return_inverse` the place of each element among them."""
        if dim is not None or return_counts:
            raise ValueError("unique: dim and return_counts are not known; use unique_consecutive of the sorted tensor")
        values, inverse = sorting.unique(self)
        return (values, inverse) if return_inverse else values

    # -- reductions ----------------------------------------------------------------------------------------------------

    def sum(self, axis=None, dtype=None, keepdims=False, initial=None, *, dim=None, keepdim=False) -> Tensor:
        """The sum over an axis, plus `initial` where given."""
        if isinstance(dtype, (bool, np.bool_)):
            dtype, keepdims = None, dtype
        result = reduction.sum(self, _axis_of(axis, dim), keepdims or keepdim, dtype=dtype)
        return result if initial is None else arithmetic.add(result, initial)

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
        return _extremum(self, reduction.amin, reduction.argmin, axis, keepdims or keepdim, initial, where,
                         return_indices, dim)

    def argmax(self, axis=None, keepdims=False, *, dim=None, keepdim=False) -> Tensor:
        """The place (Int64) of the first largest element along an axis."""
        return reduction.argmax(self, _axis_of(axis, dim), keepdims or keepdim)

    def argmin(self, axis=None, keepdims=False, *, dim=None, keepdim=False) -> Tensor:
        """The place (Int64) of the first smallest element along an axis."""
        return reduction.argmin(self, _axis_of(axis, dim), keepdims or keepdim)

    def argmax_with_value(self, axis=0, keep_dims=False) -> tuple[Tensor, Tensor]:
        """(places, values) of the largest elements along an axis."""
        return reduction.max(self, axis, keep_dims)[::-1]

    def argmin_with_value(self, axis=0, keep_dims=False) -> tuple[Tensor, Tensor]:
        """(places, values) of the smallest elements along an axis."""
        return reduction.min(self, axis, keep_dims)[::-1]

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

    # -- in place ------------------------------------------------------------------------------------------------------

    add_ = _in_place(add)
    sub_ = _in_place(sub)
    mul_ = _in_place(arithmetic.mul)
    div_ = _in_place(arithmetic.div)
    floor_divide_ = _in_place(arithmetic.floor_divide)
    remainder_ = _in_place(arithmetic.remainder)
    exp_ = _in_place(elementwise.exp)
    log_ = _in_place(elementwise.log)
    tanh_ = _in_place(elementwise.tanh)
    sigmoid_ = _in_place(activation.sigmoid)
    sign_ = _in_place(arithmetic.sign)
    floor_ = _in_place(elementwise.floor)
    clamp_ = _in_place(arithmetic.clamp)
    masked_fill_ = _in_place(comparison.masked_fill)
    fill_ = _in_place(fill)

    def zero_(self) -> Tensor:
        """In place: zeros."""
        assign(self, creation.zeros_like(self))
        return self

    def copy_(self, src, non_blocking: bool = False) -> Tensor:
        """In place: the value of `src`, broadcast and cast."""
        assign(self, convert(shapes.broadcast_to(as_tensor("copy_", src, "src"), self.shape), self.dtype))
        return self


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


def _attach() -> None:
    for name, member in vars(TensorMethods).items():
        if name not in ("__slots__", "__module__", "__doc__", "__qualname__", "__dict__", "__weakref__", "__hash__"):
            setattr(Tensor, name, member)


_attach()
