"""Differences, distances, covariances and quantiles."""
from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from mindspore.common.dtype import bool_, float32, int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    normalize_axis,
    primitive,
    promote,
    static_int,
)
from mindspore.ops.arithmetic import add, minimum, mul, sub, true_divide
from mindspore.ops.comparison import equal, where
from mindspore.ops.indexing import index_select
from mindspore.ops.joining import concat, meshgrid, stack
from mindspore.ops.layers import pad
from mindspore.ops.linalg import matmul
from mindspore.ops.reduction import mean, vector_norm
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import cut, expand_dims, ravel, reshape, transpose
from mindspore.ops.sorting import sort

__all__ = [
    "block_diag", "cartesian_prod", "cdist", "combinations", "cov", "diff", "dist", "histc", "is_nonzero", "isreal",
    "pdist", "quantile", "renorm", "sequence_mask", "trapz", "vander",
]

_IOTA, _LT, _NE = primitive("iota"), primitive("lt"), primitive("ne")


def diff(x: Operand, n: int = 1, axis: int = -1, prepend: Operand | None = None,
         append: Operand | None = None) -> Tensor:
    """The differences of neighbours along an axis, n times, of x with `prepend` before and `append` behind it."""
    value = as_tensor("diff", x)
    axis = normalize_axis("diff", axis, value.ndim)
    if static_int("diff", "n", n) < 1 or value.ndim == 0:
        raise ValueError(f"diff: n is {n} and x has shape {value.shape}; expected a positive int and an axis")
    parts = [p for p in (prepend, value, append) if p is not None]
    value = concat(parts, axis) if len(parts) > 1 else value
    for _ in range(n):
        size = value.shape[axis]
        after, before = cut(value, axis, min(1, size), size), cut(value, axis, 0, max(size - 1, 0))
        value = apply(_NE, (after, before)) if value.dtype is bool_ else sub(after, before)
    return value


def trapz(y: Operand, x: Operand | None = None, *, dx: float = 1.0, dim: int = -1) -> Tensor:
    """The integral of y along an axis by trapezoids, at places x or `dx` apart."""
    value = as_inexact("trapz", y)
    axis = normalize_axis("trapz", dim, value.ndim, "dim")
    size = value.shape[axis]
    heights = add(cut(value, axis, min(1, size), size), cut(value, axis, 0, max(size - 1, 0)))
    if x is None:
        return mul(sum_over(heights, axis), dx / 2)
    places = as_dtype_of("trapz", x, value, "x")
    widths = diff(places, axis=axis if places.ndim == value.ndim else -1)
    if places.ndim == 1:
        widths = reshape(widths, tuple(widths.size if i == axis else 1 for i in range(value.ndim)))
    return mul(sum_over(mul(heights, widths), axis), 0.5)


def dist(input: Operand, other: Operand, p: float = 2) -> Tensor:
    """The p-norm of input - other."""
    x, y = promote("dist", input, other)
    return vector_norm(sub(x, y), p)


def cdist(x1: Operand, x2: Operand, p: float = 2.0) -> Tensor:
    """The p-norm distances of each row of x1 (..., m, d) from each row of x2 (..., n, d): (..., m, n)."""
    x, y = promote("cdist", as_inexact("cdist", x1), x2)
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ValueError(f"cdist: shapes {x.shape} and {y.shape}; expected rows of one width")
    return vector_norm(sub(expand_dims(x, -2), expand_dims(y, -3)), p, -1)


def pdist(input: Operand, p: float = 2.0) -> Tensor:
    """The p-norm distances of all pairs of rows of a matrix, one after the other: (0, 1), (0, 2), ..., (1, 2), ..."""
    x = as_inexact("pdist", input)
    if x.ndim != 2:
        raise ValueError(f"pdist: input has shape {x.shape}; expected a matrix")
    first, second = np.triu_indices(x.shape[0], 1)
    return vector_norm(sub(index_select(x, 0, Tensor(first)), index_select(x, 0, Tensor(second))), p, 1)


def cov(input: Operand, *, correction: int = 1, fweights: Operand | None = None,
        aweights: Operand | None = None) -> Tensor:
    """The covariances of the rows of a matrix (variables, observations), or the variance of one row. Observations may
    count several times (`fweights`) and have weights (`aweights`)."""
    x = as_inexact("cov", input)
    if x.ndim > 2:
        raise ValueError(f"cov: input has shape {x.shape}; expected at most two axes")
    rows = reshape(x, (1, x.size)) if x.ndim < 2 else x
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            w = as_dtype_of("cov", given, x, "weights")
            weights = w if weights is None else mul(weights, w)
    if weights is None:
        total: Tensor | float = rows.shape[1]
        centered = sub(rows, mean(rows, 1, True))
        product = matmul(centered, transpose(centered, (1, 0)))
    else:
        total = sum_over(weights)
        centered = sub(rows, true_divide(sum_over(mul(rows, weights), 1, True), total))
        product = matmul(mul(centered, weights), transpose(centered, (1, 0)))
        if aweights is not None and correction:
            correction = true_divide(sum_over(mul(weights, as_dtype_of("cov", aweights, x))), total)
    result = true_divide(product, sub(total, correction) if isinstance(total, Tensor) else max(total - correction, 0))
    return reshape(result, ()) if x.ndim < 2 else result


def quantile(input: Operand, q: float | Operand, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The q-quantiles along an axis, q a number or one axis of numbers in [0, 1]: linear between the two neighbours in
    the sorted order. The axis of q comes first. NaN where an element is NaN."""
    x = as_inexact("quantile", input)
    ndim = x.ndim
    flat = ravel(x) if axis is None else x
    place = 0 if axis is None else normalize_axis("quantile", axis, x.ndim)
    ordered = sort(flat, place)[0]
    size = ordered.shape[place]
    if size == 0:
        raise ValueError(f"quantile: input of shape {x.shape} has no elements along axis {axis}")
    at = mul(as_dtype_of("quantile", q, x, "q"), size - 1)
    low = minimum(at.floor(), size - 1).astype(int64)
    high = minimum(add(low, 1), size - 1)
    share = sub(at, low.astype(x.dtype))
    gather = primitive("gather")
    order = ordered if place == 0 else transpose(ordered, (place, *[a for a in range(ordered.ndim) if a != place]))
    below, above = apply(gather, (order, low), (0,)), apply(gather, (order, high), (0,))
    share = reshape(share, share.shape + (1,) * (order.ndim - 1))
    between = add(mul(below, sub(1.0, share)), mul(above, share))
    result = where(equal(share, 0.0), below, between)  # an infinite neighbour that counts for nothing would give NaN
    last = cut(order, 0, size - 1, size)
    last = reshape(last, (1,) * share.ndim if order.ndim == 1 else (1,) * at.ndim + last.shape[1:])
    result = where(last.isnan(), last, result)
    if keepdims:
        kept = (1,) * ndim if axis is None else x.shape[:place] + (1,) + x.shape[place + 1:]
        return reshape(result, at.shape + kept)
    return reshape(result, at.shape + order.shape[1:])


def histc(input: Operand, bins: int = 100, min: float = 0.0, max: float = 0.0) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max] (of the range of the elements, which must be
    known, if both are 0), in the dtype of input."""
    x = as_tensor("histc", input)
    bins = static_int("histc", "bins", bins)
    if bins < 1 or max < min:
        raise ValueError(f"histc: bins is {bins}, min {min}, max {max}; expected a positive int and min <= max")
    if min == max == 0 and x.size:
        min, max = float(x.min()), float(x.max())
    if min == max:
        min, max = min - 1, max + 1
    wide = convert(ravel(x), float32)
    inside = (wide >= min) & (wide <= max)
    place = minimum(mul(sub(wide, min), bins / (max - min)).floor(), bins - 1).astype(int64)
    place = where(inside, place, constant(-1, int64))
    zeros = apply(primitive("broadcast_to"), (constant(0, int64),), ((bins,),))
    counts = apply(primitive("scatter_add"), (zeros, place, inside.astype(int64)), (0,))
    return convert(counts, x.dtype)


def renorm(input: Operand, p: float, axis: int, maxnorm: float) -> Tensor:
    """The slices along an axis scaled so that their p-norms are at most `maxnorm`."""
    x = as_inexact("renorm", input)
    axis = normalize_axis("renorm", axis, x.ndim)
    norms = vector_norm(x, p, tuple(a for a in range(x.ndim) if a != axis), True)
    return mul(x, where(norms > maxnorm, true_divide(maxnorm, add(norms, 1e-7)), constant(1, x.dtype)))


def isreal(input: Operand) -> Tensor:
    """Whether each element has no imaginary part (Bool)."""
    x = as_tensor("isreal", input)
    if x.dtype.kind == "c":
        part = apply(primitive("imag"), (x,))
        return apply(primitive("eq"), (part, constant(0, part.dtype)))
    return apply(primitive("broadcast_to"), (constant(True, bool_),), (x.shape,))


def is_nonzero(input: Operand) -> bool:
    """Whether the only element of a tensor differs from 0. ValueError for more elements."""
    x = as_tensor("is_nonzero", input)
    if x.size != 1:
        raise ValueError(f"is_nonzero: input has shape {x.shape}; expected one element")
    return bool(x.item())


def sequence_mask(lengths: Operand, maxlen: int | None = None) -> Tensor:
    """For each length a row of `maxlen` bools, the first `length` of which are true; by default as many as the largest
    length demands, which must be known."""
    counts = as_tensor("sequence_mask", lengths, "lengths")
    width = int(counts.max()) if maxlen is None else static_int("sequence_mask", "maxlen", maxlen)
    ramp = apply(_IOTA, (), ((width,), 0, counts.dtype))
    return apply(_LT, (ramp, expand_dims(counts, -1)))


def vander(x: Operand, N: int | None = None) -> Tensor:
    """The Vandermonde matrix: column k holds x ** (N - 1 - k); N is the number of elements by default."""
    value = as_tensor("vander", x)
    if value.ndim != 1:
        raise ValueError(f"vander: x has shape {value.shape}; expected one axis")
    count = value.size if N is None else static_int("vander", "N", N)
    powers = [constant(1, value.dtype).broadcast_to(value.shape)]
    for _ in range(count - 1):
        powers.append(mul(powers[-1], value))
    return stack(powers[:count][::-1], 1) if count else value.reshape(value.size, 1)[:, :0]


def block_diag(*inputs: Operand) -> Tensor:
    """A matrix with the operands (at most two axes) as blocks along its diagonal, and zeros elsewhere."""
    blocks = [as_tensor("block_diag", x, f"input {i}") for i, x in enumerate(inputs)]
    if not blocks or any(b.ndim > 2 for b in blocks):
        raise ValueError(f"block_diag: shapes {[b.shape for b in blocks]}; expected operands of at most two axes")
    blocks = [reshape(b, (1,) * (2 - b.ndim) + b.shape) for b in blocks]
    width, left, rows = sum(b.shape[1] for b in blocks), 0, []
    for b in blocks:
        rows.append(pad(b, (left, width - left - b.shape[1])))
        left += b.shape[1]
    return concat(rows, 0)


def cartesian_prod(*inputs: Operand) -> Tensor:
    """All ways to take one element of each operand (one axis each), one way a row; of one operand, itself."""
    if len(inputs) == 1:
        return as_tensor("cartesian_prod", inputs[0])
    return stack([ravel(g) for g in meshgrid(*inputs, indexing="ij")], -1)


def combinations(input: Operand, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways to take r elements of a tensor of one axis in order, each once or, `with_replacement`, any number of
    times; one way a row."""
    x = as_tensor("combinations", input)
    if x.ndim != 1 or static_int("combinations", "r", r) < 0:
        raise ValueError(f"combinations: input has shape {x.shape} and r is {r}; expected one axis and r >= 0")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places: Sequence = list(choose(range(x.size), r))
    flat = np.array(places, np.int64).reshape(-1)
    return reshape(apply(primitive("gather"), (x, Tensor(flat)), (0,)), (len(places), r))
