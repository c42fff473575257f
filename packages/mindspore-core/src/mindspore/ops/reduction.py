"""Reductions over axes, running sums, statistics and norms.

An axis is an int or a tuple of ints; None (and, where the default says so, an empty tuple) stands for all axes. Sums
and products of Bool, Int8, Int16, Int32 and unsigned integers are Int64, means and deviations of integers Float32.
Half-precision values are accumulated in Float32. ValueError for an axis out of range, TypeError for one of
a wrong type.
"""
from __future__ import annotations

import builtins
from functools import partial
from math import prod as _count

from mindspore.common.dtype import DType, bfloat16, bool_, float16, float32, int32, int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Axes,
    Operand,
    also,
    apply,
    as_bool,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    magnitude,
    normalize_axes,
    normalize_axis,
    primitive,
    static_bool,
)
from mindspore.ops.sorting import kth

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "count_nonzero", "cummax", "cummin", "cumprod",
    "cumsum", "logcumsumexp", "logsumexp", "max", "mean", "median", "min", "nanmean", "nansum", "norm", "prod", "ptp",
    "std", "std_mean", "sum", "var", "var_mean", "vector_norm",
]

_SUM, _PROD, _MAX, _MIN, _ALL, _ANY = map(primitive, ("sum", "prod", "max", "min", "all", "any"))
_ARGMAX, _ARGMIN, _CUMSUM, _RESHAPE = map(primitive, ("argmax", "argmin", "cumsum", "reshape"))
_ADD, _SUB, _MUL, _DIV, _POW = map(primitive, ("add", "sub", "mul", "div", "pow"))
_EXP, _LOG, _SQRT, _STOP, _ISNAN = map(primitive, ("exp", "log", "sqrt", "stop_gradient", "isnan"))
_SELECT, _EQ, _NE, _LE, _ISFINITE = map(primitive, ("select", "eq", "ne", "le", "isfinite"))
_MAXIMUM, _MINIMUM, _PAD, _SLICE = map(primitive, ("maximum", "minimum", "pad", "slice"))


# -- sums and products -------------------------------------------------------------------------------------------------

def sum(input: Operand, dim: Axes = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum over `dim`, computed in `dtype` where one is given (as Bool, whether an element differs from 0); 0 over
    no elements."""
    if dtype is bool_:
        return any(input, dim, keepdim)
    x = _summable(as_tensor("sum", input), dtype)
    return apply(_SUM, (x,), (normalize_axes("sum", dim, x.ndim), _kept(keepdim)))


def prod(input: Operand, axis: Axes = None, keep_dims: bool = False, dtype: DType | None = None) -> Tensor:
    """The product over `axis`, computed in `dtype` where one is given (as Bool, whether all elements differ from 0); 1
    over no elements."""
    if dtype is bool_:
        return all(input, axis, keep_dims)
    x = _summable(as_tensor("prod", input), dtype)
    return apply(_PROD, (x,), (normalize_axes("prod", axis, x.ndim), _kept(keep_dims)))


def _kept(flag: bool) -> bool:
    """Whether the axes are kept, as ones of size 1. TypeError for what is no bool."""
    return flag if flag is True or flag is False else static_bool("a reduction", "keepdims", flag)


def _summable(x: Tensor, dtype: DType | None) -> Tensor:
    if dtype is not None:
        return convert(x, dtype)
    return x if x.dtype.is_inexact else convert(x, int64)


def mean(x: Operand, axis: Axes = None, keep_dims: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over `axis`, floating; NaN over no elements."""
    value = as_inexact("mean", x) if dtype is None else convert(as_tensor("mean", x), dtype)
    return _mean(value, normalize_axes("mean", axis, value.ndim), _kept(keep_dims))


def _mean(x: Tensor, axes: tuple, keep_dims: bool) -> Tensor:
    wide = convert(x, _wide(x.dtype))
    total = apply(_SUM, (wide,), (axes, keep_dims))
    return convert(apply(_DIV, (total, constant(_elements(x, axes), wide.dtype))), x.dtype)


def _wide(dtype: DType) -> DType:
    return float32 if dtype in (float16, bfloat16) else dtype


def _elements(x: Tensor, axes: tuple) -> int:
    return _count(x.shape[a] for a in axes)


def nansum(input: Operand, axis: Axes = None, keepdims: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum over `axis` of the elements that are not NaN."""
    x = as_tensor("nansum", input)
    return sum(_without_nan(x), axis, keepdims, dtype=dtype)


def nanmean(input: Operand, axis: Axes = None, keepdims: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over `axis` of the elements that are not NaN; NaN where there is none."""
    x = as_inexact("nanmean", input)
    counted = convert(apply(_EQ, (x, x)), x.dtype)
    result = apply(_DIV, (sum(_without_nan(x), axis, keepdims), sum(counted, axis, keepdims)))
    return result if dtype is None else convert(result, dtype)


def _without_nan(x: Tensor) -> Tensor:
    if not x.dtype.is_inexact:
        return x
    return apply(_SELECT, (apply(_ISNAN, (x,)), constant(0, x.dtype), x))


def count_nonzero(x: Operand, axis: Axes = (), keep_dims: bool = False, dtype: DType = int32) -> Tensor:
    """How many elements along `axis` differ from 0."""
    return sum(as_bool("count_nonzero", x, "x"), axis, keep_dims, dtype=dtype)


def logsumexp(input: Operand, dim: Axes, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) over `dim`, without overflow; -inf over no elements."""
    x = as_inexact("logsumexp", input)
    axes = normalize_axes("logsumexp", dim, x.ndim)
    if _elements(x, axes) == 0:
        return apply(_LOG, (apply(_SUM, (x,), (axes, _kept(keepdim))),))
    high = apply(_STOP, (apply(_MAX, (x,), (axes, True)),))
    high = apply(_SELECT, (apply(_ISFINITE, (high,)), high, constant(0, x.dtype)))
    total = apply(_LOG, (apply(_SUM, (apply(_EXP, (apply(_SUB, (x, high)),)),), (axes, True)),))
    result = apply(_ADD, (total, high))
    return result if keepdim else apply(_RESHAPE, (result,), (_dropped(x.shape, axes),))


def _dropped(shape: tuple, axes: tuple) -> tuple:
    return tuple(d for i, d in enumerate(shape) if i not in axes)


# -- logic -------------------------------------------------------------------------------------------------------------

def all(input: Operand, axis: Axes = None, keep_dims: bool = False) -> Tensor:
    """Whether all elements over `axis` differ from 0 (Bool); true over no elements."""
    x = as_bool("all", input)
    return apply(_ALL, (x,), (normalize_axes("all", axis, x.ndim), _kept(keep_dims)))


def any(input: Operand, axis: Axes = None, keep_dims: bool = False) -> Tensor:
    """Whether an element over `axis` differs from 0 (Bool); false over no elements."""
    x = as_bool("any", input)
    return apply(_ANY, (x,), (normalize_axes("any", axis, x.ndim), _kept(keep_dims)))


# -- extrema -----------------------------------------------------------------------------------------------------------

def amax(input: Operand, axis: Axes = None, keepdims: bool = False, *, initial: float | None = None,
         where: Tensor | None = None) -> Tensor:
    """The largest element over `axis`, among those where `where` is true, and not below `initial`. NaN if one is NaN;
    equal elements share the gradient. ValueError over no elements without `initial`."""
    return _extremum("amax", input, axis, keepdims, initial, where)


def amin(input: Operand, axis: Axes = None, keepdims: bool = False, *, initial: float | None = None,
         where: Tensor | None = None) -> Tensor:
    """The smallest element over `axis`, among those where `where` is true, and not above `initial`; see `amax`."""
    return _extremum("amin", input, axis, keepdims, initial, where)


def _extremum(name: str, input: Operand, axis: Axes, keepdims: bool, initial, where) -> Tensor:
    x = _chosen(name, as_tensor(name, input), initial, where)
    largest = name.endswith("max")
    axes = normalize_axes(name, axis, x.ndim)
    if x.dtype is bool_:
        return apply(_ANY if largest else _ALL, (x,), (axes, _kept(keepdims)))
    result = apply(_MAX if largest else _MIN, (x,), (axes, _kept(keepdims)))
    if initial is None:
        return result
    return apply(_MAXIMUM if largest else _MINIMUM, (result, as_dtype_of(name, initial, x, "initial")))


def _chosen(name: str, x: Tensor, initial, where) -> Tensor:
    """x, with `initial` where `where` is false."""
    if where is None:
        return x
    if initial is None:
        raise ValueError(f"{name}: where is given without initial; say what stands for no element")
    return apply(_SELECT, (as_bool(name, where, "where"), x, as_dtype_of(name, initial, x, "initial")))


def max(input: Operand, axis: int | None = None, keepdims: bool = False, *, initial: float | None = None,
        where: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(values, indices): the largest elements along `axis`, with `initial` in place of smaller ones and of those where
    `where` is false, and the places (Int64) where they first stand. Without an axis the largest element of all and the
    index 0 (Int64); `amax` gives the values alone."""
    return _with_index("max", _ARGMAX, input, axis, keepdims, initial, where)


def min(input: Operand, axis: int | None = None, keepdims: bool = False, *, initial: float | None = None,
        where: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(values, indices): the smallest elements along `axis` and the places where they first stand; see `max`."""
    return _with_index("min", _ARGMIN, input, axis, keepdims, initial, where)


def _with_index(name: str, arg, input: Operand, axis: int | None, keepdims: bool, initial, where):
    x = as_tensor(name, input)
    if axis is None or x.ndim == 0:
        return _extremum(name, x, None, False, initial, where), constant(0, int64)
    axis = normalize_axis(name, axis, x.ndim)
    if initial is not None:
        x = _chosen(name, x, initial, where)
        if x.dtype is not bool_:
            x = apply(_MAXIMUM if name == "max" else _MINIMUM, (x, as_dtype_of(name, initial, x, "initial")))
        initial = where = None
    return _extremum(name, x, axis, keepdims, initial, where), _arg(arg, x, axis, keepdims)


def _arg(op, x: Tensor, axis: int, keepdims: bool, dtype: DType = int64) -> Tensor:
    indices = apply(op, (x,), (axis, dtype))
    if not keepdims:
        return indices
    return apply(_RESHAPE, (indices,), (x.shape[:axis] + (1,) + x.shape[axis + 1:],))


@partial(also, axis="dim", keepdims="keepdim")  # names of MindSpore 1
def argmax(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place (Int64) of the first largest element along `dim`; without one, in the flattened tensor."""
    return _flat_arg("argmax", _ARGMAX, input, dim, keepdim)


def argmin(input: Operand, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place (Int32) of the first smallest element along `axis`; without one, in the flattened tensor."""
    return arg_smallest(input, axis, keepdims, int32)


def arg_smallest(input: Operand, axis: int | None, keepdims: bool, dtype: DType = int64) -> Tensor:
    """`argmin` with places of another dtype."""
    return _flat_arg("argmin", _ARGMIN, input, axis, keepdims, dtype)


def _flat_arg(name: str, op, input: Operand, axis: int | None, keepdims: bool, dtype: DType = int64) -> Tensor:
    x = as_tensor(name, input)
    if axis is None:
        flat = apply(op, (apply(_RESHAPE, (x,), ((x.size,),)),), (0, dtype))
        return apply(_RESHAPE, (flat,), ((1,) * x.ndim,)) if keepdims else flat
    if x.ndim == 0:
        normalize_axis(name, axis, 0)
        return constant(0, dtype)
    return _arg(op, x, normalize_axis(name, axis, x.ndim), keepdims, dtype)


def aminmax(input: Operand, *, axis: int | None = 0, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(smallest, largest) elements along `axis`; for None of all that are not NaN."""
    if axis is not None:
        return amin(input, axis, keepdims), amax(input, axis, keepdims)
    x = as_tensor("aminmax", input)
    if not x.dtype.is_floating:
        return amin(x, None, keepdims), amax(x, None, keepdims)
    known = apply(_EQ, (x, x))
    inf, nan = float("inf"), constant(float("nan"), x.dtype)
    smallest, largest = (reduced(apply(_SELECT, (known, x, constant(other, x.dtype))), None, keepdims)
                         for reduced, other in ((amin, inf), (amax, -inf)))
    some = apply(_LE, (smallest, largest))
    return apply(_SELECT, (some, smallest, nan)), apply(_SELECT, (some, largest, nan))


def ptp(input: Operand, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The largest element minus the smallest over `axis`."""
    return apply(_SUB, (amax(input, axis, keepdims), amin(input, axis, keepdims)))


def median(input: Operand, axis: int = -1, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(values, indices): the lower median along `axis` and where it stands (Int64). NaN where an element is NaN, and
    where the first of them stands."""
    x = as_tensor("median", input)
    if x.ndim == 0:
        return x, constant(0, int64)
    axis = normalize_axis("median", axis, x.ndim)
    if x.shape[axis] == 0:
        raise ValueError(f"median: a tensor of shape {x.shape} has no elements along axis {axis}")
    picked = kth(x, (x.shape[axis] - 1) // 2, axis)
    if x.dtype.is_floating:
        missing = apply(_ISNAN, (x,))
        unknown = apply(_ANY, (missing,), ((axis,), False))
        first = argmax(convert(missing, int32), axis)
        picked = (apply(_SELECT, (unknown, constant(float("nan"), x.dtype), picked[0])),
                  apply(_SELECT, (unknown, convert(first, int64), picked[1])))
    if not keepdims:
        return picked
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1:])
    return apply(_RESHAPE, (picked[0],), (shape,)), apply(_RESHAPE, (picked[1],), (shape,))


# -- statistics --------------------------------------------------------------------------------------------------------

def var(input: Operand, axis: Axes = None, ddof: int | bool = 0, keepdims: bool = False) -> Tensor:
    """The variance over `axis`: the sum of squared distances from the mean, divided by the count minus `ddof`."""
    return _moments("var", input, axis, ddof, keepdims)[0]


def std(input: Operand, axis: Axes = None, ddof: int | bool = 0, keepdims: bool = False) -> Tensor:
    """The standard deviation over `axis`: the square root of `var`."""
    return apply(_SQRT, (var(input, axis, ddof, keepdims),))


def var_mean(input: Operand, axis: Axes = None, ddof: int | bool = 0, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(variance, mean) over `axis`; see `var`."""
    return _moments("var_mean", input, axis, ddof, keepdims)


def std_mean(input: Operand, axis: Axes = None, ddof: int | bool = 0, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean) over `axis`; see `var`."""
    variance, center = _moments("std_mean", input, axis, ddof, keepdims)
    return apply(_SQRT, (variance,)), center


def _moments(name: str, input: Operand, axis: Axes, ddof: int | bool, keepdims: bool) -> tuple[Tensor, Tensor]:
    x = as_inexact(name, input)
    ddof = int(ddof)
    axes = normalize_axes(name, axis, x.ndim)
    wide = convert(x, _wide(x.dtype))
    center = _mean(wide, axes, True)
    distance = apply(_SUB, (wide, center))
    distance = magnitude(distance) if x.dtype.kind == "c" else distance
    total = apply(_SUM, (apply(_MUL, (distance, distance)),), (axes, _kept(keepdims)))
    count = builtins.max(_elements(x, axes) - ddof, 0)
    variance = apply(_DIV, (total, constant(count, total.dtype)))
    if not keepdims:
        center = apply(_RESHAPE, (center,), (_dropped(x.shape, axes),))
    return variance if x.dtype.kind == "c" else convert(variance, x.dtype), convert(center, x.dtype)


def norm(A: Operand, ord: float | str | None = None, dim: Axes = None, keepdim: bool = False, *,
         dtype: DType | None = None) -> Tensor:
    """Without `ord`, the Euclidean norm of all elements over `dim`. With it, the norm of vectors (see `vector_norm`)
    where `dim` is one axis or A has one, and of matrices (see `matrix_norm`) where `dim` is two axes or A has two.
    ValueError if it is neither."""
    from mindspore.ops.systems import matrix_norm
    if ord is None or ord == "fro":
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    ndim = as_tensor("norm", A, "A").ndim
    axes = tuple(range(ndim)) if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if len(axes) == 2:
        return matrix_norm(A, ord, axes, keepdim, dtype=dtype)
    if isinstance(ord, str) or len(axes) > 2:
        raise ValueError(f"norm: ord is {ord!r} for dim {dim} of a tensor of {ndim} axes; expected None, 'fro', a"
                         " number with one axis, or a matrix norm with two")
    return vector_norm(A, ord, axes, keepdim, dtype=dtype)


def vector_norm(x: Operand, ord: float = 2, axis: Axes = None, keepdims: bool = False, *,
                dtype: DType | None = None) -> Tensor:
    """sum(|x| ** ord) ** (1 / ord) over `axis`; the largest |x| for inf, the smallest for -inf, the count of elements
    that are not 0 for 0. The derivative of the Euclidean norm at 0 is 0."""
    value = as_inexact("vector_norm", x) if dtype is None else convert(as_tensor("vector_norm", x), dtype)
    axes = normalize_axes("vector_norm", axis, value.ndim)
    size = magnitude(value)
    if ord in (float("inf"), float("-inf")):
        return apply(_MAX if ord > 0 else _MIN, (size,), (axes, _kept(keepdims)))
    if ord == 0:
        return sum(convert(apply(_NE, (size, constant(0, size.dtype))), size.dtype), axes, keepdims)
    if ord == 1:
        return apply(_SUM, (size,), (axes, _kept(keepdims)))
    if ord == 2:
        return _euclidean(size if value.dtype.kind == "c" else value, axes, _kept(keepdims))
    total = apply(_SUM, (apply(_POW, (size, constant(ord, size.dtype))),), (axes, _kept(keepdims)))
    return apply(_POW, (total, constant(1 / ord, size.dtype)))


def _euclidean(x: Tensor, axes: tuple, keepdims: bool) -> Tensor:
    """The root of the sum of squares; where the sum is 0, the root of 1 times 0, so that the derivative is 0."""
    total = apply(_SUM, (apply(_MUL, (x, x)),), (axes, keepdims))
    zero = apply(_EQ, (total, constant(0, x.dtype)))
    root = apply(_SQRT, (apply(_SELECT, (zero, constant(1, x.dtype), total)),))
    return apply(_SELECT, (zero, constant(0, x.dtype), root))


# -- running reductions ------------------------------------------------------------------------------------------------

def cumsum(x: Operand, axis: int, dtype: DType | None = None) -> Tensor:
    """Running sums along `axis`, computed in `dtype` where one is given (as Bool, whether an element so far differs
    from 0)."""
    value = as_tensor("cumsum", x, "x")
    if dtype is bool_:
        return as_bool("cumsum", cumsum(as_bool("cumsum", value), axis))
    value = convert(value, dtype or (int64 if value.dtype is bool_ else value.dtype))
    return apply(_CUMSUM, (value,), (normalize_axis("cumsum", axis, value.ndim), False, False))


def cumprod(input: Operand, dim: int, dtype: DType | None = None) -> Tensor:
    """Running products along `dim`."""
    x = as_tensor("cumprod", input)
    x = convert(x, dtype or (int64 if x.dtype is bool_ else x.dtype))
    axis = normalize_axis("cumprod", dim, x.ndim, "dim")
    return apply(primitive("cumprod"), (x,), (axis,))


def logcumsumexp(input: Operand, axis: int) -> Tensor:
    """Running log(sum(exp(input))) along `axis`, without overflow."""
    from mindspore.ops.arithmetic import logaddexp
    x = as_inexact("logcumsumexp", input)
    return _scan(x, normalize_axis("logcumsumexp", axis, x.ndim), logaddexp, float("-inf"))


def cummax(input: Operand, axis: int) -> tuple[Tensor, Tensor]:
    """(values, indices): the largest element so far along `axis`, and where it last stood (Int64)."""
    return _running_extremum("cummax", input, axis)


def cummin(input: Operand, axis: int) -> tuple[Tensor, Tensor]:
    """(values, indices): the smallest element so far along `axis`, and where it last stood (Int64)."""
    return _running_extremum("cummin", input, axis)


def _running_extremum(name: str, input: Operand, axis: int) -> tuple[Tensor, Tensor]:
    x = as_tensor(name, input)
    return apply(primitive(name), (x,), (normalize_axis(name, axis, x.ndim),))


def _scan(x: Tensor, axis: int, combine, first: float) -> Tensor:
    """Running combinations along an axis, by doubling distances: after k rounds each place combines the 2**k elements
    up to it (Hillis and Steele, Data parallel algorithms, 1986). `first` stands before the first element."""
    distance = 1
    while distance < x.shape[axis]:
        low = tuple(distance if i == axis else 0 for i in range(x.ndim))
        zeros = (0,) * x.ndim
        end = tuple(d - distance if i == axis else d for i, d in enumerate(x.shape))
        earlier = apply(_SLICE, (x,), (zeros, end, (1,) * x.ndim))
        x = combine(apply(_PAD, (earlier,), (low, zeros, zeros, first)), x)
        distance *= 2
    return x
