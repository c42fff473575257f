"""How often numbers occur: counts and histograms.

Counts are Float32, as in MindSpore; weighted ones have the dtype of the weights. The number of bins is known while a
program is recorded, their edges may be values of it.
"""
from __future__ import annotations

import builtins
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from mindspore.common.dtype import float32
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of
from mindspore.numpy._arrays import ArrayLike, as_array, as_floats, as_integers
from mindspore.numpy.ranges import linspace
from mindspore.numpy.searching import count_before
from mindspore.ops import arithmetic, comparison, creation, joining, reduction, shapes
from mindspore.ops._operands import (
    apply,
    as_inexact,
    constant,
    convert,
    primitive,
    promote_all,
    static_bool,
    static_int,
)

__all__ = ["bincount", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]

_SCATTER_ADD = primitive("scatter_add")


def _counted(places: Tensor, count: int, weights: Tensor | None) -> Tensor:
    """For each of `count` places how often it occurs, or the sum of its weights; places out of range are left out."""
    added = creation.ones(places.shape) if weights is None else weights
    return apply(_SCATTER_ADD, (creation.zeros((count,), added.dtype), places, added), (0,))


def _weights(name: str, weights: ArrayLike | None, shape: tuple, what: str) -> Tensor | None:
    """The weights, floating and flat."""
    if weights is None:
        return None
    values = as_floats(name, weights, "weights")
    if values.shape != shape:
        raise ValueError(f"{name}: weights have shape {values.shape}; expected that of {what}, {shape}")
    return shapes.ravel(values)


def bincount(x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0, length: int | None = None) -> Tensor:
    """How often each of the numbers 0, 1, 2, ... occurs in x (one axis), or the sum of its weights. Negative numbers
    count as 0.

    length: how many numbers are counted; larger ones are left out. By default as many as the largest number of x
        demands, which must be known: a graph needs `length`.
    minlength: the least length of the result.

    >>> print(np.bincount([0, 1, 1, 3]))
    [1. 2. 0. 1.]
    """
    value = as_integers("bincount", x, "x")
    if value.ndim != 1:
        raise ValueError(f"bincount: x has shape {value.shape}; expected one axis")
    if length is None:
        known = storage_of(value, "index").to_numpy()
        count = int(known.max()) + 1 if known.size else 0
    else:
        count = static_int("bincount", "length", length)
    count = max(count, static_int("bincount", "minlength", minlength), 0)
    return _counted(arithmetic.maximum(value, 0), count, _weights("bincount", weights, value.shape, "x"))


# -- edges -------------------------------------------------------------------------------------------------------------

def histogram_bin_edges(a: ArrayLike, bins: Any = 10, range: Sequence[float] | None = None,
                        weights: ArrayLike | None = None) -> Tensor:
    """The edges of `bins` equal bins over `range` (low, high), by default from the least to the largest element of a;
    or `bins` itself, in its own dtype, if it is an array of edges. The weights have no influence.

    >>> print(np.histogram_bin_edges([1, 2, 5], 4))
    [1. 2. 3. 4. 5.]
    """
    return _edges("histogram_bin_edges", shapes.ravel(as_array("histogram_bin_edges", a, "a")), bins, range)


def _edges(name: str, values: Tensor, bins: Any, range: Sequence[float] | None) -> Tensor:
    if isinstance(bins, str):
        raise TypeError(f"{name}: bins is {bins!r}; expected a number of bins or an array of edges")
    if not isinstance(bins, (list, tuple)) and as_array(name, bins, "bins").ndim == 0:
        count = static_int(name, "bins", bins)
        if count < 1:
            raise ValueError(f"{name}: bins is {count}; expected a positive int")
        return linspace(*_limits(name, values, range), count + 1)
    edges = as_array(name, bins, "bins")
    if edges.ndim != 1 or edges.size == 0:
        raise ValueError(f"{name}: bins has shape {edges.shape}; expected a number, or an array of edges on one axis")
    return edges


def _limits(name: str, values: Tensor, range: Sequence[float] | None) -> tuple[Any, Any]:
    """The lowest and the highest edge; where they are equal, a bin of width 1 around them."""
    if range is not None:
        low, high = range
        if low > high:
            raise ValueError(f"{name}: range is {range}; expected (low, high) with low <= high")
        return (low, high) if low < high else (low - 0.5, high + 0.5)
    if values.size == 0:
        return 0.0, 1.0
    wide = as_inexact(name, values)
    least, most = reduction.amin(wide), reduction.amax(wide)
    half = comparison.where(comparison.eq(least, most), constant(0.5, wide.dtype), constant(0, wide.dtype))
    return arithmetic.sub(least, half), arithmetic.add(most, half)


def _bins_of(values: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    """The number of the bin of each value, the last one with its right edge, and whether it lies in one at all."""
    values, edges = promote_all("histogram", (as_inexact("histogram", values), edges))
    place = arithmetic.sub(count_before(edges, values, True), 1)
    inside = comparison.logical_and(comparison.ge(values, edges[0]), comparison.le(values, edges[-1]))
    return arithmetic.minimum(place, edges.size - 2), inside


# -- histograms --------------------------------------------------------------------------------------------------------

def histogram(a: ArrayLike, bins: Any = 10, range: Sequence[float] | None = None, weights: ArrayLike | None = None,
              density: bool = False) -> tuple[Tensor, Tensor]:
    """(counts, edges): how many elements lie in each bin, or the sums of their weights; with `density` divided by the
    total and the widths of the bins. See `histogram_bin_edges`.

    >>> print(*np.histogram([1, 2, 1], bins=[0, 1, 2, 3]))
    [0. 2. 1.] [0 1 2 3]
    """
    value = as_array("histogram", a, "a")
    weight = _weights("histogram", weights, value.shape, "a")
    counts, edges = _histogram("histogram", [shapes.ravel(value)], [bins], [range], weight, density)
    return counts, edges[0]


def histogram2d(x: ArrayLike, y: ArrayLike, bins: Any = 10, range: Sequence | None = None,
                weights: ArrayLike | None = None, density: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """(counts, edges of x, edges of y): how many of the points (x[i], y[i]) lie in each cell; see `histogramdd`.

    bins: a number or edges for both axes, or a list of two of these.

    >>> print(np.histogram2d([1, 2, 2], [1, 1, 3], bins=2)[0])
    [[1. 0.]
     [1. 1.]]
    """
    if isinstance(bins, (list, tuple)) and len(bins) not in (1, 2):
        bins = [as_array("histogram2d", bins, "bins")] * 2
    elif isinstance(bins, (list, tuple)) and len(bins) == 1:
        bins = list(bins) * 2
    elif isinstance(bins, Tensor) and bins.ndim == 1:
        bins = [bins] * 2
    counts, edges = histogramdd([x, y], bins, range, weights, density)
    return counts, edges[0], edges[1]


def histogramdd(sample: ArrayLike, bins: Any = 10, range: Sequence | None = None, weights: ArrayLike | None = None,
                density: bool = False) -> tuple[Tensor, list[Tensor]]:
    """(counts, list of edges): how many points lie in each cell of a grid, or the sums of their weights; with `density`
    divided by the total and the volumes of the cells.

    sample: points (N, D), or a list of D arrays of N coordinates. bins: a number for all axes, or a list (or an
    array) with a number or edges for each. range: a list with (low, high) or None for each axis.

    >>> print(np.histogramdd(np.array([[0, 0], [1, 1], [1, 0]]), bins=(2, 2))[0])
    [[1. 0.]
     [1. 1.]]
    """
    if isinstance(sample, (list, tuple)):
        axes = [shapes.ravel(as_array("histogramdd", v, f"sample[{i}]")) for i, v in enumerate(sample)]
    else:
        points = as_array("histogramdd", sample, "sample")
        points = shapes.reshape(points, (points.size, 1)) if points.ndim < 2 else points
        if points.ndim != 2:
            raise ValueError(f"histogramdd: sample has shape {points.shape}; expected points (N, D)")
        axes = list(joining.unbind(points, 1))
    if any(v.size != axes[0].size for v in axes):
        raise ValueError(f"histogramdd: the coordinates have {[v.size for v in axes]} values; expected equally many")
    if isinstance(bins, (Tensor, np.ndarray)) and bins.ndim:
        bins = [bins[k] for k in builtins.range(bins.shape[0])]
    each = list(bins) if isinstance(bins, (list, tuple)) else [bins] * len(axes)
    ranges = [None] * len(axes) if range is None else list(range)
    for what, given in (("bins", each), ("range", ranges)):
        if len(given) != len(axes):
            raise ValueError(f"histogramdd: {what} has {len(given)} entries; expected one for each of {len(axes)} axes")
    weight = _weights("histogramdd", weights, (axes[0].size,), "the points")
    return _histogram("histogramdd", axes, each, ranges, weight, density)


def _histogram(name: str, axes: list[Tensor], bins: list, ranges: list, weight: Tensor | None,
               density: bool) -> tuple[Tensor, list[Tensor]]:
    edges = [_edges(name, v, b, r) for v, b, r in zip(axes, bins, ranges)]
    sizes = tuple(e.size - 1 for e in edges)
    place, inside = None, None
    for v, e, size in zip(axes, edges, sizes):
        own, within = _bins_of(v, e)
        place = own if place is None else arithmetic.add(arithmetic.mul(place, size), own)
        inside = within if inside is None else comparison.logical_and(inside, within)
    place = comparison.where(inside, place, -1)
    if prod(sizes) == 0:  # one edge makes no bin
        return creation.zeros(sizes, float32 if weight is None else weight.dtype), edges
    counts = shapes.reshape(_counted(place, prod(sizes), weight), sizes)
    if not static_bool(name, "density", density):
        return counts, edges
    for i, e in enumerate(edges):
        widths = arithmetic.sub(e[1:], e[:-1])
        shape = tuple(e.size - 1 if j == i else 1 for j in builtins.range(len(edges)))
        counts = arithmetic.true_divide(counts, convert(shapes.reshape(widths, shape), counts.dtype))
    total = reduction.sum(_counted(place, prod(sizes), weight))
    return arithmetic.true_divide(counts, total), edges
