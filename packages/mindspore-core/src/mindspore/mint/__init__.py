"""The `mint` interface: functions whose arguments are named `dim` and `keepdim`.

They are the functions of `mindspore.ops`; those whose arguments have other names or defaults here are written out.
"""
from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from mindspore.common.dtype import DType, int64
from mindspore.common.generator import Generator
from mindspore.common.tensor import Tensor
from mindspore.common.tensor_in_place import change
from mindspore.mint._batches import batch_norm_elemt, batch_norm_gather_stats_with_counts, batch_norm_stats, conv_tbc
from mindspore.mint._renamed import (
    baddbmm,
    bmm,
    frac,
    index_select,
    isnan,
    meshgrid,
    mv,
    nansum,
    repeat_interleave,
    softmax,
    sqrt,
    squeeze,
    where,
)
from mindspore.mint._unlisted import addcmul, clip, equal, fix, ge, item, unique
from mindspore.ops import (
    arithmetic,
    creation,
    indexing,
    joining,
    reduction,
    shapes,
    sorting,
    statistics,
    triangles,
    windows,
)
from mindspore.ops import complex_numbers as _complex
from mindspore.ops import linalg as _linalg
from mindspore.ops import random as _random
from mindspore.ops import systems as _systems
from mindspore.ops._operands import Axes, Operand, Sizes, as_tensor
from mindspore.ops.activation import gelu as npu_gelu
from mindspore.ops.activation import sigmoid
from mindspore.ops.arithmetic import (
    abs,
    clamp,
    div,
    divide,
    float_power,
    floor_divide,
    fmod,
    lerp,
    logaddexp,
    logaddexp2,
    maximum,
    minimum,
    mul,
    nan_to_num,
    neg,
    negative,
    pow,
    reciprocal,
    remainder,
    sign,
    square,
    xlogy,
)
from mindspore.ops.comparison import (
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    greater,
    greater_equal,
    gt,
    isclose,
    le,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
    not_equal,
)
from mindspore.ops.complex_numbers import imag, polar, real
from mindspore.ops.contraction import einsum
from mindspore.ops.creation import arange, eye, full, full_like, linspace, ones, ones_like, zeros, zeros_like
from mindspore.ops.elementwise import (
    acos,
    acosh,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    ceil,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    isfinite,
    isinf,
    isneginf,
    log,
    log1p,
    log2,
    log10,
    round,
    rsqrt,
    sin,
    sinc,
    sinh,
    tan,
    tanh,
    trunc,
)
from mindspore.ops.indexing import bincount, masked_select, nonzero, searchsorted, take
from mindspore.ops.joining import dstack, hstack, tile, unbind
from mindspore.ops.linalg import addbmm, addmm, addmv, cross, dot, matmul, mm, outer
from mindspore.ops.reduction import argmax, cumprod, logsumexp, sum
from mindspore.ops.shapes import broadcast_to, flip, ravel, reshape, roll, swapaxes, t, unsqueeze
from mindspore.ops.sorting import kthvalue, unique_consecutive
from mindspore.ops.special import erfinv, gcd
from mindspore.ops.statistics import histc
from mindspore.ops.triangles import trace, tril, triu

__all__ = [
    "abs", "acos", "acosh", "add", "addbmm", "addcdiv", "addmm", "addmv", "addr_", "all", "allclose", "amax", "amin",
    "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin",
    "argsort", "asin", "asinh", "atan", "atan2", "atanh", "baddbmm", "batch_norm_elemt",
    "batch_norm_gather_stats_with_counts", "batch_norm_stats", "bernoulli", "bincount", "bitwise_and", "bitwise_not",
    "bitwise_or", "bitwise_xor", "bmm", "broadcast_to", "cat", "cdist", "ceil", "chunk", "clamp", "clone", "concat",
    "conv2d", "conv_tbc", "cos", "cosh", "count_nonzero", "cross", "cummax", "cummin", "cumprod", "cumsum", "diag",
    "diff", "div", "divide", "dot", "dstack", "einsum", "empty", "empty_like", "eq", "erf", "erfc", "erfinv", "exp",
    "exp2", "expm1", "eye", "flatten", "flip", "float_power", "floor", "floor_divide", "fmod", "frac", "full",
    "full_like", "gather", "gcd", "greater", "greater_equal", "gt", "histc", "hstack", "imag", "index_add",
    "index_select", "inverse", "isclose", "isfinite", "isinf", "isnan", "isneginf", "kthvalue", "le", "lerp", "less",
    "less_equal", "linspace", "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logsumexp", "lt", "masked_select", "matmul", "max", "maximum", "mean", "median",
    "meshgrid", "min", "minimum", "mm", "mul", "multinomial", "mv", "nan_to_num", "nansum", "narrow", "ne", "neg",
    "negative", "nonzero", "norm", "normal", "not_equal", "npu_gelu", "ones", "ones_like", "outer", "permute", "polar",
    "pow", "prod", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "ravel", "real",
    "reciprocal", "remainder", "repeat_interleave", "reshape", "roll", "round", "rsqrt", "scatter", "scatter_add",
    "searchsorted", "select", "sigmoid", "sign", "sin", "sinc", "sinh", "softmax", "sort", "split", "sqrt", "square",
    "squeeze", "stack", "std", "std_mean", "sub", "sum", "swapaxes", "t", "take", "tan", "tanh", "tile", "topk",
    "trace", "transpose", "triangular_solve", "tril", "triu", "trunc", "unbind", "unique_consecutive", "unsqueeze",
    "var", "var_mean", "vdot", "where", "xlogy", "zeros", "zeros_like",
]


# -- arithmetic --------------------------------------------------------------------------------------------------------

def add(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """input + alpha * other."""
    return arithmetic.add(input, other if alpha == 1 else arithmetic.mul(other, alpha))


def sub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """input - alpha * other."""
    return arithmetic.subtract(input, other, alpha=alpha)


def addcdiv(input: Operand, tensor1: Operand, tensor2: Operand, *, value: float = 1) -> Tensor:
    """input + value * tensor1 / tensor2."""
    return arithmetic.addcdiv(input, tensor1, tensor2, value)


def addr_(input: Tensor, vec1: Operand, vec2: Operand, beta: float = 1, alpha: float = 1) -> Tensor:
    """In place: beta * input + alpha * outer(vec1, vec2). Returns input."""
    return change("addr_", input, _linalg.addr(input, vec1, vec2, beta=beta, alpha=alpha))


def vdot(input: Operand, other: Operand) -> Tensor:
    """The sum of products of two tensors of one axis, of complex ones with the conjugates of input."""
    return _linalg.dot(_complex.conj(input), other)


def conv2d(input: Operand, weight: Operand, bias: Operand | None = None, stride: int | Sequence[int] = 1,
           padding: int | str | Sequence[int] = 0, dilation: int | Sequence[int] = 1, groups: int = 1) -> Tensor:
    """The cross-correlation of images with kernels; padding is a number, one for each axis, 'same' or 'valid'."""
    mode, counts = (padding, 0) if isinstance(padding, str) else ("pad", padding)
    return windows.conv2d(input, weight, bias, stride, mode, counts, dilation, groups)


# -- reductions --------------------------------------------------------------------------------------------------------

def all(input: Operand, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Whether all elements over `dim` differ from 0."""
    return reduction.all(input, dim, keepdim)


def any(input: Operand, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Whether an element over `dim` differs from 0."""
    return reduction.any(input, dim, keepdim)


def amax(input: Operand, dim: Axes = (), keepdim: bool = False) -> Tensor:
    """The largest element over `dim`."""
    return reduction.amax(input, dim, keepdim)


def amin(input: Operand, dim: Axes = (), keepdim: bool = False) -> Tensor:
    """The smallest element over `dim`."""
    return reduction.amin(input, dim, keepdim)


def argmin(input: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The place (Int64) of the first smallest element along `dim`."""
    return reduction.arg_smallest(input, dim, keepdim)


def mean(input: Operand, dim: Axes = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean over `dim`."""
    return reduction.mean(input, dim, keepdim, dtype=dtype)


def prod(input: Operand, dim: Axes = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The product over `dim`."""
    return reduction.prod(input, dim, keepdim, dtype)


def max(input: Operand, *args: Any, dim: int | None = None, keepdim: bool = False, other: Any = None):
    """max(input): the largest element; max(input, dim, keepdim=False): (values, places) along `dim`; max(input, other):
    the larger of two elements."""
    if other is not None or (args and not isinstance(args[0], int)):
        return arithmetic.maximum(input, args[0] if args else other)
    axis, keep = (*args, *(dim, keepdim)[len(args):])[:2]
    return reduction.amax(input) if axis is None else reduction.max(input, axis, keep)


def min(input: Operand, *args: Any, dim: int | None = None, keepdim: bool = False, other: Any = None):
    """min(input): the smallest element; min(input, dim, keepdim=False): (values, places) along `dim`; min(input,
    other): the smaller of two elements."""
    if other is not None or (args and not isinstance(args[0], int)):
        return arithmetic.minimum(input, args[0] if args else other)
    axis, keep = (*args, *(dim, keepdim)[len(args):])[:2]
    return reduction.amin(input) if axis is None else reduction.min(input, axis, keep)


def median(input: Operand, dim: int | None = None, keepdim: bool = False):
    """The lower median of all elements, or (values, places) along `dim`."""
    if dim is None:
        return reduction.median(shapes.ravel(input), 0)[0]
    return reduction.median(input, dim, keepdim)


def std(input: Operand, dim: Axes = None, *, correction: int = 1, keepdim: bool = False) -> Tensor:
    """The standard deviation over `dim`, of the count less `correction`."""
    return reduction.std(input, dim, correction, keepdim)


def std_mean(input: Operand, dim: Axes = None, *, correction: int = 1, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean) over `dim`."""
    return reduction.std_mean(input, dim, correction, keepdim)


def var(input: Operand, dim: Axes = None, *, correction: int = 1, keepdim: bool = False) -> Tensor:
    """The variance over `dim`, of the count less `correction`."""
    return reduction.var(input, dim, correction, keepdim)


def var_mean(input: Operand, dim: Axes = None, *, correction: int = 1, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """(variance, mean) over `dim`."""
    return reduction.var_mean(input, dim, correction, keepdim)


def norm(input: Operand, p: float | str = "fro", dim: Axes = None, keepdim: bool = False, *,
         dtype: DType | None = None) -> Tensor:
    """The p-norm over `dim`, of all elements as one vector by default; 'fro' is the Euclidean norm, 'nuc' the sum of a
    matrix's singular values."""
    if isinstance(p, str):
        return reduction.norm(input, p, dim, keepdim, dtype=dtype)
    return reduction.vector_norm(input, p, dim, keepdim, dtype=dtype)


def count_nonzero(input: Operand, dim: Axes = None) -> Tensor:
    """How many elements (Int64) over `dim` differ from 0."""
    return reduction.count_nonzero(input, dim, False, int64)


def cumsum(input: Operand, dim: int, dtype: DType | None = None) -> Tensor:
    """Running sums along `dim`."""
    return reduction.cumsum(input, dim, dtype)


def cummax(input: Operand, dim: int) -> tuple[Tensor, Tensor]:
    """(values, places) of the largest element so far along `dim`."""
    return reduction.cummax(input, dim)


def cummin(input: Operand, dim: int) -> tuple[Tensor, Tensor]:
    """(values, places) of the smallest element so far along `dim`."""
    return reduction.cummin(input, dim)


def cdist(x1: Operand, x2: Operand, p: float = 2.0,
          compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distances of each row of x1 from each row of x2."""
    return statistics.cdist(x1, x2, p)


def diff(input: Operand, n: int = 1, dim: int = -1, prepend: Operand | None = None,
         append: Operand | None = None) -> Tensor:
    """The differences of neighbours along `dim`, n times."""
    return statistics.diff(input, n, dim, prepend, append)


# -- shapes and places -------------------------------------------------------------------------------------------------

def cat(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """The tensors joined along `dim`."""
    return joining.concat(tensors, dim)


concat = cat


def stack(tensors: Sequence[Operand], dim: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis."""
    return joining.stack(tensors, dim)


def split(tensor: Operand, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of a size, or of the sizes in a sequence, along `dim`."""
    return joining.split(tensor, split_size_or_sections, dim)


def chunk(input: Operand, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` pieces of equal size along `dim`."""
    return joining.chunk(input, chunks, dim)


def narrow(input: Operand, dim: int, start: int, length: int) -> Tensor:
    """`length` places along `dim` from `start` on."""
    return joining.narrow(input, dim, start, length)


def flatten(input: Operand, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` as one."""
    return shapes.flatten(input, start_dim=start_dim, end_dim=end_dim)


def permute(input: Operand, dims: Sequence[int]) -> Tensor:
    """The axes in another order."""
    return shapes.transpose(input, dims)


def transpose(input: Operand, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged."""
    return shapes.swapaxes(input, dim0, dim1)


def diag(input: Operand, diagonal: int = 0) -> Tensor:
    """A matrix with the elements of a tensor of one axis on a diagonal; of a matrix, that diagonal."""
    return triangles.diag(input, diagonal)


def clone(input: Tensor) -> Tensor:
    """A copy."""
    return input.copy()


def empty(*size: int, dtype: DType | None = None, device: str | None = None) -> Tensor:
    """Zeros of a shape: memory is never left as it was found."""
    return creation.zeros(size[0] if len(size) == 1 else size, dtype)


def empty_like(input: Operand, *, dtype: DType | None = None, device: str | None = None) -> Tensor:
    """Zeros like input: memory is never left as it was found."""
    return creation.zeros_like(input, dtype=dtype)


def gather(input: Operand, dim: int, index: Operand) -> Tensor:
    """The elements at the places that `index` names along `dim`."""
    return indexing.gather_elements(input, dim, index)


def scatter(input: Operand, dim: int, index: Operand, src: Operand) -> Tensor:
    """input with elements of `src` put at the places that `index` names along `dim`."""
    return indexing.scatter(input, dim, index, src)


def scatter_add(input: Operand, dim: int, index: Operand, src: Operand) -> Tensor:
    """input with elements of `src` added at the places that `index` names along `dim`."""
    return indexing.tensor_scatter_elements(input, index, src, dim, "add")


def index_add(input: Operand, dim: int, index: Operand, source: Operand, *, alpha: float = 1) -> Tensor:
    """input with alpha times the slices of `source` along `dim` added at the places in `index`."""
    return indexing.index_add(input, index, source if alpha == 1 else arithmetic.mul(source, alpha), dim)


def select(input: Operand, dim: int, index: int) -> Tensor:
    """The slice at `index` along `dim`, without that axis."""
    return shapes.squeeze(joining.narrow(input, dim, index, 1), dim)


def sort(input: Operand, *, dim: int = -1, descending: bool = False, stable: bool = False) -> tuple[Tensor, Tensor]:
    """(values, places) in order along `dim`, places as Int64; always stable."""
    values, places = sorting.sort(input, dim, descending)
    return values, places.astype(int64)


def argsort(input: Operand, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Where each element of the sorted tensor comes from (Int64); always stable."""
    return sorting.argsort(input, dim, descending).astype(int64)


def topk(input: Operand, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """(values, places) of the k largest, or smallest, elements along `dim`, places as Int64."""
    values, places = sorting.topk(input, k, dim, largest, sorted)
    return values, places.astype(int64)


# -- random numbers ----------------------------------------------------------------------------------------------------

def rand(*size: int, generator: Generator | None = None, dtype: DType | None = None,
         device: str | None = None) -> Tensor:
    """Numbers evenly distributed over [0, 1)."""
    return _random.rand(*size, dtype=dtype, seed=generator)


def randn(*size: int, generator: Generator | None = None, dtype: DType | None = None,
          device: str | None = None) -> Tensor:
    """Numbers of the standard normal distribution."""
    return _random.randn(*size, dtype=dtype, seed=generator)


def rand_like(input: Operand, *, dtype: DType | None = None, device: str | None = None) -> Tensor:
    """Numbers evenly distributed over [0, 1), of the shape and dtype of input."""
    return _random.rand_like(input, dtype=dtype)


def randn_like(input: Operand, *, dtype: DType | None = None, device: str | None = None) -> Tensor:
    """Numbers of the standard normal distribution, of the shape and dtype of input."""
    return _random.randn_like(input, dtype=dtype or as_tensor("randn_like", input).dtype)


def randint(*args: Any, generator: Generator | None = None, dtype: DType | None = None,
            device: str | None = None) -> Tensor:
    """randint(high, size) or randint(low, high, size): whole numbers evenly distributed over [low, high)."""
    low, high, size = args if len(args) == 3 else (0, *args)
    return _random.randint(low, high, size, generator, dtype=dtype)


def randint_like(input: Operand, *args: int, dtype: DType | None = None, device: str | None = None) -> Tensor:
    """randint_like(input, high) or randint_like(input, low, high): whole numbers of the shape and dtype of input."""
    low, high = args if len(args) == 2 else (0, *args)
    return _random.randint_like(input, low, high, dtype=dtype)


def randperm(n: int, *, generator: Generator | None = None, dtype: DType = int64) -> Tensor:
    """The numbers 0 .. n - 1 in random order."""
    return _random.randperm(n, generator, dtype=dtype)


def normal(mean: Operand = 0.0, std: Operand = 1.0, size: Sizes | None = None,
           generator: Generator | None = None) -> Tensor:
    """Numbers of the normal distribution with this mean and standard deviation."""
    return _random.normal(() if size is None else size, mean, std, generator)


def bernoulli(input: Operand, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element says, else 0."""
    return _random.bernoulli(input, input, generator)


def multinomial(input: Operand, num_samples: int, replacement: bool = False, *,
                generator: Generator | None = None) -> Tensor:
    """Places (Int64) drawn with the probabilities along the last axis."""
    return _random.multinomial(input, num_samples, replacement, generator).astype(int64)


def inverse(input: Operand) -> Tensor:
    """The inverses of square matrices (..., n, n)."""
    return _systems.inverse(input)


def triangular_solve(b: Operand, A: Operand, upper: bool = True, transpose: bool = False,
                     unitriangular: bool = False) -> tuple[Tensor, Tensor]:
    """(x, A) with A @ x = b, or A^T @ x = b with `transpose`: b (..., n, k), A (..., n, n) of which one triangle is
    read, with a diagonal of ones where `unitriangular` says so."""
    matrix = as_tensor("triangular_solve", A, "A")
    return _systems.triangular_solve(matrix, b, not upper, transpose, unitriangular), matrix


def __getattr__(name: str) -> Any:
    if name in ("nn", "optim", "special", "linalg", "distributed"):
        return importlib.import_module(f"mindspore.mint.{name}")
    raise AttributeError(f"module 'mindspore.mint' has no attribute {name!r}")
